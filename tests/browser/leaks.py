"""Makes a repository that leaks: leaks.py small|large FOLDER

Tokens are made up when this runs, so that none is stored. Names and authors are hostile here and there.
"""

import os
import random
import string
import subprocess
import sys
import zlib

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
AUTHORS = ["Ada Lovelace <ada@example.org>", "Grace Hopper <grace@example.org>", "&lt;i&gt;Eve \u202e\u200b <eve@example.org>", "Åsa Ünal <asa@example.com>"]
FOLDERS = ["deploy", "src/server/config", "scripts", "infrastructure/production/terraform/modules/network", "docs"]
HOSTILE = [
    "deploy/<img src=x onerror=document.title='owned'>.env",
    "deploy/<!--<script>document.title='owned'</script>.env",
    "deploy/'\"></script><script>document.title='owned'</script>.env",
    "deploy/\u202egpj.exe\u200b.env",
]
FIRST = 1_420_070_400  # 2015
LAST = 1_767_225_600  # 2026


def text(chance, alphabet, length):
    return "".join(chance.choice(alphabet) for _ in range(length))


def github(chance):
    body = text(chance, BASE62, 30)
    number, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = BASE62[digit] + check
    return "GITHUB_TOKEN=" + "ghp_" + body + check + "\n"


def gitlab(chance):
    return "GITLAB=" + "glpat-" + text(chance, BASE62, 20) + "\n"


def stripe(chance):
    return "key: " + "sk_live_" + text(chance, BASE62, 24) + "\n"


def slack(chance):
    digits = [text(chance, string.digits[1:], 12) for _ in range(2)]
    return "SLACK=" + "xoxb-" + "-".join(digits) + "-" + text(chance, BASE62, 24) + "\n"


def database(chance):
    return "DATABASE_URL=postgres://app:" + text(chance, BASE62, 18) + "@db.internal:5432/app\n"


def changes(size, chance):
    """A list of commits: author, time, and files with their content, which is nothing where a file goes."""
    count, each = (12, 4) if size == "small" else (250, 20)
    makers = [github, gitlab, stripe, slack, database] if size == "small" else [github, github, github, gitlab]
    files, commits = [], []
    for nth in range(count):
        at = FIRST + (LAST - FIRST) * (nth + 1) ** 2 // count**2
        new = {}
        for k in range(each):
            new[f"{chance.choice(FOLDERS)}/file-{nth}-{k}.env"] = chance.choice(makers)(chance)
        if nth < len(HOSTILE):
            new[HOSTILE[nth]] = github(chance)
        if files and chance.random() < 0.5:
            path, content = files.pop(chance.randrange(len(files)))
            new[path] = None
            if chance.random() < 0.5:
                new["archive/" + path.rsplit("/", 1)[-1]] = content
        files += [(path, content) for path, content in new.items() if content]
        commits.append((AUTHORS[nth % len(AUTHORS)], at, new))
    # One secret in many places.
    often = github(chance)
    commits.append((AUTHORS[0], LAST, {f"copies/{nth}.env": often for nth in range(30)}))
    return commits


def stream(commits):
    yield b"reset refs/heads/main\n"
    for author, at, files in commits:
        who = f"{author} {at} +0000\n"
        yield f"commit refs/heads/main\nauthor {who}committer {who}data 6\nchange\n".encode()
        for path, content in files.items():
            quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
            if content is None:
                yield f"D {quoted}\n".encode()
                continue
            yield f"M 100644 inline {quoted}\ndata {len(content)}\n{content}\n".encode()


def main():
    size, folder = sys.argv[1:]
    tree = os.path.join(folder, "tree")
    git = ["git", "-c", "core.hooksPath=/dev/null", "-C", tree]
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", tree], check=True)
    data = b"".join(stream(changes(size, random.Random(7))))
    subprocess.run([*git, "fast-import", "--quiet"], input=data, check=True)
    subprocess.run([*git, "reset", "--quiet", "--hard", "main"], check=True)


main()
