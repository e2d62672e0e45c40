//! The resource policy of a model package group: who in other accounts may deploy its packages.
//!
//! `PutModelPackageGroupPolicy` replaces the whole policy, so ours is merged into what is there: statements that
//! carry our ids are replaced, all others stay as they are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::domain::aws::arn::{AccountId, Arn};
use crate::domain::finding::Finding;
use crate::domain::iam::Document;

/// `ResourcePolicy` of `PutModelPackageGroupPolicy` takes at most this many characters.
const MAX_POLICY_CHARS: usize = 20_480;

/// What a target account needs on the group, and on the packages in it, to deploy one of them
/// (SageMaker developer guide, "Deploy a Model Version from a Different Account", less `UpdateModelPackage`).
const GROUP_ACTIONS: [&str; 1] = ["sagemaker:DescribeModelPackageGroup"];
const PACKAGE_ACTIONS: [&str; 3] =
    ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:CreateModel"];

/// The access that one project's stages need to one group.
#[derive(Clone, Debug)]
pub struct Grant<'a> {
    pub group_arn: &'a Arn,
    /// Several projects may deploy from one group; each has statements of its own.
    pub project_id: &'a str,
    pub accounts: &'a BTreeSet<AccountId>,
}

/// What has to be done so that a group's policy holds a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The policy already says exactly this.
    None,
    /// The whole policy to put, as JSON.
    Put(String),
}

impl Grant<'_> {
    fn statements(&self) -> [Value; 2] {
        let partition = &self.group_arn.partition;
        let principals: Vec<String> =
            self.accounts.iter().map(|account| format!("arn:{partition}:iam::{account}:root")).collect();
        let packages = Arn {
            resource: format!("{}/*", self.group_arn.resource.replacen("model-package-group/", "model-package/", 1)),
            ..self.group_arn.clone()
        };
        let statement = |sid: String, actions: &[&str], resource: &Arn| {
            json!({
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"AWS": principals},
                "Action": actions,
                "Resource": resource.to_string(),
            })
        };
        let [group_sid, package_sid] = self.statement_ids();
        [statement(group_sid, &GROUP_ACTIONS, self.group_arn), statement(package_sid, &PACKAGE_ACTIONS, &packages)]
    }

    /// Statement ids take letters and digits only.
    fn statement_ids(&self) -> [String; 2] {
        let project: String = self.project_id.chars().filter(char::is_ascii_alphanumeric).collect();
        [format!("ModeldeployGroup{project}"), format!("ModeldeployPackages{project}")]
    }

    /// Merges the grant into the policy that the group has now.
    ///
    /// # Errors
    /// The policy is not one that can be merged into, or would grow over the limit.
    pub fn merge_into(&self, current: Option<&str>) -> Result<Change, Finding> {
        let unreadable = |reason: String| {
            Finding::error(format!("the resource policy of {} is not one to merge into", self.group_arn))
                .cause(reason)
                .hint(
                    "fix or delete it with \"aws sagemaker put-model-package-group-policy\", or use --no-group-policy",
                )
        };
        let mut policy = Document::parse(current.unwrap_or_default()).map_err(|error| unreadable(error.to_string()))?;
        if !policy.merge(&self.statements()) {
            return Ok(Change::None);
        }
        let text = policy.render();
        if text.chars().count() > MAX_POLICY_CHARS {
            return Err(Finding::error(format!("the resource policy of {} would be too long", self.group_arn))
                .cause(format!(
                    "{} characters for {} accounts, and SageMaker takes {MAX_POLICY_CHARS}",
                    text.chars().count(),
                    self.accounts.len()
                ))
                .hint("grant the organization by a statement of your own (condition aws:PrincipalOrgID) and use --no-group-policy"));
        }
        Ok(Change::Put(text))
    }
}

/// The group's resource policy as it is, if it is ours to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CurrentPolicy {
    NotOurs(&'static str),
    Ours(Option<String>),
}

/// What becomes of the group's resource policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextPolicy {
    Kept(&'static str),
    Put(String),
}

impl NextPolicy {
    /// # Errors
    /// The grant cannot be merged into the policy.
    pub fn granting(grant: &Grant<'_>, current: &CurrentPolicy) -> Result<Self, Finding> {
        match current {
            CurrentPolicy::NotOurs(why) => Ok(Self::Kept(why)),
            CurrentPolicy::Ours(current) => match grant.merge_into(current.as_deref())? {
                Change::None => Ok(Self::Kept("unchanged")),
                Change::Put(text) => Ok(Self::Put(text)),
            },
        }
    }

