//! A column of a table, as a person names it.

#[cfg(test)]
use std::borrow::Cow;
use std::fmt;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A column of a table: its name in the header, or its number, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    Name(String),
    Number(usize),
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "\"{name}\""),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ColumnVisitor)
    }
}

struct ColumnVisitor;

impl Visitor<'_> for ColumnVisitor {
    type Value = Column;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column's name, or its number counted from 0")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Column, E> {
        Ok(Column::Name(name.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Column, E> {
        usize::try_from(number).map(Column::Number).map_err(E::custom)
    }
}

#[cfg(test)]
impl JsonSchema for Column {
    fn schema_name() -> Cow<'static, str> {
        "Column".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "a column's name in the header, or its number counted from 0",
            "anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0}],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_quoted_is_a_name() {
        let columns: Vec<Column> = serde_yaml::from_str("[0, '0', age]").expect("columns");
        assert_eq!(columns, [Column::Number(0), Column::Name("0".into()), Column::Name("age".into())]);
        for wrong in ["-1", "1.5", "true", "[a]"] {
            let error = serde_yaml::from_str::<Column>(wrong).expect_err(wrong).to_string();
            assert!(error.contains("expected a column's name, or its number counted from 0"), "{error}");
        }
    }
}
