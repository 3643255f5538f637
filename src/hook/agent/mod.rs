//! Coding agents: what their hooks are handed, and what they are answered.
//!
//! An event comes on standard input as JSON ([`event`]). What of it a secret could lie in becomes text ([`text`]), which is scanned as any other
//! text; a file for each agent knows its words for events and decisions. Whose configuration counts, and what becomes of an event that cannot be judged, is the
//! command line's.

mod claude;
mod codex;
mod copilot;
mod cursor;
mod event;
mod gemini;
mod notice;
mod text;
mod windsurf;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use crate::{
    detect::Detector,
    rule::names,
    scan::{self, FailOn, Options, Progress, Status},
};
use text::Text;

pub use event::read;

/// How many bytes of an event, or of a file that it names, are read.
pub const MOST: u64 = 32 * 1024 * 1024;

/// A coding agent whose hooks are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    /// Claude Code.
    Claude,
    /// Codex CLI.
    Codex,
    /// GitHub Copilot: the command line and the cloud agent.
    Copilot,
    /// Cursor.
    Cursor,
    /// Gemini CLI.
    Gemini,
    /// Windsurf's Cascade.
    Windsurf,
}

names!(Agent {
    Claude = "claude",
    Codex = "codex",
    Copilot = "copilot",
    Cursor = "cursor",
    Gemini = "gemini",
    Windsurf = "windsurf",
});

impl Agent {
    fn dialect(self) -> &'static dyn Dialect {
        match self {
            Self::Claude => &claude::Claude,
            Self::Codex => &codex::Codex,
            Self::Copilot => &copilot::Copilot,
            Self::Cursor => &cursor::Cursor,
            Self::Gemini => &gemini::Gemini,
            Self::Windsurf => &windsurf::Windsurf,
        }
    }

    /// The answer that decides nothing.
    pub fn pass(self) -> Reply {
        let out = (self != Self::Windsurf).then(|| json!({}));
        Reply { out, err: None, end: End::Goes }
    }

    /// The answer that lets an event pass which could not be judged, `why` for whoever looks.
    pub fn unjudged(self, why: String) -> Reply {
        // Of this one agent every status but 0 stops the tool.
        let end = if self == Self::Copilot { End::Goes } else { End::Warns };
        Reply { err: Some(why), end, ..self.pass() }
    }
}

/// What one agent's documentation says.
trait Dialect {
    /// Whether an event is this agent's, of those that no agent before it in [`event`]'s order took.
    fn speaks(&self, event: &Map<String, Value>) -> bool;

    /// The event's name, where it has one.
    fn name<'e>(&self, event: &'e Map<String, Value>) -> Option<&'e str> {
        event.get("hook_event_name")?.as_str()
    }

    /// What of the event called `name` is looked at; nothing where nothing could be done about it.
    fn heard(&self, name: &str, event: &Map<String, Value>) -> Result<Option<Heard>, Error>;

    /// What is answered where that holds secrets.
    fn reply(&self, heard: &Heard, found: Found) -> Reply;
}

/// What of an event is looked at.
#[derive(Debug)]
pub struct Heard {
    /// Whose it is.
    pub agent: Agent,
    /// The folder that the agent works in, where the event names it.
    pub folder: Option<PathBuf>,
    /// The file whose text it is, as the event names it.
    pub path: Option<PathBuf>,
    moment: Moment,
    subject: Subject,
    /// Its name, as the answer repeats it.
    event: &'static str,
    /// Whether the tool is an MCP server's.
    is_mcp: bool,
}

/// When in an agent's work an event comes, and so what a secret in it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// Somebody sends a prompt.
    Prompt,
    /// The model calls a tool.
    Call,
    /// The model is about to see a file.
    Read,
    /// The model is about to see what a tool came to.
    Result,
}

/// Where the text is.
#[derive(Debug)]
enum Subject {
    Json(Value),
    File(PathBuf),
}

/// Secrets were found.
struct Found {
    /// What is said of them.
    notice: notice::Notice,
    /// What was looked at, without them.
    masked: Value,
}

/// What is answered.
#[derive(Debug, PartialEq)]
pub struct Reply {
    /// For standard output.
    pub out: Option<Value>,
    /// For standard error.
    pub err: Option<String>,
    /// With which status.
    pub end: End,
}

/// What an exit status tells an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// 0: the answer is on standard output.
    Goes,
    /// 1: go on, and show what standard error says.
    Warns,
    /// 2: stop, for what standard error says.
    Stops,
}

impl Reply {
    fn json(out: Value) -> Self {
        Self { out: Some(out), err: None, end: End::Goes }
    }

    fn stop(why: String) -> Self {
        Self { out: None, err: Some(why), end: End::Stops }
    }
}

/// Why an event cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("hook agent: the event cannot be read")]
    Read(#[source] io::Error),
    /// There is too much of it.
    #[error("hook agent: {what} has more than {} MiB, and is not scanned", MOST >> 20)]
    TooLarge {
        /// Of what.
        what: &'static str,
    },
    /// It is no JSON object.
    #[error("hook agent: the event is not a JSON object")]
    NotJson(#[source] Option<serde_json::Error>),
    /// No agent is known to send such.
    #[error("hook agent: the event has the shape of no agent's: --agent NAME says whose it is")]
    Unknown,
    /// A field is not there.
    #[error("hook agent: {event} of {} comes without {field}", agent.name())]
    Missing {
        /// Whose event.
        agent: Agent,
        /// Which event.
        event: &'static str,
        /// Which field.
        field: &'static str,
    },
    /// The agent has no such event, or nothing can be answered to it.
    #[error("hook agent: nothing of `{event}` of {} is scanned", agent.name())]
    Unscanned {
        /// Whose event.
        agent: Agent,
        /// Which event.
        event: String,
    },
    /// The file that it names cannot be read.
    #[error("hook agent: the file that the event names cannot be read")]
    File(#[source] io::Error),
    /// The scan could not begin.
    #[error(transparent)]
    Scan(#[from] scan::Error),
    /// The scan was not complete.
    #[error("hook agent: not all of it could be scanned: {why}")]
    Incomplete {
        /// Why not.
        why: String,
    },
}

/// Scans what was heard, as standard input, and says what to answer.
pub fn answer(heard: &Heard, options: &Options, detector: &Detector, fail_on: FailOn) -> Result<Reply, Error> {
    let text = match &heard.subject {
        Subject::Json(value) => Text::of(value),
        Subject::File(path) => match file(path)? {
            Some(bytes) => Text::plain(bytes),
            None => return Ok(heard.agent.pass()),
        },
    };
    let outcome = scan::run(options, detector, &mut text.bytes(), &Progress::default())?;
    if Status::of(&outcome, fail_on) == Status::Clean {
        return Ok(heard.agent.pass());
    }
    if outcome.incidents.is_empty() {
        let failed = outcome.coverage.failed.first();
        return Err(Error::Incomplete { why: failed.map_or_else(String::new, |failure| failure.reason.clone()) });
    }
    let masked = match &heard.subject {
        Subject::Json(value) => text.masked(value, &outcome.incidents, detector),
        Subject::File(_) => Value::Null,
    };
    let notice = notice::Notice::new(&outcome.incidents, detector.rules());
    Ok(heard.agent.dialect().reply(heard, Found { notice, masked }))
}

/// What is in a file that the model is about to see; nothing where that is a folder or not there.
fn file(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    if !path.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes)).map_err(Error::File)?;
    if bytes.len() as u64 > MOST {
        return Err(Error::TooLarge { what: "the file that the event names" });
    }
    Ok(Some(bytes))
}
