//! Whether a stage makes the endpoint that `modeldeploy test` looks for.

use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::deployment::{Deployment, ENDPOINT, called};
use crate::domain::cloudformation::evaluation::value::{Evaluated, Hole, Text};
use crate::domain::project::build_plan::PROJECT_NAME;

/// The name that the test looks for, as far as it is known.
pub(super) fn tested_name(project: &str, stage_name: &str) -> Text {
    let mut name = match project {
        "" => Text::hole(Hole::Parameter(PROJECT_NAME.to_owned())),
        known => Text::known(known),
    };
    name.push("-");
    name.push(stage_name);
    name
}

pub(super) fn check(deployment: &mut Deployment<'_>, tested: &Text) {
    let endpoints = deployment.all(ENDPOINT);
    let hint = format!(
        "name it !Sub ${{SageMakerProjectName}}-${{StageName}}, or name another with --endpoint-name (test looks for \"{tested}\")"
    );
    if endpoints.is_empty() {
        if !deployment.may_have_more(ENDPOINT) {
            let what = format!("makes no endpoint \"{tested}\", which the test looks for");
            let file = deployment.scope.index.template.file.clone();
            let finding = Finding::of(Rule::EndpointTested, what).in_file(&file);
            deployment.findings.push(finding.cause("it has no AWS::SageMaker::Endpoint"));
        }
        return;
    }
    let mut other = None;
    for endpoint in &endpoints {
        match endpoint.properties.get("EndpointName").map(Evaluated::text) {
            None => _ = other.get_or_insert((endpoint, endpoint.at, "a name that CloudFormation makes up".to_owned())),
            Some(Some(name)) if name == *tested => return,
            Some(Some(name)) if name.whole().is_some() && tested.whole().is_some() => {
                let at = endpoint.properties.get("EndpointName").map_or(endpoint.at, |name| name.at);
                _ = other.get_or_insert((endpoint, at, format!("the name \"{name}\"")));
            }
            Some(_) => return,
        }
    }
    if let Some((endpoint, at, name)) = other.filter(|_| !deployment.may_have_more(ENDPOINT)) {
        let what = format!("{} has {name}, and the test looks for \"{tested}\"", called(endpoint));
        deployment.add(Finding::of(Rule::EndpointTested, what).hint(hint), at);
    }
}
