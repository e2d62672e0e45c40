//! What StackSets need of the organization: done only where a flag asks for it, else named with its command.

use super::decision::{Decision, Order, Wishes};
use super::facts::{Facts, Organization};
use super::settings::Settings;
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::call_as::CallAs;
use crate::domain::aws::organization::DELEGATION;
use crate::domain::finding::Finding;
use crate::domain::finding::Severity;
use crate::domain::platform::change::{Change, Verb};

/// The command that makes an account a delegated administrator for StackSets.
pub(super) fn registration(account: &AccountId) -> String {
    format!(
        "aws organizations register-delegated-administrator --account-id {account} --service-principal {DELEGATION}"
    )
}

pub(super) fn decide(settings: &Settings, wishes: &Wishes, facts: &Facts, decision: &mut Decision) {
    let Some(organization) = &facts.organization else { return };
    trusted_access(wishes, organization, facts, decision);
    delegation(settings, wishes, organization, facts, decision);
}

/// A part that was read for advice only may stay unread.
fn unread(finding: &Finding, wished: bool) -> Finding {
    Finding { severity: if wished { Severity::Error } else { Severity::Warning }, ..finding.clone() }
}

/// Only the management account changes what an organization trusts.
fn elsewhere(organization: &Organization, facts: &Facts, flag: &str) -> Option<Finding> {
    let management = organization.management.as_ref().ok().filter(|id| **id != facts.home.account.as_str())?;
    Some(
        Finding::error(format!("{flag} works in the organization's management account only"))
            .cause(format!("that is {management}, and this is {}", facts.home.account))
            .hint(format!("run it with credentials of {management}")),
    )
}

fn trusted_access(wishes: &Wishes, organization: &Organization, facts: &Facts, decision: &mut Decision) {
    const FLAG: &str = "--enable-trusted-access";
    let asked = wishes.enable_trusted_access;
    let subject = "trusted access of StackSets to the organization".to_owned();
    match &organization.trusted_access {
        Err(finding) => decision.notes.push(unread(finding, asked)),
        Ok(true) => decision.keep(subject),
        Ok(false) if asked => match elsewhere(organization, facts, FLAG) {
            Some(finding) => decision.notes.push(finding),
            None => decision.step(
                Change {
                    subject,
                    verb: Verb::Create,
                    before: None,
                    after: Some("Status: ENABLED".to_owned()),
                    why: "without it, stack sets with service-managed permissions reach no account".to_owned(),
                    undo: Some("aws cloudformation deactivate-organizations-access".to_owned()),
                },
                Order::EnableTrustedAccess,
            ),
        },
        Ok(false) => decision.notes.push(
            Finding::warning("StackSets have no trusted access to the organization, and can roll out nothing")
                .cause("cloudformation:DescribeOrganizationsAccess says that it is not enabled")
                .hint(format!(
                    "in the management account: \"modeldeploy setup apply {FLAG}\" or \"aws cloudformation \
                     activate-organizations-access\""
                )),
        ),
    }
}

fn delegation(
    settings: &Settings,
    wishes: &Wishes,
    organization: &Organization,
    facts: &Facts,
    decision: &mut Decision,
) {
    const FLAG: &str = "--register-delegated-admin";
    let home = &facts.home.account;
    let subject = |account: &str| format!("account {account} as delegated administrator for StackSets");
    if let Some(account) = &wishes.register_delegated_admin {
        match &organization.delegated {
            Err(finding) => decision.notes.push(unread(finding, true)),
            Ok(registered) if registered.iter().any(|id| id == account.as_str()) => {
                decision.keep(subject(account.as_str()));
            }
            Ok(_) => match elsewhere(organization, facts, FLAG) {
                Some(finding) => decision.notes.push(finding),
                None => decision.step(
                    Change {
                        subject: subject(account.as_str()),
                        verb: Verb::Create,
                        before: None,
                        after: Some(format!("{account}: {DELEGATION}")),
                        why: "that account may then deploy to every account of the organization".to_owned(),
                        undo: Some(format!(
                            "aws organizations deregister-delegated-administrator --account-id {account} \
                             --service-principal {DELEGATION}"
                        )),
                    },
                    Order::RegisterDelegatedAdmin(account.clone()),
                ),
            },
        }
    }
    if settings.stages.is_empty() {
        return;
    }
    match (settings.call_as, &organization.management, &organization.delegated) {
        (CallAs::Management, Ok(management), _) if management != home.as_str() => decision.notes.push(
            Finding::warning(format!("account {home} cannot roll out as itself"))
                .cause(format!("the management account of the organization is {management}"))
                .hint("set call_as: delegated-admin, or roll_out: print"),
        ),
        (CallAs::Management, Err(finding), _) | (CallAs::DelegatedAdmin, _, Err(finding)) => {
            decision.notes.push(unread(finding, false));
        }
        (CallAs::DelegatedAdmin, _, Ok(registered)) if !registered.iter().any(|id| id == home.as_str()) => {
            decision.notes.push(
                Finding::warning(format!("account {home} is not a delegated administrator for StackSets"))
                    .cause("call_as: delegated-admin calls for it")
                    .hint(format!(
                        "in the management account: \"modeldeploy setup apply {FLAG} {home}\" or \"{}\"",
                        registration(home)
                    )),
            );
        }
        _ => {}
    }
}
