//! Rules of the variants of `AWS::SageMaker::EndpointConfig`, shadows included.

use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::deployment::{Deployment, ENDPOINT_CONFIG, MODEL, Resource, called};
use super::instance_type::{has_local_storage, supported};
use super::name::arn_for_name;
use crate::domain::cloudformation::evaluation::value::{Data, Evaluated};
use crate::domain::registry::model_package::ModelPackage;

pub(super) const PRODUCTION: &str = "ProductionVariants";
pub(super) const SHADOW: &str = "ShadowProductionVariants";

pub(super) fn check(deployment: &mut Deployment<'_>, package: Option<&ModelPackage>) {
    for config in deployment.all(ENDPOINT_CONFIG) {
        shadows(deployment, &config);
        names(deployment, &config);
        for variant in variants(&config, PRODUCTION).iter().chain(variants(&config, SHADOW)) {
            if matches!(variant.data, Data::Map(_)) {
                check_variant(deployment, &config, variant, package);
            }
        }
        cross_region(deployment, &config);
    }
}

/// The variants of a config, if their list is known.
pub(super) fn variants<'a>(config: &'a Resource<'_>, key: &str) -> &'a [Evaluated] {
    config.properties.get(key).and_then(Evaluated::items).unwrap_or_default()
}

/// How a variant is called in a message.
pub(super) fn variant_called(config: &Resource<'_>, variant: &Evaluated) -> String {
    match variant.get("VariantName").and_then(Evaluated::text) {
        Some(name) => format!("variant \"{name}\" of {}", called(config)),
        None => format!("a variant of {}", called(config)),
    }
}

fn shadows(deployment: &mut Deployment<'_>, config: &Resource<'_>) {
    let Some(items) = config.properties.get(PRODUCTION).and_then(Evaluated::items) else { return };
    if let Some(shadows) = config.properties.get(SHADOW)
        && let Some(shadow_items) = shadows.items()
        && !shadow_items.is_empty()
        && (shadow_items.len() != 1 || items.len() != 1)
    {
        let (shadow, live) = (shadow_items.len(), items.len());
        let name = called(config);
        let what = format!("{name} has {shadow} {SHADOW} beside {live} {PRODUCTION}, and a shadow takes one of each");
        deployment.add(Finding::of(Rule::ShadowVariants, what), shadows.at);
    }
}

fn names(deployment: &mut Deployment<'_>, config: &Resource<'_>) {
    let mut seen = Vec::new();
    for variant in variants(config, PRODUCTION).iter().chain(variants(config, SHADOW)) {
        let Some(name) = variant.get("VariantName") else { continue };
        let Some(text) = name.text() else { continue };
        if seen.contains(&text) {
            let what = format!("{} has two variants \"{text}\"", called(config));
            deployment.add(Finding::of(Rule::VariantName, what).hint("give each a name of its own"), name.at);
        }
        seen.push(text);
    }
}

/// The instance pools of a variant, if their list is known.
pub(super) fn pools(variant: &Evaluated) -> &[Evaluated] {
    variant.get("InstancePools").and_then(Evaluated::items).unwrap_or_default()
}

/// The instance types that a variant names, its pools' among them.
pub(super) fn instance_types(variant: &Evaluated) -> impl Iterator<Item = &Evaluated> {
    let of_pools = pools(variant).iter().filter_map(|pool| pool.get("InstanceType"));
    variant.get("InstanceType").into_iter().chain(of_pools)
}

fn check_variant(
    deployment: &mut Deployment<'_>,
    config: &Resource<'_>,
    variant: &Evaluated,
    package: Option<&ModelPackage>,
) {
    let name = variant_called(config, variant);
    models(deployment, config, variant, &name);
    scaling(deployment, variant, &name);
    routing(deployment, variant, &name);
    let sources = ["InstanceType", "ServerlessConfig", "InstancePools"];
    if sources.iter().all(|key| variant.get(key).is_none()) {
        let what = format!("{name} has neither InstanceType nor ServerlessConfig");
        deployment.add(Finding::of(Rule::VariantInstances, what), variant.at);
    }
    if let (Some(_), Some(kind)) = (variant.get("InstancePools"), variant.property("InstanceType")) {
        let what = format!("{name} has both InstanceType and InstancePools");
        let finding = Finding::of(Rule::InstancePoolsBesideType, what);
        deployment.add(finding.hint("put the type into a pool, and keep the pools"), kind.key_at);
    }
    if let Some(volume) = variant.property("VolumeSizeInGB")
        && let Some(kind) =
            instance_types(variant).filter_map(Evaluated::whole_text).find(|kind| has_local_storage(kind))
    {
        let what = format!("{name} has VolumeSizeInGB, and {kind} has storage of its own");
        let finding = Finding::of(Rule::VolumeSize, what).cause("no volume can be attached to it");
        deployment.add(finding.hint("remove VolumeSizeInGB, or use another instance type"), volume.key_at);
    }
    if let Some(package) = package {
        for kind in instance_types(variant) {
            supported(deployment, kind, &name, package);
        }
    }
}

