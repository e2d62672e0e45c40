//! `modeldeploy test` against moto: whom it tests, as whom, what it proves and what it leaves.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Aws, Deployment, ENDPOINT, Outcome, Run, cases};

/// Three staging accounts, the last of them in a child unit, and all that is behind them.
fn three_accounts() -> Aws {
    Aws::new().with_unit("staging", 2).with_unit("staging/nested", 1).with_unit("prod", 1).with_packages(["Approved"])
}

/// The accounts in the results, with their verdicts.
fn verdicts(outcome: &Outcome) -> Vec<(String, bool)> {
    let results = outcome.json("test-results.json");
    let accounts = results["accounts"].as_array().expect("a list").iter();
    accounts
        .map(|account| {
            let id = account["accountId"].as_str().expect("an id").to_owned();
            (id, account["success"].as_bool().expect("a verdict"))
        })
        .collect()
}

fn tested(outcome: &Outcome) -> BTreeSet<String> {
    verdicts(outcome).into_iter().map(|(id, _)| id).collect()
}

fn account_of<'a>(results: &'a Value, id: &str) -> &'a Value {
    let accounts = results["accounts"].as_array().expect("a list");
    accounts.iter().find(|account| account["accountId"] == id).unwrap_or_else(|| panic!("no account {id}: {results:#}"))
}

/// The SDK keeps the credentials of 64 roles, and a unit may have more accounts.
#[test]
fn the_roles_of_very_many_accounts_are_taken_on_once_each() {
    let aws = Aws::new().with_unit("staging", 80).with_unit("prod", 1).with_packages(["Approved"]);
    aws.deployed(&["one"]).with("--concurrency").with("80").run().succeeds();
    assert_eq!(aws.calls("AssumeRole").len(), 80);
}

#[test]
fn every_account_of_the_unit_is_tested_in_the_role_that_the_stage_has_there() {
    let aws = three_accounts();
    let test = aws.deployed(&["one", "two"]);
    let outcome = test.run().succeeds().says(&["testing endpoint churn-staging in 3 accounts, 2 cases"]);
    let results = outcome.json("test-results.json");
    assert_eq!((&results["success"], &results["stage"]), (&json!(true), &json!("staging")));
    assert_eq!(results["modelPackageArn"], json!(aws.package(1)));
    assert_eq!(tested(&outcome), aws.staging_accounts().into_iter().collect());
    for account in results["accounts"].as_array().expect("a list") {
        assert_eq!(account["endpointName"], ENDPOINT);
        assert_eq!(account["endpointStatus"], "InService");
        assert_eq!(account["liveModelMatches"], true);
        assert_eq!(account["liveModelPackageArns"], json!([aws.package(1)]));
        let cases = account["cases"].as_array().expect("a list");
        assert_eq!(cases.iter().map(|case| &case["name"]).collect::<Vec<_>>(), ["one", "two"]);
        assert!(cases.iter().all(|case| case["success"] == true && case["latencyMs"]["p95"].as_f64() > Some(0.0)));
    }
    for account in aws.staging_accounts() {
        let assumed: Vec<_> = aws.calls("AssumeRole").into_iter().filter(|call| call.account == account).collect();
        let [assumed] = &assumed[..] else { panic!("the role of {account} was assumed {} times", assumed.len()) };
        assert_eq!(assumed.form("RoleArn"), Some(format!("arn:aws:iam::{account}:role/churn-staging-role")));
        assert_eq!(assumed.form("RoleSessionName").as_deref(), Some("modeldeploy-churn-build-6c3e0f5a-1d2b"));
        let seconds: u32 = assumed.form("DurationSeconds").expect("a duration").parse().expect("a number");
        assert!(seconds <= 3600, "role chaining allows an hour, not {seconds} s");
        let sent = aws.calls("InvokeEndpoint").into_iter().filter(|call| call.account == account);
        assert_eq!(sent.map(|call| call.body.clone()).collect::<Vec<_>>(), ["one", "two"]);
    }
    let invoked = &aws.calls("InvokeEndpoint")[0].headers;
    assert_eq!(
        (&invoked["content-type"], &invoked["accept"]),
        (&"text/csv".parse().expect("a value"), &"application/json".parse().expect("a value"))
    );
}

