//! Stack sets of the stages: what is under way, and instances that are not as they should be.

use super::check::Check;
use super::early_validation;
use super::facts::{Facts, StackSet, StageFacts};
use super::subject::Subject;
use super::verdict::{Fix, Verdict};
use crate::domain::aws::stack_instance::Instance;
use crate::domain::project::stage::StageSettings;
use crate::domain::text::count::counted;

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (settings, stage) in subject.stages.iter().zip(&facts.stages) {
        let name = settings.stage.as_str();
        match &stage.stack_set {
            Ok(Some(set)) => verdicts.extend([operation(name, set), instances(subject, settings, stage, set)]),
            Ok(None) => {
                verdicts.push(Verdict::skipped(
                    Check::Instances,
                    name,
                    "nothing is deployed yet: there is no stack set",
                ));
            }
            Err(unseen) => verdicts.push(Verdict::unseen(Check::Instances, name, unseen)),
        }
    }
    verdicts
}

/// A stack set takes one operation at a time: another one is refused while it runs.
fn operation(stage: &str, set: &StackSet) -> Verdict {
    const CHECK: Check = Check::Operation;
    let operations = match &set.operations {
        Ok(operations) => operations,
        Err(unseen) => return Verdict::unseen(CHECK, stage, unseen),
    };
    match operations.first() {
        None => Verdict::ok(CHECK, stage, format!("nothing is under way on {}", set.name)),
        Some(running) => Verdict::warn(
            CHECK,
            stage,
            format!(
                "{} {} of {} is {}: another operation would be refused",
                running.action, running.id, set.name, running.status
            ),
        )
        .fixed_by(Fix::new("wait for its end before the pipeline deploys").command(format!(
            "aws cloudformation describe-stack-set-operation --stack-set-name {} --operation-id {}",
            set.name, running.id
        ))),
    }
}

/// What to do about stacks that could not be updated.
fn outdated_fix(instances: &[Instance]) -> Fix {
    let validated = instances.iter().filter(|one| one.status == "OUTDATED");
    let validated = validated.filter(|one| one.reason.as_deref().and_then(early_validation::explained).is_some());
    let show = |one: &Instance| {
        let stack = one.stack.as_deref().unwrap_or("STACK");
        format!("{} # in account {}", early_validation::command(stack, &one.region), one.account)
    };
    let commands: Vec<String> = validated.map(show).collect();
    if commands.is_empty() {
        return Fix::new("fix what the reason says, and release the pipeline");
    }
    Fix::new("see in each account what the validation found, fix it, and release the pipeline")
        .command(commands.join("\n"))
}

fn instances(subject: &Subject, settings: &StageSettings, stage: &StageFacts, set: &StackSet) -> Verdict {
    const CHECK: Check = Check::Instances;
    let name = settings.stage.as_str();
    let instances = match &set.instances {
        Ok(instances) => instances,
        Err(unseen) => return Verdict::unseen(CHECK, name, unseen),
    };
    if !set.service_managed {
        return Verdict::fail(CHECK, name, format!("{} has self-managed permissions, which know no units", set.name))
            .fixed_by(Fix::new("delete it and its instances: the pipeline makes it anew"));
    }
    let told = |instance: &Instance| {
        let reason = instance.reason.as_deref().filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let explained = instance.reason.as_deref().and_then(early_validation::explained);
        let explained = explained.map(|explained| format!(" ({explained})")).unwrap_or_default();
        format!("{} in {} is {}{reason}{explained}", instance.account, instance.region, instance.status)
    };
    let of = |status: &str| instances.iter().filter(|one| one.status == status).map(told).collect::<Vec<_>>();
    let broken = of("INOPERABLE");
    if !broken.is_empty() {
        let what = format!(
            "fix what the reason says (a role of StackSets that is gone: let trusted access make it again), then take \
             the instances out of {} and release the pipeline",
            set.name
        );
        let accounts: Vec<&str> =
            instances.iter().filter(|one| one.status == "INOPERABLE").map(|one| one.account.as_str()).collect();
        return Verdict::fail(CHECK, name, broken.join("; ")).fixed_by(Fix::new(what).command(format!(
            "aws cloudformation delete-stack-instances --stack-set-name {} --regions {} --retain-stacks \
             --deployment-targets OrganizationalUnitIds={},Accounts={},AccountFilterType=INTERSECTION",
            set.name,
            subject.region,
            settings.unit.as_ref().map_or("UNIT", |unit| unit.as_str()),
            accounts.join(","),
        )));
    }
    let outdated = of("OUTDATED");
    if !outdated.is_empty() {
        return Verdict::warn(CHECK, name, outdated.join("; ")).fixed_by(outdated_fix(instances));
    }
    let lacking = stage.accounts.iter().filter(|one| !instances.iter().any(|has| has.account == one.account.as_str()));
    let lacking: Vec<&str> = lacking.map(|one| one.account.as_str()).collect();
    if !lacking.is_empty() {
        let text = format!("{} has nothing in {}", set.name, lacking.join(", "));
        return Verdict::warn(CHECK, name, text)
            .fixed_by(Fix::new("release the pipeline, which deploys to accounts that came later"));
    }
    Verdict::ok(CHECK, name, format!("{} of {} as they should be", counted(instances.len(), "instance"), set.name))
}
