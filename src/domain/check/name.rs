//! Names of SageMaker resources: whether they can be, and whether a new model version can take the place of the old.

use std::collections::BTreeSet;

use super::super::document::{Entry, Node, Value};
use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::deployment::{Deployment, ENDPOINT, ENDPOINT_CONFIG, MODEL, Resource, called};
use super::schema::{Limits, Member, Schema};
use crate::domain::cloudformation::evaluation::Index;
use crate::domain::cloudformation::evaluation::value::{Evaluated, Hole};
use crate::domain::cloudformation::intrinsic::{each_call, referred};
use crate::domain::project::build_plan::changes_with_version;

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
    referred(node, &mut names);
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
    let looked_up = has_text(node, "{{resolve:") || calls(node, "Fn::ImportValue");
    let whole_is_open = name.text().is_none();
    if changes || unknown || looked_up || whole_is_open {
        return;
    }
    let shown = name.text().map(|text| text.to_string()).unwrap_or_default();
    let called = called(resource);
    let finding = match replacement(deployment.scope.index, resource, property) {
        Some(Rule::ConstantName) => {
            let what = format!("{called} has {property}, which is \"{shown}\" for every model version");
            Finding::of(Rule::ConstantName, what)
                .cause("a new version replaces the resource, and CloudFormation cannot replace what has a fixed name")
        }
        Some(rule) => {
            let what = format!("{called} has {property}, which stays \"{shown}\" when its other properties change");
            Finding::of(rule, what)
                .cause("some of them replace the resource, and CloudFormation cannot replace what has a fixed name")
        }
        None => return,
    };
    deployment.add(
        finding.hint(format!("leave {property} out, and refer to it with !GetAtt {}.{property}", resource.id)),
        name.at,
    );
}

/// What replaces the resource: a new model version, or another value of a parameter that a property takes which cannot
/// be changed in place; `None` if neither does.
fn replacement(index: &Index<'_>, resource: &Resource<'_>, name: &str) -> Option<Rule> {
    let names = names_that_replace(resource.kind, resource.node, name);
    let model = |name: &str| {
        let entry = index.resources.get(name)?;
        (entry.value.get("Type")?.as_str() == Some(MODEL)).then_some(&entry.value)
    };
    let of_version = |name: &str| changes_with_version(name) || model(name).is_some_and(takes_package);
    if takes_package(resource.node) || names.iter().any(|name| of_version(name)) {
        return Some(Rule::ConstantName);
    }
    let may_change = |name: &&str| index.parameters.contains_key(*name) || model(name).is_some();
    names.iter().any(may_change).then_some(Rule::ConstantNameLikely)
}

/// Whether a model, in any of its containers, is that of a model package which is not written out.
fn takes_package(node: &Node) -> bool {
    let of_entry = |entry: &Entry| {
        (entry.key == "ModelPackageName" && entry.value.as_str().is_none()) || takes_package(&entry.value)
    };
    match &node.value {
        Value::List(items) => items.iter().any(takes_package),
        Value::Map(entries) => entries.iter().any(of_entry),
        _ => false,
    }
}

/// What the properties of a resource name that cannot be changed in place, but for the name itself.
fn names_that_replace<'n>(kind: &str, node: &'n Node, name: &str) -> BTreeSet<&'n str> {
    let mut names = BTreeSet::new();
    let Some(schema) = Schema::of(kind) else { return names };
    for entry in node.get("Properties").and_then(Node::as_map).unwrap_or_default() {
        if entry.key != name && schema.root().member(&entry.key).is_some_and(Member::is_create_only) {
            referred(&entry.value, &mut names);
        }
    }
    names
}

fn has_text(node: &Node, part: &str) -> bool {
    match &node.value {
        Value::String(text) => text.contains(part),
        Value::List(items) => items.iter().any(|item| has_text(item, part)),
        Value::Map(entries) => entries.iter().any(|entry| has_text(&entry.value, part)),
        _ => false,
    }
}

fn calls(node: &Node, name: &str) -> bool {
    let mut found = false;
    each_call(node, &mut |call| found |= call.name == name);
    found
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
    let of_kind = deployment.of_kind(kind).iter().any(|one| one.id == resource);
    if of_kind && (asked.is_empty() || asked.ends_with("Arn")) {
        let what = format!("{owner} has the ARN of \"{resource}\" as {property}, where a name is wanted");
        let hint = format!("write !GetAtt {resource}.{attribute}");
        deployment.add(Finding::of(Rule::ArnForName, what).hint(hint), value.at);
    }
}
