"""Patterns that nobody wrote, each with values that it matches, or nearly: from a seed, so that they are the same each time."""

import random

LETTERS = "abcABCxyzk019_- .,:/"
ODD = ["é", "É", "ß", "ẞ", "ſ", "K", "ı", "İ", "\u0301", "ä", "日", "א", "😀", "\U0001F1E9", "\U0001F1EA", "\u200d", "\u2028", "\u0085", "\r",
       "\n", "\t", "\u000b", "\u3000", "σ", "ς", "Σ", "ǅ", "µ", "ÿ", "Ÿ", "Å", "가", "ᄀ", "ᅡ", "ᆨ", "\u0378", "\U0001D400", "ª", "Ⅷ", "½"]
META = "()[]{}*+?|^$\\.&-#"
PREDEFINED = {"d": "07", "D": "ax", "w": "a_9", "W": "-é", "s": " \t", "S": "ab", "h": "\t \u3000", "H": "a", "v": "\n\u2028", "V": "a"}
PROPERTIES = ("L Lu Ll Lt N Nd P S Z C M Mn Lower Upper ASCII Alpha Digit Alnum Punct Graph Print Blank Cntrl XDigit Space IsLatin IsGreek IsHan "
              "IsAlphabetic IsLowercase IsUppercase IsWhite_Space IsLetter IsDigit IsPunctuation IsAssigned IsWord IsHan IsLatn InGreek "
              "InBasicLatin InLatin-1Supplement InCyrillic javaLowerCase javaUpperCase javaWhitespace javaMirrored javaJavaIdentifierStart "
              "javaUnicodeIdentifierPart javaLetterOrDigit sc=Greek script=LATIN blk=Arrows gc=Lu IsNd IsL LC LD L1 all Cn Cs Co Zs IsEmoji "
              "IsLower IsSpace IsXDigit IsCntrl Foo IsFoo InFoo Latin lower IsControl IsNoncharacter_Code_Point IsIdeographic IsTitlecase IsJoin_Control IsHex_Digit").split()
