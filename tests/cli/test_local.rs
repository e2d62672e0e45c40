//! `modeldeploy test --model-url`: a real server on this machine, healthy and broken in every way that a gate is for.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use insta::assert_snapshot;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::{Gallery, ModelServer, Outcome, Run, in_a_repository, read_from_project, test_python};

const ONE_ROW: &str = "version: 1
defaults: {retries: 1}
cases:
  - name: setosa
    body: \"5.1,3.5,1.4,0.2\"
    timeout: 60s
    expect: {json: [{path: \"$.predictions[0].label\", equals: setosa}]}
";

/// A test of the server at `url` with these cases.
fn test(url: &str, cases: &str) -> Run {
    Run::new("test --model-url").with(url).file("test/cases.yml", cases)
}

fn results(outcome: &Outcome) -> Value {
    outcome.json("test-results.json")
}

/// The results of the case, of which there is one.
fn only_case(outcome: &Outcome) -> Value {
    results(outcome)["accounts"][0]["cases"][0].clone()
}

/// A run's stderr without ports and latencies.
fn settled(mut outcome: Outcome) -> Outcome {
    let port = Regex::new(r"127\.0\.0\.1:\d+").expect("valid");
    outcome.stderr = port.replace_all(&outcome.stderr, "127.0.0.1:<port>").into_owned();
    outcome
}

/// The address of a port that nobody listens on.
fn nobody() -> String {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    format!("http://{free}")
}

/// A server that answers one invocation after the other with these bytes, and all later ones with the last of them.
fn answering(answers: &'static [&'static [u8]]) -> String {
    serving(move |turn, stream| _ = stream.write_all(answers[turn.min(answers.len() - 1)]))
}

/// A server that is healthy and leaves invocations, counted from 0, to `answer`.
fn serving(mut answer: impl FnMut(usize, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let mut turn = 0;
        for mut stream in listener.incoming().flatten() {
            let request = read_request(&mut stream);
            if request.starts_with("GET /ping") {
                _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            } else {
                answer(turn, &mut stream);
                turn += 1;
            }
        }
    });
    url
}

/// All of a request: a connection that is closed with a part unread takes the answer with it.
fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|length| length == 1) {
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let length = request.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    _ = stream.read_exact(&mut vec![0; length.unwrap_or_default()]);
    request
}

