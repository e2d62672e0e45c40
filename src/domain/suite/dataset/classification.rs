//! The metrics of predicted classes, as scikit-learn defines them with `zero_division=0`.

use std::collections::{BTreeMap, HashMap};

use super::class::Class;
use crate::domain::report::results::ConfusionMatrix;

/// A table of more classes than this can be read by nobody, and with one class a row would fill the memory.
const MOST_CLASSES_SHOWN: usize = 100;

/// What became of the rows of one class.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    true_positives: u64,
    truth: u64,
    predicted: u64,
}

impl Tally {
    fn precision(self) -> f64 {
        share(self.true_positives, self.predicted)
    }

    fn recall(self) -> f64 {
        share(self.true_positives, self.truth)
    }

    fn f1(self) -> f64 {
        share(2 * self.true_positives, self.truth + self.predicted)
    }
}

/// Nothing of nothing is nothing.
#[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 rows")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// How often each class was taken for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// Each class that is true of a row or predicted for one, by its number.
    numbers: BTreeMap<Class, u32>,
    /// By the numbers of truth and prediction.
    pairs: HashMap<(u32, u32), u64>,
}

impl Counts {
    /// Takes in so many rows.
    pub(crate) fn add(&mut self, truth: Class, predicted: Class, rows: u64) {
        let pair = (self.number(truth), self.number(predicted));
        *self.pairs.entry(pair).or_default() += rows;
    }

    fn number(&mut self, class: Class) -> u32 {
        if let Some(number) = self.numbers.get(&class) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).expect("no memory holds 2^32 classes");
        self.numbers.insert(class, number);
        number
    }

    /// By class, in their order.
    fn tallies(&self) -> Vec<(&Class, Tally)> {
        let mut by_number = vec![Tally::default(); self.numbers.len()];
        for ((truth, predicted), count) in &self.pairs {
            by_number[*predicted as usize].predicted += count;
            by_number[*truth as usize].truth += count;
            by_number[*truth as usize].true_positives += if truth == predicted { *count } else { 0 };
        }
        self.numbers.iter().map(|(class, number)| (class, by_number[*number as usize])).collect()
    }

    /// Metrics by name; those of one class only for a positive class.
    pub(crate) fn metrics(&self, positive: Option<&Class>) -> BTreeMap<String, f64> {
        let tallies = self.tallies();
        let sum = |of: fn(&Tally) -> u64| tallies.iter().map(|(_, tally)| of(tally)).sum::<u64>();
        let total = Tally {
            true_positives: sum(|tally| tally.true_positives),
            truth: sum(|tally| tally.truth),
            predicted: sum(|tally| tally.predicted),
        };
        let mut metrics: BTreeMap<String, f64> = BTreeMap::new();
        let mut add = |name: &str, value: f64| _ = metrics.insert(name.to_owned(), value);
        add("accuracy", total.recall());
        #[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 rows")]
        for (name, count) in [("correct", total.true_positives), ("wrong", total.truth - total.true_positives)] {
            add(name, count as f64);
        }
        let with_truth: Vec<f64> =
            tallies.iter().filter(|(_, tally)| tally.truth > 0).map(|(_, tally)| tally.recall()).collect();
        add("balanced_accuracy", with_truth.iter().sum::<f64>() / share(with_truth.len() as u64, 1));
        let (mcc, kappa) = agreements(total.true_positives, &tallies);
        add("mcc", mcc);
        if let Some(kappa) = kappa {
            add("kappa", kappa);
        }
        for (name, value) in
            [("precision", Tally::precision as fn(Tally) -> f64), ("recall", Tally::recall), ("f1", Tally::f1)]
        {
            let weighted = |weight: fn(&Tally) -> u64| {
                let parts = tallies.iter().map(|(_, tally)| value(*tally) * share(weight(tally), 1));
                parts.sum::<f64>() / share(sum(weight), 1)
            };
            add(&format!("{name}_macro"), weighted(|_| 1));
            add(&format!("{name}_micro"), value(total));
            add(&format!("{name}_weighted"), weighted(|tally| tally.truth));
            if let Some(positive) = positive {
                let tally = tallies.iter().find(|(class, _)| *class == positive).map(|(_, tally)| *tally);
                add(name, value(tally.unwrap_or_default()));
            }
        }
        metrics
    }

    /// Precision, recall and F1 of a class; none of one that no row is of, nor predicted to be.
    pub(crate) fn of_class(&self, class: &Class) -> Option<[(&'static str, f64); 3]> {
        let tally = self.tallies().into_iter().find(|(other, _)| *other == class)?.1;
        Some([("precision_of", tally.precision()), ("recall_of", tally.recall()), ("f1_of", tally.f1())])
    }

    /// Rows are the truth, columns the prediction, in the order of the classes; none of too many classes.
    pub(crate) fn confusion(&self) -> Option<ConfusionMatrix> {
        if self.numbers.len() > MOST_CLASSES_SHOWN {
            return None;
        }
        let count = |truth: &u32, predicted: &u32| self.pairs.get(&(*truth, *predicted)).copied().unwrap_or_default();
        let row = |truth| self.numbers.values().map(|predicted| count(truth, predicted)).collect();
        Some(ConfusionMatrix {
            labels: self.numbers.keys().map(ToString::to_string).collect(),
            counts: self.numbers.values().map(row).collect(),
        })
    }
}

