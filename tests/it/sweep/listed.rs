//! What is listed of each forge, and what becomes of a listing when the forge does not play along.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rsa::pkcs8::EncodePrivateKey;
use serde_json::json;
use stanch::{
    ask::Endpoint,
    net::Net,
    secret::{Secret, Shown},
    sweep::{
        forge::{
            Answers, Azure, Bitbucket, Client, DataCenter, Error, Forge, GitHub, GitLab, GitLabWhose, Gitea,
            GiteaWhose, Listing, Login, Patience, Text, Texts, Whose, limits,
        },
        repository::{Kind, Listed, RepositoryId, Visibility},
    },
};

use super::forge::{ForgeServer, Reply, Repo};

/// What no text may hold. It has the shape of no token.
const TOKEN: &str = "correct-horse-battery";

#[derive(Default)]
struct Kept(BTreeMap<String, (String, Vec<u8>)>);

impl Answers for Kept {
    fn get(&self, url: &str) -> Option<(String, Vec<u8>)> {
        self.0.get(url).cloned()
    }

    fn put(&mut self, url: &str, tag: &str, came_to: &[u8]) {
        assert!(!String::from_utf8_lossy(came_to).contains(TOKEN));
        self.0.insert(url.to_owned(), (tag.to_owned(), came_to.to_vec()));
    }
}

/// Little, so that a test that waits in vain ends.
const PATIENCE: Patience =
    Patience { limited: Duration::from_secs(3), failing: Duration::from_millis(300), pause: Duration::from_millis(20) };

fn list(forge: &dyn Forge, kept: &mut Kept) -> (Result<Listing, Error>, Vec<Listed>) {
    let net = Net::new(limits());
    let mut found = Vec::new();
    let listing = forge.list(&mut Client::new(&net, kept, &|| false).waiting(PATIENCE), &mut |one| found.push(one));
    (listing, found)
}

fn texts(forge: &dyn Forge, of: &Listed, since: Option<i64>) -> Vec<Text> {
    let (net, mut kept, mut found) = (Net::new(limits()), Kept::default(), Vec::new());
    let mut ask = Client::new(&net, &mut kept, &|| false).waiting(PATIENCE);
    forge.texts(&mut ask, of, since, &mut |text| found.push(text)).unwrap();
    assert!(kept.0.is_empty(), "what people wrote is not kept");
    found
}

#[expect(clippy::unnecessary_wraps, reason = "as forges take it")]
fn token() -> Option<Secret> {
    Some(Secret::new(TOKEN.as_bytes(), Shown::Nothing))
}

#[expect(clippy::unnecessary_wraps, reason = "as forges take it")]
fn endpoint(server: &ForgeServer) -> Option<Endpoint> {
    Some(Endpoint::parse(&server.at("")).unwrap())
}

/// Five, the third a fork of the first, the fourth of the third, the fifth read-only and with a wiki.
fn repos() -> Vec<Repo> {
    let repo =
        |id: u64| Repo::new(id, "acme", &format!("site-{id}"), &format!("http://127.0.0.1:9/acme/site-{id}.git"));
    let mut repos: Vec<Repo> = (1..=5).map(repo).collect();
    (repos[2].fork_of, repos[3].fork_of) = (Some(1), Some(3));
    (repos[4].archived, repos[4].has_wiki, repos[4].disabled) = (true, true, true);
    repos
}

fn github(server: &ForgeServer, whose: Whose) -> GitHub {
    GitHub::new(endpoint(server), whose, Login::Token(token().unwrap()), Texts::default()).unwrap()
}

fn acme(server: &ForgeServer) -> GitHub {
    github(server, Whose::Organisation("acme".to_owned()))
}

