//! What SageMaker's Describe operations answer, in our terms. AWS sends it, and a world holds what the AWS CLI printed of
//! it: one conversion reads both.
//!
//! Read as JSON and not by the types of an SDK crate, which know what AWS had when they were generated: a member that
//! came later and says which model serves must not be passed over.

mod members;
mod package;

use serde_json::Value;

use crate::domain::endpoint::{
    Capacity, DataCapture, DeployedImage, Endpoint, InferenceComponent, InstancePool, LiveContainer, RunningVariant,
    ServedModel, Sizing, Specification, VariantConfig,
};

use super::answer::{items, text};
use members::strange;
pub(super) use package::{life_cycle, model_package};

/// `DescribeEndpoint`
pub(super) fn endpoint(described: &Value) -> Endpoint {
    let of = |key: &str| text(&described[key]).unwrap_or_default();
    let capture = &described["DataCaptureConfig"];
    let production = items(&described["ProductionVariants"]).map(|variant| running_variant(variant, false));
    let shadow = items(&described["ShadowProductionVariants"]).map(|variant| running_variant(variant, true));
    let as_answered = |key: &str| Some(&described[key]).filter(|time| !time.is_null()).map(ToString::to_string);
    Endpoint {
        name: of("EndpointName"),
        status: of("EndpointStatus"),
        config_name: of("EndpointConfigName"),
        failure_reason: text(&described["FailureReason"]),
        data_capture: capture.is_object().then(|| DataCapture {
            enabled: capture["EnableCapture"].as_bool().unwrap_or_default(),
            status: text(&capture["CaptureStatus"]),
            sampling_percentage: capture["CurrentSamplingPercentage"].as_i64().and_then(|share| share.try_into().ok()),
            destination: text(&capture["DestinationS3Uri"]),
        }),
        running: production.chain(shadow).collect(),
        pending_config: described["PendingDeploymentSummary"]
            .is_object()
            .then(|| text(&described["PendingDeploymentSummary"]["EndpointConfigName"]))
            .map(|name| name.unwrap_or_else(|| "unnamed".to_owned())),
        created: as_answered("CreationTime"),
        modified: as_answered("LastModifiedTime"),
    }
}

/// What `VariantStatus` says of a variant while it is deployed (botocore 1.44.8, `VariantStatus`).
const STAGES: [&str; 5] = ["Creating", "Updating", "Deleting", "ActivatingTraffic", "Baking"];

/// A variant of `DescribeEndpoint`.
fn running_variant(described: &Value, shadow: bool) -> RunningVariant {
    let capacity = described.as_object().into_iter().flatten();
    let capacity =
        capacity.filter(|(name, _)| ["Current", "Desired"].iter().any(|beginning| name.starts_with(beginning)));
    RunningVariant {
        name: text(&described["VariantName"]).unwrap_or_default(),
        shadow,
        images: items(&described["DeployedImages"]).map(deployed_image).collect(),
        capacity: Capacity(capacity.map(|(name, value)| (name.clone(), value.to_string())).collect()),
        pools: items(&described["InstancePools"])
            .filter_map(|pool| Some((text(&pool["InstanceType"])?, pool["CurrentInstanceCount"].as_u64())))
            .collect(),
        stage: items(&described["VariantStatus"])
            .filter_map(|status| text(&status["Status"]))
            .find(|status| STAGES.contains(&status.as_str())),
        strange: strange(described, "ProductionVariantSummary"),
    }
}

fn deployed_image(described: &Value) -> DeployedImage {
    DeployedImage { specified: text(&described["SpecifiedImage"]), resolved: text(&described["ResolvedImage"]) }
}

