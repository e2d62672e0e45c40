//! A model that answers what it is sent, as what it is asked for: what a broken one may say passes no case.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::support::{Outcome, Run};

/// A healthy server that sends each body back, under the content type of its `Accept`.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (head, body) = read(&mut stream);
            let value = |name: &str| head.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
            let kind = value("accept:").unwrap_or_default();
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n");
            _ = stream.write_all(&[head.as_bytes(), b"Connection: close\r\n\r\n", &body].concat());
        }
    });
    url
}

/// The head in lower case, and the body.
fn read(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|length| length == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    _ = stream.read_exact(&mut body);
    (head, body)
}

/// The first failure of each case; empty where it passes.
fn failures(outcome: &Outcome) -> Vec<(String, String)> {
    let results = outcome.json("test-results.json");
    let cases = results["accounts"][0]["cases"].as_array().expect("a list").clone();
    let text = |case: &Value, key: &str| case["failures"][0][key].as_str().unwrap_or_default().to_owned();
    cases.iter().map(|case| (text(case, "kind"), text(case, "message"))).collect()
}

/// Runs cases, each with the kind of its failure and a part of what is said; empty if it is to pass.
#[track_caller]
fn judged(defaults: &str, cases: &[(&str, &str, &str)]) {
    let numbered = (1..).zip(cases).map(|(at, (case, ..))| format!("  - {{name: '{at}', {case}}}\n"));
    let text = numbered.collect::<Vec<_>>().concat();
    let file = format!("version: 1\ndefaults: {{retries: 0, {defaults}}}\ncases:\n{text}");
    let run = Run::new("test --model-url")
        .with(echo())
        .file("test/cases.yml", file)
        .file("test/rows.csv", "x,y\n1,0\n2,1\n")
        .file("test/ids.csv", "x,y\n1,9007199254740993\n");
    for ((case, kind, said), (got, message)) in cases.iter().zip(failures(&run.run().exits(3))) {
        assert!(got == *kind && message.contains(said), "{case}\n{got}: {message}");
    }
}

#[test]
fn an_answer_with_nothing_in_it_passes_only_where_that_is_expected() {
    let csv = "content_type: text/csv, accept: text/csv";
    judged(
        csv,
        &[
            ("body: '', expect: {csv: {columns: [{index: 0, min: 0}]}}", "wrong_csv", "expected rows of CSV, got none"),
            ("body: \"score\\n\", expect: {csv: {header: true, columns: [{index: 0}]}}", "wrong_csv", "got none"),
            ("body: \"score\\n\", expect: {csv: {header: true, rows: 0}}", "", ""),
            ("body: '', expect: {texts: [{not_matches: dog}]}", "wrong_text", "expected a text, got an empty one"),
            ("body: '', repeat: 2, expect: {repeats: [{same: true}]}", "answers_differ", "got an empty one"),
        ],
    );
    let npy = "content_type: application/x-npy, accept: application/x-npy";
    let none = "expected numbers, got an array of shape (0,), without any";
    judged(
        npy,
        &[
            ("body_npy: {values: []}, expect: {npy: {min: 0}}", "wrong_npy", none),
            ("body_npy: {values: []}, expect: {npy: {shape: [null], type: float64}}", "wrong_npy", none),
            ("body_npy: {values: []}, expect: {npy: {shape: [0]}}", "", ""),
        ],
    );
}

