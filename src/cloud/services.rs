//! What the pipeline asks of its cloud, a trait for each service of AWS. Each has two real implementations, AWS and the
//! offline world.

use std::time::{Duration, Instant};

use super::error::{CloudError, CloudResult, ErrorKind};
use crate::domain::access::{Image, ImageState, KeyGrant, ObjectFacts, Registry, RepositoryPolicy, StoredObject};
use crate::domain::aws::arn::Arn;
use crate::domain::aws::organization::{Account, Unit, UnitId};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::endpoint::{Endpoint, Variant};
use crate::domain::registry::model_package::{GroupRef, ModelPackage, ModelPackageSummary};
use crate::domain::suite::expectation::Answer;
use crate::domain::suite::test_suite::RequestOptions;
use crate::domain::suite::token_times::Arrival;
use crate::files::Opened;

/// A real-time endpoint's answer has up to 25 MB (SageMaker developer guide, "Model Hosting FAQs"); more than this is no
/// answer of a model that any endpoint passes on.
pub(crate) const MOST_ANSWER_BYTES: usize = 32 << 20;

/// What is said of an answer that is longer.
pub(super) fn too_long(operation: &str) -> CloudError {
    let message = format!("the answer has more than {MOST_ANSWER_BYTES} bytes, and SageMaker passes on 25 MB");
    CloudError::new(ErrorKind::Other, operation, message)
}

/// A page of `ListModelPackages`, newest first; it may be empty and still not be the last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub packages: Vec<ModelPackageSummary>,
    pub next: Option<String>,
}

/// One request to an endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Invocation<'a> {
    pub endpoint: &'a str,
    pub options: &'a RequestOptions,
    pub body: &'a [u8],
}

/// An answer, and what came with it; of a stream, its chunks joined.
#[derive(Clone, Debug)]
pub(crate) struct Streamed {
    pub answer: Answer,
    /// Of a stream: when its parts came.
    pub arrivals: Vec<Arrival>,
    /// The stateful session that was opened with it.
    pub session: Option<String>,
}

/// Parts that come closer together are one: the times of an answer in the smallest parts take no more memory than it does.
const AT_ONCE: Duration = Duration::from_micros(20);

/// The body of an answer as it comes in.
#[derive(Debug)]
pub(super) struct Incoming {
    sent: Instant,
    pub(super) bytes: Vec<u8>,
    pub(super) arrivals: Vec<Arrival>,
}

impl Incoming {
    /// Of a request that is sent now.
    pub(super) fn now() -> Self {
        Self { sent: Instant::now(), bytes: Vec::new(), arrivals: Vec::new() }
    }

    /// # Errors
    /// The answer has become longer than any that is meant.
    pub(super) fn take(&mut self, part: &[u8], operation: impl Fn() -> String) -> CloudResult<()> {
        if part.is_empty() {
            return Ok(());
        }
        self.bytes.extend_from_slice(part);
        let arrival = Arrival { bytes: self.bytes.len(), at: self.sent.elapsed() };
        match self.arrivals.last_mut() {
            Some(last) if arrival.at < last.at + AT_ONCE => last.bytes = arrival.bytes,
            _ => self.arrivals.push(arrival),
        }
        if self.bytes.len() > MOST_ANSWER_BYTES { Err(too_long(&operation())) } else { Ok(()) }
    }
}

/// The id in what an answer says of a session that it opened: `ID; Expires=TIME`.
pub(super) fn session(opened: &str) -> String {
    opened.split(';').next().unwrap_or_default().trim().to_owned()
}

/// Where an asynchronous endpoint will put what came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AsyncOutput {
    pub output: S3Uri,
    pub failure: Option<S3Uri>,
}

/// An object's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
    /// How long it had been there when it was read, by the service's clock.
    pub age: Option<Duration>,
}

/// An object by what tells whether two are the same, where that is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListedObject {
    pub key: String,
    pub size: Option<u64>,
    pub entity_tag: Option<String>,
}

impl ListedObject {
    /// How what came differs from what was listed, in words that follow its name.
    pub(crate) fn mismatch(&self, came: &Self) -> Option<String> {
        if let (Some(listed), Some(came)) = (self.size, came.size)
            && listed != came
        {
            return Some(format!("{came} bytes of it came, and {listed} were listed"));
        }
        let tags = self.entity_tag.as_deref().zip(came.entity_tag.as_deref());
        let plain = |tag: &str| tag.trim_start_matches("W/").trim_matches('"').to_owned();
        let differ = tags.is_some_and(|(listed, came)| plain(listed) != plain(came));
        differ.then(|| "another object of that name came than was listed".to_owned())
    }
}

/// Content that is put under a name of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upload<'a> {
    pub bytes: &'a [u8],
    /// The KMS key to encrypt with; else the bucket's own rule decides.
    pub kms_key: Option<&'a str>,
}

/// All of them. Every future runs on the one thread of the command, so none has to be `Send`.
pub(crate) trait Cloud:
    Caller + ModelRegistry + Organizations + Roles + Endpoints + Runtime + Storage + Keys + Repositories
{
}

/// STS: who calls, and where.
pub(crate) trait Caller {
    fn region(&self) -> &str;

    /// The account that the command acts in.
    async fn account(&self) -> CloudResult<String>;
}

