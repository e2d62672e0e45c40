//! What a case expects of an answer, and the judgement of an answer that came.

use std::borrow::Cow;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::document::Literal;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::suite::agreement::{Agreement, AgreementCheck, AgreementSpec, Seen};
use crate::domain::suite::answer_body::AnswerBody;
use crate::domain::suite::body_check::{BodyCheck, BodySpec};
use crate::domain::suite::chat_check::{Asked, ChatCheck, ChatSpec};
use crate::domain::suite::contents::Contents;
use crate::domain::suite::csv_check::CsvSpec;
use crate::domain::suite::event_stream::{StreamError, StreamSpec};
use crate::domain::suite::json_answer::{JsonAnswer, long_numbers};
use crate::domain::suite::json_check::{JsonSpec, ValuesAt};
use crate::domain::suite::media_type;
use crate::domain::suite::npy_check::{NpyCheck, NpySpec};
use crate::domain::suite::refusal::told;
use crate::domain::suite::refusal_check::{RefusalCheck, RefusalSpec};
use crate::domain::suite::text_check::{TextCheck, TextSpec};
use crate::domain::suite::unmet::Verdict;
use crate::domain::suite::vector_check::{VectorCheck, VectorSpec};
use crate::domain::text::excerpt::cut;

/// Of a larger answer, only the first error by its schema is told: each takes hundreds of bytes.
const MOST_VALUES_WITH_ALL_ERRORS: u64 = 100_000;

/// A larger answer is judged beside the run.
pub(crate) const MOST_BYTES_AT_ONCE: usize = 64 << 10;

/// A stream begins with it before anything can go wrong.
const STREAM_STATUS: u16 = 200;

/// `expect` as it is written.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectationSpec {
    content_type: Option<String>,
    body: Option<BodySpec>,
    #[serde(default)]
    json: Vec<JsonSpec>,
    /// A JSON Schema of the answer, draft 2020-12: a file, relative to the suite's, or the schema itself.
    #[cfg_attr(test, schemars(with = "Option<Value>"))]
    schema: Option<Literal>,
    /// The shape of an answer in CSV.
    csv: Option<CsvSpec>,
    /// An answer in npy.
    npy: Option<NpySpec>,
    /// Vectors in the answer, such as embeddings.
    #[serde(default)]
    vectors: Vec<VectorSpec>,
    /// Texts in the answer.
    #[serde(default)]
    texts: Vec<TextSpec>,
    /// What the answers to a request have in common that is sent several times.
    #[serde(default)]
    repeats: Vec<AgreementSpec>,
    /// How a stream of events (`text/event-stream`) is held to its end.
    #[serde(default)]
    stream: StreamSpec,
    /// Mode `chat`: what a chat completion is held to beside its text.
    chat: Option<ChatSpec>,
    /// The model is to refuse the request.
    model_error: Option<RefusalSpec>,
}

/// What a request asks its answer to be, where it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    #[default]
    Any,
    /// Events, or JSON Lines, as LMI streams.
    Stream,
    Document,
}

/// A compiled expectation.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    content_type: Option<String>,
    body: Vec<BodyCheck>,
    json: Vec<ValuesAt>,
    schema: Option<Arc<Validator>>,
    csv: Option<Arc<CsvSpec>>,
    npy: Option<NpyCheck>,
    vectors: Vec<VectorCheck>,
    texts: Vec<TextCheck>,
    repeats: Vec<AgreementCheck>,
    stream: StreamSpec,
    /// Whether the answer comes in a stream, so that an error may come behind its beginning.
    is_streamed: bool,
    /// What the request asks the answer to be.
    form: Form,
    /// Of a chat completion: what it is held to beside its text.
    chat: Option<ChatCheck>,
    /// The model is to refuse the request.
    model_error: Option<RefusalCheck>,
}

/// A model's answer: what it said, or how it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Body {
        content_type: Option<String>,
        bytes: Vec<u8>,
        /// The variant that answered, where the service says so.
        variant: Option<String>,
    },
    /// The container's own status and message: `OriginalStatusCode` of a `ModelError`, or the HTTP status.
    ModelError { status: u16, message: String, log: Option<String> },
}

impl ExpectationSpec {
    pub(crate) fn wants_refusal(&self) -> bool {
        self.model_error.is_some()
    }

    /// Whether several answers are compared.
    pub(crate) fn compares(&self) -> bool {
        !self.repeats.is_empty()
    }

