//! A CloudFormation template with its functions carried out, as far as the project's templates use them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use serde_yaml::Value as Yaml;

use super::aws::REGION;

pub(crate) const ACCOUNT: &str = "111122223333";

pub(crate) struct Template {
    yaml: Yaml,
    parameters: BTreeMap<String, String>,
}

impl Template {
    /// With these values of parameters; the others have their defaults.
    pub(crate) fn new(text: &str, parameters: &[(&str, &str)]) -> Self {
        let mut all: BTreeMap<String, String> =
            [("AWS::Partition", "aws"), ("AWS::Region", REGION), ("AWS::AccountId", ACCOUNT)]
                .iter()
                .chain(parameters)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
        let yaml: Yaml = serde_yaml::from_str(text).expect("a template is YAML");
        for (name, declared) in yaml["Parameters"].as_mapping().expect("parameters") {
            let name = name.as_str().expect("a name").to_owned();
            let default = match &declared["Default"] {
                Yaml::Null => None,
                Yaml::String(text) => Some(text.clone()),
                other => Some(serde_json::to_value(other).expect("plain").to_string()),
            };
            let Some(value) = all.get(&name).cloned().or(default) else { panic!("{name} is given no value") };
            if let Some(pattern) = declared["AllowedPattern"].as_str() {
                let whole = regex::Regex::new(&format!("^(?:{pattern})$")).expect("a pattern");
                assert!(whole.is_match(&value), "{name} cannot be \"{value}\": {pattern}");
            }
            all.insert(name, value);
        }
        Self { yaml, parameters: all }
    }

    pub(crate) fn parameter_names(&self) -> Vec<String> {
        let names = self.yaml["Parameters"].as_mapping().expect("parameters").keys();
        names.map(|name| name.as_str().expect("a name").to_owned()).collect()
    }

    /// Ids of the resources of a type that are made with these values.
    pub(crate) fn resources(&self, kind: &str) -> Vec<String> {
        let resources = self.yaml["Resources"].as_mapping().expect("resources").iter();
        let made = resources.filter(|(_, resource)| resource["Type"] == kind && self.is_made(resource));
        made.map(|(id, _)| id.as_str().expect("an id").to_owned()).collect()
    }

    fn is_made(&self, resource: &Yaml) -> bool {
        resource["Condition"].as_str().is_none_or(|condition| self.holds(condition))
    }

    /// The properties of a resource.
    pub(crate) fn resource(&self, id: &str) -> Value {
        let resource = &self.yaml["Resources"][id];
        assert!(!resource.is_null(), "no resource {id}");
        self.resolve(&resource["Properties"]).expect("properties")
    }

    pub(crate) fn output(&self, name: &str) -> Value {
        self.resolve(&self.yaml["Outputs"][name]["Value"]).expect("a value")
    }

    fn holds(&self, condition: &str) -> bool {
        let value = self.resolve(&self.yaml["Conditions"][condition]).expect("a condition");
        value.as_bool().unwrap_or_else(|| panic!("condition {condition} is {value}"))
    }

    /// The value, or `None` for `AWS::NoValue`.
    fn resolve(&self, yaml: &Yaml) -> Option<Value> {
        Some(match yaml {
            Yaml::Tagged(tagged) => return self.carry_out(&tagged.tag.to_string(), &tagged.value),
            Yaml::Sequence(items) => items.iter().filter_map(|item| self.resolve(item)).collect(),
            Yaml::Mapping(entries) => {
                let entries = entries.iter().filter_map(|(key, value)| {
                    let key = key.as_str().expect("keys are text").to_owned();
                    self.resolve(value).map(|value| (key, value))
                });
                Value::Object(entries.collect::<Map<_, _>>())
            }
            plain => serde_json::to_value(plain).expect("plain"),
        })
    }

