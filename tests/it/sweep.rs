//! Sweeps of simulated organisations.

mod fetch;
mod forge;
mod git_server;
mod kills;
mod listed;
mod organisation;
mod shards;
mod world;
