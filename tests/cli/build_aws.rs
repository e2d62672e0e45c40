//! `modeldeploy build` against moto: what it chooses, whom it grants, what it writes, what it never calls.

use std::collections::BTreeSet;
use std::path::PathBuf;

use modeldeploy::domain::digest::sha256;
use serde_json::{Value, json};

use crate::support::{Aws, BUILD_ID, GROUP, Outcome, Run, TEMPLATE};

const OUTPUTS: [&str; 4] =
    ["prod-config-export.json", "release.json", "staging-config-export.json", "template-export.yml"];
const INPUTS: [&str; 3] = ["endpoint-config-template.yml", "prod-config.json", "staging-config.json"];

/// The accounts that our statements of the group's policy name, which must be the same in both.
fn granted(aws: &Aws) -> BTreeSet<String> {
    let policy = aws.group_policy(GROUP).expect("a policy");
    let ours = policy["Statement"].as_array().expect("a list").iter();
    let principals: BTreeSet<String> = ours
        .filter(|statement| statement["Sid"].as_str().is_some_and(|sid| sid.starts_with("Modeldeploy")))
        .map(|statement| statement["Principal"]["AWS"].to_string())
        .collect();
    assert_eq!(principals.len(), 1, "{policy:#}");
    let arns: Vec<String> =
        principals.iter().flat_map(|list| serde_json::from_str::<Vec<String>>(list).expect("a list")).collect();
    arns.iter().map(|arn| arn.trim_start_matches("arn:aws:iam::").trim_end_matches(":root").to_owned()).collect()
}

fn all_of<'a>(lists: impl IntoIterator<Item = &'a [String]>) -> BTreeSet<String> {
    lists.into_iter().flatten().cloned().collect()
}

#[track_caller]
fn wrote_nothing(outcome: &Outcome) {
    assert_eq!(outcome.files(), INPUTS.map(PathBuf::from));
}

#[test]
fn every_active_account_of_a_unit_and_its_child_units_is_granted_and_each_other_one_is_named() {
    let aws = Aws::new()
        .with_unit("staging", 25)
        .with_unit("staging/nested", 2)
        .with_unit("staging/nested/deep", 1)
        .with_unit("prod", 1)
        .with_packages(["Approved"]);
    let closed = &aws.accounts("staging")[21];
    aws.close_account(closed);
    aws.move_management_account_into("staging");

    let outcome = Run::new("build").in_project(&aws).run().succeeds().says(&[
        &format!("stage staging: account {closed} (staging-22) is left out: it is SUSPENDED"),
        &format!("stage staging: account {} (master) is left out: it is the management account", aws.account()),
    ]);
    let mut staging = all_of(["staging", "staging/nested", "staging/nested/deep"].map(|unit| aws.accounts(unit)));
    staging.remove(closed);
    assert_eq!(staging.len(), 27);
    let released = outcome.released("/stages/0/accounts");
    assert_eq!(released, json!(staging));
    staging.extend(all_of([aws.accounts("prod")]));
    assert_eq!(granted(&aws), staging);

    let of_staging: Vec<Value> = aws.calls("ListAccountsForParent").iter().map(|call| call.json()).collect();
    let pages = of_staging.iter().filter(|request| request["ParentId"] == aws.unit("staging"));
    assert_eq!(pages.count(), 2, "26 accounts come in pages of 20");
}

#[test]
fn the_latest_approved_package_is_found_on_as_few_pages_as_need_be() {
    let approvals = (1..=250).map(|version| match version {
        250 => "PendingManualApproval",
        version if version % 5 == 0 => "Rejected",
        _ => "Approved",
    });
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(approvals);
    let build = Run::new("build").in_project(&aws);
    let outcome = build.run().succeeds();
    assert_eq!(outcome.released("/modelPackage/arn"), json!(aws.package(249)));
    let [listed] = &aws.calls("ListModelPackages")[..] else { panic!("the first page says it all") };
    let request = listed.json();
    assert_eq!(
        (&request["SortBy"], &request["SortOrder"], &request["ModelApprovalStatus"]),
        (&json!("CreationTime"), &json!("Descending"), &json!("Approved"))
    );
    assert!(request["MaxResults"].as_u64().is_some_and(|most| most <= 100));

    // Of 200 approved packages the newest 22 are Failed, which is more than a page of them.
    aws.forget_calls();
    aws.fault("ListModelPackages").changes(|answer| {
        for package in answer["ModelPackageSummaryList"].as_array_mut().expect("a list") {
            if package["ModelPackageVersion"].as_u64().is_some_and(|version| version > 222) {
                package["ModelPackageStatus"] = json!("Failed");
            }
        }
    });
    let outcome = build.run().succeeds();
    assert_eq!(outcome.released("/modelPackage/version"), 222);
    assert_eq!(aws.calls("ListModelPackages").len(), 2);
    assert_eq!(aws.calls("DescribeModelPackage").len(), 1);
}

