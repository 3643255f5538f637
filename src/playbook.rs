//! The ordered steps that end an incident.
//!
//! Pattern files hold them; which one belongs to an incident is its rule's to say, and printing is the reporter's.

use std::borrow::Cow;

/// What to do about a leaked token, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playbook {
    /// The provider's own page on ending this kind of token.
    pub url: Cow<'static, str>,
    /// The steps in the order in which a person takes them; the first is [`Phase::Contain`].
    pub steps: Cow<'static, [Step]>,
}

impl Playbook {
    /// Whether something in it asks for the value `name`.
    pub fn asks_for(&self, name: &str) -> bool {
        let asks = |text: &str| text.split("${").skip(1).any(|rest| rest.split(['}', '|']).next() == Some(name));
        self.steps.iter().any(|step| asks(&step.text) || step.commands.iter().any(|line| asks(line)))
    }
}

/// One step of a playbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the step is for.
    pub phase: Phase,
    /// What to do, as one text. `${NAME}` in it, and in the commands, is filled in where it is known.
    pub text: Cow<'static, str>,
    /// Lines for a shell that do it, or help; comments among them begin with `#`.
    pub commands: Cow<'static, [Cow<'static, str>]>,
}

/// What a step is for, in the order in which steps are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Make the token useless.
    Contain,
    /// End what was opened with it: sessions, derived tokens.
    Evict,
    /// Find out whether it was used.
    Investigate,
    /// Put a new one in its place.
    Rotate,
    /// Remove the old one from where it leaked.
    Erase,
    /// Show that it is dead.
    Prove,
    /// Keep the next one from leaking.
    Prevent,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 7] =
        [Self::Contain, Self::Evict, Self::Investigate, Self::Rotate, Self::Erase, Self::Prove, Self::Prevent];

    /// The key in pattern files and the word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contain => "contain",
            Self::Evict => "evict",
            Self::Investigate => "investigate",
            Self::Rotate => "rotate",
            Self::Erase => "erase",
            Self::Prove => "prove",
            Self::Prevent => "prevent",
        }
    }
}
