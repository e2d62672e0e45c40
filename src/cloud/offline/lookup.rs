//! Finding and describing things of a world.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::world::{self, OrganizationNode, World};
use super::{Section, Site, not_found};
use crate::cloud::{CloudError, CloudResult, described};
use crate::domain::endpoint::{Endpoint, InferenceComponent, ServedModel, Variant, VariantConfig};
use crate::domain::model_package::ModelPackage;
use crate::domain::organization::UnitId;

/// A thing of the world as the AWS CLI prints it.
pub(super) fn printed(thing: &impl Serialize) -> Value {
    serde_json::to_value(thing).unwrap_or_default()
}

impl World {
    pub(super) fn group(&self, name: &str) -> Option<&world::ModelPackageGroup> {
        self.model_package_groups.iter().find(|group| group.model_package_group_name == name)
    }

    pub(super) fn node<T>(&self, parent: &UnitId, read: impl FnOnce(&OrganizationNode) -> T) -> Option<T> {
        let mut open: Vec<&OrganizationNode> = self.roots.iter().collect();
        while let Some(node) = open.pop() {
            if node.id == parent.as_str() {
                return Some(read(node));
            }
            open.extend(&node.organizational_units);
        }
        None
    }

    /// Root and units from the top down to that one, each followed by a slash.
    pub(super) fn path_of(&self, unit: &UnitId) -> Option<String> {
        fn find(nodes: &[OrganizationNode], unit: &str, above: &str) -> Option<String> {
            nodes.iter().find_map(|node| {
                let path = format!("{above}{}/", node.id);
                if node.id == unit { Some(path) } else { find(&node.organizational_units, unit, &path) }
            })
        }
        find(&self.roots, unit.as_str(), "")
    }

    /// The model of that name at a site.
    fn model(&self, site: &Site, name: &str) -> CloudResult<ServedModel> {
        let what = || format!("model \"{name}\" in {}", site.account);
        let found = self.models.get(site, name);
        let model = found.ok_or_else(|| not_found("sagemaker:DescribeModel", &what(), Section::MODELS))?;
        Ok(described::model(&printed(model)))
    }

    pub(super) fn endpoint(&self, site: &Site, name: &str) -> Option<Endpoint> {
        self.endpoints.get(site, name).map(|endpoint| described::endpoint(&printed(endpoint)))
    }

    pub(super) fn variants(&self, site: &Site, endpoint: &Endpoint) -> CloudResult<Vec<Variant>> {
        let name = &endpoint.config_name;
        let what = || format!("endpoint config \"{name}\" in {}", site.account);
        let config = self.endpoint_configs.get(site, name);
        let config =
            config.ok_or_else(|| not_found("sagemaker:DescribeEndpointConfig", &what(), Section::ENDPOINT_CONFIGS))?;
        let variants = described::variants(&printed(config));
        let components = self.components(site, &endpoint.name);
        let specified = components.iter().flat_map(|component| &component.specifications);
        let specified = specified.filter_map(|specification| specification.model.as_deref());
        let names = variants.iter().flat_map(VariantConfig::models).chain(specified);
        let models = names.map(|name| Ok((name.to_owned(), self.model(site, name)?)));
        let models = models.collect::<Result<BTreeMap<_, _>, CloudError>>()?;
        Ok(variants.iter().map(|variant| variant.follow(&components, &models)).collect())
    }

    /// The inference components of an endpoint.
    fn components(&self, site: &Site, endpoint: &str) -> Vec<InferenceComponent> {
        let of_it = self.inference_components.all(site, endpoint);
        of_it.map(|component| described::inference_component(&printed(component))).collect()
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
