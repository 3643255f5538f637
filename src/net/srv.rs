//! Which servers a service has: SRV records (RFC 2782, <https://www.rfc-editor.org/rfc/rfc2782>), asked of the system's name servers (RFC 1035, <https://www.rfc-editor.org/rfc/rfc1035#section-4>).
//!
//! The system's own resolver gives addresses alone. Anybody on the way may have made up an answer, so what is found counts no more than a guess: whose servers may stand for which name, and that they
//! prove who they are, is for others to see to.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use super::Failure;

/// The numbers of the record type and of the class.
const SRV: u16 = 33;
const INTERNET: u16 = 1;
/// Where a name server listens.
const PORT: u16 = 53;
/// How long one name server has to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// The largest answer that is read, in bytes.
const MOST_READ: usize = 4096;
/// How many pointers a name may be made of: more of them is no name.
const MOST_POINTERS: usize = 16;
/// The longest name, with its dots.
const LONGEST_NAME: usize = 253;

/// A server, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Server {
    priority: u16,
    pub(super) host: String,
    pub(super) port: u16,
}

/// The servers of `name`, those first that are to be asked first.
pub(super) fn servers(name: &str, name_servers: &[SocketAddr], until: Instant) -> Result<Vec<Server>, Failure> {
    let mut failed = Failure::NoAddress;
    for address in name_servers {
        match ask(name, address, until) {
            Ok(mut servers) if !servers.is_empty() => {
                servers.sort();
                return Ok(servers);
            }
            Ok(_) => return Err(Failure::NoAddress),
            Err(failure) => failed = failure,
        }
    }
    Err(failed)
}

/// The name servers that the system's configuration names.
/// <https://man7.org/linux/man-pages/man5/resolv.conf.5.html>
pub(super) fn name_servers(configuration: &str) -> Vec<SocketAddr> {
    let address = |line: &str| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()?.parse::<IpAddr>().ok()).flatten()
    };
    configuration.lines().filter_map(address).map(|address| SocketAddr::new(address, PORT)).collect()
}

fn ask(name: &str, address: &SocketAddr, until: Instant) -> Result<Vec<Server>, Failure> {
    // Whoever cannot read along has to guess this number, and the port.
    let [id @ .., _, _, _, _, _, _] = RandomState::new().build_hasher().finish().to_be_bytes();
    let query = query(id, name).ok_or(Failure::NoAddress)?;
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(address).map(|()| socket));
    let socket = socket.map_err(|_| Failure::NoConnection)?;
    socket.send(&query).map_err(|_| Failure::NoConnection)?;
    let until = until.min(Instant::now() + PATIENCE);
    let mut buffer = vec![0; MOST_READ];
    loop {
        let left =
            until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).ok_or(Failure::Timeout)?;
        socket.set_read_timeout(Some(left)).map_err(|_| Failure::NoConnection)?;
        match socket.recv(&mut buffer) {
            Ok(count) if buffer[..count].starts_with(&id) => return read(&buffer[..count]).ok_or(Failure::Broken),
            // An answer to something else.
            Ok(_) => {}
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                return Err(Failure::Timeout);
            }
            Err(_) => return Err(Failure::NoConnection),
        }
    }
}

/// The question for the servers of `name`; nothing where that is no name.
fn query(id: [u8; 2], name: &str) -> Option<Vec<u8>> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    // Recursion is desired; there is one question, and nothing else.
    let mut query = [&id[..], &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?;
        query.push(length);
        query.extend_from_slice(label.as_bytes());
    }
    query.push(0);
    query.extend_from_slice(&SRV.to_be_bytes());
    query.extend_from_slice(&INTERNET.to_be_bytes());
    Some(query)
}

/// The servers in an answer; nothing where it is none. A name without servers has none.
fn read(answer: &[u8]) -> Option<Vec<Server>> {
    let number = |at: usize| Some(u16::from_be_bytes(answer.get(at..at + 2)?.try_into().ok()?));
    let (flags, questions, answers) = (number(2)?, number(4)?, number(6)?);
    let (is_answer, code) = (flags & 0x8000 != 0, flags & 0x000f);
    // There is no such name.
    if is_answer && code == 3 {
        return Some(Vec::new());
    }
    (is_answer && code == 0).then_some(())?;
    let mut at = 12;
    for _ in 0..questions {
        at = name(answer, at)?.1 + 4;
    }
    let mut servers = Vec::new();
    for _ in 0..answers {
        let record = name(answer, at)?.1;
        let (kind, length, data) = (number(record)?, usize::from(number(record + 8)?), record + 10);
        if kind == SRV {
            let (host, _) = name(answer, data + 6)?;
            servers.push(Server { priority: number(data)?, port: number(data + 4)?, host });
        }
        at = data + length;
    }
    Some(servers)
}

