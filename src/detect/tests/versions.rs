//! What is found in a blob that is made from another is what is found in it alone.

use super::*;
use crate::blob::Shared;

/// How a version is made of the one before: where that is cut, which of the stretches come next, and what is put in.
type Edit = (Vec<usize>, Vec<(Pick, Vec<u8>)>);

#[derive(Clone, Copy, Debug)]
enum Pick {
    Next,
    Drop,
    Repeat,
    Any(usize),
}

fn edits(words: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<Edit>> {
    let pick = prop_oneof![
        6 => Just(Pick::Next),
        1 => Just(Pick::Drop),
        1 => Just(Pick::Repeat),
        2 => any::<usize>().prop_map(Pick::Any),
    ];
    let new = prop::option::weighted(0.3, words).prop_map(Option::unwrap_or_default);
    let edit = (prop::collection::vec(any::<usize>(), 0..4), prop::collection::vec((pick, new), 0..5));
    prop::collection::vec(edit, 1..5)
}

/// The next version, and what it shares with `old`. What no pick speaks of follows as it was.
fn next_version(old: &[u8], (seeds, picks): &Edit) -> (Vec<u8>, Vec<Shared>) {
    let bounds: Vec<usize> = [0].into_iter().chain(cuts(old.len(), seeds)).chain([old.len()]).collect();
    let stretches: Vec<_> = bounds.windows(2).map(|pair| pair[0]..pair[1]).collect();
    let (mut new, mut shared) = (Vec::new(), Vec::new());
    let mut copy = |stretch: &Range<usize>, new: &mut Vec<u8>| {
        shared.push(Shared { from: stretch.start, to: new.len(), len: stretch.len() });
        new.extend_from_slice(&old[stretch.clone()]);
    };
    let mut rest = stretches.iter();
    for (pick, inserted) in picks {
        new.extend_from_slice(inserted);
        match pick {
            Pick::Next => rest.next().into_iter().for_each(|stretch| copy(stretch, &mut new)),
            Pick::Drop => drop(rest.next()),
            Pick::Repeat => rest.clone().next().into_iter().for_each(|stretch| copy(stretch, &mut new)),
            Pick::Any(seed) => copy(&stretches[seed % stretches.len()], &mut new),
        }
    }
    rest.for_each(|stretch| copy(stretch, &mut new));
    shared.retain(|stretch| stretch.len > 0);
    (new, shared)
}

/// Tokens with where they are.
fn comparable(bytes: &[u8], tokens: &[Token<'_>]) -> Vec<(usize, RuleIx, Vec<u8>, Confidence)> {
    let place = |token: &Token<'_>| token.secret.as_ptr().addr() - bytes.as_ptr().addr();
    tokens.iter().map(|token| (place(token), token.rule, token.secret.to_vec(), token.confidence)).collect()
}

/// Follows a blob through its versions: each gives the tokens that it gives on its own.
fn follow(detector: &Detector, first: &[u8], edits: &[Edit]) -> Result<(), TestCaseError> {
    let mut scratch = Scratch::default();
    let mut old = first.to_vec();
    let (_, mut trace) = detector.tokens_of_version(&old, None, true, &mut scratch);
    for edit in edits {
        let (new, shared) = next_version(&old, edit);
        let whole = comparable(&new, &detector.tokens(&Window::whole(&new), &mut Scratch::default()));
        let base = trace.as_ref().map(|trace| (trace, &*shared));
        let (tokens, traced) = detector.tokens_of_version(&new, base, true, &mut scratch);
        prop_assert_eq!(&whole, &comparable(&new, &tokens));
        let (tokens, _) = detector.tokens_of_version(&new, None, false, &mut scratch);
        prop_assert_eq!(&whole, &comparable(&new, &tokens));
        (old, trace) = (new, traced);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    /// Law 2: what is found in a blob made from others is what is found in it.
    #[test]
    fn versions_equal_wholes(first in crowded(), edits in edits(crowded())) {
        follow(&DETECTOR, &first, &edits)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// The same with the rules that people run.
    #[test]
    fn versions_equal_wholes_with_the_builtin_rules(
        first in crowded_with_examples(),
        edits in edits(crowded_with_examples()),
    ) {
        follow(&BUILTIN, &first, &edits)?;
    }
}

/// Puts `new` into a text, behind what is there already, and takes it out again.
fn put_in_and_take_out(text: &[u8], at: usize, new: &str) -> [Edit; 2] {
    let put = vec![(Pick::Next, Vec::new()), (Pick::Next, new.into())];
    let take = vec![(Pick::Next, Vec::new()), (Pick::Drop, Vec::new())];
    assert!(at > 0 && at < text.len());
    [(vec![at], put), (vec![at, at + new.len()], take)]
}

/// The smallest edits, at every place from which an outcome can be decided.
#[test]
fn an_edit_anywhere_near_a_token_is_seen() {
    let around = " . ".repeat(45);
    for token in ["abc_0123", "abc_01230123", "0a-m-0abc", "id=abc s:01230123", "<<kab>abcabc</k>", "abaab", "0a-k-0a"]
    {
        let text = [&around, token, &around].concat().into_bytes();
        for at in 1..text.len() {
            for new in ["a", " ", "\"", "0a0"] {
                follow(&DETECTOR, &text, &put_in_and_take_out(&text, at, new)).unwrap();
            }
        }
    }
    let rules = BUILTIN.rules().iter();
    let generic = rules.clone().filter(|rule| rule.detect.generic.is_some()).flat_map(examples::matching);
    let mut step = 0;
    for example in rules.map(|rule| examples::matching(rule).swap_remove(0)).chain(generic) {
        let text = [&around, &*example, &around].concat().into_bytes();
        let mut at = 1;
        while at < text.len() {
            step += 1;
            let new = ["user ", "x", "\"", "--- "][step % 4];
            follow(&BUILTIN, &text, &put_in_and_take_out(&text, at, new)).unwrap();
            at += 1 + step % 67;
        }
    }
}

/// A blob with more hits than a trace can number, and those made from it.
#[test]
fn versions_with_very_many_hits_equal_wholes() {
    let dense = "abc_0123 ".repeat(66_000).into_bytes();
    let middle = dense.len() / 2 + 3;
    let less = vec![(vec![40, middle], vec![(Pick::Next, Vec::new()), (Pick::Drop, b"abc_".to_vec())])];
    follow(&DETECTOR, &dense, &less).unwrap();
    let more = vec![(vec![], vec![(Pick::Repeat, Vec::new())])];
    follow(&DETECTOR, &dense[..middle], &[more, less].concat()).unwrap();
}
