//! Numbers, compared as what they are: whole ones digit by digit, however many digits they have, since a floating-point
//! number takes two long identifiers for one.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde_json::{Number, Value};

use crate::domain::document::Literal;

/// From here on, a floating-point number stands for several whole ones.
pub(crate) const FIRST_SHARED: f64 = 9_007_199_254_740_992.0;

/// A number as it is written.
#[derive(Clone, Debug)]
pub enum Exact {
    Whole(i64),
    /// The digits of a whole number that is longer, with its sign if it is below 0.
    Long(Box<str>),
    Float(f64),
}

impl Exact {
    /// The finite number that a text is, blanks around it aside.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        Self::long(text).or_else(|| text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Float))
    }

    /// A whole number of many digits, or with a fraction of noughts.
    fn long(text: &str) -> Option<Self> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", text.strip_prefix('+').unwrap_or(text)),
        };
        let (digits, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        let is_whole = !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && fraction.bytes().all(|byte| byte == b'0');
        if !is_whole {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        let number = format!(
            "{}{digits}{}",
            if digits.is_empty() { "" } else { sign },
            if digits.is_empty() { "0" } else { "" }
        );
        Some(number.parse().map_or_else(|_| Self::Long(number.into()), Self::Whole))
    }

    pub(crate) fn of(number: &Number) -> Self {
        match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Self::Whole(whole),
            (None, Some(long)) => Self::Long(long.to_string().into()),
            (None, None) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest one is asked for")]
    pub(crate) fn float(&self) -> f64 {
        match self {
            Self::Whole(whole) => *whole as f64,
            Self::Long(digits) => digits.parse().unwrap_or(f64::NAN),
            Self::Float(float) => *float,
        }
    }

    /// How it compares to another one; `None` with what is no number.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match self.parts().zip(other.parts()) {
            Some(((one, of_one), (other, of_other))) => Some(one.compare(&other).then(of_one.partial_cmp(&of_other)?)),
            None => self.float().partial_cmp(&other.float()),
        }
    }

    /// How much greater it is than another one.
    pub(crate) fn minus(&self, other: &Self) -> f64 {
        match (self, other, self.parts().zip(other.parts())) {
            (Self::Float(one), Self::Float(other), _) => one - other,
            (.., Some(((one, of_one), (other, of_other)))) => one.minus(&other) + (of_one - of_other),
            _ => self.float() - other.float(),
        }
    }

    /// The whole part and what is behind the point; of a large floating-point number, the whole number that it is written
    /// as. `None` of what has no end or is no number.
    #[expect(clippy::cast_possible_truncation, reason = "the whole part of a float is meant")]
    fn parts(&self) -> Option<(Digits, f64)> {
        match self {
            Self::Whole(whole) => Some((Digits::Few(*whole), 0.0)),
            Self::Long(digits) => Some((Digits::Many(digits.clone()), 0.0)),
            Self::Float(float) if float.abs() < FIRST_SHARED => {
                Some((Digits::Few(float.trunc() as i64), float.fract()))
            }
            Self::Float(float) if float.is_finite() => {
                let digits = float.to_string();
                Some((digits.parse().map_or_else(|_| Digits::Many(digits.into()), Digits::Few), 0.0))
            }
            Self::Float(_) => None,
        }
    }
}

/// A whole number; of many digits only if it is beyond 64 bits.
enum Digits {
    Few(i64),
    Many(Box<str>),
}

impl Digits {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Few(one), Self::Few(other)) => one.cmp(other),
            (Self::Many(one), Self::Many(other)) => compare_digits(one, other),
            (Self::Few(_), Self::Many(other)) => {
                if other.starts_with('-') {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (Self::Many(_), Self::Few(_)) => other.compare(self).reverse(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "what is far apart need not be exact")]
    fn minus(&self, other: &Self) -> f64 {
        if let (Self::Few(one), Self::Few(other)) = (self, other) {
            return (i128::from(*one) - i128::from(*other)) as f64;
        }
        let [one, other] = [self, other].map(|number| match number {
            Self::Few(few) => few.to_string(),
            Self::Many(digits) => digits.to_string(),
        });
        let size = |text: &str| text.trim_start_matches('-').to_owned();
        if one.starts_with('-') != other.starts_with('-') {
            // Sizes that are added lose nothing that counts.
            return one.parse().unwrap_or(f64::NAN) - other.parse().unwrap_or(f64::NAN);
        }
        let sign = if one.starts_with('-') { -1.0 } else { 1.0 };
        let (one, other) = (size(&one), size(&other));
        match compare_digits(&one, &other) {
            Ordering::Less => -sign * difference(&other, &one),
            _ => sign * difference(&one, &other),
        }
    }
}

