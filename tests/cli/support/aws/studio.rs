//! What Studio and Service Catalog need around them: roles in IAM, domains, tags; for a test to make and to look at.

use std::collections::BTreeMap;
use std::sync::Mutex;

use aws_sdk_s3::types::CorsRule;
use serde_json::{Value, json};

use super::answer::RawAnswer;
use super::call::Call;
use super::{Aws, REGION};

/// Tags of domains, by ARN, which moto keeps none of.
#[derive(Debug, Default)]
pub(super) struct DomainTags(Mutex<BTreeMap<String, BTreeMap<String, String>>>);

impl DomainTags {
    /// The answer to a call about the tags of a domain, `None` to any other.
    pub(super) fn answer(&self, call: &Call) -> Option<RawAnswer> {
        if !["sagemaker:ListTags", "sagemaker:AddTags"].contains(&call.action.as_str()) {
            return None;
        }
        let request = call.json();
        let arn = request["ResourceArn"].as_str().filter(|arn| arn.contains(":domain/"))?;
        let mut all = self.0.lock().expect("not poisoned");
        let tags = all.entry(arn.to_owned()).or_default();
        for tag in request["Tags"].as_array().into_iter().flatten() {
            let text = |key: &str| tag[key].as_str().expect("text").to_owned();
            tags.insert(text("Key"), text("Value"));
        }
        let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        Some(RawAnswer::json(200, &json!({"Tags": tags})))
    }
}

impl Aws {
    /// A call of the test's own in Service Catalog.
    pub(crate) fn catalog(&self, operation: &str, request: &Value) -> Value {
        self.proxy.state.catalog.call(operation, request)
    }

    /// All that is in Service Catalog.
    pub(crate) fn whole_catalog(&self) -> Value {
        self.proxy.state.catalog.everything()
    }

    /// Products and versions are made only after they were asked for that often.
    pub(crate) fn catalog_is_slow(&self, times: usize) {
        self.proxy.state.catalog.is_slow(times);
    }

    /// A role that these services may take on; its ARN.
    pub(crate) fn role(&self, path: &str, name: &str, services: &[&str]) -> String {
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}]});
        let trust = trust.to_string();
        self.call_iam(
            self.account(),
            "CreateRole",
            &[("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", &trust)],
        );
        format!("arn:aws:iam::{}:role{path}{name}", self.account())
    }

    /// A managed policy on a role. moto has AWS's own only on demand, so this one is the account's.
    pub(crate) fn attach_policy(&self, role: &str, name: &str, document: &Value) {
        let document = document.to_string();
        self.call_iam(self.account(), "CreatePolicy", &[("PolicyName", name), ("PolicyDocument", &document)]);
        let arn = format!("arn:aws:iam::{}:policy/{name}", self.account());
        self.call_iam(self.account(), "AttachRolePolicy", &[("RoleName", role), ("PolicyArn", &arn)]);
    }

    /// A domain of Studio; its id.
    pub(crate) fn domain(&self, name: &str) -> String {
        let client = aws_sdk_sagemaker::Client::new(&self.config_of(self.account()));
        let role = format!("arn:aws:iam::{}:role/Studio", self.account());
        let settings = aws_sdk_sagemaker::types::UserSettings::builder().execution_role(role).build();
        let created = client
            .create_domain()
            .domain_name(name)
            .auth_mode(aws_sdk_sagemaker::types::AuthMode::Iam)
            .default_user_settings(settings)
            .vpc_id("vpc-1")
            .subnet_ids("subnet-1");
        let arn = self.runtime.block_on(created.send()).expect("a domain").domain_arn.expect("in the answer");
        arn.rsplit('/').next().expect("an id").to_owned()
    }

    fn domain_arn(&self, id: &str) -> String {
        format!("arn:aws:sagemaker:{REGION}:{}:domain/{id}", self.account())
    }

    pub(crate) fn tag_domain(&self, id: &str, key: &str, value: &str) {
        let client = aws_sdk_sagemaker::Client::new(&self.config_of(self.account()));
        let tag = aws_sdk_sagemaker::types::Tag::builder().key(key).value(value).build();
        let added = client.add_tags().resource_arn(self.domain_arn(id)).tags(tag);
        self.runtime.block_on(added.send()).expect("a domain");
    }

    pub(crate) fn domain_tags(&self, id: &str) -> BTreeMap<String, String> {
        let client = aws_sdk_sagemaker::Client::new(&self.config_of(self.account()));
        let listed = self.runtime.block_on(client.list_tags().resource_arn(self.domain_arn(id)).send());
        let tags = listed.expect("a domain").tags.unwrap_or_default().into_iter();
        tags.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())).collect()
    }

    pub(crate) fn object_tags(&self, bucket: &str, key: &str) -> BTreeMap<String, String> {
        let listed = self.s3().get_object_tagging().bucket(bucket).key(key).send();
        let tags = self.runtime.block_on(listed).expect("an object").tag_set.into_iter();
        tags.map(|tag| (tag.key, tag.value)).collect()
    }

    pub(crate) fn tag_object(&self, bucket: &str, key: &str, tags: &[(&str, &str)]) {
        let tag = |(key, value): &(&str, &str)| {
            aws_sdk_s3::types::Tag::builder().key(*key).value(*value).build().expect("a tag")
        };
        let tagging = aws_sdk_s3::types::Tagging::builder().set_tag_set(Some(tags.iter().map(tag).collect()));
        let tagging = tagging.build().expect("tags");
        let put = self.s3().put_object_tagging().bucket(bucket).key(key).tagging(tagging);
        self.runtime.block_on(put.send()).expect("an object");
    }

    /// Ids of a bucket's CORS rules, with their origins.
    pub(crate) fn cors(&self, bucket: &str) -> Vec<(Option<String>, Vec<String>)> {
        let rules = self.runtime.block_on(self.s3().get_bucket_cors().bucket(bucket).send());
        let rules = rules.ok().and_then(|answer| answer.cors_rules).unwrap_or_default();
        rules.into_iter().map(|rule| (rule.id, rule.allowed_origins)).collect()
    }

    pub(crate) fn put_cors(&self, bucket: &str, id: &str, origin: &str) {
        let rule = CorsRule::builder().id(id).allowed_methods("GET").allowed_origins(origin).max_age_seconds(60);
        let rule = rule.build().expect("a rule");
        let rules = aws_sdk_s3::types::CorsConfiguration::builder().cors_rules(rule).build().expect("rules");
        self.runtime
            .block_on(self.s3().put_bucket_cors().bucket(bucket).cors_configuration(rules).send())
            .expect("a bucket");
    }

    /// Keys of a bucket.
    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        let listed = self.runtime.block_on(self.s3().list_objects_v2().bucket(bucket).send()).expect("a bucket");
        listed.contents.unwrap_or_default().into_iter().filter_map(|object| object.key).collect()
    }
}
