#!/usr/bin/env bash
# Scans what was gathered: annotations on standard output, a job summary, SARIF, and the outputs of the action.
#
# Leaves the exit status of the scan in the output `status`; the step itself succeeds, so that those after it can tell of what was found.
# shellcheck source=action/common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

# Largest summary that GitHub shows, less some room.
readonly SUMMARY=1000000

out() { printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:?}"; }

summary() { head -c "$SUMMARY" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"; }

if [[ ! -s $work/scope ]]; then
  out count 0
  out active 0
  out sarif ''
  out status 0
  exit 0
fi

arguments=()
while IFS= read -r word; do arguments+=("$word"); done <"$work/scope"
if [[ -f $repository/stanch.toml ]]; then
  arguments+=(--config stanch.toml)
else
  # An empty one: none is looked for.
  : >"$work/empty.toml"
  arguments+=(--config "$work/empty.toml")
fi
[[ ! -f $work/baseline ]] || arguments+=("--baseline=$(<"$work/baseline")")
case ${INPUT_FAIL_ON:-} in
  '') ;;
  any | active | never) arguments+=("--fail-on=$INPUT_FAIL_ON") ;;
  *) fail 'the input fail-on is any, active or never' ;;
esac
case ${INPUT_VERIFY:-false} in
  true) verify=(--verify) ;;
  false | '') verify=() ;;
  *) fail 'the input verify is true or false' ;;
esac
read -r -d '' -a more <<<"${INPUT_ARGS:-}" || true
arguments+=(${more[@]+"${more[@]}"})
paths=()
while IFS= read -r path; do paths+=("$path"); done <"$work/paths"
((${#paths[@]} > 0)) || paths=(.)

# The program runs in the action's own repository: its files are the configuration of the base revision, and nothing else.
run() { (cd -- "$repository" && stanch scan "${arguments[@]}" "$@" -- "${paths[@]}"); }

status=0
run ${verify[@]+"${verify[@]}"} -f sarif -o "$work/stanch.sarif" -f json -o "$work/report.json" -f markdown -o "$work/summary.md" -f github || status=$?

if ! jq -e '.coverage | type == "object"' "$work/report.json" >/dev/null 2>&1; then
  out count 0
  out active 0
  out sarif ''
  out status "$((status == 0 ? 2 : status))"
  echo '### stanch did not run to its end: the log says why' | summary
  exit 0
fi

out count "$(jq '.incidents | length' "$work/report.json")"
out active "$(jq '[.incidents[] | select(.verdict.status == "active")] | length' "$work/report.json")"
out sarif "$work/stanch.sarif"
out status "$status"

# What comments in the change itself allow is told, for nobody has reviewed them yet.
if grep -qx -- '--range' "$work/scope" && [[ $(jq '.coverage.allowed // 0' "$work/report.json") != 0 ]]; then
  run --no-allow -f json >"$work/allowed.json" || true
  jq -r '[.incidents[]? | select(any(.occurrences[]; has("allowed_by")))] |
    if length == 0 then empty else
      "", "**\(length) more \(if length == 1 then "secret is" else "secrets are" end) allowed**, by comments in this change or by the configuration of its base:", "",
      (.[:50][] | "- `\(.rule)` \(.id[:12]): \([.occurrences[] | select(has("allowed_by"))] | length) places") end' \
    "$work/allowed.json" >>"$work/summary.md" || true
fi
summary <"$work/summary.md"
case $status in
  0) echo 'stanch found nothing, and has seen everything that it was to look at' ;;
  1) echo 'stanch found leaked tokens: see the annotations, and the summary of this run' ;;
  3) warn 'stanch found nothing that counts, but could not see everything: the log says what' ;;
  *) echo "stanch ended with $status" ;;
esac
