//! `modeldeploy setup`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::value::{stage_and_ids, time};
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::call_as::CallAs;
use crate::domain::platform::setup::spec::{PipelineRoles, RollOut};

#[derive(Debug, Subcommand)]
pub enum SetupCommand {
    /// Show what would be changed, and change nothing; ends with 10 if there is something to do
    Plan(SetupPlanArgs),
    /// Show what is to be changed, and change it
    Apply(SetupApplyArgs),
}

#[derive(Debug, Args)]
pub struct SetupPlanArgs {
    #[command(flatten)]
    pub setup: SetupArgs,
    /// Write all documents here, with the commands that put them in place
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Print the JSON Schema of modeldeploy.yml and plan nothing
    #[arg(long)]
    pub print_schema: bool,
}

#[derive(Debug, Args)]
pub struct SetupApplyArgs {
    #[command(flatten)]
    pub setup: SetupArgs,
    /// Change it without asking
    #[arg(long)]
    pub yes: bool,
    /// How long to wait for each roll-out to the stages' accounts
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = time)]
    pub wait: Duration,
}

/// What is to be put in place; a flag stands above the same setting of the file.
#[derive(Debug, Args)]
pub struct SetupArgs {
    /// The settings [default: modeldeploy.yml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// A stage and its units, or accounts, as staging=ou-ab12-cdef3456,...; may be given several times, and stands for
    /// all stages of the file
    #[arg(long = "stage", value_name = "NAME=IDS", value_parser = stage_and_ids)]
    pub stages: Vec<(String, Vec<String>)>,
    /// The bucket of model data; else sagemaker-<region>-<account>
    #[arg(long, value_name = "BUCKET")]
    pub model_data_bucket: Option<String>,
    /// The KMS key of model data, by its ARN
    #[arg(long, value_name = "ARN")]
    pub model_data_key: Option<String>,
    /// The bucket of asynchronous endpoints
    #[arg(long, value_name = "BUCKET")]
    pub async_bucket: Option<String>,
    /// The bucket for captured data
    #[arg(long, value_name = "BUCKET")]
    pub capture_bucket: Option<String>,
    /// The bucket of seed zip and project template
    #[arg(long, value_name = "BUCKET")]
    pub seed_bucket: Option<String>,
    /// What the keys there begin with
    #[arg(long, value_name = "PREFIX")]
    pub seed_prefix: Option<String>,
    /// A model package group that the stages' accounts may deploy from; may be given several times
    #[arg(long = "model-package-group", value_name = "GROUP")]
    pub model_package_groups: Vec<String>,
    /// The roles of projects: four of their own, or SageMaker's classic one for all
    #[arg(long, value_enum)]
    pub pipeline_roles: Option<PipelineRoles>,
    /// The KMS key of the projects' artifact buckets, by its ARN; with classic roles only
    #[arg(long, value_name = "ARN")]
    pub artifact_key: Option<String>,
    /// How the role of the stages' accounts gets there
    #[arg(long, value_enum)]
    pub roll_out: Option<RollOut>,
    /// How this account calls StackSets (CallAs)
    #[arg(long, value_enum)]
    pub call_as: Option<CallAs>,
    /// Let StackSets act in the organization; in the management account only
    #[arg(long)]
    pub enable_trusted_access: bool,
    /// Let this account speak to StackSets for the organization; in the management account only
    #[arg(long, value_name = "ACCOUNT")]
    pub register_delegated_admin: Option<AccountId>,
}
