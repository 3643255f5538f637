//! The module order is a rule, so a test keeps it: imports point down, and stages never use each other.

use std::{collections::BTreeSet, fs, path::Path};

/// Lowest first; a module uses only modules on lower lines, and the nouns each other as far as their own lines allow.
const LAYERS: &[&[&str]] = &[
    &["location", "secret", "verdict", "playbook", "coverage", "text", "escape"],
    &["request", "blob"],
    &["rule"],
    &["finding", "weakness"],
    &["cookie"],
    &["session"],
    &["incident"],
    &["bounded"],
    &["net", "sealed"],
    &["rules"],
    &["ask"],
    &["source", "detect", "known", "verify", "respond", "report"],
    &["scan"],
    &["harden", "hook", "init", "migrate", "probe", "sweep", "trace"],
    &["config"],
    &["cli"],
];

fn level(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The modules that `text` names at the top of this package, in a file `depth` modules below it: `crate::x`, `stanch::x`,
/// `super::…::x` where that leads to the top, and groups of any of them.
fn uses(text: &str, depth: usize) -> BTreeSet<String> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let roots = ["crate::".to_owned(), "stanch::".to_owned(), "super::".repeat(depth)];
    let mut used = BTreeSet::new();
    for root in roots.iter().filter(|root| !root.is_empty()) {
        for (at, _) in code.match_indices(root.as_str()) {
            let before = code[..at].chars().next_back();
            // `crate::` within `mycrate::`, and `super::` that begins further left.
            if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':') {
                heads(&code[at + root.len()..], &mut used);
            }
        }
    }
    used
}

/// The first names of the paths in `rest`, which is what stands behind a root: a name, or a group of paths.
fn heads(rest: &str, used: &mut BTreeSet<String>) {
    let rest = rest.trim_start();
    let Some(group) = rest.strip_prefix('{') else {
        let name = |c: char| c.is_alphanumeric() || c == '_';
        let end = rest.find(|c| !name(c)).unwrap_or(rest.len());
        used.insert(rest[..end].to_owned());
        return;
    };
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                if !group[start..at].trim().is_empty() {
                    heads(&group[start..at], used);
                }
                start = at + 1;
                if c == '}' {
                    return;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
}

/// What is wrong with a file of `module`.
fn violations(file: &str, module: &str, text: &str, depth: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    for used in uses(text, depth) {
        // Only modules have a place in the order; `crate::Error` or a macro is the top's own.
        let above = level(&used) >= level(module);
        if used != module && level(&used).is_some() && above {
            wrong.push(format!("{file} uses {used}"));
        }
    }
    wrong
}

fn check(path: &Path, module: &str, depth: usize, wrong: &mut Vec<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap().path();
            let is_root = entry.file_name().is_some_and(|name| name == "mod.rs");
            check(&entry, module, if is_root { depth } else { depth + 1 }, wrong);
        }
        return;
    }
    if path.extension().is_none_or(|extension| extension != "rs") {
        return;
    }
    let text = fs::read_to_string(path).unwrap();
    wrong.extend(violations(&path.display().to_string(), module, &text, depth));
}

#[test]
fn modules_only_look_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(src).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if module == "lib" || module == "main" {
            continue;
        }
        assert!(level(&module).is_some(), "{module} has no layer: add it to LAYERS");
        check(&path, &module, 1, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_order_is_one_that_files_can_break() {
    let broken = [
        ("detect", "use crate::source::files;"),
        ("detect", "use crate::{blob::Window, report::Report};"),
        ("known", "use crate::{\n    blob::{PathName, Window},\n    detect::{Detector, Scratch},\n};"),
        ("rule", "fn f() { crate::rules::lint(); }"),
        ("rules", "use crate::{rule, {detect::Detector}};"),
        ("scan", "pub use crate::config::Config;"),
        ("config", "use super::cli;"),
        ("report", "type D = stanch::detect::Detector;"),
    ];
    for (module, text) in broken {
        assert_eq!(violations("f", module, text, 1).len(), 1, "{module}: {text}");
    }
    let fine = [
        ("detect", "use crate::{blob::Window, rule::{Rule, RuleIx}, rules::checksum};", 1),
        ("detect", "// crate::source is not ours\nuse super::{anchor, source};", 2),
        ("detect", "use super::super::rules;", 2),
        ("scan", "use crate::{source::git, detect::Detector, known::allows::Allow};", 1),
        ("cli", "use stanch::{config::{self, Config}, scan};", 1),
        ("blob", "use gix::{scan}; use mycrate::scan;", 1),
    ];
    for (module, text, depth) in fine {
        assert_eq!(violations("f", module, text, depth), Vec::<String>::new(), "{module}: {text}");
    }
    assert_eq!(violations("f", "detect", "use super::super::source;", 2).len(), 1);
}
