//! A visit to a server that does not speak HTTP: who is there, at which door, and what comes of it.
//!
//! How each protocol is spoken is [`super::login`]'s.

use std::time::Duration;

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::{
    Asker, Outcome, Stopped, Unasked, Unfit,
    fill::Known,
    login::{self, Account, Login, ssh},
};
use crate::{
    incident::Access,
    net::{Failure, Line, Peer, hosts::Named},
    request::{Protocol, Verification},
    rules::placeholder::{self, Host},
};

/// A visit, made ready.
pub struct Visit {
    peer: Peer,
    /// The host, and its port where that is not the usual one.
    shown: String,
    privacy: Privacy,
    errand: Errand,
}

/// Whether what is said may be heard by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Privacy {
    /// It may not.
    Encrypted,
    /// The server is one that the user called private: over TLS where it speaks it, else in clear.
    IfItCan,
    /// The server is on this machine, and speaks no TLS.
    Clear,
}

/// What is wanted.
enum Errand {
    Login(Protocol, Credentials),
    Key(ssh::PublicKey, HostKeys),
}

/// Whose login is tried.
struct Credentials {
    user: Zeroizing<Vec<u8>>,
    password: Zeroizing<Vec<u8>>,
    database: Option<String>,
}

/// The fingerprints by which a server is known; nothing for one that the user named.
type HostKeys = Option<Vec<String>>;

/// How long a server that may not speak TLS has to show that it does.
const TLS_PATIENCE: Duration = Duration::from_secs(3);

/// How many of a host's servers are tried.
const MOST_SERVERS: usize = 3;

/// Which user forges know keys by.
const FORGE_USER: &str = "git";

impl Visit {
    /// The visit that `verification` of `provider` asks for.
    pub(super) fn new(
        asker: &Asker,
        provider: &str,
        verification: &Verification,
        known: &Known<'_>,
    ) -> Result<Self, Unasked> {
        asker.consent.check_provider(provider)?;
        let (full, named) = door(verification, known)?;
        let mut errand = errand(verification, &full, known)?;
        if let Some(endpoint) = asker.endpoints.get(provider) {
            // The keys by which a forge is known are none of the server's that stands in for it.
            if let Errand::Key(_, host_keys) = &mut errand {
                *host_keys = None;
            }
            let privacy = if endpoint.scheme == "http" { Privacy::Clear } else { Privacy::Encrypted };
            let peer = peer(verification.protocol, &endpoint.authority)?;
            return Ok(Self { peer, shown: endpoint.authority.clone(), privacy, errand });
        }
        let mut peer = peer(verification.protocol, &full)?;
        let named_by = if named == Door::Named { Named::Host(&full) } else { Named::Anywhere };
        peer.public = asker.consent.check_host(&peer.host, &full, named_by)?;
        let is_private = named == Door::Found && !peer.public;
        let privacy = if is_private { Privacy::IfItCan } else { Privacy::Encrypted };
        Ok(Self { peer, shown: full, privacy, errand })
    }

    /// Whom it goes to.
    pub(super) fn host(&self) -> &str {
        &self.shown
    }

    /// What is known of whoever was let in.
    pub(super) fn access(&self) -> Option<Access> {
        let Errand::Login(_, Credentials { user, .. }) = &self.errand else { return None };
        let owner = str::from_utf8(user).ok().filter(|user| !user.is_empty())?;
        Some(Access { owner: Some(owner.to_owned()), ..Access::default() })
    }

    /// Makes the visit.
    pub(super) fn make(&self, asker: &Asker, stopped: Stopped<'_>) -> Result<Outcome, Failure> {
        match &self.errand {
            Errand::Login(protocol, credentials) => self.log_in(asker, *protocol, credentials, stopped),
            Errand::Key(key, host_keys) => self.show_key(asker, key, host_keys, stopped),
        }
    }

