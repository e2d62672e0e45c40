//! The offline world: the whole pipeline on a laptop, with no account and no network.

pub mod world;

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use self::world::{Body, Container, DataCapture, OrganizationNode, RecordedInvocation, World};
use super::error::Kind;
use super::model_server::ModelServer;
use super::{Cloud, CloudError, CloudResult, Invocation, Object, Page, Streamed, Ticket};
use crate::domain::arn::{Arn, partition_of_region};
use crate::domain::endpoint::{Endpoint, LiveContainer, ServedModel, Variant};
use crate::domain::expectation::Answer;
use crate::domain::model_package::{self, GroupRef, ModelPackage, ModelPackageSummary};
use crate::domain::organization::{Account, Unit, UnitId};
use crate::domain::roll_out::{Resource, RollOut};
use crate::domain::s3_uri::S3Uri;
use crate::domain::test_suite::RequestOptions;

/// A world that answers like a cloud, and that a roll-out changes.
#[derive(Debug)]
pub struct Offline {
    region: String,
    world: RefCell<World>,
    /// Objects in S3, which last as long as the command does.
    objects: RefCell<BTreeMap<String, Object>>,
    server: Option<ModelServer>,
}

impl Offline {
    /// A world whose endpoints answer from recordings, or through `server` if there is one.
    pub fn new(world: World, server: Option<ModelServer>) -> Self {
        Self { region: world.region.clone(), world: RefCell::new(world), objects: RefCell::default(), server }
    }

    /// The world as it is now.
    pub fn world(&self) -> Ref<'_, World> {
        self.world.borrow()
    }

    /// Puts what a template makes of a stage's parameters into an account; answers what became of each endpoint.
    pub fn deploy(&self, roll_out: &RollOut) -> Vec<String> {
        use crate::domain::roll_out::Kind as Resource;
        let mut world = self.world.borrow_mut();
        let mut changes = Vec::new();
        for resource in &roll_out.resources {
            match resource.kind {
                Resource::Model => put_model(&mut world, resource),
                Resource::EndpointConfig => put_endpoint_config(&mut world, resource),
                Resource::Endpoint => changes.push(put_endpoint(&mut world, resource)),
            }
        }
        changes
    }
}

/// An account and Region: names alone are not enough, as every one has the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    account: String,
    region: String,
}

impl Site {
    fn of(arn: &str) -> Option<Self> {
        arn.parse::<Arn>().ok().map(|arn| Self { account: arn.account, region: arn.region })
    }

    fn has(&self, arn: &str) -> bool {
        Self::of(arn).as_ref() == Some(self)
    }
}

fn of<T: serde::de::DeserializeOwned>(properties: &Map<String, Value>, key: &str) -> Option<T> {
    serde_json::from_value(properties.get(key)?.clone()).ok()
}

fn put_model(world: &mut World, resource: &Resource) {
    world.models.retain(|model| model.model_arn != resource.arn);
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
    world.endpoint_configs.retain(|config| config.endpoint_config_arn != resource.arn);
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
    let is_config = |config: &&world::EndpointConfig| {
        config.endpoint_config_name == config_name && Site::of(&config.endpoint_config_arn) == Site::of(&resource.arn)
    };
    let config = world.endpoint_configs.iter().find(is_config);
    let variants: Vec<Value> = config
        .map(|config| config.production_variants.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|variant| json!({"VariantName": variant.variant_name}))
        .collect();
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
        }
    });
    let former = world.endpoints.iter().position(|endpoint| endpoint.endpoint_arn == resource.arn);
    let former = former.map(|at| world.endpoints.remove(at));
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
        rest: Map::from_iter([("ProductionVariants".to_owned(), Value::Array(variants))]),
    });
    if let Some(former) = former.filter(|former| former.endpoint_config_name != config_name) {
        remove_unused(world, &former);
    }
    format!("endpoint {} {change}", resource.name)
}

/// Removes the config that an endpoint left with the models behind it, as CloudFormation does after an update.
fn remove_unused(world: &mut World, former: &world::Endpoint) {
    let Some(site) = Site::of(&former.endpoint_arn) else { return };
    let is_it = |config: &world::EndpointConfig| {
        config.endpoint_config_name == former.endpoint_config_name && site.has(&config.endpoint_config_arn)
    };
    let Some(at) = world.endpoint_configs.iter().position(is_it) else { return };
    let config = world.endpoint_configs.remove(at);
    let variants = config.production_variants.into_iter().chain(config.shadow_production_variants);
    let models: Vec<String> = variants.map(|variant| variant.model_name).collect();
    world.models.retain(|model| !(models.contains(&model.model_name) && site.has(&model.model_arn)));
}

