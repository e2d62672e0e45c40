//! `DescribeModelPackage`, and what of it stands in a list as well.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::Value;

use crate::cloud::answer::{items, text, texts};
use crate::domain::registry::model_package::{Container, LifeCycle, MetricsReport, ModelPackage};

/// `DescribeModelPackage`, of the version with that ARN.
///
/// # Errors
/// What it cannot be used without.
pub(in crate::cloud) fn model_package(arn: &str, described: &Value) -> Result<ModelPackage, &'static str> {
    let of = |key: &str| text(&described[key]);
    let lineage = [
        ("commitId", "CommitId"),
        ("generatedBy", "GeneratedBy"),
        ("projectId", "ProjectId"),
        ("repository", "Repository"),
    ];
    let lineage = lineage
        .into_iter()
        .filter_map(|(ours, theirs)| Some((ours.to_owned(), text(&described["MetadataProperties"][theirs])?)));
    let inference = &described["InferenceSpecification"];
    let version = described["ModelPackageVersion"].as_u64().and_then(|version| version.try_into().ok());
    Ok(ModelPackage {
        // As the list gave it: some answers change the case of the group's name.
        arn: arn.to_owned(),
        group: of("ModelPackageGroupName").unwrap_or_default(),
        version: version.ok_or("version")?,
        status: of("ModelPackageStatus").unwrap_or_default(),
        approval_status: of("ModelApprovalStatus").unwrap_or_default(),
        approval_description: of("ApprovalDescription"),
        description: of("ModelPackageDescription"),
        created_at: time(&described["CreationTime"]).ok_or("creation time")?,
        created_by: person(&described["CreatedBy"]),
        last_modified_at: time(&described["LastModifiedTime"]),
        last_modified_by: person(&described["LastModifiedBy"]),
        containers: containers(inference),
        supported_content_types: texts(&inference["SupportedContentTypes"]),
        supported_response_types: texts(&inference["SupportedResponseMIMETypes"]),
        supported_instance_types: texts(&inference["SupportedRealtimeInferenceInstanceTypes"]),
        metadata: serde_json::from_value(described["CustomerMetadataProperties"].clone()).unwrap_or_default(),
        metrics: metrics(&described["ModelMetrics"]),
        lineage: lineage.collect(),
        source_uri: of("SourceUri"),
        life_cycle: life_cycle(&described["ModelLifeCycle"]),
        more_specifications: items(&described["AdditionalInferenceSpecifications"])
            .filter_map(|specification| Some((text(&specification["Name"])?, containers(specification))))
            .collect(),
        managed_storage_type: of("ManagedStorageType"),
        model_card: described["ModelCard"]
            .is_object()
            .then(|| text(&described["ModelCard"]["ModelCardStatus"]).unwrap_or_default()),
        kms_key: text(&described["SecurityConfig"]["KmsKeyId"]),
        domain: of("Domain"),
        task: of("Task"),
        sample_payload: of("SamplePayloadUrl"),
    })
}

/// Seconds since 1970, as the service sends it and version 1 of the AWS CLI printed it, or ISO 8601, as version 2 does.
fn time(value: &Value) -> Option<Timestamp> {
    let time = match value {
        Value::String(text) => text.parse().ok(),
        number => Timestamp::from_duration(SignedDuration::try_from_secs_f64(number.as_f64()?).ok()?).ok(),
    };
    // A floating-point number is good for microseconds and no more.
    time.and_then(|time: Timestamp| time.round(Unit::Microsecond).ok())
}

/// `ModelLifeCycle`
pub(in crate::cloud) fn life_cycle(value: &Value) -> Option<LifeCycle> {
    value.is_object().then(|| LifeCycle {
        stage: text(&value["Stage"]).unwrap_or_default(),
        status: text(&value["StageStatus"]).unwrap_or_default(),
        description: text(&value["StageDescription"]),
    })
}

/// Who it was, by the most telling name that AWS gives.
fn person(context: &Value) -> Option<String> {
    let names = [&context["UserProfileArn"], &context["IamIdentity"]["Arn"], &context["UserProfileName"]];
    names.into_iter().find_map(text)
}

fn metrics(metrics: &Value) -> Vec<MetricsReport> {
    const REPORTS: [(&str, &str); 8] = [
        ("ModelQuality", "Statistics"),
        ("ModelQuality", "Constraints"),
        ("ModelDataQuality", "Statistics"),
        ("ModelDataQuality", "Constraints"),
        ("Bias", "Report"),
        ("Bias", "PreTrainingReport"),
        ("Bias", "PostTrainingReport"),
        ("Explainability", "Report"),
    ];
    let report = |(part, kind): (&str, &str)| {
        let source = &metrics[part][kind];
        Some(MetricsReport {
            kind: format!("{part}.{kind}"),
            uri: text(&source["S3Uri"])?,
            content_type: text(&source["ContentType"]),
            content_digest: text(&source["ContentDigest"]),
        })
    };
    REPORTS.into_iter().filter_map(report).collect()
}

