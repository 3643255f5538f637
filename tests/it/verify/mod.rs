//! Asking providers: against servers of this machine, and nobody else.

mod command;
mod declared;
mod issuer;
mod load;
mod logins;
mod revoked;
pub mod server;
mod surveyed;
