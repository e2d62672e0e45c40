//! What the template deploys with one stage's values: its SageMaker resources, evaluated as far as they are known.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::rc::Rc;

use super::super::document::{Entry, Node};
use super::super::finding::rule::Rule;
use super::super::finding::{Finding, Position};
use super::schema::Schema;
use crate::domain::cloudformation::evaluation::value::{Data, Evaluated, Hole, Text};
use crate::domain::cloudformation::evaluation::{Index, Scope};
use crate::domain::cloudformation::intrinsic::{Function, each_call, referred};

pub(super) const MODEL: &str = "AWS::SageMaker::Model";
pub(super) const ENDPOINT_CONFIG: &str = "AWS::SageMaker::EndpointConfig";
pub(super) const ENDPOINT: &str = "AWS::SageMaker::Endpoint";
pub(super) const INFERENCE_COMPONENT: &str = "AWS::SageMaker::InferenceComponent";
pub(super) const SCALABLE_TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
const ALARMS: [&str; 2] = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];

/// A resource that the stage is sure to have.
pub(super) struct Resource<'a> {
    pub(super) id: &'a str,
    pub(super) at: Position,
    pub(super) kind: &'a str,
    pub(super) node: &'a Node,
    /// None of a type that the table of schemas does not have.
    pub(super) schema: Option<&'static Schema>,
    pub(super) properties: Rc<Evaluated>,
}

/// The resources whose types are known, and what they are with the values of other stages: most depend on few of them.
pub(super) struct Evaluations<'t>(Vec<Known<'t>>);

struct Known<'t> {
    entry: &'t Entry,
    kind: &'t str,
    schema: Option<&'static Schema>,
    parameters: Vec<&'t str>,
    conditions: Vec<&'t str>,
    /// By what these are.
    values: Vec<(String, Rc<Evaluated>)>,
}

/// So many values of a resource are kept: one that is another one in each stage is not worth the memory.
pub(super) const MOST_KEPT: usize = 4;

impl<'t> Evaluations<'t> {
    pub(super) fn of(index: &Index<'t>) -> Self {
        Self(index.template.resources().iter().filter_map(|entry| Known::of(index, entry)).collect())
    }
}

impl<'t> Known<'t> {
    fn of(index: &Index<'t>, entry: &'t Entry) -> Option<Self> {
        let kind = entry.value.get("Type").and_then(Node::as_str)?;
        let schema = Schema::of(kind);
        if schema.is_none() && !ALARMS.contains(&kind) {
            return None;
        }
        let (mut names, mut conditions) = (BTreeSet::new(), BTreeSet::new());
        referred(&entry.value, &mut names);
        conditions_in(&entry.value, &mut conditions);
        let parameters = names.into_iter().filter(|name| index.parameters.contains_key(name)).collect();
        let conditions = conditions.into_iter().collect();
        Some(Self { entry, kind, schema, parameters, conditions, values: Vec::new() })
    }

    fn evaluated(&mut self, scope: &Scope<'_>) -> Rc<Evaluated> {
        let evaluate = || {
            let nothing = || Evaluated { at: self.entry.value.at, data: Data::Map(Vec::new()) };
            let properties = self.entry.value.get("Properties").and_then(|node| scope.evaluate(node));
            Rc::new(properties.unwrap_or_else(nothing))
        };
        let Some(state) = self.state(scope) else { return evaluate() };
        if let Some((_, value)) = self.values.iter().find(|(other, _)| *other == state) {
            return value.clone();
        }
        let value = evaluate();
        if self.values.len() < MOST_KEPT {
            self.values.push((state, value.clone()));
        }
        value
    }

