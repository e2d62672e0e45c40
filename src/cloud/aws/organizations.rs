//! AWS Organizations: what is directly in a unit, all pages of it.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Value, json};

use super::{Api, Aws, Service};
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::arn::AccountId;
use crate::domain::organization::{Account, Unit, UnitId};

pub(super) async fn accounts(api: &Api, parent: &UnitId) -> CloudResult<Vec<Account>> {
    let account = |item: &Value| {
        Ok(Account {
            id: id("organizations:ListAccountsForParent", item)?,
            arn: text(item, "Arn").unwrap_or_default(),
            name: text(item, "Name").unwrap_or_default(),
            state: text(item, "State"),
            status: text(item, "Status"),
        })
    };
    children(api, "ListAccountsForParent", parent, "Accounts").await?.iter().map(account).collect()
}

pub(super) async fn units(api: &Api, parent: &UnitId) -> CloudResult<Vec<Unit>> {
    let unit = |item: &Value| {
        let id = id("organizations:ListOrganizationalUnitsForParent", item)?;
        Ok(Unit { id, name: text(item, "Name").unwrap_or_default() })
    };
    children(api, "ListOrganizationalUnitsForParent", parent, "OrganizationalUnits").await?.iter().map(unit).collect()
}

/// A page may be empty and still not be the last; the token alone says so.
async fn children(api: &Api, operation: &'static str, parent: &UnitId, items: &str) -> CloudResult<Vec<Value>> {
    api.list(Service::Organizations, operation, json!({"ParentId": parent.as_str()}), items).await
}

fn text(item: &Value, name: &str) -> Option<String> {
    item[name].as_str().map(str::to_owned)
}

fn id<T: FromStr<Err: Display>>(action: &str, item: &Value) -> CloudResult<T> {
    let text = item["Id"].as_str().unwrap_or_default();
    text.parse().map_err(|error: T::Err| CloudError::new(Kind::Other, action, error.to_string()))
}

impl Aws {
    /// The management account of the organization.
    ///
    /// # Errors
    /// A call that failed.
    pub async fn management_account(&self) -> CloudResult<String> {
        const OPERATION: &str = "organizations:DescribeOrganization";
        let asked = self.api.call(Service::Organizations, "DescribeOrganization", json!({})).await;
        let answer = self.explain(asked).await?;
        let account = answer["Organization"]["MasterAccountId"].as_str().map(str::to_owned);
        account.ok_or_else(|| CloudError::new(Kind::Other, OPERATION, "the answer holds no management account"))
    }

    /// The accounts that may act for a service in the management account's stead.
    ///
    /// # Errors
    /// A call that failed.
    pub async fn delegated_administrators(&self, principal: &str) -> CloudResult<Vec<String>> {
        let input = json!({"ServicePrincipal": principal});
        let items = "DelegatedAdministrators";
        let all = self.api.list(Service::Organizations, "ListDelegatedAdministrators", input, items).await;
        let all = self.explain(all).await?;
        Ok(all.iter().filter_map(|one| one["Id"].as_str().map(str::to_owned)).collect())
    }

    /// Lets an account act for a service in the management account's stead.
    ///
    /// # Errors
    /// The call failed.
    pub async fn register_delegated_administrator(&self, account: &AccountId, principal: &str) -> CloudResult<()> {
        let input = json!({"AccountId": account, "ServicePrincipal": principal});
        let answer = self.api.call(Service::Organizations, "RegisterDelegatedAdministrator", input).await;
        match answer {
            Err(error) if error.code.as_deref() == Some("AccountAlreadyRegisteredException") => Ok(()),
            answer => self.explain(answer.map(|_| ())).await,
        }
    }
}
