//! What of a document does not fit the type that it is read as, and where.

use std::fmt;

use serde::de::{self, value};

use crate::domain::finding::{Finding, Position, nearest};

/// What does not fit, and where.
#[derive(Debug)]
pub struct Misfit(pub Box<Inner>);

#[derive(Debug)]
pub struct Inner {
    reason: String,
    field: Option<Field>,
    pub(super) path: Path,
    pub(super) at: Option<Position>,
}

/// A field that is the reason.
#[derive(Debug)]
enum Field {
    Missing(&'static str),
    Twice(&'static str),
    /// A field, or one of several values.
    Unknown {
        name: String,
        known: &'static [&'static str],
    },
}

/// Steps from the root, of which the last comes first.
pub(super) type Path = Vec<Step>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

impl Misfit {
    /// Where in the document, such as `cases[0].expect`; empty for all of it.
    pub(crate) fn path(&self) -> String {
        let steps = self.0.path.iter().rev().map(|step| match step {
            Step::Key(key) => format!(".{key}"),
            Step::Item(number) => format!("[{number}]"),
        });
        steps.collect::<String>().trim_start_matches('.').to_owned()
    }

    pub(crate) fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The field that is missing, if that is the reason.
    pub(crate) fn missing(&self) -> Option<&str> {
        match &self.0.field {
            Some(Field::Missing(name)) => Some(name),
            _ => None,
        }
    }

    /// The nearest right name of an unknown field or value.
    fn nearest(&self) -> Option<&str> {
        match &self.0.field {
            Some(Field::Unknown { name, known }) => nearest(name, known.iter().copied()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match (&self.0.field, self.nearest(), self.reason().rsplit_once(", expected ")) {
            (_, Some(near), _) => format!("did you mean \"{near}\"?"),
            (Some(Field::Unknown { .. }), None, _) => "write one of those, or leave it out".to_owned(),
            (Some(Field::Missing(name)), ..) => format!("add \"{name}\" there"),
            (Some(Field::Twice(_)), ..) => "keep one of the two".to_owned(),
            (None, None, Some((_, expected))) => format!("write {expected}"),
            (None, None, None) => return None,
        })
    }

    /// The field that stands twice, if that is the reason.
    pub(super) fn twice(&self) -> Option<&str> {
        match &self.0.field {
            Some(Field::Twice(name)) if self.0.path.is_empty() => Some(name),
            _ => None,
        }
    }

    fn new(reason: String, field: Option<Field>) -> Self {
        Self(Box::new(Inner { reason, field, path: Vec::new(), at: None }))
    }

    /// That the document is not what it should be, where, why, and the nearest right name.
    pub(crate) fn finding(&self, what: &str, file: &str) -> Finding {
        let path = self.path();
        let what = if path.is_empty() { what.to_owned() } else { format!("{what} at {path}") };
        let mut finding = Finding::error(what).cause(self.reason());
        finding.hint = self.hint();
        match self.0.at {
            Some(position) => finding.at(file, position),
            None => finding.in_file(file),
        }
    }

    /// Of places that hold each other, the innermost says most.
    pub(super) fn at(mut self, position: Position) -> Self {
        self.0.at.get_or_insert(position);
        self
    }

    pub(super) fn under(mut self, step: Step) -> Self {
        self.0.path.push(step);
        self
    }
}

/// What was found, in words of the document.
fn kind(found: &de::Unexpected<'_>) -> String {
    match found {
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Map => "a mapping".to_owned(),
        de::Unexpected::Unit | de::Unexpected::Option => "nothing".to_owned(),
        other => other.to_string(),
    }
}

/// What serde expects of a type of ours, in words of the document.
fn plain(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "a mapping",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 on",
        "i32" | "i64" => "a whole number",
        "f64" => "a number",
        of_ours if of_ours.starts_with("struct ") => "a mapping",
        other => other,
    }
}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason.to_string(), None)
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("invalid type: {}, expected {}", kind(&found), plain(&expected.to_string())))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("invalid value: {}, expected {}", kind(&found), plain(&expected.to_string())))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(<value::Error as de::Error>::missing_field(name).to_string(), Some(Field::Missing(name)))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new(<value::Error as de::Error>::duplicate_field(name).to_string(), Some(Field::Twice(name)))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        let field = Field::Unknown { name: name.to_owned(), known };
        Self::new(<value::Error as de::Error>::unknown_field(name, known).to_string(), Some(field))
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        let field = Field::Unknown { name: name.to_owned(), known };
        Self::new(<value::Error as de::Error>::unknown_variant(name, known).to_string(), Some(field))
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.reason)
    }
}

impl std::error::Error for Misfit {}
