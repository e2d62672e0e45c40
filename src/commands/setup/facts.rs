//! Reads everything that a setup is about, side by side; what cannot be read hides nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::{LocalBoxFuture, join_all};
use serde_json::json;

use super::super::interruption::{self, unless_interrupted};
use super::super::session::Session;
use super::apply::wait_until_idle;
use super::inputs::Inputs;
use crate::cloud::aws::Aws;
use crate::cloud::error::ErrorKind;
use crate::cloud::{Caller, CloudError, CloudResult, ModelRegistry, Storage, units};
use crate::domain::aws::arn::{AccountId, Arn};
use crate::domain::aws::organization::{DELEGATION, Targets, UnitId};
use crate::domain::aws::partition::partition_of_region;
use crate::domain::finding::Finding;
use crate::domain::platform::setup::spec::PipelineRoles;
use crate::domain::platform::setup::{
    ClassicRole, Facts, Holder, Home, Organization, POLICY_NAME, Place, Read, StackSetFacts, model_data_bucket,
    rolled_out, stack_set_name,
};
use crate::domain::registry::model_package::GroupRef;
use crate::error::Result;

/// What is read, and how long a stack set may be busy before it is.
pub(super) struct Gathering<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) cloud: &'a Aws,
    pub(super) session: &'a Session,
    /// Wait for operations that run, so long at most.
    pub(super) wait: Option<Duration>,
}

