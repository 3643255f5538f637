//! Made-up incidents for this stage's tests. Secrets are put together when the tests run, so that none is stored.

use super::{Report, Reporter};
pub(super) use crate::escape::any_text;
use crate::{
    blob::{ObjectId, PathName},
    coverage::{Coverage, History, Skipped},
    finding::{Checksum, Excerpt, FoundPart, PartValue},
    incident::{Claims, CommitInfo, GitPlace, IdentityKey, Incident, Occurrence, Reach, SourceKind},
    location::{Location, Span},
    playbook::{Phase, Playbook, Step},
    rule::{Bounds, Class, Confidence, Detection, Generic, Rule, RuleIx, Severity},
    secret::{Secret, Shown},
    verdict::{Verdict, Why},
};

/// 2026-01-02T03:04:05Z.
pub(super) const THEN: i64 = 1_767_323_045;

/// What a report borrows.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) incidents: Vec<Incident>,
    pub(super) coverage: Coverage,
    pub(super) rules: Vec<Rule>,
}

impl Default for Sample {
    /// Nothing found.
    fn default() -> Self {
        let coverage = Coverage { files: 120, bytes: 1_200_000, history: History::None, ..Coverage::default() };
        Self { incidents: Vec::new(), coverage, rules: vec![token_rule(), password_rule()] }
    }
}

impl Sample {
    /// A token at HEAD and in two other places, a password in a stash; something skipped, something failed.
    pub(super) fn github() -> Self {
        let mut sample = Self::default();
        sample.incidents.push(Self::token());
        sample.incidents.push(Self::password());
        sample.coverage = Coverage {
            files: 120,
            blobs: 4_031,
            commits: 812,
            tags: 3,
            refs: 9,
            bytes: 73_400_320,
            history: History::Full,
            notes: vec!["vendor/lib is a submodule".to_owned()],
            allowed: 2,
            ..Coverage::default()
        };
        sample.coverage.skip(Skipped::Excluded, "a.bin");
        sample.coverage.skip(Skipped::Excluded, "b.bin");
        sample.coverage.fail("objects/pack/pack-1.pack", "checksum of object 4 is wrong");
        sample
    }

    pub(super) fn report(&self) -> Report<'_> {
        Report {
            incidents: &self.incidents,
            coverage: &self.coverage,
            named: &[],
            rules: &self.rules,
            key: "default",
            seconds: 0.41,
            now: THEN + 322 * 24 * 60 * 60,
            show_secrets: false,
            all_versions: false,
            checkout: None,
        }
    }

    /// An incident of one place in a file, of which git knows nothing.
    pub(super) fn incident(secret: Secret) -> Incident {
        let found = occurrence("config.yml", &secret, None);
        Incident {
            id: IdentityKey::fixed().identify("sample", &secret),
            rule: RuleIx(0),
            secret,
            confidence: Confidence::High,
            checksum: Checksum::None,
            entropy: 4.9,
            severity: Severity::Critical,
            verdict: Verdict::Unchecked,
            claims: None,
            access: None,
            notes: Vec::new(),
            parts: Vec::new(),
            occurrences: vec![found],
            life: None,
        }
    }

    fn token() -> Incident {
        let value = [&b"ghp_"[..], &[b'a'; 32], b"x8Q2"].concat();
        let secret = Secret::new(&value, Shown::Ends { prefix: 4 });
        let head = git(true, Reach::Head, &["refs/heads/main"], 1);
        let gone = git(false, Reach::Ref, &["refs/heads/main", "refs/tags/v1"], 5);
        let mut old = occurrence("old/.env", &secret, Some(gone));
        old.source = SourceKind::Git;
        old.confidence = Confidence::Medium;
        let mut nameless = occurrence("", &secret, Some(git(false, Reach::Unreachable, &[], 0)));
        nameless.source = SourceKind::Git;
        nameless.path = None;
        let occurrences = vec![occurrence("deploy/.env", &secret, Some(head)), old, nameless];
        let parts = vec![FoundPart {
            name: "account".to_owned(),
            value: PartValue::Public("octo-org".to_owned()),
            span: Span::new(0, 8),
        }];
        let claims = Claims {
            algorithm: Some("HS256".to_owned()),
            issuer: Some("https://\u{202e}login.example.org".to_owned()),
            audience: vec!["app".to_owned()],
            issued_at: Some(1_700_000_000),
            expires_at: Some(1_700_003_600),
        };
        Incident {
            checksum: Checksum::Valid,
            verdict: Verdict::Inactive(Why::Expired(1_700_003_600)),
            claims: Some(claims),
            notes: vec!["forgeable: anybody can sign such tokens".into()],
            parts,
            occurrences,
            ..Self::incident(secret)
        }
    }

    fn password() -> Incident {
        let secret = Secret::new(&[b'p'; 12], Shown::Nothing);
        let mut found = occurrence("app/settings.py", &secret, Some(git(false, Reach::Stash, &[], 0)));
        found.source = SourceKind::Git;
        found.confidence = Confidence::Medium;
        found.allowed_by = Some("stanch:allow".to_owned());
        Incident {
            rule: RuleIx(1),
            severity: Severity::Medium,
            confidence: Confidence::Medium,
            entropy: 0.0,
            occurrences: vec![found],
            ..Self::incident(secret)
        }
    }
}

