//! The key exchange: what both sides can do, a secret that only they know, and the server's proof of who it is.
//!
//! <https://www.rfc-editor.org/rfc/rfc4253#section-7>, with Curve25519 (<https://www.rfc-editor.org/rfc/rfc8731>). There is one exchange in a connection: what comes here is over long before keys wear
//! out. Whether the server's signature is good is left to [`super::host`], and what packets are sealed with to [`super::cipher`].

use ring::{
    agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral},
    rand::SystemRandom,
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    Stop,
    cipher::{Cipher, Kind},
    host, message,
    pack::{Reader, Writer},
    transport::{Transport, VERSION, random},
};
use crate::net::Failure;

/// The ways to agree upon a secret, which are two names of one.
const METHODS: [&str; 2] = ["curve25519-sha256", "curve25519-sha256@libssh.org"];
/// What is no method, but offered as one: the server may say which signatures it takes (<https://www.rfc-editor.org/rfc/rfc8308#section-2.1>), and nothing may come between the messages of the exchange
/// (<https://github.com/openssh/openssh-portable/blob/master/PROTOCOL>, section 1.10).
const WISHES: [&str; 2] = ["ext-info-c", "kex-strict-c-v00@openssh.com"];
/// How a server says that nothing may come in between.
const STRICT: &str = "kex-strict-s-v00@openssh.com";
/// What packets would be proven by if the cipher did not. No such cipher is offered, but there are servers that want to agree upon this, too.
const CODES: [&str; 2] = ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"];
/// What packets are compressed by.
const COMPRESSIONS: [&str; 1] = ["none"];
/// Why there is no answer where both sides have nothing in common.
const NOTHING_SHARED: Stop = Stop::Unknown("its host offers no algorithms that are known here");
/// Why there is none where the server may be anybody.
const UNPROVEN: Stop = Stop::Unknown("its host cannot prove to be who it should be");

/// Agrees upon keys with a server whose key has one of `fingerprints`. All that is sent and received afterwards is sealed.
pub(super) fn exchange(transport: &mut Transport<'_>, fingerprints: Option<&[&str]>) -> Result<(), Stop> {
    let version = transport.greet()?;
    let offered = offer(random()?);
    transport.send(&offered)?;
    let answered = transport.expect(message::KEXINIT)?;
    let agreed = Agreed::read(&answered).ok_or(Failure::Broken)??;
    if agreed.is_strict {
        transport.be_strict()?;
    }
    let (private, public) = pair().ok_or(Failure::Broken)?;
    transport.send(&Writer::message(message::ECDH_INIT).string(&public).done())?;
    if agreed.is_guessed_wrong {
        transport.receive()?;
    }
    let reply = transport.expect(message::ECDH_REPLY)?;
    let reply = Reply::read(&reply).ok_or(Failure::Broken)?;
    let secret = agree(private, reply.public).ok_or(Failure::Broken)?;
    let said = [VERSION, &version, &offered, &answered, reply.key, &public, reply.public];
    let hash = hash(&said, &secret);
    if !host::is_proven(agreed.signature, reply.key, reply.signature, &hash, fingerprints) {
        return Err(UNPROVEN);
    }
    change(transport, &agreed, &Keys { secret: &secret, hash: &hash })
}

/// What this side can do.
fn offer(cookie: [u8; 16]) -> Vec<u8> {
    let ciphers = Kind::ALL.map(Kind::name);
    Writer::message(message::KEXINIT)
        .raw(&cookie)
        .names(&[METHODS, WISHES].concat())
        .names(&host::ALGORITHMS)
        .names(&ciphers)
        .names(&ciphers)
        .names(&CODES)
        .names(&CODES)
        .names(&COMPRESSIONS)
        .names(&COMPRESSIONS)
        .names(&[])
        .names(&[])
        .byte(0)
        .number(0)
        .done()
}

/// What both sides can do.
#[derive(Debug)]
struct Agreed {
    /// How the server signs.
    signature: &'static str,
    /// What this side seals with.
    sent: Kind,
    /// What the server does.
    received: Kind,
    /// Whether nothing may come in between.
    is_strict: bool,
    /// Whether the next message is of a method that was not agreed upon.
    is_guessed_wrong: bool,
}

impl Agreed {
    /// Compares what the server can do with what this side can. Nothing where that is no such message.
    fn read(answered: &[u8]) -> Option<Result<Self, Stop>> {
        let mut reader = Reader::new(answered);
        let _number_and_cookie = reader.raw(17)?;
        let mut lists = [""; 10];
        for list in &mut lists {
            *list = reader.text()?;
        }
        let is_guessed = reader.flag()?;
        Some(Self::compare(lists, is_guessed).ok_or(NOTHING_SHARED))
    }

