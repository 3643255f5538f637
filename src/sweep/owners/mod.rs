//! Whose a secret probably is: who a repository's `CODEOWNERS` names for its path, else who wrote it.
//!
//! It is a guess, and says what it rests on. What it says is the repository's own text: who keeps or prints it masks and escapes it, as everything
//! that was scanned. Which file counts, and how it is had from git, is for those who scan.

mod code_owners;
mod pattern;

use serde::{Deserialize, Serialize};

pub use code_owners::{CodeOwners, Dialect, Unread};

use crate::{blob::PathName, incident::CommitInfo};

/// Who probably has to do with a secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// A group, as it is written there: `@org/team`, `@group/subgroup`, `@@role`.
    pub team: Option<String>,
    /// A person: `@name` (which can be a group where groups have no slash), an address, or `Name <address>` of a commit.
    pub person: Option<String>,
    /// What says so.
    pub by: By,
}

/// What a guess rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum By {
    /// The file that says who owns which paths. The person may still be an author, where it names a group alone.
    #[serde(rename = "CODEOWNERS")]
    CodeOwners,
    /// A commit.
    #[serde(rename = "author")]
    Author,
}

/// Who wrote a secret to a path: whoever introduced it, and whoever touched it last. A program's account yields to a person.
#[derive(Clone, Copy, Debug, Default)]
pub struct Authors<'a> {
    /// The commit that brought it there.
    pub introduced: Option<&'a CommitInfo>,
    /// The newest commit that still holds it.
    pub last: Option<&'a CommitInfo>,
}

impl Authors<'_> {
    fn person(self) -> Option<String> {
        let all = || [self.introduced, self.last].into_iter().flatten();
        let commit = all().find(|commit| !commit.author.ends_with("[bot]")).or_else(|| all().next())?;
        match (commit.author.trim(), commit.email.trim()) {
            ("", "") => None,
            (name, "") => Some(name.to_owned()),
            ("", email) => Some(email.to_owned()),
            (name, email) => Some(format!("{name} <{email}>")),
        }
    }
}

/// Whose the secret at `path` probably is; nothing where nobody can tell.
pub fn guess(path: Option<&PathName>, code_owners: Option<&CodeOwners>, authors: Authors<'_>) -> Option<Owner> {
    let named = path.zip(code_owners).map(|(path, file)| file.owners(path)).unwrap_or_default();
    let is_team = |owner: &&&str| owner.contains('/') || owner.starts_with("@@");
    let first = |team: bool| named.iter().find(|owner| is_team(owner) == team).map(|owner| (*owner).to_owned());
    if named.is_empty() {
        return authors.person().map(|person| Owner { team: None, person: Some(person), by: By::Author });
    }
    Some(Owner { team: first(true), person: first(false).or_else(|| authors.person()), by: By::CodeOwners })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::ObjectId;

    fn commit(author: &str, email: &str) -> CommitInfo {
        CommitInfo { id: ObjectId::new(&[7; 20]), author: author.to_owned(), email: email.to_owned(), at: 0 }
    }

    fn owner(team: Option<&str>, person: Option<&str>, by: By) -> Owner {
        Owner { team: team.map(str::to_owned), person: person.map(str::to_owned), by }
    }

    #[test]
    fn whom_the_file_names_comes_before_who_wrote_it() {
        let file = CodeOwners::read(Dialect::GitHub, b"* @org/all\n/a/ @ada @org/a\n/b/ @bob\n/c/\n").unwrap();
        let (ada, eve) = (commit("Ada", "ada@example.com"), commit("Eve", "eve@example.com"));
        let authors = Authors { introduced: Some(&ada), last: Some(&eve) };
        let at = |path: &str| guess(Some(&PathName::new(path)), Some(&file), authors);
        assert_eq!(at("a/x"), Some(owner(Some("@org/a"), Some("@ada"), By::CodeOwners)));
        assert_eq!(at("b/x"), Some(owner(None, Some("@bob"), By::CodeOwners)));
        assert_eq!(at("x"), Some(owner(Some("@org/all"), Some("Ada <ada@example.com>"), By::CodeOwners)));
        assert_eq!(at("c/x"), Some(owner(None, Some("Ada <ada@example.com>"), By::Author)));
        assert_eq!(guess(None, Some(&file), authors), Some(owner(None, Some("Ada <ada@example.com>"), By::Author)));
        assert_eq!(guess(None, None, Authors::default()), None);
    }

    #[test]
    fn a_program_yields_to_a_person() {
        let (bot, eve) = (commit("renovate[bot]", "bot@example.com"), commit("Eve", ""));
        let person = |introduced, last| guess(None, None, Authors { introduced, last }).and_then(|owner| owner.person);
        assert_eq!(person(Some(&bot), Some(&eve)).as_deref(), Some("Eve"));
        assert_eq!(person(Some(&bot), None).as_deref(), Some("renovate[bot] <bot@example.com>"));
        assert_eq!(person(Some(&commit("", "")), None), None);
    }

    #[test]
    fn it_is_kept_by_the_words_that_people_know() {
        let json = serde_json::to_string(&owner(Some("@org/a"), None, By::CodeOwners)).unwrap();
        assert_eq!(json, r#"{"team":"@org/a","person":null,"by":"CODEOWNERS"}"#);
        assert_eq!(serde_json::to_string(&By::Author).unwrap(), "\"author\"");
    }
}
