//! The part of a commit message that git will keep, before git has cut it down: `commit-msg` sees the file as the editor left it.
//!
//! In doubt a line is kept: what is scanned in vain costs nothing. Whether the editor was used is in a variable; a `--cleanup` on the command
//! line is told to nobody.

use super::settings::Settings;

/// How git will cut a message down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleanup {
    /// Whether comment lines go.
    comments: bool,
    /// What a comment line begins with; nothing where git picks that by itself.
    mark: Option<String>,
}

/// What git draws before the part that it will cut off, behind the mark.
const SCISSORS: &str = " ------------------------ >8 ------------------------";

impl Cleanup {
    /// As git's settings have it; `edited` says whether the message comes from an editor.
    pub fn new(settings: &Settings, edited: bool) -> Self {
        let mark = settings.text("core.commentString").or_else(|| settings.text("core.commentChar"));
        let mark = Some(mark.unwrap_or_else(|| "#".to_owned())).filter(|mark| mark != "auto" && !mark.is_empty());
        let comments = match settings.text("commit.cleanup").as_deref() {
            Some("strip") => true,
            None | Some("default") => edited,
            Some(_) => false,
        };
        Self { comments, mark }
    }

    /// What git will keep of `message`, every line at its place.
    pub fn kept(&self, message: &[u8]) -> Vec<u8> {
        let Some(mark) = self.mark.as_deref().map(str::as_bytes) else { return message.to_vec() };
        let scissors = [mark, SCISSORS.as_bytes()].concat();
        let lines: Vec<&[u8]> = message.split_inclusive(|&byte| byte == b'\n').collect();
        let is_comment = |line: Option<&&[u8]>| line.is_some_and(|line| line.starts_with(mark));
        // Git explains its own scissors in the next line; others may be part of the message.
        let is_cut = |at: &usize| lines[*at].trim_ascii_end() == scissors && is_comment(lines.get(at + 1));
        let end = (0..lines.len()).find(is_cut).unwrap_or(lines.len());
        let mut kept = Vec::with_capacity(message.len());
        for line in &lines[..end] {
            if self.comments && line.starts_with(mark) {
                kept.push(b'\n');
            } else {
                kept.extend_from_slice(line);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(comments: bool, mark: Option<&str>, message: &str) -> String {
        let cleanup = Cleanup { comments, mark: mark.map(str::to_owned) };
        String::from_utf8(cleanup.kept(message.as_bytes())).unwrap()
    }

    #[test]
    fn comments_and_what_is_behind_the_scissors_go() {
        let message = format!("title\n# comment\nbody\n#{SCISSORS}\n# Do not modify\ndiff\n");
        assert_eq!(kept(true, Some("#"), &message), "title\n\nbody\n");
        assert_eq!(kept(false, Some("#"), &message), "title\n# comment\nbody\n");
        assert_eq!(kept(true, Some(";"), &message), message);
        assert_eq!(kept(true, None, &message), message);
    }

    #[test]
    fn scissors_of_ones_own_cut_nothing() {
        let message = format!("title\n#{SCISSORS}\nmore\n");
        assert_eq!(kept(false, Some("#"), &message), message);
    }
}
