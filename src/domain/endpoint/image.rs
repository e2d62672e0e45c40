//! The images that run, held against the digests of the package.

use super::live::{LiveModel, Serves};
use super::running::{DeployedImage, Identity, RunningVariant, digest_in};
use super::status::Endpoint;
use super::variant::{LiveContainer, Variant, once_each};
use crate::domain::registry::model_package::{Container, ModelPackage};

/// What speaks against the images of the package being those that run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ImageComparison {
    pub mismatches: Vec<String>,
    pub unproven: Vec<String>,
}

/// An image that may run: the package's, or that of a container which comes from no package.
#[derive(Clone, Copy)]
struct KnownImage<'a> {
    image: &'a str,
    digest: Option<&'a str>,
}

/// Holds the images that run against the package, on the variants that serve it; nothing where the endpoint does not say
/// what it runs.
pub(crate) fn compare_images(
    endpoint: &Endpoint,
    variants: &[Variant],
    live: &LiveModel,
    package: &ModelPackage,
) -> ImageComparison {
    let mut comparison = ImageComparison::default();
    for (variant, verdicts) in variants.iter().zip(&live.verdicts) {
        comparison.unproven.extend(not_registered(variant, verdicts, package));
        comparison.mismatches.extend(named_beside(variant, verdicts, package));
        comparison.add_components(variant, verdicts, package);
        let registered = of_variant(variant, verdicts, package);
        // What AWS itself runs in the place of an image has no name to compare.
        if registered.is_empty() || registered.iter().any(|container| container.image.is_none()) {
            continue;
        }
        let known = registered.iter().map(|one| KnownImage { image: one.image(), digest: one.digest() });
        let known: Vec<KnownImage<'_>> = known.collect();
        for running in endpoint.running.iter().filter(|running| running.name == variant.name) {
            comparison.add(variant, verdicts, running, &known);
        }
    }
    comparison
}

impl ImageComparison {
    /// Adds what runs for components that serve the package, as far as they say so.
    fn add_components(&mut self, variant: &Variant, verdicts: &[Serves], package: &ModelPackage) {
        let ours = variant.parts.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Serves::Package);
        for (part, _) in ours {
            let (Some(image), Some(model)) = (&part.deployed, part.model()) else { continue };
            let specifications = model.containers.iter().map(|one| package.specification(one.specification.as_deref()));
            let registered = specifications.flatten().filter(|container| container.image.is_some());
            let place = format!("{} of variant {}", part.name().unwrap_or_default(), variant.name);
            let runs = image.name().unwrap_or("an image without a name");
            match registered.map(|one| image.identity(one.image(), one.digest())).min() {
                None | Some(Identity::Same) => {}
                Some(Identity::Untold) => {
                    self.unproven.push(format!("{place} cannot be proved: it runs {runs} without its digest"));
                }
                Some(Identity::Other) => {
                    self.mismatches.push(format!("{place} runs {runs}, which the package does not have"));
                }
            }
        }
    }

    /// Adds what a variant runs, where the package has these images.
    fn add(&mut self, variant: &Variant, verdicts: &[Serves], running: &RunningVariant, registered: &[KnownImage<'_>]) {
        if running.images.is_empty() {
            return;
        }
        let name = &variant.name;
        let names = |images: &[DeployedImage]| {
            let names = images.iter().map(|image| image.name().unwrap_or("an image without a name"));
            names.collect::<Vec<_>>().join(", ")
        };
        let runs = names(&running.images);
        let before = (self.mismatches.len(), self.unproven.len());
        for one in registered {
            let is_told = match one.digest {
                Some(digest) => format!("the package's image has digest {digest}"),
                None => format!("the package's image is {}", one.image),
            };
            let (found, said) = match running.images.iter().map(|image| image.identity(one.image, one.digest)).min() {
                Some(Identity::Same) => continue,
                Some(Identity::Untold) => (
                    &mut self.unproven,
                    format!("variant {name} cannot be proved: it runs {runs} without its digest, and {is_told}"),
                ),
                Some(Identity::Other) | None => {
                    (&mut self.mismatches, format!("variant {name} runs {runs}, and {is_told}"))
                }
            };
            if !found.contains(&said) {
                found.push(said);
            }
        }
        // Of components of other models beside ours, and of pools that serve something else, nothing is known.
        let is_all_ours = verdicts.iter().all(|verdict| *verdict == Serves::Package);
        if before != (self.mismatches.len(), self.unproven.len()) || !is_all_ours || variant.has_components() {
            return;
        }
        let others = variant.images_of_no_package().map(|image| KnownImage { image, digest: digest_in(image) });
        let known: Vec<KnownImage<'_>> = registered.iter().copied().chain(others).collect();
        for image in &running.images {
            let runs = names(std::slice::from_ref(image));
            match known.iter().map(|one| image.identity(one.image, one.digest)).min() {
                Some(Identity::Same) => {}
                Some(Identity::Untold) => {
                    self.unproven.push(format!("variant {name} cannot be proved: it runs {runs} without its digest"));
                }
                Some(Identity::Other) | None => {
                    self.mismatches.push(format!("variant {name} runs {runs}, which the package does not have"));
                }
            }
        }
    }
}

