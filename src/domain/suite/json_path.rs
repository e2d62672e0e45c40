//! JSONPaths that a person wrote, asked of answers within bounds: a path of a few characters can find more than any
//! memory holds.

use std::fmt;

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::domain::suite::json_answer::JsonAnswer;
use crate::domain::text::excerpt::cut;

/// Longer than any path that is meant; parsing goes down a level for each bracket.
const MOST_CHARS: usize = 4096;
const MOST_BRACKETS: usize = 32;
/// So many values a path may find in an answer, counted again for each way to them.
const MOST_FOUND: u64 = 20_000_000;

/// A path, and how much it can find.
#[derive(Clone, Debug)]
pub struct Path {
    /// As it was written
    text: String,
    inner: JsonPath,
    /// How often it goes down to any level: `..`
    descents: u32,
    /// Whether it finds one value at most.
    is_singular: bool,
    /// In how many ways it may find the same value in one step: `[*, *]`
    ways: u64,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A path that a person wrote.
///
/// # Errors
/// Why it is none, in words that follow the case's name.
pub(crate) fn json_path(place: &str, text: &str) -> Result<Path, String> {
    Path::parse(text).map_err(|error| {
        format!(
            "has no JSONPath in {place}: \"{}\" ({error}); write a path as RFC 9535 has it, such as $.predictions[0]",
            cut(text)
        )
    })
}

/// A bracket that is open while a path is gone through.
struct Open {
    is_selection: bool,
    commas: u64,
    /// Whether it holds more than names and numbers
    is_broad: bool,
}

/// Filters compare floating-point numbers, and from 2^53 on, one stands for several whole ones.
fn refuse_long_numbers(text: &str) -> Result<(), String> {
    const LARGEST: u128 = 1 << 53;
    let (mut quote, mut before) = (None, ' ');
    let mut number = String::new();
    for any in text.chars().chain([' ']) {
        if any.is_ascii_digit()
            && quote.is_none()
            && (!number.is_empty() || !(before.is_alphanumeric() || "._".contains(before)))
        {
            number.push(any);
        } else {
            if number.len() > 15 && number.parse().is_ok_and(|number: u128| number > LARGEST) || number.len() > 38 {
                return Err(format!(
                    "it has {}, which a filter takes for another one; compare it by equals",
                    cut(&number)
                ));
            }
            number.clear();
        }
        quote = match (quote, any) {
            (None, '\'' | '"') => Some(any),
            (Some(open), _) if open == any && before != '\\' => None,
            (open, _) => open,
        };
        before = if before == '\\' && any == '\\' { ' ' } else { any };
    }
    Ok(())
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MOST_CHARS {
            return Err(format!("it has {} characters, and {MOST_CHARS} are read", text.chars().count()));
        }
        let (mut descents, mut ways, mut is_singular) = (0, 1_u64, true);
        refuse_long_numbers(text)?;
        let mut open: Vec<Open> = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(any) = rest.next() {
            match any {
                '\'' | '"' => {
                    while let Some(inner) = rest.next().filter(|inner| *inner != any) {
                        if inner == '\\' {
                            rest.next();
                        }
                    }
                }
                '.' if rest.next_if_eq(&'.').is_some() => descents += 1,
                '[' | '(' => open.push(Open { is_selection: any == '[', commas: 0, is_broad: false }),
                ']' | ')' => {
                    if let Some(Open { is_selection: true, commas, is_broad: true }) = open.pop() {
                        ways = ways.saturating_mul(commas + 1);
                    }
                }
                ',' => {
                    is_singular = false;
                    open.last_mut().into_iter().for_each(|open| open.commas += 1);
                }
                '*' | ':' | '?' => {
                    is_singular = false;
                    open.last_mut().into_iter().for_each(|open| open.is_broad = true);
                }
                _ => {}
            }
            if open.len() > MOST_BRACKETS {
                return Err(format!("it has more than {MOST_BRACKETS} brackets in each other"));
            }
        }
        let inner = JsonPath::parse(text).map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), inner, descents, is_singular: is_singular && descents == 0, ways })
    }

    /// Whether it finds one value at most.
    pub(crate) fn is_singular(&self) -> bool {
        self.is_singular
    }

    /// Whether it finds each value once at most, and asks nothing of any.
    pub(crate) fn is_plain(&self) -> bool {
        self.descents == 0 && self.ways == 1 && !self.text.contains('?')
    }

    /// The values that it finds.
    ///
    /// # Errors
    /// It may find too many.
    pub(crate) fn query<'a>(&self, answer: &'a JsonAnswer) -> Result<Vec<&'a Value>, String> {
        // Each value is below as many others as it is deep, and is found once by each of them.
        let by_descents = answer.depth.saturating_pow(self.descents.saturating_sub(1));
        let most = answer.values.saturating_mul(by_descents).saturating_mul(self.ways);
        if most > MOST_FOUND {
            return Err(format!(
                "expected at most {MOST_FOUND} values at {self}, and there may be {most} in this answer"
            ));
        }
        Ok(self.inner.query(&answer.value).all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, json: &str) -> Result<usize, String> {
        let answer = JsonAnswer::parse(json.as_bytes()).expect("JSON");
        Path::parse(path).expect(path).query(&answer).map(|found| found.len())
    }

    #[test]
    fn a_path_that_finds_a_value_in_too_many_ways_is_not_asked() {
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(found("$..*", &deep), Ok(100));
        assert_eq!(found("$..*..*", &deep), Ok(4950));
        for path in
            ["$..*..*..*..*..*", &format!("$..*{}", "[*,*]".repeat(30)), &"[*,?@]".repeat(40).replacen('[', "$[", 1)]
        {
            let error = found(path, &deep).expect_err(path);
            assert!(error.starts_with("expected at most 20000000 values at $"), "{error}");
        }
        let wide = format!("[{}1]", "1,".repeat(999_999));
        assert_eq!(found("$[*]", &wide), Ok(1_000_000));
        assert_eq!(found("$['a','b','c','d','e','f','g'][0,1]['..','[*,*]']", "{}"), Ok(0));
    }

    #[test]
    fn a_path_is_of_one_value_unless_it_selects() {
        for (path, is_singular) in [
            ("$", true),
            ("$.a[0]['b,*:?']", true),
            ("$.a[-1]", true),
            ("$.*", false),
            ("$[*].a", false),
            ("$..a", false),
            ("$[0:2]", false),
            ("$[0,1]", false),
            ("$[?@.a]", false),
        ] {
            assert_eq!(Path::parse(path).expect(path).is_singular(), is_singular, "{path}");
        }
    }

    #[test]
    fn numbers_that_filters_cannot_tell_apart_are_refused() {
        for path in ["$[?@.id == 9007199254740993]", "$[?@ < -123456789012345678901]"] {
            let error = Path::parse(path).expect_err(path);
            assert!(error.contains(", which a filter takes for another one"), "{error}");
        }
        for path in [
            "$[?@.id == 9007199254740992]",
            "$[?@.id == '9007199254740993']",
            "$.a9007199254740993",
            "$[?@ > 0.12345678901234567]",
        ] {
            assert!(Path::parse(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn what_no_parser_should_see_is_refused_before_it_does() {
        for (path, message) in [
            (
                format!("$[?{}1==1{}]", "(".repeat(100_000), ")".repeat(100_000)),
                "it has 200008 characters, and 4096 are read",
            ),
            (format!("$[?{}1==1{}]", "(".repeat(1000), ")".repeat(1000)), "it has more than 32 brackets in each other"),
            ("predictions".to_owned(), "at position 0"),
        ] {
            let error = Path::parse(&path).expect_err("no path");
            assert!(error.starts_with(message), "{error}");
        }
    }
}
