//! The cookies of one walk: what answers set on the way is sent on, as a browser would. Nothing outlives the walk.

use std::collections::BTreeMap;

use ureq::http::{HeaderValue, Uri};
use zeroize::Zeroizing;

use crate::{
    cookie::SetCookie,
    net,
    secret::{Secret, Shown},
};

/// Cookies of one host, by their names.
#[derive(Debug, Default)]
pub(super) struct Jar(BTreeMap<String, Kept>);

#[derive(Debug)]
struct Kept {
    value: Secret,
    secure: bool,
    path: Option<String>,
}

impl Jar {
    /// One that holds this cookie from the beginning.
    pub(super) fn with(name: &str, value: &[u8]) -> Self {
        let kept = Kept { value: Secret::new(value, Shown::Nothing), secure: false, path: None };
        Self(BTreeMap::from([(name.to_owned(), kept)]))
    }

    /// Keeps what an answer of `from` sets; over plain HTTP nothing that is `Secure` (RFC 6265bis, section 5.7).
    pub(super) fn keep(&mut self, from: &Uri, cookies: impl Iterator<Item = SetCookie>) {
        for cookie in cookies.filter(|cookie| !cookie.secure || is_encrypted(from)) {
            if cookie.deletes() {
                self.0.remove(&cookie.name);
            } else {
                let SetCookie { name, value, secure, path, .. } = cookie;
                self.0.insert(name, Kept { value, secure, path });
            }
        }
    }

    /// The header for a request to `to`; nothing where there is nothing to send, or nothing that can be sent.
    pub(super) fn header(&self, to: &Uri) -> Option<HeaderValue> {
        let mut line = Zeroizing::new(Vec::new());
        let sent = self.0.iter().filter(|(_, kept)| (!kept.secure || is_encrypted(to)) && kept.is_for(to.path()));
        for (name, kept) in sent {
            if !line.is_empty() {
                line.extend_from_slice(b"; ");
            }
            line.extend([name.as_bytes(), b"=", kept.value.expose()].concat());
        }
        (!line.is_empty()).then(|| net::sensitive(&line)).flatten()
    }
}

impl Kept {
    /// Whether its path holds `path` (section 5.1.4).
    fn is_for(&self, path: &str) -> bool {
        let Some(own) = &self.path else { return true };
        path.strip_prefix(own.as_str())
            .is_some_and(|rest| rest.is_empty() || own.ends_with('/') || rest.starts_with('/'))
    }
}

fn is_encrypted(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_where_a_browser_sends_them() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let mut jar = Jar::with("planted", b"1");
        let kept = ["planted=2", "a=3; Path=/app", "b=4; Secure", "c=5; Max-Age=0"];
        let cookies = kept.iter().map(|text| SetCookie::parse(text.as_bytes(), 0).unwrap());
        jar.keep(&uri("https://shop.example.org/"), cookies);
        jar.keep(&uri("http://shop.example.org/"), SetCookie::parse(b"d=6; Secure", 0).into_iter());
        let sent = |to: &str| jar.header(&uri(to)).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        assert_eq!(sent("https://shop.example.org/app/x").as_deref(), Some("a=3; b=4; planted=2"));
        assert_eq!(sent("http://shop.example.org/apps").as_deref(), Some("planted=2"));
        assert_eq!(Jar::default().header(&uri("https://shop.example.org/")), None);
    }
}
