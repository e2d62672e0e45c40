//! `modeldeploy test` when an account, an endpoint or AWS itself is not well: no account ever hides another.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Aws, ENDPOINT, GROUP, Outcome, Run};

/// Two staging accounts with the endpoint, the test that will meet it, and the accounts.
fn deployed(names: &[&str]) -> (Aws, Run, Vec<String>) {
    let aws = Aws::with_project();
    let test = aws.deployed(names);
    let accounts = aws.staging_accounts();
    (aws, test, accounts)
}

/// What the results say of an account.
fn account_of(outcome: &Outcome, id: &str) -> Value {
    let results = outcome.json("test-results.json");
    let mut accounts = results["accounts"].as_array().expect("a list").iter();
    accounts.find(|account| account["accountId"] == id).unwrap_or_else(|| panic!("no {id} in {results:#}")).clone()
}

/// The account was tested in full and passed.
#[track_caller]
fn passed(outcome: &Outcome, id: &str, cases: usize) {
    let account = account_of(outcome, id);
    assert_eq!((&account["success"], account["cases"].as_array().map(Vec::len)), (&json!(true), Some(cases)));
}

/// The account failed with an error of that kind, whose message holds each of the parts.
#[track_caller]
fn failed(outcome: &Outcome, id: &str, kind: &str, parts: &[&str]) {
    let account = account_of(outcome, id);
    assert_eq!((&account["success"], &account["errors"][0]["kind"]), (&json!(false), &json!(kind)), "{account:#}");
    let message = account["errors"][0]["message"].as_str().expect("a message");
    for part in parts {
        assert!(message.contains(part), "\"{part}\" is not in: {message}");
    }
}

fn lines_with<'a>(text: &'a str, part: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.contains(part)).collect()
}

#[test]
fn throttling_server_errors_and_cut_connections_are_survived() {
    let (aws, test, _) = deployed(&["one"]);
    aws.fault("ListAccountsForParent").first(1).throttles();
    aws.fault("AssumeRole").first(1).throttles();
    aws.fault("DescribeEndpoint").first(1).throttles();
    aws.fault("DescribeEndpointConfig").first(1).cuts_off();
    aws.fault("DescribeModel").first(1).answers_http_500();
    test.run().succeeds();
    let calls = ["AssumeRole", "DescribeEndpointConfig", "DescribeModel"];
    assert_eq!(calls.map(|operation| aws.calls(operation).len()), [3; 3], "two accounts, and one more each");
    assert_eq!(aws.calls("DescribeEndpoint").len(), 5, "before the cases and after them");
}

#[test]
fn a_call_that_is_never_answered_is_made_again_but_a_model_may_take_its_time() {
    let (aws, test, accounts) = deployed(&["one"]);
    aws.fault("DescribeEndpoint").in_account(&accounts[0]).first(1).never_answers();
    // More than a call of the control plane may take.
    aws.fault("InvokeEndpoint").in_account(&accounts[1]).delays(Duration::from_millis(21_500));
    let outcome = test.run().succeeds();
    passed(&outcome, &accounts[0], 1);
    assert!(account_of(&outcome, &accounts[1])["cases"][0]["latencyMs"]["min"].as_f64() > Some(21_000.0));
    assert_eq!(aws.calls("InvokeEndpoint").len(), 2);
}

#[test]
fn a_session_that_ends_before_the_test_is_taken_up_again() {
    let (aws, test, accounts) = deployed(&["one"]);
    aws.fault("AssumeRole").in_account(&accounts[0]).first(1).gives_a_session_that_ends_at_once();
    let outcome = test.run().succeeds();
    passed(&outcome, &accounts[0], 1);
    let assumed: Vec<_> = aws.calls("AssumeRole").iter().map(|call| call.account.clone()).collect();
    assert_eq!(assumed.iter().filter(|account| **account == accounts[0]).count(), 2);
    assert_eq!(assumed.len(), 3);
}

