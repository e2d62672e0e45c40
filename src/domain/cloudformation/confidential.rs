//! Values of parameters that nobody is to see: those of `NoEcho`, also where their names are misspelt.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::domain::cloudformation::template::{Declaration, NOT_SHOWN, Template};
use crate::domain::document::Value;
use crate::domain::document::span;
use crate::domain::document::{Entry, Node};
use crate::domain::finding::Position;
use crate::domain::finding::nearest;
use crate::domain::text::masking::{MASK, names_a_secret};

/// What tells which parameters are confidential: the one judge of what is shown of configs.
#[derive(Clone, Copy)]
pub(crate) struct Confidential<'a>(Option<&'a Template>);

/// What must not be shown of a file.
#[derive(Debug, PartialEq)]
pub(crate) enum Hidden {
    Lines(Vec<RangeInclusive<usize>>),
    /// A secret may be anywhere in it.
    All,
}

/// A confidential value in a config: the lines from its name to its end, and its texts.
#[derive(Debug, PartialEq)]
struct Held {
    lines: RangeInclusive<usize>,
    texts: Vec<String>,
}

impl<'a> Confidential<'a> {
    /// Of a template that may declare more than was read of it, nothing is known.
    pub(crate) fn of(template: Option<&'a Template>) -> Self {
        Self(template.filter(|template| template.declares_all))
    }

    /// Whether the value that a config sets for a parameter is one; where the template does not tell, the name has to.
    pub(crate) fn is(self, parameter: &str) -> bool {
        let (parameter, _) = name_and_rest(parameter);
        let declared = |template: &Template| template.declaration(parameter).map(|declared| declared.no_echo);
        self.0.and_then(declared).unwrap_or_else(|| {
            let near = |template| nearest(parameter, no_echo(template).map(|one| one.name.as_str())).is_some();
            names_a_secret(parameter) || self.0.is_some_and(near)
        })
    }

    /// A parameter's value in a message.
    pub(crate) fn shown(self, parameter: &str, value: &str) -> String {
        if self.0.is_none() || self.is(parameter) { NOT_SHOWN.to_owned() } else { format!("\"{value}\"") }
    }

    /// What must not be shown of a config. One that was not understood may hold values of whatever parameter anywhere.
    pub(crate) fn hidden(self, config: Option<&Node>, understood: bool) -> Hidden {
        match self.0 {
            None => Hidden::All,
            Some(template) if !understood && no_echo(template).next().is_some() => Hidden::All,
            Some(_) => Hidden::Lines(
                config.map_or_else(Vec::new, |config| self.held(config).into_iter().map(|held| held.lines).collect()),
            ),
        }
    }

    /// The values in a config of whatever shape.
    pub(crate) fn texts(self, config: &Node) -> Vec<String> {
        self.held(config).into_iter().flat_map(|held| held.texts).collect()
    }

    fn held(self, config: &Node) -> Vec<Held> {
        let mut found = Vec::new();
        self.collect(config, &mut found);
        found
    }

    fn collect(self, node: &Node, found: &mut Vec<Held>) {
        let entries = node.as_map().unwrap_or_default();
        let names = entries.iter().filter(|entry| entry.key == PARAMETER_KEY).filter_map(|entry| entry.value.as_str());
        if names.into_iter().any(|name| self.is(name)) {
            let values = entries.iter().filter(|entry| entry.key != PARAMETER_KEY);
            let texts = values.flat_map(|entry| texts(&entry.value)).collect();
            found.push(Held { lines: lines(node), texts });
            return;
        }
        for entry in entries {
            if self.is(&entry.key) {
                let lines = entry.key_at.line..=*lines(&entry.value).end();
                found.push(Held { lines, texts: texts(&entry.value) });
            } else {
                self.collect(&entry.value, found);
            }
        }
        for item in node.as_list().unwrap_or_default() {
            match item.as_str().map(name_and_rest) {
                Some((name, value)) if !value.is_empty() && self.is(name) => {
                    found.push(Held { lines: lines(item), texts: vec![value[1..].trim().to_owned()] });
                }
                _ => self.collect(item, found),
            }
        }
    }
}