impl World {
    fn group(&self, name: &str) -> Option<&world::ModelPackageGroup> {
        self.model_package_groups.iter().find(|group| group.model_package_group_name == name)
    }

    fn node<T>(&self, parent: &UnitId, read: impl FnOnce(&OrganizationNode) -> T) -> Option<T> {
        let mut open: Vec<&OrganizationNode> = self.roots.iter().collect();
        while let Some(node) = open.pop() {
            if node.id == parent.as_str() {
                return Some(read(node));
            }
            open.extend(&node.organizational_units);
        }
        None
    }

    /// The model of that name at a site.
    fn model(&self, site: &Site, name: &str) -> CloudResult<ServedModel> {
        let model = self.models.iter().find(|known| known.model_name == name && site.has(&known.model_arn));
        let what = || format!("model \"{name}\" in {}", site.account);
        let model = model.ok_or_else(|| not_found("sagemaker:DescribeModel", &what()))?;
        let containers = model.primary_container.iter().chain(&model.containers);
        let container = |container: &Container| LiveContainer {
            model_package: container.model_package_name.clone(),
            image: container.image.clone(),
        };
        Ok(ServedModel { name: name.to_owned(), containers: containers.map(container).collect() })
    }

    fn endpoint(&self, site: &Site, name: &str) -> Option<&world::Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.endpoint_name == name && site.has(&endpoint.endpoint_arn))
    }

    fn variants(&self, site: &Site, config_name: &str) -> CloudResult<Vec<Variant>> {
        let config = self
            .endpoint_configs
            .iter()
            .find(|config| config.endpoint_config_name == config_name && site.has(&config.endpoint_config_arn));
        let what = || format!("endpoint config \"{config_name}\" in {}", site.account);
        let config = config.ok_or_else(|| not_found("sagemaker:DescribeEndpointConfig", &what()))?;
        let production = config.production_variants.iter().map(|variant| (variant, false));
        let shadow = config.shadow_production_variants.iter().map(|variant| (variant, true));
        let variant = |(variant, shadow): (&world::Variant, bool)| {
            let by_components = variant.model_name.is_empty();
            let models = if by_components { Vec::new() } else { vec![self.model(site, &variant.model_name)?] };
            Ok(Variant { name: variant.variant_name.clone(), shadow, models, by_components })
        };
        production.chain(shadow).map(variant).collect()
    }
}

fn not_found(operation: &str, what: &str) -> CloudError {
    CloudError::new(Kind::NotFound, operation, format!("the offline world has no {what}"))
}

fn unusable(operation: &str, error: &dyn std::fmt::Display) -> CloudError {
    CloudError::new(Kind::Other, operation, format!("the offline world is not consistent: {error}"))
}

impl Cloud for Offline {
    type Access = Site;

    fn region(&self) -> &str {
        &self.region
    }

    async fn account(&self) -> CloudResult<String> {
        Ok(self.world.borrow().caller.account.clone())
    }

    async fn model_package_group(&self, group: &GroupRef) -> CloudResult<Option<Arn>> {
        const OPERATION: &str = "sagemaker:DescribeModelPackageGroup";
        let world = self.world.borrow();
        let Some(known) = world.group(&group.name) else {
            return Ok(None);
        };
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
        Ok(found.map(|(group, package)| described(group, package)))
    }

    async fn group_policy(&self, group: &str) -> CloudResult<Option<String>> {
        Ok(self.world.borrow().group(group).and_then(|group| group.resource_policy.clone()))
    }

    async fn put_group_policy(&self, group: &str, policy: &str) -> CloudResult<()> {
        let mut world = self.world.borrow_mut();
        let known = world.model_package_groups.iter_mut().find(|known| known.model_package_group_name == group);
        let known = known.ok_or_else(|| {
            not_found("sagemaker:PutModelPackageGroupPolicy", &format!("model package group \"{group}\""))
        })?;
        known.resource_policy = Some(policy.to_owned());
        Ok(())
    }

    async fn accounts_in(&self, parent: &UnitId) -> CloudResult<Vec<Account>> {
        const OPERATION: &str = "organizations:ListAccountsForParent";
        let world = self.world.borrow();
        let accounts = world.node(parent, |node| node.accounts.clone());
        let accounts = accounts.ok_or_else(|| not_found(OPERATION, &format!("unit {parent}")))?;
        accounts
            .into_iter()
            .map(|account| {
                Ok(Account {
                    id: account.id.parse().map_err(|error| unusable(OPERATION, &error))?,
                    arn: account.arn,
                    name: account.name,
                    state: account.state,
                    status: account.status,
                })
            })
            .collect()
    }

