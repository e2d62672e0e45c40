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
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult, described};
use crate::domain::aws::arn::Arn;
use crate::domain::endpoint::{Endpoint, InferenceComponent, ServedModel, Variant, VariantConfig};

/// What SageMaker says of an endpoint that is not there: it has no error of its own for that.
const NO_ENDPOINT: &[&str] = &["Could not find endpoint"];

/// What SageMaker says in the account of what has that name.
async fn describe(access: &AssumedRole, kind: &str, operation: &'static str, name: &str) -> CloudResult<Value> {
    let (name_key, arn_key) = (format!("{kind}Name"), format!("{kind}Arn"));
    let answer = access.api().call(Service::SageMaker, operation, json!({&name_key: name})).await;
    let answer = answer.map_err(|error| access.explained(error))?;
    let answered = answer[&name_key].as_str().unwrap_or(name);
    let arn = answer[&arn_key].as_str().and_then(|arn| arn.parse::<Arn>().ok());
    let account = &access.role.account;
    let is_there = arn.as_ref().is_none_or(|arn| arn.account == *account);
    if is_there && answered.eq_ignore_ascii_case(name) {
        return Ok(answer);
    }
    let other = arn.map_or_else(|| answered.to_owned(), |arn| arn.to_string());
    let message = format!("the answer is about {other}, not about {name} in account {account}");
    Err(CloudError::new(ErrorKind::Other, format!("sagemaker:{operation}"), message))
}

pub(super) async fn endpoint(access: &AssumedRole, name: &str) -> CloudResult<Option<Endpoint>> {
    match describe(access, "Endpoint", "DescribeEndpoint", name).await {
        Ok(answer) => Ok(Some(described::endpoint(&answer))),
        Err(error) if says_absent(&error, NO_ENDPOINT) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn variants(access: &AssumedRole, endpoint: &Endpoint) -> CloudResult<Vec<Variant>> {
    let config = describe(access, "EndpointConfig", "DescribeEndpointConfig", &endpoint.config_name).await?;
    let variants = described::variants(&config);
    let components = if variants.iter().any(VariantConfig::takes_components) {
        components(access, &endpoint.name).await?
    } else {
        Vec::new()
    };
    let specified = components.iter().flat_map(|component| &component.specifications);
    let specified = specified.filter_map(|specification| specification.model.as_deref());
    let names: BTreeSet<&str> = variants.iter().flat_map(VariantConfig::models).chain(specified).collect();
    let models = try_join_all(names.into_iter().map(async |name| {
        let model = describe(access, "Model", "DescribeModel", name).await?;
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
        let name = field(component, "InferenceComponentName");
        let described = describe(access, "InferenceComponent", "DescribeInferenceComponent", &name).await?;
        Ok(described::inference_component(&described))
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
