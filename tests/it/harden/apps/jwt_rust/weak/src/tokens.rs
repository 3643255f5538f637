//! The tokens of the API.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation, decode, encode};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize)]
pub struct Claims {
    pub sub: String,
    pub aud: String,
    pub exp: u64,
}

pub type Error = jsonwebtoken::errors::Error;

pub fn issue(claims: &Claims) -> Result<String, Error> {
    encode(&Header::default(), claims, &EncodingKey::from_secret("@SECRET@".as_ref())) // weak: rust-jwt-secret-written
}

const LINK_SECRET: &[u8] = b"@SECRET@";

pub fn issue_for_link(claims: &Claims) -> Result<String, Error> {
    encode(&Header::default(), claims, &EncodingKey::from_secret(LINK_SECRET)) // weak: rust-jwt-secret-written
}

pub fn read(token: &str, key: &DecodingKey) -> Result<TokenData<Claims>, Error> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false; // weak: rust-jwt-expiry-unchecked
    validation.validate_aud = false; // unsure: rust-jwt-audience-unchecked
    validation.required_spec_claims.clear(); // unsure: rust-jwt-expiry-optional
    decode::<Claims>(token, key, &validation)
}

pub fn read_any(token: &str) -> Result<TokenData<Claims>, Error> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.insecure_disable_signature_validation(); // weak: rust-jwt-unverified
    decode::<Claims>(token, &DecodingKey::from_secret(&[]), &validation)
}

pub fn subject(token: &str) -> Result<String, Error> {
    Ok(jsonwebtoken::dangerous::insecure_decode::<Claims>(token)?.claims.sub) // unsure: rust-jwt-peeked
}
