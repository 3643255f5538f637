//! GitLab, at gitlab.com or a server of one's own.
//!
//! Projects of a group and of the groups within it: <https://docs.gitlab.com/api/groups/#list-all-projects-for-a-group>; of a user:
//! <https://docs.gitlab.com/api/projects/#list-all-projects-for-a-user>; pages: <https://docs.gitlab.com/api/rest/#pagination>. What people wrote beside the code is
//! `gitlab_texts`'.

use serde::{Deserialize, Serialize};

use super::{
    Client, Credentials, Error, Forge, Listing, Text, Texts,
    api::{Api, Scheme, clone_address, seconds, step},
    gitlab_texts,
    pages::{Page, Pages, array},
};
use crate::{
    ask::Endpoint,
    net::Reply,
    secret::Secret,
    sweep::repository::{Kind, Listed, RepositoryId, Visibility},
};

const USUAL: &str = "https://gitlab.com";
/// <https://docs.gitlab.com/user/profile/personal_access_tokens/#personal-access-token-scopes>
const NEEDS: &str = "the scopes `read_api` and `read_repository`, and at least the role Reporter";
/// <https://docs.gitlab.com/topics/git/clone/#clone-using-a-token>
const GIT_USER: &str = "oauth2";
/// For how long after a push GitLab may leave the time of the last activity as it is, in seconds: an hour, and a little for clocks.
/// `RESET_PROJECT_ACTIVITY_INTERVAL` in <https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/models/event.rb>
const UNTOLD: i64 = 3600 + 120;

/// Whose projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitLabWhose {
    /// A group's, by its path or number, and those of the groups within it.
    Group(String),
    /// A user's.
    User(String),
}

/// Lists what lies at GitLab.
#[derive(Debug)]
pub struct GitLab {
    api: Api,
    token: Option<Secret>,
    whose: GitLabWhose,
    texts: Texts,
}

#[derive(Debug, Deserialize)]
struct Project {
    id: u64,
    path_with_namespace: String,
    http_url_to_repo: String,
    web_url: Option<String>,
    #[serde(rename = "forked_from_project")]
    parent: Option<Parent>,
    archived: Option<bool>,
    visibility: Option<String>,
    topics: Option<Vec<String>>,
    last_activity_at: Option<String>,
    updated_at: Option<String>,
    repository_access_level: Option<String>,
    wiki_access_level: Option<String>,
    wiki_enabled: Option<bool>,
    snippets_access_level: Option<String>,
    statistics: Option<Statistics>,
}

#[derive(Debug, Deserialize)]
struct Parent {
    id: u64,
    forked_from_project: Option<Box<Self>>,
}

#[derive(Debug, Deserialize)]
struct Statistics {
    repository_size: Option<u64>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Snippet {
    id: u64,
    http_url_to_repo: Option<String>,
    web_url: Option<String>,
    visibility: Option<String>,
    updated_at: Option<String>,
}

/// What an answer came to, of each project in it.
#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    listed: Listed,
    number: u64,
    has_wiki: bool,
    has_snippets: bool,
}

impl Project {
    fn seen(self, host: &str) -> Option<Seen> {
        let address = clone_address(&self.http_url_to_repo)?;
        let is_off = |level: &Option<String>| level.as_deref() == Some("disabled");
        let parent = self.parent.map(|mut parent| {
            while let Some(next) = parent.forked_from_project.take() {
                parent = *next;
            }
            RepositoryId::new(host, parent.id)
        });
        let stamp = self.last_activity_at.as_ref().map(|at| {
            let updated = self.updated_at.as_deref().unwrap_or_default();
            format!("{at} {updated}")
        });
        let listed = Listed {
            web: self.web_url,
            is_fork: parent.is_some(),
            parent,
            is_archived: self.archived.unwrap_or_default(),
            is_disabled: is_off(&self.repository_access_level),
            visibility: self.visibility.as_deref().and_then(visibility),
            size: self.statistics.and_then(|statistics| statistics.repository_size),
            topics: self.topics.unwrap_or_default(),
            pushed_at: self.last_activity_at.as_deref().and_then(seconds),
            stamp,
            ..Listed::at(RepositoryId::new(host, self.id), self.path_with_namespace, address)
        };
        let has_wiki = self.wiki_access_level.is_some() && !is_off(&self.wiki_access_level);
        Some(Seen {
            has_wiki: has_wiki || self.wiki_access_level.is_none() && self.wiki_enabled == Some(true),
            has_snippets: !is_off(&self.snippets_access_level),
            number: self.id,
            listed,
        })
    }
}

