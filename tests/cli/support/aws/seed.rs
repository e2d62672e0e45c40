//! What an AWS is filled with before a run, through the SDK: an organization, a model registry.

use std::collections::HashMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sagemaker::types::{
    InferenceSpecification, MetadataProperties, ModelApprovalStatus, ModelPackageContainerDefinition,
};
use modeldeploy::cloud::aws::{Http, SdkSettings};

use super::super::project::GROUP;
use super::{Aws, REGION, SEED_KEY, Unit};

impl Aws {
    /// A unit with that many accounts directly in it; `staging/nested` is a child of `staging`, which must be there.
    pub(crate) fn with_unit(mut self, path: &str, accounts: usize) -> Self {
        let root = self.root.take().unwrap_or_else(|| self.create_organization());
        let (parent, name) = match path.rsplit_once('/') {
            Some((parent, name)) => (self.unit(parent).to_owned(), name),
            None => (root.clone(), path),
        };
        let client = aws_sdk_organizations::Client::new(&self.config_of(self.account()));
        let unit = self.runtime.block_on(async {
            let created = client.create_organizational_unit().parent_id(parent).name(name).send().await;
            let unit = created.expect("a unit").organizational_unit.expect("in the answer");
            let mut unit = Unit { id: unit.id.expect("an id"), accounts: Vec::new() };
            for number in 1..=accounts {
                let name = format!("{}-{number}", path.replace('/', "-"));
                let created = client.create_account().account_name(&name).email(format!("{name}@example.com"));
                let status = created.send().await.expect("an account").create_account_status.expect("in the answer");
                let id = status.account_id.expect("an id");
                move_account(&client, &id, &root, &unit.id).await;
                unit.accounts.push(id);
            }
            unit
        });
        self.units.insert(path.to_owned(), unit);
        self.root = Some(root);
        self
    }

    fn create_organization(&self) -> String {
        let client = aws_sdk_organizations::Client::new(&self.config_of(self.account()));
        self.runtime.block_on(async {
            client.create_organization().send().await.expect("an organization");
            let roots = client.list_roots().send().await.expect("the root").roots.expect("in the answer");
            roots[0].id.clone().expect("an id")
        })
    }

    /// The id of a unit.
    pub(crate) fn unit(&self, path: &str) -> &str {
        &self.units.get(path).unwrap_or_else(|| panic!("no unit {path}")).id
    }

    pub(crate) fn has_unit(&self, path: &str) -> bool {
        self.units.contains_key(path)
    }

    /// The accounts directly in a unit, in the order of their creation.
    pub(crate) fn accounts(&self, path: &str) -> &[String] {
        &self.units.get(path).unwrap_or_else(|| panic!("no unit {path}")).accounts
    }

    pub(crate) fn close_account(&self, id: &str) {
        let client = aws_sdk_organizations::Client::new(&self.config_of(self.account()));
        self.runtime.block_on(client.close_account().account_id(id).send()).expect("an open account");
    }

    pub(crate) fn move_management_account_into(&self, path: &str) {
        let client = aws_sdk_organizations::Client::new(&self.config_of(self.account()));
        let root = self.root.as_deref().expect("an organization");
        self.runtime.block_on(move_account(&client, self.account(), root, self.unit(path)));
    }

    /// The project's group with packages of these approval states, the oldest first.
    pub(crate) fn with_packages<'s>(self, approvals: impl IntoIterator<Item = &'s str>) -> Self {
        let client = aws_sdk_sagemaker::Client::new(&self.config_of(self.account()));
        self.runtime.block_on(async {
            // A group that is there is left as it is by moto.
            client.create_model_package_group().model_package_group_name(GROUP).send().await.expect("a group");
            for approval in approvals {
                client
                    .create_model_package()
                    .model_package_group_name(GROUP)
                    .model_approval_status(ModelApprovalStatus::from(approval))
                    .model_package_description("a model of the tests")
                    .inference_specification(inference(IMAGE, Some(DIGEST), Some("s3://artifacts/churn/model.tar.gz")))
                    .metadata_properties(MetadataProperties::builder().commit_id("4b825dc642cb").build())
                    .set_customer_metadata_properties(Some(HashMap::from([("accuracy".to_owned(), "0.97".to_owned())])))
                    .send()
                    .await
                    .expect("a package");
            }
        });
        self
    }

    /// A further, approved package of that image and model data.
    pub(crate) fn add_package(&self, image: &str, data: Option<&str>) {
        let client = aws_sdk_sagemaker::Client::new(&self.config_of(self.account()));
        self.runtime.block_on(async {
            client.create_model_package_group().model_package_group_name(GROUP).send().await.expect("a group");
            client
                .create_model_package()
                .model_package_group_name(GROUP)
                .model_approval_status(ModelApprovalStatus::Approved)
                .inference_specification(inference(image, None, data))
                .send()
                .await
                .expect("a package");
        });
    }

    /// The ARN of a version of the project's group.
    pub(crate) fn package(&self, version: usize) -> String {
        format!("arn:aws:sagemaker:{REGION}:{}:model-package/{GROUP}/{version}", self.account())
    }

    /// The ARN of the project's group.
    pub(crate) fn group(&self) -> String {
        format!("arn:aws:sagemaker:{REGION}:{}:model-package-group/{GROUP}", self.account())
    }

    /// SDK settings for calls of the test itself in an account.
    pub(super) fn config_of(&self, account: &str) -> SdkConfig {
        let credentials = Credentials::new(format!("{SEED_KEY}{account}"), "seed", None, None, "the test");
        SdkConfig::builder()
            .http_client(SdkSettings::read().and_then(|settings| Http::new(&settings)).expect("a client").of_services())
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(self.url())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }
}

async fn move_account(client: &aws_sdk_organizations::Client, id: &str, from: &str, to: &str) {
    let moved = client.move_account().account_id(id).source_parent_id(from).destination_parent_id(to);
    moved.send().await.expect("an account in the root");
}

const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1.4";

const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn inference(image: &str, digest: Option<&str>, data: Option<&str>) -> InferenceSpecification {
    let container = ModelPackageContainerDefinition::builder()
        .image(image)
        .set_image_digest(digest.map(str::to_owned))
        .set_model_data_url(data.map(str::to_owned))
        .build();
    InferenceSpecification::builder()
        .containers(container)
        .supported_content_types("text/csv")
        .supported_response_mime_types("application/json")
        .build()
}
