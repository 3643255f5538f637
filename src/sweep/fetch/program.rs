//! The system's git, and what steers it: nothing but what is set here.
//!
//! It gets a clean environment, so that no token of this program's environment reaches it, and no configuration file. Of the
//! user's and the system's configuration only what says how to get out of the house is taken over: proxies, certificate
//! authorities, client certificates, the ssh command ([`TAKEN`]). Not taken over are `http.sslVerify`, because it would show tokens to
//! anybody; `url.*.insteadOf`, because what is fetched would not be what is reported; credential helpers, because they would
//! store tokens; `http.extraHeader`, because it holds some.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use super::{Credentials, address::Checked, credential, error::Error};
use crate::escape;

/// The oldest git that does: the first that can be told to read no configuration of the user's, and joins packs bit by bit.
const OLDEST: (u32, u32) = (2, 32);
const OLDEST_NAME: &str = "2.32";
/// The first git that keeps refs in other ways than files, and can be told not to.
const REF_FORMATS: (u32, u32) = (2, 45);

/// What of the environment git gets: where things are, who is asking, and the way out.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "LD_LIBRARY_PATH",
    "TZ",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NIX_SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_CERT",
    "GIT_SSL_KEY",
    "GIT_PROXY_SSL_CAINFO",
    "GIT_PROXY_SSL_CERT",
    "GIT_PROXY_SSL_KEY",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_EXEC_PATH",
    "KRB5CCNAME",
    "SYSTEMROOT",
    "SystemRoot",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
];

/// What of the user's configuration is taken over, as git's regular expression for names.
const TAKEN: &str = "^(http\\.(.+\\.)?(proxy|proxyauthmethod|proxysslcainfo|proxysslcert|proxysslkey|sslcainfo|sslcapath|sslcert|sslkey\
                     |sslbackend|sslversion|version|schannelcheckrevoke|schannelusesslcainfo|pinnedpubkey)|core\\.sshcommand)$";

/// What git is always told.
const SETTINGS: &[(&str, &str)] = &[
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.logAllRefUpdates", "false"),
    // Nothing goes on behind our back; packs are joined when it is time.
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("repack.writeBitmaps", "false"),
    // What comes stays in packs, which are faster to read than loose objects, and whose growth tells the size.
    ("fetch.unpackLimit", "1"),
    ("transfer.unpackLimit", "1"),
    // Many an old history holds objects that the check rejects. They are to be scanned all the same, and are never checked out.
    ("fetch.fsckObjects", "false"),
    ("transfer.fsckObjects", "false"),
    // Which updates are forced would cost a walk, and not looking for them would cost a warning.
    ("fetch.showForcedUpdates", "false"),
    ("advice.fetchShowForcedUpdates", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    // A server must not send git elsewhere for a part of it.
    ("transfer.bundleURI", "false"),
    ("protocol.version", "2"),
    // A renamed repository answers with its new address.
    ("http.followRedirects", "initial"),
    ("http.lowSpeedLimit", "1"),
    // Helpers that others may have set are forgotten.
    ("credential.helper", ""),
    ("credential.interactive", "false"),
];

/// A git that does.
#[derive(Debug)]
pub(super) struct Git {
    program: PathBuf,
    version: (u32, u32),
    environment: Vec<(OsString, OsString)>,
    taken: Vec<(String, String)>,
    /// What git runs for credentials.
    helper: OsString,
}

impl Git {
    /// The git in `PATH`.
    pub(super) fn find(helper: OsString) -> Result<Self, Error> {
        let missing = |source| Error::NoGit { oldest: OLDEST_NAME, source };
        let program = program();
        let output = Command::new(&program).arg("version").stdin(Stdio::null()).output().map_err(missing)?;
        let found = String::from_utf8_lossy(&output.stdout);
        let version = version(&found).filter(|version| *version >= OLDEST);
        let found = escape::terminal(&escape::cut(found.trim(), 80)).into_owned();
        let version = version.ok_or(Error::OldGit { found, oldest: OLDEST_NAME })?;
        let environment = PASSED.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        let taken = taken(&program);
        Ok(Self { program, version, environment: environment.collect(), taken, helper })
    }

    /// Has git know servers by the certificate authorities in this file.
    pub(super) fn trust(&mut self, authorities: &Path) {
        self.environment.push(("GIT_SSL_CAINFO".into(), authorities.into()));
    }

    /// Git at work in `git_dir` without leaving this machine. It holds `lock` as long as it lives.
    pub(super) fn local(&self, git_dir: &Path, lock: &File) -> std::io::Result<Command> {
        let mut command = self.bare(&[], &[]);
        command.current_dir(git_dir).arg("--git-dir=.").stdin(lock.try_clone()?).env("GIT_ALLOW_PROTOCOL", "");
        Ok(command)
    }

    /// Git about to ask at `address`, and with what.
    pub(super) fn remote(
        &self,
        (git_dir, lock): (&Path, &File),
        address: &Checked,
        credentials: Option<&Credentials>,
        stalled: Duration,
    ) -> std::io::Result<Command> {
        let credentials = credentials.filter(|it| address.origin.as_ref().is_some_and(|origin| it.are_for(origin)));
        let seconds = stalled.as_secs().max(1).to_string();
        let mut settings = vec![("http.lowSpeedTime", OsStr::new(&seconds))];
        if credentials.is_some() {
            settings.push(("credential.helper", &self.helper));
            // Shown at once, instead of after a refusal: half the requests.
            settings.push(("http.proactiveAuth", OsStr::new("basic")));
            // Git shows them to whatever host it is sent to; where to follow is decided by the caller.
            settings.push(("http.followRedirects", OsStr::new("false")));
        }
        let mut command = self.bare(&self.taken, &settings);
        command.current_dir(git_dir).arg("--git-dir=.").stdin(lock.try_clone()?);
        command.env("GIT_ALLOW_PROTOCOL", address.protocol);
        command.envs(credentials.iter().flat_map(|credentials| credentials.variables()));
        Ok(command)
    }

    /// Makes an empty git directory at `path`, for objects that are named by SHA-256 or SHA-1.
    pub(super) fn init(&self, path: &Path, is_sha256: bool) -> Command {
        let mut command = self.bare(&[], &[]);
        command.args(["init", "--quiet", "--bare", "--template=", "--initial-branch=main"]).stdin(Stdio::null());
        command.arg(if is_sha256 { "--object-format=sha256" } else { "--object-format=sha1" });
        if self.version >= REF_FORMATS {
            command.arg("--ref-format=files");
        }
        command.arg("--").arg(path);
        command
    }

    fn bare(&self, taken: &[(String, String)], more: &[(&str, &OsStr)]) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("LC_ALL", "C").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "").env("SSH_ASKPASS_REQUIRE", "never");
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_ATTR_NOSYSTEM", "1");
        let has_ssh = |name| self.environment.iter().any(|(key, _)| key == name);
        if !has_ssh("GIT_SSH")
            && !has_ssh("GIT_SSH_COMMAND")
            && !taken.iter().any(|(name, _)| name == "core.sshcommand")
        {
            // It asks nobody, and notices when the other side is gone.
            let ssh = "ssh -oBatchMode=yes -oConnectTimeout=30 -oServerAliveInterval=15 -oServerAliveCountMax=4";
            command.env("GIT_SSH_COMMAND", ssh);
        }
        let taken = taken.iter().map(|(name, value)| (name.as_str(), OsStr::new(value)));
        let settings = SETTINGS.iter().map(|(name, value)| (*name, OsStr::new(value)));
        let mut count = 0;
        // In variables, because a proxy's address may hold a password, and everybody sees arguments.
        for (name, value) in taken.chain(settings).chain(more.iter().copied()) {
            command.env(format!("GIT_CONFIG_KEY_{count}"), name).env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        command.env("GIT_CONFIG_COUNT", count.to_string());
        command
    }
}

