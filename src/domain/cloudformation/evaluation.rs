//! What a template's values become with a stage's parameters: CloudFormation's intrinsic functions.
//!
//! What is not known, before a roll-out or without a real account, becomes a hole in the value instead of an error, so
//! that a check can judge the rest. A dynamic reference (`{{resolve:...}}`) stays as it is written.

pub(crate) mod assertion;
pub(crate) mod value;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};

use base64::Engine;
use serde_json::{Map, Value};

use self::value::{Data, Evaluated, Hole, Property, Text};
use crate::domain::aws::partition::Partition;
use crate::domain::cloudformation::intrinsic::{Call, Function, NO_VALUE, PSEUDO_PARAMETERS, Part, parts};
use crate::domain::cloudformation::template::{Declaration, Template};
use crate::domain::document;
use crate::domain::document::Entry;
use crate::domain::document::Node;
use crate::domain::finding::Finding;
use crate::domain::finding::Position;
use crate::domain::finding::nearest;

/// `Ref` of a resource, among its attributes.
pub(crate) const REF: &str = "";

/// The pseudo parameters of one stack.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub account: String,
    pub region: String,
    pub partition: String,
    pub name: String,
}

/// A template's sections by name.
pub(crate) struct Index<'a> {
    pub template: &'a Template,
    pub parameters: HashMap<&'a str, &'a Declaration>,
    pub conditions: HashMap<&'a str, &'a Node>,
    pub resources: HashMap<&'a str, &'a Entry>,
    pub mappings: HashMap<&'a str, &'a Node>,
}

impl<'a> Index<'a> {
    pub(crate) fn of(template: &'a Template) -> Self {
        let section = |name: &str| template.root.get(name).and_then(Node::as_map).unwrap_or_default();
        let nodes = |name: &str| section(name).iter().map(|entry| (entry.key.as_str(), &entry.value)).collect();
        Self {
            template,
            parameters: template.parameters.iter().map(|declared| (declared.name.as_str(), declared)).collect(),
            conditions: nodes("Conditions"),
            resources: section("Resources").iter().map(|entry| (entry.key.as_str(), entry)).collect(),
            mappings: nodes("Mappings"),
        }
    }

    /// The nearest parameter or resource.
    pub(crate) fn nearest(&self, name: &str) -> Option<&'a str> {
        let parameters = self.template.parameters.iter().map(|declared| declared.name.as_str());
        let resources = self.template.resources().iter().map(|entry| entry.key.as_str());
        nearest(name, parameters.chain(resources))
    }

    pub(crate) fn nearest_condition(&self, name: &str) -> Option<&'a str> {
        let mut names: Vec<&str> = self.conditions.keys().copied().collect();
        names.sort_unstable();
        nearest(name, names)
    }
}

/// Everything that a value may refer to.
pub(crate) struct Scope<'a> {
    pub index: &'a Index<'a>,
    /// Set parameters; those left out take the template's defaults.
    pub parameters: &'a BTreeMap<String, String>,
    /// Parameters that will be set, to what is not known yet.
    pub later: HashSet<String>,
    /// The stack, where there is one already.
    pub stack: Option<&'a Stack>,
    /// The Region of the stack, where nothing else is known of it.
    region: Option<&'a str>,
    /// By logical id: what `Ref` and `Fn::GetAtt` give.
    pub resources: BTreeMap<String, BTreeMap<String, String>>,
    /// Conditions that were decided; one that is being decided is `None`.
    decided: RefCell<HashMap<String, Option<Truth>>>,
    /// How many are being decided, each for the one before.
    deciding: Cell<usize>,
}

/// More conditions in a row than anybody means, and as many as any stack holds.
const MOST_IN_A_ROW: usize = 500;

/// Whether a condition holds; else what is not known, and where.
pub(crate) type Truth = std::result::Result<bool, (Position, Hole)>;

impl<'a> Scope<'a> {
    pub(crate) fn new(
        index: &'a Index<'a>,
        parameters: &'a BTreeMap<String, String>,
        stack: Option<&'a Stack>,
    ) -> Self {
        let (later, decided, deciding) = (HashSet::new(), RefCell::default(), Cell::default());
        Self { index, parameters, later, stack, region: None, resources: BTreeMap::new(), decided, deciding }
    }

