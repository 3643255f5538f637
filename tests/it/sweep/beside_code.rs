//! What there is besides branches: pull requests, wikis; and other ways to ask for it: as an App, with a list from a pipe, other flags.

use std::{collections::BTreeSet, fs};

use rsa::pkcs8::EncodePrivateKey;
use serde_json::json;

use super::{
    forge::Reply,
    kept_private::files,
    world::{TOKEN, World, masked, names},
};
use crate::stanch::{self, leak};

#[test]
fn pull_requests_are_fetched_with_the_rest() {
    let world = World::with(&[("app", "nothing\n")]);
    world.work("app", |repo| {
        repo.git(&["checkout", "--quiet", "-b", "request"]);
        repo.write("b.env", &leak(1)).commit("request");
        repo.git(&["update-ref", "refs/pull/7/head", "HEAD"]);
        repo.git(&["checkout", "--quiet", "main"]);
        repo.git(&["branch", "-D", "request"]);
    });
    world.push("app");
    world.sweep(&[]).ended(1);
    assert_eq!(world.known(&[])[&masked(1)], names(&["acme/app"]));
    let place = world.report(&[]).incident()["occurrences"][0].to_string();
    assert!(place.contains("refs/pull/7/head") || place.contains("pull/7"), "{place}");
}

#[test]
fn wikis_are_swept_where_they_are_wanted_and_those_without_pages_are_empty() {
    for forge in ["github", "gitlab", "gitea", "bitbucket"] {
        let world = World::with(&[("app", "x\n"), ("web", "x\n"), ("pages", &leak(1))]);
        for name in ["app", "web"] {
            world.entry(name, |repo| repo.has_wiki = true);
        }
        // Bitbucket's is a folder of its repository, the others' a name beside it.
        let wiki = if forge == "bitbucket" { "served/app.git/wiki" } else { "served/app.wiki.git" };
        let pages = world.path("served/pages.git");
        world.forge.change(|repos| repos.retain(|repo| repo.name != "pages"));
        fs::rename(pages, world.path(wiki)).unwrap();
        world.sweep_at(forge, &[]).ended(0);
        let run = world.sweep_at(forge, &["--wikis"]).ended(1);
        assert!(run.text().contains("0 not covered"), "{forge}: {} {}", run.text(), run.err);
        assert!(run.text().starts_with("4 repositories"), "{forge}: {}", run.text());
        let known = world.known(&[]).remove(&masked(1)).unwrap();
        assert!(known.iter().all(|name| name.starts_with("acme/app") && name.len() > 8), "{forge}: {known:?}");
        // Whoever does not ask for them this time does not say that they are gone.
        let run = world.sweep_at(forge, &[]).ended(1);
        assert!(run.text().contains("0 gone") && run.text().contains("0 resolved"), "{forge}: {}", run.text());
        assert!(world.known(&[]).contains_key(&masked(1)), "{forge}");
    }
}

#[test]
fn snippets_are_swept_where_they_are_wanted() {
    for (forge, id, name) in [("github", json!("5f1"), "ann/gist:5f1"), ("gitlab", json!(12), "acme/app/snippet:12")] {
        let world = World::with(&[("app", "x\n"), ("pages", &leak(1))]);
        let url = world.forge.at("/pages.git");
        world.forge.change(|repos| repos.retain(|repo| repo.name != "pages"));
        let snippet = json!({
            "id": id, "git_pull_url": url, "http_url_to_repo": url, "public": true, "visibility": "public",
            "owner": { "login": "ann" }, "updated_at": "2026-01-01T00:00:00Z",
        });
        world.forge.answer("/orgs/acme/members", Reply::json(&json!([{ "login": "ann" }])));
        for path in ["/users/ann/gists", "/api/v4/projects/1/snippets"] {
            world.forge.answer(path, Reply::json(&json!([snippet])));
        }
        world.sweep_at(forge, &[]).ended(0);
        let run = world.sweep_at(forge, &["--snippets"]).ended(1);
        assert!(
            run.text().starts_with("2 repositories") && run.text().contains("0 not covered"),
            "{forge}: {}",
            run.err
        );
        assert_eq!(world.known(&[])[&masked(1)], names(&[name]), "{forge}");
        let run = world.sweep_at(forge, &[]).ended(1);
        assert!(run.text().contains("0 gone") && run.text().contains("0 resolved"), "{forge}: {}", run.text());
    }
}

#[test]
fn users_and_enterprises_are_swept() {
    for arguments in [
        ["github", "--user", "acme"],
        ["github", "--enterprise", "corp"],
        ["gitlab", "--user", "acme"],
        ["gitea", "--user", "acme"],
    ] {
        let world = World::with(&[("app", &leak(1)), ("web", "x\n")]);
        let run = world.sweep_of(&arguments, &[]).ended(1);
        assert!(
            run.text().starts_with("2 repositories: 0 unchanged, 2 scanned, 0 not covered"),
            "{arguments:?}: {}",
            run.err
        );
        assert_eq!(world.known(&[])[&masked(1)], names(&["acme/app"]), "{arguments:?}");
        world.sweep_of(&arguments, &[]).ended(1);
    }
}

