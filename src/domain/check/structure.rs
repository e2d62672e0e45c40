//! The template as a whole: sections, resources, sizes, and what a service-managed stack set does not take.

use super::super::document::{Entry, Node, Value};
use super::super::evaluation::Index;
use super::super::finding::{Finding, Position};
use super::rule::Rule;

/// CodePipeline User Guide, "CloudFormation StackSets deploy action reference": the template's size in bytes.
pub(super) const MAX_TEMPLATE_BYTES: usize = 460_800;
/// CloudFormation User Guide, "Understand CloudFormation quotas".
pub(super) const MAX_RESOURCES: usize = 500;
pub(super) const MAX_OUTPUTS: usize = 200;
pub(super) const MAX_DYNAMIC_REFERENCES: usize = 60;
pub(super) const MAX_DESCRIPTION_BYTES: usize = 1024;

/// CloudFormation User Guide, "Template sections".
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Hooks",
    "Resources",
    "Outputs",
];
/// Sections that are mappings of names.
const MAPPINGS: [&str; 6] = ["Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs"];
/// CloudFormation User Guide, "Resource attribute reference".
const RESOURCE_KEYS: [&str; 11] = [
    "Type",
    "Properties",
    "DependsOn",
    "Description",
    "Condition",
    "Metadata",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "CreationPolicy",
    "UpdatePolicy",
    "Version",
];
const FORMAT_VERSION: &str = "2010-09-09";
const NESTED_STACK: &str = "AWS::CloudFormation::Stack";

/// A template of this many bytes is no slip, and nothing else of it is worth the time that it takes.
const ABSURD_BYTES: usize = 4 * MAX_TEMPLATE_BYTES;

/// What is wrong with a template of so many bytes.
pub fn too_large(file: &str, bytes: usize) -> Option<Finding> {
    (bytes > MAX_TEMPLATE_BYTES).then(|| {
        let what = format!("has {bytes} bytes, and a stack set's template may have {MAX_TEMPLATE_BYTES}");
        Finding::of(Rule::TemplateSize, what).in_file(file)
    })
}

/// The same of a template that is not looked at because of it.
pub fn too_large_to_read(file: &str, bytes: usize) -> Option<Finding> {
    let finding = too_large(file, bytes).filter(|_| bytes > ABSURD_BYTES)?;
    Some(finding.cause("so nothing else of it is checked").hint("name the endpoint's template with --template"))
}

/// Whether a macro of somebody's own may write any property anew; what AWS's transforms do to SageMaker's resources is
/// known: nothing, but for what AWS::Include brings.
pub(super) fn has_macro(index: &Index<'_>) -> bool {
    let is_own = |node: &Node| {
        let name = node.as_str().or_else(|| node.get("Name").and_then(Node::as_str));
        name.is_none_or(|name| !name.starts_with("AWS::"))
    };
    let root = &index.template.root;
    let named = root.get("Transform").into_iter();
    let mut of_template = named.flat_map(|node| node.as_list().unwrap_or(std::slice::from_ref(node)));
    of_template.any(is_own) || calls_macro(root, &is_own)
}

fn calls_macro(node: &Node, is_own: &impl Fn(&Node) -> bool) -> bool {
    match &node.value {
        Value::Map(entries) => entries
            .iter()
            .any(|entry| entry.key == "Fn::Transform" && is_own(&entry.value) || calls_macro(&entry.value, is_own)),
        Value::List(items) => items.iter().any(|item| calls_macro(item, is_own)),
        _ => false,
    }
}

pub(super) fn check(index: &Index<'_>) -> Vec<Finding> {
    let mut checker = Checker { file: &index.template.file, findings: Vec::new() };
    let root = &index.template.root;
    for entry in root.as_map().unwrap_or_default() {
        checker.section(entry);
    }
    let resources = index.template.resources();
    checker.count(Rule::ResourceCount, "resources", resources, MAX_RESOURCES);
    for resource in resources {
        checker.resource(resource);
    }
    let outputs = root.get("Outputs").and_then(Node::as_map).unwrap_or_default();
    checker.count(Rule::OutputCount, "outputs", outputs, MAX_OUTPUTS);
    for output in outputs {
        checker.logical_id("output", output);
        if output.value.get("Value").is_none() && output.value.as_map().is_some() {
            let what = format!("declares output \"{}\" without a Value", output.key);
            checker.add(Rule::TemplateShape, output.key_at, what);
        }
    }
    let mut seen = 0;
    checker.walk(root, &mut seen);
    checker.findings
}

