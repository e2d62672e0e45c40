//! What a role may do by its own policies, held against what it needs.

use serde_json::Value;

use crate::domain::aws::arn::{AccountId, Arn};
use crate::domain::finding::Finding;
use crate::domain::iam::{self, Allowance, Caller, Document, Key, Request, Text, Verdict};

/// What a role may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Names of the managed policies on it.
    pub attached: Vec<String>,
    /// The documents of all its policies.
    pub policies: Vec<String>,
}

/// Told of an action that no further statement can allow.
const DENIED: &str = " (denied by a statement)";

/// What stands in a name's place where any will do.
const ANY: &str = "x";

impl Rights {
    /// That the role may not do everything that a statement would allow it.
    pub(super) fn lack(&self, who: &str, role: &Arn, statement: &Value, region: &str) -> Option<Finding> {
        let caller = Caller {
            partition: role.partition.clone(),
            account: role.account.parse::<AccountId>().ok()?,
            role: role.resource.strip_prefix("role/").map(str::to_owned),
            organization: None,
            root: None,
            paths: Vec::new(),
        };
        // A text that is not a policy allows nothing; IAM takes none such.
        let documents = self.policies.iter().filter_map(|text| Document::parse_of_role(text).ok());
        let lacking = lacking(&Document::together(documents), &caller, statement, region);
        if lacking.is_empty() {
            return None;
        }
        let finding = Finding::warning(format!("{who} may not do all of {}", statement["Sid"]));
        let finding = finding.cause(format!("not allowed: {}", lacking.join(", ")));
        Some(if lacking.iter().all(|action| action.ends_with(DENIED)) {
            finding.hint("change the statement that denies it")
        } else {
            finding.hint(format!("add to an inline policy of it: {statement}"))
        })
    }
}

/// Actions of a statement that the rights do not allow, each on what the statement is about.
fn lacking(rights: &Document, caller: &Caller, statement: &Value, region: &str) -> Vec<String> {
    let resources = texts(&statement["Resource"]);
    let keys = conditions(&statement["Condition"]);
    let mut lacking = Vec::new();
    for action in texts(&statement["Action"]) {
        let service = action.split(':').next();
        let own: Vec<&String> = resources.iter().filter(|one| one.split(':').nth(2) == service).collect();
        let asked = if own.is_empty() { resources.iter().collect() } else { own };
        let mut refusals = Vec::new();
        for resource in asked.into_iter().map(|resource| sample(resource, region)) {
            for key in &keys {
                let request = Request::new(caller, &action, Text::Whole(resource.clone()));
                let request = match key {
                    Some((name, value)) => request.with(name, Key::known(value.clone())),
                    None => request,
                };
                // What cannot be decided here is no reason to alarm.
                if let Verdict::Denied { by } = rights.evaluate(&request, Allowance::Required) {
                    refusals.push(by.is_some());
                }
            }
        }
        if refusals.contains(&true) {
            lacking.push(format!("{action}{DENIED}"));
        } else if !refusals.is_empty() {
            lacking.push(action);
        }
    }
    lacking
}

/// One of the resources that a pattern of ours stands for.
fn sample(pattern: &str, region: &str) -> String {
    if pattern == "*" {
        return pattern.to_owned();
    }
    let parts = pattern.split(':').enumerate();
    let parts = parts.map(|(at, part)| part.replace('*', if at == 3 { region } else { ANY }));
    parts.collect::<Vec<_>>().join(":")
}

fn texts(value: &Value) -> Vec<String> {
    iam::texts(value).unwrap_or_default()
}

/// Each value that a condition of ours allows; `None` where there is no condition.
fn conditions(condition: &Value) -> Vec<Option<(String, String)>> {
    let keys = condition["StringEquals"].as_object().into_iter().flatten();
    let pairs = keys.flat_map(|(key, values)| texts(values).into_iter().map(move |value| Some((key.clone(), value))));
    let pairs: Vec<_> = pairs.collect();
    if pairs.is_empty() { vec![None] } else { pairs }
}