    fn carry_out(&self, function: &str, argument: &Yaml) -> Option<Value> {
        let text = |yaml: &Yaml| self.resolve(yaml).and_then(|value| value.as_str().map(str::to_owned)).expect("text");
        Some(match (function, argument) {
            ("!Ref", Yaml::String(name)) if name == "AWS::NoValue" => return None,
            ("!Ref", Yaml::String(name)) => Value::from(self.reference(name)),
            ("!GetAtt", Yaml::String(name)) => Value::from(self.attribute(name)),
            ("!Sub", Yaml::String(source)) => Value::from(self.substitute(source, &BTreeMap::new())),
            ("!Sub", Yaml::Sequence(parts)) => {
                let own = parts[1].as_mapping().expect("names").iter();
                let own = own.map(|(name, value)| (name.as_str().expect("a name"), text(value))).collect();
                Value::from(self.substitute(parts[0].as_str().expect("text"), &own))
            }
            ("!If", Yaml::Sequence(parts)) => {
                let chosen = if self.holds(parts[0].as_str().expect("a name")) { &parts[1] } else { &parts[2] };
                return self.resolve(chosen);
            }
            ("!Equals", Yaml::Sequence(parts)) => json!(text(&parts[0]) == text(&parts[1])),
            ("!Not", Yaml::Sequence(parts)) => json!(self.resolve(&parts[0]) == Some(json!(false))),
            ("!FindInMap", Yaml::Sequence(parts)) => {
                let [map, first, second] = [text(&parts[0]), text(&parts[1]), text(&parts[2])];
                self.resolve(&self.yaml["Mappings"][map.as_str()][first.as_str()][second.as_str()])?
            }
            ("!Split", Yaml::Sequence(parts)) => text(&parts[1]).split(&text(&parts[0])).collect(),
            ("!Select", Yaml::Sequence(parts)) => {
                let at = usize::try_from(parts[0].as_u64().expect("a number")).expect("small");
                self.resolve(&parts[1]).expect("a list")[at].clone()
            }
            other => panic!("the tests cannot carry out {other:?}"),
        })
    }

    fn reference(&self, name: &str) -> String {
        if let Some(value) = self.parameters.get(name) {
            return value.clone();
        }
        let properties = &self.yaml["Resources"][name]["Properties"];
        let named = ["Name", "BucketName", "RepositoryName", "RoleName", "LogGroupName"];
        let named = named.iter().find_map(|key| properties.get(key)).unwrap_or_else(|| panic!("no {name} to refer to"));
        self.resolve(named).and_then(|value| value.as_str().map(str::to_owned)).expect("a name")
    }

    /// `Bucket.Arn`, made of its name.
    fn attribute(&self, name: &str) -> String {
        match name.split_once('.') {
            Some((id, "Arn")) => self.arn(id),
            Some((id, "Name")) => self.reference(id),
            _ => panic!("the tests know no {name}"),
        }
    }

    fn arn(&self, id: &str) -> String {
        let (region, account) = (&self.parameters["AWS::Region"], &self.parameters["AWS::AccountId"]);
        let name = self.reference(id);
        match self.yaml["Resources"][id]["Type"].as_str().expect("a type") {
            "AWS::S3::Bucket" => format!("arn:aws:s3:::{name}"),
            "AWS::IAM::Role" => format!("arn:aws:iam::{account}:role/{name}"),
            "AWS::CodeCommit::Repository" => format!("arn:aws:codecommit:{region}:{account}:{name}"),
            "AWS::CodeBuild::Project" => format!("arn:aws:codebuild:{region}:{account}:project/{name}"),
            "AWS::Logs::LogGroup" => format!("arn:aws:logs:{region}:{account}:log-group:{name}:*"),
            other => panic!("the tests know no ARN of {other}"),
        }
    }

    fn substitute(&self, source: &str, own: &BTreeMap<&str, String>) -> String {
        let mut parts = source.split("${");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').expect("a closing brace");
            text.push_str(&match own.get(name) {
                Some(value) => value.clone(),
                None if name.contains('.') => self.attribute(name),
                None => self.reference(name),
            });
            text.push_str(rest);
        }
        text
    }
}

/// The statements of all policies of a role, `Fn::If` carried out.
pub(crate) fn statements(role: &Value) -> Vec<Value> {
    let policies = role["Policies"].as_array().expect("policies").iter();
    policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().expect("statements").clone()).collect()
}

/// What a statement is about: its actions, one or several.
pub(crate) fn actions(statement: &Value) -> Vec<String> {
    let texts = match &statement["Action"] {
        Value::Array(actions) => actions.clone(),
        one => vec![one.clone()],
    };
    texts.iter().map(|action| action.as_str().expect("text").to_owned()).collect()
}
