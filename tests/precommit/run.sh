#!/usr/bin/env bash
# The hooks of .pre-commit-hooks.yaml, in the real pre-commit framework, at real commits and pushes: run.sh STANCH [FOLDER]
#
# STANCH is the program; FOLDER, `target/pre-commit` without one, keeps the framework between runs. Ends with 1 where a commit goes through that should not or the
# other way round, and with 77 where the framework cannot be had.
# shellcheck disable=SC2317  # functions are called by name, through `expect` and `blocks`
set -euo pipefail
stanch=$(realpath -- "$1")
folder=$(realpath -m -- "${2:-target/pre-commit}")
root=$(realpath -- "$(dirname -- "$0")/../..")
if [[ ! -x $folder/bin/pre-commit ]] && ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check 'pre-commit>=4,<5'; }; then
  echo 'pre-commit cannot be installed here'
  exit 77
fi
place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
unset "${!STANCH_@}" "${!GIT_@}" 2>/dev/null || true
export GIT_CONFIG_GLOBAL=$place/gitconfig GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 PRE_COMMIT_HOME=$place/home PIP_DISABLE_PIP_VERSION_CHECK=1
git config --global user.name a
git config --global user.email a@example.com
git config --global init.defaultBranch main
git config --global protocol.file.allow always
mkdir "$place/bin"
ln -s "$stanch" "$place/bin/stanch"
PATH=$place/bin:$folder/bin:$PATH

# shellcheck source=tests/shell/check.sh
. "$root/tests/shell/check.sh"

# Runs the rest, which has to fail, for a token's sake.
blocks() {
  local name=$1
  shift
  if "$@" >"$place/log" 2>&1 || ! grep -q 'GitHub personal access token' "$place/log"; then
    wrong "$name"
    sed 's/^/    /' "$place/log"
  else fine "$name"; fi
}

# Runs the rest, which has to end with the status $2.
ends() {
  local name=$1 wanted=$2 status=0
  shift 2
  "$@" >"$place/log" 2>&1 || status=$?
  expect "$name" test "$status" -eq "$wanted"
}

lacks() { ! grep -qF -- "$1" "$2"; }

leak=KEY=$(token 1)
other=KEY=$(token 2)

# The hooks as they are in this work tree, committed or not.
hooks=$place/hooks
git init -q "$hooks"
cp "$root/.pre-commit-hooks.yaml" "$root/pyproject.toml" "$hooks"
git -C "$hooks" add -A
git -C "$hooks" commit -qm hooks
rev=$(git -C "$hooks" rev-parse HEAD)

expect 'the manifest is one' pre-commit validate-manifest "$root/.pre-commit-hooks.yaml"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
expect 'the wheel that the hooks take is of this version' grep -qF "\"stanch==$version\"" "$root/pyproject.toml"

git init -q "$place/tree"
git init -q --bare "$place/remote"
cd "$place/tree"
git remote add origin "$place/remote"
printf 'repos:\n- repo: %s\n  rev: %s\n  hooks:\n  - id: stanch-system\n  - id: stanch-pre-push-system\n' "$hooks" "$rev" >.pre-commit-config.yaml
echo clean >a.env
git add -A
git commit -qm first
pre-commit install --hook-type pre-commit --hook-type pre-merge-commit --hook-type pre-push >/dev/null

write() { printf '%s\n' "${@:2}" >"$1"; }
commit() { git commit -qm message "$@"; }

write a.env "$leak"
git add a.env
blocks 'a commit that adds a token is blocked' commit
expect 'and not made' test "$(git rev-list --count HEAD)" -eq 1
expect 'the message says where' grep -q 'a.env:1' "$place/log"
expect 'and not the token' lacks "${leak#KEY=}" "$place/log"
write a.env clean 'KEY=from the environment'
git add a.env
expect 'without the token it goes through' commit

