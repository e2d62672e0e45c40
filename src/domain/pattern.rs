//! Regular expressions that a person wrote: ours in cases, Java's in templates.

use regex::Regex;

/// Longer than any pattern that is meant.
const MOST_BYTES: usize = 10_000;

/// Why a pattern is not even looked at.
fn too_long(pattern: &str) -> Option<String> {
    let length = pattern.len();
    (length > MOST_BYTES).then(|| format!("it has {length} bytes, and {MOST_BYTES} are read"))
}

/// A compiled pattern.
///
/// # Errors
/// What is wrong with it, in words that follow the case's name.
pub fn regular_expression(place: &str, pattern: &str) -> Result<Regex, String> {
    if let Some(reason) = too_long(pattern) {
        return Err(format!("has no regular expression in {place}: {reason}"));
    }
    Regex::new(pattern).map_err(|error| {
        // The last line says what is wrong; those before draw the pattern.
        let reason = error.to_string().lines().last().unwrap_or_default().replace("error: ", "");
        format!("has no regular expression in {place}: \"{pattern}\" ({reason})")
    })
}

/// Whether a pattern is as short as it is written: a counted repetition can make a thousand patterns of one.
pub(super) fn is_plain(regex: &Regex) -> bool {
    const MOST_PLAIN_BYTES: usize = 1000;
    regex.as_str().len() <= MOST_PLAIN_BYTES && !regex.as_str().contains('{')
}

/// A pattern of `AllowedPattern`, which CloudFormation reads as `java.util.regex.Pattern` does.
#[derive(Clone, Debug)]
pub struct JavaPattern(fancy_regex::Regex);

/// How far a match may go back on itself before it counts as one that cannot be judged.
const BACKTRACK_LIMIT: usize = 100_000;

impl JavaPattern {
    /// Compiles a pattern with Java's meaning, where it differs from ours.
    ///
    /// # Errors
    /// Why a value cannot be held against it here.
    pub fn compile(pattern: &str) -> Result<Self, String> {
        if let Some(reason) = too_long(pattern) {
            return Err(reason);
        }
        let translated = Translation::of(pattern)?;
        fancy_regex::RegexBuilder::new(&format!(r"\A(?:{translated})\z"))
            .backtrack_limit(BACKTRACK_LIMIT)
            .build()
            .map(Self)
            .map_err(|error| error.to_string().lines().last().unwrap_or_default().replace("error: ", ""))
    }

    /// Whether the pattern matches all of `value`, as `Matcher.matches` does; `None` if that took too many steps.
    pub fn matches(&self, value: &str) -> Option<bool> {
        self.0.is_match(value).ok()
    }
}

/// A pattern on its way from Java's dialect to ours.
struct Translation<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    out: String,
    /// How many `[` are open.
    classes: usize,
    dot_takes_all: bool,
    /// Whether what stands right before, in a class, is a class itself.
    after_class: bool,
}

/// Java's `.` stops at more ends of lines than ours.
const DOT: &str = r"[^\n\r\u{85}\u{2028}\u{2029}]";

impl<'a> Translation<'a> {
    fn of(pattern: &'a str) -> Result<String, String> {
        let (rest, out) = (pattern.chars().peekable(), String::new());
        let mut translation = Self { rest, out, classes: 0, dot_takes_all: false, after_class: false };
        while let Some(any) = translation.rest.next() {
            translation.take(any)?;
        }
        Ok(translation.out)
    }

    fn take(&mut self, any: char) -> Result<(), String> {
        match any {
            '\\' => return self.escape(),
            '[' => return self.open_class(),
            ']' if self.classes > 0 => self.classes -= 1,
            '.' if self.classes == 0 && !self.dot_takes_all => {
                self.out.push_str(DOT);
                return Ok(());
            }
            '(' if self.classes == 0 && self.rest.peek() == Some(&'?') => return self.group(),
            // A hyphen next to a class of its own, or before the end, is only a hyphen
            '-' if self.classes > 0 && (self.after_class || self.before_the_end()) => {
                self.after_class = false;
                self.out.push_str(r"\-");
                return Ok(());
            }
            // Ours are set operations; Java's are plain characters
            '-' | '~' if self.classes > 0 && self.rest.peek() == Some(&any) => {
                return Err(format!("\"{any}{any}\" in a class means something else here"));
            }
            _ => {}
        }
        self.after_class = false;
        self.out.push(any);
        Ok(())
    }

