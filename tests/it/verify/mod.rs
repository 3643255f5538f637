//! Asking providers: against servers of this machine, and nobody else.

mod command;
mod declared;
mod revoked;
pub mod server;
