//! What a language model answered, in one document or in the events of a stream: `chat/completions` as OpenAI has it and
//! vLLM, TGI, LMI and SageMaker's own route follow it; of other streams, what can be told of their tokens.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::document::json_document;
use crate::domain::suite::event_stream::StreamError;
use crate::domain::text::excerpt::cut;

/// A whole answer to a chat request: that of the first choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) text: String,
    pub(crate) tool_calls: Vec<ToolCall>,
    pub(crate) finish_reason: Option<String>,
    pub(crate) usage: Option<Usage>,
    /// By index.
    pub(crate) choices: BTreeSet<u64>,
}

/// A tool that the model asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ToolCall {
    /// As the server counts them.
    pub(crate) index: u64,
    pub(crate) name: String,
    /// JSON, as the model wrote it.
    pub(crate) arguments: String,
}

/// Tokens, as the server counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) total: Option<u64>,
}

impl Completion {
    /// An answer that is one document.
    ///
    /// # Errors
    /// It is no chat completion.
    pub(crate) fn of_document(bytes: &[u8]) -> Result<Self, String> {
        let document = json_document(bytes).map_err(|error| format!("it is not JSON ({error})"))?;
        let choices = choices_of(&document)?;
        let first = choices.get(&0).ok_or("it has no choices")?;
        if StreamError::in_document(&document, true).is_some() {
            return Err("it carries an error beside its choices".to_owned());
        }
        let usage = Usage::of_chat(&document)?;
        let mut completion = Self { usage, choices: choices.keys().copied().collect(), ..Self::default() };
        completion.take(first.get("message").ok_or("its choice has no message")?, first)?;
        completion.whole()
    }

    /// An answer that came in pieces.
    ///
    /// # Errors
    /// A piece is none of a chat completion, or they do not make one.
    pub(crate) fn of_documents(pieces: impl Iterator<Item = Result<Value, String>>) -> Result<Self, String> {
        let (mut completion, mut is_one) = (Self::default(), false);
        for piece in pieces {
            let piece = piece?;
            if piece.get("choices").or(piece.get("usage")).is_none() {
                return Err(format!("a part of it has no choices: {}", cut(&piece.to_string())));
            }
            completion.usage = match (completion.usage, Usage::of_chat(&piece)?) {
                (Some(before), Some(later)) => Some(before.and_later(later)?),
                (before, later) => later.or(before),
            };
            let choices = choices_of(&piece)?;
            completion.choices.extend(choices.keys());
            if let Some(first) = choices.get(&0) {
                is_one = true;
                completion.take(&first["delta"], first)?;
            }
        }
        if is_one { completion.whole() } else { Err("no part of it has a choice of index 0".to_owned()) }
    }

    fn take(&mut self, message: &Value, choice: &Value) -> Result<(), String> {
        if !(message.is_object() || message.is_null()) {
            return Err(format!("its message is no object: {}", cut(&message.to_string())));
        }
        match &message["role"] {
            Value::Null => {}
            Value::String(role) if role.is_empty() || role == "assistant" => {}
            role => return Err(format!("its role is not \"assistant\": {}", cut(&role.to_string()))),
        }
        let says_more = OF_DELTA.iter().any(|name| is_something(&message[*name]));
        if let Some(reason) = self.finish_reason.as_ref().filter(|_| says_more) {
            return Err(format!("it goes on behind its finish reason, \"{reason}\""));
        }
        self.text += &text_of(&message["content"])?;
        for (at, call) in calls_of(message)?.iter().enumerate() {
            let index = call["index"].as_u64().unwrap_or(at as u64);
            // A piece belongs to the call that it names; not every server counts them from 0.
            let known = self.tool_calls.iter().position(|call| call.index == index);
            let at = known.unwrap_or_else(|| {
                self.tool_calls.push(ToolCall { index, ..ToolCall::default() });
                self.tool_calls.len() - 1
            });
            self.tool_calls[at].take(call)?;
        }
        let reason = match &choice["finish_reason"] {
            Value::Null => return Ok(()),
            Value::String(reason) => reason,
            other => return Err(format!("its finish reason is no text: {}", cut(&other.to_string()))),
        };
        let former = self.finish_reason.replace(reason.clone()).filter(|former| former != reason);
        match former {
            Some(former) => Err(format!("it has two finish reasons, \"{former}\" and \"{reason}\"")),
            None => Ok(()),
        }
    }

