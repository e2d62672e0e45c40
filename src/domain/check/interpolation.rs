//! `${Name}` in a text outside of `Fn::Sub`, which stays as it is written.

use super::super::document::{Entry, Node, Value};
use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::schema::Schema;
use crate::domain::cloudformation::evaluation::Index;
use crate::domain::cloudformation::intrinsic::{PSEUDO_PARAMETERS, names};
use crate::domain::project::build_plan::is_fixed;

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
    for parameter in index.template.root.get("Parameters").and_then(Node::as_map).unwrap_or_default() {
        // A default that the build replaces is never used
        if let Some(default) = parameter.value.get("Default").filter(|_| !is_fixed(&parameter.key)) {
            walk.in_default(default);
        }
    }
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
            Value::String(text) if text.contains('$') => {
                if let Some(name) = names(text).map(str::trim).find(|name| self.is_name(name)) {
                    let is_sure = self.is_known_type || PSEUDO_PARAMETERS.contains(&name);
                    self.found(if is_sure { Rule::Interpolation } else { Rule::InterpolationLikely }, node, name);
                }
            }
            _ => {}
        }
    }

    /// A default is put in as it is, wherever its parameter stands; a template may have a way of its own to fill it in.
    fn in_default(&mut self, node: &Node) {
        if let Some(name) = node.as_str().and_then(|text| names(text).map(str::trim).find(|name| self.is_name(name))) {
            self.found(Rule::InterpolationLikely, node, name);
        }
    }

    /// Whether it names what `Fn::Sub` would put in.
    fn is_name(&self, name: &str) -> bool {
        let first = name.split('.').next().unwrap_or_default();
        let is_parameter = PSEUDO_PARAMETERS.contains(&name) || self.index.parameters.contains_key(name);
        (is_parameter || self.index.resources.contains_key(first)) && !self.defined.contains(&name)
    }

    fn found(&mut self, rule: Rule, node: &Node, name: &str) {
        let what = format!("has \"${{{name}}}\" in a text outside of Fn::Sub, where it stays as it is written");
        let finding = Finding::of(rule, what).at(&self.index.template.file, node.at);
        self.findings.push(finding.hint("write !Sub in front of the text"));
    }
}

/// What is a text with `${...}` of its own, or one that is substituted.
fn is_template(entry: &Entry) -> bool {
    entry.key == "Fn::Sub" || entry.key == "TemplateBody"
}
