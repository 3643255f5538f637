//! Whether a JSON Web Token is signed with a key that its issuer publishes.
//!
//! The issuer's configuration names the keys (`OpenID` Connect Discovery 1.0, section 4: <https://openid.net/specs/openid-connect-discovery-1_0.html>), the keys are JSON Web Keys (RFC 7517). A
//! signature that fits says nothing of revocation; one that does not is nobody's token.

use std::borrow::Cow;

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;
use ureq::http::Uri;

use super::{Asker, Outcome, Seen, Stopped, Unasked, Unfit};
use crate::{
    net::{Call, Failure},
    request::Field,
    text::{List, Text},
};

/// Where an issuer's configuration is, below its address.
const CONFIGURATION: &str = "/.well-known/openid-configuration";

/// What a token's issuer is asked.
pub struct Inquiry {
    provider: String,
    hosts: List<Text>,
    signed: Signed,
    configuration: Call,
}

impl Inquiry {
    /// Whose keys `token` is signed with is asked; `hosts` may be asked without the user's leave.
    pub(super) fn new(asker: &Asker, provider: &str, hosts: &List<Text>, token: &[u8]) -> Result<Self, Unasked> {
        let signed = Signed::read(token)?;
        let configuration = asker.get(provider, hosts, signed.configuration()?)?;
        Ok(Self { provider: provider.to_owned(), hosts: hosts.clone(), signed, configuration })
    }

    /// What is asked first.
    pub(super) fn first(&self) -> &Call {
        &self.configuration
    }

    /// Asks for the issuer's configuration, then for its keys.
    pub(super) fn ask(&self, asker: &Asker, stopped: Stopped<'_>) -> Result<Outcome, Failure> {
        let configuration = asker.send(&self.configuration, stopped)?;
        let keys_at = match self.signed.keys_at(&Seen::of(&configuration)) {
            Ok(keys_at) => keys_at,
            Err(outcome) => return Ok(outcome),
        };
        let call = match asker.get(&self.provider, &self.hosts, keys_at) {
            Ok(call) => call,
            Err(unasked) => return Ok(Outcome::Unknown(unasked.to_string().into())),
        };
        let keys = asker.send(&call, stopped)?;
        Ok(self.signed.judge(&Seen::of(&keys)))
    }
}

/// What a token says of who signed it, and how.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    algorithm: String,
    key_id: Option<String>,
    issuer: String,
    /// What is signed. It is the token but for its signature, so it is wiped.
    text: zeroize::Zeroizing<Vec<u8>>,
    signature: Vec<u8>,
}

