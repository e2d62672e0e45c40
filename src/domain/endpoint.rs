//! Endpoints in target accounts: whether they can be tested, and which model they really serve.

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
}

/// What an endpoint really captures, as `DescribeEndpoint` summarises it.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
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

/// A production or shadow variant and the containers of its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    pub name: String,
    pub model_name: String,
    pub containers: Vec<LiveContainer>,
}

/// A container of a live model: from a package, or from an image alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveContainer {
    pub model_package: Option<String>,
    pub image: Option<String>,
}

/// What is live, held against what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveModel {
    /// Every package ARN that the endpoint serves, once each, in the order of the variants.
    pub packages: Vec<String>,
    /// What speaks against the endpoint serving the expected package and nothing else.
    pub mismatches: Vec<String>,
}

/// Compares every variant's containers with the package that was deployed.
///
/// A model of several containers matches if one of them is the package and no other package is among them.
pub fn compare(variants: &[Variant], expected: &str) -> LiveModel {
    let mut live = LiveModel { packages: Vec::new(), mismatches: Vec::new() };
    for variant in variants {
        let packages: Vec<&str> =
            variant.containers.iter().filter_map(|container| container.model_package.as_deref()).collect();
        for package in &packages {
            if !live.packages.iter().any(|known| known == package) {
                live.packages.push((*package).to_owned());
            }
        }
        let others: Vec<&str> = packages.iter().copied().filter(|package| *package != expected).collect();
        let Variant { name, model_name, .. } = variant;
        if !others.is_empty() {
            let others = others.join(", ");
            live.mismatches.push(format!("variant {name} serves {others} (model {model_name}), expected {expected}"));
        } else if packages.is_empty() {
            let images: Vec<&str> =
                variant.containers.iter().filter_map(|container| container.image.as_deref()).collect();
            let what = if images.is_empty() { "no container".to_owned() } else { images.join(", ") };
            live.mismatches.push(format!(
                "variant {name} serves a model that comes from no model package ({what}, model {model_name}), \
                 expected {expected}"
            ));
        }
    }
    if variants.is_empty() {
        live.mismatches.push(format!("the endpoint has no variant, expected {expected}"));
    }
    live
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4";
    const FORMER: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/3";

    fn variant(name: &str, packages: &[Option<&str>]) -> Variant {
        let containers = packages
            .iter()
            .map(|package| LiveContainer { model_package: package.map(str::to_owned), image: Some("image".into()) })
            .collect();
        Variant { name: name.into(), model_name: format!("model-{name}"), containers }
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
    fn a_status_that_is_not_known_is_waited_for() {
        assert_eq!(readiness("InService"), Readiness::Ready);
        assert_eq!(readiness("Warming"), Readiness::Pending);
        assert_eq!(readiness("UpdateRollbackFailed"), Readiness::Broken);
    }
}