#[test]
fn an_answer_that_is_read_in_two_ways_or_not_at_all_passes_nothing() {
    let json =
        |body: &str, expect: &str| format!("accept: application/json, body: '{body}', expect: {{json: [{expect}]}}");
    let events =
        |body: &str| format!("mode: stream, accept: text/event-stream, body: \"{}\"", body.replace('"', "\\\""));
    judged(
        "content_type: application/json",
        &[
            (&json(r#"{"a": 1, "a": 2}"#, "{path: $.a, equals: 2}"), "wrong_json", "the key \"a\" is there twice"),
            (&json(r#"["no"]"#, "{path: '$[*]', length: 2}"), "wrong_json", "expected length 2 at $[*], got 1"),
            (&json(r#"["no"]"#, "{path: '$[0]', length: 2}"), "", ""),
            (&json("[null]", "{path: '$[0]', matches: '^[a-z]+$'}"), "wrong_json", "got null"),
            (&events("data: a\\n\\ndata: b\\n\\n"), "", ""),
            (
                &events("data: a\\n\\nout of memory\\n\\ndata: b\\n\\n"),
                "stream_error",
                "a line that is of no event: out of memory",
            ),
            (&events("{'error': 'out of memory'}"), "stream_error", "out of memory"),
            (&events(": ping\\n\\n"), "stream_cut", "expected events, got a stream without any"),
            (
                &events("data: {\"choices\": []}\\n\\ndata: oops\\n\\ndata: [DONE]\\n\\n"),
                "stream_cut",
                "expected JSON in each event",
            ),
        ],
    );
}

#[test]
fn whole_numbers_are_compared_digit_by_digit_whatever_holds_them() {
    const ID: &str = "9007199254740993";
    const LONG: &str = "123456789012345678901";
    let json = |id: &str, expect: &str| format!("body: '{{\"id\": {id}}}', expect: {{{expect}}}");
    let numbers = |rows: &str| {
        format!(
            "dataset: {{file: ids.csv, label: y, template: '<% for row in rows %><% endfor %>{rows}', {}}}",
            "prediction: $.p, task: regression, gates: {mae: {max: 0}}"
        )
    };
    let classes =
        |row: &str| numbers(row).replace("regression", "classification").replace("mae: {max: 0}", "accuracy: {min: 1}");
    judged(
        "content_type: application/json, accept: application/json",
        &[
            (
                &json(
                    ID,
                    &format!(
                        "json: [{{path: $.id, min: {ID}, max: {ID}}}], schema: {{properties: {{id: {{const: {ID}}}}}}}"
                    ),
                ),
                "",
                "",
            ),
            (
                &json("9007199254740992", &format!("json: [{{path: $.id, min: {ID}}}]")),
                "wrong_json",
                "at least 9007199254740993",
            ),
            (
                &json("9007199254740992.0", &format!("schema: {{properties: {{id: {{enum: [{ID}]}}}}}}")),
                "wrong_schema",
                "/id",
            ),
            (&json(LONG, &format!("json: [{{path: $.id, within: {{value: {LONG}, tolerance: 0}}}}]")), "", ""),
            (&json(LONG, "json: [{path: $.id, max: 123456789012345678900}]"), "wrong_json", LONG),
            (&json("1.2345678901234568e20", &format!("json: [{{path: $.id, equals: {LONG}}}]")), "wrong_json", LONG),
            (&numbers("{\"p\": 9007199254740993}"), "", ""),
            (&numbers("{\"p\": 9007199254740992}"), "gate", "expected mae at most 0, got 1 over 1 row"),
            (&classes("{\"p\": 9007199254740993}"), "", ""),
            (&classes("{\"p\": 9007199254740992}"), "gate", "expected accuracy at least 1, got 0 over 1 row"),
        ],
    );
    let row = |id: &str| format!("body: '{id}', expect: {{csv: {{columns: [{{index: 0, min: {LONG}}}]}}}}");
    judged(
        "content_type: text/csv, accept: text/csv",
        &[(&row(LONG), "", ""), (&row("123456789012345678900"), "wrong_csv", "123456789012345678901 to inf")],
    );
    let array = format!("body_npy: {{type: int64, values: [{ID}]}}, expect: {{npy: {{max: 9007199254740992}}}}");
    judged(
        "content_type: application/x-npy, accept: application/x-npy",
        &[(&array, "wrong_npy", "expected at most 9007199254740992 at [0] of the array, got 9007199254740993")],
    );
}

#[test]
fn probabilities_are_those_of_all_classes_and_each_column_is_there_once() {
    let dataset = |answer: &str, more: &str| {
        format!(
            "accept: application/json, dataset: {{file: rows.csv, label: y, batch_size: 2, template: '<% for row in rows %><% endfor %>{answer}', {more}}}"
        )
    };
    let loss = "prediction: {highest: '$[*]'}, gates: {log_loss: {max: 0.8}}";
    let named = "prediction: {column: label}, gates: {accuracy: {min: 0.5}}";
    let sure = dataset("[[1, 1], [1, 1]]", loss);
    let none = dataset("[[0.5, 0.5], [0.5, 0.4]]", loss);
    let whole = dataset("[[0.5, 0.5], [0.333, 0.667]]", loss);
    let twice =
        dataset(r#"[[{"label": "0", "score": 1}, {"label": "0", "score": 0}], [{"label": "1", "score": 1}]]"#, loss);
    let columns = dataset("label,label\n0,1\n1,0", named).replace("json", "csv");
    let columns = columns.replace('\'', "\"").replace('\n', "\\n").replace("application", "text");
    judged(
        "content_type: application/json",
        &[
            (&sure, "dataset", "row 1: has probabilities that add up to 2, and not to 1"),
            (&none, "dataset", "row 2: has probabilities that add up to 0.9, and not to 1"),
            (&whole, "", ""),
            (&twice, "dataset", "got \"0\" twice for row 1"),
            (&columns, "dataset", "expected one column \"label\" in the header, got 2"),
        ],
    );
}
