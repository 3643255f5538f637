//! One page for a browser, which loads nothing and runs nothing: the timeline is drawn, a lane for each user.

use std::fmt::Write;

use super::{Traced, did, missing, remarks, time, who};
use crate::{
    escape::{cut, html as safe},
    trace::{
        beside::Beside,
        event::Token,
        judge::{Actor, Evidence, Finding, Judgement},
    },
};

/// What a page looks like, in the light and in the dark.
const STYLE: &str = ":root{color-scheme:light dark;--text:#1b1f24;--back:#fff;--faint:#667;--other:#c62828;--own:#1565c0}\
@media(prefers-color-scheme:dark){:root{--text:#e6e6e6;--back:#16191d;--faint:#99a;--other:#ff6b6b;--own:#64b5f6}}\
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:var(--text);background:var(--back)}\
svg{width:100%;height:auto}svg text{font-size:12px;fill:var(--text)}.other{fill:var(--other)}.own{fill:var(--own)}\
line{stroke:var(--faint);stroke-dasharray:4 3}.faint{color:var(--faint)}code{overflow-wrap:anywhere}";

/// How many users have a lane.
const MOST_LANES: usize = 20;
/// How high one is, and how wide and from where on it is drawn.
const LANE: usize = 34;
const LEFT: f64 = 10.0;
const WIDTH: f64 = 980.0;

/// All of `traced` on one page.
pub fn html(traced: &Traced<'_>) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>Uses of leaked tokens</title><style>{STYLE}</style></head><body>\n<h1>Uses of leaked tokens</h1>\n"
    );
    for (token, judgement, beside) in traced.each() {
        // Writing to a string cannot fail.
        let _ = section(traced, token, judgement, &mut out).and_then(|()| others(traced, beside, &mut out));
    }
    let _ = coverage(traced, &mut out);
    out.push_str("</body></html>\n");
    out
}

/// What else those who are new did, and the end of their token's section.
fn others(traced: &Traced<'_>, beside: &[Beside], out: &mut String) -> std::fmt::Result {
    for beside in beside {
        writeln!(out, "<details><summary>{}</summary><ul>", safe(&did(beside)))?;
        beside.first.iter().chain(&beside.left).try_for_each(|evidence| event(traced, evidence, out))?;
        writeln!(out, "</ul></details>")?;
    }
    writeln!(out, "</section>")
}

/// What was read, and what of it could not be.
fn coverage(traced: &Traced<'_>, out: &mut String) -> std::fmt::Result {
    writeln!(out, "<section><h2>Logs</h2><ul>")?;
    for log in traced.logs {
        let told = log.first.zip(log.last).map_or_else(
            || "no times that can be read".to_owned(),
            |(first, last)| format!("from {} to {}", time(first), time(last)),
        );
        let said: Vec<String> = remarks(log).iter().map(|remark| format!("; {}", safe(remark))).collect();
        let said = said.concat();
        writeln!(out, "<li><code>{}</code>: {} bytes, {told}{said}</li>", safe(&log.name), log.bytes)?;
    }
    traced.notes.iter().try_for_each(|note| writeln!(out, "<li>{}</li>", safe(note)))?;
    writeln!(out, "</ul></section>")
}

fn section(traced: &Traced<'_>, token: &Token, judgement: &Judgement, out: &mut String) -> std::fmt::Result {
    writeln!(out, "<section><h2>{} <code>{}</code></h2>", safe(&token.rule), safe(&token.masked))?;
    writeln!(out, "<p><strong>{}</strong> ({})</p>", judgement.verdict, judgement.sure)?;
    if !judgement.missing.is_empty() {
        let items: Vec<String> =
            judgement.missing.iter().map(|gap| format!("<li>{}</li>", safe(&missing(gap)))).collect();
        writeln!(out, "<ul>{}</ul>", items.concat())?;
    }
    timeline(token, &judgement.actors, out)?;
    judgement.actors.iter().filter(|actor| actor.uses.1 > 0).try_for_each(|actor| user(traced, actor, out))?;
    if judgement.more_actors > 0 {
        writeln!(out, "<p>And {} more users.</p>", judgement.more_actors)?;
    }
    Ok(())
}

