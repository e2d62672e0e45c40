//! `modeldeploy build` with no cloud: what it writes, and what it says of everything that a person can get wrong.

use insta::assert_snapshot;
use modeldeploy::domain::digest::sha256;
use serde_json::{Value, json};

use crate::support::{Gallery, Run, in_a_repository, in_world, read_from_project};

const OUTPUTS: [&str; 4] =
    ["prod-config-export.json", "release.json", "staging-config-export.json", "template-export.yml"];

/// What is left when nothing was written.
#[track_caller]
fn leaves_nothing_new(run: &Run) {
    let before = names(run);
    let outcome = run.run();
    assert_eq!(names(run), before, "stderr:\n{}", outcome.stderr);
}

fn names(run: &Run) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![run.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").flatten() {
            names.push(entry.path().display().to_string());
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    names.sort();
    names
}

fn without_digests(text: &str) -> String {
    let tool = format!("\"modeldeploy\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let text = regex::Regex::new(r"\b[0-9a-f]{64}\b").expect("valid").replace_all(text, "<sha256>").into_owned();
    text.replace(&tool, "\"modeldeploy\": \"<version>\"")
}

/// A run that fails with that code, and leaves the folder as it was.
#[track_caller]
fn add(gallery: &mut Gallery, title: &str, code: i32, run: &Run) {
    leaves_nothing_new(run);
    gallery.add(title, &run.run().exits(code));
}

#[test]
fn the_exports_of_both_formats_and_the_release_record() {
    let run = in_a_repository("build")
        .env("CODEBUILD_BUILD_ID", "iris-build:7b0f")
        .env("CODEBUILD_BUILD_ARN", "arn:aws:codebuild:us-east-1:111111111111:build/iris-build:7b0f")
        .env("CODEBUILD_RESOLVED_SOURCE_VERSION", "a41c09d2f3e4b5c6d7e8f90a1b2c3d4e5f607182")
        .env("CODEBUILD_START_TIME", "1796000000000");
    let outcome = run.run().succeeds();
    assert_snapshot!("staging_as_stackset", outcome.text("staging-config-export.json"));
    assert_snapshot!("prod_as_stackset", outcome.text("prod-config-export.json"));
    assert_snapshot!("release", without_digests(&outcome.text("release.json")));
    assert_snapshot!("summary", outcome.stdout);

    let record = outcome.json("release.json");
    let digest = |file: &str| json!({"sha256": sha256(outcome.text(file).as_bytes())});
    let written = ["template-export.yml", "staging-config-export.json", "prod-config-export.json"];
    assert_eq!(record["subject"], json!(written.map(|file| json!({"name": file, "digest": digest(file)}))));
    let dependencies = record["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().expect("a list");
    for file in ["endpoint-config-template.yml", "staging-config.json", "prod-config.json"] {
        assert!(dependencies.contains(&json!({"name": file, "digest": digest(file)})), "{file}: {dependencies:#?}");
    }

    let outcome = run.then("build --export-format cloudformation").run().succeeds();
    assert_snapshot!("staging_as_cloudformation", outcome.text("staging-config-export.json"));
}

#[test]
fn the_template_goes_out_byte_for_byte_and_only_what_is_asked_for_is_written() {
    let template =
        format!("\u{feff}# kept: ünïcode\r\n{}\n\n", read_from_project("seed-repo/endpoint-config-template.yml"));
    let run = in_a_repository("build").file("endpoint-config-template.yml", &template);
    let before = run.then("--version").run().succeeds().files();
    let outcome = run.run().succeeds();
    assert_eq!(outcome.text("template-export.yml"), template);
    let written: Vec<_> = outcome.files().into_iter().filter(|file| !before.contains(file)).collect();
    assert_eq!(written, OUTPUTS.map(std::path::PathBuf::from));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let all = |run: Run| {
        let outcome = run.run().succeeds();
        OUTPUTS.map(|file| outcome.text(file))
    };
    assert_eq!(all(in_a_repository("build")), all(in_a_repository("build")));
}

#[test]
fn tags_are_exported_for_cloudformation_and_warned_of_for_a_stack_set() {
    let config = r#"{"Parameters": {"StageName": "staging"}, "Tags": {"team": "vision", "cost": 7}}"#;
    let run = in_a_repository("build").file("staging-config.json", config);
    let outcome = run.then("build --export-format cloudformation").run().succeeds();
    assert_eq!(outcome.json("staging-config-export.json")["Tags"], json!({"team": "vision", "cost": "7"}));
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
    let mut gallery = Gallery::default();
    gallery.add("tags and a stack set", &run.run().succeeds());
    assert_snapshot!("tags", gallery.text());
}

#[test]
fn a_dry_run_shows_all_and_writes_nothing() {
    let run = in_a_repository("build --dry-run");
    leaves_nothing_new(&run);
    let outcome = run.run().succeeds();
    let template = read_from_project("seed-repo/endpoint-config-template.yml");
    assert_snapshot!("dry_run", without_digests(&outcome.stdout.replace(&template, "<template>\n")));
    let shown: Value =
        serde_json::from_str(&run.then("build --dry-run --format json").run().succeeds().stdout).expect("JSON");
    assert_eq!(shown["calls"][0]["operation"], "sagemaker:PutModelPackageGroupPolicy");
    let outcome = run.then("build").run().succeeds();
    for file in shown["files"].as_array().expect("a list") {
        assert_eq!(file["content"], outcome.text(file["path"].as_str().expect("a path")));
    }
    leaves_nothing_new(&in_a_repository("build --dry-run --output-dir out/deep"));
    leaves_nothing_new(&in_a_repository("build --dry-run --model-package-group nope"));
}

#[test]
fn the_summary_as_json_is_one_document() {
    let outcome = in_a_repository("build --format json").run().succeeds();
    let summary: Value = serde_json::from_str(&outcome.stdout).expect("one JSON document");
    assert_eq!(summary["modelPackage"]["version"], 3);
    assert_eq!(summary["groupPolicy"], "updated");
    assert_eq!(summary["files"].as_array().map(Vec::len), Some(OUTPUTS.len()));
}

#[test]
fn folders_and_names_of_outputs_are_the_callers_choice() {
    let run = Run::new("build --input-dir model --output-dir out/deep --template endpoint.yml")
        .file("model/endpoint.yml", read_from_project("seed-repo/endpoint-config-template.yml"))
        .file("model/staging-config.json", read_from_project("seed-repo/staging-config.json"))
        .file("model/prod-config.json", read_from_project("seed-repo/prod-config.json"))
        .file("world.json", crate::support::WORLD)
        .env("MODELDEPLOY_OFFLINE", "world.json")
        .env("EXPORT_TEMPLATE_NAME", "t.yml")
        .env("EXPORT_TEMPLATE_STAGING_CONFIG", "s.json");
    let outcome = run.run().succeeds();
    let record = outcome.json("out/deep/release.json");
    let asked = &record["predicate"]["buildDefinition"]["externalParameters"];
    assert_eq!((&asked["template"], &asked["exportTemplate"]), (&json!("endpoint.yml"), &json!("t.yml")));
    assert_eq!(asked["stages"][0]["config"], "staging-config.json");
    assert_eq!(asked["stages"][0]["exportConfig"], "s.json");
    assert_eq!((&record["subject"][0]["name"], &record["subject"][1]["name"]), (&json!("t.yml"), &json!("s.json")));
    outcome.text("out/deep/t.yml");
    outcome.text("out/deep/s.json");
    outcome.text("out/deep/prod-config-export.json");
}

#[test]
fn any_stages_with_any_names_need_no_more_than_their_variables() {
    let outcome = in_a_repository("build")
        .env("MODELDEPLOY_STAGES", "pre-prod")
        .env("SAGEMAKER_EXECUTION_ROLE_PRE_PROD_NAME", "teams/vision/deploy")
        .env("ORGANIZATIONAL_UNIT_PRE_PROD_ID", "ou-ex01-canary01")
        .env("EXPORT_TEMPLATE_PRE_PROD_CONFIG", "pp.json")
        .file("pre-prod-config.json", r#"[{"ParameterKey": "StageName", "ParameterValue": "pp"}]"#)
        .file(
            "endpoint-config-template.yml",
            "Parameters: {StageName: {Type: String}, RoleName: {Type: String}}\n\
            Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n",
        )
        .run()
        .succeeds();
    let pairs = [("StageName", "pp"), ("RoleName", "teams/vision/deploy")];
    let pairs = pairs.map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value}));
    assert_eq!(outcome.json("pp.json"), json!(pairs));
    assert_eq!(outcome.released("/stages/0/accounts"), json!(["444444444444"]));
}

