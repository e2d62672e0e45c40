//! The metrics of rankings: NDCG as scikit-learn's `ndcg_score` has it, and the share of queries with a hit.

use std::collections::HashMap;

use super::class::finite_number;
use super::highest::position;
use super::list::items;
use super::row::Cell;

/// The queries that were ranked so far.
#[derive(Debug, Default)]
pub(super) struct Rankings {
    /// By query, in order of the rows: how relevant each row is, and its score.
    by_query: HashMap<Cell, Vec<(f64, f64)>>,
    /// The gains of queries that a model ranked itself, and whether it hit.
    ranked: Vec<(f64, bool)>,
    k: Option<usize>,
}

impl Rankings {
    pub(super) fn new(k: Option<usize>) -> Self {
        Self { k, ..Self::default() }
    }

    /// Takes in a row with its score, both found to be numbers before.
    pub(super) fn add_scored(&mut self, query: &Cell, truth: &Cell, score: &Cell) {
        if let Some(pair) = finite_number(truth.text()).zip(finite_number(score.text())) {
            match self.by_query.get_mut(query) {
                Some(rows) => rows.push(pair),
                None => _ = self.by_query.insert(query.clone(), vec![pair]),
            }
        }
    }

    /// Takes in what a model ranked for a row, the first being the best; the truth is what is relevant.
    pub(super) fn add_ranked(&mut self, truth: &Cell, ranked: &[Cell]) {
        let relevant = items(truth).unwrap_or_else(|| vec![truth.clone()]);
        let most = self.k.unwrap_or(usize::MAX);
        let mut gain = 0.0;
        let mut found = vec![false; relevant.len()];
        for (at, item) in ranked.iter().take(most).enumerate() {
            // What is ranked twice is found once.
            if let Some(place) = position(&relevant, item.text()).filter(|place| !found[*place]) {
                found[place] = true;
                gain += discount(at);
            }
        }
        let ideal: f64 = (0..relevant.len().min(most)).map(discount).sum();
        let gain = if ideal > 0.0 { gain / ideal } else { 0.0 };
        self.ranked.push((gain, found.contains(&true)));
    }

    /// Metrics by name; those that there are none of are left out.
    #[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 queries")]
    pub(super) fn metrics(self) -> Vec<(String, f64)> {
        let k = self.k.unwrap_or(usize::MAX);
        let scored = self.by_query.into_values().map(|rows| (gain(&rows, k), is_hit(&rows, k)));
        let (mut gains, hits): (Vec<f64>, Vec<bool>) = scored.chain(self.ranked).unzip();
        let queries = gains.len() as f64;
        // In order, so that the sum is the same to the last digit whatever the order of the queries.
        gains.sort_unstable_by(f64::total_cmp);
        let mut metrics = vec![("ndcg".to_owned(), gains.iter().sum::<f64>() / queries)];
        if self.k.is_some() {
            metrics.push(("hit_rate".to_owned(), hits.iter().filter(|hit| **hit).count() as f64 / queries));
        }
        metrics.retain(|(_, value)| value.is_finite());
        metrics
    }
}

/// Of a place, counted from 0.
#[expect(clippy::cast_precision_loss, reason = "nobody ranks 2^52 items")]
fn discount(at: usize) -> f64 {
    1.0 / (at as f64 + 2.0).log2()
}

/// The discounted gain of one query by that of the best order; rows with the same score share what their places are worth.
/// None is relevant: 0.
#[expect(clippy::cast_precision_loss, reason = "no query has 2^52 rows")]
fn gain(rows: &[(f64, f64)], k: usize) -> f64 {
    let worth = |at: usize| if at < k { discount(at) } else { 0.0 };
    let mut best: Vec<f64> = rows.iter().map(|(truth, _)| *truth).collect();
    best.sort_unstable_by(|one, other| other.total_cmp(one));
    let ideal: f64 = best.iter().enumerate().map(|(at, truth)| truth * worth(at)).sum();
    let mut ranked = rows.to_vec();
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
    let (mut at, mut gained) = (0, 0.0);
    #[expect(clippy::float_cmp, reason = "the same score is meant")]
    for tied in ranked.chunk_by(|one, other| one.1 == other.1) {
        let of_places: f64 = (at..at + tied.len()).map(worth).sum();
        gained += tied.iter().map(|(truth, _)| truth).sum::<f64>() / tied.len() as f64 * of_places;
        at += tied.len();
    }
    if ideal > 0.0 { gained / ideal } else { 0.0 }
}

/// Whether a relevant row is among the k with the highest scores; of equal ones the last comes first, as in
/// scikit-learn's `top_k_accuracy_score`.
fn is_hit(rows: &[(f64, f64)], k: usize) -> bool {
    let mut ranked = rows.to_vec();
    ranked.sort_by(|one, other| one.1.total_cmp(&other.1));
    ranked.iter().rev().take(k).any(|(truth, _)| *truth > 0.0)
}

/// Of classes that a model ranked, how often the true one is among the first k.
#[derive(Debug, Default)]
pub(super) struct TopK {
    k: Option<usize>,
    hits: u64,
    rows: u64,
}

impl TopK {
    pub(super) fn new(k: Option<usize>) -> Self {
        Self { k, ..Self::default() }
    }

    pub(super) fn add(&mut self, truth: &Cell, ranked: &[Cell]) {
        self.rows += 1;
        let among = |k: usize| position(&ranked[..ranked.len().min(k)], truth.text()).is_some();
        self.hits += u64::from(self.k.is_some_and(among));
    }

    #[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 rows")]
    pub(super) fn metric(&self) -> Option<(String, f64)> {
        let share = self.hits as f64 / self.rows as f64;
        (self.k.is_some() && self.rows > 0).then(|| ("top_k_accuracy".to_owned(), share))
    }
}
