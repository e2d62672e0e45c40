//! Every gate of `modeldeploy test`, failed by a model server that is broken in the way that the gate is for.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{ModelServer, Outcome, Run, read_from_project};

const BODY: &str = "body: '5.1,3.5,1.4,0.2'";

/// A test of that server with these cases; `BODY` in them is a good row.
fn test(server: &ModelServer, cases: &str) -> Run {
    let cases = format!("version: 1\n{}", cases.replace("BODY", BODY));
    Run::new("test --model-url").with(&server.url).file("test/cases.yml", cases)
}

fn account(outcome: &Outcome) -> Value {
    outcome.json("test-results.json")["accounts"][0].clone()
}

#[track_caller]
fn case(outcome: &Outcome, name: &str) -> Value {
    let account = account(outcome);
    let cases = account["cases"].as_array().expect("a list");
    cases.iter().find(|case| case["name"] == name).unwrap_or_else(|| panic!("no case {name} in {account:#}")).clone()
}

fn kinds(failures: &Value) -> Vec<&str> {
    failures.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(|failure| failure["kind"].as_str()).collect()
}

/// The case has a failure of that kind whose message holds each of the parts.
#[track_caller]
fn fails(case: &Value, kind: &str, parts: &[&str]) {
    let failures = case["failures"].as_array().expect("a list");
    let fits = |failure: &Value| {
        let message = failure["message"].as_str().unwrap_or_default();
        failure["kind"] == kind && parts.iter().all(|part| message.contains(part))
    };
    assert!(case["success"] == false && failures.iter().any(fits), "no {kind} with {parts:?} in {case:#}");
}

fn milliseconds(case: &Value, figure: &str) -> f64 {
    case["latencyMs"][figure].as_f64().unwrap_or_else(|| panic!("no {figure} in {case:#}"))
}

#[test]
fn a_wrong_answer_fails_with_what_was_expected_what_came_and_the_whole_body() {
    let server = ModelServer::start("--flip");
    let cases = "cases: [{name: wrong, BODY, expect: {json: [{path: '$.predictions[0].label', equals: setosa}]}}]";
    let outcome = test(&server, cases).run().exits(3);
    let wrong = case(&outcome, "wrong");
    fails(&wrong, "wrong_json", &["expected \"setosa\" at $.predictions[0].label, got \"versicolor\""]);
    let body = wrong["failures"][0]["response"]["text"].as_str().expect("the body is kept");
    assert!(body.starts_with("{\"predictions\": [{\"label\": \"versicolor\""), "{body}");
}

#[test]
fn a_slow_model_breaks_the_objectives_of_its_case_and_of_the_suite() {
    let server = ModelServer::start("--delay-ms 150");
    let cases = "
slo: {p95_ms: 100}
cases:
  - {name: own, BODY, repeat: 3, slo: {p95_ms: 50, max_ms: 60000}}
  - {name: none of its own, BODY}
";
    let outcome = test(&server, cases).run().exits(3).says(&["all cases together: expected p95_ms of at most 100"]);
    let own = case(&outcome, "own");
    fails(&own, "slo", &["expected p95_ms of at most 50, got "]);
    assert_eq!(kinds(&own["failures"]), ["slo"]);
    assert!(milliseconds(&own, "min") >= 150.0, "{own:#}");
    // The suite's objective is the account's, not that of a case which has none.
    assert_eq!(case(&outcome, "none of its own")["success"], true);
    assert_eq!(kinds(&account(&outcome)["errors"]), ["slo"]);
}

#[test]
fn a_stall_is_counted_from_when_requests_were_due_and_cannot_hide() {
    // One request in 40 stalls: 25 others become due meanwhile.
    let flags = "--stall-every 40 --stall-ms 2000";
    let server = ModelServer::start(flags);
    let open = "cases:
  - {name: open, BODY, load: {rate: 50, duration: 1500ms, max_in_flight: 1}, slo: {p90_ms: 600, p99_ms: 900}}";
    let outcome = test(&server, open).run().exits(3);
    let open = case(&outcome, "open");
    fails(&open, "slo", &["expected p90_ms of at most 600"]);
    fails(&open, "slo", &["expected p99_ms of at most 900"]);
    assert_eq!((&open["kind"], &open["invocations"], &open["failed"]), (&json!("load"), &json!(75), &json!(0)));
    assert_eq!(open["load"]["mostInFlight"], 1);

    // A closed loop of as many requests waits politely while the server stalls, and sees a single slow answer.
    let server = ModelServer::start(flags);
    let outcome = test(&server, "cases: [{name: closed, BODY, repeat: 75, slo: {p90_ms: 600}}]").run().succeeds();
    let closed = case(&outcome, "closed");
    assert!(milliseconds(&closed, "max") >= 2000.0, "{closed:#}");
    let (open, closed) = (milliseconds(&open, "p90"), milliseconds(&closed, "p90"));
    assert!(open > 2.0 * closed, "the 90th percentile is {open} ms from when requests were due, {closed} ms in a loop");
}

