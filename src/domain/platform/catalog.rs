//! The project template where Studio finds it: as a product of Service Catalog, or as an object in S3.

pub(crate) mod constraint;
pub(crate) mod cors;
pub(crate) mod launch_role;
pub(crate) mod placement;
pub(crate) mod principal;
pub(crate) mod product;
pub(crate) mod reader;
pub(crate) mod rights;
pub(crate) mod studio;
pub(crate) mod token;
pub(crate) mod version;

/// What makes a product, or an object, a project template for Studio (SageMaker Developer Guide, "Create Custom Project
/// Templates").
pub(crate) const VISIBLE: (&str, &str) = ("sagemaker:studio-visibility", "true");

/// Whether a thing with these tags is shown.
pub(crate) fn is_visible(tags: &[(String, String)]) -> bool {
    tags.iter().any(|(key, value)| (key.as_str(), value.as_str()) == VISIBLE)
}

/// How a missing or other value of the tag is told.
fn told_tag(tags: &[(String, String)]) -> Option<String> {
    tags.iter().find(|(key, _)| key == VISIBLE.0).map(|(key, value)| format!("{key}={value}"))
}
