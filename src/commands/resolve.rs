//! `modeldeploy resolve`: which model package would be deployed, what is known of it, and why none newer.

use super::registry::{
    LIST, as_asked_for, cannot_list, chosen_by, describe, find_group, group_of, latest_allowed, life_cycles_of,
    missing_group, no_model, no_version, page, pinned,
};
use super::session::Session;
use super::stdout::{print, print_json};
use crate::cli::Format;
use crate::cli::project::PackageArgs;
use crate::cloud::{Cloud, Page, Pages};
use crate::domain::aws::arn::Arn;
use crate::domain::finding::Finding;
use crate::domain::registry::chosen_by::ChosenBy;
use crate::domain::registry::model_package::{GroupRef, ModelPackage, ModelPackageSummary};
use crate::domain::registry::resolution::{
    Latest, PassedOver, Resolution, check_listed, check_pinned, none_allowed, passed_over,
};
use crate::domain::registry::resolution_text;
use crate::error::{Failure, Result};

/// What was asked for.
pub(super) struct Settings {
    group: GroupRef,
    by: ChosenBy,
    /// Instead of the latest.
    version: Option<u32>,
}

impl Settings {
    pub(super) fn of(args: &PackageArgs, session: &Session) -> Result<Self> {
        let group = group_of(args.registry.model_package_group.as_deref(), session);
        match (group, chosen_by(args.registry.lifecycle.as_deref(), session)) {
            (Ok(group), Ok(by)) => Ok(Self { group, by, version: args.model_version }),
            (group, by) => Err(Failure::invalid(group.err().into_iter().chain(by.err()).collect::<Vec<_>>())),
        }
    }
}

/// Prints what was found, also where nothing of it may be deployed.
pub(super) async fn run(settings: &Settings, session: &Session, cloud: &impl Cloud) -> Result<()> {
    let by = &settings.by;
    let group = &as_asked_for(cloud, &settings.group).await?;
    let Some(arn) = find_group(cloud, group).await? else {
        return Err(Failure::failed(missing_group(group, cloud.region())));
    };
    let mut resolution = Resolution::new(cloud.region(), &group.name, &arn, by);
    let outcome = match settings.version {
        Some(version) => look_at(version, by, cloud, group, &arn, &mut resolution).await?,
        None => find_latest(by, cloud, group, &mut resolution).await?,
    };
    match session.console.format {
        Format::Json => print_json(&format!("{:#}\n", serde_json::to_value(&resolution).unwrap_or_default())),
        Format::Text => print(&resolution_text::render(&resolution), session),
    }?;
    for warning in resolution.model_package.iter().flat_map(ModelPackage::obstacle_warnings) {
        session.console.warning(&warning);
    }
    outcome.map_or(Ok(()), |finding| Err(no_model(finding)))
}

/// The version that was asked for; what speaks against it comes back.
async fn look_at(
    version: u32,
    by: &ChosenBy,
    cloud: &impl Cloud,
    group: &GroupRef,
    arn: &Arn,
    resolution: &mut Resolution,
) -> Result<Option<Finding>> {
    resolution.pinned = true;
    let Some(package) = pinned(version, cloud, arn).await? else {
        return Ok(Some(no_version(version, group)));
    };
    let against = check_pinned(&package, by).err();
    match against {
        Some(_) => resolution.passed_over.push(PassedOver::described(&package, by)),
        None => resolution.take(package),
    }
    Ok(against)
}

/// The latest version that may be deployed, with everything that is newer; that there is none comes back.
///
/// The newest page mostly has it. If not, only approved versions are listed to find it, and then the rest up to it.
async fn find_latest(
    by: &ChosenBy,
    cloud: &impl Cloud,
    group: &GroupRef,
    resolution: &mut Resolution,
) -> Result<Option<Finding>> {
    let first = page(cloud, group, None, None).await?;
    let (mut listed, mut next) = (first.packages, first.next);
    let mut latest = Latest::new(by);
    let undecided = latest.consider(listed.clone()) && next.is_some();
    let chosen = if undecided { latest_allowed(cloud, group, by).await? } else { latest.into_choice() };
    let Some(chosen) = chosen else {
        let listed = Page { packages: listed, next };
        let known = life_cycles_of(cloud, group, &listed).await.map_err(|error| cannot_list(&error, group))?;
        resolution.more = listed.next.is_some();
        let finding = none_allowed(by, group, &listed.packages, resolution.more, &known);
        resolution.passed_over = passed_over(by, listed.packages, None);
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
    resolution.passed_over = passed_over(by, listed, Some(&chosen));
    let against = check_listed(&package, by).err();
    match against {
        Some(_) => resolution.passed_over.push(PassedOver::described(&package, by)),
        None => resolution.take(package),
    }
    Ok(against)
}
