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

pub fn issue(claims: &Claims, key: &EncodingKey) -> Result<String, Error> {
    encode(&Header::default(), claims, key)
}

pub fn issue_for_link(claims: &Claims, secret: &[u8]) -> Result<String, Error> {
    encode(&Header::default(), claims, &EncodingKey::from_secret(secret))
}

pub fn read(token: &str, key: &DecodingKey) -> Result<TokenData<Claims>, Error> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&["api"]);
    validation.set_required_spec_claims(&["exp", "aud"]);
    decode::<Claims>(token, key, &validation)
}

pub fn read_any(token: &str, key: &DecodingKey) -> Result<TokenData<Claims>, Error> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = 30;
    validation.set_audience(&["api"]);
    decode::<Claims>(token, key, &validation)
}

pub fn subject(token: &str, key: &DecodingKey) -> Result<String, Error> {
    Ok(read(token, key)?.claims.sub)
}
