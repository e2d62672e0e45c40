//! What stands in a target account: the endpoint, its config, its models and its inference components.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::assumed_role::AssumedRole;
use super::connection::Aws;
use super::error::says_absent;
use super::service::Service;
use crate::cloud::Endpoints;
use crate::cloud::answer::field;
use crate::cloud::{CloudResult, described};
use crate::domain::endpoint::{Endpoint, InferenceComponent, ServedModel, Variant, VariantConfig};

/// What SageMaker says of an endpoint that is not there: it has no error of its own for that.
const NO_ENDPOINT: &[&str] = &["Could not find endpoint"];

/// One question to SageMaker in the account.
async fn ask(access: &AssumedRole, operation: &'static str, input: Value) -> CloudResult<Value> {
    access.api().call(Service::SageMaker, operation, input).await.map_err(|error| access.explained(error))
}

pub(super) async fn endpoint(access: &AssumedRole, name: &str) -> CloudResult<Option<Endpoint>> {
    match ask(access, "DescribeEndpoint", json!({"EndpointName": name})).await {
        Ok(answer) => Ok(Some(described::endpoint(&answer))),
        Err(error) if says_absent(&error, NO_ENDPOINT) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn variants(access: &AssumedRole, endpoint: &Endpoint) -> CloudResult<Vec<Variant>> {
    let config = json!({"EndpointConfigName": endpoint.config_name});
    let variants = described::variants(&ask(access, "DescribeEndpointConfig", config).await?);
    let components = if variants.iter().any(VariantConfig::takes_components) {
        components(access, &endpoint.name).await?
    } else {
        Vec::new()
    };
    let specified = components.iter().flat_map(|component| &component.specifications);
    let specified = specified.filter_map(|specification| specification.model.as_deref());
    let names: BTreeSet<&str> = variants.iter().flat_map(VariantConfig::models).chain(specified).collect();
    let models = try_join_all(names.into_iter().map(async |name| {
        let model = ask(access, "DescribeModel", json!({"ModelName": name})).await?;
        Ok((name.to_owned(), ServedModel { name: name.to_owned(), ..described::model(&model) }))
    }));
    let models: BTreeMap<String, ServedModel> = models.await?.into_iter().collect();
    Ok(variants.iter().map(|variant| variant.follow(&components, &models)).collect())
}

/// The endpoint's inference components.
async fn components(access: &AssumedRole, endpoint: &str) -> CloudResult<Vec<InferenceComponent>> {
    let (of, items) = (json!({"EndpointNameEquals": endpoint}), "InferenceComponents");
    let listed = access.api().list(Service::SageMaker, "ListInferenceComponents", of, items).await;
    let listed = listed.map_err(|error| access.explained(error))?;
    try_join_all(listed.iter().map(async |component| {
        let name = json!({"InferenceComponentName": field(component, "InferenceComponentName")});
        Ok(described::inference_component(&ask(access, "DescribeInferenceComponent", name).await?))
    }))
    .await
}

impl Endpoints for Aws {
    async fn endpoint(&self, access: &AssumedRole, name: &str) -> CloudResult<Option<Endpoint>> {
        endpoint(access, name).await
    }

    async fn variants(&self, access: &AssumedRole, endpoint: &Endpoint) -> CloudResult<Vec<Variant>> {
        variants(access, endpoint).await
    }
}
