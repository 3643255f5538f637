//! An event as bytes that sort as events do: by token, time, what happened, and where that was read.
//!
//! Numbers are big-endian. What is left out is a zero byte; what is there follows a one.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use crate::trace::event::{Event, Format, Matched, Origin, Outcome, Persistence};

/// How long an origin is, at a record's end: log, line, record.
const ORIGIN: usize = 4 + 8 + 4;
/// Where the token of an event without one sorts.
const NO_TOKEN: u64 = u64::MAX;

/// All of a record but its origin.
pub(super) fn content(record: &[u8]) -> &[u8] {
    &record[..record.len().saturating_sub(ORIGIN)]
}

/// The log that a record was read from, as bytes.
pub(super) fn log(record: &[u8]) -> &[u8] {
    let at = record.len().saturating_sub(ORIGIN);
    &record[at..at + 4]
}

/// Appends `event` to `out`.
pub(super) fn write(event: &Event, out: &mut Vec<u8>) {
    let mut out = Out(out);
    out.number(event.token.map_or(NO_TOKEN, |token| token as u64));
    // With the sign's bit turned, negative numbers sort before others.
    out.maybe(event.at, |out, at| out.number(at.cast_unsigned() ^ 1 << 63));
    out.byte(event.format as u8);
    out.maybe(event.address, Out::address);
    out.byte(u8::try_from(event.forwarded.len()).unwrap_or(u8::MAX));
    event.forwarded.iter().take(usize::from(u8::MAX)).for_each(|&address| out.address(address));
    out.maybe(event.agent.as_deref(), Out::text);
    out.text(&event.action);
    out.maybe(event.object.as_deref(), Out::text);
    out.byte(event.outcome as u8);
    out.maybe(event.status, |out, status| out.0.extend(status.to_be_bytes()));
    out.maybe(event.bytes, Out::number);
    out.maybe(event.principal.as_deref(), Out::text);
    out.maybe(event.matched, |out, matched| out.byte(matched as u8));
    out.maybe(event.persistence, |out, left| out.byte(left as u8));
    let Origin { log, line, record } = event.origin;
    out.0.extend(log.to_be_bytes());
    out.number(line);
    out.0.extend(record.to_be_bytes());
}

/// The event of a record that [`write()`] wrote; nothing where the bytes are no such record.
pub(super) fn read(record: &[u8]) -> Option<Event> {
    let mut bytes = In(record);
    let token = bytes.number()?;
    let at = bytes.maybe(In::number)?.map(|at| (at ^ 1 << 63).cast_signed());
    let format = bytes.one_of(Format::ALL)?;
    let address = bytes.maybe(In::address)?;
    let claimed = bytes.byte()?;
    let forwarded = (0..claimed).map(|_| bytes.address()).collect::<Option<_>>()?;
    Some(Event {
        token: (token != NO_TOKEN).then(|| usize::try_from(token).unwrap_or(usize::MAX)),
        at,
        format,
        address,
        forwarded,
        agent: bytes.maybe(In::text)?,
        action: bytes.text()?,
        object: bytes.maybe(In::text)?,
        outcome: bytes.one_of(Outcome::ALL)?,
        status: bytes.maybe(|bytes| bytes.array().map(u16::from_be_bytes))?,
        bytes: bytes.maybe(In::number)?,
        principal: bytes.maybe(In::text)?,
        matched: bytes.maybe(|bytes| bytes.one_of(Matched::ALL))?,
        persistence: bytes.maybe(|bytes| bytes.one_of(Persistence::ALL))?,
        origin: Origin {
            log: bytes.array().map(u32::from_be_bytes)?,
            line: bytes.number()?,
            record: bytes.array().map(u32::from_be_bytes)?,
        },
    })
}

struct Out<'o>(&'o mut Vec<u8>);

impl Out<'_> {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn number(&mut self, number: u64) {
        self.0.extend(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.0.extend(length.to_be_bytes());
        self.0.extend(&text.as_bytes()[..length as usize]);
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => {
                self.byte(4);
                self.0.extend(address.octets());
            }
            IpAddr::V6(address) => {
                self.byte(6);
                self.0.extend(address.octets());
            }
        }
    }

    fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(value.is_some().into());
        if let Some(value) = value {
            write(self, value);
        }
    }
}

struct In<'b>(&'b [u8]);

impl In<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn text(&mut self) -> Option<Arc<str>> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(str::from_utf8(text).ok()?.into())
    }

    fn address(&mut self) -> Option<IpAddr> {
        match self.byte()? {
            4 => self.array().map(|octets: [u8; 4]| Ipv4Addr::from(octets).into()),
            6 => self.array().map(|octets: [u8; 16]| Ipv6Addr::from(octets).into()),
            _ => None,
        }
    }

    #[expect(clippy::option_option, reason = "wrong bytes are not a value that is left out")]
    /// Nothing where the bytes are wrong; nothing within where nothing was written.
    fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::from(self.byte()?)).copied()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::samples::event;

    pub(in crate::trace::store) fn any_event() -> impl Strategy<Value = Event> {
        let text = || prop::option::of("[a-z]{0,3}".prop_map(|text| Arc::from(text.as_str())));
        let who = (prop::option::of(any::<IpAddr>()), prop::collection::vec(any::<IpAddr>(), 0..3), text(), text());
        let what = (text(), text(), 0..Outcome::ALL.len(), prop::option::of(100u16..600));
        let token = prop::option::of(0usize..3);
        let left = prop::option::of(prop::sample::select(Persistence::ALL.to_vec()));
        (prop::option::of(any::<i64>()), who, what, token, left).prop_map(|(at, who, what, token, persistence)| Event {
            at,
            address: who.0,
            forwarded: who.1.into(),
            agent: who.2,
            principal: who.3,
            action: what.0.unwrap_or_default(),
            object: what.1,
            outcome: Outcome::ALL[what.2],
            status: what.3,
            token,
            matched: token.map(|_| Matched::KeyId),
            persistence,
            ..event(0)
        })
    }

    proptest! {
        #[test]
        fn records_hold_all_of_an_event(event in any_event()) {
            let mut record = Vec::new();
            write(&event, &mut record);
            prop_assert_eq!(read(&record), Some(event));
        }

        #[test]
        fn other_bytes_are_no_event_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
