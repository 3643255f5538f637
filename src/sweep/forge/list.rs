//! A plain list: an address that git clones from, or a folder of this machine, on each line.

use std::{
    collections::HashSet,
    io::Read,
    path::{Path, PathBuf},
};

use super::{Client, Error, Forge, Listing, NotPlain, Problem, Why};
use crate::{
    escape,
    sweep::repository::{Address, Listed, RepositoryId},
};

/// The longest list that is read, in bytes.
const MOST_READ: u64 = 256 << 20;

/// Repositories that somebody wrote down.
#[derive(Clone, Debug)]
pub struct List {
    text: String,
    /// What relative paths begin at.
    base: PathBuf,
    /// What the list is called, for people.
    name: String,
}

impl List {
    /// The list in the file at `path`, standard input where that is `-`. Paths in it begin where the program runs, at `base`.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(path: &Path, base: &Path) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        let is_stdin = path == Path::new("-");
        let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
        let read = if is_stdin {
            std::io::stdin().lock().take(MOST_READ + 1).read_to_end(&mut bytes)
        } else {
            std::fs::File::open(path).and_then(|file| file.take(MOST_READ + 1).read_to_end(&mut bytes))
        };
        read.map_err(|error| Why::Io(error).of(&name))?;
        if bytes.len() as u64 > MOST_READ {
            return Err(Why::TooLong.of(&name));
        }
        Ok(Self::new(&name, &String::from_utf8_lossy(&bytes), base))
    }

    /// The list `text`, which is called `name`.
    pub fn new(name: &str, text: &str, base: &Path) -> Self {
        Self { text: text.to_owned(), base: base.to_owned(), name: name.to_owned() }
    }
}

impl Forge for List {
    fn list(&self, _: &mut Client<'_>, each: &mut dyn FnMut(Listed)) -> Result<Listing, Error> {
        let (mut listing, mut seen) = (Listing::default(), HashSet::new());
        for (number, line) in (1..).zip(self.text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match address(line, &self.base) {
                Ok(address) if seen.insert(address.clone()) => {
                    listing.repositories += 1;
                    each(listed(address));
                }
                Ok(_) => {}
                // The line itself is not shown: it may hold a password.
                Err(wrong) => {
                    let subject = format!("{}, line {number}", escape::terminal(&self.name));
                    listing.problems.push(Problem { subject, reason: wrong.to_string() });
                }
            }
        }
        Ok(listing)
    }

    fn host(&self) -> &'static str {
        ""
    }

    /// Whoever writes a list leaves out what is to be left out.
    fn may_hide(&self) -> bool {
        false
    }
}

/// The repository at `address`, of which nothing else is known.
pub(super) fn listed(address: Address) -> Listed {
    Listed::at(RepositoryId::of_address(&address), name(&address), address)
}

/// What people call what is at `address`: the path of a URL, or the folder.
fn name(address: &Address) -> String {
    match address {
        Address::Local(path) => path.display().to_string(),
        Address::Remote(url) => {
            let path = url.split_once("://").map_or_else(
                || url.split_once(':').map(|(_, path)| path),
                |(_, rest)| rest.split_once('/').map(|(_, path)| path),
            );
            let path = path.unwrap_or(url).trim_matches('/');
            path.strip_suffix(".git").unwrap_or(path).to_owned()
        }
    }
}

/// What `text` leads to. <https://git-scm.com/docs/git-clone#_git_urls>
///
/// # Errors
/// Where git would not clone from it, would run a program for it (gitremote-helpers(7)), or where it holds credentials.
pub(super) fn address(text: &str, base: &Path) -> Result<Address, NotPlain> {
    if text.chars().any(char::is_control) || text.starts_with('-') {
        return Err(NotPlain::Unknown);
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        return match scheme.to_ascii_lowercase().as_str() {
            "file" => Ok(Address::Local(base.join(rest))),
            scheme @ ("https" | "http" | "ssh" | "git") => {
                let (authority, path) = rest.split_once('/').ok_or(NotPlain::Unknown)?;
                check_user(authority, scheme == "ssh")?;
                (!path.is_empty()).then(|| Address::Remote(text.to_owned())).ok_or(NotPlain::Unknown)
            }
            _ => Err(NotPlain::Unknown),
        };
    }
    // What is there comes first: a folder's name may have a colon, too.
    let path = base.join(text);
    match text.split_once(':') {
        // A colon before the first slash makes it a host and a path.
        Some((host, path_there)) if !host.contains('/') && !path.exists() => {
            if host.is_empty() || path_there.is_empty() || path_there.starts_with(':') {
                return Err(NotPlain::Unknown);
            }
            // A name, a password and a host are no address, but somebody may take them for one.
            if path_there.split('/').next().is_some_and(|step| step.contains('@')) {
                return Err(NotPlain::Credentials);
            }
            check_user(host, true).map(|()| Address::Remote(text.to_owned()))
        }
        _ => Ok(Address::Local(path)),
    }
}

