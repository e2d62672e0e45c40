//! What several commands ask of a project: whose it is, what of the registry, which files.

use std::path::PathBuf;

use clap::Args;

use super::value::folder;
use super::variable;
use crate::domain::access::AccessCheck;
use crate::domain::cloudformation::deployer::{ExportFormat, StackSetRole};
use crate::domain::project::stage::Stages;

/// The cases of a suite, in a repository.
pub(crate) const CASES_FILE: &str = "test/cases.yml";

/// The endpoint template, in a repository.
pub(crate) const TEMPLATE_FILE: &str = "endpoint-config-template.yml";

/// The stages of a project that names none.
pub(crate) const DEFAULT_STAGES: &str = "staging,prod";

/// Which SageMaker project it is about.
#[derive(Clone, Debug, Args)]
pub struct ProjectIdentity {
    /// The SageMaker project's name
    #[arg(long, value_name = "NAME", env = variable::PROJECT_NAME)]
    pub project_name: Option<String>,
    /// The SageMaker project's id
    #[arg(long, value_name = "ID", env = variable::PROJECT_ID)]
    pub project_id: Option<String>,
}

/// Of which versions one is chosen.
#[derive(Clone, Debug, Args)]
pub struct RegistryArgs {
    /// The model package group, by name or ARN
    #[arg(long, value_name = "GROUP", env = variable::GROUP)]
    pub model_package_group: Option<String>,
    /// Choose by the life cycle (ModelLifeCycle) instead of the approval, for example production/active
    #[arg(long, value_name = "STAGE[/STATUS]", env = variable::LIFECYCLE)]
    pub lifecycle: Option<String>,
}

/// Which model package it is about.
#[derive(Clone, Debug, Args)]
pub struct PackageArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Take this version instead of the latest approved one; it must be approved, too, or at the stage of --lifecycle
    #[arg(long, value_name = "N")]
    pub model_version: Option<u32>,
}

/// Which files of a repository are read.
#[derive(Clone, Debug, Args)]
pub struct RepositoryArgs {
    /// The endpoint template, in the input directory; one that ends in .j2 is rendered [default:
    /// endpoint-config-template.yml, or endpoint-config-template.yml.j2]
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// The stages, each with a config <stage>-config.json in the input directory
    #[arg(long, value_name = "STAGES", env = variable::STAGES, default_value = DEFAULT_STAGES)]
    pub stages: Stages,
}

/// Where they are.
#[derive(Clone, Debug, Args)]
pub struct InputArgs {
    /// Where the template and the stage configs are
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub input_dir: PathBuf,
    #[command(flatten)]
    pub cases: CasesFolder,
}

/// How far the cases may reach.
#[derive(Clone, Debug, Args)]
pub struct CasesFolder {
    /// The folder that files named by the cases must lie in, links followed [default: that of the cases]
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub files_within: Option<PathBuf>,
}

/// What is written for the roll-out.
#[derive(Clone, Copy, Debug, Args)]
pub struct ExportArgs {
    /// The shape of the exported configs, and so what the template is deployed by
    #[arg(long, value_enum, default_value_t)]
    pub export_format: ExportFormat,
}

/// What a build reads of the project; a rehearsal reads the same.
#[derive(Clone, Debug, Args)]
pub struct ProjectArgs {
    #[command(flatten)]
    pub identity: ProjectIdentity,
    #[command(flatten)]
    pub package: PackageArgs,
    /// The bucket of the pipeline's artefacts
    #[arg(long, value_name = "BUCKET", env = variable::ARTIFACT_BUCKET)]
    pub artifact_bucket: Option<String>,
    #[command(flatten)]
    pub repository: RepositoryArgs,
    #[command(flatten)]
    pub stack_set: StackSetArgs,
    /// Leave the model package group and its resource policy as they are
    #[arg(long)]
    pub no_group_policy: bool,
    /// What to make of access that the target accounts lack: to the package, its model data, key and image
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub access_check: AccessCheck,
}

/// What is known of the stages' stack sets.
#[derive(Clone, Copy, Debug, Args)]
pub struct StackSetArgs {
    /// The execution role of the stages' stack sets
    #[arg(long, value_enum, default_value_t, value_name = "ROLE", env = "MODELDEPLOY_STACK_SET_ROLE")]
    pub stack_set_role: StackSetRole,
}
