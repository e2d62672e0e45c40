//! `doctor`: what was read of a platform, judged check by check. Facts go in, verdicts come out; nothing is read here.

mod administration;
mod catalog;
mod check;
mod demand;
mod early_validation;
mod facts;
#[cfg(test)]
mod healthy;
mod model;
mod names;
mod need;
mod pipeline;
mod purpose;
mod quota;
mod region;
mod report;
mod rights;
mod role;
mod rule;
mod seed;
mod stack_set;
mod subject;
mod target;
mod target_need;
mod unit;
mod unseen;
mod verdict;

pub use check::Check;
pub(crate) use demand::{Demand, Quota, quota_name};
pub(crate) use facts::{
    AccountFacts, Action, ActionState, BuildProject, CallerIdentity, Facts, ModelFacts, Operation, Organization,
    Pipeline, Product, Repository, Role, RoleFacts, Rule, Seed, SourceAction, StackSet, StageFacts,
};
pub(crate) use names::ProjectNames;
pub(crate) use purpose::Purpose;
pub(crate) use report::Report;
pub(crate) use subject::Subject;
pub(crate) use unseen::{Needed, Seen, Unseen};
pub(crate) use verdict::{Status, Verdict};

/// Judges all that was read, in the order in which a person would fix it.
pub(crate) fn examine(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    verdicts.extend(administration::judge(facts));
    verdicts.extend(unit::judge(subject, facts));
    verdicts.extend(role::judge(subject, facts));
    verdicts.extend(target::judge(subject, facts));
    verdicts.extend(model::judge(subject, facts));
    verdicts.extend(seed::judge(subject, facts));
    verdicts.extend(catalog::judge(subject, facts));
    verdicts.extend(pipeline::judge(subject, facts));
    verdicts.extend(rule::judge(subject, facts));
    verdicts.extend(stack_set::judge(subject, facts));
    verdicts.extend(quota::judge(subject, facts));
    verdicts.extend(region::judge(subject, facts));
    verdicts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::aws::organization::LeftOut;
    use crate::domain::platform::doctor::healthy::healthy;
    use crate::domain::platform::doctor::subject::tests::named;

    type Lines = BTreeMap<(&'static str, String), Status>;

    fn lines(facts: &Facts) -> Lines {
        let verdicts = examine(&named(), facts);
        verdicts.into_iter().map(|one| ((one.check.id(), one.subject), one.status)).collect()
    }

    #[test]
    fn a_platform_that_lacks_nothing_is_in_order() {
        let wrong: Vec<Verdict> =
            examine(&named(), &healthy()).into_iter().filter(|one| one.status != Status::Ok).collect();
        assert_eq!(wrong, []);
        let asked: Vec<&str> = lines(&healthy()).into_keys().map(|(id, _)| id).collect();
        for check in Check::ALL {
            assert!(asked.contains(&check.id()), "{}", check.id());
        }
    }

    /// A way to break a platform, the line that has to say so, and how bad it is.
    type Damage = (fn(&mut Facts), &'static str, Status);

    const DAMAGE: [Damage; 13] = [
        (|facts| facts.clock = Ok(400), "clock", Status::Fail),
        (|facts| facts.trusted_access = Ok("DISABLED".to_owned()), "trusted-access", Status::Fail),
        (|facts| facts.roles[0].found = Ok(None), "role", Status::Fail),
        (
            |facts| facts.stages[0].accounts[0].quotas = vec![Ok(Quota { code: "L-1".to_owned(), value: 0.0 })],
            "quota",
            Status::Fail,
        ),
        (|facts| facts.seed.found = Ok(false), "seed", Status::Fail),
        (|facts| facts.artifact_bucket = Ok(Some("eu-west-1".to_owned())), "region", Status::Fail),
        (
            |facts| {
                let Ok(Some(product)) = &mut facts.product else { panic!("a product") };
                product.tags.clear();
            },
            "visibility",
            Status::Fail,
        ),
        (
            |facts| {
                let Ok(rules) = &mut facts.rules else { panic!("rules") };
                rules[0].enabled = false;
            },
            "model-rule",
            Status::Fail,
        ),
        (
            |facts| {
                let Ok(states) = &mut facts.last_execution else { panic!("states") };
                states[0].status = "Failed".to_owned();
            },
            "last-execution",
            Status::Fail,
        ),
        (
            |facts| {
                let Ok(Some(role)) = &mut facts.stages[1].accounts[0].role else { panic!("a role") };
                role.trust = healthy::TRUST.replace("111111111111:role", "444444444444:role");
            },
            "target-trust",
            Status::Fail,
        ),
        (
            |facts| {
                let Ok(Some(role)) = &mut facts.stages[1].accounts[0].role else { panic!("a role") };
                role.policies = Ok(Vec::new());
            },
            "target-rights",
            Status::Fail,
        ),
        (
            |facts| {
                let Ok(targets) = &mut facts.stages[0].targets else { panic!("targets") };
                let id = "444444444444".parse().expect("valid");
                targets.left_out.push(LeftOut { id, name: "old".to_owned(), reason: "it is SUSPENDED".to_owned() });
            },
            "unit",
            Status::Warn,
        ),
        (
            |facts| {
                let Ok(Some(set)) = &mut facts.stages[0].stack_set else { panic!("a stack set") };
                let (id, action) = ("1".to_owned(), "UPDATE".to_owned());
                set.operations = Ok(vec![Operation { id, action, status: "RUNNING".to_owned() }]);
            },
            "operation",
            Status::Warn,
        ),
    ];

    #[test]
    fn each_kind_of_damage_turns_its_own_line() {
        let before = lines(&healthy());
        for (damage, check, status) in DAMAGE {
            let mut facts = healthy();
            damage(&mut facts);
            let after = lines(&facts);
            let turned: Vec<_> = after.iter().filter(|(key, value)| before.get(*key) != Some(value)).collect();
            assert_eq!(turned.len(), 1, "{check}: {turned:?}");
            assert_eq!((turned[0].0.0, *turned[0].1), (check, status));
        }
    }

    #[test]
    fn what_early_validation_refused_is_shown_by_a_command() {
        let mut facts = healthy();
        let Ok(Some(set)) = &mut facts.stages[0].stack_set else { panic!("a stack set") };
        let Ok(instances) = &mut set.instances else { panic!("instances") };
        let stack = "arn:aws:cloudformation:us-east-1:222222222222:stack/churn/1";
        (instances[0].status, instances[0].stack) = ("OUTDATED".to_owned(), Some(stack.to_owned()));
        instances[0].reason =
            Some("validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot ...".to_owned());
        let verdicts = examine(&named(), &facts);
        let verdict = verdicts.iter().find(|one| one.check == Check::Instances).expect("a verdict");
        assert!(verdict.text.contains("something of that name is there already"), "{}", verdict.text);
        let command = verdict.fix.as_ref().and_then(|fix| fix.command.as_deref()).expect("a command");
        assert!(command.starts_with(&format!("aws cloudformation describe-events --stack-name {stack} ")), "{command}");
    }

    #[test]
    fn a_model_that_was_rejected_is_no_fault() {
        let mut facts = healthy();
        let state = |stage: &str, action: &str| ActionState {
            stage: stage.to_owned(),
            action: action.to_owned(),
            status: "Failed".to_owned(),
            code: None,
            message: Some("Rejected".to_owned()),
        };
        let last = |facts: &Facts| lines(facts)[&("last-execution", String::new())];
        facts.last_execution = Ok(vec![state("Approve-prod", "Approval")]);
        assert_eq!(last(&facts), Status::Warn);
        facts.last_execution = Ok(vec![state("Approve-prod", "Approval"), state("Deploy-prod", "Deploy")]);
        assert_eq!(last(&facts), Status::Fail);
        facts.last_execution = Ok(Vec::new());
        assert_eq!(last(&facts), Status::Warn);
    }

    #[test]
    fn a_delegated_administrator_has_to_call_as_one_and_the_pipeline_to_ask_whether_it_is() {
        let mut facts = healthy();
        let Ok(Some(organization)) = &mut facts.organization else { panic!("an organization") };
        organization.management = "999999999999".parse().expect("valid");
        let status =
            |facts: &Facts, check: &str| lines(facts).iter().find(|(key, _)| key.0 == check).map(|(_, status)| *status);
        assert_eq!(status(&facts, "administrator"), Some(Status::Fail));
        assert_eq!(status(&facts, "call-as"), Some(Status::Fail));
        let action = "organizations:ListDelegatedAdministrators".to_owned();
        facts.delegates = Err(Unseen::Denied(Needed { who: None, action, resource: "*".to_owned() }));
        assert_eq!(status(&facts, "administrator"), Some(Status::Skipped));
        facts.delegates = Ok(vec!["111111111111".parse().expect("valid")]);
        assert_eq!(status(&facts, "administrator"), Some(Status::Ok));
        assert_eq!(status(&facts, "call-as"), Some(Status::Fail));
        let Ok(Some(pipeline)) = &mut facts.pipeline else { panic!("a pipeline") };
        for (_, actions) in &mut pipeline.stages {
            for action in actions.iter_mut().filter(|action| action.setting("CallAs").is_some()) {
                action.configuration["CallAs"] = serde_json::json!("DELEGATED_ADMIN");
            }
        }
        assert_eq!(status(&facts, "call-as"), Some(Status::Ok));
        let Ok(Some(role)) = &mut facts.roles[2].found else { panic!("a role") };
        let but = r#"{"Statement": {"Effect": "Allow", "NotAction": "organizations:*", "Resource": "*"}}"#;
        role.policies = Ok(vec![but.to_owned()]);
        let verdicts = examine(&named(), &facts);
        let rights = verdicts.iter().find(|one| one.check == Check::RoleRights && one.status == Status::Fail);
        let rights = rights.expect("the right is missing");
        assert!(rights.text.contains("organizations:ListDelegatedAdministrators"), "{}", rights.text);
        let fix = rights.fix.as_ref().and_then(|fix| fix.statement.as_ref()).expect("a statement");
        assert_eq!(fix["Action"], serde_json::json!(["organizations:ListDelegatedAdministrators"]));
    }
}
