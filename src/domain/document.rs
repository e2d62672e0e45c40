//! A JSON or YAML text as a tree that remembers where everything stands and what was written twice.
//!
//! CloudFormation's short tags (`!Sub x`) become their long form (`{"Fn::Sub": "x"}`) here, so that the rest
//! of the code sees one form. A document is read to be checked, never to be written again.

mod misfit;
mod typed;
mod whole;

use std::cell::Cell;
use std::collections::HashMap;

use jsonc_parser::ast;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

pub use self::misfit::Misfit;
use super::check::rule::Rule;
use super::finding::{Finding, Position};

/// Deeper than any template CloudFormation takes, and shallow enough for every stack.
const MAX_DEPTH: usize = 100;

/// More than anybody writes, and little enough for any memory: an alias of aliases grows without end.
const MAX_REPEATED: usize = 100_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub at: Position,
    pub value: Value,
    /// A YAML scalar without quotes, which YAML 1.1 may read as something else than it looks like.
    pub plain: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    /// A boolean as it was written: `True` stays `True`.
    Bool(&'static str),
    /// A number as it was written: `1.50` stays `1.50`.
    Number(String),
    String(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a mapping; a key may stand more than once.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub key_at: Position,
    /// A YAML key without quotes.
    pub key_plain: bool,
    pub value: Node,
}

impl Node {
    /// Reads `text`, which is JSON if it starts like JSON and YAML else.
    ///
    /// # Errors
    /// A finding with the position where the text stops making sense.
    pub fn parse(text: &str, file: &str) -> Result<Self, Finding> {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            parse_json(text, file)
        } else {
            parse_yaml(text, file, Aliases::Refused)
        }
    }

    /// Reads `text` as YAML that CloudFormation never sees: it may name a part, and repeat it by that name.
    ///
    /// # Errors
    /// A finding with the position where the text stops making sense.
    pub fn parse_yaml(text: &str, file: &str) -> Result<Self, Finding> {
        parse_yaml(text, file, Aliases::Followed).map_err(|finding| Finding { rule: None, ..finding })
    }

    /// Reads `text` as JSON only.
    ///
    /// # Errors
    /// A finding with the position where the text stops being JSON.
    pub fn parse_json(text: &str, file: &str) -> Result<Self, Finding> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            return Err(empty(file));
        }
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
            let position = Position::of_bytes(text, error.line(), error.column());
            let reason = error.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
            return Err(Finding::of(Rule::FileSyntax, "is not valid JSON").at(file, position).cause(reason));
        }
        parse_json(text, file)
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string, number or boolean, as CloudFormation takes it for a parameter value.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::String(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(written) => Some(is_true(written).to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a mapping's key; the last one if the key stands twice.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.iter().rev().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// What this node is, in the words of an error message.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// Entries whose key stands earlier in the same mapping, with the position of the first.
pub fn duplicates(entries: &[Entry]) -> Vec<(&Entry, Position)> {
    let mut seen = HashMap::new();
    let mut twice = Vec::new();
    for entry in entries {
        match seen.get(entry.key.as_str()) {
            Some(first) => twice.push((entry, *first)),
            None => _ = seen.insert(entry.key.as_str(), entry.key_at),
        }
    }
    twice
}

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

fn empty(file: &str) -> Finding {
    Finding::of(Rule::FileSyntax, "is empty").in_file(file)
}

fn too_deep(file: &str, at: Position) -> Finding {
    Finding::of(Rule::FileSyntax, format!("is nested more than {MAX_DEPTH} levels deep")).at(file, at)
}

fn parse_json(text: &str, file: &str) -> Result<Node, Finding> {
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
    let parsed = jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &strict)
        .map_err(|error| Finding::of(Rule::FileSyntax, "is not valid JSON").in_file(file).cause(error.to_string()))?;
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Aliases {
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

fn parse_yaml(text: &str, file: &str, aliases: Aliases) -> Result<Node, Finding> {
    let mut moved = Moved { text: text.to_owned(), lines: Vec::new() };
    loop {
        match parse_moved(&moved, file, aliases) {
            Err(finding) if finding.cause.as_deref() == Some(TOO_FAR_LEFT) => {
                let at = finding.place.as_ref().and_then(|place| place.position);
                if !at.is_some_and(|at| moved.forward(at)) {
                    return Err(finding);
                }
            }
            read => return read.map_err(|finding| inside(finding, text)),
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

/// What a boolean means, however it is written.
pub(super) fn is_true(written: &str) -> bool {
    written.eq_ignore_ascii_case("true")
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> Node {
        Node::parse(text, "t.yml").expect("valid")
    }

    #[test]
    fn positions_count_from_one_in_both_formats() {
        let json = Node::parse("{\n  \"a\": [1,\n    {\"b\": \"c\"}]\n}", "t.json").expect("valid");
        let entry = &json.as_map().expect("map")[0];
        assert_eq!(entry.key_at, Position { line: 2, column: 3 });
        let inner = &entry.value.as_list().expect("list")[1];
        assert_eq!(inner.at, Position { line: 3, column: 5 });
        let yaml = yaml("a:\n  - 1\n  - b: c\n");
        let entry = &yaml.as_map().expect("map")[0];
        assert_eq!(entry.key_at, Position { line: 1, column: 1 });
        assert_eq!(entry.value.as_list().expect("list")[1].at, Position { line: 3, column: 5 });
    }

    #[test]
    fn short_tags_become_long_forms() {
        let node =
            yaml("a: !Sub ${X}-y\nb: !GetAtt M.Arn.Part\nc: !If [Cond, !Ref X, !Ref AWS::NoValue]\nd: !Condition C\n");
        let text = |key: &str| node.get(key).expect("there").get("Fn::Sub").and_then(Node::as_str).map(str::to_owned);
        assert_eq!(text("a").as_deref(), Some("${X}-y"));
        let attribute = node.get("b").and_then(|b| b.get("Fn::GetAtt")).and_then(Node::as_list).expect("list");
        assert_eq!(attribute.iter().filter_map(Node::as_str).collect::<Vec<_>>(), ["M", "Arn.Part"]);
        let branches = node.get("c").and_then(|c| c.get("Fn::If")).and_then(Node::as_list).expect("list");
        assert_eq!(branches[2].get("Ref").and_then(Node::as_str), Some("AWS::NoValue"));
        assert_eq!(node.get("d").and_then(|d| d.get("Condition")).and_then(Node::as_str), Some("C"));
    }

    #[test]
    fn scalars_keep_what_was_written() {
        let node = yaml("a: '012'\nb: 1.50\nc: yes\nd: true\ne:\nf: 1e3\ng: 1.2.3\n");
        let value = |key: &str| &node.get(key).expect("there").value;
        assert_eq!(value("a"), &Value::String("012".into()));
        assert_eq!(value("b"), &Value::Number("1.50".into()));
        assert_eq!(value("c"), &Value::String("yes".into()));
        assert_eq!(value("d"), &Value::Bool("true"));
        assert_eq!(value("e"), &Value::Null);
        assert_eq!(value("f"), &Value::Number("1e3".into()));
        assert_eq!(value("g"), &Value::String("1.2.3".into()));
    }

    #[test]
    fn json_says_where_it_breaks_and_takes_every_escape() {
        let error = Node::parse_json("{\n  \"a\": 1,\n}", "t.json").expect_err("trailing comma");
        assert_eq!(error.place.as_ref().and_then(|place| place.position).map(|at| at.line), Some(3));
        let node = Node::parse_json(r#"{"a": "\ud83d\ude00\/\u0041"}"#, "t.json").expect("valid");
        assert_eq!(node.get("a").and_then(Node::as_str), Some("\u{1f600}/A"));
    }

    #[test]
    fn a_place_is_never_outside_of_its_line() {
        let error = Node::parse("%v\u{85}\u{85}\0\n", "t.yml").expect_err("unprintable");
        assert_eq!(error.place.and_then(|place| place.position), Some(Position { line: 1, column: 6 }));
    }

    #[test]
    fn duplicate_keys_are_seen_in_both_formats() {
        for text in ["{\"a\": 1, \"b\": 2, \"a\": 3}", "a: 1\nb: 2\na: 3\n"] {
            let node = Node::parse(text, "t").expect("valid");
            let twice = duplicates(node.as_map().expect("map")).into_iter().map(|(entry, _)| entry.key.clone());
            assert_eq!(twice.collect::<Vec<_>>(), ["a"], "{text}");
        }
    }

    #[test]
    fn a_quoted_text_may_end_as_far_left_as_its_key() {
        let node = yaml("a:\n  b: '{\n    x\n  }'\n  c: [1,\n  \"y\n  z\"]\n  d: 2\n");
        let inner = node.get("a").expect("there");
        assert_eq!(inner.get("b").and_then(Node::as_str), Some("{ x }"));
        assert_eq!(inner.get("d").map(|node| node.at), Some(Position { line: 8, column: 6 }));
    }

    #[test]
    fn what_cloudformation_does_not_take_is_refused() {
        for (text, part) in [
            ("a: &x 1\nb: *x\n", "alias"),
            ("a: 1\n---\nb: 2\n", "more than one"),
            ("", "empty"),
            ("? [a]\n: 1\n", "as a key"),
            ("a: [1\n", "not valid YAML"),
        ] {
            let error = Node::parse(text, "t.yml").expect_err(text);
            assert!(error.what.contains(part), "{text:?}: {error}");
        }
        let deep = format!("a: {}{}", "[".repeat(300), "]".repeat(300));
        assert!(Node::parse(&deep, "t.yml").is_err());
        let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
        assert!(Node::parse(&deep, "t.json").is_err());
    }
}
