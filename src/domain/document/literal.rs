//! A value as it was written, its long whole numbers with all their digits: what serde_json keeps of one takes two long
//! identifiers for the same.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What a deserializer that knows the text of a number hands it on for, as bytes.
pub(super) const AS_WRITTEN: &str = "modeldeploy::number as written";

/// The digits of a whole number that serde_json does not keep: it is too long, or written with a fraction of noughts. None
/// for any other text.
pub(crate) fn long_digits(text: &str) -> Option<String> {
    /// So many have a floating-point number of their own.
    const EXACT: usize = 15;
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let digits = digits.trim_start_matches('0');
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit()) && fraction.bytes().all(|byte| byte == b'0');
    let number = format!("{sign}{digits}");
    let is_kept = fraction.is_empty() && fitting(&number).is_some();
    (is_whole && digits.len() > EXACT && !is_kept).then_some(number)
}

/// A whole number of 64 bits.
pub(crate) fn fitting(digits: &str) -> Option<Value> {
    digits.parse::<u64>().map(Value::from).or_else(|_| digits.parse::<i64>().map(Value::from)).ok()
}

/// A JSON value that a person wrote, its long whole numbers with all their digits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    /// A whole number that no JSON value of ours holds.
    Long(String),
    List(Vec<Literal>),
    Map(Vec<(String, Literal)>),
    Other(Value),
}

/// As JSON without spaces.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long(digits) => f.write_str(digits),
            Self::Other(value) => write!(f, "{value}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (at, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{}:{value}", if at == 0 { "" } else { "," }, Value::from(key.as_str()))?;
                }
                f.write_str("}")
            }
        }
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(AS_WRITTEN, Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Literal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Literal, D::Error> {
        deserializer.deserialize_any(self)
    }

    /// A number as it was written, of whoever knows it.
    fn visit_bytes<E: Error>(self, written: &[u8]) -> Result<Literal, E> {
        let written = String::from_utf8_lossy(written);
        let digits = long_digits(&written).unwrap_or_default();
        Ok(fitting(&digits).map_or(Literal::Long(digits), Literal::Other))
    }

    fn visit_unit<E: Error>(self) -> Result<Literal, E> {
        Ok(Literal::Other(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Literal, E> {
        Ok(Literal::Other(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Literal, E> {
        Ok(Literal::Other(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Literal, E> {
        Ok(Literal::Other(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Literal, E> {
        Ok(Literal::Other(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Literal, E> {
        Ok(Literal::Other(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Literal, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Literal::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Literal, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Literal::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_number_is_one_that_nothing_else_holds() {
        for (text, wanted) in [
            ("18446744073709551616", Some("18446744073709551616")),
            ("-9223372036854775809", Some("-9223372036854775809")),
            ("+00018446744073709551616", Some("18446744073709551616")),
            ("18446744073709551615", None),
            ("123456789012345678901.00", Some("123456789012345678901")),
            ("1147250893347815425.0", Some("1147250893347815425")),
            ("123456789012345678901.5", None),
            ("12.0", None),
            ("1e30", None),
            ("12", None),
        ] {
            assert_eq!(long_digits(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_value_is_written_as_it_was_read_with_all_digits() {
        let text = r#"{"id":123456789012345678901234567890,"a":[1,-1.5,"x\"y",null,true],"b":{}}"#;
        let node = super::super::Node::parse_json(text, "t").expect("JSON");
        assert_eq!(node.read::<Literal>().expect("any value").to_string(), text);
    }
}