const SETOSA: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 38\r\n\
    Connection: close\r\n\r\n{\"predictions\": [{\"label\": \"setosa\"}]}";

#[track_caller]
fn has(value: &Value, keys: &[&str]) {
    let there: BTreeSet<&str> = value.as_object().expect("a mapping").keys().map(String::as_str).collect();
    assert!(keys.iter().all(|key| there.contains(key)), "{keys:?} are not all in {there:?}");
}

#[test]
fn a_good_model_passes_every_case() {
    let server = ModelServer::start("");
    let run = test(&server.url, &read_from_project("test/cases.yml"))
        .file("test/holdout.csv", read_from_project("test/holdout.csv"))
        // A proxy is for the outer world, not for this machine.
        .env("HTTP_PROXY", nobody())
        .env("http_proxy", nobody());
    let outcome = run.run().succeeds().says(&["ok   local model server", "7/7 cases"]);
    assert_eq!(results(&outcome)["success"], true);
    let answered = server.answered();
    assert_eq!(answered.len(), 10, "a ping, six cases of one request, and three batches of a dataset: {answered:?}");
    assert!(answered[0].starts_with("GET /ping"), "{answered:?}");
}

#[test]
fn the_results_have_the_shape_of_the_contract() {
    let server = ModelServer::start("");
    let run = test(&server.url, ONE_ROW).with("--format").with("json").file(
        "staging-config-export.json",
        r#"{"Parameters": {"SageMakerProjectName": "iris", "StageName": "staging", "ModelPackageName": "arn:x"}}"#,
    );
    let outcome = run.run().succeeds();
    let report = results(&outcome);
    let printed: Value = serde_json::from_str(&outcome.stdout).expect("one JSON document");
    assert_eq!(printed, report);

    has(
        &report,
        &["schemaVersion", "project", "stage", "modelPackageArn", "success", "startedAt", "finishedAt", "accounts"],
    );
    assert_eq!(
        (&report["project"], &report["stage"], &report["modelPackageArn"]),
        (&json!("iris"), &json!("staging"), &json!("arn:x"))
    );
    assert_eq!(report["accounts"].as_array().map(Vec::len), Some(1));
    let account = &report["accounts"][0];
    has(
        account,
        &[
            "accountId",
            "region",
            "endpointName",
            "endpointStatus",
            "success",
            "dataCapture",
            "liveModelPackageArns",
            "liveModelMatches",
            "cases",
            "errors",
        ],
    );
    assert_eq!(account["accountId"], Value::Null);
    let case = &account["cases"][0];
    has(case, &["name", "success", "invocations", "errors", "latencyMs", "failures"]);
    assert_eq!((&case["invocations"], &case["errors"]), (&json!(1), &json!(0)));
    has(&case["latencyMs"], &["min", "mean", "p50", "p90", "p95", "p99", "max"]);
    let times = ["startedAt", "finishedAt"].map(|key| {
        let text = report[key].as_str().expect("a time");
        text.parse::<jiff::Timestamp>().expect("ISO 8601")
    });
    assert!(times[0] <= times[1]);
}

#[test]
fn every_gate_can_fail() {
    // What breaks the server, the case's own settings, the kind of the failure, and how often it was tried.
    let csv = ONE_ROW.replace("timeout: 60s", "accept: text/csv");
    let csv_wanted = ONE_ROW.replace("expect: {", "expect: {content_type: text/csv, ");
    let one_row = ONE_ROW.to_owned();
    let impatient = ONE_ROW.replace("60s", "300ms");
    let gates = [
        ("a worse model", "--flip", &one_row, "wrong_json", 1),
        ("an error of the server, tried again", "--status 500", &one_row, "model_error", 2),
        ("a refusal, which stays one", "--status 400", &one_row, "model_error", 1),
        ("an answer that comes too late", "--delay-ms 5000", &impatient, "timeout", 1),
        ("no answer at all", "--hang", &impatient, "timeout", 1),
        ("another content type", "", &csv_wanted, "wrong_content_type", 1),
        ("an answer that is not JSON", "", &csv, "wrong_json", 1),
        ("an answer that breaks off, tried again", "--stream-chunks 3 --drop-after-chunks 1", &one_row, "no_answer", 2),
    ];
    let mut gallery = Gallery::default();
    for (title, flags, cases, kind, attempts) in gates {
        let server = ModelServer::start(flags);
        let outcome = test(&server.url, cases).run().exits(3);
        let case = only_case(&outcome);
        let failures = case["failures"].as_array().expect("a list");
        assert_eq!(failures.iter().map(|failure| &failure["kind"]).collect::<Vec<_>>(), [kind], "{title}: {case:#}");
        assert_eq!((&case["success"], &case["invocations"]), (&json!(false), &json!(attempts)), "{title}: {case:#}");
        gallery.add(title, &settled(outcome));
    }
    assert_snapshot!("gates", gallery.text());
}

#[test]
fn a_server_that_is_not_there_or_not_one_fails_with_the_next_action() {
    let mut gallery = Gallery::default();
    let server = ModelServer::start("");
    gallery.add("nobody listens", &settled(test(&nobody(), ONE_ROW).run().exits(3)));
    gallery.add(
        "a path that the server does not know",
        &settled(test(&format!("{}/v1", server.url), ONE_ROW).run().exits(3)),
    );
    let garbage = answering(&[b"how do you do?\r\n\r\n"]);
    gallery.add("an answer that is not an HTTP", &settled(test(&garbage, ONE_ROW).run().exits(3)));
    let gone = answering(&[b""]);
    gallery.add("a connection that is closed", &settled(test(&gone, ONE_ROW).run().exits(3)));
    assert_snapshot!("no_server", gallery.text());
    // What was found stands in the results, too.
    let outcome = test(&nobody(), ONE_ROW).run().exits(3);
    assert_eq!(results(&outcome)["accounts"][0]["errors"][0]["kind"], "unhealthy");
}

#[test]
fn what_passes_on_the_second_attempt_is_no_failure() {
    const LOADING: &[u8] = b"HTTP/1.1 503 Loading\r\nContent-Length: 7\r\nConnection: close\r\n\r\nloading";
    for url in [answering(&[LOADING, SETOSA]), answering(&[b"", SETOSA])] {
        let case = only_case(&test(&url, ONE_ROW).run().succeeds());
        assert_eq!((&case["invocations"], &case["errors"]), (&json!(2), &json!(1)), "{case:#}");
    }
}

#[test]
fn a_body_comes_byte_for_byte_from_a_file_beside_the_cases() {
    let server = ModelServer::start("");
    let cases = "version: 1
cases:
  - name: CRLF and all
    body_file: data/rows.csv
    expect: {json: [{path: \"$.predictions\", length: 2}]}
  - name: bytes that are no text
    body_file: data/noise.bin
    expect: {model_error: {status: 400, message_matches: \"not UTF-8: byte 1\"}}
";
    test(&server.url, cases)
        .file("test/data/rows.csv", "5.1,3.5,1.4,0.2\r\n6.5,3.0,5.8,2.2\r\n")
        .file("test/data/noise.bin", b"5\xff\x00")
        .run()
        .succeeds();
}

#[cfg(unix)]
#[test]
fn cases_name_no_file_outside_of_their_folder() {
    let server = ModelServer::start("");
    let run = test(&server.url, "").file("outside", "1,2,3,4\n").file("test/inside", "5.1,3.5,1.4,0.2\n");
    run.shell("ln -s ../outside test/link; ln -s inside test/near");
    let absolute = run.folder().join("outside").display().to_string();
    let naming = |field: &str, name: &str| {
        let rest = match field {
            "body_file" => format!("body_file: '{name}'"),
            "schema" => format!("body: x, expect: {{schema: '{name}'}}"),
            _ => format!(
                "dataset: {{file: '{name}', format: csv, features: [a], label: b, prediction: $, gates: {{accuracy: {{min: 0}}}}}}"
            ),
        };
        run.clone().file("test/cases.yml", format!("version: 1\ncases: [{{name: one, {rest}}}]\n"))
    };
    for field in ["body_file", "schema", "dataset"] {
        for name in ["../outside", "link", "../nothing", &absolute] {
            let outcome = naming(field, name).run().exits(2);
            outcome.says(&["test/cases.yml: names \"", "\", which is outside of test", "--files-within"]);
        }
    }
    assert_eq!(server.answered(), Vec::<String>::new(), "nothing is sent");

    let server = ModelServer::start("");
    let run = run.then("test --model-url").with(&server.url);
    for (name, code) in [("near", 0), ("../test/inside", 0), ("../outside", 2)] {
        let cases = format!("version: 1\ncases: [{{name: one, body_file: '{name}'}}]\n");
        run.clone().file("test/cases.yml", cases).run().exits(code);
    }
    // Who means it says so.
    run.clone().with("--files-within").with(".").run().succeeds();
    run.with("--files-within").with("nope").run().exits(2).says(&["there is no such folder"]);
}

#[test]
fn a_suite_without_cases_says_loudly_that_nothing_was_sent() {
    let server = ModelServer::start("");
    let run = test(&server.url, "version: 1\ncases: []\n");
    let mut gallery = Gallery::default();
    gallery.add("no cases", &settled(run.run().succeeds()));
    // Quiet is for what goes well.
    gallery.add("no cases, quietly", &settled(run.clone().with("-q").run().succeeds()));
    assert_snapshot!("no_cases", gallery.text());
}

#[test]
fn a_cases_file_that_cannot_be_used_ends_with_2_and_nothing_is_sent() {
    let server = ModelServer::start("");
    let mut gallery = Gallery::default();
    let known = Regex::new("(expected one of) .*").expect("valid");
    let mut add = |title: &str, cases: &str| {
        let run = test(&server.url, cases);
        let mut outcome = run.run().exits(2);
        assert!(!run.folder().join("test-results.json").exists());
        outcome.stderr = known.replace_all(&outcome.stderr, "$1 <fields>").into_owned();
        gallery.add(title, &outcome);
    };
    add("an unknown field", "version: 1\ncases:\n  - name: a\n    body: x\n    expects: {}\n");
    add(
        "misspelled and of the wrong type in several places",
        "versoin: 1\ncases:\n  - {name: a, bdoy: x, repeat: often}\n  - {body: x}\n  - {name: c, body: x, expect: {body: {euqals: y}}}\n",
    );
    add("a key that stands twice", "version: 1\ncases:\n  - {name: a, body_json: {a: 1, b: 2, a: 3}}\n");
    add("no version", "cases: []\n");
    add("another version", "version: 2\ncases: []\n");
    add("a wrong type", "version: 1\ncases: {a: 1}\n");
    add(
        "several faults of several cases",
        "version: 1
cases:
  - {name: a, body: x, timeout: soon}
  - {name: a, body: x, body_json: {}}
  - {name: b}
  - {name: c, body: x, expect: {body: {matches: '('}, model_error: {message_matches: '[a'}}}
  - {name: d, body: x, expect: {json: [{path: predictions, equals: 1}, {path: '$.a'}]}}
  - {name: e, body_base64: '*'}
",
    );
    add(
        "files that are not there",
        "version: 1\ncases:\n  - {name: a, body_file: a.csv}\n  - {name: b, body_file: b.csv}\n",
    );
    gallery.add("no such file", &test(&server.url, "").with("--cases").with("none.yml").run().exits(2));
    assert_snapshot!("bad_cases", gallery.text());
    assert_eq!(server.answered(), Vec::<String>::new());
}

#[test]
fn junit_is_well_formed_and_counts_right() {
    let server = ModelServer::start("");
    let cases = ONE_ROW.replace("setosa\n", "a <good> & \"quoted\" one\n")
        + "  - {name: wrong, body: '6.5,3.0,5.8,2.2', expect: {body: {contains: '<setosa>'}}}\n";
    let outcome = test(&server.url, &cases).with("--junit").with("results.xml").run().exits(3);
    let xml = outcome.text("results.xml");
    let document = roxmltree::Document::parse(&xml).expect("well-formed");
    let root = document.root_element();
    assert!(root.has_tag_name("testsuites"));
    let suites: Vec<_> = root.children().filter(|node| node.has_tag_name("testsuite")).collect();
    let [suite] = suites[..] else { panic!("one suite:\n{xml}") };
    let tests: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
    let failed: Vec<_> = tests.iter().filter(|test| test.children().any(|node| node.has_tag_name("failure"))).collect();
    // The cases, and one test for what is not a case.
    assert_eq!((tests.len(), failed.len()), (3, 1), "{xml}");
    for node in [root, suite] {
        assert_eq!((node.attribute("tests"), node.attribute("failures")), (Some("3"), Some("1")), "{xml}");
    }
    assert!(tests.iter().any(|test| test.attribute("name") == Some("a <good> & \"quoted\" one")), "{xml}");
    let message = failed[0].descendants().find_map(|node| node.attribute("message")).expect("a message");
    assert!(message.contains("<setosa>"), "{message}");
}

#[test]
fn an_answer_full_of_control_characters_breaks_neither_the_messages_nor_junit() {
    const HOSTILE: &[u8] =
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\x1b[2J\nerror: all is well\n\x00\x07]]></failure>";
    let run = test(&answering(&[HOSTILE]), ONE_ROW).with("--junit").with("results.xml");
    let outcome = run.run().exits(3);
    assert!(
        !outcome.stderr.contains('\u{1b}') && !outcome.stderr.contains("\nerror: all is well"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains(r"\u{1b}[2J\nerror: all is well\n"), "{}", outcome.stderr);
    roxmltree::Document::parse(&outcome.text("results.xml")).expect("well-formed");
}

#[test]
fn a_redirect_is_the_answer_and_the_request_goes_nowhere_else() {
    let (heard, elsewhere) = std::sync::mpsc::channel();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let other = format!("http://{}/elsewhere", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            heard.send(read_request(&mut stream)).expect("the test listens");
            _ = stream.write_all(SETOSA);
        }
    });
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let answer =
            format!("HTTP/1.1 {status}\r\nLocation: {other}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let url = serving(move |_, stream| _ = stream.write_all(answer.as_bytes()));
        let cases = ONE_ROW.replace("timeout: 60s", "custom_attributes: private");
        let outcome = test(&url, &cases).run().exits(3);
        let failure = &only_case(&outcome)["failures"][0];
        assert_eq!(failure["kind"], "model_error", "{failure}");
        outcome.says(&[&status[..3], &format!("it redirects to \"{other}\"")]);
    }
    assert_eq!(elsewhere.try_recv().ok(), None, "the body and the attributes are for the server that was named");
}

#[test]
fn only_200_is_health() {
    for (status, more) in [("204 No Content", ""), ("307 Temporary Redirect", "Location: /ping/\r\n"), ("503 No", "")] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let head = format!("HTTP/1.1 {status}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let answer: &[u8] =
                    if read_request(&mut stream).starts_with("GET /ping ") { head.as_bytes() } else { SETOSA };
                _ = stream.write_all(answer);
            }
        });
        let outcome = test(&url, ONE_ROW).run().exits(3).says(&[&format!("answered {}", &status[..3])]);
        assert_eq!(results(&outcome)["accounts"][0]["errors"][0]["kind"], "unhealthy");
    }
}

#[test]
fn cases_in_json_may_escape_every_character() {
    let server = ModelServer::start("");
    let cases = r#"{"version": 1, "cases": [{"name": "a smile \ud83d\ude00", "body": "\ud83d\ude00",
        "expect": {"model_error": {"status": 400, "message_matches": "ud83d.ude00"}}}]}"#;
    let outcome = test(&server.url, cases).run().succeeds();
    assert_eq!(only_case(&outcome)["name"], "a smile \u{1f600}");
}