/// The variants of `DescribeEndpointConfig`.
pub(super) fn variants(described: &Value) -> Vec<VariantConfig> {
    let variant = |(variant, shadow): (&Value, bool)| VariantConfig {
        name: text(&variant["VariantName"]).unwrap_or_default(),
        shadow,
        model: text(&variant["ModelName"]),
        pools: items(&variant["InstancePools"])
            .map(|pool| InstancePool {
                instance_type: text(&pool["InstanceType"]).unwrap_or_default(),
                model: text(&pool["ModelNameOverride"]),
            })
            .collect(),
        sizing: sizing(variant),
        strange: strange(variant, "ProductionVariant"),
    };
    let production = items(&described["ProductionVariants"]).map(|variant| (variant, false));
    let shadow = items(&described["ShadowProductionVariants"]).map(|variant| (variant, true));
    production.chain(shadow).map(variant).collect()
}

/// A parameter of a template is text, also where the property is a number; so it is in an offline world.
fn sizing(variant: &Value) -> Sizing {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    let count = &variant["InitialInstanceCount"];
    let of_pools = items(&variant["InstancePools"]).filter_map(|pool| text(&pool["InstanceType"]));
    Sizing {
        instance_types: text(&variant["InstanceType"]).into_iter().chain(of_pools).collect(),
        instances: count.as_u64().or_else(|| count.as_str()?.parse().ok()),
        weight: number(&variant["InitialVariantWeight"]),
        serverless: variant["ServerlessConfig"].is_object(),
    }
}

/// `DescribeInferenceComponent`. Where it has several specifications, the single one is not answered (botocore 1.44.8).
pub(super) fn inference_component(described: &Value) -> InferenceComponent {
    let several = items(&described["Specifications"]);
    let single = Some(&described["Specification"]).filter(|one| one.is_object());
    let all: Vec<&Value> = several.chain(single).collect();
    let copies = &described["RuntimeConfig"];
    let is_scaling = copies["CurrentCopyCount"] != copies["DesiredCopyCount"];
    let status = text(&described["InferenceComponentStatus"]);
    InferenceComponent {
        name: text(&described["InferenceComponentName"]).unwrap_or_default(),
        variant: text(&described["VariantName"]),
        specifications: all.into_iter().map(specification).collect(),
        // More copies, or fewer, serve the same.
        unsettled: status.filter(|status| status != "InService" && !(status == "Updating" && is_scaling)),
        idle: copies["CurrentCopyCount"] == 0,
        strange: strange(described, "DescribeInferenceComponentOutput"),
    }
}

fn specification(described: &Value) -> Specification {
    let container = &described["Container"];
    let is_adapter = text(&described["BaseInferenceComponentName"]).is_some();
    let image = &container["DeployedImage"];
    let deployed = image.is_object().then(|| deployed_image(image));
    Specification {
        instance_type: text(&described["InstanceType"]),
        model: text(&described["ModelName"]),
        container: (is_adapter || container.is_object()).then(|| LiveContainer {
            image: deployed.as_ref().and_then(|image| image.name().map(str::to_owned)),
            data: text(&container["ArtifactUrl"]).into_iter().collect(),
            ..LiveContainer::default()
        }),
        deployed,
    }
}

/// `DescribeModel`
pub(super) fn model(described: &Value) -> ServedModel {
    let says_something = |container: &&Value| container.as_object().is_some_and(|members| !members.is_empty());
    let primary = Some(&described["PrimaryContainer"]).filter(says_something);
    let several = items(&described["Containers"]);
    let ambiguous = primary.is_some() && several.len() > 0;
    let containers = primary.into_iter().chain(several);
    ServedModel {
        ambiguous,
        name: text(&described["ModelName"]).unwrap_or_default(),
        containers: containers.map(container).collect(),
        strange: strange(described, "DescribeModelOutput"),
    }
}

