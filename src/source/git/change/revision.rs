//! What commit a revision names, in as much of git's own language for them as names commits: refs and ids, long and short,
//! with `^`, `^2`, `~3`, `^{}`, `@{1}` and `@{upstream}` behind them.

use std::collections::BTreeSet;

use gix::objs::Kind;

use super::super::{Repository, config, error::Error, object, refs::Lookup};
use crate::blob::ObjectId;

/// Where git looks for a short name, the first first.
const PLACES: [(&str, &str); 6] = [
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];
/// The fewest digits of an id that git takes for one.
const LEAST_DIGITS: usize = 4;

impl Repository {
    /// The commit that a revision names.
    pub(super) fn resolve(&self, rev: &str) -> Result<ObjectId, Error> {
        let resolver = Resolver { repository: self, rev };
        let (name, mut steps) = rev.split_at(name_len(rev));
        let mut id = if let Some(selector) = steps.strip_prefix("@{") {
            let (selector, rest) = selector.split_once('}').ok_or_else(|| resolver.unsupported(steps))?;
            steps = rest;
            resolver.select(name, selector)?
        } else {
            resolver.base(name)?
        };
        while !steps.is_empty() {
            (id, steps) = resolver.step(id, steps)?;
        }
        resolver.commit(id)
    }

    /// The commit that an object is or, being a tag, leads to.
    pub(super) fn peel_to_commit(&self, id: ObjectId) -> Option<ObjectId> {
        let mut id = id;
        for _ in 0..64 {
            match self.object(id).ok()? {
                (Kind::Commit, _) => return Some(id),
                (Kind::Tag, tag) => id = object::Tag::parse(&tag).target?,
                _ => return None,
            }
        }
        None
    }

    /// A commit's parents, but for where a shallow clone ends.
    fn parents(&self, commit: ObjectId) -> Result<Vec<ObjectId>, Error> {
        if self.cut.contains(&commit) {
            return Ok(Vec::new());
        }
        Ok(object::Commit::parse(&self.object(commit)?.1).parents)
    }
}

/// How long the name is that a revision begins with.
fn name_len(rev: &str) -> usize {
    let ends = [rev.find(['^', '~', ':']), rev.find("@{")];
    ends.into_iter().flatten().min().unwrap_or(rev.len())
}

/// Resolves one revision.
struct Resolver<'a> {
    repository: &'a Repository,
    rev: &'a str,
}

