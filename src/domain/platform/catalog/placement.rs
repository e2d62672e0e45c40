//! Where the rendered template is put: a bucket, a prefix, and the key below it.

use crate::domain::aws::partition::Partition;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::Finding;
use crate::domain::platform::seed::content_key;

/// The service's guide of 2021 demands this ending, and today's does not (Service Catalog, "Creating Products").
const CONTENT_NAME: &str = "project.template";

/// A template in S3, named by its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredTemplate {
    pub digest: String,
    pub place: S3Uri,
    /// As `LoadTemplateFromURL` takes it.
    pub url: String,
}

impl StoredTemplate {
    pub(crate) fn new(bucket: &str, prefix: &str, digest: &str, region: &str) -> Self {
        let place = S3Uri { bucket: bucket.to_owned(), key: content_key(prefix, digest, CONTENT_NAME) };
        Self { digest: digest.to_owned(), url: https(&place, region), place }
    }
}

/// The address of an object.
pub(crate) fn https(place: &S3Uri, region: &str) -> String {
    let suffix = Partition::of_region(region).dns_suffix;
    let S3Uri { bucket, key } = place;
    // No certificate fits a bucket's own host name with dots in it.
    if bucket.contains('.') {
        format!("https://s3.{region}.{suffix}/{bucket}/{key}")
    } else {
        format!("https://{bucket}.s3.{region}.{suffix}/{key}")
    }
}

/// What is wrong with a prefix that has to stand in a URL as it is.
pub(crate) fn prefix_finding(prefix: &str) -> Option<Finding> {
    let fits = |any: char| any.is_ascii_alphanumeric() || "-_./".contains(any);
    let wrong = !prefix.chars().all(fits) || prefix.contains("//") || prefix.trim_matches('/').len() > 512;
    wrong.then(|| {
        Finding::error(format!("\"{}\" is not a prefix of a template's key", prefix.escape_debug()))
            .hint("use letters, digits, \"-\", \"_\", \".\" and \"/\", for example modeldeploy/templates")
    })
}

/// The name of a template's file in Studio: of the product's name, in what a project's `TemplateName` may hold.
///
/// # Errors
/// Nothing of the name can stand there, or too much.
pub(crate) fn file_name(product: &str) -> Result<String, Finding> {
    /// `TemplateName` of `CreateProject` (botocore).
    const MAX: usize = 32;
    let letters = product.chars().map(|any| if any.is_ascii_alphanumeric() { any.to_ascii_lowercase() } else { ' ' });
    let words: String = letters.collect();
    let name = words.split_whitespace().collect::<Vec<_>>().join("-");
    if (1..=MAX).contains(&name.len()) {
        return Ok(format!("{name}.yml"));
    }
    Err(Finding::error(format!("\"{product}\" gives a template in S3 no usable name"))
        .cause(format!("in letters, digits and hyphens it is \"{name}\", and SageMaker takes 1 to {MAX} of them"))
        .hint("give a shorter --product"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_the_address_of_its_bucket() {
        let url = |bucket: &str, region: &str| StoredTemplate::new(bucket, "a/b/", "0f", region).url;
        assert_eq!(url("seeds", "eu-west-1"), "https://seeds.s3.eu-west-1.amazonaws.com/a/b/0f.template");
        assert_eq!(url("my.seeds", "cn-north-1"), "https://s3.cn-north-1.amazonaws.com.cn/my.seeds/a/b/0f.template");
    }

    #[test]
    fn a_prefix_stands_in_a_url_as_it_is() {
        for fits in ["", "modeldeploy/templates", "a/", "A-1_2.x/b"] {
            assert_eq!(prefix_finding(fits), None, "{fits}");
        }
        for wrong in ["a b", "a//b", "ü", "a?b", "a\nb", &"a".repeat(513)] {
            assert!(prefix_finding(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn a_file_is_named_after_its_product() {
        assert_eq!(file_name("Multi-account model  deployment!"), Ok("multi-account-model-deployment.yml".to_owned()));
        assert!(file_name("???").is_err());
        assert!(file_name(&"a".repeat(33)).is_err());
    }
}
