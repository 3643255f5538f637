//! The laws of detection as properties: what is found does not depend on how a blob is cut, and the prefilter finds every anchor.

mod versions;

use std::{collections::BTreeSet, ops::Range, sync::LazyLock};

use proptest::prelude::*;

use super::*;
use crate::{
    blob::LineStart,
    rules::{Ruleset, examples, spec},
};

/// Rules that overlap one another, with anchors in the middle, pairs, bodies and dense keywords.
const RULES: &str = r#"
provider = "generic"
name = "Rules for tests"
min_stanch = "0.1"

[[rule]]
id = "prefixed"
name = "A token that begins with its keyword"
class = "access-token"
severity = "high"
keywords = ["abc_"]
regex = '\babc_(?<secret>[0-9a-c]{4,8})\b'
words = false
source = "x"
match = ["x"]
no_match = ["x"]

[[rule]]
id = "infixed"
name = "A token with its keyword in the middle"
class = "access-token"
severity = "high"
keywords = ["-m-"]
regex = '[0-9a-c]{2,6}-m-[0-9a-c]{1,4}'
words = false
source = "x"
match = ["x"]
no_match = ["x"]

[[rule]]
id = "repeated"
name = "A token in which its keyword recurs"
class = "access-token"
severity = "high"
keywords = ["aba"]
regex = 'aba[ab]{3,9}'
rank = 40
words = false
source = "x"
match = ["x"]
no_match = ["x"]

[[rule]]
id = "led"
name = "A token whose keyword may come late, and recur before"
class = "access-token"
severity = "high"
keywords = ["-k-"]
regex = '[0-9a-c-]{0,5}-k-[0-9a-c]{1,2}'
words = false
source = "x"
match = ["x"]
no_match = ["x"]

[[rule]]
id = "paired"
name = "An id and its secret"
class = "api-key"
severity = "high"
keywords = ["id="]
regex = 'id=(?<id>[a-c]{3})'
parts = [{ name = "secret", regex = 's:(?<secret>[0-9a-c]{3,8})', within = 24 }]
rank = 60
words = false
source = "x"
match = ["x"]
no_match = ["x"]

[[rule]]
id = "bodied"
name = "A long run"
class = "private-key"
severity = "high"
keywords = ["<<k"]
regex = '<<k[a-c]{0,2}>'
body = { class = '[0-9a-c\n ]', min = 4, max = 40, end = '</k>' }
words = false
source = "x"
match = ["x"]
no_match = ["x"]
"#;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(spec::read("rules", RULES).unwrap()));
static BUILTIN: LazyLock<Detector> = LazyLock::new(|| Detector::new(Ruleset::builtin().rules().to_vec()));

fn all_candidates(detector: &Detector, bytes: &[u8]) -> Vec<Candidate> {
    detector.candidates(&Window::whole(bytes), 0..bytes.len(), &mut Scratch::default())
}

/// The findings of `bytes` given as windows that own `cuts`' stretches and see the detector's margin around them.
fn in_windows(detector: &Detector, bytes: &[u8], cuts: &BTreeSet<usize>) -> Vec<Finding> {
    let (mut found, mut scratch, margin) = (Vec::new(), Scratch::default(), detector.margin());
    let mut from: usize = 0;
    for to in cuts.iter().copied().chain([bytes.len()]) {
        let shown = from.saturating_sub(margin)..(to + margin).min(bytes.len());
        let lines = LineStart::FIRST.after(&bytes[..shown.start], 0);
        let owned = from - shown.start..to - shown.start;
        let window = Window::part(&bytes[shown.clone()], shown.start as u64, owned, shown.end == bytes.len(), lines);
        found.extend(detector.findings(&window, &mut scratch));
        from = to;
    }
    found
}

/// Text in which the test rules' tokens, and what is nearly one, lie close together and over one another.
fn crowded() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just("abc_"),
        Just("-m-"),
        Just("-k-"),
        Just("abc0 abc1 abc2 abc3 abc4 abc5 abc6 abc7"),
        Just("aba"),
        Just("id="),
        Just("s:"),
        Just("<<k"),
        Just(">"),
        Just("</k>"),
        Just("a"),
        Just("b"),
        Just("c"),
        Just("0"),
        Just("1"),
        Just(" "),
        Just("\n"),
        Just("ABC_"),
        Just("abc_0123"),
        Just("# stanch:allow"),
        Just("\u{e9}"),
    ];
    prop::collection::vec(word, 0..120).prop_map(|words| words.concat().into_bytes())
}

