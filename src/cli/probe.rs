//! `stanch probe`: session cookies of running servers, seen from outside.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use stanch::{
    net::{Limits, Net},
    probe::{Endpoint, MOST_REQUESTS, Seen},
    report::{Looked, WeaknessReport},
    rule::Confidence,
    scan::{Progress, Status},
    weakness,
};
use ureq::http::Uri;

use super::{
    error::AnyError,
    interrupt,
    network::{Trust, rate, seconds},
    weaknesses::Telling,
};

/// How much of a page is read, in bytes: links are looked for in it.
const MOST_READ: usize = 256 << 10;

#[derive(Debug, Args)]
#[command(
    after_help = "Only hosts that are named are asked, without credentials, and at most 100 times each. Exit status: 0 no weaknesses and complete; 1 weaknesses; 2 wrong usage; 3 no \
        weaknesses, but incomplete."
)]
pub(crate) struct Arguments {
    /// Addresses, with `https://` or `http://`
    #[arg(value_name = "URL", required = true, value_parser = address)]
    urls: Vec<Uri>,
    /// Gathers so many fresh session ids, and judges them
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=i64::from(MOST_REQUESTS)))]
    samples: u32,
    /// Asks hosts that have private addresses, too
    #[arg(long)]
    allow_private: bool,
    #[command(flatten)]
    trust: Trust,
    /// How many requests a second one host gets in the long run, after a burst of 5
    #[arg(long, value_name = "N", default_value = "2", value_parser = rate)]
    rate: f64,
    /// How long one request may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,
    /// How long all of them may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    within: Duration,
    #[command(flatten)]
    telling: Telling,
}

pub(crate) fn run(arguments: &Arguments, colour: bool) -> Result<Status, AnyError> {
    let started = Instant::now();
    let destinations = arguments.telling.destinations(colour)?;
    let net = arguments.net()?;
    let counters = Arc::new(Progress::default());
    interrupt::stop_on_signal(&counters);
    let now = arguments.telling.now();
    let (mut seen, mut asked) = (Seen::default(), BTreeMap::<String, u32>::new());
    for uri in &arguments.urls {
        let host = asked.entry(uri.host().unwrap_or_default().to_ascii_lowercase()).or_default();
        let samples = arguments.samples as usize;
        let endpoint = Endpoint { uri, private: arguments.allow_private, asked: *host, samples, now };
        let more = endpoint.look(&net, &|| counters.is_stopped());
        *host += more.requests;
        seen.add(more);
    }
    // What nobody is sure of is no finding.
    seen.weaknesses.retain(|weakness| weakness.confidence >= Confidence::Medium);
    weakness::sort(&mut seen.weaknesses);
    seen.weaknesses.dedup();
    let report = WeaknessReport {
        weaknesses: &seen.weaknesses,
        coverage: &seen.coverage,
        looked: Looked::AtAnswers { requests: seen.requests.into(), cookies: &seen.cookies },
        named: &[],
        seconds: started.elapsed().as_secs_f64(),
        now,
    };
    arguments.telling.tell(&destinations, &report)
}

impl Arguments {
    fn net(&self) -> Result<Net, AnyError> {
        let limits = Limits {
            per_second: self.rate,
            burst: 5,
            request: self.timeout,
            total: self.within,
            most_read: MOST_READ,
            most_failures: 3,
        };
        Ok(Net::trusting(limits, self.trust.authorities()?))
    }
}

/// An address that may be asked: of HTTP or HTTPS, and without credentials.
fn address(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.parse().map_err(|_| "an address is written as https://host/path".to_owned())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err("an address is written as https://host/path".to_owned());
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("no credentials are sent: leave them out of the address".to_owned());
    }
    Ok(uri)
}
