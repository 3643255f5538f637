//! `.gitleaks.toml`, and what reads like it: rules, allowlists old and new, what it extends.

use crate::rules::table::Problem;

use super::{
    dialect::{self, Source},
    known::Mark,
    reader::Reader,
    regex::Secret,
    rule::Draft,
    tree::{self, Node, Place, Syntax},
};

/// How many files may extend one another.
const DEEPEST: usize = 2;

const TOP: [&str; 8] =
    ["title", "description", "minVersion", "betterleaksMinVersion", "extend", "rules", "allowlist", "allowlists"];
const RULE: [&str; 15] = [
    "id",
    "description",
    "regex",
    "path",
    "secretGroup",
    "entropy",
    "keywords",
    "tags",
    "skipReport",
    "required",
    "allowlist",
    "allowlists",
    "prefilter",
    "filter",
    "validate",
];
const ALLOWLIST: [&str; 8] =
    ["description", "condition", "commits", "paths", "regexes", "regexTarget", "stopwords", "targetRules"];

/// Reads the configuration `tree`.
pub(super) fn read(reader: &mut Reader<'_>, tree: &Node, source: &Source) -> Result<(), Problem> {
    read_at(reader, tree, source, 0)
}

fn read_at(reader: &mut Reader<'_>, tree: &Node, source: &Source, depth: usize) -> Result<(), Problem> {
    reader.unknown(tree, &TOP);
    let allowlists = both(tree, "allowlist", "allowlists");
    let everywhere: Vec<&Node> = allowlists.iter().copied().filter(|list| list.get("targetRules").is_none()).collect();
    let stopwords: Vec<String> =
        everywhere.iter().filter(|list| !is_and(list)).flat_map(|list| stopwords(list)).collect();
    for rule in tree.get("rules").map(Node::items).unwrap_or_default() {
        read_rule(reader, rule, &stopwords);
    }
    for list in allowlists {
        let targets: Vec<&str> = list.texts("targetRules").into_iter().map(|(_, id)| id).collect();
        if targets.is_empty() {
            allowlist(reader, list, None);
        }
        for target in targets {
            match reader.to.our_id(target) {
                Some(id) => allowlist(reader, list, Some(&id)),
                None => reader.lost(list.place, format!("an allowlist for `{target}`: no rule of ours is called so")),
            }
        }
    }
    match tree.get("extend") {
        Some(extend) => extended(reader, extend, source, depth),
        None if depth == 0 && tree.get("rules").is_some() => {
            reader.changed(tree.place, "it replaced its scanner's own rules: ours stay, beside those migrated");
            Ok(())
        }
        None => Ok(()),
    }
}

/// What is called by its old name and by its new one.
fn both<'n>(node: &'n Node, one: &str, more: &str) -> Vec<&'n Node> {
    [one, more].into_iter().filter_map(|name| node.get(name)).flat_map(Node::items).collect()
}

fn is_and(list: &Node) -> bool {
    list.text_of("condition").is_some_and(|condition| matches!(condition.to_ascii_uppercase().as_str(), "AND" | "&&"))
}

fn stopwords(list: &Node) -> Vec<String> {
    list.texts("stopwords").into_iter().map(|(_, word)| word.to_owned()).collect()
}

fn extended(reader: &mut Reader<'_>, extend: &Node, source: &Source, depth: usize) -> Result<(), Problem> {
    reader.unknown(extend, &["path", "url", "useDefault", "disabledRules"]);
    reader.inexpressible(extend, &[("url", "nothing is fetched")]);
    let disabled = extend.texts("disabledRules");
    let disabled = if disabled.is_empty() || reader.takes_rules_alone() { Vec::new() } else { disabled };
    if let Some(node) = extend.get("useDefault") {
        reader.kept(node.place, "the rules that come with stanch are used");
    }
    for (place, id) in disabled {
        reader.skip_rule(place, id);
    }
    let Some(node) = extend.get("path") else { return Ok(()) };
    let place = node.place;
    let path = source.path.parent().map(|folder| folder.join(node.text().unwrap_or_default())).unwrap_or_default();
    let within = |path: &std::path::Path| Some(path.canonicalize().ok()?.starts_with(source.root.canonicalize().ok()?));
    match within(&path) {
        None => reader.lost(place, "the file that it extends is not there"),
        Some(false) => reader.lost(place, "the file that it extends lies elsewhere: migrate it with --from"),
        Some(true) if depth >= DEEPEST => reader.lost(place, "files that extend one another too often are not read"),
        Some(true) => {
            let base = Source::new(path, &source.root);
            let tree = tree::read(&base.name, &dialect::text(&base)?, Syntax::Toml)?;
            let mut inner = Reader { file: &base.name, stem: reader.stem, to: &mut *reader.to };
            read_at(&mut inner, &tree, &base, depth + 1)?;
            reader.kept(place, "the file that it extends is migrated, too");
        }
    }
    Ok(())
}

