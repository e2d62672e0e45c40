//! Datasets in JSON Lines: an object a line, whose fields are the columns.

use std::io::Read;
use std::sync::Arc;

use super::case::DatasetCase;
use super::column::Column;
use super::json::cell_of;
use super::lines::Lines;
use super::row::{Cell, Row, at_line};
use crate::domain::document::{self, Node, Value};
use crate::domain::finding::{Finding, nearest};

/// The rows of a file, or what is wrong with it.
pub(super) struct Rows<'a> {
    case: &'a DatasetCase,
    file: String,
    lines: Lines<'a>,
    label: String,
    query: Option<String>,
    /// The fields to send: those of the case, else those of the first row.
    features: Option<Arc<[String]>>,
    is_over: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn new(case: &'a DatasetCase, bytes: Box<dyn Read + 'a>) -> Self {
        let features = case.features.as_ref().map(|columns| columns.iter().map(name).collect());
        let query = case.query.as_ref().map(name);
        let (file, label) = (case.file.to_string(), name(&case.label));
        Self { case, file, lines: Lines::new(bytes), label, query, features, is_over: false }
    }

    fn row(&mut self, text: &str, line: usize) -> Result<Row, Vec<Finding>> {
        let Self { case, file, label, query, features, .. } = self;
        let is_told = |name: &str| name != label && Some(name) != query.as_deref();
        let entries = json_object(text, file, line).map_err(|finding| vec![finding])?;
        let fields: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let features = features
            .get_or_insert_with(|| fields.iter().filter(|name| is_told(name)).map(|name| (*name).to_owned()).collect());
        if features.is_empty() {
            self.is_over = true;
            return Err(vec![at_line(file, line, format!("has no field besides the label \"{label}\""))]);
        }
        let mut findings = Vec::new();
        let unknown =
            |name: &&&str| case.features.is_none() && is_told(name) && !features.iter().any(|one| one == *name);
        findings.extend(fields.iter().find(unknown).map(|name| {
            at_line(file, line, format!("has a field \"{name}\", which the first row has not"))
                .hint("name the fields to send in dataset.features")
        }));
        let cell = |name: &str| match entries.iter().find(|entry| entry.key == name) {
            Some(entry) => Ok(cell_of(&entry.value)),
            None => Err(no_field(name, &fields, file, line)),
        };
        let cells: Result<Vec<Cell>, Finding> = features.iter().map(|name| cell(name)).collect();
        let query = query.as_deref().map(&cell).transpose();
        match (cells, cell(label), query) {
            (Ok(cells), Ok(label), Ok(query)) if findings.is_empty() => {
                Ok(Row { features: cells, names: Arc::clone(features), label, query, line })
            }
            (cells, label, query) => {
                findings.extend(cells.err().into_iter().chain(label.err()).chain(query.err()));
                Err(findings)
            }
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, Vec<Finding>>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            match self.lines.next() {
                Ok(None) => self.is_over = true,
                Ok(Some(text)) if text.trim().is_empty() => {}
                Ok(Some(text)) => return Some(self.row(&text, self.lines.number)),
                Err(trouble) => {
                    self.is_over = true;
                    return Some(Err(vec![self.lines.trouble(&trouble, &self.file)]));
                }
            }
        }
        None
    }
}

fn name(column: &Column) -> String {
    match column {
        Column::Name(name) => name.clone(),
        Column::Number(number) => number.to_string(),
    }
}

fn no_field(name: &str, names: &[&str], file: &str, line: usize) -> Finding {
    let finding = at_line(file, line, format!("has no field \"{name}\""));
    match nearest(name, names.iter().copied()) {
        Some(near) => finding.hint(format!("did you mean \"{near}\"?")),
        None => finding.cause(format!("its fields are {}", names.join(", "))),
    }
}

fn json_object(text: &str, file: &str, line: usize) -> Result<Vec<document::Entry>, Finding> {
    let node = Node::parse_json(text, file).map_err(|mut finding| {
        if let Some(position) = finding.place.as_mut().and_then(|place| place.position.as_mut()) {
            position.line = line;
        }
        finding
    })?;
    let kind = node.kind();
    let Value::Map(entries) = node.value else {
        return Err(at_line(
            file,
            line,
            format!("is {kind}, and each line must be an object: {{\"a\": 1, \"label\": 2}}"),
        ));
    };
    match document::duplicates(&entries).first() {
        Some((entry, _)) => Err(at_line(file, line, format!("has two fields named \"{}\"", entry.key))),
        None => Ok(entries),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{errors, pairs, rows};

    #[test]
    fn jsonl_keeps_its_numbers_as_written() {
        let text = "\u{feff}{\"y\": 1, \"b\": 1.50, \"a\": \"t\"}\n\n{\"a\": null, \"b\": 1e3, \"y\": true}\r\n";
        assert_eq!(rows("file: x.jsonl, label: y", text), pairs([("1.50|t", "1"), ("1e3|", "true")]));
        assert_eq!(rows("file: x.jsonl, label: y, features: [a]", text), pairs([("t", "1"), ("", "true")]));
    }

    #[test]
    fn what_is_wrong_with_a_jsonl_file_is_said_with_its_line() {
        for (text, message) in [
            ("{\"a\": 1, \"y\": 2}\n{\"a\": 1,\n", "x.jsonl:2:"),
            ("[1, 2]", "x.jsonl:1:1: is a list, and each line must be an object"),
            ("{\"a\": 1, \"y\": 2, \"a\": 3}", "x.jsonl:1:1: has two fields named \"a\""),
            ("{\"a\": 1, \"y\": 2}\n{\"y\": 2}", "x.jsonl:2:1: has no field \"a\"; its fields are y"),
            (
                "{\"a\": 1, \"y\": 2}\n{\"a\": 1, \"Y\": 2}",
                "x.jsonl:2:1: has a field \"Y\", which the first row has not",
            ),
            (
                "{\"a\": 1, \"y\": {\"b\": 2}}",
                "x.jsonl:1:1: has an object as its label, and only a text, number, boolean or a list of them is one",
            ),
            ("{\"a\": 1, \"y\": null}", "x.jsonl:1:1: has no label: column \"y\" is empty"),
            ("{\"y\": 1}", "x.jsonl:1:1: has no field besides the label \"y\""),
            ("\n", "x.jsonl: has no rows"),
        ] {
            let shown = errors("file: x.jsonl, label: y", text);
            assert!(shown[0].starts_with(message), "{text:?}: {shown:#?}");
        }
    }
}
