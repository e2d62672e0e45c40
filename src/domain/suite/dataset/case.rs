//! A dataset case that was checked, and what it reads out of an answer.

use std::fmt;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::class::finite_number;
use super::column::Column;
use super::gate::{Gate, Task};
use super::highest::{Distribution, Highest};
use super::list;
use super::prediction::Pick;
use super::row::Cell;
use super::template::BodyTemplate;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::suite::expectation::MOST_BYTES_AT_ONCE;
use crate::domain::text::excerpt::cut;

/// Where a dataset's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatasetFile {
    /// Relative to the suite's own file.
    Path(String),
    S3(S3Uri),
}

/// A dataset case that can be run as soon as its file is read.
#[derive(Clone, Debug)]
pub struct DatasetCase {
    pub file: DatasetFile,
    pub format: Format,
    pub header: bool,
    /// None: all columns but the label.
    pub features: Option<Vec<Column>>,
    /// Those whose cells are JSON, of a CSV file.
    pub json_columns: Vec<Column>,
    pub label: Column,
    /// The column that says which rows are ranked together.
    pub query: Option<Column>,
    /// How many features a row of libsvm has; those that it does not name are 0.
    pub n_features: Option<usize>,
    /// What the features of libsvm count from.
    pub first_index: usize,
    /// Whether predictions may be lists, as the truth is.
    pub has_lists: bool,
    pub batch_size: usize,
    pub task: Task,
    pub reading: Reading,
    /// Of the bodies, where none of the known forms will do.
    pub template: Option<BodyTemplate>,
    /// As it is written.
    pub positive: Option<String>,
    /// How many classes with the highest probabilities count as predicted, for the accuracy of the top k.
    pub k: Option<usize>,
    /// What a regression predicts, for the pinball loss.
    pub quantile: Option<f64>,
    pub gates: Vec<Gate>,
}

/// How a row's prediction comes out of an answer.
#[derive(Clone, Debug)]
pub enum Reading {
    /// It stands in the answer, and so may the positive class's score.
    Picked { prediction: Pick, score: Option<Pick> },
    /// It is the positive class if the score is at least the threshold, else the other one.
    Threshold { score: Pick, threshold: f64 },
    /// It is the class that the probabilities of all classes are for.
    Highest(Highest),
    /// The model ranks classes or items itself, the best first.
    Ranked(Pick),
}

/// What an answer says of each row of its batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// The predicted classes or numbers; empty where a threshold decides.
    pub(crate) values: Vec<Cell>,
    /// Empty where the test asks for none.
    pub(crate) scores: Vec<f64>,
    /// Empty where predictions are no matter of probabilities.
    pub(crate) probabilities: Vec<Distribution>,
    /// Empty where the model does not rank.
    pub(super) ranked: Vec<Vec<Cell>>,
}

/// How a dataset's file holds its rows.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// `LABEL INDEX:VALUE ...` a line.
    Libsvm,
}

impl fmt::Display for DatasetFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::S3(uri) => uri.fmt(f),
        }
    }
}

impl DatasetFile {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            None if text.is_empty() => Err("has a dataset without a file".to_owned()),
            None => Ok(Self::Path(text.to_owned())),
            Some(("s3", _)) => match text.parse::<S3Uri>() {
                Ok(uri) if !uri.key.is_empty() => Ok(Self::S3(uri)),
                _ => Err(format!("has a dataset file that names no bucket and key: \"{text}\"")),
            },
            Some(_) => Err(format!("has a dataset file that is neither a path nor an s3:// URI: \"{text}\"")),
        }
    }
}

impl Format {
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "jsonlines" | "ndjson" => Some(Self::Jsonl),
            "libsvm" | "svm" | "svmlight" => Some(Self::Libsvm),
            _ => None,
        }
    }
}

impl Reading {
    /// Whether the answers have scores of the positive class.
    pub(crate) fn has_scores(&self) -> bool {
        matches!(self, Self::Threshold { .. } | Self::Picked { score: Some(_), .. })
    }

    /// Whether the answers have the predictions themselves.
    pub(crate) fn has_values(&self) -> bool {
        matches!(self, Self::Picked { .. } | Self::Highest(_) | Self::Ranked(_))
    }
}

impl DatasetCase {
    /// Whether rows are ranked together by query.
    pub(super) fn has_queries(&self) -> bool {
        self.task == Task::Ranking && !matches!(self.reading, Reading::Ranked(_))
    }

    /// Whether an answer is read at once: it is small, and no path can make much of it.
    pub(crate) fn is_quick(&self, bytes: &[u8]) -> bool {
        self.reading.is_plain() && bytes.len() <= MOST_BYTES_AT_ONCE
    }

    /// Reads what an answer says of each of the `rows` rows of its batch.
    ///
    /// # Errors
    /// Why the answer has not one usable value for each row.
    pub fn read_answer(&self, content_type: Option<&str>, bytes: &[u8], rows: usize) -> Result<Predictions, String> {
        self.reading.read(content_type, bytes, rows, Values { task: self.task, has_lists: self.has_lists })
    }
}

/// What the predictions of an answer are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values {
    pub(crate) task: Task,
    pub(crate) has_lists: bool,
}

