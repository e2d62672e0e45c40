//! One question to one policy, asked for every target account at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::domain::iam::{Allowance, Caller, Document, Key, Request, Text, Verdict};

/// One action on one resource.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) action: &'static str,
    pub(super) resource: Text,
    pub(super) keys: Vec<(&'static str, Key)>,
}

impl Ask {
    pub(super) fn new(action: &'static str, resource: impl Into<String>) -> Self {
        Self { action, resource: Text::Whole(resource.into()), keys: Vec::new() }
    }

    /// On everything whose ARN starts like this.
    pub(super) fn on_all(action: &'static str, start: impl Into<String>) -> Self {
        Self { action, resource: Text::StartsWith(start.into()), keys: Vec::new() }
    }

    /// The resource as a statement names it.
    pub(super) fn pattern(&self) -> String {
        match &self.resource {
            Text::Whole(arn) => arn.clone(),
            Text::StartsWith(arn) => format!("{arn}*"),
        }
    }

    pub(super) fn with(mut self, key: &'static str, value: Key) -> Self {
        self.keys.push((key, value));
        self
    }
}

/// What a policy answers for one caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Allowed,
    /// The statement, and what it denies.
    DeniedBy(String, &'static str),
    /// The asks, by number, that no statement allows.
    Lacking(BTreeSet<usize>),
    Undecided(Vec<String>),
}

/// Asks a policy for a caller: what is denied by a statement outweighs what is lacking, and that what is not known.
pub(super) fn ask(policy: &Document, asks: &[Ask], caller: &Caller, allowance: Allowance) -> Outcome {
    let (mut lacking, mut doubts) = (BTreeSet::new(), Vec::new());
    for (number, ask) in asks.iter().enumerate() {
        let request = Request::new(caller, ask.action, ask.resource.clone());
        let request = ask.keys.iter().fold(request, |request, (key, value)| request.with(key, value.clone()));
        match policy.evaluate(&request, allowance) {
            Verdict::Allowed { .. } => {}
            Verdict::Denied { by: Some(label) } => return Outcome::DeniedBy(label, ask.action),
            Verdict::Denied { by: None } => _ = lacking.insert(number),
            Verdict::Undecided(why) => {
                for doubt in why {
                    if !doubts.contains(&doubt) {
                        doubts.push(doubt);
                    }
                }
            }
        }
    }
    if !lacking.is_empty() {
        Outcome::Lacking(lacking)
    } else if doubts.is_empty() {
        Outcome::Allowed
    } else {
        Outcome::Undecided(doubts)
    }
}

/// The callers by what the policy answers for them.
pub(super) fn by_outcome<'c>(
    callers: impl IntoIterator<Item = &'c Caller>,
    outcome: impl Fn(&Caller) -> Outcome,
) -> BTreeMap<Outcome, Vec<&'c Caller>> {
    let mut groups: BTreeMap<Outcome, Vec<&Caller>> = BTreeMap::new();
    for caller in callers {
        groups.entry(outcome(caller)).or_default().push(caller);
    }
    groups
}

/// The callers in words: by role, with a few of the accounts.
pub(super) fn who(callers: &[&Caller]) -> String {
    const SHOWN: usize = 4;
    let mut by_role: BTreeMap<Option<&str>, BTreeSet<&str>> = BTreeMap::new();
    for caller in callers {
        by_role.entry(caller.role.as_deref()).or_default().insert(caller.account.as_str());
    }
    let parts = by_role.into_iter().map(|(role, accounts)| {
        let mut listed: Vec<String> = accounts.iter().take(SHOWN).map(ToString::to_string).collect();
        if accounts.len() > SHOWN {
            listed.push(format!("{} more", accounts.len() - SHOWN));
        }
        let accounts = in_words(&listed);
        match role {
            Some(role) => format!("role {role} of {accounts}"),
            None if listed.len() == 1 => format!("account {accounts}"),
            None => format!("accounts {accounts}"),
        }
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// `a`, `a and b`, `a, b and c`
pub(super) fn in_words(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The statement that would allow those callers: for their accounts, and for the roles alone where these are known. A
/// role as the principal itself would have to exist already, and would be another one after it was made again.
pub(super) fn statement(sid: &str, callers: &[&Caller], actions: &[&str], resources: Option<&[String]>) -> Value {
    let accounts: BTreeSet<String> = callers.iter().map(|caller| caller.account_arn()).collect();
    let mut statement = json!({"Sid": sid, "Effect": "Allow", "Principal": {"AWS": accounts}, "Action": actions});
    if let Some(resources) = resources {
        statement["Resource"] = json!(resources);
    }
    let roles: Option<BTreeSet<String>> = callers.iter().map(|caller| caller.role_arn()).collect();
    if let Some(roles) = roles {
        statement["Condition"] = json!({"ArnEquals": {"aws:PrincipalArn": roles}});
    }
    statement
}
