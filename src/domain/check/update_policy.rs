//! Rules of an endpoint's `DeploymentConfig`: how traffic moves to a new model version, and what stops it.

use std::ops::RangeInclusive;

use super::super::evaluation::value::{Evaluated, Hole};
use super::super::finding::Finding;
use super::deployment::{Alarm, Deployment, ENDPOINT, called};
use super::rule::Rule;

/// botocore sagemaker.DeploymentConfig and the shapes in it.
pub(super) const WAIT_SECONDS: RangeInclusive<u32> = 0..=3600;
pub(super) const EXECUTION_SECONDS: RangeInclusive<u32> = 600..=28_800;
pub(super) const CANARY_PERCENT: RangeInclusive<u32> = 1..=50;
pub(super) const LINEAR_PERCENT: RangeInclusive<u32> = 10..=50;
pub(super) const BATCH_PERCENT: RangeInclusive<u32> = 5..=50;
pub(super) const ROLLBACK_PERCENT: RangeInclusive<u32> = 1..=100;
const INSTANCES: RangeInclusive<u32> = 1..=u32::MAX;
pub(super) const MAX_ALARMS: usize = 10;

const ROUTING_TYPES: [&str; 3] = ["ALL_AT_ONCE", "CANARY", "LINEAR"];
const SIZE_TYPES: [&str; 2] = ["INSTANCE_COUNT", "CAPACITY_PERCENT"];

pub(super) fn check(deployment: &mut Deployment<'_>) {
    for endpoint in deployment.all(ENDPOINT) {
        let Some(config) = endpoint.properties.get("DeploymentConfig") else { continue };
        let name = called(&endpoint);
        let (blue_green, rolling) = (config.get("BlueGreenUpdatePolicy"), config.property("RollingUpdatePolicy"));
        if let (Some(_), Some(rolling)) = (blue_green, rolling) {
            let what = format!("{name} has both BlueGreenUpdatePolicy and RollingUpdatePolicy");
            deployment.add(Finding::of(Rule::UpdatePolicyExclusive, what).hint("keep one of the two"), rolling.key_at);
        }
        if let Some(policy) = blue_green {
            check_blue_green(deployment, policy, &name);
        }
        if let Some(policy) = rolling.map(|property| &property.value) {
            timings(deployment, policy, &name);
            deployment.range(Rule::UpdatePolicyRange, policy, "WaitIntervalInSeconds", &WAIT_SECONDS, &name);
            size(deployment, policy, "MaximumBatchSize", &BATCH_PERCENT, &name);
            size(deployment, policy, "RollbackMaximumBatchSize", &ROLLBACK_PERCENT, &name);
        }
        if let Some(alarms) = config.get("AutoRollbackConfiguration").and_then(|rollback| rollback.get("Alarms")) {
            check_alarms(deployment, alarms, &name);
        }
    }
}

fn timings(deployment: &mut Deployment<'_>, policy: &Evaluated, name: &str) {
    let key = "MaximumExecutionTimeoutInSeconds";
    deployment.range(Rule::UpdatePolicyRange, policy, key, &EXECUTION_SECONDS, name);
}

fn check_blue_green(deployment: &mut Deployment<'_>, policy: &Evaluated, name: &str) {
    timings(deployment, policy, name);
    deployment.range(Rule::UpdatePolicyRange, policy, "TerminationWaitInSeconds", &WAIT_SECONDS, name);
    let Some(routing) = policy.get("TrafficRoutingConfiguration") else { return };
    deployment.range(Rule::UpdatePolicyRange, routing, "WaitIntervalInSeconds", &WAIT_SECONDS, name);
    size(deployment, routing, "CanarySize", &CANARY_PERCENT, name);
    size(deployment, routing, "LinearStepSize", &LINEAR_PERCENT, name);
    let Some(kind) = routing.get("Type") else { return };
    let Some(text) = kind.whole_text() else { return };
    if !ROUTING_TYPES.contains(&text.as_str()) {
        let what = format!("{name} has \"{text}\" as type of its traffic routing");
        let wanted = format!("write one of {}", ROUTING_TYPES.join(", "));
        return deployment.add(Finding::of(Rule::TrafficRouting, what).nearest(&text, ROUTING_TYPES, &wanted), kind.at);
    }
    for (own, key) in [("CANARY", "CanarySize"), ("LINEAR", "LinearStepSize")] {
        match routing.property(key) {
            None if text == own => {
                let what = format!("{name} routes traffic by {own} without {key}");
                deployment.add(Finding::of(Rule::TrafficRouting, what), routing.at);
            }
            Some(property) if text != own => {
                let what = format!("{name} routes traffic by {text} and has {key}, which is for {own}");
                deployment.add(Finding::of(Rule::TrafficRouting, what), property.key_at);
            }
            _ => {}
        }
    }
}

fn size(deployment: &mut Deployment<'_>, owner: &Evaluated, key: &str, percent: &RangeInclusive<u32>, name: &str) {
    let Some(size) = owner.get(key) else { return };
    let Some(kind) = size.get("Type") else { return };
    let Some(text) = kind.whole_text() else { return };
    let of = format!("{key} of {name}");
    match text.as_str() {
        "CAPACITY_PERCENT" => deployment.range(Rule::UpdatePolicyRange, size, "Value", percent, &of),
        "INSTANCE_COUNT" => deployment.range(Rule::UpdatePolicyRange, size, "Value", &INSTANCES, &of),
        _ => {
            let what = format!("{of} has \"{text}\" as Type");
            let wanted = format!("write one of {}", SIZE_TYPES.join(", "));
            deployment.add(Finding::of(Rule::TrafficRouting, what).nearest(&text, SIZE_TYPES, &wanted), kind.at);
        }
    }
}

fn check_alarms(deployment: &mut Deployment<'_>, alarms: &Evaluated, name: &str) {
    let Some(items) = alarms.items() else { return };
    if !(1..=MAX_ALARMS).contains(&items.len()) {
        let what = format!("{name} has {} Alarms, and a roll-back takes 1 to {MAX_ALARMS}", items.len());
        deployment.add(Finding::of(Rule::UpdatePolicyRange, what), alarms.at);
    }
    for alarm in items.iter().filter_map(|item| item.get("AlarmName")) {
        let Some(text) = alarm.text() else { continue };
        if let Some(Hole::Attribute { resource, .. }) = text.only_hole() {
            let reason = match deployment.alarm(resource) {
                Alarm::There | Alarm::Unknown => continue,
                Alarm::SwitchedOff => "which its condition switches off".to_owned(),
                Alarm::OtherKind(kind) => format!("which is no alarm but {kind}"),
            };
            let what = format!("{name} rolls back on \"{resource}\", {reason}");
            deployment.add(Finding::of(Rule::AlarmUnresolved, what), alarm.at);
        } else if text.whole().is_some() && !deployment.has_alarm_named(&text) {
            let what = format!("{name} rolls back on alarm \"{text}\", which the template does not make");
            let finding = Finding::of(Rule::AlarmElsewhere, what);
            let hint = "make sure that it exists in every account, or make it here and write !Ref";
            deployment.add(finding.hint(hint), alarm.at);
        }
    }
}
