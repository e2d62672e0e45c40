#!/usr/bin/env python3
"""Holds what this program makes of patterns to two versions of java.util.regex: run.py OLDER NEWER CLASSES SCHEMAS.

OLDER and NEWER are `java` commands, CLASSES holds Matches.class, SCHEMAS the packages that `make schemas` reads. Writes
tests/reference/java_patterns.json, the answers to the patterns by hand.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import families
import generated
import sampled

ROOT = pathlib.Path(__file__).parent.parent.parent
TABLE = ROOT / "tests/reference/java_patterns.json"
SEED = 17
# Patterns that nobody wrote, of each kind
GENERATED = 3000
# What AWS's own models say: a value or two of each pattern are enough for thousands of patterns
PER_PATTERN = 3


def of_json(value, key="pattern"):
    """Every pattern in a document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key and isinstance(inner, str):
                yield inner
            else:
                yield from of_json(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from of_json(inner, key)


def published(folder, package, wanted):
    """The patterns of a package that AWS or its friends publish."""
    import gzip
    found = set()
    for path in sorted(pathlib.Path(folder).glob(f"{package}-*.whl")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if re.search(wanted, name):
                    data = archive.read(name)
                    found.update(of_json(json.loads(gzip.decompress(data) if name.endswith(".gz") else data)))
    return sorted(found)


def own_table():
    lines = (ROOT / "models/schemas.txt").read_text(encoding="utf-8").splitlines()
    return sorted({line.split(" /", 1)[1] for line in lines if " /" in line})


def sources(schemas):
    near = lambda patterns, count: [(pattern, value) for pattern in patterns for value in sampled.values(pattern, count, SEED)]
    yield "by hand", families.pairs()
    yield "models/schemas.txt", near(own_table(), 12)
    yield "schemas of resource types", near(published(schemas, "cfn_lint", r"schemas/.*\.json$"), PER_PATTERN)
    yield "models of botocore", near(published(schemas, "botocore", r"service-2\.json(\.gz)?$"), PER_PATTERN)
    for family in generated.FAMILIES:
        yield f"generated: {family}", generated.pairs(SEED, family, GENERATED)


def java(command, classes, pairs):
    units = lambda text: text.encode("utf-16-be").hex()
    asked = "".join(f"{units(pattern)}\t{units(value)}\n" for pattern, value in pairs)
    done = subprocess.run([command, "-cp", classes, "Matches"], input=asked, capture_output=True, text=True, check=True)
    return [{"true": True, "false": False}.get(line, line) for line in done.stdout.splitlines()]


def ours(pairs):
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = pathlib.Path(folder) / "pairs.json", pathlib.Path(folder) / "answers.json"
        asked.write_text(json.dumps(pairs))
        subprocess.run(["cargo", "test", "--quiet", "--locked", "--test", "java_pattern", "answers", "--", "--ignored", "--exact"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "JAVA_PAIRS": str(asked), "JAVA_ANSWERS": str(answered)})
        return json.loads(answered.read_text())


def kind(answer):
    return answer if isinstance(answer, bool) else answer.split(":")[0]


def write_table(pairs, older, newer):
    """What Java says to the patterns by hand; nothing where its versions do not agree, or fail."""
    rows = [(*pair, before if kind(before) == kind(after) != "fails" else None) for pair, before, after in zip(pairs, older, newer)]
    TABLE.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")


def main():
    arguments = argparse.ArgumentParser()
    for name in ("older", "newer", "classes", "schemas"):
        arguments.add_argument(name)
    given = arguments.parse_args()
    named = [(source, pair) for source, pairs in sources(given.schemas) for pair in pairs]
    pairs = [pair for _, pair in named]
    older, newer = (java(command, given.classes, pairs) for command in (given.older, given.newer))
    write_table([pair for source, pair in named if source == "by hand"], older, newer)
    answers = list(zip(older, newer, ours(pairs), strict=True))
    counts = collections.defaultdict(collections.Counter)
    reasons = collections.Counter()
    for (source, (pattern, value)), (older, newer, own) in zip(named, answers):
        count = counts[source]
        count["pairs"] += 1
        agree = kind(older) == kind(newer)
        if kind(own) == "undecided":
            count["undecided"] += 1
            reasons[own if agree and kind(older) != "fails" else "undecided: so is Java, whose versions differ or fail"] += 1
        elif agree and kind(own) == kind(older):
            count["agree"] += 1
        else:
            count["differ"] += 1
            print(f"{source}: {pattern!r} and {value!r}: Java says {older}, the newer one {newer}, we {own}")
    print(f"{'':28}{'pairs':>8}{'agree':>8}{'differ':>8}{'undecided':>11}")
    total = sum(counts.values(), collections.Counter())
    for source, count in [*counts.items(), ("all", total)]:
        print(f"{source:28}{count['pairs']:>8}{count['agree']:>8}{count['differ']:>8}{count['undecided']:>11}")
    for reason, count in reasons.most_common():
        print(f"{count:>8} {reason}")
    return 1 if total["differ"] else 0


if __name__ == "__main__":
    sys.exit(main())
