//! The world file: an organization, a model registry and endpoints, every AWS object in the shape that the AWS CLI
//! prints it, so that real output can be pasted in. What this tool does not read is kept as it is.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::arn_index::{ArnIndex, HasArn};
use crate::domain::document::{Misfit, Node};
use crate::domain::finding::Finding;
use crate::error::{Failure, Result};
use crate::files;

/// What to do about a file that is far from being a world.
const LOOK_AT_ONE: &str = "look at a world that is one: `modeldeploy rehearse` leaves it in rehearsal/world.json";

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, expecting = "a mapping with Caller and Region")]
pub struct World {
    /// `aws sts get-caller-identity`
    pub caller: Caller,
    pub region: String,
    /// The variables that the pipeline's build projects set; the process's own come first
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// `aws organizations list-roots`, each with its accounts and units
    #[serde(default)]
    pub roots: Vec<OrganizationNode>,
    /// `aws sagemaker describe-model-package-group`, each with its policy and its packages
    #[serde(default)]
    pub model_package_groups: Vec<ModelPackageGroup>,
    /// `aws sagemaker describe-endpoint`; the account is the one in the ARN, here and below
    #[serde(default)]
    pub endpoints: ArnIndex<Endpoint>,
    /// `aws sagemaker describe-endpoint-config`
    #[serde(default)]
    pub endpoint_configs: ArnIndex<EndpointConfig>,
    /// `aws sagemaker describe-model`
    #[serde(default)]
    pub models: ArnIndex<Model>,
    /// `aws sagemaker describe-inference-component`
    #[serde(default, skip_serializing_if = "ArnIndex::is_empty")]
    pub inference_components: ArnIndex<InferenceComponent>,
    /// `aws s3api get-bucket-policy` and `get-bucket-acl`, each with its name and its objects
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<Bucket>,
    /// `aws kms get-key-policy` and `list-grants`, each with the key's ARN
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Key>,
    /// `aws ecr get-repository-policy`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<Repository>,
    #[serde(default)]
    pub invocations: Vec<RecordedInvocation>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "a mapping with Account and Arn")]
pub struct Caller {
    pub account: String,
    pub arn: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A root or a unit: `list-roots` or `list-organizational-units-for-parent`, with what is directly in it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "a root or unit")]
pub struct OrganizationNode {
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// `list-accounts-for-parent`
    #[serde(default)]
    pub accounts: Vec<Account>,
    #[serde(default)]
    pub organizational_units: Vec<OrganizationNode>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "an account")]
pub struct Account {
    pub id: String,
    #[serde(default)]
    pub arn: String,
    #[serde(default)]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "a model package group")]
pub struct ModelPackageGroup {
    pub model_package_group_name: String,
    pub model_package_group_arn: String,
    /// `get-model-package-group-policy`: the policy as text
    #[serde(default)]
    pub resource_policy: Option<String>,
    #[serde(default)]
    pub model_packages: Vec<ModelPackage>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// `describe-model-package`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "a model package")]
pub struct ModelPackage {
    pub model_package_arn: String,
    pub model_package_version: u32,
    pub creation_time: Time,
    pub model_package_status: String,
    #[serde(default)]
    pub model_approval_status: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// ISO 8601 as version 2 of the AWS CLI prints it, or seconds since 1970 as version 1 did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Time(pub String);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => Ok(Self(text)),
            Value::Number(seconds) => seconds
                .as_f64()
                .and_then(|seconds| jiff::SignedDuration::try_from_secs_f64(seconds).ok())
                .and_then(|since| jiff::Timestamp::from_duration(since).ok())
                .map(|time| Self(time.to_string()))
                .ok_or_else(|| serde::de::Error::custom(format!("{seconds} is not a time"))),
            other => Err(serde::de::Error::custom(format!("{other} is not a time (write 2026-11-20T10:00:00+00:00)"))),
        }
    }
}

impl Time {
    pub(crate) fn timestamp(&self) -> jiff::Timestamp {
        self.0.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "an endpoint")]
pub struct Endpoint {
    pub endpoint_name: String,
    pub endpoint_arn: String,
    pub endpoint_config_name: String,
    pub endpoint_status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_capture_config: Option<DataCapture>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl HasArn for Endpoint {
    fn name(&self) -> &str {
        &self.endpoint_name
    }

    fn arn(&self) -> &str {
        &self.endpoint_arn
    }
}

impl HasArn for EndpointConfig {
    fn name(&self) -> &str {
        &self.endpoint_config_name
    }

    fn arn(&self) -> &str {
        &self.endpoint_config_arn
    }
}

impl HasArn for Model {
    fn name(&self) -> &str {
        &self.model_name
    }

