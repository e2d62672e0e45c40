//! What a case expects of an answer, and the judgement of an answer that came.

use std::sync::Arc;

use jsonschema::{ValidationError, Validator};
use regex::Regex;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::contents::Contents;
use super::csv_check::CsvSpec;
use super::digest::sha256;
use super::excerpt::cut;
use super::json_answer::JsonAnswer;
use super::json_check::{JsonSpec, ValuesAt};
use super::pattern::{is_plain, regular_expression};
use super::unmet::Verdict;

/// Of a larger answer, only the first error by its schema is told: each takes hundreds of bytes.
const MOST_VALUES_WITH_ALL_ERRORS: u64 = 100_000;

/// A larger answer is judged beside the run.
pub(super) const MOST_BYTES_AT_ONCE: usize = 64 << 10;

/// `expect` as it is written.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExpectationSpec {
    content_type: Option<String>,
    body: Option<BodySpec>,
    #[serde(default)]
    json: Vec<JsonSpec>,
    /// A JSON Schema of the answer, draft 2020-12: a file, relative to the suite's, or the schema itself.
    schema: Option<Value>,
    /// The shape of an answer in CSV.
    csv: Option<CsvSpec>,
    /// The model is to refuse the request.
    model_error: Option<ModelErrorSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct BodySpec {
    equals: Option<String>,
    contains: Option<String>,
    matches: Option<String>,
    sha256: Option<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct ModelErrorSpec {
    status: Option<u16>,
    message_matches: Option<String>,
}

/// A compiled expectation.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    content_type: Option<String>,
    body: Vec<BodyCheck>,
    json: Vec<ValuesAt>,
    schema: Option<Arc<Validator>>,
    csv: Option<Arc<CsvSpec>>,
    /// The model is to refuse the request.
    model_error: Option<ModelErrorCheck>,
}

#[derive(Clone, Debug)]
enum BodyCheck {
    Equals(String),
    Contains(String),
    Matches(Regex),
    Sha256(String),
}

#[derive(Clone, Debug)]
struct ModelErrorCheck {
    status: Option<u16>,
    message: Option<Regex>,
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
    pub fn wants_refusal(&self) -> bool {
        self.model_error.is_some()
    }

    /// The file that holds the JSON Schema, if it is one.
    pub fn schema_file(&self) -> Option<&str> {
        self.schema.as_ref()?.as_str()
    }

    /// Compiles paths, patterns and the schema; `None` where the schema's file is not among the contents.
    ///
    /// # Errors
    /// Everything that cannot be compiled, in words that follow the case's name.
    pub fn compile(self, contents: &Contents) -> Result<Option<Expectation>, Vec<String>> {
        let file = self.schema_file().map(|file| contents.whole.get(file));
        let schema = match (&self.schema, file) {
            (Some(_), Some(None)) => return Ok(None),
            (Some(_), Some(Some(bytes))) => Some(serde_json::from_slice(bytes).map_err(|error| error.to_string())),
            (Some(inline), None) => Some(Ok(inline.clone())),
            (None, _) => None,
        };
        let schema = schema.map(|schema| {
            let schema: Value = schema?;
            jsonschema::draft202012::new(&schema).map_err(|error| error.to_string())
        });
        let mut wrong = Vec::new();
        let mut regex =
            |place: &str, pattern: &str| regular_expression(place, pattern).map_err(|what| wrong.push(what)).ok();
        let body_spec = self.body.unwrap_or_default();
        let mut body = Vec::new();
        body.extend(body_spec.equals.map(BodyCheck::Equals));
        body.extend(body_spec.contains.map(BodyCheck::Contains));
        body.extend(
            body_spec.matches.and_then(|pattern| regex("expect.body.matches", &pattern)).map(BodyCheck::Matches),
        );
        body.extend(body_spec.sha256.map(|digest| BodyCheck::Sha256(digest.to_lowercase())));
        let model_error = self.model_error.map(|spec| ModelErrorCheck {
            status: spec.status,
            message: spec.message_matches.and_then(|pattern| regex("expect.model_error.message_matches", &pattern)),
        });
        let mut json = Vec::new();
        let mut bad_paths = Vec::new();
        for spec in self.json {
            match spec.compile() {
                Ok(values) => json.push(values),
                Err(what) => bad_paths.push(what),
            }
        }

        let schema = match schema.transpose() {
            Ok(schema) => schema.map(Arc::new),
            Err(error) => {
                bad_paths.push(format!("has no JSON Schema in expect.schema: {error}"));
                None
            }
        };
        let about_answer = !body.is_empty() || !json.is_empty() || self.content_type.is_some();
        if model_error.is_some() && (about_answer || schema.is_some() || self.csv.is_some()) {
            bad_paths.push("expects a model_error and an answer at once: make two cases of it".to_owned());
        }
        wrong.extend(bad_paths);
        let csv = self.csv.map(Arc::new);
        let expectation = Expectation { content_type: self.content_type, body, json, schema, csv, model_error };
        if wrong.is_empty() { Ok(Some(expectation)) } else { Err(wrong) }
    }
}