#[test]
fn an_empty_variable_counts_as_one_that_is_not_set() {
    let names = [
        "SAGEMAKER_PROJECT_NAME",
        "SAGEMAKER_PROJECT_ID",
        "SOURCE_MODEL_PACKAGE_GROUP_NAME",
        "ARTIFACT_BUCKET",
        "EXPORT_TEMPLATE_NAME",
        "MODELDEPLOY_STAGES",
        "EXPORT_TEMPLATE_STAGING_CONFIG",
        "SAGEMAKER_EXECUTION_ROLE_PROD_NAME",
        "ORGANIZATIONAL_UNIT_PROD_ID",
        "AWS_REGION",
        "CODEBUILD_BUILD_ID",
    ];
    let run = names.iter().fold(in_a_repository("build"), |run, name| run.env(name, ""));
    let outcome = run.run().succeeds();
    let record = outcome.json("release.json");
    let asked = &record["predicate"]["buildDefinition"]["externalParameters"];
    assert_eq!(asked["project"], json!({"name": "iris", "id": "p-exampleiris1"}));
    assert_eq!(record["predicate"]["runDetails"]["metadata"], json!({}));
    for file in OUTPUTS {
        outcome.text(file);
    }
    // With no world to fall back on, the variables are missing; and no world is what an empty name is, too.
    let missing = run.clone().without_env("MODELDEPLOY_OFFLINE").run().exits(2).says(&["--project-name is not given"]);
    assert_eq!(run.env("MODELDEPLOY_OFFLINE", "").run().stderr, missing.stderr);
}

