//! Whether target accounts may have as many endpoint instances as the stage wants.

use super::check::Check;
use super::facts::Facts;
use super::subject::Subject;
use super::verdict::{Fix, Verdict};

const CHECK: Check = Check::Quota;

/// The instances that a stage's endpoint has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub instance_type: String,
    pub count: u32,
}

/// How many of an instance type an account's endpoints may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    pub code: String,
    pub value: f64,
}

/// The quota's name in Service Quotas.
pub fn quota_name(instance_type: &str) -> String {
    format!("{instance_type} for endpoint usage")
}

impl Demand {
    /// Of a stage's parameters: the first that names an instance type, and the count beside it.
    pub fn among<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)> + Clone) -> Option<Self> {
        let (name, kind) = parameters.clone().into_iter().find(|(_, value)| value.starts_with("ml."))?;
        let beside = name.replace("Type", "Count");
        let count = parameters.into_iter().find(|(other, _)| *other == beside && beside != name);
        let count = count.and_then(|(_, value)| value.parse().ok()).unwrap_or(1);
        Some(Self { instance_type: kind.to_owned(), count })
    }
}

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (settings, stage) in subject.stages.iter().zip(&facts.stages) {
        let name = settings.stage.as_str();
        let demand = match &stage.demand {
            Ok(demand) => demand,
            Err(unseen) => {
                verdicts.push(Verdict::unseen(CHECK, name, unseen));
                continue;
            }
        };
        for account in &stage.accounts {
            let label = format!("{name} {}", account.account);
            verdicts.push(match &account.quota {
                Ok(quota) => one(&label, demand, quota, account.account.as_str()),
                Err(unseen) => Verdict::unseen(CHECK, label, unseen),
            });
        }
    }
    verdicts
}

fn one(label: &str, demand: &Demand, quota: &Quota, account: &str) -> Verdict {
    let Demand { instance_type, count } = demand;
    let Quota { code, value: quota } = quota;
    let text = format!("{quota} {instance_type} for endpoints, and the stage wants {count}");
    let wanted = f64::from(*count);
    let fix = || {
        Fix::new(format!("in account {account}, ask for more: quota \"{}\"", quota_name(instance_type))).command(format!(
            "aws service-quotas request-service-quota-increase --service-code sagemaker --desired-value {} --quota-code {code}",
            2 * count
        ))
    };
    if *quota < wanted {
        Verdict::fail(CHECK, label, text).mend(fix())
    } else if *quota < 2.0 * wanted {
        // Blue/green updates run the new fleet beside the old one (SageMaker Developer Guide, "Blue/Green Deployments").
        Verdict::warn(CHECK, label, format!("{text}: an update runs old and new instances side by side")).mend(fix())
    } else {
        Verdict::ok(CHECK, label, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::doctor::Status;

    #[test]
    fn a_stage_tells_its_instances_by_its_parameters() {
        let demand = |parameters: &[(&str, &str)]| Demand::among(parameters.iter().copied());
        let staging = demand(&[
            ("StageName", "staging"),
            ("EndpointInstanceCount", "3"),
            ("EndpointInstanceType", "ml.m5.large"),
        ]);
        assert_eq!(staging, Some(Demand { instance_type: "ml.m5.large".to_owned(), count: 3 }));
        assert_eq!(demand(&[("Kind", "ml.c5.xlarge")]).map(|demand| demand.count), Some(1));
        assert_eq!(demand(&[("StageName", "prod")]), None);
    }

    #[test]
    fn an_update_wants_twice_the_instances() {
        let demand = Demand { instance_type: "ml.m5.large".to_owned(), count: 2 };
        let statuses =
            [1.0, 2.0, 4.0].map(|value| one("prod", &demand, &Quota { code: "L-1".to_owned(), value }, "2").status);
        assert_eq!(statuses, [Status::Fail, Status::Warn, Status::Ok]);
    }
}
