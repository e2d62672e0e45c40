//! What a build is given: flags, variables and files, held against each other before any call.

use super::super::Session;
use crate::cli::{BuildArgs, variable};
use crate::domain::build_plan::{ProjectFacts, StagePlan};
use crate::domain::finding::Finding;
use crate::domain::model_package::GroupRef;
use crate::domain::stage::StageSettings;
use crate::domain::stage_config::StageConfig;
use crate::domain::template::Template;
use crate::error::{Failure, Result};
use crate::files;

/// Everything that a person gave: flags, variables and files, held against each other before any call.
pub(super) struct Inputs {
    pub(super) group: GroupRef,
    pub(super) facts: ProjectFacts,
    pub(super) template_text: String,
    pub(super) template: Template,
    pub(super) stages: Vec<StagePlan>,
    pub(super) config_texts: Vec<String>,
}

impl Inputs {
    pub(super) fn read(args: &BuildArgs, session: &Session) -> Result<Self> {
        let project = &args.project;
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
        let name = required(project.project_name.as_deref(), variable::PROJECT_NAME, "--project-name");
        let id = required(project.project_id.as_deref(), variable::PROJECT_ID, "--project-id");
        let group = required(project.model_package_group.as_deref(), variable::GROUP, "--model-package-group");
        let group = match group.parse::<GroupRef>() {
            Ok(group) => Some(group),
            Err(_) if group.is_empty() => None,
            Err(error) => {
                findings.push(Finding::error("--model-package-group cannot be used").cause(error.to_string()));
                None
            }
        };
        let artifact_bucket = session.setting(project.artifact_bucket.as_deref(), variable::ARTIFACT_BUCKET);
        let facts = ProjectFacts { name, id, artifact_bucket };

        let mut keep = |failure: Failure| findings.extend(failure.findings);
        let template_text = files::read_text(&args.input_dir.join(&project.template)).map_err(&mut keep).ok();
        let mut stages = Vec::new();
        let mut config_texts = Vec::new();
        for stage in &project.stages {
            let settings = StageSettings::from_environment(stage, &session.environment)
                .map_err(|found| keep(Failure::invalid(found)))
                .unwrap_or_else(|()| StageSettings::bare(stage));
            let Ok(text) = files::read_text(&args.input_dir.join(&settings.config_file)).map_err(&mut keep) else {
                continue;
            };
            match StageConfig::parse(&text, &settings.config_file) {
                Ok(config) => {
                    stages.push(StagePlan { settings, config });
                    config_texts.push(text);
                }
                Err(found) => keep(Failure::invalid(found)),
            }
        }
        let template = template_text.as_deref().and_then(|text| {
            Template::parse(text, &project.template.display().to_string())
                .map_err(|found| keep(Failure::invalid(found)))
                .ok()
        });
        if let Some(template) = &template {
            findings.extend(stages.iter().flat_map(|stage| stage.check(template, &facts, None)));
        }
        if !project.no_group_policy {
            let without = stages.iter().filter(|stage| stage.settings.unit.is_none());
            findings.extend(without.map(|stage| {
                let stage = &stage.settings.stage;
                Finding::error(format!("stage \"{stage}\" has no organizational unit")).hint(format!(
                    "set variable {}, or leave the policy alone with --no-group-policy",
                    stage.unit_variable()
                ))
            }));
        }
        match (group, template_text, template) {
            (Some(group), Some(template_text), Some(template)) if findings.is_empty() => {
                Ok(Self { group, facts, template_text, template, stages, config_texts })
            }
            _ => {
                // One variable may be found wrong in several places.
                let mut seen = Vec::new();
                findings.retain(|finding| {
                    !seen.contains(finding) && {
                        seen.push(finding.clone());
                        true
                    }
                });
                Err(Failure::invalid(findings))
            }
        }
    }
}
