//! Whether two answers are the same as a whole, with a tolerance for the numbers in them.

use serde_json::Value;

use super::record::Payload;
use crate::domain::suite::json_answer::JsonAnswer;
use crate::domain::suite::media_type::{bare, is_json_lines};
use crate::domain::suite::npy::{Array, is_npy};
use crate::domain::suite::number::Exact;

/// Whether an answer is the captured one, however it is spaced and its fields are ordered.
pub(crate) fn is_same(captured: &Payload, content_type: Option<&str>, bytes: &[u8], tolerance: f64) -> bool {
    if captured.bytes == bytes {
        return true;
    }
    let types = [captured.content_type.as_deref().unwrap_or_default(), content_type.unwrap_or_default()];
    if is_npy(types[0], &captured.bytes) || is_npy(types[1], bytes) {
        return same_array(&captured.bytes, bytes, tolerance);
    }
    let (Ok(one), Ok(other)) = (std::str::from_utf8(&captured.bytes), std::str::from_utf8(bytes)) else { return false };
    if types.iter().any(|name| is_json_lines(name)) {
        let lines = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        let (one, other): (Vec<String>, Vec<String>) = (lines(one), lines(other));
        return one.len() == other.len()
            && one.iter().zip(&other).all(|(one, other)| same_json(one, other, tolerance) == Some(true));
    }
    if let Some(same) = same_json(one, other, tolerance) {
        return same;
    }
    let is_csv = types.iter().all(|name| bare(name).ends_with("/csv"));
    if is_csv { same_csv(one, other, tolerance) } else { one.trim_end() == other.trim_end() }
}

/// `None` where one of them is not JSON.
fn same_json(one: &str, other: &str, tolerance: f64) -> Option<bool> {
    let parse = |text: &str| JsonAnswer::parse(text.as_bytes()).ok();
    let (one, other) = (parse(one)?, parse(other)?);
    let are_same = |left: &Value, right: &Value| {
        let numbers = one.number(left).zip(other.number(right));
        numbers.is_some_and(|(left, right)| left.minus(&right).abs() <= tolerance)
    };
    Some(same_value(&one.value, &other.value, &are_same))
}

fn same_value(one: &Value, other: &Value, are_same: &dyn Fn(&Value, &Value) -> bool) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => are_same(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_value(one, other, are_same))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same =
                |(name, one): (&String, &Value)| other.get(name).is_some_and(|other| same_value(one, other, are_same));
            one.len() == other.len() && one.iter().all(same)
        }
        (one, other) => one == other,
    }
}

fn same_csv(one: &str, other: &str, tolerance: f64) -> bool {
    let records = |text: &str| -> Option<Vec<csv::StringRecord>> {
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        reader.into_records().collect::<Result<_, _>>().ok()
    };
    let (Some(one), Some(other)) = (records(one), records(other)) else { return false };
    let same_cell = |one: &str, other: &str| match (Exact::of_text(one), Exact::of_text(other)) {
        (Some(one), Some(other)) => one.minus(&other).abs() <= tolerance,
        _ => one.trim() == other.trim(),
    };
    let same_record = |(one, other): (&csv::StringRecord, &csv::StringRecord)| {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_cell(one, other))
    };
    one.len() == other.len() && one.iter().zip(&other).all(same_record)
}

fn same_array(one: &[u8], other: &[u8], tolerance: f64) -> bool {
    let (Ok(one), Ok(other)) = (Array::parse(one), Array::parse(other)) else { return false };
    one.shape == other.shape && (0..one.len()).all(|at| one.get(at).is_near(other.get(at), tolerance))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(content_type: &str, one: &str, other: &str) -> bool {
        let captured = Payload { content_type: Some(content_type.to_owned()), bytes: one.as_bytes().to_vec() };
        is_same(&captured, Some(content_type), other.as_bytes(), 0.01)
    }

    #[test]
    fn answers_agree_within_the_tolerance_however_they_are_written() {
        for (content_type, one, other, agree) in [
            ("application/json", r#"{"a": 0.5, "b": "x"}"#, r#"{"b":"x","a":0.505}"#, true),
            ("application/json", r#"{"a": 0.5}"#, r#"{"a": 0.52}"#, false),
            ("application/json", r#"{"a": [1, 2]}"#, r#"{"a": [1, 2, 3]}"#, false),
            ("application/json", r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, false),
            ("application/json", r#"{"id": 1147250893347815425}"#, r#"{"id": 1147250893347815426}"#, false),
            ("application/json", r#"{"id": 123456789012345678901}"#, r#"{"id": 123456789012345678902}"#, false),
            ("application/json", r#"{"id": 123456789012345678901}"#, r#"{"id":123456789012345678901.0}"#, true),
            ("text/csv", "a,9007199254740993", "a,9007199254740992", false),
            ("application/jsonlines", "[1]\n[2]\n", "[1.001]\n[2]", true),
            ("application/jsonlines", "[1]\n[2]\n", "[1]", false),
            ("text/csv; charset=utf-8", "0.5,a\n", "0.501, a", true),
            ("text/csv", "0.5,a", "0.5,b", false),
            ("text/csv", "0.5", "0.5\n0.6", false),
            ("text/plain", "yes\n", "yes", true),
            ("text/plain", "yes", "no", false),
        ] {
            assert_eq!(same(content_type, one, other), agree, "{one} {other}");
        }
        let binary = Payload { content_type: None, bytes: vec![255, 0] };
        assert!(is_same(&binary, None, &[255, 0], 0.0) && !is_same(&binary, None, &[255, 1], 9.0));
    }
}
