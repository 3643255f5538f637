#!/usr/bin/env bash
# Plants secrets over the history of a repository, to measure how long it takes to find out where they are.
#
#   benches/plant.sh REPOSITORY OUT [COUNT]
#
# OUT becomes a bare repository with all objects of REPOSITORY and one branch more, `planted`: the first parents of REPOSITORY's HEAD
# anew, oldest first, each with a folder to which files with a random token are added, COUNT [1000] of them evenly over the history.
# The tokens are none that anybody issued.
set -euo pipefail

die() {
  printf 'plant.sh: %s\n' "$*" >&2
  exit 2
}

[[ $# -ge 2 ]] || die "usage: plant.sh REPOSITORY OUT [COUNT]"
[[ ! -e $2 ]] || die "$2 is there already"
command -v python3 >/dev/null || die "python3 is needed"
repository=$(git -C "$1" rev-parse --absolute-git-dir) || die "$1 is not a git repository"

git init --quiet --bare "$2"
cp -al "$repository/objects/." "$2/objects/" 2>/dev/null || cp -a "$repository/objects/." "$2/objects/"
rm -f "$2"/objects/pack/*.promisor
stream=$(mktemp)
trap 'rm -f -- "$stream"' EXIT
cat >"$stream" <<'PY'
import random, string, sys

count = int(sys.argv[1])
random.seed(1)
LETTERS = string.ascii_letters + string.digits
# Marks from here on are of planted files, those below of commits.
FILES = 100_000_000
commits = [line.split() for line in sys.stdin]
planted = 0

def say(*lines):
    print(*lines, sep="\n")

for at, (tree, time) in enumerate(commits):
    due = (at + 1) * count // len(commits)
    for number in range(planted, due):
        # In two halves: no file of this repository holds what looks like a token.
        token = "gl" + "pat-" + "".join(random.choices(LETTERS, k=20))
        text = f"# deployment {number}\nTOKEN={token}\n"
        say("blob", f"mark :{FILES + number}", f"data {len(text)}", text)
    planted = due
    say("commit refs/heads/planted", f"mark :{at + 1}", f"committer Planter <planter@example.org> {time} +0000", "data 0")
    if at > 0:
        say(f"from :{at}")
    # The commit's own tree takes the place of what was there, planted files included.
    say(f"M 040000 {tree} ")
    for number in range(planted):
        say(f"M 100644 :{FILES + number} planted/{number // 100}/{number}.env")
    say("")
PY
git -C "$repository" rev-list --first-parent --reverse --format='%T %ct' HEAD | grep -v '^commit' |
  python3 "$stream" "${3-1000}" | git -C "$2" fast-import --quiet
git -C "$2" symbolic-ref HEAD refs/heads/planted
git -C "$repository" for-each-ref --format='update %(refname) %(objectname)' | git -C "$2" update-ref --stdin
