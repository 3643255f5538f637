//! `stanch verify`: asks about the incidents of a report, or about one token.

use std::{sync::Arc, time::Instant};

use clap::Args;
use stanch::{
    detect::Detector,
    scan::{self, FailOn, Progress, Status},
};

use super::{
    asking::Manners,
    choices::FailOnName,
    error::AnyError,
    interrupt,
    output::{Output, Told},
    reported::Reported,
};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 none works; 1 one does; 2 wrong usage; 3 of one it could not be told. --fail-on changes that."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    reported: Reported,
    /// Which incidents make the exit status 1 [default: active]
    #[arg(long, value_name = "WHICH", env = "STANCH_FAIL_ON")]
    fail_on: Option<FailOnName>,
    /// Asks of tokens that work what they can reach, too, in read-only requests
    #[arg(long)]
    access: bool,
    #[command(flatten)]
    manners: Manners,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(arguments: &Arguments, colour: bool) -> Result<Status, AnyError> {
    let started = Instant::now();
    let destinations = arguments.output.destinations(colour)?;
    let config = arguments.reported.config(arguments.output.now(), arguments.output.all_versions)?;
    let detector = Detector::new(config.rules.rules().to_vec());
    let verifier = arguments.manners.verifier(detector.rules(), &config.options)?.exploring(arguments.access);
    let counters = Arc::new(Progress::default());
    interrupt::stop_on_signal(&counters);
    let mut outcome = arguments.reported.find(&config, &detector, &counters)?;
    scan::verify(&mut outcome, detector.rules(), &verifier, &counters);
    arguments.manners.keep(&verifier, &config.options.key)?;
    let told = Told { outcome: &outcome, options: &config.options, rules: &config.rules, started };
    arguments.output.tell(&destinations, &told)?;
    Ok(Status::of(&outcome, arguments.fail_on.map_or(FailOn::Active, |fail_on| fail_on.0)))
}
