//! The tools that manage git hooks: what tells that one is in use, and what stands in its own file to have it scan.

use super::repository;

/// A tool that manages hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manager {
    /// The pre-commit framework.
    PreCommit,
    /// husky.
    Husky,
    /// lefthook.
    Lefthook,
}

impl Manager {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::Husky => "husky",
            Self::Lefthook => "lefthook",
        }
    }

    /// The tool that reads the file `path`, named from the top of the repository.
    pub fn of(path: &str) -> Option<Self> {
        match path {
            ".pre-commit-config.yaml" | ".pre-commit-config.yml" => Some(Self::PreCommit),
            "lefthook.yml" | ".lefthook.yml" | "lefthook.yaml" | ".lefthook.yaml" => Some(Self::Lefthook),
            _ if path.starts_with(".husky/") => Some(Self::Husky),
            _ => None,
        }
    }

    /// What its file takes; nothing where hooks of git's own are how it is done.
    pub fn entry(self) -> Option<String> {
        let version = env!("CARGO_PKG_VERSION");
        match self {
            Self::PreCommit => Some(format!(
                "  - repo: https://github.com/{}\n    rev: v{version}\n    hooks:\n      - id: stanch-wheel\n      \
                 - id: stanch-pre-push-wheel\n",
                repository()
            )),
            Self::Lefthook => Some(LEFTHOOK.to_owned()),
            Self::Husky => None,
        }
    }
}

/// As `docs/hooks.md` has it.
const LEFTHOOK: &str = "\
pre-commit:
  jobs:
    - run: stanch hook run pre-commit
commit-msg:
  jobs:
    - run: stanch hook run commit-msg {1}
pre-push:
  jobs:
    - run: stanch hook run pre-push {1} {2}
      use_stdin: true
";

#[cfg(test)]
mod tests {
    use super::*;

    /// What is printed and what is documented are one text.
    #[test]
    fn the_documents_show_the_entries() {
        let hooks = include_str!("../../docs/hooks.md").replace("\n  ", "\n");
        assert!(hooks.contains(LEFTHOOK));
        let framework = include_str!("../../docs/pre-commit.md");
        assert!(Manager::PreCommit.entry().is_some_and(|entry| framework.contains(&entry)));
    }
}
