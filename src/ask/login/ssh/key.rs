//! The public half of a private key: what a server is asked about, and all of the key that leaves this module.
//!
//! Private keys are read as OpenSSL and OpenSSH write them: PKCS#1 (<https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2>), SEC 1 (<https://www.rfc-editor.org/rfc/rfc5915#section-3>), PKCS#8
//! (<https://www.rfc-editor.org/rfc/rfc5958#section-2>) and OpenSSH's own format (<https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key>). Public ones are written as servers know them:
//! RSA and Ed25519 (<https://www.rfc-editor.org/rfc/rfc4253#section-6.6>, <https://www.rfc-editor.org/rfc/rfc8709#section-4>), and ECDSA (<https://www.rfc-editor.org/rfc/rfc5656#section-3.1>). Whether
//! a private half fits its public one is not looked at.

use data_encoding::BASE64_NOPAD;
use ring::{
    agreement::{self, ECDH_P256, ECDH_P384, EphemeralPrivateKey},
    rand::{SecureRandom, SystemRandom},
    signature::{Ed25519KeyPair, KeyPair},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    der::{self, Der},
    pack::{Reader, Writer, magnitude},
};

/// What OpenSSH's own format begins with.
const OPENSSH: &[u8] = b"openssh-key-v1\0";
/// `rsaEncryption`: <https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1>.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
/// `id-ecPublicKey`: <https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1>.
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// `id-Ed25519`: <https://www.rfc-editor.org/rfc/rfc8410#section-3>.
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// The longest number of an RSA key that servers take, in bytes: 16,384 bits.
const MOST_RSA: usize = 2048;

/// The public half of a private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ask) struct PublicKey {
    /// The key as it goes over the wire.
    pub(in crate::ask) blob: Vec<u8>,
    /// The signature algorithms to ask for, the best first.
    pub(in crate::ask) algorithms: &'static [&'static str],
    /// Whether the private half is encrypted.
    pub(in crate::ask) is_encrypted: bool,
}

/// The curves of ECDSA keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
}

impl PublicKey {
    /// That of a private key in PEM, however its lines end. Nothing where it is of a kind that servers no longer take (DSA) or that is not known here, is encrypted as a whole, or broken.
    pub(in crate::ask) fn of_private(pem: &[u8]) -> Option<Self> {
        let (label, bytes) = read_pem(pem)?;
        match label {
            "OPENSSH" => of_openssh(&bytes),
            "RSA" => of_pkcs1(&bytes),
            "EC" => of_sec1(&bytes, None),
            "" => of_pkcs8(&bytes),
            _ => None,
        }
    }

    /// A key of the same kind and length that nobody has. Nothing where the system has no randomness to give.
    pub(in crate::ask) fn made_up(&self) -> Option<Self> {
        let random = SystemRandom::new();
        let mut reader = Reader::new(&self.blob);
        match reader.text()? {
            "ssh-rsa" => {
                let (exponent, modulus) = (reader.integer()?, reader.integer()?);
                let mut other = vec![0; modulus.len()];
                random.fill(&mut other).ok()?;
                // As long as the other, and odd.
                *other.first_mut()? |= 0x80;
                *other.last_mut()? |= 1;
                rsa(&other, exponent)
            }
            "ssh-ed25519" => {
                let mut seed = Zeroizing::new([0; 32]);
                random.fill(&mut *seed).ok()?;
                of_seed(&*seed)
            }
            name => {
                let curve = Curve::named(name)?;
                let private = EphemeralPrivateKey::generate(curve.agreement(), &random).ok()?;
                ecdsa(curve, private.compute_public_key().ok()?.as_ref())
            }
        }
    }
}

impl Curve {
    /// The curve of keys that are called `name`.
    fn named(name: &str) -> Option<Self> {
        [Self::P256, Self::P384].into_iter().find(|curve| curve.algorithms() == [name])
    }

    /// The curve that is registered as `object`: <https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1.1>.
    fn registered(object: &[u8]) -> Option<Self> {
        match object {
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] => Some(Self::P256),
            [0x2b, 0x81, 4, 0, 0x22] => Some(Self::P384),
            _ => None,
        }
    }

    /// What its keys are called, and its signatures.
    fn algorithms(self) -> &'static [&'static str] {
        match self {
            Self::P256 => &["ecdsa-sha2-nistp256"],
            Self::P384 => &["ecdsa-sha2-nistp384"],
        }
    }

    /// What it is called within a key.
    fn name(self) -> &'static str {
        match self {
            Self::P256 => "nistp256",
            Self::P384 => "nistp384",
        }
    }

    /// How long a point on it is, uncompressed.
    fn point(self) -> usize {
        match self {
            Self::P256 => 65,
            Self::P384 => 97,
        }
    }

    /// Makes keys.
    fn agreement(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
        }
    }
}

/// The fingerprint of a key, given as it goes over the wire.
pub(super) fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(blob)))
}

/// The first private key of a PEM file: what kind of key its label says it is, and the bytes.
fn read_pem(pem: &[u8]) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    let mut pieces = str::from_utf8(pem).ok()?.split("-----");
    let label = pieces.find_map(|piece| piece.strip_prefix("BEGIN ")?.strip_suffix("PRIVATE KEY"))?;
    let body = pieces.next()?;
    let is_whole = pieces.next()?.starts_with("END ");
    is_whole.then_some(())?;
    Some((label.trim_end(), BASE64_NOPAD.decode(&digits(body)).map(Zeroizing::new).ok()?))
}

