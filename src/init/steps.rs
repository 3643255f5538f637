//! What a person does next: the three steps that are worth most, as commands.

use super::{ci::Ci, known::Known};
use crate::escape;

/// How things stand once everything is written.
#[derive(Clone, Debug, Default)]
pub struct Situation<'s> {
    /// The files that git does not have yet, named from the top; none outside a repository.
    pub uncommitted: Vec<&'s str>,
    /// Whether `.gitignore` names one of them.
    pub ignored: bool,
    /// What is hidden by the baseline.
    pub known: Known,
    /// What is reported all the same.
    pub new: usize,
    /// Whether git could run hooks here, and does not run ours.
    pub unhooked: bool,
    /// A CI system in use that does not scan yet.
    pub unguarded: Option<Ci>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to run.
    pub command: String,
    /// What for.
    pub why: String,
}

/// More would not be done.
const MOST: usize = 3;

/// The steps, most urgent first.
pub fn next(situation: &Situation<'_>) -> Vec<Step> {
    let Situation { uncommitted, known, new, .. } = situation;
    let step = |command: &str, why: String| Step { command: command.to_owned(), why };
    let mut steps = Vec::new();
    if !uncommitted.is_empty() {
        let files: Vec<String> = uncommitted.iter().map(|file| escape::shell(file)).collect();
        let force = if situation.ignored { "--force " } else { "" };
        let command = format!("git add {force}{} && git commit -m 'Look for leaked tokens'", files.join(" "));
        steps.push(Step { command, why: "so that everybody's scans, and CI, go by them".to_owned() });
    }
    if *new > 0 {
        steps.push(step("stanch scan", format!("shows the {} that the baseline does not know", secrets(*new))));
    }
    if known.all > 0 {
        let why = format!("asks providers which of the {} still work: those come first", secrets(known.all));
        steps.push(step("stanch scan --no-allow --verify", why));
    }
    if situation.unhooked {
        steps.push(step("stanch hook install", "stops commits and pushes that would add one".to_owned()));
    }
    if let Some(ci) = situation.unguarded {
        let command = format!("stanch init --workflow={}", ci.word());
        let does = if ci.file().is_some() { "writes" } else { "prints" };
        steps.push(Step { command, why: format!("{does} a job for {}", ci.name()) });
    }
    if known.all > 0 {
        let why = format!("goes through the {} one by one: keep, false positive, to fix", secrets(known.all));
        steps.push(step("stanch baseline audit", why));
    }
    if *new == 0 {
        steps.push(step("stanch scan", "reports what is new from now on".to_owned()));
    }
    steps.push(step("stanch rules list", "lists what is looked for".to_owned()));
    steps.push(step("stanch help scan", "lists what a scan can be told".to_owned()));
    steps.truncate(MOST);
    steps
}

fn secrets(number: usize) -> String {
    format!("{number} secret{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(situation: &Situation<'_>) -> Vec<String> {
        next(situation).into_iter().map(|step| step.command).collect()
    }

    #[test]
    fn there_are_three_whatever_the_situation() {
        for uncommitted in [vec![], vec!["stanch.toml"]] {
            for (known, new) in [(0, 0), (1, 0), (0, 1), (2, 2)] {
                for unhooked in [true, false] {
                    for unguarded in [None, Some(Ci::Jenkins)] {
                        let known = Known { all: known, ..Known::default() };
                        let uncommitted = uncommitted.clone();
                        let steps =
                            commands(&Situation { uncommitted, ignored: false, known, new, unhooked, unguarded });
                        let distinct: std::collections::BTreeSet<&String> = steps.iter().collect();
                        assert_eq!(distinct.len(), 3, "{steps:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_urgent_comes_first() {
        let known = Known { all: 3, ..Known::default() };
        let mut situation = Situation { uncommitted: vec!["a b", "c"], known, unhooked: true, ..Situation::default() };
        let steps = next(&situation);
        assert_eq!(steps[0].command, "git add 'a b' c && git commit -m 'Look for leaked tokens'");
        assert!(steps[1].command.ends_with("--verify") && steps[1].why.contains("3 secrets"), "{steps:?}");
        assert_eq!(steps[2].command, "stanch hook install");
        situation.unhooked = false;
        situation.unguarded = Some(Ci::GitHub);
        assert_eq!(commands(&situation)[2], "stanch init --workflow=github");
    }
}
