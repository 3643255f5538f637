//! Regexes of other scanners in our syntax: byte patterns, Unicode off, every repeat bounded, the secret in the group `secret`.
//!
//! The text is edited where it has to be and stays as its author wrote it elsewhere. Whether the result makes a good rule is
//! [`crate::rules::lint`]'s to say.

use std::ops::Range;

use regex_syntax::{
    ast::{
        AssertionKind, Ast, Flag, Flags, FlagsItemKind, Group, GroupKind, Repetition, RepetitionKind, RepetitionRange,
        parse::Parser,
    },
    hir::{Hir, HirKind},
};

/// Which group of a regex the secret is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    /// The first group, else the whole match.
    First,
    /// The group of this number.
    Number(u32),
    /// The group of this name, else the first.
    Named(&'static str),
}

/// A regex in our syntax.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Translated {
    pub(super) regex: String,
    /// The same without what may stand in front of everything else, where it can do without that.
    pub(super) shorter: Option<String>,
    /// What no longer means quite the same.
    pub(super) changes: Vec<String>,
    /// Whether the secret is a group of it, and not the whole match.
    pub(super) grouped: bool,
    /// From how many bytes on a secret may be cut off at a cap.
    pub(super) cut: Option<usize>,
    /// What it begins with up to a repeat of the secret that meets its cap, for each that has one: what is longer than a cap may not end as the
    /// regex wants it. Each also without what may stand in front.
    pub(super) beginnings: Vec<(String, Option<String>)>,
}

/// Translates `pattern`, written for RE2 or Rust; open repeats end at `cap`.
pub(super) fn translate(pattern: &str, secret: &Secret, cap: u32) -> Result<Translated, String> {
    let pattern = without_quotes(pattern);
    let ast = Parser::new().parse(&pattern).map_err(|error| format!("its regex cannot be read: {}", error.kind()))?;
    let mut groups = Vec::new();
    collect_groups(&ast, false, &mut groups);
    let (secret, ambiguous) = choose(&groups, secret)?;
    let mut edits = Edits { cap, secret, in_secret: secret.is_none(), ..Edits::default() };
    edits.visit(&ast);
    let leading = leading(&ast, edits.secret);
    let mut changes = Vec::new();
    if edits.capped {
        changes.push(format!("open repeats end at {cap} bytes"));
    }
    if edits.anchored && !edits.multi_line {
        changes.push("beginning and end of the text are those of a line".to_owned());
    }
    if ambiguous {
        changes.push("of several groups the first is the secret".to_owned());
    }
    let shorter = leading.as_ref().map(|range| edits.apply(&pattern, Some(range)));
    let beginnings = edits.beginnings(&pattern, leading.as_ref());
    let regex = edits.apply(&pattern, None);
    let parsed = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(&regex);
    parsed.map_err(|error| format!("its regex cannot be expressed: {}", kind(&error)))?;
    Ok(Translated { regex, shorter, changes, grouped: edits.secret.is_some(), cut: edits.cut(&pattern), beginnings })
}

/// What is wrong with a regex, without the regex.
fn kind(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "it is not understood".to_owned(),
    }
}

/// `pattern` as Rust reads what RE2 does: for matching, not for a rule.
pub(super) fn readable(pattern: &str) -> String {
    without_quotes(pattern)
}

