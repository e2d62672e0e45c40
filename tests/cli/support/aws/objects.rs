//! Objects in moto's S3, for a test to put and to look at.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;

use super::Aws;

impl Aws {
    /// A new bucket; its name is this test's own, as all tests share moto's buckets.
    pub(crate) fn bucket(&self, purpose: &str) -> String {
        let name = format!("{purpose}-{}", self.account());
        self.runtime.block_on(self.s3().create_bucket().bucket(&name).send()).expect("a bucket");
        name
    }

    /// Puts an object and gives back its entity tag.
    pub(crate) fn put_object(&self, bucket: &str, key: &str, bytes: &[u8]) -> String {
        let put = self.s3().put_object().bucket(bucket).key(key).body(ByteStream::from(bytes.to_vec()));
        self.runtime.block_on(put.send()).expect("a bucket").e_tag.expect("in the answer")
    }

    pub(crate) fn delete_object(&self, bucket: &str, key: &str) {
        let deleted = self.s3().delete_object().bucket(bucket).key(key);
        self.runtime.block_on(deleted.send()).expect("a bucket");
    }

    /// The object's bytes, if it is there; part by part, since the client takes no large answer as a whole.
    pub(crate) fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        const PART: usize = 8 << 20;
        self.runtime.block_on(async {
            let client = self.s3();
            let mut bytes = Vec::new();
            loop {
                let range = format!("bytes={}-{}", bytes.len(), bytes.len() + PART - 1);
                let Ok(part) = client.get_object().bucket(bucket).key(key).range(range).send().await else {
                    return Some(bytes).filter(|bytes| !bytes.is_empty());
                };
                let part = part.body.collect().await.expect("bytes").to_vec();
                let is_last = part.len() < PART;
                bytes.extend(part);
                if is_last {
                    return Some(bytes);
                }
            }
        })
    }

    pub(super) fn s3(&self) -> Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config_of(self.account()));
        Client::from_conf(config.force_path_style(true).build())
    }
}

impl Aws {
    pub(crate) fn bucket_policy(&self, bucket: &str) -> Option<serde_json::Value> {
        let asked = self.runtime.block_on(self.s3().get_bucket_policy().bucket(bucket).send());
        let text = asked.ok()?.policy?;
        Some(serde_json::from_str(&text).expect("a policy is JSON"))
    }

    pub(crate) fn set_bucket_policy(&self, bucket: &str, policy: &serde_json::Value) {
        let put = self.s3().put_bucket_policy().bucket(bucket).policy(policy.to_string());
        self.runtime.block_on(put.send()).expect("a bucket");
    }
}
