//! The bytes of a leaked token, which never print themselves (law 3).
//!
//! [`Secret`] is their only owner: masked in `Debug` and `Display`, wiped when dropped. Whoever needs the raw value says
//! [`Secret::expose`], which is what a review looks for. Escaping for a terminal or a document is the reporter's.

use std::fmt;

use zeroize::Zeroize;

/// Tokens shorter than this show nothing of themselves, in bytes.
const SHORTEST_SHOWN: usize = 16;
/// How many bytes at the end of a shown token stay readable.
const TAIL: usize = 4;
/// What stands for the hidden bytes.
const ELLIPSIS: &str = "…";

/// The bytes that a rule took for a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret {
    bytes: Box<[u8]>,
    shown: Shown,
    /// The masked form of one whose value is not known.
    recalled: Option<Box<str>>,
}

/// How much of a secret its masked form shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shown {
    /// Nothing, not even the length: passwords.
    Nothing,
    /// The public prefix of so many bytes, and the last four.
    Ends {
        /// Length of the prefix that every token of this kind has, in bytes.
        prefix: usize,
    },
}

impl Secret {
    /// Takes over a copy of `bytes`; `shown` says how much of it may be printed.
    pub fn new(bytes: &[u8], shown: Shown) -> Self {
        Self { bytes: bytes.into(), shown, recalled: None }
    }

    /// A secret of which nothing but this masked form was kept.
    pub fn recalled(masked: &str) -> Self {
        Self { bytes: Box::default(), shown: Shown::Nothing, recalled: Some(masked.into()) }
    }

    /// Whether its value is known. Of one that is only recalled, nothing can be asked, hashed or shown.
    pub fn is_known(&self) -> bool {
        self.recalled.is_none()
    }

    /// The raw value. For `--show-secrets`, for hashing an identity, and for requests that the user asked for; nothing else.
    /// Empty where it is not known.
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// The form that may be printed anywhere: the public prefix and the last four bytes around an ellipsis for tokens of
    /// 16 bytes and more, an ellipsis alone for shorter ones and for passwords. Bytes that are not printable ASCII are
    /// shown as `?`.
    pub fn masked(&self) -> String {
        self.recalled.as_deref().map_or_else(|| mask(&self.bytes, self.shown), str::to_owned)
    }
}

/// The masked form of `bytes`, as [`Secret::masked`] gives it, without taking a copy of them.
pub fn mask(bytes: &[u8], shown: Shown) -> String {
    let Shown::Ends { prefix } = shown else {
        return ELLIPSIS.to_owned();
    };
    // Half of the token stays hidden whatever the prefix: a prefix is public, but what follows must not shrink to nothing.
    if bytes.len() < SHORTEST_SHOWN || (prefix + TAIL) * 2 > bytes.len() {
        let prefix = if bytes.len() < SHORTEST_SHOWN { 0 } else { prefix.min(bytes.len() / 2) };
        return format!("{}{ELLIPSIS}", printable(&bytes[..prefix]));
    }
    format!("{}{ELLIPSIS}{}", printable(&bytes[..prefix]), printable(&bytes[bytes.len() - TAIL..]))
}

fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '?' }).collect()
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_tokens_and_passwords_show_nothing() {
        assert_eq!(Secret::new(b"short", Shown::Ends { prefix: 2 }).masked(), "…");
        assert_eq!(Secret::new(&[b'x'; 40], Shown::Nothing).masked(), "…");
    }

    #[test]
    fn long_tokens_show_prefix_and_tail() {
        let token = [b"pre_".as_slice(), &[b'a'; 30], b"WXYZ"].concat();
        assert_eq!(Secret::new(&token, Shown::Ends { prefix: 4 }).masked(), "pre_…WXYZ");
    }

    #[test]
    fn what_is_recalled_has_no_value() {
        let secret = Secret::recalled("pre_…WXYZ");
        assert_eq!((secret.masked().as_str(), secret.expose(), secret.is_known()), ("pre_…WXYZ", &[][..], false));
        assert_ne!(secret, Secret::recalled("…"));
        assert!(Secret::new(b"", Shown::Nothing).is_known());
    }

    proptest! {
        /// Law 3: whatever the bytes, `Display` and `Debug` show at most the prefix and four more.
        #[test]
        fn never_prints_itself(bytes in prop::collection::vec(any::<u8>(), 0..80), prefix in 0usize..40) {
            let secret = Secret::new(&bytes, Shown::Ends { prefix });
            for text in [secret.to_string(), format!("{secret:?}")] {
                let text = text.trim_start_matches("Secret(").trim_end_matches(')');
                let shown = text.chars().filter(|&c| c != '…').count();
                prop_assert!(shown * 2 <= bytes.len(), "{shown} of {} bytes shown", bytes.len());
                if bytes.len() < SHORTEST_SHOWN {
                    prop_assert_eq!(text, "…");
                }
            }
        }
    }
}
