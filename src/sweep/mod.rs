//! Many scans: every repository of an organisation, again and again, and what was learned of them.
//!
//! A forge lists repositories ([`forge`]), those that changed are fetched ([`fetch`]) and scanned ([`crate::scan`]), and what
//! came of it is kept ([`state`]), so that the next sweep costs what changed since; [`run`] has them work together. Which repositories belong
//! to this machine is [`shard`]'s to say, whose a secret probably is [`owners`]', and who is told of news [`notify`]'s.

pub mod audit;
pub mod fetch;
pub mod filter;
pub mod forge;
pub mod notify;
pub mod owners;
pub mod progress;
pub mod repository;
pub mod run;
pub mod shard;
pub mod state;
