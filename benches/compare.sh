#!/usr/bin/env bash
# Times stanch beside other secret scanners, and prints Markdown tables.
#
#   benches/compare.sh TREE REPOSITORY
#
# TREE is a folder, scanned as files alone; REPOSITORY is a git repository, of which every tool scans the full history. Two more
# jobs measure starting up: one small file, and a staged change that is empty. Tools that are not there are left out.
#
#   STANCH         the stanch to measure  [target/release/stanch, else the one on PATH]
#   FLOOR          the floor under a history scan  [target/release/examples/floor: cargo build --release --example floor]
#   STANCH_PEERS   a folder that is searched for the other tools before PATH is
#   NAME           what the repository is called in the table
#   RUNS           counted runs of each tool, in turn, after one that is not counted  [3]
#   TIMEOUT        seconds after which a run is stopped, and shown as such  [300]
#   JOBS           which jobs to run  [files history small staged]
#   TOOLS          which tools to run  [all]
#   NETWORK=open   runs the tools without a network namespace of their own, where the system has none
#
# No run can send anything: every tool is told to be offline, and is started in a network namespace without interfaces. Reports hold
# raw secrets in some tools' formats; they are written to a private folder that is removed at the end.
set -euo pipefail

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
}

die() {
  printf 'compare.sh: %s\n' "$*" >&2
  exit 2
}

if [[ ${1-} == -h || ${1-} == --help ]]; then
  usage
  exit 0
fi
[[ $# -eq 2 ]] || {
  usage >&2
  exit 2
}
[[ -d $1 ]] || die "$1 is not a folder"
tree=$(cd -- "$1" && pwd)
repository=$(git -C "$2" rev-parse --absolute-git-dir) || die "$2 is not a git repository"

RUNS=${RUNS-3}
TIMEOUT=${TIMEOUT-300}
JOBS=${JOBS-files history small staged}
TOOLS=${TOOLS-floor stanch kingfisher kingfisher-turbo betterleaks gitleaks trufflehog ripsecrets detect-secrets}
cores=$(getconf _NPROCESSORS_ONLN)

command -v python3 >/dev/null || die "python3 is needed to measure with"
PATH=${STANCH_PEERS:+$STANCH_PEERS:}$PATH
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
if [[ -z ${STANCH-} ]]; then
  STANCH=$root/target/release/stanch
  [[ -x $STANCH ]] || STANCH=$(command -v stanch) || die "no stanch: cargo build --release"
fi

FLOOR=${FLOOR-$root/target/release/examples/floor}

offline=()
if unshare --map-root-user --net true 2>/dev/null; then
  offline=(unshare --map-root-user --net)
elif [[ ${NETWORK-} != open ]]; then
  die "no network namespace can be made here; NETWORK=open trusts the tools' own switches"
fi

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
chmod 700 "$work"

# What all tools see: a home of their own for their caches, no settings of the user's, and git ready to read any owner's files.
export HOME=$work/home XDG_CACHE_HOME=$work/home/.cache XDG_CONFIG_HOME=$work/home/.config
mkdir -p "$HOME"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
export GIT_TERMINAL_PROMPT=0 NO_COLOR=1
export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 no_proxy=''
unset "${!STANCH_@}" "${!KF_@}" "${!GITLEAKS_@}" "${!BETTERLEAKS_@}"

# Everybody scans the same git directory without a work tree.
history=$repository
if [[ $(git --git-dir="$repository" rev-parse --is-bare-repository) != true && $JOBS == *history* ]]; then
  git clone --quiet --mirror --local -- "$repository" "$work/history.git"
  history=$work/history.git
fi

small=$work/small
mkdir "$small"
printf 'def main():\n    print("nothing to see here")\n' >"$small/main.py"

staged=$work/staged
git init --quiet "$staged"
printf 'nothing\n' >"$staged/readme"
git -C "$staged" add readme
git -C "$staged" -c user.name=nobody -c user.email=nobody@example.com commit --quiet -m first

# Sets `cmd` to what TOOL runs to do JOB; fails where it cannot do it. Reports go to $report or to standard output.
command_of() {
  local job=$1 tool=$2 path
  report=$work/report
  case $job in
    files) path=$tree ;;
    small) path=$small/main.py ;;
    history) path=$history ;;
    staged) path=$staged ;;
  esac
  local kingfisher=(kingfisher scan --no-validate --no-update-check --quiet --format jsonl --output "$report")
  local trufflehog=(trufflehog --no-verification --no-update --json --concurrency="$cores")
  local gitleaks=("$tool" --no-banner --log-level=error --report-format=json --report-path="$report")
  case $job:$tool in
    files:floor) cmd=(rg -c -uuu 'AKIA[A-Z0-9]{16}' "$path") ;;
    history:floor) cmd=("$FLOOR" "$path") ;;
    files:stanch | small:stanch) cmd=("$STANCH" scan --no-history --no-ignore --format jsonl "$path") ;;
    history:stanch) cmd=("$STANCH" scan --format jsonl "$path") ;;
    staged:stanch) cmd=("$STANCH" scan --staged --format jsonl "$path") ;;
    files:kingfisher | small:kingfisher) cmd=("${kingfisher[@]}" --git-history none "$path") ;;
    history:kingfisher) cmd=("${kingfisher[@]}" --git-repo-timeout 0 "$path") ;;
    staged:kingfisher) cmd=("${kingfisher[@]}" --staged "$path") ;;
    *:kingfisher-turbo)
      command_of "$job" kingfisher || return
      cmd+=(--turbo)
      ;;
    files:betterleaks | files:gitleaks | small:betterleaks | small:gitleaks) cmd=("${gitleaks[@]}" dir "$path") ;;
    history:betterleaks) cmd=("${gitleaks[@]}" git --git-workers="$cores" "$path") ;;
    history:gitleaks) cmd=("${gitleaks[@]}" git "$path") ;;
    staged:betterleaks | staged:gitleaks) cmd=("${gitleaks[@]}" git --staged --pre-commit "$path") ;;
    files:trufflehog | small:trufflehog) cmd=("${trufflehog[@]}" filesystem "$path") ;;
    history:trufflehog) cmd=("${trufflehog[@]}" git "file://$path") ;;
    staged:trufflehog) cmd=("${trufflehog[@]}" git "file://$path" --since-commit HEAD) ;;
    files:ripsecrets | small:ripsecrets) cmd=(ripsecrets "$path") ;;
    # It leaves out what lies outside the folder it is started in.
    files:detect-secrets) cmd=(detect-secrets -C "$path" -c "$cores" scan --no-verify --all-files .) ;;
    small:detect-secrets) cmd=(detect-secrets -C "$small" -c "$cores" scan --no-verify --all-files .) ;;
    *) return 1 ;;
  esac
  command -v "${cmd[0]}" >/dev/null
}

