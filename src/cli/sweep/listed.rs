//! Who lists the repositories of a sweep: a forge, a file, a folder.

use std::{env, fs, io, path::PathBuf};

use clap::{Args, Subcommand};
use stanch::{
    ask::Endpoint,
    secret::{Secret, Shown},
    sweep::forge::{
        self, Azure, Bitbucket, DataCenter, Folder, Forge, GitHub, GitLab, GitLabWhose, Gitea, GiteaWhose, List, Login,
        Texts, Whose,
    },
};

use super::flags::{Common, Forged};
use crate::cli::error::AnyError;

#[derive(Debug, Subcommand)]
pub(super) enum Source {
    /// Scans every repository of a GitHub organisation, user or enterprise
    #[command(name = "github")]
    GitHub(Box<OfGitHub>),
    /// Scans every repository of a GitLab group and the groups within it, or of a user
    #[command(name = "gitlab")]
    GitLab(Box<OfGitLab>),
    /// Scans every repository of an organisation or user at a Gitea or Forgejo server
    Gitea(Box<OfGitea>),
    /// Scans every repository of a Bitbucket workspace, or of a Bitbucket Data Center
    Bitbucket(Box<OfBitbucket>),
    /// Scans every repository of an Azure DevOps organisation
    Azure(Box<OfAzure>),
    /// Scans the repositories that a file lists: a clone URL or a local path a line; - is standard input
    List(Box<OfList>),
    /// Scans every repository below a folder
    Folder(Box<OfFolder>),
}

