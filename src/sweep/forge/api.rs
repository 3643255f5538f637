//! Where one forge is asked, as whom, and which addresses it may name.

use ureq::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use zeroize::Zeroizing;

use super::error::Why;
use crate::{
    ask::Endpoint,
    net::{self, Call},
    secret::Secret,
    sweep::repository::Address,
};

/// An address that cannot be cloned from, or that should not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPlain {
    /// It is none that git clones from.
    #[error("it is neither an address that git clones from nor a folder")]
    Unknown,
    /// It holds credentials.
    #[error("it holds credentials; leave them out: git has its credential helper for them (gitcredentials(7))")]
    Credentials,
}

/// How a forge is asked.
#[derive(Clone, Debug)]
pub(super) struct Api {
    endpoint: Endpoint,
    /// Whether its host has to have a public address: where the user did not name it.
    public: bool,
    headers: HeaderMap,
    /// Whether it is asked as somebody.
    is_known: bool,
    /// What a token has to be allowed to do.
    pub(super) needs: &'static str,
}

/// What stands before a token in the header that shows it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scheme<'s> {
    /// `Bearer`, RFC 6750.
    Bearer,
    /// `token`, as Gitea documents it.
    Token,
    /// `Basic` with this name, RFC 7617.
    Basic(&'s str),
}

impl Api {
    /// The one at `endpoint`; without one, at the address `usual`, which is ours.
    pub(super) fn new(endpoint: Option<Endpoint>, usual: &str, needs: &'static str) -> Result<Self, Why> {
        let public = endpoint.is_none();
        let endpoint = endpoint.map_or_else(|| Endpoint::parse(usual).map_err(|_| Why::Malformed), Ok)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        Ok(Self { endpoint, public, headers, is_known: false, needs })
    }

    /// The same, with `name: value` in every request.
    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// The same, asked with `token` where there is one.
    pub(super) fn shown(self, scheme: Scheme<'_>, token: Option<&Secret>) -> Result<Self, Why> {
        match token {
            Some(token) => self.known_by(scheme, token),
            None => Ok(self),
        }
    }

    /// The same, asked with `token`.
    pub(super) fn known_by(mut self, scheme: Scheme<'_>, token: &Secret) -> Result<Self, Why> {
        let text = match scheme {
            Scheme::Bearer => Zeroizing::new([b"Bearer ", token.expose()].concat()),
            Scheme::Token => Zeroizing::new([b"token ", token.expose()].concat()),
            Scheme::Basic(user) => {
                let pair = Zeroizing::new([user.as_bytes(), b":", token.expose()].concat());
                Zeroizing::new(format!("Basic {}", data_encoding::BASE64.encode(&pair)).into_bytes())
            }
        };
        self.headers.insert(header::AUTHORIZATION, net::sensitive(&text).ok_or(Why::Malformed)?);
        self.is_known = true;
        Ok(self)
    }

    /// The address of `path` there.
    pub(super) fn at(&self, path: &str) -> String {
        self.endpoint.at(path)
    }

    /// The same, beside the API's own folder: of `https://git.example.org/api/v3`, `/api/graphql`.
    pub(super) fn beside(&self, folder: &str, path: &str) -> String {
        let at = self.at("");
        format!("{}{path}", at.strip_suffix(folder).unwrap_or(&at))
    }

    /// Its host, with the port where that is not the usual one.
    pub(super) fn host(&self) -> &str {
        self.endpoint.authority()
    }

    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    /// `link` as an address of this forge, against the address that it was found at; nothing where it leads elsewhere.
    pub(super) fn own(&self, link: &str) -> Option<String> {
        let own: Uri = self.at("").parse().ok()?;
        if link.starts_with('/') && !link.starts_with("//") {
            return Some(format!("{}://{}{link}", own.scheme_str()?, own.authority()?));
        }
        let uri: Uri = link.parse().ok()?;
        (uri.scheme() == own.scheme() && is_same(&uri, &own)).then(|| link.to_owned())
    }

    /// A request for what is at `url`, which is one of its own.
    pub(super) fn get(&self, url: &str) -> Result<Call, Why> {
        self.call(ureq::http::Method::GET, url, Vec::new())
    }

