//! Objects in S3: what asynchronous endpoints take and leave, datasets, and model data.

mod bucket;
pub(super) mod client;
mod copy;
mod download;
mod project_template;
mod unfinished;
mod upload;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;

use self::client::{S3, about, client};
use self::download::{Bounded, download};
use super::assumed_role::AssumedRole;
use super::connection::Aws;
use super::error::cloud_error;
use crate::cloud::{CloudResult, ListedObject, Object, Storage, Upload};
use crate::domain::access::{ObjectFacts, StoredObject};
use crate::domain::aws::s3_uri::S3Uri;
use crate::files::Opened;

/// No more of an object is read into memory: as much as an asynchronous endpoint takes (SageMaker developer guide,
/// "Asynchronous inference": 1 GB).
const MOST_BYTES: usize = 1 << 30;

/// An object, whole; `None` where it does not exist.
async fn object(s3: &S3, uri: &S3Uri) -> CloudResult<Option<Object>> {
    let mut kept = Bounded { bytes: Vec::new(), most: MOST_BYTES };
    let found = download(s3, uri, &mut kept).await?;
    Ok(found.map(|whole| Object { content_type: whole.content_type, bytes: kept.bytes, age: whole.age }))
}

/// Copies an object into a file; answers what came, and `None` where it does not exist.
async fn copy_into(s3: &S3, uri: &S3Uri, mut copy: &Opened) -> CloudResult<Option<ListedObject>> {
    let found = download(s3, uri, &mut copy).await?;
    Ok(found.map(|whole| ListedObject { key: uri.key.clone(), size: Some(whole.size), entity_tag: whole.entity_tag }))
}

async fn entity_tag(s3: &S3, uri: &S3Uri) -> CloudResult<Option<String>> {
    const OPERATION: &str = "s3:GetObject";
    let request = |client: &Client| {
        client.head_object().bucket(&uri.bucket).key(&uri.key).customize().config_override(s3.acting()).send()
    };
    match s3.client.call(OPERATION, request).await {
        Ok(object) => Ok(object.e_tag),
        Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(None),
        Err(error) => Err(bucket::refusal(uri, OPERATION, &error).error),
    }
}

async fn put(s3: &S3, uri: &S3Uri, object: &Object) -> CloudResult<()> {
    const OPERATION: &str = "s3:PutObject";
    let request = |client: &Client| {
        let request = client.put_object().bucket(&uri.bucket).key(&uri.key);
        let request = request.set_content_type(object.content_type.clone());
        request.body(ByteStream::from(object.bytes.clone())).customize().config_override(s3.acting()).send()
    };
    s3.client.call(OPERATION, request).await.map(|_| ()).map_err(|error| about(uri, cloud_error(OPERATION, &error)))
}

/// Takes back what was uploaded in parts when the work on it was given up; else it costs storage.
pub(crate) async fn take_back_uploads() {
    unfinished::take_back().await;
}

impl Storage for Aws {
    async fn object(&self, access: &AssumedRole, uri: &S3Uri) -> CloudResult<Option<Object>> {
        object(&access.s3(), uri).await.map_err(|error| access.explained(error))
    }

    async fn own_object(&self, uri: &S3Uri) -> CloudResult<Option<Object>> {
        self.explain(object(&S3::own(&self.api), uri).await).await
    }

    async fn own_objects(
        &self,
        prefix: &S3Uri,
        after: Option<&str>,
        page: &mut dyn FnMut(Vec<ListedObject>) -> bool,
    ) -> CloudResult<()> {
        self.explain(bucket::list(&self.api, prefix, after, page).await).await
    }

    async fn copy_own_object(&self, uri: &S3Uri, copy: &Opened) -> CloudResult<Option<ListedObject>> {
        self.explain(copy_into(&S3::own(&self.api), uri, copy).await).await
    }

    async fn has_object(&self, uri: &S3Uri) -> CloudResult<bool> {
        self.explain(upload::is_there(&client(&self.api), uri).await).await
    }

    async fn upload(&self, uri: &S3Uri, content: &Upload<'_>) -> CloudResult<bool> {
        self.explain(upload::put(&client(&self.api), uri, content).await).await
    }

    async fn entity_tag(&self, access: &AssumedRole, uri: &S3Uri) -> CloudResult<Option<String>> {
        entity_tag(&access.s3(), uri).await.map_err(|error| access.explained(error))
    }

    async fn put_object(&self, access: &AssumedRole, uri: &S3Uri, object: &Object) -> CloudResult<()> {
        put(&access.s3(), uri, object).await.map_err(|error| access.explained(error))
    }

    async fn bucket_policy(&self, bucket: &str) -> CloudResult<Option<String>> {
        self.explain(bucket::policy(&self.api, bucket).await).await
    }

    async fn bucket_owner(&self, bucket: &str) -> CloudResult<String> {
        self.explain(bucket::owner(&self.api, bucket).await).await
    }

    async fn stored_objects(&self, uri: &S3Uri) -> CloudResult<Vec<StoredObject>> {
        self.explain(bucket::stored(&self.api, uri).await).await
    }

    async fn object_facts(&self, uri: &S3Uri) -> CloudResult<Option<ObjectFacts>> {
        self.explain(bucket::facts(&self.api, uri).await).await
    }

    async fn take_over(&self, object: &StoredObject) -> CloudResult<()> {
        self.explain(copy::take_over(&self.api, object).await).await
    }
}

impl Aws {
    /// The Region of a bucket; `None` where there is no such bucket.
    ///
    /// # Errors
    /// The call failed, and the answer does not name the Region.
    pub(crate) async fn bucket_region(&self, bucket: &str) -> CloudResult<Option<String>> {
        bucket::region(&self.api, bucket).await
    }

    /// Puts the policy of a bucket, in the place of the one that it has.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn put_bucket_policy(&self, bucket: &str, policy: &str) -> CloudResult<()> {
        self.explain(bucket::put_policy(&self.api, bucket, policy).await).await
    }
}
