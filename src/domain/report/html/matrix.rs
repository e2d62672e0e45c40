//! Accounts against cases at one glance, for one account as for hundreds.

use serde::Serialize;

use super::failures::Failures;
use super::figures::{count, counted, millis};
use super::listing::{Subject, case_names, cases_of};
use crate::domain::endpoint::{Readiness, readiness};
use crate::domain::report::latency::LatencySummary;
use crate::domain::report::results::AccountReport;

/// Up to here accounts are the columns, as a phone shows few columns and many rows.
const MOST_COLUMNS: usize = 4;
/// Fewer accounts that passed than this need no folding away.
const FEWEST_FOLDED: usize = 6;
/// What a row of one account tells of a case's latency.
const LATENCIES: [fn(&LatencySummary) -> f64; 3] =
    [|latency| latency.p50, |latency| latency.p95, |latency| latency.p99];
const ENDPOINT: &str = "Endpoint as a whole";

#[derive(Serialize)]
pub(super) struct Matrix {
    title: String,
    corner: &'static str,
    heads: Vec<Head>,
    rows: Vec<Row>,
    /// Accounts in which everything passed, where they are many.
    folded: Vec<Row>,
    fold_label: String,
    note: &'static str,
}

#[derive(Clone, Serialize)]
struct Head {
    text: String,
    link: Option<String>,
    /// Numbers stand to the right.
    number: bool,
}

#[derive(Clone, Serialize)]
struct Row {
    head: String,
    link: Option<String>,
    /// `summary` for a row that stands for many
    class: &'static str,
    cells: Vec<Cell>,
}

#[derive(Clone, Serialize)]
struct Cell {
    /// `pass`, `fail`, `none` or, of plain numbers, nothing; also the class
    state: &'static str,
    word: &'static str,
    text: String,
    link: Option<String>,
}

impl Matrix {
    /// `None` where no account was tested.
    pub(super) fn new(subject: &Subject, failures: &Failures) -> Option<Self> {
        let Subject { number, report, .. } = subject;
        let names = case_names(report);
        let columns = std::iter::once(Head { text: ENDPOINT.to_owned(), link: None, number: false });
        let heads: Vec<Head> =
            columns.chain(names.iter().enumerate().map(|(at, name)| case_head(*number, at, name))).collect();
        match report.accounts.as_slice() {
            [] => None,
            [only] => Some(of_one(heads, &names, only, failures)),
            few if few.len() <= MOST_COLUMNS => Some(of_few(heads, &names, subject, failures)),
            _ => Some(of_many(heads, &names, subject, failures)),
        }
    }
}

fn case_head(number: usize, at: usize, name: &str) -> Head {
    Head { text: name.to_owned(), link: Some(format!("#{}", super::cases::case_id(number, at))), number: false }
}

fn heads_of(names: &[&str], number: bool) -> Vec<Head> {
    names.iter().map(|name| Head { text: (*name).to_owned(), link: None, number }).collect()
}

/// One account: a row a case, with what else there is to know of it.
fn of_one(heads: Vec<Head>, names: &[&str], account: &AccountReport, failures: &Failures) -> Matrix {
    let plain = |text: String| Cell { state: "", word: "", text, link: None };
    let cells = cells(0, account, names, failures);
    let own = cases_of(account);
    let cases = std::iter::once(None).chain(names.iter().map(|name| own.get(name)));
    let rows = heads.into_iter().zip(cells).zip(cases).map(|((head, mut cell), case)| {
        if case.is_some() {
            cell.text.clear();
        }
        let mut row = vec![cell];
        let latency = case.and_then(|case| case.latency_ms);
        for value in LATENCIES {
            row.push(plain(latency.as_ref().map(|latency| millis(value(latency))).unwrap_or_default()));
        }
        row.push(plain(case.map(|case| count(case.invocations)).unwrap_or_default()));
        row.push(plain(case.map(|case| count(case.errors)).unwrap_or_default()));
        Row { head: head.text, link: head.link, class: "", cells: row }
    });
    let mut heads = heads_of(&["Result"], false);
    heads.extend(heads_of(&["p50 ms", "p95 ms", "p99 ms", "Requests", "Errors"], true));
    let note = "Errors are requests that brought no answer to judge.";
    Matrix { rows: rows.collect(), heads, note, ..Matrix::frame("Cases", "Case") }
}

/// A few accounts: a row a case, a column an account.
fn of_few(heads: Vec<Head>, names: &[&str], subject: &Subject, failures: &Failures) -> Matrix {
    let accounts = &subject.report.accounts;
    let columns: Vec<Vec<Cell>> =
        accounts.iter().enumerate().map(|(place, account)| cells(place, account, names, failures)).collect();
    let rows = heads.into_iter().enumerate().map(|(at, head)| Row {
        head: head.text,
        link: head.link,
        class: "",
        cells: columns.iter().map(|column| column[at].clone()).collect(),
    });
    let rows = rows.collect();
    let heads = subject.labels.iter().map(|label| Head { text: label.clone(), link: None, number: false }).collect();
    Matrix { heads, rows, ..Matrix::frame("Cases in accounts", "Case") }
}

