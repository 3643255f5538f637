//! What each weakness of a cookie is called, what is done with it, what to set instead, and which standard says so.
//!
//! What is a kind in `weaknesses/kinds.toml` has its id and severity here, too: the same thing is called the same, whether it is seen in
//! code, in a recorded answer or from a running server.

use std::borrow::Cow;

use crate::{
    cookie::{SetCookie, session::Role},
    rule::{Confidence, Severity},
    weakness::{Citation, Place, Weakness},
};

/// A weakness that a cookie can have.
#[derive(Debug)]
pub struct Check {
    /// Its name for machines.
    pub id: &'static str,
    /// What is wrong, in one line.
    pub title: &'static str,
    /// How much it gives away.
    pub severity: Severity,
    attack: &'static str,
    /// What to set instead.
    pub remedy: &'static str,
    standards: &'static [Standard],
}

/// A section that a check follows from.
#[derive(Debug)]
enum Standard {
    /// RFC 6265bis.
    Rfc(&'static str),
    /// A requirement of OWASP ASVS 5.0.0 on the frontend.
    Frontend(&'static str),
    /// One on sessions.
    Sessions(&'static str),
    /// A heading of OWASP's cheat sheet, and its anchor.
    Sheet(&'static str, &'static str),
}
use Standard::{Frontend, Rfc, Sessions, Sheet};

const SCOPE: Standard = Sheet("Domain and Path Attributes", "domain-and-path-attributes");
const PREFIXES: Standard = Sheet("Cookie Name Prefixes", "cookie-name-prefixes");

/// All of them.
pub const ALL: &[Check] = &[
    Check::NOT_SECURE,
    Check::NOT_HTTP_ONLY,
    Check::NO_SAMESITE,
    Check::SAMESITE_NONE,
    Check::SAMESITE_NONE_IN_CLEAR,
    Check::SECURE_IN_CLEAR,
    Check::DOMAIN_WIDE,
    Check::DOMAIN_FOREIGN,
    Check::PATH_NO_BOUNDARY,
    Check::NO_PATH,
    Check::NO_HOST_PREFIX,
    Check::NO_SECURE_PREFIX,
    Check::PREFIX_BROKEN,
    Check::NO_LIFETIME,
    Check::LONG_LIVED,
    Check::CONTRADICTION,
    Check::IGNORED,
    Check::SEVERAL,
];

impl Standard {
    fn citation(&self) -> Citation {
        let (standard, section, url): (_, _, String) = match self {
            Rfc(section) => (
                "RFC 6265bis",
                *section,
                format!("https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-{section}"),
            ),
            Frontend(section) => ("OWASP ASVS 5.0.0", *section, asvs("0x12-V3-Web-Frontend-Security.md")),
            Sessions(section) => ("OWASP ASVS 5.0.0", *section, asvs("0x16-V7-Session-Management.md")),
            Sheet(heading, anchor) => (
                "OWASP Session Management Cheat Sheet",
                *heading,
                format!("https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#{anchor}"),
            ),
        };
        Citation { standard: Cow::Borrowed(standard), section: Cow::Borrowed(section), url: Cow::Owned(url) }
    }
}

fn asvs(chapter: &str) -> String {
    format!("https://github.com/OWASP/ASVS/blob/v5.0.0/5.0/en/{chapter}")
}

impl Check {
    pub(super) const NOT_SECURE: Self = Self {
        id: "cookie-not-secure",
        title: "session cookie is sent over plain HTTP",
        severity: Severity::High,
        attack: "Whoever can listen on the network has the browser ask one address of the host over plain HTTP, reads the cookie there, and is the user.",
        remedy: "Set the attribute `Secure`.",
        standards: &[Frontend("3.3.1"), Rfc("4.1.2.5"), Sheet("Secure Attribute", "secure-attribute")],
    };
    pub(super) const NOT_HTTP_ONLY: Self = Self {
        id: "cookie-not-httponly",
        title: "session cookie can be read by scripts",
        severity: Severity::High,
        attack: "A script that gets into one page, by cross-site scripting or through a dependency, reads `document.cookie` and sends the session away.",
        remedy: "Set the attribute `HttpOnly`.",
        standards: &[Frontend("3.3.4"), Rfc("4.1.2.6"), Sheet("HttpOnly Attribute", "httponly-attribute")],
    };
    pub(super) const NO_SAMESITE: Self = Self {
        id: "cookie-samesite-missing",
        title: "session cookie leaves it to the browser with which requests of other sites it goes along",
        severity: Severity::Low,
        attack: "In browsers that do not take a missing word for `Lax`, or in the two minutes in which some do not, another site sends requests in the user's name.",
        remedy: "Set `SameSite=Lax`, or `SameSite=Strict` where no link from elsewhere has to arrive logged in.",
        standards: &[Frontend("3.3.2"), Rfc("4.1.2.7"), Sheet("SameSite Attribute", "samesite-attribute")],
    };
    pub(super) const SAMESITE_NONE: Self = Self {
        id: "cookie-samesite",
        title: "session cookie goes along with every request of other sites",
        severity: Severity::Medium,
        attack: "A page of another site sends requests that the server takes for the user's (cross-site request forgery), unless a token of its own stops them.",
        remedy: "Set `SameSite=Lax`; where other sites embed this one, keep `None` for a cookie of its own that is `Partitioned`, and check a token against forged requests.",
        standards: &[Frontend("3.3.2"), Rfc("4.1.2.7"), Sheet("SameSite Attribute", "samesite-attribute")],
    };
    pub(super) const SAMESITE_NONE_IN_CLEAR: Self = Self {
        id: "cookie-samesite-none-not-secure",
        title: "cookie says `SameSite=None` without `Secure`, so browsers refuse it",
        severity: Severity::Medium,
        attack: "Browsers that follow the standard do not keep it; those that do send it over plain HTTP and with every request of other sites.",
        remedy: "Set `Secure`, and `SameSite=Lax` unless other sites have to send it.",
        standards: &[Rfc("5.7"), Frontend("3.3.1")],
    };
    pub(super) const SECURE_IN_CLEAR: Self = Self {
        id: "cookie-secure-over-http",
        title: "cookie that is `Secure` is set over plain HTTP, where it was seen",
        severity: Severity::Medium,
        attack: "Whoever listens reads the cookie in the very answer that sets it; browsers do not keep it.",
        remedy: "Answer plain HTTP with a redirect to HTTPS alone, and set cookies there.",
        standards: &[Rfc("5.7"), Frontend("3.3.1")],
    };
    pub(super) const DOMAIN_WIDE: Self = Self {
        id: "cookie-domain-wide",
        title: "session cookie is sent to every host of the domain",
        severity: Severity::Medium,
        attack: "Whoever holds one host of the domain, a forgotten subdomain for instance, is sent the cookies of all users who come by, and can set them.",
        remedy: "Leave `Domain` out, so that only the host that set it gets it.",
        standards: &[Frontend("3.3.3"), Rfc("4.1.2.3"), SCOPE],
    };
    pub(super) const DOMAIN_FOREIGN: Self = Self {
        id: "cookie-domain-foreign",
        title: "cookie names a domain that its host is not in, so browsers refuse it",
        severity: Severity::Low,
        attack: "The session does not hold; what works around that is often weaker.",
        remedy: "Leave `Domain` out.",
        standards: &[Rfc("5.7"), SCOPE],
    };
    pub(super) const PATH_NO_BOUNDARY: Self = Self {
        id: "cookie-path-no-boundary",
        title: "session cookie relies on a path, which keeps nobody out",
        severity: Severity::Low,
        attack: "A page of another path on the same host opens one below this path in a frame, and reads or overwrites its cookies.",
        remedy: "Give applications that do not trust each other hosts of their own, and set `Path=/`.",
        standards: &[Rfc("4.1.2.4"), SCOPE],
    };
    pub(super) const NO_PATH: Self = Self {
        id: "cookie-path-missing",
        title: "session cookie gets the path of whatever page set it",
        severity: Severity::Low,
        attack: "Pages of several folders set several cookies of one name; an old one, or one that an attacker planted for a longer path, wins.",
        remedy: "Set `Path=/`.",
        standards: &[Rfc("4.1.2.4"), SCOPE],
    };
    pub(super) const NO_HOST_PREFIX: Self = Self {
        id: "cookie-host-prefix-missing",
        title: "session cookie could have the prefix `__Host-` and has not",
        severity: Severity::Low,
        attack: "Another host of the domain, or somebody on the network over plain HTTP, plants a cookie of this name, and the user works in a session that is not theirs.",
        remedy: "Let its name begin with `__Host-`: it is `Secure`, for `/` and without a domain already.",
        standards: &[Frontend("3.3.3"), Rfc("4.1.3.2"), PREFIXES],
    };
    pub(super) const NO_SECURE_PREFIX: Self = Self {
        id: "cookie-secure-prefix-missing",
        title: "session cookie could have the prefix `__Secure-` and has not",
        severity: Severity::Low,
        attack: "Somebody on the network plants a cookie of this name over plain HTTP, and the user works in a session that is not theirs.",
        remedy: "Let its name begin with `__Secure-`; better, leave `Domain` out, set `Path=/`, and begin it with `__Host-`.",
        standards: &[Frontend("3.3.1"), Rfc("4.1.3.1"), PREFIXES],
    };
    pub(super) const PREFIX_BROKEN: Self = Self {
        id: "cookie-prefix",
        title: "cookie breaks what its name promises, so browsers refuse it",
        severity: Severity::Medium,
        attack: "Browsers that follow the standard do not keep it; in others, the name promises a protection that is not there.",
        remedy: "With `__Secure-`, set `Secure` over HTTPS; with `__Host-`, set `Path=/` and no `Domain`, too.",
        standards: &[Rfc("4.1.3"), Frontend("3.3.3"), PREFIXES],
    };
    pub(super) const NO_LIFETIME: Self = Self {
        id: "cookie-lifetime-missing",
        title: "session cookie lives as long as the browser likes: the server has to end the session",
        severity: Severity::Low,
        attack: "Browsers that restore their windows keep it for months; where the server does not end the session, it can be used as long.",
        remedy: "End sessions on the server after a time without use and after a time at most; a `Max-Age` of the same length tells the browser.",
        standards: &[
            Sessions("7.3.2"),
            Rfc("4.1.2.2"),
            Sheet("Expire and Max-Age Attributes", "expire-and-max-age-attributes"),
        ],
    };
    pub(super) const LONG_LIVED: Self = Self {
        id: "session-lifetime",
        title: "session cookie lives longer than 30 days",
        severity: Severity::Medium,
        attack: "A cookie that is stolen once, from a backup or a shared computer for instance, opens the account for as long.",
        remedy: "Set a `Max-Age` of hours, or of days where the risk allows it, and end the session on the server as soon.",
        standards: &[
            Sessions("7.3.2"),
            Rfc("4.1.2.2"),
            Sheet("Automatic Session Expiration", "automatic-session-expiration"),
        ],
    };
    pub(super) const CONTRADICTION: Self = Self {
        id: "cookie-attributes-contradict",
        title: "session cookie has an attribute several times, with different values",
        severity: Severity::Low,
        attack: "Browsers go by the last one, whoever reads the configuration by another: a protection that is believed to be there is not.",
        remedy: "Set each attribute once; look for a proxy or a middleware that adds its own.",
        standards: &[Rfc("5.7"), Rfc("4.1.1")],
    };
    pub(super) const IGNORED: Self = Self {
        id: "cookie-attribute-ignored",
        title: "session cookie has an attribute that browsers ignore, for its value is none",
        severity: Severity::Low,
        attack: "A protection or a limit that is believed to be there is not.",
        remedy: "Give it one of the values of the standard: `SameSite` is `Strict`, `Lax` or `None`, `Max-Age` a number of seconds, `Path` begins with `/`.",
        standards: &[Rfc("5.6"), Rfc("4.1.1")],
    };
    pub(super) const SEVERAL: Self = Self {
        id: "cookies-contradict",
        title: "several session cookies of one name contradict each other",
        severity: Severity::Medium,
        attack: "Which of them is kept depends on their order and scope; the weakest protection is the one that an attacker gets, and a planted one is hard to tell.",
        remedy: "Set the cookie once in an answer, in one place of the code.",
        standards: &[Rfc("4.1.1"), Frontend("3.3.1")],
    };

    /// Who demands it not to be so.
    pub fn standards(&self) -> Vec<Citation> {
        self.standards.iter().map(Standard::citation).collect()
    }

    /// It, of `cookie` at `place`.
    pub(super) fn weakness(&self, cookie: &SetCookie, place: &Place) -> Weakness {
        Weakness {
            check: Cow::Borrowed(self.id),
            title: Cow::Borrowed(self.title),
            severity: self.severity,
            confidence: match cookie.role() {
                Role::Named(_) => Confidence::High,
                // Of others, only what browsers refuse is told, which is sure.
                Role::Likely | Role::Other => Confidence::Medium,
                Role::Possible => Confidence::Low,
            },
            attack: Cow::Borrowed(self.attack),
            remedy: Cow::Borrowed(self.remedy),
            standards: self.standards(),
            place: place.clone(),
            evidence: Some(cookie.masked()),
        }
    }
}