#[test]
fn every_variable_that_is_missing_is_named_at_once() {
    let mut gallery = Gallery::default();
    let bare = |command: &str| in_world(command, |world| world["Environment"] = json!({}));
    add(&mut gallery, "nothing is set", 2, &bare("build"));
    add(&mut gallery, "nothing is set and the policy is another's", 2, &bare("build --no-group-policy"));
    let without = |name: &str| {
        in_world("build", |world| {
            world["Environment"].as_object_mut().expect("a mapping").remove(name);
        })
    };
    add(&mut gallery, "a stage without a unit", 2, &without("ORGANIZATIONAL_UNIT_PROD_ID"));
    add(&mut gallery, "a stage without a role", 2, &without("SAGEMAKER_EXECUTION_ROLE_PROD_NAME"));
    add(&mut gallery, "no bucket", 2, &without("ARTIFACT_BUCKET"));
    assert_snapshot!("missing_variables", gallery.text());
}

#[test]
fn a_variable_that_cannot_be_used_is_said_once() {
    let mut gallery = Gallery::default();
    let run = in_a_repository("build");
    let unusable = run
        .clone()
        .env("ORGANIZATIONAL_UNIT_PROD_ID", "production")
        .env("SAGEMAKER_EXECUTION_ROLE_PROD_NAME", "arn:aws:iam::555555555555:role/deploy")
        .env("SOURCE_MODEL_PACKAGE_GROUP_NAME", "my group");
    add(&mut gallery, "a unit, a role and a group that are none", 2, &unusable);
    let arn = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/3";
    add(&mut gallery, "a version's ARN for the group's", 2, &run.then("build --model-package-group").with(arn));
    add(&mut gallery, "a project name that the template refuses", 2, &run.then("build --project-name my_project"));
    assert_snapshot!("unusable_variables", gallery.text());
}

#[test]
fn units_that_reach_no_account_fail_the_build() {
    let mut gallery = Gallery::default();
    let unknown = in_a_repository("build").env("ORGANIZATIONAL_UNIT_PROD_ID", "ou-ex01-nosuch01");
    add(&mut gallery, "no such unit", 1, &unknown);
    let empty = in_world("build", |world| world["Roots"][0]["OrganizationalUnits"][1]["Accounts"] = json!([]));
    add(&mut gallery, "a unit with no account", 1, &empty);
    let suspended = in_world("build", |world| {
        world["Roots"][0]["OrganizationalUnits"][1]["Accounts"][0]["State"] = json!("SUSPENDED");
    });
    add(&mut gallery, "a unit whose only account is suspended", 1, &suspended);
    assert_snapshot!("units", gallery.text());
}

