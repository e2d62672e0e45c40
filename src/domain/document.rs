//! A JSON or YAML text as a tree that remembers where everything stands and what was written twice.
//!
//! CloudFormation's short tags (`!Sub x`) become their long form (`{"Fn::Sub": "x"}`) here, so that the rest
//! of the code sees one form. A document is read to be checked, never to be written again.

mod json;
mod json_document;
mod literal;
mod misfit;
mod node;
mod number;
mod quoted;
pub(crate) mod span;
mod typed;
mod whole;
mod yaml;

use std::collections::HashMap;

pub(crate) use self::json_document::json_document;
pub(crate) use self::literal::{Literal, fitting, long_digits};
pub(crate) use self::misfit::Misfit;
pub use self::node::Node;
use self::node::empty;
pub(super) use self::node::is_true;
pub(crate) use self::node::{Entry, Value};
pub(crate) use self::number::number_of;
use self::yaml::Dialect;
use super::finding::rule::Rule;
use super::finding::{Finding, Position};

impl Node {
    /// Reads `text`, which is JSON if it starts like JSON and YAML else.
    ///
    /// # Errors
    /// A finding with the position where the text stops making sense.
    pub fn parse(text: &str, file: &str) -> Result<Self, Finding> {
        if is_json(text) { json::parse(text, file) } else { yaml::parse(text, file, Dialect::Template) }
    }

    /// Reads `text`, which CloudFormation never sees, and which names no part to repeat it.
    ///
    /// # Errors
    /// A finding with the position where the text stops making sense.
    pub(crate) fn parse_settings(text: &str, file: &str) -> Result<Self, Finding> {
        if is_json(text) { json::parse(text, file) } else { yaml::parse(text, file, Dialect::Settings) }
    }

    /// Reads `text`, which CloudFormation never sees, as JSON or as YAML that may name a part and repeat it by that name.
    ///
    /// # Errors
    /// A finding with the position where the text stops making sense.
    pub fn parse_yaml(text: &str, file: &str) -> Result<Self, Finding> {
        let read = if is_json(text) { json::parse(text, file) } else { yaml::parse(text, file, Dialect::Own) };
        read.map_err(|finding| Finding { rule: None, ..finding })
    }

    /// Reads `text` as JSON only.
    ///
    /// # Errors
    /// A finding with the position where the text stops being JSON.
    pub(crate) fn parse_json(text: &str, file: &str) -> Result<Self, Finding> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            return Err(empty(file));
        }
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
            let position = Position::of_bytes(text, error.line(), error.column());
            let reason = error.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
            return Err(Finding::of(Rule::FileSyntax, "is not valid JSON")
                .at(file, position)
                .cause(reason)
                .hint(node::CORRECT_IT));
        }
        json::parse(text, file)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string, number or boolean, as CloudFormation takes it for a parameter value.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(written) => Some(number_value(written).into_owned()),
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

    pub(crate) fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a mapping's key; the last one if the key stands twice.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.iter().rev().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The first key that stands twice in a mapping, here or further in, with the position of the first.
    pub(crate) fn key_twice(&self) -> Option<(&Entry, Position)> {
        match &self.value {
            Value::Map(entries) => {
                let here = duplicates(entries).into_iter().next();
                here.or_else(|| entries.iter().find_map(|entry| entry.value.key_twice()))
            }
            Value::List(items) => items.iter().find_map(Node::key_twice),
            _ => None,
        }
    }

    /// What this node is, in the words of an error message.
    pub(crate) fn kind(&self) -> &'static str {
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

/// That a file, whose `version` says which shape it has, was written for another modeldeploy.
pub(crate) fn of_another_version(version: u32, read: u32, file: &str) -> Option<Finding> {
    (version != read).then(|| {
        Finding::error(format!("has version {version}"))
            .in_file(file)
            .cause(format!("this modeldeploy reads version {read}"))
            .hint(format!("write \"version: {read}\", or take the modeldeploy that it was written for"))
    })
}

