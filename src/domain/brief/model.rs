//! The version that is to be approved.

use std::collections::BTreeMap;

use jiff::Timestamp;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::aws::arn::Arn;
use crate::domain::registry::model_package::ModelPackage;

/// The version: from the release record, or as far as its ARN says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelBrief {
    pub arn: String,
    pub group: Option<String>,
    pub version: Option<u32>,
    pub approval: Option<Approval>,
    pub description: Option<String>,
    /// `CustomerMetadataProperties`: what was measured when it was trained, by most who fill them.
    pub metadata: BTreeMap<String, Property>,
}

/// What the registry says of the approval. The last change of a version is its approval, unless something else was changed
/// after it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Approval {
    pub status: String,
    pub reason: Option<String>,
    pub last_modified_by: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub last_modified_at: Option<Timestamp>,
}

/// A property, and what it was of the release before.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Property {
    pub value: String,
    pub before: Option<String>,
}

impl ModelBrief {
    pub(super) fn of(package: &ModelPackage, previous: Option<&ModelPackage>) -> Self {
        let before = |name: &String| previous.and_then(|previous| previous.metadata.get(name)).cloned();
        let property =
            |(name, value): (&String, &String)| (name.clone(), Property { value: value.clone(), before: before(name) });
        Self {
            arn: package.arn.clone(),
            group: Some(package.group.clone()),
            version: Some(package.version),
            approval: Some(Approval {
                status: package.approval_status.clone(),
                reason: package.approval_description.clone(),
                last_modified_by: package.last_modified_by.clone(),
                last_modified_at: package.last_modified_at,
            }),
            description: package.description.clone(),
            metadata: package.metadata.iter().map(property).collect(),
        }
    }

    pub(super) fn named(arn: &str) -> Self {
        let parsed: Option<Arn> = arn.parse().ok();
        let named = parsed.as_ref().and_then(|arn| arn.resource.strip_prefix("model-package/")?.split_once('/'));
        Self {
            arn: arn.to_owned(),
            group: named.map(|(group, _)| group.to_owned()),
            version: named.and_then(|(_, version)| version.parse().ok()),
            approval: None,
            description: None,
            metadata: BTreeMap::new(),
        }
    }
}
