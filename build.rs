//! Turns `patterns/*.toml` into the embedded rule table, and refuses to build with a mistake in them.

#![allow(dead_code, unreachable_pub, reason = "modules shared with the library, which uses and exports all of them")]

#[path = "src/playbook.rs"]
mod playbook;
#[path = "src/rule.rs"]
mod rule;

#[path = "src/rules/lint.rs"]
mod lint;
#[path = "src/rules/spec.rs"]
mod spec;
#[path = "src/rules/table.rs"]
mod table;
#[path = "src/rules/template.rs"]
mod template;

use std::{env, fs, path::Path, process::ExitCode};

use rule::Rule;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=patterns");
    println!("cargo::rerun-if-changed=build.rs");
    for shared in [
        "playbook.rs",
        "rule.rs",
        "rules/lint.rs",
        "rules/overlap.rs",
        "rules/spec.rs",
        "rules/table.rs",
        "rules/template.rs",
    ] {
        println!("cargo::rerun-if-changed=src/{shared}");
    }
    let mut files: Vec<_> =
        fs::read_dir("patterns").expect("the folder of patterns").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let (mut rules, mut failed) = (Vec::new(), false);
    for path in files {
        let text = fs::read_to_string(&path).expect("a readable pattern file");
        match spec::read(&path.display().to_string(), &text) {
            Ok(read) => rules.extend(read),
            Err(problems) => {
                failed = true;
                for problem in problems {
                    println!("cargo::error={problem}");
                }
            }
        }
    }
    let out = Path::new(&env::var_os("OUT_DIR").expect("cargo sets it")).join("builtin.rs");
    fs::write(out, table_of(&rules)).expect("a writable target folder");
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The rules as the text of a static table.
///
/// `Debug` writes every type of a rule as the expression that makes it, borrowed strings and lists aside, so those are
/// what is replaced here.
fn table_of(rules: &[Rule]) -> String {
    let rules: Vec<String> = rules.iter().map(rule_of).collect();
    format!("/// The rules that come with the program.\npub(super) static RULES: &[Rule] = &[{}];\n", rules.join(","))
}

fn rule_of(rule: &Rule) -> String {
    let Rule {
        id,
        family,
        name,
        provider,
        provider_name,
        class,
        severity,
        confidence,
        rank,
        source,
        documented,
        hidden,
        ..
    } = rule;
    let playbook = rule.playbook.as_ref().map_or("None".to_owned(), |playbook| {
        let steps = playbook
            .steps
            .iter()
            .map(|step| format!("Step {{ phase: Phase::{:?}, text: {} }}", step.phase, text(&step.text)));
        format!("Some(Playbook {{ url: {}, steps: {} }})", text(&playbook.url), list(steps))
    });
    let note = rule.note.as_ref().map_or("None".to_owned(), |note| format!("Some({})", text(note)));
    format!(
        "Rule {{ id: {}, aliases: {}, family: {}, name: {}, provider: {}, provider_name: {}, class: Class::{class:?}, \
         severity: Severity::{severity:?}, confidence: Confidence::{confidence:?}, rank: {rank}, source: {}, \
         documented: {documented}, note: {note}, detect: {}, playbook: {playbook}, matching: {}, not_matching: {}, hidden: {hidden} }}",
        text(id),
        texts(&rule.aliases),
        text(family),
        text(name),
        text(provider),
        text(provider_name),
        text(source),
        detection_of(&rule.detect),
        texts(&rule.matching),
        texts(&rule.not_matching),
    )
}

fn detection_of(detect: &rule::Detection) -> String {
    let body = detect.body.iter().map(|body| {
        format!("Body {{ class: {:?}, min: {}, max: {}, end: {} }}", body.class, body.min, body.max, text(&body.end))
    });
    let parts = detect.parts.iter().map(|part| {
        let (name, regex) = (text(&part.name), text(&part.regex));
        format!("Part {{ name: {name}, regex: {regex}, within: {}, required: {} }}", part.within, part.required)
    });
    let checksum = detect.checksum.map_or("None".to_owned(), |algorithm| format!("Some(Algorithm::{algorithm:?})"));
    let generic = detect.generic.map_or("None".to_owned(), |kind| format!("Some(Generic::{kind:?})"));
    format!(
        "Detection {{ keywords: {}, regex: {}, body: {}, parts: {}, entropy: {:?}, checksum: {checksum}, reject: {}, \
         words: {}, generic: {generic}, bounds: {:?} }}",
        texts(&detect.keywords),
        text(&detect.regex),
        list(body),
        list(parts),
        detect.entropy,
        texts(&detect.reject),
        detect.words,
        detect.bounds,
    )
}

fn text(text: &str) -> String {
    format!("Borrowed({text:?})")
}

fn texts(strings: &[rule::Text]) -> String {
    list(strings.iter().map(|string| text(string)))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("Borrowed(&[{}])", items.collect::<Vec<_>>().join(","))
}
