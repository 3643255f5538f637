//! A rule's regexes, compiled.
//!
//! Compiling happens when the first anchor of a rule turns up, so that a run pays for the rules that its input calls for. What
//! is searched where is [`super::anchor`]'s.

use std::{ops::Range, sync::OnceLock};

use regex_automata::{
    Anchored, Input, Match,
    hybrid::dfa::{self, DFA},
    meta::{self, Regex},
    nfa::thompson::{self, NFA},
    util::{captures::GroupInfo, primitives::NonMaxUsize, syntax},
};

use crate::rule::{Body, Part, Rule, RuleIx};

/// How much memory a lazy automaton of one regex may take, in bytes.
const LAZY_MEMORY: usize = 512 * 1024;

/// The same for what a regex is seldom searched with.
const LESS_MEMORY: usize = LAZY_MEMORY / 4;

/// The compiled regexes of one rule.
#[derive(Debug)]
pub(super) struct Matcher {
    pattern: Compiled,
    /// What closes each body, where anything does.
    ends: Vec<Option<Compiled>>,
    parts: Vec<Compiled>,
}

/// One regex and the names of its groups.
///
/// Most are tried where an anchor is and match nothing: for that a forward automaton is enough. What else the regex is searched with takes
/// as much time to make again, and more memory, and is made when it is first needed.
#[derive(Debug)]
pub(super) struct Compiled {
    text: Box<str>,
    forward: DFA,
    full: OnceLock<Regex>,
    pub(super) groups: Groups,
    /// Its cache's index within the rule's.
    slot: usize,
}

/// What the groups of a regex are called.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) secret: Option<usize>,
    pub(super) payload: Option<usize>,
    pub(super) check: Option<usize>,
    /// All others that have a name.
    pub(super) named: Vec<(String, usize)>,
}

/// What a thread needs to search: the regexes' caches, made when first used, and what the window at hand has already taught.
#[derive(Debug, Default)]
pub struct Scratch {
    rules: Vec<RuleScratch>,
    /// Counts windows.
    window: u64,
}

/// The part of a [`Scratch`] that one rule needs.
#[derive(Debug, Default)]
pub(super) struct RuleScratch {
    caches: Vec<Caches>,
    pub(super) run: Run,
    /// In which window the run is.
    window: u64,
}

/// The caches of one regex.
#[derive(Debug, Default)]
struct Caches {
    forward: Option<dfa::Cache>,
    full: Option<meta::Cache>,
}

/// The last run of body bytes that a rule met in the window at hand. It saves work, and changes no outcome: attempts that begin in one run
/// end where it ends, and finding that out again for each would make dense input quadratic.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    from: usize,
    to: usize,
    /// Where the run was last found to end, and where the match ends then, if it does.
    pub(super) closing: Option<(usize, Option<usize>)>,
}

impl Run {
    /// Where the run of bytes of `body` that begins at `start` ends, at most as far on as a body may be long.
    pub(super) fn end_of(&mut self, body: &Body, bytes: &[u8], start: usize) -> usize {
        if !(self.from..self.to).contains(&start) {
            *self = Self { from: start, to: start, ..*self };
        }
        let limit = (start + body.max).min(bytes.len());
        if self.to < limit {
            self.to += bytes[self.to..limit].iter().take_while(|&&byte| body.has(byte)).count();
        }
        self.to.min(limit)
    }
}

impl Scratch {
    /// Forgets the last window.
    pub(super) fn begin_window(&mut self) {
        self.window += 1;
    }

    /// The part that the rule with this index needs.
    pub(super) fn of(&mut self, rule: RuleIx) -> &mut RuleScratch {
        let rule = rule.0 as usize;
        if self.rules.len() <= rule {
            self.rules.resize_with(rule + 1, RuleScratch::default);
        }
        let of_rule = &mut self.rules[rule];
        if of_rule.window != self.window {
            (of_rule.window, of_rule.run) = (self.window, Run::default());
        }
        of_rule
    }
}

impl RuleScratch {
    fn caches(&mut self, compiled: &Compiled) -> &mut Caches {
        if self.caches.len() <= compiled.slot {
            self.caches.resize_with(compiled.slot + 1, Caches::default);
        }
        &mut self.caches[compiled.slot]
    }
}

