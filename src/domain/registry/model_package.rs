//! Model packages of a registry group, as the registry describes them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::aws::arn::Arn;

/// `ModelPackageStatus` of a package that can be deployed.
pub(crate) const COMPLETED: &str = "Completed";
/// `ModelApprovalStatus` of a package that may be deployed.
pub(crate) const APPROVED: &str = "Approved";

/// Why a group of that `ModelPackageGroupStatus` cannot be used: nothing that is granted on it would stay.
pub(crate) fn unusable_group(status: &str) -> Option<&'static str> {
    match status {
        "Failed" => Some("could not be created (its status is \"Failed\")"),
        "Deleting" => Some("is being deleted"),
        _ => None,
    }
}

/// A model package group as the caller named it: by name, or by ARN when it may be another account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupRef {
    pub name: String,
    pub arn: Option<Arn>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is neither the name nor the ARN of a model package group")]
pub(crate) struct NotAGroup(String);

impl FromStr for GroupRef {
    type Err = NotAGroup;

    fn from_str(text: &str) -> Result<Self, NotAGroup> {
        let refuse = || NotAGroup(text.to_owned());
        let (name, arn) = if text.starts_with("arn:") {
            let arn: Arn = text.parse().map_err(|_| refuse())?;
            let name = arn.resource.strip_prefix("model-package-group/").ok_or_else(refuse)?.to_owned();
            (name, Some(arn))
        } else {
            (text.to_owned(), None)
        };
        // botocore sagemaker.ModelPackageGroupName: `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`, at most 63
        let inner = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if name.is_empty() || name.len() > 63 || !inner || name.starts_with('-') || name.ends_with('-') {
            return Err(refuse());
        }
        Ok(Self { name, arn })
    }
}

impl GroupRef {
    /// The group as that account asks for it there: its own by name, since a group's policy is asked for by name only
    /// (botocore 1.44.8, `EntityName` and `ArnOrName`).
    #[must_use]
    pub(crate) fn seen_by(&self, account: &str, region: &str) -> Self {
        let is_own = |arn: &&Arn| arn.account == account && arn.region == region;
        Self { name: self.name.clone(), arn: self.arn.as_ref().filter(|arn| !is_own(arn)).cloned() }
    }

    /// Whether an ARN is this group's.
    pub(crate) fn is_at(&self, arn: &Arn) -> bool {
        let is_named = arn.resource.eq_ignore_ascii_case(&format!("model-package-group/{}", self.name));
        is_named && self.arn.as_ref().is_none_or(|own| own.is_same(arn))
    }

    /// Whether an ARN is that version's of this group.
    pub(crate) fn has(&self, arn: &Arn, version: u32) -> bool {
        match &self.arn {
            Some(group) => version_arn(group, version).is_same(arn),
            None => arn.resource.eq_ignore_ascii_case(&format!("model-package/{}/{version}", self.name)),
        }
    }

    /// What the API takes as `ModelPackageGroupName`: the ARN where we have it, since it works across accounts.
    pub(crate) fn api_name(&self) -> String {
        self.arn.as_ref().map_or_else(|| self.name.clone(), ToString::to_string)
    }
}

impl fmt::Display for GroupRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.api_name())
    }
}

/// The ARN of a version of a group, from the group's own ARN.
pub(crate) fn version_arn(group_arn: &Arn, version: u32) -> Arn {
    let group = group_arn.resource.strip_prefix("model-package-group/").unwrap_or(&group_arn.resource);
    Arn { resource: format!("model-package/{group}/{version}"), ..group_arn.clone() }
}

/// One line of `ListModelPackages`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelPackageSummary {
    pub arn: Arn,
    pub version: u32,
    /// When the package was registered, which is not when it was approved.
    pub created: Timestamp,
    /// `ModelPackageStatus`; a value that AWS adds later is data like any other.
    pub status: String,
    /// `ModelApprovalStatus`, likewise.
    pub approval: String,
    pub life_cycle: Option<LifeCycle>,
}

impl ModelPackageSummary {
    pub(crate) fn order(&self) -> (Timestamp, u32) {
        (self.created, self.version)
    }
}

/// A described model package: what is deployed, and from what.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelPackage {
    pub arn: String,
    pub group: String,
    pub version: u32,
    pub status: String,
    pub approval_status: String,
    pub approval_description: Option<String>,
    pub description: Option<String>,
    #[cfg_attr(test, schemars(with = "String"))]
    pub created_at: Timestamp,
    pub created_by: Option<String>,
    /// The last change of anything, which is the approval unless something was changed after it.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub last_modified_at: Option<Timestamp>,
    pub last_modified_by: Option<String>,
    pub containers: Vec<Container>,
    pub supported_content_types: Vec<String>,
    pub supported_response_types: Vec<String>,
    /// For real-time endpoints; none where the registry lists none.
    pub supported_instance_types: Vec<String>,
    /// `CustomerMetadataProperties`
    pub metadata: BTreeMap<String, String>,
    /// `ModelMetrics`: where reports on the model are
    pub metrics: Vec<MetricsReport>,
    /// `MetadataProperties`: commit, repository, generator, project
    pub lineage: BTreeMap<String, String>,
    pub source_uri: Option<String>,
    pub life_cycle: Option<LifeCycle>,
    /// `AdditionalInferenceSpecifications`: other containers of the same model, which a template names
    #[serde(default, rename = "additionalInferenceSpecifications", skip_serializing_if = "BTreeMap::is_empty")]
    pub more_specifications: BTreeMap<String, Vec<Container>>,
    /// `ManagedStorageType`: `Restricted` where AWS keeps the model data to itself
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_storage_type: Option<String>,
    /// The status of its model card, if it has one.
    pub model_card: Option<String>,
    pub kms_key: Option<String>,
    pub domain: Option<String>,
    pub task: Option<String>,
    pub sample_payload: Option<String>,
}

