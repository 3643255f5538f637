//! The questions of `stanch baseline audit`. Finding the incidents and drawing them is [`super::baseline`]'s.

use std::io::{self, BufRead, Write};

use stanch::{
    escape,
    incident::IncidentId,
    known::baseline::{self, Baseline, State},
};

use super::error;

/// Longest reason that is kept, in characters.
const LONGEST_REASON: usize = 500;

/// An incident as a person sees it.
pub(super) struct Shown {
    pub(super) id: IncidentId,
    /// What leaked and where, masked.
    pub(super) page: String,
}

/// Why an audit ends early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("cannot ask on this terminal")]
    Terminal(#[from] io::Error),
    #[error(transparent)]
    Save(#[from] baseline::Error),
}

/// What somebody answered.
enum Answer {
    Is(State),
    Skip,
    Quit,
}

/// Shows each incident and asks what to do about it; what is answered goes into `baseline`, which `save` keeps after every answer.
pub(super) fn walk(
    shown: &[Shown],
    baseline: &mut Baseline,
    (input, out): (&mut impl BufRead, &mut impl Write),
    save: &mut impl FnMut(&Baseline) -> Result<(), baseline::Error>,
) -> Result<(), Error> {
    let mut answered = 0;
    for (number, Shown { id, page }) in (1..).zip(shown) {
        let Some(entry) = baseline.entries.get_mut(id) else { continue };
        writeln!(out, "\nincident {number} of {}", shown.len())?;
        write!(out, "{page}")?;
        if let Some(state) = entry.state {
            writeln!(out, "so far: {}", state.name())?;
        }
        match ask(input, out)? {
            Answer::Is(state) => {
                entry.state = Some(state);
                entry.reason = why(input, out)?;
                save(baseline)?;
                answered += 1;
            }
            Answer::Skip => {}
            Answer::Quit => break,
        }
    }
    let open = baseline.entries.values().filter(|entry| entry.state.is_none()).count();
    writeln!(out, "\nanswered {answered} of {}; {open} of the baseline's entries without an answer", shown.len())?;
    Ok(())
}

/// Asks until the answer is one. The end of input is a quit.
fn ask(input: &mut impl BufRead, out: &mut impl Write) -> io::Result<Answer> {
    loop {
        write!(out, "[k]eep, false [p]ositive, to [f]ix, [s]kip, [q]uit? ")?;
        let Some(line) = line(input, out)? else { return Ok(Answer::Quit) };
        match line.to_ascii_lowercase().as_str() {
            "k" | "keep" => return Ok(Answer::Is(State::Keep)),
            "p" | "false positive" | "false-positive" => return Ok(Answer::Is(State::FalsePositive)),
            "f" | "fix" | "to fix" => return Ok(Answer::Is(State::Fix)),
            "s" | "skip" => return Ok(Answer::Skip),
            "q" | "quit" => return Ok(Answer::Quit),
            _ => writeln!(out, "answer with one of the letters in brackets")?,
        }
    }
}

/// The reason for an answer, where there is one: without a secret, for it is kept in a file.
fn why(input: &mut impl BufRead, out: &mut impl Write) -> io::Result<Option<String>> {
    write!(out, "why (Enter for no reason)? ")?;
    let reason = line(input, out)?.unwrap_or_default();
    let reason: String = error::masked(&reason).chars().filter(|&c| !escape::hostile(c)).collect();
    Ok((!reason.is_empty()).then(|| escape::cut(&reason, LONGEST_REASON).into_owned()))
}

/// What was typed; nothing at the end of input.
fn line(input: &mut impl BufRead, out: &mut impl Write) -> io::Result<Option<String>> {
    out.flush()?;
    let mut line = String::new();
    let read = input.read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use stanch::{
        incident::IdentityKey,
        known::baseline::Entry,
        secret::{Secret, Shown as HowMuch},
    };

    use super::*;

    fn id(number: u8) -> IncidentId {
        IdentityKey::fixed().identify("family", &Secret::new(&[number], HowMuch::Nothing))
    }

    /// What is said of an entry, and why.
    type Said = Option<(State, Option<String>)>;

    /// What the entries 1, 2 and 3 are after these answers, how often they were saved, and what was printed.
    fn audited(answers: &str) -> (Vec<Said>, usize, String) {
        let mut baseline = Baseline::new(&IdentityKey::fixed());
        for number in 1..=3 {
            let entry = Entry { state: None, reason: None, rule: "r".to_owned() };
            baseline.entries.insert(id(number), entry);
        }
        let shown: Vec<Shown> =
            (1..=3).map(|number| Shown { id: id(number), page: format!("page {number}\n") }).collect();
        let (mut out, mut saved) = (Vec::new(), 0);
        let mut save = |_: &Baseline| {
            saved += 1;
            Ok(())
        };
        walk(&shown, &mut baseline, (&mut Cursor::new(answers), &mut out), &mut save).unwrap();
        let state = |number| baseline.entries[&id(number)].clone();
        let states = (1..=3).map(state).map(|entry| entry.state.map(|state| (state, entry.reason)));
        (states.collect(), saved, String::from_utf8(out).unwrap())
    }

    #[test]
    fn every_answer_is_kept_and_saved() {
        let (states, saved, out) = audited("k\n\np\nmade up\nwhat\nF\nrotate it\n");
        let reason = |text: &str| Some(text.to_owned());
        assert_eq!(
            states,
            [
                Some((State::Keep, None)),
                Some((State::FalsePositive, reason("made up"))),
                Some((State::Fix, reason("rotate it"))),
            ]
        );
        assert_eq!(saved, 3);
        assert!(out.contains("page 1\n") && out.contains("incident 3 of 3") && out.contains("answered 3 of 3; 0 of"));
        assert!(out.contains("one of the letters"), "`what` is no answer");
    }

    #[test]
    fn what_is_skipped_stays_open() {
        let (states, saved, out) = audited("s\nk\n\nq\n");
        assert_eq!((states, saved), (vec![None, Some((State::Keep, None)), None], 1));
        assert!(out.contains("answered 1 of 3; 2 of"), "{out}");
        assert_eq!(audited("").0, [None, None, None], "the end of input quits");
        assert_eq!(audited("k").0[0], Some((State::Keep, None)), "and gives no reason");
    }
}
