//! What a stage's endpoint runs on, and how much of it an account may have.

use serde_json::Value;

use crate::domain::cloudformation::roll_out::{Kind, RollOut};

/// The instances that a stage's endpoint has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    pub instance_type: String,
    pub count: u32,
}

/// How many of an instance type an account's endpoints may have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Quota {
    pub code: String,
    pub value: f64,
}

/// The quota's name in Service Quotas.
pub(crate) fn quota_name(instance_type: &str) -> String {
    format!("{instance_type} for endpoint usage")
}

impl Demand {
    /// Of a stage's parameters: each that names an instance type, with the count beside it. One that has none is of a
    /// further instance pool, which may have to take all instances.
    pub(crate) fn among(parameters: &[(&str, &str)]) -> Vec<Self> {
        let count = |name: &str| {
            let beside = name.replace("Type", "Count");
            let found = parameters.iter().find(|(other, _)| *other == beside && beside != name);
            found.and_then(|(_, value)| value.parse().ok())
        };
        let types = || parameters.iter().filter(|(_, value)| value.starts_with("ml."));
        let most: u32 = types().filter_map(|(name, _)| count(name)).max().unwrap_or(1);
        largest(
            types().map(|(name, kind)| Self { instance_type: (*kind).to_owned(), count: count(name).unwrap_or(most) }),
        )
    }

    /// Of the endpoint configs that a template makes: every variant's instance type, or those of its pools, each of which
    /// may have to take all of the variant's instances. Variants share a quota.
    pub(crate) fn deployed(roll_out: &RollOut) -> Vec<Self> {
        let configs = roll_out.resources.iter().filter(|resource| resource.kind == Kind::EndpointConfig);
        let mut all: Vec<Self> = Vec::new();
        for config in configs {
            let lists = ["ProductionVariants", "ShadowProductionVariants"].map(|key| config.properties.get(key));
            let variants = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
            for demand in variants.flat_map(of_variant) {
                match all.iter_mut().find(|known| known.instance_type == demand.instance_type) {
                    Some(known) => known.count += demand.count,
                    None => all.push(demand),
                }
            }
        }
        all
    }
}

fn of_variant(variant: &Value) -> Vec<Demand> {
    let pools = variant["InstancePools"].as_array().map(Vec::as_slice).unwrap_or_default();
    let types = pools.iter().map(|pool| &pool["InstanceType"]).chain([&variant["InstanceType"]]);
    // A parameter's value is text, also where the property is a number.
    let count = &variant["InitialInstanceCount"];
    let count = count.as_str().and_then(|text| text.parse().ok()).or_else(|| count.as_u64()?.try_into().ok());
    let demand = |kind: &str| Demand { instance_type: kind.to_owned(), count: count.unwrap_or(1) };
    largest(types.filter_map(Value::as_str).map(demand))
}

/// Each instance type once, with the most that is wanted of it.
fn largest(demands: impl Iterator<Item = Demand>) -> Vec<Demand> {
    let mut all: Vec<Demand> = Vec::new();
    for demand in demands {
        match all.iter_mut().find(|known| known.instance_type == demand.instance_type) {
            Some(known) => known.count = known.count.max(demand.count),
            None => all.push(demand),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::cloudformation::roll_out::Resource;

    #[test]
    fn a_stage_tells_its_instances_by_its_parameters() {
        let demand = |parameters: &[(&str, &str)]| Demand::among(parameters);
        let staging = demand(&[
            ("StageName", "staging"),
            ("EndpointInstanceCount", "3"),
            ("EndpointInstanceType", "ml.m5.large"),
        ]);
        assert_eq!(staging, [of("ml.m5.large", 3)]);
        assert_eq!(demand(&[("Kind", "ml.c5.xlarge")]), [of("ml.c5.xlarge", 1)]);
        assert_eq!(demand(&[("StageName", "prod")]), []);
        // A further pool, without a count of its own
        let pools = demand(&[("InstanceType", "ml.g6.xlarge"), ("InstanceCount", "2"), ("Fallback", "ml.c7i.xlarge")]);
        assert_eq!(pools, [of("ml.g6.xlarge", 2), of("ml.c7i.xlarge", 2)]);
    }

    fn of(instance_type: &str, count: u32) -> Demand {
        Demand { instance_type: instance_type.to_owned(), count }
    }

    #[test]
    fn every_pool_of_a_template_is_wanted_in_full_and_variants_are_added_up() {
        let config = json!({"ProductionVariants": [
            {"InitialInstanceCount": "2", "InstancePools": [{"InstanceType": "ml.g6.xlarge"}, {"InstanceType": "ml.c7i.xlarge"}]},
            {"InitialInstanceCount": 1, "InstanceType": "ml.c7i.xlarge"},
            {"ServerlessConfig": {"MaxConcurrency": 5}},
        ]});
        let resource = Resource {
            logical_id: "Config".to_owned(),
            kind: Kind::EndpointConfig,
            name: "c".to_owned(),
            arn: "a".to_owned(),
            properties: config.as_object().expect("a map").clone(),
        };
        let roll_out = RollOut { resources: vec![resource], skipped: Vec::new() };
        assert_eq!(Demand::deployed(&roll_out), [of("ml.g6.xlarge", 2), of("ml.c7i.xlarge", 3)]);
    }
}
