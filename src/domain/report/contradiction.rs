//! What of results cannot be true beside the rest of them: nobody is held against such figures.

use std::collections::BTreeSet;

use super::latency::LatencySummary;
use super::results::{AccountReport, CaseReport, DatasetReport, TestReport};

/// By how much a figure may be off that was computed from others.
const ROUNDING: f64 = 1e-6;

impl TestReport {
    /// The first thing that contradicts another, in words.
    pub(crate) fn contradiction(&self) -> Option<String> {
        let passed =
            self.errors.is_empty() && !self.accounts.is_empty() && self.accounts.iter().all(|account| account.success);
        let own = [
            (self.finished_at < self.started_at, "it ended before it began"),
            (self.success != passed, "its verdict is not that of its accounts and errors"),
        ];
        let own = own.into_iter().find(|(is_so, _)| *is_so).map(|(_, what)| what.to_owned());
        let of_account = |account: &AccountReport| Some(format!("{}: {}", account.name(), account.contradiction()?));
        own.or_else(|| self.accounts.iter().find_map(of_account))
    }
}

impl AccountReport {
    fn contradiction(&self) -> Option<String> {
        if self.success != (self.errors.is_empty() && self.cases.iter().all(|case| case.success)) {
            return Some("its verdict is not that of its cases and errors".to_owned());
        }
        let mut names = BTreeSet::new();
        self.cases.iter().find_map(|case| {
            let twice = (!names.insert(&case.name)).then_some("it stands twice");
            Some(format!("case {}: {}", case.name, twice.or_else(|| case.contradiction())?))
        })
    }
}

impl CaseReport {
    fn contradiction(&self) -> Option<&'static str> {
        let CaseReport { invocations, errors, failed, failures, tolerated, load, .. } = self;
        let is_told = !failures.is_empty() || !tolerated.is_empty() || self.dataset.is_some() || self.capture.is_some();
        let tokens = self.tokens.iter().flat_map(|tokens| {
            [Some(tokens.ttft_ms), tokens.inter_token_ms, tokens.time_per_output_token_ms].into_iter().flatten()
        });
        let steps = load.iter().flat_map(|load| &load.steps).flat_map(|step| [step.latency_ms, step.ttft_ms]).flatten();
        let mut times = [self.latency_ms, self.first_byte_ms].into_iter().flatten().chain(tokens).chain(steps);
        let capture = self.capture.as_ref();
        [
            (self.success != failures.is_empty(), "its verdict is not that of its failures"),
            (*failed > 0 && !is_told, "of what failed, nothing is told"),
            (errors > invocations, "it has more errors than invocations"),
            // Of a load, requests count as failed that were not sent in time.
            (load.is_none() && failed > invocations, "more has failed than was sent"),
            (times.any(|times| !times.is_ordered()), "the percentiles of a time fall, or its mean is outside of them"),
            (
                self.latency_buckets.windows(2).any(|pair| pair[0].up_to >= pair[1].up_to),
                "the latencies of its distribution do not rise",
            ),
            (capture.is_some_and(|capture| capture.agreed > capture.compared), "more answers agree than were compared"),
            (
                capture.is_some_and(|capture| capture.unusable > capture.records),
                "more records are unusable than there are",
            ),
        ]
        .into_iter()
        .find(|(is_so, _)| *is_so)
        .map(|(_, what)| what)
        .or_else(|| self.dataset.as_ref()?.contradiction())
    }
}

impl DatasetReport {
    fn contradiction(&self) -> Option<&'static str> {
        let confusion = self.confusion.as_ref()?;
        let size = confusion.labels.len();
        if confusion.counts.len() != size || confusion.counts.iter().any(|row| row.len() != size) {
            return Some("its confusion matrix is no square of its labels");
        }
        let sum = |counts: &mut dyn Iterator<Item = u64>| counts.fold(0_u64, u64::saturating_add);
        let all = sum(&mut confusion.counts.iter().flatten().copied());
        let right = sum(&mut (0..size).map(|at| confusion.counts[at][at]));
        if all > self.rows {
            return Some("its confusion matrix has more rows than the dataset");
        }
        #[expect(clippy::cast_precision_loss, reason = "no dataset has 2^52 rows")]
        let share = right as f64 / all as f64;
        let accuracy = self.metrics.get("accuracy").filter(|_| all > 0)?;
        ((accuracy - share).abs() > ROUNDING).then_some("its accuracy is not that of its confusion matrix")
    }
}

