//! The figures that are held against the model before, those that did not pass first.

use serde::Serialize;

use super::figures::{Change, metric_of, time};
use super::listing::Subject;
use super::table::Table;
use crate::domain::report::results::{BaselineFigure, BaselineReport};

#[derive(Serialize)]
pub(super) struct Baseline {
    line: String,
    table: Option<Table>,
}

/// More rows are folded away.
const ROWS_SHOWN: usize = 20;

impl Baseline {
    pub(super) fn new(subject: &Subject) -> Option<Self> {
        let BaselineReport { file, model_package_arn, finished_at } = subject.report.baseline.as_ref()?;
        let package = model_package_arn.as_ref().map(|arn| format!(", of {arn}")).unwrap_or_default();
        let several = subject.has_several_accounts();
        let mut rows: Vec<(bool, (String, Vec<String>))> = Vec::new();
        for (account, label) in subject.report.accounts.iter().zip(&subject.labels) {
            for case in &account.cases {
                let head = if several { format!("{}, {label}", case.name) } else { case.name.clone() };
                rows.extend(case.baseline.iter().map(|figure| (figure.passes, (head.clone(), cells(figure)))));
            }
        }
        rows.sort_by_key(|(passes, _)| *passes);
        let failed = rows.iter().filter(|(passes, _)| !passes).count();
        let verdict = match (rows.len(), failed) {
            (0, _) => "No case has an against_baseline.".to_owned(),
            (_, 0) => "No figure is worse than it may be.".to_owned(),
            (all, failed) => format!("{failed} of {all} figures are worse than they may be."),
        };
        let line = format!("{verdict} Held against {file}{package}, {}.", time(*finished_at));
        let heads = vec!["Case", "Figure", "Before", "Now", "Change", "Allowed", "Verdict"];
        let mut table = Table::of("Figures", heads, rows.into_iter().map(|(_, row)| row).collect());
        if let Some(table) = &mut table {
            table.rows.iter_mut().take(failed).for_each(|row| row.class = "failed");
            table.folded = table.rows.split_off(table.rows.len().min(ROWS_SHOWN.max(failed)));
        }
        Some(Self { line, table })
    }
}

fn cells(figure: &BaselineFigure) -> Vec<String> {
    let BaselineFigure { name, before, now, allowed, passes } = figure;
    let shown = metric_of(name);
    let change = now.and_then(|now| Change::of_metric(name, *before, now)).map(|change| change.text);
    let now = now.map_or_else(|| "none".to_owned(), shown);
    let verdict = if *passes { "passes" } else { "worse" }.to_owned();
    vec![name.clone(), shown(*before), now, change.unwrap_or_default(), allowed.clone(), verdict]
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::results::{AccountReport, CaseReport, TestReport};

    #[test]
    fn what_is_worse_than_it_may_be_comes_first() {
        let figure = |name: &str, passes| BaselineFigure {
            name: name.to_owned(),
            before: 0.5,
            now: Some(0.25),
            allowed: "may fall by 0.1".to_owned(),
            passes,
        };
        let case = CaseReport {
            name: "c".to_owned(),
            baseline: vec![figure("p95_ms", true), figure("accuracy", false)],
            ..CaseReport::default()
        };
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        report.accounts = vec![AccountReport { cases: vec![case], ..AccountReport::default() }];
        assert!(Baseline::new(&Subject::new(1, &report)).is_none());
        report.baseline = Some(BaselineReport {
            file: "before.json".to_owned(),
            model_package_arn: None,
            finished_at: Timestamp::UNIX_EPOCH,
        });
        let baseline = Baseline::new(&Subject::new(1, &report)).expect("a baseline");
        assert!(baseline.line.starts_with("1 of 2 figures are worse than they may be. Held against before.json, "));
        let rows = baseline.table.expect("a table").rows;
        assert_eq!((rows[0].class, rows[0].cells[0].as_str()), ("failed", "accuracy"));
        assert_eq!(rows[0].cells[1..5], ["0.5000", "0.2500", "−50%", "may fall by 0.1"]);
    }
}
