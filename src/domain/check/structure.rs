//! The template as a whole: sections, resources, sizes, and what a service-managed stack set does not take.

use super::super::document::{Entry, Node, Value};
use super::super::finding::rule::Rule;
use super::super::finding::{Finding, Position};
use crate::domain::cloudformation::deployer::Deployer;
use crate::domain::cloudformation::evaluation::Index;
use crate::domain::cloudformation::intrinsic::{TRANSFORM, extension, is_prefixed};

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
const BY_ITSELF: &str = "service-managed stack sets with the execution role that StackSets makes by itself";
const OWN_ROLE: &str = "for stack sets with a role of their own: --stack-set-role custom (MODELDEPLOY_STACK_SET_ROLE)";
const FORMAT_VERSION: &str = "2010-09-09";
const NESTED_STACK: &str = "AWS::CloudFormation::Stack";
const EXTENSIONS: &str = "AWS::LanguageExtensions";

/// A template of so many times the bytes that it may have is not a slip, and nothing else of it is worth the time that it takes.
const ABSURD: usize = 4;

/// What is wrong with a template of so many bytes.
pub(crate) fn too_large(file: &str, bytes: usize, deployer: Deployer) -> Option<Finding> {
    let most = deployer.max_template_bytes();
    (bytes > most).then(|| {
        let what = format!("has {bytes} bytes, and {} may have {most}", deployer.noun());
        Finding::of(Rule::TemplateSize, what).in_file(file)
    })
}

/// The same of a template that is not looked at because of it.
pub(crate) fn too_large_to_read(file: &str, bytes: usize, deployer: Deployer) -> Option<Finding> {
    let finding = too_large(file, bytes, deployer).filter(|_| bytes > ABSURD * deployer.max_template_bytes())?;
    Some(finding.cause("so nothing else of it is checked").hint("name the endpoint's template with --template"))
}

/// What is wrong with the template, and whether something is to transform it.
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    pub(super) is_transformed: bool,
}

pub(super) fn check(index: &Index<'_>, deployer: Deployer) -> Checked {
    let root = &index.template.root;
    let found = Checked { findings: Vec::new(), is_transformed: false };
    let is_extended = crate::domain::cloudformation::template::transforms(root).any(|name| name == Some(EXTENSIONS));
    let mut checker = Checker { file: &index.template.file, deployer, is_extended, found };
    for entry in root.as_map().unwrap_or_default() {
        checker.section(entry);
    }
    let resources = index.template.resources();
    checker.count(Rule::ResourceCount, "resources", resources, MAX_RESOURCES);
    for resource in resources {
        checker.resource(resource);
    }
    for rule in root.get("Rules").and_then(Node::as_map).unwrap_or_default() {
        checker.logical_id("rule", rule);
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
    checker.found
}

struct Checker<'a> {
    file: &'a str,
    deployer: Deployer,
    /// Whether the functions of AWS::LanguageExtensions are there.
    is_extended: bool,
    found: Checked,
}

