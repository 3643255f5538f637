//! What a list named before, and does not any more: gone, or only out of sight.
//!
//! Forges leave out of their lists what a token may not see, and do not say so. A list that lacks too much at once is not believed: what is
//! known stays as it was, and whoever runs the sweep is told to look.

use std::collections::BTreeSet;

use crate::sweep::{
    forge::{Forge, Problem},
    repository::{Kind, RepositoryId, Visibility},
    state::Known,
};

/// Of fewer repositories, most may go in one day.
const FEW: usize = 4;

/// What a list names by now.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Repositories, and the texts beside them.
    pub(super) ids: BTreeSet<RepositoryId>,
    /// Whether one of them is not for everybody to see.
    pub(super) has_private: bool,
}

/// What the list called `source` of `forge` named before, and does not any more. What it was not asked for is not missing.
pub(super) fn missing<'k>(known: &'k [Known], source: &str, forge: &dyn Forge, named: &Named) -> Vec<&'k Known> {
    let ours = known.iter().filter(|known| is_ours(known, source));
    let is_asked_for = |known: &Known| forge.lists(known.listed.kind) || is_of_none(known, named);
    ours.filter(|known| !named.ids.contains(&known.listed.id) && is_asked_for(known)).collect()
}

fn is_ours(known: &Known, source: &str) -> bool {
    known.gone_at.is_none() && known.listed.source == source
}

/// Whether it is the wiki of a repository that is not named.
fn is_of_none(known: &Known, named: &Named) -> bool {
    let of = known.listed.id.as_str().strip_suffix(".wiki").filter(|_| known.listed.kind == Kind::Wiki);
    of.is_some_and(|of| !named.ids.contains(&RepositoryId::known(of.to_owned())))
}

/// Why what is `missing` is not taken for gone, if it is not.
pub(super) fn doubt(known: &[Known], source: &str, missing: &[&Known], named: &Named) -> Option<Problem> {
    let is_code = |known: &&Known| known.listed.kind == Kind::Code;
    let ours = known.iter().filter(|known| is_ours(known, source)).filter(is_code).count();
    let lacks: Vec<_> = missing.iter().copied().filter(is_code).collect();
    let is_private = |known: &&Known| known.listed.visibility.is_some_and(|it| it != Visibility::Public);
    let private = lacks.iter().copied().filter(is_private).count();
    let lack = if lacks.is_empty() {
        return None;
    } else if named.ids.is_empty() {
        format!("nothing is listed any more, of {ours} that were")
    } else if ours >= FEW && lacks.len() * 2 > ours {
        format!("{} of {ours} are not listed any more", lacks.len())
    } else if private > 0 && !named.has_private {
        format!("only public ones are listed, and {private} that are not were")
    } else {
        return None;
    };
    let then =
        "the token may see less than before, so what is known is kept; `sweep forget` takes out what is really gone";
    Some(Problem { subject: format!("repositories of {source}"), reason: format!("{lack}: {then}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{
        forge::{Client, Error, Listing},
        repository::{Address, Listed},
    };

    struct Wikiless;

    impl Forge for Wikiless {
        fn list(&self, _: &mut Client<'_>, _: &mut dyn FnMut(Listed)) -> Result<Listing, Error> {
            Ok(Listing::default())
        }

        fn host(&self) -> &'static str {
            "forge.example"
        }
    }

    fn known(id: &str, visibility: Visibility, kind: Kind) -> Known {
        let address = Address::Remote(format!("https://forge.example/{id}"));
        let listed = Listed::at(RepositoryId::new("forge.example", id), id.to_owned(), address);
        Known {
            listed: Listed { visibility: Some(visibility), kind, source: "acme".to_owned(), ..listed },
            network: None,
            tips: None,
            stamp: None,
            scanned_at: None,
            completed_at: None,
            coverage: None,
            failure: None,
            first_seen: 0,
            last_seen: 0,
            gone_at: None,
            is_complete: false,
        }
    }

    fn named(ids: &[&str], has_private: bool) -> Named {
        Named { ids: ids.iter().map(|id| RepositoryId::new("forge.example", id)).collect(), has_private }
    }

    /// How many are missing of so many private ones and one public one, and whether that is doubted.
    fn judged(private: usize, left: &[&str], has_private: bool) -> (usize, bool) {
        let mut all: Vec<Known> =
            (0..private).map(|number| known(&number.to_string(), Visibility::Private, Kind::Code)).collect();
        all.push(known("public", Visibility::Public, Kind::Code));
        let named = named(left, has_private);
        let missing = missing(&all, "acme", &Wikiless, &named);
        (missing.len(), doubt(&all, "acme", &missing, &named).is_some())
    }

    #[test]
    fn what_goes_by_ones_is_gone_and_what_goes_at_once_is_doubted() {
        assert_eq!(judged(3, &["0", "1", "2", "public"], true), (0, false));
        assert_eq!(judged(3, &["0", "1", "public"], true), (1, false));
        assert_eq!(judged(3, &["0", "public"], true), (2, false));
        assert_eq!(judged(3, &["0"], true), (3, true));
        assert_eq!(judged(1, &["new"], true), (2, false));
    }

    #[test]
    fn a_list_that_names_nothing_or_public_ones_alone_is_doubted() {
        assert_eq!(judged(0, &[], false), (1, true));
        assert_eq!(judged(1, &["public"], false), (1, true));
        assert_eq!(judged(1, &["public", "new"], true), (1, false));
        assert_eq!(judged(1, &["0"], true), (1, false));
    }

    #[test]
    fn what_was_not_asked_for_goes_with_its_repository_alone() {
        let all = [known("1", Visibility::Public, Kind::Code), known("1.wiki", Visibility::Public, Kind::Wiki)];
        let snippet = [known("snippet/9", Visibility::Public, Kind::Snippet)];
        let count = |known: &[Known], ids: &[&str]| missing(known, "acme", &Wikiless, &named(ids, false)).len();
        assert_eq!((count(&all, &["1", "2"]), count(&all, &["2"]), count(&snippet, &["2"])), (0, 2, 0));
        assert_eq!(missing(&all, "another list", &Wikiless, &named(&["2"], false)).len(), 0);
    }
}
