//! The settings of a setup: the file's, and flags above them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::setup::{SetupArgs, SetupCommand};
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::call_as::CallAs;
use crate::domain::finding::Finding;
use crate::domain::platform::setup::spec::{SettingsSpec, StageSpec};
use crate::domain::platform::setup::{Settings, VERSION, Wishes};
use crate::error::{Failure, Result};
use crate::files;

const SETTINGS_FILE: &str = "modeldeploy.yml";

/// What a setup is to put in place.
pub(in super::super) struct Inputs {
    pub(super) settings: Settings,
    pub(super) wishes: Wishes,
    pub(super) act: Act,
}

/// What is done with it.
pub(super) enum Act {
    /// All documents are written to `output`, too.
    Plan { output: Option<PathBuf> },
    /// Each roll-out is waited for.
    Apply { yes: bool, wait: Duration },
}

impl Inputs {
    /// Reads the file, lets flags stand above it, and finds everything wrong at once.
    pub(in super::super) fn read(command: &SetupCommand) -> Result<Self> {
        let (args, act) = match command {
            SetupCommand::Plan(args) => (&args.setup, Act::Plan { output: args.output.clone() }),
            SetupCommand::Apply(args) => (&args.setup, Act::Apply { yes: args.yes, wait: args.wait }),
        };
        let wishes = Wishes {
            enable_trusted_access: args.enable_trusted_access,
            register_delegated_admin: args.register_delegated_admin.clone(),
        };
        if is_about_the_organization(args) {
            return Ok(Self { settings: SettingsSpec::of_the_organization(), wishes, act });
        }
        let mut spec = from_file(args)?;
        overlay(&mut spec, args);
        Ok(Self { settings: spec.settings().map_err(Failure::invalid)?, wishes, act })
    }

    pub(super) fn call_as(&self) -> CallAs {
        self.settings.call_as
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
    spec.pipeline_roles = args.pipeline_roles.or(spec.pipeline_roles);
    spec.roll_out = args.roll_out.or(spec.roll_out);
    spec.call_as = args.call_as.or(spec.call_as);
}

/// What is an account's id is one; everything else is to be a unit's.
fn stage(name: &str, ids: &[String]) -> StageSpec {
    let (accounts, units) = ids.iter().cloned().partition(|id| id.parse::<AccountId>().is_ok());
    StageSpec { name: name.to_owned(), units, accounts, role_suffix: None }
}