    /// The policy as the build leaves it, if that is known.
    pub fn left<'p>(&'p self, current: &'p CurrentPolicy) -> Option<&'p str> {
        match (self, current) {
            (Self::Put(text), _) => Some(text),
            (Self::Kept(_), CurrentPolicy::Ours(current)) => Some(current.as_deref().unwrap_or_default()),
            (Self::Kept(_), CurrentPolicy::NotOurs(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accounts(ids: &[&str]) -> BTreeSet<AccountId> {
        ids.iter().map(|id| id.parse().expect("valid")).collect()
    }

    fn group() -> Arn {
        "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/churn-model-package-group".parse().expect("valid")
    }

    fn merge(current: Option<&str>, ids: &[&str]) -> Change {
        let accounts = accounts(ids);
        Grant { group_arn: &group(), project_id: "p-ab12", accounts: &accounts }.merge_into(current).expect("mergeable")
    }

    fn put(change: Change) -> Value {
        match change {
            Change::Put(text) => serde_json::from_str(&text).expect("JSON"),
            Change::None => panic!("nothing to put"),
        }
    }

    #[test]
    fn a_group_without_policy_gets_both_statements() {
        let policy = put(merge(None, &["222222222222", "333333333333"]));
        assert_eq!(policy["Version"], "2012-10-17");
        assert_eq!(
            policy["Statement"][1],
            json!({
                "Sid": "ModeldeployPackagespab12",
                "Effect": "Allow",
                "Principal": {"AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"]},
                "Action": ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:CreateModel"],
                "Resource": "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn-model-package-group/*",
            })
        );
    }

    #[test]
    fn foreign_statements_stay_and_an_account_that_left_leaves() {
        let foreign = json!({"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
        let before = put(merge(
            Some(&json!({"Version": "2008-10-17", "Id": "x", "Statement": foreign}).to_string()),
            &["222222222222", "333333333333"],
        ));
        let after = put(merge(Some(&before.to_string()), &["222222222222"]));
        assert_eq!(after["Version"], "2008-10-17");
        assert_eq!(after["Id"], "x");
        assert_eq!(after["Statement"][0], foreign);
        assert_eq!(after["Statement"].as_array().map(Vec::len), Some(3));
        assert_eq!(after["Statement"][1]["Principal"]["AWS"], json!(["arn:aws:iam::222222222222:root"]));
    }

    #[test]
    fn another_project_keeps_its_statements() {
        let accounts = accounts(&["444444444444"]);
        let theirs = Grant { group_arn: &group(), project_id: "p-other", accounts: &accounts };
        let Change::Put(theirs) = theirs.merge_into(None).expect("mergeable") else { panic!("nothing to put") };
        let both = put(merge(Some(&theirs), &["222222222222"]));
        assert_eq!(both["Statement"].as_array().map(Vec::len), Some(4));
    }

    #[test]
    fn aws_spellings_of_the_same_policy_are_no_change() {
        let mut policy = put(merge(None, &["222222222222"]));
        policy["Statement"][0]["Principal"]["AWS"] = json!("222222222222");
        policy["Statement"][0]["Action"] = json!("sagemaker:DescribeModelPackageGroup");
        policy["Statement"][1]["Action"].as_array_mut().expect("list").reverse();
        policy["Statement"].as_array_mut().expect("list").reverse();
        assert_eq!(merge(Some(&policy.to_string()), &["222222222222"]), Change::None);
    }

    #[test]
    fn what_cannot_be_merged_into_or_grows_too_long_is_refused() {
        let few = accounts(&["222222222222"]);
        let grant = Grant { group_arn: &group(), project_id: "p", accounts: &few };
        assert!(grant.merge_into(Some("not json")).is_err());
        assert!(grant.merge_into(Some(r#"{"Statement": 1}"#)).is_err());
        let many = (0..400).map(|n| format!("{:012}", 100_000_000_000_u64 + n).parse().expect("valid")).collect();
        let grant = Grant { group_arn: &group(), project_id: "p", accounts: &many };
        assert!(grant.merge_into(None).expect_err("too long").what.contains("too long"));
    }

    proptest! {
        #[test]
        fn merging_twice_changes_nothing(ids in prop::collection::btree_set("[0-9]{12}", 1..20)) {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let Change::Put(policy) = merge(None, &ids) else { panic!("nothing to put") };
            prop_assert_eq!(merge(Some(&policy), &ids), Change::None);
        }
    }

    #[test]
    fn what_is_left_is_known_unless_the_policy_is_not_ours() {
        let (accounts, group) = (accounts(&["222222222222"]), group());
        let grant = Grant { group_arn: &group, project_id: "p-ab12", accounts: &accounts };
        let next = |current: &CurrentPolicy| NextPolicy::granting(&grant, current).expect("mergeable");
        let new = CurrentPolicy::Ours(None);
        let NextPolicy::Put(text) = next(&new) else { panic!("a policy to put") };
        assert_eq!(next(&new).left(&new), Some(text.as_str()));
        let same = CurrentPolicy::Ours(Some(text.clone()));
        assert_eq!((next(&same), next(&same).left(&same)), (NextPolicy::Kept("unchanged"), Some(text.as_str())));
        let others = CurrentPolicy::NotOurs("another account's");
        assert_eq!((next(&others), next(&others).left(&others)), (NextPolicy::Kept("another account's"), None));
    }
}
