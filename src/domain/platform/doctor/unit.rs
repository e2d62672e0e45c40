//! Units, and the accounts in them that a roll-out reaches.

use super::check::Check;
use super::facts::{Facts, StageFacts};
use super::subject::Subject;
use super::verdict::{Fix, Verdict};
use crate::domain::aws::organization::LeftOut;
use crate::domain::project::stage::StageSettings;
use crate::domain::text::count::counted;

const CHECK: Check = Check::Unit;

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    if subject.stages.is_empty() {
        return vec![Verdict::skipped(CHECK, "", "no stage is named (--stages)")];
    }
    subject.stages.iter().zip(&facts.stages).map(|(settings, stage)| unit(settings, stage)).collect()
}

fn unit(settings: &StageSettings, stage: &StageFacts) -> Verdict {
    let name = settings.stage.as_str();
    let Some(unit) = &settings.unit else {
        return Verdict::skipped(CHECK, name, format!("no unit is named ({})", settings.stage.unit_variable()));
    };
    let targets = match &stage.targets {
        Ok(targets) => targets,
        Err(unseen) => return Verdict::unseen(CHECK, name, unseen),
    };
    let left_out = |one: &LeftOut| format!("{} ({}) is left out: {}", one.id, one.name, one.reason);
    let left: Vec<String> = targets.left_out.iter().map(left_out).collect();
    let count = counted(targets.active.len(), "active account");
    if targets.active.is_empty() {
        let reasons = if left.is_empty() { "it and its child units hold none".to_owned() } else { left.join("; ") };
        return Verdict::fail(CHECK, name, format!("{unit} has no active account: {reasons}"))
            .fixed_by(Fix::new(format!("move an active account into {unit}, or name another unit for stage {name}")));
    }
    if left.is_empty() {
        let ids: Vec<&str> = targets.active.iter().map(|account| account.id.as_str()).take(5).collect();
        let more = if ids.len() < targets.active.len() { ", ..." } else { "" };
        return Verdict::ok(CHECK, name, format!("{unit} has {count}: {}{more}", ids.join(", ")));
    }
    Verdict::warn(CHECK, name, format!("{unit} has {count}; {}", left.join("; "))).fixed_by(Fix::new(format!(
        "nothing is deployed to what is left out: move it out of {unit}, or leave it if that is meant"
    )))
}
