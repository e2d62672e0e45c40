//! Keys in KMS: who may use them.

use serde_json::{Value, json};

use super::api::Api;
use super::connection::Aws;
use super::service::Service;
use crate::cloud::CloudResult;
use crate::cloud::Keys;
use crate::cloud::answer::{field, texts};
use crate::domain::access::KeyGrant;
use crate::domain::aws::arn::Arn;

/// The only name that a key's policy may have (KMS API, `GetKeyPolicy`).
const POLICY_NAME: &str = "default";

/// The most that a page may hold (KMS API, `ListGrants`).
const PAGE: usize = 100;

/// A key lives in one Region, which is that of what it encrypts.
fn home(api: &Api, key: &str) -> Api {
    match key.parse::<Arn>() {
        Ok(arn) => api.in_region(&arn.region),
        Err(_) => api.clone(),
    }
}

pub(super) async fn policy(api: &Api, key: &str) -> CloudResult<String> {
    let input = json!({"KeyId": key, "PolicyName": POLICY_NAME});
    let answer = home(api, key).call(Service::Kms, "GetKeyPolicy", input).await?;
    Ok(field(&answer, "Policy"))
}

pub(super) async fn grants(api: &Api, key: &str) -> CloudResult<Vec<KeyGrant>> {
    let input = json!({"KeyId": key, "Limit": PAGE});
    let grants = home(api, key).list(Service::Kms, "ListGrants", input, "Grants").await?;
    Ok(grants.iter().map(grant).collect())
}

fn grant(grant: &Value) -> KeyGrant {
    KeyGrant {
        grantee: field(grant, "GranteePrincipal"),
        operations: texts(&grant["Operations"]),
        constrained: grant["Constraints"].is_object(),
    }
}

impl Keys for Aws {
    async fn key_policy(&self, key: &str) -> CloudResult<String> {
        self.explain(policy(&self.api, key).await).await
    }

    async fn key_grants(&self, key: &str) -> CloudResult<Vec<KeyGrant>> {
        self.explain(grants(&self.api, key).await).await
    }
}
