//! A stand-in for forges, on this machine: it lists repositories as GitHub, GitLab, Gitea, Bitbucket (both) and Azure DevOps document it, all at one address, since
//! their paths differ. It counts what it is asked, and fails as it is told.
//!
//! The addresses of what each one documents stand beside `src/sweep/forge`'s modules.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};

use super::git_server::GitServer;

/// A repository that it lists.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the forges' answers")]
pub struct Repo {
    pub id: u64,
    /// The organisation, group, workspace or project.
    pub owner: String,
    pub name: String,
    /// Where git finds it.
    pub clone_url: String,
    /// What it is a fork of: another one's id.
    pub fork_of: Option<u64>,
    pub archived: bool,
    pub disabled: bool,
    pub private: bool,
    /// In bytes.
    pub size: u64,
    pub language: Option<String>,
    pub topics: Vec<String>,
    /// As RFC 3339 writes it. Where that is the present, forges whose times are coarse give no stamp.
    pub pushed_at: String,
    pub has_wiki: bool,
}

impl Repo {
    pub fn new(id: u64, owner: &str, name: &str, clone_url: &str) -> Self {
        Self {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            clone_url: clone_url.to_owned(),
            fork_of: None,
            archived: false,
            disabled: false,
            private: true,
            size: 1024,
            language: Some("Rust".to_owned()),
            topics: Vec::new(),
            pushed_at: "2026-01-01T00:00:00Z".to_owned(),
            has_wiki: false,
        }
    }
}

/// What it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// With the query.
    pub path: String,
    /// By name, in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// What was answered.
    pub status: u16,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub fn json(value: &Value) -> Self {
        Self::new(200, value.to_string()).with("content-type", "application/json")
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// How it fails: whoever asks for a path with this in it, so many times.
struct Failure {
    part: String,
    left: usize,
    reply: Reply,
}

#[derive(Default)]
struct State {
    repos: Vec<Repo>,
    /// Answers to exact paths, without the query.
    fixed: BTreeMap<String, Reply>,
    failures: Vec<Failure>,
    asked: Vec<Asked>,
    /// What has to be in the header that shows a token; anything goes, without one.
    token: Option<String>,
    /// The most that a page holds, whatever is asked for.
    page: usize,
    /// How many tokens it gave to an App.
    tokens: usize,
    /// Who serves repositories at the same address.
    git: Option<GitServer>,
}

/// A server on a port of this machine, for as long as the test runs.
#[derive(Clone)]
pub struct ForgeServer {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl ForgeServer {
    pub fn new(repos: Vec<Repo>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { repos, page: 100, ..State::default() }));
        let server = Self { port, state };
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&stream));
            }
        });
        server
    }

    /// Its address, with `path` behind it.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.host())
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Changes what it lists.
    pub fn change(&self, change: impl FnOnce(&mut Vec<Repo>)) {
        change(&mut self.state().repos);
    }

    /// Has `git` serve what is asked for below a folder `NAME.git`, as forges do at one address.
    pub fn serving(&self, git: &GitServer) -> &Self {
        self.state().git = Some(git.clone());
        self
    }

    /// Wants `token` of whoever asks.
    pub fn wants(&self, token: &str) -> &Self {
        self.state().token = Some(token.to_owned());
        self
    }

    /// Puts at most so many on a page.
    pub fn pages_of(&self, most: usize) -> &Self {
        self.state().page = most;
        self
    }

    /// Answers requests for `path`, whatever their query, with `reply`.
    pub fn answer(&self, path: &str, reply: Reply) -> &Self {
        self.state().fixed.insert(path.to_owned(), reply);
        self
    }

    /// Answers the next `times` requests whose path has `part` in it with `reply`.
    pub fn fail(&self, part: &str, times: usize, reply: Reply) -> &Self {
        self.state().failures.push(Failure { part: part.to_owned(), left: times, reply });
        self
    }

    /// Fails no more.
    pub fn mend(&self) {
        self.state().failures.clear();
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// The same, and forgets it.
    pub fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state().asked)
    }

    fn serve(&self, stream: &TcpStream) -> Option<()> {
        let git = self.state().git.clone();
        if let Some(git) = git.filter(|_| is_for_git(stream)) {
            return git.take(stream);
        }
        let mut asked = read(stream)?;
        let reply = tagged(self.reply(&asked), &asked);
        asked.status = reply.status;
        self.state().asked.push(asked);
        let mut head = format!("HTTP/1.1 {} Said\r\nConnection: close\r\n", reply.status);
        if reply.status != 304 {
            head += &format!("Content-Length: {}\r\n", reply.body.len());
        }
        for (name, value) in &reply.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let mut out = stream;
        out.write_all((head + "\r\n").as_bytes()).ok()?;
        if reply.status == 304 { Some(()) } else { out.write_all(&reply.body).ok() }
    }

    fn reply(&self, asked: &Asked) -> Reply {
        let mut state = self.state();
        if let Some(failure) = state.failures.iter_mut().find(|one| one.left > 0 && asked.path.contains(&one.part)) {
            failure.left -= 1;
            return failure.reply.clone();
        }
        let shown = asked.headers.get("authorization").map_or("", String::as_str);
        let is_app = asked.path.ends_with("/installation") || asked.path.starts_with("/app/");
        if !is_app && state.token.as_ref().is_some_and(|token| !is_shown(shown, token)) {
            return Reply::new(401, r#"{"message":"Bad credentials"}"#);
        }
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        if let Some(reply) = state.fixed.get(path) {
            return reply.clone();
        }
        if path.ends_with("/access_tokens") {
            state.tokens += 1;
            let token = state.token.clone().unwrap_or_else(|| format!("given-{}", state.tokens));
            let given = json!({ "token": token, "expires_at": "2030-01-01T00:00:00Z" });
            return Reply { status: 201, ..Reply::json(&given) };
        }
        let base = self.at("");
        Question { state: &state, base, path, query, body: &asked.body }.reply()
    }
}

