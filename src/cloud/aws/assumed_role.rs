//! Roles in target accounts: taken on at once, taken on again before they expire.

use std::cell::OnceCell;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sagemaker::config::retry::RetryPartition;
use futures::lock::Mutex;

use super::Api;
use super::error::cloud_error;
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::arn::Arn;

/// Role chaining allows an hour at most (botocore sts.AssumeRole), and a CodeBuild role is a session already.
const SESSION_SECONDS: i32 = 3600;

/// A session with less time left is not worth starting a call with.
const RENEW_BEFORE: Duration = Duration::from_mins(1);

/// Clients that act as a role in a target account.
pub struct AssumedRole {
    pub(super) role: Arn,
    pub(super) sagemaker: aws_sdk_sagemaker::Client,
    pub(super) runtime: aws_sdk_sagemakerruntime::Client,
    config: SdkConfig,
    s3: OnceCell<aws_sdk_s3::Client>,
}

impl AssumedRole {
    /// Takes on the role now: a provider that waits for the first call would blame that call.
    pub(super) async fn assume(
        config: &SdkConfig,
        sts: &aws_sdk_sts::Client,
        role: &Arn,
        region: &str,
        session_name: &str,
    ) -> CloudResult<Self> {
        let source = Source { sts: sts.clone(), role: role.to_string(), session_name: session_name.to_owned() };
        let first = source.credentials().await?;
        let provider = SharedCredentialsProvider::new(Renewing { source, current: Mutex::new(first) });
        let region = aws_config::Region::new(region.to_owned());
        let config = config.to_builder().credentials_provider(provider).region(region).build();
        // Of its own for each account: one that is throttled must neither slow the others down nor use up their retries.
        let partition =
            RetryPartition::new(format!("{}/{}", role.account, config.region().map_or("", |region| region.as_ref())));
        let sagemaker = aws_sdk_sagemaker::config::Builder::from(&config).retry_partition(partition);
        // Each invocation is timed and counted, so the SDK must not repeat one behind our back.
        // How long an answer may take is the case's to say; that nothing is sent while a model thinks is no stalled upload.
        let mut single = aws_sdk_sagemakerruntime::config::Builder::from(&config)
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().upload_enabled(false).build());
        single.set_retry_config(Some(RetryConfig::disabled())).set_timeout_config(super::patient(&config));
        Ok(Self {
            role: role.clone(),
            sagemaker: aws_sdk_sagemaker::Client::from_conf(sagemaker.build()),
            runtime: aws_sdk_sagemakerruntime::Client::from_conf(single.build()),
            s3: OnceCell::new(),
            config,
        })
    }

    /// Made when it is asked for: few suites need S3, and every client holds a good part of a megabyte.
    pub(super) fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| super::s3::client(&self.config))
    }

    /// Other services in the same account.
    pub fn api(&self) -> Api {
        Api::new(&self.config, self.role.account.as_str())
    }

    /// Says who was denied: the role itself.
    pub(super) fn explained(&self, mut error: CloudError) -> CloudError {
        error.principal.get_or_insert_with(|| self.role.to_string());
        error
    }
}

#[derive(Debug)]
struct Source {
    sts: aws_sdk_sts::Client,
    role: String,
    session_name: String,
}

impl Source {
    async fn credentials(&self) -> CloudResult<Credentials> {
        const OPERATION: &str = "sts:AssumeRole";
        let assumed = self
            .sts
            .assume_role()
            .role_arn(&self.role)
            .role_session_name(&self.session_name)
            .duration_seconds(SESSION_SECONDS)
            .send()
            .await
            .map_err(|error| cloud_error(OPERATION, &error))?;
        let credentials = assumed
            .credentials
            .ok_or_else(|| CloudError::new(Kind::Other, OPERATION, "the answer holds no credentials"))?;
        Ok(Credentials::new(
            credentials.access_key_id,
            credentials.secret_access_key,
            Some(credentials.session_token),
            std::time::SystemTime::try_from(credentials.expiration).ok(),
            "AssumeRole",
        ))
    }
}

/// Hands out one session until it is about to end. The SDK's own cache serves all roles and holds 64 sessions:
/// with more accounts, those that it drops would be taken on again.
#[derive(Debug)]
struct Renewing {
    source: Source,
    current: Mutex<Credentials>,
}

impl ProvideCredentials for Renewing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let mut current = self.current.lock().await;
            if current.expiry().is_some_and(|end| end < SystemTime::now() + RENEW_BEFORE) {
                let renewed = self.source.credentials().await;
                *current = renewed.map_err(|error| CredentialsError::provider_error(error.to_string()))?;
            }
            Ok(current.clone())
        })
    }
}
