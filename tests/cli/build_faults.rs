//! `modeldeploy build` when AWS does not do what it is asked: what is survived, and what is said of the rest.

use std::process::Command;

use std::path::PathBuf;

use crate::support::{Aws, GROUP, Outcome, Run};

const INPUTS: [&str; 3] = ["endpoint-config-template.yml", "prod-config.json", "staging-config.json"];

#[track_caller]
fn wrote_nothing(outcome: &Outcome) {
    assert_eq!(outcome.files(), INPUTS.map(PathBuf::from));
}

#[test]
fn throttling_is_waited_out() {
    let aws = Aws::with_project();
    let throttled = ["ListAccountsForParent", "ListModelPackages", "PutModelPackageGroupPolicy"];
    for operation in throttled {
        aws.fault(operation).first(1).throttles();
    }
    Run::new("build").in_project(&aws).run().succeeds();
    // Two units were asked for, and each of the others once more than without a fault.
    assert_eq!(throttled.map(|operation| aws.calls(operation).len()), [3, 2, 2]);
}

#[test]
fn a_policy_that_changes_meanwhile_is_merged_again() {
    let aws = Aws::with_project();
    aws.fault("PutModelPackageGroupPolicy").first(2).fails(400, "ConflictException", "another update is under way");
    Run::new("build").in_project(&aws).run().succeeds();
    let calls =
        ["GetModelPackageGroupPolicy", "PutModelPackageGroupPolicy"].map(|operation| aws.calls(operation).len());
    assert_eq!(calls, [3, 3]);
    // One that never stops changing ends the build.
    let aws = Aws::with_project();
    aws.fault("PutModelPackageGroupPolicy").fails(400, "ConflictException", "another update is under way");
    Run::new("build").in_project(&aws).run().exits(1).says(&["ConflictException", "hint: somebody else"]);
}

#[test]
fn a_build_that_is_stopped_ends_with_1_and_leaves_nothing() {
    let aws = Aws::with_project();
    aws.fault("PutModelPackageGroupPolicy").never_answers();
    let build = Run::new("build").in_project(&aws);
    let before = build.then("--version").run().files();
    let child = build.command().spawn().expect("the binary starts");
    aws.wait_for("PutModelPackageGroupPolicy", 1);
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("a signal");
    let outcome = build.outcome_of(child).exits(1).says(&["the run was ended by SIGTERM"]);
    assert_eq!(outcome.files(), before);
}

#[test]
fn server_errors_and_cut_connections_are_tried_again() {
    let aws = Aws::with_project();
    aws.fault("DescribeModelPackageGroup").first(1).answers_http_500();
    aws.fault("ListOrganizationalUnitsForParent").first(1).answers_http_500();
    aws.fault("ListAccountsForParent").first(1).cuts_off();
    aws.fault("PutModelPackageGroupPolicy").first(1).cuts_off();
    let outcome = Run::new("build").in_project(&aws).run().succeeds();
    assert_eq!(outcome.released("/modelPackage/version"), 1);
    assert_eq!(aws.calls("DescribeModelPackageGroup").len(), 2);
    assert_eq!(aws.calls("PutModelPackageGroupPolicy").len(), 2);
}

#[test]
fn an_empty_page_with_a_token_is_not_the_end() {
    let aws = Aws::with_project();
    aws.fault("ListModelPackages").first(1).gives_an_empty_page("ModelPackageSummaryList");
    aws.fault("ListAccountsForParent").first(1).gives_an_empty_page("Accounts");
    aws.fault("ListOrganizationalUnitsForParent").first(1).gives_an_empty_page("OrganizationalUnits");
    let outcome = Run::new("build").in_project(&aws).run().succeeds();
    assert_eq!(outcome.released("/modelPackage/version"), 1);
    let accounts = |stage: usize| outcome.released(&format!("/stages/{stage}/accounts")).as_array().map(Vec::len);
    assert_eq!((accounts(0), accounts(1)), (Some(2), Some(1)));
}

#[test]
fn throttling_that_does_not_end_ends_the_build() {
    let aws = Aws::with_project();
    aws.fault("ListModelPackages").throttles();
    let outcome = Run::new("build").in_project(&aws).env("AWS_MAX_ATTEMPTS", "2").run().exits(1).says(&[
        &format!("error: cannot list the versions of group \"{GROUP}\""),
        "cause: sagemaker:ListModelPackages ThrottlingException: Rate exceeded (request 0f1e2d3c-",
        "hint: it was tried again several times; try once more later",
    ]);
    assert_eq!(aws.calls("ListModelPackages").len(), 2, "AWS_MAX_ATTEMPTS counts");
    wrote_nothing(&outcome);
}

