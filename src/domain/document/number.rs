//! What YAML 1.1, which CloudFormation reads, takes for a number: also `3_600`, `0x64`, `0b10`, `017` and `1:30`.
//!
//! yaml.org/type, "int" and "float"; PyYAML 6.0.3, by which awscli 1.46 and cfn-lint 1.58 read, and
//! cloudformation-validate 1.14 agree on all of it but `.inf` and `.nan`, which stay texts here. That CloudFormation
//! itself reads each of them so is unverified.

use std::borrow::Cow;

/// The number that a scalar without quotes is, as decimal digits; `None` where it is a text.
pub(crate) fn number_of(text: &str) -> Option<Cow<'_, str>> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let is_plain = |digits: &str| digits.bytes().all(|any| any.is_ascii_digit());
    let has_zero = digits.len() > 1 && digits.starts_with('0');
    if is_plain(digits) && !has_zero {
        return Some(Cow::Borrowed(text));
    }
    let signed = |number: String| Some(Cow::Owned(if number == "0" { number } else { format!("{sign}{number}") }));
    for (prefix, radix) in [("0x", 16), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return signed(in_base(rest, radix)?);
        }
    }
    if digits.contains(':') {
        return signed(in_base_60(digits)?);
    }
    if has_zero && digits.bytes().all(|any| any.is_ascii_digit() || any == b'_') {
        return signed(in_base(&digits[1..], 8)?);
    }
    decimal(text, digits)
}

/// Digits of a base, between any of which an underscore may stand.
fn in_base(digits: &str, radix: u32) -> Option<String> {
    u128::from_str_radix(&without_gaps(digits), radix)
        .ok()
        .filter(|_| !digits.contains(['+', '-']))
        .map(|one| one.to_string())
}

/// `1:30` and `190:20:30.15`.
fn in_base_60(digits: &str) -> Option<String> {
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut parts = whole.split(':');
    let first = parts.next().filter(|first| starts_a_number(first) && (part.is_some() || !first.starts_with('0')))?;
    let mut number: u64 = without_gaps(first).parse().ok()?;
    for sixtieth in parts {
        let is_sixtieth = matches!(sixtieth.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
        let sixtieth: u64 = sixtieth.parse().ok().filter(|_| is_sixtieth)?;
        number = number.checked_mul(60)?.checked_add(sixtieth)?;
    }
    let Some(part) = part else { return Some(number.to_string()) };
    let part = without_gaps(part);
    let fits = part.bytes().all(|any| any.is_ascii_digit());
    fits.then(|| if part.is_empty() { number.to_string() } else { format!("{number}.{part}") })
}

/// A decimal number with underscores, a point or an exponent.
fn decimal<'a>(text: &'a str, digits: &str) -> Option<Cow<'a, str>> {
    let is_whole = !digits.contains(['.', 'e', 'E']);
    let begins = starts_a_number(digits) && !(is_whole && digits.starts_with('0'));
    let has_gaps = digits.contains('_');
    // An exponent without a sign is a text to those readers, and becomes the same text either way
    let fits = (begins || digits.starts_with('.')) && digits.bytes().all(|any| b"0123456789_.eE+-".contains(&any));
    if !fits || (has_gaps && digits.starts_with("._")) {
        return None;
    }
    let decimal = if has_gaps { Cow::Owned(without_gaps(text)) } else { Cow::Borrowed(text) };
    decimal.parse::<f64>().is_ok().then_some(decimal)
}

fn starts_a_number(digits: &str) -> bool {
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().take_while(|any| *any != b'.').all(|any| any.is_ascii_digit() || b"_eE+-".contains(&any))
}

fn without_gaps(text: &str) -> String {
    text.replace('_', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_the_readers_of_aws_agree_on() {
        for (text, want) in [
            ("1_0", "10"),
            ("3_600", "3600"),
            ("1_", "1"),
            ("1__0", "10"),
            ("0x64", "100"),
            ("0x_6_4", "100"),
            ("0xFf", "255"),
            ("+0x10", "16"),
            ("0b10", "2"),
            ("0b1_0", "2"),
            ("-0b11", "-3"),
            ("017", "15"),
            ("0644", "420"),
            ("0_7", "7"),
            ("00", "0"),
            ("0", "0"),
            ("-5", "-5"),
            ("+5", "+5"),
            ("1:30", "90"),
            ("-1:30", "-90"),
            ("1_0:30", "630"),
            ("12:30:45", "45045"),
            ("190:20:30.15", "685230.15"),
            ("1.", "1."),
            (".5", ".5"),
            (".5_", ".5"),
            ("1_0.5", "10.5"),
            ("00.5", "00.5"),
            ("1.50", "1.50"),
            ("1.0e+3", "1.0e+3"),
            ("1_000.5e+3", "1000.5e+3"),
            ("123456789012", "123456789012"),
        ] {
            assert_eq!(number_of(text).as_deref(), Some(want), "{text}");
        }
        for text in [
            "",
            "+",
            "-",
            ".",
            "_",
            "_1",
            "._5",
            "0X64",
            "0B10",
            "0o17",
            "0O17",
            "0x",
            "0b",
            "0b2",
            "0xg",
            "0x1.8",
            "0x-1",
            "089",
            "0_8",
            "012345678901",
            "1:60",
            "0:0",
            "00:30",
            "1:",
            ":1",
            "1:2:",
            "1,000",
            "inf",
            "nan",
            "Infinity",
            ".inf",
            "-.inf",
            ".nan",
            "2012-10-17",
            "1.2.3",
            "1-2",
            "e3",
            "1e",
            "++1",
            "0x0x1",
            "0xffffffffffffffffffffffffffffffffff",
        ] {
            assert_eq!(number_of(text), None, "{text}");
        }
    }
}
