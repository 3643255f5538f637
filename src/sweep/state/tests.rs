//! States: what is recorded is read, forgotten and joined as it should be.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{Arc, mpsc},
    time::Duration,
};

use super::{
    samples::{THEN, complete, incident, listed, open, record, record_with, rules, sibling, state, token},
    *,
};
use crate::{
    incident::{Access, Incident, Occurrence, Status as Life},
    sweep::repository::Listed,
    verdict::Verdict,
};

fn all(state: &State) -> Vec<Incident> {
    let statuses = Life::ALL.to_vec();
    state.incidents(&Filter { statuses, ..Filter::default() }, &rules()).unwrap().incidents
}

fn status_of(state: &State) -> Life {
    all(state)[0].life.unwrap().status
}

/// Every byte of every file in `dir`.
fn bytes_in(dir: &Path) -> Vec<u8> {
    fs::read_dir(dir).unwrap().flat_map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn what_is_recorded_is_read_again() {
    let (dir, mut state) = state();
    let sweep = state.begin(THEN).unwrap();
    let mut found = incident(&state, 1, &["deploy/.env", "old/.env", "commit message"]);
    found.occurrences[1].path = Some(crate::blob::PathName::new(b"a/\xff.env".as_slice()));
    found.occurrences[1].git.as_mut().unwrap().in_head = false;
    found.verdict = Verdict::Active;
    found.access = Some(Access { owner: Some("ada".to_owned()), ..Access::default() });
    let changes = record(&mut state, sweep, 7, std::slice::from_ref(&found));
    assert_eq!(changes, Changes { new: vec![found.id], ..Changes::default() });
    state.end(sweep, THEN + 5, true).unwrap();
    drop(state);
    let state = State::open_for_reading(&dir.path().join("state")).unwrap();
    let [read] = &all(&state)[..] else { panic!("one incident") };
    let life = read.life.unwrap();
    assert_eq!((life.status, life.first_seen, life.last_seen, life.resolved_at), (Life::Open, THEN, THEN, None));
    assert_eq!((read.secret.masked(), read.secret.is_known()), (found.secret.masked(), false));
    let mut places: Vec<Occurrence> = read.occurrences.clone();
    for place in &mut places {
        assert_eq!(place.repository.take().as_deref(), Some("acme/r7"));
        assert_eq!(place.owner.take().as_deref(), Some("@acme/team"));
    }
    for place in &mut found.occurrences {
        place.excerpt = crate::finding::Excerpt { wide: 2, ..Default::default() };
        assert!(places.contains(place), "{place:?} is not in {places:?}");
    }
    assert_eq!(places.len(), 3);
    let known = |incident: &Incident| {
        let facts = (incident.id, incident.rule, incident.severity, incident.checksum, incident.entropy);
        (facts, incident.verdict.clone(), incident.access.clone(), incident.claims.clone(), incident.notes.clone())
    };
    assert_eq!(known(read), known(&found));
    assert_eq!(state.cursor("net7").unwrap().unwrap(), b"cursor");
    let status = state.status().unwrap();
    assert_eq!((status.sweeps, status.repositories, status.done, status.open, status.is_complete), (1, 1, 1, 1, true));
}

#[test]
fn an_incident_lives_through_sweeps() {
    let (_dir, mut state) = state();
    let found = incident(&state, 1, &["a", "b"]);
    let mut at = THEN;
    let mut sweep = |state: &mut State, incidents: &[Incident]| {
        at += 3600;
        let sweep = state.begin(at).unwrap();
        record(state, sweep, 1, incidents)
    };
    assert_eq!(sweep(&mut state, std::slice::from_ref(&found)).new, [found.id]);
    assert_eq!(sweep(&mut state, std::slice::from_ref(&found)), Changes::default());
    assert_eq!(sweep(&mut state, &[]).resolved, [found.id]);
    let gone = all(&state).remove(0);
    assert_eq!((gone.occurrences.len(), gone.life.unwrap().resolved_at), (0, Some(THEN + 3 * 3600)));
    assert!(state.incidents(&Filter::default(), &rules()).unwrap().incidents.is_empty());
    assert_eq!(sweep(&mut state, std::slice::from_ref(&found)).reopened, [found.id]);
    let back = all(&state).remove(0);
    assert_eq!((back.life.unwrap().status, back.life.unwrap().first_seen), (Life::Reopened, THEN + 3600));
    assert_eq!(back.occurrences.len(), 2);
}

#[test]
fn what_only_moves_is_never_gone() {
    let (_dir, mut state) = state();
    let found = [incident(&state, 1, &["a"])];
    let sweep = state.begin(THEN).unwrap();
    record(&mut state, sweep, 1, &found);
    record(&mut state, sweep, 2, &[]);
    let sweep = state.begin(THEN + 60).unwrap();
    record(&mut state, sweep, 1, &[]);
    let changes = record(&mut state, sweep, 2, &found);
    assert_eq!((changes.new, changes.reopened), (vec![], vec![]));
    assert_eq!(status_of(&state), Life::Open);
}

#[test]
fn a_verdict_resolves_and_reopens() {
    let (_dir, mut state) = state();
    let mut found = incident(&state, 1, &["a"]);
    let sweep = state.begin(THEN).unwrap();
    record(&mut state, sweep, 1, std::slice::from_ref(&found));
    found.verdict = Verdict::Inactive(crate::verdict::Why::Rejected);
    assert_eq!(state.note_verdicts(std::slice::from_ref(&found), &rules(), THEN + 10).unwrap().resolved, [found.id]);
    // What a scan does not know does not undo what a provider said.
    found.verdict = Verdict::Unchecked;
    assert_eq!(record(&mut state, sweep, 1, std::slice::from_ref(&found)), Changes::default());
    found.verdict = Verdict::Active;
    assert_eq!(state.note_verdicts(std::slice::from_ref(&found), &rules(), THEN + 20).unwrap().reopened, [found.id]);
    assert_eq!(state.note_verdicts(std::slice::from_ref(&found), &rules(), THEN + 30).unwrap(), Changes::default());
    assert_eq!(all(&state)[0].verdict, Verdict::Active);
    assert_eq!(count(&state.database, "SELECT count(*) FROM verdict", []).unwrap(), 2);
}

#[test]
fn an_incomplete_scan_removes_nothing() {
    let (_dir, mut state) = state();
    let sweep = state.begin(THEN).unwrap();
    let found = [incident(&state, 1, &["a", "b"])];
    record(&mut state, sweep, 1, &found);
    let sweep = state.begin(THEN + 60).unwrap();
    let mut coverage = complete();
    coverage.fail("a pack", "is damaged");
    assert_eq!(record_with(&mut state, sweep, 1, &[], &coverage), Changes::default());
    assert_eq!((all(&state)[0].occurrences.len(), status_of(&state)), (2, Life::Open));
    let known = state.repositories().unwrap().remove(0);
    assert_eq!((known.completed_at, known.scanned_at, known.is_complete), (Some(THEN), Some(THEN + 60), false));
    assert!(!known.covers(&listed(1)));
    assert_eq!(state.coverage().unwrap().failed[0].subject, "acme/r1: a pack");
}

#[test]
fn repositories_come_fail_and_go() {
    let (_dir, mut state) = state();
    let sweep = state.begin(THEN).unwrap();
    state.note_listed(sweep, &[listed(1), listed(2)]).unwrap();
    let found = [incident(&state, 1, &["a"])];
    record(&mut state, sweep, 1, &found);
    state.note_failed(sweep, &listed(2).id, "cannot be fetched").unwrap();
    assert!(matches!(state.note_failed(sweep, &listed(9).id, "x"), Err(Error::Unknown { .. })));
    let known = state.repositories().unwrap();
    assert!(known[0].covers(&listed(1)) && known[0].failure.is_none());
    assert_eq!(known[1].failure.as_deref(), Some("cannot be fetched"));
    assert_eq!(state.coverage().unwrap().failed[0].subject, "acme/r2");
    // A name changes, the repository stays.
    let renamed = Listed { name: "acme/new".to_owned(), ..listed(1) };
    let sweep = state.begin(THEN + 60).unwrap();
    state.note_listed(sweep, &[renamed]).unwrap();
    assert_eq!(all(&state)[0].occurrences[0].repository.as_deref(), Some("acme/new"));
    let changes = state.note_gone(sweep, &[listed(1).id]).unwrap();
    assert_eq!((changes.resolved, status_of(&state)), (vec![found[0].id], Life::Resolved));
    assert_eq!(state.repositories().unwrap()[0].gone_at, Some(THEN + 60));
    assert_eq!(state.note_gone(sweep, &[listed(1).id]).unwrap(), Changes::default());
    let sweep = state.begin(THEN + 120).unwrap();
    assert_eq!(state.note_listed(sweep, &[listed(1)]).unwrap().reopened, [found[0].id]);
}

#[test]
fn a_sweep_that_did_not_end_is_seen() {
    let (dir, mut state) = state();
    assert_eq!(state.unfinished().unwrap(), None);
    let first = state.begin(THEN).unwrap();
    drop(state);
    let mut state = open(&dir);
    assert_eq!(state.unfinished().unwrap(), Some(first));
    // The clock went back.
    let second = state.begin(THEN - 1000).unwrap();
    assert!(second.began > first.began && second.number() == 2);
    state.end(second, THEN - 999, true).unwrap();
    assert_eq!(state.unfinished().unwrap(), None);
}

#[test]
fn answers_are_kept_and_replaced() {
    let (_dir, mut state) = state();
    assert_eq!(state.answer("hash").unwrap(), None);
    state.keep_answer("hash", "\"1\"", b"[]", THEN).unwrap();
    state.keep_answer("hash", "\"2\"", b"[1]", THEN).unwrap();
    assert_eq!(state.answer("hash").unwrap(), Some(("\"2\"".to_owned(), b"[1]".to_vec())));
}

/// Laws 3 and 4: whatever was scanned, no file of the state holds a raw secret, in any encoding that somebody would look for.
#[test]
fn no_secret_gets_into_the_folder() {
    let (dir, mut state) = state();
    let raw = String::from_utf8(token(1)).unwrap();
    let mut found = incident(&state, 1, &[&format!("keys/{raw}.txt"), "b"]);
    found.notes = vec![format!("it is {raw}").into()];
    found.parts[0].value = crate::finding::PartValue::Public(raw.clone());
    found.claims.as_mut().unwrap().audience = vec![raw.clone()];
    found.verdict = Verdict::Unknown(format!("answered {raw}").into());
    found.access = Some(Access { owner: Some(raw.clone()), scopes: Some(raw.clone()), ..Access::default() });
    let place = &mut found.occurrences[1];
    place.allowed_by = Some(raw.clone());
    let git = place.git.as_mut().unwrap();
    git.refs = [format!("refs/heads/{raw}")].into();
    Arc::make_mut(git.introduced.as_mut().unwrap()).author.clone_from(&raw);
    Arc::make_mut(git.last.as_mut().unwrap()).email = format!("{raw}@example.org");
    let mut coverage = complete();
    coverage.fail(format!("file {raw}"), format!("cannot read {raw}"));
    coverage.skip(crate::coverage::Skipped::Excluded, raw.clone());
    coverage.notes.push(raw.clone());
    let sweep = state.begin(THEN).unwrap();
    let (listed, owner) = (listed(1), |_: &Incident, _: &Occurrence| Some(token_text()));
    let member = Member {
        listed: &listed,
        tips: "",
        coverage: &coverage,
        adds: false,
        incidents: std::slice::from_ref(&found),
        owner: &owner,
    };
    let scanned = Scanned { network: "n", cursor: None, rules: &rules(), named: &[], members: &[member] };
    state.record(sweep, &scanned).unwrap();
    state.note_verdicts(&[found], &rules(), THEN + 5).unwrap();
    let utf16: Vec<u8> = raw.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let base64 = data_encoding::BASE64.encode(raw.as_bytes());
    let hex = data_encoding::HEXLOWER.encode(raw.as_bytes());
    // While it is open (the log is full) and afterwards.
    for _ in 0..2 {
        let bytes = bytes_in(&dir.path().join("state"));
        for needle in [raw.as_bytes(), &utf16, &base64.as_bytes()[..40], hex.as_bytes()] {
            assert_eq!(memchr::memmem::find(&bytes, needle), None, "{}", String::from_utf8_lossy(needle));
        }
        assert!(memchr::memmem::find(&bytes, "keys/ghp_…0001.txt".as_bytes()).is_some(), "what is masked is there");
        state = {
            drop(state);
            open(&dir)
        };
    }
}

fn token_text() -> String {
    String::from_utf8(token(1)).unwrap()
}

#[test]
fn a_rule_that_is_no_more_loses_no_incident() {
    let (_dir, mut state) = state();
    let sweep = state.begin(THEN).unwrap();
    let found = [incident(&state, 1, &["a"])];
    record(&mut state, sweep, 1, &found);
    let recalled = state.incidents(&Filter::default(), &rules()[1..]).unwrap();
    let rule = &recalled.rules[recalled.incidents[0].rule.0 as usize];
    assert_eq!((&*rule.id, &*rule.name, recalled.rules.len()), ("github-pat", &*rules()[0].name, 2));
    assert!(recalled.coverage.notes.iter().any(|note| note.contains("github-pat")), "{:?}", recalled.coverage.notes);
    let mut renamed = rules();
    renamed[0].id = "github-classic".into();
    renamed[0].aliases = vec!["github-pat".into()].into();
    let recalled = state.incidents(&Filter::default(), &renamed).unwrap();
    assert_eq!((recalled.incidents[0].rule.0, recalled.rules.len()), (0, 2));
    assert!(recalled.coverage.notes.is_empty());
}

#[test]
fn a_filter_picks_repositories() {
    let (_dir, mut state) = state();
    let sweep = state.begin(THEN).unwrap();
    let (one, two) = (incident(&state, 1, &["a"]), incident(&state, 2, &["a"]));
    record(&mut state, sweep, 1, &[one.clone(), two.clone()]);
    record(&mut state, sweep, 2, std::slice::from_ref(&two));
    let glob = globset::Glob::new("*/r2").unwrap().compile_matcher();
    let filter = Filter { repository: Some(glob), ..Filter::default() };
    let recalled = state.incidents(&filter, &rules()).unwrap().incidents;
    assert_eq!((recalled.len(), recalled[0].id, recalled[0].occurrences.len()), (1, two.id, 1));
    let filter = Filter { since: Some(THEN + 1), ..Filter::default() };
    assert!(state.incidents(&filter, &rules()).unwrap().incidents.is_empty());
}

#[test]
fn a_summary_counts_and_tells_what_is_new() {
    let (_dir, mut state) = state();
    let (one, two) = (incident(&state, 1, &["a"]), incident(&state, 2, &["b"]));
    let sweep = state.begin(THEN).unwrap();
    record(&mut state, sweep, 1, std::slice::from_ref(&one));
    state.end(sweep, THEN + 9, true).unwrap();
    assert_eq!((state.summary(THEN).unwrap().since, state.summary(THEN).unwrap().new.len()), (None, 1));
    let sweep = state.begin(THEN + 86_400).unwrap();
    record(&mut state, sweep, 1, &[one.clone(), two.clone()]);
    record(&mut state, sweep, 2, std::slice::from_ref(&one));
    state.end(sweep, THEN + 86_409, true).unwrap();
    let summary = state.summary(THEN + 86_410).unwrap();
    assert_eq!((summary.incidents, summary.since, &summary.new[..]), (2, Some(THEN + 9), &[two.id][..]));
    assert_eq!(
        summary.repositories.into_iter().collect::<Vec<_>>(),
        [("acme/r1".to_owned(), 2), ("acme/r2".to_owned(), 1)]
    );
    assert_eq!(
        (summary.owners["@acme/team"], summary.verdicts["unchecked"], summary.severities["critical"]),
        (2, 2, 2)
    );
    assert_eq!(summary.ages[..2], [("up to 1 day", 1), ("up to 7 days", 1)]);
}

#[test]
fn what_is_forgotten_is_gone_from_the_file() {
    let (dir, mut state) = state();
    let sweep = state.begin(THEN).unwrap();
    let (one, two) = (incident(&state, 1, &["only/in/one"]), incident(&state, 2, &["only/in/two"]));
    record(&mut state, sweep, 1, std::slice::from_ref(&one));
    record(&mut state, sweep, 2, std::slice::from_ref(&two));
    let holds = |text: &str| memchr::memmem::find(&bytes_in(&dir.path().join("state")), text.as_bytes()).is_some();
    assert!(holds("only/in/one") && holds("acme/r1") && holds("only/in/two"));
    let forgotten = state.forget(&Selector::Repository("acme/*1".to_owned())).unwrap();
    assert_eq!(forgotten, Forgotten { repositories: 1, incidents: 1, occurrences: 1 });
    assert!(!holds("only/in/one") && !holds("acme/r1") && holds("only/in/two"));
    assert_eq!((state.cursor("net1").unwrap(), all(&state).len()), (None, 1));
    state.forget(&Selector::Incident(two.id)).unwrap();
    assert!(!holds("only/in/two") && holds("acme/r2"));
    for selector in [Selector::Incident(two.id), Selector::Repository("acme/r1".to_owned())] {
        assert!(matches!(state.forget(&selector), Err(Error::Nothing { .. })));
    }
}

#[test]
fn old_things_are_forgotten_and_present_ones_stay() {
    let (_dir, mut state) = state();
    let (one, two) = (incident(&state, 1, &["a", "b"]), incident(&state, 2, &["a"]));
    let sweep = state.begin(THEN).unwrap();
    record(&mut state, sweep, 1, &[one.clone(), two.clone()]);
    state.end(sweep, THEN, true).unwrap();
    let sweep = state.begin(THEN + 100).unwrap();
    let left = [incident(&state, 1, &["b"])];
    record(&mut state, sweep, 1, &left);
    state.end(sweep, THEN + 100, true).unwrap();
    let forgotten = state.forget(&Selector::Before(THEN + 50)).unwrap();
    assert_eq!(forgotten, Forgotten { repositories: 0, incidents: 1, occurrences: 2 });
    let left = all(&state);
    assert_eq!((left.len(), left[0].id, left[0].life.unwrap().first_seen), (1, one.id, THEN));
    assert_eq!(state.status().unwrap().sweeps, 1);
}

#[test]
fn two_take_turns() {
    let (dir, state) = state();
    let path = dir.path().join("state");
    let busy = State::open(&path, Wait::No).err().unwrap();
    assert!(busy.to_string().ends_with(&format!("is in use by process {}", std::process::id())), "{busy}");
    State::open_for_reading(&path).unwrap();
    let (told, heard) = mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let told = move |holder: &Holder| told.send(holder.to_string()).unwrap();
        State::open(&path, Wait::Told(&told)).map(|state| state.has_turn()).unwrap()
    });
    heard.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(!waiting.is_finished());
    drop(state);
    assert!(waiting.join().unwrap());
}

