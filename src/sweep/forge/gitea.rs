//! Gitea and Forgejo, whose API is made after GitHub's.
//!
//! `orgListRepos` and `userListRepos` of <https://docs.gitea.com/api/next/>, the answer's `Repository` in
//! <https://github.com/go-gitea/gitea/blob/main/templates/swagger/v1_json.tmpl>.

use serde::{Deserialize, Serialize};

use super::{
    Client, Credentials, Error, Forge, Listing, Texts,
    api::{Api, Scheme, step},
    github::{self, Repository},
    pages::{Page, Pages, array},
};
use crate::{
    ask::Endpoint,
    net::Reply,
    secret::Secret,
    sweep::repository::{Kind, Listed},
};

const USUAL: &str = "https://gitea.com";
/// <https://docs.gitea.com/development/oauth2-provider#scopes>
const NEEDS: &str = "the scopes `read:organization`, `read:user` and `read:repository`";
/// With a token as the password Gitea takes any name.
const GIT_USER: &str = "stanch";
/// How many are listed at once: what a server that nobody configured allows.
const PAGE: u32 = 50;

/// Whose repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GiteaWhose {
    /// An organisation's.
    Organisation(String),
    /// A user's.
    User(String),
}

/// Lists what lies at a Gitea or Forgejo server. Of the texts beside code it knows wikis.
#[derive(Debug)]
pub struct Gitea {
    api: Api,
    token: Option<Secret>,
    whose: GiteaWhose,
    texts: Texts,
}

#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    listed: Listed,
    has_wiki: bool,
}

impl Gitea {
    /// The repositories of `whose`; `endpoint` is the address of the server: `https://git.example.org`.
    ///
    /// # Errors
    /// Where the token can be sent nowhere.
    pub fn new(
        endpoint: Option<Endpoint>,
        whose: GiteaWhose,
        token: Option<Secret>,
        texts: Texts,
    ) -> Result<Self, Error> {
        let api = Api::new(endpoint, USUAL, NEEDS).and_then(|api| api.shown(Scheme::Token, token.as_ref()));
        Ok(Self { api: api.map_err(|why| why.of("Gitea"))?, token, whose, texts })
    }

    fn list_all(&self, ask: &mut Client<'_>, listing: &mut Listing, each: &mut dyn FnMut(Listed)) -> Result<(), Error> {
        let (folder, name) = match &self.whose {
            GiteaWhose::Organisation(name) => ("orgs", name),
            GiteaWhose::User(name) => ("users", name),
        };
        let first = self.api.at(&format!("/api/v1/{folder}/{}/repos?page=1&limit={PAGE}", step(name)));
        let mut pages = Pages::new(&self.api, first, format!("repositories of {name} at {}", self.host()));
        let host = self.host();
        let read = |reply: &Reply| -> Option<Page<Seen>> {
            Some(array(reply)?.filter_map(|item: Repository| {
                let has_wiki = item.has_wiki && item.external_wiki.is_none();
                Some(Seen { listed: item.listed(host)?, has_wiki })
            }))
        };
        while let Some(seen) = pages.next(ask, read)? {
            for Seen { listed, has_wiki } in seen {
                let listed = github::settled(listed);
                let wiki = (has_wiki && self.texts.wikis).then(|| github::wiki(&listed)).flatten();
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

impl Forge for Gitea {
    fn list(&self, ask: &mut Client<'_>, each: &mut dyn FnMut(Listed)) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let done = self.list_all(ask, &mut listing, each);
        listing.settle(done)
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
