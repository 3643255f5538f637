//! Keys that OpenSSH and OpenSSL make while the test runs, so that none has to be kept.

use std::{path::Path, process::Command};

use data_encoding::BASE64;
use tempfile::TempDir;

use super::*;

/// What `program` prints. It runs in `folder`.
fn run(folder: &Path, program: &str, arguments: &str) -> Vec<u8> {
    let arguments = arguments.split(' ').map(|argument| argument.trim_matches('\''));
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A folder for keys; nothing where there is nobody to make them.
fn folder() -> Option<TempDir> {
    let is_there = |program, argument| Command::new(program).arg(argument).output().is_ok();
    (is_there("ssh-keygen", "-?") && is_there("openssl", "version")).then(|| tempfile::tempdir().unwrap())
}

/// The private key that `ssh-keygen` makes.
fn generated(folder: &Path, arguments: &str) -> Vec<u8> {
    let path = folder.join("key");
    std::fs::remove_file(&path).ok();
    std::fs::remove_file(folder.join("key.pub")).ok();
    run(folder, "ssh-keygen", &format!("-q -f key {arguments}"));
    std::fs::read(path).unwrap()
}

/// A line of words, the second of which is wanted.
fn second(line: &[u8]) -> String {
    String::from_utf8_lossy(line).split_whitespace().nth(1).unwrap().to_owned()
}

/// `bytes` in PEM.
fn pem(label: &str, bytes: &[u8]) -> String {
    let line = |edge| format!("-----{edge} {label}{} KEY-----", "PRIVATE");
    [line("BEGIN"), BASE64.encode(bytes), line("END")].join("\n")
}

#[test]
fn keys_of_ssh_keygen_are_read_as_it_reads_them() {
    let Some(folder) = folder() else { return };
    let folder = folder.path();
    for kind in ["ed25519", "ecdsa -b 256", "ecdsa -b 384", "rsa -b 2048"] {
        for format in ["", " -m PEM", " -m PKCS8"] {
            let private = generated(folder, &format!("-t {kind}{format} -N ''"));
            let key = PublicKey::of_private(&private).unwrap();
            let wanted = std::fs::read(folder.join("key.pub")).unwrap();
            assert_eq!(BASE64.encode(&key.blob), second(&wanted), "{kind}{format}");
            assert_eq!(fingerprint(&key.blob), second(&run(folder, "ssh-keygen", "-lf key.pub")));
            assert!(!key.is_encrypted);
        }
    }
}

#[test]
fn keys_of_openssl_are_read_as_ssh_keygen_reads_them() {
    let Some(folder) = folder() else { return };
    let folder = folder.path();
    for arguments in [
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "genrsa -traditional 2048",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "ecparam -genkey -name prime256v1",
        "ecparam -genkey -name secp384r1 -noout",
    ] {
        let file = folder.join("openssl");
        std::fs::remove_file(&file).ok();
        run(folder, "openssl", &arguments.replacen(' ', " -out openssl ", 1));
        run(folder, "chmod", "600 openssl");
        let key = PublicKey::of_private(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(BASE64.encode(&key.blob), second(&run(folder, "ssh-keygen", "-y -f openssl")), "{arguments}");
    }
}

#[test]
fn ed25519_keys_of_openssl_have_the_public_half_that_it_says() {
    let Some(folder) = folder() else { return };
    let folder = folder.path();
    run(folder, "openssl", "genpkey -algorithm ED25519 -out openssl");
    let key = PublicKey::of_private(&std::fs::read(folder.join("openssl")).unwrap()).unwrap();
    let public = run(folder, "openssl", "pkey -in openssl -pubout -outform DER");
    assert_eq!(key.blob[key.blob.len() - 32..], public[public.len() - 32..]);
    assert_eq!(key.algorithms, ["ssh-ed25519"]);
}

#[test]
fn encrypted_keys_show_their_public_half_if_openssh_wrote_them() {
    let Some(folder) = folder() else { return };
    let folder = folder.path();
    for kind in ["ed25519", "rsa -b 2048"] {
        let key = PublicKey::of_private(&generated(folder, &format!("-t {kind} -N 'phrase'"))).unwrap();
        assert!(key.is_encrypted);
        assert_eq!(fingerprint(&key.blob), second(&run(folder, "ssh-keygen", "-lf key.pub")));
        assert!(!key.made_up().unwrap().is_encrypted);
    }
    for format in ["PEM", "PKCS8"] {
        assert_eq!(PublicKey::of_private(&generated(folder, &format!("-t rsa -m {format} -N 'phrase'"))), None);
    }
}

#[test]
fn keys_that_cannot_be_asked_about_are_none() {
    let Some(folder) = folder() else { return };
    let folder = folder.path();
    for format in ["", " -m PEM", " -m PKCS8"] {
        assert_eq!(PublicKey::of_private(&generated(folder, &format!("-t ecdsa -b 521{format} -N ''"))), None);
    }
    let private = String::from_utf8(generated(folder, "-t rsa -b 2048 -m PEM -N ''")).unwrap();
    for wrong in ["DSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "", "ANY "] {
        assert_eq!(PublicKey::of_private(private.replace("RSA ", wrong).as_bytes()), None, "{wrong}");
    }
    assert_eq!(PublicKey::of_private(private.replace("PRIVATE", "PUBLIC").as_bytes()), None);
    assert_eq!(PublicKey::of_private(private.split("-----END").next().unwrap().as_bytes()), None);
    assert_eq!(PublicKey::of_private(private.replace("END", "BEGIN").as_bytes()), None);
    assert_eq!(PublicKey::of_private(b"nothing"), None);
    assert_eq!(PublicKey::of_private(b"\xff"), None);
}

#[test]
fn lines_may_end_as_they_like() {
    let Some(folder) = folder() else { return };
    let private = String::from_utf8(generated(folder.path(), "-t ed25519 -N ''")).unwrap();
    let key = PublicKey::of_private(private.as_bytes());
    assert!(key.is_some());
    for end in ["\r\n", "\\n", "\\\\n", "\\r\\n", "\\n\\\n", " ", "", "\n    ", "\n\n"] {
        let private = private.replace('\n', end);
        assert_eq!(PublicKey::of_private(private.as_bytes()), key, "{end:?}");
        assert_eq!(PublicKey::of_private(format!("KEY=\"{private}\" # a key").as_bytes()), key, "{end:?}");
    }
}

#[test]
fn a_made_up_key_is_another_of_its_kind() {
    let Some(folder) = folder() else { return };
    for kind in ["ed25519", "ecdsa -b 256", "ecdsa -b 384", "rsa -b 2048"] {
        let key = PublicKey::of_private(&generated(folder.path(), &format!("-t {kind} -N ''"))).unwrap();
        let (one, other) = (key.made_up().unwrap(), key.made_up().unwrap());
        assert_eq!((one.algorithms, one.blob.len()), (key.algorithms, key.blob.len()));
        assert!(one.blob != key.blob && one.blob != other.blob);
        let line = format!("{} {}\n", Reader::new(&one.blob).text().unwrap(), BASE64.encode(&one.blob));
        std::fs::write(folder.path().join("made-up.pub"), line).unwrap();
        assert_eq!(second(&run(folder.path(), "ssh-keygen", "-lf made-up.pub")), fingerprint(&one.blob));
    }
}

#[test]
fn what_is_not_quite_a_public_key_is_none() {
    let ed25519 = |length| Writer::default().string(b"ssh-ed25519").string(&vec![7; length]);
    let ecdsa = |first: u8| {
        let point = [&[first][..], &[7; 64]].concat();
        Writer::default().string(b"ecdsa-sha2-nistp256").string(b"nistp256").string(&point)
    };
    let rsa = |length| Writer::default().string(b"ssh-rsa").integer(&[1, 0, 1]).integer(&vec![7; length]);
    for whole in [ed25519(32), ecdsa(4), rsa(256), rsa(2048)] {
        let mut whole = whole.done();
        assert_eq!(of_blob(&whole).map(|key| key.blob), Some(whole.clone()));
        whole.push(0);
        assert_eq!(of_blob(&whole), None);
    }
    for wrong in [ed25519(31), ed25519(33), ecdsa(2), rsa(0), rsa(2049), Writer::default().string(b"ssh-dss")] {
        assert_eq!(of_blob(&wrong.done()), None);
    }
}

#[test]
fn a_file_of_openssh_has_one_key() {
    let blob = Writer::default().string(b"ssh-ed25519").string(&[7; 32]).done();
    let file = |count| {
        let start = Writer::default().raw(OPENSSH).string(b"none").string(b"none").string(b"").number(count);
        of_openssh(&start.string(&blob).string(b"private").done())
    };
    assert_eq!(file(1).map(|key| key.blob), Some(blob.clone()));
    assert_eq!((file(0), file(2)), (None, None));
}

#[test]
fn changed_and_cut_keys_are_read_without_harm() {
    let Some(folder) = folder() else { return };
    for (label, arguments) in [
        ("OPENSSH ", "-t ed25519 -N ''"),
        ("OPENSSH ", "-t ecdsa -N 'phrase'"),
        ("RSA ", "-t rsa -b 1024 -m PEM -N ''"),
        ("EC ", "-t ecdsa -m PEM -N ''"),
        ("", "-t ecdsa -m PKCS8 -N ''"),
    ] {
        let private = generated(folder.path(), arguments);
        let bytes = read_pem(&private).unwrap().1;
        let key = PublicKey::of_private(&private).unwrap();
        for length in 0..bytes.len() {
            let cut = PublicKey::of_private(pem(label, &bytes[..length]).as_bytes());
            assert!(cut.is_none_or(|cut| cut == key), "{arguments} {length}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = PublicKey::of_private(pem(label, &changed).as_bytes());
            assert!(changed.is_none_or(|changed| !changed.algorithms.is_empty() && changed.made_up().is_some()));
        }
    }
}
