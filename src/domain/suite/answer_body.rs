//! The body of an answer as expectations look at it: bytes, text, events, and JSON once it is asked for.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::Value;

use crate::domain::document::json_document;
use crate::domain::suite::completion::Completion;
use crate::domain::suite::event_stream::{Event, StreamError, events};
use crate::domain::suite::json_answer::JsonAnswer;
use crate::domain::suite::json_path::Path;
use crate::domain::suite::media_type::{is_event_stream, is_json_lines};
use crate::domain::suite::npy::{self, Array};
use crate::domain::text::excerpt::cut;

/// What a model answered.
pub(crate) struct AnswerBody<'a> {
    pub(crate) content_type: Option<&'a str>,
    pub(crate) bytes: &'a [u8],
    pub(crate) text: Cow<'a, str>,
    /// Where it is a stream of events.
    pub(crate) events: Option<Vec<Event>>,
    json: OnceCell<Result<JsonAnswer, String>>,
}

impl<'a> AnswerBody<'a> {
    pub(crate) fn new(content_type: Option<&'a str>, bytes: &'a [u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let events = is_event_stream(content_type.unwrap_or_default()).then(|| events(bytes));
        Self { content_type, bytes, text, events, json: OnceCell::new() }
    }

    /// Its content type; empty where it has none.
    pub(crate) fn kind(&self) -> &'a str {
        self.content_type.unwrap_or_default()
    }

    /// Whether it came as a stream of documents.
    pub(crate) fn is_stream(&self) -> bool {
        self.events.is_some() || is_json_lines(self.kind())
    }

    /// What it says of a failure behind the beginning of a stream, of a chat or any other.
    pub(crate) fn stream_error(&self, is_streamed: bool, is_chat: bool) -> Option<StreamError> {
        let in_line = |line: &str| match json_document(line.as_bytes()) {
            Ok(json) => StreamError::in_document(&json, is_chat),
            Err(_) if line.trim().is_empty() => None,
            Err(error) => {
                Some(StreamError { status: None, message: format!("a line that is not JSON ({error}): {line}") })
            }
        };
        match &self.events {
            Some(events) => StreamError::in_events(events, is_chat),
            None if is_streamed && is_json_lines(self.kind()) => self.text.lines().find_map(in_line),
            None => None,
        }
    }

    /// It as a chat completion. LMI streams its pieces as JSON Lines.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn completion(&self) -> Result<Completion, String> {
        let piece = |what: &str, at: usize, json: Option<Value>| {
            json.ok_or_else(|| format!("{what} {} is not JSON, or longer than any token", at + 1))
        };
        match &self.events {
            Some(events) => {
                let pieces = events.iter().enumerate().filter(|(_, event)| event.data().is_some());
                Completion::of_documents(pieces.map(|(at, event)| piece("event", at, event.json())))
            }
            None if is_json_lines(self.kind()) => {
                let lines = self.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
                Completion::of_documents(lines.map(|(at, line)| piece("line", at, json_document(line.as_bytes()).ok())))
            }
            None => Completion::of_document(self.bytes),
        }
    }

    /// It as JSON; JSON Lines and events are lists of documents.
    ///
    /// # Errors
    /// Why it is none, in words that begin with "expected".
    pub(crate) fn json(&self) -> Result<&JsonAnswer, String> {
        let read = || match &self.events {
            Some(events) => JsonAnswer::of_events(events),
            None if is_json_lines(self.kind()) => JsonAnswer::of_lines(&self.text),
            None => JsonAnswer::parse(self.bytes),
        };
        self.json.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// What a path finds in it.
    ///
    /// # Errors
    /// It is no JSON, or there are too many.
    pub(crate) fn query(&self, path: &Path) -> Result<(&JsonAnswer, Vec<&Value>), String> {
        let json = self.json()?;
        Ok((json, path.query(json)?))
    }

    pub(crate) fn is_npy(&self) -> bool {
        npy::is_npy(self.kind(), self.bytes)
    }

    /// It as an array.
    ///
    /// # Errors
    /// Why it is none, in words that begin with "expected".
    pub(crate) fn array(&self) -> Result<Array<'a>, String> {
        let shown = || if self.is_npy() { String::new() } else { format!(": \"{}\"", cut(&self.text)) };
        Array::parse(self.bytes).map_err(|error| format!("expected an npy array, got {error}{}", shown()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_with_an_event_that_is_broken_is_no_completion() {
        let event = |text: &str| format!("data: {{\"choices\": [{{\"delta\": {{\"content\": \"{text}\"}}}}]}}\n\n");
        let completion = |events: &[&str]| {
            let body = events.concat();
            AnswerBody::new(Some("text/event-stream"), body.as_bytes()).completion().map(|completion| completion.text)
        };
        let (be, rn, done) = (event("Be"), event("rn"), "data: [DONE]\n\n");
        assert_eq!(completion(&[&be, ": ping\n\n", &rn, done]), Ok("Bern".to_owned()));
        let broken = "data: {\"choices\": [{\"delta\n\n";
        let error = "event 2 is not JSON, or longer than any token".to_owned();
        assert_eq!(completion(&[&be, broken, &rn, done]), Err(error));
    }
}
