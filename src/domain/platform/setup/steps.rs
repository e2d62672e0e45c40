//! The steps from what is there to what the settings say, in the order in which they can be taken.

use std::collections::BTreeSet;

use super::decision::{Decision, Wishes};
use super::facts::{ClassicRole, Facts};
use super::policies::{bucket_policy, group_policies, role_document, role_policy};
use super::settings::{Place, Settings};
use super::{organization, stack_set_steps};
use crate::domain::aws::arn::AccountId;
use crate::domain::finding::{Finding, Severity};
use crate::domain::platform::policy::Unrenderable;

/// The active accounts of all stages; `None` where a unit could not be read.
pub(super) fn accounts(settings: &Settings, facts: &Facts) -> Option<BTreeSet<AccountId>> {
    let mut accounts = BTreeSet::new();
    for stage in &settings.stages {
        match &stage.place {
            Place::Accounts(ids) => accounts.extend(ids.iter().cloned()),
            Place::Units(units) => {
                for unit in units {
                    accounts.extend(facts.units.get(unit)?.as_ref().ok()?.ids());
                }
            }
        }
    }
    Some(accounts)
}

/// Decides all steps.
///
/// # Errors
/// An embedded template does not fit, which is a defect of this program.
pub(crate) fn decide(settings: &Settings, wishes: &Wishes, facts: &Facts) -> Result<Decision, Unrenderable> {
    let mut decision = Decision::default();
    organization::decide(settings, wishes, facts, &mut decision);
    // In a management account that holds no projects, nothing else is to be said or done.
    if settings.stages.is_empty() {
        return Ok(decision);
    }
    for (role, read) in &facts.roles {
        match read {
            Err(finding) => decision.notes.push(finding.clone()),
            Ok(holder) => role_policy(*role, holder, &role_document(*role, settings, facts)?, &mut decision),
        }
    }
    if settings.seed.is_none() {
        decision.notes.push(
            Finding::warning(format!("{} gets no policy", ClassicRole::Launch.name()))
                .cause("the settings do not say where seed zip and project template are")
                .hint("set seed_bucket, unless the role may launch projects already"),
        );
    }
    units(settings, facts, &mut decision);
    match accounts(settings, facts) {
        Some(accounts) if accounts.is_empty() => decision.notes.push(
            Finding::warning("no stage has an active account")
                .cause("the policies of bucket and groups are left as they are")
                .hint("move accounts into the units, then run this again"),
        ),
        Some(accounts) => {
            bucket_policy(settings, facts, &accounts, &mut decision)?;
            group_policies(facts, &accounts, &mut decision);
        }
        None => decision.notes.push(
            Finding::warning("the policies of bucket and groups are left as they are")
                .cause("the accounts of every stage have to be known for them"),
        ),
    }
    stack_set_steps::decide(settings, facts, &mut decision);
    Ok(decision)
}

/// What could not be read of units, and accounts in them that nothing is deployed to.
fn units(settings: &Settings, facts: &Facts, decision: &mut Decision) {
    for stage in &settings.stages {
        let Place::Units(units) = &stage.place else { continue };
        for unit in units {
            match facts.units.get(unit) {
                Some(Err(finding)) => decision.notes.push(finding.clone()),
                Some(Ok(targets)) => {
                    for left in &targets.left_out {
                        let name = &stage.stage;
                        decision.notes.push(
                            Finding::warning(format!("stage \"{name}\": account {} is left out", left.id))
                                .cause(left.reason.clone()),
                        );
                    }
                    let none = targets.require_some(unit, Some(stage.stage.as_str())).err();
                    decision.notes.extend(none.map(|finding| Finding {
                        severity: Severity::Warning,
                        hint: Some("move an active account into the unit, or name another unit".to_owned()),
                        ..finding
                    }));
                }
                None => {}
            }
        }
    }
}
