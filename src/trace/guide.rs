//! Fills the steps that end an incident with what logs say: whom to look at, and what to remove.

use super::{
    judge::{Actor, Finding, Judgement},
    report::{time, who},
};
use crate::{
    playbook::Phase,
    respond::{Guide, Step},
};

/// Adds to `guide` what `judgement` knows, each behind the steps of its phase. Strings of logs are in it as they are: those who write guides escape them.
pub fn fill(guide: &mut Guide, judgement: &Judgement) {
    guide.facts.push(("traced", format!("{} ({})", judgement.verdict, judgement.sure)));
    for actor in judgement.actors.iter().filter(|actor| matches!(actor.finding, Finding::Other | Finding::Unclear)) {
        add(guide, Step { phase: Phase::Investigate, text: seen(actor), commands: addresses(actor) });
        if !actor.left.is_empty() {
            let text = format!("{} left these behind. Remove what nobody on the team made.", who(actor));
            add(guide, Step { phase: Phase::Evict, text, commands: left(actor) });
        }
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

fn left(actor: &Actor) -> Vec<String> {
    let line = |text: String| format!("# {}", text.replace(char::is_control, " "));
    let lines = actor.left.iter().map(|left| {
        let kind = left.persistence.map_or("", super::event::Persistence::name);
        line(format!(
            "{} {kind}: {} {}",
            left.at.map_or_else(String::new, time),
            left.action,
            left.object.as_deref().unwrap_or("")
        ))
    });
    lines.collect()
}
