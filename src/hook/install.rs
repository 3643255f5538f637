//! Hooks put in place and taken away. A hook that is there already is kept beside under a name of its own, runs first, and comes back byte
//! for byte.

use std::path::{Path, PathBuf};

use gix::config::File;

use super::{
    Error, Hook,
    file::{self, Holder},
    folder::Folder,
    script,
    settings::{self, Settings},
};

/// What installing a hook did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// There was none.
    New,
    /// There was one of ours, which is now as this program writes it.
    Renewed,
    /// There was another, which runs first: of this tool, where it can be told.
    Chained(Option<&'static str>),
}

/// What taking a hook away did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It was not there.
    Nothing,
    /// It is gone.
    Gone,
    /// The one from before is back.
    Restored,
    /// Another tool had replaced it; that one stays.
    Other(Option<&'static str>),
}

/// Other names under which tools keep a hook of ours that they replaced: pre-commit's, which it still runs, and lefthook's, which it does not.
pub(super) const MOVED: [&str; 2] = [".legacy", ".old"];

/// Puts a hook into `folder`, which runs `program`.
pub fn install(folder: &Folder, hook: Hook, program: Option<&Path>) -> Result<Installed, Error> {
    let path = folder.file(hook.name());
    let text = folder.text(hook, program);
    let held = file::holder(&path)?;
    let installed = match held {
        Holder::Nobody => Installed::New,
        Holder::Ours => Installed::Renewed,
        Holder::Other(tool) => {
            file::keep(&path)?;
            Installed::Chained(tool)
        }
    };
    file::write(&path, text.as_bytes())?;
    Ok(installed)
}

/// Takes a hook out of `folder`.
pub fn uninstall(folder: &Folder, hook: Hook) -> Result<Removed, Error> {
    let path = folder.file(hook.name());
    for ending in MOVED {
        let moved = file::beside(&path, ending);
        if file::holder(&moved)? == Holder::Ours {
            file::remove(&moved)?;
        }
    }
    let kept = file::kept(&path);
    match file::holder(&path)? {
        Holder::Ours if file::exists(&kept) => file::put_back(&kept, &path).map(|()| Removed::Restored),
        Holder::Ours => file::remove(&path).map(|()| Removed::Gone),
        Holder::Nobody if file::exists(&kept) => file::put_back(&kept, &path).map(|()| Removed::Restored),
        Holder::Other(tool) => Ok(Removed::Other(tool)),
        Holder::Nobody => Ok(Removed::Nothing),
    }
}

/// Hooks that have to be passed on where all repositories share a folder: git then looks nowhere else. Not among them are those that change
/// what git does by being there at all, and those that it runs many times for each command.
const PASSED_ON: [&str; 13] = [
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "prepare-commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "post-rewrite",
    "pre-receive",
    "update",
    "post-receive",
    "post-update",
];

/// The folder of hooks for all repositories of the user.
pub(super) fn global_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CONFIG_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let config = named.or_else(|| settings::home().map(|home| home.join(".config")))?;
    Some(config.join("stanch/hooks"))
}

/// The folder that is used for all repositories of the user: the one that git is set to, else ours, which git is still to be told of.
pub fn for_all_repositories() -> Result<Folder, Error> {
    let nowhere = || Error::Settings { why: "the user has no home folder".to_owned() };
    let ours = global_folder().ok_or_else(nowhere)?;
    let set = Settings::read(None)?.hooks_path();
    let path = set.as_ref().map_or(&ours, |set| &set.path).clone();
    let is_global = path == ours;
    Ok(Folder { hooks_path: set, is_global, ..Folder::plain(path) })
}

/// Has git use `folder` for all repositories of the user, where that is ours and it does not yet.
pub fn use_for_all(folder: &Folder) -> Result<(), Error> {
    if !folder.is_global {
        return Ok(());
    }
    for name in PASSED_ON {
        if file::holder(&folder.file(name))? == Holder::Nobody {
            file::write(&folder.file(name), script::passing_on(name).as_bytes())?;
        }
    }
    if folder.hooks_path.is_some() {
        return Ok(());
    }
    let path = folder.path.to_string_lossy().into_owned();
    change_configuration(|config| config.set_raw_value("core.hooksPath", path.as_str()).is_ok())
}

/// Has git look for hooks in each repository again, and deletes what was only passed on, where `folder` is ours.
pub fn use_for_none(folder: &Folder) -> Result<(), Error> {
    if !folder.is_global {
        return Ok(());
    }
    for name in PASSED_ON {
        if file::holder(&folder.file(name))? == Holder::Ours {
            file::remove(&folder.file(name))?;
        }
    }
    if folder.hooks_path.is_none() {
        return Ok(());
    }
    change_configuration(|config| {
        let Ok(mut section) = config.section_mut("core", None) else { return false };
        section.remove("hooksPath").is_some()
    })
}

/// Changes the user's own configuration of git. A link to it is followed, as git does: people keep the file elsewhere.
fn change_configuration(change: impl FnOnce(&mut File) -> bool) -> Result<(), Error> {
    let nowhere = || Error::Settings { why: "the user has no configuration file".to_owned() };
    let named = settings::of_the_user().ok_or_else(nowhere)?;
    let path = named.canonicalize().unwrap_or(named);
    let text = if path.exists() {
        std::fs::read(&path).map_err(|error| Error::file("read", &path, error))?
    } else {
        Vec::new()
    };
    let failed = |why: String| Error::Settings { why: format!("{}: {why}", path.display()) };
    let metadata = gix::config::file::Metadata::from(gix::config::Source::User);
    let config = File::from_bytes_no_includes(&text, metadata, gix::config::file::init::Options::default());
    let mut config = config.map_err(|error| failed(error.to_string()))?;
    if !change(&mut config) {
        return Err(failed("core.hooksPath cannot be set".to_owned()));
    }
    file::write_as(&path, &config.to_bstring(), mode_of(&path))
}

fn mode_of(path: &Path) -> u32 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).map_or(0o644, |metadata| metadata.permissions().mode() & 0o7777)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        0o644
    }
}
