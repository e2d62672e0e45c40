//! Shapes of stage configs that other tools write, brought into the one that is read: `Parameters` and `Tags`.
//!
//! A shape is taken only if nothing of it has to be guessed. A name is never translated: which parameter `stage_name`
//! would be, only the template's author knows.

use crate::domain::cloudformation::confidential::name_shown;
use crate::domain::document::Entry;
use crate::domain::document::Node;
use crate::domain::document::Value;
use crate::domain::finding::Finding;
use crate::domain::finding::Position;
use crate::domain::finding::nearest;
use crate::domain::finding::rule::Rule;

const PARAMETERS: &str = "Parameters";
const TAGS: &str = "Tags";

/// The config in a shape that is read; a list of `ParameterKey` and `ParameterValue` is one already.
///
/// # Errors
/// Everything that would have to be guessed, with what to write instead.
pub(crate) fn known(root: Node, file: &str) -> Result<Node, Vec<Finding>> {
    let mut reader = Reader { file, findings: Vec::new() };
    let at = root.at;
    let node = match root.value {
        Value::List(items) if !items.is_empty() && items.iter().all(|item| item.as_str().is_some()) => {
            section(PARAMETERS, reader.pairs(items), at)
        }
        Value::List(items) if !items.is_empty() && items.iter().all(is_tag) => {
            reader.refuse(
                "holds tags and no parameters".to_owned(),
                at,
                "put them under \"Tags\", beside \"Parameters\": {\"Parameters\": {...}, \"Tags\": {...}}",
            );
            Node { at, value: Value::Null, plain: false }
        }
        Value::Map(entries) if !entries.is_empty() && !has_sections(&entries) => {
            section(PARAMETERS, reader.flat(entries), at)
        }
        Value::Map(entries) => {
            let entries = entries.into_iter().map(|entry| reader.section_of_lists(entry)).collect();
            Node { at, value: Value::Map(entries), plain: false }
        }
        value => Node { at, value, plain: false },
    };
    if reader.findings.is_empty() { Ok(node) } else { Err(reader.findings) }
}

fn section(name: &str, entries: Vec<Entry>, at: Position) -> Node {
    let value = Node { at, value: Value::Map(entries), plain: false };
    Node {
        at,
        value: Value::Map(vec![Entry { key: name.to_owned(), key_at: at, key_plain: false, value }]),
        plain: false,
    }
}

/// A tag as the API lists it.
fn is_tag(item: &Node) -> bool {
    item.get("Key").is_some() && item.get("Value").is_some() && item.get("ParameterKey").is_none()
}

/// Whether a mapping has `Parameters` or `Tags`, or what was meant to be one of them.
fn has_sections(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| {
        let structured = !matches!(entry.value.value, Value::String(_) | Value::Number(_) | Value::Bool(_));
        structured && nearest(&entry.key, [PARAMETERS, TAGS]).is_some()
    })
}

struct Reader<'a> {
    file: &'a str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn refuse(&mut self, what: String, at: Position, hint: &str) {
        self.findings.push(Finding::of(Rule::ConfigShape, what).at(self.file, at).hint(hint));
    }

    /// `["Name=value"]`: what `aws cloudformation deploy --parameter-overrides` takes from a file.
    fn pairs(&mut self, items: Vec<Node>) -> Vec<Entry> {
        let mut entries = Vec::new();
        for item in items {
            match item.as_str().and_then(|text| text.split_once('=')) {
                Some((key, value)) if is_name(key) => {
                    let value = Node { at: item.at, value: Value::String(value.to_owned()), plain: false };
                    entries.push(Entry { key: key.to_owned(), key_at: item.at, key_plain: false, value });
                }
                _ => {
                    // A secret may stand in it.
                    self.refuse(
                        "has a text without a name and = in a list of Name=value".to_owned(),
                        item.at,
                        "write the parameter's name, =, and its value, for example \"StageName=prod\"",
                    );
                }
            }
        }
        entries
    }

    /// `{"Name": value}`, with names that a template can declare.
    fn flat(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        for entry in &entries {
            if matches!(entry.value.value, Value::Map(_)) {
                let what = format!("sets \"{}\" to a mapping, and a value must be a string", name_shown(&entry.key));
                self.refuse(what, entry.value.at, "write each of its values as a parameter that the template declares");
            } else if !is_name(&entry.key) {
                let hint = match in_capitals(&entry.key) {
                    Some(name) => format!("write the name that the template declares, perhaps {name}"),
                    None => "write the name that the template declares".to_owned(),
                };
                let what = format!("sets \"{}\", which no template can declare", name_shown(&entry.key));
                let finding = Finding::of(Rule::ConfigShape, what).at(self.file, entry.key_at);
                self.findings.push(finding.cause("a parameter's name has letters and digits only").hint(hint));
            }
        }
        entries
    }

    /// `Parameters` or `Tags` as the API lists them, made the mapping that is read.
    fn section_of_lists(&mut self, entry: Entry) -> Entry {
        let (key, value) = match entry.key.as_str() {
            PARAMETERS => ("ParameterKey", "ParameterValue"),
            TAGS => ("Key", "Value"),
            _ => return entry,
        };
        let Value::List(items) = entry.value.value else { return entry };
        let at = entry.value.at;
        let entries = if key == "ParameterKey" && !items.is_empty() && items.iter().all(|item| item.as_str().is_some())
        {
            self.pairs(items)
        } else {
            items.into_iter().filter_map(|item| self.listed(&item, key, value)).collect()
        };
        Entry { value: Node { at, value: Value::Map(entries), plain: false }, ..entry }
    }

    fn listed(&mut self, item: &Node, key: &str, value: &str) -> Option<Entry> {
        let name = item.get(key);
        let others = item.as_map().into_iter().flatten().any(|entry| entry.key != key && entry.key != value);
        match (name.and_then(Node::as_str), item.get(value)) {
            (Some(text), Some(given)) if !others => {
                let key_at = name.map_or(item.at, |name| name.at);
                Some(Entry { key: text.to_owned(), key_at, key_plain: false, value: given.clone() })
            }
            _ => {
                let what = format!("has {} that is not {{\"{key}\": ..., \"{value}\": ...}}", item.kind());
                self.refuse(what, item.at, "write the two, both known before the deployment, and nothing else");
                None
            }
        }
    }
}

