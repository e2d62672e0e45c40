//! The steps to the stack sets: the role of the stages' accounts is rolled out by one for each stage.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::decision::{Decision, Order};
use super::facts::{Facts, Home, StackSetFacts};
use super::settings::{Place, Settings, StageAccounts};
use super::stack_set::{StackSet, TEMPLATE, rolled_out};
use crate::domain::aws::organization::UnitId;
use crate::domain::aws::stack_instance::Instance;
use crate::domain::digest::sha256;
use crate::domain::finding::Finding;
use crate::domain::platform::change::{Change, Verb};

pub(super) fn decide(settings: &Settings, facts: &Facts, decision: &mut Decision) {
    for stage in &settings.stages {
        let wanted = StackSet::of(settings, &facts.home, stage);
        let Some(units) = rolled_out(settings, stage) else {
            decision.notes.push(by_hand(stage, &facts.home));
            continue;
        };
        match facts.stack_sets.get(&wanted.name) {
            None => {}
            Some(Err(finding)) => decision.notes.push(finding.clone()),
            Some(Ok(None)) => {
                create(&wanted, settings, decision);
                instances(&wanted.name, units, None, settings, facts, decision);
            }
            Some(Ok(Some(current))) if !current.service_managed => decision.notes.push(
                Finding::error(format!("stack set {} has self-managed permissions", wanted.name))
                    .cause("they cannot be changed while it has stacks")
                    .hint("delete it and run this again, or set roll_out: print"),
            ),
            Some(Ok(Some(current))) => {
                if let Some(id) = &current.running {
                    decision.notes.push(
                        Finding::warning(format!("operation {id} runs on stack set {}", wanted.name))
                            .hint("what it lacks may be on its way: setup apply waits, and looks again"),
                    );
                }
                decision.notes.extend(left_behind(&wanted.name, units, current, settings, facts));
                let steps = decision.steps.len();
                update(&wanted, current, &facts.home.region, decision);
                instances(&wanted.name, units, Some(current), settings, facts, decision);
                if decision.steps.len() == steps {
                    decision.keep(format!("stack set {}", wanted.name));
                }
            }
        }
    }
}

/// Whether a person rolls out, nothing here can see.
fn by_hand(stage: &StageAccounts, home: &Home) -> Finding {
    let what = format!("stage \"{}\": role sagemaker-role-{} is rolled out by you", stage.stage, stage.role_suffix);
    let cause = match stage.place {
        Place::Units(_) => "roll_out is print",
        Place::Accounts(_) => "stack sets with service-managed permissions take units, and the stage names accounts",
    };
    Finding::warning(what).cause(cause).hint(format!(
        "write template, parameters and commands for Region {} with \"modeldeploy setup plan --output DIR\"",
        home.region
    ))
}

fn create(wanted: &StackSet, settings: &Settings, decision: &mut Decision) {
    let template = format!("template: target-account.yml, sha256 {}\n", sha256(TEMPLATE.as_bytes()));
    let change = Change {
        subject: format!("stack set {}", wanted.name),
        verb: Verb::Create,
        before: None,
        after: Some(wanted.text(&template)),
        why: "it rolls out the role with which models run and are tested".to_owned(),
        undo: Some(format!(
            "aws cloudformation delete-stack-set --stack-set-name {}{}",
            wanted.name,
            settings.call_as.flag()
        )),
    };
    decision.step(change, Order::CreateStackSet(wanted.clone()));
}

/// Stacks in accounts that are in no unit of the stage; nothing here deletes a role.
fn left_behind(
    name: &str,
    units: &[UnitId],
    current: &StackSetFacts,
    settings: &Settings,
    facts: &Facts,
) -> Option<Finding> {
    let mut known = BTreeSet::new();
    for unit in units {
        let targets = facts.units.get(unit)?.as_ref().ok()?;
        known.extend(targets.active.iter().map(|account| account.id.as_str()));
        known.extend(targets.left_out.iter().map(|account| account.id.as_str()));
    }
    let accounts: BTreeSet<&str> =
        current.instances.iter().map(|one| one.account.as_str()).filter(|account| !known.contains(account)).collect();
    if accounts.is_empty() {
        return None;
    }
    let accounts: Vec<&str> = accounts.into_iter().collect();
    let finding = Finding::warning(format!("stack set {name} is in accounts that are in no unit of its stage"))
        .cause(accounts.join(", "));
    let gone: Vec<&str> =
        current.units.iter().map(String::as_str).filter(|id| units.iter().all(|unit| unit.as_str() != *id)).collect();
    Some(if gone.is_empty() {
        finding.hint("see the instances of the stack set in CloudFormation: an account may have moved a moment ago")
    } else {
        finding.hint(format!("if they are to lose the role: {}", deletion(name, &gone.join(","), settings, facts)))
    })
}

