//! What answers of AWS hold, under the names that the services give it.

use serde_json::Value;

use super::error::{CloudResult, ErrorKind};

/// A text, if it is one and says something.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The texts of a list.
pub(super) fn texts(value: &Value) -> Vec<String> {
    items(value).filter_map(text).collect()
}

/// A text of that name, empty where there is none.
pub(super) fn field(value: &Value, name: &str) -> String {
    text(&value[name]).unwrap_or_default()
}

/// The items of a list, none where there is no list.
pub(super) fn items(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// Nothing where the service says that there is no such thing.
pub(super) fn unless_missing<T>(answer: CloudResult<T>) -> CloudResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