#[cfg(unix)]
#[test]
fn the_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, state) = state();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir.path().join("state")), 0o700);
    for name in [KEY_FILE, DATABASE] {
        assert_eq!(mode(&dir.path().join("state").join(name)), 0o600, "{name}");
    }
    drop(state);
    // A folder that is somebody's stays as it is.
    let other = tempfile::tempdir().unwrap();
    fs::set_permissions(other.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(other.path().join("a"), "x").unwrap();
    assert!(matches!(State::open(other.path(), Wait::No), Err(Error::Foreign { .. })));
    assert_eq!((mode(other.path()), fs::read_dir(other.path()).unwrap().count()), (0o755, 1));
}

#[test]
fn a_folder_that_a_killed_run_began_is_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    fs::create_dir(&path).unwrap();
    // Before there are tables.
    for (name, content) in [("lock", ""), ("holder", "12"), (KEY_FILE, "sixteen bytes or more\n")] {
        fs::write(path.join(name), content).unwrap();
    }
    fs::write(path.join(DATABASE), "").unwrap();
    assert_eq!(open(&dir).key().id(), crate::incident::IdentityKey::new(b"sixteen bytes or more").id());
    // Before there is a key.
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("state");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("identity.key.part"), "half").unwrap();
    let state = open(&other);
    assert!(state.has_turn() && !path.join("identity.key.part").exists());
}

