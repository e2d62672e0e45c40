//! Names of SageMaker resources: whether they can be, and whether a new model version can take the place of the old.

use std::collections::BTreeSet;

use super::super::build_plan::changes_with_version;
use super::super::document::{Node, Value};
use super::super::endpoint::MAX_NAME_LENGTH;
use super::super::evaluation::value::{Evaluated, Hole};
use super::super::finding::Finding;
use super::deployment::{Deployment, ENDPOINT, ENDPOINT_CONFIG, MODEL, Resource, called};
use super::reference::names_in;
use super::rule::Rule;

/// Kinds of resources with the property that names them.
const NAMED: [(&str, &str); 3] =
    [(MODEL, "ModelName"), (ENDPOINT_CONFIG, "EndpointConfigName"), (ENDPOINT, "EndpointName")];

pub(super) fn check(deployment: &mut Deployment<'_>) {
    for (kind, property) in NAMED {
        for resource in deployment.all(kind) {
            if let Some(name) = resource.properties.get(property).cloned() {
                let rule = if kind == ENDPOINT { Rule::EndpointName } else { Rule::ResourceName };
                check_name(deployment, rule, &name, &format!("{} has {property}", called(&resource)));
                if kind != ENDPOINT {
                    constant(deployment, &resource, property, &name);
                }
            }
        }
    }
    for resource in deployment.all(ENDPOINT) {
        if let Some(name) = resource.properties.get("EndpointConfigName") {
            arn_for_name(deployment, name, "EndpointConfigName", ENDPOINT_CONFIG, &called(&resource));
        }
    }
}

/// botocore sagemaker.CreateEndpoint: `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`; the same for models, configs and variants.
pub(super) fn check_name(deployment: &mut Deployment<'_>, rule: Rule, name: &Evaluated, owner: &str) {
    let Some(text) = name.text() else { return };
    // What is not known can only make it longer
    let length: usize = text.known_pieces().map(|piece| piece.chars().count()).sum();
    let part = if text.whole().is_some() { "" } else { " at least" };
    if length > MAX_NAME_LENGTH {
        let what = format!("{owner} \"{text}\" of{part} {length} characters, and {MAX_NAME_LENGTH} are the most");
        let hint = "shorten the name, or the values that it is made of";
        return deployment.add(Finding::of(rule, what).hint(hint), name.at);
    }
    let wrong = |any: char| !any.is_ascii_alphanumeric() && any != '-';
    let is_wrong = text.known_pieces().any(|piece| piece.contains(wrong) && !piece.contains("{{resolve:"));
    let ends = text.whole().is_some_and(|whole| whole.is_empty() || whole.starts_with('-') || whole.ends_with('-'));
    if is_wrong || ends {
        let what = format!("{owner} \"{text}\", which SageMaker does not take");
        let hint = "use letters, digits and hyphens only, a hyphen neither first nor last";
        deployment.add(Finding::of(rule, what).hint(hint), name.at);
    }
}

/// A name that stays the same from one model version to the next.
fn constant(deployment: &mut Deployment<'_>, resource: &Resource<'_>, property: &str, name: &Evaluated) {
    let Some(node) = resource.node.get("Properties").and_then(|properties| properties.get(property)) else { return };
    let mut names = BTreeSet::new();
    names_in(node, &mut names);
    let changes =
        names.iter().any(|name| changes_with_version(name) || deployment.scope.index.resources.contains_key(name));
    // A parameter that nobody has set yet may be one that is made up for every release
    let unknown = names.iter().any(|name| {
        let index = deployment.scope.index;
        index.parameters.get(name).is_some_and(|declared| {
            let later = deployment.scope.later.contains(*name);
            !later && declared.default.is_none() && !deployment.scope.parameters.contains_key(*name)
        })
    });
    let looked_up = has_text(node, "{{resolve:") || has_key(node, "Fn::ImportValue");
    let whole_is_open = name.text().is_none();
    if changes || unknown || looked_up || whole_is_open {
        return;
    }
    let shown = name.text().map(|text| text.to_string()).unwrap_or_default();
    let what = format!("{} has {property}, which is \"{shown}\" for every model version", called(resource));
    let finding = Finding::of(Rule::ConstantName, what)
        .cause("a new version replaces the resource, and CloudFormation cannot replace what has a fixed name");
    deployment.add(
        finding.hint(format!("leave {property} out, and refer to it with !GetAtt {}.{property}", resource.id)),
        name.at,
    );
}

fn has_text(node: &Node, part: &str) -> bool {
    match &node.value {
        Value::String(text) => text.contains(part),
        Value::List(items) => items.iter().any(|item| has_text(item, part)),
        Value::Map(entries) => entries.iter().any(|entry| has_text(&entry.value, part)),
        _ => false,
    }
}

fn has_key(node: &Node, key: &str) -> bool {
    match &node.value {
        Value::List(items) => items.iter().any(|item| has_key(item, key)),
        Value::Map(entries) => entries.iter().any(|entry| entry.key == key || has_key(&entry.value, key)),
        _ => false,
    }
}

/// `Ref` of a resource of `kind` gives its ARN, where a name is wanted.
pub(super) fn arn_for_name(
    deployment: &mut Deployment<'_>,
    value: &Evaluated,
    property: &str,
    kind: &str,
    owner: &str,
) {
    let Some(text) = value.text() else { return };
    let Some(Hole::Attribute { resource, attribute }) = text.only_hole() else { return };
    let of_kind = deployment.all(kind).iter().any(|one| one.id == resource);
    if attribute.is_empty() && of_kind {
        let what = format!("{owner} has the ARN of \"{resource}\" as {property}, where a name is wanted");
        let hint = format!("write !GetAtt {resource}.{property}");
        deployment.add(Finding::of(Rule::ArnForName, what).hint(hint), value.at);
    }
}
