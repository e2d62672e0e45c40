//! Properties of resources against what AWS publishes of their types: names, what is required, kinds and limits of values.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::finding::rule::Rule;
use super::super::finding::{Finding, Position, nearest};
use super::deployment::{Deployment, ENDPOINT, ENDPOINT_CONFIG, MODEL, MOST_KEPT, Resource, called};
use super::instance_type;
use super::name::check_name;
use super::parameter_value::mismatches;
use super::schema::{Definition, Kind, Limits, Member, Schema, Values, api_date, registry_date};
use crate::domain::cloudformation::evaluation::value::{Data, Evaluated, Property};
use crate::domain::cloudformation::intrinsic::{TRANSFORM, is_prefixed};

/// More names or values than this are no help in a message.
const SHOWN: usize = 12;

/// Properties as other stages have them, and what is wrong with them: most are the same in all stages.
#[derive(Default)]
pub(super) struct Judged(HashMap<String, Of>);

#[derive(Default)]
struct Of {
    /// All properties of the resource.
    whole: Vec<(Rc<Evaluated>, Vec<Finding>)>,
    /// Each as the first stage has it.
    single: HashMap<String, (Rc<Evaluated>, Vec<Finding>)>,
}

pub(super) fn check(deployment: &mut Deployment<'_>, judged: &mut Judged) {
    for resource in deployment.resources() {
        let Some(schema) = resource.schema else { continue };
        let known = judged.0.entry(resource.id.to_owned()).or_default();
        if let Some((_, found)) = known.whole.iter().find(|(other, _)| Rc::ptr_eq(other, &resource.properties)) {
            deployment.findings.extend(found.iter().cloned());
            continue;
        }
        let before = deployment.findings.len();
        let mut walk = Walk { deployment, schema, resource: &resource, path: Vec::new() };
        walk.root(&mut known.single);
        if known.whole.len() < MOST_KEPT {
            known.whole.push((resource.properties.clone(), deployment.findings[before..].to_vec()));
        }
    }
}

/// What is wrong with a property.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Missing,
    Kind,
    Value,
    Range,
    Length,
    Pattern,
    Count,
}

struct Walk<'w, 'a> {
    deployment: &'w mut Deployment<'a>,
    schema: &'static Schema,
    resource: &'w Resource<'a>,
    path: Vec<Step>,
}

enum Step {
    Key(String),
    Item(usize),
}

/// A property with where it belongs to.
#[derive(Clone, Copy)]
struct Owned<'d> {
    definition: &'d Definition,
    member: &'d Member,
}

impl Walk<'_, '_> {
    /// The way from the resource to here: `"Config" has ProductionVariants[0].VolumeSizeInGB`.
    fn has(&self) -> String {
        format!("{} has {}", called(self.resource), self.place())
    }

    fn place(&self) -> String {
        self.path.iter().fold(String::new(), |text, step| match step {
            Step::Key(key) if text.is_empty() => key.clone(),
            Step::Key(key) => format!("{text}.{key}"),
            Step::Item(number) => format!("{text}[{number}]"),
        })
    }

