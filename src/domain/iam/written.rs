//! JSON as it was written. What serde_json keeps of a number may have other digits, and of two members of one name it keeps
//! one.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A value that is written again as it was read, but for the blanks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Written {
    /// A text, a number, a boolean or nothing.
    Scalar(String),
    List(Vec<Written>),
    Object(Vec<(String, Written)>),
}

impl Written {
    /// # Errors
    /// The text is no JSON, or two members of one object have the same name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        // It knows how deep is too deep.
        serde_json::from_str::<Value>(text).map_err(|error| error.to_string())?;
        // The place is counted from the innermost object.
        let plain =
            |error: serde_json::Error| error.to_string().split(" at line ").next().unwrap_or_default().to_owned();
        serde_json::from_str(text).map_err(plain)
    }
}

impl From<&Value> for Written {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(map) => Self::Object(map.iter().map(|(name, value)| (name.clone(), value.into())).collect()),
            scalar => Self::Scalar(scalar.to_string()),
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        match text.as_bytes().first() {
            Some(b'{') => serde_json::from_str(text).map(|Members(members)| Self::Object(members)),
            Some(b'[') => serde_json::from_str(text).map(Self::List),
            _ => Ok(Self::Scalar(text.to_owned())),
        }
        .map_err(D::Error::custom)
    }
}

struct Members(Vec<(String, Written)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once)
    }
}

/// Reads an object in which each name stands once.
struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        let mut names = HashSet::new();
        while let Some((name, value)) = map.next_entry::<String, Written>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("\"{name}\" stands twice in one object")));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(text) => RawValue::from_string(text.clone()).map_err(S::Error::custom)?.serialize(serializer),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => serializer.collect_map(members.iter().map(|(name, value)| (name, value))),
        }
    }
}

/// As JSON without blanks, or with a line for each part, as serde_json's own values are shown.
impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = if f.alternate() { serde_json::to_string_pretty(self) } else { serde_json::to_string(self) };
        f.write_str(&json.map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for text in [
            r#"{"a":[12345678901234567890123,0.10,1e2,-0.0],"b":{"c":"\u00e9","d":null,"e":true}}"#,
            r#"{"a":0.12345678901234567890,"b":[]}"#,
            "[]",
            "{}",
        ] {
            let written = Written::parse(text).expect(text);
            assert_eq!(written.to_string(), text);
            assert_eq!(Written::parse(&format!("{written:#}")).expect("the same"), written);
            assert!(!text.contains('"') || format!("{written:#}").starts_with("{\n  \"a\": "), "{written:#}");
        }
        let value: Value = serde_json::from_str(r#"{"a":[1,"x",{}]}"#).expect("JSON");
        assert_eq!(Written::from(&value).to_string(), value.to_string());
    }

    #[test]
    fn a_name_that_stands_twice_is_told_wherever_that_is() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1, "\u0061": 2}}]"#] {
            assert_eq!(Written::parse(text), Err("\"a\" stands twice in one object".to_owned()));
        }
        assert!(Written::parse(r#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
        for text in ["", "{", &"[".repeat(1000)] {
            assert!(Written::parse(text).is_err());
        }
    }
}
