//! Model packages of a registry group, and the choice of the one to deploy.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;

use super::arn::Arn;
use super::finding::Finding;

/// `ModelPackageStatus` of a package that can be deployed.
pub const COMPLETED: &str = "Completed";
/// `ModelApprovalStatus` of a package that may be deployed.
pub const APPROVED: &str = "Approved";

/// A model package group as the caller named it: by name, or by ARN when it may be another account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRef {
    pub name: String,
    pub arn: Option<Arn>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is neither the name nor the ARN of a model package group")]
pub struct NotAGroup(String);

impl FromStr for GroupRef {
    type Err = NotAGroup;

    fn from_str(text: &str) -> Result<Self, NotAGroup> {
        let refuse = || NotAGroup(text.to_owned());
        let (name, arn) = if text.starts_with("arn:") {
            let arn: Arn = text.parse().map_err(|_| refuse())?;
            let name = arn.resource.strip_prefix("model-package-group/").ok_or_else(refuse)?.to_owned();
            (name, Some(arn))
        } else {
            (text.to_owned(), None)
        };
        // botocore sagemaker.ModelPackageGroupName: `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`, at most 63
        let inner = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if name.is_empty() || name.len() > 63 || !inner || name.starts_with('-') || name.ends_with('-') {
            return Err(refuse());
        }
        Ok(Self { name, arn })
    }
}

impl GroupRef {
    /// What the API takes as `ModelPackageGroupName`: the ARN where we have it, since it works across accounts.
    pub fn api_name(&self) -> String {
        self.arn.as_ref().map_or_else(|| self.name.clone(), ToString::to_string)
    }
}

impl fmt::Display for GroupRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.api_name())
    }
}

/// The ARN of a version of a group, from the group's own ARN.
pub fn version_arn(group_arn: &Arn, version: u32) -> Arn {
    let group = group_arn.resource.strip_prefix("model-package-group/").unwrap_or(&group_arn.resource);
    Arn { resource: format!("model-package/{group}/{version}"), ..group_arn.clone() }
}

/// One line of `ListModelPackages`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPackageSummary {
    pub arn: Arn,
    pub version: u32,
    /// When the package was registered, which is not when it was approved.
    pub created: Timestamp,
    /// `ModelPackageStatus`; a value that AWS adds later is data like any other.
    pub status: String,
    /// `ModelApprovalStatus`, likewise.
    pub approval: String,
}

impl ModelPackageSummary {
    fn order(&self) -> (Timestamp, u32) {
        (self.created, self.version)
    }
}

/// A described model package: what is deployed, and from what.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelPackage {
    pub arn: String,
    pub group: String,
    pub version: u32,
    pub status: String,
    pub approval_status: String,
    pub approval_description: Option<String>,
    pub description: Option<String>,
    pub created_at: Timestamp,
    pub containers: Vec<Container>,
    /// `CustomerMetadataProperties`
    pub metadata: BTreeMap<String, String>,
    /// `MetadataProperties`: commit, repository, generator, project
    pub lineage: BTreeMap<String, String>,
}

/// A container of a package's inference specification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    pub image: String,
    pub image_digest: Option<String>,
    /// `ModelDataUrl`, else the URI of `ModelDataSource`
    pub model_data: Option<String>,
    pub model_data_etag: Option<String>,
    /// The names of its environment variables; a value may be a secret.
    pub environment: Vec<String>,
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
            let deployable = package.approval == APPROVED && package.status == COMPLETED;
            if deployable && self.best.as_ref().is_none_or(|best| package.order() > best.order()) {
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
    fn a_group_is_named_by_name_or_arn() {
        let by_arn: GroupRef = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/x-model-package-group"
            .parse()
            .expect("valid");
        assert_eq!(by_arn.name, "x-model-package-group");
        let arn = version_arn(by_arn.arn.as_ref().expect("an ARN"), 7);
        assert_eq!(arn.to_string(), "arn:aws:sagemaker:us-east-1:111111111111:model-package/x-model-package-group/7");
        for text in ["", "-a", "a_b", "arn:aws:s3:::bucket", &"a".repeat(64)] {
            assert!(text.parse::<GroupRef>().is_err(), "{text}");
        }
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
