//! Whom forks come from: GitHub's lists say only that they are some. GraphQL tells it of a hundred at once, and it is remembered.
//!
//! `Repository.parent` of <https://docs.github.com/en/graphql/reference/objects#repository>. It needs a token; without one, and where it is not told, a
//! fork is fetched by itself.

use serde::Deserialize;
use serde_json::json;

use super::{GitHub, Seen};
use crate::sweep::{
    forge::{Client, Error, Why, api::Api},
    repository::RepositoryId,
};

/// Four generations: those who fork forks of forks of forks are few.
const QUERY: &str = "query($ids:[ID!]!){nodes(ids:$ids){...on Repository{databaseId parent{databaseId parent{databaseId \
    parent{databaseId parent{databaseId}}}}}}}";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    database_id: Option<u64>,
    parent: Option<Box<Self>>,
}

impl Node {
    /// The first of its line that is shown.
    fn first(&self) -> Option<u64> {
        let mut first = self;
        while let Some(parent) = first.parent.as_deref().filter(|parent| parent.database_id.is_some()) {
            first = parent;
        }
        first.database_id
    }
}

impl GitHub {
    /// Fills in the parents of the forks in `seen`, a page at most.
    pub(super) fn find_parents(&self, ask: &mut Client<'_>, api: &Api, seen: &mut [Seen]) -> Result<(), Error> {
        for one in seen.iter_mut().filter(|one| one.node.is_some()) {
            one.listed.parent = ask.recall(&name(&one.listed.id));
        }
        let unknown = |one: &&mut Seen| one.node.is_some() && one.listed.parent.is_none();
        let ids: Vec<String> = seen.iter_mut().filter(unknown).filter_map(|one| one.node.clone()).collect();
        if ids.is_empty() || !api.is_known() {
            return Ok(());
        }
        let subject = format!("parents of forks at {}", self.host);
        let data = match super::graphql(ask, api, QUERY, &json!({ "ids": ids }), &subject) {
            Err(error) if matches!(error.why, Why::Stopped) => return Err(error),
            // What is not known costs a fetch that could be smaller, and nothing that is found.
            Err(_) => return Ok(()),
            Ok(data) => data,
        };
        let nodes: Vec<Option<Node>> = Deserialize::deserialize(&data["nodes"]).unwrap_or_default();
        for node in nodes.into_iter().flatten() {
            let (Some(number), Some(first)) = (node.database_id, node.first()) else { continue };
            let (id, first) = (RepositoryId::new(&self.host, number), RepositoryId::new(&self.host, first));
            if let Some(one) = seen.iter_mut().find(|one| one.listed.id == id && id != first) {
                ask.remember(&name(&id), &first);
                one.listed.parent = Some(first);
            }
        }
        Ok(())
    }
}

/// What the parent of `id` is remembered under.
fn name(id: &RepositoryId) -> String {
    format!("parent of {id}")
}
