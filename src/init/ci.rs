//! The CI systems for which there is a job: what tells that one is in use, and the file or the piece of a file that it takes.
//!
//! The texts are those of `templates/`, which `docs/ci.md` explains.

use super::{ACTION, UNKNOWN_ACTION};

/// A CI system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ci {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Azure Pipelines.
    Azure,
    /// Bitbucket Pipelines.
    Bitbucket,
    /// Jenkins.
    Jenkins,
}

impl Ci {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::GitHub, Self::GitLab, Self::Azure, Self::Bitbucket, Self::Jenkins];

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab CI",
            Self::Azure => "Azure Pipelines",
            Self::Bitbucket => "Bitbucket Pipelines",
            Self::Jenkins => "Jenkins",
        }
    }

    /// Its name on a command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Azure => "azure",
            Self::Bitbucket => "bitbucket",
            Self::Jenkins => "jenkins",
        }
    }

    /// The system that reads the file `path`, named from the top of the repository.
    pub fn of(path: &str) -> Option<Self> {
        let is_yaml = path.rsplit_once('.').is_some_and(|(_, ending)| matches!(ending, "yml" | "yaml"));
        let lies_in = |folder: &str| path.strip_prefix(folder).is_some_and(|name| !name.contains('/'));
        match path {
            ".gitlab-ci.yml" => Some(Self::GitLab),
            "bitbucket-pipelines.yml" => Some(Self::Bitbucket),
            "Jenkinsfile" => Some(Self::Jenkins),
            "azure-pipelines.yml" | "azure-pipelines.yaml" | ".azure-pipelines.yml" => Some(Self::Azure),
            _ if is_yaml && lies_in(".github/workflows/") => Some(Self::GitHub),
            _ if is_yaml && (lies_in(".azure-pipelines/") || lies_in("azure-pipelines/")) => Some(Self::Azure),
            _ => None,
        }
    }

    /// The file that is written for it; nothing where the job has to stand in a file of the user's.
    pub fn file(self) -> Option<&'static str> {
        match self {
            Self::GitHub => Some(".github/workflows/stanch.yml"),
            Self::GitLab => Some(".gitlab/stanch.yml"),
            Self::Azure | Self::Bitbucket | Self::Jenkins => None,
        }
    }

    /// The job.
    pub fn job(self) -> String {
        let text = match self {
            Self::GitHub => include_str!("../../templates/github-workflow.yml"),
            Self::GitLab => include_str!("../../templates/gitlab-ci.yml"),
            Self::Azure => include_str!("../../templates/azure-pipelines.yml"),
            Self::Bitbucket => include_str!("../../templates/bitbucket-pipelines.yml"),
            Self::Jenkins => include_str!("../../templates/Jenkinsfile"),
        };
        text.replace(UNKNOWN_ACTION, ACTION.unwrap_or(UNKNOWN_ACTION))
    }

    /// What is left to a person once [`Self::file`] is there: what to do, and the text that it takes.
    pub fn left(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::GitHub if ACTION.is_none() => Some((
                "in .github/workflows/stanch.yml, say where stanch's action is: this program is no release, and does not know",
                "      - uses: OWNER/stanch@COMMIT\n",
            )),
            Self::GitLab => Some((
                "set STANCH_RELEASES and STANCH_SHA256 in .gitlab/stanch.yml, and add to .gitlab-ci.yml",
                "include:\n  - local: /.gitlab/stanch.yml\n",
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_tell_which_system_is_in_use() {
        for (path, ci) in [
            (".github/workflows/test.yml", Some(Ci::GitHub)),
            (".github/workflows/test.yaml", Some(Ci::GitHub)),
            (".github/dependabot.yml", None),
            (".github/workflows/README.md", None),
            ("sub/.github/workflows/test.yml", None),
            (".gitlab-ci.yml", Some(Ci::GitLab)),
            ("sub/.gitlab-ci.yml", None),
            ("azure-pipelines/build.yml", Some(Ci::Azure)),
            ("azure-pipelines.yml", Some(Ci::Azure)),
            ("bitbucket-pipelines.yml", Some(Ci::Bitbucket)),
            ("Jenkinsfile", Some(Ci::Jenkins)),
        ] {
            assert_eq!(Ci::of(path), ci, "{path}");
        }
    }

    /// What is written and what is documented are one text.
    #[test]
    fn the_documents_show_the_jobs() {
        let documented = include_str!("../../docs/ci.md");
        for ci in [Ci::GitHub, Ci::Azure, Ci::Bitbucket, Ci::Jenkins] {
            assert!(documented.contains(&ci.job()), "{}", ci.name());
        }
    }
}
