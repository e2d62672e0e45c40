//! Every case in detail: how fast it was and where, what load it stood, what it made of a dataset.

use serde::Serialize;

use super::captures::Capture;
use super::charts::{self, Chart, Charts, Series};
use super::datasets::Dataset;
use super::failures::Failures;
use super::figures::{count, counted, duration, median, millis, percent, rate};
use super::listing::{Subject, case_names};
use super::over_time;
use super::table::{Table, TableRow};
use crate::domain::report::latency::LatencySummary;
use crate::domain::report::results::{CaseReport, LoadReport, TokenReport};

/// Rows of a table before the rest is folded away.
const ROWS_SHOWN: usize = 8;

#[derive(Serialize)]
pub(super) struct Cases {
    sections: Vec<Section>,
    /// Cases of single requests, of which there is no more to say than a row.
    plain: Option<Table>,
    retried: Vec<Retried>,
}

/// Attempts that failed before their request passed.
#[derive(Serialize)]
struct Retried {
    case: String,
    text: String,
}

#[derive(Serialize)]
struct Section {
    id: String,
    name: String,
    kind: String,
    state: &'static str,
    verdict: String,
    link: Option<String>,
    charts: Option<Charts>,
    /// Of a load.
    over_time: Vec<Chart>,
    latency: Option<Table>,
    /// When the bytes and tokens of streams came, and what came of each rate of a ramp.
    tables: Vec<Table>,
    load: Option<Table>,
    dataset: Option<Dataset>,
    capture: Option<Capture>,
}

/// The anchor of a case's section or row.
pub(super) fn case_id(number: usize, at: usize) -> String {
    format!("r{number}-case-{}", at + 1)
}

/// A case in one account.
#[derive(Clone, Copy)]
struct Found<'a> {
    account: usize,
    label: &'a str,
    case: &'a CaseReport,
}

impl Cases {
    pub(super) fn new(subject: &Subject, failures: &Failures) -> Self {
        let mut sections = Vec::new();
        let mut plain = Vec::new();
        for (at, name) in case_names(subject.report).into_iter().enumerate() {
            let found = find(subject, name);
            let section = Section::new(case_id(subject.number, at), name, &found, subject, failures);
            if section.has_more_than_a_row() {
                sections.push(section);
            } else {
                plain.extend(plain_rows(&section.id, name, &found, subject.has_several_accounts()));
            }
        }
        let plain = (!plain.is_empty()).then(|| Table {
            title: "Cases of few requests",
            heads: [&["Case"], &LATENCY_HEADS[1..]].concat(),
            rows: plain,
            folded: Vec::new(),
            summary: None,
        });
        Self { sections, plain, retried: retried(subject) }
    }
}

fn retried(subject: &Subject) -> Vec<Retried> {
    let several = subject.has_several_accounts();
    let accounts = subject.report.accounts.iter().zip(&subject.labels);
    let of_case = |label: &str, case: &CaseReport| -> Vec<Retried> {
        let name = if several { format!("{}, {label}", case.name) } else { case.name.clone() };
        case.retried.iter().map(|failure| Retried { case: name.clone(), text: failure.message.clone() }).collect()
    };
    accounts.flat_map(|(account, label)| account.cases.iter().flat_map(move |case| of_case(label, case))).collect()
}

fn find<'a>(subject: &'a Subject, name: &str) -> Vec<Found<'a>> {
    let found = subject.cases(name).iter();
    let mut found: Vec<Found> =
        found.map(|&(account, case)| Found { account, label: &subject.labels[account], case }).collect();
    found.dedup_by_key(|found| found.account);
    found
}

