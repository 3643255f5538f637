//! How a token reaches git, and git alone.
//!
//! Git asks a credential helper, which is this program again: [`answer`]. The token is in the environment of that one git and
//! what it starts, where only the same user can look, and it is gone with them. An inherited pipe would hide it no better (who may
//! read a process' environment may read its memory), gives its content once although git may ask again, and would be open in
//! whatever else this program starts meanwhile. So no command line, address, configuration, log or file has it.

use std::{ffi::OsString, fmt};

use super::address;
use crate::{
    escape,
    secret::{Secret, Shown},
};

/// The variable that holds what credentials are for: scheme and host.
const ORIGIN: &str = "STANCH_SWEEP_CREDENTIAL_ORIGIN";
/// The variable that holds the user's name.
const USER: &str = "STANCH_SWEEP_CREDENTIAL_USER";
/// The variable that holds the token.
const PASSWORD: &str = "STANCH_SWEEP_CREDENTIAL_PASSWORD";
/// What names a helper among credentials, in variables.
pub(super) const VARIABLES: [&str; 3] = [ORIGIN, USER, PASSWORD];

/// A user's name and a password or token, for one host.
#[derive(Clone)]
pub struct Credentials {
    origin: String,
    user: String,
    password: Secret,
}

impl Credentials {
    /// What is shown to the host of `address` (`https://example.org`, with a port where that is not the usual one; a path behind
    /// it does not matter), and to no other. Nothing where that is no such address, or where the user or the password holds what
    /// git could not be told: a line break or a NUL.
    pub fn new(address: &str, user: &str, password: &str) -> Option<Self> {
        let (scheme, rest) = address.split_once("://")?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        let is_fine = |text: &str| !text.contains(['\n', '\r', '\0']);
        if !matches!(scheme.as_str(), "https" | "http") || host.is_empty() || host.contains('@') {
            return None;
        }
        (is_fine(user) && is_fine(password)).then(|| Self {
            origin: address::origin(&scheme, host),
            user: user.to_owned(),
            password: Secret::new(password.as_bytes(), Shown::Nothing),
        })
    }

    /// Whether they are for `origin`.
    pub(super) fn are_for(&self, origin: &str) -> bool {
        self.origin == origin
    }

    /// The variables that the helper finds them in.
    pub(super) fn variables(&self) -> [(&'static str, OsString); 3] {
        let password = String::from_utf8_lossy(self.password.expose()).into_owned();
        [(ORIGIN, self.origin.clone().into()), (USER, self.user.clone().into()), (PASSWORD, password.into())]
    }

    /// `text` without them, however they got there.
    pub(super) fn taken_out(&self, text: &str) -> String {
        let password = String::from_utf8_lossy(self.password.expose());
        if password.is_empty() { text.to_owned() } else { text.replace(&*password, &self.password.masked()) }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// What git is told to run for credentials: this program, at `path`.
pub(super) fn helper(path: &str) -> OsString {
    format!("!{} sweep credential", escape::shell(path)).into()
}

/// What the helper prints when git runs it with `operation` and writes `question` to it (see git-credential(1)): the credentials
/// where git wants to get some for exactly the scheme and host that they were made for, and nothing otherwise. They are in the
/// variables that `variable` looks up.
pub fn answer(operation: &str, question: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let asked = |name: &str| {
        let mut lines = question.lines().filter_map(|line| line.split_once('='));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let (Some(scheme), Some(host)) = (asked("protocol"), asked("host")) else { return String::new() };
    let [origin, user, password] = VARIABLES.map(variable);
    match (origin, user, password) {
        (Some(origin), Some(user), Some(password)) if operation == "get" && address::origin(scheme, host) == origin => {
            format!("username={user}\npassword={password}\n")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(operation: &str, question: &str) -> String {
        let credentials = Credentials::new("https://Example.org/api", "bot", "word-1").unwrap();
        let variables = credentials.variables();
        let find = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.to_str().unwrap().to_owned())
        };
        answer(operation, question, find)
    }

    #[test]
    fn the_helper_answers_for_its_host_alone() {
        let expected = "username=bot\npassword=word-1\n";
        assert_eq!(told("get", "protocol=https\nhost=example.org\n\n"), expected);
        assert_eq!(told("get", "capability[]=authtype\nprotocol=https\nhost=EXAMPLE.org:443\n"), expected);
        for question in [
            "protocol=http\nhost=example.org\n",
            "protocol=https\nhost=example.org:8443\n",
            "protocol=https\nhost=example.org.evil.net\n",
            "protocol=https\nhost=evil.net\nhost=example.org\n",
            "protocol=https\n",
            "",
        ] {
            assert_eq!(told("get", question), "", "{question}");
        }
        for operation in ["store", "erase", ""] {
            assert_eq!(told(operation, "protocol=https\nhost=example.org\n"), "");
        }
        assert_eq!(answer("get", "protocol=https\nhost=example.org\n", |_| None), "");
    }

    #[test]
    fn credentials_do_not_print_themselves() {
        let credentials = Credentials::new("https://example.org", "bot", "word-1").unwrap();
        assert!(!format!("{credentials:?}").contains("word"));
        let told = |password: &str| format!("fatal: 'https://bot:{password}@h/'");
        assert_eq!(credentials.taken_out(&told("word-1")), told("…"));
    }

    #[test]
    fn what_git_could_not_be_told_makes_no_credentials() {
        for (address, user, password) in [
            ("example.org", "u", "p"),
            ("ssh://example.org", "u", "p"),
            ("https://", "u", "p"),
            ("https://u@example.org", "u", "p"),
            ("https://example.org", "u\nhost=x", "p"),
            ("https://example.org", "u", "p\n"),
        ] {
            assert!(Credentials::new(address, user, password).is_none(), "{address:?} {user:?}");
        }
    }

    #[test]
    fn the_helper_is_one_word_of_a_shell() {
        assert_eq!(helper("/opt/it's/stanch"), "!'/opt/it'\\''s/stanch' sweep credential");
    }
}
