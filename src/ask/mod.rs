//! Fills in what a pattern file says a provider is asked, sends it, and reads the answer.
//!
//! [`Asker::call`] makes a request out of templates and what was found, and refuses one that would lead where its rule does not say or the user does not want. What an answer means for an
//! incident is [`crate::verify`]'s and [`crate::respond`]'s; sockets are [`crate::net`]'s.

mod answer;
mod fill;
mod google;
mod issuer;
mod login;
mod sigv4;
mod visit;

use std::{borrow::Cow, collections::BTreeMap};

use ureq::http::{HeaderMap, HeaderValue, Method, Uri, header};
use zeroize::Zeroizing;

use crate::{
    incident::Access,
    net::{
        self, Call, Failure, Net, Reply,
        hosts::{Consent, Named, Refused},
    },
    request::{self, Lookup, Protocol, Request, Scheme, Verification},
    rules::placeholder::{self, Host},
    text::Text,
};

pub use answer::Seen;
pub use fill::{Known, Unfit};
use fill::{Position, fill};

/// Whether the run is to end.
pub type Stopped<'s> = &'s (dyn Fn() -> bool + Sync);

/// Asks providers, with the user's consent.
#[derive(Debug)]
pub struct Asker {
    net: Net,
    consent: Consent,
    /// By provider, what stands in place of its own host.
    endpoints: BTreeMap<String, Endpoint>,
}

/// A server in place of a provider's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    scheme: String,
    authority: String,
    /// Goes before every path, without a slash at its end.
    prefix: String,
}

/// An endpoint that none can be asked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an endpoint is an https:// address; http:// is for this machine alone (127.0.0.1, [::1] or localhost)")]
pub struct BadEndpoint;

/// Why a provider is not asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unasked {
    /// What was found does not fit the request.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The request may not be sent there.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// What a server is asked about a token, filled in.
pub enum Inquiry {
    /// A request, whose answers its pattern file declares.
    Http(Box<Call>),
    /// Its issuer's keys.
    Issuer(Box<issuer::Inquiry>),
    /// Whether it lets somebody in.
    Visit(Box<visit::Visit>),
}

/// What came of an inquiry.
#[derive(Debug)]
pub enum Heard {
    /// An answer, to be read as declared.
    Reply(Reply),
    /// What the protocol itself says.
    Outcome(Outcome),
}

/// What a server that does not speak HTTP says of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It accepts it.
    Accepted,
    /// It says that it is wrong.
    Rejected,
    /// Neither, and why.
    Unknown(Cow<'static, str>),
}

impl Inquiry {
    /// The host that is asked, and its port where it is not the usual one.
    pub fn host(&self) -> String {
        match self {
            Self::Http(call) => host_of(call).to_owned(),
            Self::Issuer(inquiry) => host_of(inquiry.first()).to_owned(),
            Self::Visit(visit) => visit.host().to_owned(),
        }
    }

    /// What is known of a token that was accepted by a protocol's own word.
    pub fn access(&self) -> Option<Access> {
        match self {
            Self::Visit(visit) => visit.access(),
            Self::Http(_) | Self::Issuer(_) => None,
        }
    }
}

