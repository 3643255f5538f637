//! `stanch init`: takes a repository on. Asks nothing, writes what is not there yet, and says what comes next.

mod told;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, builder::PossibleValue};
use stanch::{
    config,
    hook::{Hook, folder::Folder, status},
    incident::Incident,
    init::{
        self,
        ci::Ci,
        known::{self, Known},
        place::{self, Staged},
        surroundings::{self, Surroundings},
    },
    known::baseline::{self, Baseline},
    migrate::{Note, Source},
    scan::{Outcome, Status},
    source::git::{Outside, Repository},
};

use super::{
    baseline::{Scanned, Which, Work, failures, print, top},
    error::AnyError,
    hook, migrate,
};

#[derive(Debug, Args)]
#[command(after_help = "Asks nothing, changes no file that is there, and opens no connection.\n\
Exit status: 0 done; 2 wrong usage, or nothing could be written; 3 done, but not everything could be scanned, or taken over from another scanner.")]
pub(crate) struct Arguments {
    /// A repository or folder [default: the repository that the current folder lies in, else that folder]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Installs git hooks, as `stanch hook install` does
    #[arg(long)]
    hook: bool,
    /// Writes a job for the CI in use, or for this one; prints it where it has to stand in a file of yours
    #[arg(long, value_name = "CI", num_args = 0..=1, require_equals = true, default_missing_value = "auto")]
    workflow: Option<CiName>,
    /// Prints what it would write, and writes nothing
    #[arg(long)]
    dry_run: bool,
    /// Replaces stanch.toml, pattern files and jobs that are there; never a baseline
    #[arg(long)]
    force: bool,
    /// Takes the bytes of this file for the identity key, as scans will
    #[arg(long, value_name = "FILE", env = "STANCH_KEY_FILE")]
    key_file: Option<PathBuf>,
}

/// A CI system, or whichever is in use.
#[derive(Clone, Copy, Debug)]
struct CiName(Option<Ci>);

impl ValueEnum for CiName {
    fn value_variants<'a>() -> &'a [Self] {
        const NAMES: [CiName; 6] = {
            let [a, b, c, d, e] = Ci::ALL;
            [CiName(None), CiName(Some(a)), CiName(Some(b)), CiName(Some(c)), CiName(Some(d)), CiName(Some(e))]
        };
        &NAMES
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.map_or("auto", Ci::word)))
    }
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{} is not a folder", path.display())]
    NoFolder { path: PathBuf },
    #[error("{} is a bare repository, which has no place for files: `stanch hook install` in it has pushes scanned", path.display())]
    Bare { path: PathBuf },
    #[error("{} is in no git repository, so it has neither hooks nor CI", path.display())]
    NoRepository { path: PathBuf },
    #[error("{} is not the top of its repository, which hooks and CI are for: name {}", path.display(), top.display())]
    NotTop { path: PathBuf, top: PathBuf },
    #[error("no CI is in use here that is known: name one, as in --workflow=github ({})", Ci::ALL.map(Ci::word).join(", "))]
    NoCi,
}

/// Where all of this happens.
struct Site {
    top: PathBuf,
    /// Whether that is the top of a work tree.
    is_repository: bool,
    found: Surroundings,
    /// Other scanners' files.
    scanners: Vec<Source>,
    /// Where git looks for hooks, in a repository.
    hooks: Option<Folder>,
    /// Whether git runs ours, or a hook manager does.
    hooked: bool,
}