/// SageMaker's model registry.
pub(crate) trait ModelRegistry: Caller {
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
}

/// AWS Organizations: the accounts to deploy to.
pub(crate) trait Organizations {
    /// Hands on the accounts directly in a unit or root, each page as soon as it is there.
    async fn accounts_in(&self, parent: &UnitId, page: &dyn Fn(Vec<Account>)) -> CloudResult<()>;

    /// The units directly in a unit or root, all pages of them.
    async fn units_in(&self, parent: &UnitId) -> CloudResult<Vec<Unit>>;
}

/// STS: roles in target accounts.
pub(crate) trait Roles: Caller {
    /// The right to act in a target account.
    type Access;

    /// Takes on a role at once, so that what is wrong with the role is said of the role, to act in that Region.
    async fn assume_role(&self, role: &Arn, region: &str, session_name: &str) -> CloudResult<Self::Access>;
}

/// SageMaker's endpoints in a target account.
pub(crate) trait Endpoints: Roles {
    /// The endpoint of that name; `None` where it does not exist.
    async fn endpoint(&self, access: &Self::Access, name: &str) -> CloudResult<Option<Endpoint>>;

    /// The variants of an endpoint with the models behind them.
    async fn variants(&self, access: &Self::Access, endpoint: &Endpoint) -> CloudResult<Vec<Variant>>;
}

/// The SageMaker runtime: requests to endpoints in a target account.
pub(crate) trait Runtime: Roles {
    /// Sends one request once; a retry is the caller's, so that it can be counted and timed.
    async fn invoke(&self, access: &Self::Access, invocation: &Invocation<'_>) -> CloudResult<Streamed>;

    /// Sends one request once and takes its answer in as a stream; a stream that breaks off is an error.
    async fn stream(&self, access: &Self::Access, invocation: &Invocation<'_>) -> CloudResult<Streamed>;

    /// Sends one chat request once, to the route of the endpoint that is compatible with OpenAI's API.
    async fn chat(&self, access: &Self::Access, invocation: &Invocation<'_>) -> CloudResult<Streamed>;

    /// Hands one request to an asynchronous endpoint: inline, or by an object that was put at `input`.
    async fn invoke_async(
        &self,
        access: &Self::Access,
        invocation: &Invocation<'_>,
        input: Option<&S3Uri>,
    ) -> CloudResult<AsyncOutput>;
}

/// S3: what asynchronous endpoints take and leave, datasets, model data and templates.
pub(crate) trait Storage: Roles {
    /// An object, read as the role; `None` where it does not exist.
    async fn object(&self, access: &Self::Access, uri: &S3Uri) -> CloudResult<Option<Object>>;

    /// An object, read as the caller itself.
    async fn own_object(&self, uri: &S3Uri) -> CloudResult<Option<Object>>;

    /// Hands on what is listed under a prefix in the order of the keys, page by page, as long as more is wanted; what comes
    /// after a key, where one is given. Asked as the caller itself.
    async fn own_objects(
        &self,
        prefix: &S3Uri,
        after: Option<&str>,
        page: &mut dyn FnMut(Vec<ListedObject>) -> bool,
    ) -> CloudResult<()>;

    /// Copies an object into a file, read as the caller itself; answers what came, and `None` where it does not exist.
    async fn copy_own_object(&self, uri: &S3Uri, copy: &Opened) -> CloudResult<Option<ListedObject>>;

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
}

/// KMS: who may use a key.
pub(crate) trait Keys {
    /// The policy of a key in KMS.
    async fn key_policy(&self, key: &str) -> CloudResult<String>;

    /// The grants of a key in KMS.
    async fn key_grants(&self, key: &str) -> CloudResult<Vec<KeyGrant>>;
}

/// ECR: repositories of images.
pub(crate) trait Repositories {
    /// The policy of a private repository.
    async fn repository_policy(&self, registry: &Registry) -> CloudResult<RepositoryPolicy>;

    /// What became of an image in a private repository.
    async fn image_state(&self, image: &Image) -> CloudResult<ImageState>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_the_one_that_was_listed_by_its_size_and_its_entity_tag() {
        let object = |size, tag: &str| ListedObject {
            key: "a".into(),
            size,
            entity_tag: (!tag.is_empty()).then(|| tag.to_owned()),
        };
        let listed = object(Some(3), "\"a\"");
        for same in [object(Some(3), "a"), object(None, "W/\"a\""), object(Some(3), ""), object(None, "")] {
            assert_eq!(listed.mismatch(&same), None, "{same:?}");
            assert_eq!(same.mismatch(&listed), None, "{same:?}");
        }
        for other in [object(Some(2), "\"a\""), object(Some(4), ""), object(Some(3), "\"b\"")] {
            assert!(listed.mismatch(&other).is_some(), "{other:?}");
        }
    }

    #[test]
    fn parts_that_come_at_once_are_one_arrival() {
        let mut incoming = Incoming::now();
        let started = Instant::now();
        for _ in 0..100_000 {
            incoming.take(b"a", String::new).expect("short");
        }
        let most = started.elapsed().as_micros() / AT_ONCE.as_micros() + 2;
        assert!(incoming.arrivals.len() as u128 <= most, "{} arrivals, {most} at most", incoming.arrivals.len());
        assert_eq!(incoming.arrivals.last().map(|arrival| arrival.bytes), Some(100_000));
    }
}
