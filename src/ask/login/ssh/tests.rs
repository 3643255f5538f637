//! Queries of a server in memory, which says what it is told to, and is spoilt on the way. A real one is asked by `tests/servers/sshd.sh`.

use std::collections::VecDeque;

use ring::{
    agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral},
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};

use super::{
    cipher::{Cipher, HEAD, Kind},
    kex::{Keys, hash},
    key::fingerprint,
    *,
};

/// What happens to what the server says.
#[derive(Clone, Copy, Debug)]
enum Spoilt {
    Not,
    /// It ends before this byte.
    Cut(usize),
    /// This bit is another.
    Flipped(usize),
}

/// A server that knows one Ed25519 key for its own.
struct Server {
    greeting: Vec<u8>,
    /// What it says before anything else.
    before: Vec<Vec<u8>>,
    /// What it can do.
    offer: Vec<u8>,
    /// What it says before its part of the exchange.
    between: Vec<Vec<u8>>,
    /// The point that it sends in place of its own.
    point: Option<Vec<u8>>,
    signer: Ed25519KeyPair,
    /// What it says to each message after the exchange.
    answers: VecDeque<Vec<Vec<u8>>>,
    spoilt: Spoilt,
    kind: Kind,
    is_strict: bool,
    said: VecDeque<u8>,
    read: usize,
    heard: Vec<u8>,
    version: Option<Vec<u8>>,
    offered: Vec<u8>,
    sent: (Cipher, u32),
    received: (Cipher, u32),
    next: Option<Cipher>,
}

const HOST: [u8; 32] = [1; 32];

fn host() -> Vec<u8> {
    let key = Ed25519KeyPair::from_seed_unchecked(&HOST).unwrap();
    Writer::default().string(b"ssh-ed25519").string(key.public_key().as_ref()).done()
}

fn offer(kind: Kind, is_strict: bool) -> Vec<u8> {
    let methods = ["curve25519-sha256", "kex-strict-s-v00@openssh.com"];
    let ciphers = ["aes128-ctr", kind.name()];
    Writer::message(message::KEXINIT)
        .raw(&[9; 16])
        .names(&methods[..=usize::from(is_strict)])
        .names(&["ssh-rsa", "ssh-ed25519"])
        .names(&ciphers)
        .names(&ciphers)
        .names(&["hmac-sha2-256"])
        .names(&["hmac-sha2-256"])
        .names(&["none"])
        .names(&["none"])
        .names(&[])
        .names(&[])
        .byte(0)
        .number(0)
        .done()
}

impl Server {
    /// One that answers `answer` to the query.
    fn new(kind: Kind, is_strict: bool, answer: Vec<u8>) -> Self {
        let accept = Writer::message(message::SERVICE_ACCEPT).string(SERVICE).done();
        Self {
            greeting: b"SSH-2.0-Test\r\n".to_vec(),
            before: Vec::new(),
            offer: offer(kind, is_strict),
            between: Vec::new(),
            point: None,
            signer: Ed25519KeyPair::from_seed_unchecked(&HOST).unwrap(),
            answers: [vec![accept], vec![answer]].into(),
            spoilt: Spoilt::Not,
            kind,
            is_strict,
            said: VecDeque::new(),
            read: 0,
            heard: Vec::new(),
            version: None,
            offered: Vec::new(),
            sent: (Cipher::None, 0),
            received: (Cipher::None, 0),
            next: None,
        }
    }

    /// What comes of asking it about `key`.
    fn asked(&mut self, key: &PublicKey) -> Result<Login, Failure> {
        self.said.extend(self.greeting.clone());
        let offer = self.offer.clone();
        for message in std::mem::take(&mut self.before).into_iter().chain([offer]) {
            self.say(&message);
        }
        query(self, "git", key, Some(&["SHA256:another", &fingerprint(&host())]))
    }

    fn say(&mut self, message: &[u8]) {
        let (cipher, number) = &mut self.sent;
        let counted = cipher.counted_head() + 1 + message.len() + 4;
        let padding = 4 + counted.next_multiple_of(cipher.block()) - counted;
        let body = [&[u8::try_from(padding).unwrap()], message, &vec![0; padding]].concat();
        self.said.extend(cipher.seal(*number, Writer::default().string(&body).done()).unwrap());
        *number += 1;
    }

    fn hear(&mut self) -> Option<Vec<u8>> {
        let (cipher, number) = &mut self.received;
        let length = cipher.length(*number, *self.heard.first_chunk()?);
        let end = HEAD + usize::try_from(length).unwrap() + cipher.tag();
        let mut packet: Vec<u8> = self.heard.drain(..end).collect();
        let body = cipher.open(*number, &mut packet).unwrap();
        *number += 1;
        Some(body[1..body.len() - usize::from(body[0])].to_vec())
    }

