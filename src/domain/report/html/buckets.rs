//! Buckets of latencies as bars, and those of many accounts as one distribution.

use super::figures::as_float;
use crate::domain::report::latency::LatencyBucket;

/// Each bucket of the results is this much wider than the one before.
const BUCKET_RATIO: f64 = 1.25;

/// A bucket with its lower end, which the results leave out.
pub(super) struct Bar {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) count: f64,
}

impl Bar {
    pub(super) fn of(buckets: &[LatencyBucket]) -> Vec<Self> {
        let mut buckets: Vec<&LatencyBucket> =
            buckets.iter().filter(|bucket| bucket.up_to > 0.0 && bucket.count > 0).collect();
        buckets.sort_by(|a, b| a.up_to.total_cmp(&b.up_to));
        let mut before = 0.0;
        let mut bars = Vec::new();
        for bucket in buckets {
            let from = (bucket.up_to / BUCKET_RATIO).max(before);
            if from < bucket.up_to {
                bars.push(Self { from, to: bucket.up_to, count: as_float(bucket.count) });
            }
            before = bucket.up_to;
        }
        bars
    }
}

/// Every bucket's requests, spread evenly over the buckets of a common grid that it covers.
pub(super) fn merge<'a>(all: impl Iterator<Item = &'a [LatencyBucket]>) -> Vec<LatencyBucket> {
    let bars: Vec<Bar> = all.flat_map(Bar::of).collect();
    let Some(least) = bars.iter().map(|bar| bar.from).reduce(f64::min) else { return Vec::new() };
    let step_of = |value: f64| (value / least).ln() / BUCKET_RATIO.ln();
    let mut counts: Vec<f64> = Vec::new();
    for bar in &bars {
        let (from, to) = (step_of(bar.from), step_of(bar.to));
        let mut at = from.floor().max(0.0);
        while at < to {
            let covered = (to.min(at + 1.0) - from.max(at)) / (to - from);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
            let index = at as usize;
            if counts.len() <= index {
                counts.resize(index + 1, 0.0);
            }
            counts[index] += covered * bar.count;
            at += 1.0;
        }
    }
    let mut up_to = least;
    let mut buckets = Vec::new();
    for number in counts {
        up_to *= BUCKET_RATIO;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of requests")]
        let count = number.round() as u64;
        if count > 0 {
            buckets.push(LatencyBucket { up_to, count });
        }
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(buckets: &[(f64, u64)]) -> Vec<LatencyBucket> {
        buckets.iter().map(|&(up_to, count)| LatencyBucket { up_to, count }).collect()
    }

    #[test]
    fn merged_buckets_hold_about_every_request() {
        let merged = merge([buckets(&[(10.0, 400), (12.5, 100)]), buckets(&[(11.0, 1000)])].iter().map(Vec::as_slice));
        let sum: u64 = merged.iter().map(|bucket| bucket.count).sum();
        assert!((1498..=1502).contains(&sum), "{merged:?}");
        assert!(merged.windows(2).all(|pair| pair[0].up_to < pair[1].up_to));
    }
}
