//! What commands ask of the model registry: the group, and the version of it to deploy.

use super::Session;
use crate::cli::variable;
use crate::cloud::{Cloud, CloudError, CloudResult, Page, Pages};
use crate::domain::arn::Arn;
use crate::domain::finding::Finding;
use crate::domain::model_package::{APPROVED, GroupRef, ModelPackage, ModelPackageSummary, NotAGroup, version_arn};
use crate::domain::resolution::{LatestApproved, check_listed, check_pinned, none_approved};
use crate::error::{Exit, Failure, Result};

/// The call that lists the versions of a group.
pub(super) const LIST: &str = "sagemaker:ListModelPackages";

/// The group that was named, by a flag or a variable.
pub(super) fn group_of(flag: Option<&str>, session: &Session) -> std::result::Result<GroupRef, Finding> {
    let ours = session.setting(flag, variable::GROUP);
    let Some(text) = ours.or_else(|| session.setting(None, variable::GROUP_OF_SAMPLES)) else {
        return Err(Finding::error("--model-package-group is not given")
            .hint(format!("set variable {} or --model-package-group", variable::GROUP)));
    };
    text.parse().map_err(|error: NotAGroup| {
        Finding::error("--model-package-group cannot be used")
            .cause(error.to_string())
            .hint("write for example churn, or arn:aws:sagemaker:us-east-1:111122223333:model-package-group/churn")
    })
}

pub(super) async fn find_group(cloud: &impl Cloud, group: &GroupRef) -> Result<Option<Arn>> {
    cloud
        .model_package_group(group)
        .await
        .map_err(|error| error.failure(format!("cannot read model package group \"{group}\"")))
}

/// That the group is not there, and what to check if it should be.
pub(super) fn missing_group(group: &GroupRef, region: &str) -> Finding {
    Finding::error(format!("model package group \"{group}\" does not exist"))
        .cause(format!("looked in Region {region}"))
        .hint("check its name, account and Region, or register a model package to create it")
}

pub(super) fn no_model(finding: Finding) -> Failure {
    Failure { exit: Exit::NoApprovedModel, findings: vec![finding] }
}

/// The pinned version if it may be deployed, else the latest one that may, as it was listed.
pub(super) async fn choose(
    version: Option<u32>,
    latest: Option<ModelPackageSummary>,
    cloud: &impl Cloud,
    group: &GroupRef,
    group_arn: &Arn,
) -> Result<ModelPackage> {
    if let Some(version) = version {
        let package = pinned(version, cloud, group_arn).await?.ok_or_else(|| no_model(no_version(version, group)))?;
        check_pinned(&package).map_err(no_model)?;
        return Ok(package);
    }
    if let Some(latest) = latest {
        let package = describe(cloud, &latest).await?;
        check_listed(&package).map_err(no_model)?;
        return Ok(package);
    }
    let newest = page(cloud, group, None, None).await?;
    Err(no_model(none_approved(group, &newest.packages, newest.next.is_some())))
}

/// That version of the group, whatever its state; `None` where it does not exist.
pub(super) async fn pinned(version: u32, cloud: &impl Cloud, group_arn: &Arn) -> Result<Option<ModelPackage>> {
    let arn = version_arn(group_arn, version);
    cloud.model_package(&arn).await.map_err(|error| cannot_describe(&error, &arn))
}

pub(super) fn no_version(version: u32, group: &GroupRef) -> Finding {
    Finding::error(format!("model package group \"{}\" has no version {version}", group.name))
        .hint("pin another version with --model-version")
}

/// The latest version that may be deployed, over as few pages as can prove it.
pub(super) async fn latest_approved(cloud: &impl Cloud, group: &GroupRef) -> Result<Option<ModelPackageSummary>> {
    latest(cloud, group).await.map_err(|error| cannot_list(&error, group))
}

/// The same, of a caller that has its own words for an error.
pub(super) async fn latest(cloud: &impl Cloud, group: &GroupRef) -> CloudResult<Option<ModelPackageSummary>> {
    let mut latest = LatestApproved::default();
    let (mut pages, mut next) = (Pages::of(LIST), None);
    loop {
        let page = cloud.model_packages(group, Some(APPROVED), next).await?;
        let is_new = !page.packages.is_empty();
        let is_undecided = latest.consider(page.packages);
        next = if is_undecided { pages.turn(page.next, is_new)? } else { None };
        if next.is_none() {
            return Ok(latest.into_choice());
        }
    }
}

/// What was listed, in full.
pub(super) async fn describe(cloud: &impl Cloud, listed: &ModelPackageSummary) -> Result<ModelPackage> {
    let package = cloud.model_package(&listed.arn).await.map_err(|error| cannot_describe(&error, &listed.arn))?;
    package.ok_or_else(|| {
        Failure::failed(
            Finding::error(format!("model package {} is gone", listed.arn))
                .cause("it was listed a moment ago and is not there now"),
        )
    })
}

pub(super) async fn page(
    cloud: &impl Cloud,
    group: &GroupRef,
    approval: Option<&str>,
    token: Option<String>,
) -> Result<Page> {
    cloud.model_packages(group, approval, token).await.map_err(|error| cannot_list(&error, group))
}

pub(super) fn cannot_list(error: &CloudError, group: &GroupRef) -> Failure {
    error.failure(format!("cannot list the versions of group \"{}\"", group.name))
}

fn cannot_describe(error: &CloudError, arn: &Arn) -> Failure {
    error.failure(format!("cannot describe model package {arn}"))
}
