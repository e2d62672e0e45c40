//! What is looked at: whatever is named, by flags, by variables or by the project's own build.

use std::collections::BTreeSet;

use super::facts::{Facts, Pipeline, Seen, Unseen};
use super::names::ProjectNames;
use crate::domain::arn::AccountId;
use crate::domain::iam::Caller;
use crate::domain::model_package::GroupRef;
use crate::domain::organization::Targets;
use crate::domain::s3_uri::S3Uri;
use crate::domain::stage::StageSettings;

/// Everything that is named; what is not is skipped.
#[derive(Clone, Debug)]
pub struct Subject {
    pub partition: String,
    pub region: String,
    pub project: Option<ProjectNames>,
    pub group: Option<GroupRef>,
    pub stages: Vec<StageSettings>,
    pub artifact_bucket: Option<String>,
    /// The bucket of model data, for when no version tells it.
    pub model_bucket: Option<String>,
    /// Bucket and key of the seed zip.
    pub seed: Option<S3Uri>,
    /// The name of the Service Catalog product.
    pub product: Option<String>,
    /// The name of the role that launches projects, without its path.
    pub launch_role: String,
    /// The name of a role in the target accounts that may read IAM and quotas there.
    pub inspect_role: Option<String>,
}

impl Subject {
    /// The names of what the project has.
    ///
    /// # Errors
    /// No project is named, which is to be said of all that hangs on it.
    pub fn project(&self) -> Seen<&ProjectNames> {
        let why = "no project is named (--project-name and --project-id)";
        self.project.as_ref().ok_or_else(|| Unseen::unasked(why))
    }

    pub fn artifact_bucket(&self) -> Option<String> {
        self.artifact_bucket.clone().or_else(|| self.project.as_ref().map(ProjectNames::artifact_bucket))
    }

    /// The group's name; a project's group has the project's name unless it is said otherwise.
    pub(super) fn group_name(&self) -> Option<&str> {
        let of_project = || self.project.as_ref().map(|project| project.name.as_str());
        self.group.as_ref().map(|group| group.name.as_str()).or_else(of_project)
    }

    /// A role of that account as IAM sees it ask.
    pub(super) fn caller(&self, facts: &Facts, account: &AccountId, role: &str) -> Caller {
        let organization = facts.organization.as_ref().ok().and_then(Option::as_ref);
        Caller {
            partition: self.partition.clone(),
            account: account.clone(),
            role: Some(role.to_owned()),
            organization: organization.map(|organization| organization.id.clone()),
            root: None,
            paths: Vec::new(),
        }
    }
}

impl Facts {
    /// The data science account, which is the caller's.
    pub(super) fn home(&self) -> Option<&AccountId> {
        self.caller.as_ref().ok().map(|caller| &caller.account)
    }

    pub(super) fn pipeline(&self) -> Option<&Pipeline> {
        self.pipeline.as_ref().ok().and_then(Option::as_ref)
    }

    /// The active accounts of all stages, if all are known.
    pub fn target_accounts(&self) -> Option<BTreeSet<AccountId>> {
        let lists: Option<Vec<&Targets>> = self.stages.iter().map(|stage| stage.targets.as_ref().ok()).collect();
        Some(lists?.into_iter().flat_map(Targets::ids).collect())
    }

    pub fn is_management(&self) -> Option<bool> {
        let organization = self.organization.as_ref().ok()?.as_ref()?;
        Some(organization.management == *self.home()?)
    }

    pub fn is_delegate(&self) -> Option<bool> {
        Some(self.delegates.as_ref().ok()?.contains(self.home()?))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A project of two stages of which everything is named.
    pub(in crate::domain::doctor) fn named() -> Subject {
        let stage = |name: &str| StageSettings {
            unit: Some(format!("ou-ab12-{name:0>8}").parse().expect("a unit")),
            role_name: Some(format!("sagemaker-role-{name}")),
            ..StageSettings::bare(&name.parse().expect("a stage"))
        };
        Subject {
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            project: Some(ProjectNames { name: "churn".to_owned(), id: "p-abc123".to_owned() }),
            group: Some("churn".parse().expect("a group")),
            stages: ["staging", "prod"].map(stage).into(),
            artifact_bucket: None,
            model_bucket: None,
            seed: Some("s3://seeds/modeldeploy/seed/a.zip".parse().expect("a place")),
            product: Some("modeldeploy".to_owned()),
            launch_role: crate::domain::catalog::launch_role::NAME.to_owned(),
            inspect_role: None,
        }
    }
}
