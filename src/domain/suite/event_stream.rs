//! An answer as a stream of events (WHATWG HTML, "Server-sent events"): what it carries, and whether it came to its end.
//!
//! A stream begins with 200. What goes wrong after that is an event, or an end too soon.

use std::borrow::Cow;
use std::ops::Range;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::document::json_document;
use crate::domain::text::excerpt::cut;

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
/// `end` of a stream that may end anyhow.
const ANY_END: &str = "any";
/// No token is longer, nor what clients of such streams keep of one.
const LONGEST_EVENT: usize = 1 << 20;
const STATUSES_OF_ERRORS: Range<u64> = 400..600;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// None where it has no name of its own.
    name: Option<String>,
    data: String,
    /// A line among its own that is none of an event.
    stray: Option<String>,
    /// How many bytes of the stream there are up to its end.
    pub(crate) end: usize,
}

impl Event {
    /// The data, where it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        (self.data.len() <= LONGEST_EVENT).then(|| json_document(self.data.as_bytes()).ok())?
    }

    /// Text that is neither JSON nor the end of the stream, nor nothing.
    pub(crate) fn data(&self) -> Option<&str> {
        Some(self.data.as_str()).filter(|data| *data != DONE && !data.is_empty())
    }

    fn is(&self, wanted: &str) -> bool {
        self.data == wanted
            || self.name.as_deref() == Some(wanted)
            || self.data.contains(wanted) && self.json().is_some_and(|json| json["type"].as_str() == Some(wanted))
    }
}