impl Expectation {
    /// Whether the model is to refuse the request.
    pub fn wants_refusal(&self) -> bool {
        self.model_error.is_some()
    }

    /// Whether an answer is judged at once: it is small, and neither pattern, path nor schema can make much of it.
    pub fn is_quick(&self, answer: &Answer) -> bool {
        let size = match answer {
            Answer::Body { bytes, .. } => bytes.len(),
            Answer::ModelError { message, .. } => message.len(),
        };
        let of_body = self.body.iter().all(|check| match check {
            BodyCheck::Matches(regex) => is_plain(regex),
            BodyCheck::Equals(_) | BodyCheck::Contains(_) | BodyCheck::Sha256(_) => true,
        });
        let of_message = self.model_error.as_ref().and_then(|refusal| refusal.message.as_ref()).is_none_or(is_plain);
        size <= MOST_BYTES_AT_ONCE
            && of_body
            && of_message
            && self.schema.is_none()
            && self.json.iter().all(ValuesAt::is_plain)
    }

    /// In what an answer is not what was expected.
    pub fn judge(&self, answer: &Answer) -> Verdict {
        let mut verdict = Verdict::default();
        match answer {
            Answer::ModelError { status, message, log } => {
                self.judge_error(*status, message, log.as_deref(), &mut verdict);
            }
            Answer::Body { content_type, bytes, .. } => {
                self.judge_body(content_type.as_deref(), bytes, &mut verdict);
            }
        }
        verdict
    }

    fn judge_error(&self, status: u16, message: &str, log: Option<&str>, verdict: &mut Verdict) {
        let Some(expected) = &self.model_error else {
            let log = log.map(|log| format!("; the container's log is {log}")).unwrap_or_default();
            return verdict.add("model_error", || format!("the model answered {status}: {}{log}", cut(message)));
        };
        if let Some(wanted) = expected.status.filter(|wanted| *wanted != status) {
            verdict.add("wrong_model_error", || {
                format!("expected the model to refuse with {wanted}, got {status}: {}", cut(message))
            });
        }
        if let Some(regex) = expected.message.as_ref().filter(|regex| !regex.is_match(message)) {
            verdict.add("wrong_model_error", || {
                format!("expected a refusal that matches /{regex}/, got \"{}\"", cut(message))
            });
        }
    }

    fn judge_body(&self, content_type: Option<&str>, bytes: &[u8], verdict: &mut Verdict) {
        let text = String::from_utf8_lossy(bytes);
        if self.model_error.is_some() {
            return verdict
                .add("not_refused", || format!("expected the model to refuse, got an answer: {}", cut(&text)));
        }
        if let Some(wanted) = &self.content_type
            && !same_media_type(wanted, content_type.unwrap_or_default())
        {
            let got = content_type.unwrap_or("none");
            verdict.add("wrong_content_type", || format!("expected content type {wanted}, got {got}"));
        }
        for message in self.body.iter().filter_map(|check| check.unmet(bytes, &text)) {
            verdict.add("wrong_body", || message);
        }
        if let Some(csv) = &self.csv {
            csv.judge(bytes, verdict);
        }
        if self.json.is_empty() && self.schema.is_none() {
            return;
        }
        let answer = match JsonAnswer::parse(bytes) {
            Ok(answer) => answer,
            Err(message) => return verdict.add("wrong_json", || message),
        };
        for values in &self.json {
            values.judge(&answer, verdict);
        }
        let Some(schema) = &self.schema else { return };
        // A schema that fits is the rule, and to know that it does takes no memory.
        if schema.is_valid(&answer.value) {
            return;
        }
        if answer.values > MOST_VALUES_WITH_ALL_ERRORS {
            verdict.extend("wrong_schema", schema.validate(&answer.value).err().into_iter(), misfit);
        } else {
            verdict.extend("wrong_schema", schema.iter_errors(&answer.value), misfit);
        }
    }
}