    /// It, once there is no more of it.
    fn whole(self) -> Result<Self, String> {
        if self.tool_calls.iter().any(|call| call.name.is_empty() && call.arguments.is_empty()) {
            return Err("a tool call of it names no tool".to_owned());
        }
        match self.finish_reason.as_deref() {
            Some(reason @ "tool_calls") if self.tool_calls.is_empty() => {
                Err(format!("its finish reason is \"{reason}\", and it calls no tool"))
            }
            _ => Ok(self),
        }
    }
}

/// The tool calls of a message, or pieces of them.
fn calls_of(message: &Value) -> Result<&[Value], String> {
    match &message["tool_calls"] {
        Value::Null => Ok(&[]),
        Value::Array(calls) => Ok(calls),
        // TGI before 3 has a call where others have a list of one (huggingface.js, `chat-completion/spec`).
        call @ Value::Object(_) => Ok(std::slice::from_ref(call)),
        other => Err(format!("its tool_calls are no list: {}", cut(&other.to_string()))),
    }
}

impl ToolCall {
    /// Takes in a piece: of a function with arguments, or of a tool of the user's own with an input.
    fn take(&mut self, piece: &Value) -> Result<(), String> {
        let text = |name: &str, value: &Value| match value {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            // As TGI writes arguments.
            Value::Object(_) if name == "arguments" => Ok(value.to_string()),
            other => Err(format!("a tool call of it has {name} {}, which is no text", cut(&other.to_string()))),
        };
        let (function, custom) = (&piece["function"], &piece["custom"]);
        for name in [text("name", &function["name"])?, text("name", &custom["name"])?] {
            // vLLM names a tool that has to be called in every piece.
            if name != self.name {
                self.name += &name;
            }
        }
        self.arguments += &text("arguments", &function["arguments"])?;
        self.arguments += &text("input", &custom["input"])?;
        Ok(())
    }
}

/// The text of a message: a text, or parts with a text each.
fn text_of(content: &Value) -> Result<String, String> {
    let part = |part: &Value| part["text"].as_str().map(str::to_owned);
    let text = match content {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => parts.iter().map(part).collect(),
        _ => None,
    };
    text.ok_or_else(|| format!("its content is not text: {}", cut(&content.to_string())))
}

/// The choices by index: that of index 0 is the only one unless several were asked for.
fn choices_of(document: &Value) -> Result<BTreeMap<u64, &Value>, String> {
    let choices = match &document["choices"] {
        Value::Null => return Ok(BTreeMap::new()),
        Value::Array(choices) => choices,
        other => return Err(format!("its choices are no list: {}", cut(&other.to_string()))),
    };
    let mut by_index = BTreeMap::new();
    for choice in choices {
        let index = match &choice["index"] {
            Value::Null if choice.is_object() => 0,
            index => {
                index.as_u64().ok_or_else(|| format!("a choice of it has no index: {}", cut(&choice.to_string())))?
            }
        };
        if by_index.insert(index, choice).is_some() {
            return Err(format!("it has two choices of index {index}"));
        }
    }
    Ok(by_index)
}

impl Usage {
    /// What a document says: `usage` as OpenAI's and Anthropic's APIs have it, at any of its places, or TGI's `details`.
    pub(crate) fn of(document: &Value) -> Option<Self> {
        let places = [&document["usage"], &document["message"]["usage"], &document["response"]["usage"]];
        let usage = places.into_iter().find(|usage| usage.is_object());
        let number = |names: &[&str]| {
            let usage = usage?;
            names.iter().find_map(|name| usage[name].as_u64())
        };
        let found = Self {
            input: number(&["prompt_tokens", "input_tokens"]).or_else(|| document["details"]["input_length"].as_u64()),
            output: number(&["completion_tokens", "output_tokens"])
                .or_else(|| document["details"]["generated_tokens"].as_u64()),
            total: number(&["total_tokens"]),
        };
        (found != Self::default()).then_some(found)
    }