/// Where git is. One that is named without a path, and gets an environment of its own, is started through a copy of this whole process
/// (fork(2)), which takes the longer the more memory a sweep has.
fn program() -> PathBuf {
    let folders = std::env::var_os("PATH").map_or(Vec::new(), |path| std::env::split_paths(&path).collect());
    let mut paths = folders.iter().filter(|folder| folder.is_absolute()).map(|folder| folder.join("git"));
    paths.find(|path| is_program(path)).unwrap_or_else(|| "git".into())
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Elsewhere the system knows more endings than one, and starts nothing through copies.
#[cfg(not(unix))]
fn is_program(_: &Path) -> bool {
    false
}

/// What `git version` says: `git version 2.47.3`, with more behind it on some systems.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix("git version ")?.split(['.', ' ']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// What is taken over of the system's and the user's configuration; nothing of a repository's.
fn taken(git: &Path) -> Vec<(String, String)> {
    let mut taken = Vec::new();
    let system = std::env::var_os("GIT_CONFIG_NOSYSTEM").is_none().then_some("--system");
    for scope in system.into_iter().chain(["--global"]) {
        let mut command = Command::new(git);
        command.args(["config", scope, "--includes", "--null", "--get-regexp", TAKEN]).stdin(Stdio::null());
        command.env_remove("GIT_DIR").env("LC_ALL", "C");
        // Where there is no such file, there is nothing to take.
        let Ok(output) = command.output() else { continue };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let settings = text.split_terminator('\0').filter_map(|setting| setting.split_once('\n'));
        taken.extend(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    taken
}

/// What git is told to run for credentials: this program.
pub(super) fn own_helper() -> OsString {
    // Without a path of its own it is looked for in `PATH`, as git itself is.
    let path = std::env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok());
    credential::helper(path.as_deref().unwrap_or("stanch"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_whatever_stands_behind_them() {
        for (text, expected) in [
            ("git version 2.47.3\n", Some((2, 47))),
            ("git version 2.39.5 (Apple Git-154)", Some((2, 39))),
            ("git version 2.45.1.windows.1", Some((2, 45))),
            ("git version 3.0-rc1", None),
            ("gitea version 1.2.3", None),
            ("", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn git_is_named_by_its_path() {
        assert!(program().is_absolute() && program().ends_with("git"));
    }

    #[test]
    fn git_gets_nothing_but_what_is_named() {
        let git = Git::find("!helper".into()).unwrap();
        let credentials = Credentials::new("https://example.org", "u", "p-w").unwrap();
        let address = |origin: &str| Checked { text: "x".into(), protocol: "https", origin: Some(origin.to_owned()) };
        let lock = tempfile::tempfile().unwrap();
        let made = |origin| {
            let place = (Path::new("."), &lock);
            let command = git.remote(place, &address(origin), Some(&credentials), Duration::from_secs(5)).unwrap();
            assert!(!command.get_args().any(|argument| argument.to_string_lossy().contains("p-w")));
            command.get_envs().filter_map(|(_, value)| Some(value?.to_str()?.to_owned())).collect::<Vec<_>>()
        };
        let shown = made("https://example.org");
        assert!(shown.contains(&"p-w".to_owned()) && shown.contains(&"!helper".to_owned()));
        let elsewhere = made("https://evil.net");
        assert!(!elsewhere.contains(&"p-w".to_owned()) && !elsewhere.contains(&"!helper".to_owned()));
        let names = PASSED.iter().chain(credential::VARIABLES.iter());
        assert!(names.clone().all(|name| !name.contains("TOKEN")) && !PASSED.contains(&"GIT_TRACE"));
    }
}