    fn log_in(
        &self,
        asker: &Asker,
        protocol: Protocol,
        credentials: &Credentials,
        stopped: Stopped<'_>,
    ) -> Result<Outcome, Failure> {
        let account = Account {
            user: &credentials.user,
            password: &credentials.password,
            database: credentials.database.as_deref(),
            may_be_clear: self.privacy != Privacy::Encrypted,
        };
        let talk = |peer: &Peer, encrypted: bool| {
            asker.net.talk(peer, stopped, |line| {
                if encrypted {
                    line.encrypt()?;
                }
                speak(protocol, line, &account)
            })
        };
        let attempt = |encrypted, patience| talk(&Peer { patience, ..self.peer.clone() }, encrypted);
        // These two agree on TLS in their own words.
        let negotiates = matches!(protocol, Protocol::Postgres | Protocol::Mysql);
        let login = match self.privacy {
            Privacy::Encrypted | Privacy::IfItCan if protocol == Protocol::MongodbSrv => {
                first_of(&self.servers(asker)?, |peer| talk(peer, true))
            }
            Privacy::Encrypted if !negotiates => attempt(true, None),
            Privacy::IfItCan if !negotiates => match attempt(true, Some(TLS_PATIENCE)) {
                Err(Failure::Broken | Failure::Timeout) => attempt(false, None),
                other => other,
            },
            _ => attempt(false, None),
        };
        login.map(Outcome::from)
    }

    /// The servers that the DNS lists for the host. Anybody may have answered in its place, so they count only below the host's own domain, as the drivers of `MongoDB` have it, and have to prove over
    /// TLS who they are: <https://github.com/mongodb/specifications/blob/master/source/initial-dns-seedlist-discovery/initial-dns-seedlist-discovery.md>.
    fn servers(&self, asker: &Asker) -> Result<Vec<Peer>, Failure> {
        let host = self.peer.host.to_ascii_lowercase();
        let domain = host.split_once('.').map_or("", |(_, domain)| domain);
        let listed = asker.net.servers(&format!("_mongodb._tcp.{host}"))?;
        let own = listed.into_iter().filter(|(server, _)| is_below(server, domain)).take(MOST_SERVERS);
        let peers: Vec<Peer> = own.map(|(host, port)| Peer { host, port, ..self.peer.clone() }).collect();
        if peers.is_empty() { Err(Failure::NoAddress) } else { Ok(peers) }
    }

    /// Whether the server knows the public half of a key, and does not know one that nobody has.
    fn show_key(
        &self,
        asker: &Asker,
        key: &ssh::PublicKey,
        host_keys: &HostKeys,
        stopped: Stopped<'_>,
    ) -> Result<Outcome, Failure> {
        let known = host_keys.as_ref().map(|keys| keys.iter().map(String::as_str).collect::<Vec<_>>());
        let query = |key: &ssh::PublicKey| {
            asker.net.talk(&self.peer, stopped, |line| ssh::query(line, FORGE_USER, key, known.as_deref()))
        };
        let login = query(key)?;
        if login != Login::Accepted {
            return Ok(login.into());
        }
        let unknown = |reason: &'static str| Ok(Outcome::Unknown(reason.into()));
        match key.made_up().map(|other| query(&other)).transpose()? {
            Some(Login::Rejected) if key.is_encrypted => {
                unknown("it is trusted there, but encrypted: whoever has its passphrase is let in")
            }
            Some(Login::Rejected) => Ok(Outcome::Accepted),
            Some(Login::Accepted) => unknown("the endpoint accepts anything"),
            _ => unknown("it was accepted, but the control probe was not refused"),
        }
    }
}

/// What the first of `peers` says that answers.
fn first_of(peers: &[Peer], talk: impl Fn(&Peer) -> Result<Login, Failure>) -> Result<Login, Failure> {
    let mut failed = Err(Failure::NoAddress);
    for peer in peers {
        match talk(peer) {
            Err(Failure::NoAddress | Failure::NoConnection | Failure::Timeout | Failure::Broken) if failed.is_err() => {
                failed = Err(Failure::NoConnection);
            }
            said => return said,
        }
    }
    failed
}

/// Whether `host` is a name below `domain`, which has two labels at least.
fn is_below(host: &str, domain: &str) -> bool {
    domain.contains('.') && host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

impl From<Login> for Outcome {
    fn from(login: Login) -> Self {
        match login {
            Login::Accepted => Self::Accepted,
            Login::Rejected => Self::Rejected,
            Login::Unknown(reason) => Self::Unknown(reason.into()),
        }
    }
}

/// How a host came to be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// By the rule.
    Named,
    /// By what was found.
    Found,
}

