//! What commands ask of the model registry: the group, and the version of it to deploy.

use std::collections::BTreeSet;

use super::session::Session;
use crate::cli::variable;
use crate::cloud::{CloudError, CloudResult, ModelRegistry, Page, Pages};
use crate::domain::aws::arn::Arn;
use crate::domain::finding::Finding;
use crate::domain::registry::chosen_by::{ChosenBy, NotALifeCycleStage};
use crate::domain::registry::model_package::{GroupRef, ModelPackage, ModelPackageSummary, NotAGroup, version_arn};
use crate::domain::registry::resolution::{Latest, check_listed, check_pinned, life_cycles, none_allowed};
use crate::domain::status::Versions;
use crate::error::{Exit, Failure, Result};

/// The call that lists the versions of a group.
pub(super) const LIST: &str = "sagemaker:ListModelPackages";

/// The group that was named, by a flag or a variable.
pub(super) fn group_of(flag: Option<&str>, session: &Session) -> std::result::Result<GroupRef, Finding> {
    named_group(flag, session)?.ok_or_else(|| {
        Finding::error("--model-package-group is not given")
            .hint(format!("set variable {} or --model-package-group", variable::GROUP))
    })
}

/// The same, where none need be named.
pub(super) fn named_group(flag: Option<&str>, session: &Session) -> std::result::Result<Option<GroupRef>, Finding> {
    let ours = session.setting(flag, variable::GROUP);
    let text = ours.or_else(|| session.setting(None, variable::GROUP_OF_SAMPLES));
    let parse = |text: String| {
        text.parse().map_err(|error: NotAGroup| {
            Finding::error("--model-package-group cannot be used")
                .cause(error.to_string())
                .hint("write for example churn, or arn:aws:sagemaker:us-east-1:111122223333:model-package-group/churn")
        })
    };
    text.map(parse).transpose()
}

/// The group as this account has to ask for it.
///
/// # Errors
/// The group is in another Region, or nobody can tell whose account this is.
pub(super) async fn as_asked_for(cloud: &impl ModelRegistry, group: &GroupRef) -> Result<GroupRef> {
    let (Some(arn), region) = (&group.arn, cloud.region()) else { return Ok(group.clone()) };
    if arn.region != region {
        let what = format!("model package group \"{group}\" is in Region {}", arn.region);
        let finding = Finding::error(what).cause(format!("the command works in Region {region}"));
        return Err(Failure::invalid([finding.hint("set --region (AWS_REGION), or name a group of this Region")]));
    }
    let account = cloud.account().await;
    let account =
        account.map_err(|error| error.failure(format!("cannot tell whose model package group \"{group}\" is")))?;
    Ok(group.seen_by(&account, region))
}

/// By what the version is chosen, as a flag or a variable says.
pub(super) fn chosen_by(flag: Option<&str>, session: &Session) -> std::result::Result<ChosenBy, Finding> {
    Ok(named_choice(flag, session)?.unwrap_or(ChosenBy::Approval))
}

/// The same, where something else may say it.
pub(super) fn named_choice(flag: Option<&str>, session: &Session) -> std::result::Result<Option<ChosenBy>, Finding> {
    session.setting(flag, variable::LIFECYCLE).map(|text| stage_of_life(&text)).transpose()
}

/// A stage of the life cycle, as it is written.
pub(super) fn stage_of_life(text: &str) -> std::result::Result<ChosenBy, Finding> {
    text.parse().map(ChosenBy::LifeCycle).map_err(|error: NotALifeCycleStage| {
        Finding::error("--lifecycle cannot be used")
            .cause(error.to_string())
            .hint(format!("write a stage, or stage and status, as production/active ({})", variable::LIFECYCLE))
    })
}

pub(super) async fn find_group(cloud: &impl ModelRegistry, group: &GroupRef) -> Result<Option<Arn>> {
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
    by: &ChosenBy,
    cloud: &impl ModelRegistry,
    group: &GroupRef,
    group_arn: &Arn,
) -> Result<ModelPackage> {
    if let Some(version) = version {
        let package = pinned(version, cloud, group_arn).await?.ok_or_else(|| no_model(no_version(version, group)))?;
        check_pinned(&package, by).map_err(no_model)?;
        return Ok(package);
    }
    if let Some(latest) = latest {
        let package = describe(cloud, &latest).await?;
        check_listed(&package, by).map_err(no_model)?;
        return Ok(package);
    }
    let first = page(cloud, group, None, None).await?;
    let known = life_cycles_of(cloud, group, &first).await.map_err(|error| cannot_list(&error, group))?;
    Err(no_model(none_allowed(by, group, &first.packages, first.next.is_some(), &known)))
}

