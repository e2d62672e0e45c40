//! An answer as a stream of events (WHATWG HTML, "Server-sent events"): what it carries, and whether it came to its end.
//!
//! A stream begins with 200. What goes wrong after that is an event, or an end too soon.

use std::borrow::Cow;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// What the stream of an answer is held to beside its content.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamSpec {
    /// The last event of a complete stream: its data, its name, or the `type` in its JSON; `any` if it may end anyhow.
    /// Without it, that of the APIs of OpenAI and Anthropic and of TGI, where the stream is one of theirs.
    end: Option<String>,
}

/// The end of OpenAI's streams; no document, but the end of them.
const DONE: &str = "[DONE]";
/// No token is longer, nor what clients of such streams keep of one.
const LONGEST_EVENT: usize = 1 << 20;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// None where it has no name of its own.
    name: Option<String>,
    data: String,
    /// How many bytes of the stream there are up to its end.
    pub(crate) end: usize,
}

impl Event {
    /// The data, where it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        (self.data.len() <= LONGEST_EVENT).then(|| serde_json::from_str(&self.data).ok())?
    }

    /// Text that is neither JSON nor the end of the stream, nor nothing.
    pub(crate) fn data(&self) -> Option<&str> {
        Some(self.data.as_str()).filter(|data| *data != DONE && !data.is_empty())
    }

    fn is(&self, wanted: &str) -> bool {
        self.data == wanted
            || self.name.as_deref() == Some(wanted)
            || self.json().is_some_and(|json| json["type"].as_str() == Some(wanted))
    }
}

/// The events of a stream; the last one counts also without the empty line behind it.
pub(crate) fn events(bytes: &[u8]) -> Vec<Event> {
    let mut all = Vec::new();
    let (mut name, mut data) = (None, Vec::new());
    for (line, end) in lines(bytes).chain([("".into(), bytes.len())]) {
        if line.is_empty() {
            let event = Event { name: name.take(), data: std::mem::take(&mut data).join("\n"), end };
            all.extend(Some(event).filter(|event| event.name.is_some() || !event.data.is_empty()));
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => data.push(value.to_owned()),
            "event" => name = Some(value.to_owned()),
            // A comment (no name), an id, a time to wait, or what the standard does not know.
            _ => {}
        }
    }
    all
}

/// The lines of a stream, each with the number of bytes up to its end.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, usize)> {
    let mut at = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let break_length = if rest[length..].starts_with(b"\r\n") { 2 } else { 1 };
        at = (at + length + break_length).min(bytes.len());
        Some((String::from_utf8_lossy(&rest[..length]), at))
    })
}

/// What went wrong on the model's side after the answer had begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamError {
    /// A status that the error names.
    pub(crate) status: Option<u16>,
    pub(crate) message: String,
}

impl StreamError {
    /// The first error among events.
    pub(crate) fn in_events(events: &[Event]) -> Option<Self> {
        events.iter().find_map(|event| {
            if event.data.len() > LONGEST_EVENT {
                let message = format!("an event of {} bytes, and {LONGEST_EVENT} are taken", event.data.len());
                return Some(Self { status: None, message });
            }
            let json = event.json().unwrap_or_default();
            if event.name.as_deref() == Some("error") {
                return Some(Self { status: status(&json), message: event.data.clone() });
            }
            Self::in_document(&json)
        })
    }

    /// An error that a document of a stream is, as OpenAI-compatible servers, TGI, Anthropic's API and LMI tell it. LMI ends
    /// a stream by a token whose details have the finish reason "error" (its API schema, "Error Responses").
    pub(crate) fn in_document(json: &Value) -> Option<Self> {
        let says = |key: &str| json[key].as_str().unwrap_or_default();
        let is_error = match &json["error"] {
            Value::String(text) => !text.is_empty(),
            Value::Object(error) => !error.is_empty(),
            other => *other == Value::Bool(true),
        };
        let is_failure = is_error || ["error", "response.failed"].contains(&says("type")) || says("object") == "error";
        let has_failed = |part: &Value| part["finish_reason"].as_str() == Some("error");
        let has_failed =
            has_failed(&json["details"]) || json["choices"].as_array().is_some_and(|all| all.iter().any(has_failed));
        (is_failure || has_failed).then(|| Self { status: status(json), message: json.to_string() })
    }
}

