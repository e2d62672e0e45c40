//! Everything comes to an end, within bounds of time and memory: files, answers, judging.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Outcome, Run, in_a_repository};

/// Runs, and ends within that time.
#[track_caller]
fn soon(run: &Run) -> Outcome {
    let started = Instant::now();
    let outcome = run.run();
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}: {}", started.elapsed(), outcome.stderr);
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
        soon(&run).exits(2).says(&["it is not a regular file", "hint: put what it gives into a file, and name that"]);
    }
    for field in [
        "body_file: pipe",
        "body: x, expect: {schema: pipe}",
        "dataset: {file: pipe, format: csv, label: y, prediction: $}",
    ] {
        let cases = format!("version: 1\ncases: [{{name: a, {field}}}]\n");
        let run = with_a_pipe(Run::new(local).with("cases.yml").file("cases.yml", cases));
        soon(&run).exits(2).says(&["cannot read ", "it is not a regular file"]);
    }
}

#[test]
fn what_is_no_file_is_refused_where_a_template_or_a_record_names_it() {
    let hook = "Resources:\n  Hook:\n    Type: AWS::Lambda::Function\n    Properties: {Code: ./pipe, Handler: a.b, Runtime: python3.12, Role: r}\n";
    let run = in_a_repository("build --dry-run");
    let template = std::fs::read_to_string(run.folder().join("endpoint-config-template.yml")).expect("a template");
    let run = run.file("endpoint-config-template.yml", template.replace("Resources:\n", hook));
    soon(&with_a_pipe(run)).exits(2).says(&["names \"./pipe\"", "it is not a regular file"]);

    let built = in_a_repository("build --output-dir out");
    built.run().succeeds();
    std::fs::remove_file(built.folder().join("out/template-export.yml")).expect("an export");
    built.shell("mkfifo out/template-export.yml").exits(0);
    soon(&built.then("verify out/release.json")).exits(1).says(&["UNREADABLE", "it is not a regular file"]);
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
        (
            "timeout: 18446744073709551615s",
            "4:14",
            "sets timeout to \"18446744073709551615s\"\ncause: it is out of range\nhint: write 1ms to 30days",
        ),
        (
            "mode: async\n    async:\n      deadline: 31days",
            "6:17",
            "async.deadline to \"31days\"\ncause: it is out of range\nhint: write 1ms to 30days",
        ),
        (
            "load:\n      {rate: 1.0e-300, duration: 7h}",
            "5:34",
            "load.duration to \"7h\"\ncause: it is out of range\nhint: write 1ms to 6h",
        ),
        ("load: {rate: 1.0e300, duration: 1s}", "4:18", "between 0 and 100000 requests a second"),
        ("load: {rate: 1.0e999, duration: 1s}", "4:18", "between 0 and 100000 requests a second"),
        ("load: {rate: 1, duration: 1s, max_in_flight: 4294967295}", "4:50", "to 4294967295\nhint: write 1 to 10000"),
        ("concurrency: 4294967295", "4:18", "sets concurrency to 4294967295\nhint: write 1 to 10000"),
        ("retries: 4294967295", "4:14", "sets retries to 4294967295\nhint: write 0 to 16"),
        ("repeat: 99999999999999999999", "4:13", "expected a whole number from 0 on"),
        ("slo: {p95_ms: 1.0e999}", "4:19", "slo.p95_ms"),
        (
            "expect: {json: [{path: $.a, within: {value: 1, tolerance: 1.0e999}}]}",
            "4:20",
            "asks for inf in expect.json at $.a\nhint: write a number",
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

/// A server that answers each invocation with what `answer` writes; the request's body is what decides.
fn answering(answer: impl Fn(&[u8], &mut TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let (head, body) = request(&mut stream);
                if head.starts_with("GET /ping") {
                    reply(&mut stream, b"");
                } else {
                    answer(&body, &mut stream);
                }
            });
        }
    });
    url
}

fn request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|length| length == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    _ = stream.read_exact(&mut body);
    (head, body)
}

fn reply(stream: &mut TcpStream, body: &[u8]) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    _ = stream.write_all(&[head.as_bytes(), body].concat());
}

fn cases(outcome: &Outcome) -> Vec<(bool, String)> {
    let cases = outcome.json("test-results.json")["accounts"][0]["cases"].clone();
    let message = |case: &Value| case["failures"][0]["message"].as_str().unwrap_or_default().to_owned();
    cases.as_array().expect("a list").iter().map(|case| (case["success"] == true, message(case))).collect()
}

#[test]
fn an_answer_without_end_costs_its_case_and_nothing_else() {
    let url = answering(|body, stream| match body {
        b"endless" => {
            _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            let chunk = [&b"100000\r\n"[..], &vec![b'x'; 0x10_0000], b"\r\n"].concat();
            while stream.write_all(&chunk).is_ok() {}
        }
        _ => reply(stream, b"[]"),
    });
    let suite = "version: 1\ndefaults: {timeout: 60s}\ncases:
  - {name: endless, body: endless}
  - {name: stream, body: endless, mode: stream}
  - {name: last, body: x}\n";
    let outcome = soon(&Run::new("test --cases cases.yml --model-url").with(url).file("cases.yml", suite)).exits(3);
    let too_long = "the answer has more than 33554432 bytes, and SageMaker passes on 25 MB";
    let cases = cases(&outcome);
    assert!(cases[..2].iter().all(|(good, message)| !good && message.contains(too_long)), "{cases:?}");
    assert!(cases[2].0, "{cases:?}");
}

