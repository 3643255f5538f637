//! `stanch probe` over loopback.

use std::{
    io::{Read, Write},
    net::TcpListener,
};

use crate::stanch::{Run, Sandbox};

/// Probes a server that gives these headers with every answer.
fn probe(headers: &'static str, arguments: &[&str]) -> Run {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Sandbox::new().run(&[&["probe", "--rate", "100", &url], arguments].concat())
}

#[test]
fn a_weak_cookie_is_reported_in_every_format_and_masked() {
    let header = "Set-Cookie: PHPSESSID=Qmasked0123456789\r\n";
    for format in ["text", "json", "jsonl", "sarif", "html"] {
        let run = probe(header, &["--allow-private", "-f", format]).ended(1);
        assert!(run.text().contains("cookie-not-secure"), "{format}");
        assert!(!run.text().contains("masked0123"), "{format}");
    }
    probe(header, &["--allow-private", "--fail-on", "never"]).ended(0);
}

#[test]
fn private_addresses_are_asked_only_with_leave() {
    let run = probe("", &["-f", "json"]).ended(3);
    assert_eq!(run.failures()[0].1, "its host has a private address");
    probe("", &["-f", "json", "--allow-private"]).ended(0);
}

#[test]
fn what_is_no_address_is_wrong_usage() {
    let sandbox = Sandbox::new();
    for wrong in ["ftp://example.org/", "example.org", "https://a:b@example.org/"] {
        sandbox.run(&["probe", wrong]).ended(2);
    }
}
