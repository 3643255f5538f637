//! Guides as one HTML page, which loads nothing and runs nothing.

use std::fmt::Write;

use super::Guide;
use crate::escape::html;

/// What a page looks like.
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}\
pre{background:#f4f4f4;padding:.75rem;overflow-x:auto}dt{font-weight:600}dd{margin:0 0 .25rem}";

/// All of `guides` on one page.
pub fn page(guides: &[Guide]) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>Playbooks</title><style>{STYLE}</style></head><body>\n"
    );
    for guide in guides {
        section(guide, &mut out);
    }
    out.push_str("</body></html>\n");
    out
}

fn section(guide: &Guide, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<section><h1>{}</h1><dl>", html(&guide.title));
    let id = guide.id.as_ref().map(|id| ("incident", id.clone()));
    let facts = id.into_iter().chain([("rule", guide.rule.clone())]).chain(guide.facts.iter().cloned());
    for (name, value) in facts {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", html(&value));
    }
    out.push_str("</dl>\n");
    if let Some(url) = guide.url.as_deref().filter(|url| url.starts_with("https://")) {
        let url = html(url);
        let _ = writeln!(out, "<p><a href=\"{url}\" rel=\"noreferrer\">{url}</a></p>");
    }
    let mut phase = None;
    for step in &guide.steps {
        if phase != Some(step.phase) {
            phase = Some(step.phase);
            let _ = writeln!(out, "<h2>{}</h2>", step.phase.name());
        }
        let _ = writeln!(out, "<p>{}</p>", html(&step.text));
        if !step.commands.is_empty() {
            let lines: Vec<String> = step.commands.iter().map(|line| html(line)).collect();
            let _ = writeln!(out, "<pre>{}</pre>", lines.join("\n"));
        }
    }
    out.push_str("</section>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{playbook::Phase, respond::Step};

    #[test]
    fn hostile_text_stays_text() {
        let hostile = "<script>alert(1)</script>\"'&\u{202e}".to_owned();
        let guide = Guide {
            id: Some(hostile.clone()),
            rule: hostile.clone(),
            title: hostile.clone(),
            facts: vec![("owner", hostile.clone())],
            url: Some("javascript:alert(1)".to_owned()),
            steps: vec![Step { phase: Phase::Contain, text: hostile.clone(), commands: vec![hostile] }],
        };
        let page = page(&[guide]);
        assert!(!page.contains("<script") && !page.contains("javascript:") && !page.contains('\u{202e}'), "{page}");
        assert_eq!(page.matches("&lt;script&gt;alert(1)").count(), 6);
    }
}
