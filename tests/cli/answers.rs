//! A 200 without what the API says it holds is not an answer: nothing is decided, granted or called done by it. Lists have an
//! end, and what was described a moment later than it was listed obeys the same rules.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::{Aws, GROUP, Outcome, RawAnswer, Run};

const LAUNCH_ROLE: &str = "AmazonSageMakerServiceCatalogProductsLaunchRole";

fn without(member: &'static str) -> impl Fn(&mut Value) + Send + Sync + 'static {
    move |answer| {
        answer.as_object_mut().expect("an object").remove(member).expect("it was there");
    }
}

fn wrote(outcome: &Outcome) -> bool {
    outcome.files().contains(&PathBuf::from("release.json"))
}

/// What a proxy says to whoever comes by.
fn page() -> RawAnswer {
    RawAnswer::new(200, "text/html", "<html><body>Welcome</body></html>")
}

fn nothing() -> RawAnswer {
    RawAnswer::new(200, "application/x-amz-json-1.1", "")
}

fn of_another_team() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "OfAnotherTeam", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
         "Action": "sagemaker:DescribeModelPackage", "Resource": "*"}]})
}

#[test]
fn a_list_without_its_member_ends_a_build_that_changed_nothing() {
    for (action, member) in [
        ("organizations:ListOrganizationalUnitsForParent", "OrganizationalUnits"),
        ("organizations:ListAccountsForParent", "Accounts"),
        ("sagemaker:ListModelPackages", "ModelPackageSummaryList"),
    ] {
        let aws = Aws::with_project();
        let operation = action.split_once(':').expect("an action").1;
        aws.fault(operation).changes(without(member));
        let cause =
            format!("cause: {action}: HTTP 200 with an answer that is not the service's own (it lacks {member}[].");
        let ended = Run::new("build").in_project(&aws).run().exits(1).says(&[&cause]);
        assert!(!wrote(&ended), "{operation}");
        assert_eq!(aws.writing_calls(), [""; 0], "{operation}");
        aws.forget_faults();
        aws.fault(operation).answers_with(nothing());
        Run::new("build").in_project(&aws).run().exits(1).says(&[action, "(nothing is in it)"]);
        assert_eq!(aws.writing_calls(), [""; 0], "{operation}");
    }
}

