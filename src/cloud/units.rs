//! The walk from a unit down to every account that a stack set on it reaches.

use std::cell::RefCell;
use std::collections::BTreeSet;

use futures::future::try_join_all;

use super::error::{CloudError, CloudResult};
use super::services::Organizations;
use crate::domain::aws::organization::{Account, MAX_UNIT_DEPTH, Targets, UnitId};

/// The accounts of a unit and, as stack sets do it, of its child units.
///
/// # Errors
/// A call that failed.
pub(crate) async fn targets(cloud: &impl Organizations, unit: &UnitId, recursive: bool) -> CloudResult<Targets> {
    walk(cloud, unit, recursive, &|_| {}).await
}

/// The same; hands on what is found as soon as it is known, so that nobody has to wait for the last page of a large unit.
///
/// # Errors
/// A call that failed.
pub(crate) async fn walk(
    cloud: &impl Organizations,
    unit: &UnitId,
    recursive: bool,
    found: &dyn Fn(&[Account]),
) -> CloudResult<Targets> {
    let accounts = RefCell::new(Vec::new());
    let mut seen = BTreeSet::from([unit.clone()]);
    // Of a root, the way down is known; of a unit, what is above it is not.
    let path = unit.as_str().starts_with("r-").then(|| format!("{unit}/"));
    let mut level = vec![(unit.clone(), path)];
    // Level by level: the units of one level are asked side by side. The root is one level more.
    for _ in 0..=MAX_UNIT_DEPTH {
        let asked = try_join_all(level.iter().map(async |(unit, path)| {
            let held = RefCell::new(Some(Vec::new()));
            let page = |page: Vec<Account>| {
                let page = match path {
                    Some(path) => page.into_iter().map(|account| account.placed(path)).collect(),
                    None => page,
                };
                match &mut *held.borrow_mut() {
                    Some(held) => held.extend(page),
                    None => keep(page, &accounts, found),
                }
            };
            let children = async {
                let children = if recursive { cloud.units_in(unit).await? } else { Vec::new() };
                // Not sooner: whoever may not look further learns so before anything begins.
                keep(held.take().unwrap_or_default(), &accounts, found);
                Ok(children)
            };
            let ((), children) = futures::try_join!(cloud.accounts_in(unit, &page), children)?;
            Ok::<_, CloudError>(
                children
                    .into_iter()
                    .map(|child| {
                        let path = path.as_ref().map(|path| format!("{path}{}/", child.id));
                        (child.id, path)
                    })
                    .collect::<Vec<_>>(),
            )
        }))
        .await?;
        level = asked.into_iter().flatten().filter(|(id, _)| seen.insert(id.clone())).collect();
        if level.is_empty() {
            return Ok(Targets::among(accounts.into_inner()));
        }
    }
    Err(CloudError::new(
        super::error::ErrorKind::Other,
        "organizations:ListOrganizationalUnitsForParent",
        format!("{unit} has units nested deeper than {MAX_UNIT_DEPTH} levels"),
    ))
}

fn keep(page: Vec<Account>, accounts: &RefCell<Vec<Account>>, found: &dyn Fn(&[Account])) {
    found(&page);
    accounts.borrow_mut().extend(page);
}
