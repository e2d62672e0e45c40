//! The model package group of a build, made if it is missing.

use super::super::registry::{find_group, latest_approved, missing_group, no_model};
use super::super::{Session, interruption, print};
use crate::cli::{BuildArgs, ProjectArgs};
use crate::cloud::{Cloud, CloudError};
use crate::domain::arn::Arn;
use crate::domain::build_plan::ProjectFacts;
use crate::domain::finding::Finding;
use crate::domain::model_package::{GroupRef, ModelPackageSummary};
use crate::error::{Failure, Result};

/// The group, the latest version that may be deployed unless another one is pinned, and the policy, read at once:
/// none of them needs to know another's answer.
pub(super) async fn read(
    args: &BuildArgs,
    session: &Session,
    cloud: &impl Cloud,
    group: &GroupRef,
    facts: &ProjectFacts,
) -> Result<(Arn, Option<ModelPackageSummary>, CurrentPolicy)> {
    let latest = async {
        match args.project.model_version {
            Some(_) => Ok(None),
            None => latest_approved(cloud, group).await,
        }
    };
    let policy = current_policy(&args.project, session, cloud, group);
    let (found, latest, policy) = futures::join!(find_group(cloud, group), latest, policy);
    match found? {
        Some(arn) => Ok((arn, latest?, policy?)),
        None => Ok((create_group(args, session, cloud, group, facts).await?, None, CurrentPolicy::Ours(None))),
    }
}

/// Creates the group that is missing; in a dry run, says so and goes no further.
async fn create_group(
    args: &BuildArgs,
    session: &Session,
    cloud: &impl Cloud,
    group: &GroupRef,
    facts: &ProjectFacts,
) -> Result<Arn> {
    let missing = || missing_group(group, cloud.region());
    if group.arn.is_some() || args.project.no_group_policy {
        return Err(Failure::failed(missing()));
    }
    if args.dry_run {
        let line = format!("would call sagemaker:CreateModelPackageGroup for \"{}\"", group.name);
        print(&[line].into_iter().collect(), session)?;
        return Err(no_model(
            missing()
                .cause(format!("looked in Region {}; it would be created, with no version in it", cloud.region()))
                .hint("register a model package in the group and approve it"),
        ));
    }
    interruption::begins(&format!("creation of model package group {}", group.name));
    let description = format!("Models of project {} ({})", facts.name, facts.id);
    let arn = cloud.create_model_package_group(&group.name, &description).await.map_err(|error| {
        error.failure(format!("cannot create model package group \"{}\", which does not exist", group.name))
    })?;
    interruption::is_done();
    session.console.note(&format!("created model package group {arn}"));
    Ok(arn)
}

/// The group's resource policy as it is, if it is ours to keep.
pub(super) enum CurrentPolicy {
    NotOurs(&'static str),
    Ours(Option<String>),
}

async fn current_policy(
    project: &ProjectArgs,
    session: &Session,
    cloud: &impl Cloud,
    group: &GroupRef,
) -> Result<CurrentPolicy> {
    if project.no_group_policy {
        return Ok(CurrentPolicy::NotOurs("left as it is"));
    }
    let failed = |error: CloudError| {
        error.failure(format!("cannot read the resource policy of model package group \"{}\"", group.name))
    };
    // A policy is read and put by the group's name, which in another account is another group.
    if let Some(arn) = &group.arn
        && cloud.account().await.map_err(failed)? != arn.account
    {
        session.console.warning(
            &Finding::warning(format!("the resource policy of {arn} is left as it is"))
                .cause(format!("the group belongs to account {}", arn.account))
                .hint("its owner has to grant the target accounts, by its policy or by a share with AWS RAM"),
        );
        return Ok(CurrentPolicy::NotOurs("another account's"));
    }
    cloud.group_policy(&group.name).await.map(CurrentPolicy::Ours).map_err(failed)
}
