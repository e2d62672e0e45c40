//! What a serverless variant does not go together with.

use super::super::access::{Image, Registry, is_aws};
use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::capture::captures;
use super::deployment::{Deployment, ENDPOINT_CONFIG, MODEL, Resource, called, is_on};
use super::model::{containers_of, is_multi_model};
use super::schema::limits;
use super::variant::{PRODUCTION, SHADOW, variant_called, variants};
use crate::domain::aws::arn::AccountId;
use crate::domain::cloudformation::evaluation::value::{Data, Evaluated};
use crate::domain::registry::model_package::ModelPackage;

/// botocore sagemaker.ProductionVariantServerlessConfig: memory in steps of one GB.
pub(super) const MEMORY_STEP_MB: u32 = 1024;

/// Properties of a variant that runs on instances.
const OF_INSTANCES: [&str; 12] = [
    "InstanceType",
    "InitialInstanceCount",
    "InstancePools",
    "AcceleratorType",
    "AcceleratorPartitionLayouts",
    "CapacityReservationConfig",
    "VariantInstanceProvisionTimeoutInSeconds",
    "VolumeSizeInGB",
    "ManagedInstanceScaling",
    "RoutingConfig",
    "InferenceAmiVersion",
    "EnableSSMAccess",
];

pub(super) fn is_serverless(variant: &Evaluated) -> bool {
    variant.get("ServerlessConfig").is_some_and(|one| matches!(one.data, Data::Map(_)))
}

pub(super) fn check(deployment: &mut Deployment<'_>) {
    for config in deployment.all(ENDPOINT_CONFIG) {
        let all: Vec<&Evaluated> = variants(&config, PRODUCTION).iter().chain(variants(&config, SHADOW)).collect();
        let Some(first) = all.iter().find(|variant| is_serverless(variant)) else { continue };
        for variant in all.iter().filter(|variant| is_serverless(variant)) {
            check_variant(deployment, &config, variant);
        }
        check_config(deployment, &config, first, all.len());
    }
}

fn check_variant(deployment: &mut Deployment<'_>, config: &Resource<'_>, variant: &Evaluated) {
    let name = variant_called(config, variant);
    for key in OF_INSTANCES {
        if let Some(property) = variant.property(key) {
            let what = format!("{name} is serverless and has {key}");
            let finding = Finding::of(Rule::ServerlessInstances, what).hint("keep ServerlessConfig or the instances");
            deployment.add(finding, property.key_at);
        }
    }
    let Some(serverless) = variant.get("ServerlessConfig") else { return };
    if let Some(memory) = serverless.get("MemorySizeInMB")
        && let Some(number) = memory.number()
        && limits(ENDPOINT_CONFIG, "ServerlessConfig", "MemorySizeInMB").hold(number)
        && number.fract() == 0.0
        && number % f64::from(MEMORY_STEP_MB) != 0.0
    {
        let text = memory.whole_text().unwrap_or_default();
        let what = format!("{name} has MemorySizeInMB {text}, and it must be a multiple of {MEMORY_STEP_MB}");
        deployment.add(Finding::of(Rule::ServerlessMemory, what), memory.at);
    }
    let number = |key: &str| serverless.get(key).and_then(Evaluated::number);
    if let (Some(provisioned), Some(most)) = (number("ProvisionedConcurrency"), number("MaxConcurrency"))
        && provisioned > most
    {
        let what = format!("{name} has ProvisionedConcurrency {provisioned} above MaxConcurrency {most}");
        deployment.add(Finding::of(Rule::ServerlessConcurrency, what), serverless.at);
    }
    model(deployment, variant, &name);
}

fn model(deployment: &mut Deployment<'_>, variant: &Evaluated, name: &str) {
    let Some(model) = variant.get("ModelName").and_then(|one| deployment.named(one, MODEL, "ModelName")) else {
        return;
    };
    let refused = |what: &str| {
        let what = format!("{} has {what}, and {name} is serverless", called(&model));
        Finding::of(Rule::ServerlessVpc, what).hint("serverless endpoints cannot; use instances, or do without")
    };
    if let Some(vpc) = model.properties.property("VpcConfig") {
        deployment.add(refused("a VpcConfig"), vpc.key_at);
    }
    if let Some(isolation) = model
        .properties
        .property("EnableNetworkIsolation")
        .filter(|_| is_on(&model.properties, "EnableNetworkIsolation"))
    {
        deployment.add(refused("network isolation"), isolation.key_at);
    }
    if let Some(list) = model.properties.get("Containers")
        && list.items().is_some_and(|items| items.len() > 1)
    {
        let what = format!("{} has several containers, and {name} is serverless", called(&model));
        deployment.add(Finding::of(Rule::ServerlessContainers, what), list.at);
    }
    for container in containers_of(&model) {
        let multi_model = is_multi_model(container);
        if multi_model || container.get("ModelDataSource").is_some() {
            let reason = if multi_model { "holds many models" } else { "has a ModelDataSource" };
            let what = format!("a container of {} {reason}, and {name} is serverless", called(&model));
            deployment.add(Finding::of(Rule::ServerlessContainers, what), container.at);
        }
    }
}

