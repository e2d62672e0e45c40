//! Names of properties in branches that no stage takes: what the stages deploy is judged with their values, and this is not.

use super::super::document::{Entry, Node, Value};
use super::super::finding::rule::Rule;
use super::super::finding::{Finding, nearest};
use super::schema::{Definition, Kind, Schema, registry_date};
use crate::domain::cloudformation::evaluation::Index;
use crate::domain::cloudformation::intrinsic::{Call, Function, TRANSFORM, is_prefixed};

/// Misspelt names of the whole template, in branches that are taken, too.
pub(super) fn misspelt(index: &Index<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in index.template.resources() {
        let kind = entry.value.get("Type").and_then(Node::as_str);
        let Some(schema) = kind.and_then(Schema::of) else { continue };
        let Some(properties) = entry.value.get("Properties") else { continue };
        let mut walk = Walk { file: &index.template.file, id: &entry.key, schema, found: &mut found };
        walk.object(schema.root(), properties);
    }
    found
}

struct Walk<'w> {
    file: &'w str,
    id: &'w str,
    schema: &'static Schema,
    found: &'w mut Vec<Finding>,
}

impl Walk<'_> {
    fn object(&mut self, definition: &'static Definition, node: &Node) {
        for node in alternatives(node) {
            let entries = node.as_map().unwrap_or_default();
            if entries.iter().any(|entry| entry.key == TRANSFORM) {
                continue;
            }
            for entry in entries {
                match definition.member(&entry.key) {
                    Some(member) => self.value(&member.kind, &entry.value),
                    None if is_prefixed(&entry.key) => {}
                    None => self.unknown(definition, entry),
                }
            }
        }
    }

    fn value(&mut self, kind: &'static Kind, node: &Node) {
        match kind {
            Kind::Object(name) => {
                if let Some(definition) = self.schema.definition(name) {
                    self.object(definition, node);
                }
            }
            Kind::List(_, item) => {
                for node in alternatives(node) {
                    let Value::List(items) = &node.value else { continue };
                    for node in items {
                        self.value(item, node);
                    }
                }
            }
            _ => {}
        }
    }

    fn unknown(&mut self, definition: &'static Definition, Entry { key, key_at, .. }: &Entry) {
        let names = definition.members.iter().map(|member| member.name);
        let Some(near) = nearest(key, names) else { return };
        let (id, kind) = (self.id, self.schema.name);
        let what = format!("\"{id}\" has {key} where no stage is known to use it, and {kind} does not have it");
        let finding = Finding::of(Rule::PropertyUnlisted, what).at(self.file, *key_at);
        let date = format!("CloudFormation's schema of {} does not have it", registry_date());
        self.found.push(finding.cause(date).hint(format!("did you mean \"{near}\"?")));
    }
}

/// What a value may be: both branches of a condition, which may hold conditions again, else itself.
fn alternatives(node: &Node) -> Vec<&Node> {
    let (mut found, mut open) = (Vec::new(), vec![node]);
    while let Some(node) = open.pop() {
        match Call::of(node).map(|call| call.function) {
            Some(Function::If { yes, no, .. }) => open.extend([no, yes]),
            _ => found.push(node),
        }
    }
    found
}
