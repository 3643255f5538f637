//! Sweeps over what stands in for forges.

mod forge;
mod listed;
