//! CodeBuild: what a build project is told, and with which role it runs.

use serde_json::{Value, json};

use super::api::Api;
use super::service::Service;
use crate::cloud::CloudResult;
use crate::cloud::answer::{field, items};
use crate::domain::platform::doctor::BuildProject;

/// The project of that name; `None` where it does not exist.
///
/// # Errors
/// The call failed.
pub(crate) async fn project(api: &Api, name: &str) -> CloudResult<Option<BuildProject>> {
    let answer = api.call(Service::CodeBuild, "BatchGetProjects", json!({"names": [name]})).await?;
    let found = items(&answer["projects"]).next();
    Ok(found.map(|project| {
        let environment = &project["environment"];
        let variable = |one: &Value| (field(one, "name"), field(one, "value"));
        BuildProject {
            name: field(project, "name"),
            role: field(project, "serviceRole"),
            image: field(environment, "image"),
            variables: items(&environment["environmentVariables"]).map(variable).collect(),
        }
    }))
}
