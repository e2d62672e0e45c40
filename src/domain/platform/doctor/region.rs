//! What has to be in the Region of the pipeline, and is elsewhere.

use super::check::Check;
use super::facts::Facts;
use super::subject::Subject;
use super::unseen::Unseen;
use super::verdict::{Fix, Verdict};

const CHECK: Check = Check::Region;

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let mut known: Vec<(String, &str, String)> = Vec::new();
    if let Ok(Some(region)) = &facts.artifact_bucket {
        known.push(("artifact bucket".to_owned(), region, "name a bucket in it".to_owned()));
    }
    if let Ok(Some(region)) = &facts.seed.region {
        let fix = "upload the seed to a bucket in it: CodeCommit is filled from its own Region only";
        known.push(("seed bucket".to_owned(), region, fix.to_owned()));
    }
    let group = subject.group.as_ref().and_then(|group| group.arn.as_ref());
    if let Some(arn) = group.or(facts.model.group.as_ref().ok().and_then(Option::as_ref)) {
        let fix = "name a group of that Region: a model is deployed from the registry of its own Region";
        known.push(("model package group".to_owned(), &arn.region, fix.to_owned()));
    }
    for (settings, stage) in subject.stages.iter().zip(&facts.stages) {
        let Ok(Some(set)) = &stage.stack_set else { continue };
        let Ok(instances) = &set.instances else { continue };
        let elsewhere = instances.iter().find(|instance| instance.region != subject.region);
        if let Some(one) = elsewhere.or(instances.first()) {
            let fix = format!("set Regions of the stage's StackSet action, and delete the instances in {}", one.region);
            known.push((format!("endpoints of {}", settings.stage), &one.region, fix));
        }
    }
    if known.is_empty() {
        return vec![Verdict::unseen(CHECK, "", &Unseen::unasked("nothing that has a Region is known"))];
    }
    let here = &subject.region;
    let judged = known.iter().map(|(what, region, fix)| {
        if *region == here {
            return Verdict::ok(CHECK, what, here);
        }
        Verdict::fail(CHECK, what, format!("in {region}, and the pipeline is in {here}")).fixed_by(Fix::new(fix))
    });
    judged.collect()
}
