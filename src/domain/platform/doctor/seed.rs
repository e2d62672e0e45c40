//! The artifact bucket, and the seed zip with who has to read it.

use super::check::Check;
use super::facts::Facts;
use super::need;
use super::purpose::Purpose;
use super::rights::Rights;
use super::subject::Subject;
use super::verdict::{Fix, Verdict};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::iam::{Allowance, Document, Request, Text, Verdict as Judgement};

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let bucket = subject.artifact_bucket().unwrap_or_default();
    let mut verdicts = vec![match &facts.artifact_bucket {
        Ok(Some(_)) => Verdict::ok(Check::ArtifactBucket, "", format!("{bucket} is there")),
        Ok(None) => Verdict::fail(Check::ArtifactBucket, "", format!("{bucket} does not exist")).fixed_by(Fix::new(
            "update the project, whose stack makes its bucket, or name the right one (--artifact-bucket)",
        )),
        Err(unseen) => Verdict::unseen(Check::ArtifactBucket, "", unseen),
    }];
    let Some(seed) = &subject.seed else {
        verdicts.extend(facts.seed.found.as_ref().err().map(|unseen| Verdict::unseen(Check::Seed, "", unseen)));
        return verdicts;
    };
    verdicts.push(match &facts.seed.found {
        Ok(true) => Verdict::ok(Check::Seed, "", format!("{seed} is there")),
        Ok(false) => Verdict::fail(Check::Seed, "", format!("{seed} is not there: no project can be created from it"))
            .fixed_by(
                Fix::new("pack and upload the seed, and give its key to the project template")
                    .command(format!("modeldeploy seed pack && modeldeploy seed upload --bucket {}", seed.bucket)),
            ),
        Err(unseen) => Verdict::unseen(Check::Seed, "", unseen),
    });
    verdicts.push(rights(subject, facts, seed));
    verdicts
}

/// Whether the launch role may read the seed: by its own policies, and not against the bucket's.
fn rights(subject: &Subject, facts: &Facts, seed: &S3Uri) -> Verdict {
    const CHECK: Check = Check::SeedRights;
    let name = &subject.launch_role;
    let launch = facts.roles.iter().find(|role| role.purposes.contains(&Purpose::Launch));
    let role = match launch.map(|launch| &launch.found) {
        Some(Ok(Some(role))) => role,
        Some(Err(unseen)) => return Verdict::unseen(CHECK, "", unseen),
        Some(Ok(None)) => return Verdict::skipped(CHECK, "", format!("{name} does not exist")),
        None => return Verdict::skipped(CHECK, "", format!("{name} is not known")),
    };
    let (policies, home) = match (&role.policies, facts.home()) {
        (Ok(policies), Some(home)) => (policies, home),
        (Err(unseen), _) => return Verdict::unseen(CHECK, "", unseen),
        (_, None) => return Verdict::skipped(CHECK, "", "who calls is not known"),
    };
    let path = role.arn.resource.strip_prefix("role/").unwrap_or(name);
    let caller = facts.caller_of(subject, home, path);
    let need = need::of_seed(subject, seed);
    if let Some(lack) = Rights::of(policies).lack(&caller, &need) {
        let what = [lack.missing, lack.denied, lack.doubts].concat().join(", ");
        let fix = Fix::new(format!("add to a policy of role {name}"));
        let statement = need::statement(subject, facts, &need.sid);
        return Verdict::fail(CHECK, "", format!("{name} may not {what} on {seed}")).fixed_by(Fix { statement, ..fix });
    }
    if let Ok(Some(policy)) = &facts.seed.policy
        && let Ok(policy) = Document::parse(policy)
    {
        let object = format!("arn:{}:s3:::{}/{}", subject.partition, seed.bucket, seed.key);
        let request = Request::new(&caller, "s3:GetObject", Text::Whole(object));
        if let Judgement::Denied { by: Some(label) } = policy.evaluate(&request, Allowance::Optional) {
            let fix = Fix::new(format!("let {label} of the policy of bucket {} spare the role", seed.bucket));
            return Verdict::fail(CHECK, "", format!("{label} of the bucket's policy denies {name} s3:GetObject"))
                .fixed_by(fix);
        }
    }
    Verdict::ok(CHECK, "", format!("{name} may read it"))
}
