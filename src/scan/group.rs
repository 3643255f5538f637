//! Findings become incidents: one for each secret of a rule family, with every place it is at (law 4).
//!
//! What comes out does not depend on the order in which threads brought it in.

use std::collections::{BTreeMap, HashMap};

use super::{Options, known::Known, paths};
use crate::{
    blob::{Origin, PathName},
    coverage::Coverage,
    finding::{Checksum, Finding, FoundPart},
    incident::{GitPlace, Incident, Occurrence, Reach, SourceKind},
    rule::{Confidence, Rule, RuleIx, Text},
    secret::{Secret, Shown},
    verdict::Verdict,
    verify,
};

/// Collects occurrences by the secret that they are of.
pub(super) struct Grouping<'a> {
    options: &'a Options,
    rules: &'a [Rule],
    groups: HashMap<(Text, Secret), Group>,
}

/// All that is known of one secret.
struct Group {
    rule: RuleIx,
    secret: Secret,
    checksum: Checksum,
    parts: Vec<FoundPart>,
    /// By path, or by the object for what has no path of its own.
    occurrences: BTreeMap<Place, Occurrence>,
}

/// What makes two findings of a secret one occurrence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Path(PathName),
    Stdin,
    /// A message, or a blob without a path.
    Object(Option<PathName>, Option<crate::blob::ObjectId>),
}

impl<'a> Grouping<'a> {
    pub(super) fn new(options: &'a Options, rules: &'a [Rule]) -> Self {
        Self { options, rules, groups: HashMap::new() }
    }

    /// Adds what was found in a file or on standard input.
    pub(super) fn add_file(&mut self, origin: &Origin, finding: Finding) {
        let (source, path, place) = match origin {
            Origin::File(path) => (SourceKind::File, Some(path.clone()), Place::Path(path.clone())),
            Origin::Forge(path) => (SourceKind::Forge, Some(path.clone()), Place::Path(path.clone())),
            Origin::Stdin | Origin::Git(_) => (SourceKind::Stdin, None, Place::Stdin),
        };
        self.add(finding, place, (source, path), None);
    }

    /// Adds what was found in an object of a repository, and what its history says of it. Where the file itself has it too, the two are
    /// one occurrence: the file's, with what git says filled in.
    #[cfg_attr(not(feature = "git"), allow(dead_code))]
    pub(super) fn add_git(&mut self, path: Option<PathName>, is_file: bool, git: GitPlace, finding: Finding) {
        let place = match &path {
            Some(path) if is_file => Place::Path(path.clone()),
            _ => Place::Object(path.clone(), git.blob),
        };
        self.add(finding, place, (SourceKind::Git, path), Some(git));
    }

    fn add(
        &mut self,
        finding: Finding,
        place: Place,
        (source, path): (SourceKind, Option<PathName>),
        git: Option<GitPlace>,
    ) {
        let rule = &self.rules[finding.rule.0 as usize];
        let occurrence = Occurrence {
            repository: None,
            owner: None,
            source,
            confidence: paths::confidence(rule, path.as_ref(), &finding),
            path,
            location: finding.location,
            excerpt: finding.excerpt,
            allowed_by: finding.allowed_by.map(std::borrow::Cow::into_owned),
            git,
        };
        let key = (rule.family.clone(), Secret::new(finding.secret.expose(), Shown::Nothing));
        let group = self.groups.entry(key).or_insert_with(|| Group {
            rule: finding.rule,
            secret: finding.secret.clone(),
            checksum: finding.checksum,
            parts: Vec::new(),
            occurrences: BTreeMap::new(),
        });
        let better = |a: RuleIx, b: RuleIx| {
            let rank = |rule: RuleIx| (self.rules[rule.0 as usize].rank, std::cmp::Reverse(rule));
            rank(a) > rank(b)
        };
        if better(finding.rule, group.rule) {
            // How much of a secret is shown is its rule's to say, so the two change together.
            group.rule = finding.rule;
            group.secret = finding.secret;
        }
        group.checksum = group.checksum.max(finding.checksum);
        if group.parts.is_empty() || !finding.parts.is_empty() && finding.parts < group.parts {
            group.parts = finding.parts;
        }
        match group.occurrences.entry(place) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(occurrence);
            }
            std::collections::btree_map::Entry::Occupied(mut occupied) => join(occupied.get_mut(), occurrence),
        }
    }

    /// The incidents to report, most urgent first; what is allowed is counted in `coverage`.
    pub(super) fn into_incidents(self, known: &mut Known<'_>, coverage: &mut Coverage) -> Vec<Incident> {
        let (options, rules) = (self.options, self.rules);
        let mut incidents = Vec::new();
        for group in self.groups.into_values() {
            let rule = &rules[group.rule.0 as usize];
            match incident(group, rule, options, known) {
                Made::Incident(incident) => incidents.push(*incident),
                Made::Allowed => coverage.allowed += 1,
                Made::Unsure => {}
            }
        }
        sort(&mut incidents, rules);
        incidents
    }
}

