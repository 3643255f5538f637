//! An event as it comes in: bounded, JSON, some agent's; and what agents' events have in common.

use std::{io::Read, path::PathBuf};

use serde_json::{Map, Value};

use super::{Agent, Error, Heard, MOST, Moment, Subject};

/// Agents in the order in which an event is tried: the later ones' events have fewer marks of their own.
const ORDER: [Agent; 6] = [Agent::Windsurf, Agent::Cursor, Agent::Gemini, Agent::Codex, Agent::Copilot, Agent::Claude];

/// Tools that put new text in the place of old.
const EDITORS: [&str; 6] = ["Edit", "MultiEdit", "Write", "edit", "replace", "str_replace_editor"];
/// What they call the old text.
const REPLACED: [&str; 2] = ["old_string", "old_str"];
/// What tools call the file that they read or write.
const FILES: [&str; 4] = ["file_path", "notebook_path", "absolute_path", "path"];

/// Reads an event of `agent`, or of the agent whose shape it has.
///
/// # Errors
/// With the agent, where that is known.
pub fn read(input: impl Read, agent: Option<Agent>) -> Result<Heard, (Option<Agent>, Error)> {
    let event = object(input).map_err(|error| (agent, error))?;
    let is_of = |agent: &Agent| agent.dialect().speaks(&event);
    let Some(agent) = agent.or_else(|| ORDER.into_iter().find(is_of)) else { return Err((None, Error::Unknown)) };
    let name = agent.dialect().name(&event).unwrap_or_default().to_owned();
    match agent.dialect().heard(&name, &event) {
        Ok(Some(heard)) => Ok(heard),
        Ok(None) => Err((Some(agent), Error::Unscanned { agent, event: shown(name) })),
        Err(error) => Err((Some(agent), error)),
    }
}

/// An event's name as a message may hold it: anything else could steer a terminal or begin a line of a log.
fn shown(name: String) -> String {
    let is_name = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { name } else { "…".to_owned() }
}

fn object(input: impl Read) -> Result<Map<String, Value>, Error> {
    let mut bytes = Vec::new();
    input.take(MOST + 1).read_to_end(&mut bytes).map_err(Error::Read)?;
    if bytes.len() as u64 > MOST {
        return Err(Error::TooLarge { what: "the event" });
    }
    // What is not UTF-8 is no token either.
    let text = String::from_utf8_lossy(&bytes);
    match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(event)) => Ok(event),
        Ok(_) => Err(Error::NotJson(None)),
        Err(error) => Err(Error::NotJson(Some(error))),
    }
}

/// Makes what was heard of an event.
pub(super) struct Hearing<'e> {
    pub(super) agent: Agent,
    pub(super) name: &'static str,
    pub(super) event: &'e Map<String, Value>,
}

impl Hearing<'_> {
    /// What the field `field` holds, which is looked at.
    pub(super) fn field(self, moment: Moment, field: &'static str) -> Result<Option<Heard>, Error> {
        let Self { agent, name: event, .. } = self;
        let subject = self.event.get(field).cloned().ok_or(Error::Missing { agent, event, field })?;
        Ok(Some(self.heard(moment, Subject::Json(subject), None)))
    }

    /// What a tool is called with: the field `field`, whose tool the field `tool` names.
    pub(super) fn call(self, field: &'static str, tool: &str) -> Result<Option<Heard>, Error> {
        let Self { agent, name: event, .. } = self;
        let subject = self.event.get(field).cloned().ok_or(Error::Missing { agent, event, field })?;
        let path = file(&subject);
        let is_editor = self.event.get(tool).and_then(Value::as_str).is_some_and(|tool| EDITORS.contains(&tool));
        let subject = Subject::Json(subject);
        let subject = if is_editor { subject.without_replaced() } else { subject };
        Ok(Some(self.heard(Moment::Call, subject, path)))
    }

    /// What a tool came to: the field `field`, of a call with the field `input`.
    pub(super) fn result(self, field: &'static str, input: &str) -> Result<Option<Heard>, Error> {
        let Self { agent, name: event, .. } = self;
        let subject = self.event.get(field).cloned().ok_or(Error::Missing { agent, event, field })?;
        let path = self.event.get(input).and_then(file);
        Ok(Some(self.heard(Moment::Result, Subject::Json(subject), path)))
    }

    pub(super) fn heard(self, moment: Moment, subject: Subject, path: Option<PathBuf>) -> Heard {
        let text = |field: &str| self.event.get(field).and_then(Value::as_str);
        let tool = text("tool_name").or_else(|| text("toolName")).unwrap_or_default();
        Heard {
            agent: self.agent,
            folder: text("cwd").filter(|folder| !folder.is_empty()).map(PathBuf::from),
            path,
            moment,
            subject,
            event: self.name,
            is_mcp: tool.starts_with("MCP:") || tool.starts_with("mcp__"),
        }
    }
}

/// The file that a tool is called with. Some agents hand its arguments over as text.
fn file(input: &Value) -> Option<PathBuf> {
    let parsed = input.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let input = parsed.as_ref().unwrap_or(input);
    let name = FILES.iter().find_map(|field| input.get(field).and_then(Value::as_str))?;
    Some(PathBuf::from(name))
}

impl Subject {
    /// Without what is about to be replaced: whoever takes a secret out of a file has to name it.
    pub(super) fn without_replaced(mut self) -> Self {
        if let Self::Json(value) = &mut self {
            forget_replaced(value);
        }
        self
    }
}

fn forget_replaced(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|field, _| !REPLACED.contains(&field.as_str()));
            fields.values_mut().for_each(forget_replaced);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_replaced),
        Value::String(text) => {
            if let Ok(mut nested @ Value::Object(_)) = serde_json::from_str(text) {
                forget_replaced(&mut nested);
                *value = nested;
            }
        }
        _ => {}
    }
}