#[test]
fn a_load_that_the_model_cannot_answer_fails_by_the_rate_that_it_achieved() {
    let server = ModelServer::start("--delay-ms 100");
    let cases = "cases: [{name: too much, BODY, load: {rate: 50, duration: 500ms, max_in_flight: 2}}]";
    let outcome = test(&server, cases).run().exits(3);
    let load = case(&outcome, "too much");
    fails(
        &load,
        "rate",
        &["expected 50 requests a second to be answered, got ", "25 of 25 requests", "2 of 2 in flight"],
    );
    assert_eq!(kinds(&load["failures"]), ["rate"]);
    // 25 requests of 100 ms, two at a time.
    let achieved = load["load"]["achievedRate"].as_f64().expect("a number");
    assert!(achieved <= 20.0, "{load:#}");
    assert_eq!((&load["load"]["targetRate"], &load["load"]["mostInFlight"]), (&json!(50.0), &json!(2)));
}

#[test]
fn failures_within_the_error_rate_are_tolerated_and_listed_and_those_beyond_it_are_not() {
    let server = ModelServer::start("--stall-every 4 --stall-ms 20000");
    let cases = "
defaults: {timeout: 2s}
cases:
  - {name: tolerated, BODY, repeat: 8, slo: {error_rate: 0.25}}
  - {name: exceeded, BODY, repeat: 4, slo: {error_rate: 0.2, p99_ms: 600}}
  - {name: none may fail, BODY, repeat: 4}
";
    let outcome = test(&server, cases).run().exits(3);
    let tolerated = case(&outcome, "tolerated");
    assert_eq!((&tolerated["success"], &tolerated["failures"]), (&json!(true), &json!([])), "{tolerated:#}");
    assert_eq!(tolerated["tolerated"][0]["message"], "no answer within 2s (2 times)");
    let counts = ["invocations", "errors", "failed"].map(|count| &tolerated[count]);
    assert_eq!(counts, [8, 2, 2], "{tolerated:#}");
    // A timeout took at least as long as it did: to leave it out would flatter the percentiles.
    assert!(milliseconds(&tolerated, "p99") >= 1999.0, "{tolerated:#}");

    let exceeded = case(&outcome, "exceeded");
    fails(&exceeded, "timeout", &["no answer within 2s"]);
    fails(&exceeded, "slo", &["expected an error rate of at most 0.2, got 0.2500 (1 of 4)"]);
    fails(&exceeded, "slo", &["expected p99_ms of at most 600, got "]);
    assert!(exceeded.get("tolerated").is_none(), "{exceeded:#}");
    assert_eq!(kinds(&case(&outcome, "none may fail")["failures"]), ["timeout"]);
}

#[test]
fn an_error_rate_of_the_suite_holds_for_each_case_and_for_all() {
    let server = ModelServer::start("--stall-every 4 --stall-ms 20000");
    let cases = "
slo: {error_rate: 0.3}
defaults: {timeout: 2s}
cases:
  - {name: within, BODY, repeat: 4}
  - {name: of its own, BODY, repeat: 4, slo: {error_rate: 0}}
";
    let outcome = test(&server, cases).run().exits(3);
    assert_eq!(kinds(&case(&outcome, "within")["tolerated"]), ["timeout"]);
    fails(&case(&outcome, "of its own"), "slo", &["expected an error rate of at most 0, got 0.2500 (1 of 4)"]);
    assert_eq!(kinds(&account(&outcome)["errors"]), [""; 0], "2 of 8 are within 0.3");
}

#[test]
fn a_stream_that_breaks_off_fails() {
    let server = ModelServer::start("--stream-chunks 3 --drop-after-chunks 2");
    let outcome = test(&server, "cases: [{name: cut, mode: stream, BODY, retries: 0}]").run().exits(3);
    let cut = case(&outcome, "cut");
    fails(&cut, "no_answer", &["the answer broke off after "]);
    assert_eq!((&cut["kind"], &cut["errors"]), (&json!("stream"), &json!(1)));
}

