//! Names that a template uses: whether there is what they name, and whether the way there leads back to itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::document::{Entry, Node, Value};
use super::super::evaluation::Index;
use super::super::finding::{Finding, Position, nearest};
use super::attribute::{Instead, instead_of};
use super::rule::Rule;

/// CloudFormation User Guide, "Intrinsic function reference" and "Rule-specific intrinsic functions".
const FUNCTIONS: [&str; 23] = [
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
    "Fn::Transform",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
];
/// Functions of a transform, which is said where transforms are.
const EXTENSIONS: [&str; 3] = ["Fn::ForEach", "Fn::Length", "Fn::ToJsonString"];
const CONDITION_FUNCTIONS: [&str; 4] = ["Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"];
pub(super) const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

pub(super) fn check(index: &Index<'_>) -> Vec<Finding> {
    let mut walk = Walk { index, findings: Vec::new(), home: Home::Elsewhere, optional: 0, edges: BTreeMap::new() };
    let root = &index.template.root;
    for (section, home) in [("Conditions", Home::Condition), ("Rules", Home::Elsewhere), ("Outputs", Home::Elsewhere)] {
        walk.home = home;
        for entry in root.get(section).and_then(Node::as_map).unwrap_or_default() {
            walk.asked_condition(&entry.value);
            walk.node(&entry.value);
        }
    }
    for entry in index.template.resources() {
        walk.home = Home::Resource(&entry.key);
        walk.edges.entry(&entry.key).or_default();
        walk.asked_condition(&entry.value);
        walk.depends_on(&entry.value);
        for attribute in entry.value.as_map().unwrap_or_default() {
            walk.node(&attribute.value);
        }
    }
    let Walk { edges, mut findings, .. } = walk;
    findings.extend(circle(&edges, index));
    findings.extend(circular_conditions(index));
    findings
}

/// Where a reference stands.
#[derive(Clone, Copy, PartialEq)]
enum Home<'a> {
    Condition,
    Resource(&'a str),
    Elsewhere,
}

