//! A variant, and what takes its requests: all of its instances, those of a pool, or inference components.

use std::collections::BTreeMap;

use super::running::DeployedImage;

/// A production or shadow variant as the endpoint's config has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct VariantConfig {
    pub name: String,
    pub shadow: bool,
    pub model: Option<String>,
    pub pools: Vec<InstancePool>,
    pub sizing: Sizing,
    /// Members that may decide what serves and that AWS's model does not know: they were added later.
    pub strange: Vec<String>,
}

/// What a variant is given to run on, and its share of the requests, as the endpoint's config has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sizing {
    /// Of its pools, if it has some.
    pub instance_types: Vec<String>,
    /// `InitialInstanceCount`
    pub instances: Option<u64>,
    /// `InitialVariantWeight`
    pub weight: Option<f64>,
    pub serverless: bool,
}

/// Instances of one type. Their model is the variant's, unless they name one instead of it (botocore 1.44.8,
/// `InstancePool.ModelNameOverride`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InstancePool {
    pub instance_type: String,
    pub model: Option<String>,
}

/// An inference component: one specification, or one for each instance type of the variant's pools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InferenceComponent {
    pub name: String,
    /// AWS need not name it.
    pub variant: Option<String>,
    pub specifications: Vec<Specification>,
    /// Its status, unless it is in service: then it is not known which of its specifications answers.
    pub unsettled: Option<String>,
    /// Whether no copy of it runs.
    pub idle: bool,
    /// As [`VariantConfig::strange`].
    pub strange: Vec<String>,
}

/// What a component runs: a model, or a container of its own, which may be an adapter on another component. Of a
/// model, the container may say once more what it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Specification {
    pub instance_type: Option<String>,
    pub model: Option<String>,
    pub container: Option<LiveContainer>,
    /// The image that runs for it, where the component says so.
    pub deployed: Option<DeployedImage>,
}

/// A variant with the models behind it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Variant {
    pub name: String,
    pub shadow: bool,
    pub parts: Vec<Part>,
    pub sizing: Sizing,
}

/// What takes requests of a variant: the whole of it, a pool (by its instance type), or a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub component: Option<String>,
    pub instance_type: Option<String>,
    pub serves: Served,
    /// The image that runs for a component's model, where the component says so.
    pub deployed: Option<DeployedImage>,
    /// Why it is not proved that it serves what it names.
    pub doubts: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    Model(ServedModel),
    /// Why it cannot be told what is served.
    Unknown(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServedModel {
    pub name: String,
    pub containers: Vec<LiveContainer>,
    /// Whether it has a `PrimaryContainer` and `Containers`, of which AWS gives one (`CreateModel`).
    pub ambiguous: bool,
    /// As [`VariantConfig::strange`].
    pub strange: Vec<String>,
}

/// A container of a live model: from a package, or from an image alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LiveContainer {
    pub model_package: Option<String>,
    /// `InferenceSpecificationName`: which of the package's specifications it is made from, if not the first.
    pub specification: Option<String>,
    pub image: Option<String>,
    /// Everything that it reads model data from, besides its package.
    pub data: Vec<String>,
    pub mode: Option<String>,
}

impl VariantConfig {
    /// Whether inference components serve it, or the pools of it that name no model.
    pub(crate) fn takes_components(&self) -> bool {
        self.model.is_none() && (self.pools.is_empty() || self.pools.iter().any(|pool| pool.model.is_none()))
    }

    /// The models that it and its pools name.
    pub(crate) fn models(&self) -> impl Iterator<Item = &str> {
        let own =
            self.model.iter().filter(|_| self.pools.is_empty() || self.pools.iter().any(|pool| pool.model.is_none()));
        own.chain(self.pools.iter().filter_map(|pool| pool.model.as_ref())).map(String::as_str)
    }

