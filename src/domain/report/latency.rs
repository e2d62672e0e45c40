//! Latencies of invocations, kept in a histogram whose size does not grow with their number.

use std::borrow::Cow;
use std::time::Duration;

use hdrhistogram::Histogram;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// From a microsecond to an hour, exact to three digits.
const MOST_MICROS: u64 = 3_600_000_000;
const DIGITS: u8 = 3;
/// So many are kept one by one, in a tenth of the histogram's 45 kB: most accounts get few requests, and there may be a
/// thousand accounts.
const FEW: usize = 512;

/// Latencies recorded so far: percentiles from the histogram, the rest exact to the microsecond.
#[derive(Clone, Debug)]
pub(crate) struct Latencies {
    few: Vec<u64>,
    /// In the place of the few, once they are more
    many: Option<Histogram<u64>>,
    sum: u64,
    min: u64,
    max: u64,
}

/// Milliseconds, as the results file gives them.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct LatencySummary {
    pub min: f64,
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

/// How many latencies were at most `upTo` milliseconds and more than the bucket before.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LatencyBucket {
    pub up_to: f64,
    pub count: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { few: Vec::new(), many: None, sum: 0, min: MOST_MICROS, max: 0 }
    }
}

fn histogram_of(values: &[u64]) -> Histogram<u64> {
    let histogram = Histogram::new_with_bounds(1, MOST_MICROS, DIGITS);
    let mut histogram = histogram.expect("the bounds are constants that fit");
    for micros in values {
        histogram.saturating_record(*micros);
    }
    histogram
}

impl Latencies {
    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = micros(latency);
        self.keep(micros);
        self.sum = self.sum.saturating_add(micros);
        self.min = self.min.min(micros);
        self.max = self.max.max(micros);
    }

    /// Records the same latency so often.
    pub(crate) fn record_times(&mut self, latency: Duration, times: u64) {
        let micros = micros(latency);
        self.many().saturating_record_n(micros, times);
        self.sum = self.sum.saturating_add(micros.saturating_mul(times));
        self.min = self.min.min(micros);
        self.max = self.max.max(micros);
    }

    fn keep(&mut self, micros: u64) {
        if self.many.is_none() && self.few.len() < FEW {
            self.few.push(micros);
        } else {
            self.many().saturating_record(micros);
        }
    }

    fn many(&mut self) -> &mut Histogram<u64> {
        let few = std::mem::take(&mut self.few);
        self.many.get_or_insert_with(|| histogram_of(&few))
    }

    fn histogram(&self) -> Cow<'_, Histogram<u64>> {
        self.many.as_ref().map_or_else(|| Cow::Owned(histogram_of(&self.few)), Cow::Borrowed)
    }

    /// Takes up what another one recorded.
    pub(crate) fn add(&mut self, other: &Self) {
        match &other.many {
            // Both have the same bounds, so adding cannot fail.
            Some(many) => _ = self.many().add(many),
            None => other.few.iter().for_each(|micros| self.keep(*micros)),
        }
        self.sum = self.sum.saturating_add(other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The distribution in at most a few dozen buckets, each a quarter wider than the one before; empty ones left out.
    pub(crate) fn buckets(&self) -> Vec<LatencyBucket> {
        let mut buckets: Vec<LatencyBucket> = Vec::new();
        let histogram = self.histogram();
        let first = histogram.min().max(1);
        for step in histogram.iter_log(first, 1.25) {
            let count = step.count_since_last_iteration();
            if count > 0 {
                buckets.push(LatencyBucket { up_to: millis(step.value_iterated_to()), count });
            }
        }
        buckets
    }

    /// `None` where nothing was recorded.
    pub(crate) fn summary(&self) -> Option<LatencySummary> {
        let histogram = self.histogram();
        if histogram.is_empty() {
            return None;
        }
        // A bucket of the histogram reaches a little beyond what is in it.
        let at = |quantile: f64| millis(histogram.value_at_quantile(quantile).clamp(self.min, self.max));
        Some(LatencySummary {
            min: millis(self.min),
            mean: millis(self.sum / histogram.len()),
            p50: at(0.50),
            p90: at(0.90),
            p95: at(0.95),
            p99: at(0.99),
            max: millis(self.max),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "an hour in microseconds is far below 2^52")]
pub(super) fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// As a histogram takes it.
pub(super) fn micros(latency: Duration) -> u64 {
    u64::try_from(latency.as_micros()).unwrap_or(MOST_MICROS).clamp(1, MOST_MICROS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(latencies: &Latencies) -> u64 {
        latencies.buckets().iter().map(|bucket| bucket.count).sum()
    }

    #[test]
    fn percentiles_are_exact_to_three_digits() {
        let mut latencies = Latencies::default();
        for micros in 1..=10_000 {
            latencies.record(Duration::from_micros(micros * 10));
        }
        let summary = latencies.summary().expect("recorded");
        for (got, want) in [(summary.p50, 50.0), (summary.p95, 95.0), (summary.p99, 99.0), (summary.max, 100.0)] {
            assert!((got - want).abs() / want < 0.001, "{got} for {want}");
        }
        assert_eq!(Latencies::default().summary(), None);
    }

    #[test]
    fn a_single_latency_is_every_figure_of_its_summary() {
        let mut latencies = Latencies::default();
        latencies.record(Duration::from_micros(9_220));
        let summary = latencies.summary().expect("recorded");
        let LatencySummary { min, mean, p50, p90, p95, p99, max } = summary;
        for figure in [min, mean, p50, p90, p95, p99, max] {
            assert!((figure - 9.22).abs() < 1e-9, "{summary:?}");
        }
    }

    #[test]
    fn few_and_many_say_the_same_and_add_up_in_any_order() {
        let of = |range: std::ops::Range<usize>| {
            let mut latencies = Latencies::default();
            range.for_each(|number| latencies.record(Duration::from_micros(1_000 + number as u64)));
            latencies
        };
        let (few, many) = (of(0..FEW), of(FEW..3 * FEW));
        assert!(few.many.is_none() && many.many.is_some() && many.few.is_empty());
        let all = of(0..3 * FEW);
        for (one, other) in [(&few, &many), (&many, &few)] {
            let mut sum = one.clone();
            sum.add(other);
            assert_eq!((count(&sum), sum.summary()), (count(&all), all.summary()));
            assert_eq!(sum.buckets(), all.buckets());
        }
        let mut sum = few.clone();
        sum.add(&few);
        assert_eq!(count(&sum), 2 * FEW as u64);
        assert_eq!(sum.summary().map(|summary| summary.p50), few.summary().map(|summary| summary.p50));
    }

    #[test]
    fn buckets_hold_every_latency_once() {
        let mut latencies = Latencies::default();
        for micros in [900, 1_000, 1_100, 50_000, 50_100, 3_000_000] {
            latencies.record(Duration::from_micros(micros));
        }
        let buckets = latencies.buckets();
        assert_eq!(count(&latencies), 6);
        assert!(buckets.len() < 7 && buckets.windows(2).all(|pair| pair[0].up_to < pair[1].up_to), "{buckets:?}");
    }
}