    fn react(&mut self, message: Vec<u8>) {
        match message[0] {
            message::KEXINIT => self.offered = message,
            message::ECDH_INIT => self.agree(Reader::new(&message[1..]).string().unwrap()),
            message::NEWKEYS => {
                let number = if self.is_strict { 0 } else { self.received.1 };
                self.received = (self.next.take().unwrap(), number);
            }
            message::DISCONNECT => {}
            _ => self.answers.pop_front().unwrap_or_default().iter().for_each(|answer| self.say(answer)),
        }
    }

    fn agree(&mut self, theirs: &[u8]) {
        let private = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).unwrap();
        let own = private.compute_public_key().unwrap();
        let ours = self.point.clone().unwrap_or(own.as_ref().to_vec());
        let written = |secret: &[u8]| Writer::default().integer(secret).done();
        let secret = agree_ephemeral(private, &UnparsedPublicKey::new(&X25519, theirs), written).unwrap();
        let (key, version) = (host(), self.greeting.strip_suffix(b"\r\n").unwrap());
        let version = version.rsplit(|byte| *byte == b'\n').next().unwrap();
        let said = [self.version.as_deref().unwrap(), version, &self.offered, &self.offer, &key, theirs, &ours];
        let hash = hash(&said, &secret);
        let signed = self.signer.sign(&hash);
        let signature = Writer::default().string(b"ssh-ed25519").string(signed.as_ref()).done();
        let reply = Writer::message(message::ECDH_REPLY).string(&key).string(&ours).string(&signature).done();
        let newkeys = vec![message::NEWKEYS];
        for message in std::mem::take(&mut self.between).into_iter().chain([reply, newkeys]) {
            self.say(&message);
        }
        let keys = Keys { secret: &secret, hash: &hash };
        let cipher = |key, nonce| Cipher::new(self.kind, &keys.key(key), &keys.key(nonce)).unwrap();
        self.next = Some(cipher(b'C', b'A'));
        self.sent = (cipher(b'D', b'B'), if self.is_strict { 0 } else { self.sent.1 });
    }

    /// The next byte of what it says.
    fn next_byte(&mut self) -> Option<u8> {
        let byte = self.said.pop_front()?;
        let at = self.read;
        self.read += 1;
        match self.spoilt {
            Spoilt::Cut(end) if at >= end => None,
            Spoilt::Flipped(bit) if at == bit / 8 => Some(byte ^ 1 << (bit % 8)),
            _ => Some(byte),
        }
    }
}

impl Wire for Server {
    fn is_encrypted(&self) -> bool {
        false
    }

