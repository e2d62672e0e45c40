//! Elements of a policy document as they are written.

use serde_json::Value;

/// A text, or a list of them; IAM takes numbers and booleans for texts.
pub(in super::super) fn texts(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Array(items) => Ok(items.iter().map(texts).collect::<Result<Vec<_>, _>>()?.concat()),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Number(number) => Ok(vec![number.to_string()]),
        Value::Bool(boolean) => Ok(vec![boolean.to_string()]),
        other => Err(format!("holds {other} where a text must be")),
    }
}
