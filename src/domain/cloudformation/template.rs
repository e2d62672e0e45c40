//! The endpoint template: its tree and the parameters that it declares. What is wrong with either is in `check`.

use std::collections::HashMap;

use crate::domain::cloudformation::intrinsic::{TRANSFORM, is_prefixed};
use crate::domain::document::Entry;
use crate::domain::document::Node;
use crate::domain::document::duplicates;
use crate::domain::finding::Finding;
use crate::domain::finding::Position;
use crate::domain::finding::nearest;
use crate::domain::finding::rule::Rule;

/// A parsed template; the text itself travels byte for byte elsewhere.
#[derive(Clone, Debug)]
pub struct Template {
    pub file: String,
    pub root: Node,
    pub parameters: Vec<Declaration>,
    /// Whether these are all that it declares: a part of it that cannot be read may declare others.
    pub(super) declares_all: bool,
    /// Where each stands among them: thousands of values are held against thousands of declarations.
    by_name: HashMap<String, usize>,
    has_macro: bool,
}

/// One entry of a template's `Parameters`.
#[derive(Clone, Debug)]
pub struct Declaration {
    pub name: String,
    pub at: Position,
    pub default: Option<String>,
    /// Where the default stands.
    pub default_at: Option<Position>,
    /// `String`, `Number`, `CommaDelimitedList`, `AWS::SSM::Parameter::Value<String>`, ...; empty if none is given.
    pub kind: String,
    pub allowed_values: Vec<String>,
    pub allowed_pattern: Option<String>,
    pub allowed_pattern_at: Option<Position>,
    pub min_length: Option<f64>,
    pub max_length: Option<f64>,
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
    pub constraint_description: Option<String>,
    pub no_echo: bool,
}

/// A parameter that is set beside the config's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub name: String,
    pub source: Source,
}

/// Where a given parameter's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Known(String),
    /// It will be known before the roll-out.
    Later,
    /// Nobody has set it; the text names what would.
    Unset(String),
}

impl Template {
    /// Reads a template of either format.
    ///
    /// # Errors
    /// All findings: syntax, a root that is not a template, parameters that are none.
    pub(crate) fn parse(text: &str, file: &str) -> Result<Self, Vec<Finding>> {
        match Self::read(text, file) {
            (Some(template), findings) if findings.is_empty() => Ok(template),
            (_, findings) => Err(findings),
        }
    }

    /// Reads a template as far as it can be read, with all that is wrong with it.
    pub(crate) fn read(text: &str, file: &str) -> (Option<Self>, Vec<Finding>) {
        let root = match Node::parse(text, file) {
            Ok(root) => root,
            Err(finding) => return (None, vec![finding]),
        };
        if root.as_map().is_none() {
            let what = format!("holds {} instead of a CloudFormation template", root.kind());
            return (None, vec![Finding::of(Rule::TemplateShape, what).at(file, root.at).hint(NAME_THE_TEMPLATE)]);
        }
        let mut findings = Vec::new();
        let mut calls_macro = false;
        look_through(&root, file, &mut findings, &mut calls_macro);
        match root.get("Resources").map(|resources| (resources, resources.as_map())) {
            Some((_, Some(resources))) if !resources.is_empty() => {}
            Some((resources, _)) => {
                findings.push(
                    Finding::of(Rule::TemplateShape, "has no resource under Resources")
                        .at(file, resources.at)
                        .hint("declare at least the endpoint, its config and its model there"),
                );
            }
            None => {
                findings.push(
                    Finding::of(Rule::TemplateShape, "has no Resources, so it is not a CloudFormation template")
                        .in_file(file)
                        .hint(NAME_THE_TEMPLATE),
                );
            }
        }
        let parameters = root.get("Parameters").map_or_else(Vec::new, |node| declarations(node, file, &mut findings));
        let is_template = findings.iter().all(|finding| finding.rule != Some(Rule::TemplateShape));
        let declares_all = is_template && parameters_stand_once(&root);
        let named = parameters.iter().enumerate().rev();
        let by_name = named.map(|(number, declared)| (declared.name.clone(), number)).collect();
        let has_macro = calls_macro || transforms(&root).any(is_own);
        (Some(Self { file: file.to_owned(), root, parameters, declares_all, by_name, has_macro }), findings)
    }

    pub(crate) fn declares(&self, name: &str) -> bool {
        self.declaration(name).is_some()
    }

    pub(crate) fn declaration(&self, name: &str) -> Option<&Declaration> {
        self.by_name.get(name).map(|number| &self.parameters[*number])
    }

