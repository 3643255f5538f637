//! Sweeps of simulated organisations.

mod beside_code;
mod failing;
mod fetch;
mod forge;
mod git_server;
mod kept_private;
mod kills;
mod listed;
mod organisation;
mod shards;
mod simulated;
#[cfg(unix)]
mod speed;
mod swept;
mod told;
mod world;
