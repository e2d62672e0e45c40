//! The flags and variables of every command; no behaviour.

pub(crate) mod brief;
pub(crate) mod build;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod project;
pub(crate) mod rehearse;
pub(crate) mod release;
pub(crate) mod seed;
pub(crate) mod setup;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod value;
pub mod variable;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use self::brief::BriefArgs;
use self::build::BuildArgs;
use self::catalog::CatalogCommand;
use self::check::CheckArgs;
use self::doctor::DoctorArgs;
use self::project::PackageArgs;
pub(crate) use self::project::{CASES_FILE, DEFAULT_STAGES, TEMPLATE_FILE};
use self::rehearse::RehearseArgs;
use self::release::{ReportArgs, VerifyArgs};
use self::seed::SeedCommand;
use self::setup::SetupCommand;
use self::status::StatusArgs;
use self::test::TestArgs;

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
        "export_template" => arg.default_value(exported_of_samples(name)),
        _ => arg,
    });
    command.mut_subcommands(|command| with_templates_of(name, command))
}

/// What such a template is called after the build.
pub(crate) fn exported_of_samples(name: &str) -> String {
    format!("{name}.yaml")
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
    Resolve(PackageArgs),
    /// Check files against the release record of the build that wrote them
    Verify(VerifyArgs),
    /// Find everything wrong with template, stage configs and cases that can be known without AWS
    Check(CheckArgs),
    /// Prove what is live in every account of a unit, and send it the cases
    Test(TestArgs),
    /// Render results of test runs as an HTML page, several side by side
    Report(ReportArgs),
    /// Say what an approver has to know of a tested version, in Markdown, as JSON, or in a line for an approval
    Brief(BriefArgs),
    /// Show what is live in every account and Region of every stage; changes nothing
    #[command(after_help = STAGE_VARIABLES)]
    Status(StatusArgs),
    /// Run the whole pipeline in an offline world: build, deploy, test, approve, deploy
    #[command(after_help = STAGE_VARIABLES)]
    Rehearse(RehearseArgs),
    /// Pack and upload what a project's repository starts from
    #[command(subcommand)]
    Seed(SeedCommand),
    /// Make the project template that every SageMaker project of an organization starts from
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Put in place what surrounds projects: policies, and the role of the stages' accounts
    #[command(subcommand)]
    Setup(SetupCommand),
    /// Find what is wrong with a platform and its projects, and say how to fix it; changes nothing
    #[command(after_help = STAGE_VARIABLES)]
    Doctor(DoctorArgs),
    /// Print shell completions
    Completions {
        /// The shell to complete in
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}