#[test]
fn an_answer_about_another_resource_is_none() {
    let (aws, other) = (Aws::with_project(), "arn:aws:sagemaker:us-east-1:123456789012");
    let build = Run::new("build").in_project(&aws);
    let put = |member: &'static str, value: String| move |answer: &mut Value| answer[member] = json!(value);
    let listed = |value: String| {
        move |answer: &mut Value| answer["ModelPackageSummaryList"][0]["ModelPackageArn"] = json!(value)
    };
    let group = format!("{other}:model-package-group/other");
    let pinned = build.clone().with("--model-version=1");
    aws.fault("DescribeModelPackageGroup").changes(put("ModelPackageGroupArn", group.clone()));
    pinned.run().exits(1).says(&[&format!("the answer is about {group}, not about group {GROUP}")]);
    aws.forget_faults();
    aws.fault("DescribeModelPackageGroup").changes(put("ModelPackageGroupStatus", "Deleting".to_owned()));
    pinned.run().exits(1).says(&[&format!("group {GROUP} is being deleted")]);
    let (former, package) = (format!("{}9", aws.package(1)), format!("{other}:model-package/other/1"));
    for arn in [&former, &package] {
        aws.forget_faults();
        aws.fault("ListModelPackages").changes(listed(arn.clone()));
        build.run().exits(1).says(&[&format!("the answer is about {arn}, not about version 1 of group {GROUP}")]);
        aws.forget_faults();
        aws.fault("DescribeModelPackage").changes(put("ModelPackageArn", arn.clone()));
        build.run().exits(1).says(&[&format!("the answer is about {arn}, not about {}", aws.package(1))]);
    }
    aws.forget_faults();
    aws.fault("DescribeModelPackage").changes(|answer| answer["ModelPackageVersion"] = json!(9));
    build.run().exits(1).says(&["and says that it is version 9"]);
    assert_eq!(aws.writing_calls(), [""; 0]);
    aws.forget_faults();
    let answer = json!({"ModelPackageGroupArn": &group});
    aws.fault("PutModelPackageGroupPolicy").answers_by(move |_| answer.clone());
    let ended = build.run().exits(1).says(&[&format!("the answer is about {group}, not about group {GROUP}")]);
    assert!(!wrote(&ended));

    aws.forget_faults();
    let test = aws.deployed(&["one"]);
    // In one account alone: an answer that fits it fits no other one.
    let only = test.clone().with("--accounts").with(&aws.staging_accounts()[0]);
    for (operation, kind) in
        [("DescribeEndpoint", "Endpoint"), ("DescribeEndpointConfig", "EndpointConfig"), ("DescribeModel", "Model")]
    {
        let elsewhere = other.replace("us-east-1:123456789012", &format!("eu-west-1:{}", aws.staging_accounts()[0]));
        let named = elsewhere.replace("eu-west-1", "us-east-1") + ":any/name";
        for (member, value) in [
            ("Name", "other".to_owned()),
            ("Arn", format!("{other}:any/name")),
            ("Arn", format!("{elsewhere}:any/name")),
            ("Arn", named),
        ] {
            // The name of a model is in every answer about one.
            if operation == "DescribeModel" && value.contains("us-east-1") && !value.contains("123456789012") {
                continue;
            }
            aws.forget_faults();
            let member = format!("{kind}{member}");
            aws.fault(operation).changes(move |answer| answer[&member] = json!(value));
            only.run().exits(3).says(&[&format!("sagemaker:{operation}: the answer is about ")]);
        }
    }
    aws.forget_faults();
    let assumed = |user: &str| {
        let session = "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                       <Expiration>2099-01-01T00:00:00Z</Expiration>";
        let user = format!("<AssumedRoleUser><Arn>{user}</Arn><AssumedRoleId>a:b</AssumedRoleId></AssumedRoleUser>");
        let result = format!("<AssumeRoleResult>{user}<Credentials>{session}</Credentials></AssumeRoleResult>");
        RawAnswer::new(200, "text/xml", format!("<AssumeRoleResponse>{result}</AssumeRoleResponse>"))
    };
    let user = "arn:aws:sts::123456789012:assumed-role/other/session";
    aws.fault("AssumeRole").answers_with(assumed(user));
    test.run().exits(3).says(&[&format!("sts:AssumeRole: the answer is about {user}, not about arn:aws:iam::")]);
}

#[test]
fn a_group_that_is_named_alone_is_one_of_the_callers_account_and_region() {
    let aws = Aws::with_project();
    let build = Run::new("build").in_project(&aws);
    let (group, package) = (aws.group(), aws.package(1));
    for (from, to) in [(aws.account(), "123456789012"), ("us-east-1", "eu-west-1")] {
        let (other_group, other_package) = (group.replace(from, to), package.replace(from, to));
        let ends = |operation: &str, run: &Run, arn: &str| {
            run.run().exits(1).says(&[&format!("cause: sagemaker:{operation}: the answer is about {arn}, not about ")]);
            assert_eq!(aws.writing_calls(), [""; 0], "{operation} {to}");
        };
        // Which of the two answers comes first, and is believed, does not matter.
        let listed = other_package.clone();
        aws.forget_faults();
        aws.fault("ListModelPackages").changes(move |answer| {
            answer["ModelPackageSummaryList"][0]["ModelPackageArn"] = json!(listed);
        });
        build.run().exits(1).says(&["the answer is about arn:aws:sagemaker:", ", not about "]);
        assert_eq!(aws.writing_calls(), [""; 0], "{to}");
        let resolve = Run::new("resolve").in_project(&aws);
        ends("ListModelPackages", &resolve, &other_package);

        let described = other_group.clone();
        aws.forget_faults();
        aws.fault("DescribeModelPackageGroup").changes(move |answer| answer["ModelPackageGroupArn"] = json!(described));
        build.run().exits(1).says(&["the answer is about arn:aws:sagemaker:", ", not about "]);
        assert_eq!(aws.writing_calls(), [""; 0], "{to}");

        let put = json!({"ModelPackageGroupArn": other_group});
        aws.forget_faults();
        aws.fault("PutModelPackageGroupPolicy").answers_by(move |_| put.clone());
        build.run().exits(1).says(&[&format!("the answer is about {other_group}, not about ")]);
        aws.forget_calls();
    }
}

