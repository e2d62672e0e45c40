//! The rows of a dataset: features as they stand in the file, and the truth of each.

pub mod body;
pub mod case;
pub mod class;
pub mod classification;
pub mod column;
pub mod csv_file;
pub mod gate;
pub mod jsonl_file;
pub mod metrics;
pub mod prediction;
pub mod regression;
pub mod spec;

use std::collections::BTreeSet;
use std::ops::Range;

use self::case::{DatasetCase, Format, Reading};
use self::class::{Class, Spelling, finite_number};
use self::gate::Task;

use crate::domain::finding::{Finding, Position, nearest};

/// More findings of one file than this help nobody; the rest is counted.
const MOST_FINDINGS: usize = 20;

/// What is sent and what is true of it; there is at least one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) features: Vec<Cell>,
    pub(super) label: Cell,
    /// Where it starts in the file.
    pub(super) line: usize,
}

/// One value of a row or an answer, with its text exactly as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Of CSV, which makes no difference between a number and a text.
    Untyped(String),
    /// Of JSON: a text.
    Text(String),
    /// Of JSON: a number or a boolean.
    Literal(String),
    Null,
}

impl Dataset {
    /// Reads a dataset's file.
    ///
    /// # Errors
    /// All that keeps the file from being this case's dataset, with file and line.
    pub fn read(case: &DatasetCase, bytes: &[u8]) -> Result<Self, Vec<Finding>> {
        let file = case.file.to_string();
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = line_of(bytes, error.valid_up_to());
            vec![at_line(&file, line, "is not UTF-8 here").hint("save the file as UTF-8")]
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (rows, mut findings) = match case.format {
            Format::Csv => csv_file::rows(case, text, &file),
            Format::Jsonl => jsonl_file::rows(case, text, &file),
        };
        let empty = rows.iter().filter(|row| row.label.text().trim().is_empty());
        findings
            .extend(empty.map(|row| at_line(&file, row.line, format!("has no label: column {} is empty", case.label))));
        if findings.is_empty() && rows.is_empty() {
            findings.push(Finding::error("has no rows").in_file(&file));
        }
        if findings.is_empty() {
            findings = label_findings(case, &rows, &file);
        }
        if findings.len() > MOST_FINDINGS {
            let more = findings.split_off(MOST_FINDINGS).len();
            findings.push(Finding::error(format!("has {more} more such errors")).in_file(&file));
        }
        if findings.is_empty() { Ok(Self { rows }) } else { Err(findings) }
    }

    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// The rows of each request, in order; every row is in exactly one.
    pub fn batches(&self, size: usize) -> impl Iterator<Item = Range<usize>> {
        let rows = self.rows.len();
        (0..rows).step_by(size.max(1)).map(move |start| start..rows.min(start.saturating_add(size.max(1))))
    }
}

impl Cell {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Untyped(text) | Self::Text(text) | Self::Literal(text) => text,
            Self::Null => "",
        }
    }
}

pub(super) fn at_line(file: &str, line: usize, what: impl Into<String>) -> Finding {
    Finding::error(what).at(file, Position { line, column: 1 })
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    bytes[..offset].split(|byte| *byte == b'\n').count()
}

/// What keeps the labels from being the truth of this case.
fn label_findings(case: &DatasetCase, rows: &[Row], file: &str) -> Vec<Finding> {
    if case.task == Task::Regression {
        let wrong = rows.iter().filter(|row| finite_number(row.label.text()).is_none());
        return wrong
            .map(|row| {
                let label = row.label.text();
                at_line(file, row.line, format!("has the label \"{label}\", and regression needs a number"))
            })
            .collect();
    }
    let Some(positive) = &case.positive else { return Vec::new() };
    let labels: Vec<&Cell> = rows.iter().map(|row| &row.label).collect();
    let spelling = Spelling::of(&labels, &[]);
    let positive = &spelling.class(positive);
    let classes: BTreeSet<Class> = rows.iter().map(|row| spelling.class(row.label.text())).collect();
    let names: Vec<String> = classes.iter().take(10).map(Class::to_string).collect();
    let more = if classes.len() > names.len() { ", ..." } else { "" };
    let known = format!("its classes are {}{more}", names.join(", "));
    if !classes.contains(positive) {
        let finding =
            Finding::error(format!("has no row of the positive class \"{positive}\"")).in_file(file).cause(known);
        let near = nearest(&positive.to_string(), names.iter().map(String::as_str)).map(str::to_owned);
        return vec![match near {
            Some(near) => finding.hint(format!("did you mean \"{near}\"?")),
            None => finding,
        }];
    }
    let with_threshold = matches!(case.reading, Reading::Threshold { .. });
    if case.reading.has_scores() && classes.len() == 1 {
        let what = format!("has only rows of the positive class \"{positive}\", and a score is judged between two");
        return vec![Finding::error(what).in_file(file)];
    }
    if with_threshold && classes.len() != 2 {
        let what = format!("has {} classes, and a threshold can tell two apart", classes.len());
        return vec![Finding::error(what).in_file(file).cause(known)];
    }
    Vec::new()
}

