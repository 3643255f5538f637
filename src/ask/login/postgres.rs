//! `PostgreSQL`, in its protocol's third version.
//!
//! <https://www.postgresql.org/docs/current/protocol-flow.html> and <https://www.postgresql.org/docs/current/protocol-message-formats.html>

use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{
    Account, End, Login, OTHERWISE, UNASKED, UNPROVEN, Wire,
    message::Message,
    scram::{self, Hash, Opening},
};
use crate::net::Failure;

/// Asks for TLS, in place of a version.
const TLS: u32 = 80_877_103;
/// Version 3.0.
const VERSION: u32 = 3 << 16;
/// The hash that SCRAM is made with here.
const HASH: Hash = Hash::Sha256;

/// The one state that `PgBouncer` knows, up to version 1.18 at least, and what it says to a wrong password. What it says of its own logins, at the server behind it, names a user.
const POOLER: &[u8] = b"08P01";
const POOLER_REJECTS: [&[u8]; 2] = [b"SASL authentication failed", b"password authentication failed"];

/// What a server asks for before it lets somebody in, by its number.
mod asked {
    pub(super) const NOTHING: u32 = 0;
    pub(super) const PASSWORD: u32 = 3;
    pub(super) const MD5: u32 = 5;
    pub(super) const SASL: u32 = 10;
    pub(super) const SASL_CONTINUE: u32 = 11;
    pub(super) const SASL_FINAL: u32 = 12;
}

/// Logs in to the account's database, or to that of the user's name.
///
/// # Errors
/// Where the server does not answer, or not as `PostgreSQL` does.
pub(in crate::ask) fn postgres(wire: &mut dyn Wire, account: &Account<'_>) -> Result<Login, Failure> {
    let login = login(wire, account).or_else(End::settle)?;
    Ok(scram::if_plain(login, account.password))
}

fn login(wire: &mut dyn Wire, account: &Account<'_>) -> Result<Login, End> {
    account.check_zeros()?;
    go_over_to_tls(wire, account)?;
    wire.write(&startup(account)?)?;
    authenticate(wire, account)?;
    let login = await_entry(wire);
    // It closes by itself as well.
    let _ = wire.write(&message(b'X', &[])?);
    Ok(login)
}

/// Goes over to TLS where the server speaks it.
fn go_over_to_tls(wire: &mut dyn Wire, account: &Account<'_>) -> Result<(), End> {
    if wire.is_encrypted() {
        return Ok(());
    }
    wire.write(&framed(&[], &TLS.to_be_bytes())?)?;
    match wire.array()? {
        [b'S'] => Ok(wire.encrypt()?),
        [b'N'] if account.may_be_clear => Ok(()),
        [b'N'] => Err(End::unknown("its server speaks no TLS")),
        // What an error says here could come from anybody.
        [b'E'] => Err(End::unknown("its server is not ready")),
        _ => Err(Failure::Broken.into()),
    }
}

/// Who logs in, and where.
fn startup(account: &Account<'_>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let database = account.database.map_or(account.user, str::as_bytes);
    let settings: [(&[u8], &[u8]); 3] =
        [(b"user", account.user), (b"database", database), (b"application_name", b"stanch")];
    let mut body = VERSION.to_be_bytes().to_vec();
    for part in settings.iter().flat_map(|(name, value)| [name, value]) {
        body.extend_from_slice(part);
        body.push(0);
    }
    body.push(0);
    framed(&[], &body)
}

/// Proves the password, in the way that the server asks for.
fn authenticate(wire: &mut dyn Wire, account: &Account<'_>) -> Result<(), End> {
    let (kind, body) = receive_question(wire)?;
    match kind {
        asked::NOTHING => return Err(UNASKED),
        asked::PASSWORD => {
            account.check_privacy(wire)?;
            wire.write(&message(b'p', &zero_ended(account.password))?)?;
        }
        asked::MD5 => {
            let salt = Message::new(&body).array()?;
            wire.write(&message(b'p', &zero_ended(&md5(account, salt)))?)?;
        }
        asked::SASL => authenticate_by_scram(wire, account, &body)?,
        _ => return Err(End::unknown("its server asks for something else than a password")),
    }
    match receive_question(wire)? {
        (asked::NOTHING, _) => Ok(()),
        _ => Err(Failure::Broken.into()),
    }
}

