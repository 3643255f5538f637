//! A running endpoint looked at from outside.
//!
//! [`samples`] judges session ids by their values. Cookies are [`crate::cookie`]'s to read and judge.

pub mod samples;
