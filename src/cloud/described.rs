//! What SageMaker's Describe operations answer, in our terms. AWS sends it, and a world holds what the AWS CLI printed of
//! it: one conversion reads both.
//!
//! Read as JSON and not by the types of an SDK crate, which know what AWS had when they were generated: a member that
//! came later and says which model serves must not be passed over.

mod package;

use serde_json::Value;

use crate::domain::endpoint::{
    Capacity, DataCapture, DeployedImage, Endpoint, InferenceComponent, InstancePool, LiveContainer, RunningVariant,
    ServedModel, Specification, VariantConfig,
};

use super::answer::{items, text};
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

/// A variant of `DescribeEndpoint`.
fn running_variant(described: &Value, shadow: bool) -> RunningVariant {
    let capacity = described.as_object().into_iter().flatten();
    let capacity =
        capacity.filter(|(name, _)| ["Current", "Desired"].iter().any(|beginning| name.starts_with(beginning)));
    RunningVariant {
        name: text(&described["VariantName"]).unwrap_or_default(),
        shadow,
        images: items(&described["DeployedImages"])
            .map(|image| DeployedImage {
                specified: text(&image["SpecifiedImage"]),
                resolved: text(&image["ResolvedImage"]),
            })
            .collect(),
        capacity: Capacity(capacity.map(|(name, value)| (name.clone(), value.to_string())).collect()),
        strange: strange(described, &[]),
    }
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
        strange: strange(variant, &["ModelName", "ModelNameOverride", "ModelDataDownloadTimeoutInSeconds"]),
    };
    let production = items(&described["ProductionVariants"]).map(|variant| (variant, false));
    let shadow = items(&described["ShadowProductionVariants"]).map(|variant| (variant, true));
    production.chain(shadow).map(variant).collect()
}

/// `DescribeInferenceComponent`. Where it has several specifications, the single one is not answered (botocore 1.44.8).
pub(super) fn inference_component(described: &Value) -> InferenceComponent {
    let several = items(&described["Specifications"]);
    let single = Some(&described["Specification"]).filter(|one| one.is_object());
    let all: Vec<&Value> = several.chain(single).collect();
    let known = [
        "Specification",
        "Specifications",
        "ModelName",
        "ModelDataDownloadTimeoutInSeconds",
        "InferenceComponentArn",
        "InferenceComponentName",
        "InferenceComponentStatus",
        "BaseInferenceComponentName",
    ];
    InferenceComponent {
        name: text(&described["InferenceComponentName"]).unwrap_or_default(),
        variant: text(&described["VariantName"]),
        specifications: all.into_iter().map(specification).collect(),
        strange: strange(described, &known),
    }
}

fn specification(described: &Value) -> Specification {
    let container = &described["Container"];
    let is_adapter = text(&described["BaseInferenceComponentName"]).is_some();
    let image = &container["DeployedImage"];
    Specification {
        instance_type: text(&described["InstanceType"]),
        model: text(&described["ModelName"]),
        container: (is_adapter || container.is_object()).then(|| LiveContainer {
            image: text(&image["ResolvedImage"]).or_else(|| text(&image["SpecifiedImage"])),
            ..LiveContainer::default()
        }),
    }
}

/// `DescribeModel`
pub(super) fn model(described: &Value) -> ServedModel {
    let primary = Some(&described["PrimaryContainer"]).filter(|container| container.is_object());
    let containers = primary.into_iter().chain(items(&described["Containers"]));
    let container = |container: &Value| LiveContainer {
        model_package: text(&container["ModelPackageName"]),
        specification: text(&container["InferenceSpecificationName"]),
        image: text(&container["Image"]),
    };
    ServedModel {
        name: text(&described["ModelName"]).unwrap_or_default(),
        containers: containers.map(container).collect(),
    }
}

/// Members, at any depth, that speak of models or of what runs them, and are not among those that are understood.
fn strange(described: &Value, understood: &[&str]) -> Vec<String> {
    const WORDS: [&str; 3] = ["Model", "InferenceComponent", "Specification"];
    let mut found = Vec::new();
    let mut open = vec![described];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                    let speaks = WORDS.iter().any(|word| name.contains(word));
                    // What a person named, as a variable of the environment, is not a member of AWS's.
                    let is_named = name == "Environment" || name == "Tags";
                    if speaks && !understood.contains(&name.as_str()) {
                        found.push(name.clone());
                    } else if !is_named {
                        open.push(value);
                    }
                }
            }
            Value::Array(values) => open.extend(values),
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_that_speaks_of_models_and_is_new_is_named() {
        let config = json!({"ProductionVariants": [
            {"VariantName": "a", "ModelName": "m", "ModelGroup": {"ModelName": "n"}, "VolumeSizeInGB": 5},
            {"VariantName": "b", "ModelName": "m", "InstancePools": [{"InstanceType": "t", "FallbackModelName": "n"}]},
            {"VariantName": "c", "ModelName": "m", "Colour": {"Shade": 3}, "ModelGroup": null},
        ]});
        let strange: Vec<Vec<String>> = variants(&config).into_iter().map(|variant| variant.strange).collect();
        assert_eq!(strange, [vec!["ModelGroup"], vec!["FallbackModelName"], vec![]]);
        let component = json!({"InferenceComponentName": "c", "SpecificationSets": [], "Specification": {
            "Container": {"Environment": {"ModelHome": "/opt"}}}});
        assert_eq!(inference_component(&component).strange, ["SpecificationSets"]);
    }

    #[test]
    fn an_adapter_is_a_container_without_an_image_of_its_own() {
        let described = json!({"InferenceComponentName": "lora", "Specification": {
            "BaseInferenceComponentName": "base", "Container": {"ArtifactUrl": "s3://b/lora/"}}});
        let [only] = &inference_component(&described).specifications[..] else { panic!("one") };
        assert_eq!(only, &Specification { container: Some(LiveContainer::default()), ..Specification::default() });
    }
}
