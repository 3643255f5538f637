//! Whom providers' tokens may be shown, and how fast: the flags of verification.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};
use stanch::{
    ask::{Asker, Endpoint},
    incident::IdentityKey,
    net::{Authorities, Limits, Net, hosts::Consent},
    rule::Rule,
    scan::Options,
    sealed,
    verify::{Kept, Verdicts, Verifier},
};

use super::{
    error::AnyError,
    network::{Trust, rate, seconds},
};

/// What `--verify` is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Verify {
    /// Ask providers
    Ask,
    /// Print whom it would ask, and ask nobody
    Plan,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Verification")]
pub(super) struct Asking {
    /// Asks providers whether tokens still work; --verify=plan prints whom it would ask, and asks nobody
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "ask")]
    pub(super) verify: Option<Verify>,
    /// Asks of tokens that work what they can reach, too, in read-only requests
    #[arg(long, requires = "verify")]
    access: bool,
    #[command(flatten)]
    manners: Manners,
}

/// Whom to ask, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Verification")]
pub(super) struct Manners {
    /// Asks this server in place of a provider's own
    #[arg(long, value_name = "PROVIDER=URL", value_parser = endpoint, env = "STANCH_ENDPOINT", value_delimiter = ',')]
    endpoint: Vec<(String, Endpoint)>,
    /// Lets this host be asked, though only what was scanned names it
    #[arg(long, value_name = "HOST", env = "STANCH_ALLOW_HOST", value_delimiter = ',')]
    allow_host: Vec<String>,
    /// The same, and its address may be private
    #[arg(long, value_name = "HOST", env = "STANCH_ALLOW_PRIVATE", value_delimiter = ',')]
    allow_private: Vec<String>,
    /// Never asks this host
    #[arg(long, value_name = "HOST", env = "STANCH_DENY_HOST", value_delimiter = ',')]
    deny_host: Vec<String>,
    /// Asks this provider alone
    #[arg(long, value_name = "PROVIDER", env = "STANCH_ALLOW_PROVIDER", value_delimiter = ',')]
    allow_provider: Vec<String>,
    /// Never asks this provider
    #[arg(long, value_name = "PROVIDER", env = "STANCH_DENY_PROVIDER", value_delimiter = ',')]
    deny_provider: Vec<String>,
    /// Asks about tokens, too, that are known to be alarms: whoever laid them out is told
    #[arg(long)]
    ask_canaries: bool,
    #[command(flatten)]
    trust: Trust,
    /// How many requests a second one host gets in the long run, after a burst of 10
    #[arg(long, value_name = "N", value_parser = rate, default_value = "1", env = "STANCH_VERIFY_RATE")]
    verify_rate: f64,
    /// How long one request may take, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10", env = "STANCH_VERIFY_TIMEOUT")]
    verify_timeout: Duration,
    /// How long all of them may take, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "300", env = "STANCH_VERIFY_WITHIN")]
    verify_within: Duration,
    /// Keeps verdicts in this file, which holds keyed hashes alone, and believes those it has
    #[arg(long, value_name = "FILE", env = "STANCH_VERDICTS")]
    verdicts: Option<PathBuf>,
    /// How old a kept verdict may be, in hours
    #[arg(long, value_name = "HOURS", default_value_t = 24, env = "STANCH_VERDICTS_AGE")]
    verdicts_age: u32,
}

