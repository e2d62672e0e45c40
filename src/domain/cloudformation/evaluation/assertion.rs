//! What a template's `Rules` assert of its parameters, with the functions that only rules have.
//!
//! CloudFormation User Guide, "Rules" and "Rule functions": a stack whose parameters break an assertion is refused before
//! any of its resources is made.

use super::value::{Data, Hole, Text};
use super::{Scope, Truth};
use crate::domain::cloudformation::intrinsic::{Call, Function, Members, each_call};
use crate::domain::document::{Node, Value};
use crate::domain::finding::rule::Rule;
use crate::domain::finding::{Finding, Position};

impl Scope<'_> {
    /// Every assertion that is sure not to hold. What cannot be decided here, such as a value that AWS looks up, is none.
    pub(crate) fn broken_assertions(&self) -> Vec<Finding> {
        let rules = self.index.template.root.get("Rules").and_then(Node::as_map).unwrap_or_default();
        let mut broken = Vec::new();
        for rule in rules {
            let applies = rule.value.get("RuleCondition").is_none_or(|condition| self.holds(condition) == Ok(true));
            if !applies {
                continue;
            }
            for assertion in rule.value.get("Assertions").and_then(Node::as_list).unwrap_or_default() {
                if let Some(assert) = assertion.get("Assert").filter(|assert| self.holds(assert) == Ok(false)) {
                    let described = assertion.get("AssertDescription").and_then(Node::scalar_text);
                    broken.push(self.broken(&rule.key, assert, described.as_deref()));
                }
            }
        }
        broken
    }

    fn broken(&self, rule: &str, assert: &Node, described: Option<&str>) -> Finding {
        let described = described.map(|text| text.trim().trim_end_matches('.')).filter(|text| !text.is_empty());
        let what = match described {
            Some(described) => format!("breaks rule \"{rule}\" of the template: {described}"),
            None => format!("breaks rule \"{rule}\" of the template"),
        };
        let mut names = Vec::new();
        each_call(assert, &mut |call| match call.function {
            Function::Ref(name) if !names.contains(&name) => names.push(name),
            _ => {}
        });
        let values: Vec<String> = names.into_iter().filter_map(|name| self.shown(name)).collect();
        let finding = Finding::of(Rule::RuleAssertion, what).at(&self.index.template.file, assert.at);
        let finding = finding.hint("change the values in the stage's config, or the rule");
        if values.is_empty() { finding } else { finding.cause(values.join(", ")) }
    }

    /// A parameter with its value, unless that is a secret.
    fn shown(&self, name: &str) -> Option<String> {
        let declared = self.index.parameters.get(name)?;
        let value = self.parameters.get(name).or(declared.default.as_ref())?;
        Some(format!("{name} is {}", declared.shown(value)))
    }

    /// Whether an assertion, or the condition of a rule, holds.
    fn holds(&self, node: &Node) -> Truth {
        let undecided = |what: &str| (node.at, Hole::Refused(what.to_owned()));
        match &node.value {
            Value::Map(_) if self.asks_aws(node) => Err(undecided("asks for what AWS looks up")),
            Value::Map(_) => self.truth(node),
            _ => match node.scalar_text().map(|text| text.to_lowercase()).as_deref() {
                Some("true") => Ok(true),
                Some("false") => Ok(false),
                _ => Err(undecided("is neither true nor false")),
            },
        }
    }

    /// Whether a value depends on a parameter that is the name of a value, or compares lists, of which AWS does not say how
    /// they compare.
    fn asks_aws(&self, node: &Node) -> bool {
        let named = |name: &str| self.index.parameters.get(name);
        let is_list = |operand: &Node| match Call::of(operand).map(|call| call.function) {
            Some(Function::Ref(name)) => named(name).is_some_and(|declared| declared.is_list()),
            _ => operand.as_list().is_some(),
        };
        let mut asks = false;
        each_call(node, &mut |call| {
            asks |= match call.function {
                Function::Ref(name) => named(name).is_some_and(|declared| declared.is_read_from_ssm()),
                Function::Equals(left, right) => is_list(left) || is_list(right),
                _ => false,
            }
        });
        asks
    }

    /// A function that compares lists, of its two arguments.
    pub(super) fn members(&self, function: Members, first: &Node, second: &Node) -> Truth {
        let listed = self.list(first)?;
        let wanted = if function == Members::EachMemberIn { self.list(second)? } else { vec![self.one(second)?] };
        let is_in = |text: &Text, list: &[Text]| {
            let mut among = Some(false);
            for other in list {
                if text == other {
                    return Some(true);
                }
                if text.whole().is_none() || other.whole().is_none() {
                    among = None;
                }
            }
            among
        };
        let truths: Vec<Option<bool>> = if function == Members::Contains {
            vec![is_in(&wanted[0], &listed)]
        } else {
            listed.iter().map(|text| is_in(text, &wanted)).collect()
        };
        if truths.contains(&Some(false)) {
            return Ok(false);
        }
        let hole = || listed.iter().chain(&wanted).flat_map(Text::holes).next().cloned();
        match hole().filter(|_| truths.contains(&None)) {
            Some(hole) => Err((first.at, hole)),
            None => Ok(true),
        }
    }

    fn list(&self, node: &Node) -> Result<Vec<Text>, (Position, Hole)> {
        let refused = || (node.at, Hole::Refused("is not a list of texts".to_owned()));
        let evaluated = self.evaluate(node).ok_or_else(refused)?;
        match evaluated.data {
            Data::List(items) => items.iter().map(|item| item.text().ok_or_else(refused)).collect(),
            Data::Unknown(hole) => Err((node.at, hole)),
            _ => Err(refused()),
        }
    }

    fn one(&self, node: &Node) -> Result<Text, (Position, Hole)> {
        let evaluated = self.evaluate(node);
        let text = evaluated.and_then(|evaluated| evaluated.text());
        text.ok_or_else(|| (node.at, Hole::Refused("is not a text".to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::Index;
    use super::*;
    use crate::domain::cloudformation::template::Template;

    const HEAD: &str = "
Parameters:
  Stage: {Type: String}
  Type: {Type: String, Default: ml.m5.large}
  Zones: {Type: CommaDelimitedList, Default: 'a, b'}
  Version: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /cdk-bootstrap/hnb659fds/version}
  Key: {Type: String, NoEcho: true, Default: k}
  Open: {Type: String}
Resources: {R: {Type: X::Y::Z}}
Rules:
  R:
";

    /// What is broken with these lines as the rule.
    fn broken(rule: &str) -> Vec<Finding> {
        let template = Template::parse(&format!("{HEAD}{rule}\n"), "t.yml").expect(rule);
        let parameters = BTreeMap::from([("Stage".to_owned(), "prod".to_owned())]);
        let index = Index::of(&template);
        Scope::new(&index, &parameters, None).in_region(Some("eu-west-1")).broken_assertions()
    }

    fn holds(assert: &str) -> bool {
        broken(&format!("    Assertions: [{{Assert: {assert}}}]")).is_empty()
    }

    #[test]
    fn functions_of_rules_give_what_the_guide_says() {
        for (assert, want) in [
            ("!Equals [!Ref Stage, prod]", true),
            ("!Equals [!Ref Stage, dev]", false),
            ("!Not [!Equals [!Ref Stage, prod]]", false),
            ("!And [!Equals [a, a], !Equals [a, b]]", false),
            ("!Or [!Equals [a, b], !Contains [[prod], !Ref Stage]]", true),
            ("!Contains [[ml.c5.large, ml.m5.large], !Ref Type]", true),
            ("!Contains [[ml.c5.large], !Ref Type]", false),
            ("!Contains [!Ref Zones, b]", true),
            ("!Contains [!Ref Zones, c]", false),
            ("!EachMemberEquals [[prod, prod], !Ref Stage]", true),
            ("!EachMemberEquals [!Ref Zones, a]", false),
            ("!EachMemberIn [!Ref Zones, [a, b, c]]", true),
            ("!EachMemberIn [!Ref Zones, [a, c]]", false),
            ("!Equals [!Ref 'AWS::Region', us-east-1]", false),
            ("!Contains [[eu-west-1], !Ref 'AWS::Region']", true),
            ("false", false),
            ("'true'", true),
            ("!Equals [1, '1']", true),
        ] {
            assert_eq!(holds(assert), want, "{assert}");
        }
    }

    #[test]
    fn what_aws_looks_up_is_not_decided() {
        for assert in [
            "!Contains [!RefAll 'AWS::EC2::VPC::Id', a]",
            "!Equals [!ValueOf [Stage, VpcId], a]",
            "!EachMemberIn [!ValueOfAll ['AWS::EC2::Subnet::Id', VpcId], !RefAll 'AWS::EC2::VPC::Id']",
            "!Not [!Contains [['1', '2'], !Ref Version]]",
            "!Equals [!Ref Version, '21']",
            "!Equals [!Ref Open, a]",
            "!Contains [[!Ref Open], a]",
            "!Equals [!Ref 'AWS::AccountId', '1']",
            "!Equals [!Ref Zones, [a, c]]",
            "!Contains [b, !Ref Stage]",
            "!Not [!Equals [!Ref Key, k]]",
            "!Ref Stage",
            "{'Fn::Unheard': a}",
        ] {
            assert!(holds(assert), "{assert}");
        }
        // What is known settles the matter
        assert!(!holds("!And [!Equals [!Ref Open, a], !Equals [a, b]]"));
        assert!(!holds("!EachMemberIn [[x, !Ref Open], [a, b]]"));
    }

    #[test]
    fn an_assertion_counts_where_its_condition_holds_and_says_why() {
        let rule = |stage: &str| {
            let condition = format!("    RuleCondition: !Equals [!Ref Stage, {stage}]\n");
            let of_type = "      - {Assert: !Contains [[ml.c5.large], !Ref Type], AssertDescription: take c5.}\n";
            let of_key = "      - Assert: !And [!Equals [!Ref Stage, dev], !Equals [!Ref Key, a]]";
            broken(&format!("{condition}    Assertions:\n{of_type}{of_key}"))
        };
        assert_eq!(rule("dev"), []);
        let found = rule("prod");
        assert_eq!(found[0].what, "breaks rule \"R\" of the template: take c5");
        assert_eq!(found[0].cause.as_deref(), Some("Type is \"ml.m5.large\""));
        assert_eq!(found[1].what, "breaks rule \"R\" of the template");
        assert_eq!(found[1].cause.as_deref(), Some("Stage is \"prod\", Key is a value that is not shown"));
        assert_eq!(broken("    RuleCondition: !Equals [!Ref Open, a]\n    Assertions: [{Assert: false}]"), []);
    }
}