#[test]
fn a_unit_that_is_not_there_or_empty_ends_the_test_with_valid_results() {
    let (aws, test, accounts) = deployed(&["one"]);
    let absent = test.clone().env("ORGANIZATIONAL_UNIT_ID", "ou-ab12-cdef3456");
    let outcome = absent.run().exits(1).says(&["error: cannot list the accounts of unit ou-ab12-cdef3456"]);
    assert_eq!(outcome.json("test-results.json")["success"], false);
    for account in &accounts {
        aws.close_account(account);
    }
    let outcome = test.run().exits(1).says(&["(stage \"staging\") has no active account", "it is SUSPENDED"]);
    let results = outcome.json("test-results.json");
    assert_eq!((&results["success"], &results["accounts"]), (&json!(false), &json!([])));
}

#[test]
fn an_endpoint_that_is_being_created_is_waited_for_with_a_line_a_change() {
    let (aws, test, accounts) = deployed(&["one"]);
    for (number, status) in [(1, "Creating"), (2, "Creating"), (3, "Updating")] {
        let fault = aws.fault("DescribeEndpoint").in_account(&accounts[0]).nth(number);
        fault.changes(move |endpoint| endpoint["EndpointStatus"] = json!(status));
    }
    let outcome = test.run().succeeds();
    let of_account = format!("{}: endpoint {ENDPOINT} is ", accounts[0]);
    let lines = lines_with(&outcome.stderr, &of_account);
    let statuses: Vec<&str> =
        lines.iter().filter_map(|line| line.strip_prefix(&of_account)?.split(':').next()).collect();
    assert_eq!(statuses, ["Creating", "Updating"]);
    assert_eq!(account_of(&outcome, &accounts[0])["endpointStatus"], "InService");
    passed(&outcome, &accounts[0], 1);
    passed(&outcome, &accounts[1], 1);
}

#[test]
fn an_endpoint_that_is_not_ready_in_time_says_how_long_was_waited() {
    let (aws, test, accounts) = deployed(&["one"]);
    let fault = aws.fault("DescribeEndpoint").in_account(&accounts[0]);
    fault.changes(|endpoint| endpoint["EndpointStatus"] = json!("Creating"));
    let outcome = test.with("--wait").with("1s").run().exits(3);
    let parts = [ENDPOINT, "is \"Creating\", expected \"InService\" (waited ", " of 1s)"];
    failed(&outcome, &accounts[0], "endpoint_not_ready", &parts);
    passed(&outcome, &accounts[1], 1);
}

#[test]
fn a_failed_endpoint_shows_its_reason_and_the_others_are_fully_tested() {
    let (aws, test, accounts) = deployed(&["one", "two"]);
    aws.fault("DescribeEndpoint").in_account(&accounts[0]).changes(|endpoint| {
        endpoint["EndpointStatus"] = json!("Failed");
        endpoint["FailureReason"] = json!("ResourceLimitExceeded: ml.m5.large for endpoint usage is 0");
    });
    let outcome = test.with("--wait").with("10s").run().exits(3);
    let outcome = outcome.says(&["error: the test failed in 1 of 2 accounts", "ResourceLimitExceeded"]);
    let parts = ["endpoint churn-staging is \"Failed\"", "ResourceLimitExceeded: ml.m5.large for endpoint usage is 0"];
    failed(&outcome, &accounts[0], "endpoint_broken", &parts);
    assert_eq!(account_of(&outcome, &accounts[0])["endpointStatus"], "Failed");
    passed(&outcome, &accounts[1], 2);
}

#[test]
fn an_endpoint_that_is_absent_fails_its_account_alone() {
    let (aws, test, accounts) = deployed(&["one"]);
    let arn = format!("arn:aws:sagemaker:us-east-1:{}:endpoint/churn-staging", accounts[1]);
    let message = format!("Could not find endpoint \"{arn}\".");
    aws.fault("DescribeEndpoint").in_account(&accounts[1]).fails(400, "ValidationException", &message);
    let outcome = test.run().exits(3);
    failed(&outcome, &accounts[1], "endpoint_absent", &["there is no endpoint churn-staging in Region us-east-1"]);
    passed(&outcome, &accounts[0], 1);
}

#[test]
fn a_role_that_may_not_be_assumed_fails_its_account_alone() {
    let (aws, test, accounts) = deployed(&["one"]);
    aws.fault("AssumeRole").in_account(&accounts[0]).denies();
    let outcome = test.run().exits(3);
    let role = format!("arn:aws:iam::{}:role/churn-staging-role", accounts[0]);
    let caller = format!("allow sts:AssumeRole to arn:aws:sts::{}:user/moto", aws.account());
    failed(&outcome, &accounts[0], "assume_role", &[&role, "sts:AssumeRole AccessDenied: ", &caller]);
    passed(&outcome, &accounts[1], 1);
}

