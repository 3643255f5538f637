//! Which hosts may be asked: those that a rule names, unless the user denies them; others only if the user allows them.
//!
//! The list is asked with the finished address, whatever template made it. Nothing found in a scanned tree can widen it (law 9).

use std::{collections::BTreeSet, net::IpAddr};

use ureq::http::Uri;

/// What the user says of hosts and providers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Hosts taken from what was found that may be asked.
    pub allowed: BTreeSet<String>,
    /// Hosts that may have private addresses, too.
    pub private: BTreeSet<String>,
    /// Hosts that are not asked, whoever names them.
    pub denied: BTreeSet<String>,
    /// Only these providers are asked; all, where it is empty.
    pub providers: BTreeSet<String>,
    /// These are not.
    pub denied_providers: BTreeSet<String>,
}

/// Where a finished address may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'n> {
    /// To this host alone.
    Host(&'n str),
    /// To a label before this suffix, which begins with a dot.
    Under(&'n str),
    /// Wherever the user allows.
    Anywhere,
}

/// Why an address is not asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no address of `https`.
    #[error("its address is not one")]
    Malformed,
    /// It leads elsewhere than its rule says.
    #[error("its address leads to another host than its rule names")]
    Elsewhere,
    /// It comes from what was found, and nobody allowed it.
    #[error("{host} is asked only with --allow-host {host}")]
    NotAllowed {
        /// The host.
        host: String,
    },
    /// It comes from what was found, and is no name.
    #[error("its host is an address, not a name")]
    Literal,
    /// The user denies it.
    #[error("{what} is denied")]
    Denied {
        /// The host or provider.
        what: String,
    },
}

impl Consent {
    /// Whether `provider` may be asked.
    ///
    /// # Errors
    /// Where it is denied, or others are named.
    pub fn check_provider(&self, provider: &str) -> Result<(), Refused> {
        let named = self.providers.is_empty() || self.providers.contains(provider);
        if named && !self.denied_providers.contains(provider) {
            return Ok(());
        }
        Err(Refused::Denied { what: provider.to_owned() })
    }

    /// Whether `uri` may be asked, and whether its host has to have a public address.
    ///
    /// # Errors
    /// Where it may not.
    pub fn check(&self, uri: &Uri, named: Named<'_>) -> Result<bool, Refused> {
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("https")).ok_or(Refused::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(Refused::Malformed);
        }
        self.check_host(authority.host(), authority.as_str(), named)
    }

    /// The same for a host, with its port in `full` where that is not the usual one, that speaks another protocol.
    ///
    /// # Errors
    /// Where it may not.
    pub fn check_host(&self, host: &str, full: &str, named: Named<'_>) -> Result<bool, Refused> {
        let (host, full) = (host.to_ascii_lowercase(), full.to_ascii_lowercase());
        let is_in = |list: &BTreeSet<String>| list.contains(&host) || list.contains(&full);
        if is_in(&self.denied) {
            return Err(Refused::Denied { what: host });
        }
        match named {
            Named::Host(name) if name.eq_ignore_ascii_case(&full) => Ok(false),
            Named::Under(suffix) if is_label_before(suffix, &full) => Ok(true),
            Named::Host(_) | Named::Under(_) => Err(Refused::Elsewhere),
            Named::Anywhere if is_in(&self.private) => Ok(false),
            Named::Anywhere if is_literal(&host) => Err(Refused::Literal),
            Named::Anywhere if is_in(&self.allowed) => Ok(true),
            Named::Anywhere => Err(Refused::NotAllowed { host: full }),
        }
    }
}

/// Whether `host` is one label of a name before `suffix`.
fn is_label_before(suffix: &str, host: &str) -> bool {
    let label = host.strip_suffix(&suffix.to_ascii_lowercase());
    label.is_some_and(|label| {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(fine) && !label.starts_with('-') && !label.ends_with('-')
    })
}

/// Whether `host` is a number rather than a name, in any of the ways that resolvers understand.
fn is_literal(host: &str) -> bool {
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    let last = inner.trim_end_matches('.').rsplit('.').next().unwrap_or("");
    let number = |text: &str| {
        let hex = text.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        hex || !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    inner.parse::<IpAddr>().is_ok() || inner.contains(':') || number(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(consent: &Consent, uri: &str, named: Named<'_>) -> Result<bool, Refused> {
        consent.check(&uri.parse().unwrap(), named)
    }

    #[test]
    fn a_literal_host_is_that_host() {
        let consent = Consent::default();
        let named = Named::Host("api.example.org");
        assert_eq!(check(&consent, "https://API.example.org/x", named), Ok(false));
        for elsewhere in ["https://api.example.org.evil.net/", "https://api.example.org:8443/", "https://example.org/"]
        {
            assert_eq!(check(&consent, elsewhere, named), Err(Refused::Elsewhere), "{elsewhere}");
        }
        assert_eq!(check(&consent, "https://api.example.org@evil.net/", named), Err(Refused::Malformed));
        assert_eq!(check(&consent, "http://api.example.org/", named), Err(Refused::Malformed));
    }

    #[test]
    fn what_was_found_is_one_label_before_a_suffix() {
        let consent = Consent::default();
        let named = Named::Under(".example.org");
        assert_eq!(check(&consent, "https://shop-1.example.org/x", named), Ok(true));
        for elsewhere in
            ["https://a.b.example.org/", "https://example.org/", "https://-a.example.org/", "https://aexample.org/"]
        {
            assert_eq!(check(&consent, elsewhere, named), Err(Refused::Elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_found_host_needs_consent_and_is_a_name() {
        let list = |hosts: &[&str]| hosts.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let consent = Consent {
            allowed: list(&["git.example.org", "127.0.0.1", "2130706433", "0x7f.1"]),
            private: list(&["10.0.0.7:8443"]),
            denied: list(&["no.example.org"]),
            ..Consent::default()
        };
        assert_eq!(check(&consent, "https://git.example.org/x", Named::Anywhere), Ok(true));
        assert_eq!(check(&consent, "https://10.0.0.7:8443/x", Named::Anywhere), Ok(false));
        for literal in ["https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://[::1]/"] {
            assert_eq!(check(&consent, literal, Named::Anywhere), Err(Refused::Literal), "{literal}");
        }
        let refused = Refused::NotAllowed { host: "other.example.org".to_owned() };
        assert_eq!(check(&consent, "https://other.example.org/", Named::Anywhere), Err(refused));
        let denied = Refused::Denied { what: "no.example.org".to_owned() };
        assert_eq!(check(&consent, "https://no.example.org/", Named::Host("no.example.org")), Err(denied));
    }
}
