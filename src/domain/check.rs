//! Everything that can be known to be wrong before a roll-out, found at once: template, configs of all stages, cases.
//!
//! `check` is a pure function of texts. Rules of the files alone are looked at once; those of what a stage deploys are
//! looked at with each stage's values, and what is true of all stages is said once.

mod assertion;
mod attribute;
mod capture;
mod cases;
pub(crate) mod catalogue;
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
pub mod sarif;
mod scaling;
mod schema;
mod serverless;
mod structure;
mod subject;
mod unreached;
mod update_policy;
mod variant;
mod yaml;

use std::collections::BTreeMap;

use self::deployment::{Deployment, Evaluations};
use self::endpoint::tested_name;
use self::excerpt::Sources;
pub(crate) use self::excerpt::show_lines;
pub(crate) use self::serverless::ServerlessImage;
pub(crate) use self::structure::{too_large, too_large_to_read};
pub use self::subject::{CaseFile, CaseFiles, File, Subject};
use super::finding::rule::Rule;
use super::finding::{Finding, Severity};
use crate::domain::cloudformation::confidential::{Confidential, defaults};
use crate::domain::cloudformation::deployer::Deployer;
use crate::domain::cloudformation::evaluation::{Index, Scope};
use crate::domain::cloudformation::packaging::assets_left;
use crate::domain::cloudformation::template::{Given, Source, Template};
use crate::domain::project::build_plan::StagePlan;

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
    cases: Option<cases::Cases>,
}

/// What package and Region say of a project that was checked without them.
pub(crate) struct CheckedWithPackage {
    /// Among them what was found without them, too.
    pub findings: Vec<Finding>,
    pub serverless_images: Vec<ServerlessImage>,
}

/// Checks all files against each other and against the rules of the catalogue.
pub fn check(subject: &Subject<'_>) -> Checked {
    let mut findings = Vec::new();
    let template = subject.template.and_then(|File { name, text }| {
        if let Some(finding) = too_large_to_read(name, text.len(), subject.deployer) {
            findings.push(finding);
            return None;
        }
        findings.extend(too_large(name, text.len(), subject.deployer));
        let (template, found) = Template::read(text, name);
        findings.extend(found);
        template
    });
    let mut plans = Vec::new();
    for stage in subject.stages {
        findings.extend(stage.findings.iter().cloned());
        plans.extend(stage.plan());
    }
    findings.extend(config::shared_stage_names(&plans, Confidential::of(template.as_ref())));
    let cases = subject.cases.map(|file| cases::Cases::read(file, subject.case_files));
    let (mut of_stages, mut serverless_images) = (Vec::new(), Vec::new());
    if let Some(template) = &template {
        let index = Index::of(template);
        // The file as it is, and what each stage deploys of it, know nothing of each other, and large ones take their time
        let (of_file, misspelt);
        ((of_file, misspelt), (of_stages, serverless_images)) = beside(
            || (of_template(&index, subject.deployer), unreached::misspelt(&index)),
            || check_stages(subject, &index, &plans, cases.as_ref()),
        );
        findings.extend(of_file);
        // Without a stage, nothing is known of what is taken; and what a transform makes of it, nobody can tell.
        if !plans.is_empty() && !template.has_macro() {
            let is_judged = |finding: &Finding| of_stages.iter().any(|known| known.place == finding.place);
            findings.extend(misspelt.into_iter().filter(|finding| !is_judged(finding)));
        }
    }
    findings.extend(cases.iter().flat_map(|cases| cases.wrong.clone()));
    findings.extend(of_stages);
    Sources::new(subject, template.as_ref()).finish(&mut findings, &mut serverless_images);
    let confidential = confidential(subject, template.as_ref());
    Checked { template, plans, findings, serverless_images, confidential, cases }
}

impl Checked {
    /// Checks what the stages deploy once more, now that the subject has a package and a Region; nothing else hangs on them.
    pub(crate) fn with_package(&self, subject: &Subject<'_>) -> CheckedWithPackage {
        let Some(template) = &self.template else {
            return CheckedWithPackage { findings: Vec::new(), serverless_images: Vec::new() };
        };
        let cases = self.cases.as_ref();
        let (mut findings, mut serverless_images) = check_stages(subject, &Index::of(template), &self.plans, cases);
        Sources::new(subject, Some(template)).finish(&mut findings, &mut serverless_images);
        CheckedWithPackage { findings, serverless_images }
    }
}

/// Does both at once, where there is a thread to be had.
fn beside<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|threads| {
        let thread = std::thread::Builder::new().spawn_scoped(threads, &one);
        let other = other();
        match thread {
            Ok(thread) => (thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), other),
            Err(_) => (one(), other),
        }
    })
}

