//! A provider on this machine, which answers as it is told and remembers what it was asked.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

/// What it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// By name, in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Asked {
    /// All of it, as text.
    pub fn text(&self) -> String {
        format!("{} {}\n{:?}\n{}", self.method, self.path, self.headers, String::from_utf8_lossy(&self.body))
    }
}

/// What it answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A status, headers and a body.
    With(u16, Vec<(String, String)>, Vec<u8>),
    /// After this time, the rest.
    Late(Duration, Box<Self>),
    /// A head that promises more than comes.
    Cut,
    /// Nothing.
    Nothing,
}

impl Reply {
    pub fn new(status: u16, body: &str) -> Self {
        Self::With(status, Vec::new(), body.as_bytes().to_vec())
    }

    pub fn with(self, name: &str, value: &str) -> Self {
        match self {
            Self::With(status, mut headers, body) => {
                headers.push((name.to_owned(), value.to_owned()));
                Self::With(status, headers, body)
            }
            other => other,
        }
    }
}

type Answers = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A server on a port of this machine, for as long as the test runs.
pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn new(answers: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answers, log): (Arc<Answers>, _) = (Arc::new(answers), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, log) = (Arc::clone(&answers), Arc::clone(&log));
                std::thread::spawn(move || serve(&stream, &*answers, &log));
            }
        });
        Self { port, asked }
    }

    /// Its address, with `path` behind it.
    pub fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: &TcpStream, answers: &Answers, log: &Mutex<Vec<Asked>>) -> Option<()> {
    let asked = read(stream)?;
    log.lock().unwrap().push(asked.clone());
    let mut reply = answers(&asked);
    while let Reply::Late(time, then) = reply {
        std::thread::sleep(time);
        reply = *then;
    }
    let mut out = stream;
    match reply {
        Reply::With(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status} Said\r\nConnection: close\r\n");
            if status != 204 {
                head += &format!("Content-Length: {}\r\n", body.len());
            }
            for (name, value) in headers {
                head += &format!("{name}: {value}\r\n");
            }
            out.write_all((head + "\r\n").as_bytes()).ok()?;
            if asked.method != "HEAD" {
                out.write_all(&body).ok()?;
            }
        }
        Reply::Cut => out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"ok\":tr").ok()?,
        Reply::Nothing | Reply::Late(..) => {}
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
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, headers, body })
}
