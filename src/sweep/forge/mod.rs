//! Lists of repositories, and the texts beside their code: from forges, from files, from folders.
//!
//! A [`Forge`] is somebody who lists repositories. It asks through a [`Client`], which keeps the manners: pages, conditional
//! requests, rate limits, retries. What was learned of a repository is the state's to keep, fetching it another's; so
//! is what an answer came to, behind [`Answers`].

mod api;
mod azure;
mod bitbucket;
mod client;
mod data_center;
mod error;
mod folder;
mod gitea;
mod github;
mod gitlab;
mod gitlab_texts;
mod limits;
mod list;
mod pages;

pub use api::NotPlain;
pub use azure::Azure;
pub use bitbucket::Bitbucket;
pub use client::{Answers, Client, Forgetful, Patience, limits};
pub use data_center::DataCenter;
pub use error::{Error, Why};
pub use folder::Folder;
pub use gitea::{Gitea, GiteaWhose};
pub use github::{GitHub, Login, Whose};
pub use gitlab::{GitLab, GitLabWhose};
pub use list::List;

use pages::Pages;

use super::repository::{Kind, Listed};
use crate::secret::Secret;

/// Who lists repositories.
pub trait Forge: Sync {
    /// Hands over every repository that is there, each once.
    ///
    /// # Errors
    /// Where nothing can be listed at all. What could not be listed beside the rest is in [`Listing::problems`].
    fn list(&self, ask: &mut Client<'_>, each: &mut dyn FnMut(Listed)) -> Result<Listing, Error>;

    /// Hands over the texts of `of` that [`Texts`] asks for and that changed since then, in seconds since 1970 UTC; all, without a time. One that did not change may come again.
    ///
    /// # Errors
    /// Where something could not be read: then the next question has to go as far back as this one.
    fn texts(
        &self,
        ask: &mut Client<'_>,
        of: &Listed,
        since: Option<i64>,
        each: &mut dyn FnMut(Text),
    ) -> Result<(), Error> {
        let _ = (ask, of, since, each);
        Ok(())
    }

    /// What git needs to fetch `of` by now; it may be good for an hour alone. Nothing where it is had without.
    ///
    /// # Errors
    /// Where they would have to be asked for, and are not given.
    fn credentials(&self, ask: &mut Client<'_>, of: &Listed) -> Result<Option<Credentials>, Error> {
        let _ = (ask, of);
        Ok(None)
    }

    /// The host that repositories' ids begin with, and from which they are cloned: `github.com`.
    fn host(&self) -> &str;

    /// Whether its list names repositories of this kind, where there are any.
    fn lists(&self, kind: Kind) -> bool {
        kind == Kind::Code
    }

    /// Whether its list may lack what is there and say nothing of it: what a token may not see, a folder that is not mounted.
    fn may_hide(&self) -> bool {
        true
    }
}

/// How far a listing came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// How many repositories were handed over.
    pub repositories: u64,
    /// What is missing, and why.
    pub problems: Vec<Problem>,
}

impl Listing {
    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    /// Notes what an error kept from being listed.
    fn missing(&mut self, error: &Error) {
        let Error { subject, why } = error;
        let reason = format!("{why}; {} repositories were listed before that", self.repositories);
        self.problems.push(Problem { subject: subject.clone(), reason });
    }

    /// This, if the question for it came to an end or at least to something; an error where nothing was listed.
    fn settle(mut self, done: Result<(), Error>) -> Result<Self, Error> {
        match done {
            Err(error) if self.repositories == 0 => return Err(error),
            Err(error) => self.missing(&error),
            Ok(()) => {}
        }
        Ok(self)
    }

    /// Notes what was in the pages of a list, but cannot be read.
    fn unread(&mut self, pages: &Pages<'_>) {
        let (subject, count) = pages.unread();
        if count > 0 {
            let reason = format!("{count} in the list are not what the forge documents, and are left out");
            self.problems.push(Problem { subject: subject.to_owned(), reason });
        }
    }
}

/// Something that could not be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is.
    pub subject: String,
    /// Why.
    pub reason: String,
}

/// What git shows to a host. It never prints itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The only host that may see it, with its port where that is not the usual one.
    pub host: String,
    /// The name that goes with it.
    pub user: String,
    /// The token.
    pub token: Secret,
}

/// What is wanted besides the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Texts {
    /// Wikis: listed as repositories.
    pub wikis: bool,
    /// Gists and snippets: listed as repositories.
    pub snippets: bool,
    /// Issues and what was said of them.
    pub issues: bool,
    /// Pull requests, their reviews and what was said of them.
    pub pull_requests: bool,
    /// What releases say.
    pub releases: bool,
    /// What jobs printed.
    pub logs: bool,
}

impl Texts {
    /// Whether repositories of this kind are wanted; texts that lie in none come with the code that they belong to.
    fn lists(self, kind: Kind) -> bool {
        match kind {
            Kind::Code | Kind::Texts => true,
            Kind::Wiki => self.wikis,
            Kind::Snippet => self.snippets,
        }
    }
}

/// A text that a forge keeps beside a repository's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it is, in place of a path: `issue 12`, `pull request 7 review 3`, `release v1`.
    pub path: String,
    /// Its page, for people.
    pub web: Option<String>,
    /// Who wrote it, as the forge calls them.
    pub author: Option<String>,
    /// When it was last changed, in seconds since 1970 UTC.
    pub at: Option<i64>,
    /// What it says.
    pub bytes: Vec<u8>,
}