#[derive(Debug, Args)]
pub(super) struct OfGitHub {
    #[command(flatten)]
    whose: GitHubWhose,
    /// Asks as the GitHub App with this client id; the token is then its private key, in PEM
    #[arg(long, value_name = "ID", env = "STANCH_GITHUB_APP")]
    app: Option<String>,
    #[command(flatten)]
    forged: Forged,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct GitHubWhose {
    /// An organisation's repositories
    #[arg(long, value_name = "NAME")]
    org: Option<String>,
    /// A user's
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Those of all organisations of an enterprise
    #[arg(long, value_name = "NAME")]
    enterprise: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct OfGitLab {
    #[command(flatten)]
    whose: GroupOrUser,
    #[command(flatten)]
    forged: Forged,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct GroupOrUser {
    /// A group's repositories, and those of the groups within it
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// A user's
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct OfGitea {
    #[command(flatten)]
    whose: OrgOrUser,
    #[command(flatten)]
    forged: Forged,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct OrgOrUser {
    /// An organisation's repositories
    #[arg(long, value_name = "NAME")]
    org: Option<String>,
    /// A user's
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct OfBitbucket {
    #[command(flatten)]
    whose: WorkspaceOrProject,
    /// Whose app password or API token it is; without one, the token is an access token
    #[arg(long, value_name = "NAME", env = "STANCH_BITBUCKET_USER")]
    token_user: Option<String>,
    #[command(flatten)]
    forged: Forged,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WorkspaceOrProject {
    /// A workspace's repositories, at bitbucket.org
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// A project's repositories, at the Data Center that --endpoint bitbucket=URL names
    #[arg(long, value_name = "KEY")]
    project: Option<String>,
    /// All repositories of that Data Center
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
pub(super) struct OfAzure {
    /// An organisation's repositories, those of all its projects
    #[arg(long, value_name = "NAME")]
    org: String,
    #[command(flatten)]
    forged: Forged,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct OfList {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct OfFolder {
    /// The folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Why nobody can list anything.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot read the token in {}", path.display())]
    Token { path: PathBuf, source: io::Error },
    #[error("a GitHub App shows its private key: name its file with --token-file")]
    NoKey,
    #[error("name the Data Center's address with --endpoint bitbucket=https://HOST")]
    NoDataCenter,
}

/// Who lists, and how its list is called.
pub(super) struct Lister {
    pub(super) forge: Box<dyn Forge>,
    /// The same in every sweep of the same list.
    pub(super) source: String,
    /// Whether it is asked for texts beside code.
    pub(super) texts: bool,
}

impl Source {
    pub(super) fn common(&self) -> &Common {
        self.flags().0
    }

    /// The flags of all sweeps, and those of forges where one lists.
    fn flags(&self) -> (&Common, Option<&Forged>) {
        match self {
            Self::GitHub(of) => (&of.common, Some(&of.forged)),
            Self::GitLab(of) => (&of.common, Some(&of.forged)),
            Self::Gitea(of) => (&of.common, Some(&of.forged)),
            Self::Bitbucket(of) => (&of.common, Some(&of.forged)),
            Self::Azure(of) => (&of.common, Some(&of.forged)),
            Self::List(of) => (&of.common, None),
            Self::Folder(of) => (&of.common, None),
        }
    }

    /// By which name `--endpoint` calls who lists, where that is a server.
    pub(super) fn provider(&self) -> Option<&'static str> {
        match self {
            Self::GitHub(_) => Some("github"),
            Self::GitLab(_) => Some("gitlab"),
            Self::Gitea(_) => Some("gitea"),
            Self::Bitbucket(_) => Some("bitbucket"),
            Self::Azure(_) => Some("azure"),
            Self::List(_) | Self::Folder(_) => None,
        }
    }

    /// Who lists.
    pub(super) fn lister(&self) -> Result<Lister, AnyError> {
        let endpoint = self.provider().and_then(|provider| self.common().asking.endpoint(provider));
        let texts = self.flags().1.is_some_and(Forged::wants_texts);
        let lister = match self {
            Self::GitHub(of) => of.lister(endpoint),
            Self::GitLab(of) => of.lister(endpoint),
            Self::Gitea(of) => of.lister(endpoint),
            Self::Bitbucket(of) => of.lister(endpoint),
            Self::Azure(of) => {
                let forge = Azure::new(endpoint, &of.org, token(&of.forged, &["AZURE_DEVOPS_TOKEN"])?)?;
                Ok(called(forge, &format!("azure org {}", of.org)))
            }
            Self::List(of) => {
                let name = format!("list {}", absolute(&of.file).display());
                Ok(called(List::read(&of.file, &env::current_dir()?)?, &name))
            }
            Self::Folder(of) => {
                let name = format!("folder {}", absolute(&of.dir).display());
                Ok(called(Folder::new(&of.dir), &name))
            }
        }?;
        Ok(Lister { texts, ..lister })
    }
}

impl OfGitHub {
    fn lister(&self, endpoint: Option<Endpoint>) -> Result<Lister, AnyError> {
        let token = token(&self.forged, &["GITHUB_TOKEN", "GH_TOKEN"])?;
        let login = match (&self.app, token) {
            (Some(id), Some(key)) => Login::App { id: id.clone(), key },
            (Some(_), None) => return Err(Error::NoKey.into()),
            (None, Some(token)) => Login::Token(token),
            (None, None) => Login::Anonymous,
        };
        let GitHubWhose { org, user, enterprise } = &self.whose;
        let (whose, name) = whose([
            (org, "org", Whose::Organisation),
            (user, "user", Whose::User),
            (enterprise, "enterprise", Whose::Enterprise),
        ])?;
        Ok(called(GitHub::new(endpoint, whose, login, self.forged.texts())?, &format!("github {name}")))
    }
}

impl OfGitLab {
    fn lister(&self, endpoint: Option<Endpoint>) -> Result<Lister, AnyError> {
        let token = token(&self.forged, &["GITLAB_TOKEN"])?;
        let GroupOrUser { group, user } = &self.whose;
        let (whose, name) = whose([(group, "group", GitLabWhose::Group), (user, "user", GitLabWhose::User)])?;
        Ok(called(GitLab::new(endpoint, whose, token, self.forged.texts())?, &format!("gitlab {name}")))
    }
}

impl OfGitea {
    fn lister(&self, endpoint: Option<Endpoint>) -> Result<Lister, AnyError> {
        let token = token(&self.forged, &["GITEA_TOKEN", "FORGEJO_TOKEN"])?;
        let OrgOrUser { org, user } = &self.whose;
        let (whose, name) = whose([(org, "org", GiteaWhose::Organisation), (user, "user", GiteaWhose::User)])?;
        Ok(called(Gitea::new(endpoint, whose, token, self.forged.texts())?, &format!("gitea {name}")))
    }
}

impl OfBitbucket {
    fn lister(&self, endpoint: Option<Endpoint>) -> Result<Lister, AnyError> {
        let token = token(&self.forged, &["BITBUCKET_TOKEN"])?;
        let user = self.token_user.as_deref();
        if let Some(workspace) = &self.whose.workspace {
            let forge = Bitbucket::new(endpoint, workspace, user, token, self.forged.texts())?;
            return Ok(called(forge, &format!("bitbucket workspace {workspace}")));
        }
        let endpoint = endpoint.ok_or(Error::NoDataCenter)?;
        let project = self.whose.project.as_deref();
        let name = project.map_or("bitbucket all".to_owned(), |project| format!("bitbucket project {project}"));
        Ok(called(DataCenter::new(endpoint, project, user, token)?, &name))
    }
}

/// A name on the command line, what it is the name of, and what that makes of it.
type Named<'a, W> = (&'a Option<String>, &'static str, fn(String) -> W);

/// Whose repositories are wanted, and how those are called: of these, the one that was named.
fn whose<W, const N: usize>(kinds: [Named<'_, W>; N]) -> Result<(W, String), AnyError> {
    let named =
        |(name, kind, whose): Named<'_, W>| name.as_ref().map(|name| (whose(name.clone()), format!("{kind} {name}")));
    Ok(kinds.into_iter().find_map(named).ok_or("name whose repositories")?)
}

fn called(forge: impl Forge + 'static, name: &str) -> Lister {
    let source = format!("{name} at {}", forge.host());
    Lister { forge: Box::new(forge), source, texts: false }
}

fn absolute(path: &std::path::Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// What is shown to the forge: the content of the file that was named, else of the first of these variables that is set.
fn token(forged: &Forged, usual: &[&str]) -> Result<Option<Secret>, AnyError> {
    let text = match &forged.token_file {
        Some(path) => {
            let read = fs::read_to_string(path);
            Some(read.map_err(|source| Error::Token { path: path.clone(), source })?)
        }
        None => ["STANCH_FORGE_TOKEN"].iter().chain(usual).find_map(|name| env::var(name).ok()),
    };
    // What is mounted as a file ends in a line break.
    let text = text.map(|text| secret(text.trim()));
    Ok(text.filter(|secret| !secret.expose().is_empty()))
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes(), Shown::Nothing)
}

impl Forged {
    /// Whether texts are wanted that lie in no repository.
    fn wants_texts(&self) -> bool {
        self.issues || self.pull_requests || self.releases || self.logs
    }

    fn texts(&self) -> Texts {
        forge::Texts {
            wikis: self.wikis,
            snippets: self.snippets,
            issues: self.issues,
            pull_requests: self.pull_requests,
            releases: self.releases,
            logs: self.logs,
        }
    }
}
