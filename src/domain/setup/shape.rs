//! A file of settings held against its schema: everything that does not fit, each with its place.

use serde_json::{Map, Value};

use super::super::check::rule::Rule;
use super::super::document::{self, Node, duplicates};
use super::super::finding::{Finding, Position};

/// The file as the schema's types take it; numbers and booleans are the text that was written where a text is wanted.
///
/// # Errors
/// All that does not fit.
pub(super) fn read(text: &str, file: &str, schema: &Value) -> Result<Value, Vec<Finding>> {
    let node = Node::parse(text, file).map_err(|mut finding| {
        // The rules, and what CloudFormation does not take, are those of templates.
        if finding.rule.take() == Some(Rule::YamlAlias) {
            finding.cause = None;
        }
        vec![finding]
    })?;
    let mut reader = Reader { root: schema, file, findings: Vec::new() };
    let value = reader.value(&node, schema, "");
    if reader.findings.is_empty() { Ok(value) } else { Err(reader.findings) }
}

struct Reader<'a> {
    root: &'a Value,
    file: &'a str,
    findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    /// The schema that stands behind references, and whether nothing at all fits, too.
    fn resolve(&self, schema: &'a Value) -> (&'a Value, bool) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.root.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
            return self.resolve(target);
        }
        let Some(choices) = schema["anyOf"].as_array() else { return (schema, allows(schema, "null")) };
        let some = choices.iter().find(|choice| !allows(choice, "null")).unwrap_or(schema);
        (self.resolve(some).0, true)
    }

    fn misfit(&mut self, at: Position, what: String) -> &mut Finding {
        self.findings.push(Finding::error(what).at(self.file, at));
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    fn value(&mut self, node: &Node, schema: &'a Value, name: &str) -> Value {
        let (schema, optional) = self.resolve(schema);
        if node.value == document::Value::Null && optional {
            return Value::Null;
        }
        let wanted = if allows(schema, "object") {
            "a mapping"
        } else if allows(schema, "array") {
            "a list"
        } else if allows(schema, "integer") {
            "a number"
        } else {
            "a string"
        };
        let read = match wanted {
            "a mapping" => node.as_map().map(|_| self.mapping(node, schema, name)),
            "a list" => node.as_list().map(|items| {
                let each = |(at, item)| self.value(item, &schema["items"], &format!("{name}[{at}]"));
                Value::Array(items.iter().enumerate().map(each).collect())
            }),
            "a number" => node.scalar_text().and_then(|text| text.parse::<u32>().ok()).map(Value::from),
            _ => node.scalar_text().map(|text| self.text(node.at, text, schema, name)),
        };
        read.unwrap_or_else(|| {
            let subject = if name.is_empty() { "the file" } else { name };
            self.misfit(node.at, format!("{subject} must be {wanted}, found {}", node.kind()));
            Value::Null
        })
    }

    fn text(&mut self, at: Position, text: String, schema: &Value, name: &str) -> Value {
        let listed = |key: &str| schema[key].as_array().cloned().unwrap_or_default();
        let known: Vec<Value> =
            listed("enum").into_iter().chain(listed("oneOf").into_iter().map(|one| one["const"].clone())).collect();
        let known: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
        if !known.is_empty() && !known.contains(&text.as_str()) {
            let finding = self.misfit(at, format!("{name} cannot be \"{text}\""));
            *finding = finding.clone().nearest(&text, known.iter().copied(), &format!("use {}", known.join(" or ")));
        }
        text.into()
    }

    fn mapping(&mut self, node: &Node, schema: &'a Value, name: &str) -> Value {
        let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
        let entries = node.as_map().unwrap_or_default();
        for (entry, first) in duplicates(entries) {
            self.misfit(entry.key_at, format!("{} is there twice, first in line {}", below(&entry.key), first.line));
        }
        let known: Vec<&str> =
            schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        let mut map = Map::new();
        for entry in entries {
            let Some(property) = schema["properties"].get(&entry.key) else {
                let finding = self.misfit(entry.key_at, format!("{} is no setting", below(&entry.key)));
                let all = format!("leave it out; known are {}", known.join(", "));
                *finding = finding.clone().nearest(&entry.key, known.iter().copied(), &all);
                continue;
            };
            let value = self.value(&entry.value, property, &below(&entry.key));
            map.insert(entry.key.clone(), value);
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(required) {
                self.misfit(node.at, format!("{} is missing", below(required)));
            }
        }
        Value::Object(map)
    }
}

fn allows(schema: &Value, kind: &str) -> bool {
    match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => false,
    }
}