#[cfg(test)]
pub(super) mod tests {
    use super::spec::DatasetSpec;
    use super::*;

    fn case(yaml: &str) -> DatasetCase {
        let prediction = if yaml.contains("threshold") { "" } else { "prediction: '$[*]', " };
        let yaml = format!("{{{prediction}{yaml}}}");
        serde_yaml::from_str::<DatasetSpec>(&yaml).expect("valid").compile().expect("compiles")
    }

    pub(in super::super) fn rows(yaml: &str, text: &str) -> Vec<(String, String)> {
        let dataset = Dataset::read(&case(yaml), text.as_bytes()).expect(text);
        let features = |row: &Row| row.features.iter().map(Cell::text).collect::<Vec<_>>().join("|");
        dataset.rows.iter().map(|row| (features(row), row.label.text().to_owned())).collect()
    }

    pub(in super::super) fn errors(yaml: &str, text: &str) -> Vec<String> {
        let findings = Dataset::read(&case(yaml), text.as_bytes()).expect_err(text);
        findings
            .iter()
            .map(|found| {
                let more = [&found.cause, &found.hint].into_iter().flatten();
                more.fold(found.to_string(), |text, more| format!("{text}; {more}"))
            })
            .collect()
    }

    pub(in super::super) fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
        pairs.map(|(features, label)| (features.to_owned(), label.to_owned())).into()
    }

    #[test]
    fn what_keeps_a_file_from_being_the_truth_is_said() {
        for (yaml, text, message) in [
            ("label: y", "a,y\n1,2\n1, ", "x.csv:3:1: has no label: column \"y\" is empty"),
            ("label: y", "a,y\n", "x.csv: has no rows"),
            ("label: y", "", "x.csv: has no rows"),
            (
                "label: y, task: regression",
                "a,y\n1,2\n1,?",
                "x.csv:3:1: has the label \"?\", and regression needs a number",
            ),
            (
                "label: y, positive: setsoa",
                "a,y\n1,setosa\n2,virginica",
                "x.csv: has no row of the positive class \"setsoa\"; its classes are setosa, virginica; did you mean \"setosa\"?",
            ),
            ("label: y, positive: 1, score: $", "a,y\n1,1", "x.csv: has only rows of the positive class \"1\""),
            ("label: y, positive: 1, score: $, threshold: 0", "a,y\n1,1\n1,2\n1,3", "x.csv: has 3 classes"),
        ] {
            let shown = errors(&format!("file: x.csv, {yaml}"), text);
            assert!(shown.len() == 1 && shown[0].starts_with(message), "{text:?}: {shown:#?}");
        }
        let bytes = b"a,y\n1,\xff";
        let findings = Dataset::read(&case("file: x.csv, label: y"), bytes).expect_err("no UTF-8");
        assert_eq!(findings[0].to_string(), "x.csv:2:1: is not UTF-8 here");
    }

    #[test]
    fn a_file_that_is_wrong_throughout_is_not_repeated_at_length() {
        let shown = errors("file: x.csv, label: y", &format!("a,y\n{}", "1\n".repeat(500)));
        assert_eq!((shown.len(), shown[20].as_str()), (21, "x.csv: has 480 more such errors"));
    }

    #[test]
    fn every_row_is_in_exactly_one_batch() {
        let dataset = Dataset::read(&case("file: x.csv, label: y"), "a,y\n1,2\n1,2\n1,2\n1,2\n1,2".as_bytes());
        let dataset = dataset.expect("five rows");
        assert_eq!(dataset.batches(2).collect::<Vec<_>>(), [0..2, 2..4, 4..5]);
        assert_eq!(dataset.batches(5).count() + dataset.batches(usize::MAX).count(), 2);
        assert_eq!(dataset.row_count(), 5);
    }
}
