//! Reports of one theft, compared with snapshots, and of hostile strings.

use insta::assert_snapshot;

use super::*;
use crate::{
    respond::Guide,
    trace::{
        event::{Event, Origin, Persistence},
        guide,
        judge::{Case, Judge},
        places::Nowhere,
        samples,
    },
};

const HOUR: i64 = 3_600_000_000;
const LEAK: i64 = 490_000 * HOUR;

fn event(at: i64, from: &str, agent: &str, action: &str) -> Event {
    Event {
        origin: Origin { log: 0, line: 7, record: 0 },
        address: Some(from.parse().unwrap()),
        agent: Some(agent.into()),
        action: action.into(),
        status: None,
        bytes: Some(10),
        ..samples::event(at)
    }
}

/// A theft, with `text` wherever a log's text can be.
fn stolen(text: &str) -> (Vec<Token>, Vec<Judgement>, Vec<Log>) {
    let token = Token { masked: "made_…WXYZ".to_owned(), ..samples::token(Some(LEAK), Some(LEAK + 48 * HOUR)) };
    let logs =
        vec![Log { name: format!("access{text}.log"), first: Some(0), last: Some(LEAK + 60 * HOUR), ..Log::default() }];
    let case = Case { token: &token, logs: &logs, places: &Nowhere, own: &[], now: LEAK + 60 * HOUR };
    let mut judge = Judge::new(case);
    (0..30).for_each(|nth| judge.add(&event(LEAK - (120 - nth * 4) * HOUR, "192.0.2.1", "git/2.43.0", "GET /a")));
    let mut theft = event(LEAK + HOUR, "198.51.100.9", &format!("{text}curl/8.5"), &format!("POST /users{text}"));
    theft.persistence = Some(Persistence::UserCreated);
    theft.object = Some(format!("eve{text}").as_str().into());
    judge.add(&theft);
    let judgement = judge.finish();
    (vec![token], vec![judgement], logs)
}

#[test]
fn a_theft_is_told_in_each_format() {
    let (tokens, judgements, logs) = stolen("");
    let traced = Traced { tokens: &tokens, judgements: &judgements, beside: &[], logs: &logs, notes: &[] };
    assert_snapshot!("text", text(&traced));
    assert_snapshot!("json", format!("{:#}", json(&traced)).replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    assert_snapshot!("html", html(&traced));
}

#[test]
fn hostile_strings_stay_text() {
    let (tokens, judgements, logs) = stolen("<script>\"'&\u{1b}[31m\u{202e}\n::error::");
    let traced = Traced { tokens: &tokens, judgements: &judgements, beside: &[], logs: &logs, notes: &[] };
    let page = html(&traced);
    assert!(!page.contains("<script") && !page.contains(['\u{1b}', '\u{202e}']), "{page}");
    let text = text(&traced);
    assert!(!text.contains(['\u{1b}', '\u{202e}']) && !text.lines().any(|line| line.starts_with("::")), "{text}");
}

#[test]
fn guides_name_the_thief_and_what_is_left() {
    let (_, judgements, _) = stolen("");
    let step = |phase| crate::respond::Step { phase, text: String::new(), commands: Vec::new() };
    let phases = crate::playbook::Phase::ALL;
    let mut made = Guide {
        id: None,
        rule: String::new(),
        title: String::new(),
        facts: Vec::new(),
        url: None,
        steps: phases.map(step).to_vec(),
    };
    guide::fill(&mut made, &judgements[0], &[]);
    assert!(made.steps.is_sorted_by_key(|step| step.phase) && made.steps.len() == phases.len() + 2);
    let all: Vec<&str> = made.steps.iter().flat_map(|step| &step.commands).map(String::as_str).collect();
    assert_eq!(all.len(), 2);
    assert!(
        all.iter().any(|line| line.contains("user-created: POST /users eve"))
            && all.iter().any(|line| line.contains("198.51.100.9"))
    );
}
