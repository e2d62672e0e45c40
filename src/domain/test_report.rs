//! The results of a test run: what `test-results.json` holds.

use jiff::Timestamp;
use serde::Serialize;

use super::endpoint::DataCapture;
use super::latency::LatencySummary;

const SCHEMA_VERSION: u32 = 1;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    schema_version: u32,
    pub project: Option<String>,
    pub stage: Option<String>,
    pub model_package_arn: Option<String>,
    pub success: bool,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    pub accounts: Vec<AccountReport>,
    /// Accounts of the unit that nothing is deployed to.
    pub left_out: Vec<LeftOutReport>,
    /// What kept the run as a whole from being done, as an unreadable unit does.
    pub errors: Vec<Failure>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOutReport {
    pub account_id: String,
    pub reason: String,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountReport {
    /// None for a local model server.
    pub account_id: Option<String>,
    pub region: Option<String>,
    pub endpoint_name: Option<String>,
    pub endpoint_status: Option<String>,
    pub success: bool,
    pub data_capture: Option<DataCapture>,
    pub live_model_package_arns: Vec<String>,
    /// None where there was nothing to compare.
    pub live_model_matches: Option<bool>,
    pub cases: Vec<CaseReport>,
    pub errors: Vec<Failure>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseReport {
    pub name: String,
    pub success: bool,
    pub invocations: u64,
    /// Invocations that brought no answer to judge.
    pub errors: u64,
    pub latency_ms: Option<LatencySummary>,
    pub failures: Vec<Failure>,
}

/// Something that failed, with a kind for machines and a message for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub kind: String,
    pub message: String,
}

impl Failure {
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into() }
    }
}

impl TestReport {
    pub fn new(started_at: Timestamp) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            project: None,
            stage: None,
            model_package_arn: None,
            success: false,
            started_at,
            finished_at: started_at,
            accounts: Vec::new(),
            left_out: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Ends the run and draws the verdict: at least one account was tested and nothing failed.
    pub fn finish(&mut self, finished_at: Timestamp) {
        self.finished_at = finished_at;
        self.success =
            self.errors.is_empty() && !self.accounts.is_empty() && self.accounts.iter().all(|account| account.success);
    }

    /// (cases that passed, cases in all) over all accounts.
    pub fn case_counts(&self) -> (usize, usize) {
        let cases = || self.accounts.iter().flat_map(|account| &account.cases);
        (cases().filter(|case| case.success).count(), cases().count())
    }
}

impl AccountReport {
    /// Draws the account's verdict from its errors and cases.
    #[must_use]
    pub fn judged(mut self) -> Self {
        self.success = self.errors.is_empty() && self.cases.iter().all(|case| case.success);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_account_or_none_at_all_fails_the_run() {
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        report.finish(Timestamp::UNIX_EPOCH);
        assert!(!report.success);
        report.accounts.push(AccountReport::default().judged());
        report.finish(Timestamp::UNIX_EPOCH);
        assert!(report.success);
        let errors = vec![Failure::new("endpoint_absent", "no endpoint")];
        report.accounts.push(AccountReport { errors, ..AccountReport::default() }.judged());
        report.finish(Timestamp::UNIX_EPOCH);
        assert!(!report.success);
    }
}
