//! What is written: a `stanch.toml`, and a pattern file for each scanner whose rules were kept.

use std::path::PathBuf;

use super::{
    Migration, rule,
    toml_text::{list, quoted},
};

/// The folder of pattern files, beside the configuration.
pub const FOLDER: &str = "stanch-patterns";

/// A file to be written.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// Where, from the folder that is written to.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

impl Migration {
    /// The files that this comes to: none where nothing was kept.
    pub fn files(&self) -> Vec<File> {
        let mut files = Vec::new();
        let configuration = self.configuration();
        if !configuration.is_empty() {
            let head = format!("# Written by `stanch migrate` from {}.\n", self.files.join(", "));
            let head = crate::escape::terminal(head.trim_end()).into_owned() + "\n";
            files.push(File { path: PathBuf::from("stanch.toml"), text: head + &configuration });
        }
        for (stem, rules) in &self.rules {
            let text: String = rules.iter().map(|compiled| compiled.text.as_str()).collect();
            let path = PathBuf::from(FOLDER).join(format!("{stem}.toml"));
            files.push(File { path, text: rule::file_head(&format!("Rules that were {stem}'s")) + &text });
        }
        files
    }

    fn configuration(&self) -> String {
        let mut text = String::new();
        if !self.rules.is_empty() {
            text.push_str(&format!("patterns = [\"{FOLDER}\"]\n"));
        }
        if self.never_fail {
            text.push_str("fail-on = \"never\"\n");
        }
        if !self.skip.is_empty() {
            text.push_str(&format!("skip-rules = {}\n", list(&self.skip)));
        }
        if !self.exclude.is_empty() {
            text.push_str("exclude = [\n");
            let mut seen = Vec::new();
            for (glob, from) in &self.exclude {
                if !seen.contains(&glob) {
                    text.push_str(&format!("    {}, # {}\n", quoted(glob), crate::escape::terminal(from)));
                    seen.push(glob);
                }
            }
            text.push_str("]\n");
        }
        for entry in &self.allowed {
            text.push_str("\n[[allow]]\n");
            for (key, value) in [("id", &entry.id), ("rule", &entry.rule)] {
                if let Some(value) = value {
                    text.push_str(&format!("{key} = {}\n", quoted(value)));
                }
            }
            if !entry.paths.is_empty() {
                text.push_str(&format!("paths = {}\n", list(&entry.paths)));
            }
            text.push_str(&format!("reason = {}\n", quoted(&entry.reason)));
        }
        text
    }
}
