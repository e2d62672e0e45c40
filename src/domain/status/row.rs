//! A row: one endpoint in one account and Region, as it is and as people read it.

use jiff::{SignedDuration, Timestamp};
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::aws::arn::Arn;
use crate::domain::aws::stack_instance::Instance;
use crate::domain::endpoint::{Endpoint, Readiness, RunningVariant, Served, Variant, part_name};
use crate::domain::registry::model_package::APPROVED;
use crate::domain::text::page::Ink;

/// One endpoint in one account and Region.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointRow {
    pub account_id: String,
    pub region: String,
    pub endpoint_name: String,
    /// `EndpointStatus`; none where there is no such endpoint, or it could not be read.
    pub endpoint_status: Option<String>,
    pub failure_reason: Option<String>,
    /// The endpoint config of a deployment that is under way.
    pub pending_endpoint_config: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub last_modified_at: Option<Timestamp>,
    /// The version that all production variants serve; none where they serve several, or none.
    pub model_package_version: Option<u32>,
    /// Every package that a variant serves.
    pub model_packages: Vec<LivePackage>,
    pub variants: Vec<VariantStatus>,
    /// The stack of the stage's stack set; none where there is none, or the stack set could not be read.
    pub stack_instance: Option<StackStatus>,
    /// Whether a variant serves the package that the stack set deploys; none where one of the two is not known.
    pub matches_stack_set: Option<bool>,
    /// Why it could not be read, or not to its end.
    pub error: Option<String>,
    /// Whether it is in service with nothing under way.
    #[serde(skip)]
    pub is_ready: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LivePackage {
    pub arn: String,
    pub version: Option<u32>,
    /// None where the registry could not be asked, or no longer has it.
    pub approval_status: Option<String>,
    /// When it was registered.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub created_at: Option<Timestamp>,
    /// How many newer versions of its group may be deployed.
    pub behind: Option<usize>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct VariantStatus {
    pub name: String,
    /// `production` or `shadow`
    pub role: String,
    /// As it is now, else as the endpoint config begins with.
    pub weight: Option<f64>,
    pub serverless: bool,
    /// Likewise.
    pub instance_count: Option<u64>,
    /// Its instance type; where it has pools, that of each.
    pub instances: Vec<InstancesStatus>,
    pub inference_components: Vec<String>,
    pub model_package_arns: Vec<String>,
    /// What cannot be told of what it serves.
    pub unknown: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstancesStatus {
    pub instance_type: String,
    /// Of a pool: how many run, where the endpoint tells it.
    pub instance_count: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct StackStatus {
    /// `CURRENT`, `OUTDATED` or `INOPERABLE`
    pub status: String,
    pub reason: Option<String>,
}

/// Where an endpoint is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub account: String,
    pub region: String,
    pub endpoint: String,
    pub instance: Option<Instance>,
}

/// The version in the ARN of a package.
pub(super) fn version_of(package: &str) -> Option<u32> {
    package.rsplit_once('/')?.1.parse().ok()
}

/// The ARN of the group that a package is of.
pub(super) fn group_of(package: &str) -> Option<Arn> {
    let arn: Arn = package.parse().ok()?;
    let (group, _) = arn.resource.strip_prefix("model-package/")?.rsplit_once('/')?;
    Some(Arn { resource: format!("model-package-group/{group}"), ..arn.clone() })
}

/// A time as AWS answers it, in seconds since 1970, or as the AWS CLI prints it.
fn time(answered: &str) -> Option<Timestamp> {
    let text = answered.trim_matches('"');
    let seconds = || SignedDuration::try_from_secs_f64(text.parse().ok()?).ok();
    text.parse().ok().or_else(|| Timestamp::from_duration(seconds()?).ok())
}

impl EndpointRow {
    fn at(site: &Site) -> Self {
        let stack =
            |instance: &Instance| StackStatus { status: instance.status.clone(), reason: instance.reason.clone() };
        Self {
            account_id: site.account.clone(),
            region: site.region.clone(),
            endpoint_name: site.endpoint.clone(),
            stack_instance: site.instance.as_ref().map(stack),
            ..Self::default()
        }
    }

    /// What could not be read, and why.
    pub(crate) fn unread(site: &Site, why: String) -> Self {
        Self { error: Some(why), ..Self::at(site) }
    }

    /// What is there: no endpoint, or one whose variants are known unless they could not be read.
    pub(crate) fn new(site: &Site, endpoint: Option<&Endpoint>, variants: Result<&[Variant], String>) -> Self {
        let Some(endpoint) = endpoint else { return Self::at(site) };
        let (variants, error) = match variants {
            Ok(variants) => (variants, None),
            Err(why) => (&[][..], Some(why)),
        };
        let production = variants.iter().filter(|variant| !variant.shadow).flat_map(Variant::packages);
        let mut production: Vec<String> = production.collect();
        production.dedup();
        let mut served: Vec<LivePackage> = Vec::new();
        for arn in variants.iter().flat_map(Variant::packages) {
            if !served.iter().any(|known| known.arn == arn) {
                served.push(LivePackage { version: version_of(&arn), arn, ..LivePackage::default() });
            }
        }
        Self {
            endpoint_status: Some(endpoint.status.clone()),
            failure_reason: endpoint.failure_reason.clone(),
            pending_endpoint_config: endpoint.pending_config.clone(),
            last_modified_at: endpoint.modified.as_deref().and_then(time),
            model_package_version: production.first().filter(|_| production.len() == 1).and_then(|arn| version_of(arn)),
            model_packages: served,
            variants: variants.iter().map(|variant| VariantStatus::new(variant, &endpoint.running)).collect(),
            is_ready: endpoint.readiness() == Readiness::Ready,
            error,
            ..Self::at(site)
        }
    }

    pub(super) fn is_absent(&self) -> bool {
        self.endpoint_status.is_none() && self.error.is_none()
    }

    /// Of several packages, how far the last of them is behind.
    pub(super) fn behind(&self) -> Option<usize> {
        self.model_packages.iter().map(|package| package.behind).max().flatten()
    }

    /// What is to be said of it that no column has room for.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks: Vec<String> = self.error.iter().map(|why| format!("error: {why}")).collect();
        remarks.extend(self.failure_reason.iter().map(|reason| format!("failure: {reason}")));
        let pending = self.pending_endpoint_config.iter();
        remarks.extend(pending.map(|config| format!("a deployment of endpoint config {config} is under way")));
        if self.matches_stack_set == Some(false) {
            remarks.push("drift: no variant serves the package that the stack set deploys".to_owned());
        }
        for variant in &self.variants {
            remarks.extend(variant.unknown.iter().map(|why| format!("variant {}: {why}", variant.name)));
        }
        let stack = self.stack_instance.as_ref().filter(|stack| stack.status != CURRENT);
        let reason = stack.and_then(|stack| stack.reason.as_ref());
        remarks.extend(reason.map(|reason| format!("stack: {reason}")));
        remarks
    }
}

/// The status of a stack that is as its stack set has it.
const CURRENT: &str = "CURRENT";

impl VariantStatus {
    fn new(variant: &Variant, running: &[RunningVariant]) -> Self {
        let running = running.iter().find(|running| running.name == variant.name && running.shadow == variant.shadow);
        let figure = |name: &str| running.and_then(|running| running.capacity.number(name));
        let sizing = &variant.sizing;
        let instances = sizing.instance_types.iter().map(|instance_type| {
            let pools = running.map(|running| running.pools.as_slice()).unwrap_or_default();
            let pool = pools.iter().find(|(of, _)| of == instance_type);
            InstancesStatus { instance_type: instance_type.clone(), instance_count: pool.and_then(|(_, count)| *count) }
        });
        let mut components: Vec<String> = variant.parts.iter().filter_map(|part| part.component.clone()).collect();
        components.dedup();
        let unknown = variant.parts.iter().filter_map(|part| match &part.serves {
            Served::Unknown(why) => {
                let name = part_name(part.component.as_deref(), part.instance_type.as_deref());
                Some(name.map_or_else(|| why.clone(), |name| format!("{name}: {why}")))
            }
            Served::Model(_) => None,
        });
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of instances")]
        let count = figure("CurrentInstanceCount").map(|count| count as u64);
        Self {
            name: variant.name.clone(),
            role: if variant.shadow { "shadow" } else { "production" }.to_owned(),
            weight: figure("CurrentWeight").or(sizing.weight),
            serverless: sizing.serverless,
            instance_count: count.or(sizing.instances),
            instances: instances.collect(),
            inference_components: components,
            model_package_arns: variant.packages(),
            unknown: unknown.collect(),
        }
    }

    /// `2 x ml.m5.large`
    fn in_words(&self) -> String {
        if self.serverless {
            return "serverless".to_owned();
        }
        let pools = self.instances.iter().map(|pool| match pool.instance_count {
            Some(count) => format!("{count} x {}", pool.instance_type),
            None => pool.instance_type.clone(),
        });
        let types = pools.collect::<Vec<_>>().join(" + ");
        match self.instance_count {
            Some(_) if self.instances.iter().any(|pool| pool.instance_count.is_some()) => types,
            Some(count) => format!("{count} x {types}"),
            None => types,
        }
    }
}

/// What is shown of each row, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Endpoint,
    Version,
    Approval,
    /// How long ago the version was registered.
    Age,
    Behind,
    Instances,
    Changed,
    Stack,
}

