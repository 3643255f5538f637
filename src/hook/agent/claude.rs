//! Claude Code, as <https://code.claude.com/docs/en/hooks> has it.
//!
//! What a tool came to is replaced by `updatedToolOutput`, whose shape has to be the tool's own: strings change, and nothing else. What a tool that
//! failed says can only be commented on.

use serde_json::{Map, Value, json};

use super::{Agent, Dialect, Error, Found, Heard, Moment, Reply, event::Hearing};

pub(super) struct Claude;

impl Dialect for Claude {
    fn speaks(&self, event: &Map<String, Value>) -> bool {
        event.contains_key("hook_event_name") && event.contains_key("session_id")
    }

    fn heard(&self, name: &str, event: &Map<String, Value>) -> Result<Option<Heard>, Error> {
        heard(Agent::Claude, name, event)
    }

    fn reply(&self, heard: &Heard, found: Found) -> Reply {
        let event = heard.event;
        match heard.moment {
            Moment::Prompt => {
                // Else the message to the user would repeat the prompt.
                let specific = json!({ "hookEventName": event, "suppressOriginalPrompt": true });
                let reason = found.notice.stopped(Moment::Prompt);
                Reply::json(json!({ "decision": "block", "reason": reason, "hookSpecificOutput": specific }))
            }
            Moment::Result if event == "PostToolUse" => specific(
                event,
                json!({ "updatedToolOutput": found.masked, "additionalContext": found.notice.masked() }),
            ),
            Moment::Result => specific(event, json!({ "additionalContext": found.notice.warned(Moment::Result) })),
            Moment::Call | Moment::Read => denied(event, &found.notice.stopped(heard.moment)),
        }
    }
}

/// The events that two agents have in common.
pub(super) fn heard(agent: Agent, name: &str, event: &Map<String, Value>) -> Result<Option<Heard>, Error> {
    let hearing = |name| Hearing { agent, name, event };
    match name {
        "UserPromptSubmit" => hearing("UserPromptSubmit").field(Moment::Prompt, "prompt"),
        "UserPromptExpansion" => hearing("UserPromptExpansion").field(Moment::Prompt, "prompt"),
        "PreToolUse" => hearing("PreToolUse").call("tool_input", "tool_name"),
        "PostToolUse" => hearing("PostToolUse").result("tool_response", "tool_input"),
        "PostToolUseFailure" => hearing("PostToolUseFailure").result("error", "tool_input"),
        _ => Ok(None),
    }
}

/// A tool call is not made.
pub(super) fn denied(event: &str, why: &str) -> Reply {
    specific(event, json!({ "permissionDecision": "deny", "permissionDecisionReason": why }))
}

fn specific(event: &str, mut fields: Value) -> Reply {
    fields["hookEventName"] = event.into();
    Reply::json(json!({ "hookSpecificOutput": fields }))
}
