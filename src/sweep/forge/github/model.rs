//! What GitHub's lists say of a repository, and Gitea's, which are made after them.
//!
//! <https://docs.github.com/en/rest/repos/repos#list-organization-repositories>

use serde::Deserialize;

use crate::sweep::{
    forge::api::{clone_address, seconds},
    repository::{Address, Kind, Listed, RepositoryId, Visibility},
};

/// A repository in a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "GitHub's")]
pub(in crate::sweep::forge) struct Repository {
    id: u64,
    pub(super) node_id: Option<String>,
    full_name: String,
    clone_url: String,
    html_url: Option<String>,
    private: bool,
    visibility: Option<String>,
    /// Gitea's word for what the company sees.
    pub(in crate::sweep::forge) internal: bool,
    pub(super) fork: bool,
    /// In GitHub's lists there is none.
    parent: Option<Box<Self>>,
    archived: bool,
    disabled: bool,
    /// In KiB.
    size: Option<u64>,
    language: Option<String>,
    topics: Option<Vec<String>>,
    pushed_at: Option<String>,
    updated_at: Option<String>,
    default_branch: Option<String>,
    open_issues_count: Option<u64>,
    /// Gitea counts pull requests apart.
    open_pr_counter: Option<u64>,
    /// When Gitea last fetched a mirror.
    mirror_updated: Option<String>,
    pub(in crate::sweep::forge) has_wiki: bool,
    /// Where Gitea's wiki really is, if that is somewhere else.
    pub(in crate::sweep::forge) external_wiki: Option<serde_json::Value>,
}

impl Repository {
    /// The same as everybody calls it; nothing where it lacks what it is called by.
    pub(in crate::sweep::forge) fn listed(self, host: &str) -> Option<Listed> {
        let address = clone_address(&self.clone_url)?;
        if self.id == 0 || self.full_name.is_empty() {
            return None;
        }
        let visibility = match self.visibility.as_deref() {
            Some("public") => Visibility::Public,
            Some("internal") => Visibility::Internal,
            _ if self.internal => Visibility::Internal,
            _ if self.private => Visibility::Private,
            _ => Visibility::Public,
        };
        let pushed_at = self.pushed_at.as_deref().or(self.updated_at.as_deref()).and_then(seconds);
        Some(Listed {
            stamp: self.stamp(),
            parent: self.parent.and_then(|parent| parent.root(host)),
            web: self.html_url,
            is_fork: self.fork,
            is_archived: self.archived,
            is_disabled: self.disabled,
            visibility: Some(visibility),
            size: self.size.map(|size| size.saturating_mul(1024)),
            language: self.language.filter(|language| !language.is_empty()),
            topics: self.topics.unwrap_or_default(),
            pushed_at,
            ..Listed::at(RepositoryId::new(host, self.id), self.full_name, address)
        })
    }

    /// All that a push changes, and what a new pull request does. Commits that are added to a pull request from a fork change nothing that is listed.
    fn stamp(&self) -> Option<String> {
        let pushed = self.pushed_at.as_deref().or(self.updated_at.as_deref())?;
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let (updated, branch, mirrored) =
            (text(&self.updated_at), text(&self.default_branch), text(&self.mirror_updated));
        let count = |field: Option<u64>| field.unwrap_or_default();
        let (size, issues, pulls) = (count(self.size), count(self.open_issues_count), count(self.open_pr_counter));
        Some(format!("{pushed} {updated} {mirrored} {size} {issues} {pulls} {branch}"))
    }

    /// The one that the fork network begins with, as far as it is shown.
    fn root(self, host: &str) -> Option<RepositoryId> {
        let mut root = self;
        while let Some(parent) = root.parent.take() {
            root = *parent;
        }
        (root.id != 0).then(|| RepositoryId::new(host, root.id))
    }
}

/// For how long after a push another one may have the same time, in seconds: theirs are whole ones, and clocks differ.
const UNTOLD: i64 = 300;

/// `listed` as far as it can be relied on: without a stamp while another push might leave it as it is.
pub(in crate::sweep::forge) fn settled(listed: Listed) -> Listed {
    let now = jiff::Timestamp::now().as_second();
    let is_settled = listed.pushed_at.is_some_and(|at| at.saturating_add(UNTOLD) <= now);
    Listed { stamp: listed.stamp.filter(|_| is_settled), ..listed }
}

