//! A repository's `CODEOWNERS` file, in the dialects of GitHub and GitLab.
//!
//! What a pattern means is [`super::pattern`]'s. Other forges have files of this name that mean something else (Gitea's hold regular
//! expressions), so a dialect has to be named.

use std::collections::HashMap;

use super::pattern::{Fuel, Pattern};
use crate::blob::PathName;

/// Whose rules a file follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>
    GitHub,
    /// <https://docs.gitlab.com/user/project/codeowners/reference/>
    GitLab,
}

impl Dialect {
    /// Where the file may lie; the first that is there counts.
    pub fn places(self) -> [&'static str; 3] {
        match self {
            Self::GitHub => [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"],
            Self::GitLab => ["CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"],
        }
    }

    /// The dialect of a file at `place` where no forge is known: GitLab's where it lies in that one's folder, has sections or exclusions.
    pub fn of(place: &str, text: &[u8]) -> Self {
        let gitlab = |line: &[u8]| line.starts_with(b"!") || heading(line).is_some();
        match place {
            ".gitlab/CODEOWNERS" => Self::GitLab,
            ".github/CODEOWNERS" => Self::GitHub,
            _ if text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).any(gitlab) => Self::GitLab,
            _ => Self::GitHub,
        }
    }
}

/// Why a file says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is larger than GitHub reads.
    #[error("CODEOWNERS is larger than {} MB", CodeOwners::LARGEST >> 20)]
    TooLarge,
    /// It has more rules than anybody needs.
    #[error("CODEOWNERS has more than {} rules", CodeOwners::MOST_RULES)]
    TooMany,
}

/// Who owns which paths.
#[derive(Clone, Debug, Default)]
pub struct CodeOwners {
    /// The one without a name first.
    sections: Vec<Section>,
    skipped: u64,
}

/// Rules that are looked at for themselves.
#[derive(Clone, Debug, Default)]
struct Section {
    /// Whether its owners may stay away.
    optional: bool,
    /// Who has what names nobody.
    defaults: Vec<String>,
    rules: Vec<Rule>,
    /// What is nobody's in this section, whatever comes later.
    excluded: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    owners: Owners,
}

#[derive(Clone, Debug)]
enum Owners {
    Named(Vec<String>),
    /// Those of the section.
    Default,
}

impl CodeOwners {
    /// GitHub reads no larger file, in bytes. GitLab's may be larger, but nobody's is.
    pub const LARGEST: usize = 3 << 20;
    /// How many rules are kept.
    pub const MOST_RULES: usize = 20_000;

    /// Reads a file. Lines that make no sense are passed over, as the forges do.
    ///
    /// # Errors
    /// Where there is too much of it.
    pub fn read(dialect: Dialect, text: &[u8]) -> Result<Self, Unread> {
        if text.len() >= Self::LARGEST {
            return Err(Unread::TooLarge);
        }
        let mut reader = Reader { file: Self::default(), names: HashMap::new(), current: 0, rules: 0 };
        reader.file.sections.push(Section::default());
        for line in text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text).split(|&byte| byte == b'\n') {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            match dialect {
                Dialect::GitHub => reader.github(line),
                Dialect::GitLab => reader.gitlab(line),
            }
            if reader.rules > Self::MOST_RULES {
                return Err(Unread::TooMany);
            }
        }
        Ok(reader.file)
    }

    /// How many lines make no sense.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Who owns `path`, those of sections with a name first, for they know most of it; nobody where the file does not say.
    pub fn owners(&self, path: &PathName) -> Vec<&str> {
        let parts: Vec<&[u8]> = path.as_bytes().split(|&byte| byte == b'/').collect();
        let mut fuel = Fuel::full();
        let Some((unnamed, named)) = self.sections.split_first() else { return Vec::new() };
        let (optional, required): (Vec<_>, Vec<_>) = named.iter().partition(|section| section.optional);
        let mut all = Vec::new();
        for section in required.into_iter().chain(optional).chain([unnamed]) {
            for owner in section.owners(&parts, &mut fuel) {
                if !all.contains(&owner.as_str()) {
                    all.push(owner);
                }
            }
        }
        if fuel.is_empty() { Vec::new() } else { all }
    }
}

impl Section {
    /// Whom the last rule names that means this path.
    fn owners(&self, path: &[&[u8]], fuel: &mut Fuel) -> &[String] {
        if self.excluded.iter().any(|pattern| pattern.matches(path, fuel)) {
            return &[];
        }
        match self.rules.iter().rev().find(|rule| rule.pattern.matches(path, fuel)).map(|rule| &rule.owners) {
            Some(Owners::Named(owners)) => owners,
            Some(Owners::Default) => &self.defaults,
            None => &[],
        }
    }
}

/// A file as far as it is read.
struct Reader {
    file: CodeOwners,
    /// Sections by name, in small letters.
    names: HashMap<String, usize>,
    current: usize,
    rules: usize,
}