fn forges(server: &ForgeServer) -> Vec<(&'static str, Box<dyn Forge>)> {
    let (texts, acme) = (Texts { wikis: true, ..Texts::default() }, || "acme".to_owned());
    let login = Login::Token(token().unwrap());
    vec![
        ("github", Box::new(GitHub::new(endpoint(server), Whose::Organisation(acme()), login, texts).unwrap())),
        ("gitlab", Box::new(GitLab::new(endpoint(server), GitLabWhose::Group(acme()), token(), texts).unwrap())),
        ("gitea", Box::new(Gitea::new(endpoint(server), GiteaWhose::Organisation(acme()), token(), texts).unwrap())),
        ("bitbucket", Box::new(Bitbucket::new(endpoint(server), "acme", None, token(), texts).unwrap())),
        ("data center", Box::new(DataCenter::new(endpoint(server).unwrap(), Some("acme"), None, token()).unwrap())),
        ("all projects", Box::new(DataCenter::new(endpoint(server).unwrap(), None, None, token()).unwrap())),
    ]
}

#[test]
fn every_forge_lists_all_pages_with_what_it_tells() {
    let server = ForgeServer::new(repos());
    server.wants(TOKEN).pages_of(2);
    for (name, forge) in forges(&server) {
        let (listing, found) = list(&*forge, &mut Kept::default());
        let listing = listing.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((listing.problems.len(), listing.repositories), (0, found.len() as u64), "{name}");
        let code: Vec<&Listed> = found.iter().filter(|one| one.kind == Kind::Code).collect();
        let names: Vec<&str> = code.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["acme/site-1", "acme/site-2", "acme/site-3", "acme/site-4", "acme/site-5"], "{name}");
        let is_center = name == "data center" || name == "all projects";
        assert_eq!(found.len() - code.len(), usize::from(!is_center), "{name}: its wiki");
        for one in &code {
            let number = one.name.rsplit('-').next().unwrap();
            assert_eq!(one.address.to_string(), format!("http://127.0.0.1:9/acme/site-{number}.git"), "{name}");
            assert_eq!(one.visibility, Some(Visibility::Private), "{name}");
            assert!(one.web.is_some() && one.id.as_str().starts_with(&server.host()), "{name}");
        }
        assert_eq!((code[2].is_fork, code[2].parent.as_ref()), (true, Some(&code[0].id)), "{name}");
        assert!(code[3].is_fork && code[3].parent.is_some() && code[0].parent.is_none(), "{name}");
        assert_eq!(code[4].is_archived, name != "bitbucket", "{name}");
        assert_eq!(code[0].stamp.is_some(), ["github", "gitlab", "gitea"].contains(&name), "{name}");
        let net = Net::new(limits());
        let mut kept = Kept::default();
        let mut ask = Client::new(&net, &mut kept, &|| false);
        let credentials = forge.credentials(&mut ask, code[0]).unwrap().unwrap();
        assert_eq!((credentials.host.as_str(), credentials.token.expose()), (&*server.host(), TOKEN.as_bytes()));
        assert!(!format!("{credentials:?}").contains(TOKEN));
    }
}

#[test]
fn azure_lists_all_projects_at_once_and_shows_its_token_in_basic() {
    let server = ForgeServer::new(repos());
    let azure = Azure::new(endpoint(&server), "acme", token()).unwrap();
    let (listing, found) = list(&azure, &mut Kept::default());
    assert!(listing.unwrap().is_complete());
    assert_eq!(found[2].parent, Some(found[0].id.clone()));
    assert_eq!((found[4].is_disabled, found[4].size), (true, Some(1024)));
    assert_eq!(found[0].address.to_string(), "http://127.0.0.1:9/acme/site-1.git");
    assert!(server.asked()[0].headers["authorization"].starts_with("Basic "));
    server.fail("_apis", 1, Reply::new(203, "<html>"));
    let error = list(&azure, &mut Kept::default()).0.unwrap_err().to_string();
    assert!(error.contains("not accepted") && error.contains("vso.code"), "{error}");
}