#[test]
fn results_that_cannot_be_written_are_found_before_the_first_request() {
    let server = ModelServer::start("");
    let mut gallery = Gallery::default();
    let run = test(&server.url, ONE_ROW).file("out", "a file\n");
    gallery.add("a file in the folder's place", &run.clone().with("--export-test-results=out/r.json").run().exits(1));
    gallery.add("a folder in the file's place", &run.clone().with("--export-test-results=test").run().exits(1));
    gallery.add("the same for JUnit", &run.clone().with("--junit=test").run().exits(1));
    for flag in ["--export-test-results=nope/r.json", "--junit=nope/a/r.xml", "--html=nope/r.html"] {
        gallery.add("a folder that is not there", &run.clone().with(flag).run().exits(1));
    }
    assert_snapshot!("unwritable", gallery.text());
    assert!(!run.folder().join("test-results.json").exists(), "no results of a run that was none");
    assert!(!run.folder().join("nope").exists(), "what is likely to be mistyped is not made");
    assert_eq!(server.answered(), Vec::<String>::new());
}

#[test]
fn an_interrupted_run_leaves_what_it_found_and_ends_with_1() {
    for signal in ["INT", "TERM"] {
        let (arrived, second_arrived) = std::sync::mpsc::channel();
        let url = serving(move |turn, stream| {
            if turn == 0 {
                _ = stream.write_all(SETOSA);
            } else {
                arrived.send(()).expect("the test waits");
                _ = stream.read(&mut [0; 1]);
            }
        });
        let cases = format!("{ONE_ROW}  - {{name: never answered, body: x}}\n");
        let run = test(&url, &cases).with("--junit").with("results.xml");
        let process = run.command().spawn().expect("the binary starts");
        second_arrived.recv_timeout(Duration::from_mins(1)).expect("a second request");
        let id = process.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().expect("kill runs").success());
        let output = process.wait_with_output().expect("it ends");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(1), "{signal}:\n{stderr}");
        assert!(stderr.contains(&format!("the run was ended by SIG{signal}")), "{stderr}");
        let read = |name: &str| std::fs::read_to_string(run.folder().join(name)).expect("the results are there");
        let report: Value = serde_json::from_str(&read("test-results.json")).expect("valid");
        assert_eq!(report["success"], false);
        assert_eq!(report["errors"][0]["kind"], "interrupted");
        assert_eq!(report["accounts"][0]["cases"][0]["success"], true, "{report:#}");
        roxmltree::Document::parse(&read("results.xml")).expect("well-formed");
    }
}

