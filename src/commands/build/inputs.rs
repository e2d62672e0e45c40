//! What a build is given: settings and files, held against each other before any call.

use std::borrow::Cow;
use std::path::PathBuf;

use super::super::project::{Packed, Project, Purpose, Rendered, checked};
use super::super::session::Session;
use super::places::places;
use super::settings::{Asked, Settings};
use crate::domain::aws::organization::Targets;
use crate::domain::check::{Checked, CheckedWithPackage, ServerlessImage, Subject};
use crate::domain::cloudformation::template::Template;
use crate::domain::finding::{Finding, Severity};
use crate::domain::project::build_plan::StagePlan;
use crate::domain::project::stage::StageSettings;
use crate::domain::registry::model_package::ModelPackage;
use crate::domain::release::outputs::written_twice;
use crate::error::{Failure, Result};
use crate::files::{self, OwnDigest};

/// Everything that a person gave, and that nothing speaks against before any call.
pub(in super::super) struct Inputs {
    pub(super) settings: Settings,
    pub(super) project: Project,
    pub(super) own: OwnDigest,
    /// What the template names, unless only the Region tells where that is.
    packed: Option<Packed>,
    pub(super) checked: Checked,
    /// What works, and is not as it should be.
    warnings: Vec<Finding>,
}

impl Inputs {
    pub(in super::super) fn read(asked: Asked, session: &Session) -> Result<Self> {
        let Asked { settings, project, mut findings } = asked;
        let mut project = Project::read(project, &session.environment, None);
        findings.extend(project.unreadable.drain(..).flat_map(|(_, failure)| failure.findings));
        findings.append(&mut project.unusable);
        findings.append(&mut project.unrendered);
        let checked = checked(&project.subject(project.rendered.as_ref()));
        findings.extend(checked.findings.iter().cloned());
        let mut packed = None;
        if let (Some(rendered), Some(template)) = (&project.rendered, &checked.template) {
            packed = pack(&project, rendered, template, &mut findings);
        }
        let stages = &checked.plans;
        if !settings.no_group_policy {
            findings.extend(without_unit(stages));
        }
        let twice = written_twice(&settings.export_template, stages);
        if twice.is_empty() {
            findings.extend(files::overlaps(places(&settings, stages).iter().map(PathBuf::as_path)));
        }
        findings.extend(twice);
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(Failure::invalid(once(findings)));
        }
        for warning in &findings {
            session.console.warning(warning);
        }
        Ok(Self { settings, project, own: OwnDigest::default(), packed, checked, warnings: findings })
    }

    /// The stages in the order of the project's, each with its config.
    pub(super) fn stages(&self) -> &[StagePlan] {
        &self.checked.plans
    }

    /// The template as it is deployed with that package, and what package and Region have to say against the files beside
    /// what was said before.
    ///
    /// # Errors
    /// What speaks against deploying it.
    pub(super) fn deployed_with(&self, package: &ModelPackage, region: &str) -> Result<Deployed<'_>> {
        let late = match &self.project.rendered {
            Some(_) => None,
            None => self.project.rendered_with(package).map_err(Failure::invalid)?,
        };
        let rendered = self.project.rendered.as_ref().or(late.as_ref());
        let subject = Subject { package: Some(package), region: Some(region), ..self.project.subject(rendered) };
        let (template, mut findings, serverless_images) = if late.is_some() {
            let Checked { template, findings, serverless_images, .. } = checked(&subject);
            (template.map(Cow::Owned), findings, serverless_images)
        } else {
            let CheckedWithPackage { findings, serverless_images } = self.checked.with_package(&subject);
            (self.checked.template.as_ref().map(Cow::Borrowed), findings, serverless_images)
        };
        findings.retain(|finding| !self.warnings.contains(finding));
        let (Some(rendered), Some(template), Some(file)) = (rendered, template, &self.project.template) else {
            return Err(Failure::invalid(findings));
        };
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(Failure::invalid(findings));
        }
        let packed = if let Some(packed) = &self.packed {
            Cow::Borrowed(packed)
        } else {
            let purpose = Purpose::Deploying { facts: &self.project.settings.facts, region };
            let packed = file.pack(&self.project.settings.input_dir, rendered, &template, purpose);
            let packed = packed.map_err(Failure::invalid)?;
            findings.extend(packed.warnings.iter().filter(|warning| !self.warnings.contains(warning)).cloned());
            Cow::Owned(packed)
        };
        Ok(Deployed { template, packed, warnings: findings, serverless_images })
    }
}

/// The template as it is deployed with a package, and what was found of it.
pub(super) struct Deployed<'a> {
    pub(super) template: Cow<'a, Template>,
    pub(super) packed: Cow<'a, Packed>,
    pub(super) warnings: Vec<Finding>,
    serverless_images: Vec<ServerlessImage>,
}

impl Deployed<'_> {
    /// Holds images that only some accounts can run against the accounts of each stage.
    ///
    /// # Errors
    /// Every image that an account of a stage cannot run.
    pub(super) fn check_accounts(&self, stages: &[StagePlan], targets: &[Targets]) -> Result<()> {
        let mut findings: Vec<Finding> = Vec::new();
        for (plan, targets) in stages.iter().zip(targets) {
            let of_stage = self.serverless_images.iter().filter(|image| image.stage == plan.settings.stage.as_str());
            let accounts = targets.ids();
            findings.extend(of_stage.filter_map(|image| image.elsewhere(&accounts)));
        }
        if findings.is_empty() { Ok(()) } else { Err(Failure::invalid(findings)) }
    }
}

/// What the template names, where that is known before the Region is.
fn pack(project: &Project, rendered: &Rendered, template: &Template, findings: &mut Vec<Finding>) -> Option<Packed> {
    let (file, settings) = (project.template.as_ref()?, &project.settings);
    if file.names_templates(template) {
        findings.extend(file.check_files(&settings.input_dir, rendered, template));
        return None;
    }
    let purpose = Purpose::Deploying { facts: &settings.facts, region: "" };
    let packed = file.pack(&settings.input_dir, rendered, template, purpose);
    let packed = packed.map_err(|found| findings.extend(found)).ok()?;
    findings.extend(packed.warnings.iter().cloned());
    Some(packed)
}

/// Each finding once: one variable may be found wrong in several places.
fn once(findings: Vec<Finding>) -> Vec<Finding> {
    let mut seen = Vec::new();
    for finding in findings {
        if !seen.contains(&finding) {
            seen.push(finding);
        }
    }
    seen
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