    /// What the parameters and conditions are that it depends on; none where a condition is not decided.
    fn state(&self, scope: &Scope<'_>) -> Option<String> {
        let mut state = String::new();
        for name in &self.parameters {
            match scope.parameters.get(*name) {
                Some(value) => state.push_str(value),
                None => state.push(if scope.later.contains(*name) { '\u{1}' } else { '\u{2}' }),
            }
            state.push('\0');
        }
        for name in &self.conditions {
            let holds = scope.truth_of(name, Position { line: 0, column: 0 }).ok()?;
            state.push(if holds { '1' } else { '0' });
        }
        Some(state)
    }
}

/// The conditions that choose between values.
fn conditions_in<'n>(node: &'n Node, found: &mut BTreeSet<&'n str>) {
    each_call(node, &mut |call| {
        if let Function::If { name, .. } = call.function {
            found.insert(name);
        }
    });
}

pub(super) struct Deployment<'a> {
    pub(super) scope: &'a Scope<'a>,
    resources: Vec<Rc<Resource<'a>>>,
    by_kind: HashMap<&'a str, Vec<Rc<Resource<'a>>>>,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Deployment<'a> {
    pub(super) fn of<'t: 'a>(scope: &'a Scope<'a>, evaluations: &mut Evaluations<'t>) -> Self {
        let mut deployment = Self { scope, resources: Vec::new(), by_kind: HashMap::new(), findings: Vec::new() };
        for known in &mut evaluations.0 {
            if deployment.has(known.entry) == Some(true) {
                let properties = known.evaluated(scope);
                deployment.missing_entries(&properties);
                let Known { entry, kind, schema, .. } = *known;
                let (id, at, node) = (entry.key.as_str(), entry.key_at, &entry.value);
                let resource = Rc::new(Resource { id, at, kind, node, schema, properties });
                deployment.by_kind.entry(kind).or_default().push(Rc::clone(&resource));
                deployment.resources.push(resource);
            }
        }
        deployment
    }

    /// Whether the stage has a resource; `None` if its condition cannot be decided.
    fn has(&self, entry: &Entry) -> Option<bool> {
        match entry.value.get("Condition").and_then(Node::as_str) {
            Some(condition) => self.scope.truth_of(condition, entry.key_at).ok(),
            None => Some(true),
        }
    }

    /// Keys that the stage's values ask the mappings for, and that are not there.
    fn missing_entries(&mut self, properties: &Evaluated) {
        let mut holes = Vec::new();
        properties.holes(&mut holes);
        for (at, hole) in holes {
            if let Hole::NoEntry(path) = hole {
                self.add(Finding::of(Rule::MappingEntry, format!("finds nothing at {path} in the mappings")), at);
            }
        }
    }

    pub(super) fn add(&mut self, finding: Finding, at: Position) {
        self.findings.push(finding.at(&self.scope.index.template.file, at));
    }

    /// The resources whose types are known.
    pub(super) fn resources(&self) -> Vec<Rc<Resource<'a>>> {
        self.resources.clone()
    }

    /// The resources of a kind.
    pub(super) fn all(&self, kind: &str) -> Vec<Rc<Resource<'a>>> {
        self.of_kind(kind).to_vec()
    }

    /// The same, for whoever changes nothing meanwhile.
    pub(super) fn of_kind(&self, kind: &str) -> &[Rc<Resource<'a>>] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The resource of a kind that a name leads to, if it is one of the template's.
    pub(super) fn named(&self, name: &Evaluated, kind: &str, property: &str) -> Option<Rc<Resource<'a>>> {
        let text = name.text()?;
        let by_name = |resource: &&Rc<Resource<'_>>| {
            resource.properties.get(property).and_then(Evaluated::text).is_some_and(|own| own == text)
        };
        let id = match text.only_hole() {
            Some(Hole::Attribute { resource, .. }) => Some(resource.as_str()),
            _ => None,
        };
        let mut of_kind = self.of_kind(kind).iter();
        of_kind.clone().find(|resource| Some(resource.id) == id).or_else(|| of_kind.find(by_name)).cloned()
    }

    /// The config of an endpoint, if it is one of the template's.
    pub(super) fn config_of(&self, endpoint: &Resource<'_>) -> Option<Rc<Resource<'a>>> {
        let property = "EndpointConfigName";
        endpoint.properties.get(property).and_then(|name| self.named(name, ENDPOINT_CONFIG, property))
    }

    /// Whether the stage may have a resource of a kind beside those that it is sure to have here.
    pub(super) fn may_have_more(&self, kind: &str) -> bool {
        let entries = self.scope.index.template.resources();
        let of_kind = |entry: &&Entry| entry.value.get("Type").and_then(Node::as_str) == Some(kind);
        self.scope.index.template.has_more_elsewhere()
            || entries.iter().filter(of_kind).any(|one| self.has(one).is_none())
    }

    /// What becomes of an alarm that is referred to.
    pub(super) fn alarm(&self, id: &str) -> Alarm {
        let Some(entry) = self.scope.index.resources.get(id) else { return Alarm::Unknown };
        let kind = entry.value.get("Type").and_then(Node::as_str).unwrap_or_default();
        match (ALARMS.contains(&kind), self.has(entry)) {
            (false, _) => Alarm::OtherKind(kind.to_owned()),
            (true, Some(false)) => Alarm::SwitchedOff,
            (true, _) => Alarm::There,
        }
    }

    /// Whether an alarm of the template has that name.
    pub(super) fn has_alarm_named(&self, name: &Text) -> bool {
        let mut alarms = self.resources.iter().filter(|resource| ALARMS.contains(&resource.kind));
        alarms.any(|alarm| alarm.properties.get("AlarmName").and_then(Evaluated::text).as_ref() == Some(name))
    }

    /// Holds a number against its range, if it is known.
    pub(super) fn range(&mut self, rule: Rule, owner: &Evaluated, key: &str, range: &RangeInclusive<u32>, of: &str) {
        let Some(value) = owner.get(key) else { return };
        let (least, most) = (f64::from(*range.start()), f64::from(*range.end()));
        let wrong = match (value.number(), value.whole_text()) {
            (Some(number), _) => number < least || number > most || number.fract() != 0.0,
            // A text that is known and no number
            (None, Some(_)) => true,
            (None, None) => false,
        };
        if wrong {
            let shown = value.whole_text().unwrap_or_default();
            let wanted = match *range.end() {
                _ if value.number().is_some_and(|number| number.fract() != 0.0) => "a whole number".to_owned(),
                u32::MAX => format!("at least {least}"),
                most => format!("{least} to {most}"),
            };
            let what = format!("{of} has {key} {shown}, and it must be {wanted}");
            self.add(Finding::of(rule, what), value.at);
        }
    }
}

