//! CloudFormation: stack sets of the organization, their operations, and whether they may act there.

use serde_json::{Value, json};

use super::api::Api;
use super::connection::Aws;
use super::service::Service;
use crate::cloud::CloudResult;
use crate::cloud::answer::{field, items, text, texts, unless_missing};
use crate::domain::aws::call_as::CallAs;
use crate::domain::aws::organization::UnitId;
use crate::domain::aws::stack_instance::Instance;
use crate::domain::aws::stack_operation::{Failed, Operation};
use crate::domain::platform::doctor;
use crate::domain::platform::setup::{StackSet, StackSetFacts, TEMPLATE};

/// The first attempt of a call went through, and its answer was lost.
const ALREADY_TAKEN: &str = "OperationIdAlreadyExistsException";

async fn call(api: &Api, operation: &'static str, call_as: CallAs, mut input: Value) -> CloudResult<Value> {
    input["CallAs"] = json!(call_as);
    api.call(Service::CloudFormation, operation, input).await
}

async fn list(api: &Api, operation: &'static str, call_as: CallAs, mut input: Value) -> CloudResult<Vec<Value>> {
    input["CallAs"] = json!(call_as);
    api.list(Service::CloudFormation, operation, input, "Summaries").await
}

/// `ENABLED`, `DISABLED` or `DISABLED_PERMANENTLY`: trusted access of StackSets to the organization.
///
/// # Errors
/// The call failed.
pub(crate) async fn trusted_access(api: &Api, call_as: CallAs) -> CloudResult<String> {
    Ok(field(&call(api, "DescribeOrganizationsAccess", call_as, json!({})).await?, "Status"))
}

/// A stack set as it stands.
#[derive(Clone, Debug)]
pub(crate) struct FoundStackSet {
    pub service_managed: bool,
    pub template: String,
    pub parameters: Vec<(String, String)>,
    /// Whether accounts that join a unit get their stack by themselves, as far as AWS says.
    pub deploys_by_itself: Option<bool>,
    /// The units that it was deployed to, as far as AWS says.
    pub units: Vec<String>,
}

/// The stack set of that name; `None` where it does not exist.
///
/// # Errors
/// The call failed.
pub(crate) async fn stack_set(api: &Api, name: &str, call_as: CallAs) -> CloudResult<Option<FoundStackSet>> {
    let asked = call(api, "DescribeStackSet", call_as, json!({"StackSetName": name})).await;
    let Some(answer) = unless_missing(asked)? else { return Ok(None) };
    let set = &answer["StackSet"];
    let parameter = |one: &Value| (field(one, "ParameterKey"), field(one, "ParameterValue"));
    Ok(Some(FoundStackSet {
        service_managed: set["PermissionModel"] == "SERVICE_MANAGED",
        template: field(set, "TemplateBody"),
        parameters: items(&set["Parameters"]).map(parameter).collect(),
        deploys_by_itself: set["AutoDeployment"]["Enabled"].as_str().map(|enabled| enabled == "true"),
        units: texts(&set["OrganizationalUnitIds"]),
    }))
}

/// The stack set's operations that are not at their end.
///
/// # Errors
/// A call failed.
pub(crate) async fn running(api: &Api, name: &str, call_as: CallAs) -> CloudResult<Vec<doctor::Operation>> {
    let all = list(api, "ListStackSetOperations", call_as, json!({"StackSetName": name})).await?;
    let operation = |one: &Value| doctor::Operation {
        id: field(one, "OperationId"),
        action: field(one, "Action"),
        status: field(one, "Status"),
    };
    Ok(all.iter().map(operation).filter(|one| Operation::new(&one.status).is_running()).collect())
}

/// All instances of the stack set.
///
/// # Errors
/// A call failed.
pub(crate) async fn instances(api: &Api, name: &str, call_as: CallAs) -> CloudResult<Vec<Instance>> {
    let all = list(api, "ListStackInstances", call_as, json!({"StackSetName": name})).await?;
    let instance = |one: &Value| Instance {
        account: field(one, "Account"),
        region: field(one, "Region"),
        status: field(one, "Status"),
        reason: text(&one["StatusReason"]).filter(|reason| !reason.is_empty()),
        stack: text(&one["StackId"]).filter(|stack| !stack.is_empty()),
    };
    Ok(all.iter().map(instance).collect())
}

impl Aws {
    async fn stack_sets(&self, operation: &'static str, call_as: CallAs, input: Value) -> CloudResult<Value> {
        self.explain(call(&self.api, operation, call_as, input).await).await
    }