/// Proves the password, and has the server prove that it knows it.
fn authenticate_by_scram(wire: &mut dyn Wire, account: &Account<'_>, mechanisms: &[u8]) -> Result<(), End> {
    let mechanism = HASH.mechanism().as_bytes();
    if !mechanisms.split(|byte| *byte == 0).any(|name| name == mechanism) {
        return Err(End::unknown("its server asks for something else than a password"));
    }
    // The name is in the first message already.
    let opening = Opening::new("")?;
    let first = opening.message();
    let length = u32::try_from(first.len()).map_err(|_| Failure::Broken)?;
    let parts: [&[u8]; 4] = [mechanism, &[0], &length.to_be_bytes(), first.as_bytes()];
    wire.write(&message(b'p', &parts.concat())?)?;
    let challenge = receive_sasl(wire, asked::SASL_CONTINUE)?;
    let closing = opening.answer(HASH, &challenge, account.password)?;
    wire.write(&message(b'p', closing.message().as_bytes())?)?;
    closing.check(&receive_sasl(wire, asked::SASL_FINAL)?)
}

/// What the server says in the course of SCRAM.
fn receive_sasl(wire: &mut dyn Wire, wanted: u32) -> Result<Vec<u8>, End> {
    match receive_question(wire)? {
        (kind, body) if kind == wanted => Ok(body),
        // A server that knows the password does not have to skip what shows it.
        (asked::NOTHING, _) => Err(UNPROVEN),
        _ => Err(Failure::Broken.into()),
    }
}

/// What the server asks for next, by its number, and what goes with it.
fn receive_question(wire: &mut dyn Wire) -> Result<(u32, Vec<u8>), End> {
    loop {
        let (kind, body) = receive(wire)?;
        match kind {
            b'R' => {
                let mut message = Message::new(&body);
                return Ok((u32::from_be_bytes(message.array()?), message.rest().to_vec()));
            }
            b'E' => return Err(refusal(&Refused::read(&body)?)),
            // A notice, or what the server does not know of the protocol.
            b'N' | b'v' => {}
            _ => return Err(Failure::Broken.into()),
        }
    }
}

/// What an error means before the password was proven.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn refusal(refused: &Refused<'_>) -> End {
    match refused.state {
        b"28P01" => End::Login(Login::Rejected),
        b"28000" => End::unknown("its server does not let this user in from here"),
        b"3D000" => End::unknown("its server does not know the database"),
        b"53300" => End::unknown("its server has too many connections"),
        b"57P03" => End::unknown("its server is not ready"),
        POOLER if POOLER_REJECTS.contains(&refused.words) => End::Login(Login::Rejected),
        _ => OTHERWISE,
    }
}

/// Waits for the end of the login. The password was right; what the server may still refuse is the database, or a connection more.
fn await_entry(wire: &mut dyn Wire) -> Login {
    while let Ok((kind, body)) = receive(wire) {
        match kind {
            b'E' if Refused::read(&body).is_ok_and(|refused| refused.state == b"28000") => {
                return Login::Unknown("its password is right, but the user may not log in");
            }
            b'Z' | b'E' => break,
            _ => {}
        }
    }
    Login::Accepted
}

/// An error, as far as it is looked at.
#[derive(Default)]
struct Refused<'e> {
    state: &'e [u8],
    words: &'e [u8],
}

impl<'e> Refused<'e> {
    /// Reads an error's fields.
    fn read(body: &'e [u8]) -> Result<Self, Failure> {
        let (mut message, mut refused) = (Message::new(body), Self::default());
        loop {
            match message.byte()? {
                0 => return Ok(refused),
                b'C' => refused.state = message.text()?,
                b'M' => refused.words = message.text()?,
                _ => drop(message.text()?),
            }
        }
    }
}

/// The next message: its kind and its body.
fn receive(wire: &mut dyn Wire) -> Result<(u8, Vec<u8>), Failure> {
    let [kind, length @ ..] = wire.array::<5>()?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| Failure::Broken)?;
    Ok((kind, wire.bytes(length.checked_sub(4).ok_or(Failure::Broken)?)?))
}

