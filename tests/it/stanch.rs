//! Runs the program as a user would: in a folder that goes away with the test, with nothing of the machine's environment or
//! configuration, and always at the same time. Tokens are made when tests run, so that none is stored here.

use std::{
    ffi::OsStr,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use stanch::{
    rule::Rule,
    rules::{Ruleset, examples},
};
use tempfile::TempDir;

/// What every run takes for the present.
pub const NOW: &str = "2026-01-02T03:04:05Z";

/// A folder to scan, with room beside it.
pub struct Sandbox {
    dir: TempDir,
    tree: PathBuf,
}

impl Sandbox {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir(&tree).unwrap();
        Self { dir, tree }
    }

    /// The folder that is scanned.
    pub fn path(&self) -> &Path {
        &self.tree
    }

    /// A path beside that folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file of the folder.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.tree.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Deletes a file of the folder.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.tree.join(path)).unwrap();
    }

    /// Deletes a file of the folder, if it is there.
    pub fn remove_if_there(&self, path: &str) {
        let _ = fs::remove_file(self.tree.join(path));
    }

    /// Writes a file beside the folder.
    pub fn write_beside(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.beside(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// The program, to be run in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        command(&self.tree, arguments)
    }

    /// Runs the program in the folder.
    pub fn run(&self, arguments: &[&str]) -> Run {
        run(&mut self.command(arguments))
    }

    /// `stanch scan` with these arguments, as JSON.
    pub fn scan(&self, arguments: &[&str]) -> Run {
        self.run(&[&["scan", "-f", "json"], arguments].concat())
    }
}

/// The program, to be run in `folder`.
pub fn command<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    // An empty PATH on purpose: no program is needed.
    command.current_dir(folder).args(arguments).env_clear();
    command.env("HOME", folder.join("no/such/home")).env("NO_COLOR", "1").env("TZ", "UTC").env("STANCH_NOW", NOW);
    command
}

/// `stanch scan` of `folder` with these arguments, as JSON.
pub fn scan(folder: &Path, arguments: &[&str]) -> Run {
    run(&mut command(folder, &[&["scan", "-f", "json"], arguments].concat()))
}

/// What a run of the program came to.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub out: Vec<u8>,
    pub err: String,
}

/// Runs it to its end, which is an exit status: never a signal, never a panic.
pub fn run(command: &mut Command) -> Run {
    run_with(command, b"")
}

/// The same with something on standard input.
pub fn run_with(command: &mut Command, input: &[u8]) -> Run {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // Who reads nothing closes the pipe, which is no failure of the test.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output().unwrap()
    });
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!err.contains("panicked"), "{command:?}: {err}");
    let status = output.status.code().unwrap_or_else(|| panic!("{command:?}: {}", output.status));
    Run { status, out: output.stdout, err }
}

/// What a run took: the most memory in bytes, and the processors' time, which other work on the machine leaves alone. Nothing
/// of either where the system does not tell.
#[derive(Debug)]
pub struct Cost {
    pub memory: u64,
    pub time: Duration,
}

/// Runs it to its end, and says what that took.
pub fn measured(command: &mut Command) -> (Run, Cost) {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let folder = format!("/proc/{}", child.id());
    let own = |name: &str| fs::read_to_string(format!("{folder}/{name}")).unwrap_or_default();
    let number = |text: &str| text.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0);
    let (mut memory, mut ticks) = (0, 0);
    let [out, err] = std::thread::scope(|scope| {
        let pipes: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        let readers = pipes.map(|mut pipe| {
            scope.spawn(move || {
                let mut bytes = Vec::new();
                pipe.read_to_end(&mut bytes).unwrap();
                bytes
            })
        });
        while child.try_wait().unwrap().is_none() {
            let status = own("status");
            memory = memory.max(status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or(0, number) * 1024);
            // Behind the name in brackets: the 12th and 13th fields are the time, in hundredths of a second.
            let stat = own("stat");
            let fields = stat.rsplit(')').next().unwrap_or("").split_whitespace().skip(11).take(2);
            ticks = ticks.max(fields.map(number).sum::<u64>());
            std::thread::sleep(Duration::from_millis(10));
        }
        readers.map(|reader| reader.join().unwrap())
    });
    let err = String::from_utf8_lossy(&err).into_owned();
    assert!(!err.contains("panicked"), "{command:?}: {err}");
    let status = child.wait().unwrap();
    let status = status.code().unwrap_or_else(|| panic!("{command:?}: {status}"));
    (Run { status, out, err }, Cost { memory, time: Duration::from_millis(10 * ticks) })
}

