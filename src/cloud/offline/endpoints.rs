//! The endpoints of a world.

use std::collections::BTreeMap;

use super::Offline;
use super::site::Site;
use super::world::{World, printed};
use super::world_key::{WorldKey, not_found};
use crate::cloud::{CloudError, CloudResult, Endpoints, Roles, described};
use crate::domain::aws::arn::Arn;
use crate::domain::endpoint::{Endpoint, InferenceComponent, ServedModel, Variant, VariantConfig, follow};

impl Roles for Offline {
    type Access = Site;

    async fn assume_role(&self, role: &Arn, region: &str, _session_name: &str) -> CloudResult<Site> {
        Ok(Site { account: role.account.clone(), region: region.to_owned() })
    }
}

impl Endpoints for Offline {
    async fn endpoint(&self, site: &Site, name: &str) -> CloudResult<Option<Endpoint>> {
        Ok(self.world.borrow().endpoint(site, name))
    }

    async fn variants(&self, site: &Site, endpoint: &Endpoint) -> CloudResult<Vec<Variant>> {
        self.world.borrow().variants(site, endpoint)
    }
}

impl World {
    /// The model of that name at a site.
    fn model(&self, site: &Site, name: &str) -> CloudResult<ServedModel> {
        let what = || format!("model \"{name}\" in {}", site.account);
        let found = self.models.get(site, name);
        let model = found.ok_or_else(|| not_found("sagemaker:DescribeModel", &what(), WorldKey::MODELS))?;
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
            config.ok_or_else(|| not_found("sagemaker:DescribeEndpointConfig", &what(), WorldKey::ENDPOINT_CONFIGS))?;
        let variants = described::variants(&printed(config));
        let components = self.components(site, &endpoint.name);
        let specified = components.iter().flat_map(|component| &component.specifications);
        let specified = specified.filter_map(|specification| specification.model.as_deref());
        let names = variants.iter().flat_map(VariantConfig::models).chain(specified);
        let models = names.map(|name| Ok((name.to_owned(), self.model(site, name)?)));
        let models = models.collect::<Result<BTreeMap<_, _>, CloudError>>()?;
        Ok(follow(&variants, &components, &models))
    }

    /// The inference components of an endpoint.
    fn components(&self, site: &Site, endpoint: &str) -> Vec<InferenceComponent> {
        let of_it = self.inference_components.all(site, endpoint);
        of_it.map(|component| described::inference_component(&printed(component))).collect()
    }
}
