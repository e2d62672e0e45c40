//! A policy document: read to be evaluated, and written with statements of ours merged in.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::written::Written;

/// A policy document as it was written; what this tool does not know of it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    head: Map<String, Value>,
    written_head: Vec<(String, Written)>,
    statements: Vec<Said>,
}

/// A statement as it is evaluated, and as it is written.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    value: Value,
    written: Written,
}

impl Said {
    fn is(value: &Value) -> Self {
        Self { value: value.clone(), written: value.into() }
    }
}

const STATEMENT: &str = "Statement";

/// Why a text is not a policy document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAPolicy(String);

impl Default for Document {
    /// The policy of what has none: it allows nothing.
    fn default() -> Self {
        let version = json!("2012-10-17");
        let written_head = vec![("Version".to_owned(), Written::from(&version))];
        Self { head: Map::from_iter([("Version".to_owned(), version)]), written_head, statements: Vec::new() }
    }
}

impl Document {
    /// Reads a document; an empty text is none.
    ///
    /// # Errors
    /// The text is not a JSON object, a name stands twice in it, or its `Statement` is missing, or neither a list nor an
    /// object.
    pub fn parse(text: &str) -> Result<Self, NotAPolicy> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut head: Map<String, Value> = serde_json::from_str(text).map_err(|error| NotAPolicy(error.to_string()))?;
        let statements = match head.remove(STATEMENT) {
            None => return Err(NotAPolicy("it has no Statement".to_owned())),
            Some(Value::Array(statements)) => statements,
            // IAM takes a single statement without a list around it
            Some(statement @ Value::Object(_)) => vec![statement],
            Some(_) => return Err(NotAPolicy("Statement is neither a list nor an object".to_owned())),
        };
        let Written::Object(mut written_head) = Written::parse(text).map_err(NotAPolicy)? else {
            return Err(NotAPolicy("it is not an object".to_owned()));
        };
        let written = written_head.extract_if(.., |(name, _)| name == STATEMENT).map(|(_, written)| written);
        let written = written.flat_map(|written| match written {
            Written::List(statements) => statements,
            statement => vec![statement],
        });
        let written: Vec<Written> = written.collect();
        let statements = statements.into_iter().zip(written).map(|(value, written)| Said { value, written }).collect();
        Ok(Self { head, written_head, statements })
    }

    /// Reads a policy of a role: its statements name no principal, since it is the role.
    ///
    /// # Errors
    /// As of [`Self::parse`].
    pub fn parse_of_role(text: &str) -> Result<Self, NotAPolicy> {
        let mut document = Self::parse(text)?;
        for statement in document.statements.iter_mut().filter_map(|statement| statement.value.as_object_mut()) {
            statement.entry("Principal").or_insert_with(|| json!("*"));
        }
        Ok(document)
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.head.get("Id").and_then(Value::as_str)
    }

    /// The statements with what to call each: by its `Sid`, else by its number.
    pub(super) fn statements(&self) -> impl Iterator<Item = (String, &Value)> {
        self.statements.iter().map(|statement| &statement.value).zip(1..).map(|(statement, number)| {
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
        let is_ours = |statement: &Said| {
            statement.value["Sid"].as_str().is_some_and(|sid| ours.iter().any(|one| one["Sid"].as_str() == Some(sid)))
        };
        let mine = self.statements.iter().filter(|statement| is_ours(statement)).map(|statement| &statement.value);
        let mine: Vec<&Value> = mine.collect();
        if mine.len() == ours.len() && ours.iter().all(|want| mine.iter().any(|have| same_statement(have, want))) {
            return false;
        }
        self.statements.retain(|statement| !is_ours(statement));
        self.statements.extend(ours.iter().map(Said::is));
        true
    }

    /// Whether a document without anything else says the same.
    pub(crate) fn says_the_same(&self, other: &Value) -> bool {
        let Some(theirs) = other[STATEMENT].as_array() else { return false };
        let ours = || self.statements.iter().map(|statement| &statement.value);
        self.head.get("Version") == other.get("Version")
            && self.statements.len() == theirs.len()
            && ours().all(|one| theirs.iter().any(|other| same_statement(one, other)))
            && theirs.iter().all(|one| ours().any(|other| same_statement(one, other)))
    }

    /// The document as JSON text.
    pub fn render(&self) -> String {
        let mut document = self.written_head.clone();
        let statements = self.statements.iter().map(|statement| statement.written.clone()).collect();
        document.push((STATEMENT.to_owned(), Written::List(statements)));
        Written::Object(document).to_string()
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
        let text = r#"{"Version":"2008-10-17","Id":"x","Later":1.0,"Statement":[{"Sid":"A",
            "Whatever":[12345678901234567890123,0.10]}]}"#;
        let text = text.replace("\n            ", "");
        let text = text.as_str();
        let mut document = Document::parse(text).expect("valid");
        assert_eq!(document.render(), text);
        assert!(!document.has_variables());
        assert!(document.merge(&[json!({"Sid": "B", "Effect": "Deny"})]));
        assert!(!document.merge(&[json!({"Effect": "Deny", "Sid": "B"})]));
        for text in [
            r#"{"Statement": [{"Sid": "A"}], "Statement": []}"#,
            r#"{"Statement": {"Sid": "A", "Effect": "Deny", "Effect": "Allow"}}"#,
        ] {
            let reason = Document::parse(text).expect_err("a name stands twice").to_string();
            assert!(reason.ends_with("stands twice in one object"), "{reason}");
        }
        let labels: Vec<String> = document.statements().map(|(label, _)| label).collect();
        assert_eq!(labels, ["statement \"A\"", "statement \"B\""]);
        assert_eq!(Document::parse(" ").expect("valid"), Document::default());
    }
}
