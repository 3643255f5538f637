//! Fills the steps that end an incident with what logs say: whom to look at, and what to remove.

use super::{
    beside::Beside,
    judge::{Actor, Evidence, Finding, Judgement},
    report::{did, time, who},
};
use crate::{
    playbook::Phase,
    respond::{Guide, Step},
};

/// Adds to `guide` what `judgement` knows, each behind the steps of its phase. Strings of logs are in it as they are: those who write guides escape them.
pub fn fill(guide: &mut Guide, judgement: &Judgement, beside: &[Beside]) {
    guide.facts.push(("traced", format!("{} ({})", judgement.verdict, judgement.sure)));
    for actor in judgement
        .actors
        .iter()
        .filter(|actor| actor.uses.1 > 0 && !matches!(actor.finding, Finding::Before | Finding::Own))
    {
        add(guide, Step { phase: Phase::Investigate, text: seen(actor), commands: addresses(actor) });
        if !actor.left.is_empty() {
            let text = format!("{} left these behind. Remove what nobody on the team made.", who(actor));
            add(guide, Step { phase: Phase::Evict, text, commands: left(&actor.left) });
        }
    }
    if !beside.is_empty() {
        let text = "Those who are new to it, or its account, did this besides.".to_owned();
        let commands = beside.iter().map(|beside| comment(&did(beside))).collect();
        add(guide, Step { phase: Phase::Investigate, text, commands });
    }
    let behind: Vec<String> = beside.iter().flat_map(|beside| left(&beside.left)).collect();
    if !behind.is_empty() {
        let text = "They left these behind with other credentials. Remove what nobody on the team made.".to_owned();
        add(guide, Step { phase: Phase::Evict, text, commands: behind });
    }
}

fn add(guide: &mut Guide, step: Step) {
    let behind = guide.steps.iter().rposition(|other| other.phase == step.phase).map_or(guide.steps.len(), |at| at + 1);
    guide.steps.insert(behind, step);
}

fn seen(actor: &Actor) -> String {
    let from = actor.first.as_ref().and_then(|first| first.at).map_or_else(String::new, time);
    let until = actor.last.map_or_else(String::new, time);
    let objects: Vec<&str> = actor.objects.iter().map(|(object, _)| object.as_str()).collect();
    let objects = if objects.is_empty() { String::new() } else { format!(" Touched: {}.", objects.join(", ")) };
    format!(
        "{} used it {} times from {from} to {until}. Look for all that came from there.{objects}",
        who(actor),
        actor.uses.1
    )
}

/// Comments, since nothing from a log may be a command.
fn addresses(actor: &Actor) -> Vec<String> {
    actor.addresses.iter().map(|(address, uses)| format!("# {address}: {uses} uses")).collect()
}

fn comment(text: &str) -> String {
    format!("# {}", text.replace(char::is_control, " "))
}

fn left(left: &[Evidence]) -> Vec<String> {
    let lines = left.iter().map(|left| {
        let kind = left.persistence.map_or("", super::event::Persistence::name);
        comment(&format!(
            "{} {kind}: {} {}",
            left.at.map_or_else(String::new, time),
            left.action,
            left.object.as_deref().unwrap_or("")
        ))
    });
    lines.collect()
}