# Whether STATUS is how TOOL ends when it has done its work.
is_fine() {
  case $1:$2 in
    *:0 | floor:1 | stanch:1 | kingfisher*:200 | kingfisher*:205 | betterleaks:1 | gitleaks:1 | trufflehog:183 | ripsecrets:1) ;;
    *) return 1 ;;
  esac
}

# measure.py TIMEOUT OUT COMMAND…: wall seconds, processor seconds, peak MiB of the largest process, and status or `timeout`.
cat >"$work/measure.py" <<'PY'
import os, signal, subprocess, sys, time

timeout, out, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
late = []
with open(out, "wb") as stdout:
    begun = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.DEVNULL, start_new_session=True)

def stop(*_):
    late.append(True)
    os.killpg(child.pid, signal.SIGKILL)

signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, timeout)
_, status, used = os.wait4(child.pid, 0)
signal.setitimer(signal.ITIMER_REAL, 0)
wall = time.monotonic() - begun
kib = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
status = "timeout" if late else os.waitstatus_to_exitcode(status)
print(f"{wall:.4f} {used.ru_utime + used.ru_stime:.4f} {kib / 1024:.1f} {status}")
PY

# count.py TOOL REPORT: how many findings the report has.
cat >"$work/count.py" <<'PY'
import json, sys

tool, path = sys.argv[1:]
with open(path, encoding="utf-8", errors="replace") as report:
    if tool in ("gitleaks", "betterleaks"):
        print(len(json.loads(report.read() or "[]") or []))
    elif tool == "detect-secrets":
        print(sum(map(len, json.load(report)["results"].values())))
    elif tool == "ripsecrets":
        print(sum(1 for line in report if line.strip()))
    else:
        mark = {"stanch": '"type":"incident"', "trufflehog": '"DetectorName"'}.get(tool, '"finding"')
        print(sum(1 for line in report if mark in line))
PY

# Runs TOOL on JOB once, adds the figures to its file, and says how it ended.
run() {
  local job=$1 tool=$2 status
  command_of "$job" "$tool"
  rm -f -- "$report"
  python3 "$work/measure.py" "$TIMEOUT" "$work/stdout" "${offline[@]}" "${cmd[@]}" >"$work/figures"
  read -r _ _ _ status <"$work/figures"
  if [[ $status != timeout && $tool != floor ]]; then
    [[ -s $report ]] || cp -- "$work/stdout" "$report"
    python3 "$work/count.py" "$tool" "$report" >"$work/$job.$tool.found" 2>/dev/null || echo '?' >"$work/$job.$tool.found"
  fi
  cat "$work/figures"
}

