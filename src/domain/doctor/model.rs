//! The model package group, the version in it to deploy, and who may read it.

use super::check::Check;
use super::facts::Facts;
use super::subject::Subject;
use super::verdict::{Fix, Verdict};
use crate::domain::group_policy::{Change, Grant};

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let model = &facts.model;
    let name = subject.group_name().unwrap_or_default();
    let mut verdicts = vec![match &model.group {
        Ok(Some(arn)) => Verdict::ok(Check::Group, "", arn.to_string()),
        Ok(None) => Verdict::warn(Check::Group, "", format!("{name} does not exist yet: the first build makes it"))
            .mend(Fix::new("register a version of the model in it, and approve it")),
        Err(unseen) => Verdict::unseen(Check::Group, "", unseen),
    }];
    verdicts.push(policy(subject, facts));
    verdicts.push(match &model.package {
        Ok(Some(package)) => {
            Verdict::ok(Check::Version, "", format!("version {} of {name} is approved", package.version))
        }
        Ok(None) => Verdict::warn(Check::Version, "", format!("no version of {name} is approved: a build ends with 4"))
            .mend(Fix::new(format!("approve a version of model package group {name}"))),
        Err(unseen) => Verdict::unseen(Check::Version, "", unseen),
    });
    verdicts.extend(access(facts));
    verdicts
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
            Verdict::fail(CHECK, "", format!("{}: {cause}", finding.what)).mend(fix)
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
        verdicts.push(Verdict::fail(CHECK, "", format!("{}: {}", gap.what, gap.cause)).mend(fix));
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
