//! The model package group of a build, made if it is missing.

use super::super::interruption;
use super::super::registry::{as_asked_for, find_group, latest_allowed, missing_group, no_model};
use super::super::session::Session;
use super::super::stdout::print;
use super::settings::Settings;
use crate::cloud::{CloudError, ModelRegistry};
use crate::domain::aws::arn::Arn;
use crate::domain::finding::Finding;
use crate::domain::project::build_plan::ProjectFacts;
use crate::domain::registry::group_policy::CurrentPolicy;
use crate::domain::registry::model_package::{GroupRef, ModelPackageSummary};
use crate::error::{Failure, Result};

/// The group as the registry has it.
pub(super) struct GroupAsFound {
    /// As this account has to ask for it.
    pub(super) group: GroupRef,
    pub(super) arn: Arn,
    pub(super) latest: Option<ModelPackageSummary>,
    pub(super) policy: CurrentPolicy,
}

/// The group, the latest version that may be deployed unless another one is pinned, and the policy, read at once:
/// none of them needs to know another's answer.
pub(super) async fn read(
    settings: &Settings,
    facts: &ProjectFacts,
    session: &Session,
    cloud: &impl ModelRegistry,
) -> Result<GroupAsFound> {
    let group = as_asked_for(cloud, &settings.group).await?;
    let latest = async {
        match settings.model_version {
            Some(_) => Ok(None),
            None => latest_allowed(cloud, &group, &settings.chosen_by).await,
        }
    };
    let policy = current_policy(settings, session, cloud, &group);
    let (found, latest, policy) = futures::join!(find_group(cloud, &group), latest, policy);
    if let Some(arn) = found? {
        return Ok(GroupAsFound { group, arn, latest: latest?, policy: policy? });
    }
    let arn = create_group(settings, facts, session, cloud).await?;
    Ok(GroupAsFound { group, arn, latest: None, policy: CurrentPolicy::Ours(None) })
}

/// Creates the group that is missing; in a dry run, says so and goes no further.
async fn create_group(
    settings: &Settings,
    facts: &ProjectFacts,
    session: &Session,
    cloud: &impl ModelRegistry,
) -> Result<Arn> {
    let group = &settings.group;
    let missing = || missing_group(group, cloud.region());
    if group.arn.is_some() || settings.no_group_policy {
        return Err(Failure::failed(missing()));
    }
    if settings.dry_run {
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

async fn current_policy(
    settings: &Settings,
    session: &Session,
    cloud: &impl ModelRegistry,
    group: &GroupRef,
) -> Result<CurrentPolicy> {
    if settings.no_group_policy {
        return Ok(CurrentPolicy::NotOurs("left as it is"));
    }
    let failed = |error: CloudError| {
        error.failure(format!("cannot read the resource policy of model package group \"{}\"", group.name))
    };
    // A policy is read and put by the group's name, which in another account is another group.
    if let Some(arn) = &group.arn {
        session.console.warning(
            &Finding::warning(format!("the resource policy of {arn} is left as it is"))
                .cause(format!("the group belongs to account {}", arn.account))
                .hint("its owner has to grant the target accounts, by its policy or by a share with AWS RAM"),
        );
        return Ok(CurrentPolicy::NotOurs("another account's"));
    }
    cloud.group_policy(&group.name).await.map(CurrentPolicy::Ours).map_err(failed)
}
