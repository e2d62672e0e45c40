//! What the registry says of the versions that are live, and of those that are newer.

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::future::join_all;
use futures::stream;

use super::super::registry::{as_asked_for, versions_down_to};
use super::look::Look;
use crate::cloud::Cloud;
use crate::domain::aws::arn::Arn;
use crate::domain::registry::chosen_by::ChosenBy;
use crate::domain::registry::model_package::GroupRef;
use crate::domain::status::StatusReport;

/// As many versions are described at once.
const AT_ONCE: usize = 8;

impl<C: Cloud> Look<'_, C> {
    /// Adds what the registry says to the report, and why it says no more.
    pub(super) async fn take_registry(&self, report: &mut StatusReport, account: &str, by: &ChosenBy) {
        let (live, groups) = report.live_packages();
        let described = stream::iter(live).map(async |text| {
            let Ok(arn) = text.parse::<Arn>() else { return (text, Ok(None)) };
            let described = self.cloud.model_package(&arn).await;
            (text, described)
        });
        let described: Vec<_> = described.buffer_unordered(AT_ONCE).collect().await;
        let mut packages = BTreeMap::new();
        let mut why = None;
        for (arn, described) in described {
            match described {
                Ok(Some(package)) => {
                    packages.insert(arn, package);
                }
                Ok(None) => report.notes.push(format!("the registry has no {arn}, which is live")),
                Err(error) => why = why.or(Some(format!("approvals are not all shown: {}", error.message()))),
            }
        }
        report.notes.extend(why);
        let groups: Vec<(Arn, Option<u32>)> = if groups.is_empty() {
            self.named_group(report).await.into_iter().map(|arn| (arn, None)).collect()
        } else {
            groups.into_iter().map(|(arn, lowest)| (arn, Some(lowest))).collect()
        };
        let listed = join_all(groups.into_iter().map(async |(arn, lowest)| {
            let name = arn.resource.strip_prefix("model-package-group/").unwrap_or_default().to_owned();
            let group = GroupRef { name, arn: Some(arn.clone()) }.seen_by(account, self.cloud.region());
            (arn, versions_down_to(self.cloud, &group, by, lowest).await)
        }));
        let mut versions = BTreeMap::new();
        for (arn, listed) in listed.await {
            match listed {
                Ok(listed) => {
                    versions.insert(arn, listed);
                }
                Err(error) => {
                    report.notes.push(format!("how far behind versions are is not shown: {}", error.message()));
                }
            }
        }
        report.take_registry(&packages, &versions);
    }

    /// The group that was named, where no version of any group is live.
    async fn named_group(&self, report: &mut StatusReport) -> Option<Arn> {
        let group = as_asked_for(self.cloud, self.settings.group.as_ref()?).await.ok()?;
        match self.cloud.model_package_group(&group).await {
            Ok(found) => found,
            Err(error) => {
                report.notes.push(format!("model package group {group} cannot be read: {}", error.message()));
                None
            }
        }
    }
}
