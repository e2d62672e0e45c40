//! What an expectation asks of the values at a JSONPath.

use std::fmt::Write;

use regex::Regex;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::excerpt::cut;
use super::json_answer::JsonAnswer;
use super::json_path::Path;
use super::pattern::{is_plain, regular_expression};
use super::unmet::Verdict;

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct JsonSpec {
    path: String,
    #[serde(default, deserialize_with = "present")]
    equals: Option<Value>,
    within: Option<Within>,
    min: Option<f64>,
    max: Option<f64>,
    one_of: Option<Vec<Value>>,
    matches: Option<String>,
    length: Option<usize>,
    exists: Option<bool>,
    r#type: Option<JsonType>,
}

/// A value that is there, `null` included.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct Within {
    value: f64,
    tolerance: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
enum JsonType {
    Null,
    Boolean,
    Number,
    Integer,
    String,
    Array,
    Object,
}

#[derive(Clone, Debug)]
enum JsonCheck {
    Equals(Value),
    Within(Within),
    Min(f64),
    Max(f64),
    OneOf(Vec<Value>),
    Matches(Regex),
    Length(usize),
    Exists(bool),
    Type(JsonType),
}

/// The values at a path, and what is asked of them.
#[derive(Clone, Debug)]
pub(super) struct ValuesAt {
    path: Path,
    checks: Vec<JsonCheck>,
}

impl JsonSpec {
    /// Compiles path and pattern.
    ///
    /// # Errors
    /// What cannot be compiled, in words that follow the case's name.
    pub(super) fn compile(self) -> Result<ValuesAt, String> {
        let mut checks = Vec::new();
        checks.extend(self.equals.map(JsonCheck::Equals));
        checks.extend(self.within.map(JsonCheck::Within));
        checks.extend(self.min.map(JsonCheck::Min));
        checks.extend(self.max.map(JsonCheck::Max));
        checks.extend(self.one_of.map(JsonCheck::OneOf));
        if let Some(pattern) = &self.matches {
            let place = format!("expect.json {}", self.path);
            checks.push(JsonCheck::Matches(regular_expression(&place, pattern)?));
        }
        checks.extend(self.length.map(JsonCheck::Length));
        checks.extend(self.exists.map(JsonCheck::Exists));
        checks.extend(self.r#type.map(JsonCheck::Type));
        let path = Path::parse(&self.path).map_err(|error| {
            format!("has no JSONPath in expect.json: \"{}\" ({error}; a path begins with $)", cut(&self.path))
        })?;
        let within = self.within.into_iter().flat_map(|Within { value, tolerance }| [value, tolerance]);
        if let Some(number) = within.chain(self.min).chain(self.max).find(|number| !number.is_finite()) {
            return Err(format!("asks for {number} in expect.json at {}: write a number", self.path));
        }
        if checks.is_empty() {
            return Err(format!(
                "asks for nothing at {}: add equals, within, min, max, one_of, matches, length, exists or type",
                self.path
            ));
        }
        Ok(ValuesAt { path, checks })
    }
}

impl ValuesAt {
    /// Whether the path finds each value once at most, and what is asked of it takes no time.
    pub(super) fn is_plain(&self) -> bool {
        let of_check = |check: &JsonCheck| match check {
            JsonCheck::Matches(regex) => is_plain(regex),
            _ => true,
        };
        self.path.is_plain() && self.checks.iter().all(of_check)
    }

    /// Every value that the path finds must pass every check; no value at all passes only `exists: false` and
    /// `length: 0`.
    pub(super) fn judge(&self, answer: &JsonAnswer, verdict: &mut Verdict) {
        const KIND: &str = "wrong_json";
        let Self { path, checks } = self;
        let nodes = match path.query(answer) {
            Ok(nodes) => nodes,
            Err(reason) => return verdict.add(KIND, || reason),
        };
        for check in checks {
            match check {
                JsonCheck::Exists(wanted) => {
                    if *wanted == nodes.is_empty() {
                        let (wanted, got) = if *wanted { ("something", "nothing") } else { ("nothing", "something") };
                        verdict.add(KIND, || format!("expected {wanted} at {path}, got {got}"));
                    }
                }
                JsonCheck::Length(wanted) => {
                    let length = match nodes[..] {
                        [Value::Array(items)] => items.len(),
                        [Value::Object(map)] => map.len(),
                        [Value::String(text)] => text.chars().count(),
                        _ => nodes.len(),
                    };
                    if length != *wanted {
                        verdict.add(KIND, || format!("expected length {wanted} at {path}, got {length}"));
                    }
                }
                _ if nodes.is_empty() => {
                    verdict.add(KIND, || format!("expected {} at {path}, got nothing", check.wanted()));
                }
                _ => {
                    for node in nodes.iter().filter(|node| !check.holds(node)) {
                        verdict.add(KIND, || {
                            format!("expected {} at {path}, got {}", check.wanted(), cut(&node.to_string()))
                        });
                    }
                }
            }
        }
    }
}

impl JsonCheck {
    fn holds(&self, node: &Value) -> bool {
        let number = || node.as_f64();
        match self {
            Self::Equals(wanted) => equal(wanted, node),
            Self::Within(Within { value, tolerance }) => number().is_some_and(|got| (got - value).abs() <= *tolerance),
            Self::Min(least) => number().is_some_and(|got| got >= *least),
            Self::Max(most) => number().is_some_and(|got| got <= *most),
            Self::OneOf(wanted) => wanted.iter().any(|one| equal(one, node)),
            Self::Matches(regex) => match node {
                Value::String(text) => regex.is_match(text),
                other => regex.is_match(&other.to_string()),
            },
            Self::Type(wanted) => match wanted {
                JsonType::Null => node.is_null(),
                JsonType::Boolean => node.is_boolean(),
                JsonType::Number => node.is_number(),
                JsonType::Integer => node.is_i64() || node.is_u64() || number().is_some_and(|got| got.fract() == 0.0),
                JsonType::String => node.is_string(),
                JsonType::Array => node.is_array(),
                JsonType::Object => node.is_object(),
            },
            // Judged on the whole list of nodes.
            Self::Length(_) | Self::Exists(_) => true,
        }
    }

    fn wanted(&self) -> String {
        match self {
            Self::Equals(value) => value.to_string(),
            Self::Within(Within { value, tolerance }) => format!("{value} (within {tolerance})"),
            Self::Min(least) => format!("at least {least}"),
            Self::Max(most) => format!("at most {most}"),
            Self::OneOf(values) => {
                let mut text = "one of ".to_owned();
                // Writing to a String cannot fail.
                _ = write!(text, "{}", Value::Array(values.clone()));
                text
            }
            Self::Matches(regex) => format!("a match of /{regex}/"),
            Self::Length(length) => format!("length {length}"),
            Self::Exists(_) => "something".to_owned(),
            Self::Type(kind) => format!("type {}", format!("{kind:?}").to_lowercase()),
        }
    }
}

/// Equality of JSON values in which 1 equals 1.0, as JSON itself makes no difference.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => left == right,
    }
}
