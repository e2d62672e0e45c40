//! Rules of scalable targets: what they scale, and what an update of the endpoint does to it.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::deployment::{Deployment, ENDPOINT, INFERENCE_COMPONENT, Resource, SCALABLE_TARGET, called};
use super::instance_type::is_burstable;
use super::serverless::is_serverless;
use super::variant::{PRODUCTION, instance_types, variants};
use crate::domain::cloudformation::evaluation::value::{Evaluated, Hole, Text};

/// botocore application-autoscaling: dimensions of SageMaker variants.
const INSTANCE_COUNT: &str = "sagemaker:variant:DesiredInstanceCount";
const CONCURRENCY: &str = "sagemaker:variant:DesiredProvisionedConcurrency";
const COPIES: &str = "sagemaker:inference-component:DesiredCopyCount";
const COMPONENT: &str = "inference-component/";
const RETAIN: &str = "RetainAllVariantProperties";

/// A variant that can be scaled, with the ResourceId that it has.
struct Variant<'a> {
    endpoint: Rc<Resource<'a>>,
    name: Text,
    endpoint_name: Text,
    resource_id: Text,
    serverless: bool,
    /// Serverless, and with provisioned concurrency.
    provisioned: bool,
    /// Asynchronous, or for inference components.
    may_be_empty: bool,
    burstable: Option<String>,
}

fn resource_id(endpoint: &Text, variant: &Text) -> Text {
    let mut id = Text::known("endpoint/");
    id.append(endpoint.clone());
    id.push("/variant/");
    id.append(variant.clone());
    id
}

pub(super) fn check(deployment: &mut Deployment<'_>) {
    let targets = deployment.all(SCALABLE_TARGET);
    let of_sagemaker = |target: &&Rc<Resource<'_>>| {
        let namespace = target.properties.get("ServiceNamespace").and_then(Evaluated::whole_text);
        namespace.as_deref() == Some("sagemaker")
    };
    let targets: Vec<Rc<Resource<'_>>> = targets.iter().filter(of_sagemaker).cloned().collect();
    if targets.is_empty() {
        return;
    }
    let known = scalable(deployment);
    let mut scaled: Vec<&str> = Vec::new();
    for target in &targets {
        capacities(deployment, target);
        let Some(id) = target.properties.get("ResourceId") else { continue };
        let Some(text) = id.text().map(|text| with_names(&text, deployment)) else { continue };
        if text.to_string().starts_with(COMPONENT) {
            component(deployment, target, &text, id);
            continue;
        }
        match known.iter().find(|variant| variant.resource_id == text) {
            Some(variant) => {
                dimension(deployment, target, if variant.serverless { CONCURRENCY } else { INSTANCE_COUNT });
                limits(deployment, target, variant, id);
                if !scaled.contains(&variant.endpoint.id) {
                    scaled.push(variant.endpoint.id);
                    retains(deployment, &variant.endpoint, target);
                }
            }
            None => mismatch(deployment, target, &text, id, &known),
        }
    }
}

/// The variants of the template's endpoints.
fn scalable<'a>(deployment: &Deployment<'a>) -> Vec<Variant<'a>> {
    let mut known = Vec::new();
    for endpoint in deployment.all(ENDPOINT) {
        let Some(config) = deployment.config_of(&endpoint) else { continue };
        for variant in variants(&config, PRODUCTION) {
            let Some(name) = variant.get("VariantName").and_then(Evaluated::text) else { continue };
            let attribute = Hole::Attribute { resource: endpoint.id.to_owned(), attribute: "EndpointName".to_owned() };
            let endpoint_name =
                endpoint.properties.get("EndpointName").and_then(Evaluated::text).unwrap_or(Text::hole(attribute));
            let settings = variant.get("ServerlessConfig").filter(|_| is_serverless(variant));
            let is_async = config.properties.get("AsyncInferenceConfig").is_some();
            known.push(Variant {
                endpoint: endpoint.clone(),
                resource_id: resource_id(&endpoint_name, &name),
                name,
                endpoint_name,
                serverless: settings.is_some(),
                provisioned: settings.is_some_and(|settings| settings.get("ProvisionedConcurrency").is_some()),
                may_be_empty: is_async || variant.get("ModelName").is_none(),
                burstable: instance_types(variant).filter_map(Evaluated::whole_text).find(|kind| is_burstable(kind)),
            });
        }
    }
    known
}