/// The containers of an inference specification.
fn containers(specification: &Value) -> Vec<Container> {
    items(&specification["Containers"]).map(container).collect()
}

fn container(definition: &Value) -> Container {
    let variables = definition["Environment"].as_object();
    let variables =
        variables.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let environment_values: BTreeMap<String, String> = variables.collect();
    let source = &definition["ModelDataSource"]["S3DataSource"];
    let (url, uri) = (text(&definition["ModelDataUrl"]), text(&source["S3Uri"]));
    // Each place has a tag of its own. Where both name the same data, either tag is its.
    let (tag, source_tag) = (text(&definition["ModelDataETag"]), text(&source["ETag"]));
    let model_data_etag = match (&url, &uri) {
        (Some(url), Some(uri)) if url != uri => tag,
        (None, Some(_)) => source_tag.or(tag),
        _ => tag.or(source_tag),
    };
    let channels = items(&definition["AdditionalModelDataSources"]).map(|channel| &channel["S3DataSource"]);
    let manifest = |source: &Value| (text(&source["ManifestS3Uri"]), text(&source["ManifestEtag"]));
    let own = |source: &Value| (text(&source["S3Uri"]), text(&source["ETag"]));
    let mut more = vec![manifest(source)];
    more.extend(channels.flat_map(|source| [own(source), manifest(source)]));
    more.push(own(&definition["AdditionalS3DataSource"]));
    let more: Vec<(String, Option<String>)> = more.into_iter().filter_map(|(uri, tag)| Some((uri?, tag))).collect();
    let base = &definition["BaseModel"];
    Container {
        image: text(&definition["Image"]),
        image_digest: text(&definition["ImageDigest"]),
        model_data: url.or(uri),
        model_data_etag,
        more_data_etags: more.iter().filter_map(|(uri, tag)| Some((uri.clone(), tag.clone()?))).collect(),
        more_data: more.into_iter().map(|(uri, _)| uri).collect(),
        base_model: base.is_object().then(|| {
            let names = ["HubContentName", "HubContentVersion", "RecipeName"];
            names.into_iter().filter_map(|name| text(&base[name])).collect::<Vec<_>>().join(" ")
        }),
        environment: environment_values.keys().cloned().collect(),
        environment_values,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_place_of_model_data_has_its_own_tag() {
        let of = |definition: Value| {
            let container = container(&definition);
            (container.model_data.unwrap_or_default(), container.model_data_etag.unwrap_or_default())
        };
        let pair = |place: &str, tag: &str| (place.to_owned(), tag.to_owned());
        let source = json!({"S3DataSource": {"S3Uri": "s3://b/source", "ETag": "of-source"}});
        assert_eq!(of(json!({"ModelDataSource": source})), pair("s3://b/source", "of-source"));
        let both = json!({"ModelDataUrl": "s3://b/url", "ModelDataETag": "of-url", "ModelDataSource": source});
        assert_eq!(of(both), pair("s3://b/url", "of-url"));
        assert_eq!(of(json!({"ModelDataUrl": "s3://b/url", "ModelDataSource": source})), pair("s3://b/url", ""));
        let same = json!({"ModelDataUrl": "s3://b/source", "ModelDataSource": source});
        assert_eq!(of(same), pair("s3://b/source", "of-source"));
    }

    #[test]
    fn manifests_and_further_sources_are_kept_with_their_tags() {
        let container = container(&json!({
            "ModelDataSource": {"S3DataSource": {"S3Uri": "s3://b/p/", "ManifestS3Uri": "s3://b/m", "ManifestEtag": "m"}},
            "AdditionalModelDataSources": [{"S3DataSource": {"S3Uri": "s3://b/a", "ETag": "a"}}],
            "AdditionalS3DataSource": {"S3Uri": "s3://b/s"},
        }));
        assert_eq!(container.more_data, ["s3://b/m", "s3://b/a", "s3://b/s"]);
        assert_eq!(container.tagged_data().collect::<Vec<_>>(), [("s3://b/a", "a"), ("s3://b/m", "m")]);
        assert_eq!(container.image, None);
    }

    #[test]
    fn a_time_is_a_number_or_a_text() {
        let time = |value: Value| time(&value).map(|time| time.to_string());
        assert_eq!(time(json!(1_796_000_000.123_456)).as_deref(), Some("2026-11-30T00:53:20.123456Z"));
        assert_eq!(time(json!("2026-11-30T01:53:20+01:00")).as_deref(), Some("2026-11-30T00:53:20Z"));
        assert_eq!((time(json!("yesterday")), time(Value::Null)), (None, None));
    }
}