    /// The same where the Region is known.
    #[must_use]
    pub(crate) fn in_region(&self, region: Option<&'a str>) -> Self {
        let (later, resources) = (self.later.clone(), self.resources.clone());
        Self { later, region, resources, ..Self::new(self.index, self.parameters, self.stack) }
    }

    /// The value of a node; `None` where it is `AWS::NoValue`.
    ///
    /// # Errors
    /// A finding at the first function or name that has no value here.
    pub(crate) fn value(&self, node: &Node) -> Result<Option<Value>, Finding> {
        self.evaluate(node).map(|evaluated| self.json(&evaluated)).transpose()
    }

    /// Whether a condition of the template holds.
    ///
    /// # Errors
    /// A finding if there is no such condition or it cannot be decided.
    pub(crate) fn condition(&self, name: &str, asked_at: &Node) -> Result<bool, Finding> {
        self.truth_of(name, asked_at.at).map_err(|(at, hole)| self.error(at, &hole))
    }

    fn error(&self, at: Position, hole: &Hole) -> Finding {
        let finding = Finding::error(hole.to_string()).at(&self.index.template.file, at);
        Finding { hint: hole.hint(), ..finding }
    }

    fn json(&self, evaluated: &Evaluated) -> Result<Value, Finding> {
        let refuse = |hole: &Hole| Err(self.error(evaluated.at, hole));
        Ok(match &evaluated.data {
            Data::Null => Value::Null,
            Data::Bool(truth) => Value::Bool(*truth),
            Data::Number(text) => match serde_json::from_str(text) {
                Ok(number @ Value::Number(_)) => number,
                _ => Value::String(text.clone()),
            },
            Data::Text(text) => match text.holes().next() {
                Some(hole) => return refuse(hole),
                None => Value::String(text.to_string()),
            },
            Data::List(items) => items.iter().map(|item| self.json(item)).collect::<Result<_, _>>()?,
            Data::Map(properties) => {
                let mut map = Map::new();
                for property in properties {
                    map.insert(property.key.clone(), self.json(&property.value)?);
                }
                Value::Object(map)
            }
            Data::Unknown(hole) => return refuse(hole),
        })
    }

    /// The value of a node with holes where it is not known; `None` where it is `AWS::NoValue`.
    pub(crate) fn evaluate(&self, node: &Node) -> Option<Evaluated> {
        let data = match &node.value {
            document::Value::Null => Data::Null,
            document::Value::Bool(written) => Data::Bool(document::is_true(written)),
            document::Value::Number(written) => Data::Number(document::number_value(written).into_owned()),
            document::Value::String(text) => Data::Text(Text::known(text.clone())),
            document::Value::List(items) => Data::List(items.iter().filter_map(|item| self.evaluate(item)).collect()),
            document::Value::Map(entries) => {
                if let Some(call) = Call::of(node) {
                    return self.call(&call, node.at);
                }
                Data::Map(entries.iter().filter_map(|entry| self.property(entry)).collect())
            }
        };
        Some(Evaluated { at: node.at, data })
    }

    fn property(&self, entry: &Entry) -> Option<Property> {
        let value = self.evaluate(&entry.value)?;
        Some(Property { key: entry.key.clone(), key_at: entry.key_at, value })
    }

    /// Whether a condition of the template holds, as far as that is known.
    ///
    /// # Errors
    /// What is not known, and where it stands.
    pub(crate) fn truth_of(&self, name: &str, asked_at: Position) -> Truth {
        if let Some(decided) = self.decided.borrow().get(name) {
            let circle = || Err((asked_at, Hole::Refused(format!("condition \"{name}\" leads back to itself"))));
            return decided.clone().unwrap_or_else(circle);
        }
        let Some(definition) = self.index.conditions.get(name) else {
            let near = self.index.nearest_condition(name).map(str::to_owned);
            return Err((asked_at, Hole::NoCondition { name: name.to_owned(), near }));
        };
        if self.deciding.get() == MOST_IN_A_ROW {
            let what = format!("condition \"{name}\" is the {MOST_IN_A_ROW}th in a row that decides another one");
            return Err((asked_at, Hole::Refused(what)));
        }
        self.decided.borrow_mut().insert(name.to_owned(), None);
        self.deciding.update(|number| number + 1);
        let truth = self.truth(definition);
        self.deciding.update(|number| number - 1);
        self.decided.borrow_mut().insert(name.to_owned(), Some(truth.clone()));
        truth
    }

