#!/usr/bin/env python3
"""Judges stanch by labelled data, and prints docs/accuracy.md.

  judge.py --stanch BIN --cases JSONL --creddata DIR --clean TREE… [--fit FILE] > docs/accuracy.md

The data are described in README.md; --fit takes what fit.py printed, for the figures on what the weights were not fitted to.
"""
import argparse
import collections
import csv
import datetime
import json
import os
import subprocess
import sys
import tempfile

from fit import DISPUTED, IGNORED, MADE_UP, TESTS, f1, files

MOST = 40  # rows of a table by provider


def scan(stanch, root, confidence="medium", ignore_files=False):
    """The incidents' places in the files under `root`: path, first and last line, rule, confidence, secret."""
    flags = ["--no-history", "--show-secrets", "-f", "jsonl", "--min-confidence", confidence] + ([] if ignore_files else ["--no-ignore"])
    run = subprocess.run([stanch, "scan", ".", *flags], stdout=subprocess.PIPE, cwd=root, check=False)
    if run.returncode not in (0, 1, 3):
        sys.exit(f"{root}: stanch ended with {run.returncode}")
    for line in run.stdout.splitlines():
        incident = json.loads(line)
        if incident["type"] != "incident":
            continue
        for place in incident["occurrences"]:
            yield place["path"], place["line"], place["end_line"], incident["rule"], incident["confidence"], incident["secret"].get("value", "")


def percent(part, whole):
    return f"{100 * part / whole:.1f} % ({part} of {whole})" if whole else "none"


def agrees(found, wanted):
    """Whether what was found is what the case states: it, around it, or most of it."""
    return wanted in found or found in wanted and (len(found) >= 6 or 2 * len(found) >= len(wanted) and len(found) >= 4)


def judge_cases(stanch, path):
    cases = [json.loads(line) for line in open(path, encoding="utf-8")]
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            name = case.get("filename") or "case.txt"
            parts = [part[:120] for part in name.split("/") if part not in ("", ".", "..", ".git")]
            file = os.path.join(folder, case["id"], *parts)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "wb") as out:
                out.write(case["text"].encode("utf-8", "surrogateescape"))
        found = collections.defaultdict(list)
        for path, *_, secret in scan(stanch, folder, ignore_files=True):
            found[path.removeprefix("./").split("/")[0]].append(secret)
    counted = [case for case in cases if not case.get("kind")]
    matching = [case for case in counted if case["expect"] == "match"]
    real = [case for case in matching if not MADE_UP & set(case["tags"])]
    stated = [case for case in matching if case.get("secrets") or case.get("secret") or case.get("derived")]
    others = [case for case in counted if case["expect"] != "match"]
    clean = [case for case in others if not DISPUTED & set(case)]
    hit = lambda case: bool(found[case["id"]])
    wanted = lambda case: [text.strip() for text in case.get("secrets") or [case.get("secret") or case.get("derived")]]
    right = lambda case: any(agrees(secret.strip(), text) for secret in found[case["id"]] for text in wanted(case))
    print("## Labelled texts\n")
    print(f"{len(cases)} short texts, gathered from the public test data of some 25 scanners. *Real* leaves out placeholders, sequences, values of few characters and retired formats;")
    print("*clean* leaves out texts that should not match and hold another real credential.\n")
    print("| measure | |\n|---|---|")
    print(f"| real ones found | {percent(sum(map(hit, real)), len(real))} |")
    print(f"| all found | {percent(sum(map(hit, matching)), len(matching))} |")
    print(f"| all, the secret itself right | {percent(sum(map(right, stated)), len(stated))} |")
    print(f"| clean false positives | {percent(sum(map(hit, clean)), len(clean))} |")
    print(f"| all false positives | {percent(sum(map(hit, others)), len(others))} |\n")
    print("### By provider\n\nThe providers with most texts; those that should match, and those that should not.\n")
    print("| provider | real found | clean false positives |\n|---|--:|--:|")
    sizes = collections.Counter(case["provider"] for case in real)
    for provider, _ in sizes.most_common(MOST):
        of = lambda some: [case for case in some if case["provider"] == provider]
        print(f"| {provider} | {sum(map(hit, of(real)))} of {len(of(real))} | {sum(map(hit, of(clean)))} of {len(of(clean))} |")
    print("\n### Misses by kind\n\n| kind of text | missed |\n|---|--:|")
    kinds = collections.Counter()
    total = collections.Counter()
    for case in matching:
        for tag in case["tags"] or ["plain"]:
            total[tag] += 1
            kinds[tag] += not hit(case)
    for tag, count in total.most_common():
        print(f"| {tag} | {kinds[tag]} of {count} |")
    print("\n| kind of clean false positive | |\n|---|--:|")
    wrong = collections.Counter(tag for case in clean if hit(case) for tag in case["tags"] or ["plain"])
    for tag, count in wrong.most_common():
        print(f"| {tag.removeprefix('neg:')} | {count} |")


