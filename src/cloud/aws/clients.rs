//! The clients of a Region that the roles of all accounts share. One of each account's own would hold a third of a
//! megabyte; what differs is who calls, and that a call can say.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_sdk_s3::config::IdentityCache;

use super::Api;

/// By Region.
#[derive(Default)]
pub(super) struct SharedClients(RefCell<BTreeMap<String, Rc<Clients>>>);

pub(super) struct Clients {
    /// As the command itself
    pub(super) api: Api,
    pub(super) runtime: aws_sdk_sagemakerruntime::Client,
    s3: OnceCell<aws_sdk_s3::Client>,
}

impl SharedClients {
    pub(super) fn of(&self, api: &Api, region: &str) -> Rc<Clients> {
        let mut clients = self.0.borrow_mut();
        Rc::clone(clients.entry(region.to_owned()).or_insert_with(|| Rc::new(Clients::new(api.in_region(region)))))
    }
}

impl Clients {
    fn new(api: Api) -> Self {
        // Each invocation is timed and counted, so the SDK must not repeat one behind our back.
        // How long an answer may take is the case's to say; that nothing is sent while a model thinks is no stalled upload.
        let mut runtime = aws_sdk_sagemakerruntime::config::Builder::from(&api.config)
            .identity_cache(IdentityCache::no_cache())
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().upload_enabled(false).build());
        runtime.set_retry_config(Some(RetryConfig::disabled())).set_timeout_config(super::patient(&api.config));
        Self { runtime: aws_sdk_sagemakerruntime::Client::from_conf(runtime.build()), s3: OnceCell::new(), api }
    }

    /// Made when it is asked for: few suites need S3.
    pub(super) fn s3(&self) -> &aws_sdk_s3::Client {
        let config = || self.api.config.to_builder().identity_cache(IdentityCache::no_cache()).build();
        self.s3.get_or_init(|| super::s3::client_of(&config()))
    }
}
