//! Webhooks, against a server on this machine.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

use super::{
    super::{
        Notice, Place,
        tests::{notice, pending},
    },
    *,
};
use crate::{
    blob::Window,
    detect::Scratch,
    rules::{Ruleset, examples},
    sweep::owners::{By, Owner},
};

/// A receiver on this machine, which answers in turn with these statuses, the last of them for ever.
struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Receiver {
    fn new(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let (answers, log) = (answers.to_vec(), Arc::clone(&got));
        std::thread::spawn(move || {
            for (nth, stream) in listener.incoming().flatten().enumerate() {
                let mut reader = BufReader::new(&stream);
                let mut bytes = Vec::new();
                while !bytes.ends_with(b"\r\n\r\n") {
                    reader.read_until(b'\n', &mut bytes).unwrap();
                }
                let head = String::from_utf8_lossy(&bytes).to_lowercase();
                let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
                let mut body = vec![0; length.parse().unwrap()];
                reader.read_exact(&mut body).unwrap();
                bytes.extend(body);
                log.lock().unwrap().push(bytes);
                let answer = answers[nth.min(answers.len() - 1)];
                (&stream)
                    .write_all(
                        format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes(),
                    )
                    .ok();
            }
        });
        Self { port, got }
    }

    fn hook(&self, format: Format) -> Hook {
        let private = BTreeSet::from(["127.0.0.1".to_owned()]);
        let address = format!("http://127.0.0.1:{}/services/{}", self.port, "T0/B0");
        Hook { first_wait: Duration::from_millis(1), ..Hook::new(&address, format, &private).unwrap() }
    }

    /// The headers, and the body, of all that was received.
    fn got(&self) -> Vec<(BTreeMap<String, String>, Vec<u8>)> {
        let requests = self.got.lock().unwrap().clone();
        let parts = |bytes: Vec<u8>| {
            let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let named = head.lines().filter_map(|line| line.split_once(": "));
            (named.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(), bytes[end + 4..].to_vec())
        };
        requests.into_iter().map(parts).collect()
    }
}

fn send(hook: &Hook, pending: &Pending) -> Result<Delivered, Undelivered> {
    hook.send(&Net::new(limits()), pending, &Detector::new(Vec::new()), &|| false)
}

/// A signing secret, put together here so that none is stored.
fn written(byte: u8) -> (Vec<u8>, String) {
    let key = vec![byte; 32];
    let text = format!("whsec_{}", BASE64.encode(&key));
    (key, text)
}

#[test]
fn a_message_is_signed_as_standard_webhooks_are() {
    let receiver = Receiver::new(&["204 No Content"]);
    let (keys, texts): (Vec<_>, Vec<_>) = [written(1), written(2)].into_iter().unzip();
    let hook = receiver.hook(Format::Stanch).signed(&texts.join("\n")).unwrap();
    let pending = pending(2, 3);
    let delivered = send(&hook, &pending).unwrap();
    assert_eq!(delivered, Delivered { id: pending.id(), incidents: 5, tries: 1 });
    let (headers, body) = receiver.got().remove(0);
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["webhook-id"], delivered.id);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now - headers["webhook-timestamp"].parse::<u64>().unwrap() < 60);
    let mut signed = format!("{}.{}.", headers["webhook-id"], headers["webhook-timestamp"]).into_bytes();
    signed.extend(&body);
    let signatures: Vec<&str> = headers["webhook-signature"].split(' ').collect();
    assert_eq!(signatures.len(), 2);
    for (signature, key) in signatures.iter().zip(keys) {
        let signature = BASE64.decode(signature.strip_prefix("v1,").unwrap().as_bytes()).unwrap();
        // Another implementation than the one that signs.
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
        ring::hmac::verify(&key, &signed, &signature).unwrap();
    }
}

