//! What is live, held against what was asked for.

use clap::ValueEnum;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::running::RunningVariant;
use super::status::Endpoint;
use super::variant::{Part, Served, Variant, newer, once_each};

/// The variants that the package has to be live on. A shadow variant is there to hold one model against another, and
/// which of the two is the one that was deployed, only a person knows.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LiveAs {
    /// The production variants; shadow variants may serve what they like.
    #[default]
    Production,
    /// The shadow variants, of which there has to be one; production variants may serve what they like.
    Shadow,
    /// Every variant.
    Both,
}

/// What a variant, or a part of it, serves beside what was asked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Serves {
    /// The package, and nothing else.
    Package,
    /// Another version, or what comes from no package.
    Other,
    /// An inference component of another model, which is nobody's fault.
    Beside,
    /// It cannot be proved.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveModel {
    /// Every package ARN that the endpoint serves, once each, in the order of the variants.
    pub packages: Vec<String>,
    /// What speaks against the endpoint serving the expected package.
    pub mismatches: Vec<String>,
    /// What cannot be proved.
    pub unproven: Vec<String>,
    /// Of each part of each variant.
    pub verdicts: Vec<Vec<Serves>>,
}

impl LiveModel {
    pub(crate) fn matches(&self) -> bool {
        self.mismatches.is_empty() && self.unproven.is_empty()
    }
}

impl LiveAs {
    fn means(self, variant: &Variant) -> bool {
        match self {
            Self::Production => !variant.shadow,
            Self::Shadow => variant.shadow,
            Self::Both => true,
        }
    }
}

impl Serves {
    /// The verdict on a variant, from those on its parts: the worst of them.
    pub(crate) fn of_all(parts: &[Self]) -> Option<Self> {
        [Self::Unknown, Self::Other, Self::Package, Self::Beside].into_iter().find(|one| parts.contains(one))
    }
}

/// Compares every variant with the package that was deployed. What cannot be proved speaks against it wherever it is.
pub(crate) fn compare(endpoint: &Endpoint, variants: &[Variant], expected: &str, live_as: LiveAs) -> LiveModel {
    let verdicts: Vec<Vec<Serves>> = variants.iter().map(|variant| verdicts(variant, expected)).collect();
    let mut live = LiveModel {
        packages: once_each(variants.iter().flat_map(Variant::packages)),
        mismatches: Vec::new(),
        unproven: not_followed(endpoint, variants),
        verdicts,
    };
    for (variant, verdicts) in variants.iter().zip(&live.verdicts) {
        for (part, verdict) in variant.parts.iter().zip(verdicts) {
            let doubts = part.doubts.iter().filter(|_| *verdict != Serves::Beside);
            live.unproven.extend(doubts.map(|why| format!("{} cannot be proved: {why}", place(variant, part))));
            match (&part.serves, verdict) {
                (Served::Unknown(why), _) => {
                    live.unproven.push(format!("{} cannot be proved: {why}", place(variant, part)));
                }
                (_, Serves::Other) if live_as.means(variant) => {
                    live.mismatches.push(mismatch(variant, part, expected));
                }
                _ => {}
            }
        }
        let is_beside = verdicts.iter().all(|verdict| *verdict == Serves::Beside);
        if live_as.means(variant) && is_beside {
            live.mismatches.push(nothing_of_ours(variant, expected));
        }
    }
    let means_some = variants.iter().any(|variant| live_as.means(variant));
    if variants.is_empty() {
        live.mismatches.push(format!("the endpoint has no variant, expected {expected}"));
    } else if !means_some {
        let kind = if live_as == LiveAs::Shadow { "shadow" } else { "production" };
        live.mismatches.push(format!("the endpoint has no {kind} variant, expected {expected}"));
    }
    if live_as == LiveAs::Production && is_shadow_only(variants, &live.verdicts) {
        for mismatch in &mut live.mismatches {
            mismatch.push_str(" (a shadow variant serves it: if that is meant, say so with --live-as shadow)");
        }
    }
    live
}

