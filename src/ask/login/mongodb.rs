//! `MongoDB`, in the messages that it speaks since version 3.6.
//!
//! <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/> and <https://github.com/mongodb/specifications/blob/master/source/auth/auth.md>. Where an address asks for TLS, the
//! caller has gone over to it. SCRAM tells nobody the password, but a server in clear is left alone all the same, unless it may be talked to. Certificates, tickets of Kerberos and
//! accounts of a cloud are for other functions than this.

use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{
    Account, End, Login, OTHERWISE, UNFIT, Wire,
    bson::{Document, Value, Writer},
    message::Message,
    scram::{self, Hash, Opening},
};
use crate::net::Failure;

/// The kind of message that all is said in.
const OP_MSG: i32 = 2013;
/// How long a message's head is, in bytes.
const HEAD: usize = 16;
/// The database that knows users, unless another one is named.
const ADMIN: &str = "admin";
/// How often a server may want to hear more after it has proven itself.
const MOST_STEPS: usize = 2;

/// Logs in with SCRAM, as a user of the account's database, or else of `admin`.
///
/// # Errors
/// Where the server does not answer, or not as `MongoDB` does.
pub(in crate::ask) fn mongodb(wire: &mut dyn Wire, account: &Account<'_>) -> Result<Login, Failure> {
    let login = login(wire, account).or_else(End::settle)?;
    Ok(scram::if_plain(login, account.password))
}

fn login(wire: &mut dyn Wire, account: &Account<'_>) -> Result<Login, End> {
    account.check_privacy(wire)?;
    account.check_zeros()?;
    let user = str::from_utf8(account.user).map_err(|_| UNFIT)?;
    let mut talk = Talk { wire, database: account.database.unwrap_or(ADMIN) };
    match talk.hash_for(user)? {
        Hash::Sha1 => talk.prove(Hash::Sha1, user, digest(user, account.password).as_bytes()),
        Hash::Sha256 => talk.prove(Hash::Sha256, user, account.password),
    }
}

/// What SCRAM-SHA-1 takes for the password.
fn digest(user: &str, password: &[u8]) -> Zeroizing<String> {
    let hash = Md5::new().chain_update(user).chain_update(":mongo:").chain_update(password).finalize();
    Zeroizing::new(HEXLOWER.encode(&*Zeroizing::new(<[u8; 16]>::from(hash))))
}

/// A conversation, with the database that knows the user.
struct Talk<'w> {
    wire: &'w mut dyn Wire,
    database: &'w str,
}

impl Talk<'_> {
    /// What this user can prove a password with: SHA-256, unless the server knows better.
    fn hash_for(&mut self, user: &str) -> Result<Hash, End> {
        let asked = format!("{}.{user}", self.database);
        let hello = Writer::default().int32("hello", 1).text("saslSupportedMechs", &asked)?.text("$db", ADMIN)?;
        let reply = self.ask(hello)?;
        let reply = document(&reply)?;
        check(reply, false)?;
        let Value::Document(mechanisms) = reply.get("saslSupportedMechs")? else { return Ok(Hash::Sha256) };
        let mechanisms = mechanisms.values()?;
        let mut hashes = [Hash::Sha256, Hash::Sha1].into_iter();
        let known = hashes.find(|hash| mechanisms.contains(&Value::Text(hash.mechanism())));
        known.ok_or(End::unknown("its user proves who it is with something else than a password"))
    }

    /// Proves the password, and has the server prove that it knows it.
    fn prove(&mut self, hash: Hash, user: &str, password: &[u8]) -> Result<Login, End> {
        let opening = Opening::new(user)?;
        let options = Writer::default().boolean("skipEmptyExchange", true);
        let start = Writer::default().int32("saslStart", 1).text("mechanism", hash.mechanism())?;
        let start = start.binary("payload", opening.message().as_bytes())?.document("options", options)?;
        let step = self.step(start)?;
        let closing = opening.answer(hash, &step.payload, password)?;
        let mut step = self.go_on(step.conversation, closing.message().as_bytes())?;
        closing.check(&step.payload)?;
        for _ in 0..MOST_STEPS {
            if step.is_done {
                return Ok(Login::Accepted);
            }
            step = self.go_on(step.conversation, &[])?;
        }
        Err(Failure::Broken.into())
    }

    /// Says the next thing in a proof.
    fn go_on(&mut self, conversation: i32, payload: &[u8]) -> Result<Step, End> {
        let command = Writer::default().int32("saslContinue", 1).int32("conversationId", conversation);
        self.step(command.binary("payload", payload)?)
    }

    /// Sends a command of a proof, and gives what the server says to it.
    fn step(&mut self, command: Writer) -> Result<Step, End> {
        let reply = self.ask(command.text("$db", self.database)?)?;
        let reply = document(&reply)?;
        check(reply, true)?;
        Step::read(reply)
    }

    /// Sends a command, and gives the message that answers it.
    fn ask(&mut self, command: Writer) -> Result<Vec<u8>, Failure> {
        let command = command.finish()?;
        let length = i32::try_from(HEAD + 5 + command.len()).map_err(|_| Failure::Broken)?;
        // The numbers of this message and of the one that it answers, flags, and that one document follows.
        let head = [length, 1, 0, OP_MSG, 0].map(i32::to_le_bytes).concat();
        self.wire.write(&Zeroizing::new([head.as_slice(), &[0], &command].concat()))?;
        let head = self.wire.array::<HEAD>()?;
        let mut message = Message::new(&head);
        let length = i32::from_le_bytes(message.array()?);
        message.take(8)?;
        if i32::from_le_bytes(message.array()?) != OP_MSG {
            return Err(Failure::Broken);
        }
        let length = usize::try_from(length).ok().and_then(|length| length.checked_sub(HEAD));
        self.wire.bytes(length.ok_or(Failure::Broken)?)
    }
}