#[test]
fn a_group_that_could_not_be_created_is_not_used() {
    let aws = Aws::with_project();
    aws.fault("DescribeModelPackageGroup").changes(|answer| answer["ModelPackageGroupStatus"] = json!("Failed"));
    for command in ["build", "resolve"] {
        let said = format!("group {GROUP} could not be created (its status is \"Failed\")");
        Run::new(command).in_project(&aws).run().exits(1).says(&[&said]);
    }
    assert_eq!(aws.writing_calls(), [""; 0]);
}

#[test]
fn what_is_said_to_be_absent_is_what_was_asked_for() {
    let other = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/other";
    for (operation, message) in [
        ("GetModelPackageGroupPolicy", "Cannot find resource policy for: other-group".to_owned()),
        ("GetModelPackageGroupPolicy", format!("Cannot find resource policy for: {other}")),
        ("DescribeModelPackageGroup", format!("ModelPackageGroup {other} does not exist.")),
    ] {
        let aws = Aws::with_project();
        aws.set_group_policy(GROUP, &of_another_team());
        aws.fault(operation).fails(400, "ValidationException", &message);
        Run::new("build").in_project(&aws).run().exits(1).says(&[&message]);
        assert_eq!(aws.writing_calls(), [""; 0], "{message}");
    }
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]);
    let message = "Could not find endpoint \"arn:aws:sagemaker:us-east-1:123456789012:endpoint/other\".";
    aws.fault("DescribeEndpoint").fails(400, "ValidationException", message);
    let results = test.run().exits(3).json("test-results.json");
    assert_eq!(results["accounts"][0]["errors"][0]["kind"], "endpoint_unknown");
}

#[test]
fn an_account_without_a_state_is_not_taken_for_a_closed_one() {
    let aws = Aws::with_project();
    aws.fault("ListAccountsForParent").changes(|answer| {
        let account = answer["Accounts"][0].as_object_mut().expect("an account");
        account.retain(|name, _| name != "State" && name != "Status");
    });
    Run::new("build").in_project(&aws).run().exits(1).says(&["it lacks Accounts[].State|Status"]);
    assert_eq!(aws.writing_calls(), [""; 0]);
}

#[test]
fn a_list_without_its_member_ends_a_test_that_misses_no_account() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]);
    aws.fault("ListOrganizationalUnitsForParent").changes(without("OrganizationalUnits"));
    test.run().exits(1).says(&["organizations:ListOrganizationalUnitsForParent", "it lacks OrganizationalUnits[].Id"]);
    aws.forget_faults();
    for (operation, member, lacks) in [
        ("DescribeEndpoint", "EndpointStatus", "it lacks EndpointStatus"),
        ("DescribeEndpointConfig", "ProductionVariants", "it lacks ProductionVariants[].VariantName"),
        ("DescribeModel", "ModelName", "it lacks ModelName"),
    ] {
        aws.fault(operation).changes(without(member));
        test.run().exits(3).says(&[&format!("sagemaker:{operation}: HTTP 200 "), lacks]);
        aws.forget_faults();
    }
    aws.fault("AssumeRole").answers_with(page());
    test.run().exits(3).says(&["sts:AssumeRole"]);
}

