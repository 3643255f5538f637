//! JSON Web Tokens against their issuers' keys, as `scan --verify` asks for them.

use data_encoding::BASE64URL_NOPAD;
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};

use super::server::{Asked, Reply, Server};
use crate::stanch::Sandbox;

const ISSUER: &str = "https://id.acme.example/realms/shop";

fn pair() -> Ed25519KeyPair {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap()
}

fn encoded(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

/// A token that names the issuer, its key `k1`, and `subject`, signed by `pair`.
fn token(pair: &Ed25519KeyPair, subject: &str) -> String {
    let claims = json!({ "iss": ISSUER, "sub": subject, "exp": 4_000_000_000_u64 });
    let signed = format!("{}.{}", encoded(&json!({ "alg": "EdDSA", "kid": "k1" })), encoded(&claims));
    format!("{signed}.{}", BASE64URL_NOPAD.encode(pair.sign(signed.as_bytes()).as_ref()))
}

/// An issuer whose key is that of `pair`; its configuration names `issuer`.
fn issuer(pair: &Ed25519KeyPair, issuer: &'static str) -> Server {
    let x = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
    let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": x }] }).to_string();
    Server::new(move |asked: &Asked| match asked.path.as_str() {
        "/realms/shop/.well-known/openid-configuration" => {
            Reply::new(200, &json!({ "issuer": issuer, "jwks_uri": format!("{ISSUER}/keys") }).to_string())
        }
        "/realms/shop/keys" => Reply::new(200, &keys),
        _ => Reply::new(404, ""),
    })
}

fn verdict(sandbox: &Sandbox, flags: &[&str]) -> (String, String) {
    let found = sandbox.scan(&[&["--rule", "jwt-token", "--verify"], flags].concat()).ended(1).incident();
    let text = |name: &str| found["verdict"][name].as_str().unwrap_or("").to_owned();
    (text("status"), text("reason"))
}

#[test]
fn a_signature_is_compared_with_the_issuers_keys() {
    let (ours, theirs) = (pair(), pair());
    let server = issuer(&ours, ISSUER);
    let endpoint = format!("jwt={}", server.at(""));
    let right = Sandbox::new();
    right.write("a.txt", format!("Authorization: Bearer {}\n", token(&ours, "ada")));
    let (status, reason) = verdict(&right, &["--endpoint", &endpoint]);
    assert_eq!(status, "unknown");
    assert!(reason.starts_with("signature valid; "), "{reason}");

    let forged = Sandbox::new();
    forged.write("a.txt", format!("Authorization: Bearer {}\n", token(&theirs, "ada")));
    assert_eq!(verdict(&forged, &["--endpoint", &endpoint]), ("inactive".into(), "rejected".into()));

    let other = issuer(&ours, "https://id.other.example");
    let (status, reason) = verdict(&right, &["--endpoint", &format!("jwt={}", other.at(""))]);
    assert_eq!((status.as_str(), reason.as_str()), ("unknown", "its issuer does not say which keys it signs with"));

    // Nobody is shown the token itself.
    for asked in server.asked().iter().chain(&other.asked()) {
        assert!(!asked.text().contains("eyJ"), "{}", asked.text());
    }
}

#[test]
fn an_issuer_that_only_the_token_names_is_asked_by_leave() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", format!("Authorization: Bearer {}\n", token(&pair(), "ada")));
    let (status, reason) = verdict(&sandbox, &[]);
    assert_eq!(status, "unknown");
    assert_eq!(reason, "id.acme.example is asked only with --allow-host id.acme.example");
    let flags = ["scan", ".", "--rule", "jwt-token", "--verify=plan", "--allow-host", "id.acme.example"];
    let plan = sandbox.run(&flags).ended(0).text();
    assert!(plan.contains("  id.acme.example: "), "{plan}");
}
