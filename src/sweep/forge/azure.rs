//! Azure DevOps, at dev.azure.com or a server of one's own.
//!
//! Repositories of all projects of an organisation:
//! <https://learn.microsoft.com/en-us/rest/api/azure/devops/git/repositories/list?view=azure-devops-rest-7.1>. The list tells no times, so there are no stamps;
//! it comes whole.

use serde::Deserialize;

use super::{
    Client, Credentials, Error, Forge, Listing,
    api::{Api, Scheme, clone_address, step},
    pages::{Page, Pages, items},
};
use crate::{
    ask::Endpoint,
    net::Reply,
    secret::Secret,
    sweep::repository::{Listed, RepositoryId, Visibility},
};

const USUAL: &str = "https://dev.azure.com";
/// <https://learn.microsoft.com/en-us/azure/devops/integrate/get-started/authentication/oauth#scopes>
const NEEDS: &str = "the scope `vso.code` (Code: Read)";
/// The name that goes with a token says nothing.
/// <https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate>
const GIT_USER: &str = "stanch";

/// Lists what lies at Azure DevOps, code alone.
#[derive(Debug)]
pub struct Azure {
    api: Api,
    organisation: String,
    token: Option<Secret>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    id: String,
    name: String,
    project: Option<Project>,
    remote_url: Option<String>,
    web_url: Option<String>,
    /// In bytes.
    size: Option<u64>,
    is_fork: Option<bool>,
    is_disabled: Option<bool>,
    is_in_maintenance: Option<bool>,
    #[serde(rename = "parentRepository")]
    parent: Option<Parent>,
}

#[derive(Debug, Deserialize)]
struct Project {
    name: String,
    visibility: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Parent {
    id: String,
}

impl Repository {
    fn listed(self, host: &str) -> Option<Listed> {
        let address = clone_address(self.remote_url.as_deref()?)?;
        let project = self.project?;
        let visibility = match project.visibility.as_deref() {
            Some("public") => Some(Visibility::Public),
            Some("organization") => Some(Visibility::Internal),
            Some("private") => Some(Visibility::Private),
            _ => None,
        };
        let is_off = self.is_disabled == Some(true) || self.is_in_maintenance == Some(true);
        Some(Listed {
            web: self.web_url,
            is_fork: self.is_fork == Some(true) || self.parent.is_some(),
            parent: self.parent.map(|parent| RepositoryId::new(host, parent.id)),
            is_disabled: is_off,
            visibility,
            size: self.size,
            ..Listed::at(RepositoryId::new(host, self.id), format!("{}/{}", project.name, self.name), address)
        })
    }
}

impl Azure {
    /// The repositories of all projects of `organisation`; at a server of one's own, at `endpoint`, it is a collection.
    ///
    /// # Errors
    /// Where the token can be sent nowhere.
    pub fn new(endpoint: Option<Endpoint>, organisation: &str, token: Option<Secret>) -> Result<Self, Error> {
        let api = Api::new(endpoint, USUAL, NEEDS).and_then(|api| api.shown(Scheme::Basic(""), token.as_ref()));
        Ok(Self { api: api.map_err(|why| why.of("Azure DevOps"))?, organisation: organisation.to_owned(), token })
    }

    fn list_all(&self, ask: &mut Client<'_>, listing: &mut Listing, each: &mut dyn FnMut(Listed)) -> Result<(), Error> {
        let (name, host) = (&self.organisation, self.host());
        let first = format!("/{}/_apis/git/repositories?includeHidden=true&api-version=7.1", step(name));
        let mut pages = Pages::new(&self.api, self.api.at(&first), format!("repositories of {name} at {host}"));
        let read = |reply: &Reply| -> Option<Page<Listed>> {
            Some(items(reply, "value", None)?.filter_map(|item: Repository| item.listed(host)))
        };
        while let Some(page) = pages.next(ask, read)? {
            listing.repositories += page.len() as u64;
            page.into_iter().for_each(&mut *each);
        }
        listing.unread(&pages);
        Ok(())
    }
}

impl Forge for Azure {
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
}
