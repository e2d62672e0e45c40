//! `modeldeploy catalog`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::project::DEFAULT_STAGES;
use super::variable;
use crate::domain::aws::arn::Arn;
use crate::domain::aws::call_as::CallAs;
use crate::domain::platform::catalog::principal::Principal;
use crate::domain::platform::project_template::RepositorySource;
use crate::domain::project::stage::Stages;

/// Where rendered templates are in a bucket, unless it is said.
const TEMPLATE_PREFIX: &str = "modeldeploy/templates";

/// What AWS's own samples call the portfolio of an organization's templates.
const PORTFOLIO: &str = "SageMaker Organization Templates";
const PRODUCT: &str = "Multi-account model deployment";

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
    pub source: RepositorySource,
    /// How the account calls StackSets: the default of parameter CallAs
    #[arg(long, value_enum, default_value_t)]
    pub call_as: CallAs,
}
