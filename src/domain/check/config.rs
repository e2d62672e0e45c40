//! A stage's config against the parameters that the template declares.

use std::collections::{BTreeMap, HashSet};

use super::super::document::Node;
use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::declaration::UNDECIDED;
use super::parameter_value::{MAX_PARAMETER_BYTES, broken_rule};
use crate::domain::cloudformation::confidential::{Confidential, name_shown};
use crate::domain::cloudformation::evaluation::Index;
use crate::domain::cloudformation::intrinsic::{Call, Function, each_call};
use crate::domain::cloudformation::template::{Declaration, Given, Source};
use crate::domain::project::build_plan::{StagePlan, is_fixed};
use crate::domain::project::stage_config::{Parameter, STAGE_NAME};

/// Stages that give their endpoints the same name.
pub(super) fn shared_stage_names(plans: &[StagePlan], confidential: Confidential<'_>) -> Vec<Finding> {
    let mut first: BTreeMap<&str, &StagePlan> = BTreeMap::new();
    let mut findings = Vec::new();
    for plan in plans {
        let Some(parameter) = plan.config.parameters.iter().find(|parameter| parameter.key == STAGE_NAME) else {
            continue;
        };
        if let Some(other) = first.get(parameter.value.as_str()) {
            let value = confidential.shown(STAGE_NAME, &parameter.value);
            let what = format!("sets {STAGE_NAME} to {value}, as {} does", other.config.file);
            findings.push(
                Finding::of(Rule::StageNameShared, what)
                    .at(&plan.config.file, parameter.at)
                    .hint("give each stage a name of its own"),
            );
        } else {
            first.insert(&parameter.value, plan);
        }
    }
    findings
}

/// Parameters that the template compares with nothing, so that a value of nothing has a meaning.
pub(super) struct Comparisons<'a>(HashSet<&'a str>);

impl<'a> Comparisons<'a> {
    pub(super) fn of(index: &Index<'a>) -> Self {
        let mut found = HashSet::new();
        for definition in index.conditions.values() {
            compared(definition, &mut found);
        }
        Self(found)
    }
}

fn compared<'a>(node: &'a Node, found: &mut HashSet<&'a str>) {
    each_call(node, &mut |call| {
        let Function::Equals(left, right) = call.function else { return };
        for (one, other) in [(left, right), (right, left)] {
            if let Some(Function::Ref(name)) = Call::of(one).map(|call| call.function)
                && other.as_str() == Some("")
            {
                found.insert(name);
            }
        }
    });
}

/// Everything that speaks against this stage's config: what the template does not know, needs, or refuses.
pub(super) fn check(
    index: &Index<'_>,
    plan: &StagePlan,
    given: &[Given],
    comparisons: &Comparisons<'_>,
) -> Vec<Finding> {
    let template = index.template;
    let config = &plan.config;
    let mut findings = Vec::new();
    for parameter in &config.parameters {
        match index.parameters.get(parameter.key.as_str()) {
            Some(_) if is_fixed(&parameter.key) => findings.push(
                Finding::of(Rule::ParameterComputed, format!("sets \"{}\", which the build computes", parameter.key))
                    .at(&config.file, parameter.at)
                    .hint("remove it from the stage's config; a version is pinned with --model-version"),
            ),
            Some(declared) => findings.extend(check_value(declared, parameter, index, &config.file, comparisons)),
            None if parameter.key == STAGE_NAME => {}
            None => findings.push(unknown(index, &config.file, parameter)),
        }
    }
    let set: HashSet<&str> = config.parameters.iter().map(|parameter| parameter.key.as_str()).collect();
    for declared in &template.parameters {
        if set.contains(declared.name.as_str()) || config.unusable.contains(&declared.name) {
            continue;
        }
        let given = given.iter().find(|given| given.name == declared.name).map(|given| &given.source);
        match given {
            Some(Source::Known(value)) => {
                findings.extend(broken_rule(declared, value).map(|(rule, reason)| {
                    let (verb, hint) = match rule {
                        Rule::ParameterPatternUndecided => ("does not say whether it takes", UNDECIDED),
                        _ => (
                            "refuses",
                            "change the rule, or the flag or variable that the build computes this value from",
                        ),
                    };
                    let what = format!("{verb} {} for \"{}\"", declared.shown(value), declared.name);
                    Finding::of(rule, what).at(&template.file, declared.at).cause(reason).hint(hint)
                }));
            }
            Some(Source::Later) => {}
            _ if declared.default.is_some() => {}
            Some(Source::Unset(setter)) => {
                let what = format!("gets no value for \"{}\", which the build computes", declared.name);
                findings.push(missing(Rule::ParameterUnset, what, index, &config.file, declared, setter));
            }
            // That StageName is not set is said of the config, whatever the template declares
            None if declared.name == STAGE_NAME || !config.understood => {}
            None => {
                let what = format!("does not set \"{}\"", declared.name);
                let setter = "it in the stage's config";
                findings.push(missing(Rule::ParameterMissing, what, index, &config.file, declared, setter));
            }
        }
    }
    findings
}