/// The command that takes stacks back.
fn deletion(name: &str, units: &str, settings: &Settings, facts: &Facts) -> String {
    format!(
        "aws cloudformation delete-stack-instances --stack-set-name {name} --deployment-targets \
         OrganizationalUnitIds={units} --regions {} --no-retain-stacks{}",
        facts.home.region,
        settings.call_as.flag()
    )
}

/// An update also brings those stacks up to date that an earlier one did not reach.
fn update(wanted: &StackSet, current: &StackSetFacts, region: &str, decision: &mut Decision) {
    for stuck in current.instances.iter().filter(|one| one.status == "INOPERABLE") {
        let Instance { account, region, reason, .. } = stuck;
        decision.notes.push(
            Finding::warning(format!("stack set {}: the stack in {account}, {region} is inoperable", wanted.name))
                .cause(reason.clone().unwrap_or_else(|| "AWS gives no reason".to_owned()))
                .hint("delete that instance with --retain-stacks, fix its stack by hand, and run this again"),
        );
    }
    let before = StackSet {
        name: wanted.name.clone(),
        parameters: wanted
            .parameters
            .keys()
            .map(|key| (*key, current.parameters.get(*key).cloned().unwrap_or_default()))
            .collect(),
    };
    let same_template = current.template.trim_end() == TEMPLATE.trim_end();
    let outdated: Vec<&str> = current
        .instances
        .iter()
        .filter(|one| one.status == "OUTDATED" && one.region == region)
        .map(|one| one.account.as_str())
        .collect();
    let by_itself = current.deploys_by_itself.unwrap_or(true);
    if same_template && before == *wanted && outdated.is_empty() && by_itself {
        return;
    }
    let (template_before, template_after) =
        if same_template { ("", "") } else { (current.template.as_str(), TEMPLATE) };
    let mut after = wanted.text(template_after);
    let mut why = "it rolls out the role with which models run and are tested".to_owned();
    if !outdated.is_empty() {
        write!(why, "; an earlier roll-out did not reach {}", outdated.join(", ")).unwrap_or_default();
        write!(after, "\n{} brought up to date\n", outdated.join(", ")).unwrap_or_default();
    }
    if !by_itself {
        after.push_str("\naccounts that join a unit get the role by themselves\n");
    }
    let change = Change {
        subject: format!("stack set {}", wanted.name),
        verb: Verb::Update,
        before: Some(before.text(template_before)),
        after: Some(after),
        why,
        undo: Some("aws cloudformation update-stack-set with template and parameters as they were".to_owned()),
    };
    decision.step(change, Order::UpdateStackSet(wanted.clone()));
}

fn instances(
    name: &str,
    units: &[UnitId],
    current: Option<&StackSetFacts>,
    settings: &Settings,
    facts: &Facts,
    decision: &mut Decision,
) {
    let region = &facts.home.region;
    let has = |account: &str| {
        let there = |one: &Instance| one.account == account && one.region == *region;
        current.is_some_and(|set| set.instances.iter().any(there))
    };
    let mut lacking = Vec::new();
    let mut lines = String::new();
    for unit in units {
        // What could not be read of a unit has its own finding.
        let Some(Ok(targets)) = facts.units.get(unit) else { continue };
        let accounts: Vec<&str> =
            targets.active.iter().map(|account| account.id.as_str()).filter(|id| !has(id)).collect();
        // A unit that was never named gets no new accounts later, even if all it has now are reached by another one.
        let known = current.is_some_and(|set| set.units.is_empty() || set.units.iter().any(|id| id == unit.as_str()));
        if !targets.active.is_empty() && (!known || !accounts.is_empty()) {
            lacking.push(unit.clone());
            writeln!(lines, "{unit}, {region}: {}", accounts.join(", ")).unwrap_or_default();
        }
    }
    if lacking.is_empty() {
        return;
    }
    let ids: Vec<&str> = lacking.iter().map(UnitId::as_str).collect();
    let undo = deletion(name, &ids.join(","), settings, facts);
    let change = Change {
        subject: format!("stacks of stack set {name}"),
        verb: Verb::Create,
        before: None,
        after: Some(lines),
        why: "these accounts have no role yet; accounts that join the unit later get it by themselves".to_owned(),
        undo: Some(undo),
    };
    decision.step(change, Order::CreateStackInstances { name: name.to_owned(), units: lacking });
}