    /// Whether it is about a chat completion.
    pub(crate) fn is_of_chat(&self) -> bool {
        self.chat.is_some()
    }

    /// The file that holds the JSON Schema, if it is one.
    fn schema_file(&self) -> Option<&str> {
        match self.schema.as_ref()? {
            Literal::Other(Value::String(file)) => Some(file),
            _ => None,
        }
    }

    /// The files that it names.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let npy = self.npy.as_ref().and_then(NpySpec::file);
        let vectors = self.vectors.iter().filter_map(VectorSpec::file);
        self.schema_file().into_iter().chain(npy).chain(vectors)
    }

    /// Compiles paths, patterns and the schema, and says of each field that it begins; `None` where a file that it names is
    /// not among the contents.
    ///
    /// # Errors
    /// Everything that cannot be compiled, in words that follow the case's name.
    pub(crate) fn compile(
        self,
        contents: &Contents,
        begins: &dyn Fn(&str),
    ) -> Result<Option<Expectation>, Vec<String>> {
        let (mut wrong, mut lacks_file) = (Vec::new(), false);
        begins("expect.schema");
        let schema = match self.schema(contents) {
            Some(Ok(schema)) => Some(schema),
            Some(Err(error)) => {
                wrong.push(format!("has no JSON Schema in expect.schema: {error}"));
                None
            }
            None => {
                lacks_file |= self.schema.is_some();
                None
            }
        };
        begins("expect.body");
        let body = self.body.unwrap_or_default().compile().map_err(|what| wrong.push(what)).unwrap_or_default();
        begins("expect.model_error");
        let model_error = self.model_error.map(RefusalSpec::compile).transpose();
        let model_error = model_error.map_err(|what| wrong.push(what)).ok().flatten();
        begins("expect.json");
        let json = all(self.json, JsonSpec::compile, &mut wrong);
        begins("expect.texts");
        let texts = all(self.texts, TextSpec::compile, &mut wrong);
        begins("expect.repeats");
        let repeats = all(self.repeats, AgreementSpec::compile, &mut wrong);
        begins("expect.npy");
        let npy = all(self.npy, |npy| npy.compile(contents), &mut wrong);
        begins("expect.vectors");
        let vectors = all(self.vectors, |vector| vector.compile(contents), &mut wrong);
        begins("expect.chat");
        let chat = all(self.chat, ChatSpec::compile, &mut wrong);
        lacks_file |= npy.iter().any(Option::is_none) || vectors.iter().any(Option::is_none);
        let expectation = Expectation {
            content_type: self.content_type,
            body,
            json,
            schema,
            csv: self.csv.map(Arc::new),
            npy: npy.into_iter().flatten().next(),
            vectors: vectors.into_iter().flatten().collect(),
            texts,
            repeats,
            stream: self.stream,
            is_streamed: false,
            form: Form::Any,
            chat: chat.into_iter().next(),
            model_error,
        };
        if expectation.wants_refusal() && expectation.is_about_an_answer() {
            wrong.push("expects a model_error and an answer at once; make two cases of it".to_owned());
        }
        match wrong.is_empty() {
            true if lacks_file => Ok(None),
            true => Ok(Some(expectation)),
            false => Err(wrong),
        }
    }

    /// None where there is none, or where its file is not among the contents.
    fn schema(&self, contents: &Contents) -> Option<Result<Arc<Validator>, String>> {
        let text = match self.schema_file() {
            Some(file) => Cow::Borrowed(contents.whole.get(file)?.as_slice()),
            None => Cow::Owned(self.schema.as_ref()?.to_string().into_bytes()),
        };
        let schema = serde_json::from_slice(&text).map_err(|error| error.to_string()).and_then(|schema| {
            // They would be compared as the floating-point numbers next to them.
            match long_numbers(&text).first() {
                Some((place, digits)) => Err(format!(
                    "{digits} at {place} is too long for JSON Schema; use equals, min or max in expect.json"
                )),
                None => Ok(schema),
            }
        });
        let compiled = |schema: Value| jsonschema::draft202012::new(&schema).map_err(|error| error.to_string());
        Some(schema.and_then(compiled).map(Arc::new))
    }
}

/// All that can be compiled; what is wrong with the rest is added.
fn all<S, C>(
    specs: impl IntoIterator<Item = S>,
    compile: impl Fn(S) -> Result<C, String>,
    wrong: &mut Vec<String>,
) -> Vec<C> {
    specs.into_iter().filter_map(|spec| compile(spec).map_err(|what| wrong.push(what)).ok()).collect()
}

