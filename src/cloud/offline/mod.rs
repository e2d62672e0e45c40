//! The offline world: the whole pipeline on a laptop, with no account and no network.

mod access;
mod deployment;
mod lookup;
mod sites;
pub mod world;

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, json};

use self::lookup::described_package;
use self::world::{Body, RecordedInvocation, World};
use super::described::texts;
use super::error::Kind;
use super::model_server::ModelServer;
use super::{Cloud, CloudError, CloudResult, Invocation, Object, Page, Streamed, Ticket, Upload};
use crate::domain::access::{Image, ImageState, KeyGrant, ObjectFacts, Registry, RepositoryPolicy, StoredObject};
use crate::domain::arn::Arn;
use crate::domain::endpoint::{Endpoint, Variant};
use crate::domain::expectation::Answer;
use crate::domain::model_package::{Container, GroupRef, ModelPackage, ModelPackageSummary};
use crate::domain::organization::{Account, Unit, UnitId};
use crate::domain::partition::partition_of_region;
use crate::domain::roll_out::RollOut;
use crate::domain::s3_uri::S3Uri;
use crate::domain::test_suite::RequestOptions;
use crate::files::Opened;

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
        deployment::put(&mut self.world.borrow_mut(), roll_out)
    }
}

/// An account and Region: names alone are not enough, as every one has the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    account: String,
    region: String,
}

impl Site {
    fn of(arn: &str) -> Option<Self> {
        arn.parse::<Arn>().ok().map(|arn| Self { account: arn.account, region: arn.region })
    }
}

/// A key of the world file, and the command that prints what belongs there.
#[derive(Clone, Copy)]
struct Section(&'static str, &'static str);

impl Section {
    const ROOTS: Self = Self("Roots", "aws organizations list-accounts-for-parent");
    const GROUPS: Self = Self("ModelPackageGroups", "aws sagemaker describe-model-package-group");
    const ENDPOINTS: Self = Self("Endpoints", "aws sagemaker describe-endpoint");
    const ENDPOINT_CONFIGS: Self = Self("EndpointConfigs", "aws sagemaker describe-endpoint-config");
    const MODELS: Self = Self("Models", "aws sagemaker describe-model");
    const BUCKETS: Self = Self("Buckets", "aws s3api get-bucket-policy");
    const OWNERS: Self = Self("Buckets, as the bucket's Owner", "aws s3api get-bucket-acl");
    const OBJECTS: Self = Self("Buckets, among the bucket's Objects", "aws s3api list-objects-v2 --fetch-owner");
    const KEYS: Self = Self("Keys", "aws kms get-key-policy");
    const REPOSITORIES: Self = Self("Repositories", "aws ecr get-repository-policy");
    const IMAGES: Self = Self("Repositories, as the repository's imageDetails", "aws ecr describe-images");

    fn advice(self) -> String {
        let Self(key, command) = self;
        format!("add it to the world's {key}: \"{command}\" prints it")
    }
}

