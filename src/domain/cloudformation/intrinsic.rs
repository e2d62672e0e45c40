//! CloudFormation's functions as data: which one stands there, with which arguments, and what a text of `Fn::Sub` is
//! made of. All that a template refers to is read here.

use std::collections::BTreeSet;

use crate::domain::document::{Entry, Node, Value};

/// CloudFormation User Guide, "Pseudo parameters reference".
pub(crate) const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    NO_VALUE,
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];
/// The one that takes away what it stands for.
pub(crate) const NO_VALUE: &str = "AWS::NoValue";

/// CloudFormation User Guide, "Intrinsic function reference" and "Rule-specific intrinsic functions".
pub(crate) const FUNCTIONS: [&str; 23] = [
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::GetStackOutput",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Not",
    "Fn::Or",
    "Fn::RefAll",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    TRANSFORM,
    "Fn::ValueOf",
    "Fn::ValueOfAll",
];
pub(crate) const TRANSFORM: &str = "Fn::Transform";
const FOR_EACH: &str = "Fn::ForEach";
/// Functions of AWS::LanguageExtensions, which is said where transforms are.
const EXTENSIONS: [&str; 3] = [FOR_EACH, "Fn::Length", "Fn::ToJsonString"];
/// CloudFormation User Guide, "Rule functions": those that work in Rules only.
const RULE_FUNCTIONS: [&str; 6] =
    ["Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"];
/// The functions that rules have: those that give a truth first.
pub(crate) const OF_TRUTH: [&str; 7] =
    ["Fn::And", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::Equals", "Fn::Not", "Fn::Or"];
pub(crate) const OF_VALUES: [&str; 3] = ["Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"];

/// Whether a key stands for a function, be it one that there is.
pub(crate) fn is_called_so(key: &str) -> bool {
    key == "Ref" || is_prefixed(key)
}

/// The same but `Ref`: no section, resource or property begins so.
pub(crate) fn is_prefixed(key: &str) -> bool {
    key.starts_with("Fn::")
}

/// Whether there is a function of that name.
pub(crate) fn is_known(name: &str) -> bool {
    name == "Ref" || FUNCTIONS.contains(&name) || extension(name).is_some()
}

pub(crate) fn is_for_rules_only(name: &str) -> bool {
    RULE_FUNCTIONS.contains(&name)
}

/// The function of AWS::LanguageExtensions that a key names: `Fn::ForEach::Loop` is `Fn::ForEach`.
pub(crate) fn extension(key: &str) -> Option<&'static str> {
    EXTENSIONS.into_iter().find(|name| key == *name || *name == FOR_EACH && key.starts_with(FOR_EACH))
}

