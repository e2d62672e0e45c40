//! Service Quotas: how much of something an account may have.

use serde_json::{Value, json};

use super::api::Api;
use super::service::Service;
use crate::cloud::CloudResult;
use crate::cloud::answer::{field, unless_missing};

const OF: &str = "sagemaker";

/// A quota of SageMaker as AWS gives it to every account.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Quota {
    pub code: String,
    pub name: String,
    pub value: f64,
}

/// All quotas of SageMaker, with AWS's default values: there are some thousands.
///
/// # Errors
/// A call failed.
pub(crate) async fn defaults(api: &Api) -> CloudResult<Vec<Quota>> {
    let input = json!({"ServiceCode": OF, "MaxResults": 100});
    let all = api.list(Service::ServiceQuotas, "ListAWSDefaultServiceQuotas", input, "Quotas").await?;
    let quota = |one: &Value| {
        Some(Quota { code: field(one, "QuotaCode"), name: field(one, "QuotaName"), value: one["Value"].as_f64()? })
    };
    Ok(all.iter().filter_map(quota).collect())
}

/// The value that the account has; `None` where it has AWS's default.
///
/// # Errors
/// The call failed.
pub(crate) async fn applied(api: &Api, code: &str) -> CloudResult<Option<f64>> {
    let input = json!({"ServiceCode": OF, "QuotaCode": code});
    let answer = unless_missing(api.call(Service::ServiceQuotas, "GetServiceQuota", input).await)?;
    Ok(answer.and_then(|answer| answer["Quota"]["Value"].as_f64()))
}
