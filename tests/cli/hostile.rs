//! Texts that others wrote, full of what speaks to a terminal, to the host of a log or to a hurried reader: from every
//! source, to every output.

use serde_json::{Value, json};

use crate::support::{Aws, Outcome, Run, in_a_repository, in_world, read_from_project};

/// What clears a line, goes up, rings, sets a title, turns around, hides, ends the line and begins another one.
const EVIL: &str = "A\u{1b}[2K\u{1b}[1A\u{9b}2J\u{7}\u{1b}]0;t\u{7}\u{7f}\r\n::error::x\n  ::set-output name=a::b\n\
    ##vso[task.setvariable variable=a]b\n##[error]c\n##teamcity[buildStop]\nsection_start:0:x\r\u{1b}[0K\n\
    error: all is lost\nok   111111111111  all cases\n\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{e0041}z";

/// A name in which a file system takes as much of it as it can.
const EVIL_NAME: &str = "a\u{1b}[2K\n::error::x\n##vso[b]\u{202e}.json";

/// What no text that is shown holds, by a list of our own.
#[track_caller]
fn hides_nothing(what: &str, text: &str) {
    let hides = |any: char| {
        let turns = matches!(any, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
        (any.is_control() && any != '\n') || turns || any == '\u{feff}' || any == '\u{e0041}'
    };
    assert_eq!(text.chars().find(|any| hides(*any)), None, "{what}:\n{text:?}");
}

/// Nor is a line of a log one of others, or a command.
#[track_caller]
fn is_clean(what: &str, text: &str) {
    hides_nothing(what, text);
    for line in text.lines() {
        let start = line.trim_start();
        for command in ["::", "section_start", "error: all is lost", "ok   111111111111"] {
            assert!(!start.starts_with(command), "{what}: {line:?}");
        }
        for command in ["##vso[", "##[", "##teamcity["] {
            assert!(!line.contains(command), "{what}: {line:?}");
        }
    }
}

#[track_caller]
fn says_nothing_evil(what: &str, run: &Run) -> Outcome {
    let outcome = run.run();
    // Our own colours, where they were asked for.
    let colours = ["\u{1b}[1;31m", "\u{1b}[1;33m", "\u{1b}[36m", "\u{1b}[0m"];
    for text in [&outcome.stdout, &outcome.stderr] {
        is_clean(what, &colours.iter().fold(text.clone(), |text, colour| text.replace(colour, "")));
    }
    outcome
}

/// A world in which every text that a person or a service chose is evil.
fn evil_world(command: &str) -> Run {
    in_world(command, |world| {
        for group in world["ModelPackageGroups"].as_array_mut().expect("groups") {
            for package in group["ModelPackages"].as_array_mut().expect("packages") {
                package["ApprovalDescription"] = json!(EVIL);
                package["ModelPackageDescription"] = json!(EVIL);
                package["Task"] = json!(EVIL);
                package["CustomerMetadataProperties"] = json!({EVIL: EVIL});
                package["MetadataProperties"] = json!({"Repository": EVIL});
            }
        }
        name_all(&mut world["Roots"]);
    })
}

fn name_all(nodes: &mut Value) {
    for node in nodes.as_array_mut().into_iter().flatten() {
        node["Name"] = json!(EVIL);
        for account in node["Accounts"].as_array_mut().into_iter().flatten() {
            account["Name"] = json!(EVIL);
        }
        name_all(&mut node["OrganizationalUnits"]);
    }
}

#[test]
fn what_a_registry_and_an_organization_say_is_shown_as_text() {
    for command in
        ["resolve", "resolve --format json", "build --dry-run", "build --format json", "rehearse --approve -v"]
    {
        says_nothing_evil(command, &evil_world(command)).succeeds();
    }
    let outcome = says_nothing_evil("resolve --format json", &evil_world("resolve --format json"));
    let document: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(document["modelPackage"]["description"], EVIL, "JSON says the same");
    let outcome = says_nothing_evil("resolve", &evil_world("resolve --color always"));
    assert!(outcome.stdout.contains(r"\u{1b}[2K"), "{}", outcome.stdout);
}

#[test]
fn what_files_of_a_repository_say_is_shown_as_text() {
    let config = json!({"Parameters": {"StageName": EVIL, EVIL: EVIL}}).to_string();
    let template = json!({
        "Parameters": {EVIL: {"Type": EVIL}, "StageName": {"Type": "String", "Default": EVIL}},
        "Resources": {EVIL: {"Type": EVIL}, "Endpoint": {"Type": "AWS::SageMaker::Endpoint", "Properties": {EVIL: {"Ref": EVIL}}}},
    });
    let cases = json!({"version": 1, "cases": [{"name": EVIL, EVIL: 1}, {"name": "b", "body_file": EVIL}]});
    for command in ["check", "check --format json", "check --sarif -", "build", "test --model-url http://127.0.0.1:9"] {
        let run = in_a_repository(command)
            .file("staging-config.json", &config)
            .file("endpoint-config-template.yml", template.to_string())
            .file("test/cases.yml", cases.to_string())
            .env("SAGEMAKER_PROJECT_NAME", EVIL);
        says_nothing_evil(command, &run).exits(2);
    }
    let broken = in_a_repository("check")
        .file("staging-config.json", format!("{{{EVIL}"))
        .file("test/cases.yml", format!("a: [{EVIL}"));
    says_nothing_evil("no JSON and no YAML", &broken).exits(2);
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_files_are_shown_as_text() {
    let missing = [
        in_a_repository("check --template").with(EVIL_NAME),
        in_a_repository("test --model-url http://127.0.0.1:9 --cases").with(EVIL_NAME),
        in_a_repository("verify").with(EVIL_NAME),
        in_a_repository("report").with(EVIL_NAME),
        in_a_repository("rehearse --offline").with(EVIL_NAME),
        in_a_repository("build --input-dir").with(EVIL_NAME),
        in_a_repository("setup plan --settings").with(EVIL_NAME),
    ];
    for run in missing {
        says_nothing_evil("a file that is not there", &run).exits(2);
    }
    let there = in_a_repository("verify").file(EVIL_NAME, "{}").with(EVIL_NAME);
    says_nothing_evil("a record", &there).exits(2);
    let built = in_a_repository("build");
    let mut record = built.run().succeeds().json("release.json");
    record["subject"].as_array_mut().expect("a list").push(json!({"name": EVIL, "digest": {"sha256": "0".repeat(64)}}));
    for form in ["text", "json"] {
        let run = built.then("verify --format").with(form).file("release.json", record.to_string());
        says_nothing_evil("files of a record", &run).exits(1);
    }
}

#[test]
fn the_command_line_and_its_variables_are_shown_as_text() {
    for run in [
        Run::new("build --stages").with(EVIL),
        Run::new("build").with(EVIL),
        Run::new("test --model-url").with(format!("http://{EVIL}")),
        Run::new(EVIL),
        Run::new("check --explain").with(EVIL),
        in_a_repository("resolve").env("SOURCE_MODEL_PACKAGE_GROUP_NAME", EVIL),
        in_a_repository("build").env("ORGANIZATIONAL_UNIT_STAGING_ID", EVIL),
        Run::new("resolve --model-package-group a").env("AWS_REGION", EVIL),
        Run::new("build").env("MODELDEPLOY_STAGES", EVIL),
    ] {
        says_nothing_evil("usage", &run).exits(2);
    }
    says_nothing_evil("help", &Run::new("build --help").env("MODELDEPLOY_STAGES", EVIL).env("AWS_REGION", EVIL))
        .succeeds();
}

#[test]
fn what_aws_answers_is_shown_as_text_also_to_whoever_asks_for_all() {
    let aws = Aws::with_project();
    aws.fault("DescribeModelPackageGroup").fails(400, "ResourceLimitExceeded", EVIL);
    for flags in ["", "-v", "-vv", "-vv --color always", "--format json"] {
        let run = Run::new("build").in_project(&aws);
        let run = flags.split_whitespace().fold(run, Run::with);
        says_nothing_evil(flags, &run).exits(1).says(&["ResourceLimitExceeded", r"\u{1b}[2K"]);
    }
}

#[test]
fn what_an_endpoint_says_is_text_in_every_file_of_results() {
    let run = in_world("rehearse --approve", |_| {});
    run.run().succeeds();
    let text = std::fs::read_to_string(run.folder().join("rehearsal/world.json")).expect("a world");
    let mut world: Value = serde_json::from_str(&text).expect("JSON");
    for endpoint in world["Endpoints"].as_array_mut().expect("endpoints") {
        endpoint["EndpointStatus"] = json!("Failed");
        endpoint["FailureReason"] = json!(EVIL);
    }
    let cases = json!({"version": 1, "cases": [{"name": EVIL, "body": EVIL, "expect": {"body": {"equals": EVIL}}}]});
    let command =
        "test --build-config rehearsal/staging-config-export.json --junit j.xml --html h.html --offline failed.json";
    let run = run.then(command).file("failed.json", world.to_string()).file("test/cases.yml", cases.to_string());
    let outcome = says_nothing_evil("results", &run).exits(3);
    hides_nothing("JUnit", &outcome.text("j.xml"));
    hides_nothing("HTML", &outcome.text("h.html"));
    roxmltree::Document::parse(&outcome.text("j.xml")).expect("well-formed");
    let reported = outcome.json("test-results.json")["accounts"][0]["errors"][0]["message"].clone();
    assert!(reported.as_str().is_some_and(|text| text.contains(EVIL)), "JSON says the same: {reported}");
    let outcome = run.then("report test-results.json --output -").run().succeeds();
    hides_nothing("HTML", &outcome.stdout);
    hides_nothing("a note", &outcome.stderr);
}

#[test]
fn settings_of_a_platform_are_shown_as_text() {
    let settings = json!({EVIL: 1, "organization": EVIL, "stages": [{"name": EVIL}]}).to_string();
    let run = Run::new("setup plan --settings s.json").env("AWS_REGION", "us-east-1").file("s.json", settings);
    says_nothing_evil("setup", &run).exits(2);
    let seed = in_a_repository("seed pack --input-dir .")
        .without_env("MODELDEPLOY_OFFLINE")
        .file("buildspec.yml", read_from_project("buildspec.yml"));
    says_nothing_evil("seed", &seed.file(&EVIL_NAME.replace('\n', "\r"), "x"));
}
