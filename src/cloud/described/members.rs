//! The members of SageMaker's answers that its model knows. What it does not know came later, or is not AWS's: nobody can
//! say that it does not change what serves.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// Written by `make models`; its head says what a line means.
const TABLE: &str = include_str!("../../../models/members.txt");

static STRUCTURES: LazyLock<BTreeMap<&str, BTreeMap<&str, Member>>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let structures = lines.filter_map(|line| line.split_once(' '));
    structures.map(|(name, members)| (name, members.split(' ').map(Member::parse).collect())).collect()
});

/// Where each member may decide what runs, and how. Elsewhere only one that speaks of it does.
const DECIDING: [&str; 4] =
    ["ContainerDefinition", "InferenceComponentSpecificationSummary", "ProductionVariant", "ProductionVariantSummary"];

enum Member {
    Structure(&'static str),
    /// What a person named, as a variable of the environment, or a value.
    Other,
}

impl Member {
    fn parse(text: &'static str) -> (&'static str, Self) {
        match text.split_once(':') {
            Some((name, structure)) => (name, Self::Structure(structure)),
            None => (text.trim_end_matches("{}"), Self::Other),
        }
    }
}

/// The members of a structure that was described, at any depth, that the model does not know and that may change what
/// serves. What is off, or empty, changes nothing.
pub(super) fn strange(described: &Value, structure: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(described, structure, false)];
    while let Some((value, structure, decides)) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, structure, decides))),
            Value::Object(members) => {
                let decides = decides || DECIDING.contains(&structure);
                let known = STRUCTURES.get(structure);
                for (name, value) in members.iter().filter(|(_, value)| says_something(value)) {
                    match known.and_then(|known| known.get(name.as_str())) {
                        Some(Member::Structure(structure)) => open.push((value, structure, decides)),
                        None if decides || speaks_of_models(name, value) => found.push(name.clone()),
                        Some(Member::Other) | None => {}
                    }
                }
            }
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}

/// Whether a member, or one within it, speaks of models or of what runs them.
fn speaks_of_models(name: &str, value: &Value) -> bool {
    const WORDS: [&str; 3] = ["Model", "InferenceComponent", "Specification"];
    let within = |members: &Map<String, Value>| members.iter().any(|(name, value)| speaks_of_models(name, value));
    let items = |items: &Vec<Value>| items.iter().any(|item| item.as_object().is_some_and(within));
    WORDS.iter().any(|word| name.contains(word))
        || value.as_object().is_some_and(within)
        || value.as_array().is_some_and(items)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_model_does_not_know_of_a_variant_is_named_at_any_depth() {
        let of = |variant: Value| strange(&variant, "ProductionVariant");
        assert_eq!(of(json!({"VariantName": "a", "ModelName": "m", "VolumeSizeInGB": 5})), [""; 0]);
        assert_eq!(of(json!({"ModelGroup": {"ModelName": "n"}})), ["ModelGroup"]);
        assert_eq!(
            of(json!({"InstancePools": [{"InstanceType": "t", "FallbackModelName": "n"}]})),
            ["FallbackModelName"]
        );
        assert_eq!(of(json!({"ServerlessConfig": {"Colour": 3}, "Colour": {"Shade": 3}})), ["Colour"]);
        // A member that is known elsewhere is not known here.
        assert_eq!(of(json!({"ModelDataUrl": "s3://b/k"})), ["ModelDataUrl"]);
        let off = json!({"ModelGroup": null, "EnableX": false, "Empty": {}, "Parts": [], "Text": ""});
        assert_eq!(of(off), [""; 0]);
    }

    #[test]
    fn around_what_decides_only_a_member_that_speaks_of_models_is_strange() {
        let of = |model: Value| strange(&model, "DescribeModelOutput");
        assert_eq!(of(json!({"ModelName": "m", "Colour": 3, "VpcConfig": {"Colour": 3}})), [""; 0]);
        assert_eq!(
            of(json!({"ModelOverride": "n", "Late": [{"Later": {"ModelName": "n"}}]})),
            ["Late", "ModelOverride"]
        );
        let container = json!({"Environment": {"ModelHome": "/opt"}, "Image": "i", "Weights": "s3://b/k"});
        assert_eq!(of(json!({"PrimaryContainer": container, "Containers": [container]})), ["Weights"]);
        let component = json!({"SpecificationSets": [{}], "RuntimeConfig": {"CopyCount": 1},
                               "Specification": {"Container": {"Environment": {"ModelHome": "/opt"}}}});
        assert_eq!(strange(&component, "DescribeInferenceComponentOutput"), ["SpecificationSets"]);
    }
}
