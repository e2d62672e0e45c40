//! The flags and variables of every command; no behaviour.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::domain::arn::{AccountId, Arn};
use crate::domain::catalog::launch_role;
use crate::domain::catalog::principal::Principal;
use crate::domain::duration;
use crate::domain::glob::Glob;
use crate::domain::organization::UnitId;
use crate::domain::partition::{NotARegion, check_region};
use crate::domain::stage::Stages;

/// The cases of a suite, in a repository.
pub const CASES_FILE: &str = "test/cases.yml";

/// The endpoint template, in a repository.
pub const TEMPLATE_FILE: &str = "endpoint-config-template.yml";

/// Where seeds are in a bucket, unless it is said.
const SEED_PREFIX: &str = "modeldeploy/seed";

/// Where rendered templates are in a bucket, unless it is said.
const TEMPLATE_PREFIX: &str = "modeldeploy/templates";

/// What AWS's own samples call the portfolio of an organization's templates.
const PORTFOLIO: &str = "SageMaker Organization Templates";
const PRODUCT: &str = "Multi-account model deployment";

/// The stages of a project that names none.
pub const DEFAULT_STAGES: &str = "staging,prod";

/// Names of variables that are read when a command runs, so that an offline world can stand in for them.
pub mod variable {
    pub const PROJECT_NAME: &str = "SAGEMAKER_PROJECT_NAME";
    pub const PROJECT_ID: &str = "SAGEMAKER_PROJECT_ID";
    pub const GROUP: &str = "SOURCE_MODEL_PACKAGE_GROUP_NAME";
    /// The same, as some of AWS's sample projects name it.
    pub const GROUP_OF_SAMPLES: &str = "MODEL_PACKAGE_GROUP_NAME";
    pub const ARTIFACT_BUCKET: &str = "ARTIFACT_BUCKET";
    /// A template without its ending, as one of AWS's sample projects names it.
    pub const TEMPLATE_OF_SAMPLES: &str = "CFN_TEMPLATE_NAME";
    pub const ROLE_NAME: &str = "SAGEMAKER_EXECUTION_ROLE_NAME";
    pub const UNIT: &str = "ORGANIZATIONAL_UNIT_ID";
    pub const BUILD_ID: &str = "CODEBUILD_BUILD_ID";
    pub const BUILD_ARN: &str = "CODEBUILD_BUILD_ARN";
    pub const SOURCE_VERSION: &str = "CODEBUILD_RESOLVED_SOURCE_VERSION";
    /// Clap reads this one, in every command that has stages.
    pub const STAGES: &str = "MODELDEPLOY_STAGES";
    pub const START_TIME: &str = "CODEBUILD_START_TIME";
}

/// Carry an approved SageMaker model from the registry to endpoints in staging and production accounts.
#[derive(Debug, Parser)]
#[command(name = "modeldeploy", version, max_term_width = 110, styles = STYLES, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// The command line as it is parsed.
pub fn command() -> clap::Command {
    let command = without_values(Cli::command());
    match std::env::var(variable::TEMPLATE_OF_SAMPLES) {
        Ok(name) => with_templates_of(&name, command),
        Err(_) => command,
    }
}

/// Help names the variables and not what they hold.
fn without_values(command: clap::Command) -> clap::Command {
    command.mut_args(|arg| arg.hide_env_values(true)).mut_subcommands(without_values)
}

/// The names that one of AWS's sample projects gives its template before and after the build.
fn with_templates_of(name: &str, command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| match arg.get_id().as_str() {
        "template" => arg.default_value(format!("{name}-template.yaml")),
        "export_template" => arg.default_value(format!("{name}.yaml")),
        _ => arg,
    });
    command.mut_subcommands(|command| with_templates_of(name, command))
}

