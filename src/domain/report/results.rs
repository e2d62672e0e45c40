//! The results of a test run: what `test-results.json` holds, and what every other report is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::aws::organization::LeftOut;
use crate::domain::document::Node;
use crate::domain::endpoint::DataCapture;
use crate::domain::endpoint::DeployedImage;
use crate::domain::endpoint::LiveAs;
use crate::domain::endpoint::Part;
use crate::domain::endpoint::RunningVariant;
use crate::domain::endpoint::Served;
use crate::domain::endpoint::Serves;
use crate::domain::endpoint::Variant;
use crate::domain::endpoint::part_name;
use crate::domain::finding::Finding;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::latency::{LatencyBucket, LatencySummary};
use crate::domain::report::timeline::LoadInterval;

const SCHEMA_VERSION: u32 = 1;

/// The results of one run of `modeldeploy test`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestReport {
    pub schema_version: u32,
    pub project: Option<String>,
    pub stage: Option<String>,
    /// The package that the build chose.
    pub model_package_arn: Option<String>,
    /// Whether the build config is that of the release record beside it; none where there is no record.
    #[serde(default)]
    pub release: Option<ReleaseReport>,
    /// The variants that the package had to be live on (`--live-as`).
    #[serde(default)]
    pub live_as: Option<LiveAs>,
    /// The run that figures were held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineReport>,
    pub success: bool,
    #[cfg_attr(test, schemars(with = "String"))]
    pub started_at: Timestamp,
    #[cfg_attr(test, schemars(with = "String"))]
    pub finished_at: Timestamp,
    pub accounts: Vec<AccountReport>,
    /// Accounts of the unit that nothing is deployed to.
    #[serde(default)]
    pub left_out: Vec<LeftOutReport>,
    /// What kept the run as a whole from being done, as an unreadable unit does.
    #[serde(default)]
    pub errors: Vec<Failure>,
}

/// What the release record says of the build config.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct ReleaseReport {
    /// The record.
    pub file: String,
    /// False only where `--no-verify` overrode what speaks against it.
    pub verified: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

impl ReleaseReport {
    /// Whether the config is that of the record, in words for a reader of the results.
    pub(crate) fn in_words(&self) -> String {
        if self.verified {
            return format!("the build config is that of {}", self.file);
        }
        format!("not verified (--no-verify): {}", self.problems.join("; "))
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeftOutReport {
    pub account_id: String,
    pub reason: String,
}

impl From<LeftOut> for LeftOutReport {
    fn from(left: LeftOut) -> Self {
        Self { account_id: left.id.to_string(), reason: left.reason }
    }
}

/// One endpoint in one account and Region, or a local model server.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountReport {
    /// None for a local model server.
    pub account_id: Option<String>,
    pub region: Option<String>,
    pub endpoint_name: Option<String>,
    pub endpoint_status: Option<String>,
    pub success: bool,
    pub data_capture: Option<DataCapture>,
    pub live_model_package_arns: Vec<String>,
    /// None where there was nothing to compare.
    pub live_model_matches: Option<bool>,
    /// What each variant really serves.
    #[serde(default)]
    pub variants: Vec<VariantReport>,
    pub cases: Vec<CaseReport>,
    /// What is wrong with the account as a whole: role, endpoint, live model, the suite's own objectives.
    pub errors: Vec<Failure>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct VariantReport {
    pub name: String,
    /// `production` or `shadow`
    pub role: String,
    pub model_names: Vec<String>,
    pub model_package_arns: Vec<String>,
    /// What runs now: the image by digest, where the endpoint tells it.
    pub images: Vec<String>,
    /// What it serves beside the package that was asked for, if there was one: the worst of its parts.
    #[serde(default)]
    pub serves: Option<Serves>,
    /// What takes its requests: all of it, or its instance pools, or inference components.
    #[serde(default)]
    pub parts: Vec<PartReport>,
}

/// All instances of a variant (then neither of the first two is set), those of a pool, or an inference component.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartReport {
    pub inference_component: Option<String>,
    /// Of the pool, or of the component's specification if it has several.
    pub instance_type: Option<String>,
    pub model_name: Option<String>,
    pub model_package_arns: Vec<String>,
    pub serves: Option<Serves>,
    /// Why it cannot be proved what it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl VariantReport {
    /// What the variant serves, by `live`'s verdicts on its parts if there was a package to compare with.
    pub(crate) fn new(variant: &Variant, verdicts: Option<&[Serves]>, running: &[RunningVariant]) -> Self {
        let images = running.iter().filter(|running| running.name == variant.name).flat_map(|running| &running.images);
        let images: Vec<String> = images.filter_map(DeployedImage::name).map(str::to_owned).collect();
        let verdict_of = |at: usize| verdicts.and_then(|verdicts| verdicts.get(at).copied());
        let part = |(at, part): (usize, &Part)| PartReport {
            inference_component: part.component.clone(),
            instance_type: part.instance_type.clone(),
            model_name: part.model().map(|model| model.name.clone()),
            model_package_arns: part.packages(),
            serves: verdict_of(at),
            reason: match &part.serves {
                Served::Unknown(why) => Some(why.clone()),
                Served::Model(_) => {
                    verdict_of(at).filter(|one| *one == Serves::Unknown).map(|_| part.doubts.join("; "))
                }
            },
        };
        Self {
            name: variant.name.clone(),
            role: if variant.shadow { "shadow" } else { "production" }.to_owned(),
            model_names: variant.model_names(),
            model_package_arns: variant.packages(),
            images: if images.is_empty() { variant.images() } else { images },
            serves: verdicts.and_then(Serves::of_all),
            parts: variant.parts.iter().enumerate().map(part).collect(),
        }
    }
}

impl PartReport {
    /// Its name within the variant; none if it is the whole of it.
    pub(crate) fn name(&self) -> Option<String> {
        part_name(self.inference_component.as_deref(), self.instance_type.as_deref())
    }