impl Column {
    pub(super) const ALL: [Self; 8] = [
        Self::Endpoint,
        Self::Version,
        Self::Approval,
        Self::Age,
        Self::Behind,
        Self::Instances,
        Self::Changed,
        Self::Stack,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Version => "version",
            Self::Approval => "approval",
            Self::Age => "age",
            Self::Behind => "registry",
            Self::Instances => "instances",
            Self::Changed => "changed",
            Self::Stack => "stack",
        }
    }

    /// A cell's text where no title stands above it.
    pub(super) fn told(self, text: &str) -> String {
        match self {
            Self::Version | Self::Changed | Self::Stack => format!("{} {text}", self.title()),
            Self::Age => format!("registered {text} ago"),
            Self::Endpoint | Self::Approval | Self::Behind | Self::Instances => text.to_owned(),
        }
    }

    /// Whether it changes by itself as time goes by.
    pub(super) fn is_an_age(self) -> bool {
        matches!(self, Self::Age | Self::Changed)
    }

    /// The text of a row's cell, empty where nothing is known, and how it is meant.
    pub(super) fn of(self, row: &EndpointRow, now: Timestamp) -> (String, Option<Ink>) {
        match self {
            Self::Endpoint => match &row.endpoint_status {
                None if row.error.is_some() => ("unread".to_owned(), Some(Ink::Bad)),
                None => ("absent".to_owned(), Some(Ink::Bad)),
                Some(status) => (status.clone(), Some(if row.is_ready { Ink::Good } else { Ink::Doubtful })),
            },
            Self::Version => (versions(row), None),
            Self::Approval => {
                let approvals = row.model_packages.iter().filter_map(|package| package.approval_status.clone());
                let approvals: Vec<String> = approvals.collect();
                let is_approved = approvals.iter().all(|approval| approval == APPROVED);
                (listed(approvals), (!is_approved).then_some(Ink::Doubtful))
            }
            Self::Age => {
                let ages = row.model_packages.iter().filter_map(|package| package.created_at);
                (listed(ages.map(|created| age(created, now)).collect()), None)
            }
            Self::Behind => match row.behind() {
                Some(0) => ("latest".to_owned(), None),
                Some(behind) => (format!("{behind} behind"), Some(Ink::Doubtful)),
                None => (String::new(), None),
            },
            Self::Instances => (listed(row.variants.iter().map(VariantStatus::in_words).collect()), None),
            Self::Changed => {
                (row.last_modified_at.map(|modified| format!("{} ago", age(modified, now))).unwrap_or_default(), None)
            }
            Self::Stack => {
                let status = row.stack_instance.as_ref().map(|stack| stack.status.clone());
                let is_current = status.as_deref().is_none_or(|status| status == CURRENT);
                let drift = (row.matches_stack_set == Some(false)).then(|| "drift".to_owned());
                let ink = (!is_current || drift.is_some()).then_some(Ink::Doubtful);
                (listed(status.into_iter().chain(drift).collect()), ink)
            }
        }
    }
}