const STYLES: Styles =
    Styles::styled().header(AnsiColor::Green.on_default().bold()).literal(AnsiColor::Cyan.on_default().bold());

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 failed; 2 usage or invalid input; 3 tests ran and at least one account or case failed; \
4 no approved model package; 10 a plan that was only shown has something to do";

/// The variables whose names hold a stage's, which no flag can list.
const STAGE_VARIABLES: &str = "\
Variables of every stage, with its name in capitals (PRE_PROD of pre-prod):
  SAGEMAKER_EXECUTION_ROLE_<STAGE>_NAME  The role with which the model runs in the stage's accounts
  ORGANIZATIONAL_UNIT_<STAGE>_ID         The unit whose accounts the stage is deployed to
  EXPORT_TEMPLATE_<STAGE>_CONFIG         The exported config; else <stage>-config-export.json";

#[derive(Debug, Args)]
pub struct Global {
    /// Work in an offline world (a JSON or YAML file) instead of AWS
    #[arg(long, global = true, value_name = "WORLD", env = "MODELDEPLOY_OFFLINE", help_heading = "Global options")]
    pub offline: Option<PathBuf>,
    /// The AWS Region; else the profile's
    #[arg(long, global = true, env = "AWS_REGION", help_heading = "Global options")]
    pub region: Option<String>,
    /// The form of what goes to stdout
    #[arg(long, global = true, value_enum, default_value_t, help_heading = "Global options")]
    pub format: Format,
    /// Say more: -v the calls and retries of the AWS SDK, -vv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
    /// Say nothing on stderr but warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub quiet: bool,
    /// Whether to use colour; auto follows the terminal and NO_COLOR
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Global options")]
    pub color: Color,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Choose the latest approved model package and write what every stage deploys
    #[command(after_help = STAGE_VARIABLES)]
    Build(BuildArgs),
    /// Show which model package would be deployed, what is known of it, and why none newer
    Resolve(ResolveArgs),
    /// Check files against the release record of the build that wrote them
    Verify(VerifyArgs),
    /// Find everything wrong with template, stage configs and cases that can be known without AWS
    Check(CheckArgs),
    /// Prove what is live in every account of a unit, and send it the cases
    Test(TestArgs),
    /// Render results of test runs as an HTML page, several side by side
    Report(ReportArgs),
    /// Run the whole pipeline in an offline world: build, deploy, test, approve, deploy
    #[command(after_help = STAGE_VARIABLES)]
    Rehearse(RehearseArgs),
    /// Pack and upload what a project's repository starts from
    #[command(subcommand)]
    Seed(SeedCommand),
    /// Make the project template that every SageMaker project of an organization starts from
    Catalog(CatalogArgs),
    /// Put in place what surrounds projects: policies, and the role of the stages' accounts
    #[command(subcommand)]
    Setup(SetupCommand),
    /// Find what is wrong with a platform and its projects, and say how to mend it; changes nothing
    #[command(after_help = STAGE_VARIABLES)]
    Doctor(DoctorArgs),
    /// Print shell completions
    Completions {
        /// The shell to complete in
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

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

/// What a build reads of the project; a rehearsal reads the same.
#[derive(Clone, Debug, Args)]
pub struct ProjectArgs {
    #[command(flatten)]
    pub identity: ProjectIdentity,
    /// The model package group, by name or ARN
    #[arg(long, value_name = "GROUP", env = variable::GROUP)]
    pub model_package_group: Option<String>,
    /// The bucket of the pipeline's artefacts
    #[arg(long, value_name = "BUCKET", env = variable::ARTIFACT_BUCKET)]
    pub artifact_bucket: Option<String>,
    /// The endpoint template, in the input directory; one that ends in .j2 is rendered [default:
    /// endpoint-config-template.yml, or endpoint-config-template.yml.j2]
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// The stages to build for, each with a config <stage>-config.json in the input directory
    #[arg(long, value_name = "STAGES", env = variable::STAGES, default_value = DEFAULT_STAGES)]
    pub stages: Stages,
    /// Deploy this version instead of the latest approved one; it must be approved, too
    #[arg(long, value_name = "N")]
    pub model_version: Option<u32>,
    /// Leave the model package group and its resource policy as they are
    #[arg(long)]
    pub no_group_policy: bool,
    /// What to make of access that the target accounts lack: to the package, its model data, key and image
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub access_check: AccessCheck,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AccessCheck {
    /// End with 1 before anything is written
    Error,
    /// Say it and go on
    #[default]
    Warn,
    /// Do not look
    Off,
}

#[derive(Debug, Args)]
pub struct BuildArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The name of the exported template
    #[arg(long, value_name = "FILE", env = "EXPORT_TEMPLATE_NAME", default_value = "template-export.yml")]
    pub export_template: PathBuf,
    /// The shape of the exported configs
    #[arg(long, value_enum, default_value_t)]
    pub export_format: ExportFormat,
    /// Where the template and the stage configs are
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub input_dir: PathBuf,
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

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The endpoint template, in the input directory; one that ends in .j2 is rendered [default:
    /// endpoint-config-template.yml, or endpoint-config-template.yml.j2]
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// Where the template and the stage configs are
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub input_dir: PathBuf,
    /// The stages to check, each with a config <stage>-config.json in the input directory
    #[arg(long, value_name = "STAGES", env = variable::STAGES, default_value = DEFAULT_STAGES)]
    pub stages: Stages,
    /// The cases that are sent to the endpoint [default: test/cases.yml of the input directory, if it is there]
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// For CodePipeline's CloudFormationStackSet action
    #[default]
    #[value(name = "stackset")]
    StackSet,
    /// For CodePipeline's plain CloudFormation action
    #[value(name = "cloudformation")]
    CloudFormation,
}

#[derive(Debug, Args)]
pub struct ResolveArgs {
    /// The model package group, by name or ARN
    #[arg(long, value_name = "GROUP", env = variable::GROUP)]
    pub model_package_group: Option<String>,
    /// Look at this version instead of the latest approved one
    #[arg(long, value_name = "N")]
    pub model_version: Option<u32>,
}

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
pub struct TestArgs {
    /// The stage's exported config, as the build wrote it
    #[arg(long, value_name = "FILE", env = "BUILD_CONFIG", default_value = "staging-config-export.json")]
    pub build_config: PathBuf,
    /// Where to write the results
    #[arg(long, value_name = "FILE", env = "EXPORT_TEST_RESULTS", default_value = "test-results.json")]
    pub export_test_results: PathBuf,
    /// Test also what is not as the release record beside the build config says
    #[arg(long)]
    pub no_verify: bool,
    /// The name of the role to take on in every account
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
    /// The folder that files named by the cases must lie in, links followed [default: that of the cases]
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub files_within: Option<PathBuf>,
    /// How long to wait for an endpoint to be in service
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = time)]
    pub wait: Duration,
    /// How long the whole run may take; what is not done then has failed
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub deadline: Option<Duration>,
    /// How many accounts to test at once
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,
    /// The variants that have to serve the package; what else the others serve is in the results
    #[arg(long, value_enum, default_value_t, value_name = "ROLE", env = "MODELDEPLOY_LIVE_AS")]
    pub live_as: LiveAs,
    /// A local model server that answers instead of the endpoints; without an offline world, no AWS is needed
    #[arg(long, value_name = "URL", value_parser = http_url)]
    pub model_url: Option<reqwest::Url>,
}

/// Where the package is meant to be on an endpoint with shadow variants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LiveAs {
    /// Every production variant
    #[default]
    Production,
    /// Every shadow variant, of which there has to be one: it is compared with another version in production
    Shadow,
    /// Every variant
    Both,
}