fn cuts(length: usize, seeds: &[usize]) -> BTreeSet<usize> {
    seeds.iter().map(|seed| seed % (length + 1)).collect()
}

/// Text made of the built-in rules' examples, of which some are cut short, and of anchors that lead nowhere.
fn crowded_with_examples() -> impl Strategy<Value = Vec<u8>> {
    static EXAMPLES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let of_rule = |rule| [examples::matching(rule), examples::not_matching(rule)].concat();
        BUILTIN.rules().iter().flat_map(of_rule).collect()
    });
    static KEYWORDS: LazyLock<String> = LazyLock::new(|| {
        let keywords = BUILTIN.rules().iter().flat_map(|rule| rule.detect.keywords.iter().map(ToString::to_string));
        keywords.collect::<Vec<_>>().join(" ")
    });
    let example = any::<prop::sample::Index>().prop_map(|at| at.get(&EXAMPLES).clone());
    let stump = (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(at, end)| {
        let example = at.get(&EXAMPLES);
        String::from_utf8_lossy(&example.as_bytes()[..end.index(example.len())]).into_owned()
    });
    let word = prop_oneof![
        6 => example,
        2 => stump,
        2 => (0..400usize).prop_map(|length| "just words ".chars().cycle().take(length).collect()),
        1 => Just(KEYWORDS.clone()),
        1 => Just("\n".to_owned()),
        1 => Just("# stanch:allow".to_owned()),
    ];
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Law 2: a blob cut into windows gives what the whole gives, lines, excerpts and all.
    #[test]
    fn whole_equals_chunked(bytes in crowded(), seeds in prop::collection::vec(any::<usize>(), 0..6)) {
        let whole = DETECTOR.findings(&Window::whole(&bytes), &mut Scratch::default());
        let mut chunked = in_windows(&DETECTOR, &bytes, &cuts(bytes.len(), &seeds));
        chunked.sort_by_key(|finding| finding.location);
        let mut sorted = whole;
        sorted.sort_by_key(|finding| finding.location);
        prop_assert_eq!(sorted, chunked);
    }

    /// Law 2: what the anchors of a region come to is what they come to when only the reach around them is there to be seen.
    #[test]
    fn whole_equals_regions(bytes in crowded(), seeds in prop::collection::vec(any::<usize>(), 2)) {
        let region = cuts(bytes.len(), &seeds);
        let region = *region.first().unwrap()..*region.last().unwrap();
        let shown = region.start.saturating_sub(DETECTOR.reach.anchor)..(region.end + DETECTOR.reach.anchor).min(bytes.len());
        let window = Window::part(&bytes[shown.clone()], shown.start as u64, 0..0, shown.end == bytes.len(), LineStart::FIRST);
        let local = DETECTOR.candidates(&window, region.start - shown.start..region.end - shown.start, &mut Scratch::default());
        let whole = DETECTOR.candidates(&Window::whole(&bytes), region, &mut Scratch::default());
        let moved: Vec<_> = local.into_iter().map(|candidate| moved(candidate, shown.start)).collect();
        prop_assert_eq!(whole, moved);
    }

    /// Law 1: what is found is what the anchor function finds, tried at every position that holds a keyword.
    #[test]
    fn the_prefilter_misses_nothing(bytes in crowded()) {
        let mut scratch = Scratch::default();
        let mut tried = Vec::new();
        for (rule, ix) in DETECTOR.rules().iter().zip(0..) {
            for at in 0..bytes.len() {
                let holds = |keyword: &str| bytes[at..].get(..keyword.len()).is_some_and(|found| found.eq_ignore_ascii_case(keyword.as_bytes()));
                if rule.detect.keywords.iter().any(|keyword| holds(keyword)) {
                    scratch.begin_window();
                    tried.extend(DETECTOR.try_anchor(RuleIx(ix), &bytes, at, &mut scratch));
                }
            }
        }
        tried.sort_by(settle::order);
        tried.dedup();
        prop_assert_eq!(all_candidates(&DETECTOR, &bytes), tried);
    }

    /// Law 2, to the letter: of the starts in reach, the leftmost whose anchored match covers the anchor wins, and a body is the
    /// longest run that its bounds allow.
    #[test]
    fn the_anchor_function_is_what_the_law_says(bytes in crowded()) {
        let found: BTreeSet<(RuleIx, usize, usize)> = all_candidates(&DETECTOR, &bytes)
            .iter()
            .filter(|candidate| DETECTOR.rule(candidate).detect.parts.is_empty())
            .map(|candidate| (candidate.rule, candidate.matched.start, candidate.matched.end))
            .collect();
        let mut expected = BTreeSet::new();
        for (rule, ix) in DETECTOR.rules().iter().zip(0..).filter(|(rule, _)| rule.detect.parts.is_empty()) {
            for at in 0..bytes.len() {
                if let Some(matched) = by_the_law(rule, &bytes, at) {
                    expected.insert((RuleIx(ix), matched.start, matched.end));
                }
            }
        }
        prop_assert_eq!(found, expected);
    }

    /// Law 1, from the other side: no match of a rule's regex, at any start, lies where no candidate covers it.
    #[test]
    fn every_match_has_an_anchor(bytes in crowded()) {
        let candidates = all_candidates(&DETECTOR, &bytes);
        for (rule, ix) in DETECTOR.rules().iter().zip(0..).filter(|(rule, _)| rule.detect.parts.is_empty() && rule.detect.body.is_empty()) {
            let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
            let regex = regex_automata::meta::Regex::builder().syntax(syntax).build(&rule.detect.regex).unwrap();
            for start in 0..bytes.len() {
                let input = regex_automata::Input::new(&bytes).span(start..bytes.len()).anchored(regex_automata::Anchored::Yes);
                let Some(found) = regex.search(&input) else { continue };
                let covered = candidates.iter().any(|candidate| candidate.rule == RuleIx(ix) && candidate.matched.start <= found.start() && candidate.matched.end > found.start());
                prop_assert!(covered, "{} at {found:?}", rule.id);
            }
        }
    }

    /// Law 3: an excerpt shows no secret, neither its own nor a neighbour's.
    #[test]
    fn excerpts_show_no_candidate(bytes in crowded()) {
        let findings = DETECTOR.findings(&Window::whole(&bytes), &mut Scratch::default());
        let candidates = all_candidates(&DETECTOR, &bytes);
        for finding in findings {
            let own = finding.location.span;
            let shown = format!("{}\0{}", finding.excerpt.before, finding.excerpt.after);
            for candidate in candidates.iter().filter(|candidate| candidate.secret.len() >= 4) {
                let secret = &bytes[candidate.secret.clone()];
                let near = candidate.secret.start.abs_diff(usize::try_from(own.start()).unwrap()) < excerpt::REACH;
                let elsewhere = memchr::memmem::find_iter(&bytes, secret).count() > 1;
                prop_assert!(!near || elsewhere || !words::contains(shown.as_bytes(), secret), "{shown:?} shows {candidate:?}");
            }
        }
    }

    /// Law 6: no bytes make a detector panic.
    #[test]
    fn any_bytes_will_do(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        BUILTIN.findings(&Window::whole(&bytes), &mut Scratch::default());
    }
}

