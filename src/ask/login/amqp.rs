//! AMQP 0-9-1, as `RabbitMQ` speaks it.
//!
//! <https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf> and <https://www.rabbitmq.com/docs/auth-notification>. Where an address asks for TLS, the caller has gone over to it. The login is
//! over before a virtual host is named, so none is.

use zeroize::Zeroizing;

use super::{Account, End, Login, OTHERWISE, Wire, message::Message};
use crate::net::Failure;

/// What a client says first: the protocol, and its version.
const HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";
/// What a frame ends with.
const FRAME_END: u8 = 0xce;
/// The way to log in.
const MECHANISM: &[u8] = b"PLAIN";
/// The reason of a server that knows user or password better.
const ACCESS_REFUSED: u16 = 403;
/// `RabbitMQ`'s first user, whom it lets in from its own machine alone, and refuses elsewhere in the same words as a wrong password.
/// <https://www.rabbitmq.com/docs/access-control#loopback-users>
const LOCAL_USER: &[u8] = b"guest";

/// What a frame holds, by its first byte.
mod frame {
    pub(super) const METHOD: u8 = 1;
    pub(super) const HEARTBEAT: u8 = 8;
}

/// Methods: the numbers of their class and their own.
mod method {
    pub(super) const START: [u8; 4] = [0, 10, 0, 10];
    pub(super) const START_OK: [u8; 4] = [0, 10, 0, 11];
    pub(super) const SECURE: [u8; 4] = [0, 10, 0, 20];
    pub(super) const TUNE: [u8; 4] = [0, 10, 0, 30];
    pub(super) const CLOSE: [u8; 4] = [0, 10, 0, 50];
    pub(super) const CLOSE_OK: [u8; 4] = [0, 10, 0, 51];
}

/// Logs in with `PLAIN`.
///
/// # Errors
/// Where the server does not answer, or not as AMQP wants it.
pub(in crate::ask) fn amqp(wire: &mut dyn Wire, account: &Account<'_>) -> Result<Login, Failure> {
    login(wire, account).or_else(End::settle)
}

fn login(wire: &mut dyn Wire, account: &Account<'_>) -> Result<Login, End> {
    account.check_privacy(wire)?;
    account.check_zeros()?;
    wire.write(HEADER)?;
    check_start(&receive(wire)?)?;
    wire.write(&method(method::START_OK, &start_ok(account)?)?)?;
    let answer = match receive(wire) {
        // Servers that do not know how to refuse close the connection; so does one that has had enough for other reasons.
        Err(End::Failure(Failure::Broken)) => {
            return Err(End::unknown("its server closed the connection without a word"));
        }
        answer => answer?,
    };
    let mut message = Message::new(&answer);
    match message.array()? {
        // The next thing that is said is for a user who stays. `RabbitMQ` takes a farewell here for a mistake, so the connection is just closed.
        method::TUNE => Ok(Login::Accepted),
        method::CLOSE => {
            let _ = wire.write(&method(method::CLOSE_OK, &[])?);
            Err(refusal(u16::from_be_bytes(message.array()?), account))
        }
        method::SECURE => Err(End::unknown("its server asks for something else than a password")),
        _ => Err(Failure::Broken.into()),
    }
}

/// What a refusal means.
fn refusal(code: u16, account: &Account<'_>) -> End {
    match code {
        ACCESS_REFUSED if account.user == LOCAL_USER => {
            End::unknown("its server may let guest in from its own machine alone")
        }
        ACCESS_REFUSED => End::Login(Login::Rejected),
        _ => OTHERWISE,
    }
}

/// Goes on only where the server takes passwords.
fn check_start(start: &[u8]) -> Result<(), End> {
    let mut message = Message::new(start);
    if message.array()? != method::START {
        return Err(Failure::Broken.into());
    }
    // The version, and what the server says of itself.
    message.take(2)?;
    long(&mut message)?;
    if long(&mut message)?.split(|byte| *byte == b' ').any(|name| name == MECHANISM) {
        return Ok(());
    }
    Err(End::unknown("its server asks for something else than a password"))
}

/// A stretch that says how long it is.
fn long<'m>(message: &mut Message<'m>) -> Result<&'m [u8], Failure> {
    let length = u32::from_be_bytes(message.array()?);
    message.take(usize::try_from(length).map_err(|_| Failure::Broken)?)
}

/// What answers the server's start: the capability to hear that a login was refused, and the login.
fn start_ok(account: &Account<'_>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let capabilities = table(&[b"\x1cauthentication_failure_closet\x01"])?;
    let properties = table(&[b"\x07productS\0\0\0\x06stanch", b"\x0ccapabilitiesF", &capabilities])?;
    let response = Zeroizing::new([b"\0", account.user, b"\0", account.password].concat());
    let parts: [&[u8]; 4] = [&properties, b"\x05PLAIN", &sized(&response)?, b"\x05en_US"];
    Ok(Zeroizing::new(parts.concat()))
}

/// A table of these fields.
fn table(fields: &[&[u8]]) -> Result<Vec<u8>, Failure> {
    sized(&fields.concat()).map(|table| table.to_vec())
}

