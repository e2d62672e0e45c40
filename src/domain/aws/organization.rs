//! The organization tree and the accounts of a unit that a stack set reaches.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::domain::aws::arn::{AccountId, Arn};
use crate::domain::finding::Finding;

/// As whom a delegated administrator for StackSets is registered (CloudFormation User Guide, "Register a delegated
/// administrator").
pub(crate) const DELEGATION: &str = "member.org.stacksets.cloudformation.amazonaws.com";

/// Organizational units nest at most five levels below the root (Organizations quotas).
pub(crate) const MAX_UNIT_DEPTH: usize = 5;

/// The id of an organizational unit or of the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is not the id of an organizational unit (ou-...) or of a root (r-...)")]
pub struct NotAUnit(String);

impl FromStr for UnitId {
    type Err = NotAUnit;

    fn from_str(text: &str) -> Result<Self, NotAUnit> {
        // botocore organizations.ParentId: r-[0-9a-z]{4,32} or ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}
        let word = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
            lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let valid = match text.split('-').collect::<Vec<_>>()[..] {
            ["r", root] => word(root, 4..=32),
            ["ou", root, unit] => word(root, 4..=32) && word(unit, 8..=32),
            _ => false,
        };
        if valid { Ok(Self(text.to_owned())) } else { Err(NotAUnit(text.to_owned())) }
    }
}

impl UnitId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The root that the unit is under, whose id is a part of the unit's own.
    pub(crate) fn root(&self) -> String {
        format!("r-{}", self.0.split('-').nth(1).unwrap_or_default())
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A child of a unit or root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub id: UnitId,
    pub name: String,
}

/// An account as `ListAccountsForParent` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub id: AccountId,
    /// Carries the id of the management account: `arn:aws:organizations::<management>:account/o-x/<id>`.
    pub arn: String,
    pub name: String,
    /// `State`, which replaces `Status`: the latter was to be retired on 2026-09-09.
    pub state: Option<String>,
    pub status: Option<String>,
    /// `Paths`: from the organization over the root and its units down to the account; none where AWS does not tell.
    pub paths: Vec<String>,
}

impl Account {
    /// Its values of `aws:PrincipalOrgPaths`, which end with the unit.
    pub(crate) fn unit_paths(&self) -> Vec<String> {
        let unit = |path: &String| {
            let units: Vec<&str> =
                path.split('/').filter(|part| !part.is_empty() && *part != self.id.as_str()).collect();
            format!("{}/", units.join("/"))
        };
        self.paths.iter().map(unit).collect()
    }

    /// The account in the unit with that path from the root (`r-x/ou-x/`), unless AWS tells its paths.
    #[must_use]
    pub(crate) fn placed(mut self, path: &str) -> Self {
        if let Some(organization) = self.organization().filter(|_| self.paths.is_empty()) {
            self.paths.push(format!("{organization}/{path}"));
        }
        self
    }

    /// `State`, else `Status`.
    pub(crate) fn condition(&self) -> Option<&str> {
        self.state.as_deref().or(self.status.as_deref())
    }

    /// The id of the organization, from the ARN.
    pub(crate) fn organization(&self) -> Option<String> {
        let arn: Arn = self.arn.parse().ok()?;
        arn.resource.split('/').find(|part| part.starts_with("o-")).map(str::to_owned)
    }

    fn is_management(&self) -> bool {
        self.arn.parse::<Arn>().is_ok_and(|arn| arn.account == self.id.as_str())
    }
}

/// An account of a unit that nothing is deployed to, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub id: AccountId,
    pub name: String,
    pub reason: String,
}

/// The accounts that a stack set on a unit reaches, and those that it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Targets {
    pub active: Vec<Account>,
    pub left_out: Vec<LeftOut>,
}

impl Targets {
    /// Sorts accounts by whether service-managed stack sets deploy to them; each account counts once.
    pub(crate) fn among(accounts: impl IntoIterator<Item = Account>) -> Self {
        let accounts: BTreeMap<AccountId, Account> =
            accounts.into_iter().map(|account| (account.id.clone(), account)).collect();
        let mut targets = Self::default();
        for account in accounts.into_values() {
            let reason = if account.is_management() {
                "it is the management account, which service-managed stack sets never deploy to".to_owned()
            } else {
                match account.condition() {
                    Some("ACTIVE") => {
                        targets.active.push(account);
                        continue;
                    }
                    Some(condition) => format!("it is {condition}"),
                    None => "AWS gave neither a State nor a Status for it".to_owned(),
                }
            };
            targets.left_out.push(LeftOut { id: account.id, name: account.name, reason });
        }
        targets
    }

