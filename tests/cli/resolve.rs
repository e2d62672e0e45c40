//! `modeldeploy resolve`: what it chooses, what it says of it, and how few questions it needs.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Aws, GROUP, Run, in_a_repository, in_world};

/// Everything that the registry can tell of a version, in the shape of `describe-model-package`.
fn described(arn: &str, created: &Value, modified: &Value) -> Value {
    json!({
        "ModelPackageGroupName": GROUP,
        "ModelPackageVersion": 1,
        "ModelPackageArn": arn,
        "ModelPackageDescription": "a model with everything",
        "CreationTime": created,
        "CreatedBy": {"IamIdentity": {"Arn": "arn:aws:sts::111122223333:assumed-role/training/run-7", "PrincipalId": "AROA"}},
        "InferenceSpecification": {
            "Containers": [{
                "Image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1.4",
                "ImageDigest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "ModelDataSource": {"S3DataSource": {
                    "S3Uri": "s3://artifacts/churn/", "S3DataType": "S3Prefix", "CompressionType": "None"
                }},
                "ModelDataETag": "0cc175b9c0f1b6a831c399e269772661",
                "Environment": {"THRESHOLD": "value-of-a-variable", "API_TOKEN": "value-of-a-token"},
            }],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["application/json"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large", "ml.x99.huge"],
        },
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": "better on every slice",
        "LastModifiedTime": modified,
        "LastModifiedBy": {"UserProfileArn": "arn:aws:sagemaker:us-east-1:111122223333:user-profile/d-1/lead",
                           "UserProfileName": "lead", "DomainId": "d-1"},
        "MetadataProperties": {"CommitId": "4b825dc642cb", "Repository": "churn", "GeneratedBy": "pipeline", "ProjectId": "p-1"},
        "ModelMetrics": {
            "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://artifacts/quality.json"}},
            "Bias": {"PreTrainingReport": {"ContentType": "application/json", "S3Uri": "s3://artifacts/bias.json",
                                           "ContentDigest": "sha256:ab"}},
        },
        "CustomerMetadataProperties": {"accuracy": "0.97"},
        "Domain": "MACHINE_LEARNING",
        "Task": "CLASSIFICATION",
        "SamplePayloadUrl": "s3://artifacts/payload.tar.gz",
        "SourceUri": "s3://artifacts/source",
        "SecurityConfig": {"KmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/0a1b"},
        "ModelCard": {"ModelCardContent": "{\"secret\": \"content-of-the-card\"}", "ModelCardStatus": "Approved"},
        "ModelLifeCycle": {"Stage": "Production", "StageStatus": "Live", "StageDescription": "since spring"},
    })
}

fn resolved(run: &Run) -> Value {
    let outcome = run.then("resolve --format json").run().succeeds();
    serde_json::from_str(&outcome.stdout).expect("one JSON document")
}

#[test]
fn the_choice_is_told_in_full_and_each_newer_version_with_its_reason() {
    let run = in_a_repository("resolve");
    let outcome = run.run().succeeds();
    assert_snapshot!("text", outcome.stdout);
    let wide = outcome.stdout.lines().filter(|line| line.chars().count() > 80);
    let wide: Vec<&str> = wide.filter(|line| line.split_whitespace().count() > 1).collect();
    assert!(wide.is_empty(), "only a name may be wider than a terminal, and alone in its line: {wide:#?}");

    let document = resolved(&run);
    let reasons: Vec<(&Value, &Value)> = document["passedOver"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (&one["version"], &one["reason"]))
        .collect();
    let expected = [
        (json!(5), json!("not approved (PendingManualApproval)")),
        (json!(4), json!("approved, but its status is Failed")),
    ];
    assert_eq!(reasons, expected.iter().map(|(version, reason)| (version, reason)).collect::<Vec<_>>());
    assert_eq!(run.then("build").run().succeeds().released("/modelPackage"), document["modelPackage"]);
}

#[test]
fn aws_and_the_offline_world_tell_the_same_of_a_package_and_no_value_of_a_variable() {
    let aws = Aws::new().with_packages(["Approved"]);
    let arn = aws.package(1);
    let answer = described(&arn, &json!(1_764_000_000.353), &json!(1_764_000_060));
    aws.fault("DescribeModelPackage").answers_by(move |_| answer.clone());
    let on_aws = Run::new("resolve").in_project(&aws);
    let offline = in_world("resolve", |world| {
        let package = described(&arn, &json!("2025-11-24T16:00:00.353+00:00"), &json!("2025-11-24T17:01:00+01:00"));
        world["ModelPackageGroups"] = json!([{
            "ModelPackageGroupName": GROUP, "ModelPackageGroupArn": aws.group(), "ModelPackages": [package]
        }]);
    });
    let offline = offline.env("SOURCE_MODEL_PACKAGE_GROUP_NAME", GROUP);
    let document = resolved(&on_aws);
    assert_eq!(document["modelPackage"], resolved(&offline)["modelPackage"]);
    assert_snapshot!("everything", offline.run().succeeds().stdout.replace(aws.account(), "<account>"));
    for output in [document.to_string(), on_aws.run().succeeds().stdout] {
        assert!(output.contains("API_TOKEN"), "{output}");
        assert!(!output.contains("value-of-a") && !output.contains("content-of-the-card"), "{output}");
    }
}

#[test]
fn the_newest_page_is_enough_if_it_holds_the_choice() {
    let aws = Aws::new().with_packages(["Approved", "Rejected", "Approved", "PendingManualApproval"]);
    let document = resolved(&Run::new("resolve").in_project(&aws));
    assert_eq!(document["modelPackage"]["version"], 3);
    assert_eq!(document["passedOver"].as_array().map(Vec::len), Some(1));
    let calls: Vec<String> = aws.all_calls().iter().map(|call| call.action.clone()).collect();
    let questions = ["DescribeModelPackageGroup", "ListModelPackages", "DescribeModelPackage"];
    assert_eq!(calls, questions.map(|name| format!("sagemaker:{name}")));
}

