//! What a rendered template may speak of, and by which names.

use std::collections::BTreeMap;

use serde_json::json;

use crate::domain::project::build_plan::{ProjectFacts, StagePlan};
use crate::domain::project::stage_config::Parameter;
use crate::domain::registry::model_package::{Container, ModelPackage};

/// What a template may speak of.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub project: &'a ProjectFacts,
    pub stages: &'a [StagePlan],
    /// The package to deploy; `None` where no registry has been asked.
    pub package: Option<&'a ModelPackage>,
}

/// The names in a context, each as a template writes it. What stands under `parameters`, `tags`, `environment`,
/// `metadata`, `lineage` and `metrics` is named by others.
pub(super) const NAMES: [&str; 18] = [
    "project.name",
    "project.id",
    "project.artifact_bucket",
    "stages",
    "package.arn",
    "package.group",
    "package.version",
    "package.status",
    "package.approval_status",
    "package.approval_description",
    "package.description",
    "package.created_at",
    "package.containers",
    "package.metadata",
    "package.lineage",
    "package.metrics",
    "project",
    PACKAGE,
];
pub(super) const PACKAGE: &str = "package";
const STAGE: [&str; 6] = ["name", "stage_name", "parameters", "tags", "role_name", "organizational_unit"];
const CONTAINER: [&str; 4] = ["image", "image_digest", "model_data", "environment"];
/// The lists, and the names in each of their elements.
pub(super) const LISTS: [(&str, &[&str]); 2] = [("stages", &STAGE), ("package.containers", &CONTAINER)];

/// Every name without what it stands under.
pub(super) fn fields<'a>() -> impl Iterator<Item = &'a str> {
    let own = NAMES.iter().map(|name| name.rsplit('.').next().unwrap_or(name));
    own.chain(LISTS.iter().flat_map(|(_, fields)| fields.iter().copied()))
}

/// Whether a name, or what it stands under, is in the context: `package.metadata.owner` is under `package.metadata`.
pub(super) fn is_known(name: &str) -> bool {
    let is_open = |known: &str| known.contains('.') || known == "stages";
    NAMES.iter().any(|known| {
        name == *known || is_open(known) && name.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'))
    })
}

impl Context<'_> {
    /// A value that is not there is left out: strictly undefined, and open to `default` and `is defined`.
    pub(super) fn values(&self) -> serde_json::Value {
        let Context { project, stages, package } = self;
        let stages = stages.iter().map(|StagePlan { settings, config }| {
            let map = |pairs: &[Parameter]| -> serde_json::Value {
                pairs.iter().map(|pair| (pair.key.clone(), json!(pair.value))).collect()
            };
            with_values(json!({
                "name": settings.stage.as_str(),
                "stage_name": config.stage_name(),
                "parameters": map(&config.parameters),
                "tags": map(&config.tags),
                "role_name": settings.role_name,
                "organizational_unit": settings.unit.as_ref().map(ToString::to_string),
            }))
        });
        with_values(json!({
            "project": with_values(json!({
                "name": project.name,
                "id": project.id,
                "artifact_bucket": project.artifact_bucket,
            })),
            "stages": stages.collect::<Vec<_>>(),
            PACKAGE: package.map(package_values),
        }))
    }
}

fn package_values(package: &ModelPackage) -> serde_json::Value {
    let mut metrics: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for report in &package.metrics {
        let (part, kind) = report.kind.split_once('.').unwrap_or((&report.kind, ""));
        metrics.entry(part).or_default().insert(kind, &report.uri);
    }
    let containers = package.containers.iter().map(|container: &Container| {
        with_values(json!({
            "image": container.image,
            "image_digest": container.image_digest,
            "model_data": container.model_data,
            "environment": container.environment_values,
        }))
    });
    with_values(json!({
        "arn": package.arn,
        "group": package.group,
        "version": package.version,
        "status": package.status,
        "approval_status": package.approval_status,
        "approval_description": package.approval_description,
        "description": package.description,
        "created_at": package.created_at.to_string(),
        "containers": containers.collect::<Vec<_>>(),
        "metadata": package.metadata,
        "lineage": package.lineage,
        "metrics": metrics,
    }))
}

fn with_values(mut map: serde_json::Value) -> serde_json::Value {
    if let Some(map) = map.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    map
}

/// The first part of a name such as `package.version`.
pub(super) fn root(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{package, with};
    use super::*;

    #[test]
    fn every_documented_name_is_in_the_context() {
        let mut package = package();
        package.description = Some("a description".into());
        with(Some(&package), |context| {
            let project = ProjectFacts { artifact_bucket: Some("bucket".into()), ..context.project.clone() };
            let values = Context { project: &project, ..*context }.values();
            for name in NAMES {
                assert!(values.pointer(&format!("/{}", name.replace('.', "/"))).is_some(), "{name}");
            }
            let documented = |names: &serde_json::Value, at: &str| {
                for name in names.as_object().expect("a map").keys() {
                    let name = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                    assert!(NAMES.contains(&name.as_str()), "{name}");
                }
            };
            documented(&values, "");
            documented(&values["package"], "package");
            documented(&values["project"], "project");
        });
    }
}
