//! The pipeline: its stages, as whom it deploys, how it last went, and the projects and repository that it uses.

use super::check::Check;
use super::early_validation;
use super::facts::{ActionState, BuildProject, Facts, Pipeline, SourceAction};
use super::subject::Subject;
use super::unseen::Seen;
use super::verdict::{Fix, Verdict};
use crate::domain::aws::organization::UnitId;
use crate::domain::project::stage::StageSettings;

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let pipeline =
        match &facts.pipeline {
            Ok(Some(pipeline)) => pipeline,
            Ok(None) => {
                let name = subject.project.as_ref().map(super::names::ProjectNames::pipeline).unwrap_or_default();
                return vec![Verdict::fail(Check::Pipeline, "", format!("{name} does not exist")).fixed_by(Fix::new(
                    "create the SageMaker project, whose stack makes it; or name the right project",
                ))];
            }
            Err(unseen) => return vec![Verdict::unseen(Check::Pipeline, "", unseen)],
        };
    let mut verdicts = vec![Verdict::ok(Check::Pipeline, "", format!("{} is there", pipeline.name))];
    verdicts.extend(subject.stages.iter().map(|settings| stage(subject, pipeline, settings)));
    verdicts.push(call_as(facts, pipeline));
    verdicts.push(last_execution(pipeline, &facts.last_execution));
    verdicts.push(build_project(subject, &facts.build_project, true));
    verdicts.push(build_project(subject, &facts.test_project, false));
    verdicts.push(repository(facts, pipeline));
    verdicts
}

/// Whether the pipeline deploys the stage: its exported config, to its unit, to this Region.
fn stage(subject: &Subject, pipeline: &Pipeline, settings: &StageSettings) -> Verdict {
    const CHECK: Check = Check::Stages;
    let name = settings.stage.as_str();
    let config = format!("::{}", settings.export_file);
    let reads = |setting: Option<&str>| setting.is_some_and(|value| value.ends_with(&config));
    let Some((at, action)) = pipeline.deployments().find(|(_, action)| reads(action.setting("Parameters"))) else {
        return Verdict::fail(CHECK, name, format!("no StackSet action reads {}", settings.export_file))
            .fixed_by(Fix::new(format!(
                "render the project template with stage {name} (modeldeploy catalog render --stages), and update the product and project"
            )));
    };
    let fix = || {
        Fix::new(format!(
            "correct the parameters of the project, or action {} of the pipeline's stage {at}",
            action.name
        ))
    };
    let unit = settings.unit.as_ref().map(UnitId::as_str);
    let targets = action.setting("DeploymentTargets").unwrap_or_default();
    if let Some(unit) = unit.filter(|unit| targets.split(',').all(|target| target.trim() != *unit)) {
        let text = format!("{at} deploys to {targets}, and the build's unit is {unit}");
        return Verdict::fail(CHECK, name, text).fixed_by(fix());
    }
    if action.setting("PermissionModel") != Some("SERVICE_MANAGED") {
        let text = format!("{at} has no service-managed permissions, without which units cannot be deployed to");
        return Verdict::fail(CHECK, name, text).fixed_by(fix());
    }
    let regions = action.setting("Regions").unwrap_or_default();
    if regions != subject.region {
        return Verdict::warn(CHECK, name, format!("{at} deploys to Region {regions}, and this is {}", subject.region));
    }
    let approvals = pipeline.stages.iter().take_while(|(stage, _)| stage != at);
    let approved = approvals.flat_map(|(_, actions)| actions).any(|action| action.category == "Approval");
    let is_first = pipeline.deployments().next().is_some_and(|(first, _)| first == at);
    if !is_first && !approved {
        return Verdict::warn(CHECK, name, format!("{at} deploys without an approval before it"))
            .fixed_by(Fix::new("add a manual approval, as the project template has it"));
    }
    Verdict::ok(CHECK, name, format!("{at} deploys it to {targets}"))
}

