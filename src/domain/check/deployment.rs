//! What the template deploys with one stage's values: its SageMaker resources, evaluated as far as they are known.

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::super::document::{Entry, Node};
use super::super::evaluation::Scope;
use super::super::evaluation::value::{Data, Evaluated, Hole, Text};
use super::super::finding::{Finding, Position};
use super::rule::Rule;
use super::schema::Schema;

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
    pub(super) properties: Evaluated,
}

pub(super) struct Deployment<'a> {
    pub(super) scope: &'a Scope<'a>,
    resources: Vec<Rc<Resource<'a>>>,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Deployment<'a> {
    pub(super) fn of(scope: &'a Scope<'a>) -> Self {
        let mut deployment = Self { scope, resources: Vec::new(), findings: Vec::new() };
        for entry in scope.index.template.resources() {
            let Some(kind) = entry.value.get("Type").and_then(Node::as_str) else { continue };
            if (Schema::of(kind).is_some() || ALARMS.contains(&kind)) && deployment.has(entry) == Some(true) {
                let nothing = || Evaluated { at: entry.value.at, data: Data::Map(Vec::new()) };
                let properties = entry.value.get("Properties").and_then(|node| scope.evaluate(node));
                let properties = properties.unwrap_or_else(nothing);
                deployment.missing_entries(&properties);
                let (id, at, node) = (entry.key.as_str(), entry.key_at, &entry.value);
                deployment.resources.push(Rc::new(Resource { id, at, kind, node, properties }));
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
        self.resources.iter().filter(|resource| resource.kind == kind).cloned().collect()
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
        let mut of_kind = self.resources.iter().filter(|resource| resource.kind == kind);
        of_kind.clone().find(|resource| Some(resource.id) == id).or_else(|| of_kind.find(by_name)).cloned()
    }

    /// The config of an endpoint, if it is one of the template's.
    pub(super) fn config_of(&self, endpoint: &Resource<'_>) -> Option<Rc<Resource<'a>>> {
        let property = "EndpointConfigName";
        endpoint.properties.get(property).and_then(|name| self.named(name, ENDPOINT_CONFIG, property))
    }

    /// Whether the stage may have a resource of a kind beside those that it is sure to have.
    pub(super) fn may_have_more(&self, kind: &str) -> bool {
        let entries = self.scope.index.template.resources();
        let of_kind = |entry: &&Entry| entry.value.get("Type").and_then(Node::as_str) == Some(kind);
        entries.iter().any(|entry| entry.key.starts_with("Fn::"))
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