    /// What the answer to a chat says.
    ///
    /// # Errors
    /// It is no usage, or has a number of tokens that is none.
    fn of_chat(document: &Value) -> Result<Option<Self>, String> {
        let usage = &document["usage"];
        if !(usage.is_object() || usage.is_null()) {
            return Err(format!("its usage is no object: {}", cut(&usage.to_string())));
        }
        for name in ["prompt_tokens", "completion_tokens", "total_tokens"] {
            let count = &usage[name];
            if !count.is_null() && count.as_u64().is_none() {
                return Err(format!("its usage has {name} {}, which is no number of tokens", cut(&count.to_string())));
            }
        }
        Ok(Self::of(document))
    }

    /// What a later event of the same chat adds: servers that tell the usage of each event count on.
    fn and_later(self, later: Self) -> Result<Self, String> {
        if let Some(contradiction) = self.contradiction() {
            return Err(contradiction);
        }
        for (name, before, later, may_rise) in [
            ("prompt_tokens", self.input, later.input, false),
            ("completion_tokens", self.output, later.output, true),
            ("total_tokens", self.total, later.total, true),
        ] {
            if let Some((before, later)) = before.zip(later)
                && (later < before || later > before && !may_rise)
            {
                return Err(format!("its usage has {before} {name}, and {later} later on"));
            }
        }
        Ok(self.then(later))
    }

    /// What a later event of the same stream adds.
    pub(crate) fn then(self, later: Self) -> Self {
        Self {
            input: later.input.or(self.input),
            output: later.output.or(self.output),
            total: later.total.or(self.total),
        }
    }

    /// What cannot be true of it, in words.
    pub(crate) fn contradiction(&self) -> Option<String> {
        let total = self.total?;
        let (input, output) = (self.input.unwrap_or(0), self.output.unwrap_or(0));
        let sum = input.checked_add(output);
        let adds_up =
            if self.input.is_some() && self.output.is_some() { sum == Some(total) } else { sum <= Some(total) };
        (!adds_up).then(|| format!("{input} tokens in and {output} out make {total} in its usage"))
    }
}

/// What a message says something by.
const OF_DELTA: [&str; 5] = ["content", "reasoning_content", "reasoning", "refusal", "tool_calls"];

