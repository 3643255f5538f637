//! What a run scanned, what it did not, and why (law 5).
//!
//! Every source adds to one [`Coverage`]; the run ends with the sum. A failure makes the run incomplete, a skip does not.

use std::collections::BTreeMap;

/// What was scanned, what was not, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Files read to their end, standard input and symlink targets included.
    pub files: u64,
    /// Git blobs scanned.
    pub blobs: u64,
    /// Commits whose message was scanned.
    pub commits: u64,
    /// Annotated tags whose text was scanned.
    pub tags: u64,
    /// Refs whose history was scanned.
    pub refs: u64,
    /// Bytes scanned, over all of these.
    pub bytes: u64,
    /// How far back the history goes.
    pub history: History,
    /// Left out on purpose.
    pub skipped: BTreeMap<Skipped, Tally>,
    /// Could not be scanned: the run is incomplete.
    pub failed: Vec<Failure>,
    /// What the reader should know, though nothing failed.
    pub notes: Vec<String>,
    /// Incidents that an allow hides.
    pub allowed: u64,
}

/// How much of the history was there to be scanned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// No history was asked for, or there is none.
    #[default]
    None,
    /// All of it.
    Full,
    /// What a shallow clone holds.
    Shallow,
    /// What was asked for: some refs, some commits, the index.
    Selected,
}

impl History {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Full => "full",
            Self::Shallow => "shallow",
            Self::Selected => "selected",
        }
    }
}

/// Why something was left out on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skipped {
    /// `--exclude` or the configuration's `exclude`.
    Excluded,
    /// Larger than the limit that the user set, or than what is looked for is ever written in.
    TooLarge,
    /// A FIFO, socket or device found while walking a folder.
    NotAFile,
    /// Tests, fixtures, examples and documentation, where only what runs in production is looked at.
    TestOrExample,
    /// Other people's code in the tree, and what programs wrote: minified, bundled, generated.
    Vendored,
    /// Not UTF-8 text, where only text is looked at.
    NotText,
    /// A repository or submodule inside the scanned tree: its files are scanned, its history is not.
    NestedRepository,
}

impl Skipped {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::TooLarge => "too-large",
            Self::NotAFile => "not-a-file",
            Self::TestOrExample => "test-or-example",
            Self::Vendored => "vendored",
            Self::NotText => "not-text",
            Self::NestedRepository => "nested-repository",
        }
    }
}

/// How much was left out for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// A few of them, first by name.
    pub examples: Vec<String>,
}

/// How many examples a [`Tally`] keeps.
const EXAMPLES: usize = 5;

/// Something that should have been scanned and was not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// The file, object, ref or repository, printable.
    pub subject: String,
    /// Why, with the cause.
    pub reason: String,
}

impl Coverage {
    /// Whether everything asked for was scanned.
    pub fn complete(&self) -> bool {
        self.failed.is_empty()
    }

    /// Notes that `subject` was left out on purpose.
    pub fn skip(&mut self, why: Skipped, subject: impl Into<String>) {
        let tally = self.skipped.entry(why).or_default();
        tally.count += 1;
        tally.examples.push(subject.into());
        tally.trim();
    }

    /// Notes that `subject` could not be scanned.
    pub fn fail(&mut self, subject: impl Into<String>, reason: impl Into<String>) {
        self.failed.push(Failure { subject: subject.into(), reason: reason.into() });
    }

    /// Adds what another worker or source covered.
    pub fn add(&mut self, other: Self) {
        self.files += other.files;
        self.blobs += other.blobs;
        self.commits += other.commits;
        self.tags += other.tags;
        self.refs += other.refs;
        self.bytes += other.bytes;
        self.allowed += other.allowed;
        if other.history != History::None {
            self.history = other.history;
        }
        for (why, tally) in other.skipped {
            let mine = self.skipped.entry(why).or_default();
            mine.count += tally.count;
            mine.examples.extend(tally.examples);
            mine.trim();
        }
        self.failed.extend(other.failed);
        self.notes.extend(other.notes);
    }

    /// Puts failures and notes in an order that no thread decides, each once.
    pub fn sort(&mut self) {
        self.failed.sort();
        self.failed.dedup();
        self.notes.sort();
        self.notes.dedup();
    }
}

impl Tally {
    /// Keeps the first few by name, so that what is kept does not depend on the order of arrival.
    fn trim(&mut self) {
        self.examples.sort();
        self.examples.truncate(EXAMPLES);
    }
}
