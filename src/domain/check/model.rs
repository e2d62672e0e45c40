//! Rules of `AWS::SageMaker::Model`, and of what all SageMaker resources of a project must have.

use super::super::evaluation::value::{Data, Evaluated};
use super::super::finding::Finding;
use super::deployment::{Deployment, ENDPOINT, ENDPOINT_CONFIG, MODEL, Resource, called};
use super::rule::Rule;

/// botocore sagemaker.CreateModel: `Containers`, and the lists of `VpcConfig`.
pub(super) const MAX_CONTAINERS: usize = 15;
pub(super) const MAX_SECURITY_GROUPS: usize = 5;
pub(super) const MAX_SUBNETS: usize = 16;

/// Tags by which SageMaker, its console and its managed policies know a project's resources.
const PROJECT_TAGS: [&str; 2] = ["sagemaker:project-name", "sagemaker:project-id"];

pub(super) fn check(deployment: &mut Deployment<'_>) {
    for model in deployment.all(MODEL) {
        containers(deployment, &model);
        vpc(deployment, &model);
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
    if let Some(items) = list.and_then(Evaluated::items)
        && !(1..=MAX_CONTAINERS).contains(&items.len())
    {
        let what = format!("{name} has {} Containers, and a model has 1 to {MAX_CONTAINERS}", items.len());
        let at = list.map_or(model.at, |list| list.at);
        deployment.add(Finding::of(Rule::ModelContainers, what), at);
    }
}

fn vpc(deployment: &mut Deployment<'_>, model: &Resource<'_>) {
    let Some(vpc) = model.properties.get("VpcConfig") else { return };
    for (key, most) in [("SecurityGroupIds", MAX_SECURITY_GROUPS), ("Subnets", MAX_SUBNETS)] {
        if let Some(list) = vpc.get(key)
            && let Some(items) = list.items()
            && !(1..=most).contains(&items.len())
        {
            let what = format!("{} has {} {key}, and a VpcConfig has 1 to {most}", called(model), items.len());
            deployment.add(Finding::of(Rule::ModelVpc, what), list.at);
        }
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