    /// The variant with what it serves. `models` are the described ones, by name.
    fn follow(&self, components: &[InferenceComponent], models: &BTreeMap<String, ServedModel>) -> Variant {
        let part = |instance_type: Option<&String>, model: &str| {
            Part::new(None, instance_type.cloned(), described(model, models))
        };
        let mut parts: Vec<Part> = match (&self.model, self.pools.as_slice()) {
            (Some(model), []) => vec![part(None, model)],
            (model, pools) => {
                let named = |pool: &InstancePool| {
                    let model = pool.model.as_ref().or(model.as_ref())?;
                    Some(part(Some(&pool.instance_type), model))
                };
                pools.iter().filter_map(named).collect()
            }
        };
        if self.takes_components() {
            let mine = components.iter().filter(|one| one.variant.as_ref().is_none_or(|variant| *variant == self.name));
            let before = parts.len();
            parts.extend(mine.flat_map(|component| component.parts(models)));
            if parts.len() == before {
                parts.extend(self.without_model());
            }
        }
        if !self.strange.is_empty() {
            parts.push(Part::unknown(None, None, newer("the variant", &self.strange)));
        }
        Variant { name: self.name.clone(), shadow: self.shadow, parts, sizing: self.sizing.clone() }
    }

    /// What names no model, where no component is there for it either.
    fn without_model(&self) -> Vec<Part> {
        let why = |what: &str| format!("{what} names no model, and the variant has no inference component");
        let pools = self.pools.iter().filter(|pool| pool.model.is_none());
        let of_pools = pools.map(|pool| Part::unknown(None, Some(pool.instance_type.clone()), why("it")));
        let parts: Vec<Part> = of_pools.collect();
        if parts.is_empty() { vec![Part::unknown(None, None, why("it"))] } else { parts }
    }
}

/// The variants of an endpoint's config with what they serve. A component that is on none of them is of the first.
pub(crate) fn follow(
    configs: &[VariantConfig],
    components: &[InferenceComponent],
    models: &BTreeMap<String, ServedModel>,
) -> Vec<Variant> {
    let mut variants: Vec<Variant> = configs.iter().map(|config| config.follow(components, models)).collect();
    let astray = components.iter().filter_map(|InferenceComponent { name, variant, .. }| {
        let variant = variant.as_ref().filter(|variant| !configs.iter().any(|config| config.name == **variant))?;
        let why = format!("it is on variant {variant}, which the endpoint's config does not have");
        Some(Part::unknown(Some(name.clone()), None, why))
    });
    if let Some(first) = variants.first_mut() {
        first.parts.extend(astray);
    }
    variants
}

fn described(model: &str, models: &BTreeMap<String, ServedModel>) -> Served {
    let found = models.get(model).cloned().map(Served::Model);
    found.unwrap_or_else(|| Served::Unknown(format!("model {model} was not described")))
}

pub(super) fn newer(what: &str, members: &[String]) -> String {
    format!("{what} has {}, which is newer than this modeldeploy", members.join(", "))
}

impl ServedModel {
    /// Why it is not proved that the packages of its containers are what it serves.
    fn doubts(&self) -> Vec<String> {
        let of_packages = self.containers.iter().filter(|container| container.model_package.is_some());
        let modes = once_each(of_packages.filter_map(|container| container.mode.clone()));
        let modes = modes.into_iter().filter(|mode| mode != "SingleModel");
        let modes =
            modes.map(|mode| format!("model {} is of mode {mode}, in which its package does not decide", self.name));
        let strange = Some(&self.strange).filter(|strange| !strange.is_empty());
        let ambiguous = self.ambiguous.then(|| {
            format!("model {} has both a PrimaryContainer and Containers, and AWS gives one of the two", self.name)
        });
        let strange = strange.map(|strange| newer(&format!("model {}", self.name), strange));
        modes.chain(ambiguous).chain(strange).collect()
    }

    /// With what a component says that its model reads, as if the model itself named it beside the package.
    fn reading(mut self, data: &[String]) -> Self {
        if let Some(container) = self.containers.iter_mut().find(|container| container.model_package.is_some()) {
            container.data.extend_from_slice(data);
        }
        self
    }
}