/// The version, or that of each variant with its share of the requests.
fn versions(row: &EndpointRow) -> String {
    let numbers = |variant: &VariantStatus| {
        let versions = variant.model_package_arns.iter();
        let versions: Vec<String> =
            versions.map(|arn| version_of(arn).map_or_else(|| arn.clone(), |version| version.to_string())).collect();
        if versions.is_empty() { "no package".to_owned() } else { versions.join("+") }
    };
    if let [only] = &row.variants[..] {
        return numbers(only);
    }
    let weights = row.variants.iter().filter(|variant| variant.role == "production").filter_map(|one| one.weight);
    let all: f64 = weights.sum();
    let each = row.variants.iter().map(|variant| {
        let share = variant.weight.filter(|_| all > 0.0 && variant.role == "production");
        let share = share.map(|weight| format!(" {:.0}%", weight / all * 100.0));
        let share = share.or_else(|| (variant.role == "shadow").then(|| " shadow".to_owned())).unwrap_or_default();
        format!("{} ({}{share})", numbers(variant), variant.name)
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Each once.
fn listed(mut texts: Vec<String>) -> String {
    texts.dedup();
    texts.join(", ")
}

/// How long ago that was, in the largest unit that says something.
pub(super) fn age(since: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(since).as_mins().max(0);
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::endpoint::{Capacity, LiveContainer, Part, ServedModel, Sizing};

    fn package(version: u32) -> String {
        format!("arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/{version}")
    }

    fn variant(name: &str, version: u32, shadow: bool) -> Variant {
        let containers = vec![LiveContainer { model_package: Some(package(version)), ..LiveContainer::default() }];
        let serves = Served::Model(ServedModel { name: "m".to_owned(), containers, ..ServedModel::default() });
        let parts = vec![Part { component: None, instance_type: None, serves, deployed: None, doubts: Vec::new() }];
        let sizing = Sizing {
            instance_types: vec!["ml.m5.large".to_owned()],
            instances: Some(1),
            weight: Some(1.0),
            serverless: false,
        };
        Variant { name: name.to_owned(), shadow, parts, sizing }
    }

    fn site() -> Site {
        Site {
            account: "222222222222".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: "churn-prod".to_owned(),
            instance: None,
        }
    }

    fn endpoint(running: Vec<RunningVariant>) -> Endpoint {
        let modified = Some("1764504000.0".to_owned());
        Endpoint { status: "InService".to_owned(), modified, running, ..Endpoint::default() }
    }

    fn shown(row: &EndpointRow, column: Column) -> String {
        column.of(row, "2025-11-30T14:00:00Z".parse().expect("a time")).0
    }

    #[test]
    fn what_runs_now_is_shown_rather_than_what_the_config_began_with() {
        let capacity = [("CurrentWeight", "3.0"), ("CurrentInstanceCount", "4")];
        let capacity = Capacity(capacity.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let running = RunningVariant { name: "blue".to_owned(), capacity, ..RunningVariant::default() };
        let variants = [variant("blue", 4, false), variant("green", 5, false), variant("next", 6, true)];
        let row = EndpointRow::new(&site(), Some(&endpoint(vec![running])), Ok(&variants));
        assert_eq!(shown(&row, Column::Version), "4 (blue 75%), 5 (green 25%), 6 (next shadow)");
        assert_eq!(shown(&row, Column::Instances), "4 x ml.m5.large, 1 x ml.m5.large");
        assert_eq!(shown(&row, Column::Changed), "2 h ago");
        assert_eq!((row.model_package_version, row.model_packages.len()), (None, 3));
    }

    #[test]
    fn a_shadow_variant_leaves_the_version_what_the_production_variants_serve() {
        let variants = [variant("live", 4, false), variant("next", 5, true)];
        let row = EndpointRow::new(&site(), Some(&endpoint(Vec::new())), Ok(&variants));
        assert_eq!(row.model_package_version, Some(4));
    }

    #[test]
    fn pools_are_shown_with_the_instances_of_each() {
        let mut pooled = variant("blue", 4, false);
        pooled.sizing.instance_types = vec!["ml.g5.xlarge".to_owned(), "ml.g6.xlarge".to_owned()];
        let pools = vec![("ml.g5.xlarge".to_owned(), Some(2)), ("ml.g6.xlarge".to_owned(), Some(0))];
        let running = RunningVariant { name: "blue".to_owned(), pools, ..RunningVariant::default() };
        let row = EndpointRow::new(&site(), Some(&endpoint(vec![running])), Ok(&[pooled.clone()]));
        assert_eq!(shown(&row, Column::Instances), "2 x ml.g5.xlarge + 0 x ml.g6.xlarge");
        let row = EndpointRow::new(&site(), Some(&endpoint(Vec::new())), Ok(&[pooled]));
        assert_eq!(shown(&row, Column::Instances), "1 x ml.g5.xlarge + ml.g6.xlarge");
    }

    #[test]
    fn no_endpoint_is_not_the_same_as_one_that_could_not_be_read() {
        let absent = EndpointRow::new(&site(), None, Ok(&[]));
        let unread = EndpointRow::unread(&site(), "denied".to_owned());
        let half = EndpointRow::new(&site(), Some(&endpoint(Vec::new())), Err("denied".to_owned()));
        assert_eq!(
            [&absent, &unread, &half].map(|row| shown(row, Column::Endpoint)),
            ["absent", "unread", "InService"]
        );
        assert_eq!([&absent, &unread, &half].map(EndpointRow::is_absent), [true, false, false]);
        assert_eq!(half.remarks(), ["error: denied"]);
    }

    #[test]
    fn a_time_is_read_as_aws_and_as_the_cli_write_it() {
        let expected: Timestamp = "2025-11-30T12:00:00Z".parse().expect("a time");
        assert_eq!(time("1764504000"), Some(expected));
        assert_eq!(time("1764504000.0"), Some(expected));
        assert_eq!(time("\"2025-11-30T13:00:00+01:00\""), Some(expected));
        assert_eq!((time("\"soon\""), time("1e300"), time("NaN")), (None, None, None));
    }

    #[test]
    fn an_age_is_in_the_unit_that_says_something_and_never_negative() {
        let now: Timestamp = "2025-11-30T12:00:00Z".parse().expect("a time");
        let ago = |hours: i64| age(now - SignedDuration::from_hours(hours), now);
        assert_eq!([ago(-5), ago(1), ago(2), ago(47), ago(48)], ["0 min", "60 min", "2 h", "47 h", "2 d"]);
    }
}
