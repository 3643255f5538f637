//! One kind of token: how it is recognised and what it means.
//!
//! A [`Rule`] is plain data, either embedded when the program was built or read from a pattern file; reading and checking is
//! [`crate::rules`]'s, matching is [`crate::detect`]'s.

use crate::{
    playbook::Playbook,
    request::{Revocation, Survey, Verification},
};

pub use crate::text::{List, Shared, Text};

/// How far from a match a comment on the same or the previous line may be to allow it, in bytes (law 2).
pub const COMMENT_REACH: usize = 1024;

/// How far around a match the score looks for words that speak for or against it, in bytes.
pub const SCORE_REACH: usize = 96;

/// Which rule of a rule set: its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIx(pub u32);

/// One kind of token.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name for machines, such as `github-pat`.
    pub id: Text,
    /// Ids it had before.
    pub aliases: List<Text>,
    /// What identity is made from: the same secret found by two rules of a family is one incident.
    pub family: Text,
    /// Its name for people.
    pub name: Text,
    /// Who issues it.
    pub provider: Text,
    /// The issuer's name for people.
    pub provider_name: Text,
    /// What it is to an attacker.
    pub class: Class,
    /// What a working one costs.
    pub severity: Severity,
    /// How sure a match is that nothing speaks against.
    pub confidence: Confidence,
    /// Which of two overlapping rules wins, 0 to 100.
    pub rank: u8,
    /// Where the provider documents the format.
    pub source: Text,
    /// Whether the provider documents a shape there.
    pub documented: bool,
    /// What a person who finds such a token should know, a sentence.
    pub note: Option<Text>,
    /// How it is recognised.
    pub detect: Detection,
    /// How its provider is asked whether one works.
    pub verify: Option<Shared<Verification>>,
    /// How its provider is asked what one that works can reach.
    pub access: Option<Shared<Survey>>,
    /// How its provider is told to end one.
    pub revoke: Option<Shared<Revocation>>,
    /// How it is told to delete one for good, where ending it leaves it there.
    pub delete: Option<Shared<Revocation>>,
    /// What to do about one.
    pub playbook: Option<Playbook>,
    /// Templates that it finds.
    pub matching: List<Text>,
    /// Templates that it does not find.
    pub not_matching: List<Text>,
    /// Never reported: it masks what it finds, and drops weaker matches within.
    pub hidden: bool,
    /// What it finds tells which key leaked, and opens nothing by itself: as a part of another rule's finding it is shown.
    pub identifier: bool,
}

impl Rule {
    /// Whether a secret of so many bytes may be only the beginning of a longer one.
    pub fn may_cut(&self, length: usize) -> bool {
        self.detect.cut.is_some_and(|cut| length >= cut)
    }

    /// Whether this is its id, or was.
    pub fn is_called(&self, id: &str) -> bool {
        self.id == id || self.aliases.iter().any(|alias| alias == id)
    }
}

/// How a rule recognises its token.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// Every match holds at least one of these, whatever its ASCII case; in lower case.
    pub keywords: List<Text>,
    /// The byte pattern, Unicode off.
    pub regex: Text,
    /// Long runs of bytes behind the pattern's match, one behind the other.
    pub body: List<Body>,
    /// Other halves of the secret nearby.
    pub parts: List<Part>,
    /// Least Shannon entropy of the secret, in bits a byte.
    pub entropy: f32,
    /// How a secret proves to be well-formed.
    pub checksum: Option<Algorithm>,
    /// A secret that holds one of these is not reported; in lower case.
    pub reject: List<Text>,
    /// Whether words in the secret speak against it.
    pub words: bool,
    /// As what the value is scored, where nobody documents its format.
    pub generic: Option<Generic>,
    /// From how many bytes on a secret may be cut off: another scanner's pattern had a repeat without an end, which ours gave it.
    pub cut: Option<usize>,
    /// What was computed from the above when the rule was compiled.
    pub bounds: Bounds,
}

/// A long run of bytes of one class behind a pattern's match, and what closes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The class, as 256 bits: bit `b % 64` of word `b / 64` stands for the byte `b`.
    pub class: [u64; 4],
    /// Least number of bytes.
    pub min: usize,
    /// Greatest number of bytes.
    pub max: usize,
    /// The pattern that follows; may match nothing.
    pub end: Text,
}