/// Whether an event of a stream carries some of what the model says: a role, a sign of life or the usage is none of it.
pub(crate) fn is_content(json: &Value) -> bool {
    if let Some(choices) = json["choices"].as_array() {
        return choices.iter().any(|choice| {
            is_something(&choice["text"]) || OF_DELTA.iter().any(|name| is_something(&choice["delta"][*name]))
        });
    }
    if let Some(kind) = json["type"].as_str() {
        // Anthropic's and OpenAI's other API name what an event is.
        return kind == "content_block_delta" || kind.rsplit('.').next() == Some("delta");
    }
    match json.get("token") {
        Some(Value::Object(token)) => token.get("text").is_some_and(is_something),
        Some(token) => is_something(token),
        None => is_something(json) && json.get("usage").is_none(),
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_pieces_of_a_stream_make_one_answer() {
        let call = |delta: Value| json!({"choices": [{"index": 0, "delta": {"tool_calls": [delta]}}]});
        let pieces = [
            json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}),
            json!({"choices": [{"index": 0, "delta": {"content": "Be"}}, {"index": 1, "delta": {"content": "no"}}]}),
            json!({"choices": [{"index": 0, "delta": {"content": "rn"}}]}),
            call(json!({"index": 0, "function": {"name": "weather", "arguments": ""}})),
            call(json!({"index": 0, "function": {"arguments": "{\"city\":"}})),
            call(json!({"index": 0, "function": {"arguments": "1}"}})),
            call(json!({"index": 7, "function": {"name": "stocks", "arguments": "{}"}})),
            json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
            json!({"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}}),
        ];
        let tool_call =
            |index, name: &str, arguments: &str| ToolCall { index, name: name.into(), arguments: arguments.into() };
        let tool_calls = vec![tool_call(0, "weather", "{\"city\":1}"), tool_call(7, "stocks", "{}")];
        let usage = Some(Usage { input: Some(4), output: Some(2), total: Some(6) });
        let (finish_reason, choices) = (Some("stop".into()), [0, 1].into());
        let whole = Completion { text: "Bern".into(), tool_calls, finish_reason, usage, choices };
        assert_eq!(of(&pieces), Ok(whole));
        assert_eq!(of(&[json!({"token": "a"})]), Err("a part of it has no choices: {\"token\":\"a\"}".to_owned()));
        let none = Err("no part of it has a choice of index 0".to_owned());
        assert_eq!(of(&[json!({"choices": [], "usage": {}})]), none);
        assert_eq!(of(&[json!({"choices": [{"index": 1, "delta": {"content": "a"}}]})]), none);
    }

    fn of(pieces: &[Value]) -> Result<Completion, String> {
        Completion::of_documents(pieces.iter().cloned().map(Ok))
    }

    #[test]
    fn pieces_that_contradict_each_other_make_no_answer() {
        let choice = |choice: Value| json!({"choices": [choice]});
        let usage = |usage: Value| json!({"choices": [], "usage": usage});
        let (hi, stop) = (choice(json!({"delta": {"content": "hi"}})), choice(json!({"finish_reason": "stop"})));
        for (pieces, said) in [
            (vec![stop.clone(), hi.clone()], "it goes on behind its finish reason, \"stop\""),
            (
                vec![stop.clone(), choice(json!({"finish_reason": "length"}))],
                "two finish reasons, \"stop\" and \"length\"",
            ),
            (vec![stop.clone(), choice(json!({"delta": {"refusal": "no"}}))], "it goes on behind its finish reason"),
            (vec![choice(json!({"delta": {"content": {"text": "hi"}}}))], "its content is not text"),
            (
                vec![hi.clone(), usage(json!({"prompt_tokens": -1}))],
                "its usage has prompt_tokens -1, which is no number",
            ),
            (
                vec![usage(json!({"prompt_tokens": 1})), usage(json!({"prompt_tokens": 2}))],
                "1 prompt_tokens, and 2 later",
            ),
            (
                vec![usage(json!({"completion_tokens": 2})), usage(json!({"completion_tokens": 1}))],
                "2 completion_tokens, and 1 later",
            ),
            (vec![usage(json!({"total_tokens": 3})), usage(json!({"total_tokens": 2}))], "3 total_tokens, and 2 later"),
            (
                vec![
                    usage(json!({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 9})),
                    usage(json!({"total_tokens": 9})),
                ],
                "1 tokens in and 1 out make 9 in its usage",
            ),
        ] {
            let error = of(&pieces).expect_err(said);
            assert!(error.contains(said), "{error}");
        }
        let counted = [usage(json!({"prompt_tokens": 1, "completion_tokens": 1})), hi, stop.clone(), stop];
        assert!(of(&counted).is_ok());
        let parts = json!([{"type": "text", "text": "Be"}, {"type": "text", "text": "rn"}]);
        let in_parts = of(&[choice(json!({"delta": {"content": parts}}))]);
        assert_eq!(in_parts.map(|chat| chat.text), Ok("Bern".to_owned()));
        let beside = json!({"choices": [{"message": {"content": "hi"}}], "error": {"message": "out of memory"}});
        let error = Completion::of_document(beside.to_string().as_bytes()).expect_err("an error");
        assert_eq!(error, "it carries an error beside its choices");
    }

    /// As a document and as a piece of a stream.
    fn both(choice: &Value, more: &Value) -> [Result<Completion, String>; 2] {
        ["message", "delta"].map(|name| {
            let mut choice = choice.clone();
            if let Some(message) = choice.as_object_mut().and_then(|choice| choice.remove("says")) {
                choice[name] = message;
            }
            let mut document = json!({"choices": [choice]});
            document.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            if name == "delta" { of(&[document]) } else { Completion::of_document(document.to_string().as_bytes()) }
        })
    }

    #[test]
    fn what_is_not_in_the_form_of_a_chat_is_no_answer_to_one() {
        let hi = json!({"content": "hi"});
        for (choice, more, said) in [
            (json!({"says": hi, "finish_reason": ["stop"]}), json!({}), "its finish reason is no text: [\"stop\"]"),
            (json!({"says": {"role": "user", "content": "hi"}}), json!({}), "its role is not \"assistant\": \"user\""),
            (json!({"says": {"role": 5, "content": "hi"}}), json!({}), "its role is not \"assistant\": 5"),
            (json!({"says": hi, "finish_reason": "tool_calls"}), json!({}), "\"tool_calls\", and it calls no tool"),
            (json!({"says": hi, "index": "0"}), json!({}), "a choice of it has no index: {"),
            (json!("hi"), json!({}), "a choice of it has no index: \"hi\""),
            (json!({"says": "hi"}), json!({}), "its message is no object: \"hi\""),
            (json!({"says": {"tool_calls": "weather"}}), json!({}), "its tool_calls are no list: \"weather\""),
            (json!({"says": {"tool_calls": [{"id": "1"}]}}), json!({}), "a tool call of it names no tool"),
            (json!({"says": {"tool_calls": {}}}), json!({}), "a tool call of it names no tool"),
            (json!({"says": {"tool_calls": ["weather"]}}), json!({}), "a tool call of it names no tool"),
            (
                json!({"says": {"tool_calls": [{"function": {"name": 5}}]}}),
                json!({}),
                "a tool call of it has name 5, which is no text",
            ),
            (json!({"says": hi}), json!({"usage": "none"}), "its usage is no object: \"none\""),
            (json!({"says": hi}), json!({"usage": [1]}), "its usage is no object: [1]"),
            (json!({"says": hi}), json!({"choices": {"0": hi}}), "its choices are no list: {"),
            (
                json!({"says": hi}),
                json!({"choices": [{"index": 0, "message": hi}, {"message": hi}]}),
                "two choices of index 0",
            ),
            (
                json!({"says": hi}),
                json!({"choices": [{"message": hi}, {"index": 1}, {"index": 1}]}),
                "two choices of index 1",
            ),
        ] {
            for answer in both(&choice, &more) {
                let error = answer.expect_err(said);
                assert!(error.contains(said), "{error}");
            }
        }
        for error in [json!(500), json!(["out of memory"]), json!("out of memory"), json!({"code": 1}), json!(true)] {
            for document in [
                json!({"choices": [{"message": hi}], "error": error}),
                json!({"choices": [{"message": hi, "error": error}]}),
                json!({"choices": [{"message": {"error": error}}]}),
            ] {
                let found = Completion::of_document(document.to_string().as_bytes());
                assert_eq!(found, Err("it carries an error beside its choices".to_owned()), "{document}");
            }
        }
        let error = Completion::of_document(b"{\"choices\": [{\"delta\": {\"content\": \"hi\"}}]}");
        assert_eq!(error, Err("its choice has no message".to_owned()));
    }

    #[test]
    fn what_servers_document_is_taken_as_they_mean_it() {
        let called = |call: Value| {
            both(&json!({"says": {"content": null, "tool_calls": call}}), &json!({"usage": null, "error": null}))
        };
        let function = json!({"name": "weather", "arguments": "{\"city\":1}"});
        for call in [
            json!([{"id": "1", "type": "function", "function": function}]),
            json!({"index": 0, "id": "", "type": "function", "function": function}),
            json!([{"function": {"name": "weather", "arguments": {"city": 1}}}]),
            json!([{"type": "custom", "custom": {"name": "weather", "input": "{\"city\":1}"}}]),
        ] {
            for answer in called(call.clone()) {
                let calls = answer.expect("a chat").tool_calls;
                let calls: Vec<_> = calls.iter().map(|call| (call.name.as_str(), call.arguments.as_str())).collect();
                assert_eq!(calls, [("weather", "{\"city\":1}")], "{call}");
            }
        }
        for role in [json!(null), json!(""), json!("assistant")] {
            let says = json!({"says": {"role": role, "content": "hi"}});
            assert!(both(&says, &json!({})).into_iter().all(|answer| answer.is_ok()), "{role}");
        }
        let forced = |arguments: &str| {
            let call = json!({"index": 0, "function": {"name": "weather", "arguments": arguments}});
            json!({"choices": [{"delta": {"tool_calls": [call]}}]})
        };
        let calls = of(&[forced("{"), forced("}")]).expect("a chat").tool_calls;
        assert_eq!((calls[0].name.as_str(), calls[0].arguments.as_str()), ("weather", "{}"));
        for none in [json!(null), json!([])] {
            assert!(called(none).into_iter().all(|answer| answer.is_ok_and(|answer| answer.tool_calls.is_empty())));
        }
    }

    #[test]
    fn a_document_is_an_answer_if_it_has_choices() {
        let document = json!({"choices": [{"message": {"content": "hi", "tool_calls": [
            {"function": {"name": "a", "arguments": "{}"}}, {"function": {"name": "b", "arguments": "{}"}}]}}]});
        let completion = Completion::of_document(document.to_string().as_bytes()).expect("one");
        assert_eq!((completion.text.as_str(), completion.tool_calls.len()), ("hi", 2));
        assert!(Completion::of_document(b"{}").is_err());
        assert!(Completion::of_document(b"hi").is_err());
    }

    #[test]
    fn what_the_model_says_is_told_from_what_only_keeps_a_stream_going() {
        for content in [
            json!({"choices": [{"delta": {"content": "a"}}]}),
            json!({"choices": [{"delta": {"reasoning_content": "a"}}]}),
            json!({"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]}),
            json!({"choices": [{"text": "a"}]}),
            json!({"token": {"text": "a"}, "generated_text": null}),
            json!({"token": "a"}),
            json!({"type": "content_block_delta", "delta": {"text": "a"}}),
            json!({"type": "response.output_text.delta", "delta": "a"}),
            json!({"outputs": ["a"]}),
        ] {
            assert!(is_content(&content), "{content}");
        }
        for other in [
            json!({"choices": [{"delta": {"role": "assistant", "content": ""}}]}),
            json!({"choices": [{"delta": {"content": null}, "finish_reason": "stop"}]}),
            json!({"choices": [], "usage": {"completion_tokens": 2}}),
            json!({"type": "ping"}),
            json!({"type": "message_start", "message": {}}),
            json!({"usage": {"output_tokens": 2}}),
            json!({"token": {"text": ""}}),
            json!({}),
            json!(null),
        ] {
            assert!(!is_content(&other), "{other}");
        }
    }

    #[test]
    fn usage_stands_at_many_places_and_has_to_add_up() {
        let usage = |input, output, total| Usage { input, output, total };
        for (document, found) in [
            (json!({"usage": {"prompt_tokens": 1, "completion_tokens": 2}}), Some(usage(Some(1), Some(2), None))),
            (json!({"message": {"usage": {"input_tokens": 3}}}), Some(usage(Some(3), None, None))),
            (json!({"response": {"usage": {"output_tokens": 4}}}), Some(usage(None, Some(4), None))),
            (json!({"details": {"generated_tokens": 5}}), Some(usage(None, Some(5), None))),
            (json!({"details": {"generated_tokens": 5, "input_length": 3}}), Some(usage(Some(3), Some(5), None))),
            (json!({"usage": null}), None),
            (json!({"usage": {"prompt_tokens": -1}}), None),
        ] {
            assert_eq!(Usage::of(&document), found, "{document}");
        }
        assert_eq!(usage(Some(1), Some(2), Some(3)).contradiction(), None);
        assert_eq!(usage(Some(1), None, Some(3)).contradiction(), None);
        assert!(usage(Some(4), None, Some(3)).contradiction().is_some());
        assert!(usage(Some(1), Some(2), Some(4)).contradiction().is_some());
        assert!(usage(Some(u64::MAX), Some(2), Some(1)).contradiction().is_some());
        assert_eq!(usage(Some(1), None, None).then(usage(None, Some(2), None)), usage(Some(1), Some(2), None));
    }
}
