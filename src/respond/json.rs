//! Guides as JSON, for machines: `docs/output.md` describes it.

use serde_json::{Value, json};

use super::Guide;

/// The document's format.
const SCHEMA: &str = "stanch-playbook/1";

/// All of `guides` as one document.
pub fn document(guides: &[Guide]) -> Value {
    json!({ "schema": SCHEMA, "playbooks": guides.iter().map(object).collect::<Vec<_>>() })
}

fn object(guide: &Guide) -> Value {
    let facts: serde_json::Map<_, _> =
        guide.facts.iter().map(|(name, value)| (name.replace(' ', "_"), Value::from(value.as_str()))).collect();
    let steps: Vec<_> = guide
        .steps
        .iter()
        .map(|step| json!({ "phase": step.phase.name(), "text": step.text, "commands": step.commands }))
        .collect();
    json!({ "id": guide.id, "rule": guide.rule, "title": guide.title, "facts": facts, "url": guide.url, "steps": steps })
}