#[test]
fn an_unchanged_list_costs_questions_alone_and_forks_are_asked_about_once() {
    let server = ForgeServer::new(repos());
    server.wants(TOKEN).pages_of(2);
    let (forge, mut kept) = (acme(&server), Kept::default());
    let first = list(&forge, &mut kept).1;
    assert_eq!(first[3].parent, Some(RepositoryId::new(&server.host(), 1)), "where its network begins");
    let asked = server.take_asked();
    assert_eq!(asked.iter().filter(|asked| asked.path == "/graphql").count(), 1, "both are on one page");
    assert_eq!(list(&forge, &mut kept).1, first);
    let statuses: Vec<u16> = server.take_asked().iter().map(|asked| asked.status).collect();
    assert_eq!(statuses, [304, 304, 304]);
    server.change(|repos| repos[1].pushed_at = "2026-01-02T00:00:00Z".to_owned());
    let second = list(&forge, &mut kept).1;
    let changed: Vec<usize> = (0..5).filter(|&at| first[at].stamp != second[at].stamp).collect();
    assert_eq!(changed, [1]);
    let statuses: Vec<u16> = server.take_asked().iter().map(|asked| asked.status).collect();
    assert_eq!(statuses, [200, 304, 304]);
}

#[test]
fn a_renamed_repository_keeps_its_id_and_stamp() {
    let server = ForgeServer::new(repos());
    for (name, forge) in forges(&server) {
        let before = list(&*forge, &mut Kept::default()).1;
        server.change(|repos| repos[0].name = "portal".to_owned());
        let after = list(&*forge, &mut Kept::default()).1;
        server.change(|repos| repos[0].name = "site-1".to_owned());
        assert_eq!((&before[0].id, &before[0].stamp), (&after[0].id, &after[0].stamp), "{name}");
        assert_eq!(after[0].name, "acme/portal", "{name}");
    }
}

#[test]
fn gitlab_gives_no_stamp_while_another_push_would_not_be_seen() {
    let server = ForgeServer::new(repos());
    let now = jiff::Timestamp::now().as_second();
    let ago = |seconds: i64| jiff::Timestamp::from_second(now - seconds).unwrap().to_string();
    server.change(|repos| (repos[0].pushed_at, repos[1].pushed_at) = (ago(1800), ago(7200)));
    let forge = GitLab::new(endpoint(&server), GitLabWhose::Group("acme".to_owned()), token(), Texts::default());
    let (forge, mut kept) = (forge.unwrap(), Kept::default());
    for _ in 0..2 {
        let found = list(&forge, &mut kept).1;
        assert_eq!((found[0].stamp.is_some(), found[1].stamp.is_some()), (false, true));
    }
}

#[test]
fn an_enterprise_is_the_organisations_in_it_and_one_that_is_closed_is_a_problem() {
    let mut all = repos();
    all.push(Repo::new(9, "other", "x", "http://127.0.0.1:9/other/x.git"));
    let server = ForgeServer::new(all);
    let forge = github(&server, Whose::Enterprise("corp".to_owned()));
    assert_eq!(list(&forge, &mut Kept::default()).1.len(), 6);
    server.fail("/orgs/acme/repos", 1, Reply::new(403, "{}").with("x-github-sso", "required; url=https://x"));
    let (listing, found) = list(&forge, &mut Kept::default());
    let problems = listing.unwrap().problems;
    assert_eq!((found.len(), problems.len()), (1, 1));
    assert!(problems[0].subject.contains("acme") && problems[0].reason.contains("single sign-on"), "{problems:?}");
}

