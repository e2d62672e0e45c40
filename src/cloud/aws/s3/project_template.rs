//! Project templates in a bucket: an object with its tags, and what lets Studio read it in a browser.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CorsConfiguration, CorsRule as Rule, Tag, Tagging};

use super::super::connection::Aws;
use super::super::error::{cloud_error, unsendable};
use super::client::{S3, about, client};
use crate::cloud::CloudResult;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::digest::{sha256, sha256_base64};
use crate::domain::platform::catalog::cors::CorsRule;
use crate::domain::platform::catalog::studio::Stored;

const YAML: &str = "application/yaml";
const PUT: &str = "s3:PutObject";
const NO_CORS: &str = "NoSuchCORSConfiguration";

type Tags = [(String, String)];

impl Aws {
    /// The object in a template's place.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) async fn stored_template(&self, place: &S3Uri) -> CloudResult<Option<Stored>> {
        let s3 = S3::own(&self.api);
        let Some(object) = self.explain(super::object(&s3, place).await).await? else { return Ok(None) };
        let answer = s3
            .client
            .call("s3:GetObjectTagging", |client| {
                client.get_object_tagging().bucket(&place.bucket).key(&place.key).send()
            })
            .await;
        let answer = answer.map_err(|error| about(place, cloud_error("s3:GetObjectTagging", &error)));
        let tags = self.explain(answer).await?.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect();
        Ok(Some(Stored { digest: sha256(&object.bytes), tags }))
    }

    /// Puts a template with its tags in one call, so that neither is there without the other.
    ///
    /// # Errors
    /// S3 refuses.
    pub(crate) async fn put_template(&self, place: &S3Uri, text: &str, tags: &Tags) -> CloudResult<()> {
        let url = reqwest::Url::parse_with_params("s3://tags", tags).map_err(|error| unsendable(PUT, error))?;
        let request = |client: &Client| {
            let request = client.put_object().bucket(&place.bucket).key(&place.key).content_type(YAML);
            let request =
                request.checksum_sha256(sha256_base64(text.as_bytes())).set_tagging(url.query().map(str::to_owned));
            request.body(ByteStream::from(text.as_bytes().to_vec())).send()
        };
        let put = client(&self.api).call(PUT, request).await;
        self.explain(put.map(|_| ()).map_err(|error| about(place, cloud_error(PUT, &error)))).await
    }

    /// Gives an object these tags in the place of all that it has.
    ///
    /// # Errors
    /// S3 refuses.
    pub(crate) async fn tag_template(&self, place: &S3Uri, tags: &Tags) -> CloudResult<()> {
        const OPERATION: &str = "s3:PutObjectTagging";
        let tag = |(key, value): &(String, String)| Tag::builder().key(key).value(value).build();
        let tags = tags.iter().map(tag).collect::<Result<Vec<_>, _>>();
        let tagging = tags.and_then(|tags| Tagging::builder().set_tag_set(Some(tags)).build());
        let tagging = tagging.map_err(|error| unsendable(OPERATION, error))?;
        let request = |client: &Client| {
            client.put_object_tagging().bucket(&place.bucket).key(&place.key).tagging(tagging.clone()).send()
        };
        let put = client(&self.api).call(OPERATION, request).await;
        self.explain(put.map(|_| ()).map_err(|error| about(place, cloud_error(OPERATION, &error)))).await
    }

    /// The CORS rules of a bucket.
    ///
    /// # Errors
    /// They cannot be read.
    pub(crate) async fn cors_rules(&self, bucket: &str) -> CloudResult<Vec<CorsRule>> {
        const OPERATION: &str = "s3:GetBucketCORS";
        let answer = client(&self.api).call(OPERATION, |client| client.get_bucket_cors().bucket(bucket).send()).await;
        match answer.map_err(|error| cloud_error(OPERATION, &error)) {
            Ok(answer) => Ok(answer.cors_rules.unwrap_or_default().into_iter().map(read).collect()),
            Err(error) if error.code.as_deref() == Some(NO_CORS) => Ok(Vec::new()),
            Err(error) => self.explain(Err(error)).await,
        }
    }

    /// Gives a bucket these rules in the place of all that it has.
    ///
    /// # Errors
    /// S3 refuses.
    pub(crate) async fn put_cors_rules(&self, bucket: &str, rules: &[CorsRule]) -> CloudResult<()> {
        const OPERATION: &str = "s3:PutBucketCORS";
        let rules = rules.iter().map(written).collect::<Result<Vec<_>, _>>();
        let configuration = rules.and_then(|rules| CorsConfiguration::builder().set_cors_rules(Some(rules)).build());
        let configuration = configuration.map_err(|error| unsendable(OPERATION, error))?;
        let request =
            |client: &Client| client.put_bucket_cors().bucket(bucket).cors_configuration(configuration.clone()).send();
        self.explain(
            client(&self.api)
                .call(OPERATION, request)
                .await
                .map(|_| ())
                .map_err(|error| cloud_error(OPERATION, &error)),
        )
        .await
    }
}

fn read(rule: Rule) -> CorsRule {
    CorsRule {
        id: rule.id,
        methods: rule.allowed_methods,
        origins: rule.allowed_origins,
        headers: rule.allowed_headers.unwrap_or_default(),
        exposed: rule.expose_headers.unwrap_or_default(),
        max_age_seconds: rule.max_age_seconds,
    }
}

fn written(rule: &CorsRule) -> Result<Rule, aws_sdk_s3::error::BuildError> {
    let some = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
    Rule::builder()
        .set_id(rule.id.clone())
        .set_allowed_methods(some(&rule.methods))
        .set_allowed_origins(some(&rule.origins))
        .set_allowed_headers(some(&rule.headers))
        .set_expose_headers(some(&rule.exposed))
        .set_max_age_seconds(rule.max_age_seconds)
        .build()
}
