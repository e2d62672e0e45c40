//! Repositories of images: who may pull from them.

use serde_json::json;

use super::answer::field;
use super::{Api, Service};
use crate::cloud::CloudResult;
use crate::domain::access::{Registry, RepositoryPolicy};

pub(super) async fn policy(api: &Api, registry: &Registry) -> CloudResult<RepositoryPolicy> {
    let Registry::Private { account, region, repository } = registry else { return Ok(RepositoryPolicy::NoRepository) };
    let input = json!({"registryId": account, "repositoryName": repository});
    match api.in_region(region).call(Service::Ecr, "GetRepositoryPolicy", input).await {
        Ok(answer) => Ok(RepositoryPolicy::Text(field(&answer, "policyText"))),
        Err(error) => match error.code.as_deref() {
            Some("RepositoryPolicyNotFoundException") => Ok(RepositoryPolicy::Unset),
            Some("RepositoryNotFoundException") => Ok(RepositoryPolicy::NoRepository),
            _ => Err(error),
        },
    }
}
