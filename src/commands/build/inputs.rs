//! What a build is given: flags, variables and files, held against each other before any call.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::Session;
use super::super::cases_file::CasesFile;
use super::super::registry::group_of;
use super::outputs;
use super::packaging::Purpose;
use super::template::{Deployable, Rendered, TemplateFile};
use crate::cli::{BuildArgs, CASES_FILE, variable};
use crate::domain::build_plan::{ProjectFacts, StagePlan};
use crate::domain::check::{CaseFiles, Checked, File, ServerlessImage, StageFile, Subject, check};
use crate::domain::finding::{Finding, Severity};
use crate::domain::model_package::{GroupRef, ModelPackage};
use crate::domain::organization::Targets;
use crate::domain::release;
use crate::domain::rendering::Context;
use crate::domain::stage::StageSettings;
use crate::error::{Failure, Result};
use crate::files::{self, OwnDigest};
use crate::secrets;

/// Everything that a person gave: flags, variables and files, held against each other before any call.
pub(in super::super) struct Inputs {
    pub(super) group: GroupRef,
    pub(super) facts: ProjectFacts,
    pub(super) template: TemplateFile,
    /// The template as it is deployed, where that is known without the package.
    pub(super) deployable: Option<Deployable>,
    pub(super) stages: Vec<StagePlan>,
    pub(super) config_texts: Vec<String>,
    pub(super) own: OwnDigest,
    /// The template as it is checked, where that is known without the package.
    rendered: Option<Rendered>,
    /// The cases of the repository, if there are any.
    cases: Option<CasesFile>,
    /// What works, and is not as it should be.
    warnings: Vec<Finding>,
}

