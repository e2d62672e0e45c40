//! What is where in a world, in the terms of the domain.

use serde::Deserialize;
use serde_json::Value;

use super::world::{self, Container, OrganizationNode, World};
use super::{Site, not_found};
use crate::cloud::CloudResult;
use crate::domain::endpoint::{LiveContainer, ServedModel, Variant};
use crate::domain::model_package::{self, LifeCycle, MetricsReport, ModelPackage};
use crate::domain::organization::UnitId;

impl World {
    pub(super) fn group(&self, name: &str) -> Option<&world::ModelPackageGroup> {
        self.model_package_groups.iter().find(|group| group.model_package_group_name == name)
    }

    pub(super) fn node<T>(&self, parent: &UnitId, read: impl FnOnce(&OrganizationNode) -> T) -> Option<T> {
        let mut open: Vec<&OrganizationNode> = self.roots.iter().collect();
        while let Some(node) = open.pop() {
            if node.id == parent.as_str() {
                return Some(read(node));
            }
            open.extend(&node.organizational_units);
        }
        None
    }

    /// The model of that name at a site.
    pub(super) fn model(&self, site: &Site, name: &str) -> CloudResult<ServedModel> {
        let model = self.models.iter().find(|known| known.model_name == name && site.has(&known.model_arn));
        let what = || format!("model \"{name}\" in {}", site.account);
        let model = model.ok_or_else(|| not_found("sagemaker:DescribeModel", &what()))?;
        let containers = model.primary_container.iter().chain(&model.containers);
        let container = |container: &Container| LiveContainer {
            model_package: container.model_package_name.clone(),
            image: container.image.clone(),
        };
        Ok(ServedModel { name: name.to_owned(), containers: containers.map(container).collect() })
    }

    pub(super) fn endpoint(&self, site: &Site, name: &str) -> Option<&world::Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.endpoint_name == name && site.has(&endpoint.endpoint_arn))
    }

    pub(super) fn variants(&self, site: &Site, config_name: &str) -> CloudResult<Vec<Variant>> {
        let config = self
            .endpoint_configs
            .iter()
            .find(|config| config.endpoint_config_name == config_name && site.has(&config.endpoint_config_arn));
        let what = || format!("endpoint config \"{config_name}\" in {}", site.account);
        let config = config.ok_or_else(|| not_found("sagemaker:DescribeEndpointConfig", &what()))?;
        let production = config.production_variants.iter().map(|variant| (variant, false));
        let shadow = config.shadow_production_variants.iter().map(|variant| (variant, true));
        let variant = |(variant, shadow): (&world::Variant, bool)| {
            let by_components = variant.model_name.is_empty();
            let models = if by_components { Vec::new() } else { vec![self.model(site, &variant.model_name)?] };
            Ok(Variant { name: variant.variant_name.clone(), shadow, models, by_components })
        };
        production.chain(shadow).map(variant).collect()
    }
}

pub(super) fn described(group: &world::ModelPackageGroup, package: &world::ModelPackage) -> ModelPackage {
    let field = |key: &str| package.rest.get(key).unwrap_or(&Value::Null);
    let of = |key: &str| text(field(key));
    let lineage = [
        ("commitId", "CommitId"),
        ("generatedBy", "GeneratedBy"),
        ("projectId", "ProjectId"),
        ("repository", "Repository"),
    ];
    let lineage = lineage
        .into_iter()
        .filter_map(|(ours, theirs)| Some((ours.to_owned(), text(&field("MetadataProperties")[theirs])?)));
    let inference = field("InferenceSpecification");
    let life_cycle = field("ModelLifeCycle");
    ModelPackage {
        arn: package.model_package_arn.clone(),
        group: group.model_package_group_name.clone(),
        version: package.model_package_version,
        status: package.model_package_status.clone(),
        approval_status: package.model_approval_status.clone(),
        approval_description: of("ApprovalDescription"),
        description: of("ModelPackageDescription"),
        created_at: package.creation_time.timestamp(),
        created_by: person(field("CreatedBy")),
        last_modified_at: world::Time::deserialize(field("LastModifiedTime")).ok().map(|time| time.timestamp()),
        last_modified_by: person(field("LastModifiedBy")),
        containers: containers(package),
        supported_content_types: texts(&inference["SupportedContentTypes"]),
        supported_response_types: texts(&inference["SupportedResponseMIMETypes"]),
        supported_instance_types: texts(&inference["SupportedRealtimeInferenceInstanceTypes"]),
        metadata: serde_json::from_value(field("CustomerMetadataProperties").clone()).unwrap_or_default(),
        metrics: metrics(field("ModelMetrics")),
        lineage: lineage.collect(),
        source_uri: of("SourceUri"),
        life_cycle: life_cycle.is_object().then(|| LifeCycle {
            stage: text(&life_cycle["Stage"]).unwrap_or_default(),
            status: text(&life_cycle["StageStatus"]).unwrap_or_default(),
            description: text(&life_cycle["StageDescription"]),
        }),
        model_card: field("ModelCard")
            .as_object()
            .map(|card| card.get("ModelCardStatus").and_then(text).unwrap_or_default()),
        kms_key: text(&field("SecurityConfig")["KmsKeyId"]),
        domain: of("Domain"),
        task: of("Task"),
        sample_payload: of("SamplePayloadUrl"),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().map(|items| items.iter().filter_map(text).collect()).unwrap_or_default()
}

/// Who it was, by the most telling name that AWS gives.
fn person(context: &Value) -> Option<String> {
    let names = [&context["UserProfileArn"], &context["IamIdentity"]["Arn"], &context["UserProfileName"]];
    names.into_iter().find_map(text)
}

fn metrics(metrics: &Value) -> Vec<MetricsReport> {
    let parts = metrics.as_object().into_iter().flatten();
    let sources = parts.flat_map(|(part, sources)| {
        sources.as_object().into_iter().flatten().map(move |(kind, source)| (format!("{part}.{kind}"), source))
    });
    let report = |(kind, source): (String, &Value)| {
        Some(MetricsReport {
            kind,
            uri: text(&source["S3Uri"])?,
            content_type: text(&source["ContentType"]),
            content_digest: text(&source["ContentDigest"]),
        })
    };
    sources.filter_map(report).collect()
}

pub(super) fn containers(package: &world::ModelPackage) -> Vec<model_package::Container> {
    let containers = package.rest.get("InferenceSpecification").and_then(|spec| spec["Containers"].as_array());
    containers.map(Vec::as_slice).unwrap_or_default().iter().map(container).collect()
}

fn container(definition: &Value) -> model_package::Container {
    let mut environment: Vec<String> =
        definition["Environment"].as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
    environment.sort();
    let source = &definition["ModelDataSource"]["S3DataSource"];
    let channels = definition["AdditionalModelDataSources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_channels = channels.iter().map(|channel| &channel["S3DataSource"]);
    let of_channels = of_channels.flat_map(|source| [&source["S3Uri"], &source["ManifestS3Uri"]]);
    let more = std::iter::once(&source["ManifestS3Uri"]).chain(of_channels);
    let more = more.chain([&definition["AdditionalS3DataSource"]["S3Uri"]]);
    model_package::Container {
        image: text(&definition["Image"]).unwrap_or_default(),
        image_digest: text(&definition["ImageDigest"]),
        model_data: text(&definition["ModelDataUrl"]).or_else(|| text(&source["S3Uri"])),
        model_data_etag: text(&definition["ModelDataETag"]),
        more_data: more.filter_map(text).collect(),
        environment,
        environment_values: serde_json::from_value(definition["Environment"].clone()).unwrap_or_default(),
    }
}
