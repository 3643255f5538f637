//! Sweeps of simulated organisations.

mod fetch;
mod forge;
mod git_server;
mod listed;
mod organisation;
#[cfg(unix)]
mod speed;