const PARAMETER_KEY: &str = "ParameterKey";

/// A name that a config gives, and what stands behind it where its value was written into the same text.
fn name_and_rest(text: &str) -> (&str, &str) {
    text.split_at(text.find(['=', ':']).unwrap_or(text.len()))
}

/// A name of a config in a message, without a value that was written into the same text.
pub(crate) fn name_shown(text: &str) -> Cow<'_, str> {
    match name_and_rest(text) {
        (_, "") => Cow::Borrowed(text),
        (name, _) => Cow::Owned(format!("{name}...")),
    }
}

fn no_echo(template: &Template) -> impl Iterator<Item = &Declaration> {
    template.parameters.iter().filter(|declared| declared.no_echo)
}

/// The values that a template itself gives or allows such parameters, also where that is misspelt.
fn nodes_of_defaults(template: &Template) -> Vec<&Node> {
    let declarations = template.root.get("Parameters").and_then(Node::as_map).unwrap_or_default();
    let is_no_echo = |entry: &&Entry| template.declaration(&entry.key).is_some_and(|declared| declared.no_echo);
    let mut found = Vec::new();
    for declaration in declarations.iter().filter(is_no_echo) {
        match declaration.value.as_map() {
            Some(attributes) => {
                let meant = |name| attributes.iter().filter(move |one| nearest(&one.key, [name]).is_some());
                found.extend(meant("Default").map(|one| &one.value));
                let allowed = meant("AllowedValues").map(|one| &one.value);
                found.extend(allowed.flat_map(|one| one.as_list().unwrap_or(std::slice::from_ref(one))));
            }
            None => found.push(&declaration.value),
        }
    }
    found
}

/// The texts of these defaults.
pub(crate) fn defaults(template: &Template) -> Vec<String> {
    nodes_of_defaults(template).into_iter().flat_map(texts).collect()
}

fn places_of_defaults(template: &Template) -> BTreeSet<Position> {
    let mut places = BTreeSet::new();
    for node in nodes_of_defaults(template) {
        collect_places(node, &mut places);
    }
    places
}

fn collect_places(node: &Node, places: &mut BTreeSet<Position>) {
    places.insert(node.at);
    let of_map = node.as_map().into_iter().flatten().map(|entry| &entry.value);
    of_map.chain(node.as_list().into_iter().flatten()).for_each(|part| collect_places(part, places));
}

/// What must not be shown of a template's text, which may be none that can be read.
pub(crate) fn hidden_in_template(text: &str, template: Option<&Template>) -> Hidden {
    match template.filter(|template| template.declares_all) {
        Some(template) => Hidden::Lines(lines_of_defaults(text, template)),
        None if text.to_ascii_lowercase().contains("noecho") => Hidden::All,
        None => Hidden::Lines(Vec::new()),
    }
}

