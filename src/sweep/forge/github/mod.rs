//! GitHub, GitHub Enterprise Cloud and GitHub Enterprise Server.
//!
//! Repositories of an organisation: <https://docs.github.com/en/rest/repos/repos#list-organization-repositories>; of a user:
//! <https://docs.github.com/en/rest/repos/repos#list-repositories-for-a-user>; the organisations of an enterprise: `Enterprise.organizations` of
//! <https://docs.github.com/en/graphql/reference/objects#enterprise>. What a list says of a repository is in `model`, how an App logs in in `app`,
//! whom a fork comes from in `parents`.

mod app;
mod gists;
mod model;
mod parents;
mod texts;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Client, Credentials, Error, Forge, Listing, Text, Texts, Why,
    api::{Api, Scheme, step},
    pages::{Page, Pages, items, next_link},
};
use crate::{
    ask::Endpoint,
    net::Reply,
    secret::Secret,
    sweep::repository::{Kind, Listed},
};

pub(super) use model::{Repository, settled, wiki};

/// Where GitHub's API is.
const USUAL: &str = "https://api.github.com";
/// <https://docs.github.com/en/rest/about-the-rest-api/api-versions>
const VERSION: (&str, &str) = ("x-github-api-version", "2022-11-28");
/// <https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens>
const NEEDS: &str = "the scope `repo` (classic token), or read access to the metadata and contents of all repositories (fine-grained token or App)";
/// <https://docs.github.com/en/graphql/guides/managing-enterprise-accounts>
const ENTERPRISE_NEEDS: &str = "the scopes `read:enterprise` and `repo` (classic token)";
/// The name that goes with a token in git.
/// <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation#about-authentication-as-a-github-app-installation>
const GIT_USER: &str = "x-access-token";

/// Whose repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// An organisation's.
    Organisation(String),
    /// A user's.
    User(String),
    /// Those of an enterprise's organisations; with an App, of all organisations in which it is installed.
    Enterprise(String),
}

/// As whom GitHub is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// As nobody: what is public, 60 requests an hour.
    Anonymous,
    /// With a token: classic, fine-grained or of an App's installation.
    Token(Secret),
    /// As an App.
    App {
        /// Its client id, or its number.
        id: String,
        /// Its private key, in PEM.
        key: Secret,
    },
}

/// Lists what lies at GitHub.
#[derive(Debug)]
pub struct GitHub {
    /// Without a token where it is asked as an App.
    api: Api,
    login: Login,
    app: Option<app::App>,
    host: String,
    whose: Whose,
    texts: Texts,
}

/// What an answer came to, of each repository in it.
#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    listed: Listed,
    /// Its name in GraphQL, where it is a fork.
    node: Option<String>,
    has_wiki: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Account {
    login: String,
}

impl GitHub {
    /// The repositories of `whose`, asked as `login`; `endpoint` is the API's address at a server of the user's own: `https://github.example.org/api/v3`.
    ///
    /// # Errors
    /// Where the token or key can be sent nowhere.
    pub fn new(endpoint: Option<Endpoint>, whose: Whose, login: Login, texts: Texts) -> Result<Self, Error> {
        let needs = if matches!(whose, Whose::Enterprise(_)) { ENTERPRISE_NEEDS } else { NEEDS };
        let made = || {
            let api = Api::new(endpoint, USUAL, needs)?.with("accept", "application/vnd.github+json");
            let api = api.with(VERSION.0, VERSION.1);
            let app = match &login {
                Login::App { id, key } => Some(app::App::new(id, key)?),
                _ => None,
            };
            let api = match &login {
                Login::Token(token) => api.known_by(Scheme::Bearer, token)?,
                _ => api,
            };
            Ok((api, app))
        };
        let (api, app) = made().map_err(|why: Why| why.of("GitHub"))?;
        // `api.github.com` of `github.com`, `api.acme.ghe.com` of `acme.ghe.com`; a server of one's own has a folder instead.
        let host = api.host().strip_prefix("api.").unwrap_or(api.host()).to_owned();
        Ok(Self { api, login, app, host, whose, texts })
    }

