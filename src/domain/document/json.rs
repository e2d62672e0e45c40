//! JSON as a tree with positions.

use std::cell::Cell;

use jsonc_parser::ast;

use super::node::{CORRECT_IT, Entry, MAX_DEPTH, Node, Value, empty, too_deep};
use crate::domain::finding::rule::Rule;
use crate::domain::finding::{Finding, Position};

/// Byte offsets of line starts, to turn an offset into a position.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// The last answer and its offset: whoever asks goes forward, and a line may be as long as the file.
    last: Cell<(usize, Position)>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, last: Cell::new((0, Position { line: 1, column: 1 })) }
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset);
        let (from, before) = match self.last.get() {
            (from, at) if at.line == line && from <= offset => (from, at.column),
            _ => (self.starts[line - 1], 1),
        };
        let position = Position { line, column: before + self.text[from..offset].chars().count() };
        self.last.set((offset, position));
        position
    }
}

/// The text is known to be JSON.
pub(super) fn parse(text: &str, file: &str) -> Result<Node, Finding> {
    let strict = jsonc_parser::ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let lines = Lines::new(text);
    let parsed =
        jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &strict).map_err(|error| {
            Finding::of(Rule::FileSyntax, "is not valid JSON").in_file(file).cause(error.to_string()).hint(CORRECT_IT)
        })?;
    match parsed.value {
        Some(value) => json_node(value, &lines, file, 0),
        None => Err(empty(file)),
    }
}

fn json_node(value: ast::Value<'_>, lines: &Lines<'_>, file: &str, depth: usize) -> Result<Node, Finding> {
    use jsonc_parser::common::Ranged;
    let at = lines.position(value.range().start);
    if depth > MAX_DEPTH {
        return Err(too_deep(file, at));
    }
    let value = match value {
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::BooleanLit(literal) => Value::Bool(if literal.value { "true" } else { "false" }),
        ast::Value::NumberLit(literal) => Value::Number(literal.value.to_owned()),
        ast::Value::StringLit(literal) => Value::String(literal.value.into_owned()),
        ast::Value::Array(array) => Value::List(
            array.elements.into_iter().map(|item| json_node(item, lines, file, depth + 1)).collect::<Result<_, _>>()?,
        ),
        ast::Value::Object(object) => Value::Map(
            object
                .properties
                .into_iter()
                .map(|property| {
                    Ok(Entry {
                        key_at: lines.position(property.name.range().start),
                        key: property.name.into_string(),
                        key_plain: false,
                        value: json_node(property.value, lines, file, depth + 1)?,
                    })
                })
                .collect::<Result<_, Finding>>()?,
        ),
    };
    Ok(Node { at, value, plain: false })
}
