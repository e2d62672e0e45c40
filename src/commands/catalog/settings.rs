//! What is asked for of a project template and its import.

use crate::cli::catalog::{ImportArgs, TemplateArgs};
use crate::domain::aws::arn::Arn;
use crate::domain::platform::catalog::principal::Principal;
use crate::domain::platform::project_template::ProjectTemplate;

/// The template as it was asked for.
pub(in crate::commands) fn asked(args: &TemplateArgs) -> ProjectTemplate {
    ProjectTemplate {
        stages: args.stages.to_vec(),
        source: args.source,
        call_as: args.call_as,
        seed_bucket: args.seed_bucket.clone(),
        seed_key: args.seed_key.clone(),
    }
}

/// What is imported, and to where.
pub(in crate::commands) struct Settings {
    pub(super) template: ProjectTemplate,
    /// Else the one of the seed zip.
    pub(super) bucket: Option<String>,
    pub(super) prefix: String,
    pub(super) portfolio: String,
    pub(super) product: String,
    pub(super) launch_role: Option<Arn>,
    pub(super) principals: Vec<Principal>,
    /// Into S3 instead of Service Catalog.
    pub(super) is_in_s3: bool,
    pub(super) domain: Option<String>,
    pub(super) dry_run: bool,
    pub(super) yes: bool,
}

impl Settings {
    pub(in crate::commands) fn of(args: &ImportArgs) -> Self {
        Self {
            template: asked(&args.template),
            bucket: args.template_bucket.clone(),
            prefix: args.template_prefix.clone(),
            portfolio: args.portfolio.clone(),
            product: args.product.clone(),
            launch_role: args.launch_role.clone(),
            principals: args.principal.clone(),
            is_in_s3: args.s3_template,
            domain: args.domain.clone(),
            dry_run: args.dry_run,
            yes: args.yes,
        }
    }
}
