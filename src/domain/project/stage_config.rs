//! A stage's config: the file that a person writes, and the file that the roll-out reads.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use crate::domain::cloudformation::confidential::name_shown;
use crate::domain::cloudformation::deployer::ExportFormat;
use crate::domain::document::Entry;
use crate::domain::document::Node;
use crate::domain::document::duplicates;
use crate::domain::finding::Finding;
use crate::domain::finding::Position;
use crate::domain::finding::rule::Rule;
use crate::domain::project::config_shape;

/// The parameter that names the stage in endpoint names.
pub(crate) const STAGE_NAME: &str = "StageName";

/// A parameter that the config sets, with the place of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub key: String,
    pub value: String,
    pub at: Position,
}

/// What a person wrote for a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageConfig {
    pub file: String,
    pub parameters: Vec<Parameter>,
    pub tags: Vec<Parameter>,
    /// Parameters whose value cannot be used, so that nobody asks to set them.
    pub unusable: Vec<String>,
    /// Whether all of the file was understood; else what it does not seem to set may stand in the rest.
    pub understood: bool,
}

/// Either shape: a list of `ParameterKey` and `ParameterValue`, or `Parameters` and `Tags`.
const SHAPES: &str = "write either a list of {\"ParameterKey\": ..., \"ParameterValue\": ...} \
                      or {\"Parameters\": {...}, \"Tags\": {...}}";

impl StageConfig {
    /// Reads a config of either shape.
    ///
    /// # Errors
    /// All findings: syntax, shape, keys that stand twice, values that are none, a missing `StageName`.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Finding>> {
        match Self::read(text, file) {
            (Some(config), findings) if findings.is_empty() => Ok(config),
            (_, findings) => Err(findings),
        }
    }

    /// Reads a config as far as it can be read, with all that is wrong with it.
    pub fn read(text: &str, file: &str) -> (Option<Self>, Vec<Finding>) {
        match Self::document(text, file) {
            Ok(document) => Self::of(document, file),
            Err(finding) => (None, vec![finding]),
        }
    }

    /// The JSON of a config's file.
    pub(super) fn document(text: &str, file: &str) -> Result<Node, Finding> {
        Node::parse_json(text, file).map_err(|finding| {
            // What does not even begin like JSON is another language's file.
            let other = !text.trim_start().starts_with(['{', '[']);
            if other { finding.hint(SHAPES) } else { finding }
        })
    }

    /// A config of its document, as far as it can be read, with all that is wrong with it.
    pub(super) fn of(document: Node, file: &str) -> (Option<Self>, Vec<Finding>) {
        let root = match config_shape::known(document, file) {
            Ok(root) => root,
            Err(findings) => return (None, findings),
        };
        let mut reader = Reader { file, findings: Vec::new(), unusable: Vec::new() };
        let (parameters, tags) = if let Some(items) = root.as_list() {
            (reader.parameter_list(items), Vec::new())
        } else if let Some(entries) = root.as_map() {
            reader.parameters_and_tags(entries)
        } else {
            let what = format!("holds {} instead of a stage config", root.kind());
            return (None, vec![Finding::of(Rule::ConfigShape, what).at(file, root.at).hint(SHAPES)]);
        };
        let Reader { mut findings, unusable, .. } = reader;
        let understood = findings.iter().all(|finding| finding.rule != Some(Rule::ConfigShape));
        let config = Self { file: file.to_owned(), parameters, tags, unusable, understood };
        let named = config.value(STAGE_NAME).is_some() || config.unusable.iter().any(|name| name == STAGE_NAME);
        if !named && understood {
            findings.push(
                Finding::of(Rule::ConfigStageName, format!("does not set \"{STAGE_NAME}\""))
                    .in_file(file)
                    .hint(format!("set {STAGE_NAME} to the stage's name, which becomes a part of the endpoint's name")),
            );
        }
        (Some(config), findings)
    }

    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.parameters.iter().find(|parameter| parameter.key == key).map(|parameter| parameter.value.as_str())
    }

    /// The value of `StageName`, which `parse` has made sure of.
    pub(crate) fn stage_name(&self) -> &str {
        self.value(STAGE_NAME).unwrap_or_default()
    }
}

struct Reader<'a> {
    file: &'a str,
    findings: Vec<Finding>,
    unusable: Vec<String>,
}