impl Snippet {
    /// The repository of a snippet, <https://docs.gitlab.com/user/snippets/#versioned-snippets>.
    fn listed(self, host: &str, of: &Listed) -> Option<Listed> {
        let address = clone_address(self.http_url_to_repo.as_deref()?)?;
        let name = format!("{}/snippet:{}", of.name, self.id);
        Some(Listed {
            web: self.web_url,
            visibility: self.visibility.as_deref().and_then(visibility),
            pushed_at: self.updated_at.as_deref().and_then(seconds),
            kind: Kind::Snippet,
            ..Listed::at(RepositoryId::new(host, format_args!("snippet/{}", self.id)), name, address)
        })
    }
}

/// <https://docs.gitlab.com/api/projects/#project-visibility-level>
fn visibility(text: &str) -> Option<Visibility> {
    match text {
        "public" => Some(Visibility::Public),
        "internal" => Some(Visibility::Internal),
        "private" => Some(Visibility::Private),
        _ => None,
    }
}

impl GitLab {
    /// The projects of `whose`; `endpoint` is the address of a server of the user's own: `https://gitlab.example.org`.
    ///
    /// # Errors
    /// Where the token can be sent nowhere.
    pub fn new(
        endpoint: Option<Endpoint>,
        whose: GitLabWhose,
        token: Option<Secret>,
        texts: Texts,
    ) -> Result<Self, Error> {
        // Personal, group and project tokens are taken so as well as those of OAuth:
        // <https://docs.gitlab.com/api/rest/authentication/#personalprojectgroup-access-tokens>
        let api = Api::new(endpoint, USUAL, NEEDS).and_then(|api| api.shown(Scheme::Bearer, token.as_ref()));
        Ok(Self { api: api.map_err(|why| why.of("GitLab"))?, token, whose, texts })
    }

    /// The first page: in the order in which they were made, so that one that is made meanwhile comes last.
    fn first(&self) -> String {
        const ORDER: &str = "order_by=id&sort=asc&per_page=100&statistics=true";
        let path = match &self.whose {
            GitLabWhose::Group(name) => {
                format!("/groups/{}/projects?include_subgroups=true&with_shared=false&{ORDER}", step(name))
            }
            GitLabWhose::User(name) => format!("/users/{}/projects?{ORDER}", step(name)),
        };
        self.api.at(&format!("/api/v4{path}"))
    }

    fn name(&self) -> &str {
        let (GitLabWhose::Group(name) | GitLabWhose::User(name)) = &self.whose;
        name
    }

    fn list_all(&self, ask: &mut Client<'_>, listing: &mut Listing, each: &mut dyn FnMut(Listed)) -> Result<(), Error> {
        let subject = format!("projects of {} at {}", self.name(), self.host());
        let mut pages = Pages::new(&self.api, self.first(), subject);
        let host = self.host();
        let read = |reply: &Reply| -> Option<Page<Seen>> {
            Some(array(reply)?.filter_map(|project: Project| project.seen(host)))
        };
        while let Some(seen) = pages.next(ask, read)? {
            for one in seen {
                self.hand_over(ask, one, listing, each)?;
            }
        }
        listing.unread(&pages);
        Ok(())
    }

