//! What logins are tried over.
//!
//! The protocols know a connection by this trait alone, so that tests can stand in for servers. The one to a real server is [`crate::net::Line`].

use super::message::MOST;
use crate::net::{Failure, Line};

/// A connection to a server, with a limit of time and bytes behind it.
pub(in crate::ask) trait Wire {
    /// Fills `buffer`.
    ///
    /// # Errors
    /// Where the server says less, or more than it may, or nothing in time.
    fn read(&mut self, buffer: &mut [u8]) -> Result<(), Failure>;

    /// Sends `bytes`.
    ///
    /// # Errors
    /// Where the server takes no more, or not in time.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure>;

    /// Whether what is said stays between both ends.
    fn is_encrypted(&self) -> bool;

    /// Goes over to TLS: the server has agreed.
    ///
    /// # Errors
    /// Where it does not after all, or is not who it should be.
    fn encrypt(&mut self) -> Result<(), Failure>;
}

impl dyn Wire + '_ {
    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let mut bytes = [0; N];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    /// The next `length` bytes: nobody who means well sends more than [`MOST`] in one message.
    pub(super) fn bytes(&mut self, length: usize) -> Result<Vec<u8>, Failure> {
        if length > MOST {
            return Err(Failure::Broken);
        }
        let mut bytes = vec![0; length];
        self.read(&mut bytes)?;
        Ok(bytes)
    }
}

impl Wire for Line {
    fn read(&mut self, buffer: &mut [u8]) -> Result<(), Failure> {
        Self::read(self, buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Self::write(self, bytes)
    }

    fn is_encrypted(&self) -> bool {
        Self::is_encrypted(self)
    }

    fn encrypt(&mut self) -> Result<(), Failure> {
        Self::encrypt(self)
    }
}

#[cfg(test)]
pub(super) mod scripted {
    use std::collections::VecDeque;

    use super::*;
    use crate::ask::login::Account;

    /// From what is written, to what is answered.
    type Answer<'s> = dyn FnMut(&[u8]) -> Vec<u8> + 's;

    /// A server that is a function.
    pub(crate) struct Scripted<'s> {
        answer: Box<Answer<'s>>,
        /// All that it said so far, and how much of it was read.
        said: Vec<u8>,
        read: usize,
        /// All that was written to it.
        pub(crate) heard: Vec<u8>,
        pub(crate) encrypted: bool,
        harm: Harm,
    }

    /// What becomes of the server's words on the way.
    #[derive(Clone, Copy)]
    pub(crate) enum Harm {
        None,
        /// They end after so many bytes.
        Cut(usize),
        /// A byte has a bit turned.
        Turned(usize, u8),
    }

    impl<'s> Scripted<'s> {
        /// One that begins with `greeting`.
        pub(crate) fn new(greeting: &[u8], answer: impl FnMut(&[u8]) -> Vec<u8> + 's) -> Self {
            Self {
                answer: Box::new(answer),
                said: greeting.to_vec(),
                read: 0,
                heard: Vec::new(),
                encrypted: false,
                harm: Harm::None,
            }
        }

        /// One that answers each writing with the next of `answers`.
        pub(crate) fn saying(greeting: &[u8], answers: &[Vec<u8>]) -> Self {
            let mut answers: VecDeque<_> = answers.to_vec().into();
            Self::new(greeting, move |_| answers.pop_front().unwrap_or_default())
        }

        /// The same, over TLS.
        pub(crate) fn encrypted(mut self) -> Self {
            self.encrypted = true;
            self
        }

        pub(crate) fn with(mut self, harm: Harm) -> Self {
            self.harm = harm;
            self
        }

        pub(crate) fn said(&self) -> usize {
            self.said.len()
        }
    }

    impl Wire for Scripted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> Result<(), Failure> {
            let end = self.read + buffer.len();
            let most = if let Harm::Cut(most) = self.harm { most } else { usize::MAX };
            if end > self.said.len().min(most) {
                return Err(Failure::Broken);
            }
            buffer.copy_from_slice(&self.said[self.read..end]);
            if let Harm::Turned(at, bit) = self.harm
                && (self.read..end).contains(&at)
            {
                buffer[at - self.read] ^= bit;
            }
            self.read = end;
            Ok(())
        }

        fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
            self.heard.extend_from_slice(bytes);
            self.said.extend((self.answer)(bytes));
            Ok(())
        }

        fn is_encrypted(&self) -> bool {
            self.encrypted
        }

        fn encrypt(&mut self) -> Result<(), Failure> {
            self.encrypted = true;
            Ok(())
        }
    }

    pub(crate) fn account<'a>(user: &'a str, password: &'a str) -> Account<'a> {
        Account { user: user.as_bytes(), password: password.as_bytes(), database: None, may_be_clear: true }
    }

    /// Has the words of `server` cut off and changed everywhere: `talk` has to end, whatever it says.
    pub(crate) fn harm<R>(server: impl Fn() -> Scripted<'static>, talk: impl Fn(&mut Scripted<'_>) -> R) {
        let mut whole = server();
        talk(&mut whole);
        for at in 0..whole.said() {
            for harm in [Harm::Cut(at), Harm::Turned(at, 0xff), Harm::Turned(at, 1 << (at % 8))] {
                talk(&mut server().with(harm));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{scripted::Scripted, *};

    #[test]
    fn long_messages_are_refused_unread() {
        let mut server = Scripted::new(&vec![0; 3 * MOST], |_| Vec::new());
        let wire: &mut dyn Wire = &mut server;
        assert_eq!(wire.bytes(MOST).map(|bytes| bytes.len()), Ok(MOST));
        assert_eq!(wire.bytes(MOST + 1), Err(Failure::Broken));
        assert_eq!(wire.array(), Ok([0; 4]));
    }
}