/// An incident without an occurrence. Nothing of the secret is shown.
pub(super) fn bare(options: &Options, rule: &Rule, secret: &[u8]) -> Incident {
    let secret = Secret::new(secret, Shown::Nothing);
    let said = verify::assess(rule, &secret, &[], options.now);
    Incident {
        id: options.key.identify(&rule.family, &secret),
        rule: RuleIx(0),
        entropy: entropy::shannon_entropy(secret.expose()),
        secret,
        confidence: rule.confidence,
        checksum: Checksum::None,
        severity: said.severity,
        verdict: said.verdict,
        claims: said.claims,
        access: None,
        notes: said.notes,
        parts: Vec::new(),
        occurrences: Vec::new(),
        life: None,
    }
}

/// Puts the most urgent incident first.
pub(crate) fn sort(incidents: &mut [Incident], rules: &[Rule]) {
    incidents.sort_by(|a, b| urgency(a, rules).cmp(&urgency(b, rules)));
}

/// Puts `other` into `kept`, which is at the same place: a file's own occurrence keeps its position and gains what git says; of two alike
/// the first stays.
fn join(kept: &mut Occurrence, other: Occurrence) {
    if kept.source == SourceKind::Git && other.source == SourceKind::File {
        let committed = std::mem::replace(kept, other);
        take_history(kept, committed);
    } else if kept.source == SourceKind::File && other.source == SourceKind::Git {
        take_history(kept, other);
    } else if other.location < kept.location {
        *kept = other;
    }
}

/// Fills in what git says of a file's occurrence. Where the file was changed so that the secret moved, no object is named: lines and
/// columns are the file's own.
fn take_history(file: &mut Occurrence, committed: Occurrence) {
    file.git =
        committed.git.map(|git| GitPlace { blob: git.blob.filter(|_| file.location == committed.location), ..git });
}

/// What becomes of a group.
enum Made {
    Incident(Box<Incident>),
    /// Everywhere it is, somebody knows of it.
    Allowed,
    /// Nowhere is it sure enough.
    Unsure,
}

/// The incident that a group makes, unless it is allowed or not sure enough.
fn incident(group: Group, rule: &Rule, options: &Options, known: &mut Known<'_>) -> Made {
    let id = options.key.identify(&rule.family, &group.secret);
    let mut occurrences: Vec<Occurrence> = group.occurrences.into_values().collect();
    let known_id = options.known_key.as_ref().map_or(id, |key| key.identify(&rule.family, &group.secret));
    known.mark(known_id, &rule.id, &group.secret, &mut occurrences);
    occurrences.retain(|occurrence| occurrence.confidence >= options.min_confidence);
    if occurrences.is_empty() {
        return Made::Unsure;
    }
    if !options.show_allowed {
        occurrences.retain(|occurrence| occurrence.allowed_by.is_none());
        if occurrences.is_empty() {
            known.hide(known_id);
            return Made::Allowed;
        }
    }
    occurrences.sort_by(|a, b| nearness(a).cmp(&nearness(b)));
    let confidence = occurrences.iter().map(|occurrence| occurrence.confidence).max().unwrap_or(Confidence::Low);
    let said = verify::assess(rule, &group.secret, &group.parts, options.now);
    Made::Incident(Box::new(Incident {
        id,
        rule: group.rule,
        entropy: entropy::shannon_entropy(group.secret.expose()),
        secret: group.secret,
        confidence,
        checksum: group.checksum,
        severity: said.severity,
        verdict: said.verdict,
        claims: said.claims,
        access: None,
        notes: said.notes,
        parts: group.parts,
        occurrences,
        life: None,
    }))
}

/// The order of incidents: what works before what may and what does not, what costs most, what is surest, what is still there, then by place.
fn urgency<'a>(incident: &'a Incident, rules: &'a [Rule]) -> impl Ord + use<'a> {
    let rule = &rules[incident.rule.0 as usize];
    let first = incident.occurrences.first().map(nearness);
    let alive = match incident.verdict {
        Verdict::Active => 0,
        Verdict::Unchecked | Verdict::Unknown(_) => 1,
        Verdict::Inactive(_) => 2,
    };
    (alive, std::cmp::Reverse((incident.severity, incident.confidence)), first, &rule.id, incident.id)
}

/// The order of occurrences: where it still is comes first, then by place.
pub(crate) fn nearness(occurrence: &Occurrence) -> impl Ord {
    let reach = occurrence.git.as_ref().map_or(Reach::Head, |git| git.reach);
    let blob = occurrence.git.as_ref().and_then(|git| git.blob);
    (occurrence.source, reach, occurrence.path.as_ref(), occurrence.location, blob)
}