/// What is wrong with the template whatever a stage's values are.
fn of_template(index: &Index<'_>, deployer: Deployer) -> Vec<Finding> {
    let template = index.template;
    let mut findings = declaration::check(index);
    let structure::Checked { findings: mut of_template, is_transformed } = structure::check(index, deployer);
    of_template.extend(reference::check(index));
    if !template.has_macro() {
        of_template.extend(interpolation::check(index));
        of_template.extend(assertion::check(index));
    }
    // What a transform would make of the rest, nobody can tell
    if is_transformed {
        of_template.retain(|finding| !finding.rule.is_some_and(may_be_transformed));
        for finding in of_template.iter_mut().filter(|finding| finding.rule == Some(Rule::StackSetTransform)) {
            let cause = finding.cause.take().unwrap_or_default();
            finding.cause = Some(format!("{cause}; {NOT_JUDGED}"));
        }
    }
    findings.extend(of_template);
    findings.extend(yaml::check(template));
    findings.extend(assets_left(&template.root, &template.file, deployer));
    findings
}

/// Every value that nobody is to see.
fn confidential(subject: &Subject<'_>, template: Option<&Template>) -> Vec<String> {
    let of_template = template.map(defaults).unwrap_or_default().into_iter();
    let of_configs = subject.stages.iter().filter_map(|stage| stage.document.as_ref());
    let of_configs = of_configs.flat_map(|config| Confidential::of(template).texts(config));
    of_template.chain(of_configs).collect()
}

/// What rendering a template says against it, as findings of the catalogue.
pub(crate) fn of_rendering(findings: Vec<Finding>) -> Vec<Finding> {
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

/// What was found of some of the stages.
#[derive(Default)]
struct OfStages<'p> {
    /// Of their configs.
    findings: Vec<Finding>,
    /// Of what each deploys.
    by_stage: Vec<(&'p str, Vec<Finding>)>,
    images: Vec<ServerlessImage>,
}

/// What is wrong with the config of each stage, and with what it deploys; and the images of its serverless endpoints.
fn check_stages(
    subject: &Subject<'_>,
    index: &Index<'_>,
    plans: &[StagePlan],
    cases: Option<&cases::Cases>,
) -> (Vec<Finding>, Vec<ServerlessImage>) {
    if plans.is_empty() {
        let parameters = BTreeMap::new();
        let scope = Scope::new(index, &parameters, None);
        let mut deployment = Deployment::of(&scope, &mut Evaluations::of(index));
        if !index.template.has_macro() {
            property::check(&mut deployment, &mut property::Judged::default());
        }
        deployed(&mut deployment, subject, cases);
        return (deployment.findings, Vec::new());
    }
    let comparisons = config::Comparisons::of(index);
    let some = |plans| check_some(subject, index, plans, cases, &comparisons);
    let (first, second) = plans.split_at(plans.len() / 2);
    let (mut all, more) = beside(|| some(first), || some(second));
    all.findings.extend(more.findings);
    all.by_stage.extend(more.by_stage);
    all.images.extend(more.images);
    all.findings.extend(merge(all.by_stage));
    (all.findings, all.images)
}

fn check_some<'p>(
    subject: &Subject<'_>,
    index: &Index<'_>,
    plans: &'p [StagePlan],
    cases: Option<&cases::Cases>,
    comparisons: &config::Comparisons<'_>,
) -> OfStages<'p> {
    let is_rewritten = index.template.has_macro();
    let mut all = OfStages::default();
    let mut judged = property::Judged::default();
    let mut evaluations = Evaluations::of(index);
    for plan in plans {
        let mut given = plan.given(subject.facts, subject.package);
        if subject.variables_come_later {
            for one in &mut given {
                if matches!(one.source, Source::Unset(_)) {
                    one.source = Source::Later;
                }
            }
        }
        let found = config::check(index, plan, &given, comparisons);
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
        all.findings.extend(found);
        let mut scope = Scope::new(index, &parameters, None);
        scope.later.extend(refused);
        scope.later.extend(given.into_iter().filter(|one| one.source == Source::Later).map(|one| one.name));
        scope.later.extend(plan.config.unusable.iter().cloned());
        let mut deployment = Deployment::of(&scope, &mut evaluations);
        if !is_rewritten {
            deployment.findings.extend(scope.in_region(subject.region).broken_assertions());
            property::check(&mut deployment, &mut judged);
        }
        deployed(&mut deployment, subject, cases);
        let stage = plan.settings.stage.as_str();
        if plan.config.understood && !plan.config.stage_name().is_empty() {
            endpoint::check(&mut deployment, &tested_name(&subject.facts.name, plan.config.stage_name()));
        }
        all.images.extend(serverless::images(&deployment, stage, subject.package));
        all.by_stage.push((stage, deployment.findings));
    }
    all
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
    model::check(deployment, subject.package);
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
