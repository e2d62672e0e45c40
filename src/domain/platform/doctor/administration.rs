//! Who calls, and whether the organization lets stack sets reach its accounts.

use super::check::Check;
use super::facts::Facts;
use super::unseen::Unseen;
use super::verdict::{Fix, Verdict};
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::organization::DELEGATION;

/// SigV4 requests that are five minutes off are refused (IAM User Guide, "Signing AWS API requests").
const SKEW_REFUSED: u64 = 300;
const SKEW_NOTED: u64 = 60;

pub(super) fn judge(facts: &Facts) -> Vec<Verdict> {
    vec![caller(facts), clock(facts), features(facts), trusted_access(facts), administrator(facts)]
}

fn caller(facts: &Facts) -> Verdict {
    const CHECK: Check = Check::Caller;
    match &facts.caller {
        Ok(caller) => Verdict::ok(CHECK, "", format!("{} in account {}", caller.arn.resource, caller.account)),
        // Everybody may ask who he is: without an answer nothing else is known either.
        Err(Unseen::Failed(why)) => Verdict::fail(CHECK, "", format!("nobody: {why}"))
            .fixed_by(Fix::new("give credentials and a Region").command("aws sts get-caller-identity")),
        Err(unseen) => Verdict::unseen(CHECK, "", unseen),
    }
}

fn clock(facts: &Facts) -> Verdict {
    const CHECK: Check = Check::Clock;
    let ahead = match &facts.clock {
        Ok(ahead) => *ahead,
        Err(unseen) => return Verdict::unseen(CHECK, "", unseen),
    };
    let off = ahead.unsigned_abs();
    let text = format!("this machine is {off} s {} AWS", if ahead > 0 { "behind" } else { "ahead of" });
    let fix = || Fix::new("set this machine's clock by a time server").command("timedatectl set-ntp true");
    if off >= SKEW_REFUSED {
        Verdict::fail(CHECK, "", format!("{text}: AWS refuses what is signed {SKEW_REFUSED} s off")).fixed_by(fix())
    } else if off >= SKEW_NOTED {
        Verdict::warn(CHECK, "", text).fixed_by(fix())
    } else {
        Verdict::ok(CHECK, "", format!("within {SKEW_NOTED} s of AWS"))
    }
}

fn features(facts: &Facts) -> Verdict {
    const CHECK: Check = Check::Features;
    match &facts.organization {
        Ok(Some(organization)) if organization.features == "ALL" => Verdict::ok(
            CHECK,
            "",
            format!("{} has all features; its management account is {}", organization.id, organization.management),
        ),
        Ok(Some(organization)) => Verdict::fail(
            CHECK,
            "",
            format!(
                "{} has features {}, and stack sets with service-managed permissions need all",
                organization.id, organization.features
            ),
        )
        .fixed_by(
            Fix::new(format!("in management account {}, enable all features", organization.management))
                .command("aws organizations enable-all-features"),
        ),
        Ok(None) => Verdict::fail(CHECK, "", "the account is in no organization: there are no units to deploy to")
            .fixed_by(
                Fix::new("create an organization, or work from an account of one")
                    .command("aws organizations create-organization --feature-set ALL"),
            ),
        Err(unseen) => Verdict::unseen(CHECK, "", unseen),
    }
}

fn trusted_access(facts: &Facts) -> Verdict {
    const CHECK: Check = Check::TrustedAccess;
    match facts.trusted_access.as_deref() {
        Ok("ENABLED") => Verdict::ok(CHECK, "", "StackSets may reach the organization's accounts"),
        Ok(status) => Verdict::fail(CHECK, "", format!("StackSets may not reach the organization's accounts: {status}"))
            .fixed_by(
                Fix::new("in the management account, let StackSets in (enabling the service in Organizations alone is not enough)")
                    .command("aws cloudformation activate-organizations-access"),
            ),
        Err(unseen) => Verdict::unseen(CHECK, "", unseen),
    }
}

fn administrator(facts: &Facts) -> Verdict {
    const CHECK: Check = Check::Administrator;
    let Some(home) = facts.home() else {
        return Verdict::skipped(CHECK, "", "who calls is not known");
    };
    match (facts.is_management(), &facts.delegates) {
        (Some(true), _) => Verdict::ok(CHECK, "", format!("{home} is the management account")),
        (None, _) => Verdict::skipped(CHECK, "", "the organization is not known"),
        // Organizations tells its delegated administrators only to themselves and to the management account.
        (Some(false), Err(unseen @ Unseen::Denied(needed))) => Verdict {
            text: format!(
                "{home} is not the management account; it is not a delegated administrator either, or {} is missing",
                needed.action
            ),
            ..Verdict::unseen(CHECK, "", unseen)
        }
        .fixed_by(register(home)),
        (Some(false), Err(unseen)) => Verdict::unseen(CHECK, "", unseen),
        (Some(false), Ok(delegates)) if delegates.contains(home) => {
            Verdict::ok(CHECK, "", format!("{home} is a delegated administrator of StackSets"))
        }
        (Some(false), Ok(_)) => Verdict::fail(
            CHECK,
            "",
            format!("{home} is a member account, which cannot run stack sets with service-managed permissions"),
        )
        .fixed_by(register(home)),
    }
}

fn register(home: &AccountId) -> Fix {
    Fix::new("in the management account, make it a delegated administrator of StackSets").command(format!(
        "aws organizations register-delegated-administrator --service-principal {DELEGATION} --account-id {home}"
    ))
}