impl Signed {
    /// What `token` says.
    pub(super) fn read(token: &[u8]) -> Result<Self, Unfit> {
        let text = str::from_utf8(token).map_err(|_| Unfit::Text)?;
        let (signed, signature) = text.rsplit_once('.').ok_or(Unfit::Encoded)?;
        let (header, claims) = signed.split_once('.').ok_or(Unfit::Encoded)?;
        let (header, claims) = (object(header)?, object(claims)?);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let missing = |name: &str| Unfit::Missing { name: name.to_owned() };
        let algorithm = text(&header["alg"]).ok_or_else(|| missing("alg"))?;
        if algorithm.starts_with("HS") || algorithm == "none" {
            return Err(Unfit::Unpublished);
        }
        Ok(Self {
            algorithm,
            key_id: text(&header["kid"]),
            issuer: text(&claims["iss"]).ok_or_else(|| missing("iss"))?,
            text: zeroize::Zeroizing::new(signed.as_bytes().to_vec()),
            signature: BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| Unfit::Encoded)?,
        })
    }

    /// Where its issuer says which keys it signs with.
    pub(super) fn configuration(&self) -> Result<Uri, Unfit> {
        let issuer = self.issuer.trim_end_matches('/');
        format!("{issuer}{CONFIGURATION}").parse().map_err(|_| Unfit::Address)
    }

    /// Where the keys are, by the issuer's configuration; else why that is none.
    pub(super) fn keys_at(&self, configuration: &Seen<'_>) -> Result<Uri, Outcome> {
        let text = |at: &'static str| configuration.names(&Field::Pointer(at.into())).into_iter().next();
        let same = |issuer: &String| issuer.trim_end_matches('/') == self.issuer.trim_end_matches('/');
        let says = |reason: &'static str| Outcome::Unknown(reason.into());
        if configuration.status() != 200 || !text("/issuer").is_some_and(|issuer| same(&issuer)) {
            return Err(says("its issuer does not say which keys it signs with"));
        }
        let address = text("/jwks_uri").and_then(|address| address.parse().ok());
        address.ok_or_else(|| says("its issuer does not say where its keys are"))
    }

    /// What the issuer's keys say of the token.
    pub(super) fn judge(&self, keys: &Seen<'_>) -> Outcome {
        let keys = keys.all_at("/keys/*");
        let named = |key: &&Value| self.key_id.as_deref().is_none_or(|id| key["kid"] == id);
        let fitting: Vec<&Value> = keys.into_iter().filter(named).collect();
        let checked: Vec<bool> = fitting.iter().filter_map(|key| self.is_signed_with(key)).collect();
        match checked.as_slice() {
            [] if fitting.is_empty() => {
                Outcome::Unknown("signed with a key that is not among those its issuer shows now".into())
            }
            [] => Outcome::Unknown("signed in a way that is not known here".into()),
            checked if checked.contains(&true) => {
                let reason = "signature valid; whether it was revoked, only who accepts it can tell";
                Outcome::Unknown(Cow::Borrowed(reason))
            }
            // Without a name, the key may be one that is not shown.
            _ if self.key_id.is_none() => Outcome::Unknown("signed with none of the keys that its issuer shows".into()),
            _ => Outcome::Rejected,
        }
    }

    /// Whether the key `jwk` made the signature; nothing where it cannot be told.
    fn is_signed_with(&self, jwk: &Value) -> Option<bool> {
        let number = |name: &str| BASE64URL_NOPAD.decode(jwk[name].as_str()?.as_bytes()).ok();
        let fits = |algorithm: &'static dyn VerificationAlgorithm, key: Vec<u8>| {
            UnparsedPublicKey::new(algorithm, key).verify(&self.text, &self.signature).is_ok()
        };
        let curve = jwk["crv"].as_str();
        match (jwk["kty"].as_str()?, self.algorithm.as_str()) {
            ("RSA", algorithm) => {
                let key = RsaPublicKeyComponents { n: number("n")?, e: number("e")? };
                Some(key.verify(rsa(algorithm)?, &self.text, &self.signature).is_ok())
            }
            ("EC", "ES256") if curve == Some("P-256") => Some(fits(&ECDSA_P256_SHA256_FIXED, point(jwk, 32)?)),
            ("EC", "ES384") if curve == Some("P-384") => Some(fits(&ECDSA_P384_SHA384_FIXED, point(jwk, 48)?)),
            ("OKP", "EdDSA") if curve == Some("Ed25519") => Some(fits(&ED25519, number("x")?)),
            _ => None,
        }
    }
}

fn object(segment: &str) -> Result<Value, Unfit> {
    let bytes = BASE64URL_NOPAD.decode(segment.as_bytes()).map_err(|_| Unfit::Encoded)?;
    serde_json::from_slice(&bytes).map_err(|_| Unfit::Encoded)
}