/// The digits of `body`, without what ends its lines and without padding.
fn digits(body: &str) -> Zeroizing<Vec<u8>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut is_escaped = false;
    for byte in body.bytes() {
        let is_end = matches!(byte, b'\\' | b'=') || byte.is_ascii_whitespace() || is_escaped && b"nrt".contains(&byte);
        is_escaped = byte == b'\\';
        if !is_end {
            digits.push(byte);
        }
    }
    digits
}

/// The public half of a key in OpenSSH's own format, where it stands in clear before the private one.
fn of_openssh(bytes: &[u8]) -> Option<PublicKey> {
    let mut reader = Reader::new(bytes.strip_prefix(OPENSSH)?);
    let is_encrypted = reader.string()? != b"none";
    let _derivation = (reader.string()?, reader.string()?);
    let is_single = reader.number()? == 1;
    let public = of_blob(reader.string()?)?;
    let _private = reader.string()?;
    is_single.then_some(PublicKey { is_encrypted, ..public })
}

/// A public key, taken apart and put together again.
fn of_blob(blob: &[u8]) -> Option<PublicKey> {
    let mut reader = Reader::new(blob);
    let key = match reader.text()? {
        "ssh-rsa" => {
            let exponent = reader.integer()?;
            rsa(reader.integer()?, exponent)
        }
        "ssh-ed25519" => ed25519(reader.string()?),
        name => {
            let curve = Curve::named(name)?;
            (reader.text()? == curve.name()).then_some(())?;
            ecdsa(curve, reader.string()?)
        }
    };
    reader.end().and(key)
}

/// The public half of a `RSAPrivateKey`.
fn of_pkcs1(bytes: &[u8]) -> Option<PublicKey> {
    let mut key = Der::new(bytes).inside(der::SEQUENCE)?;
    let _version = key.part(der::INTEGER)?;
    let (modulus, exponent) = (key.part(der::INTEGER)?, key.part(der::INTEGER)?);
    let _private = key.part(der::INTEGER)?;
    rsa(magnitude(modulus)?, magnitude(exponent)?)
}

/// The public half of an `ECPrivateKey` on `curve`, or on the one that it names.
fn of_sec1(bytes: &[u8], curve: Option<Curve>) -> Option<PublicKey> {
    let mut key = Der::new(bytes).inside(der::SEQUENCE)?;
    let _version = key.part(der::INTEGER)?;
    let _private = key.part(der::OCTET_STRING)?;
    let named = match key.inside(der::FIRST) {
        Some(mut parameters) => Some(Curve::registered(parameters.part(der::OBJECT)?)?),
        None => None,
    };
    let bits = key.inside(der::SECOND)?.part(der::BIT_STRING)?;
    ecdsa(curve.or(named)?, bits.strip_prefix(&[0])?)
}

/// The public half of a `PrivateKeyInfo`.
fn of_pkcs8(bytes: &[u8]) -> Option<PublicKey> {
    let mut info = Der::new(bytes).inside(der::SEQUENCE)?;
    let _version = info.part(der::INTEGER)?;
    let mut algorithm = info.inside(der::SEQUENCE)?;
    let private = info.part(der::OCTET_STRING)?;
    match algorithm.part(der::OBJECT)? {
        RSA => of_pkcs1(private),
        EC => of_sec1(private, Some(Curve::registered(algorithm.part(der::OBJECT)?)?)),
        ED25519 => of_seed(Der::new(private).part(der::OCTET_STRING)?),
        _ => None,
    }
}

/// The public half of an Ed25519 key, which is made from its private half.
fn of_seed(seed: &[u8]) -> Option<PublicKey> {
    ed25519(Ed25519KeyPair::from_seed_unchecked(seed).ok()?.public_key().as_ref())
}

/// An RSA key.
fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<PublicKey> {
    let fits = modulus.len() <= MOST_RSA && exponent.len() <= MOST_RSA;
    let writer = Writer::default().string(b"ssh-rsa").integer(exponent).integer(modulus);
    fits.then(|| public(writer, &["rsa-sha2-512", "rsa-sha2-256"]))
}

/// An Ed25519 key.
fn ed25519(point: &[u8]) -> Option<PublicKey> {
    let writer = Writer::default().string(b"ssh-ed25519").string(point);
    (point.len() == 32).then(|| public(writer, &["ssh-ed25519"]))
}

/// An ECDSA key, whose point has to be uncompressed.
fn ecdsa(curve: Curve, point: &[u8]) -> Option<PublicKey> {
    let fits = point.len() == curve.point() && point.starts_with(&[4]);
    let algorithms = curve.algorithms();
    let writer = Writer::default().names(algorithms).string(curve.name().as_bytes()).string(point);
    fits.then(|| public(writer, algorithms))
}

/// A key whose private half is in clear.
fn public(blob: Writer, algorithms: &'static [&'static str]) -> PublicKey {
    PublicKey { blob: blob.done(), algorithms, is_encrypted: false }
}

#[cfg(test)]
mod tests;
