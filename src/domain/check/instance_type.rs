//! Instance types: whether they have the form of SageMaker's, are known, and are those that the model package is made for.

use super::super::finding::rule::Rule;
use super::super::finding::{Finding, nearest};
use super::deployment::Deployment;
use super::schema::{Values, api_date};
use crate::domain::cloudformation::evaluation::value::Evaluated;
use crate::domain::registry::model_package::ModelPackage;

/// `ml.FAMILY.SIZE`.
fn has_the_form(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|any| any.is_ascii_lowercase() || any.is_ascii_digit() || any == b'-')
    };
    let is_size = |size: &str| match size.strip_suffix("xlarge") {
        Some(times) => times.bytes().all(|any| any.is_ascii_digit()),
        None => ["nano", "micro", "small", "medium", "large"].contains(&size) || size.starts_with("metal"),
    };
    match &text.split('.').collect::<Vec<_>>()[..] {
        ["ml", family, size] => plain(family) && plain(size) && is_size(size),
        _ => false,
    }
}

/// Holds a type against the form and the list of all; one that is not listed may be newer than the list.
pub(super) fn check(deployment: &mut Deployment<'_>, value: &Evaluated, owner: &str, listed: Values) {
    let Some(text) = value.whole_text() else { return };
    let near = || nearest(&text, listed.names());
    if !has_the_form(&text) {
        let what = format!("{owner} \"{text}\", which is not a SageMaker instance type");
        let hint = match near() {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "write for example ml.m5.large".to_owned(),
        };
        return deployment.add(Finding::of(Rule::InstanceType, what).hint(hint), value.at);
    }
    if listed.find(&text).is_none() {
        let what = format!("{owner} {text}, which is not known");
        let cause = format!("the API's list of {} does not have it", api_date());
        let finding = Finding::of(Rule::InstanceTypeUnlisted, what).cause(cause);
        let finding = match near() {
            Some(near) => finding.hint(format!("if it is no newer than that, did you mean \"{near}\"?")),
            None => finding,
        };
        deployment.add(finding, value.at);
    }
}

/// Holds a type against those that the package was registered for.
pub(super) fn supported(deployment: &mut Deployment<'_>, value: &Evaluated, owner: &str, package: &ModelPackage) {
    let Some(text) = value.whole_text().filter(|text| has_the_form(text)) else { return };
    let supported = &package.supported_instance_types;
    if !supported.is_empty() && !supported.contains(&text) {
        let what = format!("{owner} has instance type {text}, for which the model package is not made");
        let finding = Finding::of(Rule::InstanceTypeSupported, what)
            .cause(format!("{} supports {}", package.arn, supported.join(", ")))
            .hint("use one of these, or register the model for others");
        deployment.add(finding, value.at);
    }
}

/// Families on whose instances no volume can be attached, since they have storage of their own: those with a "d" in their
/// name, and these. From `volume_size_supported` of sagemaker-core 2.27.0, which is AWS's; SageMaker answers "VolumeSize
/// parameter is not allowed for the selected Instance type".
const WITH_LOCAL_STORAGE: [&str; 7] = ["g5", "g6", "g7e", "p5", "p6-b200", "trn1", "trn2"];

pub(super) fn has_local_storage(instance_type: &str) -> bool {
    let Some(family) = instance_type.split('.').nth(1) else { return false };
    family.contains('d') || WITH_LOCAL_STORAGE.iter().any(|known| family.starts_with(known))
}

/// Burstable types cannot be scaled: SageMaker Developer Guide, "Automatic scaling".
pub(super) fn is_burstable(instance_type: &str) -> bool {
    instance_type.split('.').nth(1).is_some_and(|family| {
        let mut letters = family.bytes();
        letters.next() == Some(b't') && letters.next().is_some_and(|any| any.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_a_family_and_a_size() {
        for right in ["ml.m5.large", "ml.p6-b200.48xlarge", "ml.t2.medium", "ml.c8g.xlarge", "ml.x9.metal-24xl"] {
            assert!(has_the_form(right), "{right}");
        }
        for wrong in ["m5.large", "ml.m5", "ml.m5.lagre", "ml.M5.large", "ml..large", "ml.m5.2large", "ml.m5.large.x"] {
            assert!(!has_the_form(wrong), "{wrong}");
        }
    }

    #[test]
    fn storage_and_bursts_go_by_the_family() {
        for (kind, storage, bursts) in [
            ("ml.m5.large", false, false),
            ("ml.m5d.large", true, false),
            ("ml.g4dn.xlarge", true, false),
            ("ml.g6e.xlarge", true, false),
            ("ml.inf2.xlarge", false, false),
            ("ml.t2.medium", false, true),
            ("ml.t3.large", false, true),
            ("ml.trn1.2xlarge", true, false),
        ] {
            assert_eq!((has_local_storage(kind), is_burstable(kind)), (storage, bursts), "{kind}");
        }
    }
}