/// An image that a serverless endpoint of a stage runs, and that is neither AWS's nor in the account's own registry by
/// its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerlessImage {
    pub stage: String,
    image: Image,
    endpoint_config: String,
    /// At the image's place.
    pub(super) finding: Finding,
}

/// The images of a stage's serverless variants whose accounts are written out.
pub(super) fn images(deployment: &Deployment<'_>, stage: &str, package: Option<&ModelPackage>) -> Vec<ServerlessImage> {
    let mut found = Vec::new();
    for config in deployment.all(ENDPOINT_CONFIG) {
        for variant in variants(&config, PRODUCTION).iter().filter(|variant| is_serverless(variant)) {
            let Some(model) = variant.get("ModelName").and_then(|one| deployment.named(one, MODEL, "ModelName")) else {
                continue;
            };
            for container in containers_of(&model) {
                let of_package = package.filter(|_| container.get("ModelPackageName").is_some());
                let of_package = of_package.into_iter().flat_map(|package| &package.containers);
                let written = container.get("Image").and_then(Evaluated::whole_text);
                let uris = written.into_iter().chain(of_package.filter_map(|container| container.image.clone()));
                let images = uris.map(|uri| Image::parse(&uri));
                let file = &deployment.scope.index.template.file;
                found.extend(images.filter(|image| !is_of_aws(image)).map(|image| ServerlessImage {
                    stage: stage.to_owned(),
                    image,
                    endpoint_config: called(&config),
                    finding: Finding::of(Rule::ServerlessImage, "").at(file, container.at),
                }));
            }
        }
    }
    found
}

fn is_of_aws(image: &Image) -> bool {
    matches!(&image.registry, Registry::Private { account, .. } if is_aws(account))
}

impl ServerlessImage {
    /// What is wrong with it, if the stage is rolled out to accounts other than the image's.
    pub fn elsewhere(&self, accounts: &[AccountId]) -> Option<Finding> {
        let own = match &self.image.registry {
            Registry::Private { account, .. } => Some(account.as_str()),
            Registry::Public | Registry::Elsewhere => None,
        };
        let other = accounts.iter().find(|account| Some(account.as_str()) != own)?;
        let (config, image) = (&self.endpoint_config, &self.image);
        let what =
            format!("{config} is serverless in account {other}, and its image \"{image}\" is not in that account");
        let finding = Finding { what, stages: vec![self.stage.clone()], ..self.finding.clone() };
        Some(finding.cause(SERVERLESS_IMAGE).hint("copy the image into each account, or use instances"))
    }
}

/// SageMaker's answer to CreateEndpointConfig.
const SERVERLESS_IMAGE: &str =
    "serverless endpoints take images of AWS's own, and of an ECR repository in the same account";

fn check_config(deployment: &mut Deployment<'_>, config: &Resource<'_>, variant: &Evaluated, count: usize) {
    let name = variant_called(config, variant);
    if count > 1 {
        let what = format!("{} has {count} variants, and {name} is serverless", called(config));
        let finding = Finding::of(Rule::ServerlessVariants, what).hint("a serverless endpoint has one variant");
        deployment.add(finding, variant.at);
    }
    if let Some(capture) = config.properties.property("DataCaptureConfig").filter(|_| captures(config)) {
        let what = format!("{} captures data, and {name} is serverless", called(config));
        let finding = Finding::of(Rule::ServerlessCapture, what);
        deployment.add(finding.hint("serverless endpoints capture nothing; remove DataCaptureConfig"), capture.key_at);
    }
    if let Some(asynchronous) = config.properties.property("AsyncInferenceConfig") {
        let what = format!("{} has an AsyncInferenceConfig, and {name} is serverless", called(config));
        let hint = "use instances, or do without asynchronous requests";
        deployment.add(Finding::of(Rule::ServerlessAsync, what).hint(hint), asynchronous.key_at);
    }
    if let Some(key) = config.properties.property("KmsKeyId") {
        let what = format!("{} has a KmsKeyId, and {name} is serverless", called(config));
        let finding = Finding::of(Rule::ServerlessKms, what).cause("the key is for volumes of instances");
        deployment.add(finding.hint("remove it, or use instances"), key.key_at);
    }
    for key in ["VpcConfig", "EnableNetworkIsolation"] {
        let there = key == "VpcConfig" || is_on(&config.properties, key);
        if let Some(property) = config.properties.property(key).filter(|_| there) {
            let what = format!("{} has {key}, and {name} is serverless", called(config));
            let hint = "serverless endpoints cannot; use instances, or do without";
            deployment.add(Finding::of(Rule::ServerlessVpc, what).hint(hint), property.key_at);
        }
    }
}