    /// `ProductionVariants[0].` in front of a property.
    fn prefix(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("{}.", self.place()) }
    }

    fn root(&mut self, known: &mut HashMap<String, (Rc<Evaluated>, Vec<Finding>)>) {
        let (definition, value) = (self.schema.root(), &self.resource.properties);
        let Data::Map(properties) = &value.data else { return };
        for property in properties {
            match known.get(&property.key) {
                Some((other, found)) if other.get(&property.key) == Some(&property.value) => {
                    self.deployment.findings.extend(found.iter().cloned());
                }
                other => {
                    let (is_new, before) = (other.is_none(), self.deployment.findings.len());
                    self.entry(definition, property);
                    if is_new {
                        let found = self.deployment.findings[before..].to_vec();
                        known.insert(property.key.clone(), (value.clone(), found));
                    }
                }
            }
        }
        if value.get(TRANSFORM).is_none() {
            self.required(definition, value, self.resource.at);
        }
    }

    fn entry(&mut self, definition: &Definition, property: &Property) {
        match definition.member(&property.key) {
            // Said where functions are
            None if is_prefixed(&property.key) => {}
            None => self.unknown(definition, property),
            Some(member) => self.property(Owned { definition, member }, property),
        }
    }

    fn object(&mut self, definition: &Definition, value: &Evaluated, at: Position) {
        let Data::Map(properties) = &value.data else { return };
        for property in properties {
            self.entry(definition, property);
        }
        // What AWS::Include brings is not known
        if value.get(TRANSFORM).is_none() {
            self.required(definition, value, at);
        }
    }

    fn property(&mut self, owned: Owned<'_>, property: &Property) {
        let name = owned.member.name;
        if owned.member.is_read_only() {
            let what = format!("{} has {}{name}, which is read-only", called(self.resource), self.prefix());
            let finding = Finding::of(Rule::PropertyReadOnly, what).hint("remove it; AWS fills it in");
            return self.deployment.add(finding, property.key_at);
        }
        if owned.member.is_of_the_api_only() && !self.of_the_api_only(property) {
            return;
        }
        self.path.push(Step::Key(name.to_owned()));
        self.value(owned, &owned.member.kind, &property.value);
        self.path.pop();
    }

    /// Whether its value is looked at.
    fn of_the_api_only(&mut self, property: &Property) -> bool {
        let has = format!("{} has {}{}", called(self.resource), self.prefix(), property.key);
        // Its API keeps it, and takes no value
        if property.key == "AcceleratorType" {
            let finding = Finding::of(Rule::VariantAccelerator, format!("{has}, which SageMaker no longer supports"));
            self.deployment.add(finding.hint("remove it"), property.key_at);
            return false;
        }
        let what = format!("{has}, which the API takes and CloudFormation does not");
        let finding = Finding::of(Rule::PropertyApiOnly, what);
        let cause = format!("API of {}, CloudFormation's schema of {}", api_date(), registry_date());
        let hint = "remove it, unless CloudFormation has it by now";
        self.deployment.add(finding.cause(cause).hint(hint), property.key_at);
        true
    }

    fn unknown(&mut self, definition: &Definition, property: &Property) {
        let names = || definition.members.iter().map(|member| member.name);
        let settable = || definition.members.iter().filter(|member| !member.is_read_only()).map(|member| member.name);
        let has = format!("{} has {}{}", called(self.resource), self.prefix(), property.key);
        let date = format!("CloudFormation's schema of {} does not have it", registry_date());
        if let Some(near) = nearest(&property.key, names()) {
            let what = format!("{has}, which {} does not have", self.schema.name);
            let finding = Finding::of(Rule::PropertyUnknown, what).cause(date);
            return self.deployment.add(finding.hint(format!("did you mean \"{near}\"?")), property.key_at);
        }
        let hint = match self.schema.owner_of(&property.key) {
            Some(owner) if owner.name.is_empty() => "it belongs directly under Properties".to_owned(),
            Some(owner) => format!("{} has it", owner.name),
            None => format!("if it is no newer than that, remove it; there are {}", listed(settable())),
        };
        let what = format!("{has}, which is not known of {}", self.schema.name);
        self.deployment.add(Finding::of(Rule::PropertyUnlisted, what).cause(date).hint(hint), property.key_at);
    }

    fn required(&mut self, definition: &Definition, value: &Evaluated, at: Position) {
        let prefix = self.prefix();
        let owner = called(self.resource);
        for member in &definition.members {
            let name = member.name;
            if value.get(name).is_some() {
                continue;
            }
            if member.is_required() {
                let rule = self.rule(Owned { definition, member }, Fault::Missing);
                let what = format!("{owner} has no {prefix}{name}");
                let cause = match definition.name {
                    "" => format!("{} needs it", self.schema.name),
                    within => format!("{within} of {} needs it", self.schema.name),
                };
                self.deployment.add(Finding::of(rule, what).cause(cause), at);
            } else if member.is_required_by_the_api() {
                let what = format!("{owner} has no {prefix}{name}");
                let cause = "the API needs it; that CloudFormation fills it in is not verified";
                self.deployment.add(Finding::of(Rule::PropertyMissingInApi, what).cause(cause), at);
            }
        }
        self.combinations(definition, value, at);
    }

    fn combinations(&mut self, definition: &Definition, value: &Evaluated, at: Position) {
        let (owner, prefix) = (called(self.resource), self.prefix());
        let there = |name: &str| value.property(name);
        let both = |one: &str, other: &str| format!("{owner} has both {prefix}{one} and {prefix}{other}");
        let found: Vec<&Property> = definition.exactly_one.iter().filter_map(|name| there(name)).collect();
        match &found[..] {
            [] if !definition.exactly_one.is_empty() => {
                let what = format!("{owner} has none of {prefix}{}", definition.exactly_one.join(", "));
                self.deployment.add(Finding::of(Rule::PropertyExclusive, what).hint("set exactly one of them"), at);
            }
            [one, other, ..] => {
                let finding = Finding::of(Rule::PropertyExclusive, both(&one.key, &other.key));
                self.deployment.add(finding.hint("keep one of the two"), other.key_at);
            }
            _ => {}
        }
        for [one, other] in &definition.not_both {
            if let (Some(_), Some(property)) = (there(one), there(other)) {
                let finding = Finding::of(Rule::PropertyExclusive, both(one, other));
                self.deployment.add(finding.hint("keep one of the two"), property.key_at);
            }
        }
        for (name, others) in &definition.needs {
            let Some(property) = there(name) else { continue };
            for other in others.iter().filter(|other| there(other).is_none()) {
                let what = format!("{owner} has {prefix}{name} without {prefix}{other}");
                self.deployment.add(Finding::of(Rule::PropertyMissing, what), property.key_at);
            }
        }
    }

    fn value(&mut self, owned: Owned<'_>, kind: &Kind, value: &Evaluated) {
        // What is looked up in the account later can be anything
        if value.text().is_some_and(|text| text.known_pieces().any(|piece| piece.contains("{{resolve:"))) {
            return;
        }
        match kind {
            Kind::Anything => {}
            Kind::Json => {
                if matches!(value.data, Data::List(_)) {
                    self.of_wrong_kind(owned, value, "a mapping");
                }
            }
            Kind::Object(name) => match (&value.data, self.schema.definition(name)) {
                (Data::Map(_), Some(definition)) => self.object(definition, value, value.at),
                _ => self.expect(owned, value, "a mapping"),
            },
            Kind::Mapping(limits) => match &value.data {
                Data::Map(properties) => self.count(owned, *limits, properties.len(), value.at),
                _ => self.expect(owned, value, "a mapping"),
            },
            Kind::List(limits, item) => match &value.data {
                Data::List(items) => {
                    self.count(owned, *limits, items.len(), value.at);
                    for (number, one) in items.iter().enumerate() {
                        self.path.push(Step::Item(number));
                        self.value(owned, item, one);
                        self.path.pop();
                    }
                }
                _ => self.expect(owned, value, "a list"),
            },
            Kind::Boolean => self.boolean(owned, value),
            Kind::Whole(limits, values) => self.number(owned, value, *limits, *values, true),
            Kind::Number(limits) => self.number(owned, value, *limits, None, false),
            Kind::Name(limits) => self.name(owned, value, *limits),
            Kind::Text { length, values, pattern } => self.text(owned, value, *length, *values, *pattern),
        }
    }

    fn count(&mut self, owned: Owned<'_>, limits: Limits, count: usize, at: Position) {
        #[expect(clippy::cast_precision_loss, reason = "a template has less than a million items")]
        if !limits.hold(count as f64) {
            let rule = self.rule(owned, Fault::Count);
            let what = format!("{} with {count} entries, and it must have {limits}", self.has());
            self.deployment.add(Finding::of(rule, what), at);
        }
    }

    /// Says that a value is of another kind, if it is sure to be.
    fn expect(&mut self, owned: Owned<'_>, value: &Evaluated, wanted: &str) {
        let is_sure = match &value.data {
            Data::Unknown(_) => false,
            Data::Text(text) => text.whole().is_some(),
            _ => true,
        };
        if is_sure {
            self.of_wrong_kind(owned, value, wanted);
        }
    }

    fn of_wrong_kind(&mut self, owned: Owned<'_>, value: &Evaluated, wanted: &str) {
        let rule = self.rule(owned, Fault::Kind);
        let shown = match &value.data {
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a mapping".to_owned(),
            Data::Null => "nothing".to_owned(),
            _ => format!("\"{}\"", value.whole_text().unwrap_or_default()),
        };
        let what = format!("{} as {shown}, and it must be {wanted}", self.has());
        self.deployment.add(Finding::of(rule, what), value.at);
    }

    fn boolean(&mut self, owned: Owned<'_>, value: &Evaluated) {
        // YAML 1.1 has more words for both, which are a finding of their own
        const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "y", "n", "1", "0"];
        let text = value.whole_text().map(|text| text.to_ascii_lowercase());
        if text.is_none_or(|text| !WORDS.contains(&text.as_str())) {
            self.expect(owned, value, "true or false");
        }
    }

    fn number(&mut self, owned: Owned<'_>, value: &Evaluated, limits: Limits, values: Option<Values>, is_whole: bool) {
        let wanted = if is_whole { "a whole number" } else { "a number" };
        let Some(number) = value.number() else {
            return self.expect(owned, value, wanted);
        };
        let text = value.whole_text().unwrap_or_default();
        let refused = if is_whole && number.fract() != 0.0 {
            Some((Fault::Range, wanted.to_owned()))
        } else if !limits.hold(number) {
            Some((Fault::Range, limits.to_string()))
        } else {
            let listed_values = values.filter(|values| values.find(&text).is_none());
            listed_values.map(|values| (Fault::Value, listed(values.names())))
        };
        if let Some((fault, wanted)) = refused {
            let what = format!("{} {text}, and it must be {wanted}", self.has());
            self.deployment.add(Finding::of(self.rule(owned, fault), what), value.at);
        }
    }

    fn name(&mut self, owned: Owned<'_>, value: &Evaluated, limits: Limits) {
        if value.text().is_none() {
            return self.expect(owned, value, "a text");
        }
        let subject = self.has();
        check_name(self.deployment, self.rule(owned, Fault::Pattern), value, &subject, limits);
    }

    fn text(
        &mut self,
        owned: Owned<'_>,
        value: &Evaluated,
        length: Limits,
        values: Option<Values>,
        pattern: Option<&str>,
    ) {
        let Some(text) = value.text() else {
            return self.expect(owned, value, "a text");
        };
        if let (Some(values), Some(whole)) = (values, text.whole()) {
            return self.listed(owned, value, whole, values);
        }
        // What is not known can only make it longer
        let count: usize = text.known_pieces().map(|piece| piece.chars().count()).sum();
        let whole = text.whole();
        #[expect(clippy::cast_precision_loss, reason = "a template has less than a million characters")]
        let known = count as f64;
        let holds = if whole.is_some() { length.hold(known) } else { length.most.is_none_or(|most| known <= most) };
        if !holds {
            let at_least = if whole.is_some() { "" } else { "at least " };
            let rule = self.rule(owned, Fault::Length);
            let what = format!("{} of {at_least}{count} characters, and it must have {length}", self.has());
            return self.deployment.add(Finding::of(rule, what), value.at);
        }
        if let (Some(pattern), Some(whole)) = (pattern, whole)
            && !whole.contains("${")
            && mismatches(pattern, whole)
        {
            let rule = self.rule(owned, Fault::Pattern);
            let what = format!("{} \"{whole}\", which does not have the form that it must have", self.has());
            self.deployment.add(Finding::of(rule, what).cause(format!("pattern: {pattern}")), value.at);
        }
    }

    fn listed(&mut self, owned: Owned<'_>, value: &Evaluated, whole: &str, values: Values) {
        if values.are_instance_types() {
            let subject = format!("{} as", self.has());
            return instance_type::check(self.deployment, value, &subject, values);
        }
        match values.find(whole) {
            Some(false) => {}
            Some(true) => {
                let what = format!("{} \"{whole}\", which the API takes and CloudFormation does not", self.has());
                let cause = format!("API of {}, CloudFormation's schema of {}", api_date(), registry_date());
                self.deployment.add(Finding::of(Rule::PropertyApiOnly, what).cause(cause), value.at);
            }
            None => {
                let rule = self.rule(owned, Fault::Value);
                let what = format!("{} \"{whole}\", which is not one of its values", self.has());
                let cause = format!("as of {}: {}", registry_date(), listed(values.names()));
                let finding = Finding::of(rule, what).cause(cause);
                let near = nearest(whole, values.names());
                let finding = match near {
                    Some(near) => finding.hint(format!("did you mean \"{near}\"?")),
                    None => finding,
                };
                self.deployment.add(finding, value.at);
            }
        }
    }

    /// The rule that a fault breaks: that of the subject, where there is one.
    fn rule(&self, Owned { definition, member }: Owned<'_>, fault: Fault) -> Rule {
        let is_number = matches!(member.kind, Kind::Whole(..) | Kind::Number(_));
        match (self.schema.name, definition.name, member.name) {
            (ENDPOINT_CONFIG, "DataCaptureConfig", _) => Rule::CaptureRange,
            (ENDPOINT_CONFIG, "AsyncInferenceClientConfig", _) => Rule::AsyncConcurrency,
            (ENDPOINT_CONFIG, "ServerlessConfig", _) if fault == Fault::Missing => Rule::ServerlessMemory,
            (ENDPOINT_CONFIG, "ServerlessConfig", "MemorySizeInMB") => Rule::ServerlessMemory,
            (ENDPOINT_CONFIG, "ServerlessConfig", _) => Rule::ServerlessConcurrency,
            (ENDPOINT_CONFIG, "", "ProductionVariants") if fault != Fault::Kind => Rule::VariantCount,
            (ENDPOINT_CONFIG, "ProductionVariant", "VariantName") => Rule::VariantName,
            (ENDPOINT_CONFIG, "ProductionVariant" | "ManagedInstanceScaling" | "InstancePool", _)
                if fault == Fault::Count || (is_number && fault != Fault::Missing) =>
            {
                Rule::VariantRange
            }
            (ENDPOINT_CONFIG, "", "EndpointConfigName") | (MODEL, "", "ModelName") => Rule::ResourceName,
            (MODEL, "", "Containers") if fault == Fault::Count => Rule::ModelContainers,
            (MODEL, "VpcConfig", _) if fault == Fault::Count => Rule::ModelVpc,
            (ENDPOINT, "", "EndpointName") => Rule::EndpointName,
            (ENDPOINT, "TrafficRoutingConfig" | "CapacitySize", "Type") => Rule::TrafficRouting,
            (ENDPOINT, _, _) if fault == Fault::Count && member.name == "Alarms" => Rule::UpdatePolicyRange,
            (ENDPOINT, _, _) if is_number && fault != Fault::Missing => Rule::UpdatePolicyRange,
            _ => match fault {
                Fault::Missing => Rule::PropertyMissing,
                Fault::Kind => Rule::PropertyType,
                Fault::Value => Rule::PropertyValue,
                Fault::Range => Rule::PropertyRange,
                Fault::Length => Rule::PropertyLength,
                Fault::Pattern => Rule::PropertyPattern,
                Fault::Count => Rule::PropertyCount,
            },
        }
    }
}

fn listed(names: impl Iterator<Item = &'static str>) -> String {
    let mut names: Vec<&str> = names.collect();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let shown = names.join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
