//! What git says when it fails, and which kind of failure that is.
//!
//! Git's exit status tells nothing apart (128 is everything), so its words do: they are in English, because git is run in the C
//! locale, and have been the same for many years. Servers speak in them, too, behind `remote:`.

use std::collections::VecDeque;

use super::error::Kind;
use crate::escape;

/// How much of what git says is kept, in bytes: the end of it.
const MOST: usize = 16 * 1024;
/// The longest line that is kept whole, in bytes.
const LONGEST: usize = 2 * 1024;

/// What a program wrote to its standard error: the last lines of it, without those that the next one replaced on a terminal.
#[derive(Debug, Default)]
pub(super) struct Said {
    lines: VecDeque<Vec<u8>>,
    kept: usize,
    line: Vec<u8>,
}

impl Said {
    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                // Progress, which is written over.
                b'\r' => self.line.clear(),
                _ if self.line.len() < LONGEST => self.line.push(byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.kept += line.len();
        self.lines.push_back(line);
        while self.kept > MOST {
            self.kept -= self.lines.pop_front().map_or(0, |line| line.len());
        }
    }

    /// All of it as text.
    pub(super) fn text(mut self) -> String {
        self.end_line();
        let lines = self.lines.iter().map(|line| String::from_utf8_lossy(line).into_owned());
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// What git's words mean, in the order in which they are looked for: the first that is there counts. All in lower case.
const WORDS: &[(&str, Kind)] = &[
    ("no space left on device", Kind::DiskFull),
    ("disk quota exceeded", Kind::DiskFull),
    ("error: 451", Kind::Blocked),
    ("dmca", Kind::Blocked),
    ("repository access blocked", Kind::Blocked),
    ("error: 401", Kind::Denied),
    ("error: 403", Kind::Denied),
    ("error: 407", Kind::Denied),
    ("authentication failed", Kind::Denied),
    ("unable to get password", Kind::Denied),
    ("could not read username", Kind::Denied),
    ("could not read password", Kind::Denied),
    ("permission denied", Kind::Denied),
    ("host key verification failed", Kind::Denied),
    ("error: 301", Kind::Moved),
    ("error: 302", Kind::Moved),
    ("error: 307", Kind::Moved),
    ("error: 308", Kind::Moved),
    ("access denied or repository not exported", Kind::NotFound),
    ("error: 404", Kind::NotFound),
    ("error: 410", Kind::NotFound),
    ("repository not found", Kind::NotFound),
    ("could not be found or you don't have permission", Kind::NotFound),
    ("does not appear to be a git repository", Kind::NotFound),
    ("is corrupt", Kind::Damaged),
    ("bad object refs/", Kind::Damaged),
    ("object file is empty", Kind::Damaged),
    ("unable to find all commit-graph files", Kind::Damaged),
    ("cannot be accessed", Kind::Damaged),
    ("error: 408", Kind::Unavailable),
    ("error: 425", Kind::Unavailable),
    ("error: 429", Kind::Unavailable),
    ("error: 5", Kind::Unavailable),
    ("http 5", Kind::Unavailable),
    ("http 429", Kind::Unavailable),
    ("rpc failed", Kind::Unavailable),
    ("early eof", Kind::Unavailable),
    ("unexpected disconnect", Kind::Unavailable),
    ("invalid index-pack output", Kind::Unavailable),
    ("hung up unexpectedly", Kind::Unavailable),
    ("not our ref", Kind::Unavailable),
    ("could not resolve", Kind::Unavailable),
    ("couldn't resolve", Kind::Unavailable),
    ("could not connect", Kind::Unavailable),
    ("couldn't connect", Kind::Unavailable),
    ("failed to connect", Kind::Unavailable),
    ("unable to connect", Kind::Unavailable),
    ("unable to look up", Kind::Unavailable),
    ("timed out", Kind::Unavailable),
    ("timeout", Kind::Unavailable),
    ("too slow", Kind::Unavailable),
    ("connection", Kind::Unavailable),
    ("empty reply", Kind::Unavailable),
    ("transfer closed", Kind::Unavailable),
    ("recv failure", Kind::Unavailable),
    ("recv error", Kind::Unavailable),
    ("temporary failure", Kind::Unavailable),
];

/// Which kind of failure `said` tells of. Only [`Kind::Unavailable`] passes by itself.
pub(super) fn kind(said: &str) -> Kind {
    let said = said.to_ascii_lowercase();
    // `fatal: repository 'https://…' not found` is what git makes of a 404.
    if said.lines().any(|line| line.starts_with("fatal: repository '") && line.ends_with("' not found")) {
        return Kind::NotFound;
    }
    let word = WORDS.iter().find(|(word, _)| said.contains(word));
    word.map_or(Kind::Broken, |&(_, kind)| kind)
}

/// Whether git could not move some of its own refs, which others need not suffer from.
pub(super) fn is_about_refs(said: &str) -> bool {
    ["cannot lock ref", "unable to update local ref", "local refs could not be updated", "cannot update ref"]
        .iter()
        .any(|word| said.contains(word))
}

/// Lines that say only that ssh, or who is at its other end, said something before.
const EMPTY_WORDS: [&str; 3] =
    ["Could not read from remote", "Please make sure you have the correct access", "and the repository exists."];

/// The line of `said` that tells most: what git died of, else what it or the server complained of. Escaped, and cut where it is
/// long.
pub(super) fn gist(said: &str) -> String {
    let is_news = |line: &&str| !line.trim().is_empty() && EMPTY_WORDS.iter().all(|words| !line.contains(words));
    let lines = || said.lines().filter(is_news);
    let first = |prefix: &str| lines().find(|line| line.starts_with(prefix));
    let line = first("fatal: ").or_else(|| first("error: ")).or_else(|| first("ERROR: ")).or_else(|| lines().next());
    escape::terminal(&escape::cut(line.unwrap_or_default().trim(), 300)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_and_the_servers_say_which_kind_of_failure_it_is() {
        for (text, expected) in [
            ("fatal: repository 'https://example.org/x/' not found", Kind::NotFound),
            ("ERROR: Repository not found.\nfatal: Could not read from remote repository.", Kind::NotFound),
            ("fatal: '/x' does not appear to be a git repository", Kind::NotFound),
            ("fatal: remote error: access denied or repository not exported: /x", Kind::NotFound),
            ("fatal: Authentication failed for 'https://example.org/x/'", Kind::Denied),
            ("fatal: could not read Username for 'https://h': terminal prompts disabled", Kind::Denied),
            ("git@h: Permission denied (publickey).\nfatal: the remote end hung up unexpectedly", Kind::Denied),
            ("fatal: unable to get password from user", Kind::Denied),
            ("fatal: unable to access 'u': The requested URL returned error: 301", Kind::Moved),
            ("fatal: unable to access 'u': The requested URL returned error: 403", Kind::Denied),
            ("fatal: unable to access 'u': The requested URL returned error: 451", Kind::Blocked),
            ("remote: Repository unavailable due to DMCA takedown.\nfatal: … error: 403", Kind::Blocked),
            ("fatal: unable to access 'u': The requested URL returned error: 429", Kind::Unavailable),
            ("fatal: unable to access 'u': The requested URL returned error: 500", Kind::Unavailable),
            ("error: RPC failed; curl 18 transfer closed with outstanding read data", Kind::Unavailable),
            ("fatal: unable to access 'u': Could not resolve host: h", Kind::Unavailable),
            ("fatal: write error: No space left on device\nfatal: early EOF", Kind::DiskFull),
            ("error: object file ./objects/ab/cd is empty\nfatal: loose object abcd is corrupt", Kind::Damaged),
            ("fatal: transport 'file' not allowed", Kind::Broken),
            ("", Kind::Broken),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn the_end_of_what_is_said_is_kept_without_progress() {
        let mut said = Said::default();
        for number in 0..10_000 {
            said.push(format!("Receiving objects: {number}%\r").as_bytes());
            said.push(format!("warning: line {number}\n").as_bytes());
        }
        said.push(&vec![b'x'; 100_000]);
        said.push(b"\nfatal: \x1b[2J gone");
        let text = said.text();
        assert!(text.len() < 2 * MOST && !text.contains('%') && text.contains("line 9999"), "{}", text.len());
        assert_eq!(gist(&text), "fatal: \\x1b[2J gone");
        assert_eq!(gist(""), "");
        let ssh = "ssh: not found\nfatal: Could not read from remote repository.\n\nPlease make sure …";
        assert_eq!(gist(ssh), "ssh: not found");
    }
}
