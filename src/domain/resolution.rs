//! The choice of the model package to deploy, and why no other one was chosen.

use jiff::Timestamp;
use serde::Serialize;

use super::arn::Arn;
use super::finding::Finding;
use super::model_package::{APPROVED, COMPLETED, GroupRef, ModelPackage, ModelPackageSummary};

const SCHEMA_VERSION: u32 = 1;

/// What a group has to deploy, and why no newer version.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    schema_version: u32,
    pub region: String,
    pub group: Group,
    /// Whether the version was asked for, so that no other one was looked at.
    pub pinned: bool,
    /// What would be deployed; none where nothing may be.
    pub model_package: Option<ModelPackage>,
    /// The newest first.
    pub passed_over: Vec<PassedOver>,
    /// Whether the group has more versions that cannot be deployed, older than those.
    pub more: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Group {
    pub name: String,
    pub arn: String,
}

/// A version that is not the one, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PassedOver {
    pub arn: String,
    pub version: u32,
    pub created_at: Timestamp,
    pub status: String,
    pub approval_status: String,
    pub reason: String,
}

impl Resolution {
    pub fn new(region: &str, group_name: &str, group_arn: &Arn) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            region: region.to_owned(),
            group: Group { name: group_name.to_owned(), arn: group_arn.to_string() },
            pinned: false,
            model_package: None,
            passed_over: Vec::new(),
            more: false,
        }
    }
}

/// Why a version in that state is not deployed.
fn reason(approval: &str, status: &str) -> String {
    match status {
        COMPLETED => format!("not approved ({approval})"),
        status if approval == APPROVED => format!("approved, but its status is {status}"),
        status => format!("not approved ({approval}), and its status is {status}"),
    }
}

impl PassedOver {
    /// A version that was described and may not be deployed.
    pub fn described(package: &ModelPackage) -> Self {
        Self {
            arn: package.arn.clone(),
            version: package.version,
            created_at: package.created_at,
            status: package.status.clone(),
            approval_status: package.approval_status.clone(),
            reason: reason(&package.approval_status, &package.status),
        }
    }
}

/// Every version that is newer than the chosen one, or every one where none was chosen.
pub fn passed_over(listed: Vec<ModelPackageSummary>, chosen: Option<&ModelPackageSummary>) -> Vec<PassedOver> {
    let newer = |package: &ModelPackageSummary| chosen.is_none_or(|chosen| package.order() > chosen.order());
    let mut newer: Vec<ModelPackageSummary> = listed.into_iter().filter(newer).collect();
    newer.sort_by_key(|package| std::cmp::Reverse(package.order()));
    newer
        .into_iter()
        .map(|package| PassedOver {
            reason: reason(&package.approval, &package.status),
            arn: package.arn.to_string(),
            version: package.version,
            created_at: package.created,
            status: package.status,
            approval_status: package.approval,
        })
        .collect()
}

/// Finds the newest approved package over as few pages as can prove it.
#[derive(Debug, Default)]
pub struct LatestApproved {
    best: Option<ModelPackageSummary>,
}

impl LatestApproved {
    /// Takes one page, newest first; answers whether a further page could still change the choice.
    pub fn consider(&mut self, page: Vec<ModelPackageSummary>) -> bool {
        let oldest = page.last().map(|package| package.created);
        for package in page {
            if package.is_deployable() && self.best.as_ref().is_none_or(|best| package.order() > best.order()) {
                self.best = Some(package);
            }
        }
        // Packages of one instant may straddle a page, so a page must end on an older one to be the last.
        match (&self.best, oldest) {
            (Some(best), Some(oldest)) => oldest >= best.created,
            _ => true,
        }
    }

    pub fn into_choice(self) -> Option<ModelPackageSummary> {
        self.best
    }
}

/// Why no package of the group can be deployed: what is there and in which state.
pub fn none_approved(group: &GroupRef, packages: &[ModelPackageSummary], more: bool) -> Finding {
    const SHOWN: usize = 10;
    let finding = Finding::error(format!("model package group \"{}\" has no approved version", group.name));
    if packages.is_empty() {
        return finding.cause("the group has no versions").hint("register a model package in the group and approve it");
    }
    let mut listed: Vec<String> = packages
        .iter()
        .take(SHOWN)
        .map(|package| match package.status.as_str() {
            COMPLETED => format!("version {} is {}", package.version, package.approval),
            status => format!("version {} is {}, but its status is {status}", package.version, package.approval),
        })
        .collect();
    if packages.len() > SHOWN || more {
        listed.push(match packages.len().saturating_sub(SHOWN) {
            rest if more => format!("and more than {rest} older"),
            rest => format!("and {rest} older"),
        });
    }
    finding.cause(listed.join("; ")).hint("approve a version in the model registry, then release the pipeline again")
}

/// Whether a version that was pinned may be deployed.
///
/// # Errors
/// A finding that names the state that forbids it.
pub fn check_pinned(package: &ModelPackage) -> Result<(), Finding> {
    let which = format!("version {} of model package group \"{}\"", package.version, package.group);
    if package.approval_status != APPROVED {
        return Err(Finding::error(format!("{which} is not approved"))
            .cause(format!("its approval status is {}", package.approval_status))
            .hint("approve it in the model registry, or pin another version with --model-version"));
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
pub fn check_listed(package: &ModelPackage) -> Result<(), Finding> {
    check_pinned(package).map_err(|finding| {
        let cause = finding.cause.unwrap_or_default();
        Finding { hint: None, cause: None, ..finding }
            .cause(format!("a moment ago it was listed as approved and complete; now {cause}"))
            .hint("run it again: it takes the latest version that is approved then")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(version: u32, second: i64, approval: &str, status: &str) -> ModelPackageSummary {
        ModelPackageSummary {
            arn: format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/{version}")
                .parse()
                .expect("valid"),
            version,
            created: Timestamp::from_second(second).expect("in range"),
            status: status.to_owned(),
            approval: approval.to_owned(),
        }
    }

    fn choose(pages: &[Vec<ModelPackageSummary>]) -> (Option<u32>, usize) {
        let mut choice = LatestApproved::default();
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
        let over: Vec<(u32, String)> =
            passed_over(listed, Some(&chosen)).into_iter().map(|one| (one.version, one.reason)).collect();
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
        let finding = none_approved(&group, &packages, false);
        assert_eq!(
            finding.cause.as_deref(),
            Some("version 2 is Rejected; version 1 is Approved, but its status is Failed")
        );
    }
}
