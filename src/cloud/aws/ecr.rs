//! Repositories of images: who may pull from them, and whether an image is there to be pulled.

use serde_json::json;

use super::api::Api;
use super::connection::Aws;
use super::service::Service;
use crate::cloud::CloudResult;
use crate::cloud::Repositories;
use crate::cloud::answer::{field, items};
use crate::domain::access::{Image, ImageState, Reference, Registry, RepositoryPolicy};

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

/// Archived images are listed only where they are asked for (botocore 1.44.8, ecr.DescribeImagesFilter.imageStatus).
pub(super) async fn image_state(api: &Api, image: &Image) -> CloudResult<ImageState> {
    let Registry::Private { account, region, repository } = &image.registry else { return Ok(ImageState::Active) };
    let id = match &image.reference {
        Reference::Digest(digest) => json!({"imageDigest": digest}),
        Reference::Tag(tag) => json!({"imageTag": tag}),
    };
    let input = json!({"registryId": account, "repositoryName": repository, "imageIds": [id],
                       "filter": {"imageStatus": "ANY"}});
    match api.in_region(region).call(Service::Ecr, "DescribeImages", input).await {
        Ok(answer) => Ok(items(&answer["imageDetails"])
            .next()
            .map_or(ImageState::Gone, |found| ImageState::from(field(found, "imageStatus").as_str()))),
        Err(error) => match error.code.as_deref() {
            Some("ImageNotFoundException" | "RepositoryNotFoundException") => Ok(ImageState::Gone),
            _ => Err(error),
        },
    }
}

impl Repositories for Aws {
    async fn repository_policy(&self, registry: &Registry) -> CloudResult<RepositoryPolicy> {
        self.explain(policy(&self.api, registry).await).await
    }

    async fn image_state(&self, image: &Image) -> CloudResult<ImageState> {
        self.explain(image_state(&self.api, image).await).await
    }
}
