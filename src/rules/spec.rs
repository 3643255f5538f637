//! A pattern file as it is written, turned into rules.
//!
//! Reads every key, checks what can be checked key by key, and leaves to [`super::lint`] what depends on the regex: that keywords
//! cover it, how far it reaches, how much work it makes. `docs/patterns.md` documents the format. Shared with `build.rs`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    lint,
    placeholder::{self, Piece},
    requests,
    table::{Document, Located, Problem, Table, nearest},
};
use crate::{
    playbook::{Phase, Playbook, Step},
    request::{Revocation, Survey, Verification},
    rule::{
        Algorithm, Body, Bounds, Class, Confidence, Detection, Generic, List, Part, Rule, SCORE_REACH, Severity,
        Shared, Text,
    },
};

/// The version of this package, `MAJOR.MINOR` of which a file may ask for.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How far from a rule's match a part may lie, in bytes.
const MOST_WITHIN: u64 = 1024;

/// How long a [`Body`] may be, in bytes.
const LONGEST_BODY: u64 = 16 * 1024;

/// What a regex may hold in place of the bytes between a name and its value, and what stands for it.
const BRIDGES: [(&str, &str); 2] = [
    // The rest of a name, what assigns in code, configuration, shells, XML and calls, and the value's opening quote.
    (
        "(?&to)",
        concat!(
            r#"[\w.-]{0,24}["'`\])\\]{0,4}(?:(?:,\s{0,12}|\s{1,12})["']?(?i:value)["']{0,2}|\s{1,2}[sS]tring)?"#,
            r#"(?:\s{0,4}(?:[.?:+]{0,3}=|=>|->|[:,(>|?]|-\s)\s{0,4}|\s{1,4})(?:[A-Za-z_][\w.]{0,14}\()?["'`\\]{0,4}"#,
        ),
    ),
    // A cookie's name ends: what its value follows in headers, curl's options, cookie jars (a tab), code, and in the JSON of HAR files, browsers and API
    // clients, which may have other members before the value.
    (
        "(?&cookie)",
        concat!(
            r#"(?:=|\t|\\?["'],\s{0,20}"#,
            r#"(?:\\?["'][\w-]{1,14}\\?["']\s?:\s?(?:\\?["'][^"'\\]{0,24}\\?["']|[\w.]{1,18}),\s{0,20}){0,6}"#,
            r#"\\?["'](?i:value)\\?["']\s{0,2}:\s{0,2}\\?["']|\\?["']\s{0,4}(?:=>|[:=,])\s{0,4}\\?["'])"#,
        ),
    ),
];

/// Shortest keyword, in bytes: shorter ones occur everywhere.
const SHORTEST_KEYWORD: usize = 3;

/// The rules of the pattern file `text`, which the user calls `name`; or all mistakes in it.
pub fn read(name: &str, text: &str) -> Result<Vec<Rule>, Vec<Problem>> {
    let document = Document::new(name, text);
    let mut rules = Vec::new();
    if let Some(table) = document.parse() {
        rules = file(table);
    }
    match document.into_problems() {
        problems if problems.is_empty() => Ok(rules),
        problems => Err(problems),
    }
}

/// What all rules of a file share.
struct Provider {
    id: String,
    name: String,
    playbooks: BTreeMap<String, Playbook>,
    verifications: BTreeMap<String, Option<Verification>>,
    surveys: BTreeMap<String, Option<Survey>>,
    revocations: BTreeMap<String, Option<Revocation>>,
}

fn file(mut top: Table<'_, '_>) -> Vec<Rule> {
    let id = top.required("provider");
    let name = top.required("name");
    if let Some(version) = top.required("min_stanch") {
        check_version(&top, &version);
    }
    let playbooks = top.named_tables("playbook").into_iter().map(|(name, table)| (name.value, playbook(table)));
    let playbooks = playbooks.collect();
    let verifications = all_of(&mut top, "verify", requests::verification);
    let surveys = all_of(&mut top, "access", requests::survey);
    let revocations = all_of(&mut top, "revoke", requests::revocation);
    let tables = top.tables("rule");
    if tables.is_empty() {
        top.problem(top.span(), "a pattern file holds at least one [[rule]]");
    }
    let provider = Provider { id: value(id), name: value(name), playbooks, verifications, surveys, revocations };
    let mut seen = BTreeSet::new();
    let mut rules = Vec::new();
    for table in tables {
        let at = table.span();
        let Some(rule) = rule(table, &provider) else { continue };
        if !seen.insert(rule.id.clone()) {
            top.problem(at, format!("there is another rule `{}` in this file", rule.id));
        }
        rules.push(rule);
    }
    for (name, playbook) in &provider.playbooks {
        check_playbook(&top, name, playbook, &rules);
    }
    top.finish();
    rules
}

