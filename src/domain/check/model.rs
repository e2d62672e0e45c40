//! Rules of `AWS::SageMaker::Model`, and of what all SageMaker resources of a project must have.

use super::super::evaluation::value::{Data, Evaluated};
use super::super::finding::Finding;
use super::deployment::{Deployment, ENDPOINT, ENDPOINT_CONFIG, MODEL, Resource, called};
use super::rule::Rule;

/// Tags by which SageMaker, its console and its managed policies know a project's resources.
const PROJECT_TAGS: [&str; 2] = ["sagemaker:project-name", "sagemaker:project-id"];

pub(super) fn check(deployment: &mut Deployment<'_>) {
    for model in deployment.all(MODEL) {
        containers(deployment, &model);
    }
    for kind in [MODEL, ENDPOINT_CONFIG, ENDPOINT] {
        for resource in deployment.all(kind) {
            tags(deployment, &resource);
        }
    }
}

fn containers(deployment: &mut Deployment<'_>, model: &Resource<'_>) {
    // Nothing can be said of properties that are not known
    if !matches!(model.properties.data, Data::Map(_)) {
        return;
    }
    let name = called(model);
    let list = model.properties.get("Containers");
    match (model.properties.get("PrimaryContainer"), list) {
        (Some(_), Some(list)) => {
            let what = format!("{name} has both PrimaryContainer and Containers");
            deployment.add(Finding::of(Rule::ModelContainers, what).hint("keep one of the two"), list.at);
        }
        (None, None) => {
            let what = format!("{name} has neither PrimaryContainer nor Containers");
            let hint = "add \"Containers: [{ModelPackageName: !Ref ModelPackageName}]\"";
            deployment.add(Finding::of(Rule::ModelContainers, what).hint(hint), model.at);
        }
        _ => {}
    }
    if list.and_then(Evaluated::items).is_some_and(<[Evaluated]>::is_empty) {
        let what = format!("{name} has no container in Containers");
        deployment.add(Finding::of(Rule::ModelContainers, what), list.map_or(model.at, |list| list.at));
    }
}

fn tags(deployment: &mut Deployment<'_>, resource: &Resource<'_>) {
    let tags = resource.properties.get("Tags");
    let items = match tags {
        None if matches!(resource.properties.data, Data::Map(_)) => &[],
        Some(tags) if let Some(items) = tags.items() => items,
        _ => return,
    };
    let keys: Vec<Option<String>> = items.iter().map(|tag| tag.get("Key").and_then(Evaluated::whole_text)).collect();
    if keys.iter().any(Option::is_none) {
        return; // a key that is not known may be the one
    }
    let missing: Vec<&str> =
        PROJECT_TAGS.into_iter().filter(|tag| !keys.iter().any(|key| key.as_deref() == Some(tag))).collect();
    if !missing.is_empty() {
        let what = format!("{} has no tag {}", called(resource), missing.join(" and no tag "));
        let hint = "add it under Tags, with the value of SageMakerProjectName or SageMakerProjectId";
        deployment.add(Finding::of(Rule::ProjectTags, what).hint(hint), tags.map_or(resource.at, |tags| tags.at));
    }
}
