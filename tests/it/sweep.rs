//! Sweeps of simulated organisations.

mod fetch;
mod git_server;
mod organisation;
