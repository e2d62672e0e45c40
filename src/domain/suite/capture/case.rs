//! A capture case that was checked, and what it makes of an answer beside the captured one.

use super::answer::is_same;
use super::draw::Draw;
use super::record::Payload;
use crate::domain::suite::dataset::case::{Predictions, Reading, Values};
use crate::domain::suite::dataset::class::Class;
use crate::domain::suite::dataset::gate::{Gate, Task};
use crate::domain::suite::dataset::row::Cell;
use crate::domain::suite::expectation::MOST_BYTES_AT_ONCE;
use crate::domain::suite::number::Exact;
use crate::domain::text::excerpt::cut_to;

/// More of a label or an answer is not shown.
pub(super) const SHOWN_CHARS: usize = 60;

/// What the case says of its requests itself, and not the records.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnTypes {
    pub(crate) content_type: bool,
    pub(crate) accept: bool,
}

/// A capture case that can be run as soon as its files are read.
#[derive(Clone, Debug)]
pub struct CaptureCase {
    pub(crate) draw: Draw,
    pub(crate) task: Task,
    /// None: whole answers are compared.
    pub(crate) reading: Option<Reading>,
    pub(crate) tolerance: f64,
    pub(crate) gates: Vec<Gate>,
    /// Whether results and messages may hold what was asked and answered.
    pub(crate) show_content: bool,
    pub(crate) own: OwnTypes,
}

/// An answer beside the captured one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pair {
    pub agrees: bool,
    /// Empty where whole answers are compared.
    pub(crate) rows: Vec<Row>,
    /// Of whole answers that do not agree: how they begin.
    pub(crate) shown: Option<[String; 2]>,
}

/// A predicted row beside the captured one.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub(crate) captured: String,
    pub(crate) now: String,
    pub(crate) agrees: bool,
    /// How much greater its score, or the predicted number, is now.
    pub(crate) by: Option<f64>,
}

/// Why there is nothing to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpaired {
    /// The captured answer cannot be read.
    Captured(String),
    /// The answer to compare with it cannot be.
    Now(String),
}

impl CaptureCase {
    /// Whether answers are compared at once: they are small, and no path can make much of them.
    pub(crate) fn is_quick(&self, captured: &Payload, bytes: &[u8]) -> bool {
        let are_small = captured.bytes.len() + bytes.len() <= MOST_BYTES_AT_ONCE;
        are_small && self.reading.as_ref().is_none_or(Reading::is_plain)
    }

    /// Holds an answer against the captured one.
    ///
    /// # Errors
    /// One of the two cannot be read.
    pub fn compare(&self, captured: &Payload, content_type: Option<&str>, bytes: &[u8]) -> Result<Pair, Unpaired> {
        let Some(reading) = &self.reading else {
            let agrees = is_same(captured, content_type, bytes, self.tolerance);
            let begin = |bytes: &[u8]| cut_to(&String::from_utf8_lossy(bytes), SHOWN_CHARS);
            let shown = (!agrees).then(|| [begin(&captured.bytes), begin(bytes)]);
            return Ok(Pair { agrees, rows: Vec::new(), shown });
        };
        let values = Values { task: self.task, has_lists: false };
        let before = captured.content_type.as_deref();
        let rows = reading.rows(before, &captured.bytes).map_err(Unpaired::Captured)?;
        let before = reading.read(before, &captured.bytes, rows, values).map_err(Unpaired::Captured)?;
        let now = reading.read(content_type, bytes, rows, values).map_err(Unpaired::Now)?;
        let rows =
            (0..rows).map(|row| self.row(reading, &before, &now, row)).collect::<Result<Vec<Row>, Unpaired>>()?;
        Ok(Pair { agrees: rows.iter().all(|row| row.agrees), rows, shown: None })
    }

