//! `modeldeploy report`, and the page that `test` and `rehearse` leave.

use serde_json::{Value, json};

use crate::support::Run;

fn results(version: u32, p50: f64) -> Value {
    let latency = json!({"min": p50, "mean": p50, "p50": p50, "p90": p50, "p95": p50, "p99": p50, "max": p50});
    json!({
        "schemaVersion": 1,
        "project": "churn",
        "stage": "staging",
        "modelPackageArn": format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/{version}"),
        "success": true,
        "startedAt": "2026-08-02T09:30:12Z",
        "finishedAt": "2026-08-02T09:34:24Z",
        "accounts": [{
            "accountId": "222222222222",
            "region": "us-east-1",
            "endpointName": "churn-staging",
            "endpointStatus": "InService",
            "success": true,
            "dataCapture": null,
            "liveModelPackageArns": [],
            "liveModelMatches": true,
            "cases": [{
                "name": "a <b>",
                "success": true,
                "invocations": 100,
                "errors": 0,
                "latencyMs": latency,
                "failures": []
            }],
            "errors": []
        }]
    })
}

#[test]
fn one_file_becomes_a_page_and_twice_the_same() {
    let run = Run::new("report test-results.json").file("test-results.json", results(4, 10.0).to_string());
    let first = run.run().succeeds().says(&["wrote test-results.html: 1 run"]).text("test-results.html");
    assert!(first.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"), "{first}");
    assert!(first.contains("PASSED") && first.contains("a &lt;b&gt;"), "{first}");
    let second = run.then("report test-results.json --output -").run().succeeds();
    assert_eq!(second.stdout, first);
    assert_eq!(second.stderr, "");
}

#[test]
fn several_files_stand_side_by_side() {
    let run = Run::new("report last.json this.json --output out/compared.html")
        .file("out/README.md", "")
        .file("last.json", results(3, 10.0).to_string())
        .file("this.json", results(4, 15.0).to_string());
    let page = run.run().succeeds().text("out/compared.html");
    for part in ["2 test runs compared", "+50% slower", "another package than run 1", "last.json", "this.json"] {
        assert!(page.contains(part), "\"{part}\" is not in the page");
    }
}

#[test]
fn what_is_no_results_file_is_named_with_its_place_and_nothing_is_written() {
    let mut newer = results(4, 10.0);
    newer["schemaVersion"] = json!(2);
    let mut broken = results(4, 10.0);
    broken["accounts"][0]["cases"][0]["invocations"] = json!("many");
    let outcome = Run::new("report none.json results.xml newer.json broken.json")
        .file("results.xml", "<testsuites/>")
        .file("newer.json", newer.to_string())
        .file("broken.json", serde_json::to_string_pretty(&broken).expect("writes"))
        .run()
        .exits(2)
        .says(&[
            "error: cannot read none.json",
            "error: results.xml:1:1: is not valid JSON",
            "error: newer.json:1:18: has schemaVersion 2",
            "hint: use the modeldeploy that wrote the file, or test again",
            "error: broken.json:23:26: is not a results file at accounts[0].cases[0].invocations",
            "hint: give a results file that `modeldeploy test` wrote",
        ]);
    assert_eq!(outcome.files().len(), 3, "{:?}", outcome.files());
}

#[test]
fn a_page_is_not_written_over_its_own_results() {
    let text = results(4, 10.0).to_string();
    let outcome =
        Run::new("report test-results.json --output ./test-results.json").file("test-results.json", &text).run();
    let outcome = outcome.exits(2).says(&["cannot write ./test-results.json", "cause: it is an input", "hint: "]);
    assert_eq!(outcome.text("test-results.json"), text);
}

#[test]
fn a_rehearsal_leaves_a_page_beside_its_results() {
    let outcome = Run::new("rehearse --approve").run().succeeds();
    let page = outcome.text("rehearsal/test-results.html");
    assert!(page.contains("PASSED") && page.contains("All 14 cases passed in 2 accounts."), "{page}");
}
