//! What an approver has to know before a model goes on to the next stage, and its three forms: JSON is the type itself.

pub(crate) mod changes;
mod comparison;
mod findings;
pub(crate) mod markdown;
mod model;
pub(crate) mod text;
mod verdict;

use jiff::Timestamp;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use self::changes::Changes;
use self::comparison::ComparedCase;
use self::findings::{WorstFinding, worst};
use self::model::ModelBrief;
use self::verdict::Verdict;
use crate::domain::registry::model_package::ModelPackage;
use crate::domain::report::results::{BaselineReport, ReleaseReport, TestReport};

const SCHEMA_VERSION: u32 = 1;

/// What a brief is made of: results, and what else is known.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub results: &'a TestReport,
    /// The package as the release record has it.
    pub package: Option<&'a ModelPackage>,
    /// The package of the release before.
    pub previous: Option<&'a ModelPackage>,
    /// The results of the run on the model before, with their file.
    pub baseline: Option<(&'a str, &'a TestReport)>,
}

/// A test run and the version that it tested, for whoever approves its deployment to the next stage.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Brief {
    pub schema_version: u32,
    pub project: Option<String>,
    /// The stage that was tested.
    pub stage: Option<String>,
    #[cfg_attr(test, schemars(with = "String"))]
    pub finished_at: Timestamp,
    pub verdict: Verdict,
    /// None where neither the results nor a release record name a package.
    pub model: Option<ModelBrief>,
    /// Whether the tested config is that of a release record; none where there was no record to compare with.
    pub release: Option<ReleaseReport>,
    /// What is different from the release before, where that is given.
    pub changes: Option<Changes>,
    /// The run that figures stand beside.
    pub baseline: Option<BaselineReport>,
    /// Every case, over all accounts.
    pub cases: Vec<ComparedCase>,
    /// What failed: the worst comes first.
    pub findings: Vec<WorstFinding>,
    /// How many other findings there are.
    pub more_findings: usize,
}

impl Brief {
    pub(crate) fn of(sources: Sources<'_>, changes: Option<Changes>) -> Self {
        let Sources { results, package, previous, baseline } = sources;
        let (findings, more_findings) = worst(results);
        let of_file = |(file, report): (&str, &TestReport)| BaselineReport {
            file: file.to_owned(),
            model_package_arn: report.model_package_arn.clone(),
            finished_at: report.finished_at,
        };
        Self {
            schema_version: SCHEMA_VERSION,
            project: results.project.clone(),
            stage: results.stage.clone(),
            finished_at: results.finished_at,
            verdict: Verdict::of(results),
            model: match (package, &results.model_package_arn) {
                (Some(package), _) => Some(ModelBrief::of(package, previous)),
                (None, Some(arn)) => Some(ModelBrief::named(arn)),
                (None, None) => None,
            },
            release: results.release.clone(),
            changes,
            baseline: baseline.map(of_file).or_else(|| results.baseline.clone()),
            cases: comparison::cases(results, baseline.map(|(_, report)| report)),
            findings,
            more_findings,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::report::failure_kind::FailureKind;
    use crate::domain::report::latency::LatencySummary;
    use crate::domain::report::results::{AccountReport, BaselineFigure, CaseReport, DatasetReport, Failure};

    /// A brief in which every text of others is that one, with so many accounts and cases.
    pub(super) fn brief_of(text: &str, accounts: usize, cases: usize) -> Brief {
        let value = 1.5;
        let latency =
            LatencySummary { min: value, mean: value, p50: value, p90: value, p95: value, p99: value, max: value };
        let failure = |kind| Failure::new(kind, text);
        let case = |number: usize| CaseReport {
            name: format!("{text}{number}"),
            invocations: 3,
            failed: 1,
            latency_ms: Some(latency),
            dataset: Some(DatasetReport {
                metrics: BTreeMap::from([(text.replace('[', "("), 0.5)]),
                ..DatasetReport::default()
            }),
            baseline: vec![BaselineFigure {
                name: "p95_ms".to_owned(),
                before: 1.0,
                now: Some(value),
                allowed: text.to_owned(),
                passes: false,
            }],
            failures: vec![failure(FailureKind::Baseline), failure(FailureKind::WrongJson)],
            ..CaseReport::default()
        };
        let account = |number: usize| AccountReport {
            account_id: Some(format!("{text}{number}")),
            region: Some(text.to_owned()),
            cases: (0..cases).map(case).collect(),
            errors: vec![failure(FailureKind::LiveModelMismatch)],
            live_model_matches: Some(false),
            ..AccountReport::default()
        };
        let mut results = TestReport::new(Timestamp::UNIX_EPOCH);
        results.stage = Some(text.to_owned());
        results.errors = vec![failure(FailureKind::Deadline)];
        results.accounts = (0..accounts).map(account).collect();
        results.release =
            Some(ReleaseReport { file: text.to_owned(), verified: false, problems: vec![text.to_owned()] });
        results.baseline = Some(BaselineReport {
            file: text.to_owned(),
            model_package_arn: Some(text.to_owned()),
            finished_at: Timestamp::UNIX_EPOCH,
        });
        let package = ModelPackage {
            arn: text.to_owned(),
            group: text.to_owned(),
            version: 4,
            approval_status: text.to_owned(),
            approval_description: Some(text.to_owned()),
            description: Some(text.to_owned()),
            last_modified_by: Some(text.to_owned()),
            metadata: BTreeMap::from([(text.to_owned(), text.to_owned())]),
            ..ModelPackage::default()
        };
        let changes = Changes {
            previous_model_package_arn: text.to_owned(),
            previous_version: 3,
            files: vec![changes::ChangedFile { name: text.to_owned(), change: changes::Change::Changed }],
            parameters: vec![changes::ChangedParameter {
                stage: text.to_owned(),
                name: text.to_owned(),
                change: changes::Change::Changed,
                before: Some(text.to_owned()),
                now: Some(text.to_owned()),
                hidden: false,
            }],
            images: Some(changes::ChangedImages { before: vec![text.to_owned()], now: vec![text.to_owned()] }),
            source_version: Some(changes::ChangedSource { before: Some(text.to_owned()), now: None }),
        };
        let sources = Sources { results: &results, package: Some(&package), previous: Some(&package), baseline: None };
        Brief::of(sources, Some(changes))
    }

    #[test]
    fn what_nothing_is_known_of_is_left_out() {
        let results = TestReport::new(Timestamp::UNIX_EPOCH);
        let sources = Sources { results: &results, package: None, previous: None, baseline: None };
        let brief = Brief::of(sources, None);
        assert_eq!(text::render(&brief), "FAILED: 0 of 0 cases passed, 0 of 0 accounts");
        assert_eq!(
            markdown::render(&brief),
            "## FAILED\n\n0 of 0 cases passed, 0 of 0 accounts; tested 1970-01-01T00:00:00Z.\n"
        );
    }

    #[test]
    fn without_a_record_the_version_is_that_of_the_arn() {
        let mut results = TestReport::new(Timestamp::UNIX_EPOCH);
        let arn = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4";
        results.model_package_arn = Some(arn.to_owned());
        let sources = Sources { results: &results, package: None, previous: None, baseline: None };
        let model = Brief::of(sources, None).model.expect("a model");
        assert_eq!((model.group.as_deref(), model.version, model.approval), (Some("churn"), Some(4), None));
        results.model_package_arn = Some("of some other form".to_owned());
        let sources = Sources { results: &results, package: None, previous: None, baseline: None };
        assert!(text::render(&Brief::of(sources, None)).ends_with(" | of some other form"));
    }
}
