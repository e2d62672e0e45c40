//! From the answers to all batches of a dataset to its results, batch by batch.

use std::ops::Range;

use super::Dataset;
use super::batch::Batch;
use super::case::{DatasetCase, Predictions, Reading};
use super::gate::{Need, Task};
use super::highest::not_among;
use super::likelihood::Likelihood;
use super::list::{as_class, numbers};
use super::ranking::{Rankings, TopK};
use super::regression::{self, Numbers};
use super::row::Cell;
use super::written::Written;
use crate::domain::report::results::DatasetReport;
use crate::domain::text::count::counted;

/// So many batches without a usable answer are told; a thousand help nobody.
const MOST_TOLD: usize = 100;

/// Compares what was predicted with what is true, over every row of the dataset.
pub(crate) struct Evaluation<'a> {
    case: &'a DatasetCase,
    dataset: &'a Dataset,
    rows: usize,
    unusable: Vec<String>,
    untold: usize,
    classes: Written,
    /// Of each number that a row has.
    numbers: Vec<Numbers>,
    rankings: Rankings,
    top: TopK,
    likelihood: Likelihood,
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(case: &'a DatasetCase, dataset: &'a Dataset) -> Self {
        let classes = Written::default();
        let (rankings, top) = (Rankings::new(case.k), TopK::new(case.k));
        let asks = |name: &str| case.gates.iter().any(|gate| gate.metric.name == name);
        let is_asked = case.gates.iter().any(|gate| matches!(gate.metric.need, Need::Probabilities | Need::K));
        let likelihood = Likelihood::new(is_asked, asks("roc_auc_ovr"), case.k);
        Self {
            case,
            dataset,
            rows: 0,
            unusable: Vec::new(),
            untold: 0,
            classes,
            numbers: Vec::new(),
            rankings,
            top,
            likelihood,
        }
    }

    /// Takes in the answer to the next batch: what it predicts, or why it is of no use.
    pub(crate) fn add(&mut self, batch: &Batch, answer: Result<Predictions, String>) {
        let Batch { rows, labels, queries, .. } = batch;
        self.rows += rows.len();
        let usable = answer.and_then(|answer| match answer.lack(self.case, rows.len()) {
            Some(lack) => Err(lack),
            None => Ok(answer),
        });
        match usable {
            Err(reason) => self.miss(format!("{}: {reason}", named(rows))),
            // The metrics of the rest would be of another dataset
            Ok(_) if !self.unusable.is_empty() => {}
            Ok(answer) => {
                for (row, label) in labels.iter().enumerate() {
                    let added = match self.case.task {
                        Task::Classification => self.add_class(label, row, &answer),
                        Task::Regression => self.add_numbers(label, &answer.values[row]),
                        Task::Ranking => {
                            match (queries.get(row), answer.ranked.get(row)) {
                                (_, Some(ranked)) => self.rankings.add_ranked(label, ranked),
                                (Some(query), None) => self.rankings.add_scored(query, label, &answer.values[row]),
                                // Every row was found to have one when it was read.
                                (None, None) => {}
                            }
                            Ok(())
                        }
                    };
                    if let Err(reason) = added {
                        self.miss(format!("row {}: {reason}", rows.start + row + 1));
                        break;
                    }
                }
            }
        }
    }

    fn add_class(&mut self, label: &Cell, row: usize, answer: &Predictions) -> Result<(), String> {
        let mut score = answer.scores.get(row).copied();
        if let Some(distribution) = answer.probabilities.get(row) {
            self.likelihood.add(label, distribution)?;
            if let Some(positive) = &self.case.positive {
                let at = distribution.position(positive);
                let lack = || format!("has the positive class {}", not_among(positive, &distribution.classes));
                score = Some(distribution.values[at.ok_or_else(lack)?]);
            }
        }
        if let Some(ranked) = answer.ranked.get(row) {
            self.top.add(label, ranked);
        }
        if self.case.has_lists {
            self.classes.add(&as_class(label), answer.values.get(row).map(as_class).as_ref(), score);
        } else {
            self.classes.add(label, answer.values.get(row), score);
        }
        Ok(())
    }

    /// Both were found to be numbers when they were read.
    fn add_numbers(&mut self, truth: &Cell, predicted: &Cell) -> Result<(), String> {
        let [truth, predicted] = [truth, predicted].map(|cell| numbers(cell).unwrap_or_default());
        if self.numbers.is_empty() {
            self.numbers.resize_with(truth.len(), Numbers::default);
        }
        for (whose, count) in [("its label", truth.len()), ("the answer", predicted.len())] {
            let wanted = self.numbers.len();
            if count != wanted {
                return Err(format!(
                    "expected {} as in the first row, got {count} in {whose}",
                    counted(wanted, "number")
                ));
            }
        }
        for ((numbers, truth), predicted) in self.numbers.iter_mut().zip(truth).zip(predicted) {
            numbers.add(&truth, &predicted);
        }
        Ok(())
    }

    /// Says why there is no answer that could be judged.
    pub(crate) fn miss(&mut self, reason: String) {
        if self.unusable.len() < MOST_TOLD { self.unusable.push(reason) } else { self.untold += 1 }
    }

    /// The results.
    ///
    /// # Errors
    /// Which rows have no usable answer, and why.
    pub(crate) fn finish(mut self) -> Result<DatasetReport, Vec<String>> {
        if self.unusable.is_empty() && self.rows < self.dataset.row_count() {
            self.miss(format!("{}: no answer", named(&(self.rows..self.dataset.row_count()))));
        }
        if self.untold > 0 {
            self.unusable.push(format!("and {} without a usable answer", counted(self.untold, "other request")));
        }
        if !self.unusable.is_empty() {
            return Err(self.unusable);
        }
        let rows = self.rows as u64;
        if self.case.task == Task::Regression {
            let (metrics, residuals) = regression::evaluate_all(self.numbers, self.case.quantile);
            return Ok(DatasetReport { rows, metrics, confusion: None, residuals });
        }
        if self.case.task == Task::Ranking {
            let metrics = self.rankings.metrics().into_iter().collect();
            return Ok(DatasetReport { rows, metrics, confusion: None, residuals: None });
        }
        let threshold = match &self.case.reading {
            Reading::Threshold { threshold, .. } => Some(*threshold),
            Reading::Picked { .. } | Reading::Highest(_) | Reading::Ranked(_) => None,
        };
        let (counts, spelling, positive, scores) = self.classes.classified(self.case.positive.as_deref(), threshold);
        let mut metrics = counts.metrics(positive.as_ref());
        metrics.extend(scores.roc_auc().map(|area| ("roc_auc".to_owned(), area)));
        metrics.extend(self.likelihood.metrics());
        metrics.extend(self.top.metric());
        for gate in &self.case.gates {
            let class = gate.class.as_deref().map(|class| spelling.class(class));
            let own = class.and_then(|class| counts.of_class(&class)).into_iter().flatten();
            let own = own.filter(|(name, _)| *name == gate.metric.name);
            metrics.extend(own.map(|(_, value)| (gate.name(), value)));
        }
        Ok(DatasetReport { rows, metrics, confusion: counts.confusion(), residuals: None })
    }
}

/// Rows are counted from 1, the header left out.
fn named(rows: &Range<usize>) -> String {
    if rows.len() == 1 { format!("row {}", rows.end) } else { format!("rows {} to {}", rows.start + 1, rows.end) }
}

impl Predictions {
    /// What is not there, or there without use, for each of the batch's rows.
    fn lack(&self, case: &DatasetCase, rows: usize) -> Option<String> {
        let needs = &case.reading;
        [("prediction", needs.has_values(), self.values.len()), ("score", needs.has_scores(), self.scores.len())]
            .into_iter()
            .map(|(what, needed, got)| (what, if needed { rows } else { 0 }, got))
            .find(|(_, expected, got)| expected != got)
            .map(|(what, expected, got)| format!("expected {}, got {got}", counted(expected, what)))
    }
}

#[cfg(test)]
mod tests;