impl Section {
    fn new(id: String, name: &str, found: &[Found], subject: &Subject, failures: &Failures) -> Self {
        let passed = found.iter().filter(|found| found.case.success).count();
        let all = subject.labels.len();
        let verdict = match (passed == found.len(), all) {
            (true, 1) => "passed".to_owned(),
            (false, 1) => "FAILED".to_owned(),
            (true, _) => format!("passed in {}", spread(found.len(), all)),
            (false, _) => format!("FAILED in {}", spread(found.len() - passed, all)),
        };
        let series = series_of(found);
        let of = |title: &'static str, figure: fn(&CaseReport) -> Option<LatencySummary>| {
            let found: Vec<_> = found.iter().filter_map(|found| Some((*found, figure(found.case)?))).collect();
            latency_table(title, &found)
        };
        let tables = [
            of("Time to the first byte, ms", |case| case.first_byte_ms),
            of("Time to first token (TTFT), ms", |case| Some(case.tokens?.ttft_ms)),
            of("Inter-token latency (ITL), ms", |case| case.tokens?.inter_token_ms),
            of("Time per output token (TPOT), ms", |case| case.tokens?.time_per_output_token_ms),
            token_table(found),
            ramp_table(found),
        ];
        Self {
            charts: charts::draw(&id, "account", &series),
            over_time: over_time::draw(&id, &loads_of(found)),
            id,
            name: name.to_owned(),
            kind: found.first().map(|found| found.case.kind.clone()).unwrap_or_default(),
            state: if passed == found.len() { "pass" } else { "fail" },
            verdict,
            link: failures.link_of_case(name),
            latency: of("Latency, ms", |case| case.latency_ms),
            tables: tables.into_iter().flatten().collect(),
            load: load_table(found),
            capture: Capture::new(
                subject.has_several_accounts(),
                found.iter().filter_map(|found| Some((found.label, found.case.capture.as_ref()?))),
            ),
            dataset: Dataset::new(
                subject,
                found.iter().filter_map(|found| Some((found.account, found.case.dataset.as_ref()?))),
            ),
        }
    }

    fn has_more_than_a_row(&self) -> bool {
        self.charts.is_some() || !self.tables.is_empty() || self.load.is_some() || self.dataset.is_some()
    }
}

fn spread(some: usize, all: usize) -> String {
    if some == all {
        format!("all {}", counted(all, "account"))
    } else {
        format!("{} of {}", count(some as u64), counted(all, "account"))
    }
}

fn series_of(found: &[Found]) -> Vec<Series> {
    found
        .iter()
        .filter_map(|found| {
            Some(Series {
                name: found.label.to_owned(),
                summary: found.case.latency_ms?,
                buckets: found.case.latency_buckets.clone(),
                requests: found.case.invocations.saturating_sub(found.case.errors),
            })
        })
        .collect()
}

fn loads_of<'a>(found: &[Found<'a>]) -> Vec<over_time::Load<'a>> {
    let load = |found: &Found<'a>| {
        let timeline = found.case.load.as_ref()?.timeline.as_slice();
        Some(over_time::Load { account: found.label, timeline, is_streamed: found.case.tokens.is_some() })
    };
    found.iter().filter_map(load).collect()
}

/// A case's latencies over all accounts of a run as one series, for a picture of several runs.
pub(super) fn series_of_run(name: &str, subject: &Subject, case: &str) -> Option<Series> {
    let mut series = series_of(&find(subject, case));
    if series.len() > 1 {
        series = charts::merge("account", &series).into_iter().collect();
    }
    series.into_iter().next().map(|series| Series { name: name.to_owned(), ..series })
}

const LATENCY_HEADS: [&str; 10] = ["Account", "Requests", "Errors", "min", "mean", "p50", "p90", "p95", "p99", "max"];

fn latency_cells(case: &CaseReport, summary: Option<&LatencySummary>) -> Vec<String> {
    let mut cells = vec![count(case.invocations), count(case.errors)];
    cells.extend(match summary {
        Some(summary) => figures_of(summary).map(millis),
        None => std::array::from_fn(|_| String::new()),
    });
    cells
}

