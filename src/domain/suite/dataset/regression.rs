//! The metrics of predicted numbers, as scikit-learn defines them.

use std::collections::BTreeMap;

use crate::domain::report::results::Residuals;
use crate::domain::suite::number::Exact;

/// What was predicted of each row, held against the truth.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// What was predicted less what is true, and what is true.
    rows: Vec<(f64, f64)>,
}

impl Numbers {
    /// Takes in a row.
    pub(crate) fn add(&mut self, truth: &Exact, predicted: &Exact) {
        self.rows.push((predicted.minus(truth), truth.float()));
    }
}

/// Metrics by name and a summary of all residuals, where a row has several numbers: each metric is the mean of those of
/// each number, as scikit-learn's `uniform_average`.
#[expect(clippy::cast_precision_loss, reason = "no row has 2^52 numbers")]
pub(crate) fn evaluate_all(
    mut outputs: Vec<Numbers>,
    quantile: Option<f64>,
) -> (BTreeMap<String, f64>, Option<Residuals>) {
    if outputs.len() < 2 {
        return evaluate(outputs.pop().unwrap_or_default(), quantile);
    }
    let mut residuals: Vec<f64> = outputs.iter().flat_map(|one| &one.rows).map(|(residual, _)| *residual).collect();
    residuals.sort_unstable_by(f64::total_cmp);
    let count = outputs.len();
    let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for (name, value) in outputs.into_iter().flat_map(|one| evaluate(one, quantile).0) {
        let (sum, terms) = sums.entry(name).or_default();
        (*sum, *terms) = (*sum + value, *terms + 1);
    }
    let of_all = sums.into_iter().filter(|(_, (sum, terms))| *terms == count && sum.is_finite());
    (of_all.map(|(name, (sum, _))| (name, sum / count as f64)).collect(), summary(&residuals))
}

/// Metrics by name and a summary of the residuals; what is beyond all numbers is left out.
#[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 rows")]
fn evaluate(numbers: Numbers, quantile: Option<f64>) -> (BTreeMap<String, f64>, Option<Residuals>) {
    let Numbers { mut rows } = numbers;
    let count = rows.len() as f64;
    // Sums are over sorted rows, so that they are the same to the last digit whatever the order of the rows.
    rows.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    // scikit-learn's stand-in for a truth of 0, of which there is no share.
    let shares = rows.iter().map(|(residual, truth)| residual.abs() / truth.abs().max(f64::EPSILON));
    let relative = shares.sum::<f64>() / count;
    let pinball = quantile.map(|quantile| {
        let loss = |(residual, _): &(f64, f64)| f64::max(-quantile * residual, (1.0 - quantile) * residual);
        ("pinball_loss", rows.iter().map(loss).sum::<f64>() / count)
    });
    let truth: Vec<f64> = rows.iter().map(|(_, truth)| *truth).collect();
    let residuals: Vec<f64> = rows.into_iter().map(|(residual, _)| residual).collect();
    let squares: f64 = residuals.iter().map(|residual| residual * residual).sum();
    let mean_truth = truth.iter().sum::<f64>() / count;
    let spread: f64 = truth.iter().map(|truth| (truth - mean_truth).powi(2)).sum();
    let mse = squares / count;
    let mae = residuals.iter().map(|residual| residual.abs()).sum::<f64>() / count;
    let mut metrics = vec![("mae", mae), ("mse", mse), ("rmse", mse.sqrt()), ("mape", relative)];
    metrics.extend(pinball);
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
                numbers.add(&Exact::Float(*truth), &Exact::Float(*predicted));
            }
            evaluate(numbers, None)
        };
        let (metrics, residuals) = evaluate(&[(2.0, 5.0)]);
        assert_eq!(metrics.keys().collect::<Vec<_>>(), ["mae", "mape", "mse", "rmse"]);
        assert_eq!(residuals.map(|residuals| (residuals.p5, residuals.mean, residuals.max)), Some((3.0, 3.0, 3.0)));
        let (metrics, residuals) = evaluate(&[(f64::MAX, -f64::MAX), (0.0, 0.0)]);
        assert!(metrics.is_empty() && residuals.is_none(), "{metrics:?} {residuals:?}");
    }
}
