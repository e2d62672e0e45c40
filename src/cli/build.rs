//! `modeldeploy build`.

use std::path::PathBuf;

use clap::Args;

use super::project::{ExportArgs, InputArgs, ProjectArgs};
use super::variable;

/// The exported template, unless it is said.
pub(crate) const EXPORT_TEMPLATE: &str = "template-export.yml";

#[derive(Debug, Args)]
pub struct BuildArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The name of the exported template
    #[arg(long, value_name = "FILE", env = variable::EXPORT_TEMPLATE, default_value = EXPORT_TEMPLATE)]
    pub export_template: PathBuf,
    #[command(flatten)]
    pub export: ExportArgs,
    #[command(flatten)]
    pub input: InputArgs,
    /// Where to write
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub output_dir: PathBuf,
    /// Encrypt uploaded artefacts with this KMS key; else the bucket's own rule decides
    #[arg(long, value_name = "KEY", env = "ARTIFACT_BUCKET_KMS_KEY_ID")]
    pub kms_key_id: Option<String>,
    /// Copy model data that another account owns onto itself, so that the bucket's account owns it
    #[arg(long)]
    pub fix_ownership: bool,
    /// Say what would be written and called; write nothing and change nothing
    #[arg(long)]
    pub dry_run: bool,
}
