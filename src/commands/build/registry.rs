//! The model package group of a build, made if it is missing.

use super::super::registry::{missing_group, no_model};
use super::super::{Session, print};
use crate::cli::BuildArgs;
use crate::cloud::Cloud;
use crate::domain::arn::Arn;
use crate::domain::build_plan::ProjectFacts;
use crate::domain::model_package::GroupRef;
use crate::error::{Failure, Result};

/// Creates the group that is missing; in a dry run, says so and goes no further.
pub(super) async fn create_group(
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
        print(&format!("would call sagemaker:CreateModelPackageGroup for \"{}\"\n", group.name))?;
        return Err(no_model(
            missing()
                .cause(format!("looked in Region {}; it would be created, with no version in it", cloud.region()))
                .hint("register a model package in the group and approve it"),
        ));
    }
    let description = format!("Models of project {} ({})", facts.name, facts.id);
    let arn = cloud.create_model_package_group(&group.name, &description).await.map_err(|error| {
        error.failure(format!("cannot create model package group \"{}\", which does not exist", group.name))
    })?;
    session.console.note(&format!("created model package group {arn}"));
    Ok(arn)
}
