//! What of a document does not fit the type that it is read as, and where.

use std::fmt;

use serde::de;

use crate::domain::finding::{Finding, Position, nearest};

/// What does not fit, and where.
#[derive(Debug)]
pub struct Misfit(pub(super) Box<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    reason: String,
    pub(super) path: Path,
    pub(super) at: Option<Position>,
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
    pub fn path(&self) -> String {
        let steps = self.0.path.iter().rev().map(|step| match step {
            Step::Key(key) => format!(".{key}"),
            Step::Item(number) => format!("[{number}]"),
        });
        steps.collect::<String>().trim_start_matches('.').to_owned()
    }

    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The nearest right name of an unknown field, which serde names before those that it expects.
    pub fn nearest(&self) -> Option<&str> {
        let mut quoted = self.reason().split('`').skip(1).step_by(2);
        let unknown = quoted.next().filter(|_| self.reason().starts_with("unknown field"))?;
        nearest(unknown, quoted)
    }

    /// That the document is not what it should be, where, and why.
    pub fn finding(&self, what: &str, file: &str) -> Finding {
        let path = self.path();
        let what = if path.is_empty() { what.to_owned() } else { format!("{what} at {path}") };
        let finding = Finding::error(what).cause(self.reason());
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

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self(Box::new(Inner { reason: reason.to_string(), path: Vec::new(), at: None }))
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.reason)
    }
}

impl std::error::Error for Misfit {}
