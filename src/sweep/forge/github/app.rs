//! Logging in as a GitHub App: a JSON Web Token that its key signs is good for a token of each installation, which is good for an hour.
//!
//! <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app> and
//! <https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app>

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use data_encoding::BASE64URL_NOPAD;
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use serde::Deserialize;
use serde_json::json;

use crate::{
    secret::{Secret, Shown},
    sweep::forge::{
        Client, Error, Why,
        api::{Api, Scheme, step},
        pages::{Pages, array},
    },
};

/// How long a token of the App itself is good, in seconds; ten minutes are allowed.
const LIFETIME: i64 = 540;
/// How far our clock may be ahead, in seconds.
const AHEAD: i64 = 60;
/// How long an installation's token is used. It is good for an hour, and a fetch that begins with it takes time.
const USED: Duration = Duration::from_mins(40);

/// A GitHub App, and the tokens that it was given.
pub(super) struct App {
    id: String,
    key: RsaKeyPair,
    /// By organisation or user, in lower case.
    tokens: Mutex<HashMap<String, (Secret, Instant)>>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App({})", self.id)
    }
}

#[derive(Debug, Deserialize)]
struct Installation {
    id: u64,
    account: Option<super::Account>,
    /// When somebody suspended it.
    suspended_at: Option<String>,
}

impl App {
    /// The App `id`, whose private key is `key` in PEM.
    pub(super) fn new(id: &str, key: &Secret) -> Result<Self, Why> {
        let key = match PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| Why::Key)? {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err(Why::Key),
        };
        Ok(Self { id: id.to_owned(), key: key.map_err(|_| Why::Key)?, tokens: Mutex::default() })
    }

    /// A token for what `owner` has.
    pub(super) fn token(&self, ask: &mut Client<'_>, api: &Api, owner: &str) -> Result<Secret, Error> {
        let name = owner.to_ascii_lowercase();
        let known = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        if let Some((token, _)) = known.filter(|(_, since)| since.elapsed() < USED) {
            return Ok(token);
        }
        let begun = Instant::now();
        let token = self.fetch_token(ask, api, owner)?;
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(name, (token.clone(), begun));
        Ok(token)
    }

    fn fetch_token(&self, ask: &mut Client<'_>, api: &Api, owner: &str) -> Result<Secret, Error> {
        #[derive(Deserialize)]
        struct Token {
            token: String,
        }
        let subject = format!("token of the App {} for {owner}", self.id);
        let api = self.signed(api)?;
        let installation = installation(ask, &api, owner, &subject)?;
        let url = api.at(&format!("/app/installations/{installation}/access_tokens"));
        let call = api.post(&url, &json!({})).map_err(|why| why.of(&subject))?;
        let reply = ask.ask(&api, call, &subject)?;
        let Token { token } = serde_json::from_slice(&reply.body).map_err(|_| Why::Unreadable.of(&subject))?;
        Ok(Secret::new(token.as_bytes(), Shown::Nothing))
    }

    /// All organisations and users where it is installed.
    /// <https://docs.github.com/en/rest/apps/apps#list-installations-for-the-authenticated-app>
    pub(super) fn owners(&self, ask: &mut Client<'_>, api: &Api) -> Result<Vec<String>, Error> {
        let api = self.signed(api)?;
        let first = api.at("/app/installations?per_page=100");
        let mut pages = Pages::new(&api, first, format!("installations of the App {}", self.id));
        let mut found = Vec::new();
        while let Some(installations) = pages.fresh(ask, array::<Installation>)? {
            let active = installations.into_iter().filter(|installation| installation.suspended_at.is_none());
            found.extend(active.filter_map(|installation| installation.account).map(|account| account.login));
        }
        Ok(found)
    }

    /// `api`, asked as the App itself.
    fn signed(&self, api: &Api) -> Result<Api, Error> {
        let made = self.jwt(jiff::Timestamp::now().as_second());
        let known = made.and_then(|token| api.clone().known_by(Scheme::Bearer, &token));
        known.map_err(|why| why.of(&format!("the App {}", self.id)))
    }

    fn jwt(&self, now: i64) -> Result<Secret, Why> {
        let claims = json!({ "iat": now - AHEAD, "exp": now + LIFETIME - AHEAD, "iss": self.id });
        let encoded = |value: &serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", encoded(&json!({ "alg": "RS256", "typ": "JWT" })), encoded(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let made = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature);
        made.map_err(|_| Why::Key)?;
        let token = format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature));
        Ok(Secret::new(token.as_bytes(), Shown::Nothing))
    }
}

/// The number of the App that asks, at an organisation or a user.
/// <https://docs.github.com/en/rest/apps/apps#get-an-organization-installation-for-the-authenticated-app>
fn installation(ask: &mut Client<'_>, api: &Api, owner: &str, subject: &str) -> Result<u64, Error> {
    for kind in ["orgs", "users"] {
        let url = api.at(&format!("/{kind}/{}/installation", step(owner)));
        let call = api.get(&url).map_err(|why| why.of(subject))?;
        match ask.ask(api, call, subject) {
            Ok(reply) => {
                let found: Result<Installation, _> = serde_json::from_slice(&reply.body);
                return found.map(|found| found.id).map_err(|_| Why::Unreadable.of(subject));
            }
            Err(Error { why: Why::NotFound { .. }, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Why::NotInstalled.of(subject))
}

#[cfg(test)]
mod tests {
    use ring::signature::{self, UnparsedPublicKey};
    use rsa::{
        RsaPrivateKey,
        pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey},
        pkcs8::EncodePrivateKey,
    };

    use super::*;

    #[test]
    fn the_apps_token_is_signed_with_its_key_in_either_form() {
        let key = RsaPrivateKey::new(&mut rand_core::OsRng, 2048).unwrap();
        let public = key.to_public_key().to_pkcs1_der().unwrap();
        let end = rsa::pkcs8::LineEnding::LF;
        for pem in [key.to_pkcs1_pem(end).unwrap(), key.to_pkcs8_pem(end).unwrap()] {
            let app = App::new("Iv1.x", &Secret::new(pem.as_bytes(), Shown::Nothing)).unwrap();
            let token = app.jwt(1_767_323_045).unwrap();
            let token = str::from_utf8(token.expose()).unwrap();
            let (signed, mark) = token.rsplit_once('.').unwrap();
            let mark = BASE64URL_NOPAD.decode(mark.as_bytes()).unwrap();
            let public = UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, public.as_bytes());
            public.verify(signed.as_bytes(), &mark).unwrap();
            let claims = BASE64URL_NOPAD.decode(signed.split_once('.').unwrap().1.as_bytes()).unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
            assert_eq!(claims, json!({ "iat": 1_767_322_985, "exp": 1_767_323_525, "iss": "Iv1.x" }));
        }
        assert!(matches!(App::new("x", &Secret::new(b"nothing", Shown::Nothing)), Err(Why::Key)));
    }
}
