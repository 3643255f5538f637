//! The transport layer: versions, and packets in both directions.
//!
//! <https://www.rfc-editor.org/rfc/rfc4253>. It bounds what a server may send, passes over what says nothing, and gives up where the server does. How packets are sealed is left to
//! [`super::cipher`], how keys are agreed upon to [`super::kex`], and what messages ask and answer to [`super`].

use ring::rand::{SecureRandom, SystemRandom};

use super::{
    Stop, Wire,
    cipher::{Cipher, HEAD},
    message,
    pack::{Reader, Writer},
};
use crate::net::Failure;

/// What this program says that it is.
pub(super) const VERSION: &[u8] = b"SSH-2.0-stanch";

/// How much a server may send in all, in bytes.
const MOST_READ: usize = 128 << 10;
/// How long a packet may be, as its length says: <https://www.rfc-editor.org/rfc/rfc4253#section-6.1>.
const MOST_PACKET: usize = 35_000;
/// The least bytes of padding in a packet.
const LEAST_PADDING: usize = 4;
/// How many lines a server may send up to its version.
const MOST_LINES: usize = 32;
/// How long each may be.
const MOST_LINE: usize = 1024;

/// A connection to a server.
pub(super) struct Transport<'w> {
    /// What it goes over.
    wire: &'w mut dyn Wire,
    /// How much the server may still send.
    left: usize,
    /// What this side sends.
    sent: Way,
    /// What the server does.
    received: Way,
    /// Whether only what has to come may come.
    is_strict: bool,
}

/// One direction.
struct Way {
    /// What seals its packets.
    cipher: Cipher,
    /// The number of the next packet.
    number: u32,
}

impl Way {
    /// Before the first packet.
    fn new() -> Self {
        Self { cipher: Cipher::None, number: 0 }
    }
}

impl<'w> Transport<'w> {
    /// One over `wire`, on which nothing was said yet.
    pub(super) fn new(wire: &'w mut dyn Wire) -> Self {
        Self { wire, left: MOST_READ, sent: Way::new(), received: Way::new(), is_strict: false }
    }

