//! The metrics of predicted probabilities, as scikit-learn defines them.

use std::collections::HashMap;

use super::classification::Scores;
use super::highest::{Distribution, not_among};
use super::row::Cell;

/// What was foretold of the rows so far.
#[derive(Debug, Default)]
pub(super) struct Likelihood {
    /// Whether a gate cannot do without it.
    is_asked: bool,
    /// Whether all probabilities are kept, which areas under curves take.
    keeps_all: bool,
    k: Option<usize>,
    is_unusable: bool,
    losses: Vec<f64>,
    hits: u64,
    rows: usize,
    /// The probabilities of each class, by row.
    columns: Vec<Vec<f64>>,
    classes: HashMap<String, usize>,
    truth: Vec<usize>,
}

/// How the sum of the probabilities of all classes is not 1. What each was rounded by is forgiven, up to a bound.
#[expect(clippy::cast_precision_loss, reason = "no model has 2^52 classes")]
fn wrong_sum(values: &[f64]) -> Option<String> {
    const FORGIVEN: f64 = 1e-3;
    const MOST_FORGIVEN: f64 = 0.02;
    let sum: f64 = values.iter().sum();
    let off = (sum - 1.0).abs();
    let by_rounding = || {
        let decimals = values.iter().map(|value| value.to_string().split_once('.').map_or(0, |(_, part)| part.len()));
        let of_one = 0.5 / decimals.fold(1.0, |most: f64, decimals| most.max(10_f64.powf(decimals as f64)));
        // A last digit of the computer's own is no digit of the model's.
        of_one * values.len() as f64 + 1e-9
    };
    let is_one = off <= FORGIVEN || off <= MOST_FORGIVEN && off <= by_rounding();
    (!is_one).then(|| format!("has probabilities that add up to {}, and not to 1", (sum * 1e6).round() / 1e6))
}

impl Likelihood {
    pub(super) fn new(is_asked: bool, keeps_all: bool, k: Option<usize>) -> Self {
        Self { is_asked, keeps_all, k, ..Self::default() }
    }

    /// Takes in a row.
    ///
    /// # Errors
    /// What keeps it from being judged, where a gate asks for it.
    pub(super) fn add(&mut self, truth: &Cell, row: &Distribution) -> Result<(), String> {
        let found = row.position(truth.text()).ok_or_else(|| {
            let what = not_among(truth.text(), &row.classes);
            format!("has the label {what}: name those of a list in prediction.classes")
        });
        let beyond = row.values.iter().find(|value| !(0.0..=1.0).contains(*value));
        let beyond = beyond.map(|value| format!("has {value} as a probability, which is from 0 to 1"));
        let found = beyond.or_else(|| wrong_sum(&row.values)).map_or(found, Err);
        let at = match found {
            Ok(at) => at,
            Err(reason) if self.is_asked => return Err(reason),
            Err(_) => {
                self.is_unusable = true;
                return Ok(());
            }
        };
        let own = row.values[at];
        self.losses.push(-own.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln());
        // Of equal ones the last comes first.
        let before = |(other, value): (usize, &f64)| *value > own || (*value >= own && other > at);
        let before = row.values.iter().enumerate().filter(|one| before(*one)).count();
        self.hits += u64::from(self.k.is_some_and(|k| before < k));
        if self.keeps_all {
            self.keep(row, at);
        }
        self.rows += 1;
        Ok(())
    }

    fn keep(&mut self, row: &Distribution, truth: usize) {
        let mut numbers = Vec::with_capacity(row.values.len());
        for class in row.classes.iter() {
            let next = self.columns.len();
            let number = *self.classes.entry(class.text().to_owned()).or_insert(next);
            if number == next {
                self.columns.push(vec![0.0; self.rows]);
            }
            numbers.push(number);
        }
        self.columns.iter_mut().for_each(|column| column.push(0.0));
        for (number, value) in numbers.iter().zip(&row.values) {
            self.columns[*number][self.rows] = *value;
        }
        self.truth.push(numbers[truth]);
    }

    /// Metrics by name; those that there are none of are left out.
    #[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 rows")]
    pub(super) fn metrics(mut self) -> Vec<(String, f64)> {
        if self.is_unusable || self.rows == 0 {
            return Vec::new();
        }
        let rows = self.rows as f64;
        // In order, so that the sum is the same to the last digit whatever the order of the rows.
        self.losses.sort_unstable_by(f64::total_cmp);
        let mut metrics = vec![("log_loss".to_owned(), self.losses.iter().sum::<f64>() / rows)];
        metrics.extend(self.k.map(|_| ("top_k_accuracy".to_owned(), self.hits as f64 / rows)));
        metrics.extend(self.area().map(|area| ("roc_auc_ovr".to_owned(), area)));
        metrics
    }

    /// The mean of the areas of each class against all others; none where a class has no row, or every row.
    #[expect(clippy::cast_precision_loss, reason = "no model has 2^52 classes")]
    fn area(&self) -> Option<f64> {
        let area = |(class, column): (usize, &Vec<f64>)| {
            let mut scores = Scores::default();
            for (truth, value) in self.truth.iter().zip(column) {
                scores.add(*truth == class, [*value]);
            }
            scores.roc_auc()
        };
        let mut areas = self.columns.iter().enumerate().map(area).collect::<Option<Vec<f64>>>()?;
        areas.sort_unstable_by(f64::total_cmp);
        (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_of_all_classes_add_up_to_1_but_for_rounding() {
        for whole in [
            &[0.25, 0.75][..],
            &[1.0, 0.0],
            &[0.1; 10],
            &[0.3333, 0.3333, 0.3333],
            &[0.333, 0.333, 0.333],
            &[0.33, 0.33, 0.33],
            &[0.29, 0.36, 0.36],
            &[f64::from(0.1_f32); 10],
        ] {
            assert_eq!(wrong_sum(whole), None, "{whole:?}");
        }
        for (other, sum) in
            [(&[1.0, 1.0][..], "2"), (&[0.0, 0.0], "0"), (&[0.3, 0.3, 0.3], "0.9"), (&[0.335, 0.335, 0.335], "1.005")]
        {
            let wanted = format!("has probabilities that add up to {sum}, and not to 1");
            assert_eq!(wrong_sum(other), Some(wanted), "{other:?}");
        }
    }
}
