//! `modeldeploy doctor`.

use std::path::PathBuf;

use clap::Args;

use super::project::{ProjectIdentity, RegistryArgs};
use super::variable;
use crate::domain::platform::catalog::launch_role;
use crate::domain::project::stage::Stages;

/// What to look at; whatever is not named is skipped. With the project alone, the rest is read from its build.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub identity: ProjectIdentity,
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// The bucket of the pipeline's artefacts [default: the build's, or sagemaker-project-<id>]
    #[arg(long, value_name = "BUCKET", env = variable::ARTIFACT_BUCKET)]
    pub artifact_bucket: Option<String>,
    /// The stages [default: the build's, or staging,prod]
    #[arg(long, value_name = "STAGES", env = variable::STAGES)]
    pub stages: Option<Stages>,
    /// The bucket of model data, to look at while no version is approved
    #[arg(long, value_name = "BUCKET")]
    pub model_data_bucket: Option<String>,
    /// The bucket of the seed zip
    #[arg(long, value_name = "BUCKET", requires = "seed_key")]
    pub seed_bucket: Option<String>,
    /// The key of the seed zip
    #[arg(long, value_name = "KEY", requires = "seed_bucket")]
    pub seed_key: Option<String>,
    /// The product in Service Catalog, by name or id
    #[arg(long, value_name = "PRODUCT")]
    pub product: Option<String>,
    /// The role that launches projects, by name or ARN
    #[arg(long, value_name = "ROLE", default_value = launch_role::NAME)]
    pub launch_role: String,
    /// A role in the target accounts that may read roles and quotas there, for example OrganizationAccountAccessRole
    #[arg(long, value_name = "NAME")]
    pub inspect_role: Option<String>,
    /// Where the stage configs are, which tell the stages' instances
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub input_dir: PathBuf,
}