impl Reader {
    /// A line of GitHub's: a pattern, owners, and perhaps a comment behind them. One that makes no sense in part counts for nothing.
    fn github(&mut self, line: &[u8]) {
        let (text, rest) = split(line);
        let owners = words(rest).take_while(|word| !word.starts_with(b"#")).map(owner).collect::<Option<Vec<_>>>();
        match Pattern::github(text).zip(owners) {
            Some((pattern, owners)) => self.add(pattern, Owners::Named(owners)),
            None => self.file.skipped += 1,
        }
    }

    /// A line of GitLab's: a heading, an exclusion, or a pattern and owners, of which those that make no sense are ignored.
    fn gitlab(&mut self, line: &[u8]) {
        if let Some(heading) = heading(line) {
            return self.open(&heading);
        }
        let excluded = line.strip_prefix(b"!");
        let (text, rest) = split(excluded.unwrap_or(line));
        let Some(pattern) = Pattern::gitlab(text) else {
            self.file.skipped += 1;
            return;
        };
        if excluded.is_some() {
            self.rules += 1;
            return self.file.sections[self.current].excluded.push(pattern);
        }
        let words: Vec<&[u8]> = words(rest).collect();
        let owners = if words.is_empty() {
            Owners::Default
        } else {
            Owners::Named(words.into_iter().filter_map(owner).collect())
        };
        self.add(pattern, owners);
    }

    fn add(&mut self, pattern: Pattern, owners: Owners) {
        self.rules += 1;
        self.file.sections[self.current].rules.push(Rule { pattern, owners });
    }

    /// Goes on in the section of this heading, which may have been open before.
    fn open(&mut self, heading: &Heading<'_>) {
        self.rules += 1;
        let sections = &mut self.file.sections;
        let name = String::from_utf8_lossy(heading.name).to_lowercase();
        self.current = *self.names.entry(name).or_insert_with(|| {
            sections.push(Section { optional: true, ..Section::default() });
            sections.len() - 1
        });
        let section = &mut sections[self.current];
        // One heading that requires it is enough.
        section.optional &= heading.optional;
        section.defaults.extend(words(heading.rest).filter_map(owner));
    }
}

/// `^[name][2] @owner…`.
struct Heading<'l> {
    optional: bool,
    name: &'l [u8],
    rest: &'l [u8],
}

/// The heading that a line is, if it is one.
fn heading(line: &[u8]) -> Option<Heading<'_>> {
    let bracketed = |text: &[u8]| -> Option<(usize, usize)> {
        let end = text.strip_prefix(b"[")?.iter().position(|&byte| byte == b']')?;
        (end > 0).then_some((end + 1, end + 2))
    };
    let optional = line.starts_with(b"^");
    let line = &line[usize::from(optional)..];
    let (end, behind) = bracketed(line)?;
    let (name, mut rest) = (&line[1..end], &line[behind..]);
    // How many have to agree.
    if let Some((_, behind)) = bracketed(rest).filter(|(end, _)| rest[1..*end].iter().all(u8::is_ascii_digit)) {
        rest = &rest[behind..];
    }
    let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
    (ends && !name.trim_ascii().is_empty()).then(|| Heading { optional, name: name.trim_ascii(), rest })
}