/// All tables `[kind.NAME]`, as `read` takes them; those with a mistake are there too, so that nobody calls them missing.
fn all_of<T>(
    top: &mut Table<'_, '_>,
    kind: &'static str,
    read: impl Fn(&str, Table<'_, '_>) -> Option<T>,
) -> BTreeMap<String, Option<T>> {
    let tables = top.named_tables(kind).into_iter();
    tables.map(|(name, table)| (name.value.clone(), read(&name.value, table))).collect()
}

fn value(located: Option<Located<String>>) -> String {
    located.map(|located| located.value).unwrap_or_default()
}

fn check_version(table: &Table<'_, '_>, wanted: &Located<String>) {
    let parse = |text: &str| {
        let (major, minor) = text.split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.split('.').next()?.parse::<u32>().ok()?))
    };
    match parse(&wanted.value) {
        None => table.problem(wanted.span.clone(), "`min_stanch` is a version such as \"0.1\""),
        Some(version) if Some(version) > parse(VERSION) => {
            let message = format!("this file needs stanch {} or later; this is {VERSION}", wanted.value);
            table.problem(wanted.span.clone(), message);
        }
        Some(_) => {}
    }
}

fn playbook(mut table: Table<'_, '_>) -> Playbook {
    let url = value(table.required("url"));
    let mut run = table.table("run");
    let mut steps = Vec::new();
    for phase in Phase::ALL {
        let text = if phase == Phase::Contain { table.required(phase.name()) } else { table.string(phase.name()) };
        let commands = run.as_mut().map(|run| run.strings(phase.name())).unwrap_or_default();
        match text {
            Some(text) => {
                steps.push(Step { phase, text: filled(&table, text).into(), commands: lines(&table, commands) });
            }
            None => {
                for command in commands {
                    table.problem(command.span, format!("commands to {0} need a text `{0}`, too", phase.name()));
                }
            }
        }
    }
    if let Some(run) = run {
        run.finish();
    }
    table.finish();
    Playbook { url: url.into(), steps: steps.into() }
}

fn lines(table: &Table<'_, '_>, lines: Vec<Located<String>>) -> List<Text> {
    for line in lines.iter().filter(|line| line.value.contains(['\n', '\r'])) {
        table.problem(line.span.clone(), "a command is one line");
    }
    lines.into_iter().map(|line| filled(table, line).into()).collect()
}

/// A text of a playbook, in which known values stand for their names.
fn filled(table: &Table<'_, '_>, text: Located<String>) -> String {
    if let Err(problem) = placeholder::pieces(&text.value) {
        table.problem(text.span, problem);
    }
    text.value
}

fn rule(mut table: Table<'_, '_>, provider: &Provider) -> Option<Rule> {
    let id = table.required("id");
    let name = value(table.required("name"));
    let class = table.choice("class", Class::ALL, |class| class.name());
    let severity = table.choice("severity", Severity::ALL, |severity| severity.name());
    if let Some(id) = &id {
        check_id(&table, provider, id);
    }
    for (key, missing) in [("class", class.is_none()), ("severity", severity.is_none())] {
        if missing {
            table.problem(table.span(), format!("`{key}` is missing or wrong"));
        }
    }
    let confidence = table.choice("confidence", Confidence::ALL, |confidence| confidence.name());
    let playbook = table.string("playbook").and_then(|name| find(&table, "playbook", &provider.playbooks, &name));
    let requests = Requests::read(&mut table, provider);
    let family = table.string("family");
    let aliases = texts(table.strings("aliases"));
    let rank = table.integer("rank", 0..=100).map_or(50, |rank| u8::try_from(rank).unwrap_or(100));
    let source = value(table.required("source"));
    let documented = table.boolean("documented").unwrap_or(true);
    let (matching, not_matching) = (examples(&mut table, "match"), examples(&mut table, "no_match"));
    let note = table.string("note").map(|note| note.value.into());
    let [hidden, identifier] = ["hidden", "identifier"].map(|key| table.boolean(key).unwrap_or(false));
    let detect = detection(&mut table);
    requests.check(&table, detect.as_ref());
    let Requests { verify, access, revoke, delete } = requests;
    // Every key was asked for by now, so those left over are unknown even where something is missing: it may be one of them, misspelt.
    table.finish();
    let id = value(id);
    Some(Rule {
        family: family.map_or_else(|| id.clone(), |family| family.value).into(),
        aliases,
        name: name.into(),
        provider: provider.id.clone().into(),
        provider_name: provider.name.clone().into(),
        class: class?.value,
        severity: severity?.value,
        confidence: confidence.map_or(Confidence::High, |confidence| confidence.value),
        rank,
        source: source.into(),
        documented,
        note,
        verify: verify.map(|verify| Shared::Read(verify.into())),
        access: access.map(|access| Shared::Read(access.into())),
        revoke: revoke.map(|revoke| Shared::Read(revoke.into())),
        delete: delete.map(|delete| Shared::Read(delete.into())),
        playbook,
        matching,
        not_matching,
        hidden,
        identifier,
        id: id.into(),
        detect: detect?,
    })
}

