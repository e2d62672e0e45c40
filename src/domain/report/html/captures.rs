//! What came of captured traffic: how much of it was sent, which labels are more or less frequent now, and where answers
//! differ most.

use serde::Serialize;

use super::figures::{as_float, count, metric, percent};
use super::table::Table;
use crate::domain::report::results::{CaptureReport, Difference, LabelShift};

#[derive(Serialize)]
pub(super) struct Capture {
    line: String,
    tables: Vec<Table>,
}

impl Capture {
    /// Of the account whose answers agree least.
    pub(super) fn new<'a>(
        are_several: bool,
        reports: impl Iterator<Item = (&'a str, &'a CaptureReport)>,
    ) -> Option<Self> {
        let (account, report) = reports.min_by_key(|(_, report)| report.agreed)?;
        let whose = if are_several { format!("{account}: ") } else { String::new() };
        let CaptureReport { drawn, records, files, unusable, agreed, compared, source, window, .. } = report;
        let window = if window.is_empty() { String::new() } else { format!(" {window}") };
        let [drawn, records, files, agreed, compared] = [drawn, records, files, agreed, compared].map(|of| count(*of));
        let unusable = if *unusable == 0 { String::new() } else { format!(", {} of no use", count(*unusable)) };
        Some(Self {
            line: format!(
                "{whose}{drawn} of {records} requests were drawn by seed {} from {files} files of {source}{window}{unusable}. \
                 {agreed} of {compared} answers agree with the captured ones.",
                report.seed
            ),
            tables: [labels(report), differences(report)].into_iter().flatten().collect(),
        })
    }
}

fn labels(report: &CaptureReport) -> Option<Table> {
    let [captured, now] = [|one: &LabelShift| one.captured, |one: &LabelShift| one.now]
        .map(|of| as_float(report.labels.iter().map(of).sum::<u64>()));
    let row = |shift: &LabelShift| {
        let (was, is) = (as_float(shift.captured) / captured, as_float(shift.now) / now);
        let points = format!("{:+.1}", (is - was) * 100.0);
        let cells = vec![count(shift.captured), count(shift.now), percent(was), percent(is), points];
        (shift.label.clone(), cells)
    };
    let heads = vec!["Label", "Captured", "Now", "Share captured", "Share now", "Points"];
    Table::of("How often each label is predicted", heads, report.labels.iter().map(row).collect())
}

fn differences(report: &CaptureReport) -> Option<Table> {
    let has_content = report.differences.iter().any(|one| one.captured.is_some());
    let row = |one: &Difference| {
        let mut cells = vec![
            one.event_id.clone().unwrap_or_default(),
            one.row.map(count).unwrap_or_default(),
            if one.agrees { "agrees" } else { "differs" }.to_owned(),
            one.by.map(|by| if by < 0.0 { metric(by) } else { format!("+{}", metric(by)) }).unwrap_or_default(),
        ];
        if has_content {
            cells.extend([&one.captured, &one.now].map(|text| text.clone().unwrap_or_default()));
        }
        (one.place.clone(), cells)
    };
    let mut heads = vec!["Record", "Event", "Row", "Answer", "Score or number"];
    if has_content {
        heads.extend(["Captured", "Now"]);
    }
    Table::of("The largest differences", heads, report.differences.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_that_agrees_least_is_shown_with_its_largest_differences() {
        let report = |agreed| CaptureReport {
            source: "s3://b/e/".to_owned(),
            window: "since 2026-11-29T08:00:00Z".to_owned(),
            files: 2,
            records: 1000,
            drawn: 10,
            compared: 10,
            agreed,
            labels: vec![LabelShift { label: "a".to_owned(), captured: 8, now: 6 }],
            differences: vec![Difference { place: "f:1".to_owned(), by: Some(-0.5), ..Difference::default() }],
            ..CaptureReport::default()
        };
        let capture = Capture::new(true, [("one", &report(10)), ("other", &report(8))].into_iter()).expect("one");
        assert_eq!(
            capture.line,
            "other: 10 of 1,000 requests were drawn by seed 0 from 2 files of s3://b/e/ since 2026-11-29T08:00:00Z. \
             8 of 10 answers agree with the captured ones."
        );
        let cells = |table: usize| capture.tables[table].rows[0].cells.clone();
        assert_eq!(cells(0)[..2], ["8", "6"]);
        assert_eq!(cells(1), ["", "", "differs", "-0.5000"]);
    }
}
