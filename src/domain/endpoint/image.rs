//! The images that run, held against the digests of the package.

use std::collections::BTreeSet;

use super::live::{LiveModel, Serves};
use super::status::Endpoint;
use super::variant::{LiveContainer, Variant};
use crate::domain::registry::model_package::{Container, ModelPackage};

/// Images that a variant runs and the package does not have, on the variants that serve it; nothing where the endpoint
/// does not say what it runs.
pub(crate) fn image_mismatches(
    endpoint: &Endpoint,
    variants: &[Variant],
    live: &LiveModel,
    package: &ModelPackage,
) -> Vec<String> {
    let mut mismatches = Vec::new();
    for (variant, verdicts) in variants.iter().zip(&live.verdicts) {
        mismatches.extend(named_beside(variant, verdicts, package));
        let Some((_, running)) = endpoint.deployed_images.iter().find(|(name, _)| *name == variant.name) else {
            continue;
        };
        let registered = of_variant(variant, verdicts, package);
        if running.is_empty() || registered.is_empty() {
            continue;
        }
        let name = &variant.name;
        let digests: BTreeSet<&str> = registered.iter().filter_map(|container| container.digest()).collect();
        let lacking: Vec<&&str> =
            digests.iter().filter(|digest| !running.iter().any(|image| image.contains(**digest))).collect();
        mismatches.extend(lacking.iter().map(|digest| {
            let running = running.join(", ");
            format!("variant {name} runs {running}, and the package's image has digest {digest}")
        }));
        // Of components of other models beside ours, nothing is known.
        if !lacking.is_empty() || variant.parts.iter().any(|part| part.component.is_some()) {
            continue;
        }
        let other = |image: &&String| {
            let mut same = registered.iter().filter(|one| repository(one.image()) == repository(image)).peekable();
            same.peek().is_some() && same.all(|one| one.digest().is_some_and(|digest| !image.contains(digest)))
        };
        let others = running.iter().filter(other);
        mismatches.extend(others.map(|image| format!("variant {name} runs {image}, which the package does not have")));
    }
    mismatches
}

/// Images that models name beside the package that they come from, and that it does not have.
fn named_beside(variant: &Variant, verdicts: &[Serves], package: &ModelPackage) -> Vec<String> {
    let ours =
        ours(variant, verdicts).filter_map(|(model, container)| Some((model, container.image.as_ref()?, container)));
    let others = ours.filter(|(_, image, container)| {
        let mut registered = package.specification(container.specification.as_deref()).iter();
        !registered.any(|one| one.image() == *image || one.digest().is_some_and(|digest| image.contains(digest)))
    });
    let text = |(model, image, _): (&str, &String, _)| {
        format!("variant {} runs {image} (model {model}), which the package does not have", variant.name)
    };
    others.map(text).collect()
}

/// The package's containers that are live; where nothing of it is, those that it would run by itself.
pub(crate) fn registered_containers<'p>(
    variants: &[Variant],
    live: &LiveModel,
    package: &'p ModelPackage,
) -> Vec<&'p Container> {
    let mut containers: Vec<&Container> = Vec::new();
    for (variant, verdicts) in variants.iter().zip(&live.verdicts) {
        for container in of_variant(variant, verdicts, package) {
            if !containers.contains(&container) {
                containers.push(container);
            }
        }
    }
    if containers.is_empty() { package.containers.iter().collect() } else { containers }
}

/// The package's containers that a variant runs.
fn of_variant<'p>(variant: &Variant, verdicts: &[Serves], package: &'p ModelPackage) -> Vec<&'p Container> {
    let live = ours(variant, verdicts);
    live.flat_map(|(_, container)| package.specification(container.specification.as_deref())).collect()
}

/// The containers of a variant that come from the package, with the names of their models.
fn ours<'v>(variant: &'v Variant, verdicts: &[Serves]) -> impl Iterator<Item = (&'v str, &'v LiveContainer)> {
    let parts = variant.parts.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Serves::Package);
    let models = parts.filter_map(|(part, _)| part.model());
    let containers = models.flat_map(|model| model.containers.iter().map(|container| (model.name.as_str(), container)));
    containers.filter(|(_, container)| container.model_package.is_some())
}

