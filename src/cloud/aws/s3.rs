//! Objects in S3: what asynchronous endpoints take and leave, datasets, and model data.

mod bucket;
mod copy;
mod download;
mod project_template;
mod unfinished;

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;

pub(super) use self::bucket::{facts, owner, policy, put_policy, region, stored};
pub(super) use self::copy::take_over;
use self::download::{Bounded, download};
pub(super) use self::unfinished::{Unfinished, take_back};
use super::ATTEMPT_TIMEOUT;
use super::Api;
use super::error::cloud_error;
use super::promise::Promised;
use super::retries::Retrying;
use super::settings::own_url;
use crate::cloud::{CloudError, CloudResult, Object};
use crate::domain::s3_uri::S3Uri;
use crate::files::Opened;

/// No more of an object is read into memory: as much as an asynchronous endpoint takes (SageMaker developer guide,
/// "Asynchronous inference": 1 GB).
const MOST_BYTES: usize = 1 << 30;

const LONGEST_WORK: Duration = Duration::from_mins(10);

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
    // An object may be of any size, but S3 begins with it at once, and goes on.
    let timeouts = super::patient(config).map(|timeouts| timeouts.to_builder().read_timeout(ATTEMPT_TIMEOUT).build());
    builder.set_timeout_config(timeouts);
    Client::from_conf(builder.build())
}

/// Settings of a call for which S3 works until it is done: it begins to answer, and sends blanks meanwhile (S3 API,
/// `CopyObject` and `CompleteMultipartUpload`). How often it does is not verified.
pub(super) fn at_work() -> Builder {
    Builder::new().timeout_config(TimeoutConfig::builder().read_timeout(LONGEST_WORK).build())
}

/// An object, whole; `None` where it does not exist.
pub(super) async fn object(s3: &S3, uri: &S3Uri) -> CloudResult<Option<Object>> {
    let mut kept = Bounded { bytes: Vec::new(), most: MOST_BYTES };
    let found = download(s3, uri, &mut kept).await?;
    Ok(found.map(|content_type| Object { content_type, bytes: kept.bytes }))
}

/// Copies an object into a file; answers whether it exists.
pub(super) async fn copy_into(s3: &S3, uri: &S3Uri, mut copy: &Opened) -> CloudResult<bool> {
    download(s3, uri, &mut copy).await.map(|found| found.is_some())
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
