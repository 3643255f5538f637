//! What people and jobs wrote beside a GitLab project's code.
//!
//! Issues: <https://docs.gitlab.com/api/issues/#list-project-issues>; merge requests:
//! <https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests>; what was said of them: <https://docs.gitlab.com/api/notes/>; releases:
//! <https://docs.gitlab.com/api/releases/>; jobs and what they printed: <https://docs.gitlab.com/api/jobs/>.

use serde::Deserialize;

use super::{
    Client, Error, Text, Texts, Why,
    api::{Api, seconds},
    pages::{Pages, array},
};
use crate::sweep::repository::Listed;

/// How long after it was made a job may still end, in seconds: a month is the longest that GitLab lets one run.
const LONGEST_JOB: i64 = 31 * 24 * 3600;

/// An issue, a merge request or a note.
#[derive(Debug, Deserialize)]
struct Said {
    #[serde(default)]
    id: u64,
    #[serde(default)]
    iid: u64,
    title: Option<String>,
    description: Option<String>,
    /// A note's.
    body: Option<String>,
    /// Whether GitLab wrote it itself.
    #[serde(default)]
    system: bool,
    user_notes_count: Option<u64>,
    web_url: Option<String>,
    author: Option<Author>,
    updated_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Author {
    username: String,
}

#[derive(Debug, Deserialize)]
struct Release {
    tag_name: String,
    name: Option<String>,
    description: Option<String>,
    author: Option<Author>,
    released_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Job {
    id: u64,
    web_url: Option<String>,
    created_at: Option<String>,
    finished_at: Option<String>,
}

/// Hands over the texts that `texts` asks for of the project at `folder`, which changed since then.
pub(super) fn read(
    ask: &mut Client<'_>,
    api: &Api,
    texts: Texts,
    (of, folder, since): (&Listed, &str, Option<i64>),
    each: &mut dyn FnMut(Text),
) -> Result<(), Error> {
    let mut reader = Reader { ask, api, of, folder, since, each };
    if texts.issues {
        reader.threads("issues", "issue")?;
    }
    if texts.pull_requests {
        reader.threads("merge_requests", "merge request")?;
    }
    if texts.releases {
        reader.releases()?;
    }
    if texts.logs {
        reader.jobs()?;
    }
    Ok(())
}

struct Reader<'r, 'c> {
    ask: &'r mut Client<'c>,
    api: &'r Api,
    of: &'r Listed,
    folder: &'r str,
    since: Option<i64>,
    each: &'r mut dyn FnMut(Text),
}

impl<'r> Reader<'r, '_> {
    fn pages(&self, path: &str, what: &str) -> Pages<'r> {
        let first = self.api.at(&format!("{}{path}", self.folder));
        Pages::new(self.api, first, format!("{what} of {}", self.of.name))
    }

    /// Issues or merge requests, oldest change first: what changes meanwhile comes last.
    fn threads(&mut self, folder: &str, called: &str) -> Result<(), Error> {
        let since = self.since.and_then(|at| jiff::Timestamp::from_second(at).ok());
        let since = since.map_or_else(String::new, |at| format!("&updated_after={at}"));
        let path = format!("/{folder}?scope=all&state=all&order_by=updated_at&sort=asc&per_page=100{since}");
        let mut pages = self.pages(&path, folder);
        loop {
            let page = match pages.fresh(self.ask, array::<Said>) {
                // Switched off.
                Err(Error { why: Why::Gone | Why::Forbidden { .. }, .. }) | Ok(None) => return Ok(()),
                page => page?.unwrap_or_default(),
            };
            for said in page {
                let (number, path) = (said.iid, format!("{called} {}", said.iid));
                let has_notes = said.user_notes_count != Some(0);
                (self.each)(said.text(path.clone()));
                if has_notes {
                    self.notes(&format!("/{folder}/{number}/notes?per_page=100"), &path)?;
                }
            }
        }
    }

    fn notes(&mut self, path: &str, about: &str) -> Result<(), Error> {
        let mut pages = self.pages(path, "notes");
        while let Some(notes) = pages.fresh(self.ask, array::<Said>)? {
            for note in notes.into_iter().filter(|note| !note.system) {
                let path = format!("{about} comment {}", note.id);
                (self.each)(note.text(path));
            }
        }
        Ok(())
    }

    /// All of them: when one was changed is not told.
    fn releases(&mut self) -> Result<(), Error> {
        let mut pages = self.pages("/releases?per_page=100", "releases");
        while let Some(releases) = pages.fresh(self.ask, array::<Release>)? {
            for release in releases {
                (self.each)(Text {
                    path: format!("release {}", release.tag_name),
                    web: None,
                    author: release.author.map(|author| author.username),
                    at: release.released_at.as_deref().and_then(seconds),
                    bytes: joined(release.name.as_deref(), release.description.as_deref()),
                });
            }
        }
        Ok(())
    }

    /// What jobs printed that ended since then; the list begins with the newest.
    fn jobs(&mut self) -> Result<(), Error> {
        let mut pages = self.pages("/jobs?pagination=keyset&order_by=id&sort=desc&per_page=100", "jobs");
        while let Some(jobs) = pages.fresh(self.ask, array::<Job>)? {
            let is_older = |at: &Option<String>, by: i64| {
                let at = at.as_deref().and_then(seconds);
                at.zip(self.since).is_some_and(|(at, since)| at < since.saturating_sub(by))
            };
            if jobs.last().is_some_and(|job| is_older(&job.created_at, LONGEST_JOB)) {
                pages.end();
            }
            let ended = jobs.into_iter().filter(|job| job.finished_at.is_some() && !is_older(&job.finished_at, 0));
            for job in ended.collect::<Vec<_>>() {
                self.log(job)?;
            }
        }
        Ok(())
    }

    fn log(&mut self, job: Job) -> Result<(), Error> {
        let (url, path) = (self.api.at(&format!("{}/jobs/{}/trace", self.folder, job.id)), format!("job {}", job.id));
        match self.ask.download(self.api, &url, &format!("{path} of {}", self.of.name)) {
            // It printed nothing, or that was deleted.
            Err(Error { why: Why::Gone | Why::NotFound { .. }, .. }) => Ok(()),
            Err(error) => Err(error),
            Ok(bytes) => {
                let at = job.finished_at.as_deref().and_then(seconds);
                (self.each)(Text { path, web: job.web_url, author: None, at, bytes });
                Ok(())
            }
        }
    }
}

impl Said {
    fn text(self, path: String) -> Text {
        Text {
            path,
            bytes: joined(self.title.as_deref(), self.description.or(self.body).as_deref()),
            web: self.web_url,
            author: self.author.map(|author| author.username),
            at: self.updated_at.as_deref().and_then(seconds),
        }
    }
}

fn joined(title: Option<&str>, text: Option<&str>) -> Vec<u8> {
    let parts: Vec<&str> = title.into_iter().chain(text).filter(|part| !part.is_empty()).collect();
    parts.join("\n\n").into_bytes()
}
