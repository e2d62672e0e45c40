//! The accounts that a roll-out reaches, and the roles there.

use crate::cloud::error::ErrorKind;
use crate::cloud::{Organizations, units};
use crate::domain::aws::arn::{AccountId, Arn};
use crate::domain::aws::organization::{Account, Targets, UnitId};
use crate::domain::aws::partition::partition_of_region;
use crate::error::{Failure, Result};

/// The accounts that a roll-out to `unit` reaches, handed on as they are found; `variable` is where its id comes from.
pub(super) async fn targets_of(
    cloud: &impl Organizations,
    unit: &UnitId,
    stage: Option<&str>,
    variable: &str,
    recursive: bool,
    found: &dyn Fn(&[Account]),
) -> Result<Targets> {
    let targets = units::walk(cloud, unit, recursive, found).await.map_err(|error| {
        let stage = stage.map(|name| format!(" (stage \"{name}\")")).unwrap_or_default();
        let mut failure = error.failure(format!("cannot list the accounts of unit {unit}{stage}"));
        if error.kind == ErrorKind::NotFound {
            failure.findings[0].hint = Some(format!("check the id in variable {variable}, and the organization"));
        }
        failure
    })?;
    targets.require_some(unit, stage).map_err(Failure::failed)?;
    Ok(targets)
}

/// The role of that name in an account.
pub(super) fn role_arn(region: &str, account: &AccountId, role: &str) -> Arn {
    Arn {
        partition: partition_of_region(region).to_owned(),
        service: "iam".to_owned(),
        region: String::new(),
        account: account.to_string(),
        resource: format!("role/{role}"),
    }
}
