//! The AWS of one test: a proxy of its own in front of the one moto that all tests share.
//!
//! `make test` starts moto (pinned in tests/requirements.txt) and names it in `MODELDEPLOY_TEST_MOTO`. Every test's
//! proxy gives the requests that the build role signs to an account of its own (moto's header `x-moto-account-id`, which
//! it ranks above the access key), so tests share moto and never meet. What is signed with a key from `AssumeRole` goes
//! through as it is, and moto finds the member account by that key. Every call of the binary is recorded.
//!
//! What is *not* moto, because moto 5.2.1 lacks or softens it:
//! - `Get`-, `Put`- and `DeleteModelPackageGroupPolicy`: kept in the proxy (moto: HTTP 500). That a group without a
//!   policy answers 400 `ValidationException` "Cannot find resource policy for: ARN" is unverified on AWS.
//! - Service Catalog: all of it is kept in the proxy (see service_catalog.rs).
//! - Tags of SageMaker domains: kept in the proxy (moto: HTTP 500).
//! - `DescribeModelPackageGroup` by ARN: the proxy puts the name in its place (moto knows names only). What another
//!   account shares by its group's policy is found by its ARN (moto looks into the caller's own account only).
//! - Trusted access and delegated administrators of StackSets, units of stack sets, stack sets that are busy
//!   (see stack_sets.rs).
//! - `CompleteMultipartUpload` answers with the element that S3's own answer has (moto's name for it is another one, which
//!   the SDK refuses).
//! - `InvokeEndpointWithResponseStream`: what it answers are stand-in frames of a test's own (see event_stream.rs).
//! - An object of another account in a bucket, a bucket in another Region, objects over 5 GB: lists, redirects and parts
//!   are answered by a test's own stand-ins (moto: every object is its bucket's, every bucket is everywhere).
//! - Every fault: throttling, denial, expired tokens, 5xx, cut connections, delays, empty pages that have a token,
//!   endpoints that are not in service, packages in status Failed, model errors. moto has none of them. The shapes of
//!   error answers are those of each service's protocol; their words are the services' own where they are known.
//! - Credentials as containers get them: the proxy's route `/container-credentials`. CodeBuild itself gives the relative
//!   variant of the variable, whose fixed address 169.254.170.2 no test can stand in for.
//! - Endpoints are made with SDK calls from the exported template and config, since moto's CloudFormation ignores
//!   `EndpointName` and cannot take `Containers` (see deployment.rs).

mod access;
mod answer;
mod call;
mod deployment;
mod event_stream;
mod fault;
mod group_policy;
mod meddling;
mod objects;
mod platform;
mod proxy;
mod query;
mod role;
mod seed;
mod service_catalog;
mod stack_sets;
mod studio;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

pub(crate) use answer::RawAnswer;
pub(crate) use call::Protocol;

use call::Call;
pub(crate) use deployment::{AsyncResult, Deployment};
pub(crate) use event_stream::StreamedAnswer;
use fault::Fault;
pub(crate) use meddling::Meddling;
use proxy::{Proxy, State};

use super::Run;

pub(crate) const REGION: &str = "us-east-1";
/// The build role's key, and what no output may ever hold.
pub(crate) const ACCESS_KEY: &str = "ASIABUILDROLE0000000";
pub(crate) const SECRET_KEY: &str = "the-build-roles-secret-access-key-000000";
pub(crate) const SESSION_TOKEN: &str = "the-build-roles-session-token-0000000000";
/// Keys of the tests themselves, with an account id behind: neither recorded nor subject to faults.
const SEED_KEY: &str = "SEED";
const CREDENTIALS_PATH: &str = "/container-credentials";
/// Longer than anything takes; only a hanging test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// One test's own AWS: its management account (which is its data science account, too) and all that is in it.
pub(crate) struct Aws {
    proxy: Proxy,
    /// For the calls that a test makes itself.
    runtime: Runtime,
    /// Units by the path of their names (`staging/nested`), with the accounts directly in them.
    units: BTreeMap<String, Unit>,
    root: Option<String>,
}

struct Unit {
    id: String,
    accounts: Vec<String>,
}

impl Aws {
    /// An empty account of nobody else's.
    pub(crate) fn new() -> Self {
        let moto = std::env::var("MODELDEPLOY_TEST_MOTO").unwrap_or_else(|_| {
            panic!(
                "this test needs moto, an emulator of AWS, beside it: run `make test`, or `tests/with-moto cargo test`"
            )
        });
        let number = RandomState::new().hash_one(std::process::id());
        let account = (100_000_000_000 + number % 900_000_000_000).to_string();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime for the test's calls");
        Self { proxy: Proxy::start(State::new(moto, account)), runtime, units: BTreeMap::new(), root: None }
    }