/// The document that a message holds, behind its flags and the kind of its section.
fn document(body: &[u8]) -> Result<Document<'_>, Failure> {
    let mut message = Message::new(body);
    match message.array::<5>()? {
        [.., 0] => Document::read(&mut message),
        _ => Err(Failure::Broken),
    }
}

/// Goes on where a command went well. `is_proof` says whether it was about the password.
/// <https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml>
fn check(reply: Document<'_>, is_proof: bool) -> Result<(), End> {
    if reply.get("ok")?.is_yes() {
        return Ok(());
    }
    let Value::Int32(code) = reply.get("code")? else { return Err(OTHERWISE) };
    let said = reply.get("errmsg")?;
    // Atlas has a code for all that it refuses.
    let is_atlas = matches!(said, Value::Text(said) if said.starts_with("bad auth"));
    Err(match code {
        18 if is_proof => End::Login(Login::Rejected),
        8000 if is_proof && is_atlas => End::Login(Login::Rejected),
        59 => End::unknown("its server is too old"),
        334 => End::unknown("its server checks passwords in a way that is not tried"),
        _ => OTHERWISE,
    })
}

/// What a server says in the course of a proof.
struct Step {
    /// The number that it goes by.
    conversation: i32,
    /// The message of SCRAM.
    payload: Vec<u8>,
    /// Whether there is nothing more to say.
    is_done: bool,
}

