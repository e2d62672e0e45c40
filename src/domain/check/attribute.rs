//! The attributes that Fn::GetAtt knows of the resources around an endpoint; of other types nothing is known here.

use super::super::finding::nearest;

/// CloudFormation's resource provider schemas as of November 2026: the read-only properties, and what the handlers of
/// a type give beside them (both as listed by cfn-lint 1.58). Of an attribute in an attribute, the first part.
const ATTRIBUTES: [(&str, &[&str]); 11] = [
    ("AWS::ApiGateway::RestApi", &["RestApiId", "RootResourceId"]),
    ("AWS::ApplicationAutoScaling::ScalableTarget", &["Id"]),
    ("AWS::CloudWatch::Alarm", &["Arn"]),
    ("AWS::IAM::Role", &["Arn", "RoleId"]),
    ("AWS::KMS::Key", &["Arn", "KeyId"]),
    ("AWS::Lambda::Function", &["Arn", "SnapStartResponse"]),
    ("AWS::Logs::LogGroup", &["Arn"]),
    (
        "AWS::S3::Bucket",
        &[
            "Arn",
            "DomainName",
            "DualStackDomainName",
            "MetadataConfiguration",
            "MetadataTableConfiguration",
            "RegionalDomainName",
            "WebsiteURL",
        ],
    ),
    ("AWS::SageMaker::Endpoint", &["EndpointArn", "EndpointName"]),
    ("AWS::SageMaker::EndpointConfig", &["EndpointConfigArn", "EndpointConfigName"]),
    ("AWS::SageMaker::Model", &["ModelArn", "ModelName"]),
];

/// What there is instead, if it is known that resources of this type have no such attribute.
pub(super) struct Instead {
    pub(super) nearest: Option<&'static str>,
    pub(super) all: &'static [&'static str],
}

pub(super) fn instead_of(attribute: &str, resource_type: &str) -> Option<Instead> {
    let (_, all) = ATTRIBUTES.iter().find(|(known, _)| *known == resource_type)?;
    let first = attribute.split('.').next().unwrap_or(attribute);
    (!all.contains(&first)).then(|| Instead { nearest: nearest(first, all.iter().copied()), all })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_of_a_known_type_is_held_to_the_list_and_any_other_is_not() {
        let instead = |attribute, kind| instead_of(attribute, kind).map(|instead| instead.nearest);
        assert_eq!(instead("ModelNam", "AWS::SageMaker::Model"), Some(Some("ModelName")));
        assert_eq!(instead("Name", "AWS::IAM::Role"), Some(None));
        assert_eq!(instead("SnapStartResponse.ApplyOn", "AWS::Lambda::Function"), None);
        assert_eq!(instead("Name", "AWS::SQS::Queue"), None);
    }
}
