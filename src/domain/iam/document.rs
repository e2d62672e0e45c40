//! A policy document: read to be evaluated, and written with statements of ours merged in.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// A policy document as it was written; what this tool does not know of it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    head: Map<String, Value>,
    statements: Vec<Value>,
}

/// Why a text is not a policy document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAPolicy(String);

impl Default for Document {
    /// The policy of what has none: it allows nothing.
    fn default() -> Self {
        Self { head: Map::from_iter([("Version".to_owned(), json!("2012-10-17"))]), statements: Vec::new() }
    }
}

impl Document {
    /// Reads a document; an empty text is none.
    ///
    /// # Errors
    /// The text is not a JSON object, or its `Statement` is missing, or neither a list nor an object.
    pub fn parse(text: &str) -> Result<Self, NotAPolicy> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut head: Map<String, Value> = serde_json::from_str(text).map_err(|error| NotAPolicy(error.to_string()))?;
        let statements = match head.remove("Statement") {
            None => return Err(NotAPolicy("it has no Statement".to_owned())),
            Some(Value::Array(statements)) => statements,
            // IAM takes a single statement without a list around it
            Some(statement @ Value::Object(_)) => vec![statement],
            Some(_) => return Err(NotAPolicy("Statement is neither a list nor an object".to_owned())),
        };
        Ok(Self { head, statements })
    }

    /// Reads a policy of a role: its statements name no principal, since it is the role.
    ///
    /// # Errors
    /// As of [`Self::parse`].
    pub fn parse_of_role(text: &str) -> Result<Self, NotAPolicy> {
        let mut document = Self::parse(text)?;
        for statement in document.statements.iter_mut().filter_map(Value::as_object_mut) {
            statement.entry("Principal").or_insert_with(|| json!("*"));
        }
        Ok(document)
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.head.get("Id").and_then(Value::as_str)
    }

    /// The statements with what to call each: by its `Sid`, else by its number.
    pub(super) fn statements(&self) -> impl Iterator<Item = (String, &Value)> {
        self.statements.iter().zip(1..).map(|(statement, number)| {
            let label = match statement["Sid"].as_str() {
                Some(sid) if !sid.is_empty() => format!("statement \"{sid}\""),
                _ => format!("statement {number}"),
            };
            (label, statement)
        })
    }

    /// Policy variables came with this version; in older documents `${...}` is a text like any other.
    pub(super) fn has_variables(&self) -> bool {
        self.head.get("Version").is_some_and(|version| version == "2012-10-17")
    }

    /// All of these as one: a statement counts alike wherever it stands.
    #[must_use]
    pub(crate) fn together(documents: impl IntoIterator<Item = Self>) -> Self {
        let statements = documents.into_iter().flat_map(|document| document.statements).collect();
        Self { statements, ..Self::default() }
    }

    /// Puts statements in the place of those with the same `Sid`; says whether that changes what the policy says.
    pub fn merge(&mut self, ours: &[Value]) -> bool {
        let is_ours = |statement: &Value| {
            statement["Sid"].as_str().is_some_and(|sid| ours.iter().any(|one| one["Sid"].as_str() == Some(sid)))
        };
        let mine: Vec<&Value> = self.statements.iter().filter(|statement| is_ours(statement)).collect();
        if mine.len() == ours.len() && ours.iter().all(|want| mine.iter().any(|have| same_statement(have, want))) {
            return false;
        }
        self.statements.retain(|statement| !is_ours(statement));
        self.statements.extend(ours.iter().cloned());
        true
    }

    /// Whether a document without anything else says the same.
    pub(crate) fn says_the_same(&self, other: &Value) -> bool {
        let Some(theirs) = other["Statement"].as_array() else { return false };
        let within = |one: &Value, all: &[Value]| all.iter().any(|other| same_statement(one, other));
        self.head.get("Version") == other.get("Version")
            && self.statements.len() == theirs.len()
            && self.statements.iter().all(|statement| within(statement, theirs))
            && theirs.iter().all(|statement| within(statement, &self.statements))
    }

    /// The document as JSON text.
    pub fn render(&self) -> String {
        let mut document = self.head.clone();
        document.insert("Statement".to_owned(), Value::Array(self.statements.clone()));
        Value::Object(document).to_string()
    }
}

/// Whether two statements grant the same, whatever the order of their lists and the form of single values.
fn same_statement(left: &Value, right: &Value) -> bool {
    let (Some(left), Some(right)) = (left.as_object(), right.as_object()) else {
        return false;
    };
    left.len() == right.len()
        && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| as_set(value) == as_set(other)))
}

/// A value with its lists as sets and its account principals in their ARN's short form.
fn as_set(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(as_set).collect(),
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| as_set(value).into_iter().map(move |item| format!("{key}={item}")))
            .collect(),
        Value::String(text) => BTreeSet::from([account_of_principal(text).unwrap_or(text).to_owned()]),
        other => BTreeSet::from([other.to_string()]),
    }
}

/// IAM takes `111122223333` and `arn:aws:iam::111122223333:root` for the same principal.
fn account_of_principal(text: &str) -> Option<&str> {
    text.strip_suffix(":root")?.rsplit_once("::").map(|(_, account)| account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_policy_is_refused_and_what_is_unknown_is_kept() {
        for text in ["[]", "{", r#"{"Statement": 1}"#, "\"x\""] {
            assert!(Document::parse(text).is_err(), "{text}");
        }
        let text = r#"{"Version":"2008-10-17","Id":"x","Later":1,"Statement":[{"Sid":"A","Whatever":[1]}]}"#;
        let mut document = Document::parse(text).expect("valid");
        assert_eq!(document.render(), text);
        assert!(!document.has_variables());
        assert!(document.merge(&[json!({"Sid": "B", "Effect": "Deny"})]));
        assert!(!document.merge(&[json!({"Effect": "Deny", "Sid": "B"})]));
        let labels: Vec<String> = document.statements().map(|(label, _)| label).collect();
        assert_eq!(labels, ["statement \"A\"", "statement \"B\""]);
        assert_eq!(Document::parse(" ").expect("valid"), Document::default());
    }
}