#[test]
fn an_app_logs_in_once_and_git_gets_the_same_token() {
    let server = ForgeServer::new(repos());
    server.wants(TOKEN);
    let key = rsa::RsaPrivateKey::new(&mut rand_core::OsRng, 2048).unwrap();
    let pem = key.to_pkcs8_pem(rsa::pkcs8::LineEnding::LF).unwrap();
    let login = Login::App { id: "Iv1.x".to_owned(), key: Secret::new(pem.as_bytes(), Shown::Nothing) };
    let whose = Whose::Organisation("acme".to_owned());
    let forge = GitHub::new(endpoint(&server), whose, login, Texts::default()).unwrap();
    let (listing, found) = list(&forge, &mut Kept::default());
    assert!(listing.unwrap().is_complete());
    let (net, mut kept) = (Net::new(limits()), Kept::default());
    let mut ask = Client::new(&net, &mut kept, &|| false);
    let credentials = forge.credentials(&mut ask, &found[0]).unwrap().unwrap();
    assert_eq!((credentials.user.as_str(), credentials.token.expose()), ("x-access-token", TOKEN.as_bytes()));
    let paths: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    let tokens = paths.iter().filter(|path| path.ends_with("access_tokens")).count();
    assert_eq!((tokens, paths[0].as_str()), (1, "/orgs/acme/installation"));
}

#[test]
fn refusals_say_what_is_needed_and_never_what_was_shown() {
    for (status, says) in [(401, "not accepted"), (403, "may not see"), (404, "hidden"), (451, "legal"), (418, "418")] {
        let server = ForgeServer::new(repos());
        // A server that says everything that it was told.
        server.fail("", 100, Reply::new(status, format!("{{\"message\":\"{TOKEN}\"}}")).with("x-echo", TOKEN));
        for (name, forge) in forges(&server) {
            let error = list(&*forge, &mut Kept::default()).0.unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(error.to_string().contains(says), "{name}: {error}");
            assert!(!shown.contains(TOKEN), "{name}: {shown}");
            let hints = ["repo", "read_api", "read:repository", "repository", "read"];
            let hinted = status > 404 || hints.iter().any(|hint| error.to_string().contains(hint));
            assert!(hinted && error.to_string().contains("acme") | name.contains("projects"), "{name}: {error}");
        }
    }
}

#[test]
fn a_forge_that_fails_in_the_middle_leaves_what_was_listed_and_says_so() {
    let server = ForgeServer::new(repos());
    server.pages_of(2).fail("page=2", usize::MAX, Reply::new(500, ""));
    let (listing, found) = list(&acme(&server), &mut Kept::default());
    let listing = listing.unwrap();
    assert_eq!((found.len(), listing.is_complete()), (2, false));
    let reason = &listing.problems[0].reason;
    assert!(reason.contains("500") && reason.contains("2 repositories were listed"), "{reason}");
    // From the beginning on there is nothing.
    server.fail("/orgs/", usize::MAX, Reply::new(502, ""));
    let begun = Instant::now();
    let error = list(&acme(&server), &mut Kept::default()).0.unwrap_err();
    assert!(error.to_string().contains("502") && begun.elapsed() < Duration::from_secs(20), "{error}");
}

#[test]
fn what_passes_is_tried_again() {
    let server = ForgeServer::new(repos());
    server.fail("/orgs/", 2, Reply::new(500, ""));
    assert_eq!(list(&acme(&server), &mut Kept::default()).1.len(), 5);
}

#[test]
fn limits_are_waited_for_within_bounds() {
    let server = ForgeServer::new(repos());
    let second = |status: u16| Reply::new(status, "{}").with("retry-after", "1");
    server.fail("/orgs/", 1, second(403));
    let begun = Instant::now();
    assert_eq!(list(&acme(&server), &mut Kept::default()).1.len(), 5);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let far = (jiff::Timestamp::now().as_second() + 3600).to_string();
    let used_up = |status| Reply::new(status, "{}").with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", &far);
    server.fail("/orgs/", 1, used_up(403));
    let error = list(&acme(&server), &mut Kept::default()).0.unwrap_err();
    assert!(error.to_string().contains("rate limit"), "{error}");
    // The last answer before the limit counts, and the next question is not asked.
    server.pages_of(2).take_asked();
    server.fail(
        "/orgs/",
        1,
        Reply::json(&json!([]))
            .with("link", &format!("<{}>; rel=\"next\"", server.at("/x")))
            .with("x-ratelimit-remaining", "0")
            .with("x-ratelimit-reset", &far),
    );
    let error = list(&acme(&server), &mut Kept::default()).0.unwrap_err();
    assert!(error.to_string().contains("rate limit"), "{error}");
    assert_eq!(server.take_asked().len(), 1);
}

