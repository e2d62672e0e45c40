//! What stands in a target account: the endpoint, its config, its models and its inference components.

use std::collections::BTreeMap;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::{ContainerDefinition, DeployedImage, ProductionVariant};
use futures::future::try_join_all;

use super::assumed_role::AssumedRole;
use super::error::{cloud_error, is_validation};
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::endpoint::{DataCapture, Endpoint, LiveContainer, ServedModel, Variant};

const ENDPOINT: &str = "sagemaker:DescribeEndpoint";

pub(super) async fn endpoint(access: &AssumedRole, name: &str) -> CloudResult<Option<Endpoint>> {
    let request = |client: &Client| {
        client.describe_endpoint().endpoint_name(name).customize().config_override(access.acting()).send()
    };
    let described = match access.sagemaker().call(ENDPOINT, request).await {
        Ok(described) => described,
        // SageMaker has no error of its own for an endpoint that is not there, and the name was checked before.
        Err(error) if is_validation(&error) => return Ok(None),
        Err(error) => return Err(access.explained(cloud_error(ENDPOINT, &error))),
    };
    let variants = described.production_variants().iter().chain(described.shadow_production_variants());
    Ok(Some(Endpoint {
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
        deployed_images: variants
            .map(|variant| {
                let images = variant.deployed_images().iter().filter_map(DeployedImage::resolved_image);
                (variant.variant_name().unwrap_or_default().to_owned(), images.map(str::to_owned).collect())
            })
            .collect(),
        pending_config: described
            .pending_deployment_summary()
            .map(|pending| pending.endpoint_config_name().unwrap_or("unnamed").to_owned()),
    }))
}

pub(super) async fn variants(access: &AssumedRole, endpoint: &Endpoint) -> CloudResult<Vec<Variant>> {
    const OPERATION: &str = "sagemaker:DescribeEndpointConfig";
    let request = |client: &Client| {
        let request = client.describe_endpoint_config().endpoint_config_name(&endpoint.config_name);
        request.customize().config_override(access.acting()).send()
    };
    let described = access.sagemaker().call(OPERATION, request).await;
    let described = described.map_err(|error| access.explained(cloud_error(OPERATION, &error)))?;
    let production = described.production_variants().iter().map(|variant| (variant, false));
    let shadow = described.shadow_production_variants().iter().map(|variant| (variant, true));
    let variants: Vec<(&ProductionVariant, bool)> = production.chain(shadow).collect();
    // A variant that names no model gets its models by inference components.
    let components = if variants.iter().any(|(variant, _)| variant.model_name().is_none()) {
        components(access, &endpoint.name).await?
    } else {
        BTreeMap::new()
    };
    try_join_all(variants.into_iter().map(async |(variant, shadow)| {
        let name = variant.variant_name().unwrap_or_default().to_owned();
        let models = match variant.model_name() {
            Some(model) => vec![served_model(access, model).await?],
            None => components.get(&name).cloned().unwrap_or_default(),
        };
        Ok(Variant { name, shadow, models, by_components: variant.model_name().is_none() })
    }))
    .await
}

/// By variant: the models of the endpoint's inference components.
async fn components(access: &AssumedRole, endpoint: &str) -> CloudResult<BTreeMap<String, Vec<ServedModel>>> {
    const DESCRIBE: &str = "sagemaker:DescribeInferenceComponent";
    let described = try_join_all(component_names(access, endpoint).await?.iter().map(async |name| {
        let request = |client: &Client| {
            let request = client.describe_inference_component().inference_component_name(name);
            request.customize().config_override(access.acting()).send()
        };
        let component = access.sagemaker().call(DESCRIBE, request).await;
        let component = component.map_err(|error| access.explained(cloud_error(DESCRIBE, &error)))?;
        let specification = component.specification();
        let model = if let Some(model) = specification.and_then(|specification| specification.model_name()) {
            served_model(access, model).await?
        } else {
            let container = specification.and_then(|specification| specification.container());
            let image = container.and_then(|container| container.deployed_image()?.resolved_image());
            let image = image.map(str::to_owned);
            ServedModel { name: name.clone(), containers: vec![LiveContainer { model_package: None, image }] }
        };
        Ok((component.variant_name().unwrap_or_default().to_owned(), model))
    }))
    .await?;
    let mut by_variant: BTreeMap<String, Vec<ServedModel>> = BTreeMap::new();
    for (variant, model) in described {
        by_variant.entry(variant).or_default().push(model);
    }
    Ok(by_variant)
}

async fn component_names(access: &AssumedRole, endpoint: &str) -> CloudResult<Vec<String>> {
    const OPERATION: &str = "sagemaker:ListInferenceComponents";
    let (mut names, mut token) = (Vec::new(), None);
    loop {
        let request = |client: &Client| {
            let request = client.list_inference_components().endpoint_name_equals(endpoint);
            request.set_next_token(token.clone()).customize().config_override(access.acting()).send()
        };
        let page = access.sagemaker().call(OPERATION, request).await;
        let page = page.map_err(|error| access.explained(cloud_error(OPERATION, &error)))?;
        let components = page.inference_components.unwrap_or_default();
        names.extend(components.into_iter().filter_map(|component| component.inference_component_name));
        match page.next_token.filter(|next| !next.is_empty()) {
            None => return Ok(names),
            next if next == token => {
                return Err(CloudError::new(
                    Kind::Other,
                    OPERATION,
                    "the service answers the same page again and again",
                ));
            }
            next => token = next,
        }
    }
}

async fn served_model(access: &AssumedRole, model: &str) -> CloudResult<ServedModel> {
    const OPERATION: &str = "sagemaker:DescribeModel";
    let request =
        |client: &Client| client.describe_model().model_name(model).customize().config_override(access.acting()).send();
    let described = access.sagemaker().call(OPERATION, request).await;
    let described = described.map_err(|error| access.explained(cloud_error(OPERATION, &error)))?;
    let containers = described.primary_container().into_iter().chain(described.containers());
    let container = |container: &ContainerDefinition| LiveContainer {
        model_package: container.model_package_name().map(str::to_owned),
        image: container.image().map(str::to_owned),
    };
    Ok(ServedModel { name: model.to_owned(), containers: containers.map(container).collect() })
}
