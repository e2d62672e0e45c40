//! The organization of a world.

use super::Offline;
use super::world::{OrganizationNode, World};
use super::world_key::{WorldKey, not_found, unusable};
use crate::cloud::answer::texts;
use crate::cloud::{CloudResult, Organizations};
use crate::domain::aws::organization::{Account, Unit, UnitId};

impl Organizations for Offline {
    async fn accounts_in(&self, parent: &UnitId, page: &dyn Fn(Vec<Account>)) -> CloudResult<()> {
        const OPERATION: &str = "organizations:ListAccountsForParent";
        let world = self.world.borrow();
        let path = world.path_of(parent).unwrap_or_default();
        let accounts = world.node(parent, |node| node.accounts.clone());
        let accounts = accounts.ok_or_else(|| not_found(OPERATION, &format!("unit {parent}"), WorldKey::ROOTS))?;
        let accounts = accounts.into_iter().map(|account| {
            let known = Account {
                id: account.id.parse().map_err(|error| unusable(OPERATION, &error))?,
                arn: account.arn,
                name: account.name,
                state: account.state,
                status: account.status,
                paths: account.rest.get("Paths").map(texts).unwrap_or_default(),
            };
            Ok(known.placed(&path))
        });
        page(accounts.collect::<CloudResult<_>>()?);
        Ok(())
    }

    async fn units_in(&self, parent: &UnitId) -> CloudResult<Vec<Unit>> {
        const OPERATION: &str = "organizations:ListOrganizationalUnitsForParent";
        let world = self.world.borrow();
        let units = world.node(parent, |node| {
            node.organizational_units
                .iter()
                .map(|unit| {
                    let id = unit.id.parse().map_err(|error| unusable(OPERATION, &error))?;
                    Ok(Unit { id, name: unit.name.clone() })
                })
                .collect::<CloudResult<Vec<_>>>()
        });
        units.ok_or_else(|| not_found(OPERATION, &format!("unit {parent}"), WorldKey::ROOTS))?
    }
}

impl World {
    fn node<T>(&self, parent: &UnitId, read: impl FnOnce(&OrganizationNode) -> T) -> Option<T> {
        let mut open: Vec<&OrganizationNode> = self.roots.iter().collect();
        while let Some(node) = open.pop() {
            if node.id == parent.as_str() {
                return Some(read(node));
            }
            open.extend(&node.organizational_units);
        }
        None
    }

    /// Root and units from the top down to that one, each followed by a slash.
    fn path_of(&self, unit: &UnitId) -> Option<String> {
        fn find(nodes: &[OrganizationNode], unit: &str, above: &str) -> Option<String> {
            nodes.iter().find_map(|node| {
                let path = format!("{above}{}/", node.id);
                if node.id == unit { Some(path) } else { find(&node.organizational_units, unit, &path) }
            })
        }
        find(&self.roots, unit.as_str(), "")
    }
}
