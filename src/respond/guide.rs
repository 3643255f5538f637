//! Puts the steps together that end one incident, in the order in which they are taken.

use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;

use super::class;
use crate::{
    escape::shell,
    playbook::Phase,
    rule::Rule,
    rules::placeholder::{self, Filter},
};

/// How many places a guide lists.
const MOST_PLACES: usize = 50;

/// The steps that end an incident, or any token of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guide {
    /// The incident's id, where it is for one.
    pub id: Option<String>,
    /// The rule's id.
    pub rule: String,
    /// What it is, in a line.
    pub title: String,
    /// What is known: names and values.
    pub facts: Vec<(&'static str, String)>,
    /// The provider's page on ending such a token.
    pub url: Option<String>,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What for.
    pub phase: Phase,
    /// What, as prose.
    pub text: String,
    /// Lines for a shell; comments among them begin with `#`.
    pub commands: Vec<String>,
}

impl Guide {
    /// For any token of `rule`.
    pub fn of_rule(rule: &Rule) -> Self {
        let mut guide = Self {
            id: None,
            rule: rule.id.to_string(),
            title: rule.name.to_string(),
            facts: vec![("provider", rule.provider_name.to_string()), ("class", rule.class.name().to_owned())],
            url: rule.playbook.as_ref().map(|playbook| playbook.url.to_string()),
            steps: Vec::new(),
        };
        for phase in Phase::ALL {
            guide.add_written(rule, phase, &|_, _| None);
        }
        guide
    }

    /// For `incident`, an object of a report, which `rule` found; `report` is the file that it is in.
    pub fn of_incident(rule: &Rule, incident: &Value, report: Option<&str>) -> Self {
        let mut guide = Self::of_rule(rule);
        let leak = Leak { incident, report };
        guide.id = leak.text("/id").map(str::to_owned);
        guide.title = format!("{} {}", rule.name, leak.text("/secret/masked").unwrap_or("…"));
        guide.facts.extend(leak.facts());
        guide.steps = Vec::new();
        for phase in Phase::ALL {
            guide.add_written(rule, phase, &|name, filters| leak.known(name, filters));
            guide.steps.extend(leak.steps(rule, phase));
        }
        guide
    }

    /// What the provider's playbook says of `phase`, with what is `known`, else what any token of the class asks for.
    fn add_written(&mut self, rule: &Rule, phase: Phase, known: &Known<'_>) {
        let steps = rule.playbook.as_ref().map_or(&[][..], |playbook| &playbook.steps);
        let own = steps.iter().filter(|step| step.phase == phase).map(|step| Step {
            phase,
            text: placeholder::filled(&step.text, known),
            commands: step.commands.iter().map(|line| command(line, known)).collect(),
        });
        let before = self.steps.len();
        self.steps.extend(own);
        if self.steps.len() == before {
            let text = class::step(rule.class, phase).to_owned();
            self.steps.push(Step { phase, text, commands: Vec::new() });
        }
    }
}

/// What is known by a name, changed by filters.
type Known<'k> = dyn Fn(&str, &[Filter]) -> Option<String> + 'k;

/// A line for a shell. What a value came from is not to be trusted: one that a shell could take for anything but a word is left out, and its name stands there.
fn command(line: &str, known: &Known<'_>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@=+,".contains(c);
    let fits = |value: &String| value.chars().all(plain) && !value.starts_with('-');
    placeholder::filled(line, &|name, filters| known(name, filters).filter(fits))
}

/// An incident as its report has it.
struct Leak<'v> {
    incident: &'v Value,
    report: Option<&'v str>,
}

