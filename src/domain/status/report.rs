//! All stages: what was read, settled with the registry and the stack sets.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::row::{EndpointRow, group_of, version_of};
use crate::domain::aws::arn::Arn;
use crate::domain::registry::model_package::{ModelPackage, ModelPackageSummary};
use crate::domain::report::results::LeftOutReport;
use crate::domain::text::count::counted;

const SCHEMA_VERSION: u32 = 1;

/// What is live in every stage of a project.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusReport {
    schema_version: u32,
    pub project: String,
    #[cfg_attr(test, schemars(with = "String"))]
    pub read_at: Timestamp,
    /// Whether every endpoint of every stage could be read.
    pub complete: bool,
    pub stages: Vec<StageStatus>,
    /// The groups whose versions are live.
    pub model_package_groups: Vec<GroupStatus>,
    /// What could not be read beside the endpoints, and why: stack sets, the registry.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct StageStatus {
    pub stage: String,
    pub organizational_unit: Option<String>,
    /// None where there is none, or it could not be read.
    pub stack_set: Option<StackSetStatus>,
    pub endpoints: Vec<EndpointRow>,
    /// Accounts of the unit that nothing is deployed to.
    pub left_out: Vec<LeftOutReport>,
    /// Why the accounts of the stage, or some of them, are not known.
    pub error: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct StackSetStatus {
    pub name: String,
    /// What it deploys: its parameter `ModelPackageName`.
    pub model_package_arn: Option<String>,
}

/// A group of the registry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupStatus {
    pub arn: String,
    /// The newest version that may be deployed, by its approval or its life cycle.
    pub latest_version: Option<u32>,
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub latest_created_at: Option<Timestamp>,
}

/// The versions of a group that may be deployed, as far down as one is live.
#[derive(Clone, Debug, Default)]
pub(crate) struct Versions {
    pub latest: Option<ModelPackageSummary>,
    pub allowed: BTreeSet<u32>,
}

impl StatusReport {
    /// What was read of the endpoints, before the registry is asked.
    pub(crate) fn new(project: &str, read_at: Timestamp, stages: Vec<StageStatus>, notes: Vec<String>) -> Self {
        let mut report = Self {
            schema_version: SCHEMA_VERSION,
            project: project.to_owned(),
            read_at,
            complete: stages.iter().all(StageStatus::is_complete),
            stages,
            model_package_groups: Vec::new(),
            notes,
        };
        for stage in &mut report.stages {
            stage.settle();
        }
        report
    }

    /// When it was read, to the second.
    pub(crate) fn at(&self) -> String {
        self.read_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &EndpointRow> {
        self.stages.iter().flat_map(|stage| &stage.endpoints)
    }

    /// The packages that are live somewhere, by the groups that they are of, with the lowest version of each.
    pub(crate) fn live_packages(&self) -> (BTreeSet<String>, BTreeMap<Arn, u32>) {
        let live = self.endpoints().flat_map(|row| &row.model_packages).map(|package| package.arn.clone());
        let live: BTreeSet<String> = live.collect();
        let mut groups: BTreeMap<Arn, u32> = BTreeMap::new();
        for (group, version) in live.iter().filter_map(|arn| Some((group_of(arn)?, version_of(arn)?))) {
            let lowest = groups.entry(group).or_insert(version);
            *lowest = version.min(*lowest);
        }
        (live, groups)
    }

    /// Takes what the registry says of the packages that are live, and of their groups.
    pub(crate) fn take_registry(
        &mut self,
        packages: &BTreeMap<String, ModelPackage>,
        groups: &BTreeMap<Arn, Versions>,
    ) {
        let rows = self.stages.iter_mut().flat_map(|stage| &mut stage.endpoints);
        for live in rows.flat_map(|row| &mut row.model_packages) {
            let package = packages.get(&live.arn);
            live.approval_status = package.map(|package| package.approval_status.clone());
            live.created_at = package.map(|package| package.created_at);
            let versions = group_of(&live.arn).and_then(|group| groups.get(&group));
            live.behind = versions.zip(live.version).map(|(versions, version)| versions.newer_than(version));
        }
        self.model_package_groups = groups
            .iter()
            .map(|(arn, versions)| GroupStatus {
                arn: arn.to_string(),
                latest_version: versions.latest.as_ref().map(|latest| latest.version),
                latest_created_at: versions.latest.as_ref().map(|latest| latest.created),
            })
            .collect();
    }

    /// What could not be read, for the end of the command.
    pub(crate) fn unread(&self) -> Option<String> {
        let rows = self.endpoints().filter(|row| row.error.is_some()).count();
        let stages = self.stages.iter().filter(|stage| stage.error.is_some()).count();
        let rows = (rows > 0).then(|| format!("{rows} of {}", counted(self.endpoints().count(), "endpoint")));
        let stages = (stages > 0).then(|| format!("the accounts of {}", counted(stages, "stage")));
        let all: Vec<String> = rows.into_iter().chain(stages).collect();
        (!all.is_empty()).then(|| all.join(", and "))
    }
}

impl Versions {
    fn newer_than(&self, version: u32) -> usize {
        self.allowed.iter().filter(|newer| **newer > version).count()
    }
}

impl StageStatus {
    fn is_complete(&self) -> bool {
        self.error.is_none() && self.endpoints.iter().all(|row| row.error.is_none())
    }

