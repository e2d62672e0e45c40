//! The settings of a setup: the file's, and flags above them.

use std::path::Path;

use crate::cli::{self, SetupArgs, SetupCommand};
use crate::domain::arn::AccountId;
use crate::domain::finding::Finding;
use crate::domain::project_template::CallAs;
use crate::domain::setup::spec::{CallAsSpec, PipelineRoles, RollOut, SettingsSpec, StageSpec};
use crate::domain::setup::{Settings, VERSION, Wishes};
use crate::error::{Failure, Result};
use crate::files;

const SETTINGS_FILE: &str = "modeldeploy.yml";

/// What a setup is to put in place.
pub(in super::super) struct Inputs {
    pub(super) settings: Settings,
    pub(super) wishes: Wishes,
}

impl Inputs {
    /// Reads the file, lets flags stand above it, and finds everything wrong at once.
    pub(in super::super) fn read(command: &SetupCommand) -> Result<Self> {
        let args = match command {
            SetupCommand::Plan(args) => &args.setup,
            SetupCommand::Apply(args) => &args.setup,
        };
        let wishes = Wishes {
            enable_trusted_access: args.enable_trusted_access,
            register_delegated_admin: args.register_delegated_admin.clone(),
        };
        if is_about_the_organization(args) {
            return Ok(Self { settings: SettingsSpec::of_the_organization(), wishes });
        }
        let mut spec = from_file(args)?;
        overlay(&mut spec, args);
        Ok(Self { settings: spec.settings().map_err(Failure::invalid)?, wishes })
    }

    pub(super) fn call_as(&self) -> CallAs {
        match self.settings.call_as {
            CallAsSpec::Management => CallAs::Management,
            CallAsSpec::DelegatedAdmin => CallAs::DelegatedAdmin,
        }
    }
}

/// Whether nothing is asked for but what only the management account can do.
fn is_about_the_organization(args: &SetupArgs) -> bool {
    let SetupArgs {
        settings,
        stages,
        model_data_bucket,
        model_data_key,
        async_bucket,
        capture_bucket,
        seed_bucket,
        seed_prefix,
        model_package_groups,
        pipeline_roles,
        artifact_key,
        roll_out,
        call_as,
        enable_trusted_access,
        register_delegated_admin,
    } = args;
    let others =
        [model_data_bucket, model_data_key, async_bucket, capture_bucket, seed_bucket, seed_prefix, artifact_key];
    (*enable_trusted_access || register_delegated_admin.is_some())
        && settings.is_none()
        && !Path::new(SETTINGS_FILE).exists()
        && stages.is_empty()
        && others.iter().all(|flag| flag.is_none())
        && model_package_groups.is_empty()
        && (pipeline_roles.is_none() && roll_out.is_none() && call_as.is_none())
}

/// Flags alone are enough if they name the stages.
fn from_file(args: &SetupArgs) -> Result<SettingsSpec> {
    let path = match &args.settings {
        Some(path) => path.as_path(),
        None if Path::new(SETTINGS_FILE).exists() => Path::new(SETTINGS_FILE),
        None if !args.stages.is_empty() => return Ok(SettingsSpec { version: VERSION, ..SettingsSpec::default() }),
        None => {
            return Err(Failure::invalid([Finding::error(format!(
                "there is no {SETTINGS_FILE} here, and no --stage"
            ))
            .hint("write the file (docs/setup.md), name one with --settings, or give flags alone")]));
        }
    };
    SettingsSpec::parse(&files::read_text(path)?, &path.display().to_string()).map_err(Failure::invalid)
}

fn overlay(spec: &mut SettingsSpec, args: &SetupArgs) {
    if !args.stages.is_empty() {
        spec.stages = args.stages.iter().map(|(name, ids)| stage(name, ids)).collect();
    }
    if !args.model_package_groups.is_empty() {
        spec.model_package_groups.clone_from(&args.model_package_groups);
    }
    for (setting, flag) in [
        (&mut spec.model_data_bucket, &args.model_data_bucket),
        (&mut spec.model_data_key, &args.model_data_key),
        (&mut spec.async_bucket, &args.async_bucket),
        (&mut spec.capture_bucket, &args.capture_bucket),
        (&mut spec.seed_bucket, &args.seed_bucket),
        (&mut spec.seed_prefix, &args.seed_prefix),
        (&mut spec.artifact_key, &args.artifact_key),
    ] {
        if flag.is_some() {
            setting.clone_from(flag);
        }
    }
    let roles = args.pipeline_roles.map(|roles| match roles {
        cli::PipelineRoles::Own => PipelineRoles::Own,
        cli::PipelineRoles::Classic => PipelineRoles::Classic,
    });
    let roll_out = args.roll_out.map(|roll_out| match roll_out {
        cli::RollOut::StackSets => RollOut::StackSets,
        cli::RollOut::Print => RollOut::Print,
    });
    let call_as = args.call_as.map(|call_as| match call_as {
        cli::CallAs::Management => CallAsSpec::Management,
        cli::CallAs::DelegatedAdmin => CallAsSpec::DelegatedAdmin,
    });
    spec.pipeline_roles = roles.or(spec.pipeline_roles);
    spec.roll_out = roll_out.or(spec.roll_out);
    spec.call_as = call_as.or(spec.call_as);
}

/// What is an account's id is one; everything else is to be a unit's.
fn stage(name: &str, ids: &[String]) -> StageSpec {
    let (accounts, units) = ids.iter().cloned().partition(|id| id.parse::<AccountId>().is_ok());
    StageSpec { name: name.to_owned(), units, accounts, role_suffix: None }
}