#[test]
fn judging_that_takes_too_long_is_given_up_and_the_rest_goes_on() {
    let url = answering(|_, stream| reply(stream, format!("[{}9]", "9,".repeat(1_000_000)).as_bytes()));
    // Each number fits the last way only, and all others are tried before it: much time, and no memory
    let ways = "{const: 1}, ".repeat(20_000);
    let suite = format!(
        "version: 1\ncases:\n  - {{name: slow, body: x, expect: {{schema: {{items: {{anyOf: [{ways}{{const: 9}}]}}}}}}}}\n  \
         - {{name: last, body: x, expect: {{json: [{{path: '$[0]', equals: 9}}]}}}}\n"
    );
    let run = Run::new("test --cases cases.yml --model-url").with(url).file("cases.yml", suite);
    let outcome = run.run().exits(3);
    assert_eq!(cases(&outcome), [(false, "judging took longer than 10s".to_owned()), (true, String::new())]);
}

#[test]
fn what_people_write_is_bounded_before_a_parser_sees_it() {
    let local = "test --model-url http://127.0.0.1:9 --cases cases.yml";
    let deep = format!("$[?{}1==1{}]", "(".repeat(1000), ")".repeat(1000));
    for (expect, said) in [
        (format!("json: [{{path: '{deep}', exists: true}}]"), "it has more than 32 brackets in each other"),
        (
            format!("json: [{{path: '$.{}', exists: true}}]", "a".repeat(5000)),
            "it has 5002 characters, and 4096 are read",
        ),
        (format!("body: {{matches: '{}'}}", "a".repeat(10_001)), "it has 10001 bytes, and 10000 are read"),
        (format!("schema: {}1{}", "[".repeat(150), "]".repeat(150)), "is nested more than 100 levels deep"),
    ] {
        let suite = format!("version: 1\ncases: [{{name: a, body: x, expect: {{{expect}}}}}]\n");
        let outcome = soon(&Run::new(local).file("cases.yml", suite)).exits(2).says(&[said]);
        assert!(outcome.stderr.len() < 2000, "{}", outcome.stderr);
    }
}

#[test]
fn conditions_that_decide_each_other_in_a_long_row_are_followed_as_far_as_any_stack_holds() {
    let run = in_a_repository("check");
    let template = std::fs::read_to_string(run.folder().join("endpoint-config-template.yml")).expect("a template");
    let row = |last: &str| {
        let link = |number: usize| format!("  C{number}: !Not [!Condition C{}]\n", number + 1);
        let links = (0..12_000).map(link).collect::<Vec<_>>().concat();
        template.replacen("Conditions:\n", &format!("Conditions:\n{links}  C12000: {last}\n"), 1)
    };
    soon(&run.clone().file("endpoint-config-template.yml", row("!Equals [a, b]"))).exits(0);
    let circle = run.file("endpoint-config-template.yml", row("!Condition C0"));
    soon(&circle).exits(2).says(&["has condition \"C0\", which leads back to itself"]);
}

/// A repository whose template takes longer to render than anybody waits, and speaks of these, too.
fn with_endless_template(command: &str, more: &str) -> Run {
    let run = in_a_repository(command);
    let template = std::fs::read_to_string(run.folder().join("endpoint-config-template.yml")).expect("a template");
    std::fs::remove_file(run.folder().join("endpoint-config-template.yml")).expect("a template");
    // Joined lists are gone through one in the other, which the engine takes for one step.
    let doubled = "<% set a = [1] %>".to_owned() + &"<% set a = a + a %>".repeat(40) + "<%= a|length %>MORE";
    run.file("endpoint-config-template.yml.j2", format!("{template}\n# {doubled}\n").replace("MORE", more))
}

#[test]
fn rendering_that_does_not_end_is_given_up() {
    with_endless_template("check", "").run().exits(2).says(&[
        "does not come to an end",
        "to render it takes longer than 10s",
        "hint: look at its loops",
    ]);
}

#[test]
fn rendering_hears_a_signal_and_the_deadline() {
    // Before the package is known, a build has done nothing yet, and is ended where it is.
    for (command, more) in [("build", "<%= package.version %>"), ("rehearse --approve --output-dir out", "")] {
        let run = with_endless_template(command, more);
        let process = run.command().spawn().expect("starts");
        std::thread::sleep(Duration::from_secs(2));
        let kill = Command::new("kill").arg(process.id().to_string()).status();
        assert!(kill.expect("kill runs").success());
        // Else, the run is ended where it is, or rendering is waited for.
        let outcome = run.outcome_of(process);
        outcome.says(&["cannot be rendered", "cause: the run was ended by SIGTERM"]);
    }
    let run = with_endless_template("rehearse --approve --output-dir out --deadline 1s", "");
    run.run().says(&["cannot be rendered", "cause: the run was ended by its deadline"]);
}
