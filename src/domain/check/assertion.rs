//! The template's `Rules`, whatever the stages: whether they assert something, and with functions that rules have.

use crate::domain::cloudformation::evaluation::Index;
use crate::domain::cloudformation::intrinsic::{OF_TRUTH, OF_VALUES, TRANSFORM, is_known, is_prefixed};
use crate::domain::document::{Entry, Node, Value};
use crate::domain::finding::rule::Rule;
use crate::domain::finding::{Finding, Position, nearest};

const KEYS: [&str; 2] = ["RuleCondition", "Assertions"];
const ASSERTION_KEYS: [&str; 2] = ["Assert", "AssertDescription"];

pub(super) fn check(index: &Index<'_>) -> Vec<Finding> {
    let mut rules = Rules { file: &index.template.file, findings: Vec::new() };
    for entry in index.template.root.get("Rules").and_then(Node::as_map).unwrap_or_default() {
        if !is_prefixed(&entry.key) {
            rules.rule(entry);
        }
    }
    rules.findings
}

struct Rules<'a> {
    file: &'a str,
    findings: Vec<Finding>,
}

impl Rules<'_> {
    fn add(&mut self, at: Position, what: String) {
        self.findings.push(Finding::of(Rule::RuleDeclaration, what).at(self.file, at));
    }

    fn rule(&mut self, entry: &Entry) {
        let name = entry.key.as_str();
        if is_transform(&entry.value) {
            return;
        }
        let Some(keys) = entry.value.as_map() else {
            return self.add(entry.value.at, format!("has {} as rule \"{name}\"", entry.value.kind()));
        };
        self.misspelt(name, keys, KEYS);
        if let Some(condition) = entry.value.get("RuleCondition") {
            self.truth(condition, &format!("rule \"{name}\" has a RuleCondition"));
        }
        match entry.value.get("Assertions").map(|node| (node, node.as_list())) {
            None => {
                let finding = Finding::of(Rule::RuleDeclaration, format!("has rule \"{name}\" without Assertions"));
                let hint = "add a list of Assert and AssertDescription";
                self.findings.push(finding.at(self.file, entry.key_at).hint(hint));
            }
            Some((node, None)) => {
                self.add(node.at, format!("has rule \"{name}\" with {} as Assertions", node.kind()));
            }
            Some((_, Some(assertions))) => assertions.iter().for_each(|one| self.assertion(name, one)),
        }
    }

    fn assertion(&mut self, rule: &str, assertion: &Node) {
        if is_transform(assertion) {
            return;
        }
        self.misspelt(rule, assertion.as_map().unwrap_or_default(), ASSERTION_KEYS);
        match assertion.get("Assert") {
            None => self.add(assertion.at, format!("has an assertion in rule \"{rule}\" without an Assert")),
            Some(assert) => self.truth(assert, &format!("rule \"{rule}\" has an Assert")),
        }
        if let Some(node) = assertion.get("AssertDescription").filter(|node| node.scalar_text().is_none()) {
            self.add(node.at, format!("has {} as AssertDescription in rule \"{rule}\"", node.kind()));
        }
    }

    /// Keys that are spelt nearly as those that there are.
    fn misspelt<const COUNT: usize>(&mut self, rule: &str, entries: &[Entry], keys: [&str; COUNT]) {
        for entry in entries.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
            let what = format!("has \"{}\" in rule \"{rule}\", which rules do not have", entry.key);
            let finding = Finding::of(Rule::RuleDeclaration, what).at(self.file, entry.key_at);
            // What else may stand there is not said anywhere
            if let Some(near) = nearest(&entry.key, keys) {
                self.findings.push(finding.hint(format!("did you mean \"{near}\"?")));
            }
        }
    }

    /// What must become true or false.
    fn truth(&mut self, node: &Node, of: &str) {
        match &node.value {
            Value::Bool(_) => {}
            Value::String(text) if ["true", "false"].contains(&text.to_lowercase().as_str()) => {}
            Value::Map(entries) => match &entries[..] {
                [entry] if OF_TRUTH.contains(&entry.key.as_str()) => {
                    let operands = entry.value.as_list().unwrap_or_default();
                    match entry.key.as_str() {
                        "Fn::And" | "Fn::Or" | "Fn::Not" => operands.iter().for_each(|one| self.truth(one, of)),
                        _ => operands.iter().for_each(|one| self.value(one, of)),
                    }
                }
                [entry] => self.function(entry, of),
                _ => self.add(node.at, format!("{of} that is neither true nor false")),
            },
            _ => self.add(node.at, format!("{of} that is neither true nor false")),
        }
    }

    /// What is compared.
    fn value(&mut self, node: &Node, of: &str) {
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| self.value(item, of)),
            Value::Map(entries) => match &entries[..] {
                [entry] if is_of_rules(&entry.key) => {}
                [entry] => self.function(entry, of),
                _ => self.add(node.at, format!("{of} that compares a mapping")),
            },
            _ => {}
        }
    }

    /// What stands in the place of a function that is wanted there.
    fn function(&mut self, entry: &Entry, of: &str) {
        let name = entry.key.as_str();
        // Transforms, and functions that there are not, are said where those are
        if name == TRANSFORM || is_prefixed(name) && !is_known(name) {
            return;
        }
        let what = if is_of_rules(name) {
            format!("{of} with {name}, which is neither true nor false")
        } else {
            format!("{of} with {name}, which rules do not take")
        };
        let finding = Finding::of(Rule::RuleDeclaration, what).at(self.file, entry.key_at);
        let known: Vec<&str> = OF_TRUTH.iter().chain(&OF_VALUES).copied().collect();
        self.findings.push(finding.hint(format!("rules take Ref, {}", known.join(", "))));
    }
}

fn is_of_rules(name: &str) -> bool {
    name == "Ref" || OF_TRUTH.contains(&name) || OF_VALUES.contains(&name)
}

fn is_transform(node: &Node) -> bool {
    node.get(TRANSFORM).is_some()
}
