//! GitHub Copilot's command line and cloud agent, as <https://docs.github.com/en/copilot/reference/hooks-reference> has it.
//!
//! An event whose hook is configured in camelCase does not say its name, so its fields have to. A prompt cannot be stopped: what a hook writes on standard
//! error with status 2 is shown to the user.

use serde_json::{Map, Value, json};

use super::{Agent, Dialect, Error, Found, Heard, Moment, Reply, event::Hearing};

pub(super) struct Copilot;

impl Dialect for Copilot {
    fn speaks(&self, event: &Map<String, Value>) -> bool {
        let has = |field| event.contains_key(field);
        has("sessionId") || has("hook_event_name") && has("timestamp") && !has("transcript_path")
    }

    fn name<'e>(&self, event: &'e Map<String, Value>) -> Option<&'e str> {
        let has = |field| event.contains_key(field);
        if let Some(name) = event.get("hook_event_name") {
            return name.as_str();
        }
        match () {
            () if has("toolResult") => Some("PostToolUse"),
            () if has("toolName") && has("error") => Some("PostToolUseFailure"),
            () if has("toolName") => Some("PreToolUse"),
            () if has("prompt") && !has("transformedPrompt") => Some("UserPromptSubmit"),
            () => None,
        }
    }

    fn heard(&self, name: &str, event: &Map<String, Value>) -> Result<Option<Heard>, Error> {
        let is_camel = event.contains_key("sessionId");
        let pick = |camel, snake| if is_camel { camel } else { snake };
        let hearing = |name| Hearing { agent: Agent::Copilot, name, event };
        let (input, tool) = (pick("toolArgs", "tool_input"), pick("toolName", "tool_name"));
        match name {
            "UserPromptSubmit" => hearing("userPromptSubmitted").field(Moment::Prompt, "prompt"),
            "PreToolUse" => hearing("preToolUse").call(input, tool),
            "PostToolUse" => hearing("postToolUse").result(pick("toolResult", "tool_result"), input),
            "PostToolUseFailure" => hearing("postToolUseFailure").result("error", input),
            _ => Ok(None),
        }
    }

    fn reply(&self, heard: &Heard, found: Found) -> Reply {
        match (heard.moment, heard.event) {
            (Moment::Prompt, _) => Reply::stop(found.notice.warned(Moment::Prompt)),
            (Moment::Result, "postToolUse") => {
                let text = ["textResultForLlm", "text_result_for_llm"];
                let text = text.iter().find_map(|field| found.masked.get(field)).cloned().unwrap_or_else(|| "".into());
                let result = json!({ "resultType": "success", "textResultForLlm": text });
                Reply::json(json!({ "modifiedResult": result, "additionalContext": found.notice.masked() }))
            }
            (Moment::Result, _) => Reply::json(json!({ "additionalContext": found.notice.warned(Moment::Result) })),
            (moment, _) => Reply::json(json!({
                "permissionDecision": "deny",
                "permissionDecisionReason": found.notice.stopped(moment),
            })),
        }
    }
}