#[test]
fn answers_of_a_model_server_are_recorded_and_replayed_without_it() {
    let cases = ONE_ROW.replace("5.1,3.5,1.4,0.2", "5.0,3.4,1.5,0.3")
        + "  - {name: refused, body: 'no,number', expect: {model_error: {status: 400}}}\n"
        + "  - {name: bytes, body_base64: 'Nf8A', expect: {model_error: {status: 400}}}\n";
    let run = in_a_repository("rehearse --approve").file("test/cases.yml", &cases);

    let mut gallery = Gallery::default();
    let mut unrecorded = run.run().exits(3);
    let verdict = unrecorded.stderr.find("error: ").expect("an error");
    unrecorded.stderr.drain(..verdict);
    gallery.add("requests that the world has no answer to", &unrecorded);
    assert_snapshot!("unrecorded", gallery.text());

    let server = ModelServer::start("");
    run.then("rehearse --approve --model-url").with(&server.url).run().succeeds();
    assert_eq!(server.answered().len(), 6, "three cases in two accounts");

    let replay = run.then("rehearse --approve --offline rehearsal/world.json --output-dir replay");
    let world = replay.run().succeeds().json("replay/world.json");
    let recorded: Vec<&Value> = world["Invocations"].as_array().expect("a list").iter().rev().take(3).rev().collect();
    assert_eq!(recorded[0]["Body"], "5.0,3.4,1.5,0.3");
    assert_eq!(recorded[0]["Response"]["ContentType"], "application/json");
    assert_eq!(recorded[1]["Error"]["OriginalStatusCode"], 400);
    assert_eq!(recorded[2]["BodyBase64"], "Nf8A");
    let example = crate::support::world()["Invocations"].as_array().map_or(0, Vec::len);
    assert_eq!(world["Invocations"].as_array().map(Vec::len), Some(example + 3), "each request is recorded once");
}