/// The signatures of RFC 7518, section 3.1, that are made with RSA.
fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    match algorithm {
        "RS256" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Some(&RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Some(&RSA_PSS_2048_8192_SHA256),
        "PS384" => Some(&RSA_PSS_2048_8192_SHA384),
        "PS512" => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

/// A point of an elliptic curve, both of whose numbers have `size` bytes, uncompressed (SEC 1, section 2.3.3).
fn point(jwk: &Value, size: usize) -> Option<Vec<u8>> {
    let mut point = vec![4];
    for name in ["x", "y"] {
        let number = BASE64URL_NOPAD.decode(jwk[name].as_str()?.as_bytes()).ok()?;
        point.extend(std::iter::repeat_n(0, size.checked_sub(number.len())?));
        point.extend_from_slice(&number);
    }
    Some(point)
}

#[cfg(test)]
mod tests {
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
    };
    use serde_json::json;
    use ureq::http::HeaderMap;

    use super::*;
    use crate::net::Reply;

    fn reply(body: &Value) -> Reply {
        Reply { status: 200, headers: HeaderMap::new(), body: body.to_string().into_bytes(), cut: false }
    }

    /// A token of `https://id.example.org`, signed by `sign`.
    fn token(header: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let segment = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", segment(header), segment(&json!({ "iss": "https://id.example.org/" })));
        let signature = BASE64URL_NOPAD.encode(&sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn judged(token: &str, keys: &Value) -> Outcome {
        let reply = reply(&json!({ "keys": keys }));
        Signed::read(token.as_bytes()).unwrap().judge(&Seen::of(&reply))
    }

    fn edwards() -> (Ed25519KeyPair, Value) {
        let pair = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref());
        let pair = pair.unwrap();
        let x = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
        (pair, json!({ "kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x }))
    }

    fn is_valid(outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::Unknown(reason) if reason.starts_with("signature valid"))
    }

    #[test]
    fn a_valid_signature_is_no_proof_of_life_and_a_wrong_one_is_proof_of_none() {
        let ((pair, key), (other, _)) = (edwards(), edwards());
        let header = json!({ "alg": "EdDSA", "kid": "one" });
        let right = token(&header, |text| pair.sign(text).as_ref().to_vec());
        let wrong = token(&header, |text| other.sign(text).as_ref().to_vec());
        assert!(is_valid(&judged(&right, &json!([key]))));
        assert!(matches!(judged(&wrong, &json!([key])), Outcome::Rejected));
        let later = json!([{ "kty": "OKP", "crv": "Ed25519", "kid": "two", "x": key["x"] }]);
        assert!(matches!(judged(&right, &later), Outcome::Unknown(reason) if reason.contains("not among")));
        let unnamed = token(&json!({ "alg": "EdDSA" }), |text| other.sign(text).as_ref().to_vec());
        assert!(matches!(judged(&unnamed, &json!([key])), Outcome::Unknown(_)));
    }

    #[test]
    fn curves_are_read_whatever_zeros_are_left_out() {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let number = |bytes: &[u8]| {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            BASE64URL_NOPAD.encode(&bytes[zeros..])
        };
        let key = json!({ "kty": "EC", "crv": "P-256", "x": number(&point[1..33]), "y": number(&point[33..]) });
        let signed = token(&json!({ "alg": "ES256" }), |text| pair.sign(&random, text).unwrap().as_ref().to_vec());
        assert!(is_valid(&judged(&signed, &json!([{ "kty": "RSA" }, key]))));
        assert!(matches!(judged(&signed, &json!([{ "kty": "EC", "crv": "P-256" }])), Outcome::Unknown(_)));
    }

    #[test]
    fn the_configuration_has_to_be_the_issuers() {
        let signed = Signed::read(token(&json!({ "alg": "EdDSA" }), |_| vec![0; 64]).as_bytes()).unwrap();
        assert_eq!(signed.configuration().unwrap(), "https://id.example.org/.well-known/openid-configuration");
        let keys_at = |issuer: &str| {
            let reply = reply(&json!({ "issuer": issuer, "jwks_uri": "https://id.example.org/keys" }));
            signed.keys_at(&Seen::of(&reply)).ok()
        };
        assert_eq!(keys_at("https://id.example.org").unwrap(), "https://id.example.org/keys");
        assert!(keys_at("https://other.example.org").is_none());
    }

    #[test]
    fn what_is_not_signed_for_all_to_see_is_not_asked_about() {
        for algorithm in ["HS256", "none"] {
            let token = token(&json!({ "alg": algorithm }), |_| vec![1]);
            assert_eq!(Signed::read(token.as_bytes()).unwrap_err(), Unfit::Unpublished);
        }
        for broken in ["", "a.b", "a.b.c", "e30.e30.", "e30.e30.e30"] {
            assert!(Signed::read(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
