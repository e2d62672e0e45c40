//! Rules of the variants of `AWS::SageMaker::EndpointConfig`, shadows included.

use super::super::evaluation::value::{Data, Evaluated};
use super::super::finding::Finding;
use super::super::model_package::ModelPackage;
use super::deployment::{Deployment, ENDPOINT_CONFIG, MODEL, Resource, called};
use super::name::{arn_for_name, check_name};
use super::rule::Rule;

/// botocore sagemaker.CreateEndpointConfig.
pub(super) const MAX_VARIANTS: usize = 10;
pub(super) const DOWNLOAD_SECONDS: std::ops::RangeInclusive<u32> = 60..=3600;
pub(super) const VOLUME_GB: std::ops::RangeInclusive<u32> = 1..=512;
pub(super) const ASYNC_CONCURRENCY: std::ops::RangeInclusive<u32> = 1..=1000;
const AT_LEAST_ONE: std::ops::RangeInclusive<u32> = 1..=u32::MAX;
const AT_LEAST_NONE: std::ops::RangeInclusive<u32> = 0..=u32::MAX;
pub(super) const MAX_INSTANCE_POOLS: usize = 5;

pub(super) const PRODUCTION: &str = "ProductionVariants";
pub(super) const SHADOW: &str = "ShadowProductionVariants";

