//! `modeldeploy verify`, and what `test` and a rehearsal refuse because of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Aws, Run, in_a_repository, read_from_project};

const WRITTEN: [&str; 3] = ["template-export.yml", "staging-config-export.json", "prod-config-export.json"];

fn built() -> Run {
    let run = in_a_repository("build");
    run.run().succeeds();
    run
}

fn path(run: &Run, file: &str) -> std::path::PathBuf {
    run.folder().join(file)
}

#[track_caller]
fn change(run: &Run, file: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(path(run, file)).expect("readable");
    assert!(text.contains(from), "{file} has no {from}");
    std::fs::write(path(run, file), text.replacen(from, to, 1)).expect("writable");
}

#[test]
fn what_a_build_wrote_is_what_its_record_says() {
    let run = built();
    let outcome = run.then("verify").run().succeeds();
    assert_eq!(outcome.stdout, WRITTEN.map(|file| format!("ok          {file}\n")).concat());
    run.then("verify release.json --input-dir .").run().succeeds().says(&["ok          staging-config.json"]);
    let copies = Run::new("verify release.json --dir files").file("release.json", outcome.text("release.json"));
    let copies = WRITTEN.iter().fold(copies, |run, file| run.file(&format!("files/{file}"), outcome.text(file)));
    copies.run().succeeds();
    let document: Value =
        serde_json::from_str(&copies.then("verify --dir files --format json").run().succeeds().stdout).expect("JSON");
    assert_eq!((&document["success"], &document["findings"]), (&json!(true), &json!([])));
    assert_eq!(document["files"].as_array().map(Vec::len), Some(3));
}

/// A record that somebody changed; its files are as the build wrote them.
fn with_record(run: &Run, change: impl Fn(&mut Value)) -> Run {
    let mut record = run.then("verify").run().succeeds().json("release.json");
    change(&mut record);
    run.then("verify changed.json").file("changed.json", record.to_string())
}

#[test]
fn a_record_of_another_package_than_the_configs_deploy_is_found() {
    let run = built();
    let other = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1";
    let package = |record: &mut Value| {
        let made = &mut record["predicate"]["buildDefinition"];
        made["internalParameters"]["modelPackage"]["arn"] = json!(other);
        made["resolvedDependencies"][0]["uri"] = json!(other);
    };
    let changed = with_record(&run, |record| {
        let at = &record["predicate"]["buildDefinition"]["internalParameters"]["modelPackage"]["arn"];
        assert!(at.is_string(), "{record:#}");
        package(record);
    });
    let outcome = changed.run().exits(1);
    outcome.says(&[
        "error: staging-config-export.json: deploys arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/3",
        "error: prod-config-export.json: deploys",
        &format!("cause: the release record beside it is of {other}"),
    ]);
    let half = with_record(&run, |record| {
        record["predicate"]["buildDefinition"]["resolvedDependencies"][0]["uri"] = json!(other);
    });
    half.run().exits(1).says(&["contradicts itself", &format!("it is made from {other}, and the build chose")]);
}

#[test]
fn a_record_that_leaves_out_a_file_of_its_build_is_found() {
    let run = built();
    for (at, file) in WRITTEN.into_iter().enumerate() {
        let record = with_record(&run, |record| _ = record["subject"].as_array_mut().expect("a list").remove(at));
        let said = format!("cause: its build wrote {file}, which is not among its subjects");
        record.run().exits(1).says(&["error: changed.json: contradicts itself", &said]);
    }
    let twice = with_record(&run, |record| {
        let first = record["subject"][0].clone();
        record["subject"].as_array_mut().expect("a list").push(first);
    });
    twice.run().exits(1).says(&["template-export.yml stands twice among its subjects"]);
}

#[test]
fn a_record_that_says_two_things_of_one_key_is_none() {
    let run = built();
    let text = run.then("verify").run().succeeds().text("release.json");
    let twice = text.replacen("\"predicateType\"", "\"predicateType\": \"x\",\n  \"predicateType\"", 1);
    let run = run.then("verify changed.json").file("changed.json", twice);
    run.run().exits(2).says(&["has \"predicateType\" twice"]);
}

