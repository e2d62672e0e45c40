//! What is looked at: whatever is named, by flags, by variables or by the project's own build.

use super::names::ProjectNames;
use super::unseen::{Seen, Unseen};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::project::stage::StageSettings;
use crate::domain::registry::chosen_by::ChosenBy;
use crate::domain::registry::model_package::GroupRef;

/// Everything that is named; what is not is skipped.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub partition: String,
    pub region: String,
    pub project: Option<ProjectNames>,
    pub group: Option<GroupRef>,
    pub chosen_by: ChosenBy,
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
    pub(crate) fn project(&self) -> Seen<&ProjectNames> {
        let why = "no project is named (--project-name and --project-id)";
        self.project.as_ref().ok_or_else(|| Unseen::unasked(why))
    }

    pub(crate) fn artifact_bucket(&self) -> Option<String> {
        self.artifact_bucket.clone().or_else(|| self.project.as_ref().map(ProjectNames::artifact_bucket))
    }

    /// The group's name; a project's group has the project's name unless it is said otherwise.
    pub(super) fn group_name(&self) -> Option<&str> {
        let of_project = || self.project.as_ref().map(|project| project.name.as_str());
        self.group.as_ref().map(|group| group.name.as_str()).or_else(of_project)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A project of two stages of which everything is named.
    pub(in crate::domain::platform::doctor) fn named() -> Subject {
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
            chosen_by: ChosenBy::Approval,
            stages: ["staging", "prod"].map(stage).into(),
            artifact_bucket: None,
            model_bucket: None,
            seed: Some("s3://seeds/modeldeploy/seed/a.zip".parse().expect("a place")),
            product: Some("modeldeploy".to_owned()),
            launch_role: crate::domain::platform::catalog::launch_role::NAME.to_owned(),
            inspect_role: None,
        }
    }
}
