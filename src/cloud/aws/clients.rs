//! The clients of a Region that the roles of all accounts share. One of each account's own would hold a third of a
//! megabyte; what differs is who calls, and that a call can say.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_sdk_s3::config::IdentityCache;

use super::api::Api;
use super::http::Http;
use super::s3::client::client_of;
use super::settings::of_client;
use super::timeout::patient;

pub(super) struct SharedClients {
    http: Http,
    by_region: RefCell<BTreeMap<String, Rc<Clients>>>,
}

pub(super) struct Clients {
    /// As the command itself
    pub(super) api: Api,
    pub(super) http: Http,
    pub(super) runtime: aws_sdk_sagemakerruntime::Client,
    s3: OnceCell<aws_sdk_s3::Client>,
}

impl SharedClients {
    pub(super) fn new(http: Http) -> Self {
        Self { http, by_region: RefCell::default() }
    }

    pub(super) fn of(&self, api: &Api, region: &str) -> Rc<Clients> {
        let mut clients = self.by_region.borrow_mut();
        let new = || Rc::new(Clients::new(api.in_region(region), self.http.clone()));
        Rc::clone(clients.entry(region.to_owned()).or_insert_with(new))
    }
}

impl Clients {
    fn new(api: Api, http: Http) -> Self {
        // Each invocation is timed and counted, so the SDK must not repeat one behind our back.
        // How long an answer may take is the case's to say; that nothing is sent while a model thinks is not a stalled upload.
        let mut runtime = aws_sdk_sagemakerruntime::config::Builder::from(&of_client(&api.config, "SageMaker Runtime"))
            .identity_cache(IdentityCache::no_cache())
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().upload_enabled(false).build());
        runtime.set_retry_config(Some(RetryConfig::disabled())).set_timeout_config(patient(&api.config));
        Self { runtime: aws_sdk_sagemakerruntime::Client::from_conf(runtime.build()), s3: OnceCell::new(), api, http }
    }

    /// Made when it is asked for: few suites need S3.
    pub(super) fn s3(&self) -> &aws_sdk_s3::Client {
        let config = || self.api.config.to_builder().identity_cache(IdentityCache::no_cache()).build();
        self.s3.get_or_init(|| client_of(&config()))
    }
}