    async fn units_in(&self, parent: &UnitId) -> CloudResult<Vec<Unit>> {
        const OPERATION: &str = "organizations:ListOrganizationalUnitsForParent";
        let world = self.world.borrow();
        let units = world.node(parent, |node| {
            node.organizational_units
                .iter()
                .map(|unit| {
                    let id = unit.id.parse().map_err(|error| unusable(OPERATION, &error))?;
                    Ok(Unit { id, name: unit.name.clone() })
                })
                .collect::<CloudResult<Vec<_>>>()
        });
        units.ok_or_else(|| not_found(OPERATION, &format!("unit {parent}")))?
    }

    async fn assume_role(&self, role: &Arn, region: &str, _session_name: &str) -> CloudResult<Site> {
        Ok(Site { account: role.account.clone(), region: region.to_owned() })
    }

    async fn endpoint(&self, site: &Site, name: &str) -> CloudResult<Option<Endpoint>> {
        let world = self.world.borrow();
        Ok(world.endpoint(site, name).map(|endpoint| Endpoint {
            name: endpoint.endpoint_name.clone(),
            status: endpoint.endpoint_status.clone(),
            config_name: endpoint.endpoint_config_name.clone(),
            failure_reason: endpoint.failure_reason.clone(),
            data_capture: endpoint.data_capture_config.clone().map(|capture| crate::domain::endpoint::DataCapture {
                enabled: capture.enable_capture,
                status: capture.capture_status,
                sampling_percentage: capture.current_sampling_percentage,
                destination: capture.destination_s3_uri,
            }),
            deployed_images: endpoint.deployed_images(),
            pending_config: endpoint
                .rest
                .get("PendingDeploymentSummary")
                .and_then(|pending| pending["EndpointConfigName"].as_str())
                .map(str::to_owned),
        }))
    }

    async fn variants(&self, site: &Site, endpoint: &Endpoint) -> CloudResult<Vec<Variant>> {
        self.world.borrow().variants(site, &endpoint.config_name)
    }

    async fn invoke(&self, site: &Site, invocation: &Invocation<'_>) -> CloudResult<Answer> {
        self.stream(site, invocation).await.map(|streamed| streamed.answer)
    }

    async fn stream(&self, site: &Site, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        let (variant, packages) = self.live(site, invocation.endpoint)?;
        if let Some(server) = &self.server {
            let streamed = server.stream(invocation).await?;
            self.record(invocation, packages.first().cloned(), &streamed.answer);
            return Ok(streamed);
        }
        let options = invocation.options;
        let world = self.world.borrow();
        let recorded = world.invocations.iter().find(|recorded| {
            recorded.content_type == options.content_type
                && recorded.accept == options.accept
                && recorded.body.bytes() == invocation.body
                && recorded.model_package_name.as_ref().is_none_or(|package| packages.contains(package))
        });
        let answer = match recorded.map(|recorded| (&recorded.response, &recorded.error)) {
            Some((Some(response), _)) => Answer::Body {
                content_type: response.content_type.clone(),
                bytes: response.body.bytes().to_vec(),
                variant,
            },
            Some((None, Some(error))) => Answer::ModelError {
                status: error.original_status_code,
                message: error.original_message.clone(),
                log: None,
            },
            Some((None, None)) | None => return Err(no_recording(invocation, &packages)),
        };
        // A recording answers at once, so its first byte is there at once, too.
        Ok(Streamed { answer, first_byte: Some(Duration::ZERO) })
    }

    async fn invoke_async(
        &self,
        site: &Site,
        invocation: &Invocation<'_>,
        _input: Option<&S3Uri>,
    ) -> CloudResult<Ticket> {
        let answer = self.stream(site, invocation).await?.answer;
        let mut objects = self.objects.borrow_mut();
        let place = |kind: &str| S3Uri { bucket: "offline".to_owned(), key: format!("{kind}/{}", objects.len()) };
        let ticket = Ticket { output: place("output"), failure: Some(place("failure")) };
        let (uri, object) = match answer {
            Answer::Body { content_type, bytes, .. } => (&ticket.output, Object { content_type, bytes }),
            Answer::ModelError { message, .. } => (
                ticket.failure.as_ref().unwrap_or(&ticket.output),
                Object { content_type: None, bytes: message.into() },
            ),
        };
        objects.insert(uri.to_string(), object);
        Ok(ticket)
    }

    async fn object(&self, _site: &Site, uri: &S3Uri) -> CloudResult<Option<Object>> {
        self.own_object(uri).await
    }

    async fn own_object(&self, uri: &S3Uri) -> CloudResult<Option<Object>> {
        Ok(self.objects.borrow().get(&uri.to_string()).cloned())
    }

