//! Names of SageMaker resources: whether they can be, and whether a new model version can take the place of the old.

use std::collections::BTreeSet;

use super::super::build_plan::changes_with_version;
use super::super::document::{Node, Value};
use super::super::evaluation::value::{Evaluated, Hole};
use super::super::finding::Finding;
use super::deployment::{Deployment, ENDPOINT, ENDPOINT_CONFIG, MODEL, Resource, called};
use super::reference::names_in;
use super::rule::Rule;
use super::schema::{Limits, Member, Schema};

/// Kinds of resources with the property that names them.
const NAMED: [(&str, &str); 2] = [(MODEL, "ModelName"), (ENDPOINT_CONFIG, "EndpointConfigName")];

pub(super) fn check(deployment: &mut Deployment<'_>) {
    for (kind, property) in NAMED {
        for resource in deployment.all(kind) {
            if let Some(name) = resource.properties.get(property) {
                constant(deployment, &resource, property, name);
            }
        }
    }
    for resource in deployment.all(ENDPOINT) {
        if let Some(name) = resource.properties.get("EndpointConfigName") {
            let target = (ENDPOINT_CONFIG, "EndpointConfigName");
            arn_for_name(deployment, name, "EndpointConfigName", target, &called(&resource));
        }
    }
}

/// A name of SageMaker's: `[a-zA-Z0-9](-*[a-zA-Z0-9])*`, of models, configs, endpoints, variants and components.
pub(super) fn check_name(deployment: &mut Deployment<'_>, rule: Rule, name: &Evaluated, owner: &str, length: Limits) {
    let Some(text) = name.text() else { return };
    // What is not known can only make it longer
    let known: usize = text.known_pieces().map(|piece| piece.chars().count()).sum();
    let part = if text.whole().is_some() { "" } else { " at least" };
    #[expect(clippy::cast_precision_loss, reason = "a template has less than a million characters")]
    if let Some(most) = length.most.filter(|most| known as f64 > *most) {
        let what = format!("{owner} \"{text}\" of{part} {known} characters, and {most} are the most");
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
    if changes || unknown || looked_up || whole_is_open || !is_replaced(deployment, resource, property) {
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

/// Whether a new version may replace the resource: a parameter or a model is in a property that cannot be changed.
fn is_replaced(deployment: &Deployment<'_>, resource: &Resource<'_>, name: &str) -> bool {
    let Some(schema) = Schema::of(resource.kind) else { return false };
    let written = resource.node.get("Properties").and_then(Node::as_map).unwrap_or_default();
    written.iter().any(|entry| {
        let member = schema.root().member(&entry.key);
        let mut names = BTreeSet::new();
        names_in(&entry.value, &mut names);
        let index = deployment.scope.index;
        let is_model = |name: &str| {
            let entry = index.resources.get(name);
            entry.and_then(|entry| entry.value.get("Type")?.as_str()) == Some(MODEL)
        };
        names.retain(|name| index.parameters.contains_key(name) || is_model(name));
        entry.key != name && member.is_some_and(Member::is_create_only) && !names.is_empty()
    })
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

/// `Ref` of a resource gives its ARN, where a name is wanted, which is an attribute of it.
pub(super) fn arn_for_name(
    deployment: &mut Deployment<'_>,
    value: &Evaluated,
    property: &str,
    (kind, attribute): (&str, &str),
    owner: &str,
) {
    let Some(text) = value.text() else { return };
    let Some(Hole::Attribute { resource, attribute: asked }) = text.only_hole() else { return };
    let of_kind = deployment.all(kind).iter().any(|one| one.id == resource);
    if of_kind && (asked.is_empty() || asked.ends_with("Arn")) {
        let what = format!("{owner} has the ARN of \"{resource}\" as {property}, where a name is wanted");
        let hint = format!("write !GetAtt {resource}.{attribute}");
        deployment.add(Finding::of(Rule::ArnForName, what).hint(hint), value.at);
    }
}
