//! `stanch rules providers`: what can be asked of, and told to, whom.

use std::{collections::BTreeMap, io::Write};

use clap::ValueEnum;
use serde_json::json;
use stanch::{request::Request, rule::Rule, rules::Ruleset};

use super::AnyError;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    /// A table for people
    Text,
    /// One object a line
    Json,
    /// A table in Markdown
    Markdown,
}

/// What is declared of a provider.
#[derive(Default)]
struct Provider<'r> {
    name: &'r str,
    rules: usize,
    /// How many of its rules can be asked about.
    verified: usize,
    /// Of how many of its rules it can be asked what a token reaches.
    explored: usize,
    /// How many of its rules have a call that ends a token.
    revoked: usize,
    /// Whether every request was compared with the provider's documentation.
    compared: bool,
    playbook: Option<&'r str>,
}

impl<'r> Provider<'r> {
    fn add(&mut self, rule: &'r Rule) {
        let asked = rule.verify.iter().map(|verify| &verify.request);
        let explored = rule.access.iter().flat_map(|survey| survey.asks.iter().map(|ask| &ask.request));
        let ended = rule.revoke.iter().chain(&rule.delete).map(|revoke| &revoke.request);
        let compared = asked.chain(explored).chain(ended).all(|request: &Request| request.compared);
        self.compared = (self.rules == 0 || self.compared) && compared;
        self.name = &rule.provider_name;
        self.rules += 1;
        self.verified += usize::from(rule.verify.is_some());
        self.explored += usize::from(rule.access.is_some());
        self.revoked += usize::from(rule.revoke.is_some());
        self.playbook = self.playbook.or(rule.playbook.as_ref().map(|playbook| &*playbook.url));
    }
}

pub(super) fn run(rules: &Ruleset, format: Format, out: &mut impl Write) -> Result<(), AnyError> {
    let mut providers: BTreeMap<&str, Provider<'_>> = BTreeMap::new();
    for rule in rules.rules() {
        providers.entry(&rule.provider).or_default().add(rule);
    }
    match format {
        Format::Text => text(&providers, out),
        Format::Json => objects(&providers, out),
        Format::Markdown => markdown(&providers, out),
    }
}

fn summary(providers: &BTreeMap<&str, Provider<'_>>) -> String {
    let sum = |count: fn(&Provider<'_>) -> usize| providers.values().map(count).sum::<usize>();
    let with = |count: fn(&Provider<'_>) -> usize| providers.values().filter(|provider| count(provider) > 0).count();
    format!(
        "{} rules of {} providers: {} of {} providers can be verified, {} of {} providers asked what they reach, {} of {} providers \
         revoked",
        sum(|provider| provider.rules),
        providers.len(),
        sum(|provider| provider.verified),
        with(|provider| provider.verified),
        sum(|provider| provider.explored),
        with(|provider| provider.explored),
        sum(|provider| provider.revoked),
        with(|provider| provider.revoked),
    )
}

fn text(providers: &BTreeMap<&str, Provider<'_>>, out: &mut impl Write) -> Result<(), AnyError> {
    let width = providers.keys().map(|id| id.len()).max().unwrap_or(0);
    for (id, Provider { rules, verified, explored, revoked, .. }) in providers {
        writeln!(out, "{id:width$}  {rules:3} rules  {verified:3} verified  {explored:3} access  {revoked:3} revoked")?;
    }
    writeln!(out, "{}", summary(providers))?;
    Ok(())
}

fn objects(providers: &BTreeMap<&str, Provider<'_>>, out: &mut impl Write) -> Result<(), AnyError> {
    for (id, Provider { name, rules, verified, explored, revoked, compared, playbook }) in providers {
        let object = json!({
            "id": id, "name": name, "rules": rules, "verified": verified, "access": explored, "revoked": revoked,
            "compared": compared, "playbook": playbook,
        });
        writeln!(out, "{object}")?;
    }
    Ok(())
}

fn markdown(providers: &BTreeMap<&str, Provider<'_>>, out: &mut impl Write) -> Result<(), AnyError> {
    writeln!(out, "{}.\n", summary(providers))?;
    writeln!(
        out,
        "| provider | rules | verified | access | revoked | compared | playbook |\n|---|---|---|---|---|---|---|"
    )?;
    for Provider { name, rules, verified, explored, revoked, compared, playbook } in providers.values() {
        let count = |count: &usize| if *count == 0 { "–".to_owned() } else { count.to_string() };
        let is_asked = verified + revoked > 0;
        let compared = if !is_asked {
            "–"
        } else if *compared {
            "yes"
        } else {
            "no"
        };
        let page = playbook.map_or("–".to_owned(), |url| format!("[page]({url})"));
        let name = name.replace('|', "\\|");
        let [verified, explored, revoked] = [verified, explored, revoked].map(count);
        writeln!(out, "| {name} | {rules} | {verified} | {explored} | {revoked} | {compared} | {page} |")?;
    }
    Ok(())
}