/// The events of a stream; the last one counts also without the empty line behind it.
pub(crate) fn events(bytes: &[u8]) -> Vec<Event> {
    let mut all = Vec::new();
    let (mut name, mut data, mut stray) = (None, Vec::new(), None);
    for (line, end) in lines(bytes).chain([("".into(), bytes.len())]) {
        if line.is_empty() {
            let data = std::mem::take(&mut data).join("\n");
            let event = Event { name: name.take(), data, stray: stray.take(), end };
            all.extend(Some(event).filter(|event| *event != Event { end, ..Event::default() }));
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => data.push(value.to_owned()),
            "event" => name = Some(value.to_owned()),
            // The first is a comment.
            "" | "id" | "retry" => {}
            // What browsers pass over, such as an error that is written into the stream as it is.
            _ => _ = stray.get_or_insert_with(|| line.clone().into_owned()),
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
    /// The first error among events, of a chat or of any other stream.
    pub(crate) fn in_events(events: &[Event], is_chat: bool) -> Option<Self> {
        events.iter().find_map(|event| {
            if event.data.len() > LONGEST_EVENT {
                let message = format!("an event of {} bytes, and {LONGEST_EVENT} are taken", event.data.len());
                return Some(Self { status: None, message });
            }
            if let Some(line) = &event.stray {
                return Some(Self { status: None, message: format!("a line that is of no event: {line}") });
            }
            let json = event.json().unwrap_or_default();
            if event.name.as_deref() == Some("error") {
                return Some(Self { status: status(&json), message: event.data.clone() });
            }
            Self::in_document(&json, is_chat)
        })
    }

    /// An error that a document of a stream is, as OpenAI-compatible servers, TGI, Anthropic's API and LMI tell it. LMI ends
    /// a stream by a token whose details have the finish reason "error" (its API schema, "Error Responses").
    pub(crate) fn in_document(json: &Value, is_chat: bool) -> Option<Self> {
        let choices = json["choices"].as_array();
        let tells = |part: &Value| tells_of_error(&part["error"], is_chat || choices.is_some());
        let says = |key: &str| json[key].as_str().unwrap_or_default();
        let is_failure =
            tells(json) || ["error", "response.failed"].contains(&says("type")) || says("object") == "error";
        let has_failed = |part: &Value| part["finish_reason"].as_str() == Some("error");
        let is_broken = |choice: &Value| {
            has_failed(choice) || [choice, &choice["delta"], &choice["message"]].into_iter().any(tells)
        };
        let is_failure =
            is_failure || has_failed(&json["details"]) || choices.is_some_and(|all| all.iter().any(is_broken));
        is_failure.then(|| Self { status: status(json), message: json.to_string() })
    }
}

/// Whether an error is told there. A chat's is none only if it says nothing; elsewhere, a number may be a measure, unless it
/// is a status.
fn tells_of_error(error: &Value, is_chat: bool) -> bool {
    match error {
        Value::Null => false,
        Value::Bool(is_error) => *is_error,
        Value::String(text) => !text.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) if is_chat => !items.is_empty(),
        Value::Array(items) => items.iter().any(|item| tells_of_error(item, is_chat)),
        Value::Number(number) if is_chat => number.as_f64() != Some(0.0),
        Value::Number(number) => number.as_u64().is_some_and(|number| STATUSES_OF_ERRORS.contains(&number)),
    }
}

fn status(json: &Value) -> Option<u16> {
    let error = &json["error"];
    let places = [&error["code"], &error["status"], error, &json["code"], &json["status"], &json["status_code"]];
    let number = places.into_iter().filter_map(Value::as_u64).find(|number| STATUSES_OF_ERRORS.contains(number));
    number.and_then(|number| u16::try_from(number).ok())
}

impl StreamSpec {
    /// What is missing at the end of a stream, or comes behind it, in words that begin with "expected".
    pub(crate) fn unmet(&self, events: &[Event]) -> Option<String> {
        let ends: Vec<&str> = match self.end.as_deref() {
            Some(end) if end != ANY_END => vec![end],
            _ => usual_ends(events)?,
        };
        let wanted = ends.join("\" or \"");
        let is_end =
            |event: &Event| ends.iter().any(|end| event.is(end)) || (self.end.is_none() && is_last_of_tgi(event));
        // What a person calls the end may come more than once.
        let of_first = events.iter().position(is_end).filter(|_| self.end.as_deref().is_none_or(|end| end == ANY_END));
        if let Some(behind) = of_first.and_then(|first| events[first + 1..].iter().find(|event| event.data().is_some()))
        {
            let got = cut(&behind.data);
            return Some(format!("expected the stream to end with \"{wanted}\", and it goes on behind it with {got}"));
        }
        let is_broken = |event: &&Event| event.data().is_some() && event.json().is_none();
        if let Some(broken) = events.iter().find(is_broken).filter(|_| self.end.is_none()) {
            return Some(format!("expected JSON in each event, got \"{}\"", cut(&broken.data)));
        }
        let last = events.last();
        if self.end.as_deref() == Some(ANY_END) || last.is_some_and(is_end) {
            return None;
        }
        let got = last.map_or("no event".to_owned(), |last| match &last.name {
            Some(name) => format!("event {name}: {}", last.data),
            None => last.data.clone(),
        });
        Some(format!("expected the stream to end with \"{wanted}\", and it ended after {}", cut(&got)))
    }

    /// The same of an answer that is no stream: it has no last event, though one is asked for.
    pub(crate) fn unmet_without_events(&self) -> Option<String> {
        let end = self.end.as_deref().filter(|end| *end != ANY_END)?;
        Some(format!("expected a stream that ends with \"{end}\", got an answer that is no stream of events"))
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
        let (mut is_known, mut has_end, mut has_text) = (false, false, false);
        for line in &lines {
            let Some(json) = line.json() else { continue };
            if has_text && is_of_tgi(&json) {
                let got = cut(&line.data);
                return Some(format!(
                    "expected the stream to end with generated_text, and it goes on behind it with {got}"
                ));
            }
            is_known |= is_of_tgi(&json) || json["choices"].is_array();
            has_text |= is_last_of_tgi(line);
            has_end |= has_text || is_finished(&json);
        }
        let last = lines.last().map_or("", |last| &last.data);
        (is_known && !has_end).then(|| {
            format!(
                "expected the stream to end with generated_text or a finish_reason, and it ended after {}",
                cut(last)
            )
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
    const TEXT: &str = "generated_text";
    event.data.contains(TEXT) && event.json().is_some_and(|json| is_of_tgi(&json) && !json[TEXT].is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> Option<StreamError> {
        StreamError::in_events(&events(text.as_bytes()), false)
    }

    fn cut(text: &str, end: Option<&str>) -> Option<String> {
        StreamSpec { end: end.map(str::to_owned) }.unmet(&events(text.as_bytes()))
    }

    #[test]
    fn events_are_told_apart_as_the_standard_says() {
        let all =
            events("\u{feff}: hi\r\nevent: a\r\ndata: 1\r\ndata:  2\r\n\r\ndata:3\rid: 4\r\rdata: end".as_bytes());
        let event = |name: Option<&str>, data: &str, end| Event {
            name: name.map(str::to_owned),
            data: data.to_owned(),
            stray: None,
            end,
        };
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
            ("data: a\n\nInternal Server Error\n\ndata: b\n\n", None),
            ("{\"error\": \"x\"}", None),
            ("data: a\n{\"detail\": \"x\"}\n\n", None),
            ("data: {\"error\": 503}\n\n", Some(503)),
            ("data: {\"error\": [0, \"out of memory\"]}\n\n", None),
            ("data: {\"choices\": [], \"error\": 7}\n\n", None),
            ("data: {\"choices\": [], \"error\": [0.5]}\n\n", None),
            ("data: {\"choices\": [{\"delta\": {}, \"error\": {\"code\": 502}}]}\n\n", None),
            ("data: {\"choices\": [{\"delta\": {\"error\": \"out of memory\"}}]}\n\n", None),
        ] {
            assert_eq!(error(text).map(|error| error.status), Some(status), "{text}");
        }
        for text in [
            "data: {\"error\": null}\n\n",
            "data: {\"error\": 0.2}\n\n",
            "data: {\"error\": [0.2, 3]}\n\n",
            "data: {\"choices\": [{\"error\": null}], \"error\": 0}\n\n",
            "data: {\"choices\": [], \"error\": []}\n\n",
            "data: error\n\n",
            "data: {\"e\": {\"error\": 1}}\n\n",
        ] {
            assert_eq!(error(text), None, "{text}");
        }
        let in_chat = |text: &str| StreamError::in_events(&events(text.as_bytes()), true).is_some();
        assert!(in_chat("data: {\"error\": 0.2}\n\n") && !in_chat("data: {\"error\": null}\n\n"));
    }

    #[test]
    fn nothing_comes_behind_the_end_of_a_stream() {
        for (end, rest) in [
            ("data: {\"choices\": []}\n\ndata: [DONE]\n\n", "data: {\"choices\": []}\n\ndata: [DONE]\n\n"),
            ("data: {\"type\": \"message_start\"}\n\ndata: {\"type\": \"message_stop\"}\n\n", "data: a\n\n"),
            (
                "data: {\"token\": {\"text\": \"\"}, \"generated_text\": \"a\"}\n\n",
                "data: {\"token\": {\"text\": \"b\"}}\n\n",
            ),
        ] {
            assert_eq!(cut(&format!("{end}: a comment\n\n"), None), None, "{end}");
            for wanted in [None, Some("any")].into_iter().take(if end.contains("token") { 1 } else { 2 }) {
                let said = cut(&format!("{end}{rest}"), wanted).expect(end);
                assert!(said.contains("and it goes on behind it with "), "{said}");
            }
        }
        assert_eq!(cut("data: {\"choices\": []}\n\ndata: [DONE]\n\ndata: [DONE]\n\n", None), None);
        let lines = "{\"token\": {\"text\": \"\"}, \"generated_text\": \"a\"}\n{\"token\": {\"text\": \"b\"}}\n";
        let said = StreamSpec::default().unmet_in_lines(lines).expect("goes on");
        assert!(said.contains("goes on behind it with {\"token\""), "{said}");
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
        let said = cut("data: {\"choices\": []}\n\ndata: out of memory\n\ndata: [DONE]\n\n", None).expect("broken");
        assert_eq!(said, "expected JSON in each event, got \"out of memory\"");
        assert_eq!(cut("event: bye\ndata: 1\n\n", Some("bye")), None);
        let said = cut("data: 1\n\n", Some("bye")).expect("cut");
        assert_eq!(said, "expected the stream to end with \"bye\", and it ended after 1");
        assert!(cut("", Some("bye")).is_some());
    }
}
