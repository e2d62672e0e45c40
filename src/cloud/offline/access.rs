//! What a world says of buckets, keys and repositories. What is not in it is not known, which is no finding.

use serde_json::Value;

use super::Section;
use super::world::{self, World};
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::access::{
    Image, ImageState, KeyGrant, ObjectFacts, Reference, Registry, RepositoryPolicy, StoredObject,
};
use crate::domain::s3_uri::S3Uri;

fn not_in_world(operation: &str, what: &str, section: Section) -> CloudError {
    let message = format!("the offline world says nothing of {what}");
    CloudError { advice: Some(section.advice()), ..CloudError::new(Kind::NotRecorded, operation, message) }
}

impl World {
    pub(super) fn bucket(&self, operation: &str, name: &str) -> CloudResult<&world::Bucket> {
        let found = self.buckets.iter().find(|bucket| bucket.name == name);
        found.ok_or_else(|| not_in_world(operation, &format!("bucket {name}"), Section::BUCKETS))
    }

    pub(super) fn owner_of_bucket(&self, name: &str) -> CloudResult<String> {
        const OPERATION: &str = "s3:GetBucketAcl";
        let owner = self.bucket(OPERATION, name)?.owner.as_ref();
        let owner =
            owner.ok_or_else(|| not_in_world(OPERATION, &format!("the owner of bucket {name}"), Section::OWNERS))?;
        Ok(owner.id.clone())
    }

    pub(super) fn stored_objects(&self, uri: &S3Uri) -> CloudResult<Vec<StoredObject>> {
        let bucket = self.bucket("s3:ListBucket", &uri.bucket)?;
        let fits = |key: &str| if uri.is_prefix() { key.starts_with(&uri.key) } else { key == uri.key };
        let objects = bucket.objects.iter().filter(|object| fits(&object.key));
        let objects = objects.map(|object| StoredObject {
            uri: S3Uri { bucket: uri.bucket.clone(), key: object.key.clone() },
            owner: object.owner.as_ref().map(|owner| owner.id.clone()),
            size: ["Size", "ContentLength"].iter().find_map(|key| object.rest.get(*key)?.as_u64()).unwrap_or_default(),
        });
        Ok(objects.collect())
    }

    pub(super) fn object_facts(&self, uri: &S3Uri) -> CloudResult<Option<ObjectFacts>> {
        let bucket = self.bucket("s3:GetObject", &uri.bucket)?;
        let object = bucket.objects.iter().find(|object| object.key == uri.key);
        Ok(object
            .map(|object| ObjectFacts { key: object.sse_kms_key_id.clone(), bucket_key: object.bucket_key_enabled }))
    }

    /// The entity tag that the world has of an object.
    pub(super) fn entity_tag(&self, uri: &S3Uri) -> Option<String> {
        let bucket = self.buckets.iter().find(|bucket| bucket.name == uri.bucket)?;
        let object = bucket.objects.iter().find(|object| object.key == uri.key)?;
        object.rest.get("ETag")?.as_str().map(str::to_owned)
    }

    pub(super) fn take_over(&mut self, uri: &S3Uri) -> CloudResult<()> {
        let bucket = self.buckets.iter_mut().find(|bucket| bucket.name == uri.bucket);
        let object = bucket.and_then(|bucket| {
            let owner = bucket.owner.clone();
            Some((owner, bucket.objects.iter_mut().find(|object| object.key == uri.key)?))
        });
        let (owner, object) = object.ok_or_else(|| not_in_world("s3:PutObject", &uri.to_string(), Section::OBJECTS))?;
        object.owner = owner;
        Ok(())
    }

    pub(super) fn key(&self, operation: &str, arn: &str) -> CloudResult<&world::Key> {
        let found = self.keys.iter().find(|key| key.arn == arn);
        found.ok_or_else(|| not_in_world(operation, &format!("key {arn}"), Section::KEYS))
    }

    pub(super) fn repository_policy(&self, registry: &Registry) -> CloudResult<RepositoryPolicy> {
        let Registry::Private { account, repository, .. } = registry else { return Ok(RepositoryPolicy::NoRepository) };
        let found =
            self.repositories.iter().find(|one| one.registry_id == *account && one.repository_name == *repository);
        let what = format!("repository {repository} of {account}");
        let text = found
            .ok_or_else(|| not_in_world("ecr:GetRepositoryPolicy", &what, Section::REPOSITORIES))?
            .policy_text
            .clone();
        Ok(text.map_or(RepositoryPolicy::Unset, RepositoryPolicy::Text))
    }
}

impl World {
    /// Of a repository whose images the world lists, one that is not among them is gone.
    pub(super) fn image_state(&self, image: &Image) -> CloudResult<ImageState> {
        let Registry::Private { account, repository, .. } = &image.registry else { return Ok(ImageState::Active) };
        let is_it = |one: &&world::Repository| one.registry_id == *account && one.repository_name == *repository;
        let images = self.repositories.iter().find(is_it).and_then(|one| one.rest.get("imageDetails")?.as_array());
        let what = format!("the images of repository {repository} of {account}");
        let images = images.ok_or_else(|| not_in_world("ecr:DescribeImages", &what, Section::IMAGES))?;
        let is_named = |one: &&Value| match &image.reference {
            Reference::Digest(digest) => one["imageDigest"] == digest.as_str(),
            Reference::Tag(tag) => one["imageTags"].as_array().is_some_and(|tags| tags.iter().any(|one| one == tag)),
        };
        let found = images.iter().find(is_named);
        Ok(found.map_or(ImageState::Gone, |one| ImageState::from(one["imageStatus"].as_str().unwrap_or_default())))
    }
}

impl world::Grant {
    pub(super) fn known(&self) -> KeyGrant {
        KeyGrant {
            grantee: self.grantee_principal.clone(),
            operations: self.operations.clone(),
            constrained: self.constraints.is_some(),
        }
    }
}
