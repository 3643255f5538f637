//! Refs as a server lists them and as a mirror holds them.

use std::{collections::BTreeMap, fs, path::Path};

use crate::blob::ObjectId;

/// Refs by the name that their server calls them by, with the objects that they lead to.
pub type Tips = BTreeMap<String, ObjectId>;

/// Where a HEAD leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// To this ref: `refs/heads/main`.
    Ref(String),
    /// To an object itself.
    Detached(ObjectId),
}

/// All refs of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refs {
    pub(super) head: Option<Head>,
    pub(super) tips: Tips,
}

impl Refs {
    /// As `git ls-remote --symref` prints them.
    pub(super) fn listed(out: &[u8]) -> Self {
        let text = String::from_utf8_lossy(out);
        let (mut refs, mut detached) = (Self::default(), None);
        for (value, name) in text.lines().filter_map(|line| line.split_once('\t')) {
            match (value.strip_prefix("ref: "), name) {
                (Some(target), "HEAD") if is_ref(target) => refs.head = Some(Head::Ref(target.to_owned())),
                (None, "HEAD") => detached = object(value),
                // What an annotated tag leads to in the end.
                (None, name) if is_ref(name) && !name.ends_with("^{}") => refs.insert(name, value),
                _ => {}
            }
        }
        refs.head = refs.head.or(detached.map(Head::Detached));
        refs
    }

    /// As `git for-each-ref` prints those of a namespace in [`FORMAT`].
    pub(super) fn held(out: &[u8], namespace: &str) -> Self {
        let (text, prefix) = (String::from_utf8_lossy(out), prefix(namespace));
        let mut refs = Self::default();
        for line in text.lines() {
            let mut fields = line.splitn(3, ' ');
            let (Some(id), Some(target), Some(name)) = (fields.next(), fields.next(), fields.next()) else { continue };
            match name.strip_prefix(&prefix) {
                Some("HEAD") => {
                    let target = target.strip_prefix(&prefix).map(|target| Head::Ref(target.to_owned()));
                    refs.head = target.or_else(|| object(id).map(Head::Detached));
                }
                Some(name) => refs.insert(name, id),
                None => {}
            }
        }
        refs
    }

    /// As a git directory keeps those of a namespace in files (gitrepository-layout(5)); nothing where they are not what git writes, and git
    /// has to be asked.
    pub(super) fn in_files(git_dir: &Path, namespace: &str) -> Option<Self> {
        let prefix = prefix(namespace);
        let mut refs = Self::default();
        let packed = there(fs::read(git_dir.join("packed-refs"))).ok()?.unwrap_or_default();
        for line in packed.split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            if let Some((id, name)) =
                line.split_once(' ').and_then(|(id, name)| Some((id, name.strip_prefix(&prefix)?)))
            {
                refs.insert(name, id);
            }
        }
        let folder = git_dir.join(&prefix);
        refs.add_files(&folder.join("refs"), "refs")?;
        if let Some(head) = there(fs::read_to_string(folder.join("HEAD"))).ok()? {
            let head = head.trim_end();
            refs.head = match head.strip_prefix("ref: ") {
                Some(target) => Some(Head::Ref(target.strip_prefix(&prefix)?.to_owned())),
                None => Some(Head::Detached(object(head)?)),
            };
        }
        Some(refs)
    }

    fn add_files(&mut self, folder: &Path, name: &str) -> Option<()> {
        for entry in there(fs::read_dir(folder)).ok()?.into_iter().flatten() {
            let entry = entry.ok()?;
            let name = format!("{name}/{}", entry.file_name().to_str()?);
            if entry.file_type().ok()?.is_dir() {
                self.add_files(&entry.path(), &name)?;
            } else if entry.path().extension().is_none_or(|it| it != "lock") {
                self.tips.insert(name, object(fs::read_to_string(entry.path()).ok()?.trim_end())?);
            }
        }
        Some(())
    }

    fn insert(&mut self, name: &str, id: &str) {
        if let Some(id) = object(id) {
            self.tips.insert(name.to_owned(), id);
        }
    }

    /// Whether HEAD leads to an object itself.
    pub(super) fn is_detached(&self) -> bool {
        matches!(self.head, Some(Head::Detached(_)))
    }

    /// The branch that HEAD, of which only the object is known, most likely is: one with the same object.
    pub(super) fn likely_branch(&self) -> Option<String> {
        let Some(Head::Detached(id)) = &self.head else { return None };
        let is_at_head = |name: &str| name.starts_with("refs/heads/") && self.tips.get(name) == Some(id);
        let usual = ["refs/heads/main", "refs/heads/master"].into_iter().find(|name| is_at_head(name));
        usual.or_else(|| self.tips.keys().map(String::as_str).find(|name| is_at_head(name))).map(str::to_owned)
    }

    /// Whether the objects are of the kind that is named by SHA-256; nothing where there are none.
    pub(super) fn are_sha256(&self) -> Option<bool> {
        self.tips.values().next().map(|id| id.as_bytes().len() == 32)
    }
}

/// What [`Refs::held`] reads.
pub(super) const FORMAT: &str = "--format=%(objectname) %(symref) %(refname)";

