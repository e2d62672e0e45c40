//! Whether an endpoint still is what was proved, after its cases were answered.

use super::running::{DeployedImage, RunningVariant};
use super::status::{Endpoint, explain};

/// What AWS does with its own software; nothing that a customer specified changes with it (SageMaker API reference,
/// `DescribeEndpoint`, `EndpointStatus`).
const MAINTENANCE: &str = "SystemUpdating";

/// What of an endpoint is not as it was when its live model was proved. Scaling and maintenance change no model.
pub(crate) fn changes(proved: &Endpoint, now: &Endpoint) -> Vec<String> {
    let mut changes = Vec::new();
    if differs(proved.created.as_ref(), now.created.as_ref()) {
        changes.push("it was deleted and created anew".to_owned());
    }
    if proved.config_name != now.config_name {
        changes.push(format!("endpoint config {} is live, and {} was proved", now.config_name, proved.config_name));
    }
    if let Some(config) = &now.pending_config {
        changes.push(format!("a deployment of endpoint config {config} is under way"));
    }
    let is_scaling = now.status == "Updating" && now.running.iter().any(|variant| variant.capacity.changes());
    let is_steady = now.status == proved.status || now.status == MAINTENANCE || is_scaling;
    if !is_steady && now.pending_config.is_none() {
        changes.push(format!("it is \"{}\" ({})", now.status, explain(&now.status)));
    }
    // Scaling and maintenance have stages, too, and say so in the endpoint's status.
    let stages = now.deployment_stages().filter(|_| now.status == "InService" && now.pending_config.is_none());
    changes.extend(stages.map(|(name, stage)| format!("a deployment of variant {name} is under way (\"{stage}\")")));
    changes.extend(variant_changes(&proved.running, &now.running));
    // Two deployments in a row may end where they began.
    let is_modified = differs(proved.modified.as_ref(), now.modified.as_ref());
    if changes.is_empty() && is_modified && !is_scaled(proved, now) && now.status != MAINTENANCE {
        changes.push("it was modified, and nothing shows how".to_owned());
    }
    changes
}

/// What need not be told is compared only where it is told both times.
fn differs(before: Option<&String>, now: Option<&String>) -> bool {
    before.zip(now).is_some_and(|(before, now)| before != now)
}

fn is_scaled(proved: &Endpoint, now: &Endpoint) -> bool {
    let capacity =
        |endpoint: &Endpoint| -> Vec<_> { endpoint.running.iter().map(|variant| variant.capacity.clone()).collect() };
    capacity(proved) != capacity(now)
}

/// What runs now and did not run before; nothing where the endpoint does not say what runs.
fn variant_changes(proved: &[RunningVariant], now: &[RunningVariant]) -> Vec<String> {
    let names = |images: &[DeployedImage]| -> Vec<String> {
        let mut names: Vec<String> = images.iter().filter_map(DeployedImage::name).map(str::to_owned).collect();
        names.sort();
        names
    };
    if proved.is_empty() || now.is_empty() {
        return Vec::new();
    }
    let mut changes = Vec::new();
    for variant in now {
        let name = &variant.name;
        let Some(before) = proved.iter().find(|one| one.name == *name && one.shadow == variant.shadow) else {
            changes.push(format!("variant {name} runs now, and did not before"));
            continue;
        };
        let (were, are) = (names(&before.images), names(&variant.images));
        if !were.is_empty() && !are.is_empty() && were != are {
            changes.push(format!("variant {name} runs {} now, and ran {}", are.join(", "), were.join(", ")));
        }
    }
    let gone = proved.iter().filter(|one| !now.iter().any(|two| two.name == one.name && two.shadow == one.shadow));
    changes.extend(gone.map(|one| format!("variant {} ran, and does not now", one.name)));
    changes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::running::Capacity;
    use super::*;

    fn variant(name: &str, image: &str, capacity: &[(&str, &str)]) -> RunningVariant {
        let image = DeployedImage { specified: None, resolved: Some(image.to_owned()) };
        let capacity = capacity.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let capacity = Capacity(capacity.collect::<BTreeMap<_, _>>());
        RunningVariant { name: name.to_owned(), images: vec![image], capacity, ..RunningVariant::default() }
    }

    fn proved() -> Endpoint {
        Endpoint {
            status: "InService".to_owned(),
            config_name: "config".to_owned(),
            running: vec![variant(
                "a",
                "h/a@sha256:aa",
                &[("CurrentInstanceCount", "1"), ("DesiredInstanceCount", "1")],
            )],
            created: Some("1".to_owned()),
            modified: Some("2".to_owned()),
            ..Endpoint::default()
        }
    }

    fn after(change: impl FnOnce(&mut Endpoint)) -> Vec<String> {
        let mut now = proved();
        change(&mut now);
        changes(&proved(), &now)
    }

    #[test]
    fn another_config_or_a_deployment_is_a_change() {
        assert_eq!(after(|_| ()), [""; 0]);
        assert_eq!(
            after(|now| now.config_name = "next".to_owned()),
            ["endpoint config next is live, and config was proved"]
        );
        let pending = after(|now| {
            now.status = "Updating".to_owned();
            now.pending_config = Some("next".to_owned());
        });
        assert_eq!(pending, ["a deployment of endpoint config next is under way"]);
        let baking = after(|now| now.running[0].stage = Some("Baking".to_owned()));
        assert_eq!(baking, ["a deployment of variant a is under way (\"Baking\")"]);
        for status in ["Updating", "RollingBack", "Failed", "Deleting", "Warming"] {
            let said = after(|now| now.status = status.to_owned());
            assert!(said[0].starts_with(&format!("it is \"{status}\" (")), "{said:?}");
        }
        assert_eq!(after(|now| now.created = Some("9".to_owned())), ["it was deleted and created anew"]);
        assert_eq!(after(|now| now.modified = Some("9".to_owned())), ["it was modified, and nothing shows how"]);
    }

    #[test]
    fn other_images_and_other_variants_are_a_change() {
        let other = after(|now| now.running = vec![variant("a", "h/a@sha256:bb", &[])]);
        assert_eq!(other, ["variant a runs h/a@sha256:bb now, and ran h/a@sha256:aa"]);
        let added = after(|now| now.running.push(variant("b", "h/a@sha256:aa", &[])));
        assert_eq!(added, ["variant b runs now, and did not before"]);
        let moved = after(|now| now.running[0].shadow = true);
        assert_eq!(moved, ["variant a runs now, and did not before", "variant a ran, and does not now"]);
    }

    #[test]
    fn scaling_and_maintenance_change_no_model() {
        let scaling = [("CurrentInstanceCount", "1"), ("DesiredInstanceCount", "2")];
        let scaled = after(|now| {
            now.status = "Updating".to_owned();
            now.running = vec![variant("a", "h/a@sha256:aa", &scaling)];
            now.modified = Some("9".to_owned());
        });
        assert_eq!(scaled, [""; 0]);
        let maintained = after(|now| {
            now.status = MAINTENANCE.to_owned();
            now.running[0].stage = Some("Updating".to_owned());
            now.modified = Some("9".to_owned());
        });
        assert_eq!(maintained, [""; 0]);
    }

    #[test]
    fn what_is_not_told_is_no_change() {
        let silent = after(|now| {
            now.running = Vec::new();
            (now.created, now.modified) = (None, None);
        });
        assert_eq!(silent, [""; 0]);
        assert_eq!(after(|now| now.running[0].images = Vec::new()), [""; 0]);
    }
}
