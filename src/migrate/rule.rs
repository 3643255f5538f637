//! Rules of other scanners as rules of ours: a pattern file's text, tried before it is written.
//!
//! A rule is used only if [`crate::rules::spec`] takes it, with all that the linter asks, and written only if it finds an example made from its
//! own regex; else it is told why not.

use std::fmt::Write;

use crate::{
    blob::Window,
    detect::{Detector, Scratch},
    rule::{Detection, List, Rule},
    rules::{examples, spec},
};

use super::{
    example, literals,
    regex::{self, Secret, Translated},
    toml_text::{list, quoted, verbatim},
};

/// Where open repeats end, in bytes: the first that the linter takes.
const CAPS: [u32; 4] = [512, 200, 100, 40];

/// How many beginnings a rule may have. Their ranks end below 50, which is a rule's own.
const MOST_BEGINNINGS: u8 = 20;

/// A rule as its dialect read it.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) regex: String,
    pub(super) secret: Secret,
    pub(super) keywords: Vec<String>,
    /// Least entropy, in bits a byte.
    pub(super) entropy: f32,
    pub(super) reject: Vec<String>,
    pub(super) confidence: &'static str,
    pub(super) hidden: bool,
    /// Other regexes that have to match nearby, by name.
    pub(super) parts: Vec<(String, String)>,
    /// Where it comes from, for its readers.
    pub(super) source: String,
}

/// A rule of ours.
#[derive(Debug)]
pub(super) struct Compiled {
    /// Its `[[rule]]`.
    pub(super) text: String,
    pub(super) rule: Rule,
    /// Rules for what is longer than the ends that open repeats were given; of one that is not written.
    pub(super) beginnings: Vec<Rule>,
    /// What no longer means quite the same.
    pub(super) changes: Vec<String>,
}

/// What becomes of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is written, with examples.
    Written,
    /// It is looked for as it is.
    Unwritten,
}

/// One way to write a draft.
struct Attempt {
    regex: String,
    keywords: Vec<String>,
    changes: Vec<String>,
    /// From how many bytes on its secret may be cut off.
    cut: Option<usize>,
}

/// Makes a rule of `draft` in our format, or says why that cannot be.
pub(super) fn compile(draft: &Draft, usage: Use) -> Result<Compiled, String> {
    let mut refused = None;
    for cap in CAPS {
        let translated = regex::translate(&draft.regex, &draft.secret, cap)?;
        let capped = translated.changes.iter().any(|change| change.starts_with("open repeats"));
        let parts = parts(draft, cap)?;
        for attempt in attempts(draft, &translated) {
            match tried(draft, &attempt, &parts) {
                Ok(rule) if usage == Use::Unwritten => {
                    let beginnings = beginnings(draft, &translated, &parts);
                    return Ok(Compiled { beginnings, ..unwritten(rule, attempt) });
                }
                Ok(rule) => return finished(draft, attempt, &parts, &rule),
                Err(reason) => refused = refused.or(Some(reason)),
            }
        }
        if !capped && draft.parts.is_empty() {
            break;
        }
    }
    Err(refused.unwrap_or_else(|| {
        "no keyword: its regex has no fixed text of three bytes that every match holds, and it names none".to_owned()
    }))
}

fn parts(draft: &Draft, cap: u32) -> Result<Vec<(String, String)>, String> {
    let part =
        |(name, pattern): &(String, String)| Ok((name.clone(), regex::translate(pattern, &Secret::First, cap)?.regex));
    draft.parts.iter().map(part).collect()
}