/// Many accounts: a row an account, those that failed first, those that passed as one row.
fn of_many(heads: Vec<Head>, names: &[&str], subject: &Subject, failures: &Failures) -> Matrix {
    let accounts = &subject.report.accounts;
    let row = |place: usize, account: &AccountReport| Row {
        head: subject.labels[place].clone(),
        link: None,
        class: "",
        cells: cells(place, account, names, failures),
    };
    let of = |success: bool| {
        let accounts = accounts.iter().enumerate().filter(move |(_, account)| account.success == success);
        accounts.map(|(place, account)| row(place, account)).collect::<Vec<_>>()
    };
    let (mut rows, passed) = (of(false), of(true));
    let mut matrix = Matrix::frame("Accounts and cases", "Account");
    if passed.len() < FEWEST_FOLDED {
        rows.extend(passed);
    } else {
        matrix.fold_label = format!("The {} that passed, one by one", counted(passed.len(), "account"));
        rows.push(summary(names, subject, passed.len()));
        matrix.folded = passed;
        matrix.note = "Beside the result: p95 in ms; of the accounts that passed, the slowest one's.";
    }
    Matrix { heads, rows, ..matrix }
}

/// The accounts that passed, as one row.
fn summary(names: &[&str], subject: &Subject, passed: usize) -> Row {
    let mut cells = vec![Cell { state: "pass", word: "pass", text: String::new(), link: None }];
    for name in names {
        let of_passed = subject.cases(name).iter().filter(|(place, _)| subject.report.accounts[*place].success);
        let p95 = of_passed.filter_map(|(_, case)| case.latency_ms.map(|latency| latency.p95));
        let text = p95.reduce(f64::max).map(|most| format!("≤ {}", millis(most))).unwrap_or_default();
        cells.push(Cell { state: "pass", word: "pass", text, link: None });
    }
    Row { head: format!("{} passed", counted(passed, "account")), link: None, class: "summary", cells }
}

/// One account's cells: its endpoint, then every case.
fn cells(place: usize, account: &AccountReport, names: &[&str], failures: &Failures) -> Vec<Cell> {
    let fine = account.errors.is_empty();
    let endpoint = Cell {
        state: if fine { "pass" } else { "fail" },
        word: if fine { "pass" } else { "FAIL" },
        // The usual status would be said a hundred times.
        text: account
            .endpoint_status
            .clone()
            .filter(|status| readiness(status) != Readiness::Ready)
            .unwrap_or_default(),
        link: if fine { None } else { failures.link(place, None) },
    };
    let own = cases_of(account);
    let of_cases = names.iter().map(|name| match own.get(name) {
        None => Cell { state: "none", word: "not run", text: String::new(), link: None },
        Some(case) => Cell {
            state: if case.success { "pass" } else { "fail" },
            word: if case.success { "pass" } else { "FAIL" },
            text: case.latency_ms.map(|latency| millis(latency.p95)).unwrap_or_default(),
            link: if case.success { None } else { failures.link(place, Some(name)) },
        },
    });
    std::iter::once(endpoint).chain(of_cases).collect()
}

impl Matrix {
    fn frame(title: &str, corner: &'static str) -> Self {
        Self {
            title: title.to_owned(),
            corner,
            heads: Vec::new(),
            rows: Vec::new(),
            folded: Vec::new(),
            fold_label: String::new(),
            note: "Beside the result: p95 in ms.",
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::failure_kind::FailureKind;
    use crate::domain::report::results::{CaseReport, Failure, TestReport};

    fn report(accounts: usize, failing: &[usize]) -> TestReport {
        let account = |at: usize| {
            let failures =
                if failing.contains(&at) { vec![Failure::new(FailureKind::WrongJson, "no")] } else { Vec::new() };
            let case = CaseReport { name: "c".into(), success: failures.is_empty(), failures, ..CaseReport::default() };
            AccountReport { account_id: Some(format!("{at:012}")), cases: vec![case], ..AccountReport::default() }
                .judged()
        };
        TestReport { accounts: (0..accounts).map(account).collect(), ..TestReport::new(Timestamp::UNIX_EPOCH) }
    }

    fn matrix(report: &TestReport) -> Matrix {
        let subject = Subject::new(1, report);
        Matrix::new(&subject, &Failures::new(&subject)).expect("accounts")
    }

    #[test]
    fn of_many_accounts_those_that_failed_come_first_and_the_rest_is_one_row() {
        let matrix = matrix(&report(200, &[7, 150]));
        let heads: Vec<&str> = matrix.rows.iter().map(|row| row.head.as_str()).collect();
        assert_eq!(heads, ["000000000007", "000000000150", "198 accounts passed"]);
        assert_eq!(matrix.folded.len(), 198);
        assert_eq!(matrix.rows[0].cells[1].link.as_deref(), Some("#r1-failure-1"));
    }

    #[test]
    fn one_account_has_a_row_a_case_and_no_account_has_no_matrix() {
        let one = matrix(&report(1, &[]));
        assert_eq!((one.rows.len(), one.heads.len(), one.folded.len()), (2, 6, 0));
        let none = report(0, &[]);
        let none = Subject::new(1, &none);
        assert!(Matrix::new(&none, &Failures::new(&none)).is_none());
    }

    #[test]
    fn a_case_that_an_account_did_not_come_to_is_not_run() {
        let mut report = report(2, &[]);
        report.accounts[1].cases.clear();
        let matrix = matrix(&report);
        assert_eq!(matrix.rows[1].cells.iter().map(|cell| cell.word).collect::<Vec<_>>(), ["pass", "not run"]);
    }
}