#[test]
fn every_case_of_an_account_that_failed_before_them_is_listed_as_not_run() {
    let (aws, test, accounts) = deployed(&["one", "two"]);
    for operation in ["AssumeRole", "DescribeEndpoint"] {
        aws.forget_faults();
        aws.fault(operation).in_account(&accounts[0]).denies();
        let outcome = test.clone().with("--junit=j.xml").with("--html=h.html").run().exits(3);
        let outcome = outcome.says(&["not run: one, two"]);
        let cases = account_of(&outcome, &accounts[0])["cases"].clone();
        for (at, name) in ["one", "two"].into_iter().enumerate() {
            assert_eq!((&cases[at]["name"], &cases[at]["failures"][0]["kind"]), (&json!(name), &json!("not_run")));
            assert_eq!(&cases[at]["invocations"], &json!(0));
        }
        passed(&outcome, &accounts[1], 2);
        let of_both = |file: &str, part: &str| assert!(outcome.text(file).matches(part).count() >= 2, "{file}: {part}");
        of_both("j.xml", "name=\"two\"");
        of_both("h.html", "so nothing was sent");
    }
}

#[test]
fn a_denied_call_in_an_account_names_the_permission_and_the_role_that_lacks_it() {
    let (aws, test, accounts) = deployed(&["one"]);
    for (operation, kind) in [
        ("DescribeEndpoint", "endpoint_unknown"),
        ("DescribeEndpointConfig", "live_model_unknown"),
        ("DescribeModel", "live_model_unknown"),
    ] {
        aws.forget_faults();
        aws.fault(operation).in_account(&accounts[0]).denies();
        let outcome = test.run().exits(3);
        let denied = format!("sagemaker:{operation} AccessDeniedException: ");
        let hint = format!("allow sagemaker:{operation} to arn:aws:iam::{}:role/churn-staging-role", accounts[0]);
        failed(&outcome, &accounts[0], kind, &[&denied, &hint]);
        passed(&outcome, &accounts[1], 1);
    }
}

#[test]
fn a_denied_invocation_fails_the_case_and_names_the_permission_and_the_role() {
    let (aws, test, accounts) = deployed(&["one"]);
    aws.fault("InvokeEndpoint").in_account(&accounts[0]).denies();
    let outcome = test.run().exits(3);
    let case = &account_of(&outcome, &accounts[0])["cases"][0];
    assert_eq!((&case["invocations"], &case["errors"]), (&json!(1), &json!(1)), "a denial is not tried again");
    let message = case["failures"][0]["message"].as_str().expect("a message");
    let hint = format!("allow sagemaker:InvokeEndpoint to arn:aws:iam::{}:role/churn-staging-role", accounts[0]);
    assert!(message.contains("sagemaker:InvokeEndpoint AccessDeniedException") && message.contains(&hint), "{message}");
    passed(&outcome, &accounts[1], 1);
}

