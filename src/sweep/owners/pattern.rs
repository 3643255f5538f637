//! Which paths a pattern of a `CODEOWNERS` file means.
//!
//! Both dialects look like `.gitignore` and are not: of GitHub's `docs/*` is no folder further down, and of GitLab's `docs` is no folder at
//! all. So paths are matched here, part by part, and what that may cost is bounded: whoever writes the file writes the paths, too.

/// What matching one path against a whole file may cost, in steps.
pub(super) const FUEL: u32 = 4_000_000;

/// What is left of [`FUEL`].
pub(super) struct Fuel(u32);

impl Fuel {
    pub(super) fn full() -> Self {
        Self(FUEL)
    }

    /// Whether it is used up: then what was found out means nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0 == 0
    }

    fn burn(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0
    }
}

/// A pattern, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Box<[Part]>,
    tail: Tail,
    /// Whether brackets are sets of characters.
    sets: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `**`: any number of folders.
    Folders,
    /// One part of a path.
    Glob(Box<[u8]>),
}

/// What may follow the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    /// Nothing.
    Nothing,
    /// Anything: a folder's contents are the folder's.
    Anything,
    /// At least one more part: it is a folder.
    Something,
}

impl Pattern {
    /// As GitHub reads it, that is as `.gitignore` has it, except that a last `*` means files alone. Nothing where it uses what does not work there:
    /// `!`, sets of characters, `\#`. <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners#codeowners-syntax>
    pub(super) fn github(text: &[u8]) -> Option<Self> {
        if text.starts_with(b"!") || text.starts_with(b"\\#") || text.iter().any(|byte| b"[]".contains(byte)) {
            return None;
        }
        let inner = text.strip_suffix(b"/").unwrap_or(text);
        let mut parts = parts(inner, inner.contains(&b'/'));
        let tail = match parts.last() {
            Some(Part::Folders) if parts.len() > 1 || inner == b"**" => {
                parts.pop();
                Tail::Something
            }
            _ if inner.len() < text.len() => Tail::Something,
            Some(Part::Glob(last)) if **last == *b"*" => Tail::Nothing,
            _ => Tail::Anything,
        };
        Self::new(parts, tail, false)
    }

    /// As GitLab reads it: `File::fnmatch` with `FNM_DOTMATCH` and `FNM_PATHNAME` from the top, `**/` before what does not begin with a slash, and all below where it ends
    /// with one. <https://docs.gitlab.com/user/project/codeowners/reference/#path-matching>
    pub(super) fn gitlab(text: &[u8]) -> Option<Self> {
        let inner = text.strip_suffix(b"/").unwrap_or(text);
        let mut parts = parts(inner, inner.starts_with(b"/") || text == b"/");
        let is_folder = inner.len() < text.len();
        // Without a slash behind it, `**` is `*`.
        if let Some(last @ Part::Folders) = parts.last_mut().filter(|_| !is_folder && inner.ends_with(b"**")) {
            *last = Part::Glob((*b"*").into());
        }
        Self::new(parts, if is_folder { Tail::Something } else { Tail::Nothing }, true)
    }

    fn new(parts: Vec<Part>, tail: Tail, sets: bool) -> Option<Self> {
        let is_any = tail == Tail::Something;
        (is_any || !parts.is_empty()).then(|| Self { parts: parts.into(), tail, sets })
    }

    /// Whether `path`, given by its parts, is meant.
    pub(super) fn matches(&self, path: &[&[u8]], fuel: &mut Fuel) -> bool {
        let (mut part, mut at) = (0, 0);
        // Behind the last `**`, and where in the path it was tried: trying an earlier one again finds nothing more.
        let mut again = None;
        loop {
            if !fuel.burn() {
                return false;
            }
            match self.parts.get(part) {
                Some(Part::Folders) => {
                    part += 1;
                    again = Some((part, at));
                    continue;
                }
                Some(Part::Glob(glob)) if path.get(at).is_some_and(|text| self.is_like(glob, text, fuel)) => {
                    (part, at) = (part + 1, at + 1);
                    continue;
                }
                None if self.ends(path.len() - at) => return true,
                _ => {}
            }
            match again.filter(|(_, tried)| *tried < path.len()) {
                Some((behind, tried)) => {
                    (part, at) = (behind, tried + 1);
                    again = Some((part, at));
                }
                None => return false,
            }
        }
    }

    fn ends(&self, left: usize) -> bool {
        match self.tail {
            Tail::Nothing => left == 0,
            Tail::Anything => true,
            Tail::Something => left > 0,
        }
    }

    /// Whether one part of a path is like `glob`.
    fn is_like(&self, glob: &[u8], text: &[u8], fuel: &mut Fuel) -> bool {
        let (mut rest, mut left) = (glob, text);
        let mut again = None;
        while !rest.is_empty() || !left.is_empty() {
            if !fuel.burn() {
                return false;
            }
            if let Some(behind) = rest.strip_prefix(b"*") {
                (rest, again) = (behind, Some((behind, left)));
            } else if let Some(next) = self.step(rest, left) {
                (rest, left) = next;
            } else if let Some((behind, tried)) = again.filter(|(_, tried)| !tried.is_empty()) {
                (rest, left) = (behind, &tried[1..]);
                again = Some((rest, left));
            } else {
                return false;
            }
        }
        true
    }