fn figures_of(summary: &LatencySummary) -> [f64; 7] {
    let LatencySummary { min, mean, p50, p90, p95, p99, max } = *summary;
    [min, mean, p50, p90, p95, p99, max]
}

/// Failing accounts first, then the slowest.
fn latency_table(title: &'static str, found: &[(Found, LatencySummary)]) -> Option<Table> {
    let mut found: Vec<_> = found.iter().collect();
    found.sort_by(|(a, of_a), (b, of_b)| {
        a.case.success.cmp(&b.case.success).then(of_b.p99.total_cmp(&of_a.p99)).then(a.account.cmp(&b.account))
    });
    let rows = found.iter().map(|(found, summary)| TableRow {
        id: None,
        head: found.label.to_owned(),
        class: if found.case.success { "" } else { "failed" },
        cells: latency_cells(found.case, Some(summary)),
    });
    let rows: Vec<TableRow> = rows.collect();
    let summary = (rows.len() > 2).then(|| {
        let sum = |figure: fn(&CaseReport) -> u64| count(found.iter().map(|(found, _)| figure(found.case)).sum());
        let mut cells = vec![sum(|case| case.invocations), sum(|case| case.errors)];
        for at in 0..7 {
            cells
                .push(median(found.iter().map(|(_, summary)| figures_of(summary)[at])).map(millis).unwrap_or_default());
        }
        TableRow { id: None, head: "all accounts (median)".to_owned(), class: "summary", cells }
    });
    Table::folding(title, LATENCY_HEADS.to_vec(), rows, summary)
}

/// How many tokens there were, the slowest account first.
fn token_table(found: &[Found]) -> Option<Table> {
    let mut streams: Vec<(&Found, &TokenReport)> =
        found.iter().filter_map(|found| Some((found, found.case.tokens.as_ref()?))).collect();
    let speed = |tokens: &TokenReport| tokens.tokens_per_second.unwrap_or(f64::INFINITY);
    streams.sort_by(|a, b| speed(a.1).total_cmp(&speed(b.1)).then(a.0.account.cmp(&b.0.account)));
    let rows = streams.iter().map(|(found, tokens)| TableRow {
        id: None,
        head: found.label.to_owned(),
        class: if found.case.success { "" } else { "failed" },
        cells: vec![
            tokens.input_tokens.map(count).unwrap_or_default(),
            format!("{}{}", count(tokens.output_tokens), if tokens.counted_events { " (events)" } else { "" }),
            tokens.tokens_per_second.map(rate).unwrap_or_default(),
            tokens.goodput.map(percent).unwrap_or_default(),
        ],
    });
    let heads = vec!["Account", "Tokens in", "Tokens out", "Tokens/s of 95 in 100", "Goodput"];
    Table::folding("Tokens", heads, rows.collect(), None)
}

/// Accounts that fell short most first.
fn load_table(found: &[Found]) -> Option<Table> {
    let share = |load: &LoadReport| load.target_rate.map_or(1.0, |target| load.achieved_rate / target);
    let mut loads: Vec<(&Found, &LoadReport)> =
        found.iter().filter_map(|found| Some((found, found.case.load.as_ref()?))).collect();
    loads.sort_by(|a, b| share(a.1).total_cmp(&share(b.1)).then(a.0.account.cmp(&b.0.account)));
    let rows = loads.iter().map(|(found, load)| TableRow {
        id: None,
        head: found.label.to_owned(),
        class: if found.case.success { "" } else { "failed" },
        cells: vec![
            load.target_rate.map(rate).unwrap_or_default(),
            rate(load.achieved_rate),
            percent(share(load)),
            duration(load.duration_seconds),
            format!("{} of {}", load.most_in_flight, load.max_in_flight),
        ],
    });
    let heads = vec!["Account", "Target rate", "Achieved rate", "Share", "For", "In flight"];
    Table::folding("Load, requests a second", heads, rows.collect(), None)
}