fn models(deployment: &mut Deployment<'_>, config: &Resource<'_>, variant: &Evaluated, name: &str) {
    let pools = pools(variant);
    for pool in pools {
        if let Some(model) = pool.get("ModelNameOverride") {
            let owner = format!("a pool of {name}");
            arn_for_name(deployment, model, "ModelNameOverride", (MODEL, "ModelName"), &owner);
        }
    }
    // That each pool names a model is as good: not verified on AWS, so not refused
    let pools_name_all = !pools.is_empty() && pools.iter().all(|pool| pool.get("ModelNameOverride").is_some());
    if let Some(model) = variant.get("ModelName") {
        arn_for_name(deployment, model, "ModelName", (MODEL, "ModelName"), name);
    } else if config.properties.get("ExecutionRoleArn").is_none() && !pools_name_all {
        // With a role at the config, models come as inference components
        let what = format!("{name} has no ModelName");
        deployment.add(Finding::of(Rule::VariantModel, what).hint("name the model with !GetAtt"), variant.at);
    }
}

fn scaling(deployment: &mut Deployment<'_>, variant: &Evaluated, name: &str) {
    let Some(scaling) = variant.property("ManagedInstanceScaling") else { return };
    let number = |key: &str| scaling.value.get(key).and_then(Evaluated::number);
    if let (Some(least), Some(most)) = (number("MinInstanceCount"), number("MaxInstanceCount"))
        && least > most
    {
        let what = format!("{name} has MinInstanceCount {least} above MaxInstanceCount {most}");
        deployment.add(Finding::of(Rule::VariantRange, what), scaling.value.at);
    }
    let is_off = scaling.value.get("Status").and_then(Evaluated::whole_text).as_deref() == Some("DISABLED");
    if variant.get("ModelName").is_some() && !is_off {
        let what = format!("{name} has ManagedInstanceScaling beside ModelName");
        let finding = Finding::of(Rule::ManagedScaling, what)
            .cause("\"ManagedInstanceScaling is only supported for inference component endpoints\"")
            .hint("scale it with an AWS::ApplicationAutoScaling::ScalableTarget, or deploy the model as a component");
        deployment.add(finding, scaling.key_at);
    }
}

fn routing(deployment: &mut Deployment<'_>, variant: &Evaluated, name: &str) {
    const PREFIX_AWARE: &str = "PREFIX_AWARE";
    const SETTINGS: &str = "PrefixAwareRoutingConfig";
    let Some(routing) = variant.get("RoutingConfig") else { return };
    let Some(strategy) = routing.get("RoutingStrategy") else { return };
    let Some(text) = strategy.whole_text() else { return };
    let settings = routing.property(SETTINGS);
    if text != PREFIX_AWARE {
        if let Some(settings) = settings {
            let what = format!("{name} routes by {text} and has {SETTINGS}, which is for {PREFIX_AWARE}");
            deployment.add(Finding::of(Rule::Routing, what).hint("remove it"), settings.key_at);
        }
        return;
    }
    for key in ["PrefixLength", "ConcurrencyThreshold"] {
        if settings
            .is_none_or(|settings| matches!(settings.value.data, Data::Map(_)) && settings.value.get(key).is_none())
        {
            let what = format!("{name} routes by {PREFIX_AWARE} and has no {SETTINGS}.{key}");
            deployment.add(Finding::of(Rule::Routing, what), strategy.at);
        }
    }
}

fn cross_region(deployment: &mut Deployment<'_>, config: &Resource<'_>) {
    let Some(traffic) = config.properties.property("CrossRegionTrafficConfig") else { return };
    let is_async = config.properties.get("AsyncInferenceConfig").is_some();
    let is_serverless = variants(config, PRODUCTION).iter().any(|variant| variant.get("ServerlessConfig").is_some());
    if is_async || is_serverless {
        let kind = if is_async { "asynchronous" } else { "serverless" };
        let what = format!("{} has CrossRegionTrafficConfig, and is {kind}", called(config));
        deployment.add(Finding::of(Rule::CrossRegionTraffic, what).hint("remove it"), traffic.key_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check::deployment::broken_rules;

    fn found(resources: &str) -> Vec<&'static str> {
        broken_rules(resources, |deployment| check(deployment, None))
    }

    fn of(variants: &str) -> Vec<&'static str> {
        found(&format!(
            "  M: {{Type: 'AWS::SageMaker::Model', Properties: {{}}}}\n  C: {{Type: 'AWS::SageMaker::EndpointConfig', \
             Properties: {{{variants}}}}}\n"
        ))
    }

    const PLAIN: &str =
        "VariantName: V, ModelName: !GetAtt M.ModelName, InstanceType: ml.m5.large, InitialInstanceCount: 1";

    #[test]
    fn a_variant_has_what_it_needs_and_nothing_twice() {
        for (variants, wanted) in [
            (format!("ProductionVariants: [{{{PLAIN}}}]"), vec![]),
            (format!("ProductionVariants: [{{{PLAIN}}}, {{{PLAIN}}}]"), vec!["variant-name"]),
            (
                format!("ProductionVariants: [{{{PLAIN}}}], ShadowProductionVariants: [{{{PLAIN}}}, {{{PLAIN}}}]")
                    .replacen("V,", "W,", 1),
                vec!["shadow-variants", "variant-name"],
            ),
            (
                "ProductionVariants: [{VariantName: V, ModelName: !GetAtt M.ModelName}]".to_owned(),
                vec!["variant-instances"],
            ),
        ] {
            assert_eq!(of(&variants), wanted, "{variants}");
        }
    }
}
