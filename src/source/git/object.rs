//! What is in a commit, a tag or a tree. The parsers take whatever bytes there are: what a field lacks is empty, so that a
//! malformed object still gives up the rest.

use std::borrow::Cow;

use gix::objs::Kind;
use memchr::{memchr, memmem};

use crate::{blob::ObjectId, incident::CommitInfo};

/// The fields of a commit that history needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) tree: Option<ObjectId>,
    pub(super) parents: Vec<ObjectId>,
    /// Committer time, in seconds since 1970 UTC.
    pub(super) time: i64,
}

impl Commit {
    pub(super) fn parse(object: &[u8]) -> Self {
        let mut commit = Self::default();
        for (name, value) in headers(object) {
            match name {
                b"tree" if commit.tree.is_none() => commit.tree = parse_id(value),
                b"parent" => commit.parents.extend(parse_id(value)),
                b"committer" => commit.time = Person::parse(value).time,
                _ => {}
            }
        }
        commit
    }
}

/// A commit as reports name it.
pub(super) fn commit_info(id: ObjectId, object: &[u8]) -> CommitInfo {
    let mut info = CommitInfo { id, author: String::new(), email: String::new(), at: 0 };
    for (name, value) in headers(object) {
        match name {
            b"author" => {
                let author = Person::parse(value);
                info.author = String::from_utf8_lossy(author.name).into_owned();
                info.email = String::from_utf8_lossy(author.email).into_owned();
            }
            b"committer" => info.at = Person::parse(value).time,
            _ => {}
        }
    }
    info
}

/// The fields of an annotated tag.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) target: Option<ObjectId>,
    pub(super) name: Vec<u8>,
}

impl Tag {
    pub(super) fn parse(object: &[u8]) -> Self {
        let mut tag = Self::default();
        for (name, value) in headers(object) {
            match name {
                b"object" => tag.target = parse_id(value),
                b"tag" => tag.name = value.to_vec(),
                _ => {}
            }
        }
        tag
    }
}

/// What is scanned of an object, nothing for a tree.
///
/// A blob is scanned whole, a tag from behind its headers. Of a commit it is the message, so that offsets and lines are
/// the message's own; the tags that it merged (`mergetag` headers) follow behind it. Names, addresses and signatures in
/// other headers are left out.
pub(super) fn text(kind: Kind, object: &[u8]) -> Option<Cow<'_, [u8]>> {
    match kind {
        Kind::Tree => None,
        Kind::Blob => Some(Cow::Borrowed(object)),
        Kind::Tag => Some(Cow::Borrowed(message(object))),
        Kind::Commit => {
            let mut merged = headers(object).filter(|&(name, _)| name == b"mergetag").peekable();
            if merged.peek().is_none() {
                return Some(Cow::Borrowed(message(object)));
            }
            let mut text = message(object).to_vec();
            for (_, tag) in merged {
                text.push(b'\n');
                for (at, line) in tag.split(|&byte| byte == b'\n').enumerate() {
                    // Lines after the first are indented by one space.
                    text.extend_from_slice(if at == 0 { line } else { line.get(1..).unwrap_or_default() });
                    text.push(b'\n');
                }
            }
            Some(Cow::Owned(text))
        }
    }
}

/// What is behind the headers.
fn message(object: &[u8]) -> &[u8] {
    memmem::find(object, b"\n\n").map_or(&[], |at| &object[at + 2..])
}

/// Name and value of each header; a value's continuation lines are part of it, their indentation too.
fn headers(object: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = object;
    std::iter::from_fn(move || {
        if rest.is_empty() || rest[0] == b'\n' {
            return None;
        }
        let mut end = memchr(b'\n', rest).unwrap_or(rest.len());
        while rest.get(end + 1) == Some(&b' ') {
            end += 1 + memchr(b'\n', &rest[end + 1..]).unwrap_or(rest.len() - end - 1);
        }
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        let space = memchr(b' ', line).unwrap_or(line.len());
        Some((&line[..space], line.get(space + 1..).unwrap_or_default()))
    })
}

/// `NAME <EMAIL> SECONDS ZONE`.
struct Person<'a> {
    name: &'a [u8],
    email: &'a [u8],
    time: i64,
}

impl<'a> Person<'a> {
    fn parse(value: &'a [u8]) -> Self {
        let open = memchr(b'<', value).unwrap_or(value.len());
        let close = memchr::memrchr(b'>', value).unwrap_or(value.len()).max(open);
        let seconds = value.get(close + 1..).unwrap_or_default().trim_ascii();
        let seconds = seconds.split(|&byte| byte == b' ').next().unwrap_or_default();
        Self {
            name: value[..open].trim_ascii(),
            email: value.get(open + 1..close).unwrap_or_default().trim_ascii(),
            time: str::from_utf8(seconds).ok().and_then(|text| text.parse().ok()).unwrap_or(0),
        }
    }
}