fn status(json: &Value) -> Option<u16> {
    let places =
        [&json["error"]["code"], &json["error"]["status"], &json["code"], &json["status"], &json["status_code"]];
    let numbers = places.into_iter().filter_map(Value::as_u64).filter_map(|number| u16::try_from(number).ok());
    numbers.into_iter().find(|number| (400..600).contains(number))
}

impl StreamSpec {
    /// What is missing at the end of a stream, in words that begin with "expected".
    pub(crate) fn unmet(&self, events: &[Event]) -> Option<String> {
        let ends: Vec<&str> = match self.end.as_deref() {
            Some("any") => return None,
            Some(end) => vec![end],
            None => usual_ends(events)?,
        };
        let last = events.last();
        if last.is_some_and(|last| ends.iter().any(|end| last.is(end)) || (self.end.is_none() && is_last_of_tgi(last)))
        {
            return None;
        }
        let got = last.map_or("no event".to_owned(), |last| match &last.name {
            Some(name) => format!("event {name}: {}", last.data),
            None => last.data.clone(),
        });
        let got = crate::domain::text::excerpt::cut(&got);
        Some(format!("expected the stream to end with \"{}\", and it ended after {got}", ends.join("\" or \"")))
    }

    /// The same of a stream of JSON Lines, as LMI sends its tokens and chats, without a mark at the end.
    pub(crate) fn unmet_in_lines(&self, text: &str) -> Option<String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let lines: Vec<Event> = lines.map(|line| Event { data: line.to_owned(), ..Event::default() }).collect();
        if self.end.is_some() {
            return self.unmet(&lines);
        }
        let is_finished = |json: &Value| {
            let choices = json["choices"].as_array().into_iter().flatten();
            choices.into_iter().any(|choice| !choice["finish_reason"].is_null())
        };
        let (mut is_known, mut has_end) = (false, false);
        for line in &lines {
            let Some(json) = line.json() else { continue };
            is_known |= is_of_tgi(&json) || json["choices"].is_array();
            has_end |= is_last_of_tgi(line) || is_finished(&json);
        }
        let last = lines.last().map_or("", |last| &last.data);
        (is_known && !has_end).then(|| {
            let got = crate::domain::text::excerpt::cut(last);
            format!("expected the stream to end with generated_text or a finish_reason, and it ended after {got}")
        })
    }
}

/// How streams of a known API end; none where it is not known.
fn usual_ends(events: &[Event]) -> Option<Vec<&'static str>> {
    events.iter().filter_map(Event::json).find_map(|json| {
        let kind = json["type"].as_str().unwrap_or_default();
        if json["choices"].is_array() {
            Some(vec![DONE])
        } else if kind == "message_start" {
            Some(vec!["message_stop"])
        } else if kind.starts_with("response.") {
            Some(vec!["response.completed", "response.incomplete"])
        } else {
            is_of_tgi(&json).then(|| vec!["generated_text"])
        }
    })
}

/// The protocol of TGI and LMI: an event for each token, and the whole text with the last one.
fn is_of_tgi(json: &Value) -> bool {
    json["token"]["text"].is_string()
}

