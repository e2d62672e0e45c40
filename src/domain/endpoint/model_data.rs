//! The model data of live models, held against the package that they come from.

use super::image::ours;
use super::live::LiveModel;
use super::variant::Variant;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::registry::model_package::{Container, ModelPackage};

/// Model data that models name beside the package that they come from, and that it does not have.
pub(crate) fn data_beside(variants: &[Variant], live: &LiveModel, package: &ModelPackage) -> Vec<String> {
    let mut beside = Vec::new();
    for (variant, verdicts) in variants.iter().zip(&live.verdicts) {
        for (model, container) in ours(variant, verdicts) {
            let registered = package.specification(container.specification.as_deref());
            let others = container.data.iter().filter(|place| !registered.iter().any(|one| has(one, place)));
            let name = &variant.name;
            beside.extend(others.map(|place| {
                format!("variant {name} serves from {place} (model {model}), which the package does not have")
            }));
        }
    }
    beside
}

fn has(container: &Container, place: &str) -> bool {
    let uri = |place: &str| place.parse::<S3Uri>().ok();
    let same = |registered: &String| {
        registered == place || uri(registered).is_some_and(|registered| uri(place) == Some(registered))
    };
    container.model_data.iter().chain(&container.more_data).any(same)
}

#[cfg(test)]
mod tests {
    use super::super::live::Serves;
    use super::super::variant::{LiveContainer, Part, Served, ServedModel};
    use super::*;

    #[test]
    fn model_data_that_a_model_names_beside_its_package_is_the_packages() {
        let beside = |place: &str| {
            let container = LiveContainer {
                model_package: Some("package".to_owned()),
                data: vec![place.to_owned()],
                ..LiveContainer::default()
            };
            let model = ServedModel { name: "m".to_owned(), containers: vec![container], ..ServedModel::default() };
            let serves = Served::Model(model);
            let part = Part { component: None, instance_type: None, serves, deployed: None, doubts: Vec::new() };
            let variant = Variant { name: "a".to_owned(), parts: vec![part], ..Variant::default() };
            let (packages, mismatches, unproven) = (Vec::new(), Vec::new(), Vec::new());
            let live = LiveModel { packages, mismatches, unproven, verdicts: vec![vec![Serves::Package]] };
            let registered = Container {
                model_data: Some("s3://b/model.tar.gz".to_owned()),
                more_data: vec!["s3://b/manifest".to_owned()],
                ..Container::default()
            };
            let package = ModelPackage { containers: vec![registered], ..ModelPackage::default() };
            data_beside(&[variant], &live, &package)
        };
        assert_eq!((beside("s3://b/model.tar.gz"), beside("s3://b/manifest")), (vec![], vec![]));
        assert_eq!(beside("https://b.s3.eu-central-1.amazonaws.com/model.tar.gz"), [""; 0]);
        let said = "variant a serves from s3://b/other.tar.gz (model m), which the package does not have";
        assert_eq!(beside("s3://b/other.tar.gz"), [said]);
    }
}