    /// What it serves, in words.
    pub(crate) fn in_words(&self) -> String {
        let packages = match self.model_package_arns.as_slice() {
            [] => "no model package".to_owned(),
            all => all.join(", "),
        };
        let model = self.model_name.as_ref().map(|model| format!(" (model {model})")).unwrap_or_default();
        match self.serves {
            None => format!("serves {packages}{model}"),
            Some(Serves::Package) => format!("serves the package{model}"),
            Some(Serves::Other) => format!("serves {packages} instead of the package{model}"),
            Some(Serves::Beside) => format!("serves {packages} beside the package{model}"),
            Some(Serves::Unknown) => format!("cannot be proved: {}", self.reason.as_deref().unwrap_or("not told")),
        }
    }
}

/// One case against one endpoint.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaseReport {
    pub name: String,
    /// `invoke`, `stream`, `async`, `chat`, `dataset`, `capture` or `load`
    #[serde(default)]
    pub kind: String,
    pub success: bool,
    /// Requests that were sent and counted; those of the warm-up are not.
    pub invocations: u64,
    /// Invocations that brought no answer to judge.
    pub errors: u64,
    /// Requests that were not answered as expected, whether or not the objectives tolerate it.
    #[serde(default)]
    pub failed: u64,
    pub latency_ms: Option<LatencySummary>,
    /// Stream mode: until the first byte of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<LatencySummary>,
    /// Streams: the tokens of their answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenReport>,
    /// How the latencies are distributed, for a picture of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latency_buckets: Vec<LatencyBucket>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadReport>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetReport>,
    /// Captured traffic that was sent; what came of it is in `dataset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<CaptureReport>,
    /// What was held against the run on the model before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline: Vec<BaselineFigure>,
    pub failures: Vec<Failure>,
    /// Why attempts failed whose request passed when it was sent again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retried: Vec<Failure>,
    /// What the case's error rate tolerates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerated: Vec<Failure>,
}

/// The tokens of streamed answers. Names and meaning are those of vLLM's benchmark, but that the first token is the first
/// event with content.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenReport {
    /// Time to first token.
    pub ttft_ms: LatencySummary,
    /// Inter-token latency: from one event with content to the next.
    pub inter_token_ms: Option<LatencySummary>,
    /// Of each stream, what a token after the first took on average.
    pub time_per_output_token_ms: Option<LatencySummary>,
    /// How fast 95 of 100 streams were after their first token.
    pub tokens_per_second: Option<f64>,
    /// Of all requests, as the server counted them.
    pub input_tokens: Option<u64>,
    pub output_tokens: u64,
    /// Whether output tokens are events with content, since the server did not say how many tokens there were.
    pub counted_events: bool,
    /// The share of requests within every objective, where one is set for it.
    pub goodput: Option<f64>,
}

/// What a load case asked for and what came of it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoadReport {
    /// Requests a second that were to be sent; of a ramp, the highest rate at which every objective was met. None where
    /// the concurrency was given.
    pub target_rate: Option<f64>,
    /// Requests a second that were answered.
    pub achieved_rate: f64,
    pub duration_seconds: f64,
    pub max_in_flight: u32,
    /// The most that were really in flight at once.
    pub most_in_flight: u32,
    /// Streams: tokens of all of them together, by the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens_per_second: Option<f64>,
    /// Of a ramp: every rate that was tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<LoadStep>,
    /// How it went from beginning to end; of a ramp, at the rate that is reported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<LoadInterval>,
}