#[test]
fn an_answer_of_something_in_front_of_the_service_is_named_as_what_it_is() {
    let aws = Aws::with_project();
    aws.fault("DescribeModelPackage").answers_http_500();
    let build = Run::new("build").in_project(&aws).env("AWS_MAX_ATTEMPTS", "1");
    let outcome = build.run().exits(1).says(&[
        &format!("error: cannot describe model package {}", aws.package(1)),
        "cause: sagemaker:DescribeModelPackage: HTTP 500 with an answer that is not the service's own",
        "hint: it was tried again several times; try once more later",
    ]);
    assert!(!outcome.stderr.contains("<html>"), "{}", outcome.stderr);
    wrote_nothing(&outcome);
}

#[test]
fn a_denied_call_names_the_permission_and_who_lacks_it() {
    let aws = Aws::with_project();
    let denied = [
        ("sagemaker:DescribeModelPackageGroup", "cannot read model package group \"churn-models\""),
        ("sagemaker:ListModelPackages", "cannot list the versions of group \"churn-models\""),
        ("sagemaker:DescribeModelPackage", "cannot describe model package "),
        ("sagemaker:GetModelPackageGroupPolicy", "cannot read the resource policy of model package group"),
        ("sagemaker:PutModelPackageGroupPolicy", "cannot grant the target accounts access to model package group"),
        ("organizations:ListAccountsForParent", "cannot list the accounts of unit "),
        ("organizations:ListOrganizationalUnitsForParent", "cannot list the accounts of unit "),
    ];
    for (action, what) in denied {
        let (_, operation) = action.split_once(':').expect("an action");
        aws.forget_faults();
        aws.fault(operation).denies();
        ends_denied(&Run::new("build").in_project(&aws), action, what, &aws);
    }
    assert_eq!(aws.group_policy(GROUP), None);
}

#[test]
fn a_group_that_may_not_be_created_names_the_permission() {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1);
    aws.fault("CreateModelPackageGroup").denies();
    let what = "cannot create model package group \"churn-models\", which does not exist";
    ends_denied(&Run::new("build").in_project(&aws), "sagemaker:CreateModelPackageGroup", what, &aws);
}

#[track_caller]
fn ends_denied(build: &Run, action: &str, what: &str, aws: &Aws) {
    let outcome = build.run().exits(1).says(&[
        &format!("error: {what}"),
        &format!(
            "cause: {action} AccessDeniedException: You don't have permissions to access this resource. (request "
        ),
        &format!("hint: allow {action} to arn:aws:sts::{}:user/moto", aws.account()),
    ]);
    wrote_nothing(&outcome);
}

#[test]
fn a_unit_that_is_not_there_is_named_with_its_stage() {
    let aws = Aws::with_project();
    let build = Run::new("build").in_project(&aws).env("ORGANIZATIONAL_UNIT_PROD_ID", "ou-ab12-cdef3456");
    let outcome = build.run().exits(1).says(&[
        "error: cannot list the accounts of unit ou-ab12-cdef3456 (stage \"prod\")",
        "ParentNotFoundException",
    ]);
    assert_eq!(aws.writing_calls(), [""; 0]);
    wrote_nothing(&outcome);
}

#[test]
fn a_policy_that_cannot_be_merged_into_is_left_as_it_is() {
    let aws = Aws::with_project();
    aws.set_group_policy(GROUP, &serde_json::json!({"Statement": 1}));
    let outcome = Run::new("build").in_project(&aws).run().exits(1).says(&["is not one to merge into", "hint: "]);
    assert_eq!(aws.writing_calls(), [""; 0]);
    wrote_nothing(&outcome);
}

#[test]
fn an_output_that_cannot_be_written_grants_nothing() {
    let aws = Aws::with_project();
    let build = Run::new("build").in_project(&aws).with("--output-dir").with("staging-config.json/out");
    let outcome = build.run().exits(1).says(&["error: cannot write staging-config.json/out/", "cause: ", "hint: "]);
    assert_eq!(aws.writing_calls(), [""; 0]);
    wrote_nothing(&outcome);
}

#[test]
fn a_value_that_aws_adds_later_is_no_crash() {
    let aws = Aws::with_project();
    aws.fault("ListAccountsForParent").changes(|page| {
        page["Accounts"][0]["State"] = "ON_PROBATION".into();
        page["Accounts"][0]["Status"] = "ON_PROBATION".into();
    });
    aws.fault("ListModelPackages").changes(|page| {
        page["ModelPackageSummaryList"][0]["ModelLifeCycle"] = serde_json::json!({"Stage": "x", "StageStatus": "y"});
        page["ModelPackageSummaryList"][0]["ModelPackageRegistrationType"] = "Dreamt".into();
    });
    let build = Run::new("build").in_project(&aws);
    // The only production account is one of the two.
    build.run().exits(1).says(&["has no active account", "it is ON_PROBATION"]);
    build.with("--stages").with("staging").run().succeeds().says(&["is left out: it is ON_PROBATION"]);
}
