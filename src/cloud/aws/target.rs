//! What stands in a target account: the endpoint, its config, its models and its inference components.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::assumed_role::AssumedRole;
use super::connection::Aws;
use super::error::{Asked, says_absent};
use super::service::Service;
use crate::cloud::Endpoints;
use crate::cloud::answer::field;
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult, described};
use crate::domain::aws::arn::Arn;
use crate::domain::endpoint::{Endpoint, InferenceComponent, ServedModel, Variant, VariantConfig, follow};

/// What SageMaker says of an endpoint that is not there: it has no error of its own for that.
const NO_ENDPOINT: &[&str] = &["Could not find endpoint"];

/// What SageMaker says in the account of what has that name.
async fn describe(access: &AssumedRole, kind: &str, operation: &'static str, name: &str) -> CloudResult<Value> {
    let name_key = format!("{kind}Name");
    let answer = access.api().call(Service::SageMaker, operation, json!({&name_key: name})).await;
    let answer = answer.map_err(|error| access.explained(error))?;
    check(access, operation, &answer, kind, name)?;
    Ok(answer)
}

/// That an answer, or an item of a list, is about what has that name there. It need not say so; where it does, it has to
/// say so in its name and its ARN.
fn check(access: &AssumedRole, operation: &str, answer: &Value, kind: &str, name: &str) -> CloudResult<()> {
    let arn = answer[format!("{kind}Arn")].as_str().and_then(|arn| arn.parse::<Arn>().ok());
    let answered = answer[format!("{kind}Name")].as_str().unwrap_or(name);
    let (account, region) = (&access.role.account, access.region());
    let is_there = arn.as_ref().is_none_or(|arn| arn.account == *account && arn.region == region);
    // A model is known by its name, which is in every answer about one; emulators give all models one ARN.
    let arn_is_named = arn.as_ref().filter(|_| kind != "Model").is_none_or(|arn| {
        let named = arn.resource.rsplit('/').next().unwrap_or_default();
        named.eq_ignore_ascii_case(name)
    });
    if is_there && arn_is_named && answered.eq_ignore_ascii_case(name) {
        return Ok(());
    }
    let other = arn.map_or_else(|| answered.to_owned(), |arn| arn.to_string());
    let message = format!("the answer is about {other}, not about {name} in account {account} and Region {region}");
    Err(CloudError::new(ErrorKind::Other, format!("sagemaker:{operation}"), message))
}

pub(super) async fn endpoint(access: &AssumedRole, name: &str) -> CloudResult<Option<Endpoint>> {
    let resources = [format!("endpoint/{name}")];
    let asked = Asked { region: access.region(), account: Some(&access.role.account), resources: &resources };
    match describe(access, "Endpoint", "DescribeEndpoint", name).await {
        Ok(answer) => Ok(Some(Endpoint { name: name.to_owned(), ..described::endpoint(&answer) })),
        Err(error) if says_absent(&error, NO_ENDPOINT, &asked) => Ok(None),
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
    Ok(follow(&variants, &components, &models))
}

/// The endpoint's inference components.
async fn components(access: &AssumedRole, endpoint: &str) -> CloudResult<Vec<InferenceComponent>> {
    let (of, items) = (json!({"EndpointNameEquals": endpoint}), "InferenceComponents");
    let listed = access.api().list(Service::SageMaker, "ListInferenceComponents", of, items).await;
    let listed = listed.map_err(|error| access.explained(error))?;
    for component in &listed {
        check(access, "ListInferenceComponents", component, "Endpoint", endpoint)?;
    }
    try_join_all(listed.iter().map(async |component| {
        const OPERATION: &str = "DescribeInferenceComponent";
        let name = field(component, "InferenceComponentName");
        let described = describe(access, "InferenceComponent", OPERATION, &name).await?;
        check(access, OPERATION, &described, "Endpoint", endpoint)?;
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
