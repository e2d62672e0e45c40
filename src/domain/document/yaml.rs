//! YAML as a tree with positions, CloudFormation's short tags in their long form.

use std::borrow::Cow;
use std::collections::HashMap;

use yaml_events::{Event, Events, ScalarStyle, Span, Tag};

use super::node::{CORRECT_IT, Entry, MAX_DEPTH, Node, Value, empty, is_true, too_deep};
use super::number::number_of;
use super::quoted::Moved;
use crate::domain::finding::rule::Rule;
use crate::domain::finding::{Finding, Position};

/// More than anybody writes, and little enough for any memory: an alias of aliases grows without end.
const MAX_REPEATED: usize = 100_000;
/// So many bytes of a text take the place of a node.
const LONG_TEXT: usize = 64;

/// A list or mapping that is still open while the events come in.
struct Open {
    at: Position,
    anchor: usize,
    tag: Option<String>,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<Key> },
}

struct Key {
    text: String,
    at: Position,
    plain: bool,
}

/// So many quoted texts whose lines stand too far left are found by the parser; of more, all are looked for at once.
const MOST_FOUND_ONE_BY_ONE: usize = 4;

/// Whose YAML it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// CloudFormation's: YAML 1.1 without aliases.
    Template,
    /// This tool's, in which digits behind a nought stay as they are; without aliases.
    Settings,
    /// The same with aliases.
    Own,
}

/// The parts of a document that have a name, by its number.
#[derive(Default)]
struct Anchors {
    nodes: HashMap<usize, Node>,
    repeated: usize,
}

impl Anchors {
    fn keep(&mut self, anchor: usize, node: &Node) {
        // No part without a name has a number
        if anchor > 0 {
            self.nodes.insert(anchor, node.clone());
        }
    }

    /// The part of that name once more, at that depth; `None` inside itself, and where it would be too much.
    fn repeat(&mut self, anchor: usize, depth: usize) -> Option<Node> {
        let node = self.nodes.get(&anchor)?;
        let (size, height) = extent(node);
        self.repeated += size;
        (self.repeated <= MAX_REPEATED && depth + height <= MAX_DEPTH).then(|| node.clone())
    }
}

/// How many nodes there are, a long text counted as many, and how many levels.
fn extent(node: &Node) -> (usize, usize) {
    let (mut size, mut height) = (1, 0);
    let mut add = |inner: &Node| {
        let (more, levels) = extent(inner);
        size += more;
        height = height.max(levels + 1);
    };
    match &node.value {
        Value::List(items) => items.iter().for_each(&mut add),
        Value::Map(entries) => entries.iter().for_each(|entry| add(&entry.value)),
        Value::String(text) | Value::Number(text) => size += text.len() / LONG_TEXT,
        Value::Null | Value::Bool(_) => {}
    }
    (size, height)
}

/// Reads a text. The parser ends where the first quoted text has a line too far left, so such lines are moved and all is
/// read again, a few times at most.
pub(super) fn parse(text: &str, file: &str, dialect: Dialect) -> Result<Node, Finding> {
    let read = |moved: &Moved| parse_moved(moved, file, dialect).map_err(|finding| inside(finding, text));
    let mut moved = Moved::none_of(text);
    let mut last = read(&moved);
    for round in 0..=2 * MOST_FOUND_ONE_BY_ONE {
        let at = last.as_ref().err().and_then(|finding| finding.place.as_ref()?.position);
        let Some(at) = at.filter(|at| moved.is_quote(*at)) else { break };
        if !(if round == MOST_FOUND_ONE_BY_ONE { moved.all() } else { moved.one(at) }) {
            break;
        }
        last = read(&moved);
    }
    last
}

/// The parser counts some characters twice; no column is further to the right than its line is long.
fn inside(mut finding: Finding, text: &str) -> Finding {
    if let Some(at) = finding.place.as_mut().and_then(|place| place.position.as_mut()) {
        let mut lines = text.split("\r\n").flat_map(|lines| lines.split(['\n', '\r']));
        if let Some(line) = lines.nth(at.line.saturating_sub(1)) {
            at.column = at.column.min(line.chars().count() + 1);
        }
    }
    finding
}