/// Why a value that a request needs cannot be learnt.
#[derive(Debug, thiserror::Error)]
pub enum Unlearnt {
    /// The request for it cannot be made.
    #[error(transparent)]
    Unasked(#[from] Unasked),
    /// The answer does not have it.
    #[error("its provider does not say what the call needs: {0}")]
    Silent(String),
}

impl Endpoint {
    /// Reads an address given by the user.
    ///
    /// # Errors
    /// Where it is none, or would send secrets in clear to another machine.
    pub fn parse(text: &str) -> Result<Self, BadEndpoint> {
        let uri: Uri = text.parse().map_err(|_| BadEndpoint)?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(BadEndpoint)?;
        let is_local = matches!(authority.host(), "127.0.0.1" | "[::1]" | "localhost");
        let scheme = uri.scheme_str().filter(|&scheme| scheme == "https" || scheme == "http" && is_local);
        Ok(Self {
            scheme: scheme.ok_or(BadEndpoint)?.to_owned(),
            authority: authority.as_str().to_ascii_lowercase(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Its host, with the port where that is not the usual one.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The address of `path`, which begins with a slash, at this endpoint.
    pub fn at(&self, path: &str) -> String {
        format!("{}://{}{}{path}", self.scheme, self.authority, self.prefix)
    }

    /// `uri` at this endpoint.
    fn lead(&self, uri: &Uri) -> Option<Uri> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        self.at(path).parse().ok()
    }
}

impl Asker {
    /// Asks over `net`, whom `consent` allows; `endpoints` are asked in place of providers.
    pub fn new(net: Net, consent: Consent, endpoints: BTreeMap<String, Endpoint>) -> Self {
        Self { net, consent, endpoints }
    }

    /// Whether another server stands in for this provider.
    pub fn is_elsewhere(&self, provider: &str) -> bool {
        self.endpoints.contains_key(provider)
    }

    /// Which server stands in for this provider, if one does.
    pub fn endpoint_of(&self, provider: &str) -> Option<&str> {
        self.endpoints.get(provider).map(|endpoint| endpoint.authority.as_str())
    }

    /// What `verification` of `provider` asks, with everything filled in; at the server that was found with the token, where it is to be `elsewhere`.
    ///
    /// # Errors
    /// Where something does not fit, or it may not be sent.
    pub fn inquiry(
        &self,
        provider: &str,
        verification: &Verification,
        elsewhere: bool,
        known: &Known<'_>,
    ) -> Result<Inquiry, Unasked> {
        match (verification.protocol, &verification.elsewhere) {
            (Protocol::Http, Some(url)) if elsewhere => {
                let request = Request { url: url.clone(), ..verification.request.clone() };
                Ok(Inquiry::Http(Box::new(self.call(provider, &request, known)?)))
            }
            (Protocol::Http, _) => Ok(Inquiry::Http(Box::new(self.call(provider, &verification.request, known)?))),
            (Protocol::Jwks, _) => {
                self.consent.check_provider(provider)?;
                let inquiry = issuer::Inquiry::new(self, provider, &verification.hosts, known.secret())?;
                Ok(Inquiry::Issuer(Box::new(inquiry)))
            }
            _ => Ok(Inquiry::Visit(Box::new(visit::Visit::new(self, provider, verification, known)?))),
        }
    }

    /// Asks.
    ///
    /// # Errors
    /// Where there is no answer.
    pub fn ask(&self, inquiry: &Inquiry, stopped: Stopped<'_>) -> Result<Heard, Failure> {
        match inquiry {
            Inquiry::Http(call) => self.send(call, stopped).map(Heard::Reply),
            Inquiry::Issuer(inquiry) => inquiry.ask(self, stopped).map(Heard::Outcome),
            Inquiry::Visit(visit) => visit.make(self, stopped).map(Heard::Outcome),
        }
    }

    /// The host that `request` of `provider` leads to, where that needs nothing that was found.
    pub fn host_of(&self, provider: &str, request: &Request) -> Option<String> {
        if let Some(endpoint) = self.endpoint_of(provider) {
            return Some(endpoint.to_owned());
        }
        match placeholder::host("https", &request.url) {
            Ok(Host::Literal(host)) => Some(host.to_owned()),
            _ => None,
        }
    }

    /// What `request` of `provider` is with everything filled in.
    ///
    /// # Errors
    /// Where something does not fit, or it may not be sent.
    pub fn call(&self, provider: &str, request: &Request, known: &Known<'_>) -> Result<Call, Unasked> {
        self.consent.check_provider(provider)?;
        let mut known = known.with_values(&request.values)?;
        if request.scheme == Some(Scheme::GoogleJwt) {
            let assertion = google::assertion(&known)?;
            known = known.with("assertion", assertion.as_bytes());
        }
        let mut call = plain(request, &known)?;
        let host = host_of(&call).to_owned();
        self.direct(provider, &known.with_region(&request.url), &mut call)?;
        if request.scheme == Some(Scheme::AwsSigv4) {
            sigv4::sign(&mut call, &host, &known)?;
        }
        Ok(call)
    }

    /// What `request` of `provider` is for several tokens at once, for each of which `each` stands in its body. All but that is the same for each of `known`.
    ///
    /// # Errors
    /// As for one.
    pub fn call_for_all(
        &self,
        provider: &str,
        request: &Request,
        each: &str,
        known: &[Known<'_>],
    ) -> Result<Call, Unasked> {
        let (first, Some((before, after))) = (known.first(), request.body.split_once(each)) else {
            return Err(Unfit::Encoded.into());
        };
        let first = first.ok_or(Unfit::Encoded)?;
        let mut call = self.call(provider, request, first)?;
        let mut body = fill(before, Position::Json, first)?;
        for (nth, known) in known.iter().enumerate() {
            if nth > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&fill(each, Position::Json, known)?);
        }
        body.extend_from_slice(&fill(after, Position::Json, first)?);
        call.body = body;
        Ok(call)
    }

    /// Has `call` lead where it may: to the host that the address template `url` allows, or to the endpoint in its place.
    fn direct(&self, provider: &str, url: &str, call: &mut Call) -> Result<(), Unasked> {
        if self.lead_to_endpoint(provider, call)? {
            return Ok(());
        }
        let named = match placeholder::host("https", url).map_err(|_| Refused::Malformed)? {
            Host::Literal(host) => Named::Host(host),
            Host::Under(suffix) => Named::Under(suffix),
            Host::Found => Named::Anywhere,
        };
        self.check(call, named)
    }

    /// A request for what is at `uri`, which what was found or another answer names: at one of `hosts`, or where the user allows.
    fn get(&self, provider: &str, hosts: &[Text], uri: Uri) -> Result<Call, Unasked> {
        let mut call = Call {
            method: Method::GET,
            uri,
            headers: HeaderMap::new(),
            body: Zeroizing::default(),
            public: true,
            repeatable: true,
        };
        call.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if self.lead_to_endpoint(provider, &mut call)? {
            return Ok(call);
        }
        let named = hosts.iter().map(|host| if host.starts_with('.') { Named::Under(host) } else { Named::Host(host) });
        let mut fitting = named.filter(|named| self.consent.check(&call.uri, *named).is_ok());
        let named = fitting.next().unwrap_or(Named::Anywhere);
        self.check(&mut call, named)?;
        Ok(call)
    }

    /// Whether another server stands in for `provider`, to which `call` then leads.
    fn lead_to_endpoint(&self, provider: &str, call: &mut Call) -> Result<bool, Refused> {
        let Some(endpoint) = self.endpoints.get(provider) else { return Ok(false) };
        call.uri = endpoint.lead(&call.uri).ok_or(Refused::Malformed)?;
        call.public = false;
        Ok(true)
    }

    fn check(&self, call: &mut Call, named: Named<'_>) -> Result<(), Unasked> {
        // Behind a proxy nobody here sees the address: a found host was allowed by name, and one under a provider's own suffix is the provider's.
        call.public = self.consent.check(&call.uri, named)? && !self.net.is_proxied(&call.uri);
        Ok(())
    }

    /// Makes `lookups` in turn: what is known, and what they answered.
    ///
    /// # Errors
    /// Where one cannot be made, or its answer does not have what it is made for.
    pub fn look_up<'k>(
        &self,
        provider: &str,
        lookups: &[Lookup],
        known: Known<'k>,
        stopped: Stopped<'_>,
    ) -> Result<Known<'k>, Unlearnt> {
        lookups.iter().try_fold(known, |known, lookup| {
            let call = self.call(provider, &lookup.request, &known)?;
            let reply = self.send(&call, stopped).map_err(|failure| Unlearnt::Silent(failure.to_string()))?;
            let seen = Seen::of(&reply);
            let said = seen.field(&lookup.at).filter(|_| (200..300).contains(&seen.status()));
            let said = said.ok_or_else(|| Unlearnt::Silent(format!("status {}", seen.status())))?;
            Ok(known.with(&lookup.name, Zeroizing::new(said).as_bytes()))
        })
    }

    /// Sends `call`.
    ///
    /// # Errors
    /// Where there is no answer.
    pub fn send(&self, call: &Call, stopped: Stopped<'_>) -> Result<Reply, Failure> {
        self.net.send(call, stopped)
    }
}

/// The host that a call goes to, and its port where it is not the usual one.
pub fn host_of(call: &Call) -> &str {
    call.uri.authority().map_or("", |authority| authority.as_str())
}

/// A request that is all templates.
fn plain(request: &Request, known: &Known<'_>) -> Result<Call, Unfit> {
    let url = known.with_region(&request.url);
    let uri = fill::address(&url, known)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &*request.headers {
        let value = fill(value, Position::Header, known)?;
        put(&mut headers, name, &value)?;
    }
    if let Some((user, password)) = &request.basic {
        let mut pair = fill(user, Position::Raw, known)?;
        pair.push(b':');
        pair.extend_from_slice(&fill(password, Position::Raw, known)?);
        let value = Zeroizing::new(format!("Basic {}", *Zeroizing::new(data_encoding::BASE64.encode(&pair))));
        put(&mut headers, "authorization", value.as_bytes())?;
    }
    let body = body(request, known, &mut headers)?;
    let method = method(request.method);
    Ok(Call { repeatable: true, public: true, method, uri, headers, body })
}

fn body(request: &Request, known: &Known<'_>, headers: &mut HeaderMap) -> Result<Zeroizing<Vec<u8>>, Unfit> {
    if !request.form.is_empty() {
        let mut body = Zeroizing::new(Vec::new());
        for (name, value) in &*request.form {
            if !body.is_empty() {
                body.push(b'&');
            }
            body.extend_from_slice(&fill::percent_encoded(name.as_bytes()));
            body.push(b'=');
            body.extend_from_slice(&fill(value, Position::Url, known)?);
        }
        typed(headers, "application/x-www-form-urlencoded");
        return Ok(body);
    }
    let (position, media) = match request.body.trim_start().as_bytes().first() {
        None => return Ok(Zeroizing::default()),
        Some(b'{' | b'[') => (Position::Json, "application/json"),
        Some(b'<') => (Position::Xml, "application/xml"),
        Some(_) => (Position::Raw, "text/plain"),
    };
    typed(headers, media);
    fill(&request.body, position, known)
}

/// Names the body's type, unless the request does.
fn typed(headers: &mut HeaderMap, media: &'static str) {
    headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(media));
}

fn put(headers: &mut HeaderMap, name: &str, value: &[u8]) -> Result<(), Unfit> {
    let name = net::header_name(name).ok_or(Unfit::Header)?;
    headers.insert(name, net::sensitive(value).ok_or(Unfit::Header)?);
    Ok(())
}

fn method(method: request::Method) -> Method {
    match method {
        request::Method::Get => Method::GET,
        request::Method::Head => Method::HEAD,
        request::Method::Post => Method::POST,
        request::Method::Put => Method::PUT,
        request::Method::Patch => Method::PATCH,
        request::Method::Delete => Method::DELETE,
    }
}
