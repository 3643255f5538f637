//! Which program a user agent names, whatever its version: an update is no other program.
//!
//! Browsers name each other for history's sake, so of several names the one counts that only it uses
//! (<https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/User-Agent>).

/// How long a family's name is at most, in characters.
const LONGEST: usize = 60;

/// What browsers call themselves, the ones that also use others' names first.
const BROWSERS: [(&str, &str); 13] = [
    ("HeadlessChrome/", "headless Chrome"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("Trident/", "Internet Explorer"),
];

/// What their systems are called in them, the ones that also use others' names first.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];

/// The program that `agent` names, without its version; nothing where it names none.
pub(super) fn family(agent: &str) -> Option<String> {
    let agent = agent.trim();
    if agent.is_empty() || agent == "-" {
        return None;
    }
    let name = if is_browser(agent) { browser(agent) } else { program(agent) };
    Some(name.chars().take(LONGEST).collect())
}

/// Whether a family, as [`family`] has it, is one that a person sits before.
pub(super) fn is_of_a_person(family: &str) -> bool {
    SYSTEMS.iter().any(|(_, system)| family.split_once(" on ").is_some_and(|(_, on)| on == *system))
}

fn is_browser(agent: &str) -> bool {
    agent.starts_with("Mozilla/") || agent.starts_with("Opera/")
}

fn browser(agent: &str) -> String {
    // Robots write what they are behind `compatible;`.
    if let Some((_, robot)) = agent.split_once("compatible; ").filter(|(_, robot)| !robot.starts_with("MSIE")) {
        return program(robot);
    }
    let named =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = named(&BROWSERS).unwrap_or("a browser");
    named(&SYSTEMS).map_or_else(|| browser.to_owned(), |system| format!("{browser} on {system}"))
}

/// The first product's name: what stands before its version.
fn program(agent: &str) -> String {
    let product = agent.split([' ', '/', ';', '(', ',']).find(|part| !part.is_empty()).unwrap_or(agent);
    let is_version = |c: char| c.is_ascii_digit() || c == '.';
    let name = product.trim_end_matches(is_version).trim_end_matches(['-', '_', 'v']);
    if name.is_empty() { product.to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_no_other_program() {
        let same = [
            ("git/2.43.0", "git/2.51.2"),
            ("python-requests/2.31.0", "python-requests/2.32.3"),
            ("aws-cli/2.15.1 Python/3.11.6 Linux/6.1", "aws-cli/2.17.0 Python/3.12.1 Linux/6.8"),
            ("acme-app/5.1 (iPhone; iOS 17.5)", "acme-app/5.2 (iPhone; iOS 18.0)"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36",
            ),
        ];
        for (one, other) in same {
            assert_eq!(family(one), family(other));
        }
    }

    #[test]
    fn browsers_are_told_from_each_other_and_from_programs() {
        let cases = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
                "Edge on Windows",
            ),
            ("Mozilla/5.0 (compatible; ExampleBot/2.1; +https://example.com/bot)", "ExampleBot"),
            ("curl/8.5.0", "curl"),
            ("Go-http-client/1.1", "Go-http-client"),
            ("kubectl", "kubectl"),
        ];
        for (agent, name) in cases {
            assert_eq!(family(agent).as_deref(), Some(name));
            assert_eq!(is_of_a_person(name), name.contains(" on "), "{name}");
        }
        assert_eq!((family("-"), family(" ")), (None, None));
    }

    #[test]
    fn names_are_bounded_whatever_is_sent() {
        assert_eq!(family(&"x".repeat(9_000)).unwrap().len(), LONGEST);
        assert_eq!(family("///;;").as_deref(), Some("///;;"));
        assert_eq!(family("1.2").as_deref(), Some("1.2"));
    }
}
