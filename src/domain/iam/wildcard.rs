//! Patterns with `*` and `?`, and what they are held against.

use super::holds::Holds;

/// A text that a pattern is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    Whole(String),
    /// Only its start is known.
    StartsWith(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    One,
    Many,
}

/// A pattern, its policy variables replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Token>);

impl Pattern {
    /// A pattern in which `*` and `?` are wildcards.
    pub(super) fn wild(text: &str) -> Self {
        let token = |any| match any {
            '*' => Token::Many,
            '?' => Token::One,
            other => Token::Char(other),
        };
        Self(text.chars().map(token).collect())
    }

    pub(super) fn literal(text: &str) -> Self {
        Self(text.chars().map(Token::Char).collect())
    }

    pub(super) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    #[must_use]
    pub(super) fn lowercase(self) -> Self {
        let lower = |token| match token {
            Token::Char(any) => Token::Char(any.to_ascii_lowercase()),
            other => other,
        };
        Self(self.0.into_iter().map(lower).collect())
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        matches(&self.0, &text.chars().collect::<Vec<_>>())
    }

    /// Whether a text of which perhaps only the start is known matches.
    pub(super) fn holds_for(&self, text: &Text) -> Holds {
        let start = match text {
            Text::Whole(text) => return self.matches(text).into(),
            Text::StartsWith(start) => start,
        };
        // Whatever follows falls to the last wildcard.
        if self.0.last() == Some(&Token::Many) && self.matches(start) {
            return Holds::Yes;
        }
        let same = |(token, any): (&Token, char)| *token == Token::One || *token == Token::Char(any);
        let fixed = self.0.iter().take_while(|token| **token != Token::Many).count();
        let known = start.chars().count();
        if !self.0[..fixed].iter().zip(start.chars()).all(same) || (fixed == self.0.len() && fixed < known) {
            return Holds::No;
        }
        Holds::Unknown(format!("only the start of it is known ({start}...)"))
    }

    /// As IAM compares ARNs: each of the six parts by itself, so that no wildcard reaches over a colon but in the last.
    pub(super) fn holds_for_arn(&self, arn: &Text) -> Holds {
        const PARTS: usize = 6;
        if self.0 == [Token::Many] {
            return Holds::Yes;
        }
        let (text, is_whole) = match arn {
            Text::Whole(text) => (text, true),
            Text::StartsWith(text) => (text, false),
        };
        // AWS completes an ARN that has too few parts by wildcards (IAM user guide, "Resource").
        let rest = std::iter::repeat([Token::Many].as_slice());
        let patterns = self.0.splitn(PARTS, |token| *token == Token::Char(':')).chain(rest);
        Holds::all(patterns.zip(text.splitn(PARTS, ':')).zip(1..).map(|((pattern, part), number)| {
            let part = part.to_owned();
            let part = if is_whole || number < PARTS { Text::Whole(part) } else { Text::StartsWith(part) };
            Self(pattern.to_vec()).holds_for(&part)
        }))
    }
}

fn matches(pattern: &[Token], text: &[char]) -> bool {
    let (mut at, mut next) = (0, 0);
    // The last `*`, and where what it stands for ends for now.
    let mut star: Option<(usize, usize)> = None;
    while next < text.len() {
        match pattern.get(at) {
            Some(Token::Many) => {
                star = Some((at, next));
                at += 1;
            }
            Some(token) if *token == Token::One || *token == Token::Char(text[next]) => {
                at += 1;
                next += 1;
            }
            _ => match star {
                Some((many, end)) => {
                    star = Some((many, end + 1));
                    at = many + 1;
                    next = end + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|token| *token == Token::Many)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_is_any_text_and_a_question_mark_one_character() {
        for (pattern, text, holds) in [
            ("*", "", true),
            ("a*", "a", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("", "a", false),
        ] {
            assert_eq!(Pattern::wild(pattern).matches(text), holds, "{pattern} {text}");
        }
        assert!(!Pattern::literal("a*").matches("ab"));
    }

    #[test]
    fn no_wildcard_reaches_over_a_colon_of_an_arn_but_in_the_last_part() {
        let arn = "arn:aws:iam::222222222222:role/a:b/c";
        for (pattern, holds) in [
            ("*", true),
            ("arn:aws:iam::*:role/*", true),
            ("arn:aws:iam::222222222222:*", true),
            ("arn:*:role/*", false),
            ("arn:aws:iam", true),
            ("arn:aws:s3", false),
            ("arn:aws:iam:*role/a:b/c", false),
            ("arn:aws:iam::333333333333:role/*", false),
        ] {
            let arn = Text::Whole(arn.to_owned());
            assert_eq!(Pattern::wild(pattern).holds_for_arn(&arn), holds.into(), "{pattern}");
        }
    }

    #[test]
    fn of_all_under_a_prefix_a_pattern_may_hold_for_some() {
        let under = Text::StartsWith("arn:aws:s3:::models/churn/".to_owned());
        let holds = |pattern: &str| Pattern::wild(pattern).holds_for_arn(&under);
        assert_eq!(holds("arn:aws:s3:::models/*"), Holds::Yes);
        assert_eq!(holds("arn:aws:s3:::models/other/*"), Holds::No);
        assert!(matches!(holds("arn:aws:s3:::models/churn/secret/*"), Holds::Unknown(_)));
    }

    #[test]
    fn of_a_text_whose_end_is_not_known_only_the_sure_is_said() {
        let text = Text::StartsWith("o-1/r-1/".to_owned());
        for pattern in ["o-1/*", "o-1/r-1/*", "*"] {
            assert_eq!(Pattern::wild(pattern).holds_for(&text), Holds::Yes, "{pattern}");
        }
        for pattern in ["o-2/*", "o-1/r-2/*", "o-1/r-1"] {
            assert_eq!(Pattern::wild(pattern).holds_for(&text), Holds::No, "{pattern}");
        }
        for pattern in ["o-1/r-1/ou-1/*", "o-1/r-1/", "*/ou-1/"] {
            assert!(matches!(Pattern::wild(pattern).holds_for(&text), Holds::Unknown(_)), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn it_says_what_a_regular_expression_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let expression = format!("^{}$", pattern.replace('*', ".*").replace('?', "."));
            let expected = regex::Regex::new(&expression).expect("valid").is_match(&text);
            prop_assert_eq!(Pattern::wild(&pattern).matches(&text), expected);
        }
    }
}
