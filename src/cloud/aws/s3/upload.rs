//! Objects that are named by what is in them: put once, whole, with a checksum that S3 holds them to.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ServerSideEncryption};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::super::error::cloud_error;
use super::super::retries::Retrying;
use super::client::{about, at_work};
use super::unfinished::Unfinished;
use crate::cloud::{CloudResult, Upload};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::digest::sha256_base64;

const OPERATION: &str = "s3:PutObject";
/// From this size on an object goes up in parts, of this size each: awscli's `multipart_threshold` and
/// `multipart_chunksize`.
const PART: usize = 8 * 1024 * 1024;
const PARTS_AT_ONCE: usize = 4;
/// S3 refuses what would replace an object.
const ONLY_IF_ABSENT: &str = "*";
const ALREADY_THERE: &str = "PreconditionFailed";

/// Whether the object is known to be there. The answer to HEAD has no body, so no reason either: whoever may not list
/// the bucket is told 403 of an absent object too. The upload finds out.
pub(super) async fn is_there(s3: &Retrying<Client>, uri: &S3Uri) -> CloudResult<bool> {
    match s3.call("s3:GetObject", |client| client.head_object().bucket(&uri.bucket).key(&uri.key).send()).await {
        // Every object has a tag; a page of a proxy has none.
        Ok(head) => Ok(head.e_tag.is_some()),
        Err(error) if error.raw_response().is_some_and(|answer| (300..500).contains(&answer.status().as_u16())) => {
            Ok(false)
        }
        Err(error) => Err(about(uri, cloud_error("s3:GetObject", &error))),
    }
}

/// Puts the object; answers whether it was not there yet.
pub(super) async fn put(s3: &Retrying<Client>, uri: &S3Uri, upload: &Upload<'_>) -> CloudResult<bool> {
    let put = if upload.bytes.len() < PART { at_once(s3, uri, upload).await } else { in_parts(s3, uri, upload).await };
    match put {
        Ok(()) => Ok(true),
        Err(error) if error.code.as_deref() == Some(ALREADY_THERE) => Ok(false),
        Err(error) => Err(about(uri, error)),
    }
}

fn encryption(upload: &Upload<'_>) -> Option<ServerSideEncryption> {
    upload.kms_key.map(|_| ServerSideEncryption::AwsKms)
}

async fn at_once(s3: &Retrying<Client>, uri: &S3Uri, upload: &Upload<'_>) -> CloudResult<()> {
    let checksum = sha256_base64(upload.bytes);
    let request = |client: &Client| {
        let request = client.put_object().bucket(&uri.bucket).key(&uri.key).if_none_match(ONLY_IF_ABSENT);
        request
            .checksum_sha256(&checksum)
            .set_server_side_encryption(encryption(upload))
            .set_ssekms_key_id(upload.kms_key.map(str::to_owned))
            .body(ByteStream::from(upload.bytes.to_vec()))
            .send()
    };
    s3.call(OPERATION, request).await.map(|_| ()).map_err(|error| cloud_error(OPERATION, &error))
}

async fn in_parts(s3: &Retrying<Client>, uri: &S3Uri, upload: &Upload<'_>) -> CloudResult<()> {
    let started = s3
        .call(OPERATION, |client| {
            client
                .create_multipart_upload()
                .bucket(&uri.bucket)
                .key(&uri.key)
                .checksum_algorithm(ChecksumAlgorithm::Sha256)
                .set_server_side_encryption(encryption(upload))
                .set_ssekms_key_id(upload.kms_key.map(str::to_owned))
                .send()
        })
        .await
        .map_err(|error| cloud_error(OPERATION, &error))?;
    let id = started.upload_id.unwrap_or_default();
    let unfinished = Unfinished::new(s3, uri, &id);
    unfinished.ended(parts(s3, uri, &id, upload).await).await
}

async fn parts(s3: &Retrying<Client>, uri: &S3Uri, id: &str, upload: &Upload<'_>) -> CloudResult<()> {
    let part = async |(number, bytes): (i32, &[u8])| -> CloudResult<CompletedPart> {
        let checksum = sha256_base64(bytes);
        let request = |client: &Client| {
            let request = client.upload_part().bucket(&uri.bucket).key(&uri.key).upload_id(id).part_number(number);
            request.checksum_sha256(&checksum).body(ByteStream::from(bytes.to_vec())).send()
        };
        let sent = s3.call(OPERATION, request).await;
        let tag = sent.map_err(|error| cloud_error(OPERATION, &error))?.e_tag;
        Ok(CompletedPart::builder().part_number(number).set_e_tag(tag).checksum_sha256(checksum).build())
    };
    let numbered = (1..).zip(upload.bytes.chunks(PART));
    let parts: Vec<CompletedPart> = stream::iter(numbered).map(part).buffered(PARTS_AT_ONCE).try_collect().await?;
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    s3.call(OPERATION, |client| {
        client
            .complete_multipart_upload()
            .bucket(&uri.bucket)
            .key(&uri.key)
            .upload_id(id)
            .if_none_match(ONLY_IF_ABSENT)
            .multipart_upload(parts.clone())
            .customize()
            .config_override(at_work())
            .send()
    })
    .await
    .map(|_| ())
    .map_err(|error| cloud_error(OPERATION, &error))
}
