//! `cases.yml` as it is written; `test_suite` makes of it what can be run.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::document::Literal;
use crate::domain::suite::baseline::bound::AgainstBaselineSpec;
use crate::domain::suite::capture::spec::CaptureSpec;
use crate::domain::suite::dataset::spec::DatasetSpec;
use crate::domain::suite::expectation::ExpectationSpec;
use crate::domain::suite::load::LoadSpec;
#[cfg(test)]
use crate::domain::suite::load::MOST_AT_ONCE;
use crate::domain::suite::npy::ArrayType;
use crate::domain::suite::slo::Slo;

/// The pauses between retries double, so that the last of these comes after hours.
pub(super) const MOST_RETRIES: u32 = 16;

/// The requests to send to an endpoint, and what is expected of the answers.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SuiteSpec {
    /// The version of this format: 1.
    pub version: u32,
    /// What a case does not say itself.
    #[serde(default)]
    pub defaults: Defaults,
    /// Objectives for all requests of the suite together, in each account.
    #[serde(default)]
    pub slo: Slo,
    /// The results of a run on the model before, which cases are held against: a file, or an s3:// URI.
    pub baseline: Option<String>,
    #[serde(default)]
    pub cases: Vec<CaseSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Defaults {
    /// The content type of requests; `text/csv` without it.
    pub content_type: Option<String>,
    /// The content type that answers are asked for; `application/json` without it.
    pub accept: Option<String>,
    /// How long one request may take: `70s` without it.
    pub timeout: Option<String>,
    /// Requests before those that count; 0 without it.
    pub warmup: Option<u32>,
    /// How often each case is sent; 1 without it.
    pub repeat: Option<u32>,
    /// How many requests of one case are under way at once; 1 without it.
    #[cfg_attr(test, schemars(range(min = 1, max = MOST_AT_ONCE)))]
    pub concurrency: Option<u32>,
    /// How often a request that the service or the network lost is sent again; 2 without it.
    #[cfg_attr(test, schemars(range(max = MOST_RETRIES)))]
    pub retries: Option<u32>,
}

/// One request, or many of a kind: a body with expectations, a dataset or captured traffic with gates, or a load.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseSpec {
    /// Unique in the suite; it names the case in every report.
    pub name: String,
    /// The body as text, sent byte for byte.
    pub body: Option<String>,
    /// A file with the body's bytes, relative to this file.
    pub body_file: Option<String>,
    /// A JSON value, sent without spaces.
    #[cfg_attr(test, schemars(with = "Option<serde_json::Value>"))]
    pub body_json: Option<Literal>,
    /// Numbers, sent as an array in npy.
    pub body_npy: Option<NpyBodySpec>,
    /// The body's bytes in Base64.
    pub body_base64: Option<String>,
    /// Mode `chat`, instead of a body: what was said so far, each with `role` and `content`.
    #[cfg_attr(test, schemars(with = "Option<Vec<serde_json::Value>>"))]
    pub messages: Option<Literal>,
    /// Mode `chat`: the tools that the model may call.
    #[cfg_attr(test, schemars(with = "Option<Vec<serde_json::Value>>"))]
    pub tools: Option<Literal>,
    /// Mode `chat`: which model or adapter to ask; without it the name is empty, which servers of one model take.
    pub model: Option<String>,
    /// Mode `chat`: what else the request says, such as `max_tokens` and `temperature`.
    #[cfg_attr(test, schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    pub parameters: Option<Literal>,
    /// Mode `chat`: false for an answer in one piece.
    pub stream: Option<bool>,
    /// Rows whose truth is known, instead of a body.
    pub dataset: Option<DatasetSpec>,
    /// Requests that an endpoint captured, instead of a body: the answers are compared with the captured ones.
    pub capture: Option<CaptureSpec>,
    /// Sends the body again and again at a steady rate.
    pub load: Option<LoadSpec>,
    #[serde(default)]
    pub mode: ModeSpec,
    /// Mode `async`: where the input goes and how long to wait.
    #[serde(default)]
    pub r#async: AsyncSpec,
    pub content_type: Option<String>,
    pub accept: Option<String>,
    pub timeout: Option<String>,
    #[cfg_attr(test, schemars(range(max = MOST_RETRIES)))]
    pub retries: Option<u32>,
    pub warmup: Option<u32>,
    pub repeat: Option<u32>,
    #[cfg_attr(test, schemars(range(min = 1, max = MOST_AT_ONCE)))]
    pub concurrency: Option<u32>,
    /// The production variant to ask.
    pub target_variant: Option<String>,
    /// The model of a multi-model endpoint to ask.
    pub target_model: Option<String>,
    /// The inference component to ask.
    pub inference_component: Option<String>,
    /// Passed through to the container: at most 1024 visible ASCII characters.
    pub custom_attributes: Option<String>,
    /// A `JMESPath` expression that says whether to explain.
    pub enable_explanations: Option<String>,
    /// A stateful session: `NEW_SESSION`, or the id of one.
    pub session_id: Option<String>,
    /// A case before this one, with `session_id: NEW_SESSION`: its session goes on.
    pub session_from: Option<String>,
    /// The container of an endpoint with several that are asked directly.
    pub target_container_hostname: Option<String>,
    /// An id of the request, which captured data and the container are told.
    pub inference_id: Option<String>,
    /// Requests with the same id go to the same instance, where the endpoint routes by prefix.
    pub prefix_aware_id: Option<String>,
    /// The adapter to ask of a local server; on an endpoint it is an inference component, which is named there.
    pub adapter: Option<String>,
    #[serde(default)]
    pub slo: Slo,
    /// By how much figures may be worse than those of the baseline.
    #[serde(default)]
    pub against_baseline: AgainstBaselineSpec,
    #[serde(default)]
    pub expect: ExpectationSpec,
}

impl CaseSpec {
    /// Whether it has a body of its own, in any form.
    pub(super) fn has_body(&self) -> bool {
        let texts = [&self.body, &self.body_file, &self.body_base64];
        texts.into_iter().any(Option::is_some) || self.body_json.is_some() || self.body_npy.is_some()
    }
}

/// A body of numbers, as NumPy writes them.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NpyBodySpec {
    /// `float64` without it.
    pub r#type: Option<ArrayType>,
    /// The numbers, as lists in each other.
    #[cfg_attr(test, schemars(with = "Vec<Value>"))]
    pub values: Value,
}

/// How a request is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum ModeSpec {
    #[default]
    Invoke,
    /// With a response stream: chunks are joined, and the time to the first byte is measured.
    Stream,
    /// To an asynchronous endpoint: the answer is fetched from S3.
    Async,
    /// A chat request of OpenAI's API to a language model.
    Chat,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AsyncSpec {
    /// An S3 URI to put the input under; without one it is sent inline, which has a limit of 128,000 bytes.
    pub input: Option<String>,
    /// How long to wait for the output or the failure: `15m` without it.
    pub deadline: Option<String>,
}
