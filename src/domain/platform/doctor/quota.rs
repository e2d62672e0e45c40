//! Whether target accounts may have as many endpoint instances as the stage wants.

use super::check::Check;
use super::demand::{Demand, Quota, quota_name};
use super::facts::Facts;
use super::subject::Subject;
use super::verdict::{Fix, Verdict};

const CHECK: Check = Check::Quota;

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (settings, stage) in subject.stages.iter().zip(&facts.stages) {
        let name = settings.stage.as_str();
        let demands = match &stage.demand {
            Ok(demands) => demands,
            Err(unseen) => {
                verdicts.push(Verdict::unseen(CHECK, name, unseen));
                continue;
            }
        };
        for account in &stage.accounts {
            for (demand, quota) in demands.iter().zip(&account.quotas) {
                let more = if demands.len() > 1 { format!(" {}", demand.instance_type) } else { String::new() };
                let label = format!("{name} {}{more}", account.account);
                verdicts.push(match quota {
                    Ok(quota) => one(&label, demand, quota, account.account.as_str()),
                    Err(unseen) => Verdict::unseen(CHECK, label, unseen),
                });
            }
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
        Verdict::fail(CHECK, label, text).fixed_by(fix())
    } else if *quota < 2.0 * wanted {
        // Blue/green updates run the new fleet beside the old one (SageMaker Developer Guide, "Blue/Green Deployments").
        Verdict::warn(CHECK, label, format!("{text}: an update runs old and new instances side by side"))
            .fixed_by(fix())
    } else {
        Verdict::ok(CHECK, label, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::platform::doctor::Status;

    #[test]
    fn an_update_wants_twice_the_instances() {
        let demand = Demand { instance_type: "ml.m5.large".to_owned(), count: 2 };
        let statuses =
            [1.0, 2.0, 4.0].map(|value| one("prod", &demand, &Quota { code: "L-1".to_owned(), value }, "2").status);
        assert_eq!(statuses, [Status::Fail, Status::Warn, Status::Ok]);
    }
}