write a.env "$leak"
git add a.env
write a.env 'mended, but not staged'
blocks 'what is staged counts, not what is on disk' commit
blocks 'also without the framework, which puts the rest aside' stanch pre-commit-files a.env
expect 'the file on disk is as it was' grep -q 'mended' a.env
git checkout -q HEAD a.env
write a.env clean more
git add a.env
write a.env "$leak"
expect 'what is only on disk does not count' stanch pre-commit-files a.env
expect 'and the commit goes through' commit
expect 'what was on disk is still there' grep -qF "$leak" a.env
blocks 'commit -a commits it, and is blocked' commit -a
blocks 'as is a commit of the file alone' commit a.env
(mkdir below && cd below && blocks 'in a folder below as well' git commit -qam message) || failed=1
git checkout -q HEAD a.env

write old.env "$leak"
git add old.env
git commit -qnm 'past the hooks'
write old.env "$leak" 'and a line'
expect 'a token that HEAD has does not block a change to its file' commit -a
git mv old.env new.env
expect 'nor that the file moves' commit
write new.env "$leak" "$other"
blocks 'a second one does' commit -a
git checkout -q HEAD new.env

blocks '--all-files reads files, not an empty index' pre-commit run --all-files
expect 'in them, what is there' grep -q 'new.env:1' "$place/log"
expect 'try-repo runs the hooks' pre-commit try-repo "$hooks" stanch-system --files a.env
blocks 'and --all-files there' pre-commit try-repo "$hooks" stanch-system --all-files
if git -C "$root" cat-file -e HEAD:.pre-commit-hooks.yaml 2>/dev/null; then
  blocks 'as the repository itself, at HEAD' pre-commit try-repo "$root" stanch-system --all-files --ref HEAD
fi
blocks 'with something staged, the other files are read from disk' bash -c 'echo x >>a.env && git add a.env && pre-commit run --all-files'
git reset -q --hard
expect 'a file that was not handed over is not looked at' pre-commit run --files a.env
write stanch.toml 'exclude = ["new.env"]'
expect 'what the configuration leaves out is left out' stanch pre-commit-files new.env a.env
rm stanch.toml
ends 'a file that is not there is not passed' 3 stanch pre-commit-files a.env no-such-file
ln -s new.env link
ends 'nor is a link followed' 3 stanch pre-commit-files link
rm link
ends 'without files the hook is wrong' 2 stanch pre-commit-files
printf 'broken' >.git/index.broken
ends 'an index that cannot be read is not passed' 3 env GIT_INDEX_FILE=.git/index.broken stanch pre-commit-files a.env
git rm -q --cached new.env
expect 'a deletion goes through' commit
rm new.env
expect 'and leaves nothing for --all-files' pre-commit run --all-files
git init -q "$place/fresh"
write "$place/fresh/a.env" "$leak"
(cd "$place/fresh" && git add a.env && blocks 'the first commit is looked at' stanch pre-commit-files a.env; exit "$failed") || failed=1

blocks 'a push of a token is blocked' git push -q origin main
expect 'nothing was pushed' test -z "$(git ls-remote "$place/remote")"
git push -q --no-verify origin main
write b.env clean
git add b.env
commit
expect 'what the remote has is not told again' git push -q origin main
git checkout -qb topic
write c.env "$other"
git add c.env
git commit -qnm 'past the hooks'
git checkout -q main
git commit -qn --allow-empty -m more
blocks 'a token on the second of two branches is found' git push -q origin main topic
git checkout -q topic
git reset -q --hard main
expect 'without it both are pushed' git push -q origin main topic

if [[ -n ${WHEELS:-} ]]; then
  wheels=$(cd "$root" && realpath -- "$WHEELS")
  write .pre-commit-config.yaml 'repos:' "- repo: $hooks" "  rev: $rev" '  hooks:' '  - id: stanch-wheel'
  git add -A
  commit -n
  rm "$place/bin/stanch"
  expect 'the wheel is installed' env PIP_FIND_LINKS="$wheels" pre-commit install-hooks
  write d.env "$leak"
  git add d.env
  blocks 'a commit that adds a token is blocked by the wheel' commit
  write d.env clean
  git add d.env
  expect 'and goes through without it' commit
else
  echo 'the wheel is not tried: WHEELS names no folder'
fi
exit "$failed"
