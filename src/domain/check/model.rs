//! Rules of `AWS::SageMaker::Model`, and of what all SageMaker resources of a project must have.

use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::deployment::{Deployment, ENDPOINT, ENDPOINT_CONFIG, MODEL, Resource, called};
use crate::domain::cloudformation::evaluation::value::{Data, Evaluated};
use crate::domain::registry::model_package::ModelPackage;

/// Tags by which SageMaker, its console and its managed policies know a project's resources.
const PROJECT_TAGS: [&str; 2] = ["sagemaker:project-name", "sagemaker:project-id"];

pub(super) fn check(deployment: &mut Deployment<'_>, package: Option<&ModelPackage>) {
    for model in deployment.all(MODEL) {
        containers(deployment, &model);
        for container in containers_of(&model) {
            check_container(deployment, container, &called(&model));
            if let Some(package) = package {
                check_package(deployment, container, &called(&model), package);
            }
        }
        hostnames(deployment, &model);
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

/// The containers of a model, as far as they are known.
pub(super) fn containers_of<'a>(model: &'a Resource<'_>) -> impl Iterator<Item = &'a Evaluated> {
    let list = model.properties.get("Containers").and_then(Evaluated::items).unwrap_or_default();
    list.iter().chain(model.properties.get("PrimaryContainer"))
}

/// Whether a container is known to hold many models.
pub(super) fn is_multi_model(container: &Evaluated) -> bool {
    container.get("Mode").and_then(Evaluated::whole_text).as_deref() == Some("MultiModel")
}

fn check_container(deployment: &mut Deployment<'_>, container: &Evaluated, name: &str) {
    if !matches!(container.data, Data::Map(_)) {
        return;
    }
    if container.get("Image").is_none() && container.get("ModelPackageName").is_none() {
        let what = format!("a container of {name} has neither Image nor ModelPackageName");
        let hint = "write \"ModelPackageName: !Ref ModelPackageName\", or name an image";
        deployment.add(Finding::of(Rule::ContainerImage, what).hint(hint), container.at);
    }
    if let Some(source) = container.property("ModelDataSource") {
        if is_multi_model(container) {
            let what = format!("a container of {name} holds many models and has a ModelDataSource");
            let hint = "name the place of all models with ModelDataUrl";
            deployment.add(Finding::of(Rule::MultiModelData, what).hint(hint), source.key_at);
        } else if container.get("ModelDataUrl").is_some() {
            let what = format!("a container of {name} has both ModelDataUrl and ModelDataSource");
            deployment.add(Finding::of(Rule::ContainerData, what).hint("keep one of the two"), source.key_at);
        }
    }
    if let Some(config) = container.get("ImageConfig")
        && config.get("RepositoryAccessMode").and_then(Evaluated::whole_text).as_deref() == Some("Platform")
        && let Some(auth) = config.property("RepositoryAuthConfig")
    {
        let what =
            format!("a container of {name} has a RepositoryAuthConfig, and its RepositoryAccessMode is Platform");
        deployment.add(Finding::of(Rule::RegistryAuth, what).hint("remove it, or write Vpc"), auth.key_at);
    }
}

/// A container that takes the package: whether that says what is to run.
fn check_package(deployment: &mut Deployment<'_>, container: &Evaluated, name: &str, package: &ModelPackage) {
    let Some(named) = container.get("ModelPackageName") else { return };
    if named.whole_text().as_deref() != Some(&package.arn) {
        return;
    }
    let specification = match container.get("InferenceSpecificationName").map(Evaluated::whole_text) {
        Some(None) => return,
        Some(name) => name,
        None => None,
    };
    let names_an_image = container.get("Image").is_some();
    for obstacle in package.obstacles(specification.as_deref(), names_an_image) {
        let rule = if obstacle.is_certain() { Rule::PackageUndeployable } else { Rule::PackageManaged };
        let alone = if names_an_image { "" } else { " by its ARN alone" };
        let what = format!("a container of {name} deploys version {} of \"{}\"{alone}", package.version, package.group);
        deployment.add(Finding::of(rule, what).cause(obstacle.reason()).hint(obstacle.remedy()), named.at);
    }
}

/// Of several containers, either all have a name or none.
fn hostnames(deployment: &mut Deployment<'_>, model: &Resource<'_>) {
    let Some(containers) = model.properties.get("Containers").and_then(Evaluated::items) else { return };
    let named = |container: &&Evaluated| container.get("ContainerHostname").is_some();
    let is_known = |container: &Evaluated| matches!(container.data, Data::Map(_));
    if containers.len() > 1
        && containers.iter().all(is_known)
        && containers.iter().any(|one| named(&one))
        && let Some(without) = containers.iter().find(|one| !named(one))
    {
        let what = format!("{} has a container without ContainerHostname beside others with one", called(model));
        deployment.add(Finding::of(Rule::ContainerHostname, what).hint("name all of them, or none"), without.at);
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
