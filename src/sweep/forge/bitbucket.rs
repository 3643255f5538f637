//! Bitbucket Cloud.
//!
//! Repositories of a workspace:
//! <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-get>; pages:
//! <https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination>.

use serde::{Deserialize, Serialize};

use super::{
    Client, Credentials, Error, Forge, Listing, Texts,
    api::{Api, Scheme, clone_address, seconds, step},
    pages::{Page, Pages, items, next_field},
};
use crate::{
    ask::Endpoint,
    net::Reply,
    secret::Secret,
    sweep::repository::{Address, Kind, Listed, RepositoryId, Visibility},
};

const USUAL: &str = "https://api.bitbucket.org";
const NEEDS: &str = "the scope `repository` (access token) or `read:repository:bitbucket` (API token, with your e-mail address as the user)";
/// The name that goes with an access token in git.
/// <https://support.atlassian.com/bitbucket-cloud/docs/using-access-tokens/>
const GIT_USER: &str = "x-token-auth";
/// The one that goes with an API token, which in the API goes with an e-mail address.
/// <https://support.atlassian.com/bitbucket-cloud/docs/using-api-tokens/>
const API_TOKEN_USER: &str = "x-bitbucket-api-token-auth";

/// Lists what lies at Bitbucket Cloud. Of the texts beside code it knows wikis.
#[derive(Debug)]
pub struct Bitbucket {
    api: Api,
    host: String,
    workspace: String,
    /// Whether the token is an API token, which belongs to a user.
    is_users: bool,
    token: Option<Secret>,
    texts: Texts,
}

#[derive(Debug, Deserialize)]
struct Repository {
    uuid: String,
    full_name: String,
    parent: Option<Parent>,
    is_private: Option<bool>,
    has_wiki: Option<bool>,
    /// In bytes.
    size: Option<u64>,
    language: Option<String>,
    updated_on: Option<String>,
    links: Links,
}

#[derive(Debug, Deserialize)]
struct Parent {
    uuid: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Links {
    html: Option<Link>,
    #[serde(rename = "self")]
    own: Option<serde_json::Value>,
    #[serde(default)]
    clone: Vec<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    href: String,
    #[serde(default)]
    name: String,
}

impl Links {
    /// What git clones from, over HTTP.
    pub(super) fn address(&self) -> Option<Address> {
        let is_http = |link: &&Link| matches!(link.name.as_str(), "https" | "http");
        clone_address(&self.clone.iter().find(is_http)?.href)
    }

    /// The page for people: the data center has a list of one.
    pub(super) fn web(self) -> Option<String> {
        let own = self.own.as_ref().and_then(|own| own[0]["href"].as_str()).map(str::to_owned);
        self.html.map(|link| link.href).or(own)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    listed: Listed,
    has_wiki: bool,
}

impl Repository {
    fn seen(self, host: &str) -> Option<Seen> {
        let address = self.links.address()?;
        // Whether a push changes the time of the last change is not documented: it makes no stamp.
        let listed = Listed {
            web: self.links.web(),
            is_fork: self.parent.is_some(),
            parent: self.parent.map(|parent| id(host, &parent.uuid)),
            visibility: self.is_private.map(|is| if is { Visibility::Private } else { Visibility::Public }),
            size: self.size,
            language: self.language.filter(|language| !language.is_empty()),
            pushed_at: self.updated_on.as_deref().and_then(seconds),
            ..Listed::at(id(host, &self.uuid), self.full_name, address)
        };
        Some(Seen { listed, has_wiki: self.has_wiki.unwrap_or_default() })
    }
}

/// The braces around the number are not part of it.
fn id(host: &str, uuid: &str) -> RepositoryId {
    RepositoryId::new(host, uuid.trim_matches(['{', '}']))
}

/// <https://support.atlassian.com/bitbucket-cloud/docs/manage-wikis/>
fn wiki(of: &Listed) -> Option<Listed> {
    let Address::Remote(url) = &of.address else { return None };
    let (id, name) = (RepositoryId::known(format!("{}.wiki", of.id)), format!("{}.wiki", of.name));
    let address = Address::Remote(format!("{}/wiki", url.trim_end_matches('/')));
    Some(Listed { visibility: of.visibility, kind: Kind::Wiki, ..Listed::at(id, name, address) })
}

impl Bitbucket {
    /// The repositories of `workspace`. An access token stands alone; an API token is `user`'s, an e-mail address.
    ///
    /// # Errors
    /// Where the token can be sent nowhere.
    pub fn new(
        endpoint: Option<Endpoint>,
        workspace: &str,
        user: Option<&str>,
        token: Option<Secret>,
        texts: Texts,
    ) -> Result<Self, Error> {
        let scheme = user.map_or(Scheme::Bearer, Scheme::Basic);
        let api = Api::new(endpoint, USUAL, NEEDS).and_then(|api| api.shown(scheme, token.as_ref()));
        let api = api.map_err(|why| why.of("Bitbucket"))?;
        let host = api.host().strip_prefix("api.").unwrap_or(api.host()).to_owned();
        Ok(Self { api, host, workspace: workspace.to_owned(), is_users: user.is_some(), token, texts })
    }

    fn list_all(&self, ask: &mut Client<'_>, listing: &mut Listing, each: &mut dyn FnMut(Listed)) -> Result<(), Error> {
        let first = self.api.at(&format!("/2.0/repositories/{}?sort=created_on&pagelen=100", step(&self.workspace)));
        let mut pages = Pages::new(&self.api, first, format!("repositories of {} at {}", self.workspace, self.host));
        let read = |reply: &Reply| -> Option<Page<Seen>> {
            let page = items(reply, "values", next_field(reply, "next"))?;
            Some(page.filter_map(|item: Repository| item.seen(&self.host)))
        };
        while let Some(seen) = pages.next(ask, read)? {
            for Seen { listed, has_wiki } in seen {
                let wiki = (has_wiki && self.texts.wikis).then(|| wiki(&listed)).flatten();
                for listed in std::iter::once(listed).chain(wiki) {
                    listing.repositories += 1;
                    each(listed);
                }
            }
        }
        listing.unread(&pages);
        Ok(())
    }
}

impl Forge for Bitbucket {
    fn list(&self, ask: &mut Client<'_>, each: &mut dyn FnMut(Listed)) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let done = self.list_all(ask, &mut listing, each);
        listing.settle(done)
    }

    fn credentials(&self, _: &mut Client<'_>, _: &Listed) -> Result<Option<Credentials>, Error> {
        let user = if self.is_users { API_TOKEN_USER } else { GIT_USER };
        let host = self.host.clone();
        Ok(self.token.clone().map(|token| Credentials { host, user: user.to_owned(), token }))
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn lists(&self, kind: Kind) -> bool {
        self.texts.lists(kind)
    }
}