    fn truth(&self, node: &Node) -> Truth {
        let refuse = || (node.at, Hole::Refused("is not a condition".to_owned()));
        let [entry] = node.as_map().ok_or_else(refuse)? else {
            return Err(refuse());
        };
        if entry.key == "Condition" {
            return self.truth_of(entry.value.as_str().ok_or_else(refuse)?, node.at);
        }
        // One operand that settles the matter is enough, whatever is not known of the others.
        let settle = |operands: &[Node], settles: bool| {
            let mut truth = Ok(!settles);
            for one in operands {
                match self.truth(one) {
                    Ok(holds) if holds == settles => return Ok(settles),
                    Ok(_) => {}
                    Err(unknown) => truth = Err(unknown),
                }
            }
            truth
        };
        match Call::of_entry(entry).ok_or_else(refuse)?.function {
            Function::Equals(left, right) => self.equals(left, right),
            Function::Not(operand) => Ok(!self.truth(operand)?),
            Function::And(operands) => settle(operands, false),
            Function::Or(operands) => settle(operands, true),
            Function::Members { of, first, second } => self.members(of, first, second),
            _ => Err(refuse()),
        }
    }

    /// CloudFormation compares texts: the number 1 equals "1".
    fn equals(&self, left: &Node, right: &Node) -> Truth {
        let (left, right) = (self.evaluate(left), self.evaluate(right));
        let mut holes = Vec::new();
        for side in left.iter().chain(&right) {
            side.holes(&mut holes);
        }
        match (holes.first(), left.as_ref().and_then(Evaluated::text), right.as_ref().and_then(Evaluated::text)) {
            (_, Some(left), Some(right)) if left == right => Ok(true),
            (Some((at, hole)), ..) => Err((*at, (*hole).clone())),
            (None, Some(left), Some(right)) => Ok(left == right),
            (None, left_text, right_text) => {
                let (left, right) = (left.map(|one| one.data), right.map(|one| one.data));
                Ok(left_text.is_none() && right_text.is_none() && left == right)
            }
        }
    }

    /// What a function gives, where the branch stands that it chose; `None` is `AWS::NoValue`.
    fn call(&self, call: &Call<'_>, at: Position) -> Option<Evaluated> {
        let data = match call.function {
            Function::Ref(NO_VALUE) => return None,
            Function::If { name, yes, no, .. } => match self.truth_of(name, at) {
                Ok(holds) => return self.evaluate(if holds { yes } else { no }),
                Err((_, hole)) => Data::Unknown(hole),
            },
            _ => self.data(call).unwrap_or_else(|| refused(call.name)),
        };
        Some(Evaluated { at, data })
    }

    /// What a function gives; `None` if that is not an argument for it.
    fn data(&self, call: &Call<'_>) -> Option<Data> {
        match call.function {
            Function::Wrong(_)
            | Function::FindInMap { default: Some(_), .. }
            | Function::Split { separator: "", .. } => None,
            Function::Ref(name) => Some(self.reference(name)),
            Function::GetAtt { resource, attribute } => Some(Data::Text(self.attribute(resource, attribute?))),
            Function::Sub { text, variables } => Some(self.substitute(text, variables)),
            Function::Join { separator, parts } => self.join(separator, parts),
            Function::Split { separator, text } => Some(split(&self.evaluate(text)?, separator)),
            Function::Select { index, items } => self.select(index, items),
            Function::FindInMap { map, first, second, default: None } => self.find_in_map([map, first, second]),
            Function::Base64(argument) => {
                let evaluated = self.evaluate(argument)?;
                let text = evaluated.text()?;
                Some(Data::Text(match text.holes().next() {
                    Some(hole) => Text::hole(hole.clone()),
                    None => Text::known(base64::engine::general_purpose::STANDARD.encode(text.to_string())),
                }))
            }
            _ => Some(Data::Unknown(Hole::Function(call.name.to_owned()))),
        }
    }

