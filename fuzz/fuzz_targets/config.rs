//! Any bytes as a `stanch.toml`: a configuration or an error, and no panic.

#![no_main]

use std::{fs, path::PathBuf, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use stanch::config::{Config, File, Flags};
use tempfile::TempDir;

static FOLDER: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let dir = TempDir::new().expect("a folder for the file");
    let path = dir.path().join("stanch.toml");
    (dir, path)
});

fuzz_target!(|bytes: &[u8]| {
    let path = &FOLDER.1;
    fs::write(path, bytes).expect("the folder is there");
    match File::read(path) {
        Ok(file) => {
            if let Err(error) = Config::new(file, Flags::default()) {
                assert!(!error.to_string().is_empty());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