#[test]
fn the_recorded_answers_of_the_example_are_those_of_the_trained_model() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/iris/train.py");
    let output = Command::new(test_python()).arg(script).arg("--check").output().expect("Python starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "train.py --check:\n{stderr}");
    assert!(stderr.contains("invocations recorded"), "{stderr}");
}

/// A server that answers pings, counted from 0, by `ping`, and every case well.
fn pinged(mut ping: impl FnMut(usize, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let mut turn = 0;
        for mut stream in listener.incoming().flatten() {
            if read_request(&mut stream).starts_with("GET /ping ") {
                ping(turn, &mut stream);
                turn += 1;
            } else {
                _ = stream.write_all(SETOSA);
            }
        }
    });
    url
}

const HEALTHY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

#[test]
fn a_server_that_still_loads_is_waited_for() {
    let loading = |turn: usize, stream: &mut TcpStream| match turn {
        0 => _ = stream.write_all(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        1 => std::thread::sleep(Duration::from_secs(3)),
        _ => _ = stream.write_all(HEALTHY),
    };
    let outcome = test(&pinged(loading), ONE_ROW).with("--wait").with("30s").run().succeeds();
    outcome.says(&["is not healthy yet, waiting up to 30s: ", "answered 503", "no answer in time"]);

    // Nobody listens at first.
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(1));
        let listener = TcpListener::bind(free).expect("the port is still free");
        for mut stream in listener.incoming().flatten() {
            let is_ping = read_request(&mut stream).starts_with("GET");
            _ = stream.write_all(if is_ping { HEALTHY } else { SETOSA });
        }
    });
    test(&format!("http://{free}"), ONE_ROW).with("--wait=30s").run().succeeds().says(&["connection refused"]);
}