struct Walk<'a> {
    index: &'a Index<'a>,
    findings: Vec<Finding>,
    home: Home<'a>,
    /// How many `Fn::If` this is in: whether what it names is needed depends on the stage.
    optional: usize,
    /// What each resource needs, whatever conditions say.
    edges: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Walk<'a> {
    fn add(&mut self, rule: Rule, at: Position, what: String) {
        self.findings.push(Finding::of(rule, what).at(&self.index.template.file, at));
    }

    /// Adds a finding with the nearest of the names that would do.
    fn unresolved(&mut self, rule: Rule, at: Position, what: String, near: Option<&str>) {
        let finding = Finding::of(rule, what).at(&self.index.template.file, at);
        self.findings.push(match near {
            Some(near) => finding.hint(format!("did you mean \"{near}\"?")),
            None => finding,
        });
    }

    fn asked_condition(&mut self, owner: &Node) {
        if let Some(condition) = owner.get("Condition").filter(|_| self.home != Home::Condition)
            && let Some(name) = condition.as_str()
        {
            self.condition(name, condition.at);
        }
    }

    fn condition(&mut self, name: &str, at: Position) {
        if !self.index.conditions.contains_key(name) {
            let near = self.index.nearest_condition(name);
            let what = format!("refers to condition \"{name}\", which is not defined");
            self.unresolved(Rule::ConditionUnresolved, at, what, near);
        }
    }

    fn depends_on(&mut self, resource: &'a Node) {
        let Some(node) = resource.get("DependsOn") else { return };
        let names = node.as_list().unwrap_or(std::slice::from_ref(node));
        for name in names {
            let Some(text) = name.as_str() else {
                self.add(
                    Rule::DependsOnUnresolved,
                    name.at,
                    "has a DependsOn that is no name of a resource".to_owned(),
                );
                continue;
            };
            if let Some((target, _)) = self.index.resources.get_key_value(text) {
                self.needs(target);
            } else {
                let near = nearest(text, self.index.template.resources().iter().map(|entry| entry.key.as_str()));
                let what = format!("depends on \"{text}\", which is no resource");
                self.unresolved(Rule::DependsOnUnresolved, name.at, what, near);
            }
        }
    }

    fn needs(&mut self, target: &'a str) {
        if let (Home::Resource(from), 0) = (self.home, self.optional) {
            self.edges.entry(from).or_default().insert(target);
        }
    }

    fn node(&mut self, node: &'a Node) {
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| self.node(item)),
            Value::Map(entries) => match &entries[..] {
                [entry] if entry.key == "Ref" || entry.key.starts_with("Fn::") => self.function(entry, node.at),
                [entry] if entry.key == "Condition" && self.home == Home::Condition => match entry.value.as_str() {
                    Some(name) => self.condition(name, entry.value.at),
                    None => self.add(Rule::FunctionArgument, entry.value.at, "names no condition".to_owned()),
                },
                _ => entries.iter().for_each(|entry| {
                    if entry.key == "Fn::If" || entry.key == "Fn::Sub" || entry.key == "Fn::GetAtt" {
                        let what = format!("has {} beside other keys, where it is no function", entry.key);
                        self.add(Rule::FunctionArgument, entry.key_at, what);
                    }
                    self.node(&entry.value);
                }),
            },
            _ => {}
        }
    }

    fn function(&mut self, entry: &'a Entry, at: Position) {
        let (name, argument) = (entry.key.as_str(), &entry.value);
        let known = name == "Ref"
            || FUNCTIONS.contains(&name)
            || EXTENSIONS.iter().any(|extension| name.starts_with(extension));
        if !known {
            let what = format!("uses {name}, which is no function");
            let near = nearest(name, FUNCTIONS).or_else(|| (name == "Fn::Ref").then_some("Ref"));
            self.unresolved(Rule::FunctionUnknown, at, what, near);
        } else if let Some(wrong) = wrong_argument(name, argument) {
            let what = format!("has no right argument for {name}");
            let finding = Finding::of(Rule::FunctionArgument, what).at(&self.index.template.file, argument.at);
            self.findings.push(finding.cause(wrong));
        }
        match name {
            "Ref" => {
                if let Some(target) = argument.as_str() {
                    self.name(target, at, "refers to");
                }
            }
            "Fn::GetAtt" => self.attribute(argument, at),
            "Fn::Sub" => self.substitution(argument),
            "Fn::FindInMap" => self.mapping(argument),
            "Fn::If" => {
                if let Some(condition) = argument.as_list().and_then(<[Node]>::first)
                    && let Some(name) = condition.as_str()
                {
                    self.condition(name, condition.at);
                }
            }
            _ => {}
        }
        let optional = usize::from(name == "Fn::If");
        let home = self.home;
        if CONDITION_FUNCTIONS.contains(&name) {
            self.home = Home::Condition;
        }
        self.optional += optional;
        self.node(argument);
        self.optional -= optional;
        self.home = home;
    }

    /// `Ref` or `${Name}`.
    fn name(&mut self, name: &str, at: Position, verb: &str) {
        if PSEUDO_PARAMETERS.contains(&name) || self.index.parameters.contains_key(name) {
            return;
        }
        if let Some((target, _)) = self.index.resources.get_key_value(name) {
            if self.home == Home::Condition {
                let what = format!("{verb} resource \"{name}\" in a condition");
                let finding = Finding::of(Rule::ReferenceUnresolved, what).at(&self.index.template.file, at);
                self.findings.push(finding.cause("conditions are decided before there is any resource"));
            }
            self.needs(target);
            return;
        }
        let near = self.index.nearest(name).or_else(|| nearest(name, PSEUDO_PARAMETERS));
        let what = format!("{verb} \"{name}\", which is no parameter and no resource");
        self.unresolved(Rule::ReferenceUnresolved, at, what, near);
    }

    fn attribute(&mut self, argument: &'a Node, at: Position) {
        let (resource, attribute) = match &argument.value {
            Value::String(text) => text.split_once('.').unzip(),
            Value::List(parts) => (parts.first().and_then(Node::as_str), parts.get(1).and_then(Node::as_str)),
            _ => (None, None),
        };
        if let Some(resource) = resource {
            self.attribute_of(resource, attribute, at);
        }
    }

    /// `attribute` is none if it is computed.
    fn attribute_of(&mut self, resource: &str, attribute: Option<&str>, at: Position) {
        let Some((target, entry)) = self.index.resources.get_key_value(resource) else {
            let near = nearest(resource, self.index.template.resources().iter().map(|entry| entry.key.as_str()));
            let what = format!("asks for an attribute of \"{resource}\", which is no resource");
            return self.unresolved(Rule::AttributeUnresolved, at, what, near);
        };
        self.needs(target);
        if let Some(attribute) = attribute
            && let Some(kind) = entry.value.get("Type").and_then(Node::as_str)
            && let Some(Instead { nearest, all }) = instead_of(attribute, kind)
        {
            let what = format!("asks for attribute \"{attribute}\" of \"{resource}\", and there is none in {kind}");
            let finding = Finding::of(Rule::AttributeUnknown, what).at(&self.index.template.file, at);
            self.findings.push(match nearest {
                Some(near) => finding.hint(format!("did you mean \"{near}\"?")),
                None => finding.hint(format!("it has {}", all.join(", "))),
            });
        }
    }

    fn substitution(&mut self, argument: &'a Node) {
        let (text, variables) = match &argument.value {
            Value::String(text) => (text.as_str(), None),
            Value::List(items) => match &items[..] {
                [text, variables] => (text.as_str().unwrap_or_default(), variables.as_map()),
                _ => return,
            },
            _ => return,
        };
        let own: Vec<&str> = variables.unwrap_or_default().iter().map(|entry| entry.key.as_str()).collect();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("${") {
            let Some((name, remaining)) = after.split_once('}') else {
                self.add(Rule::SubstitutionSyntax, argument.at, "has \"${\" without \"}\"".to_owned());
                return;
            };
            rest = remaining;
            if name.starts_with('!') || own.contains(&name) {
                continue;
            }
            // CloudFormation User Guide, "Fn::Sub": letters, digits, "_", "." and ":"
            if name.is_empty() || !name.bytes().all(|any| any.is_ascii_alphanumeric() || b"_.:".contains(&any)) {
                let what = format!("has \"${{{name}}}\" in Fn::Sub, which names nothing");
                let finding = Finding::of(Rule::SubstitutionSyntax, what).at(&self.index.template.file, argument.at);
                self.findings.push(finding.hint(format!("write \"${{!{name}}}\" if it is meant as it stands")));
            } else if let Some((resource, attribute)) = name.split_once('.') {
                self.attribute_of(resource, Some(attribute), argument.at);
            } else {
                self.name(name, argument.at, "substitutes");
            }
        }
    }

    fn mapping(&mut self, argument: &'a Node) {
        let Some([map, first, second, ..]) = argument.as_list() else { return };
        let Some(name) = map.as_str() else { return };
        let Some(entries) = self.index.mappings.get(name) else {
            let mut names: Vec<&str> = self.index.mappings.keys().copied().collect();
            names.sort_unstable();
            let what = format!("looks into mapping \"{name}\", which is not defined");
            let near = nearest(name, names);
            return self.unresolved(Rule::MappingUnresolved, map.at, what, near);
        };
        let keys = |node: &'a Node| node.as_map().unwrap_or_default().iter().map(|entry| entry.key.as_str());
        let Some(key) = first.scalar_text() else { return };
        let Some(inner) = entries.get(&key) else {
            let what = format!("looks for \"{key}\" in mapping \"{name}\", which does not have it");
            let near = nearest(&key, keys(entries));
            return self.unresolved(Rule::MappingUnresolved, first.at, what, near);
        };
        let Some(key) = second.scalar_text() else { return };
        if inner.get(&key).is_none() {
            let what = format!("looks for \"{key}\" in mapping \"{name}\", which does not have it");
            let near = nearest(&key, keys(inner));
            self.unresolved(Rule::MappingUnresolved, second.at, what, near);
        }
    }
}