#[test]
fn a_write_that_is_answered_by_nothing_is_not_called_done() {
    for (answer, attempts) in
        [(nothing(), 1), (RawAnswer::new(200, "application/x-amz-json-1.1", "{}"), 1), (page(), 2)]
    {
        let aws = Aws::with_project();
        aws.fault("PutModelPackageGroupPolicy").answers_with(answer);
        let build = Run::new("build").in_project(&aws).env("AWS_MAX_ATTEMPTS", "2");
        let ended = build.run().exits(1).says(&["sagemaker:PutModelPackageGroupPolicy"]);
        assert!(!wrote(&ended));
        assert_eq!(aws.calls("PutModelPackageGroupPolicy").len(), attempts, "what is lacking is not asked for again");
    }
}

#[test]
fn setup_calls_no_step_done_that_a_page_answered() {
    for (operation, action) in [
        ("PutRolePolicy", "iam:PutRolePolicy"),
        ("PutBucketPolicy", "s3:PutBucketPolicy"),
        ("PutModelPackageGroupPolicy", "sagemaker:PutModelPackageGroupPolicy"),
        ("CreateStackSet", "cloudformation:CreateStackSet"),
        ("CreateStackInstances", "cloudformation:CreateStackInstances"),
    ] {
        let (aws, bucket) = platform();
        aws.trust_stack_sets();
        aws.fault(operation).answers_with(page());
        setup(&aws, &bucket, "apply --yes").exits(1).says(&[action]);
    }
    let (aws, bucket) = platform();
    aws.fault("ActivateOrganizationsAccess").answers_with(page());
    let activated = setup(&aws, &bucket, "apply --yes --enable-trusted-access").exits(1);
    activated.says(&["cloudformation:ActivateOrganizationsAccess"]);
}

