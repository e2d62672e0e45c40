//! What the role in a target account needs, as `templates/target-account.yml` says it.

use super::need::{ANY, Need};
use super::subject::Subject;
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::iam::Key;
use crate::domain::registry::model_package::ModelPackage;

/// What the role in a target account needs to run models and to let them be tested: the statements that it has
/// whatever its parameters.
pub(super) fn needs(subject: &Subject, account: &AccountId, package: Option<&ModelPackage>) -> Vec<Need> {
    let Subject { partition, region, .. } = subject;
    let own = |service: &str, resource: &str| format!("arn:{partition}:{service}:{region}:{account}:{resource}");
    let container = package.and_then(|package| package.containers.first());
    let data: Option<S3Uri> = container.and_then(|container| container.model_data.as_ref()?.parse().ok());
    let needs = target_statements().into_iter().filter_map(|(sid, actions)| {
        let resources = match sid.as_str() {
            "WriteLogs" => {
                vec![own("logs", &format!("log-group:/aws/sagemaker/Endpoints/{ANY}:log-stream:{ANY}"))]
            }
            "WriteMetrics" | "LogInToRegistries" | "ListInferenceComponents" | "SendChatsWithTokens" => {
                vec!["*".to_owned()]
            }
            "PullImages" => {
                vec![format!("arn:{partition}:ecr:{region}:{}:repository/{ANY}", container_account(package)?)]
            }
            "ReadModelData" => {
                let data = data.as_ref()?;
                vec![format!("arn:{partition}:s3:::{}/{}", data.bucket, data.key)]
            }
            "ProveLiveModel" | "SendCases" => Vec::new(),
            _ => return None,
        };
        let names: Vec<&str> = actions.iter().map(String::as_str).collect();
        let mut need = Need::new(&sid, &names, resources);
        need.optional = matches!(sid.as_str(), "ListInferenceComponents" | "SendChatsWithTokens");
        need.keys.push(("cloudwatch:namespace", Key::known("/aws/sagemaker/Endpoints")));
        for action in actions.iter().filter(|action| action.starts_with("sagemaker:")) {
            let noun = match action.trim_start_matches("sagemaker:") {
                "DescribeEndpointConfig" => "endpoint-config",
                "DescribeModel" => "model",
                "DescribeInferenceComponent" => "inference-component",
                "ListInferenceComponents" | "CallWithBearerToken" => continue,
                _ => "endpoint",
            };
            need.by_action.insert(action.clone(), own("sagemaker", &format!("{noun}/{ANY}")));
        }
        Some(need)
    });
    needs.collect()
}

/// The account whose private registry the package's image is in.
fn container_account(package: Option<&ModelPackage>) -> Option<String> {
    let account = package?.containers.first()?.image().split('.').next()?;
    account.parse::<AccountId>().ok().map(|account| account.to_string())
}

/// Statements of `templates/target-account.yml` that stand there without a condition.
fn target_statements() -> Vec<(String, Vec<String>)> {
    const TEMPLATE: &str = include_str!("../../../../templates/target-account.yml");
    let template: serde_yaml::Value = serde_yaml::from_str(TEMPLATE).unwrap_or_default();
    let policies = &template["Resources"]["SageMakerCrossRole"]["Properties"]["Policies"];
    let all = policies.as_sequence().into_iter().flatten();
    let all = all.filter_map(|policy| policy["PolicyDocument"]["Statement"].as_sequence()).flatten();
    let texts = |value: &serde_yaml::Value| match value {
        serde_yaml::Value::Sequence(items) => {
            items.iter().filter_map(|item| item.as_str()).map(str::to_owned).collect()
        }
        single => single.as_str().map(str::to_owned).into_iter().collect(),
    };
    let found = all.filter(|one| one.is_mapping());
    found.filter_map(|one| Some((one["Sid"].as_str()?.to_owned(), texts(&one["Action"])))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::platform::doctor::healthy::healthy;
    use crate::domain::platform::doctor::subject::tests::named;

    #[test]
    fn every_unconditional_statement_of_the_target_role_is_asked_for() {
        let (subject, facts) = (named(), healthy());
        let package = facts.model.package.as_ref().ok().and_then(Option::as_ref);
        let account = "222222222222".parse().expect("valid");
        let needs = super::needs(&subject, &account, package);
        for (sid, actions) in target_statements() {
            // A single object is read without listing its bucket.
            if sid == "ListModelData" {
                continue;
            }
            let need = needs.iter().find(|need| need.sid == sid).unwrap_or_else(|| panic!("{sid} is not asked for"));
            assert_eq!(need.actions, actions);
            assert!(actions.iter().all(|action| !need.resources_of(action).is_empty()), "{sid}");
        }
        assert!(needs.len() >= 7, "{needs:?}");
    }
}
