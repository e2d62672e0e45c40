//! `cases.yml` as it is written; `test_suite` makes of it what can be run.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::dataset::spec::DatasetSpec;
use super::expectation::ExpectationSpec;
use super::load::LoadSpec;
use super::slo::Slo;

/// The requests to send to an endpoint, and what is expected of the answers.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SuiteSpec {
    /// The version of this format: 1.
    pub version: u32,
    /// What a case does not say itself.
    #[serde(default)]
    pub defaults: Defaults,
    /// Objectives for all requests of the suite together, in each account.
    #[serde(default)]
    pub slo: Slo,
    #[serde(default)]
    pub cases: Vec<CaseSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Defaults {
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
    #[cfg_attr(test, schemars(range(min = 1, max = 10_000)))]
    pub concurrency: Option<u32>,
    /// How often a request that the service or the network lost is sent again; 2 without it.
    #[cfg_attr(test, schemars(range(max = 16)))]
    pub retries: Option<u32>,
}

/// One request, or many of a kind: a body with expectations, a dataset with gates, or a load.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CaseSpec {
    /// Unique in the suite; it names the case in every report.
    pub name: String,
    /// The body as text, sent byte for byte.
    pub body: Option<String>,
    /// A file with the body's bytes, relative to this file.
    pub body_file: Option<String>,
    /// A JSON value, sent without spaces.
    pub body_json: Option<Value>,
    /// The body's bytes in Base64.
    pub body_base64: Option<String>,
    /// Rows whose truth is known, instead of a body.
    pub dataset: Option<DatasetSpec>,
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
    #[cfg_attr(test, schemars(range(max = 16)))]
    pub retries: Option<u32>,
    pub warmup: Option<u32>,
    pub repeat: Option<u32>,
    #[cfg_attr(test, schemars(range(min = 1, max = 10_000)))]
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
    #[serde(default)]
    pub slo: Slo,
    #[serde(default)]
    pub expect: ExpectationSpec,
}

/// How a request is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ModeSpec {
    #[default]
    Invoke,
    /// With a response stream: chunks are joined, and the time to the first byte is measured.
    Stream,
    /// To an asynchronous endpoint: the answer is fetched from S3.
    Async,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AsyncSpec {
    /// An S3 URI to put the input under; without one it is sent inline, which has a limit of 128,000 bytes.
    pub input: Option<String>,
    /// How long to wait for the output or the failure: `15m` without it.
    pub deadline: Option<String>,
}
