//! Service level objectives: how many requests may fail, how long answers may take, and how fast they come.

use std::time::Duration;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::report::latency::LatencySummary;

/// Limits that every request has, before those that only streams have.
const OF_ALL: usize = 5;

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
    /// Streams: the 95th percentile of the time to the first byte.
    pub first_byte_ms: Option<f64>,
    /// Streams: time to first token, until the first event with content.
    pub ttft_p50_ms: Option<f64>,
    pub ttft_p90_ms: Option<f64>,
    #[serde(alias = "ttft_ms")]
    pub ttft_p95_ms: Option<f64>,
    pub ttft_p99_ms: Option<f64>,
    /// Streams: inter-token latency, from one event with content to the next.
    pub inter_token_p50_ms: Option<f64>,
    pub inter_token_p90_ms: Option<f64>,
    pub inter_token_p95_ms: Option<f64>,
    pub inter_token_p99_ms: Option<f64>,
    /// Streams: how fast 95 of 100 of them are after their first token.
    pub tokens_per_second: Option<AtLeast>,
    /// The share of requests that are answered as expected, each within every limit of the latencies and the speed.
    pub goodput: Option<AtLeast>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AtLeast {
    pub min: f64,
}

/// What was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Measured {
    pub invocations: u64,
    pub failed: u64,
    pub latency: Option<LatencySummary>,
    pub first_byte: Option<LatencySummary>,
    pub ttft: Option<LatencySummary>,
    pub inter_token: Option<LatencySummary>,
    /// Of each stream, on average after its first token.
    pub per_output_token: Option<LatencySummary>,
    /// Requests within every objective.
    pub good: u64,
}

/// What was measured of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Request {
    pub latency: Option<Duration>,
    pub first_byte: Option<Duration>,
    pub ttft: Option<Duration>,
    pub per_output_token: Option<Duration>,
}

