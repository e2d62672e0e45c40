//! The questions and orders that the pipeline has for its cloud, answered by AWS or by the offline world.

pub mod aws;
mod described;
pub mod error;
mod http;
pub mod model_server;
pub mod offline;
mod pages;
pub mod units;

use std::time::Duration;

use crate::domain::access::{Image, ImageState, KeyGrant, ObjectFacts, Registry, RepositoryPolicy, StoredObject};
use crate::domain::arn::Arn;
use crate::domain::endpoint::{Endpoint, Variant};
use crate::domain::expectation::Answer;
use crate::domain::model_package::{GroupRef, ModelPackage, ModelPackageSummary};
use crate::domain::organization::{Account, Unit, UnitId};
use crate::domain::s3_uri::S3Uri;
use crate::domain::test_suite::RequestOptions;
use crate::files::Opened;

pub use error::CloudError;
pub use pages::Pages;

/// A real-time endpoint's answer has up to 25 MB (SageMaker developer guide, "Model Hosting FAQs"); more than this is no
/// answer of a model that any endpoint passes on.
pub(crate) const MOST_ANSWER_BYTES: usize = 32 << 20;

/// What is said of an answer that is longer.
fn too_long(operation: &str) -> CloudError {
    let message = format!("the answer has more than {MOST_ANSWER_BYTES} bytes, and SageMaker passes on 25 MB");
    CloudError::new(error::Kind::Other, operation, message)
}

pub type CloudResult<T> = Result<T, CloudError>;

/// A page of `ListModelPackages`, newest first; it may be empty and still not be the last.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub packages: Vec<ModelPackageSummary>,
    pub next: Option<String>,
}

/// One request to an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    pub endpoint: &'a str,
    pub options: &'a RequestOptions,
    pub body: &'a [u8],
}

/// An answer that came in a stream, its chunks joined.
#[derive(Clone, Debug)]
pub struct Streamed {
    pub answer: Answer,
    /// From the request until the first byte of the answer's body.
    pub first_byte: Option<Duration>,
}

/// Where an asynchronous endpoint will put what came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub output: S3Uri,
    pub failure: Option<S3Uri>,
}

/// An object's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
}

/// Content that is put under a name of its own.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    pub bytes: &'a [u8],
    /// The KMS key to encrypt with; else the bucket's own rule decides.
    pub kms_key: Option<&'a str>,
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

    /// Hands on the accounts directly in a unit or root, each page as soon as it is there.
    async fn accounts_in(&self, parent: &UnitId, page: &dyn Fn(Vec<Account>)) -> CloudResult<()>;

    /// The units directly in a unit or root, all pages of them.
    async fn units_in(&self, parent: &UnitId) -> CloudResult<Vec<Unit>>;

    /// Takes on a role at once, so that what is wrong with the role is said of the role, to act in that Region.
    async fn assume_role(&self, role: &Arn, region: &str, session_name: &str) -> CloudResult<Self::Access>;

    /// The endpoint of that name; `None` where it does not exist.
    async fn endpoint(&self, access: &Self::Access, name: &str) -> CloudResult<Option<Endpoint>>;

    /// The variants of an endpoint with the models behind them.
    async fn variants(&self, access: &Self::Access, endpoint: &Endpoint) -> CloudResult<Vec<Variant>>;

    /// Sends one request once; a retry is the caller's, so that it can be counted and timed.
    async fn invoke(&self, access: &Self::Access, invocation: &Invocation<'_>) -> CloudResult<Answer>;

    /// Sends one request once and takes its answer in as a stream; a stream that breaks off is an error.
    async fn stream(&self, access: &Self::Access, invocation: &Invocation<'_>) -> CloudResult<Streamed>;

    /// Hands one request to an asynchronous endpoint: inline, or by an object that was put at `input`.
    async fn invoke_async(
        &self,
        access: &Self::Access,
        invocation: &Invocation<'_>,
        input: Option<&S3Uri>,
    ) -> CloudResult<Ticket>;

    /// An object, read as the role; `None` where it does not exist.
    async fn object(&self, access: &Self::Access, uri: &S3Uri) -> CloudResult<Option<Object>>;

    /// An object, read as the caller itself.
    async fn own_object(&self, uri: &S3Uri) -> CloudResult<Option<Object>>;

    /// Copies an object into a file, read as the caller itself; answers whether it exists.
    async fn copy_own_object(&self, uri: &S3Uri, copy: &Opened) -> CloudResult<bool>;

    /// Whether an object is known to be there, asked as the caller itself.
    async fn has_object(&self, uri: &S3Uri) -> CloudResult<bool>;

    /// Puts an object as the caller itself, never over another one; answers whether it was not there yet.
    async fn upload(&self, uri: &S3Uri, content: &Upload<'_>) -> CloudResult<bool>;

    /// The entity tag of an object, read as the role; `None` where the object does not exist.
    async fn entity_tag(&self, access: &Self::Access, uri: &S3Uri) -> CloudResult<Option<String>>;

    async fn put_object(&self, access: &Self::Access, uri: &S3Uri, object: &Object) -> CloudResult<()>;

    /// The policy of a bucket; `None` where it has none. A bucket that does not exist is an error of kind `NotFound`.
    async fn bucket_policy(&self, bucket: &str) -> CloudResult<Option<String>>;

    /// The canonical user id of a bucket's owner.
    async fn bucket_owner(&self, bucket: &str) -> CloudResult<String>;

    /// The object, or the first page of objects under a prefix, with their owners.
    async fn stored_objects(&self, uri: &S3Uri) -> CloudResult<Vec<StoredObject>>;

    /// How an object is encrypted; `None` where it does not exist.
    async fn object_facts(&self, uri: &S3Uri) -> CloudResult<Option<ObjectFacts>>;

    /// Copies an object onto itself with all that belongs to it, so that the caller's account owns it.
    async fn take_over(&self, object: &StoredObject) -> CloudResult<()>;

    /// The policy of a key in KMS.
    async fn key_policy(&self, key: &str) -> CloudResult<String>;

    /// The grants of a key in KMS.
    async fn key_grants(&self, key: &str) -> CloudResult<Vec<KeyGrant>>;

    /// The policy of a private repository.
    async fn repository_policy(&self, registry: &Registry) -> CloudResult<RepositoryPolicy>;

    /// What became of an image in a private repository.
    async fn image_state(&self, image: &Image) -> CloudResult<ImageState>;
}
