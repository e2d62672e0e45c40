//! The policy documents that the platform puts on roles and buckets, beside what is there.

use serde::Serialize;
use serde_json::Value;

use crate::domain::aws::arn::AccountId;
use crate::domain::platform::template;

/// A policy document of `templates/policies`, with what it is made for.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub enum PlatformPolicy<'a> {
    /// Statements that let the target accounts read the bucket of model data
    ArtifactBucket { bucket: &'a str, accounts: &'a [AccountId] },
    /// The inline policy of the role with which classic projects build, test and deploy
    UseRole { key_arn: Option<&'a str> },
    /// The inline policy of the role that launches projects; what it launches from begins with that prefix
    LaunchRole { seed_bucket: &'a str, seed_prefix: &'a str },
}

/// The data science account.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Home<'a> {
    pub partition: &'a str,
    pub account: &'a AccountId,
}

#[derive(Serialize)]
struct Context<'a> {
    #[serde(flatten)]
    home: Home<'a>,
    #[serde(flatten)]
    policy: PlatformPolicy<'a>,
}

#[derive(Debug, thiserror::Error)]
pub enum Unrenderable {
    #[error(transparent)]
    Template(#[from] minijinja::Error),
    #[error(transparent)]
    Yaml(#[from] serde_yaml::Error),
}

impl PlatformPolicy<'_> {
    /// The document as IAM and S3 take it.
    ///
    /// # Errors
    /// The embedded template does not fit, which is a defect of this program.
    pub fn document(self, home: Home) -> Result<Value, Unrenderable> {
        let template = match self {
            Self::ArtifactBucket { .. } => include_str!("../../../templates/policies/artifact-bucket.yml.j2"),
            Self::UseRole { .. } => include_str!("../../../templates/policies/use-role.yml.j2"),
            Self::LaunchRole { .. } => include_str!("../../../templates/policies/launch-role.yml.j2"),
        };
        let yaml = template::render(template, Context { home, policy: self })?;
        Ok(serde_yaml::from_str(&yaml)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(policy: PlatformPolicy) -> Value {
        let account = "111122223333".parse().expect("an account");
        policy.document(Home { partition: "aws-us-gov", account: &account }).expect("fits")
    }

    #[test]
    fn the_bucket_lets_in_exactly_the_accounts() {
        let accounts = ["222222222222", "333333333333"].map(|id| id.parse().expect("an account"));
        let policy = document(PlatformPolicy::ArtifactBucket { bucket: "models", accounts: &accounts });
        let roots = accounts.map(|account| format!("arn:aws-us-gov:iam::{account}:root"));
        for (statement, resource) in [(0, "arn:aws-us-gov:s3:::models/*"), (1, "arn:aws-us-gov:s3:::models")] {
            assert_eq!(policy["Statement"][statement]["Principal"], json!({"AWS": roots}));
            assert_eq!(policy["Statement"][statement]["Resource"], resource);
        }
    }

    #[test]
    fn a_key_is_allowed_only_if_there_is_one() {
        let ids = |policy: &Value| {
            let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
            statements.iter().filter_map(|one| one["Sid"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let (without, with) =
            (PlatformPolicy::UseRole { key_arn: None }, PlatformPolicy::UseRole { key_arn: Some("k") });
        assert!(!ids(&document(without)).contains(&"UseArtifactKey".to_owned()));
        assert!(ids(&document(with)).contains(&"UseArtifactKey".to_owned()));
        let launch = document(PlatformPolicy::LaunchRole { seed_bucket: "seeds", seed_prefix: "a/" });
        assert_eq!(launch["Statement"][0]["Resource"], "arn:aws-us-gov:s3:::seeds/a/*");
    }
}