/// The host that a verification leads to, with its port where one is named, and who names it.
fn door(verification: &Verification, known: &Known<'_>) -> Result<(String, Door), Unfit> {
    let url = known.with_region(&verification.request.url);
    match placeholder::host(verification.protocol.scheme(), &url) {
        Ok(Host::Literal(host)) => Ok((host.to_ascii_lowercase(), Door::Named)),
        Ok(Host::Found) => {
            let host = text(known, "host")?.to_ascii_lowercase();
            let port = text(known, "port").ok().filter(|port| !port.is_empty());
            Ok((port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")), Door::Found))
        }
        _ => Err(Unfit::Address),
    }
}

fn text(known: &Known<'_>, name: &str) -> Result<String, Unfit> {
    String::from_utf8(known.part(name)?.to_vec()).map_err(|_| Unfit::Text)
}

/// `full`, taken apart; its address may be any.
fn peer(protocol: Protocol, full: &str) -> Result<Peer, Unfit> {
    let (host, port) = match full.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, port)) => (host, port.parse().map_err(|_| Unfit::Address)?),
        None => (full, usual_port(protocol)),
    };
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(fine) {
        return Err(Unfit::Address);
    }
    Ok(Peer { host: host.to_owned(), port, public: false, patience: None })
}

/// The port that a protocol is spoken on where none is named, by IANA's registry of service names.
fn usual_port(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Http | Protocol::Jwks => 443,
        Protocol::Postgres => 5432,
        Protocol::Mysql => 3306,
        Protocol::Mongodb | Protocol::MongodbSrv => 27017,
        Protocol::Redis => 6379,
        Protocol::Amqp => 5672,
        Protocol::Ssh => 22,
    }
}

fn errand(verification: &Verification, host: &str, known: &Known<'_>) -> Result<Errand, Unfit> {
    if verification.protocol == Protocol::Ssh {
        let key = ssh::PublicKey::of_private(known.secret()).ok_or(Unfit::Encoded)?;
        let keys = verification.host_keys.iter().filter(|(name, _)| name.eq_ignore_ascii_case(host));
        return Ok(Errand::Key(key, Some(keys.map(|(_, key)| key.clone().into_owned()).collect())));
    }
    let credentials = Credentials {
        // Some servers have a user for those who name none.
        user: known.part("user").map_or_else(|_| Zeroizing::default(), |user| decoded(&user)),
        password: decoded(known.secret()),
        database: text(known, "database").ok().filter(|name| !name.is_empty()),
    };
    Ok(Errand::Login(verification.protocol, credentials))
}

/// What an address has percent-encoded (RFC 3986, section 2.1), as connection strings are written.
fn decoded(text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(percent_decode(text).collect())
}

fn speak(protocol: Protocol, line: &mut Line, account: &Account<'_>) -> Result<Login, Failure> {
    match protocol {
        Protocol::Postgres => login::postgres(line, account),
        Protocol::Mysql => login::mysql(line, account).map(|login| match login {
            // Servers say the same of an account that is bound to other clients.
            Login::Rejected => {
                Login::Unknown("its server refuses it from here: it is wrong, or good for other clients")
            }
            other => other,
        }),
        Protocol::Mongodb | Protocol::MongodbSrv => login::mongodb(line, account),
        Protocol::Redis => login::redis(line, account),
        Protocol::Amqp => login::amqp(line, account),
        Protocol::Http | Protocol::Jwks | Protocol::Ssh => Ok(Login::Unknown("it is no login")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_another_domain_do_not_count() {
        assert!(is_below("c0-shard-00-00.abcde.mongodb.example", "abcde.mongodb.example"));
        for other in ["abcde.mongodb.example", "evil.example", "xabcde.mongodb.example", ".abcde.mongodb.example"] {
            assert!(!is_below(other, "abcde.mongodb.example"), "{other}");
        }
        // All that ends alike is no domain of anybody's.
        assert!(!is_below("a.example", "example"));
    }

    #[test]
    fn the_next_server_is_asked_where_one_does_not_answer() {
        let peer = |host: &str| Peer { host: host.to_owned(), port: 1, public: true, patience: None };
        let peers = ["down", "up", "other"].map(peer);
        let said = first_of(&peers, |peer| match peer.host.as_str() {
            "down" => Err(Failure::NoConnection),
            "up" => Ok(Login::Rejected),
            _ => panic!("nobody else is asked"),
        });
        assert_eq!(said, Ok(Login::Rejected));
        // Who cannot prove who he is, is not passed over.
        assert_eq!(first_of(&peers, |_| Err(Failure::Tls)), Err(Failure::Tls));
        assert_eq!(first_of(&peers, |_| Err(Failure::Timeout)), Err(Failure::NoConnection));
        assert_eq!(first_of(&[], |_| Err(Failure::Tls)), Err(Failure::NoAddress));
    }
}
