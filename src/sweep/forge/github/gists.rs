//! Gists, each of which is a repository.
//!
//! <https://docs.github.com/en/rest/gists/gists#list-gists-for-a-user>; an organisation has none, but its members have:
//! <https://docs.github.com/en/rest/orgs/members#list-organization-members>

use serde::{Deserialize, Serialize};

use super::{Account, GitHub, Login, Whose, is_self};
use crate::sweep::{
    forge::{
        Client, Error, Listing,
        api::{Api, clone_address, seconds, step},
        pages::{Pages, array},
    },
    repository::{Kind, Listed, RepositoryId, Visibility},
};

#[derive(Debug, Deserialize, Serialize)]
struct Gist {
    id: String,
    git_pull_url: String,
    html_url: Option<String>,
    #[serde(default)]
    public: bool,
    owner: Option<Account>,
    updated_at: Option<String>,
}

impl Gist {
    fn listed(self, host: &str) -> Option<Listed> {
        let address = clone_address(&self.git_pull_url)?;
        let owner = self.owner.map_or_else(String::new, |owner| owner.login);
        let name = format!("{owner}/gist:{}", self.id);
        Some(Listed {
            web: self.html_url,
            visibility: Some(if self.public { Visibility::Public } else { Visibility::Private }),
            pushed_at: self.updated_at.as_deref().and_then(seconds),
            stamp: self.updated_at,
            kind: Kind::Snippet,
            ..Listed::at(RepositoryId::new(&format!("gist.{host}"), self.id), name, address)
        })
    }
}

impl GitHub {
    /// Hands over the gists of `owner`, or of its members; secret ones are shown only to their owners.
    pub(super) fn list_gists(
        &self,
        (ask, api): (&mut Client<'_>, &Api),
        owner: &str,
        listing: &mut Listing,
        each: &mut dyn FnMut(Listed),
    ) -> Result<(), Error> {
        let mut firsts = Vec::new();
        if !matches!(self.whose, Whose::User(_)) {
            let first = api.at(&format!("/orgs/{}/members?per_page=100", step(owner)));
            let mut pages = Pages::new(api, first, format!("members of {owner} at {}", self.host));
            while let Some(members) = pages.next(ask, array::<Account>)? {
                firsts.extend(members.into_iter().map(|member| gists_of(&member.login)));
            }
        } else if matches!(self.login, Login::Token(_)) && is_self(ask, api, owner) {
            firsts.push("/gists?per_page=100".to_owned());
        } else {
            firsts.push(gists_of(owner));
        }
        for first in firsts {
            let mut pages = Pages::new(api, api.at(&first), format!("gists of {owner} at {}", self.host));
            while let Some(gists) = pages.next(ask, array::<Gist>)? {
                for listed in gists.into_iter().filter_map(|gist| gist.listed(&self.host)) {
                    listing.repositories += 1;
                    each(listed);
                }
            }
        }
        Ok(())
    }
}

fn gists_of(user: &str) -> String {
    format!("/users/{}/gists?per_page=100", step(user))
}
