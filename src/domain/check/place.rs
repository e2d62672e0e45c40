//! What a stage's resources name of other Regions, and of types that a Region does not have.

use super::super::access::{Image, Registry};
use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::deployment::{Deployment, ENDPOINT_CONFIG, MODEL, Resource, called};
use super::model::containers_of;
use super::schema::{Schema, registry_date};
use super::variant::{PRODUCTION, variant_called, variants};
use crate::domain::aws::s3_uri::Address;
use crate::domain::cloudformation::evaluation::value::{Data, Evaluated, Text};
use crate::domain::registry::model_package::ModelPackage;

/// What a property may name that is looked up by the container, or by nobody.
const NOT_SAGEMAKERS: [&str; 3] = ["Environment", "Tags", "ModelPackageGroupPolicy"];

/// A Region that was reported to refuse a variant without instances (stdapi-ai/stdapi.ai, issue 43, 2026-08-27).
pub(super) const REFUSES_NO_INSTANCE: &str = "eu-west-3";

pub(super) fn check(deployment: &mut Deployment<'_>, region: &str, package: Option<&ModelPackage>) {
    for resource in deployment.resources() {
        let Some(schema) = Schema::of(resource.kind) else { continue };
        if schema.regions_without.contains(&region) {
            let what = format!("{} has a type that {region} does not support: {}", called(&resource), schema.name);
            let cause = format!("the Region's list of types of {}", registry_date());
            deployment.add(Finding::of(Rule::TypeRegion, what).cause(cause), resource.at);
        }
        if schema.name.starts_with("AWS::SageMaker::") {
            values(deployment, &resource, &resource.properties, region);
        }
    }
    if region == REFUSES_NO_INSTANCE {
        for config in deployment.all(ENDPOINT_CONFIG) {
            no_instance(deployment, &config);
        }
    }
    if let Some(package) = package {
        for model in deployment.all(MODEL) {
            of_package(deployment, &model, package, region);
        }
    }
}

fn values(deployment: &mut Deployment<'_>, resource: &Resource<'_>, value: &Evaluated, region: &str) {
    match &value.data {
        Data::Map(properties) => {
            for property in properties.iter().filter(|one| !NOT_SAGEMAKERS.contains(&one.key.as_str())) {
                values(deployment, resource, &property.value, region);
            }
        }
        Data::List(items) => items.iter().for_each(|item| values(deployment, resource, item, region)),
        Data::Text(text) => {
            if let Some(other) = region_of(text).filter(|other| other != region) {
                let what = format!("{} names \"{text}\" of {other}, and is rolled out in {region}", called(resource));
                deployment.add(elsewhere(what), value.at);
            }
        }
        _ => {}
    }
}

fn elsewhere(what: String) -> Finding {
    Finding::of(Rule::PlaceRegion, what)
        .cause("SageMaker takes images, model data, keys and packages of the endpoint's own Region only")
        .hint("write ${AWS::Region} with !Sub, and have a copy in each Region")
}

fn no_instance(deployment: &mut Deployment<'_>, config: &Resource<'_>) {
    for variant in variants(config, PRODUCTION) {
        let Some(least) = variant.get("ManagedInstanceScaling").and_then(|scaling| scaling.get("MinInstanceCount"))
        else {
            continue;
        };
        if least.number() == Some(0.0) {
            let what = format!("{} has MinInstanceCount 0 in {REFUSES_NO_INSTANCE}", variant_called(config, variant));
            let finding = Finding::of(Rule::ManagedScalingToZero, what);
            deployment.add(finding.hint("begin with 1; a later update may try 0"), least.at);
        }
    }
}