fn read_rule(reader: &mut Reader<'_>, rule: &Node, stopwords: &[String]) {
    let id = rule.text_of("id").unwrap_or_default();
    reader.unknown(rule, &RULE);
    if id.is_empty() {
        reader.lost(rule.place, "a rule without `id`");
        return;
    }
    let Some(regex) = rule.get("regex") else {
        let why = if rule.get("path").is_some() {
            "it looks at paths alone"
        } else {
            "it has no regex: it changes one that is not here"
        };
        reader.lost(rule.place, format!("rule `{id}`: {why}"));
        return;
    };
    let lists = both(rule, "allowlist", "allowlists");
    let own = lists.iter().filter(|list| !is_and(list)).flat_map(|list| self::stopwords(list));
    let number = |name| rule.text_of(name).and_then(|text| text.parse::<f32>().ok());
    let group = number("secretGroup").unwrap_or_default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float becomes the nearest group number"
    )]
    let draft = Draft {
        id: id.to_owned(),
        name: rule.text_of("description").filter(|text| !text.trim().is_empty()).unwrap_or(id).to_owned(),
        regex: regex.text().unwrap_or_default().to_owned(),
        secret: Secret::Number(group.max(0.0) as u32),
        keywords: rule.texts("keywords").into_iter().map(|(_, keyword)| keyword.to_owned()).collect(),
        entropy: number("entropy").unwrap_or_default().clamp(0.0, 8.0),
        reject: own.chain(stopwords.iter().cloned()).collect(),
        confidence: "high",
        hidden: rule.is_true("skipReport"),
        parts: Vec::new(),
        source: reader.from(rule.place),
    };
    let Some(ours) = reader.rule(rule.place, draft) else { return };
    left_out(reader, rule, id);
    for list in lists {
        allowlist(reader, list, Some(&ours));
    }
}

/// What of a rule has no place in ours.
fn left_out(reader: &mut Reader<'_>, rule: &Node, id: &str) {
    for (name, why) in [
        ("path", "our rules see no path: it looks everywhere"),
        ("required", "it finds without what it requires nearby"),
        ("prefilter", "expressions are not read"),
        ("filter", "expressions are not read"),
        ("validate", "whom a secret is sent to is not migrated"),
    ] {
        if let Some(node) = rule.get(name) {
            reader.lost(node.place, format!("`{name}` of rule `{id}`: {why}"));
        }
    }
}

/// Reads an allowlist: of everything, or of the rule of ours that is called `rule`.
fn allowlist(reader: &mut Reader<'_>, list: &Node, rule: Option<&str>) {
    if reader.takes_rules_alone() {
        return;
    }
    reader.unknown(list, &ALLOWLIST);
    let kinds = ["commits", "paths", "regexes", "stopwords"];
    let used = kinds.iter().filter(|kind| list.get(kind).is_some_and(|node| !node.items().is_empty())).count();
    if is_and(list) && used > 1 {
        reader.lost(list.place, "an allowlist all of whose conditions must hold (`AND`)");
        return;
    }
    for (place, commit) in list.texts("commits") {
        reader.lost(place, format!("commit `{}`: what a commit brought is not allowed as a whole", short(commit)));
    }
    for (place, path) in list.texts("paths") {
        match rule {
            None => reader.exclude_regex(place, path),
            Some(rule) => {
                if let Some(globs) = reader.globs(place, path) {
                    reader.allow_rule(place, rule, globs);
                }
            }
        }
    }
    regexes(reader, list, rule);
    words(reader, list, rule);
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

fn regexes(reader: &mut Reader<'_>, list: &Node, rule: Option<&str>) {
    let target = list.text_of("regexTarget").unwrap_or("secret");
    for (place, regex) in list.texts("regexes") {
        if matches!(target, "match" | "line") {
            reader.lost(place, format!("a regex that allows by the whole {target}"));
        } else {
            reader.known_regex(place, regex, rule);
        }
    }
}

/// Stop words are what rules of ours reject; the built-in ones cannot be told, so what they find is allowed one by one.
fn words(reader: &mut Reader<'_>, list: &Node, rule: Option<&str>) {
    let words = list.texts("stopwords");
    let Some((place, _)) = words.first().copied() else { return };
    let migrated = |id: &str| reader.to.names.values().any(|ours| ours == id);
    if rule.is_some_and(migrated) {
        reader.kept(place, format!("{} of rule `{}`", count(words.len()), rule.unwrap_or_default()));
        return;
    }
    if !reader.to.names.is_empty() && rule.is_none() {
        reader.kept(place, format!("{} in the rules migrated", count(words.len())));
    }
    for (place, word) in words {
        known_word(reader, place, word, rule);
    }
}

fn known_word(reader: &mut Reader<'_>, place: Place, word: &str, rule: Option<&str>) {
    reader.known(place, Mark::holds(word)).rule = rule.map(str::to_owned);
}

fn count(words: usize) -> String {
    format!("{words} stop {}", if words == 1 { "word" } else { "words" })
}
