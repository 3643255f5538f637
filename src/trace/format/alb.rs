//! Access logs of AWS Application Load Balancers.
//!
//! Words parted by spaces, in this order: type, time, elb, client:port, target:port, three durations, the load balancer's status and the
//! target's, bytes received and sent, `"request"`, `"agent"`, cipher, protocol, target group, `"trace id"`, …
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html>).

use super::{
    super::{
        event::Format,
        time::{self, Zone},
    },
    Said, field, request,
};

const TYPES: [&str; 6] = ["http", "https", "h2", "grpcs", "ws", "wss"];

pub(super) fn read(line: &str) -> Option<(Format, Said)> {
    let (kind, _) = line.split_once(' ')?;
    if !TYPES.contains(&kind) {
        return None;
    }
    let words = words(line, 18);
    let status = words.get(8)?.parse().ok();
    let mut asked = words.get(12)?.split(' ');
    let action = field::action(asked.next()?, asked.next()?);
    let said = Said {
        at: Some(time::parse(words.get(1)?, &Zone::default())?),
        address: Some(field::ip(words.get(3)?)?),
        agent: words.get(13).filter(|agent| **agent != "-").map(|agent| (*agent).to_owned()),
        action,
        object: words.get(2).map(|elb| (*elb).to_owned()),
        outcome: field::outcome(status),
        status,
        bytes: words.get(11).and_then(|bytes| bytes.parse().ok()),
        request: words.get(17).and_then(|trace| request::named(trace)),
        ..Said::default()
    };
    Some((Format::Alb, said))
}

/// The first words of a line; what is in quotes is one.
fn words(line: &str, most: usize) -> Vec<&str> {
    let (mut words, mut rest) = (Vec::new(), line);
    while words.len() < most && !rest.is_empty() {
        let (word, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word);
        rest = behind.trim_start_matches(' ');
    }
    words
}
