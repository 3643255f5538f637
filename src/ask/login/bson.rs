//! As much of BSON as a login needs.
//!
//! <https://bsonspec.org/spec.html>. Of what is read, values are looked at where they lie, and what nobody asks for is passed over.

use zeroize::Zeroizing;

use super::message::Message;
use crate::net::Failure;

/// What kind a value is, by its number.
mod kind {
    pub(super) const DOUBLE: u8 = 0x01;
    pub(super) const TEXT: u8 = 0x02;
    pub(super) const DOCUMENT: u8 = 0x03;
    pub(super) const ARRAY: u8 = 0x04;
    pub(super) const BINARY: u8 = 0x05;
    pub(super) const BOOLEAN: u8 = 0x08;
    pub(super) const INT32: u8 = 0x10;
    pub(super) const INT64: u8 = 0x12;
}

/// A document that is being written.
#[derive(Default)]
pub(super) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    pub(super) fn int32(self, name: &str, value: i32) -> Self {
        self.put(kind::INT32, name, &[&value.to_le_bytes()])
    }

    pub(super) fn boolean(self, name: &str, value: bool) -> Self {
        self.put(kind::BOOLEAN, name, &[&[u8::from(value)]])
    }

    pub(super) fn text(self, name: &str, value: &str) -> Result<Self, Failure> {
        let length = length(value.len() + 1)?;
        Ok(self.put(kind::TEXT, name, &[&length, value.as_bytes(), &[0]]))
    }

    pub(super) fn binary(self, name: &str, value: &[u8]) -> Result<Self, Failure> {
        let length = length(value.len())?;
        Ok(self.put(kind::BINARY, name, &[&length, &[0], value]))
    }

    pub(super) fn document(self, name: &str, value: Self) -> Result<Self, Failure> {
        let value = value.finish()?;
        Ok(self.put(kind::DOCUMENT, name, &[&value]))
    }

    /// The document, with its length and end.
    pub(super) fn finish(self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let length = length(self.0.len() + 5)?;
        Ok(Zeroizing::new([&length, self.0.as_slice(), &[0]].concat()))
    }

    /// Adds a field, whose value is all of `value`.
    fn put(self, kind: u8, name: &str, value: &[&[u8]]) -> Self {
        let parts = [self.0.as_slice(), &[kind], name.as_bytes(), &[0]];
        Self(Zeroizing::new([parts.as_slice(), value].concat().concat()))
    }
}

/// A length as it is written.
fn length(length: usize) -> Result<[u8; 4], Failure> {
    i32::try_from(length).map(i32::to_le_bytes).map_err(|_| Failure::Broken)
}

/// A value that was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'d> {
    Double(f64),
    Int32(i32),
    Boolean(bool),
    Text(&'d str),
    /// A document, or an array: a document whose names count up.
    Document(Document<'d>),
    Binary(&'d [u8]),
    /// One that a login has no use for.
    Other,
}

impl Value<'_> {
    /// Whether it says yes: servers do so with each of these.
    pub(super) fn is_yes(self) -> bool {
        matches!(self, Self::Double(1.0) | Self::Int32(1) | Self::Boolean(true))
    }
}

/// A document that was read: its fields, without length and end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Document<'d>(&'d [u8]);

impl<'d> Document<'d> {
    /// The document that `message` begins with.
    pub(super) fn read(message: &mut Message<'d>) -> Result<Self, Failure> {
        let length = size(message)?.checked_sub(4).ok_or(Failure::Broken)?;
        match message.take(length)?.split_last() {
            Some((0, fields)) => Ok(Self(fields)),
            _ => Err(Failure::Broken),
        }
    }

    /// The value of this name; `Other` where there is none.
    pub(super) fn get(self, name: &str) -> Result<Value<'d>, Failure> {
        let mut message = Message::new(self.0);
        while !message.rest().is_empty() {
            let (found, value) = field(&mut message)?;
            if found == name.as_bytes() {
                return Ok(value);
            }
        }
        Ok(Value::Other)
    }

    /// All values, in order.
    pub(super) fn values(self) -> Result<Vec<Value<'d>>, Failure> {
        let mut message = Message::new(self.0);
        let mut values = Vec::new();
        while !message.rest().is_empty() {
            values.push(field(&mut message)?.1);
        }
        Ok(values)
    }
}

/// A name, and its value.
fn field<'d>(message: &mut Message<'d>) -> Result<(&'d [u8], Value<'d>), Failure> {
    let kind = message.byte()?;
    let name = message.text()?;
    let value = match kind {
        kind::DOUBLE => Value::Double(f64::from_le_bytes(message.array()?)),
        kind::INT32 => Value::Int32(i32::from_le_bytes(message.array()?)),
        kind::BOOLEAN => Value::Boolean(message.byte()? != 0),
        kind::TEXT => Value::Text(text(message)?),
        kind::DOCUMENT | kind::ARRAY => Value::Document(Document::read(message)?),
        kind::BINARY => {
            let length = size(message)?;
            message.byte()?;
            Value::Binary(message.take(length)?)
        }
        other => {
            pass_over(other, message)?;
            Value::Other
        }
    };
    Ok((name, value))
}