impl InferenceComponent {
    fn parts(&self, models: &BTreeMap<String, ServedModel>) -> Vec<Part> {
        let part = |specification: &Specification| {
            let serves = match (&specification.model, &specification.container) {
                (Some(model), container) => match (described(model, models), container) {
                    (Served::Model(model), Some(container)) => Served::Model(model.reading(&container.data)),
                    (served, _) => served,
                },
                (None, Some(container)) => Served::Model(ServedModel {
                    name: self.name.clone(),
                    containers: vec![container.clone()],
                    ..ServedModel::default()
                }),
                (None, None) => Served::Unknown("its specification names neither a model nor a container".to_owned()),
            };
            let mut part = Part::new(Some(self.name.clone()), specification.instance_type.clone(), serves);
            part.deployed.clone_from(&specification.deployed);
            part.doubts.extend(self.unsettled.as_ref().map(|status| format!("it is \"{status}\"")));
            part.doubts.extend(self.idle.then(|| "no copy of it runs".to_owned()));
            part
        };
        let mut parts: Vec<Part> = self.specifications.iter().map(part).collect();
        if parts.is_empty() {
            parts.push(Part::unknown(Some(self.name.clone()), None, "it has no specification".to_owned()));
        }
        if !self.strange.is_empty() {
            parts.push(Part::unknown(Some(self.name.clone()), None, newer("the component", &self.strange)));
        }
        parts
    }
}

impl Part {
    fn new(component: Option<String>, instance_type: Option<String>, serves: Served) -> Self {
        let doubts = if let Served::Model(model) = &serves { model.doubts() } else { Vec::new() };
        Self { component, instance_type, serves, deployed: None, doubts }
    }

    fn unknown(component: Option<String>, instance_type: Option<String>, why: String) -> Self {
        Self::new(component, instance_type, Served::Unknown(why))
    }

    pub(crate) fn model(&self) -> Option<&ServedModel> {
        match &self.serves {
            Served::Model(model) => Some(model),
            Served::Unknown(_) => None,
        }
    }

    /// Every package that it serves, once each.
    pub(crate) fn packages(&self) -> Vec<String> {
        let containers = self.model().into_iter().flat_map(|model| &model.containers);
        once_each(containers.filter_map(|container| container.model_package.clone()))
    }

    /// Its name within the variant; none if it is the whole of it.
    pub(crate) fn name(&self) -> Option<String> {
        part_name(self.component.as_deref(), self.instance_type.as_deref())
    }
}

/// What a component, a pool or a component's share of a pool is called.
pub(crate) fn part_name(component: Option<&str>, instance_type: Option<&str>) -> Option<String> {
    match (component, instance_type) {
        (Some(component), Some(instance_type)) => Some(format!("component {component} on {instance_type}")),
        (Some(component), None) => Some(format!("component {component}")),
        (None, Some(instance_type)) => Some(format!("pool {instance_type}")),
        (None, None) => None,
    }
}

impl Variant {
    fn models(&self) -> impl Iterator<Item = &ServedModel> {
        self.parts.iter().filter_map(Part::model)
    }

    /// Every package that the variant serves, once each.
    pub(crate) fn packages(&self) -> Vec<String> {
        once_each(self.parts.iter().flat_map(Part::packages))
    }

    pub(crate) fn model_names(&self) -> Vec<String> {
        once_each(self.models().map(|model| model.name.clone()))
    }

    pub(crate) fn images(&self) -> Vec<String> {
        let containers = self.models().flat_map(|model| &model.containers);
        once_each(containers.filter_map(|container| container.image.clone()))
    }

    pub(crate) fn has_components(&self) -> bool {
        self.parts.iter().any(|part| part.component.is_some())
    }

