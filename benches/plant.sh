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
git -C "$repository" rev-list --first-parent --reverse --format='%H %T %ct' HEAD | grep -v '^commit' | python3 -c '
import random, string, sys

count = int(sys.argv[1])
random.seed(1)
letters = string.ascii_letters + string.digits
commits = [line.split() for line in sys.stdin]
out = sys.stdout.buffer
planted = 0
for at, (commit, tree, time) in enumerate(commits):
    lines = [f"commit refs/heads/planted", f"mark :{at + 1}", f"committer Planter <planter@example.org> {time} +0000", "data 0"]
    if at > 0:
        lines.append(f"from :{at}")
    # The tree as it is, with what was planted so far; the folder of the commit before is kept by its path.
    lines.append(f"M 040000 {tree} ")
    for number in range(planted + 1, (at + 1) * count // len(commits) + 1):
        token = "gl" + "pat-" + "".join(random.choices(letters, k=20))
        text = f"# deployment {number}\nTOKEN={token}\n"
        lines += ["#", f"blob", f"mark :{1000000 + number}", f"data {len(text)}", text]
        planted = number
    blobs = [line for line in lines]
    # Blobs come before the commit that names them.
    if "#" in lines:
        first = lines.index("#")
        head, blobs = lines[:first], [line for line in lines[first:] if line != "#"]
        out.write(("\n".join(blobs) + "\n").encode())
        lines = head
    lines += [f"M 100644 :{1000000 + number} planted/{number // 100}/{number}.env" for number in range(1, planted + 1)]
    out.write(("\n".join(lines) + "\n\n").encode())
' "${3-1000}" | git -C "$2" fast-import --quiet
git -C "$2" symbolic-ref HEAD refs/heads/planted
git -C "$repository" for-each-ref --format='update %(refname) %(objectname)' | git -C "$2" update-ref --stdin
