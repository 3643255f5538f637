//! Sweeps of simulated organisations.

mod beside_code;
mod fetch;
mod forge;
mod git_server;
mod listed;
mod organisation;
mod swept;
mod world;
mod failing;
mod kept_private;
mod told;
