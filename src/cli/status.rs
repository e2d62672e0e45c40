//! `modeldeploy status`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::project::{ProjectIdentity, RegistryArgs};
use super::value::{pause, region};
use crate::domain::aws::call_as::CallAs;
use crate::domain::project::stage::Stages;

/// Whose endpoints to look at. With the project's name and id, the rest is read from its build.
#[derive(Clone, Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub identity: ProjectIdentity,
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Only these stages [default: all of MODELDEPLOY_STAGES, or of the build, or staging,prod]
    #[arg(long, value_name = "STAGES")]
    pub stage: Option<Stages>,
    /// The name of the role to assume in every account [default: that of each stage]
    #[arg(long, value_name = "NAME")]
    pub role_name: Option<String>,
    /// Only the endpoints of these Regions [default: the command's own, and those of the stack sets]
    #[arg(long, value_name = "REGIONS", value_delimiter = ',', value_parser = region)]
    pub regions: Vec<String>,
    /// How this account calls StackSets (CallAs)
    #[arg(long, value_enum, default_value_t)]
    pub call_as: CallAs,
    /// How many endpoints to read at once
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,
    /// Read again after each such pause, until Ctrl-C: a terminal is redrawn, elsewhere every change is a line
    #[arg(
        long,
        value_name = "PAUSE",
        value_parser = pause,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "15s"
    )]
    pub watch: Option<Duration>,
    /// Where to write an HTML page, too
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    pub html: Option<PathBuf>,
    /// Print the JSON Schema of what --format json prints, and read nothing
    #[arg(long)]
    pub print_schema: bool,
}
