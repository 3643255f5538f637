//! The text of hook files: a few lines of POSIX shell that run the hook from before, find the program and hand over to it.
//!
//! A program that is gone stops what git was about to do: a hook that passes because nothing scanned would be a silent all-clear (law 5).

use std::path::Path;

use super::Hook;
use crate::escape;

/// What every hook file of ours begins with.
const BEGINS: &str = "#!/bin/sh\n# Installed by `stanch hook install`.";
/// What is put behind the name of a hook that was there before.
pub(super) const KEPT: &str = ".before-stanch";

/// What a hook file is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script<'a> {
    pub(super) hook: Hook,
    /// Where the program is; nothing where others are to use the file as well, who have it elsewhere.
    pub(super) program: Option<&'a Path>,
    pub(super) before: Before,
}

/// The hook that runs before ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// The one that is kept beside, if git would have run it.
    Kept,
    /// The same, where hooks are read by a shell and need not be executable.
    KeptForShell,
    /// The repository's own, which git passes over where all repositories share their hooks.
    Own,
}

/// Whether a hook file is one of ours.
pub(super) fn is_ours(text: &[u8]) -> bool {
    text.starts_with(BEGINS.as_bytes())
}

impl Script<'_> {
    /// The text.
    pub(super) fn text(self) -> String {
        let hook = self.hook.name();
        let (keep, feed) = if self.hook.reads_input() {
            // Both hooks read what git says; the shell takes the last line break away.
            ("lines=$(cat)\n", "printf '%s' \"${lines:+$lines\n}\" | ")
        } else {
            ("", "")
        };
        let exec = if feed.is_empty() { "exec " } else { feed };
        let before = self.before_text(feed);
        let find = find(hook, self.program);
        let call =
            if self.hook == Hook::PreReceive { "hook pre-receive".to_owned() } else { format!("hook run {hook}") };
        format!(
            "{BEGINS} `stanch hook uninstall` takes it away, and puts back what\n\
             # was here before. That runs first. What is changed here is lost with the next installation.\n\
             {keep}{before}{find}{exec}\"$stanch\" {call} \"$@\"\n"
        )
    }

    fn before_text(self, feed: &str) -> String {
        let hook = self.hook.name();
        let kept = format!("before=\"${{0%/*}}/{hook}{KEPT}\"\n");
        let (place, test, call) = match self.before {
            Before::Kept => (kept, "-x", "\"$before\""),
            Before::KeptForShell => (kept, "-f", "sh -e \"$before\""),
            Before::Own => (format!("before=$(git rev-parse --git-common-dir)/hooks/{hook}\n"), "-x", "\"$before\""),
        };
        // Under another name it was moved away by a tool that runs it from a hook of its own, and then runs what was before as well.
        format!(
            "{place}if [ \"${{0##*/}}\" = {hook} ] && [ {test} \"$before\" ]; then\n    {feed}{call} \"$@\" || exit\nfi\n"
        )
    }
}

/// The lines that set `$stanch`, or stop.
fn find(hook: &str, program: Option<&Path>) -> String {
    let program = program
        .and_then(Path::to_str)
        .map(|path| if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() });
    let on_path = "stanch=$(command -v stanch) || {\n";
    let (find, tried) = match &program {
        Some(path) => {
            let named = format!("at={}\nstanch=$at\n[ -x \"$stanch\" ] || {on_path}", escape::shell(path));
            (named, "neither at $at nor")
        }
        None => (on_path.to_owned(), "not"),
    };
    format!(
        "{find}    \
         echo \"stanch: nothing was scanned, so {hook} stops here: the program is {tried} on PATH.\" >&2\n    \
         echo \"Install it again, or delete $0 (a hook from before is beside it, as {hook}{KEPT}).\" >&2\n    \
         exit 1\n}}\n"
    )
}

/// The text of a hook file that does nothing but run the repository's own hook of this name, which git passes over where all repositories
/// share their hooks.
pub(super) fn passing_on(name: &str) -> String {
    format!(
        "{BEGINS} It runs the repository's own hook, which git passes over\n\
         # since core.hooksPath is set.\n\
         own=$(git rev-parse --git-common-dir)/hooks/{name}\n\
         [ ! -x \"$own\" ] || exec \"$own\" \"$@\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_ours_and_a_few_lines() {
        for hook in Hook::ALL {
            for before in [Before::Kept, Before::KeptForShell, Before::Own] {
                for program in [None, Some(Path::new("/opt/it's here/stanch"))] {
                    let text = Script { hook, program, before }.text();
                    assert!(is_ours(text.as_bytes()) && text.lines().count() <= 20, "{text}");
                }
            }
        }
        assert!(is_ours(passing_on("post-merge").as_bytes()));
        assert!(!is_ours(b"#!/bin/sh\nstanch hook run pre-commit\n"));
    }
}
