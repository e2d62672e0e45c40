//! `modeldeploy build`: the latest approved package, and what every stage deploys of it.

pub(super) mod access;
mod inputs;
mod outputs;
mod places;
mod registry;
mod settings;
mod uploads;

use std::path::PathBuf;

use futures::future::try_join_all;
use futures::join;
use tokio::task::yield_now;

use self::inputs::Deployed;
pub(super) use self::inputs::Inputs;
use self::outputs::Outputs;
use self::registry::GroupAsFound;
pub(super) use self::settings::Asked;
use super::interruption;
use super::registry::choose;
use super::session::Session;
use super::targets::targets_of;
use crate::cloud::error::ErrorKind;
use crate::cloud::{Cloud, CloudError};
use crate::domain::aws::organization::Targets;
use crate::domain::project::build_plan::StagePlan;
use crate::domain::registry::group_policy::{Change, Grant, NextPolicy};
use crate::domain::registry::model_package::ModelPackage;
use crate::error::{Failure, Result};
use crate::files::{Folders, PendingFiles};

/// What a build wrote, for the steps after it.
pub(super) struct Built {
    pub(super) package: ModelPackage,
    pub(super) stages: Vec<StagePlan>,
}

/// Builds from what was given; a rehearsal runs this as well.
pub(super) async fn run(inputs: &Inputs, session: &Session, cloud: &impl Cloud) -> Result<Built> {
    let settings = &inputs.settings;
    let places = self::places::places(settings, inputs.stages());
    let places = (!settings.dry_run).then(|| PendingFiles::at(places.iter().map(PathBuf::as_path), Folders::AreMade));
    let places = places.transpose()?;
    let (targets, chosen) =
        futures::try_join!(stage_targets(inputs, session, cloud), choose_and_check(inputs, session, cloud))?;
    let Chosen { group, package, evidence, deployed } = chosen;
    deployed.check_accounts(inputs.stages(), &targets)?;
    for warning in &deployed.warnings {
        session.console.warning(warning);
    }
    let accounts = targets.iter().flat_map(Targets::ids).collect();
    let grant = Grant { group_arn: &group.arn, project_id: &inputs.project.settings.facts.id, accounts: &accounts };
    let policy = NextPolicy::granting(&grant, &group.policy).map_err(Failure::failed)?;
    let seen = access::Seen {
        group: &group.arn,
        package: &package,
        policy: policy.left(&group.policy),
        callers: access::callers(cloud.region(), inputs.stages().iter().map(|plan| &plan.settings).zip(&targets)),
        project_id: grant.project_id,
    };
    let access = access::check(settings, session, cloud, evidence, &seen).await?;
    let outputs = Outputs::render(session, inputs, &deployed, &package, &targets, cloud.region())?;
    let upload = uploads::upload(&deployed.packed.artefacts, settings, cloud);
    let Some(places) = places else {
        outputs.preview(session, &group.group.name, &policy, &upload.await?, &access.document)?;
        return Ok(Built { package, stages: inputs.stages().to_vec() });
    };
    let pending = places.filled(outputs.files.iter().map(|(_, contents)| contents.as_slice()))?;
    let name = &group.group.name;
    let put = matches!(policy, NextPolicy::Put(_)).then(|| policy_of(name));
    interruption::ahead(put.into_iter().chain([FILES.to_owned()]));
    access::take_over(session, cloud, &access.foreign).await?;
    let uploads = upload.await?;
    if let NextPolicy::Put(text) = &policy {
        interruption::begins(&policy_of(name));
        put_policy(cloud, name, &grant, text).await?;
        interruption::is_done();
    }
    interruption::begins(FILES);
    pending.put()?;
    interruption::is_done();
    outputs.tell(session, &package, &policy, &uploads, &access.document)?;
    Ok(Built { package, stages: inputs.stages().to_vec() })
}

/// What the registry gives, and what is known of it.
struct Chosen<'a> {
    group: GroupAsFound,
    package: ModelPackage,
    evidence: Option<access::Gathered>,
    deployed: Deployed<'a>,
}

/// The package, and while the questions about its data and images are answered, the files checked with it.
async fn choose_and_check<'a>(inputs: &'a Inputs, session: &Session, cloud: &impl Cloud) -> Result<Chosen<'a>> {
    let settings = &inputs.settings;
    let mut group = self::registry::read(settings, &inputs.project.settings.facts, session, cloud).await?;
    // Not sooner: it takes a core for itself, and would hold up the requests.
    inputs.own.begin();
    let latest = group.latest.take();
    let package = choose(settings.model_version, latest, &settings.chosen_by, cloud, &group.group, &group.arn).await?;
    let checked = async {
        yield_now().await;
        inputs.deployed_with(&package, cloud.region())
    };
    let gathered = access::gather(settings, cloud, &group.group, &group.arn, &package);
    let (evidence, deployed) = join!(gathered, checked);
    let deployed = deployed?;
    Ok(Chosen { group, package, evidence, deployed })
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
            Err(error) if error.kind == ErrorKind::Conflict && attempt < MERGE_ATTEMPTS => {
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
async fn stage_targets(inputs: &Inputs, session: &Session, cloud: &impl Cloud) -> Result<Vec<Targets>> {
    if inputs.settings.no_group_policy {
        return Ok(vec![Targets::default(); inputs.stages().len()]);
    }
    try_join_all(inputs.stages().iter().map(async |plan| {
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
