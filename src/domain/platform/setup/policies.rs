//! The policies of roles, bucket and groups: ours are put in their place, and what others say stays.

use std::collections::BTreeSet;

use serde_json::Value;

use super::decision::{Decision, Order, model_data_bucket};
use super::facts::{ClassicRole, Facts, Holder};
use super::settings::Settings;
use crate::domain::aws::arn::AccountId;
use crate::domain::finding::Finding;
use crate::domain::iam::{Document, Written};
use crate::domain::platform::change::{Change, Verb};
use crate::domain::platform::policy::{PlatformPolicy, Unrenderable};
use crate::domain::registry::group_policy::{self, Grant};

/// The name of our inline policy on a role that others have policies on, too.
pub(crate) const POLICY_NAME: &str = "modeldeploy";
/// A bucket's policy has at most 20 KB (S3 User Guide, "Bucket policies").
const BUCKET_POLICY_MAX: usize = 20 * 1024;
/// Whose statements these are in a group's policy; those of builds carry their project's id.
pub(super) const GRANT_OWNER: &str = "Setup";

pub(super) fn role_document(role: ClassicRole, settings: &Settings, facts: &Facts) -> Result<Value, Unrenderable> {
    let (seed_bucket, seed_prefix) = settings.seed.as_ref().map_or(("", ""), |(bucket, prefix)| (bucket, prefix));
    let policy = match role {
        ClassicRole::Use => PlatformPolicy::UseRole { key_arn: settings.artifact_key.as_deref() },
        ClassicRole::Launch => PlatformPolicy::LaunchRole { seed_bucket, seed_prefix },
    };
    policy.document(facts.home.of_policies())
}

pub(super) fn role_policy(role: ClassicRole, holder: &Holder, wanted: &Value, decision: &mut Decision) {
    let name = role.name();
    let subject = format!("inline policy {POLICY_NAME} of role {name}");
    let Holder::There { policy, .. } = holder else {
        decision.notes.push(
            Finding::warning(format!("role {name} does not exist"))
                .cause("SageMaker makes it when projects are turned on for a domain")
                .hint("turn on \"SageMaker projects\" in the domain's settings, then run this again"),
        );
        return;
    };
    let current = policy.as_deref().unwrap_or_default();
    // A document that is none is ours all the same, and replaced
    if policy.is_some() && Document::parse(current).is_ok_and(|document| document.says_the_same(wanted)) {
        decision.keep(subject);
        return;
    }
    let place = format!("--role-name {name} --policy-name {POLICY_NAME}");
    let (verb, undo) = match policy {
        None => (Verb::Create, format!("aws iam delete-role-policy {place}")),
        Some(_) => (Verb::Update, format!("aws iam put-role-policy {place} with the policy as it was")),
    };
    let why = match role {
        ClassicRole::Use => "with it, projects of classic roles build, test and deploy",
        ClassicRole::Launch => "with it, Service Catalog launches projects",
    };
    let change = Change {
        subject,
        verb,
        before: policy.as_deref().map(pretty),
        after: Some(format!("{wanted:#}")),
        why: why.to_owned(),
        undo: Some(undo),
    };
    decision.step(change, Order::PutRolePolicy { role: name, document: wanted.to_string() });
}

/// The bucket's policy with our statements in it, and whether that is a change.
pub(super) fn merged_bucket_policy(
    settings: &Settings,
    facts: &Facts,
    accounts: &BTreeSet<AccountId>,
    current: Option<&str>,
) -> Result<Result<(Document, bool), Finding>, Unrenderable> {
    let bucket = model_data_bucket(settings, &facts.home);
    let accounts: Vec<AccountId> = accounts.iter().cloned().collect();
    let wanted = PlatformPolicy::ArtifactBucket { bucket: &bucket, accounts: &accounts };
    let wanted = wanted.document(facts.home.of_policies())?;
    let mut document = match Document::parse(current.unwrap_or_default()) {
        Ok(document) => document,
        Err(error) => {
            let finding = Finding::error(format!("the policy of bucket {bucket} is not one to merge into"));
            return Ok(Err(finding.cause(error.to_string()).hint("fix or delete it with \"aws s3api\"")));
        }
    };
    let changed = document.merge(wanted["Statement"].as_array().map_or(&[], Vec::as_slice));
    Ok(Ok((document, changed)))
}

