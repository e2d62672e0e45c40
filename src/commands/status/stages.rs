//! A stage: the accounts of its unit, and its stack set.

use std::collections::BTreeMap;

use super::found::{FoundStage, Set};
use super::look::Look;
use crate::cloud::{Cloud, units};
use crate::domain::aws::organization::Targets;
use crate::domain::aws::stack_instance::Instance;
use crate::domain::project::build_plan::MODEL_PACKAGE_NAME;
use crate::domain::project::stage::StageSettings;
use crate::domain::report::results::LeftOutReport;
use crate::domain::status::{Site, StackSetStatus, StageStatus};

impl<C: Cloud> Look<'_, C> {
    pub(super) async fn stage(&self, stage: &StageSettings) -> FoundStage {
        let (targets, set) = futures::join!(self.targets(stage), self.stack_set(stage));
        let mut status = StageStatus {
            stage: stage.stage.to_string(),
            organizational_unit: stage.unit.as_ref().map(ToString::to_string),
            ..StageStatus::default()
        };
        let mut instances: &[Instance] = &[];
        if let Set::Found(name, facts) = &set {
            let model_package_arn = facts.parameters.get(MODEL_PACKAGE_NAME).cloned();
            status.stack_set = Some(StackSetStatus { name: name.clone(), model_package_arn });
            instances = &facts.instances;
        }
        let targets = match targets {
            Ok(targets) => targets,
            // The stack set knows whom it was deployed to.
            Err(_) if stage.unit.is_none() && !instances.is_empty() => Targets::default(),
            Err(why) => {
                status.error = Some(why);
                Targets::default()
            }
        };
        status.left_out = targets.left_out.iter().cloned().map(LeftOutReport::from).collect();
        let sites = self.sites(stage, &targets, instances);
        let role = self.settings.role.clone().or_else(|| stage.role_name.clone());
        FoundStage { status, set, sites, role }
    }

    /// Every account of the unit in every Region, and every stack of the stack set.
    fn sites(&self, stage: &StageSettings, targets: &Targets, instances: &[Instance]) -> Vec<Site> {
        let asked = &self.settings.regions;
        let own = [self.cloud.region().to_owned()];
        let regions = if asked.is_empty() { &own[..] } else { &asked[..] };
        let mut known: BTreeMap<(String, String), Option<Instance>> = BTreeMap::new();
        for account in targets.ids() {
            known.extend(regions.iter().map(|region| ((account.to_string(), region.clone()), None)));
        }
        let instances = instances.iter().filter(|one| asked.is_empty() || asked.contains(&one.region));
        known.extend(instances.map(|one| ((one.account.clone(), one.region.clone()), Some(one.clone()))));
        let site = |((account, region), instance)| Site {
            account,
            region,
            endpoint: format!("{}-{}", self.settings.project, stage.stage),
            instance,
        };
        known.into_iter().map(site).collect()
    }

    async fn targets(&self, stage: &StageSettings) -> Result<Targets, String> {
        let Some(unit) = &stage.unit else {
            return Err(format!("no unit is named ({}), so its accounts are not known", stage.stage.unit_variable()));
        };
        let found = units::targets(self.cloud, unit, true).await;
        found.map_err(|error| format!("cannot list the accounts of unit {unit}: {}", error.message()))
    }

    async fn stack_set(&self, stage: &StageSettings) -> Set {
        let Some(aws) = self.aws else { return Set::Unread("an offline world has no stack sets".to_owned()) };
        let Some(names) = &self.settings.names else {
            return Set::Unread("--project-id is not given, after which stack sets are named".to_owned());
        };
        let name = names.stack_set(&stage.stage);
        match Box::pin(aws.stack_set(&name, self.settings.call_as)).await {
            Ok(Some(facts)) => Set::Found(name, facts),
            Ok(None) => Set::Absent(name),
            Err(error) => Set::Unread(format!("stack set {name} cannot be read: {}", error.message())),
        }
    }
}
