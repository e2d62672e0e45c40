//! Where outputs go: through links, into pipes and devices, never onto an input, and never nowhere after the work.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::support::{Gallery, ModelServer, Run, in_a_repository, in_world};

const CASES: &str = "version: 1
cases:
  - {name: setosa, body: '5.1,3.5,1.4,0.2', expect: {json: [{path: '$.predictions[0].label', equals: setosa}]}}
";
const WRONG: &str = "version: 1
cases: [{name: the case that failed, body: '5.1,3.5,1.4,0.2', expect: {body: {contains: rose}}}]
";

fn test(server: &ModelServer, cases: &str) -> Run {
    Run::new("test --model-url").with(&server.url).file("test/cases.yml", cases)
}

/// A folder with results to make a page of.
fn with_results(command: &str) -> Run {
    let run = in_a_repository("rehearse --approve --output-dir done");
    run.run().succeeds();
    run.then(command)
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o7777
}

/// The scraps of runs in a folder.
fn scraps(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("readable").flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".modeldeploy-")).count()
}

#[test]
fn a_link_is_followed_and_stays() {
    let run = with_results("report done/test-results.json --output page.html");
    let at = |name: &str| run.folder().join(name);
    std::fs::create_dir(at("pages")).expect("made");
    std::fs::write(at("pages/old.html"), "old").expect("written");
    for (link, target) in [("page.html", "second"), ("second", "pages/old.html"), ("new.html", "pages/new.html")] {
        symlink(target, at(link)).expect("linked");
    }
    run.run().succeeds();
    run.then("report done/test-results.json --output new.html").run().succeeds();
    for (link, target) in
        [("page.html", "pages/old.html"), ("second", "pages/old.html"), ("new.html", "pages/new.html")]
    {
        assert!(at(link).is_symlink() && !at(target).is_symlink());
        assert!(std::fs::read_to_string(at(target)).expect("readable").contains("</html>"), "{target}");
    }
    // Where a link leads nowhere, and where it never ends.
    symlink("none/page.html", at("nowhere")).expect("linked");
    symlink("round", at("round")).expect("linked");
    for (link, cause) in [("nowhere", "there is no folder"), ("round", "it leads through too many links")] {
        let run = run.then("report done/test-results.json --output").with(link);
        run.run().exits(1).says(&[&format!("error: cannot write {link}"), cause]);
        assert!(at(link).is_symlink());
    }
    assert_eq!(scraps(run.folder()) + scraps(&at("pages")), 0);
}

#[test]
fn stdout_and_its_kin_are_written_to_whatever_they_are() {
    let run = with_results("report");
    symlink("/proc/self/fd/1", run.folder().join("out")).expect("linked");
    let binary = env!("CARGO_BIN_EXE_modeldeploy");
    for script in [
        "B report R --output /dev/stdout > page",
        "B report R --output out > page",
        "B report R --output page > page",
        "B report R --output /dev/fd/3 3> page",
        "B report R --output /dev/stderr -q 2> page",
        "B report R --output /dev/stdout | cat > page",
        "mkfifo pipe; cat pipe > page & B report R --output pipe; wait; test -p pipe",
    ] {
        let script = script.replace('B', binary).replace('R', "done/test-results.json");
        let outcome = run.shell(&script).succeeds();
        let page = outcome.text("page");
        assert!(page.starts_with("<!") && page.trim_end().ends_with("</html>"), "{script}: {page}");
        assert_eq!(page.matches("</html>").count(), 1, "{script}");
    }
    // A log that is added to loses nothing.
    let script = format!("echo before > log; {binary} report done/test-results.json --output /dev/stdout >> log");
    assert!(run.shell(&script).succeeds().text("log").starts_with("before\n<!"));
    assert!(run.folder().join("out").is_symlink());
    // One page goes nowhere as often as one likes.
    let server = ModelServer::start("");
    let test = test(&server, CASES).with("--junit=/dev/null").with("--html=/dev/null");
    test.run().succeeds();
}

#[test]
fn a_pipe_that_nobody_reads_ends_in_an_error() {
    let run = with_results("report done/test-results.json --output pipe");
    assert!(Command::new("mkfifo").arg(run.folder().join("pipe")).status().expect("runs").success());
    run.run().exits(1).says(&["error: cannot write pipe", "cause: nobody reads from it"]);
}

