//! The message for people, as Slack's incoming webhooks take it. <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>
//!
//! Text that comes from repositories is code, in which Slack formats and links nothing; what it takes for control characters is
//! escaped, so that nobody is called by `<!channel>`. <https://docs.slack.dev/messaging/formatting-message-text>

use std::io;

use serde_json::{Value, json};

use super::{Guard, Notice, Pending};
use crate::escape;

/// The longest text of a section, in characters. <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>
const MOST_SECTION: usize = 3_000;
/// The longest word of the first line, in characters, each of which may be written with five.
const MOST_WORD: usize = 80;

/// The message as JSON.
pub(super) fn write(pending: &Pending, guard: &mut Guard<'_>) -> io::Result<Vec<u8>> {
    let (listed, count) = (pending.listed(), pending.count());
    let headline = format!("stanch: {count} incident{}", plural(count, "", "s"));
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": &headline, "emoji": false },
    })];
    blocks.extend(listed.iter().map(|notice| section(&incident(notice, guard))));
    let more = count - listed.len() as u64;
    if more > 0 {
        blocks.push(section(&format!("and {more} more: see `stanch sweep report`")));
    }
    // What is only in `text` is shown where blocks cannot be.
    let message = json!({ "text": headline, "blocks": blocks, "unfurl_links": false, "unfurl_media": false });
    Ok(serde_json::to_vec(&message)?)
}

/// A block of text that is taken as it is: no name in it becomes a link by itself.
fn section(text: &str) -> Value {
    debug_assert!(text.chars().count() <= MOST_SECTION, "texts are cut");
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

/// What is told of one incident; lines that do not fit are left out.
fn incident(notice: &Notice, guard: &mut Guard<'_>) -> String {
    let mut word = |text: &str| code(&escape::cut(&guard.text(text), MOST_WORD));
    let (name, masked, verdict) = (word(&notice.name), word(&notice.masked), word(&notice.verdict));
    let (severity, id) = (word(&notice.severity), word(&notice.incident));
    let (places, repositories) = (notice.occurrences, notice.repositories);
    let mut lines = vec![
        format!("*{}* {name} {masked}, {severity}, {verdict}", notice.change.name()),
        format!(
            "{places} place{} in {repositories} repositor{}",
            plural(places, "", "s"),
            plural(repositories, "y", "ies")
        ),
    ];
    for place in notice.places.iter().take(Notice::MOST_PLACES) {
        let (repository, path) = (guard.text(&place.repository), guard.place(place));
        lines.push(format!("• {} {}", code(&repository), code(&path)));
    }
    if let Some(owner) = &notice.owner {
        let names = [&owner.team, &owner.person].into_iter().flatten().map(|name| code(&guard.text(name)));
        lines.push(format!("owner: {}", names.collect::<Vec<_>>().join(" ")));
    }
    let mut text = format!("incident {id}");
    // The id comes last, whatever comes before it.
    let head = lines.into_iter().fold(String::new(), |head, line| {
        let fits = head.chars().count() + line.chars().count() + text.chars().count() + 2 <= MOST_SECTION;
        if fits { head + &line + "\n" } else { head }
    });
    text.insert_str(0, &head);
    text
}

fn plural(count: u64, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

/// `text` as code. A backtick would end it, so another character stands for it.
fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('`');
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '`' => out.push('ˋ'),
            c => out.push(c),
        }
    }
    // Slack shows nothing between two backticks as two backticks.
    out.push_str(if text.is_empty() { " `" } else { "`" });
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{
            Place,
            tests::{notice, pending},
        },
        *,
    };
    use crate::detect::Detector;

    fn message(pending: &Pending) -> Value {
        let detector = Detector::new(Vec::new());
        serde_json::from_slice(&write(pending, &mut Guard::new(&detector)).unwrap()).unwrap()
    }

    fn texts(message: &Value) -> Vec<String> {
        let blocks = message["blocks"].as_array().unwrap().iter();
        blocks.map(|block| block["text"]["text"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn people_can_read_it() {
        let message = message(&pending(1, 4));
        assert_eq!(message["text"], "stanch: 5 incidents");
        let incident = "*reopened* `GitHub personal access token (classic)` `ghp_…x8Q2`, `critical`, `unchecked`\n\
            41 places in 40 repositories\n• `acme/app` `deploy/.env:3`\nowner: `@acme/ops`\n\
            incident `00000000000000000000000000000001`";
        assert_eq!(texts(&message), ["stanch: 5 incidents", incident, "and 4 more: see `stanch sweep report`"]);
    }

    #[test]
    fn slack_takes_so_many_blocks() {
        // At most 50: <https://docs.slack.dev/reference/block-kit/blocks>
        assert_eq!(texts(&message(&pending(60, 0))).len(), Pending::MOST + 2);
    }

    proptest! {
        #[test]
        fn text_of_repositories_is_only_shown(
            repository in escape::any_text(),
            path in prop_oneof![escape::any_text(), Just("<!channel> <@U012> *b* `x` & <https://example.com|y>".to_owned())],
        ) {
            let place = Place { repository: repository.clone(), path: Some(path.clone()), line: None };
            let mut pending = pending(0, 0);
            pending.notices.push(Notice { places: vec![place], name: path, masked: repository, owner: None, ..notice(0) });
            for text in texts(&message(&pending)) {
                prop_assert!(!text.contains(['<', '>']), "{text}");
                prop_assert!(text.chars().all(|c| c == '\n' || !escape::hostile(c)), "{text}");
                prop_assert!(text.chars().count() <= MOST_SECTION);
                // Outside of code stand this program's own words alone.
                let own = text.split('`').step_by(2).collect::<String>();
                prop_assert!(text.matches('`').count() % 2 == 0, "{text}");
                prop_assert!(own.chars().all(|c| c.is_ascii_alphanumeric() || " *,•:;\n".contains(c)), "{own:?} of {text}");
            }
        }
    }
}
