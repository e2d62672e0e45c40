//! The walk from a unit down to every account that a stack set on it reaches.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use super::{Cloud, CloudError, CloudResult};
use crate::domain::organization::{MAX_UNIT_DEPTH, Targets, UnitId};

/// The accounts of a unit and, as stack sets do it, of its child units.
///
/// # Errors
/// A call that failed.
pub async fn targets(cloud: &impl Cloud, unit: &UnitId, recursive: bool) -> CloudResult<Targets> {
    let mut accounts = Vec::new();
    let mut seen = BTreeSet::from([unit.clone()]);
    let mut level = vec![unit.clone()];
    // Level by level: the units of one level are asked side by side. The root is one level more.
    for _ in 0..=MAX_UNIT_DEPTH {
        let asked = try_join_all(level.iter().map(async |unit| {
            let children = async { if recursive { cloud.units_in(unit).await } else { Ok(Vec::new()) } };
            futures::try_join!(cloud.accounts_in(unit), children)
        }))
        .await?;
        level = Vec::new();
        for (found, children) in asked {
            accounts.extend(found);
            level.extend(children.into_iter().map(|child| child.id).filter(|id| seen.insert(id.clone())));
        }
        if level.is_empty() {
            return Ok(Targets::among(accounts));
        }
    }
    Err(CloudError::new(
        super::error::Kind::Other,
        "organizations:ListOrganizationalUnitsForParent",
        format!("{unit} has units nested deeper than {MAX_UNIT_DEPTH} levels"),
    ))
}
