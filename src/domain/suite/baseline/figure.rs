//! The figures of a case that can be held against those of another run.

use crate::domain::finding::nearest;
use crate::domain::report::latency::LatencySummary;
use crate::domain::report::results::CaseReport;
use crate::domain::suite::capture::metrics::OfCaptures;
use crate::domain::suite::dataset::gate::{Catalogue, Metric, OfDatasets};

/// Every figure but the metrics of datasets and captured traffic, as the objectives are named.
const NAMES: [&str; 20] = [
    "mean_ms",
    "p50_ms",
    "p90_ms",
    "p95_ms",
    "p99_ms",
    "max_ms",
    "error_rate",
    "first_byte_ms",
    "ttft_p50_ms",
    "ttft_p90_ms",
    "ttft_p95_ms",
    "ttft_p99_ms",
    "inter_token_p50_ms",
    "inter_token_p90_ms",
    "inter_token_p95_ms",
    "inter_token_p99_ms",
    "tokens_per_second",
    "goodput",
    "achieved_rate",
    "output_tokens_per_second",
];

fn metrics() -> impl Iterator<Item = &'static Metric> {
    OfDatasets::METRICS.iter().chain(OfCaptures::METRICS)
}

/// # Errors
/// There is no such figure, in words that follow the case's name.
pub(super) fn known(name: &str) -> Result<(), String> {
    let of_class = name.split_once('[').filter(|(_, class)| class.len() > 1 && class.ends_with(']'));
    let is_metric = |metric: &Metric| match of_class {
        Some((base, _)) => metric.by_class && metric.name == base,
        None => !metric.by_class && metric.name == name,
    };
    if NAMES.contains(&name) || metrics().any(is_metric) {
        return Ok(());
    }
    let names = NAMES.into_iter().chain(metrics().map(|metric| metric.name));
    Err(match nearest(name, names) {
        Some(near) if near.ends_with("_of") => {
            format!("has an against_baseline of \"{name}\", which is by class; write {near}[CLASS]")
        }
        Some(near) => format!("has an against_baseline of \"{name}\", which is no figure; did you mean \"{near}\"?"),
        None => format!(
            "has an against_baseline of \"{name}\", which is no figure: there are {} and the metrics of datasets and \
             captured traffic",
            NAMES.join(", ")
        ),
    })
}

/// A figure of a case, if it has it.
#[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
pub(crate) fn figure(case: &CaseReport, name: &str) -> Option<f64> {
    if let Some(value) = case.dataset.as_ref().and_then(|dataset| dataset.metrics.get(name)) {
        return Some(*value).filter(|value| !value.is_nan());
    }
    let of = |summary: Option<LatencySummary>, percentile: &str| {
        let summary = summary?;
        Some(match percentile {
            "mean_ms" => summary.mean,
            "p50_ms" => summary.p50,
            "p90_ms" => summary.p90,
            "p95_ms" => summary.p95,
            "p99_ms" => summary.p99,
            "max_ms" => summary.max,
            _ => return None,
        })
    };
    let load = case.load.as_ref();
    match name {
        "error_rate" => (case.invocations > 0).then(|| case.failed as f64 / case.invocations as f64),
        "first_byte_ms" => case.first_byte_ms.map(|summary| summary.p95),
        "tokens_per_second" => case.tokens?.tokens_per_second,
        "goodput" => case.tokens?.goodput,
        "achieved_rate" => load.map(|load| load.achieved_rate),
        "output_tokens_per_second" => load?.output_tokens_per_second,
        _ => match (name.strip_prefix("ttft_"), name.strip_prefix("inter_token_")) {
            (Some(percentile), _) => of(case.tokens.map(|tokens| tokens.ttft_ms), percentile),
            (_, Some(percentile)) => of(case.tokens?.inter_token_ms, percentile),
            _ => of(case.latency_ms, name),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_figure_and_no_other_is() {
        for name in NAMES.into_iter().chain(["accuracy", "rmse", "agreement", "recall_of[a]"]) {
            assert_eq!(known(name), Ok(()), "{name}");
        }
        for (name, said) in [
            ("acuracy", "did you mean \"accuracy\"?"),
            ("p95", "did you mean \"p95_ms\"?"),
            ("recall_of", "write recall_of[CLASS]"),
            ("something else", "there are mean_ms, p50_ms"),
        ] {
            let error = known(name).expect_err(name);
            assert!(error.contains(said), "{error}");
        }
    }
}