/// Ways to write it, the most faithful first.
fn attempts(draft: &Draft, translated: &Translated) -> Vec<Attempt> {
    let named: Vec<String> = draft.keywords.iter().map(|keyword| keyword.to_ascii_lowercase()).collect();
    let usable = !named.is_empty() && named.iter().all(|keyword| keyword.len() >= literals::SHORTEST);
    let mut attempts = Vec::new();
    let mut attempt = |regex: &str, keywords: Option<Vec<String>>, change: Option<&str>| {
        let changes = translated.changes.iter().cloned().chain(change.map(str::to_owned)).collect();
        let cut = translated.cut;
        attempts.extend(keywords.map(|keywords| Attempt { regex: regex.to_owned(), keywords, changes, cut }));
    };
    let own = usable.then(|| named.clone());
    let derived = "its keywords are taken from its regex";
    for regex in std::iter::once(&translated.regex).chain(&translated.shorter) {
        attempt(regex, own.clone(), None);
        attempt(regex, literals::required(regex), (!named.is_empty()).then_some(derived));
    }
    if usable {
        let words: Vec<String> = named.iter().map(|keyword| regex_syntax::escape(keyword)).collect();
        // What stands before the value is no part of the secret.
        let value =
            if translated.grouped { translated.regex.clone() } else { format!("(?<secret>{})", translated.regex) };
        let behind = format!("(?i:{})(?&to){value}", words.join("|"));
        let change =
            "it finds only what is assigned to a name with one of its keywords, which may stand anywhere there";
        attempt(&behind, own, Some(change));
    }
    attempts
}

/// Whether it is a rule: read with examples that stand for those to come.
fn tried(draft: &Draft, attempt: &Attempt, parts: &[(String, String)]) -> Result<Rule, String> {
    let text = file_head("x") + &text(draft, attempt, parts, ("x", "x"));
    match spec::read("rule", &text) {
        Ok(mut rules) => rules.pop().ok_or_else(|| "it is empty".to_owned()),
        Err(problems) => Err(problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; ")),
    }
}

/// A rule that is looked for, and needs no examples for that.
fn unwritten(rule: Rule, attempt: Attempt) -> Compiled {
    let detect = Detection { cut: attempt.cut, ..rule.detect };
    let rule = Rule { matching: List::default(), not_matching: List::default(), detect, ..rule };
    Compiled { text: String::new(), rule, beginnings: Vec::new(), changes: attempt.changes }
}

/// Rules that find the beginnings of secrets that go on where an open repeat was given an end. Any longer one is ranked above those before it, and the
/// rule itself above all of them.
fn beginnings(draft: &Draft, translated: &Translated, parts: &[(String, String)]) -> Vec<Rule> {
    let beginning = |(number, (regex, shorter)): (u8, &(String, Option<String>))| {
        let (regex, shorter, changes) = (regex.clone(), shorter.clone(), Vec::new());
        let translated = Translated { regex, shorter, changes, cut: Some(0), beginnings: Vec::new(), ..*translated };
        let mut attempts = attempts(draft, &translated).into_iter();
        let (rule, attempt) = attempts.find_map(|attempt| Some((tried(draft, &attempt, parts).ok()?, attempt)))?;
        let id = format!("{}-cut-{number}", draft.id).into();
        Some(Rule {
            id,
            family: draft.id.clone().into(),
            rank: 49 - MOST_BEGINNINGS + number,
            ..unwritten(rule, attempt).rule
        })
    };
    (1..=MOST_BEGINNINGS).zip(&translated.beginnings).filter_map(beginning).collect()
}

fn finished(draft: &Draft, attempt: Attempt, parts: &[(String, String)], rule: &Rule) -> Result<Compiled, String> {
    let found = example_of(rule).ok_or("no example of it could be made that it finds, and our format wants one")?;
    let none = no_example_of(rule)
        .ok_or("it finds whatever holds its keyword, and our format wants an example of what it does not find")?;
    let text = text(draft, &attempt, parts, (&found, &none));
    let rules = spec::read("rule", &(file_head("x") + &text)).map_err(|problems| problems[0].message.clone())?;
    let rule = rules.into_iter().next().ok_or("it is empty")?;
    Ok(Compiled { text, rule, beginnings: Vec::new(), changes: attempt.changes })
}

/// A template of a text that `rule` finds its secret in.
fn example_of(rule: &Rule) -> Option<String> {
    let detector = Detector::new(vec![rule.clone()]);
    let other = |style| {
        let parts = rule.detect.parts.iter().map(|part| example::template(&part.regex, style));
        parts.collect::<Option<Vec<String>>>()
    };
    example::styles().find_map(|style| {
        let own = example::template(&rule.detect.regex, style)?;
        let behind = other(style)?.join("\n");
        ["", " ", "x = '", "\n"].iter().find_map(|before| {
            let template = format!("{before}{own}\n{behind}");
            finds(&detector, rule, &template).then_some(template)
        })
    })
}

fn no_example_of(rule: &Rule) -> Option<String> {
    let detector = Detector::new(vec![rule.clone()]);
    let keyword = example::escaped(rule.detect.keywords.first().map_or("", |keyword| keyword));
    [keyword, "nothing of the kind".to_owned()].into_iter().find(|template| !finds(&detector, rule, template))
}

fn finds(detector: &Detector, rule: &Rule, template: &str) -> bool {
    (0..3).all(|number| {
        let text = examples::expanded(rule, template, number);
        !detector.candidates(&Window::whole(text.as_bytes()), 0..text.len(), &mut Scratch::default()).is_empty()
            && (rule.hidden || !detector.tokens(&Window::whole(text.as_bytes()), &mut Scratch::default()).is_empty())
    })
}

/// What the rules of a scanner are called together.
pub(super) fn head_name(stem: &str) -> String {
    format!("Rules that were {stem}'s")
}

/// What a pattern file begins with.
pub(super) fn file_head(name: &str) -> String {
    format!("provider = \"generic\"\nname = {}\nmin_stanch = \"0.1\"\n", quoted(name))
}

fn text(draft: &Draft, attempt: &Attempt, parts: &[(String, String)], (found, none): (&str, &str)) -> String {
    let mut out = String::from("\n[[rule]]\n");
    let mut line = |key: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{key} = {value}");
    };
    line("id", &quoted(&draft.id));
    line("name", &quoted(&draft.name));
    line("class", "\"api-key\"");
    line("severity", "\"high\"");
    line("confidence", &quoted(draft.confidence));
    line("keywords", &list(&attempt.keywords));
    line("regex", &verbatim(&attempt.regex));
    if draft.entropy > 0.0 {
        line("entropy", &format!("{:?}", draft.entropy));
    }
    if !draft.reject.is_empty() {
        line("reject", &list(&draft.reject));
    }
    // The other scanner did not ask whether a value reads like words.
    line("words", "false");
    if draft.hidden {
        line("hidden", "true");
    }
    if !parts.is_empty() {
        let part = |(name, regex): &(String, String)| {
            format!("{{ name = {}, regex = {}, within = 1024 }}", quoted(name), verbatim(regex))
        };
        line("parts", &format!("[{}]", parts.iter().map(part).collect::<Vec<_>>().join(", ")));
    }
    line("source", &quoted(&draft.source));
    line("documented", "false");
    line("match", &list(&[found.to_owned()]));
    line("no_match", &list(&[none.to_owned()]));
    out
}

