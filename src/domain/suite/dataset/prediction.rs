//! Where predictions stand in a model's answer, and reading them: one for each row that was sent, or an error.

#[cfg(test)]
use std::borrow::Cow;
use std::fmt;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::column::Column;
use super::npy_answer::NpyAnswer;
use super::row::Cell;
use crate::domain::finding::nearest;
use crate::domain::suite::json_answer::JsonAnswer;
use crate::domain::suite::json_path::Path;
use crate::domain::suite::media_type::is_json_lines;
use crate::domain::suite::npy::{Array, is_npy};
use crate::domain::text::count::counted;
use crate::domain::text::excerpt::cut;

/// Where the predictions (or scores) of a batch stand in the answer.
#[derive(Clone, Debug)]
pub enum Pick {
    /// JSON: a JSONPath that finds one scalar for each row of the batch, in the rows' order; in an answer of JSON Lines,
    /// exactly one on each line.
    Path(Path),
    /// CSV: a column. By number the answer has no header row, by name it has one.
    Column(Column),
    /// CSV: each cell is one row's prediction, as where the XGBoost container joins a batch to `0.1,0.9`.
    Cells,
    /// CSV: each line is a list, for what takes lists.
    Lines,
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{path}"),
            Self::Column(column) => write!(f, "column {column}"),
            Self::Cells => f.write_str("the cells"),
            Self::Lines => f.write_str("the lines"),
        }
    }
}

impl<'de> Deserialize<'de> for Pick {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PickVisitor)
    }
}

struct PickVisitor;

