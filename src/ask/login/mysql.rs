//! `MySQL` and `MariaDB`, with the tenth version of the handshake.
//!
//! <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html> and <https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting>. The password
//! itself is told over TLS alone, whatever [`Account::may_be_clear`] says: a server without TLS would want it encrypted with an RSA key of its own, which nobody vouches for. What asks for
//! `mysql_clear_password`, `client_ed25519` or a ticket of Kerberos is not answered, nor what asks for a file.

use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Account, End, Login, OTHERWISE, Wire, message::Message};
use crate::net::Failure;

/// The one version of the handshake there is.
const VERSION: u8 = 10;
/// The character set that names and passwords are in: `utf8mb4_general_ci`.
const UTF8: u8 = 45;
/// How long a packet may be, says the client.
const MOST_PACKET: u32 = 1 << 24;
/// How many bytes of randomness a proof is made over.
const NONCE: usize = 20;
/// How many packets a server may send before it has made up its mind.
const MOST_STEPS: usize = 8;
/// The command that ends a connection.
const QUIT: u8 = 1;

/// What a client and a server can do.
/// <https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html>
mod can {
    pub(super) const LONG_PASSWORD: u32 = 1;
    pub(super) const CONNECT_WITH_DB: u32 = 1 << 3;
    pub(super) const PROTOCOL_41: u32 = 1 << 9;
    pub(super) const SSL: u32 = 1 << 11;
    pub(super) const SECURE_CONNECTION: u32 = 1 << 15;
    pub(super) const PLUGIN_AUTH: u32 = 1 << 19;
    /// What all logins are tried with.
    pub(super) const ALWAYS: u32 = LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;
}

/// What a packet of the server is, by its first byte.
mod kind {
    pub(super) const OK: u8 = 0;
    pub(super) const MORE: u8 = 1;
    pub(super) const SWITCH: u8 = 0xfe;
    pub(super) const ERROR: u8 = 0xff;
}

/// How a server checks a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// `mysql_native_password`: a proof by SHA-1.
    Native,
    /// `caching_sha2_password`: a proof by SHA-256, or the password, where the server has not seen it lately.
    CachingSha2,
    /// `sha256_password`: the password.
    Sha256,
}

/// What the server says first.
struct Greeting {
    /// What it can do.
    can: u32,
    /// The randomness to make a proof over.
    nonce: Vec<u8>,
    /// How it checks most passwords, where that is known here.
    method: Option<Method>,
}

/// A conversation, whose packets are counted.
struct Talk<'w> {
    wire: &'w mut dyn Wire,
    /// The number of the next packet.
    number: u8,
}

/// Logs in, to the account's database where it names one.
///
/// # Errors
/// Where the server does not answer, or not as `MySQL` does.
pub(in crate::ask) fn mysql(wire: &mut dyn Wire, account: &Account<'_>) -> Result<Login, Failure> {
    Talk { wire, number: 0 }.login(account).or_else(End::settle)
}

