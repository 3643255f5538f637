//! `stanch probe` over loopback.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::stanch::{Run, Sandbox};

/// What a session set carelessly looks like.
const WEAK: &str = "Set-Cookie: PHPSESSID=Qmasked0123456789\r\n";

/// A server on loopback, and how often it was asked.
struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
}

/// What is done with a connection: the request's text and its number.
type Talk = dyn Fn(&mut TcpStream, &str, usize) + Send + Sync;

impl Server {
    /// One that does this with each connection.
    fn talking(talk: impl Fn(&mut TcpStream, &str, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (asked, talk): (_, Arc<Talk>) = (Arc::new(AtomicUsize::new(0)), Arc::new(talk));
        let counted = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (nth, talk) = (counted.fetch_add(1, Ordering::SeqCst), Arc::clone(&talk));
                std::thread::spawn(move || {
                    let mut request = vec![0; 8192];
                    let read = stream.read(&mut request).unwrap_or(0);
                    talk(&mut stream, &String::from_utf8_lossy(&request[..read]), nth);
                });
            }
        });
        Self { url, asked }
    }

    /// One that gives these headers.
    fn giving(headers: impl Fn(&str, usize) -> String + Send + Sync + 'static) -> Self {
        Self::talking(move |stream, request, nth| {
            let _ = stream.write_all(answer(200, &headers(request, nth)).as_bytes());
        })
    }

    fn probe(&self, arguments: &[&str]) -> Run {
        Sandbox::new().run(&[&["probe", "--rate", "100", &self.url], arguments].concat())
    }

    /// The same with leave, as JSON.
    fn seen(&self, arguments: &[&str]) -> Run {
        self.probe(&[&["--allow-private", "-f", "json"], arguments].concat())
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn answer(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} OK\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n")
}

/// The value of a header of a request.
fn sent<'r>(request: &'r str, name: &str) -> Option<&'r str> {
    request
        .lines()
        .find_map(|line| line.split_once(": ").filter(|(is, _)| is.eq_ignore_ascii_case(name)))
        .map(|(_, value)| value)
}

fn checks(run: &Run) -> Vec<String> {
    let all = run.json()["weaknesses"].as_array().unwrap().clone();
    all.iter().map(|one| one["check"].as_str().unwrap().to_owned()).collect()
}

fn reasons(run: &Run) -> Vec<String> {
    run.failures().into_iter().map(|(_, reason)| reason).collect()
}

#[test]
fn a_weak_cookie_is_reported_in_every_format_and_masked() {
    let server = Server::giving(|_, _| WEAK.to_owned());
    for format in ["text", "json", "jsonl", "sarif", "html"] {
        let run = server.probe(&["--allow-private", "-f", format]).ended(1);
        assert!(run.text().contains("cookie-not-secure"), "{format}");
        assert!(run.text().contains("PHPSESSID=…"), "{format}: the cookie, and its grade");
        assert!(!run.text().contains("masked0123"), "{format}");
    }
    server.probe(&["--allow-private", "--fail-on", "never"]).ended(0);
}

#[test]
fn one_run_writes_several_formats() {
    let (server, sandbox) = (Server::giving(|_, _| WEAK.to_owned()), Sandbox::new());
    let [json, html] = ["out.json", "out.html"].map(|name| sandbox.beside(name));
    let files = ["-o", json.to_str().unwrap(), "-o", html.to_str().unwrap()];
    let run = server.probe(&[&["--allow-private", "-f", "json,html,text"][..], &files].concat()).ended(1);
    assert!(run.text().contains("grade F  ") && run.text().contains("session of PHP"), "{}", run.text());
    let report: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let cookie = &report["cookies"][0];
    assert_eq!(
        (&cookie["grade"], &cookie["framework"], &cookie["type"]),
        (&"F".into(), &"PHP".into(), &"cookie".into())
    );
    assert!(fs::read_to_string(html).unwrap().contains("<b>Grade F</b>"));
    assert!(server.asked() < 10, "one run, and no more: {}", server.asked());
    server.probe(&["--allow-private", "-f", "json,html,text"]).ended(2);
    server.probe(&["--allow-private", "-o", "no/such/folder"]).ended(2);
}

#[test]
fn private_addresses_are_asked_only_with_leave() {
    let server = Server::giving(|_, _| String::new());
    assert_eq!(reasons(&server.probe(&["-f", "json"]).ended(3)), ["its host has a private address"]);
    assert_eq!(server.asked(), 0);
    server.seen(&[]).ended(0);
}