/// An image's name without tag and digest.
fn repository(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    let start = name.rfind('/').map_or(0, |at| at + 1);
    name[start..].find(':').map_or(name, |at| &name[..start + at])
}

#[cfg(test)]
mod tests {
    use super::super::live::{LiveAs, compare};
    use super::super::variant::{Part, Served, ServedModel};
    use super::*;

    const PACKAGE: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/2";
    const OTHER: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1";

    fn container(image: &str, digest: &str) -> Container {
        Container { image: Some(image.to_owned()), image_digest: Some(digest.to_owned()), ..Container::default() }
    }

    fn part(instance_type: &str, package: &str, specification: Option<&str>) -> Part {
        let container = LiveContainer {
            model_package: Some(package.to_owned()),
            specification: specification.map(str::to_owned),
            image: None,
        };
        let serves = Served::Model(ServedModel { name: "m".to_owned(), containers: vec![container] });
        Part { component: None, instance_type: Some(instance_type.to_owned()), serves }
    }

    fn mismatches(parts: Vec<Part>, running: &[&str]) -> Vec<String> {
        let package = ModelPackage {
            arn: PACKAGE.to_owned(),
            containers: vec![container("host/iris:1", "sha256:aa")],
            more_specifications: [("gpu".to_owned(), vec![container("host/iris-gpu:1", "sha256:bb")])].into(),
            ..ModelPackage::default()
        };
        let endpoint = Endpoint {
            name: "e".into(),
            status: "InService".into(),
            config_name: "c".into(),
            failure_reason: None,
            data_capture: None,
            deployed_images: vec![("a".into(), running.iter().map(|image| (*image).to_owned()).collect())],
            pending_config: None,
        };
        let variants = [Variant { name: "a".to_owned(), shadow: false, parts }];
        let live = compare(&endpoint, &variants, PACKAGE, LiveAs::Production);
        image_mismatches(&endpoint, &variants, &live, &package)
    }

    #[test]
    fn a_running_image_is_held_against_the_digest_of_the_package() {
        let one = || vec![part("g6", PACKAGE, None)];
        assert_eq!(mismatches(one(), &["host/iris@sha256:aa"]), [""; 0]);
        assert_eq!(mismatches(one(), &["host/iris@sha256:bb"]).len(), 1);
        // An endpoint that does not say what it runs, and a variant that serves another version anyway
        assert_eq!(mismatches(one(), &[]), [""; 0]);
        assert_eq!(mismatches(vec![part("g6", OTHER, None)], &["host/iris@sha256:cc"]), [""; 0]);
    }

    #[test]
    fn an_image_that_a_model_names_beside_its_package_is_one_of_the_package() {
        let named = |image: &str| {
            let mut part = part("g6", PACKAGE, None);
            let Served::Model(model) = &mut part.serves else { panic!("a model") };
            model.containers[0].image = Some(image.to_owned());
            mismatches(vec![part], &[])
        };
        assert_eq!((named("host/iris:1"), named("host/iris@sha256:aa")), (vec![], vec![]));
        let other = "variant a runs host/iris:2 (model m), which the package does not have";
        assert_eq!(named("host/iris:2"), [other]);
    }

    #[test]
    fn each_pool_has_its_image_and_no_pool_another_one() {
        let two = || vec![part("c7i", PACKAGE, None), part("g6", PACKAGE, Some("gpu"))];
        assert_eq!(mismatches(two(), &["host/iris@sha256:aa", "host/iris-gpu@sha256:bb"]), [""; 0]);
        assert_eq!(mismatches(two(), &["host/iris@sha256:aa"]).len(), 1);
        let moved = mismatches(two(), &["host/iris@sha256:aa", "host/iris-gpu@sha256:bb", "host/iris:1@sha256:cc"]);
        assert_eq!(moved, ["variant a runs host/iris:1@sha256:cc, which the package does not have"]);
    }

    #[test]
    fn a_repository_is_named_without_tag_and_digest() {
        for image in ["h:1/a/b", "h:1/a/b:2", "h:1/a/b@sha256:aa", "h:1/a/b:2@sha256:aa"] {
            assert_eq!(repository(image), "h:1/a/b");
        }
    }
}