pub(super) fn check(deployment: &mut Deployment<'_>, package: Option<&ModelPackage>) {
    for config in deployment.all(ENDPOINT_CONFIG) {
        counts(deployment, &config);
        names(deployment, &config);
        for variant in variants(&config, PRODUCTION).iter().chain(variants(&config, SHADOW)) {
            check_variant(deployment, &config, variant, package);
        }
        if let Some(client) = config.properties.get("AsyncInferenceConfig").and_then(|one| one.get("ClientConfig")) {
            let key = "MaxConcurrentInvocationsPerInstance";
            deployment.range(Rule::AsyncConcurrency, client, key, &ASYNC_CONCURRENCY, &called(&config));
        }
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

fn counts(deployment: &mut Deployment<'_>, config: &Resource<'_>) {
    if !matches!(config.properties.data, Data::Map(_)) {
        return;
    }
    let name = called(config);
    let production = config.properties.get(PRODUCTION);
    if production.is_none() {
        let what = format!("{name} has no {PRODUCTION}");
        return deployment.add(Finding::of(Rule::VariantCount, what), config.at);
    }
    let Some((list, items)) = production.and_then(|list| Some((list, list.items()?))) else { return };
    if !(1..=MAX_VARIANTS).contains(&items.len()) {
        let what = format!("{name} has {} {PRODUCTION}, and a config has 1 to {MAX_VARIANTS}", items.len());
        deployment.add(Finding::of(Rule::VariantCount, what), list.at);
    }
    if let Some(shadows) = config.properties.get(SHADOW)
        && let Some(shadow_items) = shadows.items()
        && !shadow_items.is_empty()
        && (shadow_items.len() != 1 || items.len() != 1)
    {
        let (shadow, live) = (shadow_items.len(), items.len());
        let what = format!("{name} has {shadow} {SHADOW} beside {live} {PRODUCTION}, and a shadow takes one of each");
        deployment.add(Finding::of(Rule::ShadowVariants, what), shadows.at);
    }
}

fn names(deployment: &mut Deployment<'_>, config: &Resource<'_>) {
    let mut seen = Vec::new();
    for variant in variants(config, PRODUCTION).iter().chain(variants(config, SHADOW)) {
        let Some(name) = variant.get("VariantName") else {
            if matches!(variant.data, Data::Map(_)) {
                let what = format!("a variant of {} has no VariantName", called(config));
                deployment.add(Finding::of(Rule::VariantName, what), variant.at);
            }
            continue;
        };
        check_name(deployment, Rule::VariantName, name, &format!("a variant of {} has VariantName", called(config)));
        let Some(text) = name.text() else { continue };
        if seen.contains(&text) {
            let what = format!("{} has two variants \"{text}\"", called(config));
            deployment.add(Finding::of(Rule::VariantName, what).hint("give each a name of its own"), name.at);
        }
        seen.push(text);
    }
}

fn check_variant(
    deployment: &mut Deployment<'_>,
    config: &Resource<'_>,
    variant: &Evaluated,
    package: Option<&ModelPackage>,
) {
    if !matches!(variant.data, Data::Map(_)) {
        return;
    }
    let name = variant_called(config, variant);
    if let Some(model) = variant.get("ModelName") {
        arn_for_name(deployment, model, "ModelName", MODEL, &name);
    } else if config.properties.get("ExecutionRoleArn").is_none() {
        // With a role at the config, models come as inference components
        let what = format!("{name} has no ModelName");
        deployment.add(Finding::of(Rule::VariantModel, what).hint("name the model with !GetAtt"), variant.at);
    }
    for key in ["ModelDataDownloadTimeoutInSeconds", "ContainerStartupHealthCheckTimeoutInSeconds"] {
        deployment.range(Rule::VariantRange, variant, key, &DOWNLOAD_SECONDS, &name);
    }
    deployment.range(Rule::VariantRange, variant, "VolumeSizeInGB", &VOLUME_GB, &name);
    deployment.range(Rule::VariantRange, variant, "InitialInstanceCount", &AT_LEAST_ONE, &name);
    if let Some(scaling) = variant.get("ManagedInstanceScaling") {
        managed_scaling(deployment, scaling, &name);
    }
    if let Some(pools) = variant.get("InstancePools")
        && pools.items().is_some_and(|items| items.is_empty() || items.len() > MAX_INSTANCE_POOLS)
    {
        let what = format!("{name} has no InstancePools that SageMaker takes: 1 to {MAX_INSTANCE_POOLS}");
        deployment.add(Finding::of(Rule::VariantRange, what), pools.at);
    }
    if let Some(accelerator) = variant.get("AcceleratorType") {
        let what = format!("{name} has an AcceleratorType, which SageMaker no longer supports");
        deployment.add(Finding::of(Rule::VariantAccelerator, what).hint("remove it"), accelerator.at);
    }
    let sources = ["InstanceType", "ServerlessConfig", "InstancePools"];
    if sources.iter().all(|key| variant.get(key).is_none()) {
        let what = format!("{name} has neither InstanceType nor ServerlessConfig");
        deployment.add(Finding::of(Rule::VariantInstances, what), variant.at);
    }
    if let Some(kind) = variant.get("InstanceType") {
        instance_type(deployment, kind, &name, package);
    }
}

fn managed_scaling(deployment: &mut Deployment<'_>, scaling: &Evaluated, name: &str) {
    deployment.range(Rule::VariantRange, scaling, "MinInstanceCount", &AT_LEAST_NONE, name);
    deployment.range(Rule::VariantRange, scaling, "MaxInstanceCount", &AT_LEAST_ONE, name);
    let number = |key: &str| scaling.get(key).and_then(Evaluated::number);
    if let (Some(least), Some(most)) = (number("MinInstanceCount"), number("MaxInstanceCount"))
        && least > most
    {
        let what = format!("{name} has MinInstanceCount {least} above MaxInstanceCount {most}");
        deployment.add(Finding::of(Rule::VariantRange, what), scaling.at);
    }
}

fn instance_type(deployment: &mut Deployment<'_>, kind: &Evaluated, name: &str, package: Option<&ModelPackage>) {
    let Some(text) = kind.whole_text() else { return };
    let parts: Vec<&str> = text.split('.').collect();
    let plain = |part: &&str| {
        !part.is_empty() && part.bytes().all(|any| any.is_ascii_lowercase() || any.is_ascii_digit() || any == b'-')
    };
    if parts.len() != 3 || parts[0] != "ml" || !parts.iter().all(plain) {
        let what = format!("{name} has \"{text}\" as InstanceType, which is none for SageMaker");
        return deployment.add(Finding::of(Rule::InstanceType, what).hint("write for example ml.m5.large"), kind.at);
    }
    let Some(package) = package else { return };
    let supported = &package.supported_instance_types;
    if !supported.is_empty() && !supported.contains(&text) {
        let what = format!("{name} has instance type {text}, for which the model package is not made");
        let finding = Finding::of(Rule::InstanceTypeSupported, what)
            .cause(format!("{} supports {}", package.arn, supported.join(", ")))
            .hint("use one of these, or register the model for others");
        deployment.add(finding, kind.at);
    }
}
