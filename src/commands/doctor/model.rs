//! The model package group, the version that a build would choose, and who may read what it is made of.

use std::collections::BTreeSet;

use super::super::build::access::{self, Seen as Known};
use super::super::registry::{latest, life_cycles_of};
use super::look::{Look, seen, unseen};
use crate::cloud::{Caller, CloudResult, ModelRegistry};
use crate::domain::access::Review;
use crate::domain::aws::arn::{AccountId, Arn};
use crate::domain::aws::partition::partition_of_region;
use crate::domain::platform::doctor::{ModelFacts, Seen, StageFacts, Subject, Unseen};
use crate::domain::registry::chosen_by::ChosenBy;
use crate::domain::registry::group_policy::{Change, Grant};
use crate::domain::registry::model_package::{Container, GroupRef, ModelPackage};

/// What the registry says.
pub(super) struct Registry {
    group: Seen<Option<Arn>>,
    policy: Seen<Option<String>>,
    package: Seen<Option<ModelPackage>>,
    life_cycles: Vec<String>,
}

/// The version that a build would choose, or the life cycles that there are where it would choose none.
struct Latest {
    package: Option<ModelPackage>,
    life_cycles: Vec<String>,
}

impl Look<'_> {
    pub(super) async fn registry(&self, subject: &Subject) -> Registry {
        let group = subject.group.clone().or_else(|| subject.project.as_ref()?.name.parse().ok());
        let Some(group) = group else {
            let why = || Unseen::unasked("no model package group is named (--model-package-group)");
            return Registry { group: Err(why()), policy: Err(why()), package: Err(why()), life_cycles: Vec::new() };
        };
        let of_group = self.arn("sagemaker", &format!("model-package-group/{}", group.name));
        let policy = async {
            match &group.arn {
                // The policy is asked for by name, which is that of an own group.
                Some(_) => Err(Unseen::unasked("it is named by its ARN: its owner sees to its policy")),
                None => seen(None, &of_group, self.cloud.group_policy(&group.name).await),
            }
        };
        let (found, policy, package) =
            futures::join!(self.cloud.model_package_group(&group), policy, self.latest(&group, &subject.chosen_by));
        let of_packages = self.arn("sagemaker", &format!("model-package/{}/*", group.name));
        let found = seen(None, &of_group, found);
        let package = match &found {
            Ok(None) => Err(Unseen::unasked("there is no group")),
            _ => seen(None, of_packages, package),
        };
        let (package, life_cycles) = match package {
            Ok(latest) => (Ok(latest.package), latest.life_cycles),
            Err(unseen) => (Err(unseen), Vec::new()),
        };
        Registry { group: found, policy, package, life_cycles }
    }

    async fn latest(&self, group: &GroupRef, by: &ChosenBy) -> CloudResult<Latest> {
        if let Some(chosen) = latest(self.cloud, group, by).await? {
            return Ok(Latest { package: self.cloud.model_package(&chosen.arn).await?, life_cycles: Vec::new() });
        }
        let first = self.cloud.model_packages(group, None, None).await?;
        Ok(Latest { package: None, life_cycles: life_cycles_of(self.cloud, group, &first).await? })
    }

    /// Reviews access as a build does, with the policy that a build would leave.
    pub(super) async fn model(
        &self,
        subject: &Subject,
        home: &AccountId,
        stages: &[StageFacts],
        registry: Registry,
    ) -> ModelFacts {
        let (review, unread) = match self.review(subject, home, stages, &registry).await {
            Ok((review, unread)) => (Ok(review), unread),
            Err(unseen) => (Err(unseen), Vec::new()),
        };
        let Registry { group, policy, package, life_cycles } = registry;
        ModelFacts { group, policy, package, life_cycles, review, unread }
    }

    async fn review(
        &self,
        subject: &Subject,
        home: &AccountId,
        stages: &[StageFacts],
        registry: &Registry,
    ) -> Seen<(Review, Vec<Unseen>)> {
        let known = subject.stages.iter().zip(stages);
        let known = known.filter_map(|(settings, stage)| Some((settings, stage.targets.as_ref().ok()?)));
        let callers = access::callers(self.cloud.region(), known);
        if callers.is_empty() {
            return Err(Unseen::unasked("no account is known that would deploy the model"));
        }
        let package = match (&registry.package, &subject.model_bucket) {
            (Ok(Some(package)), _) => package.clone(),
            // All that is in the bucket stands for the data of a version to come.
            (_, Some(bucket)) => any_in(bucket),
            (Err(unseen), None) => return Err(unseen.clone()),
            (Ok(None), None) => {
                return Err(Unseen::unasked(
                    "no version is approved, and no bucket of model data is named (--model-data-bucket)",
                ));
            }
        };
        let group = match &registry.group {
            Ok(Some(group)) => group.clone(),
            _ => self.group_to_be(home, &package.group),
        };
        let project_id = subject.project.as_ref().map_or("", |project| &project.id);
        let accounts: BTreeSet<AccountId> = callers.iter().map(|caller| caller.account.clone()).collect();
        let left = registry.policy.as_ref().ok().filter(|_| package.version > 0).and_then(|current| {
            let grant = Grant { group_arn: &group, project_id, accounts: &accounts };
            match grant.merge_into(current.as_deref()).ok()? {
                Change::Put(text) => Some(text),
                Change::None => current.clone(),
            }
        });
        let known = Known { group: &group, package: &package, policy: left.as_deref(), callers, project_id };
        let (mut review, unread) = access::reviewed(self.cloud, home.as_str(), &known).await;
        if package.version == 0 {
            // That an empty bucket holds no data is not a fault of it.
            review.gaps.retain(|gap| gap.statement.is_some());
        }
        let unread = unread.into_iter().map(|(what, error)| unseen(None, what, error)).collect();
        Ok((review, unread))
    }

    fn group_to_be(&self, home: &AccountId, name: &str) -> Arn {
        let region = self.cloud.region().to_owned();
        Arn {
            partition: partition_of_region(&region).to_owned(),
            service: "sagemaker".to_owned(),
            region,
            account: home.to_string(),
            resource: format!("model-package-group/{name}"),
        }
    }
}

fn any_in(bucket: &str) -> ModelPackage {
    let data = Container { model_data: Some(format!("s3://{bucket}/")), ..Container::default() };
    ModelPackage { containers: vec![data], ..ModelPackage::default() }
}
