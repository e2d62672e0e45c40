//! The template's own parameters: whether their declarations make sense, and whether defaults keep their rules.

use super::super::document::{Entry, Node};
use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::parameter_value::{broken_rule, defect, is_type, type_names};
use crate::domain::cloudformation::evaluation::Index;
use crate::domain::cloudformation::java_pattern::{Defect, Refusal};
use crate::domain::cloudformation::template::Declaration;

/// CloudFormation User Guide, "Understand CloudFormation quotas": parameters of a template.
pub(super) const MAX_PARAMETERS: usize = 200;
/// The same page: the length of a parameter's name.
pub(super) const MAX_PARAMETER_NAME: usize = 255;

/// CloudFormation User Guide, "Parameters": the attributes of a declaration.
const ATTRIBUTES: [&str; 11] = [
    "Type",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "Description",
    "ConstraintDescription",
    "NoEcho",
];
const NUMBERS: [&str; 4] = ["MinLength", "MaxLength", "MinValue", "MaxValue"];

pub(super) fn check(index: &Index<'_>) -> Vec<Finding> {
    let template = index.template;
    let mut findings = Vec::new();
    let entries = template.root.get("Parameters").and_then(Node::as_map).unwrap_or_default();
    if entries.len() > MAX_PARAMETERS {
        let what = format!("declares {} parameters, and a template may have {MAX_PARAMETERS}", entries.len());
        findings.push(Finding::of(Rule::ParameterCount, what).at(&template.file, entries[MAX_PARAMETERS].key_at));
    }
    for entry in entries {
        let found = attributes(entry).into_iter().chain(entry_name(entry));
        findings.extend(found.map(|(at, finding)| finding.at(&template.file, at)));
    }
    for declared in &template.parameters {
        findings.extend(check_declaration(declared, &template.file));
    }
    findings
}

type Placed = (super::super::finding::Position, Finding);

fn entry_name(entry: &Entry) -> Option<Placed> {
    let name = &entry.key;
    let fits =
        !name.is_empty() && name.len() <= MAX_PARAMETER_NAME && name.bytes().all(|one| one.is_ascii_alphanumeric());
    (!fits).then(|| {
        let what = format!("declares parameter \"{name}\", which is not a parameter name");
        (entry.key_at, Finding::of(Rule::LogicalId, what).hint("use letters and digits only"))
    })
}

fn attributes(entry: &Entry) -> Vec<Placed> {
    let Some(attributes) = entry.value.as_map() else {
        return Vec::new(); // without a Type, which is said
    };
    let mut findings = Vec::new();
    for attribute in attributes {
        let key = attribute.key.as_str();
        let value = &attribute.value;
        let mut add = |at, what: String| findings.push((at, Finding::of(Rule::ParameterDeclaration, what)));
        if !ATTRIBUTES.contains(&key) {
            let what = format!("declares parameter \"{}\" with \"{key}\", which parameters do not have", entry.key);
            let finding = Finding::of(Rule::ParameterDeclaration, what);
            findings.push((attribute.key_at, finding.nearest(key, ATTRIBUTES, "remove it")));
        } else if key == "AllowedValues" {
            if value
                .as_list()
                .is_none_or(|items| items.is_empty() || items.iter().any(|item| item.scalar_text().is_none()))
            {
                add(
                    value.at,
                    format!("declares parameter \"{}\" with AllowedValues that are not a list of values", entry.key),
                );
            }
        } else if value.scalar_text().is_none() && key != "Description" {
            add(value.at, format!("declares parameter \"{}\" with {} as {key}", entry.key, value.kind()));
        } else if NUMBERS.contains(&key) && value.scalar_text().is_some_and(|text| text.parse::<f64>().is_err()) {
            add(value.at, format!("declares parameter \"{}\" with a {key} that is not a number", entry.key));
        }
    }
    findings
}

pub(super) const UNDECIDED: &str = "CloudFormation will hold values against the AllowedPattern, and may refuse them";

fn check_declaration(declared: &Declaration, file: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |finding: Finding| findings.push(finding.at(file, declared.at));
    let name = &declared.name;
    if !declared.kind.is_empty() && !is_type(&declared.kind) {
        let what = format!("declares parameter \"{name}\" with unknown type \"{}\"", declared.kind);
        let names = type_names();
        let finding = Finding::of(Rule::ParameterDeclaration, what);
        add(finding.nearest(&declared.kind, names.iter().map(String::as_str), "use for example String or Number"));
    }
    for (least, most, rule) in [
        (declared.min_length, declared.max_length, "MinLength above MaxLength"),
        (declared.min_value, declared.max_value, "MinValue above MaxValue"),
    ] {
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            let what = format!("declares parameter \"{name}\" with {rule}, so that no value will do");
            add(Finding::of(Rule::ParameterDeclaration, what));
        }
    }
    findings.extend(pattern_defect(declared, file));
    if let Some(default) = &declared.default
        && let Some((rule, reason)) = broken_rule(declared, default)
    {
        let shown = declared.shown(default);
        let finding = if rule == Rule::ParameterPatternUndecided {
            Finding::of(rule, format!("gives \"{name}\" the default {shown}, which cannot be judged here"))
                .hint(UNDECIDED)
        } else {
            let what = format!("gives \"{name}\" the default {shown}, which its own rules refuse");
            Finding::of(Rule::ParameterDefault, what).hint("change the default or the rule")
        };
        findings.push(finding.cause(reason).at(file, declared.default_at.unwrap_or(declared.at)));
    }
    findings
}

/// What is wrong with an AllowedPattern, whatever its values are.
fn pattern_defect(declared: &Declaration, file: &str) -> Option<Finding> {
    let pattern = declared.allowed_pattern.as_ref()?;
    let name = &declared.name;
    let finding = match defect(pattern)? {
        Defect::Refused(Refusal { reason, character, hint }) => {
            let what = format!("declares parameter \"{name}\" with an AllowedPattern that Java does not take");
            let cause = format!("{pattern}: at character {character}, {reason}");
            Finding::of(Rule::ParameterPattern, what).cause(cause).hint(hint)
        }
        Defect::Undecided(reason) => {
            let what = format!("declares parameter \"{name}\" with an AllowedPattern that cannot be judged here");
            Finding::of(Rule::ParameterPatternUndecided, what).cause(format!("{pattern}: {reason}")).hint(UNDECIDED)
        }
    };
    Some(finding.at(file, declared.allowed_pattern_at.unwrap_or(declared.at)))
}