/// Whether `authority` has no password, and a name only where a name is no secret.
fn check_user(authority: &str, may_have_name: bool) -> Result<(), NotPlain> {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if user.contains(':') || !user.is_empty() && !may_have_name {
        return Err(NotPlain::Credentials);
    }
    // Git hands both to ssh: neither may look like an option.
    if host.is_empty() || host.starts_with(['-', ':']) || user.starts_with('-') {
        return Err(NotPlain::Unknown);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Result<String, NotPlain> {
        address(text, Path::new("/base")).map(|address| address.to_string())
    }

    #[test]
    fn addresses_are_what_git_takes_them_for() {
        for same in [
            "https://git.example.org/acme/site.git",
            "http://127.0.0.1:8080/x.git",
            "ssh://git@git.example.org:2222/acme/site.git",
            "git@git.example.org:acme/site.git",
            "git.example.org:acme/site.git",
            "git://git.example.org/x",
        ] {
            assert_eq!(of(same), Ok(same.to_owned()));
        }
        assert_eq!(of("repositories/site.git"), Ok("/base/repositories/site.git".to_owned()));
        assert_eq!(of("/srv/site.git"), Ok("/srv/site.git".to_owned()));
        assert_eq!(of("./a:b"), Ok("/base/./a:b".to_owned()));
        assert_eq!(of("file:///srv/x.git"), Ok("/srv/x.git".to_owned()));
    }

    #[test]
    fn credentials_are_refused_and_not_shown() {
        let holding = ["https://ada:", "https://", "ssh://a:", "a:"];
        for (before, after) in holding.into_iter().zip(["@h.org/x", "@h.org/x", "@h.org/x", "@h.org:x"]) {
            let holds = format!("{before}horse{after}");
            let list = List::new("list", &format!("# all\n\n{holds}\n"), Path::new("/"));
            let net = crate::net::Net::new(super::super::limits());
            let mut answers = super::super::Forgetful;
            let mut ask = Client::new(&net, &mut answers, &|| false);
            let listing = list.list(&mut ask, &mut |listed| panic!("{listed:?}")).unwrap();
            let [problem] = &listing.problems[..] else { panic!("{listing:?}") };
            assert_eq!(problem.subject, "list, line 3");
            assert!(problem.reason.contains("credentials"), "{problem:?}");
            assert!(!format!("{problem:?}").contains("horse"));
        }
    }

    #[test]
    fn nothing_that_runs_a_program_is_an_address() {
        for wrong in [
            "ext::sh -c touch% /tmp/x",
            "--upload-pack=x",
            "ssh://-oProxyCommand=x/y",
            "-oProxyCommand=x:y",
            "git@-oProxyCommand=x:y",
            "fd::17",
            "ftp://h/x",
            "https://h",
            "https:///x",
            "a\tb",
            ":x",
        ] {
            assert_eq!(of(wrong), Err(NotPlain::Unknown), "{wrong}");
        }
    }

    #[test]
    fn names_are_short() {
        let called = |text| name(&address(text, Path::new("/")).unwrap());
        assert_eq!(called("https://h.org/acme/site.git"), "acme/site");
        assert_eq!(called("git@h.org:acme/site.git/"), "acme/site");
    }

    proptest! {
        #[test]
        fn no_password_gets_through(user in "[a-z]{0,3}", scheme in prop::sample::select(vec!["https://", "ssh://", "git://", ""])) {
            let text = format!("{scheme}{user}:pass@h.org/x");
            prop_assert_ne!(of(&text), Ok(text.clone()));
        }
    }
}
