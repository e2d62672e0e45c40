//! Roles of the data science account: there, trusted by the right service, and allowed what they need.

use serde_json::{Value, json};

use super::check::Check;
use super::facts::{Facts, Role, RoleFacts};
use super::need::{self, Need};
use super::purpose::Purpose;
use super::rights::{Lack, Rights};
use super::subject::Subject;
use super::verdict::{Fix, Verdict, allowing};
use crate::domain::iam::trusts;

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    if facts.roles.is_empty() {
        let why = "which roles there are is not known";
        return vec![Verdict::skipped(Check::Role, "", why)];
    }
    facts.roles.iter().flat_map(|role| one(subject, facts, role)).collect()
}

fn one(subject: &Subject, facts: &Facts, role: &RoleFacts) -> Vec<Verdict> {
    let found = match &role.found {
        Err(unseen) => return vec![Verdict::unseen(Check::Role, label(role), unseen)],
        Ok(None) => return vec![missing(role)],
        Ok(Some(found)) => found,
    };
    let there = Verdict::ok(Check::Role, label(role), format!("{} is there", role.name));
    vec![there, trust(role, found), rights(subject, facts, role, found)]
}

/// The role by what it is for.
fn label(role: &RoleFacts) -> String {
    let words: Vec<&str> = role.purposes.iter().map(|purpose| purpose.word()).collect();
    words.join(", ")
}

fn missing(role: &RoleFacts) -> Verdict {
    let fix = if role.purposes.contains(&Purpose::Launch) {
        Fix::new("let SageMaker make its roles: in Studio's domain settings, enable SageMaker projects")
            .command("aws sagemaker enable-sagemaker-servicecatalog-portfolio")
    } else {
        Fix::new(format!("update the project, whose stack makes role {}", role.name))
    };
    Verdict::fail(Check::Role, label(role), format!("{} does not exist", role.name)).fixed_by(fix)
}

fn trust(role: &RoleFacts, found: &Role) -> Verdict {
    const CHECK: Check = Check::RoleTrust;
    let mut wanted: Vec<&str> = role.purposes.iter().map(|purpose| purpose.service()).collect();
    wanted.dedup();
    let lacking: Vec<&str> = wanted.iter().copied().filter(|service| !trusts(&found.trust, service)).collect();
    if lacking.is_empty() {
        return Verdict::ok(CHECK, label(role), format!("{} trusts {}", role.name, wanted.join(", ")));
    }
    let statement = json!({"Effect": "Allow", "Principal": {"Service": lacking}, "Action": "sts:AssumeRole"});
    Verdict::fail(CHECK, label(role), format!("{} does not trust {}", role.name, lacking.join(", ")))
        .fixed_by(Fix::new(format!("add to the trust policy of role {}", role.name)).statement(statement))
}

fn rights(subject: &Subject, facts: &Facts, role: &RoleFacts, found: &Role) -> Verdict {
    const CHECK: Check = Check::RoleRights;
    let policies = match &found.policies {
        Ok(policies) => policies,
        Err(unseen) => return Verdict::unseen(CHECK, label(role), unseen),
    };
    let is_launch = role.purposes.contains(&Purpose::Launch);
    let needs =
        if is_launch { need::of_launch(subject, facts) } else { need::of_purposes(subject, facts, &role.purposes) };
    let (Some(needs), Some(home)) = (needs, facts.home()) else {
        return Verdict::skipped(CHECK, label(role), "what it needs is not known without project and caller");
    };
    let path = found.arn.resource.strip_prefix("role/").unwrap_or(&role.name);
    let caller = facts.caller_of(subject, home, path);
    let statement = |need: &Need, lack: &Lack| {
        let mut statement = need::statement(subject, facts, &need.sid)?;
        statement["Action"] = json!(lack.missing);
        // Names that ours do not foresee are added.
        let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        if let Some(beyond) = Rights::of(&[document]).lack(&caller, &need.only(&lack.missing)) {
            let known = match statement["Resource"].take() {
                Value::Array(list) => list,
                single => vec![single],
            };
            let more = beyond.resources.iter().map(|resource| Value::from(need::as_pattern(resource)));
            statement["Resource"] = known.into_iter().chain(more).collect();
        }
        Some(statement)
    };
    let rights = Rights::of(policies);
    let lacks = rights.lacks(&caller, &needs);
    conclude(Verdict::ok(CHECK, label(role), &role.name), found, &lacks, &statement)
}

/// What is missing of all needs, in one verdict with a statement for each; `of` has check, subject, and the role's name
/// as its text.
pub(super) fn conclude(
    of: Verdict,
    role: &Role,
    lacks: &[(&Need, Lack)],
    ours: &dyn Fn(&Need, &Lack) -> Option<Value>,
) -> Verdict {
    let Verdict { check, subject, text: name, .. } = of;
    let boundary = role.boundary.as_ref();
    let boundary = boundary.map(|arn| format!("; its permissions boundary {arn} is not looked at")).unwrap_or_default();
    let list = |of: fn(&Lack) -> &Vec<String>, optional: bool| -> Vec<String> {
        let some = lacks.iter().filter(|(need, _)| need.optional == optional);
        some.flat_map(|(_, lack)| of(lack).clone()).collect()
    };
    let denied = [list(|lack| &lack.denied, false), list(|lack| &lack.denied, true)].concat();
    if !denied.is_empty() {
        let fix = Fix::new(format!("take back what denies it in the policies of role {name}"));
        return Verdict::fail(check, subject, format!("{name} is denied {}", denied.join(", "))).fixed_by(fix);
    }
    let statement = |(need, lack): &(&Need, Lack)| {
        let resources = || lack.resources.iter().map(|one| need::as_pattern(one)).collect::<Vec<_>>();
        ours(need, lack).unwrap_or_else(|| allowing(&need.sid, &lack.missing, &resources()))
    };
    let statements: Vec<Value> = lacks.iter().filter(|(_, lack)| !lack.missing.is_empty()).map(statement).collect();
    let fix = || {
        let statement = if let [only] = &statements[..] { only.clone() } else { Value::from(statements.clone()) };
        Fix::new(format!("add to a policy of role {name}")).statement(statement)
    };
    let (needed, wished) = (list(|lack| &lack.missing, false), list(|lack| &lack.missing, true));
    if !needed.is_empty() {
        let text = format!("{name} may not {}{boundary}", [needed, wished].concat().join(", "));
        return Verdict::fail(check, subject, text).fixed_by(fix());
    }
    if !wished.is_empty() {
        let text = format!("{name} may not {}, without which less is reported and judged{boundary}", wished.join(", "));
        return Verdict::warn(check, subject, text).fixed_by(fix());
    }
    let doubts = [list(|lack| &lack.doubts, false), list(|lack| &lack.doubts, true)].concat();
    if !doubts.is_empty() {
        return Verdict::warn(check, subject, format!("whether {name} may is not decided: {}", doubts.join(", ")));
    }
    Verdict::ok(check, subject, format!("{name} may do all that it needs{boundary}"))
}
