//! Regular expressions as `java.util.regex.Pattern` of Java 17 to 25 takes and decides them, for CloudFormation does that
//! with an `AllowedPattern`: what Java refuses is known with its reason, all else is matched as `Matcher.matches` does.
//!
//! A pattern is parsed (`parser`, `group`, `repeat`, `escape`, `class`, `property`) into `syntax`, made a `program`, and matched by going back
//! where a way fails, over UTF-16 as Java has it. `make java` holds all of it to the real one.

mod char_set;
mod characters;
mod class;
mod defect;
mod escape;
mod group;
mod matcher;
mod parser;
mod position;
mod program;
mod property;
mod reader;
mod repeat;
mod syntax;

pub use defect::{Defect, Refusal};

use matcher::Matcher;
use parser::Pattern;
use position::Words;
use program::Program;

/// Longer than any pattern that is meant.
const MOST_BYTES: usize = 10_000;

/// A pattern that Java takes.
#[derive(Clone, Debug)]
pub struct JavaPattern(Program);

impl JavaPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why Java refuses it, or why it is not known what Java makes of it.
    pub fn compile(pattern: &str) -> Result<Self, Defect> {
        if pattern.len() > MOST_BYTES {
            let reason = format!("it has {} bytes, and {MOST_BYTES} are read", pattern.len());
            return Err(Defect::Undecided(reason));
        }
        Ok(Self(Program::of(&Pattern::parse(pattern)?)))
    }

    /// Whether the pattern matches all of `value`.
    ///
    /// # Errors
    /// Why that is not known: it takes too many steps, or versions of Java differ.
    pub fn matches(&self, value: &str) -> Result<bool, &'static str> {
        if self.0.uses_table && value.chars().any(|one| characters::differing().contains(one.into())) {
            return Err("Java 17 and 25 do not agree on a character of it");
        }
        let units: Vec<u16> = value.encode_utf16().collect();
        let answer = |words| Matcher::new(&self.0, &units, words).matches();
        let newer = answer(Words::Ascii)?;
        if self.0.has_boundaries && !value.is_ascii() && answer(Words::Unicode)? != newer {
            return Err("Java 17 and 25 do not agree on \"\\b\" beside characters beyond ASCII");
        }
        Ok(newer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refusal(pattern: &str) -> Refusal {
        match JavaPattern::compile(pattern) {
            Err(Defect::Refused(refusal)) => refusal,
            other => panic!("{pattern} is not refused: {other:?}"),
        }
    }

    #[test]
    fn what_java_refuses_is_said_with_the_form_that_it_takes() {
        for (pattern, character, hint) in [
            ("[a-z]{,3}", 6, "write \"{0,3}\""),
            ("[a-z]{1, 3}", 6, "write \"{1,3}\""),
            ("(?P<unit>dev|prod)", 1, "write \"(?<name>...)\", without the P"),
            ("a(?P=unit)", 2, "write \"\\k<name>\""),
            ("(?<unit_name>dev)", 1, "write \"<unitname>\""),
            ("{{resolve:ssm:.+}}", 1, "write \"\\{\" for the character itself"),
            ("${stage}", 2, "write \"\\{\" for the character itself"),
            ("(?#the stage)a", 1, "write it after \"#\" under the flag (?x)"),
            (r"[\u{41}-\u{5A}]+", 2, "write \"\\x{41}\""),
            ("(?<part>a)-(?<part>b)", 12, "a name of its own"),
            ("*.txt", 1, "write \"\\*\""),
            ("(?<=(a|b)+)c", 1, "an end"),
            (r"\Q..\E[z-a]", 8, "put the smaller one first"),
            (r"\p{Latin}", 1, r#"write "\p{IsLatin}""#),
            (r"\p{Letter}", 1, r#"write "\p{L}""#),
            (r"\p{lower}", 1, r#"write "\p{Lower}""#),
            ("[a", 1, "close it"),
            ("a\\", 2, "write \"\\\\\" for the character itself"),
        ] {
            let refused = refusal(pattern);
            assert!(refused.hint.contains(hint), "{pattern}: {refused:?}");
            assert_eq!(refused.character, character, "{pattern}: {refused:?}");
        }
    }

    #[test]
    fn what_goes_back_on_itself_ends() {
        let decided = |pattern: &str, value: &str| JavaPattern::compile(pattern).expect("a pattern").matches(value);
        let many = "a".repeat(1000);
        for pattern in
            ["(a+)+b", "(a|a)*b", "(.*)*x", "(?:a?){64}b", "((a{1,9}){1,9}){1,9}b", "(?=(?:a+)+b)a+", "(?<!a{0,999}b)b"]
        {
            assert_eq!(decided(pattern, &many), Ok(false), "{pattern}");
        }
        let slow = r"(?:(?=(a+))a|(a)a?)+\1\2x";
        assert_eq!(decided(slow, &format!("{}!", "a".repeat(60))), Err("it takes too many steps"));
        let deep = format!("{}a{}", "(".repeat(2000), ")".repeat(2000));
        assert!(matches!(JavaPattern::compile(&deep), Err(Defect::Undecided(_))));
        assert!(matches!(JavaPattern::compile(&"a".repeat(10_001)), Err(Defect::Undecided(_))));
    }

    #[test]
    fn where_versions_of_java_differ_nothing_is_said() {
        let answer = |pattern: &str, value: &str| JavaPattern::compile(pattern).expect("a pattern").matches(value).ok();
        assert_eq!(
            [answer(r"\bé", "é"), answer(r".*\b.*", "é a"), answer(r"\bx", "xé")],
            [None, Some(true), Some(false)]
        );
        assert_eq!([answer(r"\p{L}", "\u{61D}"), answer(".", "\u{61D}")], [None, Some(true)]);
    }
}
