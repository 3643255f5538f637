//! Asking providers: against servers of this machine, and nobody else.

mod command;
mod declared;
pub mod server;
