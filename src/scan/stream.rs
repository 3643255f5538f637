//! Standard input, for itself or as if it were a file: an editor's unsaved text, or what an agent is about to write.

use std::{io::Read, path::PathBuf};

use super::{Gathered, Scan, Target, worker::Worker};
use crate::{
    blob::{Origin, PathName},
    coverage::Skipped,
    incident::Incident,
    source::stdin,
};

/// A file that is not read: what would be in it comes from elsewhere, and it need not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsFile {
    /// Where it would lie, relative to the top of what is scanned: what globs are about.
    pub path: PathBuf,
    /// What reports call it.
    pub shown: PathBuf,
}

impl Scan<'_> {
    /// Scans a stream that is `origin`.
    pub(super) fn stream(&self, origin: &Origin, stream: &mut impl Read, gathered: &mut Gathered<'_>) {
        let mut worker = Worker::new(self.detector, self.progress);
        stdin::scan(stream, origin, self.detector.margin(), &mut worker);
        worker.finish(gathered);
    }

    /// Scans `stream` as what is in `file`, unless that is left out.
    pub(super) fn as_file(&self, file: &AsFile, stream: &mut impl Read, gathered: &mut Gathered<'_>) {
        let shown = PathName::from_path(&file.shown).to_text().into_owned();
        let options = &self.options.files;
        if options.leaves_out_below(&file.path) {
            return gathered.coverage.skip(Skipped::Excluded, shown);
        }
        let origin = Origin::File(PathName::from_path(&file.path));
        let Some(most) = options.max_size else { return self.stream(&origin, stream, gathered) };
        // How large it is shows only when it is read, so as much as is allowed is kept.
        let mut bytes = Vec::new();
        match stream.take(most.saturating_add(1)).read_to_end(&mut bytes) {
            Err(error) => gathered.coverage.fail(shown, format!("cannot be read to its end: {error}")),
            Ok(_) if bytes.len() as u64 > most => gathered.coverage.skip(Skipped::TooLarge, shown),
            Ok(_) => self.stream(&origin, &mut bytes.as_slice(), gathered),
        }
    }

    /// Calls a file that standard input stood for what the user calls it.
    pub(super) fn rename(&self, incidents: &mut [Incident]) {
        let [Target::StdinAs(file)] = self.options.targets.as_slice() else { return };
        let shown = PathName::from_path(&file.shown);
        for occurrence in incidents.iter_mut().flat_map(|incident| &mut incident.occurrences) {
            occurrence.path = Some(shown.clone());
        }
    }
}