/// Of whole numbers without noughts in front.
fn compare_digits(one: &str, other: &str) -> Ordering {
    match (one.strip_prefix('-'), other.strip_prefix('-')) {
        (None, None) => one.len().cmp(&other.len()).then_with(|| one.cmp(other)),
        (Some(one), Some(other)) => compare_digits(other, one),
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

/// What is left of the larger of two numbers without signs.
fn difference(larger: &str, smaller: &str) -> f64 {
    let (mut left, mut borrowed) = (Vec::new(), 0);
    let mut taken = smaller.bytes().rev().map(|digit| digit - b'0');
    for digit in larger.bytes().rev() {
        let take = taken.next().unwrap_or_default() + borrowed;
        let digit = digit - b'0';
        borrowed = u8::from(digit < take);
        left.push(digit + 10 * borrowed - take + b'0');
    }
    left.reverse();
    String::from_utf8_lossy(&left).parse().unwrap_or(f64::NAN)
}

/// As JSON writes it.
impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => whole.fmt(f),
            Self::Long(digits) => f.write_str(digits),
            Self::Float(float) => match Number::from_f64(*float) {
                Some(number) => number.fmt(f),
                None => float.fmt(f),
            },
        }
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let got = match &Literal::deserialize(deserializer)? {
            Literal::Long(digits) => return Ok(Self::Long(digits.as_str().into())),
            Literal::Other(Value::Number(number)) => return Ok(Self::of(number)),
            Literal::Other(Value::String(text)) => {
                return Err(D::Error::invalid_type(Unexpected::Str(text), &"a number"));
            }
            Literal::Other(Value::Bool(truth)) => Unexpected::Bool(*truth),
            Literal::Other(_) => Unexpected::Unit,
            Literal::List(_) => Unexpected::Seq,
            Literal::Map(_) => Unexpected::Map,
        };
        Err(D::Error::invalid_type(got, &"a number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::of_text(text).expect(text)
    }

    #[test]
    fn whole_numbers_are_compared_digit_by_digit() {
        let long = "123456789012345678901234567890";
        for (left, right, wanted) in [
            ("1147250893347815425", "1147250893347815426", Ordering::Less),
            ("18446744073709551615", "18446744073709551614", Ordering::Greater),
            ("-9223372036854775808", "-9223372036854775807", Ordering::Less),
            ("9007199254740993", "9007199254740992.0", Ordering::Greater),
            ("9007199254740993", "9.007199254740992e15", Ordering::Greater),
            ("1", "1.0", Ordering::Equal),
            ("+01", "1.", Ordering::Equal),
            ("0", "-0.0", Ordering::Equal),
            ("0", "-0", Ordering::Equal),
            ("1", "1.5", Ordering::Less),
            ("-1", "-1.5", Ordering::Greater),
            ("2.5", "2", Ordering::Greater),
            ("1e300", "18446744073709551615", Ordering::Greater),
            (long, "123456789012345678901234567891", Ordering::Less),
            (long, "+00123456789012345678901234567890.00", Ordering::Equal),
            (long, "1.2345678901234568e29", Ordering::Less),
            ("1e30", "1000000000000000000000000000000", Ordering::Equal),
            ("-123456789012345678901", "-123456789012345678902", Ordering::Greater),
            ("-123456789012345678901", "123456789012345678902", Ordering::Less),
            ("-123456789012345678901", "5", Ordering::Less),
            ("5", "123456789012345678901", Ordering::Less),
        ] {
            assert_eq!(exact(left).compare(&exact(right)), Some(wanted), "{left} and {right}");
            assert_eq!(exact(right).compare(&exact(left)), Some(wanted.reverse()), "{right} and {left}");
        }
        for none in ["", ".", "-", "nan", "inf", "1e999", "1 2", "0x1"] {
            assert!(Exact::of_text(none).is_none(), "{none}");
        }
        assert_eq!(Exact::Float(f64::NAN).compare(&exact("1")), None);
        assert_eq!(Exact::Float(f64::INFINITY).compare(&exact(long)), Some(Ordering::Greater));
    }

    #[test]
    fn distances_are_exact_where_floating_point_numbers_are_none() {
        for (left, right, wanted) in [
            ("1147250893347815426", "1147250893347815425", 1.0),
            ("9223372036854775807", "-9223372036854775808", 18_446_744_073_709_551_615.0),
            ("18446744073709551616", "18446744073709551615", 1.0),
            ("10000000000000000000000000000000000000000", "9999999999999999999999999999999999999999", 1.0),
            ("-10000000000000000000000000000000000000000", "-9999999999999999999999999999999999999999", -1.0),
            ("123456789012345678901", "-1", 123_456_789_012_345_680_000.0),
            ("9007199254740993", "9.007199254740992e15", 1.0),
            ("3", "1.25", 1.75),
            ("0.3", "0.1", 0.3 - 0.1),
        ] {
            let [one, other] = [left, right].map(exact);
            assert!((one.minus(&other) - wanted).abs() == 0.0, "{left} and {right}: {}", one.minus(&other));
            assert!((other.minus(&one) + wanted).abs() == 0.0, "{right} and {left}");
        }
        assert!(Exact::Float(f64::NAN).minus(&exact("1")).is_nan());
    }

    #[test]
    fn a_bound_keeps_its_digits() {
        let read = |yaml: &str| crate::domain::document::Node::parse_yaml(yaml, "t").expect("YAML").read::<Exact>();
        for number in ["123456789012345678901", "-5", "0.25", "18446744073709551615"] {
            assert_eq!(read(number).expect("a number").to_string(), number);
        }
        for other in ["x", "[1]", "{a: 1}", "true", "null", ".nan"] {
            assert!(read(other).is_err(), "{other}");
        }
    }
}
