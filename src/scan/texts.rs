//! Texts that lie in no file and no repository, each under the name that it goes by.

use super::{Error, Gathered, Options, Outcome, Progress, Scan, worker::Worker};
use crate::{
    blob::{Origin, PathName, Visitor as _, Window},
    detect::Detector,
};

/// A scan of texts as they come: none is kept.
pub struct Texts<'a> {
    options: &'a Options,
    detector: &'a Detector,
    progress: &'a Progress,
    worker: Worker<'a>,
}

impl<'a> Texts<'a> {
    /// One that looks with `detector`, and tells `progress` how far it is.
    pub fn new(options: &'a Options, detector: &'a Detector, progress: &'a Progress) -> Self {
        Self { options, detector, progress, worker: Worker::new(detector, progress) }
    }

    /// Scans the text that is called `name` in place of a path.
    pub fn add(&mut self, name: &str, bytes: &[u8]) {
        self.worker.visit(&Origin::Forge(PathName::new(name.as_bytes())), &Window::whole(bytes));
        let coverage = self.worker.coverage();
        coverage.files += 1;
        coverage.bytes += bytes.len() as u64;
    }

    /// What was found in all of them.
    ///
    /// # Errors
    /// Where no threads can be had.
    pub fn finish(self) -> Result<Outcome, Error> {
        let Self { options, detector, progress, worker } = self;
        let pool = super::pool(options)?;
        let mut gathered = Gathered::new(options, detector);
        worker.finish(&mut gathered);
        Ok(Scan { options, detector, progress, pool: &pool }.finish(gathered))
    }
}
