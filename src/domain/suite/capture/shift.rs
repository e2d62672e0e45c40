//! How often each label was predicted before and is now, and which was taken for which.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::report::results::{ConfusionMatrix, LabelShift};

/// Where there are more, predictions are texts of their own and no labels.
const MOST_PAIRS: usize = 10_000;
/// A longer text is no label.
const MOST_LABEL_BYTES: usize = 256;
/// A table of more labels can be read by nobody.
const MOST_SHOWN: usize = 100;
/// A label that came as seldom in all may be what one person wrote.
const SELDOM: u64 = 5;
const SELDOM_LABEL: &str = "(labels that are seldom)";

/// How often each label was predicted where each was captured.
#[derive(Debug, Default)]
pub(super) struct Labels {
    pairs: BTreeMap<(String, String), u64>,
    are_too_many: bool,
}

impl Labels {
    pub(super) fn add(&mut self, captured: &str, now: &str) {
        let is_label = |text: &str| text.len() <= MOST_LABEL_BYTES;
        let pair = (captured.to_owned(), now.to_owned());
        let has_room = self.pairs.len() < MOST_PAIRS || self.pairs.contains_key(&pair);
        if !has_room || !is_label(captured) || !is_label(now) {
            self.are_too_many = true;
            self.pairs = BTreeMap::new();
        }
        if !self.are_too_many {
            *self.pairs.entry(pair).or_default() += 1;
        }
    }

    /// By label: how often it was captured, and how often it is predicted now.
    fn counts(&self) -> BTreeMap<&str, (u64, u64)> {
        let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for ((captured, now), count) in &self.pairs {
            counts.entry(captured).or_default().0 += count;
            counts.entry(now).or_default().1 += count;
        }
        counts
    }

    /// The share of predictions that would have to be of another label for each to be as frequent as it was; `None` where
    /// there are no labels.
    #[expect(clippy::cast_precision_loss, reason = "nobody captures 2^52 rows")]
    pub(super) fn shift(&self) -> Option<f64> {
        let rows: u64 = self.pairs.values().sum();
        let moved: u64 = self.counts().values().map(|(captured, now)| captured.abs_diff(*now)).sum();
        (rows > 0).then(|| moved as f64 / 2.0 / rows as f64)
    }

    /// The labels with the greatest change first, and which was taken for which; of labels that are seldom no name, unless
    /// content may be shown.
    pub(super) fn tables(&self, show_content: bool) -> (Vec<LabelShift>, Option<ConfusionMatrix>) {
        let counts = self.counts();
        let is_seldom = |label: &str| counts.get(label).is_none_or(|(captured, now)| captured + now < SELDOM);
        let name = |label: &str| {
            if !show_content && is_seldom(label) { SELDOM_LABEL.to_owned() } else { label.to_owned() }
        };
        let mut shifts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut pairs: BTreeMap<(String, String), u64> = BTreeMap::new();
        for ((captured, now), count) in &self.pairs {
            let (captured, now) = (name(captured), name(now));
            shifts.entry(captured.clone()).or_default().0 += count;
            shifts.entry(now.clone()).or_default().1 += count;
            *pairs.entry((captured, now)).or_default() += count;
        }
        let labels: BTreeSet<String> = shifts.keys().cloned().collect();
        let mut shifts: Vec<LabelShift> =
            shifts.into_iter().map(|(label, (captured, now))| LabelShift { label, captured, now }).collect();
        shifts.sort_by_key(|shift| std::cmp::Reverse(shift.captured.abs_diff(shift.now)));
        shifts.truncate(MOST_SHOWN);
        let row = |captured: &String| {
            let count = |now: &String| pairs.get(&(captured.clone(), now.clone())).copied().unwrap_or_default();
            labels.iter().map(count).collect()
        };
        let matrix = (1..=MOST_SHOWN).contains(&labels.len()).then(|| ConfusionMatrix {
            counts: labels.iter().map(row).collect(),
            labels: labels.iter().cloned().collect(),
        });
        (shifts, matrix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str, u64)]) -> Labels {
        let mut labels = Labels::default();
        for (captured, now, times) in pairs {
            (0..*times).for_each(|_| labels.add(captured, now));
        }
        labels
    }

    #[test]
    fn the_shift_is_the_share_that_would_have_to_move() {
        assert_eq!(labels(&[("a", "a", 6), ("a", "b", 2), ("b", "b", 2)]).shift(), Some(0.2));
        // Two that swap leave the shares as they were.
        assert_eq!(labels(&[("a", "b", 3), ("b", "a", 3)]).shift(), Some(0.0));
        assert_eq!(Labels::default().shift(), None);
    }

    #[test]
    fn what_one_person_wrote_is_no_label_unless_content_may_be_shown() {
        let seen = labels(&[("a", "a", 6), ("a", "b", 2), ("secret", "a", 1)]);
        let (shifts, matrix) = seen.tables(false);
        let shown: Vec<(&str, u64, u64)> =
            shifts.iter().map(|shift| (shift.label.as_str(), shift.captured, shift.now)).collect();
        assert_eq!(shown, [(SELDOM_LABEL, 1, 2), ("a", 8, 7)]);
        assert_eq!(matrix.expect("a matrix").counts, [[0, 1], [2, 6]]);
        let names = seen.tables(true).1.expect("a matrix").labels;
        assert_eq!(names, ["a", "b", "secret"]);
    }

    #[test]
    fn texts_that_all_differ_are_no_labels_and_fill_no_memory() {
        let mut all = Labels::default();
        (0..=MOST_PAIRS).for_each(|at| all.add(&at.to_string(), "x"));
        assert!(all.pairs.is_empty() && all.shift().is_none());
        let mut long = labels(&[("a", "a", 9)]);
        long.add(&"x".repeat(MOST_LABEL_BYTES + 1), "a");
        assert_eq!(long.tables(false), (Vec::new(), None));
    }
}
