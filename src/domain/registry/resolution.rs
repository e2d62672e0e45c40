//! The choice of the model package to deploy, and why no other one was chosen.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::aws::arn::Arn;
use crate::domain::finding::{Finding, nearest};
use crate::domain::registry::chosen_by::ChosenBy;
use crate::domain::registry::model_package::{COMPLETED, GroupRef, LifeCycle, ModelPackage, ModelPackageSummary};
use crate::domain::registry::obstacle::Obstacle;

const SCHEMA_VERSION: u32 = 1;

/// What a group has to deploy, and why no newer version.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resolution {
    schema_version: u32,
    pub region: String,
    pub group: Group,
    /// Whether the version was asked for, so that no other one was looked at.
    pub pinned: bool,
    /// The stage of its life cycle by which a version is chosen in the place of its approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<String>,
    /// What would be deployed; none where nothing may be.
    pub model_package: Option<ModelPackage>,
    /// What keeps it from being deployed by its ARN alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<String>,
    /// The newest first.
    pub passed_over: Vec<PassedOver>,
    /// Whether the group has more versions that cannot be deployed, older than those.
    pub more: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Group {
    pub name: String,
    pub arn: String,
}

/// A version that is not the one, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PassedOver {
    pub arn: String,
    pub version: u32,
    pub created_at: Timestamp,
    pub status: String,
    pub approval_status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life_cycle: Option<LifeCycle>,
    pub reason: String,
}

impl Resolution {
    pub(crate) fn new(region: &str, group_name: &str, group_arn: &Arn, by: &ChosenBy) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            region: region.to_owned(),
            group: Group { name: group_name.to_owned(), arn: group_arn.to_string() },
            pinned: false,
            lifecycle: by.stage().map(ToString::to_string),
            model_package: None,
            obstacles: Vec::new(),
            passed_over: Vec::new(),
            more: false,
        }
    }

    /// Takes a version that may be deployed.
    pub(crate) fn take(&mut self, package: ModelPackage) {
        self.obstacles = package.obstacles(None, false).iter().map(Obstacle::reason).collect();
        self.model_package = Some(package);
    }
}

/// Why a version in that state is not deployed.
fn reason(by: &ChosenBy, approval: &str, life_cycle: Option<&LifeCycle>, status: &str) -> String {
    let allowed = by.allowed();
    let state = by.state(approval, life_cycle);
    match status {
        COMPLETED => format!("not {allowed} ({state})"),
        status if by.allows(approval, life_cycle) => format!("{allowed}, but its status is {status}"),
        status => format!("not {allowed} ({state}), and its status is {status}"),
    }
}

impl PassedOver {
    /// A version that was described and may not be deployed.
    pub(crate) fn described(package: &ModelPackage, by: &ChosenBy) -> Self {
        Self {
            arn: package.arn.clone(),
            version: package.version,
            created_at: package.created_at,
            status: package.status.clone(),
            approval_status: package.approval_status.clone(),
            life_cycle: package.life_cycle.clone(),
            reason: reason(by, &package.approval_status, package.life_cycle.as_ref(), &package.status),
        }
    }
}

/// Every version that is newer than the chosen one, or every one where none was chosen.
pub(crate) fn passed_over(
    by: &ChosenBy,
    listed: Vec<ModelPackageSummary>,
    chosen: Option<&ModelPackageSummary>,
) -> Vec<PassedOver> {
    let newer = |package: &ModelPackageSummary| chosen.is_none_or(|chosen| package.order() > chosen.order());
    let mut newer: Vec<ModelPackageSummary> = listed.into_iter().filter(newer).collect();
    newer.sort_by_key(|package| std::cmp::Reverse(package.order()));
    newer
        .into_iter()
        .map(|package| PassedOver {
            reason: reason(by, &package.approval, package.life_cycle.as_ref(), &package.status),
            arn: package.arn.to_string(),
            version: package.version,
            created_at: package.created,
            status: package.status,
            approval_status: package.approval,
            life_cycle: package.life_cycle,
        })
        .collect()
}

/// Finds the newest package that may be deployed over as few pages as can prove it.
#[derive(Debug)]
pub(crate) struct Latest<'a> {
    by: &'a ChosenBy,
    best: Option<ModelPackageSummary>,
}

