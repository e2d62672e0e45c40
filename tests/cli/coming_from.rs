//! Projects that were made from AWS's samples: their files and variables, as docs/coming-from.md says.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Gallery, Run, WORLD, in_a_repository, in_world};

fn pairs(pairs: &[(&str, &str)]) -> serde_json::Value {
    pairs.iter().map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value})).collect()
}

/// A template with these parameters, all strings.
fn template(parameters: &[&str]) -> String {
    let declared: Vec<String> = parameters.iter().map(|name| format!("{name}: {{Type: String}}")).collect();
    format!("Parameters: {{{}}}\nResources: {{Topic: {{Type: 'AWS::SNS::Topic'}}}}\n", declared.join(", "))
}

#[test]
fn configs_of_other_shapes_are_exported_alike() {
    let declared = template(&["StageName", "EndpointInstanceCount", "ModelPackageName"]);
    let export = |staging: &str| {
        let run = in_a_repository("build --stages staging").file("endpoint-config-template.yml", &declared);
        run.file("staging-config.json", staging).run().succeeds().text("staging-config-export.json")
    };
    let expected = export(r#"{"Parameters": {"StageName": "staging", "EndpointInstanceCount": "1"}}"#);
    for shape in [
        r#"[{"ParameterKey": "StageName", "ParameterValue": "staging"}, {"ParameterKey": "EndpointInstanceCount", "ParameterValue": 1}]"#,
        r#"["StageName=staging", "EndpointInstanceCount=1"]"#,
        r#"{"StageName": "staging", "EndpointInstanceCount": 1}"#,
        r#"{"Parameters": ["StageName=staging", "EndpointInstanceCount=1"], "Tags": []}"#,
    ] {
        assert_eq!(export(shape), expected, "{shape}");
    }
}

#[test]
fn what_would_have_to_be_guessed_is_refused_with_what_to_write() {
    let mut gallery = Gallery::default();
    let mut add = |title: &str, config: &str| {
        let run = in_a_repository("build --stages staging").file("staging-config.json", config);
        gallery.add(title, &run.run().exits(2));
    };
    add(
        "names and nested values of another language",
        "{\n  \"stage_name\": \"staging\",\n  \"instance_count\": 1,\n  \"auto_scaling\": {\"max_capacity\": 4}\n}\n",
    );
    add("the tags alone", r#"[{"Key": "team", "Value": "vision"}]"#);
    add("assignments of Terraform", "stage_name = \"staging\"\n");
    add("a list of pairs with a word among them", r#"["StageName=staging", "large"]"#);
    add("a list within Parameters that is none", r#"{"Parameters": [{"Name": "StageName", "Value": "staging"}]}"#);
    assert_snapshot!("refused", gallery.text());
}

#[test]
fn the_role_of_the_custom_project_templates_is_given_to_a_template_that_declares_it() {
    let role = "arn:aws:iam::111111111111:role/service-role/model-role";
    let run = in_a_repository("build --stages staging")
        .file("endpoint-config-template.yml", template(&["StageName", "ModelExecutionRoleArn"]))
        .file("staging-config.json", r#"{"Parameters": {"StageName": "staging"}}"#);
    run.run().exits(2).says(&["ModelExecutionRoleArn"]);
    let run = run.env("MODEL_EXECUTION_ROLE_ARN", role);
    let outcome = run.run().succeeds();
    let expected = pairs(&[("StageName", "staging"), ("ModelExecutionRoleArn", role)]);
    assert_eq!(outcome.json("staging-config-export.json"), expected);
    let own = r#"{"Parameters": {"StageName": "staging", "ModelExecutionRoleArn": "arn:aws:iam::1:role/own"}}"#;
    let outcome = run.file("staging-config.json", own).run().succeeds();
    assert_eq!(outcome.json("staging-config-export.json")[1]["ParameterValue"], "arn:aws:iam::1:role/own");
}

#[test]
fn names_and_variables_of_the_secure_mlops_sample_are_taken() {
    let declared = template(&[
        "ModelPackageName",
        "ExecutionRoleName",
        "Accounts",
        "EnvName",
        "EnvType",
        "VolumeKmsKeyArn",
        "SageMakerSubnetIds",
        "SageMakerSecurityGroupIds",
    ]);
    let config = r#"[{"ParameterKey": "StageName", "ParameterValue": "staging"},
                     {"ParameterKey": "EnvType", "ParameterValue": "staging"}]"#;
    let outcome = Run::new("build --stages staging --no-group-policy")
        .file("world.json", WORLD)
        .env("MODELDEPLOY_OFFLINE", "world.json")
        .file("cfn-sm-endpoint-template.yaml", &declared)
        .file("staging-config-template.json", config)
        .env("CFN_TEMPLATE_NAME", "cfn-sm-endpoint")
        .env("STAGING_CONFIG_NAME", "staging-config")
        .env("STAGING_ACCOUNT_LIST", "222222222222,444444444444")
        .env("ENV_NAME", "ds")
        .env("ENV_TYPE_STAGING_NAME", "staging")
        .env("SAGEMAKER_EBS_KMS_KEY_ARN", "arn:aws:kms:us-east-1:111111111111:key/1")
        .run()
        .succeeds();
    let expected = pairs(&[
        ("EnvType", "staging"),
        ("ModelPackageName", "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/3"),
        ("ExecutionRoleName", "sagemaker-role-staging"),
        ("Accounts", "222222222222,444444444444"),
        ("VolumeKmsKeyArn", "arn:aws:kms:us-east-1:111111111111:key/1"),
        ("SageMakerSecurityGroupIds", "ds-staging-sagemaker-sg-ids"),
        ("SageMakerSubnetIds", "ds-staging-private-subnet-ids"),
        ("EnvName", "ds"),
    ]);
    assert_eq!(outcome.json("staging-config.json"), expected);
    assert_eq!(outcome.text("cfn-sm-endpoint.yaml"), declared);
}

#[test]
fn our_names_win_over_theirs() {
    let run = in_world("resolve", |world| {
        world["Environment"].as_object_mut().expect("a mapping").remove("SOURCE_MODEL_PACKAGE_GROUP_NAME");
    });
    run.run().exits(2).says(&["--model-package-group is not given"]);
    let run = run.env("MODEL_PACKAGE_GROUP_NAME", "iris");
    run.run().succeeds();
    let ours = run.env("SOURCE_MODEL_PACKAGE_GROUP_NAME", "churn");
    ours.run().exits(1).says(&["model package group \"churn\" does not exist"]);

    let build = in_a_repository("build --stages staging")
        .env("CFN_TEMPLATE_NAME", "theirs")
        .env("EXPORT_TEMPLATE_NAME", "ours.yml")
        .env("STAGING_CONFIG_NAME", "theirs")
        .env("EXPORT_TEMPLATE_STAGING_CONFIG", "ours.json")
        .file("theirs-template.json", r#"{"Parameters": {"StageName": "staging"}}"#);
    build.run().exits(2).says(&["cannot read theirs-template.yaml"]);
    let build = build.then("build --stages staging --template endpoint-config-template.yml");
    let outcome = build.run().succeeds();
    outcome.text("ours.yml");
    outcome.text("ours.json");
}