#[test]
fn a_slow_first_byte_fails_and_slow_later_ones_are_no_matter_of_it() {
    let cases = "cases: [{name: words, mode: stream, BODY, slo: {first_byte_ms: 1000}}]";
    let server = ModelServer::start("--stream-chunks 3 --delay-ms 1100");
    let outcome = test(&server, cases).run().exits(3);
    fails(&case(&outcome, "words"), "slo", &["expected first_byte_ms of at most 1000, got "]);

    let server = ModelServer::start("--stream-chunks 3 --chunk-delay-ms 600");
    let words = case(&test(&server, cases).run().succeeds(), "words");
    assert!(milliseconds(&words, "min") >= 1200.0, "two pauses of 600 ms: {words:#}");
    assert!(words["firstByteMs"]["p95"].as_f64().is_some_and(|first| first <= 1000.0), "{words:#}");
}

#[test]
fn a_worse_score_on_a_dataset_fails_with_the_numbers_and_the_matrix() {
    let server = ModelServer::start("--flip");
    let holdout = read_from_project("test/holdout.csv");
    let cases = "
cases:
  - name: holdout
    dataset:
      file: holdout.csv
      label: species
      batch_size: 25
      prediction: '$.predictions[*].label'
      gates: {accuracy: {min: 0.95}, wrong: {max: 3}}
";
    let outcome = test(&server, cases).file("test/holdout.csv", &holdout).run().exits(3);
    let case = case(&outcome, "holdout");
    fails(&case, "gate", &["accuracy", "0.95", "got 0"]);
    assert_eq!(kinds(&case["failures"]), ["gate", "gate"]);
    let (rows, dataset) = (holdout.lines().count() as u64 - 1, &case["dataset"]);
    assert_eq!(dataset["rows"], rows);
    assert!(dataset["metrics"]["accuracy"].as_f64().is_some_and(|accuracy| accuracy < 0.1), "{dataset:#}");
    let counts: Vec<Vec<u64>> = serde_json::from_value(dataset["confusion"]["counts"].clone()).expect("numbers");
    assert_eq!(dataset["confusion"]["labels"], json!(["setosa", "versicolor", "virginica"]));
    assert_eq!(counts.iter().flatten().sum::<u64>(), rows);
    // Every setosa is taken for the next class.
    assert!(counts[0][0] == 0 && counts[0][1] > 0 && counts[0][2] == 0, "{counts:?}");
}

#[test]
fn rows_are_sent_in_the_form_that_the_dataset_asks_for() {
    let server = ModelServer::start("");
    let rows = "a,b,c,d,label\n5.1,3.5,1.4,0.2,setosa\n6.5,3.0,5.8,2.2,virginica\n";
    let cases = r#"
cases:
  - name: by template
    content_type: application/json
    dataset: {file: rows.csv, label: label, batch_size: 2, prediction: '$.predictions[*].label',
              gates: {accuracy: {min: 1}}, template: '{"instances": <%= rows | tojson %>}'}
  - name: in another form
    content_type: application/json
    dataset: {file: rows.csv, label: label, batch_size: 2, prediction: '$.predictions[*].label',
              gates: {accuracy: {min: 1}}, form: dataframe_split}
"#;
    let outcome = test(&server, cases).file("test/rows.csv", rows).run().exits(3);
    assert_eq!(case(&outcome, "by template")["success"], true);
    // The server takes instances only.
    assert_eq!(kinds(&case(&outcome, "in another form")["failures"]), ["dataset"]);

    let wrong = cases.replace("rows | tojson", "[row, records[0].e]").replace("dataframe_split", "dataframe_spilt");
    test(&server, &wrong).file("test/rows.csv", rows).run().exits(2).says(&["dataframe_split"]);
    let wrong = cases.replace("rows | tojson", "row");
    let said = "has a dataset.template that speaks of \"row\", which is nothing\nhint: did you mean \"rows\"?";
    test(&server, &wrong).file("test/rows.csv", rows).run().exits(2).says(&[said]);
    let wrong = cases.replace("rows | tojson", "records[0].e");
    let said = "cannot be sent by dataset.template";
    test(&server, &wrong).file("test/rows.csv", rows).run().exits(2).says(&[said, "its columns are a, b, c, d"]);
}

