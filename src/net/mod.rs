//! The only place that opens sockets.
//!
//! A [`Net`] sends one [`Call`] at a time to a host, no faster than its [`Limits`] say, and reads no more of the answer than they allow. It follows no redirect, speaks TLS alone (loopback
//! excepted, where a test server may be), and connects to no private address unless it may. Nothing that it says of a failure names more than the host. Whether a host may be asked at
//! all is [`hosts`]' to say; what is sent, and what an answer means, is [`crate::ask`]'s.

mod address;
pub mod hosts;
mod line;
mod pace;
mod srv;

use std::{
    io::Read,
    net::SocketAddr,
    sync::Mutex,
    time::{Duration, Instant},
};

use ureq::{
    Agent, Body, Error as Broken, Proxy,
    config::Config,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, header},
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};
use zeroize::Zeroizing;

pub use line::Line;
use line::Trust;
use pace::Pace;

/// How much of an answer is read where nothing else is said, in bytes.
pub const MOST_READ: usize = 8 << 10;

/// Where the system says which name servers it asks.
const RESOLVER: &str = "/etc/resolv.conf";

/// How often a host that asks for patience is asked again.
const MOST_TRIES: u32 = 3;
/// How long a host may have one wait, whatever it asks for.
const MOST_PATIENCE: Duration = Duration::from_secs(30);
/// How often a wait looks whether the run was stopped.
const TICK: Duration = Duration::from_millis(25);

/// How fast, and for how long, hosts are asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Requests a second to one host, in the long run; above 0.
    pub per_second: f64,
    /// How many requests a host gets at once before that counts.
    pub burst: u32,
    /// How long one request may take.
    pub request: Duration,
    /// How long all may take together.
    pub total: Duration,
    /// How much of an answer is read, in bytes.
    pub most_read: usize,
    /// After so many failures in a row a host is left alone.
    pub most_failures: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_second: 1.0,
            burst: 10,
            request: Duration::from_secs(10),
            total: Duration::from_mins(5),
            most_read: MOST_READ,
            most_failures: 3,
        }
    }
}

/// A request, filled in.
#[derive(Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The address.
    pub uri: Uri,
    /// Headers; those that hold a secret are marked as such.
    pub headers: HeaderMap,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
    /// Whether the host has to have a public address.
    pub public: bool,
    /// Whether it may be sent again where the first try failed.
    pub repeatable: bool,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, or as much of it as is read.
    pub body: Vec<u8>,
    /// Whether the body has more.
    pub cut: bool,
}

/// Why there is no answer. What it says names no address, header or body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The host has no address.
    #[error("its host has no address")]
    NoAddress,
    /// The host has an address that is not public.
    #[error("its host has a private address")]
    Private,
    /// Nobody answers there.
    #[error("no connection to its host")]
    NoConnection,
    /// Who answers cannot prove to be the host.
    #[error("its host's certificate is not valid")]
    Tls,
    /// It took too long.
    #[error("its host did not answer in time")]
    Timeout,
    /// The answer broke off or is none.
    #[error("the answer broke off")]
    Broken,
    /// The host failed so often that it is left alone.
    #[error("its host failed too often in this run")]
    GivenUp,
    /// The time for all requests is over.
    #[error("the time for all requests is over")]
    OutOfTime,
    /// The run was stopped.
    #[error("the run was stopped")]
    Stopped,
}

/// Where to connect that does not speak HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// A name, or an address, IPv6 ones in brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the host has to have a public address.
    pub public: bool,
    /// How long it may take, where that is less than any request may.
    pub patience: Option<Duration>,
}

/// Certificate authorities that hosts are known by.
#[derive(Clone, Debug)]
pub struct Authorities(Vec<Certificate<'static>>);

impl Authorities {
    /// The certificates of a PEM file; nothing where it holds none, or something else than PEM.
    pub fn read(pem: &[u8]) -> Option<Self> {
        let items = parse_pem(pem).collect::<Result<Vec<_>, _>>().ok()?;
        let certificates = items.into_iter().filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        });
        let certificates: Vec<_> = certificates.collect();
        (!certificates.is_empty()).then_some(Self(certificates))
    }
}

/// Sends requests.
pub struct Net {
    /// For hosts that are known.
    open: Agent,
    /// For those that have to be public.
    guarded: Agent,
    trust: Trust,
    limits: Limits,
    until: Instant,
    paces: Mutex<std::collections::HashMap<String, Pace>>,
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Net({:?})", self.limits)
    }
}

