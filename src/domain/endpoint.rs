//! Endpoints in target accounts: whether they can be tested, and which model they really serve.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Endpoint, model and endpoint config names are at most this long (botocore sagemaker.EndpointName).
pub const MAX_NAME_LENGTH: usize = 63;

/// An endpoint as `DescribeEndpoint` gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    pub name: String,
    /// `EndpointStatus`; a value that AWS adds later is data like any other.
    pub status: String,
    pub config_name: String,
    pub failure_reason: Option<String>,
    pub data_capture: Option<DataCapture>,
    /// By variant: the images that run now, by digest.
    pub deployed_images: Vec<(String, Vec<String>)>,
    /// The config of an update that is under way.
    pub pending_config: Option<String>,
}

/// What an endpoint really captures, as `DescribeEndpoint` summarises it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DataCapture {
    pub enabled: bool,
    pub status: Option<String>,
    pub sampling_percentage: Option<i32>,
    pub destination: Option<String>,
}

/// What a status means for whoever waits to test the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// On its way: asking again makes sense.
    Pending,
    /// It stays as it is until somebody acts.
    Broken,
}

/// Statuses of botocore sagemaker.EndpointStatus; an unknown one is waited for, as it may pass.
pub fn readiness(status: &str) -> Readiness {
    match status {
        "InService" => Readiness::Ready,
        "Failed" | "OutOfService" | "UpdateRollbackFailed" | "Deleting" => Readiness::Broken,
        _ => Readiness::Pending,
    }
}

/// What a broken status means, for somebody who has not met it before.
pub fn explain(status: &str) -> &'static str {
    match status {
        "Failed" => "the endpoint could not be created or updated",
        "OutOfService" => "the endpoint takes no requests",
        "UpdateRollbackFailed" => "an update failed and so did its rollback: old and new instances serve side by side",
        "Deleting" => "the endpoint is being deleted",
        "RollingBack" => "an update failed and the endpoint goes back to its former config",
        _ => "the endpoint is not in service yet",
    }
}

/// A production or shadow variant and the models behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    pub name: String,
    pub shadow: bool,
    /// One, or one for each inference component.
    pub models: Vec<ServedModel>,
    /// The models come by inference components: other ones than ours may be beside it.
    pub by_components: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedModel {
    pub name: String,
    pub containers: Vec<LiveContainer>,
}

/// A container of a live model: from a package, or from an image alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveContainer {
    pub model_package: Option<String>,
    pub image: Option<String>,
}

impl Variant {
    /// Every package that the variant serves, once each.
    pub fn packages(&self) -> Vec<String> {
        let mut packages: Vec<String> = Vec::new();
        for container in self.models.iter().flat_map(|model| &model.containers) {
            if let Some(package) = container.model_package.as_ref().filter(|package| !packages.contains(package)) {
                packages.push(package.clone());
            }
        }
        packages
    }

    pub fn model_names(&self) -> Vec<String> {
        self.models.iter().map(|model| model.name.clone()).collect()
    }

    pub fn images(&self) -> Vec<String> {
        self.models.iter().flat_map(|model| &model.containers).filter_map(|one| one.image.clone()).collect()
    }

    /// What speaks against the variant serving the expected package.
    fn mismatch(&self, expected: &str) -> Option<String> {
        let packages = self.packages();
        // Beside our inference component, those of other models are nobody's fault; another version of ours is.
        let ours = |package: &&String| !self.by_components || group_of(package) == group_of(expected);
        let others: Vec<String> =
            packages.iter().filter(|package| *package != expected).filter(ours).cloned().collect();
        let Self { name, .. } = self;
        let models = self.model_names().join(", ");
        if !others.is_empty() {
            let others = others.join(", ");
            Some(format!("variant {name} serves {others} (model {models}), expected {expected}"))
        } else if packages.iter().any(|package| package == expected) {
            None
        } else {
            let images = self.images();
            let what = if images.is_empty() { "no container".to_owned() } else { images.join(", ") };
            let models = if models.is_empty() { "none".to_owned() } else { models };
            let origin = if packages.is_empty() { "no model package" } else { "other model packages only" };
            Some(format!(
                "variant {name} serves what comes from {origin} ({what}, model {models}), expected {expected}"
            ))
        }
    }
}

/// The group's part of a version ARN: all before the last slash.
fn group_of(package: &str) -> &str {
    package.rsplit_once('/').map_or(package, |(group, _)| group)
}

/// What is live, held against what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveModel {
    /// Every package ARN that the endpoint serves, once each, in the order of the variants.
    pub packages: Vec<String>,
    /// What speaks against the endpoint serving the expected package.
    pub mismatches: Vec<String>,
}

