//! `modeldeploy build`: the latest approved package, and what every stage deploys of it.

pub(super) mod access;
mod inputs;
mod outputs;
mod packaging;
mod registry;
mod template;

use std::path::PathBuf;

use futures::future::try_join_all;
use futures::join;
use tokio::task::yield_now;

pub(super) use self::inputs::Inputs;
use self::outputs::Outputs;
use self::registry::CurrentPolicy;
pub(super) use self::template::{Rendered, TemplateFile, default_name};
use super::registry::choose;
use super::{Session, interruption, targets_of};
use crate::cli::{BuildArgs, ProjectArgs};
use crate::cloud::error::Kind;
use crate::cloud::{Cloud, CloudError};
use crate::domain::build_plan::StagePlan;
use crate::domain::group_policy::{Change, Grant};
use crate::domain::model_package::ModelPackage;
use crate::domain::organization::Targets;
use crate::error::{Failure, Result};
use crate::files::{Folders, PendingFiles};

/// What a build wrote, for the steps after it.
pub(super) struct Built {
    pub(super) package: ModelPackage,
    pub(super) stages: Vec<StagePlan>,
}

/// Builds from what was given; a rehearsal runs this as well.
pub(super) async fn run(args: &BuildArgs, mut inputs: Inputs, session: &Session, cloud: &impl Cloud) -> Result<Built> {
    let places = self::outputs::places(args, &inputs.stages);
    let places = (!args.dry_run).then(|| PendingFiles::at(places.iter().map(PathBuf::as_path), Folders::AreMade));
    let places = places.transpose()?;
    let known = inputs.deployable.take();
    let Inputs { group, facts, stages, .. } = &inputs;
    let project = &args.project;

    let registry = async {
        let (arn, latest, policy) = self::registry::read(args, session, cloud, group, facts).await?;
        // Not sooner: it takes a core for itself, and would hold up the requests.
        inputs.own.begin();
        let package = choose(project.model_version, latest, cloud, group, &arn).await?;
        let checked = async {
            // First the questions about the package's data and images go out: this is done while they are answered.
            yield_now().await;
            inputs.deployed_with(args, &package, cloud.region(), known)
        };
        let (evidence, deployed) = join!(access::gather(project, cloud, group, &arn, &package), checked);
        Ok((arn, package, evidence, policy, deployed))
    };
    let (target_lists, (group_arn, package, evidence, current, deployed)) =
        futures::try_join!(stage_targets(project, session, cloud, stages), registry)?;

    let deployed = deployed?;
    deployed.check_accounts(&inputs, &target_lists)?;
    let deployable = deployed.deployable;
    for warning in &deployed.warnings {
        session.console.warning(warning);
    }
    let accounts = target_lists.iter().flat_map(Targets::ids).collect();
    let grant = Grant { group_arn: &group_arn, project_id: &facts.id, accounts: &accounts };
    let policy = match &current {
        CurrentPolicy::NotOurs(why) => Policy::Kept(why),
        CurrentPolicy::Ours(current) => match grant.merge_into(current.as_deref()).map_err(Failure::failed)? {
            Change::None => Policy::Kept("unchanged"),
            Change::Put(text) => Policy::Put(text),
        },
    };
    let left = match (&policy, &current) {
        (Policy::Put(text), _) => Some(text.as_str()),
        (Policy::Kept(_), CurrentPolicy::Ours(current)) => Some(current.as_deref().unwrap_or_default()),
        (Policy::Kept(_), CurrentPolicy::NotOurs(_)) => None,
    };
    let callers = access::callers(cloud.region(), stages.iter().map(|plan| &plan.settings).zip(&target_lists));
    let seen = access::Seen { group: &group_arn, package: &package, policy: left, callers, project_id: &facts.id };
    let access = access::check(args, session, cloud, evidence, &seen).await?;
    let outputs = Outputs::render(args, session, &inputs, &deployable, &package, &target_lists, cloud.region())?;

    let upload = packaging::upload(&deployable.packed.artefacts, args, cloud);
    if let Some(places) = places {
        let pending = places.filled(outputs.files.iter().map(|(_, contents)| contents.as_slice()))?;
        let put = matches!(policy, Policy::Put(_)).then(|| policy_of(&group.name));
        interruption::ahead(put.into_iter().chain([FILES.to_owned()]));
        access::take_over(session, cloud, &access.foreign).await?;
        let uploads = upload.await?;
        if let Policy::Put(text) = &policy {
            interruption::begins(&policy_of(&group.name));
            put_policy(cloud, &group.name, &grant, text).await?;
            interruption::is_done();
        }
        interruption::begins(FILES);
        pending.put()?;
        interruption::is_done();
        outputs.tell(session, &package, &policy, &uploads, &access.document)?;
    } else {
        let uploads = upload.await?;
        outputs.preview(session, &group.name, &policy, &uploads, &access.document)?;
    }
    Ok(Built { package, stages: inputs.stages })
}

/// What a build does last.
const FILES: &str = "the exported files";

fn policy_of(group: &str) -> String {
    format!("the resource policy of model package group {group}")
}

/// How often a policy that somebody else keeps changing is merged again.
const MERGE_ATTEMPTS: usize = 5;

/// Puts the merged policy. Another build of the same group may be in between: then theirs is read and merged into.
async fn put_policy(cloud: &impl Cloud, group: &str, grant: &Grant<'_>, merged: &str) -> Result<()> {
    let failed = |error: CloudError| {
        error.failure(format!("cannot grant the target accounts access to model package group \"{group}\""))
    };
    let mut text = merged.to_owned();
    for attempt in 1.. {
        match cloud.put_group_policy(group, &text).await {
            Err(error) if error.kind == Kind::Conflict && attempt < MERGE_ATTEMPTS => {
                let current = cloud.group_policy(group).await.map_err(failed)?;
                match grant.merge_into(current.as_deref()).map_err(Failure::failed)? {
                    Change::None => return Ok(()),
                    Change::Put(again) => text = again,
                }
            }
            put => return put.map_err(failed),
        }
    }
    Ok(())
}

/// The accounts of every stage's unit; none where the policy is not ours to keep.
async fn stage_targets(
    project: &ProjectArgs,
    session: &Session,
    cloud: &impl Cloud,
    stages: &[StagePlan],
) -> Result<Vec<Targets>> {
    if project.no_group_policy {
        return Ok(vec![Targets::default(); stages.len()]);
    }
    try_join_all(stages.iter().map(async |plan| {
        let stage = &plan.settings.stage;
        let Some(unit) = &plan.settings.unit else {
            return Ok(Targets::default());
        };
        let targets = targets_of(cloud, unit, Some(stage.as_str()), &stage.unit_variable(), true, &|_| {}).await?;
        for left in &targets.left_out {
            session
                .console
                .note(&format!("stage {stage}: account {} ({}) is left out: {}", left.id, left.name, left.reason));
        }
        Ok(targets)
    }))
    .await
}

/// What becomes of the group's resource policy.
enum Policy {
    Kept(&'static str),
    Put(String),
}