#[cfg(unix)]
#[test]
fn a_record_speaks_of_no_file_outside_of_its_folder() {
    const DIGEST: &str = "9f0a6e4e4bb5d5a4bbcbf0f1d4a3c5ab6c0ad1f4ad2c5d9f0e5d3f4b1a2c3d4e";
    let run = built();
    run.shell(
        "mkdir a && mv *-export.* release.json a && echo outside > outside.txt && ln -s ../outside.txt a/link.txt",
    );
    let sound = run.then("verify a/release.json").run().succeeds();
    let absolute = path(&run, "outside.txt").display().to_string();
    for name in ["../outside.txt", "link.txt", "../nothing.txt", &absolute] {
        let mut record = sound.json("a/release.json");
        let subjects = record["subject"].as_array_mut().expect("a list");
        subjects.push(json!({"name": name, "digest": {"sha256": DIGEST}}));
        let run = run.clone().file("a/record.json", record.to_string());
        let outcome = run.then("verify a/record.json").run().exits(1);
        assert!(outcome.stdout.contains(&format!("OUTSIDE     {name}\n")), "{}", outcome.stdout);
        let outcome = outcome.says(&["is outside of a, and was not read", "--files-within"]);
        assert!(!outcome.stderr.contains("is not the file"), "its digest is nobody's to know: {}", outcome.stderr);
    }
    // Who means it says so: then it is a file like any other.
    let outcome = run.then("verify a/record.json --files-within .").run().exits(1);
    outcome.says(&["CHANGED     ", "is not the file of the release record"]);
    run.then("verify a/record.json --files-within nope").run().exits(2).says(&["there is no such folder"]);
}

#[test]
fn any_byte_that_is_changed_in_any_file_is_found() {
    let run = built();
    for file in WRITTEN {
        let bytes = std::fs::read(path(&run, file)).expect("readable");
        for at in (0..bytes.len()).step_by(bytes.len() / 5 + 1).chain([bytes.len() - 1]) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(path(&run, file), changed).expect("writable");
            let outcome = run.then("verify").run().exits(1).says(&["error: ", "is not the file of the release record"]);
            assert_eq!(outcome.stdout.matches("CHANGED").count(), 1, "byte {at} of {file}: {}", outcome.stdout);
        }
        std::fs::write(path(&run, file), &bytes[..bytes.len() - 1]).expect("writable");
        run.then("verify").run().exits(1);
        std::fs::write(path(&run, file), bytes).expect("writable");
    }
    run.then("verify").run().succeeds();
}

#[test]
fn what_the_template_names_is_among_what_the_build_read_and_its_objects_among_what_it_made() {
    let more = "
  Hook: {Type: AWS::Lambda::Function, Properties: {Code: functions/hook}}
  One: {Type: AWS::Lambda::Function, Properties: {Code: one.py}}
";
    let template = read_from_project("seed-repo/endpoint-config-template.yml") + more;
    let run = in_a_repository("build --template deploy/t.yml")
        .file("deploy/t.yml", template.replace("functions/", "../functions/").replace("one.py", "../one.py"))
        .file("functions/hook/a.py", "a = 1\n")
        .file("functions/hook/lib/b.py", "b = 1\n")
        .file("functions/hook/.git/index", "not content")
        .file("one.py", "c = 1\n");
    let record = run.run().succeeds().json("release.json");
    let subjects = record["subject"].as_array().expect("a list");
    let objects: Vec<&Value> = subjects.iter().filter(|subject| subject["uri"].is_string()).collect();
    assert_eq!(objects.len(), 2);
    for object in objects {
        let (uri, name) = (object["uri"].as_str().expect("text"), object["name"].as_str().expect("text"));
        assert!(uri.starts_with("s3://") && uri.ends_with(name), "{object}");
        assert!(name.contains(object["digest"]["sha256"].as_str().expect("text")), "{object}");
    }

    let verify = run.then("verify --input-dir .");
    let outcome = verify.run().succeeds().says(&["not looked at: 2 objects in S3"]);
    for line in ["ok          deploy/t.yml", "ok          functions/hook\n", "ok          one.py"] {
        assert!(outcome.stdout.contains(line), "{}", outcome.stdout);
    }
    change(&run, "functions/hook/lib/b.py", "1", "2");
    change(&run, "one.py", "1", "2");
    let outcome = verify.run().exits(1).says(&[
        "error: functions/hook: is not the folder of the release record",
        "cause: its dirHash is ",
        "error: one.py: is not the file of the release record",
    ]);
    assert_eq!(outcome.stdout.matches("CHANGED").count(), 2, "{}", outcome.stdout);
    std::fs::remove_dir_all(path(&run, "functions")).expect("there");
    std::fs::remove_file(path(&run, "one.py")).expect("there");
    verify.run().exits(1).says(&["error: functions/hook: is missing", "error: one.py: is missing"]);
    run.file("functions/hook", "a file").run().exits(2);
    verify.run().exits(1).says(&["error: functions/hook: cannot be read", "it is not a folder"]);
}