/// What runs is not what was followed where the endpoint and its config have other variants. The endpoint need not say
/// which it runs (botocore 1.44.8, `DescribeEndpointOutput`).
fn not_followed(endpoint: &Endpoint, variants: &[Variant]) -> Vec<String> {
    let (running, config) = (&endpoint.running, &endpoint.config_name);
    let mut reasons: Vec<(&str, String)> = Vec::new();
    for (at, Variant { name, shadow, .. }) in variants.iter().enumerate() {
        if variants[..at].iter().any(|before| before.name == *name) {
            reasons.push((name, format!("endpoint config {config} has it twice")));
        }
        if running.iter().any(|running| running.name == *name && running.shadow != *shadow) {
            let (runs, has) = if *shadow { ("production", "shadow") } else { ("shadow", "production") };
            reasons
                .push((name, format!("it runs as {runs} variant, and is a {has} variant of endpoint config {config}")));
        }
    }
    for (at, RunningVariant { name, strange, .. }) in running.iter().enumerate() {
        if running[..at].iter().any(|before| before.name == *name) {
            reasons.push((name, "the endpoint names it twice".to_owned()));
        }
        if !variants.iter().any(|variant| variant.name == *name) {
            reasons.push((name, format!("it runs, and endpoint config {config} does not have it")));
        }
        if !strange.is_empty() {
            reasons.push((name, newer("what runs", strange)));
        }
    }
    for Variant { name, .. } in variants.iter().filter(|_| !running.is_empty()) {
        if !running.iter().any(|running| running.name == *name) {
            reasons.push((name, format!("endpoint config {config} has it, and it does not run")));
        }
    }
    reasons.into_iter().map(|(name, why)| format!("variant {name} cannot be proved: {why}")).collect()
}

/// Whether shadow variants serve the package and no production variant does.
fn is_shadow_only(variants: &[Variant], verdicts: &[Vec<Serves>]) -> bool {
    let serving = |shadow: bool| {
        let mut of_role = variants.iter().zip(verdicts).filter(|(variant, _)| variant.shadow == shadow);
        of_role.any(|(_, verdicts)| verdicts.contains(&Serves::Package))
    };
    serving(true) && !serving(false)
}

fn verdicts(variant: &Variant, expected: &str) -> Vec<Serves> {
    // A component is ours if any of its specifications serves a version of our group: then all of them have to.
    let is_ours = |component: &str| {
        let of_it = variant.parts.iter().filter(|part| part.component.as_deref() == Some(component));
        of_it.flat_map(Part::packages).any(|package| group_of(&package) == group_of(expected))
    };
    let verdict = |part: &Part| {
        let packages = part.packages();
        match (&part.serves, &part.component) {
            (Served::Model(_), Some(component)) if !is_ours(component) => Serves::Beside,
            (Served::Model(_), _) if packages.len() != 1 || packages[0] != expected => Serves::Other,
            (Served::Model(_), _) if part.doubts.is_empty() => Serves::Package,
            _ => Serves::Unknown,
        }
    };
    variant.parts.iter().map(verdict).collect()
}

fn place(variant: &Variant, part: &Part) -> String {
    match part.name() {
        Some(name) => format!("{name} of variant {}", variant.name),
        None => format!("variant {}", variant.name),
    }
}

/// What speaks against a part serving the expected package.
fn mismatch(variant: &Variant, part: &Part, expected: &str) -> String {
    let place = place(variant, part);
    let model = part.model().map_or("none", |model| model.name.as_str());
    let others: Vec<String> = part.packages().into_iter().filter(|package| package != expected).collect();
    if !others.is_empty() {
        return format!("{place} serves {} (model {model}), expected {expected}", others.join(", "));
    }
    let containers = part.model().into_iter().flat_map(|model| &model.containers);
    let images: Vec<String> = containers.filter_map(|container| container.image.clone()).collect();
    let what = if images.is_empty() { "no container".to_owned() } else { images.join(", ") };
    format!("{place} serves what comes from no model package ({what}, model {model}), expected {expected}")
}

/// That a variant has components, and none of our package.
fn nothing_of_ours(variant: &Variant, expected: &str) -> String {
    let (name, models) = (&variant.name, variant.model_names().join(", "));
    let origin = if variant.packages().is_empty() { "no model package" } else { "other model packages only" };
    let images = variant.images();
    let what = if images.is_empty() { "no image of its own".to_owned() } else { images.join(", ") };
    format!("variant {name} serves what comes from {origin} ({what}, model {models}), expected {expected}")
}

