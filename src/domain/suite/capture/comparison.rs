//! From the answers to captured requests to the results of a capture case.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::case::{CaptureCase, Pair, Row, SHOWN_CHARS};
use super::metrics::{AGREEMENT, LABEL_SHIFT, SCORE_BIAS, SCORE_SHIFT, SCORE_SHIFT_MAX, UNUSABLE};
use super::sample::{Found, Record, Sample};
use super::shift::Labels;
use crate::domain::report::results::{CaptureReport, DatasetReport, Difference};
use crate::domain::suite::dataset::gate::Task;
use crate::domain::suite::dataset::regression::{Numbers, evaluate_all};
use crate::domain::suite::number::Exact;
use crate::domain::text::count::counted;
use crate::domain::text::excerpt::cut_to;

/// So many of the largest differences are told.
const MOST_DIFFERENCES: usize = 20;
/// Of more rows, nothing is said of how their differences are spread.
const MOST_SPREAD: u64 = 1_000_000;

/// What came of the answers so far.
pub(crate) struct Comparison<'a> {
    case: &'a CaptureCase,
    sample: &'a Sample,
    found: Found,
    compared: u64,
    agreed: u64,
    rows: u64,
    labels: Labels,
    scores: Scores,
    /// The largest one first.
    largest: Vec<(Rank, Difference)>,
}

/// How much greater scores or numbers are now.
#[derive(Default)]
struct Scores {
    count: u64,
    sum: f64,
    distance: f64,
    most: f64,
    spread: Numbers,
}

