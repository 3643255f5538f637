//! Which incidents are already known: somebody looked at them and allowed them, or put them off.
//!
//! [`comments`] reads what stands beside a secret, [`allows`] what the configuration says, [`baseline`] what was there when somebody began to look.
//! Nothing here hides anything: it answers, and [`crate::scan`] hides and counts.

pub mod allows;
pub mod baseline;
pub mod comments;
