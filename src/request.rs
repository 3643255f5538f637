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
    /// In which language.
    pub protocol: Protocol,
    /// What is asked, and whom. Where the protocol is not HTTP, only its address counts.
    pub request: Request,
    /// The same at a server that was found with the token: its address, which takes the place of the request's.
    pub elsewhere: Option<Text>,
    /// Hosts that may be asked though only the token names them; those that begin with a dot stand for one label before them.
    pub hosts: List<Text>,
    /// Fingerprints of the keys by which hosts are known: the host, and `SHA256:…` as ssh-keygen prints it.
    pub host_keys: List<(Text, Text)>,
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

/// What is asked of a token that works: what it can reach, and what it may do there. The table `[access.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Its name in the pattern file.
    pub name: Text,
    /// What is asked first, for the others to use.
    pub lookups: List<Lookup>,
    /// What is asked.
    pub asks: List<Ask>,
}

/// One kind of thing that a token may reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// What these things are, as a plural.
    pub kind: Text,
    /// How they are asked for.
    pub request: Request,
    /// Where an answer names them: `*` in a pointer stands for every item or member.
    pub names: Option<Field>,
    /// Where it says how many there are.
    pub total: Option<Field>,
    /// What answers show that the token may do; all that fit count.
    pub answers: List<Answer<List<Power>>>,
}

/// Languages that servers are asked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP, with answers as they are declared.
    Http,
    /// A JSON Web Token's signature is compared with the keys that its issuer publishes (`OpenID` Connect Discovery 1.0): `${issuer}` is the issuer without its scheme.
    Jwks,
    /// A login to `PostgreSQL`: the rule captures `user` and `host`, and may capture `port` and `database`. So for all that follow.
    Postgres,
    /// To `MySQL` or `MariaDB`.
    Mysql,
    /// To `MongoDB`.
    Mongodb,
    /// To one of the servers that the DNS lists for a host (`mongodb+srv`).
    MongodbSrv,
    /// To Redis or Valkey.
    Redis,
    /// To a broker that speaks AMQP 0-9-1.
    Amqp,
    /// Whether an SSH server knows the public half of a private key (RFC 4252, section 7).
    Ssh,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Http,
        Self::Jwks,
        Self::Postgres,
        Self::Mysql,
        Self::Mongodb,
        Self::MongodbSrv,
        Self::Redis,
        Self::Amqp,
        Self::Ssh,
    ];

    /// Its name in pattern files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Jwks => "jwks",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mongodb => "mongodb",
            Self::MongodbSrv => "mongodb+srv",
            Self::Redis => "redis",
            Self::Amqp => "amqp",
            Self::Ssh => "ssh",
        }
    }

    /// What its addresses begin with, up to the host.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Http | Self::Jwks => "https",
            other => other.name(),
        }
    }

    /// Whether it is a login with a user and a password.
    pub fn is_login(self) -> bool {
        !matches!(self, Self::Http | Self::Jwks | Self::Ssh)
    }
}

/// How a provider is told to end a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Revocation {
    /// Its name in the pattern file.
    pub name: Text,
    /// What is sent.
    pub request: Request,
    /// What is asked first.
    pub lookups: List<Lookup>,
    /// How several tokens are ended by one call.
    pub batch: Option<Batch>,
    /// What works no more afterwards.
    pub breaks: Text,
    /// What it may answer.
    pub answers: List<Answer<Did>>,
}

/// How one call speaks of several tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The part of the body that stands for one token; for several there are several, with commas between them.
    pub each: Text,
    /// How many tokens a call takes at most.
    pub most: usize,
}

/// A request made first, to learn what the others need.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// What is asked.
    pub request: Request,
    /// What the value is called in the templates that follow.
    pub name: Text,
    /// Where the answer has it.
    pub at: Field,
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
    /// In its JSON, as a pointer (RFC 6901); a part of it that is `*` stands for every item of a list and every member of an object.
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
    /// Its JSON has something at these pointers, where `*` stands for any item or member.
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