fn check_value(
    declared: &Declaration,
    parameter: &Parameter,
    index: &Index<'_>,
    file: &str,
    comparisons: &Comparisons<'_>,
) -> Option<Finding> {
    let template = &index.template.file;
    let change = || format!("choose another value, or change the rule in {template}:{}", declared.at.line);
    if let Some((rule, reason)) = broken_rule(declared, &parameter.value) {
        let what = match rule {
            Rule::ParameterPatternUndecided => {
                let value = declared.shown(&parameter.value);
                format!("sets \"{}\" to {value}, which cannot be judged here", declared.name)
            }
            Rule::ParameterSize => format!("sets \"{}\" to more than {MAX_PARAMETER_BYTES} bytes", declared.name),
            _ => format!(
                "sets \"{}\" to {}, which the template refuses",
                declared.name,
                declared.shown(&parameter.value)
            ),
        };
        let hint = match rule {
            Rule::ParameterPatternUndecided => UNDECIDED.to_owned(),
            _ => declared.constraint_description.clone().unwrap_or_else(change),
        };
        return Some(Finding::of(rule, what).at(file, parameter.at).cause(reason).hint(hint));
    }
    let has_meaning = declared.default.is_some()
        || declared.allowed_values.iter().any(String::is_empty)
        || comparisons.0.contains(declared.name.as_str());
    if parameter.value.is_empty() && !has_meaning {
        return Some(
            Finding::of(Rule::ParameterEmpty, format!("sets \"{}\" to nothing", declared.name))
                .at(file, parameter.at)
                .cause(format!("{template}:{} declares it without a default", declared.at.line))
                .hint("set it to what the stage needs, or give it a Default in the template"),
        );
    }
    None
}

fn unknown(index: &Index<'_>, file: &str, parameter: &Parameter) -> Finding {
    // More names than this are no help in a message.
    const SHOWN: usize = 12;
    let names = || index.template.parameters.iter().map(|declared| declared.name.as_str());
    let mut listed: Vec<&str> = names().take(SHOWN).collect();
    let more = format!("and {} more", names().count().saturating_sub(SHOWN));
    if names().count() > SHOWN {
        listed.push(&more);
    }
    let what = format!("sets \"{}\", which {} does not declare", name_shown(&parameter.key), index.template.file);
    let finding = Finding::of(Rule::ParameterUnknown, what).at(file, parameter.at).cause(if listed.is_empty() {
        "it declares no parameters".to_owned()
    } else {
        format!("declared: {}", listed.join(", "))
    });
    match super::super::finding::nearest(&parameter.key, names()) {
        Some(near) => finding.hint(format!("did you mean \"{near}\"? otherwise add it under Parameters")),
        None => finding.hint("remove it, or add it to the template under Parameters"),
    }
}

fn missing(rule: Rule, what: String, index: &Index<'_>, file: &str, declared: &Declaration, setter: &str) -> Finding {
    let template = &index.template.file;
    Finding::of(rule, what)
        .in_file(file)
        .cause(format!("{template}:{} declares it without a default", declared.at.line))
        .hint(format!("set {setter}, or give it a Default in the template"))
}