/// What a function's argument must be, if it is not.
fn wrong_argument(name: &str, argument: &Node) -> Option<&'static str> {
    let list = argument.as_list();
    let has = |lengths: std::ops::RangeInclusive<usize>| list.is_some_and(|items| lengths.contains(&items.len()));
    let is_text_then = |count: usize| list.is_some_and(|items| items.len() == count && items[0].as_str().is_some());
    let (fits, wanted) = match name {
        "Ref" => (argument.as_str().is_some(), "it takes a name"),
        "Fn::GetAtt" => {
            let dotted = argument.as_str().is_some_and(|text| text.contains('.'));
            (dotted || is_text_then(2), "it takes a resource and one of its attributes")
        }
        "Fn::Sub" => {
            let pair = is_text_then(2) && list.is_some_and(|items| items[1].as_map().is_some());
            (argument.as_str().is_some() || pair, "it takes a text, or a list of a text and a mapping")
        }
        "Fn::If" => (is_text_then(3), "it takes a condition's name and two values"),
        "Fn::Join" | "Fn::Split" => (is_text_then(2), "it takes a separator in quotes, and what it is for"),
        "Fn::Select" => (has(2..=2), "it takes a number and a list"),
        "Fn::FindInMap" => (has(3..=4), "it takes a mapping and two keys"),
        "Fn::Equals" => (has(2..=2), "it takes two values"),
        "Fn::Not" => (has(1..=1), "it takes a list of one condition"),
        "Fn::And" | "Fn::Or" => (has(2..=10), "it takes 2 to 10 conditions"),
        _ => (true, ""),
    };
    (!fits).then_some(wanted)
}

