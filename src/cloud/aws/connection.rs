//! AWS as the caller of a command: its Region, its credentials, and how every call is made.

use aws_config::identity::IdentityCache;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;

use super::api::Api;
use super::clients::SharedClients;
use super::credentials::{self, AskForCode, Machine};
use super::error::cloud_error;
use super::home::{CALLER, Home};
use super::http::Http;
use super::response_validation::ResponseValidation;
use super::retries::{Retries, Retrying};
use super::settings::{SdkSettings, of_client};
use super::timeout::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, CREDENTIALS_TIMEOUT};
use crate::cloud::error::ErrorKind;
use crate::cloud::{Caller, Cloud, CloudError, CloudResult};
use crate::domain::finding::Finding;
use crate::error::{Failure, Result};

/// The account that the command's own credentials belong to.
pub(crate) struct Aws {
    pub(super) region: String,
    pub(super) home: Home,
    pub(super) sagemaker: Retrying<aws_sdk_sagemaker::Client>,
    pub(super) api: Api,
    pub(super) sts: Retrying<aws_sdk_sts::Client>,
    pub(super) roles: SharedClients,
}

impl Aws {
    /// Finds Region and credentials as every AWS tool does; no call is made, and a person is asked for the code of an MFA
    /// device where the profile wants one.
    ///
    /// # Errors
    /// A setting cannot be used, or no Region is known.
    pub(crate) async fn connect(region: Option<String>, ask: AskForCode) -> Result<Self> {
        let settings = SdkSettings::read()?;
        let http = Http::new(&settings)?;
        let machine = ProviderConfig::without_region().with_http_client(http.of_this_machine());
        let region = if let Some(region) = settings.region(region.as_deref())? {
            Some(Region::new(region.to_owned()))
        } else {
            let client = settings.instance.client(&machine);
            ImdsRegionProvider::builder().configure(&machine).imds_client(client).build().region().await
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
        let machine = Machine { config: machine.with_region(Some(region.clone())), instance: &settings.instance };
        let credentials = credentials::provider(&settings.credentials, &config, &machine, ask).await?;
        let config = config.into_builder().credentials_provider(credentials).build();
        let sagemaker = of_client(&config, "SageMaker");
        let sagemaker = aws_sdk_sagemaker::config::Builder::from(&sagemaker).interceptor(ResponseValidation).build();
        let sts =
            aws_sdk_sts::config::Builder::from(&of_client(&config, "STS")).interceptor(ResponseValidation).build();
        Ok(Self {
            sagemaker: Retrying { client: aws_sdk_sagemaker::Client::from_conf(sagemaker), retries: retries.clone() },
            sts: Retrying { client: aws_sdk_sts::Client::from_conf(sts), retries: retries.clone() },
            api: Api::new(config, retries),
            roles: SharedClients::new(http),
            home: Home::in_region(region.as_ref()),
            region: region.to_string(),
        })
    }

    /// Services that only the platform's commands speak to.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    /// Adds to an error what only a further look can tell: who was denied, and where the call went.
    pub(crate) async fn explained(&self, mut error: CloudError) -> CloudError {
        if error.kind == ErrorKind::Denied && error.principal.is_none() {
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

    pub(super) async fn explain<T>(&self, result: CloudResult<T>) -> CloudResult<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(Box::pin(self.explained(error)).await),
        }
    }
}

impl Cloud for Aws {}

impl Caller for Aws {
    fn region(&self) -> &str {
        &self.region
    }

    async fn account(&self) -> CloudResult<String> {
        let caller = self.explain(self.caller().await).await?;
        let nothing = || CloudError::new(ErrorKind::Other, CALLER, "the answer holds no account");
        let account = caller.account.ok_or_else(nothing)?;
        self.home.check(&account)?;
        Ok(account)
    }
}
