//! The checks that come with the program, on their own examples, and made-up ones on what the format can say.

use super::*;

const KINDS: &str = r#"
[[kind]]
id = "k"
title = "t"
attack = "a"
severity = "high"
standards = [{ standard = "s", section = "1", url = "https://example.org/" }]
"#;

fn checks(file: &str) -> Result<Checks, Error> {
    Checks::of(&[("kinds.toml".to_owned(), KINDS.to_owned()), ("x.toml".to_owned(), file.to_owned())])
}

fn framework(check: &str) -> String {
    format!(
        "framework = 'x'\nname = 'X'\nsource = 'https://example.org/'\nfiles = ['*.js']\nsyntax = 'c'\n[[check]]\nid = 'c'\nkind = 'k'\n\
         remedy = 'r'\n{check}\n"
    )
}

#[test]
fn every_check_finds_what_it_should_and_nothing_else() {
    let checks = Checks::read(&[]).unwrap();
    let mut wrong = Vec::new();
    for check in checks.all() {
        for (examples, expected) in [(&check.matching, true), (&check.not_matching, false)] {
            for example in examples {
                let named = check.files.is_match(&example.file);
                if (named && is_found(check, example.text.as_bytes())) != expected {
                    wrong.push(format!(
                        "{} ({}): {}",
                        check.id,
                        if expected { "match" } else { "no_match" },
                        example.text
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

#[test]
fn regions_end_where_brackets_close_outside_strings_and_comments() {
    let of = |within: &str, text: &str| {
        let check = framework(&format!(
            "at = 'f\\('\nwithin = '{within}'\nlacks = ['ok']\nmatch = ['f(1)']\nno_match = ['f(ok)']"
        ));
        is_found(&checks(&check).unwrap().all()[0], text.as_bytes())
    };
    assert!(!of("call", "f(')', /* ) */ { a: ok })"));
    assert!(of("call", "f(1) // f(ok)\nok"));
    assert!(!of("block", "f(1) { ok }") && of("block", "f(1) { } ok"));
    assert!(!of("line", "f(1) ok") && of("line", "f(1)\nok"));
    assert!(!of("file", "f(1)\n\nok"));
    assert!(!of("indent", " f(1):\n\n  - ok") && !of("indent", "f(1):\n- ok") && of("indent", " f(1):\n b\n  ok"));
    assert!(of("match", "f(ok)"));
    assert!(!of("call", "// f(1)"));
}

#[test]
fn a_line_is_told_once() {
    let check = framework("at = 'f\\('\nmatch = ['f(1)']\nno_match = ['g(1)']");
    let text = b"f(1); f(2)\nf(3)";
    let places = find(&checks(&check).unwrap().all()[0], text, &lexer::lex(text, lexer::Syntax::C));
    assert_eq!(places.found.iter().map(|found| found.at.start).collect::<Vec<_>>(), [0, 11]);
}

#[test]
fn what_encloses_a_place_can_except_it() {
    let check = framework("at = 'f\\('\noutside = ['if dev']\nmatch = ['f(1)']\nno_match = ['g(1)']");
    let of = |text: &str| is_found(&checks(&check).unwrap().all()[0], text.as_bytes());
    assert!(!of("if dev {\n\n  if x {\n    f(1)\n  }\n}"));
    assert!(of("if dev {\n  x\n} else {\n  f(1)\n}"));
    assert!(!of("  if dev\n  {\n#pragma x\n    f(1)\n  }"));
    assert!(of("if dev {\n}\nf(1)"));
    assert!(of("  // if dev\n    f(1)"));
}

#[test]
fn what_runs_where_an_application_is_developed_is_not_told() {
    let check = framework("at = 'f\\('\nmatch = ['f(1)']\nno_match = ['g(1)']");
    let of = |text: &str| is_found(&checks(&check).unwrap().all()[0], text.as_bytes());
    for branch in
        ["if (env.dev.isLocal) {", "if DEBUG:", "if ($debug) {", "elsif dev_mode?", "if (config.noAuth && x) {"]
    {
        assert!(!of(&format!("{branch}\n  f(1)\n}}")), "{branch}");
    }
    for branch in ["if (!isLocal) {", "if not DEBUG:", "if (device) {", "if (isLocalised) {", "function debug() {"] {
        assert!(of(&format!("{branch}\n  f(1)\n}}")), "{branch}");
    }
}

#[test]
fn a_comment_allows_a_check() {
    let check = framework("at = 'f\\('\nmatch = ['f(1)']\nno_match = ['g(1)']");
    let checks = checks(&check).unwrap();
    let allowed = |text: &str| {
        let found = find(&checks.all()[0], text.as_bytes(), &lexer::lex(text.as_bytes(), lexer::Syntax::C));
        found.found.iter().map(|found| found.allowed).collect::<Vec<_>>()
    };
    assert_eq!(allowed("f(1) // stanch:allow c because\nf(2)\nf(3)"), [true, true, false]);
    assert_eq!(allowed("f(1) // stanch:allow other"), [false]);
}

#[test]
fn mistakes_name_what_would_be_right() {
    let mistakes = |check: &str| checks(&framework(check)).unwrap_err().to_string();
    let fine = "at = 'f'\nmatch = ['f']\nno_match = ['g']\n";
    assert!(mistakes(&format!("{fine}lakcs = ['x']")).contains("`lacks`"));
    assert!(mistakes(&format!("{fine}has = ['(']")).contains("not a regex"));
    assert!(mistakes("at = 'f'\nmatch = ['f']").contains("`no_match` has no example"));
}

/// The same thing is called the same and weighs the same, in code and in an answer.
#[test]
fn cookies_have_the_severities_of_their_kinds() {
    let text = include_str!("../../weaknesses/kinds.toml");
    let severity = |id: &str| {
        let (_, kind) = text.split_once(&format!("\nid = \"{id}\"\n"))?;
        kind.split_once("\nseverity = \"")?.1.split('"').next()
    };
    let all = crate::cookie::weak::ALL;
    let shared = all.iter().filter_map(|check| Some((check, severity(check.id)?))).collect::<Vec<_>>();
    for id in [
        "cookie-not-secure",
        "cookie-not-httponly",
        "cookie-samesite",
        "cookie-domain-wide",
        "cookie-prefix",
        "session-lifetime",
    ] {
        assert!(shared.iter().any(|(check, _)| check.id == id), "{id}");
    }
    for (check, severity) in shared {
        assert_eq!(check.severity.name(), severity, "{}", check.id);
    }
}