    fn encrypt(&mut self) -> Result<(), Failure> {
        Err(Failure::Broken)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<(), Failure> {
        for byte in buffer {
            *byte = self.next_byte().ok_or(Failure::Broken)?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.heard.extend(bytes);
        if self.version.is_none() {
            let end = self.heard.iter().position(|byte| *byte == b'\n').unwrap();
            self.version = Some(self.heard.drain(..=end).take(end - 1).collect());
        }
        while let Some(message) = self.hear() {
            self.react(message);
        }
        Ok(())
    }
}

fn key() -> PublicKey {
    PublicKey { blob: b"a key".to_vec(), algorithms: &["rsa-sha2-512", "rsa-sha2-256"], is_encrypted: false }
}

fn yes() -> Vec<u8> {
    Writer::message(message::USERAUTH_PK_OK).string(b"rsa-sha2-512").string(b"a key").done()
}

fn no(ways: &[&str]) -> Vec<u8> {
    Writer::message(message::USERAUTH_FAILURE).names(ways).byte(0).done()
}

/// One that accepts the key.
fn accepting() -> Server {
    Server::new(Kind::Aes256Gcm, true, yes())
}

/// One that says `answer`, and no to any other query.
fn saying(answer: Vec<u8>) -> Server {
    let mut server = Server::new(Kind::Aes128Gcm, true, answer);
    server.answers.push_back(vec![no(&["publickey"])]);
    server
}

fn info(signatures: &str) -> Vec<u8> {
    let message = Writer::message(message::EXT_INFO).number(2).string(b"other").string(b"\xff");
    message.string(b"server-sig-algs").string(signatures.as_bytes()).done()
}

#[test]
fn keys_are_accepted_and_rejected_under_each_cipher() {
    for kind in Kind::ALL {
        for is_strict in [false, true] {
            assert_eq!(Server::new(kind, is_strict, yes()).asked(&key()), Ok(Login::Accepted), "{kind:?}");
            let mut server = Server::new(kind, is_strict, no(&["password", "publickey"]));
            server.answers.push_back(vec![no(&["publickey"])]);
            assert_eq!(server.asked(&key()), Ok(Login::Rejected), "{kind:?}");
        }
    }
}

#[test]
fn the_second_algorithm_may_be_the_one() {
    let mut server = Server::new(Kind::Aes256Gcm, true, no(&["publickey"]));
    server.answers.push_back(vec![yes()]);
    assert_eq!(server.asked(&key()), Ok(Login::Accepted));
}

#[test]
fn only_who_has_the_host_key_is_believed() {
    let unproven = Ok(Login::Unknown("its host cannot prove to be who it should be"));
    let mut server = accepting();
    server.signer = Ed25519KeyPair::from_seed_unchecked(&[2; 32]).unwrap();
    assert_eq!(server.asked(&key()), unproven);
    let mut server = accepting();
    server.said.extend(server.greeting.clone());
    let offer = server.offer.clone();
    server.say(&offer);
    assert_eq!(query(&mut server, "git", &key(), Some(&["SHA256:another"])), unproven);
    // Nothing was asked about the key.
    assert_eq!(server.answers.len(), 2);
}

#[test]
fn what_says_nothing_is_passed_over() {
    let mut server = accepting();
    let ignored = Writer::message(message::IGNORE).string(b"noise").done();
    let debugged = Writer::message(message::DEBUG).byte(1).string(b"noise").string(b"").done();
    let banner = Writer::message(message::USERAUTH_BANNER).string(b"welcome").string(b"").done();
    server.answers[0].splice(0..0, [info("ssh-ed25519"), ignored.clone()]);
    server.answers[1].splice(0..0, [banner, debugged.clone()]);
    assert_eq!(server.asked(&key()), Ok(Login::Accepted));
    for (is_strict, wanted) in [(false, Ok(Login::Accepted)), (true, Err(Failure::Broken))] {
        for message in [&ignored, &debugged] {
            let mut server = Server::new(Kind::ChaCha20Poly1305, is_strict, yes());
            server.between.push(message.clone());
            assert_eq!(server.asked(&key()), wanted);
            let mut server = Server::new(Kind::ChaCha20Poly1305, is_strict, yes());
            server.before.push(message.clone());
            assert_eq!(server.asked(&key()), wanted);
        }
    }
}

#[test]
fn a_server_that_cannot_say_no_is_not_believed() {
    let mut server = saying(no(&["publickey"]));
    server.answers[0].insert(0, info("ssh-ed25519,ssh-rsa"));
    assert_eq!(server.asked(&key()), Ok(Login::Unknown("its host takes no keys of this kind")));
    let mut server = saying(no(&["publickey"]));
    server.answers[0].insert(0, info("ssh-ed25519,rsa-sha2-256"));
    assert_eq!(server.asked(&key()), Ok(Login::Rejected));
    let reason = "its host lets nobody in for a key";
    assert_eq!(saying(no(&["password"])).asked(&key()), Ok(Login::Unknown(reason)));
    let reason = "its host lets everybody in";
    assert_eq!(saying(vec![message::USERAUTH_SUCCESS]).asked(&key()), Ok(Login::Unknown(reason)));
}

#[test]
fn farewells_are_no_answer() {
    for (reason, wanted) in [
        (12, "its host closed the connection: too many connections"),
        (14, "its host closed the connection: no way left to log in"),
        (99, "its host closed the connection"),
    ] {
        let farewell = Writer::message(message::DISCONNECT).number(reason).string(b"text").string(b"").done();
        assert_eq!(saying(farewell).asked(&key()), Ok(Login::Unknown(wanted)));
    }
    let unimplemented = Writer::message(message::UNIMPLEMENTED).number(3).done();
    assert_eq!(saying(unimplemented).asked(&key()), Ok(Login::Unknown("its host does not know what it was asked")));
}

#[test]
fn answers_that_make_no_sense_are_none() {
    let other = Writer::message(message::USERAUTH_PK_OK).string(b"rsa-sha2-512").string(b"other").done();
    for answer in [other, vec![message::USERAUTH_PK_OK], vec![message::USERAUTH_FAILURE], vec![99], vec![]] {
        assert_eq!(saying(answer).asked(&key()), Err(Failure::Broken));
    }
    let mut server = accepting();
    server.answers[0] = vec![yes()];
    assert_eq!(server.asked(&key()), Err(Failure::Broken));
    let mut server = accepting();
    server.answers[0].insert(0, Writer::message(message::EXT_INFO).number(u32::MAX).done());
    assert_eq!(server.asked(&key()), Err(Failure::Broken));
}

#[test]
fn versions_are_found_among_other_lines() {
    let asked = |greeting: &[u8]| {
        let mut server = accepting();
        server.greeting = greeting.to_vec();
        server.asked(&key())
    };
    assert_eq!(asked(b"Welcome\r\nto all\nSSH-2.0-Test of a server\r\n"), Ok(Login::Accepted));
    assert_eq!(asked(b"SSH-1.99-Test\r\n"), Ok(Login::Accepted));
    assert_eq!(asked(b"SSH-1.5-Test\r\n"), Ok(Login::Unknown("its host speaks another version of SSH")));
    assert_eq!(asked(&b"HTTP/1.1 400 Bad Request\r\n".repeat(1000)), Err(Failure::Broken));
    assert_eq!(asked(&b"a".repeat(100_000)), Err(Failure::Broken));
}

#[test]
fn a_wrong_guess_is_passed_over() {
    let mut server = accepting();
    let flag = server.offer.len() - 5;
    server.offer[flag] = 1;
    server.between.push(vec![message::ECDH_REPLY, 1, 2, 3]);
    assert_eq!(server.asked(&key()), Ok(Login::Accepted));
}

#[test]
fn nothing_in_common_is_said_to_be_so() {
    for (theirs, other) in [
        (&b"curve25519-sha256"[..], &b"diffie-hellman-gr"[..]),
        (b"ssh-ed25519", b"ssh-ed44448"),
        (b"aes256-gcm@openssh.com", b"aes256-gcm@openssl.com"),
        (b"\x04none", b"\x04zlib"),
    ] {
        let mut server = accepting();
        let at = server.offer.windows(theirs.len()).position(|window| window == theirs).unwrap();
        server.offer[at..at + theirs.len()].copy_from_slice(other);
        let reason = "its host offers no algorithms that are known here";
        assert_eq!(server.asked(&key()), Ok(Login::Unknown(reason)), "{}", theirs.escape_ascii());
    }
}

#[test]
fn a_secret_that_everybody_knows_is_refused() {
    for point in [vec![0; 32], vec![9; 31], vec![]] {
        let mut server = accepting();
        server.point = Some(point);
        assert_eq!(server.asked(&key()), Err(Failure::Broken));
    }
}

#[test]
fn a_server_that_talks_without_end_is_not_listened_to() {
    let noise = Writer::message(message::IGNORE).string(&vec![0; 30_000]).done();
    let mut server = accepting();
    server.answers[1].splice(0..0, vec![noise; 10]);
    assert_eq!(server.asked(&key()), Err(Failure::Broken));
    assert!(server.read <= 128 << 10);
    let mut server = accepting();
    server.answers[1].insert(0, Writer::message(message::IGNORE).string(&vec![0; 40_000]).done());
    assert_eq!(server.asked(&key()), Err(Failure::Broken));
    assert!(server.read < 2000);
}

#[test]
fn packets_of_wrong_lengths_are_refused() {
    for head in [0_u32, 1, 4, 8, 11, 35_004, u32::MAX] {
        let mut server = accepting();
        server.greeting.extend(head.to_be_bytes());
        server.greeting.extend([0; 64]);
        assert_eq!(server.asked(&key()), Err(Failure::Broken), "{head}");
    }
}

#[test]
fn nothing_is_made_of_a_connection_that_breaks_off() {
    for kind in Kind::ALL {
        let mut whole = Server::new(kind, true, yes());
        whole.asked(&key()).unwrap();
        for end in 0..whole.read {
            let mut server = Server::new(kind, true, yes());
            server.spoilt = Spoilt::Cut(end);
            assert_eq!(server.asked(&key()), Err(Failure::Broken), "{kind:?} {end}");
        }
    }
}

#[test]
fn no_flipped_bit_makes_another_answer() {
    for kind in Kind::ALL {
        let mut whole = Server::new(kind, true, no(&["publickey"]));
        whole.answers.push_back(vec![no(&["publickey"])]);
        assert_eq!(whole.asked(&key()), Ok(Login::Rejected));
        for byte in 0..whole.read {
            let mut server = Server::new(kind, true, no(&["publickey"]));
            server.answers.push_back(vec![no(&["publickey"])]);
            server.spoilt = Spoilt::Flipped(byte * 8 + byte % 8);
            let answer = server.asked(&key());
            // Padding that is not sealed may be anything.
            let is_honest = matches!(answer, Ok(Login::Rejected | Login::Unknown(_)) | Err(Failure::Broken));
            assert!(is_honest, "{kind:?} {byte}: {answer:?}");
        }
    }
}
