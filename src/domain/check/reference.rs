//! Names that a template uses: whether there is what they name, and whether the way there leads back to itself.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::super::document::{Entry, Node, Value};
use super::super::finding::rule::Rule;
use super::super::finding::{Finding, Position, nearest};
use super::attribute::{Instead, instead_of};
use crate::domain::cloudformation::evaluation::Index;
use crate::domain::cloudformation::intrinsic::{
    Call, FUNCTIONS, Function, PSEUDO_PARAMETERS, Part, is_called_so, is_for_rules_only, is_known, parts,
};

pub(super) fn check(index: &Index<'_>) -> Vec<Finding> {
    let mut walk = Walk { index, findings: Vec::new(), home: Home::Elsewhere, optional: 0, edges: BTreeMap::new() };
    let root = &index.template.root;
    for (section, home) in [("Conditions", Home::Condition), ("Rules", Home::Rule), ("Outputs", Home::Elsewhere)] {
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
    Rule,
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
                    "has a DependsOn that is not the name of a resource".to_owned(),
                );
                continue;
            };
            if let Some((target, _)) = self.index.resources.get_key_value(text) {
                self.needs(target);
            } else {
                let near = nearest(text, self.index.template.resources().iter().map(|entry| entry.key.as_str()));
                let what = format!("depends on \"{text}\", which is not a resource");
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
                [entry] if is_called_so(&entry.key) => self.function(entry, node.at),
                [entry] if entry.key == "Condition" && self.home == Home::Condition => match entry.value.as_str() {
                    Some(name) => self.condition(name, entry.value.at),
                    None => self.add(Rule::FunctionArgument, entry.value.at, "names no condition".to_owned()),
                },
                _ => entries.iter().for_each(|entry| {
                    if entry.key == "Fn::If" || entry.key == "Fn::Sub" || entry.key == "Fn::GetAtt" {
                        let what = format!("has {} beside other keys, where it is not a function", entry.key);
                        self.add(Rule::FunctionArgument, entry.key_at, what);
                    }
                    self.node(&entry.value);
                }),
            },
            _ => {}
        }
    }

    fn function(&mut self, entry: &'a Entry, at: Position) {
        let Some(call) = Call::of_entry(entry) else { return };
        let (name, argument) = (call.name, call.argument);
        if !is_known(name) {
            let what = format!("uses {name}, which is not a function");
            let near = nearest(name, FUNCTIONS).or_else(|| (name == "Fn::Ref").then_some("Ref"));
            self.unresolved(Rule::FunctionUnknown, at, what, near);
        } else if is_for_rules_only(name) && self.home != Home::Rule {
            self.add(Rule::FunctionUnknown, at, format!("uses {name}, which is a function of Rules only"));
        } else if let Function::Wrong(wanted) = call.function {
            let what = format!("has no right argument for {name}");
            let finding = Finding::of(Rule::FunctionArgument, what).at(&self.index.template.file, argument.at);
            self.findings.push(finding.cause(wanted));
        }
        match call.function {
            Function::Ref(target) => self.name(target, at, "refers to"),
            Function::GetAtt { resource, attribute } => self.attribute(resource, attribute, at),
            Function::Sub { text, variables } => self.substitution(text, variables, argument.at),
            Function::FindInMap { map, first, second, .. } => self.mapping(map, first, second),
            Function::ValueOf { parameter } if !self.index.parameters.contains_key(parameter) => {
                let near = nearest(parameter, self.index.template.parameters.iter().map(|one| one.name.as_str()));
                let what = format!("asks for a value of \"{parameter}\", which is not a parameter");
                self.unresolved(Rule::ReferenceUnresolved, at, what, near);
            }
            Function::If { condition, name, .. } => self.condition(name, condition.at),
            _ => {}
        }
        let optional = usize::from(name == "Fn::If");
        let home = self.home;
        if Function::is_condition(name) && home != Home::Rule {
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
            let too_early = match self.home {
                Home::Condition => Some("condition"),
                Home::Rule => Some("rule"),
                Home::Resource(_) | Home::Elsewhere => None,
            };
            if let Some(place) = too_early {
                let what = format!("{verb} resource \"{name}\" in a {place}");
                let finding = Finding::of(Rule::ReferenceUnresolved, what).at(&self.index.template.file, at);
                self.findings.push(finding.cause(format!("{place}s are decided before there is any resource")));
            }
            self.needs(target);
            return;
        }
        let near = self.index.nearest(name).or_else(|| nearest(name, PSEUDO_PARAMETERS));
        let what = format!("{verb} \"{name}\", which is neither a parameter nor a resource");
        self.unresolved(Rule::ReferenceUnresolved, at, what, near);
    }

    /// `attribute` is none if it is computed.
    fn attribute(&mut self, resource: &str, attribute: Option<&str>, at: Position) {
        let Some((target, entry)) = self.index.resources.get_key_value(resource) else {
            let near = nearest(resource, self.index.template.resources().iter().map(|entry| entry.key.as_str()));
            let what = format!("asks for an attribute of \"{resource}\", which is not a resource");
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

    fn substitution(&mut self, text: &str, variables: &[Entry], at: Position) {
        for part in parts(text) {
            let name = match part {
                Part::Name(name) if variables.iter().all(|own| own.key != name) => name,
                Part::Unclosed => {
                    return self.add(Rule::SubstitutionSyntax, at, "has \"${\" without \"}\"".to_owned());
                }
                Part::Text(_) | Part::Literal(_) | Part::Name(_) => continue,
            };
            // CloudFormation User Guide, "Fn::Sub": letters, digits, "_", "." and ":"
            if name.is_empty() || !name.bytes().all(|any| any.is_ascii_alphanumeric() || b"_.:".contains(&any)) {
                let what = format!("has \"${{{name}}}\" in Fn::Sub, which names nothing");
                let finding = Finding::of(Rule::SubstitutionSyntax, what).at(&self.index.template.file, at);
                self.findings.push(finding.hint(format!("write \"${{!{name}}}\" if it is meant as it stands")));
            } else if let Some((resource, attribute)) = name.split_once('.') {
                self.attribute(resource, Some(attribute), at);
            } else {
                self.name(name, at, "substitutes");
            }
        }
    }

    fn mapping(&mut self, map: &'a Node, first: &'a Node, second: &'a Node) {
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

/// Resources that need each other in a circle, if there are any.
fn circle(edges: &BTreeMap<&str, BTreeSet<&str>>, index: &Index<'_>) -> Option<Finding> {
    let open = without_end(edges);
    let mut at = edges.keys().find(|name| open.contains(*name)).copied()?;
    let (mut path, mut passed) = (Vec::new(), HashSet::new());
    while passed.insert(at) {
        path.push(at);
        at = edges[at].iter().find(|target| open.contains(*target)).copied()?;
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

/// What is in a circle, or needs one: whatever needs nothing that is left can be made, and this remains.
fn without_end<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> HashSet<&'a str> {
    let mut needed_by: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut open: HashMap<&str, usize> = HashMap::new();
    for (from, targets) in edges {
        open.insert(from, targets.len());
        for target in targets {
            needed_by.entry(target).or_default().push(from);
        }
    }
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
    open.into_keys().collect()
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
    let open = without_end(&edges);
    let name = edges.keys().find(|name| open.contains(*name))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cloudformation::template::Template;

    /// The rules that a template breaks whose resources, conditions and outputs these are, with what is said.
    fn found(sections: &str) -> Vec<(&'static str, String)> {
        let text = format!("Parameters: {{P: {{Type: String}}}}\nMappings: {{M: {{a: {{b: c}}}}}}\n{sections}\n");
        let template = Template::parse(&text, "t.yml").expect(sections);
        let findings = check(&Index::of(&template)).into_iter();
        findings
            .map(|one| (one.rule.map_or("", Rule::id), format!("{} {}", one.what, one.hint.unwrap_or_default())))
            .collect()
    }

    fn in_outputs(value: &str) -> Vec<(&'static str, String)> {
        found(&format!("Resources: {{R: {{Type: 'AWS::SageMaker::Model'}}}}\nOutputs: {{O: {{Value: {value}}}}}"))
    }

    #[test]
    fn what_is_there_is_found() {
        for value in [
            "!Ref P",
            "!Ref R",
            "!Ref AWS::Region",
            "!GetAtt R.ModelName",
            "!Sub '${P} ${R.ModelName} ${!x}'",
            "!Sub ['${own}', {own: 1}]",
            "!FindInMap [M, a, b]",
            "!FindInMap [M, !Ref P, b]",
        ] {
            assert_eq!(in_outputs(value), [], "{value}");
        }
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is_near() {
        for (value, rule, part) in [
            (
                "!Ref PP",
                "reference-unresolved",
                "refers to \"PP\", which is neither a parameter nor a resource did you",
            ),
            ("!Ref AWS::Regio", "reference-unresolved", "did you mean \"AWS::Region\"?"),
            ("!GetAtt S.Arn", "attribute-unresolved", "asks for an attribute of \"S\""),
            ("!GetAtt R.ModelNam", "attribute-unknown", "did you mean \"ModelName\"?"),
            ("!Sub '${Q}'", "reference-unresolved", "substitutes \"Q\""),
            ("!Sub '${Q.Arn}'", "attribute-unresolved", "asks for an attribute of \"Q\""),
            ("!Sub '${}'", "substitution-syntax", "which names nothing"),
            ("!Sub '${a'", "substitution-syntax", "without \"}\""),
            ("!FindInMap [N, a, b]", "mapping-unresolved", "looks into mapping \"N\""),
            ("!FindInMap [M, x, b]", "mapping-unresolved", "looks for \"x\""),
            ("!FindInMap [M, a, x]", "mapping-unresolved", "looks for \"x\""),
            ("!If [C, 1, 2]", "condition-unresolved", "refers to condition \"C\""),
            ("!Joi ['', [a]]", "function-unknown", "did you mean \"Fn::Join\"?"),
            ("!Contains [[a], a]", "function-unknown", "a function of Rules only"),
            ("!Select [1]", "function-argument", "has no right argument for Fn::Select"),
        ] {
            let found = in_outputs(value);
            let [(id, said)] = &found[..] else { panic!("{value}: {found:?}") };
            assert_eq!(*id, rule, "{value}");
            assert!(said.contains(part), "{value}: {said}");
        }
    }

    #[test]
    fn a_circle_is_found_unless_a_condition_may_open_it() {
        let resources = |a: &str, b: &str| found(&format!("Resources:\n  A: {{Type: X, {a}}}\n  B: {{Type: X, {b}}}"));
        assert_eq!(resources("DependsOn: B", "Properties: {x: !GetAtt A.x}")[0].0, "circular-dependency");
        assert_eq!(resources("DependsOn: B", "Properties: {x: 1}"), []);
        let both = found("Conditions: {C: !Condition D, D: !Not [!Condition C]}\nResources: {R: {Type: X}}");
        assert_eq!(both[0].0, "circular-dependency");
        let early = found("Conditions: {C: !Equals [!Ref R, a]}\nResources: {R: {Type: X}}");
        assert_eq!(early[0].0, "reference-unresolved");
    }
}
