//! The rows of a dataset: features as they stand in the file, and the truth of each. No more of them is in memory than
//! a request takes.

pub(crate) mod batch;
pub(crate) mod body;
pub(crate) mod case;
pub(crate) mod class;
pub(crate) mod classification;
pub(crate) mod column;
mod csv_file;
mod form;
pub(crate) mod gate;
pub(crate) mod highest;
mod json;
mod jsonl_file;
mod labels;
mod libsvm_file;
mod likelihood;
mod lines;
mod list;
pub(crate) mod metrics;
mod npy_answer;
mod npy_body;
pub(crate) mod prediction;
pub(crate) mod prediction_spec;
mod ranking;
pub(crate) mod regression;
pub(crate) mod row;
pub mod source;
pub(crate) mod spec;
mod template;
mod text;
mod written;

use std::sync::Arc;

use self::case::{DatasetCase, Format};
use self::labels::Labels;
use self::row::Row;
use self::source::Source;
use crate::domain::finding::Finding;

/// More findings of one file than this help nobody; the rest is counted.
const MOST_FINDINGS: usize = 20;

/// What is sent and what is true of it; there is at least one row.
#[derive(Clone, Debug)]
pub struct Dataset {
    source: Arc<dyn Source>,
    rows: usize,
    /// Whether the truth of a row is a list.
    has_lists: bool,
}

impl Dataset {
    /// Reads a dataset's file once, to check it.
    ///
    /// # Errors
    /// All that keeps the file from being this case's dataset, with file and line.
    pub(crate) fn read(case: &DatasetCase, source: Arc<dyn Source>) -> Result<Self, Vec<Finding>> {
        let mut found = Found::default();
        let mut labels = Labels::new(case);
        for row in rows(case, &*source) {
            match row {
                Ok(row) => found.extend(labels.add(&row.label, row.line)),
                Err(findings) => found.extend(findings),
            }
        }
        let (rows, has_lists) = (labels.count(), labels.has_lists());
        if found.first.is_empty() {
            found.extend(labels.lack());
        }
        let file = case.file.to_string();
        let mut findings = found.first;
        if found.more > 0 {
            findings.push(Finding::error(format!("has {} more such errors", found.more)).in_file(&file));
        }
        if findings.is_empty() {
            findings.extend(template_finding(case, &*source));
        }
        if findings.is_empty() { Ok(Self { source, rows, has_lists }) } else { Err(findings) }
    }

    /// Whether the truth of a row is a list, so that predictions may be.
    pub(crate) fn has_lists(&self) -> bool {
        self.has_lists
    }

    /// How many rows there are.
    pub(crate) fn row_count(&self) -> usize {
        self.rows
    }
}

/// What keeps the case's template from being rendered with the first row.
fn template_finding(case: &DatasetCase, source: &dyn Source) -> Option<Finding> {
    let template = case.template.as_ref()?;
    let first = rows(case, source).next()?.ok()?;
    let columns = first.names.join(", ");
    let reason = template.render(&[first]).err()?;
    let finding = Finding::error("cannot be sent by dataset.template").in_file(&case.file.to_string());
    Some(finding.cause(reason).hint(format!("its columns are {columns}")))
}

/// The rows of a file in order, or what is wrong with each.
fn rows<'a>(case: &'a DatasetCase, source: &'a dyn Source) -> Box<dyn Iterator<Item = Result<Row, Vec<Finding>>> + 'a> {
    match case.format {
        Format::Csv => Box::new(csv_file::Rows::new(case, source.open())),
        Format::Jsonl => Box::new(jsonl_file::Rows::new(case, source.open())),
        Format::Libsvm => Box::new(libsvm_file::Rows::new(case, source.open())),
    }
}

/// The first findings, and how many there are beside them.
#[derive(Default)]
struct Found {
    first: Vec<Finding>,
    more: usize,
}

impl Found {
    fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            if self.first.len() < MOST_FINDINGS { self.first.push(finding) } else { self.more += 1 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::row::Cell;
    use super::spec::DatasetSpec;
    use super::*;
    use crate::domain::suite::payload::REAL_TIME_BYTES;

    fn case(yaml: &str) -> DatasetCase {
        let prediction = if yaml.contains("threshold") { "" } else { "prediction: '$[*]', " };
        let yaml = format!("{{{prediction}{yaml}}}");
        serde_yaml::from_str::<DatasetSpec>(&yaml).expect("valid").compile().expect("compiles")
    }

    fn read(case: &DatasetCase, bytes: &[u8]) -> Result<Dataset, Vec<Finding>> {
        Dataset::read(case, Arc::new(bytes.to_vec()))
    }

    pub(crate) fn rows(yaml: &str, text: &str) -> Vec<(String, String)> {
        let case = case(yaml);
        let dataset = read(&case, text.as_bytes()).expect(text);
        let rows: Vec<Row> = super::rows(&case, &*dataset.source).collect::<Result<_, _>>().expect(text);
        assert_eq!(rows.len(), dataset.row_count());
        let features = |row: &Row| row.features.iter().map(Cell::text).collect::<Vec<_>>().join("|");
        rows.iter().map(|row| (features(row), row.label.text().to_owned())).collect()
    }

    pub(crate) fn errors(yaml: &str, text: &str) -> Vec<String> {
        let findings = read(&case(yaml), text.as_bytes()).expect_err(text);
        findings
            .iter()
            .map(|found| {
                let more = [&found.cause, &found.hint].into_iter().flatten();
                more.fold(found.to_string(), |text, more| format!("{text}; {more}"))
            })
            .collect()
    }

    pub(crate) fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
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
        let findings = read(&case("file: x.csv, label: y"), bytes).expect_err("no UTF-8");
        assert_eq!(findings[0].to_string(), "x.csv:2:1: is not UTF-8 here");
    }

    #[test]
    fn a_file_that_is_wrong_throughout_is_not_repeated_at_length() {
        let shown = errors("file: x.csv, label: y", &format!("a,y\n{}", "1\n".repeat(500)));
        assert_eq!((shown.len(), shown[20].as_str()), (21, "x.csv: has 480 more such errors"));
    }

    #[test]
    fn a_row_without_end_is_no_row() {
        for (yaml, begin, line) in [
            ("x.csv, label: y", "a,y\n1,2\n\n1,\"", 4),
            ("x.csv, label: y", "a,\"", 1),
            ("x.jsonl, label: y", "{\"a\": 1, \"y\": 1}\n\n{\"a\": \"", 3),
            ("x.jsonl, label: y", "{\"a\": \"", 1),
            ("x.libsvm", "1 1:1\n", 2),
            ("x.libsvm", "1 1:1 ", 1),
        ] {
            let name = yaml.split(',').next().unwrap_or_default();
            let text = format!("{begin}{}", "x".repeat(REAL_TIME_BYTES + 1));
            let shown = errors(&format!("file: {yaml}"), &text);
            let message = format!("{name}:{line}:1: begins a row of more than 25000000 bytes");
            assert!(shown.len() == 1 && shown[0].starts_with(&message), "{shown:?}");
        }
    }

    #[test]
    fn a_file_without_labels_is_said_to_be_without_them() {
        let shown = errors("file: x.csv, label: y", "a,y\n1,2\n1,\n1,2,3\n");
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert!(shown[0].starts_with("x.csv:3:1: has no label") && shown[1].starts_with("x.csv:4:1: has 3 columns"));
    }
}
