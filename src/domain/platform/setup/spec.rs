//! `modeldeploy.yml` as it is written; `settings` makes of it what can be put in place.

use clap::ValueEnum;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::aws::call_as::CallAs;

/// What surrounds the projects of one data science account: its stages, buckets and roles.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a mapping of settings")]
pub struct SettingsSpec {
    /// The version of this format: 1.
    pub version: u32,
    /// The stages that models are deployed to, in their order.
    #[serde(default)]
    pub stages: Vec<StageSpec>,
    /// The bucket of model data; without it the one that SageMaker Studio makes, `sagemaker-<region>-<account>`.
    pub model_data_bucket: Option<String>,
    /// The ARN of the KMS key of model data, if a key of your own encrypts it.
    pub model_data_key: Option<String>,
    /// The bucket in which asynchronous endpoints take and leave payloads; `*` allowed.
    pub async_bucket: Option<String>,
    /// The bucket for captured requests and answers; `*` allowed.
    pub capture_bucket: Option<String>,
    /// The bucket of seed zip and project template; without it the role that launches projects stays as it is.
    pub seed_bucket: Option<String>,
    /// What the keys there begin with; `modeldeploy/` without it.
    pub seed_prefix: Option<String>,
    /// Model package groups whose versions the stages' accounts may deploy. A build lets them in to its own group.
    #[serde(default)]
    pub model_package_groups: Vec<String>,
    /// The roles of projects; `own` without it.
    pub pipeline_roles: Option<PipelineRoles>,
    /// The ARN of the KMS key of the projects' artifact buckets; with classic roles only.
    pub artifact_key: Option<String>,
    /// How the role of the stages' accounts gets there; `stack-sets` without it.
    pub roll_out: Option<RollOut>,
    /// As whom this account speaks to StackSets; `self` without it.
    pub call_as: Option<CallAs>,
}

/// A stage and the accounts that are it: those of units, or accounts by their ids.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a stage with its name")]
pub struct StageSpec {
    /// The stage's name, as in `<stage>-config.json`.
    pub name: String,
    /// Ids of organizational units, or of the root; child units belong to them.
    #[serde(default)]
    pub units: Vec<String>,
    /// Ids of accounts, where there is no organization.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// The role in the accounts is `sagemaker-role-<suffix>`; the stage's name without it.
    pub role_suffix: Option<String>,
}

/// With which roles projects build, test and deploy.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ValueEnum)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PipelineRoles {
    /// Four roles of least privilege for each project.
    #[default]
    Own,
    /// `AmazonSageMakerServiceCatalogProductsUseRole` for all projects.
    Classic,
}

/// How the role of the stages' accounts gets there.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ValueEnum)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RollOut {
    /// By a stack set with service-managed permissions for each stage that names units.
    #[default]
    StackSets,
    /// By hand: `setup plan` names the commands.
    Print,
}