/// The match that the anchor of `rule` at `at` leads to, if a keyword is there, by trying every start and every byte.
fn by_the_law(rule: &Rule, bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let holds = |keyword: &str| {
        bytes[at..].get(..keyword.len()).is_some_and(|found| found.eq_ignore_ascii_case(keyword.as_bytes()))
    };
    if !rule.detect.keywords.iter().any(|keyword| holds(keyword)) {
        return None;
    }
    let bounds = rule.detect.bounds;
    let starts = at.saturating_sub(bounds.lead_max)..=at.checked_sub(bounds.lead_min)?;
    let anchored = |regex: &str, start: usize| {
        let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
        let regex = regex_automata::meta::Regex::builder().syntax(syntax).build(regex).unwrap();
        let input = regex_automata::Input::new(bytes).span(start..bytes.len());
        regex.search(&input.anchored(regex_automata::Anchored::Yes)).map(|found| found.range())
    };
    let mut matched = starts.filter_map(|start| anchored(&rule.detect.regex, start)).find(|found| found.end > at)?;
    for body in rule.detect.body.iter() {
        let run = bytes[matched.end..].iter().take(body.max).take_while(|byte| body.has(**byte)).count();
        if run < body.min {
            return None;
        }
        matched.end = anchored(&body.end, matched.end + run)?.end;
    }
    Some(matched)
}

fn moved(candidate: Candidate, by: usize) -> Candidate {
    let moved = |range: Range<usize>| range.start + by..range.end + by;
    let parts = candidate.parts.into_iter().map(|(name, range)| (name, moved(range))).collect();
    Candidate { matched: moved(candidate.matched), secret: moved(candidate.secret), parts, ..candidate }
}

