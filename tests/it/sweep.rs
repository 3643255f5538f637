//! Sweeps of simulated organisations.

mod organisation;