/// A rate of a ramp, and what came of it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoadStep {
    pub target_rate: f64,
    pub achieved_rate: f64,
    /// Whether every objective was met.
    pub met: bool,
    pub latency_ms: Option<LatencySummary>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttft_ms: Option<LatencySummary>,
}

/// What a model made of a dataset whose truth is known.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatasetReport {
    pub rows: u64,
    /// By name: `accuracy`, `precision_macro`, `rmse`, ...
    pub metrics: BTreeMap<String, f64>,
    /// Classification: rows are the truth, columns the prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confusion: Option<ConfusionMatrix>,
    /// Regression: prediction less truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residuals: Option<Residuals>,
}

/// Which captured requests were sent, and where answers differ most from the captured ones.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaptureReport {
    /// As the case names it.
    pub source: String,
    /// Of which time requests were taken, in words; empty for all.
    pub window: String,
    /// Files that were read.
    pub files: u64,
    /// Records of that time.
    pub records: u64,
    /// Those that cannot be used.
    pub unusable: u64,
    pub seed: u64,
    /// Requests that were drawn.
    pub drawn: u64,
    /// Answers that were compared.
    pub compared: u64,
    pub agreed: u64,
    /// The labels whose frequency changed most come first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelShift>,
    /// The largest comes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
}

/// The run on the model before.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BaselineReport {
    /// Its results.
    pub file: String,
    pub model_package_arn: Option<String>,
    #[cfg_attr(test, schemars(with = "String"))]
    pub finished_at: Timestamp,
}

/// A figure beside that of the run on the model before.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BaselineFigure {
    pub name: String,
    pub before: f64,
    /// None where the case has no such figure now.
    pub now: Option<f64>,
    /// By how much it may change, in words.
    pub allowed: String,
    pub passes: bool,
}

impl BaselineFigure {
    /// What is wrong with it, in words.
    pub(crate) fn in_words(&self) -> String {
        let Self { name, before, now, allowed, .. } = self;
        match now {
            Some(now) => format!("{name} {allowed} from the baseline's {}, and is {}", digits(*before), digits(*now)),
            None => format!("{name} {allowed} from the baseline's {}, and there is none", digits(*before)),
        }
    }
}

/// Six significant digits are enough to tell two figures apart.
fn digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// How often a label was captured, and how often it is predicted now.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelShift {
    pub label: String,
    pub captured: u64,
    pub now: u64,
}

/// An answer that differs from the captured one.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Difference {
    /// The capture file and line.
    pub place: String,
    pub event_id: Option<String>,
    /// Of an answer to several rows, from 1 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// Whether it agrees all the same, as the same label with another score does.
    pub agrees: bool,
    /// How much greater the score, or the predicted number, is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<f64>,
    /// Only where the case asks for content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfusionMatrix {
    pub labels: Vec<String>,
    pub counts: Vec<Vec<u64>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Residuals {
    pub min: f64,
    pub p5: f64,
    pub median: f64,
    pub mean: f64,
    pub p95: f64,
    pub max: f64,
}

/// Something that failed, with a kind for machines and a message for people.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    pub kind: FailureKind,
    pub message: String,
    /// The whole answer that failed, as far as it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<KeptBody>,
}

/// A body as it came: as text where it is text.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeptBody {
    pub content_type: Option<String>,
    /// How many bytes came; more than are kept where `truncated`.
    pub bytes: u64,
    pub truncated: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

impl KeptBody {
    /// More of a body than this would make the results unreadable.
    const MOST: usize = 64 * 1024;

    pub(crate) fn new(content_type: Option<&str>, bytes: &[u8]) -> Self {
        use base64::Engine;
        let kept = &bytes[..bytes.len().min(Self::MOST)];
        let kept_text = match std::str::from_utf8(kept) {
            Ok(text) => Some(text.to_owned()),
            // A cut in the middle of a character leaves a text still.
            Err(error) if error.error_len().is_none() && kept.len() < bytes.len() => {
                Some(String::from_utf8_lossy(&kept[..error.valid_up_to()]).into_owned())
            }
            Err(_) => None,
        };
        Self {
            content_type: content_type.map(str::to_owned),
            bytes: bytes.len() as u64,
            truncated: kept.len() < bytes.len(),
            base64: kept_text.is_none().then(|| base64::engine::general_purpose::STANDARD.encode(kept)),
            text: kept_text,
        }
    }
}

impl KeptBody {
    /// How much of the body is kept.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.text.as_ref().or(self.base64.as_ref()).map_or(0, String::len)
    }

    /// Keeps nothing of the body but its size.
    pub(crate) fn forget(&mut self) {
        (self.text, self.base64) = (None, None);
        self.truncated = self.bytes > 0;
    }
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), response: None }
    }
}