/// A limit by name, and what was measured.
type Limit = (&'static str, Option<f64>, Option<f64>);

impl Slo {
    /// What cannot be meant, in words.
    pub(crate) fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let is_share = |share: f64| (0.0..=1.0).contains(&share);
        if self.error_rate.is_some_and(|rate| !is_share(rate)) {
            wrong.push("has an slo.error_rate that is not between 0 and 1".to_owned());
        }
        if self.goodput.is_some_and(|goodput| !is_share(goodput.min)) {
            wrong.push("has an slo.goodput.min that is not between 0 and 1".to_owned());
        }
        if self.tokens_per_second.is_some_and(|speed| !speed.min.is_finite() || speed.min <= 0.0) {
            wrong.push("has an slo.tokens_per_second.min that is not a positive number".to_owned());
        }
        for (name, limit, _) in self.limits(&Measured::default()) {
            if limit.is_some_and(|limit| !limit.is_finite() || limit <= 0.0) {
                wrong.push(format!("has an slo.{name} that is not a positive number of milliseconds"));
            }
        }
        wrong
    }

    /// The objectives that only streams have, of those that are set.
    pub(crate) fn of_streams(&self) -> Vec<&'static str> {
        let limits = self.limits(&Measured::default()).into_iter().skip(OF_ALL);
        let set = limits.filter_map(|(name, limit, _)| limit.map(|_| name));
        set.chain(self.tokens_per_second.map(|_| "tokens_per_second")).collect()
    }

    fn limits(&self, measured: &Measured) -> [Limit; 14] {
        let Measured { latency, first_byte, ttft, inter_token, .. } = measured;
        [
            ("p50_ms", self.p50_ms, latency.map(|latency| latency.p50)),
            ("p90_ms", self.p90_ms, latency.map(|latency| latency.p90)),
            ("p95_ms", self.p95_ms, latency.map(|latency| latency.p95)),
            ("p99_ms", self.p99_ms, latency.map(|latency| latency.p99)),
            ("max_ms", self.max_ms, latency.map(|latency| latency.max)),
            ("first_byte_ms", self.first_byte_ms, first_byte.map(|latency| latency.p95)),
            ("ttft_p50_ms", self.ttft_p50_ms, ttft.map(|latency| latency.p50)),
            ("ttft_p90_ms", self.ttft_p90_ms, ttft.map(|latency| latency.p90)),
            ("ttft_p95_ms", self.ttft_p95_ms, ttft.map(|latency| latency.p95)),
            ("ttft_p99_ms", self.ttft_p99_ms, ttft.map(|latency| latency.p99)),
            ("inter_token_p50_ms", self.inter_token_p50_ms, inter_token.map(|latency| latency.p50)),
            ("inter_token_p90_ms", self.inter_token_p90_ms, inter_token.map(|latency| latency.p90)),
            ("inter_token_p95_ms", self.inter_token_p95_ms, inter_token.map(|latency| latency.p95)),
            ("inter_token_p99_ms", self.inter_token_p99_ms, inter_token.map(|latency| latency.p99)),
        ]
    }

    /// Whether so many requests may fail.
    pub(crate) fn tolerates(&self, failed: u64, requests: u64) -> bool {
        share(failed, requests) <= self.error_rate.unwrap_or_default()
    }

    /// Whether one request is within every objective: of limits on several percentiles, within the widest.
    pub(crate) fn is_met_by(&self, request: &Request) -> bool {
        let within = |limits: &[Option<f64>], took: Option<Duration>| {
            let widest = limits.iter().flatten().copied().reduce(f64::max);
            widest.is_none_or(|most| took.is_some_and(|took| millis(took) <= most))
        };
        let fast = self.tokens_per_second.map(|speed| 1000.0 / speed.min);
        let between =
            [self.inter_token_p50_ms, self.inter_token_p90_ms, self.inter_token_p95_ms, self.inter_token_p99_ms];
        // An answer of one token has nothing between its tokens.
        let one_token = request.ttft.is_some() && request.per_output_token.is_none();
        within(&[self.p50_ms, self.p90_ms, self.p95_ms, self.p99_ms, self.max_ms], request.latency)
            && within(&[self.first_byte_ms], request.first_byte)
            && within(&[self.ttft_p50_ms, self.ttft_p90_ms, self.ttft_p95_ms, self.ttft_p99_ms], request.ttft)
            && (one_token || within(&between, request.per_output_token) && within(&[fast], request.per_output_token))
    }

    /// Every limit that was not kept, in words.
    pub(crate) fn broken(&self, measured: &Measured) -> Vec<String> {
        let mut broken = Vec::new();
        let Measured { failed, invocations, good, .. } = measured;
        let rate = share(*failed, *invocations);
        if let Some(limit) = self.error_rate.filter(|limit| rate > *limit) {
            broken
                .push(format!("expected an error rate of at most {limit}, got {rate:.4} ({failed} of {invocations})"));
        }
        for (name, limit, got) in self.limits(measured) {
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
        if let Some(AtLeast { min }) = self.tokens_per_second {
            match measured.tokens_per_second() {
                Some(got) if got < min => {
                    broken.push(format!("expected tokens_per_second of at least {min}, got {got:.1}"));
                }
                None => broken.push(format!("expected tokens_per_second of at least {min}, and nothing was measured")),
                Some(_) => {}
            }
        }
        let goodput = measured.goodput();
        if let Some(AtLeast { min }) = self.goodput.filter(|wanted| goodput < wanted.min) {
            broken.push(format!("expected a goodput of at least {min}, got {goodput:.4} ({good} of {invocations})"));
        }
        broken
    }
}

impl Measured {
    /// How many tokens a second 95 of 100 streams bring after their first, if not more.
    pub(crate) fn tokens_per_second(&self) -> Option<f64> {
        self.per_output_token.map(|latency| 1000.0 / latency.p95)
    }

