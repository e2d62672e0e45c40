//! What a world says of repositories of images.

use serde_json::Value;

use super::Offline;
use super::world::{self, World};
use super::world_key::{WorldKey, not_in_world};
use crate::cloud::{CloudResult, Repositories};
use crate::domain::access::{Image, ImageState, Reference, Registry, RepositoryPolicy};

impl Repositories for Offline {
    async fn repository_policy(&self, registry: &Registry) -> CloudResult<RepositoryPolicy> {
        self.world.borrow().repository_policy(registry)
    }

    async fn image_state(&self, image: &Image) -> CloudResult<ImageState> {
        self.world.borrow().image_state(image)
    }
}

impl World {
    fn repository_policy(&self, registry: &Registry) -> CloudResult<RepositoryPolicy> {
        let Registry::Private { account, repository, .. } = registry else { return Ok(RepositoryPolicy::NoRepository) };
        let found =
            self.repositories.iter().find(|one| one.registry_id == *account && one.repository_name == *repository);
        let what = format!("repository {repository} of {account}");
        let text = found
            .ok_or_else(|| not_in_world("ecr:GetRepositoryPolicy", &what, WorldKey::REPOSITORIES))?
            .policy_text
            .clone();
        Ok(text.map_or(RepositoryPolicy::Unset, RepositoryPolicy::Text))
    }

    /// Of a repository whose images the world lists, one that is not among them is gone.
    fn image_state(&self, image: &Image) -> CloudResult<ImageState> {
        let Registry::Private { account, repository, .. } = &image.registry else { return Ok(ImageState::Active) };
        let is_it = |one: &&world::Repository| one.registry_id == *account && one.repository_name == *repository;
        let images = self.repositories.iter().find(is_it).and_then(|one| one.rest.get("imageDetails")?.as_array());
        let what = format!("the images of repository {repository} of {account}");
        let images = images.ok_or_else(|| not_in_world("ecr:DescribeImages", &what, WorldKey::IMAGES))?;
        let is_named = |one: &&Value| match &image.reference {
            Reference::Digest(digest) => one["imageDigest"] == digest.as_str(),
            Reference::Tag(tag) => one["imageTags"].as_array().is_some_and(|tags| tags.iter().any(|one| one == tag)),
        };
        let found = images.iter().find(is_named);
        Ok(found.map_or(ImageState::Gone, |one| ImageState::from(one["imageStatus"].as_str().unwrap_or_default())))
    }
}
