//! Objects in S3: what asynchronous endpoints take and leave, datasets, and model data.

mod bucket;
mod copy;
mod download;
mod project_template;
mod unfinished;

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;

pub(super) use self::bucket::{facts, owner, policy, put_policy, region, stored};
pub(super) use self::copy::take_over;
pub(super) use self::download::object;
pub(super) use self::unfinished::{Unfinished, take_back};
use super::Api;
use super::error::cloud_error;
use super::promise::Promised;
use super::retries::Retrying;
use super::settings::own_url;
use crate::cloud::{CloudError, CloudResult, Object};
use crate::domain::s3_uri::S3Uri;

/// S3 as one identity.
pub(super) struct S3 {
    pub(super) client: Retrying<Client>,
    /// Whose the calls are; none where they are the client's own
    pub(super) credentials: Option<SharedCredentialsProvider>,
}

impl S3 {
    /// As the command itself.
    pub(super) fn own(api: &Api) -> Self {
        Self { client: client(api), credentials: None }
    }

    fn acting(&self) -> Builder {
        let mut builder = Builder::new();
        builder.set_credentials_provider(self.credentials.clone());
        builder
    }
}

pub(super) fn client(api: &Api) -> Retrying<Client> {
    client_in(api, None)
}

/// A client in the Region of a bucket, where that is known to be another than the command's.
fn client_in(api: &Api, region: Option<String>) -> Retrying<Client> {
    let client = match region {
        Some(region) => client_of(&api.config.to_builder().region(Region::new(region)).build()),
        None => client_of(&api.config),
    };
    Retrying { client, retries: api.retries.clone() }
}

pub(super) fn client_of(config: &SdkConfig) -> Client {
    // A bucket's own host name resolves at AWS only, so an endpoint of one's own is asked by path.
    let mut builder = Builder::from(config).force_path_style(own_url(config, "S3").is_some()).interceptor(Promised);
    builder.set_timeout_config(super::patient(config));
    Client::from_conf(builder.build())
}

pub(super) async fn entity_tag(s3: &S3, uri: &S3Uri) -> CloudResult<Option<String>> {
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

pub(super) async fn put(s3: &S3, uri: &S3Uri, object: &Object) -> CloudResult<()> {
    const OPERATION: &str = "s3:PutObject";
    let request = |client: &Client| {
        let request = client.put_object().bucket(&uri.bucket).key(&uri.key);
        let request = request.set_content_type(object.content_type.clone());
        request.body(ByteStream::from(object.bytes.clone())).customize().config_override(s3.acting()).send()
    };
    s3.client.call(OPERATION, request).await.map(|_| ()).map_err(|error| about(uri, cloud_error(OPERATION, &error)))
}

/// An error of S3 names neither bucket nor key.
pub(super) fn about(uri: &S3Uri, error: CloudError) -> CloudError {
    CloudError { message: format!("{uri}: {}", error.message), ..error }
}