    /// What is behind one character and what stands for it.
    fn step<'p, 't>(&self, glob: &'p [u8], text: &'t [u8]) -> Option<(&'p [u8], &'t [u8])> {
        let (character, left) = character(text)?;
        match glob {
            [b'?', rest @ ..] => Some((rest, left)),
            [b'[', set @ ..] if self.sets => match in_set(set, character) {
                Some((is_in, rest)) => is_in.then_some((rest, left)),
                None => (character == b"[").then_some((set, left)),
            },
            [b'\\', rest @ ..] if !rest.is_empty() => literal(rest, text),
            glob => literal(glob, text),
        }
    }
}

fn literal<'p, 't>(glob: &'p [u8], text: &'t [u8]) -> Option<(&'p [u8], &'t [u8])> {
    let (byte, rest) = glob.split_first()?;
    let (other, left) = text.split_first()?;
    (byte == other).then_some((rest, left))
}

/// The first character, whatever it is made of, and the rest.
fn character(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let continued = |byte: &&u8| **byte & 0xc0 == 0x80;
    let length = 1 + text.get(1..)?.iter().take(3).take_while(continued).count();
    Some(text.split_at(length))
}

/// Whether a set, behind its bracket, has `wanted`, and what is behind it; nothing where it has no end.
fn in_set<'p>(set: &'p [u8], wanted: &[u8]) -> Option<(bool, &'p [u8])> {
    let inverted = matches!(set.first(), Some(b'^' | b'!'));
    let mut rest = &set[usize::from(inverted)..];
    let mut is_in = false;
    let member = |rest: &'p [u8]| character(rest.strip_prefix(b"\\").unwrap_or(rest));
    loop {
        if let Some(behind) = rest.strip_prefix(b"]") {
            return Some((is_in != inverted, behind));
        }
        let (low, behind) = member(rest)?;
        let ranged = behind.strip_prefix(b"-").filter(|behind| !behind.starts_with(b"]"));
        let (high, behind) = ranged.map_or(Some((low, behind)), member)?;
        // UTF-8 is in the order of the characters.
        is_in |= (low..=high).contains(&wanted);
        rest = behind;
    }
}

/// The parts of `text`, which means any folder's where it does not begin at the top.
fn parts(text: &[u8], from_top: bool) -> Vec<Part> {
    let part = |part: &[u8]| if part == b"**" { Part::Folders } else { Part::Glob(part.into()) };
    let named = text.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).map(part);
    let anywhere = (!from_top).then_some(Part::Folders);
    anywhere.into_iter().chain(named).collect()
}

