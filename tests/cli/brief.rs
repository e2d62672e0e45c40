//! `modeldeploy brief`, from the files that build and test left.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Gallery, Run, in_a_repository, read_from_project};

const PACKAGE: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/3";

/// A case, and what it took.
fn case(name: &str, millis: f64) -> Value {
    let latency = json!({"min": 1, "mean": millis, "p50": millis, "p90": millis, "p95": 2.0 * millis, "p99": 3.0 * millis, "max": 3.0 * millis});
    json!({"name": name, "success": true, "invocations": 100, "errors": 0, "latencyMs": latency, "failures": []})
}

fn holdout(accuracy: f64) -> Value {
    let mut case = case("holdout accuracy", 20.0);
    case["dataset"] =
        json!({"rows": 60, "metrics": {"accuracy": accuracy, "f1_macro": accuracy, "recall_of[setosa]": 1}});
    case
}

fn account(id: &str, cases: &[Value]) -> Value {
    json!({
        "accountId": id,
        "region": "us-east-1",
        "endpointName": "iris-staging",
        "endpointStatus": "InService",
        "success": true,
        "dataCapture": null,
        "liveModelPackageArns": [PACKAGE],
        "liveModelMatches": true,
        "cases": cases,
        "errors": []
    })
}

fn results(accounts: &[Value]) -> Value {
    json!({
        "schemaVersion": 1,
        "project": "iris",
        "stage": "staging",
        "modelPackageArn": PACKAGE,
        "success": true,
        "startedAt": "2026-10-06T08:00:00Z",
        "finishedAt": "2026-10-06T08:04:12Z",
        "accounts": accounts,
    })
}

fn passing() -> Value {
    results(&[account("222222222222", &[case("setosa", 4.0), holdout(0.9667)])])
}

/// One account that fails a case, another one without its role.
fn failing() -> Value {
    let mut wrong = case("setosa", 4.0);
    wrong["success"] = json!(false);
    wrong["failures"] =
        json!([{"kind": "wrong_json", "message": "$.label is \"rose\" | <b>@team</b>, expected \"setosa\""}]);
    let mut one = account("222222222222", &[wrong, holdout(0.9)]);
    let mut other = account("444444444444", &[]);
    other["errors"] = json!([{"kind": "assume_role", "message": "cannot assume role \"deploy\": AccessDenied"}]);
    other["liveModelMatches"] = Value::Null;
    for account in [&mut one, &mut other] {
        account["success"] = json!(false);
    }
    let mut results = results(&[one, other]);
    results["success"] = json!(false);
    results
}

fn in_many_accounts() -> Value {
    let accounts: Vec<Value> = (0..40)
        .map(|at| account(&format!("2222222222{at:02}"), &[case("setosa", 4.0 + f64::from(at)), holdout(0.9667)]))
        .collect();
    let mut results = results(&accounts);
    results["leftOut"] = json!([{"accountId": "333333333333", "reason": "it is SUSPENDED"}]);
    results
}

/// A release of version 1 in `before/`, and one of version 3 with another config here.
fn two_releases() -> Run {
    let run = in_a_repository("build --model-version 1 --output-dir before");
    run.run().succeeds();
    let config = read_from_project("seed-repo/prod-config.json").replace("\"2\"", "\"4\"");
    let run = run.then("build").file("prod-config.json", config);
    run.run().succeeds();
    run.file("baseline.json", results(&[account("222222222222", &[case("setosa", 3.0), holdout(0.95)])]).to_string())
}

/// What the command prints in each form.
fn forms(run: &Run, flags: &str) -> String {
    ["markdown", "text", "json"]
        .map(|form| run.then(&format!("brief {flags} --form {form}")).run().succeeds().stdout)
        .join("\n")
}

#[test]
fn an_approver_reads_what_is_known_in_three_forms() {
    let run = two_releases();
    let all = "--baseline baseline.json --previous before/release.json";
    for (name, results, flags) in
        [("passing", passing(), all), ("failing", failing(), ""), ("many_accounts", in_many_accounts(), "")]
    {
        let run = run.clone().file("test-results.json", results.to_string());
        assert_snapshot!(name, forms(&run, flags));
    }
}

#[test]
fn the_page_shows_what_the_command_prints() {
    let page = read_from_project("docs/brief.md");
    let run = two_releases().file("test-results.json", passing().to_string());
    for form in ["markdown", "text"] {
        let flags = "--baseline baseline.json --previous before/release.json";
        let shown = run.then(&format!("brief {flags} --form {form}")).run().succeeds().stdout;
        assert!(page.contains(&shown), "docs/brief.md does not show:\n{shown}");
    }
}

#[test]
fn json_is_what_the_schema_says_in_every_case() {
    let run = two_releases();
    let schema = run.then("brief --print-schema").run().succeeds().stdout;
    assert_eq!(schema, read_from_project("docs/brief.schema.json"));
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    for results in [passing(), failing(), in_many_accounts()] {
        let run = run.clone().file("test-results.json", results.to_string());
        for flags in ["", "--baseline baseline.json --previous before/release.json"] {
            let printed = run.then(&format!("brief {flags} --format json")).run().succeeds().stdout;
            let brief: Value = serde_json::from_str(&printed).expect("JSON");
            assert!(validator.is_valid(&brief), "{brief:#}");
        }
    }
}