#[test]
fn a_key_is_made_once_and_never_replaced() {
    let (dir, state) = state();
    let (path, id) = (dir.path().join("state"), state.key().id().to_owned());
    drop(state);
    assert_eq!(open(&dir).key().id(), id);
    let (_other, same) = sibling(&dir);
    assert_eq!(same.key().id(), id);
    let key = fs::read(path.join(KEY_FILE)).unwrap();
    assert_eq!(crate::incident::IdentityKey::new(key.trim_ascii_end()).id(), id, "as --key-file reads it");
    fs::remove_file(path.join(KEY_FILE)).unwrap();
    assert!(matches!(State::open(&path, Wait::No), Err(Error::NoKey { .. })));
    assert!(matches!(State::open_for_reading(&path), Err(Error::NoKey { .. })));
    fs::write(path.join(KEY_FILE), "another key, as long as it takes").unwrap();
    assert!(matches!(State::open(&path, Wait::No), Err(Error::OtherKey { .. })));
    fs::write(path.join(KEY_FILE), "short").unwrap();
    assert!(matches!(State::open(&path, Wait::No), Err(Error::ShortKey { .. })));
}

#[test]
fn what_is_damaged_or_newer_is_refused() {
    let (dir, mut state) = state();
    let path = dir.path().join("state");
    let sweep = state.begin(THEN).unwrap();
    for number in 0..50 {
        let found = [incident(&state, number, &["a", "b"])];
        record(&mut state, sweep, number, &found);
    }
    drop(state);
    let whole = fs::read(path.join(DATABASE)).unwrap();
    // No panic, wherever it is damaged; and what is said is said in words.
    for at in (0..whole.len()).step_by(whole.len() / 61) {
        let mut damaged = whole.clone();
        damaged[at..(at + 700).min(whole.len())].fill(0xa5);
        fs::write(path.join(DATABASE), &damaged).unwrap();
        let read = State::open_for_reading(&path).and_then(|state| state.incidents(&Filter::default(), &rules()));
        let _ = read.map_err(|error| assert!(!error.to_string().is_empty()));
        let _ = State::open(&path, Wait::No).and_then(|mut state| state.begin(THEN));
    }
    let begin_anew = |bytes: &[u8]| {
        for file in ["-wal", "-shm"] {
            let _ = fs::remove_file(path.join(format!("{DATABASE}{file}")));
        }
        fs::write(path.join(DATABASE), bytes).unwrap();
    };
    begin_anew("no database at all, but a text that is long enough to be taken for one".repeat(20).as_bytes());
    let refused = State::open_for_reading(&path).err().unwrap();
    assert!(matches!(refused, Error::Damaged { .. }), "{refused}");
    begin_anew(&whole);
    let database = rusqlite::Connection::open(path.join(DATABASE)).unwrap();
    database.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(database);
    for refused in [State::open(&path, Wait::No).err(), State::open_for_reading(&path).err()] {
        assert!(matches!(refused, Some(Error::Future { version: 99, known: 1, .. })), "{refused:?}");
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let (_dir, mut state) = state();
    let sweep = state.begin(THEN).unwrap();
    let found = [incident(&state, 1, &["a"])];
    record(&mut state, sweep, 1, &found);
    let pages: i64 = state.database.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let _: i64 =
        state.database.query_row(&format!("PRAGMA max_page_count = {}", pages + 4), [], |row| row.get(0)).unwrap();
    let many: Vec<Incident> =
        (2..2000).map(|number| incident(&state, number, &["some/longer/path/to/a/file"])).collect();
    let owner = |_: &Incident, _: &Occurrence| None;
    let (listed, coverage, rules) = (listed(2), complete(), rules());
    let member =
        Member { listed: &listed, tips: "", coverage: &coverage, adds: false, incidents: &many, owner: &owner };
    let scanned = Scanned { network: "n", cursor: None, rules: &rules, named: &[], members: &[member] };
    let error = state.record(sweep, &scanned).unwrap_err();
    assert!(matches!(error, Error::Database(_)), "{error:?}");
    assert_eq!((all(&state).len(), state.repositories().unwrap().len()), (1, 1));
    let _: i64 = state.database.query_row("PRAGMA max_page_count = 1000000", [], |row| row.get(0)).unwrap();
    assert_eq!(state.record(sweep, &scanned).unwrap().new.len(), 1998);
    assert_eq!(all(&state).iter().map(|incident| incident.id).collect::<BTreeSet<_>>().len(), 1999);
}

/// Everything that a state says, whatever numbers it gave to rows.
fn dump(state: &State) -> Vec<String> {
    let text = |column: &str| format!("(SELECT hex(bytes) FROM text WHERE id = {column})");
    let commit = |column: &str| {
        let (author, email) = (text("c.author"), text("c.email"));
        format!("(SELECT hex(object) || {author} || {email} || c.at FROM commits c WHERE c.id = {column})")
    };
    let (incident, repository) = (
        "(SELECT hex(identity) FROM incident i WHERE i.id = incident)",
        "(SELECT identity FROM repository r WHERE r.id = repository)",
    );
    let selects = [
        "SELECT hex(identity), hex(origin), began, ended, complete FROM sweep".to_owned(),
        "SELECT identity, listed_at, gone, listed, first_seen, last_seen, scanned, network, stamp, tips, coverage, completed, failed, failure FROM repository".to_owned(),
        "SELECT hex(identity), verdict_at, verdict, status, since, told FROM incident".to_owned(),
        "SELECT network, at, hex(bytes) FROM cursor".to_owned(),
        "SELECT url, at, etag, hex(body) FROM answer".to_owned(),
        format!("SELECT {incident}, at, verdict FROM verdict"),
        format!("SELECT {repository}, at, gone FROM going"),
        format!("SELECT {incident}, {repository}, at, here FROM moving"),
        format!("SELECT {incident}, {repository}, first_seen, seen, {} FROM holding", text("facts")),
        format!(
            "SELECT {incident}, {repository}, {}, hex(mark), first_seen, seen, digest, source, confidence, start, stop, line, col,
             end_line, end_col, wide, git, in_head, reach, refs_count, versions, {}, {}, {}, hex(blob), {}, {}, hex(blobs) FROM occurrence",
            text("path"), text("allowed_by"), text("owner"), text("refs"), commit("introduced"), commit("last")
        ),
    ];
    let mut lines = Vec::new();
    for (nth, select) in selects.iter().enumerate() {
        let mut select = state.database.prepare(select).unwrap();
        let columns = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> = (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap())).collect();
            lines.push(format!("{nth} {}", values.join(" ")));
        }
    }
    lines.sort();
    lines
}

