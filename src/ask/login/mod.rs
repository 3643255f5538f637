//! Whether a user name and a password still log in to a server that does not speak HTTP.
//!
//! Each protocol has a function that logs in as any client would, and leaves. It queries nothing, so it reads and changes nothing but what the server itself keeps of logins. A password goes
//! over the wire only as the protocol's own proof of it, or over TLS; in clear alone where [`Account::may_be_clear`] says so. Which server is talked to, over which [`Wire`], and whether a
//! control probe has to back an [`Accepted`](Login::Accepted), is for others to say.
//!
//! A [`Rejected`](Login::Rejected) is no more than the server's own word. Several servers say of an account that may log in from elsewhere alone what they say of a wrong password, lest
//! somebody learn which accounts there are: `MySQL`, `MongoDB` and `RabbitMQ` do; `MySQL` also of one that has to show a certificate.

mod amqp;
mod bson;
mod message;
mod mongodb;
mod mysql;
mod postgres;
mod redis;
mod scram;
pub(super) mod ssh;
mod wire;

use crate::net::Failure;

pub(super) use amqp::amqp;
pub(super) use mongodb::mongodb;
pub(super) use mysql::mysql;
pub(super) use postgres::postgres;
pub(super) use redis::redis;
pub(super) use wire::Wire;

/// Why a name or password is not sent.
const UNFIT: End = End::unknown("it has a byte that the protocol has no place for");
/// Why a server that agreed is not believed.
const UNPROVEN: End = End::unknown("its server cannot prove that it knows the password");
/// Why an answer does not count.
const UNASKED: End = End::unknown("its server asks nobody for a password");
/// What is said where there is nothing better to say.
const OTHERWISE: End = End::unknown("its server refuses for a reason of its own");

/// Whose login is tried.
pub(in crate::ask) struct Account<'a> {
    /// The user's name; empty where the server is to take its default.
    pub(in crate::ask) user: &'a [u8],
    /// The password.
    pub(in crate::ask) password: &'a [u8],
    /// The database that the login is for: with `MongoDB`, the one that knows the user.
    pub(in crate::ask) database: Option<&'a str>,
    /// Whether the server may be talked to in clear: one on this machine, or one that the user called private.
    pub(in crate::ask) may_be_clear: bool,
}

/// What a server says of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ask) enum Login {
    /// It lets the user in.
    Accepted,
    /// It says that user or password are wrong.
    Rejected,
    /// Neither, for this reason.
    Unknown(&'static str),
}

/// How a conversation ends before its last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It is known what becomes of the login.
    Login(Login),
    /// There is nobody to talk to any more.
    Failure(Failure),
}

impl End {
    /// Nobody knows, for this reason.
    const fn unknown(why: &'static str) -> Self {
        Self::Login(Login::Unknown(why))
    }

    /// What it comes to.
    fn settle(self) -> Result<Login, Failure> {
        match self {
            Self::Login(login) => Ok(login),
            Self::Failure(failure) => Err(failure),
        }
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Account<'_> {
    /// Goes on only where nobody else hears what is said to the server, or may.
    fn check_privacy(&self, wire: &dyn Wire) -> Result<(), End> {
        if wire.is_encrypted() || self.may_be_clear {
            return Ok(());
        }
        Err(End::unknown("its server would be talked to in clear"))
    }

    /// Goes on only where no part of it has a zero byte, with which the protocol ends texts.
    fn check_zeros(&self) -> Result<(), End> {
        let parts = [self.user, self.password, self.database.unwrap_or_default().as_bytes()];
        if parts.iter().any(|part| part.contains(&0)) { Err(UNFIT) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        wire::scripted::{Scripted, account},
        *,
    };

    type Protocol = fn(&mut dyn Wire, &Account<'_>) -> Result<Login, Failure>;

    #[test]
    fn noise_ends() {
        let protocols: [Protocol; 5] = [amqp, mongodb, mysql, postgres, redis];
        // Bytes that servers begin with, and such that make a length short.
        let likely = *b"\0\0\0\x01\x04\x05\x08\x0a\x0c\x1fSRENZ+-\r\n\xce\xfe\xff";
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            likely[usize::try_from(state >> 33).unwrap() % likely.len()]
        };
        for protocol in protocols {
            for _ in 0..5000 {
                let noise: Vec<_> = (0..120).map(|_| next()).collect();
                let mut server = Scripted::saying(&noise[..60], &[noise[60..].to_vec()]);
                assert_ne!(protocol(&mut server, &account("alice", "secret")), Ok(Login::Accepted));
            }
        }
    }
}