    /// A request that hands `body` over, which is JSON.
    pub(super) fn post(&self, url: &str, body: &serde_json::Value) -> Result<Call, Why> {
        let mut call = self.call(ureq::http::Method::POST, url, body.to_string().into_bytes())?;
        call.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(call)
    }

    fn call(&self, method: ureq::http::Method, url: &str, body: Vec<u8>) -> Result<Call, Why> {
        let uri = url.parse().map_err(|_| Why::Malformed)?;
        let (headers, body) = (self.headers.clone(), Zeroizing::new(body));
        // Whoever asks repeats it, by the forge's own rules.
        Ok(Call { method, uri, headers, body, public: self.public, repeatable: false })
    }
}

fn is_same(one: &Uri, other: &Uri) -> bool {
    let port = |uri: &Uri| {
        uri.port_u16().or(match uri.scheme_str() {
            Some("https") => Some(443),
            _ => Some(80),
        })
    };
    let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
    let plain = |uri: &Uri| uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    host(one) == host(other) && port(one) == port(other) && plain(one)
}

/// What a forge says that a repository is cloned from, without the name that some put before the host.
pub(super) fn clone_address(url: &str) -> Option<Address> {
    let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "https" | "http"))?;
    let (authority, path) = rest.split_once('/')?;
    let host = authority.rsplit('@').next().filter(|host| !host.is_empty())?;
    let url = format!("{scheme}://{host}/{path}");
    url.parse::<Uri>().ok().map(|_| Address::Remote(url))
}

/// `text` as one step of a path in an address.
pub(super) fn step(text: &str) -> String {
    crate::escape::uri_path(text.as_bytes()).replace('/', "%2F")
}

/// A time as forges write it (RFC 3339), in seconds since 1970 UTC.
pub(super) fn seconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Shown;

    fn api(endpoint: &str) -> Api {
        Api::new(Some(Endpoint::parse(endpoint).unwrap()), "", "nothing").unwrap()
    }

    #[test]
    fn only_addresses_of_the_same_host_are_its_own() {
        let api = api("https://git.example.org/api/v3");
        for own in ["https://git.example.org/api/v3/orgs?page=2", "https://GIT.example.org:443/x"] {
            assert_eq!(api.own(own).as_deref(), Some(own));
        }
        assert_eq!(api.own("/x?y").as_deref(), Some("https://git.example.org/x?y"));
        for elsewhere in [
            "http://git.example.org/x",
            "https://git.example.org.evil.net/",
            "https://git.example.org@evil.net/",
            "https://a@git.example.org/",
            "https://git.example.org:8443/",
            "//evil.net/",
            "x",
            "",
        ] {
            assert_eq!(api.own(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(api.beside("/v3", "/graphql"), "https://git.example.org/api/graphql");
    }

    #[test]
    fn a_token_is_in_no_printed_request() {
        let token = Secret::new(b"correct horse battery", Shown::Nothing);
        for scheme in [Scheme::Bearer, Scheme::Basic("ada")] {
            let api = api("http://127.0.0.1:1").known_by(scheme, &token).unwrap();
            let call = api.get(&api.at("/x")).unwrap();
            let shown = format!("{api:?} {:?}", call.headers);
            assert!(!shown.contains("horse") && !shown.contains("YWRh") && shown.contains("Sensitive"), "{shown}");
        }
        assert!(api("http://127.0.0.1:1").known_by(Scheme::Bearer, &Secret::new(b"a\nb", Shown::Nothing)).is_err());
    }

    #[test]
    fn clone_addresses_hold_no_names() {
        let plain = |url| clone_address(url).map(|address| address.to_string());
        assert_eq!(
            plain("https://ada@dev.azure.com/acme/_git/x").as_deref(),
            Some("https://dev.azure.com/acme/_git/x")
        );
        assert_eq!(plain("https://a:b@c@h.org/x.git").as_deref(), Some("https://h.org/x.git"));
        for wrong in ["ext::sh -c x", "ssh://git@h/x", "file:///etc", "https://h", "https:///x", "https://h/a b"] {
            assert_eq!(plain(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_one_step_of_a_path() {
        assert_eq!(step("acme/a b?c#d"), "acme%2Fa%20b%3Fc%23d");
    }
}