#[test]
fn a_policy_that_was_not_read_is_not_taken_for_none() {
    let refused = |aws: &Aws, way: usize| {
        let fault = aws.fault("GetModelPackageGroupPolicy");
        match way {
            0 => fault.fails(400, "ValidationException", "1 validation error detected: the service is not itself"),
            1 => fault.answers_with(nothing()),
            2 => fault.answers_with(RawAnswer::new(200, "application/x-amz-json-1.1", "{\"ResourcePol")),
            3 => fault.answers_with(RawAnswer::new(200, "application/x-amz-json-1.1", r#"{"ResourcePolicy": " "}"#)),
            _ => fault.answers_with(RawAnswer::new(200, "application/x-amz-json-1.1", r#"{"ResourcePolicy": "{}"}"#)),
        }
    };
    for way in 0..5 {
        let aws = Aws::with_project();
        aws.set_group_policy(GROUP, &of_another_team());
        refused(&aws, way);
        let build = Run::new("build").in_project(&aws).env("AWS_MAX_ATTEMPTS", "1");
        let ended = build.run().exits(1);
        if way < 4 {
            ended.says(&["sagemaker:GetModelPackageGroupPolicy"]);
        }
        assert_eq!(aws.group_policy(GROUP), Some(of_another_team()), "{way}");
        assert_eq!(aws.writing_calls(), [""; 0], "{way}");

        let (aws, bucket) = platform();
        aws.set_group_policy(GROUP, &of_another_team());
        refused(&aws, way);
        setup(&aws, &bucket, "apply --yes").exits(1);
        assert_eq!(aws.group_policy(GROUP), Some(of_another_team()), "{way}");
    }
}

#[test]
fn setup_merges_into_no_policy_that_was_not_read() {
    let (aws, bucket) = platform();
    aws.set_bucket_policy(&bucket, &of_another_team());
    let xml = |body: &str| RawAnswer::new(200, "application/xml", body);
    for answer in [nothing(), xml(" \n"), xml("{\"Version"), xml("{}"), page()] {
        aws.fault("GetBucketPolicy").answers_with(answer);
        setup(&aws, &bucket, "apply --yes").exits(1);
        assert_eq!(aws.bucket_policy(&bucket), Some(of_another_team()));
        aws.forget_faults();
    }
    // A role whose policy cannot be read keeps it.
    for operation in ["GetRole", "GetRolePolicy"] {
        let (aws, bucket) = platform();
        aws.fault(operation).answers_with(page());
        setup(&aws, &bucket, "apply --yes").exits(1).says(&[&format!("iam:{operation}")]);
        assert!(!aws.writing_calls().contains(&"iam:PutRolePolicy".to_owned()), "{operation}");
    }
}

#[test]
fn a_group_that_was_not_read_is_not_taken_for_missing() {
    let aws = Aws::with_project();
    aws.fault("DescribeModelPackageGroup").fails(400, "ValidationException", "the service is not itself");
    Run::new("build").in_project(&aws).run().exits(1).says(&["cannot read model package group", "is not itself"]);
    assert_eq!(aws.writing_calls(), [""; 0]);
}

#[test]
fn a_version_that_is_rejected_after_it_was_listed_is_not_deployed() {
    for (member, state, said) in [
        ("ModelApprovalStatus", "Rejected", "now its approval status is Rejected"),
        ("ModelPackageStatus", "Failed", "now its status is Failed"),
    ] {
        let aws = Aws::with_project();
        aws.fault("DescribeModelPackage").changes(move |answer| answer[member] = json!(state));
        let build = Run::new("build").in_project(&aws);
        let ended =
            build.run().exits(4).says(&["error: version 1 of model package group \"churn-models\" is not ", said]);
        assert!(!wrote(&ended));
        assert_eq!(aws.writing_calls(), [""; 0]);
        let resolved = Run::new("resolve --format json").in_project(&aws).run().exits(4).says(&[said]);
        let resolution: Value = serde_json::from_str(&resolved.stdout).expect("JSON");
        assert_eq!(resolution["modelPackage"], Value::Null);
        let passed_over = resolution["passedOver"].as_array().and_then(|versions| versions.last()).expect("a version");
        assert_eq!(passed_over["version"], 1);
    }
}

#[test]
fn a_list_that_never_ends_is_an_error_that_names_its_call() {
    let again = |lists: &'static str, tokens: usize| {
        let asked = AtomicUsize::new(0);
        move |_: &Value| {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            json!({lists: [], "NextToken": format!("token-{}", number % tokens)})
        }
    };
    for (action, lists) in [
        ("sagemaker:ListModelPackages", "ModelPackageSummaryList"),
        ("organizations:ListAccountsForParent", "Accounts"),
        ("organizations:ListOrganizationalUnitsForParent", "OrganizationalUnits"),
    ] {
        for (tokens, said) in [(1, "a second time"), (2, "a second time"), (usize::MAX, "200 pages in a row")] {
            let aws = Aws::with_project();
            let operation = action.split_once(':').expect("an action").1;
            aws.fault(operation).answers_by(again(lists, tokens));
            Run::new("build").in_project(&aws).run().exits(1).says(&[&format!("cause: {action}: "), said]);
            assert!(aws.calls(operation).len() <= 600, "{action}: {}", aws.calls(operation).len());
        }
    }
}

/// An account with SageMaker's launch role, a bucket of model data and a group, and a unit for each stage.
fn platform() -> (Aws, String) {
    let aws = Aws::with_project().with_role(LAUNCH_ROLE);
    let bucket = aws.bucket("models");
    (aws, bucket)
}

fn setup(aws: &Aws, bucket: &str, command: &str) -> Outcome {
    let settings = format!(
        "version: 1\nstages:\n  - {{name: staging, units: [{}]}}\nmodel_data_bucket: {bucket}\nseed_bucket: seeds\n\
         model_package_groups: [{GROUP}]\n",
        aws.unit("staging")
    );
    let run = Run::new(&format!("setup {command}")).aws(aws).file("modeldeploy.yml", settings);
    run.env("AWS_MAX_ATTEMPTS", "1").run()
}
