//! The class that a label or a prediction names, whichever way it is written.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use super::row::Cell;
use crate::domain::suite::number::{Exact, FIRST_SHARED};

/// One class: `1` is the same one as `1.0`, and `True` the same one as `true`; any other text is only itself.
///
/// Classes are in order: numbers first and by size, then texts.
#[derive(Clone, Debug)]
pub(crate) struct Class(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Number(f64),
    Text(String),
}

impl Class {
    /// The class that a cell of a file or a scalar of an answer names.
    pub(crate) fn of(text: &str) -> Self {
        match plain_number(text) {
            // Zero is added for the sake of -0, which is 0 then.
            Some(number) if number.abs() < FIRST_SHARED => Self(Kind::Number(number + 0.0)),
            Some(_) => Self(Kind::Text(match Exact::of_text(text) {
                Some(whole @ (Exact::Whole(_) | Exact::Long(_))) => whole.to_string(),
                _ => text.to_owned(),
            })),
            _ if text.eq_ignore_ascii_case("true") => Self(Kind::Text("true".to_owned())),
            _ if text.eq_ignore_ascii_case("false") => Self(Kind::Text("false".to_owned())),
            _ => Self(Kind::Text(text.to_owned())),
        }
    }
}

/// How the classes of a case are told apart: as numbers, however they are written, or as the texts that they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `1.1` and `1.10` are one.
    Numbers,
    /// They are two, as sections, releases and codes are.
    Texts,
}

impl Spelling {
    /// Of the labels and of what was predicted, if anything is. Texts of JSON are texts, unless the other side has numbers.
    /// CSV does not say: there, `1.1` beside `1.10` are codes, since whatever writes numbers writes one of the two.
    pub(super) fn of<'c, L, P>(labels: &L, predicted: &P) -> Self
    where
        L: Iterator<Item = &'c Cell> + Clone,
        P: Iterator<Item = &'c Cell> + Clone,
    {
        let all = || labels.clone().chain(predicted.clone());
        if all().any(|cell| matches!(cell, Cell::Literal(_))) {
            return Self::Numbers;
        }
        let are_texts = all().all(|cell| matches!(cell, Cell::Text(_)));
        let are_codes = || has_codes(labels.clone()) || has_codes(predicted.clone());
        if are_texts || are_codes() { Self::Texts } else { Self::Numbers }
    }

    pub(super) fn class(self, text: &str) -> Class {
        match self {
            Self::Numbers => Class::of(text),
            Self::Texts if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => Class::of(text),
            Self::Texts => Class(Kind::Text(text.to_owned())),
        }
    }
}

/// Whether two of them differ in nothing but the zeros behind a fraction.
fn has_codes<'c>(mut cells: impl Iterator<Item = &'c Cell>) -> bool {
    let mut spelled: BTreeMap<String, String> = BTreeMap::new();
    cells.any(|cell| {
        let text = cell.text().trim();
        let Some((whole, fraction)) = text.split_once('.') else { return false };
        let significant = fraction.trim_end_matches('0');
        let is_plain = [whole, fraction].into_iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        if !is_plain || significant.is_empty() {
            return false;
        }
        let first = spelled.entry(format!("{whole}.{significant}")).or_insert_with(|| text.to_owned());
        first != text
    })
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
pub(crate) fn plain_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.trim_start_matches(['+', '-']).as_bytes();
    let is_code = digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit();
    finite_number(text).filter(|_| !is_code)
}

/// The finite number that a text can be read as, blanks around it aside.
pub(crate) fn finite_number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_the_same_however_it_is_written() {
        for (left, right) in [
            ("1", "1.0"),
            ("1", " 1"),
            ("1e3", "1000"),
            ("-0.0", "0"),
            (".5", "0.50"),
            ("True", "true"),
            ("12345678901234567890", "+12345678901234567890.0"),
        ] {
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
            ("9007199254740992", "9007199254740993"),
            ("-9007199254740993", "-9007199254740992"),
            ("12345678901234567890.5", "12345678901234567891.5"),
        ] {
            assert_ne!(Class::of(left), Class::of(right));
        }
    }

    fn spelling(labels: &[&str], predicted: &[&str], kinds: [fn(String) -> Cell; 2]) -> Spelling {
        let cells = |texts: &[&str], kind: fn(String) -> Cell| -> Vec<Cell> {
            texts.iter().map(|text| kind((*text).to_owned())).collect()
        };
        let (labels, predicted) = (cells(labels, kinds[0]), cells(predicted, kinds[1]));
        Spelling::of(&labels.iter(), &predicted.iter())
    }

    #[test]
    fn texts_on_both_sides_stay_texts_and_numbers_on_one_are_numbers() {
        let one = ["1.1", "2"];
        assert_eq!(spelling(&one, &one, [Cell::Text, Cell::Text]), Spelling::Texts);
        for kinds in [[Cell::Text, Cell::Literal], [Cell::Literal, Cell::Text], [Cell::Untyped, Cell::Literal]] {
            assert_eq!(spelling(&["1.1", "1.10"], &one, kinds), Spelling::Numbers);
        }
        let texts = Spelling::Texts;
        assert_ne!(texts.class("1.1"), texts.class("1.10"));
        assert_eq!(texts.class("1.10").to_string(), "1.10");
        assert_eq!(texts.class("True"), texts.class("true"));
    }

    #[test]
    fn codes_are_told_from_numbers_where_csv_does_not_say() {
        let of = |labels: &[&str]| spelling(labels, &["1.1"], [Cell::Untyped, Cell::Text]);
        for codes in [&["1.1", "2", "1.10"][..], &["3.20", "3.2"]] {
            assert_eq!(of(codes), Spelling::Texts);
        }
        for numbers in [&["1", "1.0"][..], &["1.10", "2.20"], &["1.1", "11.10"], &["-1.1", "-1.10"], &["a.1", "a.10"]] {
            assert_eq!(of(numbers), Spelling::Numbers, "{numbers:?}");
        }
    }

    #[test]
    fn numbers_are_in_order_of_size_and_before_texts() {
        let mut classes: Vec<Class> = ["b", "10", "a", "9.0", "-1", "01"].map(Class::of).into();
        classes.sort();
        assert_eq!(classes.iter().map(Class::to_string).collect::<Vec<_>>(), ["-1", "9", "10", "01", "a", "b"]);
    }
}
