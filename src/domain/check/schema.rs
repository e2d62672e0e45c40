//! What AWS publishes of the resource types around an endpoint: CloudFormation's registry schemas, and beside them what
//! only the services' APIs take. `make schemas` writes the table; only the types in use are read from it.
//!
//! A type begins with `= NAME` and a definition of it with `- NAME`; a property is `NAME[MARKS] KIND`.
//! Marks: `!` required, `?` required by the API only, `*` create-only, `~` read-only, `+` of the API only.
//! Kinds: `s` text, `N` name, `i` whole number, `n` number, `b` boolean, `j` JSON, `m` mapping of any keys, `a` anything,
//! `{NAME}` a definition, `[COUNT]KIND` a list. Behind it, a range `1..63` of value, length or count, values as `=a|b` or as
//! `=@1` for the list of that number (`+b` is of the API only), and a pattern `/...` of the whole text.
//! Rules of a definition: `^` exactly one of, `x` not both, `r` the first needs the others; `!` Regions without the type.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

const TABLE: &str = include_str!("../../../models/schemas.txt");

/// One resource type.
pub(super) struct Schema {
    pub(super) name: &'static str,
    definitions: Vec<Definition>,
    pub(super) regions_without: Vec<&'static str>,
}

/// The properties of the type itself, or of an object in it.
pub(super) struct Definition {
    /// Empty for the type itself.
    pub(super) name: &'static str,
    /// By name.
    pub(super) members: Vec<Member>,
    pub(super) exactly_one: Vec<&'static str>,
    pub(super) not_both: Vec<[&'static str; 2]>,
    pub(super) needs: Vec<(&'static str, Vec<&'static str>)>,
}

pub(super) struct Member {
    pub(super) name: &'static str,
    marks: &'static str,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Anything,
    Json,
    Mapping(Limits),
    Boolean,
    Whole(Limits, Option<Values>),
    Number(Limits),
    Name(Limits),
    Text { length: Limits, values: Option<Values>, pattern: Option<&'static str> },
    List(Limits, Box<Kind>),
    Object(&'static str),
}

/// The least and the most that a value, a length or a count may be.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) struct Limits {
    pub(super) least: Option<f64>,
    pub(super) most: Option<f64>,
}

/// Values that are taken, as the table lists them.
#[derive(Clone, Copy)]
pub(super) struct Values(&'static str);

/// The day of the registry's schemas.
pub(super) fn registry_date() -> &'static str {
    date("# registry ")
}

/// The day of the API models.
pub(super) fn api_date() -> &'static str {
    date("# api ")
}

fn date(line: &str) -> &'static str {
    TABLE.split_once(line).and_then(|(_, rest)| rest.split(' ').next()).unwrap_or_default()
}

struct Section {
    text: &'static str,
    schema: OnceLock<Schema>,
}

/// The sections of the table by type, each read when it is first asked for.
static SECTIONS: LazyLock<HashMap<&'static str, Section>> = LazyLock::new(|| {
    let sections = TABLE.split("\n= ").skip(1);
    let named = sections.map(|text| (line_of(text), Section { text, schema: OnceLock::new() }));
    named.collect()
});

fn line_of(text: &'static str) -> &'static str {
    text.split('\n').next().unwrap_or_default()
}

impl Schema {
    pub(super) fn of(kind: &str) -> Option<&'static Self> {
        SECTIONS.get(kind).map(|section| section.schema.get_or_init(|| Self::read(section.text)))
    }

    fn read(text: &'static str) -> Self {
        let mut schema =
            Self { name: line_of(text), definitions: vec![Definition::named("")], regions_without: Vec::new() };
        for line in text.lines().skip(1) {
            let Some((first, rest)) = line.split_once(' ') else { continue };
            let names = || rest.split(' ').collect::<Vec<_>>();
            if first == "-" {
                schema.definitions.push(Definition::named(rest));
            } else if first == "!" {
                schema.regions_without = names();
            } else if let Some(definition) = schema.definitions.last_mut() {
                match (first, &names()[..]) {
                    ("^", names) => definition.exactly_one = names.to_vec(),
                    ("x", [one, other]) => definition.not_both.push([one, other]),
                    ("r", [name, others @ ..]) => definition.needs.push((name, others.to_vec())),
                    _ => definition.members.push(Member::read(first, rest)),
                }
            }
        }
        schema
    }

    /// The type's own properties.
    pub(super) fn root(&self) -> &Definition {
        &self.definitions[0]
    }

    pub(super) fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.name == name)
    }

    /// An object that has a property of that name, if there is one.
    pub(super) fn owner_of(&self, property: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.member(property).is_some())
    }
}