def judge_creddata(stanch, root):
    ranges = collections.defaultdict(lambda: collections.defaultdict(list))
    for name in sorted(os.listdir(os.path.join(root, "meta"))):
        with open(os.path.join(root, "meta", name), newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                lines = int(row["LineStart"]), int(row["LineEnd"])
                ranges[row["FilePath"].removeprefix("data/")][lines].append((row["GroundTruth"] == "T", set(row["Category"].split(":"))))
    positive = lambda rows: any(truth for truth, _ in rows)
    kinds = lambda rows: set().union(*(kinds for truth, kinds in rows if truth == positive(rows)))
    counted = {(path, lines): rows for path, all_lines in ranges.items() for lines, rows in all_lines.items() if not kinds(rows) <= IGNORED}
    truths = {key for key, rows in counted.items() if positive(rows)}
    print("\n## Lines of real code\n")
    print(f"One half of CredData: {len(ranges)} files, {len(truths)} labelled ranges of lines that hold a credential and {len(counted) - len(truths)} that hold none; identifiers are left out")
    print("(" + ", ".join(sorted(IGNORED)) + "). *Strict* also counts findings on lines that nobody labelled as wrong.\n")
    print("| confidence | precision | recall | F1 | strict precision | strict F1 |\n|---|--:|--:|--:|--:|--:|")
    categories = None
    for confidence in ("high", "medium", "low"):
        hits, wrong, unlabelled = set(), set(), set()
        for path, first, last, *_ in scan(stanch, os.path.join(root, "data"), confidence):
            path = path.removeprefix("./")
            touched = [lines for lines in ranges.get(path, ()) if lines[0] <= last and first <= lines[1]]
            true = {(path, lines) for lines in touched if positive(ranges[path][lines])}
            hits |= true & truths
            wrong |= {(path, lines) for lines in touched if not true} & set(counted)
            if not touched and path in ranges:
                unlabelled.add((path, first))
        wrong -= hits
        precision, recall, loose = f1(len(hits), len(wrong), len(truths))
        strict_precision, _, strict = f1(len(hits), len(wrong) + len(unlabelled), len(truths))
        print(f"| {confidence} and up | {precision:.3f} | {recall:.3f} | {loose:.3f} | {strict_precision:.3f} | {strict:.3f} |")
        if confidence == "medium":
            categories = hits, wrong
    hits, wrong = categories
    print("\n### By category, at medium\n\n| category | found | of those that are none |\n|---|--:|--:|")
    table = collections.defaultdict(lambda: [0, 0, 0, 0])
    for key, rows in counted.items():
        for kind in kinds(rows):
            row = table[kind]
            row[0 if key in truths else 2] += 1
            row[1 if key in truths else 3] += key in (hits if key in truths else wrong)
    for kind, (all_true, found, all_false, false) in sorted(table.items(), key=lambda pair: -pair[1][0])[:MOST]:
        print(f"| {kind} | {found} of {all_true} | {false} of {all_false} |")


# Why the places in clean code are reported, by what a person saw there: the line's number may move.
REASONS = {
    "lib/ansible/modules/expect.py": "an example in a module's documentation",
    "lib/ansible/plugins/inventory/toml.py": "an example in a plugin's documentation",
    "core/src/main/scala/kafka/tools/StorageTool.scala": "an example in the text of a command's help",
    "Documentation/howto/setup-git-server-over-http.adoc": "wrong: `login:password` spelled out as an example",
    "api/swagger.yaml": "an example in the description of an API; at `SecretID` wrong: the id of a secret",
    "actionpack/lib/action_dispatch/http/session.rb": "an example in a comment",
    "activemodel/lib/active_model/secure_password.rb": "an example in a comment",
    "core/spring-boot/src/main/java/org/springframework/boot/cloud/CloudFoundryVcapEnvironmentPostProcessor.java":
        "an example in a comment",
}


def judge_clean(stanch, roots):
    print("\n## Clean code\n\nSource trees of large projects, at medium. What lies under tests, examples, documentation and vendored code is mostly made-up or published credentials; the rest is listed, with what a person saw there.\n")
    print("| project | files | under tests and documentation | elsewhere |\n|---|--:|--:|--:|")
    rest, total = [], 0
    for root in roots:
        count = sum(1 for _ in files(root))
        total += count
        inside = outside = 0
        for path, line, _, rule, *_ in {place[:2] + place[2:5] for place in scan(stanch, root)}:
            parts = set(path.lower().split("/"))
            if parts & (TESTS | {"guides", "guide", "integration-test", "dockertest"}) or "test" in path.lower():
                inside += 1
            else:
                outside += 1
                rest.append((os.path.basename(root.rstrip("/")), path.removeprefix("./"), line, rule))
        print(f"| {os.path.basename(root.rstrip('/')).replace('+', '/')} | {count} | {inside} | {outside} |")
    print(f"\n{len(rest)} elsewhere in {total} files:\n")
    for project, path, line, rule in sorted(rest):
        reason = REASONS.get(path, "nobody looked yet")
        print(f"- {project.replace('+', '/')} `{path}:{line}` `{rule}`: {reason}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stanch", required=True)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--creddata", required=True)
    parser.add_argument("--clean", nargs="*", default=[])
    parser.add_argument("--fit", help="what fit.py printed")
    options = parser.parse_args()
    stanch = os.path.abspath(options.stanch)
    print("# Accuracy\n")
    print(f"Printed by `learn/judge.py` on {datetime.date.today()}; what the data are, `learn/README.md` says. They are samples, the texts and lines known while rules were written, so")
    print("these figures flatter: the section on held-out data is the one to go by for unknown values.\n")
    judge_cases(stanch, options.cases)
    judge_creddata(stanch, options.creddata)
    if options.fit:
        print("\n## Held out\n\nWhat the weights of unknown values do on repositories and providers that they were not fitted to (`learn/fit.py`), by threshold; low, medium and high")
        print("confidence begin at -2, 0 and 2.\n\n```text")
        print(open(options.fit, encoding="utf-8").read().strip())
        print("```")
    judge_clean(stanch, options.clean)
    print(WEAKNESSES)


WEAKNESSES = """
## Weaknesses

- A value that begins like a documented token without its form, has a wrong checksum, repeats a few characters or spells a placeholder is not reported, or at low
  confidence: a part of the texts that "should match" is made that way on purpose.
- A bare value without a name or a beginning of its own is not found; nor are values that are given a name in another line or an array of bytes.
- People's passwords in the lines of real code were replaced by random ones, so passwords that are words are judged with less to go by than the figures show.
- Most texts that should not match speak about one scanner's rule for one provider; a generic rule may rightly find what they hold.
- What is named after an issuer and looks unlike its tokens is believed only if much speaks for it: a new format of theirs may hide among these at low confidence."""

if __name__ == "__main__":
    main()
