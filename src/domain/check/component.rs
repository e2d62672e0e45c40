//! Rules of `AWS::SageMaker::InferenceComponent`, and of the endpoint that it is put on.

use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::deployment::{Deployment, ENDPOINT, INFERENCE_COMPONENT, MODEL, Resource, called};
use super::name::arn_for_name;
use super::variant::{PRODUCTION, variants};
use crate::domain::cloudformation::evaluation::value::{Data, Evaluated};

pub(super) fn check(deployment: &mut Deployment<'_>) {
    for component in deployment.all(INFERENCE_COMPONENT) {
        let name = called(&component);
        if let Some(endpoint) = component.properties.get("EndpointName") {
            arn_for_name(deployment, endpoint, "EndpointName", (ENDPOINT, "EndpointName"), &name);
            variant(deployment, &component, endpoint);
        }
        let several = component.properties.get("Specifications").and_then(Evaluated::items).unwrap_or_default();
        for one in component.properties.get("Specification").into_iter().chain(several) {
            if let Some(model) = one.get("ModelName") {
                arn_for_name(deployment, model, "ModelName", (MODEL, "ModelName"), &name);
            }
        }
        types(deployment, several, &name);
        copies(deployment, &component);
    }
}

/// The variant that a component is put on.
fn variant(deployment: &mut Deployment<'_>, component: &Resource<'_>, endpoint: &Evaluated) {
    let Some(endpoint) = deployment.named(endpoint, ENDPOINT, "EndpointName") else { return };
    let Some(config) = deployment.config_of(&endpoint) else { return };
    let Some(asked) = component.properties.get("VariantName") else { return };
    let Some(text) = asked.whole_text() else { return };
    let all = variants(&config, PRODUCTION);
    let names: Vec<Option<String>> =
        all.iter().map(|one| one.get("VariantName").and_then(Evaluated::whole_text)).collect();
    match all.iter().zip(&names).find(|(_, name)| name.as_deref() == Some(&text)) {
        Some((variant, _)) if variant.get("ModelName").is_some() => {
            let name = called(component);
            let what = format!("{name} is put on variant \"{text}\" of {}, which has a model", called(&config));
            let finding = Finding::of(Rule::ComponentEndpoint, what)
                .cause("\"Inference Components are not supported in this Endpoint\"")
                .hint("remove ModelName from the variant, and give the config an ExecutionRoleArn");
            deployment.add(finding, asked.at);
        }
        None if !names.is_empty() && names.iter().all(Option::is_some) => {
            let what =
                format!("{} is put on variant \"{text}\", which {} does not have", called(component), called(&config));
            let known = names.iter().flatten().map(String::as_str);
            let finding = Finding::of(Rule::ComponentVariant, what);
            deployment.add(finding.nearest(&text, known, "name a variant of the endpoint's config"), asked.at);
        }
        _ => {}
    }
}

fn types(deployment: &mut Deployment<'_>, specifications: &[Evaluated], name: &str) {
    let mut seen = Vec::new();
    for kind in specifications.iter().filter_map(|one| one.get("InstanceType")) {
        let Some(text) = kind.whole_text() else { continue };
        if seen.contains(&text) {
            let what = format!("{name} has two specifications for {text}");
            deployment.add(Finding::of(Rule::ComponentSpecifications, what).hint("keep one of the two"), kind.at);
        }
        seen.push(text);
    }
}

fn copies(deployment: &mut Deployment<'_>, component: &Resource<'_>) {
    let count = component.properties.get("RuntimeConfig").and_then(|config| config.get("CopyCount"));
    if let Some(count) = count
        && count.number() == Some(0.0)
    {
        let what = format!("{} is made with CopyCount 0", called(component));
        let finding = Finding::of(Rule::ComponentCopies, what);
        deployment.add(finding.hint("begin with 1; a scalable target may take it to 0 later"), count.at);
    }
}

/// Whether the endpoint of a config is for components: a role at the config, and no variant with a model.
pub(super) fn is_for_components(config: &Resource<'_>) -> bool {
    let all = variants(config, PRODUCTION);
    config.properties.get("ExecutionRoleArn").is_some()
        && !all.is_empty()
        && all.iter().all(|variant| matches!(variant.data, Data::Map(_)) && variant.get("ModelName").is_none())
}