/// Compares every variant with the package that was deployed.
///
/// A shadow variant is there to hold a new model against the one in production, so with one of them it is enough that
/// the package is live in one of the two roles.
pub fn compare(variants: &[Variant], expected: &str) -> LiveModel {
    let mut packages = Vec::new();
    for package in variants.iter().flat_map(Variant::packages) {
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    let mut mismatches: Vec<String> = variants.iter().filter_map(|variant| variant.mismatch(expected)).collect();
    let has_shadow = variants.iter().any(|variant| variant.shadow);
    if has_shadow && variants.iter().any(|variant| variant.mismatch(expected).is_none()) {
        mismatches.clear();
    }
    if variants.is_empty() {
        mismatches.push(format!("the endpoint has no variant, expected {expected}"));
    }
    LiveModel { packages, mismatches }
}

/// Images of the package, by digest, that a variant says it runs otherwise; nothing where it does not say.
pub fn image_mismatches(endpoint: &Endpoint, digests: &[String]) -> Vec<String> {
    let mut mismatches = Vec::new();
    for (variant, images) in endpoint.deployed_images.iter().filter(|(_, images)| !images.is_empty()) {
        for digest in digests.iter().filter(|digest| !images.iter().any(|image| image.contains(digest.as_str()))) {
            let images = images.join(", ");
            mismatches.push(format!("variant {variant} runs {images}, and the package's image has digest {digest}"));
        }
    }
    mismatches
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4";
    const FORMER: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/3";
    const OTHER: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/fraud/9";

    fn variant(name: &str, packages: &[Option<&str>]) -> Variant {
        let containers = packages
            .iter()
            .map(|package| LiveContainer { model_package: package.map(str::to_owned), image: Some("image".into()) })
            .collect();
        let models = vec![ServedModel { name: format!("model-{name}"), containers }];
        Variant { name: name.into(), shadow: false, models, by_components: false }
    }

    #[test]
    fn every_variant_must_serve_the_expected_package() {
        let live = compare(&[variant("a", &[Some(WANTED)]), variant("b", &[None, Some(WANTED)])], WANTED);
        assert_eq!((live.packages.as_slice(), live.mismatches.len()), (&[WANTED.to_owned()][..], 0));
        let live = compare(&[variant("a", &[Some(WANTED)]), variant("b", &[Some(FORMER)])], WANTED);
        assert_eq!(live.packages, [WANTED, FORMER]);
        assert_eq!(live.mismatches, [format!("variant b serves {FORMER} (model model-b), expected {WANTED}")]);
    }

    #[test]
    fn a_model_from_no_package_and_an_endpoint_without_variants_do_not_match() {
        assert_eq!(compare(&[variant("a", &[None])], WANTED).mismatches.len(), 1);
        assert_eq!(compare(&[], WANTED).mismatches.len(), 1);
    }

    #[test]
    fn a_shadow_variant_may_differ_from_production_but_one_of_them_must_match() {
        let shadow = |package| Variant { shadow: true, ..variant("shadow", &[Some(package)]) };
        assert_eq!(compare(&[variant("a", &[Some(FORMER)]), shadow(WANTED)], WANTED).mismatches.len(), 0);
        assert_eq!(compare(&[variant("a", &[Some(FORMER)]), shadow(FORMER)], WANTED).mismatches.len(), 2);
    }

    #[test]
    fn inference_components_of_other_models_may_stand_beside_ours() {
        let components = |packages: &[Option<&str>]| Variant { by_components: true, ..variant("a", packages) };
        assert_eq!(compare(&[components(&[Some(OTHER), Some(WANTED)])], WANTED).mismatches.len(), 0);
        assert_eq!(compare(&[components(&[Some(OTHER)])], WANTED).mismatches.len(), 1);
        assert_eq!(compare(&[components(&[Some(FORMER), Some(WANTED)])], WANTED).mismatches.len(), 1);
    }

    #[test]
    fn a_running_image_is_held_against_the_digest_of_the_package() {
        let digest = "sha256:aa".to_owned();
        let endpoint = |image: &str| Endpoint {
            name: "e".into(),
            status: "InService".into(),
            config_name: "c".into(),
            failure_reason: None,
            data_capture: None,
            deployed_images: vec![("a".into(), vec![image.to_owned()]), ("silent".into(), Vec::new())],
            pending_config: None,
        };
        assert_eq!(image_mismatches(&endpoint("repo/iris@sha256:aa"), std::slice::from_ref(&digest)), [""; 0]);
        assert_eq!(image_mismatches(&endpoint("repo/iris@sha256:bb"), &[digest]).len(), 1);
    }

    #[test]
    fn a_status_that_is_not_known_is_waited_for() {
        assert_eq!(readiness("InService"), Readiness::Ready);
        assert_eq!(readiness("Warming"), Readiness::Pending);
        assert_eq!(readiness("UpdateRollbackFailed"), Readiness::Broken);
    }
}