/// `bytes`, and before them how many they are.
fn sized(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let length = u32::try_from(bytes.len()).map_err(|_| Failure::Broken)?;
    Ok(Zeroizing::new([&length.to_be_bytes(), bytes].concat()))
}

/// A frame with a method, on the channel that is the connection's own.
fn method(method: [u8; 4], arguments: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let payload = Zeroizing::new([&method, arguments].concat());
    Ok(Zeroizing::new([&[frame::METHOD, 0, 0], &**sized(&payload)?, &[FRAME_END]].concat()))
}

/// The next method, and its arguments.
fn receive(wire: &mut dyn Wire) -> Result<Vec<u8>, End> {
    loop {
        let [kind, channel @ .., a, b, c, d] = wire.array::<7>()?;
        if [kind, channel[0], channel[1], a] == *b"AMQP" {
            return Err(End::unknown("its server speaks another version of the protocol"));
        }
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(|_| Failure::Broken)?;
        let payload = wire.bytes(length)?;
        if wire.array()? != [FRAME_END] {
            return Err(Failure::Broken.into());
        }
        match kind {
            frame::METHOD if channel == [0, 0] => return Ok(payload),
            frame::HEARTBEAT => {}
            _ => return Err(Failure::Broken.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::wire::scripted::{Scripted, account, harm},
        *,
    };

    fn start(mechanisms: &[u8]) -> Vec<u8> {
        let properties = table(&[b"\x07productS\0\0\0\x08RabbitMQ"]).unwrap();
        let parts: [&[u8]; 4] = [b"\0\x09", &properties, &sized(mechanisms).unwrap(), &sized(b"en_US").unwrap()];
        method(method::START, &parts.concat()).unwrap().to_vec()
    }

    fn tune() -> Vec<u8> {
        method(method::TUNE, &[7, 0xff, 0, 2, 0, 0, 0, 60]).unwrap().to_vec()
    }

    fn close(code: u16) -> Vec<u8> {
        let arguments = [&code.to_be_bytes()[..], b"\x0eACCESS_REFUSED\0\x0a\0\x0b"].concat();
        method(method::CLOSE, &arguments).unwrap().to_vec()
    }

    fn said(user: &str, answers: &[Vec<u8>]) -> (Result<Login, Failure>, Vec<u8>) {
        let mut server = Scripted::saying(b"", answers);
        let login = amqp(&mut server, &account(user, "secret"));
        (login, server.heard)
    }

    #[test]
    fn a_login() {
        let heartbeat = b"\x08\0\0\0\0\0\0\xce".to_vec();
        let (login, heard) = said("alice", &[start(b"AMQPLAIN PLAIN"), [heartbeat, tune()].concat()]);
        assert_eq!(login, Ok(Login::Accepted));
        assert!(heard.starts_with(b"AMQP\0\0\x09\x01\x01\0\0"));
        let response = b"\x05PLAIN\0\0\0\x0d\0alice\0secret\x05en_US\xce";
        assert!(heard.windows(response.len()).any(|bytes| bytes == response));
        assert!(heard.ends_with(response));
    }

    #[test]
    fn refusals_are_told_apart() {
        let refused = |user, code| said(user, &[start(b"PLAIN"), close(code)]).0;
        assert_eq!(refused("alice", 403), Ok(Login::Rejected));
        assert!(matches!(refused("guest", 403), Ok(Login::Unknown(_))));
        assert!(matches!(refused("alice", 530), Ok(Login::Unknown(_))));
        assert!(matches!(said("alice", &[start(b"PLAIN")]).0, Ok(Login::Unknown(_))));
        let secure = method(method::SECURE, &[0; 4]).unwrap().to_vec();
        assert!(matches!(said("alice", &[start(b"PLAIN"), secure]).0, Ok(Login::Unknown(_))));
    }

    #[test]
    fn what_takes_no_password_is_told_none() {
        for first in [start(b"EXTERNAL PLAINER"), b"AMQP\0\x01\0\0".to_vec()] {
            let (login, heard) = said("alice", &[first, tune()]);
            assert!(matches!(login, Ok(Login::Unknown(_))));
            assert_eq!(heard, HEADER);
        }
        let account = Account { may_be_clear: false, ..account("alice", "secret") };
        let mut server = Scripted::saying(b"", &[start(b"PLAIN"), tune()]);
        assert!(matches!(amqp(&mut server, &account), Ok(Login::Unknown(_))));
        assert_eq!(server.heard, b"");
        assert_eq!(amqp(&mut server.encrypted(), &account), Ok(Login::Accepted));
    }

    #[test]
    fn harmed_answers_end() {
        let server = || Scripted::saying(b"", &[start(b"PLAIN"), close(403)]);
        harm(server, |server| assert_ne!(amqp(server, &account("alice", "secret")), Ok(Login::Accepted)));
        let long = b"\x01\0\0\xff\xff\xff\xff".to_vec();
        assert_eq!(said("alice", &[long]).0, Err(Failure::Broken));
    }
}
