//! What AWS's sample projects call by names of their own, where such a name can mean one thing only.
//!
//! Read in aws-samples' sagemaker-custom-project-templates (build.py, project templates) and
//! amazon-sagemaker-secure-mlops (model-deploy/build.py, project-model-deploy.yaml).

use std::collections::BTreeMap;

/// The name of a stage's config, by the stage's part of a variable's name, and without its ending: read from `NAME-template.json`, exported to `NAME.json`.
pub(crate) fn config_name<'e>(stage: &str, environment: &'e BTreeMap<String, String>) -> Option<&'e str> {
    value(environment, &config_variable(stage))
}

/// The variable that holds it.
pub(crate) fn config_variable(stage: &str) -> String {
    format!("{stage}_CONFIG_NAME")
}

/// Parameters that the samples' own build steps compute, as far as the variables for them are set.
pub(crate) fn parameters(stage: &str, environment: &BTreeMap<String, String>) -> Vec<(&'static str, String)> {
    let of = |name: &str| value(environment, name).map(str::to_owned);
    let (environment_name, kind) = (of("ENV_NAME"), of(&format!("ENV_TYPE_{stage}_NAME")));
    let parameter_store = |what: &str| Some(format!("{}-{}-{what}", environment_name.as_ref()?, kind.as_ref()?));
    let values = [
        ("ModelExecutionRoleArn", of("MODEL_EXECUTION_ROLE_ARN")),
        ("Accounts", of(&format!("{stage}_ACCOUNT_LIST"))),
        ("VolumeKmsKeyArn", of("SAGEMAKER_EBS_KMS_KEY_ARN")),
        ("SageMakerSecurityGroupIds", parameter_store("sagemaker-sg-ids")),
        ("SageMakerSubnetIds", parameter_store("private-subnet-ids")),
        ("EnvName", environment_name.clone()),
        ("EnvType", kind.clone()),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn value<'e>(environment: &'e BTreeMap<String, String>, name: &str) -> Option<&'e str> {
    environment.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_variable_says_is_computed() {
        let stage = "PROD";
        let environment = [
            ("ENV_NAME", "ds"),
            ("ENV_TYPE_PROD_NAME", "live"),
            ("PROD_ACCOUNT_LIST", "111111111111,222222222222"),
            ("STAGING_ACCOUNT_LIST", "333333333333"),
            ("PROD_CONFIG_NAME", "prod-config"),
            ("SAGEMAKER_EBS_KMS_KEY_ARN", " "),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(
            parameters(stage, &environment),
            [
                ("Accounts", "111111111111,222222222222"),
                ("SageMakerSecurityGroupIds", "ds-live-sagemaker-sg-ids"),
                ("SageMakerSubnetIds", "ds-live-private-subnet-ids"),
                ("EnvName", "ds"),
                ("EnvType", "live"),
            ]
            .map(|(name, value)| (name, value.to_owned()))
        );
        assert_eq!(config_name(stage, &environment), Some("prod-config"));
        assert_eq!(parameters(stage, &BTreeMap::new()), []);
    }
}