impl Step {
    /// Reads a reply that went well.
    fn read(reply: Document<'_>) -> Result<Self, End> {
        match (reply.get("conversationId")?, reply.get("payload")?) {
            (Value::Int32(conversation), Value::Binary(payload)) => {
                Ok(Self { conversation, payload: payload.to_vec(), is_done: reply.get("done")?.is_yes() })
            }
            _ => Err(Failure::Broken.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            UNPROVEN,
            scram::tests::Server,
            wire::scripted::{Scripted, account, harm},
        },
        *,
    };

    /// A message of the server, which holds this document.
    fn message(document: Writer) -> Vec<u8> {
        let document = document.finish().unwrap();
        let length = i32::try_from(HEAD + 5 + document.len()).unwrap();
        [&[length, 1, 1, OP_MSG, 0].map(i32::to_le_bytes).concat()[..], &[0], &document].concat()
    }

    fn ok() -> Writer {
        Writer::default().int32("ok", 1)
    }

    fn error(code: i32, said: &str) -> Vec<u8> {
        message(Writer::default().int32("ok", 0).text("errmsg", said).unwrap().int32("code", code))
    }

    fn step(payload: &[u8], is_done: bool) -> Vec<u8> {
        message(ok().int32("conversationId", 7).boolean("done", is_done).binary("payload", payload).unwrap())
    }

    fn hello(mechanisms: &[&str]) -> Vec<u8> {
        let list = mechanisms.iter().fold(Writer::default(), |list, name| list.text("0", name).unwrap());
        message(ok().document("saslSupportedMechs", list).unwrap())
    }

    /// What a client asked, and with which payload.
    fn asked(heard: &[u8]) -> (String, Vec<u8>) {
        let document = document(&heard[HEAD..]).unwrap();
        let database = match document.get("$db") {
            Ok(Value::Text(database)) => database.to_owned(),
            _ => String::new(),
        };
        match document.get("payload") {
            Ok(Value::Binary(payload)) => (database, payload.to_vec()),
            _ => (database, Vec::new()),
        }
    }

    /// A server whose user has one mechanism and password.
    fn proving(hash: Hash, password: &'static str) -> Scripted<'static> {
        let (mut server, mut count) = (Server::new(password), 0);
        Scripted::new(b"", move |heard| {
            let (database, payload) = asked(heard);
            count += 1;
            match count {
                1 => hello(&[hash.mechanism()]),
                2 if database == "shop" => step(&server.challenge(&payload), false),
                3 => server
                    .signature(hash, &payload)
                    .map_or_else(|| error(18, "Authentication failed."), |signature| step(&signature, false)),
                // An older server, which wants an empty message more.
                4 if payload.is_empty() => step(b"", true),
                _ => error(1, "unexpected"),
            }
        })
    }

    fn alice(password: &'static str) -> Account<'static> {
        Account { database: Some("shop"), ..account("alice", password) }
    }

    #[test]
    fn the_documented_digest() {
        // The example of the specification: user "user", password "pencil".
        assert_eq!(*digest("user", b"pencil"), "1c33006ec1ffd90f9cadcbcc0e118200");
    }

    #[test]
    fn both_mechanisms_prove_both() {
        let sha256 = |password| proving(Hash::Sha256, password);
        assert_eq!(mongodb(&mut sha256("secret"), &alice("secret")), Ok(Login::Accepted));
        assert_eq!(mongodb(&mut sha256("secret"), &alice("other")), Ok(Login::Rejected));
        assert!(matches!(mongodb(&mut sha256("secret"), &alice("s\u{e9}cret")), Ok(Login::Unknown(_))));
        // What the server knows is what `digest` makes of alice's "secret".
        let sha1 = || proving(Hash::Sha1, "b2d1852f112d209beb4b60a128da1bd2");
        assert_eq!(mongodb(&mut sha1(), &alice("secret")), Ok(Login::Accepted));
        assert_eq!(mongodb(&mut sha1(), &alice("other")), Ok(Login::Rejected));
    }

    #[test]
    fn a_server_that_proves_nothing_is_not_believed() {
        let mut server = Server::new("secret");
        let mut count = 0;
        let mut forged = Scripted::new(b"", |heard| {
            count += 1;
            match count {
                1 => message(ok()),
                2 => step(&server.challenge(&asked(heard).1), false),
                _ => step(b"v=AAAA", true),
            }
        });
        assert_eq!(mongodb(&mut forged, &alice("secret")), UNPROVEN.settle());
    }

    #[test]
    fn errors_are_told_apart() {
        let said = |answers: &[Vec<u8>]| mongodb(&mut Scripted::saying(b"", answers), &alice("secret"));
        assert_eq!(said(&[hello(&["SCRAM-SHA-256"]), error(18, "Authentication failed.")]), Ok(Login::Rejected));
        let atlas = error(8000, "bad auth : Authentication failed.");
        assert_eq!(said(&[hello(&["SCRAM-SHA-256"]), atlas]), Ok(Login::Rejected));
        for other in [error(18, "x"), error(59, "no such command"), hello(&["MONGODB-X509"])] {
            assert!(matches!(said(&[other]), Ok(Login::Unknown(_))));
        }
        for code in [13, 334, 8000, 11600] {
            assert!(matches!(said(&[hello(&["SCRAM-SHA-256"]), error(code, "x")]), Ok(Login::Unknown(_))), "{code}");
        }
    }

    #[test]
    fn servers_in_clear_are_left_alone() {
        let account = Account { may_be_clear: false, ..alice("secret") };
        let mut server = proving(Hash::Sha256, "secret");
        assert!(matches!(mongodb(&mut server, &account), Ok(Login::Unknown(_))));
        assert_eq!(server.heard, b"");
        assert_eq!(mongodb(&mut server.encrypted(), &account), Ok(Login::Accepted));
    }

    #[test]
    fn harmed_answers_end() {
        harm(|| proving(Hash::Sha256, "secret"), |server| mongodb(server, &alice("secret")));
        let error = || Scripted::saying(b"", &[hello(&["SCRAM-SHA-1"]), error(18, "Authentication failed.")]);
        harm(error, |server| assert_ne!(mongodb(server, &alice("secret")), Ok(Login::Accepted)));
    }
}