/// One step of a state that is made up.
#[derive(Clone, Debug)]
enum Step {
    Sweep(i64),
    Record { repository: u32, tokens: Vec<u32>, path: u8, is_complete: bool },
    Gone(u32),
    Listed(u32),
    Failed(u32),
    Verdict(u32, bool),
    Answer(u8),
    Unchanged(u32, u8),
    Told,
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
    use proptest::prelude::*;
    let record = (0u32..3, prop::collection::vec(0u32..3, 0..3), 0u8..3, prop::bool::weighted(0.8))
        .prop_map(|(repository, tokens, path, is_complete)| Step::Record { repository, tokens, path, is_complete });
    let one = prop_oneof![
        2 => (0i64..4).prop_map(Step::Sweep),
        4 => record,
        1 => (0u32..3).prop_map(Step::Gone),
        1 => (0u32..3).prop_map(Step::Listed),
        1 => (0u32..3).prop_map(Step::Failed),
        1 => (0u32..3, any::<bool>()).prop_map(|(token, works)| Step::Verdict(token, works)),
        1 => (0u8..3).prop_map(Step::Answer),
        2 => (0u32..3, 0u8..3).prop_map(|(repository, stamp)| Step::Unchanged(repository, stamp)),
        1 => Just(Step::Told),
    ];
    prop::collection::vec(one, 0..10)
}

