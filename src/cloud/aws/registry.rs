//! The model registry: groups, their versions and their resource policies.

use std::collections::BTreeMap;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_model_package::DescribeModelPackageOutput;
use aws_sdk_sagemaker::primitives::DateTime;
use aws_sdk_sagemaker::types::{
    InferenceSpecification, ModelApprovalStatus, ModelMetrics, ModelPackageContainerDefinition, ModelPackageSortBy,
    ModelPackageSummary as Summary, SortOrder, UserContext,
};
use jiff::{Timestamp, Unit};

use super::error::{cloud_error, is_validation};
use super::retries::Retrying;
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult, Page};
use crate::domain::arn::Arn;
use crate::domain::model_package::{Container, GroupRef, LifeCycle, MetricsReport, ModelPackage, ModelPackageSummary};

/// Few enough to answer fast, enough to find an approved package at once in most groups.
const PAGE_SIZE: i32 = 20;

/// By its ARN, the group may be another account's. That one shared by AWS RAM answers as one shared by its policy, and
/// that one not shared is said to be invalid and not denied, is unverified on AWS.
pub(super) async fn group(sagemaker: &Retrying<Client>, group: &GroupRef) -> CloudResult<Option<Arn>> {
    const OPERATION: &str = "sagemaker:DescribeModelPackageGroup";
    match sagemaker
        .call(OPERATION, |client| {
            client.describe_model_package_group().model_package_group_name(group.api_name()).send()
        })
        .await
    {
        Ok(described) => arn(OPERATION, described.model_package_group_arn.as_deref()).map(Some),
        // The name was checked before, so what is left to be invalid is that there is no such group.
        Err(error) if is_validation(&error) => Ok(None),
        Err(error) => Err(cloud_error(OPERATION, &error)),
    }
}

pub(super) async fn create_group(sagemaker: &Retrying<Client>, name: &str, description: &str) -> CloudResult<Arn> {
    const OPERATION: &str = "sagemaker:CreateModelPackageGroup";
    let created = sagemaker
        .call(OPERATION, |client| {
            client
                .create_model_package_group()
                .model_package_group_name(name)
                .model_package_group_description(description)
                .send()
        })
        .await
        .map_err(|error| cloud_error(OPERATION, &error))?;
    arn(OPERATION, created.model_package_group_arn.as_deref())
}

pub(super) async fn page(
    sagemaker: &Retrying<Client>,
    group: &GroupRef,
    approval: Option<&str>,
    page: Option<String>,
) -> CloudResult<Page> {
    const OPERATION: &str = "sagemaker:ListModelPackages";
    // The documented default order is ascending, so the order is always sent.
    let answer = sagemaker
        .call(OPERATION, |client| {
            client
                .list_model_packages()
                .model_package_group_name(group.api_name())
                .set_model_approval_status(approval.map(ModelApprovalStatus::from))
                .sort_by(ModelPackageSortBy::CreationTime)
                .sort_order(SortOrder::Descending)
                .max_results(PAGE_SIZE)
                .set_next_token(page.clone())
                .send()
        })
        .await
        .map_err(|error| cloud_error(OPERATION, &error))?;
    let packages = answer.model_package_summary_list.unwrap_or_default();
    let packages = packages.iter().map(|summary| package_summary(OPERATION, summary)).collect::<CloudResult<_>>()?;
    Ok(Page { packages, next: answer.next_token })
}

fn package_summary(operation: &str, summary: &Summary) -> CloudResult<ModelPackageSummary> {
    Ok(ModelPackageSummary {
        arn: arn(operation, summary.model_package_arn())?,
        version: version(operation, summary.model_package_version())?,
        created: timestamp(operation, summary.creation_time())?,
        status: summary.model_package_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        approval: summary.model_approval_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
    })
}