#[test]
fn no_version_that_may_be_deployed_ends_with_4_and_says_what_is_there() {
    let mut gallery = Gallery::default();
    let pending = in_world("build", |world| {
        for package in world["ModelPackageGroups"][0]["ModelPackages"].as_array_mut().expect("a list") {
            if package["ModelApprovalStatus"] == "Approved" && package["ModelPackageStatus"] == "Completed" {
                package["ModelApprovalStatus"] = json!("PendingManualApproval");
            }
        }
    });
    add(&mut gallery, "none is approved and complete", 4, &pending);
    let run = in_a_repository("build");
    add(&mut gallery, "a group that is only created now", 4, &run.then("build --model-package-group new"));
    add(&mut gallery, "the same, in a dry run", 4, &run.then("build --model-package-group new --dry-run"));
    add(&mut gallery, "no such version", 4, &run.then("build --model-version 99"));
    add(&mut gallery, "a pinned version that is rejected", 4, &run.then("build --model-version 2"));
    add(&mut gallery, "a pinned version that failed", 4, &run.then("build --model-version 4"));
    let missing = run.then("build --model-package-group new --no-group-policy");
    add(&mut gallery, "a missing group that is not ours to create", 1, &missing);
    assert_snapshot!("no_version", gallery.text());

    let pinned = run.then("build --model-version 1").run().succeeds();
    assert_eq!(pinned.released("/modelPackage/version"), 1);
}

