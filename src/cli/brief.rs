//! `modeldeploy brief`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct BriefArgs {
    /// Results of the test run, as `test` wrote them
    #[arg(long, value_name = "FILE", env = "EXPORT_TEST_RESULTS", default_value = "test-results.json")]
    pub results: PathBuf,
    /// The release record of the version that was tested [default: release.json, if it is there]
    #[arg(long, value_name = "FILE")]
    pub release: Option<PathBuf>,
    /// Results of a run on the version before, whose figures stand beside
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// The release record of the version before, for what changed since; exported files are read beside both records
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
    /// The form; text is a line that an approval in CodePipeline takes [default: markdown; json with --format json]
    #[arg(long, value_enum)]
    pub form: Option<Form>,
    /// Print the JSON Schema of --form json and read nothing
    #[arg(long)]
    pub print_schema: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Markdown,
    Text,
    Json,
}
