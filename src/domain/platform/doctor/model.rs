//! The model package group, the version in it to deploy, and who may read it.

use super::check::Check;
use super::facts::Facts;
use super::subject::Subject;
use super::verdict::{Fix, Verdict};
use crate::domain::registry::chosen_by::ChosenBy;
use crate::domain::registry::group_policy::{Change, Grant};
use crate::domain::registry::model_package::ModelPackage;
use crate::domain::registry::obstacle::Obstacle;

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let model = &facts.model;
    let name = subject.group_name().unwrap_or_default();
    let mut verdicts = vec![match &model.group {
        Ok(Some(arn)) => Verdict::ok(Check::Group, "", arn.to_string()),
        Ok(None) => Verdict::warn(Check::Group, "", format!("{name} does not exist yet: the first build makes it"))
            .fixed_by(Fix::new("register a version of the model in it, and approve it")),
        Err(unseen) => Verdict::unseen(Check::Group, "", unseen),
    }];
    verdicts.push(policy(subject, facts));
    verdicts.push(match &model.package {
        Ok(Some(package)) => version(name, &subject.chosen_by, package),
        Ok(None) => no_version(name, &subject.chosen_by, &model.life_cycles),
        Err(unseen) => Verdict::unseen(Check::Version, "", unseen),
    });
    verdicts.extend(access(facts));
    verdicts
}

/// The version that a build would take. What the template names beside it, nobody knows here.
fn version(name: &str, by: &ChosenBy, package: &ModelPackage) -> Verdict {
    let text = format!("version {} of {name} is {}", package.version, by.allowed());
    let obstacles = package.obstacles(None, false);
    let Some(first) = obstacles.first() else { return Verdict::ok(Check::Version, "", text) };
    let reasons: Vec<String> = obstacles.iter().map(Obstacle::reason).collect();
    let text = format!("{text}, and cannot be deployed by its ARN alone: {}", reasons.join("; "));
    Verdict::warn(Check::Version, "", text).fixed_by(Fix::new(first.remedy()))
}

/// That there is nothing to deploy. In a group that MLflow syncs, stages of life cycles stand where approvals would.
fn no_version(name: &str, by: &ChosenBy, life_cycles: &[String]) -> Verdict {
    let text = format!("no version of {name} is {}: a build ends with 4", by.allowed());
    let (text, fix) = match (by.stage(), life_cycles) {
        (None, []) => (text, format!("approve a version of model package group {name}")),
        (None, known) => (
            format!("{text}; but versions have a life cycle, as in groups that MLflow syncs: {}", known.join(", ")),
            format!("approve a version of model package group {name}, or set MODELDEPLOY_LIFECYCLE of the build"),
        ),
        (Some(stage), []) => {
            (text, format!("set the life cycle of a version of model package group {name} to {stage}"))
        }
        (Some(stage), known) => (
            format!("{text}; there is {}", known.join(", ")),
            format!("set the life cycle of a version to {stage}, or MODELDEPLOY_LIFECYCLE of the build to another"),
        ),
    };
    Verdict::warn(Check::Version, "", text).fixed_by(Fix::new(fix))
}

/// Whether the group's policy names exactly the active accounts. The build sees to that, of a group of its own account.
fn policy(subject: &Subject, facts: &Facts) -> Verdict {
    const CHECK: Check = Check::GroupPolicy;
    let (current, group) = match (&facts.model.policy, &facts.model.group) {
        (Ok(current), Ok(Some(group))) => (current, group),
        (Err(unseen), _) => return Verdict::unseen(CHECK, "", unseen),
        (_, _) => return Verdict::skipped(CHECK, "", "there is no group"),
    };
    let project = match subject.project() {
        Ok(project) => project,
        Err(unseen) => return Verdict::unseen(CHECK, "", &unseen),
    };
    let Some(accounts) = facts.target_accounts() else {
        return Verdict::skipped(CHECK, "", "the accounts of the stages are not known");
    };
    let grant = Grant { group_arn: group, project_id: &project.id, accounts: &accounts };
    match grant.merge_into(current.as_deref()) {
        Ok(Change::None) => Verdict::ok(CHECK, "", "lets exactly the active accounts in"),
        Ok(Change::Put(_)) => {
            Verdict::warn(CHECK, "", "does not name exactly the active accounts: the next build does that")
        }
        Err(finding) => {
            let cause = finding.cause.unwrap_or_default();
            let fix = Fix::new(finding.hint.unwrap_or_default());
            Verdict::fail(CHECK, "", format!("{}: {cause}", finding.what)).fixed_by(fix)
        }
    }
}