#[test]
fn every_case_of_an_unhealthy_server_is_listed_as_not_run() {
    let cases = format!("{ONE_ROW}  - {{name: other, body: x}}\n");
    let outcome = test(&nobody(), &cases).with("--junit=j.xml").with("--wait=1s").run().exits(3);
    let outcome = outcome.says(&["not run: setosa, other", "no case was sent", "waited 1s"]);
    let cases = results(&outcome)["accounts"][0]["cases"].clone();
    for (at, name) in ["setosa", "other"].into_iter().enumerate() {
        assert_eq!((&cases[at]["name"], &cases[at]["failures"][0]["kind"]), (&json!(name), &json!("not_run")));
    }
    let xml = outcome.text("j.xml");
    let names = ["model server is healthy", "setosa", "other"];
    assert!(names.iter().all(|name| xml.contains(&format!("name=\"{name}\""))), "{xml}");
}

#[test]
fn an_early_refusal_of_a_large_body_is_read() {
    const REFUSAL: &[u8] = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large";
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Closed with most of it unread, so that writing on fails at the other side.
            let mut head = [0; 4096];
            _ = stream.read(&mut head);
            _ = stream.write_all(if head.starts_with(b"GET") { HEALTHY } else { REFUSAL });
        }
    });
    let cases = "version: 1
defaults: {retries: 0}
cases: [{name: too large, body_file: rows.csv, repeat: 50, expect: {model_error: {status: 413, message_matches: too large}}}]
";
    test(&url, cases).file("test/rows.csv", "1,2,3,4\n".repeat(600_000)).run().succeeds();
}

