//! A dataset case that was checked, and what it reads out of an answer.

use std::fmt;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::Cell;
use super::class::finite_number;
use super::column::Column;
use super::gate::{Gate, Task};
use super::prediction::Pick;
use crate::domain::expectation::MOST_BYTES_AT_ONCE;
use crate::domain::s3_uri::S3Uri;

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
    pub label: Column,
    pub batch_size: usize,
    pub task: Task,
    pub reading: Reading,
    /// As it is written.
    pub positive: Option<String>,
    pub gates: Vec<Gate>,
}

/// How a row's prediction comes out of an answer.
#[derive(Clone, Debug)]
pub enum Reading {
    /// It stands in the answer, and so may the positive class's score.
    Picked { prediction: Pick, score: Option<Pick> },
    /// It is the positive class if the score is at least the threshold, else the other one.
    Threshold { score: Pick, threshold: f64 },
}

/// What an answer says of each row of its batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// The predicted classes or numbers; empty where a threshold decides.
    pub(super) values: Vec<Cell>,
    /// Empty where the test asks for none.
    pub(super) scores: Vec<f64>,
}

/// How a dataset's file holds its rows.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    /// One JSON object a line.
    Jsonl,
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
            _ => None,
        }
    }
}

impl Reading {
    /// Whether the answers have scores of the positive class.
    pub fn has_scores(&self) -> bool {
        matches!(self, Self::Threshold { .. } | Self::Picked { score: Some(_), .. })
    }

    /// Whether the answers have the predictions themselves.
    pub fn has_values(&self) -> bool {
        matches!(self, Self::Picked { .. })
    }
}

impl DatasetCase {
    /// Whether an answer is read at once: it is small, and no path can make much of it.
    pub fn is_quick(&self, bytes: &[u8]) -> bool {
        let are_plain = match &self.reading {
            Reading::Threshold { score, .. } => score.is_plain(),
            Reading::Picked { prediction, score } => prediction.is_plain() && score.as_ref().is_none_or(Pick::is_plain),
        };
        are_plain && bytes.len() <= MOST_BYTES_AT_ONCE
    }

    /// Reads what an answer says of each of the `rows` rows of its batch.
    ///
    /// # Errors
    /// Why the answer has not one usable value for each row.
    pub fn read_answer(&self, content_type: Option<&str>, bytes: &[u8], rows: usize) -> Result<Predictions, String> {
        let values = |pick: &Pick| pick.values(content_type, bytes, rows);
        let scores = |pick: &Pick| numbers(pick, &values(pick)?);
        match &self.reading {
            Reading::Threshold { score, .. } => Ok(Predictions { values: Vec::new(), scores: scores(score)? }),
            Reading::Picked { prediction, score } => {
                let values = values(prediction)?;
                if self.task == Task::Regression {
                    numbers(prediction, &values)?;
                }
                let scores = score.as_ref().map(scores).transpose()?.unwrap_or_default();
                Ok(Predictions { values, scores })
            }
        }
    }
}

fn numbers(pick: &Pick, values: &[Cell]) -> Result<Vec<f64>, String> {
    let number = |(at, value): (usize, &Cell)| {
        let text = value.text();
        finite_number(text).ok_or_else(|| format!("expected a number at {pick}, got \"{text}\" for row {}", at + 1))
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
    fn an_answer_is_read_for_prediction_and_score() {
        let case = compiled("{file: x.csv, label: y, prediction: {column: 0}, score: {column: 1}, positive: a}");
        let read = case.read_answer(Some("text/csv"), b"a,0.9\nb,1e-1", 2).expect("two rows");
        assert_eq!(
            read,
            Predictions {
                values: ["a", "b"].map(|text| Cell::Untyped(text.to_owned())).into(),
                scores: vec![0.9, 0.1]
            }
        );
        let error = case.read_answer(None, b"a,0.9\nb,high", 2).expect_err("no number");
        assert_eq!(error, "expected a number at column 1, got \"high\" for row 2");
        let case = compiled("{file: x.csv, label: y, prediction: '$[*]', task: regression}");
        assert!(case.read_answer(None, b"[1, \"NaN\"]", 2).expect_err("NaN").contains("got \"NaN\" for row 2"));
        assert!(case.read_answer(None, b"[1, \"2.5\"]", 2).is_ok());
    }
}