impl Talk<'_> {
    /// Goes through a login from its first packet to its last.
    fn login(&mut self, account: &Account<'_>) -> Result<Login, End> {
        account.check_zeros()?;
        let greeting = Greeting::read(&self.receive()?)?;
        let can = can::ALWAYS & greeting.can | self.go_over_to_tls(&greeting, account)?;
        // An account that is checked in another way is switched to it.
        let method = greeting.method.unwrap_or(Method::Native);
        let proof = self.prove(method, account, &greeting.nonce)?;
        self.send(&response(can, account, method, &proof)?)?;
        self.await_entry(account, method)?;
        self.number = 0;
        // It closes by itself as well.
        let _ = self.send(&[QUIT]);
        Ok(Login::Accepted)
    }

    /// Goes over to TLS where the server speaks it, and says what that adds to the client's abilities.
    fn go_over_to_tls(&mut self, greeting: &Greeting, account: &Account<'_>) -> Result<u32, End> {
        if self.wire.is_encrypted() || greeting.can & can::SSL == 0 && account.may_be_clear {
            return Ok(0);
        }
        if greeting.can & can::SSL == 0 {
            return Err(End::unknown("its server speaks no TLS"));
        }
        self.send(&head(can::ALWAYS & greeting.can | can::SSL | with_database(account)))?;
        self.wire.encrypt()?;
        Ok(can::SSL)
    }

    /// Answers until the server lets the user in.
    fn await_entry(&mut self, account: &Account<'_>, mut method: Method) -> Result<(), End> {
        for _ in 0..MOST_STEPS {
            let packet = self.receive()?;
            let mut message = Message::new(&packet);
            match message.byte()? {
                kind::OK => return Ok(()),
                kind::ERROR => return Err(refusal(message)?),
                kind::SWITCH => method = self.switch(account, message)?,
                kind::MORE => self.tell_more(account, method, message.rest())?,
                _ => return Err(Failure::Broken.into()),
            }
        }
        Err(Failure::Broken.into())
    }

    /// Proves the password in another way.
    fn switch(&mut self, account: &Account<'_>, mut message: Message<'_>) -> Result<Method, End> {
        let other = End::unknown("its server checks passwords in a way that is not tried");
        if message.rest().is_empty() {
            return Err(other);
        }
        let method = Method::named(message.text()?).ok_or(other)?;
        let proof = self.prove(method, account, message.rest())?;
        self.send(&proof)?;
        Ok(method)
    }

    /// A server that cannot check the proof wants the password.
    fn tell_more(&mut self, account: &Account<'_>, method: Method, asked: &[u8]) -> Result<(), End> {
        match (method, asked) {
            // The proof was enough; what it comes to follows.
            (Method::CachingSha2, [3]) => Ok(()),
            (Method::CachingSha2, [4]) => {
                let password = self.password(account)?;
                Ok(self.send(&password)?)
            }
            _ => Err(Failure::Broken.into()),
        }
    }

    /// What proves the password to `method`.
    fn prove(&self, method: Method, account: &Account<'_>, nonce: &[u8]) -> Result<Zeroizing<Vec<u8>>, End> {
        let nonce = nonce.get(..NONCE).ok_or(Failure::Broken)?;
        match method {
            Method::Sha256 => self.password(account),
            _ if account.password.is_empty() => Ok(Zeroizing::default()),
            Method::Native => Ok(native(account.password, nonce)),
            Method::CachingSha2 => Ok(caching_sha2(account.password, nonce)),
        }
    }

    /// The password itself, where nobody else hears it.
    fn password(&self, account: &Account<'_>) -> Result<Zeroizing<Vec<u8>>, End> {
        if !self.wire.is_encrypted() {
            return Err(End::unknown("its server wants the password over TLS, which it does not speak"));
        }
        Ok(Zeroizing::new([account.password, &[0]].concat()))
    }

    /// The next packet.
    fn receive(&mut self) -> Result<Vec<u8>, Failure> {
        let [a, b, c, number] = self.wire.array()?;
        self.number = number.wrapping_add(1);
        let length = u32::from_le_bytes([a, b, c, 0]);
        self.wire.bytes(usize::try_from(length).map_err(|_| Failure::Broken)?)
    }

    /// Sends a packet.
    fn send(&mut self, body: &[u8]) -> Result<(), Failure> {
        let length = u32::try_from(body.len()).ok().filter(|length| *length < MOST_PACKET).ok_or(Failure::Broken)?;
        let [a, b, c, _] = length.to_le_bytes();
        let packet = Zeroizing::new([&[a, b, c, self.number], body].concat());
        self.number = self.number.wrapping_add(1);
        self.wire.write(&packet)
    }
}

impl Method {
    /// The method that a server calls `name`.
    fn named(name: &[u8]) -> Option<Self> {
        [Self::Native, Self::CachingSha2, Self::Sha256].into_iter().find(|method| method.name() == name)
    }

