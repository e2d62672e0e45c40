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
        let found = match beyond {
            Some(value) => Err(format!("has {value} as a probability, which is from 0 to 1")),
            None => found,
        };
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
