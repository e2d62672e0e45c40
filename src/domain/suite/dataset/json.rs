//! Rows as JSON, every value with its text as it stands in the file.

use super::class::plain_number;
use super::row::Cell;
use crate::domain::document::{Node, Value};

/// A value as a cell, every number as it is written.
pub(super) fn cell_of(node: &Node) -> Cell {
    match &node.value {
        Value::Null => Cell::Null,
        Value::Bool(truth) => Cell::Literal(truth.to_string()),
        Value::Number(text) => Cell::Literal(text.clone()),
        Value::String(text) => Cell::Text(text.clone()),
        Value::List(nodes) => {
            let cells: Vec<Cell> = nodes.iter().map(cell_of).collect();
            Cell::Json(json_list(&cells))
        }
        Value::Map(entries) => {
            let names: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
            let cells: Vec<Cell> = entries.iter().map(|entry| cell_of(&entry.value)).collect();
            Cell::Json(json_record(&names, &cells))
        }
    }
}

pub(super) fn json_list(cells: &[Cell]) -> String {
    format!("[{}]", cells.iter().map(json_text).collect::<Vec<_>>().join(", "))
}

pub(super) fn json_record(names: &[String], cells: &[Cell]) -> String {
    let field = |(name, cell): (&String, &Cell)| format!("{}: {}", quoted(name), json_text(cell));
    format!("{{{}}}", names.iter().zip(cells).map(field).collect::<Vec<_>>().join(", "))
}

pub(super) fn json_text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Literal(text) | Cell::Json(text) => text.clone(),
        Cell::Text(text) => quoted(text),
        // What pandas writes for a value that is missing.
        Cell::Untyped(text) if text.is_empty() => "null".to_owned(),
        Cell::Untyped(text) => match plain_number(text) {
            Some(_) if serde_json::from_str::<serde_json::Number>(text).is_ok() => text.trim().to_owned(),
            // A number, but not as JSON writes one: `.5`, `5.` or `+5`.
            Some(number) => serde_json::Value::from(number).to_string(),
            None => quoted(text),
        },
    }
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