    /// The share of requests within every objective.
    pub(crate) fn goodput(&self) -> f64 {
        share(self.good, self.invocations)
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_requests_may_fail_as_the_error_rate_says() {
        for (error_rate, failed, requests, wanted) in [
            (None, 0, 0, true),
            (None, 0, 100, true),
            (None, 1, 100, false),
            (Some(0.01), 0, 0, true),
            (Some(0.01), 1, 100, true),
            (Some(0.01), 2, 100, false),
            (Some(0.01), 1, 99, false),
            // In floating point, 0.29 times 100 is less than 29.
            (Some(0.29), 29, 100, true),
            (Some(1.0), 7, 7, true),
        ] {
            let slo = Slo { error_rate, ..Slo::default() };
            assert_eq!(slo.tolerates(failed, requests), wanted, "{error_rate:?}: {failed} of {requests}");
        }
    }

    fn measured(failed: u64, p95: f64) -> Measured {
        let latency = LatencySummary { min: 1.0, mean: 2.0, p50: 2.0, p90: 3.0, p95, p99: p95, max: p95 };
        Measured { invocations: 100, failed, latency: Some(latency), ..Measured::default() }
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
        let at_least = |min| Some(AtLeast { min });
        let slo = Slo { error_rate: Some(5.0), p99_ms: Some(0.0), ..Slo::default() };
        assert_eq!(slo.check().len(), 2);
        let slo = Slo { goodput: at_least(2.0), tokens_per_second: at_least(0.0), ttft_p95_ms: Some(-1.0), ..slo };
        assert_eq!(slo.check().len(), 5);
    }

    #[test]
    fn streams_have_objectives_of_their_own() {
        let slo = Slo { p95_ms: Some(1.0), ttft_p95_ms: Some(800.0), inter_token_p99_ms: Some(60.0), ..Slo::default() };
        assert_eq!(slo.of_streams(), ["ttft_p95_ms", "inter_token_p99_ms"]);
        let summary = |value| LatencySummary {
            min: value,
            mean: value,
            p50: value,
            p90: value,
            p95: value,
            p99: value,
            max: value,
        };
        let measured = Measured {
            invocations: 4,
            good: 3,
            ttft: Some(summary(900.0)),
            inter_token: Some(summary(50.0)),
            per_output_token: Some(summary(50.0)),
            ..Measured::default()
        };
        let speed = Some(AtLeast { min: 25.0 });
        let slo = Slo { p95_ms: None, tokens_per_second: speed, goodput: Some(AtLeast { min: 0.9 }), ..slo };
        assert_eq!(
            slo.broken(&measured),
            [
                "expected ttft_p95_ms of at most 800, got 900",
                "expected tokens_per_second of at least 25, got 20.0",
                "expected a goodput of at least 0.9, got 0.7500 (3 of 4)"
            ]
        );
        assert_eq!(slo.broken(&Measured::default()).len(), 4);
    }

    #[test]
    fn a_request_is_good_within_the_widest_limit_of_each_kind() {
        let millis = |millis| Some(Duration::from_millis(millis));
        let slo = Slo { ttft_p50_ms: Some(100.0), ttft_p99_ms: Some(500.0), ..Slo::default() };
        let request = |ttft| Request { ttft: millis(ttft), ..Request::default() };
        assert!(slo.is_met_by(&request(400)));
        assert!(!slo.is_met_by(&request(600)));
        assert!(!slo.is_met_by(&Request::default()));
        assert!(Slo::default().is_met_by(&Request::default()));
        let slo = Slo { tokens_per_second: Some(AtLeast { min: 20.0 }), ..slo };
        assert!(slo.is_met_by(&request(400)), "one token has no speed");
        assert!(slo.is_met_by(&Request { per_output_token: millis(50), ..request(400) }));
        assert!(!slo.is_met_by(&Request { per_output_token: millis(51), ..request(400) }));
    }
}
