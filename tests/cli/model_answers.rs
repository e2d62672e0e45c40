//! `modeldeploy test` and what a live endpoint answers: what is tried again, what is judged, what is given up.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Aws, RawAnswer, Run, case_of};

const CASES: &str = "version: 1\ncases: [{name: one, body: one, expect: {json: [{path: $.label, equals: one}]}}]\n";

/// One account with the endpoint, and the test of it.
fn deployed() -> (Aws, Run) {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved"]);
    let test = aws.deployed(&["one"]);
    (aws, test)
}

/// (success, invocations, errors)
fn counts(case: &Value) -> (bool, u64, u64) {
    let count = |key: &str| case[key].as_u64().expect("a count");
    (case["success"].as_bool().expect("a verdict"), count("invocations"), count("errors"))
}

#[track_caller]
fn failure(case: &Value, kind: &str, parts: &[&str]) {
    assert_eq!(case["failures"][0]["kind"], kind, "{case:#}");
    let message = case["failures"][0]["message"].as_str().expect("a message");
    for part in parts {
        assert!(message.contains(part), "\"{part}\" is not in: {message}");
    }
}

#[test]
fn what_may_pass_is_tried_again() {
    let (aws, test) = deployed();
    for (status, code) in [
        (503, "ServiceUnavailable"),
        (500, "InternalFailure"),
        (530, "InternalDependencyException"),
        (429, "ModelNotReadyException"),
        (429, "ThrottlingException"),
    ] {
        aws.forget_faults();
        aws.fault("InvokeEndpoint").first(1).fails(status, code, "not now");
        let case = case_of(&test.run().succeeds());
        assert_eq!(counts(&case), (true, 2, 1), "{code}");
    }
    aws.forget_faults();
    aws.fault("InvokeEndpoint").first(1).answers_with(RawAnswer::new(502, "text/html", "<html>Bad Gateway</html>"));
    aws.fault("InvokeEndpoint").nth(2).cuts_off();
    assert_eq!(counts(&case_of(&test.run().succeeds())), (true, 3, 2));
}

#[test]
fn what_does_not_pass_is_given_up_after_the_cases_retries() {
    let (aws, test) = deployed();
    aws.fault("InvokeEndpoint").fails(503, "ServiceUnavailable", "not now");
    let case = case_of(&test.run().exits(3));
    assert_eq!(counts(&case), (false, 3, 3));
    failure(&case, "no_answer", &["sagemaker:InvokeEndpoint ServiceUnavailable: not now (request "]);
    assert_eq!(case["latencyMs"], Value::Null);

    aws.forget_calls();
    let hasty = CASES.replace("cases:", "defaults: {retries: 0}\ncases:");
    let case = case_of(&test.file("test/cases.yml", hasty).run().exits(3));
    assert_eq!(counts(&case), (false, 1, 1));
    assert_eq!(aws.calls("InvokeEndpoint").len(), 1);
}

#[test]
fn a_request_that_the_service_refuses_is_not_tried_again() {
    let (aws, test) = deployed();
    aws.fault("InvokeEndpoint").fails(400, "ValidationError", "Endpoint churn-staging of account 1 not found.");
    let case = case_of(&test.run().exits(3));
    assert_eq!(counts(&case), (false, 1, 1));
    failure(&case, "no_answer", &["sagemaker:InvokeEndpoint ValidationError: Endpoint churn-staging of account 1"]);
}

#[test]
fn a_model_that_refuses_is_judged_and_not_asked_again() {
    let (aws, test) = deployed();
    aws.fault("InvokeEndpoint").answers_model_error(400, "could not convert string to float: 'a'");
    let case = case_of(&test.run().exits(3));
    assert_eq!(counts(&case), (false, 1, 0));
    failure(&case, "model_error", &["400", "could not convert string to float: 'a'"]);

    let refused =
        "version: 1\ncases: [{name: one, body: one, expect: {model_error: {status: 400, message_matches: convert}}}]";
    let case = case_of(&test.file("test/cases.yml", refused).run().succeeds());
    assert_eq!(counts(&case), (true, 1, 0));
}

#[test]
fn a_model_that_breaks_is_asked_again() {
    let (aws, test) = deployed();
    aws.fault("InvokeEndpoint").first(1).answers_model_error(500, "worker died");
    let case = case_of(&test.run().succeeds());
    assert_eq!((&case["success"], &case["invocations"]), (&json!(true), &json!(2)));

    aws.forget_faults();
    aws.fault("InvokeEndpoint").answers_model_error(500, "worker died");
    let case = case_of(&test.run().exits(3));
    assert_eq!((&case["success"], &case["invocations"]), (&json!(false), &json!(3)));
    failure(&case, "model_error", &["500", "worker died", "/aws/sagemaker/Endpoints/churn-staging"]);
}

#[test]
fn an_answer_that_does_not_come_in_time_ends_the_case_and_not_the_run() {
    let aws = Aws::with_project();
    let accounts = aws.staging_accounts();
    let impatient = CASES.replace("cases:", "defaults: {timeout: 300ms}\ncases:");
    let test = aws.deployed(&["one"]).file("test/cases.yml", impatient);
    aws.fault("InvokeEndpoint").in_account(&accounts[0]).never_answers();
    aws.fault("InvokeEndpoint").in_account(&accounts[1]).delays(Duration::from_mins(1));
    let started = Instant::now();
    let outcome = test.run().exits(3);
    assert!(started.elapsed() < Duration::from_secs(30), "the slow answer was waited for");
    let results = outcome.json("test-results.json");
    for account in results["accounts"].as_array().expect("a list") {
        let case = &account["cases"][0];
        assert_eq!(counts(case), (false, 1, 1), "a model that hangs is not asked again");
        failure(case, "timeout", &["no answer within 300ms"]);
    }
}

#[test]
fn an_answer_that_is_slow_but_in_time_counts_with_its_latency() {
    let (aws, test) = deployed();
    aws.fault("InvokeEndpoint").delays(Duration::from_millis(250));
    let case = case_of(&test.run().succeeds());
    assert!(case["latencyMs"]["max"].as_f64() >= Some(250.0), "{case:#}");
}

#[test]
fn an_answer_that_is_no_json_or_nothing_at_all_fails_its_case() {
    let (aws, test) = deployed();
    for body in ["", "Traceback (most recent call last)", "{\"label\": "] {
        aws.forget_faults();
        aws.fault("InvokeEndpoint").answers_with(RawAnswer::new(200, "application/json", body));
        let case = case_of(&test.run().exits(3));
        assert_eq!(counts(&case), (false, 1, 0), "{case:#}");
    }
}