#[test]
fn pages_lead_to_no_other_host_and_in_no_circle() {
    let evil = ForgeServer::new(repos());
    let server = ForgeServer::new(repos());
    for (link, says) in [(evil.at("/orgs/acme/repos"), "another host"), (server.at("/a"), "circle")] {
        server.answer("/a", Reply::json(&json!([])).with("link", &format!("<{}>; rel=\"next\"", server.at("/a"))));
        server.fail("/orgs/", 1, Reply::json(&json!([])).with("link", &format!("<{link}>; rel=\"next\"")));
        let error = list(&acme(&server), &mut Kept::default()).0.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    server.fail("/orgs/", 1, Reply::new(302, "").with("location", &evil.at("/orgs/acme/repos")));
    assert!(list(&acme(&server), &mut Kept::default()).0.is_err());
    assert!(evil.asked().is_empty());
    // An organisation that was renamed is found under its new name.
    server.fail("/orgs/acme", 1, Reply::new(301, "").with("location", "/orgs/acme/repos?per_page=100"));
    assert_eq!(list(&acme(&server), &mut Kept::default()).1.len(), 5);
}

#[test]
fn one_that_cannot_be_read_is_left_out_and_said() {
    let server = ForgeServer::new(repos());
    server.change(|repos| repos[1].clone_url = "ext::sh -c x".to_owned());
    for (name, forge) in forges(&server) {
        let (listing, found) = list(&*forge, &mut Kept::default());
        let listing = listing.unwrap();
        assert_eq!(found.iter().filter(|one| one.kind == Kind::Code).count(), 4, "{name}");
        assert!(listing.problems[0].reason.starts_with("1 "), "{name}: {listing:?}");
    }
}

#[test]
fn a_run_that_is_stopped_does_not_wait() {
    let server = ForgeServer::new(repos());
    server.fail("/orgs/", usize::MAX, Reply::new(429, "").with("retry-after", "2"));
    let (net, mut kept, begun) = (Net::new(limits()), Kept::default(), Instant::now());
    let stopped = || begun.elapsed() > Duration::from_millis(300);
    let error = acme(&server).list(&mut Client::new(&net, &mut kept, &stopped), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("stopped") && begun.elapsed() < Duration::from_secs(2), "{error}");
}

#[test]
fn githubs_texts_are_read_and_logs_without_the_token() {
    let (server, store) = (ForgeServer::new(repos()), ForgeServer::new(Vec::new()));
    store.answer("/log", Reply::new(200, "printed"));
    let at = "2026-01-02T03:04:05Z";
    let user = json!({ "login": "ada" });
    let issue = |number: u64, is_pull: bool| {
        let mut issue = json!({ "number": number, "title": "T", "body": "B", "user": user, "updated_at": at });
        if is_pull {
            issue["pull_request"] = json!({});
        }
        issue
    };
    let of = "/repos/acme/site-1";
    let all = |path: &str, value| server.answer(&format!("{of}{path}"), Reply::json(&value));
    all("/issues", json!([issue(1, false), issue(2, true)]));
    all(
        "/issues/comments",
        json!([{ "id": 5, "body": "C", "issue_url": "https://x/issues/1", "html_url": "https://x/issues/1#c" }]),
    );
    all("/pulls/comments", json!([{ "id": 6, "body": "D", "pull_request_url": "https://x/pulls/2" }]));
    all("/pulls/2/reviews", json!([{ "id": 7, "body": "E" }, { "id": 8, "body": "" }]));
    all("/releases", json!([{ "tag_name": "v1", "name": "One", "body": "F" }]));
    all(
        "/actions/runs",
        json!({ "workflow_runs": [{ "id": 3, "updated_at": at }, { "id": 4, "updated_at": "2020-01-01T00:00:00Z" }] }),
    );
    all("/actions/runs/3/jobs", json!({ "jobs": [{ "id": 9, "completed_at": at }, { "id": 10 }] }));
    let log = Reply::new(302, "").with("location", &store.at("/log"));
    server.answer(&format!("{of}/actions/jobs/9/logs"), log).wants(TOKEN);
    let wanted = Texts { issues: true, pull_requests: true, releases: true, logs: true, ..Texts::default() };
    let whose = Whose::Organisation("acme".to_owned());
    let forge = GitHub::new(endpoint(&server), whose, Login::Token(token().unwrap()), wanted).unwrap();
    let of = list(&forge, &mut Kept::default()).1.remove(0);
    let found = texts(&forge, &of, Some(1_767_300_000));
    // Who keeps the logs is somebody else.
    let store: Vec<_> = store.asked();
    assert!(store.len() == 1 && !format!("{store:?}").contains(TOKEN), "{store:?}");
    let texts: Vec<(String, String)> =
        found.into_iter().map(|text| (text.path, String::from_utf8(text.bytes).unwrap())).collect();
    let expected = [
        ("issue 1", "T\n\nB"),
        ("pull request 2", "T\n\nB"),
        ("issue 1 comment 5", "C"),
        ("pull request 2 comment 6", "D"),
        ("pull request 2 review 7", "E"),
        ("release v1", "One\n\nF"),
        ("workflow run 3 job 9", "printed"),
    ];
    assert_eq!(texts, expected.map(|(path, text)| (path.to_owned(), text.to_owned())));
    let asked = server.asked();
    assert!(asked.iter().any(|asked| asked.path.contains("since=2026-01-01T20:40:00Z")), "{asked:?}");
    assert!(!asked.iter().any(|asked| asked.path.contains("/actions/runs/4/")));
}

#[test]
fn gitlabs_texts_are_read() {
    let server = ForgeServer::new(repos());
    let at = "2026-01-02T03:04:05Z";
    let all = |path: &str, value| server.answer(&format!("/api/v4/projects/1{path}"), Reply::json(&value));
    all("/issues", json!([{ "id": 70, "iid": 1, "title": "T", "description": "B", "user_notes_count": 1 }]));
    all("/issues/1/notes", json!([{ "id": 5, "body": "C" }, { "id": 6, "body": "closed", "system": true }]));
    all("/merge_requests", json!([{ "id": 71, "iid": 2, "title": "M", "user_notes_count": 0 }]));
    all("/releases", json!([{ "tag_name": "v1", "description": "F" }]));
    all("/jobs", json!([{ "id": 9, "created_at": at, "finished_at": at }, { "id": 8, "created_at": at }]));
    server.answer("/api/v4/projects/1/jobs/9/trace", Reply::new(200, "printed"));
    let wanted = Texts { issues: true, pull_requests: true, releases: true, logs: true, ..Texts::default() };
    let forge = GitLab::new(endpoint(&server), GitLabWhose::Group("acme".to_owned()), token(), wanted).unwrap();
    let of = list(&forge, &mut Kept::default()).1.remove(0);
    let found: Vec<(String, String)> = texts(&forge, &of, Some(1_767_300_000))
        .into_iter()
        .map(|text| (text.path, String::from_utf8(text.bytes).unwrap()))
        .collect();
    let expected = [
        ("issue 1", "T\n\nB"),
        ("issue 1 comment 5", "C"),
        ("merge request 2", "M"),
        ("release v1", "F"),
        ("job 9", "printed"),
    ];
    assert_eq!(found, expected.map(|(path, text)| (path.to_owned(), text.to_owned())));
}
