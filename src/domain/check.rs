//! Everything that can be known to be wrong before a roll-out, found at once: template, configs of all stages, cases.
//!
//! `check` is a pure function of texts. Rules of the files alone are looked at once; those of what a stage deploys are
//! looked at with each stage's values, and what is true of all stages is said once.

mod attribute;
mod capture;
mod cases;
mod component;
mod config;
mod declaration;
mod deployment;
mod endpoint;
mod excerpt;
mod instance_type;
mod interpolation;
mod model;
mod name;
mod parameter_value;
mod place;
mod property;
mod reference;
pub mod report;
pub mod rule;
pub mod sarif;
mod scaling;
mod schema;
mod serverless;
mod structure;
mod update_policy;
mod variant;
mod yaml;

use std::collections::BTreeMap;

pub use self::cases::CaseFiles;
use self::deployment::Deployment;
use self::endpoint::tested_name;
use self::excerpt::Sources;
pub use self::excerpt::show_lines;
use self::rule::Rule;
pub use self::serverless::ServerlessImage;
pub use self::structure::{too_large, too_large_to_read};
use super::build_plan::{ProjectFacts, StagePlan};
use super::confidential::{Confidential, defaults, texts};
use super::document::Node;
use super::evaluation::{Index, Scope};
use super::finding::{Finding, Severity};
use super::model_package::ModelPackage;
use super::stage::StageSettings;
use super::stage_config::StageConfig;
use super::template::{Given, Source, Template};

/// A file with its text, as it was read or as it was rendered.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// A stage with the text of its config.
#[derive(Clone, Copy, Debug)]
pub struct StageFile<'a> {
    pub settings: &'a StageSettings,
    pub config: File<'a>,
}

impl StageFile<'_> {
    /// The stage with its config, if nothing is wrong with that.
    pub fn plan(&self) -> Option<StagePlan> {
        let config = StageConfig::parse(self.config.text, self.config.name).ok()?;
        Some(StagePlan { settings: self.settings.clone(), config })
    }
}

/// What is checked, and what is known beside the files.
pub struct Subject<'a> {
    pub template: Option<File<'a>>,
    pub stages: &'a [StageFile<'a>],
    pub cases: Option<File<'a>>,
    /// The files that the cases name.
    pub case_files: &'a CaseFiles,
    pub facts: &'a ProjectFacts,
    pub package: Option<&'a ModelPackage>,
    /// The Region of the roll-out, where it is known.
    pub region: Option<&'a str>,
    /// Whether variables that are not set count as set later, as on a laptop; else they are missing.
    pub variables_come_later: bool,
}

/// What was read, and all that is wrong with it.
pub struct Checked {
    /// Beside a template with errors there are findings.
    pub template: Option<Template>,
    /// The stages whose configs could be read.
    pub plans: Vec<StagePlan>,
    pub findings: Vec<Finding>,
    /// Images that accounts of other numbers than theirs cannot run.
    pub serverless_images: Vec<ServerlessImage>,
    /// Values that nobody is to see, wherever they would be printed.
    pub confidential: Vec<String>,
}

impl Checked {
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Checks all files against each other and against the rules of the catalogue.
pub fn check(subject: &Subject<'_>) -> Checked {
    let mut findings = Vec::new();
    let template = subject.template.and_then(|File { name, text }| {
        if let Some(finding) = too_large_to_read(name, text.len()) {
            findings.push(finding);
            return None;
        }
        findings.extend(too_large(name, text.len()));
        let (template, found) = Template::read(text, name);
        findings.extend(found);
        template
    });
    let mut plans = Vec::new();
    for StageFile { settings, config } in subject.stages {
        let (read, found) = StageConfig::read(config.text, config.name);
        findings.extend(found);
        plans.extend(read.map(|config| StagePlan { settings: (*settings).clone(), config }));
    }
    findings.extend(config::shared_stage_names(&plans));
    let mut serverless_images = Vec::new();
    if let Some(template) = &template {
        let index = Index::of(template);
        findings.extend(declaration::check(&index));
        let mut of_template = structure::check(&index);
        of_template.extend(reference::check(&index));
        let is_rewritten = structure::has_macro(&index);
        if !is_rewritten {
            of_template.extend(interpolation::check(&index));
        }
        // What a transform would make of the rest, nobody can tell
        let transformed = of_template.iter().any(|finding| finding.rule == Some(Rule::StackSetTransform));
        if transformed {
            of_template.retain(|finding| !finding.rule.is_some_and(may_be_transformed));
            for finding in of_template.iter_mut().filter(|finding| finding.rule == Some(Rule::StackSetTransform)) {
                let cause = finding.cause.take().unwrap_or_default();
                finding.cause = Some(format!("{cause}; {NOT_JUDGED}"));
            }
        }
        findings.extend(of_template);
        findings.extend(yaml::check(template));
        let (of_stages, images) = check_stages(subject, &index, &plans, is_rewritten);
        findings.extend(of_stages);
        serverless_images = images;
    }
    let sources = Sources::new(subject, template.as_ref());
    sources.finish(&mut findings);
    for image in &mut serverless_images {
        sources.show(std::slice::from_mut(&mut image.finding));
    }
    let confidential = confidential(subject, template.as_ref());
    Checked { template, plans, findings, serverless_images, confidential }
}

/// Every value that nobody is to see.
fn confidential(subject: &Subject<'_>, template: Option<&Template>) -> Vec<String> {
    let of_template = template.map(defaults).unwrap_or_default().into_iter().map(str::to_owned);
    let of_configs =
        subject.stages.iter().filter_map(|stage| Node::parse_json(stage.config.text, stage.config.name).ok());
    let of_configs = of_configs
        .flat_map(|config| Confidential(template).in_config(&config).into_iter().flat_map(texts).collect::<Vec<_>>());
    of_template.chain(of_configs).collect()
}

/// What rendering a template says against it, as findings of the catalogue.
pub fn of_rendering(findings: Vec<Finding>) -> Vec<Finding> {
    let rule = |severity| if severity == Severity::Error { Rule::Rendering } else { Rule::RenderingLater };
    findings.into_iter().map(|one| Finding { rule: one.rule.or(Some(rule(one.severity))), ..one }).collect()
}

const NOT_JUDGED: &str =
    "references, functions, sections and types of resources were not judged, since it may change them";

/// Whether a transform may make right what breaks the rule.
fn may_be_transformed(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::TemplateSection
            | Rule::ResourceAttribute
            | Rule::ResourceType
            | Rule::ReferenceUnresolved
            | Rule::AttributeUnresolved
            | Rule::AttributeUnknown
            | Rule::DependsOnUnresolved
            | Rule::FunctionUnknown
            | Rule::FunctionArgument
            | Rule::CircularDependency
    )
}