/// What an alarm of the template is for a stage.
pub(super) enum Alarm {
    There,
    SwitchedOff,
    OtherKind(String),
    /// Not in the template, which is said where names are.
    Unknown,
}

/// What is there and not switched off: `EnableX: false` counts as not there, what is not known as maybe.
pub(super) fn is_on(owner: &Evaluated, key: &str) -> bool {
    owner.get(key).is_some_and(Evaluated::is_true)
}

/// How a resource is called in a message.
pub(super) fn called(resource: &Resource<'_>) -> String {
    format!("\"{}\"", resource.id)
}

/// The rules that these resources break, as one check sees them, without a stage's values.
#[cfg(test)]
pub(super) fn broken_rules(resources: &str, check: impl FnOnce(&mut Deployment<'_>)) -> Vec<&'static str> {
    use crate::domain::cloudformation::template::Template;

    let template = Template::parse(&format!("Resources:\n{resources}"), "t.yml").expect(resources);
    let (index, parameters) = (Index::of(&template), std::collections::BTreeMap::new());
    let scope = Scope::new(&index, &parameters, None);
    let mut deployment = Deployment::of(&scope, &mut Evaluations::of(&index));
    check(&mut deployment);
    deployment.findings.iter().filter_map(|finding| finding.rule).map(Rule::id).collect()
}