    /// The images of containers that come from no package.
    pub(super) fn images_of_no_package(&self) -> impl Iterator<Item = &str> {
        let containers = self.models().flat_map(|model| &model.containers);
        containers.filter(|one| one.model_package.is_none()).filter_map(|one| one.image.as_deref())
    }
}

/// In their order, without those that come again.
pub(super) fn once_each(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for one in all {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(names: &[&str]) -> BTreeMap<String, ServedModel> {
        let model = |name: &str| {
            let package = Some(format!("package/{name}"));
            let containers = vec![LiveContainer { model_package: package, ..LiveContainer::default() }];
            (name.to_owned(), ServedModel { name: name.to_owned(), containers, ..ServedModel::default() })
        };
        names.iter().map(|name| model(name)).collect()
    }

    fn pool(instance_type: &str, model: Option<&str>) -> InstancePool {
        InstancePool { instance_type: instance_type.to_owned(), model: model.map(str::to_owned) }
    }

    fn config(model: Option<&str>, pools: Vec<InstancePool>) -> VariantConfig {
        VariantConfig { name: "all".to_owned(), model: model.map(str::to_owned), pools, ..VariantConfig::default() }
    }

    /// `name: packages`, or `name: why`, of each part.
    fn parts(variant: &Variant) -> Vec<String> {
        let text = |part: &Part| {
            let serves = match &part.serves {
                Served::Model(_) => part.packages().join(", "),
                Served::Unknown(why) => why.clone(),
            };
            format!("{}: {serves}", part.name().unwrap_or_default())
        };
        variant.parts.iter().map(text).collect()
    }

    #[test]
    fn a_pool_runs_the_model_that_it_names_instead_of_the_variants() {
        let known = models(&["a", "b"]);
        let follow = |config: &VariantConfig| parts(&config.follow(&[], &known));
        let some = config(Some("a"), vec![pool("g6", None), pool("c7i", Some("b"))]);
        assert_eq!(follow(&some), ["pool g6: package/a", "pool c7i: package/b"]);
        assert_eq!(some.models().collect::<Vec<_>>(), ["a", "b"]);
        // No instance of it runs the variant's own then.
        let all = config(Some("a"), vec![pool("g6", Some("b")), pool("c7i", Some("b"))]);
        assert_eq!(follow(&all), ["pool g6: package/b", "pool c7i: package/b"]);
        assert_eq!(all.models().collect::<Vec<_>>(), ["b", "b"]);
        let none = config(None, vec![pool("g6", Some("a")), pool("c7i", Some("b"))]);
        assert_eq!(follow(&none), ["pool g6: package/a", "pool c7i: package/b"]);
        assert!(!none.takes_components());
    }

    #[test]
    fn a_component_runs_what_each_of_its_specifications_names() {
        let known = models(&["gpu", "cpu"]);
        let specification = |instance_type: &str, model: &str| Specification {
            instance_type: Some(instance_type.to_owned()),
            model: Some(model.to_owned()),
            ..Specification::default()
        };
        let component = |variant: Option<&str>, specifications| InferenceComponent {
            name: "churn".to_owned(),
            variant: variant.map(str::to_owned),
            specifications,
            ..InferenceComponent::default()
        };
        let config = config(None, vec![pool("g6", None), pool("c7i", None)]);
        let both = vec![specification("g6", "gpu"), specification("c7i", "cpu")];
        let followed = |component| parts(&config.follow(&[component], &known));
        let expected = ["component churn on g6: package/gpu", "component churn on c7i: package/cpu"];
        assert_eq!(followed(component(Some("all"), both.clone())), expected);
        // AWS need not say which variant it is on.
        assert_eq!(followed(component(None, both.clone())), expected);
        let why = "it names no model, and the variant has no inference component";
        let nothing = [format!("pool g6: {why}"), format!("pool c7i: {why}")];
        assert_eq!(followed(component(Some("other"), both)), nothing);
        assert_eq!(followed(component(Some("all"), Vec::new())), ["component churn: it has no specification"]);
        let empty = followed(component(Some("all"), vec![Specification::default()]));
        assert_eq!(empty, ["component churn: its specification names neither a model nor a container"]);
    }

    #[test]
    fn what_names_no_model_or_names_it_in_a_new_way_cannot_be_told() {
        let why = "it names no model, and the variant has no inference component";
        assert_eq!(parts(&config(None, Vec::new()).follow(&[], &models(&[]))), [format!(": {why}")]);
        let strange = VariantConfig { strange: vec!["ModelGroup".to_owned()], ..config(Some("a"), Vec::new()) };
        assert_eq!(
            parts(&strange.follow(&[], &models(&["a"]))),
            [": package/a", ": the variant has ModelGroup, which is newer than this modeldeploy"]
        );
        assert_eq!(parts(&config(Some("b"), Vec::new()).follow(&[], &models(&["a"]))), [": model b was not described"]);
    }

    #[test]
    fn a_model_or_component_may_name_the_package_and_still_not_be_known_to_serve_it() {
        let doubts = |change: fn(&mut ServedModel)| {
            let mut known = models(&["a"]);
            change(known.get_mut("a").expect("a model"));
            config(Some("a"), Vec::new()).follow(&[], &known).parts[0].doubts.clone()
        };
        assert_eq!(doubts(|model| model.containers[0].mode = Some("SingleModel".to_owned())), [""; 0]);
        let mode = doubts(|model| model.containers[0].mode = Some("MultiModel".to_owned()));
        assert_eq!(mode, ["model a is of mode MultiModel, in which its package does not decide"]);
        let strange = doubts(|model| model.strange = vec!["ModelOverride".to_owned()]);
        assert_eq!(strange, ["model a has ModelOverride, which is newer than this modeldeploy"]);
        let ambiguous = doubts(|model| model.ambiguous = true);
        assert_eq!(ambiguous, ["model a has both a PrimaryContainer and Containers, and AWS gives one of the two"]);
        let component = |variant: &str| InferenceComponent {
            name: "churn".to_owned(),
            variant: Some(variant.to_owned()),
            specifications: vec![Specification { model: Some("a".to_owned()), ..Specification::default() }],
            unsettled: Some("Updating".to_owned()),
            ..InferenceComponent::default()
        };
        let followed = |variant: &str| follow(&[config(None, Vec::new())], &[component(variant)], &models(&["a"]));
        assert_eq!(followed("all")[0].parts[0].doubts, ["it is \"Updating\""]);
        let why = "component churn: it is on variant other, which the endpoint's config does not have";
        assert_eq!(parts(&followed("other")[0])[1], why);
    }

    #[test]
    fn a_component_of_which_no_copy_runs_is_not_known_to_serve() {
        let specifications = vec![Specification { model: Some("a".to_owned()), ..Specification::default() }];
        let component = InferenceComponent {
            name: "churn".to_owned(),
            specifications,
            idle: true,
            ..InferenceComponent::default()
        };
        let variants = follow(&[config(None, Vec::new())], &[component], &models(&["a"]));
        assert_eq!(variants[0].parts[0].doubts, ["no copy of it runs"]);
    }

    #[test]
    fn the_artifact_that_a_component_names_counts_as_named_by_its_model() {
        let data = vec!["s3://b/other.tar.gz".to_owned()];
        let container = LiveContainer { data, ..LiveContainer::default() };
        let model = Some("a".to_owned());
        let specifications =
            vec![Specification { model, container: Some(container.clone()), ..Specification::default() }];
        let component =
            InferenceComponent { name: "churn".to_owned(), specifications, ..InferenceComponent::default() };
        let variants = follow(&[config(None, Vec::new())], &[component], &models(&["a"]));
        let part = &variants[0].parts[0];
        let named = LiveContainer { model_package: Some("package/a".to_owned()), ..container };
        assert_eq!(part.packages(), ["package/a"]);
        assert_eq!(part.model().and_then(|model| model.containers.last()), Some(&named));
    }
}
