//! What an approver has to know before a model goes on to the next stage.

use crate::domain::registry::model_package::ModelPackage;
use crate::domain::report::results::TestReport;
use crate::domain::text::count::counted;

/// A short text on a package and its test.
pub(crate) struct Brief<'a> {
    package: &'a ModelPackage,
    report: &'a TestReport,
    next_stage: &'a str,
}

impl<'a> Brief<'a> {
    pub(crate) fn new(package: &'a ModelPackage, report: &'a TestReport, next_stage: &'a str) -> Self {
        Self { package, report, next_stage }
    }

    /// The text, a line each; no line is what others wrote alone.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Self { package, report, next_stage } = self;
        let mut lines = vec![format!("to {next_stage}: {} version {}", package.group, package.version)];
        lines.extend(package.description.as_ref().map(|text| format!("described as: {text}")));
        lines.extend(package.approval_description.as_ref().map(|text| format!("approved in the registry: {text}")));
        if !package.metadata.is_empty() {
            let pairs: Vec<String> = package.metadata.iter().map(|(key, value)| format!("{key} {value}")).collect();
            lines.push(format!("metadata: {}", pairs.join(", ")));
        }
        let (passed, cases) = report.case_counts();
        let slowest = report.accounts.iter().flat_map(|account| &account.cases).filter_map(|case| case.latency_ms);
        let slowest = slowest.map(|latency| latency.p95).reduce(f64::max);
        let latency = slowest.map(|millis| format!(", slowest p95 {millis:.1} ms")).unwrap_or_default();
        let stage = report.stage.as_deref().unwrap_or("test");
        lines.push(format!(
            "tested in {stage}: {passed} of {cases} cases passed in {}{latency}",
            counted(report.accounts.len(), "account")
        ));
        lines
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_brief_names_version_metrics_and_verdict() {
        let package = ModelPackage {
            group: "churn".into(),
            version: 4,
            status: "Completed".into(),
            approval_status: "Approved".into(),
            approval_description: Some("looks good".into()),
            metadata: BTreeMap::from([("accuracy".to_owned(), "0.97".to_owned())]),
            ..ModelPackage::default()
        };
        let report = TestReport::new(Timestamp::UNIX_EPOCH);
        assert_eq!(
            Brief::new(&package, &report, "prod").lines(),
            [
                "to prod: churn version 4",
                "approved in the registry: looks good",
                "metadata: accuracy 0.97",
                "tested in test: 0 of 0 cases passed in 0 accounts",
            ]
        );
    }
}
