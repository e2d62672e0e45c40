//! Endpoints in member accounts, made from what a build exported.
//!
//! A stack set would instantiate the exported template in every account. moto's CloudFormation cannot stand in for that:
//! it ignores `EndpointName` and answers HTTP 500 to a model with `Containers`. So the tests resolve the few properties
//! that matter, and call `CreateModel`, `CreateEndpointConfig` and `CreateEndpoint` themselves, in every member account.
//! Model and endpoint config get names of the tests' own, since the template gives them none.

use std::collections::BTreeMap;

use aws_config::Region;
use aws_sdk_sagemaker::types::{ContainerDefinition, ProductionVariant, ProductionVariantInstanceType};
use serde_json::{Value, json};
use serde_yaml::Value as Yaml;

use super::{Aws, REGION};
use crate::support::Run;

/// What a stack of the exported template with an exported config makes.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub(crate) endpoint: String,
    package: String,
    role: String,
    instance_type: String,
    instances: i32,
}

impl Deployment {
    /// Reads the exported template and a stage's exported config from the folder of the build.
    pub(crate) fn exported(build: &Run, config: &str) -> Self {
        let read = |name: &str| {
            let path = build.folder().join(name);
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let template: Yaml = serde_yaml::from_str(&read("template-export.yml")).expect("YAML");
        let config: Vec<BTreeMap<String, String>> = serde_json::from_str(&read(config)).expect("a list of parameters");
        let parameters = config.iter().map(|one| (one["ParameterKey"].as_str(), one["ParameterValue"].as_str()));
        let stack = Stack { template: &template, parameters: parameters.collect() };
        let variant = &stack.property("EndpointConfig", "ProductionVariants")[0];
        Self {
            endpoint: stack.text(stack.property("Endpoint", "EndpointName")),
            package: stack.text(&stack.property("Model", "Containers")[0]["ModelPackageName"]),
            role: stack.text(stack.property("Model", "ExecutionRoleArn")),
            instance_type: stack.text(&variant["InstanceType"]),
            instances: stack.text(&variant["InitialInstanceCount"]).parse().expect("a number"),
        }
    }

    /// The same, but with another package than the exported one.
    pub(crate) fn serving(&self, package: String) -> Self {
        Self { package, ..self.clone() }
    }
}

/// What an asynchronous endpoint leaves in S3.
pub(crate) enum AsyncResult {
    Output(Value),
    Failure(&'static str),
}

/// A template with the values of its parameters.
struct Stack<'a> {
    template: &'a Yaml,
    parameters: BTreeMap<&'a str, &'a str>,
}

impl Stack<'_> {
    fn property(&self, resource: &str, property: &str) -> &Yaml {
        &self.template["Resources"][resource]["Properties"][property]
    }

    /// A property's text, with `!Ref` and `!Sub` resolved; `${AWS::...}` stays as it is.
    fn text(&self, value: &Yaml) -> String {
        match value {
            Yaml::String(text) => text.clone(),
            Yaml::Tagged(tagged) if tagged.tag == "Ref" => self.parameter(&self.text(&tagged.value)),
            Yaml::Tagged(tagged) if tagged.tag == "Sub" => {
                let mut text = self.text(&tagged.value);
                for (name, value) in &self.parameters {
                    text = text.replace(&format!("${{{name}}}"), value);
                }
                text
            }
            other => panic!("the tests cannot resolve {other:?}"),
        }
    }

    fn parameter(&self, name: &str) -> String {
        let exported = self.parameters.get(name).map(|value| (*value).to_owned());
        exported.unwrap_or_else(|| self.text(&self.template["Parameters"][name]["Default"]))
    }
}

impl Aws {
    /// Makes the endpoint in every one of these accounts.
    pub(crate) fn roll_out(&self, deployment: &Deployment, accounts: &[String]) {
        for account in accounts {
            self.roll_out_in(REGION, deployment, account);
        }
    }

    /// Makes the endpoint in that Region of the account.
    pub(crate) fn roll_out_in(&self, region: &'static str, deployment: &Deployment, account: &str) {
        let config = self.config_of(account).into_builder().region(Region::new(region)).build();
        let client = aws_sdk_sagemaker::Client::new(&config);
        self.runtime.block_on(async {
            let role = deployment.role.replace("${AWS::Partition}", "aws").replace("${AWS::AccountId}", account);
            create_model(&client, "the-model", &role, &deployment.package).await;
            let variant = ProductionVariant::builder()
                .variant_name("AllTraffic")
                .model_name("the-model")
                .instance_type(ProductionVariantInstanceType::from(deployment.instance_type.as_str()))
                .initial_instance_count(deployment.instances)
                .build();
            let config =
                client.create_endpoint_config().endpoint_config_name("the-config").production_variants(variant);
            config.send().await.expect("an endpoint config");
            let endpoint = client.create_endpoint().endpoint_name(&deployment.endpoint);
            endpoint.endpoint_config_name("the-config").send().await.expect("an endpoint");
        });
    }

    /// Another model in an account, from that package.
    pub(crate) fn add_model(&self, account: &str, name: &str, package: &str) {
        let client = aws_sdk_sagemaker::Client::new(&self.config_of(account));
        let role = format!("arn:aws:iam::{account}:role/any");
        self.runtime.block_on(create_model(&client, name, &role, package));
    }

    /// Puts answers into moto's queue, which gives them to the account's next requests to endpoints.
    pub(crate) fn queue_answers(&self, account: &str, answers: &[Value]) {
        let results: Vec<Value> = answers
            .iter()
            .map(|answer| {
                json!({"Body": answer.to_string(), "ContentType": "application/json",
                       "InvokedProductionVariant": "AllTraffic", "CustomAttributes": ""})
            })
            .collect();
        self.queue("endpoint-results", account, &results);
    }

    /// Puts what asynchronous requests of the account leave in S3 into moto's other queue.
    pub(crate) fn queue_async(&self, account: &str, results: &[AsyncResult]) {
        let results: Vec<Value> = results
            .iter()
            .map(|result| match result {
                AsyncResult::Output(value) => json!({"data": value.to_string()}),
                AsyncResult::Failure(message) => json!({"data": message, "is_failure": true}),
            })
            .collect();
        self.queue("async-endpoint-results", account, &results);
    }

    fn queue(&self, name: &str, account: &str, results: &[Value]) {
        let queue = json!({"account_id": account, "region": REGION, "results": results});
        let url = format!("{}/moto-api/static/sagemaker/{name}", self.proxy.state.moto);
        self.runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
            let answer = client.post(url).body(queue.to_string()).send().await.expect("moto is there");
            assert!(answer.status().is_success(), "{answer:?}");
        });
    }
}

async fn create_model(client: &aws_sdk_sagemaker::Client, name: &str, role: &str, package: &str) {
    let container = ContainerDefinition::builder().model_package_name(package).build();
    let created = client.create_model().model_name(name).execution_role_arn(role).containers(container);
    created.send().await.expect("a model");
}
