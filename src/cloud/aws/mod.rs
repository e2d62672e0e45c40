//! AWS itself, over its SDK: one file per service, assumed roles in one place.

mod answer;
mod api;
mod assumed_role;
mod clients;
pub mod cloudformation;
pub mod codebuild;
pub mod codecommit;
pub mod codepipeline;
mod credentials;
mod ecr;
mod error;
pub mod eventbridge;
mod http;
pub mod iam;
mod identity;
mod kms;
pub mod organizations;
mod pace;
mod promise;
mod proxies;
mod registry;
mod retries;
mod runtime;
mod s3;
mod service;
pub(crate) mod service_catalog;
pub mod service_quotas;
mod settings;
mod studio;
mod target;
mod upload;

use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;

pub use self::api::Api;
use self::assumed_role::AssumedRole;
use self::clients::SharedClients;
pub use self::credentials::Ask;
use self::error::cloud_error;
pub use self::http::Http;
use self::promise::Promised;
use self::retries::{Retries, Retrying};
use self::s3::S3;
pub use self::service::{Place, Service};
pub use self::settings::Settings;
use super::error::Kind;
use super::{Cloud, CloudError, CloudResult, Invocation, Object, Page, Streamed, Ticket, Upload};
use crate::domain::access::{Image, ImageState, KeyGrant, ObjectFacts, Registry, RepositoryPolicy, StoredObject};
use crate::domain::arn::Arn;
use crate::domain::endpoint::{Endpoint, Variant};
use crate::domain::expectation::Answer;
use crate::domain::finding::Finding;
use crate::domain::model_package::{GroupRef, ModelPackage};
use crate::domain::organization::{Account, Unit, UnitId};
use crate::domain::s3_uri::S3Uri;
use crate::error::{Failure, Result};
use crate::files::Opened;

/// A call that got lost on its way is made again after this; every call but an invocation answers within seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

/// The SDK's own (aws-config 1.13, `timeout_config.rs`)
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

/// A command that prints credentials may ask a person; botocore waits for ever.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_mins(5);

/// For what takes as long as it takes: an answer of a model, an object of any size.
fn patient(config: &SdkConfig) -> Option<TimeoutConfig> {
    config.timeout_config().map(|timeouts| timeouts.to_builder().disable_operation_attempt_timeout().build())
}

const CALLER: &str = "sts:GetCallerIdentity";

/// The account that the command's own credentials belong to.
pub struct Aws {
    region: String,
    sagemaker: Retrying<aws_sdk_sagemaker::Client>,
    api: Api,
    sts: Retrying<aws_sdk_sts::Client>,
    roles: SharedClients,
}

/// Takes back what was uploaded in parts when the work on it was given up; else it costs storage.
pub async fn take_back_uploads() {
    s3::take_back().await;
}