/// Passes over a value that is not looked at.
fn pass_over(kind: u8, message: &mut Message<'_>) -> Result<(), Failure> {
    let length = match kind {
        // Undefined, null, the least and the greatest key.
        0x06 | 0x0a | 0xff | 0x7f => 0,
        // A date, a timestamp, a long number.
        0x09 | 0x11 | kind::INT64 => 8,
        // An object's id.
        0x07 => 12,
        // A decimal number.
        0x13 => 16,
        // A regular expression: two texts.
        0x0b => {
            message.text()?;
            message.text()?;
            0
        }
        // Code, a symbol, a pointer.
        0x0d | 0x0e => size(message)?,
        0x0c => size(message)?.checked_add(12).ok_or(Failure::Broken)?,
        // Code with its scope.
        0x0f => size(message)?.checked_sub(4).ok_or(Failure::Broken)?,
        _ => return Err(Failure::Broken),
    };
    message.take(length).map(drop)
}

/// A text, which says how long it is and ends with a zero byte all the same.
fn text<'d>(message: &mut Message<'d>) -> Result<&'d str, Failure> {
    let length = size(message)?;
    match message.take(length)?.split_last() {
        Some((0, text)) => str::from_utf8(text).map_err(|_| Failure::Broken),
        _ => Err(Failure::Broken),
    }
}

/// A length.
fn size(message: &mut Message<'_>) -> Result<usize, Failure> {
    usize::try_from(i32::from_le_bytes(message.array()?)).map_err(|_| Failure::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_example() {
        let written = Writer::default().text("hello", "world").unwrap().finish().unwrap();
        assert_eq!(*written, b"\x16\x00\x00\x00\x02hello\x00\x06\x00\x00\x00world\x00\x00");
        let document = Document::read(&mut Message::new(&written)).unwrap();
        assert_eq!(document.get("hello"), Ok(Value::Text("world")));
        assert_eq!(document.get("world"), Ok(Value::Other));
    }

    #[test]
    fn what_is_written_is_read() {
        let inner = Writer::default().boolean("yes", true);
        let written = Writer::default().int32("a", -7).binary("b", b"xyz").unwrap().document("c", inner).unwrap();
        let written = written.finish().unwrap();
        let document = Document::read(&mut Message::new(&written)).unwrap();
        assert_eq!(document.get("a"), Ok(Value::Int32(-7)));
        assert_eq!(document.get("b"), Ok(Value::Binary(b"xyz")));
        let Ok(Value::Document(inner)) = document.get("c") else { unreachable!("a document") };
        assert_eq!(inner.values(), Ok(vec![Value::Boolean(true)]));
    }

    #[test]
    fn what_nobody_asks_for_is_passed_over() {
        let values: [&[u8]; 14] = [
            b"\x06a\0",
            b"\x0aa\0",
            b"\xffa\0",
            b"\x7fa\0",
            b"\x09a\0abcdefgh",
            b"\x11a\0abcdefgh",
            b"\x12a\0abcdefgh",
            b"\x07a\0abcdefgh9012",
            b"\x13a\0abcdefgh90123456",
            b"\x0ba\0x\0i\0",
            b"\x0da\0\x02\0\0\0x\0",
            b"\x0ea\0\x02\0\0\0x\0",
            b"\x0ca\0\x02\0\0\0x\0abcdefghijkl",
            b"\x0fa\0\x0f\0\0\0\x02\0\0\0x\0\x05\0\0\0\0",
        ];
        for value in values {
            let fields = [value, b"\x08last\0\x01"].concat();
            assert_eq!(Document(&fields).get("last"), Ok(Value::Boolean(true)), "{value:?}");
            for end in 1..value.len() {
                assert_eq!(Document(&value[..end]).get("last"), Err(Failure::Broken), "{value:?}");
            }
        }
    }

    #[test]
    fn lengths_that_lie_are_found_out() {
        for bytes in
            [&b""[..], b"\x04\0\0\0", b"\x05\0\0\0\x01", b"\xff\xff\xff\xff\0", b"\xff\xff\xff\x7f\0", b"\x06\0\0\0\0"]
        {
            assert_eq!(Document::read(&mut Message::new(bytes)), Err(Failure::Broken), "{bytes:?}");
        }
        for field in [&b"\x02a\0\0\0\0\0"[..], b"\x02a\0\xff\xff\xff\x7fx\0", b"\x05a\0\xff\xff\xff\xff\0", b"\x20a\0"]
        {
            assert_eq!(Document(field).get("b"), Err(Failure::Broken), "{field:?}");
        }
    }
}
