//! What is said of secrets in an event: to the person who sent the prompt, or to the model, which reads it as the tool's answer.

use super::Moment;
use crate::{escape, incident::Incident, rule::Rule};

/// How many secrets are named.
const MOST: usize = 3;
/// How many characters of a rule's name are shown.
const LONGEST: usize = 100;

/// What is said of secrets.
pub(super) struct Notice {
    count: usize,
    /// Each secret's rule and masked form.
    lines: Vec<String>,
    /// The first one's rule.
    rule: String,
}

impl Notice {
    pub(super) fn new(incidents: &[Incident], rules: &[Rule]) -> Self {
        let rule = |incident: &Incident| &rules[incident.rule.0 as usize];
        let line = |incident: &Incident| {
            let name = escape::terminal(&rule(incident).name).into_owned();
            let masked = escape::terminal(&incident.secret.masked()).into_owned();
            format!("  {} ({}): {masked}", escape::cut(&name, LONGEST), rule(incident).id)
        };
        let mut lines: Vec<String> = incidents.iter().take(MOST).map(line).collect();
        if incidents.len() > MOST {
            lines.push(format!("  … and {} more", incidents.len() - MOST));
        }
        let rule = incidents.first().map_or_else(String::new, |incident| rule(incident).id.to_string());
        Self { count: incidents.len(), lines, rule }
    }

    /// Where what holds them was stopped.
    pub(super) fn stopped(&self, moment: Moment) -> String {
        let (what, so, mend) = match moment {
            Moment::Prompt => ("the prompt", "it was not sent", "Take it out, and say instead where it is kept."),
            Moment::Call => (
                "what the tool is called with",
                "it was not run",
                "Do not write it out: have the command or the code read it from an environment variable or a secret store.",
            ),
            Moment::Read => {
                ("the file", "it was not read", "Work without it, or ask for a copy that has placeholders.")
            }
            Moment::Result => ("what the tool came to", "it is held back", "Work without it."),
        };
        self.text(&format!("{what} holds {}, so {so}", self.counted()), mend)
    }

    /// Where the model sees the rest.
    pub(super) fn masked(&self) -> String {
        let what = format!("what the tool came to held {}, masked here", self.counted());
        self.text(&what, "Work with the masked form, and do not look for the value another way.")
    }

    /// Where the agent takes no decision.
    pub(super) fn warned(&self, moment: Moment) -> String {
        let what = if moment == Moment::Prompt { "the prompt" } else { "what the tool came to" };
        let held = format!("{what} holds {}, which this agent lets no hook take out", self.counted());
        self.text(&held, "Do not repeat it, and do not write it anywhere. It has to be revoked.")
    }

    fn counted(&self) -> String {
        if self.count == 1 { "1 secret".to_owned() } else { format!("{} secrets", self.count) }
    }

    fn text(&self, what: &str, mend: &str) -> String {
        let secrets = self.lines.join("\n");
        format!(
            "stanch: {what}:\n{secrets}\n{mend}\n\
             If it is no secret, a person can allow it, with the reason, in stanch.toml.\n\
             If it was shared before, revoke it: stanch playbook --rule {}",
            self.rule
        )
    }
}
