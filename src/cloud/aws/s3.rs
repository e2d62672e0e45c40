//! Objects in S3: what asynchronous endpoints take and leave, datasets, and model data.

mod bucket;
mod copy;
mod project_template;

use aws_config::{Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;

pub(super) use self::bucket::{facts, owner, policy, put_policy, region, stored};
pub(super) use self::copy::take_over;
use super::error::cloud_error;
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult, Object};
use crate::domain::s3_uri::S3Uri;

pub(super) fn client(config: &SdkConfig) -> Client {
    client_in(config, None)
}

/// A client in the Region of a bucket, where that is known to be another than the command's.
fn client_in(config: &SdkConfig, region: Option<String>) -> Client {
    // A bucket's own host name resolves at AWS only, so an endpoint of one's own is asked by path.
    let own_endpoint = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    let own_endpoint = own_endpoint || std::env::var_os("AWS_ENDPOINT_URL").is_some();
    let mut builder = aws_sdk_s3::config::Builder::from(config).force_path_style(own_endpoint);
    builder.set_timeout_config(super::patient(config));
    if let Some(region) = region {
        builder = builder.region(Region::new(region));
    }
    Client::from_conf(builder.build())
}

pub(super) async fn object(client: &Client, uri: &S3Uri) -> CloudResult<Option<Object>> {
    const OPERATION: &str = "s3:GetObject";
    match client.get_object().bucket(&uri.bucket).key(&uri.key).send().await {
        Ok(object) => {
            let content_type = object.content_type;
            let bytes =
                object.body.collect().await.map_err(|error| {
                    CloudError::new(Kind::Unreachable, OPERATION, format!("{uri} broke off: {error}"))
                })?;
            Ok(Some(Object { content_type, bytes: bytes.to_vec() }))
        }
        Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => Ok(None),
        Err(error) => Err(about(uri, cloud_error(OPERATION, &error))),
    }
}

pub(super) async fn entity_tag(client: &Client, uri: &S3Uri) -> CloudResult<Option<String>> {
    match client.head_object().bucket(&uri.bucket).key(&uri.key).send().await {
        Ok(object) => Ok(object.e_tag),
        Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(None),
        Err(error) => Err(bucket::refusal(uri, "s3:GetObject", &error).error),
    }
}

pub(super) async fn put(client: &Client, uri: &S3Uri, object: &Object) -> CloudResult<()> {
    client
        .put_object()
        .bucket(&uri.bucket)
        .key(&uri.key)
        .set_content_type(object.content_type.clone())
        .body(ByteStream::from(object.bytes.clone()))
        .send()
        .await
        .map(|_| ())
        .map_err(|error| about(uri, cloud_error("s3:PutObject", &error)))
}

/// An error of S3 names neither bucket nor key.
pub(super) fn about(uri: &S3Uri, error: CloudError) -> CloudError {
    CloudError { message: format!("{uri}: {}", error.message), ..error }
}
