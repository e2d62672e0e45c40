//! What is asked for: flags, variables, and behind them what the project's own build is told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::super::registry::{named_choice, named_group, stage_of_life};
use super::super::session::Session;
use crate::cli::status::StatusArgs;
use crate::cli::{DEFAULT_STAGES, Format, variable};
use crate::domain::aws::call_as::CallAs;
use crate::domain::finding::Finding;
use crate::domain::platform::doctor::ProjectNames;
use crate::domain::project::stage::{Stage, StageSettings, Stages, check_role_name};
use crate::domain::registry::chosen_by::ChosenBy;
use crate::domain::registry::model_package::GroupRef;
use crate::error::{Failure, Result};

pub(in super::super) struct Settings {
    pub(super) project: String,
    /// None where the project's id is not known.
    pub(super) names: Option<ProjectNames>,
    pub(super) group: Option<GroupRef>,
    chosen_by: Option<ChosenBy>,
    stages: Option<Stages>,
    /// Instead of that of each stage.
    pub(super) role: Option<String>,
    /// None: the command's own, and those of the stack sets.
    pub(super) regions: Vec<String>,
    pub(super) call_as: CallAs,
    pub(super) concurrency: usize,
    pub(super) watch: Option<Duration>,
    pub(super) html: Option<PathBuf>,
    environment: BTreeMap<String, String>,
}

/// Whose endpoints are looked at.
pub(super) struct Plan {
    pub(super) stages: Vec<StageSettings>,
    pub(super) chosen_by: ChosenBy,
}

impl Settings {
    /// # Errors
    /// A flag or a variable cannot be used, or the project is not named.
    pub(in super::super) fn of(args: &StatusArgs, session: &Session) -> Result<Self> {
        let mut findings = Vec::new();
        let setting = |flag: &Option<String>, name: &str| session.setting(flag.as_deref(), name);
        let project = setting(&args.identity.project_name, variable::PROJECT_NAME);
        if project.is_none() {
            let hint = format!("set variable {} or --project-name", variable::PROJECT_NAME);
            findings.push(Finding::error("--project-name is not given").hint(hint));
        }
        let id = setting(&args.identity.project_id, variable::PROJECT_ID);
        let group = named_group(args.registry.model_package_group.as_deref(), session);
        let group = group.map_err(|finding| findings.push(finding)).ok().flatten();
        let chosen_by = named_choice(args.registry.lifecycle.as_deref(), session);
        let chosen_by = chosen_by.map_err(|finding| findings.push(finding)).ok().flatten();
        if let Some(cause) = args.role_name.as_deref().and_then(|role| check_role_name(role).err()) {
            let hint = "give the role's name, not its ARN";
            findings.push(Finding::error("--role-name cannot be used").cause(cause).hint(hint));
        }
        if args.watch.is_some() && session.console.format == Format::Json {
            let finding = Finding::error("--watch is for text, and --format json is asked for");
            findings.push(finding.hint("leave one of them out"));
        }
        let project = project.unwrap_or_default();
        let settings = Self {
            names: id.map(|id| ProjectNames { name: project.clone(), id }),
            project,
            group,
            chosen_by,
            stages: args.stage.clone(),
            role: args.role_name.clone(),
            regions: args.regions.clone(),
            call_as: args.call_as,
            concurrency: usize::from(args.concurrency),
            watch: args.watch,
            html: args.html.clone(),
            environment: session.environment.clone(),
        };
        for stage in settings.stages(&settings.environment) {
            findings.extend(StageSettings::from_environment(&stage, &settings.environment).1);
        }
        if findings.is_empty() { Ok(settings) } else { Err(Failure::invalid(findings)) }
    }

    /// Those that are named; else those that the environment names; else the usual two.
    fn stages(&self, environment: &BTreeMap<String, String>) -> Vec<Stage> {
        let told = || environment.get(variable::STAGES).and_then(|text| text.parse().ok());
        let stages: Option<Stages> = self.stages.clone().or_else(told).or_else(|| DEFAULT_STAGES.parse().ok());
        stages.map(|stages| stages.to_vec()).unwrap_or_default()
    }

    /// Whether the variables here say all that those of the project's build could.
    pub(super) fn say_all(&self) -> bool {
        let is_known =
            |stage: &StageSettings| stage.unit.is_some() && (stage.role_name.is_some() || self.role.is_some());
        self.plan(&[]).stages.iter().all(is_known)
    }

    /// With what the project's build is told.
    pub(super) fn plan(&self, variables: &[(String, String)]) -> Plan {
        let mut environment = self.environment.clone();
        for (name, value) in variables.iter().filter(|(_, value)| !value.trim().is_empty()) {
            environment.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let of_stage = |stage: &Stage| StageSettings::from_environment(stage, &environment).0;
        let chosen_by = self.chosen_by.clone();
        let told = || environment.get(variable::LIFECYCLE).and_then(|text| stage_of_life(text.trim()).ok());
        Plan {
            stages: self.stages(&environment).iter().map(of_stage).collect(),
            chosen_by: chosen_by.or_else(told).unwrap_or_default(),
        }
    }
}
