//! An answer in JSON, with its size told before it is taken into memory: there, a value takes up to a hundred times the
//! bytes that it takes on the way.

use serde_json::Value;

use super::excerpt::cut;

/// A million rows of four numbers, and as much as a gigabyte of memory holds in any case.
const MOST_VALUES: u64 = 5_000_000;

/// What an answer holds.
#[derive(Clone, Debug)]
pub struct JsonAnswer {
    pub(super) value: Value,
    /// At most so many values, one within the other counted each.
    pub(super) values: u64,
    /// At most so many levels.
    pub(super) depth: u64,
}

impl JsonAnswer {
    /// Reads an answer.
    ///
    /// # Errors
    /// Why it is no JSON, or too large, in words that begin with "expected".
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let (values, depth) = extent(bytes);
        if values > MOST_VALUES {
            return Err(format!("expected JSON of at most {MOST_VALUES} values, got {values}"));
        }
        let value = serde_json::from_slice(bytes)
            .map_err(|error| format!("expected JSON, got \"{}\" ({error})", cut(&String::from_utf8_lossy(bytes))))?;
        Ok(Self { value, values, depth })
    }
}

/// How many values and levels a text in JSON has at most.
pub(super) fn extent(bytes: &[u8]) -> (u64, u64) {
    let (mut values, mut depth, mut deepest) = (1, 0_u64, 1);
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => {
                while let Some(inner) = rest.next().filter(|inner| **inner != b'"') {
                    if *inner == b'\\' {
                        rest.next();
                    }
                }
            }
            b',' => values += 1,
            b'[' | b'{' => {
                (values, depth) = (values + 1, depth + 1);
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (values, deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extent_is_told_without_reading_values() {
        for (text, values, depth) in [
            ("1", 1, 1),
            ("[]", 2, 1),
            (r#"{"a": [1, "[,\",["], "b": {}}"#, 6, 2),
            ("[[[]]]", 4, 3),
            ("]]][", 2, 1),
            ("\"[[[", 1, 1),
        ] {
            assert_eq!(extent(text.as_bytes()), (values, depth), "{text}");
        }
    }

    #[test]
    fn an_answer_of_too_many_values_is_not_read() {
        let many = format!("[{}1]", "1,".repeat(5_000_000));
        let error = JsonAnswer::parse(many.as_bytes()).expect_err("too many");
        assert_eq!(error, "expected JSON of at most 5000000 values, got 5000002");
        let error = JsonAnswer::parse(b"[1, NaN]").expect_err("no JSON");
        assert!(error.starts_with("expected JSON, got \"[1, NaN]\" ("), "{error}");
    }
}
