//! Finds where session tokens can be stolen, guessed, fixed or kept alive, in code and configuration.
//!
//! What is looked for is data: the files in `weaknesses/` come with the program as texts, and are read when this command runs, not when
//! the program starts. [`lex`](lexer::lex) tells comments from code, `find` looks at one file, where `constants` says what its names stand
//! for, `walk` at all but what `left_out` names. What other files take back is `elsewhere`'s. Answers that were recorded, in HAR files and
//! logs, are `recorded`'s: their cookies are looked at as those of a running server are.

mod check;
mod constants;
mod elsewhere;
mod find;
mod left_out;
pub mod lexer;
mod read;
mod recorded;
mod walk;

pub use check::{Check, Example, Within};
pub use find::{Found, Places, find, is_found};
pub use read::{Checks, Error};
pub use recorded::MARGIN;
pub use walk::{LARGEST, Options, Outcome, run};

#[cfg(test)]
mod tests;