FLAGS = "imsduxU"


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.groups = 0
        self.names = []

    def one_of(self, *makers):
        return self.random.choice(makers)()

    def character(self):
        roll = self.random.random()
        if roll < 0.75:
            return self.random.choice(LETTERS)
        return self.random.choice(ODD) if roll < 0.95 else self.random.choice(META)

    def escaped(self, one):
        """One of the ways to write a character."""
        point = ord(one)
        ways = [lambda: "\\" + one if not one.isalnum() else one, lambda: f"\\x{{{point:x}}}"]
        if one not in META and one not in "#":
            ways += [lambda: one] * 6
        if point < 0x100:
            ways += [lambda: f"\\x{point:02x}", lambda: f"\\u{point:04X}", lambda: f"\\0{point:o}"]
        elif point < 0x10000:
            ways.append(lambda: f"\\u{point:04x}")
        else:
            units = one.encode("utf-16-be")
            ways.append(lambda: f"\\u{units[:2].hex()}\\u{units[2:].hex()}")
        return self.one_of(*ways)

    def literal(self):
        one = self.character()
        return self.escaped(one), one

    def text(self):
        text = "".join(self.character() for _ in range(self.random.randint(1, 4)))
        if self.random.random() < 0.15:
            return f"\\Q{text}\\E", text
        return "".join(map(self.escaped, text)), text

    def predefined(self):
        letter = self.random.choice(list(PREDEFINED))
        return "\\" + letter, self.random.choice(PREDEFINED[letter])

    def a_property(self):
        name = self.random.choice(PROPERTIES)
        return f"\\{self.random.choice('pppP')}{{{name}}}", self.character()

    def range(self):
        first, last = sorted((self.character(), self.character()))
        if self.random.random() < 0.05:
            first, last = last, first
        return f"{self.escaped(first)}-{self.escaped(last)}", self.random.choice((first, last))

    def hyphens(self):
        return self.random.choice(["-", "--", "+--", "a-", "-a", "&", "&&", "^", "&&&", "a-[b]", "]", "[", " ", "#"]), self.character()

    def class_(self, depth=2):
        parts, values = [], []
        if self.random.random() < 0.25:
            parts.append("^")
        for _ in range(self.random.randint(1, 4)):
            makers = [self.literal, self.literal, self.range, self.range, self.predefined, self.a_property, self.hyphens]
            if depth:
                makers.append(lambda: self.class_(depth - 1))
            part, value = self.one_of(*makers)
            parts.append(part)
            values.append(value)
            if self.random.random() < 0.12:
                parts.append("&&")
                if self.random.random() < 0.6 and depth:
                    parts.append(self.class_(depth - 1)[0])
        return "[" + "".join(parts) + "]", self.random.choice(values)

    def meta(self):
        return self.random.choice([(".", "a"), (".", "\r"), ("^", ""), ("$", ""), (r"\b", ""), (r"\B", ""), (r"\A", ""), (r"\z", ""), (r"\Z", ""),
                                   (r"\G", ""), (r"\R", "\r\n"), (r"\R", "\n"), (r"\X", "e\u0301"), ("$\n", "\n"), (r"\Z\R", "\r\n"), (r"\b{g}", "")])

    def reference(self):
        if self.names and self.random.random() < 0.5:
            return f"\\k<{self.random.choice(self.names)}>", ""
        return f"\\{self.random.randint(1, max(2, self.groups + 1))}", ""

    def broken(self):
        return self.random.choice(["(", ")", "[", "]", "{", "}", "*", "+", "?", "{,3}", "{1, 3}", "{3,1}", "a{", "(?P<a>b)", "(?<a_b>c)", "(?#a)",
                                   r"\u{41}", r"\y", r"\K", r"\g{1}", r"\i", r"\_", r"\<", r"\p", r"\p{", r"\px", r"\x4", r"\c", "${a}", "{{a}}", "(?|a)",
                                   r"\E", r"\N", r"\0", r"\08", "a{2}{3}", "a+{2}", "{2}", "a**", "(?i", "(?", "(?<", "(?<a", r"\k<a>", r"\k", "(?<=a+)b",
                                   "(?<=(a|b)+)", "(?z)", "(?i-)", "(?)", "[[:alpha:]]", "[]", "[^]", "[a-\\d]", "[\\w-z]", "[z-a]"]), ""

    def group(self, depth):
        kind = self.random.choice(["(", "(", "(", "(?:", "(?:", "(?>", "(?=", "(?!", "(?<=", "(?<!", "named", "flags"])
        if kind == "named":
            name = self.random.choice(["a", "b1", "part", "Name"])
            self.names.append(name)
            kind = f"(?<{name}>"
        elif kind == "flags":
            kind = f"(?{''.join(self.random.sample(FLAGS, self.random.randint(1, 2)))}{self.random.choice(['', '', '-i', '-s'])}:"
        self.groups += kind == "(" or kind.startswith("(?<") and kind[3] not in "=!"
        pattern, value = self.alternatives(depth - 1)
        return f"{kind}{pattern})", "" if kind in ("(?!", "(?<!", "(?=", "(?<=") else value

    def quantified(self, depth):
        makers = [self.literal, self.literal, self.text, self.text, self.class_, self.class_, self.predefined, self.a_property, self.meta]
        if depth:
            makers += [lambda: self.group(depth)] * 4
        if self.random.random() < 0.06:
            makers = [self.reference]
        elif self.random.random() < 0.015:
            makers = [self.broken]
        pattern, value = self.one_of(*makers)
        if self.random.random() < 0.35:
            quantifier, count = self.random.choice([("?", 0), ("?", 1), ("*", 0), ("*", 2), ("+", 1), ("+", 3), ("{2}", 2), ("{1,3}", 2), ("{2,}", 3),
                                                    ("{0,1}", 1), ("{0}", 0), ("{1}", 1), ("{0,2}", 1), ("{3,1000}", 3)])
            pattern += quantifier + self.random.choice(["", "", "", "?", "+"])
            value *= count
        return pattern, value

    def sequence(self, depth):
        parts = [self.quantified(depth) for _ in range(self.random.choice([0, 1, 1, 2, 2, 3, 4]) if depth < 3 else self.random.randint(1, 4))]
        if self.random.random() < 0.08:
            parts.insert(0, (f"(?{''.join(self.random.sample(FLAGS, self.random.randint(1, 3)))})", ""))
        return "".join(pattern for pattern, _ in parts), "".join(value for _, value in parts)

    def alternatives(self, depth):
        parts = [self.sequence(depth) for _ in range(self.random.choice([1, 1, 1, 2, 3]) if depth < 3 else self.random.choice([1, 1, 1, 1, 2]))]
        return "|".join(pattern for pattern, _ in parts), self.random.choice(parts)[1]

    def near(self, value):
        """The value with a slip."""
        at = self.random.randint(0, len(value))
        return self.one_of(lambda: value[:at] + value[at + 1:], lambda: value[:at] + self.character() + value[at:],
                           lambda: value[:at] + self.character() + value[at + 1:], value.swapcase, lambda: value + "\n", lambda: value * 2,
                           lambda: value[:at] + value[:at][-1:] + value[at:], lambda: value[1:])


