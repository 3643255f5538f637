//! What `stanch init` says, a line each; masking and escaping are the printer's.

use stanch::{
    init::{self, Situation, ci::Ci, known::Known, manager::Manager},
    migrate::Fate,
};

use super::{Plan, Site};

/// So many languages are named.
const MOST_LANGUAGES: usize = 5;

/// What lies around.
pub(super) fn found(site: &Site, installs_hooks: bool) -> Vec<String> {
    let mut lines = vec![format!("Found in {}", site.top.display())];
    let languages: Vec<String> =
        site.found.languages.iter().take(MOST_LANGUAGES).map(|(n, c)| format!("{n} ({c})")).collect();
    let mut line = |what: &str, found: Vec<String>, hint: &str| {
        if !found.is_empty() {
            lines.push(format!("  {what}: {}{hint}", found.join(", ")));
        }
    };
    line("languages, by files", languages, "");
    let named = |name: &str, file: &str| format!("{name} ({file})");
    line("CI", site.found.ci.iter().map(|(ci, file)| named(ci.name(), file)).collect(), "");
    let managers = site.found.managers.iter().map(|(manager, file)| named(manager.name(), file)).collect();
    line("hooks by", managers, "");
    let hook = if site.hooked { "stanch's run already" } else { "none of stanch's; --hook installs them" };
    if site.is_repository && !installs_hooks {
        line("hooks", vec![hook.to_owned()], "");
    }
    line("other scanners' files", site.scanners.iter().map(|source| source.name.clone()).collect(), "");
    line("code from elsewhere", site.found.vendored.clone(), ", which stanch.toml can leave out");
    lines
}

/// What became of other scanners' files.
pub(super) fn migrated(plan: &Plan) -> Vec<String> {
    let of = |fate: Fate| plan.notes.iter().filter(|note| note.fate == fate).count();
    let counts = [
        (Fate::Kept, "kept"),
        (Fate::Changed, "changed"),
        (Fate::Lost, "not to be expressed"),
        (Fate::Broken, "not to be read"),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(fate, _)| of(*fate) > 0)
        .map(|(fate, word)| format!("{} {word}", of(fate)))
        .collect();
    if counts.is_empty() {
        return Vec::new();
    }
    vec![format!("Took over what they say: {}; `stanch migrate --dry-run` lists it", counts.join(", "))]
}

/// Which files were written, and which were there.
pub(super) fn written(plan: &Plan, is_dry: bool) -> Vec<String> {
    let verb = if is_dry { "Would write" } else { "Wrote" };
    let mut lines: Vec<String> = plan
        .files
        .iter()
        .map(|file| {
            let is_baseline = file.path.as_os_str() == stanch::known::baseline::FILE_NAME;
            let what = if is_baseline { format!(": {}", numbers(&plan.known)) } else { String::new() };
            format!("{verb} {}{what}", file.path.display())
        })
        .collect();
    for path in &plan.kept {
        let is_baseline = path.as_os_str() == stanch::known::baseline::FILE_NAME;
        let new = match plan.new {
            0 => ", and knows all that is here".to_owned(),
            new => format!(
                ", and does not know {}: `stanch baseline update` adds {}",
                secrets(new),
                if new == 1 { "it" } else { "them" }
            ),
        };
        let rest = if is_baseline { new } else { String::new() };
        lines.push(format!("Kept {}, which is there already{rest}", path.display()));
    }
    if plan.known.all == 0 && plan.new == 0 {
        lines.push("Found no secret, so there is nothing to put off".to_owned());
    }
    lines
}

/// The numbers of what is put off.
fn numbers(known: &Known) -> String {
    let severities: Vec<String> =
        known.severities.iter().map(|(severity, count)| format!("{count} {severity}")).collect();
    let folder = |(folder, count): &(String, usize)| {
        let name = if folder.is_empty() { "the top" } else { folder };
        format!("{name} ({count})")
    };
    let folders: Vec<String> = known.folders.iter().map(folder).collect();
    let most = if folders.is_empty() { String::new() } else { format!("; most in {}", folders.join(", ")) };
    format!("{}, {}; {} still in the files{most}", secrets(known.all), severities.join(", "), known.in_files)
}

fn secrets(number: usize) -> String {
    format!("{number} secret{}", if number == 1 { "" } else { "s" })
}

/// Where hooks would go.
pub(super) fn hooks_to_be(site: &Site, installs_hooks: bool) -> Option<String> {
    let folder = site.hooks.as_ref().filter(|_| installs_hooks)?;
    Some(format!("Would install hooks in {}", folder.path.display()))
}

/// The texts of files that are not written. A baseline is ids, of which nobody learns anything.
pub(super) fn texts(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for file in plan.files.iter().filter(|file| file.path.as_os_str() != stanch::known::baseline::FILE_NAME) {
        lines.push(String::new());
        lines.push(format!("{}:", file.path.display()));
        lines.extend(indented(&file.text));
    }
    lines
}

fn indented(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(|line| format!("    {line}").trim_end().to_owned())
}

/// What has to stand in files of the user's, which are not edited.
pub(super) fn left_to_do(site: &Site, plan: &Plan, installs_hooks: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut piece = |what: String, text: &str| {
        lines.push(String::new());
        lines.push(format!("{what}:"));
        lines.extend(indented(text));
    };
    for ci in &plan.printed {
        let file = site.found.ci.get(ci).map_or_else(|| format!("the configuration of {}", ci.name()), Clone::clone);
        piece(format!("For {file}, with a stanch on its machines"), &ci.job());
    }
    let written =
        |ci: &&Ci| plan.files.iter().any(|file| Some(file.path.as_path()) == ci.file().map(std::path::Path::new));
    for (what, text) in plan.jobs.iter().filter(written).filter_map(|ci| ci.left()) {
        piece(format!("Left to you: {what}"), text);
    }
    let entries = site.found.managers.iter().filter(|_| !installs_hooks && !site.hooked);
    for (manager, file) in entries {
        if let Some(entry) = manager.entry() {
            let or = if *manager == Manager::PreCommit { ", under `repos:`" } else { "" };
            piece(format!("To have {} scan instead of --hook, in {file}{or}", manager.name()), &entry);
        }
    }
    lines
}

/// The three next steps.
pub(super) fn next(site: &Site, plan: &Plan, installs_hooks: bool) -> Vec<String> {
    let files: Vec<String> = plan.files.iter().map(|file| file.path.display().to_string()).collect();
    let situation = Situation {
        ignored: site.ignores(&plan.files),
        uncommitted: if site.is_repository { files.iter().map(String::as_str).collect() } else { Vec::new() },
        known: plan.known.clone(),
        new: plan.new,
        unhooked: site.hooks.is_some() && !site.hooked && !installs_hooks,
        unguarded: site.found.ci.keys().copied().find(|ci| !plan.jobs.contains(ci) && !plan.printed.contains(ci)),
    };
    let mut lines = vec![String::new(), "Next".to_owned()];
    for (number, step) in (1..).zip(init::next(&situation)) {
        lines.push(format!("  {number}. {}", step.command));
        lines.push(format!("     {}", step.why));
    }
    lines
}
