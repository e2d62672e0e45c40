//! What failed in a run, the worst first: what ended it, what is wrong with accounts, then with cases.

use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{AccountReport, Failure, TestReport};

/// Who reads more reads the report.
const MOST: usize = 5;

/// Failures of one kind, of a case or of accounts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorstFinding {
    pub kind: FailureKind,
    /// None where it is not that of a case.
    pub case: Option<String>,
    /// The first account that has it; none where it ended the run.
    pub account: Option<String>,
    /// How many accounts have it.
    pub accounts: usize,
    /// That of the first account.
    pub message: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Run,
    Account,
    Case,
    NotRun,
}

struct Group<'a> {
    first: &'a Failure,
    account: Option<&'a str>,
    accounts: BTreeSet<&'a str>,
}

/// The worst, and how many others there are.
pub(super) fn worst(results: &TestReport) -> (Vec<WorstFinding>, usize) {
    let names: Vec<String> = results.accounts.iter().map(AccountReport::name).collect();
    let of_run = results.errors.iter().map(|failure| (Rank::Run, None, None, failure));
    let of_accounts = results.accounts.iter().zip(&names).flat_map(|(account, name)| {
        let errors = account.errors.iter().map(move |failure| (Rank::Account, Some(name.as_str()), None, failure));
        let cases = account.cases.iter().flat_map(move |case| {
            let rank = if case.is_not_run() { Rank::NotRun } else { Rank::Case };
            let of_case = move |failure| (rank, Some(name.as_str()), Some(case.name.as_str()), failure);
            case.failures.iter().filter(|failure| failure.kind != FailureKind::More).map(of_case)
        });
        errors.chain(cases)
    });
    let mut groups: Vec<(Rank, Option<&str>, Group<'_>)> = Vec::new();
    let mut places: BTreeMap<(Rank, Option<&str>, &str), usize> = BTreeMap::new();
    for (rank, account, case, failure) in of_run.chain(of_accounts) {
        let at = *places.entry((rank, case, failure.kind.as_str())).or_insert_with(|| {
            groups.push((rank, case, Group { first: failure, account, accounts: BTreeSet::new() }));
            groups.len() - 1
        });
        groups[at].2.accounts.extend(account);
    }
    groups.sort_by_key(|(rank, _, group)| (*rank, std::cmp::Reverse(group.accounts.len())));
    let more = groups.len().saturating_sub(MOST);
    let told = groups.into_iter().take(MOST).map(|(_, case, group)| WorstFinding {
        kind: group.first.kind,
        case: case.map(str::to_owned),
        account: group.account.map(str::to_owned),
        accounts: group.accounts.len(),
        message: group.first.message.clone(),
    });
    (told.collect(), more)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::results::CaseReport;

    #[test]
    fn the_worst_comes_first_and_what_many_accounts_have_is_told_once() {
        let failure = |kind, message: &str| Failure::new(kind, message);
        let case = |name: &str, kind| CaseReport {
            name: name.to_owned(),
            failures: vec![failure(kind, "one"), failure(kind, "another")],
            ..CaseReport::default()
        };
        let account = |id: &str, errors, cases| AccountReport {
            account_id: Some(id.to_owned()),
            errors,
            cases,
            ..AccountReport::default()
        };
        let mut results = TestReport::new(Timestamp::UNIX_EPOCH);
        let role = || vec![failure(FailureKind::AssumeRole, "no role")];
        results.accounts = vec![
            account("1", Vec::new(), vec![case("late", FailureKind::NotRun), case("a", FailureKind::WrongCsv)]),
            account("2", Vec::new(), vec![case("b", FailureKind::WrongJson)]),
            account("3", role(), vec![case("b", FailureKind::WrongJson)]),
        ];
        results.errors = vec![failure(FailureKind::Deadline, "too late")];
        let (told, more) = worst(&results);
        let told: Vec<_> = told.iter().map(|one| (one.kind.as_str(), one.account.as_deref(), one.accounts)).collect();
        assert_eq!(
            told,
            [
                ("deadline", None, 0),
                ("assume_role", Some("3"), 1),
                ("wrong_json", Some("2"), 2),
                ("wrong_csv", Some("1"), 1),
                ("not_run", Some("1"), 1),
            ]
        );
        assert_eq!(more, 0);
        results.accounts[0].cases.extend((0..3).map(|at| case(&format!("c{at}"), FailureKind::Timeout)));
        assert_eq!(worst(&results).1, 3);
    }
}
