//! The model registry of a world.

use serde_json::{Map, json};

use super::Offline;
use super::world::{self, World, printed};
use super::world_key::{WorldKey, not_found, unusable};
use crate::cloud::described::{self, life_cycle};
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult, ModelRegistry, Page};
use crate::domain::aws::arn::Arn;
use crate::domain::aws::partition::partition_of_region;
use crate::domain::registry::model_package::{GroupRef, ModelPackage, ModelPackageSummary, unusable_group};

impl ModelRegistry for Offline {
    async fn model_package_group(&self, group: &GroupRef) -> CloudResult<Option<Arn>> {
        const OPERATION: &str = "sagemaker:DescribeModelPackageGroup";
        let world = self.world.borrow();
        let Some(known) = world.group(&group.name) else {
            return Ok(None);
        };
        let status = known.rest.get("ModelPackageGroupStatus").and_then(serde_json::Value::as_str);
        if let Some(why) = status.and_then(unusable_group) {
            return Err(CloudError::new(ErrorKind::Other, OPERATION, format!("group {} {why}", group.name)));
        }
        known.model_package_group_arn.parse().map(Some).map_err(|error| unusable(OPERATION, &error))
    }

    async fn create_model_package_group(&self, name: &str, description: &str) -> CloudResult<Arn> {
        let mut world = self.world.borrow_mut();
        let arn = Arn {
            partition: partition_of_region(&world.region).to_owned(),
            service: "sagemaker".to_owned(),
            region: world.region.clone(),
            account: world.caller.account.clone(),
            resource: format!("model-package-group/{name}"),
        };
        world.model_package_groups.push(world::ModelPackageGroup {
            model_package_group_name: name.to_owned(),
            model_package_group_arn: arn.to_string(),
            resource_policy: None,
            model_packages: Vec::new(),
            rest: Map::from_iter([
                ("ModelPackageGroupDescription".to_owned(), json!(description)),
                ("ModelPackageGroupStatus".to_owned(), json!("Completed")),
            ]),
        });
        Ok(arn)
    }

    async fn model_packages(
        &self,
        group: &GroupRef,
        approval: Option<&str>,
        _page: Option<String>,
    ) -> CloudResult<Page> {
        const OPERATION: &str = "sagemaker:ListModelPackages";
        let world = self.world.borrow();
        let known = world.group(&group.name).map(|group| group.model_packages.as_slice()).unwrap_or_default();
        let chosen =
            known.iter().filter(|package| approval.is_none_or(|wanted| package.model_approval_status == wanted));
        let mut packages = chosen
            .map(|package| {
                Ok(ModelPackageSummary {
                    arn: package.model_package_arn.parse().map_err(|error| unusable(OPERATION, &error))?,
                    version: package.model_package_version,
                    created: package.creation_time.timestamp(),
                    status: package.model_package_status.clone(),
                    approval: package.model_approval_status.clone(),
                    life_cycle: package.rest.get("ModelLifeCycle").and_then(life_cycle),
                })
            })
            .collect::<CloudResult<Vec<_>>>()?;
        packages.sort_by_key(|package| std::cmp::Reverse((package.created, package.version)));
        Ok(Page { packages, next: None })
    }

    async fn model_package(&self, arn: &Arn) -> CloudResult<Option<ModelPackage>> {
        let world = self.world.borrow();
        let wanted = arn.to_string();
        let found = world.model_package_groups.iter().find_map(|group| {
            let package = group.model_packages.iter().find(|package| package.model_package_arn == wanted)?;
            Some((group, package))
        });
        let described = found.map(|(group, package)| described_package(group, package)).transpose();
        described.map_err(|what| unusable("sagemaker:DescribeModelPackage", &format!("{wanted} has no usable {what}")))
    }

    async fn group_policy(&self, group: &str) -> CloudResult<Option<String>> {
        Ok(self.world.borrow().group(group).and_then(|group| group.resource_policy.clone()))
    }

    async fn put_group_policy(&self, group: &str, policy: &str) -> CloudResult<()> {
        let mut world = self.world.borrow_mut();
        let known = world.model_package_groups.iter_mut().find(|known| known.model_package_group_name == group);
        let known = known.ok_or_else(|| {
            not_found(
                "sagemaker:PutModelPackageGroupPolicy",
                &format!("model package group \"{group}\""),
                WorldKey::GROUPS,
            )
        })?;
        known.resource_policy = Some(policy.to_owned());
        Ok(())
    }
}

impl World {
    pub(super) fn group(&self, name: &str) -> Option<&world::ModelPackageGroup> {
        self.model_package_groups.iter().find(|group| group.model_package_group_name == name)
    }
}

/// A version of a group, as `aws sagemaker describe-model-package` prints it.
pub(super) fn described_package(
    group: &world::ModelPackageGroup,
    package: &world::ModelPackage,
) -> Result<ModelPackage, &'static str> {
    let described = described::model_package(&package.model_package_arn, &printed(package))?;
    // A package stands below its group, so it need not repeat the group's name.
    Ok(ModelPackage { group: group.model_package_group_name.clone(), ..described })
}
