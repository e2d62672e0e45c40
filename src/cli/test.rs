//! `modeldeploy test`, and how a rehearsal tests.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use http::{HeaderName, HeaderValue};

use super::project::CasesFolder;
use super::value::{header, http_url, region, time};
use super::variable;
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::organization::UnitId;
use crate::domain::endpoint::LiveAs;

#[derive(Debug, Args)]
pub struct TestArgs {
    /// The stage's exported config, as the build wrote it
    #[arg(long, value_name = "FILE", env = "BUILD_CONFIG", default_value = "staging-config-export.json")]
    pub build_config: PathBuf,
    /// Where to write the results
    #[arg(long, value_name = "FILE", env = "EXPORT_TEST_RESULTS", default_value = "test-results.json")]
    pub export_test_results: PathBuf,
    /// Test even if the build config does not match the release record beside it
    #[arg(long)]
    pub no_verify: bool,
    /// The name of the role to assume in every account
    #[arg(long, value_name = "NAME", env = variable::ROLE_NAME)]
    pub role_name: Option<String>,
    /// The unit whose accounts are tested
    #[arg(long, value_name = "ID", env = variable::UNIT)]
    pub organizational_unit: Option<UnitId>,
    /// Test these accounts instead of a unit's
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub accounts: Vec<AccountId>,
    /// Test the endpoints of these Regions; else of the command's own
    #[arg(long, value_name = "REGIONS", value_delimiter = ',', value_parser = region)]
    pub regions: Vec<String>,
    /// Leave child units out, which stack sets do not
    #[arg(long)]
    pub no_recursive: bool,
    /// The endpoint's name; else {SageMakerProjectName}-{StageName} of the build config
    #[arg(long, value_name = "NAME")]
    pub endpoint_name: Option<String>,
    #[command(flatten)]
    pub suite: SuiteArgs,
    /// Print the JSON Schema of cases.yml, or of test-results.json, and test nothing
    #[arg(
        long,
        value_enum,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "cases"
    )]
    pub print_schema: Option<Schema>,
    /// Write cases that expect what the model answers now, for review, into a file that is not there yet; of a model server or of a single account
    #[arg(long, value_name = "FILE")]
    pub record_answers: Option<PathBuf>,
    /// Where to write JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Where to write the results as an HTML page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// Of cases.yml
    Cases,
    /// Of test-results.json
    Results,
}

/// How the cases are run, against whatever answers.
#[derive(Clone, Debug, Args)]
pub struct SuiteArgs {
    /// The cases to send [default: test/cases.yml, in a rehearsal that of the input directory]
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,
    #[command(flatten)]
    pub folder: CasesFolder,
    /// Results of a run on the previous model, with which cases are compared [default: those that the cases name]
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// How long to wait for an endpoint to be in service, or a model server to be healthy [default: 30m, 0s for a server]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub wait: Option<Duration>,
    /// How long the whole run may take; what is not done then has failed
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub deadline: Option<Duration>,
    /// How many accounts to test at once
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,
    /// The variants that have to serve the package; what else the others serve is in the results
    #[arg(long, value_enum, default_value_t, value_name = "ROLE", env = "MODELDEPLOY_LIVE_AS")]
    pub live_as: LiveAs,
    #[command(flatten)]
    pub server: ModelServerArgs,
}

/// The flags whose values are shown only in part, however wrong they are, or nowhere.
pub(crate) const MODEL_URL: &str = "model-url";
pub(crate) const MODEL_HEADER: &str = "model-header";

/// A model server of this machine, in the place of endpoints.
#[derive(Clone, Debug, Args)]
pub struct ModelServerArgs {
    /// A local model server that answers instead of the endpoints; without an offline world, no AWS is needed
    #[arg(long = MODEL_URL, value_name = "URL", value_parser = http_url)]
    pub model_url: Option<reqwest::Url>,
    /// Where a model server that is not a SageMaker container says whether it is healthy [default: /ping]
    #[arg(long, value_name = "PATH", requires = "model_url")]
    pub health_path: Option<String>,
    /// Where it takes requests, such as /predict [default: /invocations]
    #[arg(long, value_name = "PATH", requires = "model_url")]
    pub invocations_path: Option<String>,
    /// Where it takes chat requests, such as /invocations [default: /v1/chat/completions]
    #[arg(long, value_name = "PATH", requires = "model_url")]
    pub chat_path: Option<String>,
    /// A header of every request to the model server; its value is shown nowhere, unless it is of a name like Accept-Language, or a media type
    #[arg(long = MODEL_HEADER, value_name = "NAME: VALUE", requires = "model_url", value_parser = header)]
    pub model_header: Vec<(HeaderName, HeaderValue)>,
}
