//! Captured traffic: from a folder to a real server, and from S3 to endpoints; what files and records of no use do, and
//! that nothing of what was captured is told.

use serde_json::{Value, json};

use crate::support::{Aws, ModelServer, RawAnswer, Run, account_of, answers, any_python, case_of, read_from_project};

/// A line of a capture file.
fn record(time: &str, input: &str, answer: &str) -> String {
    let line = json!({
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": input, "encoding": "CSV"},
            "endpointOutput": {"observedContentType": "application/json", "mode": "OUTPUT", "data": answer, "encoding": "JSON"},
        },
        "eventMetadata": {"eventId": "an-event", "inferenceTime": time},
        "eventVersion": "0",
    });
    format!("{line}\n")
}

const SETOSA: &str = "5.1,3.5,1.4,0.2";
const IS_SETOSA: &str = r#"{"predictions": [{"label": "setosa", "score": 0.9746}]}"#;
const NOON: &str = "2026-11-28T12:00:00Z";

/// A test of that server with what is captured in `captured`, compared as `how` says.
fn test(server: &ModelServer, how: &str, files: &[(&str, String)]) -> Run {
    let cases = format!("version: 1\ncases: [{{name: traffic, capture: {{s3: captured, {how}}}}}]\n");
    let run = Run::new("test --model-url").with(&server.url).file("test/cases.yml", cases);
    files.iter().fold(run, |run, (name, text)| run.file(&format!("test/captured/{name}"), text))
}

const BY_LABEL: &str = "prediction: '$.predictions[*].label', score: '$.predictions[*].score'";

/// One of the failures is of that kind, with each of the parts in its message.
#[track_caller]
fn tells(failures: &Value, kind: &str, parts: &[&str]) {
    let fits = |failure: &Value| {
        let message = failure["message"].as_str().unwrap_or_default();
        failure["kind"] == kind && parts.iter().all(|part| message.contains(part))
    };
    assert!(failures.as_array().is_some_and(|all| all.iter().any(fits)), "no {kind} with {parts:?} in {failures:#}");
}

#[test]
fn the_example_sends_what_was_captured_and_tells_what_differs() {
    let server = ModelServer::start("");
    let root = env!("CARGO_MANIFEST_DIR");
    let run = Run::new("test --model-url")
        .with(&server.url)
        .with("--cases")
        .with(format!("{root}/examples/captured/cases.yml"))
        .with("--html")
        .with("page.html");
    let outcome = run.run().succeeds().says(&["1/1 cases"]);
    let case = case_of(&outcome);
    let capture = &case["capture"];
    assert_eq!((&case["kind"], &case["invocations"], &capture["records"]), (&json!("capture"), &json!(50), &json!(60)));
    assert_eq!((&capture["drawn"], &capture["compared"], &capture["files"]), (&json!(50), &json!(50), &json!(2)));
    let differ = 50 - capture["agreed"].as_u64().expect("a count");
    assert!((1..=4).contains(&differ), "{capture:#}");
    let first = &capture["differences"][0];
    assert_eq!((&first["agrees"], &first["captured"]), (&json!(false), &Value::Null));
    assert!(first["place"].as_str().is_some_and(|place| place.starts_with("iris-prod/AllTraffic/2026/11/28/")));
    // The same seed draws the same requests.
    assert_eq!(case_of(&run.run())["capture"], *capture);
    let page = outcome.text("page.html");
    for said in ["50 of 60 requests were drawn by seed 7", "The largest differences", "Which label became which"] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn the_example_is_what_its_script_writes() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/captured/record.py");
    let checked =
        std::process::Command::new(any_python()).args(["-B", script, "--check"]).status().expect("Python starts");
    assert!(checked.success());
}