impl Definition {
    fn named(name: &'static str) -> Self {
        Self { name, members: Vec::new(), exactly_one: Vec::new(), not_both: Vec::new(), needs: Vec::new() }
    }

    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        let at = self.members.binary_search_by(|member| member.name.cmp(name)).ok()?;
        Some(&self.members[at])
    }
}

impl Member {
    fn read(name: &'static str, kind: &'static str) -> Self {
        let plain = name.trim_end_matches(['!', '?', '*', '~', '+']);
        Self { name: plain, marks: &name[plain.len()..], kind: Kind::read(kind) }
    }

    pub(super) fn is_required(&self) -> bool {
        self.marks.contains('!')
    }

    pub(super) fn is_required_by_the_api(&self) -> bool {
        self.marks.contains('?')
    }

    /// Whether another value replaces the resource.
    pub(super) fn is_create_only(&self) -> bool {
        self.marks.contains('*')
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.marks.contains('~')
    }

    pub(super) fn is_of_the_api_only(&self) -> bool {
        self.marks.contains('+')
    }
}

impl Kind {
    fn read(text: &'static str) -> Self {
        if let Some((count, item)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            return Self::List(Limits::read(count), Box::new(Self::read(item)));
        }
        if let Some(name) = text.strip_prefix('{') {
            return Self::Object(name.trim_end_matches('}'));
        }
        let (shape, pattern) = match text.split_once(" /") {
            Some((shape, pattern)) => (shape, Some(pattern)),
            None => (text, None),
        };
        let (shape, values) = match shape.split_once('=') {
            Some((shape, values)) => (shape.trim_end(), Some(Values::read(values))),
            None => (shape, None),
        };
        let limits = Limits::read(shape.get(1..).unwrap_or_default());
        match shape.as_bytes().first() {
            Some(b's') => Self::Text { length: limits, values, pattern },
            Some(b'N') => Self::Name(limits),
            Some(b'i') => Self::Whole(limits, values),
            Some(b'n') => Self::Number(limits),
            Some(b'b') => Self::Boolean,
            Some(b'j') => Self::Json,
            Some(b'm') => Self::Mapping(limits),
            _ => Self::Anything,
        }
    }
}

impl Limits {
    fn read(text: &str) -> Self {
        let (least, most) = text.split_once("..").unwrap_or_default();
        Self { least: least.parse().ok(), most: most.parse().ok() }
    }

    pub(super) fn hold(self, number: f64) -> bool {
        self.least.is_none_or(|least| number >= least) && self.most.is_none_or(|most| number <= most)
    }
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.least, self.most) {
            (Some(least), Some(most)) if least >= most => write!(f, "{least}"),
            (Some(least), Some(most)) => write!(f, "{least} to {most}"),
            (Some(least), None) => write!(f, "at least {least}"),
            (None, Some(most)) => write!(f, "at most {most}"),
            (None, None) => f.write_str("any"),
        }
    }
}

impl Values {
    fn read(text: &'static str) -> Self {
        let Some(number) = text.strip_prefix('@') else { return Self(text) };
        let line = TABLE.split_once(&format!("\n@{number} ")).map_or("", |(_, rest)| line_of(rest));
        Self(line)
    }

    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        self.0.split(['|', ' ']).map(|value| value.trim_start_matches('+'))
    }

    /// Whether a value is taken, and whether by the API only; `None` if it is not.
    pub(super) fn find(self, value: &str) -> Option<bool> {
        let is_end = |any: Option<&u8>| any.is_none_or(|any| [b'|', b' '].contains(any));
        let listed = self.0.as_bytes();
        self.0.match_indices(value).filter(|_| !value.is_empty()).find_map(|(at, _)| {
            let is_marked = listed[..at].last() == Some(&b'+');
            let before = listed[..at - usize::from(is_marked)].last();
            (is_end(before) && is_end(listed.get(at + value.len()))).then_some(is_marked)
        })
    }

    /// Whether these are instance types, of which there are new ones every month.
    pub(super) fn are_instance_types(self) -> bool {
        self.0.starts_with("ml.")
    }
}

