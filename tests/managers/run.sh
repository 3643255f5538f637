#!/usr/bin/env bash
# Git hooks beside the real husky and the real lefthook, at real commits: run.sh STANCH [FOLDER]
#
# STANCH is the program; FOLDER, `target/managers` without one, keeps the tools between runs. Ends with 1 where a commit goes through that should not or the other way
# round, and with 77 where the tools cannot be had.
# shellcheck disable=SC2317  # functions are called by name, through `expect` and `refuse`
set -euo pipefail
stanch=$(realpath -- "$1")
folder=$(realpath -m -- "${2:-target/managers}")
root=$(realpath -- "$(dirname -- "$0")/../..")
for command in git node npm python3; do
  command -v "$command" >/dev/null || {
    echo "$command is not here"
    exit 77
  }
done
tools=$folder/node_modules
if [[ ! -d $tools/husky || ! -d $tools/lefthook ]] && ! timeout 60 npm install --no-audit --no-fund --silent --prefix "$folder" husky@9 lefthook@1; then
  echo 'husky and lefthook cannot be installed here'
  exit 77
fi
place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
unset "${!STANCH_@}" "${!GIT_@}" HUSKY LEFTHOOK 2>/dev/null || true
export HOME=$place GIT_CONFIG_GLOBAL=$place/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --global user.name a
git config --global user.email a@example.com
git config --global init.defaultBranch main
mkdir "$place/bin"
ln -s "$stanch" "$place/bin/stanch"
PATH=$place/bin:$tools/.bin:$PATH
# shellcheck source=tests/shell/check.sh
. "$root/tests/shell/check.sh"

# A new repository, in which a file holds a token.
repository() {
  git init -q "$place/$1"
  cd "$place/$1"
  echo "KEY=$(token 1)" >leak.env
  echo hello >plain
}
# Whether git stops FILE, for the token's sake, and shows nothing of it.
stops() {
  git add "$1"
  ! git commit -qm message >"$place/log" 2>&1 && grep -q 'this commit would add 1 secret' "$place/log" && ! grep -qF "$(token 1)" "$place/log" &&
    git rm -q --cached "$1"
}
passes() { git add "$1" && git commit -qm message; }
runs() { [[ $(stanch hook status 2>&1) == *"$1"* ]]; }

repository husky
expect 'husky sets itself up' husky
echo 'echo theirs >>theirs' >.husky/pre-commit
expect 'hooks are installed beside it' stanch hook install
expect 'in the folder whose files it runs' test -s .husky/pre-commit
expect 'a commit of a token is stopped' stops leak.env
expect 'the hook from before ran' test -s theirs
expect 'any other commit goes through' passes plain
expect 'husky set up again changes nothing' husky
expect 'a commit of a token is still stopped' stops leak.env
refuse 'a token in a message is stopped' git commit -q --allow-empty -m "$(cat leak.env)"
expect 'hooks are taken away' stanch hook uninstall
expect 'and the one from before is as it was' test "$(cat .husky/pre-commit)" = 'echo theirs >>theirs'
expect 'so that the token can be committed' passes leak.env

repository lefthook
printf 'pre-commit:\n  commands:\n    theirs:\n      run: echo theirs >>theirs\n' >lefthook.yml
expect 'hooks are installed before lefthook comes' stanch hook install
expect 'lefthook sets itself up' lefthook install
expect 'and has replaced one, which is said' runs 'lefthook'
expect 'they are installed again' stanch hook install
expect 'a commit of a token is stopped behind lefthook' stops leak.env
expect 'whose jobs ran' test -s theirs
expect 'any other commit goes through lefthook' passes plain
expect 'hooks are taken away from before it' stanch hook uninstall
expect 'and lefthook is there as it was' grep -q lefthook .git/hooks/pre-commit
printf 'pre-commit:\n  jobs:\n    - run: stanch hook run pre-commit\ncommit-msg:\n  jobs:\n    - run: stanch hook run commit-msg {1}\n' >lefthook.yml
expect 'lefthook can run the program itself' lefthook install
expect 'a commit of a token is stopped by its job' stops leak.env
expect 'any other commit goes through its job' passes lefthook.yml
exit "$failed"
