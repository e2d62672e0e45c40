//! A row of a dataset, and what is said of one.

use std::sync::Arc;

use crate::domain::finding::{Finding, Position};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) features: Vec<Cell>,
    /// Of the columns that the features are of.
    pub(super) names: Arc<[String]>,
    pub(super) label: Cell,
    /// What it is ranked for, where rows are.
    pub(super) query: Option<Cell>,
    /// Where it starts in the file.
    pub(super) line: usize,
}

/// One value of a row or an answer, with its text exactly as it stands there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Cell {
    /// Of CSV, which makes no difference between a number and a text.
    Untyped(String),
    /// Of JSON: a text.
    Text(String),
    /// Of JSON: a number or a boolean.
    Literal(String),
    /// Of JSON: a list or an object.
    Json(String),
    Null,
}

impl Cell {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Untyped(text) | Self::Text(text) | Self::Literal(text) | Self::Json(text) => text,
            Self::Null => "",
        }
    }
}

pub(super) fn at_line(file: &str, line: usize, what: impl Into<String>) -> Finding {
    Finding::error(what).at(file, Position { line, column: 1 })
}
