//! Cursor, as <https://cursor.com/docs/hooks> has it.
//!
//! Of results only those of MCP tools can be replaced; a file comes before it is read, and is held back as a whole.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::{Agent, Dialect, Error, Found, Heard, Moment, Reply, event::Hearing};

pub(super) struct Cursor;

impl Dialect for Cursor {
    fn speaks(&self, event: &Map<String, Value>) -> bool {
        event.contains_key("cursor_version") || event.contains_key("conversation_id")
    }

    fn heard(&self, name: &str, event: &Map<String, Value>) -> Result<Option<Heard>, Error> {
        let root = event.get("workspace_roots").and_then(|roots| roots.get(0)?.as_str()).map(PathBuf::from);
        let path = event.get("file_path").and_then(Value::as_str).map(PathBuf::from);
        let hearing = |name| Hearing { agent: Agent::Cursor, name, event };
        let heard = match name {
            "beforeSubmitPrompt" => hearing("beforeSubmitPrompt").field(Moment::Prompt, "prompt"),
            "preToolUse" => hearing("preToolUse").call("tool_input", "tool_name"),
            "beforeShellExecution" => hearing("beforeShellExecution").field(Moment::Call, "command"),
            "beforeMCPExecution" => hearing("beforeMCPExecution").field(Moment::Call, "tool_input"),
            "beforeReadFile" => hearing("beforeReadFile").field(Moment::Read, "content"),
            "beforeTabFileRead" => hearing("beforeTabFileRead").field(Moment::Read, "content"),
            "postToolUse" => hearing("postToolUse").result("tool_output", "tool_input"),
            _ => Ok(None),
        };
        Ok(heard?.map(|heard| Heard {
            folder: root.or(heard.folder.clone()),
            path: path.or(heard.path.clone()),
            ..heard
        }))
    }

    fn reply(&self, heard: &Heard, found: Found) -> Reply {
        let Found { notice, masked } = found;
        Reply::json(match heard.moment {
            Moment::Prompt => json!({ "continue": false, "user_message": notice.stopped(Moment::Prompt) }),
            Moment::Result if heard.is_mcp => {
                json!({ "updated_mcp_tool_output": opened(masked), "additional_context": notice.masked() })
            }
            Moment::Result => json!({ "additional_context": notice.warned(Moment::Result) }),
            Moment::Read => json!({ "permission": "deny", "user_message": notice.stopped(Moment::Read) }),
            Moment::Call => {
                let why = notice.stopped(Moment::Call);
                json!({ "permission": "deny", "user_message": why, "agent_message": why })
            }
        })
    }
}

/// A result that came as the text of JSON, as the JSON that goes back.
fn opened(result: Value) -> Value {
    let Value::String(text) = &result else { return result };
    serde_json::from_str(text).unwrap_or(result)
}