impl Aws {
    /// Finds Region and credentials as every AWS tool does; no call is made, and a person is asked for the code of an MFA
    /// device where the profile wants one.
    ///
    /// # Errors
    /// A setting cannot be used, or no Region is known.
    pub async fn connect(region: Option<String>, ask: Ask) -> Result<Self> {
        let settings = Settings::read()?;
        let http = Http::new(&settings)?;
        let machine = ProviderConfig::without_region().with_http_client(http.of_this_machine());
        let region = match settings.region(region.as_deref())? {
            Some(region) => Some(Region::new(region.to_owned())),
            None => ImdsRegionProvider::builder().configure(&machine).build().region().await,
        };
        let Some(region) = region else {
            return Err(Failure::invalid([Finding::error("no AWS Region is set")
                .cause("neither --region nor AWS_REGION nor the profile names one")
                .hint("set AWS_REGION or --region, or work in a world of your own with --offline")]));
        };
        let (retries, of_clients) = Retries::chosen(settings.retries);
        let retries = retries.in_region(region.as_ref());
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT);
        let config = settings
            .onto(SdkConfig::builder().behavior_version(BehaviorVersion::latest()))
            .region(region.clone())
            .http_client(http.of_services())
            .timeout_config(timeouts.build())
            .retry_config(of_clients)
            .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build())
            .build();
        let machine = machine.with_region(Some(region.clone()));
        let credentials = credentials::provider(&settings.credentials, &config, &machine, ask).await?;
        let config = config.into_builder().credentials_provider(credentials).build();
        let sagemaker = aws_sdk_sagemaker::config::Builder::from(&config).interceptor(Promised).build();
        let sts = aws_sdk_sts::config::Builder::from(&config).interceptor(Promised).build();
        Ok(Self {
            sagemaker: Retrying { client: aws_sdk_sagemaker::Client::from_conf(sagemaker), retries: retries.clone() },
            sts: Retrying { client: aws_sdk_sts::Client::from_conf(sts), retries: retries.clone() },
            api: Api::new(config, retries),
            roles: SharedClients::default(),
            region: region.to_string(),
        })
    }

    /// Services that only the platform's commands speak to.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The Region of a bucket; `None` where there is no such bucket.
    ///
    /// # Errors
    /// The call failed, and the answer does not name the Region.
    pub async fn bucket_region(&self, bucket: &str) -> CloudResult<Option<String>> {
        s3::region(&self.api, bucket).await
    }

    /// Puts the policy of a bucket, in the place of the one that it has.
    ///
    /// # Errors
    /// The call failed.
    pub async fn put_bucket_policy(&self, bucket: &str, policy: &str) -> CloudResult<()> {
        self.explain(s3::put_policy(&self.api, bucket, policy).await).await
    }

    /// Adds to an error what only a further look can tell: who was denied, and where the call went.
    pub async fn explained(&self, mut error: CloudError) -> CloudError {
        if error.kind == Kind::Denied && error.principal.is_none() {
            let caller = self.caller().await;
            error.principal = caller.ok().and_then(|caller| caller.arn);
        }
        error.place.get_or_insert_with(|| format!("Region {}", self.region));
        error
    }

    async fn caller(&self) -> CloudResult<GetCallerIdentityOutput> {
        let asked = self.sts.call(CALLER, |client| client.get_caller_identity().send()).await;
        asked.map_err(|error| cloud_error(CALLER, &error))
    }

    async fn explain<T>(&self, result: CloudResult<T>) -> CloudResult<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(self.explained(error).await),
        }
    }
}

impl Cloud for Aws {
    type Access = AssumedRole;

    fn region(&self) -> &str {
        &self.region
    }

    async fn account(&self) -> CloudResult<String> {
        let caller = self.explain(self.caller().await).await?;
        caller.account.ok_or_else(|| CloudError::new(Kind::Other, CALLER, "the answer holds no account"))
    }

    async fn model_package_group(&self, group: &GroupRef) -> CloudResult<Option<Arn>> {
        self.explain(registry::group(&self.sagemaker, group).await).await
    }

    async fn create_model_package_group(&self, name: &str, description: &str) -> CloudResult<Arn> {
        self.explain(registry::create_group(&self.sagemaker, name, description).await).await
    }

    async fn model_packages(
        &self,
        group: &GroupRef,
        approval: Option<&str>,
        page: Option<String>,
    ) -> CloudResult<Page> {
        self.explain(registry::page(&self.sagemaker, group, approval, page).await).await
    }

    async fn model_package(&self, arn: &Arn) -> CloudResult<Option<ModelPackage>> {
        self.explain(registry::package(&self.api, arn).await).await
    }

    async fn group_policy(&self, group: &str) -> CloudResult<Option<String>> {
        self.explain(registry::policy(&self.sagemaker, group).await).await
    }

    async fn put_group_policy(&self, group: &str, policy: &str) -> CloudResult<()> {
        self.explain(registry::put_policy(&self.sagemaker, group, policy).await).await
    }

    async fn accounts_in(&self, parent: &UnitId, page: &dyn Fn(Vec<Account>)) -> CloudResult<()> {
        self.explain(organizations::accounts(&self.api, parent, page).await).await
    }

