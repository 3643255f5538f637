//! Identity survives edits (law 4).

use crate::stanch::{Sandbox, leak, token};

fn id(sandbox: &Sandbox, flags: &[&str]) -> String {
    sandbox.scan(flags).ended(1).incident()["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_identity_is_of_rule_and_secret_and_not_of_its_place() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    let first = id(&sandbox, &[]);
    assert!(first.len() == 32 && first.bytes().all(|byte| byte.is_ascii_hexdigit()), "{first}");
    sandbox.write("a", format!("a line above\n\n{}", leak(1)));
    assert_eq!(id(&sandbox, &[]), first);
    std::fs::rename(sandbox.path().join("a"), sandbox.path().join("b")).unwrap();
    assert_eq!(id(&sandbox, &[]), first);
    sandbox.write("b", format!("other = \"{}\"", token(1)));
    assert_eq!(id(&sandbox, &[]), first);
    sandbox.write("b", leak(2));
    assert_ne!(id(&sandbox, &[]), first, "another secret");
}

#[test]
fn an_identity_is_made_under_the_key_that_is_given() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    let key = sandbox.write_beside("key", "0123456789abcdef0123456789abcdef\n");
    let other = sandbox.write_beside("other", "another key of enough bytes");
    let (key, other) = (key.to_str().unwrap(), other.to_str().unwrap());
    let ids = [&[][..], &["--key-file", key], &["--key-file", other]].map(|flags| id(&sandbox, flags));
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
    assert_eq!(id(&sandbox, &["--key-file", key]), ids[1]);
    let named = |flags: &[&str]| sandbox.scan(flags).incident()["key"].as_str().unwrap().to_owned();
    assert_eq!(named(&[]), "default");
    assert_ne!(named(&["--key-file", key]), named(&["--key-file", other]));
    assert!(!named(&["--key-file", key]).contains("0123456789abcdef"), "a key's id does not tell the key");
}

#[test]
fn the_key_comes_from_the_flag_then_the_environment_then_the_configuration() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    let file = sandbox.write_beside("key", "the key of the file");
    let by_file = id(&sandbox, &["--key-file", file.to_str().unwrap()]);
    sandbox.write("stanch.toml", "key = 'the key of the configuration'\n");
    let by_configuration = id(&sandbox, &[]);
    let with = |flags: &[&str]| {
        let mut command = sandbox.command(&[&["scan", "-f", "json"], flags].concat());
        crate::stanch::run(command.env("STANCH_KEY", "the key of the environment")).incident()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let by_variable = with(&[]);
    assert_ne!(by_variable, by_configuration);
    assert_eq!(with(&["--key-file", file.to_str().unwrap()]), by_file);
}

#[test]
fn a_key_that_cannot_be_had_is_wrong_usage() {
    let sandbox = Sandbox::new();
    let short = sandbox.write_beside("key", "short");
    assert!(
        sandbox.scan(&["--key-file", short.to_str().unwrap()]).ended(2).err.contains("an identity key has at least")
    );
    assert!(sandbox.scan(&["--key-file", "no/such/key"]).ended(2).err.contains("no/such/key"));
}
