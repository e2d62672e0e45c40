//! What is named: flags, variables, and behind them what the project's own build is told.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::{DEFAULT_STAGES, DoctorArgs, TEMPLATE_FILE, variable};
use crate::cloud::Cloud;
use crate::cloud::aws::Aws;
use crate::commands::Session;
use crate::domain::doctor::{BuildProject, Demand, ProjectNames, Subject};
use crate::domain::evaluation::Stack;
use crate::domain::finding::Finding;
use crate::domain::iam::role_name;
use crate::domain::model_package::{GroupRef, NotAGroup};
use crate::domain::partition::partition_of_region;
use crate::domain::roll_out::instantiate;
use crate::domain::s3_uri::S3Uri;
use crate::domain::stage::{Stage, StageSettings, Stages};
use crate::domain::stage_config::StageConfig;
use crate::domain::template::Template;
use crate::error::{Failure, Result};
use crate::files;

/// The flags, read and found usable.
pub(in crate::commands) struct Inputs {
    args: DoctorArgs,
    environment: BTreeMap<String, String>,
    project: Option<ProjectNames>,
    group: Option<GroupRef>,
    /// Instances by the stage's config file, of those that are here.
    demands: BTreeMap<String, Vec<Demand>>,
}

impl Inputs {
    /// Reads what was given, and says of everything at once what cannot be used.
    ///
    /// # Errors
    /// A flag, a variable or a stage's config cannot be used.
    pub(in crate::commands) fn read(args: &DoctorArgs, session: &Session) -> Result<Self> {
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
        let group = setting(&args.model_package_group, variable::GROUP)
            .or_else(|| session.setting(None, variable::GROUP_OF_SAMPLES));
        let group = group.and_then(|text| {
            let refused = |error: NotAGroup| {
                findings.push(Finding::error("--model-package-group cannot be used").cause(error.to_string()));
            };
            text.parse().map_err(refused).ok()
        });
        let mut demands = BTreeMap::new();
        let template = template(&args.input_dir);
        for stage in &stages(args, &session.environment) {
            let (settings, found) = StageSettings::from_environment(stage, &session.environment);
            findings.extend(found);
            let path = files::within(&args.input_dir, &settings.config_file);
            if !path.exists() {
                continue;
            }
            let name = path.display().to_string();
            match files::read_text(&path).map(|text| StageConfig::parse(&text, &name)) {
                Ok(Ok(config)) => {
                    let demand = demand(&config, &settings, template.as_ref());
                    demands.insert(settings.config_file, demand);
                }
                Ok(Err(found)) => findings.extend(found),
                Err(failure) => findings.extend(failure.findings),
            }
        }
        if !findings.is_empty() {
            return Err(Failure::invalid(findings));
        }
        Ok(Self { args: args.clone(), environment: session.environment.clone(), project, group, demands })
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
        let args = &self.args;
        Subject {
            partition: partition_of_region(cloud.region()).to_owned(),
            region: cloud.region().to_owned(),
            project: self.project.clone(),
            group: self.group.clone().or_else(|| told(variable::GROUP)?.parse().ok()),
            stages: stages(args, &environment).iter().map(of_stage).collect(),
            artifact_bucket: args.artifact_bucket.clone().or_else(|| told(variable::ARTIFACT_BUCKET)),
            model_bucket: args.model_data_bucket.clone(),
            seed: args.seed_bucket.clone().zip(args.seed_key.clone()).map(|(bucket, key)| S3Uri { bucket, key }),
            product: args.product.clone(),
            launch_role: role_name(&args.launch_role).to_owned(),
            inspect_role: args.inspect_role.clone(),
        }
    }

    /// What the stage's config says of its instances.
    pub(super) fn demand(&self, settings: &StageSettings) -> Option<Vec<Demand>> {
        self.demands.get(&settings.config_file).cloned().filter(|demands| !demands.is_empty())
    }
}

/// The template beside the configs, if it is there and can be read; what is wrong with it, `check` says.
fn template(folder: &Path) -> Option<Template> {
    let path = files::within(folder, Path::new(TEMPLATE_FILE));
    let text = path.exists().then(|| files::read_text(&path))?.ok()?;
    Template::parse(&text, &path.display().to_string()).ok()
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

/// Those that are named; else those that the environment names; else the usual two.
fn stages(args: &DoctorArgs, environment: &BTreeMap<String, String>) -> Vec<Stage> {
    let told = || environment.get(variable::STAGES).and_then(|text| text.parse().ok());
    let stages: Option<Stages> = args.stages.clone().or_else(told).or_else(|| DEFAULT_STAGES.parse().ok());
    stages.map(|stages| stages.to_vec()).unwrap_or_default()
}
