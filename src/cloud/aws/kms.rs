//! Keys in KMS: who may use them.

use aws_config::{Region, SdkConfig};
use aws_sdk_kms::Client;

use super::error::cloud_error;
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::access::KeyGrant;
use crate::domain::arn::Arn;

/// The only name that a key's policy may have (KMS API, `GetKeyPolicy`).
const POLICY_NAME: &str = "default";

/// Grants come by the hundred; a key with more pages than this has other users than models.
const MAX_PAGES: usize = 10;

/// A key lives in one Region, which is that of what it encrypts.
fn client(config: &SdkConfig, key: &str) -> Client {
    let mut builder = aws_sdk_kms::config::Builder::from(config);
    if let Ok(arn) = key.parse::<Arn>() {
        builder = builder.region(Region::new(arn.region));
    }
    Client::from_conf(builder.build())
}

pub(super) async fn policy(config: &SdkConfig, key: &str) -> CloudResult<String> {
    const OPERATION: &str = "kms:GetKeyPolicy";
    let asked = client(config, key).get_key_policy().key_id(key).policy_name(POLICY_NAME).send().await;
    let answer = asked.map_err(|error| cloud_error(OPERATION, &error))?;
    answer.policy.ok_or_else(|| CloudError::new(Kind::Other, OPERATION, "the answer holds no policy"))
}

pub(super) async fn grants(config: &SdkConfig, key: &str) -> CloudResult<Vec<KeyGrant>> {
    const OPERATION: &str = "kms:ListGrants";
    let mut grants = Vec::new();
    let mut pages = client(config, key).list_grants().key_id(key).limit(100).into_paginator().send();
    let mut read = 0;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| cloud_error(OPERATION, &error))?;
        grants.extend(page.grants.unwrap_or_default().into_iter().map(|grant| KeyGrant {
            grantee: grant.grantee_principal.unwrap_or_default(),
            operations: grant.operations.unwrap_or_default().iter().map(|one| one.as_str().to_owned()).collect(),
            constrained: grant.constraints.is_some(),
        }));
        read += 1;
        if read == MAX_PAGES && page.next_marker.is_some() {
            let message = format!("the key has more than {} grants", grants.len());
            return Err(CloudError::new(Kind::Other, OPERATION, message));
        }
    }
    Ok(grants)
}
