//! Repositories of images: who may pull from them.

use aws_config::{Region, SdkConfig};
use aws_sdk_ecr::Client;
use aws_sdk_ecr::operation::get_repository_policy::GetRepositoryPolicyError;

use super::error::cloud_error;
use crate::cloud::CloudResult;
use crate::domain::access::Registry;

pub(super) async fn policy(config: &SdkConfig, registry: &Registry) -> CloudResult<Option<Option<String>>> {
    let Registry::Private { account, region, repository } = registry else { return Ok(None) };
    let builder = aws_sdk_ecr::config::Builder::from(config).region(Region::new(region.clone()));
    let client = Client::from_conf(builder.build());
    match client.get_repository_policy().registry_id(account).repository_name(repository).send().await {
        Ok(answer) => Ok(Some(answer.policy_text)),
        Err(error) => match error.as_service_error() {
            Some(GetRepositoryPolicyError::RepositoryPolicyNotFoundException(_)) => Ok(Some(None)),
            Some(GetRepositoryPolicyError::RepositoryNotFoundException(_)) => Ok(None),
            _ => Err(cloud_error("ecr:GetRepositoryPolicy", &error)),
        },
    }
}