impl TestReport {
    /// Reads a results file again.
    ///
    /// # Errors
    /// It is not a results file, or one of a version that is not known; with its place in the file.
    pub(crate) fn parse(text: &str, file: &str) -> Result<Self, Finding> {
        const HINT: &str = "give a results file that `modeldeploy test` wrote, such as test-results.json";
        let document = Node::parse_json(text, file).map_err(|finding| finding.hint(HINT))?;
        let Some(version) = document.get("schemaVersion") else {
            return Err(Finding::error("is not a results file")
                .at(file, document.at)
                .cause("no schemaVersion")
                .hint(HINT));
        };
        let found = version.scalar_text().unwrap_or_else(|| version.kind().to_owned());
        if found != SCHEMA_VERSION.to_string() {
            return Err(Finding::error(format!("has schemaVersion {found}"))
                .at(file, version.at)
                .cause(format!("this modeldeploy reads schemaVersion {SCHEMA_VERSION}"))
                .hint("use the modeldeploy that wrote the file, or test again"));
        }
        document.read().map_err(|misfit| misfit.finding("is not a results file", file).hint(HINT))
    }

    pub(crate) fn new(started_at: Timestamp) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            project: None,
            stage: None,
            model_package_arn: None,
            release: None,
            live_as: None,
            baseline: None,
            success: false,
            started_at,
            finished_at: started_at,
            accounts: Vec::new(),
            left_out: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Ends the run and draws the verdict: at least one account was tested and nothing failed.
    pub(crate) fn finish(&mut self, finished_at: Timestamp) {
        self.finished_at = finished_at;
        self.success =
            self.errors.is_empty() && !self.accounts.is_empty() && self.accounts.iter().all(|account| account.success);
    }

    /// (cases that passed, cases in all) over all accounts.
    pub(crate) fn case_counts(&self) -> (usize, usize) {
        let cases = || self.accounts.iter().flat_map(|account| &account.cases);
        (cases().filter(|case| case.success).count(), cases().count())
    }
}

impl CaseReport {
    /// Takes in what was held against the run on the model before.
    pub(crate) fn hold_against(&mut self, figures: Vec<BaselineFigure>) {
        let worse = figures.iter().filter(|figure| !figure.passes);
        self.failures.extend(worse.map(|figure| Failure::new(FailureKind::Baseline, figure.in_words())));
        self.success = self.failures.is_empty();
        self.baseline = figures;
    }

    /// Whether it was never come to.
    pub(crate) fn is_not_run(&self) -> bool {
        self.failures.first().is_some_and(|failure| failure.kind == FailureKind::NotRun)
    }
}

impl AccountReport {
    /// What people call it: the account with its Region, or the model server on this machine.
    pub(crate) fn name(&self) -> String {
        match (&self.account_id, &self.region) {
            (Some(id), Some(region)) => format!("{id} {region}"),
            (Some(id), None) => id.clone(),
            (None, _) => "local model server".to_owned(),
        }
    }

    /// Draws the account's verdict from its errors and cases.
    #[must_use]
    pub(crate) fn judged(mut self) -> Self {
        self.success = self.errors.is_empty() && self.cases.iter().all(|case| case.success);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        report.accounts.push(AccountReport { account_id: Some("2".into()), ..AccountReport::default() }.judged());
        let text = serde_json::to_string(&report).expect("writes");
        let again = TestReport::parse(&text, "t.json").expect("reads");
        assert_eq!(serde_json::to_string(&again).expect("writes"), text);
    }

    #[test]
    fn what_is_no_results_file_is_refused_with_its_place() {
        for (text, said) in [
            ("<testsuites/>", "t.json:1:1: is not valid JSON"),
            ("[]", "t.json:1:1: is not a results file"),
            ("{\n \"schemaVersion\": 2}", "t.json:2:19: has schemaVersion 2"),
            ("{\"schemaVersion\": {}}", "t.json:1:19: has schemaVersion a mapping"),
            ("{\"schemaVersion\": 1,\n \"success\": 3}", "t.json:2:13: is not a results file at success"),
        ] {
            let finding = TestReport::parse(text, "t.json").expect_err(text);
            assert_eq!(finding.to_string(), said);
            assert!(finding.hint.is_some() && finding.cause.is_some(), "{finding:?}");
        }
    }

    #[test]
    fn one_failed_account_or_none_at_all_fails_the_run() {
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        report.finish(Timestamp::UNIX_EPOCH);
        assert!(!report.success);
        report.accounts.push(AccountReport::default().judged());
        report.finish(Timestamp::UNIX_EPOCH);
        assert!(report.success);
        let errors = vec![Failure::new(FailureKind::EndpointAbsent, "no endpoint")];
        report.accounts.push(AccountReport { errors, ..AccountReport::default() }.judged());
        report.finish(Timestamp::UNIX_EPOCH);
        assert!(!report.success);
    }
}
