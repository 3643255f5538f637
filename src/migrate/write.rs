//! What is written: a `stanch.toml`, and a pattern file for each scanner whose rules were kept.

use std::path::PathBuf;

use super::{
    Migration,
    known::Allowed,
    rule,
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
            files.push(File { path, text: rule::file_head(&rule::head_name(stem)) + &text });
        }
        files
    }

    fn configuration(&self) -> String {
        let mut lines = Vec::new();
        if !self.rules.is_empty() {
            lines.push(format!("patterns = [\"{FOLDER}\"]"));
        }
        if self.never_fail {
            lines.push("fail-on = \"never\"".to_owned());
        }
        if !self.skip.is_empty() {
            lines.push(format!("skip-rules = {}", list(&self.skip)));
        }
        lines.extend(self.excluded());
        lines.extend(self.allowed.iter().flat_map(entry));
        lines.into_iter().map(|line| line + "\n").collect()
    }

    /// The paths that are left out, each once and with where it comes from.
    fn excluded(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (at, (glob, from)) in self.exclude.iter().enumerate() {
            if !self.exclude[..at].iter().any(|(earlier, _)| earlier == glob) {
                lines.push(format!("    {}, # {}", quoted(glob), crate::escape::terminal(from)));
            }
        }
        if !lines.is_empty() {
            lines.insert(0, "exclude = [".to_owned());
            lines.push("]".to_owned());
        }
        lines
    }
}

fn entry(allowed: &Allowed) -> Vec<String> {
    let mut lines = vec![String::new(), "[[allow]]".to_owned()];
    let named = [("id", &allowed.id), ("rule", &allowed.rule)];
    lines.extend(named.into_iter().filter_map(|(key, value)| Some(format!("{key} = {}", quoted(value.as_deref()?)))));
    if !allowed.paths.is_empty() {
        lines.push(format!("paths = {}", list(&allowed.paths)));
    }
    lines.push(format!("reason = {}", quoted(&allowed.reason)));
    lines
}
