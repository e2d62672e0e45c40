//! `modeldeploy resolve`: which model package would be deployed, what is known of it, and why none newer.

use super::registry::{
    LIST, cannot_list, describe, find_group, group_of, latest_approved, missing_group, no_model, no_version, page,
    pinned,
};
use super::{Session, print, print_json};
use crate::cli::{Format, ResolveArgs};
use crate::cloud::{Cloud, Pages};
use crate::domain::arn::Arn;
use crate::domain::finding::Finding;
use crate::domain::model_package::{GroupRef, ModelPackageSummary};
use crate::domain::resolution::{
    LatestApproved, PassedOver, Resolution, check_listed, check_pinned, none_approved, passed_over,
};
use crate::domain::resolution_text;
use crate::error::{Failure, Result};

/// The group that was asked for.
pub(super) fn group(args: &ResolveArgs, session: &Session) -> Result<GroupRef> {
    group_of(args.model_package_group.as_deref(), session).map_err(|finding| Failure::invalid([finding]))
}

/// Prints what was found, also where nothing of it may be deployed.
pub(super) async fn run(args: &ResolveArgs, group: &GroupRef, session: &Session, cloud: &impl Cloud) -> Result<()> {
    let Some(arn) = find_group(cloud, group).await? else {
        return Err(Failure::failed(missing_group(group, cloud.region())));
    };
    let known = GroupRef { name: group.name.clone(), arn: Some(arn.clone()) };
    let mut resolution = Resolution::new(cloud.region(), &group.name, &arn);
    let outcome = match args.model_version {
        Some(version) => look_at(version, cloud, &known, &arn, &mut resolution).await?,
        None => find_latest(cloud, &known, &mut resolution).await?,
    };
    match session.console.format {
        Format::Json => print_json(&format!("{:#}\n", serde_json::to_value(&resolution).unwrap_or_default())),
        Format::Text => print(&resolution_text::render(&resolution), session),
    }?;
    outcome.map_or(Ok(()), |finding| Err(no_model(finding)))
}

/// The version that was asked for; what speaks against it comes back.
async fn look_at(
    version: u32,
    cloud: &impl Cloud,
    group: &GroupRef,
    arn: &Arn,
    resolution: &mut Resolution,
) -> Result<Option<Finding>> {
    resolution.pinned = true;
    let Some(package) = pinned(version, cloud, arn).await? else {
        return Ok(Some(no_version(version, group)));
    };
    let against = check_pinned(&package).err();
    match against {
        Some(_) => resolution.passed_over.push(PassedOver::described(&package)),
        None => resolution.model_package = Some(package),
    }
    Ok(against)
}

/// The latest version that may be deployed, with everything that is newer; that there is none comes back.
///
/// The newest page mostly has it. If not, only approved versions are listed to find it, and then the rest up to it.
async fn find_latest(cloud: &impl Cloud, group: &GroupRef, resolution: &mut Resolution) -> Result<Option<Finding>> {
    let first = page(cloud, group, None, None).await?;
    let (mut listed, mut next) = (first.packages, first.next);
    let mut latest = LatestApproved::default();
    let undecided = latest.consider(listed.clone()) && next.is_some();
    let chosen = if undecided { latest_approved(cloud, group).await? } else { latest.into_choice() };
    let Some(chosen) = chosen else {
        resolution.more = next.is_some();
        let finding = none_approved(group, &listed, resolution.more);
        resolution.passed_over = passed_over(listed, None);
        return Ok(Some(finding));
    };
    let reached = |listed: &[ModelPackageSummary]| listed.last().is_some_and(|last| last.created < chosen.created);
    let mut pages = Pages::of(LIST);
    while next.is_some() && !listed.contains(&chosen) && !reached(&listed) {
        let page = page(cloud, group, None, next).await?;
        next = pages.turn(page.next, !page.packages.is_empty()).map_err(|error| cannot_list(&error, group))?;
        listed.extend(page.packages);
    }
    let package = describe(cloud, &chosen).await?;
    resolution.passed_over = passed_over(listed, Some(&chosen));
    let against = check_listed(&package).err();
    match against {
        Some(_) => resolution.passed_over.push(PassedOver::described(&package)),
        None => resolution.model_package = Some(package),
    }
    Ok(against)
}
