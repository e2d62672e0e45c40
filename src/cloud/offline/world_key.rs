//! Where in a world file what is missing would stand.

use crate::cloud::CloudError;
use crate::cloud::error::ErrorKind;

/// A key of the world file, and the command that prints what belongs there.
#[derive(Clone, Copy)]
pub(super) struct WorldKey(&'static str, &'static str);

impl WorldKey {
    pub(super) const ROOTS: Self = Self("Roots", "aws organizations list-accounts-for-parent");
    pub(super) const GROUPS: Self = Self("ModelPackageGroups", "aws sagemaker describe-model-package-group");
    pub(super) const ENDPOINTS: Self = Self("Endpoints", "aws sagemaker describe-endpoint");
    pub(super) const ENDPOINT_CONFIGS: Self = Self("EndpointConfigs", "aws sagemaker describe-endpoint-config");
    pub(super) const MODELS: Self = Self("Models", "aws sagemaker describe-model");
    pub(super) const BUCKETS: Self = Self("Buckets", "aws s3api get-bucket-policy");
    pub(super) const OWNERS: Self = Self("Buckets, as the bucket's Owner", "aws s3api get-bucket-acl");
    pub(super) const OBJECTS: Self =
        Self("Buckets, among the bucket's Objects", "aws s3api list-objects-v2 --fetch-owner");
    pub(super) const KEYS: Self = Self("Keys", "aws kms get-key-policy");
    pub(super) const REPOSITORIES: Self = Self("Repositories", "aws ecr get-repository-policy");
    pub(super) const IMAGES: Self = Self("Repositories, as the repository's imageDetails", "aws ecr describe-images");

    pub(super) fn advice(self) -> String {
        let Self(key, command) = self;
        format!("add it to the world's {key}: \"{command}\" prints it")
    }
}

pub(super) fn not_found(operation: &str, what: &str, section: WorldKey) -> CloudError {
    let message = format!("the offline world has no {what}");
    CloudError { advice: Some(section.advice()), ..CloudError::new(ErrorKind::NotFound, operation, message) }
}

pub(super) fn unusable(operation: &str, error: &dyn std::fmt::Display) -> CloudError {
    CloudError::new(ErrorKind::Other, operation, format!("the offline world is not consistent: {error}"))
}

pub(super) fn not_in_world(operation: &str, what: &str, section: WorldKey) -> CloudError {
    let message = format!("the offline world says nothing of {what}");
    CloudError { advice: Some(section.advice()), ..CloudError::new(ErrorKind::NotRecorded, operation, message) }
}