    fn hand_over(
        &self,
        ask: &mut Client<'_>,
        seen: Seen,
        listing: &mut Listing,
        each: &mut dyn FnMut(Listed),
    ) -> Result<(), Error> {
        let Seen { mut listed, number, has_wiki, has_snippets } = seen;
        // Another push since then may not have changed the time.
        let now = jiff::Timestamp::now().as_second();
        if listed.pushed_at.is_none_or(|at| at.saturating_add(UNTOLD) > now) {
            listed.stamp = None;
        }
        let wiki = (has_wiki && self.texts.wikis).then(|| super::github::wiki(&listed)).flatten();
        let mut all = vec![listed];
        if has_snippets && self.texts.snippets {
            let first = self.api.at(&format!("/api/v4/projects/{number}/snippets?per_page=100"));
            let mut pages = Pages::new(&self.api, first, format!("snippets of {}", all[0].name));
            while let Some(snippets) = pages.next(ask, array::<Snippet>)? {
                let found: Vec<_> = snippets.into_iter().filter_map(|one| one.listed(self.host(), &all[0])).collect();
                all.extend(found);
            }
        }
        for listed in all.into_iter().chain(wiki) {
            listing.repositories += 1;
            each(listed);
        }
        Ok(())
    }
}

impl Forge for GitLab {
    fn list(&self, ask: &mut Client<'_>, each: &mut dyn FnMut(Listed)) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let done = self.list_all(ask, &mut listing, each);
        listing.settle(done)
    }

    fn texts(
        &self,
        ask: &mut Client<'_>,
        of: &Listed,
        since: Option<i64>,
        each: &mut dyn FnMut(Text),
    ) -> Result<(), Error> {
        let id = of.id.as_str().rsplit('/').next().unwrap_or_default();
        if of.kind != Kind::Code {
            return Ok(());
        }
        let folder = format!("/api/v4/projects/{}", step(id));
        gitlab_texts::read(ask, &self.api, self.texts, (of, &folder, since), each)
    }

    fn credentials(&self, _: &mut Client<'_>, _: &Listed) -> Result<Option<Credentials>, Error> {
        Ok(self.token.clone().map(|token| Credentials {
            host: self.host().to_owned(),
            user: GIT_USER.to_owned(),
            token,
        }))
    }

    fn host(&self) -> &str {
        self.api.host()
    }

    fn lists(&self, kind: Kind) -> bool {
        self.texts.lists(kind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn project() -> Value {
        json!({
            "id": 9, "path_with_namespace": "acme/web/site", "http_url_to_repo": "https://gitlab.example.org/acme/web/site.git",
            "web_url": "https://gitlab.example.org/acme/web/site", "archived": null, "visibility": "internal",
            "topics": ["shop"], "last_activity_at": "2026-01-02T03:04:05.123Z", "wiki_access_level": "enabled",
            "repository_access_level": "enabled", "snippets_access_level": "disabled",
            "statistics": { "repository_size": 1000 },
            "forked_from_project": { "id": 7, "forked_from_project": { "id": 3 } },
        })
    }

    fn seen(value: Value) -> Option<Seen> {
        serde_json::from_value::<Project>(value).unwrap().seen("gitlab.example.org")
    }

    #[test]
    fn a_project_is_read_as_it_is_documented() {
        let Seen { listed, has_wiki, has_snippets, .. } = seen(project()).unwrap();
        assert_eq!(listed.id.as_str(), "gitlab.example.org/9");
        assert_eq!(listed.parent, Some(RepositoryId::new("gitlab.example.org", 3)));
        assert_eq!((listed.is_fork, listed.is_archived, listed.is_disabled), (true, false, false));
        assert_eq!((listed.size, listed.visibility), (Some(1000), Some(Visibility::Internal)));
        assert_eq!(listed.pushed_at, Some(1_767_323_045));
        assert_eq!((has_wiki, has_snippets), (true, false));
    }

    #[test]
    fn one_whose_repository_is_switched_off_says_so() {
        let mut off = project();
        off["repository_access_level"] = json!("disabled");
        assert!(seen(off).unwrap().listed.is_disabled);
        let mut wrong = project();
        wrong["http_url_to_repo"] = json!("ext::x");
        assert!(seen(wrong).is_none());
    }
}