    pub(crate) fn resources(&self) -> &[Entry] {
        self.root.get("Resources").and_then(Node::as_map).unwrap_or_default()
    }

    /// Whether a macro of somebody's own may write any property anew; what AWS's transforms do to SageMaker's resources is
    /// known: nothing, but for what AWS::Include brings.
    pub(crate) fn has_macro(&self) -> bool {
        self.has_macro
    }

    /// Whether resources may come from what is not in it: a nested stack, a macro, what is included.
    pub(crate) fn has_more_elsewhere(&self) -> bool {
        let is_nested = |kind: &str| ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"].contains(&kind);
        let of_resource = |entry: &Entry| {
            let kind = entry.value.get("Type").and_then(Node::as_str);
            is_prefixed(&entry.key) || kind.is_some_and(is_nested)
        };
        self.resources().iter().any(of_resource)
            || transforms(&self.root).any(|name| is_own(name) || name == Some("AWS::Include"))
    }
}

/// The names of the transforms of the whole template, as far as they are told.
pub(crate) fn transforms(root: &Node) -> impl Iterator<Item = Option<&str>> {
    let named = root.get("Transform").into_iter();
    named.flat_map(|node| node.as_list().unwrap_or(std::slice::from_ref(node))).map(transform_name)
}

fn transform_name(node: &Node) -> Option<&str> {
    node.as_str().or_else(|| node.get("Name").and_then(Node::as_str))
}

fn is_own(name: Option<&str>) -> bool {
    name.is_none_or(|name| !name.starts_with("AWS::"))
}

/// Whether no second section, and none of a similar name, declares parameters, too.
fn parameters_stand_once(root: &Node) -> bool {
    const PARAMETERS: &str = "Parameters";
    let entries = root.as_map().unwrap_or_default();
    let mut meant = entries.iter().filter(|entry| nearest(&entry.key, [PARAMETERS]).is_some());
    meant.next().is_none_or(|entry| entry.key == PARAMETERS) && meant.next().is_none()
}

const NAME_THE_TEMPLATE: &str = "name the endpoint's template with --template";

/// What stands in messages for a value that nobody is to see.
pub(super) const NOT_SHOWN: &str = "a value that is not shown";

impl Declaration {
    /// A value in a message, unless it is a secret.
    pub(crate) fn shown(&self, value: &str) -> String {
        if self.no_echo { NOT_SHOWN.to_owned() } else { format!("\"{value}\"") }
    }

    pub(crate) fn is_list(&self) -> bool {
        self.kind == "CommaDelimitedList"
            || self.kind.starts_with("List<")
            || self.kind.contains("<List<")
            || self.kind.ends_with("<CommaDelimitedList>")
    }

    /// Whether the value is the name of a parameter of Systems Manager, which is read when the stack is made.
    pub(crate) fn is_read_from_ssm(&self) -> bool {
        self.kind.starts_with("AWS::SSM::Parameter::Value<")
    }
}

/// Keys that stand twice in one mapping, anywhere.
/// Finds keys that stand twice, and whether a macro is called: one walk, since a large tree is not in a processor's cache.
fn look_through(node: &Node, file: &str, findings: &mut Vec<Finding>, calls_macro: &mut bool) {
    if let Some(entries) = node.as_map() {
        findings.extend(duplicates(entries).into_iter().map(|(entry, first)| {
            let what = format!("has \"{}\" twice, first in line {}", entry.key, first.line);
            Finding::of(Rule::DuplicateKey, what).at(file, entry.key_at).hint("keep one of the two")
        }));
        for Entry { key, value, .. } in entries {
            *calls_macro |= key == TRANSFORM && is_own(transform_name(value));
            look_through(value, file, findings, calls_macro);
        }
    }
    for item in node.as_list().unwrap_or_default() {
        look_through(item, file, findings, calls_macro);
    }
}

fn declarations(node: &Node, file: &str, findings: &mut Vec<Finding>) -> Vec<Declaration> {
    let Some(entries) = node.as_map() else {
        let what = format!("has {} as Parameters", node.kind());
        findings.push(Finding::of(Rule::TemplateShape, what).at(file, node.at));
        return Vec::new();
    };
    let mut declared: Vec<Declaration> = Vec::new();
    for entry in entries {
        let kind = entry.value.get("Type").and_then(Node::as_str);
        if kind.is_none() {
            let what = format!("declares parameter \"{}\" without a Type", entry.key);
            let finding = Finding::of(Rule::ParameterDeclaration, what).at(file, entry.key_at);
            findings.push(finding.hint("add for example \"Type: String\""));
        }
        let declaration = declaration(entry, kind.unwrap_or_default());
        match declared.iter_mut().find(|other| other.name == entry.key) {
            Some(first) => first.no_echo |= declaration.no_echo,
            None => declared.push(declaration),
        }
    }
    declared
}