/// Whether the request that comes next is for a repository.
fn is_for_git(stream: &TcpStream) -> bool {
    let mut start = [0; 512];
    loop {
        let Ok(length @ 1..) = stream.peek(&mut start) else { return false };
        let line = start[..length].split(|byte| *byte == b'\n').next().unwrap_or_default();
        if line.len() < length || length == start.len() {
            return line.windows(5).any(|window| window == b".git/");
        }
    }
}

/// Whether a header shows `token`, in clear or as a password.
fn is_shown(header: &str, token: &str) -> bool {
    let decoded = header.strip_prefix("Basic ").and_then(|text| data_encoding::BASE64.decode(text.as_bytes()).ok());
    header.ends_with(token) || decoded.is_some_and(|pair| pair.ends_with(token.as_bytes()))
}

/// A request that nothing was set for.
struct Question<'q> {
    state: &'q State,
    base: String,
    path: &'q str,
    query: &'q str,
    body: &'q [u8],
}

impl Question<'_> {
    fn reply(&self) -> Reply {
        let steps: Vec<&str> = self.path.trim_matches('/').split('/').collect();
        match steps[..] {
            ["app", "installations"] => {
                let account = |login: &String| json!({ "id": 7, "account": { "login": login } });
                Reply::json(&self.owners().into_iter().map(account).collect())
            }
            ["orgs" | "users", _, "installation"] => Reply::json(&json!({ "id": 7, "account": null })),
            ["graphql"] => self.graphql(),
            ["orgs" | "users", owner, "repos"] => self.linked(owner, "per_page", github),
            ["api", "v4", "groups" | "users", owner, "projects"] => self.linked(owner, "per_page", gitlab),
            ["api", "v1", "orgs" | "users", owner, "repos"] => self.linked(owner, "limit", gitea),
            ["2.0", "repositories", owner] => {
                let (values, next) = self.cut(owner, "pagelen", bitbucket);
                let mut body = json!({ "values": values, "pagelen": 100 });
                if let Some(next) = next {
                    body["next"] = json!(format!("{}{}?pagelen=100&page={next}", self.base, self.path));
                }
                Reply::json(&body)
            }
            ["rest", "api", "latest", "projects", owner, "repos"] => self.data_centers(Some(owner)),
            ["rest", "api", "latest", "repos"] => self.data_centers(None),
            [_, "_apis", "git", "repositories"] => {
                let all: Vec<Value> = self.state.repos.iter().map(azure).collect();
                Reply::json(&json!({ "count": all.len(), "value": all }))
            }
            _ => Reply::new(404, r#"{"message":"Not Found"}"#),
        }
    }

    fn number(&self, name: &str) -> Option<usize> {
        let pair = self.query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
        pair.and_then(|(_, value)| value.parse().ok())
    }

    fn owners(&self) -> BTreeSet<&String> {
        self.state.repos.iter().map(|repo| &repo.owner).collect()
    }

    fn of(&self, owner: &str) -> Vec<&Repo> {
        let owner = owner.replace("%2F", "/");
        self.state.repos.iter().filter(|repo| repo.owner.eq_ignore_ascii_case(&owner)).collect()
    }

    /// A part of the list, and the number of the next one.
    fn cut(&self, owner: &str, size: &str, shape: Shape) -> (Vec<Value>, Option<usize>) {
        let all = self.of(owner);
        let (number, size) =
            (self.number("page").unwrap_or(1).max(1), self.number(size).unwrap_or(30).min(self.state.page));
        let part = all.iter().skip((number - 1) * size).take(size).map(|repo| shape(self.state, repo)).collect();
        (part, (number * size < all.len()).then_some(number + 1))
    }

    /// A list whose next page a header names.
    fn linked(&self, owner: &str, size: &str, shape: Shape) -> Reply {
        if self.of(owner).is_empty() {
            return Reply::new(404, r#"{"message":"Not Found"}"#);
        }
        let (part, next) = self.cut(owner, size, shape);
        let reply = Reply::json(&Value::Array(part));
        let Some(next) = next else { return reply };
        let kept: Vec<&str> = self.query.split('&').filter(|pair| !pair.starts_with("page=")).collect();
        let (at, kept) = (format!("{}{}", self.base, self.path), kept.join("&"));
        reply.with("link", &format!("<{at}?{kept}&page={next}>; rel=\"next\", <{at}?page=99>; rel=\"last\""))
    }

    fn data_centers(&self, owner: Option<&str>) -> Reply {
        let all = owner.map_or_else(|| self.state.repos.iter().collect(), |owner| self.of(owner));
        let (start, size) =
            (self.number("start").unwrap_or(0), self.number("limit").unwrap_or(25).min(self.state.page));
        let values: Vec<Value> = all.into_iter().skip(start).take(size).map(data_center).collect();
        let is_last = values.len() < size || start + size >= self.state.repos.len();
        let next = if is_last { Value::Null } else { json!(start + size) };
        Reply::json(&json!({ "values": values, "isLastPage": is_last, "start": start, "nextPageStart": next }))
    }

    /// Parents of forks, and the organisations of an enterprise.
    fn graphql(&self) -> Reply {
        let body: Value = serde_json::from_slice(self.body).unwrap();
        if let Some(ids) = body["variables"]["ids"].as_array() {
            let node = |id: &Value| {
                let id: u64 = id.as_str()?.strip_prefix("R_")?.parse().ok()?;
                let repo = self.state.repos.iter().find(|repo| repo.id == id)?;
                let parents = lineage(self.state, repo);
                let parent =
                    parents.iter().rev().fold(Value::Null, |inner, id| json!({ "databaseId": id, "parent": inner }));
                Some(json!({ "databaseId": id, "parent": parent }))
            };
            let nodes: Vec<Value> = ids.iter().map(|id| node(id).unwrap_or_default()).collect();
            return Reply::json(&json!({ "data": { "nodes": nodes } }));
        }
        let owners: Vec<&String> = self.owners().into_iter().collect();
        let at: usize = body["variables"]["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0);
        let nodes: Vec<Value> = owners.iter().skip(at).take(1).map(|login| json!({ "login": login })).collect();
        let page = json!({ "endCursor": (at + 1).to_string(), "hasNextPage": at + 1 < owners.len() });
        Reply::json(&json!({ "data": { "enterprise": { "organizations": { "nodes": nodes, "pageInfo": page } } } }))
    }
}

type Shape = fn(&State, &Repo) -> Value;

/// GitHub tags its answers and GitLab too; the others do not.
fn tagged(reply: Reply, asked: &Asked) -> Reply {
    let is_tagged = reply.status == 200
        && asked.method == "GET"
        && ["/orgs/", "/users/", "/user", "/api/v4/", "/repos/", "/installation"]
            .iter()
            .any(|start| asked.path.starts_with(start));
    if !is_tagged {
        return reply;
    }
    let mut hasher = DefaultHasher::new();
    (&reply.body, &reply.headers).hash(&mut hasher);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    if asked.headers.get("if-none-match") == Some(&tag) {
        return Reply::new(304, "").with("etag", &tag);
    }
    reply.with("etag", &tag)
}

fn github(_: &State, repo: &Repo) -> Value {
    let Repo { id, owner, name, clone_url, archived, disabled, private, language, topics, pushed_at, .. } = repo;
    json!({
        "id": id, "node_id": format!("R_{id}"), "name": name, "full_name": format!("{owner}/{name}"),
        "owner": { "login": owner }, "private": private, "visibility": if *private { "private" } else { "public" },
        "html_url": format!("https://github.example.org/{owner}/{name}"), "clone_url": clone_url,
        "fork": repo.fork_of.is_some(), "archived": archived, "disabled": disabled, "size": repo.size / 1024,
        "language": language, "topics": topics, "has_wiki": repo.has_wiki, "has_issues": true, "pushed_at": pushed_at,
        "updated_at": pushed_at, "open_issues_count": 0, "default_branch": "main",
    })
}

fn gitlab(state: &State, repo: &Repo) -> Value {
    let Repo { id, owner, name, clone_url, archived, private, topics, pushed_at, .. } = repo;
    let mut project = json!({
        "id": id, "path_with_namespace": format!("{owner}/{name}"), "http_url_to_repo": clone_url,
        "web_url": format!("https://gitlab.example.org/{owner}/{name}"), "archived": archived,
        "visibility": if *private { "private" } else { "public" }, "topics": topics, "last_activity_at": pushed_at,
        "repository_access_level": if repo.disabled { "disabled" } else { "enabled" },
        "wiki_access_level": if repo.has_wiki { "enabled" } else { "disabled" },
        "statistics": { "repository_size": repo.size },
    });
    if let Some(parent) = lineage(state, repo).first() {
        project["forked_from_project"] = json!({ "id": parent });
    }
    project
}

fn gitea(state: &State, repo: &Repo) -> Value {
    let Repo { id, owner, name, clone_url, archived, private, language, topics, pushed_at, .. } = repo;
    let parent = lineage(state, repo).iter().rev().fold(Value::Null, |inner, id| json!({ "id": id, "parent": inner }));
    json!({
        "id": id, "full_name": format!("{owner}/{name}"), "clone_url": clone_url, "private": private, "internal": false,
        "html_url": format!("https://gitea.example.org/{owner}/{name}"), "fork": repo.fork_of.is_some(),
        "parent": parent, "archived": archived, "empty": false, "size": repo.size / 1024, "language": language,
        "topics": topics, "updated_at": pushed_at, "has_wiki": repo.has_wiki, "open_issues_count": 0,
        "open_pr_counter": 0, "mirror_updated": "0001-01-01T00:00:00Z", "default_branch": "main",
    })
}

fn bitbucket(state: &State, repo: &Repo) -> Value {
    let Repo { id, owner, name, clone_url, .. } = repo;
    // Bitbucket puts a name before the host.
    let clone_url = clone_url.replacen("://", "://ada@", 1);
    json!({
        "uuid": format!("{{{id:08x}-0000-0000-0000-000000000000}}"), "full_name": format!("{owner}/{name}"),
        "parent": lineage(state, repo).first().map(|id| json!({ "uuid": format!("{{{id:08x}-0000-0000-0000-000000000000}}") })),
        "is_private": repo.private, "has_wiki": repo.has_wiki, "size": repo.size, "language": repo.language,
        "updated_on": repo.pushed_at, "slug": name,
        "links": {
            "html": { "href": format!("https://bitbucket.example.org/{owner}/{name}") },
            "clone": [{ "name": "ssh", "href": "git@x:y" }, { "name": "https", "href": clone_url }],
        },
    })
}

fn data_center(repo: &Repo) -> Value {
    let mut value = json!({
        "id": repo.id, "slug": repo.name, "name": repo.name, "project": { "key": repo.owner }, "public": !repo.private,
        "archived": repo.archived, "state": if repo.disabled { "OFFLINE" } else { "AVAILABLE" },
        "links": {
            "self": [{ "href": format!("https://bitbucket.example.org/{}", repo.name) }],
            "clone": [{ "name": "http", "href": repo.clone_url }],
        },
    });
    if let Some(id) = repo.fork_of {
        value["origin"] = json!({ "id": id, "slug": "x", "project": { "key": "X" } });
    }
    value
}

fn azure(repo: &Repo) -> Value {
    let guid = |id: u64| format!("{id:08x}-0000-0000-0000-000000000000");
    let mut value = json!({
        "id": guid(repo.id), "name": repo.name, "size": repo.size, "isDisabled": repo.disabled,
        "project": { "name": repo.owner, "visibility": if repo.private { "private" } else { "public" } },
        "remoteUrl": repo.clone_url.replacen("://", "://acme@", 1), "webUrl": "https://dev.azure.example.org/x",
    });
    if let Some(id) = repo.fork_of {
        (value["isFork"], value["parentRepository"]) = (json!(true), json!({ "id": guid(id) }));
    }
    value
}

/// What it was forked from, the nearest first.
fn lineage(state: &State, repo: &Repo) -> Vec<u64> {
    let next = |id: &u64| state.repos.iter().find(|one| one.id == *id).and_then(|one| one.fork_of);
    std::iter::successors(repo.fork_of, next).collect()
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, headers, body, status: 0 })
}
