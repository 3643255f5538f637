//! SCRAM, by which both ends prove that they know a password, and neither says it.
//!
//! RFC 5802 with SHA-1, and RFC 7677 with SHA-256: <https://www.rfc-editor.org/rfc/rfc5802> and <https://www.rfc-editor.org/rfc/rfc7677>. How its messages are wrapped is for the
//! protocols. Passwords are taken as they are: where one [`is_plain`], that is what RFC 4013 makes of it, too. Of where it is not, a protocol has to think when a server rejects it.

use std::num::NonZeroU32;

use data_encoding::BASE64;
use ring::{
    digest, hmac, pbkdf2,
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

use super::{End, Login, UNPROVEN};
use crate::net::Failure;

/// How many rounds a server may ask for. With fewer than RFC 7677 wants, who pretends to be it could guess the password from its proof.
const ROUNDS: std::ops::RangeInclusive<u32> = 4096..=1_000_000;

/// The hash that all is made with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

/// Whether a password is printable ASCII.
pub(super) fn is_plain(password: &[u8]) -> bool {
    password.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// What to say of a `login` by a password that may have had to be sent in another form.
pub(super) fn if_plain(login: Login, password: &[u8]) -> Login {
    match login {
        Login::Rejected if !is_plain(password) => Login::Unknown("its password is not plain ASCII"),
        login => login,
    }
}

/// The client's first message.
pub(super) struct Opening {
    nonce: String,
    bare: String,
}

/// The client's last message, and what the server has to say to it.
pub(super) struct Closing {
    message: String,
    signature: Vec<u8>,
}

impl Opening {
    /// For a user of this name.
    pub(super) fn new(user: &str) -> Result<Self, Failure> {
        let mut random = [0; 18];
        SystemRandom::new().fill(&mut random).map_err(|_| Failure::Broken)?;
        Ok(Self::with_nonce(user, BASE64.encode(&random)))
    }

    /// The same, with randomness that is known.
    fn with_nonce(user: &str, nonce: String) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self { bare: format!("n={user},r={nonce}"), nonce }
    }

    /// It, as it is sent: without channel binding.
    pub(super) fn message(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// Answers the server's challenge.
    pub(super) fn answer(&self, hash: Hash, challenge: &[u8], password: &[u8]) -> Result<Closing, End> {
        let challenge = str::from_utf8(challenge).map_err(|_| Failure::Broken)?;
        let (nonce, salt, rounds) = parts(challenge).ok_or(Failure::Broken)?;
        if nonce.strip_prefix(&*self.nonce).is_none_or(str::is_empty) {
            return Err(Failure::Broken.into());
        }
        if !ROUNDS.contains(&rounds.get()) {
            return Err(End::unknown("its server asks for a proof that is too weak or takes too long"));
        }
        let salted = hash.salted(password, &salt, rounds);
        let unproven = format!("c=biws,r={nonce}");
        let spoken = format!("{},{challenge},{unproven}", self.bare);
        let proof = hash.proof(&salted, spoken.as_bytes());
        let signature = hash.signature(&salted, spoken.as_bytes());
        Ok(Closing { message: format!("{unproven},p={}", BASE64.encode(&proof)), signature })
    }
}

impl Closing {
    /// It, as it is sent.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Goes on only where the server's last message proves that it knows the password, too.
    pub(super) fn check(&self, last: &[u8]) -> Result<(), End> {
        let said = last.strip_prefix(b"v=").and_then(|said| said.split(|byte| *byte == b',').next());
        let signature = said.and_then(|said| BASE64.decode(said).ok());
        if signature.is_some_and(|signature| signature == self.signature) { Ok(()) } else { Err(UNPROVEN) }
    }
}

/// Nonce, salt and number of rounds of a challenge. Extensions that have to be understood come first, and none is.
fn parts(challenge: &str) -> Option<(&str, Vec<u8>, NonZeroU32)> {
    let mut parts = challenge.split(',');
    let nonce = parts.next()?.strip_prefix("r=")?;
    let salt = parts.next()?.strip_prefix("s=")?;
    let rounds = parts.next()?.strip_prefix("i=")?;
    Some((nonce, BASE64.decode(salt.as_bytes()).ok()?, rounds.parse().ok()?))
}

impl Hash {
    /// What SCRAM is called with it.
    pub(super) fn mechanism(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
        }
    }

    /// The client's key, behind a signature of all that was said.
    fn proof(self, salted: &[u8], spoken: &[u8]) -> Vec<u8> {
        let key = self.keyed(salted, b"Client Key");
        let stored = digest::digest(self.hmac().digest_algorithm(), &key);
        let signature = self.keyed(stored.as_ref(), spoken);
        key.iter().zip(&*signature).map(|(key, signature)| key ^ signature).collect()
    }

    /// The server's signature of all that was said.
    fn signature(self, salted: &[u8], spoken: &[u8]) -> Vec<u8> {
        self.keyed(&self.keyed(salted, b"Server Key"), spoken).to_vec()
    }

    /// The password, salted and hashed over and over.
    fn salted(self, password: &[u8], salt: &[u8], rounds: NonZeroU32) -> Zeroizing<Vec<u8>> {
        let algorithm = match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        };
        let mut salted = Zeroizing::new(vec![0; self.hmac().digest_algorithm().output_len()]);
        pbkdf2::derive(algorithm, rounds, salt, password, &mut salted);
        salted
    }

    /// The keyed hash of `text`.
    fn keyed(self, key: &[u8], text: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(hmac::sign(&hmac::Key::new(self.hmac(), key), text).as_ref().to_vec())
    }

    /// How it keys.
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The server's side, which knows one password.
    pub(crate) struct Server {
        password: &'static str,
        opening: String,
        challenge: String,
    }

    impl Server {
        pub(crate) fn new(password: &'static str) -> Self {
            Self { password, opening: String::new(), challenge: String::new() }
        }

        /// The challenge that follows from the client's first message.
        pub(crate) fn challenge(&mut self, first: &[u8]) -> Vec<u8> {
            let first = str::from_utf8(first).unwrap();
            first.strip_prefix("n,,").unwrap().clone_into(&mut self.opening);
            let nonce = first.rsplit_once("r=").unwrap().1;
            self.challenge = format!("r={nonce}server,s={},i=4096", BASE64.encode(b"salt"));
            self.challenge.clone().into_bytes()
        }

        /// The signature that follows from the client's last message; nothing where its proof is wrong.
        pub(crate) fn signature(&self, hash: Hash, last: &[u8]) -> Option<Vec<u8>> {
            let last = str::from_utf8(last).unwrap();
            let (unproven, said) = last.rsplit_once(",p=").unwrap();
            let spoken = format!("{},{},{unproven}", self.opening, self.challenge);
            let salted = hash.salted(self.password.as_bytes(), b"salt", NonZeroU32::new(4096).unwrap());
            let right = BASE64.encode(&hash.proof(&salted, spoken.as_bytes())) == said;
            let signature = BASE64.encode(&hash.signature(&salted, spoken.as_bytes()));
            right.then(|| format!("v={signature}").into_bytes())
        }
    }

    #[test]
    fn rfc_7677() {
        let opening = Opening::with_nonce("user", "rOprNGfwEbeRWgbNEkqO".to_owned());
        assert_eq!(opening.message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let challenge = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let closing = opening.answer(Hash::Sha256, challenge, b"pencil").unwrap();
        let message = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(closing.message(), message);
        assert_eq!(closing.check(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(()));
        assert_eq!(closing.check(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="), Err(UNPROVEN));
        assert_eq!(closing.check(b"e=invalid-proof"), Err(UNPROVEN));
    }

    #[test]
    fn rfc_5802() {
        let opening = Opening::with_nonce("user", "fyko+d2lbbFgONRv9qkxdawL".to_owned());
        let challenge = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        let closing = opening.answer(Hash::Sha1, challenge, b"pencil").unwrap();
        let message = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
        assert_eq!(closing.message(), message);
        assert_eq!(closing.check(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), Ok(()));
    }

    #[test]
    fn challenges_that_prove_nothing_are_refused() {
        let opening = Opening::with_nonce("user", "abc".to_owned());
        for challenge in ["", "r=abc", "r=abc,s=AAAA,i=4096", "r=xbcd,s=AAAA,i=4096", "m=x,r=abcd,s=AAAA,i=4096"] {
            let answer = opening.answer(Hash::Sha256, challenge.as_bytes(), b"pencil").map(drop);
            assert_eq!(answer, Err(End::Failure(Failure::Broken)), "{challenge}");
        }
        for rounds in ["1", "4095", "1000001", "4294967295"] {
            let challenge = format!("r=abcd,s=AAAA,i={rounds}");
            let answer = opening.answer(Hash::Sha256, challenge.as_bytes(), b"pencil").map(drop);
            assert!(matches!(answer, Err(End::Login(Login::Unknown(_)))), "{rounds}");
        }
    }

    #[test]
    fn names_keep_their_commas() {
        assert_eq!(Opening::with_nonce("a=b,c", "x".to_owned()).message(), "n,,n=a=3Db=2Cc,r=x");
    }

    #[test]
    fn nonces_differ() {
        let nonce = || Opening::new("user").unwrap().nonce;
        assert_ne!(nonce(), nonce());
        assert_eq!(nonce().len(), 24);
    }
}