    /// What servers call it.
    fn name(self) -> &'static [u8] {
        match self {
            Self::Native => b"mysql_native_password",
            Self::CachingSha2 => b"caching_sha2_password",
            Self::Sha256 => b"sha256_password",
        }
    }
}

impl Greeting {
    /// Reads the first packet.
    fn read(packet: &[u8]) -> Result<Self, End> {
        let mut message = Message::new(packet);
        match message.byte()? {
            VERSION => {}
            kind::ERROR => return Err(unavailable(u16::from_le_bytes(message.array()?))),
            _ => return Err(End::unknown("its server speaks another version of the protocol")),
        }
        message.text()?;
        message.take(4)?;
        let mut nonce = message.take(8)?.to_vec();
        message.take(1)?;
        let low = message.array::<2>()?;
        message.take(3)?;
        let high = message.array::<2>()?;
        message.take(11)?;
        nonce.extend_from_slice(message.take(NONCE - 8)?);
        message.take(1)?;
        let method = message.text().ok().and_then(Method::named);
        let can = u32::from_le_bytes([low[0], low[1], high[0], high[1]]);
        if can & can::PROTOCOL_41 == 0 || can & can::SECURE_CONNECTION == 0 {
            return Err(End::unknown("its server is too old"));
        }
        Ok(Self { can, nonce, method })
    }
}

/// What an error means once the password was proven, or not.
/// <https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html>
fn refusal(mut message: Message<'_>) -> Result<End, Failure> {
    Ok(match u16::from_le_bytes(message.array()?) {
        1045 => End::Login(Login::Rejected),
        // No such database, or none for this user; a password that has to be changed; too many connections of this user. All are looked at after the password.
        1044 | 1049 | 1203 | 1226 | 1862 => End::Login(Login::Accepted),
        1698 => End::unknown("its user logs in without a password"),
        3118 | 4151 => End::unknown("its user is locked"),
        3159 => End::unknown("its server wants TLS, which it does not speak"),
        other => unavailable(other),
    })
}

/// What an error means that has nothing to do with who logs in.
fn unavailable(code: u16) -> End {
    match code {
        1040 => End::unknown("its server has too many connections"),
        1129 | 1130 => End::unknown("its server lets nobody in from here"),
        _ => OTHERWISE,
    }
}

/// What a response begins with, and what asks for TLS.
fn head(can: u32) -> Vec<u8> {
    [&can.to_le_bytes()[..], &MOST_PACKET.to_le_bytes(), &[UTF8], &[0; 23]].concat()
}

/// What naming a database adds to the client's abilities.
fn with_database(account: &Account<'_>) -> u32 {
    if account.database.is_some() { can::CONNECT_WITH_DB } else { 0 }
}

/// Who logs in, and the proof.
fn response(can: u32, account: &Account<'_>, method: Method, proof: &[u8]) -> Result<Zeroizing<Vec<u8>>, End> {
    let length = u8::try_from(proof.len()).map_err(|_| End::unknown("its password is too long"))?;
    let database = account.database.map(|database| [database.as_bytes(), &[0]].concat()).unwrap_or_default();
    let head = head(can | with_database(account));
    let parts: [&[u8]; 8] = [&head, account.user, &[0], &[length], proof, &database, method.name(), &[0]];
    Ok(Zeroizing::new(parts.concat()))
}

/// The password's hash, behind a hash of its double hash and the server's randomness.
fn native(password: &[u8], nonce: &[u8]) -> Zeroizing<Vec<u8>> {
    let once = Zeroizing::new(<[u8; 20]>::from(Sha1::digest(password)));
    let twice = Sha1::digest(*once);
    hidden(&*once, &Sha1::new().chain_update(nonce).chain_update(twice).finalize())
}

