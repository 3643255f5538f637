//! Events and tokens for tests.

use std::sync::Arc;

use super::{
    event::{Event, Format, Matched, Origin, Outcome, Token},
    needle::of_id,
};

pub(super) fn event(at: i64) -> Event {
    Event {
        at: Some(at),
        origin: Origin { log: 0, line: 1, record: 0 },
        format: Format::Combined,
        address: None,
        forwarded: Arc::new([]),
        agent: None,
        action: "GET /".into(),
        object: None,
        outcome: Outcome::Allowed,
        status: Some(200),
        bytes: None,
        principal: None,
        token: Some(0),
        matched: Some(Matched::Value),
        persistence: None,
    }
}

pub(super) fn token(leaked_at: Option<i64>, revoked_at: Option<i64>) -> Token {
    Token {
        incident: None,
        rule: "made-up".into(),
        masked: "…".to_owned(),
        needles: vec![of_id("made-up-id").unwrap()],
        leaked_at,
        leaked_by: None,
        revoked_at,
        issued_at: None,
    }
}
