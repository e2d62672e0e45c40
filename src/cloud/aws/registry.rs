//! The model registry: groups, their versions and their resource policies.

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::primitives::DateTime;
use aws_sdk_sagemaker::types::{
    ModelApprovalStatus, ModelPackageGroupStatus, ModelPackageSortBy, ModelPackageSummary as Summary, SortOrder,
};
use jiff::{Timestamp, Unit};
use serde_json::json;

use super::api::Api;
use super::connection::Aws;
use super::error::{cloud_error, says_absent};
use super::home::{Home, about_another, arn, unusable};
use super::retries::Retrying;
use super::service::Service;
use crate::cloud::ModelRegistry;
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult, Page, described};
use crate::domain::aws::arn::Arn;
use crate::domain::registry::model_package::{GroupRef, LifeCycle, ModelPackage, ModelPackageSummary, unusable_group};

/// Few enough to answer fast, enough to find an approved package at once in most groups.
const PAGE_SIZE: i32 = 20;

/// What SageMaker says of a group that does not exist, and of a group without a policy: so the tests of AWS's own
/// CloudFormation handler have it (aws-cloudformation-resource-providers-sagemaker, AWS::SageMaker::ModelPackageGroup),
/// and so Terraform's provider reads it. Any other refusal says nothing of what is there.
const NO_GROUP: &str = "does not exist";
/// The last words are the emulator's; that AWS says the first ones of a package is read from reports of users.
const NO_PACKAGE: &[&str] = &["does not exist", "not found"];
const NO_POLICY: &str = "Cannot find resource policy";

fn resource_of(group: &str) -> String {
    format!("model-package-group/{group}")
}

/// By its ARN, the group may be another account's. That one shared by AWS RAM answers as one shared by its policy, and
/// that one not shared is said not to exist, and not denied, is unverified on AWS.
pub(super) async fn group(sagemaker: &Retrying<Client>, home: &Home, group: &GroupRef) -> CloudResult<Option<Arn>> {
    const OPERATION: &str = "sagemaker:DescribeModelPackageGroup";
    let described = sagemaker
        .call(OPERATION, |client| {
            client.describe_model_package_group().model_package_group_name(group.api_name()).send()
        })
        .await
        .map_err(|error| cloud_error(OPERATION, &error));
    match described {
        Ok(described) => {
            let status = described.model_package_group_status.as_ref().map(ModelPackageGroupStatus::as_str);
            if let Some(why) = status.and_then(unusable_group) {
                return Err(CloudError::new(ErrorKind::Other, OPERATION, format!("group {} {why}", group.name)));
            }
            home.group_arn(OPERATION, group, described.model_package_group_arn.as_deref()).map(Some)
        }
        Err(error) => {
            let resources = [resource_of(&group.name)];
            let is_absent = says_absent(&error, &[NO_GROUP], &home.asked(group.arn.as_ref(), &resources));
            if is_absent { Ok(None) } else { Err(error) }
        }
    }
}

pub(super) async fn create_group(
    sagemaker: &Retrying<Client>,
    home: &Home,
    name: &str,
    description: &str,
) -> CloudResult<Arn> {
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
    home.group_arn(
        OPERATION,
        &GroupRef { name: name.to_owned(), arn: None },
        created.model_package_group_arn.as_deref(),
    )
}

pub(super) async fn page(
    sagemaker: &Retrying<Client>,
    home: &Home,
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
    let packages =
        packages.iter().map(|summary| package_summary(OPERATION, home, group, summary)).collect::<CloudResult<_>>()?;
    Ok(Page { packages, next: answer.next_token })
}

fn package_summary(
    operation: &str,
    home: &Home,
    group: &GroupRef,
    summary: &Summary,
) -> CloudResult<ModelPackageSummary> {
    let arn = arn(operation, summary.model_package_arn())?;
    let version = version(operation, summary.model_package_version())?;
    if !group.has(&arn, version) || !home.has(group, &arn) {
        let asked = format!("version {version} of group {}", group.name);
        return Err(home.about_another(operation, &arn, group, &asked));
    }
    Ok(ModelPackageSummary {
        arn,
        version,
        created: timestamp(operation, summary.creation_time())?,
        status: summary.model_package_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        approval: summary.model_approval_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        life_cycle: summary.model_life_cycle().map(|life_cycle| LifeCycle {
            stage: life_cycle.stage().unwrap_or_default().to_owned(),
            status: life_cycle.stage_status().unwrap_or_default().to_owned(),
            description: life_cycle.stage_description().map(str::to_owned),
        }),
    })
}

