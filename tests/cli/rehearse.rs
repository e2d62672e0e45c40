//! `modeldeploy rehearse`, from a bare folder to the changed world.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use insta::assert_snapshot;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::{
    Gallery, ModelServer, Outcome, Run, in_a_repository, in_world, on_a_terminal, read_from_project, world,
};

const ARTEFACTS: [&str; 8] = [
    "prod-config-export.json",
    "release.json",
    "staging-config-export.json",
    "template-export.yml",
    "test-results.html",
    "test-results.json",
    "test-results.xml",
    "world.json",
];

fn without_times(text: &str) -> String {
    let seconds = Regex::new(r"\b\d+\.\d+ s\b").expect("valid");
    let millis = Regex::new(r"\b\d+\.\d+ ms\b").expect("valid");
    millis.replace_all(&seconds.replace_all(text, "<time>"), "<latency>").into_owned()
}

/// The results of a test without what no two runs have in common.
fn without_clock(text: &str) -> String {
    let moving = Regex::new(r#""(startedAt|finishedAt|min|mean|p\d\d|max)": [^,\n]+|(time|timestamp)="[^"]*""#);
    let distribution = Regex::new(r#"(?s)"latencyBuckets": \[.*?\]"#).expect("valid");
    moving.expect("valid").replace_all(&distribution.replace_all(text, ""), "").into_owned()
}

fn endpoint_names(world: &Value) -> Vec<&str> {
    world["Endpoints"].as_array().expect("a list").iter().filter_map(|one| one["EndpointName"].as_str()).collect()
}

fn kept_world(outcome: &Outcome) -> Value {
    outcome.json("rehearsal/world.json")
}

#[test]
fn the_example_runs_from_build_to_production_in_an_empty_folder() {
    let outcome = Run::new("rehearse --approve").run().succeeds();
    assert_snapshot!("timeline", without_times(&outcome.stderr));
    assert_snapshot!("data", without_times(&outcome.stdout));
    assert_eq!(outcome.json("rehearsal/test-results.json")["success"], true);
    let world = kept_world(&outcome);
    assert_eq!(endpoint_names(&world), ["iris-staging", "iris-staging", "iris-prod"]);
    let shown: Vec<String> = outcome.files().iter().map(|file| file.display().to_string()).collect();
    let example = [
        "endpoint-config-template.yml",
        "prod-config.json",
        "staging-config.json",
        "test/cases.yml",
        "test/holdout.csv",
    ];
    let mut expected: Vec<String> = example.iter().map(|file| format!("rehearsal/example/{file}")).collect();
    expected.extend(ARTEFACTS.map(|file| format!("rehearsal/{file}")));
    expected.sort();
    assert_eq!(shown, expected);
}

#[test]
fn a_repository_is_rehearsed_with_its_own_files() {
    let outcome = in_a_repository("rehearse --approve --output-dir out").run().succeeds();
    let files: Vec<String> = outcome.files().iter().map(|file| file.display().to_string()).collect();
    let written: Vec<&String> = files.iter().filter(|file| file.starts_with("out/")).collect();
    assert_eq!(written, ARTEFACTS.map(|file| format!("out/{file}")).iter().collect::<Vec<_>>());
    assert!(!outcome.stderr.contains("the example"), "{}", outcome.stderr);
    // Here, beside the inputs, is a place like any other.
    let beside = in_a_repository("rehearse --approve --output-dir .").file("in/world.json", crate::support::WORLD);
    let outcome = beside.env("MODELDEPLOY_OFFLINE", "in/world.json").run().succeeds();
    assert_eq!(endpoint_names(&outcome.json("world.json")).len(), 3);
}

#[test]
fn the_step_that_fails_gives_the_exit_code_and_the_world_is_kept() {
    let unapproved = in_world("rehearse --approve", |world| {
        for package in world["ModelPackageGroups"][0]["ModelPackages"].as_array_mut().expect("a list") {
            package["ModelApprovalStatus"] = json!("PendingManualApproval");
        }
    });
    let repository = || in_a_repository("rehearse --approve");
    let bad_config = repository().file("prod-config.json", r#"{"Parameters": {"StageName": "prod", "Instances": 1}}"#);
    let cases = read_from_project("test/cases.yml").replace("equals: versicolor", "equals: rose");
    let wrong_answer = repository().file("test/cases.yml", cases);
    let bad_cases = repository().file("test/cases.yml", "version: 1\ncases: [{name: a, bdoy: x}]\n");
    let nobody = in_a_repository("rehearse");
    let empty_unit = in_world("rehearse --approve", |world| {
        world["Roots"][0]["OrganizationalUnits"][1]["Accounts"] = json!([]);
    });
    // With the policy left alone, nobody looks at production before the deployment to it.
    let late = empty_unit.then("rehearse --approve --no-group-policy");

    let mut gallery = Gallery::default();
    let mut add = |title: &str, code: i32, run: &Run, endpoints: &[&str]| {
        let mut outcome = run.run().exits(code).says(&["failed after", "the world as it is now is kept in"]);
        assert_eq!(endpoint_names(&kept_world(&outcome)), endpoints, "{title}");
        let failed = outcome.stderr.find("== ").expect("a timeline");
        let known = Regex::new(", expected one of .*").expect("valid");
        outcome.stderr =
            known.replace(&without_times(&outcome.stderr[failed..]), ", expected one of <fields>").into_owned();
        gallery.add(title, &outcome);
    };
    let staging = ["iris-staging", "iris-staging"];
    add("no approved version", 4, &unapproved, &[]);
    add("a config that the template does not know", 2, &bad_config, &[]);
    add("a production unit with no account", 1, &empty_unit, &[]);
    add("an answer that is not the expected one", 3, &wrong_answer, &staging);
    add("cases that cannot be read", 2, &bad_cases, &[]);
    add("nobody to ask", 1, &nobody, &staging);
    add("a production unit with no account, found late", 1, &late, &staging);
    assert_snapshot!("failures", gallery.text());
}

#[test]
fn results_and_exports_are_there_when_a_later_step_fails() {
    let cases = read_from_project("test/cases.yml").replace("equals: versicolor", "equals: rose");
    let outcome = in_a_repository("rehearse --approve").file("test/cases.yml", cases).run().exits(3);
    let results = outcome.json("rehearsal/test-results.json");
    assert_eq!((&results["success"], results["accounts"].as_array().map(Vec::len)), (&json!(false), Some(2)));
    for artefact in ARTEFACTS {
        outcome.text(&format!("rehearsal/{artefact}"));
    }
}

#[test]
fn a_world_that_cannot_be_kept_is_found_out_before_the_rehearsal() {
    for (name, cause) in [("out", "cause: out is not a folder"), ("out/world.json/x", "cause: a folder has that name")]
    {
        let run = in_a_repository("rehearse --output-dir out --approve").file(name, "a file\n");
        let outcome = run.run().exits(1).says(&["error: cannot write out/world.json", cause]);
        assert!(!outcome.stderr.contains("== Build"), "{}", outcome.stderr);
    }
}

#[test]
fn a_world_that_is_rehearsed_in_stays_as_it_is() {
    let written_by_hand = crate::support::WORLD.to_owned();
    let kept = in_a_repository("rehearse --approve").run().succeeds().text("rehearsal/world.json");
    for world in [format!("# mine\n{written_by_hand}"), written_by_hand, kept] {
        let run = in_a_repository("rehearse --approve --output-dir .").file("world.json", &world);
        let outcome = run.run().exits(2).says(&["error: cannot write world.json", "cause: it is an input"]);
        assert_eq!(outcome.text("world.json"), world);
    }
}

#[test]
fn a_file_in_the_place_of_the_examples_stays_as_somebody_wrote_it() {
    for (folder, name) in [(".", "example/endpoint-config-template.yml"), ("out", "out/example/test/cases.yml")] {
        let run = Run::new("rehearse --approve --output-dir").with(folder).file(name, "mine\n");
        for run in [&run, &run.clone().with("--cases").with(name)] {
            let outcome = run.run().exits(2).says(&[name, "hint: copy your files to this folder"]);
            assert_eq!(outcome.text(name), "mine\n");
            assert!(!outcome.stderr.contains("== Build"), "{}", outcome.stderr);
        }
    }
    let run = Run::new("rehearse --approve");
    run.run().succeeds();
    run.run().succeeds();
    let cases = run.folder().join("rehearsal/example/test/cases.yml");
    std::fs::remove_file(&cases).expect("removed");
    std::os::unix::fs::symlink("none", &cases).expect("linked");
    run.run().exits(2).says(&["cannot write rehearsal/example/test/cases.yml"]);
}

#[test]
fn a_second_rehearsal_in_the_kept_world_changes_nothing() {
    let run = in_a_repository("rehearse --approve");
    let first = run.run().succeeds().text("rehearsal/world.json");
    let outcome = run.then("rehearse --approve --offline rehearsal/world.json --output-dir second").run().succeeds();
    assert_eq!(outcome.text("second/world.json"), first);
    outcome.says(&["endpoint iris-staging unchanged", "endpoint iris-prod unchanged", "group policy    unchanged"]);
}

#[test]
fn a_newly_approved_version_replaces_what_is_behind_the_same_endpoint_names() {
    let run = in_a_repository("rehearse --approve");
    let former = kept_world(&run.run().succeeds());
    let mut approved = former.clone();
    let packages = approved["ModelPackageGroups"][0]["ModelPackages"].as_array_mut().expect("a list");
    let newest = packages.last_mut().expect("a version");
    newest["ModelApprovalStatus"] = json!("Approved");
    let arn = newest["ModelPackageArn"].clone();
    assert_eq!(newest["ModelPackageVersion"], 5);
    // A recording without a version answers for every version.
    for recorded in approved["Invocations"].as_array_mut().expect("a list") {
        recorded.as_object_mut().expect("a mapping").remove("ModelPackageName");
    }
    let outcome = run
        .then("rehearse --approve --offline next.json")
        .file("next.json", approved.to_string())
        .run()
        .succeeds()
        .says(&["endpoint iris-staging updated", "endpoint iris-prod updated", "   iris version 5, arn:"]);
    let latter = kept_world(&outcome);
    assert_eq!(endpoint_names(&latter), endpoint_names(&former));
    for (kind, key) in [("Models", "ModelName"), ("EndpointConfigs", "EndpointConfigName")] {
        let names = |world: &Value| -> Vec<String> {
            world[kind].as_array().expect("a list").iter().map(|one| one[key].to_string()).collect()
        };
        assert_eq!(names(&latter).len(), 3, "one {kind} an account");
        assert!(names(&latter).iter().all(|name| !names(&former).contains(name)), "{kind}");
    }
    for model in latter["Models"].as_array().expect("a list") {
        assert_eq!(model["Containers"][0]["ModelPackageName"], arn);
    }
    let results = outcome.json("rehearsal/test-results.json");
    assert_eq!(results["accounts"][0]["liveModelPackageArns"], json!([arn]));
}

#[test]
fn what_somebody_else_deployed_is_left_alone() {
    let run = in_a_repository("rehearse --approve");
    let mut kept = kept_world(&run.run().succeeds());
    // Every account has the same names: those of an account that is not a target must survive an update.
    let account = |value: &Value| -> Value {
        serde_json::from_str(&value.to_string().replace("555555555555", "111111111111")).expect("JSON")
    };
    for kind in ["Endpoints", "EndpointConfigs", "Models"] {
        let list = kept[kind].as_array_mut().expect("a list");
        let foreign = account(list.last().expect("production's"));
        list.push(foreign);
    }
    let count = |world: &Value, kind: &str| {
        let arns = ["EndpointArn", "EndpointConfigArn", "ModelArn"];
        let of = |one: &Value| arns.iter().find_map(|arn| one[*arn].as_str().map(str::to_owned)).unwrap_or_default();
        world[kind].as_array().expect("a list").iter().filter(|one| of(one).contains(":111111111111:")).count()
    };
    let outcome = run
        .then("rehearse --approve --offline next.json --model-version 1 --model-url")
        .file("next.json", kept.to_string());
    let server = ModelServer::start("");
    let latter = kept_world(&outcome.with(&server.url).run().succeeds());
    for kind in ["Endpoints", "EndpointConfigs", "Models"] {
        assert_eq!((count(&latter, kind), latter[kind].as_array().map(Vec::len)), (1, Some(4)), "{kind}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let all = || -> BTreeMap<String, String> {
        let outcome = Run::new("rehearse --approve").run().succeeds();
        outcome
            .files()
            .iter()
            .map(|file| file.display().to_string())
            // The page shows the times of its results all over.
            .filter(|file| !file.contains(".html"))
            .map(|file| {
                let text = outcome.text(&file);
                let text = if file.contains("test-results") { without_clock(&text) } else { text };
                (file, text)
            })
            .collect()
    };
    let (first, second) = (all(), all());
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (file, text) in first {
        assert!(text == second[&file], "{file} differs");
    }
}

#[test]
fn any_number_of_stages_is_tested_and_approved_one_after_another() {
    let mut world = world();
    for (name, value) in [
        ("ORGANIZATIONAL_UNIT_DEV_ID", "ou-ex01-canary01"),
        ("SAGEMAKER_EXECUTION_ROLE_DEV_NAME", "sagemaker-role-dev"),
    ] {
        world["Environment"][name] = json!(value);
    }
    let outcome = in_a_repository("rehearse --approve --stages dev,staging,prod")
        .file("world.json", world.to_string())
        .file("dev-config.json", r#"{"Parameters": {"StageName": "dev"}}"#)
        .run()
        .succeeds();
    let steps: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("== ")).collect();
    assert_eq!(
        steps[..8],
        [
            "== Build",
            "== Deploy dev",
            "== Test dev",
            "== Approve staging",
            "== Deploy staging",
            "== Test staging",
            "== Approve prod",
            "== Deploy prod",
        ]
    );
    for (stage, accounts) in [("dev", 1), ("staging", 2)] {
        let results = outcome.json(&format!("rehearsal/{stage}-test-results.json"));
        assert_eq!((&results["stage"], results["accounts"].as_array().map(Vec::len)), (&json!(stage), Some(accounts)));
        outcome.text(&format!("rehearsal/{stage}-test-results.xml"));
    }
    let names = ["iris-dev", "iris-staging", "iris-staging", "iris-prod"];
    assert_eq!(endpoint_names(&kept_world(&outcome)), names);
}

#[test]
fn a_single_stage_is_deployed_and_nothing_is_left_to_approve() {
    let outcome = in_a_repository("rehearse --stages prod").run().succeeds();
    assert_eq!(endpoint_names(&kept_world(&outcome)), ["iris-prod"]);
}

#[test]
fn a_world_may_be_yaml() {
    let yaml = serde_yaml::to_string(&world()).expect("the world is YAML, too");
    let outcome = in_a_repository("rehearse --approve --offline world.yml").file("world.yml", yaml).run().succeeds();
    let of_json = in_a_repository("rehearse --approve").run().succeeds();
    assert_eq!(outcome.text("rehearsal/world.json"), of_json.text("rehearsal/world.json"));
}

#[test]
fn a_person_approves_on_a_terminal() {
    for (answer, code, endpoints) in
        [("y", 0, 3), ("YES", 0, 3), ("n", 1, 2), ("", 1, 2), ("maybe", 1, 2), ("^D", 1, 2)]
    {
        let run = in_a_repository("rehearse");
        let (ended, screen) = on_a_terminal(&run, 100, answer);
        assert_eq!(ended, Some(code), "\"{answer}\":\n{screen}");
        assert!(screen.contains("Deploy it to prod? [y/N]"), "{screen}");
        assert!(screen.contains("PASSED in staging: 14 of 14 cases passed, 2 of 2 accounts"), "{screen}");
        let refused = screen.contains("the deployment to prod was not approved");
        assert_eq!(refused, code == 1, "\"{answer}\":\n{screen}");
        let kept = std::fs::read_to_string(run.folder().join("rehearsal/world.json")).expect("the world is kept");
        let kept: Value = serde_json::from_str(&kept).expect("JSON");
        assert_eq!(endpoint_names(&kept).len(), endpoints, "\"{answer}\"");
    }
}

#[test]
fn a_question_that_nobody_answers_ends_at_the_deadline() {
    let run = in_a_repository("rehearse --deadline 4s --color never");
    let (ended, screen) = on_a_terminal(&run, 100, "SIGCONT");
    assert_eq!(ended, Some(1), "{screen}");
    assert!(screen.contains("the run was ended by its deadline"), "{screen}");
    let kept = std::fs::read_to_string(run.folder().join("rehearsal/world.json")).expect("the world is kept");
    serde_json::from_str::<Value>(&kept).expect("JSON");
}

#[test]
fn colour_follows_the_terminal_unless_somebody_says_otherwise() {
    let coloured = |run: &Run| on_a_terminal(run, 100, "y").1.contains('\u{1b}');
    let run = in_a_repository("rehearse");
    assert!(coloured(&run));
    assert!(!coloured(&run.clone().env("NO_COLOR", "1")));
    assert!(coloured(&run.clone().env("NO_COLOR", "")), "an empty NO_COLOR asks for nothing");
    assert!(!coloured(&run.then("rehearse --color never")));
    assert!(coloured(&run.then("rehearse --color always").env("NO_COLOR", "1")), "a flag is nearer than a variable");

    let piped = |flags: &str| {
        let outcome = in_a_repository(&format!("rehearse --approve {flags}")).run().succeeds();
        (outcome.stdout.contains('\u{1b}'), outcome.stderr.contains('\u{1b}'))
    };
    assert_eq!(piped(""), (false, false));
    assert_eq!(piped("--color always"), (false, true), "data is never coloured");
}

#[test]
fn a_narrow_terminal_changes_nothing_that_is_said() {
    let run = in_a_repository("rehearse").env("NO_COLOR", "1");
    let (code, wide) = on_a_terminal(&run, 200, "y");
    assert_eq!(code, Some(0), "{wide}");
    let again = in_a_repository("rehearse").env("NO_COLOR", "1");
    let (code, narrow) = on_a_terminal(&again, 20, "y");
    assert_eq!(code, Some(0), "{narrow}");
    assert_eq!(without_times(&narrow), without_times(&wide));
}

#[test]
fn quiet_leaves_the_data_and_what_went_wrong() {
    let loud = in_a_repository("rehearse --approve").run().succeeds();
    let outcome = in_a_repository("rehearse --approve -q").run().succeeds();
    assert_eq!((without_times(&outcome.stdout), outcome.stderr.as_str()), (without_times(&loud.stdout), ""));
    let outcome = in_a_repository("rehearse -q").run().exits(1);
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert!(lines[0].starts_with("error: the deployment to prod was not approved"), "{lines:?}");
    assert_eq!(lines.len(), 3, "{lines:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    // As `| head -1` does it: one line, then nobody reads on.
    let run = in_a_repository("rehearse --approve");
    let mut child = run.command().spawn().expect("the binary starts");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut first).expect("readable");
    assert!(first.starts_with("model package"), "{first}");
    let mut stderr = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{stderr}");
    assert!(stderr.contains("== Done"), "{stderr}");

    // Nobody was there from the beginning, on either stream.
    for command in ["rehearse --approve", "rehearse --approve --format json", "--help", "completions bash"] {
        let run = in_a_repository(command);
        let mut child = run.command().spawn().expect("the binary starts");
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{command}");
    }
}