    /// Model data is no part of the world, so it always is what was registered.
    async fn entity_tag(&self, _site: &Site, uri: &S3Uri) -> CloudResult<Option<String>> {
        let world = self.world.borrow();
        let packages = world.model_package_groups.iter().flat_map(|group| &group.model_packages);
        let mut containers = packages.flat_map(containers);
        let registered = containers.find(|container| container.model_data.as_deref() == Some(&uri.to_string()));
        Ok(registered.and_then(|container| container.model_data_etag))
    }

    async fn put_object(&self, _site: &Site, uri: &S3Uri, object: &Object) -> CloudResult<()> {
        self.objects.borrow_mut().insert(uri.to_string(), object.clone());
        Ok(())
    }
}

impl Offline {
    /// The first variant of an endpoint, and every package that it serves.
    fn live(&self, site: &Site, name: &str) -> CloudResult<(Option<String>, Vec<String>)> {
        let world = self.world.borrow();
        let endpoint = world.endpoint(site, name).ok_or_else(|| {
            not_found("sagemaker:InvokeEndpoint", &format!("endpoint \"{name}\" in {}", site.account))
        })?;
        let variants = world.variants(site, &endpoint.endpoint_config_name)?;
        let packages = variants.iter().flat_map(Variant::packages).collect();
        Ok((variants.first().map(|variant| variant.name.clone()), packages))
    }

    /// Keeps an answer of the model server, so that the world can give it again without one.
    fn record(&self, invocation: &Invocation<'_>, model_package_name: Option<String>, answer: &Answer) {
        let (response, error) = match answer {
            Answer::Body { content_type, bytes, .. } => {
                (Some(world::Response { content_type: content_type.clone(), body: Body::new(bytes) }), None)
            }
            Answer::ModelError { status, message, .. } => {
                (None, Some(world::ModelError { original_status_code: *status, original_message: message.clone() }))
            }
        };
        let recorded = RecordedInvocation {
            model_package_name,
            content_type: invocation.options.content_type.clone(),
            accept: invocation.options.accept.clone(),
            body: Body::new(invocation.body),
            response,
            error,
        };
        let mut world = self.world.borrow_mut();
        let same = |known: &RecordedInvocation| {
            known.model_package_name == recorded.model_package_name
                && known.content_type == recorded.content_type
                && known.accept == recorded.accept
                && known.body == recorded.body
        };
        world.invocations.retain(|known| !same(known));
        world.invocations.push(recorded);
    }
}

fn no_recording(invocation: &Invocation<'_>, packages: &[String]) -> CloudError {
    let RequestOptions { content_type, accept, .. } = invocation.options;
    let packages = if packages.is_empty() { "no model package".to_owned() } else { packages.join(", ") };
    let message = format!(
        "the offline world has no recorded answer of {packages} to this request (content type {content_type}, accept \
         {accept}, {} bytes)",
        invocation.body.len()
    );
    CloudError::new(Kind::NotRecorded, "sagemaker:InvokeEndpoint", message)
}

fn described(group: &world::ModelPackageGroup, package: &world::ModelPackage) -> ModelPackage {
    let text = |key: &str| package.rest.get(key).and_then(Value::as_str).map(str::to_owned);
    let lineage = [
        ("commitId", "CommitId"),
        ("generatedBy", "GeneratedBy"),
        ("projectId", "ProjectId"),
        ("repository", "Repository"),
    ];
    let lineage = lineage.into_iter().filter_map(|(ours, theirs)| {
        let value = package.rest.get("MetadataProperties")?[theirs].as_str()?;
        Some((ours.to_owned(), value.to_owned()))
    });
    ModelPackage {
        arn: package.model_package_arn.clone(),
        group: group.model_package_group_name.clone(),
        version: package.model_package_version,
        status: package.model_package_status.clone(),
        approval_status: package.model_approval_status.clone(),
        approval_description: text("ApprovalDescription"),
        description: text("ModelPackageDescription"),
        created_at: package.creation_time.timestamp(),
        containers: containers(package),
        metadata: of(&package.rest, "CustomerMetadataProperties").unwrap_or_default(),
        lineage: lineage.collect(),
    }
}

fn containers(package: &world::ModelPackage) -> Vec<model_package::Container> {
    let containers = package.rest.get("InferenceSpecification").and_then(|spec| spec["Containers"].as_array());
    containers.map(Vec::as_slice).unwrap_or_default().iter().map(container).collect()
}

fn container(definition: &Value) -> model_package::Container {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    model_package::Container {
        image: text(&definition["Image"]).unwrap_or_default(),
        image_digest: text(&definition["ImageDigest"]),
        model_data: text(&definition["ModelDataUrl"])
            .or_else(|| text(&definition["ModelDataSource"]["S3DataSource"]["S3Uri"])),
        model_data_etag: text(&definition["ModelDataETag"]),
        environment: definition["Environment"].as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default(),
    }
}