impl<'a> Latest<'a> {
    pub(crate) fn new(by: &'a ChosenBy) -> Self {
        Self { by, best: None }
    }

    /// Takes one page, newest first; answers whether a further page could still change the choice.
    pub(crate) fn consider(&mut self, page: Vec<ModelPackageSummary>) -> bool {
        let oldest = page.last().map(|package| package.created);
        for package in page {
            if self.by.takes(&package) && self.best.as_ref().is_none_or(|best| package.order() > best.order()) {
                self.best = Some(package);
            }
        }
        // Packages of one instant may straddle a page, so a page must end on an older one to be the last.
        match (&self.best, oldest) {
            (Some(best), Some(oldest)) => oldest >= best.created,
            _ => true,
        }
    }

    pub(crate) fn into_choice(self) -> Option<ModelPackageSummary> {
        self.best
    }
}

/// The life cycles of listed versions, each once, as they are asked for.
pub(crate) fn life_cycles(packages: &[ModelPackageSummary]) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for life_cycle in packages.iter().filter_map(|package| package.life_cycle.as_ref()) {
        let text = life_cycle.to_string();
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

/// Why no package of the group can be deployed: what is there and in which state, and which life cycles are known.
pub(crate) fn none_allowed(
    by: &ChosenBy,
    group: &GroupRef,
    packages: &[ModelPackageSummary],
    more: bool,
    known: &[String],
) -> Finding {
    const SHOWN: usize = 10;
    let which = match by.stage() {
        None => "no approved version".to_owned(),
        Some(stage) => format!("no version at {stage}"),
    };
    let finding = Finding::error(format!("model package group \"{}\" has {which}", group.name));
    if packages.is_empty() {
        let hint = match by.stage() {
            None => "register a model package in the group and approve it".to_owned(),
            Some(stage) => format!("register a model package in the group and set its life cycle to {stage}"),
        };
        return finding.cause("the group has no versions").hint(hint);
    }
    let mut listed: Vec<String> = packages
        .iter()
        .take(SHOWN)
        .map(|package| {
            let is =
                format!("version {} is {}", package.version, by.state(&package.approval, package.life_cycle.as_ref()));
            match package.status.as_str() {
                COMPLETED => is,
                status => format!("{is}, but its status is {status}"),
            }
        })
        .collect();
    if packages.len() > SHOWN || more {
        listed.push(match packages.len().saturating_sub(SHOWN) {
            rest if more => format!("and more than {rest} older"),
            rest => format!("and {rest} older"),
        });
    }
    let hint = match (by.stage(), known.first()) {
        (None, None) => "approve a version in the model registry, then release the pipeline again".to_owned(),
        (None, Some(_)) => format!(
            "approve a version; or, if life cycles decide here, as in groups that MLflow syncs, name one with --lifecycle: {}",
            known.join(", ")
        ),
        (Some(stage), None) => format!("set the life cycle of a version to {stage}; none of the newest has one"),
        (Some(stage), Some(_)) => match nearest(&stage.to_string(), known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("set the life cycle of a version to {stage}, or name one of {}", known.join(", ")),
        },
    };
    finding.cause(listed.join("; ")).hint(hint)
}

/// Whether a version that was pinned may be deployed.
///
/// # Errors
/// A finding that names the state that forbids it.
pub(crate) fn check_pinned(package: &ModelPackage, by: &ChosenBy) -> Result<(), Finding> {
    let which = format!("version {} of model package group \"{}\"", package.version, package.group);
    let life_cycle = package.life_cycle.as_ref();
    if !by.allows(&package.approval_status, life_cycle) {
        let finding = Finding::error(format!("{which} is not {}", by.allowed()));
        let approval = &package.approval_status;
        return Err(match by {
            ChosenBy::Approval => finding
                .cause(match life_cycle {
                    None => format!("its approval status is {approval}"),
                    Some(is) => format!("its approval status is {approval}, and its life cycle {is}"),
                })
                .hint("approve it in the model registry, or pin another version with --model-version"),
            ChosenBy::LifeCycle(_) => finding
                .cause(format!("it is {}", by.state(approval, life_cycle)))
                .hint("set its life cycle in the model registry, or pin another version with --model-version"),
        });
    }
    if package.status != COMPLETED {
        let action = if package.status == "Failed" { "register it again" } else { "wait until it is complete" };
        return Err(Finding::error(format!("{which} is not complete"))
            .cause(format!("its status is {}", package.status))
            .hint(format!("{action}, or pin another version with --model-version")));
    }
    Ok(())
}

/// Whether a version that was listed as one to deploy still is one where it is described, a moment later.
///
/// # Errors
/// A finding that names the state that it is in now.
pub(crate) fn check_listed(package: &ModelPackage, by: &ChosenBy) -> Result<(), Finding> {
    check_pinned(package, by).map_err(|finding| {
        let cause = finding.cause.unwrap_or_default();
        let allowed = by.allowed();
        Finding { hint: None, cause: None, ..finding }
            .cause(format!("a moment ago it was listed as {allowed} and complete; now {cause}"))
            .hint(format!("run it again: it takes the latest version that is {allowed} then"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::registry::model_package::APPROVED;

    fn package(version: u32, second: i64, approval: &str, status: &str) -> ModelPackageSummary {
        ModelPackageSummary {
            arn: format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/{version}")
                .parse()
                .expect("valid"),
            version,
            created: Timestamp::from_second(second).expect("in range"),
            status: status.to_owned(),
            approval: approval.to_owned(),
            life_cycle: None,
        }
    }

    fn at(package: ModelPackageSummary, stage: &str, status: &str) -> ModelPackageSummary {
        let life_cycle = LifeCycle { stage: stage.to_owned(), status: status.to_owned(), description: None };
        ModelPackageSummary { life_cycle: Some(life_cycle), ..package }
    }

    fn by(text: &str) -> ChosenBy {
        ChosenBy::LifeCycle(text.parse().expect("a stage"))
    }

    fn choose(pages: &[Vec<ModelPackageSummary>]) -> (Option<u32>, usize) {
        let mut choice = Latest::new(&ChosenBy::Approval);
        let mut asked = 0;
        for page in pages {
            asked += 1;
            if !choice.consider(page.clone()) {
                break;
            }
        }
        (choice.into_choice().map(|package| package.version), asked)
    }

    #[test]
    fn the_newest_approved_and_completed_version_wins() {
        let page = vec![
            package(5, 50, "PendingManualApproval", COMPLETED),
            package(4, 40, APPROVED, "Failed"),
            package(3, 30, APPROVED, COMPLETED),
            package(1, 10, APPROVED, COMPLETED),
        ];
        assert_eq!(choose(&[page]), (Some(3), 1));
    }

    #[test]
    fn empty_pages_are_passed_and_no_page_too_many_is_asked_for() {
        let pages = [
            vec![],
            vec![package(9, 90, APPROVED, "InProgress")],
            vec![package(8, 80, APPROVED, COMPLETED), package(7, 70, APPROVED, COMPLETED)],
            vec![package(6, 60, APPROVED, COMPLETED)],
        ];
        assert_eq!(choose(&pages), (Some(8), 3));
    }

    #[test]
    fn versions_of_one_instant_are_ordered_by_number_across_pages() {
        let pages = [
            vec![package(3, 30, APPROVED, COMPLETED)],
            vec![package(4, 30, APPROVED, COMPLETED), package(2, 20, APPROVED, COMPLETED)],
            vec![package(1, 10, APPROVED, COMPLETED)],
        ];
        assert_eq!(choose(&pages), (Some(4), 2));
    }

    #[test]
    fn each_newer_version_is_passed_over_for_its_own_reason() {
        let chosen = package(3, 30, APPROVED, COMPLETED);
        let listed = vec![
            package(4, 30, APPROVED, "Failed"),
            package(6, 60, "PendingManualApproval", COMPLETED),
            package(5, 50, "Rejected", "InProgress"),
            chosen.clone(),
            package(2, 20, "Rejected", COMPLETED),
        ];
        let over: Vec<(u32, String)> = passed_over(&ChosenBy::Approval, listed, Some(&chosen))
            .into_iter()
            .map(|one| (one.version, one.reason))
            .collect();
        let expected = [
            (6, "not approved (PendingManualApproval)"),
            (5, "not approved (Rejected), and its status is InProgress"),
            (4, "approved, but its status is Failed"),
        ];
        assert_eq!(over, expected.map(|(version, reason)| (version, reason.to_owned())));
    }

    #[test]
    fn nothing_approved_says_what_is_there() {
        let group: GroupRef = "churn".parse().expect("valid");
        let packages = [package(2, 20, "Rejected", COMPLETED), package(1, 10, APPROVED, "Failed")];
        let finding = none_allowed(&ChosenBy::Approval, &group, &packages, false, &life_cycles(&packages));
        assert_eq!(
            finding.cause.as_deref(),
            Some("version 2 is Rejected; version 1 is Approved, but its status is Failed")
        );
    }

    #[test]
    fn life_cycles_decide_in_the_place_of_approvals_where_that_is_asked_for() {
        const PENDING: &str = "PendingManualApproval";
        let listed = vec![
            at(package(6, 60, "Rejected", COMPLETED), "production", "active"),
            at(package(5, 50, PENDING, "InProgress"), "production", "active"),
            at(package(4, 40, "Approved", COMPLETED), "staging", "active"),
            at(package(3, 30, PENDING, COMPLETED), "production", "active"),
            package(2, 20, "Approved", COMPLETED),
        ];
        let by = by("production/active");
        let mut latest = Latest::new(&by);
        assert!(!latest.consider(listed.clone()));
        let chosen = latest.into_choice().expect("one");
        assert_eq!(chosen.version, 3);
        let over: Vec<String> = passed_over(&by, listed, Some(&chosen)).into_iter().map(|one| one.reason).collect();
        assert_eq!(
            over,
            [
                "not at production/active (at production/active, but Rejected)",
                "at production/active, but its status is InProgress",
                "not at production/active (at staging/active)",
            ]
        );
    }

    #[test]
    fn where_nothing_is_approved_but_there_are_life_cycles_they_are_offered() {
        let group: GroupRef = "churn".parse().expect("valid");
        let packages = [
            at(package(2, 20, "PendingManualApproval", COMPLETED), "production", "active"),
            package(1, 10, "PendingManualApproval", COMPLETED),
        ];
        let finding = none_allowed(&ChosenBy::Approval, &group, &packages, false, &life_cycles(&packages));
        assert_eq!(
            finding.cause.as_deref(),
            Some("version 2 is PendingManualApproval, at production/active; version 1 is PendingManualApproval")
        );
        let hint = finding.hint.expect("a hint");
        assert!(hint.ends_with("name one with --lifecycle: production/active"), "{hint}");

        for (asked, hint) in [
            ("productoin/active", "did you mean \"production/active\"?"),
            ("archived", "set the life cycle of a version to archived, or name one of production/active"),
        ] {
            let finding = none_allowed(&by(asked), &group, &packages, false, &life_cycles(&packages));
            assert_eq!(finding.what, format!("model package group \"churn\" has no version at {asked}"));
            let cause = "version 2 is at production/active; version 1 is at no stage";
            assert_eq!((finding.cause.as_deref(), finding.hint.as_deref()), (Some(cause), Some(hint)));
        }
        let bare = none_allowed(&by("archived"), &group, &packages[1..], false, &[]);
        assert!(bare.hint.expect("a hint").ends_with("none of the newest has one"));
    }

    #[test]
    fn a_pinned_version_has_to_be_at_the_stage_that_is_asked_for() {
        let life_cycle =
            |stage: &str| LifeCycle { stage: stage.to_owned(), status: "active".to_owned(), description: None };
        let package = |stage: Option<&str>, approval: &str| ModelPackage {
            status: COMPLETED.to_owned(),
            approval_status: approval.to_owned(),
            life_cycle: stage.map(life_cycle),
            ..ModelPackage::default()
        };
        let cause = |package: &ModelPackage| check_pinned(package, &by("production")).err().and_then(|one| one.cause);
        assert_eq!(cause(&package(Some("production"), "PendingManualApproval")), None);
        assert_eq!(cause(&package(Some("staging"), "Approved")).as_deref(), Some("it is at staging/active"));
        assert_eq!(cause(&package(None, "Approved")).as_deref(), Some("it is at no stage"));
        let rejected = cause(&package(Some("production"), "Rejected"));
        assert_eq!(rejected.as_deref(), Some("it is at production/active, but Rejected"));
    }
}
