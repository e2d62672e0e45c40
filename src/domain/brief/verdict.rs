//! Whether a test passed, in figures.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::report::results::{AccountReport, TestReport};
use crate::domain::text::count::counted;

/// Whether the test passed, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    pub success: bool,
    pub cases: Passed,
    /// None where a local model server was tested.
    pub accounts: Option<Passed>,
    /// Accounts whose endpoint was compared with the package, and those that serve it; none where there was nothing to compare.
    pub live: Option<Passed>,
    /// Accounts of the unit that nothing is deployed to.
    pub left_out: usize,
}

/// How many passed of how many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Passed {
    pub passed: usize,
    pub all: usize,
}

impl Verdict {
    pub(super) fn of(results: &TestReport) -> Self {
        let accounts = &results.accounts;
        let is_local = matches!(&accounts[..], [one] if one.account_id.is_none());
        let passed = |is: fn(&AccountReport) -> bool| accounts.iter().filter(|account| is(account)).count();
        let (passed_cases, cases) = results.case_counts();
        let compared = passed(|account| account.live_model_matches.is_some());
        Self {
            success: results.success,
            cases: Passed { passed: passed_cases, all: cases },
            accounts: (!is_local).then(|| Passed { passed: passed(|account| account.success), all: accounts.len() }),
            live: (compared > 0)
                .then(|| Passed { passed: passed(|account| account.live_model_matches == Some(true)), all: compared }),
            left_out: results.left_out.len(),
        }
    }

    pub(super) fn word(self) -> &'static str {
        if self.success { "PASSED" } else { "FAILED" }
    }

    /// How much of the test passed, in words.
    pub(super) fn in_words(self) -> String {
        let of = |Passed { passed, all }: Passed, noun| format!("{passed} of {}", counted(all, noun));
        let accounts = self.accounts.map(|accounts| format!(", {}", of(accounts, "account"))).unwrap_or_default();
        let mut parts = vec![format!("{} passed{accounts}", of(self.cases, "case"))];
        parts.extend(self.live.map(|live| format!("live in {}", of(live, "account"))));
        parts.extend((self.left_out > 0).then(|| format!("{} left out", counted(self.left_out, "account"))));
        parts.join("; ")
    }
}
