//! The text of a first `stanch.toml`: it changes nothing yet, and shows what could be changed.
//!
//! Nothing is hidden by what nobody has chosen: code from elsewhere is named, and left out only when somebody says so.

use super::surroundings::Surroundings;

/// The text for a repository like this.
pub fn configuration(found: &Surroundings) -> String {
    let elsewhere: Vec<String> =
        found.vendored.iter().filter(|folder| is_plain(folder)).map(|f| format!("\"/{f}\"")).collect();
    let (note, exclude) = if elsewhere.is_empty() {
        ("Paths that are left out, as in .gitignore.", "\"/vendor/\"".to_owned())
    } else {
        ("Code from elsewhere was seen here. To leave it out:", elsewhere.join(", "))
    };
    format!(
        "\
# What `stanch scan`, the hooks and CI go by. Written by `stanch init`: what stands here is the default, taken
# into use by deleting the # in front. What is put off stands in stanch.baseline.jsonl.

# What is reported: \"low\" is more, \"high\" is less.
# min-confidence = \"medium\"

# What makes a scan fail: \"any\" incident, those that are \"active\" (with --verify), or \"never\".
# fail-on = \"any\"

# {note}
# exclude = [{exclude}]

# What is no secret: by rule, paths, id or regex, with a reason, and a last day if it has one.
# [[allow]]
# rule = \"private-key-rsa\"
# paths = [\"tests/keys/**\"]
# reason = \"made for the tests\"
"
    )
}

/// Whether a path may stand in a comment and between quotes as it is.
fn is_plain(path: &str) -> bool {
    path.chars().all(|c| c.is_ascii_alphanumeric() || "-._/@+ ".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(vendored: &[&str]) -> String {
        let vendored = vendored.iter().map(|&folder| folder.to_owned()).collect();
        configuration(&Surroundings { vendored, ..Surroundings::default() })
    }

    /// As it is it says nothing, and every line of it that is taken into use is TOML.
    #[test]
    fn it_changes_nothing_until_somebody_says_so() {
        for text in [with(&[]), with(&["vendor/", "a b/node_modules/"])] {
            assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
            let keys = |line: &&str| line.starts_with("# [[") || line.contains(" = ");
            let used: String = text.lines().filter(keys).map(|line| line[2..].to_owned() + "\n").collect();
            let table = toml::de::DeTable::parse(&used).unwrap().into_inner();
            assert_eq!(table.len(), 4, "{used}");
        }
        assert!(with(&["vendor/", "x/Pods/"]).contains("exclude = [\"/vendor/\", \"/x/Pods/\"]"));
    }

    #[test]
    fn a_hostile_name_is_left_out() {
        let text = with(&["x\"]\nfail-on = \"never\"\n/vendor/", "vendor/"]);
        assert!(text.contains("exclude = [\"/vendor/\"]") && !text.contains("\"never\"\n"), "{text}");
    }
}