/// Each rate of a ramp, account by account.
fn ramp_table(found: &[Found]) -> Option<Table> {
    let steps = found.iter().flat_map(|found| {
        let steps = found.case.load.iter().flat_map(|load| &load.steps);
        steps.map(|step| TableRow {
            id: None,
            head: found.label.to_owned(),
            class: if step.met { "" } else { "failed" },
            cells: vec![
                rate(step.target_rate),
                rate(step.achieved_rate),
                if step.met { "met" } else { "not met" }.to_owned(),
                step.latency_ms.map(|latency| millis(latency.p95)).unwrap_or_default(),
                step.ttft_ms.map(|ttft| millis(ttft.p95)).unwrap_or_default(),
            ],
        })
    });
    let heads = vec!["Account", "Rate", "Achieved rate", "Objectives", "p95, ms", "TTFT p95, ms"];
    Table::folding("Ramp, requests a second", heads, steps.collect(), None)
}

impl Table {
    fn folding(
        title: &'static str,
        heads: Vec<&'static str>,
        mut rows: Vec<TableRow>,
        summary: Option<TableRow>,
    ) -> Option<Self> {
        if rows.is_empty() {
            return None;
        }
        let folded = if rows.len() > ROWS_SHOWN + 2 { rows.split_off(ROWS_SHOWN) } else { Vec::new() };
        Some(Self { title, heads, rows, folded, summary })
    }
}

fn plain_rows(id: &str, name: &str, found: &[Found], several: bool) -> Vec<TableRow> {
    let rows = found.iter().enumerate().map(|(at, found)| TableRow {
        id: (at == 0).then(|| id.to_owned()),
        head: if several { format!("{name}, {}", found.label) } else { name.to_owned() },
        class: if found.case.success { "" } else { "failed" },
        cells: latency_cells(found.case, found.case.latency_ms.as_ref()),
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::results::{AccountReport, TestReport};

    fn case(invocations: u64, p99: f64) -> CaseReport {
        let latency = LatencySummary { min: 1.0, mean: 1.0, p50: 1.0, p90: 1.0, p95: 1.0, p99, max: p99 };
        CaseReport { name: "c".into(), success: true, invocations, latency_ms: Some(latency), ..CaseReport::default() }
    }

    fn report(cases: Vec<CaseReport>) -> TestReport {
        let account = |(at, case): (usize, CaseReport)| AccountReport {
            account_id: Some(format!("{at:012}")),
            cases: vec![case],
            ..AccountReport::default()
        };
        let accounts = cases.into_iter().enumerate().map(account).collect();
        TestReport { accounts, ..TestReport::new(Timestamp::UNIX_EPOCH) }
    }

    fn cases(report: &TestReport) -> Cases {
        let subject = Subject::new(1, report);
        Cases::new(&subject, &Failures::new(&subject))
    }

    #[test]
    fn a_case_of_one_request_is_a_row_and_not_a_section() {
        let cases = cases(&report(vec![case(1, 5.0)]));
        assert!(cases.sections.is_empty());
        let plain = cases.plain.expect("a table");
        assert_eq!((plain.rows[0].head.as_str(), plain.rows[0].id.as_deref()), ("c", Some("r1-case-1")));
    }

    #[test]
    fn of_many_accounts_the_failed_and_the_slowest_come_first() {
        let mut all: Vec<CaseReport> = (0..30).map(|at| case(20, f64::from(at))).collect();
        all[4].success = false;
        let cases = cases(&report(all));
        let latency = cases.sections[0].latency.as_ref().expect("a table");
        let heads: Vec<&str> = latency.rows.iter().take(3).map(|row| row.head.as_str()).collect();
        assert_eq!(heads, ["000000000004", "000000000029", "000000000028"]);
        assert_eq!((latency.rows.len(), latency.folded.len()), (8, 22));
        assert_eq!(cases.sections[0].verdict, "FAILED in 1 of 30 accounts");
    }
}