#[test]
fn everything_wrong_with_the_configs_of_all_stages_is_found_at_once() {
    let mut gallery = Gallery::default();
    let configs = |staging: &str, prod: &str| {
        in_a_repository("build").file("staging-config.json", staging).file("prod-config.json", prod)
    };
    let run = configs("{\"Parameters\": {\"StageName\": \"staging\",}}\n", "");
    add(&mut gallery, "no JSON, and nothing at all", 2, &run);
    let run = configs(
        r#"{"Parameters": {"EndpointInstanceCount": 1}}"#,
        r#"[{"ParameterKey": "EndpointInstanceCount", "ParameterValue": 1}]"#,
    );
    add(&mut gallery, "no StageName, in either shape", 2, &run);
    let run = configs(
        "{\"Parameters\": {\n  \"StageName\": \"a\",\n  \"StageName\": \"b\"\n}}",
        "[{\"ParameterKey\": \"StageName\", \"ParameterValue\": \"a\"},\n\
         {\"ParameterKey\": \"StageName\", \"ParameterValue\": \"b\"}]",
    );
    add(&mut gallery, "a key that stands twice, in either shape", 2, &run);
    let run = configs(
        r#"{"Parameters": {"StageName": "staging", "EndpointInstanceTyp": "ml.m5.large", "Flavour": "mint"}}"#,
        r#"{"Parameters": {"StageName": "prod", "EndpointInstanceCount": 0, "SamplingPercentage": "all"}}"#,
    );
    add(&mut gallery, "unknown parameters, and values that the template refuses", 2, &run);
    let run = configs(
        r#"{"Parameters": {"StageName": "staging", "RoleName": null, "SamplingPercentage": [1, 2]}}"#,
        r#"[{"ParameterKey": "StageName", "ParameterValue": "prod"}, {"ParameterKey": "RoleName", "UsePreviousValue": true},
            "EndpointInstanceCount", {"ParameterValue": "2"}]"#,
    );
    add(&mut gallery, "values that are none", 2, &run);
    let arn = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1";
    let run = configs(
        &format!(r#"{{"Parameters": {{"StageName": "staging", "ModelPackageName": "{arn}"}}}}"#),
        r#"{"Parameters": {"StageName": "prod", "SageMakerProjectId": "not the project's own"}}"#,
    );
    add(&mut gallery, "parameters that the build computes", 2, &run);
    add(&mut gallery, "another shape", 2, &configs(r#"{"StageName": "staging"}"#, "3"));
    add(&mut gallery, "bytes that are no text", 2, &in_a_repository("build").file("prod-config.json", b"{\"a\xff"));
    add(&mut gallery, "a stage without config", 2, &in_a_repository("build --stages staging,canary"));
    assert_snapshot!("configs", gallery.text());
}

#[test]
fn a_parameter_that_the_template_needs_and_nobody_sets_is_named() {
    let template = "Parameters:\n  StageName: {Type: String}\n  Subnets: {Type: CommaDelimitedList}\n\
                    Resources:\n  Model: {Type: 'AWS::SageMaker::Model'}\n";
    let config = |stage: &str| format!(r#"{{"Parameters": {{"StageName": "{stage}"}}}}"#);
    let run = in_a_repository("build")
        .file("endpoint-config-template.yml", template)
        .file("staging-config.json", config("staging"))
        .file("prod-config.json", config("prod"));
    let mut gallery = Gallery::default();
    add(&mut gallery, "a parameter without a default", 2, &run);
    assert_snapshot!("missing_parameter", gallery.text());
}

#[test]
fn what_is_no_template_is_refused() {
    let mut gallery = Gallery::default();
    let template = |text: &str| in_a_repository("build").file("endpoint-config-template.yml", text);
    add(&mut gallery, "no such file", 2, &in_a_repository("build --template endpoint.yml"));
    add(&mut gallery, "a folder", 2, &in_a_repository("build --template test"));
    add(&mut gallery, "nothing in it", 2, &template(""));
    add(&mut gallery, "no YAML", 2, &template("Parameters:\n  A: {Type: [\n"));
    add(&mut gallery, "no JSON but YAML, without parameters", 2, &template("{\"Resources\": {\"A\": }\n}"));
    add(&mut gallery, "no mapping", 2, &template("an endpoint, please\n"));
    add(&mut gallery, "no Resources", 2, &template("Parameters:\n  StageName: {Type: String}\n"));
    let faults =
        "Parameters:\n  StageName: {Type: String}\n  A: {Default: x}\n  StageName: {Type: Number}\nResources: {}\n";
    add(&mut gallery, "several faults at once", 2, &template(faults));
    add(&mut gallery, "an alias", 2, &template("A: &a {x: 1}\nResources: *a\n"));
    assert_snapshot!("templates", gallery.text());
}

#[test]
fn messages_name_files_with_the_folder_that_they_are_in() {
    let run = in_a_repository("build --input-dir model")
        .file("model/endpoint-config-template.yml", "Resources: {}\n")
        .file("model/staging-config.json", "{}");
    let mut gallery = Gallery::default();
    add(&mut gallery, "files of another folder", 2, &run);
    assert_snapshot!("input_folder", gallery.text());
}

#[test]
fn two_outputs_on_one_place_are_refused_before_any_call() {
    let mut gallery = Gallery::default();
    for command in ["build", "check", "rehearse", "catalog render"] {
        let run = in_a_repository(&format!("{command} --stages staging,prod,staging"));
        add(&mut gallery, &format!("a stage twice, {command}"), 2, &run);
    }
    let run = in_a_repository("build").env("EXPORT_TEMPLATE_PROD_CONFIG", "staging-config-export.json");
    add(&mut gallery, "a config on another one's place", 2, &run);
    add(
        &mut gallery,
        "the template on the record's place",
        2,
        &in_a_repository("build --export-template release.json"),
    );
    assert_snapshot!("written_twice", gallery.text());
}

#[test]
fn no_variable_leads_an_output_out_of_the_output_directory() {
    for (variable, value) in [
        ("EXPORT_TEMPLATE_NAME", "../.."),
        ("EXPORT_TEMPLATE_NAME", "../x.yml"),
        ("EXPORT_TEMPLATE_NAME", "/tmp/x.yml"),
        ("EXPORT_TEMPLATE_PROD_CONFIG", "a/../../x.json"),
        ("PROD_CONFIG_NAME", "../x"),
        ("CFN_TEMPLATE_NAME", "../x"),
    ] {
        let template = read_from_project("seed-repo/endpoint-config-template.yml");
        let config = read_from_project("seed-repo/prod-config.json");
        let run = in_a_repository("build --input-dir in --output-dir in").env(variable, value);
        let run = run.file("x-template.yaml", &template).file("x-template.json", &config);
        let files = ["endpoint-config-template.yml", "staging-config.json", "prod-config.json"];
        let run = files
            .iter()
            .fold(run, |run, file| run.file(&format!("in/{file}"), read_from_project(&format!("seed-repo/{file}"))));
        let before = run.then("--version").run().files();
        let outcome = run.run().exits(2).says(&[&format!("variable {variable}"), "leads out of the output directory"]);
        assert_eq!(outcome.files(), before, "nothing is written");
    }
    in_a_repository("build").env("EXPORT_TEMPLATE_NAME", "./sub/t.yml").file("sub/x", "").run().succeeds();
}

#[test]
fn a_policy_of_others_keeps_its_numbers_and_one_with_a_name_twice_is_left_alone() {
    let merged = |policy: &str| {
        in_world("rehearse --approve --output-dir out", |world| {
            world["ModelPackageGroups"][0]["ResourcePolicy"] = policy.into();
        })
    };
    let number = "{\"NumericEquals\":{\"a:b\":[12345678901234567890123,0.10,1e2]}}";
    let theirs = format!(
        "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Sid\":\"Theirs\",\"Effect\":\"Deny\",\"Principal\":\"*\",\
         \"Action\":\"sagemaker:DeleteModelPackage\",\"Resource\":\"*\",\"Condition\":{number}}}]}}"
    );
    let outcome = merged(&theirs).run().succeeds();
    let policy = outcome.json("out/world.json")["ModelPackageGroups"][0]["ResourcePolicy"].clone();
    let policy = policy.as_str().expect("a policy");
    assert!(policy.contains(number) && policy.contains("ModeldeployGroup"), "{policy}");
    // A dry run shows it so, too.
    let build = in_world("build --dry-run --format", |world| {
        world["ModelPackageGroups"][0]["ResourcePolicy"] = theirs.clone().into();
    });
    for format in ["json", "text"] {
        let shown = build.clone().with(format).run().succeeds().stdout;
        for digits in ["12345678901234567890123", "0.10", "1e2"] {
            assert!(shown.lines().any(|line| line.trim().trim_end_matches(',') == digits), "{digits}: {shown}");
        }
    }
    let twice = theirs.replacen("\"Statement\"", "\"Statement\":[],\"Statement\"", 1);
    let outcome = merged(&twice).run().exits(1).says(&["not one to merge into", "\"Statement\" stands twice"]);
    assert_eq!(outcome.json("out/world.json")["ModelPackageGroups"][0]["ResourcePolicy"], twice.as_str());
}

#[test]
fn an_output_that_cannot_be_written_leaves_nothing_half_written() {
    let mut gallery = Gallery::default();
    let run = in_a_repository("build --output-dir out").file("out", "a file\n");
    add(&mut gallery, "a file in the folder's place", 1, &run);
    add(&mut gallery, "a file above the folder", 1, &run.then("build --output-dir out/deep"));
    // The record is the last one written: the others must not be there without it.
    let run = in_a_repository("build --output-dir out").file("out/release.json/x", "");
    add(&mut gallery, "a folder in a file's place", 1, &run);
    assert_snapshot!("unwritable", gallery.text());
}

#[test]
fn a_world_that_is_none_is_said_with_line_and_column() {
    let mut gallery = Gallery::default();
    let world = |name: &str, text: &str| in_a_repository("build").env("MODELDEPLOY_OFFLINE", name).file(name, text);
    let missing = in_a_repository("build --offline none.json");
    add(&mut gallery, "no such file", 2, &missing);
    add(&mut gallery, "no JSON", 2, &world("w.json", "{\"Caller\": {},\n \"Region\": us-east-1}"));
    add(&mut gallery, "no YAML", 2, &world("w.yml", "Caller: {Account: '1'\nRegion: us-east-1\n"));
    add(&mut gallery, "nothing in it", 2, &world("w.yml", ""));
    let caller = r#"{"Caller": {"Account": "111111111111", "Arn": "arn"}"#;
    let json = format!("{caller},\n \"Region\": \"us-east-1\",\n \"Endpionts\": []}}");
    add(&mut gallery, "an unknown field", 2, &world("w.json", &json));
    add(&mut gallery, "no Region", 2, &world("w.json", &format!("{caller}}}")));
    let json = format!("{caller},\n \"Region\": \"us-east-1\",\n \"Endpoints\": [{{\"EndpointName\": 3}}]}}");
    add(&mut gallery, "a wrong type", 2, &world("w.json", &json));
    let yaml = "Caller: {Account: '111111111111', Arn: arn}\nRegion: us-east-1\n";
    add(&mut gallery, "a mapping for a list", 2, &world("w.yml", &format!("{yaml}Roots: {{Id: r-ab12}}\n")));
    let time = "ModelPackageGroups:\n  - ModelPackageGroupName: a\n    ModelPackageGroupArn: arn\n    ModelPackages:\n      \
                - {ModelPackageArn: arn, ModelPackageVersion: 1, ModelPackageStatus: Completed, CreationTime: today}\n";
    add(&mut gallery, "no time", 2, &world("w.yml", &format!("{yaml}{time}")));
    assert_snapshot!("worlds", gallery.text());
}