/// Puts in the names that the endpoints give themselves.
fn with_names(text: &Text, deployment: &Deployment<'_>) -> Text {
    let endpoints = deployment.of_kind(ENDPOINT);
    text.fill(|hole| match hole {
        Hole::Attribute { resource, attribute } if attribute == "EndpointName" => {
            let endpoint = endpoints.iter().find(|endpoint| endpoint.id == resource)?;
            endpoint.properties.get("EndpointName")?.text()
        }
        _ => None,
    })
}

fn mismatch(
    deployment: &mut Deployment<'_>,
    target: &Resource<'_>,
    text: &Text,
    id: &Evaluated,
    known: &[Variant<'_>],
) {
    let shown = text.to_string();
    let name = called(target);
    let otherwise = "write !Sub endpoint/${ENDPOINT.EndpointName}/variant/VARIANT, with the names of this template";
    let of_rule = |what: String, cause: Option<String>| Finding { cause, ..Finding::of(Rule::ScalingResourceId, what) };
    let add = |deployment: &mut Deployment<'_>, what: String, cause: Option<String>| {
        deployment.add(of_rule(what, cause).hint(otherwise), id.at);
    };
    let by_arn = text.holes().find_map(|hole| match hole {
        Hole::Attribute { resource, attribute } if attribute.is_empty() => {
            known.iter().any(|one| one.endpoint.id == resource).then(|| resource.clone())
        }
        _ => None,
    });
    if let Some(endpoint) = by_arn {
        return add(
            deployment,
            format!("{name} has the ARN of \"{endpoint}\" in its ResourceId, where the name is wanted"),
            None,
        );
    }
    let Some((endpoint, variant)) = shown.strip_prefix("endpoint/").and_then(|rest| rest.split_once("/variant/"))
    else {
        if text.whole().is_some() {
            add(deployment, format!("{name} has ResourceId \"{shown}\", which names no variant of an endpoint"), None);
        }
        return;
    };
    // Only what both sides know for sure can be said to differ
    let sure = |one: &str| !one.contains("${");
    // Two variants of one name are a finding of their own
    let ids: BTreeSet<String> = known.iter().map(|one| one.resource_id.to_string()).collect();
    if known.is_empty() || !ids.iter().all(|id| sure(id.rsplit('/').next().unwrap_or_default())) {
        return;
    }
    let cause = Some(format!("the template has {}", ids.iter().map(String::as_str).collect::<Vec<_>>().join(", ")));
    let names: Vec<String> = known.iter().map(|one| one.name.to_string()).collect();
    if sure(variant) && !names.iter().any(|own| own == variant) {
        let what = format!("{name} scales variant \"{variant}\", which no endpoint has");
        let finding = of_rule(what, cause).nearest(variant, names.iter().map(String::as_str), otherwise);
        return deployment.add(finding, id.at);
    }
    let endpoints_are_sure = known.iter().all(|one| one.endpoint_name.whole().is_some());
    if sure(endpoint) && endpoints_are_sure && !known.iter().any(|one| one.endpoint_name.whole() == Some(endpoint)) {
        add(deployment, format!("{name} scales endpoint \"{endpoint}\", which the template does not make"), cause);
    }
}

fn capacities(deployment: &mut Deployment<'_>, target: &Resource<'_>) {
    let number = |key: &str| target.properties.get(key).and_then(Evaluated::number);
    if let (Some(least), Some(most)) = (number("MinCapacity"), number("MaxCapacity"))
        && least > most
        && let Some(at) = target.properties.get("MinCapacity").map(|value| value.at)
    {
        let what = format!("{} has MinCapacity {least} above MaxCapacity {most}", called(target));
        deployment.add(Finding::of(Rule::ScalingCapacity, what), at);
    }
}

