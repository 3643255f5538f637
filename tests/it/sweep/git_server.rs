//! A server of git repositories on this machine: `git http-backend` behind as much HTTP as that takes, which fails as it is told.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use data_encoding::BASE64;

/// What it does with a request.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Serves it.
    Serve,
    /// Answers with this status.
    Status(u16),
    /// So many requests more with this status; then serves.
    StatusTimes(u16, u32),
    /// Of the next so many answers with objects, sends this many bytes and no more; then serves.
    CutTimes(usize, u32),
    /// Sends answers with objects a few bytes at a time, with this pause between.
    Slow(Duration),
    /// Sends to another address; the path stays.
    Redirect(String),
    /// Sends from this path of a repository to that one, and serves the rest.
    Moved(String, String),
}

/// A request that it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// With its query.
    pub path: String,
    /// What it showed of itself, decoded: `user:password`.
    pub credentials: Option<String>,
}

struct Shared {
    root: PathBuf,
    mode: Mutex<Mode>,
    login: Mutex<Option<String>>,
    requests: Mutex<Vec<Request>>,
    path: OsString,
}

/// A server on a port of this machine, of all bare repositories in a folder.
#[derive(Clone)]
pub struct GitServer {
    port: u16,
    shared: Arc<Shared>,
}

impl GitServer {
    /// Serves the repositories in `root`.
    pub fn new(root: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            root: root.canonicalize().unwrap(),
            mode: Mutex::new(Mode::Serve),
            login: Mutex::default(),
            requests: Mutex::default(),
            path: std::env::var_os("PATH").unwrap(),
        });
        let all = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&all);
                // Who hangs up meanwhile gets no answer.
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self { port, shared }
    }

    /// The address of a repository.
    pub fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// Serves a connection that somebody else took.
    pub fn take(&self, stream: &TcpStream) -> Option<()> {
        serve(stream, &self.shared)
    }

    /// Has it do this with requests from now on.
    pub fn set(&self, mode: Mode) {
        *self.shared.mode.lock().unwrap() = mode;
    }

    /// Has it ask for a user's name and a password from now on.
    pub fn ask_for(&self, user: &str, password: &str) {
        *self.shared.login.lock().unwrap() = Some(format!("{user}:{password}"));
    }

    /// What it was asked since this was last called.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.requests.lock().unwrap())
    }
}

struct Asked {
    request: Request,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn serve(mut stream: &TcpStream, shared: &Shared) -> Option<()> {
    let asked = read(stream)?;
    shared.requests.lock().unwrap().push(asked.request.clone());
    let login = shared.login.lock().unwrap().clone();
    if login.is_some() && login != asked.request.credentials {
        let head = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return stream.write_all(head.as_bytes()).ok();
    }
    let brings_objects = asked.request.method == "POST" && asked.fetches();
    match shared.next(brings_objects) {
        Mode::Status(status) | Mode::StatusTimes(status, _) => {
            let head = format!("HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).ok()
        }
        Mode::Redirect(address) => {
            let head = format!("HTTP/1.1 301 Moved\r\nLocation: {address}{}\r\n", asked.request.path);
            stream.write_all((head + "Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes()).ok()
        }
        Mode::CutTimes(after, _) => answer(stream, &asked.backend(shared), None, Some(after)),
        Mode::Slow(pause) => answer(stream, &asked.backend(shared), Some(pause), None),
        Mode::Moved(old, new) if asked.request.path.contains(&old) => {
            let head = format!("HTTP/1.1 301 Moved\r\nLocation: {}\r\n", asked.request.path.replace(&old, &new));
            stream.write_all((head + "Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes()).ok()
        }
        Mode::Serve | Mode::Moved(..) => answer(stream, &asked.backend(shared), None, None),
    }
}

impl Shared {
    /// What is to be done with the next request.
    fn next(&self, brings_objects: bool) -> Mode {
        let mut mode = self.mode.lock().unwrap();
        let now = mode.clone();
        match now {
            Mode::CutTimes(..) | Mode::Slow(_) if !brings_objects => return Mode::Serve,
            Mode::StatusTimes(status, times) if times > 1 => *mode = Mode::StatusTimes(status, times - 1),
            Mode::CutTimes(after, times) if times > 1 => *mode = Mode::CutTimes(after, times - 1),
            Mode::StatusTimes(..) | Mode::CutTimes(..) => *mode = Mode::Serve,
            _ => {}
        }
        now
    }
}

/// Sends what the backend printed: the head of a CGI program, and a body.
fn answer(mut stream: &TcpStream, printed: &[u8], pause: Option<Duration>, cut: Option<usize>) -> Option<()> {
    let end = printed.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&printed[..end]).ok()?, &printed[end + 4..]);
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let head = format!("HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).ok()?;
    let body = &body[..cut.unwrap_or(body.len()).min(body.len())];
    let Some(pause) = pause else { return stream.write_all(body).ok() };
    for some in body.chunks(1024) {
        stream.write_all(some).ok()?;
        std::thread::sleep(pause);
    }
    Some(())
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
    let body = if headers.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked") {
        chunks(&mut reader)?
    } else {
        let mut body = vec![0; headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        body
    };
    let basic = headers.get("authorization").and_then(|value| value.strip_prefix("Basic "));
    let credentials = basic.map(|basic| String::from_utf8(BASE64.decode(basic.as_bytes()).unwrap()).unwrap());
    Some(Asked { request: Request { method, path, credentials }, headers, body })
}

fn chunks(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let length = usize::from_str_radix(line.trim(), 16).ok()?;
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..length]);
    }
}

impl Asked {
    /// Whether it asks for objects, as opposed to refs. A large question comes compressed, and only those for objects are large.
    fn fetches(&self) -> bool {
        self.headers.contains_key("content-encoding") || self.body.windows(13).any(|window| window == b"command=fetch")
    }

    /// What the backend makes of it.
    fn backend(&self, shared: &Shared) -> Vec<u8> {
        let (path, query) = self.request.path.split_once('?').unwrap_or((&self.request.path, ""));
        let mut command = Command::new("git");
        command.arg("http-backend").env_clear().env("PATH", &shared.path).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_HTTP_EXPORT_ALL", "1");
        command.env("GIT_PROJECT_ROOT", &shared.root).env("PATH_INFO", path).env("QUERY_STRING", query);
        command.env("REQUEST_METHOD", &self.request.method).env("REMOTE_ADDR", "127.0.0.1");
        command.env("CONTENT_LENGTH", self.body.len().to_string());
        for (header, variable) in [
            ("content-type", "CONTENT_TYPE"),
            ("content-encoding", "HTTP_CONTENT_ENCODING"),
            ("git-protocol", "GIT_PROTOCOL"),
        ] {
            command.envs(self.headers.get(header).map(|value| (variable, value)));
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(&self.body).ok());
            child.wait_with_output().unwrap()
        });
        output.stdout
    }
}
