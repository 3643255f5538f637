#!/usr/bin/env python3
"""Fits the weights of src/detect/score/weights.bin: what the features of an unknown value say of its being a secret.

  fit.py --stanch BIN --creddata DIR --cases JSONL --clean DIR… [--out FILE]

See README.md for what the data are. Needs lightgbm, numpy and scikit-learn. Prints how well the fit does on what it was not fitted to (by repository and by
source), and, with --out, writes the weights fitted to all.
"""
import argparse
import collections
import csv
import json
import os
import struct
import subprocess
import sys
import tempfile

import lightgbm
import numpy
from sklearn.model_selection import GroupKFold

UNIT = 2048  # a node's mean, as an integer; model.rs has the same
LEAF = 255
IGNORED = {"UUID", "Nonce", "Salt", "AWS Client ID", "AWS S3 Bucket", "Firebase Domain", "Tencent WeChat API App ID"}
MADE_UP = {"placeholder", "sequence", "low-entropy", "retired"}
DISPUTED = {"contains_known", "holds_other", "disputed"}
TESTS = {"t", "test", "tests", "testing", "testdata", "spec", "specs", "fixtures", "examples", "docs", "doc", "vendor", "samples", "mock", "mocks", "__tests__"}

CONFIDENCES = {"high": 9.0, "medium": 1.0, "low": -1.5}

# Amounts are none for what is known by a documented format; its score is fixed then.
Candidate = collections.namedtuple("Candidate", "path line end_line amounts score")


def candidates(stanch, paths):
    """What stanch weighs or finds in these files, in order."""
    for at in range(0, len(paths), 400):
        run = subprocess.run([stanch, "rules", "explain", "--json", *paths[at:at + 400]], stdout=subprocess.PIPE, check=True)
        for line in run.stdout.splitlines():
            seen = json.loads(line)
            weighed = seen["weight"] and seen["weight"]["amounts"]
            if (weighed or seen["confidence"]) and not seen["outcome"].startswith("dropped"):
                yield Candidate(seen["path"], seen["line"], seen["end_line"], weighed, CONFIDENCES.get(seen["confidence"]))


def files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        paths = (os.path.join(folder, name) for name in sorted(names))
        yield from (path for path in paths if os.path.isfile(path) and not os.path.islink(path))


THRESHOLDS = (-3, -2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)
SHARES = {"creddata": 1.0, "cases": 0.5, "clean": 0.25}
NEGATIVES = 2.0


class Rows:
    """What is learned from: amounts, whether it is a secret, how much it counts, and the group that stays together when judged."""

    def __init__(self):
        self.amounts, self.labels, self.weights, self.groups = [], [], [], []

    def add(self, amounts, label, weight, group):
        self.amounts.append(amounts)
        self.labels.append(label)
        self.weights.append(weight)
        self.groups.append(group)
        return len(self.labels) - 1

    def scale(self, since, share):
        """Makes the rows from `since` on count `share` together."""
        total = sum(self.weights[since:])
        self.weights[since:] = [weight / total * share for weight in self.weights[since:]]