fn declaration(entry: &Entry, kind: &str) -> Declaration {
    let text = |key: &str| entry.value.get(key).and_then(Node::scalar_text);
    let number = |key: &str| text(key).and_then(|text| text.parse().ok());
    let allowed = entry.value.get("AllowedValues").and_then(Node::as_list).unwrap_or_default();
    Declaration {
        name: entry.key.clone(),
        at: entry.key_at,
        kind: kind.to_owned(),
        default: text("Default"),
        default_at: entry.value.get("Default").map(|node| node.at),
        allowed_values: allowed.iter().filter_map(Node::scalar_text).collect(),
        allowed_pattern: text("AllowedPattern"),
        allowed_pattern_at: entry.value.get("AllowedPattern").map(|node| node.at),
        min_length: number("MinLength"),
        max_length: number("MaxLength"),
        min_value: number("MinValue"),
        max_value: number("MaxValue"),
        constraint_description: text("ConstraintDescription"),
        no_echo: is_no_echo(&entry.value),
    }
}

/// Whether nobody is to see the values: also where that is misspelt, or said so that it is not known what it means.
fn is_no_echo(declaration: &Node) -> bool {
    let Some(attributes) = declaration.as_map() else { return true };
    let mut said = attributes.iter().filter(|attribute| attribute.key.eq_ignore_ascii_case("NoEcho"));
    said.any(|said| said.value.scalar_text().is_none_or(|text| !text.eq_ignore_ascii_case("false")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_template_is_refused() {
        for text in ["[]", "a: 1", "Resources: {}", "Parameters: {A: {}}\nResources: {X: {Type: T}}", "Resources: 3"] {
            assert!(Template::parse(text, "t.yml").is_err(), "{text}");
        }
    }

    #[test]
    fn values_are_shown_only_where_nothing_says_or_may_say_otherwise() {
        for (text, shown) in [
            ("Type: String", true),
            ("Type: String, NoEcho: false", true),
            ("Type: String, NoEcho: 'False'", true),
            ("Type: String, NoEcho: 'TRUE'", false),
            ("Type: String, NoEcho: yes", false),
            ("Type: String, noecho: true", false),
            ("Type: String, NoEcho: true, NoEcho: false", false),
            ("Type: String, NoEcho: [false]", false),
            ("Type: String, NoEcho:", false),
        ] {
            let text = format!("Parameters: {{A: {{{text}}}}}\nResources: {{X: {{Type: T}}}}\n");
            let (template, _) = Template::read(&text, "t.yml");
            assert_eq!(template.expect("a template").parameters[0].no_echo, !shown, "{text}");
        }
        let twice = "Parameters: {A: {Type: String}, A: {NoEcho: true}, B: }\nResources: {X: {Type: T}}\n";
        let (template, _) = Template::read(twice, "t.yml");
        assert!(template.expect("a template").parameters.iter().all(|declared| declared.no_echo));
    }

    #[test]
    fn a_template_that_may_declare_more_than_was_read_is_known_as_such() {
        let sections =
            "Resources: {X: {Type: T}}\nMetadata: {}\nMappings: {}\nConditions: {}\nRules: {}\nOutputs: {}\n";
        for (more, all) in [
            ("", true),
            ("Parameters: {A: {Type: String}}", true),
            ("Transform: T\nAWSTemplateFormatVersion: '2010-09-09'\nDescription: x\nHooks: {}", true),
            ("Parameter: {A: {Type: String}}", false),
            ("parameters: {A: {Type: String}}", false),
            ("Parameters: [A]", false),
            ("Parameters: {A: {Type: String}}\nParameters: {B: {Type: String}}", false),
        ] {
            let (template, _) = Template::read(&format!("{sections}{more}\n"), "t.yml");
            assert_eq!(template.expect("a template").declares_all, all, "{more}");
        }
    }

    #[test]
    fn a_faulty_template_is_read_as_far_as_it_goes() {
        let text = "Parameters: {A: {}, B: {Type: String}, A: {Type: Number}}\nResources: {X: {Type: T, Type: U}}\n";
        let (template, findings) = Template::read(text, "t.yml");
        assert_eq!(template.expect("a template").parameters.len(), 2);
        let rules: Vec<_> = findings.iter().filter_map(|finding| finding.rule).collect();
        assert_eq!(rules, [Rule::DuplicateKey, Rule::DuplicateKey, Rule::ParameterDeclaration]);
    }
}