    /// What `lists`, those of the server, have in common with this side's. Nothing where one has nothing.
    fn compare(lists: [&str; 10], is_guessed: bool) -> Option<Self> {
        let [methods, signatures, sent, received, _, _, sent_as, received_as, _, _] = lists;
        let ciphers = Kind::ALL.map(|kind| (kind.name(), kind));
        let cipher = |offered| first(&ciphers, |(name, _)| has(offered, name)).map(|(_, kind)| kind);
        let method = first(&METHODS, |name| has(methods, name))?;
        let signature = first(&host::ALGORITHMS, |name| has(signatures, name))?;
        let is_first = |offered: &str, name| offered.split(',').next() == Some(name);
        let is_right = method == METHODS[0] && is_first(methods, method) && is_first(signatures, host::ALGORITHMS[0]);
        let is_plain = has(sent_as, COMPRESSIONS[0]) && has(received_as, COMPRESSIONS[0]);
        is_plain.then_some(Self {
            signature,
            sent: cipher(sent)?,
            received: cipher(received)?,
            is_strict: has(methods, STRICT),
            is_guessed_wrong: is_guessed && !is_right,
        })
    }
}

/// The first of `ours` that is wanted.
fn first<T: Copy>(ours: &[T], is_wanted: impl Fn(&T) -> bool) -> Option<T> {
    ours.iter().copied().find(is_wanted)
}

/// Whether a list of names has `name`.
fn has(list: &str, name: &str) -> bool {
    list.split(',').any(|one| one == name)
}

/// A key for this exchange alone, and its public half.
fn pair() -> Option<(EphemeralPrivateKey, Vec<u8>)> {
    let private = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).ok()?;
    let public = private.compute_public_key().ok()?.as_ref().to_vec();
    Some((private, public))
}

/// The secret of both sides, as it is hashed. Nothing where the other side's key would make it one that everybody knows.
fn agree(private: EphemeralPrivateKey, public: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let written = |secret: &[u8]| Zeroizing::new(Writer::default().integer(secret).done());
    agree_ephemeral(private, &UnparsedPublicKey::new(&X25519, public), written).ok()
}

/// What the server says in the exchange.
struct Reply<'m> {
    /// Its key.
    key: &'m [u8],
    /// The public half of its key for this exchange alone.
    public: &'m [u8],
    /// Its signature of the exchange.
    signature: &'m [u8],
}

impl<'m> Reply<'m> {
    /// Takes the message apart.
    fn read(message: &'m [u8]) -> Option<Self> {
        let mut reader = Reader::new(message);
        let _number = reader.byte()?;
        Some(Self { key: reader.string()?, public: reader.string()?, signature: reader.string()? })
    }
}

/// The hash of all that was said, and of the secret: what the server signs.
pub(super) fn hash(said: &[&[u8]], secret: &[u8]) -> [u8; 32] {
    let said = said.iter().fold(Writer::default(), |writer, part| writer.string(part));
    Sha256::digest(said.raw(secret).done()).into()
}

/// What keys are made from.
pub(super) struct Keys<'k> {
    /// The secret of both sides, as it is hashed.
    pub(super) secret: &'k [u8],
    /// The hash of the exchange.
    pub(super) hash: &'k [u8; 32],
}

impl Keys<'_> {
    /// The key for the use that `letter` stands for, as long as any cipher needs: <https://www.rfc-editor.org/rfc/rfc4253#section-7.2>.
    pub(super) fn key(&self, letter: u8) -> Zeroizing<Vec<u8>> {
        let start = Sha256::new().chain_update(self.secret).chain_update(self.hash);
        let first = start.clone().chain_update([letter]).chain_update(self.hash).finalize();
        let second = start.chain_update(first).finalize();
        Zeroizing::new([first, second].concat())
    }
}

/// Changes over to the keys that were agreed upon.
fn change(transport: &mut Transport<'_>, agreed: &Agreed, keys: &Keys<'_>) -> Result<(), Stop> {
    let cipher = |kind, key, nonce| Cipher::new(kind, &keys.key(key), &keys.key(nonce)).ok_or(Failure::Broken);
    transport.send(&[message::NEWKEYS])?;
    transport.seal(cipher(agreed.sent, b'C', b'A')?);
    transport.expect(message::NEWKEYS)?;
    transport.open(cipher(agreed.received, b'D', b'B')?);
    Ok(())
}