/// What is to be written, and what is said of it.
struct Plan {
    files: Vec<place::File>,
    /// What is there already, and stays.
    kept: Vec<PathBuf>,
    /// Jobs for files of the user's.
    printed: Vec<Ci>,
    /// The jobs that scan, once all is written.
    jobs: Vec<Ci>,
    /// What became of other scanners' files, where they were read.
    notes: Vec<Note>,
    /// What the baseline hides.
    known: Known,
    /// How many secrets the baseline that is there does not know.
    new: usize,
    outcome: Outcome,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    let site = Site::new(arguments)?;
    let plan = Plan::new(&site, arguments)?;
    let mut installed = Vec::new();
    if !arguments.dry_run {
        Staged::new(&site.top, &plan.files)?.place(arguments.force)?;
    }
    if let (Some(folder), true, false) = (&site.hooks, arguments.hook, arguments.dry_run)
        && let Err(error) = hook::put(folder, &Hook::OF_WORK_TREES, &mut installed)
    {
        // What was done by then is told before what went wrong.
        print(&told::written(&plan, false))?;
        return Err(error);
    }
    let mut lines = told::found(&site, arguments.hook);
    lines.extend(failures(&plan.outcome.coverage));
    lines.extend(told::migrated(&plan));
    lines.extend(told::written(&plan, arguments.dry_run));
    lines.extend(String::from_utf8_lossy(&installed).lines().map(str::to_owned));
    if arguments.dry_run {
        lines.extend(told::hooks_to_be(&site, arguments.hook));
        lines.extend(told::texts(&plan));
    }
    lines.extend(told::left_to_do(&site, &plan, arguments.hook));
    lines.extend(told::next(&site, &plan, arguments.hook));
    print(&lines)?;
    let is_complete = plan.outcome.coverage.complete() && migrate::status(&plan.notes) == Status::Clean;
    Ok(if is_complete { Status::Clean } else { Status::Incomplete })
}

impl Site {
    /// Looks around, and refuses what cannot be done before anything is.
    fn new(arguments: &Arguments) -> Result<Self, AnyError> {
        let top = top(arguments.path.as_deref());
        if !top.is_dir() {
            return Err(Error::NoFolder { path: top }.into());
        }
        let repository = Repository::discover(&top, Outside::SameOwner)?;
        let work_tree = repository.as_ref().and_then(|repository| repository.work_tree().map(Path::to_owned));
        if repository.is_some() && work_tree.is_none() {
            return Err(Error::Bare { path: top }.into());
        }
        let real = top.canonicalize()?;
        let is_repository = work_tree.as_ref().is_some_and(|work_tree| *work_tree == real);
        if !is_repository && (arguments.hook || arguments.workflow.is_some()) {
            return Err(match work_tree {
                Some(work_tree) => Error::NotTop { path: top, top: work_tree },
                None => Error::NoRepository { path: top },
            }
            .into());
        }
        let names = init::names(&top);
        let found = surroundings::survey(names.iter().map(String::as_str));
        let hooks = match is_repository.then(|| hook::folder_of(&top)).transpose() {
            Ok(hooks) => hooks.map(|(folder, _)| folder),
            // Whoever does not ask for hooks need not have a place for them.
            Err(_) if !arguments.hook => None,
            Err(error) => return Err(error),
        };
        let runs = |folder: &Folder| status::of(folder, Hook::PreCommit).is_ok_and(|state| state.runs());
        let hooked = hooks.as_ref().is_some_and(runs) || found.managers.values().any(|file| calls_us(&top.join(file)));
        let scanners = Source::discover(&top).unwrap_or_default();
        Ok(Self { top, is_repository, found, scanners, hooks, hooked })
    }

    /// Whether something is at this path already.
    fn holds(&self, path: &Path) -> bool {
        self.top.join(path).symlink_metadata().is_ok()
    }

    /// Whether `.gitignore` names one of `files`. Before they are there, nobody knows.
    fn ignores(&self, files: &[place::File]) -> bool {
        let seen = init::names(&self.top);
        let is_seen = |file: &place::File| seen.iter().any(|name| Path::new(name) == file.path);
        files.iter().any(|file| self.holds(&file.path) && !is_seen(file))
    }

    /// Whether a job of ours runs in `ci`: one that was written here, or one that calls us by name.
    fn is_guarded_by(&self, ci: Ci) -> bool {
        let jobs = self.found.jobs.iter().filter(|(owner, _)| *owner == ci);
        ci.file().is_some_and(|file| self.holds(Path::new(file)))
            || jobs.into_iter().any(|(_, file)| calls_us(&self.top.join(file)))
    }
}

