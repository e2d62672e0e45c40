//! A load: how requests follow each other.
//!
//! In an open loop, requests start when they are due, whether or not earlier ones were answered, and a latency counts from
//! the moment at which its request was due. A client that waited for a stalled server before it sent the next request
//! would hide the stall from its own figures (coordinated omission). In a closed loop, so many are always under way.

use std::time::Duration;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::suite::prompts::PromptsSpec;
use crate::domain::text::duration;

/// `load` as it is written: one of `rate`, `concurrency` and `ramp`.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadSpec {
    /// Requests a second.
    pub rate: Option<f64>,
    /// Requests that are always under way.
    #[cfg_attr(test, schemars(range(min = 1, max = MOST_AT_ONCE)))]
    pub concurrency: Option<u32>,
    /// Higher and higher rates, up to the first at which an objective is not met.
    pub ramp: Option<RampSpec>,
    /// For how long requests become due, in a ramp at each rate: `30s`, `5m`.
    pub duration: String,
    /// The most requests at once; a request that is due has to wait where as many are under way.
    #[cfg_attr(test, schemars(range(min = 1, max = MOST_AT_ONCE)))]
    pub max_in_flight: Option<u32>,
    /// Mode `chat`: what each request says instead of the case's last message.
    pub prompts: Option<PromptsSpec>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RampSpec {
    /// The first rate, in requests a second.
    pub from: f64,
    /// The last one.
    pub to: f64,
    /// How many rates there are, at even distances.
    #[cfg_attr(test, schemars(range(min = 2, max = MOST_STEPS)))]
    pub steps: u32,
}

/// A load that can be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    pub arrival: Arrival,
    pub duration: Duration,
    pub max_in_flight: u32,
}

/// When requests arrive at the model.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrival {
    /// So many a second.
    Rate(f64),
    /// Each as soon as one is answered, so many at once.
    Concurrency(u32),
    /// So many a second, one rate after the other.
    Ramp(Vec<f64>),
}

const DEFAULT_MAX_IN_FLIGHT: u32 = 64;
/// Above this, one client is no longer what measures the model.
const MAX_RATE: f64 = 100_000.0;
const MAX_DURATION: Duration = Duration::from_hours(6);
/// Each request that is under way has its connection, and a process has a few thousand.
pub(crate) const MOST_AT_ONCE: u32 = 10_000;
const MOST_STEPS: u32 = 100;

impl LoadSpec {
    /// A load, or everything that is wrong with it, in words.
    ///
    /// # Errors
    /// A rate, duration or cap that cannot be meant.
    pub(crate) fn compile(&self) -> Result<Load, Vec<String>> {
        let mut wrong = Vec::new();
        let is_rate = |rate: f64| rate > 0.0 && rate <= MAX_RATE;
        let at_once = |name: &str, number: u32, wrong: &mut Vec<String>| {
            if !(1..=MOST_AT_ONCE).contains(&number) {
                wrong.push(format!("sets load.{name} to {number}; write 1 to {MOST_AT_ONCE}"));
            }
        };
        let arrival = match (self.rate, self.concurrency, self.ramp) {
            (Some(rate), None, None) => {
                if !is_rate(rate) {
                    wrong.push(format!("has a load.rate that is not between 0 and {MAX_RATE} requests a second"));
                }
                Arrival::Rate(rate)
            }
            (None, Some(concurrency), None) => {
                at_once("concurrency", concurrency, &mut wrong);
                if self.max_in_flight.is_some() {
                    wrong.push("has a load with a concurrency and a max_in_flight, which say the same".to_owned());
                }
                Arrival::Concurrency(concurrency)
            }
            (None, None, Some(ramp)) => {
                if !is_rate(ramp.from) || !is_rate(ramp.to) || ramp.from >= ramp.to {
                    wrong.push(format!(
                        "has a load.ramp whose rates do not rise from above 0 to at most {MAX_RATE} requests a second"
                    ));
                }
                if !(2..=MOST_STEPS).contains(&ramp.steps) {
                    wrong.push(format!("sets load.ramp.steps to {}; write 2 to {MOST_STEPS}", ramp.steps));
                }
                Arrival::Ramp(ramp.rates())
            }
            _ => {
                wrong.push("needs one of rate, concurrency and ramp in its load; write one of them".to_owned());
                Arrival::Rate(1.0)
            }
        };
        let duration = duration::parse(&self.duration, duration::SHORTEST..=MAX_DURATION).unwrap_or_else(|error| {
            wrong.push(format!("sets load.duration to \"{}\": {error}", self.duration));
            Duration::ZERO
        });
        let max_in_flight = self.max_in_flight.or(self.concurrency).unwrap_or(DEFAULT_MAX_IN_FLIGHT);
        if self.max_in_flight.is_some() {
            at_once("max_in_flight", max_in_flight, &mut wrong);
        }
        if wrong.is_empty() { Ok(Load { arrival, duration, max_in_flight }) } else { Err(wrong) }
    }
}

impl RampSpec {
    fn rates(self) -> Vec<f64> {
        let steps = self.steps.clamp(2, MOST_STEPS);
        let distance = (self.to - self.from) / f64::from(steps - 1);
        (0..steps).map(|step| self.from + f64::from(step) * distance).collect()
    }
}

