//! Service level objectives: how many requests may fail and how long answers may take.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::latency::LatencySummary;

/// Limits, each held only where it is given; latencies in milliseconds, as the caller measures them.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// The share of requests that may fail, 0 to 1. Without it none may.
    pub error_rate: Option<f64>,
    pub p50_ms: Option<f64>,
    pub p90_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub max_ms: Option<f64>,
    /// Stream mode: the 95th percentile of the time to the first byte.
    pub first_byte_ms: Option<f64>,
}

/// What was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    pub invocations: u64,
    pub failed: u64,
    pub latency: Option<LatencySummary>,
    pub first_byte: Option<LatencySummary>,
}

impl Slo {
    /// What cannot be meant, in words.
    pub fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.error_rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
            wrong.push("has an slo.error_rate that is no share between 0 and 1".to_owned());
        }
        let limits = self.limits(None).into_iter().chain([("first_byte_ms", self.first_byte_ms, None)]);
        for (name, limit, _) in limits {
            if limit.is_some_and(|limit| !limit.is_finite() || limit <= 0.0) {
                wrong.push(format!("has an slo.{name} that is no time"));
            }
        }
        wrong
    }

    fn limits(&self, latency: Option<LatencySummary>) -> [(&'static str, Option<f64>, Option<f64>); 5] {
        [
            ("p50_ms", self.p50_ms, latency.map(|latency| latency.p50)),
            ("p90_ms", self.p90_ms, latency.map(|latency| latency.p90)),
            ("p95_ms", self.p95_ms, latency.map(|latency| latency.p95)),
            ("p99_ms", self.p99_ms, latency.map(|latency| latency.p99)),
            ("max_ms", self.max_ms, latency.map(|latency| latency.max)),
        ]
    }

    /// The share of requests that may fail.
    pub fn tolerated(&self) -> f64 {
        self.error_rate.unwrap_or_default()
    }

    /// Every limit that was not kept, in words.
    #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
    pub fn broken(&self, measured: &Measured) -> Vec<String> {
        let mut broken = Vec::new();
        let rate = measured.failed as f64 / measured.invocations.max(1) as f64;
        if let Some(limit) = self.error_rate.filter(|limit| rate > *limit) {
            let Measured { failed, invocations, .. } = measured;
            broken
                .push(format!("expected an error rate of at most {limit}, got {rate:.4} ({failed} of {invocations})"));
        }
        let first_byte = ("first_byte_ms", self.first_byte_ms, measured.first_byte.map(|latency| latency.p95));
        for (name, limit, got) in self.limits(measured.latency).into_iter().chain([first_byte]) {
            match (limit, got) {
                (Some(limit), Some(got)) if got > limit => {
                    broken.push(format!("expected {name} of at most {limit}, got {got}"));
                }
                (Some(limit), None) => {
                    broken.push(format!("expected {name} of at most {limit}, and nothing was measured"));
                }
                _ => {}
            }
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(failed: u64, p95: f64) -> Measured {
        let latency = LatencySummary { min: 1.0, mean: 2.0, p50: 2.0, p90: 3.0, p95, p99: p95, max: p95 };
        Measured { invocations: 100, failed, latency: Some(latency), first_byte: None }
    }

    #[test]
    fn every_limit_can_be_broken() {
        let slo = Slo { error_rate: Some(0.01), p95_ms: Some(10.0), ..Slo::default() };
        assert_eq!(slo.broken(&measured(1, 10.0)), [""; 0]);
        assert_eq!(
            slo.broken(&measured(2, 10.5)),
            [
                "expected an error rate of at most 0.01, got 0.0200 (2 of 100)",
                "expected p95_ms of at most 10, got 10.5"
            ]
        );
        let slo = Slo { first_byte_ms: Some(5.0), ..Slo::default() };
        assert_eq!(slo.broken(&measured(0, 1.0)), ["expected first_byte_ms of at most 5, and nothing was measured"]);
    }

    #[test]
    fn limits_that_cannot_be_meant_are_refused() {
        let slo = Slo { error_rate: Some(5.0), p99_ms: Some(0.0), ..Slo::default() };
        assert_eq!(slo.check().len(), 2);
    }
}
