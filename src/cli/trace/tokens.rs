//! Which tokens `trace` looks for: those of a report, or those in a file.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use stanch::{
    detect::Detector,
    respond::Guide,
    scan::{self, Progress},
    secret::{self, Shown},
    trace::Token,
};

use super::super::{
    choices::time,
    error::AnyError,
    patterns, playbook,
    reported::{self, Reported},
};

/// A longer file of tokens is none, in bytes.
const LONGEST: u64 = 16 << 20;
/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

#[derive(Debug, Args)]
pub(super) struct Tokens {
    /// Looks for the tokens of this report of stanch, in JSON or JSON lines
    #[arg(long, value_name = "REPORT", required_unless_present = "token_from", conflicts_with = "token_from")]
    report: Option<PathBuf>,
    /// What the report is of: scanned anew for the tokens, which no report holds [default: .]
    #[arg(long, value_name = "PATH", conflicts_with = "token_from")]
    repository: Vec<PathBuf>,
    /// Looks only for the tokens of incidents whose ids begin so
    #[arg(long, value_name = "ID", conflicts_with = "token_from")]
    id: Vec<String>,
    /// Looks for the tokens in this file, one a line, or sha256: and the hash of one; - is standard input
    #[arg(long, value_name = "FILE")]
    token_from: Option<PathBuf>,
    /// Since when others could have the tokens, as 2026-01-02T03:04:05Z; what a report says comes first
    #[arg(long, value_name = "TIME", value_parser = time)]
    leaked_at: Option<i64>,
    /// Since when the tokens work no more
    #[arg(long, value_name = "TIME", value_parser = time)]
    revoked_at: Option<i64>,
    /// Takes this pattern file, or those in this folder, too
    #[arg(long, value_name = "PATH", env = "STANCH_PATTERNS")]
    patterns: Vec<PathBuf>,
    /// Makes identities under the key in this file
    #[arg(long, value_name = "FILE", env = "STANCH_KEY_FILE")]
    key_file: Option<PathBuf>,
}

/// The tokens to look for, and what is to be said of those that cannot be.
pub(super) struct Found {
    pub(super) tokens: Vec<Token>,
    pub(super) notes: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} holds no token", path.display())]
    NoToken { path: PathBuf },
    #[error("{} is larger than {} MiB, which is no file of tokens", path.display(), LONGEST >> 20)]
    TooLong { path: PathBuf },
}

impl Tokens {
    pub(super) fn find(&self) -> Result<Found, AnyError> {
        let (mut tokens, notes) = match (&self.report, &self.token_from) {
            (Some(report), _) => self.reported(report)?,
            (None, Some(file)) => self.listed(file)?,
            (None, None) => (Vec::new(), Vec::new()),
        };
        for token in &mut tokens {
            token.leaked_at = token.leaked_at.or(self.leaked_at.map(|at| at * SECOND));
            token.revoked_at = self.revoked_at.map(|at| at * SECOND).or(token.revoked_at);
        }
        Ok(Found { tokens, notes })
    }

    /// Whether standard input holds them.
    pub(super) fn are_from_stdin(&self) -> bool {
        [&self.report, &self.token_from].into_iter().flatten().any(|path| path.as_os_str() == "-")
    }

    /// The steps that end the incidents of the report; none without one.
    pub(super) fn guides(&self) -> Result<Vec<Guide>, AnyError> {
        let Some(report) = &self.report else { return Ok(Vec::new()) };
        let mut incidents = reported::incidents(report)?;
        incidents.retain(|incident| incident["id"].as_str().is_some_and(|id| self.is_wanted(id)));
        let named = report.to_str().filter(|name| *name != "-");
        playbook::guides(&patterns::rules(&self.patterns)?, &incidents, named)
    }

    fn is_wanted(&self, id: &str) -> bool {
        self.id.is_empty() || self.id.iter().any(|wanted| id.starts_with(wanted.as_str()))
    }