#[test]
fn rows_without_probabilities_cannot_be_judged_by_them_and_wrong_names_are_told() {
    let server = ModelServer::start("");
    let rows = "a,b,c,d,label\n5.1,3.5,1.4,0.2,setosa\n6.5,3.0,5.8,2.2,virginica\n";
    let cases = "
cases:
  - name: by class
    dataset: {file: rows.csv, label: label, batch_size: 2, prediction: '$.predictions[*].label',
              gates: {balanced_accuracy: {min: 1}, mcc: {min: 1}, kappa: {min: 1}, recall_of: {setosa: {min: 1}}}}
  - name: scores
    dataset: {file: rows.csv, label: label, prediction: {highest: '$.predictions[*].score'}, gates: {log_loss: {max: 1}}}
";
    let outcome = test(&server, cases).file("test/rows.csv", rows).run().exits(3);
    let metrics = case(&outcome, "by class")["dataset"]["metrics"].clone();
    assert_eq!((&metrics["recall_of[setosa]"], &metrics["kappa"]), (&json!(1.0), &json!(1.0)), "{metrics:#}");
    fails(
        &case(&outcome, "scores"),
        "dataset",
        &["row 1: expected probabilities at $.predictions[*].score, got neither"],
    );

    for (right, wrong, said) in [
        ("{setosa:", "{setsoa:", "has no row of the class of a gate, \"setsoa\""),
        ("{highest:", "{higest:", "highest"),
        ("log_loss", "logloss", "did you mean \"log_loss\"?"),
    ] {
        test(&server, &cases.replace(right, wrong)).file("test/rows.csv", rows).run().exits(2).says(&[said]);
    }
}

#[test]
fn a_batch_that_the_model_refuses_is_named_by_its_rows_and_there_are_no_metrics() {
    let server = ModelServer::start("");
    let rows = "a,b,c,d,label\n5.1,3.5,1.4,0.2,setosa\n5.0,3.4,1.5,0.2,setosa\n4.9,3.1,1.5,0.1,setosa\n\
                oops,3.1,1.5,0.1,setosa\n4.7,3.2,1.3,0.2,setosa\n";
    let cases = "
cases:
  - name: rows
    dataset: {file: rows.csv, label: label, batch_size: 2, prediction: '$.predictions[*].label',
              gates: {accuracy: {min: 0.1}}}
";
    let outcome = test(&server, cases).file("test/rows.csv", rows).run().exits(3);
    let case = case(&outcome, "rows");
    fails(&case, "dataset", &["rows 3 to 4: the model answered 400: could not convert row 2, column 1", "oops"]);
    assert_eq!(kinds(&case["failures"]), ["dataset"]);
    assert!(case.get("dataset").is_none(), "{case:#}");
}

#[test]
fn a_warm_up_is_sent_and_counts_nowhere() {
    let server = ModelServer::start("");
    let cases = "
defaults: {warmup: 3}
cases:
  - {name: repeated, BODY, repeat: 2}
  - {name: loaded, BODY, load: {rate: 20, duration: 200ms}}
";
    let outcome = test(&server, cases).run();
    let counts = ["repeated", "loaded"].map(|name| case(&outcome, name)["invocations"].clone());
    assert_eq!(counts, [2, 4]);
    let sent = server.answered().iter().filter(|line| line.contains("POST /invocations")).count();
    assert_eq!(sent, 3 + 2 + 3 + 4);
}

#[test]
fn concurrent_requests_are_really_under_way_at_once() {
    let server = ModelServer::start("--delay-ms 500");
    let run = test(&server, "cases: [{name: at once, BODY, repeat: 8, concurrency: 8}]");
    let started = Instant::now();
    let outcome = run.run().succeeds();
    let took = started.elapsed();
    assert_eq!(case(&outcome, "at once")["invocations"], 8);
    // One after the other, they would take four seconds.
    assert!(took < Duration::from_secs(4), "8 answers of 0.5 s took {took:?}");
}

#[test]
fn answers_that_fit_no_schema_or_table_fail() {
    let server = ModelServer::start("");
    let cases = "
cases:
  - {name: inline, BODY, expect: {schema: {type: object, required: [answers]}}}
  - {name: from a file, BODY, expect: {schema: answer.schema.json}}
  - {name: rows, BODY, accept: text/csv, expect: {csv: {rows: 2}}}
  - {name: range, BODY, accept: text/csv, expect: {csv: {columns: [{index: 1, min: 2, max: 3}]}}}
  - {name: no number, BODY, accept: text/csv, expect: {csv: {columns: [{index: 0, min: 0}]}}}
";
    let schema = r#"{"properties": {"predictions": {"items": {"properties": {"label": {"const": "virginica"}}}}}}"#;
    let outcome = test(&server, cases).file("test/answer.schema.json", schema).run().exits(3);
    fails(&case(&outcome, "inline"), "wrong_schema", &["expected an answer that fits the schema", "answers"]);
    fails(&case(&outcome, "from a file"), "wrong_schema", &["/predictions/0/label", "virginica"]);
    fails(&case(&outcome, "rows"), "wrong_csv", &["expected 2 rows of CSV, got 1"]);
    fails(&case(&outcome, "range"), "wrong_csv", &["expected a number from 2 to 3 in row 1, column 1, got \"0."]);
    fails(&case(&outcome, "no number"), "wrong_csv", &["in row 1, column 0, got \"setosa\""]);
}