fn dimension(deployment: &mut Deployment<'_>, target: &Resource<'_>, wanted: &str) {
    let Some(dimension) = target.properties.get("ScalableDimension") else { return };
    let Some(text) = dimension.whole_text() else { return };
    if text != wanted {
        let kind = match text.as_str() {
            INSTANCE_COUNT if wanted == COPIES => "the instances of an inference component",
            INSTANCE_COUNT => "the instances of a serverless variant",
            CONCURRENCY => "the concurrency of what is not serverless",
            COPIES => "the copies of a variant, which has none",
            _ => "what SageMaker does not have",
        };
        let what = format!("{} scales {kind}: {text}", called(target));
        deployment.add(Finding::of(Rule::ScalingDimension, what).hint(format!("write {wanted}")), dimension.at);
    }
}

/// What a variant cannot be scaled to, or not at all.
fn limits(deployment: &mut Deployment<'_>, target: &Resource<'_>, variant: &Variant<'_>, id: &Evaluated) {
    let name = called(target);
    if let Some(kind) = &variant.burstable {
        let what = format!("{name} scales variant \"{}\" of {kind} instances, which are burstable", variant.name);
        let finding = Finding::of(Rule::ScalingBurstable, what).cause("burstable instances cannot be scaled");
        deployment.add(finding.hint("use another instance type, for example ml.m5.large"), id.at);
    }
    if variant.serverless {
        let what = format!("{name} scales the provisioned concurrency of variant \"{}\"", variant.name);
        if variant.provisioned {
            let cause = "that CloudFormation can is not verified: SageMaker's guide had it among what it cannot";
            deployment.add(Finding::of(Rule::ScalingConcurrency, what).cause(cause), id.at);
        } else {
            let finding = Finding::of(Rule::ScalingNotProvisioned, format!("{what}, which has none"));
            deployment.add(finding.hint("set ProvisionedConcurrency in its ServerlessConfig"), id.at);
        }
    }
    let least = if variant.may_be_empty { &["MaxCapacity"][..] } else { &["MinCapacity", "MaxCapacity"] };
    for key in least {
        if let Some(capacity) = target.properties.get(key)
            && capacity.number().is_some_and(|number| number < 1.0)
        {
            let shown = capacity.whole_text().unwrap_or_default();
            let what = format!("{name} has {key} {shown}, and variant \"{}\" has 1 at least", variant.name);
            let finding = Finding::of(Rule::ScalingToZero, what)
                .cause("only asynchronous endpoints and inference components can be scaled to nothing");
            deployment.add(finding.hint(format!("write {key}: 1")), capacity.at);
        }
    }
}

/// `inference-component/NAME`.
fn component(deployment: &mut Deployment<'_>, target: &Resource<'_>, text: &Text, id: &Evaluated) {
    dimension(deployment, target, COPIES);
    let components = deployment.all(INFERENCE_COMPONENT);
    let name = |one: &Rc<Resource<'_>>| one.properties.get("InferenceComponentName").and_then(Evaluated::text);
    let names: Vec<Option<Text>> = components.iter().map(name).collect();
    let mut shown = names.iter().flatten().map(ToString::to_string);
    let Some(whole) = text.whole().and_then(|whole| whole.strip_prefix(COMPONENT)) else { return };
    let all_known =
        !names.is_empty() && names.iter().all(|name| name.as_ref().is_some_and(|name| name.whole().is_some()));
    if all_known && !shown.clone().any(|known| known == whole) {
        let what =
            format!("{} scales inference component \"{whole}\", which the template does not make", called(target));
        let known: Vec<String> = shown.by_ref().collect();
        let otherwise = "write the name of one of the template's";
        let finding = Finding::of(Rule::ScalingResourceId, what);
        deployment.add(finding.nearest(whole, known.iter().map(String::as_str), otherwise), id.at);
    }
}

