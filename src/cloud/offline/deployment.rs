//! A roll-out into the world: what a template makes of a stage's parameters takes the place of what was there.

use serde_json::{Map, Value, json};

use super::site::Site;
use super::world::{self, DataCapture, World, printed};
use crate::cloud::described;
use crate::domain::cloudformation::roll_out::{Kind, Resource, RollOut};

/// Puts every resource into the world; answers what became of each endpoint.
pub(super) fn put(world: &mut World, roll_out: &RollOut) -> Vec<String> {
    let mut changes = Vec::new();
    for resource in &roll_out.resources {
        match resource.kind {
            Kind::Model => put_model(world, resource),
            Kind::EndpointConfig => put_endpoint_config(world, resource),
            Kind::Endpoint => changes.push(put_endpoint(world, resource)),
            Kind::InferenceComponent => put_component(world, resource),
        }
    }
    changes
}

fn of<T: serde::de::DeserializeOwned>(properties: &Map<String, Value>, key: &str) -> Option<T> {
    serde_json::from_value(properties.get(key)?.clone()).ok()
}

fn put_model(world: &mut World, resource: &Resource) {
    world.models.take(&resource.arn);
    let known = ["ModelName", "PrimaryContainer", "Containers", "Tags"];
    let rest = resource.properties.iter().filter(|(key, _)| !known.contains(&key.as_str()));
    world.models.push(world::Model {
        model_name: resource.name.clone(),
        model_arn: resource.arn.clone(),
        primary_container: of(&resource.properties, "PrimaryContainer"),
        containers: of(&resource.properties, "Containers").unwrap_or_default(),
        rest: rest.map(|(key, value)| (key.clone(), value.clone())).collect(),
    });
}

fn put_endpoint_config(world: &mut World, resource: &Resource) {
    world.endpoint_configs.take(&resource.arn);
    let known = ["EndpointConfigName", "ProductionVariants", "ShadowProductionVariants", "Tags"];
    let rest = resource.properties.iter().filter(|(key, _)| !known.contains(&key.as_str()));
    world.endpoint_configs.push(world::EndpointConfig {
        endpoint_config_name: resource.name.clone(),
        endpoint_config_arn: resource.arn.clone(),
        production_variants: of(&resource.properties, "ProductionVariants").unwrap_or_default(),
        shadow_production_variants: of(&resource.properties, "ShadowProductionVariants").unwrap_or_default(),
        rest: rest.map(|(key, value)| (key.clone(), value.clone())).collect(),
    });
}

fn put_endpoint(world: &mut World, resource: &Resource) -> String {
    let config_name: String = of(&resource.properties, "EndpointConfigName").unwrap_or_default();
    let config = Site::of(&resource.arn).and_then(|site| world.endpoint_configs.get(&site, &config_name));
    let names = |variants: &[world::Variant]| {
        variants.iter().map(|variant| json!({"VariantName": variant.variant_name})).collect::<Value>()
    };
    let production = config.map(|config| names(&config.production_variants)).unwrap_or_default();
    let shadow = config.map(|config| names(&config.shadow_production_variants)).unwrap_or_default();
    let capture = config.and_then(|config| config.rest.get("DataCaptureConfig")).map(|capture| {
        let enabled = capture["EnableCapture"].as_bool().unwrap_or_default();
        DataCapture {
            enable_capture: enabled,
            capture_status: Some(if enabled { "Started" } else { "Stopped" }.to_owned()),
            // A parameter's value is text, also where the property is a number
            current_sampling_percentage: capture["InitialSamplingPercentage"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .or_else(|| capture["InitialSamplingPercentage"].as_i64().and_then(|number| number.try_into().ok())),
            destination_s3_uri: capture["DestinationS3Uri"].as_str().map(str::to_owned),
            rest: Map::new(),
        }
    });
    let former = world.endpoints.take(&resource.arn);
    let change = match &former {
        None => "created",
        Some(former) if former.endpoint_config_name == config_name => "unchanged",
        Some(_) => "updated",
    };
    world.endpoints.push(world::Endpoint {
        endpoint_name: resource.name.clone(),
        endpoint_arn: resource.arn.clone(),
        endpoint_config_name: config_name.clone(),
        endpoint_status: "InService".to_owned(),
        failure_reason: None,
        data_capture_config: capture,
        rest: [("ProductionVariants", production), ("ShadowProductionVariants", shadow)]
            .into_iter()
            .filter(|(_, variants)| variants.as_array().is_some_and(|variants| !variants.is_empty()))
            .map(|(name, variants)| (name.to_owned(), variants))
            .collect(),
    });
    if let Some(former) = former.filter(|former| former.endpoint_config_name != config_name) {
        remove_unused(world, &former);
    }
    format!("endpoint {} {change}", resource.name)
}

fn put_component(world: &mut World, resource: &Resource) {
    let endpoint_name: String = of(&resource.properties, "EndpointName").unwrap_or_default();
    // One that got its name from CloudFormation is replaced under another one.
    let stem = |name: &str| name.rsplit_once('-').map(|(stem, _)| stem.to_owned());
    let is_named = resource.properties.contains_key("InferenceComponentName");
    if let Some(site) = Site::of(&resource.arn) {
        let of_it = world.inference_components.all(&site, &endpoint_name);
        let formers = of_it.filter(|known| {
            known.inference_component_arn == resource.arn
                || (!is_named && stem(&known.inference_component_name) == stem(&resource.name))
        });
        let arns: Vec<String> = formers.map(|known| known.inference_component_arn.clone()).collect();
        for arn in &arns {
            world.inference_components.take(arn);
        }
    }
    let mut rest = resource.properties.clone();
    rest.retain(|key, _| !["InferenceComponentName", "EndpointName", "Tags"].contains(&key.as_str()));
    for (key, value) in &mut rest {
        match (key.as_str(), value) {
            ("Specification", single) => describe_image(single),
            ("Specifications", Value::Array(several)) => several.iter_mut().for_each(describe_image),
            _ => {}
        }
    }
    world.inference_components.push(world::InferenceComponent {
        inference_component_name: resource.name.clone(),
        inference_component_arn: resource.arn.clone(),
        endpoint_name,
        rest,
    });
}

/// An image is asked for by its name, and described as what was deployed of it.
fn describe_image(specification: &mut Value) {
    if let Some(container) = specification.get_mut("Container").and_then(Value::as_object_mut)
        && let Some(image) = container.remove("Image")
    {
        container.insert("DeployedImage".to_owned(), json!({"SpecifiedImage": image}));
    }
}

/// Removes the config that an endpoint left with the models behind it, as CloudFormation does after an update.
fn remove_unused(world: &mut World, former: &world::Endpoint) {
    let Some(site) = Site::of(&former.endpoint_arn) else { return };
    let config = world.endpoint_configs.get(&site, &former.endpoint_config_name);
    let Some(arn) = config.map(|config| config.endpoint_config_arn.clone()) else { return };
    let Some(config) = world.endpoint_configs.take(&arn) else { return };
    let variants = described::variants(&printed(&config)).into_iter();
    let models =
        variants.flat_map(|variant| variant.pools.into_iter().filter_map(|pool| pool.model).chain(variant.model));
    for name in models {
        let arns: Vec<String> = world.models.all(&site, &name).map(|model| model.model_arn.clone()).collect();
        for arn in &arns {
            world.models.take(arn);
        }
    }
}
