//! What sweeps of a simulated organisation cost: `benches/sweep.sh` has it measured and printed.
#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::needless_pass_by_value,
    reason = "a bench prints what it measured"
)]

use std::{
    fs,
    io::Write as _,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Instant,
};

use serde_json::Value;
use stanch::sweep::repository::RepositoryId;

use super::{
    forge::{ForgeServer, Repo},
    git_server::GitServer,
    organisation::{Organisation, Plan, Repository},
};

/// Has the shape of no token.
const TOKEN: &str = "correct-horse-battery";

/// Fetches the same as a sweep, and nothing else: `$1` is where to, every two more are a namespace and an address.
const FETCH: &str = r#"
git init --quiet --bare "$1" || exit 255
store=$1; shift
while [ $# -gt 0 ]; do
  git --git-dir="$store" fetch --quiet --no-tags --no-auto-maintenance "$2" "+refs/*:refs/namespaces/$1/refs/*" || exit 255
  shift 2
done"#;

/// What a program took, with all that it started.
struct Cost {
    seconds: f64,
    /// Of the processors.
    busy: f64,
    /// The most memory of any one process, in MiB.
    memory: i64,
    status: i32,
}

impl Cost {
    /// How much more this is than `parts` less `starts`, in percent of that: of time, and of processors.
    fn beyond(&self, parts: [&Self; 2], starts: &Self) -> (f64, f64) {
        let percent = |of: fn(&Self) -> f64| {
            let floor = of(parts[0]) + of(parts[1]) - of(starts);
            (of(self) / floor - 1.0) * 100.0
        };
        (percent(|cost| cost.seconds), percent(|cost| cost.busy))
    }
}

/// An organisation that is served, and a folder for what comes of it.
struct Bench {
    dir: PathBuf,
    stanch: PathBuf,
    jobs: String,
    organisation: Organisation,
    git: GitServer,
    forge: ForgeServer,
}

impl Bench {
    fn new(dir: &Path) -> Self {
        let number = |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
        let folder = dir.join("organisation");
        fs::create_dir(&folder).unwrap();
        let organisation = Organisation::create(&folder, Plan::of(number("REPOSITORIES", 2_000)));
        let git = GitServer::new(&folder);
        let forge = ForgeServer::new(Vec::new());
        forge.wants(TOKEN);
        let stanch = std::env::var_os("STANCH").map_or_else(|| env!("CARGO_BIN_EXE_stanch").into(), PathBuf::from);
        let jobs = number("JOBS", std::thread::available_parallelism().unwrap().get()).to_string();
        Self { dir: dir.to_owned(), stanch, jobs, organisation, git, forge }
    }

    /// Has the forge list these.
    fn list(&self, repositories: &[Repository]) {
        let listed = repositories.iter().map(|one| Repo {
            fork_of: one.parent,
            pushed_at: one.pushed_at.clone(),
            size: one.size,
            ..Repo::new(one.id, "acme", one.name.trim_start_matches("acme/"), &self.git.at(&one.folder))
        });
        self.forge.change(|repos| *repos = listed.collect());
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.dir).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.dir.join("home")).env("GIT_CONFIG_NOSYSTEM", "1").env("STANCH_FORGE_TOKEN", TOKEN);
        command
    }

    /// Sweeps; what it took, and the lines that it added to its audit log.
    fn sweep(&self, title: &str, state: &str, what: &[&str]) -> (Cost, Vec<Value>) {
        let (log, before) = (self.dir.join(state).join("audit.jsonl"), self.lines(state));
        let mut command = self.command(&self.stanch);
        command.arg("sweep").args(what).args(["--state", state, "--jobs", &self.jobs, "--quiet"]);
        self.forge.take_asked();
        self.git.requests();
        let cost = cost(command.stdin(Stdio::null()));
        assert!(cost.status < 2, "{title}: {}", cost.status);
        let asked = self.forge.take_asked();
        let unchanged = asked.iter().filter(|asked| asked.status == 304).count();
        let git = self.git.requests().len();
        row(title, &cost, &format!("{} of the forge ({unchanged} unchanged), {git} of git", asked.len()));
        let text = fs::read_to_string(log).unwrap();
        (cost, text.lines().skip(before).map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    fn lines(&self, state: &str) -> usize {
        fs::read_to_string(self.dir.join(state).join("audit.jsonl")).map_or(0, |text| text.lines().count())
    }

    fn of_forge(&self, title: &str) -> (Cost, Vec<Value>) {
        let endpoint = format!("github={}", self.forge.at(""));
        self.sweep(title, "state", &["github", "--org", "acme", "--endpoint", &endpoint])
    }

    /// `program` with each of these lines as its arguments, as many at once as a sweep does.
    fn each(&self, program: &[&str], lines: &str) -> Cost {
        let mut command = self.command(Path::new("xargs"));
        command.args(["-P", &self.jobs, "-L", "1"]).args(program).stdin(Stdio::piped());
        command.stdout(Stdio::null());
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        ended(started, child)
    }

    /// What each network's members are fetched from, a network a line.
    fn networks(&self, alone: &Path) -> String {
        let root = |one: &Repository| {
            let mut id = one.id;
            while let Some(parent) = self.organisation.repositories.iter().find(|it| it.id == id).unwrap().parent {
                id = parent;
            }
            id
        };
        let mut networks = std::collections::BTreeMap::<u64, String>::new();
        for one in &self.organisation.repositories {
            let namespace = RepositoryId::new(&self.forge.host(), one.id).namespace();
            let root = root(one);
            let line = networks.entry(root).or_insert_with(|| alone.join(format!("{root}.git")).display().to_string());
            *line += &format!(" {namespace} {}", self.git.at(&one.folder));
        }
        networks.into_values().map(|line| line + "\n").collect()
    }

    /// The objects in the cache, and the bytes of its packs.
    fn stored(&self) -> (u64, u64) {
        let folders = fs::read_dir(self.dir.join("state/cache")).unwrap().flatten().map(|entry| entry.path());
        let (mut objects, mut bytes) = (0, 0);
        for folder in folders.filter(|path| path.extension().is_some_and(|it| it == "git")) {
            let said =
                self.command(Path::new("git")).arg("--git-dir").arg(&folder).args(["count-objects", "-v"]).output();
            let said = String::from_utf8(said.unwrap().stdout).unwrap();
            let number = |name: &str| {
                let line = said.lines().find_map(|line| line.strip_prefix(name));
                line.and_then(|line| line.trim_start_matches(':').trim().parse::<u64>().ok()).unwrap_or(0)
            };
            objects += number("count") + number("in-pack");
            bytes += number("size-pack") + number("size:");
        }
        (objects, bytes)
    }
}

fn row(title: &str, cost: &Cost, requests: &str) {
    println!("| {title} | {:.1} s | {:.1} s | {} MiB | {requests} |", cost.seconds, cost.busy, cost.memory);
}

fn cost(command: &mut Command) -> Cost {
    let started = Instant::now();
    let child = command.spawn().unwrap();
    ended(started, child)
}

/// Waits for it.
#[expect(unsafe_code, reason = "sound: wait4 fills in what it is lent, and the child was not waited for yet")]
fn ended(started: Instant, child: Child) -> Cost {
    let (mut status, mut usage) = (0, unsafe { std::mem::zeroed::<libc::rusage>() });
    let id = libc::pid_t::try_from(child.id()).unwrap();
    assert_eq!(unsafe { libc::wait4(id, &raw mut status, 0, &raw mut usage) }, id);
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Cost {
        seconds: started.elapsed().as_secs_f64(),
        busy: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        memory: usage.ru_maxrss / 1024,
        status: ExitStatus::from_raw(status).code().unwrap_or(99),
    }
}

#[test]
#[ignore = "measures: see benches/sweep.sh"]
fn a_table() {
    let dir = tempfile::TempDir::new().unwrap();
    let mut bench = Bench::new(dir.path());
    let all = bench.organisation.repositories.clone();
    let (late, first): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|one| is_late(&all, one));
    println!("| what | time | processors | largest process | requests |\n| --- | ---: | ---: | ---: | --- |");
    let alone = dir.path().join("alone");
    fs::create_dir(&alone).unwrap();
    let networks = bench.networks(&alone);
    let fetched = bench.each(&["bash", "-c", FETCH, "fetch"], &networks);
    row("fetching alone", &fetched, "");
    let stores: String = networks.lines().map(|line| line.split(' ').next().unwrap().to_owned() + "\n").collect();
    let stanch = bench.stanch.display().to_string();
    let scanned = bench.each(&[&stanch, "scan", "--quiet"], &stores);
    row("scanning alone, a process for each network", &scanned, "");
    let nothing = format!("{}\n", dir.path().join("home").display()).repeat(stores.lines().count());
    fs::create_dir(dir.path().join("home")).unwrap();
    let started = bench.each(&[&stanch, "scan", "--quiet"], &nothing);
    row("of this, starting as many processes", &started, "");
    bench.list(&first);
    let (first_sweep, _) = bench.of_forge("first sweep");
    let (time, busy) = first_sweep.beyond([&fetched, &scanned], &started);
    bench.of_forge("second sweep, nothing changed");
    let before = bench.stored();
    bench.list(&all);
    let (_, lines) = bench.of_forge("sweep after one fork more");
    let after = bench.stored();
    let read: u64 = lines.iter().map(|line| line["bytes"].as_u64().unwrap()).sum();
    let more = (after.0 - before.0, after.1 - before.1, read);
    bench.organisation.push(0, &[77]);
    bench.list(&bench.organisation.repositories);
    bench.of_forge("sweep after one push");
    let paths: String = all.iter().map(|one| bench.organisation.path(one).display().to_string() + "\n").collect();
    fs::write(dir.path().join("list"), paths).unwrap();
    bench.sweep("list of local paths, first sweep", "local", &["list", "list"]);
    bench.sweep("list of local paths, second sweep", "local", &["list", "list"]);
    println!(
        "\n{} repositories, {} forks; {} at once.",
        all.len(),
        all.iter().filter(|one| one.parent.is_some()).count(),
        bench.jobs
    );
    println!(
        "Beyond fetching and scanning, less the starts, the first sweep took {time:+.0} % of time and {busy:+.0} % of processors."
    );
    println!("The fork brought {} objects ({} KiB of packs); {} bytes were scanned.", more.0, more.1, more.2);
    assert_eq!(late.len(), 1);
}

/// Whether it is the last fork.
fn is_late(all: &[Repository], one: &Repository) -> bool {
    all.iter().rev().find(|one| one.parent.is_some()).is_some_and(|last| last.id == one.id)
}