/// A function where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub name: &'a str,
    pub argument: &'a Node,
    pub function: Function<'a>,
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function<'a> {
    Ref(&'a str),
    /// Without an attribute, that is computed.
    GetAtt {
        resource: &'a str,
        attribute: Option<&'a str>,
    },
    Sub {
        text: &'a str,
        variables: &'a [Entry],
    },
    Join {
        separator: &'a str,
        parts: &'a Node,
    },
    Split {
        separator: &'a str,
        text: &'a Node,
    },
    Select {
        index: &'a Node,
        items: &'a Node,
    },
    FindInMap {
        map: &'a Node,
        first: &'a Node,
        second: &'a Node,
        default: Option<&'a Node>,
    },
    Base64(&'a Node),
    If {
        condition: &'a Node,
        name: &'a str,
        yes: &'a Node,
        no: &'a Node,
    },
    Equals(&'a Node, &'a Node),
    Not(&'a Node),
    And(&'a [Node]),
    Or(&'a [Node]),
    Members {
        of: Members,
        first: &'a Node,
        second: &'a Node,
    },
    ValueOf {
        parameter: &'a str,
    },
    /// One whose arguments nothing here looks at.
    Other,
    /// The argument is none for it: what it takes.
    Wrong(&'static str),
}

/// The functions of rules that compare lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    Contains,
    EachMemberEquals,
    EachMemberIn,
}

impl<'a> Call<'a> {
    /// The function that a node is: a mapping of its name to its argument.
    pub(crate) fn of(node: &'a Node) -> Option<Self> {
        match node.as_map()? {
            [entry] => Self::of_entry(entry),
            _ => None,
        }
    }

    /// The function that an entry would be, if it stood alone.
    pub(crate) fn of_entry(entry: &'a Entry) -> Option<Self> {
        let (name, argument) = (entry.key.as_str(), &entry.value);
        is_called_so(name).then(|| Self { name, argument, function: Function::read(name, argument) })
    }
}

impl<'a> Function<'a> {
    fn read(name: &str, argument: &'a Node) -> Self {
        let wanted = match name {
            "Ref" => "it takes a name",
            "Fn::GetAtt" => "it takes a resource and one of its attributes",
            "Fn::Sub" => "it takes a text, or a list of a text and a mapping",
            "Fn::Join" | "Fn::Split" => "it takes a separator in quotes, and what it is for",
            "Fn::Select" => "it takes a number and a list",
            "Fn::FindInMap" => "it takes a mapping and two keys",
            "Fn::If" => "it takes a condition's name and two values",
            "Fn::Equals" => "it takes two values",
            "Fn::Not" => "it takes a list of one condition",
            "Fn::And" | "Fn::Or" => "it takes 2 to 10 conditions",
            "Fn::Contains" | "Fn::EachMemberEquals" => "it takes a list and a text",
            "Fn::EachMemberIn" => "it takes two lists",
            "Fn::RefAll" => "it takes a type of parameters",
            "Fn::ValueOf" => "it takes a parameter and an attribute",
            "Fn::ValueOfAll" => "it takes a type of parameters and an attribute",
            "Fn::Base64" => return Self::Base64(argument),
            _ => return Self::Other,
        };
        Self::fitting(name, argument).unwrap_or(Self::Wrong(wanted))
    }

    /// The function, if the argument is one for it.
    fn fitting(name: &str, argument: &'a Node) -> Option<Self> {
        let text = || argument.as_str();
        let members = |of| match argument.as_list()? {
            [first, second] => Some(Self::Members { of, first, second }),
            _ => None,
        };
        Some(match (name, argument.as_list().unwrap_or_default()) {
            ("Ref", _) => Self::Ref(text()?),
            ("Fn::GetAtt", [resource, attribute]) => {
                Self::GetAtt { resource: resource.as_str()?, attribute: attribute.as_str() }
            }
            ("Fn::GetAtt", _) => {
                let (resource, attribute) = text()?.split_once('.')?;
                Self::GetAtt { resource, attribute: Some(attribute) }
            }
            ("Fn::Sub", [text, variables]) => Self::Sub { text: text.as_str()?, variables: variables.as_map()? },
            ("Fn::Sub", _) => Self::Sub { text: text()?, variables: &[] },
            ("Fn::Join", [separator, parts]) => Self::Join { separator: separator.as_str()?, parts },
            ("Fn::Split", [separator, text]) => Self::Split { separator: separator.as_str()?, text },
            ("Fn::Select", [index, items]) => Self::Select { index, items },
            ("Fn::FindInMap", [map, first, second]) => Self::FindInMap { map, first, second, default: None },
            ("Fn::FindInMap", [map, first, second, default]) => {
                Self::FindInMap { map, first, second, default: Some(default) }
            }
            ("Fn::If", [condition, yes, no]) => Self::If { condition, name: condition.as_str()?, yes, no },
            ("Fn::Equals", [left, right]) => Self::Equals(left, right),
            ("Fn::Not", [condition]) => Self::Not(condition),
            ("Fn::And", conditions) if (2..=10).contains(&conditions.len()) => Self::And(conditions),
            ("Fn::Or", conditions) if (2..=10).contains(&conditions.len()) => Self::Or(conditions),
            ("Fn::Contains", _) => members(Members::Contains)?,
            ("Fn::EachMemberEquals", _) => members(Members::EachMemberEquals)?,
            ("Fn::EachMemberIn", _) => members(Members::EachMemberIn)?,
            ("Fn::RefAll", _) => text().map(|_| Self::Other)?,
            ("Fn::ValueOf", [parameter, _]) => Self::ValueOf { parameter: parameter.as_str()? },
            ("Fn::ValueOfAll", [kind, _]) => kind.as_str().map(|_| Self::Other)?,
            _ => return None,
        })
    }

    /// Whether it decides a condition.
    pub(crate) fn is_condition(name: &str) -> bool {
        ["Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"].contains(&name)
    }
}

/// A part of a text of `Fn::Sub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Text(&'a str),
    /// `${!Literal}`, which becomes `${Literal}`.
    Literal(&'a str),
    /// `${Name}` or `${Resource.Attribute}`, as it is written between the braces.
    Name(&'a str),
    /// `${` without `}`: the rest is nothing.
    Unclosed,
}

/// What a text of `Fn::Sub` is made of.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let (mut rest, mut is_name) = (Some(text), false);
    std::iter::from_fn(move || {
        let text = rest?;
        if is_name {
            is_name = false;
            let Some((name, after)) = text.split_once('}') else {
                rest = None;
                return Some(Part::Unclosed);
            };
            rest = Some(after);
            return Some(name.strip_prefix('!').map_or(Part::Name(name), Part::Literal));
        }
        let (before, after) = text.split_once("${").map_or((text, None), |(before, after)| (before, Some(after)));
        (rest, is_name) = (after, true);
        Some(Part::Text(before))
    })
}

/// The names of a text of `Fn::Sub`.
pub(crate) fn names(text: &str) -> impl Iterator<Item = &str> {
    parts(text).filter_map(|part| match part {
        Part::Name(name) => Some(name),
        Part::Text(_) | Part::Literal(_) | Part::Unclosed => None,
    })
}

/// Every parameter and resource that a value is made of, as far as the template says.
pub(crate) fn referred<'a>(node: &'a Node, found: &mut BTreeSet<&'a str>) {
    each_call(node, &mut |call| match call.function {
        Function::Ref(name) => _ = found.insert(name),
        Function::GetAtt { resource, .. } => _ = found.insert(resource),
        Function::Sub { text, .. } => found.extend(names(text).filter_map(|name| name.split('.').next())),
        _ => {}
    });
}

/// Every function in a value, the outer before the inner; also those that stand beside other keys.
pub(crate) fn each_call<'a>(node: &'a Node, seen: &mut impl FnMut(Call<'a>)) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                if let Some(call) = Call::of_entry(entry) {
                    seen(call);
                }
                each_call(&entry.value, seen);
            }
        }
        Value::List(items) => items.iter().for_each(|item| each_call(item, seen)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(yaml: &str) -> Node {
        Node::parse(yaml, "t.yml").expect(yaml)
    }

    #[test]
    fn a_function_has_its_arguments_or_says_what_it_takes() {
        let read = |yaml: &str| format!("{:?}", Call::of(&node(yaml)).expect(yaml).function);
        for (yaml, begins) in [
            ("!Ref X", "Ref(\"X\")"),
            ("!Ref [X]", "Wrong(\"it takes a name\")"),
            ("!GetAtt A.B.C", "GetAtt { resource: \"A\", attribute: Some(\"B.C\") }"),
            ("{Fn::GetAtt: [A, {Ref: B}]}", "GetAtt { resource: \"A\", attribute: None }"),
            ("{Fn::GetAtt: A}", "Wrong"),
            ("!Sub a", "Sub { text: \"a\", variables: [] }"),
            ("!Sub [a, {b: c}]", "Sub { text: \"a\", variables: [Entry"),
            ("!Sub [a, b]", "Wrong"),
            ("!Join ['', [a]]", "Join { separator: \"\""),
            ("!Select [0]", "Wrong"),
            ("!FindInMap [A, b, c]", "FindInMap"),
            ("!FindInMap [A, b]", "Wrong"),
            ("!If [A, b, c]", "If"),
            ("!And [{Condition: A}]", "Wrong"),
            ("!Contains [[a], b]", "Members { of: Contains"),
            ("!ImportValue x", "Other"),
            ("!Nothing x", "Other"),
        ] {
            assert!(read(yaml).starts_with(begins), "{yaml}: {}", read(yaml));
        }
        for yaml in ["Ref", "{Ref: a, b: c}", "[Ref]", "{Reference: a}"] {
            assert!(Call::of(&node(yaml)).is_none(), "{yaml}");
        }
    }

    #[test]
    fn a_text_falls_into_its_parts() {
        for (text, wanted) in [
            ("", vec![Part::Text("")]),
            ("a-${B.C}", vec![Part::Text("a-"), Part::Name("B.C"), Part::Text("")]),
            ("${!A}b", vec![Part::Text(""), Part::Literal("A"), Part::Text("b")]),
            ("a${b", vec![Part::Text("a"), Part::Unclosed]),
        ] {
            assert_eq!(parts(text).collect::<Vec<_>>(), wanted, "{text}");
        }
    }

    #[test]
    fn all_that_a_value_refers_to_is_found() {
        let node = node("{a: !Ref A, b: [!GetAtt B.Arn, !Sub 'x${C}${D.Arn}${!E}'], c: !Sub ['${F}', {F: !Ref G}]}");
        let mut found = BTreeSet::new();
        referred(&node, &mut found);
        assert_eq!(found, ["A", "B", "C", "D", "F", "G"].into());
    }
}