#[test]
fn the_registrys_size_does_not_change_the_number_of_calls() {
    let calls = |packages: usize| {
        let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(vec!["Approved"; packages]);
        Run::new("build").in_project(&aws).run().succeeds();
        let mut calls: Vec<String> = aws.all_calls().iter().map(|call| call.action.clone()).collect();
        calls.sort();
        calls
    };
    assert_eq!(calls(1), calls(45));
}

#[test]
fn a_group_may_be_named_by_its_arn() {
    let aws = Aws::with_project();
    let build = Run::new("build").in_project(&aws).env("SOURCE_MODEL_PACKAGE_GROUP_NAME", aws.group());
    let outcome = build.run().succeeds();
    assert_eq!(outcome.released("/modelPackage/version"), 1);
    assert_eq!(aws.calls("ListModelPackages")[0].json()["ModelPackageGroupName"], GROUP);
    // The policy's calls take a name only.
    assert_eq!(aws.calls("PutModelPackageGroupPolicy")[0].json()["ModelPackageGroupName"], GROUP);
    assert_eq!(granted(&aws), all_of([aws.accounts("staging"), aws.accounts("prod")]));
}

#[test]
fn the_policy_of_another_accounts_group_is_left_to_its_owner() {
    let owner = Aws::new().with_packages(["Approved"]);
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1);
    let build = Run::new("build").in_project(&aws).env("SOURCE_MODEL_PACKAGE_GROUP_NAME", owner.group());
    let outcome = build.run().succeeds().says(&[
        &format!("warning: the resource policy of {} is left as it is", owner.group()),
        &format!("the group belongs to account {}", owner.account()),
    ]);
    assert_eq!(outcome.released("/modelPackage/arn"), json!(owner.package(1)));
    assert_eq!(aws.writing_calls(), [""; 0]);
}

#[test]
fn a_group_that_is_missing_is_created_and_then_has_no_approved_package() {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1);
    let build = Run::new("build").in_project(&aws);
    build.run().exits(4).says(&[
        &format!("created model package group {}", aws.group()),
        &format!("error: model package group \"{GROUP}\" has no approved version"),
        "cause: the group has no versions",
        "hint: register a model package in the group and approve it",
    ]);
    assert_eq!(aws.writing_calls(), ["sagemaker:CreateModelPackageGroup"]);
    aws.forget_calls();
    wrote_nothing(&build.run().exits(4));
    assert_eq!(aws.writing_calls(), [""; 0]);
}

#[test]
fn a_group_that_is_missing_is_not_created_where_the_policy_is_to_be_left_alone() {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1);
    let build = Run::new("build").in_project(&aws);
    let missing = format!("error: model package group \"{GROUP}\" does not exist");
    build.clone().with("--no-group-policy").run().exits(1).says(&[&missing, "looked in Region us-east-1"]);
    let by_arn = build.clone().env("SOURCE_MODEL_PACKAGE_GROUP_NAME", aws.group());
    by_arn.run().exits(1).says(&["does not exist"]);
    let outcome = build
        .clone()
        .with("--dry-run")
        .run()
        .exits(4)
        .says(&["would call sagemaker:CreateModelPackageGroup", &missing]);
    assert_eq!(aws.writing_calls(), [""; 0]);
    wrote_nothing(&outcome);
}

#[test]
fn with_no_approved_package_the_build_says_what_is_there_and_writes_nothing() {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages([
        "Rejected",
        "Approved",
        "PendingManualApproval",
    ]);
    aws.fault("ListModelPackages").changes(|answer| {
        for package in answer["ModelPackageSummaryList"].as_array_mut().expect("a list") {
            if package["ModelPackageVersion"] == 2 {
                package["ModelPackageStatus"] = json!("Failed");
            }
        }
    });
    let build = Run::new("build").in_project(&aws);
    let outcome = build.run().exits(4).says(&[
        &format!("error: model package group \"{GROUP}\" has no approved version"),
        "cause: version 3 is PendingManualApproval; version 2 is Approved, but its status is Failed; version 1 is Rejected",
        "hint: approve a version in the model registry",
    ]);
    assert_eq!(aws.writing_calls(), [""; 0]);
    wrote_nothing(&outcome);
}

