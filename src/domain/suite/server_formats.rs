//! Streams in the forms that servers document, from their first byte to their judgement. The words are ours.
//!
//! vLLM: its OpenAI-compatible server (a role first; the usage last, beside choices that are empty or null). TGI:
//! `/generate_stream` (huggingface.js, `text-generation/spec/stream_output.json`). LMI: djl-serving's
//! `lmi_input_output_schema.md` and `chat_input_output_schema.md`, both of 0.31.

use std::time::Duration;

use crate::domain::suite::answer_body::AnswerBody;
use crate::domain::suite::event_stream::StreamSpec;
use crate::domain::suite::token_times::{Arrival, TokenTimes};

const EVENTS: &str = "text/event-stream";
const LINES: &str = "application/jsonlines";

/// The parts of a stream, and what they say of it.
struct Format {
    server: &'static str,
    content_type: &'static str,
    parts: &'static [&'static str],
    /// Which part has the first token.
    first: u64,
    tokens_in: Option<u64>,
    tokens_out: u64,
    /// Of a chat.
    text: Option<&'static str>,
}

const FORMATS: [Format; 7] = [
    Format {
        server: "vLLM, chat",
        content_type: "text/event-stream; charset=utf-8",
        parts: &[
            "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\
             \"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n",
            "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\
             \"delta\":{\"content\":\"Be\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n",
            "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\
             \"delta\":{\"content\":\"rn\"},\"logprobs\":null,\"finish_reason\":\"stop\",\"stop_reason\":null}]}\n\n",
            "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":null,\
             \"usage\":{\"prompt_tokens\":9,\"total_tokens\":12,\"completion_tokens\":3}}\n\n",
            "data: [DONE]\n\n",
        ],
        first: 1,
        tokens_in: Some(9),
        tokens_out: 3,
        text: Some("Bern"),
    },
    Format {
        server: "vLLM, completions",
        content_type: EVENTS,
        parts: &[
            "data: {\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"Be\",\"finish_reason\":null}]}\n\n",
            "data: {\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"rn\",\"finish_reason\":\"length\"}]}\n\n",
            "data: [DONE]\n\n",
        ],
        first: 0,
        tokens_in: None,
        tokens_out: 2,
        text: None,
    },
    Format {
        server: "TGI, generate_stream",
        content_type: EVENTS,
        parts: &[
            "data:{\"index\":1,\"token\":{\"id\":5,\"text\":\"Be\",\"logprob\":-0.5,\"special\":false},\
             \"generated_text\":null,\"details\":null}\n\n",
            "data:{\"index\":2,\"token\":{\"id\":6,\"text\":\"rn\",\"logprob\":-0.1,\"special\":false},\
             \"generated_text\":\"Bern\",\"details\":{\"finish_reason\":\"length\",\"generated_tokens\":2,\
             \"input_length\":7,\"seed\":null}}\n\n",
        ],
        first: 0,
        tokens_in: Some(7),
        tokens_out: 2,
        text: None,
    },
    Format {
        server: "LMI, rolling batch",
        content_type: LINES,
        parts: &[
            "{\"token\": {\"id\": 5, \"text\": \"Be\", \"log_prob\": -0.5}}\n",
            "{\"token\": {\"id\": 6, \"text\": \"rn\", \"log_prob\": -0.1}, \"generated_text\": \"Bern\", \
             \"details\": {\"finish_reason\": \"length\", \"generated_tokens\": 2, \"inputs\": \"Capital?\"}}\n",
        ],
        first: 0,
        tokens_in: None,
        tokens_out: 2,
        text: None,
    },
    Format {
        server: "LMI, rolling batch, output_formatter=sse",
        content_type: EVENTS,
        parts: &[
            "data: {\"token\": {\"id\": 5, \"text\": \"Be\", \"log_prob\": -0.5}}\n\n",
            "data: {\"token\": {\"id\": 6, \"text\": \"rn\", \"log_prob\": -0.1}, \"generated_text\": \"Bern\"}\n\n",
        ],
        first: 0,
        tokens_in: None,
        tokens_out: 2,
        text: None,
    },
    Format {
        server: "LMI, dynamic batch",
        content_type: LINES,
        parts: &["{\"outputs\": [\"Be\"]}\n", "{\"outputs\": [\"rn\"]}\n"],
        first: 0,
        tokens_in: None,
        tokens_out: 2,
        text: None,
    },
    Format {
        server: "LMI, chat",
        content_type: LINES,
        parts: &[
            "{\"id\": \"chatcmpl-0\", \"object\": \"chat.completion.chunk\", \"choices\": [{\"index\": 0, \
             \"delta\": {\"content\": \"Be\", \"role\": \"assistant\"}, \"finish_reason\": null}]}\n",
            "{\"id\": \"chatcmpl-0\", \"object\": \"chat.completion.chunk\", \"choices\": [{\"index\": 0, \
             \"delta\": {\"content\": \"rn\"}, \"finish_reason\": \"length\"}]}\n",
        ],
        first: 0,
        tokens_in: None,
        tokens_out: 2,
        text: Some("Bern"),
    },
];

/// Its bytes, each part 10 ms after the one before.
fn stream(parts: &[&str]) -> (String, Vec<Arrival>) {
    let (mut bytes, mut arrivals) = (0, Vec::new());
    for (number, part) in (0..).zip(parts) {
        bytes += part.len();
        arrivals.push(Arrival { bytes, at: Duration::from_millis(number * 10) });
    }
    (parts.concat(), arrivals)
}

fn cut(content_type: &str, body: &str) -> Option<String> {
    let body = AnswerBody::new(Some(content_type), body.as_bytes());
    let spec = StreamSpec::default();
    body.events.as_ref().map_or_else(|| spec.unmet_in_lines(&body.text), |events| spec.unmet(events))
}

#[test]
fn each_is_timed_counted_and_read_to_its_end() {
    for Format { server, content_type, parts, first, tokens_in, tokens_out, text } in FORMATS {
        let (body, arrivals) = stream(parts);
        let times = TokenTimes::of(content_type, body.as_bytes(), &arrivals).expect(server);
        let found = (times.first, times.tokens_in, times.tokens_out);
        assert_eq!(found, (Duration::from_millis(first * 10), tokens_in, tokens_out), "{server}");
        let answer = AnswerBody::new(Some(content_type), body.as_bytes());
        assert_eq!(answer.stream_error(true, true), None, "{server}");
        if let Some(text) = text {
            assert_eq!(answer.completion().expect(server).text, text, "{server}");
        }
        assert_eq!(cut(content_type, &body), None, "{server}");
    }
}

#[test]
fn each_that_marks_its_end_is_known_to_be_cut_without_it() {
    for Format { server, content_type, parts, .. } in FORMATS {
        let (body, _) = stream(&parts[..parts.len() - 1]);
        // The lines of a dynamic batch are all alike.
        assert_eq!(cut(content_type, &body).is_some(), server != "LMI, dynamic batch", "{server}");
    }
}
