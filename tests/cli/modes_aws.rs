//! `modeldeploy test` in its other modes, and what it proves beyond the model's ARN.
//!
//! Response streams are a stand-in's (support/aws/event_stream.rs); asynchronous answers and S3 are moto's.

use serde_json::{Value, json};

use crate::support::{Aws, ENDPOINT, Outcome, Run, StreamedAnswer};

/// One account with the endpoint, and the test of it with these cases.
fn deployed(cases: &str) -> (Aws, Run) {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved"]);
    let test = aws.deployed(&["one"]).file("test/cases.yml", cases);
    (aws, test)
}

/// The only account's results.
fn account_of(outcome: &Outcome) -> Value {
    outcome.json("test-results.json")["accounts"][0].clone()
}

fn case_of(outcome: &Outcome) -> Value {
    account_of(outcome)["cases"][0].clone()
}

/// The first of these failures is of that kind, and its message holds each of the parts.
#[track_caller]
fn tells(failures: &Value, kind: &str, parts: &[&str]) {
    assert_eq!(failures[0]["kind"], kind, "{failures:#}");
    let message = failures[0]["message"].as_str().expect("a message");
    for part in parts {
        assert!(message.contains(part), "\"{part}\" is not in: {message}");
    }
}

const STREAM: &str = "InvokeEndpointWithResponseStream";
const STREAMED: &str = "
version: 1
defaults: {retries: 0}
cases: [{name: one, mode: stream, body: one, expect: {json: [{path: $.label, equals: one}]}}]
";

#[test]
fn the_chunks_of_a_stream_are_joined_and_judged_and_the_first_byte_is_timed() {
    let (aws, test) = deployed(STREAMED);
    aws.fault(STREAM).streams(StreamedAnswer::of(&["", "{\"la", "bel\": ", "\"one\"}"]).then_unknown_event());
    let case = case_of(&test.run().succeeds());
    assert_eq!((&case["kind"], &case["invocations"], &case["errors"]), (&json!("stream"), &json!(1), &json!(0)));
    let millis = |key: &str| case[key]["max"].as_f64().expect("a time");
    // An event without bytes comes first, 60 ms before the first byte, and three more come after it.
    assert!(millis("firstByteMs") >= 120.0, "{case:#}");
    assert!(millis("latencyMs") >= millis("firstByteMs") + 120.0, "{case:#}");
    let sent = &aws.calls(STREAM)[0];
    assert_eq!(sent.path, format!("/endpoints/{ENDPOINT}/invocations-response-stream"));
    assert_eq!(sent.body, "one");
    assert_eq!(sent.headers["content-type"], "text/csv");
    assert_eq!(sent.headers["x-amzn-sagemaker-accept"], "application/json");

    aws.forget_faults();
    aws.fault(STREAM).streams(StreamedAnswer::of(&["{\"label\": ", "\"two\"}"]));
    let case = case_of(&test.run().exits(3));
    tells(&case["failures"], "wrong_json", &["two", "one"]);
}

#[test]
fn a_stream_that_the_service_ends_with_an_error_names_its_code_and_what_had_come() {
    let (aws, test) = deployed(STREAMED);
    let answer = StreamedAnswer::of(&["{\"label\": ", "\"one\"}"]);
    let message = "Your model took longer than 60 seconds";
    aws.fault(STREAM).streams(answer.then_model_stream_error("ModelInvocationTimeExceeded", message));
    let case = case_of(&test.run().exits(3));
    assert_eq!((&case["invocations"], &case["errors"]), (&json!(1), &json!(1)));
    tells(
        &case["failures"],
        "no_answer",
        &[
            "sagemaker:InvokeEndpointWithResponseStream ModelStreamError ModelInvocationTimeExceeded",
            "16 bytes",
            message,
        ],
    );
}

#[test]
fn a_stream_that_is_cut_is_a_failure_even_if_all_that_was_expected_had_come() {
    let (aws, test) = deployed(STREAMED);
    let whole = || StreamedAnswer::of(&["{\"label\": \"one\"}"]);
    for answer in [whole().then_cut_off(), whole().then_half_an_event("and more")] {
        aws.forget_faults();
        aws.fault(STREAM).streams(answer);
        let case = case_of(&test.run().exits(3));
        tells(&case["failures"], "no_answer", &["the stream broke off after 16 bytes: "]);
        assert_eq!(case["latencyMs"], Value::Null);
    }
    // What the network lost is tried again.
    aws.forget_faults();
    aws.fault(STREAM).first(1).streams(whole().then_cut_off());
    aws.fault(STREAM).streams(whole());
    let case = case_of(&test.file("test/cases.yml", STREAMED.replace("retries: 0", "retries: 1")).run().succeeds());
    assert_eq!((&case["invocations"], &case["errors"]), (&json!(2), &json!(1)));
}

#[test]
fn a_model_that_refuses_a_stream_is_judged() {
    let refused = "version: 1\ncases: [{name: one, mode: stream, body: one, expect: {model_error: {status: 400}}}]";
    let (aws, test) = deployed(STREAMED);
    aws.fault(STREAM).answers_model_error(400, "no such column");
    let case = case_of(&test.run().exits(3));
    tells(&case["failures"], "model_error", &["400", "no such column"]);
    test.file("test/cases.yml", refused).run().succeeds();
}