#[test]
fn attempts_that_failed_before_one_passed_are_told_everywhere() {
    const SAID: &str = "the model answered 503: worker died";
    const BUSY: &[u8] = b"HTTP/1.1 503 Busy\r\nContent-Length: 11\r\nConnection: close\r\n\r\nworker died";
    let run = test(&answering(&[BUSY, SETOSA]), ONE_ROW).with("--junit=j.xml").with("--html=h.html");
    let outcome = run.run().succeeds().says(&[&format!("setosa: failed, and passed when sent again: {SAID}")]);
    assert_eq!(only_case(&outcome)["retried"][0]["message"], SAID);
    for file in ["j.xml", "h.html"] {
        assert!(outcome.text(file).contains(SAID), "{file}");
    }
}

#[test]
fn mode_async_takes_no_answer_without_a_length() {
    const CHUNKED: &[u8] =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let cases = |mode: &str| format!("version: 1\ncases: [{{name: one, body: x, mode: {mode}}}]\n");
    test(&answering(&[CHUNKED]), &cases("invoke")).run().succeeds();
    test(&answering(&[CHUNKED]), &cases("async")).run().exits(3).says(&["no Content-Length, which SageMaker demands"]);
    test(&answering(&[SETOSA]), &cases("async")).run().succeeds();
}

#[test]
fn a_server_that_is_no_container_is_asked_where_it_answers() {
    let (heard, requests) = std::sync::mpsc::channel();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/v2?key=1", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let request = read_request(&mut stream);
            _ = stream.write_all(if request.starts_with("GET") { HEALTHY } else { SETOSA });
            heard.send(request).expect("the test listens");
        }
    });
    let secret = "abcdef0123456789";
    let run = test(&url, ONE_ROW).with("--health-path=/ready").with("--invocations-path=predict");
    let header = format!("--model-header=Authorization: Bearer {secret}");
    let outcome =
        run.with(&header).with("--model-header=X-Tenant: 7").with("--model-header=X-Tenant: 8").run().succeeds();
    for line in ["GET /v2/ready?key=1 HTTP/1.1", "POST /v2/predict?key=1 HTTP/1.1"] {
        let request = requests.recv_timeout(Duration::from_secs(10)).expect("a request").to_lowercase();
        assert!(request.starts_with(&line.to_lowercase()), "{request}");
        let headers = [&format!("authorization: bearer {secret}"), "x-tenant: 7", "x-tenant: 8"];
        assert!(headers.iter().all(|header| request.contains(*header)), "{request}");
    }
    assert!(!outcome.stderr.contains(secret) && !outcome.stdout.contains(secret));
    test("http://127.0.0.1:1/#part", ONE_ROW).run().exits(2).says(&["leave it out"]);
    for (header, why) in
        [("Content-Type: text/csv", "write content_type"), ("Connection: close", "makes that header itself")]
    {
        test(&url, ONE_ROW).with("--model-header").with(header).run().exits(2).says(&[why]);
    }
}

#[test]
fn a_session_goes_on_in_the_case_that_names_it() {
    let (heard, requests) = std::sync::mpsc::channel();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let request = read_request(&mut stream).to_lowercase();
            let opened = "X-Amzn-SageMaker-New-Session-Id: abc-1; Expires=2026-11-29T23:00:00Z\r\n";
            let session = if request.contains("new_session") { opened } else { "" };
            _ = stream.write_all(
                format!("HTTP/1.1 200 OK\r\n{session}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}").as_bytes(),
            );
            if request.starts_with("post") {
                heard.send(request).expect("the test listens");
            }
        }
    });
    let cases = "version: 1
cases:
  - {name: hello, body: a, session_id: NEW_SESSION, inference_id: r 1, adapter: polite}
  - {name: and again, body: b, session_from: hello, target_container_hostname: second, prefix_aware_id: p}
";
    test(&url, cases).run().succeeds();
    let next = || requests.recv_timeout(Duration::from_secs(10)).expect("a request");
    let first = next();
    for header in ["session-id: new_session", "inference-id: r 1", "adapter-identifier: polite"] {
        assert!(first.contains(&format!("x-amzn-sagemaker-{header}")), "{first}");
    }
    assert!(next().contains("x-amzn-sagemaker-session-id: abc-1\r\n"));

    let silent = answering(&[SETOSA]);
    test(&silent, cases).run().exits(3).says(&["and again: not sent: the answer to case \"hello\" opened no session"]);
    let wrong = cases.replace("session_from: hello", "session_from: helo").replace("second", "'second one'");
    let wrong = wrong.replace("inference_id: r 1", "inference_id: ''");
    test(&silent, &wrong).run().exits(2).says(&[
        "session_from of \"helo\"",
        "target_container_hostname of",
        "inference_id",
    ]);
}