#[test]
fn an_account_that_serves_another_version_fails_and_the_others_are_fully_tested() {
    let aws = Aws::new().with_unit("staging", 3).with_unit("prod", 1).with_packages(["Approved", "Approved"]);
    let test = aws.deployed(&["one"]);
    let accounts = aws.staging_accounts();
    let former = Deployment::exported(&test, "staging-config-export.json").serving(aws.package(1));
    aws.roll_out(&former, &accounts[1..2]);
    let outcome = test.run().exits(3).says(&["error: the test failed in 1 of 3 accounts", &accounts[1]]);
    let results = outcome.json("test-results.json");
    assert_eq!(results["success"], false);
    for (id, is_good) in accounts.iter().zip([true, false, true]) {
        let account = account_of(&results, id);
        assert_eq!((&account["success"], &account["liveModelMatches"]), (&json!(is_good), &json!(is_good)));
        assert_eq!(account["cases"].as_array().map(Vec::len), Some(1));
    }
    let wrong = account_of(&results, &accounts[1]);
    assert_eq!(wrong["liveModelPackageArns"], json!([aws.package(1)]));
    assert_eq!(wrong["errors"][0]["kind"], "live_model_mismatch");
    let message = wrong["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains(&aws.package(1)) && message.contains(&aws.package(2)), "{message}");
}

#[test]
fn a_model_that_comes_from_no_package_fails_the_proof() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]);
    aws.fault("DescribeModel").changes(|model| model["Containers"] = json!([{"Image": "somebody/elses:latest"}]));
    let outcome = test.run().exits(3);
    let results = outcome.json("test-results.json");
    assert_eq!(results["accounts"][0]["liveModelMatches"], false);
    let message = results["accounts"][0]["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("comes from no model package (somebody/elses:latest"), "{message}");
}

#[test]
fn an_answer_that_is_not_the_expected_one_fails_its_case_alone() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one", "two"]);
    let wrong = cases(&["one", "two"]).replace("equals: two", "equals: three");
    let outcome = test.file("test/cases.yml", wrong).run().exits(3);
    let results = outcome.json("test-results.json");
    for account in results["accounts"].as_array().expect("a list") {
        assert_eq!((&account["cases"][0]["success"], &account["cases"][1]["success"]), (&json!(true), &json!(false)));
        let message = account["cases"][1]["failures"][0]["message"].as_str().expect("a message");
        assert!(message.contains("three") && message.contains("two"), "{message}");
    }
}

#[test]
fn only_the_accounts_that_were_asked_for_are_tested() {
    let aws = three_accounts();
    let test = aws.deployed(&["one"]);
    let accounts = aws.staging_accounts();
    let outcome = test.clone().with("--no-recursive").run().succeeds();
    assert_eq!(tested(&outcome), aws.accounts("staging").iter().cloned().collect());
    assert_eq!(aws.calls("ListOrganizationalUnitsForParent").len(), 0);

    aws.forget_calls();
    let outcome = test.with("--accounts").with(format!("{},{}", accounts[2], accounts[0])).run().succeeds();
    assert_eq!(tested(&outcome), [&accounts[0], &accounts[2]].map(Clone::clone).into());
    assert_eq!(aws.calls("ListAccountsForParent").len(), 0);
}

#[test]
fn a_suspended_account_is_left_out_and_named_in_the_results() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]);
    let accounts = aws.staging_accounts();
    aws.close_account(&accounts[0]);
    let outcome = test.run().succeeds().says(&[&format!("account {} (staging-1) is left out", accounts[0])]);
    assert_eq!(tested(&outcome), [accounts[1].clone()].into());
    let results = outcome.json("test-results.json");
    assert_eq!(results["leftOut"], json!([{"accountId": accounts[0], "reason": "it is SUSPENDED"}]));
}