fn parse_moved(moved: &Moved, file: &str, dialect: Dialect) -> Result<Node, Finding> {
    let start_of = |span: Span| moved.back(start_of(span));
    let mut anchors = Anchors::default();
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Events::of(&moved.text) {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            let position = moved.back(Position { line: marker.line(), column: marker.col() + 1 });
            Finding::of(Rule::FileSyntax, "is not valid YAML").at(file, position).cause(error.info()).hint(CORRECT_IT)
        })?;
        let at = start_of(span);
        let finished = match event {
            Event::Alias(anchor) if dialect == Dialect::Own => {
                let node = anchors.repeat(anchor, open.len()).ok_or_else(|| {
                    Finding::of(Rule::FileSyntax, "repeats more by an alias than can be read").at(file, at)
                        .cause(format!("it holds itself, is nested more than {MAX_DEPTH} levels deep, or repeats more than {MAX_REPEATED} parts"))
                        .hint("write less by aliases")
                })?;
                Some(node)
            }
            Event::Alias(_) => {
                return Err(Finding::of(Rule::YamlAlias, "uses a YAML alias")
                    .at(file, at)
                    .cause("CloudFormation takes no aliases in a template")
                    .hint("write the value out"));
            }
            Event::DocumentStart(_) if root.is_some() => {
                return Err(Finding::of(Rule::FileSyntax, "holds more than one YAML document").at(file, at));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let node = Node { at, value: scalar(text.into_owned(), style, dialect), plain };
                let node = match tag.and_then(short_tag) {
                    Some(tag) => long_form(node, tag),
                    None => node,
                };
                anchors.keep(anchor, &node);
                Some(node)
            }
            Event::SequenceStart(anchor, tag) => {
                let tag = tag.and_then(short_tag);
                open.push(Open { at, anchor, tag, content: Content::List(Vec::new()) });
                None
            }
            Event::MappingStart(anchor, tag) => {
                let tag = tag.and_then(short_tag);
                open.push(Open { at, anchor, tag, content: Content::Map { entries: Vec::new(), key: None } });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|closed| {
                let value = match closed.content {
                    Content::List(items) => Value::List(items),
                    Content::Map { entries, .. } => Value::Map(entries),
                };
                let node = Node { at: closed.at, value, plain: false };
                let node = match closed.tag {
                    Some(tag) => long_form(node, tag),
                    None => node,
                };
                anchors.keep(closed.anchor, &node);
                node
            }),
            _ => None,
        };
        if open.len() > MAX_DEPTH {
            return Err(too_deep(file, at));
        }
        let Some(node) = finished else { continue };
        match open.last_mut().map(|parent| &mut parent.content) {
            None => root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key }) => {
                if let Some(Key { text, at, plain }) = key.take() {
                    entries.push(Entry { key: text, key_at: at, key_plain: plain, value: node });
                } else {
                    let (kind, at, plain) = (node.kind(), node.at, node.plain);
                    let text = written(node.value).map_err(|_| {
                        let what = format!("has {kind} as a key, and a key must be a string");
                        Finding::of(Rule::FileSyntax, what).at(file, at)
                    })?;
                    *key = Some(Key { text, at, plain });
                }
            }
        }
    }
    root.ok_or_else(|| empty(file))
}

fn start_of(span: Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

fn scalar(text: String, style: ScalarStyle, dialect: Dialect) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text);
    }
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        // No boolean is longer, and no number begins with a letter
        longer if longer.len() > 5 && longer.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            Value::String(text)
        }
        other if let Some(written) = BOOLEANS.into_iter().find(|written| *written == other) => Value::Bool(written),
        _ if dialect == Dialect::Template && number_of(&text).is_some() => Value::Number(text),
        _ if dialect != Dialect::Template && is_number(&text) => Value::Number(text),
        _ => Value::String(text),
    }
}

const BOOLEANS: [&str; 6] = ["true", "True", "TRUE", "false", "False", "FALSE"];

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
        && !has_zero_in_front(text.trim_start_matches(['+', '-']))
        && text.parse::<f64>().is_ok()
}

/// Digits behind a nought are an account's id, or a date: no number.
fn has_zero_in_front(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|any| any.is_ascii_digit())
}

/// The text of a scalar, where it is a text whatever it looks like; else the value as it is.
fn written(value: Value) -> Result<String, Value> {
    match value {
        Value::String(text) | Value::Number(text) => Ok(text),
        Value::Bool(written) => Ok(is_true(written).to_string()),
        other => Err(other),
    }
}

/// The local part of a tag: `Sub` of `!Sub`; YAML's own tags (`!!str`) say nothing here.
fn short_tag(tag: Cow<'_, Tag>) -> Option<String> {
    (tag.handle == "!").then(|| tag.into_owned().suffix)
}

/// `!Ref x` is `{"Ref": "x"}`, `!GetAtt a.b` is `{"Fn::GetAtt": ["a", "b"]}`, `!Other x` is `{"Fn::Other": x}`.
fn long_form(mut node: Node, tag: String) -> Node {
    let at = node.at;
    let key = match tag.as_str() {
        "Ref" | "Condition" => tag,
        _ => ["Fn::", &tag].concat(),
    };
    if key == "Fn::GetAtt"
        && let Some((resource, attribute)) = node.as_str().and_then(|text| text.split_once('.'))
    {
        let part = |text: &str| Node { at, value: Value::String(text.to_owned()), plain: false };
        node = Node { at, value: Value::List(vec![part(resource), part(attribute)]), plain: false };
    }
    // A tag's argument that looks like a number or a boolean is still text: `!Ref 1` names "1".
    node.value = match written(node.value) {
        Ok(text) => Value::String(text),
        Err(Value::Null) => Value::String(String::new()),
        Err(other) => other,
    };
    // Whatever its argument looks like, a tag has settled what it is.
    node.plain = false;
    Node { at, value: Value::Map(vec![Entry { key, key_at: at, key_plain: false, value: node }]), plain: false }
}
