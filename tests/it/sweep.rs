//! Sweeps of simulated organisations.

mod beside_code;
mod failing;
mod fetch;
mod forge;
mod git_server;
mod kept_private;
mod listed;
mod organisation;
mod swept;
mod told;
mod world;
#[cfg(unix)]
mod speed;