#[test]
fn a_body_beyond_a_limit_of_the_service_is_sent_with_a_warning_that_names_it() {
    let server = ModelServer::start("--status 400");
    let cases = "
defaults: {retries: 0}
cases:
  - {name: small, body_file: small, expect: {model_error: {status: 400}}}
  - {name: large, body_file: large, expect: {model_error: {status: 400}}}
  - {name: too large, body_file: too-large, expect: {model_error: {status: 400}}}
";
    let run = [("small", 4_000_000), ("large", 4_000_001), ("too-large", 25_000_001)]
        .into_iter()
        .fold(test(&server, cases), |run, (name, size)| run.file(&format!("test/{name}"), vec![b'1'; size]));
    let outcome = run.run().succeeds().says(&[
        "case \"large\" has a body of 4000001 bytes\ncause: a serverless endpoint takes 4000000 bytes",
        "case \"too large\" has a body of 25000001 bytes\ncause: a real-time endpoint takes 25000000 bytes",
    ]);
    assert!(!outcome.stderr.contains("\"small\""), "{}", outcome.stderr);
    assert_eq!(server.answered().len(), 4, "a ping and three bodies");
}

#[test]
fn what_is_not_done_at_the_deadline_has_failed_and_what_was_done_stands() {
    let server = ModelServer::start("--stall-every 2 --stall-ms 60000");
    let cases = "cases: [{name: done, BODY}, {name: under way, BODY}, {name: never begun, BODY}]";
    let started = Instant::now();
    let outcome = test(&server, cases).with("--deadline").with("2s").run().exits(3);
    assert!(started.elapsed() < Duration::from_secs(20), "the deadline was two seconds");
    assert_eq!(case(&outcome, "done")["success"], true);
    let message = "the run was ended by its deadline before this case was done";
    let under_way = case(&outcome, "under way");
    fails(&under_way, "deadline", &[message]);
    assert_eq!((&under_way["invocations"], &under_way["latencyMs"]), (&json!(1), &Value::Null));
    let never_begun = case(&outcome, "never begun");
    fails(&never_begun, "not_run", &[message]);
    assert_eq!(never_begun["invocations"], 0);
    assert_eq!(kinds(&account(&outcome)["errors"]), ["deadline"]);
}

#[test]
fn a_case_that_is_cut_short_keeps_what_came_of_its_requests() {
    let server = ModelServer::start("--stall-every 4 --stall-ms 60000");
    let cases = "cases: [{name: many, BODY, repeat: 20, slo: {max_ms: 0.001}, expect: {body: {contains: nothing}}}]";
    let outcome = test(&server, cases).with("--deadline").with("5s").run().exits(3);
    let many = case(&outcome, "many");
    assert_eq!(kinds(&many["failures"]), ["deadline", "wrong_body"], "an objective is for all requests");
    assert_eq!((&many["invocations"], &many["failed"]), (&json!(4), &json!(3)), "{many:#}");
    assert!(milliseconds(&many, "max") > 0.0);
}

#[test]
fn the_deadline_counts_from_the_beginning() {
    let server = ModelServer::start("");
    let outcome = test(&server, "cases: [{name: a, BODY}]").with("--deadline=0s").run().exits(1);
    let outcome =
        outcome.says(&["error: the tests did not run to their end", "cause: the run was ended by its deadline"]);
    assert_eq!(kinds(&outcome.json("test-results.json")["errors"]), ["deadline"]);
    assert_eq!(server.answered().len(), 0);
}

#[test]
fn a_load_on_a_server_that_hangs_ends_a_timeout_after_its_duration() {
    let server = ModelServer::start("--hang");
    let load = "load: {rate: 20, duration: 1s, max_in_flight: 2}";
    let cases = format!("cases: [{{name: load, BODY, timeout: 1s, {load}, slo: {{p50_ms: 999}}}}]");
    let outcome = test(&server, &cases).run().exits(3);
    let load = case(&outcome, "load");
    assert_eq!(load["failed"], 20, "{load:#}");
    assert!(load["invocations"].as_u64() <= Some(4), "two at once, and a second later two more: {load:#}");
    fails(&load, "timeout", &["not sent within 1s after it was due, with 2 requests under way (1", " times)"]);
    fails(&load, "slo", &["expected p50_ms of at most 999, got 1"]);
    fails(&load, "rate", &["expected 20 requests a second to be answered, got 0.0 (0 of 20 requests"]);
}
