//! The library's own names, for clap to choose among.

use clap::{ValueEnum, builder::PossibleValue};
use stanch::{report::Format, rule::Confidence, scan::FailOn};

macro_rules! choice {
    ($name:ident, $type:ty, $all:expr) => {
        #[derive(Clone, Copy, Debug)]
        pub(super) struct $name(pub(super) $type);

        impl ValueEnum for $name {
            fn value_variants<'a>() -> &'a [Self] {
                const ALL: &[$name] = &$all;
                ALL
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(PossibleValue::new(self.0.name()))
            }
        }
    };
}

choice!(Level, Confidence, [Level(Confidence::Low), Level(Confidence::Medium), Level(Confidence::High)]);
choice!(FailOnName, FailOn, [FailOnName(FailOn::Active), FailOnName(FailOn::Any), FailOnName(FailOn::Never)]);
choice!(
    FormatName,
    Format,
    [
        FormatName(Format::Text),
        FormatName(Format::Json),
        FormatName(Format::Jsonl),
        FormatName(Format::Sarif),
        FormatName(Format::GitHub),
        FormatName(Format::GitLab),
        FormatName(Format::JUnit),
        FormatName(Format::Csv),
        FormatName(Format::Markdown),
        FormatName(Format::Html)
    ]
);

/// A time, in seconds since 1970.
pub(super) fn time(text: &str) -> Result<i64, String> {
    let time: jiff::Timestamp = text.parse().map_err(|_| "a time is written as 2026-01-02T03:04:05Z".to_owned())?;
    Ok(time.as_second())
}