    /// The API as it is asked about what `owner` has.
    fn api_for(&self, ask: &mut Client<'_>, owner: &str) -> Result<Api, Error> {
        let Some(app) = &self.app else { return Ok(self.api.clone()) };
        let token = app.token(ask, &self.api, owner)?;
        self.api.clone().known_by(Scheme::Bearer, &token).map_err(|why| why.of("GitHub"))
    }

    /// Whose repositories there are to list.
    fn owners(&self, ask: &mut Client<'_>) -> Result<Vec<String>, Error> {
        match (&self.whose, &self.app) {
            (Whose::Organisation(name) | Whose::User(name), _) => Ok(vec![name.clone()]),
            (Whose::Enterprise(_), Some(app)) => app.owners(ask, &self.api),
            (Whose::Enterprise(name), None) => self.organisations(ask, name),
        }
    }

    /// The organisations of an enterprise.
    fn organisations(&self, ask: &mut Client<'_>, name: &str) -> Result<Vec<String>, Error> {
        const QUERY: &str = "query($slug:String!,$after:String){enterprise(slug:$slug){organizations(first:100,after:$after)\
            {nodes{login} pageInfo{endCursor hasNextPage}}}}";
        let subject = format!("organisations of the enterprise {name} at {}", self.host);
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let variables = json!({ "slug": name, "after": after });
            let data = graphql(ask, &self.api, QUERY, &variables, &subject)?;
            let needs = self.api.needs;
            let list = data.pointer("/enterprise/organizations").ok_or_else(|| Why::NotFound { needs }.of(&subject))?;
            let nodes: Vec<Option<Account>> = Deserialize::deserialize(&list["nodes"]).unwrap_or_default();
            found.extend(nodes.into_iter().flatten().map(|node| node.login));
            let cursor = list["pageInfo"]["endCursor"].as_str().map(str::to_owned);
            match cursor.filter(|_| list["pageInfo"]["hasNextPage"] == true) {
                Some(cursor) if after.as_ref() == Some(&cursor) => return Err(Why::Circle.of(&subject)),
                None => return Ok(found),
                next => after = next,
            }
        }
    }

    /// Hands over what `owner` has.
    fn list_of(
        &self,
        ask: &mut Client<'_>,
        owner: &str,
        listing: &mut Listing,
        each: &mut dyn FnMut(Listed),
    ) -> Result<(), Error> {
        let api = self.api_for(ask, owner)?;
        let subject = format!("repositories of {owner} at {}", self.host);
        let first = self.first(ask, &api, owner);
        let mut pages = Pages::new(&api, first, subject);
        while let Some(mut seen) = pages.next(ask, |reply| read(reply, &self.host))? {
            self.find_parents(ask, &api, &mut seen)?;
            for Seen { listed, has_wiki, .. } in seen {
                let listed = settled(listed);
                let wiki = (has_wiki && self.texts.wikis).then(|| wiki(&listed)).flatten();
                for listed in std::iter::once(listed).chain(wiki) {
                    listing.repositories += 1;
                    each(listed);
                }
            }
        }
        listing.unread(&pages);
        if self.texts.snippets {
            self.list_gists((ask, &api), owner, listing, each)?;
        }
        Ok(())
    }

    /// The first page of what `owner` has. In the order in which they were made: one that is made meanwhile comes last, and moves no other.
    fn first(&self, ask: &mut Client<'_>, api: &Api, owner: &str) -> String {
        const ORDER: &str = "sort=created&direction=asc&per_page=100";
        if !matches!(self.whose, Whose::User(_)) {
            return api.at(&format!("/orgs/{}/repos?type=all&{ORDER}", step(owner)));
        }
        if self.app.is_some() {
            return api.at("/installation/repositories?per_page=100");
        }
        // Only users themselves are shown what of theirs is private.
        if matches!(self.login, Login::Token(_)) && is_self(ask, api, owner) {
            return api.at(&format!("/user/repos?affiliation=owner&{ORDER}"));
        }
        api.at(&format!("/users/{}/repos?type=owner&{ORDER}", step(owner)))
    }
}

