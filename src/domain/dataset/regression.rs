//! The metrics of predicted numbers, as scikit-learn defines them.

use std::collections::BTreeMap;

use crate::domain::test_report::Residuals;

/// What was predicted of each row, held against the truth.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    truth: Vec<f64>,
    /// What was predicted less what is true.
    residuals: Vec<f64>,
}

impl Numbers {
    /// Takes in a row.
    pub fn add(&mut self, truth: f64, predicted: f64) {
        self.truth.push(truth);
        self.residuals.push(predicted - truth);
    }
}

/// Metrics by name and a summary of the residuals; what is beyond all numbers is left out.
#[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 rows")]
pub fn evaluate(numbers: Numbers) -> (BTreeMap<String, f64>, Option<Residuals>) {
    let Numbers { mut truth, mut residuals } = numbers;
    let count = truth.len() as f64;
    // Sums are over sorted numbers, so that they are the same to the last digit whatever the order of the rows.
    residuals.sort_unstable_by(f64::total_cmp);
    truth.sort_unstable_by(f64::total_cmp);
    let squares: f64 = residuals.iter().map(|residual| residual * residual).sum();
    let mean_truth = truth.iter().sum::<f64>() / count;
    let spread: f64 = truth.iter().map(|truth| (truth - mean_truth).powi(2)).sum();
    let mse = squares / count;
    let mae = residuals.iter().map(|residual| residual.abs()).sum::<f64>() / count;
    let mut metrics = vec![("mae", mae), ("mse", mse), ("rmse", mse.sqrt())];
    // Of a single row there is no spread to explain.
    if truth.len() > 1 {
        metrics.push(("r2", r2(squares, spread)));
    }
    let finite = metrics.into_iter().filter(|(_, value)| value.is_finite());
    let metrics = finite.map(|(name, value)| (name.to_owned(), value)).collect();
    (metrics, summary(&residuals))
}

/// A truth without spread is explained wholly or not at all.
fn r2(squares: f64, spread: f64) -> f64 {
    match (squares > 0.0, spread > 0.0) {
        (_, true) => 1.0 - squares / spread,
        (false, false) => 1.0,
        (true, false) => 0.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 rows")]
fn summary(sorted: &[f64]) -> Option<Residuals> {
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
    let (p5, median, p95) = (percentile(sorted, 0.05), percentile(sorted, 0.5), percentile(sorted, 0.95));
    [min, max, mean].iter().all(|value| value.is_finite()).then_some(Residuals { min, p5, median, mean, p95, max })
}

/// Between the two nearest values in proportion, as numpy does by default.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_computed_is_left_out() {
        let evaluate = |rows: &[(f64, f64)]| {
            let mut numbers = Numbers::default();
            for (truth, predicted) in rows {
                numbers.add(*truth, *predicted);
            }
            evaluate(numbers)
        };
        let (metrics, residuals) = evaluate(&[(2.0, 5.0)]);
        assert_eq!(metrics.keys().collect::<Vec<_>>(), ["mae", "mse", "rmse"]);
        assert_eq!(residuals.map(|residuals| (residuals.p5, residuals.mean, residuals.max)), Some((3.0, 3.0, 3.0)));
        let (metrics, residuals) = evaluate(&[(f64::MAX, -f64::MAX), (0.0, 0.0)]);
        assert!(metrics.is_empty() && residuals.is_none(), "{metrics:?} {residuals:?}");
    }
}