/// The same by SHA-256, with the randomness last.
fn caching_sha2(password: &[u8], nonce: &[u8]) -> Zeroizing<Vec<u8>> {
    let once = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password)));
    let twice = Sha256::digest(*once);
    hidden(&*once, &Sha256::new().chain_update(twice).chain_update(nonce).finalize())
}

/// `hash` behind another one.
fn hidden(hash: &[u8], behind: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(hash.iter().zip(behind).map(|(left, right)| left ^ right).collect())
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::{
        super::wire::scripted::{Scripted, account, harm},
        *,
    };

    const RANDOM: &[u8; NONCE] = b"abcdefghijklmnopqrst";

    fn packet(number: u8, body: &[u8]) -> Vec<u8> {
        let length = u8::try_from(body.len()).unwrap();
        [&[length, 0, 0, number], body].concat()
    }

    fn greeting(can: u32, plugin: &[u8]) -> Vec<u8> {
        let [a, b, c, d] = can.to_le_bytes();
        let parts: [&[u8]; 10] = [
            b"\x0a8.4.0\0",
            &[7, 0, 0, 0],
            &RANDOM[..8],
            &[0, a, b, 45, 2, 0, c, d, 21],
            &[0; 10],
            &RANDOM[8..],
            &[0],
            plugin,
            &[0],
            &[],
        ];
        packet(0, &parts.concat())
    }

    fn error(number: u8, code: u16) -> Vec<u8> {
        packet(number, &[&[kind::ERROR], &code.to_le_bytes()[..], b"#28000Access denied"].concat())
    }

    fn switch(number: u8, plugin: &[u8]) -> Vec<u8> {
        packet(number, &[&[kind::SWITCH], plugin, &[0], RANDOM, &[0]].concat())
    }

    fn ok(number: u8) -> Vec<u8> {
        packet(number, &[kind::OK, 0, 0, 2, 0, 0, 0])
    }

    fn clear(plugin: &[u8], answers: &[Vec<u8>]) -> (Result<Login, Failure>, Vec<u8>) {
        let mut server = Scripted::saying(&greeting(can::ALWAYS, plugin), answers);
        let login = mysql(&mut server, &account("alice", "secret"));
        (login, server.heard)
    }

    #[test]
    fn proofs_as_they_are_computed() {
        // As the server does it: what it keeps is the double hash, from which it takes the hash out of the proof.
        let proof = native(b"secret", RANDOM);
        let kept = Sha1::digest(Sha1::digest(b"secret"));
        let hash = hidden(&proof, &Sha1::new().chain_update(RANDOM).chain_update(kept).finalize());
        assert_eq!(Sha1::digest(&*hash), kept);
        // `SELECT PASSWORD('secret')` of MariaDB.
        assert_eq!(HEXLOWER.encode(&kept), "14e65567abdb5135d0cfd9a70b3032c179a49ee7");
        let random = [10, 47, 74, 111, 75, 73, 34, 48, 88, 76, 114, 74, 37, 13, 3, 80, 82, 2, 23, 21];
        // What several clients compute of this.
        let known = "f490e76f66d9d86665ce54d98c78d0acfe2fb0b08b423da807144873d30b312c";
        assert_eq!(HEXLOWER.encode(&caching_sha2(b"secret", &random)), known);
    }

    #[test]
    fn a_login_without_tls() {
        let (login, heard) = clear(b"mysql_native_password", &[ok(2)]);
        assert_eq!(login, Ok(Login::Accepted));
        let proof = native(b"secret", RANDOM);
        let tail = [b"alice\0\x14", proof.as_slice(), b"mysql_native_password\0", b"\x01\0\0\0\x01"].concat();
        assert!(heard.ends_with(&tail));
        assert!(!heard.windows(6).any(|bytes| bytes == b"secret"));
    }

    #[test]
    fn tls_comes_before_the_name() {
        let mut server = Scripted::saying(
            &greeting(can::ALWAYS | can::SSL, b"caching_sha2_password"),
            &[Vec::new(), [packet(3, &[kind::MORE, 4])].concat(), ok(5)],
        );
        let account = Account { database: Some("shop"), may_be_clear: false, ..account("alice", "secret") };
        assert_eq!(mysql(&mut server, &account), Ok(Login::Accepted));
        assert!(server.encrypted);
        assert_eq!(server.heard[..4], [32, 0, 0, 1]);
        assert!(server.heard.windows(5).any(|bytes| bytes == b"shop\0"));
        assert!(server.heard.ends_with(b"\x07\0\0\x04secret\0\x01\0\0\0\x01"));
    }

    #[test]
    fn passwords_are_not_sent_in_clear() {
        let (login, heard) = clear(b"caching_sha2_password", &[packet(2, &[kind::MORE, 4]), ok(4)]);
        assert!(matches!(login, Ok(Login::Unknown(_))));
        assert!(!heard.windows(6).any(|bytes| bytes == b"secret"));
        assert_eq!(
            clear(b"caching_sha2_password", &[[packet(2, &[kind::MORE, 3]), ok(3)].concat()]).0,
            Ok(Login::Accepted)
        );
        for plugin in ["mysql_clear_password", "client_ed25519", "dialog", "sha256_password"] {
            let (login, heard) = clear(b"mysql_native_password", &[switch(2, plugin.as_bytes()), ok(4)]);
            assert!(matches!(login, Ok(Login::Unknown(_))), "{plugin}");
            assert!(!heard.windows(6).any(|bytes| bytes == b"secret"), "{plugin}");
        }
        let account = Account { may_be_clear: false, ..account("alice", "secret") };
        let mut server = Scripted::saying(&greeting(can::ALWAYS, b"mysql_native_password"), &[ok(2)]);
        assert!(matches!(mysql(&mut server, &account), Ok(Login::Unknown(_))));
        assert_eq!(server.heard, b"");
    }

    #[test]
    fn another_check_is_switched_to() {
        let (login, heard) = clear(b"unknown", &[switch(2, b"caching_sha2_password"), error(4, 1045)]);
        assert_eq!(login, Ok(Login::Rejected));
        assert!(heard.ends_with(&packet(3, &caching_sha2(b"secret", RANDOM))));
        assert!(matches!(clear(b"unknown", &[packet(2, &[kind::SWITCH])]).0, Ok(Login::Unknown(_))));
        // A server that asks for a file.
        assert_eq!(clear(b"mysql_native_password", &[packet(2, b"\xfb/etc/passwd")]).0, Err(Failure::Broken));
    }

    #[test]
    fn errors_count_by_when_they_come() {
        for (code, login) in [(1045, Login::Rejected), (1044, Login::Accepted), (1049, Login::Accepted)] {
            assert_eq!(clear(b"mysql_native_password", &[error(2, code)]).0, Ok(login), "{code}");
            let early = mysql(&mut Scripted::saying(&error(0, code), &[]), &account("alice", "secret"));
            assert!(matches!(early, Ok(Login::Unknown(_))), "{code}");
        }
        for code in [1040, 1129, 1130, 1698, 3118, 4151, 3159, 9999] {
            assert!(matches!(clear(b"mysql_native_password", &[error(2, code)]).0, Ok(Login::Unknown(_))), "{code}");
        }
    }

    #[test]
    fn harmed_answers_end() {
        let server = || {
            let greeting = greeting(can::ALWAYS | can::SSL, b"mysql_native_password");
            let more = packet(5, &[kind::MORE, 4]);
            Scripted::saying(&greeting, &[Vec::new(), switch(3, b"caching_sha2_password"), more, error(7, 1045)])
        };
        harm(server, |server| mysql(server, &account("alice", "secret")));
        let endless: Vec<_> = (0..100).map(|_| switch(2, b"mysql_native_password")).collect();
        assert_eq!(clear(b"mysql_native_password", &endless).0, Err(Failure::Broken));
    }
}