impl Inputs {
    pub(in super::super) fn read(args: &BuildArgs, session: &Session) -> Result<Self> {
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
        let name = required(project.identity.project_name.as_deref(), variable::PROJECT_NAME, "--project-name");
        let id = required(project.identity.project_id.as_deref(), variable::PROJECT_ID, "--project-id");
        let group =
            group_of(project.model_package_group.as_deref(), session).map_err(|finding| findings.push(finding)).ok();
        let artifact_bucket = session.setting(project.artifact_bucket.as_deref(), variable::ARTIFACT_BUCKET);
        let facts = ProjectFacts { name, id, artifact_bucket };

        let mut keep = |failure: Failure| findings.extend(failure.findings);
        let template = TemplateFile::read(project.template.as_deref(), &args.input_dir).map_err(&mut keep).ok();
        let mut configs = Vec::new();
        for stage in project.stages.iter() {
            let (settings, found) = StageSettings::from_environment(stage, &session.environment);
            keep(Failure::invalid(found));
            let path = files::within(&args.input_dir, &settings.config_file);
            if let Ok(text) = files::read_text(&path).map_err(&mut keep) {
                configs.push((settings, path.display().to_string(), text));
            }
        }
        let cases_path = files::within(&args.input_dir, CASES_FILE);
        let cases = files::read_text(&cases_path).ok().map(|text| CasesFile::new(&cases_path, text));
        let stage_files: Vec<StageFile<'_>> =
            configs.iter().map(|(settings, name, text)| StageFile { settings, config: File { name, text } }).collect();
        let readable: Vec<StagePlan> = stage_files.iter().filter_map(StageFile::plan).collect();
        let context = Context { project: &facts, stages: &readable, package: None };
        let rendered = template.as_ref().and_then(|template| match template.rendered(&context) {
            Ok(rendered) => rendered.ok(),
            Err(found) => {
                keep(Failure::invalid(found));
                None
            }
        });
        let Checked { template: parsed, plans: stages, findings: found, confidential, .. } = check(&Subject {
            template: rendered.as_ref().map(Rendered::as_file),
            stages: &stage_files,
            cases: cases.as_ref().map(CasesFile::as_file),
            case_files: cases.as_ref().map_or(&CaseFiles::new(), |cases| &cases.named),
            facts: &facts,
            package: None,
            region: None,
            variables_come_later: false,
        });
        secrets::learn_all(&confidential);
        findings.extend(found);
        let mut deployable = None;
        if let (Some(template), Some(rendered), Some(parsed)) = (&template, &rendered, parsed) {
            match template.pack(&args.input_dir, rendered, &parsed, Purpose::Deploying(&facts)) {
                Ok(packed) => deployable = Some(Deployable { template: parsed, packed }),
                Err(found) => findings.extend(found),
            }
        }
        let config_texts = configs.into_iter().map(|(_, _, text)| text).collect();
        if !project.no_group_policy {
            findings.extend(without_unit(&stages));
        }
        let twice = written_twice(args, &stages);
        if twice.is_empty() {
            findings.extend(files::overlaps(outputs::places(args, &stages).iter().map(PathBuf::as_path)));
        }
        findings.extend(twice);
        match (group, template) {
            (Some(group), Some(template)) if findings.iter().all(|finding| finding.severity == Severity::Warning) => {
                for warning in &findings {
                    session.console.warning(warning);
                }
                let warnings = findings;
                Ok(Self {
                    group,
                    facts,
                    template,
                    deployable,
                    stages,
                    config_texts,
                    own: OwnDigest::default(),
                    rendered,
                    cases,
                    warnings,
                })
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

/// The template as it is deployed with a package, and what was found of it.
pub(super) struct Deployed {
    pub(super) deployable: Deployable,
    pub(super) warnings: Vec<Finding>,
    serverless_images: Vec<ServerlessImage>,
}

impl Deployed {
    /// Holds images that only some accounts can run against the accounts of each stage.
    ///
    /// # Errors
    /// Every image that an account of a stage cannot run.
    pub(super) fn check_accounts(&self, inputs: &Inputs, targets: &[Targets]) -> Result<()> {
        let mut findings: Vec<Finding> = Vec::new();
        for (plan, targets) in inputs.stages.iter().zip(targets) {
            let of_stage = self.serverless_images.iter().filter(|image| image.stage == plan.settings.stage.as_str());
            let accounts = targets.ids();
            findings.extend(of_stage.filter_map(|image| image.elsewhere(&accounts)));
        }
        if findings.is_empty() { Ok(()) } else { Err(Failure::invalid(findings)) }
    }
}

impl Inputs {
    /// The template as it is deployed with that package, and what package and Region have to say against the files beside
    /// what was said before.
    ///
    /// # Errors
    /// What speaks against deploying it.
    pub(super) fn deployed_with(
        &self,
        args: &BuildArgs,
        package: &ModelPackage,
        region: &str,
        known: Option<Deployable>,
    ) -> Result<Deployed> {
        let context = Context { project: &self.facts, stages: &self.stages, package: Some(package) };
        let late = match &self.rendered {
            Some(_) => None,
            None => Some(self.template.rendered(&context).and_then(|rendered| rendered).map_err(Failure::invalid)?),
        };
        let rendered = self.rendered.as_ref().or(late.as_ref());
        let named = self.stages.iter().zip(&self.config_texts);
        let stages: Vec<StageFile<'_>> = named
            .map(|(plan, text)| StageFile { settings: &plan.settings, config: File { name: &plan.config.file, text } })
            .collect();
        let Checked { template, mut findings, serverless_images, confidential, .. } = check(&Subject {
            template: rendered.map(Rendered::as_file),
            stages: &stages,
            cases: self.cases.as_ref().map(CasesFile::as_file),
            case_files: self.cases.as_ref().map_or(&CaseFiles::new(), |cases| &cases.named),
            facts: &self.facts,
            package: Some(package),
            region: Some(region),
            variables_come_later: false,
        });
        secrets::learn_all(&confidential);
        findings.retain(|finding| !self.warnings.contains(finding));
        let (Some(rendered), Some(template)) = (rendered, template) else {
            return Err(Failure::invalid(findings));
        };
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(Failure::invalid(findings));
        }
        let deployable = if let Some(known) = known {
            known
        } else {
            let packed = self.template.pack(&args.input_dir, rendered, &template, Purpose::Deploying(&self.facts));
            Deployable { packed: packed.map_err(Failure::invalid)?, template }
        };
        Ok(Deployed { deployable, warnings: findings, serverless_images })
    }
}

/// Stages whose accounts nobody named, so that no access can be granted to them.
fn without_unit(stages: &[StagePlan]) -> impl Iterator<Item = Finding> {
    let without = stages
        .iter()
        .map(|stage| &stage.settings)
        .filter(|settings| settings.unit.is_none() && !settings.unusable.contains(&settings.stage.unit_variable()));
    without.map(|StageSettings { stage, .. }| {
        Finding::error(format!("stage \"{stage}\" has no organizational unit"))
            .hint(format!("set variable {}, or leave the policy alone with --no-group-policy", stage.unit_variable()))
    })
}

/// What two of the outputs would be written to.
fn written_twice(args: &BuildArgs, stages: &[StagePlan]) -> Vec<Finding> {
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
