//! AWS Organizations: what is directly in a unit, all pages of it.

use aws_sdk_organizations::Client;

use super::error::cloud_error;
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::organization::{Account, Unit, UnitId};

pub(super) async fn accounts(client: &Client, parent: &UnitId) -> CloudResult<Vec<Account>> {
    const OPERATION: &str = "organizations:ListAccountsForParent";
    let mut accounts = Vec::new();
    let mut pages = client.list_accounts_for_parent().parent_id(parent.as_str()).into_paginator().send();
    // A page may be empty and still not be the last; the paginator goes by the token alone.
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| cloud_error(OPERATION, &error))?;
        for account in page.accounts.unwrap_or_default() {
            let text = account.id.unwrap_or_default();
            let id = text.parse().map_err(|error| CloudError::new(Kind::Other, OPERATION, format!("{error}")))?;
            accounts.push(Account {
                id,
                arn: account.arn.unwrap_or_default(),
                name: account.name.unwrap_or_default(),
                state: account.state.map(|state| state.as_str().to_owned()),
                status: account.status.map(|status| status.as_str().to_owned()),
            });
        }
    }
    Ok(accounts)
}

pub(super) async fn units(client: &Client, parent: &UnitId) -> CloudResult<Vec<Unit>> {
    const OPERATION: &str = "organizations:ListOrganizationalUnitsForParent";
    let mut units = Vec::new();
    let mut pages = client.list_organizational_units_for_parent().parent_id(parent.as_str()).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| cloud_error(OPERATION, &error))?;
        for unit in page.organizational_units.unwrap_or_default() {
            let text = unit.id.unwrap_or_default();
            let id = text.parse().map_err(|error| CloudError::new(Kind::Other, OPERATION, format!("{error}")))?;
            units.push(Unit { id, name: unit.name.unwrap_or_default() });
        }
    }
    Ok(units)
}