#[test]
fn an_app_lists_and_fetches() {
    let world = World::with(&[("app", &leak(1))]);
    world.forge.wants(TOKEN);
    let key = rsa::RsaPrivateKey::new(&mut rand_core::OsRng, 2048).unwrap();
    let pem = key.to_pkcs8_pem(rsa::pkcs8::LineEnding::LF).unwrap();
    fs::write(world.path("app.pem"), pem.as_bytes()).unwrap();
    let mut command = world.command(&["sweep", "github", "--org", "acme", "--app", "Iv1.x", "--token-file", "app.pem"]);
    stanch::run(command.env_remove("STANCH_FORGE_TOKEN")).ended(1);
    assert_eq!(world.known(&[])[&masked(1)], names(&["acme/app"]));
    let shown: Vec<_> = world.git.requests().into_iter().filter_map(|request| request.credentials).collect();
    assert!(!shown.is_empty() && shown.iter().all(|shown| *shown == format!("x-access-token:{TOKEN}")), "{shown:?}");
    let mut command = world.command(&["sweep", "github", "--org", "acme", "--app", "Iv1.x"]);
    stanch::run(command.env_remove("STANCH_FORGE_TOKEN")).ended(2);
}

#[test]
fn a_list_may_come_through_a_pipe_and_with_lines_that_are_none() {
    let world = World::with(&[("app", &leak(1))]);
    let list = format!("# ours\n{}\nhttps://ada:horse@h.org/x.git\next::sh -c x\n", world.git.at("app.git"));
    let run =
        stanch::run_with(&mut world.command(&["sweep", "list", "-", "--fail-on", "never"]), list.as_bytes()).ended(3);
    assert!(run.err.contains("line 3") && run.err.contains("line 4") && !run.err.contains("horse"), "{}", run.err);
    assert_eq!(world.known(&[]).len(), 1);
}

#[test]
fn a_rule_more_is_looked_for_in_what_is_here() {
    let world = World::with(&[("app", &leak(1)), ("none", "nothing\n")]);
    world.sweep(&["--rule", "aws-access-key"]).ended(0);
    let packs = || {
        files(&world.path("state/cache")).into_iter().filter(|path| path.extension().is_some_and(|end| end == "pack"))
    };
    let before: BTreeSet<_> = packs().collect();
    assert!(!before.is_empty());
    let run = world.sweep(&["--rule", "aws-access-key", "--rule", "github-pat"]).ended(1);
    assert!(run.text().contains("1 new"), "{}", run.text());
    assert_eq!(packs().collect::<BTreeSet<_>>(), before, "no object moved");
}

#[test]
fn flags_of_rules_count_in_every_repository() {
    let world = World::with(&[("app", &leak(1)), ("web", &leak(2))]);
    world.commit("web", "tests/b.env", &leak(3));
    world.sweep(&["--exclude", "tests/**", "--skip-rule", "aws-access-key"]).ended(1);
    assert_eq!(world.known(&[]).keys().cloned().collect::<BTreeSet<_>>(), [masked(1), masked(2)].into());
    let run = world.sweep(&[]).ended(1);
    assert!(run.text().contains("1 new"), "{}", run.text());
}

/// Texts are read where they are asked for, later only since the sweep before, and stay known although only what changed comes again.
#[test]
fn issues_and_releases_are_swept_where_they_are_wanted() {
    let world = World::with(&[("app", "nothing\n"), ("web", "nothing\n")]);
    let none = || Reply::json(&json!([]));
    for path in ["/issues/comments", "/issues", "/releases"]
        .into_iter()
        .flat_map(|end| ["app", "web"].map(|name| format!("/repos/acme/{name}{end}")))
    {
        world.forge.answer(&path, none());
    }
    let issue = |body: &str| {
        Reply::json(&json!([{
            "number": 12, "title": "It does not start", "body": body, "user": { "login": "ada" }, "updated_at": "2026-01-02T03:04:05Z",
        }]))
    };
    world.forge.answer("/repos/acme/app/issues", issue(&format!("with {}", leak(1))));
    world.forge.answer("/repos/acme/web/releases", Reply::json(&json!([{ "tag_name": "v1", "body": leak(2) }])));
    world.sweep(&[]).ended(0);
    let flags = ["--issues", "--releases"];
    let run = world.sweep(&[&flags[..], &["--now", "2026-01-02T04:00:00Z"]].concat()).ended(1);
    assert!(run.text().contains("0 not covered") && run.text().contains("2 new"), "{} {}", run.text(), run.err);
    let expected = [(masked(1), names(&["acme/app"])), (masked(2), names(&["acme/web"]))].into();
    assert_eq!(world.known(&[]), expected);
    let report = world.report(&[]);
    let places: BTreeSet<String> = report
        .incidents()
        .iter()
        .map(|incident| format!("{} {}", incident["occurrences"][0]["source"], incident["occurrences"][0]["path"]))
        .collect();
    assert_eq!(places, [r#""forge" "issue 12""#.to_owned(), r#""forge" "release v1""#.to_owned()].into());
    assert!(world.run(&["report", "--summary"]).text().contains("@ada"));
    // An hour before the last time is asked for again, and nothing has changed.
    world.forge.answer("/repos/acme/app/issues", none());
    world.forge.take_asked();
    world.sweep(&[&flags[..], &["--now", "2026-01-02T05:00:00Z"]].concat()).ended(1);
    let asked = world.forge.take_asked();
    assert!(asked.iter().any(|asked| asked.path.contains("since=2026-01-02T03:00:00Z")), "{asked:?}");
    assert_eq!(world.known(&[]), expected);
    // Without the flags they are not looked at, and not gone.
    world.sweep(&["--now", "2026-01-02T06:00:00Z"]).ended(1);
    assert_eq!(world.known(&[]), expected);
    // Where the forge refuses, that is told, and what is known stays.
    world.forge.fail("/issues", 100, Reply::new(403, r#"{"message":"no"}"#));
    let run = world.sweep(&[&flags[..], &["--fail-on", "never", "--patience", "1"]].concat()).ended(3);
    assert!(run.err.contains("not covered: acme/app"), "{}", run.err);
    assert_eq!(world.known(&[]), expected);
}
