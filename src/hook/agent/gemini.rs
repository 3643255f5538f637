//! Gemini CLI, as <https://geminicli.com/docs/hooks/reference> has it.
//!
//! A result that is denied is replaced by the reason, so that is where the masked result goes.

use serde_json::{Map, Value, json};

use super::{Agent, Dialect, Error, Found, Heard, Moment, Reply, codex::replaced, event::Hearing};

pub(super) struct Gemini;

impl Dialect for Gemini {
    fn speaks(&self, event: &Map<String, Value>) -> bool {
        self.name(event).is_some_and(|name| name.starts_with("Before") || name.starts_with("After"))
    }

    fn heard(&self, name: &str, event: &Map<String, Value>) -> Result<Option<Heard>, Error> {
        let hearing = |name| Hearing { agent: Agent::Gemini, name, event };
        match name {
            "BeforeAgent" => hearing("BeforeAgent").field(Moment::Prompt, "prompt"),
            "BeforeTool" => hearing("BeforeTool").call("tool_input", "tool_name"),
            "AfterTool" => hearing("AfterTool").result("tool_response", "tool_input"),
            _ => Ok(None),
        }
    }

    fn reply(&self, heard: &Heard, mut found: Found) -> Reply {
        let reason = match heard.moment {
            Moment::Result => {
                // The model sees this part alone; the other is for the screen.
                if let Some(content) = found.masked.get_mut("llmContent") {
                    found.masked = content.take();
                }
                replaced(&found)
            }
            moment => found.notice.stopped(moment),
        };
        Reply::json(json!({ "decision": "deny", "reason": reason }))
    }
}