/// A container of a package's inference specification.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Container {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    pub image_digest: Option<String>,
    /// `ModelDataUrl`, else the URI of `ModelDataSource`
    pub model_data: Option<String>,
    pub model_data_etag: Option<String>,
    /// What else it reads from S3: manifests, `AdditionalModelDataSources`, `AdditionalS3DataSource`
    #[serde(default)]
    pub more_data: Vec<String>,
    /// By URI: the entity tags of what is in `more_data`, as far as they are registered
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub more_data_etags: BTreeMap<String, String>,
    /// `BaseModel`: what was customized, where AWS itself runs it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_model: Option<String>,
    /// The names of its environment variables; a value may be a secret.
    pub environment: Vec<String>,
    /// The variables themselves, for a template that asks for them: never in a record or a message.
    #[serde(skip)]
    pub environment_values: BTreeMap<String, String>,
}

impl ModelPackage {
    /// Where what it says of itself is not what its ARN says. It need not name its group.
    pub(crate) fn contradiction(&self, arn: &Arn) -> Option<String> {
        let mut named = arn.resource.split('/').skip(1);
        let (group, version) = (named.next().unwrap_or_default(), named.next().unwrap_or_default());
        if version != self.version.to_string() {
            return Some(format!("it is version {}", self.version));
        }
        let is_other = !self.group.is_empty() && !self.group.eq_ignore_ascii_case(group);
        is_other.then(|| format!("it is of group {}", self.group))
    }

    /// The containers of the specification of that name; without a name, of its own.
    pub(crate) fn specification(&self, name: Option<&str>) -> &[Container] {
        match name {
            None => &self.containers,
            Some(name) => self.more_specifications.get(name).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// The containers of every specification.
    pub(crate) fn all_containers(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().chain(self.more_specifications.values().flatten())
    }
}

impl Container {
    pub(crate) fn image(&self) -> &str {
        self.image.as_deref().unwrap_or_default()
    }

    /// The digest of its image: the registered one, else that in the image's name.
    pub(crate) fn digest(&self) -> Option<&str> {
        let named = || self.image().split_once('@').map(|(_, digest)| digest).filter(|digest| !digest.is_empty());
        self.image_digest.as_deref().or_else(named)
    }

    /// Everything that is registered with an entity tag: URI and tag.
    pub(crate) fn tagged_data(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.model_data.as_deref().zip(self.model_data_etag.as_deref());
        own.into_iter().chain(self.more_data_etags.iter().map(|(uri, tag)| (uri.as_str(), tag.as_str())))
    }
}

/// A report in `ModelMetrics`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MetricsReport {
    /// As the registry files it: `ModelQuality.Statistics`
    pub kind: String,
    pub uri: String,
    pub content_type: Option<String>,
    pub content_digest: Option<String>,
}

/// `ModelLifeCycle`: a stage that an organization names itself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LifeCycle {
    pub stage: String,
    pub status: String,
    pub description: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_named_by_name_or_arn() {
        let by_arn: GroupRef = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/x-model-package-group"
            .parse()
            .expect("valid");
        assert_eq!(by_arn.name, "x-model-package-group");
        let arn = version_arn(by_arn.arn.as_ref().expect("an ARN"), 7);
        assert_eq!(arn.to_string(), "arn:aws:sagemaker:us-east-1:111111111111:model-package/x-model-package-group/7");
        for text in ["", "-a", "a_b", "arn:aws:s3:::bucket", &"a".repeat(64)] {
            assert!(text.parse::<GroupRef>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_group_that_failed_or_goes_is_not_used() {
        assert_eq!(unusable_group("Failed"), Some("could not be created (its status is \"Failed\")"));
        assert_eq!(unusable_group("Deleting"), Some("is being deleted"));
        assert_eq!((unusable_group("Completed"), unusable_group("New")), (None, None));
    }

    #[test]
    fn a_package_is_of_the_group_and_version_in_its_arn() {
        let arn: Arn = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4".parse().expect("an ARN");
        let contradiction = |group: &str, version| {
            ModelPackage { group: group.to_owned(), version, ..ModelPackage::default() }.contradiction(&arn)
        };
        assert_eq!((contradiction("Churn", 4), contradiction("", 4)), (None, None));
        assert_eq!(contradiction("fraud", 4).as_deref(), Some("it is of group fraud"));
        assert_eq!(contradiction("churn", 14).as_deref(), Some("it is version 14"));
    }

    #[test]
    fn an_own_group_is_asked_for_by_name_and_any_other_by_its_arn() {
        let arn = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/churn";
        for (text, account, region, wanted) in [
            (arn, "111111111111", "us-east-1", "churn"),
            (arn, "222222222222", "us-east-1", arn),
            (arn, "111111111111", "eu-west-1", arn),
            ("churn", "111111111111", "us-east-1", "churn"),
        ] {
            let group: GroupRef = text.parse().expect("valid");
            assert_eq!(group.seen_by(account, region).api_name(), wanted, "{account} {region}");
        }
    }
}