impl<'v> Leak<'v> {
    fn text(&self, pointer: &str) -> Option<&'v str> {
        self.incident.pointer(pointer)?.as_str()
    }

    fn occurrences(&self) -> &'v [Value] {
        self.incident["occurrences"].as_array().map_or(&[], Vec::as_slice)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        let mut add = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
        add("severity", self.text("/severity").map(str::to_owned));
        add(
            "verdict",
            self.text("/verdict/status").map(|status| match self.text("/verdict/reason") {
                Some(reason) => format!("{status}: {reason}"),
                None => status.to_owned(),
            }),
        );
        for (name, at) in [("owner", "owner"), ("account", "account"), ("may", "scopes"), ("good until", "expires")] {
            add(name, self.text(&format!("/access/{at}")).map(str::to_owned));
        }
        add("exposed since", self.exposed_since());
        add("strongest reach", self.occurrences().first().and_then(|found| found["reach"].as_str()).map(str::to_owned));
        add("places", Some(self.occurrences().len().to_string()));
        facts
    }

    /// What playbooks call `name`: what the provider said, what was found with the token, or what follows from where it is.
    fn known(&self, name: &str, filters: &[Filter]) -> Option<String> {
        let value = match name {
            "since" => self.introduced()?.0.to_owned(),
            "sha256" => self.text("/secret/sha256")?.to_owned(),
            "owner" | "account" => match self.text(&format!("/access/{name}")) {
                Some(told) => told.to_owned(),
                None => self.part(name)?.to_owned(),
            },
            _ => self.part(name)?.to_owned(),
        };
        filters.iter().try_fold(value, |value, filter| match filter {
            Filter::Date => value.get(..10).map(str::to_owned),
            Filter::Base64 => Some(BASE64.encode(&HEXLOWER.decode(value.as_bytes()).ok()?)),
            Filter::Lower => Some(value.to_ascii_lowercase()),
            _ => Some(value),
        })
    }

    /// A part that was found with it and may be shown.
    fn part(&self, name: &str) -> Option<&'v str> {
        let part = self.incident["parts"].as_array()?.iter().find(|part| part["name"] == name)?;
        part["value"].as_str()
    }

    /// The earliest commit that brought it in, where git knows one.
    fn exposed_since(&self) -> Option<String> {
        self.introduced().map(|(at, commit)| format!("{at}, by commit {commit}"))
    }

    /// When, and by which commit.
    fn introduced(&self) -> Option<(&'v str, &'v str)> {
        let introduced = self.occurrences().iter().filter_map(|found| {
            let at = found.pointer("/introduced/at")?.as_str()?;
            Some((at, found.pointer("/introduced/commit")?.as_str()?))
        });
        introduced.min()
    }

    /// What follows from where this token is.
    fn steps(&self, rule: &Rule, phase: Phase) -> Vec<Step> {
        let step = |text: String, commands: Vec<String>| Step { phase, text, commands };
        match phase {
            Phase::Contain => {
                let Some(revocation) = rule.revoke.as_deref() else { return Vec::new() };
                let text = format!("Its provider has a call for it. Works no more afterwards: {}.", revocation.breaks);
                vec![step(text, vec![self.revoke()])]
            }
            Phase::Investigate => {
                let since = self.exposed_since().map_or_else(
                    || "It is in no commit: the window begins when the file got where others could read it.".to_owned(),
                    |since| format!("The window begins at {since}, and ends when the token does."),
                );
                vec![step(since, Vec::new())]
            }
            Phase::Rotate => self.uses().map(|(text, places)| step(text, places)).into_iter().collect(),
            Phase::Erase => self.erase().map(|(text, commands)| step(text, commands)).into_iter().collect(),
            Phase::Prove if rule.verify.is_some() => {
                let text = "The provider is asked whether the old token is refused now.".to_owned();
                vec![step(text, vec![format!("stanch verify {}", shell(self.report.unwrap_or("REPORT.json")))])]
            }
            Phase::Evict | Phase::Prove | Phase::Prevent => Vec::new(),
        }
    }

    fn revoke(&self) -> String {
        let (report, id) = (self.report.unwrap_or("REPORT.json"), self.text("/id").unwrap_or("ID"));
        format!("stanch revoke {} --id {} --execute", shell(report), shell(id))
    }

    /// Where it is now, to be replaced there.
    fn uses(&self) -> Option<(String, Vec<String>)> {
        let is_here = |found: &&Value| found["source"] == "file" || found["in_head"] == true;
        let places: Vec<String> = self.occurrences().iter().filter(is_here).filter_map(place).collect();
        let more = places.len().saturating_sub(MOST_PLACES);
        let mut lines: Vec<String> = places.into_iter().take(MOST_PLACES).map(|place| format!("# {place}")).collect();
        if more > 0 {
            lines.push(format!("# and {more} more"));
        }
        (!lines.is_empty()).then(|| ("It is used here: replace it in each place.".to_owned(), lines))
    }

    /// How its exact text is taken out of the history.
    /// <https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository>
    fn erase(&self) -> Option<(String, Vec<String>)> {
        let in_git = |found: &&Value| found["blob"].is_string();
        let mut refs: Vec<&str> = Vec::new();
        let mut blobs: Vec<&str> = Vec::new();
        for found in self.occurrences().iter().filter(in_git) {
            blobs.extend(found["blob"].as_str());
            blobs.extend(found["blobs"].as_array().into_iter().flatten().filter_map(Value::as_str));
            refs.extend(found["refs"].as_array().into_iter().flatten().filter_map(Value::as_str));
        }
        if blobs.is_empty() {
            return None;
        }
        for list in [&mut refs, &mut blobs] {
            list.sort_unstable();
            list.dedup();
        }
        let id = self.text("/id").unwrap_or("ID");
        let listed = |list: &[&str]| {
            let more = list.len().saturating_sub(MOST_PLACES);
            let shown = list.iter().take(MOST_PLACES).copied().collect::<Vec<_>>().join(" ");
            if more == 0 { shown } else { format!("{shown} and {more} more") }
        };
        let mut commands = vec![
            format!("# objects: {}", listed(&blobs)),
            format!("# refs: {}", if refs.is_empty() { "none".to_owned() } else { listed(&refs) }),
            "# in a fresh clone; the file of expressions holds the secret, so it stays outside and is deleted"
                .to_owned(),
            format!(
                "stanch scan . --show-secrets --no-allow --min-confidence low -f json | jq -r --arg id {} '.incidents[] | select(.id == $id) | \"literal:\" + .secret.value + \"==>REMOVED\"' > ../expressions.txt",
                shell(id)
            ),
            "git filter-repo --sensitive-data-removal --replace-text ../expressions.txt".to_owned(),
            "rm ../expressions.txt".to_owned(),
            "git push --force --mirror origin".to_owned(),
        ];
        if self
            .occurrences()
            .iter()
            .any(|found| matches!(found["reach"].as_str(), Some("stash" | "reflog" | "unreachable")))
        {
            commands.push("# in the old clone, for what only stashes, reflogs or nothing holds:".to_owned());
            commands.push("git stash clear && git reflog expire --expire=now --all && git gc --prune=now".to_owned());
        }
        let text = "Rewrites every commit since then: agree with everybody who has a clone, and have them clone anew. Forks, the forge's refs of pull requests and its caches keep it: the forge's \
                    support removes those."
            .to_owned();
        Some((text, commands))
    }
}

