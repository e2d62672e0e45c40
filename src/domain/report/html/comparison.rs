//! Several runs side by side: this one against the last, staging against production.

use serde::Serialize;

use super::cases::series_of_run;
use super::charts::{self, Charts, FEWEST_REQUESTS, Series};
use super::figures::{Change, as_float, count, duration, median, metric_of, millis, percent, time};
use super::listing::{Subject, case_names, distinct};
use super::verdict;
use crate::domain::report::latency::LatencySummary;
use crate::domain::report::results::{CaseReport, TestReport};

type Named = (String, TestReport);

#[derive(Serialize)]
pub(super) struct Comparison {
    /// `2 of 3 runs passed`
    line: String,
    cards: Vec<Card>,
    cases: Vec<Case>,
}

/// One run in short.
#[derive(Serialize)]
struct Card {
    number: usize,
    name: String,
    state: &'static str,
    word: &'static str,
    line: String,
    of: String,
    package: Option<String>,
    /// How the package stands to that of the first run.
    package_note: &'static str,
    package_differs: bool,
    started: String,
    took: String,
}

#[derive(Serialize)]
struct Case {
    name: String,
    kind: String,
    rows: Vec<Row>,
    charts: Option<Charts>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    value: String,
    /// `fail` for a result that failed
    state: &'static str,
    /// Against the first run.
    change: Option<Change>,
}

impl Comparison {
    pub(super) fn new(reports: &[Named]) -> Self {
        let passed = reports.iter().filter(|(_, report)| report.success).count();
        let names = distinct(reports.iter().flat_map(|(_, report)| case_names(report)));
        let subjects: Vec<Subject> =
            reports.iter().zip(1..).map(|((_, report), at)| Subject::new(at, report)).collect();
        let base = reports.first().and_then(|(_, report)| report.model_package_arn.as_deref());
        Self {
            line: match (passed, reports.len()) {
                (2, 2) => "Both runs passed.".to_owned(),
                (passed, all) if passed == all => format!("All {all} runs passed."),
                (passed, all) => format!("{} of {all} runs failed.", all - passed),
            },
            cards: reports
                .iter()
                .zip(1..)
                .map(|((name, report), number)| Card::new(number, name, report, base))
                .collect(),
            cases: names.into_iter().zip(1..).map(|(name, at)| Case::new(at, name, &subjects)).collect(),
        }
    }
}

impl Card {
    fn new(number: usize, name: &str, report: &TestReport, base: Option<&str>) -> Self {
        let package = report.model_package_arn.clone();
        let (package_note, package_differs) = match (number, base, &package) {
            (1, ..) | (_, None, _) | (_, _, None) => ("", false),
            (_, Some(base), Some(package)) if base == package => ("the same package as run 1", false),
            _ => ("another package than run 1", true),
        };
        Self {
            number,
            name: name.to_owned(),
            state: if report.success { "pass" } else { "fail" },
            word: if report.success { "PASSED" } else { "FAILED" },
            line: verdict::line(report),
            of: [&report.project, &report.stage].into_iter().flatten().cloned().collect::<Vec<_>>().join(" · "),
            package,
            package_note,
            package_differs,
            started: time(report.started_at),
            took: duration(report.finished_at.duration_since(report.started_at).as_secs_f64()),
        }
    }
}

/// One case in all accounts of one run.
struct OfRun<'a> {
    accounts: usize,
    cases: Vec<&'a CaseReport>,
    latency: Option<LatencySummary>,
    slowest: Option<f64>,
}

impl<'a> OfRun<'a> {
    fn new(name: &str, subject: &Subject<'a>) -> Self {
        let mut of_accounts = subject.cases(name).to_vec();
        of_accounts.dedup_by_key(|(place, _)| *place);
        let cases: Vec<&CaseReport> = of_accounts.into_iter().map(|(_, case)| case).collect();
        Self {
            accounts: subject.report.accounts.len(),
            latency: series_of_run("", subject, name).map(|series| series.summary),
            slowest: cases.iter().filter_map(|case| Some(case.latency_ms?.p99)).reduce(f64::max),
            cases,
        }
    }

    fn requests(&self) -> u64 {
        self.cases.iter().map(|case| case.invocations).sum()
    }

    fn errors(&self) -> u64 {
        self.cases.iter().map(|case| case.errors).sum()
    }

    fn error_share(&self) -> Option<f64> {
        (self.requests() > 0).then(|| as_float(self.errors()) / as_float(self.requests()))
    }

    fn metric(&self, name: &str) -> Option<f64> {
        median(self.cases.iter().filter_map(|case| case.dataset.as_ref()?.metrics.get(name).copied()))
    }

    fn rate(&self) -> Option<f64> {
        median(self.cases.iter().filter_map(|case| Some(case.load.as_ref()?.achieved_rate)))
    }

    fn result(&self) -> Cell {
        let failed = self.cases.iter().filter(|case| !case.success).count();
        let (value, state) = match (self.cases.len(), failed) {
            (0, _) => ("not run".to_owned(), "none"),
            (_, 0) => ("pass".to_owned(), "pass"),
            (1, _) if self.accounts == 1 => ("FAIL".to_owned(), "fail"),
            (all, failed) => (format!("FAIL in {failed} of {all}"), "fail"),
        };
        Cell { value, state, change: None }
    }
}