fn misfit(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let place = if place.is_empty() { "the answer".to_owned() } else { place };
    format!("expected an answer that fits the schema, got at {place}: {}", cut(&error.to_string()))
}

impl BodyCheck {
    fn unmet(&self, bytes: &[u8], text: &str) -> Option<String> {
        match self {
            Self::Equals(wanted) if wanted != text => Some(difference(wanted, text)),
            Self::Contains(wanted) if !text.contains(wanted.as_str()) => {
                Some(format!("expected a body that contains \"{}\", got \"{}\"", cut(wanted), cut(text)))
            }
            Self::Matches(regex) if !regex.is_match(text) => {
                Some(format!("expected a body that matches /{regex}/, got \"{}\"", cut(text)))
            }
            Self::Sha256(wanted) => {
                let got = sha256(bytes);
                (*wanted != got)
                    .then(|| format!("expected a body with SHA-256 {wanted}, got {got}, {} bytes", bytes.len()))
            }
            _ => None,
        }
    }
}

/// Where two texts begin to differ, and how each goes on from there.
fn difference(wanted: &str, got: &str) -> String {
    let same: usize =
        wanted.chars().zip(got.chars()).take_while(|(left, right)| left == right).map(|(any, _)| any.len_utf8()).sum();
    if same == 0 {
        return format!("expected the body \"{}\", got \"{}\"", cut(wanted), cut(got));
    }
    let place = got[..same].chars().count() + 1;
    let (wanted, got) = (cut(&wanted[same..]), cut(&got[same..]));
    format!("expected the body to go on with \"{wanted}\" from character {place}, got \"{got}\"")
}

fn same_media_type(wanted: &str, got: &str) -> bool {
    let bare = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // Parameters (charset) count only where they were asked for.
    if wanted.contains(';') { wanted.eq_ignore_ascii_case(got) } else { bare(wanted) == bare(got) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expectation(yaml: &str) -> Expectation {
        serde_yaml::from_str::<ExpectationSpec>(yaml)
            .expect("valid")
            .compile(&Contents::default())
            .expect("compiles")
            .expect("complete")
    }

    fn judge(yaml: &str, body: &str) -> Vec<String> {
        let bytes = body.as_bytes().to_vec();
        let answer =
            Answer::Body { content_type: Some("application/json; charset=utf-8".into()), bytes, variant: None };
        expectation(yaml).judge(&answer).unmet.into_iter().map(|unmet| unmet.message).collect()
    }

    const BODY: &str = r#"{"predictions": [{"label": "setosa", "score": 0.9786}, {"label": "virginica", "score": 1}]}"#;

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
            ("json: [{path: '$.x', exists: true}]", "expected something at"),
            ("json: [{path: '$.x', equals: null}]", "expected null at $.x, got nothing"),
            ("json: [{path: '$.predictions', type: object}]", "type object"),
            ("json: [{path: '$.predictions[0].label', min: 1}]", "at least 1"),
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
    fn a_refusal_can_be_what_is_expected() {
        let refused = Answer::ModelError { status: 400, message: "could not convert \"a\"".into(), log: None };
        let served = Answer::Body { content_type: None, bytes: b"1".to_vec(), variant: None };
        let expect = expectation("model_error: {status: 400, message_matches: 'could not convert'}");
        assert_eq!(expect.judge(&refused).unmet, []);
        assert_eq!(expect.judge(&served).unmet[0].kind, "not_refused");
        assert_eq!(expectation("model_error: {status: 422}").judge(&refused).unmet[0].kind, "wrong_model_error");
        assert_eq!(expectation("model_error: {message_matches: 'x{9}'}").judge(&refused).unmet.len(), 1);
        assert_eq!(expectation("{}").judge(&refused).unmet[0].kind, "model_error");
        assert_eq!(expectation("{}").judge(&served).unmet, []);
    }
}
