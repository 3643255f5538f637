//! Session tokens, wherever they leak, and what they say of themselves.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::stanch::Sandbox;

/// Letters and digits as of a random id, from a seed.
fn id(seed: usize, alphabet: &str, length: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut state = seed as u64 * 2 + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap()
    };
    (0..length).map(|_| letters[next() % letters.len()]).collect()
}

const BASE36: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789ABCDEF";

/// A token with these claims and a signature that nobody can check.
fn jwt(algorithm: &str, claims: &str) -> String {
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#);
    format!("{}.{}.{}", encode(&header), encode(claims), BASE64URL_NOPAD.encode(&[0xa7; 32]))
}

fn found(name: &str, text: &str, flags: &[&str]) -> Vec<Value> {
    let sandbox = Sandbox::new();
    sandbox.write(name, text);
    sandbox.run(&[&["scan", ".", "--show-secrets", "-f", "json"], flags].concat()).incidents()
}

/// What the only incident of a text says; it has to hold `secret`.
fn only(name: &str, text: &str, secret: &str, rule: &str) {
    let incidents = found(name, text, &[]);
    let rules: Vec<_> = incidents.iter().map(|incident| (&incident["rule"], &incident["secret"]["value"])).collect();
    assert_eq!(rules, [(&Value::from(rule), &Value::from(secret))], "{name}: {text}");
}

#[test]
fn cookies_are_found_wherever_they_leak() {
    let php = id(1, BASE36, 26);
    for (name, text) in [
        ("page.har", format!(r#"{{"cookies":[{{"name":"PHPSESSID","value":"{php}","path":"/"}}]}}"#)),
        ("page2.har", format!(r#"{{"headers":[{{"name":"Cookie","value":"a=b; PHPSESSID={php}; c=d"}}]}}"#)),
        ("run.sh", format!("curl -s -b 'PHPSESSID={php}' https://shop.example.com/cart\n")),
        ("access.log", format!("GET /cart HTTP/1.1\nHost: shop.example.com\nCookie: theme=dark; PHPSESSID={php}\n")),
        ("cookies.txt", format!("shop.example.com\tFALSE\t/\tTRUE\t0\tPHPSESSID\t{php}\n")),
        ("postman.json", format!(r#"{{"key": "PHPSESSID", "value": "{php}", "type": "text"}}"#)),
        (
            "export.json",
            format!(
                "{{\"name\": \"PHPSESSID\",\n \"path\": \"/\",\n \"secure\": true,\n \"storeId\": \"0\",\n \"value\": \"{php}\"}}"
            ),
        ),
    ] {
        only(name, &text, &php, "php-session-id");
    }
    let java = id(2, HEX, 32);
    only("url.log", &format!("GET /app/home;jsessionid={java}?x=1 HTTP/1.1"), &java, "java-session-id");
    let express = format!("{}.{}", id(3, BASE36, 32), id(4, BASE36, 43));
    only("express.log", &format!("Cookie: connect.sid=s%3A{express}; x=1"), &express, "express-session");
}

#[test]
fn ids_that_can_be_guessed_are_said_to_be() {
    let asp = id(5, "abcdefghijklmnopqrstuvwxyz012345", 24);
    let incidents = found("a.log", &format!("Cookie: ASP.NET_SessionId={asp}"), &[]);
    assert!(incidents[0]["notes"][0].as_str().unwrap().starts_with("guessable"), "{incidents:?}");
    let java = id(6, HEX, 32);
    assert!(found("b.log", &format!("Cookie: JSESSIONID={java}"), &[])[0].get("notes").is_none());
}

#[test]
fn tokens_say_who_issued_them_and_when_they_end() {
    let claims = r#"{"iss":"https://login.example.com","aud":"shop","iat":1800000000,"exp":1800003600}"#;
    let text = format!("Authorization: Bearer {}", jwt("HS256", claims));
    let before = &found("a.http", &text, &["--now", "2027-01-15T08:30:00Z"])[0];
    assert_eq!(before["verdict"]["status"], "unchecked");
    assert_eq!(before["claims"]["issuer"], "https://login.example.com");
    assert_eq!(before["claims"]["audience"][0], "shop");
    assert_eq!((&before["claims"]["expires"], &before["severity"]), (&"2027-01-15T09:00:00Z".into(), &"medium".into()));
    let after = &found("a.http", &text, &["--now", "2027-01-15T09:00:01Z"])[0];
    assert_eq!((&after["verdict"]["status"], &after["verdict"]["reason"]), (&"inactive".into(), &"expired".into()));
    assert_eq!(after["severity"], "low");
    let long = jwt("RS256", r#"{"iss":"https://login.example.com","iat":1800000000,"exp":1900000000}"#);
    let long = &found("a.http", &format!("token={long}"), &["--now", "2027-01-15T08:30:00Z"])[0];
    assert_eq!(long["severity"], "high");
}

#[test]
fn signed_addresses_end_when_they_say() {
    let now = &["--now", "2027-01-15T08:30:00Z"];
    let (aws, azure) = (id(9, "0123456789abcdef", 64), id(10, BASE36, 43));
    let signed = |day: &str| {
        format!("https://b.s3.amazonaws.com/k?X-Amz-Date={day}T080000Z&X-Amz-Expires=3600&X-Amz-Signature={aws}")
    };
    assert_eq!(found("a.txt", &signed("20270115"), now)[0]["claims"]["expires"], "2027-01-15T09:00:00Z");
    assert_eq!(found("a.txt", &signed("20270115"), now)[0]["verdict"]["status"], "unchecked");
    assert_eq!(found("a.txt", &signed("20270114"), now)[0]["verdict"]["reason"], "expired");
    for (end, status) in [("2027-01-15T08%3A29%3A00Z", "inactive"), ("2027-01-16", "unchecked")] {
        let text = format!("https://shop1.blob.core.windows.net/c/f?sv=2024-11-04&se={end}&sr=b&sig={azure}%3D");
        assert_eq!(found("a.txt", &text, now)[0]["verdict"]["status"], status, "{end}");
    }
}

#[test]
fn a_refresh_token_outranks_an_access_token() {
    let (access, refresh) = (id(7, BASE36, 40), id(8, BASE36, 48));
    let text = format!(r#"{{"access_token":"{access}","expires_in":3600,"refresh_token":"{refresh}"}}"#);
    let incidents = found("token.json", &text, &[]);
    let told = |at: usize| (incidents[at]["class"].as_str().unwrap(), incidents[at]["severity"].as_str().unwrap());
    assert_eq!((told(0), told(1)), (("refresh-token", "critical"), ("access-token", "high")), "{incidents:?}");
}