    /// Those of a report: found anew where they still are, else by what the report says of them.
    fn reported(&self, report: &Path) -> Result<(Vec<Token>, Vec<String>), AnyError> {
        let here = [PathBuf::from(".")];
        let paths = if self.repository.is_empty() { &here[..] } else { &self.repository };
        let reported = Reported::of(report, paths, &self.patterns, self.key_file.as_deref()).only(&self.id);
        let config = reported.config(jiff::Timestamp::now().as_second(), false)?;
        let detector = Detector::new(config.rules.rules().to_vec());
        let outcome = reported.find(&config, &detector, &Progress::default())?;
        let mut tokens: Vec<Token> =
            outcome.incidents.iter().map(|incident| Token::of_incident(incident, detector.rules())).collect();
        let mut notes = Vec::new();
        for incident in reported::incidents(report)? {
            let token = Token::of_report(&incident);
            let is_new = !tokens.iter().any(|known| known.incident == token.incident);
            if is_new && token.incident.as_deref().is_some_and(|id| self.is_wanted(id)) {
                notes.push(note(&token));
                tokens.push(token);
            }
        }
        if tokens.is_empty() {
            notes.push("nothing was looked for: the report holds no such incident".to_owned());
        }
        Ok((tokens, notes))
    }

    /// Those in a file. What rules find in it are tokens, and each line is one in which they find nothing, or the hash of one.
    fn listed(&self, path: &Path) -> Result<(Vec<Token>, Vec<String>), AnyError> {
        let text = zeroize::Zeroizing::new(read(path)?);
        let stdin = [PathBuf::from("-")];
        let reported = Reported::of(path, &stdin, &self.patterns, self.key_file.as_deref());
        let config = reported.config(jiff::Timestamp::now().as_second(), false)?;
        let detector = Detector::new(config.rules.rules().to_vec());
        let outcome = scan::run(&config.options, &detector, &mut text.as_slice(), &Progress::default())?;
        let mut tokens: Vec<Token> =
            outcome.incidents.iter().map(|incident| Token::of_incident(incident, detector.rules())).collect();
        for token in &mut tokens {
            token.incident = None;
        }
        let secrets: Vec<&[u8]> = outcome.incidents.iter().map(|incident| incident.secret.expose()).collect();
        let mut notes = Vec::new();
        for (line, number) in text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).zip(1..) {
            if line.is_empty() || secrets.iter().any(|secret| memchr::memmem::find(line, secret).is_some()) {
                continue;
            }
            match of_line(line) {
                Ok(token) => tokens.push(token),
                Err(why) => notes.push(format!("line {number} of {} is not looked for: {why}", path.display())),
            }
        }
        if tokens.is_empty() { Err(Error::NoToken { path: path.to_owned() }.into()) } else { Ok((tokens, notes)) }
    }
}

/// The token that is a line; why it is none otherwise.
fn of_line(line: &[u8]) -> Result<Token, &'static str> {
    if line.starts_with(b"sha256:") {
        let hashed = str::from_utf8(line).ok().and_then(Token::hashed);
        return hashed.ok_or("what follows sha256: is no SHA-256 in hex or base64");
    }
    if line.iter().any(u8::is_ascii_whitespace) {
        return Err("it is several words, and none that a rule knows");
    }
    let token = Token::bare("any", secret::mask(line, Shown::Ends { prefix: 0 }), line);
    if token.needles.is_empty() { Err("what is so short is everywhere by chance") } else { Ok(token) }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let outcome = if path.as_os_str() == "-" {
        io::stdin().lock().take(LONGEST + 1).read_to_end(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut text))
    };
    let read = outcome.map_err(|source| Error::Read { path: path.to_owned(), source })?;
    if read as u64 > LONGEST {
        return Err(Error::TooLong { path: path.to_owned() });
    }
    Ok(text)
}

/// How a token is looked for whose value was not found anew.
fn note(token: &Token) -> String {
    let name = token.incident.as_deref().map_or_else(|| token.masked.clone(), |id| format!("incident {id}"));
    let how = if token.needles.is_empty() {
        "nothing is known of it that could be looked for"
    } else {
        "its value was not found, so it is looked for by the id of its key alone"
    };
    format!(
        "{name}: {how}; a report holds neither tokens nor hashes of them: --repository says where its value still is, or --token-from - takes it, or sha256: and its hash"
    )
}
