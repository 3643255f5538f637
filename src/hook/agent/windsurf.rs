//! Windsurf's Cascade, as <https://docs.windsurf.com/windsurf/cascade/hooks> has it.
//!
//! Decisions are exit statuses: 2 stops what has not happened yet, and shows the model what standard error says. A file is named before it is read, so
//! it is read here.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::{Agent, Dialect, Error, Found, Heard, Moment, Reply, Subject, event::Hearing};

pub(super) struct Windsurf;

impl Dialect for Windsurf {
    fn speaks(&self, event: &Map<String, Value>) -> bool {
        event.contains_key("agent_action_name")
    }

    fn name<'e>(&self, event: &'e Map<String, Value>) -> Option<&'e str> {
        event.get("agent_action_name")?.as_str()
    }

    fn heard(&self, name: &str, event: &Map<String, Value>) -> Result<Option<Heard>, Error> {
        let nothing = Map::new();
        let event = event.get("tool_info").and_then(Value::as_object).unwrap_or(&nothing);
        let path = event.get("file_path").and_then(Value::as_str).map(PathBuf::from);
        let hearing = |name| Hearing { agent: Agent::Windsurf, name, event };
        match name {
            "pre_user_prompt" => hearing("pre_user_prompt").field(Moment::Prompt, "user_prompt"),
            "pre_run_command" => hearing("pre_run_command").field(Moment::Call, "command_line"),
            "pre_mcp_tool_use" => hearing("pre_mcp_tool_use").field(Moment::Call, "mcp_tool_arguments"),
            "post_mcp_tool_use" => hearing("post_mcp_tool_use").field(Moment::Result, "mcp_result"),
            "pre_write_code" => {
                let heard = hearing("pre_write_code").field(Moment::Call, "edits")?;
                Ok(heard.map(|heard| Heard { path, subject: heard.subject.without_replaced(), ..heard }))
            }
            "pre_read_code" => {
                let (agent, name) = (Agent::Windsurf, "pre_read_code");
                let path = path.ok_or(Error::Missing { agent, event: name, field: "file_path" })?;
                Ok(Some(hearing(name).heard(Moment::Read, Subject::File(path.clone()), Some(path))))
            }
            _ => Ok(None),
        }
    }

    fn reply(&self, heard: &Heard, found: Found) -> Reply {
        Reply::stop(match heard.moment {
            Moment::Result => found.notice.warned(Moment::Result),
            moment => found.notice.stopped(moment),
        })
    }
}
