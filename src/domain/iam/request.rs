//! A request that will be made, and what is known of it before.

use std::collections::BTreeMap;

use super::principal::{Caller, Requester};
use super::wildcard::{Pattern, Text};

/// The value of a condition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Known(Vec<Text>),
    /// The request does not have it.
    Absent,
    /// Why its value is not known.
    Unknown(&'static str),
}

impl Key {
    pub fn known(value: impl Into<String>) -> Self {
        Self::Known(vec![Text::Whole(value.into())])
    }
}

#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub requester: Requester<'a>,
    pub action: &'a str,
    /// The ARN of what is asked for, or the start of several.
    pub resource: Text,
    /// What is known besides the caller, by the lower-case name of the key.
    pub keys: BTreeMap<String, Key>,
}

impl<'a> Request<'a> {
    pub fn new(caller: &'a Caller, action: &'a str, resource: Text) -> Self {
        Self { requester: Requester::Role(caller), action, resource, keys: BTreeMap::new() }
    }

    /// What a service asks of a policy that is about one thing alone.
    pub(crate) fn of_service(service: &'a str, action: &'a str) -> Self {
        let (requester, resource) = (Requester::Service(service), Text::Whole(String::new()));
        Self { requester, action, resource, keys: BTreeMap::new() }
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: Key) -> Self {
        self.keys.insert(key.to_ascii_lowercase(), value);
        self
    }

    /// The value of a condition key; names of keys have no case.
    pub(super) fn value(&self, name: &str) -> Key {
        const LATER: &str = "its value is known only when the request is made";
        let name = name.to_ascii_lowercase();
        if let Some(value) = self.keys.get(&name) {
            return value.clone();
        }
        let caller = match self.requester {
            Requester::Role(caller) => caller,
            Requester::Service(service) => {
                return match name.as_str() {
                    "aws:principalservicename" => Key::known(service),
                    "aws:principalisawsservice" => Key::known("true"),
                    _ => Key::Unknown("it is for the service to say"),
                };
            }
        };
        let or_unknown = |value: Option<String>, why| value.map_or(Key::Unknown(why), Key::known);
        match name.as_str() {
            "aws:principalaccount" | "kms:calleraccount" => Key::known(caller.account.as_str()),
            "aws:principalarn" => or_unknown(caller.role_arn(), "which role asks is not known"),
            "aws:principalorgid" => {
                or_unknown(caller.organization.clone(), "the organization of the account is not known")
            }
            "aws:principalorgpaths" => match caller.organization_paths() {
                Some(paths) => Key::Known(paths),
                None => Key::Unknown("the account's place in the organization is not known"),
            },
            // Both SageMaker and CloudFormation speak TLS only, and act with a role's credentials, not as a service.
            "aws:securetransport" => Key::known("true"),
            "aws:principalisawsservice" => Key::known("false"),
            "aws:principaltype" => Key::known("AssumedRole"),
            "aws:principalservicename"
            | "aws:principalservicenameslist"
            | "aws:sourceaccount"
            | "aws:sourcearn"
            | "aws:sourceorgid"
            | "aws:sourceorgpaths"
            | "kms:grantisforawsresource" => Key::Absent,
            _ => Key::Unknown(LATER),
        }
    }

    /// A text of a policy with its variables (`${aws:PrincipalAccount}`) replaced by what is known of the request.
    pub(super) fn resolve(&self, text: &str, pattern: fn(&str) -> Pattern) -> Result<Pattern, String> {
        let mut parts = text.split("${");
        let mut resolved = pattern(parts.next().unwrap_or_default());
        for part in parts {
            let Some((variable, rest)) = part.split_once('}') else {
                return Err(format!("\"{text}\" has a policy variable without end"));
            };
            let (name, default) = variable.split_once(',').map_or((variable, None), |(name, rest)| (name, Some(rest)));
            let value = match (name.trim(), &self.value(name.trim())) {
                (literal @ ("*" | "?" | "$"), _) => literal.to_owned(),
                (_, Key::Known(values)) if let [Text::Whole(value)] = values.as_slice() => value.clone(),
                (_, Key::Absent) if let Some(default) = default => default.trim().trim_matches('\'').to_owned(),
                (name, _) => return Err(format!("the policy variable {name} is not known")),
            };
            resolved.extend(Pattern::literal(&value));
            resolved.extend(pattern(rest));
        }
        Ok(resolved)
    }
}
