//! The event rules that start the pipeline, and what they let through.

use serde_json::Value;

use super::check::Check;
use super::facts::{Facts, Rule, SourceAction};
use super::subject::Subject;
use super::verdict::{Fix, Verdict};

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let Some(pipeline) = facts.pipeline() else { return Vec::new() };
    let rules = match &facts.rules {
        Ok(rules) => rules,
        Err(unseen) => {
            return [Check::ModelRule, Check::CodeRule].map(|check| Verdict::unseen(check, "", unseen)).into();
        }
    };
    let of = |source: &str| rules.iter().find(|rule| list(&rule.pattern["source"]).contains(&source));
    let mut verdicts = vec![match of("aws.sagemaker") {
        Some(rule) => model_rule(subject, rule),
        None => none(Check::ModelRule, "no event rule starts the pipeline when a model is approved"),
    }];
    // A connection starts the pipeline itself.
    if let Some(SourceAction::CodeCommit { repository, branch }) = pipeline.source() {
        verdicts.push(match of("aws.codecommit") {
            Some(rule) => code_rule(rule, &repository, &branch),
            None => none(Check::CodeRule, "no event rule starts the pipeline when somebody pushes"),
        });
    }
    verdicts
}

fn none(check: Check, text: &str) -> Verdict {
    Verdict::fail(check, "", text).fixed_by(Fix::new("update the SageMaker project, whose stack makes the rule"))
}