#[test]
fn an_account_whose_state_organizations_does_not_name_goes_by_its_status() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]);
    aws.fault("ListAccountsForParent").changes(|page| {
        let accounts = page["Accounts"].as_array_mut().expect("a list");
        for account in &mut *accounts {
            account.as_object_mut().expect("an account").remove("State");
        }
        accounts[1]["Status"] = json!("PENDING_CLOSURE");
    });
    let outcome = test.run().succeeds().says(&["it is PENDING_CLOSURE"]);
    assert_eq!(verdicts(&outcome).len(), 1);
}

#[test]
fn junit_has_a_suite_an_account_and_a_test_a_case() {
    let aws = Aws::with_project();
    let test =
        aws.deployed(&["one", "two"]).with("--junit").with("reports/test-results.xml").file("reports/README", "");
    aws.fault("DescribeEndpoint").in_account(&aws.staging_accounts()[1]).changes(|endpoint| {
        endpoint["EndpointStatus"] = json!("Failed");
        endpoint["FailureReason"] = json!("no capacity for <ml.m5.large> & others");
    });
    let xml = test.with("--wait").with("10s").run().exits(3).text("reports/test-results.xml");
    let document = roxmltree::Document::parse(&xml).expect("well-formed XML");
    let suites: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testsuite")).collect();
    assert_eq!(suites.len(), 2);
    let total = |attribute: &str| -> u32 {
        suites.iter().map(|suite| suite.attribute(attribute).expect("a count").parse::<u32>().expect("a number")).sum()
    };
    // The endpoint itself and two cases in both accounts; those of the account that failed before them were not run.
    assert_eq!((total("tests"), total("failures")), (6, 3));
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).expect("a failure");
    assert!(failure.attribute("message").is_some_and(|text| text.contains("<ml.m5.large> & others")));
}

#[test]
fn data_capture_is_reported_as_the_endpoint_has_it() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]);
    // moto answers an empty object in its place.
    aws.fault("DescribeEndpoint").changes(|endpoint| {
        endpoint["DataCaptureConfig"] = json!({"EnableCapture": true, "CaptureStatus": "Started",
            "CurrentSamplingPercentage": 20, "DestinationS3Uri": "s3://artifacts/data-capture", "KmsKeyId": ""});
    });
    let results = test.run().succeeds().json("test-results.json");
    assert_eq!(
        results["accounts"][0]["dataCapture"],
        json!({"enabled": true, "status": "Started", "samplingPercentage": 20, "destination": "s3://artifacts/data-capture"})
    );
}

#[test]
fn many_accounts_are_tested_side_by_side_but_never_more_than_asked_for() {
    let aws = Aws::new().with_unit("staging", 40).with_unit("prod", 1).with_packages(["Approved"]);
    let test = aws.deployed(&["one"]).with("--concurrency").with("8");
    aws.fault("DescribeEndpoint").delays(Duration::from_millis(40));
    let outcome = test.run().succeeds();
    assert_eq!(verdicts(&outcome).len(), 40);
    assert!(verdicts(&outcome).iter().all(|(_, success)| *success));
    // The last page of the unit is asked for while the accounts of the first are under test, each with its proof beside
    // its cases.
    let most = aws.most_calls_at_once();
    assert!((2..=2 * 8 + 1).contains(&most), "{most} calls at once");
}

#[test]
fn results_of_a_run_as_json_are_on_stdout() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]).with("--format").with("json");
    let outcome: Outcome = test.run().succeeds();
    let said: Value = serde_json::from_str(&outcome.stdout).expect("JSON alone on stdout");
    assert_eq!(said, outcome.json("test-results.json"));
}

#[test]
fn another_endpoint_name_can_be_given() {
    let aws = Aws::with_project();
    let test: Run = aws.deployed(&["one"]);
    test.with("--endpoint-name").with("elsewhere").run().exits(3).says(&["there is no endpoint elsewhere"]);
    assert_eq!(aws.calls("DescribeEndpoint")[0].json()["EndpointName"], "elsewhere");
}