impl Matcher {
    pub(super) fn new(rule: &Rule) -> Self {
        let bodies = &rule.detect.body;
        let end = |(body, slot): (&Body, usize)| (!body.end.is_empty()).then(|| Compiled::new(&body.end, slot));
        let part = |(part, slot): (&Part, usize)| Compiled::new(&part.regex, slot);
        Self {
            pattern: Compiled::new(&rule.detect.regex, 0),
            ends: bodies.iter().zip(1..).map(end).collect(),
            parts: rule.detect.parts.iter().zip(1 + bodies.len()..).map(part).collect(),
        }
    }

    pub(super) fn pattern(&self) -> &Compiled {
        &self.pattern
    }

    pub(super) fn ends(&self) -> &[Option<Compiled>] {
        &self.ends
    }

    pub(super) fn parts(&self) -> &[Compiled] {
        &self.parts
    }
}

impl Compiled {
    fn new(regex: &str, slot: usize) -> Self {
        let nfa = NFA::compiler().syntax(bytewise()).configure(thompson::Config::new().utf8(false)).build(regex);
        let nfa = nfa.expect(CHECKED);
        let groups = Groups::of(nfa.group_info());
        let lazy = dfa::Config::new().cache_capacity(LAZY_MEMORY).skip_cache_capacity_check(true);
        let forward = dfa::Builder::new().configure(lazy).build_from_nfa(nfa).expect(CHECKED);
        Self { text: regex.into(), forward, full: OnceLock::new(), groups, slot }
    }

    fn full<'s>(&self, scratch: &'s mut RuleScratch) -> (&Regex, &'s mut meta::Cache) {
        let regex = self.full.get_or_init(|| {
            let config = meta::Config::new().utf8_empty(false).hybrid_cache_capacity(LESS_MEMORY);
            Regex::builder().syntax(bytewise()).configure(config).build(&self.text).expect(CHECKED)
        });
        (regex, scratch.caches(self).full.get_or_insert_with(|| regex.create_cache()))
    }

    /// The match that begins exactly where `range` does, if there is one; nothing is looked at behind `range`, word boundaries
    /// aside.
    pub(super) fn match_at(&self, bytes: &[u8], range: Range<usize>, scratch: &mut RuleScratch) -> Option<Match> {
        let input = Input::new(bytes).span(range.clone()).anchored(Anchored::Yes);
        let cache = scratch.caches(self).forward.get_or_insert_with(|| self.forward.create_cache());
        let half =
            self.forward.try_search_fwd(cache, &input).expect("it is told neither to give up nor to stop at a byte")?;
        Some(Match::new(half.pattern(), range.start..half.offset()))
    }

    /// The match within `range` that begins first.
    pub(super) fn first_match(&self, bytes: &[u8], range: Range<usize>, scratch: &mut RuleScratch) -> Option<Match> {
        let (regex, cache) = self.full(scratch);
        regex.search_with(cache, &Input::new(bytes).span(range))
    }

    /// Where the groups of the match `found` lie, by their index.
    pub(super) fn captures(&self, bytes: &[u8], found: Match, scratch: &mut RuleScratch) -> Captures {
        let (regex, cache) = self.full(scratch);
        let input = Input::new(bytes).span(found.range()).anchored(Anchored::Yes);
        let mut slots = vec![None; regex.group_info().slot_len()];
        regex.search_slots_with(cache, &input, &mut slots);
        Captures(slots)
    }
}

/// What lint has made sure of when a rule is read.
const CHECKED: &str = "a rule's regexes are checked when it is read";

/// Bytes, not characters.
fn bytewise() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

/// Where the groups of one match lie.
pub(super) struct Captures(Vec<Option<NonMaxUsize>>);

impl Captures {
    pub(super) fn get(&self, group: usize) -> Option<Range<usize>> {
        let slot = |index: usize| self.0.get(index).copied().flatten().map(NonMaxUsize::get);
        Some(slot(2 * group)?..slot(2 * group + 1)?)
    }
}

impl Groups {
    fn of(info: &GroupInfo) -> Self {
        let mut groups = Self::default();
        for (_, index, name) in info.all_names() {
            match name {
                Some("secret") => groups.secret = Some(index),
                Some("payload") => groups.payload = Some(index),
                Some("check") => groups.check = Some(index),
                Some(name) => groups.named.push((name.to_owned(), index)),
                None => {}
            }
        }
        groups
    }
}