    pub(crate) fn ids(&self) -> Vec<AccountId> {
        self.active.iter().map(|account| account.id.clone()).collect()
    }

    /// A finding if nothing can be deployed to the unit.
    ///
    /// # Errors
    /// The unit has no active account.
    pub(crate) fn require_some(&self, unit: &UnitId, stage: Option<&str>) -> Result<(), Finding> {
        if !self.active.is_empty() {
            return Ok(());
        }
        let stage = stage.map(|name| format!(" (stage \"{name}\")")).unwrap_or_default();
        let finding = Finding::error(format!("organizational unit {unit}{stage} has no active account"));
        let cause = if self.left_out.is_empty() {
            "the unit and its child units hold no account".to_owned()
        } else {
            let each: Vec<String> =
                self.left_out.iter().map(|account| format!("{}: {}", account.id, account.reason)).collect();
            each.join("; ")
        };
        Err(finding
            .cause(cause)
            .hint("move an active account into the unit, or name another unit in the project's parameters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, management: &str, state: Option<&str>, status: Option<&str>) -> Account {
        Account {
            id: id.parse().expect("valid"),
            arn: format!("arn:aws:organizations::{management}:account/o-abc/{id}"),
            name: format!("account {id}"),
            state: state.map(str::to_owned),
            status: status.map(str::to_owned),
            paths: Vec::new(),
        }
    }

    #[test]
    fn the_path_of_an_account_ends_with_its_unit() {
        let account = account("300000000003", "100000000001", None, None);
        let told = |paths: &[&str]| {
            let paths = paths.iter().map(|path| (*path).to_owned()).collect();
            Account { paths, ..account.clone() }.placed("r-ab12/").unit_paths()
        };
        assert_eq!(told(&["o-abc/r-ab12/ou-ab12-cdef3456/300000000003/"]), ["o-abc/r-ab12/ou-ab12-cdef3456/"]);
        assert_eq!(told(&["o-abc/r-ab12/ou-ab12-cdef3456/"]), ["o-abc/r-ab12/ou-ab12-cdef3456/"]);
        assert_eq!(told(&[]), ["o-abc/r-ab12/"]);
        let nobody = Account { arn: String::new(), ..account.clone() };
        assert_eq!(nobody.placed("r-ab12/").unit_paths(), [""; 0]);
    }

    #[test]
    fn only_active_member_accounts_are_reached_and_each_other_one_is_named() {
        const MANAGEMENT: &str = "100000000001";
        let targets = Targets::among([
            account("300000000003", MANAGEMENT, Some("ACTIVE"), None),
            account(MANAGEMENT, MANAGEMENT, Some("ACTIVE"), Some("ACTIVE")),
            account("200000000002", MANAGEMENT, None, Some("ACTIVE")),
            account("400000000004", MANAGEMENT, Some("PENDING_CLOSURE"), Some("ACTIVE")),
            account("500000000005", MANAGEMENT, None, None),
            account("200000000002", MANAGEMENT, None, Some("ACTIVE")),
        ]);
        let ids: Vec<String> = targets.ids().iter().map(ToString::to_string).collect();
        assert_eq!(ids, ["200000000002", "300000000003"]);
        let left: Vec<(&str, &str)> =
            targets.left_out.iter().map(|left| (left.id.as_str(), left.reason.as_str())).collect();
        assert_eq!(left[0].0, MANAGEMENT);
        assert_eq!(left[1], ("400000000004", "it is PENDING_CLOSURE"));
        assert_eq!(left[2].0, "500000000005");
    }

    #[test]
    fn unit_ids_have_the_shape_that_aws_gives_them() {
        for good in ["r-ab12", "ou-ab12-cdef3456"] {
            assert!(good.parse::<UnitId>().is_ok(), "{good}");
        }
        for bad in ["", "ou-ab12", "r-a", "ou-ab12-short", "ou-AB12-cdef3456", "o-ab12cdef34", "111122223333"] {
            assert!(bad.parse::<UnitId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_empty_unit_is_named_with_its_stage_and_the_reasons() {
        let unit: UnitId = "ou-ab12-cdef3456".parse().expect("valid");
        let targets = Targets::among([account("111122223333", "100000000001", Some("SUSPENDED"), None)]);
        let finding = targets.require_some(&unit, Some("staging")).expect_err("nothing active");
        assert_eq!(finding.what, "organizational unit ou-ab12-cdef3456 (stage \"staging\") has no active account");
        assert_eq!(finding.cause.as_deref(), Some("111122223333: it is SUSPENDED"));
    }
}
