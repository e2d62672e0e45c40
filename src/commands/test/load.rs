//! A load case: requests sent when they are due, and timed from then.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::tally::{Sample, Tally};
use super::target::Target;
use super::timer::Timer;
use super::under_way::UnderWay;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{CaseReport, Failure as Problem, LoadReport, LoadStep};
use crate::domain::report::timeline::{Stream, Timeline};
use crate::domain::suite::load::{Arrival, Load, Throughput, due, due_from};
use crate::domain::suite::test_suite::{Body, Case};

pub(super) async fn run(
    case: &Case,
    body: &Body,
    load: &Load,
    under_way: &UnderWay,
    target: &impl Target,
) -> (CaseReport, Tally) {
    let driving = Driving { case, body, load, under_way, target };
    let (mut driven, rate, steps) = match &load.arrival {
        Arrival::Ramp(rates) => driving.ramp(rates).await,
        Arrival::Rate(rate) => (driving.drive(Some(*rate), 0).await, Some(*rate), Vec::new()),
        Arrival::Concurrency(_) => (driving.drive(None, 0).await, None, Vec::new()),
    };
    let mut report = driven.tally.report(&case.name, case.kind());
    if let Some(message) = rate.and_then(|rate| driven.throughput().too_slow(rate, load)) {
        report.failures.push(Problem::new(FailureKind::Rate, message));
        report.success = false;
    }
    report.load = Some(LoadReport {
        target_rate: rate,
        achieved_rate: driven.achieved_rate(),
        duration_seconds: driven.seconds,
        max_in_flight: load.max_in_flight,
        most_in_flight: u32::try_from(driven.most).unwrap_or(u32::MAX),
        output_tokens_per_second: driven.tokens_per_second(),
        steps,
        timeline: driven.timeline.report(),
    });
    (report, driven.tally)
}

/// A load that is sent.
struct Driving<'a, T> {
    case: &'a Case,
    body: &'a Body,
    load: &'a Load,
    under_way: &'a UnderWay,
    target: &'a T,
}

impl<T: Target> Driving<'_, T> {
    /// Rate after rate, up to the first at which an objective is not met; what came of the highest at which all were, or of the
    /// first if there is none.
    async fn ramp(&self, rates: &[f64]) -> (Driven, Option<f64>, Vec<LoadStep>) {
        let mut steps = Vec::new();
        let mut best: Option<(Driven, f64)> = None;
        let mut sent = 0;
        for rate in rates {
            let driven = self.drive(Some(*rate), sent).await;
            // What was said once, a server may answer from memory.
            sent += driven.tally.requests();
            let met = driven.tally.is_met() && driven.throughput().too_slow(*rate, self.load).is_none();
            steps.push(LoadStep {
                target_rate: *rate,
                achieved_rate: driven.achieved_rate(),
                met,
                latency_ms: driven.tally.measured().latency,
                ttft_ms: driven.tally.measured().ttft,
            });
            if met || best.is_none() {
                best = Some((driven, *rate));
            }
            if !met {
                break;
            }
        }
        let (driven, rate) = best.expect("a ramp has rates");
        (driven, Some(rate), steps)
    }

    /// Sends what is due at a rate, or as many at once as the load says. All ends a timeout after the last request is due: what a
    /// server that hangs keeps back until then is not sent any more, and would have been answered too late.
    async fn drive(&self, rate: Option<f64>, first: u64) -> Driven {
        let Self { case, body, load, under_way, target } = *self;
        under_way.begin(&case.slo);
        let mut timer = Timer::new();
        let started = Instant::now();
        let end = started + load.duration + case.timeout;
        let mut timeline = Timeline::default();
        let mut take = |(due, sample): (Instant, Sample)| {
            if let Some(latency) = sample.latency.filter(|_| sample.is_answered) {
                let stream = sample.tokens.as_ref().map(|tokens| Stream {
                    first: tokens.first,
                    between: &tokens.between,
                    tokens: tokens.tokens_out,
                });
                timeline.add(due.duration_since(started), latency, stream);
            }
            under_way.add(sample);
        };
        let mut in_flight = FuturesUnordered::new();
        let (mut most, mut number, mut last_sent) = (0, 0, started);
        loop {
            let due = match rate {
                Some(rate) => due(number, rate, load.duration).map(|due| started + due),
                None => Some(Instant::now()).filter(|now| now.duration_since(started) < load.duration),
            };
            let due = due.filter(|_| Instant::now() < end);
            let has_room = in_flight.len() < load.max_in_flight as usize;
            match due {
                Some(due) if has_room => tokio::select! {
                    biased;
                    () = timer.until(due) => {
                        in_flight.push(send(case, body.of(first + number), target, rate.map(|_| due), end));
                        number += 1;
                        most = most.max(in_flight.len());
                        last_sent = Instant::now();
                    }
                    Some(sample) = in_flight.next(), if !in_flight.is_empty() => take(sample),
                },
                _ => match in_flight.next().await {
                    Some(sample) => take(sample),
                    None => break,
                },
            }
        }
        let mut tally = under_way.finish();
        let unsent = rate.map_or(0, |rate| due_from(number, rate, load.duration));
        tally.add_unsent(unsent, case, load.max_in_flight);
        // A stream lasts, so the last one's end says nothing of the rate; in a closed loop it is work that was done.
        let took = if case.mode.is_streamed() && rate.is_some() {
            last_sent.duration_since(started)
        } else {
            started.elapsed()
        };
        let seconds = |took: Duration| took.max(load.duration).as_secs_f64();
        Driven { tally, timeline, seconds: seconds(took), seconds_in_all: seconds(started.elapsed()), most }
    }
}

/// What came of requests at one rate or concurrency.
struct Driven {
    tally: Tally,
    timeline: Timeline,
    /// Of a rate of streams, until the last one was opened; else until the last answer.
    seconds: f64,
    /// Until the last answer, in any case.
    seconds_in_all: f64,
    /// The most that were in flight at once.
    most: usize,
}

impl Driven {
    fn throughput(&self) -> Throughput {
        let (answered, requests) = (self.tally.answered(), self.tally.requests());
        Throughput { answered, requests, seconds: self.seconds, most_in_flight: self.most }
    }

    fn achieved_rate(&self) -> f64 {
        self.throughput().rate()
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
    fn tokens_per_second(&self) -> Option<f64> {
        self.tally.tokens_out().map(|tokens| tokens as f64 / self.seconds_in_all)
    }
}

/// One request of the load. It is not made again when it fails: that would be a request that nobody asked for. One that is
/// due at no moment counts from when it is sent, which may be after many others that begin with it.
async fn send(
    case: &Case,
    body: Cow<'_, [u8]>,
    target: &impl Target,
    due: Option<Instant>,
    end: Instant,
) -> (Instant, Sample) {
    let due = due.unwrap_or_else(Instant::now);
    let mut sample = Sample { invocations: 1, ..Sample::default() };
    let lag = due.elapsed();
    let last = end.min(Instant::now() + case.timeout);
    match tokio::time::timeout_at(last.into(), target.send(&case.mode, &case.options, &body)).await {
        Ok(Ok(streamed)) => {
            sample.latency = Some(due.elapsed());
            sample.judge(streamed, case).await;
            sample.count_from(lag);
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
    (due, sample)
}
