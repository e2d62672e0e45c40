//! A document as types of ours take it, through serde; what does not fit knows its place.
//!
//! One deserializer for YAML and JSON: every type is compiled for it once.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::literal::{AS_WRITTEN, long_digits};
use super::misfit::{Misfit, Step};
use super::{Entry, Node, Value, duplicates, is_true};

impl Node {
    /// The document as that type takes it.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Misfit> {
        T::deserialize(self)
    }

    fn unfit(&self, expected: &dyn Expected) -> Misfit {
        let found = match &self.value {
            Value::Null => Unexpected::Unit,
            Value::Bool(written) => Unexpected::Bool(is_true(written)),
            Value::String(text) => Unexpected::Str(text),
            Value::List(_) => Unexpected::Seq,
            Value::Map(_) => Unexpected::Map,
            Value::Number(text) => match Number::of(text) {
                Number::Natural(number) => Unexpected::Unsigned(number),
                Number::Negative(number) => Unexpected::Signed(number),
                Number::Float(number) => Unexpected::Float(number),
                Number::Text => Unexpected::Str(text),
            },
        };
        <Misfit as de::Error>::invalid_type(found, expected).at(self.at)
    }

    /// What a text may be: one, or a scalar without quotes, which is taken as it was written.
    fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            Value::Number(text) if self.plain => Some(text),
            Value::Bool(written) if self.plain => Some(written),
            _ => None,
        }
    }
}

/// A number that was written.
enum Number {
    Natural(u64),
    Negative(i64),
    Float(f64),
    Text,
}

impl Number {
    fn of(text: &str) -> Self {
        let natural = text.parse().map(Self::Natural);
        let number = natural.or_else(|_| text.parse().map(Self::Negative));
        number.unwrap_or_else(|_| text.parse().map_or(Self::Text, Self::Float))
    }
}

/// Hands a number to whoever asked for any kind of number.
fn visit_number<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, Misfit> {
    match Number::of(text) {
        Number::Natural(number) => visitor.visit_u64(number),
        Number::Negative(number) => visitor.visit_i64(number),
        Number::Float(number) => visitor.visit_f64(number),
        Number::Text => visitor.visit_str(text),
    }
}

/// The kinds of number differ in their visitors alone.
macro_rules! numbers {
    ($($deserialize:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            match &self.value {
                Value::Number(text) => visit_number(text, visitor).map_err(|error: Misfit| error.at(self.at)),
                _ => Err(self.unfit(&visitor)),
            }
        }
    )*};
}

/// Each method visits what it is asked for and nothing else: all that a visitor is never shown costs the binary nothing.
impl<'de> Deserializer<'de> for &'de Node {
    type Error = Misfit;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let visited = match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(written) => visitor.visit_bool(is_true(written)),
            Value::Number(text) => visit_number(text, visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::List(_) => return self.deserialize_seq(visitor),
            Value::Map(_) => return self.deserialize_map(visitor),
        };
        visited.map_err(|error: Misfit| error.at(self.at))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::Bool(written) => visitor.visit_bool(is_true(written)).map_err(|error: Misfit| error.at(self.at)),
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.text() {
            Some(text) => visitor.visit_str(text).map_err(|error: Misfit| error.at(self.at)),
            None => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::List(items) => {
                visitor.visit_seq(Items { items, next: 0 }).map_err(|error: Misfit| error.at(self.at))
            }
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::Map(entries) => {
                let placed = |error: Misfit| {
                    let twice = entries.iter().rfind(|entry| error.twice() == Some(&entry.key));
                    let error = match twice {
                        Some(entry) => error.at(entry.key_at).under(Step::Key(entry.key.clone())),
                        None => error,
                    };
                    error.at(self.at)
                };
                let visited = visitor.visit_map(Entries { entries, next: 0 }).map_err(placed)?;
                // Only now: a visitor may have said it better
                written_once(entries)?;
                Ok(visited)
            }
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::Number(text) if name == AS_WRITTEN && long_digits(text).is_some() => {
                visitor.visit_bytes(text.as_bytes())
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    /// A variant by its name; none here holds anything.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::String(text) => {
                visitor.visit_enum(StrDeserializer::new(text)).map_err(|error: Misfit| error.at(self.at))
            }
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { char bytes byte_buf unit unit_struct tuple_struct identifier }
}