/// The lines of a template's text that hold such defaults.
fn lines_of_defaults(text: &str, template: &Template) -> Vec<RangeInclusive<usize>> {
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
fn texts(value: &Node) -> Vec<String> {
    match &value.value {
        Value::List(items) => items.iter().flat_map(texts).collect(),
        Value::Map(entries) => entries.iter().flat_map(|entry| texts(&entry.value)).collect(),
        _ => value.scalar_text().into_iter().collect(),
    }
}

/// The lines of a value in a JSON text, in which no text has more than one.
fn lines(value: &Node) -> RangeInclusive<usize> {
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
        let known = Confidential::of(Some(&template));
        for (name, is) in [
            ("Password", true),
            ("Pasword", true),
            ("password", true),
            ("ApiToken", true),
            ("Plain", false),
            ("Count", false),
            ("Pin=12", true),
            ("Pin: 12", true),
        ] {
            assert_eq!(known.is(name), is, "{name}");
        }
        let unknown = Confidential::of(None);
        assert!(unknown.is("DbPassword") && !unknown.is("StageName"));
        assert_eq!(unknown.shown("StageName", "prod"), NOT_SHOWN);
        assert_eq!((known.shown("Pin", "1"), known.shown("Plain", "x")), (NOT_SHOWN.to_owned(), "\"x\"".to_owned()));
        assert_eq!((name_shown("Pin: 12"), name_shown("stage_name")), ("Pin...".into(), "stage_name".into()));
    }

    #[test]
    fn values_are_found_in_every_shape_with_their_lines() {
        let template = template();
        let found = |text: &str| -> Vec<(RangeInclusive<usize>, Vec<String>)> {
            let config = Node::parse_json(text, "c.json").expect("JSON");
            let held = Confidential::of(Some(&template)).held(&config);
            held.into_iter().map(|held| (held.lines, held.texts)).collect()
        };
        let one = |lines, value: &str| vec![(lines, vec![value.to_owned()])];
        assert_eq!(found("{\"Parameters\": {\"Plain\": \"x\",\n\"Pasword\":\n\n \"p\"}}"), one(2..=4, "p"));
        assert_eq!(found("[{\"ParameterValue\": 12,\n \"ParameterKey\": \"Pin\"}]"), one(1..=2, "12"));
        assert_eq!(
            found("[{\"ParameterKey\": \"Pin\", \"ParameterKey\": \"Plain\", \"ParameterValue\": 12}]"),
            one(1..=1, "12")
        );
        assert_eq!(found("{\"stages\": [{\"Key\": [\n{\"a\": \"p\"}\n]}]}"), one(1..=2, "p"));
        assert_eq!(found("[\"Plain=x\",\n\"Password=a=b\"]"), one(2..=2, "a=b"));
    }

    #[test]
    fn a_config_is_hidden_where_its_secrets_are_not_known() {
        let template = template();
        let open = Template::parse("Parameters: {A: {Type: String}}\nResources: {X: {Type: T}}\n", "t.yml");
        let open = open.expect("valid");
        let config = Node::parse_json("{\"Parameters\": {\n\"Pin\": 1}}", "c.json").expect("JSON");
        for (template, config, understood, hidden) in [
            (None, Some(&config), true, Hidden::All),
            (Some(&template), Some(&config), true, Hidden::Lines(vec![2..=2])),
            (Some(&template), Some(&config), false, Hidden::All),
            (Some(&template), None, false, Hidden::All),
            (Some(&open), None, false, Hidden::Lines(Vec::new())),
        ] {
            assert_eq!(Confidential::of(template).hidden(config, understood), hidden);
        }
    }

    #[test]
    fn defaults_are_found_with_their_lines_and_taken_out() {
        let template = template();
        assert_eq!(defaults(&template), ["first\nsecond\n", "12345"]);
        assert_eq!(lines_of_defaults(TEMPLATE, &template), [6..=8, 9..=9]);
        let shown = without_defaults(TEMPLATE, &template);
        assert!(!shown.contains("first") && !shown.contains("second") && !shown.contains("12345"), "{shown}");
        let wrong = "Parameters:\n  A: {NoEcho: true,\n    default: p}\n  B:\n    p\n";
        let (template, _) = Template::read(&format!("{wrong}Resources: {{X: {{Type: T}}}}\n"), "t.yml");
        let hidden = hidden_in_template(wrong, template.as_ref());
        assert_eq!(hidden, Hidden::Lines(vec![3..=3, 5..=5]));
        assert_eq!(hidden_in_template("parameters: {A: {noEcho: 1}}", None), Hidden::All);
        assert!(shown.contains("Default: seen") && shown.contains("NoEcho: true, Default: ***}"), "{shown}");
    }
}
