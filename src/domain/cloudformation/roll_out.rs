//! What a template makes of a stage's parameters in one account: the endpoint and what it consists of.
//!
//! Instantiated are the SageMaker resources that a test reaches; any other kind is listed and left alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::cloudformation::evaluation::{Index, REF, Scope, Stack};
use crate::domain::cloudformation::template::Template;
use crate::domain::digest::sha256;
use crate::domain::document::Entry;
use crate::domain::document::Node;
use crate::domain::finding::Finding;

/// A resource of the template in one account.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Resource {
    pub logical_id: String,
    pub kind: Kind,
    pub name: String,
    pub arn: String,
    /// The evaluated `Properties`.
    pub properties: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Model,
    EndpointConfig,
    Endpoint,
    InferenceComponent,
}

/// In the order in which each can refer to those before it.
const KINDS: [(Kind, &str, &str, &str); 4] = [
    (Kind::Model, "AWS::SageMaker::Model", "ModelName", "model"),
    (Kind::EndpointConfig, "AWS::SageMaker::EndpointConfig", "EndpointConfigName", "endpoint-config"),
    (Kind::Endpoint, "AWS::SageMaker::Endpoint", "EndpointName", "endpoint"),
    (Kind::InferenceComponent, "AWS::SageMaker::InferenceComponent", "InferenceComponentName", "inference-component"),
];

/// The resources that a template makes in an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RollOut {
    pub resources: Vec<Resource>,
    /// `LogicalId (Type)` of what was left alone.
    pub skipped: Vec<String>,
}

/// Instantiates `template` with a stage's parameters in the account of `stack`.
///
/// # Errors
/// All findings of values that cannot be evaluated.
pub(crate) fn instantiate(
    template: &Template,
    parameters: &BTreeMap<String, String>,
    stack: &Stack,
) -> Result<RollOut, Vec<Finding>> {
    let index = Index::of(template);
    let mut scope = Scope::new(&index, parameters, Some(stack));
    let mut roll_out = RollOut::default();
    let mut findings = Vec::new();
    if template.has_macro() {
        let at = template.root.get("Transform").unwrap_or(&template.root).at;
        let cause = "what it makes of the resources is known in an account only";
        findings.push(Finding::error("has a macro, which no rehearsal runs").at(&template.file, at).cause(cause));
    }
    findings.extend(scope.broken_assertions());
    let entries = template.root.get("Resources").and_then(Node::as_map).unwrap_or_default();
    let type_of = |entry: &Entry| entry.value.get("Type").and_then(Node::as_str).unwrap_or_default().to_owned();
    for (kind, type_name, name_property, arn_part) in KINDS {
        for entry in entries.iter().filter(|entry| type_of(entry) == type_name) {
            match properties(&scope, entry) {
                Ok(Some(properties)) => {
                    let name = match properties.get(name_property).and_then(Value::as_str) {
                        Some(name) => name.to_owned(),
                        None => generated_name(&stack.name, &entry.key, &properties),
                    };
                    let Stack { partition, region, account, .. } = stack;
                    // SageMaker writes the names in its ARNs in lower case
                    let arn =
                        format!("arn:{partition}:sagemaker:{region}:{account}:{arn_part}/{}", name.to_lowercase());
                    let attributes =
                        BTreeMap::from([(REF.to_owned(), arn.clone()), (name_property.to_owned(), name.clone())]);
                    scope.resources.insert(entry.key.clone(), attributes);
                    roll_out.resources.push(Resource { logical_id: entry.key.clone(), kind, name, arn, properties });
                }
                Ok(None) => {}
                Err(finding) => findings.push(finding),
            }
        }
    }
    roll_out.skipped = entries
        .iter()
        .filter(|entry| !KINDS.iter().any(|(_, type_name, ..)| type_of(entry) == *type_name))
        .map(|entry| format!("{} ({})", entry.key, type_of(entry)))
        .collect();
    if findings.is_empty() { Ok(roll_out) } else { Err(findings) }
}

/// The evaluated properties; `None` where the resource's condition does not hold.
fn properties(scope: &Scope<'_>, entry: &Entry) -> Result<Option<Map<String, Value>>, Finding> {
    if let Some(condition) = entry.value.get("Condition") {
        let name = condition.as_str().unwrap_or_default();
        if !scope.condition(name, condition)? {
            return Ok(None);
        }
    }
    match entry.value.get("Properties").map(|node| scope.value(node)).transpose()? {
        Some(Some(Value::Object(properties))) => Ok(Some(properties)),
        _ => Ok(Some(Map::new())),
    }
}

/// Like CloudFormation's: other properties, other resource, other name.
fn generated_name(stack: &str, logical_id: &str, properties: &Map<String, Value>) -> String {
    const SUFFIX: usize = 12;
    let digest = sha256(Value::Object(properties.clone()).to_string().as_bytes());
    let stem: String =
        format!("{logical_id}-{stack}").chars().take(crate::domain::endpoint::MAX_NAME_LENGTH - SUFFIX - 1).collect();
    format!("{}-{}", stem.trim_end_matches('-'), &digest[..SUFFIX])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Parameters:
  Project: {Type: String}
  Package: {Type: String}
  Capture: {Type: Number, Default: 0}
Conditions:
  Off: !Equals [a, b]
Resources:
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: !Sub '${Project}-staging'
      EndpointConfigName: !GetAtt Config.EndpointConfigName
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{ModelName: !GetAtt Model.ModelName, VariantName: all}]
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      Containers: [{ModelPackageName: !Ref Package}]
  Never: {Type: AWS::SageMaker::Model, Condition: Off, Properties: {ModelName: never}}
  Scaling: {Type: AWS::ApplicationAutoScaling::ScalableTarget}
";

    fn roll_out(package: &str) -> RollOut {
        let template = Template::parse(TEMPLATE, "t.yml").expect("valid");
        let parameters =
            BTreeMap::from([("Project".to_owned(), "churn".to_owned()), ("Package".to_owned(), package.to_owned())]);
        let stack = Stack {
            account: "222222222222".into(),
            region: "us-east-1".into(),
            partition: "aws".into(),
            name: "deploy-staging".into(),
        };
        instantiate(&template, &parameters, &stack).expect("valid")
    }

    #[test]
    fn the_endpoint_leads_to_the_package() {
        let made = roll_out("arn:4");
        let [model, config, endpoint] = &made.resources[..] else { panic!("{made:?}") };
        assert_eq!(endpoint.name, "churn-staging");
        assert_eq!(endpoint.properties["EndpointConfigName"], config.name);
        assert_eq!(config.properties["ProductionVariants"][0]["ModelName"], model.name);
        assert_eq!(model.properties["Containers"][0]["ModelPackageName"], "arn:4");
        assert_eq!(made.skipped, ["Scaling (AWS::ApplicationAutoScaling::ScalableTarget)"]);
    }

    #[test]
    fn another_package_makes_another_model_and_config_behind_the_same_endpoint() {
        let (former, latter) = (roll_out("arn:3"), roll_out("arn:4"));
        assert_ne!(former.resources[0].name, latter.resources[0].name);
        assert_ne!(former.resources[1].name, latter.resources[1].name);
        assert_eq!(former.resources[2].name, latter.resources[2].name);
    }
}
