//! Which addresses git is given, and as what.
//!
//! Addresses come from forges and lists. One that git would take for an option, or that names a program to run, is refused, and
//! so is what would send anything in the clear that nobody asked for.

use std::{ffi::OsString, net::IpAddr};

use super::{super::repository::Address, Limits, error::Error};

/// An address that git may be given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Checked {
    /// As git gets it: without a user's name, where the credentials bring one.
    pub(super) text: OsString,
    /// The one transport that is needed for it, as git calls it.
    pub(super) protocol: &'static str,
    /// Scheme and host, as credentials are made for: of `https` and `http` alone.
    pub(super) origin: Option<String>,
}

/// What git is to make of `address`.
pub(super) fn check(address: &Address, limits: &Limits) -> Result<Checked, Error> {
    let checked = match address {
        Address::Local(path) if path.is_absolute() => {
            Ok(Checked { text: path.clone().into_os_string(), protocol: "file", origin: None })
        }
        Address::Local(_) => Err("the path is not absolute"),
        Address::Remote(url) => remote(url, limits),
    };
    checked.map_err(|why| Error::refused(address, why))
}

fn remote(url: &str, limits: &Limits) -> Result<Checked, &'static str> {
    if url.starts_with('-') || url.chars().any(char::is_control) {
        return Err("it is no address");
    }
    let Some((scheme, rest)) = url.split_once("://") else { return scp(url) };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    if user.is_some_and(|user| user.contains(':')) {
        return Err("it holds a password, which belongs into the environment");
    }
    if user.is_some_and(|user| user.starts_with('-')) || host.is_empty() || host.starts_with('-') {
        return Err("it names no host");
    }
    let protocol = match scheme.to_ascii_lowercase().as_str() {
        "https" => "https",
        "http" if limits.plain_http || is_this_machine(host) => "http",
        "http" => return Err("`http` is not encrypted"),
        "ssh" | "git+ssh" | "ssh+git" => "ssh",
        "git" => "git",
        _ => return Err("only https, ssh and git are fetched from"),
    };
    let is_http = protocol.starts_with("http");
    // A user's name before the host may as well be a token; where one is needed, the credentials hold it.
    let text = if is_http { format!("{protocol}://{host}{path}") } else { url.to_owned() };
    let origin = is_http.then(|| origin(protocol, host));
    Ok(Checked { text: text.into(), protocol, origin })
}

/// `user@host:path`, which is ssh.
fn scp(url: &str) -> Result<Checked, &'static str> {
    let Some((host, path)) = url.split_once(':') else { return Err("it is no address") };
    let bare = host.rsplit('@').next().unwrap_or_default();
    // Two colons name a program: `ext::…`.
    if path.starts_with(':') || path.is_empty() || path.starts_with('-') || host.contains('/') {
        return Err("only https, ssh and git are fetched from");
    }
    if bare.is_empty() || bare.starts_with('-') {
        return Err("it names no host");
    }
    Ok(Checked { text: url.into(), protocol: "ssh", origin: None })
}

/// Scheme and host in one way of writing: lower case, without the port that goes without saying.
pub(super) fn origin(scheme: &str, host: &str) -> String {
    let host = host.to_ascii_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}", host.strip_suffix(usual).unwrap_or(&host))
}

/// The address that a server sends to, by git's trace of its headers in `said`, where that is at the same host.
pub(super) fn moved(said: &str, from: &Checked) -> Option<OsString> {
    let headers = said.lines().filter_map(|line| line.split_once("Recv header: "));
    let is_location = |name: &str| name.eq_ignore_ascii_case("location");
    let mut locations = headers.filter_map(|(_, header)| header.split_once(':')).filter(|(name, _)| is_location(name));
    let target = locations.next_back()?.1.trim().strip_suffix("/info/refs?service=git-upload-pack")?;
    let origin = from.origin.as_deref()?;
    let whole = if target.starts_with('/') { format!("{origin}{target}") } else { target.to_owned() };
    let to = remote(&whole, &Limits { plain_http: true, ..Limits::default() }).ok()?;
    (to.origin.as_deref() == Some(origin)).then_some(to.text)
}

/// Whether `host` is this machine, its port aside.
fn is_this_machine(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(url: &str) -> Result<Checked, Error> {
        check(&Address::Remote(url.to_owned()), &Limits::default())
    }

    #[test]
    fn what_would_run_a_program_or_be_an_option_is_refused() {
        for url in [
            "-u./evil",
            "--upload-pack=evil",
            "ext::sh -c evil",
            "ext::ssh://x/y",
            "fd::7",
            "file:///etc",
            "ftp://example.org/x",
            "/etc",
            "../x",
            "./a:b",
            "ssh://-oProxyCommand=evil/x",
            "ssh://-oProxyCommand=evil@host/x",
            "-oProxyCommand=evil:x",
            "git@-oProxyCommand=evil:x",
            "git@host:-x",
            "https:///x",
            "https://example.org/\nx",
            "http://example.org/x",
            "http://127.0.0.1.example.org/x",
            "",
        ] {
            assert!(matches!(checked(url), Err(Error::Refused { .. })), "{url}");
        }
        let holds_password = ["https://user", "word@example.org/x"].join(":");
        assert!(matches!(checked(&holds_password), Err(Error::Refused { .. })));
        assert!(check(&Address::Local("relative".into()), &Limits::default()).is_err());
    }

    #[test]
    fn a_move_is_followed_at_the_same_host_alone() {
        let from = checked("https://example.org/old").unwrap();
        let moved_to = |location: &str| {
            let said = format!(
                "00:00 http.c:1 <= Recv header: HTTP/2 301\n00:00 http.c:1 <= Recv header: location: {location}\nfatal: x"
            );
            moved(&said, &from).map(|text| text.into_string().unwrap())
        };
        let end = "/info/refs?service=git-upload-pack";
        for target in ["https://example.org:443/new", "/new"] {
            assert!(moved_to(&format!("{target}{end}")).unwrap().ends_with("/new"), "{target}");
        }
        for target in [
            "https://evil.net/new",
            "http://example.org/new",
            "https://example.org@evil.net/x",
            "//evil.net/x",
            "/\u{1b}x",
        ] {
            let elsewhere = moved_to(&format!("{target}{end}"));
            assert!(elsewhere.is_none_or(|text| text.starts_with("https://example.org/")), "{target}");
        }
        assert_eq!(moved_to("https://example.org/login"), None);
        assert_eq!(moved("", &from), None);
    }

    #[test]
    fn each_address_needs_one_transport() {
        for (url, text, protocol, origin) in [
            ("HTTPS://Me@Example.org:443/a/b", "https://Example.org:443/a/b", "https", Some("https://example.org")),
            ("http://[::1]:80/a", "http://[::1]:80/a", "http", Some("http://[::1]")),
            ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a", "http", Some("http://127.0.0.1:8080")),
            ("ssh://git@example.org/a", "ssh://git@example.org/a", "ssh", None),
            ("git@example.org:a/b.git", "git@example.org:a/b.git", "ssh", None),
            ("git://example.org/a", "git://example.org/a", "git", None),
        ] {
            let expected = Checked { text: text.into(), protocol, origin: origin.map(str::to_owned) };
            assert_eq!(checked(url).unwrap(), expected);
        }
        let limits = Limits { plain_http: true, ..Limits::default() };
        assert!(check(&Address::Remote("http://example.org/x".to_owned()), &limits).is_ok());
    }
}
