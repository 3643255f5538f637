//! How loudly a finding is announced, in the three levels that SARIF and CI systems share.

use serde::Serialize;

use crate::rule::{Confidence, Severity};

/// A level of SARIF; workflow commands say `notice` for the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Error,
    Warning,
    Note,
}

impl Level {
    pub(super) fn new(severity: Severity, confidence: Confidence) -> Self {
        match (severity, confidence) {
            (Severity::Low, _) | (Severity::Medium, Confidence::Low) => Self::Note,
            (Severity::Medium, _) | (_, Confidence::Low) => Self::Warning,
            (Severity::High | Severity::Critical, _) => Self::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_follow_severity_and_confidence() {
        let level = |severity, confidence| serde_json::to_value(Level::new(severity, confidence)).unwrap();
        assert_eq!(level(Severity::Critical, Confidence::Medium), "error");
        assert_eq!(level(Severity::High, Confidence::Low), "warning");
        assert_eq!(level(Severity::Medium, Confidence::High), "warning");
        assert_eq!(level(Severity::Medium, Confidence::Low), "note");
        assert_eq!(level(Severity::Low, Confidence::High), "note");
    }
}
