//! What a provider is asked about a token, or told to do with it, and what its answers mean.
//!
//! Plain data out of pattern files, like [`crate::rule`], which a [`crate::rule::Rule`] carries. Filling requests in, sending them and reading answers is
//! [`crate::ask`]'s; what follows from an answer is [`crate::verify`]'s and [`crate::respond`]'s.

use crate::text::{List, Text};

/// How a provider is asked whether a token works.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// Its name in the pattern file.
    pub name: Text,
    /// What is asked.
    pub request: Request,
    /// Values that other rules find in the same file: their names here, and the rules' ids. Where there is none, the request may do without.
    pub with: List<(Text, Text)>,
    /// What `${region}` stands for in the address: each is asked in turn.
    pub regions: List<Text>,
    /// Whether others than the host asked issue such tokens, too: then that it does not know one says nothing.
    pub self_hosted: bool,
    /// Where an answer says whose the token is.
    pub owner: Option<Field>,
    /// Where it names the account or organisation.
    pub account: Option<Field>,
    /// Where it says what the token may do.
    pub scopes: Option<Field>,
    /// Where it says until when.
    pub expires: Option<Field>,
    /// What a scope gives, by its name or by a pattern with one `*` in it.
    pub powers: List<(Text, Power)>,
    /// Accounts whose tokens are alarms: to ask about one rings it.
    pub canaries: List<Text>,
    /// What it may answer.
    pub answers: List<Answer<Says>>,
}

/// How a provider is told to end a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Revocation {
    /// Its name in the pattern file.
    pub name: Text,
    /// What is sent.
    pub request: Request,
    /// What is asked first.
    pub lookup: Option<Lookup>,
    /// What works no more afterwards.
    pub breaks: Text,
    /// What it may answer.
    pub answers: List<Answer<Did>>,
}

/// A request made first, to learn what the revocation needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// What is asked.
    pub url: Text,
    /// With which headers.
    pub headers: List<(Text, Text)>,
    /// What the value is called in the revocation.
    pub name: Text,
    /// Where the answer has it, as a JSON pointer.
    pub at: Text,
}

/// An HTTP request with places to fill in. Every text of it but `source` is a template: `${secret}`, `${NAME}` for a part of the finding, `${NAME|FILTER}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Where the provider documents it.
    pub source: Text,
    /// Whether what is written here was compared with that page.
    pub compared: bool,
    /// The scheme by which it is signed.
    pub scheme: Option<Scheme>,
    /// The method.
    pub method: Method,
    /// The address: `https://`, and a host that is literal, one label before a literal suffix, or taken whole from what was found.
    pub url: Text,
    /// Headers, by name.
    pub headers: List<(Text, Text)>,
    /// User and password of basic authentication.
    pub basic: Option<(Text, Text)>,
    /// Fields of a form.
    pub form: List<(Text, Text)>,
    /// The body.
    pub body: Text,
    /// Values computed for this request.
    pub values: List<Value>,
}

/// HTTP methods that requests use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "RFC 9110 and RFC 5789 say what they mean")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// Its name on the wire and in pattern files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Published ways to sign a request, which no template can express.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// AWS Signature Version 4, with a key whose id is the part `id`, for the service that the host is named after.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
    AwsSigv4,
    /// The assertion of a Google service account, signed with its key: `${assertion}` in the templates. The parts `account` and `id` are the account's address and the key's id.
    GoogleJwt,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::AwsSigv4, Self::GoogleJwt];

    /// Its name in pattern files.
    pub fn name(self) -> &'static str {
        match self {
            Self::AwsSigv4 => "aws-sigv4",
            Self::GoogleJwt => "google-jwt",
        }
    }
}

/// A value computed for one request: a keyed hash (HMAC, RFC 2104) of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is called in the templates.
    pub name: Text,
    /// The hash.
    pub hmac: Digest,
    /// The key, a template.
    pub key: Text,
    /// How the key is to be decoded first.
    pub key_encoding: Option<Encoding>,
    /// What is hashed, a template.
    pub over: Text,
    /// How the hash is written.
    pub encode: Encoding,
}

/// Hashes that keyed hashes are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "FIPS 180-4 says what they are")]
pub enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl Digest {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    /// Its name in pattern files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

/// Texts that bytes are written as (RFC 4648).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// In lower case.
    Hex,
    /// With padding.
    Base64,
    /// Without padding.
    Base64Url,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hex, Self::Base64, Self::Base64Url];

    /// Its name in pattern files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }
}

/// What a token gives whoever has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// Reading.
    Read,
    /// Changing.
    Write,
    /// Spending money, or seeing who pays.
    Billing,
    /// Ruling over others' accounts and what they may do.
    Admin,
    /// Making further credentials, which outlive this one.
    Credentials,
}

impl Power {
    /// All of them, the least first.
    pub const ALL: [Self; 5] = [Self::Read, Self::Write, Self::Billing, Self::Admin, Self::Credentials];

    /// Its name in pattern files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Billing => "billing",
            Self::Admin => "admin",
            Self::Credentials => "credentials",
        }
    }
}

/// Where an answer says something.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// In its JSON, as a pointer (RFC 6901).
    Pointer(Text),
    /// In a header of this name, in lower case.
    Header(Text),
    /// In the first XML element of this name.
    Element(Text),
}

/// An answer by which something is known; of those of a request, the first that fits counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<M: 'static> {
    /// What is known by it.
    pub means: M,
    /// It has one of these statuses.
    pub status: List<u16>,
    /// Its JSON has something at these pointers.
    pub has: List<Text>,
    /// Its JSON has nothing, or null, at these.
    pub lacks: List<Text>,
    /// Its JSON has these texts at these pointers; numbers and booleans as JSON writes them.
    pub is: List<(Text, Text)>,
    /// Its body has these texts in it.
    pub contains: List<Text>,
    /// A body as the provider documents it.
    pub example: Text,
    /// Headers that come with it.
    pub example_headers: List<(Text, Text)>,
}

/// What an answer says of a token.
#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    /// It works.
    Active,
    /// It does not.
    Inactive,
    /// It was not accepted, but may work all the same, and why: from another address, say. For people that is as good as unknown; a control probe has its answer.
    Refused(Text),
    /// Neither, and why.
    Unknown(Text),
}

/// What an answer says has become of a token that was to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It was ended.
    Revoked,
    /// It was dead before.
    Gone,
    /// It was not ended.
    Failed,
}