fn of_package(deployment: &mut Deployment<'_>, model: &Resource<'_>, package: &ModelPackage, region: &str) {
    let Some(property) = containers_of(model).find_map(|container| container.get("ModelPackageName")) else { return };
    for image in package.containers.iter().filter_map(|container| container.image.as_deref()) {
        if let Some(other) = region_of_image(image).filter(|other| other != region) {
            let what = format!(
                "{} takes image \"{image}\" of {other} from {}, and is rolled out in {region}",
                called(model),
                package.arn
            );
            deployment.add(elsewhere(what), property.at);
        }
    }
}

fn region_of_image(uri: &str) -> Option<String> {
    match Image::parse(uri).registry {
        Registry::Private { region, .. } => Some(region),
        Registry::Public | Registry::Elsewhere => None,
    }
}

/// The Region in an ARN, in the address of an image of ECR or in that of a place in S3, if it is known.
fn region_of(text: &Text) -> Option<String> {
    // Digits, as many as an account id has, and neither colon nor dot, so that what is not known stays in its part
    const UNKNOWN: &str = "999999999999";
    let text = text.fill(|_| Some(Text::known(UNKNOWN))).to_string();
    let region = if let Some(rest) = text.strip_prefix("arn:") {
        // A Region without what comes after it may go on there
        let parts: Vec<&str> = rest.split(':').collect();
        (parts.len() > 3).then(|| parts[2].to_owned())?
    } else if let Some(region) = region_of_image(&text) {
        region
    } else {
        Address::of(&text)?.region?.to_owned()
    };
    (!region.is_empty() && !region.contains(UNKNOWN)).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cloudformation::evaluation::value::Hole;

    #[test]
    fn the_region_is_read_where_it_is_written_out() {
        for (text, region) in [
            ("arn:aws:kms:us-east-1:111122223333:key/a", Some("us-east-1")),
            ("arn:aws:iam::111122223333:role/a", None),
            ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/a:1", Some("eu-west-1")),
            ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/a@sha256:0", Some("cn-north-1")),
            ("https://bucket.s3.us-west-2.amazonaws.com/key", Some("us-west-2")),
            ("https://s3.us-west-2.amazonaws.com/bucket/key", Some("us-west-2")),
            ("https://team-models3.s3.us-west-2.amazonaws.com/key", Some("us-west-2")),
            ("https://my.s3-archive.s3.dualstack.us-west-2.amazonaws.com/key", Some("us-west-2")),
            ("https://bucket.s3-fips.us-gov-west-1.amazonaws.com/key", Some("us-gov-west-1")),
            ("https://bucket.s3-us-west-2.amazonaws.com/key", Some("us-west-2")),
            ("https://bucket.s3.cn-north-1.amazonaws.com.cn/key", Some("cn-north-1")),
            ("https://bucket.s3.amazonaws.com/key", None),
            ("https://bucket.s3.dualstack.us-west-2.amazonaws.com/key", Some("us-west-2")),
            ("https://s3.amazonaws.com/bucket/key", None),
            ("s3://bucket/us-west-2.amazonaws.com/key", None),
            ("public.ecr.aws/a/b", None),
            ("https://example.com/key", None),
        ] {
            assert_eq!(region_of(&Text::known(text)).as_deref(), region, "{text}");
        }
    }

    #[test]
    fn a_region_that_is_not_known_is_not_guessed() {
        let hole = |name: &str| Text::hole(Hole::Pseudo(name.to_owned()));
        let arn = |before: &str, after: &str| {
            let mut text = Text::known(before);
            text.append(hole("AWS::Region"));
            text.push(after);
            region_of(&text)
        };
        assert_eq!(arn("arn:aws:kms:", ":1:key/a"), None);
        assert_eq!(arn("arn:", ":kms:us-east-1:1:key/a").as_deref(), Some("us-east-1"));
        assert_eq!(arn("111122223333.dkr.ecr.", ".amazonaws.com/a"), None);
        assert_eq!(arn("", ".dkr.ecr.us-east-1.amazonaws.com/a").as_deref(), Some("us-east-1"));
        assert_eq!(region_of(&Text::known("arn:aws:kms:us-east-1")), None);
    }
}