impl Expectation {
    /// The same, of an answer that comes in a stream or not.
    #[must_use]
    pub(crate) fn streamed(self, is_streamed: bool) -> Self {
        Self { is_streamed, ..self }
    }

    /// The same, of an answer that is asked for in a form.
    #[must_use]
    pub(crate) fn in_form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// The same, of a chat completion or not.
    #[must_use]
    pub fn of_chat(self, is_chat: bool) -> Self {
        Self { chat: is_chat.then(|| self.chat.unwrap_or_default()), ..self }
    }

    /// The same, of the answer to a chat that asks for something.
    #[must_use]
    pub(crate) fn of_request(self, asked: Asked) -> Self {
        Self { chat: self.chat.map(|chat| chat.of_request(asked)), ..self }
    }

    /// Whether the model is to refuse the request.
    pub(crate) fn wants_refusal(&self) -> bool {
        self.model_error.is_some()
    }

    fn is_about_an_answer(&self) -> bool {
        let of_parts = [
            self.body.is_empty(),
            self.json.is_empty(),
            self.vectors.is_empty(),
            self.texts.is_empty(),
            self.repeats.is_empty(),
        ];
        of_parts.contains(&false)
            || self.content_type.is_some()
            || self.chat.is_some()
            || self.schema.is_some()
            || self.csv.is_some()
            || self.npy.is_some()
    }

    /// Whether an answer is judged at once: it is small, and neither pattern, path nor schema can make much of it.
    pub(crate) fn is_quick(&self, answer: &Answer) -> bool {
        let size = match answer {
            Answer::Body { bytes, .. } => bytes.len(),
            Answer::ModelError { message, .. } => message.len(),
        };
        size <= MOST_BYTES_AT_ONCE
            && self.schema.is_none()
            && self.chat.as_ref().is_none_or(ChatCheck::is_plain)
            && self.body.iter().all(BodyCheck::is_plain)
            && self.model_error.as_ref().is_none_or(RefusalCheck::is_plain)
            && self.json.iter().all(ValuesAt::is_plain)
            && self.vectors.iter().all(VectorCheck::is_plain)
            && self.texts.iter().all(TextCheck::is_plain)
            && self.repeats.iter().all(AgreementCheck::is_plain)
    }

