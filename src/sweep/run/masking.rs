//! What is kept and said of a repository, without the tokens in it: it may be called like one, and then lies at an address with one in it
//! (law 3).

use std::path::PathBuf;

use super::Sweeper;
use crate::{
    blob::Window,
    detect::{Detector, Scratch},
    rule::Confidence,
    sweep::repository::{Address, Listed},
};

impl Sweeper<'_> {
    /// `text` with the tokens in it masked.
    pub(super) fn masked(&self, text: &str, scratch: &mut Scratch) -> String {
        self.detector.masked(&Window::whole(text.as_bytes()), 0..text.len(), scratch)
    }

    /// `listed` as it is kept.
    pub(super) fn kept(&self, listed: &Listed, scratch: &mut Scratch) -> Listed {
        let address = match &listed.address {
            Address::Remote(url) => Address::Remote(self.masked(url, scratch)),
            Address::Local(path) => match path.to_str() {
                Some(text) => Address::Local(PathBuf::from(self.masked(text, scratch))),
                None => listed.address.clone(),
            },
        };
        Listed {
            name: self.masked(&listed.name, scratch),
            web: listed.web.as_deref().map(|web| self.masked(web, scratch)),
            address,
            ..listed.clone()
        }
    }
}

/// Whether there is surely a token in `bytes`.
pub(super) fn has_token(detector: &Detector, bytes: &[u8]) -> bool {
    let tokens = detector.tokens(&Window::whole(bytes), &mut Scratch::default());
    tokens.iter().any(|token| token.confidence == Confidence::High)
}
