//! Runs that are stopped: whatever they wait for, they end soon, say what was done, and leave nothing half-done.

use std::io::{PipeReader, Read, Write, pipe};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Aws, GROUP, ModelServer, Outcome, RawAnswer, Run, in_a_repository, on_a_terminal};

/// A machine that runs many tests at once is slow; a run that is not heard waits for much longer.
const SOON: Duration = Duration::from_secs(30);
const SIGNALS: [&str; 3] = ["TERM", "INT", "HUP"];

fn send(signal: &str, process: &Child) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &process.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// One signal that comes twice, with nothing between.
fn send_twice(signal: &str, process: &Child) {
    let kill = format!("kill -{signal} {}", process.id());
    let sent = Command::new("sh").args(["-c", &format!("{kill}; {kill}")]).status();
    assert!(sent.expect("sh runs").success());
}

/// Waits until that is so.
#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A run that hangs in its first call of that operation, and is stopped there.
#[track_caller]
fn stopped_in(run: &Run, aws: &Aws, operation: &str, signal: &str) -> Outcome {
    stopped_after(&[], run, aws, operation, signal)
}

/// The same, once it has the answers to other operations, which it calls at the same time.
#[track_caller]
fn stopped_after(answered: &[&str], run: &Run, aws: &Aws, operation: &str, signal: &str) -> Outcome {
    aws.forget_faults();
    aws.forget_calls();
    aws.fault(operation).never_answers();
    let process = run.command().spawn().expect("starts");
    aws.wait_for(operation, 1);
    if !answered.is_empty() {
        aws.wait_for_answers(answered, 1);
    }
    let calls = changes(aws);
    let started = Instant::now();
    send(signal, &process);
    let outcome = run.outcome_of(process).exits(1);
    assert!(started.elapsed() < SOON, "{operation}: it ended after {:?}", started.elapsed());
    assert_eq!(changes(aws), calls, "{operation}: nothing more is written");
    assert_eq!(scraps(run.folder()), 0, "{operation}: {:?}", outcome.files());
    outcome
}

/// The calls so far that change something; a test's own of several accounts do not.
fn changes(aws: &Aws) -> Vec<String> {
    let of_tests = ["sts:AssumeRole", "sagemaker:InvokeEndpoint"];
    aws.writing_calls().into_iter().filter(|call| !of_tests.contains(&call.as_str())).collect()
}

fn scraps(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("readable").flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".modeldeploy-")).count()
}

#[test]
fn a_test_that_is_stopped_leaves_results_whatever_it_waits_for() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("data");
    aws.put_object(&bucket, "rows.csv", b"a,y\n1,x\n");
    let test = aws.deployed(&["one"]).with("--junit=results.xml");
    let operations =
        ["ListAccountsForParent", "DescribeModelPackage", "AssumeRole", "DescribeEndpoint", "InvokeEndpoint"];
    for (operation, signal) in operations.into_iter().zip(SIGNALS.into_iter().cycle()) {
        let outcome = stopped_in(&test, &aws, operation, signal).says(&[
            "error: the tests did not run to their end",
            &format!("cause: the run was ended by SIG{signal}"),
            "hint: what was tested until then is in test-results.json",
        ]);
        let results = outcome.json("test-results.json");
        assert_eq!((&results["success"], &results["errors"][0]["kind"]), (&json!(false), &json!("interrupted")));
        roxmltree::Document::parse(&outcome.text("results.xml")).expect("well-formed");
        std::fs::remove_file(test.folder().join("test-results.json")).expect("there");
    }
    let dataset = test.file(
        "test/cases.yml",
        format!(
            "version: 1\ncases: [{{name: d, dataset: {{file: 's3://{bucket}/rows.csv', features: [a], label: y, \
             prediction: {{column: 0}}}}}}]\n"
        ),
    );
    let outcome = stopped_in(&dataset, &aws, "GetObject", "TERM");
    assert_eq!(outcome.json("test-results.json")["errors"][0]["kind"], "interrupted");
    // The deadline holds for every call as well.
    for (operation, code) in [("GetObject", 1), ("DescribeModelPackage", 3)] {
        aws.forget_faults();
        aws.fault(operation).never_answers();
        let started = Instant::now();
        let outcome = dataset.clone().with("--deadline=1s").run().exits(code);
        assert!(started.elapsed() < SOON);
        let results = outcome.json("test-results.json");
        let errors = if code == 1 { &results["errors"] } else { &results["accounts"][0]["errors"] };
        assert_eq!(errors[0]["kind"], "deadline", "{results:#}");
    }
}