    /// Says what this program is, and returns what the server says of itself.
    pub(super) fn greet(&mut self) -> Result<Vec<u8>, Stop> {
        self.wire.write(&[VERSION, b"\r\n"].concat())?;
        for _ in 0..MOST_LINES {
            let line = self.line()?;
            if line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-") {
                return Ok(line);
            }
            if line.starts_with(b"SSH-") {
                return Err(Stop::Unknown("its host speaks another version of SSH"));
            }
        }
        Err(Failure::Broken.into())
    }

    /// A line, without its end.
    fn line(&mut self) -> Result<Vec<u8>, Failure> {
        let mut line = Vec::new();
        while line.len() < MOST_LINE {
            let mut byte = [0];
            self.fill(&mut byte)?;
            if byte == *b"\n" {
                line.pop_if(|last| *last == b'\r');
                return Ok(line);
            }
            line.extend(byte);
        }
        Err(Failure::Broken)
    }

    /// Sends `message`.
    pub(super) fn send(&mut self, message: &[u8]) -> Result<(), Failure> {
        let Way { cipher, number } = &mut self.sent;
        let counted = cipher.counted_head() + 1 + message.len() + LEAST_PADDING;
        let padding = LEAST_PADDING + counted.next_multiple_of(cipher.block()) - counted;
        let random: [u8; 32] = random()?;
        let said = u8::try_from(padding).map_err(|_| Failure::Broken)?;
        let body = Writer::default().byte(said).raw(message).raw(&random[..padding]).done();
        let sealed = cipher.seal(*number, Writer::default().string(&body).done()).ok_or(Failure::Broken)?;
        *number = number.wrapping_add(1);
        self.wire.write(&sealed)
    }

    /// The next message that says something.
    pub(super) fn receive(&mut self) -> Result<Vec<u8>, Stop> {
        loop {
            let message = self.packet()?;
            match *message.first().ok_or(Failure::Broken)? {
                message::DISCONNECT => return Err(Stop::Unknown(farewell(&message))),
                message::IGNORE | message::DEBUG | message::UNIMPLEMENTED if self.is_strict => {
                    return Err(Failure::Broken.into());
                }
                message::IGNORE | message::DEBUG => {}
                message::UNIMPLEMENTED => return Err(Stop::Unknown("its host does not know what it was asked")),
                _ => return Ok(message),
            }
        }
    }

    /// The next message, which is of the kind `number`.
    pub(super) fn expect(&mut self, number: u8) -> Result<Vec<u8>, Stop> {
        let message = self.receive()?;
        if message.first() == Some(&number) { Ok(message) } else { Err(Failure::Broken.into()) }
    }

    /// Begins to be strict, which only a server may ask for whose first packet was its last one until now: <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL>, section 1.10.
    pub(super) fn be_strict(&mut self) -> Result<(), Failure> {
        self.is_strict = true;
        if self.received.number == 1 { Ok(()) } else { Err(Failure::Broken) }
    }

    /// Seals what is sent from now on.
    pub(super) fn seal(&mut self, cipher: Cipher) {
        self.sent = Way { cipher, number: if self.is_strict { 0 } else { self.sent.number } };
    }

    /// Opens what is received from now on. Keys are agreed upon, so other messages may come in between.
    pub(super) fn open(&mut self, cipher: Cipher) {
        self.received = Way { cipher, number: if self.is_strict { 0 } else { self.received.number } };
        self.is_strict = false;
    }

    /// Says farewell, which nobody has to hear.
    pub(super) fn leave(mut self) {
        let farewell = Writer::message(message::DISCONNECT).number(message::BY_APPLICATION).string(b"").string(b"");
        self.send(&farewell.done()).ok();
    }

    /// What is in the next packet.
    fn packet(&mut self) -> Result<Vec<u8>, Failure> {
        let mut head = [0; HEAD];
        self.fill(&mut head)?;
        let Way { cipher, number } = &self.received;
        let length = usize::try_from(cipher.length(*number, head)).map_err(|_| Failure::Broken)?;
        if length > MOST_PACKET || !(cipher.counted_head() + length).is_multiple_of(cipher.block()) {
            return Err(Failure::Broken);
        }
        let mut packet = vec![0; HEAD + length + cipher.tag()];
        let (start, rest) = packet.split_at_mut(HEAD);
        start.copy_from_slice(&head);
        self.fill(rest)?;
        let Way { cipher, number } = &mut self.received;
        let body = cipher.open(*number, &mut packet).ok_or(Failure::Broken)?;
        *number = number.wrapping_add(1);
        unpadded(body).ok_or(Failure::Broken)
    }

    /// Fills `buffer` with what the server sends.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Failure> {
        self.left = self.left.checked_sub(buffer.len()).ok_or(Failure::Broken)?;
        self.wire.read(buffer)
    }
}

/// Random bytes.
pub(super) fn random<const COUNT: usize>() -> Result<[u8; COUNT], Failure> {
    let mut bytes = [0; COUNT];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Failure::Broken)?;
    Ok(bytes)
}

/// The message in a packet's body.
fn unpadded(body: &[u8]) -> Option<Vec<u8>> {
    let (padding, rest) = body.split_first()?;
    let length = rest.len().checked_sub(usize::from(*padding))?;
    (usize::from(*padding) >= LEAST_PADDING).then(|| rest[..length].to_vec())
}

/// Why a server disconnects: <https://www.rfc-editor.org/rfc/rfc4253#section-11.1>.
fn farewell(message: &[u8]) -> &'static str {
    let mut reader = Reader::new(message);
    match reader.byte().and(reader.number()) {
        Some(3) => "its host closed the connection: no keys agreed upon",
        Some(7) => "its host closed the connection: service not available",
        Some(8) => "its host closed the connection: version not supported",
        Some(12) => "its host closed the connection: too many connections",
        Some(13 | 14) => "its host closed the connection: no way left to log in",
        Some(15) => "its host closed the connection: no such user",
        _ => "its host closed the connection",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_where_its_padding_begins() {
        assert_eq!(unpadded(&[4, 20, 21, 0, 0, 0, 0]), Some(vec![20, 21]));
        assert_eq!(unpadded(&[5, 0, 0, 0, 0, 0]), Some(vec![]));
        for wrong in [&[][..], &[3, 20, 0, 0, 0], &[6, 0, 0, 0, 0, 0], &[255, 1]] {
            assert_eq!(unpadded(wrong), None);
        }
    }
}