/// `path:line` of an occurrence.
fn place(found: &Value) -> Option<String> {
    Some(format!("{}:{}", found["path"].as_str()?, found["line"]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::Ruleset;

    fn incident() -> Value {
        json!({
            "type": "incident", "id": "b3f1", "rule": "github-pat", "severity": "critical",
            "secret": {"masked": "ghp_…x8Q2"}, "verdict": {"status": "active"}, "access": {"owner": "octocat"},
            "occurrences": [
                {"source": "file", "path": "deploy/it's.env", "line": 3, "blob": "aa", "reach": "head", "in_head": true,
                 "refs": ["refs/heads/main"], "introduced": {"commit": "c1", "at": "2026-01-02T03:04:05Z"}},
                {"source": "git", "path": "old", "line": 1, "blob": "bb", "reach": "stash", "in_head": false, "refs": [],
                 "introduced": {"commit": "c0", "at": "2025-01-02T03:04:05Z"}},
            ],
        })
    }

    #[test]
    fn every_rule_has_all_phases_in_order() {
        for rule in Ruleset::builtin().rules() {
            let guide = Guide::of_rule(rule);
            let mut phases: Vec<Phase> = guide.steps.iter().map(|step| step.phase).collect();
            assert!(phases.is_sorted(), "{}", rule.id);
            phases.dedup();
            assert_eq!(phases, Phase::ALL, "{}", rule.id);
        }
    }

    #[test]
    fn what_follows_from_the_places_is_filled_in() {
        let rules = Ruleset::builtin();
        let guide = Guide::of_incident(rules.find("github-pat").unwrap(), &incident(), Some("my report.json"));
        let commands = |phase| -> Vec<String> {
            guide.steps.iter().filter(|step| step.phase == phase).flat_map(|step| step.commands.clone()).collect()
        };
        assert_eq!(guide.title, "GitHub personal access token (classic) ghp_…x8Q2");
        assert!(guide.facts.contains(&("exposed since", "2025-01-02T03:04:05Z, by commit c0".to_owned())));
        assert_eq!(commands(Phase::Contain), ["stanch revoke 'my report.json' --id b3f1 --execute"]);
        assert_eq!(commands(Phase::Rotate), ["# deploy/it's.env:3"]);
        assert_eq!(commands(Phase::Prove), ["stanch verify 'my report.json'"]);
        let erase = commands(Phase::Erase);
        assert_eq!(erase[..2], ["# objects: aa bb", "# refs: refs/heads/main"]);
        assert!(
            erase.iter().any(|line| line.contains("--arg id b3f1")) && erase.last().unwrap().starts_with("git stash")
        );
    }
}