impl Net {
    /// One that keeps to `limits`; its time begins now. A proxy is taken from the environment, as curl does. Hosts are known by Mozilla's list of certificate authorities.
    pub fn new(limits: Limits) -> Self {
        Self::trusting(limits, None)
    }

    /// The same, but hosts are known by `authorities`, where some are given.
    pub fn trusting(limits: Limits, authorities: Option<Authorities>) -> Self {
        let certificates = authorities.as_ref().map(|Authorities(all)| all.iter().map(Certificate::der));
        // Those that are none have been refused when they were read.
        let trust = certificates.and_then(Trust::authorities).unwrap_or_else(Trust::web_pki);
        let roots = authorities.map_or(RootCerts::WebPki, |Authorities(certificates)| certificates.into());
        let tls = TlsConfig::builder().root_certs(roots).build();
        let agent = |public| {
            let config = Config::builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .timeout_global(Some(limits.request))
                .timeout_connect(Some(limits.request.min(Duration::from_secs(5))))
                .user_agent(concat!("stanch/", env!("CARGO_PKG_VERSION")))
                .proxy(Proxy::try_from_env())
                .tls_config(tls.clone())
                .build();
            Agent::with_parts(
                config,
                DefaultConnector::default(),
                Checked { public, inner: DefaultResolver::default() },
            )
        };
        Self {
            open: agent(false),
            guarded: agent(true),
            trust,
            until: Instant::now() + limits.total,
            limits,
            paces: Mutex::default(),
        }
    }

    /// Whether a proxy stands between this program and `uri`: then addresses are resolved there, and cannot be looked at here.
    pub fn is_proxied(&self, uri: &Uri) -> bool {
        self.open.config().proxy().is_some_and(|proxy| !proxy.is_no_proxy(uri))
    }

    /// Sends `call`, and waits for its turn first; `stopped` is asked whether the run is over.
    ///
    /// # Errors
    /// Where there is no answer. An answer that says that something went wrong is one.
    pub fn send(&self, call: &Call, stopped: &(dyn Fn() -> bool + Sync)) -> Result<Reply, Failure> {
        let host = call.uri.authority().map(ToString::to_string).unwrap_or_default();
        for tried in 1.. {
            let turn = self.with_pace(&host, |pace| pace.turn(Instant::now(), &self.limits));
            self.wait_until(turn.ok_or(Failure::GivenUp)?, stopped)?;
            let answer = self.send_once(call);
            let patience = answer.as_ref().ok().and_then(|reply| patience(reply, Instant::now()));
            let failed = patience.is_some() || answer.as_ref().map_or(true, |reply| reply.status >= 500);
            self.with_pace(&host, |pace| pace.went(!failed, patience));
            if patience.is_none() || tried == MOST_TRIES || !call.repeatable {
                return answer;
            }
        }
        unreachable!("the loop ends by its last try")
    }

    /// Connects to `peer` when its turn comes, and has `say` talk to it.
    ///
    /// # Errors
    /// Where it cannot be reached, or what is said comes to nothing.
    pub fn talk<T>(
        &self,
        peer: &Peer,
        stopped: &(dyn Fn() -> bool + Sync),
        say: impl FnOnce(&mut Line) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let host = format!("{}:{}", peer.host, peer.port);
        let turn = self.with_pace(&host, |pace| pace.turn(Instant::now(), &self.limits));
        self.wait_until(turn.ok_or(Failure::GivenUp)?, stopped)?;
        let patience = peer.patience.map_or(self.limits.request, |patience| patience.min(self.limits.request));
        let until = (Instant::now() + patience).min(self.until);
        let addresses = self.addresses(&host, peer.public);
        let line = addresses.and_then(|found| Line::connect(&found, &peer.host, &self.trust, until));
        let said = line.and_then(|mut line| say(&mut line));
        self.with_pace(&host, |pace| pace.went(said.is_ok(), None));
        said
    }

    /// The servers of the service that SRV records list under `name`, as hosts and ports; those first that are to be asked first.
    ///
    /// # Errors
    /// Where there are none, or nobody says which.
    pub fn servers(&self, name: &str) -> Result<Vec<(String, u16)>, Failure> {
        let configuration = std::fs::read_to_string(RESOLVER).unwrap_or_default();
        let until = (Instant::now() + self.limits.request).min(self.until);
        let found = srv::servers(name, &srv::name_servers(&configuration), until)?;
        Ok(found.into_iter().map(|server| (server.host, server.port)).collect())
    }