    fn join(&self, separator: &str, parts: &Node) -> Option<Data> {
        let parts = self.evaluate(parts)?;
        let Data::List(parts) = parts.data else {
            return match parts.data {
                Data::Unknown(hole) => Some(Data::Text(Text::hole(hole))),
                Data::Text(text) => text.holes().next().map(|hole| Data::Text(Text::hole(hole.clone()))),
                _ => None,
            };
        };
        let mut joined = Text::default();
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                joined.push(separator);
            }
            joined.append(text_of(part));
        }
        Some(Data::Text(joined))
    }

    fn select(&self, index: &Node, items: &Node) -> Option<Data> {
        let (index, items) = (self.evaluate(index)?, self.evaluate(items)?);
        let unknown = |evaluated: &Evaluated| {
            let mut holes = Vec::new();
            evaluated.holes(&mut holes);
            holes.first().map(|(_, hole)| Data::Unknown((*hole).clone()))
        };
        let Some(number) = index.whole_text() else { return unknown(&index) };
        let number: usize = number.parse().ok()?;
        match &items.data {
            Data::List(list) => list.get(number).map(|item| item.data.clone()),
            _ => unknown(&items),
        }
    }

    fn find_in_map(&self, [map, first, second]: [&Node; 3]) -> Option<Data> {
        let mut keys = Vec::new();
        for key in [map, first, second] {
            let key = text_of(&self.evaluate(key)?);
            if let Some(hole) = key.holes().next() {
                return Some(Data::Unknown(hole.clone()));
            }
            keys.push(key.to_string());
        }
        let found = self.index.mappings.get(keys[0].as_str()).and_then(|map| map.get(&keys[1])?.get(&keys[2]));
        match found {
            Some(node) => self.evaluate(node).map(|found| found.data),
            None => Some(Data::Unknown(Hole::NoEntry(keys.join(".")))),
        }
    }

    fn reference(&self, name: &str) -> Data {
        if let Some(text) = self.pseudo_parameter(name) {
            return Data::Text(text);
        }
        let Some(declared) = self.index.parameters.get(name) else {
            return Data::Text(self.attribute(name, REF));
        };
        let is_list = declared.is_list();
        let hole = |hole: Hole| if is_list { Data::Unknown(hole) } else { Data::Text(Text::hole(hole)) };
        let value = self.parameters.get(name);
        if value.is_none() && self.later.contains(name) {
            return hole(Hole::Parameter(name.to_owned()));
        }
        let Some(value) = value.or(declared.default.as_ref()) else {
            return hole(Hole::Parameter(name.to_owned()));
        };
        // Before there is a stack, a parameter of Systems Manager has not been read, and a secret is not looked at
        if self.stack.is_none() && declared.no_echo {
            return hole(Hole::Secret(name.to_owned()));
        }
        if self.stack.is_none() && declared.is_read_from_ssm() {
            return hole(Hole::Parameter(name.to_owned()));
        }
        if is_list { list_of(value, declared.at) } else { Data::Text(Text::known(value.clone())) }
    }

    fn pseudo_parameter(&self, name: &str) -> Option<Text> {
        let Some(Stack { account, region, partition, name: stack }) = self.stack else {
            let of_region = self.region.and_then(|region| match name {
                "AWS::Region" => Some(region),
                "AWS::Partition" => Some(Partition::of_region(region).id),
                "AWS::URLSuffix" => Some(Partition::of_region(region).dns_suffix),
                _ => None,
            });
            let hole = || Text::hole(Hole::Pseudo(name.to_owned()));
            return of_region.map(Text::known).or_else(|| PSEUDO_PARAMETERS.contains(&name).then(hole));
        };
        Some(Text::known(match name {
            "AWS::AccountId" => account.clone(),
            "AWS::Region" => region.clone(),
            "AWS::Partition" => partition.clone(),
            "AWS::StackName" => stack.clone(),
            "AWS::StackId" => format!("arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/0"),
            "AWS::URLSuffix" => Partition::named(partition).dns_suffix.to_owned(),
            _ => return None,
        }))
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Text {
        let hole = || Text::hole(Hole::Attribute { resource: resource.to_owned(), attribute: attribute.to_owned() });
        if let Some(known) = self.resources.get(resource) {
            return known.get(attribute).map_or_else(hole, |value| Text::known(value.clone()));
        }
        match (self.index.resources.contains_key(resource), self.stack) {
            (true, None) => hole(),
            // A resource of a kind that is not instantiated here: any name will do, as long as it is the same one.
            (true, Some(stack)) => Text::known(format!("{}-{resource}", stack.name)),
            (false, _) => {
                let near = self.index.nearest(resource).map(str::to_owned);
                Text::hole(Hole::Nowhere { name: resource.to_owned(), near })
            }
        }
    }

    fn substitute(&self, text: &str, variables: &[Entry]) -> Data {
        let mut result = Text::default();
        for part in parts(text) {
            match part {
                Part::Text(text) => result.push(text),
                Part::Literal(literal) => result.push(&format!("${{{literal}}}")),
                Part::Name(name) => result.append(self.substitution(name, variables)),
                Part::Unclosed => {
                    return Data::Text(Text::hole(Hole::Refused("has \"${\" without \"}\"".to_owned())));
                }
            }
        }
        Data::Text(result)
    }

    fn substitution(&self, name: &str, variables: &[Entry]) -> Text {
        if let Some(variable) = variables.iter().rfind(|variable| variable.key == name) {
            return self.evaluate(&variable.value).as_ref().map(text_of).unwrap_or_default();
        }
        match name.split_once('.') {
            Some((resource, attribute)) => self.attribute(resource, attribute),
            None if name == NO_VALUE => Text::default(),
            None => text_of(&Evaluated { at: Position { line: 0, column: 0 }, data: self.reference(name) }),
        }
    }
}