/// The limits of a property, for the explanations of rules.
pub(super) fn limits(kind: &str, definition: &str, property: &str) -> Limits {
    let member = Schema::of(kind).and_then(|schema| schema.definition(definition)?.member(property));
    match member.map(|member| &member.kind) {
        Some(Kind::Whole(limits, _) | Kind::Number(limits) | Kind::Name(limits) | Kind::List(limits, _)) => *limits,
        Some(Kind::Text { length, .. }) => *length,
        _ => Limits::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::digest::sha256;
    use super::super::parameter_value::defect;
    use super::*;
    use crate::domain::endpoint::MAX_NAME_LENGTH;

    fn every_kind(kind: &Kind, look: &mut impl FnMut(&Kind)) {
        look(kind);
        if let Kind::List(_, item) = kind {
            every_kind(item, look);
        }
    }

    #[test]
    fn the_table_is_as_it_was_written() {
        let (head, body) = TABLE.split_once("\n@").expect("lists of values");
        let digest = head.lines().find_map(|line| line.strip_prefix("# table ")).expect("a digest");
        assert_eq!(sha256(format!("@{body}").as_bytes()), digest, "models/schemas.txt was changed by hand");
        for date in [registry_date(), api_date()] {
            assert!(date.len() == 10 && date.starts_with("20"), "{date}");
        }
    }

    #[test]
    fn every_word_of_the_table_is_understood() {
        let names: Vec<&str> = SECTIONS.keys().copied().collect();
        assert_eq!(names.len(), 9, "{names:?}");
        for name in names {
            let schema = Schema::of(name).expect("a type of the table");
            for definition in &schema.definitions {
                assert!(definition.members.is_sorted_by_key(|member| member.name), "{name}.{}", definition.name);
                for member in &definition.members {
                    let place = format!("{name}.{}.{}", definition.name, member.name);
                    every_kind(&member.kind, &mut |kind| match kind {
                        Kind::Anything => assert!(member.is_of_the_api_only(), "{place}"),
                        Kind::Object(inner) => assert!(schema.definition(inner).is_some(), "{place}: {inner}"),
                        Kind::Text { pattern: Some(pattern), .. } => assert_eq!(defect(pattern), None, "{place}"),
                        Kind::Text { values: Some(values), .. } => {
                            assert!(values.names().all(|one| !one.is_empty()), "{place}");
                        }
                        _ => {}
                    });
                }
                let asked = definition.exactly_one.iter().chain(definition.not_both.iter().flatten());
                for name in asked.chain(definition.needs.iter().flat_map(|(_, others)| others)) {
                    assert!(definition.member(name).is_some(), "{name}");
                }
            }
        }
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "a name is short")]
    fn the_length_of_a_name_is_that_of_the_table() {
        for (kind, name) in
            [("Endpoint", "EndpointName"), ("EndpointConfig", "EndpointConfigName"), ("Model", "ModelName")]
        {
            let most = limits(&format!("AWS::SageMaker::{kind}"), "", name).most;
            assert_eq!(most, Some(MAX_NAME_LENGTH as f64), "{name}");
        }
    }

    #[test]
    fn marks_limits_and_values_are_read() {
        let config = Schema::of("AWS::SageMaker::EndpointConfig").expect("known");
        let variants = config.root().member("ProductionVariants").expect("known");
        assert!(variants.is_required() && variants.is_create_only() && !variants.is_read_only());
        assert!(config.root().member("EndpointConfigArn").expect("known").is_read_only());
        assert!(config.root().member("CrossRegionTrafficConfig").expect("known").is_of_the_api_only());
        assert_eq!(
            limits("AWS::SageMaker::EndpointConfig", "ProductionVariant", "VolumeSizeInGB").to_string(),
            "1 to 512"
        );
        assert_eq!(limits("AWS::SageMaker::Endpoint", "AutoRollbackConfig", "Alarms").to_string(), "1 to 10");
        let Kind::Text { values: Some(strategies), .. } =
            config.definition("RoutingConfig").expect("known").member("RoutingStrategy").expect("known").kind
        else {
            panic!("RoutingStrategy has values");
        };
        let found =
            ["RANDOM", "KV_AWARE", "NONE", "KV", "AWARE", "", "RANDOM|KV_AWARE"].map(|one| strategies.find(one));
        assert_eq!(found, [Some(false), Some(true), None, None, None, None, None]);
        assert!(
            Schema::of("AWS::SageMaker::InferenceComponent").expect("known").regions_without.contains(&"eu-west-3")
        );
        assert!(Schema::of("AWS::SageMaker::Pipeline").is_none());
    }
}
