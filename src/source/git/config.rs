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
    /// How refs are stored, if that is known here.
    pub(super) refs: Option<RefStorage>,
    /// Extensions that are not known here.
    pub(super) notes: Coverage,
}

/// How refs are stored.
#[derive(Clone, Copy, Debug)]
pub(super) enum RefStorage {
    /// A file for each, or a line of `packed-refs`.
    Files,
    /// Tables in `reftable/`.
    Tables,
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
        let mut format =
            Self { hash: gix::hash::Kind::Sha1, refs: Some(RefStorage::Files), notes: Coverage::default() };
        let Some(config) = read(layout)? else { return Ok(format) };
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
            ("objectformat", "sha1") => {}
            ("refstorage", "files") => self.refs = Some(RefStorage::Files),
            ("refstorage", "reftable") => self.refs = Some(RefStorage::Tables),
            ("refstorage", other) => {
                self.refs = None;
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

/// The full name of the ref that follows the remote branch which `branch`, also in full, is set to go with.
pub(super) fn upstream(layout: &Layout, branch: &str) -> Result<Option<String>, Error> {
    let Some(config) = read(layout)? else { return Ok(None) };
    let Some(short) = branch.strip_prefix("refs/heads/") else { return Ok(None) };
    let setting = |name| config.string_by("branch", Some(short.into()), name).map(|value| value.to_string());
    let Some((remote, merge)) = setting("remote").zip(setting("merge")) else { return Ok(None) };
    if remote == "." {
        return Ok(Some(merge));
    }
    let fetched = config.strings_by("remote", Some(remote.as_str().into()), "fetch").unwrap_or_default();
    Ok(fetched.iter().find_map(|spec| followed(&spec.to_string(), &merge)))
}

/// Where the refs of a remote are followed, as patterns of full names with at most one `*`. The remote goes by its name, or by its address
/// where it was not named. Only what lies below `refs/remotes/` is sure to be the remote's and not one's own.
pub(super) fn tracking(layout: &Layout, remote: &str) -> Result<Vec<String>, Error> {
    let Some(config) = read(layout)? else { return Ok(Vec::new()) };
    let mut patterns = Vec::new();
    for section in config.sections_by_name("remote").into_iter().flatten() {
        let body = section.body();
        let is_address = |key: &str| body.values(key).iter().any(|address| ***address == *remote.as_bytes());
        let is_named = section.header().subsection_name().is_some_and(|name| **name == *remote.as_bytes());
        if is_named || is_address("url") || is_address("pushurl") {
            let specs = body.values("fetch").into_iter().map(|spec| spec.to_string());
            patterns.extend(specs.filter_map(|spec| spec.split_once(':').map(|(_, to)| to.to_owned())));
        }
    }
    patterns.retain(|pattern| pattern.starts_with("refs/remotes/"));
    Ok(patterns)
}

/// Where `+refs/heads/*:refs/remotes/origin/*` puts a ref of the remote.
fn followed(spec: &str, name: &str) -> Option<String> {
    let (from, to) = spec.strip_prefix('+').unwrap_or(spec).split_once(':')?;
    let Some((before, after)) = from.split_once('*') else { return (from == name).then(|| to.to_owned()) };
    let middle = name.strip_prefix(before)?.strip_suffix(after)?;
    Some(to.replacen('*', middle, 1))
}

/// The repository's configuration, if it has one.
fn read(layout: &Layout) -> Result<Option<File>, Error> {
    let path = layout.common_dir.join("config");
    let text = match read_regular(&path, LARGE) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(&path, error)),
    };
    let metadata = gix::config::file::Metadata::from(gix::config::Source::Local);
    match File::from_bytes_no_includes(&text, metadata, gix::config::file::init::Options::default()) {
        Ok(config) => Ok(Some(config)),
        Err(error) => {
            let source: Cause = error.to_string().into();
            Err(Error::Malformed { path, what: "configuration", source: Some(source) })
        }
    }
}
