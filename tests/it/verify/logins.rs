//! Logins of connection strings, and keys, as they are typed; what real servers say is asked by `tests/servers`.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

use crate::stanch::{Sandbox, token};

/// A Redis server that knows one password, and keeps what it is told.
fn redis(password: String) -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, heard) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
    let log = Arc::clone(&heard);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                log.lock().unwrap().extend_from_slice(&buffer[..count]);
                let said = String::from_utf8_lossy(&buffer[..count]).into_owned();
                let answer = match said.contains(&password) {
                    true => "+OK\r\n",
                    false if said.contains("AUTH") => {
                        "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
                    }
                    false => "-ERR unknown command\r\n",
                };
                if stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    (port, heard)
}

fn verdict(sandbox: &Sandbox, flags: &[&str]) -> (String, String, String) {
    let found = sandbox.scan(&[&["--rule", "uri-redis", "--verify"], flags].concat()).ended(1).incident();
    let text = |at: &str| found.pointer(at).and_then(|value| value.as_str()).unwrap_or("").to_owned();
    (text("/verdict/status"), text("/verdict/reason"), text("/access/owner"))
}

#[test]
fn a_password_is_tried_where_the_user_allows_it_and_nowhere_else() {
    let password = token(1)[8..28].to_owned();
    let (port, heard) = redis(password.clone());
    let sandbox = Sandbox::new();
    sandbox.write("a.env", format!("REDIS_URL=redis://app:{password}@localhost:{port}/0\n"));

    let (status, reason, _) = verdict(&sandbox, &[]);
    assert_eq!(
        (status.as_str(), reason),
        ("unknown", format!("localhost:{port} is asked only with --allow-host localhost:{port}"))
    );
    // A name that leads to this machine is no public one.
    let (status, reason, _) = verdict(&sandbox, &["--allow-host", "localhost"]);
    assert_eq!((status.as_str(), reason.as_str()), ("unknown", "its host has a private address"));
    let (_, reason, _) = verdict(&sandbox, &["--allow-private", "localhost", "--deny-host", "localhost"]);
    assert_eq!(reason, "localhost is denied");
    assert!(heard.lock().unwrap().is_empty(), "nobody was to be asked");

    let allowed = verdict(&sandbox, &["--allow-private", "localhost"]);
    assert_eq!(allowed, ("active".into(), String::new(), "app".into()));
    sandbox.write("a.env", format!("REDIS_URL=redis://app:{}@localhost:{port}/0\n", &token(2)[8..28]));
    let (status, reason, _) = verdict(&sandbox, &["--endpoint", &format!("uri=http://127.0.0.1:{port}")]);
    assert_eq!((status.as_str(), reason.as_str()), ("inactive", "rejected"));
}

#[test]
fn a_plan_counts_logins_and_sends_nothing() {
    let (port, heard) = redis(String::from("x"));
    let sandbox = Sandbox::new();
    sandbox.write("a.env", format!("REDIS_URL=redis://app:{}@localhost:{port}/0\n", &token(1)[8..28]));
    let flags = ["scan", ".", "--verify=plan", "--rule", "uri-redis", "--allow-private", "localhost"];
    let plan = sandbox.run(&flags).ended(0).text();
    assert!(plan.contains(&format!("localhost:{port}: 1 request at most")), "{plan}");
    assert!(heard.lock().unwrap().is_empty());
}
