//! Which of the repositories that a forge lists somebody wants.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::repository::{Listed, Visibility};

/// What a repository has to be like. What is not known of one counts for it: it is not left out in silence.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Its name is one of these; any, without one.
    pub include: Names,
    /// Its name is none of these.
    pub exclude: Names,
    /// It is filed under one of these; anything, without one.
    pub topics: Vec<String>,
    /// Its main language is one of these; any, without one.
    pub languages: Vec<String>,
    /// Somebody pushed to it since then, in seconds since 1970 UTC.
    pub pushed_since: Option<i64>,
    /// What is asked of those that are read-only.
    pub archived: Wanted,
    /// What is asked of forks.
    pub forks: Wanted,
    /// It has at most so many bytes.
    pub most_bytes: Option<u64>,
    /// Who may see it is one of these; anybody, without one.
    pub visibility: Vec<Visibility>,
}

/// Whether repositories of a kind are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// As all others.
    #[default]
    Too,
    /// They alone.
    Only,
    /// Not at all.
    Not,
}

impl Wanted {
    fn fits(self, is_one: bool) -> bool {
        match self {
            Self::Too => true,
            Self::Only => is_one,
            Self::Not => !is_one,
        }
    }
}

/// Globs for names: `acme/*`, or `site-*` for the last part alone. Capitals do not matter, and `*` ends at a slash.
#[derive(Clone, Debug, Default)]
pub struct Names {
    whole: GlobSet,
    last: GlobSet,
}

impl Names {
    /// Those that any of `globs` fits.
    ///
    /// # Errors
    /// Where one is none.
    pub fn new<G: AsRef<str>>(globs: impl IntoIterator<Item = G>) -> Result<Self, globset::Error> {
        let (mut whole, mut last) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for glob in globs {
            let text = glob.as_ref();
            let glob = GlobBuilder::new(text).literal_separator(true).case_insensitive(true).build()?;
            if text.contains('/') {
                whole.add(glob)
            } else {
                last.add(glob)
            };
        }
        Ok(Self { whole: whole.build()?, last: last.build()? })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.last.is_empty()
    }

    fn has(&self, name: &str) -> bool {
        self.whole.is_match(name) || self.last.is_match(name.rsplit('/').next().unwrap_or(name))
    }
}

impl Filter {
    /// Whether `listed` is wanted.
    pub fn fits(&self, listed: &Listed) -> bool {
        let Listed { name, topics, language, visibility, .. } = listed;
        let is_one = |wanted: &[String], is: &str| wanted.iter().any(|one| one.eq_ignore_ascii_case(is));
        (self.include.is_empty() || self.include.has(name))
            && !self.exclude.has(name)
            && (self.topics.is_empty() || topics.iter().any(|topic| is_one(&self.topics, topic)))
            && (self.languages.is_empty() || language.as_ref().is_none_or(|language| is_one(&self.languages, language)))
            && self.pushed_since.is_none_or(|since| listed.pushed_at.is_none_or(|at| at >= since))
            && self.archived.fits(listed.is_archived)
            && self.forks.fits(listed.is_fork)
            && self.most_bytes.is_none_or(|most| listed.size.is_none_or(|size| size <= most))
            && (self.visibility.is_empty() || visibility.is_none_or(|is| self.visibility.contains(&is)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::repository::{Address, RepositoryId};

    fn site() -> Listed {
        let address = Address::Remote("https://h.org/acme/web/site-1.git".to_owned());
        Listed {
            topics: vec!["Shop".to_owned()],
            language: Some("Rust".to_owned()),
            pushed_at: Some(100),
            size: Some(1000),
            visibility: Some(Visibility::Private),
            ..Listed::at(RepositoryId::new("h.org", 1), "acme/web/Site-1".to_owned(), address)
        }
    }

    fn names(globs: &[&str]) -> Names {
        Names::new(globs).unwrap()
    }

    #[test]
    fn every_wish_counts() {
        let fork = Listed { is_fork: true, ..site() };
        let archived = Listed { is_archived: true, ..site() };
        let yes = |filter: Filter, listed: &Listed| assert!(filter.fits(listed), "{filter:?}");
        let no = |filter: Filter, listed: &Listed| assert!(!filter.fits(listed), "{filter:?}");
        let all = Filter::default;
        yes(all(), &fork);
        yes(Filter { include: names(&["x", "site-?"]), ..all() }, &site());
        yes(Filter { include: names(&["acme/**"]), ..all() }, &site());
        no(Filter { include: names(&["acme/*"]), ..all() }, &site());
        no(Filter { exclude: names(&["*-1"]), ..all() }, &site());
        yes(Filter { topics: vec!["shop".into(), "x".into()], ..all() }, &site());
        no(Filter { topics: vec!["x".into()], ..all() }, &site());
        yes(Filter { languages: vec!["rust".into()], ..all() }, &site());
        no(Filter { languages: vec!["Ruby".into()], ..all() }, &site());
        yes(Filter { pushed_since: Some(100), ..all() }, &site());
        no(Filter { pushed_since: Some(101), ..all() }, &site());
        no(Filter { most_bytes: Some(999), ..all() }, &site());
        yes(Filter { visibility: vec![Visibility::Private], ..all() }, &site());
        no(Filter { visibility: vec![Visibility::Public, Visibility::Internal], ..all() }, &site());
        no(Filter { forks: Wanted::Not, ..all() }, &fork);
        no(Filter { forks: Wanted::Only, ..all() }, &site());
        yes(Filter { forks: Wanted::Only, ..all() }, &fork);
        no(Filter { archived: Wanted::Not, ..all() }, &archived);
    }

    #[test]
    fn what_is_not_known_is_wanted() {
        let unknown = Listed { language: None, pushed_at: None, size: None, visibility: None, ..site() };
        let filter = Filter {
            languages: vec!["Ruby".into()],
            pushed_since: Some(1000),
            most_bytes: Some(1),
            visibility: vec![Visibility::Public],
            ..Filter::default()
        };
        assert!(filter.fits(&unknown));
        assert!(Names::new(["[a"]).is_err());
    }
}