/// The name at `start`, in lower case, and where what follows it begins.
fn name(answer: &[u8], start: usize) -> Option<(String, usize)> {
    let (mut name, mut at, mut end) = (String::new(), start, None);
    for _ in 0..=MOST_POINTERS {
        loop {
            let length = usize::from(*answer.get(at)?);
            match length {
                0 => return Some((name, end.unwrap_or(at + 1))),
                0xc0.. => {
                    end = end.or(Some(at + 2));
                    at = (length & 0x3f) << 8 | usize::from(*answer.get(at + 1)?);
                    break;
                }
                1..64 => {
                    let label = str::from_utf8(answer.get(at + 1..=at + length)?).ok()?;
                    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                    (label.bytes().all(fine) && name.len() + length < LONGEST_NAME).then_some(())?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(&label.to_ascii_lowercase());
                    at += 1 + length;
                }
                _ => return None,
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer with two servers of `example.org`, whose names point into the question.
    fn answer(id: [u8; 2]) -> Vec<u8> {
        let mut bytes = query(id, "_db._tcp.c0.example.org").unwrap();
        (bytes[2], bytes[3], bytes[7]) = (0x81, 0x80, 2);
        for (priority, label, port) in [(20_u8, b"n2", 27018_u16), (10, b"n1", 27017)] {
            // The owner is the question's name; the target's labels are followed by those from `c0` on.
            let target = [&[2][..], label, &[0xc0, 12 + 9]].concat();
            let length = u8::try_from(6 + target.len()).unwrap();
            bytes.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, length, 0, priority, 0, 0]);
            bytes.extend(port.to_be_bytes());
            bytes.extend(target);
        }
        bytes
    }

    fn servers_of(read: &[Server]) -> Vec<(&str, u16)> {
        read.iter().map(|server| (server.host.as_str(), server.port)).collect()
    }

    #[test]
    fn servers_are_asked_for_and_sorted() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            let (count, from) = server.recv_from(&mut buffer).unwrap();
            let id = [buffer[0], buffer[1]];
            assert_eq!(buffer[..count], query(id, "_db._tcp.c0.example.org").unwrap());
            // Somebody guesses first.
            server.send_to(&answer([id[0] ^ 1, id[1]]), from).unwrap();
            server.send_to(&answer(id), from).unwrap();
        });
        let until = Instant::now() + Duration::from_secs(5);
        let found = servers("_db._tcp.c0.example.org", &[address], until).unwrap();
        assert_eq!(servers_of(&found), [("n1.c0.example.org", 27017), ("n2.c0.example.org", 27018)]);
    }

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let until = Instant::now() + Duration::from_millis(200);
        assert_eq!(servers("a.b", &[server.local_addr().unwrap()], until), Err(Failure::Timeout));
        assert_eq!(servers("a.b", &[], until), Err(Failure::NoAddress));
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for wrong in ["", "a..b", &"a".repeat(64), &"a.".repeat(130)] {
            assert_eq!(query([0, 0], wrong), None, "{wrong}");
        }
        // A name that points at itself.
        assert_eq!(name(&[0xc0, 0], 0), None);
        assert_eq!(name(b"\x03a b\x00", 0), None);
        let mut none = answer([0, 0]);
        none[3] = 0x83;
        assert_eq!(read(&none), Some(Vec::new()));
    }

    #[test]
    fn name_servers_are_read_from_the_configuration() {
        let text = "# made by hand\nsearch example.org\nnameserver 192.0.2.1\nnameserver ::1 # here\nnameserver x\n";
        let found: Vec<String> = name_servers(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.0.2.1:53", "[::1]:53"]);
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0_usize..60, with in any::<u8>()) {
            read(&bytes);
            let mut bent = answer([0, 0]);
            bent[at] = with;
            read(&bent);
            for end in 0..bent.len() {
                read(&bent[..end]);
            }
        }
    }
}