/// A message of this kind.
fn message(kind: u8, body: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    framed(&[kind], body)
}

/// `head`, and `body` with its length, which counts itself.
fn framed(head: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let length = u32::try_from(body.len() + 4).map_err(|_| Failure::Broken)?;
    Ok(Zeroizing::new([head, &length.to_be_bytes(), body].concat()))
}

/// A text as it is sent.
fn zero_ended(text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([text, &[0]].concat())
}

/// The password's proof by MD5, as the server salts it.
fn md5(account: &Account<'_>, salt: [u8; 4]) -> Zeroizing<Vec<u8>> {
    let hashed = |parts: [&[u8]; 2]| {
        let hash = Md5::new().chain_update(parts[0]).chain_update(parts[1]).finalize();
        Zeroizing::new(HEXLOWER.encode(&*Zeroizing::new(<[u8; 16]>::from(hash))))
    };
    let inner = hashed([account.password, account.user]);
    Zeroizing::new([b"md5", hashed([inner.as_bytes(), &salt]).as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            scram::tests::Server,
            wire::scripted::{Scripted, account, harm},
        },
        *,
    };

    fn question(kind: u32, body: &[u8]) -> Vec<u8> {
        message(b'R', &[&kind.to_be_bytes(), body].concat()).unwrap().to_vec()
    }

    fn error(state: &str) -> Vec<u8> {
        error_in_words(state, "words")
    }

    fn error_in_words(state: &str, words: &str) -> Vec<u8> {
        message(b'E', format!("SFATAL\0VFATAL\0C{state}\0M{words}\0\0").as_bytes()).unwrap().to_vec()
    }

    /// The end of a login that went well.
    fn entry() -> Vec<u8> {
        let parameter = message(b'S', b"server_version\x0016.2\0").unwrap();
        [question(asked::NOTHING, b""), parameter.to_vec(), message(b'Z', b"I").unwrap().to_vec()].concat()
    }

    fn said(answers: &[Vec<u8>]) -> Result<Login, Failure> {
        postgres(&mut Scripted::saying(b"", answers), &account("alice", "secret"))
    }

    /// A server with SCRAM, which knows one password.
    fn proving(password: &'static str) -> Scripted<'static> {
        let (mut server, mut step) = (Server::new(password), 0);
        Scripted::new(b"", move |heard| {
            step += 1;
            match step {
                1 => b"S".to_vec(),
                2 => question(asked::SASL, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"),
                3 => question(asked::SASL_CONTINUE, &server.challenge(&heard[5 + 14 + 4..])),
                4 => server.signature(HASH, &heard[5..]).map_or_else(
                    || error("28P01"),
                    |signature| [question(asked::SASL_FINAL, &signature), entry()].concat(),
                ),
                _ => Vec::new(),
            }
        })
    }

    #[test]
    fn scram_proves_both() {
        let mut server = proving("secret");
        assert_eq!(postgres(&mut server, &account("alice", "secret")), Ok(Login::Accepted));
        assert!(server.encrypted && server.heard.ends_with(b"X\0\0\0\x04"));
        assert_eq!(postgres(&mut proving("other"), &account("alice", "secret")), Ok(Login::Rejected));
        assert!(matches!(postgres(&mut proving("other"), &account("alice", "s\u{e9}cret")), Ok(Login::Unknown(_))));
    }

    #[test]
    fn a_server_that_proves_nothing_is_not_believed() {
        let sasl = question(asked::SASL, b"SCRAM-SHA-256\0\0");
        assert_eq!(said(&[b"S".to_vec(), sasl.clone(), entry()]), UNPROVEN.settle());
        assert_eq!(said(&[b"S".to_vec(), entry()]), UNASKED.settle());
        let mut server = Server::new("secret");
        let mut step = 0;
        let mut forged = Scripted::new(b"", |heard| {
            step += 1;
            match step {
                1 => b"S".to_vec(),
                2 => sasl.clone(),
                3 => question(asked::SASL_CONTINUE, &server.challenge(&heard[5 + 14 + 4..])),
                _ => [question(asked::SASL_FINAL, b"v=AAAA"), entry()].concat(),
            }
        });
        assert_eq!(postgres(&mut forged, &account("alice", "secret")), UNPROVEN.settle());
    }

    #[test]
    fn md5_as_it_is_computed() {
        // `select 'md5' || md5(md5('secretalice') || E'\\x01020304')`
        let account = account("alice", "secret");
        assert_eq!(*md5(&account, [1, 2, 3, 4]), *b"md598a0412b9c31436fc53776e863350083");
        let answers = [b"N".to_vec(), question(asked::MD5, &[1, 2, 3, 4]), entry()];
        let mut server = Scripted::saying(b"", &answers);
        assert_eq!(postgres(&mut server, &account), Ok(Login::Accepted));
        assert!(!server.heard.windows(6).any(|bytes| bytes == b"secret"));
    }

    #[test]
    fn passwords_are_not_sent_in_clear() {
        let answers = [b"N".to_vec(), question(asked::PASSWORD, b""), entry()];
        let account = Account { may_be_clear: false, ..account("alice", "secret") };
        let mut server = Scripted::saying(b"", &answers);
        assert!(matches!(postgres(&mut server, &account), Ok(Login::Unknown(_))));
        assert_eq!(server.heard, b"\0\0\0\x08\x04\xd2\x16\x2f");
        let mut server = Scripted::saying(b"", &[b"S".to_vec(), answers[1].clone(), entry()]);
        assert_eq!(postgres(&mut server, &account), Ok(Login::Accepted));
        assert!(server.heard.windows(12).any(|bytes| bytes == b"p\0\0\0\x0bsecret\0"));
    }

    #[test]
    fn errors_count_by_when_they_come() {
        let early = |state| said(&[b"S".to_vec(), error(state)]);
        assert_eq!(early("28P01"), Ok(Login::Rejected));
        for state in ["28000", "3D000", "53300", "57P03", "08P01"] {
            assert!(matches!(early(state), Ok(Login::Unknown(_))), "{state}");
        }
        let late = |state| {
            let entry = [question(asked::NOTHING, b""), error(state)].concat();
            said(&[b"S".to_vec(), question(asked::PASSWORD, b""), entry])
        };
        assert_eq!(late("3D000"), Ok(Login::Accepted));
        assert_eq!(late("53300"), Ok(Login::Accepted));
        assert!(matches!(late("28000"), Ok(Login::Unknown(_))));
    }

    #[test]
    fn a_pooler_rejects_in_words() {
        let said = |words| said(&[b"S".to_vec(), error_in_words("08P01", words)]);
        assert_eq!(said("SASL authentication failed"), Ok(Login::Rejected));
        assert_eq!(said("password authentication failed"), Ok(Login::Rejected));
        // Its own login has failed.
        assert!(matches!(said("password authentication failed for user \"pooler\""), Ok(Login::Unknown(_))));
    }

    #[test]
    fn what_asks_for_more_is_not_answered() {
        for kind in [2, 6, 7, 9, 99] {
            assert!(matches!(said(&[b"S".to_vec(), question(kind, b"")]), Ok(Login::Unknown(_))), "{kind}");
        }
        let other = question(asked::SASL, b"OAUTHBEARER\0\0");
        assert!(matches!(said(&[b"S".to_vec(), other]), Ok(Login::Unknown(_))));
        let twice = [question(asked::PASSWORD, b""), question(asked::PASSWORD, b"")].concat();
        assert_eq!(said(&[b"S".to_vec(), twice]), Err(Failure::Broken));
    }

    #[test]
    fn harmed_answers_end() {
        harm(|| proving("secret"), |server| postgres(server, &account("alice", "secret")));
        let md5 = || Scripted::saying(b"", &[b"S".to_vec(), question(asked::MD5, &[1, 2, 3, 4]), error("28P01")]);
        harm(md5, |server| assert_ne!(postgres(server, &account("alice", "secret")), Ok(Login::Accepted)));
        let long = [b"R".to_vec(), u32::MAX.to_be_bytes().to_vec()].concat();
        assert_eq!(said(&[b"S".to_vec(), long]), Err(Failure::Broken));
    }
}