/// The texts of a list in a pattern.
fn list(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn disabled(check: Check, rule: &Rule) -> Option<Verdict> {
    let enable = format!("aws events enable-rule --name {}", rule.name);
    let off = || {
        Verdict::fail(check, "", format!("{} is disabled", rule.name)).fixed_by(Fix::new("enable it").command(enable))
    };
    (!rule.enabled).then(off)
}

/// The fix for a filter: the pattern as it should be.
fn filter(rule: &Rule, change: impl FnOnce(&mut Value)) -> Fix {
    let mut pattern = rule.pattern.clone();
    change(&mut pattern);
    Fix::new(format!("give rule {} this event pattern", rule.name))
        .command(format!("aws events put-rule --name {} --event-pattern '{pattern}'", rule.name))
}

fn model_rule(subject: &Subject, rule: &Rule) -> Verdict {
    const CHECK: Check = Check::ModelRule;
    if let Some(disabled) = disabled(CHECK, rule) {
        return disabled;
    }
    let detail = &rule.pattern["detail"];
    let Some(group) = subject.group_name() else {
        return Verdict::skipped(CHECK, "", "the model package group is not known");
    };
    let groups = &detail["ModelPackageGroupName"];
    let right = |pattern: &mut Value| {
        pattern["detail"]["ModelPackageGroupName"] = serde_json::json!([group]);
        pattern["detail"]["ModelApprovalStatus"] = serde_json::json!(["Approved", "Rejected"]);
        pattern["detail"]["UpdatedModelPackageFields"] = serde_json::json!(["ModelApprovalStatus"]);
    };
    if groups.is_null() {
        return Verdict::fail(
            CHECK,
            "",
            format!("{} has no filter for the model package group: every model starts the pipeline", rule.name),
        )
        .fixed_by(filter(rule, right));
    }
    // What is not a text is a matcher (prefix, wildcard), which may hold for the group.
    let names = list(groups);
    if names.len() == groups.as_array().map_or(0, Vec::len) && !names.contains(&group) {
        let text = format!("is for model package group {}, not {group}", names.join(", "));
        return Verdict::fail(CHECK, "", format!("{} {text}", rule.name)).fixed_by(filter(rule, right));
    }
    let statuses = &detail["ModelApprovalStatus"];
    if statuses.is_null() {
        let text = "has no filter for the approval: registrations and pending versions start the pipeline, too";
        return Verdict::fail(CHECK, "", format!("{} {text}", rule.name)).fixed_by(filter(rule, right));
    }
    let statuses = list(statuses);
    if !statuses.is_empty() && !statuses.contains(&"Approved") {
        let text = format!("is for versions that are {}: an approval starts nothing", statuses.join(", "));
        return Verdict::fail(CHECK, "", format!("{} {text}", rule.name)).fixed_by(filter(rule, right));
    }
    if detail["UpdatedModelPackageFields"].is_null() {
        let text = "has no filter for what was updated: metadata of an approved version deploys it again";
        return Verdict::warn(CHECK, "", format!("{} {text}", rule.name)).fixed_by(filter(rule, right));
    }
    Verdict::ok(
        CHECK,
        "",
        format!("{} starts the pipeline for versions of {group} that are {}", rule.name, statuses.join(" or ")),
    )
}

fn code_rule(rule: &Rule, repository: &str, branch: &str) -> Verdict {
    const CHECK: Check = Check::CodeRule;
    if let Some(disabled) = disabled(CHECK, rule) {
        return disabled;
    }
    let resources = list(&rule.pattern["resources"]);
    let ours = |arn: &&str| arn.rsplit(':').next() == Some(repository);
    let is_of = |branches: &Value| branches.is_null() || list(branches).contains(&branch);
    let detail = &rule.pattern["detail"];
    if !resources.iter().any(ours) {
        return Verdict::fail(CHECK, "", format!("{} is not for repository {repository}", rule.name))
            .fixed_by(Fix::new("update the SageMaker project, whose stack makes the rule"));
    }
    if !is_of(&detail["referenceName"]) {
        return Verdict::fail(CHECK, "", format!("{} is not for branch {branch}", rule.name)).fixed_by(filter(
            rule,
            |pattern| {
                pattern["detail"]["referenceName"] = serde_json::json!([branch]);
            },
        ));
    }
    let missing = if detail["referenceName"].is_null() {
        "has no filter for the branch: every branch starts the pipeline"
    } else if detail["event"].is_null() {
        "has no filter for the event: a deleted branch starts the pipeline, too"
    } else {
        return Verdict::ok(CHECK, "", format!("{} starts the pipeline for pushes to {branch}", rule.name));
    };
    Verdict::warn(CHECK, "", format!("{} {missing}", rule.name)).fixed_by(filter(rule, |pattern| {
        pattern["detail"]["referenceName"] = serde_json::json!([branch]);
        pattern["detail"]["event"] = serde_json::json!(["referenceCreated", "referenceUpdated"]);
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::platform::doctor::Status;

    fn status(detail: &Value) -> Status {
        let rule = Rule {
            name: "r".to_owned(),
            enabled: true,
            pattern: json!({"source": ["aws.sagemaker"], "detail": detail}),
            role: None,
        };
        let subject = crate::domain::platform::doctor::subject::tests::named();
        model_rule(&subject, &rule).status
    }

    #[test]
    fn a_rule_is_for_approvals_of_the_group_and_nothing_else() {
        let right = json!({"ModelPackageGroupName": ["churn"], "ModelApprovalStatus": ["Approved"],
                           "UpdatedModelPackageFields": ["ModelApprovalStatus"]});
        let without = |key: &str| {
            let mut detail = right.clone();
            detail.as_object_mut().expect("an object").remove(key);
            status(&detail)
        };
        assert_eq!(status(&right), Status::Ok);
        assert_eq!(without("ModelPackageGroupName"), Status::Fail);
        assert_eq!(without("ModelApprovalStatus"), Status::Fail);
        assert_eq!(without("UpdatedModelPackageFields"), Status::Warn);
        let with = |key: &str, value: Value| {
            let mut detail = right.clone();
            detail[key] = value;
            status(&detail)
        };
        assert_eq!(with("ModelPackageGroupName", json!(["other"])), Status::Fail);
        assert_eq!(with("ModelPackageGroupName", json!([{"prefix": "ch"}])), Status::Ok);
        assert_eq!(with("ModelApprovalStatus", json!(["Rejected"])), Status::Fail);
    }
}