/// Whether a file that another program goes by names this one.
fn calls_us(path: &Path) -> bool {
    let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    is_file && std::fs::read_to_string(path).is_ok_and(|text| text.contains("stanch"))
}

impl Plan {
    fn new(site: &Site, arguments: &Arguments) -> Result<Self, AnyError> {
        let mut plan = Self {
            files: Vec::new(),
            kept: Vec::new(),
            printed: Vec::new(),
            jobs: Vec::new(),
            notes: Vec::new(),
            known: Known::default(),
            new: 0,
            outcome: Outcome::default(),
        };
        plan.configure(site, arguments)?;
        // What follows from there being no CI is said before the scan, which may take long.
        plan.guard(site, arguments)?;
        plan.put_off(site, arguments.key_file.clone())?;
        Ok(plan)
    }

    /// A configuration, of what other scanners' files say where there are some.
    fn configure(&mut self, site: &Site, arguments: &Arguments) -> Result<(), AnyError> {
        let path = PathBuf::from(config::FILE_NAME);
        if site.holds(&path) && !arguments.force {
            self.kept.push(path);
            return Ok(());
        }
        if !site.scanners.is_empty() {
            let migration = migrate::read(&site.scanners, &site.top, None, arguments.key_file.as_deref())?;
            self.notes = migration.notes();
            let files = migration.files().into_iter();
            self.files.extend(files.map(|file| place::File { path: file.path, text: file.text }));
        }
        if !self.files.iter().any(|file| file.path == path) {
            self.files.insert(0, place::File { path, text: init::configuration(&site.found) });
        }
        Ok(())
    }

    /// A baseline of what a scan under that configuration reports; one that is there stays, and is compared with.
    fn put_off(&mut self, site: &Site, key_file: Option<PathBuf>) -> Result<(), AnyError> {
        // What is not in place yet is read from elsewhere.
        let elsewhere = tempfile::tempdir()?;
        Staged::new(elsewhere.path(), &self.files)?.place(false)?;
        let written = Some(elsewhere.path().join(config::FILE_NAME)).filter(|path| path.exists());
        let scanned = Scanned::all_of(&site.top, written, key_file);
        let work = Work::new(&scanned, Which::Reported)?;
        let is_there = site.holds(Path::new(baseline::FILE_NAME));
        let there = is_there.then(|| work.baseline()).transpose()?;
        // Nothing is written yet, so a signal ends the program as it ends any.
        self.outcome = work.scan(false)?;
        let incidents = &self.outcome.incidents;
        if let Some(there) = there {
            let is_known = |incident: &&Incident| there.entries.contains_key(&incident.id);
            self.known = known::count(incidents.iter().filter(is_known));
            self.new = incidents.len() - self.known.all;
            self.kept.push(baseline::FILE_NAME.into());
        } else if !incidents.is_empty() {
            let mut baseline = Baseline::new(&work.config.options.key);
            work.add(&self.outcome, &mut baseline);
            self.known = known::count(incidents);
            self.files.push(place::File { path: baseline::FILE_NAME.into(), text: baseline.text() });
        }
        Ok(())
    }

    /// Jobs for CI, where they are wanted.
    fn guard(&mut self, site: &Site, arguments: &Arguments) -> Result<(), Error> {
        self.jobs = site.found.ci.keys().copied().filter(|ci| site.is_guarded_by(*ci)).collect();
        let wanted: Vec<Ci> = match arguments.workflow {
            None => return Ok(()),
            Some(CiName(Some(ci))) => vec![ci],
            Some(CiName(None)) => site.found.ci.keys().copied().collect(),
        };
        if wanted.is_empty() {
            return Err(Error::NoCi);
        }
        for ci in wanted {
            let Some(path) = ci.file().map(PathBuf::from) else {
                self.printed.push(ci);
                continue;
            };
            if site.holds(&path) && !arguments.force {
                self.kept.push(path);
            } else {
                self.files.push(place::File { path, text: ci.job() });
            }
            self.jobs.push(ci);
        }
        Ok(())
    }
}
