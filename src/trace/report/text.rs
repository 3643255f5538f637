//! For people, at a terminal.

use std::fmt::Write;

use super::{Traced, did, missing, time, who};
use crate::{
    escape::terminal,
    trace::{
        beside::Beside,
        event::Token,
        judge::{Actor, Evidence, Finding, Judgement},
    },
};

/// All of `traced` as text.
pub fn text(traced: &Traced<'_>) -> String {
    let mut out = String::new();
    for (token, judgement, beside) in traced.each() {
        // Writing to a string cannot fail.
        let _ = one(traced, token, judgement, &mut out).and_then(|()| others(traced, beside, &mut out));
    }
    out
}

/// What else those who are new did.
fn others(traced: &Traced<'_>, beside: &[Beside], out: &mut String) -> std::fmt::Result {
    for beside in beside {
        writeln!(out, "  {}", terminal(&did(beside)))?;
        beside.first.iter().try_for_each(|evidence| writeln!(out, "        {}", event(traced, evidence)))?;
        beside
            .left
            .iter()
            .try_for_each(|left| writeln!(out, "    - something left behind: {}", event(traced, left)))?;
    }
    writeln!(out)
}

fn one(traced: &Traced<'_>, token: &Token, judgement: &Judgement, out: &mut String) -> std::fmt::Result {
    writeln!(out, "{} {}: {} ({})", terminal(&token.rule), terminal(&token.masked), judgement.verdict, judgement.sure)?;
    let by = token.leaked_by.as_ref().map_or_else(String::new, |leak| format!(" by commit {}", leak.commit));
    let leaked = token.leaked_at.map_or_else(|| "at no known time".to_owned(), time);
    writeln!(out, "  leaked {leaked}{}", terminal(&by))?;
    if let Some(revoked) = token.revoked_at {
        let (uses, refused) = judgement.after_revocation;
        writeln!(out, "  revoked {}; {uses} uses since then, {refused} of them refused", time(revoked))?;
    }
    writeln!(out, "  {} uses on {} days before the leak", judgement.before.0, judgement.before.1)?;
    if let Some(first) = &judgement.first {
        let doubt = if first.at < token.leaked_at { ", or as near before it as clocks may be wrong" } else { "" };
        writeln!(out, "  first use after the leak{doubt}: {}", event(traced, first))?;
    }
    for gap in &judgement.missing {
        writeln!(out, "  ! {}", terminal(&missing(gap)))?;
    }
    let shown = |actor: &&Actor| actor.uses.1 > 0 && (actor.finding != Finding::Before || !actor.signs.is_empty());
    judgement.actors.iter().filter(shown).try_for_each(|actor| user(traced, actor, out))?;
    if judgement.more_actors > 0 {
        writeln!(out, "  and {} more users", judgement.more_actors)?;
    }
    Ok(())
}

fn user(traced: &Traced<'_>, actor: &Actor, out: &mut String) -> std::fmt::Result {
    let (allowed, denied) = actor.outcomes;
    writeln!(out, "  {}: {} ({})", terminal(&who(actor)), actor.finding, actor.sure)?;
    writeln!(
        out,
        "    {} uses after the leak, {allowed} allowed, {denied} refused, {} bytes",
        actor.uses.1, actor.bytes
    )?;
    for sign in &actor.signs {
        writeln!(out, "    - {} ({}): {}", sign.kind.title(), sign.sure, terminal(&sign.text))?;
        sign.evidence.iter().try_for_each(|evidence| writeln!(out, "        {}", event(traced, evidence)))?;
    }
    Ok(())
}

fn event(traced: &Traced<'_>, evidence: &Evidence) -> String {
    let at = evidence.at.map_or_else(|| "at no known time".to_owned(), time);
    let address = evidence.address.map_or_else(String::new, |address| format!(" {address}"));
    let object = evidence.object.as_deref().map_or_else(String::new, |object| format!(" {object}"));
    let line = format!("{at}{address} {}{object} {} [{}]", evidence.action, evidence.outcome, traced.place(evidence));
    terminal(&line).into_owned()
}