fn retains(deployment: &mut Deployment<'_>, endpoint: &Resource<'_>, target: &Resource<'_>) {
    let retain = endpoint.properties.get(RETAIN);
    let at = match retain {
        None => endpoint.at,
        Some(value) if value.whole_text().is_some() && !value.is_true() => value.at,
        Some(_) => return,
    };
    let what = format!("{} is scaled by {} and has no {RETAIN}", called(endpoint), called(target));
    let finding = Finding::of(Rule::ScalingRetain, what)
        .cause("every new model version sets the number of instances back to InitialInstanceCount");
    deployment.add(finding.hint(format!("set {RETAIN}: true on the endpoint")), at);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check::deployment::broken_rules;

    fn found(resources: &str) -> Vec<&'static str> {
        broken_rules(resources, check)
    }

    /// What is wrong with a target of an endpoint whose variant is that.
    fn scaled(variant: &str, more: &str, target: &str) -> Vec<&'static str> {
        found(&format!(
            "  C: {{Type: 'AWS::SageMaker::EndpointConfig', Properties: {{{more}ProductionVariants: [{{VariantName: V, \
             {variant}}}]}}}}\n  E: {{Type: 'AWS::SageMaker::Endpoint', Properties: {{EndpointName: churn, \
             EndpointConfigName: !GetAtt C.EndpointConfigName, RetainAllVariantProperties: true}}}}\n  T: {{Type: \
             'AWS::ApplicationAutoScaling::ScalableTarget', Properties: {{ServiceNamespace: sagemaker, {target}}}}}\n"
        ))
    }

    const INSTANCES: &str = "ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 1";
    const SERVERLESS: &str = "ModelName: m, ServerlessConfig: {MaxConcurrency: 5, MemorySizeInMB: 2048}";
    const DIMENSION: &str =
        "ScalableDimension: 'sagemaker:variant:DesiredInstanceCount', MinCapacity: 1, MaxCapacity: 2";

    #[test]
    fn a_target_names_a_variant_of_the_template() {
        for (id, wanted) in [
            ("endpoint/churn/variant/V", vec![]),
            ("!Sub 'endpoint/${E.EndpointName}/variant/V'", vec![]),
            ("endpoint/churn/variant/W", vec!["scaling-resource-id"]),
            ("endpoint/other/variant/V", vec!["scaling-resource-id"]),
            ("!Sub 'endpoint/${E}/variant/V'", vec!["scaling-resource-id"]),
            ("churn", vec!["scaling-resource-id"]),
            ("!Sub '${AWS::StackName}'", vec![]),
        ] {
            assert_eq!(scaled(INSTANCES, "", &format!("ResourceId: {id}, {DIMENSION}")), wanted, "{id}");
        }
    }

    #[test]
    fn a_target_scales_what_its_variant_has() {
        let target = |rest: &str| format!("ResourceId: endpoint/churn/variant/V, {rest}");
        let to = |dimension: &str, least: u32, most: u32| {
            target(&format!("ScalableDimension: '{dimension}', MinCapacity: {least}, MaxCapacity: {most}"))
        };
        for (variant, more, target, wanted) in [
            (INSTANCES, "", to(INSTANCE_COUNT, 3, 2), "scaling-capacity"),
            (INSTANCES, "", to(INSTANCE_COUNT, 0, 2), "scaling-to-zero"),
            (INSTANCES, "", to(CONCURRENCY, 1, 2), "scaling-dimension"),
            (INSTANCES, "", to(COPIES, 1, 2), "scaling-dimension"),
            (SERVERLESS, "", to(CONCURRENCY, 1, 2), "scaling-not-provisioned"),
            ("ModelName: m, InstanceType: ml.t2.medium", "", to(INSTANCE_COUNT, 1, 2), "scaling-burstable"),
        ] {
            assert_eq!(scaled(variant, more, &target), [wanted], "{variant}, {target}");
        }
        let is_async = "AsyncInferenceConfig: {OutputConfig: {S3OutputPath: 's3://b/k'}}, ";
        assert_eq!(scaled(INSTANCES, is_async, &to(INSTANCE_COUNT, 0, 2)), [""; 0]);
    }
}
