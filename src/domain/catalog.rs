//! The project template where Studio finds it: as a product of Service Catalog, or as an object in S3.

pub mod constraint;
pub mod cors;
pub mod launch_role;
pub mod placement;
pub mod principal;
pub mod product;
pub mod reader;
pub mod rights;
pub mod studio;
pub mod token;
pub mod version;

/// What makes a product, or an object, a project template for Studio (SageMaker Developer Guide, "Create Custom Project
/// Templates").
pub const VISIBLE: (&str, &str) = ("sagemaker:studio-visibility", "true");

/// Whether a thing with these tags is shown.
pub fn is_visible(tags: &[(String, String)]) -> bool {
    tags.iter().any(|(key, value)| (key.as_str(), value.as_str()) == VISIBLE)
}

/// How a missing or other value of the tag is told.
fn told_tag(tags: &[(String, String)]) -> Option<String> {
    tags.iter().find(|(key, _)| key == VISIBLE.0).map(|(key, value)| format!("{key}={value}"))
}