/// What is wrong with the config of each stage, and with what it deploys; and the images of its serverless endpoints.
fn check_stages(
    subject: &Subject<'_>,
    index: &Index<'_>,
    plans: &[StagePlan],
    is_rewritten: bool,
) -> (Vec<Finding>, Vec<ServerlessImage>) {
    let cases = subject.cases.map(|file| cases::Cases::read(file, subject.case_files));
    let mut findings: Vec<Finding> = cases.iter().flat_map(|cases| cases.wrong.clone()).collect();
    let comparisons = config::Comparisons::of(index);
    let mut by_stage = Vec::new();
    let mut images = Vec::new();
    let mut judged = property::Judged::default();
    for plan in plans {
        let mut given = plan.given(subject.facts, subject.package);
        if subject.variables_come_later {
            for one in &mut given {
                if matches!(one.source, Source::Unset(_)) {
                    one.source = Source::Later;
                }
            }
        }
        let found = config::check(index, plan, &given, &comparisons);
        let mut parameters = values(plan, &given);
        let mut refused = Vec::new();
        for parameter in &plan.config.parameters {
            let is_here = |finding: &&Finding| {
                finding.severity == Severity::Error
                    && finding.place.as_ref().is_some_and(|place| place.position == Some(parameter.at))
            };
            // What is refused is not looked at again where it is used
            if found.iter().any(|finding| is_here(&finding)) {
                parameters.remove(&parameter.key);
                refused.push(parameter.key.clone());
            }
        }
        findings.extend(found);
        let mut scope = Scope::new(index, &parameters, None);
        scope.later.extend(refused);
        scope.later.extend(given.into_iter().filter(|one| one.source == Source::Later).map(|one| one.name));
        scope.later.extend(plan.config.unusable.iter().cloned());
        let mut deployment = Deployment::of(&scope);
        if !is_rewritten {
            property::check(&mut deployment, &mut judged);
        }
        deployed(&mut deployment, subject, cases.as_ref());
        let stage = plan.settings.stage.as_str();
        if plan.config.understood && !plan.config.stage_name().is_empty() {
            endpoint::check(&mut deployment, &tested_name(&subject.facts.name, plan.config.stage_name()));
        }
        images.extend(serverless::images(&deployment, stage, subject.package));
        by_stage.push((stage, deployment.findings));
    }
    if plans.is_empty() {
        let parameters = BTreeMap::new();
        let scope = Scope::new(index, &parameters, None);
        let mut deployment = Deployment::of(&scope);
        if !is_rewritten {
            property::check(&mut deployment, &mut judged);
        }
        deployed(&mut deployment, subject, cases.as_ref());
        findings.extend(deployment.findings);
    }
    findings.extend(merge(by_stage));
    (findings, images)
}

/// The values that a stage's parameters have as far as they are known.
fn values(plan: &StagePlan, given: &[Given]) -> BTreeMap<String, String> {
    let computed = given.iter().filter_map(|one| match &one.source {
        Source::Known(value) => Some((one.name.clone(), value.clone())),
        Source::Later | Source::Unset(_) => None,
    });
    let own = plan.config.parameters.iter().map(|parameter| (parameter.key.clone(), parameter.value.clone()));
    computed.chain(own).collect()
}

fn deployed(deployment: &mut Deployment<'_>, subject: &Subject<'_>, cases: Option<&cases::Cases>) {
    model::check(deployment);
    name::check(deployment);
    variant::check(deployment, subject.package);
    serverless::check(deployment);
    capture::check(deployment);
    component::check(deployment);
    update_policy::check(deployment);
    scaling::check(deployment);
    if let Some(region) = subject.region {
        place::check(deployment, region, subject.package);
    }
    if let Some(cases) = cases {
        cases.check(deployment);
    }
}

/// Says once what is true of several stages; what is true of all is not said of any.
fn merge(by_stage: Vec<(&str, Vec<Finding>)>) -> Vec<Finding> {
    let all = by_stage.len();
    let mut merged: Vec<Finding> = Vec::new();
    let mut seen: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for (stage, findings) in by_stage {
        for finding in findings {
            let same = format!("{:?}{:?}{}{:?}", finding.rule, finding.place, finding.what, finding.cause);
            let at = *seen.entry(same).or_insert_with(|| {
                merged.push(finding);
                merged.len() - 1
            });
            if merged[at].stages.last().is_none_or(|last| last != stage) {
                merged[at].stages.push(stage.to_owned());
            }
        }
    }
    for finding in &mut merged {
        if finding.stages.len() == all {
            finding.stages.clear();
        }
    }
    merged
}
