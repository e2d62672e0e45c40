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

    // With more than a page of them, the first says enough; of the next, only whether life cycles decide.
    let aws = Aws::new().with_packages(vec!["Rejected"; 21]);
    let outcome = Run::new("resolve").in_project(&aws).run().exits(4);
    assert!(outcome.stdout.ends_with("and older ones\n"), "{}", outcome.stdout);
    assert_eq!(aws.calls("ListModelPackages").len(), 3);

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

/// The example world, whose approved version is changed.
fn with_package(command: &str, change: impl Fn(&mut Value)) -> Run {
    in_world(command, |world| {
        for package in world["ModelPackageGroups"][0]["ModelPackages"].as_array_mut().expect("a list") {
            if package["ModelApprovalStatus"] == "Approved" && package["ModelPackageStatus"] == "Completed" {
                change(package);
            }
        }
    })
}

#[test]
fn a_package_that_its_arn_alone_cannot_deploy_is_told_with_the_reason() {
    type Change = fn(&mut Value);
    let without_specification: Change =
        |package| _ = package.as_object_mut().expect("a map").remove("InferenceSpecification");
    let without_image: Change = |package| package["InferenceSpecification"]["Containers"][0]["Image"] = Value::Null;
    let base_model: Change = |package| {
        package["InferenceSpecification"]["Containers"][0] =
            json!({"BaseModel": {"HubContentName": "nova-lite", "HubContentVersion": "1.0.0"}});
    };
    let restricted: Change = |package| package["ManagedStorageType"] = json!("Restricted");
    for (change, reason, is_refused) in [
        (without_specification, "it has no InferenceSpecification with a container", true),
        (without_image, "container 1 of its inference specification has no Image", true),
        (base_model, "it is made from the base model \"nova-lite 1.0.0\"", false),
        (restricted, "its ManagedStorageType is Restricted", false),
    ] {
        let run = with_package("resolve", change);
        let outcome = run.run().succeeds();
        outcome.says(&["warning: version 3 of model package group", "cannot be deployed by its ARN alone", reason]);
        assert!(resolved(&run)["obstacles"][0].as_str().expect("a reason").starts_with(reason));

        for command in ["build --access-check off", "rehearse --approve"] {
            let outcome = run.then(command).run();
            let (code, rule) = if is_refused { (2, "[package-undeployable]") } else { (0, "[package-managed]") };
            let outcome = outcome.exits(code).says(&["endpoint-config-template.yml:", reason, rule, "hint: "]);
            let record = outcome.files().into_iter().find(|file| file.ends_with("release.json"));
            assert_eq!(record.is_none(), is_refused, "{command}: {reason}");
            if let Some(record) = record {
                let text = outcome.text(&record.display().to_string());
                assert!(!text.contains("oci://\""), "an empty image: {text}");
            }
        }
    }
    assert!(resolved(&in_a_repository("resolve")).get("obstacles").is_none());
}

/// A group as MLflow syncs it: nothing is approved, and version 3 is at production/active.
fn synced(command: &str) -> Run {
    in_world(command, |world| {
        for package in world["ModelPackageGroups"][0]["ModelPackages"].as_array_mut().expect("a list") {
            package["ModelPackageStatus"] = json!("Completed");
            package["ModelApprovalStatus"] = json!("PendingManualApproval");
            match package["ModelPackageVersion"].as_u64() {
                Some(3) => package["ModelLifeCycle"] = json!({"Stage": "production", "StageStatus": "active"}),
                Some(5) => package["ModelLifeCycle"] = json!({"Stage": "staging", "StageStatus": "active"}),
                _ => {}
            }
        }
    })
}