    fn arn(&self) -> &str {
        &self.model_arn
    }
}

/// Those of an endpoint are asked for.
impl HasArn for InferenceComponent {
    fn name(&self) -> &str {
        &self.endpoint_name
    }

    fn arn(&self) -> &str {
        &self.inference_component_arn
    }
}

/// `DataCaptureConfig` of `describe-endpoint`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DataCapture {
    pub enable_capture: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_sampling_percentage: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_s3_uri: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "an endpoint config")]
pub struct EndpointConfig {
    pub endpoint_config_name: String,
    pub endpoint_config_arn: String,
    #[serde(default)]
    pub production_variants: Vec<Variant>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadow_production_variants: Vec<Variant>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "a variant")]
pub struct Variant {
    pub variant_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_name: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "an inference component")]
pub struct InferenceComponent {
    pub inference_component_name: String,
    pub inference_component_arn: String,
    pub endpoint_name: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "a model")]
pub struct Model {
    pub model_name: String,
    pub model_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_container: Option<Container>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<Container>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "a container")]
pub struct Container {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_package_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "a bucket")]
pub struct Bucket {
    pub name: String,
    /// The policy as text, which is how it is printed; a bucket without one has none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    #[serde(default)]
    pub objects: Vec<StoredObject>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An owner in S3, by the canonical user id of its account
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(expecting = "an owner with an ID")]
pub struct Owner {
    #[serde(rename = "ID")]
    pub id: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// `aws s3api list-objects-v2 --fetch-owner`, or `head-object` with the object's key
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "an object with a Key")]
pub struct StoredObject {
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    #[serde(rename = "SSEKMSKeyId", skip_serializing_if = "Option::is_none")]
    pub sse_kms_key_id: Option<String>,
    #[serde(default)]
    pub bucket_key_enabled: bool,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "a key")]
pub struct Key {
    pub arn: String,
    pub policy: String,
    #[serde(default)]
    pub grants: Vec<Grant>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", expecting = "a grant")]
pub struct Grant {
    pub grantee_principal: String,
    #[serde(default)]
    pub operations: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraints: Option<Value>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", expecting = "a repository")]
pub struct Repository {
    pub registry_id: String,
    pub repository_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_text: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A request and the answer that a real model gave to exactly this one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, expecting = "an invocation")]
pub struct RecordedInvocation {
    /// The version that answered; a recording without one answers for every version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_package_name: Option<String>,
    pub content_type: String,
    pub accept: String,
    #[serde(flatten)]
    pub body: Body,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ModelError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, expecting = "a response")]
pub struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(flatten)]
    pub body: Body,
}

/// What the container said of a request that it refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, expecting = "a model error")]
pub struct ModelError {
    pub original_status_code: u16,
    #[serde(default)]
    pub original_message: String,
}

/// Bytes: as text where they are text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Body {
    #[serde(rename = "Body")]
    Text(String),
    #[serde(rename = "BodyBase64", with = "base64_text")]
    Bytes(Vec<u8>),
}

impl Body {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Bytes(bytes.to_vec()),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

mod base64_text {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl World {
    /// Reads a world from a JSON or YAML file.
    ///
    /// # Errors
    /// The file is not there or is not a world file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        Self::parse(&files::read_record(path)?, &path.display().to_string())
    }

    /// Reads a world from JSON or YAML text; `file` is its name in messages.
    ///
    /// # Errors
    /// The text is not a world file.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let json = text.trim_start().starts_with('{');
        let document = if json { Node::parse_json(text, file) } else { Node::parse_yaml(text, file) };
        let document = document.map_err(|finding| {
            let hint = finding.cause.is_none().then(|| LOOK_AT_ONE.to_owned());
            Failure::invalid([Finding { rule: None, hint, ..finding }])
        })?;
        document.read_whole().map_err(|misfits| {
            let finding = |misfit: &Misfit| {
                let finding = misfit.finding("is not a world file", file);
                Finding { hint: finding.hint.or_else(|| Some(LOOK_AT_ONE.to_owned())), ..finding }
            };
            Failure::invalid(misfits.iter().map(finding).collect::<Vec<_>>())
        })
    }

    /// The file's text; the same world gives the same bytes.
    ///
    /// # Panics
    /// Never: a world that was read has only what JSON can hold.
    pub fn render(&self) -> String {
        let value = serde_json::to_value(self).expect("a world has string keys and finite numbers only");
        format!("{value:#}\n")
    }
}

/// A thing of the world as the AWS CLI prints it.
pub(super) fn printed(thing: &impl Serialize) -> Value {
    serde_json::to_value(thing).unwrap_or_default()
}
