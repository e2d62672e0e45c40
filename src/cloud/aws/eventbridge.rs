//! EventBridge: the rules that have something as their target.

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::api::Api;
use super::service::Service;
use crate::cloud::CloudResult;
use crate::cloud::answer::{field, text};
use crate::domain::platform::doctor::Rule;

/// The rules of the default bus that start what has that ARN.
///
/// # Errors
/// A call failed.
pub(crate) async fn rules_of(api: &Api, target: &str) -> CloudResult<Vec<Rule>> {
    let names =
        api.list(Service::EventBridge, "ListRuleNamesByTarget", json!({"TargetArn": target}), "RuleNames").await?;
    try_join_all(names.iter().filter_map(Value::as_str).map(async |name| {
        let (rule, targets) = futures::try_join!(
            api.call(Service::EventBridge, "DescribeRule", json!({"Name": name})),
            api.list(Service::EventBridge, "ListTargetsByRule", json!({"Rule": name}), "Targets"),
        )?;
        let pattern = rule["EventPattern"].as_str().and_then(|text| serde_json::from_str(text).ok());
        let ours = targets.iter().find(|one| one["Arn"] == target);
        Ok(Rule {
            name: name.to_owned(),
            enabled: field(&rule, "State") != "DISABLED",
            pattern: pattern.unwrap_or_default(),
            role: ours.and_then(|one| text(&one["RoleArn"])),
        })
    }))
    .await
}