impl From<LiveAs> for crate::domain::endpoint::LiveAs {
    fn from(given: LiveAs) -> Self {
        match given {
            LiveAs::Production => Self::Production,
            LiveAs::Shadow => Self::Shadow,
            LiveAs::Both => Self::Both,
        }
    }
}

impl SuiteArgs {
    pub fn cases(&self) -> PathBuf {
        self.cases.clone().unwrap_or_else(|| PathBuf::from(CASES_FILE))
    }
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

#[derive(Debug, Subcommand)]
pub enum SeedCommand {
    /// Pack the seed zip: template, configs, cases, buildspecs, and this binary
    Pack(SeedPackArgs),
    /// Upload the seed zip under a key of its content, and print what the project template needs
    Upload(SeedUploadArgs),
}

#[derive(Debug, Args)]
pub struct SeedPackArgs {
    /// Where to write the zip
    #[arg(long, value_name = "FILE", default_value = "seed-repo.zip")]
    pub output: PathBuf,
    /// A folder with seed-repo, buildspec.yml and test; else the ones that this binary has in it
    #[arg(long, value_name = "DIR")]
    pub input_dir: Option<PathBuf>,
    /// The static binary to pack; else the running one
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// Leave the binary out: it is written beside the zip, and the buildspecs fetch it from --bucket by its digest
    #[arg(long, requires = "bucket")]
    pub without_binary: bool,
    /// The bucket that the binary is fetched from
    #[arg(long, value_name = "BUCKET", requires = "without_binary")]
    pub bucket: Option<String>,
    /// The prefix of its key there
    #[arg(long, value_name = "PREFIX", default_value = SEED_PREFIX)]
    pub prefix: String,
    /// Leave out files of the repository, for example 'data/**'; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<Glob>,
}

#[derive(Debug, Args)]
pub struct SeedUploadArgs {
    /// The zip, or the binary that was written beside it
    #[arg(value_name = "FILE", default_value = "seed-repo.zip")]
    pub file: PathBuf,
    /// The bucket to upload to
    #[arg(long, value_name = "BUCKET")]
    pub bucket: String,
    /// The prefix of the key
    #[arg(long, value_name = "PREFIX", default_value = SEED_PREFIX)]
    pub prefix: String,
    /// Encrypt with this KMS key; else the bucket's own rule decides
    #[arg(long, value_name = "KEY")]
    pub kms_key_id: Option<String>,
    /// Look whether it is there, and upload nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What to look at; whatever is not named is skipped. With the project alone, the rest is read from its build.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub identity: ProjectIdentity,
    /// The model package group, by name or ARN [default: the build's, or the project's name]
    #[arg(long, value_name = "GROUP", env = variable::GROUP)]
    pub model_package_group: Option<String>,
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

#[derive(Debug, Args)]
pub struct CatalogArgs {
    #[command(subcommand)]
    pub command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// Render the project template: bucket, event rules, repository, build, test and pipeline of a project
    Render(RenderArgs),
    /// Offer the project template in Studio: as a product of Service Catalog, or as a template in S3
    Import(Box<ImportArgs>),
}

#[derive(Debug, Args)]
pub struct RenderArgs {
    #[command(flatten)]
    pub template: TemplateArgs,
    /// Where to write the template; - is stdout
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    pub template: TemplateArgs,
    /// The bucket for the rendered template; else the one of the seed zip
    #[arg(long, value_name = "BUCKET", required_unless_present = "seed_bucket")]
    pub template_bucket: Option<String>,
    /// The prefix of its key there
    #[arg(long, value_name = "PREFIX", default_value = TEMPLATE_PREFIX)]
    pub template_prefix: String,
    /// The portfolio, by name or id; one that is not there is created
    #[arg(long, value_name = "NAME", default_value = PORTFOLIO, conflicts_with = "s3_template")]
    pub portfolio: String,
    /// The product in it, by name or id; one that is not there is created. Also names a template in S3
    #[arg(long, value_name = "NAME", default_value = PRODUCT)]
    pub product: String,
    /// The role that creates projects; else AWS's AmazonSageMakerServiceCatalogProductsLaunchRole of this account
    #[arg(long, value_name = "ARN")]
    pub launch_role: Option<Arn>,
    /// Who may create projects: a role of Studio's users, or a pattern (arn:aws:iam:::role/Name*); may be given several
    /// times
    #[arg(long, value_name = "ARN", conflicts_with = "s3_template")]
    pub principal: Vec<Principal>,
    /// Put the template into S3 for Studio to find there, and leave Service Catalog alone
    #[arg(long)]
    pub s3_template: bool,
    /// The SageMaker domain whose Studio shows the template in S3, by id or name; needed where there are several
    #[arg(long, value_name = "DOMAIN", requires = "s3_template")]
    pub domain: Option<String>,
    /// Show what would be done, and do nothing; exits with 10 if there is something to do
    #[arg(long)]
    pub dry_run: bool,
    /// Do it without asking
    #[arg(long)]
    pub yes: bool,
}

/// What is decided of the project template when it is rendered.
#[derive(Clone, Debug, Args)]
pub struct TemplateArgs {
    /// The stages to deploy to, in this order, with an approval between each two
    #[arg(long, value_name = "STAGES", env = variable::STAGES, default_value = DEFAULT_STAGES)]
    pub stages: Stages,
    /// The bucket of the seed zip, as the default of parameter SeedBucket
    #[arg(long, value_name = "BUCKET")]
    pub seed_bucket: Option<String>,
    /// The key of the seed zip, as the default of parameter SeedKey
    #[arg(long, value_name = "KEY")]
    pub seed_key: Option<String>,
    /// Where a project's repository comes from
    #[arg(long, value_enum, default_value_t)]
    pub source: Source,
    /// As whom the account speaks to StackSets, as the default of parameter CallAs
    #[arg(long, value_enum, default_value_t)]
    pub call_as: CallAs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// A new CodeCommit repository, filled from the seed zip
    #[default]
    #[value(name = "codecommit")]
    CodeCommit,
    /// A repository of a Git host, by a connection (CodeConnections)
    Connection,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CallAs {
    /// The organization's management account
    #[default]
    #[value(name = "self")]
    Management,
    /// A delegated administrator for StackSets
    DelegatedAdmin,
}

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
    /// As whom this account speaks to StackSets
    #[arg(long, value_enum)]
    pub call_as: Option<CallAs>,
    /// Let StackSets act in the organization; in the management account only
    #[arg(long)]
    pub enable_trusted_access: bool,
    /// Let this account speak to StackSets for the organization; in the management account only
    #[arg(long, value_name = "ACCOUNT")]
    pub register_delegated_admin: Option<AccountId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PipelineRoles {
    /// Four of least privilege for each project
    Own,
    /// AmazonSageMakerServiceCatalogProductsUseRole
    Classic,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RollOut {
    /// By a stack set for each stage that has units
    StackSets,
    /// By hand, with the commands that --output writes
    Print,
}

fn stage_and_ids(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, ids) = text.split_once('=').ok_or("write for example staging=ou-ab12-cdef3456")?;
    Ok((name.trim().to_owned(), ids.split(',').map(|id| id.trim().to_owned()).collect()))
}

fn region(text: &str) -> Result<String, NotARegion> {
    check_region(text).map(|()| text.to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    duration::parse(text, Duration::ZERO..=duration::LONGEST)
}

fn folder(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_dir() { Ok(path) } else { Err("there is no such folder".to_owned()) }
}

fn http_url(text: &str) -> Result<reqwest::Url, String> {
    let url =
        reqwest::Url::parse(text).map_err(|error| format!("{error} (write for example http://127.0.0.1:8080)"))?;
    if url.scheme() == "http" && url.has_host() {
        Ok(url)
    } else {
        Err("a local model server speaks plain HTTP: write for example http://127.0.0.1:8080".to_owned())
    }
}