/// The wiki of `of`, which is a repository of its own beside it.
/// <https://docs.github.com/en/communities/documenting-your-project-with-wikis/adding-or-editing-wiki-pages#adding-or-editing-wiki-pages-locally>
pub(in crate::sweep::forge) fn wiki(of: &Listed) -> Option<Listed> {
    let Address::Remote(url) = &of.address else { return None };
    let url = format!("{}.wiki.git", url.strip_suffix(".git")?);
    let (id, name) = (RepositoryId::known(format!("{}.wiki", of.id)), format!("{}.wiki", of.name));
    Some(Listed {
        web: of.web.as_ref().map(|web| format!("{web}/wiki")),
        is_archived: of.is_archived,
        is_disabled: of.is_disabled,
        visibility: of.visibility,
        topics: of.topics.clone(),
        kind: Kind::Wiki,
        ..Listed::at(id, name, Address::Remote(url))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn listed(value: Value) -> Option<Listed> {
        serde_json::from_value::<Repository>(value).unwrap().listed("github.com")
    }

    fn hello() -> Value {
        json!({
            "id": 1_296_269, "node_id": "R_1", "name": "Hello-World", "full_name": "octocat/Hello-World",
            "private": true, "visibility": "internal", "html_url": "https://github.com/octocat/Hello-World",
            "clone_url": "https://github.com/octocat/Hello-World.git", "fork": false, "archived": false,
            "disabled": false, "size": 108, "language": null, "topics": ["octocat", "api"], "has_wiki": true,
            "pushed_at": "2011-01-26T19:06:43Z", "updated_at": "2011-01-26T19:14:43Z", "open_issues_count": 2,
            "default_branch": "master",
        })
    }

    #[test]
    fn a_repository_is_read_as_it_is_documented() {
        let listed = listed(hello()).unwrap();
        assert_eq!(listed.id.as_str(), "github.com/1296269");
        assert_eq!(listed.address.to_string(), "https://github.com/octocat/Hello-World.git");
        assert_eq!((listed.size, listed.pushed_at), (Some(110_592), Some(1_296_068_803)));
        assert_eq!((listed.visibility, listed.language.as_deref()), (Some(Visibility::Internal), None));
        let wiki = wiki(&listed).unwrap();
        assert_eq!(wiki.address.to_string(), "https://github.com/octocat/Hello-World.wiki.git");
        assert_eq!((wiki.id.as_str(), wiki.stamp), ("github.com/1296269.wiki", None));
    }

    #[test]
    fn what_a_push_or_a_pull_request_changes_is_in_the_stamp() {
        let before = listed(hello()).unwrap();
        let changes =
            [("pushed_at", json!("2011-01-26T19:06:44Z")), ("open_issues_count", json!(3)), ("size", json!(9))];
        for (field, value) in changes {
            let mut other = hello();
            other[field] = value;
            assert_ne!(listed(other).unwrap().stamp, before.stamp, "{field}");
        }
        let mut renamed = hello();
        (renamed["full_name"], renamed["stargazers_count"]) = (json!("octocat/hi"), json!(7));
        let renamed = listed(renamed).unwrap();
        assert_eq!((&renamed.id, &renamed.stamp), (&before.id, &before.stamp));
    }

    #[test]
    fn the_parent_is_where_the_network_begins() {
        let mut fork = hello();
        fork["fork"] = json!(true);
        fork["parent"] = json!({ "id": 2, "parent": { "id": 3, "parent": null } });
        assert_eq!(listed(fork).unwrap().parent, Some(RepositoryId::new("github.com", 3)));
    }

    #[test]
    fn one_that_cannot_be_cloned_is_none() {
        for (field, value) in [("clone_url", json!("ext::sh")), ("id", json!(0)), ("full_name", json!(""))] {
            let mut wrong = hello();
            wrong[field] = value;
            assert_eq!(listed(wrong), None, "{field}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in ".{0,60}", at in 0..400_usize) {
            let mut bytes = hello().to_string();
            let at = (at..bytes.len()).find(|&at| bytes.is_char_boundary(at)).unwrap_or(0);
            bytes.insert_str(at, &text);
            if let Ok(read) = serde_json::from_str::<Repository>(&bytes) {
                read.listed("github.com");
            }
        }
    }
}
