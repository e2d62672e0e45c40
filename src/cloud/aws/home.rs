//! Whose account the caller's is, and that the registry answers as that account's.

use std::cell::OnceCell;

use super::error::Asked;
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::aws::arn::Arn;
use crate::domain::registry::model_package::GroupRef;

/// The call that says who calls.
pub(super) const CALLER: &str = "sts:GetCallerIdentity";

/// Whose groups those are that are asked for by name: the caller's. Who that is, an answer of STS says, or the first one of
/// the registry; after that, every other answer has to agree.
#[derive(Debug)]
pub(super) struct Home {
    region: String,
    account: OnceCell<String>,
}

impl Home {
    pub(super) fn in_region(region: &str) -> Self {
        Self { region: region.to_owned(), account: OnceCell::new() }
    }

    /// Keeps whose account the caller's is.
    ///
    /// # Errors
    /// The registry answered as that of another one.
    pub(super) fn check(&self, account: &str) -> CloudResult<()> {
        if self.is_in(account) {
            return Ok(());
        }
        let known = self.account.get().map(String::as_str).unwrap_or_default();
        let message = format!("the caller is of account {account}, and the registry answered as that of {known}");
        Err(CloudError::new(ErrorKind::Other, CALLER, message))
    }

    fn is_in(&self, account: &str) -> bool {
        self.account.get_or_init(|| account.to_owned()) == account
    }

    pub(super) fn has(&self, group: &GroupRef, arn: &Arn) -> bool {
        group.arn.is_some() || (arn.region == self.region && self.is_in(&arn.account))
    }

    pub(super) fn asked<'a>(&'a self, group: Option<&'a Arn>, resources: &'a [String]) -> Asked<'a> {
        let account = group.map(|arn| &arn.account).or_else(|| self.account.get());
        let region = group.map_or(&self.region, |arn| &arn.region);
        Asked { region, account: account.map(String::as_str), resources }
    }

    /// The ARN of the group that was asked about, and of no other.
    pub(super) fn group_arn(&self, operation: &str, group: &GroupRef, text: Option<&str>) -> CloudResult<Arn> {
        let arn = arn(operation, text)?;
        if group.is_at(&arn) && self.has(group, &arn) {
            return Ok(arn);
        }
        Err(self.about_another(operation, &arn, group, &format!("group {group}")))
    }

    pub(super) fn about_another(&self, operation: &str, answered: &Arn, group: &GroupRef, asked: &str) -> CloudError {
        let account = self.account.get().filter(|_| group.arn.is_none());
        let place = account.map(|account| format!(" of account {account} in Region {}", self.region));
        about_another(operation, answered, &format!("{asked}{}", place.unwrap_or_default()))
    }
}

pub(super) fn about_another(operation: &str, answered: &Arn, asked: &str) -> CloudError {
    CloudError::new(ErrorKind::Other, operation, format!("the answer is about {answered}, not about {asked}"))
}

pub(super) fn arn(operation: &str, text: Option<&str>) -> CloudResult<Arn> {
    text.and_then(|text| text.parse().ok()).ok_or_else(|| unusable(operation, "ARN"))
}

pub(super) fn unusable(operation: &str, what: &str) -> CloudError {
    CloudError::new(ErrorKind::Other, operation, format!("the answer holds no usable {what}"))
}
