//! Everything comes to an end, within bounds of time and memory: files, answers, judging.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Outcome, Run, in_a_repository};

/// Runs, and ends within that time.
#[track_caller]
fn soon(run: &Run) -> Outcome {
    let started = Instant::now();
    let outcome = run.run();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}: {}", started.elapsed(), outcome.stderr);
    outcome
}

/// A pipe that nobody writes to, in the run's folder.
fn with_a_pipe(run: Run) -> Run {
    let made = Command::new("mkfifo").arg(run.folder().join("pipe")).status().expect("mkfifo");
    assert!(made.success());
    run
}

#[test]
fn what_is_no_file_is_refused_at_once_wherever_a_file_is_named() {
    let local = "test --model-url http://127.0.0.1:9 --cases";
    for command in [
        &format!("{local} pipe"),
        "report pipe",
        "report /dev/zero",
        "verify pipe",
        "check --template pipe",
        "check --cases pipe",
        "setup plan --settings pipe",
        "resolve --offline /dev/zero",
        "seed pack --binary pipe",
        "seed upload --bucket b pipe",
    ] {
        let run = with_a_pipe(in_a_repository(command)).env("AWS_REGION", "us-east-1");
        let run = if command.starts_with('s') { run.without_env("MODELDEPLOY_OFFLINE") } else { run };
        soon(&run).exits(2).says(&["it is no regular file", "hint: put what it gives into a file, and name that"]);
    }
    for field in [
        "body_file: pipe",
        "body: x, expect: {schema: pipe}",
        "dataset: {file: pipe, format: csv, label: y, prediction: $}",
    ] {
        let cases = format!("version: 1\ncases: [{{name: a, {field}}}]\n");
        let run = with_a_pipe(Run::new(local).with("cases.yml").file("cases.yml", cases));
        soon(&run).exits(2).says(&["cannot read ", "it is no regular file"]);
    }
}

#[test]
fn what_is_no_file_is_refused_where_a_template_or_a_record_names_it() {
    let hook = "Resources:\n  Hook:\n    Type: AWS::Lambda::Function\n    Properties: {Code: ./pipe, Handler: a.b, Runtime: python3.12, Role: r}\n";
    let run = in_a_repository("build --dry-run");
    let template = std::fs::read_to_string(run.folder().join("endpoint-config-template.yml")).expect("a template");
    let run = run.file("endpoint-config-template.yml", template.replace("Resources:\n", hook));
    soon(&with_a_pipe(run)).exits(2).says(&["names \"./pipe\"", "it is no regular file"]);

    let built = in_a_repository("build --output-dir out");
    built.run().succeeds();
    std::fs::remove_file(built.folder().join("out/template-export.yml")).expect("an export");
    built.shell("mkfifo out/template-export.yml").exits(0);
    soon(&built.then("verify out/release.json")).exits(1).says(&["UNREADABLE", "it is no regular file"]);
}

#[test]
fn times_and_numbers_that_nothing_holds_are_refused_with_their_range_and_their_place() {
    let local = "test --model-url http://127.0.0.1:9 --cases cases.yml";
    for time in ["18446744073709551615s", "584542046090years", "31days"] {
        soon(&Run::new(local).with("--deadline").with(time)).exits(2).says(&["--deadline", "write 0s to 30days"]);
        let waiting = in_a_repository("test").with("--wait").with(time);
        soon(&waiting).exits(2).says(&["--wait", "write 0s to 30days"]);
    }
    for (fields, place, range) in [
        ("timeout: 18446744073709551615s", "4:14", "sets timeout to \"18446744073709551615s\": write 1ms to 30days"),
        (
            "mode: async\n    async:\n      deadline: 31days",
            "6:17",
            "async.deadline to \"31days\": write 1ms to 30days",
        ),
        ("load:\n      {rate: 1.0e-300, duration: 7h}", "5:34", "load.duration to \"7h\": write 1ms to 6h"),
        ("load: {rate: 1.0e300, duration: 1s}", "4:18", "between 0 and 100000 requests a second"),
        ("load: {rate: 1.0e999, duration: 1s}", "4:18", "between 0 and 100000 requests a second"),
        ("load: {rate: 1, duration: 1s, max_in_flight: 4294967295}", "4:50", "to 4294967295: write 1 to 10000"),
        ("concurrency: 4294967295", "4:18", "sets concurrency to 4294967295: write 1 to 10000"),
        ("retries: 4294967295", "4:14", "sets retries to 4294967295: write 0 to 16"),
        ("repeat: 99999999999999999999", "4:13", "expected u32"),
        ("slo: {p95_ms: 1.0e999}", "4:19", "slo.p95_ms"),
        (
            "expect: {json: [{path: $.a, within: {value: 1, tolerance: 1.0e999}}]}",
            "4:20",
            "asks for inf in expect.json at $.a: write a number",
        ),
    ] {
        let cases = format!("version: 1\ncases:\n  - name: a\n    {fields}\n    body: x\n");
        let outcome = soon(&Run::new(local).file("cases.yml", cases)).exits(2);
        outcome.says(&[&format!("cases.yml:{place}: "), range]);
    }
    // The slowest load sends its first request, and is done
    let slow = "version: 1\ncases: [{name: a, body: x, load: {rate: 1.0e-300, duration: 1ms}}]\n";
    soon(&Run::new(local).file("cases.yml", slow)).exits(3);
}