struct Items<'de> {
    items: &'de [Node],
    next: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(item).map(Some).map_err(|error| error.under(Step::Item(self.next - 1)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

struct Entries<'de> {
    entries: &'de [Entry],
    next: usize,
}

/// # Errors
/// A key stands twice: one of its values would be lost.
fn written_once(entries: &[Entry]) -> Result<(), Misfit> {
    match duplicates(entries).first() {
        Some((entry, _)) => {
            let what = format_args!("duplicate field `{}`", entry.key);
            Err(<Misfit as de::Error>::custom(what).at(entry.key_at).under(Step::Key(entry.key.clone())))
        }
        None => Ok(()),
    }
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some(entry) = self.entries.get(self.next) else { return Ok(None) };
        let key: StrDeserializer<'_, Misfit> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|error| error.at(entry.key_at).under(Step::Key(entry.key.clone())))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let entry = &self.entries[self.next];
        self.next += 1;
        seed.deserialize(&entry.value).map_err(|error| error.under(Step::Key(entry.key.clone())))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len() - self.next)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Case {
        name: String,
        most: Option<u32>,
        least: f64,
        tolerance: f64,
        kind: Kind,
        rest: serde_json::Value,
        inner: Vec<BTreeMap<String, Case>>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        #[default]
        Plain,
        Other,
    }

    fn read(text: &str) -> Result<Case, Misfit> {
        Node::parse_yaml(text, "t.yml").expect("YAML").read()
    }

    fn misfit(text: &str) -> (String, String, (usize, usize)) {
        let misfit = read(text).expect_err(text);
        let at = misfit.0.at.expect("a place");
        (misfit.path(), misfit.reason().to_owned(), (at.line, at.column))
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let case = read(
            "name: a\nmost: 3\nleast: -1\ntolerance: 1e-3\nkind: other\nrest: {a: [1, -2, 2.5, true, null, 007]}\n\
             inner:\n  - x: {name: b}\n",
        );
        let inner = Case { name: "b".to_owned(), ..Case::default() };
        let expected = Case {
            name: "a".to_owned(),
            most: Some(3),
            least: -1.0,
            tolerance: 0.001,
            kind: Kind::Other,
            rest: serde_json::json!({"a": [1, -2, 2.5, true, null, "007"]}),
            inner: vec![BTreeMap::from([("x".to_owned(), inner)])],
        };
        assert_eq!(case.expect("fits"), expected);
    }

    #[test]
    fn a_text_without_quotes_is_taken_as_it_was_written_and_a_number_in_json_is_none() {
        for text in ["012345678901", "1.50", "true", "False", "5", "+1e3"] {
            assert_eq!(read(&format!("name: {text}")).expect("fits").name, text);
        }
        let node = Node::parse_json("{\"name\": 5}", "t.json").expect("JSON");
        let reason = node.read::<Case>().expect_err("a number").reason().to_owned();
        assert_eq!(reason, "invalid type: integer `5`, expected a string");
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let expected = |path: &str, reason: &str, at| (path.to_owned(), reason.to_owned(), at);
        assert_eq!(
            misfit("name: a\ninner:\n  - x:\n      most: many\n"),
            expected("inner[0].x.most", "invalid type: string \"many\", expected a whole number from 0 on", (4, 13))
        );
        assert_eq!(
            misfit("most: -1"),
            expected("most", "invalid value: integer `-1`, expected a whole number from 0 on", (1, 7)) // a number, and none that fits
        );
        assert_eq!(misfit("least: [1]").1, "invalid type: a list, expected a number");
        assert_eq!(misfit("kind: third").1, "unknown variant `third`, expected `plain` or `other`");
        let (path, reason, at) = misfit("name: a\nnmae: b\n");
        assert_eq!((path.as_str(), at), ("nmae", (2, 1)));
        assert!(reason.starts_with("unknown field `nmae`, expected one of `name`"), "{reason}");
        assert_eq!(misfit("- a").1, "invalid type: a list, expected a mapping");
    }

    #[test]
    fn what_stands_twice_is_never_lost() {
        assert_eq!(misfit("name: a\nname: b\n").1, "duplicate field `name`");
        let (path, reason, at) = misfit("rest:\n  a: 1\n  b: 2\n  a: 3\n");
        assert_eq!((path.as_str(), reason.as_str(), at), ("rest.a", "duplicate field `a`", (4, 3)));
    }

    #[test]
    fn an_alias_repeats_what_it_names_within_bounds() {
        let case = read("rest: &it {a: 1}\ninner:\n  - x: {rest: *it}\n").expect("fits");
        assert_eq!(case.inner[0]["x"].rest, case.rest);
        let levels = (1..10).map(|level| {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            format!("a{level}: &a{level} [{items}]\n")
        });
        let bomb = std::iter::once("a0: &a0 [x, x, x]\n".to_owned()).chain(levels).collect();
        for text in [bomb, "a: &a [*a]".to_owned()] {
            let finding = Node::parse_yaml(&text, "t.yml").expect_err(&text);
            assert_eq!(finding.what, "repeats more by an alias than can be read");
        }
    }
}