#[test]
fn a_unit_that_cannot_be_read_ends_the_test_with_valid_results() {
    let (aws, test, _) = deployed(&["one"]);
    for operation in ["ListAccountsForParent", "ListOrganizationalUnitsForParent"] {
        aws.forget_faults();
        aws.fault(operation).denies();
        let hint = format!("hint: allow organizations:{operation} to arn:aws:sts::{}:user/moto", aws.account());
        let error = format!("error: cannot list the accounts of unit {}", aws.unit("staging"));
        let outcome = test.clone().with("--junit").with("junit.xml").run().exits(1).says(&[&error, &hint]);
        let results = outcome.json("test-results.json");
        assert_eq!((&results["success"], &results["accounts"]), (&json!(false), &json!([])));
        assert_eq!(results["errors"][0]["kind"], "unit");
        let message = results["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains(&format!("organizations:{operation} AccessDeniedException")), "{message}");
        roxmltree::Document::parse(&outcome.text("junit.xml")).expect("well-formed XML");
    }
    assert_eq!(aws.calls("AssumeRole").len(), 0);
}

#[test]
fn credentials_that_expired_ask_for_fresh_ones() {
    let (aws, test, accounts) = deployed(&["one"]);
    aws.fault("AssumeRole").in_account(&accounts[0]).expires_the_token();
    let outcome = test.run().exits(3);
    failed(&outcome, &accounts[0], "assume_role", &["sts:AssumeRole ExpiredToken", "get fresh credentials"]);
    passed(&outcome, &accounts[1], 1);

    aws.fault("ListAccountsForParent").expires_the_token();
    test.run()
        .exits(1)
        .says(&["cause: organizations:ListAccountsForParent ExpiredTokenException", "get fresh credentials"]);
}

#[test]
fn results_that_cannot_be_written_are_found_out_before_any_call() {
    let (aws, test, _) = deployed(&["one"]);
    for (flag, place) in [
        ("--export-test-results", "test/cases.yml/results.json"),
        ("--export-test-results", "test"),
        ("--junit", "test"),
    ] {
        let outcome = test.clone().with(flag).with(place).run().exits(1);
        outcome.says(&[&format!("error: cannot write {place}"), "cause: ", "hint: "]);
    }
    assert_eq!(aws.all_calls().len(), 0);
}

#[test]
fn a_run_that_is_stopped_keeps_what_was_tested() {
    for (signal, name) in [("-TERM", "SIGTERM"), ("-INT", "SIGINT")] {
        let (aws, test, accounts) = deployed(&["one"]);
        aws.fault("InvokeEndpoint").in_account(&accounts[1]).never_answers();
        let test = test.with("--concurrency").with("1").with("--accounts").with(accounts.join(","));
        let child = test.command().spawn().expect("the binary starts");
        aws.wait_for("InvokeEndpoint", 2);
        Command::new("kill").args([signal, &child.id().to_string()]).status().expect("a signal");
        let outcome = test.outcome_of(child).exits(1).says(&["the run was ended by", name]);
        passed(&outcome, &accounts[0], 1);
        failed(&outcome, &accounts[1], "interrupted", &["before this account was done"]);
        assert_eq!(account_of(&outcome, &accounts[1])["endpointStatus"], "InService");
        assert_eq!(outcome.json("test-results.json")["errors"][0]["kind"], "interrupted");
    }
}

#[test]
fn a_run_that_is_stopped_before_it_knows_the_accounts_leaves_valid_results_and_no_scraps() {
    let (aws, test, _) = deployed(&["one"]);
    aws.fault("ListAccountsForParent").never_answers();
    let child = test.command().spawn().expect("the binary starts");
    aws.wait_for("ListAccountsForParent", 1);
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("a signal");
    let outcome = test.outcome_of(child).exits(1).says(&["the run was ended by SIGTERM"]);
    let results = outcome.json("test-results.json");
    assert_eq!((&results["success"], &results["errors"][0]["kind"]), (&json!(false), &json!("interrupted")));
    let scraps = outcome.files().into_iter().filter(|path| path.to_string_lossy().contains(".modeldeploy-"));
    assert_eq!(scraps.count(), 0);
}

#[test]
fn no_secret_is_ever_said_or_written() {
    let (aws, test, accounts) = deployed(&["one"]);
    aws.fault("DescribeModel").in_account(&accounts[0]).denies();
    aws.fault("AssumeRole").in_account(&accounts[1]).first(1).throttles();
    for verbosity in ["-v", "-vv"] {
        let outcome = test.clone().with(verbosity).run().exits(3);
        assert!(outcome.stderr.contains("DEBUG") && !outcome.stderr.contains('\x1b'), "colour where no terminal is");
        holds_no_secret(&aws, &outcome);
        let outcome = test.then("build").with(verbosity).run().succeeds();
        holds_no_secret(&aws, &outcome);
    }
    assert!(aws.secrets().len() >= 6, "the roles' secrets were not seen");
    assert!(aws.group_policy(GROUP).is_some());
}

#[track_caller]
fn holds_no_secret(aws: &Aws, outcome: &Outcome) {
    let files = outcome.files().into_iter().map(|path| outcome.text(&path.to_string_lossy()));
    for text in files.chain([outcome.stdout.clone(), outcome.stderr.clone()]) {
        for secret in aws.secrets() {
            let line = text.lines().find(|line| line.contains(&secret));
            assert_eq!(line, None, "a secret is shown");
        }
    }
}