#[cfg(test)]
mod tests {
    use globset::GlobBuilder;
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: Option<Pattern>, path: &str) -> bool {
        let parts: Vec<&[u8]> = path.as_bytes().split(|&byte| byte == b'/').collect();
        pattern.is_some_and(|pattern| pattern.matches(&parts, &mut Fuel::full()))
    }

    fn table(read: fn(&[u8]) -> Option<Pattern>, cases: &[(&str, &[&str], &[&str])]) {
        for (pattern, meant, not) in cases {
            for (path, expected) in meant.iter().map(|path| (path, true)).chain(not.iter().map(|path| (path, false))) {
                assert_eq!(matches(read(pattern.as_bytes()), path), expected, "{pattern} and {path}");
            }
        }
    }

    #[test]
    fn github_means_what_its_documentation_says() {
        table(
            Pattern::github,
            &[
                ("*", &["a", "a/b/c.d", ".env"], &[]),
                ("*.js", &["a.js", "x/y/a.js", ".js"], &["a.jsx", "js"]),
                ("/build/logs/", &["build/logs/a", "build/logs/a/b"], &["build/logs", "x/build/logs/a"]),
                ("docs/*", &["docs/getting-started.md"], &["docs/build-app/troubleshooting.md", "x/docs/a"]),
                ("apps/", &["apps/a", "x/apps/y/a"], &["apps", "xapps/a"]),
                ("/docs/", &["docs/a/b"], &["x/docs/a"]),
                ("/scripts/", &["scripts/a"], &["scripts.sh"]),
                ("**/logs", &["build/logs", "logs/x", "deeply/nested/logs/a"], &["logsx/a"]),
                ("/apps/github", &["apps/github", "apps/github/a"], &["apps/githubs"]),
                ("/*", &["a"], &["a/b"]),
                ("a/**", &["a/b", "a/b/c"], &["a", "x/a/b"]),
                ("a/**/b", &["a/b", "a/x/y/b", "a/x/b/c"], &["a/xb"]),
                ("**", &["a", "a/b"], &[]),
                ("path\\ with\\ spaces/", &["path with spaces/a"], &["path/a"]),
                ("a?c", &["abc", "aéc"], &["ac", "a/c"]),
                ("a{b,c}", &["a{b,c}"], &["ab"]),
                ("Docs", &["Docs"], &["docs"]),
                ("!a", &[], &["a", "b", "!a"]),
                ("[ab]", &[], &["a", "[ab]"]),
                ("\\#a", &[], &["#a"]),
            ],
        );
    }

    #[test]
    fn gitlab_means_what_its_documentation_says() {
        table(
            Pattern::gitlab,
            &[
                ("/README.md", &["README.md"], &["docs/README.md"]),
                ("README.md", &["README.md", "internal/README.md", "app/lib/README.md"], &["XREADME.md"]),
                (
                    "internal/README.md",
                    &["internal/README.md", "docs/api/internal/README.md"],
                    &["internal/x/README.md"],
                ),
                ("/docs/", &["docs/a", "docs/a/b"], &["docs", "x/docs/a"]),
                ("lib/", &["lib/a", "x/lib/y/a"], &["lib"]),
                ("docs", &["docs", "ee/docs"], &["docs/a"]),
                ("/docs/*.md", &["docs/a.md", "docs/.md"], &["docs/x/a.md"]),
                ("/docs/*spec*", &["docs/qa_specs.rb", "docs/spec.rb"], &["docs/x/spec"]),
                ("/docs/*/README.md", &["docs/api/README.md"], &["docs/README.md", "docs/a/b/README.md"]),
                (
                    "/docs/**/index.md",
                    &["docs/index.md", "docs/api/index.md", "docs/api/graphql/index.md"],
                    &["index.md"],
                ),
                ("**/*.rb", &["config/database.rb", "a.rb", "app/controllers/users/x.rb"], &["a.rbx"]),
                ("**/generated/", &["generated/a", "x/generated/y/z"], &["generated"]),
                ("*", &["a", ".gitignore", "a/b"], &[]),
                ("/docs/**", &["docs/a"], &["docs/a/b"]),
                ("/**/", &["a", "a/b"], &[]),
                ("/", &["a", "a/b"], &[]),
                ("\\#file_with_pound.rb", &["#file_with_pound.rb"], &["file_with_pound.rb"]),
                ("path\\ with\\ spaces/*.md", &["path with spaces/a.md"], &[]),
                ("[a-cé]x", &["ax", "cx", "éx"], &["dx", "[a-cé]x"]),
                ("[^a-c]x", &["dx", "éx"], &["ax", "x"]),
                ("[a", &["[a"], &["a"]),
            ],
        );
    }

    #[test]
    fn what_it_costs_is_bounded() {
        let pattern = Pattern::gitlab(format!("/*{}b", "a".repeat(5_000)).as_bytes()).unwrap();
        let text = "a".repeat(20_000);
        let mut fuel = Fuel::full();
        assert!(!pattern.matches(&[text.as_bytes()], &mut fuel));
        assert!(fuel.is_empty());
    }

    /// What `globset`, which compiles patterns to regular expressions, says of any of these.
    fn expected(globs: &[String], path: &str) -> bool {
        let glob = |text: &String| GlobBuilder::new(text).literal_separator(true).build().unwrap().compile_matcher();
        globs.iter().any(|text| glob(text).is_match(path))
    }

    fn pattern() -> impl Strategy<Value = (String, bool, bool)> {
        let part = prop_oneof![3 => "[ab*?]{1,4}".prop_filter("no **", |part| !part.contains("**")), 1 => Just("**".to_owned())];
        let inner = (prop::collection::vec(part, 0..3), "[ab?][ab*?]{0,2}");
        let inner = inner.prop_map(|(mut parts, last)| {
            parts.push(last.replace("**", "*"));
            parts.join("/")
        });
        (inner, any::<bool>(), any::<bool>())
    }

    proptest! {
        #[test]
        fn patterns_mean_what_an_independent_matcher_says(
            (inner, from_top, folder) in pattern(),
            path in "[ab]{1,3}(/[ab]{1,3}){0,4}",
        ) {
            let text = format!("{}{inner}{}", if from_top { "/" } else { "" }, if folder { "/" } else { "" });
            let below = format!("{inner}/**");
            let anywhere = |glob: String, from_top: bool| if from_top { glob } else { format!("**/{glob}") };
            let gitlab = [anywhere(if folder { below.clone() } else { inner.clone() }, from_top)];
            prop_assert_eq!(matches(Pattern::gitlab(text.as_bytes()), &path), expected(&gitlab, &path), "gitlab {}", text);
            let from_top = from_top || inner.contains('/');
            let mut github = vec![anywhere(below, from_top)];
            if !folder {
                github.push(anywhere(inner, from_top));
            }
            prop_assert_eq!(matches(Pattern::github(text.as_bytes()), &path), expected(&github, &path), "github {}", text);
        }

        #[test]
        fn no_pattern_does_harm(text in prop::collection::vec(any::<u8>(), 0..60), path in prop::collection::vec(any::<u8>(), 0..60)) {
            let parts: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
            for pattern in [Pattern::github(&text), Pattern::gitlab(&text)].into_iter().flatten() {
                pattern.matches(&parts, &mut Fuel::full());
            }
        }
    }
}