impl<'de> Visitor<'de> for PickVisitor {
    type Value = Pick;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSONPath, or {column: NAME or NUMBER} or {cells: all} for a CSV answer")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Pick, E> {
        if !text.starts_with('$') {
            return Err(E::custom(format_args!(
                "\"{text}\" is not a JSONPath, which starts with $; a column of a CSV answer is {{column: {text}}}"
            )));
        }
        let path = Path::parse(text);
        path.map(Pick::Path).map_err(|error| E::custom(format_args!("\"{text}\" is not a JSONPath ({error})")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pick, A::Error> {
        const FIELDS: &[&str] = &["column", "cells"];
        let pick = match map.next_key::<String>()?.as_deref() {
            Some("column") => Pick::Column(map.next_value()?),
            Some("cells") => match map.next_value::<String>()?.as_str() {
                "all" => Pick::Cells,
                "rows" => Pick::Lines,
                other => {
                    let what = format_args!(
                        "cells: {other} is not known, only cells: all and, under highest and ranked, cells: rows"
                    );
                    return Err(A::Error::custom(what));
                }
            },
            Some(other) => return Err(A::Error::unknown_field(other, FIELDS)),
            None => return Err(A::Error::custom("nothing is picked: write {column: 0} or {cells: all}")),
        };
        match map.next_key::<String>()? {
            None => Ok(pick),
            Some(more) if FIELDS.contains(&more.as_str()) => {
                Err(A::Error::custom("two things are picked: write one of {column: 0} and {cells: all}"))
            }
            Some(other) => Err(A::Error::unknown_field(&other, FIELDS)),
        }
    }
}

#[cfg(test)]
impl JsonSchema for Pick {
    fn schema_name() -> Cow<'static, str> {
        "Pick".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "where the answer has one value for each row of the batch, in the rows' order",
            "anyOf": [
                {"description": "JSON or JSON Lines: a JSONPath", "type": "string", "pattern": "^\\$"},
                {
                    "description": "CSV or npy: a column; by number the answer has no header row, by name it has one",
                    "type": "object",
                    "properties": {"column": generator.subschema_for::<Column>()},
                    "required": ["column"],
                    "additionalProperties": false,
                },
                {
                    "description": "CSV or npy: each cell is the value of one row (all); under highest and ranked, each line has the values of one row (rows)",
                    "type": "object",
                    "properties": {"cells": {"enum": ["all", "rows"]}},
                    "required": ["cells"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

impl Pick {
    /// Whether it takes no longer than reading an answer does.
    pub(super) fn is_plain(&self) -> bool {
        match self {
            Self::Path(path) => path.is_plain(),
            Self::Column(_) | Self::Cells | Self::Lines => true,
        }
    }

    /// The texts of the values that an answer has for a batch of `rows` rows, in the rows' order.
    ///
    /// # Errors
    /// Why the answer has not exactly one scalar for each row.
    pub(super) fn values(
        &self,
        content_type: Option<&str>,
        bytes: &[u8],
        rows: usize,
        has_lists: bool,
    ) -> Result<Vec<Cell>, String> {
        if is_npy(content_type.unwrap_or_default(), bytes) {
            let pick = if has_lists && matches!(self, Self::Cells) { &Self::Lines } else { self };
            let items = pick.npy_items(bytes, rows)?;
            let cell = |(at, item): (usize, Value)| scalar(self, at + 1, &item, has_lists, None);
            return items.into_iter().enumerate().map(cell).collect();
        }
        let text = self.text(bytes)?;
        let scalar = |at: usize, node: &Value, answer: &JsonAnswer| scalar(self, at, node, has_lists, Some(answer));
        let values = match self {
            Self::Path(path) if is_json_lines(content_type.unwrap_or_default()) => {
                json_lines(path, text, rows, &scalar)?
            }
            Self::Path(path) => json(path, text, &scalar)?,
            Self::Column(column) => csv_column(column, text, rows)?,
            Self::Cells | Self::Lines => records(text)?.iter().flatten().map(untyped).collect(),
        };
        self.count(text, values.len(), rows)?;
        match values.iter().position(|value| value.text().trim().is_empty()) {
            Some(at) => Err(format!("expected a value at {self}, got an empty text for row {} of {rows}", at + 1)),
            None => Ok(values),
        }
    }
}

impl Pick {
    /// What an answer has for each of `rows` rows, lists and objects too.
    ///
    /// # Errors
    /// Why the answer has not exactly one for each row.
    pub(super) fn items(&self, content_type: Option<&str>, bytes: &[u8], rows: usize) -> Result<Vec<Value>, String> {
        if is_npy(content_type.unwrap_or_default(), bytes) {
            return self.npy_items(bytes, rows);
        }
        let text = self.text(bytes)?;
        let own = |_: usize, node: &Value, _: &JsonAnswer| Ok(node.clone());
        let items: Vec<Value> = match self {
            Self::Path(path) if is_json_lines(content_type.unwrap_or_default()) => json_lines(path, text, rows, &own)?,
            Self::Path(path) => json(path, text, &own)?,
            // A cell may hold a list
            Self::Column(column) => csv_column(column, text, rows)?
                .iter()
                .map(|cell| serde_json::from_str(cell.text()).unwrap_or_else(|_| Value::from(cell.text())))
                .collect(),
            Self::Cells => records(text)?.iter().flatten().map(Value::from).collect(),
            Self::Lines => records(text)?.iter().map(|record| record.iter().map(Value::from).collect()).collect(),
        };
        self.count(text, items.len(), rows)?;
        Ok(items)
    }

    /// How many rows an answer has something for.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub(super) fn rows(&self, content_type: Option<&str>, bytes: &[u8]) -> Result<usize, String> {
        let content_type = content_type.unwrap_or_default();
        if is_npy(content_type, bytes) {
            let array = Array::parse(bytes).map_err(|error| format!("expected npy for {self}, got {error}"))?;
            return Ok(match self {
                Self::Cells => array.len(),
                _ => array.shape.first().copied().unwrap_or_default(),
            });
        }
        let text = self.text(bytes)?;
        Ok(match self {
            Self::Path(_) if is_json_lines(content_type) => text.lines().filter(|line| !line.trim().is_empty()).count(),
            Self::Path(path) => path.query(&JsonAnswer::parse(text.as_bytes())?)?.len(),
            Self::Column(Column::Number(_)) | Self::Lines => records(text)?.len(),
            Self::Column(Column::Name(_)) => records(text)?.len().saturating_sub(1),
            Self::Cells => records(text)?.iter().map(csv::StringRecord::len).sum(),
        })
    }

    /// Of an array: with `cells: all` each number is a row's, with `cells: rows` a row is a list.
    fn npy_items(&self, bytes: &[u8], rows: usize) -> Result<Vec<Value>, String> {
        let answer = NpyAnswer::parse(bytes, rows).map_err(|error| format!("expected npy for {self}, got {error}"))?;
        let items = match self {
            Self::Cells => answer.cells(),
            Self::Lines => answer.lists(),
            Self::Column(Column::Number(column)) => answer.column(*column),
            Self::Column(Column::Name(_)) | Self::Path(_) => None,
        };
        items.ok_or_else(|| {
            let got = answer.in_words();
            let hint = match self {
                Self::Path(_) | Self::Column(Column::Name(_)) => "; {cells: all} or {column: 0} picks from npy",
                _ => "",
            };
            format!("expected {} at {self}, got {got}{hint}", counted(rows, "row"))
        })
    }

    fn text<'a>(&self, bytes: &'a [u8]) -> Result<&'a str, String> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| format!("expected text, got bytes that are not UTF-8 ({error})"))?
            .trim_start_matches('\u{feff}');
        if !matches!(self, Self::Path(_)) && is_json(text) {
            let hint = "an accept of text/csv asks for CSV, a JSONPath picks from JSON";
            return Err(format!("expected CSV for {self}, got JSON: \"{}\"; {hint}", cut(text)));
        }
        Ok(text)
    }

    fn count(&self, text: &str, found: usize, rows: usize) -> Result<(), String> {
        let expected = || format!("expected {} at {self}, got {found}: \"{}\"", counted(rows, "value"), cut(text));
        if found == rows { Ok(()) } else { Err(expected()) }
    }
}

/// Not of a single number, which is CSV too.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// What is made of a value, given which it is, counted from 1.
type Of<'a, T> = &'a dyn Fn(usize, &Value, &JsonAnswer) -> Result<T, String>;

fn json<T>(path: &Path, text: &str, of: Of<'_, T>) -> Result<Vec<T>, String> {
    let answer = JsonAnswer::parse(text.as_bytes())?;
    path.query(&answer)?.into_iter().enumerate().map(|(at, node)| of(at + 1, node, &answer)).collect()
}

fn json_lines<T>(path: &Path, text: &str, rows: usize, of: Of<'_, T>) -> Result<Vec<T>, String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.len() != rows {
        return Err(format!("expected {} of JSON, got {}: \"{}\"", counted(rows, "line"), lines.len(), cut(text)));
    }
    let mut values = Vec::new();
    for (at, line) in lines.into_iter().enumerate() {
        // One a line: with two on one line and none on the next, the rest would be given to the wrong rows.
        let mut found = json(path, line, of)?;
        match (found.len(), found.pop()) {
            (1, Some(value)) => values.push(value),
            (count, _) => {
                return Err(format!("expected 1 value at {path} on line {}, got {count}: \"{}\"", at + 1, cut(line)));
            }
        }
    }
    Ok(values)
}

fn scalar(pick: &Pick, row: usize, node: &Value, has_lists: bool, answer: Option<&JsonAnswer>) -> Result<Cell, String> {
    let text = || answer.map_or_else(|| node.to_string(), |answer| answer.text(node));
    let is_scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let (kind, hint) = match node {
        // As of a model whose last layer has one output
        Value::Array(items) if !has_lists && items.len() == 1 && is_scalar(&items[0]) => {
            return scalar(pick, row, &items[0], has_lists, answer);
        }
        Value::Array(items) if has_lists && items.iter().all(is_scalar) => return Ok(Cell::Json(text())),
        Value::String(text) => return Ok(Cell::Text(text.clone())),
        Value::Number(_) | Value::Bool(_) => return Ok(Cell::Literal(text())),
        Value::Null => ("null", ""),
        Value::Array(_) => {
            ("an array", "; a path to its items goes on with [*], and one to probabilities is {highest: PATH}")
        }
        Value::Object(_) => ("an object", "; a path to one of its fields goes on with .NAME"),
    };
    Err(format!("expected a text, number or boolean at {pick}, got {kind} as value {row}{hint}"))
}

fn untyped(cell: &str) -> Cell {
    Cell::Untyped(cell.to_owned())
}

fn records(text: &str) -> Result<Vec<csv::StringRecord>, String> {
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader
        .into_records()
        .collect::<Result<_, _>>()
        .map_err(|error| format!("expected CSV, got \"{}\" ({error})", cut(text)))
}

fn csv_column(column: &Column, text: &str, rows: usize) -> Result<Vec<Cell>, String> {
    let mut records = records(text)?;
    let number = match column {
        Column::Number(number) => *number,
        Column::Name(name) => {
            if records.is_empty() {
                return Err(format!("expected CSV with a header that has {column}, got an empty answer"));
            }
            let header = records.remove(0);
            let found = header.iter().filter(|cell| cell.trim() == name).count();
            if found > 1 {
                return Err(format!("expected one column {column} in the header, got {found}"));
            }
            header.iter().position(|cell| cell.trim() == name).ok_or_else(|| {
                let near = nearest(name, header.iter()).map(|near| format!("; did you mean \"{near}\"?"));
                let header: Vec<_> = header.iter().collect();
                let hint = near.unwrap_or_default();
                format!("expected a header that has {column}, got \"{}\"{hint}", cut(&header.join(",")))
            })?
        }
    };
    if records.len() != rows {
        let hint = match column {
            Column::Number(_) if records.len() == rows + 1 => "; a column of an answer with a header goes by name",
            Column::Name(_) if records.len() + 1 == rows => "; a column of an answer without a header goes by number",
            _ => "",
        };
        return Err(format!(
            "expected {} of CSV, got {}: \"{}\"{hint}",
            counted(rows, "row"),
            records.len(),
            cut(text)
        ));
    }
    let cell = |(at, record): (usize, &csv::StringRecord)| {
        let found = record.get(number).map(untyped);
        found.ok_or_else(|| {
            format!("expected column {column}, got {} in row {}", counted(record.len(), "column"), at + 1)
        })
    };
    records.iter().enumerate().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::suite::npy::{ArrayType, Nested};

    fn pick(yaml: &str) -> Pick {
        serde_yaml::from_str(yaml).expect(yaml)
    }

    fn values(yaml: &str, content_type: &str, body: &str, rows: usize) -> Result<Vec<String>, String> {
        let values = pick(yaml).values(Some(content_type), body.as_bytes(), rows, false)?;
        Ok(values.iter().map(|value| value.text().to_owned()).collect())
    }

    const JSON: &str = "application/json";
    const LINES: &str = "application/jsonlines; charset=utf-8";
    const CSV: &str = "text/csv";

    #[test]
    fn a_value_is_found_for_every_row() {
        for (yaml, content_type, body) in [
            ("$.predictions[*].label", JSON, r#"{"predictions": [{"label": "1"}, {"label": 2.5}, {"label": true}]}"#),
            ("$[*][0]", JSON, r#"[["1", 0.1], [2.5, 0.2], [true, 0.3]]"#),
            ("$.label", LINES, "{\"label\": \"1\"}\r\n{\"label\": 2.5}\n\n{\"label\": true}\n"),
            ("{column: 1}", CSV, "0.1,1\r\n0.2,2.5\r\n0.3,true\r\n"),
            ("{column: label}", CSV, "\u{feff}score, label\n0.1,1\n0.2,2.5\n0.3,\"true\""),
            ("{column: \"1\"}", CSV, "0,1\n0.1,1\n0.2,2.5\n0.3,true"),
            ("{cells: all}", CSV, "1,2.5,true"),
            ("{cells: all}", CSV, "1,2.5\ntrue\n"),
        ] {
            assert_eq!(values(yaml, content_type, body, 3).expect(body), ["1", "2.5", "true"], "{yaml}");
        }
        let long = "123456789012345678901";
        assert_eq!(values("$[*]", JSON, &format!("[{long}, [{long}]]"), 2).expect("two"), [long, long]);
    }

    #[test]
    fn every_answer_that_would_lose_or_shift_a_row_is_an_error() {
        for (yaml, content_type, body, message) in [
            ("$[*]", JSON, "[1]", "expected 2 values at $[*], got 1: \"[1]\""),
            ("$[*]", JSON, "[1, 2, 3]", "expected 2 values at $[*], got 3"),
            ("$[*].a", JSON, r#"[{"a": 1}, {"b": 1}]"#, "expected 2 values at $[*].a, got 1"),
            ("$[*]", JSON, "[1, null]", "got null as value 2"),
            ("$[*]", JSON, "[[1, 2], [2, 3]]", "got an array as value 1; a path to its items goes on with [*]"),
            ("$[*]", JSON, r#"[{"a": 1}, {"a": 2}]"#, "got an object as value 1"),
            ("$[*]", JSON, "[1, \" \"]", "got an empty text for row 2 of 2"),
            ("$[*]", JSON, "[1, NaN]", "expected JSON, got \"[1, NaN]\""),
            ("$[*]", LINES, "[1, 2]\n[]\n", "expected 1 value at $[*] on line 1, got 2"),
            ("$[*]", LINES, "[1, 2]\n", "expected 2 lines of JSON, got 1"),
            (
                "{column: 0}",
                CSV,
                "label\n1\n2",
                "got 3: \"label\\n1\\n2\"; a column of an answer with a header goes by name",
            ),
            ("{column: 1}", CSV, "1,2\n3", "expected column 1, got 1 column in row 2"),
            ("{column: 0}", CSV, "1\n\n", "expected 2 rows of CSV, got 1"),
            ("{column: 0}", CSV, "1\n\"\"", "got an empty text for row 2 of 2"),
            ("{column: lable}", CSV, "label\n1\n2", "has \"lable\", got \"label\"; did you mean \"label\"?"),
            ("{column: a}", CSV, "a\n1", "got 1: \"a\\n1\"; a column of an answer without a header goes by number"),
            ("{column: a}", CSV, "", "got an empty answer"),
            ("{column: a}", CSV, "a,b, a\n1,2,3\n1,2,3", "expected one column \"a\" in the header, got 2"),
            ("{cells: all}", JSON, "[1, 2]", "expected CSV for the cells, got JSON: \"[1, 2]\"; an accept of text/csv"),
            ("{cells: all}", CSV, "1,2,3", "expected 2 values at the cells, got 3"),
        ] {
            let error = values(yaml, content_type, body, 2).expect_err(body);
            assert!(error.contains(message), "{yaml} {body}: {error}");
        }
        assert!(pick("$").values(None, b"\xff", 1, false).expect_err("bytes").contains("not UTF-8"));
    }

    #[test]
    fn arrays_are_picked_by_cells_columns_and_rows() {
        let array = |json: &str, kind| {
            let nested = Nested::of(&serde_json::from_str(json).expect("JSON")).expect("an array");
            nested.written(kind).expect("written")
        };
        let two = array("[[1.5, 2], [3, 4]]", ArrayType::Float32);
        let read = |yaml: &str, bytes: &[u8], has_lists| -> Result<Vec<String>, String> {
            let values = pick(yaml).values(Some("application/x-npy"), bytes, 2, has_lists)?;
            Ok(values.iter().map(|value| value.text().to_owned()).collect())
        };
        assert_eq!(read("{column: 1}", &two, false).expect("a column"), ["2.0", "4.0"]);
        assert_eq!(read("{cells: all}", &two, true).expect("lists"), ["[1.5,2.0]", "[3.0,4.0]"]);
        assert_eq!(read("{cells: all}", &array("[[7], [-8]]", ArrayType::Int8), false).expect("cells"), ["7", "-8"]);
        let items = pick("{cells: rows}").items(None, &two, 2).expect("rows");
        assert_eq!(items, [serde_json::json!([1.5, 2.0]), serde_json::json!([3.0, 4.0])]);
        for (yaml, message) in [
            ("{cells: all}", "expected 2 rows at the cells, got an array of shape (2, 2)"),
            ("{column: 2}", "expected 2 rows at column 2, got an array of shape (2, 2)"),
            (
                "$[*]",
                "expected 2 rows at $[*], got an array of shape (2, 2); {cells: all} or {column: 0} picks from npy",
            ),
        ] {
            assert_eq!(read(yaml, &two, false).expect_err(yaml), message);
        }
        let error = read("{cells: all}", b"[1, 2]", false).expect_err("JSON");
        assert!(error.starts_with("expected npy for the cells, got other bytes"), "{error}");
    }

    #[test]
    fn a_pick_is_written_in_one_way_only() {
        for (yaml, message) in [
            ("label", "\"label\" is not a JSONPath, which starts with $; a column of a CSV answer is {column: label}"),
            ("\"$.[\"", "is not a JSONPath ("),
            ("0", "expected a JSONPath, or {column: NAME or NUMBER}"),
            ("{colunm: 0}", "unknown field `colunm`, expected `column` or `cells`"),
            ("{column: -1}", "expected a column's name, or its number counted from 0"),
            ("{column: 1.5}", "expected a column's name, or its number counted from 0"),
            ("{cells: some}", "cells: some is not known, only cells: all"),
            ("{column: 0, cells: all}", "two things are picked"),
            ("{column: 0, sep: x}", "unknown field `sep`"),
            ("{}", "nothing is picked"),
        ] {
            let error = serde_yaml::from_str::<Pick>(yaml).expect_err(yaml).to_string();
            assert!(error.contains(message), "{yaml}: {error}");
        }
    }
}
