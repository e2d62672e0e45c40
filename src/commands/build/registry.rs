//! What a build asks of the model registry: the group, made if it is missing, and the package to deploy.

use super::super::{Session, print};
use crate::cli::{BuildArgs, ProjectArgs};
use crate::cloud::{Cloud, CloudError};
use crate::domain::arn::Arn;
use crate::domain::build_plan::ProjectFacts;
use crate::domain::finding::Finding;
use crate::domain::model_package::{
    self, APPROVED, GroupRef, LatestApproved, ModelPackage, none_approved, version_arn,
};
use crate::error::{Exit, Failure, Result};

pub(super) async fn find_group(cloud: &impl Cloud, group: &GroupRef) -> Result<Option<Arn>> {
    cloud
        .model_package_group(group)
        .await
        .map_err(|error| error.failure(format!("cannot read model package group \"{group}\"")))
}

/// Creates the group that is missing; in a dry run, says so and goes no further.
pub(super) async fn create_group(
    args: &BuildArgs,
    session: &Session,
    cloud: &impl Cloud,
    group: &GroupRef,
    facts: &ProjectFacts,
) -> Result<Arn> {
    let missing = || {
        Finding::error(format!("model package group \"{group}\" does not exist"))
            .cause(format!("looked in Region {}", cloud.region()))
    };
    if group.arn.is_some() || args.project.no_group_policy {
        return Err(Failure::failed(
            missing().hint("check its name, account and Region, or register a model package to create it"),
        ));
    }
    if args.dry_run {
        print(&format!("would call sagemaker:CreateModelPackageGroup for \"{}\"\n", group.name))?;
        return Err(Failure {
            exit: Exit::NoApprovedModel,
            findings: vec![
                missing()
                    .cause(format!("looked in Region {}; it would be created, with no version in it", cloud.region()))
                    .hint("register a model package in the group and approve it"),
            ],
        });
    }
    let description = format!("Models of project {} ({})", facts.name, facts.id);
    let arn = cloud.create_model_package_group(&group.name, &description).await.map_err(|error| {
        error.failure(format!("cannot create model package group \"{}\", which does not exist", group.name))
    })?;
    session.console.note(&format!("created model package group {arn}"));
    Ok(arn)
}

pub(super) async fn choose(
    project: &ProjectArgs,
    cloud: &impl Cloud,
    group: &GroupRef,
    group_arn: &Arn,
) -> Result<ModelPackage> {
    let describe = async |arn: &Arn| {
        cloud.model_package(arn).await.map_err(|error| error.failure(format!("cannot describe model package {arn}")))
    };
    let no_model = |finding: Finding| Failure { exit: Exit::NoApprovedModel, findings: vec![finding] };
    if let Some(version) = project.model_version {
        let arn = version_arn(group_arn, version);
        let package = describe(&arn).await?.ok_or_else(|| {
            no_model(
                Finding::error(format!("model package group \"{}\" has no version {version}", group.name))
                    .hint("pin another version with --model-version"),
            )
        })?;
        return match model_package::check_pinned(&package) {
            Ok(()) => Ok(package),
            Err(finding) => Err(no_model(finding)),
        };
    }
    let list_failed =
        |error: CloudError| error.failure(format!("cannot list the versions of group \"{}\"", group.name));
    let mut latest = LatestApproved::default();
    let mut next = None;
    loop {
        let page = cloud.model_packages(group, Some(APPROVED), next).await.map_err(list_failed)?;
        next = page.next;
        if !latest.consider(page.packages) || next.is_none() {
            break;
        }
    }
    let Some(chosen) = latest.into_choice() else {
        let newest = cloud.model_packages(group, None, None).await.map_err(list_failed)?;
        return Err(no_model(none_approved(group, &newest.packages, newest.next.is_some())));
    };
    describe(&chosen.arn).await?.ok_or_else(|| {
        Failure::failed(
            Finding::error(format!("model package {} is gone", chosen.arn))
                .cause("it was listed a moment ago and is not there now"),
        )
    })
}
