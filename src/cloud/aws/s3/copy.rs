//! A copy of an object onto itself: what makes the account that copies its owner.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, MetadataDirective, TaggingDirective};
use futures::stream::{self, StreamExt, TryStreamExt};
use percent_encoding::{AsciiSet, utf8_percent_encode};

use super::super::api::Api;
use super::super::retries::Retrying;
use super::bucket::{Refusal, at_home, refusal};
use super::client::at_work;
use super::unfinished::Unfinished;
use crate::cloud::CloudResult;
use crate::domain::access::StoredObject;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::text::masking::UNRESERVED;

/// A larger object is copied in parts (S3 API, `CopyObject`: 5 GB).
const MAX_WHOLE: u64 = 5 * 1024 * 1024 * 1024;
/// An upload has at most 10,000 parts, so this is enough for 4.8 TiB.
const PART: u64 = 512 * 1024 * 1024;
const PARTS_AT_ONCE: usize = 8;
/// What stays as it is in a key.
const KEY: &AsciiSet = &UNRESERVED.remove(b'/');

/// The request with all that the object has beside its bytes and tags; one macro, since each request has setters of its own.
macro_rules! kept {
    ($request:expr, $head:expr) => {
        $request
            .set_metadata($head.metadata.clone())
            .set_content_type($head.content_type.clone())
            .set_content_encoding($head.content_encoding.clone())
            .set_content_disposition($head.content_disposition.clone())
            .set_content_language($head.content_language.clone())
            .set_cache_control($head.cache_control.clone())
            .set_storage_class($head.storage_class.clone())
            .set_server_side_encryption($head.server_side_encryption.clone())
            .set_ssekms_key_id($head.ssekms_key_id.clone())
            .set_bucket_key_enabled($head.bucket_key_enabled)
    };
}

pub(super) async fn take_over(api: &Api, object: &StoredObject) -> CloudResult<()> {
    at_home(api, async |s3| {
        let uri = &object.uri;
        let head =
            s3.call("s3:GetObject", |client| client.head_object().bucket(&uri.bucket).key(&uri.key).send()).await;
        let head = head.map_err(|error| refusal(uri, "s3:GetObject", &error))?;
        if object.size > MAX_WHOLE { in_parts(&s3, object, &head).await } else { at_once(&s3, object, &head).await }
    })
    .await
}

/// S3 copies onto the same key only if something changes, so the metadata is sent again as it is.
async fn at_once(s3: &Retrying<Client>, object: &StoredObject, head: &HeadObjectOutput) -> Result<(), Refusal> {
    let uri = &object.uri;
    s3.call("s3:PutObject", |client| {
        let copy = client
            .copy_object()
            .bucket(&uri.bucket)
            .key(&uri.key)
            .copy_source(source(uri))
            // Whoever writes the object in between wins.
            .set_copy_source_if_match(head.e_tag.clone())
            .metadata_directive(MetadataDirective::Replace)
            .tagging_directive(TaggingDirective::Copy);
        kept!(copy, head).customize().config_override(at_work()).send()
    })
    .await
    .map(|_| ())
    .map_err(|error| refusal(uri, "s3:PutObject", &error))
}

async fn in_parts(s3: &Retrying<Client>, object: &StoredObject, head: &HeadObjectOutput) -> Result<(), Refusal> {
    let uri = &object.uri;
    let tags = tags(s3, uri).await?;
    let created = s3
        .call("s3:PutObject", |client| {
            let upload = client.create_multipart_upload().bucket(&uri.bucket).key(&uri.key);
            kept!(upload.set_tagging(tags.clone()), head).send()
        })
        .await
        .map_err(|error| refusal(uri, "s3:PutObject", &error))?;
    let upload = created.upload_id.unwrap_or_default();
    let unfinished = Unfinished::new(s3, uri, &upload);
    unfinished.ended(parts(s3, object, head, &upload).await).await
}

async fn parts(
    s3: &Retrying<Client>,
    object: &StoredObject,
    head: &HeadObjectOutput,
    upload: &str,
) -> Result<(), Refusal> {
    let uri = &object.uri;
    let copied = stream::iter((1..).zip((0..object.size).step_by(usize::try_from(PART).unwrap_or(usize::MAX))))
        .map(async |(number, start)| {
            let end = (start + PART).min(object.size) - 1;
            let copy = |client: &Client| {
                client
                    .upload_part_copy()
                    .bucket(&uri.bucket)
                    .key(&uri.key)
                    .upload_id(upload)
                    .part_number(number)
                    .copy_source(source(uri))
                    .set_copy_source_if_match(head.e_tag.clone())
                    .copy_source_range(format!("bytes={start}-{end}"))
                    .customize()
                    .config_override(at_work())
                    .send()
            };
            let part = s3.call("s3:PutObject", copy).await.map_err(|error| refusal(uri, "s3:PutObject", &error))?;
            let tag = part.copy_part_result.and_then(|result| result.e_tag);
            Ok::<_, Refusal>(CompletedPart::builder().part_number(number).set_e_tag(tag).build())
        })
        .buffered(PARTS_AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
    let copied = CompletedMultipartUpload::builder().set_parts(Some(copied)).build();
    s3.call("s3:PutObject", |client| {
        client
            .complete_multipart_upload()
            .bucket(&uri.bucket)
            .key(&uri.key)
            .upload_id(upload)
            .multipart_upload(copied.clone())
            .customize()
            .config_override(at_work())
            .send()
    })
    .await
    .map(|_| ())
    .map_err(|error| refusal(uri, "s3:PutObject", &error))
}

/// The object's tags as a query, which a copy in parts does not carry by itself.
async fn tags(s3: &Retrying<Client>, uri: &S3Uri) -> Result<Option<String>, Refusal> {
    let tagging = s3
        .call("s3:GetObjectTagging", |client| client.get_object_tagging().bucket(&uri.bucket).key(&uri.key).send())
        .await;
    let tagging = tagging.map_err(|error| refusal(uri, "s3:GetObjectTagging", &error))?;
    let encoded = |text| utf8_percent_encode(text, UNRESERVED);
    let pairs = tagging.tag_set.iter().map(|tag| format!("{}={}", encoded(tag.key()), encoded(tag.value())));
    let query = pairs.collect::<Vec<_>>().join("&");
    Ok(Some(query).filter(|query| !query.is_empty()))
}

fn source(uri: &S3Uri) -> String {
    format!("{}/{}", uri.bucket, utf8_percent_encode(&uri.key, KEY))
}
