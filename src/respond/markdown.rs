//! Guides as Markdown: a ticket each.

use std::fmt::Write;

use super::Guide;
use crate::escape::{code, markdown, terminal};

/// `guide` as a page.
pub fn page(guide: &Guide) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# {}\n", markdown(&guide.title));
    if let Some(id) = &guide.id {
        let _ = writeln!(out, "- incident: {}", code(id));
    }
    let _ = writeln!(out, "- rule: {}", code(&guide.rule));
    for (name, value) in &guide.facts {
        let _ = writeln!(out, "- {name}: {}", markdown(value));
    }
    if let Some(url) = &guide.url {
        let _ = writeln!(out, "- the provider's page: <{}>", terminal(url));
    }
    let mut phase = None;
    for step in &guide.steps {
        if phase != Some(step.phase) {
            phase = Some(step.phase);
            let _ = writeln!(out, "\n## {}", heading(step.phase.name()));
        }
        let _ = writeln!(out, "\n- [ ] {}", markdown(&step.text));
        if !step.commands.is_empty() {
            let _ = writeln!(out, "\n{}", fenced(&step.commands));
        }
    }
    out
}

/// A page that leads to others: a title, a severity, a verdict and a file each.
pub fn index(guides: &[(String, &Guide)]) -> String {
    let mut out = String::from(
        "# Incidents\n\nMost urgent first.\n\n| incident | verdict | severity | exposed since |\n|---|---|---|---|\n",
    );
    for (file, guide) in guides {
        let fact =
            |name: &str| guide.facts.iter().find(|fact| fact.0 == name).map_or(String::new(), |fact| cell(&fact.1));
        let (verdict, severity, since) = (fact("verdict"), fact("severity"), fact("exposed since"));
        let _ = writeln!(out, "| [{}]({file}) | {verdict} | {severity} | {since} |", cell(&guide.title));
    }
    out
}

fn cell(text: &str) -> String {
    markdown(text)
}

fn heading(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// Lines of code that end where they should, whatever they hold.
fn fenced(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| terminal(line)).collect();
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}sh\n{}\n{fence}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{playbook::Phase, respond::Step};

    #[test]
    fn hostile_text_stays_text() {
        let guide = Guide {
            id: Some("`x`".to_owned()),
            rule: "r".to_owned(),
            title: "[a](b) @team\n# b".to_owned(),
            facts: vec![("owner", "<img>|x".to_owned())],
            url: None,
            steps: vec![Step {
                phase: Phase::Contain,
                text: "1. *x*".to_owned(),
                commands: vec!["# ```\n::error::".to_owned()],
            }],
        };
        let page = page(&guide);
        assert!(page.starts_with("# \\[a\\]\\(b\\) `@`team\\\\x0a`#` b\n"), "{page}");
        assert!(page.contains("- owner: \\<img\\>\\|x\n") && page.contains("- [ ] 1\\. \\*x\\*\n"), "{page}");
        assert!(page.contains("````sh\n# ```\\x0a::error::\n````"), "{page}");
        assert!(index(&[("f.md".to_owned(), &guide)]).contains("| [\\[a\\]\\(b\\) `@`team"));
    }
}