    async fn units_in(&self, parent: &UnitId) -> CloudResult<Vec<Unit>> {
        self.explain(organizations::units(&self.api, parent).await).await
    }

    async fn assume_role(&self, role: &Arn, region: &str, session_name: &str) -> CloudResult<AssumedRole> {
        let clients = self.roles.of(&self.api, region);
        self.explain(AssumedRole::assume(clients, &self.sts, role, session_name).await).await
    }

    async fn endpoint(&self, access: &AssumedRole, name: &str) -> CloudResult<Option<Endpoint>> {
        target::endpoint(access, name).await
    }

    async fn variants(&self, access: &AssumedRole, endpoint: &Endpoint) -> CloudResult<Vec<Variant>> {
        target::variants(access, endpoint).await
    }

    async fn invoke(&self, access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Answer> {
        runtime::invoke(access, invocation).await
    }

    async fn stream(&self, access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        runtime::stream(access, invocation).await
    }

    async fn invoke_async(
        &self,
        access: &AssumedRole,
        invocation: &Invocation<'_>,
        input: Option<&S3Uri>,
    ) -> CloudResult<Ticket> {
        runtime::invoke_async(access, invocation, input).await
    }

    async fn object(&self, access: &AssumedRole, uri: &S3Uri) -> CloudResult<Option<Object>> {
        s3::object(&access.s3(), uri).await.map_err(|error| access.explained(error))
    }

    async fn own_object(&self, uri: &S3Uri) -> CloudResult<Option<Object>> {
        self.explain(s3::object(&S3::own(&self.api), uri).await).await
    }

    async fn copy_own_object(&self, uri: &S3Uri, copy: &Opened) -> CloudResult<bool> {
        self.explain(s3::copy_into(&S3::own(&self.api), uri, copy).await).await
    }

    async fn has_object(&self, uri: &S3Uri) -> CloudResult<bool> {
        self.explain(upload::is_there(&s3::client(&self.api), uri).await).await
    }

    async fn upload(&self, uri: &S3Uri, content: &Upload<'_>) -> CloudResult<bool> {
        self.explain(upload::put(&s3::client(&self.api), uri, content).await).await
    }

    async fn entity_tag(&self, access: &AssumedRole, uri: &S3Uri) -> CloudResult<Option<String>> {
        s3::entity_tag(&access.s3(), uri).await.map_err(|error| access.explained(error))
    }

    async fn put_object(&self, access: &AssumedRole, uri: &S3Uri, object: &Object) -> CloudResult<()> {
        s3::put(&access.s3(), uri, object).await.map_err(|error| access.explained(error))
    }

    async fn bucket_policy(&self, bucket: &str) -> CloudResult<Option<String>> {
        self.explain(s3::policy(&self.api, bucket).await).await
    }

    async fn bucket_owner(&self, bucket: &str) -> CloudResult<String> {
        self.explain(s3::owner(&self.api, bucket).await).await
    }

    async fn stored_objects(&self, uri: &S3Uri) -> CloudResult<Vec<StoredObject>> {
        self.explain(s3::stored(&self.api, uri).await).await
    }

    async fn object_facts(&self, uri: &S3Uri) -> CloudResult<Option<ObjectFacts>> {
        self.explain(s3::facts(&self.api, uri).await).await
    }

    async fn take_over(&self, object: &StoredObject) -> CloudResult<()> {
        self.explain(s3::take_over(&self.api, object).await).await
    }

    async fn key_policy(&self, key: &str) -> CloudResult<String> {
        self.explain(kms::policy(&self.api, key).await).await
    }

    async fn key_grants(&self, key: &str) -> CloudResult<Vec<KeyGrant>> {
        self.explain(kms::grants(&self.api, key).await).await
    }

    async fn repository_policy(&self, registry: &Registry) -> CloudResult<RepositoryPolicy> {
        self.explain(ecr::policy(&self.api, registry).await).await
    }

    async fn image_state(&self, image: &Image) -> CloudResult<ImageState> {
        self.explain(ecr::image_state(&self.api, image).await).await
    }
}