/// Whether the deploy actions act as what the account is to StackSets. Without `CallAs`, the action answers a delegated
/// administrator "You must be the management account or delegated admin account" (CodePipeline User Guide, StackSets
/// action; aws-cloudformation/cloudformation-coverage-roadmap 796).
fn call_as(facts: &Facts, pipeline: &Pipeline) -> Verdict {
    const CHECK: Check = Check::CallAs;
    const DELEGATED: &str = "DELEGATED_ADMIN";
    let mut says: Vec<&str> =
        pipeline.deployments().map(|(_, action)| action.setting("CallAs").unwrap_or("SELF")).collect();
    says.sort_unstable();
    says.dedup();
    let Some(is_management) = facts.is_management() else {
        return Verdict::skipped(CHECK, "", "whether this is the management account is not known");
    };
    let fix = |to: &str| Fix::new(format!("set parameter CallAs of the project to {to}"));
    match (is_management, says.as_slice()) {
        (_, []) => Verdict::skipped(CHECK, "", "the pipeline deploys no stack set"),
        (true, ["SELF"]) => Verdict::ok(CHECK, "", "SELF, from the management account"),
        (false, [DELEGATED]) if facts.is_delegate() == Some(true) => {
            Verdict::ok(CHECK, "", format!("{DELEGATED}, from a delegated administrator"))
        }
        (false, [DELEGATED]) if facts.is_delegate().is_none() => {
            Verdict::skipped(CHECK, "", "whether this account is a delegated administrator is not known")
        }
        (true, _) => {
            Verdict::fail(CHECK, "", format!("{}, and the management account has to call as SELF", says.join(", ")))
                .fixed_by(fix("SELF"))
        }
        (false, [DELEGATED]) => Verdict::fail(
            CHECK,
            "",
            format!("{DELEGATED}, and this account is none: the action fails with \"Account used is not a delegated administrator\""),
        )
        .fixed_by(Fix::new("make this account a delegated administrator of StackSets (see check administrator)")),
        (false, _) => Verdict::fail(
            CHECK,
            "",
            format!(
                "{}, from an account that is not the management account: the StackSet action fails with \"You must be \
                 the management account or delegated admin account\"",
                says.join(", ")
            ),
        )
        .fixed_by(fix(DELEGATED)),
    }
}

fn last_execution(pipeline: &Pipeline, states: &Seen<Vec<ActionState>>) -> Verdict {
    const CHECK: Check = Check::LastExecution;
    let states = match states {
        Ok(states) => states,
        Err(unseen) => return Verdict::unseen(CHECK, "", unseen),
    };
    let told = |state: &ActionState| {
        let code = state.code.as_deref().map(|code| format!(" {code}")).unwrap_or_default();
        let message = state.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
        format!("{} of stage {} is {}{code}{message}", state.action, state.stage, state.status)
    };
    // Whoever rejects a model means it.
    let was_rejected = |state: &ActionState| {
        pipeline.actions().any(|(stage, action)| {
            action.category == "Approval" && (stage, &action.name) == (state.stage.as_str(), &state.action)
        })
    };
    if let Some(failed) = states.iter().find(|state| state.status == "Failed" && !was_rejected(state)) {
        if let Some(explained) = failed.message.as_deref().and_then(early_validation::explained) {
            let fix = Fix::new("see in the stack's account what the validation found, fix it, and run the stage again");
            return Verdict::fail(CHECK, "", format!("{} ({explained})", told(failed)))
                .fixed_by(fix.command(early_validation::command("STACK", pipeline.arn.region.as_str())));
        }
        return Verdict::fail(CHECK, "", told(failed)).fixed_by(
            Fix::new("fix what it says, then run the stage again, or release the pipeline")
                .command(format!("aws codepipeline start-pipeline-execution --name {}", pipeline.name)),
        );
    }
    if let Some(other) = states.iter().find(|state| !["Succeeded", "InProgress"].contains(&state.status.as_str())) {
        return Verdict::warn(CHECK, "", told(other));
    }
    match states.iter().find(|state| state.status == "InProgress") {
        Some(running) => Verdict::ok(CHECK, "", told(running)),
        None if states.is_empty() => Verdict::warn(CHECK, "", "the pipeline has never run"),
        None => Verdict::ok(CHECK, "", "every action succeeded"),
    }
}

/// Images that AWS no longer maintains (CodeBuild User Guide, "Deprecated CodeBuild images").
fn is_deprecated(image: &str) -> bool {
    let old = |name: &str, current: u32| {
        let version = image.strip_prefix(name).and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
        version.is_some_and(|version| version < current)
    };
    image.starts_with("aws/codebuild/amazonlinux2-")
        || old("aws/codebuild/amazonlinux-x86_64-standard:", 5)
        || old("aws/codebuild/amazonlinux-aarch64-standard:", 3)
        || old("aws/codebuild/standard:", 7)
}

