//! A load case: requests sent when they are due, and timed from then.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::tally::{Sample, Tally};
use super::target::Target;
use crate::domain::load::Load;
use crate::domain::test_report::{CaseReport, Failure as Problem, LoadReport};
use crate::domain::test_suite::Case;

/// The timer wakes by the millisecond; what is left of the wait is spent yielding, so that requests start in time.
const TIMER_GRAIN: Duration = Duration::from_micros(1500);
/// Of the rate that was asked for, so much must have been answered.
const LEAST_SHARE: f64 = 0.95;

pub(super) async fn run(case: &Case, body: &[u8], load: &Load, target: &impl Target) -> (CaseReport, Tally) {
    let started = Instant::now();
    let mut tally = Tally::default();
    let mut in_flight = FuturesUnordered::new();
    let mut most = 0;
    let mut number = 0;
    loop {
        let due = load.due(number).map(|due| started + due);
        let has_room = in_flight.len() < load.max_in_flight as usize;
        match due {
            Some(due) if has_room => tokio::select! {
                biased;
                () = until(due) => {
                    in_flight.push(send(case, body, target, due));
                    number += 1;
                    most = most.max(in_flight.len());
                }
                Some(sample) = in_flight.next(), if !in_flight.is_empty() => tally.add(sample),
            },
            _ => match in_flight.next().await {
                Some(sample) => tally.add(sample),
                None => break,
            },
        }
    }
    let took = started.elapsed().max(load.duration).as_secs_f64();
    let mut report = tally.report(&case.name, case.kind(), &case.slo);
    #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
    let achieved_rate = tally.answered() as f64 / took;
    if achieved_rate < load.rate * LEAST_SHARE {
        let message = format!(
            "expected {} requests a second to be answered, got {achieved_rate:.1} ({} of {} requests in {took:.1} s, at \
             most {most} of {} in flight)",
            load.rate,
            tally.answered(),
            tally.requests(),
            load.max_in_flight
        );
        report.failures.push(Problem::new("rate", message));
        report.success = false;
    }
    report.load = Some(LoadReport {
        target_rate: load.rate,
        achieved_rate,
        duration_seconds: took,
        max_in_flight: load.max_in_flight,
        most_in_flight: u32::try_from(most).unwrap_or(u32::MAX),
    });
    (report, tally)
}

/// One request of the load. It is not made again when it fails: that would be a request that nobody asked for.
async fn send(case: &Case, body: &[u8], target: &impl Target, due: Instant) -> Sample {
    let mut sample = Sample { invocations: 1, ..Sample::default() };
    match tokio::time::timeout(case.timeout, target.send(&case.mode, &case.options, body)).await {
        Ok(Ok(streamed)) => {
            sample.latency = Some(due.elapsed());
            sample.judge(streamed, &case.expect).await;
        }
        Ok(Err(error)) => {
            sample.errors = 1;
            sample.fail(&error);
        }
        Err(_) => {
            sample.errors = 1;
            sample.time_out(case, due.elapsed());
        }
    }
    sample
}

async fn until(due: Instant) {
    if let Some(pause) = due.checked_duration_since(Instant::now() + TIMER_GRAIN) {
        tokio::time::sleep(pause).await;
    }
    while Instant::now() < due {
        tokio::task::yield_now().await;
    }
}