impl Resolver<'_> {
    fn error(&self, why: impl Into<String>) -> Error {
        Error::Revision { rev: self.rev.to_owned(), source: Some(why.into().into()) }
    }

    fn unsupported(&self, part: &str) -> Error {
        self.error(format!("`{part}` is not supported"))
    }

    fn commit(&self, id: ObjectId) -> Result<ObjectId, Error> {
        self.repository.peel_to_commit(id).ok_or_else(|| self.error("it leads to no commit"))
    }

    /// What a ref, an id, the beginning of one, or what `git describe` prints stands for.
    fn base(&self, name: &str) -> Result<ObjectId, Error> {
        if let Some(id) = object::parse_id(name.as_bytes()) {
            return Ok(id);
        }
        let lookup = self.repository.lookup()?;
        if let Some(name) = find_ref(&lookup, name)?
            && let Some(id) = lookup.resolve(name.as_bytes())?
        {
            return Ok(id);
        }
        let described = name.rsplit_once("-g").map(|(_, digits)| digits);
        for digits in described.into_iter().chain([name]) {
            if let Some(id) = self.abbreviated(digits)? {
                return Ok(id);
            }
        }
        Err(self.error("there is no such ref or object"))
    }

    /// The object whose id begins like this; of several, the one that is or leads to a commit.
    fn abbreviated(&self, digits: &str) -> Result<Option<ObjectId>, Error> {
        let store = &self.repository.store;
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex || digits.len() < LEAST_DIGITS || digits.len() > store.id_len() * 2 {
            return Ok(None);
        }
        let nums = 0..u32::try_from(store.len()).unwrap_or(u32::MAX);
        let mut found: BTreeSet<_> = nums.map(|num| store.id(num)).filter(|id| begins(id, digits)).collect();
        if found.len() > 1 {
            found.retain(|&id| self.repository.peel_to_commit(id).is_some());
            if found.len() != 1 {
                return Err(self.error(format!("`{digits}` is ambiguous")));
            }
        }
        Ok(found.pop_first())
    }

    /// `name@{selector}`: what a ref named before, or the ref that it follows.
    fn select(&self, name: &str, selector: &str) -> Result<ObjectId, Error> {
        let lookup = self.repository.lookup()?;
        let unknown = || self.error(format!("there is no ref `{name}`"));
        let full = match name {
            "" => {
                lookup.branch()?.map_or_else(|| "HEAD".to_owned(), |name| String::from_utf8_lossy(&name).into_owned())
            }
            name => find_ref(&lookup, name)?.ok_or_else(unknown)?,
        };
        if let Ok(steps) = selector.parse::<usize>() {
            return self.before(&lookup, &full, steps);
        }
        if !["u", "upstream"].iter().any(|word| selector.eq_ignore_ascii_case(word)) {
            return Err(self.unsupported(&format!("@{{{selector}}}")));
        }
        let branch = if full == "HEAD" { lookup.branch()? } else { Some(full.into_bytes()) };
        let branch = branch.and_then(|name| String::from_utf8(name).ok());
        let upstream = branch.map(|name| config::upstream(&self.repository.layout, &name)).transpose()?.flatten();
        let upstream = upstream.ok_or_else(|| self.error("it has no upstream"))?;
        lookup.resolve(upstream.as_bytes())?.ok_or_else(|| self.error(format!("there is no ref `{upstream}`")))
    }

    /// What a ref named so many changes ago.
    fn before(&self, lookup: &Lookup<'_>, name: &str, steps: usize) -> Result<ObjectId, Error> {
        let log = lookup.log(name.as_bytes())?;
        let id = match steps {
            0 => lookup.resolve(name.as_bytes())?,
            steps if steps == log.len() => log[steps - 1].old,
            steps => log.get(steps).and_then(|update| update.new),
        };
        id.ok_or_else(|| self.error(format!("the reflog of `{name}` does not go back that far")))
    }

    /// Goes one step on from an object; gives the steps that are left.
    fn step<'s>(&self, id: ObjectId, steps: &'s str) -> Result<(ObjectId, &'s str), Error> {
        for peel in ["^{}", "^{commit}", "^{object}"] {
            if let Some(rest) = steps.strip_prefix(peel) {
                return Ok((if peel == "^{object}" { id } else { self.commit(id)? }, rest));
            }
        }
        let (sign, rest) = steps.split_at_checked(1).ok_or_else(|| self.unsupported(steps))?;
        let (number, rest) = rest.split_at(rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len());
        let number = if number.is_empty() { Ok(1) } else { number.parse::<usize>() };
        match (sign, number) {
            ("^", Ok(_)) if rest.starts_with(['{', '@', '!', '-']) => Err(self.unsupported(steps)),
            ("^", Ok(0)) => Ok((self.commit(id)?, rest)),
            ("^", Ok(number)) => Ok((self.parent(id, number)?, rest)),
            ("~", Ok(number)) => Ok((self.ancestor(id, number)?, rest)),
            _ => Err(self.unsupported(steps)),
        }
    }

    fn parent(&self, id: ObjectId, number: usize) -> Result<ObjectId, Error> {
        let parents = self.repository.parents(self.commit(id)?)?;
        parents.get(number - 1).copied().ok_or_else(|| self.error("there is no such parent"))
    }

    fn ancestor(&self, id: ObjectId, generations: usize) -> Result<ObjectId, Error> {
        let mut id = self.commit(id)?;
        for _ in 0..generations {
            id = self.parent(id, 1)?;
        }
        Ok(id)
    }
}

/// The full name of the ref that a name means.
fn find_ref(lookup: &Lookup<'_>, name: &str) -> Result<Option<String>, Error> {
    let name = if name == "@" { "HEAD" } else { name };
    for (before, after) in PLACES {
        let full = format!("{before}{name}{after}");
        if lookup.resolve(full.as_bytes())?.is_some() {
            return Ok(Some(full));
        }
    }
    Ok(None)
}

fn begins(id: &ObjectId, digits: &str) -> bool {
    let nibbles = id.as_bytes().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.zip(digits.chars()).all(|(nibble, digit)| digit.to_digit(16) == Some(nibble.into()))
}