/// How far truth and prediction agree beyond chance: Matthews' correlation, 0 where there is no telling, and Cohen's
/// kappa, which there is none of where chance alone agrees on all.
#[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 rows")]
fn agreements(correct: u64, tallies: &[(&Class, Tally)]) -> (f64, Option<f64>) {
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(|(_, tally)| of(tally) as f64).sum::<f64>();
    let rows = sum(|tally| tally.truth);
    let products = |of: fn(&Tally) -> f64| tallies.iter().map(|(_, tally)| of(tally)).sum::<f64>();
    let both = products(|tally| tally.truth as f64 * tally.predicted as f64);
    let of_truth = rows * rows - products(|tally| (tally.truth as f64).powi(2));
    let of_prediction = rows * rows - products(|tally| (tally.predicted as f64).powi(2));
    let (beyond, spread) = (correct as f64 * rows - both, of_truth * of_prediction);
    let mcc = if spread == 0.0 { 0.0 } else { beyond / spread.sqrt() };
    let by_chance = rows * rows - both;
    (mcc, (by_chance > 0.0).then(|| beyond / by_chance))
}

/// The scores of rows that are of the positive class, and of those that are not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scores {
    positive: Vec<f64>,
    negative: Vec<f64>,
}

impl Scores {
    /// Takes in rows.
    pub(crate) fn add(&mut self, is_positive: bool, scores: impl IntoIterator<Item = f64>) {
        if is_positive { self.positive.extend(scores) } else { self.negative.extend(scores) }
    }

    /// The share of pairs of a positive and a negative row in which the positive one has the greater score; a tie is half
    /// such a pair. This is the area under the ROC curve, and none where one of the two kinds is missing.
    pub(crate) fn roc_auc(mut self) -> Option<f64> {
        self.positive.sort_unstable_by(f64::total_cmp);
        self.negative.sort_unstable_by(f64::total_cmp);
        let (mut below, mut up_to) = (0, 0);
        // Twice the pairs won, so that a tie counts one.
        let mut won = 0;
        for score in &self.positive {
            below += self.negative[below..].iter().take_while(|other| *other < score).count();
            up_to += self.negative[up_to..].iter().take_while(|other| *other <= score).count();
            won += (below + up_to) as u64;
        }
        let pairs = self.positive.len() as u64 * self.negative.len() as u64;
        (pairs > 0).then(|| share(won, 2 * pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(classes: usize) -> Counts {
        let mut counts = Counts::default();
        for number in 0..classes {
            counts.add(Class::of(&number.to_string()), Class::of(&format!("{number}.0")), 1);
        }
        counts
    }

    #[test]
    fn a_table_of_very_many_classes_is_left_out() {
        let few = counts(MOST_CLASSES_SHOWN).confusion();
        assert_eq!(few.map(|matrix| matrix.labels.len()), Some(MOST_CLASSES_SHOWN));
        let many = counts(MOST_CLASSES_SHOWN + 1);
        assert_eq!(many.confusion(), None);
        assert_eq!(many.metrics(None).get("f1_macro"), Some(&1.0));
    }

    #[test]
    fn there_is_no_area_without_both_kinds_of_rows() {
        let area = |scored: &[(bool, f64)]| {
            let mut scores = Scores::default();
            for (is_positive, score) in scored {
                scores.add(*is_positive, vec![*score]);
            }
            scores.roc_auc()
        };
        assert_eq!(area(&[(true, 0.5), (true, 0.6)]), None);
        assert_eq!(area(&[(true, -0.0), (false, 0.0)]), Some(0.5));
        assert_eq!(area(&[(true, 0.0), (false, -0.0)]), Some(0.5));
        assert_eq!(area(&[(false, 0.1), (true, 0.2)]), Some(1.0));
    }
}
