//! The model before: figures that are held against those of an earlier run.

use serde_json::{Value, json};

use crate::support::{ModelServer, Outcome, Run, case_of, read_from_project};

const CASES: &str = "
cases:
  - name: holdout
    dataset: {file: holdout.csv, label: species, features: [sepal_length, sepal_width, petal_length, petal_width],
              batch_size: 25, prediction: '$.predictions[*].label'}
    against_baseline: BOUNDS
";

/// A test of that server with these bounds, `more` being at the head of the cases.
fn test(server: &ModelServer, more: &str, bounds: &str) -> Run {
    let cases = format!("version: 1\n{more}{}", CASES.replace("BOUNDS", bounds));
    let run = Run::new("test --model-url").with(&server.url).file("test/cases.yml", cases);
    run.file("test/holdout.csv", read_from_project("test/holdout.csv"))
}

/// The results of a run in which all went as it should, with that accuracy.
fn before(server: &ModelServer, accuracy: f64) -> String {
    let cases = CASES.replace("    against_baseline: BOUNDS\n", "");
    let run = Run::new("test --model-url").with(&server.url).file("test/cases.yml", format!("version: 1{cases}"));
    let run = run.file("test/holdout.csv", read_from_project("test/holdout.csv"));
    let mut results = run.run().succeeds().json("test-results.json");
    let case = &mut results["accounts"][0]["cases"][0];
    case["dataset"]["metrics"]["accuracy"] = json!(accuracy);
    case["dataset"]["confusion"] = Value::Null;
    for figure in ["p95", "p99", "max"] {
        case["latencyMs"][figure] = json!(100_000.0);
    }
    results.to_string()
}

fn failures(outcome: &Outcome) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let case = case_of(outcome);
    let all = case["failures"].as_array().expect("a list").iter();
    all.map(|failure| (text(&failure["kind"]), text(&failure["message"]))).collect()
}

#[test]
fn a_figure_that_is_worse_than_it_may_be_fails_the_case_and_is_shown_first() {
    let server = ModelServer::start("");
    let bounds = "{accuracy: {fall: 0.01}, p95_ms: {rise: 20%}}";
    // The sample's model reaches 0.9667.
    let run = test(&server, "baseline: live.json\n", bounds).file("test/live.json", before(&server, 0.97));
    let outcome = run.clone().with("--html").with("page.html").run().succeeds();
    assert!(
        outcome
            .stdout
            .contains("ok   against the model before: holdout: accuracy may fall by 0.01 from the baseline's 0.97"),
        "{}",
        outcome.stdout
    );
    let figures = case_of(&outcome)["baseline"].clone();
    assert_eq!(
        (&figures[0]["name"], &figures[0]["passes"], &figures[1]["name"]),
        (&json!("accuracy"), &json!(true), &json!("p95_ms"))
    );
    let page = outcome.text("page.html");
    let (held, all) =
        (page.find("Against the model before").expect("a part"), page.find("Case by case").expect("a part"));
    assert!(held < all && page.contains("No figure is worse than it may be."));

    // The flag takes the place of what the cases name.
    let run = run.file("better.json", before(&server, 0.99)).with("--baseline").with("better.json");
    let outcome = run.run().exits(3);
    let said = "accuracy may fall by 0.01 from the baseline's 0.99, and is 0.966667";
    assert_eq!(failures(&outcome), [("baseline".to_owned(), said.to_owned())]);
    assert_eq!(outcome.json("test-results.json")["baseline"]["file"], "better.json");
    assert!(outcome.stdout.contains(&format!("FAIL against the model before: holdout: {said}")), "{}", outcome.stdout);
}

#[test]
fn a_baseline_that_is_of_no_use_is_named_before_anything_is_sent() {
    let server = ModelServer::start("");
    let good = before(&server, 0.97);
    let accuracy = "{accuracy: {fall: 0.01}}";
    let other_version = good.replacen("\"schemaVersion\":1", "\"schemaVersion\":9", 1);
    let other_case = good.replace("\"holdout\"", "\"another\"");
    for (text, bounds, said) in [
        ("{", accuracy, "live.json:1:1: is not valid JSON"),
        (other_version.as_str(), accuracy, "has schemaVersion 9"),
        (
            &other_case,
            accuracy,
            "case \"holdout\" has an against_baseline, and live.json has no results of such a case",
        ),
        (&good, "{f1: {fall: 0.01}}", "has an against_baseline of f1, which live.json does not have of this case"),
        (&good, "{acuracy: {fall: 0.01}}", "which is no figure\nhint: did you mean \"accuracy\"?"),
    ] {
        let run = test(&server, "baseline: live.json\n", bounds).file("test/live.json", text);
        run.run().exits(2).says(&[said]);
    }
    test(&server, "baseline: gone.json\n", accuracy).run().exits(2).says(&["cannot read test/gone.json"]);
    test(&server, "", accuracy).run().exits(2).says(&["has an against_baseline, and there is no baseline"]);
    assert_eq!(server.answered().len(), 4, "a ping and three batches, when the baseline was made");
}

#[test]
fn what_a_model_answers_now_becomes_expectations_that_it_meets() {
    let server = ModelServer::start("");
    let cases = read_from_project("test/cases.yml");
    let run = Run::new("test --model-url").with(&server.url).file("test/cases.yml", cases);
    let run = run.file("test/holdout.csv", read_from_project("test/holdout.csv"));
    let recording = run.clone().with("--record-answers").with("test/new.yml");
    let outcome = recording.run().succeeds().says(&["wrote test/new.yml: expectations of 6 cases, for review"]);
    let written = outcome.text("test/new.yml");
    for part in [
        "# Review it",
        "within: {value: 0.9752, tolerance: 0.009752",
        "equals: \"setosa\"",
        "model_error: {status: 400, message_matches: ",
    ] {
        assert!(written.contains(part), "{part} is not in:\n{written}");
    }
    let again = run.clone().with("--cases").with("test/new.yml");
    again.run().succeeds().says(&["7/7 cases"]);
    // Another model does not meet them.
    let other = ModelServer::start("--flip");
    let other = Run::new("test --cases test/new.yml --model-url").with(&other.url).file("test/new.yml", &written);
    other.file("test/holdout.csv", read_from_project("test/holdout.csv")).run().exits(3);

    recording.run().exits(2).says(&["test/new.yml is there already, and --record-answers replaces nothing"]);
    let elsewhere = run.clone().with("--record-answers").with("new.yml");
    elsewhere.run().exits(2).says(&["new.yml is not beside test/cases.yml, which names files beside itself"]);
    let of_unit = Run::new("test --record-answers new.yml --role-name r --organizational-unit ou-ab12-cdef3456");
    of_unit.run().exits(2).says(&["--record-answers records one endpoint or server"]);
}
