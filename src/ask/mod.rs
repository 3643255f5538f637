//! Fills in what a pattern file says a provider is asked, sends it, and reads the answer.
//!
//! [`Asker::call`] makes a request out of templates and what was found, and refuses one that would lead where its rule does not say or the user does not want. What an answer means for an
//! incident is [`crate::verify`]'s and [`crate::respond`]'s; sockets are [`crate::net`]'s.

mod answer;
mod fill;
mod google;
mod sigv4;

use std::collections::BTreeMap;

use ureq::http::{HeaderMap, HeaderValue, Method, Uri, header};
use zeroize::Zeroizing;

use crate::{
    net::{
        self, Call, Failure, Net, Reply,
        hosts::{Consent, Named, Refused},
    },
    request::{self, Request, Scheme},
    rules::placeholder::{self, Host},
};

pub use answer::Seen;
pub use fill::{Known, Unfit};
use fill::{Position, fill};

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

    /// `uri` at this endpoint.
    fn lead(&self, uri: &Uri) -> Option<Uri> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        format!("{}://{}{}{path}", self.scheme, self.authority, self.prefix).parse().ok()
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

    /// Has `call` lead where it may: to the host that the address template `url` allows, or to the endpoint in its place.
    fn direct(&self, provider: &str, url: &str, call: &mut Call) -> Result<(), Unasked> {
        if let Some(endpoint) = self.endpoints.get(provider) {
            call.uri = endpoint.lead(&call.uri).ok_or(Refused::Malformed)?;
            call.public = false;
            return Ok(());
        }
        let named = match placeholder::host(url).map_err(|_| Refused::Malformed)? {
            Host::Literal(host) => Named::Host(host),
            Host::Under(suffix) => Named::Under(suffix),
            Host::Found => Named::Anywhere,
        };
        // Behind a proxy nobody here sees the address: a found host was allowed by name, and one under a provider's own suffix is the provider's.
        call.public = self.consent.check(&call.uri, named)? && !self.net.is_proxied(&call.uri);
        Ok(())
    }

    /// Sends `call`.
    ///
    /// # Errors
    /// Where there is no answer.
    pub fn send(&self, call: &Call, stopped: &(dyn Fn() -> bool + Sync)) -> Result<Reply, Failure> {
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