impl Reader<'_> {
    fn report(&mut self, rule: Rule, what: String, at: Position, hint: &str) {
        self.findings.push(Finding::of(rule, what).at(self.file, at).hint(hint));
    }

    fn parameter_list(&mut self, items: &[Node]) -> Vec<Parameter> {
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut lines = HashMap::new();
        for item in items {
            let Some(entries) = item.as_map() else {
                self.report(
                    Rule::ConfigShape,
                    format!("has {} in the list of parameters", item.kind()),
                    item.at,
                    SHAPES,
                );
                continue;
            };
            self.report_duplicates(entries);
            for entry in entries {
                if !["ParameterKey", "ParameterValue"].contains(&entry.key.as_str()) {
                    let hint = "a parameter has a ParameterKey and a ParameterValue, both known before the deployment";
                    let what = format!("has \"{}\" in a parameter", name_shown(&entry.key));
                    self.report(Rule::ConfigValue, what, entry.key_at, hint);
                }
            }
            let Some(key) = item.get("ParameterKey") else {
                self.report(Rule::ConfigShape, "has a parameter without ParameterKey".to_owned(), item.at, SHAPES);
                continue;
            };
            let Some(name) = key.as_str().filter(|name| !name.is_empty()) else {
                self.report(Rule::ConfigShape, "has a ParameterKey that is not a name".to_owned(), key.at, SHAPES);
                continue;
            };
            if let Some(first) = lines.get(name) {
                let what = format!("sets \"{}\" twice, first in line {first}", name_shown(name));
                self.report(Rule::DuplicateKey, what, key.at, "keep one of the two");
                continue;
            }
            let Some(value) = item.get("ParameterValue") else {
                self.report(
                    Rule::ConfigValue,
                    format!("has no ParameterValue for \"{}\"", name_shown(name)),
                    item.at,
                    SHAPES,
                );
                self.unusable.push(name.to_owned());
                continue;
            };
            if let Some(value) = self.text(name, value) {
                lines.insert(name, key.at.line);
                parameters.push(Parameter { key: name.to_owned(), value, at: key.at });
            }
        }
        parameters
    }

    fn parameters_and_tags(&mut self, entries: &[Entry]) -> (Vec<Parameter>, Vec<Parameter>) {
        self.report_duplicates(entries);
        let (mut parameters, mut tags) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry.key.as_str() {
                "Parameters" => parameters = self.mapping(&entry.key, &entry.value),
                "Tags" => tags = self.mapping(&entry.key, &entry.value),
                other => self.report(
                    Rule::ConfigShape,
                    format!("has \"{}\" beside Parameters and Tags", name_shown(other)),
                    entry.key_at,
                    SHAPES,
                ),
            }
        }
        (parameters, tags)
    }

    fn mapping(&mut self, name: &str, node: &Node) -> Vec<Parameter> {
        let Some(entries) = node.as_map() else {
            self.report(
                Rule::ConfigShape,
                format!("has {} as \"{name}\" instead of a mapping", node.kind()),
                node.at,
                SHAPES,
            );
            return Vec::new();
        };
        self.report_duplicates(entries);
        let (mut parameters, mut taken) = (Vec::new(), HashSet::new());
        for entry in entries {
            if taken.contains(&entry.key) {
                continue;
            }
            if entry.key.is_empty() {
                self.report(Rule::ConfigShape, format!("has a name in \"{name}\" that is empty"), entry.key_at, SHAPES);
                continue;
            }
            if let Some(value) = self.text(&entry.key, &entry.value) {
                taken.insert(&entry.key);
                parameters.push(Parameter { key: entry.key.clone(), value, at: entry.key_at });
            }
        }
        parameters
    }

    fn report_duplicates(&mut self, entries: &[Entry]) {
        for (entry, first) in duplicates(entries) {
            let what = format!("sets \"{}\" twice, first in line {}", name_shown(&entry.key), first.line);
            self.report(Rule::DuplicateKey, what, entry.key_at, "keep one of the two");
        }
    }

    /// Numbers and booleans are taken as the strings that CloudFormation wants; lists and mappings are not.
    fn text(&mut self, name: &str, node: &Node) -> Option<String> {
        let text = node.scalar_text();
        if text.is_none() {
            let hint = "CloudFormation parameter values are strings: write a list as \"a,b\", and nothing as \"\"";
            let what = format!("sets \"{}\" to {}, and a value must be a string", name_shown(name), node.kind());
            self.report(Rule::ConfigValue, what, node.at, hint);
            self.unusable.push(name.to_owned());
        }
        text
    }
}

/// A stage's exported config: every parameter the roll-out sets, in a fixed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedConfig {
    pub parameters: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
}