pub(super) fn bucket_policy(
    settings: &Settings,
    facts: &Facts,
    accounts: &BTreeSet<AccountId>,
    decision: &mut Decision,
) -> Result<(), Unrenderable> {
    let bucket = model_data_bucket(settings, &facts.home);
    let policy = match &facts.bucket {
        Err(finding) => {
            decision.notes.push(finding.clone());
            return Ok(());
        }
        Ok(Holder::Missing) => {
            decision.notes.push(
                Finding::warning(format!("bucket {bucket} does not exist"))
                    .cause("SageMaker Studio makes sagemaker-<region>-<account> with its first job")
                    .hint("name another bucket with model_data_bucket, or run this again when it is there"),
            );
            return Ok(());
        }
        Ok(Holder::There { policy, .. }) => policy.as_deref(),
    };
    let subject = format!("policy of bucket {bucket}");
    let (document, changed) = match merged_bucket_policy(settings, facts, accounts, policy)? {
        Ok(merged) => merged,
        Err(finding) => {
            decision.notes.push(finding);
            return Ok(());
        }
    };
    let text = document.render();
    if !changed {
        decision.keep(subject);
    } else if text.len() > BUCKET_POLICY_MAX {
        let cause = format!("{} bytes for {} accounts, and S3 takes {BUCKET_POLICY_MAX}", text.len(), accounts.len());
        decision.notes.push(
            Finding::error(format!("the {subject} would be too long"))
                .cause(cause)
                .hint("let the organization in by a statement of your own, with condition aws:PrincipalOrgID"),
        );
    } else {
        let undo = match policy {
            None => format!("aws s3api delete-bucket-policy --bucket {bucket}"),
            Some(_) => format!("aws s3api put-bucket-policy --bucket {bucket} with the policy as it was"),
        };
        let change = Change {
            subject,
            verb: if policy.is_some() { Verb::Update } else { Verb::Create },
            before: policy.map(pretty),
            after: Some(pretty(&text)),
            why: "the stages' accounts read model data".to_owned(),
            undo: Some(undo),
        };
        decision.step(change, Order::PutBucketPolicy { bucket, policy: text });
    }
    Ok(())
}

pub(super) fn group_policies(facts: &Facts, accounts: &BTreeSet<AccountId>, decision: &mut Decision) {
    for (group, read) in &facts.groups {
        let subject = format!("policy of model package group {group}");
        let (arn, policy) = match read {
            Err(finding) => {
                decision.notes.push(finding.clone());
                continue;
            }
            Ok(Holder::Missing) => {
                decision.notes.push(
                    Finding::warning(format!("model package group {group} does not exist"))
                        .hint("register a model in it first, or leave it to the build, which makes its group"),
                );
                continue;
            }
            Ok(Holder::There { is, policy }) => (is, policy.as_deref()),
        };
        let grant = Grant { group_arn: arn, project_id: GRANT_OWNER, accounts };
        match grant.merge_into(policy) {
            Err(finding) => decision.notes.push(Finding {
                hint: Some("fix it with \"aws sagemaker put-model-package-group-policy\"".to_owned()),
                ..finding
            }),
            Ok(group_policy::Change::None) => decision.keep(subject),
            Ok(group_policy::Change::Put(text)) => {
                let named = format!("--model-package-group-name {group}");
                let undo = match policy {
                    None => format!("aws sagemaker delete-model-package-group-policy {named}"),
                    Some(_) => {
                        format!("aws sagemaker put-model-package-group-policy {named} with the policy as it was")
                    }
                };
                let change = Change {
                    subject,
                    verb: if policy.is_some() { Verb::Update } else { Verb::Create },
                    before: policy.map(pretty),
                    after: Some(pretty(&text)),
                    why: "the stages' accounts deploy versions of the group".to_owned(),
                    undo: Some(undo),
                };
                decision.step(change, Order::PutGroupPolicy { group: group.clone(), policy: text });
            }
        }
    }
}

/// A document with a line for each part, so that a diff shows what changes.
pub(super) fn pretty(text: &str) -> String {
    Written::parse(text).map_or_else(|_| text.to_owned(), |written| format!("{written:#}"))
}
