//! The metrics of predicted classes, as scikit-learn defines them with `zero_division=0`.

use std::collections::BTreeMap;

use super::class::Class;
use crate::domain::test_report::ConfusionMatrix;

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

/// Metrics by name; those of one class only for a positive class, `roc_auc` only with its scores.
pub fn metrics(
    truth: &[Class],
    predicted: &[Class],
    positive: Option<&Class>,
    scores: Option<&[f64]>,
) -> BTreeMap<String, f64> {
    let tallies = tallies(truth, predicted);
    let sum = |of: fn(&Tally) -> u64| tallies.values().map(of).sum::<u64>();
    let total = Tally {
        true_positives: sum(|tally| tally.true_positives),
        truth: sum(|tally| tally.truth),
        predicted: sum(|tally| tally.predicted),
    };
    let mut metrics = BTreeMap::new();
    let mut add = |name: &str, value: f64| _ = metrics.insert(name.to_owned(), value);
    add("accuracy", total.recall());
    #[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 rows")]
    for (name, count) in [("correct", total.true_positives), ("wrong", total.truth - total.true_positives)] {
        add(name, count as f64);
    }
    for (name, value) in
        [("precision", Tally::precision as fn(Tally) -> f64), ("recall", Tally::recall), ("f1", Tally::f1)]
    {
        let weighted = |weight: fn(&Tally) -> u64| {
            let parts = tallies.values().map(|tally| value(*tally) * share(weight(tally), 1));
            parts.sum::<f64>() / share(sum(weight), 1)
        };
        add(&format!("{name}_macro"), weighted(|_| 1));
        add(&format!("{name}_micro"), value(total));
        add(&format!("{name}_weighted"), weighted(|tally| tally.truth));
        if let Some(positive) = positive {
            add(name, value(tallies.get(positive).copied().unwrap_or_default()));
        }
    }
    if let (Some(positive), Some(scores)) = (positive, scores)
        && let Some(area) = roc_auc(truth.iter().map(|class| class == positive).zip(scores.iter().copied()).collect())
    {
        add("roc_auc", area);
    }
    metrics
}

/// By class: of all classes that are true of a row or predicted for one.
fn tallies<'a>(truth: &'a [Class], predicted: &'a [Class]) -> BTreeMap<&'a Class, Tally> {
    let mut tallies: BTreeMap<&Class, Tally> = BTreeMap::new();
    for (truth, predicted) in truth.iter().zip(predicted) {
        tallies.entry(predicted).or_default().predicted += 1;
        let tally = tallies.entry(truth).or_default();
        tally.truth += 1;
        tally.true_positives += u64::from(truth == predicted);
    }
    tallies
}

/// The share of pairs of a positive and a negative row in which the positive one has the greater score; a tie is half
/// such a pair. This is the area under the ROC curve, and none where one of the two kinds is missing.
fn roc_auc(mut scored: Vec<(bool, f64)>) -> Option<f64> {
    scored.sort_by(|left, right| left.1.total_cmp(&right.1));
    let positives = scored.iter().filter(|(positive, _)| *positive).count() as u64;
    let negatives = scored.len() as u64 - positives;
    let mut negatives_below = 0;
    // Twice the pairs won, so that a tie counts one.
    let mut won = 0;
    #[expect(clippy::float_cmp, reason = "a tie is of scores that are the same")]
    for tied in scored.chunk_by(|left, right| left.1 == right.1) {
        let positive = tied.iter().filter(|(positive, _)| *positive).count() as u64;
        let negative = tied.len() as u64 - positive;
        won += positive * (2 * negatives_below + negative);
        negatives_below += negative;
    }
    (positives > 0 && negatives > 0).then(|| share(won, 2 * positives * negatives))
}

/// How often each class was taken for each, in the order of the classes; none of too many classes.
pub fn confusion(truth: &[Class], predicted: &[Class]) -> Option<ConfusionMatrix> {
    let mut index: BTreeMap<&Class, usize> = truth.iter().chain(predicted).map(|class| (class, 0)).collect();
    if index.len() > MOST_CLASSES_SHOWN {
        return None;
    }
    index.values_mut().enumerate().for_each(|(number, place)| *place = number);
    let mut counts = vec![vec![0; index.len()]; index.len()];
    for (truth, predicted) in truth.iter().zip(predicted) {
        counts[index[truth]][index[predicted]] += 1;
    }
    Some(ConfusionMatrix { labels: index.keys().map(ToString::to_string).collect(), counts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_very_many_classes_is_left_out() {
        let classes = |count: usize| (0..count).map(|number| Class::of(&number.to_string())).collect::<Vec<_>>();
        let few = classes(MOST_CLASSES_SHOWN);
        assert_eq!(confusion(&few, &few).map(|matrix| matrix.labels.len()), Some(MOST_CLASSES_SHOWN));
        let many = classes(MOST_CLASSES_SHOWN + 1);
        assert_eq!(confusion(&many, &many), None);
        assert_eq!(metrics(&many, &many, None, None).get("f1_macro"), Some(&1.0));
    }

    #[test]
    fn there_is_no_area_without_both_kinds_of_rows() {
        assert_eq!(roc_auc(vec![(true, 0.5), (true, 0.6)]), None);
        assert_eq!(roc_auc(vec![(true, -0.0), (false, 0.0)]), Some(0.5));
        assert_eq!(roc_auc(vec![(false, 0.1), (true, 0.2)]), Some(1.0));
    }
}
