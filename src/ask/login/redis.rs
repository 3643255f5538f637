//! Redis, in its protocol's second version, and what speaks like it.
//!
//! <https://redis.io/docs/latest/develop/reference/protocol-spec/> and <https://redis.io/docs/latest/commands/auth/>. Where an address asks for TLS, the caller has gone over to it.

use zeroize::Zeroizing;

use super::{Account, End, Login, OTHERWISE, UNASKED, Wire};
use crate::net::Failure;

/// The user that a login is for where it names none.
const DEFAULT: &[u8] = b"default";
/// How long a line may be, in bytes.
const MOST_LINE: usize = 1 << 10;
/// What servers from before 6.0 say to a login with a name.
const NO_USERS: &[u8] = b"-ERR wrong number of arguments for 'auth' command";

/// What each answer means, by its beginning.
const ANSWERS: &[(&str, End)] = &[
    ("+OK", End::Login(Login::Accepted)),
    ("-WRONGPASS ", End::Login(Login::Rejected)),
    ("-ERR invalid password", End::Login(Login::Rejected)),
    // From 6.0 on, and before.
    ("-ERR AUTH <password> called without any password configured", UNASKED),
    ("-ERR Client sent AUTH, but no password is set", UNASKED),
    ("-ERR max number of clients reached", End::unknown("its server has too many connections")),
    ("-DENIED ", End::unknown("its server lets nobody in from here")),
    ("-LOADING ", End::unknown("its server is not ready")),
    ("-MOVED ", End::unknown("its server sends one to another")),
    ("-", OTHERWISE),
];

/// Logs in with `AUTH`.
///
/// # Errors
/// Where the server does not answer, or not as Redis does.
pub(in crate::ask) fn redis(wire: &mut dyn Wire, account: &Account<'_>) -> Result<Login, Failure> {
    login(wire, account).or_else(End::settle)
}

fn login(wire: &mut dyn Wire, account: &Account<'_>) -> Result<Login, End> {
    account.check_privacy(wire)?;
    // Of a default user who needs no password, the server says so only to a login without a name.
    let user = (!account.user.is_empty() && account.user != DEFAULT).then_some(account.user);
    let mut line = ask(wire, user, account.password)?;
    if user.is_some() && line.starts_with(NO_USERS) {
        line = ask(wire, None, account.password)?;
    }
    let meant = ANSWERS.iter().find(|(beginning, _)| line.starts_with(beginning.as_bytes()));
    let (_, end) = meant.ok_or(Failure::Broken)?;
    // It closes by itself as well.
    let _ = wire.write(&command(&[b"QUIT"]));
    Ok(end.settle()?)
}

/// Sends a login, and gives what the server says to it.
fn ask(wire: &mut dyn Wire, user: Option<&[u8]>, password: &[u8]) -> Result<Vec<u8>, Failure> {
    let words: Vec<_> = [Some(&b"AUTH"[..]), user, Some(password)].into_iter().flatten().collect();
    wire.write(&command(&words))?;
    line(wire)
}

/// A command: an array of strings that say how long they are, so that they may hold anything.
fn command(words: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let room = words.iter().map(|word| word.len() + 32).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// The next line, without its end.
fn line(wire: &mut dyn Wire) -> Result<Vec<u8>, Failure> {
    let mut line = Vec::new();
    while line.len() < MOST_LINE {
        let [byte] = wire.array()?;
        line.push(byte);
        if line.ends_with(b"\r\n") {
            line.truncate(line.len() - 2);
            return Ok(line);
        }
    }
    Err(Failure::Broken)
}

#[cfg(test)]
mod tests {
    use super::{
        super::wire::scripted::{Scripted, account, harm},
        *,
    };

    fn said(user: &str, answers: &[&str]) -> (Result<Login, Failure>, Vec<u8>) {
        let answers: Vec<_> = answers.iter().map(|answer| answer.as_bytes().to_vec()).collect();
        let mut server = Scripted::saying(b"", &answers);
        let login = redis(&mut server, &account(user, "pass word"));
        (login, server.heard)
    }

    #[test]
    fn names_are_sent_where_they_matter() {
        let (login, heard) = said("alice", &["+OK\r\n"]);
        assert_eq!(login, Ok(Login::Accepted));
        assert_eq!(heard, b"*3\r\n$4\r\nAUTH\r\n$5\r\nalice\r\n$9\r\npass word\r\n*1\r\n$4\r\nQUIT\r\n");
        for user in ["", "default"] {
            assert!(said(user, &["+OK\r\n"]).1.starts_with(b"*2\r\n$4\r\nAUTH\r\n$9\r\npass word\r\n"), "{user}");
        }
    }

    #[test]
    fn servers_that_know_no_users_are_told_the_password_alone() {
        let old = "-ERR wrong number of arguments for 'auth' command\r\n";
        assert_eq!(said("alice", &[old, "+OK\r\n"]).0, Ok(Login::Accepted));
        assert_eq!(said("alice", &[old, "-ERR invalid password\r\n"]).0, Ok(Login::Rejected));
    }

    #[test]
    fn answers_are_told_apart() {
        let wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
        assert_eq!(said("", &[wrong]).0, Ok(Login::Rejected));
        let nobody = "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n";
        assert_eq!(said("", &[nobody]).0, UNASKED.settle());
        for other in ["-NOAUTH Authentication required.\r\n", "-LOADING x\r\n", "-MOVED 1 x:1\r\n", "-DENIED x\r\n"] {
            assert!(matches!(said("", &[other]).0, Ok(Login::Unknown(_))), "{other}");
        }
        for none in ["HTTP/1.1 400 Bad Request\r\n", ":1\r\n", "\r\n", "", &"x".repeat(2000)] {
            assert_eq!(said("", &[none]).0, Err(Failure::Broken), "{none}");
        }
    }

    #[test]
    fn passwords_are_not_sent_in_clear() {
        let account = Account { may_be_clear: false, ..account("", "secret") };
        let mut server = Scripted::saying(b"", &[b"+OK\r\n".to_vec()]);
        assert!(matches!(redis(&mut server, &account), Ok(Login::Unknown(_))));
        assert_eq!(server.heard, b"");
        assert_eq!(redis(&mut server.encrypted(), &account), Ok(Login::Accepted));
    }

    #[test]
    fn harmed_answers_end() {
        let server = || Scripted::saying(b"", &[b"-WRONGPASS invalid username-password pair\r\n".to_vec()]);
        harm(server, |server| assert_ne!(redis(server, &account("a", "b")), Ok(Login::Accepted)));
    }
}
