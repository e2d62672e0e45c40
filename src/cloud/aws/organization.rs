//! AWS Organizations: the organization itself, and who administers StackSets in it.

use serde_json::json;

use super::answer::field;
use super::{Api, Service};
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::arn::AccountId;
use crate::domain::doctor::{Organization, STACK_SETS};

/// The caller's organization; `None` where the account is in none.
///
/// # Errors
/// The call failed.
pub async fn describe(api: &Api) -> CloudResult<Option<Organization>> {
    const OPERATION: &str = "DescribeOrganization";
    let answer = match api.call(Service::Organizations, OPERATION, json!({})).await {
        Err(error) if error.code.as_deref() == Some("AWSOrganizationsNotInUseException") => return Ok(None),
        answer => answer?,
    };
    let found = &answer["Organization"];
    // Renamed in the console only: the API says "master" to this day.
    let management = account(OPERATION, &field(found, "MasterAccountId"))?;
    Ok(Some(Organization { id: field(found, "Id"), management, features: field(found, "FeatureSet") }))
}

/// The delegated administrators of StackSets.
///
/// # Errors
/// A call failed.
pub async fn delegates(api: &Api) -> CloudResult<Vec<AccountId>> {
    const OPERATION: &str = "ListDelegatedAdministrators";
    let input = json!({"ServicePrincipal": STACK_SETS});
    let all = api.list(Service::Organizations, OPERATION, input, "DelegatedAdministrators").await?;
    all.iter().map(|one| account(OPERATION, &field(one, "Id"))).collect()
}

fn account(operation: &str, text: &str) -> CloudResult<AccountId> {
    text.parse().map_err(|error| CloudError::new(Kind::Other, format!("organizations:{operation}"), format!("{error}")))
}