    fn before_the_end(&self) -> bool {
        self.rest.clone().find(|any| *any != '-') == Some(']')
    }

    fn open_class(&mut self) -> Result<(), String> {
        if self.classes > 0 && self.rest.peek() == Some(&':') {
            return Err("a class in a class that begins with \":\" means something else here".to_owned());
        }
        self.classes += 1;
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        // Java takes a bracket that stands first as an open class, we take it as a character
        if self.rest.peek() == Some(&']') {
            return Err("a class that begins with \"]\" means something else here".to_owned());
        }
        Ok(())
    }

    /// `(?`: flags, names and look-around.
    fn group(&mut self) -> Result<(), String> {
        self.out.push('(');
        let flags: String =
            self.rest.clone().skip(1).take_while(|any| any.is_ascii_alphabetic() || *any == '-').collect();
        if let Some(unknown) = flags.chars().find(|flag| "dxuU".contains(*flag)) {
            return Err(format!("flag \"{unknown}\" is Java's own"));
        }
        if flags.contains('s') {
            if !self.out.eq("(") {
                return Err("flag \"s\" stands elsewhere than in front".to_owned());
            }
            self.dot_takes_all = true;
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some(any) = self.rest.next() else {
            return Err("it ends with a backslash".to_owned());
        };
        let in_class = self.classes > 0;
        let class = |positive: &str, inside: &str| if in_class { inside.to_owned() } else { positive.to_owned() };
        // Java's own classes are of ASCII only, ours of all of Unicode
        let translated = match any {
            'd' => class("[0-9]", "0-9"),
            'w' => class("[a-zA-Z0-9_]", "a-zA-Z0-9_"),
            's' => class(r"[ \t\n\x0B\f\r]", r" \t\n\x0B\f\r"),
            'D' => "[^0-9]".to_owned(),
            'W' => "[^a-zA-Z0-9_]".to_owned(),
            'S' => r"[^ \t\n\x0B\f\r]".to_owned(),
            'h' => class(r"[ \t\u{A0}\u{1680}\u{180E}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}]", r" \t\u{A0}"),
            'v' => class(r"[\n\x0B\f\r\u{85}\u{2028}\u{2029}]", r"\n\x0B\f\r\u{85}\u{2028}\u{2029}"),
            'Q' => {
                self.quoted();
                return Ok(());
            }
            'p' | 'P' => return self.property(any == 'P'),
            'b' | 'B' | 'A' | 'z' | 't' | 'n' | 'r' | 'f' | 'a' | 'x' | 'u' | 'k' | '1'..='9' => format!("\\{any}"),
            'e' => r"\x1B".to_owned(),
            _ if any.is_ascii_alphanumeric() => return Err(format!("\"\\{any}\" is Java's own")),
            _ if any.is_ascii_punctuation() && any != '<' && any != '>' => format!("\\{any}"),
            _ => any.to_string(),
        };
        self.after_class = in_class && "dwsDWShv".contains(any);
        self.out.push_str(&translated);
        Ok(())
    }

    /// `\Q...\E`: all characters stand for themselves.
    fn quoted(&mut self) {
        while let Some(any) = self.rest.next() {
            if any == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.out.push_str(&regex::escape(&any.to_string()));
        }
    }

    /// `\p{...}`: POSIX classes are of ASCII only, general categories are the same.
    fn property(&mut self, negated: bool) -> Result<(), String> {
        let letter = if negated { 'P' } else { 'p' };
        if self.rest.next_if_eq(&'{').is_none() {
            let Some(category) = self.rest.next() else {
                return Err("it ends with a property without name".to_owned());
            };
            self.out.extend(['\\', letter, category]);
            return Ok(());
        }
        let name: String = self.rest.by_ref().take_while(|any| *any != '}').collect();
        let posix = match name.as_str() {
            "Lower" => "a-z",
            "Upper" => "A-Z",
            "ASCII" => r"\x00-\x7F",
            "Alpha" => "a-zA-Z",
            "Digit" => "0-9",
            "Alnum" => "a-zA-Z0-9",
            "Punct" => r"!-/:-@\[-`{-~",
            "Graph" => "!-~",
            "Print" => " -~",
            "Blank" => r" \t",
            "Cntrl" => r"\x00-\x1F\x7F",
            "XDigit" => "0-9a-fA-F",
            "Space" => r" \t\n\x0B\f\r",
            "L" | "Lu" | "Ll" | "Lt" | "Lm" | "Lo" | "M" | "Mn" | "Mc" | "Me" | "N" | "Nd" | "Nl" | "No" | "P"
            | "S" | "Z" | "Zs" | "C" => {
                self.out.extend(['\\', letter, '{']);
                self.out.push_str(&name);
                self.out.push('}');
                return Ok(());
            }
            _ => return Err(format!("\"\\{letter}{{{name}}}\" is Java's own")),
        };
        self.after_class = self.classes > 0;
        self.out.extend([if negated { "[^" } else { "[" }, posix, "]"]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn holds(pattern: &str, yes: &[&str], no: &[&str]) {
        let compiled = JavaPattern::compile(pattern).expect(pattern);
        for value in yes {
            assert_eq!(compiled.matches(value), Some(true), "{pattern} and {value:?}");
        }
        for value in no {
            assert_eq!(compiled.matches(value), Some(false), "{pattern} and {value:?}");
        }
    }

    #[test]
    fn a_pattern_matches_the_whole_value_anchored_or_not() {
        holds("^[a-zA-Z](-*[a-zA-Z0-9])*", &["a", "a-b", "a--b1"], &["a_b", "-a", "a-", ""]);
        holds("a|b", &["a", "b"], &["ab", "a "]);
        holds("[a-z]+", &["abc"], &["abc\n", "\nabc"]);
    }

    #[test]
    fn look_around_possessive_and_atomic_groups_work() {
        holds("(?!aws)[a-z]+", &["data"], &["awsdata"]);
        holds(".*(?<!-)", &["a-b"], &["a-"]);
        holds("(?=.*[0-9])(?=.*[A-Z])[A-Z0-9]{3,}", &["AB1"], &["ABC", "123"]);
        holds("a*+a", &[], &["aaa"]);
        holds("(?>a|ab)c", &["ac"], &["abc"]);
        holds(r"(a|b)\1", &["aa", "bb"], &["ab"]);
    }

    #[test]
    fn classes_are_javas() {
        holds(r"\d+", &["12"], &["\u{661}\u{662}"]);
        holds(r"[\w.-]+", &["a_b.c-d"], &["\u{e4}"]);
        holds(r"[^\W]+", &["a_1"], &["a-1"]);
        holds(r"\h", &[" ", "\t"], &["a", "f"]);
        holds(r"\p{Alpha}\p{Punct}", &["a!", "Z]"], &["\u{e4}!", "a1"]);
        holds(r"\p{L}+", &["\u{e4}b"], &["1"]);
        holds("[a-z&&[^aeiou]]+", &["bcd"], &["bad"]);
        holds(r"\Qa.b\E+", &["a.b", "a.bb"], &["axb"]);
        holds(r"a\<b\>\/c", &["a<b>/c"], &["ab/c"]);
        holds("a.c", &["abc"], &["a\rc", "a\u{2028}c"]);
        holds(r"[\w-\+]+", &["a-b+c"], &["a,b"]);
        holds("[a-]+[--]{2}[.-]", &["a---."], &["a-b."]);
        holds("(?s)a.c", &["a\nc"], &["ac"]);
        holds("(?i)abc", &["ABC"], &["ABD"]);
        holds("[]a]".replace("[]", r"[\]").as_str(), &["]", "a"], &["b"]);
    }

    #[test]
    fn what_cannot_be_judged_is_said_instead_of_guessed() {
        for pattern in [r"\p{IsLatin}+", r"\R", r"\X", "(?x) a", "(?U)\\w", "[a", "\\", r"[[:alpha:]]"] {
            assert!(JavaPattern::compile(pattern).is_err(), "{pattern}");
        }
        let slow = JavaPattern::compile(r"(?:(?=(a+))a|(a)a?)+\1\2x").expect("valid");
        assert_eq!(slow.matches(&format!("{}!", "a".repeat(60))), None);
    }
}
