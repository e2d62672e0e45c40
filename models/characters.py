#!/usr/bin/env python3
"""Writes models/characters.txt from what models/Characters.java printed under two JDKs: characters.py OLDER NEWER OUT."""

import collections
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        version, *lines = file.read().splitlines()
    rows = {}
    for line in lines:
        key, _, ranges = line.partition("\t")
        rows[key] = [tuple(map(int, one.split("-"))) for one in ranges.split()]
    return version, rows


def points(ranges):
    return {one for first, last in ranges for one in range(first, last + 1)}


def ranges_of(points):
    ranges = []
    for one in sorted(points):
        if ranges and ranges[-1][1] == one - 1:
            ranges[-1][1] = one
        else:
            ranges.append([one, one])
    return ranges


def written(ranges):
    """Each range by its distance from the end of the one before, and by how much longer than one it is; in hex."""
    out, end = [], 0
    for first, last in ranges:
        out.append(f"{first - end:x}" + (f"+{last - first:x}" if last > first else ""))
        end = last
    return " ".join(out)


def forms(block):
    """Java takes a block's name with spaces, without them, and with lines in their place and in that of hyphens."""
    return block.replace(" ", ""), block.replace(" ", "_").replace("-", "_")


def main(older, newer, out):
    old_version, old = read(older)
    new_version, new = read(newer)
    differs, newcomers = set(), []
    for key in sorted(set(old) | set(new)):
        base = key[1:] if key.startswith(("ip/", "iis/", "iposix/")) else key
        moved = key.startswith(("upper/", "lower/"))
        if base not in old and not moved:
            newcomers.append(key)
            continue
        before, after = old.get(key, old.get(base, [])), new.get(key, new.get(base, []))
        if before != after:
            differs |= points(before) ^ points(after)
    shared = collections.defaultdict(list)
    for key, ranges in old.items():
        shared[written(ranges)].append(key)
    with open(out, "w", encoding="utf-8") as file:
        print("# What java.util.regex knows of characters. `make java` writes it; src/domain/cloudformation/java_pattern/characters.rs reads it.",
              f"# java {old_version} {new_version}",
              "# A row: names, then code points in hex, each range by its distance from the one before + how much longer than one.",
              f"differs\t\t{written(ranges_of(differs))}",
              "\t".join(["newer", *newcomers]), sep="\n", file=file)
        for text, keys in sorted(shared.items(), key=lambda row: row[1]):
            known = {form for key in keys for form in forms(key) if form != key}
            keys = [key for key in keys if key not in known]
            print("\t".join([*keys, "", text]), file=file)


if __name__ == "__main__":
    main(*sys.argv[1:])