#[test]
fn everything_that_is_wrong_is_found_at_once() {
    let run = built();
    change(&run, "staging-config-export.json", "StageName", "StageNam");
    std::fs::remove_file(path(&run, "template-export.yml")).expect("there");
    std::fs::remove_file(path(&run, "prod-config-export.json")).expect("there");
    std::fs::create_dir(path(&run, "prod-config-export.json")).expect("possible");
    change(&run, "staging-config.json", "staging", "canary");
    let outcome = run.then("verify --input-dir .").run().exits(1).says(&[
        "error: template-export.yml: is missing",
        "error: staging-config-export.json: is not the file of the release record",
        "error: prod-config-export.json: cannot be read",
        "error: staging-config.json: is not the file of the release record",
    ]);
    assert_eq!(outcome.stderr.matches("error: ").count(), 4, "{}", outcome.stderr);

    change(&run, "release.json", "https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1");
    change(&run, "release.json", "\"buildType\"", "\"buildTyp\"");
    run.then("verify").run().exits(2).says(&[
        "error: release.json:2:12: is not a release record at /_type",
        "is not a release record at /predicate/buildDefinition",
        "\"buildType\" is a required property",
        "error: template-export.yml: is missing",
    ]);
}

#[test]
fn what_is_no_record_ends_with_2() {
    let run = Run::new("verify").file("list.json", "[]").file("half.json", "{").file("binary.json", [0xff, 0xfe]);
    run.run().exits(2).says(&["error: cannot read release.json"]);
    run.then("verify list.json").run().exits(2).says(&["error: list.json:1:1: is not a release record"]);
    let empty = Run::new("verify {}.json").file("{}.json", "{}").then("verify {}.json").run().exits(2);
    assert_eq!(empty.stdout, "");
    assert_eq!(
        empty.stderr,
        "error: {}.json:1:1: is not a release record\n\
         cause: \"_type\" is a required property; \"subject\" is a required property; \
         \"predicateType\" is a required property; \"predicate\" is a required property\n\
         hint: take the record as `modeldeploy build` wrote it\n"
    );
    run.then("verify half.json").run().exits(2).says(&["error: half.json:1:", "is not valid JSON"]);
    run.then("verify binary.json").run().exits(2).says(&["is not UTF-8 text"]);
}

#[test]
fn the_published_schema_takes_the_record_and_in_toto_finds_its_fields() {
    let schema = Run::new("verify --print-schema").run().succeeds().stdout;
    assert_eq!(schema, read_from_project("docs/release.schema.json"));
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let record = built().then("verify").run().succeeds().json("release.json");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    assert!(validator.is_valid(&record));

    // spec/v1/resource_descriptor.md: one of uri, digest and content; digest_set.md: lower-case hexadecimal.
    let definition = &record["predicate"]["buildDefinition"];
    for resource in definition["resolvedDependencies"].as_array().expect("a list") {
        assert!(resource["uri"].is_string() || resource["digest"].is_object(), "{resource}");
    }
    // SLSA provenance v1, "Fields": what is required of a build of level 1.
    assert!(definition["buildType"].as_str().is_some_and(|uri| uri.starts_with("urn:")));
    assert!(definition["externalParameters"].as_object().is_some_and(|all| !all.is_empty()));
    assert!(record["predicate"]["runDetails"]["builder"]["id"].is_string());
}