impl Checker<'_> {
    fn add(&mut self, rule: Rule, at: Position, what: impl Into<String>) {
        self.found.findings.push(Finding::of(rule, what).at(self.file, at));
    }

    fn section(&mut self, entry: &Entry) {
        let key = entry.key.as_str();
        if is_prefixed(key) {
            return; // said where functions are
        }
        if !SECTIONS.contains(&key) {
            let what = format!("has a section \"{key}\", which templates do not have");
            let finding = Finding::of(Rule::TemplateSection, what).at(self.file, entry.key_at);
            self.found.findings.push(finding.nearest(key, SECTIONS, "remove it, or move it to Metadata"));
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
        self.found.is_transformed = true;
        if self.deployer.expands() {
            return;
        }
        self.found.findings.push(
            Finding::of(Rule::StackSetTransform, what)
                .at(self.file, at)
                .cause(format!("{BY_ITSELF} take no transforms or macros"))
                .hint(format!("write the resources out, or expand them before the build; {OWN_ROLE}")),
        );
    }

    /// A function that a transform brings.
    fn extension(&mut self, entry: &Entry, name: &str) {
        let what = format!("has an {name}, which is a part of {EXTENSIONS}");
        if self.is_extended || !self.deployer.expands() {
            return self.transform(entry.key_at, &what);
        }
        let finding = Finding::of(Rule::FunctionUnknown, what).at(self.file, entry.key_at);
        self.found.findings.push(finding.hint(format!("add \"Transform: {EXTENSIONS}\" to the template")));
    }

    fn count(&mut self, rule: Rule, noun: &str, entries: &[Entry], most: usize) {
        if entries.len() > most {
            let what = format!("has {} {noun}, and a template may have {most}", entries.len());
            self.add(rule, entries[most].key_at, what);
        }
    }

    fn logical_id(&mut self, noun: &str, entry: &Entry) {
        let fits = !entry.key.is_empty() && entry.key.bytes().all(|any| any.is_ascii_alphanumeric());
        if !fits && !is_prefixed(&entry.key) {
            let what = format!("has {noun} \"{}\", which is not a logical id", entry.key);
            let finding = Finding::of(Rule::LogicalId, what).at(self.file, entry.key_at);
            self.found.findings.push(finding.hint("use letters and digits only"));
        }
    }

    fn resource(&mut self, entry: &Entry) {
        if is_prefixed(&entry.key) {
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
                self.found.findings.push(finding.hint("add for example \"Type: AWS::SageMaker::Endpoint\""));
            }
            Some(kind) => match kind.as_str() {
                Some(NESTED_STACK) if self.deployer.expands() => {}
                Some(NESTED_STACK) => self.found.findings.push(
                    Finding::of(Rule::StackSetNestedStack, format!("has nested stack \"{}\"", entry.key))
                        .at(self.file, kind.at)
                        .cause(format!("{BY_ITSELF} take no nested stacks"))
                        .hint(format!("move its resources into this template; {OWN_ROLE}")),
                ),
                // `Custom::Anything` is as good as a type of three parts
                Some(name) if name.contains("::") => {}
                _ => {
                    let what = format!("has resource \"{}\" with an invalid Type", entry.key);
                    self.add(Rule::ResourceType, kind.at, what);
                }
            },
        }
        for attribute in attributes {
            let key = attribute.key.as_str();
            if !RESOURCE_KEYS.contains(&key) && !is_prefixed(key) {
                let what = format!("has resource \"{}\" with \"{key}\", which resources do not have", entry.key);
                let finding = Finding::of(Rule::ResourceAttribute, what).at(self.file, attribute.key_at);
                self.found.findings.push(finding.nearest(key, RESOURCE_KEYS, "move it under Properties"));
            }
        }
    }

    /// What may stand anywhere: macros, and references to values in other services.
    fn walk(&mut self, node: &Node, dynamic_references: &mut usize) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if entry.key == TRANSFORM {
                        self.transform(entry.key_at, "has an Fn::Transform");
                    } else if entry.key.starts_with("Fn::")
                        && let Some(name) = extension(&entry.key)
                    {
                        self.extension(entry, name);
                    }
                    self.walk(&entry.value, dynamic_references);
                }
            }
            Value::List(items) => items.iter().for_each(|item| self.walk(item, dynamic_references)),
            // To look for a longer text, each time, takes longer than to look at all texts for a character
            Value::String(text) if text.contains('{') => {
                let here = text.matches("{{resolve:").count();
                let before = *dynamic_references;
                *dynamic_references += here;
                if before <= MAX_DYNAMIC_REFERENCES && *dynamic_references > MAX_DYNAMIC_REFERENCES {
                    let what =
                        format!("has more than {MAX_DYNAMIC_REFERENCES} dynamic references, the most there may be");
                    self.add(Rule::DynamicReferenceCount, node.at, what);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cloudformation::template::Template;

    const RESOURCES: &str = "Resources: {R: {Type: 'X::Y::Z'}}";

    /// The rules that a template breaks, and whether something is to transform it.
    fn found(text: &str, deployer: Deployer) -> (Vec<&'static str>, bool) {
        let template = Template::read(text, "t.yml").0.expect(text);
        let Checked { findings, is_transformed } = check(&Index::of(&template), deployer);
        (findings.iter().filter_map(|finding| finding.rule).map(Rule::id).collect(), is_transformed)
    }

    #[test]
    fn each_part_of_a_template_is_what_it_may_be() {
        assert_eq!(found(RESOURCES, Deployer::StackSet), (Vec::new(), false));
        for (text, rule) in [
            (format!("{RESOURCES}\nResource: {{}}"), "template-section"),
            (format!("{RESOURCES}\nConditions: [a]"), "template-shape"),
            (format!("{RESOURCES}\nAWSTemplateFormatVersion: 2010-09-10"), "template-shape"),
            (format!("{RESOURCES}\nDescription: {{a: b}}"), "template-shape"),
            (format!("{RESOURCES}\nDescription: {}", "x".repeat(MAX_DESCRIPTION_BYTES + 1)), "template-description"),
            (format!("{RESOURCES}\nOutputs: {{O: {{Description: x}}}}"), "template-shape"),
            (format!("{RESOURCES}\nOutputs: {{a-b: {{Value: x}}}}"), "logical-id"),
            ("Resources: {a_b: {Type: 'X::Y::Z'}}".to_owned(), "logical-id"),
            ("Resources: {R: {Properties: {}}}".to_owned(), "resource-type"),
            ("Resources: {R: {Type: Model}}".to_owned(), "resource-type"),
            ("Resources: {R: {Type: 'X::Y::Z', Propertys: {}}}".to_owned(), "resource-attribute"),
        ] {
            assert_eq!(found(&text, Deployer::StackSet), (vec![rule], false), "{text}");
        }
    }

    #[test]
    fn what_expands_a_template_is_for_those_who_can() {
        let nested = "Resources: {R: {Type: 'AWS::CloudFormation::Stack'}}";
        assert_eq!(found(nested, Deployer::StackSet), (vec!["stackset-nested-stack"], false));
        assert_eq!(found(nested, Deployer::StackSetWithOwnRole), (Vec::new(), false));
        let transform = format!("Transform: AWS::LanguageExtensions\n{RESOURCES}");
        assert_eq!(found(&transform, Deployer::StackSet), (vec!["stackset-transform"], true));
        assert_eq!(found(&transform, Deployer::CloudFormation), (Vec::new(), true));
        let extension = "Resources: {R: {Type: 'X::Y::Z', Properties: {n: {'Fn::Length': [a]}}}}";
        assert_eq!(found(extension, Deployer::CloudFormation), (vec!["function-unknown"], false));
        let with = format!("Transform: AWS::LanguageExtensions\n{extension}");
        assert_eq!(found(&with, Deployer::CloudFormation), (Vec::new(), true));
    }

    #[test]
    fn each_number_has_its_limit() {
        let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
        let resource = |number| format!("  R{number}: {{Type: 'X::Y::Z'}}\n");
        let output = |number| format!("  O{number}: {{Value: x}}\n");
        for (text, rule) in [
            (format!("Resources:\n{}", many(MAX_RESOURCES + 1, &resource)), "resource-count"),
            (format!("{RESOURCES}\nOutputs:\n{}", many(MAX_OUTPUTS + 1, &output)), "output-count"),
            (
                format!("{RESOURCES}\nMetadata: {{a: '{}'}}", "{{resolve:ssm:x}}".repeat(MAX_DYNAMIC_REFERENCES + 1)),
                "dynamic-reference-count",
            ),
        ] {
            assert_eq!(found(&text, Deployer::StackSet).0, [rule]);
        }
        let most = Deployer::StackSet.max_template_bytes();
        assert!(too_large("t", most, Deployer::StackSet).is_none());
        assert!(too_large("t", most + 1, Deployer::StackSet).is_some());
        assert!(too_large("t", most + 1, Deployer::CloudFormation).is_none());
        assert!(too_large_to_read("t", most + 1, Deployer::StackSet).is_none());
        assert!(too_large_to_read("t", ABSURD * most + 1, Deployer::StackSet).is_some());
    }
}
