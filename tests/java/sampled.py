"""Values that a pattern of someone else matches, or nearly, as far as Python can read the pattern."""

import random
import re
import warnings
from re import _constants as constants
from re import _parser as parser

LETTERS = "abzAZ019-_./:@ ,"


def sample(parsed, chance):
    return "".join(part(kind, value, chance) for kind, value in parsed)


def from_set(members, chance):
    if members and members[0][0] is constants.NEGATE:
        return chance.choice(LETTERS)
    kind, value = chance.choice(members)
    if kind is constants.LITERAL:
        return chr(value)
    if kind is constants.RANGE:
        return chr(chance.choice((value[0], value[1], chance.randint(*value))))
    return {constants.CATEGORY_DIGIT: "7", constants.CATEGORY_SPACE: " "}.get(value, "a")


def part(kind, value, chance):
    if kind is constants.LITERAL:
        return chr(value)
    if kind is constants.NOT_LITERAL or kind is constants.ANY:
        return chance.choice(LETTERS)
    if kind is constants.IN:
        return from_set(value, chance)
    if kind is constants.BRANCH:
        return sample(chance.choice(value[1]), chance)
    if kind is constants.SUBPATTERN:
        return sample(value[3], chance)
    if kind in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
        least, most, inner = value
        most = min(int(most), max(least + 3, 3))
        return "".join(sample(inner, chance) for _ in range(min(chance.choice((least, most, chance.randint(least, most))), 2000)))
    if kind is constants.ATOMIC_GROUP:
        return sample(value, chance)
    return ""


def values(pattern, count, seed):
    """Up to `count` of them, the same for the same seed."""
    chance = random.Random(f"{seed} {pattern}")
    warnings.simplefilter("ignore", FutureWarning)  # that a later Python may read it otherwise
    try:
        parsed = parser.parse(re.sub(r"\\p\{[^}]*\}|\\h", "a", pattern))
    except (re.error, OverflowError, RecursionError):
        parsed = []
    found = []
    for number in range(count * 3):
        value = sample(parsed, chance) if parsed else "".join(chance.choices(LETTERS, k=chance.randint(0, 12)))
        at = chance.randint(0, len(value))
        if number % 3:
            value = chance.choice((value[:at] + value[at + 1:], value[:at] + chance.choice(LETTERS + "é\n{") + value[at:], value + value, value[:at]))
        try:
            value.encode()
        except UnicodeEncodeError:
            continue
        if value not in found and len(value) <= 4096:
            found.append(value)
    return found[:count]
