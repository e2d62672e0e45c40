//! An open-loop load: requests start when they are due, whether or not earlier ones were answered.
//!
//! A latency counts from the moment at which its request was due. A client that waited for a stalled server before
//! it sent the next request would hide the stall from its own figures (coordinated omission).

use std::time::Duration;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::duration;

/// `load` as it is written.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoadSpec {
    /// Requests a second.
    pub rate: f64,
    /// For how long requests become due: `30s`, `5m`.
    pub duration: String,
    /// The most requests at once; a request that is due has to wait where as many are under way.
    #[cfg_attr(test, schemars(range(min = 1, max = 10_000)))]
    pub max_in_flight: Option<u32>,
}

/// A load that can be run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    pub rate: f64,
    pub duration: Duration,
    pub max_in_flight: u32,
}

const DEFAULT_MAX_IN_FLIGHT: u32 = 64;
/// Above this, one client is no longer what measures the model.
const MAX_RATE: f64 = 100_000.0;
const MAX_DURATION: Duration = Duration::from_hours(6);
/// Each request that is under way has its connection, and a process has a few thousand.
pub const MOST_AT_ONCE: u32 = 10_000;

impl LoadSpec {
    /// A load, or everything that is wrong with it, in words.
    ///
    /// # Errors
    /// A rate, duration or cap that cannot be meant.
    pub fn compile(&self) -> Result<Load, Vec<String>> {
        let mut wrong = Vec::new();
        if !(self.rate > 0.0 && self.rate <= MAX_RATE) {
            wrong.push(format!("has a load.rate that is not between 0 and {MAX_RATE} requests a second"));
        }
        let duration = duration::parse(&self.duration, duration::SHORTEST..=MAX_DURATION).unwrap_or_else(|error| {
            wrong.push(format!("sets load.duration to \"{}\": {error}", self.duration));
            Duration::ZERO
        });
        let max_in_flight = self.max_in_flight.unwrap_or(DEFAULT_MAX_IN_FLIGHT);
        if !(1..=MOST_AT_ONCE).contains(&max_in_flight) {
            wrong.push(format!("sets load.max_in_flight to {max_in_flight}: write 1 to {MOST_AT_ONCE}"));
        }
        if wrong.is_empty() { Ok(Load { rate: self.rate, duration, max_in_flight }) } else { Err(wrong) }
    }
}

impl Load {
    /// When the request of that number is due, from the start; `None` after the last.
    #[expect(clippy::cast_precision_loss, reason = "six hours at the highest rate are far below 2^52 requests")]
    pub fn due(&self, number: u64) -> Option<Duration> {
        // Of the slowest rates, the second request is due when no clock goes that far
        let due = Duration::try_from_secs_f64(number as f64 / self.rate).ok()?;
        (due < self.duration).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_at_even_distances_until_the_end() {
        let load = Load { rate: 4.0, duration: Duration::from_secs(1), max_in_flight: 1 };
        let due: Vec<u128> = (0..).map_while(|number| load.due(number)).map(|due| due.as_millis()).collect();
        assert_eq!(due, [0, 250, 500, 750]);
    }

    #[test]
    fn the_slowest_rate_has_one_request() {
        let slow = Load { rate: f64::MIN_POSITIVE, duration: MAX_DURATION, max_in_flight: 1 };
        assert_eq!((slow.due(0), slow.due(1)), (Some(Duration::ZERO), None));
    }

    #[test]
    fn loads_that_cannot_be_meant_are_refused() {
        let load = |rate, duration: &str, max_in_flight| LoadSpec { rate, duration: duration.into(), max_in_flight };
        assert!(load(50.0, "30s", None).compile().is_ok());
        for bad in [
            load(0.0, "30s", None),
            load(f64::NAN, "30s", None),
            load(1.0, "soon", None),
            load(1.0, "0s", None),
            load(1.0, "7h", None),
            load(1.0, "1s", Some(0)),
            load(1.0, "1s", Some(u32::MAX)),
        ] {
            assert_eq!(bad.compile().map_err(|wrong| wrong.len()), Err(1), "{bad:?}");
        }
    }
}
