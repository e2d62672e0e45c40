//! CloudFormation: stack sets, and whether they may reach the organization.

use serde_json::{Value, json};

use super::answer::{field, items};
use super::{Api, Service};
use crate::cloud::CloudResult;
use crate::domain::doctor::{Instance, Operation};

/// As whom stack sets are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallAs {
    Management,
    DelegatedAdministrator,
}

impl CallAs {
    fn word(self) -> &'static str {
        match self {
            Self::Management => "SELF",
            Self::DelegatedAdministrator => "DELEGATED_ADMIN",
        }
    }
}

/// `ENABLED`, `DISABLED` or `DISABLED_PERMANENTLY`: trusted access of StackSets to the organization.
///
/// # Errors
/// The call failed.
pub async fn trusted_access(api: &Api, call_as: CallAs) -> CloudResult<String> {
    let input = json!({"CallAs": call_as.word()});
    let answer = api.call(Service::CloudFormation, "DescribeOrganizationsAccess", input).await?;
    Ok(field(&answer, "Status"))
}

/// A stack set as it stands.
#[derive(Clone, Debug)]
pub struct FoundStackSet {
    pub service_managed: bool,
    pub parameters: Vec<(String, String)>,
}

/// The stack set of that name; `None` where it does not exist.
///
/// # Errors
/// The call failed.
pub async fn stack_set(api: &Api, name: &str, call_as: CallAs) -> CloudResult<Option<FoundStackSet>> {
    let input = json!({"StackSetName": name, "CallAs": call_as.word()});
    let answer = match api.call(Service::CloudFormation, "DescribeStackSet", input).await {
        Err(error) if error.code.as_deref() == Some("StackSetNotFoundException") => return Ok(None),
        answer => answer?,
    };
    let set = &answer["StackSet"];
    let parameter = |one: &Value| (field(one, "ParameterKey"), field(one, "ParameterValue"));
    Ok(Some(FoundStackSet {
        service_managed: set["PermissionModel"] == "SERVICE_MANAGED",
        parameters: items(&set["Parameters"]).map(parameter).collect(),
    }))
}

/// The stack set's operations that are not at their end.
///
/// # Errors
/// The call failed.
pub async fn running(api: &Api, name: &str, call_as: CallAs) -> CloudResult<Vec<Operation>> {
    // The newest come first, and at most one runs beside those that wait for it.
    let input = json!({"StackSetName": name, "CallAs": call_as.word(), "MaxResults": 100});
    let answer = api.call(Service::CloudFormation, "ListStackSetOperations", input).await?;
    let operation = |one: &Value| Operation {
        id: field(one, "OperationId"),
        action: field(one, "Action"),
        status: field(one, "Status"),
    };
    let under_way = |one: &Operation| ["RUNNING", "QUEUED", "STOPPING"].contains(&one.status.as_str());
    Ok(items(&answer["Summaries"]).map(operation).filter(under_way).collect())
}

/// All instances of the stack set.
///
/// # Errors
/// A call failed.
pub async fn instances(api: &Api, name: &str, call_as: CallAs) -> CloudResult<Vec<Instance>> {
    let input = json!({"StackSetName": name, "CallAs": call_as.word()});
    let all = api.list(Service::CloudFormation, "ListStackInstances", input, "Summaries").await?;
    let instance = |one: &Value| Instance {
        account: field(one, "Account"),
        region: field(one, "Region"),
        status: field(one, "Status"),
        reason: one["StatusReason"].as_str().map(str::to_owned),
    };
    Ok(all.iter().map(instance).collect())
}