/// A container of a model.
fn container(described: &Value) -> LiveContainer {
    let more = items(&described["AdditionalModelDataSources"]);
    let sources = std::iter::once(&described["ModelDataSource"]).chain(more).map(|source| &source["S3DataSource"]);
    let of_source = |source: &Value| {
        [text(&source["S3Uri"]), text(&source["ManifestS3Uri"]), text(&source["HubAccessConfig"]["HubContentArn"])]
    };
    let data = sources.flat_map(of_source).chain([text(&described["ModelDataUrl"])]);
    LiveContainer {
        model_package: text(&described["ModelPackageName"]),
        specification: text(&described["InferenceSpecificationName"]),
        image: text(&described["Image"]),
        data: data.flatten().collect(),
        mode: text(&described["Mode"]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_component_that_is_being_deployed_is_not_settled() {
        let unsettled = |status: &str, copies: Value| {
            inference_component(&json!({"InferenceComponentStatus": status, "RuntimeConfig": copies})).unsettled
        };
        assert_eq!(unsettled("InService", json!({})), None);
        assert_eq!(unsettled("Updating", json!({})).as_deref(), Some("Updating"));
        let scaling = || json!({"CurrentCopyCount": 1, "DesiredCopyCount": 2});
        assert_eq!(unsettled("Updating", scaling()), None);
        assert_eq!(unsettled("Failed", scaling()).as_deref(), Some("Failed"));
        assert_eq!(inference_component(&json!({})).unsettled, None, "AWS need not say");
    }

    #[test]
    fn everything_that_a_container_names_as_model_data_is_kept() {
        let source = |uri: &str| json!({"S3DataSource": {"S3Uri": uri, "ManifestS3Uri": format!("{uri}-manifest")}});
        let model = model(&json!({"ModelName": "m", "PrimaryContainer": {
            "ModelPackageName": "p", "ModelDataUrl": "s3://b/url", "ModelDataSource": source("s3://b/a"),
            "AdditionalModelDataSources": [source("s3://b/b")]}}));
        let expected = ["s3://b/a", "s3://b/a-manifest", "s3://b/b", "s3://b/b-manifest", "s3://b/url"];
        assert_eq!(model.containers[0].data, expected);
    }

    #[test]
    fn an_adapter_is_a_container_without_an_image_of_its_own() {
        let described = json!({"InferenceComponentName": "lora", "Specification": {
            "BaseInferenceComponentName": "base", "Container": {"ArtifactUrl": "s3://b/lora/"}}});
        let [only] = &inference_component(&described).specifications[..] else { panic!("one") };
        let container = LiveContainer { data: vec!["s3://b/lora/".to_owned()], ..LiveContainer::default() };
        assert_eq!(only, &Specification { container: Some(container), ..Specification::default() });
    }

    #[test]
    fn a_model_has_a_primary_container_or_several_and_not_both() {
        let container = || json!({"ModelPackageName": "p"});
        let ambiguous = |described: Value| model(&described).ambiguous;
        assert!(ambiguous(json!({"PrimaryContainer": container(), "Containers": [container()]})));
        assert!(!ambiguous(json!({"PrimaryContainer": container(), "Containers": []})));
        let empty = json!({"PrimaryContainer": {}, "Containers": [container()]});
        assert_eq!((ambiguous(empty.clone()), model(&empty).containers.len()), (false, 1));
    }

    #[test]
    fn a_variant_of_an_endpoint_in_service_may_still_be_in_a_stage_of_its_deployment() {
        let stage = |statuses: Value| running_variant(&json!({"VariantStatus": statuses}), false).stage;
        assert_eq!(stage(json!([{"Status": "Settled"}, {"Status": "Baking"}])).as_deref(), Some("Baking"));
        assert_eq!((stage(json!([])), stage(json!([{"Status": "Settled"}]))), (None, None));
    }

    #[test]
    fn a_component_is_idle_where_aws_says_that_it_has_no_copy() {
        let idle = |copies: Value| inference_component(&json!({"RuntimeConfig": copies})).idle;
        assert!(idle(json!({"DesiredCopyCount": 1, "CurrentCopyCount": 0})));
        assert!(!idle(json!({"DesiredCopyCount": 0, "CurrentCopyCount": 1})) && !idle(json!({})));
    }
}
