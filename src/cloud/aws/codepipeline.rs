//! CodePipeline: what a pipeline is made of, and how its actions last went.

use serde_json::{Value, json};

use super::api::Api;
use super::service::Service;
use crate::cloud::answer::{field, items, text, unless_missing};
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::platform::doctor::{Action, ActionState, Pipeline};

/// The pipeline of that name; `None` where it does not exist.
///
/// # Errors
/// The call failed.
pub(crate) async fn pipeline(api: &Api, name: &str) -> CloudResult<Option<Pipeline>> {
    let asked = api.call(Service::CodePipeline, "GetPipeline", json!({"name": name})).await;
    let Some(answer) = unless_missing(asked)? else { return Ok(None) };
    let action = |action: &Value| Action {
        name: field(action, "name"),
        category: field(&action["actionTypeId"], "category"),
        provider: field(&action["actionTypeId"], "provider"),
        configuration: action["configuration"].clone(),
    };
    let stages = items(&answer["pipeline"]["stages"]);
    let stages = stages.map(|stage| (field(stage, "name"), items(&stage["actions"]).map(action).collect())).collect();
    let arn = field(&answer["metadata"], "pipelineArn").parse();
    Ok(Some(Pipeline {
        name: field(&answer["pipeline"], "name"),
        arn: arn.map_err(|error| CloudError::new(ErrorKind::Other, "codepipeline:GetPipeline", format!("{error}")))?,
        role: field(&answer["pipeline"], "roleArn"),
        stages,
    }))
}

/// The latest execution of every action that has run.
///
/// # Errors
/// The call failed.
pub(crate) async fn states(api: &Api, name: &str) -> CloudResult<Vec<ActionState>> {
    let answer = api.call(Service::CodePipeline, "GetPipelineState", json!({"name": name})).await?;
    let mut states = Vec::new();
    for stage in items(&answer["stageStates"]) {
        for action in items(&stage["actionStates"]) {
            let latest = &action["latestExecution"];
            states.extend(text(&latest["status"]).map(|status| ActionState {
                stage: field(stage, "stageName"),
                action: field(action, "actionName"),
                status,
                code: text(&latest["errorDetails"]["code"]),
                message: text(&latest["errorDetails"]["message"]),
            }));
        }
    }
    Ok(states)
}
