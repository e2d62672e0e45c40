//! What is named: flags, variables, and behind them what the project's own build is told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cli::doctor::DoctorArgs;
use crate::cli::{DEFAULT_STAGES, variable};
use crate::cloud::Caller;
use crate::cloud::aws::Aws;
use crate::commands::project::{self, Project, Rendered};
use crate::commands::registry::{named_choice, named_group, stage_of_life};
use crate::commands::session::Session;
use crate::domain::aws::partition::partition_of_region;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::cloudformation::deployer::Deployer;
use crate::domain::cloudformation::evaluation::Stack;
use crate::domain::cloudformation::roll_out::instantiate;
use crate::domain::cloudformation::template::Template;
use crate::domain::finding::Finding;
use crate::domain::iam::role_name;
use crate::domain::platform::doctor::{BuildProject, Demand, ProjectNames, Subject};
use crate::domain::project::build_plan::{ProjectFacts, StagePlan};
use crate::domain::project::stage::{Stage, StageSettings, Stages};
use crate::domain::project::stage_config::StageConfig;
use crate::domain::project::stage_file::StageFile;
use crate::domain::registry::chosen_by::ChosenBy;
use crate::domain::registry::model_package::GroupRef;
use crate::error::{Failure, Result};

/// The flags, read and found usable.
pub(in crate::commands) struct Inputs {
    settings: Settings,
    environment: BTreeMap<String, String>,
    /// Instances by the stage's config file, of those that are here.
    demands: BTreeMap<String, Vec<Demand>>,
}

/// What is named; the rest is read from the project's build.
struct Settings {
    project: Option<ProjectNames>,
    group: Option<GroupRef>,
    chosen_by: Option<ChosenBy>,
    stages: Option<Stages>,
    artifact_bucket: Option<String>,
    model_bucket: Option<String>,
    seed: Option<S3Uri>,
    product: Option<String>,
    launch_role: String,
    inspect_role: Option<String>,
    input_dir: PathBuf,
}

impl Settings {
    /// The settings, and all that is wrong with them.
    fn of(args: &DoctorArgs, session: &Session) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        let setting = |flag: &Option<String>, name: &str| session.setting(flag.as_deref(), name);
        let project = match (
            setting(&args.identity.project_name, variable::PROJECT_NAME),
            setting(&args.identity.project_id, variable::PROJECT_ID),
        ) {
            (Some(name), Some(id)) => Some(ProjectNames { name, id }),
            (None, None) => None,
            (name, _) => {
                let (given, lacking) = if name.is_some() {
                    ("--project-name", "--project-id")
                } else {
                    ("--project-id", "--project-name")
                };
                findings.push(
                    Finding::error(format!("{given} is given without {lacking}"))
                        .hint("give both: what a project has is named after both"),
                );
                None
            }
        };
        let group = named_group(args.registry.model_package_group.as_deref(), session);
        let group = group.map_err(|finding| findings.push(finding)).ok().flatten();
        let chosen_by = named_choice(args.registry.lifecycle.as_deref(), session);
        let chosen_by = chosen_by.map_err(|finding| findings.push(finding)).ok().flatten();
        let seed = args.seed_bucket.clone().zip(args.seed_key.clone()).map(|(bucket, key)| S3Uri { bucket, key });
        let settings = Self {
            project,
            group,
            chosen_by,
            stages: args.stages.clone(),
            artifact_bucket: args.artifact_bucket.clone(),
            model_bucket: args.model_data_bucket.clone(),
            seed,
            product: args.product.clone(),
            launch_role: role_name(&args.launch_role).to_owned(),
            inspect_role: args.inspect_role.clone(),
            input_dir: args.input_dir.clone(),
        };
        (settings, findings)
    }

    /// What is read of the repository, if it is here.
    fn of_files(&self, environment: &BTreeMap<String, String>) -> project::Settings {
        let (name, id) = self.project.clone().map(|project| (project.name, project.id)).unwrap_or_default();
        project::Settings {
            facts: ProjectFacts { name, id, artifact_bucket: self.artifact_bucket.clone() },
            input_dir: self.input_dir.clone(),
            template: None,
            stages: self.stages(environment),
            cases: None,
            files_within: None,
            deployer: Deployer::default(),
        }
    }

    /// Those that are named; else those that the environment names; else the usual two.
    fn stages(&self, environment: &BTreeMap<String, String>) -> Vec<Stage> {
        let told = || environment.get(variable::STAGES).and_then(|text| text.parse().ok());
        let stages: Option<Stages> = self.stages.clone().or_else(told).or_else(|| DEFAULT_STAGES.parse().ok());
        stages.map(|stages| stages.to_vec()).unwrap_or_default()
    }
}

