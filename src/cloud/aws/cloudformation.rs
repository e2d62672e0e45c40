//! CloudFormation: stack sets of the organization, their operations, and whether they may act there.

use serde_json::{Value, json};

use super::{Aws, Service};
use crate::cloud::CloudResult;
use crate::cloud::error::Kind;
use crate::domain::organization::UnitId;
use crate::domain::project_template::CallAs;
use crate::domain::setup::{Instance, StackSet, StackSetFacts, TEMPLATE};
use crate::domain::stack_operation::{Failed, Operation};

/// The first attempt of a call went through, and its answer was lost.
const ALREADY_TAKEN: &str = "OperationIdAlreadyExistsException";

impl Aws {
    async fn stack_sets(&self, operation: &'static str, call_as: CallAs, mut input: Value) -> CloudResult<Value> {
        input["CallAs"] = json!(call_as);
        self.explain(self.api.call(Service::CloudFormation, operation, input).await).await
    }

    async fn all_of(&self, operation: &'static str, call_as: CallAs, mut input: Value) -> CloudResult<Vec<Value>> {
        input["CallAs"] = json!(call_as);
        self.explain(self.api.list(Service::CloudFormation, operation, input, "Summaries").await).await
    }

    /// A stack set with all its stacks; `None` where there is none of that name.
    ///
    /// # Errors
    /// A call that failed.
    pub async fn stack_set(&self, name: &str, call_as: CallAs) -> CloudResult<Option<StackSetFacts>> {
        let named = json!({"StackSetName": name});
        let described = match self.stack_sets("DescribeStackSet", call_as, named.clone()).await {
            Ok(answer) => answer["StackSet"].clone(),
            Err(error) if error.kind == Kind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let instances = self.all_of("ListStackInstances", call_as, named).await?;
        let parameters = items(&described["Parameters"]).iter();
        Ok(Some(StackSetFacts {
            template: text(&described["TemplateBody"]),
            parameters: parameters.map(|one| (text(&one["ParameterKey"]), text(&one["ParameterValue"]))).collect(),
            running: None,
            service_managed: described["PermissionModel"] == "SERVICE_MANAGED",
            deploys_by_itself: described["AutoDeployment"]["Enabled"].as_str().map(|enabled| enabled == "true"),
            units: items(&described["OrganizationalUnitIds"]).iter().map(text).collect(),
            instances: instances.iter().map(instance).collect(),
        }))
    }

    /// Creates a stack set without stacks.
    ///
    /// # Errors
    /// The call failed.
    pub async fn create_stack_set(&self, set: &StackSet, call_as: CallAs, token: &str) -> CloudResult<()> {
        let mut input = stack_set(set);
        input["ClientRequestToken"] = token.into();
        self.stack_sets("CreateStackSet", call_as, input).await.map(|_| ())
    }

    /// Starts to bring a stack set and all its stacks up to date; answers with the operation's id.
    ///
    /// # Errors
    /// The call failed.
    pub async fn update_stack_set(&self, set: &StackSet, call_as: CallAs, id: &str) -> CloudResult<String> {
        self.start("UpdateStackSet", call_as, stack_set(set), id).await
    }

    /// Starts to create stacks in all accounts of units that have none; answers with the operation's id.
    ///
    /// # Errors
    /// The call failed.
    pub async fn create_stack_instances(
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
    pub async fn running_operation(&self, name: &str, call_as: CallAs) -> CloudResult<Option<String>> {
        let all = self.all_of("ListStackSetOperations", call_as, json!({"StackSetName": name})).await?;
        let runs = |one: &&Value| Operation::new(&text(&one["Status"])).is_running();
        Ok(all.iter().find(runs).map(|one| text(&one["OperationId"])))
    }

    /// How far an operation is.
    ///
    /// # Errors
    /// The call failed.
    pub async fn stack_operation(&self, name: &str, id: &str, call_as: CallAs) -> CloudResult<Operation> {
        let input = json!({"StackSetName": name, "OperationId": id});
        let answer = self.stack_sets("DescribeStackSetOperation", call_as, input).await?;
        Ok(Operation::new(&text(&answer["StackSetOperation"]["Status"])))
    }

    /// In which accounts an operation is done, and where it failed.
    ///
    /// # Errors
    /// The call failed.
    pub async fn stack_results(&self, name: &str, id: &str, call_as: CallAs) -> CloudResult<(usize, Vec<Failed>)> {
        let input = json!({"StackSetName": name, "OperationId": id});
        let results = self.all_of("ListStackSetOperationResults", call_as, input).await?;
        let done = results.iter().filter(|one| one["Status"] == "SUCCEEDED").count();
        let failed = results.iter().filter(|one| one["Status"] == "FAILED" || one["Status"] == "CANCELLED");
        let failed = failed.map(|one| Failed { account: text(&one["Account"]), reason: text(&one["StatusReason"]) });
        Ok((done, failed.collect()))
    }

    /// Whether StackSets may act in the organization.
    ///
    /// # Errors
    /// The call failed.
    pub async fn has_trusted_access(&self, call_as: CallAs) -> CloudResult<bool> {
        let answer = self.stack_sets("DescribeOrganizationsAccess", call_as, json!({})).await?;
        Ok(answer["Status"] == "ENABLED")
    }

    /// Lets StackSets act in the organization.
    ///
    /// # Errors
    /// The call failed.
    pub async fn enable_trusted_access(&self) -> CloudResult<()> {
        let answer = self.api.call(Service::CloudFormation, "ActivateOrganizationsAccess", json!({})).await;
        self.explain(answer.map(|_| ())).await
    }
}

fn stack_set(set: &StackSet) -> Value {
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

fn instance(summary: &Value) -> Instance {
    Instance {
        account: text(&summary["Account"]),
        region: text(&summary["Region"]),
        status: text(&summary["Status"]),
        reason: summary["StatusReason"].as_str().filter(|reason| !reason.is_empty()).map(str::to_owned),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