/// What came of a question; a signal that comes before the answer is why there is none.
fn heeded<'q, T: 'q>(question: impl Future<Output = CloudResult<T>> + 'q) -> LocalBoxFuture<'q, CloudResult<T>> {
    Box::pin(async {
        let answered = unless_interrupted(question).await;
        answered
            .unwrap_or_else(|signal| Err(CloudError::new(ErrorKind::Other, "stopped", interruption::reason(signal))))
    })
}

/// A part that could not be read; of a missing permission, the statement that is missing, too.
fn unread(error: &CloudError, what: impl Into<String>, resource: &str) -> Finding {
    let mut finding = error.finding(what);
    if error.kind == ErrorKind::Denied {
        let statement = json!({"Effect": "Allow", "Action": error.operation, "Resource": resource});
        finding.hint = finding.hint.map(|hint| format!("{hint}, with a statement such as {statement}"));
    }
    finding
}

pub(super) async fn gather(gathering: &Gathering<'_>) -> Result<Facts> {
    let cloud = gathering.cloud;
    let known = heeded(cloud.account()).await.and_then(|text| {
        text.parse::<AccountId>()
            .map_err(|error| CloudError::new(ErrorKind::Other, "sts:GetCallerIdentity", error.to_string()))
    });
    let account = known.map_err(|error| error.failure("cannot tell whose credentials these are"))?;
    let region = cloud.region().to_owned();
    let home = Home { partition: partition_of_region(&region), account, region };
    let (organization, units, bucket, roles, groups, stack_sets) = futures::join!(
        gathering.organization(),
        gathering.units(),
        gathering.bucket(&home),
        gathering.roles(&home),
        gathering.groups(&home),
        gathering.stack_sets(&home),
    );
    Ok(Facts { home, organization, units, bucket, roles, groups, stack_sets })
}

impl Gathering<'_> {
    async fn organization(&self) -> Option<Organization> {
        let Inputs { settings, wishes, .. } = self.inputs;
        let rolls_out = settings.stages.iter().any(|stage| rolled_out(settings, stage).is_some());
        if !rolls_out && !wishes.enable_trusted_access && wishes.register_delegated_admin.is_none() {
            return None;
        }
        let (management, trusted_access, delegated) = futures::join!(
            heeded(self.cloud.management_account()),
            heeded(self.cloud.has_trusted_access(self.inputs.call_as())),
            heeded(self.cloud.delegated_administrators(DELEGATION)),
        );
        Some(Organization {
            management: management.map_err(|error| unread(&error, "cannot tell the management account", "*")),
            trusted_access: trusted_access
                .map_err(|error| unread(&error, "cannot tell whether StackSets have trusted access", "*")),
            delegated: delegated
                .map_err(|error| unread(&error, "cannot list the delegated administrators for StackSets", "*")),
        })
    }

    async fn units(&self) -> BTreeMap<UnitId, Read<Targets>> {
        let named = self.inputs.settings.stages.iter().filter_map(|stage| match &stage.place {
            Place::Units(units) => Some(units),
            Place::Accounts(_) => None,
        });
        let named: BTreeSet<UnitId> = named.flatten().cloned().collect();
        let read = named.into_iter().map(async |unit| {
            let targets = heeded(units::targets(self.cloud, &unit, true)).await;
            let targets =
                targets.map_err(|error| unread(&error, format!("cannot list the accounts of unit {unit}"), "*"));
            (unit, targets)
        });
        join_all(read).await.into_iter().collect()
    }

    async fn bucket(&self, home: &Home) -> Read<Holder> {
        if self.inputs.settings.stages.is_empty() {
            return Ok(Holder::Missing);
        }
        let bucket = model_data_bucket(&self.inputs.settings, home);
        match heeded(self.cloud.bucket_policy(&bucket)).await {
            Ok(policy) => Ok(Holder::There { is: (), policy }),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Holder::Missing),
            Err(error) => {
                let resource = format!("arn:{}:s3:::{bucket}", home.partition);
                Err(unread(&error, format!("cannot read the policy of bucket {bucket}"), &resource))
            }
        }
    }

    async fn roles(&self, home: &Home) -> Vec<(ClassicRole, Read<Holder>)> {
        let settings = &self.inputs.settings;
        let launch = settings.seed.is_some().then_some(ClassicRole::Launch);
        let classic = (settings.pipeline_roles == PipelineRoles::Classic).then_some(ClassicRole::Use);
        let read = launch.into_iter().chain(classic).map(async |role| {
            let policy = heeded(self.cloud.role_policy(role.name(), POLICY_NAME)).await.map_err(|error| {
                let resource = format!("arn:{}:iam::{}:{}", home.partition, home.account, role.resource());
                unread(&error, format!("cannot read role {}", role.name()), &resource)
            });
            (role, policy)
        });
        join_all(read).await
    }

    async fn groups(&self, home: &Home) -> Vec<(String, Read<Holder<Arn>>)> {
        let read = self.inputs.settings.groups.iter().map(async |group| {
            let read = heeded(self.group(group)).await.map_err(|error| {
                let Home { partition, account, region } = home;
                let resource = format!("arn:{partition}:sagemaker:{region}:{account}:model-package-group/{group}");
                unread(&error, format!("cannot read the policy of model package group {group}"), &resource)
            });
            (group.clone(), read)
        });
        join_all(read).await
    }

    async fn group(&self, name: &str) -> std::result::Result<Holder<Arn>, CloudError> {
        let group = GroupRef { name: name.to_owned(), arn: None };
        let Some(is) = self.cloud.model_package_group(&group).await? else { return Ok(Holder::Missing) };
        Ok(Holder::There { is, policy: self.cloud.group_policy(name).await? })
    }

    async fn stack_sets(&self, home: &Home) -> BTreeMap<String, Read<Option<StackSetFacts>>> {
        let settings = &self.inputs.settings;
        let sets = settings.stages.iter().filter(|stage| rolled_out(settings, stage).is_some()).map(stack_set_name);
        let read = sets.map(async |name| {
            let read = heeded(self.stack_set(&name)).await.map_err(|error| {
                let Home { partition, account, region } = home;
                let resource = format!("arn:{partition}:cloudformation:{region}:{account}:stackset/{name}:*");
                unread(&error, format!("cannot read stack set {name}"), &resource)
            });
            (name, read)
        });
        join_all(read).await.into_iter().collect()
    }

    /// What a running operation changes is read when it has ended.
    async fn stack_set(&self, name: &str) -> std::result::Result<Option<StackSetFacts>, CloudError> {
        let call_as = self.inputs.call_as();
        let Some(mut set) = self.cloud.stack_set(name, call_as).await? else { return Ok(None) };
        set.running = self.cloud.running_operation(name, call_as).await?;
        match (&set.running, self.wait) {
            (Some(_), Some(wait)) => {
                wait_until_idle(self.cloud, call_as, name, self.session, wait).await?;
                self.cloud.stack_set(name, call_as).await
            }
            _ => Ok(Some(set)),
        }
    }
}
