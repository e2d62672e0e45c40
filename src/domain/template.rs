//! The endpoint template: the parameters it declares and what a stage's config says of them.

use super::document::{Entry, Node, duplicates};
use super::finding::{Finding, Position, nearest};
use super::stage_config::{Parameter, STAGE_NAME, StageConfig};

/// A parsed template; the text itself travels byte for byte elsewhere.
#[derive(Clone, Debug)]
pub struct Template {
    pub file: String,
    pub root: Node,
    pub parameters: Vec<Declaration>,
}

/// One entry of a template's `Parameters`.
#[derive(Clone, Debug)]
pub struct Declaration {
    pub name: String,
    pub at: Position,
    pub default: Option<String>,
    /// `String`, `Number`, `CommaDelimitedList`, `AWS::SSM::Parameter::Value<String>`, ...
    pub kind: String,
    pub allowed_values: Vec<String>,
    pub allowed_pattern: Option<String>,
    pub min_length: Option<f64>,
    pub max_length: Option<f64>,
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
    pub constraint_description: Option<String>,
    pub no_echo: bool,
}

/// A parameter that is set beside the config's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub name: String,
    pub source: Source,
}

/// Where a given parameter's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Known(String),
    /// It will be known before the roll-out.
    Later,
    /// Nobody has set it; the text names what would.
    Unset(String),
}

impl Template {
    /// Reads a template of either format.
    ///
    /// # Errors
    /// All findings: syntax, a root that is no template, parameters that are none.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Finding>> {
        let root = Node::parse(text, file).map_err(|finding| vec![finding])?;
        let Some(entries) = root.as_map() else {
            let what = format!("holds {} instead of a CloudFormation template", root.kind());
            let hint = "name the endpoint's template with --template";
            return Err(vec![Finding::error(what).at(file, root.at).hint(hint)]);
        };
        let mut findings = duplicate_findings(entries, file);
        match root.get("Resources").map(|resources| (resources, resources.as_map())) {
            Some((_, Some(resources))) if !resources.is_empty() => findings.extend(duplicate_findings(resources, file)),
            Some((resources, _)) => {
                findings.push(
                    Finding::error("has no resource under Resources")
                        .at(file, resources.at)
                        .hint("declare at least the endpoint, its config and its model there"),
                );
            }
            None => {
                findings.push(
                    Finding::error("has no Resources, so it is no CloudFormation template")
                        .in_file(file)
                        .hint("name the endpoint's template with --template"),
                );
            }
        }
        let parameters = root.get("Parameters").map_or_else(Vec::new, |node| declarations(node, file, &mut findings));
        if findings.is_empty() { Ok(Self { file: file.to_owned(), root, parameters }) } else { Err(findings) }
    }

    pub fn declares(&self, name: &str) -> bool {
        self.declaration(name).is_some()
    }

    pub fn declaration(&self, name: &str) -> Option<&Declaration> {
        self.parameters.iter().find(|declared| declared.name == name)
    }

    /// Holds a stage's config against the declarations: what the template does not know, and what it needs.
    ///
    /// `given` are the parameters that are set beside the config's own; `StageName` may stay undeclared.
    pub fn check(&self, config: &StageConfig, given: &[Given]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for parameter in &config.parameters {
            match self.declaration(&parameter.key) {
                Some(declared) => {
                    let wrong = declared.check(&parameter.value);
                    findings.extend(wrong.map(|mut finding| {
                        let rule =
                            format!("choose another value, or change the rule in {}:{}", self.file, declared.at.line);
                        finding.hint.get_or_insert(rule);
                        finding.at(&config.file, parameter.at)
                    }));
                }
                None if parameter.key == STAGE_NAME => {}
                None => findings.push(self.unknown(&config.file, parameter)),
            }
        }
        for declared in self.parameters.iter().filter(|declared| config.value(&declared.name).is_none()) {
            let given = given.iter().find(|given| given.name == declared.name).map(|given| &given.source);
            match given {
                Some(Source::Known(value)) => {
                    findings.extend(declared.broken_rule(value).map(|rule| {
                        Finding::error(format!("refuses {} for \"{}\"", declared.shown(value), declared.name))
                            .at(&self.file, declared.at)
                            .cause(rule)
                            .hint("change the rule, or the flag or variable that the build computes this value from")
                    }));
                }
                Some(Source::Later) => {}
                _ if declared.default.is_some() => {}
                Some(Source::Unset(setter)) => {
                    let what = format!("gets no value for \"{}\", which the build computes", declared.name);
                    findings.push(self.missing(what, &config.file, declared, setter));
                }
                None => {
                    let what = format!("does not set \"{}\"", declared.name);
                    findings.push(self.missing(what, &config.file, declared, "it in the stage's config"));
                }
            }
        }
        findings
    }

    fn unknown(&self, file: &str, parameter: &Parameter) -> Finding {
        let declared: Vec<&str> = self.parameters.iter().map(|declared| declared.name.as_str()).collect();
        let hint = match nearest(&parameter.key, declared.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"? otherwise add it under Parameters"),
            None => "remove it, or add it to the template under Parameters".to_owned(),
        };
        Finding::error(format!("sets \"{}\", which {} does not declare", parameter.key, self.file))
            .at(file, parameter.at)
            .cause(if declared.is_empty() {
                "it declares no parameters".to_owned()
            } else {
                format!("declared: {}", declared.join(", "))
            })
            .hint(hint)
    }

    fn missing(&self, what: String, file: &str, declared: &Declaration, setter: &str) -> Finding {
        Finding::error(what)
            .in_file(file)
            .cause(format!("{}:{} declares it without a default", self.file, declared.at.line))
            .hint(format!("set {setter}, or give it a Default in the template"))
    }
}

