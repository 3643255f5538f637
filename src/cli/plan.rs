//! Prints whom a verification would ask.

use std::io::{self, Write};

use serde_json::json;
use stanch::{escape, verify::Plan};

use super::error::AnyError;

/// Prints `plan`, for people or as JSON.
pub(super) fn print(plan: &Plan, as_json: bool) -> Result<(), AnyError> {
    let mut out = io::stdout().lock();
    if as_json {
        let plan = json!({
            "schema": "stanch-plan/1", "hosts": plan.hosts, "requests": plan.requests, "not_asked": plan.left,
        });
        writeln!(out, "{plan}")?;
        return Ok(());
    }
    let tokens: usize = plan.hosts.values().flat_map(|rules| rules.values()).sum();
    let requests: usize = plan.requests.values().sum();
    let hosts = plan.hosts.len();
    let (hosts, tokens) = (count(hosts, "host"), count(tokens, "token"));
    writeln!(out, "would ask {hosts} about {tokens}, with {} at most; nothing was sent", count(requests, "request"))?;
    for (host, rules) in &plan.hosts {
        let requests = plan.requests.get(host).copied().unwrap_or(0);
        writeln!(out, "  {}: {} at most", escape::terminal(host), count(requests, "request"))?;
        for (rule, tokens) in rules {
            writeln!(out, "    {}: {tokens}", escape::terminal(rule))?;
        }
    }
    if !plan.left.is_empty() {
        writeln!(out, "not asked:")?;
    }
    for (reason, incidents) in &plan.left {
        writeln!(out, "  {}: {incidents}", escape::terminal(reason))?;
    }
    Ok(())
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
