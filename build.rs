//! Turns `patterns/*.toml` into the embedded rule table.
fn main() {}