/// When the request of that number is due at a rate, from the start; `None` after the last.
#[expect(clippy::cast_precision_loss, reason = "six hours at the highest rate are far below 2^52 requests")]
pub(crate) fn due(number: u64, rate: f64, duration: Duration) -> Option<Duration> {
    // Of the slowest rates, the second request is due when no clock goes that far
    let due = Duration::try_from_secs_f64(number as f64 / rate).ok()?;
    (due < duration).then_some(due)
}

/// How many requests are due at a rate, from that number on.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates and durations are far below 2^52")]
pub(crate) fn due_from(number: u64, rate: f64, duration: Duration) -> u64 {
    let all = (rate * duration.as_secs_f64()).ceil() as u64;
    // Rounding must not make one of none, nor none of one.
    if due(number, rate, duration).is_some() { all.saturating_sub(number).max(1) } else { 0 }
}

/// Of the rate that was asked for, so much must have been answered.
const LEAST_SHARE: f64 = 0.95;

/// What came of the requests of a load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throughput {
    pub(crate) answered: u64,
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    /// The most that were in flight at once.
    pub(crate) most_in_flight: usize,
}

impl Throughput {
    /// Answers a second.
    #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
    pub(crate) fn rate(&self) -> f64 {
        self.answered as f64 / self.seconds
    }

    /// Why the rate was not kept.
    pub(crate) fn too_slow(&self, rate: f64, load: &Load) -> Option<String> {
        let Self { answered, requests, seconds, most_in_flight } = self;
        let achieved = self.rate();
        (achieved < rate * LEAST_SHARE).then(|| {
            format!(
                "expected {rate} requests a second to be answered, got {achieved:.1} ({answered} of {requests} requests \
                 in {seconds:.1} s, at most {most_in_flight} of {} in flight)",
                load.max_in_flight
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_rate_at_least_95_percent_are_answered() {
        let load = Load { arrival: Arrival::Rate(100.0), duration: Duration::from_secs(2), max_in_flight: 8 };
        let too_slow = |answered| {
            let throughput = Throughput { answered, requests: 200, seconds: 2.0, most_in_flight: 8 };
            throughput.too_slow(100.0, &load)
        };
        assert_eq!((too_slow(200), too_slow(190)), (None, None));
        assert_eq!(
            too_slow(189).as_deref(),
            Some(
                "expected 100 requests a second to be answered, got 94.5 (189 of 200 requests in 2.0 s, at most 8 of 8 in \
                 flight)"
            )
        );
        assert!(too_slow(0).is_some());
    }

    #[test]
    fn requests_are_due_at_even_distances_until_the_end() {
        let at = |number| due(number, 4.0, Duration::from_secs(1));
        let due: Vec<u128> = (0..).map_while(at).map(|due| due.as_millis()).collect();
        assert_eq!(due, [0, 250, 500, 750]);
        assert_eq!([0, 3, 4, 9].map(|number| due_from(number, 4.0, Duration::from_secs(1))), [4, 1, 0, 0]);
        assert_eq!(due_from(0, f64::MIN_POSITIVE, MAX_DURATION), 1);
    }

    #[test]
    fn the_slowest_rate_has_one_request() {
        let at = |number| due(number, f64::MIN_POSITIVE, MAX_DURATION);
        assert_eq!((at(0), at(1)), (Some(Duration::ZERO), None));
    }

    #[test]
    fn a_ramp_rises_at_even_distances() {
        let ramp = RampSpec { from: 1.0, to: 5.0, steps: 3 };
        let spec = LoadSpec { ramp: Some(ramp), duration: "1s".into(), ..LoadSpec::default() };
        assert_eq!(spec.compile().map(|load| load.arrival), Ok(Arrival::Ramp(vec![1.0, 3.0, 5.0])));
    }

    #[test]
    fn loads_that_cannot_be_meant_are_refused() {
        let load = |rate, duration: &str, max_in_flight| LoadSpec {
            rate: Some(rate),
            duration: duration.into(),
            max_in_flight,
            ..LoadSpec::default()
        };
        let ramp = |from, to, steps| LoadSpec {
            ramp: Some(RampSpec { from, to, steps }),
            duration: "1s".into(),
            ..LoadSpec::default()
        };
        assert!(load(50.0, "30s", None).compile().is_ok());
        for bad in [
            load(0.0, "30s", None),
            load(f64::NAN, "30s", None),
            load(1.0, "soon", None),
            load(1.0, "0s", None),
            load(1.0, "7h", None),
            load(1.0, "1s", Some(0)),
            load(1.0, "1s", Some(u32::MAX)),
            ramp(2.0, 1.0, 3),
            ramp(0.0, 1.0, 3),
            ramp(1.0, 2.0, 1),
            LoadSpec { duration: "1s".into(), ..LoadSpec::default() },
            LoadSpec { concurrency: Some(0), duration: "1s".into(), ..LoadSpec::default() },
            LoadSpec { concurrency: Some(1), ..load(1.0, "1s", None) },
            LoadSpec { rate: None, concurrency: Some(1), ..load(1.0, "1s", Some(1)) },
        ] {
            assert_eq!(bad.compile().map_err(|wrong| wrong.len()), Err(1), "{bad:?}");
        }
    }
}