pub(super) async fn package(sagemaker: &Retrying<Client>, arn: &Arn) -> CloudResult<Option<ModelPackage>> {
    const OPERATION: &str = "sagemaker:DescribeModelPackage";
    match sagemaker
        .call(OPERATION, |client| client.describe_model_package().model_package_name(arn.to_string()).send())
        .await
    {
        Ok(described) => model_package(OPERATION, arn, described).map(Some),
        Err(error) if is_validation(&error) => Ok(None),
        Err(error) => Err(cloud_error(OPERATION, &error)),
    }
}

fn model_package(operation: &str, arn: &Arn, described: DescribeModelPackageOutput) -> CloudResult<ModelPackage> {
    let text = |value: Option<&str>| value.map(str::to_owned);
    let inference = described.inference_specification();
    let lineage = described.metadata_properties().map(|properties| {
        [
            ("commitId", properties.commit_id()),
            ("generatedBy", properties.generated_by()),
            ("projectId", properties.project_id()),
            ("repository", properties.repository()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
        .collect()
    });
    Ok(ModelPackage {
        // As the list gave it: some answers change the case of the group's name.
        arn: arn.to_string(),
        group: described.model_package_group_name().unwrap_or_default().to_owned(),
        version: version(operation, described.model_package_version())?,
        status: described.model_package_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        approval_status: described.model_approval_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        approval_description: text(described.approval_description()),
        description: text(described.model_package_description()),
        created_at: timestamp(operation, described.creation_time())?,
        created_by: described.created_by().and_then(person),
        last_modified_at: described.last_modified_time().map(|time| timestamp(operation, Some(time))).transpose()?,
        last_modified_by: described.last_modified_by().and_then(person),
        containers: inference.map(|spec| spec.containers().iter().map(container).collect()).unwrap_or_default(),
        supported_content_types: inference.map(|spec| spec.supported_content_types().to_vec()).unwrap_or_default(),
        supported_response_types: inference
            .map(|spec| spec.supported_response_mime_types().to_vec())
            .unwrap_or_default(),
        supported_instance_types: inference
            .map(InferenceSpecification::supported_realtime_inference_instance_types)
            .unwrap_or_default()
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .collect(),
        metrics: described.model_metrics().map(metrics).unwrap_or_default(),
        lineage: lineage.unwrap_or_default(),
        source_uri: text(described.source_uri()),
        life_cycle: described.model_life_cycle().map(|cycle| LifeCycle {
            stage: cycle.stage().unwrap_or_default().to_owned(),
            status: cycle.stage_status().unwrap_or_default().to_owned(),
            description: text(cycle.stage_description()),
        }),
        model_card: described
            .model_card()
            .map(|card| card.model_card_status().map(|status| status.as_str().to_owned()).unwrap_or_default()),
        kms_key: text(described.security_config().and_then(|security| security.kms_key_id())),
        domain: text(described.domain()),
        task: text(described.task()),
        sample_payload: text(described.sample_payload_url()),
        metadata: described.customer_metadata_properties.map(BTreeMap::from_iter).unwrap_or_default(),
    })
}

/// Who it was, by the most telling name that AWS gives.
fn person(context: &UserContext) -> Option<String> {
    let identity = context.iam_identity().and_then(|identity| identity.arn());
    context.user_profile_arn().or(identity).or(context.user_profile_name()).map(str::to_owned)
}

fn metrics(metrics: &ModelMetrics) -> Vec<MetricsReport> {
    let (quality, data) = (metrics.model_quality(), metrics.model_data_quality());
    let (bias, explainability) = (metrics.bias(), metrics.explainability());
    [
        ("ModelQuality.Statistics", quality.and_then(|part| part.statistics())),
        ("ModelQuality.Constraints", quality.and_then(|part| part.constraints())),
        ("ModelDataQuality.Statistics", data.and_then(|part| part.statistics())),
        ("ModelDataQuality.Constraints", data.and_then(|part| part.constraints())),
        ("Bias.Report", bias.and_then(|part| part.report())),
        ("Bias.PreTrainingReport", bias.and_then(|part| part.pre_training_report())),
        ("Bias.PostTrainingReport", bias.and_then(|part| part.post_training_report())),
        ("Explainability.Report", explainability.and_then(|part| part.report())),
    ]
    .into_iter()
    .filter_map(|(kind, source)| {
        let source = source?;
        Some(MetricsReport {
            kind: kind.to_owned(),
            uri: source.s3_uri()?.to_owned(),
            content_type: source.content_type().map(str::to_owned),
            content_digest: source.content_digest().map(str::to_owned),
        })
    })
    .collect()
}

fn container(definition: &ModelPackageContainerDefinition) -> Container {
    let source = definition.model_data_source().and_then(|source| source.s3_data_source());
    let from_source = source.and_then(|source| source.s3_uri()).map(str::to_owned);
    let of_channels = definition.additional_model_data_sources().iter().filter_map(|channel| channel.s3_data_source());
    let more = source.and_then(|source| source.manifest_s3_uri()).into_iter();
    let more = more.chain(of_channels.flat_map(|source| [source.s3_uri(), source.manifest_s3_uri()]).flatten());
    let more = more.chain(definition.additional_s3_data_source().and_then(|source| source.s3_uri()));
    Container {
        image: definition.image().unwrap_or_default().to_owned(),
        image_digest: definition.image_digest().map(str::to_owned),
        model_data: definition.model_data_url().map(str::to_owned).or(from_source),
        model_data_etag: definition.model_data_e_tag().map(str::to_owned),
        more_data: more.map(str::to_owned).collect(),
        environment: definition.environment().map(|variables| sorted(variables.keys())).unwrap_or_default(),
        environment_values: definition.environment.clone().map(BTreeMap::from_iter).unwrap_or_default(),
    }
}

fn sorted<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut names: Vec<String> = names.cloned().collect();
    names.sort();
    names
}

pub(super) async fn policy(sagemaker: &Retrying<Client>, group: &str) -> CloudResult<Option<String>> {
    const OPERATION: &str = "sagemaker:GetModelPackageGroupPolicy";
    match sagemaker
        .call(OPERATION, |client| client.get_model_package_group_policy().model_package_group_name(group).send())
        .await
    {
        Ok(answer) => Ok(answer.resource_policy),
        // The group is there, so what is left to be invalid is that it has no policy (unverified on AWS).
        Err(error) if is_validation(&error) => Ok(None),
        Err(error) => {
            let error = cloud_error(OPERATION, &error);
            if error.kind == Kind::NotFound { Ok(None) } else { Err(error) }
        }
    }
}

pub(super) async fn put_policy(sagemaker: &Retrying<Client>, group: &str, policy: &str) -> CloudResult<()> {
    const OPERATION: &str = "sagemaker:PutModelPackageGroupPolicy";
    sagemaker
        .call(OPERATION, |client| {
            client.put_model_package_group_policy().model_package_group_name(group).resource_policy(policy).send()
        })
        .await
        .map(|_| ())
        .map_err(|error| cloud_error(OPERATION, &error))
}

fn unusable(operation: &str, what: &str) -> CloudError {
    CloudError::new(Kind::Other, operation, format!("the answer holds no usable {what}"))
}

fn arn(operation: &str, text: Option<&str>) -> CloudResult<Arn> {
    text.and_then(|text| text.parse().ok()).ok_or_else(|| unusable(operation, "ARN"))
}

fn version(operation: &str, number: Option<i32>) -> CloudResult<u32> {
    number.and_then(|number| u32::try_from(number).ok()).ok_or_else(|| unusable(operation, "version"))
}

fn timestamp(operation: &str, time: Option<&DateTime>) -> CloudResult<Timestamp> {
    // The service sends seconds as a floating-point number, which is good for microseconds and no more.
    time.and_then(|time| Timestamp::from_nanosecond(time.as_nanos()).ok()?.round(Unit::Microsecond).ok())
        .ok_or_else(|| unusable(operation, "creation time"))
}
