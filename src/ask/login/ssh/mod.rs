//! Asks an SSH server whether it would let somebody in who holds a key, without being let in.
//!
//! [`query`] asks as <https://www.rfc-editor.org/rfc/rfc4252#section-7> has it: the public half of the key is shown, nothing is signed, and the server says whether a signature would be of use. Nobody is
//! logged in, and no channel is opened. The private half is not needed, so a key counts that is encrypted. Connections and how long they may take are the caller's, who gives a [`Wire`]; whether an
//! answer is to be believed is, too: a server may say yes to every key, which [`PublicKey::made_up`] brings to light.

mod cipher;
mod der;
mod host;
mod kex;
mod key;
mod pack;
mod transport;

#[cfg(test)]
mod tests;

use super::{Login, Wire};
use crate::net::Failure;

pub(in crate::ask) use key::PublicKey;
use pack::{Reader, Writer};
use transport::Transport;

/// The numbers of messages: <https://www.rfc-editor.org/rfc/rfc4250#section-4.1.2>.
mod message {
    pub(super) const DISCONNECT: u8 = 1;
    pub(super) const IGNORE: u8 = 2;
    pub(super) const UNIMPLEMENTED: u8 = 3;
    pub(super) const DEBUG: u8 = 4;
    pub(super) const SERVICE_REQUEST: u8 = 5;
    pub(super) const SERVICE_ACCEPT: u8 = 6;
    /// <https://www.rfc-editor.org/rfc/rfc8308#section-2.3>
    pub(super) const EXT_INFO: u8 = 7;
    pub(super) const KEXINIT: u8 = 20;
    pub(super) const NEWKEYS: u8 = 21;
    /// <https://www.rfc-editor.org/rfc/rfc5656#section-7.1>
    pub(super) const ECDH_INIT: u8 = 30;
    pub(super) const ECDH_REPLY: u8 = 31;
    pub(super) const USERAUTH_REQUEST: u8 = 50;
    pub(super) const USERAUTH_FAILURE: u8 = 51;
    pub(super) const USERAUTH_SUCCESS: u8 = 52;
    pub(super) const USERAUTH_BANNER: u8 = 53;
    pub(super) const USERAUTH_PK_OK: u8 = 60;

    /// Why this side disconnects: <https://www.rfc-editor.org/rfc/rfc4253#section-11.1>.
    pub(super) const BY_APPLICATION: u32 = 11;
}

/// The service that logs users in.
const SERVICE: &[u8] = b"ssh-userauth";
/// The way to log in that is asked about.
const METHOD: &str = "publickey";

/// Why there is no answer to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The connection failed, or what came over it made no sense.
    Failure(Failure),
    /// The server cannot or will not answer.
    Unknown(&'static str),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Asks the server at the other end of `wire`, which has a key with one of the fingerprints `host_keys` (any key, where none are given), whether it would let `user` in for `key`.
///
/// # Errors
/// Where the connection fails, or what comes over it is not SSH.
pub(in crate::ask) fn query(
    wire: &mut dyn Wire,
    user: &str,
    key: &PublicKey,
    host_keys: Option<&[&str]>,
) -> Result<Login, Failure> {
    match ask(wire, user, key, host_keys) {
        Ok(login) => Ok(login),
        Err(Stop::Unknown(reason)) => Ok(Login::Unknown(reason)),
        Err(Stop::Failure(failure)) => Err(failure),
    }
}

/// The same, but stops wherever there is no answer.
fn ask(wire: &mut dyn Wire, user: &str, key: &PublicKey, host_keys: Option<&[&str]>) -> Result<Login, Stop> {
    let mut transport = Transport::new(wire);
    kex::exchange(&mut transport, host_keys)?;
    let mut asked = Asked { transport, signatures: None };
    asked.begin()?;
    let login = asked.about(user, key)?;
    asked.transport.leave();
    Ok(login)
}

/// A server that has proven who it is.
struct Asked<'w> {
    /// The connection, sealed.
    transport: Transport<'w>,
    /// The signatures that it takes, if it says so.
    signatures: Option<String>,
}

