//! What is done about an incident: the steps that end it, written out for a person or a machine.
//!
//! [`Guide`] puts the steps together: the provider's own, those of the token's class for what the provider says nothing of, and what follows from where the token is. [`markdown`],
//! [`html`] and [`json`] write guides down. `revoke` has a provider end a token. An incident is taken as reports have it (`docs/output.md`), so that a guide can be made long after the scan.

mod class;
mod guide;
pub mod html;
pub mod json;
pub mod markdown;
#[cfg(feature = "net")]
pub mod revoke;

pub use guide::{Guide, Step};