#[test]
fn what_only_reads_shows_what_it_found_until_it_was_stopped() {
    let aws = Aws::with_project();
    let doctor = Run::new("doctor --format json").in_project(&aws).with("--product").with("modeldeploy");
    let outcome = stopped_after(&["GetCallerIdentity"], &doctor, &aws, "ListModelPackages", "TERM")
        .says(&["error: the run was ended by SIGTERM"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("one document");
    let checks = report["checks"].as_array().expect("a list");
    let of = |name: &str| checks.iter().filter(|one| one["check"] == name).collect::<Vec<_>>();
    assert_eq!(of("caller")[0]["status"], "ok", "{report:#}");
    assert_eq!(of("version")[0]["status"], "skipped", "{report:#}");
    assert!(of("version")[0].to_string().contains("the run was ended by SIGTERM"), "{report:#}");

    let bucket = aws.bucket("models");
    let plan = format!(
        "setup plan --stage staging={} --model-data-bucket {bucket} --model-package-group {GROUP} --pipeline-roles own \
         --roll-out print --output out",
        aws.unit("staging")
    );
    let plan = Run::new(&plan).aws(&aws);
    let outcome = stopped_after(&["GetBucketPolicy"], &plan, &aws, "GetModelPackageGroupPolicy", "INT").says(&[
        "error: the run was ended by SIGINT",
        &format!("error: cannot read the policy of model package group {GROUP}"),
    ]);
    assert!(outcome.stdout.contains(&bucket), "{}", outcome.stdout);
    assert!(outcome.files().iter().all(|file| !file.starts_with("out")), "{:?}", outcome.files());
}

#[test]
fn what_changes_something_says_what_was_done_and_what_was_not() {
    let aws = Aws::with_project();
    let nothing = "cause: nothing was changed";
    let build = Run::new("build --output-dir out").in_project(&aws);
    stopped_in(&build, &aws, "ListModelPackages", "HUP").says(&["error: the run was ended by SIGHUP", nothing]);
    stopped_in(&build, &aws, "PutModelPackageGroupPolicy", "INT").says(&[
        &format!("cause: under way, and perhaps done: the resource policy of model package group {GROUP}"),
        "; not done: the exported files",
        "hint: run it again",
    ]);
    assert_eq!(scraps(&build.folder().join("out")), 0);
    stopped_in(&build.then("resolve"), &aws, "ListModelPackages", "TERM").says(&[nothing]);
    stopped_in(&build.then("doctor"), &aws, "GetCallerIdentity", "HUP").says(&[nothing]);

    let bucket = aws.bucket("models");
    let setup = format!(
        "setup apply --yes --stage staging={} --model-data-bucket {bucket} --model-package-group {GROUP} \
         --pipeline-roles own --roll-out print",
        aws.unit("staging")
    );
    let setup = Run::new(&setup).aws(&aws);
    stopped_in(&setup, &aws, "GetBucketPolicy", "TERM").says(&[nothing]);
    stopped_in(&setup, &aws, "PutModelPackageGroupPolicy", "TERM").says(&[
        &format!("cause: done: policy of bucket {bucket}; "),
        &format!("under way, and perhaps done: policy of model package group {GROUP}"),
        "hint: run it again: what it did until then, it will find done",
    ]);
    let upload = Run::new("seed upload seed.zip --bucket")
        .with(&bucket)
        .aws(&aws)
        .file("seed.zip", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    stopped_in(&upload, &aws, "HeadObject", "INT").says(&[nothing]);
    // What went up in parts is taken back.
    let large =
        upload.then("seed upload modeldeploy.gz --bucket").with(&bucket).file("modeldeploy.gz", vec![7; 20 << 20]);
    aws.forget_faults();
    aws.forget_calls();
    aws.fault("UploadPart").nth(2).never_answers();
    let process = large.command().spawn().expect("starts");
    aws.wait_for("UploadPart", 2);
    send("TERM", &process);
    large.outcome_of(process).exits(1).says(&["error: the run was ended by SIGTERM"]);
    assert_eq!(aws.calls("AbortMultipartUpload").len(), 1);
    stopped_in(&upload, &aws, "PutObject", "TERM").says(&[&format!("perhaps done: upload of s3://{bucket}/")]);
}

#[test]
fn a_question_hears_every_signal_and_nothing_is_changed() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("models");
    let setup =
        format!("setup apply --color never --stage staging={} --model-data-bucket {bucket}", aws.unit("staging"));
    let setup = Run::new(&setup).aws(&aws);
    for answer in ["^C", "SIGTERM", "SIGHUP"] {
        let (code, screen) = on_a_terminal(&setup, 100, answer);
        let signal = if answer == "^C" { "SIGINT" } else { answer };
        assert_eq!(code, Some(1), "{screen}");
        for part in [&format!("\nerror: the run was ended by {signal}\n"), "cause: nothing was changed"] {
            assert!(screen.contains(part), "\"{part}\" is not in:\n{screen}");
        }
        assert_eq!(aws.writing_calls(), [""; 0]);

        let rehearsal = in_a_repository("rehearse --color never --output-dir out");
        let (code, screen) = on_a_terminal(&rehearsal, 100, answer);
        assert_eq!(code, Some(1), "{screen}");
        assert!(screen.contains(&format!("the run was ended by {signal}")), "{screen}");
        assert!(screen.contains("cause: done: ") && screen.contains("Test staging"), "{screen}");
        let world =
            std::fs::read_to_string(rehearsal.folder().join("out/world.json")).expect("it is kept all the same");
        serde_json::from_str::<Value>(&world).expect("JSON");
        assert_eq!(scraps(&rehearsal.folder().join("out")), 0);
    }
}

#[test]
fn a_command_that_knows_of_no_signals_is_ended_where_it_is() {
    let done = in_a_repository("rehearse --approve --output-dir done");
    done.run().succeeds();
    assert!(Command::new("mkfifo").arg(done.folder().join("pipe")).status().expect("runs").success());
    for (command, signal) in [
        ("report done/test-results.json --output pipe", "TERM"),
        ("check --sarif pipe", "INT"),
        ("seed pack --binary /bin/true --output pipe", "HUP"),
        ("catalog render --output pipe", "TERM"),
    ] {
        let run = done.then(command);
        let process = run.command().spawn().expect("starts");
        // It waits for somebody to read the pipe.
        std::thread::sleep(Duration::from_secs(1));
        let started = Instant::now();
        send(signal, &process);
        let outcome = run.outcome_of(process).exits(1);
        assert!(started.elapsed() < SOON, "{command}: it ended after {:?}", started.elapsed());
        outcome.says(&[&format!("error: the run was ended by SIG{signal}"), "cause: nothing was changed"]);
    }
}

/// A test whose only answer never comes.
fn waiting(server: &ModelServer) -> Run {
    Run::new("test --model-url")
        .with(&server.url)
        .file("test/cases.yml", "version: 1\ncases: [{name: one, body: '1,2,3,4', timeout: 60s}]\n")
}

#[test]
fn a_terminal_that_closes_says_so_twice_and_the_results_are_there() {
    let server = ModelServer::start("--hang");
    let run = waiting(&server).with("--junit=results.xml").with("--html=results.html");
    let process = run.command().spawn().expect("starts");
    wait_until("no scraps", || scraps(run.folder()) == 3);
    std::thread::sleep(Duration::from_millis(300));
    send_twice("HUP", &process);
    let outcome = run.outcome_of(process).exits(1).says(&["the run was ended by SIGHUP"]);
    assert_eq!(outcome.json("test-results.json")["errors"][0]["kind"], "interrupted");
    assert!(outcome.text("results.html").contains("</html>"));
}

#[test]
fn a_second_signal_ends_a_run_that_cannot_finish() {
    let server = ModelServer::start("");
    let run = waiting(&server).with("--html=pipe");
    // A reader that opens the pipe and takes nothing; the page is larger than the pipe.
    let script = "mkfifo pipe; sleep 120 < pipe & exec \"$0\" \"$@\"";
    let command = run.command();
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(command.get_program()).args(command.get_args()).current_dir(run.folder());
    let cases: Vec<_> = (0..400).map(|number| format!("  - {{name: {number}, body: '1,2,3,4'}}\n")).collect();
    let case = format!("version: 1\ncases:\n{}", cases.concat());
    let run = run.file("test/cases.yml", case);
    shell.stdout(Stdio::null()).stderr(Stdio::piped());
    let process = shell.spawn().expect("starts");
    wait_until("no results", || run.folder().join("test-results.json").exists());
    std::thread::sleep(Duration::from_secs(1));
    // A shell that hands signals on says the same thing again.
    send_twice("TERM", &process);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!process_ended(process.id()), "it ended by one signal that came twice");
    let started = Instant::now();
    send("TERM", &process);
    let mut process = process;
    wait_until("it goes on", || process_ended(process.id()));
    assert!(started.elapsed() < SOON, "it ended after {:?}", started.elapsed());
    assert_eq!(process.wait().expect("ended").code(), Some(1));
    assert_eq!(scraps(run.folder()), 0);
}

fn full_pipe() -> (Stdio, PipeReader) {
    full_pipe_that(true)
}

/// A full pipe, and its reader, which takes nothing until it is asked to; who writes waits, or is told to come again.
fn full_pipe_that(waits: bool) -> (Stdio, PipeReader) {
    use rustix::fs::{OFlags, fcntl_setfl};
    let (reader, mut writer) = pipe().expect("a pipe");
    fcntl_setfl(&writer, OFlags::NONBLOCK).expect("set");
    while writer.write(b"full\n").is_ok() {}
    fcntl_setfl(&writer, if waits { OFlags::empty() } else { OFlags::NONBLOCK }).expect("set");
    (writer.into(), reader)
}

#[test]
fn a_reader_that_does_not_read_holds_neither_the_results_nor_the_end() {
    let server = ModelServer::start("");
    let test = waiting(&server).with("--html=results.html");
    let test = test.file("test/cases.yml", "version: 1\ncases: [{name: one, body: '5.1,3.5,1.4,0.2'}]\n");
    let is_there = |name: &str| test.folder().join(name).exists();
    for (format, end) in [("text", "TERM"), ("json", "HUP"), ("text", "deadline")] {
        let run = test.clone().with(format!("--format={format}")).with("-v").with("--record-answers=recorded.yml");
        let run = if end == "deadline" { run.with("--deadline=5s") } else { run };
        let ((stdout, _unread), (stderr, _unread_too)) = (full_pipe(), full_pipe());
        let mut process = run.command().stdout(stdout).stderr(stderr).spawn().expect("starts");
        // Before anything is printed
        wait_until("no results", || is_there("test-results.json") && is_there("recorded.yml"));
        if end != "deadline" {
            send(end, &process);
        }
        wait_until("it goes on", || process_ended(process.id()));
        let code = process.wait().expect("ended").code();
        assert_eq!(code, Some(i32::from(end != "deadline")), "{format}, {end}");
        let results: Value =
            serde_json::from_slice(&std::fs::read(test.folder().join("test-results.json")).expect("there"))
                .expect("JSON");
        assert_eq!(results["success"], true, "{results:#}");
        for name in ["test-results.json", "results.html", "recorded.yml"] {
            std::fs::remove_file(test.folder().join(name)).expect("there");
        }
    }
    // A run that is not done hears its end as well.
    for (end, code) in [("deadline", 3), ("TERM", 1)] {
        let server = ModelServer::start("--hang");
        let run = waiting(&server).with("--deadline").with(if end == "deadline" { "3s" } else { "10m" });
        let ((stdout, _unread), (stderr, _unread_too)) = (full_pipe(), full_pipe());
        let mut process = run.command().stdout(stdout).stderr(stderr).spawn().expect("starts");
        wait_until("no scraps", || scraps(run.folder()) == 1);
        if end != "deadline" {
            std::thread::sleep(Duration::from_millis(300));
            send(end, &process);
        }
        wait_until("it goes on", || process_ended(process.id()));
        assert_eq!(process.wait().expect("ended").code(), Some(code), "{end}");
        assert_eq!(scraps(run.folder()), 0);
        let results = std::fs::read_to_string(run.folder().join("test-results.json")).expect("there");
        assert!(results.contains(if code == 3 { "\"deadline\"" } else { "\"interrupted\"" }), "{results}");
    }
    // A file that goes there is a file that was not written.
    let (stdout, _unread) = full_pipe();
    let junit = test.clone().with("--junit=/dev/stdout").with("--deadline=2s");
    let process = junit.command().stdout(stdout).spawn().expect("starts");
    junit.outcome_of(process).exits(1).says(&["error: cannot write /dev/stdout"]);
    // Of a command that only prints, too.
    let run = in_a_repository("rehearse --approve --output-dir done");
    run.run().succeeds();
    for command in ["resolve --offline done/world.json --model-package-group iris", "check --explain"] {
        let (stdout, _unread) = full_pipe();
        let run = run.then(command);
        let process = run.command().stdout(stdout).spawn().expect("starts");
        std::thread::sleep(Duration::from_millis(500));
        send("INT", &process);
        run.outcome_of(process).exits(1).says(&["the run was ended by SIGINT"]);
    }
}

#[test]
fn a_reader_that_comes_late_gets_all_in_its_order() {
    let server = ModelServer::start("");
    let run = waiting(&server).with("--format=json").with("-v");
    let run = run.file("test/cases.yml", "version: 1\ncases: [{name: one, body: '5.1,3.5,1.4,0.2'}]\n");
    for waits in [true, false] {
        let (stderr, mut late) = full_pipe_that(waits);
        let mut process = run.command().stderr(stderr).spawn().expect("starts");
        // What it prints is there, though what it says is not read.
        let stdout = process.stdout.take().expect("piped");
        let results = serde_json::Deserializer::from_reader(stdout).into_iter::<Value>().next();
        assert_eq!(results.expect("one document").expect("JSON")["success"], true);
        let mut said = String::new();
        late.read_to_string(&mut said).expect("readable");
        assert!(process.wait().expect("ended").success());
        assert!(said.trim_start_matches("full\n").contains("testing the model server at"), "{said}");
    }
}

#[test]
fn a_command_for_credentials_ends_with_the_run_and_so_does_all_that_it_started() {
    let script = "sleep 600 & echo $! > started.new; mv started.new started; wait\n";
    let with_profile = |command: &str| {
        let run = Run::new(command).env("AWS_REGION", "us-east-1").env("AWS_PROFILE", "p").file("p.sh", script);
        run.file(".aws/config", "[profile p]\ncredential_process = sh p.sh; true\n")
    };
    // Of these, one hears signals by itself, and the other is ended where it is.
    for command in ["resolve --model-package-group a", "doctor"] {
        let run = with_profile(command);
        // On a terminal, it stays in the foreground.
        let inner = run.command();
        let mut command = Command::new("setsid");
        command.arg(inner.get_program()).args(inner.get_args()).current_dir(run.folder()).env_clear();
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts");
        let started = run.folder().join("started");
        wait_until("it is not run", || started.exists());
        let id = std::fs::read_to_string(started).expect("there").trim().parse().expect("a number");
        assert!(!process_ended(id));
        send("TERM", &process);
        run.outcome_of(process).exits(1).says(&["the run was ended by SIGTERM"]);
        wait_until("what it started goes on", || process_ended(id));
    }
}

/// Whether a child has ended, though nobody has waited for it.
fn process_ended(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    status.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with('Z'))
}