impl Case {
    fn new(at: usize, name: &str, subjects: &[Subject]) -> Self {
        let runs: Vec<OfRun> = subjects.iter().map(|subject| OfRun::new(name, subject)).collect();
        let several = runs.iter().any(|run| run.accounts > 1);
        let mut rows = vec![Row { name: "Result".to_owned(), cells: runs.iter().map(OfRun::result).collect() }];
        // A single answer may be slow for any reason.
        let judged = runs.iter().all(|run| run.cases.is_empty() || run.requests() >= FEWEST_REQUESTS);
        let changed = |from, to| {
            let change = Change::of_latency(from, to)?;
            Some(if judged { change } else { change.unjudged() })
        };
        let latency =
            |of: fn(&LatencySummary) -> f64| row_of(&runs, |run| run.latency.as_ref().map(of), millis, changed);
        let mut add = |name: &str, cells: Option<Vec<Cell>>| {
            rows.extend(cells.map(|cells| Row { name: name.to_owned(), cells }));
        };
        if runs.iter().flat_map(|run| &run.cases).all(|case| case.invocations <= 1) {
            add("Latency, ms", latency(|latency| latency.p50));
        } else {
            add("p50, ms", latency(|latency| latency.p50));
            add("p95, ms", latency(|latency| latency.p95));
            add("p99, ms", latency(|latency| latency.p99));
        }
        if several {
            add("p99 of the slowest account, ms", row_of(&runs, |run| run.slowest, millis, changed));
        }
        let requests = |run: &OfRun| Some(as_float(run.requests())).filter(|requests| *requests > 0.0);
        add("Requests", row_of(&runs, requests, whole, |_, _| None));
        let share = |from, to| Some(Change::of_share(from, to)).filter(|change| change.text != "±0");
        add("Errors", row_of(&runs, OfRun::error_share, percent, share));
        // A rate has no digits to spare: it is what was reached of what was asked.
        add(
            "Achieved rate, 1/s",
            row_of(&runs, OfRun::rate, super::figures::rate, |from, to| Change::of_metric("rate", from, to)),
        );
        for name in metric_names(&runs) {
            let change = |from, to| Change::of_metric(name, from, to);
            add(name, row_of(&runs, |run| run.metric(name), metric_of(name), change));
        }
        let series: Vec<Series> = subjects
            .iter()
            .filter_map(|subject| series_of_run(&format!("run {}", subject.number), subject, name))
            .collect();
        Self {
            name: name.to_owned(),
            kind: runs.iter().flat_map(|run| &run.cases).map(|case| case.kind.clone()).next().unwrap_or_default(),
            rows,
            charts: (series.len() > 1).then(|| charts::draw(&format!("compared-{at}"), "run", &series)).flatten(),
        }
    }
}

/// One figure of every run, each against the first run's; `None` where no run has it.
fn row_of<'a>(
    runs: &[OfRun<'a>],
    figure: impl Fn(&OfRun<'a>) -> Option<f64>,
    shown: impl Fn(f64) -> String,
    change: impl Fn(f64, f64) -> Option<Change>,
) -> Option<Vec<Cell>> {
    let values: Vec<Option<f64>> = runs.iter().map(figure).collect();
    if values.iter().all(Option::is_none) {
        return None;
    }
    let base = values.first().copied().flatten();
    let cell = |(at, value): (usize, &Option<f64>)| Cell {
        value: value.map_or_else(|| "–".to_owned(), &shown),
        state: "",
        change: (at > 0).then(|| change(base?, (*value)?)).flatten(),
    };
    Some(values.iter().enumerate().map(cell).collect())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it came from a count")]
fn whole(value: f64) -> String {
    count(value as u64)
}

fn metric_names<'a>(runs: &[OfRun<'a>]) -> Vec<&'a str> {
    let names = runs.iter().flat_map(|run| &run.cases).filter_map(|case| case.dataset.as_ref());
    let mut names: Vec<&str> = names.flat_map(|dataset| dataset.metrics.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::results::AccountReport;

    fn run(name: &str, p50: &[f64], errors: u64) -> Named {
        let account = |p50: &f64| {
            let p50 = *p50;
            let latency = LatencySummary { min: p50, mean: p50, p50, p90: p50, p95: p50, p99: p50, max: p50 };
            let case = CaseReport {
                name: "c".into(),
                success: true,
                invocations: 100,
                errors,
                latency_ms: Some(latency),
                ..CaseReport::default()
            };
            AccountReport { cases: vec![case], ..AccountReport::default() }.judged()
        };
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        report.accounts = p50.iter().map(account).collect();
        report.finish(Timestamp::UNIX_EPOCH);
        (name.to_owned(), report)
    }

    #[test]
    fn every_figure_is_held_against_the_first_run() {
        let comparison = Comparison::new(&[run("a", &[100.0], 0), run("b", &[10.0, 150.0, 160.0], 1)]);
        let rows: Vec<(&str, &str, Option<&str>)> = comparison.cases[0]
            .rows
            .iter()
            .map(|row| {
                let cell = &row.cells[1];
                (row.name.as_str(), cell.value.as_str(), cell.change.as_ref().map(|change| change.text.as_str()))
            })
            .collect();
        assert_eq!(rows[0], ("Result", "pass", None));
        assert_eq!(rows[1], ("p50, ms", "150", Some("+50%")));
        assert_eq!(rows[4], ("p99 of the slowest account, ms", "160", Some("+60%")));
        assert_eq!(rows[6], ("Errors", "1%", Some("+1 points")));
    }

    #[test]
    fn a_case_of_one_run_alone_is_shown_and_compared_with_nothing() {
        let mut other = run("b", &[10.0], 0);
        other.1.accounts[0].cases[0].name = "d".into();
        let comparison = Comparison::new(&[run("a", &[10.0], 0), other]);
        let results: Vec<Vec<&str>> = comparison
            .cases
            .iter()
            .map(|case| case.rows[0].cells.iter().map(|cell| cell.value.as_str()).collect())
            .collect();
        assert_eq!(results, [["pass", "not run"], ["not run", "pass"]]);
        assert!(comparison.cases.iter().all(|case| case.charts.is_none()));
    }
}
