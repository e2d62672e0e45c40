//! `modeldeploy rehearse`.

use std::path::PathBuf;

use clap::Args;

use super::project::ProjectArgs;
use super::test::SuiteArgs;

#[derive(Debug, Args)]
pub struct RehearseArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// Where the template and the stage configs are; without one here, the example's are used
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub input_dir: PathBuf,
    /// Where to write every artefact and the changed world
    #[arg(long, value_name = "DIR", default_value = "rehearsal")]
    pub output_dir: PathBuf,
    #[command(flatten)]
    pub suite: SuiteArgs,
    /// Approve every deployment without asking
    #[arg(long)]
    pub approve: bool,
}
