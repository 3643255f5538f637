//! Sweeps of simulated organisations.

mod organisation;
mod fetch;
mod git_server;