/// Whether `text` is JSON. YAML's readers take most of JSON, but no character that is escaped as two surrogates.
fn is_json(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    start.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Entries whose key stands earlier in the same mapping, with the position of the first.
pub(crate) fn duplicates(entries: &[Entry]) -> Vec<(&Entry, Position)> {
    // A short mapping is looked through faster than it is hashed
    const SHORT: usize = 12;
    if entries.len() <= SHORT {
        let first = |at: usize| entries[..at].iter().find(|earlier| earlier.key == entries[at].key);
        return (1..entries.len()).filter_map(|at| Some((&entries[at], first(at)?.key_at))).collect();
    }
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

/// What a number is, however it is written.
pub(super) fn number_value(written: &str) -> std::borrow::Cow<'_, str> {
    number_of(written).unwrap_or(written.into())
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
        let node = yaml("a: '012'\nb: 1.50\nc: yes\nd: true\ne:\nf: 1e3\ng: 1.2.3\n0x1: !Ref 0x1\n");
        let value = |key: &str| &node.get(key).expect("there").value;
        assert_eq!(value("a"), &Value::String("012".into()));
        assert_eq!(value("b"), &Value::Number("1.50".into()));
        assert_eq!(value("c"), &Value::String("yes".into()));
        assert_eq!(value("d"), &Value::Bool("true"));
        assert_eq!(value("e"), &Value::Null);
        assert_eq!(value("f"), &Value::Number("1e3".into()));
        assert_eq!(value("g"), &Value::String("1.2.3".into()));
        assert_eq!(node.get("0x1").and_then(|node| node.get("Ref")?.as_str()), Some("0x1"));
    }

    #[test]
    fn only_a_template_has_the_numbers_of_yaml_1_1() {
        let text = "a: 3_600\nb: 0x10\nc: 0644\nd: 089\ne: 1:30\n";
        let scalars = |node: Node| {
            let of_entry = |entry: &Entry| (entry.value.kind(), entry.value.scalar_text().expect("a scalar"));
            let scalars: Vec<_> = node.as_map().expect("a mapping").iter().map(of_entry).collect();
            scalars
        };
        let (number, string) = ("a number", "a string");
        let want = |of: [(&'static str, &str); 5]| of.map(|(kind, text)| (kind, text.to_owned())).to_vec();
        let template = [(number, "3600"), (number, "16"), (number, "420"), (string, "089"), (number, "90")];
        assert_eq!(scalars(yaml(text)), want(template));
        let own = ["3_600", "0x10", "0644", "089", "1:30"].map(|text| (string, text));
        for read in [Node::parse_yaml, Node::parse_settings] {
            assert_eq!(scalars(read(text, "own.yml").expect("valid")), want(own));
        }
    }

    #[test]
    fn json_says_where_it_breaks_and_takes_every_escape() {
        let error = Node::parse_json("{\n  \"a\": 1,\n}", "t.json").expect_err("trailing comma");
        assert_eq!(error.place.as_ref().and_then(|place| place.position).map(|at| at.line), Some(3));
        let node = Node::parse_json(r#"{"a": "\ud83d\ude00\/\u0041"}"#, "t.json").expect("valid");
        assert_eq!(node.get("a").and_then(Node::as_str), Some("\u{1f600}/A"));
    }

    #[test]
    fn json_keeps_its_escapes_where_yaml_may_stand_too() {
        for read in [Node::parse, Node::parse_yaml] {
            let node = read(r#"{"a": "\ud83d\ude00"}"#, "cases.yml").expect("valid");
            assert_eq!(node.get("a").and_then(Node::as_str), Some("\u{1f600}"));
        }
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
    fn many_quoted_texts_that_end_far_left_are_read_in_a_few_passes() {
        let some = |number| format!("  K{number}: \"a\nb\"\n  L{number}: [c,\n  'd\ne', \"f\ng\"]\n");
        let many = (0..3000).map(some).collect::<Vec<_>>().concat();
        let node = yaml(&format!("M:\n{many}"));
        let entries = node.get("M").and_then(Node::as_map).expect("a mapping");
        assert_eq!(entries.len(), 6000);
        assert_eq!(entries[5998].value.as_str(), Some("a b"));
        let texts = entries[5999].value.as_list().expect("a list").iter().map(Node::as_str);
        assert_eq!(texts.collect::<Vec<_>>(), [Some("c"), Some("d e"), Some("f g")]);
        // What is wrong behind them is still said of its own place
        let error = Node::parse(&format!("M:\n{many}N: [1\n"), "t.yml").expect_err("a list without end");
        assert_eq!(error.place.and_then(|place| place.position).map(|at| at.line), Some(18_003));
        let long = yaml(&format!("M:\n  K: \"{}\"\n", "a\n".repeat(160_000)));
        assert_eq!(long.get("M").and_then(|map| map.get("K")?.as_str()).map(str::len), Some(320_000));
    }

    #[test]
    fn a_line_that_ends_the_document_is_no_line_of_a_text() {
        for text in ["a:\n  b: 'c\n--- d'\n", "a:\n  b: 'c\n...\n'\n"] {
            let error = Node::parse(text, "t.yml").expect_err(text);
            assert!(error.cause.as_deref().is_some_and(|cause| cause.contains("document indicator")), "{error:?}");
        }
    }

    #[test]
    fn a_long_text_is_not_repeated_without_end() {
        let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(10_000), "*a, ".repeat(10_000));
        assert!(Node::parse_yaml(&text, "t.yml").expect_err("100 MB").what.contains("alias"));
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