    /// The addresses of `host`, which has a port behind it.
    fn addresses(&self, host: &str, public: bool) -> Result<Vec<SocketAddr>, Failure> {
        let uri: Uri = format!("https://{host}").parse().map_err(|_| Failure::NoAddress)?;
        let resolver = Checked { public, inner: DefaultResolver::default() };
        let timeout = NextTimeout { after: self.limits.request.into(), ..NextTimeout::default() };
        let found = resolver.resolve(&uri, self.open.config(), timeout).map_err(failure)?;
        Ok(found.iter().copied().collect())
    }

    fn with_pace<T>(&self, host: &str, act: impl FnOnce(&mut Pace) -> T) -> T {
        let mut paces = self.paces.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        act(paces.entry(host.to_owned()).or_insert_with(|| Pace::new(&self.limits)))
    }

    fn wait_until(&self, turn: Instant, stopped: &(dyn Fn() -> bool + Sync)) -> Result<(), Failure> {
        if turn > self.until {
            return Err(Failure::OutOfTime);
        }
        loop {
            if stopped() {
                return Err(Failure::Stopped);
            }
            let now = Instant::now();
            if now >= self.until {
                return Err(Failure::OutOfTime);
            }
            match turn.checked_duration_since(now).filter(|left| !left.is_zero()) {
                None => return Ok(()),
                Some(left) => std::thread::sleep(left.min(TICK)),
            }
        }
    }

    fn send_once(&self, call: &Call) -> Result<Reply, Failure> {
        let mut request = Request::builder().method(call.method.clone()).uri(call.uri.clone());
        if let Some(headers) = request.headers_mut() {
            *headers = call.headers.clone();
        }
        let agent = if call.public { &self.guarded } else { &self.open };
        let answer = if call.body.is_empty() && call.method != Method::POST {
            request.body(()).map_err(|_| Failure::Broken).and_then(|request| agent.run(request).map_err(failure))
        } else {
            let request = request.body(call.body.as_slice()).map_err(|_| Failure::Broken);
            request.and_then(|request| agent.run(request).map_err(failure))
        };
        read(answer?, self.limits.most_read)
    }
}

/// A header's value that is not to be shown. `None` where it has a byte that no header may have.
pub fn sensitive(value: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A header's name; `None` where it is none.
pub fn header_name(name: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).ok()
}

fn read(answer: Response<Body>, most: usize) -> Result<Reply, Failure> {
    let (parts, body) = answer.into_parts();
    let mut bytes = Vec::new();
    let read = body.into_reader().take(most as u64 + 1).read_to_end(&mut bytes);
    // An error of the client's own comes wrapped in one of reading.
    read.map_err(|error| match failure(Broken::from(error)) {
        Failure::Timeout => Failure::Timeout,
        _ => Failure::Broken,
    })?;
    let cut = bytes.len() > most;
    bytes.truncate(most);
    Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body: bytes, cut })
}

fn failure(error: Broken) -> Failure {
    match error {
        Broken::HostNotFound => Failure::NoAddress,
        Broken::Timeout(_) => Failure::Timeout,
        Broken::Tls(_) | Broken::Rustls(_) => Failure::Tls,
        Broken::Other(other) if other.is::<NotPublic>() => Failure::Private,
        Broken::Io(error) => match error.kind() {
            std::io::ErrorKind::TimedOut => Failure::Timeout,
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset => Failure::Broken,
            // The certificate's error comes wrapped in one of reading.
            std::io::ErrorKind::InvalidData => Failure::Tls,
            _ => Failure::NoConnection,
        },
        Broken::ConnectionFailed => Failure::NoConnection,
        _ => Failure::Broken,
    }
}

/// How long a host that is asked too much wants to be left alone: what `Retry-After` says (RFC 9110, section 10.2.3), else a second.
fn patience(reply: &Reply, now: Instant) -> Option<Instant> {
    if !matches!(reply.status, 429 | 503) {
        return None;
    }
    let said = reply.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = said.and_then(|text| text.trim().parse().ok()).unwrap_or(1);
    Some(now + Duration::from_secs(seconds).min(MOST_PATIENCE))
}

/// Resolves names, and refuses what is not public where that is asked for. What it gives is what is connected to.
#[derive(Debug)]
struct Checked {
    public: bool,
    inner: DefaultResolver,
}

/// A name has an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("not a public address")]
struct NotPublic;

impl Resolver for Checked {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Broken> {
        let found = self.inner.resolve(uri, config, timeout)?;
        if self.public && !found.iter().all(|address| address::is_public(address.ip())) {
            return Err(Broken::Other(Box::new(NotPublic)));
        }
        Ok(found)
    }
}