impl Declaration {
    /// What is wrong with `value`, if anything; the first rule that it breaks.
    fn check(&self, value: &str) -> Option<Finding> {
        let reason = self.broken_rule(value)?;
        let what = format!("sets \"{}\" to {}, which the template refuses", self.name, self.shown(value));
        let finding = Finding::error(what).cause(reason);
        Some(match &self.constraint_description {
            Some(description) => finding.hint(description.clone()),
            None => finding,
        })
    }

    /// A value in a message, unless it is a secret.
    fn shown(&self, value: &str) -> String {
        if self.no_echo { "a value that is not shown".to_owned() } else { format!("\"{value}\"") }
    }

    fn broken_rule(&self, value: &str) -> Option<String> {
        if !self.allowed_values.is_empty() && !self.allowed_values.iter().any(|allowed| allowed == value) {
            return Some(format!("AllowedValues: {}", self.allowed_values.join(", ")));
        }
        // CloudFormation matches the entire value, anchors or not; a pattern that cannot be read judges nothing
        if let Some(pattern) = &self.allowed_pattern
            && let Ok(regex) = fancy_regex::Regex::new(&format!(r"\A(?:{pattern})\z"))
            && !regex.is_match(value).unwrap_or(true)
        {
            return Some(format!("AllowedPattern: {pattern}"));
        }
        #[expect(clippy::cast_precision_loss, reason = "a parameter value has at most 4,096 bytes")]
        let length = value.chars().count() as f64;
        if self.min_length.is_some_and(|least| length < least) {
            return Some(format!("MinLength: {}", self.min_length.unwrap_or_default()));
        }
        if self.max_length.is_some_and(|most| length > most) {
            return Some(format!("MaxLength: {}", self.max_length.unwrap_or_default()));
        }
        if self.kind == "Number" {
            let Ok(number) = value.trim().parse::<f64>() else {
                return Some("Type: Number".to_owned());
            };
            if self.min_value.is_some_and(|least| number < least) {
                return Some(format!("MinValue: {}", self.min_value.unwrap_or_default()));
            }
            if self.max_value.is_some_and(|most| number > most) {
                return Some(format!("MaxValue: {}", self.max_value.unwrap_or_default()));
            }
        }
        None
    }
}

fn duplicate_findings(entries: &[Entry], file: &str) -> Vec<Finding> {
    duplicates(entries)
        .into_iter()
        .map(|(entry, first)| {
            Finding::error(format!("has \"{}\" twice, first in line {}", entry.key, first.line))
                .at(file, entry.key_at)
                .hint("keep one of the two")
        })
        .collect()
}