/// The group's part of a version ARN: all before the last slash.
fn group_of(package: &str) -> &str {
    package.rsplit_once('/').map_or(package, |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::super::variant::{LiveContainer, ServedModel};
    use super::*;

    const WANTED: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4";
    const FORMER: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/3";
    const OTHER: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/fraud/9";

    fn part(model: &str, packages: &[Option<&str>]) -> Part {
        let container = |package: Option<&str>| LiveContainer {
            model_package: package.map(str::to_owned),
            image: Some("image".into()),
            ..LiveContainer::default()
        };
        let containers = packages.iter().copied().map(container).collect();
        let serves = Served::Model(ServedModel { name: model.to_owned(), containers, ..ServedModel::default() });
        Part { component: None, instance_type: None, serves, deployed: None, doubts: Vec::new() }
    }

    fn pool(instance_type: &str, package: &str) -> Part {
        Part { instance_type: Some(instance_type.to_owned()), ..part("model", &[Some(package)]) }
    }

    fn component(name: &str, instance_type: Option<&str>, package: Option<&str>) -> Part {
        let instance_type = instance_type.map(str::to_owned);
        Part { component: Some(name.to_owned()), instance_type, ..part(name, &[package]) }
    }

    fn variant(name: &str, parts: Vec<Part>) -> Variant {
        Variant { name: name.into(), parts, ..Variant::default() }
    }

    fn serving(name: &str, packages: &[Option<&str>]) -> Variant {
        variant(name, vec![part(&format!("model-{name}"), packages)])
    }

    fn shadow(package: &str) -> Variant {
        Variant { shadow: true, ..serving("shadow", &[Some(package)]) }
    }

    fn endpoint(running: &[&str]) -> Endpoint {
        let running =
            running.iter().map(|name| RunningVariant { name: (*name).to_owned(), ..RunningVariant::default() });
        Endpoint {
            name: "e".to_owned(),
            config_name: "c".to_owned(),
            running: running.collect(),
            ..Endpoint::default()
        }
    }

    fn compare(variants: &[Variant], expected: &str, live_as: LiveAs) -> LiveModel {
        let running: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
        let mut endpoint = endpoint(&running);
        for (running, variant) in endpoint.running.iter_mut().zip(variants) {
            running.shadow = variant.shadow;
        }
        super::compare(&endpoint, variants, expected, live_as)
    }

    fn of(variants: &[Variant]) -> LiveModel {
        compare(variants, WANTED, LiveAs::Production)
    }

    #[test]
    fn what_runs_and_what_the_config_has_are_the_same_variants() {
        let unproven = |running: &[&str]| {
            let variants = [serving("a", &[Some(WANTED)]), serving("b", &[Some(WANTED)])];
            super::compare(&endpoint(running), &variants, WANTED, LiveAs::Production).unproven
        };
        assert_eq!(unproven(&["b", "a"]), [""; 0]);
        assert_eq!(unproven(&[]), [""; 0], "it does not say");
        let unknown = "variant c cannot be proved: it runs, and endpoint config c does not have it";
        assert_eq!(unproven(&["a", "b", "c"]), [unknown]);
        let absent = "variant b cannot be proved: endpoint config c has it, and it does not run";
        assert_eq!(unproven(&["a"]), [absent]);
        assert_eq!(unproven(&["a", "b", "a"]), ["variant a cannot be proved: the endpoint names it twice"]);
    }

    #[test]
    fn a_variant_is_there_once_and_in_one_role() {
        let unproven = |endpoint: &Endpoint, variants: &[Variant]| {
            super::compare(endpoint, variants, WANTED, LiveAs::Production).unproven
        };
        let one = || serving("a", &[Some(WANTED)]);
        let twice = "variant a cannot be proved: endpoint config c has it twice";
        assert_eq!(unproven(&endpoint(&["a"]), &[one(), one()]), [twice]);
        let mut shadowed = endpoint(&["a"]);
        shadowed.running[0].shadow = true;
        let said =
            "variant a cannot be proved: it runs as shadow variant, and is a production variant of endpoint config c";
        assert_eq!(unproven(&shadowed, &[one()]), [said]);
        let mut strange = endpoint(&["a"]);
        strange.running[0].strange = vec!["ModelNameOverride".to_owned()];
        let said = "variant a cannot be proved: what runs has ModelNameOverride, which is newer than this modeldeploy";
        assert_eq!(unproven(&strange, &[one()]), [said]);
    }

    #[test]
    fn every_variant_must_serve_the_expected_package() {
        let live = of(&[serving("a", &[Some(WANTED)]), serving("b", &[None, Some(WANTED)])]);
        assert_eq!((live.packages.as_slice(), live.matches()), (&[WANTED.to_owned()][..], true));
        let live = of(&[serving("a", &[Some(WANTED)]), serving("b", &[Some(FORMER)])]);
        assert_eq!(live.packages, [WANTED, FORMER]);
        assert_eq!(live.mismatches, [format!("variant b serves {FORMER} (model model-b), expected {WANTED}")]);
        assert!(!of(&[serving("a", &[Some(WANTED), Some(OTHER)])]).matches());
    }

    #[test]
    fn every_pool_must_serve_the_expected_package() {
        assert!(of(&[variant("a", vec![pool("g6", WANTED), pool("c7i", WANTED)])]).matches());
        let live = of(&[variant("a", vec![pool("g6", WANTED), pool("c7i", FORMER)])]);
        let said = format!("pool c7i of variant a serves {FORMER} (model model), expected {WANTED}");
        assert_eq!((live.mismatches, live.verdicts), (vec![said], vec![vec![Serves::Package, Serves::Other]]));
    }

    #[test]
    fn a_model_from_no_package_and_an_endpoint_without_variants_do_not_match() {
        assert_eq!(of(&[serving("a", &[None])]).mismatches.len(), 1);
        assert_eq!(of(&[]).mismatches.len(), 1);
    }

    #[test]
    fn what_cannot_be_told_never_passes() {
        let unknown = |shadow| Variant {
            shadow,
            ..variant("b", vec![Part { serves: Served::Unknown("why".to_owned()), ..part("", &[]) }])
        };
        for variants in [vec![unknown(false)], vec![serving("a", &[Some(WANTED)]), unknown(true)]] {
            let live = of(&variants);
            assert_eq!(live.unproven, ["variant b cannot be proved: why"]);
            assert!(!live.matches());
        }
    }

    #[test]
    fn a_doubt_about_what_serves_the_package_is_no_proof() {
        let doubted = |part: Part| Part { doubts: vec!["why".to_owned()], ..part };
        let live = of(&[variant("a", vec![doubted(part("m", &[Some(WANTED)]))])]);
        assert_eq!(
            (live.unproven, live.verdicts),
            (vec!["variant a cannot be proved: why".to_owned()], vec![vec![Serves::Unknown]])
        );
        let other = of(&[variant("a", vec![doubted(part("m", &[Some(FORMER)]))])]);
        assert_eq!((other.unproven.len(), other.mismatches.len()), (1, 1));
        // What becomes of a component of another model is nobody's fault.
        let beside = vec![component("churn", None, Some(WANTED)), doubted(component("fraud", None, Some(OTHER)))];
        assert!(of(&[variant("a", beside)]).matches());
    }

    #[test]
    fn a_production_variant_is_never_hidden_behind_a_shadow() {
        let former = || serving("a", &[Some(FORMER)]);
        let live = of(&[former(), shadow(WANTED)]);
        assert_eq!(live.mismatches.len(), 1);
        assert!(live.mismatches[0].ends_with("say so with --live-as shadow)"), "{:?}", live.mismatches);
        assert_eq!(live.verdicts, [[Serves::Other], [Serves::Package]]);
        // It is meant to be the shadow, or the shadow may be what it likes.
        let matches = |variants: &[Variant], live_as| compare(variants, WANTED, live_as).matches();
        assert!(matches(&[former(), shadow(WANTED)], LiveAs::Shadow));
        assert!(matches(&[serving("a", &[Some(WANTED)]), shadow(FORMER)], LiveAs::Production));
        assert!(!matches(&[serving("a", &[Some(WANTED)]), shadow(FORMER)], LiveAs::Shadow));
        assert!(!matches(&[serving("a", &[Some(WANTED)]), shadow(FORMER)], LiveAs::Both));
        assert!(!matches(&[former(), shadow(FORMER)], LiveAs::Shadow));
        assert!(!matches(&[former(), serving("b", &[Some(WANTED)]), shadow(WANTED)], LiveAs::Production));
        let none = compare(&[serving("a", &[Some(WANTED)])], WANTED, LiveAs::Shadow);
        assert_eq!(none.mismatches, [format!("the endpoint has no shadow variant, expected {WANTED}")]);
    }

    #[test]
    fn inference_components_of_other_models_may_stand_beside_ours() {
        let of = |parts: Vec<Part>| of(&[variant("a", parts)]);
        let ours = || component("churn", None, Some(WANTED));
        let live = of(vec![component("fraud", None, Some(OTHER)), ours()]);
        assert_eq!((live.matches(), live.verdicts), (true, vec![vec![Serves::Beside, Serves::Package]]));
        assert!(of(vec![component("adapter", None, None), ours()]).matches());
        assert_eq!(of(vec![component("fraud", None, Some(OTHER))]).mismatches.len(), 1);
        assert_eq!(of(vec![component("old", None, Some(FORMER)), ours()]).mismatches.len(), 1);
    }

    #[test]
    fn a_component_serves_the_package_on_every_instance_type_or_not_at_all() {
        for other in [Some(FORMER), Some(OTHER), None] {
            let parts = vec![component("churn", Some("g6"), Some(WANTED)), component("churn", Some("c7i"), other)];
            let live = of(&[variant("a", parts)]);
            assert_eq!(live.verdicts, [[Serves::Package, Serves::Other]]);
            assert!(live.mismatches[0].starts_with("component churn on c7i of variant a serves "), "{live:?}");
        }
    }
}
