//! A conversation with a server that does not speak HTTP.
//!
//! A [`Line`] is one connection, in clear until [`Line::encrypt`], with one deadline and one limit of bytes for all that is said on it. It connects to the addresses that it is given: whether a
//! host may be asked, and which of its addresses are public, is for others to say, and what is said to it is [`crate::ask`]'s.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, Stream,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};

use super::Failure;

/// How much is read of all that a server says, in bytes: what TLS adds counts.
const MOST_READ: usize = 64 << 10;

/// How long one address has to answer, where there may be another.
const MOST_CONNECT: Duration = Duration::from_secs(5);

/// Whose word counts on who a server is.
#[derive(Clone, Debug)]
pub(super) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Mozilla's list of certificate authorities.
    pub(super) fn web_pki() -> Self {
        Self::new(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }

    /// These authorities alone, each a certificate in DER; nothing where one is none.
    pub(super) fn authorities<'d>(certificates: impl IntoIterator<Item = &'d [u8]>) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(CertificateDer::from(certificate)).ok()?;
        }
        Some(Self::new(roots))
    }

    /// What these authorities vouch for, over TLS 1.2 or 1.3.
    fn new(roots: RootCertStore) -> Self {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap_or_else(|_| unreachable!("ring speaks TLS 1.2 and 1.3"));
        Self(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
    }
}

/// A connection to a server. It closes when it is dropped.
pub struct Line {
    socket: Socket,
    /// TLS, once it is spoken.
    session: Option<ClientConnection>,
    trust: Trust,
    /// Whom the server has to prove to be.
    name: ServerName<'static>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line(encrypted: {})", self.is_encrypted())
    }
}

impl Line {
    /// Connects to the first of `addresses` that answers. All that comes after has to be over at `until`. `host` is whom the server has to prove to be once it is talked to over TLS: a name,
    /// or an address, in brackets or not.
    ///
    /// # Errors
    /// Where nobody answers.
    pub(super) fn connect(
        addresses: &[SocketAddr],
        host: &str,
        trust: &Trust,
        until: Instant,
    ) -> Result<Self, Failure> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Failure::NoAddress)?;
        let mut failed = Failure::NoAddress;
        for address in addresses {
            match Socket::connect(address, until) {
                Ok(socket) => return Ok(Self { socket, session: None, trust: trust.clone(), name }),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => failed = Failure::Timeout,
                Err(_) => failed = Failure::NoConnection,
            }
        }
        Err(failed)
    }

    /// Fills `buffer`.
    ///
    /// # Errors
    /// Where the server says less, or more than is read in all, or nothing in time.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<(), Failure> {
        let read = match &mut self.session {
            None => self.socket.read_exact(buffer),
            Some(session) => Stream::new(session, &mut self.socket).read_exact(buffer),
        };
        read.map_err(|error| failure(&error))
    }

    /// Sends `bytes`.
    ///
    /// # Errors
    /// Where the server takes no more, or not in time.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.session {
            None => self.socket.write_all(bytes),
            Some(session) => {
                let mut stream = Stream::new(session, &mut self.socket);
                stream.write_all(bytes).and_then(|()| stream.flush())
            }
        };
        written.map_err(|error| failure(&error))
    }

    /// Whether what is said stays between both ends.
    pub fn is_encrypted(&self) -> bool {
        self.session.is_some()
    }

    /// Goes over to TLS, and has the server prove who it is. Nothing is read ahead in clear, so what somebody slipped in before counts as a part of the handshake, and breaks it.
    ///
    /// # Errors
    /// Where the server does not speak TLS, or is not who it should be.
    pub fn encrypt(&mut self) -> Result<(), Failure> {
        if self.is_encrypted() {
            return Ok(());
        }
        let config = Arc::clone(&self.trust.0);
        let mut session = ClientConnection::new(config, self.name.clone()).map_err(|_| Failure::Tls)?;
        while session.is_handshaking() {
            session.complete_io(&mut self.socket).map_err(|error| failure(&error))?;
        }
        self.session = Some(session);
        Ok(())
    }
}

impl Drop for Line {
    /// Says goodbye. Whether the server hears it makes no difference.
    fn drop(&mut self) {
        if let Some(session) = &mut self.session {
            session.send_close_notify();
            let _ = session.write_tls(&mut self.socket);
        }
    }
}

/// A socket whose every call keeps to the deadline, so that a server cannot draw it out by a byte at a time.
struct Socket {
    stream: TcpStream,
    /// The deadline.
    until: Instant,
    /// How many bytes may still be read.
    left: usize,
}

impl Socket {
    /// Connects to one address.
    fn connect(address: &SocketAddr, until: Instant) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(address, time_left(until)?.min(MOST_CONNECT))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, until, left: MOST_READ })
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.left);
        if most == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.stream.set_read_timeout(Some(time_left(self.until)?))?;
        let read = self.stream.read(&mut buffer[..most]).map_err(timed)?;
        self.left -= read;
        Ok(read)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(time_left(self.until)?))?;
        self.stream.write(bytes).map_err(timed)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// What is left of the time; an error where nothing is.
fn time_left(until: Instant) -> io::Result<Duration> {
    let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
    left.ok_or_else(|| io::ErrorKind::TimedOut.into())
}

/// A call that took too long says so on some systems, and that it would block on others.
fn timed(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

/// What an error comes to. That a certificate is not valid comes wrapped in one of reading.
fn failure(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::TimedOut {
        return Failure::Timeout;
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(_)) => Failure::Tls,
        _ => Failure::Broken,
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    /// A line to a server that does `act` with its first connection.
    fn line_to(patience: Duration, act: impl FnOnce(TcpStream) + Send + 'static) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || act(listener.accept().unwrap().0));
        Line::connect(&[address], "localhost", &Trust::web_pki(), Instant::now() + patience).unwrap()
    }

    #[test]
    fn a_second_address_is_tried() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let open = TcpListener::bind("127.0.0.1:0").unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        let connect = |addresses: &[SocketAddr]| Line::connect(addresses, "localhost", &Trust::web_pki(), until);
        assert!(connect(&[closed, open.local_addr().unwrap()]).is_ok());
        assert_eq!(connect(&[closed]).unwrap_err(), Failure::NoConnection);
        assert_eq!(connect(&[]).unwrap_err(), Failure::NoAddress);
    }

    #[test]
    fn a_byte_at_a_time_does_not_draw_it_out() {
        let mut line = line_to(Duration::from_millis(300), |mut stream| {
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let begun = Instant::now();
        assert_eq!(line.read(&mut [0; 1000]), Err(Failure::Timeout));
        assert!(begun.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn no_more_is_read_than_the_limit() {
        let mut line = line_to(Duration::from_secs(5), |mut stream| while stream.write_all(&[0; 4096]).is_ok() {});
        assert_eq!(line.read(&mut vec![0; MOST_READ]), Ok(()));
        assert_eq!(line.read(&mut [0]), Err(Failure::Broken));
    }

    #[test]
    fn what_is_no_tls_encrypts_nothing() {
        let mut line = line_to(Duration::from_secs(5), |mut stream| {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            let _ = stream.read(&mut [0; 64]);
        });
        assert_eq!(line.encrypt(), Err(Failure::Broken));
        assert!(!line.is_encrypted());
    }
}
