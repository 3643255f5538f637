//! JSON as it goes by: its keys, texts and brackets, for documents that are too large to be held.
//!
//! A document is not checked in all its grammar: what is told is right for one that is well formed, and another ends as a [`Problem`] or
//! is read as far as its brackets go. Memory is bounded by [`DEEPEST`] and [`LONGEST`].

/// Deeper brackets are a problem.
const DEEPEST: usize = 256;
/// Of a longer text, the first bytes are told.
const LONGEST: usize = 16 << 10;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// The name of what follows.
    Key(&'t [u8]),
    /// A text, and where its first byte is.
    Text(&'t [u8], u64),
    /// An object or a list begins.
    Open,
    /// It ends.
    Close,
}

/// Why a document is not read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    /// Something stands where nothing may.
    #[error("it is no JSON from byte {0} on")]
    Stray(u64),
    /// It ends before its brackets are closed.
    #[error("it ends in the middle")]
    CutOff,
    /// Its brackets are too deep.
    #[error("its brackets are more than {DEEPEST} deep")]
    TooDeep,
}

/// A document while it is read.
#[derive(Debug, Default)]
pub(super) struct Json {
    /// Of each open bracket, whether it is an object's.
    open: Vec<bool>,
    state: State,
    /// Whether the next text is a name.
    names: bool,
    text: Vec<u8>,
    began: u64,
    at: u64,
    is_done: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    Text,
    Escape,
    /// So many digits of a code are still to come, behind these.
    Code(u8, u32),
}

impl Json {
    /// Reads `bytes`, which follow those before, and tells `each` what is in them.
    pub(super) fn push(&mut self, bytes: &[u8], each: &mut dyn FnMut(Token<'_>)) -> Result<(), Problem> {
        let mut rest = bytes;
        while let Some((&byte, behind)) = rest.split_first() {
            match self.state {
                State::Between => self.between(byte, each)?,
                State::Text => {
                    let plain = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                    self.write(&rest[..plain]);
                    self.at += plain as u64;
                    rest = &rest[plain..];
                    let Some((&byte, behind)) = rest.split_first() else { break };
                    if byte == b'"' {
                        self.end_of_text(each);
                    } else {
                        self.state = State::Escape;
                    }
                    self.at += 1;
                    rest = behind;
                    continue;
                }
                State::Escape => self.escape(byte),
                State::Code(left, code) => self.code(byte, left, code)?,
            }
            self.at += 1;
            rest = behind;
        }
        Ok(())
    }

    /// What is wrong with its end.
    pub(super) fn finish(&self) -> Option<Problem> {
        (!self.is_done).then_some(Problem::CutOff)
    }

    fn between(&mut self, byte: u8, each: &mut dyn FnMut(Token<'_>)) -> Result<(), Problem> {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            // What some editors write before a text.
            0xEF | 0xBB | 0xBF if self.at < 3 => {}
            _ if self.is_done => return Err(Problem::Stray(self.at)),
            b'{' | b'[' => {
                if self.open.len() == DEEPEST {
                    return Err(Problem::TooDeep);
                }
                self.open.push(byte == b'{');
                self.names = byte == b'{';
                each(Token::Open);
            }
            b'}' | b']' => {
                if self.open.pop() != Some(byte == b'}') {
                    return Err(Problem::Stray(self.at));
                }
                self.is_done = self.open.is_empty();
                each(Token::Close);
            }
            b'"' if !self.open.is_empty() => {
                self.text.clear();
                self.began = self.at + 1;
                self.state = State::Text;
            }
            b':' => self.names = false,
            b',' => self.names = self.open.last() == Some(&true),
            b'+' | b'-' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E' if !self.open.is_empty() => {}
            _ => return Err(Problem::Stray(self.at)),
        }
        Ok(())
    }

    fn end_of_text(&mut self, each: &mut dyn FnMut(Token<'_>)) {
        self.state = State::Between;
        each(if self.names { Token::Key(&self.text) } else { Token::Text(&self.text, self.began) });
    }

    fn escape(&mut self, byte: u8) {
        self.state = State::Text;
        match byte {
            b'b' => self.write(b"\x08"),
            b'f' => self.write(b"\x0C"),
            b'n' => self.write(b"\n"),
            b'r' => self.write(b"\r"),
            b't' => self.write(b"\t"),
            b'u' => self.state = State::Code(4, 0),
            _ => self.write(&[byte]),
        }
    }

    fn code(&mut self, byte: u8, left: u8, code: u32) -> Result<(), Problem> {
        let digit = char::from(byte).to_digit(16).ok_or(Problem::Stray(self.at))?;
        let code = (code << 4) | digit;
        if left > 1 {
            self.state = State::Code(left - 1, code);
            return Ok(());
        }
        self.state = State::Text;
        // Half of a pair says nothing here: no header has any.
        let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.write(letter.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) {
        let room = LONGEST - self.text.len();
        self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is told of `text`, which comes `step` bytes at a time.
    fn told(text: &[u8], step: usize) -> (Vec<String>, Option<Problem>) {
        let (mut json, mut told) = (Json::default(), Vec::new());
        for piece in text.chunks(step) {
            let mut each = |token: Token<'_>| {
                told.push(match token {
                    Token::Key(key) => format!("{}:", String::from_utf8_lossy(key)),
                    Token::Text(text, at) => format!("{}@{at}", String::from_utf8_lossy(text)),
                    Token::Open => "(".to_owned(),
                    Token::Close => ")".to_owned(),
                });
            };
            if let Err(problem) = json.push(piece, &mut each) {
                return (told, Some(problem));
            }
        }
        (told, json.finish())
    }

    #[test]
    fn keys_texts_and_brackets_are_told_however_it_is_cut() {
        let text = br#"{"a": ["x\"\u00e9\n", 1.5e+3, null], "b": {"c": "d"}}"#;
        let expected = ["(", "a:", "(", "x\"\u{e9}\n@8", ")", "b:", "(", "c:", "d@49", ")", ")"];
        for step in [1, 2, 3, 7, 100] {
            assert_eq!(told(text, step), (expected.map(str::to_owned).to_vec(), None), "{step}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let problem = |text: &[u8]| told(text, 5).1;
        assert_eq!(problem(b"{\"a\": \"b"), Some(Problem::CutOff));
        assert_eq!(problem(b""), Some(Problem::CutOff));
        assert_eq!(problem(b"{\"a\": ]"), Some(Problem::Stray(6)));
        assert_eq!(problem(b"../other.har"), Some(Problem::Stray(0)));
        assert_eq!(problem(b"{} x"), Some(Problem::Stray(3)));
        assert_eq!(problem(&[b'['; 2_000]), Some(Problem::TooDeep));
        assert_eq!(problem(b"{\"\\u00zz\": 1}"), Some(Problem::Stray(6)));
    }

    #[test]
    fn of_a_long_text_the_beginning_is_told() {
        let text = format!("[\"{}\"]", "x".repeat(3 * LONGEST));
        let (told, problem) = told(text.as_bytes(), 1000);
        assert_eq!((told[1].len(), problem), (LONGEST + "@2".len(), None));
    }

    proptest! {
        /// Whatever comes, however it is cut, the same is told, and nothing breaks.
        #[test]
        fn cuts_make_no_difference(text in "[\\[\\]{}\":,\\\\a-fu0-9 \u{e9}]{0,60}", step in 1_usize..20) {
            prop_assert_eq!(told(text.as_bytes(), step), told(text.as_bytes(), 1000));
        }
    }
}
