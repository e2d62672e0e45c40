//! AWS Organizations: the organization, what is directly in a unit, and who administers a service in it.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Value, json};

use super::api::Api;
use super::connection::Aws;
use super::service::Service;
use crate::cloud::Organizations;
use crate::cloud::answer::{field, text, texts};
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::organization::{Account, Unit, UnitId};
use crate::domain::platform::doctor::Organization;

async fn described(api: &Api) -> CloudResult<Organization> {
    let answer = api.call(Service::Organizations, "DescribeOrganization", json!({})).await?;
    let found = &answer["Organization"];
    // Renamed in the console only: the API says "master" to this day.
    let management = id("organizations:DescribeOrganization", found, "MasterAccountId")?;
    Ok(Organization { id: field(found, "Id"), management, features: field(found, "FeatureSet") })
}

/// The caller's organization; `None` where the account is in none.
///
/// # Errors
/// The call failed.
pub(crate) async fn organization(api: &Api) -> CloudResult<Option<Organization>> {
    match described(api).await {
        Err(error) if error.code.as_deref() == Some("AWSOrganizationsNotInUseException") => Ok(None),
        answer => answer.map(Some),
    }
}

/// The accounts that may act for a service in the management account's stead.
///
/// # Errors
/// A call failed.
pub(crate) async fn delegates(api: &Api, principal: &str) -> CloudResult<Vec<AccountId>> {
    let (input, items) = (json!({"ServicePrincipal": principal}), "DelegatedAdministrators");
    let all = api.list(Service::Organizations, "ListDelegatedAdministrators", input, items).await?;
    all.iter().map(|one| id("organizations:ListDelegatedAdministrators", one, "Id")).collect()
}

pub(super) async fn accounts(api: &Api, parent: &UnitId, page: &dyn Fn(Vec<Account>)) -> CloudResult<()> {
    const OPERATION: &str = "ListAccountsForParent";
    let account = |item: &Value| {
        Ok(Account {
            id: id("organizations:ListAccountsForParent", item, "Id")?,
            arn: field(item, "Arn"),
            name: field(item, "Name"),
            state: text(&item["State"]),
            status: text(&item["Status"]),
            paths: texts(&item["Paths"]),
        })
    };
    let input = json!({"ParentId": parent.as_str()});
    let accounts = |found: Vec<Value>| {
        page(found.iter().map(account).collect::<CloudResult<_>>()?);
        Ok(())
    };
    // A page may be empty and still not be the last; the token alone says so.
    api.pages(Service::Organizations, OPERATION, input, "Accounts", accounts).await
}

pub(super) async fn units(api: &Api, parent: &UnitId) -> CloudResult<Vec<Unit>> {
    let unit = |item: &Value| {
        let id = id("organizations:ListOrganizationalUnitsForParent", item, "Id")?;
        Ok(Unit { id, name: field(item, "Name") })
    };
    let (input, items) = (json!({"ParentId": parent.as_str()}), "OrganizationalUnits");
    let all = api.list(Service::Organizations, "ListOrganizationalUnitsForParent", input, items).await?;
    all.iter().map(unit).collect()
}

/// An id, which the ARN beside it has to end with, where there is one.
fn id<T: FromStr<Err: Display>>(action: &str, item: &Value, name: &str) -> CloudResult<T> {
    let (id, arn) = (field(item, name), field(item, &name.replace("Id", "Arn")));
    if !arn.is_empty() && arn.rsplit('/').next() != Some(id.as_str()) {
        let message = format!("the answer gives {id} and the ARN of another, {arn}");
        return Err(CloudError::new(ErrorKind::Other, action, message));
    }
    field(item, name).parse().map_err(|error: T::Err| CloudError::new(ErrorKind::Other, action, error.to_string()))
}

impl Aws {
    /// The management account of the organization.
    ///
    /// # Errors
    /// A call that failed.
    pub(crate) async fn management_account(&self) -> CloudResult<String> {
        let organization = self.explain(described(&self.api).await).await?;
        Ok(organization.management.to_string())
    }

    /// The accounts that may act for a service in the management account's stead.
    ///
    /// # Errors
    /// A call that failed.
    pub(crate) async fn delegated_administrators(&self, principal: &str) -> CloudResult<Vec<String>> {
        let all = self.explain(delegates(&self.api, principal).await).await?;
        Ok(all.iter().map(AccountId::to_string).collect())
    }

    /// Lets an account act for a service in the management account's stead.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn register_delegated_administrator(
        &self,
        account: &AccountId,
        principal: &str,
    ) -> CloudResult<()> {
        let input = json!({"AccountId": account, "ServicePrincipal": principal});
        let answer = self.api.call(Service::Organizations, "RegisterDelegatedAdministrator", input).await;
        match answer {
            Err(error) if error.code.as_deref() == Some("AccountAlreadyRegisteredException") => Ok(()),
            answer => self.explain(answer.map(|_| ())).await,
        }
    }
}

impl Organizations for Aws {
    async fn accounts_in(&self, parent: &UnitId, page: &dyn Fn(Vec<Account>)) -> CloudResult<()> {
        self.explain(accounts(&self.api, parent, page).await).await
    }

    async fn units_in(&self, parent: &UnitId) -> CloudResult<Vec<Unit>> {
        self.explain(units(&self.api, parent).await).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_refused_beside_the_arn_of_another() {
        let read = |arn: Value| id::<AccountId>("call", &json!({"Id": "222222222222", "Arn": arn}), "Id");
        let of = |account: &str| json!(format!("arn:aws:organizations::111111111111:account/o-a/{account}"));
        assert!(read(of("222222222222")).is_ok() && read(Value::Null).is_ok());
        assert!(read(of("333333333333")).is_err());
    }
}
