//! Rules of an endpoint's `DeploymentConfig`: how traffic moves to a new model version, and what stops it.

use std::ops::RangeInclusive;

use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::deployment::{Alarm, Deployment, ENDPOINT, called};
use crate::domain::cloudformation::evaluation::value::{Evaluated, Hole};

/// SageMaker API Reference, DeploymentConfig and the types in it: sizes in percent of all instances.
pub(super) const CANARY_PERCENT: RangeInclusive<u32> = 1..=50;
pub(super) const LINEAR_PERCENT: RangeInclusive<u32> = 10..=50;
pub(super) const BATCH_PERCENT: RangeInclusive<u32> = 5..=50;
pub(super) const ROLLBACK_PERCENT: RangeInclusive<u32> = 1..=100;

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
            size(deployment, policy, "MaximumBatchSize", &BATCH_PERCENT, &name);
            size(deployment, policy, "RollbackMaximumBatchSize", &ROLLBACK_PERCENT, &name);
        }
        if let Some(alarms) = config.get("AutoRollbackConfiguration").and_then(|rollback| rollback.get("Alarms")) {
            check_alarms(deployment, alarms, &name);
        }
    }
}

fn check_blue_green(deployment: &mut Deployment<'_>, policy: &Evaluated, name: &str) {
    let Some(routing) = policy.get("TrafficRoutingConfiguration") else { return };
    size(deployment, routing, "CanarySize", &CANARY_PERCENT, name);
    size(deployment, routing, "LinearStepSize", &LINEAR_PERCENT, name);
    let Some(kind) = routing.get("Type") else { return };
    let Some(text) = kind.whole_text() else { return };
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
    if size.get("Type").and_then(Evaluated::whole_text).as_deref() == Some("CAPACITY_PERCENT") {
        deployment.range(Rule::UpdatePolicyRange, size, "Value", percent, &format!("{key} of {name}"));
    }
}

fn check_alarms(deployment: &mut Deployment<'_>, alarms: &Evaluated, name: &str) {
    let Some(items) = alarms.items() else { return };
    for alarm in items.iter().filter_map(|item| item.get("AlarmName")) {
        let Some(text) = alarm.text() else { continue };
        if let Some(Hole::Attribute { resource, .. }) = text.only_hole() {
            let reason = match deployment.alarm(resource) {
                Alarm::There | Alarm::Unknown => continue,
                Alarm::SwitchedOff => "which its condition switches off".to_owned(),
                Alarm::OtherKind(kind) => format!("which is not an alarm but {kind}"),
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