/// With `MetadataOnly`, nobody needs `kms:Decrypt` for a package whose model card is encrypted; all but the card's content
/// is answered as it is without (botocore 1.44.8, `DescribeModelPackageInput.IncludedData`).
pub(super) async fn package(api: &Api, home: &Home, arn: &Arn) -> CloudResult<Option<ModelPackage>> {
    const OPERATION: &str = "sagemaker:DescribeModelPackage";
    let input = json!({"ModelPackageName": arn.to_string(), "IncludedData": "MetadataOnly"});
    match api.call(Service::SageMaker, "DescribeModelPackage", input).await {
        Ok(answer) => {
            let answered = self::arn(OPERATION, answer["ModelPackageArn"].as_str())?;
            if !answered.is_same(arn) {
                return Err(about_another(OPERATION, &answered, &arn.to_string()));
            }
            let package = described::model_package(&arn.to_string(), &answer);
            let package = package.map_err(|what| unusable(OPERATION, what))?;
            let Some(contradiction) = package.contradiction(arn) else { return Ok(Some(package)) };
            let message = format!("the answer is about {arn}, and says that {contradiction}");
            Err(CloudError::new(ErrorKind::Other, OPERATION, message))
        }
        Err(error) => {
            // Without its group, a version is not there either.
            let group = arn.resource.split('/').nth(1).unwrap_or_default();
            let resources = [arn.resource.clone(), resource_of(group)];
            let is_absent = says_absent(&error, NO_PACKAGE, &home.asked(Some(arn), &resources));
            if is_absent { Ok(None) } else { Err(error) }
        }
    }
}

pub(super) async fn policy(sagemaker: &Retrying<Client>, home: &Home, group: &str) -> CloudResult<Option<String>> {
    const OPERATION: &str = "sagemaker:GetModelPackageGroupPolicy";
    let answer = sagemaker
        .call(OPERATION, |client| client.get_model_package_group_policy().model_package_group_name(group).send())
        .await
        .map_err(|error| cloud_error(OPERATION, &error));
    match answer {
        Ok(answer) => Ok(answer.resource_policy),
        Err(error) => {
            let resources = [resource_of(group)];
            let is_absent = says_absent(&error, &[NO_POLICY], &home.asked(None, &resources));
            if is_absent { Ok(None) } else { Err(error) }
        }
    }
}

pub(super) async fn put_policy(
    sagemaker: &Retrying<Client>,
    home: &Home,
    group: &str,
    policy: &str,
) -> CloudResult<()> {
    const OPERATION: &str = "sagemaker:PutModelPackageGroupPolicy";
    let put = sagemaker
        .call(OPERATION, |client| {
            client.put_model_package_group_policy().model_package_group_name(group).resource_policy(policy).send()
        })
        .await
        .map_err(|error| cloud_error(OPERATION, &error))?;
    let group = GroupRef { name: group.to_owned(), arn: None };
    home.group_arn(OPERATION, &group, put.model_package_group_arn.as_deref()).map(|_| ())
}

fn version(operation: &str, number: Option<i32>) -> CloudResult<u32> {
    number.and_then(|number| u32::try_from(number).ok()).ok_or_else(|| unusable(operation, "version"))
}

fn timestamp(operation: &str, time: Option<&DateTime>) -> CloudResult<Timestamp> {
    // The service sends seconds as a floating-point number, which is good for microseconds and no more.
    time.and_then(|time| Timestamp::from_nanosecond(time.as_nanos()).ok()?.round(Unit::Microsecond).ok())
        .ok_or_else(|| unusable(operation, "creation time"))
}

impl ModelRegistry for Aws {
    async fn model_package_group(&self, group: &GroupRef) -> CloudResult<Option<Arn>> {
        self.explain(self::group(&self.sagemaker, &self.home, group).await).await
    }

    async fn create_model_package_group(&self, name: &str, description: &str) -> CloudResult<Arn> {
        self.explain(create_group(&self.sagemaker, &self.home, name, description).await).await
    }

    async fn model_packages(
        &self,
        group: &GroupRef,
        approval: Option<&str>,
        page: Option<String>,
    ) -> CloudResult<Page> {
        self.explain(self::page(&self.sagemaker, &self.home, group, approval, page).await).await
    }

    async fn model_package(&self, arn: &Arn) -> CloudResult<Option<ModelPackage>> {
        self.explain(package(&self.api, &self.home, arn).await).await
    }

    async fn group_policy(&self, group: &str) -> CloudResult<Option<String>> {
        self.explain(policy(&self.sagemaker, &self.home, group).await).await
    }

    async fn put_group_policy(&self, group: &str, policy: &str) -> CloudResult<()> {
        self.explain(put_policy(&self.sagemaker, &self.home, group, policy).await).await
    }
}