fn timeline(token: &Token, actors: &[Actor], out: &mut String) -> std::fmt::Result {
    let lanes = &actors[..actors.len().min(MOST_LANES)];
    let bars = |actor: &Actor| {
        let width = actor.timeline.width;
        let bars =
            actor.timeline.counts.iter().map(move |(stretch, count)| (stretch.saturating_mul(width), width, *count));
        bars.collect::<Vec<_>>()
    };
    let starts = lanes.iter().flat_map(bars).flat_map(|(at, width, _)| [at, at.saturating_add(width)]);
    let times: Vec<i64> = starts.chain(token.leaked_at).chain(token.revoked_at).collect();
    let (Some(&first), Some(&last)) = (times.iter().min(), times.iter().max()) else { return Ok(()) };
    #[expect(clippy::cast_precision_loss, reason = "a drawing is coarse")]
    let x = |at: i64| LEFT + WIDTH * (at.saturating_sub(first) as f64) / (last.saturating_sub(first).max(1) as f64);
    let height = LANE * lanes.len() + 40;
    let all = "From the first use to the last, a lane for each user";
    writeln!(out, "<svg viewBox=\"0 0 1000 {height}\" role=\"img\" aria-label=\"{all}\"><title>{all}</title>")?;
    for (nth, actor) in lanes.iter().enumerate() {
        let (top, class) = (20 + nth * LANE, if actor.finding == Finding::Other { "other" } else { "own" });
        writeln!(out, "<text x=\"{LEFT}\" y=\"{}\">{}</text>", top + 11, safe(&cut(&who(actor), 110)))?;
        for (at, width, count) in bars(actor) {
            let (from, wide) = (x(at), (x(at.saturating_add(width)) - x(at)).max(1.5));
            let label = format!("{}: {count} uses", time(at));
            writeln!(
                out,
                "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{}\" width=\"{wide:.1}\" height=\"12\"><title>{label}</title></rect>",
                top + 15
            )?;
        }
    }
    for (at, name) in [(token.leaked_at, "leaked"), (token.revoked_at, "revoked")] {
        let Some(at) = at else { continue };
        let (at, stamp) = (x(at), time(at));
        writeln!(out, "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"14\" y2=\"{}\"/>", height - 16)?;
        let anchor = if at > 700.0 { "end" } else { "start" };
        writeln!(
            out,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{name} {stamp}</text>",
            if name == "leaked" { 11 } else { height - 4 }
        )?;
    }
    writeln!(out, "</svg>")
}

fn user(traced: &Traced<'_>, actor: &Actor, out: &mut String) -> std::fmt::Result {
    let (allowed, denied) = actor.outcomes;
    writeln!(
        out,
        "<h3>{}</h3>\n<p>{} ({}). {} uses after the leak, {allowed} allowed, {denied} refused, {} bytes.</p>",
        safe(&who(actor)),
        actor.finding,
        actor.sure,
        actor.uses.1,
        actor.bytes
    )?;
    let addresses: Vec<String> =
        actor.addresses.iter().map(|(address, uses)| format!("<code>{address}</code> ({uses})")).collect();
    writeln!(out, "<p>{}</p>", addresses.join(", "))?;
    for sign in &actor.signs {
        writeln!(out, "<details><summary>{} ({}): {}</summary><ul>", sign.kind.title(), sign.sure, safe(&sign.text))?;
        sign.evidence.iter().try_for_each(|evidence| event(traced, evidence, out))?;
        writeln!(out, "</ul></details>")?;
    }
    Ok(())
}

fn event(traced: &Traced<'_>, evidence: &Evidence, out: &mut String) -> std::fmt::Result {
    let at = evidence.at.map_or_else(|| "at no known time".to_owned(), time);
    let address = evidence.address.map_or_else(String::new, |address| format!(" {address}"));
    let object = evidence.object.as_deref().map_or_else(String::new, |object| format!(" {}", safe(object)));
    let (action, place) = (safe(&evidence.action), safe(&traced.place(evidence)));
    writeln!(
        out,
        "<li>{at}{address} <code>{action}{object}</code> {} <span class=\"faint\">{place}</span></li>",
        evidence.outcome
    )
}