/// The pattern that a line begins with, up to a space that no backslash stands before, and the rest.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let mut escaped = false;
    let end = line.iter().position(|byte| {
        let ends = byte.is_ascii_whitespace() && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    line.split_at(end.unwrap_or(line.len()))
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// An owner: `@name`, `@group/name`, `@@role` or an address of e-mail.
fn owner(word: &[u8]) -> Option<String> {
    /// No address is longer (RFC 5321, section 4.5.3.1.3).
    const LONGEST: usize = 254;
    let text = str::from_utf8(word).ok().filter(|text| text.len() <= LONGEST)?;
    let fine = |name: &str, more: &[u8]| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    let is_owner = match text.strip_prefix('@') {
        Some(name) => fine(name.strip_prefix('@').unwrap_or(name), b"-_./") && !name.ends_with('/'),
        None => text
            .split_once('@')
            .is_some_and(|(name, host)| fine(name, b".!#$%&'*+/=?^_`{|}~-") && fine(host, b".-") && host.contains('.')),
    };
    is_owner.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(dialect: Dialect, text: &str, cases: &[(&str, &[&str])]) {
        let file = CodeOwners::read(dialect, text.as_bytes()).unwrap();
        for (path, owners) in cases {
            assert_eq!(file.owners(&PathName::new(*path)), *owners, "{path}");
        }
    }

    #[test]
    fn of_githubs_rules_the_last_that_matches_wins() {
        let text = "\u{feff}# owners\n*  @all @more\r\n*.js @js #inline\n/apps/ @octo-org/apps docs@example.com\n/apps/github\n\
            a\\ b @space\n!no @x\n[x] @x\n/bad @ok not-ok\n";
        check(
            Dialect::GitHub,
            text,
            &[
                ("x", &["@all", "@more"]),
                ("x.js", &["@js"]),
                ("apps/x.js", &["@octo-org/apps", "docs@example.com"]),
                ("apps/github/x.js", &[]),
                ("a b", &["@space"]),
                ("bad", &["@all", "@more"]),
            ],
        );
        assert_eq!(CodeOwners::read(Dialect::GitHub, text.as_bytes()).unwrap().skipped(), 3);
    }

    #[test]
    fn of_gitlabs_sections_each_has_its_say() {
        check(
            Dialect::GitLab,
            "* @admin\n[README Owners]\nREADME.md @user1 @user2\ninternal/README.md @user4\n[README other owners]\nREADME.md @user3\n",
            &[
                ("README.md", &["@user1", "@user2", "@user3", "@admin"]),
                ("internal/README.md", &["@user4", "@user3", "@admin"]),
                ("x", &["@admin"]),
            ],
        );
        check(
            Dialect::GitLab,
            "^[Go] @go\n*.go\n[Documentation][2] @docs-team\ndocs/\nREADME.md\n[Database] @database-team @agarcia\nmodel/db/\n\
            config/db/setup.md @docs-team\n[DOCUMENTATION]\nREADME.md @docs\n",
            &[
                ("docs/x.go", &["@docs-team", "@go"]),
                ("README.md", &["@docs"]),
                ("model/db/CHANGELOG.txt", &["@database-team", "@agarcia"]),
                ("config/db/setup.md", &["@docs-team"]),
            ],
        );
    }

    #[test]
    fn what_gitlab_excludes_stays_excluded_in_its_section() {
        check(
            Dialect::GitLab,
            "* @default\n!pom.xml\n[Ruby]\n*.rb @ruby\n!/config/**/*.rb\n/config/routes.rb @ops\n[Config]\n/config/ @ops-team\n",
            &[
                ("pom.xml", &[]),
                ("a.rb", &["@ruby", "@default"]),
                ("config/routes.rb", &["@ops-team", "@default"]),
                ("config/x/y.rb", &["@ops-team", "@default"]),
            ],
        );
    }

    #[test]
    fn what_gitlab_cannot_read_is_as_it_says() {
        check(
            Dialect::GitLab,
            "* @group\n[Section name\ndocs/ @docs_group\nfolder with/*.md @other\n/path/* @group user @person\nnobody\n\
            /roles/ @@maintainer a@example.com # @comment\n",
            &[
                ("docs/x", &["@docs_group"]),
                ("folder", &["@other"]),
                ("path/x", &["@group", "@person"]),
                ("nobody", &[]),
                ("roles/x", &["@@maintainer", "a@example.com", "@comment"]),
                ("x", &["@group"]),
            ],
        );
    }

    #[test]
    fn too_much_is_not_read() {
        let read = |text: &[u8]| CodeOwners::read(Dialect::GitLab, text).map(|_| ());
        assert_eq!(read(&vec![b'#'; CodeOwners::LARGEST]), Err(Unread::TooLarge));
        assert_eq!(read(&vec![b'#'; CodeOwners::LARGEST - 1]), Ok(()));
        assert_eq!(read("a\n".repeat(CodeOwners::MOST_RULES + 1).as_bytes()), Err(Unread::TooMany));
        assert_eq!(read("[a]\n".repeat(CodeOwners::MOST_RULES + 1).as_bytes()), Err(Unread::TooMany));
        assert_eq!(Unread::TooLarge.to_string(), "CODEOWNERS is larger than 3 MB");
    }

    #[test]
    fn a_path_that_costs_too_much_is_nobodys() {
        let text = format!("* @all\n*{}b @x\n", "a".repeat(3_000)).repeat(2);
        let file = CodeOwners::read(Dialect::GitLab, text.as_bytes()).unwrap();
        assert_eq!(file.owners(&PathName::new("a".repeat(8_000))), Vec::<&str>::new());
        assert_eq!(file.owners(&PathName::new("c")), ["@all"]);
    }

    #[test]
    fn a_dialect_is_told_by_place_and_by_what_only_one_has() {
        for (place, text, dialect) in [
            (".gitlab/CODEOWNERS", "* @a", Dialect::GitLab),
            (".github/CODEOWNERS", "[A]\n* @a", Dialect::GitHub),
            ("CODEOWNERS", "* @a\n", Dialect::GitHub),
            ("CODEOWNERS", "* @a\n^[B][2] @b\n", Dialect::GitLab),
            ("docs/CODEOWNERS", "* @a\n!b", Dialect::GitLab),
        ] {
            assert_eq!(Dialect::of(place, text.as_bytes()), dialect, "{place}: {text}");
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in prop::collection::vec(any::<u8>(), 0..300), path in prop::collection::vec(any::<u8>(), 0..40)) {
            for dialect in [Dialect::GitHub, Dialect::GitLab] {
                CodeOwners::read(dialect, &text).unwrap().owners(&PathName::new(path.clone()));
            }
        }

        #[test]
        fn a_rule_for_everything_at_the_end_has_everything(
            text in "([ab*/\\[\\]!^# ]{0,8}( @[ab]{1,3}){0,2}\n){0,8}",
            path in "[ab]{1,3}(/[ab]{1,3}){0,3}",
        ) {
            let file = CodeOwners::read(Dialect::GitHub, format!("{text}* @last\n").as_bytes()).unwrap();
            prop_assert_eq!(file.owners(&PathName::new(path)), ["@last"]);
        }
    }
}
