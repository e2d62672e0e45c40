//! The class that a label or a prediction names, whichever way it is written.

use std::cmp::Ordering;
use std::fmt;

/// Up to here every integer has a floating-point number of its own; beyond, two long identifiers could become one.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// One class: `1` is the same one as `1.0`, and `True` the same one as `true`; any other text is only itself.
///
/// Classes are in order: numbers first and by size, then texts.
#[derive(Clone, Debug)]
pub struct Class(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Number(f64),
    Text(String),
}

impl Class {
    /// The class that a cell of a file or a scalar of an answer names.
    pub fn of(text: &str) -> Self {
        match plain_number(text) {
            // Zero is added for the sake of -0, which is 0 then.
            Some(number) if number.abs() <= LARGEST_EXACT => Self(Kind::Number(number + 0.0)),
            _ if text.eq_ignore_ascii_case("true") => Self(Kind::Text("true".to_owned())),
            _ if text.eq_ignore_ascii_case("false") => Self(Kind::Text("false".to_owned())),
            _ => Self(Kind::Text(text.to_owned())),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Number(number) => write!(f, "{number}"),
            Kind::Text(text) => f.write_str(text),
        }
    }
}

impl Ord for Class {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Kind::Number(left), Kind::Number(right)) => left.total_cmp(right),
            (Kind::Text(left), Kind::Text(right)) => left.cmp(right),
            (Kind::Number(_), Kind::Text(_)) => Ordering::Less,
            (Kind::Text(_), Kind::Number(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Class {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Class {}

/// The finite number that a text is, blanks around it aside; one with leading zeros is a code (`007`), and none.
pub fn plain_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.trim_start_matches(['+', '-']).as_bytes();
    let is_code = digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit();
    finite_number(text).filter(|_| !is_code)
}

/// The finite number that a text can be read as, blanks around it aside.
pub fn finite_number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_the_same_however_it_is_written() {
        for (left, right) in
            [("1", "1.0"), ("1", " 1"), ("1e3", "1000"), ("-0.0", "0"), (".5", "0.50"), ("True", "true")]
        {
            assert_eq!(Class::of(left), Class::of(right));
        }
        for (left, right) in [
            ("setosa", "Setosa"),
            ("setosa", "setosa "),
            ("1", "01"),
            ("nan", "NaN"),
            ("inf", "infinity"),
            ("true", "1"),
            ("12345678901234567890", "12345678901234567891"),
        ] {
            assert_ne!(Class::of(left), Class::of(right));
        }
    }

    #[test]
    fn numbers_are_in_order_of_size_and_before_texts() {
        let mut classes: Vec<Class> = ["b", "10", "a", "9.0", "-1", "01"].map(Class::of).into();
        classes.sort();
        assert_eq!(classes.iter().map(Class::to_string).collect::<Vec<_>>(), ["-1", "9", "10", "01", "a", "b"]);
    }
}
