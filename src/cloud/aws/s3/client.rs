//! S3's client: as whom it is called, in which Region, and how long it is waited for.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;

use super::super::api::Api;
use super::super::response_validation::ResponseValidation;
use super::super::retries::Retrying;
use super::super::settings::{of_client, own_url};
use super::super::timeout::{ATTEMPT_TIMEOUT, patient};
use crate::cloud::CloudError;
use crate::domain::aws::s3_uri::S3Uri;

/// What botocore waits for, 60 s, less what leaves time for a second attempt.
const LONGEST_WORK: Duration = Duration::from_secs(50);

/// S3 as one identity.
pub(in super::super) struct S3 {
    pub(in super::super) client: Retrying<Client>,
    /// Whose the calls are; none where they are the client's own
    pub(in super::super) credentials: Option<SharedCredentialsProvider>,
}

impl S3 {
    /// As the command itself.
    pub(super) fn own(api: &Api) -> Self {
        Self { client: client(api), credentials: None }
    }

    pub(super) fn acting(&self) -> Builder {
        let mut builder = Builder::new();
        builder.set_credentials_provider(self.credentials.clone());
        builder
    }
}

pub(super) fn client(api: &Api) -> Retrying<Client> {
    client_in(api, None)
}

/// A client in the Region of a bucket, where that is known to be another than the command's.
pub(super) fn client_in(api: &Api, region: Option<String>) -> Retrying<Client> {
    let client = match region {
        Some(region) => client_of(&api.config.to_builder().region(Region::new(region)).build()),
        None => client_of(&api.config),
    };
    Retrying { client, retries: api.retries.clone() }
}

pub(in super::super) fn client_of(config: &SdkConfig) -> Client {
    // A bucket's own host name resolves at AWS only, so an endpoint of one's own is asked by path.
    let mut builder = Builder::from(&of_client(config, "S3"));
    builder = builder.force_path_style(own_url(config, "S3").is_some()).interceptor(ResponseValidation);
    // An object may be of any size, but S3 begins with it at once, and goes on.
    let timeouts = patient(config).map(|timeouts| timeouts.to_builder().read_timeout(ATTEMPT_TIMEOUT).build());
    builder.set_timeout_config(timeouts);
    Client::from_conf(builder.build())
}

/// SdkSettings of a call for which S3 works until it is done: it begins to answer, and sends blanks meanwhile (S3 API,
/// `CopyObject` and `CompleteMultipartUpload`). How often it does is not verified.
pub(super) fn at_work() -> Builder {
    Builder::new().timeout_config(TimeoutConfig::builder().read_timeout(LONGEST_WORK).build())
}

/// An error of S3 names neither bucket nor key.
pub(super) fn about(uri: &S3Uri, error: CloudError) -> CloudError {
    CloudError { message: format!("{uri}: {}", error.message), ..error }
}