#[test]
fn what_is_no_address_is_wrong_usage() {
    let sandbox = Sandbox::new();
    for wrong in ["ftp://example.org/", "example.org", "https://a:b@example.org/"] {
        sandbox.run(&["probe", wrong]).ended(2);
    }
}

#[test]
fn a_server_that_hangs_costs_its_time_and_no_more() {
    let hangs = |from: usize| {
        Server::talking(move |stream, _, nth| {
            if nth >= from {
                std::thread::sleep(Duration::from_mins(1));
            }
            let _ = stream.write_all(answer(200, WEAK).as_bytes());
        })
    };
    let started = Instant::now();
    let run = hangs(0).seen(&["--timeout", "0.5", "--samples", "20"]).ended(3);
    assert_eq!(reasons(&run), ["its host did not answer in time"]);
    let run = hangs(1).seen(&["--timeout", "0.5", "--samples", "20"]).ended(1);
    assert_eq!(reasons(&run), ["its host did not answer in time"]);
    assert!(checks(&run).contains(&"cookie-not-secure".to_owned()), "what came before is reported");
    let text = hangs(0).probe(&["--allow-private", "--timeout", "0.5"]).ended(3).text();
    assert!(
        text.contains("INCOMPLETE: 1 thing could not be looked at as a whole") && !text.contains("scanned"),
        "{text}"
    );
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn an_answer_that_drips_or_never_ends_is_read_no_further() {
    let endless = |head: &'static str, drop: &'static str, pause: u64| {
        Server::talking(move |stream, _, _| {
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(drop.as_bytes()).is_ok() {
                std::thread::sleep(Duration::from_millis(pause));
            }
        })
    };
    let started = Instant::now();
    let body = "HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: PHPSESSID=Qmasked0123456789\r\n\r\n";
    for (head, drop) in [("HTTP/1.1 200 OK\r\nX: ", "y"), (body, "y")] {
        let run = endless(head, drop, 50).seen(&["--timeout", "0.5"]).ended(3);
        assert_eq!(reasons(&run), ["its host did not answer in time"], "{head}");
    }
    let headers =
        endless("HTTP/1.1 200 OK\r\n", "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", 0);
    assert_eq!(reasons(&headers.seen(&[]).ended(3)), ["the answer broke off"]);
    let page = endless(body, Box::leak("y".repeat(1 << 14).into_boxed_str()), 0);
    let run = page.seen(&[]).ended(1);
    assert!(run.coverage()["notes"].to_string().contains("longer than the 256 KiB that were read"));
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn a_loop_of_redirects_ends() {
    let server = Server::talking(|stream, _, _| {
        let _ = stream.write_all(answer(302, &format!("Location: /again\r\n{WEAK}")).as_bytes());
    });
    let run = server.seen(&["--samples", "20"]).ended(1);
    assert_eq!(reasons(&run), ["it redirects more than 10 times"]);
    assert_eq!((server.asked(), run.coverage()["requests"].as_u64()), (11, Some(11)));
}

/// Many servers look whether a browser keeps cookies at all.
#[test]
fn cookies_are_sent_on_along_redirects() {
    let server = Server::talking(|stream, request, nth| {
        let (status, headers) = match sent(request, "cookie") {
            None => (302, format!("Location: /\r\nSet-Cookie: PHPSESSID=Q{nth}masked0123456789\r\n")),
            Some(_) => (200, String::new()),
        };
        let _ = stream.write_all(answer(status, &headers).as_bytes());
    });
    let run = server.seen(&["--samples", "6"]).ended(1);
    assert!(run.failures().is_empty(), "{:?}", run.failures());
    assert_eq!(run.json()["cookies"][0]["ids"]["samples"], 6);
}

#[test]
fn time_that_is_over_is_said_so() {
    let server = Server::talking(|stream, _, _| {
        std::thread::sleep(Duration::from_millis(200));
        let _ = stream.write_all(answer(200, WEAK).as_bytes());
    });
    let run = server.seen(&["--within", "0.5", "--samples", "50"]).ended(1);
    assert_eq!(reasons(&run), ["the time for all requests is over"]);
    assert!(server.asked() < 10);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_what_it_saw() {
    let interrupted = |headers: &'static str| {
        let server = Server::talking(move |stream, _, _| {
            std::thread::sleep(Duration::from_millis(100));
            let _ = stream.write_all(answer(200, headers).as_bytes());
        });
        let sandbox = Sandbox::new();
        let mut command = sandbox.command(&[
            "probe",
            "--allow-private",
            "--samples",
            "80",
            "--rate",
            "100",
            "-f",
            "json",
            &server.url,
        ]);
        // Of an address without a session, only so much is asked; another one keeps the run going.
        command.args((0..30).map(|_| &server.url));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while server.asked() < 6 {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(Command::new("/bin/kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert!(server.asked() < 40);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["coverage"]["failed"][0]["reason"], "the run was stopped");
        (output.status.code(), report)
    };
    let (status, report) = interrupted(WEAK);
    assert_eq!((status, &report["cookies"][0]["grade"]), (Some(1), &"F".into()));
    assert!(report["weaknesses"].as_array().is_some_and(|found| !found.is_empty()));
    assert_eq!(interrupted("").0, Some(3), "nothing, but incomplete");
}

#[test]
fn pages_of_other_origins_are_told_apart() {
    let trusting = |whom: &'static str| {
        Server::giving(move |request, _| match sent(request, "origin") {
            Some(origin) if origin.contains(whom) => {
                format!("Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n")
            }
            _ => String::new(),
        })
    };
    assert_eq!(checks(&trusting("null").seen(&[]).ended(1)), ["cors-null-origin"]);
    assert_eq!(checks(&trusting("stanch-probe").seen(&[]).ended(1)), ["cors-credentials"]);
    assert_eq!(checks(&trusting("shop.example.org").seen(&[]).ended(0)), [""; 0]);
    // Who answers other origins with a refusal is looked at all the same.
    let strict = Server::talking(|stream, request, _| {
        let refused = sent(request, "origin").is_some();
        let _ = stream.write_all(answer(if refused { 403 } else { 200 }, if refused { "" } else { WEAK }).as_bytes());
    });
    assert_eq!(strict.seen(&[]).ended(1).json()["cookies"][0]["grade"], "F");
}

#[test]
fn every_session_of_an_answer_is_sampled() {
    let server = Server::giving(|_, nth| {
        let random = data_encoding::HEXLOWER.encode(&Sha256::digest(nth.to_string()));
        let (counter, hour) = (100_000 + nth, "Path=/; Max-Age=3600");
        format!(
            "Set-Cookie: sid={counter}; {hour}\r\nSet-Cookie: auth_token={random}; {hour}\r\nSet-Cookie: theme=dark\r\n"
        )
    });
    let run = server.seen(&["--samples", "30"]).ended(1);
    let cookies = run.json()["cookies"].as_array().unwrap().clone();
    let ids = |name: &str| cookies.iter().find(|cookie| cookie["name"] == name).unwrap()["ids"].clone();
    assert_eq!((&ids("sid")["samples"], &ids("sid")["weak"]), (&30.into(), &true.into()));
    assert_eq!(ids("sid")["signs"][1]["sign"], "counter", "{}", ids("sid"));
    assert_eq!(
        (&ids("auth_token")["samples"], &ids("auth_token")["weak"]),
        (&30.into(), &false.into()),
        "{}",
        ids("auth_token")
    );
    assert_eq!(ids("auth_token")["bits_by_position"].as_array().unwrap().len(), 64);
    assert_eq!(ids("theme"), Value::Null, "no session");
    assert!(checks(&run).contains(&"session-id-weak".to_owned()));
}

/// With a certificate that nobody but its own file vouches for.
#[cfg(unix)]
#[test]
fn a_certificate_of_ones_own_needs_its_file() {
    let sandbox = Sandbox::new();
    let [key, certificate] = ["key.pem", "certificate.pem"].map(|name| sandbox.beside(name));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    if made.is_err() {
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut server = Command::new("openssl")
        .args(["s_server", "-quiet", "-www", "-accept", &format!("127.0.0.1:{port}"), "-key"])
        .arg(&key)
        .arg("-cert")
        .arg(&certificate)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let url = format!("https://localhost:{port}/");
    let probe = ["probe", "--allow-private", "-f", "json", &url, "--ca-file"];
    let without = sandbox.run(&probe[..5]).ended(3);
    let with = sandbox.run(&[&probe[..], &[certificate.to_str().unwrap()]].concat()).ended(1);
    let key = sandbox.run(&[&probe[..], &[key.to_str().unwrap()]].concat()).ended(2);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(reasons(&without), ["its host's certificate is not valid"]);
    assert_eq!((checks(&with), with.failures()), (vec!["hsts-missing".to_owned()], vec![]));
    assert!(key.err.contains("holds no certificate"), "{}", key.err);
}