    /// A stack set with all its stacks; `None` where there is none of that name.
    ///
    /// # Errors
    /// A call that failed.
    pub(crate) async fn stack_set(&self, name: &str, call_as: CallAs) -> CloudResult<Option<StackSetFacts>> {
        let found = self.explain(stack_set(&self.api, name, call_as).await).await?;
        let Some(found) = found else { return Ok(None) };
        Ok(Some(StackSetFacts {
            template: found.template,
            parameters: found.parameters.into_iter().collect(),
            running: None,
            service_managed: found.service_managed,
            deploys_by_itself: found.deploys_by_itself,
            units: found.units,
            instances: self.explain(instances(&self.api, name, call_as).await).await?,
        }))
    }

    /// Creates a stack set without stacks.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn create_stack_set(&self, set: &StackSet, call_as: CallAs, token: &str) -> CloudResult<()> {
        let mut input = input_of(set);
        input["ClientRequestToken"] = token.into();
        self.stack_sets("CreateStackSet", call_as, input).await.map(|_| ())
    }

    /// Starts to bring a stack set and all its stacks up to date; answers with the operation's id.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn update_stack_set(&self, set: &StackSet, call_as: CallAs, id: &str) -> CloudResult<String> {
        self.start("UpdateStackSet", call_as, input_of(set), id).await
    }

    /// Starts to create stacks in all accounts of units that have none; answers with the operation's id.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn create_stack_instances(
        &self,
        name: &str,
        units: &[UnitId],
        call_as: CallAs,
        id: &str,
    ) -> CloudResult<String> {
        let units: Vec<&str> = units.iter().map(UnitId::as_str).collect();
        let targets = json!({"OrganizationalUnitIds": units});
        let input = json!({"StackSetName": name, "DeploymentTargets": targets, "Regions": [self.region]});
        self.start("CreateStackInstances", call_as, input, id).await
    }

    async fn start(&self, operation: &'static str, call_as: CallAs, mut input: Value, id: &str) -> CloudResult<String> {
        input["OperationId"] = id.into();
        // One account that cannot be reached keeps no other from its role.
        input["OperationPreferences"] = json!({"FailureTolerancePercentage": 100, "MaxConcurrentPercentage": 100});
        match self.stack_sets(operation, call_as, input).await {
            Ok(answer) => Ok(answer["OperationId"].as_str().unwrap_or(id).to_owned()),
            Err(error) if error.code.as_deref() == Some(ALREADY_TAKEN) => Ok(id.to_owned()),
            Err(error) => Err(error),
        }
    }

    /// The operation that a stack set is busy with.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn running_operation(&self, name: &str, call_as: CallAs) -> CloudResult<Option<String>> {
        let running = self.explain(running(&self.api, name, call_as).await).await?;
        Ok(running.into_iter().next().map(|one| one.id))
    }

    /// How far an operation is.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn stack_operation(&self, name: &str, id: &str, call_as: CallAs) -> CloudResult<Operation> {
        let input = json!({"StackSetName": name, "OperationId": id});
        let answer = self.stack_sets("DescribeStackSetOperation", call_as, input).await?;
        Ok(Operation::new(&field(&answer["StackSetOperation"], "Status")))
    }

    /// In which accounts an operation is done, and where it failed.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn stack_results(
        &self,
        name: &str,
        id: &str,
        call_as: CallAs,
    ) -> CloudResult<(usize, Vec<Failed>)> {
        let input = json!({"StackSetName": name, "OperationId": id});
        let results = self.explain(list(&self.api, "ListStackSetOperationResults", call_as, input).await).await?;
        let done = results.iter().filter(|one| one["Status"] == "SUCCEEDED").count();
        let failed = results.iter().filter(|one| one["Status"] == "FAILED" || one["Status"] == "CANCELLED");
        let failed = failed.map(|one| Failed { account: field(one, "Account"), reason: field(one, "StatusReason") });
        Ok((done, failed.collect()))
    }

    /// Whether StackSets may act in the organization.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn has_trusted_access(&self, call_as: CallAs) -> CloudResult<bool> {
        Ok(self.explain(trusted_access(&self.api, call_as).await).await? == "ENABLED")
    }

    /// Lets StackSets act in the organization.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn enable_trusted_access(&self) -> CloudResult<()> {
        let answer = self.api.call(Service::CloudFormation, "ActivateOrganizationsAccess", json!({})).await;
        self.explain(answer.map(|_| ())).await
    }
}

fn input_of(set: &StackSet) -> Value {
    let parameter = |(key, value): (&&str, &String)| json!({"ParameterKey": key, "ParameterValue": value});
    json!({
        "StackSetName": set.name,
        "Description": "The role with which models run and are tested; kept by modeldeploy setup",
        "TemplateBody": TEMPLATE,
        "Parameters": set.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "PermissionModel": "SERVICE_MANAGED",
        "AutoDeployment": {"Enabled": true, "RetainStacksOnAccountRemoval": false},
    })
}
