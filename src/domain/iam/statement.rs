//! One statement of a policy.

use serde_json::Value;

use super::condition::Condition;
use super::element::texts;
use super::holds::Holds;
use super::principal::Principals;
use super::request::Request;
use super::wildcard::Pattern;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// Whom, which actions or which resources a statement is about: those that are listed, or all others.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope<T> {
    Listed(T),
    AllBut(T),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    principals: Scope<Principals>,
    actions: Scope<Vec<String>>,
    /// A policy of a repository names none: it is about the repository.
    resources: Option<Scope<Vec<String>>>,
    conditions: Vec<Condition>,
}

impl Statement {
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("is not an object")?;
        let known = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        if let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("has an unknown element {key}"));
        }
        let effect = match map.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err("has an Effect that is neither Allow nor Deny".to_owned()),
        };
        let list = |value: &Value| texts(value);
        let condition = map.get("Condition").map(Condition::parse_all).transpose()?;
        Ok(Self {
            effect,
            principals: scope(value, "Principal", Principals::parse)?.ok_or("names no principal")?,
            actions: scope(value, "Action", list)?.ok_or("names no action")?,
            resources: scope(value, "Resource", list)?,
            conditions: condition.unwrap_or_default(),
        })
    }

    /// Whether it is about this request; `variables` says whether the policy's version has policy variables.
    pub(super) fn applies(&self, request: &Request<'_>, variables: bool) -> Holds {
        let about = [self.is_about_action(request.action), self.is_about_resource(request, variables)];
        let principal = match &self.principals {
            Scope::Listed(principals) => principals.name(request.requester),
            Scope::AllBut(principals) => principals.spare(request.requester).negated(),
        };
        let conditions = self.conditions.iter().map(|condition| condition.holds(request, variables));
        Holds::all(about.into_iter().chain([principal]).chain(conditions))
    }

    /// Actions have no case.
    fn is_about_action(&self, action: &str) -> Holds {
        let action = action.to_lowercase();
        let named = |patterns: &[String]| {
            patterns.iter().any(|pattern| Pattern::wild(&pattern.to_lowercase()).matches(&action))
        };
        match &self.actions {
            Scope::Listed(patterns) => named(patterns).into(),
            Scope::AllBut(patterns) => (!named(patterns)).into(),
        }
    }

    fn is_about_resource(&self, request: &Request<'_>, variables: bool) -> Holds {
        let named = |patterns: &[String]| {
            Holds::any(patterns.iter().map(|text| {
                let pattern = if variables { request.resolve(text, Pattern::wild) } else { Ok(Pattern::wild(text)) };
                pattern.map_or_else(Holds::Unknown, |pattern| pattern.holds_for_arn(&request.resource))
            }))
        };
        match &self.resources {
            None => Holds::Yes,
            Some(Scope::Listed(patterns)) => named(patterns),
            Some(Scope::AllBut(patterns)) => named(patterns).negated(),
        }
    }
}

fn scope<T>(
    statement: &Value,
    name: &str,
    parse: impl Fn(&Value) -> Result<T, String>,
) -> Result<Option<Scope<T>>, String> {
    match (statement.get(name), statement.get(format!("Not{name}"))) {
        (Some(_), Some(_)) => Err(format!("has both {name} and Not{name}")),
        (Some(value), None) => parse(value).map(|parsed| Some(Scope::Listed(parsed))),
        (None, Some(value)) => parse(value).map(|parsed| Some(Scope::AllBut(parsed))),
        (None, None) => Ok(None),
    }
}