fn refused(function: &str) -> Data {
    Data::Unknown(Hole::Refused(format!("has no right argument for {function}")))
}

/// The items of a list parameter's value.
fn list_of(value: &str, at: Position) -> Data {
    let item = |text: &str| Evaluated { at, data: Data::Text(Text::known(text.trim())) };
    Data::List(value.split(',').map(item).collect())
}

fn split(text: &Evaluated, separator: &str) -> Data {
    let Some(parts) = text.text() else {
        return match &text.data {
            Data::Unknown(hole) => Data::Unknown(hole.clone()),
            _ => refused("Fn::Split"),
        };
    };
    match (parts.whole(), parts.holes().next()) {
        // What stands in a hole may hold separators of its own
        (_, Some(hole)) => Data::Unknown(hole.clone()),
        (whole, None) => {
            let item = |part: &str| Evaluated { at: text.at, data: Data::Text(Text::known(part)) };
            Data::List(whole.unwrap_or_default().split(separator).map(item).collect())
        }
    }
}

/// A scalar as text, wherever text is wanted; a list or mapping has none.
fn text_of(evaluated: &Evaluated) -> Text {
    match &evaluated.data {
        Data::Unknown(hole) => Text::hole(hole.clone()),
        Data::List(items) => {
            let items: Vec<String> = items.iter().map(|item| text_of(item).to_string()).collect();
            Text::known(items.join(","))
        }
        _ => evaluated.text().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEMPLATE: &str = r#"
Parameters:
  Stage: {Type: String}
  Percent: {Type: Number, Default: 0}
  Subnets: {Type: CommaDelimitedList, Default: "a, b"}
Mappings:
  Sizes: {prod: {type: ml.c5.xlarge}, staging: {type: ml.m5.large}}
Conditions:
  Capture: !Not [!Equals [!Ref Percent, 0]]
  IsProd: !Equals [!Ref Stage, prod]
  Both: !And [!Condition Capture, {Condition: IsProd}]
  Either: !Or [!Condition Capture, !Condition IsProd]
  Loop: !Condition Loop
Resources:
  Model: {Type: AWS::SageMaker::Model}
Outputs:
  sub: !Sub "arn:${AWS::Partition}:x:${AWS::Region}:${AWS::AccountId}:${Stage}/${!Kept}/${Model.ModelName}"
  subMap: !Sub ["${A}-${Stage}", {A: !Join ["+", [!Ref Stage, "x"]]}]
  if: !If [Capture, on, !Ref AWS::NoValue]
  both: !If [Both, 1, 2]
  either: !If [Either, 1, 2]
  map: !FindInMap [Sizes, !Ref Stage, type]
  suffix: !Sub "${AWS::Partition} ${AWS::URLSuffix}"
  select: !Select [1, !Ref Subnets]
  split: !Select ["0", !Split ["-", "p-q"]]
  list: [!Ref Stage, !Ref "AWS::NoValue", 3]
  base64: !Base64 {Ref: Stage}
  loop: !If [Loop, 1, 2]
  unknown: !Ref Stag
  import: !ImportValue x
  open: !Sub "${Stage"
"#;

    fn evaluate(key: &str, parameters: &[(&str, &str)]) -> Result<Option<Value>, Finding> {
        evaluate_in("us-east-1", key, parameters)
    }

    fn evaluate_in(region: &str, key: &str, parameters: &[(&str, &str)]) -> Result<Option<Value>, Finding> {
        let template = Template::parse(TEMPLATE, "t.yml").expect("valid");
        let parameters = parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let stack = Stack {
            account: "222222222222".into(),
            region: region.into(),
            partition: Partition::of_region(region).id.into(),
            name: "stack".into(),
        };
        let model = BTreeMap::from([("ModelName".to_owned(), "model-1".to_owned())]);
        let index = Index::of(&template);
        let mut scope = Scope::new(&index, &parameters, Some(&stack));
        scope.resources.insert("Model".to_owned(), model);
        scope.value(template.root.get("Outputs").and_then(|outputs| outputs.get(key)).expect("there"))
    }

    #[test]
    fn intrinsic_functions_give_what_cloudformation_gives() {
        let staging = [("Stage", "staging")];
        for (key, want) in [
            ("sub", json!("arn:aws:x:us-east-1:222222222222:staging/${Kept}/model-1")),
            ("subMap", json!("staging+x-staging")),
            ("both", json!(2)),
            ("either", json!(2)),
            ("map", json!("ml.m5.large")),
            ("select", json!("b")),
            ("split", json!("p")),
            ("list", json!(["staging", 3])),
            ("base64", json!("c3RhZ2luZw==")),
        ] {
            assert_eq!(evaluate(key, &staging).expect(key), Some(want), "{key}");
        }
        assert_eq!(evaluate("if", &staging).expect("valid"), None);
        let prod = [("Stage", "prod"), ("Percent", "10")];
        assert_eq!(evaluate("if", &prod).expect("valid"), Some(json!("on")));
        assert_eq!(evaluate("both", &prod).expect("valid"), Some(json!(1)));
        assert_eq!(evaluate("map", &prod).expect("valid"), Some(json!("ml.c5.xlarge")));
    }

    #[test]
    fn a_url_suffix_is_that_of_the_partition() {
        for (region, want) in [
            ("eu-west-1", "aws amazonaws.com"),
            ("cn-north-1", "aws-cn amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov amazonaws.com"),
            ("eusc-de-east-1", "aws-eusc amazonaws.eu"),
            ("eu-isoe-west-1", "aws-iso-e cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f csp.hci.ic.gov"),
        ] {
            assert_eq!(evaluate_in(region, "suffix", &[]).expect(region), Some(json!(want)), "{region}");
        }
    }

    #[test]
    fn what_has_no_value_is_named_with_its_place() {
        for (key, part) in [
            ("loop", "leads back to itself"),
            ("unknown", "refers to \"Stag\""),
            ("import", "Fn::ImportValue"),
            ("open", "without \"}\""),
        ] {
            let finding = evaluate(key, &[("Stage", "staging")]).expect_err(key);
            assert!(finding.to_string().starts_with("t.yml:"), "{finding}");
            assert!(finding.what.contains(part), "{finding}");
        }
        assert!(evaluate("sub", &[]).expect_err("no value").what.contains("neither a value nor a default"));
    }
}
