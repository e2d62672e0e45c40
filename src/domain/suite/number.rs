//! Numbers, compared as what they are: whole ones digit by digit, since a floating-point number takes two long identifiers
//! for one.

use std::cmp::Ordering;

use serde_json::Number;

/// The number that a text is.
pub(crate) fn number(text: &str) -> Option<Number> {
    let whole = text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from));
    whole.ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

fn whole(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// How two numbers compare, digit by digit where both are whole.
pub(crate) fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        (Some(left), None) => compare_mixed(left, right.as_f64()?),
        (None, Some(right)) => compare_mixed(right, left.as_f64()?).map(Ordering::reverse),
        (None, None) => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// The whole part decides, and what is behind the point where that is the same.
#[expect(clippy::cast_possible_truncation, reason = "the whole part of a float is meant, and a cast saturates")]
fn compare_mixed(whole: i128, float: f64) -> Option<Ordering> {
    match whole.cmp(&(float.trunc() as i128)) {
        Ordering::Equal => 0.0.partial_cmp(&float.fract()),
        other => Some(other),
    }
}

/// How far two numbers are apart.
#[expect(clippy::cast_precision_loss, reason = "what is far apart need not be exact")]
pub(crate) fn distance(left: &Number, right: &Number) -> Option<f64> {
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some((left - right).abs() as f64),
        _ => Some((left.as_f64()? - right.as_f64()?).abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(left: &str, right: &str) -> Option<Ordering> {
        compare(&number(left).expect(left), &number(right).expect(right))
    }

    #[test]
    fn whole_numbers_are_compared_digit_by_digit() {
        for (left, right, wanted) in [
            ("1147250893347815425", "1147250893347815426", Ordering::Less),
            ("18446744073709551615", "18446744073709551614", Ordering::Greater),
            ("-9223372036854775808", "-9223372036854775807", Ordering::Less),
            ("9007199254740993", "9007199254740992.0", Ordering::Greater),
            ("1", "1.0", Ordering::Equal),
            ("0", "-0.0", Ordering::Equal),
            ("1", "1.5", Ordering::Less),
            ("-1", "-1.5", Ordering::Greater),
            ("2.5", "2", Ordering::Greater),
            ("1e300", "18446744073709551615", Ordering::Greater),
        ] {
            assert_eq!(order(left, right), Some(wanted), "{left} and {right}");
        }
        let between = |left: &str, right: &str| distance(&number(left).expect(left), &number(right).expect(right));
        assert_eq!(between("1147250893347815425", "1147250893347815426"), Some(1.0));
    }
}
