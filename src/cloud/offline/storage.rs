//! The objects of a world, and what it says of buckets. What is not in it is not known, which is not a finding.

use super::Offline;
use super::registry::described_package;
use super::site::Site;
use super::world::{self, World};
use super::world_key::{WorldKey, not_in_world, unusable};
use crate::cloud::{CloudResult, ListedObject, Object, Storage, Upload};
use crate::domain::access::{ObjectFacts, StoredObject};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::registry::model_package::{Container, ModelPackage};
use crate::files::Opened;

impl Storage for Offline {
    async fn object(&self, _site: &Site, uri: &S3Uri) -> CloudResult<Option<Object>> {
        self.own_object(uri).await
    }

    async fn own_object(&self, uri: &S3Uri) -> CloudResult<Option<Object>> {
        Ok(self.objects.borrow().get(&uri.to_string()).cloned())
    }

    async fn own_objects(
        &self,
        prefix: &S3Uri,
        after: Option<&str>,
        page: &mut dyn FnMut(Vec<ListedObject>) -> bool,
    ) -> CloudResult<()> {
        let objects = self.objects.borrow();
        let uris = objects.keys().filter_map(|uri| uri.parse::<S3Uri>().ok());
        let keys =
            uris.filter(|uri| uri.bucket == prefix.bucket && uri.key.starts_with(&prefix.key)).map(|uri| uri.key);
        let keys = keys.filter(|key| after.is_none_or(|after| key.as_str() > after));
        page(keys.map(|key| ListedObject { key, ..ListedObject::default() }).collect());
        Ok(())
    }

    async fn copy_own_object(&self, uri: &S3Uri, copy: &Opened) -> CloudResult<Option<ListedObject>> {
        let objects = self.objects.borrow();
        let Some(object) = objects.get(&uri.to_string()) else { return Ok(None) };
        copy.add(&object.bytes).map_err(|error| unusable("s3:GetObject", &error))?;
        Ok(Some(ListedObject { key: uri.key.clone(), ..ListedObject::default() }))
    }

    async fn has_object(&self, uri: &S3Uri) -> CloudResult<bool> {
        Ok(self.objects.borrow().contains_key(&uri.to_string()))
    }

    async fn upload(&self, uri: &S3Uri, content: &Upload<'_>) -> CloudResult<bool> {
        let object = Object { content_type: None, bytes: content.bytes.to_vec(), age: None };
        Ok(self.objects.borrow_mut().insert(uri.to_string(), object).is_none())
    }

    /// Model data is not part of the world, so it is what was registered, unless the world has a tag of the object itself.
    async fn entity_tag(&self, _site: &Site, uri: &S3Uri) -> CloudResult<Option<String>> {
        let world = self.world.borrow();
        if let Some(tag) = world.entity_tag(uri) {
            return Ok(Some(tag));
        }
        let groups = world.model_package_groups.iter();
        let packages = groups.flat_map(|group| group.model_packages.iter().map(move |package| (group, package)));
        let mut packages = packages.filter_map(|(group, package)| described_package(group, package).ok());
        let tag = |package: ModelPackage| {
            let mut data = package.all_containers().flat_map(Container::tagged_data);
            data.find(|(place, _)| *place == uri.to_string()).map(|(_, tag)| tag.to_owned())
        };
        Ok(packages.find_map(tag))
    }

    async fn put_object(&self, _site: &Site, uri: &S3Uri, object: &Object) -> CloudResult<()> {
        self.objects.borrow_mut().insert(uri.to_string(), object.clone());
        Ok(())
    }

    async fn bucket_policy(&self, bucket: &str) -> CloudResult<Option<String>> {
        Ok(self.world.borrow().bucket("s3:GetBucketPolicy", bucket)?.policy.clone())
    }

    async fn bucket_owner(&self, bucket: &str) -> CloudResult<String> {
        self.world.borrow().owner_of_bucket(bucket)
    }

    async fn stored_objects(&self, uri: &S3Uri) -> CloudResult<Vec<StoredObject>> {
        self.world.borrow().stored_objects(uri)
    }

    async fn object_facts(&self, uri: &S3Uri) -> CloudResult<Option<ObjectFacts>> {
        self.world.borrow().object_facts(uri)
    }

    async fn take_over(&self, object: &StoredObject) -> CloudResult<()> {
        self.world.borrow_mut().take_over(&object.uri)
    }
}

impl World {
    fn bucket(&self, operation: &str, name: &str) -> CloudResult<&world::Bucket> {
        let found = self.buckets.iter().find(|bucket| bucket.name == name);
        found.ok_or_else(|| not_in_world(operation, &format!("bucket {name}"), WorldKey::BUCKETS))
    }

    fn owner_of_bucket(&self, name: &str) -> CloudResult<String> {
        const OPERATION: &str = "s3:GetBucketAcl";
        let owner = self.bucket(OPERATION, name)?.owner.as_ref();
        let owner =
            owner.ok_or_else(|| not_in_world(OPERATION, &format!("the owner of bucket {name}"), WorldKey::OWNERS))?;
        Ok(owner.id.clone())
    }

    fn stored_objects(&self, uri: &S3Uri) -> CloudResult<Vec<StoredObject>> {
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

    fn object_facts(&self, uri: &S3Uri) -> CloudResult<Option<ObjectFacts>> {
        let bucket = self.bucket("s3:GetObject", &uri.bucket)?;
        let object = bucket.objects.iter().find(|object| object.key == uri.key);
        Ok(object
            .map(|object| ObjectFacts { key: object.sse_kms_key_id.clone(), bucket_key: object.bucket_key_enabled }))
    }

    /// The entity tag that the world has of an object.
    fn entity_tag(&self, uri: &S3Uri) -> Option<String> {
        let bucket = self.buckets.iter().find(|bucket| bucket.name == uri.bucket)?;
        let object = bucket.objects.iter().find(|object| object.key == uri.key)?;
        object.rest.get("ETag")?.as_str().map(str::to_owned)
    }

    fn take_over(&mut self, uri: &S3Uri) -> CloudResult<()> {
        let bucket = self.buckets.iter_mut().find(|bucket| bucket.name == uri.bucket);
        let object = bucket.and_then(|bucket| {
            let owner = bucket.owner.clone();
            Some((owner, bucket.objects.iter_mut().find(|object| object.key == uri.key)?))
        });
        let (owner, object) =
            object.ok_or_else(|| not_in_world("s3:PutObject", &uri.to_string(), WorldKey::OBJECTS))?;
        object.owner = owner;
        Ok(())
    }
}
