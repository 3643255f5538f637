//! Whether a server is the one that it should be: its key has a fingerprint that is known, and signed this very exchange.
//!
//! <https://www.rfc-editor.org/rfc/rfc8709>, <https://www.rfc-editor.org/rfc/rfc5656#section-3.1>, <https://www.rfc-editor.org/rfc/rfc8332>. What was exchanged is left to [`super::kex`].

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::{key::fingerprint, pack::Reader};

/// The signatures that can be checked, the best first.
pub(super) const ALGORITHMS: [&str; 4] = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"];

/// Whether `signature`, by the agreed `algorithm`, is over `hash`, and by the key `blob`, which one of `fingerprints` is of, where they are known.
pub(super) fn is_proven(
    algorithm: &str,
    blob: &[u8],
    signature: &[u8],
    hash: &[u8],
    fingerprints: Option<&[&str]>,
) -> bool {
    let fingerprint = fingerprint(blob);
    fingerprints.is_none_or(|known| known.contains(&&*fingerprint))
        && is_signed(algorithm, blob, signature, hash).is_some()
}

/// Something where the signature is good.
fn is_signed(algorithm: &str, blob: &[u8], signature: &[u8], hash: &[u8]) -> Option<()> {
    let (mut key, mut signature) = (Reader::new(blob), Reader::new(signature));
    (signature.text()? == algorithm).then_some(())?;
    let (kind, signature) = (key.text()?, signature.string()?);
    match (kind, algorithm) {
        ("ssh-ed25519", "ssh-ed25519") => UnparsedPublicKey::new(&ED25519, key.string()?).verify(hash, signature).ok(),
        ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256") => {
            (key.text()? == "nistp256").then_some(())?;
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.string()?).verify(hash, &pair(signature)?).ok()
        }
        ("ssh-rsa", "rsa-sha2-512") => rsa(&RSA_PKCS1_2048_8192_SHA512, key, signature, hash),
        ("ssh-rsa", "rsa-sha2-256") => rsa(&RSA_PKCS1_2048_8192_SHA256, key, signature, hash),
        _ => None,
    }
}

/// The two numbers of an ECDSA signature, each in 32 bytes.
fn pair(signature: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(signature);
    Some([padded(reader.integer()?, 32)?, padded(reader.integer()?, 32)?].concat())
}

/// Something where the RSA signature is good. It may lack the zero bytes that it began with.
fn rsa(parameters: &'static RsaParameters, mut key: Reader<'_>, signature: &[u8], hash: &[u8]) -> Option<()> {
    let (e, n) = (key.integer()?, key.integer()?);
    let unsigned = signature.iter().position(|byte| *byte != 0).and_then(|start| signature.get(start..))?;
    RsaPublicKeyComponents { n, e }.verify(parameters, hash, &padded(unsigned, n.len())?).ok()
}

/// A number in `length` bytes.
fn padded(number: &[u8], length: usize) -> Option<Vec<u8>> {
    let missing = length.checked_sub(number.len())?;
    Some([&vec![0; missing], number].concat())
}