/// CloudFormation's logical names are alphanumeric.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `StageName` of `stage_name` and `stage-name`.
fn in_capitals(text: &str) -> Option<String> {
    let mut name = String::new();
    for word in text.split(['_', '-']).filter(|word| !word.is_empty()) {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    is_name(&name).then_some(name)
}

#[cfg(test)]
mod tests {
    use crate::domain::project::stage_config::StageConfig;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let config = StageConfig::parse(text, "s.json").unwrap_or_else(|findings| panic!("{text}: {findings:?}"));
        config.parameters.into_iter().map(|one| (one.key, one.value)).collect()
    }

    fn findings(text: &str) -> Vec<String> {
        StageConfig::parse(text, "s.json").expect_err(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_shape_that_says_what_it_means_is_read() {
        let expected = [("StageName", "prod"), ("Count", "2"), ("Url", "a=b")];
        for text in [
            r#"["StageName=prod", "Count=2", "Url=a=b"]"#,
            r#"{"StageName": "prod", "Count": 2, "Url": "a=b"}"#,
            r#"{"Parameters": ["StageName=prod", "Count=2", "Url=a=b"]}"#,
            r#"{"Parameters": [{"ParameterKey": "StageName", "ParameterValue": "prod"},
                               {"ParameterKey": "Count", "ParameterValue": 2},
                               {"ParameterKey": "Url", "ParameterValue": "a=b"}]}"#,
        ] {
            assert_eq!(pairs(text), expected.map(|(key, value)| (key.to_owned(), value.to_owned())), "{text}");
        }
        let text = r#"{"Parameters": {"StageName": "a"}, "Tags": [{"Key": "team:x", "Value": 7}]}"#;
        let config = StageConfig::parse(text, "s.json").expect("valid");
        assert_eq!((config.tags[0].key.as_str(), config.tags[0].value.as_str()), ("team:x", "7"));
    }

    #[test]
    fn what_would_have_to_be_guessed_is_refused_with_what_to_write() {
        let nested = "{\n\"stage_name\": \"prod\",\n\"auto_scaling\": {\"max\": 4},\n\"Scaling\": {\"max\": 4}}";
        assert_eq!(
            findings(nested),
            [
                "s.json:2:1: sets \"stage_name\", which no template can declare",
                "s.json:3:17: sets \"auto_scaling\" to a mapping, and a value must be a string",
                "s.json:4:12: sets \"Scaling\" to a mapping, and a value must be a string",
            ]
        );
        let hint = StageConfig::parse(nested, "s.json").expect_err("nested")[0].hint.clone();
        assert_eq!(hint.as_deref(), Some("write the name that the template declares, perhaps StageName"));
        assert_eq!(findings(r#"[{"Key": "a", "Value": "b"}]"#), ["s.json:1:1: holds tags and no parameters"]);
        assert_eq!(
            findings(r#"["StageName=a", "stage"]"#),
            ["s.json:1:17: has a text without a name and = in a list of Name=value"]
        );
        assert_eq!(findings(r#"{"Parameters": [{"ParameterKey": "A", "UsePreviousValue": true}]}"#).len(), 1);
        assert_eq!(findings(r#"["StageName=a", "A=1", "A=2"]"#), ["s.json:1:24: sets \"A\" twice, first in line 1"]);
    }

    #[test]
    fn a_slip_in_the_name_of_a_section_is_no_other_shape() {
        assert_eq!(
            findings(r#"{"Parmeters": {"StageName": "a"}}"#),
            ["s.json:1:2: has \"Parmeters\" beside Parameters and Tags"]
        );
    }
}
