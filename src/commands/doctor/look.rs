//! What can be read of the account by itself: who calls, the organization, buckets, the product.

use futures::future::try_join_all;

use crate::cloud::aws::{Api, Aws, cloudformation, organizations, service_catalog};
use crate::cloud::error::ErrorKind;
use crate::cloud::{Caller, CloudError, CloudResult, Storage};
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::call_as::CallAs;
use crate::domain::aws::organization::DELEGATION;
use crate::domain::aws::partition::partition_of_region;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::platform::doctor::{CallerIdentity, Needed, Organization, Product, Seed, Seen, Unseen};

/// Whoever looks. Nothing that is denied or missing ends the look.
pub(super) struct Look<'a> {
    pub(super) cloud: &'a Aws,
}

/// The organization, and who administers StackSets in it.
pub(super) struct Administration {
    pub(super) organization: Seen<Option<Organization>>,
    pub(super) delegates: Seen<Vec<AccountId>>,
}

impl Administration {
    /// As whom the account may ask about stack sets.
    pub(super) fn call_as(&self, home: &AccountId) -> CallAs {
        let is_management = match &self.organization {
            Ok(Some(organization)) => organization.management == *home,
            _ => true,
        };
        if is_management { CallAs::Management } else { CallAs::DelegatedAdmin }
    }
}

/// What came of a question about that resource, asked as `who`; as the caller itself, if that is nobody.
pub(super) fn seen<T>(who: Option<&str>, resource: impl Into<String>, asked: CloudResult<T>) -> Seen<T> {
    asked.map_err(|error| unseen(who, resource, error))
}

pub(super) fn unseen(who: Option<&str>, resource: impl Into<String>, error: CloudError) -> Unseen {
    match error.kind {
        ErrorKind::Denied => {
            Unseen::Denied(Needed { who: who.map(str::to_owned), action: error.operation, resource: resource.into() })
        }
        _ => Unseen::Failed(error.to_string()),
    }
}

impl Look<'_> {
    pub(super) fn api(&self) -> &Api {
        self.cloud.api()
    }

    pub(super) fn arn_of_object(&self, uri: &S3Uri) -> String {
        format!("{}/{}", self.arn_of_bucket(&uri.bucket), uri.key)
    }

    fn arn_of_bucket(&self, bucket: &str) -> String {
        format!("arn:{}:s3:::{bucket}", partition_of_region(self.cloud.region()))
    }

    pub(super) async fn identity(&self) -> (Seen<CallerIdentity>, Seen<i64>) {
        let (identity, ahead) = self.cloud.identity().await;
        let ahead = ahead.ok_or_else(|| Unseen::unasked("no answer of AWS told the time"));
        (identity.map_err(|error| Unseen::Failed(error.message())), ahead)
    }

    pub(super) async fn administration(&self) -> Administration {
        let api = self.api();
        let (organization, delegates) =
            futures::join!(organizations::organization(api), organizations::delegates(api, DELEGATION));
        Administration { organization: seen(None, "*", organization), delegates: seen(None, "*", delegates) }
    }

    pub(super) async fn trusted_access(&self, call_as: CallAs) -> Seen<String> {
        seen(None, "*", cloudformation::trusted_access(self.api(), call_as).await)
    }

    pub(super) async fn bucket_region(&self, bucket: Option<&str>) -> Seen<Option<String>> {
        let Some(bucket) = bucket else {
            return Err(Unseen::unasked("no bucket is named (--artifact-bucket)"));
        };
        seen(None, self.arn_of_bucket(bucket), self.cloud.bucket_region(bucket).await)
    }

    pub(super) async fn seed(&self, seed: Option<&S3Uri>) -> Seed {
        let Some(uri) = seed else { return Seed::unasked() };
        let (found, region, policy) = futures::join!(
            self.cloud.object_facts(uri),
            self.bucket_region(Some(&uri.bucket)),
            self.cloud.bucket_policy(&uri.bucket),
        );
        let found = match found {
            // Without the right to list, S3 says "denied" of what is not there.
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            other => other,
        };
        Seed {
            found: seen(None, self.arn_of_object(uri), found.map(|found| found.is_some())),
            region,
            policy: seen(None, self.arn_of_bucket(&uri.bucket), policy),
        }
    }

    pub(super) async fn product(&self, name: Option<&str>) -> Seen<Option<Product>> {
        let Some(name) = name else { return Err(Unseen::unasked("no product is named (--product)")) };
        let api = self.api();
        let Some((found, tags)) = seen(None, "*", service_catalog::tagged(api, name).await)? else { return Ok(None) };
        let portfolios = seen(None, "*", service_catalog::portfolios_of(api, &found.id).await)?;
        let (constraints, principals) = futures::join!(
            try_join_all(portfolios.iter().map(|one| service_catalog::constraints(api, &one.id, &found.id))),
            try_join_all(portfolios.iter().map(|one| service_catalog::principals(api, &one.id))),
        );
        Ok(Some(Product {
            launch_roles: seen(
                None,
                "*",
                constraints.map(|of_each| {
                    of_each
                        .into_iter()
                        .flatten()
                        .filter_map(|one| one.role)
                        .map(|role| role.name().to_owned())
                        .collect()
                }),
            ),
            principals: seen(
                None,
                "*",
                principals.map(|of_each| of_each.iter().flatten().map(|one| one.arn().to_owned()).collect()),
            ),
            id: found.id,
            name: found.name,
            tags,
            portfolios: portfolios.into_iter().map(|one| one.id).collect(),
        }))
    }
}