impl Inputs {
    /// Reads what was given, and says of everything at once what cannot be used.
    ///
    /// # Errors
    /// A flag, a variable or a stage's config cannot be used.
    pub(in crate::commands) fn read(args: &DoctorArgs, session: &Session) -> Result<Self> {
        let (settings, mut findings) = Settings::of(args, session);
        let environment = session.environment.clone();
        let project = Project::read_if_there(settings.of_files(&environment), &environment);
        findings.extend(project.unusable.iter().cloned());
        findings.extend(project.unreadable.iter().flat_map(|(_, failure)| failure.findings.clone()));
        findings.extend(project.stages.iter().flat_map(|stage| stage.findings.clone()));
        if !findings.is_empty() {
            return Err(Failure::invalid(findings));
        }
        // What is wrong with it, `check` says.
        let template = project.rendered.as_ref().and_then(Rendered::parsed);
        let plans = project.stages.iter().filter_map(StageFile::plan);
        let demand = |plan: StagePlan| {
            (plan.settings.config_file.clone(), demand(&plan.config, &plan.settings, template.as_ref()))
        };
        Ok(Self { demands: plans.map(demand).collect(), settings, environment })
    }

    /// The subject; what was not named is taken from the variables of the project's build, if they are known.
    pub(super) fn subject(&self, cloud: &Aws, build: Option<&BuildProject>) -> Subject {
        let mut environment = self.environment.clone();
        for (name, value) in build.map(|build| build.variables.as_slice()).unwrap_or_default() {
            environment.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let told =
            |name: &str| environment.get(name).map(|value| value.trim().to_owned()).filter(|text| !text.is_empty());
        let of_stage = |stage: &Stage| StageSettings::from_environment(stage, &environment).0;
        let settings = &self.settings;
        let chosen_by = settings.chosen_by.clone();
        Subject {
            partition: partition_of_region(cloud.region()).to_owned(),
            region: cloud.region().to_owned(),
            project: settings.project.clone(),
            group: settings.group.clone().or_else(|| told(variable::GROUP)?.parse().ok()),
            chosen_by: chosen_by.or_else(|| stage_of_life(&told(variable::LIFECYCLE)?).ok()).unwrap_or_default(),
            stages: settings.stages(&environment).iter().map(of_stage).collect(),
            artifact_bucket: settings.artifact_bucket.clone().or_else(|| told(variable::ARTIFACT_BUCKET)),
            model_bucket: settings.model_bucket.clone(),
            seed: settings.seed.clone(),
            product: settings.product.clone(),
            launch_role: settings.launch_role.clone(),
            inspect_role: settings.inspect_role.clone(),
        }
    }

    /// What the stage's config says of its instances.
    pub(super) fn demand(&self, settings: &StageSettings) -> Option<Vec<Demand>> {
        self.demands.get(&settings.config_file).cloned().filter(|demands| !demands.is_empty())
    }
}

/// What the template makes of the config, with all pools of its variants; else what the config's parameters say.
fn demand(config: &StageConfig, settings: &StageSettings, template: Option<&Template>) -> Vec<Demand> {
    let deployed = template.and_then(|template| {
        let given = config.parameters.iter().map(|one| (one.key.clone(), one.value.clone()));
        // The build computes the rest, on which no instance hangs.
        let computed = template.parameters.iter().filter(|one| one.default.is_none());
        let computed = computed.map(|one| (one.name.clone(), one.name.clone()));
        let parameters = computed.chain(given).collect();
        let stack = Stack {
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            partition: "aws".to_owned(),
            name: settings.stage.to_string(),
        };
        instantiate(template, &parameters, &stack).ok()
    });
    let deployed = deployed.map(|made| Demand::deployed(&made)).filter(|demands| !demands.is_empty());
    let parameters = config.parameters.iter().map(|one| (one.key.as_str(), one.value.as_str()));
    deployed.unwrap_or_else(|| Demand::among(&parameters.collect::<Vec<_>>()))
}
