//! What came of a test run, in a few lines for whoever watches it.

use crate::domain::finding::Finding;
use crate::domain::report::results::TestReport;
use crate::domain::text::count::counted;
use crate::domain::text::page::Page;

/// A line an account, then what failed in it.
pub(crate) fn summary(report: &TestReport) -> Page {
    let mut page = Page::default();
    for account in &report.accounts {
        let passed = account.cases.iter().filter(|case| case.success).count();
        let verdict = if account.success { "ok  " } else { "FAIL" };
        let mut parts = vec![format!("{verdict} {}", account.name())];
        parts.extend(account.endpoint_name.clone());
        parts.extend(account.endpoint_status.clone());
        parts.push(format!("{passed}/{} cases", account.cases.len()));
        let slowest = account.cases.iter().filter_map(|case| case.latency_ms).map(|latency| latency.max);
        parts.extend(slowest.reduce(f64::max).map(|millis| format!("slowest {millis:.1} ms")));
        page.line(parts.join("  "));
        let held = account.cases.iter().flat_map(|case| case.baseline.iter().map(move |figure| (&case.name, figure)));
        page.extend(held.map(|(case, figure)| {
            let verdict = if figure.passes { "ok  " } else { "FAIL" };
            format!("     {verdict} against the model before: {case}: {}", figure.in_words())
        }));
        page.extend(account.errors.iter().map(|problem| format!("     {}", problem.message)));
        let not_run: Vec<&str> =
            account.cases.iter().filter(|case| case.is_not_run()).map(|case| case.name.as_str()).collect();
        if !not_run.is_empty() {
            page.line(format!("     not run: {}", not_run.join(", ")));
        }
        for case in account.cases.iter().filter(|case| !case.is_not_run()) {
            page.extend(
                case.retried.iter().map(|problem| {
                    format!("     {}: failed, and passed when sent again: {}", case.name, problem.message)
                }),
            );
            page.extend(case.failures.iter().map(|problem| format!("     {}: {}", case.name, problem.message)));
        }
    }
    page
}

/// Why the test failed: where first, and how much of it passed; `place` is where all of it stands.
pub(crate) fn verdict(report: &TestReport, place: &str) -> Finding {
    let failed = report.accounts.iter().filter(|account| !account.success).count();
    let (passed, cases) = report.case_counts();
    let what = match &report.accounts[..] {
        [local] if local.account_id.is_none() => "the model server failed the test".to_owned(),
        accounts => format!("the test failed in {failed} of {}", counted(accounts.len(), "account")),
    };
    let problem = report.accounts.iter().find_map(|account| {
        let of_cases = account.cases.iter().find_map(|case| {
            case.failures
                .first()
                .map(|problem| format!("{}: case \"{}\": {}", account.name(), case.name, problem.message))
        });
        account.errors.first().map(|problem| format!("{}: {}", account.name(), problem.message)).or(of_cases)
    });
    let was_sent = report.accounts.iter().flat_map(|account| &account.cases).any(|case| !case.is_not_run());
    let reached =
        if was_sent { format!("{passed} of {} passed", counted(cases, "case")) } else { "no case was sent".to_owned() };
    let finding = Finding::error(what).hint(format!("{reached}; every finding is {place}"));
    match problem {
        Some(problem) => finding.cause(problem),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::failure_kind::FailureKind;
    use crate::domain::report::results::{AccountReport, CaseReport, Failure};

    fn case(name: &str, failure: Option<FailureKind>) -> CaseReport {
        let failures: Vec<Failure> = failure.into_iter().map(|kind| Failure::new(kind, "not so")).collect();
        CaseReport { name: name.to_owned(), success: failures.is_empty(), failures, ..CaseReport::default() }
    }

    fn report(accounts: Vec<(Option<&str>, Vec<Failure>, Vec<CaseReport>)>) -> TestReport {
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        let account = |(id, errors, cases): (Option<&str>, _, _)| {
            AccountReport { account_id: id.map(str::to_owned), errors, cases, ..AccountReport::default() }.judged()
        };
        report.accounts = accounts.into_iter().map(account).collect();
        report.finish(Timestamp::UNIX_EPOCH);
        report
    }

    #[test]
    fn an_account_has_a_line_and_each_failure_one() {
        let cases = vec![
            case("good", None),
            case("bad", Some(FailureKind::WrongJson)),
            case("late", Some(FailureKind::NotRun)),
        ];
        let broken = vec![Failure::new(FailureKind::EndpointAbsent, "no endpoint")];
        let page = summary(&report(vec![(Some("1"), broken, cases), (None, Vec::new(), Vec::new())]));
        assert_eq!(
            page.to_string(),
            "FAIL 1  1/3 cases\n     no endpoint\n     not run: late\n     bad: not so\nok   local model server  0/0 cases\n"
        );
    }

    #[test]
    fn the_verdict_names_the_first_failure_and_how_much_passed() {
        let wrong = || case("bad", Some(FailureKind::WrongJson));
        let broken = || vec![Failure::new(FailureKind::AssumeRole, "no role")];
        for (accounts, what, cause, hint) in [
            (
                vec![(Some("1"), Vec::new(), vec![case("good", None), wrong()])],
                "the test failed in 1 of 1 account",
                "1: case \"bad\": not so",
                "1 of 2 cases passed; every finding is in x",
            ),
            (
                vec![(Some("1"), Vec::new(), Vec::new()), (Some("2"), broken(), Vec::new())],
                "the test failed in 1 of 2 accounts",
                "2: no role",
                "no case was sent; every finding is in x",
            ),
            (
                vec![(None, Vec::new(), vec![wrong()])],
                "the model server failed the test",
                "local model server: case \"bad\": not so",
                "0 of 1 case passed; every finding is in x",
            ),
            (
                vec![(Some("1"), broken(), vec![case("late", Some(FailureKind::NotRun))])],
                "the test failed in 1 of 1 account",
                "1: no role",
                "no case was sent; every finding is in x",
            ),
        ] {
            let finding = verdict(&report(accounts), "in x");
            assert_eq!((finding.what.as_str(), finding.cause.as_deref()), (what, Some(cause)));
            assert_eq!(finding.hint.as_deref(), Some(hint));
        }
    }
}