impl LatencySummary {
    fn is_ordered(&self) -> bool {
        let Self { min, mean, p50, p90, p95, p99, max } = *self;
        let rise = [0.0, min, p50, p90, p95, p99, max];
        // A mean is of whole microseconds.
        rise.windows(2).all(|pair| pair[0] <= pair[1]) && (min - 0.001..=max + 0.001).contains(&mean)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn times(p95: f64) -> Value {
        json!({"min": 1.0, "mean": 1.5, "p50": 1.5, "p90": 1.8, "p95": p95, "p99": 2.0, "max": 2.0})
    }

    fn results() -> Value {
        json!({
            "schemaVersion": 1, "success": true, "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:09Z",
            "project": null, "stage": null, "modelPackageArn": null,
            "accounts": [{
                "accountId": "111111111111", "region": "us-east-1", "endpointName": "e", "endpointStatus": "InService",
                "success": true, "dataCapture": null, "liveModelPackageArns": [], "liveModelMatches": null, "errors": [],
                "cases": [{
                    "name": "a", "success": true, "invocations": 4, "errors": 1, "failed": 0, "latencyMs": times(1.9),
                    "latencyBuckets": [{"upTo": 1.0, "count": 1}, {"upTo": 2.0, "count": 2}], "failures": [],
                    "dataset": {"rows": 4, "metrics": {"accuracy": 0.75},
                                "confusion": {"labels": ["x", "y"], "counts": [[2, 1], [0, 1]]}},
                }],
            }],
        })
    }

    fn contradiction(results: &Value) -> Option<String> {
        TestReport::parse(&results.to_string(), "t.json").expect("results").contradiction()
    }

    #[test]
    fn results_that_contradict_themselves_are_found_out() {
        assert_eq!(contradiction(&results()), None);
        let failure = json!([{"kind": "slo", "message": "m"}]);
        for (pointer, value, said) in [
            ("/success", json!(false), "its verdict is not that of its accounts"),
            ("/finishedAt", json!("2025-01-01T00:00:00Z"), "it ended before it began"),
            ("/accounts/0/success", json!(false), "its verdict is not that of its accounts"),
            ("/accounts/0/errors", failure.clone(), "111111111111 us-east-1: its verdict is not that of its cases"),
            ("/accounts/0/cases/0/failures", failure, "case a: its verdict is not that of its failures"),
            ("/accounts/0/cases/0/errors", json!(5), "more errors than invocations"),
            ("/accounts/0/cases/0/failed", json!(5), "more has failed than was sent"),
            ("/accounts/0/cases/0/latencyMs", times(1.7), "the percentiles of a time fall"),
            ("/accounts/0/cases/0/latencyMs/mean", json!(3.0), "its mean is outside"),
            ("/accounts/0/cases/0/latencyBuckets/1/upTo", json!(0.5), "do not rise"),
            ("/accounts/0/cases/0/dataset/metrics/accuracy", json!(0.9), "not that of its confusion matrix"),
            ("/accounts/0/cases/0/dataset/rows", json!(3), "more rows than the dataset"),
            ("/accounts/0/cases/0/dataset/confusion/labels", json!(["x"]), "no square"),
        ] {
            let mut results = results();
            *results.pointer_mut(pointer).expect(pointer) = value;
            let found = contradiction(&results).unwrap_or_default();
            assert!(found.contains(said), "{pointer}: {found}");
        }
        let mut twice = results();
        let case = twice["accounts"][0]["cases"][0].clone();
        twice["accounts"][0]["cases"].as_array_mut().expect("a list").push(case);
        assert!(contradiction(&twice).expect("found").ends_with("case a: it stands twice"));
    }
}