#[test]
fn a_run_that_nohup_started_outlives_its_terminal() {
    let server = ModelServer::start("--delay-ms 2000");
    let run = waiting(&server);
    let command = run.command();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    let process = shell.current_dir(run.folder()).spawn().expect("starts");
    wait_until("no scraps", || scraps(run.folder()) == 1);
    std::thread::sleep(Duration::from_millis(300));
    send("HUP", &process);
    assert!(process.wait_with_output().expect("ended").status.success());
}

/// A dataset in S3 that a test reads.
fn with_dataset(aws: &Aws, bucket: &str) -> Run {
    let cases = format!(
        "version: 1\ndefaults: {{content_type: text/csv}}\ncases: [{{name: d, dataset: {{file: 's3://{bucket}/rows.csv', \
         features: [a], label: y, prediction: {{column: 0}}}}}}]\n"
    );
    aws.deployed(&["one"]).file("test/cases.yml", cases)
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_did() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("data");
    // Few and long: every row is a request
    let rows = format!("1,{}\n", "x".repeat(100)).repeat(320);
    aws.put_object(&bucket, "rows.csv", format!("a,y\n{rows}").as_bytes());
    let test = with_dataset(&aws, &bucket);
    let range = |call: usize| {
        let calls = aws.calls("GetObject");
        calls[call].headers.get("range").map(|range| range.to_str().expect("text").to_owned())
    };
    aws.fault("GetObject").first(2).breaks_off_after(10_000);
    let outcome = test.run();
    assert!(outcome.stderr.contains("testing endpoint"), "{}", outcome.stderr);
    assert_eq!([range(0), range(1), range(2)], [None, Some("bytes=10000-".into()), Some("bytes=20000-".into())]);
    assert!(aws.calls("GetObject")[1].headers.contains_key("if-match"));
    // Another part than was asked for, or one that does not say which it is, is not put behind what there is.
    let whole = format!("a,y\n{rows}");
    for range in [None, Some("bytes 9000-32643/32644"), Some("bytes 10000-19999/32644")] {
        aws.forget_faults();
        aws.forget_calls();
        aws.fault("GetObject").nth(1).breaks_off_after(10_000);
        let part = whole.as_bytes()[9_000..].to_vec();
        let headers: Vec<_> = range.map(|range| ("content-range", range.to_owned())).into_iter().collect();
        aws.fault("GetObject").nth(2).replies(move |_| {
            let mut answer = RawAnswer::new(206, "text/csv", part.clone());
            answer.headers.extend(headers.clone());
            answer
        });
        let results = test.run().json("test-results.json");
        assert_eq!(results["accounts"][0]["cases"][0]["invocations"], 320, "{range:?}: {results:#}");
        let asked: Vec<_> = (0..3).map(|call| aws.calls("GetObject")[call].headers.contains_key("range")).collect();
        assert_eq!(asked, [false, true, false], "{range:?}");
    }
    // One that never gets on ends.
    aws.forget_faults();
    aws.forget_calls();
    aws.fault("GetObject").breaks_off_after(0);
    test.env("AWS_MAX_ATTEMPTS", "3").run().exits(1).says(&["rows.csv broke off after 0 bytes"]);
    assert_eq!(aws.calls("GetObject").len(), 3);
}
