//! What a build is given: flags, variables and files, held against each other before any call.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::Session;
use super::super::registry::group_of;
use super::template::{Deployable, TemplateFile};
use crate::cli::{BuildArgs, variable};
use crate::domain::build_plan::{ProjectFacts, StagePlan};
use crate::domain::finding::Finding;
use crate::domain::model_package::{GroupRef, ModelPackage};
use crate::domain::release;
use crate::domain::rendering::Context;
use crate::domain::stage::StageSettings;
use crate::domain::stage_config::StageConfig;
use crate::error::{Failure, Result};
use crate::files::{self, OwnDigest};

/// Everything that a person gave: flags, variables and files, held against each other before any call.
pub(in super::super) struct Inputs {
    pub(super) group: GroupRef,
    pub(super) facts: ProjectFacts,
    pub(super) template: TemplateFile,
    /// The template as it is deployed, where that is known without the package.
    pub(super) deployable: Option<Deployable>,
    pub(super) stages: Vec<StagePlan>,
    pub(super) config_texts: Vec<String>,
    /// Begun here, so that it is done when the first answers are in.
    pub(super) own: OwnDigest,
}

impl Inputs {
    pub(in super::super) fn read(args: &BuildArgs, session: &Session) -> Result<Self> {
        let own = OwnDigest::start();
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
        let group =
            group_of(project.model_package_group.as_deref(), session).map_err(|finding| findings.push(finding)).ok();
        let artifact_bucket = session.setting(project.artifact_bucket.as_deref(), variable::ARTIFACT_BUCKET);
        let facts = ProjectFacts { name, id, artifact_bucket };

        let mut keep = |failure: Failure| findings.extend(failure.findings);
        let template = TemplateFile::read(project, &args.input_dir).map_err(&mut keep).ok();
        let mut stages = Vec::new();
        let mut config_texts = Vec::new();
        for stage in &project.stages {
            let (settings, found) = StageSettings::from_environment(stage, &session.environment);
            keep(Failure::invalid(found));
            let path = files::within(&args.input_dir, &settings.config_file);
            let Ok(text) = files::read_text(&path).map_err(&mut keep) else {
                continue;
            };
            match StageConfig::parse(&text, &path.display().to_string()) {
                Ok(config) => {
                    stages.push(StagePlan { settings, config });
                    config_texts.push(text);
                }
                Err(found) => keep(Failure::invalid(found)),
            }
        }
        let context = Context { project: &facts, stages: &stages, package: None };
        let deployable = template.as_ref().and_then(|template| {
            let deployable = template.deployable(&args.input_dir, &context);
            deployable.map_err(|found| keep(Failure::invalid(found))).ok().flatten()
        });
        if let Some(deployable) = &deployable {
            findings.extend(stages.iter().flat_map(|stage| stage.check(&deployable.template, &facts, None)));
        }
        if !project.no_group_policy {
            let without = stages.iter().map(|stage| &stage.settings).filter(|settings| {
                settings.unit.is_none() && !settings.unusable.contains(&settings.stage.unit_variable())
            });
            findings.extend(without.map(|settings| {
                let stage = &settings.stage;
                Finding::error(format!("stage \"{stage}\" has no organizational unit")).hint(format!(
                    "set variable {}, or leave the policy alone with --no-group-policy",
                    stage.unit_variable()
                ))
            }));
        }
        findings.extend(written_twice(args, &stages));
        match (group, template) {
            (Some(group), Some(template)) if findings.is_empty() => {
                Ok(Self { group, facts, template, deployable, stages, config_texts, own })
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

impl Inputs {
    /// The template as it is deployed with that package.
    pub(super) fn rendered_with(&self, args: &BuildArgs, package: &ModelPackage) -> Result<Deployable> {
        let context = Context { project: &self.facts, stages: &self.stages, package: Some(package) };
        match self.template.deployable(&args.input_dir, &context).map_err(Failure::invalid)? {
            Some(deployable) => Ok(deployable),
            None => Err(Failure::failed(Finding::error("the template asks for more than the package that there is"))),
        }
    }
}

/// What two of the outputs would be written to: a stage that is named twice, or a config on another output's place.
fn written_twice(args: &BuildArgs, stages: &[StagePlan]) -> Vec<Finding> {
    let mut names = BTreeSet::new();
    let twice: Vec<Finding> = args
        .project
        .stages
        .iter()
        .filter(|stage| !names.insert(stage.unit_variable()))
        .map(|stage| {
            Finding::error(format!("stage \"{stage}\" has the variables of another one in --stages"))
                .cause(format!("both would read {}", stage.unit_variable()))
                .hint("name each stage once")
        })
        .collect();
    if !twice.is_empty() {
        return twice;
    }
    let mut seen = BTreeSet::from([args.export_template.as_path(), Path::new(release::FILE_NAME)]);
    let mut findings = Vec::new();
    if seen.len() == 1 {
        let what = format!("{} would be written twice", release::FILE_NAME);
        findings.push(Finding::error(what).hint("give --export-template (EXPORT_TEMPLATE_NAME) another name"));
    }
    for StageSettings { stage, export_file, .. } in stages.iter().map(|plan| &plan.settings) {
        if !seen.insert(Path::new(export_file)) {
            let hint = format!("give {} the name of no other output", stage.export_variable());
            findings.push(Finding::error(format!("{export_file} would be written twice")).hint(hint));
        }
    }
    findings
}
