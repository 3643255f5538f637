//! Made-up scans for this module's tests. Secrets are put together when the tests run, so that none is stored.

use tempfile::TempDir;

use super::{Changes, Member, Scanned, State, Sweep, Wait};
use crate::{
    blob::{ObjectId, PathName},
    coverage::{Coverage, History},
    finding::{Checksum, Excerpt, FoundPart, PartValue},
    incident::{Claims, CommitInfo, GitPlace, Incident, Occurrence, Reach, SourceKind},
    location::{Location, Span},
    rule::{Confidence, Rule, RuleIx, Severity},
    rules::Ruleset,
    secret::{Secret, Shown},
    sweep::repository::{Address, Listed, RepositoryId},
    verdict::Verdict,
};

/// 2026-01-02T03:04:05Z.
pub(super) const THEN: i64 = 1_767_323_045;

/// Two rules that come with the program.
pub(super) fn rules() -> Vec<Rule> {
    let rules = Ruleset::builtin();
    ["github-pat", "gitlab-pat"].map(|id| rules.find(id).unwrap().clone()).into()
}

/// A state in a folder that goes with it.
pub(super) fn state() -> (TempDir, State) {
    let dir = tempfile::tempdir().unwrap();
    let state = open(&dir);
    (dir, state)
}

pub(super) fn open(dir: &TempDir) -> State {
    State::open(&dir.path().join("state"), Wait::No).unwrap()
}

/// A state under the key of another.
pub(super) fn sibling(of: &TempDir) -> (TempDir, State) {
    let dir = tempfile::tempdir().unwrap();
    let key = of.path().join("state").join(super::KEY_FILE);
    let state = State::open_with_key(&dir.path().join("state"), &key, Wait::No).unwrap();
    (dir, state)
}

/// Repository `acme/r1`.
pub(super) fn listed(number: u32) -> Listed {
    let address = Address::Remote(format!("https://forge.example/acme/r{number}.git"));
    Listed {
        size: Some(1 << 20),
        pushed_at: Some(THEN),
        stamp: Some("1".to_owned()),
        ..Listed::at(RepositoryId::new("forge.example", number), format!("acme/r{number}"), address)
    }
}

/// The raw value of a token.
pub(super) fn token(number: u32) -> Vec<u8> {
    format!("ghp_{}{number:04}", "aB3".repeat(10)).into_bytes()
}

/// An incident of that token at these paths.
pub(super) fn incident(state: &State, number: u32, paths: &[&str]) -> Incident {
    let secret = Secret::new(&token(number), Shown::Ends { prefix: 4 });
    Incident {
        id: state.key().identify(&rules()[0].family, &secret),
        rule: RuleIx(0),
        confidence: Confidence::High,
        checksum: Checksum::Valid,
        entropy: 4.5,
        severity: Severity::Critical,
        verdict: Verdict::Unchecked,
        claims: Some(Claims { issuer: Some("https://login.example".to_owned()), ..Claims::default() }),
        access: None,
        notes: vec!["a note".into()],
        parts: vec![FoundPart {
            name: "account".to_owned(),
            value: PartValue::Public("octo-org".to_owned()),
            span: Span::new(0, 8),
        }],
        occurrences: paths.iter().map(|path| occurrence(path, &secret)).collect(),
        secret,
        life: None,
    }
}

pub(super) fn occurrence(path: &str, secret: &Secret) -> Occurrence {
    let commit = |byte, author: &str| CommitInfo {
        id: ObjectId::new(&[byte; 20]),
        author: author.to_owned(),
        email: "ada@example.org".to_owned(),
        at: THEN,
    };
    Occurrence {
        repository: None,
        owner: None,
        source: SourceKind::Git,
        path: Some(PathName::new(path)),
        location: Location { span: Span::new(97, 137), line: 3, column: 7, end_line: 3, end_column: 47 },
        excerpt: Excerpt {
            before: "TOKEN=".to_owned(),
            masked: secret.masked(),
            after: "  # prod".to_owned(),
            wide: 2,
            ..Excerpt::default()
        },
        confidence: Confidence::High,
        allowed_by: None,
        git: Some(GitPlace {
            blob: Some(ObjectId::new(&[0xb1; 20])),
            introduced: Some(commit(0x1a, "Ada").into()),
            last: Some(commit(0x2b, "Bob").into()),
            in_head: true,
            reach: Reach::Head,
            refs: ["refs/heads/main".to_owned(), "refs/tags/v1".to_owned()].into(),
            refs_count: 5,
            versions: 12,
            blobs: vec![ObjectId::new(&[0xb1; 20]), ObjectId::new(&[0xb2; 32])],
        }),
    }
}

/// A coverage that lacks nothing.
pub(super) fn complete() -> Coverage {
    Coverage { blobs: 10, commits: 3, refs: 2, bytes: 1_000, history: History::Full, ..Coverage::default() }
}

/// Records that repository `number` holds `incidents`.
pub(super) fn record(state: &mut State, sweep: Sweep, number: u32, incidents: &[Incident]) -> Changes {
    record_with(state, sweep, number, incidents, &complete())
}

pub(super) fn record_with(
    state: &mut State,
    sweep: Sweep,
    number: u32,
    incidents: &[Incident],
    coverage: &Coverage,
) -> Changes {
    let (listed, network) = (listed(number), format!("net{number}"));
    let owner = |_: &Incident, _: &Occurrence| Some("@acme/team".to_owned());
    let member = Member { listed: &listed, tips: "tips", coverage, adds: false, incidents, owner: &owner };
    let scanned =
        Scanned { network: &network, cursor: Some(b"cursor"), rules: &rules(), named: &[], members: &[member] };
    state.record(sweep, &scanned).unwrap()
}
