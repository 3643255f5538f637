//! Any bytes as the event of a coding agent: an answer or an error, no panic, and no answer with the token in it.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stanch::{
    config::{Config, File, Flags},
    detect::Detector,
    hook::agent,
    rules::{Ruleset, examples},
    scan::{FailOn, Target},
};

static SCAN: LazyLock<(Config, Detector, String)> = LazyLock::new(|| {
    let flags = Flags { targets: vec![Target::Stdin], jobs: Some(1), ..Flags::default() };
    let config = Config::new(File::default(), flags).expect("there is nothing to be wrong");
    let detector = Detector::new(config.rules.rules().to_vec());
    let ruleset = Ruleset::builtin();
    let rule = ruleset.find("github-pat").expect("it comes with the program");
    let token = examples::expanded(rule, "{ghp_ + base62(30) + checksum}", 1);
    (config, detector, token)
});

fuzz_target!(|bytes: &[u8]| {
    let (config, detector, token) = &*SCAN;
    // A marked place becomes the token, on a line of its own.
    let event = String::from_utf8_lossy(bytes).replace('~', &format!("\\nTOKEN={token}\\n"));
    match agent::read(event.as_bytes(), None) {
        // Files are for the disk to hold.
        Ok(heard) if heard.agent != agent::Agent::Windsurf => {
            if let Ok(reply) = agent::answer(&heard, &config.options, detector, FailOn::Any) {
                let said = format!("{:?}{:?}", reply.out.map(|out| out.to_string()), reply.err);
                assert!(reply.end == agent::End::Goes || reply.end == agent::End::Stops);
                assert!(!said.contains(token), "{said}");
            }
        }
        Ok(_) => {}
        Err((_, error)) => assert!(!error.to_string().is_empty()),
    }
});
