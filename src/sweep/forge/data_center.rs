//! Bitbucket Data Center.
//!
//! Repositories of a project and of all projects:
//! <https://developer.atlassian.com/server/bitbucket/rest/latest/api-group-project/#api-api-latest-projects-projectkey-repos-get> and
//! <https://developer.atlassian.com/server/bitbucket/rest/latest/api-group-repository/#api-api-latest-repos-get>; pages:
//! <https://developer.atlassian.com/server/bitbucket/rest/latest/intro/#paged-apis>. Its lists tell no times, so there are no stamps.

use serde::Deserialize;

use super::{
    Client, Credentials, Error, Forge, Listing,
    api::{Api, Scheme, step},
    bitbucket::Links,
    pages::{Page, Pages, items, next_field},
};
use crate::{
    ask::Endpoint,
    net::Reply,
    secret::Secret,
    sweep::repository::{Listed, RepositoryId, Visibility},
};

const NEEDS: &str = "an HTTP access token with the permission to read repositories";
/// The name that goes with the tokens of projects and repositories; a user's go with the user's.
/// <https://confluence.atlassian.com/bitbucketserver/http-access-tokens-939515499.html>
const GIT_USER: &str = "x-token-auth";

/// Lists what lies at a Bitbucket Data Center, code alone.
#[derive(Debug)]
pub struct DataCenter {
    api: Api,
    project: Option<String>,
    user: Option<String>,
    token: Option<Secret>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    id: u64,
    slug: String,
    project: Project,
    origin: Option<Box<Self>>,
    public: Option<bool>,
    archived: Option<bool>,
    state: Option<String>,
    links: Option<Links>,
}

#[derive(Debug, Deserialize)]
struct Project {
    key: String,
}

impl Repository {
    fn listed(self, host: &str) -> Option<Listed> {
        let links = self.links?;
        let address = links.address()?;
        let parent = self.origin.map(|mut origin| {
            while let Some(next) = origin.origin.take() {
                origin = next;
            }
            RepositoryId::new(host, origin.id)
        });
        let name = format!("{}/{}", self.project.key, self.slug);
        Some(Listed {
            web: links.web(),
            is_fork: parent.is_some(),
            parent,
            is_archived: self.archived.unwrap_or_default(),
            is_disabled: self.state.is_some_and(|state| state != "AVAILABLE"),
            visibility: self.public.map(|is| if is { Visibility::Public } else { Visibility::Private }),
            ..Listed::at(RepositoryId::new(host, self.id), name, address)
        })
    }
}

impl DataCenter {
    /// The repositories of `project`, a key, or of all, at the server at `endpoint`: `https://bitbucket.example.org`. A user's own token goes with `user`.
    ///
    /// # Errors
    /// Where the token can be sent nowhere.
    pub fn new(
        endpoint: Endpoint,
        project: Option<&str>,
        user: Option<&str>,
        token: Option<Secret>,
    ) -> Result<Self, Error> {
        let api = Api::new(Some(endpoint), "", NEEDS).and_then(|api| api.shown(Scheme::Bearer, token.as_ref()));
        let (project, user) = (project.map(str::to_owned), user.map(str::to_owned));
        Ok(Self { api: api.map_err(|why| why.of("Bitbucket"))?, project, user, token })
    }

    /// The folder of the list.
    fn folder(&self) -> String {
        let project = self.project.as_ref();
        let within = project.map_or_else(String::new, |key| format!("/projects/{}", step(key)));
        self.api.at(&format!("/rest/api/latest{within}/repos?limit=100"))
    }

    fn list_all(&self, ask: &mut Client<'_>, listing: &mut Listing, each: &mut dyn FnMut(Listed)) -> Result<(), Error> {
        let whose = self.project.as_deref().unwrap_or("all projects");
        let (folder, host) = (self.folder(), self.host());
        let mut pages = Pages::new(&self.api, folder.clone(), format!("repositories of {whose} at {host}"));
        let read = |reply: &Reply| -> Option<Page<Listed>> {
            let next = next_field(reply, "nextPageStart").map(|start| format!("{folder}&start={start}"));
            Some(items(reply, "values", next)?.filter_map(|item: Repository| item.listed(host)))
        };
        while let Some(page) = pages.next(ask, read)? {
            listing.repositories += page.len() as u64;
            page.into_iter().for_each(&mut *each);
        }
        listing.unread(&pages);
        Ok(())
    }
}

impl Forge for DataCenter {
    fn list(&self, ask: &mut Client<'_>, each: &mut dyn FnMut(Listed)) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let done = self.list_all(ask, &mut listing, each);
        listing.settle(done)
    }

    fn credentials(&self, _: &mut Client<'_>, _: &Listed) -> Result<Option<Credentials>, Error> {
        let user = self.user.clone().unwrap_or_else(|| GIT_USER.to_owned());
        Ok(self.token.clone().map(|token| Credentials { host: self.host().to_owned(), user, token }))
    }

    fn host(&self) -> &str {
        self.api.host()
    }
}