/// The requests that a rule names.
struct Requests {
    verify: Option<Verification>,
    access: Option<Survey>,
    revoke: Option<Revocation>,
    delete: Option<Revocation>,
}

impl Requests {
    fn read(table: &mut Table<'_, '_>, provider: &Provider) -> Self {
        Self {
            verify: named(table, "verify", "verify", &provider.verifications),
            access: named(table, "access", "access", &provider.surveys),
            revoke: named(table, "revoke", "revoke", &provider.revocations),
            delete: named(table, "delete", "revoke", &provider.revocations),
        }
    }

    /// Refuses what its rule cannot ask or tell.
    fn check(&self, table: &Table<'_, '_>, detect: Option<&Detection>) {
        let wanted = [
            ("verify", self.verify.as_ref().map(requests::captured_by_verification)),
            ("access", self.access.as_ref().map(requests::captured_by_survey)),
            ("revoke", self.revoke.as_ref().map(requests::captured_by_revocation)),
            ("delete", self.delete.as_ref().map(requests::captured_by_revocation)),
        ];
        for (kind, wanted) in wanted {
            let wanted = wanted.unwrap_or_default();
            let missing = detect.iter().flat_map(|detect| wanted.iter().filter(|name| !captures(detect, name)));
            for name in missing {
                let message = format!("its `{kind}` fills in `{name}`, which the rule does not capture");
                table.problem(table.span(), message);
            }
        }
        if self.delete.is_some() && self.revoke.is_none() {
            table.problem(table.span(), "`delete` goes further than `revoke`, which is missing");
        }
        if self.access.is_some() && self.verify.is_none() {
            table.problem(table.span(), "`access` is asked only of what `verify` calls active");
        }
    }
}

/// What the rule's key `key` names of the tables `[kind.NAME]`, if it has no mistake in it.
fn named<T: Clone>(
    table: &mut Table<'_, '_>,
    key: &'static str,
    kind: &str,
    all: &BTreeMap<String, Option<T>>,
) -> Option<T> {
    let name = table.string(key)?;
    find(table, kind, all, &name).flatten()
}

fn check_id(table: &Table<'_, '_>, provider: &Provider, id: &Located<String>) {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.value.is_empty() || !id.value.bytes().all(plain) {
        table.problem(id.span.clone(), "an `id` is made of lower-case letters, digits and hyphens");
    }
    let prefixed = id.value.strip_prefix(&provider.id).is_some_and(|rest| rest.starts_with('-'));
    if !prefixed && provider.id != "generic" {
        table.problem(id.span.clone(), format!("an `id` begins with its provider's: `{}-…`", provider.id));
    }
}

/// What a rule names of its file: `[kind.NAME]`.
fn find<T: Clone>(table: &Table<'_, '_>, kind: &str, all: &BTreeMap<String, T>, name: &Located<String>) -> Option<T> {
    let found = all.get(&name.value).cloned();
    if found.is_none() {
        let nearest = nearest(&name.value, all.keys().map(String::as_str));
        let hint = nearest.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        table.problem(name.span.clone(), format!("there is no [{kind}.{}] in this file{hint}", name.value));
    }
    found
}

/// What is filled into a playbook, whatever its rule captures.
const TOLD: [&str; 4] = ["sha256", "since", "owner", "account"];

/// What a playbook fills in that its rule has to capture.
fn captured_by_playbook(playbook: &Playbook) -> BTreeSet<String> {
    let texts = playbook.steps.iter().flat_map(|step| std::iter::once(&step.text).chain(&*step.commands));
    let pieces = texts.flat_map(|text| placeholder::pieces(text).unwrap_or_default());
    let names = pieces.filter_map(|piece| match piece {
        Piece::Value { name, .. } => Some(name.to_owned()),
        Piece::Text(_) => None,
    });
    names.filter(|name| !TOLD.contains(&name.as_str())).collect()
}