fn is_last_of_tgi(event: &Event) -> bool {
    event.json().is_some_and(|json| is_of_tgi(&json) && !json["generated_text"].is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> Option<StreamError> {
        StreamError::in_events(&events(text.as_bytes()))
    }

    fn cut(text: &str, end: Option<&str>) -> Option<String> {
        StreamSpec { end: end.map(str::to_owned) }.unmet(&events(text.as_bytes()))
    }

    #[test]
    fn events_are_told_apart_as_the_standard_says() {
        let all =
            events("\u{feff}: hi\r\nevent: a\r\ndata: 1\r\ndata:  2\r\n\r\ndata:3\rid: 4\r\rdata: end".as_bytes());
        let event =
            |name: Option<&str>, data: &str, end| Event { name: name.map(str::to_owned), data: data.to_owned(), end };
        assert_eq!(all, [event(Some("a"), "1\n 2", 40), event(None, "3", 54), event(None, "end", 63)]);
        assert_eq!(events(b": nothing\n\n\n"), []);
    }

    #[test]
    fn an_error_is_found_in_every_form_that_servers_have() {
        for (text, status) in [
            ("data: {\"error\": {\"message\": \"out of memory\", \"code\": 500}}\n\ndata: [DONE]\n\n", Some(500)),
            ("event: error\ndata: {\"detail\": \"x\"}\n\n", None),
            ("event:error\n\n", None),
            ("data: {\"error\": \"x\", \"error_type\": \"generation\"}\n\n", None),
            ("data: {\"object\": \"error\", \"message\": \"x\", \"code\": 400}\n\n", Some(400)),
            ("data: {\"type\": \"error\", \"error\": {\"type\": \"overloaded_error\"}}\n\n", None),
            ("data: {\"type\": \"response.failed\"}\n\n", None),
            ("data: {\"token\": {\"id\": -1, \"text\": \"\"}, \"details\": {\"finish_reason\": \"error\"}}\n\n", None),
            ("data: {\"choices\": [{\"delta\": {}, \"finish_reason\": \"error\"}]}\n\n", None),
        ] {
            assert_eq!(error(text).map(|error| error.status), Some(status), "{text}");
        }
        for text in [
            "data: {\"error\": null}\n\n",
            "data: {\"error\": 0.2}\n\n",
            "data: error\n\n",
            "data: {\"e\": {\"error\": 1}}\n\n",
        ] {
            assert_eq!(error(text), None, "{text}");
        }
    }

    #[test]
    fn lines_end_with_the_whole_text_or_a_finish_reason() {
        let cut = |end: Option<&str>, text: &str| StreamSpec { end: end.map(str::to_owned) }.unmet_in_lines(text);
        let (token, last) =
            ("{\"token\": {\"text\": \"a\"}}\n", "{\"token\": {\"text\": \"\"}, \"generated_text\": \"a\"}\n");
        let (delta, finish) =
            ("{\"choices\": [{\"delta\": {}}]}\n", "{\"choices\": [{\"finish_reason\": \"length\"}]}\n");
        for whole in [[token, last], [delta, finish], ["{\"outputs\": [\"a\"]}\n", ""]] {
            assert_eq!(cut(None, &whole.concat()), None, "{whole:?}");
        }
        for part in [token, delta] {
            assert!(cut(None, part).is_some_and(|said| said.contains("generated_text or a finish_reason")), "{part}");
            assert_eq!(cut(Some("any"), part), None);
        }
        assert!(cut(Some("bye"), "{\"outputs\": [\"a\"]}\n").is_some());
    }

    #[test]
    fn an_event_that_no_client_takes_is_an_error() {
        let event = |length| format!("data: {}\n\n", "a".repeat(length));
        assert_eq!(error(&event(1 << 20)), None);
        assert_eq!(error(&event((1 << 20) + 1)).map(|error| error.status), Some(None));
    }

    #[test]
    fn a_stream_without_its_end_was_cut() {
        for text in [
            "data: {\"choices\": []}\n\ndata: [DONE]\n\n",
            "data: {\"type\": \"message_start\"}\n\nevent: message_stop\ndata: {\"type\": \"message_stop\"}\n\n",
            "data: {\"type\": \"response.created\"}\n\ndata: {\"type\": \"response.completed\"}\n\n",
            "data: {\"token\": {\"text\": \"a\"}}\n\ndata: {\"token\": {\"text\": \"\"}, \"generated_text\": \"a\"}\n\n",
            "data: whatever\n\n",
            "",
        ] {
            assert_eq!(cut(text, None), None, "{text}");
        }
        for text in [
            "data: {\"choices\": []}\n\n",
            "data: {\"type\": \"message_start\"}\n\n",
            "data: {\"type\": \"response.created\"}\n\n",
            "data: {\"token\": {\"text\": \"a\"}, \"generated_text\": null}\n\n",
        ] {
            assert!(cut(text, None).is_some(), "{text}");
            assert_eq!(cut(text, Some("any")), None, "{text}");
        }
        assert_eq!(cut("event: bye\ndata: 1\n\n", Some("bye")), None);
        let said = cut("data: 1\n\n", Some("bye")).expect("cut");
        assert_eq!(said, "expected the stream to end with \"bye\", and it ended after 1");
        assert!(cut("", Some("bye")).is_some());
    }
}