/// An id that our format takes: lower case, digits and hyphens.
pub(super) fn plain_id(id: &str) -> String {
    let hyphened = id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let id: String = hyphened.collect();
    let words: Vec<&str> = id.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "rule".to_owned() } else { words.join("-") }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::migrate) fn draft(regex: &str, keywords: &[&str]) -> Draft {
        Draft {
            id: "acme-key".to_owned(),
            name: "Acme \"key\"".to_owned(),
            regex: regex.to_owned(),
            secret: Secret::First,
            keywords: keywords.iter().map(|&keyword| keyword.to_owned()).collect(),
            entropy: 0.0,
            reject: Vec::new(),
            confidence: "high",
            hidden: false,
            parts: Vec::new(),
            source: "a test".to_owned(),
        }
    }

    fn compiled(regex: &str, keywords: &[&str]) -> Compiled {
        compile(&draft(regex, keywords), Use::Written).unwrap_or_else(|reason| panic!("{regex}: {reason}"))
    }

    #[test]
    fn a_plain_rule_is_kept_as_it_is() {
        let rule = compiled(r"\b(acme_[0-9a-f]{32})\b", &["ACME_"]);
        assert_eq!(rule.changes, Vec::<String>::new());
        assert_eq!(&*rule.rule.detect.regex, r"\b(?<secret>acme_[0-9a-f]{32})\b");
        assert_eq!(&*rule.rule.detect.keywords[0], "acme_");
    }

    #[test]
    fn keywords_are_derived_where_there_are_none_or_too_few() {
        assert_eq!(&*compiled(r"acme_[0-9a-f]{32}", &[]).rule.detect.keywords[0], "acme_");
        let rule = compiled(r"(?:acme|bolt)_[0-9a-f]{32}", &["acme"]);
        assert_eq!(rule.rule.detect.keywords.len(), 2);
        assert_eq!(rule.changes.len(), 1);
    }

    #[test]
    fn a_keyword_beside_the_value_becomes_a_name_before_it() {
        let rule = compiled(r"\b([0-9a-f]{32})\b", &["acme"]);
        assert!(rule.changes[0].contains("assigned"), "{:?}", rule.changes);
    }

    #[test]
    fn a_rule_without_an_end_has_others_for_what_goes_on() {
        let rule = compile(&draft(r"\b(acme_[a-z]+-[0-9a-z]+)\b", &[]), Use::Unwritten).unwrap();
        let ids: Vec<(&str, u8)> = rule.beginnings.iter().map(|rule| (&*rule.id, rule.rank)).collect();
        assert_eq!(ids, [("acme-key-cut-1", 30), ("acme-key-cut-2", 31)]);
        assert!(rule.beginnings.iter().all(|rule| rule.may_cut(0) && rule.family == "acme-key"));
        assert!(rule.rule.matching.is_empty() && !rule.rule.may_cut(512) && rule.rule.may_cut(5 + 512 + 1 + 1));
    }

    #[test]
    fn the_name_before_a_value_is_no_part_of_the_secret() {
        let rule = compiled("[0-9a-f]{32}", &["acme"]);
        assert!(rule.rule.detect.regex.ends_with("(?<secret>[0-9a-f]{32})"), "{}", rule.rule.detect.regex);
    }

    #[test]
    fn a_name_in_the_middle_loses_what_stands_before_it() {
        let regex = r#"(?i)[\w.-]{0,50}?(?:acme)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=)[\x60'"\s=]{0,5}([a-z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)"#;
        let rule = compiled(regex, &["acme"]);
        assert!(rule.rule.detect.regex.starts_with("(?i)(?:acme)"), "{}", rule.rule.detect.regex);
    }

    #[test]
    fn open_repeats_end_where_the_linter_takes_them() {
        let rule = compiled(r"acme_[0-9a-z]+", &[]);
        assert_eq!(&*rule.rule.detect.regex, "acme_[0-9a-z]{1,512}");
        let dense = compiled(r"acme[0-9a-z]{20,}", &[]);
        assert!(dense.changes[0].starts_with("open repeats end at"), "{:?}", dense.changes);
    }

    #[test]
    fn what_cannot_be_says_why() {
        let reason = |regex, keywords: &[&str]| compile(&draft(regex, keywords), Use::Written).unwrap_err();
        assert!(reason("[0-9a-f]{32}", &[]).contains("no keyword"));
        assert!(reason(r"acme(?=x)", &[]).contains("cannot be read"));
        assert!(reason(r"acme_\p{Greek}{4}", &[]).contains("Unicode"));
        assert!(!reason(r"acme_[a-z]{5000}", &[]).is_empty());
    }

    #[test]
    fn other_regexes_become_parts() {
        let parts = vec![("id".to_owned(), "acmeid_[0-9]{8}".to_owned())];
        let rule = compile(&Draft { parts, ..draft(r"acmekey_[0-9a-f]{32}", &["acme"]) }, Use::Written).unwrap();
        assert_eq!(rule.rule.detect.parts.len(), 1);
    }

    #[test]
    fn ids_are_made_plain() {
        assert_eq!(plain_id("Acme_Corp.Key 1"), "acme-corp-key-1");
        assert_eq!(plain_id("."), "rule");
    }
}