/// Every gap is a verdict of its own: each has a statement of its own that closes it.
fn access(facts: &Facts) -> Vec<Verdict> {
    const CHECK: Check = Check::Access;
    let model = &facts.model;
    let mut verdicts: Vec<Verdict> = model.unread.iter().map(|unseen| Verdict::unseen(CHECK, "", unseen)).collect();
    let review = match &model.review {
        Ok(review) => review,
        Err(unseen) => {
            verdicts.push(Verdict::unseen(CHECK, "", unseen));
            return verdicts;
        }
    };
    for gap in review.gaps.iter().chain(&review.ownership) {
        let fix = match (&gap.statement, &gap.change) {
            (Some(statement), Some(change)) => {
                Fix::new(format!("add to {}: read it, add the statement, put it back", change.policy))
                    .statement(statement.clone())
                    .command(format!("{} > policy.json\n{}", change.read, change.write))
            }
            _ => Fix::new(&gap.remedy),
        };
        verdicts.push(Verdict::fail(CHECK, "", format!("{}: {}", gap.what, gap.cause)).fixed_by(fix));
    }
    for doubt in &review.doubts {
        let cause = doubt.cause.as_deref().unwrap_or_default();
        verdicts.push(Verdict::warn(CHECK, "", format!("{}: {cause}", doubt.what)));
    }
    if verdicts.is_empty() {
        verdicts.push(Verdict::ok(
            CHECK,
            "",
            "every target account can deploy the version, read its data and pull its image",
        ));
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::super::healthy::healthy;
    use super::super::subject::tests::named;
    use super::super::verdict::Status;
    use super::*;

    #[test]
    fn a_version_that_its_arn_alone_cannot_deploy_is_warned_of_with_the_reason() {
        let mut facts = healthy();
        let version = |facts: &Facts| {
            let verdicts = judge(&named(), facts);
            verdicts.into_iter().find(|verdict| verdict.check == Check::Version).expect("judged")
        };
        assert_eq!(version(&facts).status, Status::Ok);
        facts.model.package.as_mut().expect("read").as_mut().expect("there").containers.clear();
        let verdict = version(&facts);
        assert_eq!(verdict.status, Status::Warn);
        assert!(verdict.text.ends_with("by its ARN alone: it has no InferenceSpecification with a container"));
        assert!(verdict.fix.is_some());
    }

    #[test]
    fn life_cycles_are_offered_where_nothing_is_approved() {
        let mut facts = healthy();
        let mut subject = named();
        facts.model.package = Ok(None);
        let text = |subject: &Subject, facts: &Facts| {
            let verdicts = judge(subject, facts);
            let verdict = verdicts.into_iter().find(|verdict| verdict.check == Check::Version).expect("judged");
            assert_eq!(verdict.status, Status::Warn);
            verdict.text
        };
        assert_eq!(text(&subject, &facts), "no version of churn is approved: a build ends with 4");
        facts.model.life_cycles = vec!["production/active".to_owned()];
        assert!(text(&subject, &facts).ends_with("as in groups that MLflow syncs: production/active"));
        subject.chosen_by = ChosenBy::LifeCycle("staging".parse().expect("a stage"));
        let none = "no version of churn is at staging: a build ends with 4; there is production/active";
        assert_eq!(text(&subject, &facts), none);
    }
}
