//! A load as time goes by, in equal parts: how long what was asked in each took, and the tokens that came in it.

use std::time::Duration;

use hdrhistogram::Histogram;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::latency::{micros, millis};

/// As many as a picture shows.
const MOST_PARTS: usize = 60;
const SHORTEST_PART: Duration = Duration::from_secs(1);
/// A picture shows no more of a number, and a load over many accounts has many of them.
const DIGITS: u8 = 2;

/// When the tokens of one streamed answer came.
#[derive(Clone, Copy)]
pub(crate) struct Stream<'a> {
    /// From when the request was due.
    pub(crate) first: Duration,
    /// From each event with tokens to the next.
    pub(crate) between: &'a [Duration],
    pub(crate) tokens: u64,
}

/// What came of a load so far.
#[derive(Debug)]
pub(crate) struct Timeline {
    step: Duration,
    parts: Vec<Bin>,
    has_tokens: bool,
}

#[derive(Debug)]
struct Bin {
    /// Of what was due in it, in microseconds: until the first token of a stream, until the end of another answer.
    times: Histogram<u32>,
    /// Those that came in it.
    tokens: f64,
}

/// A part of a load.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoadInterval {
    /// When it began, from the first request.
    pub from_seconds: f64,
    pub seconds: f64,
    /// Answered requests that were due in it.
    pub answers: u64,
    /// Streams: until their first token; else until the whole answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
    /// Streams: tokens that came in it, whenever their request was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<f64>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { step: SHORTEST_PART, parts: Vec::new(), has_tokens: false }
    }
}

impl Default for Bin {
    fn default() -> Self {
        let times = Histogram::new(DIGITS);
        Self { times: times.expect("the digits are a constant that fits"), tokens: 0.0 }
    }
}

impl Timeline {
    /// Takes up a request that was due at that time of the load.
    pub(crate) fn add(&mut self, due: Duration, latency: Duration, stream: Option<Stream<'_>>) {
        let until = stream.map_or(latency, |stream| stream.first);
        self.part(due).times.record(micros(until)).expect("a histogram that resizes itself takes every time");
        let Some(stream) = stream else { return };
        self.has_tokens = true;
        let mut came = due + stream.first;
        let events = 1 + stream.between.len();
        #[expect(clippy::cast_precision_loss, reason = "no answer has 2^52 tokens")]
        let each = stream.tokens as f64 / events as f64;
        self.part(came).tokens += each;
        for between in stream.between {
            came += *between;
            self.part(came).tokens += each;
        }
    }

    fn part(&mut self, at: Duration) -> &mut Bin {
        let index = |step: Duration| usize::try_from(at.as_micros() / step.as_micros()).unwrap_or(usize::MAX);
        while index(self.step) >= MOST_PARTS {
            self.step *= 2;
            let mut halves = std::mem::take(&mut self.parts).into_iter();
            while let Some(mut part) = halves.next() {
                part.take(halves.next());
                self.parts.push(part);
            }
        }
        let index = index(self.step);
        if self.parts.len() <= index {
            self.parts.resize_with(index + 1, Bin::default);
        }
        &mut self.parts[index]
    }

    /// None where everything came in one part.
    pub(crate) fn report(&self) -> Vec<LoadInterval> {
        if self.parts.len() < 2 {
            return Vec::new();
        }
        let seconds = self.step.as_secs_f64();
        let report = |(part, from): (&Bin, u32)| {
            let at = |quantile| (!part.times.is_empty()).then(|| millis(part.times.value_at_quantile(quantile)));
            LoadInterval {
                from_seconds: f64::from(from) * seconds,
                seconds,
                answers: part.times.len(),
                p50_ms: at(0.50),
                p95_ms: at(0.95),
                output_tokens: self.has_tokens.then(|| (part.tokens * 10.0).round() / 10.0),
            }
        };
        self.parts.iter().zip(0..).map(report).collect()
    }
}

impl Bin {
    fn take(&mut self, other: Option<Self>) {
        if let Some(other) = other {
            self.times.add(&other.times).expect("a histogram that resizes itself takes every other");
            self.tokens += other.tokens;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_request_counts_where_it_was_due_and_a_token_where_it_came() {
        let mut line = Timeline::default();
        let stream = Stream { first: 400 * MS, between: &[300 * MS, 600 * MS], tokens: 6 };
        line.add(500 * MS, 1400 * MS, Some(stream));
        let parts = line.report();
        let tokens: Vec<Option<f64>> = parts.iter().map(|part| part.output_tokens).collect();
        assert_eq!(tokens, [Some(2.0), Some(4.0)], "at 0.9, 1.2 and 1.8 s");
        assert_eq!((parts[0].answers, parts[1].answers, parts[1].p50_ms), (1, 0, None));
        assert!((parts[0].p50_ms.expect("a time") - 400.0).abs() < 4.0, "{parts:?}");
    }

    #[test]
    fn a_long_load_has_as_many_parts_as_a_picture_and_loses_none() {
        let mut line = Timeline::default();
        for second in 0..1000 {
            line.add(Duration::from_secs(second), second.try_into().map(|ms: u32| MS * ms).expect("small"), None);
        }
        let parts = line.report();
        assert!(parts.len() <= MOST_PARTS && parts.len() * 2 > MOST_PARTS, "{}", parts.len());
        assert_eq!(parts.iter().map(|part| part.answers).sum::<u64>(), 1000);
        assert_eq!((parts[1].from_seconds, parts[1].seconds, parts[1].output_tokens), (32.0, 32.0, None));
    }

    #[test]
    fn a_load_of_a_moment_is_no_line() {
        let mut line = Timeline::default();
        assert_eq!(line.report(), []);
        line.add(Duration::ZERO, MS, None);
        assert_eq!(line.report(), []);
    }
}
