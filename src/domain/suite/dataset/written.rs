//! What was predicted of each row, by how truth and prediction are written: only all of them tell how classes are spelled.

use std::collections::{BTreeMap, HashMap};

use super::class::{Class, Spelling};
use super::classification::{Counts, Scores};
use super::row::Cell;

/// Texts by their numbers, each kept once.
#[derive(Debug, Default)]
struct Distinct(BTreeMap<Cell, u32>);

impl Distinct {
    fn number(&mut self, cell: &Cell) -> u32 {
        if let Some(number) = self.0.get(cell) {
            return *number;
        }
        let number = u32::try_from(self.0.len()).expect("no memory holds 2^32 texts");
        self.0.insert(cell.clone(), number);
        number
    }

    /// The classes of all, by their numbers.
    fn classes(&self, spelling: Spelling) -> Vec<Class> {
        let mut numbered: Vec<(u32, Class)> =
            self.0.iter().map(|(cell, number)| (*number, spelling.class(cell.text()))).collect();
        numbered.sort_unstable_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, class)| class).collect()
    }
}

/// The rows of a dataset as far as they were answered.
#[derive(Debug, Default)]
pub(super) struct Written {
    truth: Distinct,
    predicted: Distinct,
    /// How often each prediction was made for each truth.
    pairs: HashMap<(u32, u32), u64>,
    /// By truth.
    scores: BTreeMap<u32, Vec<f64>>,
}

impl Written {
    /// Takes in a row.
    pub(super) fn add(&mut self, truth: &Cell, predicted: Option<&Cell>, score: Option<f64>) {
        let truth = self.truth.number(truth);
        if let Some(predicted) = predicted {
            *self.pairs.entry((truth, self.predicted.number(predicted))).or_default() += 1;
        }
        if let Some(score) = score {
            self.scores.entry(truth).or_default().push(score);
        }
    }

    /// All rows by class, with the positive class and the scores for it; a threshold predicts where nothing else does.
    pub(super) fn classified(
        self,
        positive: Option<&str>,
        threshold: Option<f64>,
    ) -> (Counts, Spelling, Option<Class>, Scores) {
        let spelling = Spelling::of(&self.truth.0.keys(), &self.predicted.0.keys());
        let (truth, predicted) = (self.truth.classes(spelling), self.predicted.classes(spelling));
        let positive = positive.map(|positive| spelling.class(positive));
        let (mut counts, mut scores) = (Counts::default(), Scores::default());
        for ((of_truth, of_prediction), rows) in self.pairs {
            counts.add(truth[of_truth as usize].clone(), predicted[of_prediction as usize].clone(), rows);
        }
        if let Some(positive) = &positive {
            let negative = truth.iter().find(|class| *class != positive).unwrap_or(positive);
            for (number, of_truth) in self.scores {
                let truth = &truth[number as usize];
                if let Some(threshold) = threshold {
                    let above = of_truth.iter().filter(|score| **score >= threshold).count();
                    for (class, rows) in [(positive, above), (negative, of_truth.len() - above)] {
                        if rows > 0 {
                            counts.add(truth.clone(), class.clone(), rows as u64);
                        }
                    }
                }
                scores.add(truth == positive, of_truth);
            }
        }
        (counts, spelling, positive, scores)
    }
}