class Narrow(Generator):
    """Few letters, so that groups, references, look-around and repeats have much to do with each other."""

    def character(self):
        return self.random.choice("aab") if self.random.random() < 0.95 else self.random.choice("ABk\u212a😀\n")

    def escaped(self, one):
        return one

    def class_(self, depth=0):
        return self.random.choice([("[ab]", "a"), ("[^a]", "b"), (".", "a"), ("[a-b]", "b"), ("\\w", "a")])

    predefined = a_property = class_

    def meta(self):
        return self.random.choice([("^", ""), ("$", ""), (r"\b", ""), (r"\G", ""), (r"\R", "\n"), (r"\z", "")])

    def quantified(self, depth):
        if self.random.random() < 0.12:
            return self.reference()
        return super().quantified(depth)


class Soup(Generator):
    """Pieces of syntax in any order: most is refused, and should be by both."""

    PIECES = ("a b z 0 9 - - ^ & && [ [ [^ ] ] { } ( ) (?: (?= (?<= (?<n> (?i) (?x) (?u) | * + ? {2} {1,} {,2} {0,1} . $ \\d \\w \\s \\h \\v \\R \\b \\Q \\E \\1 "
              "\\k<n> \\p{L} \\x41 \\u0041 \\0 \\c \\- \\] \\[ # é 😀 \\ud83d \\ude00 \\x{1F600} , : < > = !").split() + [" ", "\n"]

    def alternatives(self, depth):
        pattern = "".join(self.random.choice(self.PIECES) for _ in range(self.random.randint(1, 9)))
        return pattern, "".join(one for one in pattern if one.isalnum() or self.random.random() < 0.2)


class Classes(Soup):
    PIECES = "a b c d z 0 - - - ^ & && && [ [ [^ ] ] \\d \\W \\p{Lu} \\v \\h \\] \\- a-c b-d \\x61 \\u00e9 é ÿ K k s i (?i) \\s".split() + [" "]

    def alternatives(self, depth):
        pattern, value = super().alternatives(depth)
        flags = self.random.choice(["", "", "", "(?i)", "(?iu)", "(?x)"])
        return f"{flags}[{pattern}]", value[:1]


FAMILIES = {"any": Generator, "narrow": Narrow, "soup": Soup, "classes": Classes}


def pairs(seed, family, count):
    """`count` pairs of a pattern and a value."""
    made, number = [], 0
    while len(made) < count:
        number += 1
        generator = FAMILIES[family](f"{seed} {family} {number}")
        pattern, value = generator.alternatives(3)
        values = [value, generator.near(value), generator.near(value), generator.near(generator.near(value)),
                  "".join(generator.character() for _ in range(3))]
        made += [(pattern, one) for one in dict.fromkeys(values)]
    return made[:count]