impl Asked<'_> {
    /// Asks for the service that logs users in.
    fn begin(&mut self) -> Result<(), Stop> {
        self.transport.send(&Writer::message(message::SERVICE_REQUEST).string(SERVICE).done())?;
        match self.answer()?.first() {
            Some(&message::SERVICE_ACCEPT) => Ok(()),
            _ => Err(Failure::Broken.into()),
        }
    }

    /// Asks about `key` with each of its algorithms, until one is accepted.
    fn about(&mut self, user: &str, key: &PublicKey) -> Result<Login, Stop> {
        for algorithm in key.algorithms {
            if self.accepts(user, key, algorithm)? {
                return Ok(Login::Accepted);
            }
        }
        let takes = |names: &str| names.split(',').any(|name| key.algorithms.contains(&name));
        if self.signatures.as_deref().is_none_or(takes) {
            return Ok(Login::Rejected);
        }
        Ok(Login::Unknown("its host takes no keys of this kind"))
    }

    /// Whether a signature of `key` by `algorithm` would be of use. None is made.
    fn accepts(&mut self, user: &str, key: &PublicKey, algorithm: &str) -> Result<bool, Stop> {
        let request = Writer::message(message::USERAUTH_REQUEST)
            .string(user.as_bytes())
            .string(b"ssh-connection")
            .string(METHOD.as_bytes())
            .byte(0)
            .string(algorithm.as_bytes())
            .string(&key.blob);
        self.transport.send(&request.done())?;
        let answer = self.answer()?;
        match answer.first() {
            Some(&message::USERAUTH_PK_OK) => named_key(&answer).filter(|blob| *blob == key.blob).map(|_| true),
            Some(&message::USERAUTH_FAILURE) => match ways_left(&answer) {
                Some(ways) if ways.split(',').any(|way| way == METHOD) => Some(false),
                Some(_) => return Err(Stop::Unknown("its host lets nobody in for a key")),
                None => None,
            },
            Some(&message::USERAUTH_SUCCESS) => return Err(Stop::Unknown("its host lets everybody in")),
            _ => None,
        }
        .ok_or_else(|| Failure::Broken.into())
    }

    /// The next message that is an answer. What the server says of itself is kept; what it has to say to the user is not.
    fn answer(&mut self) -> Result<Vec<u8>, Stop> {
        loop {
            let message = self.transport.receive()?;
            match message.first() {
                Some(&message::EXT_INFO) => self.keep(&extensions(&message).ok_or(Failure::Broken)?),
                Some(&message::USERAUTH_BANNER) => {}
                _ => return Ok(message),
            }
        }
    }

    /// Keeps which signatures the server takes: <https://www.rfc-editor.org/rfc/rfc8308#section-3.1>.
    fn keep(&mut self, extensions: &[(&[u8], &[u8])]) {
        let names = extensions.iter().find(|(name, _)| *name == b"server-sig-algs").map(|(_, names)| names);
        self.signatures = names.and_then(|names| str::from_utf8(names).ok()).map(str::to_owned);
    }
}

/// The key that would be accepted. The algorithm before it is not compared: there are servers that name another of the same key.
fn named_key(message: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(message);
    let _number_and_algorithm = (reader.byte()?, reader.string()?);
    reader.string()
}

/// The ways to log in that are left.
fn ways_left(message: &[u8]) -> Option<&str> {
    let mut reader = Reader::new(message);
    let _number = reader.byte()?;
    reader.text()
}

/// What a server can do besides, by name.
fn extensions(message: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut reader = Reader::new(message);
    let _number = reader.byte()?;
    (0..reader.number()?).map(|_| Some((reader.string()?, reader.string()?))).collect()
}
