//! What a page is about, and which of its accounts something is true of.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::figures::counted;
use crate::domain::report::results::{AccountReport, CaseReport, TestReport};

/// A run's results, its number on the page, and what its accounts are called there.
pub(super) struct Subject<'a> {
    pub(super) number: usize,
    pub(super) report: &'a TestReport,
    /// Without the Region where all accounts have the same.
    pub(super) labels: Vec<String>,
    /// Every case of that name, with its account's place.
    cases: HashMap<&'a str, Vec<(usize, &'a CaseReport)>>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(number: usize, report: &'a TestReport) -> Self {
        let one_region = common(report, |account| account.region.as_deref()).is_some();
        let label = |account: &AccountReport| match &account.account_id {
            Some(id) if one_region => id.clone(),
            _ => account.name(),
        };
        let mut cases: HashMap<&str, Vec<(usize, &CaseReport)>> = HashMap::new();
        for (place, account) in report.accounts.iter().enumerate() {
            for case in &account.cases {
                cases.entry(&case.name).or_default().push((place, case));
            }
        }
        Self { number, report, labels: report.accounts.iter().map(label).collect(), cases }
    }

    /// The cases of that name with their accounts' places, in the accounts' order.
    pub(super) fn cases(&self, name: &str) -> &[(usize, &'a CaseReport)] {
        self.cases.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn has_several_accounts(&self) -> bool {
        self.report.accounts.len() > 1
    }
}

/// More names than these are folded away.
const SHOWN: usize = 6;

/// Accounts as a text, and those that are folded away.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Listing {
    shown: String,
    rest: Vec<String>,
}

impl Listing {
    /// Named while they are few, counted when they are all: accounts by their places in the report.
    pub(super) fn new(subject: &Subject, places: &[usize]) -> Self {
        let all = subject.labels.len();
        if places.len() == all && all > 1 {
            return Self { shown: format!("all {}", counted(all, "account")), rest: Vec::new() };
        }
        let mut names: Vec<String> = places.iter().map(|&place| subject.labels[place].clone()).collect();
        // One more would take the place of "and 1 more".
        let rest = if names.len() > SHOWN + 1 { names.split_off(SHOWN) } else { Vec::new() };
        Self { shown: names.join(", "), rest }
    }
}

/// The names of the report's cases in the order of the suite: the same in every account that was tested.
pub(super) fn case_names(report: &TestReport) -> Vec<&str> {
    distinct(report.accounts.iter().flat_map(|account| &account.cases).map(|case| case.name.as_str()))
}

/// Each name once, in the order of their first coming.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut known = HashSet::new();
    names.filter(|name| known.insert(*name)).collect()
}

/// An account's cases by their names; of two that have one, the first.
pub(super) fn cases_of(account: &AccountReport) -> HashMap<&str, &CaseReport> {
    account.cases.iter().rev().map(|case| (case.name.as_str(), case)).collect()
}

/// The one value that all accounts have, where they have one.
pub(super) fn common<'a, T: PartialEq + ?Sized>(
    report: &'a TestReport,
    value: impl Fn(&'a AccountReport) -> Option<&'a T>,
) -> Option<&'a T> {
    let mut values = report.accounts.iter().filter_map(value);
    let first = values.next()?;
    values.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn many_accounts_are_folded_and_all_of_them_are_counted() {
        let account = |at: usize| AccountReport { account_id: Some(format!("{at:012}")), ..AccountReport::default() };
        let report = TestReport { accounts: (0..20).map(account).collect(), ..TestReport::new(Timestamp::UNIX_EPOCH) };
        let subject = Subject::new(1, &report);
        let places: Vec<usize> = (0..20).collect();
        assert_eq!(Listing::new(&subject, &places).shown, "all 20 accounts");
        let some = Listing::new(&subject, &places[..9]);
        assert_eq!((some.shown.matches(", ").count(), some.rest.len()), (5, 3));
        assert_eq!(Listing::new(&subject, &places[..7]).rest.len(), 0);
    }

    #[test]
    fn a_region_is_named_only_where_there_are_several() {
        let account = |region: &str| AccountReport {
            account_id: Some("222222222222".into()),
            region: Some(region.to_owned()),
            ..AccountReport::default()
        };
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        report.accounts = vec![account("us-east-1"), account("us-east-1")];
        assert_eq!(Subject::new(1, &report).labels[1], "222222222222");
        report.accounts[1] = account("eu-west-1");
        assert_eq!(Subject::new(1, &report).labels[1], "222222222222 eu-west-1");
    }
}
