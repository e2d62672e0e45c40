//! The questions and orders that the pipeline has for its cloud, answered by AWS or by the offline world.

pub mod aws;
pub mod error;
pub mod model_server;
pub mod offline;
pub mod units;

use crate::domain::arn::Arn;
use crate::domain::endpoint::{Endpoint, Variant};
use crate::domain::expectation::Answer;
use crate::domain::model_package::{GroupRef, ModelPackage, ModelPackageSummary};
use crate::domain::organization::{Account, Unit, UnitId};

pub use error::CloudError;

pub type CloudResult<T> = Result<T, CloudError>;

/// A page of `ListModelPackages`, newest first; it may be empty and still not be the last.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub packages: Vec<ModelPackageSummary>,
    pub next: Option<String>,
}

/// One request to an endpoint.
#[derive(Clone, Debug)]
pub struct Invocation<'a> {
    pub endpoint: &'a str,
    pub content_type: &'a str,
    pub accept: &'a str,
    pub body: &'a [u8],
}

/// Every future runs on the one thread of the command, so none has to be `Send`.
#[expect(async_fn_in_trait, reason = "the trait is used by this crate's own single-threaded commands only")]
pub trait Cloud {
    /// The right to act in a target account.
    type Access;

    fn region(&self) -> &str;

    /// The account that the command acts in.
    async fn account(&self) -> CloudResult<String>;

    /// The group's ARN; `None` where it does not exist.
    async fn model_package_group(&self, group: &GroupRef) -> CloudResult<Option<Arn>>;

    async fn create_model_package_group(&self, name: &str, description: &str) -> CloudResult<Arn>;

    /// One page of the group's versions, newest first; `approval` narrows it to one `ModelApprovalStatus`.
    async fn model_packages(&self, group: &GroupRef, approval: Option<&str>, page: Option<String>)
    -> CloudResult<Page>;

    /// A described version; `None` where it does not exist.
    async fn model_package(&self, arn: &Arn) -> CloudResult<Option<ModelPackage>>;

    async fn group_policy(&self, group: &str) -> CloudResult<Option<String>>;

    async fn put_group_policy(&self, group: &str, policy: &str) -> CloudResult<()>;

    /// The accounts directly in a unit or root, all pages of them.
    async fn accounts_in(&self, parent: &UnitId) -> CloudResult<Vec<Account>>;

    /// The units directly in a unit or root, all pages of them.
    async fn units_in(&self, parent: &UnitId) -> CloudResult<Vec<Unit>>;

    /// Takes on a role at once, so that what is wrong with the role is said of the role.
    async fn assume_role(&self, role: &Arn, session_name: &str) -> CloudResult<Self::Access>;

    /// The endpoint of that name; `None` where it does not exist.
    async fn endpoint(&self, access: &Self::Access, name: &str) -> CloudResult<Option<Endpoint>>;

    /// The variants of an endpoint config with the models behind them.
    async fn variants(&self, access: &Self::Access, config_name: &str) -> CloudResult<Vec<Variant>>;

    /// Sends one request once; a retry is the caller's, so that it can be counted and timed.
    async fn invoke(&self, access: &Self::Access, invocation: &Invocation<'_>) -> CloudResult<Answer>;
}