impl Reading {
    /// Whether no path of it can make much of an answer.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Self::Threshold { score, .. } => score.is_plain(),
            Self::Highest(highest) => highest.pick.is_plain(),
            Self::Ranked(pick) => pick.is_plain(),
            Self::Picked { prediction, score } => prediction.is_plain() && score.as_ref().is_none_or(Pick::is_plain),
        }
    }

    /// How many rows an answer speaks of.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub(crate) fn rows(&self, content_type: Option<&str>, bytes: &[u8]) -> Result<usize, String> {
        let pick = match self {
            Self::Threshold { score, .. } => score,
            Self::Highest(highest) => &highest.pick,
            Self::Ranked(pick) | Self::Picked { prediction: pick, .. } => pick,
        };
        match pick.rows(content_type, bytes)? {
            0 => Err(format!("expected a value at {pick}, got none")),
            rows => Ok(rows),
        }
    }

    /// Reads what an answer says of each of so many rows.
    ///
    /// # Errors
    /// Why the answer has not one usable value for each row.
    pub(crate) fn read(
        &self,
        content_type: Option<&str>,
        bytes: &[u8],
        rows: usize,
        Values { task, has_lists }: Values,
    ) -> Result<Predictions, String> {
        let scores = |pick: &Pick| numbers(pick, &pick.values(content_type, bytes, rows, false)?);
        match self {
            Self::Threshold { score, .. } => Ok(Predictions { scores: scores(score)?, ..Predictions::default() }),
            Self::Highest(highest) => {
                let probabilities = highest.read(content_type, bytes, rows)?;
                let values = probabilities.iter().map(|row| highest.predicted(row)).collect();
                Ok(Predictions { values, probabilities, ..Predictions::default() })
            }
            Self::Ranked(pick) => {
                let ranked = ranked(pick, &pick.items(content_type, bytes, rows)?)?;
                let values = ranked.iter().filter_map(|row| row.first().cloned()).collect();
                Ok(Predictions { values, ranked, ..Predictions::default() })
            }
            Self::Picked { prediction, score } => {
                let values = prediction.values(content_type, bytes, rows, has_lists)?;
                match task {
                    Task::Regression if has_lists => {
                        let wrong = values.iter().position(|value| list::numbers(value).is_none());
                        if let Some(at) = wrong {
                            let got = cut(values[at].text());
                            return Err(format!("expected numbers at {prediction}, got \"{got}\" for row {}", at + 1));
                        }
                    }
                    Task::Regression | Task::Ranking => _ = numbers(prediction, &values)?,
                    Task::Classification => {}
                }
                let scores = score.as_ref().map(scores).transpose()?.unwrap_or_default();
                Ok(Predictions { values, scores, ..Predictions::default() })
            }
        }
    }
}

/// What is ranked for each row: a list of labels, or of objects that have one each.
fn ranked(pick: &Pick, items: &[Value]) -> Result<Vec<Vec<Cell>>, String> {
    let label = |item: &Value| match item.get("label").unwrap_or(item) {
        Value::String(text) => Some(Cell::Text(text.clone())),
        scalar @ (Value::Number(_) | Value::Bool(_)) => Some(Cell::Literal(scalar.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let row = |(at, item): (usize, &Value)| {
        let wrong = |got: &str| format!("expected ranked labels at {pick}, got {got} for row {}", at + 1);
        let items = item.as_array().ok_or_else(|| wrong(&cut(&item.to_string())))?;
        let labels: Option<Vec<Cell>> = items.iter().map(label).collect();
        match labels {
            Some(labels) if labels.is_empty() => Err(wrong("none")),
            Some(labels) => Ok(labels),
            None => Err(wrong(&cut(&item.to_string()))),
        }
    };
    items.iter().enumerate().map(row).collect()
}

fn numbers(pick: &Pick, values: &[Cell]) -> Result<Vec<f64>, String> {
    let number = |(at, value): (usize, &Cell)| {
        let text = value.text();
        let wrong = || format!("expected a number at {pick}, got \"{}\" for row {}", cut(text), at + 1);
        finite_number(text).ok_or_else(wrong)
    };
    values.iter().enumerate().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::super::spec::DatasetSpec;
    use super::*;

    fn compiled(yaml: &str) -> DatasetCase {
        serde_yaml::from_str::<DatasetSpec>(yaml).expect("valid").compile().expect("compiles")
    }

    #[test]
    fn what_is_no_number_is_told_as_any_text_of_a_model() {
        let case =
            compiled("{file: a.csv, label: y, task: regression, prediction: {cells: all}, gates: {rmse: {max: 1}}}");
        let answer = format!("\u{1b}[2J{}", "a".repeat(100_000));
        let message = case.read_answer(Some("text/csv"), answer.as_bytes(), 1).expect_err("no number");
        assert!(message.contains("got \"\\u{1b}[2Jaaa") && message.len() < 400, "{message}");
    }

    #[test]
    fn an_answer_is_read_for_prediction_and_score() {
        let case = compiled("{file: x.csv, label: y, prediction: {column: 0}, score: {column: 1}, positive: a}");
        let read = case.read_answer(Some("text/csv"), b"a,0.9\nb,1e-1", 2).expect("two rows");
        assert_eq!(
            read,
            Predictions {
                values: ["a", "b"].map(|text| Cell::Untyped(text.to_owned())).into(),
                scores: vec![0.9, 0.1],
                ..Predictions::default()
            }
        );
        let error = case.read_answer(None, b"a,0.9\nb,high", 2).expect_err("no number");
        assert_eq!(error, "expected a number at column 1, got \"high\" for row 2");
        let case = compiled("{file: x.csv, label: y, prediction: '$[*]', task: regression}");
        assert!(case.read_answer(None, b"[1, \"NaN\"]", 2).expect_err("NaN").contains("got \"NaN\" for row 2"));
        assert!(case.read_answer(None, b"[1, \"2.5\"]", 2).is_ok());
    }
}