class Creddata:
    """Labelled lines of real code. A candidate on a line that nobody labelled counts as no secret."""

    def __init__(self, stanch, root, rows):
        self.ranges = collections.defaultdict(lambda: collections.defaultdict(list))
        for name in sorted(os.listdir(os.path.join(root, "meta"))):
            with open(os.path.join(root, "meta", name), newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    kinds = self.ranges[row["FilePath"].removeprefix("data/")][int(row["LineStart"]), int(row["LineEnd"])]
                    kinds.append((row["GroundTruth"] == "T", set(row["Category"].split(":"))))
        data = os.path.join(root, "data")
        self.found = []  # path, the ranges touched, the row or none, the score if it is fixed
        first = len(rows.labels)
        for found in candidates(stanch, [path for path in files(data) if os.path.relpath(path, data) in self.ranges]):
            path = os.path.relpath(found.path, data)
            touched = [lines for lines in self.ranges[path] if lines[0] <= found.end_line and found.line <= lines[1]]
            if touched and all(self.ignored(path, lines) for lines in touched):
                continue
            truth = any(self.positive(path, lines) for lines in touched)
            row = found.amounts and rows.add(found.amounts, truth, 1.0, "creddata/" + path.split("/")[0])
            self.found.append((path, found.line, touched, row, found.score))
        sizes = collections.Counter(rows.groups[first:])
        # No repository rules: each counts as the root of its number of candidates.
        rows.weights[first:] = [sizes[group] ** -0.5 for group in rows.groups[first:]]

    def positive(self, path, lines):
        return any(truth for truth, _ in self.ranges[path][lines])

    def ignored(self, path, lines):
        positive = self.positive(path, lines)
        return set().union(*(kinds for truth, kinds in self.ranges[path][lines] if truth == positive)) <= IGNORED

    def curve(self, scores):
        """Prints what each threshold gives, as the benchmark counts: labelled ranges, and lines that nobody labelled."""
        ranges = [(path, lines) for path, all_lines in self.ranges.items() for lines in all_lines if not self.ignored(path, lines)]
        positives = sum(self.positive(path, lines) for path, lines in ranges)
        for threshold in THRESHOLDS:
            hits, wrong, unlabelled = set(), set(), set()
            for path, line, touched, row, fixed in self.found:
                if (fixed if row is None else scores[row]) < threshold:
                    continue
                true = {(path, lines) for lines in touched if self.positive(path, lines)}
                hits |= true
                if not true:
                    wrong |= {(path, lines) for lines in touched}
                if not touched:
                    unlabelled.add((path, line))
            wrong = {(path, lines) for path, lines in wrong - hits if not self.ignored(path, lines)}
            hits = {(path, lines) for path, lines in hits if not self.ignored(path, lines)}
            precision, recall, loose = f1(len(hits), len(wrong), positives)
            strict_precision, _, strict = f1(len(hits), len(wrong) + len(unlabelled), positives)
            print(f"  {threshold:5.1f}  precision {precision:.3f}  recall {recall:.3f}  F1 {loose:.3f}   strict: precision {strict_precision:.3f}  F1 {strict:.3f}")


def cases(stanch, path, rows):
    """Labelled texts: what is found in one that should match is a secret, in one that should not it is none."""
    with tempfile.TemporaryDirectory() as folder:
        about = {}
        for line in open(path, encoding="utf-8"):
            case = json.loads(line)
            positive = case["expect"] == "match"
            if case.get("kind") or positive and MADE_UP & set(case["tags"]) or not positive and DISPUTED & set(case):
                continue
            file = os.path.join(folder, case["id"] + ".txt")
            with open(file, "wb") as out:
                out.write(case["text"].encode("utf-8", "surrogateescape"))
            about[file] = (positive, "cases/" + case["provider"])
        found = [candidate for candidate in candidates(stanch, sorted(about)) if candidate.amounts]
        many = collections.Counter(candidate.path for candidate in found)
        for candidate in found:
            label, group = about[candidate.path]
            rows.add(candidate.amounts, label, (1 if label else NEGATIVES) / many[candidate.path], group)


def clean(stanch, root, rows):
    """The code of a large project, which holds no secret outside its tests."""
    paths = [path for path in files(root) if not TESTS & set(os.path.relpath(path, root).lower().split("/"))]
    for found in candidates(stanch, paths):
        if found.amounts:
            rows.add(found.amounts, False, 1.0, "clean/" + os.path.basename(root.rstrip("/")))


def fit(amounts, labels, weights, trees):
    model = lightgbm.LGBMClassifier(
        n_estimators=trees, learning_rate=0.06, num_leaves=12, max_depth=5, min_child_samples=12, min_child_weight=0.5, reg_lambda=4.0,
        subsample=0.8, subsample_freq=1, colsample_bytree=0.5, random_state=1, n_jobs=1, deterministic=True, verbose=-1)
    return model.fit(amounts, labels, sample_weight=weights)


def f1(hits, wrong, positives):
    precision, recall = hits / max(1, hits + wrong), hits / max(1, positives)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def curve(scores, labels):
    """Prints what each threshold gives."""
    for threshold in THRESHOLDS:
        taken = scores >= threshold
        hits, wrong = int((taken & labels).sum()), int((taken & ~labels).sum())
        precision, recall, measure = f1(hits, wrong, int(labels.sum()))
        print(f"  {threshold:5.1f}  precision {precision:.3f}  recall {recall:.3f}  F1 {measure:.3f}   {wrong} wrong")


def nodes(tree):
    """A tree's nodes in the order of model.rs: a node, all at most its threshold, all above it."""
    def walk(node):
        if "leaf_value" in node:
            out.append((LEAF, 0, 0, node["leaf_value"]))
            return
        at = len(out)
        out.append(None)
        walk(node["left_child"])
        right = len(out)
        walk(node["right_child"])
        out[at] = (node["split_feature"], int(numpy.floor(node["threshold"])), right, node["internal_value"])

    out = []
    walk(tree["tree_structure"])
    return out


def write(model, path):
    trees = [nodes(tree) for tree in model.booster_.dump_model()["tree_info"]]
    with open(path, "wb") as out:
        out.write(struct.pack("<H", len(trees)))
        out.writelines(struct.pack("<H", len(tree)) for tree in trees)
        for tree in trees:
            for feature, threshold, right, mean in tree:
                out.write(struct.pack("<BhHh", feature, max(-32768, min(32767, threshold)), right, round(mean * UNIT)))
    print(f"{len(trees)} trees, {sum(map(len, trees))} nodes, {os.path.getsize(path)} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stanch", required=True)
    parser.add_argument("--creddata", required=True, help="folder with data/ and meta/")
    parser.add_argument("--cases", required=True, help="labelled texts, JSONL")
    parser.add_argument("--clean", nargs="*", default=[], help="source trees of projects")
    parser.add_argument("--trees", type=int, default=160)
    parser.add_argument("--out", help="write the weights here")
    options = parser.parse_args()

    rows = Rows()
    judge = Creddata(options.stanch, options.creddata, rows)
    rows.scale(0, SHARES["creddata"])
    first = len(rows.labels)
    cases(options.stanch, options.cases, rows)
    rows.scale(first, SHARES["cases"])
    first = len(rows.labels)
    for root in options.clean:
        clean(options.stanch, root, rows)
    rows.scale(first, SHARES["clean"])
    amounts, labels, weights = numpy.array(rows.amounts, dtype=float), numpy.array(rows.labels), numpy.array(rows.weights)
    weights *= len(weights) / weights.sum()
    domains = numpy.array([group.split("/")[0] for group in rows.groups])

    scores = numpy.zeros(len(labels))
    for train, test in GroupKFold(n_splits=5).split(amounts, labels, rows.groups):
        scores[test] = fit(amounts[train], labels[train], weights[train], options.trees).predict(amounts[test], raw_score=True)
    print("Each fifth judged by a fit to the others, repositories and providers kept together.")
    for domain in sorted(set(domains)):
        here = domains == domain
        print(f"{domain}: {here.sum()} candidates, {labels[here].sum()} secrets")
        curve(scores[here], labels[here])
    print("creddata with what documented formats find, by line ranges:")
    judge.curve(scores)

    if options.out:
        model = fit(amounts, labels, weights, options.trees)
        write(model, options.out)
        gains = model.booster_.feature_importance("gain")
        print("features by gain:", " ".join(f"{at}:{gain / gains.sum():.3f}" for at, gain in sorted(enumerate(gains), key=lambda pair: -pair[1])[:30]))


if __name__ == "__main__":
    sys.exit(main())