#[test]
fn the_example_of_the_specification_comes_out() {
    // From the tests of its libraries: the key is in the clear there.
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    let key = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let signature = sign(&key, id, "1614265330", br#"{"test": 2432232314}"#);
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn what_may_help_is_tried_again_under_the_same_id() {
    let receiver = Receiver::new(&["500 Oh", "429 Slow\r\nretry-after: 0", "200 OK"]);
    let hook = receiver.hook(Format::Slack).signed(&written(1).1).unwrap();
    assert_eq!(send(&hook, &pending(1, 0)).unwrap().tries, 3);
    let got = receiver.got();
    let ids: BTreeSet<_> = got.iter().map(|(headers, _)| headers["webhook-id"].clone()).collect();
    let bodies: BTreeSet<_> = got.iter().map(|(_, body)| body.clone()).collect();
    assert_eq!((got.len(), ids.len(), bodies.len()), (3, 1, 1));
}

#[test]
fn what_does_not_arrive_stays_pending() {
    for (answer, tries, told) in [
        ("503 Busy\r\nretry-after: 0", 3, "it answered 503"),
        ("410 Gone", 1, "it answered 410"),
        ("302 Found", 1, "302"),
    ] {
        let receiver = Receiver::new(&[answer]);
        let error = send(&receiver.hook(Format::Stanch), &pending(1, 0)).unwrap_err().to_string();
        assert!(error.contains(told) && error.contains(&format!("tried {tries} times")), "{error}");
        assert!(!error.contains("services"), "{error}");
        assert_eq!(receiver.got().len(), tries);
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let private = BTreeSet::from([closed.to_string()]);
    let hook = Hook::new(&format!("http://{closed}/services/x"), Format::Stanch, &private).unwrap();
    let hook = Hook { first_wait: Duration::ZERO, ..hook };
    let told =
        format!("could not notify {closed}: no connection to its host; tried 3 times, and again by the next sweep");
    assert_eq!(send(&hook, &pending(1, 0)).unwrap_err().to_string(), told);
}

#[test]
fn a_run_that_is_stopped_does_not_wait() {
    let receiver = Receiver::new(&["500 Oh"]);
    let hook = Hook { first_wait: Duration::from_mins(1), ..receiver.hook(Format::Stanch) };
    let asked = std::sync::atomic::AtomicU32::new(0);
    let stopped = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 2;
    let error = hook.send(&Net::new(limits()), &pending(1, 0), &Detector::new(Vec::new()), &stopped).unwrap_err();
    assert!(matches!(error, Undelivered::Refused { status: 500, tries: 1, .. }), "{error:?}");
}

#[test]
fn nothing_pending_is_nothing_sent() {
    let receiver = Receiver::new(&["200 OK"]);
    assert_eq!(send(&receiver.hook(Format::Stanch), &pending(0, 0)).unwrap().tries, 0);
    assert_eq!(receiver.got(), []);
}

#[test]
fn private_hosts_are_asked_only_where_the_user_names_them() {
    let receiver = Receiver::new(&["200 OK"]);
    let hook = Hook::new(&receiver.hook(Format::Stanch).uri.to_string(), Format::Stanch, &BTreeSet::new()).unwrap();
    let error = send(&hook, &pending(1, 0)).unwrap_err();
    assert!(matches!(error, Undelivered::Failed { failure: Failure::Private, tries: 1, .. }), "{error:?}");
    assert_eq!(receiver.got(), []);
}

#[test]
fn what_is_no_webhook_is_told_without_its_address() {
    let new = |address: &str| Hook::new(address, Format::Stanch, &BTreeSet::new());
    for (address, error) in [
        ("", Unusable::Malformed),
        ("/services/x", Unusable::Malformed),
        ("ftp://example.com/x", Unusable::Malformed),
        ("http://example.com/x", Unusable::Clear),
        ("http://127.0.0.1.example.com/x", Unusable::Clear),
        ("https://me:pass@example.com/x", Unusable::Named { host: "example.com".to_owned() }),
    ] {
        assert_eq!(new(address).unwrap_err(), error, "{address}");
    }
    let hook = new("https://hooks.example.com:8443/services/x\n").unwrap().signed(&written(1).1).unwrap();
    assert_eq!(format!("{hook:?}"), "Hook(hooks.example.com:8443, Stanch, 1 secrets)");
    assert!(new("http://[::1]:80/x").is_ok() && new("http://LOCALHOST/x").is_ok());
    let signed = |text: &str| new("https://example.com/").unwrap().signed(text).unwrap_err();
    assert_eq!(signed(" \n"), Unusable::NoSecret);
    assert_eq!(signed("whsec_!"), Unusable::NoBase64);
    assert_eq!(signed("hunter2"), Unusable::ShortSecret { length: 7 });
}

#[test]
fn no_byte_of_a_secret_is_sent() {
    let rules = Ruleset::builtin();
    let detector = Detector::new(rules.rules().to_vec());
    let receiver = Receiver::new(&["200 OK"]);
    // Every built-in rule's own example, wherever a repository could have text.
    let texts: Vec<String> = rules.rules().iter().filter_map(|rule| examples::matching(rule).pop()).collect();
    let net = Net::new(Limits { per_second: 1e6, ..limits() });
    for texts in texts.chunks(Pending::MOST) {
        let leaky = |text: &String| Notice {
            name: text.clone(),
            masked: text.clone(),
            places: vec![Place { repository: text.clone(), path: Some(text.clone()), line: Some(1) }],
            owner: Some(Owner { team: Some(text.clone()), person: Some(text.clone()), by: By::Author }),
            ..notice(1)
        };
        let pending = Pending { notices: texts.iter().map(leaky).collect(), ..pending(0, 0) };
        for format in [Format::Stanch, Format::Slack] {
            receiver.hook(format).send(&net, &pending, &detector, &|| false).unwrap();
        }
        let sent: Vec<u8> = receiver.got.lock().unwrap().drain(..).flatten().collect();
        let sent = String::from_utf8(sent).unwrap().replace("\\\"", "\"").replace("\\\\", "\\");
        for text in texts {
            let window = Window::whole(text.as_bytes());
            for token in detector.tokens(&window, &mut Scratch::default()) {
                let secret = String::from_utf8_lossy(token.secret).into_owned();
                assert!(!sent.contains(&secret), "{}: {sent}", detector.rules()[token.rule.0 as usize].id);
            }
        }
    }
}