impl ExportedConfig {
    /// The file's text; the same config gives the same bytes.
    pub fn render(&self, format: ExportFormat) -> String {
        let map = |pairs: &[(String, String)]| -> Value {
            pairs.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect()
        };
        let value = match format {
            ExportFormat::StackSet => self
                .parameters
                .iter()
                .map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value}))
                .collect(),
            ExportFormat::CloudFormation => {
                json!({"Parameters": map(&self.parameters), "Tags": map(&self.tags)})
            }
        };
        format!("{value:#}\n")
    }

    /// Reads an exported config of either shape, as the test step and a roll-out do.
    ///
    /// # Errors
    /// All findings of `StageConfig::parse`.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Finding>> {
        let config = StageConfig::parse(text, file)?;
        let pairs = |parameters: Vec<Parameter>| parameters.into_iter().map(|one| (one.key, one.value)).collect();
        Ok(Self { parameters: pairs(config.parameters), tags: pairs(config.tags) })
    }

    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.parameters.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub(crate) fn parameter_map(&self) -> BTreeMap<String, String> {
        self.parameters.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        StageConfig::parse(text, "s.json").expect_err(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn both_shapes_say_the_same_and_numbers_keep_their_digits() {
        let list = r#"[{"ParameterKey": "StageName", "ParameterValue": "staging"},
                       {"ParameterKey": "Count", "ParameterValue": 1.50}, {"ParameterKey": "On", "ParameterValue": true}]"#;
        let map = r#"{"Parameters": {"StageName": "staging", "Count": 1.50, "On": true}}"#;
        for text in [list, map] {
            let config = StageConfig::parse(text, "s.json").expect("valid");
            let pairs: Vec<(&str, &str)> =
                config.parameters.iter().map(|one| (one.key.as_str(), one.value.as_str())).collect();
            assert_eq!(pairs, [("StageName", "staging"), ("Count", "1.50"), ("On", "true")]);
        }
    }

    #[test]
    fn every_finding_has_its_place() {
        let text = "{\"Parameters\": {\n  \"A\": null,\n  \"B\": [1],\n  \"A\": \"x\"\n},\n\"Extra\": 1}";
        assert_eq!(
            findings(text),
            [
                "s.json:4:3: sets \"A\" twice, first in line 2",
                "s.json:2:8: sets \"A\" to nothing, and a value must be a string",
                "s.json:3:8: sets \"B\" to a list, and a value must be a string",
                "s.json:6:1: has \"Extra\" beside Parameters and Tags",
            ]
        );
    }

    #[test]
    fn a_parameter_without_a_name_is_refused_in_both_shapes() {
        let map = r#"{"Parameters": {"StageName": "staging", "": "x"}, "Tags": {"": "y"}}"#;
        assert_eq!(findings(map).len(), 2);
        assert_eq!(findings(map)[0], "s.json:1:41: has a name in \"Parameters\" that is empty");
        let list =
            r#"[{"ParameterKey": "StageName", "ParameterValue": "a"}, {"ParameterKey": "", "ParameterValue": "x"}]"#;
        assert_eq!(findings(list).len(), 1);
    }

    #[test]
    fn a_list_with_faults_names_each() {
        let text = r#"[{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "A", "ParameterValue": "2"},
                       {"ParameterKey": "B"}, 3, {"ParameterValue": "x"}, {"ParameterKey": "C", "UsePreviousValue": true}]"#;
        assert_eq!(findings(text).len(), 6);
    }

    #[test]
    fn a_config_without_stage_name_or_with_another_shape_is_refused() {
        assert_eq!(findings("[]"), ["s.json: does not set \"StageName\""]);
        assert_eq!(findings("3"), ["s.json:1:1: holds a number instead of a stage config"]);
        assert!(findings("{").first().is_some_and(|finding| finding.contains("is not valid JSON")));
    }

    #[test]
    fn an_export_reads_back_in_both_shapes() {
        let config = ExportedConfig {
            parameters: vec![("StageName".into(), "prod".into()), ("A".into(), "1".into())],
            tags: vec![("team".into(), "risk".into())],
        };
        let stack_set = config.render(ExportFormat::StackSet);
        assert_eq!(ExportedConfig::parse(&stack_set, "e.json").expect("valid").parameters, config.parameters);
        let plain = config.render(ExportFormat::CloudFormation);
        assert_eq!(ExportedConfig::parse(&plain, "e.json").expect("valid"), config);
        assert!(stack_set.starts_with("[\n  {\n    \"ParameterKey\": \"StageName\",\n"), "{stack_set}");
    }
}