/// The built-in rules' own examples, one behind the other, cut anywhere: the same law on the rules that people run.
#[test]
fn the_builtin_rules_obey_the_law_of_chunks() {
    let rules = BUILTIN.rules();
    let text: String = rules.iter().flat_map(examples::matching).map(|example| example + "\n").collect();
    let bytes = text.as_bytes();
    let mut whole = BUILTIN.findings(&Window::whole(bytes), &mut Scratch::default());
    whole.sort_by_key(|finding| (finding.location, finding.rule));
    assert!(whole.len() > rules.len() / 2, "{} findings of {} rules", whole.len(), rules.len());
    for step in [4_099, 17_011, 70_001] {
        let cuts = (step..bytes.len()).step_by(step).collect();
        let mut chunked = in_windows(&BUILTIN, bytes, &cuts);
        chunked.sort_by_key(|finding| (finding.location, finding.rule));
        assert_eq!(whole, chunked, "in windows of {step} bytes");
    }
}

/// Every rule finds its examples and leaves its counter-examples.
#[test]
fn the_builtin_rules_hold_to_their_examples() {
    let mut scratch = Scratch::default();
    let mut finds = |ix: u32, text: &str| {
        BUILTIN.findings(&Window::whole(text.as_bytes()), &mut scratch).iter().any(|finding| finding.rule == RuleIx(ix))
    };
    let mut wrong = Vec::new();
    for (rule, ix) in BUILTIN.rules().iter().zip(0..) {
        let found = examples::matching(rule)
            .iter()
            .zip(rule.matching.iter())
            .filter(|(text, _)| !finds(ix, text))
            .map(|(_, template)| format!("{} does not find {template}", rule.id))
            .collect::<Vec<_>>();
        let left = examples::not_matching(rule)
            .iter()
            .zip(rule.not_matching.iter())
            .filter(|(text, _)| finds(ix, text))
            .map(|(_, template)| format!("{} finds {template}", rule.id))
            .collect::<Vec<_>>();
        wrong.extend(found.into_iter().chain(left));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A match is dropped only where one of higher rank contains it, even where that one is not reported itself.
#[test]
fn overlaps_are_settled_by_rank() {
    let found = |text: &str| -> Vec<String> {
        let findings = DETECTOR.findings(&Window::whole(text.as_bytes()), &mut Scratch::default());
        findings.iter().map(|finding| DETECTOR.rules()[finding.rule.0 as usize].id.to_string()).collect()
    };
    assert_eq!(found("abababa"), ["repeated"]);
    assert_eq!(found("id=aba s:ababab"), ["paired"]);
    assert_eq!(found("id=aba t:ababab"), ["repeated"]);
}

/// The nearest partner wins; of two equally near, the later.
#[test]
fn a_pair_takes_the_nearest_partner() {
    let secret = |text: &str| -> Option<Vec<u8>> {
        let findings = DETECTOR.findings(&Window::whole(text.as_bytes()), &mut Scratch::default());
        findings.first().map(|finding| finding.secret.expose().to_vec())
    };
    assert_eq!(secret("s:000 id=abc  s:111").unwrap(), b"000");
    assert_eq!(secret("s:000 id=abc s:111").unwrap(), b"111");
    assert_eq!(secret("s:000 id=abc").unwrap(), b"000");
    assert_eq!(secret(&format!("id=abc{}s:111", " ".repeat(40))), None);
}

/// A body keeps to its bounds, also where an attempt before has seen its run already.
#[test]
fn a_body_keeps_to_its_bounds() {
    let count = |text: &str| {
        let bodied = all_candidates(&DETECTOR, text.as_bytes());
        bodied.iter().filter(|candidate| DETECTOR.rule(candidate).id == "bodied").count()
    };
    let run = |length: usize| format!("<<k>{}</k>", "a".repeat(length));
    assert_eq!((count(&run(3)), count(&run(4)), count(&run(40)), count(&run(41))), (0, 1, 1, 0));
    let twice = run(41) + &run(40);
    assert_eq!(count(&twice), 1);
}

#[test]
fn a_crowd_of_keywords_hides_no_value() {
    let detector = Detector::new(Ruleset::builtin().rules().to_vec());
    let value = "q7Zp2Lx9Vr4Kw8Td1Ns6Bm3Hc5";
    let text = format!("{}token='{value}'\n", "token='".repeat(40));
    let findings = detector.findings(&Window::whole(text.as_bytes()), &mut Scratch::default());
    let found: Vec<_> = findings.iter().map(|finding| finding.secret.expose()).collect();
    assert_eq!(found, [value.as_bytes()]);
}