fn declarations(node: &Node, file: &str, findings: &mut Vec<Finding>) -> Vec<Declaration> {
    let Some(entries) = node.as_map() else {
        findings.push(Finding::error(format!("has {} as Parameters", node.kind())).at(file, node.at));
        return Vec::new();
    };
    findings.extend(duplicate_findings(entries, file));
    let mut declared = Vec::new();
    for entry in entries {
        match entry.value.get("Type").and_then(Node::as_str) {
            Some(kind) => declared.push(declaration(entry, kind)),
            None => findings.push(
                Finding::error(format!("declares parameter \"{}\" without a Type", entry.key))
                    .at(file, entry.key_at)
                    .hint("add for example \"Type: String\""),
            ),
        }
    }
    declared
}

fn declaration(entry: &Entry, kind: &str) -> Declaration {
    let text = |key: &str| entry.value.get(key).and_then(Node::scalar_text);
    let number = |key: &str| text(key).and_then(|text| text.parse().ok());
    let allowed = entry.value.get("AllowedValues").and_then(Node::as_list).unwrap_or_default();
    Declaration {
        name: entry.key.clone(),
        at: entry.key_at,
        kind: kind.to_owned(),
        default: text("Default"),
        allowed_values: allowed.iter().filter_map(Node::scalar_text).collect(),
        allowed_pattern: text("AllowedPattern"),
        min_length: number("MinLength"),
        max_length: number("MaxLength"),
        min_value: number("MinValue"),
        max_value: number("MaxValue"),
        constraint_description: text("ConstraintDescription"),
        no_echo: text("NoEcho").is_some_and(|text| text.eq_ignore_ascii_case("true")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Parameters:
  StageName: {Type: String}
  EndpointInstanceCount: {Type: Number, MinValue: 1, MaxValue: 4}
  EndpointInstanceType: {Type: String, Default: ml.m5.large, AllowedPattern: 'ml\\.[a-z0-9]+\\.[a-z0-9]+'}
  Kind: {Type: String, Default: a, AllowedValues: [a, b], ConstraintDescription: a or b}
  Secret: {Type: String, NoEcho: true, MinLength: 3, Default: xxx}
Resources:
  X: {Type: 'AWS::SageMaker::Model'}
";

    fn check(config: &str) -> Vec<Finding> {
        let template = Template::parse(TEMPLATE, "t.yml").expect("valid");
        let config = StageConfig::parse(config, "s.json").expect("valid");
        template.check(&config, &[])
    }

    #[test]
    fn a_fitting_config_has_no_findings() {
        let config = r#"{"Parameters": {"StageName": "staging", "EndpointInstanceCount": 2, "Kind": "b"}}"#;
        assert_eq!(check(config), []);
    }

    #[test]
    fn unknown_missing_and_refused_are_found_at_once() {
        let findings = check(
            r#"{"Parameters": {"StageName": "staging", "EndpointInstanceTyp": "ml.m5.large", "Kind": "c", "Secret": "no",
                "EndpointInstanceType": "xml.m5.large"}}"#,
        );
        let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "s.json:1:41: sets \"EndpointInstanceTyp\", which t.yml does not declare",
                "s.json:1:79: sets \"Kind\" to \"c\", which the template refuses",
                "s.json:1:92: sets \"Secret\" to a value that is not shown, which the template refuses",
                "s.json:2:17: sets \"EndpointInstanceType\" to \"xml.m5.large\", which the template refuses",
                "s.json: does not set \"EndpointInstanceCount\"",
            ]
        );
        assert_eq!(
            findings[0].hint.as_deref(),
            Some("did you mean \"EndpointInstanceType\"? otherwise add it under Parameters")
        );
        assert_eq!(findings[1].hint.as_deref(), Some("a or b"));
    }

    #[test]
    fn numbers_are_held_against_type_and_range() {
        for (value, rule) in [("\"two\"", "Type: Number"), ("0", "MinValue: 1"), ("5", "MaxValue: 4")] {
            let config = format!(r#"{{"Parameters": {{"StageName": "s", "EndpointInstanceCount": {value}}}}}"#);
            let findings = check(&config);
            assert_eq!(findings.first().and_then(|finding| finding.cause.as_deref()), Some(rule));
        }
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for text in ["[]", "a: 1", "Resources: {}", "Parameters: {A: {}}\nResources: {X: {Type: T}}", "Resources: 3"] {
            assert!(Template::parse(text, "t.yml").is_err(), "{text}");
        }
    }
}
