//! When the tokens of a streamed answer came, by the names and the meaning of vLLM's benchmark (`vllm bench serve`), but
//! for one: its time to first token ends with the first event, which is the role alone with most servers. Here it ends
//! with the first event that carries some of what the model says.

use std::time::Duration;

use serde_json::Value;

use crate::domain::suite::completion::{Usage, is_content};
use crate::domain::suite::event_stream::events;
use crate::domain::suite::media_type::{is_event_stream, is_json_lines};

/// How many bytes of an answer had come, and when, from the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub bytes: usize,
    pub at: Duration,
}

/// The tokens of one streamed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenTimes {
    /// Time to first token (TTFT): until the first event with content.
    pub(crate) first: Duration,
    /// Until the last event with content.
    pub(crate) last: Duration,
    /// Inter-token latency (ITL): from each event with content to the next.
    pub(crate) between: Vec<Duration>,
    /// As the server counted them.
    pub(crate) tokens_in: Option<u64>,
    /// As the server counted them; where it does not tell, the events with content.
    pub(crate) tokens_out: u64,
    /// Whether the server told.
    pub(crate) is_told: bool,
}

impl TokenTimes {
    /// None of an answer that is no stream of events, or has none with content.
    pub(crate) fn of(content_type: &str, bytes: &[u8], arrivals: &[Arrival]) -> Option<Self> {
        let mut usage = Usage::default();
        let mut ends = Vec::new();
        if is_event_stream(content_type) {
            for event in events(bytes) {
                let json = event.json();
                usage = json.as_ref().and_then(Usage::of).map_or(usage, |later| usage.then(later));
                let has_content = json.as_ref().map_or_else(|| event.data().is_some(), is_content);
                ends.extend(has_content.then_some(event.end));
            }
        } else if is_json_lines(content_type) {
            let mut end = 0;
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                end += line.len();
                let Ok(json) = serde_json::from_slice::<Value>(line) else { continue };
                usage = Usage::of(&json).map_or(usage, |later| usage.then(later));
                ends.extend(is_content(&json).then_some(end));
            }
        }
        let mut arrivals = arrivals.iter().peekable();
        let came = ends.iter().filter_map(|end| {
            while arrivals.next_if(|arrival| arrival.bytes < *end).is_some() {}
            arrivals.peek().map(|arrival| arrival.at)
        });
        let came: Vec<Duration> = came.collect();
        let (first, last) = (*came.first()?, *came.last()?);
        let between = came.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        let tokens_out = usage.output.unwrap_or(came.len() as u64);
        Some(Self { first, last, between, tokens_in: usage.input, tokens_out, is_told: usage.output.is_some() })
    }

    /// Time per output token (TPOT): of those after the first.
    pub(crate) fn per_output_token(&self) -> Option<Duration> {
        // A server that tells of fewer tokens than it sent events is not believed.
        let more = self.tokens_out.saturating_sub(1).max(self.between.len() as u64);
        let more = u32::try_from(more).ok().filter(|more| *more > 0)?;
        Some(self.last.saturating_sub(self.first) / more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(parts: &[&str]) -> (String, Vec<Arrival>) {
        let mut bytes = 0;
        let arrival = |(number, part): (u64, &&str)| {
            bytes += part.len();
            Arrival { bytes, at: Duration::from_millis(number * 10) }
        };
        (parts.concat(), (1..).zip(parts).map(arrival).collect())
    }

    fn times(content_type: &str, parts: &[&str]) -> Option<TokenTimes> {
        let (whole, arrivals) = arrivals(parts);
        TokenTimes::of(content_type, whole.as_bytes(), &arrivals)
    }

    const ROLE: &str = "data: {\"choices\": [{\"delta\": {\"role\": \"assistant\", \"content\": \"\"}}]}\n\n";
    const TOKEN: &str = "data: {\"choices\": [{\"delta\": {\"content\": \"a\"}}]}\n\n";
    const USAGE: &str = "data: {\"choices\": [], \"usage\": {\"prompt_tokens\": 9, \"completion_tokens\": 5}}\n\n";

    #[test]
    fn the_first_token_is_neither_a_sign_of_life_nor_a_role() {
        let (half, rest) = TOKEN.split_at(20);
        let two = [TOKEN, TOKEN].concat();
        let found = times("text/event-stream", &[": ping\n\n", ROLE, half, rest, &two, USAGE]).expect("tokens");
        let millis = Duration::from_millis;
        assert_eq!((found.first, found.last), (millis(40), millis(50)));
        assert_eq!(found.between, [millis(10), millis(0)]);
        assert_eq!((found.tokens_in, found.tokens_out, found.is_told), (Some(9), 5, true));
        assert_eq!(found.per_output_token(), Some(Duration::from_micros(2500)));
    }

    #[test]
    fn tokens_that_nobody_told_of_are_counted() {
        let found =
            times("application/jsonlines", &["{\"token\": \"a\"}\n", "{\"token\": \"b\"}\n", "{\"usage\": {}}"]);
        let found = found.expect("tokens");
        assert_eq!((found.tokens_in, found.tokens_out, found.is_told), (None, 2, false));
        assert_eq!(found.per_output_token(), Some(Duration::from_millis(10)));
    }

    #[test]
    fn a_usage_of_fewer_tokens_than_there_are_events_makes_no_stream_faster() {
        let usage = "data: {\"choices\": [], \"usage\": {\"completion_tokens\": 1}}\n\n";
        let found = times("text/event-stream", &[TOKEN, TOKEN, TOKEN, usage]).expect("tokens");
        assert_eq!((found.tokens_out, found.per_output_token()), (1, Some(Duration::from_millis(10))));
    }

    #[test]
    fn an_answer_without_tokens_has_no_times_of_them() {
        assert_eq!(times("text/event-stream", &[ROLE, ": ping\n\n"]), None);
        assert_eq!(times("application/json", &["{\"token\": \"a\"}"]), None);
        assert_eq!(times("text/event-stream", &[]), None);
        let one = times("text/event-stream", &[TOKEN]).expect("a token");
        assert_eq!(one.per_output_token(), None);
    }
}