/// Specifications that models name and that the package does not have: what they would run is nowhere registered.
fn not_registered(variant: &Variant, verdicts: &[Serves], package: &ModelPackage) -> Vec<String> {
    let named =
        ours(variant, verdicts).filter_map(|(model, container)| Some((model, container.specification.as_ref()?)));
    let absent = named.filter(|(_, specification)| !package.more_specifications.contains_key(*specification));
    let text = |(model, specification): (&str, &String)| {
        let name = &variant.name;
        format!(
            "variant {name} cannot be proved: model {model} names inference specification {specification}, which the \
             package does not have"
        )
    };
    once_each(absent.map(text))
}

/// Images that models name beside the package that they come from, and that it does not have.
fn named_beside(variant: &Variant, verdicts: &[Serves], package: &ModelPackage) -> Vec<String> {
    let ours =
        ours(variant, verdicts).filter_map(|(model, container)| Some((model, container.image.as_ref()?, container)));
    let others = ours.filter(|(_, image, container)| {
        let named = DeployedImage { specified: Some((*image).clone()), resolved: None };
        let mut registered = package.specification(container.specification.as_deref()).iter();
        let is = |one: &Container| named.identity(one.image(), one.digest()) == Identity::Same;
        !registered.any(|one| one.image() == *image || is(one))
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
pub(super) fn ours<'v>(
    variant: &'v Variant,
    verdicts: &[Serves],
) -> impl Iterator<Item = (&'v str, &'v LiveContainer)> {
    let parts = variant.parts.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Serves::Package);
    let models = parts.filter_map(|(part, _)| part.model());
    let containers = models.flat_map(|model| model.containers.iter().map(|container| (model.name.as_str(), container)));
    containers.filter(|(_, container)| container.model_package.is_some())
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
            ..LiveContainer::default()
        };
        let model = ServedModel { name: "m".to_owned(), containers: vec![container], ..ServedModel::default() };
        let instance_type = Some(instance_type.to_owned());
        Part { component: None, instance_type, serves: Served::Model(model), deployed: None, doubts: Vec::new() }
    }

    /// An image by the digest that it was resolved to, or as it was specified.
    fn deployed(image: &str) -> DeployedImage {
        let name = Some(image.to_owned());
        match digest_in(image) {
            Some(_) => DeployedImage { specified: None, resolved: name },
            None => DeployedImage { specified: name, resolved: None },
        }
    }

    fn mismatches(parts: Vec<Part>, running: &[&str]) -> Vec<String> {
        let ImageComparison { mismatches, unproven } = comparison(parts, running);
        assert_eq!(unproven, [""; 0]);
        mismatches
    }

    fn comparison(parts: Vec<Part>, running: &[&str]) -> ImageComparison {
        let package = ModelPackage {
            arn: PACKAGE.to_owned(),
            containers: vec![container("host/iris:1", "sha256:aa")],
            more_specifications: [("gpu".to_owned(), vec![container("host/iris-gpu:1", "sha256:bb")])].into(),
            ..ModelPackage::default()
        };
        let images = running.iter().map(|image| deployed(image)).collect();
        let running = RunningVariant { name: "a".to_owned(), images, ..RunningVariant::default() };
        let endpoint = Endpoint { name: "e".into(), running: vec![running], ..Endpoint::default() };
        let variants = [Variant { name: "a".to_owned(), parts, ..Variant::default() }];
        let live = compare(&endpoint, &variants, PACKAGE, LiveAs::Production);
        compare_images(&endpoint, &variants, &live, &package)
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
    fn a_specification_that_the_package_does_not_have_proves_nothing() {
        let compared =
            |specification| comparison(vec![part("g6", PACKAGE, Some(specification))], &["host/other@sha256:cc"]);
        let said = "variant a cannot be proved: model m names inference specification another, which the package does \
                    not have";
        assert_eq!(compared("another").unproven, [said]);
        assert_eq!((compared("gpu").unproven.len(), compared("gpu").mismatches.len()), (0, 1));
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
    fn an_image_beside_that_of_the_package_is_told() {
        let one = || vec![part("g6", PACKAGE, None)];
        for beside in ["host/other@sha256:cc", "host/other:1", "host/iris@sha256:aaa"] {
            let said = format!("variant a runs {beside}, which the package does not have");
            assert_eq!(mismatches(one(), &["host/iris@sha256:aa", beside]), [said]);
        }
        // A container of the same model that comes from no package has its own.
        let mut with_proxy = part("g6", PACKAGE, None);
        let Served::Model(model) = &mut with_proxy.serves else { panic!("a model") };
        model.containers.push(LiveContainer { image: Some("host/proxy:1".to_owned()), ..LiveContainer::default() });
        let proxied = |image: &str| mismatches(vec![with_proxy.clone()], &["host/iris@sha256:aa", image]);
        assert_eq!((proxied("host/proxy@sha256:cc").len(), proxied("host/other@sha256:cc").len()), (0, 1));
        // Of what runs for components of other models, nothing is known.
        let component = Part { component: Some("ours".to_owned()), ..part("g6", PACKAGE, None) };
        assert_eq!(mismatches(vec![component], &["host/iris@sha256:aa", "host/other@sha256:cc"]), [""; 0]);
    }

    #[test]
    fn the_image_of_a_component_is_the_packages() {
        let of = |image: &str| {
            let (component, deployed) = (Some("ours".to_owned()), Some(deployed(image)));
            comparison(vec![Part { component, deployed, ..part("g6", PACKAGE, None) }], &[])
        };
        assert_eq!(of("host/iris@sha256:aa"), ImageComparison::default());
        let place = "component ours on g6 of variant a";
        let said = format!("{place} runs host/iris@sha256:bb, which the package does not have");
        assert_eq!(of("host/iris@sha256:bb").mismatches, [said]);
        let said = format!("{place} cannot be proved: it runs host/iris:1 without its digest");
        assert_eq!(of("host/iris:1").unproven, [said]);
    }

    #[test]
    fn an_image_that_runs_without_its_digest_proves_nothing() {
        let one = || vec![part("g6", PACKAGE, None)];
        let untold = comparison(one(), &["host/iris:1"]);
        let said = "variant a cannot be proved: it runs host/iris:1 without its digest, and the package's image has \
                    digest sha256:aa";
        assert_eq!((untold.mismatches, untold.unproven), (vec![], vec![said.to_owned()]));
        let beside = comparison(one(), &["host/iris@sha256:aa", "host/iris:2"]);
        let said = "variant a cannot be proved: it runs host/iris:2 without its digest";
        assert_eq!((beside.mismatches, beside.unproven), (vec![], vec![said.to_owned()]));
        assert_eq!(mismatches(one(), &["host/other:1"]).len(), 1);
    }
}