/// Another half of a secret, near the rule's own match.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is; `secret` where it is the incident's secret.
    pub name: Text,
    /// Its byte pattern.
    pub regex: Text,
    /// How far before or after the rule's own match it may lie, in bytes, its own length included.
    pub within: usize,
    /// Whether the rule finds nothing without it.
    pub required: bool,
}

/// What is computed when a rule is compiled: where a match may lie around its anchor, and which bytes matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Least number of bytes between a match's first byte and its anchor's.
    pub lead_min: usize,
    /// Greatest number of bytes between a match's first byte and its anchor's.
    pub lead_max: usize,
    /// Greatest length of a match, body included, in bytes.
    pub longest: usize,
    /// The reach before an anchor: bytes before it that decide what becomes of it.
    pub before: usize,
    /// The reach after an anchor's first byte.
    pub after: usize,
    /// Worst number of bytes looked at per byte of input.
    pub work: usize,
}

/// What a token is to an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Short- or long-lived bearer of a user's or an application's rights.
    AccessToken,
    /// Mints access tokens.
    RefreshToken,
    /// A key of an account or project.
    ApiKey,
    /// Credentials of a machine identity.
    ServiceAccount,
    /// A logged-in session.
    Session,
    /// A password.
    Password,
    /// The private half of a key pair.
    PrivateKey,
    /// The password in an address of a service.
    ConnectionString,
    /// An address that takes whatever is sent to it.
    Webhook,
}

/// What an unknown value claims to be, by the name or the header it stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generic {
    /// A person's or a service's password.
    Password,
    /// Called a secret, and no more.
    Secret,
    /// A key to an interface, to data or to signatures.
    ApiKey,
    /// Called a key, and no more: things are looked up by such, too.
    Key,
    /// A token.
    Token,
    /// What a header of HTTP authenticates with.
    Header,
    /// The value of an environment variable.
    Environment,
    /// The value of a command's option.
    Argument,
}

/// What a working token costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Little: public by design, or useless alone.
    Low,
    /// One service's data or quota.
    Medium,
    /// An account.
    High,
    /// An organisation, its code or its money.
    Critical,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// More likely noise.
    Low,
    /// More likely a secret.
    Medium,
    /// A secret.
    High,
}

/// How a secret proves to be well-formed, by the regex groups `payload` and `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// CRC-32 of the payload in base62, left-padded with `0`.
    Crc32Base62,
    /// CRC-32 of the payload in lower-case hex.
    Crc32Hex,
    /// CRC-32 of the payload in lower-case hex, its lowest byte first.
    Crc32HexLe,
    /// CRC-32 of the payload in base36, left-padded with `0`.
    Crc32Base36,
    /// The payload is a JOSE header.
    Jwt,
}

/// Gives an enum its names in pattern files, flags and reports.
macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in pattern files, flags and reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The one of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

#[allow(unused_imports, reason = "build.rs shares this file, and has no report formats to name")]
pub(crate) use names;

names!(Class {
    AccessToken = "access-token",
    RefreshToken = "refresh-token",
    ApiKey = "api-key",
    ServiceAccount = "service-account",
    Session = "session",
    Password = "password",
    PrivateKey = "private-key",
    ConnectionString = "connection-string",
    Webhook = "webhook",
});
names!(Generic {
    Password = "password",
    Secret = "secret",
    ApiKey = "api-key",
    Key = "key",
    Token = "token",
    Header = "header",
    Environment = "environment",
    Argument = "argument",
});
names!(Severity { Low = "low", Medium = "medium", High = "high", Critical = "critical" });
names!(Confidence { Low = "low", Medium = "medium", High = "high" });
names!(Algorithm {
    Crc32Base62 = "crc32-base62",
    Crc32Hex = "crc32-hex",
    Crc32HexLe = "crc32-hex-le",
    Crc32Base36 = "crc32-base36",
    Jwt = "jwt",
});

impl Body {
    /// Whether `byte` is one of the run's.
    pub fn has(&self, byte: u8) -> bool {
        self.class[usize::from(byte / 64)] >> (byte % 64) & 1 == 1
    }
}

impl Class {
    /// Whether nothing of such a secret may be shown, not even its ends: people choose it, and reuse it.
    pub fn is_password(self) -> bool {
        matches!(self, Self::Password | Self::ConnectionString)
    }
}