#[test]
fn what_is_said_beside_a_page_on_stdout_goes_to_stderr() {
    let server = ModelServer::start("");
    let outcome = test(&server, CASES).with("--html=/dev/stdout").run().succeeds();
    assert!(outcome.stdout.trim_end().ends_with("</html>"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("1/1 cases"), "{}", outcome.stderr);
}

#[test]
fn no_output_falls_on_an_input_or_on_another_output() {
    let mut gallery = Gallery::default();
    let run = with_results("report done/test-results.json");
    let at = |name: &str| run.folder().join(name);
    std::fs::hard_link(at("done/test-results.json"), at("hard.json")).expect("linked");
    symlink("test/cases.yml", at("soft.yml")).expect("linked");
    std::fs::write(at("page.html"), "old").expect("written");
    std::fs::hard_link(at("page.html"), at("twin.html")).expect("linked");
    std::fs::write(at("credentials"), "[default]").expect("written");
    let all = || {
        let files = run.then("--version").run().files();
        files
            .into_iter()
            .map(|file| (std::fs::read(run.folder().join(&file)).expect("readable"), file))
            .collect::<Vec<_>>()
    };
    let server = ModelServer::start("");
    let test = run.then("test --model-url").with(&server.url).without_env("MODELDEPLOY_OFFLINE");
    std::fs::copy("/bin/true", at("program")).expect("copied");
    let before = all();
    for (title, run) in [
        ("its own results", run.clone().with("--output=done/../done/test-results.json")),
        ("another name of its own results", run.clone().with("--output=hard.json")),
        (
            "what the SDK reads",
            run.clone().with("--output=credentials").env("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ),
        ("the cases, through a link", test.clone().with("--html=soft.yml")),
        ("one file twice", test.clone().with("--html=./a").with("--junit=a")),
        ("two names of one file", test.clone().with("--html=page.html").with("--junit=twin.html")),
        ("one pipe twice", test.clone().with("--html=/dev/stdout").with("--junit=/dev/stdout")),
        ("the template", run.then("check --sarif endpoint-config-template.yml")),
        ("the cases", run.then("check --sarif ./test/../test/cases.yml")),
        ("the template of a build", run.then("build --export-template endpoint-config-template.yml")),
        ("also in a dry run", run.then("build --dry-run --export-template endpoint-config-template.yml")),
        ("a config of a build", run.then("build").env("EXPORT_TEMPLATE_PROD_CONFIG", "./staging-config.json")),
        ("an output of a build", run.then("build").env("EXPORT_TEMPLATE_PROD_CONFIG", "./release.json")),
        ("a file that the cases name", run.then("check --sarif test/holdout.csv")),
        ("the same in a build", run.then("build").env("EXPORT_TEMPLATE_NAME", "test/holdout.csv")),
        ("trusted certificates", run.clone().with("--output=credentials").env("SSL_CERT_FILE", "credentials")),
        ("what is packed", run.then("seed pack --binary program --output ./program")),
    ] {
        gallery.add(title, &run.run().exits(2));
    }
    assert_snapshot!("overlaps", gallery.text());
    assert_eq!(server.answered(), Vec::<String>::new());
    assert!(all() == before, "something changed");
}

#[test]
fn a_file_of_somebody_else_is_no_leftover() {
    let names = [
        ".modeldeploy-0123456789.tmp",
        ".modeldeploy-1-0123456789.tmp",
        ".modeldeploy-1-0123456789abcdef-0123456789.tmp",
    ];
    let run = in_a_repository("build");
    let run = names.iter().fold(run, |run, name| run.file(name, "mine"));
    let outcome = run.run().succeeds();
    for name in names {
        assert_eq!(outcome.text(name), "mine");
    }
}

#[test]
fn what_cannot_be_written_is_found_out_before_the_first_request() {
    let server = ModelServer::start("");
    let run = test(&server, CASES);
    symlink("none/there", run.folder().join("nowhere")).expect("linked");
    for place in [&"x".repeat(300), "o/", "test/.", "..", "nowhere", "/proc/1/x", "/dev/null/x"] {
        for flag in ["--export-test-results", "--junit", "--html"] {
            let outcome = run.clone().with(format!("{flag}={place}")).run().exits(1);
            outcome.says(&[&format!("error: cannot write {place}"), "cause: ", "hint: "]);
        }
    }
    let both = run.clone().with("--junit=o/").with("--html=u/").run().exits(1);
    both.says(&["error: cannot write o/", "error: cannot write u/"]);
    assert_eq!(server.answered(), Vec::<String>::new());
}

#[test]
fn results_that_a_file_does_not_take_are_on_stdout_and_the_other_files_are_written() {
    let server = ModelServer::start("");
    let full = test(&server, WRONG).with("--export-test-results=/dev/full").with("--junit=results.xml");
    let outcome = full.run().exits(1);
    let json = &outcome.stdout[outcome.stdout.find("\n{").expect("the results are on stdout")..];
    let results: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(results["accounts"][0]["cases"][0]["name"], "the case that failed");
    assert!(outcome.stdout.starts_with("FAIL"), "{}", outcome.stdout);
    assert!(outcome.text("results.xml").contains("the case that failed"));
    let outcome = outcome.says(&[
        "error: cannot write /dev/full",
        "hint: the disk or device is full",
        "cause: no space left on device",
        "error: the model server failed the test",
        "hint: 0 of 1 case passed; every finding is on stdout",
    ]);
    assert_eq!(scraps(full.folder()), 0, "{:?}", outcome.files());
    // The other way round.
    let outcome = test(&server, WRONG).with("--junit=/dev/full").run().exits(1).says(&["cannot write /dev/full"]);
    assert_eq!(outcome.json("test-results.json")["success"], false);
    let json = test(&server, WRONG).with("--html=/dev/full").with("--format=json").run().exits(1);
    serde_json::from_str::<serde_json::Value>(&json.stdout).expect("JSON alone");
    // A stdout that takes nothing costs no file.
    let run = test(&server, WRONG);
    let process = run.command().stdout(std::fs::File::create("/dev/full").expect("opens")).spawn().expect("starts");
    let outcome = run.outcome_of(process).exits(1).says(&[
        "cannot write to stdout",
        "is full",
        "the model server failed the test",
    ]);
    assert_eq!(outcome.json("test-results.json")["success"], false);
}

#[test]
fn results_for_a_pipe_whose_reader_goes_away_are_on_stdout() {
    let server = ModelServer::start("--hang");
    let cases = "version: 1\ncases: [{name: one, body: '1,2,3,4', timeout: 5s}]\n";
    let run = test(&server, cases).with("--export-test-results=pipe");
    let pipe = run.folder().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("runs").success());
    let process = run.command().spawn().expect("starts");
    // Opened as soon as the place is proven, before the first request.
    drop(std::fs::File::open(&pipe).expect("opens"));
    let outcome = run.outcome_of(process).exits(1).says(&["error: cannot write pipe", "every finding is on stdout"]);
    assert!(outcome.stdout.contains("\"success\": false"), "{}", outcome.stdout);
}

#[test]
fn an_output_that_becomes_a_folder_meanwhile_costs_nothing_but_itself() {
    let server = ModelServer::start("--hang");
    let cases = "version: 1\ncases: [{name: one, body: '1,2,3,4', timeout: 2s}]\n";
    let run = test(&server, cases).with("--junit=results.xml");
    let process = run.command().spawn().expect("starts");
    let started = std::time::Instant::now();
    while scraps(run.folder()) < 2 && started.elapsed() < std::time::Duration::from_secs(20) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::fs::create_dir(run.folder().join("test-results.json")).expect("made");
    let outcome = run.outcome_of(process).exits(1);
    let outcome = outcome.says(&["error: cannot write test-results.json", "cause: it is no longer a regular file"]);
    assert!(outcome.stdout.contains("\"success\": false"), "{}", outcome.stdout);
    assert!(outcome.text("results.xml").contains("name=\"one\""));
}

#[test]
fn no_file_of_json_holds_what_speaks_to_a_terminal_or_turns_a_text_around() {
    const UNSEEN: &str = "a\u{9b}2J b\u{202e}c\u{2066}d\u{7f}";
    for command in ["build", "rehearse --approve --output-dir out", "build --export-format cloudformation"] {
        let config = format!("{{\"Parameters\": {{\"StageName\": \"prod\"}}, \"Tags\": {{\"a\": \"{UNSEEN}\"}}}}");
        let run = in_world(command, |world| {
            for package in world["ModelPackageGroups"][0]["ModelPackages"].as_array_mut().expect("packages") {
                package["ApprovalDescription"] = UNSEEN.into();
                package["CustomerMetadataProperties"] = serde_json::json!({"note": UNSEEN});
            }
        });
        let outcome = run.file("prod-config.json", config).run().succeeds();
        let written = outcome.files().into_iter().filter(|file| file.extension().is_some_and(|end| end == "json"));
        let written: Vec<String> = written.map(|file| file.display().to_string()).collect();
        let written = written
            .iter()
            .filter(|file| file.starts_with("out/") || file.contains("export") || *file == "release.json");
        let mut said = 0;
        for file in written {
            let text = outcome.text(file);
            assert!(!text.contains(['\u{9b}', '\u{202e}', '\u{2066}', '\u{7f}']), "{file}: {text}");
            said += usize::from(
                serde_json::from_str::<serde_json::Value>(&text).expect("JSON").to_string().contains(UNSEEN),
            );
        }
        assert!(said > 0, "{command}");
        assert!(!outcome.stdout.contains('\u{9b}'));
    }
}

#[test]
fn findings_are_said_also_where_the_log_cannot_be_written() {
    let run = in_a_repository("check --sarif /dev/full").file("staging-config.json", "{}");
    let outcome = run.run().exits(1).says(&["staging-config.json", "error: cannot write /dev/full"]);
    assert!(outcome.stderr.contains("checked"), "{}", outcome.stderr);
}

#[test]
fn what_holds_answers_of_a_model_is_the_owners_alone_and_a_replaced_file_keeps_its_mode() {
    let server = ModelServer::start("");
    let run = test(&server, CASES).with("--junit=results.xml").with("--html=results.html");
    let at = |name: &str| run.folder().join(name);
    std::fs::write(at("results.xml"), "old").expect("written");
    std::fs::set_permissions(at("results.xml"), Permissions::from_mode(0o664)).expect("set");
    run.run().succeeds();
    assert_eq!(["test-results.json", "results.html", "results.xml"].map(|name| mode(&at(name))), [0o600, 0o600, 0o664]);

    let run = in_a_repository("rehearse --approve --output-dir out");
    run.shell(&format!("umask 022; {} rehearse --approve --output-dir out", env!("CARGO_BIN_EXE_modeldeploy")))
        .succeeds();
    let modes = ["world.json", "test-results.json", "release.json", "template-export.yml", "prod-config-export.json"];
    let modes = modes.map(|name| mode(&run.folder().join("out").join(name)));
    assert_eq!(modes, [0o600, 0o600, 0o644, 0o644, 0o644]);
    // Root may keep the owner, too.
    let release = run.folder().join("out/release.json");
    if std::os::unix::fs::chown(&release, Some(1234), Some(4321)).is_ok() {
        std::fs::set_permissions(&release, Permissions::from_mode(0o640)).expect("set");
        run.run().succeeds();
        let there = release.metadata().expect("there");
        assert_eq!((there.uid(), there.gid(), mode(&release)), (1234, 4321, 0o640));
    }
}

#[test]
fn a_recording_that_cannot_be_written_loses_no_results() {
    let server = ModelServer::start("--delay-ms 2000");
    let run = test(&server, CASES).with("--record-answers=new/cases.yml").file("new/.keep", "");
    let folder = run.folder().join("new");
    let process = run.command().spawn().expect("starts");
    let started = Instant::now();
    while scraps(&folder) == 0 {
        assert!(started.elapsed() < Duration::from_secs(30), "nothing is proven writable");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::fs::remove_dir_all(&folder).expect("it goes");
    let outcome = run.outcome_of(process).exits(1).says(&["new/cases.yml"]);
    assert_eq!(outcome.json("test-results.json")["success"], true);
    assert_eq!(scraps(run.folder()), 0);
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_and_what_another_run_writes_is_not() {
    let server = ModelServer::start("--hang");
    let hanging = test(&server, CASES);
    let start = |run: &Run| run.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let wait_for = |count: usize| {
        let started = Instant::now();
        while scraps(hanging.folder()) != count {
            assert!(started.elapsed() < Duration::from_secs(30), "{} scraps, not {count}", scraps(hanging.folder()));
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let mut killed = start(&hanging);
    wait_for(1);
    let mut other = start(&hanging.clone().with("--export-test-results=others.json").with("--deadline=4s"));
    // The other one finds the first one's file held.
    wait_for(2);
    killed.kill().expect("SIGKILL");
    killed.wait().expect("ended");
    assert_eq!(scraps(hanging.folder()), 2);
    let sound = ModelServer::start("");
    let notes = hanging.clone().file(".modeldeploy-notes", "mine");
    notes.then("test --model-url").with(&sound.url).run().succeeds();
    assert_eq!(scraps(hanging.folder()), 2, "the notes, and what the other run still writes");
    other.wait().expect("ended");
    let outcome = hanging.then("--version").run();
    assert_eq!(outcome.json("others.json")["success"], false);
    assert_eq!((outcome.text(".modeldeploy-notes"), scraps(hanging.folder())), ("mine".to_owned(), 1));
}

#[test]
fn nobody_waits_for_the_readers_of_pipes_beyond_the_deadline() {
    let server = ModelServer::start("");
    let run = Run::new("test --deadline 1s --junit b --html c --export-test-results a --model-url").with(&server.url);
    let run = run.file("test/cases.yml", "version: 1\ncases: [{name: one, body: '1,2,3,4'}]\n");
    for pipe in ["a", "b", "c"] {
        assert!(Command::new("mkfifo").arg(run.folder().join(pipe)).status().expect("runs").success());
    }
    let started = Instant::now();
    run.run().exits(1).says(&["error: cannot write a", "error: cannot write c", "cause: nobody reads from it"]);
    assert!(started.elapsed() < Duration::from_secs(30), "it waited {:?}", started.elapsed());
}