#[test]
fn an_old_results_file_alone_is_enough() {
    let mut old = passing();
    for field in ["project", "stage", "modelPackageArn"] {
        old[field] = Value::Null;
    }
    let run = Run::new("brief --form text").file("test-results.json", old.to_string());
    let text = run.run().succeeds().stdout;
    assert!(
        text.starts_with("PASSED: 2 of 2 cases passed, 1 of 1 account; live in 1 of 1 account | scores: "),
        "{text}"
    );
    let elsewhere = run.then("brief --form text").env("EXPORT_TEST_RESULTS", "out/r.json");
    assert_eq!(elsewhere.file("out/r.json", old.to_string()).run().succeeds().stdout, text);
}

#[test]
fn all_that_is_wrong_with_the_files_is_said_at_once() {
    let run = two_releases().file("test-results.json", passing().to_string());
    let mut newer = passing();
    newer["schemaVersion"] = json!(2);
    let mut untrue = failing();
    untrue["success"] = json!(true);
    let record = std::fs::read_to_string(run.folder().join("release.json")).expect("written");
    let run = run
        .file("bad.xml", "<testsuites/>")
        .file("newer.json", serde_json::to_string_pretty(&newer).expect("writes"))
        .file("untrue.json", untrue.to_string())
        .file("other.json", record.replace("provenance/v1", "provenance/v2"))
        .file("of-version-3.json", &record);
    let mut gallery = Gallery::default();
    for (title, flags) in [
        ("none of the files", "--results bad.xml --release other.json --baseline newer.json --previous none.json"),
        ("a record of another package", "--release before/release.json"),
        ("no results", "--results none.json"),
        ("results that contradict themselves", "--results untrue.json"),
    ] {
        let outcome = run.then(&format!("brief {flags}")).run().exits(2);
        assert_eq!(outcome.stdout, "");
        gallery.add(title, &outcome);
    }
    let bare = Run::new("brief --previous before.json").file("test-results.json", passing().to_string());
    gallery.add("nothing to compare with", &bare.file("before.json", record).run().exits(2));
    assert_snapshot!("wrong", gallery.text());
}

#[test]
fn files_beside_a_record_tell_only_if_they_are_those_of_the_record() {
    let run = two_releases().file("test-results.json", passing().to_string());
    let brief = run.then("brief --previous before/release.json --format json");
    let changes = |run: &Run| -> Value {
        let printed: Value = serde_json::from_str(&run.run().succeeds().stdout).expect("JSON");
        printed["changes"].clone()
    };
    let parameter = json!([{"stage": "prod", "name": "EndpointInstanceCount", "change": "changed", "before": "2", "now": "4", "hidden": false}]);
    let known = changes(&brief);
    assert_eq!((&known["parameters"], &known["files"]), (&parameter, &json!([])));

    // Without the template, nobody knows what may be seen; without a config, its digest tells.
    std::fs::rename(run.folder().join("before/template-export.yml"), run.folder().join("kept.yml")).expect("there");
    let unknown = changes(&brief);
    assert_eq!((&unknown["parameters"][0]["hidden"], &unknown["parameters"][0]["now"]), (&json!(true), &Value::Null));
    std::fs::remove_file(run.folder().join("before/prod-config-export.json")).expect("there");
    let less = changes(&brief);
    let file = json!([{"name": "prod-config-export.json", "change": "changed"}]);
    assert_eq!((&less["parameters"], &less["files"]), (&json!([]), &file));

    let other = brief.clone().file("before/template-export.yml", "Resources: {}\n");
    other.run().exits(2).says(&[
        "error: before/template-export.yml: is not the file of the release record",
        "hint: take the files as the build left them",
    ]);
}

#[test]
fn a_value_of_no_echo_is_in_no_form() {
    let template = read_from_project("seed-repo/endpoint-config-template.yml");
    let template = template.replace("Parameters:\n", "Parameters:\n  Door: {Type: String, NoEcho: true}\n");
    let config = |code: &str| {
        let text = read_from_project("seed-repo/prod-config.json");
        text.replace("\"StageName\"", &format!("\"Door\": \"{code}\", \"StageName\""))
    };
    let staging = read_from_project("seed-repo/staging-config.json");
    let run = in_a_repository("build --output-dir before --model-version 1")
        .file("endpoint-config-template.yml", template)
        .file("staging-config.json", staging.replace("\"StageName\"", "\"Door\": \"open\", \"StageName\""))
        .file("prod-config.json", config("sesame-one"));
    run.run().succeeds();
    let run = run.then("build").file("prod-config.json", config("sesame-two"));
    run.run().succeeds();
    let run = run.file("test-results.json", passing().to_string());
    let shown = forms(&run, "--previous before/release.json");
    assert!(shown.contains("`Door` of `prod` changed, values not shown\n"), "{shown}");
    assert!(!shown.contains("sesame"), "{shown}");
}
