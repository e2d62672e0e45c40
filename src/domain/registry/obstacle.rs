//! What keeps a version from being deployed by its ARN alone, though it is approved and complete.

use super::model_package::ModelPackage;
use crate::domain::finding::Finding;

/// An obstacle to a model that names the package and nothing else (`ModelPackageName`).
///
/// From botocore 1.44.8, where `InferenceSpecification` and a container's `Image` are optional, and from how
/// sagemaker-serve 1.27.0 deploys what has none. AWS's own words for each refusal are unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Nothing tells which containers to run. The specification's name, where one was asked for by name.
    NoSpecification(Option<String>),
    /// The container of that number has no image, and AWS has none for it.
    NoImage(usize),
    /// A foundation model that was customized: AWS's SDK deploys it as inference component, without its package.
    BaseModel(String),
    /// AWS keeps the model data to itself; its SDK names an image beside the package.
    Restricted,
}

/// `ManagedStorageType` of model data that nobody may read.
const RESTRICTED: &str = "Restricted";

impl ModelPackage {
    /// What keeps a container that names this package, and the specification of that name if any, from running.
    /// An image that the container names itself stands in for the package's.
    pub(crate) fn obstacles(&self, specification: Option<&str>, names_an_image: bool) -> Vec<Obstacle> {
        let containers = self.specification(specification);
        if containers.is_empty() {
            return vec![Obstacle::NoSpecification(specification.map(str::to_owned))];
        }
        let mut obstacles = Vec::new();
        for (at, container) in containers.iter().enumerate() {
            match (&container.base_model, &container.image) {
                (Some(base), _) => obstacles.push(Obstacle::BaseModel(base.clone())),
                (None, None) if !names_an_image => obstacles.push(Obstacle::NoImage(at + 1)),
                (None, _) => {}
            }
        }
        if self.managed_storage_type.as_deref() == Some(RESTRICTED) && !names_an_image {
            obstacles.push(Obstacle::Restricted);
        }
        obstacles
    }

    /// The same as warnings, where nobody knows yet what names the package.
    pub(crate) fn obstacle_warnings(&self) -> Vec<Finding> {
        let which = format!("version {} of model package group \"{}\"", self.version, self.group);
        let warning = |obstacle: Obstacle| {
            let warning = Finding::warning(format!("{which} cannot be deployed by its ARN alone"));
            warning.cause(obstacle.reason()).hint(obstacle.remedy())
        };
        self.obstacles(None, false).into_iter().map(warning).collect()
    }
}

impl Obstacle {
    /// Whether AWS is sure to refuse the model; of the others, no source says that it does.
    pub(crate) fn is_certain(&self) -> bool {
        matches!(self, Self::NoSpecification(_) | Self::NoImage(_))
    }

    pub(crate) fn reason(&self) -> String {
        match self {
            Self::NoSpecification(None) => "it has no InferenceSpecification with a container".to_owned(),
            Self::NoSpecification(Some(name)) => {
                format!("it has no AdditionalInferenceSpecification \"{name}\" with a container")
            }
            Self::NoImage(number) => format!("container {number} of its inference specification has no Image"),
            Self::BaseModel(base) => {
                format!("it is made from the base model \"{base}\", which AWS deploys as inference component")
            }
            Self::Restricted => "its ManagedStorageType is Restricted: AWS keeps the model data to itself".to_owned(),
        }
    }

    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::NoSpecification(_) => "register the model with an inference specification that names its container",
            Self::NoImage(_) => {
                "register the model with its image, or name one beside ModelPackageName in the template"
            }
            Self::BaseModel(_) => "let the template deploy it as AWS's SDK does, with image and model data by name",
            Self::Restricted => "name its image beside ModelPackageName in the template",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::model_package::Container;
    use super::*;

    fn package(containers: &[(Option<&str>, Option<&str>)], storage: Option<&str>) -> ModelPackage {
        let container = |(image, base): &(Option<&str>, Option<&str>)| Container {
            image: image.map(str::to_owned),
            base_model: base.map(str::to_owned),
            ..Container::default()
        };
        ModelPackage {
            group: "churn".to_owned(),
            version: 4,
            containers: containers.iter().map(container).collect(),
            managed_storage_type: storage.map(str::to_owned),
            ..ModelPackage::default()
        }
    }

    #[test]
    fn a_package_is_deployed_by_its_arn_if_it_says_what_runs() {
        use Obstacle::{BaseModel, NoImage, NoSpecification, Restricted};
        const IMAGE: Option<&str> = Some("image");
        let nova = || BaseModel("nova".to_owned());
        for (containers, storage, with_arn_alone, with_an_image) in [
            (&[(IMAGE, None)][..], None, vec![], vec![]),
            (&[(IMAGE, None)], Some("Customer"), vec![], vec![]),
            (&[], None, vec![NoSpecification(None)], vec![NoSpecification(None)]),
            (&[], Some("Restricted"), vec![NoSpecification(None)], vec![NoSpecification(None)]),
            (&[(None, None)], None, vec![NoImage(1)], vec![]),
            (&[(IMAGE, None), (None, None)], None, vec![NoImage(2)], vec![]),
            (&[(None, Some("nova"))], None, vec![nova()], vec![nova()]),
            (&[(IMAGE, Some("nova"))], None, vec![nova()], vec![nova()]),
            (&[(IMAGE, None)], Some("Restricted"), vec![Restricted], vec![]),
            (&[(None, Some("nova"))], Some("Restricted"), vec![nova(), Restricted], vec![nova()]),
        ] {
            let package = package(containers, storage);
            assert_eq!(package.obstacles(None, false), with_arn_alone, "{containers:?} {storage:?}");
            assert_eq!(package.obstacles(None, true), with_an_image, "{containers:?} {storage:?} with an image");
        }
        assert!(NoSpecification(None).is_certain() && NoImage(1).is_certain());
        assert!(!nova().is_certain() && !Restricted.is_certain());
    }

    #[test]
    fn a_specification_that_is_asked_for_by_name_counts_for_itself() {
        let mut package = package(&[], None);
        package
            .more_specifications
            .insert("gpu".to_owned(), vec![Container { image: Some("image".to_owned()), ..Container::default() }]);
        assert_eq!(package.obstacles(Some("gpu"), false), []);
        assert_eq!(package.obstacles(Some("cpu"), false), [Obstacle::NoSpecification(Some("cpu".to_owned()))]);
        assert_eq!(package.obstacles(None, false), [Obstacle::NoSpecification(None)]);
    }

    #[test]
    fn a_warning_names_the_version_the_reason_and_what_to_do() {
        let warnings = package(&[(None, None)], Some("Restricted")).obstacle_warnings();
        let causes: Vec<_> = warnings.iter().filter_map(|one| one.cause.as_deref()).collect();
        assert_eq!(
            causes,
            [
                "container 1 of its inference specification has no Image",
                "its ManagedStorageType is Restricted: AWS keeps the model data to itself",
            ]
        );
        let what = "version 4 of model package group \"churn\" cannot be deployed by its ARN alone";
        assert!(warnings.iter().all(|one| one.what == what && one.hint.is_some()), "{warnings:?}");
    }
}