/// Refuses a playbook that fills in what none of its rules captures.
fn check_playbook(top: &Table<'_, '_>, name: &str, playbook: &Playbook, rules: &[Rule]) {
    let followed: Vec<&Rule> = rules.iter().filter(|rule| rule.playbook.as_ref() == Some(playbook)).collect();
    for wanted in captured_by_playbook(playbook) {
        if !followed.is_empty() && !followed.iter().any(|rule| captures(&rule.detect, &wanted)) {
            let message = format!("[playbook.{name}] fills in `{wanted}`, which none of its rules captures");
            top.problem(top.span(), message);
        }
    }
}

/// Whether a rule finds a value called `name` with its secret.
fn captures(detect: &Detection, name: &str) -> bool {
    detect.parts.iter().any(|part| part.name == name) || detect.regex.contains(&format!("(?<{name}>"))
}

fn texts(strings: Vec<Located<String>>) -> List<Text> {
    strings.into_iter().map(|string| string.value.into()).collect()
}

fn lower(strings: Vec<Located<String>>) -> List<Text> {
    strings.into_iter().map(|string| string.value.to_ascii_lowercase().into()).collect()
}

fn examples(table: &mut Table<'_, '_>, key: &'static str) -> List<Text> {
    let strings = table.strings(key);
    if strings.is_empty() {
        table.problem(table.span(), format!("`{key}` needs at least one template"));
    }
    for string in &strings {
        if let Err(problem) = super::template::check(&string.value) {
            table.problem(string.span.clone(), format!("in a template: {problem}"));
        }
    }
    texts(strings)
}

fn detection(table: &mut Table<'_, '_>) -> Option<Detection> {
    let keywords = table.strings("keywords");
    if keywords.is_empty() {
        table.problem(table.span(), "`keywords` needs at least one literal");
    }
    for keyword in keywords.iter().filter(|keyword| keyword.value.len() < SHORTEST_KEYWORD) {
        let message = format!("a keyword has at least {SHORTEST_KEYWORD} bytes, `{}` has fewer", keyword.value);
        table.problem(keyword.span.clone(), message);
    }
    let regex = table.required("regex");
    let body: Vec<Body> = table.tables("body").into_iter().filter_map(body).collect();
    let parts = table.tables("parts").into_iter().filter_map(part).collect::<Vec<_>>();
    let known = regex.is_some();
    let mut detect = Detection {
        keywords: lower(keywords),
        regex: bridged(value(regex)).into(),
        body: body.into(),
        parts: parts.into(),
        entropy: table.number("entropy", 8.0).unwrap_or(0.0),
        checksum: table.choice("checksum", Algorithm::ALL, |algorithm| algorithm.name()).map(|found| found.value),
        reject: lower(table.strings("reject")),
        words: table.boolean("words").unwrap_or(true),
        generic: table.choice("generic", Generic::ALL, |kind| kind.name()).map(|found| found.value),
        cut: None,
        bounds: Bounds::default(),
    };
    if !known {
        return None;
    }
    match lint::bounds(&detect) {
        Ok(bounds) => detect.bounds = bounds,
        Err(problems) => problems.into_iter().for_each(|problem| table.problem(table.span(), problem)),
    }
    Some(detect)
}

/// A regex with its bridges spelt out.
fn bridged(regex: String) -> String {
    BRIDGES.iter().fold(regex, |regex, (name, bridge)| regex.replace(name, bridge))
}

fn body(mut table: Table<'_, '_>) -> Option<Body> {
    let class = table.required("class");
    let min = table.integer("min", 1..=LONGEST_BODY).unwrap_or(1);
    let max = table.integer("max", 1..=LONGEST_BODY).unwrap_or(LONGEST_BODY);
    let end = value(table.string("end"));
    let class = class.and_then(|class| match lint::class(&class.value) {
        Ok(bits) => Some(bits),
        Err(message) => {
            table.problem(class.span, message);
            None
        }
    });
    if min > max {
        table.problem(table.span(), "`min` is greater than `max`");
    }
    table.finish();
    let size = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
    Some(Body { class: class?, min: size(min), max: size(max), end: end.into() })
}

fn part(mut table: Table<'_, '_>) -> Option<Part> {
    let name = table.required("name");
    let regex = table.required("regex");
    let within = table.integer("within", 1..=MOST_WITHIN).unwrap_or(SCORE_REACH as u64);
    let required = table.boolean("required").unwrap_or(true);
    table.finish();
    Some(Part {
        name: name?.value.into(),
        regex: bridged(regex?.value).into(),
        within: usize::try_from(within).unwrap_or(0),
        required,
    })
}