    fn row(&self, reading: &Reading, before: &Predictions, now: &Predictions, row: usize) -> Result<Row, Unpaired> {
        let score = |of: &Predictions| of.scores.get(row).copied();
        let mut by = score(now).zip(score(before)).map(|(now, before)| now - before);
        let [captured, later] = [before, now].map(|of| match (reading, of.values.get(row)) {
            (Reading::Threshold { threshold, .. }, _) => {
                let is_above = score(of).is_some_and(|score| score >= *threshold);
                format!("{} {threshold}", if is_above { "at least" } else { "below" })
            }
            (_, Some(cell)) => label(cell),
            (_, None) => String::new(),
        });
        if let [Some(was), Some(is)] = [before, now].map(|of| of.probabilities.get(row)) {
            // Of the class that was predicted then
            let number = row + 1;
            let lack = || format!("expected a probability of each class that was predicted, got none for row {number}");
            by = was
                .of(&captured)
                .map(|before| is.of(&captured).map(|now| now - before).ok_or_else(lack))
                .transpose()
                .map_err(Unpaired::Now)?;
        }
        if self.task == Task::Regression {
            by = Exact::of_text(&later).zip(Exact::of_text(&captured)).map(|(now, before)| now.minus(&before));
        }
        let agrees = match self.task {
            Task::Regression => by.is_some_and(|by| by.abs() <= self.tolerance),
            Task::Classification | Task::Ranking => captured == later,
        };
        Ok(Row { captured, now: later, agrees, by })
    }
}

/// A class as it is told from others, however a number is written.
fn label(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        other => Class::of(other.text()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::CaptureSpec;
    use super::*;

    fn compared(yaml: &str, content_type: &str, captured: &str, now: &str) -> Result<Pair, Unpaired> {
        let spec = serde_yaml::from_str::<CaptureSpec>(&format!("{{s3: a, {yaml}}}")).expect(yaml);
        let case = spec.compile(OwnTypes::default()).expect(yaml);
        let payload = Payload { content_type: Some(content_type.to_owned()), bytes: captured.as_bytes().to_vec() };
        case.compare(&payload, Some(content_type), now.as_bytes())
    }

    fn rows(yaml: &str, content_type: &str, captured: &str, now: &str) -> Vec<(String, String, bool, Option<f64>)> {
        let pair = compared(yaml, content_type, captured, now).expect(yaml);
        pair.rows.into_iter().map(|row| (row.captured, row.now, row.agrees, row.by)).collect()
    }

    const JSON: &str = "application/json";

    #[test]
    fn labels_numbers_and_scores_are_held_against_the_captured_ones() {
        let row = |captured: &str, now: &str, agrees, by| (captured.to_owned(), now.to_owned(), agrees, by);
        let answer = r#"{"p": [{"l": "a", "s": 0.75}, {"l": "b", "s": 0.5}]}"#;
        let other = r#"{"p": [{"l": "a", "s": 1.0}, {"l": "a", "s": 0.25}]}"#;
        assert_eq!(
            rows("prediction: '$.p[*].l', score: '$.p[*].s'", JSON, answer, other),
            [row("a", "a", true, Some(0.25)), row("b", "a", false, Some(-0.25))]
        );
        assert_eq!(
            rows("prediction: {column: 0}, task: regression, tolerance: 0.5", "text/csv", "1\n2", "1.5\n3"),
            [row("1", "1.5", true, Some(0.5)), row("2", "3", false, Some(1.0))]
        );
        assert_eq!(
            rows("score: {cells: all}, threshold: 0.5", "text/csv", "0.25", "0.75"),
            [row("below 0.5", "at least 0.5", false, Some(0.5))]
        );
        assert_eq!(
            rows("prediction: {highest: '$[*]'}", JSON, "[[0.25, 0.75]]", "[[0.5, 0.5]]"),
            [row("1", "0", false, Some(-0.25))]
        );
        assert_eq!(rows("prediction: {column: 0}", "text/csv", "1", "1.0"), [row("1", "1", true, None)]);
    }

    #[test]
    fn what_cannot_be_read_is_told_from_what_differs() {
        let yaml = "prediction: '$.p[*]'";
        assert!(matches!(compared(yaml, JSON, "{}", r#"{"p": [1]}"#), Err(Unpaired::Captured(_))));
        assert!(matches!(compared(yaml, JSON, r#"{"p": [1]}"#, r#"{"p": [1, 2]}"#), Err(Unpaired::Now(_))));
        let (was, is) = (r#"[{"a": 0.9, "b": 0.1}]"#, r#"[{"b": 1.0}]"#);
        assert!(matches!(compared("prediction: {highest: '$[*]'}", JSON, was, is), Err(Unpaired::Now(_))));
        let whole = compared("tolerance: 0.1", JSON, r#"{"p": 1}"#, r#"{"p": 2}"#).expect("compared");
        assert!(!whole.agrees && whole.rows.is_empty());
        assert_eq!(whole.shown, Some([r#"{"p": 1}"#.to_owned(), r#"{"p": 2}"#.to_owned()]));
    }
}