    /// Holds every row against what the stack set deploys.
    fn settle(&mut self) {
        self.endpoints.sort_by(|one, other| (&one.account_id, &one.region).cmp(&(&other.account_id, &other.region)));
        let Some(expected) = self.stack_set.as_ref().and_then(|set| set.model_package_arn.as_ref()) else { return };
        for row in &mut self.endpoints {
            let is_known = row.error.is_none() && row.variants.iter().all(|variant| variant.unknown.is_empty());
            let is_live = row.model_packages.iter().any(|package| package.arn == *expected);
            row.matches_stack_set = (row.endpoint_status.is_some() && (is_known || is_live)).then_some(is_live);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::row::{LivePackage, StackStatus, VariantStatus};
    use super::*;

    pub(crate) const NOW: &str = "2026-11-30T12:00:00Z";

    pub(crate) fn package(version: u32) -> String {
        format!("arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/{version}")
    }

    pub(crate) fn row(account: &str, version: u32) -> EndpointRow {
        let arn = package(version);
        EndpointRow {
            account_id: account.to_owned(),
            region: "us-east-1".to_owned(),
            endpoint_name: "churn-prod".to_owned(),
            endpoint_status: Some("InService".to_owned()),
            is_ready: true,
            last_modified_at: "2026-11-30T08:00:00Z".parse().ok(),
            model_package_version: Some(version),
            model_packages: vec![LivePackage { arn: arn.clone(), version: Some(version), ..LivePackage::default() }],
            variants: vec![VariantStatus {
                name: "AllTraffic".to_owned(),
                role: "production".to_owned(),
                model_package_arns: vec![arn],
                ..VariantStatus::default()
            }],
            stack_instance: Some(StackStatus { status: "CURRENT".to_owned(), reason: None }),
            ..EndpointRow::default()
        }
    }

    /// A stage whose stack set deploys version 5: one account has it, one serves version 3, one cannot be read, one has no
    /// endpoint.
    pub(crate) fn report() -> StatusReport {
        let bare = |account: &str| EndpointRow {
            account_id: account.to_owned(),
            region: "us-east-1".to_owned(),
            endpoint_name: "churn-prod".to_owned(),
            ..EndpointRow::default()
        };
        let why =
            "cannot assume arn:aws:iam::444444444444:role/churn-prod-role: sts:AssumeRole AccessDenied: not authorized";
        let unread = EndpointRow { error: Some(why.to_owned()), ..bare("444444444444") };
        let set = StackSetStatus {
            name: "sagemaker-churn-p-abc123-deploy-prod".to_owned(),
            model_package_arn: Some(package(5)),
        };
        let stage = StageStatus {
            stage: "prod".to_owned(),
            organizational_unit: Some("ou-ab12-prod0000".to_owned()),
            stack_set: Some(set),
            endpoints: vec![unread, row("333333333333", 3), row("222222222222", 5), bare("555555555555")],
            ..StageStatus::default()
        };
        let mut report = StatusReport::new("churn", NOW.parse().expect("a time"), vec![stage], Vec::new());
        let created = |version: i64| {
            NOW.parse::<Timestamp>().expect("a time") - jiff::SignedDuration::from_hours(24 * (9 - version))
        };
        let described = |version: u32, approval: &str| {
            let created_at = created(version.into());
            (
                package(version),
                ModelPackage { approval_status: approval.to_owned(), created_at, ..ModelPackage::default() },
            )
        };
        let packages = BTreeMap::from([described(3, "Rejected"), described(5, "Approved")]);
        let latest = ModelPackageSummary {
            arn: package(5).parse().expect("an ARN"),
            version: 5,
            created: created(5),
            status: "Completed".to_owned(),
            approval: "Approved".to_owned(),
            life_cycle: None,
        };
        let versions = Versions { latest: Some(latest), allowed: BTreeSet::from([2, 4, 5]) };
        let group: Arn = "arn:aws:sagemaker:us-east-1:111122223333:model-package-group/churn".parse().expect("an ARN");
        report.take_registry(&packages, &BTreeMap::from([(group, versions)]));
        report
    }

    #[test]
    fn rows_are_in_order_and_held_against_stack_set_and_registry() {
        let report = report();
        let rows = &report.stages[0].endpoints;
        let accounts: Vec<&str> = rows.iter().map(|row| &row.account_id[..1]).collect();
        assert_eq!(accounts, ["2", "3", "4", "5"]);
        let matches: Vec<Option<bool>> = rows.iter().map(|row| row.matches_stack_set).collect();
        assert_eq!(matches, [Some(true), Some(false), None, None]);
        // Only versions that may be deployed are ahead.
        assert_eq!((rows[0].behind(), rows[1].behind(), rows[3].behind()), (Some(0), Some(2), None));
        assert_eq!(rows[1].model_packages[0].approval_status.as_deref(), Some("Rejected"));
        assert_eq!((report.complete, report.unread().as_deref()), (false, Some("1 of 4 endpoints")));
    }

    #[test]
    fn the_registry_is_asked_for_what_is_live_and_no_further_down() {
        let (live, groups) = report().live_packages();
        assert_eq!(live, BTreeSet::from([package(3), package(5)]));
        assert_eq!(groups.into_values().collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn what_is_not_known_of_an_endpoint_is_no_drift() {
        let mut stage = report().stages.remove(0);
        stage.endpoints.truncate(2);
        stage.endpoints[1].variants[0].unknown.push("model m was not described".to_owned());
        stage.settle();
        let rows: Vec<Option<bool>> = stage.endpoints.iter().map(|row| row.matches_stack_set).collect();
        assert_eq!(rows[0], Some(true));
        stage.endpoints[1].matches_stack_set = None;
        stage.settle();
        assert_eq!(stage.endpoints[1].matches_stack_set, None);
    }
}