/// What GraphQL says. <https://docs.github.com/en/graphql/guides/forming-calls-with-graphql>
fn graphql(
    ask: &mut Client<'_>,
    api: &Api,
    query: &str,
    variables: &serde_json::Value,
    subject: &str,
) -> Result<serde_json::Value, Error> {
    let body = json!({ "query": query, "variables": variables });
    // At a server of one's own `/api/graphql` stands beside `/api/v3`.
    let call = api.post(&api.beside("/v3", "/graphql"), &body).map_err(|why| why.of(subject))?;
    let reply = ask.ask(api, call, subject)?;
    let mut answer: serde_json::Value = serde_json::from_slice(&reply.body).map_err(|_| Why::Unreadable.of(subject))?;
    Ok(answer["data"].take())
}

/// Whether the token is `owner`'s own. <https://docs.github.com/en/rest/users/users#get-the-authenticated-user>
fn is_self(ask: &mut Client<'_>, api: &Api, owner: &str) -> bool {
    let one = |reply: &Reply| Some(Page::of(vec![serde_json::from_slice(&reply.body).ok()?]));
    let user = ask.page::<Account>(api, &api.at("/user"), "the token's user", one);
    user.is_ok_and(|page| page.items.iter().any(|user| user.login.eq_ignore_ascii_case(owner)))
}

/// The repositories in an answer. That of an installation is an object, unlike all others:
/// <https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-app-installation>
fn read(reply: &Reply, host: &str) -> Option<Page<Seen>> {
    let page = items(reply, "repositories", next_link(&reply.headers))?;
    Some(page.filter_map(|item: Repository| {
        let (node, has_wiki) = (item.node_id.clone().filter(|_| item.fork), item.has_wiki);
        Some(Seen { listed: item.listed(host)?, node, has_wiki })
    }))
}

impl Forge for GitHub {
    fn list(&self, ask: &mut Client<'_>, each: &mut dyn FnMut(Listed)) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let owners = self.owners(ask)?;
        for owner in &owners {
            let Err(error) = self.list_of(ask, owner, &mut listing, each) else { continue };
            // A single one that shows nothing is a mistake of whoever asks.
            if owners.len() == 1 && listing.repositories == 0 {
                return Err(error);
            }
            let is_over = matches!(error.why, Why::Stopped);
            listing.missing(&error);
            if is_over {
                break;
            }
        }
        Ok(listing)
    }

    fn texts(
        &self,
        ask: &mut Client<'_>,
        of: &Listed,
        since: Option<i64>,
        each: &mut dyn FnMut(Text),
    ) -> Result<(), Error> {
        let api = self.api_for(ask, owner_of(of))?;
        texts::read(ask, &api, self.texts, texts::Of { listed: of, since }, each)
    }

    fn credentials(&self, ask: &mut Client<'_>, of: &Listed) -> Result<Option<Credentials>, Error> {
        let token = match (&self.login, &self.app) {
            (Login::Token(token), _) => token.clone(),
            (_, Some(app)) => app.token(ask, &self.api, owner_of(of))?,
            _ => return Ok(None),
        };
        let is_gist = of.kind == Kind::Snippet;
        let host = if is_gist { format!("gist.{}", self.host) } else { self.host.clone() };
        Ok(Some(Credentials { host, user: GIT_USER.to_owned(), token }))
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn lists(&self, kind: Kind) -> bool {
        self.texts.lists(kind)
    }
}

fn owner_of(of: &Listed) -> &str {
    of.name.split('/').next().unwrap_or(&of.name)
}
