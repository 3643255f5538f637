//! Codex CLI, as <https://developers.openai.com/codex/hooks> has it, and the schemas in `codex-rs/hooks/schema/generated` of
//! <https://github.com/openai/codex>.
//!
//! Events are called as Claude Code's, and carry a `turn_id`. A result that is blocked is replaced by the reason, so that is where the masked result goes.

use serde_json::{Map, Value, json};

use super::{
    Agent, Dialect, Error, Found, Heard, Moment, Reply, Subject,
    claude::{self, denied},
};

pub(super) struct Codex;

impl Dialect for Codex {
    fn speaks(&self, event: &Map<String, Value>) -> bool {
        event.contains_key("hook_event_name") && event.contains_key("turn_id")
    }

    fn heard(&self, name: &str, event: &Map<String, Value>) -> Result<Option<Heard>, Error> {
        if !matches!(name, "UserPromptSubmit" | "PreToolUse" | "PostToolUse") {
            return Ok(None);
        }
        let is_patch = event.get("tool_name").and_then(Value::as_str) == Some("apply_patch");
        let mut heard = claude::heard(Agent::Codex, name, event)?;
        if let Some(Heard { moment: Moment::Call, subject: Subject::Json(input), .. }) = &mut heard
            && is_patch
            && let Some(Value::String(patch)) = input.get_mut("command")
        {
            *patch = added(patch);
        }
        Ok(heard)
    }

    fn reply(&self, heard: &Heard, found: Found) -> Reply {
        let reason = match heard.moment {
            Moment::Call | Moment::Read => return denied(heard.event, &found.notice.stopped(heard.moment)),
            Moment::Prompt => found.notice.stopped(Moment::Prompt),
            Moment::Result => replaced(&found),
        };
        Reply::json(json!({ "decision": "block", "reason": reason }))
    }
}

/// A patch without the lines that it takes away: whoever takes a secret out of a file has to name it.
fn added(patch: &str) -> String {
    let lines = patch.split_inclusive('\n').map(|line| if line.starts_with('-') { "\n" } else { line });
    lines.collect()
}

/// A masked result as text, with what is said of it in front.
pub(super) fn replaced(found: &Found) -> String {
    let text = found.masked.as_str().map_or_else(|| found.masked.to_string(), str::to_owned);
    format!("{}\n\n{text}", found.notice.masked())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_patch_takes_away_is_not_looked_at() {
        assert_eq!(added("*** Update File: a\n@@\n-old\n+new\n kept"), "*** Update File: a\n@@\n\n+new\n kept");
    }
}
