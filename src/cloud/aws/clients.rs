//! The clients of a Region that the roles of all accounts share. One of each account's own would hold a third of a
//! megabyte; what differs is who calls, and that a call can say.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sagemaker::config::IdentityCache;

/// By Region.
#[derive(Default)]
pub(super) struct SharedClients(RefCell<BTreeMap<String, Rc<Clients>>>);

pub(super) struct Clients {
    pub(super) runtime: aws_sdk_sagemakerruntime::Client,
    s3: OnceCell<aws_sdk_s3::Client>,
    config: SdkConfig,
}

impl SharedClients {
    pub(super) fn of(&self, config: &SdkConfig, region: &str) -> Rc<Clients> {
        let mut clients = self.0.borrow_mut();
        Rc::clone(clients.entry(region.to_owned()).or_insert_with(|| Rc::new(Clients::new(config, region))))
    }
}

impl Clients {
    fn new(config: &SdkConfig, region: &str) -> Self {
        // The SDK's cache holds 64 sessions: with more accounts, those that it drops would be taken on again. A role
        // keeps its own.
        let config = config.to_builder().identity_cache(IdentityCache::no_cache());
        let config = config.region(Region::new(region.to_owned())).build();
        // Each invocation is timed and counted, so the SDK must not repeat one behind our back.
        // How long an answer may take is the case's to say; that nothing is sent while a model thinks is no stalled upload.
        let mut single = aws_sdk_sagemakerruntime::config::Builder::from(&config)
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().upload_enabled(false).build());
        single.set_retry_config(Some(RetryConfig::disabled())).set_timeout_config(super::patient(&config));
        Self { runtime: aws_sdk_sagemakerruntime::Client::from_conf(single.build()), s3: OnceCell::new(), config }
    }

    /// Made when it is asked for: few suites need S3.
    pub(super) fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| super::s3::client_of(&self.config))
    }

    /// The configuration of other calls with these credentials.
    pub(super) fn config_of(&self, credentials: SharedCredentialsProvider) -> SdkConfig {
        self.config.to_builder().credentials_provider(credentials).build()
    }
}