impl Run {
    /// Asserts how the run ended.
    #[track_caller]
    pub fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.text(), self.err);
        self
    }

    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// Standard output as a JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.text(), self.err))
    }

    /// The JSON report without what time decides.
    #[track_caller]
    pub fn timeless(&self) -> Value {
        let mut report = self.json();
        report["coverage"]["seconds"] = 0.into();
        report
    }

    /// The incidents of the JSON report.
    #[track_caller]
    pub fn incidents(&self) -> Vec<Value> {
        self.json()["incidents"].as_array().unwrap().clone()
    }

    /// The one incident of the JSON report.
    #[track_caller]
    pub fn incident(&self) -> Value {
        let mut incidents = self.incidents();
        assert_eq!(incidents.len(), 1, "{incidents:#?}");
        incidents.remove(0)
    }

    /// The coverage of the JSON report.
    #[track_caller]
    pub fn coverage(&self) -> Value {
        self.json()["coverage"].clone()
    }

    /// Where secrets are, as `path` or `source` for what has none: sorted, each once.
    #[track_caller]
    pub fn paths(&self) -> Vec<String> {
        let incidents = self.incidents();
        let occurrences = incidents.iter().flat_map(|incident| incident["occurrences"].as_array().unwrap());
        let name =
            |occurrence: &Value| occurrence["path"].as_str().or(occurrence["source"].as_str()).unwrap().to_owned();
        let mut paths: Vec<String> = occurrences.map(name).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// The subjects and reasons of what could not be scanned.
    #[track_caller]
    pub fn failures(&self) -> Vec<(String, String)> {
        let coverage = self.coverage();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let failed = coverage["failed"].as_array().unwrap().iter();
        failed.map(|failure| (text(&failure["subject"]), text(&failure["reason"]))).collect()
    }

    /// How much was left out for a reason, and examples of it.
    #[track_caller]
    pub fn skipped(&self, reason: &str) -> (u64, Vec<String>) {
        let coverage = self.coverage();
        let Some(skip) = coverage["skipped"].as_array().unwrap().iter().find(|skip| skip["reason"] == reason) else {
            return (0, Vec::new());
        };
        let examples = skip["examples"].as_array().unwrap().iter();
        (skip["count"].as_u64().unwrap(), examples.map(|example| example.as_str().unwrap().to_owned()).collect())
    }
}

/// A rule that comes with the program.
pub fn rule(id: &str) -> Rule {
    Ruleset::builtin().find(id).unwrap().clone()
}

/// A GitHub token; another one for each number.
pub fn token(number: u64) -> String {
    examples::expanded(&rule("github-pat"), "{ghp_ + base62(30) + checksum}", number)
}

/// An assignment of [`token`].
pub fn leak(number: u64) -> String {
    format!("GITHUB_TOKEN={}\n", token(number))
}

/// JSON with its fields in the order in which they were written.
#[derive(Debug)]
pub enum Ordered {
    Object(Vec<(String, Self)>),
    Array(Vec<Self>),
    Scalar,
}

impl Ordered {
    /// The names of an object's fields.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Object(fields) => fields.iter().map(|(name, _)| name.as_str()).collect(),
            _ => panic!("not an object: {self:?}"),
        }
    }

    /// The value of an object's field, and of an array its first one's.
    pub fn at(&self, name: &str) -> &Self {
        match self {
            Self::Object(fields) => &fields.iter().find(|(field, _)| field == name).unwrap().1,
            Self::Array(values) => values[0].at(name),
            Self::Scalar => panic!("no {name} in a scalar"),
        }
    }

    /// An array's first value.
    pub fn first(&self) -> &Self {
        match self {
            Self::Array(values) => &values[0],
            _ => panic!("not an array: {self:?}"),
        }
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Ordered;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Ordered::Object(fields))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Ordered, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Ordered::Array(values))
            }
            fn visit_unit<E>(self) -> Result<Ordered, E> {
                Ok(Ordered::Scalar)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Ordered, E> {
                Ok(Ordered::Scalar)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Ordered, E> {
                Ok(Ordered::Scalar)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Ordered, E> {
                Ok(Ordered::Scalar)
            }
            fn visit_str<E>(self, _: &str) -> Result<Ordered, E> {
                Ok(Ordered::Scalar)
            }
        }
        deserializer.deserialize_any(Any)
    }
}