fn not_found(operation: &str, what: &str, section: Section) -> CloudError {
    let message = format!("the offline world has no {what}");
    CloudError { advice: Some(section.advice()), ..CloudError::new(Kind::NotFound, operation, message) }
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
                Section::GROUPS,
            )
        })?;
        known.resource_policy = Some(policy.to_owned());
        Ok(())
    }

    async fn accounts_in(&self, parent: &UnitId, page: &dyn Fn(Vec<Account>)) -> CloudResult<()> {
        const OPERATION: &str = "organizations:ListAccountsForParent";
        let world = self.world.borrow();
        let path = world.path_of(parent).unwrap_or_default();
        let accounts = world.node(parent, |node| node.accounts.clone());
        let accounts = accounts.ok_or_else(|| not_found(OPERATION, &format!("unit {parent}"), Section::ROOTS))?;
        let accounts = accounts.into_iter().map(|account| {
            let known = Account {
                id: account.id.parse().map_err(|error| unusable(OPERATION, &error))?,
                arn: account.arn,
                name: account.name,
                state: account.state,
                status: account.status,
                paths: account.rest.get("Paths").map(texts).unwrap_or_default(),
            };
            Ok(known.placed(&path))
        });
        page(accounts.collect::<CloudResult<_>>()?);
        Ok(())
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
        units.ok_or_else(|| not_found(OPERATION, &format!("unit {parent}"), Section::ROOTS))?
    }

    async fn assume_role(&self, role: &Arn, region: &str, _session_name: &str) -> CloudResult<Site> {
        Ok(Site { account: role.account.clone(), region: region.to_owned() })
    }

    async fn endpoint(&self, site: &Site, name: &str) -> CloudResult<Option<Endpoint>> {
        Ok(self.world.borrow().endpoint(site, name))
    }

    async fn variants(&self, site: &Site, endpoint: &Endpoint) -> CloudResult<Vec<Variant>> {
        self.world.borrow().variants(site, endpoint)
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

    async fn copy_own_object(&self, uri: &S3Uri, copy: &Opened) -> CloudResult<bool> {
        let objects = self.objects.borrow();
        let Some(object) = objects.get(&uri.to_string()) else { return Ok(false) };
        copy.add(&object.bytes).map_err(|error| unusable("s3:GetObject", &error))?;
        Ok(true)
    }

    async fn has_object(&self, uri: &S3Uri) -> CloudResult<bool> {
        Ok(self.objects.borrow().contains_key(&uri.to_string()))
    }

    async fn upload(&self, uri: &S3Uri, content: &Upload<'_>) -> CloudResult<bool> {
        let object = Object { content_type: None, bytes: content.bytes.to_vec() };
        Ok(self.objects.borrow_mut().insert(uri.to_string(), object).is_none())
    }

    /// Model data is no part of the world, so it is what was registered, unless the world has a tag of the object itself.
    async fn entity_tag(&self, _site: &Site, uri: &S3Uri) -> CloudResult<Option<String>> {
        let world = self.world.borrow();
        if let Some(tag) = world.entity_tag(uri) {
            return Ok(Some(tag));
        }
        let groups = world.model_package_groups.iter();
        let packages = groups.flat_map(|group| group.model_packages.iter().map(move |package| (group, package)));
        let mut packages = packages.filter_map(|(group, package)| described_package(group, package).ok());
        let tag = |package: ModelPackage| {
            let mut data = package.all_containers().flat_map(Container::tagged_data);
            data.find(|(place, _)| *place == uri.to_string()).map(|(_, tag)| tag.to_owned())
        };
        Ok(packages.find_map(tag))
    }

    async fn put_object(&self, _site: &Site, uri: &S3Uri, object: &Object) -> CloudResult<()> {
        self.objects.borrow_mut().insert(uri.to_string(), object.clone());
        Ok(())
    }

    async fn bucket_policy(&self, bucket: &str) -> CloudResult<Option<String>> {
        Ok(self.world.borrow().bucket("s3:GetBucketPolicy", bucket)?.policy.clone())
    }

    async fn bucket_owner(&self, bucket: &str) -> CloudResult<String> {
        self.world.borrow().owner_of_bucket(bucket)
    }

    async fn stored_objects(&self, uri: &S3Uri) -> CloudResult<Vec<StoredObject>> {
        self.world.borrow().stored_objects(uri)
    }

    async fn object_facts(&self, uri: &S3Uri) -> CloudResult<Option<ObjectFacts>> {
        self.world.borrow().object_facts(uri)
    }

    async fn take_over(&self, object: &StoredObject) -> CloudResult<()> {
        self.world.borrow_mut().take_over(&object.uri)
    }

    async fn key_policy(&self, key: &str) -> CloudResult<String> {
        Ok(self.world.borrow().key("kms:GetKeyPolicy", key)?.policy.clone())
    }

    async fn key_grants(&self, key: &str) -> CloudResult<Vec<KeyGrant>> {
        Ok(self.world.borrow().key("kms:ListGrants", key)?.grants.iter().map(world::Grant::known).collect())
    }

    async fn repository_policy(&self, registry: &Registry) -> CloudResult<RepositoryPolicy> {
        self.world.borrow().repository_policy(registry)
    }

    async fn image_state(&self, image: &Image) -> CloudResult<ImageState> {
        self.world.borrow().image_state(image)
    }
}

impl Offline {
    /// The first variant of an endpoint, and every package that it serves.
    fn live(&self, site: &Site, name: &str) -> CloudResult<(Option<String>, Vec<String>)> {
        let world = self.world.borrow();
        let endpoint = world.endpoint(site, name).ok_or_else(|| {
            let what = format!("endpoint \"{name}\" in {}", site.account);
            not_found("sagemaker:InvokeEndpoint", &what, Section::ENDPOINTS)
        })?;
        let variants = world.variants(site, &endpoint)?;
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