    /// What an answer has that is compared with others.
    pub fn look_at(&self, answer: &Answer) -> Vec<Seen> {
        match answer {
            Answer::Body { content_type, bytes, .. } if !self.repeats.is_empty() => {
                let body = AnswerBody::new(content_type.as_deref(), bytes);
                let of_chat = self.chat.as_ref().and_then(|_| body.completion().ok());
                let text = of_chat.as_ref().map(|completion| AnswerBody::new(None, completion.text.as_bytes()));
                self.repeats.iter().map(|check| check.look_at(text.as_ref().unwrap_or(&body))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// In what answers differ that should not.
    pub fn disagreement(&self, agreement: &Agreement) -> Vec<String> {
        agreement.unmet(&self.repeats)
    }

    /// In what an answer is not what was expected.
    pub fn judge(&self, answer: &Answer) -> Verdict {
        let mut verdict = Verdict::default();
        match answer {
            Answer::ModelError { status, message, log } => {
                self.judge_error(*status, message, log.as_deref(), &mut verdict);
            }
            Answer::Body { content_type, bytes, .. } => {
                self.judge_body(&AnswerBody::new(content_type.as_deref(), bytes), &mut verdict);
            }
        }
        verdict
    }

    fn judge_error(&self, status: u16, message: &str, log: Option<&str>, verdict: &mut Verdict) {
        if let Some(expected) = &self.model_error {
            return expected.judge(status, message, verdict);
        }
        let log = log.map(|log| format!("; the container's log is {log}")).unwrap_or_default();
        verdict.add(FailureKind::ModelError, || format!("the model answered {status}: {}{log}", told(message)));
    }

    fn judge_body(&self, body: &AnswerBody<'_>, verdict: &mut Verdict) {
        if let Some(StreamError { status, message }) = body.stream_error(self.is_streamed, self.chat.is_some()) {
            if self.model_error.is_some() {
                return self.judge_error(status.unwrap_or(STREAM_STATUS), &message, None, verdict);
            }
            verdict.add(FailureKind::StreamError, || format!("the stream carries an error: {}", told(&message)));
        } else if let Some(unmet) = self.stream_cut(body) {
            verdict.add(FailureKind::StreamCut, || unmet);
        }
        if self.model_error.is_some() {
            return verdict.add(FailureKind::NotRefused, || {
                format!("expected the model to refuse, got an answer: {}", cut(&body.text))
            });
        }
        if let Some(wanted) = &self.content_type
            && !media_type::fits(wanted, body.kind())
        {
            let got = body.content_type.unwrap_or("none");
            verdict.add(FailureKind::WrongContentType, || format!("expected content type {wanted}, got {got}"));
        }
        if let Some(wanted) = self.other_form(body) {
            let got = body.content_type.unwrap_or("none");
            verdict.add(FailureKind::WrongContentType, || format!("expected {wanted}, got content type {got}"));
        }
        let Some(chat) = &self.chat else { return self.judge_content(body, verdict) };
        match body.completion() {
            Ok(completion) => {
                chat.judge(&completion, verdict);
                self.judge_content(&AnswerBody::new(None, completion.text.as_bytes()), verdict);
            }
            Err(reason) => verdict.add(FailureKind::NoCompletion, || {
                format!("expected a chat completion, got \"{}\": {reason}", cut(&body.text))
            }),
        }
    }

    /// What was asked for, where the answer is something else.
    fn other_form(&self, body: &AnswerBody<'_>) -> Option<&'static str> {
        match self.form {
            Form::Stream if !body.is_stream() => Some("a stream of events (text/event-stream), as was asked for"),
            Form::Document if body.is_stream() => Some("one JSON document, as \"stream: false\" asks for"),
            Form::Any | Form::Stream | Form::Document => None,
        }
    }

    fn stream_cut(&self, body: &AnswerBody<'_>) -> Option<String> {
        match &body.events {
            Some(events) if events.is_empty() => {
                Some(format!("expected events, got a stream without any: \"{}\"", cut(&body.text)))
            }
            Some(events) => self.stream.unmet(events),
            None if self.is_streamed && media_type::is_json_lines(body.kind()) => {
                self.stream.unmet_in_lines(&body.text)
            }
            None => self.stream.unmet_without_events(),
        }
    }

    /// What was answered, and of a chat its text.
    fn judge_content(&self, body: &AnswerBody<'_>, verdict: &mut Verdict) {
        self.body.iter().for_each(|check| check.judge(body, verdict));
        if let Some(csv) = &self.csv {
            csv.judge(body.bytes, verdict);
        }
        if let Some(npy) = &self.npy {
            npy.judge(body, verdict);
        }
        self.vectors.iter().for_each(|check| check.judge(body, verdict));
        self.texts.iter().for_each(|check| check.judge(body, verdict));
        if self.json.is_empty() && self.schema.is_none() {
            return;
        }
        match body.json() {
            Ok(json) => self.judge_json(json, verdict),
            Err(message) => verdict.add(FailureKind::WrongJson, || message),
        }
    }

    fn judge_json(&self, json: &JsonAnswer, verdict: &mut Verdict) {
        self.json.iter().for_each(|values| values.judge(json, verdict));
        let Some(schema) = &self.schema else { return };
        // A schema that fits is the rule, and to know that it does takes no memory.
        if schema.is_valid(&json.value) {
            return;
        }
        if json.values > MOST_VALUES_WITH_ALL_ERRORS {
            schema.validate(&json.value).err().iter().for_each(|error| add_misfit(error, verdict));
        } else {
            schema.iter_errors(&json.value).for_each(|error| add_misfit(&error, verdict));
        }
    }
}

fn add_misfit(error: &ValidationError<'_>, verdict: &mut Verdict) {
    let place = || match error.instance_path().to_string() {
        place if place.is_empty() => "the answer".to_owned(),
        place => place,
    };
    if is_given_up(error) {
        return verdict.add(FailureKind::NotJudged, || {
            let (place, pattern) = (place(), error.schema_path());
            format!("cannot tell whether {place} fits the schema: its pattern at {pattern} takes too many steps; simplify it")
        });
    }
    verdict.add(FailureKind::WrongSchema, || {
        format!("expected an answer that fits the schema, got at {}: {}", place(), cut(&error.to_string()))
    });
}

/// Whether a pattern was given up before it could say whether the text matches.
fn is_given_up(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        ValidationErrorKind::BacktrackLimitExceeded { .. } | ValidationErrorKind::RegexEngineFailure { .. } => true,
        ValidationErrorKind::PropertyNames { error } => is_given_up(error),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::document::Node;

    fn expectation(yaml: &str) -> Expectation {
        serde_yaml::from_str::<ExpectationSpec>(yaml)
            .expect("valid")
            .compile(&Contents::default(), &|_| ())
            .expect("compiles")
            .expect("complete")
    }

    fn judge(yaml: &str, body: &str) -> Vec<String> {
        let bytes = body.as_bytes().to_vec();
        let answer =
            Answer::Body { content_type: Some("application/json; charset=utf-8".into()), bytes, variant: None };
        expectation(yaml).judge(&answer).unmet.into_iter().map(|unmet| unmet.message).collect()
    }

    const BODY: &str =
        r#"{"predictions": [{"label": "setosa", "score": 0.9786}, {"label": "virginica", "score": 1}], "none": null}"#;

    #[test]
    fn what_is_met_gives_no_finding() {
        for yaml in [
            "content_type: application/json",
            "body: {contains: setosa, matches: 'virg.*'}",
            "json: [{path: '$.predictions[0].label', equals: setosa}]",
            "json: [{path: '$.predictions[0].score', within: {value: 0.98, tolerance: 0.01}, min: 0.9, max: 1}]",
            "json: [{path: '$.predictions[*].label', one_of: [setosa, virginica], type: string}]",
            "json: [{path: '$.predictions', length: 2}, {path: '$.x', exists: false}, {path: '$.predictions[*]', length: 2}]",
            "json: [{path: '$.predictions[1].score', equals: 1.0, type: integer}]",
            "json: [{path: '$.predictions[0].label', matches: '^set'}]",
        ] {
            assert_eq!(judge(yaml, BODY), [""; 0], "{yaml}");
        }
    }

    #[test]
    fn every_check_can_fail() {
        for (yaml, message) in [
            ("content_type: text/csv", "expected content type text/csv, got application/json; charset=utf-8"),
            ("body: {contains: dog}", "expected a body that contains \"dog\""),
            ("body: {matches: '^dog'}", "expected a body that matches /^dog/"),
            ("body: {equals: '{\"predictions\": 1}'}", "from character 17, got \"[{\""),
            ("body: {sha256: abc}", "expected a body with SHA-256 abc"),
            ("json: [{path: '$.predictions[0].label', equals: virginica}]", "\"virginica\" at $"),
            ("json: [{path: '$.predictions[0].score', within: {value: 0.5, tolerance: 0.1}}]", "0.5 (within 0.1)"),
            ("json: [{path: '$.predictions[*].score', min: 0.98}]", "at least 0.98 at $"),
            ("json: [{path: '$.predictions[*].score', max: 0.98}]", "at most 0.98 at $"),
            ("json: [{path: '$.predictions[*].label', one_of: [setosa]}]", "one of [\"setosa\"]"),
            ("json: [{path: '$.predictions', length: 3}]", "expected length 3"),
            (
                "json: [{path: '$.predictions[0:1].label', length: 6}]",
                "expected length 6 at $.predictions[0:1].label, got 1",
            ),
            ("json: [{path: '$.predictions[?@.score == 1]', length: 2}]", "got 1"),
            ("json: [{path: '$.x', exists: true}]", "expected something at"),
            ("json: [{path: '$.x', equals: null}]", "expected null at $.x, got nothing"),
            ("json: [{path: '$.predictions', type: object}]", "type object"),
            ("json: [{path: '$.predictions[0].label', min: 1}]", "at least 1"),
            ("json: [{path: '$.none', matches: '^[a-z]+$'}]", "a match of /^[a-z]+$/ at $.none, got null"),
            ("schema: {required: [version]}", "got at the answer: \"version\" is a required property"),
            (
                "schema: {properties: {predictions: {items: {properties: {score: {maximum: 0.99}}}}}}",
                "/predictions/1/score",
            ),
            ("csv: {rows: 2}", "expected 2 rows of CSV, got 1"),
            ("csv: {columns: [{index: 0, min: 0}]}", "expected a number from 0 to inf in row 1, column 0, got"),
        ] {
            let unmet = judge(yaml, BODY);
            assert_eq!(unmet.len(), 1, "{yaml}: {unmet:?}");
            assert!(unmet[0].contains(message), "{yaml}: {unmet:?}");
        }
        assert!(judge("json: [{path: '$', exists: true}]", "oops")[0].starts_with("expected JSON, got \"oops\""));
    }

    #[test]
    fn a_pattern_that_takes_too_many_steps_does_not_blame_the_model() {
        let body = format!("{{\"label\": \"{}\"}}", "a".repeat(40));
        let unmet = |label: &str| {
            let answer = Answer::Body { content_type: None, bytes: body.clone().into_bytes(), variant: None };
            expectation(&format!("schema: {{properties: {{label: {label}}}}}")).judge(&answer).unmet
        };
        let found = unmet("{pattern: '^(a|a)*\\1b$'}");
        assert_eq!(found[0].kind, FailureKind::NotJudged, "{found:?}");
        let why =
            "cannot tell whether /label fits the schema: its pattern at /properties/label/pattern takes too many steps";
        assert!(found.len() == 1 && found[0].message.starts_with(why), "{found:?}");
        assert_eq!(unmet("{pattern: '^a*b$'}")[0].kind, FailureKind::WrongSchema);
    }

    #[test]
    fn whole_numbers_are_told_apart_at_any_size() {
        for (got, other) in [
            ("1147250893347815425", "1147250893347815426"),
            ("18446744073709551615", "18446744073709551614"),
            ("123456789012345678901234567890", "123456789012345678901234567891"),
            ("-98765432109876543210987654321", "-98765432109876543210987654322"),
        ] {
            let body = format!("{{\"items\": [{{\"id\": {got}}}]}}");
            let of = |yaml: &str| {
                let node = Node::parse_yaml(yaml, "t").expect("YAML");
                let spec: ExpectationSpec = node.read().expect("an expectation");
                let expect = spec.compile(&Contents::default(), &|_| ()).expect("compiles").expect("complete");
                let answer = Answer::Body { content_type: None, bytes: body.clone().into(), variant: None };
                expect.judge(&answer).unmet.into_iter().map(|unmet| unmet.message).collect::<Vec<_>>()
            };
            for (number, unmet) in [(got, 0), (other, 1)] {
                for check in [
                    format!("path: '$.items[0].id', equals: {number}"),
                    format!("path: '$.items[0].id', one_of: [7, {number}]"),
                    format!("path: '$.items', equals: [{{id: {number}}}]"),
                ] {
                    let found = of(&format!("json: [{{{check}}}]"));
                    assert_eq!(found.len(), unmet, "{check}: {found:?}");
                    assert!(found.iter().all(|message| message.contains(got) && message.contains(other)), "{found:?}");
                }
            }
        }
        let id = "{\"id\": 1147250893347815425.0}";
        assert_eq!(judge("json: [{path: $.id, equals: 1147250893347815425}]", id).len(), 0);
        assert_eq!(judge("json: [{path: $.id, equals: 1147250893347815426}]", id).len(), 1);
        let id = "{\"id\": 1147250893347815425}";
        for (yaml, unmet) in [
            ("json: [{path: $.id, min: 1147250893347815425, max: 1147250893347815425}]", 0),
            ("json: [{path: $.id, min: 1147250893347815426}]", 1),
            ("json: [{path: $.id, max: 1147250893347815424}]", 1),
            ("json: [{path: $.id, within: {value: 1147250893347815426, tolerance: 0.5}}]", 1),
            ("json: [{path: $.id, within: {value: 1147250893347815426, tolerance: 1}}]", 0),
            ("schema: {properties: {id: {const: 1147250893347815425}}}", 0),
            ("schema: {properties: {id: {const: 1147250893347815426}}}", 1),
            ("schema: {properties: {id: {enum: [7, 1147250893347815425]}}}", 0),
            ("schema: {properties: {id: {enum: [7, 1147250893347815424]}}}", 1),
            ("schema: {properties: {id: {minimum: 1147250893347815425, maximum: 1147250893347815425}}}", 0),
            ("schema: {properties: {id: {minimum: 1147250893347815426}}}", 1),
            ("schema: {properties: {id: {exclusiveMaximum: 1147250893347815425}}}", 1),
        ] {
            assert_eq!(judge(yaml, id).len(), unmet, "{yaml}");
        }
        for (written, constant, unmet) in [
            ("9007199254740993", "9007199254740992", 1),
            ("9007199254740993.0", "9007199254740992", 1),
            ("9007199254740993.0", "9007199254740993", 0),
            ("9007199254740992.0", "9007199254740993", 1),
            ("18446744073709551616", "18446744073709551615", 1),
        ] {
            let found = judge(&format!("schema: {{const: {constant}}}"), written);
            assert_eq!(found.len(), unmet, "{written} {constant}: {found:?}");
        }
        let long = "{\"id\": 123456789012345678901}";
        for (yaml, unmet) in [
            ("min: 123456789012345678901, max: 123456789012345678901", 0),
            ("min: 123456789012345678902", 1),
            ("max: 123456789012345678900", 1),
            ("within: {value: 123456789012345678902, tolerance: 1}", 0),
            ("within: {value: 123456789012345678902, tolerance: 0.5}", 1),
        ] {
            let node = Node::parse_yaml(&format!("json: [{{path: $.id, {yaml}}}]"), "t").expect("YAML");
            let spec: ExpectationSpec = node.read().expect("an expectation");
            let expect = spec.compile(&Contents::default(), &|_| ()).expect("compiles").expect("complete");
            let answer = Answer::Body { content_type: None, bytes: long.into(), variant: None };
            assert_eq!(expect.judge(&answer).unmet.len(), unmet, "{yaml}");
        }
        let row = |bound: &str| judge(&format!("csv: {{columns: [{{index: 0, {bound}}}]}}"), "1147250893347815425\n");
        assert_eq!((row("min: 1147250893347815425").len(), row("min: 1147250893347815426").len()), (0, 1));
    }

    fn of_type(yaml: &str, content_type: &str, body: &str) -> Vec<&'static str> {
        let bytes = body.as_bytes().to_vec();
        let answer = Answer::Body { content_type: Some(content_type.to_owned()), bytes, variant: None };
        let expect = expectation(yaml).streamed(true);
        expect.judge(&answer).unmet.into_iter().map(|unmet| unmet.kind.as_str()).collect()
    }

    #[test]
    fn a_stream_that_carries_an_error_or_lacks_its_end_fails() {
        const SSE: &str = "text/event-stream; charset=utf-8";
        const TOKEN: &str = "data: {\"choices\": [{\"delta\": {\"content\": \"a\"}}]}\n\n";
        const ERROR: &str = "data: {\"error\": {\"message\": \"out of memory\", \"code\": 500}}\n\n";
        const DONE: &str = "data: [DONE]\n\n";
        let of = |yaml: &str, parts: &[&str]| of_type(yaml, SSE, &parts.concat());
        assert_eq!(of("{}", &[TOKEN, TOKEN, DONE]), [""; 0]);
        assert_eq!(of("{}", &[TOKEN, ERROR, DONE]), ["stream_error"]);
        assert_eq!(of("{}", &[TOKEN, TOKEN]), ["stream_cut"]);
        assert_eq!(of("stream: {end: any}", &[TOKEN, TOKEN]), [""; 0]);
        assert_eq!(of("model_error: {status: 500, message_matches: memory}", &[TOKEN, ERROR]), [""; 0]);
        assert_eq!(of("model_error: {}", &[TOKEN, DONE]), ["not_refused"]);
        assert_eq!(of("{}", &[TOKEN, DONE, TOKEN, DONE]), ["stream_cut"]);
        for none in ["", ": ping\n\n"] {
            assert_eq!(of("{}", &[none]), ["stream_cut"]);
        }
        assert_eq!(of("{}", &["{\"error\": \"x\"}"]), ["stream_error"]);
        assert_eq!(of_type("{}", "application/jsonlines", "{\"token\": 1}\nout of memory\n"), ["stream_error"]);
        assert_eq!(of_type("{}", "application/jsonlines", "{\"error\": \"x\", \"error\": null}\n"), ["stream_error"]);
        assert_eq!(of_type("stream: {end: bye}", "application/json", "{}"), ["stream_cut"]);
        assert_eq!(of_type("stream: {end: any}", "application/json", "{}"), [""; 0]);
        let lines = "{\"token\": 1}\n{\"error\": \"out of memory\"}\n";
        assert_eq!(of_type("{}", "application/jsonlines", lines), ["stream_error"]);
    }

    #[test]
    fn an_answer_comes_in_the_form_that_was_asked_for() {
        const DOCUMENT: &str = "{\"choices\": [{\"message\": {\"content\": \"a\"}}]}";
        const EVENTS: &str = "data: {\"choices\": [{\"delta\": {\"content\": \"a\"}}]}\n\ndata: [DONE]\n\n";
        const LINES: &str = "{\"choices\": [{\"delta\": {\"content\": \"a\"}, \"finish_reason\": \"stop\"}]}\n";
        let kinds = |form, content_type: Option<&str>, body: &str| -> Vec<&'static str> {
            let answer = Answer::Body {
                content_type: content_type.map(str::to_owned),
                bytes: body.as_bytes().to_vec(),
                variant: None,
            };
            let expect = expectation("{}").streamed(form == Form::Stream).of_chat(true).in_form(form);
            expect.judge(&answer).unmet.into_iter().map(|unmet| unmet.kind.as_str()).collect()
        };
        let answers = [
            (Some("application/json"), DOCUMENT),
            (None, DOCUMENT),
            (Some("text/event-stream"), EVENTS),
            (Some("application/jsonlines"), LINES),
        ];
        for (at, (content_type, body)) in answers.into_iter().enumerate() {
            let (of_document, of_stream) = if at < 2 { (0, 1) } else { (1, 0) };
            assert_eq!(kinds(Form::Document, content_type, body), vec!["wrong_content_type"; of_document], "{body}");
            assert_eq!(kinds(Form::Stream, content_type, body), vec!["wrong_content_type"; of_stream], "{body}");
        }
    }

    #[test]
    fn json_lines_and_events_are_lists_of_documents() {
        let lines = "{\"label\": 1}\n\n{\"label\": 0, \"id\": 123456789012345678901}\r\n";
        let of = |yaml: &str| of_type(yaml, "application/jsonlines", lines);
        assert_eq!(of("json: [{path: '$[*].label', length: 2, one_of: [0, 1]}]"), [""; 0]);
        assert_eq!(of("json: [{path: '$[*].label', one_of: [7]}]"), ["wrong_json"; 2]);
        assert_eq!(of("schema: {type: array, minItems: 2, items: {required: [label]}}"), [""; 0]);
        assert_eq!(
            of_type("json: [{path: '$', length: 1}]", "application/x-ndjson", "{}\nno\n"),
            ["stream_error", "wrong_json"]
        );
        let events = "data: {\"a\": 1}\n\ndata: words\n\ndata: [DONE]\n\n";
        let of = |yaml: &str| of_type(yaml, "text/event-stream", events);
        assert_eq!(
            of("json: [{path: '$', length: 2}, {path: '$[0].a', equals: 1}, {path: '$[1]', equals: words}]"),
            [""; 0]
        );
    }

    #[test]
    fn a_schema_whose_numbers_cannot_be_compared_exactly_is_refused() {
        let compiled = |yaml: &str, schema: &str| {
            let spec: ExpectationSpec = Node::parse_yaml(yaml, "t").expect("YAML").read().expect("an expectation");
            let whole = [("s.json".to_owned(), schema.as_bytes().to_vec())].into();
            spec.compile(&Contents { whole, ..Contents::default() }, &|_| ()).map(|_| ())
        };
        let long = r#"{"enum": [1, 123456789012345678901]}"#;
        let said = "has no JSON Schema in expect.schema: 123456789012345678901 at /enum/1 is too long for JSON Schema; \
                    use equals, min or max in expect.json";
        assert_eq!(compiled("schema: s.json", long), Err(vec![said.to_owned()]));
        assert_eq!(compiled(&format!("schema: {long}"), ""), Err(vec![said.to_owned()]));
        assert_eq!(compiled("schema: {enum: [18446744073709551615, 1.5e300]}", ""), Ok(()));
    }

    #[test]
    fn a_refusal_can_be_what_is_expected() {
        let refused = Answer::ModelError { status: 400, message: "could not convert \"a\"".into(), log: None };
        let served = Answer::Body { content_type: None, bytes: b"1".to_vec(), variant: None };
        let expect = expectation("model_error: {status: 400, message_matches: 'could not convert'}");
        assert_eq!(expect.judge(&refused).unmet, []);
        assert_eq!(expect.judge(&served).unmet[0].kind.as_str(), "not_refused");
        assert_eq!(
            expectation("model_error: {status: 422}").judge(&refused).unmet[0].kind.as_str(),
            "wrong_model_error"
        );
        assert_eq!(expectation("model_error: {message_matches: 'x{9}'}").judge(&refused).unmet.len(), 1);
        assert_eq!(expectation("{}").judge(&refused).unmet[0].kind.as_str(), "model_error");
        assert_eq!(expectation("{}").judge(&served).unmet, []);
    }
}
