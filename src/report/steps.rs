//! The steps of a provider's playbook for one incident, filled in with what the report knows of it.
//!
//! Escaping them is the format's. What a provider's playbook leaves out is added by `stanch playbook`.

use data_encoding::{BASE64, HEXLOWER};

use super::{Report, model, redact::Redactor, time, words};
use crate::{
    finding::PartValue,
    incident::Incident,
    playbook::Phase,
    rules::placeholder::{self, Filter},
};

/// One thing to do.
pub(super) struct Step {
    pub(super) phase: Phase,
    pub(super) text: String,
    /// Lines for a shell.
    pub(super) commands: Vec<String>,
}

/// What to do about `incident`, in order; nothing where its rule has no playbook.
pub(super) fn of(incident: &Incident, report: &Report<'_>, redactor: &Redactor<'_>) -> Vec<Step> {
    let known = |name: &str, filters: &[Filter]| known(incident, report, redactor, name, filters);
    let playbook = report.rule(incident.rule).playbook.as_ref();
    let steps = playbook.map_or(&[][..], |playbook| &playbook.steps);
    let filled = steps.iter().map(|step| Step {
        phase: step.phase,
        text: placeholder::filled(&step.text, &known),
        commands: step.commands.iter().map(|line| command(line, &known)).collect(),
    });
    filled.collect()
}

/// A line for a shell. What a value came from is not to be trusted: one that a shell could take for anything but a word is left out, and its name stands there.
fn command(line: &str, known: &dyn Fn(&str, &[Filter]) -> Option<String>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@=+,".contains(c);
    let fits = |value: &String| value.chars().all(plain) && !value.starts_with('-');
    placeholder::filled(line, &|name, filters| known(name, filters).filter(fits))
}

/// What playbooks call `name`, masked: what the provider said, what was found with the token, or what follows from where it is.
fn known(
    incident: &Incident,
    report: &Report<'_>,
    redactor: &Redactor<'_>,
    name: &str,
    filters: &[Filter],
) -> Option<String> {
    let access = incident.access.as_ref();
    let value = match name {
        "since" => time::rfc3339(words::introduced(incident)?.at)?,
        "sha256" => model::named_in_logs(report.rule(incident.rule), &incident.secret)?,
        "owner" => access.and_then(|access| access.owner.clone()).or_else(|| part(incident, name))?,
        "account" => access.and_then(|access| access.account.clone()).or_else(|| part(incident, name))?,
        _ => part(incident, name)?,
    };
    let value = redactor.text(&value).into_owned();
    filters.iter().try_fold(value, |value, filter| match filter {
        Filter::Date => value.get(..10).map(str::to_owned),
        Filter::Base64 => Some(BASE64.encode(&HEXLOWER.decode(value.as_bytes()).ok()?)),
        Filter::Lower => Some(value.to_ascii_lowercase()),
        _ => Some(value),
    })
}

/// A part that was found with it and may be shown.
fn part(incident: &Incident, name: &str) -> Option<String> {
    let part = incident.parts.iter().find(|part| part.name == name)?;
    match &part.value {
        PartValue::Public(value) => Some(value.clone()),
        PartValue::Secret(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        playbook::{self, Playbook},
        report::samples::Sample,
    };

    fn filled(text: &'static str, line: &'static str, change: impl Fn(&mut Sample)) -> (String, String) {
        let mut sample = Sample::github();
        let step = playbook::Step { phase: Phase::Contain, text: text.into(), commands: vec![line.into()].into() };
        sample.rules[0].playbook = Some(Playbook { url: "https://example.org".into(), steps: vec![step].into() });
        change(&mut sample);
        let report = sample.report();
        let mut steps = of(&sample.incidents[0], &report, &Redactor::new(&report));
        (steps[0].text.clone(), steps[0].commands.remove(0))
    }

    #[test]
    fn what_is_known_is_filled_in() {
        let (text, line) = filled("of ${account}, ${nothing}", "show ${account} --since ${since|date}", |_| ());
        assert_eq!(text, "of octo-org, NOTHING");
        assert_eq!(line, "show octo-org --since 2026-01-02");
    }

    #[test]
    fn no_value_is_more_than_a_word_of_a_command() {
        for value in ["a b", "$(x)", "--all", "a;b", "`x`", "a\nb"] {
            let hostile = |sample: &mut Sample| {
                sample.incidents[0].parts[0].value = PartValue::Public(value.to_owned());
            };
            let (text, line) = filled("of ${account}", "show ${account}", hostile);
            assert_eq!((text, line), (format!("of {value}"), "show ACCOUNT".to_owned()));
        }
    }
}