/// What the refs of a namespace begin with, its HEAD included.
pub(super) fn prefix(namespace: &str) -> String {
    format!("refs/namespaces/{namespace}/")
}

/// Whether a server may call a ref so, and git may be told.
fn is_ref(name: &str) -> bool {
    name.starts_with("refs/") && !name.contains("..") && !name.chars().any(char::is_control)
}

/// What is read, if it is there.
fn there<T>(read: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

fn object(hex: &str) -> Option<ObjectId> {
    let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?;
    matches!(bytes.len(), 20 | 32).then(|| ObjectId::new(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_and_what_is_held_of_it_are_the_same() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let list = format!(
            "ref: refs/heads/main\tHEAD\n{one}\tHEAD\n{one}\trefs/heads/main\n{two}\trefs/tags/v1\n{one}\trefs/tags/v1^{{}}\n\
             {two}\trefs/pull/1/head\n{two}\t../evil\n"
        );
        let held = format!(
            "{one} refs/namespaces/ab/refs/heads/main refs/namespaces/ab/HEAD\n{one}  refs/namespaces/ab/refs/heads/main\n\
             {two}  refs/namespaces/ab/refs/pull/1/head\n{two}  refs/namespaces/ab/refs/tags/v1\n{two}  refs/namespaces/abc/refs/x\n"
        );
        let listed = Refs::listed(list.as_bytes());
        assert_eq!(listed, Refs::held(held.as_bytes(), "ab"));
        assert_eq!((listed.tips.len(), listed.are_sha256()), (3, Some(false)));
        assert_eq!(listed.head, Some(Head::Ref("refs/heads/main".to_owned())));
    }

    /// Of a ref that is in both places, the file counts.
    #[test]
    fn files_hold_what_git_lists() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let packed = format!(
            "# pack-refs with: peeled fully-peeled sorted\n{two} refs/namespaces/ab/refs/heads/main\n\
             {two} refs/namespaces/ab/refs/tags/v1\n^{one}\n{one} refs/namespaces/abc/refs/x\n"
        );
        write("packed-refs", &packed);
        write("refs/namespaces/ab/refs/heads/main", &format!("{one}\n"));
        write("refs/namespaces/ab/refs/pull/1/head", &format!("{two}\n"));
        write("refs/namespaces/ab/refs/pull/1/head.lock", "");
        write("refs/namespaces/ab/HEAD", "ref: refs/namespaces/ab/refs/heads/main\n");
        let listed = format!(
            "{one} refs/namespaces/ab/refs/heads/main refs/namespaces/ab/HEAD\n{one}  refs/namespaces/ab/refs/heads/main\n\
             {two}  refs/namespaces/ab/refs/pull/1/head\n{two}  refs/namespaces/ab/refs/tags/v1\n"
        );
        assert_eq!(Refs::in_files(dir.path(), "ab"), Some(Refs::held(listed.as_bytes(), "ab")));
        assert_eq!(Refs::in_files(dir.path(), "none"), Some(Refs::default()));
        for damage in ["", "ref: refs/heads/x\n", "0\n"] {
            write("refs/namespaces/ab/refs/heads/odd", damage);
            assert_eq!(Refs::in_files(dir.path(), "ab"), None, "{damage}");
        }
        fs::remove_file(dir.path().join("refs/namespaces/ab/refs/heads/odd")).unwrap();
        // There, and not what it should be: whoever takes that for nothing takes every ref for gone.
        fs::remove_file(dir.path().join("packed-refs")).unwrap();
        fs::create_dir(dir.path().join("packed-refs")).unwrap();
        assert_eq!(Refs::in_files(dir.path(), "ab"), None);
    }

    #[test]
    fn the_likely_branch_is_at_head() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let branch =
            |refs: &str| Refs::held(format!("{one}  refs/namespaces/ab/HEAD\n{refs}").as_bytes(), "ab").likely_branch();
        let at = |id: &str, name: &str| format!("{id}  refs/namespaces/ab/refs/{name}\n");
        let all = at(&one, "heads/dev") + &at(&two, "heads/main") + &at(&one, "heads/master");
        assert_eq!(branch(&all).as_deref(), Some("refs/heads/master"));
        assert_eq!(branch(&(at(&one, "heads/trunk") + &at(&one, "heads/x"))).as_deref(), Some("refs/heads/trunk"));
        assert_eq!(branch(&(at(&two, "heads/main") + &at(&one, "pull/1/head"))), None);
    }

    #[test]
    fn a_head_may_be_detached_or_missing() {
        let one = "1".repeat(40);
        let detached = Some(Head::Detached(ObjectId::new(&[0x11; 20])));
        assert_eq!(Refs::listed(format!("{one}\tHEAD\n").as_bytes()).head, detached);
        assert_eq!(Refs::held(format!("{one}  refs/namespaces/ab/HEAD\n").as_bytes(), "ab").head, detached);
        assert_eq!(Refs::listed(format!("{one}\trefs/heads/x\n").as_bytes()).head, None);
        assert_eq!(Refs::listed(format!("ref: ../../evil\tHEAD\n{one}\tHEAD\n").as_bytes()).head, detached);
    }
}