fn play(state: &mut State, steps: &[Step]) {
    let mut sweep = state.begin(THEN).unwrap();
    for step in steps {
        match step {
            Step::Sweep(later) => {
                state.end(sweep, THEN + later, *later > 1).unwrap();
                sweep = state.begin(THEN + later).unwrap();
            }
            Step::Record { repository, tokens, path, is_complete } => {
                let tokens: BTreeSet<u32> = tokens.iter().copied().collect();
                let path = path.to_string();
                let found: Vec<Incident> = tokens.iter().map(|token| incident(state, *token, &[&path])).collect();
                let mut coverage = complete();
                if !is_complete {
                    coverage.fail("a", "b");
                }
                record_with(state, sweep, *repository, &found, &coverage);
            }
            Step::Gone(number) => drop(state.note_gone(sweep, &[listed(*number).id]).unwrap()),
            Step::Listed(number) => drop(state.note_listed(sweep, &[listed(*number)]).unwrap()),
            Step::Failed(number) => drop(state.note_failed(sweep, &listed(*number).id, "no")),
            Step::Verdict(token, works) => {
                let dead = Verdict::Inactive(crate::verdict::Why::Rejected);
                let verdict = if *works { Verdict::Active } else { dead };
                let found = Incident { verdict, ..incident(state, *token, &[]) };
                state.note_verdicts(&[found], &rules(), THEN + 1).unwrap();
            }
            Step::Answer(body) => state.keep_answer("url", "etag", &[*body], THEN).unwrap(),
            Step::Unchanged(number, stamp) => {
                let listed = Listed { stamp: Some(stamp.to_string()), ..listed(*number) };
                // One that was never scanned is refused.
                let _ = state.note_unchanged(sweep, &listed, &format!("tips {stamp}"));
            }
            Step::Told => {
                let told = state.pending(&rules()).unwrap().1;
                state.note_told(&told).unwrap();
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Whatever three states hold, joining them is the same in every order, and as often as one likes.
    #[test]
    fn states_join_in_any_order(a in steps(), b in steps(), c in steps()) {
        let (dir, mut first) = state();
        play(&mut first, &a);
        let (second_dir, mut second) = sibling(&dir);
        play(&mut second, &b);
        let (third_dir, mut third) = sibling(&dir);
        play(&mut third, &c);
        drop((first, second, third));
        let paths = [&dir, &second_dir, &third_dir].map(|dir| dir.path().join("state"));
        let joined = |order: &[usize]| {
            let (_into, mut into) = sibling(&dir);
            for &nth in order {
                into.merge(&paths[nth], Wait::No).unwrap();
            }
            dump(&into)
        };
        let once = joined(&[0, 1, 2]);
        for order in [&[2, 1, 0][..], &[1, 2, 0, 1, 1], &[0, 0, 2, 1, 2]] {
            proptest::prop_assert_eq!(&joined(order), &once, "{:?}", order);
        }
        // ((2 + 1) + 0), where what is joined was joined before.
        let (between, mut joining) = sibling(&dir);
        joining.merge(&paths[2], Wait::No).unwrap();
        joining.merge(&paths[1], Wait::No).unwrap();
        drop(joining);
        let (_into, mut into) = sibling(&dir);
        into.merge(&paths[0], Wait::No).unwrap();
        into.merge(&between.path().join("state"), Wait::No).unwrap();
        proptest::prop_assert_eq!(&dump(&into), &once);
    }
}

#[test]
fn shards_join_into_what_one_sweep_learns() {
    let (dir, mut one) = state();
    let (left_dir, mut left) = sibling(&dir);
    let (right_dir, mut right) = sibling(&dir);
    for at in [THEN, THEN + 3600] {
        let sweeps = [&mut one, &mut left, &mut right].map(|state| state.begin(at).unwrap());
        for number in 0..6 {
            let shard = if number % 2 == 0 { &mut left } else { &mut right };
            let paths = [format!("a{number}"), "b".to_owned()];
            let found: Vec<Incident> = (number..number + 2 - u32::from(at > THEN))
                .map(|token| incident(shard, token, &[&paths[0], &paths[1]]))
                .collect();
            record(shard, sweeps[1 + number as usize % 2], number, &found);
            record(&mut one, sweeps[0], number, &found);
        }
    }
    drop((left, right));
    let (_into, mut into) = sibling(&dir);
    for shard in [&left_dir, &right_dir] {
        into.merge(&shard.path().join("state"), Wait::No).unwrap();
    }
    // Sweeps themselves are told apart.
    let of = |state: &State| dump(state).into_iter().filter(|line| !line.starts_with("0 ")).collect::<Vec<_>>();
    assert_eq!(of(&into), of(&one));
    assert_eq!(all(&into), all(&one));
}

#[test]
fn only_states_of_one_key_join() {
    let ((_dir, mut one), (other_dir, other)) = (state(), state());
    let path = other_dir.path().join("state");
    assert!(matches!(one.merge(&path, Wait::No), Err(Error::Busy { .. })));
    drop(other);
    assert!(matches!(one.merge(&path, Wait::No), Err(Error::OtherKey { .. })));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(one.merge(empty.path(), Wait::No), Err(Error::None { .. })));
    let own = one.dir.clone();
    assert_eq!(one.merge(&own, Wait::No).unwrap(), Changes::default());
}

/// How long a large state takes to be read and reported: run it by name, in a release build.
#[test]
#[ignore = "takes a minute"]
fn a_million_places_are_reported() {
    let (_dir, mut state) = state();
    let sweep = state.begin(THEN).unwrap();
    for number in 0..1_000u32 {
        let paths: Vec<String> = (0..10).map(|nth| format!("src/module{nth}/some/file{number}.env")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let found: Vec<Incident> = (0..100).map(|nth| incident(&state, number * 40 + nth, &paths)).collect();
        record(&mut state, sweep, number, &found);
    }
    let started = std::time::Instant::now();
    let recalled = state.incidents(&Filter::default(), &rules()).unwrap();
    let read = started.elapsed();
    let report = crate::report::Report {
        incidents: &recalled.incidents,
        coverage: &recalled.coverage,
        named: &[],
        rules: &recalled.rules,
        key: state.key().id(),
        seconds: 0.0,
        now: THEN,
        show_secrets: false,
        all_versions: false,
        checkout: None,
    };
    let reporter = crate::report::reporter(crate::report::Format::Json, crate::report::Options::default());
    let mut out = std::io::BufWriter::new(tempfile::tempfile().unwrap());
    reporter.write(&report, &mut out).unwrap();
    let all = started.elapsed();
    let places: usize = recalled.incidents.iter().map(|incident| incident.occurrences.len()).sum();
    assert_eq!(places, 1_000_000);
    assert!(all.as_secs() < 5, "{read:?} to read, {all:?} in all");
}

/// Each has its own turn when it asks for the other's.
#[test]
fn two_states_that_take_in_each_other_at_once_both_get_there() {
    let (left_dir, mut left) = state();
    let (right_dir, mut right) = sibling(&left_dir);
    let (to_left, to_right) = (left_dir.path().join("state"), right_dir.path().join("state"));
    for (number, state) in [(1, &mut left), (2, &mut right)] {
        let sweep = state.begin(THEN).unwrap();
        record(state, sweep, number, &[]);
    }
    let (done, ended) = mpsc::channel();
    for (mut one, other) in [(left, to_right.clone()), (right, to_left.clone())] {
        let done = done.clone();
        std::thread::spawn(move || {
            let joined = one.merge(&other, Wait::Told(&|_| {})).map(drop);
            // Whoever waits for this turn gets it.
            drop(one);
            let _ = done.send(joined.is_ok());
        });
    }
    for _ in 0..2 {
        assert!(ended.recv_timeout(Duration::from_secs(20)).unwrap(), "one waits for the other");
    }
    for path in [to_left, to_right] {
        assert_eq!(State::open(&path, Wait::No).unwrap().repositories().unwrap().len(), 2);
    }
}