#[test]
fn gates_on_agreement_and_shifts_fail_a_model_that_answers_otherwise() {
    let server = ModelServer::start("--flip");
    let file = record(NOON, SETOSA, IS_SETOSA).repeat(6);
    let gates = "gates: {agreement: {min: 0.99}, label_shift: {max: 0.1}, score_shift: {max: 2}}";
    let outcome = test(&server, &format!("{BY_LABEL}, {gates}"), &[("a.jsonl", file.clone())]).run().exits(3);
    let failures = case_of(&outcome)["failures"].clone();
    tells(&failures, "gate", &["expected agreement at least 0.99, got 0 over 6 rows"]);
    tells(&failures, "gate", &["expected label_shift at most 0.1, got 1 over 6 rows"]);
    assert_eq!(failures.as_array().map(Vec::len), Some(2));
    // Whole answers, where the case does not say what to read of them.
    let outcome = test(&server, "gates: {agreement: {min: 1}}", &[("a.jsonl", file)]).run().exits(3);
    tells(&case_of(&outcome)["failures"], "gate", &["expected agreement at least 1, got 0"]);
}

#[test]
fn requests_of_another_time_are_left_out() {
    let server = ModelServer::start("");
    let old = record("2026-11-28T11:59:59Z", SETOSA, IS_SETOSA);
    let files = [
        ("v/2026/11/28/11/a.jsonl", "of another hour, and never read".to_owned()),
        ("v/2026/11/28/12/b.jsonl", format!("{old}{}", record(NOON, SETOSA, IS_SETOSA))),
        ("v/2026/11/28/12/notes.txt", "no capture file".to_owned()),
    ];
    let outcome = test(&server, "since: 2026-11-28T12:00:00Z", &files).run().succeeds();
    let capture = &case_of(&outcome)["capture"];
    assert_eq!((&capture["files"], &capture["records"], &capture["compared"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(capture["window"], "since 2026-11-28T12:00:00Z");
    let outcome = test(&server, "since: 1h", &files).run().exits(3);
    tells(&case_of(&outcome)["failures"], "capture", &["captured has no captured requests since "]);
    test(&server, "seed: 1", &[]).run().exits(2).says(&["cannot read test/captured"]);
}

#[test]
fn files_and_records_of_no_use_are_named_and_the_others_are_sent() {
    let server = ModelServer::start("");
    let good = record(NOON, SETOSA, IS_SETOSA);
    let files = [
        ("a.jsonl", format!("{good}{}", &good[..good.len() / 2])),
        ("b.jsonl", good.replace("\"eventVersion\":\"0\"", "\"eventVersion\":\"3\"")),
        ("c.jsonl", good.replace("endpointOutput", "nothing")),
        ("d.jsonl", "{\"secret\": 1}\n".to_owned()),
        ("e.jsonl", good.clone()),
    ];
    let outcome = test(&server, BY_LABEL, &files).run().exits(3);
    let case = case_of(&outcome);
    assert_eq!((&case["invocations"], &case["capture"]["agreed"]), (&json!(2), &json!(2)));
    for said in [
        "captured/a.jsonl:2: is cut off",
        "captured/b.jsonl:1: has eventVersion \"3\", and this modeldeploy reads version 0",
        "captured/c.jsonl:1: has no endpointOutput",
        "captured/d.jsonl:1: is not a record of an endpoint's data capture",
    ] {
        tells(&case["failures"], "capture", &[said]);
    }
    // Who knows of them says how many may be.
    let gate = format!("{BY_LABEL}, gates: {{unusable: {{max: 0.7}}}}");
    let outcome = test(&server, &gate, &files).run().succeeds();
    assert_eq!(case_of(&outcome)["tolerated"].as_array().map(Vec::len), Some(4));
    let gate = gate.replace("0.7", "0.5");
    let outcome = test(&server, &gate, &files).run().exits(3);
    tells(&case_of(&outcome)["failures"], "gate", &["expected unusable at most 0.5, got 0.6667"]);
}

#[test]
fn nothing_of_what_was_captured_is_told_unless_it_is_asked_for() {
    let server = ModelServer::start("");
    let secret = "9182736455";
    let files = [(
        "a.jsonl",
        record(NOON, &format!("{secret},no,number"), IS_SETOSA)
            + &record(NOON, SETOSA, &format!("{{\"label\": \"{secret}\"}}"))
            + &record(NOON, SETOSA, &IS_SETOSA.replace("setosa", secret)),
    )];
    let all = |run: &Run| {
        let run = run.clone().with("-vv").with("--html").with("page.html").with("--junit").with("junit.xml");
        let outcome = run.run().exits(3);
        let case = case_of(&outcome);
        tells(&case["failures"], "model_error", &["captured/a.jsonl:1: the model answered with an error (400)"]);
        tells(
            &case["failures"],
            "capture",
            &["captured/a.jsonl:2: has an answer that cannot be read as the case says"],
        );
        let files = ["test-results.json", "page.html", "junit.xml"].map(|name| outcome.text(name)).join("\n");
        format!("{}{}{files}", outcome.stdout, outcome.stderr)
    };
    let told = all(&test(&server, &format!("{BY_LABEL}, gates: {{agreement: {{min: 1}}}}"), &files));
    assert!(!told.contains(secret) && !told.contains("no,number"), "{told}");
    let shown =
        all(&test(&server, &format!("{BY_LABEL}, gates: {{agreement: {{min: 1}}}}, show_content: true"), &files));
    assert!(shown.contains(secret), "{shown}");
}

#[test]
fn captured_traffic_in_s3_is_listed_drawn_and_sent_once_to_every_account() {
    let aws = Aws::with_project();
    let test = aws.deployed(&[]);
    let bucket = aws.bucket("captured");
    let cases = format!(
        "version: 1\ncases: [{{name: traffic, capture: {{s3: 's3://{bucket}/live/AllTraffic/', \
         since: 2026-11-28T12:00:00Z, until: 2026-11-28T14:00:00Z, prediction: $.label, gates: {{agreement: {{min: 1}}}}}}}}]\n"
    );
    let test = test.file("test/cases.yml", cases);
    aws.put_object(&bucket, "live/AllTraffic/2026/11/27/12/a.jsonl", b"never read");
    let outcome = test.run().exits(3);
    let none = "has no captured requests since 2026-11-28T12:00:00Z until 2026-11-28T14:00:00Z: 0 capture files";
    tells(&account_of(&outcome)["cases"][0]["failures"], "capture", &[none]);

    for (hour, body, label) in [("12", "one", "a"), ("13", "two", "b"), ("14", "late", "c")] {
        let line = record(&format!("2026-11-28T{hour}:30:00Z"), body, &format!("{{\"label\": \"{label}\"}}"));
        aws.put_object(&bucket, &format!("live/AllTraffic/2026/11/28/{hour}/a.jsonl"), line.as_bytes());
    }
    for account in aws.staging_accounts() {
        aws.queue_answers(&account, &answers(&["a", "b"]));
    }
    aws.forget_calls();
    let outcome = test.clone().with("-vv").run().succeeds();
    assert!(!outcome.stderr.contains("\"label\""), "{}", outcome.stderr);
    let results = outcome.json("test-results.json");
    for account in results["accounts"].as_array().expect("a list") {
        assert_eq!(account["cases"][0]["capture"]["agreed"], 2, "{account:#}");
    }
    let read = aws.calls("GetObject");
    assert_eq!(read.len(), 2, "files of other hours are not read");
    assert!(read.iter().chain(&aws.calls("ListObjectsV2")).all(|call| call.account == aws.account()));
    let mut sent: Vec<_> = aws.calls("InvokeEndpoint").iter().map(|call| call.body.clone()).collect();
    sent.sort();
    sent.dedup();
    assert_eq!(sent, ["one", "two"]);
}

#[test]
fn a_listing_that_is_not_whole_or_of_something_else_is_refused_and_one_object_counts_once() {
    let aws = Aws::with_project();
    let test = aws.deployed(&[]);
    let bucket = aws.bucket("captured");
    let line = record(NOON, "one", "{\"label\": \"a\"}");
    aws.put_object(&bucket, "live/a.jsonl", line.as_bytes());
    let cases = format!(
        "version: 1\ncases: [{{name: traffic, capture: {{s3: 's3://{bucket}/live/', prediction: $.label}}}}]\n"
    );
    let test = test.file("test/cases.yml", cases);
    let listing = |keys: &[&str], size: usize, more: &str| {
        let contents = keys.iter().map(|key| format!("<Contents><Key>{key}</Key><Size>{size}</Size></Contents>"));
        let contents = contents.collect::<Vec<_>>().concat();
        let xml = format!("<ListBucketResult><Name>{bucket}</Name>{more}{contents}</ListBucketResult>");
        RawAnswer::new(200, "application/xml", xml)
    };
    let listed = |answer| {
        aws.forget_faults();
        aws.fault("ListObjectsV2").answers_with(answer);
    };
    let key = "live/a.jsonl";
    listed(listing(&[key], line.len(), "<IsTruncated>true</IsTruncated>"));
    test.clone().run().exits(1).says(&["s3:ListBucket", "says that there is more, and has no token to ask for it"]);
    listed(listing(&[key, "other/b.jsonl"], line.len(), ""));
    test.clone()
        .run()
        .exits(1)
        .says(&["s3:ListBucket", "the answer is about something else: it lists \"other/b.jsonl\""]);
    listed(listing(&[key], line.len() + 1, ""));
    let case = &account_of(&test.clone().run().exits(3))["cases"][0];
    let mismatch = format!("s3://{bucket}/{key}: {} bytes of it came, and {} were listed", line.len(), line.len() + 1);
    tells(&case["failures"], "capture", &[&mismatch]);
    listed(listing(&[key, key], line.len(), ""));
    for account in aws.staging_accounts() {
        aws.queue_answers(&account, &answers(&["a"]));
    }
    let case = &account_of(&test.run().succeeds())["cases"][0];
    assert_eq!(case["capture"]["records"], 1, "{case:#}");
}

#[test]
fn a_key_that_may_not_be_used_is_named() {
    let aws = Aws::with_project();
    let test = aws.deployed(&[]);
    let bucket = aws.bucket("captured");
    aws.put_object(&bucket, "a.jsonl", record(NOON, "one", "{}").as_bytes());
    let cases = format!("version: 1\ncases: [{{name: traffic, capture: {{s3: 's3://{bucket}/'}}}}]\n");
    // As S3 refuses an object whose key the caller may not use.
    let denied = "User: arn:aws:sts::111122223333:assumed-role/test/run is not authorized to perform: kms:Decrypt on \
                  resource: arn:aws:kms:us-east-1:111122223333:key/1234 because no resource-based policy allows the \
                  kms:Decrypt action";
    aws.fault("GetObject").fails(403, "AccessDenied", denied);
    let test = test.file("test/cases.yml", cases);
    let said = [&format!("cannot read s3://{bucket}/"), "kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/1234"];
    test.run().exits(1).says(&said);
    assert_eq!(aws.calls("AssumeRole").len(), 0, "nothing is asked of an account before the suite is complete");
}

#[test]
fn what_does_not_go_with_captured_traffic_is_said_before() {
    let cases = "version: 1
cases:
  - {name: a, body: x, capture: {s3: captured}}
  - {name: b, mode: chat, messages: [], capture: {s3: captured}}
  - {name: c, repeat: 2, capture: {s3: captured}}
  - {name: d, load: {rate: 1, duration: 1s}, capture: {s3: captured}}
  - {name: e, capture: {s3: ../elsewhere}}
  - {name: f, capture: {s3: 's3://bucket/a/'}}
";
    let run = Run::new("test --model-url http://127.0.0.1:1").file("test/cases.yml", cases);
    let run = run.file("test/captured/a.jsonl", record(NOON, SETOSA, IS_SETOSA)).file("elsewhere/a.jsonl", "");
    run.run().exits(2).says(&[
        "case \"a\" has a capture and a body\ncause: what was captured are the bodies",
        "case \"b\" has a capture in mode chat",
        "case \"c\" has a capture and a repeat",
        "case \"d\" has a capture and a load\nhint: make two cases of it",
        "names \"../elsewhere\", which is outside of test",
    ]);
    let only_s3 = "version: 1\ncases: [{name: f, capture: {s3: 's3://bucket/a/'}}]\n";
    let said = "names s3://bucket/a/, which cannot be read without AWS";
    run.file("test/cases.yml", only_s3).run().exits(2).says(&[said]);
    assert!(read_from_project("examples/captured/cases.yml").contains("since: 24h"));
}