    pub(crate) fn account(&self) -> &str {
        &self.proxy.state.account
    }

    pub(crate) fn url(&self) -> &str {
        &self.proxy.url
    }

    /// Where containers of this account get their credentials.
    pub(crate) fn credentials_url(&self) -> String {
        format!("{}{CREDENTIALS_PATH}", self.url())
    }

    /// What comes over the next calls of an operation: `aws.fault("ListModelPackages").first(1).throttles()`.
    pub(crate) fn fault(&self, operation: &str) -> Fault<'_> {
        Fault::on(&self.proxy.state, operation)
    }

    /// What comes over so many of the next calls of an operation, before all faults: the one such thing at a time.
    pub(crate) fn meddle(&self, operation: &str, times: usize, meddling: Meddling) {
        self.proxy.state.meddler.set(operation, times, meddling);
    }

    pub(crate) fn leave_alone(&self) {
        self.proxy.state.meddler.forget();
    }

    pub(crate) fn forget_faults(&self) {
        self.proxy.state.rules.lock().expect("not poisoned").clear();
    }

    /// Every call of the binary so far, in the order of their coming.
    pub(crate) fn all_calls(&self) -> Vec<Arc<Call>> {
        self.proxy.state.calls.lock().expect("not poisoned").clone()
    }

    /// The calls of one operation.
    pub(crate) fn calls(&self, operation: &str) -> Vec<Arc<Call>> {
        let mut calls = self.all_calls();
        calls.retain(|call| call.operation() == operation);
        calls
    }

    /// The operations called so far that are no questions.
    pub(crate) fn writing_calls(&self) -> Vec<String> {
        self.all_calls().iter().filter(|call| call.writes()).map(|call| call.action.clone()).collect()
    }

    pub(crate) fn forget_calls(&self) {
        self.proxy.state.calls.lock().expect("not poisoned").clear();
    }

    /// Waits until an operation was called that often.
    #[track_caller]
    pub(crate) fn wait_for(&self, operation: &str, times: usize) {
        let started = Instant::now();
        while self.calls(operation).len() < times {
            assert!(started.elapsed() < PATIENCE, "{operation} was not called {times} times within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until all that was called is answered, but for so many calls that never are, and the run has taken it in.
    #[track_caller]
    pub(crate) fn wait_for_answers(&self, operations: &[&str], but: usize) {
        for operation in operations {
            self.wait_for(operation, 1);
        }
        let started = Instant::now();
        while self.proxy.state.in_flight.lock().expect("not poisoned").now > but {
            assert!(started.elapsed() < PATIENCE, "more than {but} calls had no answer within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_secs(2));
    }

    /// The largest number of calls that were ever on their way at once.
    pub(crate) fn most_calls_at_once(&self) -> usize {
        self.proxy.state.in_flight.lock().expect("not poisoned").most
    }

    /// Everything secret that the binary was given or fetched.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.proxy.state.secrets.lock().expect("not poisoned").clone();
        secrets.extend([SECRET_KEY.to_owned(), SESSION_TOKEN.to_owned()]);
        secrets
    }

    /// The network goes with the answer to the last of so many more writing calls, and comes back with `None`.
    pub(crate) fn live_for(&self, writing_calls: impl Into<Option<usize>>) {
        *self.proxy.state.lives.lock().expect("not poisoned") = writing_calls.into();
    }

    /// Lets StackSets act in the organization.
    pub(crate) fn trust_stack_sets(&self) {
        self.proxy.state.stack_sets.trust();
    }

    /// Somebody else's operation is found running so often on every stack set.
    pub(crate) fn keep_stack_sets_busy(&self, times: usize) {
        self.proxy.state.stack_sets.keep_busy(times);
    }

    /// The group's resource policy.
    pub(crate) fn group_policy(&self, group: &str) -> Option<serde_json::Value> {
        let text = self.proxy.state.policies.get(group)?;
        Some(serde_json::from_str(&text).expect("a policy is JSON"))
    }

    pub(crate) fn set_group_policy(&self, group: &str, policy: &serde_json::Value) {
        self.proxy.state.policies.put(group, policy.to_string());
    }
}

impl Run {
    /// With this AWS behind the endpoint URL, and the build role's credentials.
    pub(crate) fn aws(self, aws: &Aws) -> Self {
        self.env("AWS_ENDPOINT_URL", aws.url())
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_SESSION_TOKEN", SESSION_TOKEN)
    }

    /// Without the credentials that `aws` gave.
    pub(crate) fn without_credentials(self) -> Self {
        self.without_env("AWS_ACCESS_KEY_ID").without_env("AWS_SECRET_ACCESS_KEY").without_env("AWS_SESSION_TOKEN")
    }
}
