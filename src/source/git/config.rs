//! The few settings that decide how a repository is to be read. Only its own configuration file is read: no system's, no
//! user's, nothing it includes, no environment.

use gix::config::File;

use super::{
    error::{Cause, Error},
    layout::{Layout, read_regular},
};
use crate::coverage::Coverage;

/// How a repository is stored.
#[derive(Debug)]
pub(super) struct Format {
    pub(super) hash: gix::hash::Kind,
    /// Whether refs are files, as opposed to tables that are not read here.
    pub(super) ref_files: bool,
    /// Extensions that are not known here.
    pub(super) notes: Coverage,
}

/// Extensions that change nothing of what is read here, in lower case.
const HARMLESS: [&str; 9] = [
    "noop",
    "noop-v1",
    "preciousobjects",
    "partialclone",
    "worktreeconfig",
    "compatobjectformat",
    "relativeworktrees",
    "submodulepathconfig",
    "objectformat",
];
/// The largest configuration file that is read.
const LARGE: u64 = 16 << 20;

impl Format {
    /// Reads the repository's configuration.
    pub(super) fn read(layout: &Layout) -> Result<Self, Error> {
        let mut format = Self { hash: gix::hash::Kind::Sha1, ref_files: true, notes: Coverage::default() };
        let path = layout.common_dir.join("config");
        let text = match read_regular(&path, LARGE) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(format),
            Err(error) => return Err(Error::io(&path, error)),
        };
        let malformed = |source: Option<Cause>| Error::Malformed { path: path.clone(), what: "configuration", source };
        let metadata = gix::config::file::Metadata::from(gix::config::Source::Local);
        let config = File::from_bytes_no_includes(&text, metadata, gix::config::file::init::Options::default())
            .map_err(|error| malformed(Some(error.to_string().into())))?;
        let version = config.integer("core.repositoryformatversion").ok().flatten().unwrap_or(0);
        if version > 1 {
            format.notes.fail("core.repositoryFormatVersion", format!("version {version} is not known"));
        }
        for section in config.sections_by_name("extensions").into_iter().flatten() {
            for name in section.body().value_names() {
                let value = section.body().value(&name).unwrap_or_default().to_string();
                format.apply(&name.to_ascii_lowercase(), &value, version >= 1);
            }
        }
        Ok(format)
    }

    fn apply(&mut self, extension: &str, value: &str, binding: bool) {
        match (extension, value.to_ascii_lowercase().as_str()) {
            ("objectformat", "sha256") => self.hash = gix::hash::Kind::Sha256,
            ("objectformat", "sha1") | ("refstorage", "files") => {}
            ("refstorage", other) => {
                self.ref_files = false;
                self.notes.fail("refs", format!("refs stored as `{other}` cannot be read"));
            }
            ("objectformat", other) => self.notes.fail("objects", format!("ids of type `{other}` are not known")),
            (name, _) if HARMLESS.contains(&name) => {}
            // In repositories of version 0 git itself does not heed them.
            (name, _) if binding => self.notes.fail(format!("extensions.{name}"), "this extension is not known"),
            _ => {}
        }
    }
}
