//! What access depends on, in moto: policies of buckets, keys and repositories.

use aws_sdk_kms::types::GrantOperation;
use aws_sdk_s3::types::ServerSideEncryption;
use serde_json::Value;

use super::{Aws, REGION};

impl Aws {
    pub(crate) fn put_bucket_policy(&self, bucket: &str, policy: &Value) {
        let put = self.s3().put_bucket_policy().bucket(bucket).policy(policy.to_string());
        self.runtime.block_on(put.send()).expect("a bucket");
    }

    /// Puts an object that is encrypted with a key in KMS, with metadata and a tag.
    pub(crate) fn put_encrypted_object(&self, bucket: &str, key: &str, kms_key: &str) {
        let put = self
            .s3()
            .put_object()
            .bucket(bucket)
            .key(key)
            .body(b"weights".to_vec().into())
            .content_type("application/x-tar")
            .metadata("run", "42")
            .tagging("team=vision")
            .server_side_encryption(ServerSideEncryption::AwsKms)
            .ssekms_key_id(kms_key);
        self.runtime.block_on(put.send()).expect("a bucket");
    }

    /// What belongs to an object: its type, metadata, key and tags.
    pub(crate) fn belongings(&self, bucket: &str, key: &str) -> [Option<String>; 4] {
        self.runtime.block_on(async {
            let head = self.s3().head_object().bucket(bucket).key(key).send().await.expect("an object");
            let tags = self.s3().get_object_tagging().bucket(bucket).key(key).send().await.expect("an object");
            let run = head.metadata.as_ref().and_then(|metadata| metadata.get("run").cloned());
            let tag = tags.tag_set.first().map(|tag| format!("{}={}", tag.key(), tag.value()));
            [head.content_type, run, head.ssekms_key_id, tag]
        })
    }

    fn kms(&self) -> aws_sdk_kms::Client {
        aws_sdk_kms::Client::new(&self.config_of(self.account()))
    }

    /// A new key; gives back its ARN.
    pub(crate) fn key(&self, policy: &Value) -> String {
        let created = self.runtime.block_on(self.kms().create_key().policy(policy.to_string()).send());
        created.expect("a key").key_metadata.expect("in the answer").arn.expect("an ARN")
    }

    pub(crate) fn put_key_policy(&self, key: &str, policy: &Value) {
        let put = self.kms().put_key_policy().key_id(key).policy_name("default").policy(policy.to_string());
        self.runtime.block_on(put.send()).expect("a key");
    }

    pub(crate) fn grant_decryption(&self, key: &str, grantee: &str) {
        let grant =
            self.kms().create_grant().key_id(key).grantee_principal(grantee).operations(GrantOperation::Decrypt);
        self.runtime.block_on(grant.send()).expect("a key");
    }

    /// The id of the organization.
    pub(crate) fn organization(&self) -> String {
        let client = aws_sdk_organizations::Client::new(&self.config_of(self.account()));
        let described = self.runtime.block_on(client.describe_organization().send()).expect("an organization");
        described.organization.and_then(|organization| organization.id).expect("an id")
    }

    fn ecr(&self) -> aws_sdk_ecr::Client {
        aws_sdk_ecr::Client::new(&self.config_of(self.account()))
    }

    /// A new repository with an image; gives back the image's name.
    pub(crate) fn repository(&self, name: &str) -> String {
        const MANIFEST: &str = r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": "sha256:44136f"},
            "layers": []}"#;
        self.runtime.block_on(async {
            self.ecr().create_repository().repository_name(name).send().await.expect("a repository");
            let put = self.ecr().put_image().repository_name(name).image_tag("1").image_manifest(MANIFEST);
            put.send().await.expect("an image");
        });
        format!("{}.dkr.ecr.{REGION}.amazonaws.com/{name}:1", self.account())
    }

    pub(crate) fn put_repository_policy(&self, name: &str, policy: &Value) {
        let put = self.ecr().set_repository_policy().repository_name(name).policy_text(policy.to_string());
        self.runtime.block_on(put.send()).expect("a repository");
    }
}
