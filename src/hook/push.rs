//! What git says of a push, a line for each ref: on standard input, before the push on this side and on the other one.

use super::{Error, Hook};
use crate::{
    blob::ObjectId,
    source::git::{Change, There, Tip},
};

/// A ref that a push changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The ref, as the other side calls it.
    pub name: String,
    /// What it names there; nothing where it is new.
    pub old: Option<ObjectId>,
    /// What it is to name; nothing where it is to be deleted.
    pub new: Option<ObjectId>,
}

/// What `pre-push` is told: `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID`. The first may be any revision, spaces included.
pub fn on_this_side(input: &[u8]) -> Result<Vec<Update>, Error> {
    each_line(Hook::PrePush, input, |line| {
        let mut fields = line.rsplitn(4, ' ');
        let (old, name, new) = (fields.next()?, fields.next()?, fields.next()?);
        fields.next().and_then(|_| update(name, old, new))
    })
}

/// What `pre-receive` is told: `OLD-ID NEW-ID REF`.
pub fn on_the_other_side(input: &[u8]) -> Result<Vec<Update>, Error> {
    each_line(Hook::PreReceive, input, |line| {
        let mut fields = line.splitn(3, ' ');
        let (old, new, name) = (fields.next()?, fields.next()?, fields.next()?);
        update(name, old, new)
    })
}

/// What these updates bring to `remote`, which is called so or lies there; nothing where they only delete.
pub fn to_remote(updates: &[Update], remote: &str) -> Option<Change> {
    let ids = updates.iter().filter_map(|update| update.old).collect();
    brought(updates, There::Remote { name: remote.to_owned(), ids })
}

/// What these updates bring here; nothing where they only delete.
pub fn to_here(updates: &[Update]) -> Option<Change> {
    brought(updates, There::Here)
}

fn brought(updates: &[Update], there: There) -> Option<Change> {
    let tip = |update: &Update| update.new.map(|id| Tip { name: update.name.clone(), id });
    let tips: Vec<Tip> = updates.iter().filter_map(tip).collect();
    (!tips.is_empty()).then_some(Change::Pushed { tips, there })
}

fn each_line(hook: Hook, input: &[u8], read: impl Fn(&str) -> Option<Update>) -> Result<Vec<Update>, Error> {
    let text = String::from_utf8_lossy(input);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    lines.map(|(at, line)| read(line).ok_or(Error::Input { hook: hook.name(), line: at + 1 })).collect()
}

fn update(name: &str, old: &str, new: &str) -> Option<Update> {
    // All zeros stand for nothing.
    let there = |id: &ObjectId| id.as_bytes().iter().any(|&byte| byte != 0);
    let [old, new] = [object_id(old)?, object_id(new)?].map(|id| Some(id).filter(there));
    Some(Update { name: name.to_owned(), old, new })
}

/// The id that these hex digits are.
pub(super) fn object_id(text: &str) -> Option<ObjectId> {
    gix::ObjectId::from_hex(text.as_bytes()).ok().map(|id| ObjectId::new(id.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_from_the_end_where_a_revision_comes_first() {
        let (one, none) = ("1".repeat(40), "0".repeat(40));
        let id = object_id(&one);
        let read = on_this_side(format!("HEAD^{{/a b}} {one} refs/heads/x {none}\n").as_bytes()).unwrap();
        assert_eq!(read, [Update { name: "refs/heads/x".to_owned(), old: None, new: id }]);
        let read = on_the_other_side(format!("{one} {none} refs/heads/x\n\n").as_bytes()).unwrap();
        assert_eq!(read, [Update { name: "refs/heads/x".to_owned(), old: id, new: None }]);
        assert!(to_here(&read).is_none() && to_remote(&read, "origin").is_none(), "a deletion brings nothing");
    }

    #[test]
    fn what_git_does_not_write_is_refused_with_its_line() {
        let id = "1".repeat(40);
        let fine = format!("refs/heads/x {id} refs/heads/x {id}\n");
        for wrong in ["x", "a b c d", &format!("{id} refs/heads/x {id}")] {
            let error = on_this_side(format!("{fine}{wrong}\n").as_bytes()).unwrap_err();
            assert!(matches!(error, Error::Input { hook: "pre-push", line: 2 }), "{wrong}: {error}");
            assert!(on_the_other_side(wrong.as_bytes()).is_err());
        }
    }
}