#[test]
fn a_group_whose_life_cycles_decide_is_told_and_chosen_from() {
    for command in ["resolve", "build", "rehearse --approve"] {
        let outcome = synced(command).run().exits(4);
        outcome.says(&[
            "has no approved version",
            "version 5 is PendingManualApproval, at staging/active",
            "version 3 is PendingManualApproval, at production/active",
            "name one with --lifecycle: staging/active, production/active",
        ]);
        let misspelt = synced(command).with("--lifecycle").with("productoin/active").run().exits(4);
        misspelt.says(&["has no version at productoin/active", "did you mean \"production/active\"?"]);
        synced(command).with("--lifecycle").with("a/b/c").run().exits(2).says(&["\"a/b/c\" is not a stage"]);
    }
    let run = synced("resolve --format json").with("--lifecycle").with("production/active");
    let document: Value = serde_json::from_str(&run.run().succeeds().stdout).expect("one JSON document");
    assert_eq!(
        (&document["lifecycle"], &document["modelPackage"]["version"]),
        (&json!("production/active"), &json!(3))
    );
    assert_eq!(
        document["passedOver"][0]["lifeCycle"],
        json!({"stage": "staging", "status": "active", "description": null})
    );
    assert_eq!(document["passedOver"][0]["reason"], "not at production/active (at staging/active)");

    for (build, record) in [
        (synced("build").with("--lifecycle").with("production"), "release.json"),
        (synced("build").env("MODELDEPLOY_LIFECYCLE", "production"), "release.json"),
        (synced("rehearse --approve --output-dir out").with("--lifecycle").with("production"), "out/release.json"),
    ] {
        let definition = &build.run().succeeds().json(record)["predicate"]["buildDefinition"];
        assert_eq!(definition["internalParameters"]["modelPackage"]["version"], 3);
        assert_eq!(definition["externalParameters"]["lifecycle"], "production");
    }
    let pinned = synced("build --model-version 5 --lifecycle production").run().exits(4);
    pinned.says(&["version 5 of model package group", "is not at production", "cause: it is at staging/active"]);
    synced("build --model-version 3 --lifecycle production").run().succeeds();
}

#[test]
fn life_cycles_are_read_from_the_registrys_own_list() {
    let aws = Aws::new().with_packages(["PendingManualApproval", "Rejected", "PendingManualApproval"]);
    let life_cycle = json!({"Stage": "production", "StageStatus": "active"});
    let listed = life_cycle.clone();
    aws.fault("ListModelPackages").changes(move |page| {
        for package in page["ModelPackageSummaryList"].as_array_mut().expect("a list") {
            if package["ModelPackageVersion"] != 3 {
                package["ModelLifeCycle"] = listed.clone();
            }
        }
    });
    aws.fault("DescribeModelPackage").changes(move |package| package["ModelLifeCycle"] = life_cycle.clone());
    let run = Run::new("resolve").in_project(&aws);
    run.run().exits(4).says(&["version 1 is PendingManualApproval, at production/active", "--lifecycle"]);
    let asked = aws.calls("ListModelPackages").len();
    // Version 2 is there, too, and was rejected.
    let document = resolved(&run.env("MODELDEPLOY_LIFECYCLE", "production/active"));
    assert_eq!(document["modelPackage"]["version"], 1);
    assert!(aws.calls("ListModelPackages")[asked..].iter().all(|call| call.json()["ModelApprovalStatus"].is_null()));
}

#[test]
fn an_own_group_that_is_given_by_its_arn_is_asked_for_by_its_name() {
    let aws = Aws::new().with_packages(["Approved"]);
    let run = Run::new("resolve").in_project(&aws).env("SOURCE_MODEL_PACKAGE_GROUP_NAME", aws.group());
    assert_eq!(resolved(&run)["modelPackage"]["version"], 1);
    for operation in ["DescribeModelPackageGroup", "ListModelPackages"] {
        assert_eq!(aws.calls(operation)[0].json()["ModelPackageGroupName"], GROUP, "{operation}");
    }
    let elsewhere = aws.group().replace("us-east-1", "eu-west-1");
    let calls = aws.all_calls().len();
    let outcome = run.env("SOURCE_MODEL_PACKAGE_GROUP_NAME", &elsewhere).run().exits(2);
    outcome.says(&["is in Region eu-west-1", "works in Region us-east-1"]);
    assert_eq!(aws.all_calls().len(), calls);

    // A build keeps its policy.
    let aws = Aws::with_project();
    let build = Run::new("build").in_project(&aws).env("SOURCE_MODEL_PACKAGE_GROUP_NAME", aws.group());
    build.run().succeeds();
    assert_eq!(aws.writing_calls(), ["sagemaker:PutModelPackageGroupPolicy"]);
}