#[test]
fn a_version_can_be_pinned_if_it_is_approved() {
    let aws =
        Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved", "Rejected", "Approved"]);
    let build = Run::new("build").in_project(&aws).with("--model-version");
    build.clone().with("2").run().exits(4).says(&[
        &format!("error: version 2 of model package group \"{GROUP}\" is not approved"),
        "cause: its approval status is Rejected",
    ]);
    let outcome =
        build.clone().with("9").run().exits(4).says(&[&format!("model package group \"{GROUP}\" has no version 9")]);
    wrote_nothing(&outcome);
    let outcome = build.with("1").run().succeeds();
    assert_eq!(outcome.released("/modelPackage/arn"), json!(aws.package(1)));
    assert_eq!(aws.calls("ListModelPackages").len(), 0);
}

#[test]
fn the_policy_is_merged_and_an_unchanged_one_is_not_sent() {
    let aws = Aws::with_project();
    let foreign = json!({"Sid": "Auditors", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
                         "Action": "sagemaker:DescribeModelPackageGroup", "Resource": aws.group()});
    aws.set_group_policy(GROUP, &json!({"Version": "2012-10-17", "Id": "theirs", "Statement": [foreign]}));
    let build = Run::new("build").in_project(&aws);
    build.run().succeeds().says(&["group policy    updated"]);
    let policy = aws.group_policy(GROUP).expect("a policy");
    assert_eq!((&policy["Id"], &policy["Statement"][0]), (&json!("theirs"), &foreign));
    let packages = &policy["Statement"][2];
    assert_eq!(
        packages["Resource"],
        json!(format!("{}/*", aws.group().replace("model-package-group", "model-package")))
    );
    assert_eq!(
        packages["Action"],
        json!(["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:CreateModel"])
    );
    assert_eq!(granted(&aws), all_of([aws.accounts("staging"), aws.accounts("prod")]));
    assert_eq!(aws.writing_calls(), ["sagemaker:PutModelPackageGroupPolicy"]);

    aws.forget_calls();
    build.run().succeeds().says(&["group policy    unchanged"]);
    assert_eq!(aws.writing_calls(), [""; 0]);

    let closed = &aws.accounts("staging")[0];
    aws.close_account(closed);
    build.run().succeeds();
    assert_eq!(granted(&aws), all_of([&aws.accounts("staging")[1..], aws.accounts("prod")]));
    assert_eq!(aws.group_policy(GROUP).expect("a policy")["Statement"][0], foreign);
}

#[test]
fn a_unit_without_an_active_account_grants_nothing() {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 0).with_packages(["Approved"]);
    let build = Run::new("build").in_project(&aws);
    let outcome = build.run().exits(1).says(&[
        &format!("error: organizational unit {} (stage \"prod\") has no active account", aws.unit("prod")),
        "cause: the unit and its child units hold no account",
    ]);
    assert_eq!(aws.writing_calls(), [""; 0]);
    wrote_nothing(&outcome);
}

#[test]
fn a_dry_run_shows_everything_and_changes_nothing() {
    let aws = Aws::with_project();
    let build = Run::new("build").in_project(&aws).with("--dry-run");
    let outcome = build.run().succeeds().says(&[
        &format!("would call sagemaker:PutModelPackageGroupPolicy for \"{GROUP}\""),
        &aws.accounts("prod")[0],
        "template-export.yml (",
        "staging-config-export.json (",
        "release.json (",
        &aws.package(1),
    ]);
    assert_eq!(aws.writing_calls(), [""; 0]);
    assert_eq!(aws.group_policy(GROUP), None);
    wrote_nothing(&outcome);
    let outcome = build.with("--format").with("json").run().succeeds();
    let preview: Value = serde_json::from_str(&outcome.stdout).expect("JSON on stdout");
    assert_eq!(preview["calls"][0]["operation"], "sagemaker:PutModelPackageGroupPolicy");
    assert_eq!(preview["files"].as_array().map(Vec::len), Some(4));
}

#[test]
fn without_the_policy_neither_units_nor_policy_are_asked_for() {
    let aws = Aws::new().with_packages(["Approved"]);
    let build = Run::new("build").in_project(&aws).with("--no-group-policy");
    build.run().succeeds().says(&["group policy    left as it is"]);
    let calls: BTreeSet<String> = aws.all_calls().iter().map(|call| call.action.clone()).collect();
    let wanted = ["DescribeModelPackage", "DescribeModelPackageGroup", "ListModelPackages"];
    assert_eq!(calls, wanted.map(|operation| format!("sagemaker:{operation}")).into());
}