/// The life cycles of the newest versions, from as many pages as it takes to see one, of a group that may have none.
pub(super) async fn life_cycles_of(
    cloud: &impl ModelRegistry,
    group: &GroupRef,
    first: &Page,
) -> CloudResult<Vec<String>> {
    const MOST_PAGES: usize = 5;
    let (mut known, mut next) = (life_cycles(&first.packages), first.next.clone());
    for _ in 1..MOST_PAGES {
        let Some(token) = next.take().filter(|_| known.is_empty()) else { break };
        let page = cloud.model_packages(group, None, Some(token)).await?;
        known = life_cycles(&page.packages);
        next = page.next;
    }
    Ok(known)
}

/// That version of the group, whatever its state; `None` where it does not exist.
pub(super) async fn pinned(version: u32, cloud: &impl ModelRegistry, group_arn: &Arn) -> Result<Option<ModelPackage>> {
    let arn = version_arn(group_arn, version);
    cloud.model_package(&arn).await.map_err(|error| cannot_describe(&error, &arn))
}

pub(super) fn no_version(version: u32, group: &GroupRef) -> Finding {
    Finding::error(format!("model package group \"{}\" has no version {version}", group.name))
        .hint("pin another version with --model-version")
}

/// The latest version that may be deployed, over as few pages as can prove it.
pub(super) async fn latest_allowed(
    cloud: &impl ModelRegistry,
    group: &GroupRef,
    by: &ChosenBy,
) -> Result<Option<ModelPackageSummary>> {
    latest(cloud, group, by).await.map_err(|error| cannot_list(&error, group))
}

/// The same, of a caller that has its own words for an error.
pub(super) async fn latest(
    cloud: &impl ModelRegistry,
    group: &GroupRef,
    by: &ChosenBy,
) -> CloudResult<Option<ModelPackageSummary>> {
    let mut latest = Latest::new(by);
    let (mut pages, mut next) = (Pages::of(LIST), None);
    loop {
        let page = cloud.model_packages(group, by.approval(), next).await?;
        let is_new = !page.packages.is_empty();
        let is_undecided = latest.consider(page.packages);
        next = if is_undecided { pages.turn(page.next, is_new)? } else { None };
        if next.is_none() {
            return Ok(latest.into_choice());
        }
    }
}

/// The versions that may be deployed: the latest, and all down to the page that has that one.
pub(super) async fn versions_down_to(
    cloud: &impl ModelRegistry,
    group: &GroupRef,
    by: &ChosenBy,
    lowest: Option<u32>,
) -> CloudResult<Versions> {
    let (mut latest, mut allowed) = (Latest::new(by), BTreeSet::new());
    let (mut pages, mut next) = (Pages::of(LIST), None);
    loop {
        let page = cloud.model_packages(group, by.approval(), next).await?;
        let is_new = !page.packages.is_empty();
        allowed.extend(page.packages.iter().filter(|package| by.takes(package)).map(|package| package.version));
        // Newest first: what is newer than the lowest may go on on the next page.
        let is_above = |lowest| page.packages.iter().all(|package| package.version > lowest);
        let goes_on = lowest.is_some_and(is_above);
        let is_undecided = latest.consider(page.packages);
        next = if is_undecided || goes_on { pages.turn(page.next, is_new)? } else { None };
        if next.is_none() {
            return Ok(Versions { latest: latest.into_choice(), allowed });
        }
    }
}

/// What was listed, in full.
pub(super) async fn describe(cloud: &impl ModelRegistry, listed: &ModelPackageSummary) -> Result<ModelPackage> {
    let package = cloud.model_package(&listed.arn).await.map_err(|error| cannot_describe(&error, &listed.arn))?;
    package.ok_or_else(|| {
        Failure::failed(
            Finding::error(format!("model package {} is gone", listed.arn))
                .cause("it was listed a moment ago and is not there now")
                .hint("run the command again: it will choose another one"),
        )
    })
}

pub(super) async fn page(
    cloud: &impl ModelRegistry,
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
