//! What people and jobs wrote beside a repository's code.
//!
//! Issues, which pull requests are among: <https://docs.github.com/en/rest/issues/issues#list-repository-issues>; comments:
//! <https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository> and
//! <https://docs.github.com/en/rest/pulls/comments#list-review-comments-in-a-repository>; reviews: <https://docs.github.com/en/rest/pulls/reviews>; releases:
//! <https://docs.github.com/en/rest/releases/releases#list-releases>; jobs: <https://docs.github.com/en/rest/actions/workflow-jobs>.

use serde::Deserialize;

use super::Account;
use crate::{
    net::Reply,
    sweep::{
        forge::{
            Client, Error, Text, Texts, Why,
            api::{Api, seconds, step},
            pages::{Page, Pages, array, items, next_link},
        },
        repository::Listed,
    },
};

/// How long after it began a run may still go on or be run again, in seconds: 35 days.
/// <https://docs.github.com/en/actions/reference/limits>
const LONGEST_RUN: i64 = 35 * 24 * 3600;

/// What is read of, and from when on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'o> {
    pub(super) listed: &'o Listed,
    pub(super) since: Option<i64>,
}

/// An issue, a pull request, a comment or a review.
#[derive(Debug, Deserialize)]
struct Said {
    #[serde(default)]
    id: u64,
    #[serde(default)]
    number: u64,
    title: Option<String>,
    body: Option<String>,
    html_url: Option<String>,
    user: Option<Account>,
    updated_at: Option<String>,
    submitted_at: Option<String>,
    /// The issue of a comment.
    issue_url: Option<String>,
    /// In an issue that is a pull request; of a review comment its address.
    #[serde(alias = "pull_request_url")]
    pull_request: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Release {
    tag_name: String,
    name: Option<String>,
    body: Option<String>,
    html_url: Option<String>,
    author: Option<Account>,
    created_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Run {
    id: u64,
    updated_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Job {
    id: u64,
    html_url: Option<String>,
    completed_at: Option<String>,
}

/// Hands over the texts of a repository that `texts` asks for.
pub(super) fn read(
    ask: &mut Client<'_>,
    api: &Api,
    texts: Texts,
    of: Of<'_>,
    each: &mut dyn FnMut(Text),
) -> Result<(), Error> {
    let mut reader = Reader { ask, api, of, each };
    if texts.issues || texts.pull_requests {
        let pulls = reader.issues(texts)?;
        reader.comments("/issues/comments", texts)?;
        if texts.pull_requests {
            reader.comments("/pulls/comments", texts)?;
            for number in pulls {
                reader.reviews(number)?;
            }
        }
    }
    if texts.releases {
        reader.releases()?;
    }
    if texts.logs {
        reader.logs()?;
    }
    Ok(())
}

struct Reader<'r, 'c> {
    ask: &'r mut Client<'c>,
    api: &'r Api,
    of: Of<'r>,
    each: &'r mut dyn FnMut(Text),
}

impl Reader<'_, '_> {
    /// The address of `path` below the repository's own.
    fn at(&self, path: &str) -> String {
        let name: Vec<String> = self.of.listed.name.split('/').map(step).collect();
        self.api.at(&format!("/repos/{}{path}", name.join("/")))
    }

    /// Everything at `path`, page by page. What is switched off has no pages.
    fn all<T>(
        &mut self,
        (path, what): (&str, &str),
        read: impl Fn(&Reply) -> Option<Page<T>>,
        mut take: impl FnMut(&mut Self, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut pages = Pages::new(self.api, self.at(path), format!("{what} of {}", self.of.listed.name));
        loop {
            let page = match pages.fresh(self.ask, &read) {
                Err(Error { why: Why::Gone, .. }) | Ok(None) => return Ok(()),
                page => page?.unwrap_or_default(),
            };
            for item in page {
                take(self, item)?;
            }
        }
    }

    /// The part of an address that asks for what changed since then, oldest first: what changes meanwhile comes last.
    fn changed(&self) -> String {
        let since = self.of.since.and_then(|at| jiff::Timestamp::from_second(at).ok());
        let since = since.map_or_else(String::new, |at| format!("&since={at}"));
        format!("?sort=updated&direction=asc&per_page=100{since}")
    }

    /// Hands over issues and pull requests, and returns the numbers of the latter.
    fn issues(&mut self, texts: Texts) -> Result<Vec<u64>, Error> {
        let path = format!("/issues{}&state=all", self.changed());
        let mut pulls = Vec::new();
        self.all((&path, "issues"), array::<Said>, |reader, said| {
            let is_pull = said.pull_request.is_some();
            if is_pull {
                pulls.push(said.number);
            }
            if is_wanted(texts, is_pull) {
                let path = path_of(is_pull, said.number);
                (reader.each)(said.text(path));
            }
            Ok(())
        })?;
        Ok(pulls)
    }

    fn comments(&mut self, folder: &str, texts: Texts) -> Result<(), Error> {
        let path = format!("{folder}{}", self.changed());
        self.all((&path, "comments"), array::<Said>, |reader, said| {
            let is_of_pull = |url: &String| url.contains("/pull/");
            let is_pull = said.pull_request.is_some() || said.html_url.as_ref().is_some_and(is_of_pull);
            let about = said.pull_request.as_ref().and_then(serde_json::Value::as_str).or(said.issue_url.as_deref());
            let number = about.and_then(|url| url.rsplit('/').next()?.parse().ok()).unwrap_or(0);
            if is_wanted(texts, is_pull) {
                let path = format!("{} comment {}", path_of(is_pull, number), said.id);
                (reader.each)(said.text(path));
            }
            Ok(())
        })
    }

    fn reviews(&mut self, number: u64) -> Result<(), Error> {
        let path = format!("/pulls/{number}/reviews?per_page=100");
        self.all((&path, "reviews"), array::<Said>, |reader, said| {
            if said.body.as_ref().is_some_and(|body| !body.is_empty()) {
                let path = format!("{} review {}", path_of(true, number), said.id);
                (reader.each)(said.text(path));
            }
            Ok(())
        })
    }

    /// All of them: when one was changed is not told.
    fn releases(&mut self) -> Result<(), Error> {
        self.all(("/releases?per_page=100", "releases"), array::<Release>, |reader, release| {
            (reader.each)(Text {
                path: format!("release {}", release.tag_name),
                web: release.html_url,
                author: release.author.map(|author| author.login),
                at: release.created_at.as_deref().and_then(seconds),
                bytes: joined(release.name.as_deref(), release.body.as_deref()),
            });
            Ok(())
        })
    }

    fn logs(&mut self) -> Result<(), Error> {
        let since = self.of.since;
        let begun = since.and_then(|at| jiff::Timestamp::from_second(at.saturating_sub(LONGEST_RUN)).ok());
        let begun = begun.map_or_else(String::new, |at| format!("&created=%3E%3D{at}"));
        let path = format!("/actions/runs?per_page=100{begun}");
        self.all(
            (&path, "workflow runs"),
            |reply| items(reply, "workflow_runs", next_link(&reply.headers)),
            |reader, run: Run| {
                let is_old =
                    since.zip(run.updated_at.as_deref().and_then(seconds)).is_some_and(|(since, at)| at < since);
                if is_old { Ok(()) } else { reader.jobs(run.id) }
            },
        )
    }

    fn jobs(&mut self, run: u64) -> Result<(), Error> {
        let path = format!("/actions/runs/{run}/jobs?filter=all&per_page=100");
        let since = self.of.since;
        self.all(
            (&path, "jobs"),
            |reply| items(reply, "jobs", next_link(&reply.headers)),
            |reader, job: Job| {
                let Some(at) = job.completed_at.as_deref().and_then(seconds) else { return Ok(()) };
                if since.is_some_and(|since| at < since) {
                    return Ok(());
                }
                reader.log(run, &job, at)
            },
        )
    }

    fn log(&mut self, run: u64, job: &Job, at: i64) -> Result<(), Error> {
        let url = self.at(&format!("/actions/jobs/{}/logs", job.id));
        let path = format!("workflow run {run} job {}", job.id);
        let subject = format!("{path} of {}", self.of.listed.name);
        match self.ask.download(self.api, &url, &subject) {
            // Logs are kept for some weeks.
            Err(Error { why: Why::Gone | Why::NotFound { .. }, .. }) => Ok(()),
            Err(error) => Err(error),
            Ok(bytes) => {
                (self.each)(Text { path, web: job.html_url.clone(), author: None, at: Some(at), bytes });
                Ok(())
            }
        }
    }
}

impl Said {
    fn text(self, path: String) -> Text {
        Text {
            path,
            bytes: joined(self.title.as_deref(), self.body.as_deref()),
            web: self.html_url,
            author: self.user.map(|user| user.login),
            at: self.updated_at.or(self.submitted_at).as_deref().and_then(seconds),
        }
    }
}

fn is_wanted(texts: Texts, is_pull: bool) -> bool {
    if is_pull { texts.pull_requests } else { texts.issues }
}

fn path_of(is_pull: bool, number: u64) -> String {
    format!("{} {number}", if is_pull { "pull request" } else { "issue" })
}

fn joined(title: Option<&str>, body: Option<&str>) -> Vec<u8> {
    let parts: Vec<&str> = title.into_iter().chain(body).filter(|part| !part.is_empty()).collect();
    parts.join("\n\n").into_bytes()
}
