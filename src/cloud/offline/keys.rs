//! What a world says of keys in KMS.

use super::Offline;
use super::world::{self, World};
use super::world_key::{WorldKey, not_in_world};
use crate::cloud::{CloudResult, Keys};
use crate::domain::access::KeyGrant;

impl Keys for Offline {
    async fn key_policy(&self, key: &str) -> CloudResult<String> {
        Ok(self.world.borrow().key("kms:GetKeyPolicy", key)?.policy.clone())
    }

    async fn key_grants(&self, key: &str) -> CloudResult<Vec<KeyGrant>> {
        Ok(self.world.borrow().key("kms:ListGrants", key)?.grants.iter().map(world::Grant::known).collect())
    }
}

impl World {
    fn key(&self, operation: &str, arn: &str) -> CloudResult<&world::Key> {
        let found = self.keys.iter().find(|key| key.arn == arn);
        found.ok_or_else(|| not_in_world(operation, &format!("key {arn}"), WorldKey::KEYS))
    }
}

impl world::Grant {
    fn known(&self) -> KeyGrant {
        KeyGrant {
            grantee: self.grantee_principal.clone(),
            operations: self.operations.clone(),
            constrained: self.constraints.is_some(),
        }
    }
}