/// What a reporter writes.
pub(super) fn written(reporter: &dyn Reporter, report: &Report<'_>) -> String {
    let mut out = Vec::new();
    reporter.write(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The same, whatever the version.
pub(super) fn snapshot(reporter: &dyn Reporter, report: &Report<'_>) -> String {
    written(reporter, report).replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// `KEY=…  # prod` on line 3.
fn occurrence(path: &str, secret: &Secret, git: Option<GitPlace>) -> Occurrence {
    let length = secret.expose().len() as u64;
    Occurrence {
        repository: None,
        owner: None,
        source: SourceKind::File,
        path: Some(PathName::new(path)),
        location: Location {
            span: Span::new(97, 97 + length),
            line: 3,
            column: 7,
            end_line: 3,
            end_column: 7 + length,
        },
        excerpt: Excerpt {
            before: "TOKEN=".to_owned(),
            masked: secret.masked(),
            after: "  # prod".to_owned(),
            ..Excerpt::default()
        },
        confidence: Confidence::High,
        allowed_by: None,
        git,
    }
}

fn git(in_head: bool, reach: Reach, refs: &[&str], refs_count: u64) -> GitPlace {
    let commit = |byte, author: &str| CommitInfo {
        id: ObjectId::new(&[byte; 20]),
        author: author.to_owned(),
        email: "ada@example.org".to_owned(),
        at: THEN,
    };
    GitPlace {
        blob: Some(ObjectId::new(&[0xb1; 20])),
        introduced: Some(commit(0x1a, "Ada").into()),
        last: Some(commit(0x2b, "Bob").into()),
        in_head,
        reach,
        refs: refs.iter().map(|&name| name.to_owned()).collect(),
        refs_count,
        versions: 12,
        blobs: vec![ObjectId::new(&[0xb1; 20])],
    }
}

fn token_rule() -> Rule {
    Rule {
        id: "github-pat".into(),
        family: "github-token".into(),
        name: "GitHub personal access token (classic)".into(),
        provider: "github".into(),
        provider_name: "GitHub".into(),
        class: Class::AccessToken,
        severity: Severity::Critical,
        confidence: Confidence::High,
        source: "https://docs.example.org/tokens".into(),
        playbook: Some(Playbook {
            url: "https://example.org/settings/tokens".into(),
            steps: vec![
                Step {
                    phase: Phase::Contain,
                    text: "Delete it under Settings → Tokens; or `gh token delete`.".into(),
                    commands: (&[]).into(),
                },
                Step {
                    phase: Phase::Rotate,
                    text: "Create a new one that expires.".into(),
                    commands: vec!["token create --since ${since|date}".into()].into(),
                },
            ]
            .into(),
        }),
        ..password_rule()
    }
}

fn password_rule() -> Rule {
    Rule {
        id: "generic-password".into(),
        aliases: Vec::new().into(),
        family: "generic-password".into(),
        name: "Password".into(),
        provider: "generic".into(),
        provider_name: "Generic".into(),
        class: Class::Password,
        severity: Severity::Medium,
        confidence: Confidence::Medium,
        rank: 0,
        source: "".into(),
        documented: false,
        note: None,
        verify: None,
        access: None,
        revoke: None,
        delete: None,
        detect: Detection {
            keywords: Vec::new().into(),
            regex: "".into(),
            body: Vec::new().into(),
            parts: Vec::new().into(),
            entropy: 0.0,
            checksum: None,
            reject: Vec::new().into(),
            words: false,
            generic: Some(Generic::Password),
            cut: None,
            bounds: Bounds::default(),
        },
        playbook: None,
        matching: Vec::new().into(),
        not_matching: Vec::new().into(),
        hidden: false,
        identifier: false,
    }
}
