//! `modeldeploy check`.

use std::path::PathBuf;

use clap::Args;

use super::project::{ExportArgs, InputArgs, RepositoryArgs, StackSetArgs};

#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub repository: RepositoryArgs,
    #[command(flatten)]
    pub input: InputArgs,
    /// The cases that are sent to the endpoint [default: test/cases.yml of the input directory, if it is there]
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,
    #[command(flatten)]
    pub export: ExportArgs,
    #[command(flatten)]
    pub stack_set: StackSetArgs,
    /// Take a warning for an error
    #[arg(long)]
    pub strict: bool,
    /// Write the findings as SARIF 2.1.0, too; - is stdout
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
    /// Print a rule and where AWS says so, or a list of all rules, and check nothing
    #[arg(long, value_name = "RULE", num_args = 0..=1, default_missing_value = "")]
    pub explain: Option<String>,
}
