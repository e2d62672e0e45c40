//! Target accounts: whether the stage's role can be taken on there, what IAM says of it, and the quota.

use futures::future::{LocalBoxFuture, Shared, join_all};
use futures::stream::{self, StreamExt};

use super::super::targets::role_arn;
use super::look::{Look, seen};
use super::roles::role;
use crate::cloud::aws::{Api, service_quotas};
use crate::cloud::{Caller, Roles};
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::organization::Targets;
use crate::domain::aws::session_name::session_name;
use crate::domain::iam::role_name;
use crate::domain::platform::doctor::{AccountFacts, Demand, Quota, Seen, Subject, Unseen, quota_name};
use crate::domain::project::stage::StageSettings;

/// As many accounts of a stage are looked into at once.
const AT_ONCE: usize = 16;

/// AWS's own quotas, listed once for all accounts.
pub(super) type Quotas<'a> = Shared<LocalBoxFuture<'a, Seen<Vec<service_quotas::Quota>>>>;

/// A session in an account.
struct Inside {
    api: Api,
    role: String,
}

impl Look<'_> {
    /// All active accounts of a stage, in their order.
    pub(super) async fn accounts(
        &self,
        subject: &Subject,
        settings: &StageSettings,
        targets: &Targets,
        demand: &Seen<Vec<Demand>>,
        quotas: &Quotas<'_>,
    ) -> Vec<AccountFacts> {
        let looks = targets.ids().into_iter().map(async |account| {
            let Some(name) = &settings.role_name else {
                let why = || Unseen::unasked(format!("no role is named ({})", settings.stage.role_variable()));
                let quotas = demand.iter().flatten().map(|_| Err(why())).collect();
                return AccountFacts { account, session: Err(why()), role: Err(why()), quotas };
            };
            Box::pin(self.account(subject, account, name, demand, quotas)).await
        });
        stream::iter(looks).buffered(AT_ONCE).collect().await
    }

    async fn account(
        &self,
        subject: &Subject,
        account: AccountId,
        name: &str,
        demand: &Seen<Vec<Demand>>,
        quotas: &Quotas<'_>,
    ) -> AccountFacts {
        let inspector = async {
            match &subject.inspect_role {
                Some(inspector) => Some(self.inside(&account, inspector).await),
                None => None,
            }
        };
        let (own, inspector) = futures::join!(self.inside(&account, name), inspector);
        let session = own.as_ref().map(|_| ()).map_err(Clone::clone);
        let inside = inspector.unwrap_or(own).map_err(|unseen| match unseen {
            Unseen::Denied(_) if subject.inspect_role.is_none() => {
                Unseen::unasked("it cannot be assumed, and no other role is named to look with (--inspect-role)")
            }
            other => other,
        });
        let inside = match inside {
            Ok(inside) => inside,
            Err(unseen) => {
                let quotas = demand.iter().flatten().map(|_| Err(unseen.clone())).collect();
                return AccountFacts { account, session, role: Err(unseen), quotas };
            }
        };
        let wanted = demand.iter().flatten().map(|demand| quota(&inside, demand, quotas));
        let (role, quotas) = futures::join!(role(&inside.api, Some(&inside.role), role_name(name)), join_all(wanted));
        AccountFacts { account, session, role, quotas }
    }

    /// Takes on a role in an account.
    async fn inside(&self, account: &AccountId, name: &str) -> Seen<Inside> {
        let region = self.cloud.region();
        let arn = role_arn(region, account, name);
        let assumed = self.cloud.assume_role(&arn, region, &session_name(None)).await;
        let access = seen(None, arn.to_string(), assumed)?;
        Ok(Inside { api: access.api().clone(), role: arn.to_string() })
    }
}

/// How many instances of that type the account may have.
async fn quota(inside: &Inside, demand: &Demand, quotas: &Quotas<'_>) -> Seen<Quota> {
    let name = quota_name(&demand.instance_type);
    let all = quotas.clone().await?;
    let Some(of_all) = all.into_iter().find(|quota| quota.name == name) else {
        return Err(Unseen::Failed(format!("Service Quotas knows no \"{name}\"")));
    };
    let applied = service_quotas::applied(&inside.api, &of_all.code).await;
    let value = seen(Some(&inside.role), "*", applied)?.unwrap_or(of_all.value);
    Ok(Quota { code: of_all.code, value })
}