#[test]
fn versions_are_listed_down_to_the_choice_and_no_further() {
    // 45 newer ones on three pages of 20; the oldest page is not asked for.
    let approvals = std::iter::repeat_n("Approved", 30).chain(std::iter::repeat_n("Rejected", 45));
    let aws = Aws::new().with_packages(approvals);
    let document = resolved(&Run::new("resolve").in_project(&aws));
    assert_eq!(document["modelPackage"]["version"], 30);
    assert_eq!(document["passedOver"].as_array().map(Vec::len), Some(45));
    let filters: Vec<Value> =
        aws.calls("ListModelPackages").iter().map(|call| call.json()["ModelApprovalStatus"].clone()).collect();
    assert_eq!(filters, [json!(null), json!("Approved"), json!(null), json!(null)]);
}

#[test]
fn nothing_approved_ends_with_4_and_shows_what_is_there() {
    let aws = Aws::new().with_packages(["Rejected", "PendingManualApproval"]);
    let outcome = Run::new("resolve --format json").in_project(&aws).run().exits(4).says(&[
        &format!("error: model package group \"{GROUP}\" has no approved version"),
        "cause: version 2 is PendingManualApproval; version 1 is Rejected",
    ]);
    let document: Value = serde_json::from_str(&outcome.stdout).expect("one JSON document");
    assert_eq!((&document["modelPackage"], &document["more"]), (&Value::Null, &json!(false)));
    assert_eq!(document["passedOver"][0]["version"], 2);
    assert_eq!(aws.writing_calls(), [""; 0]);

    // With more than a page of them, the first says enough.
    let aws = Aws::new().with_packages(vec!["Rejected"; 21]);
    let outcome = Run::new("resolve").in_project(&aws).run().exits(4);
    assert!(outcome.stdout.ends_with("and older ones\n"), "{}", outcome.stdout);
    assert_eq!(aws.calls("ListModelPackages").len(), 2);

    let aws = Aws::new().with_packages([]);
    Run::new("resolve").in_project(&aws).run().exits(4).says(&["cause: the group has no versions"]);
}

#[test]
fn a_pinned_version_is_looked_at_alone_and_must_be_approved_and_complete() {
    let run = in_a_repository("resolve");
    let outcome = run.then("resolve --model-version 1").run().succeeds();
    assert!(outcome.stdout.starts_with("iris version 1 (pinned)\n"), "{}", outcome.stdout);
    let outcome = run.then("resolve --model-version 2").run().exits(4).says(&["is not approved"]);
    assert!(
        outcome.stdout.contains("version 2") && outcome.stdout.contains("not approved (Rejected)"),
        "{}",
        outcome.stdout
    );
    run.then("resolve --model-version 4").run().exits(4).says(&["is not complete", "its status is Failed"]);
    let outcome = run.then("resolve --model-version 99 --format json").run().exits(4).says(&["has no version 99"]);
    let document: Value = serde_json::from_str(&outcome.stdout).expect("one JSON document");
    assert_eq!((&document["modelPackage"], &document["passedOver"]), (&Value::Null, &json!([])));
    let aws = Aws::new().with_packages(["Approved"]);
    Run::new("resolve --model-version 1").in_project(&aws).run().succeeds();
    assert_eq!(aws.calls("ListModelPackages").len(), 0);
}

#[test]
fn a_group_of_another_account_is_resolved_by_its_arn() {
    // That its owner shares it, by policy or RAM, is the proxy's stand-in: moto shows nobody another account's groups.
    let owner = Aws::new().with_packages(["Approved", "Rejected"]);
    let aws = Aws::new();
    let run = Run::new("resolve").in_project(&aws).env("SOURCE_MODEL_PACKAGE_GROUP_NAME", owner.group());
    let document = resolved(&run);
    assert_eq!(document["group"], json!({"name": GROUP, "arn": owner.group()}));
    assert_eq!(document["modelPackage"]["arn"], json!(owner.package(1)));
    assert_eq!(document["passedOver"][0]["arn"], json!(owner.package(2)));
    let asked = |operation: &str, key: &str| aws.calls(operation)[0].json()[key].clone();
    assert_eq!(asked("DescribeModelPackageGroup", "ModelPackageGroupName"), json!(owner.group()));
    assert_eq!(asked("ListModelPackages", "ModelPackageGroupName"), json!(owner.group()));
    assert_eq!(asked("DescribeModelPackage", "ModelPackageName"), json!(owner.package(1)));
}

#[test]
fn what_cannot_be_resolved_is_said_with_the_next_action() {
    let aws = Aws::new();
    let run = Run::new("resolve").in_project(&aws);
    run.run().exits(1).says(&[&format!("error: model package group \"{GROUP}\" does not exist"), "Region us-east-1"]);
    assert_eq!(aws.writing_calls(), [""; 0], "a question creates nothing");
    let nameless = run.clone().without_env("SOURCE_MODEL_PACKAGE_GROUP_NAME");
    nameless.run().exits(2).says(&["--model-package-group is not given"]);
    run.env("SOURCE_MODEL_PACKAGE_GROUP_NAME", "my group").run().exits(2).says(&["cannot be used"]);
    let aws = Aws::new().with_packages(["Approved"]);
    aws.fault("DescribeModelPackage").denies();
    Run::new("resolve").in_project(&aws).run().exits(1).says(&["error: cannot describe model package arn:"]);
}
