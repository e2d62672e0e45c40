//! Repositories of images: who may pull from them.

use aws_config::{Region, SdkConfig};
use aws_sdk_ecr::Client;
use aws_sdk_ecr::operation::get_repository_policy::GetRepositoryPolicyError;

use super::error::cloud_error;
use crate::cloud::CloudResult;
use crate::domain::access::{Registry, RepositoryPolicy};

pub(super) async fn policy(config: &SdkConfig, registry: &Registry) -> CloudResult<RepositoryPolicy> {
    let Registry::Private { account, region, repository } = registry else { return Ok(RepositoryPolicy::NoRepository) };
    let builder = aws_sdk_ecr::config::Builder::from(config).region(Region::new(region.clone()));
    let client = Client::from_conf(builder.build());
    match client.get_repository_policy().registry_id(account).repository_name(repository).send().await {
        Ok(answer) => Ok(answer.policy_text.map_or(RepositoryPolicy::Unset, RepositoryPolicy::Text)),
        Err(error) => match error.as_service_error() {
            Some(GetRepositoryPolicyError::RepositoryPolicyNotFoundException(_)) => Ok(RepositoryPolicy::Unset),
            Some(GetRepositoryPolicyError::RepositoryNotFoundException(_)) => Ok(RepositoryPolicy::NoRepository),
            _ => Err(cloud_error("ecr:GetRepositoryPolicy", &error)),
        },
    }
}
