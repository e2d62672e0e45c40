//! What an expectation asks of the values at a JSONPath.

use std::cmp::Ordering;

use regex::Regex;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::document::Literal;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::suite::json_answer::JsonAnswer;
use crate::domain::suite::json_path::{Path, json_path};
use crate::domain::suite::number::Exact;
use crate::domain::suite::pattern::{is_plain, regular_expression};
use crate::domain::suite::unmet::Verdict;
use crate::domain::text::excerpt::cut;

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonSpec {
    path: String,
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(with = "Option<Value>"))]
    equals: Option<Literal>,
    within: Option<Within>,
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    min: Option<Exact>,
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    max: Option<Exact>,
    #[cfg_attr(test, schemars(with = "Option<Vec<Value>>"))]
    one_of: Option<Vec<Literal>>,
    matches: Option<String>,
    length: Option<usize>,
    exists: Option<bool>,
    r#type: Option<JsonType>,
}

/// A value that is there, `null` included.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Literal>, D::Error> {
    Literal::deserialize(deserializer).map(Some)
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct Within {
    #[cfg_attr(test, schemars(with = "f64"))]
    value: Exact,
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
    Equals(Literal),
    Within(Within),
    Min(Exact),
    Max(Exact),
    OneOf(Vec<Literal>),
    Matches(Regex),
    Length(usize),
    Exists(bool),
    Type(JsonType),
}

/// The values at a path, and what is asked of them.
#[derive(Clone, Debug)]
pub(crate) struct ValuesAt {
    path: Path,
    checks: Vec<JsonCheck>,
}

impl JsonSpec {
    /// Compiles path and pattern.
    ///
    /// # Errors
    /// What cannot be compiled, in words that follow the case's name.
    pub(crate) fn compile(self) -> Result<ValuesAt, String> {
        let tolerance = self.within.as_ref().map(|within| within.tolerance);
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
        let path = json_path("expect.json", &self.path)?;
        if let Some(number) = tolerance.filter(|number| !number.is_finite()) {
            return Err(format!("asks for {number} in expect.json at {}; write a number", self.path));
        }
        if checks.is_empty() {
            return Err(format!(
                "asks for nothing at {}; add equals, within, min, max, one_of, matches, length, exists or type",
                self.path
            ));
        }
        Ok(ValuesAt { path, checks })
    }
}

impl ValuesAt {
    /// Whether the path finds each value once at most, and what is asked of it takes no time.
    pub(crate) fn is_plain(&self) -> bool {
        let of_check = |check: &JsonCheck| match check {
            JsonCheck::Matches(regex) => is_plain(regex),
            _ => true,
        };
        self.path.is_plain() && self.checks.iter().all(of_check)
    }

    /// Every value that the path finds must pass every check; no value at all passes only `exists: false` and
    /// `length: 0`.
    pub(crate) fn judge(&self, answer: &JsonAnswer, verdict: &mut Verdict) {
        const KIND: FailureKind = FailureKind::WrongJson;
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
                        [Value::Array(items)] if path.is_singular() => items.len(),
                        [Value::Object(map)] if path.is_singular() => map.len(),
                        [Value::String(text)] if path.is_singular() => text.chars().count(),
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
                    for node in nodes.iter().filter(|node| !check.holds(node, answer)) {
                        verdict.add(KIND, || {
                            format!("expected {} at {path}, got {}", check.wanted(), cut(&answer.text(node)))
                        });
                    }
                }
            }
        }
    }
}

impl JsonCheck {
    fn holds(&self, node: &Value, answer: &JsonAnswer) -> bool {
        let number = || answer.number(node);
        let is = |bound: &Exact, unwanted: Ordering| {
            number().and_then(|got| got.compare(bound)).is_some_and(|order| order != unwanted)
        };
        match self {
            Self::Equals(wanted) => equal(wanted, node, answer),
            Self::Within(Within { value, tolerance }) => {
                number().is_some_and(|got| got.minus(value).abs() <= *tolerance)
            }
            Self::Min(least) => is(least, Ordering::Less),
            Self::Max(most) => is(most, Ordering::Greater),
            Self::OneOf(wanted) => wanted.iter().any(|one| equal(one, node, answer)),
            Self::Matches(regex) => match node {
                Value::String(text) => regex.is_match(text),
                Value::Null => false,
                other => regex.is_match(&answer.text(other)),
            },
            Self::Type(wanted) => match wanted {
                JsonType::Null => node.is_null(),
                JsonType::Boolean => node.is_boolean(),
                JsonType::Number => node.is_number(),
                JsonType::Integer => {
                    node.is_i64() || node.is_u64() || node.as_f64().is_some_and(|got| got.fract() == 0.0)
                }
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
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                format!("one of [{}]", values.join(","))
            }
            Self::Matches(regex) => format!("a match of /{regex}/"),
            Self::Length(length) => format!("length {length}"),
            Self::Exists(_) => "something".to_owned(),
            Self::Type(kind) => format!("type {}", format!("{kind:?}").to_lowercase()),
        }
    }
}

/// Equality of JSON values in which 1 equals 1.0, as JSON itself makes no difference.
fn equal(wanted: &Literal, node: &Value, answer: &JsonAnswer) -> bool {
    let is = |wanted: Option<Exact>| {
        wanted.zip(answer.number(node)).is_some_and(|(wanted, got)| wanted.compare(&got) == Some(Ordering::Equal))
    };
    match (wanted, node) {
        (Literal::Long(wanted), Value::Number(_)) => is(Exact::of_text(wanted)),
        (Literal::Other(Value::Number(wanted)), Value::Number(_)) => is(Some(Exact::of(wanted))),
        (Literal::List(wanted), Value::Array(got)) => {
            wanted.len() == got.len() && wanted.iter().zip(got).all(|(wanted, got)| equal(wanted, got, answer))
        }
        (Literal::Map(wanted), Value::Object(got)) => {
            let holds = |(key, wanted): &(String, Literal)| got.get(key).is_some_and(|got| equal(wanted, got, answer));
            wanted.len() == got.len() && wanted.iter().all(holds)
        }
        (Literal::Other(wanted), got) => wanted == got,
        _ => false,
    }
}
