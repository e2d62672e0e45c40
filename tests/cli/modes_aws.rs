//! `modeldeploy test` in its other modes, of other Regions, and against the clock.
//!
//! Response streams are a stand-in's (support/aws/event_stream.rs); asynchronous answers and S3 are moto's.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    AsyncResult, Aws, Deployment, ENDPOINT, RawAnswer, Run, StreamedAnswer, account_of, case_of, tells,
};

/// One account with the endpoint, and the test of it with these cases.
fn deployed(cases: &str) -> (Aws, Run) {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved"]);
    let test = aws.deployed(&["one"]).file("test/cases.yml", cases);
    (aws, test)
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

const ASYNC: &str = "InvokeEndpointAsync";
const QUEUED: &str = "
version: 1
cases:
  - {name: one, mode: async, body: one, async: {deadline: 20s}, expect: {json: [{path: $.label, equals: one}]}}
";

/// The only staging account's id.
fn account(aws: &Aws) -> &str {
    &aws.accounts("staging")[0]
}

fn label(name: &str) -> AsyncResult {
    AsyncResult::Output(json!({"label": name}))
}

/// These cases with their input put under that URI.
fn with_input(cases: &str, prefix: &str) -> String {
    cases.replace("async: {", &format!("async: {{input: \"{prefix}\", "))
}

/// An answer to an asynchronous request that names these places.
fn ticket(output: &str, failure: &str) -> RawAnswer {
    let mut answer = RawAnswer::new(202, "application/json", json!({"InferenceId": "1"}).to_string());
    answer.headers.push(("x-amzn-sagemaker-outputlocation", output.to_owned()));
    answer.headers.push(("x-amzn-sagemaker-failurelocation", failure.to_owned()));
    answer
}

#[test]
fn an_asynchronous_answer_to_an_inline_body_is_read_from_s3_and_judged() {
    let (aws, test) = deployed(QUEUED);
    aws.queue_async(account(&aws), &[label("one")]);
    let case = case_of(&test.run().succeeds());
    assert_eq!((&case["kind"], &case["invocations"], &case["errors"]), (&json!("async"), &json!(1), &json!(0)));
    assert!(case["latencyMs"]["max"].as_f64() > Some(0.0), "{case:#}");
    let sent = &aws.calls(ASYNC)[0];
    assert_eq!((sent.body.as_ref(), sent.account.as_str()), (b"one".as_slice(), account(&aws)));
    assert!(!sent.headers.contains_key("x-amzn-sagemaker-inputlocation"));
    assert_eq!(sent.headers["x-amzn-sagemaker-content-type"], "text/csv");
    assert_eq!(sent.headers["x-amzn-sagemaker-accept"], "application/json");
    assert_eq!(aws.calls("PutObject").len(), 0);
    assert!(aws.calls("GetObject").iter().all(|call| call.account == account(&aws)), "read in the role of the stage");

    // moto gives the same request the same output for ever.
    let case = case_of(&test.file("test/cases.yml", QUEUED.replace("equals: one", "equals: two")).run().exits(3));
    tells(&case["failures"], "wrong_json", &["expected \"two\" at $.label, got \"one\""]);
}

#[test]
fn the_input_of_an_asynchronous_request_is_put_into_s3_first() {
    let (aws, test) = deployed(QUEUED);
    let bucket = aws.bucket("inputs");
    let two = QUEUED.lines().last().expect("a case").replace("one", "two");
    let cases = with_input(&format!("{QUEUED}{two}\n"), &format!("s3://{bucket}/of/tests/"));
    aws.queue_async(account(&aws), &[label("one"), label("two")]);
    let results = account_of(&test.file("test/cases.yml", cases).run().succeeds());
    assert_eq!(results["cases"].as_array().map(Vec::len), Some(2));
    let (puts, sent) = (aws.calls("PutObject"), aws.calls(ASYNC));
    assert_eq!((puts.len(), sent.len()), (2, 2));
    for (body, (put, sent)) in ["one", "two"].into_iter().zip(puts.iter().zip(&sent)) {
        let place = sent.headers["x-amzn-sagemaker-inputlocation"].to_str().expect("a URI");
        let key = place.strip_prefix(&format!("s3://{bucket}/")).expect("in the bucket");
        assert!(key.starts_with(&format!("of/tests/modeldeploy/modeldeploy-churn-build-6c3e0f5a-1d2b/{ENDPOINT}/")));
        assert_eq!(aws.object(&bucket, key).as_deref(), Some(body.as_bytes()));
        assert!(sent.body.is_empty(), "either inline or in S3");
        assert_eq!(
            (put.headers["content-type"].to_str().ok(), put.account.as_str()),
            (Some("text/csv"), account(&aws))
        );
        assert!(put.path.starts_with(&format!("/{bucket}/{key}")), "{}", put.path);
    }
    let read = aws.calls("GetObject");
    assert!(read.iter().all(|call| !call.path.contains(&bucket)), "an input was read back");
}

#[test]
fn an_input_that_cannot_be_put_ends_the_case_before_the_endpoint_is_asked() {
    let (aws, test) = deployed(QUEUED);
    let nowhere = format!("s3://absent-{}/inputs", aws.account());
    let case = case_of(&test.file("test/cases.yml", with_input(QUEUED, &nowhere)).run().exits(3));
    tells(&case["failures"], "no_answer", &["s3:PutObject NoSuchBucket", &nowhere]);
    assert_eq!(aws.calls(ASYNC).len(), 0);
}

#[test]
fn a_failure_in_s3_is_the_models_refusal() {
    let (aws, test) = deployed(QUEUED);
    let bucket = aws.bucket("inputs");
    aws.queue_async(account(&aws), &[AsyncResult::Failure("could not convert string to float: 'one'")]);
    let cases = with_input(QUEUED, &format!("s3://{bucket}"));
    let case = case_of(&test.clone().file("test/cases.yml", cases).run().exits(3));
    tells(&case["failures"], "model_error", &["424", "could not convert string to float: 'one'"]);
    assert_eq!((&case["invocations"], &case["errors"]), (&json!(1), &json!(0)), "it is not asked again");

    let refused = "
version: 1
cases:
  - name: one
    mode: async
    body: another
    async: {deadline: 20s}
    expect: {model_error: {status: 424, message_matches: to float}}
";
    aws.queue_async(account(&aws), &[AsyncResult::Failure("could not convert string to float: 'another'")]);
    test.file("test/cases.yml", with_input(refused, &format!("s3://{bucket}"))).run().succeeds();
}

#[test]
fn an_asynchronous_answer_is_waited_for_until_it_is_there() {
    let (aws, test) = deployed(QUEUED);
    let bucket = aws.bucket("results");
    let [output, failure] = ["output", "failure"].map(|name| format!("s3://{bucket}/{name}"));
    aws.fault(ASYNC).answers_with(ticket(&output, &failure));
    // So S3 speaks of what is not there yet to a role without s3:ListBucket.
    let denied = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    aws.fault("GetObject").first(2).answers_with(RawAnswer::new(403, "application/xml", denied));
    let process = test.command().spawn().expect("the binary starts");
    aws.wait_for("GetObject", 4);
    aws.put_object(&bucket, "output", b"{\"label\": \"one\"}");
    let case = case_of(&test.outcome_of(process).succeeds());
    assert_eq!((&case["success"], &case["invocations"]), (&json!(true), &json!(1)));
}

#[test]
fn an_asynchronous_answer_that_does_not_come_is_a_failure_at_the_deadline() {
    let (aws, test) = deployed(QUEUED);
    let bucket = aws.bucket("results");
    let [output, failure] = ["output", "failure"].map(|name| format!("s3://{bucket}/{name}"));
    aws.fault(ASYNC).answers_with(ticket(&output, &failure));
    // The input lies beside the output that never comes, and would pass for it.
    let cases = with_input(QUEUED, &format!("s3://{bucket}"))
        .replace("20s", "1s")
        .replace("body: one", "body_json: {label: one}");
    let case = case_of(&test.file("test/cases.yml", cases).run().exits(3));
    let parts = ["sagemaker:InvokeEndpointAsync: neither output nor failure within 1s", output.as_str()];
    tells(&case["failures"], "no_answer", &parts);
    assert_eq!((&case["invocations"], &case["latencyMs"]), (&json!(1), &Value::Null));
    let mut read: Vec<String> = aws.calls("GetObject").iter().map(|call| call.path.clone()).collect();
    read.sort();
    read.dedup();
    assert_eq!(read, ["failure", "output"].map(|name| format!("/{bucket}/{name}?x-id=GetObject")));
}

#[test]
fn an_object_that_may_be_of_another_request_is_no_asynchronous_answer() {
    let (aws, test) = deployed(QUEUED);
    let bucket = aws.bucket("results");
    let [output, failure] = ["output", "failure"].map(|name| format!("s3://{bucket}/{name}"));
    aws.put_object(&bucket, "output", b"{\"label\": \"one\"}");
    aws.fault(ASYNC).answers_with(ticket(&output, &failure));
    let two = QUEUED.lines().last().expect("a case").replace("name: one", "name: two");
    let results = account_of(&test.clone().file("test/cases.yml", format!("{QUEUED}{two}\n")).run().exits(3));
    let cases = results["cases"].as_array().expect("a list");
    let failed: Vec<_> = cases.iter().filter(|case| case["success"] == json!(false)).collect();
    assert_eq!(failed.len(), 1, "{results:#}");
    let shared =
        format!("sagemaker:InvokeEndpointAsync: the answer names a place that is not for its output alone: {output}");
    tells(&failed[0]["failures"], "no_answer", &[&shared]);

    aws.put_object(&bucket, "failure", b"out of memory");
    let case = case_of(&test.clone().run().exits(3));
    tells(&case["failures"], "no_answer", &["both an output and a failure are there: ", &output, &failure]);

    aws.forget_faults();
    aws.fault(ASYNC).answers_with(ticket(&output, &output));
    let case = case_of(&test.clone().run().exits(3));
    tells(&case["failures"], "no_answer", &["a place that is not for its output alone"]);

    aws.forget_faults();
    aws.fault(ASYNC).answers_with(ticket(&output, &format!("s3://{bucket}/none")));
    aws.fault("GetObject").replies(|call| {
        if call.path.contains("none") {
            let absent = "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>";
            return RawAnswer::new(404, "application/xml", absent);
        }
        let mut old = RawAnswer::new(200, "application/json", "{\"label\": \"one\"}");
        old.headers.push(("last-modified", "Mon, 01 Jan 2001 00:00:00 GMT".to_owned()));
        old
    });
    let case = case_of(&test.run().exits(3));
    tells(&case["failures"], "no_answer", &["the object there is older than the request: "]);
}

const INVOKED: &str = "version: 1\ncases: [{name: one, body: one, expect: {json: [{path: $.label, equals: one}]}}]\n";

#[test]
fn an_update_that_is_under_way_is_named_while_it_is_waited_for() {
    let (aws, test) = deployed(INVOKED);
    let updating = |endpoint: &mut Value| {
        endpoint["EndpointStatus"] = json!("Updating");
        endpoint["PendingDeploymentSummary"] = json!({"EndpointConfigName": "the-next-config"});
    };
    aws.fault("DescribeEndpoint").first(2).changes(updating);
    test.clone().run().succeeds().says(&["is Updating: ", "; an update to the-next-config is under way"]);

    aws.forget_faults();
    aws.fault("DescribeEndpoint").changes(updating);
    let results = account_of(&test.with("--wait").with("600ms").run().exits(3));
    tells(&results["errors"], "endpoint_not_ready", &["\"Updating\"", "an update to the-next-config is under way"]);
}

#[test]
fn a_rollback_that_failed_is_not_waited_for() {
    let (aws, test) = deployed(INVOKED);
    aws.fault("DescribeEndpoint").changes(|endpoint| {
        endpoint["EndpointStatus"] = json!("UpdateRollbackFailed");
        endpoint["FailureReason"] = json!("no capacity for ml.m5.large");
    });
    let results = account_of(&test.run().exits(3));
    let parts = ["\"UpdateRollbackFailed\"", "old and new instances serve side by side", "no capacity for ml.m5.large"];
    tells(&results["errors"], "endpoint_broken", &parts);
    assert_eq!((aws.calls("DescribeEndpoint").len(), aws.calls("InvokeEndpoint").len()), (1, 0));
}

#[test]
fn a_dataset_in_s3_is_read_once_and_as_the_caller() {
    let aws = Aws::with_project();
    let test = aws.deployed(&[]);
    let bucket = aws.bucket("datasets");
    let cases = format!(
        "
version: 1
cases:
  - name: holdout
    dataset:
      file: s3://{bucket}/holdout.csv
      label: y
      batch_size: 2
      prediction: $.predictions[*]
      gates: {{accuracy: {{min: 0.7}}}}
"
    );
    let test = test.file("test/cases.yml", cases);
    let place = format!("s3://{bucket}/holdout.csv");
    test.run().exits(2).says(&[&format!("cannot read {place}"), "there is no such object"]);
    assert_eq!(aws.calls("AssumeRole").len(), 0, "nothing is asked of an account before the suite is complete");

    aws.put_object(&bucket, "holdout.csv", b"x1,x2,y\n1,2,a\n3,4,b\n5,6,a\n");
    for account in aws.staging_accounts() {
        aws.queue_answers(&account, &[json!({"predictions": ["a", "b"]}), json!({"predictions": ["a"]})]);
    }
    aws.forget_calls();
    let results = test.run().succeeds().json("test-results.json");
    for account in results["accounts"].as_array().expect("a list") {
        let case = &account["cases"][0];
        assert_eq!((&case["dataset"]["rows"], &case["dataset"]["metrics"]["accuracy"]), (&json!(3), &json!(1.0)));
    }
    let read = aws.calls("GetObject");
    assert_eq!(read.iter().map(|call| call.account.as_str()).collect::<Vec<_>>(), [aws.account()]);
    let mut sent: Vec<_> = aws.calls("InvokeEndpoint").iter().map(|call| call.body.clone()).collect();
    sent.sort();
    sent.dedup();
    assert_eq!(sent, ["1,2\n3,4", "5,6"]);

    let denied = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    aws.fault("GetObject").answers_with(RawAnswer::new(403, "application/xml", denied));
    test.run().exits(1).says(&[&format!("cannot read {place}"), "AccessDenied"]);
}

#[test]
fn every_region_that_was_asked_for_is_tested() {
    let (aws, test) = deployed(INVOKED);
    let both = test.clone().with("--regions").with("us-east-1,eu-west-1");
    let outcome = both.run().exits(3);
    let results = outcome.json("test-results.json");
    let regions = |results: &Value| -> Vec<(String, bool)> {
        let accounts = results["accounts"].as_array().expect("a list").iter();
        let name = |value: &Value| value.as_str().expect("a Region").to_owned();
        accounts.map(|one| (name(&one["region"]), one["success"].as_bool().expect("a verdict"))).collect()
    };
    assert_eq!(regions(&results), [("us-east-1".to_owned(), true), ("eu-west-1".to_owned(), false)]);
    tells(&results["accounts"][1]["errors"], "endpoint_absent", &[ENDPOINT, "in Region eu-west-1"]);

    aws.forget_calls();
    let deployment = Deployment::exported(&test, "staging-config-export.json");
    aws.roll_out_in("eu-west-1", &deployment, account(&aws));
    // moto has answers for its own Region's queue only.
    aws.fault("InvokeEndpoint").answers_with(RawAnswer::new(200, "application/json", "{\"label\": \"one\"}"));
    let results = both.run().succeeds().json("test-results.json");
    assert_eq!(regions(&results), [("us-east-1".to_owned(), true), ("eu-west-1".to_owned(), true)]);
    for operation in ["DescribeEndpoint", "DescribeModel", "InvokeEndpoint"] {
        let mut signed_for: Vec<_> = aws.calls(operation).iter().map(|call| region_of(&call.headers)).collect();
        signed_for.sort();
        // The endpoint is described again after the cases.
        signed_for.dedup();
        assert_eq!(signed_for, ["eu-west-1", "us-east-1"], "{operation}");
    }
}

/// The Region that a call was signed for.
fn region_of(headers: &hyper::HeaderMap) -> String {
    let signed = headers["authorization"].to_str().expect("text");
    signed.split('/').nth(2).expect("a credential's scope").to_owned()
}

#[test]
fn a_run_ends_at_its_deadline_and_lists_what_was_not_run() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one", "two", "three"]).with("--deadline").with("3s").with("--concurrency").with("2");
    let accounts = aws.staging_accounts();
    aws.fault("InvokeEndpoint").in_account(&accounts[0]).nth(2).never_answers();
    let started = Instant::now();
    let outcome = test.clone().with("--junit").with("junit.xml").run().exits(3);
    assert!(started.elapsed() < Duration::from_secs(30), "the deadline was not heeded");
    let results = outcome.json("test-results.json");
    assert_eq!((&results["success"], &results["errors"]), (&json!(false), &json!([])));
    let by_id = |id: &str| {
        let all = results["accounts"].as_array().expect("a list");
        all.iter().find(|account| account["accountId"] == id).expect("both accounts")
    };
    let (late, good) = (by_id(&accounts[0]), by_id(&accounts[1]));
    assert_eq!((&good["success"], &late["success"]), (&json!(true), &json!(false)));
    tells(&late["errors"], "deadline", &["ended by its deadline before this account was done"]);
    let cases = late["cases"].as_array().expect("a list");
    assert_eq!(cases.iter().map(|case| &case["name"]).collect::<Vec<_>>(), ["one", "two", "three"]);
    assert_eq!(cases.iter().map(|case| &case["success"]).collect::<Vec<_>>(), [true, false, false]);
    for (case, kind, invocations) in [(&cases[1], "deadline", 1), (&cases[2], "not_run", 0)] {
        tells(&case["failures"], kind, &["ended by its deadline before this case was done"]);
        assert_eq!(case["invocations"], invocations);
    }
    let xml = outcome.text("junit.xml");
    let document = roxmltree::Document::parse(&xml).expect("well-formed XML");
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase")).count();
    assert_eq!(cases, 8, "the endpoint and three cases in each account");

    // The deadline holds for the first question, too.
    aws.forget_faults();
    aws.fault("ListAccountsForParent").never_answers();
    let outcome = test.run().exits(1).says(&["the run was ended by its deadline"]);
    assert_eq!(outcome.json("test-results.json")["errors"][0]["kind"], "deadline");
}