impl Asking {
    /// Who asks, about incidents of `rules`.
    pub(super) fn verifier<'r>(&self, rules: &'r [Rule], options: &Options) -> Result<Verifier<'r>, AnyError> {
        Ok(self.manners.verifier(rules, options)?.exploring(self.access))
    }

    /// The server that stands in place of a provider's own.
    pub(super) fn endpoint(&self, provider: &str) -> Option<Endpoint> {
        let named = self.manners.endpoint.iter().rev().find(|(name, _)| name == provider);
        named.map(|(_, endpoint)| endpoint.clone())
    }

    /// Refuses endpoints of nobody: `forge` would be asked at its usual address then, and be shown a token that is for another.
    pub(super) fn check_endpoints(&self, forge: Option<&str>, rules: &[Rule]) -> Result<(), String> {
        let others = self.manners.endpoint.iter().map(|(name, _)| name).filter(|name| Some(name.as_str()) != forge);
        others.into_iter().try_for_each(|name| match forge {
            Some(forge) if self.verify.is_none() && self.endpoint(forge).is_none() => {
                Err(format!("--endpoint {name}=… is for nobody: `{forge}` alone is asked without --verify"))
            }
            _ => check_provider(name, rules),
        })
    }

    /// Hosts whose addresses may be private.
    pub(super) fn private_hosts(&self) -> BTreeSet<String> {
        self.manners.consent().private
    }

    /// The certificate authorities by which hosts are known, where others than the usual ones are.
    pub(super) fn authorities(&self) -> Result<Option<Authorities>, AnyError> {
        Ok(self.manners.trust.authorities()?)
    }

    /// The file that they are in.
    pub(super) fn ca_file(&self) -> Option<&Path> {
        self.manners.trust.ca_file()
    }

    /// Keeps what `verifier` knows, if that is wanted.
    pub(super) fn keep(&self, verifier: &Verifier<'_>, key: &IdentityKey) -> Result<(), AnyError> {
        self.manners.keep(verifier, key)
    }
}

impl Manners {
    pub(super) fn verifier<'r>(&self, rules: &'r [Rule], options: &Options) -> Result<Verifier<'r>, AnyError> {
        let Options { key, now, .. } = options;
        let kept = match &self.verdicts {
            Some(path) => sealed::read::<Kept>(path, key)?,
            None => None,
        };
        let since = now - i64::from(self.verdicts_age) * 3600;
        let verdicts = kept.map_or_else(Verdicts::default, |kept| Verdicts::of(kept, key, since, *now));
        let verifier = Verifier::new(rules, self.asker(rules)?, verdicts, key.clone(), *now);
        Ok(verifier.asking_canaries(self.ask_canaries))
    }

    /// One that knows nothing yet.
    pub(super) fn fresh_verifier<'r>(&self, rules: &'r [Rule], options: &Options) -> Result<Verifier<'r>, AnyError> {
        Ok(Verifier::new(rules, self.asker(rules)?, Verdicts::default(), options.key.clone(), options.now))
    }

    pub(super) fn asker(&self, rules: &[Rule]) -> Result<Asker, AnyError> {
        let limits = Limits {
            per_second: self.verify_rate,
            request: self.verify_timeout,
            total: self.verify_within,
            ..Limits::default()
        };
        let endpoints: BTreeMap<_, _> = self.endpoint.iter().cloned().collect();
        for provider in endpoints.keys().chain(&self.allow_provider).chain(&self.deny_provider) {
            check_provider(provider, rules)?;
        }
        let net = Net::trusting(limits, self.trust.authorities()?);
        Ok(Asker::new(net, self.consent(), endpoints))
    }

    pub(super) fn keep(&self, verifier: &Verifier<'_>, key: &IdentityKey) -> Result<(), AnyError> {
        let Some(path) = &self.verdicts else { return Ok(()) };
        Ok(sealed::write(&verifier.verdicts().kept(key), path, key)?)
    }

    fn consent(&self) -> Consent {
        let hosts = |names: &[String]| names.iter().map(|name| name.to_ascii_lowercase()).collect::<BTreeSet<_>>();
        Consent {
            allowed: hosts(&self.allow_host),
            private: hosts(&self.allow_private),
            denied: hosts(&self.deny_host),
            providers: self.allow_provider.iter().cloned().collect(),
            denied_providers: self.deny_provider.iter().cloned().collect(),
        }
    }
}

/// A name that is misspelt would deny or allow nobody.
fn check_provider(name: &str, rules: &[Rule]) -> Result<(), String> {
    if rules.iter().any(|rule| rule.provider == name) {
        return Ok(());
    }
    let nearest = stanch::rules::table::nearest(name, rules.iter().map(|rule| &*rule.provider));
    let hint = nearest.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
    Err(format!("there is no provider `{name}`{hint}"))
}

fn endpoint(text: &str) -> Result<(String, Endpoint), String> {
    let (provider, url) = text.split_once('=').ok_or("an endpoint is written as PROVIDER=URL")?;
    Ok((provider.to_owned(), Endpoint::parse(url).map_err(|bad| bad.to_string())?))
}
