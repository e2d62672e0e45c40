//! What has to be read to judge access to a package, and what was read.

use std::collections::{BTreeMap, BTreeSet};

use super::image::{Image, Registry, is_aws};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::registry::model_package::ModelPackage;

/// What of a package lies where, by the buckets and repositories to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub data: BTreeMap<String, BTreeSet<S3Uri>>,
    /// Repositories of the build's own account.
    pub own: BTreeSet<Image>,
    /// Images of other registries, which nothing can be asked about.
    pub others: BTreeSet<Image>,
    /// Model data that is not named by an S3 URI.
    pub strange_data: BTreeSet<String>,
}

impl Wanted {
    /// What `package` needs; `own_account` is the account that asks.
    pub(crate) fn of(package: &ModelPackage, own_account: &str) -> Self {
        let mut wanted = Self::default();
        for container in &package.containers {
            for data in container.model_data.iter().chain(&container.more_data) {
                match data.parse::<S3Uri>() {
                    Ok(uri) => _ = wanted.data.entry(uri.bucket.clone()).or_default().insert(uri),
                    Err(_) => _ = wanted.strange_data.insert(data.clone()),
                }
            }
            let digest = container.digest();
            let Some(image) = container.image.as_deref().map(|uri| Image::registered(uri, digest)) else { continue };
            match &image.registry {
                Registry::Private { account, .. } if account == own_account => _ = wanted.own.insert(image),
                Registry::Private { account, .. } if is_aws(account) => {}
                Registry::Public => {}
                Registry::Private { .. } | Registry::Elsewhere => _ = wanted.others.insert(image),
            }
        }
        wanted
    }
}

/// What came of reading something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading<T> {
    Known(T),
    /// It could not be read, which is said where it was tried.
    Unread,
}

impl<T> Reading<T> {
    pub(crate) fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unread => None,
        }
    }
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    pub own_account: String,
    pub partition: String,
    pub buckets: Vec<BucketFacts>,
    pub keys: Vec<KeyFacts>,
    pub repositories: Vec<RepositoryFacts>,
    pub others: BTreeSet<Image>,
    pub strange_data: BTreeSet<String>,
}

/// A bucket of the build's own account, with the model data in it.
#[derive(Clone, Debug)]
pub(crate) struct BucketFacts {
    pub name: String,
    pub policy: Reading<Option<String>>,
    /// The canonical user id of its owner.
    pub owner: Reading<String>,
    pub data: Vec<DataFacts>,
}

/// Model data: one object, or all under a prefix.
#[derive(Clone, Debug)]
pub(crate) struct DataFacts {
    pub uri: S3Uri,
    pub objects: Reading<Vec<StoredObject>>,
    /// Of the object, or of the first one under the prefix; `None` where it is not there.
    pub head: Reading<Option<ObjectFacts>>,
}

/// An object as a list of a bucket shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredObject {
    pub uri: S3Uri,
    /// The canonical user id of the account that it belongs to.
    pub owner: Option<String>,
    pub size: u64,
}

/// How an object is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ObjectFacts {
    /// The key in KMS, by its ARN.
    pub key: Option<String>,
    /// Whether the bucket's own data key stands between (S3 Bucket Keys).
    pub bucket_key: bool,
}

/// A key in KMS, with the object that it was found at.
#[derive(Clone, Debug)]
pub(crate) struct KeyFacts {
    pub id: String,
    pub at: S3Uri,
    pub bucket_key: bool,
    pub policy: Reading<String>,
    /// Asked for only if the policy does not allow everybody.
    pub grants: Option<Reading<Vec<KeyGrant>>>,
}

/// A grant of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyGrant {
    pub grantee: String,
    pub operations: Vec<String>,
    /// Whether it holds for some encryption contexts only.
    pub constrained: bool,
}

/// A repository of the build's own account.
#[derive(Clone, Debug)]
pub(crate) struct RepositoryFacts {
    pub image: Image,
    pub policy: Reading<RepositoryPolicy>,
    pub state: Reading<ImageState>,
}

/// What became of an image (botocore 1.44.8, ecr.ImageStatus).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ImageState {
    Active,
    /// It cannot be pulled until somebody restores it.
    Archived,
    /// It is being restored.
    Activating,
    Gone,
    /// Of a status that AWS added later.
    Other(String),
}

impl From<&str> for ImageState {
    fn from(status: &str) -> Self {
        match status {
            // An answer of before there was an archive says nothing of it.
            "ACTIVE" | "" => Self::Active,
            "ARCHIVED" => Self::Archived,
            "ACTIVATING" => Self::Activating,
            other => Self::Other(other.to_owned()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RepositoryPolicy {
    /// There is no such repository.
    NoRepository,
    /// The repository has no policy.
    Unset,
    Text(String),
}
