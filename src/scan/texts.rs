//! Texts that lie in no file and no repository, each under the name that it goes by.

use super::{Gathered, Options, Outcome, Progress, Scan, worker::Worker};
use crate::{
    blob::{Origin, PathName, Visitor as _, Window},
    detect::Detector,
};

/// A text.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// What it is called in place of a path.
    pub name: &'a str,
    /// What it says.
    pub bytes: &'a [u8],
}

/// Scans `texts` with `detector`; `progress` is told how far it is.
///
/// # Errors
/// Where no threads can be had.
pub fn texts<'a>(
    options: &Options,
    detector: &Detector,
    texts: impl IntoIterator<Item = Text<'a>>,
    progress: &Progress,
) -> Result<Outcome, super::Error> {
    let pool = super::pool(options)?;
    let scan = Scan { options, detector, progress, pool: &pool };
    let mut gathered = Gathered::new(options, detector);
    let mut worker = Worker::new(detector, progress);
    for text in texts {
        worker.visit(&Origin::Forge(PathName::new(text.name.as_bytes())), &Window::whole(text.bytes));
        let coverage = worker.coverage();
        coverage.files += 1;
        coverage.bytes += text.bytes.len() as u64;
    }
    worker.finish(&mut gathered);
    Ok(scan.finish(gathered))
}
