//! Rules of scalable targets: what they scale, and what an update of the endpoint does to it.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::super::evaluation::value::{Evaluated, Hole, Text};
use super::super::finding::Finding;
use super::deployment::{Deployment, ENDPOINT, Resource, SCALABLE_TARGET, called};
use super::rule::Rule;
use super::serverless::is_serverless;
use super::variant::{PRODUCTION, variants};

/// botocore application-autoscaling: dimensions of SageMaker variants.
const INSTANCE_COUNT: &str = "sagemaker:variant:DesiredInstanceCount";
const CONCURRENCY: &str = "sagemaker:variant:DesiredProvisionedConcurrency";
const COPIES: &str = "sagemaker:inference-component:DesiredCopyCount";
const RETAIN: &str = "RetainAllVariantProperties";

/// A variant that can be scaled, with the ResourceId that it has.
struct Variant<'a> {
    endpoint: Rc<Resource<'a>>,
    name: Text,
    endpoint_name: Text,
    serverless: bool,
}

impl Variant<'_> {
    fn resource_id(&self) -> Text {
        let mut id = Text::known("endpoint/");
        id.append(self.endpoint_name.clone());
        id.push("/variant/");
        id.append(self.name.clone());
        id
    }
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
        if text.to_string().starts_with("inference-component/") {
            continue;
        }
        match known.iter().find(|variant| variant.resource_id() == text) {
            Some(variant) => {
                dimension(deployment, target, variant.serverless);
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
            let serverless = is_serverless(variant);
            known.push(Variant { endpoint: endpoint.clone(), name, endpoint_name, serverless });
        }
    }
    known
}

/// Puts in the names that the endpoints give themselves.
fn with_names(text: &Text, deployment: &Deployment<'_>) -> Text {
    let endpoints = deployment.all(ENDPOINT);
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
    let ids: BTreeSet<String> = known.iter().map(|one| one.resource_id().to_string()).collect();
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

fn dimension(deployment: &mut Deployment<'_>, target: &Resource<'_>, serverless: bool) {
    let Some(dimension) = target.properties.get("ScalableDimension") else { return };
    let Some(text) = dimension.whole_text() else { return };
    let wanted = if serverless { CONCURRENCY } else { INSTANCE_COUNT };
    if text != wanted {
        let kind = match text.as_str() {
            INSTANCE_COUNT => "the instances of a serverless variant",
            CONCURRENCY => "the concurrency of a variant that is not serverless",
            COPIES => "the copies of a variant, which has none",
            _ => "what SageMaker does not have",
        };
        let what = format!("{} scales {kind}: {text}", called(target));
        deployment.add(Finding::of(Rule::ScalingDimension, what).hint(format!("write {wanted}")), dimension.at);
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
