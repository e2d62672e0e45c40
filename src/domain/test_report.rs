//! The results of a test run: what `test-results.json` holds, and what every other report is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::Node;
use super::endpoint::{DataCapture, LiveAs, Part, Served, Serves, Variant, part_name};
use super::finding::Finding;
use super::latency::{LatencyBucket, LatencySummary};

const SCHEMA_VERSION: u32 = 1;

/// The results of one run of `modeldeploy test`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
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
pub struct ReleaseReport {
    /// The record.
    pub file: String,
    /// False only where `--no-verify` overrode what speaks against it.
    pub verified: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

impl ReleaseReport {
    /// Whether the config is that of the record, in words for a reader of the results.
    pub fn in_words(&self) -> String {
        if self.verified {
            return format!("the build config is that of {}", self.file);
        }
        format!("not verified (--no-verify): {}", self.problems.join("; "))
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeftOutReport {
    pub account_id: String,
    pub reason: String,
}

/// One endpoint in one account and Region, or a local model server.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountReport {
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
pub struct VariantReport {
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
pub struct PartReport {
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
    pub fn new(variant: &Variant, verdicts: Option<&[Serves]>, running: &[String]) -> Self {
        let part = |(at, part): (usize, &Part)| PartReport {
            inference_component: part.component.clone(),
            instance_type: part.instance_type.clone(),
            model_name: part.model().map(|model| model.name.clone()),
            model_package_arns: part.packages(),
            serves: verdicts.and_then(|verdicts| verdicts.get(at).copied()),
            reason: match &part.serves {
                Served::Unknown(why) => Some(why.clone()),
                Served::Model(_) => None,
            },
        };
        Self {
            name: variant.name.clone(),
            role: if variant.shadow { "shadow" } else { "production" }.to_owned(),
            model_names: variant.model_names(),
            model_package_arns: variant.packages(),
            images: if running.is_empty() { variant.images() } else { running.to_vec() },
            serves: verdicts.and_then(Serves::of_all),
            parts: variant.parts.iter().enumerate().map(part).collect(),
        }
    }
}

impl PartReport {
    /// Its name within the variant; none if it is the whole of it.
    pub fn name(&self) -> Option<String> {
        part_name(self.inference_component.as_deref(), self.instance_type.as_deref())
    }

    /// What it serves, in words.
    pub fn in_words(&self) -> String {
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
pub struct CaseReport {
    pub name: String,
    /// `invoke`, `stream`, `async`, `dataset` or `load`
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
    /// How the latencies are distributed, for a picture of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latency_buckets: Vec<LatencyBucket>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadReport>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetReport>,
    pub failures: Vec<Failure>,
    /// What the case's error rate tolerates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerated: Vec<Failure>,
}

/// What a load case asked for and what came of it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LoadReport {
    /// Requests a second that were to be sent, and that were answered.
    pub target_rate: f64,
    pub achieved_rate: f64,
    pub duration_seconds: f64,
    pub max_in_flight: u32,
    /// The most that were really in flight at once.
    pub most_in_flight: u32,
}

/// What a model made of a dataset whose truth is known.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DatasetReport {
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

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfusionMatrix {
    pub labels: Vec<String>,
    pub counts: Vec<Vec<u64>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Residuals {
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
pub struct Failure {
    pub kind: String,
    pub message: String,
    /// The whole answer that failed, as far as it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<KeptBody>,
}

/// A body as it came: as text where it is text.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeptBody {
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

    pub fn new(content_type: Option<&str>, bytes: &[u8]) -> Self {
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
    pub fn kept_bytes(&self) -> usize {
        self.text.as_ref().or(self.base64.as_ref()).map_or(0, String::len)
    }

    /// Keeps nothing of the body but its size.
    pub fn forget(&mut self) {
        (self.text, self.base64) = (None, None);
        self.truncated = self.bytes > 0;
    }
}

impl Failure {
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), response: None }
    }
}

impl TestReport {
    /// Reads a results file again.
    ///
    /// # Errors
    /// It is no results file, or one of a version that is not known; with its place in the file.
    pub fn parse(text: &str, file: &str) -> Result<Self, Finding> {
        const HINT: &str = "give a results file that `modeldeploy test` wrote, such as test-results.json";
        let document = Node::parse_json(text, file).map_err(|finding| finding.hint(HINT))?;
        let Some(version) = document.get("schemaVersion") else {
            return Err(Finding::error("is no results file")
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
        document.read().map_err(|misfit| misfit.finding("is no results file", file).hint(HINT))
    }

    pub fn new(started_at: Timestamp) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            project: None,
            stage: None,
            model_package_arn: None,
            release: None,
            live_as: None,
            success: false,
            started_at,
            finished_at: started_at,
            accounts: Vec::new(),
            left_out: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Ends the run and draws the verdict: at least one account was tested and nothing failed.
    pub fn finish(&mut self, finished_at: Timestamp) {
        self.finished_at = finished_at;
        self.success =
            self.errors.is_empty() && !self.accounts.is_empty() && self.accounts.iter().all(|account| account.success);
    }

    /// (cases that passed, cases in all) over all accounts.
    pub fn case_counts(&self) -> (usize, usize) {
        let cases = || self.accounts.iter().flat_map(|account| &account.cases);
        (cases().filter(|case| case.success).count(), cases().count())
    }
}

impl AccountReport {
    /// What people call it: the account with its Region, or the model server on this machine.
    pub fn name(&self) -> String {
        match (&self.account_id, &self.region) {
            (Some(id), Some(region)) => format!("{id} {region}"),
            (Some(id), None) => id.clone(),
            (None, _) => "local model server".to_owned(),
        }
    }

    /// Draws the account's verdict from its errors and cases.
    #[must_use]
    pub fn judged(mut self) -> Self {
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
            ("[]", "t.json:1:1: is no results file"),
            ("{\n \"schemaVersion\": 2}", "t.json:2:19: has schemaVersion 2"),
            ("{\"schemaVersion\": {}}", "t.json:1:19: has schemaVersion a mapping"),
            ("{\"schemaVersion\": 1,\n \"success\": 3}", "t.json:2:13: is no results file at success"),
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
        let errors = vec![Failure::new("endpoint_absent", "no endpoint")];
        report.accounts.push(AccountReport { errors, ..AccountReport::default() }.judged());
        report.finish(Timestamp::UNIX_EPOCH);
        assert!(!report.success);
    }
}