/// Resources that need each other in a circle, if there are any.
fn circle(edges: &BTreeMap<&str, BTreeSet<&str>>, index: &Index<'_>) -> Option<Finding> {
    let mut needed_by: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut open: HashMap<&str, usize> = HashMap::new();
    for (from, targets) in edges {
        open.insert(from, targets.len());
        for target in targets {
            needed_by.entry(target).or_default().push(from);
        }
    }
    // Whatever needs nothing that is left can be made; what remains in the end is in a circle, or needs one.
    let mut ready: Vec<&str> = open.iter().filter(|(_, left)| **left == 0).map(|(name, _)| *name).collect();
    while let Some(name) = ready.pop() {
        open.remove(name);
        for from in needed_by.get(name).into_iter().flatten() {
            if let Some(left) = open.get_mut(from) {
                *left -= 1;
                if *left == 0 {
                    ready.push(from);
                }
            }
        }
    }
    let mut at = edges.keys().find(|name| open.contains_key(*name)).copied()?;
    let mut path: Vec<&str> = Vec::new();
    while !path.contains(&at) {
        path.push(at);
        at = edges[at].iter().find(|target| open.contains_key(*target)).copied()?;
    }
    let start = path.iter().position(|name| *name == at).unwrap_or_default();
    let mut names = path[start..].to_vec();
    let first = names.iter().enumerate().min_by_key(|(_, name)| **name).map_or(0, |(at, _)| at);
    names.rotate_left(first);
    names.push(names[0]);
    let shown: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let finding = Finding::of(Rule::CircularDependency, "has resources that need each other in a circle");
    let key_at = index.resources.get(names[0]).map(|entry| entry.key_at)?;
    Some(finding.at(&index.template.file, key_at).cause(shown.join(" needs ")).hint("take one of the references out"))
}

/// Conditions that lead back to themselves.
fn circular_conditions(index: &Index<'_>) -> Option<Finding> {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, definition) in &index.conditions {
        let mut named = BTreeSet::new();
        conditions_in(definition, &mut named);
        named.retain(|target| index.conditions.contains_key(target));
        edges.insert(name, named);
    }
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = settled.len();
        let free = edges.iter().filter(|(_, targets)| targets.iter().all(|target| settled.contains(target)));
        let free: Vec<&str> = free.map(|(name, _)| *name).collect();
        settled.extend(free);
        if settled.len() == before {
            break;
        }
    }
    let name = edges.keys().find(|name| !settled.contains(*name))?;
    let what = format!("has condition \"{name}\", which leads back to itself");
    Some(Finding::of(Rule::CircularDependency, what).at(&index.template.file, index.conditions[name].at))
}

fn conditions_in<'a>(node: &'a Node, found: &mut BTreeSet<&'a str>) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                if entry.key == "Condition" {
                    found.extend(entry.value.as_str());
                }
                conditions_in(&entry.value, found);
            }
        }
        Value::List(items) => items.iter().for_each(|item| conditions_in(item, found)),
        _ => {}
    }
}

/// Every parameter and resource that a value is made of, as far as the template says.
pub(super) fn names_in<'a>(node: &'a Node, found: &mut BTreeSet<&'a str>) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                match (entry.key.as_str(), &entry.value.value) {
                    ("Ref", Value::String(name)) => _ = found.insert(name),
                    ("Fn::GetAtt", Value::List(parts)) => found.extend(parts.first().and_then(Node::as_str)),
                    ("Fn::GetAtt", Value::String(text)) => found.extend(text.split('.').next()),
                    ("Fn::Sub", Value::String(text)) => found.extend(substituted(text)),
                    ("Fn::Sub", Value::List(items)) => {
                        let text = items.first().and_then(Node::as_str).unwrap_or_default();
                        found.extend(substituted(text));
                    }
                    _ => {}
                }
                names_in(&entry.value, found);
            }
        }
        Value::List(items) => items.iter().for_each(|item| names_in(item, found)),
        _ => {}
    }
}

fn substituted(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|after| after.split(['}', '.']).next())
}
