//! Stages: the accounts of their units, their stack sets, and what their endpoints run on.

use futures::FutureExt;
use futures::future::join_all;

use super::accounts::Quotas;
use super::inputs::Inputs;
use super::look::{Look, seen, unseen};
use super::project::Project;
use super::there;
use crate::cloud::aws::{cloudformation, service_quotas};
use crate::cloud::error::ErrorKind;
use crate::cloud::units;
use crate::domain::aws::call_as::CallAs;
use crate::domain::aws::organization::Targets;
use crate::domain::platform::doctor::{Demand, Seen, StackSet, StageFacts, Subject, Unseen};
use crate::domain::project::stage::StageSettings;

impl Look<'_> {
    pub(super) async fn stages(
        &self,
        subject: &Subject,
        project: &Project,
        inputs: &Inputs,
        call_as: CallAs,
    ) -> Vec<StageFacts> {
        let api = self.api();
        let listed = async { seen(None, "*", service_quotas::defaults(api).await) };
        let quotas: Quotas<'_> = listed.boxed_local().shared();
        join_all(subject.stages.iter().map(async |settings| {
            let name = stack_set_name(subject, project, settings);
            let (targets, stack_set) = futures::join!(self.targets(settings), self.stack_set(name, call_as));
            let written = inputs.demand(settings);
            let demand = written.or_else(|| of_stack_set(there(&stack_set)));
            let demand = demand.filter(|demand| !demand.is_empty()).ok_or_else(|| {
                Unseen::unasked(format!(
                    "{} is not here, and nothing is deployed that would tell it",
                    settings.config_file
                ))
            });
            let accounts = match &targets {
                Ok(targets) => self.accounts(subject, settings, targets, &demand, &quotas).await,
                Err(_) => Vec::new(),
            };
            StageFacts { targets, demand, stack_set, accounts }
        }))
        .await
    }

    async fn targets(&self, settings: &StageSettings) -> Seen<Targets> {
        let Some(unit) = &settings.unit else {
            return Err(Unseen::unasked(format!("no unit is named ({})", settings.stage.unit_variable())));
        };
        units::targets(self.cloud, unit, true).await.map_err(|error| match error.kind {
            ErrorKind::NotFound => Unseen::Missing(format!("{unit} does not exist in the organization")),
            _ => unseen(None, "*", error),
        })
    }

    async fn stack_set(&self, name: Seen<String>, call_as: CallAs) -> Seen<Option<StackSet>> {
        let (name, api) = (name?, self.api());
        let arn = self.arn("cloudformation", &format!("stackset/{name}:*"));
        let Some(found) = seen(None, &arn, cloudformation::stack_set(api, &name, call_as).await)? else {
            return Ok(None);
        };
        let (operations, instances) = futures::join!(
            cloudformation::running(api, &name, call_as),
            cloudformation::instances(api, &name, call_as),
        );
        Ok(Some(StackSet {
            service_managed: found.service_managed,
            parameters: found.parameters,
            operations: seen(None, &arn, operations),
            instances: seen(None, &arn, instances),
            name,
        }))
    }
}

fn of_stack_set(set: Option<&StackSet>) -> Option<Vec<Demand>> {
    let parameters = set?.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Some(Demand::among(&parameters.collect::<Vec<_>>()))
}

/// As the pipeline's action names it; else as the project template does.
fn stack_set_name(subject: &Subject, project: &Project, settings: &StageSettings) -> Seen<String> {
    let config = format!("::{}", settings.export_file);
    let of_pipeline = there(&project.pipeline).and_then(|pipeline| {
        let mut actions = pipeline.deployments();
        let (_, action) = actions
            .find(|(_, action)| action.setting("Parameters").is_some_and(|parameters| parameters.ends_with(&config)))?;
        action.setting("StackSetName").map(str::to_owned)
    });
    of_pipeline.map_or_else(|| Ok(subject.project()?.stack_set(&settings.stage)), Ok)
}
