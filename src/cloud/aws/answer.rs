//! What answers of `Api` hold, under the names that the services give it.

use serde_json::Value;

use crate::cloud::CloudResult;
use crate::cloud::error::Kind;

/// A text, if it is one.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
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
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
