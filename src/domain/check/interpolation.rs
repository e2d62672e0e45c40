//! `${Name}` in a text outside of `Fn::Sub`, which stays as it is written.

use super::super::document::{Entry, Node, Value};
use super::super::evaluation::Index;
use super::super::finding::Finding;
use super::reference::PSEUDO_PARAMETERS;
use super::rule::Rule;
use super::schema::Schema;

pub(super) fn check(index: &Index<'_>) -> Vec<Finding> {
    let mut walk = Walk { index, findings: Vec::new(), is_known_type: false, defined: Vec::new() };
    for entry in index.template.resources() {
        let kind = entry.value.get("Type").and_then(Node::as_str).unwrap_or_default();
        walk.is_known_type = Schema::of(kind).is_some();
        if let Some(properties) = entry.value.get("Properties") {
            // Step Functions put these into a definition by themselves
            let defined = properties.get("DefinitionSubstitutions").and_then(Node::as_map).unwrap_or_default();
            walk.defined = defined.iter().map(|one| one.key.as_str()).collect();
            walk.node(properties);
            walk.defined.clear();
        }
    }
    walk.is_known_type = false;
    for output in index.template.root.get("Outputs").and_then(Node::as_map).unwrap_or_default() {
        if let Some(value) = output.value.get("Value") {
            walk.node(value);
        }
    }
    walk.findings
}

struct Walk<'a> {
    index: &'a Index<'a>,
    findings: Vec<Finding>,
    is_known_type: bool,
    defined: Vec<&'a str>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node) {
        match &node.value {
            Value::Map(entries) => {
                entries.iter().filter(|entry| !is_template(entry)).for_each(|one| self.node(&one.value));
            }
            Value::List(items) => items.iter().for_each(|item| self.node(item)),
            Value::String(text) => {
                if let Some(name) = names_in(text).find(|name| self.is_name(name)) {
                    self.found(node, name);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether it names what `Fn::Sub` would put in.
    fn is_name(&self, name: &str) -> bool {
        let first = name.split('.').next().unwrap_or_default();
        let is_parameter = PSEUDO_PARAMETERS.contains(&name) || self.index.parameters.contains_key(name);
        (is_parameter || self.index.resources.contains_key(first)) && !self.defined.contains(&name)
    }

    fn found(&mut self, node: &Node, name: &str) {
        let rule = if self.is_known_type || PSEUDO_PARAMETERS.contains(&name) {
            Rule::Interpolation
        } else {
            Rule::InterpolationLikely
        };
        let what = format!("has \"${{{name}}}\" in a text outside of Fn::Sub, where it stays as it is written");
        let finding = Finding::of(rule, what).at(&self.index.template.file, node.at);
        self.findings.push(finding.hint("write !Sub in front of the text"));
    }
}

/// What is a text with `${...}` of its own, or one that is substituted.
fn is_template(entry: &Entry) -> bool {
    entry.key == "Fn::Sub" || entry.key == "TemplateBody"
}

/// Every `${Name}` of a text.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|after| after.split_once('}')).map(|(name, _)| name.trim())
}