/// An id in hexadecimal, of either length, with nothing behind it.
pub(super) fn parse_id(hex: &[u8]) -> Option<ObjectId> {
    gix::ObjectId::from_hex(hex).ok().map(|id| ObjectId::new(id.as_slice()))
}

/// What a tree's entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A file or the target of a symbolic link.
    Blob,
    /// A folder.
    Tree,
    /// A submodule's commit, which is not of this repository.
    Submodule,
}

/// One entry of a tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) kind: EntryKind,
    /// The raw id.
    pub(super) id: &'a [u8],
}

/// The entries of a tree; an `Err` ends them where the bytes make no sense.
pub(super) fn entries(tree: &[u8], id_len: usize) -> impl Iterator<Item = Result<Entry<'_>, &'static str>> {
    let mut rest = tree;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let entry = next_entry(&mut rest, id_len);
        if entry.is_none() {
            rest = &[];
        }
        Some(entry.ok_or("malformed tree"))
    })
}

/// Takes the first entry off `rest`.
pub(super) fn next_entry<'a>(rest: &mut &'a [u8], id_len: usize) -> Option<Entry<'a>> {
    let space = rest.iter().take(8).position(|&byte| byte == b' ')?;
    let mode = rest[..space].iter().try_fold(0u32, |mode, byte| match byte {
        b'0'..=b'7' => Some(mode << 3 | u32::from(byte - b'0')),
        _ => None,
    })?;
    let nul = space + 1 + memchr(0, &rest[space + 1..])?;
    let id = rest.get(nul + 1..nul + 1 + id_len)?;
    let kind = match mode & 0o170_000 {
        0o040_000 => EntryKind::Tree,
        0o160_000 => EntryKind::Submodule,
        _ => EntryKind::Blob,
    };
    let entry = Entry { name: &rest[space + 1..nul], kind, id };
    *rest = &rest[nul + 1 + id_len..];
    Some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1a3e64c6c4a623626ff0687008732a8e007e2a1c";

    #[test]
    fn a_commit_is_read() {
        let object = format!(
            "tree {ID}\nparent {ID}\nparent {ID}\nauthor A <B> U Thor <a@b> 5 +0100\ncommitter C <c@d> 1700000000 +0000\ngpgsig x\n y\n\nsubject\n\nbody\n"
        );
        let commit = Commit::parse(object.as_bytes());
        assert_eq!((commit.tree.is_some(), commit.parents.len(), commit.time), (true, 2, 1_700_000_000));
        assert_eq!(text(Kind::Commit, object.as_bytes()).unwrap().as_ref(), b"subject\n\nbody\n");
        let info = commit_info(ObjectId::new(&[1; 20]), object.as_bytes());
        assert_eq!((info.author.as_str(), info.at), ("A", 1_700_000_000));
    }

    #[test]
    fn merged_tags_follow_the_message() {
        let object =
            format!("tree {ID}\nmergetag object {ID}\n type commit\n tag v1\n \n the text\nencoding x\n\nsubject\n");
        let text = text(Kind::Commit, object.as_bytes()).unwrap();
        assert_eq!(text.as_ref(), format!("subject\n\nobject {ID}\ntype commit\ntag v1\n\nthe text\n").as_bytes());
    }

    #[test]
    fn nonsense_gives_empty_fields() {
        for bytes in
            [&b""[..], b"\n", b"tree", b"tree zz\nparent\ncommitter <\n", b"committer >< 5", b"author <a> x\n "]
        {
            assert_eq!(Commit::parse(bytes).tree, None);
            let _ = commit_info(ObjectId::new(&[1; 20]), bytes);
            let _ = text(Kind::Commit, bytes);
            let _ = Tag::parse(bytes);
        }
    }

    #[test]
    fn a_tree_is_read_up_to_what_makes_no_sense() {
        let mut tree = b"100644 a\0".to_vec();
        tree.extend([1; 20]);
        tree.extend(b"40000 d\0");
        tree.extend([2; 20]);
        tree.extend(b"160000 s\0");
        tree.extend([3; 19]);
        let found: Vec<_> = entries(&tree, 20).map(|entry| entry.map(|entry| entry.kind)).collect();
        assert_eq!(found, [Ok(EntryKind::Blob), Ok(EntryKind::Tree), Err("malformed tree")]);
    }
}
