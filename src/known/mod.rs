//! Which incidents are already known: somebody looked at them and allowed them.
//!
//! [`comments`] reads what stands beside a secret, [`allows`] what the configuration says. Nothing here hides anything: it answers, and
//! [`crate::scan`] hides and counts.

pub mod allows;
pub mod comments;
