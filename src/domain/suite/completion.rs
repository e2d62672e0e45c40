//! What a language model answered, in one document or in the events of a stream: `chat/completions` as OpenAI has it and
//! vLLM, TGI, LMI and SageMaker's own route follow it; of other streams, what can be told of their tokens.

use serde_json::Value;

use crate::domain::suite::event_stream::StreamError;
use crate::domain::text::excerpt::cut;

/// A whole answer to a chat request: that of the first choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) text: String,
    pub(crate) tool_calls: Vec<ToolCall>,
    pub(crate) finish_reason: Option<String>,
    pub(crate) usage: Option<Usage>,
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
        let document: Value = serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON ({error})"))?;
        let first = first_choice(&document).ok_or("it has no choices")?;
        if StreamError::in_document(&document).is_some() {
            return Err("it carries an error beside its choices".to_owned());
        }
        let mut completion = Self { usage: Usage::of_chat(&document)?, ..Self::default() };
        completion.take(&first["message"], first)?;
        Ok(completion)
    }

    /// An answer that came in pieces.
    ///
    /// # Errors
    /// No piece is one of a chat completion, or they do not make one.
    pub(crate) fn of_documents(pieces: impl Iterator<Item = Result<Value, String>>) -> Result<Self, String> {
        let (mut completion, mut is_one) = (Self::default(), false);
        for piece in pieces {
            let piece = piece?;
            is_one |= piece["choices"].is_array();
            completion.usage = match (completion.usage, Usage::of_chat(&piece)?) {
                (Some(before), Some(later)) => Some(before.and_later(later)?),
                (before, later) => later.or(before),
            };
            if let Some(first) = first_choice(&piece) {
                completion.take(&first["delta"], first)?;
            }
        }
        if is_one { Ok(completion) } else { Err("no event of it has choices".to_owned()) }
    }

    fn take(&mut self, message: &Value, choice: &Value) -> Result<(), String> {
        let says_more = OF_DELTA.iter().any(|name| is_something(&message[*name]));
        if let Some(reason) = self.finish_reason.as_ref().filter(|_| says_more) {
            return Err(format!("it goes on behind its finish reason, \"{reason}\""));
        }
        self.text += &text_of(&message["content"])?;
        for (at, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
            let index = call["index"].as_u64().unwrap_or(at as u64);
            // A piece belongs to the call that it names; not every server counts them from 0.
            let known = self.tool_calls.iter().position(|call| call.index == index);
            let at = known.unwrap_or_else(|| {
                self.tool_calls.push(ToolCall { index, ..ToolCall::default() });
                self.tool_calls.len() - 1
            });
            self.tool_calls[at].name += call["function"]["name"].as_str().unwrap_or_default();
            self.tool_calls[at].arguments += call["function"]["arguments"].as_str().unwrap_or_default();
        }
        if let Some(reason) = choice["finish_reason"].as_str() {
            let former = self.finish_reason.replace(reason.to_owned()).filter(|former| former != reason);
            if let Some(former) = former {
                return Err(format!("it has two finish reasons, \"{former}\" and \"{reason}\""));
            }
        }
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

/// The choice of index 0, which is the only one unless several were asked for.
fn first_choice(document: &Value) -> Option<&Value> {
    document["choices"].as_array()?.iter().find(|choice| choice["index"].as_u64().unwrap_or(0) == 0)
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
    /// A number of tokens that is none.
    fn of_chat(document: &Value) -> Result<Option<Self>, String> {
        for name in ["prompt_tokens", "completion_tokens", "total_tokens"] {
            let count = &document["usage"][name];
            if !count.is_null() && count.as_u64().is_none() {
                return Err(format!("its usage has {name} {}, which is no number of tokens", cut(&count.to_string())));
            }
        }
        Ok(Self::of(document))
    }

    /// What a later event of the same chat adds: servers that tell the usage of each event count on.
    fn and_later(self, later: Self) -> Result<Self, String> {
        let is_other = |(before, later): (u64, u64)| before != later;
        if let Some((before, later)) = self.input.zip(later.input).filter(|both| is_other(*both)) {
            return Err(format!("its usage has {before} prompt_tokens, and {later} later on"));
        }
        if let Some((before, later)) = self.output.zip(later.output).filter(|(before, later)| later < before) {
            return Err(format!("its usage has {before} completion_tokens, and {later} later on"));
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
        let whole = Completion { text: "Bern".into(), tool_calls, finish_reason: Some("stop".into()), usage };
        assert_eq!(of(&pieces), Ok(whole));
        assert_eq!(of(&[json!({"token": "a"})]), Err("no event of it has choices".to_owned()));
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
