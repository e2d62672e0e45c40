//! The resource policies of model package groups, which moto lacks.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::json;

use super::answer::RawAnswer;
use super::call::{Call, Protocol};

/// `PutModelPackageGroupPolicy.ResourcePolicy` (botocore): up to 20,480 characters.
const MAX_CHARS: usize = 20_480;

/// Policies by the name of their group.
#[derive(Debug, Default)]
pub(super) struct GroupPolicies(Mutex<BTreeMap<String, String>>);

impl GroupPolicies {
    pub(super) fn get(&self, group: &str) -> Option<String> {
        self.0.lock().expect("not poisoned").get(group).cloned()
    }

    pub(super) fn put(&self, group: &str, policy: String) {
        self.0.lock().expect("not poisoned").insert(group.to_owned(), policy);
    }

    /// The answer to a call about a policy, `None` to any other.
    pub(super) fn answer(&self, call: &Call, account: &str, region: &str) -> Option<RawAnswer> {
        let (verb, _) = call.operation().split_once("ModelPackageGroupPolicy")?;
        let request = call.json();
        let name = request["ModelPackageGroupName"].as_str().unwrap_or_default();
        let refuse = |message: String| RawAnswer::error(Protocol::Json, 400, "ValidationException", &message);
        // All three take a name only (botocore EntityName), which an ARN is not.
        if name.is_empty() || name.contains(':') {
            return Some(refuse(format!("Value '{name}' at 'modelPackageGroupName' failed to satisfy constraint")));
        }
        let arn = format!("arn:aws:sagemaker:{region}:{account}:model-package-group/{name}");
        let missing = || refuse(format!("Cannot find resource policy for: {arn}"));
        Some(match verb {
            "Put" => {
                let policy = request["ResourcePolicy"].as_str().unwrap_or_default();
                if serde_json::from_str::<serde_json::Value>(policy).is_err() || policy.chars().count() > MAX_CHARS {
                    return Some(refuse("Invalid resource policy".to_owned()));
                }
                self.put(name, policy.to_owned());
                RawAnswer::json(200, &json!({"ModelPackageGroupArn": arn}))
            }
            "Delete" => match self.0.lock().expect("not poisoned").remove(name) {
                Some(_) => RawAnswer::json(200, &json!({})),
                None => missing(),
            },
            _ => match self.get(name) {
                Some(policy) => RawAnswer::json(200, &json!({"ResourcePolicy": policy})),
                None => missing(),
            },
        })
    }
}
