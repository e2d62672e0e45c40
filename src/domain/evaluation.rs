//! What a template's values become with a stage's parameters: CloudFormation's intrinsic functions.
//!
//! Evaluated is what a service-managed stack set may hold; `Fn::ImportValue` and `Fn::GetAZs` need a real account and
//! are errors here. A dynamic reference (`{{resolve:...}}`) stays as it is written.

use std::collections::BTreeMap;

use base64::Engine;
use serde_json::{Map, Value};

use super::document::{self, Node};
use super::finding::{Finding, nearest};
use super::template::Template;

/// `Ref` of a resource, among its attributes.
pub const REF: &str = "Ref";

/// The pseudo parameters of one stack.
#[derive(Clone, Debug)]
pub struct Stack {
    pub account: String,
    pub region: String,
    pub partition: String,
    pub name: String,
}

/// Everything that a value may refer to.
pub struct Scope<'a> {
    pub template: &'a Template,
    /// Set parameters; those left out take the template's defaults.
    pub parameters: &'a BTreeMap<String, String>,
    pub stack: &'a Stack,
    /// By logical id: what `Ref` and `Fn::GetAtt` give.
    pub resources: BTreeMap<String, BTreeMap<String, String>>,
}

impl Scope<'_> {
    /// The value of a node; `None` where it is `AWS::NoValue`.
    ///
    /// # Errors
    /// A finding at the function or name that has no value here.
    pub fn value(&self, node: &Node) -> Result<Option<Value>, Finding> {
        Ok(Some(match &node.value {
            document::Value::Null => Value::Null,
            document::Value::Bool(truth) => Value::Bool(*truth),
            document::Value::Number(text) => match serde_json::from_str(text) {
                Ok(number @ Value::Number(_)) => number,
                _ => Value::String(text.clone()),
            },
            document::Value::String(text) => Value::String(text.clone()),
            document::Value::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    list.extend(self.value(item)?);
                }
                Value::Array(list)
            }
            document::Value::Map(entries) => {
                if let [entry] = &entries[..]
                    && (entry.key == "Ref" || entry.key.starts_with("Fn::"))
                {
                    return self.function(&entry.key, &entry.value);
                }
                let mut map = Map::new();
                for entry in entries {
                    if let Some(value) = self.value(&entry.value)? {
                        map.insert(entry.key.clone(), value);
                    }
                }
                Value::Object(map)
            }
        }))
    }

    /// Whether a condition of the template holds.
    ///
    /// # Errors
    /// A finding if there is no such condition or it cannot be decided.
    pub fn condition(&self, name: &str, asked_at: &Node) -> Result<bool, Finding> {
        self.condition_within(name, asked_at, 0)
    }

    fn condition_within(&self, name: &str, asked_at: &Node, depth: usize) -> Result<bool, Finding> {
        // Conditions that lead back to themselves never end, and no honest chain is this long.
        const MAX_CHAIN: usize = 50;
        if depth > MAX_CHAIN {
            return Err(self.error(asked_at, format!("condition \"{name}\" leads back to itself")));
        }
        let conditions = self.template.root.get("Conditions");
        let Some(definition) = conditions.and_then(|conditions| conditions.get(name)) else {
            let known = conditions.and_then(Node::as_map).unwrap_or_default();
            let error = self.error(asked_at, format!("refers to condition \"{name}\", which is not defined"));
            return Err(match nearest(name, known.iter().map(|entry| entry.key.as_str())) {
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            });
        };
        self.truth(definition, depth + 1)
    }

    fn truth(&self, node: &Node, depth: usize) -> Result<bool, Finding> {
        let refuse = || self.error(node, "is no condition".to_owned());
        let [entry] = node.as_map().ok_or_else(refuse)? else {
            return Err(refuse());
        };
        let operands = || entry.value.as_list().ok_or_else(refuse);
        match entry.key.as_str() {
            "Condition" => self.condition_within(entry.value.as_str().ok_or_else(refuse)?, node, depth),
            "Fn::Equals" => match operands()? {
                [left, right] => Ok(comparable(self.value(left)?) == comparable(self.value(right)?)),
                _ => Err(refuse()),
            },
            "Fn::Not" => match operands()? {
                [operand] => Ok(!self.truth(operand, depth)?),
                _ => Err(refuse()),
            },
            "Fn::And" => operands()?.iter().try_fold(true, |all, one| Ok(self.truth(one, depth)? && all)),
            "Fn::Or" => operands()?.iter().try_fold(false, |any, one| Ok(self.truth(one, depth)? || any)),
            _ => Err(refuse()),
        }
    }

    fn function(&self, name: &str, argument: &Node) -> Result<Option<Value>, Finding> {
        let refuse = || self.error(argument, format!("is no argument for {name}"));
        let list = || argument.as_list().ok_or_else(refuse);
        match name {
            "Ref" => self.reference(argument.as_str().ok_or_else(refuse)?, argument),
            "Fn::GetAtt" => match list()? {
                [resource, attribute] => {
                    let resource = resource.as_str().ok_or_else(refuse)?;
                    self.attribute(resource, attribute.as_str().ok_or_else(refuse)?, argument).map(Some)
                }
                _ => Err(refuse()),
            },
            "Fn::Sub" => match &argument.value {
                document::Value::String(text) => self.substitute(text, None, argument).map(Some),
                document::Value::List(items) => match &items[..] {
                    [text, variables] => {
                        self.substitute(text.as_str().ok_or_else(refuse)?, Some(variables), argument).map(Some)
                    }
                    _ => Err(refuse()),
                },
                _ => Err(refuse()),
            },
            "Fn::If" => match list()? {
                [condition, yes, no] => {
                    let holds = self.condition(condition.as_str().ok_or_else(refuse)?, condition)?;
                    self.value(if holds { yes } else { no })
                }
                _ => Err(refuse()),
            },
            "Fn::Join" => match list()? {
                [separator, parts] => {
                    let Some(Value::Array(parts)) = self.value(parts)? else {
                        return Err(refuse());
                    };
                    let parts: Vec<String> = parts.iter().map(text_of).collect();
                    Ok(Some(Value::String(parts.join(separator.as_str().ok_or_else(refuse)?))))
                }
                _ => Err(refuse()),
            },
            "Fn::Split" => match list()? {
                [separator, text] => {
                    let separator = separator.as_str().filter(|text| !text.is_empty()).ok_or_else(refuse)?;
                    let text = self.value(text)?.as_ref().map(text_of).unwrap_or_default();
                    Ok(Some(text.split(separator).map(|part| Value::String(part.to_owned())).collect()))
                }
                _ => Err(refuse()),
            },
            "Fn::Select" => match list()? {
                [index, items] => {
                    let index = self.value(index)?.as_ref().map(text_of).unwrap_or_default();
                    let index: usize = index.parse().map_err(|_| refuse())?;
                    let Some(Value::Array(items)) = self.value(items)? else {
                        return Err(refuse());
                    };
                    items.get(index).cloned().map(Some).ok_or_else(refuse)
                }
                _ => Err(refuse()),
            },
            "Fn::FindInMap" => match list()? {
                [map, first, second] => {
                    let mut node = self.template.root.get("Mappings");
                    for key in [map, first, second] {
                        let key = self.value(key)?.as_ref().map(text_of).unwrap_or_default();
                        node = node.and_then(|node| node.get(&key));
                    }
                    self.value(node.ok_or_else(|| self.error(argument, "finds nothing in the mappings".to_owned()))?)
                }
                _ => Err(refuse()),
            },
            "Fn::Base64" => {
                let text = self.value(argument)?.as_ref().map(text_of).unwrap_or_default();
                Ok(Some(Value::String(base64::engine::general_purpose::STANDARD.encode(text))))
            }
            _ => Err(self.error(argument, format!("uses {name}, which has no value without a real account"))),
        }
    }

    fn reference(&self, name: &str, at: &Node) -> Result<Option<Value>, Finding> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if let Some(pseudo) = self.pseudo_parameter(name) {
            return Ok(Some(Value::String(pseudo)));
        }
        if let Some(declared) = self.template.declaration(name) {
            let value = self.parameters.get(name).or(declared.default.as_ref()).ok_or_else(|| {
                self.error(at, format!("refers to parameter \"{name}\", which has neither a value nor a default"))
            })?;
            let is_list = declared.kind == "CommaDelimitedList" || declared.kind.starts_with("List<");
            return Ok(Some(if is_list {
                value.split(',').map(|item| Value::String(item.trim().to_owned())).collect()
            } else {
                Value::String(value.clone())
            }));
        }
        self.attribute(name, REF, at).map(Some)
    }

    fn pseudo_parameter(&self, name: &str) -> Option<String> {
        let Stack { account, region, partition, name: stack } = self.stack;
        Some(match name {
            "AWS::AccountId" => account.clone(),
            "AWS::Region" => region.clone(),
            "AWS::Partition" => partition.clone(),
            "AWS::StackName" => stack.clone(),
            "AWS::StackId" => format!("arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/0"),
            "AWS::URLSuffix" if partition == "aws-cn" => "amazonaws.com.cn".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            _ => return None,
        })
    }

    fn attribute(&self, resource: &str, attribute: &str, at: &Node) -> Result<Value, Finding> {
        if let Some(known) = self.resources.get(resource) {
            return known.get(attribute).cloned().map(Value::String).ok_or_else(|| {
                self.error(at, format!("asks for \"{resource}.{attribute}\", which is not known here"))
            });
        }
        let resources = self.template.root.get("Resources").and_then(Node::as_map).unwrap_or_default();
        if resources.iter().any(|entry| entry.key == resource) {
            // A resource of a kind that is not instantiated here: any name will do, as long as it is the same one.
            return Ok(Value::String(format!("{}-{resource}", self.stack.name)));
        }
        let error = self.error(at, format!("refers to \"{resource}\", which is no parameter and no resource"));
        let parameters = self.template.parameters.iter().map(|declared| declared.name.as_str());
        let names = parameters.chain(resources.iter().map(|entry| entry.key.as_str()));
        Err(match nearest(resource, names) {
            Some(near) => error.hint(format!("did you mean \"{near}\"?")),
            None => error,
        })
    }

    /// `${Name}`, `${Resource.Attribute}`, `${!Literal}`.
    fn substitute(&self, text: &str, variables: Option<&Node>, at: &Node) -> Result<Value, Finding> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            let Some((name, remaining)) = after.split_once('}') else {
                return Err(self.error(at, "has \"${\" without \"}\"".to_owned()));
            };
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str("${");
                result.push_str(literal);
                result.push('}');
            } else if let Some(variable) = variables.and_then(|variables| variables.get(name)) {
                result.push_str(&self.value(variable)?.as_ref().map(text_of).unwrap_or_default());
            } else if let Some((resource, attribute)) = name.split_once('.') {
                result.push_str(&text_of(&self.attribute(resource, attribute, at)?));
            } else {
                result.push_str(&self.reference(name, at)?.as_ref().map(text_of).unwrap_or_default());
            }
            rest = remaining;
        }
        result.push_str(rest);
        Ok(Value::String(result))
    }

    fn error(&self, node: &Node, what: String) -> Finding {
        Finding::error(what).at(&self.template.file, node.at)
    }
}

/// CloudFormation compares texts: the number 1 equals "1".
fn comparable(value: Option<Value>) -> Value {
    match value {
        Some(scalar @ (Value::Number(_) | Value::Bool(_))) => Value::String(text_of(&scalar)),
        Some(other) => other,
        None => Value::Null,
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
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
        let template = Template::parse(TEMPLATE, "t.yml").expect("valid");
        let parameters = parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let stack = Stack {
            account: "222222222222".into(),
            region: "us-east-1".into(),
            partition: "aws".into(),
            name: "stack".into(),
        };
        let model = BTreeMap::from([("ModelName".to_owned(), "model-1".to_owned())]);
        let scope = Scope {
            template: &template,
            parameters: &parameters,
            stack: &stack,
            resources: BTreeMap::from([("Model".to_owned(), model)]),
        };
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
