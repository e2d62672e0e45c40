//! What a build is asked for: flags, and variables behind them.

use std::path::{Path, PathBuf};

use super::super::project;
use super::super::registry::{chosen_by, group_of};
use super::super::session::Session;
use crate::cli::build::{BuildArgs, EXPORT_TEMPLATE};
use crate::cli::project::ProjectArgs;
use crate::cli::{exported_of_samples, variable};
use crate::domain::access::AccessCheck;
use crate::domain::cloudformation::deployer::{Deployer, ExportFormat};
use crate::domain::finding::Finding;
use crate::domain::project::build_plan::ProjectFacts;
use crate::domain::project::stage::leads_out;
use crate::domain::registry::chosen_by::ChosenBy;
use crate::domain::registry::model_package::GroupRef;

/// What a build takes and leaves.
#[derive(Debug)]
pub(in super::super) struct Settings {
    pub(super) group: GroupRef,
    pub(super) chosen_by: ChosenBy,
    /// Instead of the latest.
    pub(super) model_version: Option<u32>,
    pub(super) no_group_policy: bool,
    pub(super) access_check: AccessCheck,
    pub(in super::super) export_template: PathBuf,
    pub(super) export_format: ExportFormat,
    pub(in super::super) output_dir: PathBuf,
    pub(super) kms_key: Option<String>,
    pub(super) fix_ownership: bool,
    pub(super) dry_run: bool,
}

/// The settings, and what is wrong with them: where there are findings, what is missing is empty, and nothing is built.
pub(in super::super) struct Asked {
    pub(in super::super) settings: Settings,
    pub(in super::super) project: project::Settings,
    pub(super) findings: Vec<Finding>,
}

/// What gives the exported template its name.
fn named_by(export_template: &Path, session: &Session) -> String {
    let of_samples = session.environment.get(variable::TEMPLATE_OF_SAMPLES);
    match of_samples.filter(|name| export_template == Path::new(&exported_of_samples(name))) {
        Some(_) => format!("variable {}", variable::TEMPLATE_OF_SAMPLES),
        None => format!("variable {} or --export-template", variable::EXPORT_TEMPLATE),
    }
}

impl Asked {
    pub(in super::super) fn of(args: &BuildArgs, session: &Session) -> Self {
        let mut asked = Self::of_project(&args.project, args.export.export_format, session);
        asked.findings.extend(leads_out(&named_by(&args.export_template, session), &args.export_template));
        Self {
            settings: Settings {
                export_template: args.export_template.clone(),
                output_dir: args.output_dir.clone(),
                kms_key: args.kms_key_id.clone(),
                fix_ownership: args.fix_ownership,
                dry_run: args.dry_run,
                ..asked.settings
            },
            project: project::Settings {
                input_dir: args.input.input_dir.clone(),
                files_within: args.input.cases.files_within.clone(),
                ..asked.project
            },
            findings: asked.findings,
        }
    }

    /// What is said of the project alone: a build in the folder where the command runs.
    pub(in super::super) fn of_project(args: &ProjectArgs, export_format: ExportFormat, session: &Session) -> Self {
        let mut findings = Vec::new();
        let mut required = |flag: Option<&str>, name: &str, option: &str| {
            let value = session.setting(flag, name);
            if value.is_none() {
                findings.push(
                    Finding::error(format!("{option} is not given")).hint(format!("set variable {name} or {option}")),
                );
            }
            value.unwrap_or_default()
        };
        let name = required(args.identity.project_name.as_deref(), variable::PROJECT_NAME, "--project-name");
        let id = required(args.identity.project_id.as_deref(), variable::PROJECT_ID, "--project-id");
        let registry = &args.package.registry;
        let group = group_of(registry.model_package_group.as_deref(), session).unwrap_or_else(|finding| {
            findings.push(finding);
            GroupRef { name: String::new(), arn: None }
        });
        let chosen_by = chosen_by(registry.lifecycle.as_deref(), session).unwrap_or_else(|finding| {
            findings.push(finding);
            ChosenBy::default()
        });
        let artifact_bucket = session.setting(args.artifact_bucket.as_deref(), variable::ARTIFACT_BUCKET);
        let settings = Settings {
            group,
            chosen_by,
            model_version: args.package.model_version,
            no_group_policy: args.no_group_policy,
            access_check: args.access_check,
            export_template: EXPORT_TEMPLATE.into(),
            export_format,
            output_dir: ".".into(),
            kms_key: None,
            fix_ownership: false,
            dry_run: false,
        };
        let project = project::Settings {
            facts: ProjectFacts { name, id, artifact_bucket },
            input_dir: ".".into(),
            template: args.repository.template.clone(),
            stages: args.repository.stages.to_vec(),
            cases: None,
            files_within: None,
            deployer: Deployer::of(export_format, args.stack_set.stack_set_role),
        };
        Self { settings, project, findings }
    }
}