/// Whether the project is there, is told what it has to know, and runs in an image that is maintained.
fn build_project(subject: &Subject, project: &Seen<Option<BuildProject>>, builds: bool) -> Verdict {
    const CHECK: Check = Check::BuildProject;
    let label = if builds { "build" } else { "test" };
    let project = match project {
        Ok(Some(project)) => project,
        Ok(None) => {
            return Verdict::fail(CHECK, label, "does not exist")
                .fixed_by(Fix::new("update the SageMaker project, whose stack makes it"));
        }
        Err(unseen) => return Verdict::unseen(CHECK, label, unseen),
    };
    let told = |name: &str| project.variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let mut wrong = Vec::new();
    let mut hold = |name: &str, wanted: Option<&str>| match (told(name), wanted) {
        (None | Some(""), _) => wrong.push(format!("{name} is not set")),
        (Some(value), Some(wanted)) if value != wanted => wrong.push(format!("{name} is {value}, not {wanted}")),
        _ => {}
    };
    if builds {
        hold("SAGEMAKER_PROJECT_NAME", subject.project.as_ref().map(|project| project.name.as_str()));
        hold("SAGEMAKER_PROJECT_ID", subject.project.as_ref().map(|project| project.id.as_str()));
        hold("SOURCE_MODEL_PACKAGE_GROUP_NAME", None);
        hold("ARTIFACT_BUCKET", subject.artifact_bucket.as_deref());
        for settings in &subject.stages {
            hold(&settings.stage.unit_variable(), settings.unit.as_ref().map(UnitId::as_str));
            hold(&settings.stage.role_variable(), settings.role_name.as_deref());
        }
    } else {
        // The pipeline's test actions set them for their stage.
        hold("ORGANIZATIONAL_UNIT_ID", None);
        hold("SAGEMAKER_EXECUTION_ROLE_NAME", None);
    }
    if !wrong.is_empty() {
        return Verdict::fail(CHECK, label, format!("{}: {}", project.name, wrong.join("; ")))
            .fixed_by(Fix::new("correct the parameters of the SageMaker project, or what was named here"));
    }
    if is_deprecated(&project.image) {
        return Verdict::warn(
            CHECK,
            label,
            format!("{} runs in {}, which is no longer maintained", project.name, project.image),
        )
        .fixed_by(Fix::new("update the product to a newly rendered project template, then the project"));
    }
    Verdict::ok(CHECK, label, format!("{} has its variables", project.name))
}

fn repository(facts: &Facts, pipeline: &Pipeline) -> Verdict {
    const CHECK: Check = Check::Repository;
    let Some(source) = pipeline.source() else {
        return Verdict::fail(CHECK, "", "the pipeline has no source action")
            .fixed_by(Fix::new("update the SageMaker project, whose stack makes the pipeline"));
    };
    let (name, branch) = match source {
        SourceAction::CodeCommit { repository, branch } => (repository, branch),
        SourceAction::Connection { arn, detects_changes: true } => return Verdict::ok(CHECK, "", arn),
        SourceAction::Connection { arn, detects_changes: false } => {
            return Verdict::warn(CHECK, "", format!("{arn} does not start the pipeline when somebody pushes"))
                .fixed_by(Fix::new("set DetectChanges of the source action to true"));
        }
        SourceAction::Other(provider) => return Verdict::skipped(CHECK, "", format!("{provider} is not looked at")),
    };
    let found = match &facts.repository {
        Ok(Some(found)) => found,
        Ok(None) => {
            return Verdict::fail(CHECK, "", format!("{name} does not exist"))
                .fixed_by(Fix::new("put it back, or update the SageMaker project, whose stack makes it"));
        }
        Err(unseen) => return Verdict::unseen(CHECK, "", unseen),
    };
    match &found.has_branch {
        Ok(true) => Verdict::ok(CHECK, "", format!("{name} has branch {branch}")),
        Ok(false) => Verdict::fail(CHECK, "", format!("{name} has no branch {branch}")).fixed_by(Fix::new(format!(
            "push what a seed zip holds to {branch}, or let the pipeline take another branch"
        ))),
        Err(unseen) => Verdict::unseen(CHECK, "", unseen),
    }
}
