//! Values of parameters that nobody is to see: those of `NoEcho`, also where their names are misspelt.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::domain::cloudformation::template::{Declaration, Template};
use crate::domain::document::Node;
use crate::domain::document::Value;
use crate::domain::document::span;
use crate::domain::finding::Position;
use crate::domain::finding::nearest;
use crate::domain::text::masking::{MASK, names_a_secret};

/// What tells which parameters are confidential; of a template that cannot be read, names have to.
#[derive(Clone, Copy)]
pub(crate) struct Confidential<'a>(pub Option<&'a Template>);

impl Confidential<'_> {
    /// Whether the value that a config sets for a parameter is one.
    pub(crate) fn is(self, parameter: &str) -> bool {
        let Some(template) = self.0 else { return names_a_secret(parameter) };
        match template.declaration(parameter) {
            Some(declared) => declared.no_echo,
            None => {
                names_a_secret(parameter)
                    || nearest(parameter, no_echo(template).map(|one| one.name.as_str())).is_some()
            }
        }
    }

    /// The values in a config of whatever shape.
    pub(crate) fn in_config(self, config: &Node) -> Vec<&Node> {
        let mut found = Vec::new();
        self.collect(config, &mut found);
        found
    }

    fn collect<'n>(self, node: &'n Node, found: &mut Vec<&'n Node>) {
        let named = node.get("ParameterKey").and_then(Node::as_str).is_some_and(|name| self.is(name));
        for entry in node.as_map().unwrap_or_default() {
            if (named && entry.key != "ParameterKey") || self.is(&entry.key) {
                found.push(&entry.value);
            } else {
                self.collect(&entry.value, found);
            }
        }
        for item in node.as_list().unwrap_or_default() {
            self.collect(item, found);
        }
    }
}

fn no_echo(template: &Template) -> impl Iterator<Item = &Declaration> {
    template.parameters.iter().filter(|declared| declared.no_echo)
}

/// Whether a text that cannot be read as a template may hold such values.
pub(crate) fn may_be_in(text: &str) -> bool {
    text.contains("NoEcho")
}

/// The defaults that a template itself gives such parameters.
pub(crate) fn defaults(template: &Template) -> Vec<&str> {
    no_echo(template).filter_map(|declared| declared.default.as_deref()).collect()
}

fn places_of_defaults(template: &Template) -> BTreeSet<Position> {
    no_echo(template).filter_map(|declared| declared.default_at).collect()
}

/// The lines of a template's text that hold such defaults.
pub(crate) fn lines_of_defaults(text: &str, template: &Template) -> Vec<RangeInclusive<usize>> {
    let places = places_of_defaults(template);
    let spans = span::of_values(text, &places);
    let lines = |at: &Position| match spans.get(at) {
        Some(span) => {
            let first = text[..span.whole.start].matches('\n').count() + 1;
            first..=first + text[span.whole.clone()].trim_end().matches('\n').count()
        }
        None => at.line..=at.line,
    };
    places.iter().map(lines).collect()
}

/// A template's text without such defaults.
pub(crate) fn without_defaults(text: &str, template: &Template) -> String {
    let spans = span::of_values(text, &places_of_defaults(template));
    let mut shown = text.to_owned();
    for span in spans.values().rev() {
        shown.replace_range(span.whole.clone(), MASK);
    }
    shown
}

/// All texts, numbers and booleans in a value, as they are written.
pub(crate) fn texts(value: &Node) -> Vec<String> {
    match &value.value {
        Value::List(items) => items.iter().flat_map(texts).collect(),
        Value::Map(entries) => entries.iter().flat_map(|entry| texts(&entry.value)).collect(),
        _ => value.scalar_text().into_iter().collect(),
    }
}

/// The lines of a value in a JSON text, in which no text has more than one.
pub(crate) fn lines(value: &Node) -> RangeInclusive<usize> {
    let of_parts = match &value.value {
        Value::List(items) => items.last().map(lines),
        Value::Map(entries) => entries.last().map(|entry| lines(&entry.value)),
        _ => None,
    };
    value.at.line..=of_parts.map_or(value.at.line, |part| *part.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "Parameters:
  Password: {Type: String, NoEcho: true}
  Key:
    Type: String
    NoEcho: 'true'
    Default: |
      first
      second
  Pin: {Type: Number, NoEcho: true, Default: 12345}
  Plain: {Type: String, Default: seen}
Resources: {X: {Type: T}}
";

    fn template() -> Template {
        Template::parse(TEMPLATE, "t.yml").expect("valid")
    }

    #[test]
    fn values_are_confidential_by_declaration_and_by_a_slip_of_the_hand() {
        let template = template();
        let known = Confidential(Some(&template));
        for (name, is) in [
            ("Password", true),
            ("Pasword", true),
            ("password", true),
            ("ApiToken", true),
            ("Plain", false),
            ("Count", false),
        ] {
            assert_eq!(known.is(name), is, "{name}");
        }
        assert!(Confidential(None).is("DbPassword") && !Confidential(None).is("StageName"));
    }

    #[test]
    fn values_are_found_in_every_shape_with_their_lines() {
        let template = template();
        let found = |text: &str| -> Vec<(Vec<String>, RangeInclusive<usize>)> {
            let config = Node::parse_json(text, "c.json").expect("JSON");
            let values = Confidential(Some(&template)).in_config(&config);
            values.into_iter().map(|value| (texts(value), lines(value))).collect()
        };
        let one = |value: &str, lines| vec![(vec![value.to_owned()], lines)];
        assert_eq!(found("{\"Parameters\": {\"Plain\": \"x\",\n\"Pasword\":\n\n \"p\"}}"), one("p", 4..=4));
        assert_eq!(found("[{\"ParameterValue\": 12,\n \"ParameterKey\": \"Pin\"}]"), one("12", 1..=1));
        assert_eq!(found("{\"stages\": [{\"Key\": [\n{\"a\": \"p\"}\n]}]}"), one("p", 1..=2));
    }

    #[test]
    fn defaults_are_found_with_their_lines_and_taken_out() {
        let template = template();
        assert_eq!(defaults(&template), ["first\nsecond\n", "12345"]);
        assert_eq!(lines_of_defaults(TEMPLATE, &template), [6..=8, 9..=9]);
        let shown = without_defaults(TEMPLATE, &template);
        assert!(!shown.contains("first") && !shown.contains("second") && !shown.contains("12345"), "{shown}");
        assert!(shown.contains("Default: seen") && shown.contains("NoEcho: true, Default: ***}"), "{shown}");
    }
}
