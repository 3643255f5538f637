//! Which part of the work is this machine's, without talking to anyone.
//!
//! Fork networks are spread by rendezvous hashing (highest random weight): every shard has a weight for every network, and the
//! heaviest has it. Where a shard is added, only what it takes over moves. How states are joined again is [`super::state`]'s.

use std::{fmt, num::ParseIntError, str::FromStr};

use sha2::{Digest, Sha256};

/// One of so many parts of a sweep, written `I/N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    /// From 1 to `of`.
    index: u32,
    of: u32,
}

/// Why a text names no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not two numbers.
    #[error("a shard is written I/N, such as 2/5, not {text:?}")]
    Shape {
        /// What was written.
        text: String,
        /// Which number is none.
        source: Option<ParseIntError>,
    },
    /// There is no such part.
    #[error("there is no shard {index} of {of}: shards count from 1")]
    Outside {
        /// The part.
        index: u32,
        /// How many there are.
        of: u32,
    },
    /// There are too many parts.
    #[error("{of} shards are more than {}", Shard::MOST)]
    TooMany {
        /// How many there are.
        of: u32,
    },
}

impl Shard {
    /// How many parts there may be.
    pub const MOST: u32 = 1_000;

    /// All there is.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// Part `index` of `of`, from 1 on.
    ///
    /// # Errors
    /// Where there is no such part, or there are more than [`Shard::MOST`].
    pub fn new(index: u32, of: u32) -> Result<Self, Error> {
        match (index, of) {
            (_, of) if of > Self::MOST => Err(Error::TooMany { of }),
            (index, of) if index == 0 || index > of => Err(Error::Outside { index, of }),
            (index, of) => Ok(Self { index, of }),
        }
    }

    /// Whether `network` is this part's.
    pub fn holds(self, network: &str) -> bool {
        let own = weight(network, self.index);
        // Of two weights that are equal the first has it: then no network has two owners, or none.
        let heavier = |other| weight(network, other) > own || other < self.index && weight(network, other) == own;
        !(1..=self.of).filter(|&other| other != self.index).any(heavier)
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |source| Error::Shape { text: text.to_owned(), source };
        let (index, of) = text.split_once('/').ok_or_else(|| wrong(None))?;
        let number = |digits: &str| {
            // A sign is no digit, though numbers may have one elsewhere.
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong(None));
            }
            digits.parse().map_err(|error| wrong(Some(error)))
        };
        Self::new(number(index)?, number(of)?)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// What a shard bids for a network. It depends on nothing else, so that all machines and all versions of this program agree.
fn weight(network: &str, index: u32) -> u64 {
    let digest = Sha256::new().chain_update(index.to_be_bytes()).chain_update(network.as_bytes()).finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn owner(network: &str, of: u32) -> u32 {
        let owners: Vec<u32> = (1..=of).filter(|&index| Shard::new(index, of).unwrap().holds(network)).collect();
        assert_eq!(owners.len(), 1, "{network} of {of}: {owners:?}");
        owners[0]
    }

    fn networks() -> impl Iterator<Item = String> {
        (0..10_000).map(|number| format!("github.com/{number}"))
    }

    #[test]
    fn shards_have_about_as_much_each() {
        let mut held = [0u32; 8];
        networks().for_each(|network| held[owner(&network, 8) as usize - 1] += 1);
        // 1,250 each, give or take five standard deviations.
        assert!(held.iter().all(|count| (1_085..=1_415).contains(count)), "{held:?}");
    }

    #[test]
    fn one_more_shard_takes_its_part_and_moves_nothing_else() {
        let mut moved = 0;
        for network in networks() {
            let (before, after) = (owner(&network, 4), owner(&network, 5));
            assert!(before == after || after == 5, "{network} went from {before} to {after}");
            moved += u32::from(before != after);
        }
        assert!((1_800..=2_200).contains(&moved), "{moved}");
    }

    #[test]
    fn shards_stay_as_they_are_from_version_to_version() {
        let owners: Vec<u32> = (0..12).map(|number| owner(&format!("github.com/{number}"), 3)).collect();
        assert_eq!(owners, OWNERS);
    }

    /// Whoever changes the hash makes machines of two versions disagree.
    const OWNERS: [u32; 12] = [1, 3, 1, 2, 3, 3, 3, 1, 2, 2, 3, 3];

    #[test]
    fn what_is_no_shard_is_told() {
        for (text, told) in [
            ("", "a shard is written I/N, such as 2/5, not \"\""),
            ("3", "a shard is written I/N, such as 2/5, not \"3\""),
            ("a/b", "a shard is written I/N, such as 2/5, not \"a/b\""),
            ("+1/2", "a shard is written I/N, such as 2/5, not \"+1/2\""),
            ("1/", "a shard is written I/N, such as 2/5, not \"1/\""),
            ("1/99999999999", "a shard is written I/N, such as 2/5, not \"1/99999999999\""),
            ("0/3", "there is no shard 0 of 3: shards count from 1"),
            ("4/3", "there is no shard 4 of 3: shards count from 1"),
            ("1/0", "there is no shard 1 of 0: shards count from 1"),
            ("1/1001", "1001 shards are more than 1000"),
        ] {
            assert_eq!(text.parse::<Shard>().unwrap_err().to_string(), told);
        }
        assert_eq!("2/5".parse::<Shard>().unwrap().to_string(), "2/5");
        assert_eq!("1/1".parse(), Ok(Shard::WHOLE));
    }

    proptest! {
        #[test]
        fn every_network_is_one_shards(network in ".{0,40}", of in 1u32..40) {
            owner(&network, of);
        }
    }
}
