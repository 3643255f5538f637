//! Asking providers: against servers of this machine, and nobody else.

mod command;
mod declared;
mod load;
mod revoked;
pub mod server;
