//! What stands in a target account: the endpoint, its config and its models.

use futures::future::try_join_all;

use super::assumed_role::AssumedRole;
use super::error::{cloud_error, is_validation};
use crate::cloud::CloudResult;
use crate::domain::endpoint::{DataCapture, Endpoint, LiveContainer, Variant};

pub(super) async fn endpoint(access: &AssumedRole, name: &str) -> CloudResult<Option<Endpoint>> {
    match access.sagemaker.describe_endpoint().endpoint_name(name).send().await {
        Ok(described) => Ok(Some(Endpoint {
            name: described.endpoint_name().unwrap_or(name).to_owned(),
            status: described.endpoint_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            config_name: described.endpoint_config_name().unwrap_or_default().to_owned(),
            failure_reason: described.failure_reason().map(str::to_owned),
            data_capture: described.data_capture_config().map(|capture| DataCapture {
                enabled: capture.enable_capture().unwrap_or_default(),
                status: capture.capture_status().map(|status| status.as_str().to_owned()),
                sampling_percentage: capture.current_sampling_percentage(),
                destination: capture.destination_s3_uri().map(str::to_owned),
            }),
        })),
        // SageMaker has no error of its own for an endpoint that is not there, and the name was checked before.
        Err(error) if is_validation(&error) => Ok(None),
        Err(error) => Err(access.explained(cloud_error("sagemaker:DescribeEndpoint", &error))),
    }
}

pub(super) async fn variants(access: &AssumedRole, config_name: &str) -> CloudResult<Vec<Variant>> {
    let described = access
        .sagemaker
        .describe_endpoint_config()
        .endpoint_config_name(config_name)
        .send()
        .await
        .map_err(|error| access.explained(cloud_error("sagemaker:DescribeEndpointConfig", &error)))?;
    let production = described.production_variants.unwrap_or_default();
    let shadow = described.shadow_production_variants.unwrap_or_default();
    // A variant of inference components names no model of its own.
    try_join_all(production.into_iter().chain(shadow).map(async |variant| {
        let containers = match variant.model_name() {
            Some(model) => containers(access, model).await?,
            None => Vec::new(),
        };
        Ok(Variant {
            name: variant.variant_name().unwrap_or_default().to_owned(),
            model_name: variant.model_name().unwrap_or_default().to_owned(),
            containers,
        })
    }))
    .await
}

async fn containers(access: &AssumedRole, model: &str) -> CloudResult<Vec<LiveContainer>> {
    let described = access
        .sagemaker
        .describe_model()
        .model_name(model)
        .send()
        .await
        .map_err(|error| access.explained(cloud_error("sagemaker:DescribeModel", &error)))?;
    let several = described.containers.unwrap_or_default();
    Ok(described
        .primary_container
        .into_iter()
        .chain(several)
        .map(|container| LiveContainer { model_package: container.model_package_name, image: container.image })
        .collect())
}