/// `\Q…\E` spelt out, which Rust does not know.
fn without_quotes(pattern: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find("\\Q") {
        // A backslash that is itself escaped quotes nothing.
        let escaped = rest[..at].bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1;
        if escaped {
            text.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        }
        text.push_str(&rest[..at]);
        let quoted = &rest[at + 2..];
        let end = quoted.find("\\E").unwrap_or(quoted.len());
        text.push_str(&regex_syntax::escape(&quoted[..end]));
        rest = quoted.get(end + 2..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// A group that captures: its number, its name, and whether a match may do without it.
struct Capture {
    index: u32,
    name: Option<String>,
    optional: bool,
}

fn collect_groups(ast: &Ast, optional: bool, groups: &mut Vec<Capture>) {
    match ast {
        Ast::Group(group) => {
            if let Some(index) = group.capture_index() {
                let name = match &group.kind {
                    GroupKind::CaptureName { name, .. } => Some(name.name.clone()),
                    _ => None,
                };
                groups.push(Capture { index, name, optional });
            }
            collect_groups(&group.ast, optional, groups);
        }
        Ast::Repetition(repetition) => collect_groups(&repetition.ast, optional || least(repetition) == 0, groups),
        Ast::Alternation(alternation) => alternation.asts.iter().for_each(|ast| collect_groups(ast, true, groups)),
        Ast::Concat(concat) => concat.asts.iter().for_each(|ast| collect_groups(ast, optional, groups)),
        _ => {}
    }
}

/// The number of the secret's group, if it has one, and whether that was a guess.
fn choose(groups: &[Capture], secret: &Secret) -> Result<(Option<u32>, bool), String> {
    let first = groups.iter().find(|group| !group.optional).or(groups.first());
    let chosen = match secret {
        Secret::Number(number) if *number > 0 => {
            let found = groups.iter().find(|group| group.index == *number);
            Some(found.ok_or_else(|| format!("its regex has no group {number}"))?)
        }
        Secret::Named(name) => groups.iter().find(|group| group.name.as_deref() == Some(name)).or(first),
        _ => first,
    };
    let guessed = matches!(secret, Secret::First) || matches!(secret, Secret::Number(0));
    match chosen {
        Some(group) if group.optional => {
            Err("a match may lack the group that is the secret: which part of it counts would be a guess".to_owned())
        }
        Some(group) => Ok((Some(group.index), guessed && groups.len() > 1)),
        None => Ok((None, false)),
    }
}

fn least(repetition: &Repetition) -> u32 {
    match &repetition.op.kind {
        RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => 0,
        RepetitionKind::OneOrMore => 1,
        RepetitionKind::Range(
            RepetitionRange::Exactly(least) | RepetitionRange::AtLeast(least) | RepetitionRange::Bounded(least, _),
        ) => *least,
    }
}

/// What a regex may begin with and can do without: what it finds is the same, for a search begins anywhere.
fn leading(ast: &Ast, secret: Option<u32>) -> Option<Range<usize>> {
    let Ast::Concat(concat) = ast else { return None };
    let mut range: Option<Range<usize>> = None;
    for ast in &concat.asts {
        match ast {
            Ast::Flags(_) if range.is_none() => {}
            Ast::Repetition(repetition) if least(repetition) == 0 && secret.is_some() && !captures(&repetition.ast) => {
                let span = repetition.span.start.offset..repetition.span.end.offset;
                range = Some(range.map_or(span.start, |range| range.start)..span.end);
            }
            _ => break,
        }
    }
    range
}

fn captures(ast: &Ast) -> bool {
    let mut groups = Vec::new();
    collect_groups(ast, false, &mut groups);
    !groups.is_empty()
}

/// The end that a repeat was given.
struct Cap {
    /// Its index among the edits.
    edit: usize,
    most: u32,
    /// Where the repeat ends, and how many groups are open there, if what stands before it has to match as well.
    end: Option<(usize, usize)>,
}

/// What is replaced by what.
#[allow(clippy::struct_excessive_bools, reason = "two tell where in the regex it is, two what was met there")]
#[derive(Default)]
struct Edits {
    cap: u32,
    secret: Option<u32>,
    made: Vec<(Range<usize>, String)>,
    /// Whether what is visited is part of the secret.
    in_secret: bool,
    /// How many groups are open there.
    groups: usize,
    /// Whether it is repeated, or one of several alternatives.
    nested: bool,
    /// The repeats within the secret that were given an end.
    caps: Vec<Cap>,
    capped: bool,
    anchored: bool,
    multi_line: bool,
}

impl Edits {
    fn visit(&mut self, ast: &Ast) {
        match ast {
            Ast::Repetition(repetition) => self.repetition(repetition),
            Ast::Group(group) => self.group(group),
            Ast::Alternation(alternation) => alternation.asts.iter().for_each(|ast| self.visit_nested(ast)),
            Ast::Concat(concat) => concat.asts.iter().for_each(|ast| self.visit(ast)),
            Ast::Flags(flags) => self.flags(&flags.flags),
            Ast::Assertion(assertion) => {
                let replaced = match assertion.kind {
                    AssertionKind::StartLine | AssertionKind::StartText => "(?m:^)",
                    AssertionKind::EndLine | AssertionKind::EndText => "(?m:$)",
                    // RE2 takes these for the characters.
                    AssertionKind::WordBoundaryStartAngle => "\\x3C",
                    AssertionKind::WordBoundaryEndAngle => "\\x3E",
                    _ => return,
                };
                self.anchored |= replaced.starts_with('(');
                let span = assertion.span.start.offset..assertion.span.end.offset;
                self.made.push((span, replaced.to_owned()));
            }
            _ => {}
        }
    }

    fn visit_nested(&mut self, ast: &Ast) {
        let outside = std::mem::replace(&mut self.nested, true);
        self.visit(ast);
        self.nested = outside;
    }

    fn flags(&mut self, flags: &Flags) {
        let mut items = flags.items.iter().map(|item| &item.kind);
        self.multi_line |= items.any(|kind| matches!(kind, FlagsItemKind::Flag(Flag::MultiLine)));
    }

    fn repetition(&mut self, repetition: &Repetition) {
        let open = match &repetition.op.kind {
            RepetitionKind::ZeroOrMore => Some(0),
            RepetitionKind::OneOrMore => Some(1),
            RepetitionKind::Range(RepetitionRange::AtLeast(least)) => Some(*least),
            _ => None,
        };
        if let Some(least) = open {
            let lazy = if repetition.greedy { "" } else { "?" };
            let span = repetition.op.span.start.offset..repetition.op.span.end.offset;
            let most = self.cap.max(least);
            if self.in_secret {
                let end = (!self.nested).then_some((span.end, self.groups));
                self.caps.push(Cap { edit: self.made.len(), most, end });
            }
            self.made.push((span, format!("{{{least},{most}}}{lazy}")));
            self.capped = true;
        }
        self.visit_nested(&repetition.ast);
    }

    fn group(&mut self, group: &Group) {
        let start = group.span.start.offset;
        let outside = self.in_secret;
        self.in_secret |= self.secret.is_some() && group.capture_index() == self.secret;
        match &group.kind {
            GroupKind::CaptureIndex(index) if self.secret == Some(*index) => {
                self.made.push((start + 1..start + 1, "?<secret>".to_owned()));
            }
            GroupKind::CaptureName { name, .. } => {
                let kind = if self.secret == Some(name.index) { "?<secret>" } else { "?:" };
                self.made.push((start + 1..name.span.end.offset + 1, kind.to_owned()));
            }
            GroupKind::NonCapturing(flags) => self.flags(flags),
            GroupKind::CaptureIndex(_) => {}
        }
        self.groups += 1;
        self.visit(&group.ast);
        self.groups -= 1;
        self.in_secret = outside;
    }

    /// The edits with one repeat that meets its cap.
    fn met(&self, cap: &Cap) -> Self {
        let mut made = self.made.clone();
        made[cap.edit].1 = format!("{{{}}}", cap.most);
        Self { made, ..Self::default() }
    }

    fn beginnings(&self, pattern: &str, leading: Option<&Range<usize>>) -> Vec<(String, Option<String>)> {
        let beginning = |cap: &Cap| {
            let (end, groups) = cap.end?;
            let mut met = self.met(cap);
            met.made.retain(|(range, _)| range.end <= end);
            let closed = |left_out| met.apply(&pattern[..end], left_out) + &")".repeat(groups);
            Some((closed(None), leading.map(|range| closed(Some(range)))))
        };
        self.caps.iter().filter_map(beginning).collect()
    }

    /// The least length of a secret in which a repeat has met its cap; nothing where none can.
    fn cut(&self, pattern: &str) -> Option<usize> {
        let least = |cap: &Cap| {
            let met = self.met(cap).apply(pattern, None);
            // What is repeated has a byte at least, or nothing is cut off.
            shortest_secret(&met).unwrap_or(0).max(cap.most as usize)
        };
        self.caps.iter().map(least).min()
    }

    /// The text with all edits made, but for those within `left_out`, which goes.
    fn apply(&self, pattern: &str, left_out: Option<&Range<usize>>) -> String {
        let kept = |(range, _): &&(Range<usize>, String)| {
            left_out.is_none_or(|out| range.end <= out.start || range.start >= out.end)
        };
        let mut edits: Vec<(Range<usize>, String)> = self.made.iter().filter(kept).cloned().collect();
        edits.extend(left_out.map(|range| (range.clone(), String::new())));
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let (mut text, mut at) = (String::new(), 0);
        for (range, replaced) in edits {
            text.push_str(&pattern[at..range.start]);
            text.push_str(&replaced);
            at = range.end;
        }
        text.push_str(&pattern[at..]);
        text
    }
}

/// The least length of the group `secret` of a regex in our syntax, else of a whole match, in bytes.
fn shortest_secret(regex: &str) -> Option<usize> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(regex).ok()?;
    secret_of(&hir).unwrap_or(&hir).properties().minimum_len()
}

fn secret_of(hir: &Hir) -> Option<&Hir> {
    match hir.kind() {
        HirKind::Capture(capture) if capture.name.as_deref() == Some("secret") => Some(&capture.sub),
        HirKind::Capture(capture) => secret_of(&capture.sub),
        HirKind::Repetition(repetition) => secret_of(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(secret_of),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_secret_may_be_cut_off_is_known() {
        let cut = |pattern: &str| translate(pattern, &Secret::First, 512).unwrap().cut;
        assert_eq!(cut("acme_[a-z]+"), Some(5 + 512));
        assert_eq!(cut("acme_([a-z]+)"), Some(512));
        assert_eq!(cut("acme_([a-z]{4}-[a-z]{3,}-[a-z]*x)"), Some(4 + 1 + 512 + 1 + 1));
        assert_eq!(cut(r"acme\s*=\s*([a-z]{20})"), None, "what is cut there is no secret");
        assert_eq!(cut("acme_[a-z]{1,600}"), None, "its author gave it that end");
        assert_eq!(cut("acme_(?:[a-z]+|0)"), Some(512));
    }

    #[test]
    fn what_goes_on_behind_a_cap_is_known_by_its_beginning() {
        let found = translate(r"(?i)[\w.]{0,9}(?:acme)_([a-z]+-x+)(?:;|$)", &Secret::First, 512).unwrap();
        let first = [r"(?i)[\w.]{0,9}(?:acme)_(?<secret>[a-z]{512})", "(?i)(?:acme)_(?<secret>[a-z]{512})"];
        let second = "(?i)(?:acme)_(?<secret>[a-z]{1,512}-x{512})";
        assert_eq!(found.beginnings[0], (first[0].to_owned(), Some(first[1].to_owned())));
        assert_eq!((found.beginnings.len(), found.beginnings[1].1.as_deref()), (2, Some(second)));
        let nested = translate("acme_(?:x+|y)", &Secret::First, 512).unwrap();
        assert!(nested.beginnings.is_empty(), "{:?}", nested.beginnings);
    }

    fn regex(pattern: &str) -> String {
        translate(pattern, &Secret::First, 512).unwrap().regex
    }

    #[test]
    fn open_repeats_are_capped_and_flags_stay() {
        assert_eq!(regex("(?i)a+b*?[c]{3,}"), "(?i)a{1,512}b{0,512}?[c]{3,512}");
        let changes = translate("a+", &Secret::First, 512).unwrap().changes;
        assert_eq!(changes, ["open repeats end at 512 bytes"]);
        assert!(translate("a{2}", &Secret::First, 512).unwrap().changes.is_empty());
    }

    #[test]
    fn the_secret_s_group_gets_its_name() {
        assert_eq!(regex("a(b)(?P<id>c)"), "a(?<secret>b)(?:c)");
        let second = translate("a(b)(?P<x>c)", &Secret::Number(2), 512).unwrap();
        assert_eq!((second.regex.as_str(), second.changes.len()), ("a(b)(?<secret>c)", 0));
        let named = translate("(a)(?P<TOKEN>c)", &Secret::Named("TOKEN"), 512).unwrap();
        assert_eq!(named.regex, "(a)(?<secret>c)");
        assert_eq!(regex("(?:a)?(b)"), "(?:a)?(?<secret>b)");
        for wrong in ["(a)|(b)", "x(a)?"] {
            assert!(translate(wrong, &Secret::First, 512).unwrap_err().contains("guess"), "{wrong}");
        }
        assert!(translate("(a)", &Secret::Number(2), 512).is_err());
    }

    #[test]
    fn ends_of_texts_become_ends_of_lines() {
        assert_eq!(regex(r"^a(?:;|$)\z"), r"(?m:^)a(?:;|(?m:$))(?m:$)");
        assert_eq!(translate("^a", &Secret::First, 9).unwrap().changes.len(), 1);
    }

    #[test]
    fn what_rust_reads_otherwise_is_spelt_out() {
        assert_eq!(regex(r"\Qa.b\Ec"), r"a\.bc");
        assert_eq!(regex(r"\\Qa"), r"\\Qa");
        assert_eq!(regex(r"\<a\>"), r"\x3Ca\x3E");
    }

    #[test]
    fn a_beginning_that_need_not_be_there_can_go() {
        let found = translate(r"(?i)[\w.-]{0,50}?(?:acme)([a-z]{4})", &Secret::First, 512).unwrap();
        assert_eq!(found.shorter.as_deref(), Some("(?i)(?:acme)(?<secret>[a-z]{4})"));
        assert_eq!(translate("a?acme", &Secret::First, 512).unwrap().shorter, None, "it is the secret's");
        assert_eq!(translate("(a)?b(c)", &Secret::Number(2), 512).unwrap().shorter, None);
    }
}
