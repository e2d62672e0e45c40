//! YAML as a tree with positions, CloudFormation's short tags in their long form.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{Entry, MAX_DEPTH, Node, Value, empty, too_deep};
use crate::domain::check::rule::Rule;
use crate::domain::finding::{Finding, Position};

/// More than anybody writes, and little enough for any memory: an alias of aliases grows without end.
const MAX_REPEATED: usize = 100_000;

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

/// Lines of a quoted scalar that stand as far left as its key: YAML forbids it, and every reader that CloudFormation's
/// users meet takes it. They are moved to the right, where they mean the same.
struct Moved {
    text: String,
    lines: Vec<usize>,
}

/// What the parser says of such a line.
const TOO_FAR_LEFT: &str = "invalid indentation in quoted scalar";
/// Deeper than any key.
const MOVED_BY: usize = 200;

impl Moved {
    /// Moves the lines of the scalar that begins at `at`; `false` if that is no help.
    fn forward(&mut self, at: Position) -> bool {
        let start: usize = self.text.split_inclusive('\n').take(at.line - 1).map(str::len).sum();
        let opening = self.text[start..].char_indices().nth(at.column - 1);
        let Some((column, quote @ ('"' | '\''))) = opening else { return false };
        let mut moved = String::with_capacity(self.text.len());
        let mut rest = self.text[start + column + 1..].chars().peekable();
        let before = self.lines.len();
        let mut line = at.line;
        while let Some(any) = rest.next() {
            moved.push(any);
            match any {
                '\n' => {
                    line += 1;
                    if self.lines.contains(&line) {
                        return false;
                    }
                    self.lines.push(line);
                    moved.extend(std::iter::repeat_n(' ', MOVED_BY));
                }
                '\\' if quote == '"' => moved.extend(rest.next_if(|next| *next != '\n')),
                _ if any == quote && rest.peek() == Some(&quote) && quote == '\'' => moved.extend(rest.next()),
                _ if any == quote => break,
                _ => {}
            }
        }
        moved.extend(rest);
        self.text.replace_range(start + column + 1.., &moved);
        self.lines.len() > before
    }

    /// A column as it is in the file.
    fn back(&self, mut at: Position) -> Position {
        if self.lines.contains(&at.line) {
            at.column = at.column.saturating_sub(MOVED_BY).max(1);
        }
        at
    }
}

/// What to make of a name for a part of the document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Aliases {
    Refused,
    Followed,
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

/// How many nodes there are, and how many levels.
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
        _ => {}
    }
    (size, height)
}

pub(super) fn parse(text: &str, file: &str, aliases: Aliases) -> Result<Node, Finding> {
    let mut moved = Moved { text: text.to_owned(), lines: Vec::new() };
    loop {
        let read = parse_moved(&moved, file, aliases);
        let too_far_left = read.as_ref().err().filter(|finding| finding.cause.as_deref() == Some(TOO_FAR_LEFT));
        let at = too_far_left.and_then(|finding| finding.place.as_ref()?.position);
        if !at.is_some_and(|at| moved.forward(at)) {
            return read.map_err(|finding| inside(finding, text));
        }
    }
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

fn parse_moved(moved: &Moved, file: &str, aliases: Aliases) -> Result<Node, Finding> {
    let start_of = |span: Span| moved.back(start_of(span));
    let mut anchors = Anchors::default();
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(&moved.text) {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            let position = moved.back(Position { line: marker.line(), column: marker.col() + 1 });
            Finding::of(Rule::FileSyntax, "is not valid YAML").at(file, position).cause(error.info())
        })?;
        let at = start_of(span);
        let finished = match event {
            Event::Alias(anchor) if aliases == Aliases::Followed => {
                let node = anchors.repeat(anchor, open.len()).ok_or_else(|| {
                    Finding::of(Rule::FileSyntax, "repeats more by an alias than can be read").at(file, at)
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
                let node = Node { at, value: scalar(text.into_owned(), style), plain };
                let node = long_form(node, tag.as_deref().and_then(short_tag));
                anchors.keep(anchor, &node);
                Some(node)
            }
            Event::SequenceStart(anchor, tag) => {
                let tag = tag.as_deref().and_then(short_tag);
                open.push(Open { at, anchor, tag, content: Content::List(Vec::new()) });
                None
            }
            Event::MappingStart(anchor, tag) => {
                let tag = tag.as_deref().and_then(short_tag);
                open.push(Open { at, anchor, tag, content: Content::Map { entries: Vec::new(), key: None } });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|closed| {
                let value = match closed.content {
                    Content::List(items) => Value::List(items),
                    Content::Map { entries, .. } => Value::Map(entries),
                };
                let node = long_form(Node { at: closed.at, value, plain: false }, closed.tag);
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
                } else if let Some(text) = node.scalar_text() {
                    *key = Some(Key { text, at: node.at, plain: node.plain });
                } else {
                    let what = format!("has {} as a key, and a key must be a string", node.kind());
                    return Err(Finding::of(Rule::FileSyntax, what).at(file, node.at));
                }
            }
        }
    }
    root.ok_or_else(|| empty(file))
}

fn start_of(span: Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

fn scalar(text: String, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text);
    }
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        other if let Some(written) = BOOLEANS.into_iter().find(|written| *written == other) => Value::Bool(written),
        _ if is_number(&text) => Value::Number(text),
        _ => Value::String(text),
    }
}

const BOOLEANS: [&str; 6] = ["true", "True", "TRUE", "false", "False", "FALSE"];

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
        && text.contains(|any: char| any.is_ascii_digit())
        && text.parse::<f64>().is_ok()
}

/// The local part of a tag: `Sub` of `!Sub`; YAML's own tags (`!!str`) say nothing here.
fn short_tag(tag: &Tag) -> Option<String> {
    (tag.handle == "!").then(|| tag.suffix.clone())
}

/// `!Ref x` is `{"Ref": "x"}`, `!GetAtt a.b` is `{"Fn::GetAtt": ["a", "b"]}`, `!Other x` is `{"Fn::Other": x}`.
fn long_form(mut node: Node, tag: Option<String>) -> Node {
    let Some(tag) = tag else { return node };
    let at = node.at;
    let key = match tag.as_str() {
        "Ref" | "Condition" => tag,
        _ => format!("Fn::{tag}"),
    };
    if key == "Fn::GetAtt"
        && let Some((resource, attribute)) = node.as_str().and_then(|text| text.split_once('.'))
    {
        let part = |text: &str| Node { at, value: Value::String(text.to_owned()), plain: false };
        node = Node { at, value: Value::List(vec![part(resource), part(attribute)]), plain: false };
    }
    // A tag's argument that looks like a number or a boolean is still text: `!Ref 1` names "1".
    if let Some(text) = node.scalar_text() {
        node.value = Value::String(text);
    } else if node.value == Value::Null {
        node.value = Value::String(String::new());
    }
    // Whatever its argument looks like, a tag has settled what it is.
    node.plain = false;
    Node { at, value: Value::Map(vec![Entry { key, key_at: at, key_plain: false, value: node }]), plain: false }
}