#[test]
fn the_exported_files_are_what_the_pipelines_actions_take() {
    let aws = Aws::with_project();
    let build = Run::new("build").in_project(&aws);
    let outcome = build.run().succeeds();
    let mut everything = INPUTS.iter().chain(&OUTPUTS).map(PathBuf::from).collect::<Vec<_>>();
    everything.sort();
    assert_eq!(outcome.files(), everything);
    assert_eq!(outcome.text("template-export.yml"), TEMPLATE);
    let parameters = [
        ("StageName", "staging"),
        ("EndpointInstanceCount", "1"),
        ("EndpointInstanceType", "ml.m5.large"),
        ("SamplingPercentage", "0"),
        ("SageMakerProjectName", "churn"),
        ("SageMakerProjectId", "p-abc123"),
        ("ModelPackageName", &aws.package(1)),
        ("RoleName", "churn-staging-role"),
        ("DataCaptureUploadPath", "s3://artifacts/data-capture/churn/staging"),
    ];
    let list: Vec<Value> =
        parameters.iter().map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value})).collect();
    assert_eq!(outcome.json("staging-config-export.json"), json!(list));

    let outcome = build.with("--export-format").with("cloudformation").run().succeeds();
    let exported = outcome.json("staging-config-export.json");
    let map: serde_json::Map<String, Value> =
        parameters.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    assert_eq!(exported["Parameters"], json!(map));
}

#[test]
fn the_release_record_says_what_was_chosen_and_from_what() {
    let aws = Aws::with_project();
    let build = Run::new("build")
        .in_project(&aws)
        .env("CODEBUILD_RESOLVED_SOURCE_VERSION", "9fceb02d0ae598e95dc970b74767f19372d61af8")
        .env("CODEBUILD_BUILD_ARN", format!("arn:aws:codebuild:us-east-1:{}:build/{BUILD_ID}", aws.account()))
        .env("CODEBUILD_START_TIME", "1764000000000");
    let outcome = build.run().succeeds();
    let package = outcome.released("/modelPackage");
    assert_eq!(
        (&package["arn"], &package["version"], &package["approvalStatus"], &package["status"]),
        (&json!(aws.package(1)), &json!(1), &json!("Approved"), &json!("Completed"))
    );
    // The registry counts milliseconds; what floating point makes of them is not part of a time.
    let created = package["createdAt"].as_str().expect("a time");
    assert!(created.split_once('.').is_none_or(|(_, fraction)| fraction.len() <= "353Z".len()), "{created}");
    let container = &package["containers"][0];
    assert_eq!(container["imageDigest"], "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    assert_eq!(container["modelData"], "s3://artifacts/churn/model.tar.gz");
    assert_eq!(
        (&package["metadata"]["accuracy"], &package["lineage"]["commitId"]),
        (&json!("0.97"), &json!("4b825dc642cb"))
    );
    assert_eq!(outcome.released("/region"), "us-east-1");
    let record = outcome.json("release.json");
    let asked = &record["predicate"]["buildDefinition"]["externalParameters"];
    assert_eq!(asked["project"], json!({"name": "churn", "id": "p-abc123"}));
    let staging = &asked["stages"][0];
    assert_eq!(
        (&staging["stage"], &staging["organizationalUnit"], &staging["roleName"]),
        (&json!("staging"), &json!(aws.unit("staging")), &json!("churn-staging-role"))
    );
    let dependencies = record["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().expect("a list");
    let commit = json!({"gitCommit": "9fceb02d0ae598e95dc970b74767f19372d61af8"});
    assert!(dependencies.iter().any(|one| one["digest"] == commit), "{dependencies:#?}");
    let run = &record["predicate"]["runDetails"];
    assert_eq!(run["metadata"], json!({"invocationId": BUILD_ID, "startedOn": "2025-11-24T16:00:00Z"}));
    let (project, _) = BUILD_ID.split_once(':').expect("a build of a project");
    assert_eq!(run["builder"]["id"], format!("arn:aws:codebuild:us-east-1:{}:project/{project}", aws.account()));
    let binary = std::fs::read(env!("CARGO_BIN_EXE_modeldeploy")).expect("readable");
    assert_eq!(run["builder"]["builderDependencies"][0]["digest"]["sha256"], sha256(&binary));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let aws = Aws::with_project();
    let build = Run::new("build").in_project(&aws);
    let read = || {
        let outcome = build.run().succeeds();
        OUTPUTS.map(|name| outcome.text(name))
    };
    assert_eq!(read(), read());
}
