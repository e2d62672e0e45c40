//! `prediction` of a dataset, as it is written.

#[cfg(test)]
use std::borrow::Cow;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

use super::highest::HighestSpec;
use super::prediction::Pick;

/// `prediction` as it is written.
#[derive(Debug)]
pub(crate) enum PredictionSpec {
    Pick(Pick),
    Highest(HighestSpec),
    /// Labels in the order in which the model ranks them.
    Ranked(Pick),
}

/// `ranked`, as it is written.
#[derive(serde::Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct RankedSpec {
    /// Where the answer has each row's labels, the first being the best: a list of them, or of objects with a `label`.
    ranked: Pick,
}

impl<'de> Deserialize<'de> for PredictionSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const FIELDS: &[&str] = &["column", "cells", "ranked", "highest", "classes", "thresholds"];
        let written = Value::deserialize(deserializer)?;
        let names = || written.as_object().into_iter().flat_map(|fields| fields.keys().map(String::as_str));
        if let Some(unknown) = names().find(|name| !FIELDS.contains(name)) {
            return Err(D::Error::unknown_field(unknown, FIELDS));
        }
        if names().any(|name| name == "ranked") {
            let ranked = |spec: RankedSpec| Self::Ranked(spec.ranked);
            return serde_json::from_value(written).map(ranked).map_err(D::Error::custom);
        }
        if names().any(|name| FIELDS[3..].contains(&name)) {
            return serde_json::from_value(written).map(Self::Highest).map_err(D::Error::custom);
        }
        serde_json::from_value(written).map(Self::Pick).map_err(D::Error::custom)
    }
}

#[cfg(test)]
impl JsonSchema for PredictionSpec {
    fn schema_name() -> Cow<'static, str> {
        "Prediction".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            generator.subschema_for::<Pick>(),
            generator.subschema_for::<HighestSpec>(),
            generator.subschema_for::<RankedSpec>(),
        ]})
    }
}