/// A rehearsal that is done, and the test of its staging accounts once more.
fn rehearsed() -> Run {
    let run = in_a_repository("rehearse --approve");
    run.run().succeeds();
    run.then("test --build-config rehearsal/staging-config-export.json")
        .env("MODELDEPLOY_OFFLINE", "rehearsal/world.json")
}

#[test]
fn a_config_that_is_not_of_the_release_beside_it_is_not_tested() {
    let run = rehearsed();
    let verified = run.run().succeeds().json("test-results.json");
    assert_eq!(verified["release"], json!({"file": "rehearsal/release.json", "verified": true}));

    change(&run, "rehearsal/staging-config-export.json", "model-package/iris/3", "model-package/iris/1");
    run.run().exits(2).says(&[
        "error: rehearsal/staging-config-export.json: is not the file of the release record",
        "error: rehearsal/staging-config-export.json: deploys arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1",
        "the release record beside it is of arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/3",
        "--no-verify",
    ]);
    let reports = run.clone().with("--no-verify").with("--junit=results.xml").with("--html=results.html");
    let overridden = reports.run().exits(3).says(&[
        "warning: rehearsal/staging-config-export.json: is not the file of the release record",
        "used all the same, since --no-verify was given",
    ]);
    let release = &overridden.json("test-results.json")["release"];
    assert_eq!((&release["verified"], release["problems"].as_array().map(Vec::len)), (&json!(false), Some(2)));
    let said =
        "not verified (--no-verify): rehearsal/staging-config-export.json: is not the file of the release record";
    for report in ["results.xml", "results.html"] {
        let text = overridden.text(report).replace("&#x2f;", "/");
        assert!(text.contains(said), "{report}:\n{text}");
    }

    std::fs::write(path(&run, "rehearsal/release.json"), "{}").expect("writable");
    run.run().exits(2).says(&["error: rehearsal/release.json:1:1: is not a release record"]);
    run.clone().with("--no-verify").run().exits(3).says(&["warning: rehearsal/release.json:1:1"]);
}

#[test]
fn a_config_that_does_not_match_is_refused_before_any_call() {
    let aws = Aws::with_project();
    let run = aws.deployed(&["a"]);
    change(&run, "staging-config-export.json", &aws.package(1), &aws.package(2));
    run.run().exits(2).says(&["staging-config-export.json: deploys ", "--no-verify"]);
    assert!(aws.all_calls().is_empty());
    run.clone().with("--no-verify").run().exits(3).says(&["warning: staging-config-export.json: deploys "]);
}

#[test]
fn a_config_with_no_record_beside_it_is_tested_with_a_note() {
    let run = rehearsed();
    std::fs::remove_file(path(&run, "rehearsal/release.json")).expect("there");
    let outcome =
        run.run().succeeds().says(&["no rehearsal/release.json: rehearsal/staging-config-export.json is not"]);
    assert_eq!(outcome.json("test-results.json")["release"], Value::Null);
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
}

#[test]
fn a_config_of_another_name_is_not_of_the_release() {
    let run = rehearsed();
    std::fs::copy(path(&run, "rehearsal/staging-config-export.json"), path(&run, "rehearsal/mine.json"))
        .expect("copied");
    run.then("test --build-config rehearsal/mine.json").run().exits(2).says(&[
        "error: rehearsal/mine.json: is not listed in the release record beside it",
        "the record lists template-export.yml, staging-config-export.json, prod-config-export.json",
    ]);
}

#[test]
fn a_rehearsal_rolls_out_nothing_that_was_changed_after_its_build() {
    let cases = "version: 1\ncases:\n  - {name: a while, body: '5.1,3.5,1.4,0.2', load: {rate: 1, duration: 3s}}\n";
    let run = in_a_repository("rehearse --approve").file("test/cases.yml", cases);
    let child = run.command().spawn().expect("the binary starts");
    let started = Instant::now();
    while !path(&run, "rehearsal/prod-config-export.json").exists() {
        assert!(started.elapsed() < Duration::from_secs(30), "the build did not come to its end");
        std::thread::sleep(Duration::from_millis(5));
    }
    change(&run, "rehearsal/prod-config-export.json", "prod", "prod2");
    let outcome = run.outcome_of(child).exits(2);
    outcome.says(&["Deploy prod: failed", "prod-config-export.json: is not the file of the release record"]);
}