struct Checker<'a> {
    file: &'a str,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn add(&mut self, rule: Rule, at: Position, what: impl Into<String>) {
        self.findings.push(Finding::of(rule, what).at(self.file, at));
    }

    fn section(&mut self, entry: &Entry) {
        let key = entry.key.as_str();
        if key.starts_with("Fn::") {
            return; // said where functions are
        }
        if !SECTIONS.contains(&key) {
            let what = format!("has a section \"{key}\", which templates do not have");
            let finding = Finding::of(Rule::TemplateSection, what).at(self.file, entry.key_at);
            self.findings.push(finding.nearest(key, SECTIONS, "remove it, or move it to Metadata"));
        } else if key == "Transform" {
            self.transform(entry.key_at, "has a Transform");
        } else if MAPPINGS.contains(&key) && entry.value.as_map().is_none() && key != "Resources" && key != "Parameters"
        {
            self.add(Rule::TemplateShape, entry.value.at, format!("has {} as {key}", entry.value.kind()));
        } else if key == "AWSTemplateFormatVersion" && entry.value.scalar_text().as_deref() != Some(FORMAT_VERSION) {
            let what = format!("has an AWSTemplateFormatVersion other than {FORMAT_VERSION}, the only one");
            self.add(Rule::TemplateShape, entry.value.at, what);
        } else if key == "Description" {
            match entry.value.as_str() {
                None => {
                    let what = format!("has {} as Description, which must be a plain text", entry.value.kind());
                    self.add(Rule::TemplateShape, entry.value.at, what);
                }
                Some(text) if text.len() > MAX_DESCRIPTION_BYTES => {
                    let what =
                        format!("has a Description of {} bytes, and it may have {MAX_DESCRIPTION_BYTES}", text.len());
                    self.add(Rule::TemplateDescription, entry.value.at, what);
                }
                Some(_) => {}
            }
        }
    }

    fn transform(&mut self, at: Position, what: &str) {
        self.findings.push(
            Finding::of(Rule::StackSetTransform, what)
                .at(self.file, at)
                .cause("service-managed stack sets take no transforms or macros")
                .hint("write the resources out, or expand them before the build"),
        );
    }

    fn count(&mut self, rule: Rule, noun: &str, entries: &[Entry], most: usize) {
        if entries.len() > most {
            let what = format!("has {} {noun}, and a template may have {most}", entries.len());
            self.add(rule, entries[most].key_at, what);
        }
    }

    fn logical_id(&mut self, noun: &str, entry: &Entry) {
        let fits = !entry.key.is_empty() && entry.key.bytes().all(|any| any.is_ascii_alphanumeric());
        if !fits && !entry.key.starts_with("Fn::") {
            let what = format!("has {noun} \"{}\", which is no logical id", entry.key);
            let finding = Finding::of(Rule::LogicalId, what).at(self.file, entry.key_at);
            self.findings.push(finding.hint("use letters and digits only"));
        }
    }

    fn resource(&mut self, entry: &Entry) {
        if entry.key.starts_with("Fn::") {
            return; // said where functions are
        }
        self.logical_id("resource", entry);
        let Some(attributes) = entry.value.as_map() else {
            let what = format!("has {} as resource \"{}\"", entry.value.kind(), entry.key);
            self.add(Rule::TemplateShape, entry.value.at, what);
            return;
        };
        match entry.value.get("Type") {
            None => {
                let what = format!("has resource \"{}\" without a Type", entry.key);
                let finding = Finding::of(Rule::ResourceType, what).at(self.file, entry.key_at);
                self.findings.push(finding.hint("add for example \"Type: AWS::SageMaker::Endpoint\""));
            }
            Some(kind) => match kind.as_str() {
                Some(NESTED_STACK) => self.findings.push(
                    Finding::of(Rule::StackSetNestedStack, format!("has nested stack \"{}\"", entry.key))
                        .at(self.file, kind.at)
                        .cause("service-managed stack sets take no nested stacks")
                        .hint("move its resources into this template"),
                ),
                // `Custom::Anything` is as good as a type of three parts
                Some(name) if name.contains("::") => {}
                _ => {
                    let what = format!("has resource \"{}\" with a Type that is none", entry.key);
                    self.add(Rule::ResourceType, kind.at, what);
                }
            },
        }
        for attribute in attributes {
            let key = attribute.key.as_str();
            if !RESOURCE_KEYS.contains(&key) && !key.starts_with("Fn::") {
                let what = format!("has resource \"{}\" with \"{key}\", which resources do not have", entry.key);
                let finding = Finding::of(Rule::ResourceAttribute, what).at(self.file, attribute.key_at);
                self.findings.push(finding.nearest(key, RESOURCE_KEYS, "move it under Properties"));
            }
        }
    }

    /// What may stand anywhere: macros, and references to values in other services.
    fn walk(&mut self, node: &Node, dynamic_references: &mut usize) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if entry.key == "Fn::Transform" {
                        self.transform(entry.key_at, "has an Fn::Transform");
                    } else if entry.key.starts_with("Fn::ForEach") {
                        self.transform(entry.key_at, "has an Fn::ForEach, which is a part of AWS::LanguageExtensions");
                    } else if ["Fn::Length", "Fn::ToJsonString"].contains(&entry.key.as_str()) {
                        let what = format!("has an {}, which is a part of AWS::LanguageExtensions", entry.key);
                        self.transform(entry.key_at, &what);
                    }
                    self.walk(&entry.value, dynamic_references);
                }
            }
            Value::List(items) => items.iter().for_each(|item| self.walk(item, dynamic_references)),
            Value::String(text) => {
                let here = text.matches("{{resolve:").count();
                let before = *dynamic_references;
                *dynamic_references += here;
                if before <= MAX_DYNAMIC_REFERENCES && *dynamic_references > MAX_DYNAMIC_REFERENCES {
                    let what =
                        format!("has more than {MAX_DYNAMIC_REFERENCES} dynamic references, the most there may be");
                    self.add(Rule::DynamicReferenceCount, node.at, what);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
