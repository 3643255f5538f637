//! Standard input as one blob.

use std::io::Read;

use super::windows::Windows;
use crate::blob::{Origin, Visitor};

/// Pushes all of `stream` to `visitor` as the blob that `origin` names, with `margin` bytes around each window of a long one.
pub fn scan(stream: &mut impl Read, origin: &Origin, margin: usize, visitor: &mut impl Visitor) {
    let (bytes, outcome) = Windows::default().push(stream, margin, &mut |window| {
        visitor.visit(origin, window);
        !visitor.is_done()
    });
    let coverage = visitor.coverage();
    coverage.files += 1;
    coverage.bytes += bytes;
    if let Err(error) = outcome {
        coverage.fail("standard input", format!("cannot be read to its end: {error}"));
    }
}
