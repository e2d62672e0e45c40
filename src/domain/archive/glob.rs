//! Patterns of file names: `*` within a folder, `**` across folders, `?`, `[abc]`.
//!
//! Not globset (0.4.22): there `{a,b}` and `\` are no characters of a name, and `a**b` stays within a folder.

use std::fmt;
use std::str::FromStr;

use regex::Regex;

/// A pattern of paths with `/` between folders. A folder that matches is meant with all that is in it.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    regex: Regex,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is not a file name pattern (write for example \"data/**\" or \"*.csv\")")]
pub struct NotAGlob(String);

impl FromStr for Glob {
    type Err = NotAGlob;

    fn from_str(text: &str) -> Result<Self, NotAGlob> {
        let pattern = text.trim_start_matches("./").trim_end_matches('/');
        let refuse = || NotAGlob(text.to_owned());
        if pattern.is_empty() {
            return Err(refuse());
        }
        let mut regex = String::from("^");
        let mut rest = pattern;
        while let Some(next) = rest.chars().next() {
            let taken = if rest.starts_with("**/") {
                regex.push_str("(?:.*/)?");
                3
            } else if rest.starts_with("**") {
                regex.push_str(".*");
                2
            } else if next == '[' {
                let end = rest.find(']').ok_or_else(refuse)?;
                regex.push_str(&rest[..=end].replacen("[!", "[^", 1).replace('\\', "\\\\"));
                end + 1
            } else {
                match next {
                    '*' => regex.push_str("[^/]*"),
                    '?' => regex.push_str("[^/]"),
                    other => regex.push_str(&regex::escape(&other.to_string())),
                }
                next.len_utf8()
            };
            rest = &rest[taken..];
        }
        regex.push_str("(?:/.*)?$");
        Ok(Self { text: text.to_owned(), regex: Regex::new(&regex).map_err(|_| refuse())? })
    }
}

impl Glob {
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.regex.is_match(path)
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_files_and_all_that_is_in_a_folder() {
        for (pattern, path, wanted) in [
            ("data/**", "data/a/b.csv", true),
            ("data", "data/a/b.csv", true),
            ("data/", "data/a", true),
            ("data", "database", false),
            ("*.csv", "a.csv", true),
            ("*.csv", "test/a.csv", false),
            ("**/*.csv", "a.csv", true),
            ("**/*.csv", "test/x/a.csv", true),
            ("test/?.c[st]v", "test/a.csv", true),
            ("test/[!a].csv", "test/a.csv", false),
            ("a.b", "axb", false),
            ("./a", "a", true),
        ] {
            assert_eq!(pattern.parse::<Glob>().expect(pattern).matches(path), wanted, "{pattern} {path}");
        }
        assert!("".parse::<Glob>().is_err() && "[a".parse::<Glob>().is_err());
    }
}