impl Scores {
    fn add(&mut self, by: f64) {
        self.count += 1;
        self.sum += by;
        self.distance += by.abs();
        self.most = self.most.max(by.abs());
        match self.count {
            ..=MOST_SPREAD => self.spread.add(&Exact::Float(0.0), &Exact::Float(by)),
            _ => self.spread = Numbers::default(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody captures 2^52 rows")]
    fn metrics(&self) -> Vec<(&'static str, f64)> {
        if self.count == 0 {
            return Vec::new();
        }
        let rows = self.count as f64;
        vec![(SCORE_SHIFT, self.distance / rows), (SCORE_SHIFT_MAX, self.most), (SCORE_BIAS, self.sum / rows)]
    }
}

impl<'a> Comparison<'a> {
    pub(crate) fn new(case: &'a CaptureCase, sample: &'a Sample) -> Self {
        Self {
            case,
            sample,
            found: sample.found.clone(),
            compared: 0,
            agreed: 0,
            rows: 0,
            labels: Labels::default(),
            scores: Scores::default(),
            largest: Vec::new(),
        }
    }

    /// Takes in an answer beside the captured one.
    pub(crate) fn add(&mut self, record: &Record, pair: &Pair) {
        self.compared += 1;
        self.agreed += u64::from(pair.agrees);
        self.rows += if pair.rows.is_empty() { 1 } else { pair.rows.len() as u64 };
        if pair.rows.is_empty() && !pair.agrees {
            let shown = || pair.shown.clone();
            self.keep(record, &Rank { agrees: false, by: None }, None, &shown);
        }
        let several = pair.rows.len() > 1;
        for (number, row) in (1..).zip(&pair.rows) {
            row.by.into_iter().for_each(|by| self.scores.add(by));
            if self.case.task == Task::Classification {
                self.labels.add(&row.captured, &row.now);
            }
            let shown = || Some([&row.captured, &row.now].map(|text| cut_to(text, SHOWN_CHARS)));
            self.keep(record, &Rank::of(row), several.then_some(number), &shown);
        }
    }

    /// Notes a captured record whose answer cannot be read.
    pub(crate) fn miss(&mut self, why: String) {
        self.found.unusable += 1;
        self.found.trouble(why);
    }

    /// Keeps a difference if it is among the largest; of those that are as large, the first.
    fn keep(&mut self, record: &Record, rank: &Rank, row: Option<u64>, shown: &dyn Fn() -> Option<[String; 2]>) {
        if rank.is_none() {
            return;
        }
        let place = self.largest.partition_point(|(other, _)| other.cmp(rank) != Ordering::Less);
        if place >= MOST_DIFFERENCES {
            return;
        }
        let shown = if self.case.show_content { shown() } else { None };
        let [captured, now] = shown.map_or([None, None], |both| both.map(Some));
        let difference = Difference {
            place: record.place.clone(),
            event_id: record.captured.event_id.clone(),
            row,
            agrees: rank.agrees,
            by: rank.by,
            captured,
            now,
        };
        self.largest.insert(place, (*rank, difference));
        self.largest.truncate(MOST_DIFFERENCES);
    }

    /// The results: metrics as of a dataset whose truth was captured, and what is of captures alone; besides, which records
    /// are of no use where no gate says how many may be.
    #[expect(clippy::cast_precision_loss, reason = "nobody captures 2^52 rows")]
    pub(crate) fn finish(self) -> (DatasetReport, CaptureReport, Vec<String>) {
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let (labels, confusion) = self.labels.tables(self.case.show_content);
        let mut metrics: BTreeMap<String, f64> =
            self.scores.metrics().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        for (name, value) in [
            (AGREEMENT, share(self.agreed, self.compared)),
            (LABEL_SHIFT, self.labels.shift()),
            (UNUSABLE, share(self.found.unusable, self.found.records)),
        ] {
            metrics.extend(value.map(|value| (name.to_owned(), value)));
        }
        let residuals = (self.scores.count > 0).then(|| evaluate_all(vec![self.scores.spread], None).1).flatten();
        let mut troubles = self.found.troubles;
        if self.found.untold > 0 {
            troubles.push(format!("and {} more", self.found.untold));
        }
        let window = self.sample.window.in_words();
        if self.found.records == 0 {
            let (files, source) = (counted_files(self.found.files), &self.case.draw.source);
            troubles.push(format!("{source} has no captured requests{window}: {files} of that time"));
        }
        let report = CaptureReport {
            source: self.case.draw.source.to_string(),
            window: window.trim_start().to_owned(),
            files: self.found.files,
            records: self.found.records,
            unusable: self.found.unusable,
            seed: self.case.draw.seed,
            drawn: self.sample.len() as u64,
            compared: self.compared,
            agreed: self.agreed,
            labels,
            differences: self.largest.into_iter().map(|(_, difference)| difference).collect(),
        };
        (DatasetReport { rows: self.rows, metrics, confusion, residuals }, report, troubles)
    }
}

fn counted_files(files: u64) -> String {
    counted(usize::try_from(files).unwrap_or(usize::MAX), "capture file")
}

/// How large a difference is: another label before another score.
#[derive(Clone, Copy, Debug)]
struct Rank {
    agrees: bool,
    by: Option<f64>,
}

impl Rank {
    fn of(row: &Row) -> Self {
        Self { agrees: row.agrees, by: row.by }
    }

    fn is_none(&self) -> bool {
        self.agrees && self.by.is_none_or(|by| by == 0.0)
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let size = |rank: &Self| rank.by.map_or(0.0, f64::abs);
        other.agrees.cmp(&self.agrees).then(size(self).total_cmp(&size(other)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::case::OwnTypes;
    use super::super::record::Captured;
    use super::super::sample::Sampler;
    use super::super::spec::CaptureSpec;
    use super::super::window::Window;
    use super::*;

    fn record(score: f64, label: &str) -> String {
        let answer = format!("{{\\\"l\\\": \\\"{label}\\\", \\\"s\\\": {score}}}");
        format!(
            "{{\"captureData\": {{\"endpointInput\": {{\"data\": \"1\", \"encoding\": \"CSV\"}}, \"endpointOutput\": \
             {{\"observedContentType\": \"application/json\", \"data\": \"{answer}\", \"encoding\": \"JSON\"}}}}, \
             \"eventVersion\": \"0\", \"eventMetadata\": {{\"eventId\": \"e\"}}}}\n"
        )
    }

    /// Of captured labels and scores, with what is answered now.
    fn finished(yaml: &str, rows: &[(&str, f64, &str, f64)]) -> (DatasetReport, CaptureReport, Vec<String>) {
        let yaml = format!("{{s3: captured, prediction: $.l, score: $.s{yaml}}}");
        let case = serde_yaml::from_str::<CaptureSpec>(&yaml).expect("valid").compile(OwnTypes::default());
        let case = case.expect("valid");
        let file: String = rows.iter().map(|(label, score, ..)| record(*score, label)).collect();
        let mut kept = Vec::new();
        let mut sampler = Sampler::new(1000, 0, Window::default());
        let mut put_aside = |line: &[u8]| {
            kept.extend_from_slice(line);
            Ok(())
        };
        sampler.read("a.jsonl", file.as_bytes(), &mut put_aside).expect("put aside");
        let sample = sampler.finish(Arc::new(kept));
        let mut comparison = Comparison::new(&case, &sample);
        for (record, (_, _, label, score)) in sample.records().zip(rows) {
            let record = record.expect("a record");
            let answer = format!("{{\"l\": \"{label}\", \"s\": {score}}}");
            let pair = case.compare(&record.captured.output, Some("application/json"), answer.as_bytes());
            comparison.add(&record, &pair.expect("a pair"));
        }
        comparison.finish()
    }

    #[test]
    fn metrics_are_of_what_differs() {
        let rows = [("a", 0.75, "a", 1.0), ("a", 0.5, "b", 0.25), ("b", 0.5, "b", 0.5), ("b", 0.5, "b", 0.5)];
        let (dataset, capture, troubles) = finished("", &rows);
        let metric = |name: &str| dataset.metrics.get(name).copied();
        assert_eq!((metric(AGREEMENT), metric(LABEL_SHIFT)), (Some(0.75), Some(0.25)));
        assert_eq!((metric(SCORE_SHIFT), metric(SCORE_SHIFT_MAX)), (Some(0.125), Some(0.25)));
        assert_eq!((metric(SCORE_BIAS), metric(UNUSABLE)), (Some(0.0), Some(0.0)));
        assert_eq!((capture.compared, capture.agreed, dataset.rows, troubles.len()), (4, 3, 4, 0));
        let largest: Vec<(&str, bool, Option<f64>)> = capture
            .differences
            .iter()
            .map(|difference| (difference.place.as_str(), difference.agrees, difference.by))
            .collect();
        assert_eq!(largest, [("a.jsonl:2", false, Some(-0.25)), ("a.jsonl:1", true, Some(0.25))]);
        assert!(capture.differences.iter().all(|difference| difference.captured.is_none()));
        let shown = finished(", show_content: true", &rows).1.differences.swap_remove(0);
        assert_eq!((shown.captured.as_deref(), shown.now.as_deref()), (Some("a"), Some("b")));
    }

    #[test]
    fn the_largest_differences_are_told_and_no_more() {
        let rows: Vec<(&str, f64, &str, f64)> = (0..100).map(|at| ("a", 0.0, "a", f64::from(at))).collect();
        let differences = finished("", &rows).1.differences;
        let by: Vec<f64> = differences.iter().filter_map(|difference| difference.by).collect();
        assert_eq!((by.len(), by[0], by[19]), (20, 99.0, 80.0));
    }

    #[test]
    fn nothing_captured_is_said_with_the_time() {
        let (dataset, capture, troubles) = finished("", &[]);
        assert!(dataset.metrics.is_empty() && capture.drawn == 0);
        assert_eq!(troubles, ["captured has no captured requests: 1 capture file of that time"]);
        let captured = Captured::parse(record(0.5, "a").as_bytes()).expect("a record");
        assert_eq!(captured.output.bytes, br#"{"l": "a", "s": 0.5}"#);
    }
}
