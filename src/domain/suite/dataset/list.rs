//! Lists as values: several numbers that are predicted at once, several items that are relevant, a list as a class.

use serde_json::Value;

use super::class::Class;
use super::row::Cell;
use crate::domain::suite::json_answer::JsonAnswer;
use crate::domain::suite::number::Exact;

/// The items of a cell that is a list of scalars; of CSV, where it is written as JSON.
pub(super) fn items(cell: &Cell) -> Option<Vec<Cell>> {
    let (Cell::Json(text) | Cell::Untyped(text)) = cell else { return None };
    if !text.trim_start().starts_with('[') {
        return None;
    }
    let list = JsonAnswer::parse(text.as_bytes()).ok()?;
    list.value.as_array()?.iter().map(|value| scalar(value, &list)).collect()
}

/// A scalar of JSON.
pub(super) fn scalar(value: &Value, answer: &JsonAnswer) -> Option<Cell> {
    match value {
        Value::String(text) => Some(Cell::Text(text.clone())),
        Value::Number(_) | Value::Bool(_) => Some(Cell::Literal(answer.text(value))),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The numbers of a cell: its own, or those of its list.
pub(super) fn numbers(cell: &Cell) -> Option<Vec<Exact>> {
    match items(cell) {
        Some(items) if items.is_empty() => None,
        Some(items) => items.iter().map(|item| Exact::of_text(item.text())).collect(),
        None => Exact::of_text(cell.text()).map(|number| vec![number]),
    }
}

/// A list as the class that it is, whichever way it is spaced; any other cell as it is.
pub(super) fn as_class(cell: &Cell) -> Cell {
    let Some(items) = items(cell) else { return cell.clone() };
    let item = |item: &Cell| match item {
        Cell::Text(text) => Value::from(text.as_str()).to_string(),
        other => Class::of(other.text()).to_string(),
    };
    Cell::Text(format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_one_whichever_way_it_is_written() {
        let json = |text: &str| Cell::Json(text.to_owned());
        let csv = |text: &str| Cell::Untyped(text.to_owned());
        assert_eq!(as_class(&json("[\"a\",1.0,true]")), as_class(&csv(" [\"a\", 1, true]")));
        assert_ne!(as_class(&json("[\"a\"]")), as_class(&json("[\"b\"]")));
        assert_eq!(as_class(&csv("[red")), csv("[red"));
        assert_ne!(as_class(&json("[9007199254740993]")), as_class(&json("[9007199254740992]")));
        assert_ne!(as_class(&json("[123456789012345678901]")), as_class(&json("[123456789012345678902]")));
        let shown = |cell| numbers(&cell).map(|all| all.iter().map(Exact::to_string).collect::<Vec<_>>().join(" "));
        assert_eq!(shown(csv("[1, 2.5, 123456789012345678901]")).as_deref(), Some("1 2.5 123456789012345678901"));
        assert_eq!(shown(csv("3")).as_deref(), Some("3"));
        for none in [csv("x"), json("[1, \"x\"]"), json("[]"), json("{}"), json("[[1]]"), Cell::Null] {
            assert_eq!(shown(none), None);
        }
    }
}
