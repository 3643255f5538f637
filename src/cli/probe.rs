//! `stanch probe`: session cookies of running servers, seen from outside.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use stanch::{
    coverage::Coverage,
    net::{Authorities, Limits, Net},
    probe::{Endpoint, MOST_REQUESTS, Seen},
    report::{self, Detail, Looked, WeaknessReport},
    rule::Confidence,
    scan::{Progress, Status},
    weakness::{self, Weakness},
};
use ureq::http::Uri;

use super::{
    choices::time,
    error::AnyError,
    interrupt,
    weaknesses::{FormatName, Threshold},
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
    /// Knows hosts by the certificate authorities in this PEM file, in place of Mozilla's
    #[arg(long, value_name = "FILE", env = "STANCH_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// How many requests a second one host gets
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    rate: u32,
    /// How long one request may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// How long all of them may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    within: u64,
    /// From which severity on weaknesses make the exit status 1
    #[arg(long, value_name = "SEVERITY", default_value = "medium")]
    fail_on: Threshold,
    /// The report's format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    format: FormatName,
    /// Writes the report to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Takes this for the present time, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time, env = "STANCH_NOW")]
    now: Option<i64>,
}

/// Why a run cannot begin or a report cannot be written.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot read the certificate authorities in {}", path.display())]
    Authorities { path: PathBuf, source: io::Error },
    #[error("{} holds no certificate in PEM", path.display())]
    NoAuthorities { path: PathBuf },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

pub(crate) fn run(arguments: &Arguments, colour: bool) -> Result<Status, AnyError> {
    let started = Instant::now();
    let now = arguments.now.unwrap_or_else(|| jiff::Timestamp::now().as_second());
    let net = arguments.net()?;
    let counters = Arc::new(Progress::default());
    interrupt::stop_on_signal(&counters);
    let (mut weaknesses, mut coverage) = (Vec::new(), Coverage::default());
    let mut asked: BTreeMap<String, u32> = BTreeMap::new();
    for uri in &arguments.urls {
        let host = asked.entry(uri.host().unwrap_or_default().to_ascii_lowercase()).or_default();
        let samples = arguments.samples as usize;
        let endpoint = Endpoint { uri, private: arguments.allow_private, asked: *host, samples, now };
        let seen = endpoint.look(&net, &|| counters.is_stopped());
        *host += seen.requests;
        coverage.notes.extend(notes(&seen));
        coverage.add(seen.coverage);
        weaknesses.extend(seen.weaknesses);
    }
    coverage.failed.dedup();
    // What nobody is sure of is no finding.
    weaknesses.retain(|weakness: &Weakness| weakness.confidence >= Confidence::Medium);
    weakness::sort(&mut weaknesses);
    weaknesses.dedup();
    let report = WeaknessReport {
        weaknesses: &weaknesses,
        coverage: &coverage,
        looked: Looked::AtAnswers { requests: asked.values().map(|count| u64::from(*count)).sum() },
        named: &[],
        seconds: started.elapsed().as_secs_f64(),
        now,
    };
    arguments.write(&report, colour)?;
    let counts = weaknesses.iter().any(|weakness| arguments.fail_on.is_met_by(weakness.severity));
    Ok(match (counts, coverage.complete()) {
        (true, _) => Status::Incidents,
        (false, true) => Status::Clean,
        (false, false) => Status::Incomplete,
    })
}

impl Arguments {
    fn net(&self) -> Result<Net, Error> {
        let authorities = match &self.ca_file {
            None => None,
            Some(path) => {
                let pem = fs::read(path).map_err(|source| Error::Authorities { path: path.clone(), source })?;
                Some(Authorities::read(&pem).ok_or_else(|| Error::NoAuthorities { path: path.clone() })?)
            }
        };
        let limits = Limits {
            per_second: f64::from(self.rate),
            burst: 5,
            request: Duration::from_secs(self.timeout),
            total: Duration::from_secs(self.within),
            most_read: MOST_READ,
            most_failures: 3,
        };
        Ok(Net::trusting(limits, authorities))
    }

    fn write(&self, report: &WeaknessReport<'_>, colour: bool) -> Result<(), AnyError> {
        let format = self.format.into();
        let options = report::Options { colour: colour && self.output.is_none(), detail: Detail::Normal };
        let Some(path) = &self.output else {
            let mut out = BufWriter::new(io::stdout().lock());
            report.write(format, options, &mut out)?;
            return Ok(out.flush()?);
        };
        let written = File::create(path).and_then(|file| {
            let mut out = BufWriter::new(file);
            report.write(format, options, &mut out)?;
            out.flush()
        });
        Ok(written.map_err(|source| Error::Write { path: path.clone(), source })?)
    }
}

/// What was seen beside weaknesses: grades, what samples show and cannot show, and whether a foreign id is adopted.
fn notes(seen: &Seen) -> Vec<String> {
    let grades = seen.cookies.iter().map(|cookie| format!("grade {}: {}", cookie.grade, cookie.shown));
    let judgements = seen.judgements.iter().map(|(name, judgement)| format!("ids of {name}: {}", judgement.limits()));
    let fixations = seen
        .fixations
        .iter()
        .map(|(name, fixation)| format!("an id of {name} that the server did not give out: {}", fixation.name()));
    grades.chain(judgements).chain(fixations).collect()
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