version_of() {
  case $1 in
    stanch) "$STANCH" --version ;;
    floor) command -v rg >/dev/null && rg --version | head -n 1 ;;
    kingfisher | ripsecrets) "$1" --version ;;
    detect-secrets) echo "detect-secrets $(detect-secrets --version)" ;;
    gitleaks | betterleaks) echo "$1 $("$1" version)" ;;
    trufflehog) trufflehog --version 2>&1 ;;
  esac
}

# table.py JOB WORK TOOL…: the Markdown rows, medians, and ratios to stanch.
cat >"$work/table.py" <<'PY'
import os, statistics, sys

job, work, tools = sys.argv[1], sys.argv[2], sys.argv[3:]
rows = {}
for tool in tools:
    with open(f"{work}/{job}.{tool}") as file:
        runs = [line.split() for line in file]
    rows[tool] = [statistics.median(float(run[at]) for run in runs) for at in range(3)], runs
base = rows.get("stanch", ([None] * 3, []))[0]
floor = rows.get("floor", ([None], []))[0][0]
# Start-up is told in milliseconds.
unit, scale = ("ms", 1000) if job in ("small", "staged") else ("s", 1)

def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"

def ratio(value, base):
    return f"{number(value / base)} ×" if base else "–"

print(f"| tool | wall {unit} | CPU {unit} | peak MiB | findings | wall to floor | wall to stanch | CPU to stanch |")
print("|---|--:|--:|--:|--:|--:|--:|--:|")
for tool, ((wall, cpu, peak), runs) in rows.items():
    path = f"{work}/{job}.{tool}.found"
    found = open(path).read().strip() if os.path.exists(path) else "–"
    ended = runs[-1][3]
    note = "" if len(runs) > 1 or tool == "floor" else " (one run)"
    if ended == "timeout":
        # The processor time of the children that it left behind is not known.
        print(f"| {tool} | > {number(wall * scale)} | – | {number(peak)} | stopped | – | > {ratio(wall, base[0])} | – |")
        continue
    if os.path.exists(f"{work}/{job}.{tool}.failed"):
        found = f"failed, status {ended}"
    print(f"| {tool}{note} | {number(wall * scale)} | {number(cpu * scale)} | {number(peak)} | {found} | {ratio(wall, floor)} | {ratio(wall, base[0])} | {ratio(cpu, base[1])} |")
PY

# The uncounted run of each tool, then the counted ones in turn. A tool that took a fifth of the time allowed is not run again.
compare() {
  local job=$1 title=$2 tool figures wall status
  local -a present=() again=()
  printf '\n### %s\n\n' "$title"
  for tool in $TOOLS; do
    command_of "$job" "$tool" || continue
    present+=("$tool")
    # What fails is given a second chance before it is said to.
    for _ in 1 2; do
      rm -f -- "$work/$job.$tool.failed"
      figures=$(run "$job" "$tool")
      printf '%s %s: %s\n' "$job" "$tool" "$figures" >&2
      read -r wall _ _ status <<<"$figures"
      [[ $status == timeout ]] || is_fine "$tool" "$status" || : >"$work/$job.$tool.failed"
      [[ -e $work/$job.$tool.failed ]] || break
    done
    if [[ $status == timeout || -e $work/$job.$tool.failed || ${wall%.*} -ge $((TIMEOUT / 5)) ]]; then
      printf '%s\n' "$figures" >"$work/$job.$tool"
    else
      again+=("$tool")
    fi
  done
  for ((at = 0; at < RUNS; at++)); do
    for tool in ${again[@]+"${again[@]}"}; do
      run "$job" "$tool" >>"$work/$job.$tool"
    done
  done
  python3 "$work/table.py" "$job" "$work" ${present[@]+"${present[@]}"}
}

printf '%s cores, %s; medians of %s runs in turn after one uncounted, no network.\n' "$cores" "$(uname -srm)" "$RUNS"
for tool in $TOOLS; do
  command_of files "$tool" && version_of "$tool" | sed -n '1s/^/- /p'
done
for job in $JOBS; do
  case $job in
    files)
      count=$(find "$tree" -type f | wc -l)
      size=$(find "$tree" -type f -exec cat {} + | wc -c)
      compare files "Files alone: $((count)) files, $((size / 1000000)) MB (floor: \`rg -c -uuu 'AKIA[A-Z0-9]{16}'\`)"
      ;;
    history)
      commits=$(git --git-dir="$history" rev-list --all --count)
      compare history "Full history of ${NAME-the repository}: $commits commits (floor: \`cargo run --release --example floor\`)"
      ;;
    small) compare small "Start-up: one small file" ;;
    staged) compare staged "Start-up: an empty staged change" ;;
    *) die "there is no job $job" ;;
  esac
done
cat <<'END'

Findings are what each tool counts: stanch and Kingfisher one for each secret, the others one for each place. Tools differ in what they
take for a secret, in what they unpack and decode, and in which objects of a history they reach. Peak memory is that of the largest process;
below about 14 MiB it is that of the measuring script.
END
