//! What looks at a release or at results, and changes nothing: `modeldeploy verify` and `report`.

use std::path::PathBuf;

use clap::Args;

use super::value::folder;

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The release record, as the build wrote it
    #[arg(value_name = "FILE", default_value = "release.json")]
    pub record: PathBuf,
    /// Where the files are that the build wrote [default: beside the record]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Check the files that the build read, too; they are here
    #[arg(long, value_name = "DIR")]
    pub input_dir: Option<PathBuf>,
    /// The folder that the files must lie in, links followed [default: --dir, and --input-dir for those that were read]
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub files_within: Option<PathBuf>,
    /// Print the JSON Schema of release.json and check nothing
    #[arg(long)]
    pub print_schema: bool,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Results of a test run, as `test` writes them; of several, the first is what the others are compared with
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Where to write the page; - is stdout
    #[arg(long, value_name = "FILE", default_value = "test-results.html")]
    pub output: PathBuf,
}
