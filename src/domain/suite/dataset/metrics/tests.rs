//! The metrics against those that scikit-learn computes, and what cannot be judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::super::body::BodyFormat;
use super::super::spec::DatasetSpec;
use super::*;
use crate::domain::report::results::Residuals;

/// What tests/reference/metrics.py had scikit-learn compute.
const REFERENCE: &str = include_str!("../../../../../tests/reference/metrics.json");

#[derive(Deserialize)]
struct Reference {
    classification: Vec<Problem>,
    probabilities: Vec<Problem>,
    ranking: Vec<Problem>,
    regression: Vec<Problem>,
    queries: Vec<Problem>,
    recommendations: Vec<Problem>,
    ranked_classes: Vec<Problem>,
    outputs: Vec<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    truth: Vec<Value>,
    #[serde(default)]
    predicted: Vec<Value>,
    #[serde(default)]
    scores: Vec<f64>,
    #[serde(default)]
    queries: Vec<String>,
    #[serde(default)]
    ranked: Vec<Value>,
    #[serde(default)]
    classes: Vec<Value>,
    #[serde(default)]
    probabilities: Vec<Vec<f64>>,
    k: Option<usize>,
    quantile: Option<f64>,
    positive: Option<Value>,
    threshold: Option<f64>,
    metrics: BTreeMap<String, f64>,
    #[serde(default)]
    labels: Vec<Value>,
    #[serde(default)]
    confusion: Vec<Vec<u64>>,
    residuals: Option<Residuals>,
}

fn reference() -> Reference {
    serde_json::from_str(REFERENCE).expect("the reference")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn case_of(yaml: &str) -> DatasetCase {
    let yaml = format!("{{file: x.csv, label: y, {yaml}}}");
    serde_yaml::from_str::<DatasetSpec>(&yaml).expect("valid").compile().expect("compiles")
}

fn dataset_of(case: &DatasetCase, text: &str) -> Dataset {
    Dataset::read(case, Arc::new(text.as_bytes().to_vec())).expect("a dataset")
}

/// Sends all batches; answers them one after the other.
fn evaluate(
    case: &DatasetCase,
    dataset: &Dataset,
    mut answer: impl FnMut(Range<usize>) -> Result<Predictions, String>,
) -> Result<DatasetReport, Vec<String>> {
    let mut evaluation = Evaluation::new(case, dataset);
    for batch in dataset.batches(case, BodyFormat::Csv { header: false }) {
        let batch = batch.expect("rows");
        evaluation.add(&batch, answer(batch.rows.clone()));
    }
    evaluation.finish()
}

/// Goes the whole way: the truth through a file, the predictions through answers of several rows.
fn run(yaml: &str, truth: &[Value], answers: &[Value]) -> DatasetReport {
    let case = case_of(&format!("batch_size: 7, {yaml}"));
    let lines: Vec<_> = truth.iter().map(|label| format!("1,{}", text(label))).collect();
    let dataset = dataset_of(&case, &format!("a,y\n{}", lines.join("\n")));
    let read = |rows: Range<usize>| {
        let body = serde_json::to_vec(&answers[rows.clone()]).expect("JSON");
        case.read_answer(Some("application/json"), &body, rows.len())
    };
    evaluate(&case, &dataset, read).expect("answers to all")
}

/// The same, through a file that holds lists.
fn run_lines(yaml: &str, rows: &[Value], answers: &[Value]) -> Result<DatasetReport, Vec<String>> {
    let yaml = format!("{{file: x.jsonl, label: y, batch_size: 7, {yaml}}}");
    let mut case = serde_yaml::from_str::<DatasetSpec>(&yaml).expect("valid").compile().expect("compiles");
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let dataset = dataset_of(&case, &lines.join("\n"));
    case.has_lists = dataset.has_lists();
    let read = |rows: Range<usize>| {
        let body = serde_json::to_vec(&answers[rows.clone()]).expect("JSON");
        case.read_answer(Some("application/json"), &body, rows.len())
    };
    evaluate(&case, &dataset, read)
}

fn with_label(labels: &[Value]) -> Vec<Value> {
    labels.iter().map(|label| serde_json::json!({"a": 1, "y": label})).collect()
}

fn k_of(problem: &Problem) -> String {
    problem.k.map(|k| format!(", k: {k}")).unwrap_or_default()
}

#[test]
fn rankings_are_judged_as_scikit_learn_does() {
    let Reference { queries, recommendations, .. } = reference();
    for (number, problem) in queries.iter().enumerate() {
        let row = |(label, query): (&Value, &String)| serde_json::json!({"a": 1, "y": label, "q": query});
        let rows: Vec<Value> = problem.truth.iter().zip(&problem.queries).map(row).collect();
        let scores: Vec<Value> = problem.scores.iter().map(|score| Value::from(*score)).collect();
        let yaml = format!("query: q, prediction: '$[*]'{}", k_of(problem));
        let report = run_lines(&yaml, &rows, &scores).expect("answers to all");
        assert_metrics(&report.metrics, &problem.metrics, number);
        assert_eq!(report.metrics.len(), problem.metrics.len());
    }
    for (number, problem) in recommendations.iter().enumerate() {
        let yaml = format!("task: ranking, prediction: {{ranked: '$[*]'}}{}", k_of(problem));
        let report = run_lines(&yaml, &with_label(&problem.truth), &problem.ranked).expect("answers to all");
        assert_metrics(&report.metrics, &problem.metrics, number);
    }
}

#[test]
fn ranked_classes_are_judged_as_scikit_learn_does() {
    for (number, problem) in reference().ranked_classes.iter().enumerate() {
        let yaml = format!("prediction: {{ranked: '$[*]'}}{}", k_of(problem));
        let report = run(&yaml, &problem.truth, &problem.ranked);
        assert_metrics(&report.metrics, &problem.metrics, number);
    }
    let label = |label: &str| serde_json::json!([{"label": label, "score": 0.9}, {"label": "b", "score": 0.1}]);
    let report = run("prediction: {ranked: '$[*]'}, k: 2", &["b".into(), "c".into()], &[label("a"), label("c")]);
    assert_eq!((report.metrics["top_k_accuracy"], report.metrics["accuracy"]), (1.0, 0.5));
}

#[test]
fn several_numbers_a_row_are_judged_as_scikit_learn_does() {
    for (number, problem) in reference().outputs.iter().enumerate() {
        let quantile = problem.quantile.expect("a quantile");
        let yaml = format!("prediction: '$[*]', task: regression, quantile: {quantile}");
        let report = run_lines(&yaml, &with_label(&problem.truth), &problem.predicted).expect("answers to all");
        assert_metrics(&report.metrics, &problem.metrics, number);
        assert_eq!(report.metrics.len(), problem.metrics.len());
    }
    let lists = |texts: [&str; 2]| texts.map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    for (truth, answers, message) in [
        (["[1, 2]", "[3, 4]"], ["[1, 2]", "[3]"], "row 2: expected 2 numbers as in the first row, got 1 in the answer"),
        (["[1, 2]", "[3]"], ["[1, 2]", "[3]"], "row 2: expected 2 numbers as in the first row, got 1 in its label"),
        (["[1, 2]", "[3, 4]"], ["[1, 2]", "[3, \"x\"]"], "expected numbers at $[*], got \"[3,\"x\"]\" for row 2"),
    ] {
        let yaml = "prediction: '$[*]', task: regression";
        let wrong = run_lines(yaml, &with_label(&lists(truth)), &lists(answers)).expect_err(message);
        assert!(wrong[0].contains(message), "{wrong:?}");
    }
}

#[test]
fn a_list_is_a_class_like_any_other() {
    let rows = with_label(&[serde_json::json!(["a", 1]), serde_json::json!([]), serde_json::json!(["b"])]);
    let answers = [serde_json::json!(["a", 1.0]), serde_json::json!([]), serde_json::json!(["a"])];
    let report = run_lines("prediction: '$[*]'", &rows, &answers).expect("answers to all");
    assert_eq!((report.metrics["correct"], report.metrics["wrong"]), (2.0, 1.0));
    // A model with one output answers lists of one
    let report = run("prediction: '$[*]'", &[1.into(), 0.into()], &[serde_json::json!([1]), serde_json::json!([0])]);
    assert_eq!(report.metrics["accuracy"].to_string(), "1");
}

fn assert_metrics(got: &BTreeMap<String, f64>, wanted: &BTreeMap<String, f64>, problem: usize) {
    for (name, wanted) in wanted {
        let got = got.get(name).unwrap_or_else(|| panic!("problem {problem}: no {name}"));
        let tolerance = 1e-9 * wanted.abs().max(1e-3);
        assert!((got - wanted).abs() <= tolerance, "problem {problem}: {name} is {got}, not {wanted}");
    }
}

#[test]
fn classes_are_judged_as_scikit_learn_does() {
    for (number, problem) in reference().classification.iter().enumerate() {
        let positive = problem.positive.as_ref().expect("a positive class");
        let report = run(&format!("prediction: '$[*]', positive: {positive}"), &problem.truth, &problem.predicted);
        assert_metrics(&report.metrics, &problem.metrics, number);
        assert_eq!(report.metrics.len(), problem.metrics.len());
        let confusion = report.confusion.expect("a matrix");
        assert_eq!(confusion.labels, problem.labels.iter().map(text).collect::<Vec<_>>());
        assert_eq!(confusion.counts, problem.confusion);
        assert_eq!((report.rows, report.residuals), (problem.truth.len() as u64, None));
    }
}

#[test]
fn scores_are_judged_as_scikit_learn_does() {
    for (number, problem) in reference().ranking.iter().enumerate() {
        let threshold = problem.threshold.expect("a threshold");
        let yaml = format!("score: '$[*]', threshold: {threshold}, positive: 'yes'");
        let scores: Vec<Value> = problem.scores.iter().map(|score| Value::from(*score)).collect();
        assert_metrics(&run(&yaml, &problem.truth, &scores).metrics, &problem.metrics, number);
    }
}

#[test]
fn probabilities_are_judged_as_scikit_learn_does() {
    for (number, problem) in reference().probabilities.iter().enumerate() {
        let classes = serde_json::to_string(&problem.classes).expect("JSON");
        let k = problem.k.map(|k| format!(", k: {k}")).unwrap_or_default();
        let gate = if problem.metrics.contains_key("roc_auc_ovr") { "roc_auc_ovr" } else { "log_loss" };
        let yaml = format!("prediction: {{highest: '$[*]', classes: {classes}}}, gates: {{{gate}: {{max: 1}}}}{k}");
        let answers: Vec<Value> = problem.probabilities.iter().map(|row| row.clone().into()).collect();
        let report = run(&yaml, &problem.truth, &answers);
        assert_metrics(&report.metrics, &problem.metrics, number);
        // A class without rows has no area
        assert_eq!(report.metrics.contains_key("roc_auc_ovr"), problem.metrics.contains_key("roc_auc_ovr"));
    }
}

#[test]
fn probabilities_that_no_metric_can_be_had_of_fail_the_case_that_asks_for_one() {
    let run = |more: &str, answer: &str| {
        let case = case_of(&format!("prediction: {{highest: '$[*]'}}, {more}"));
        let dataset = dataset_of(&case, "a,y\n1,2\n");
        evaluate(&case, &dataset, |_| case.read_answer(None, answer.as_bytes(), 1))
    };
    let gate = "gates: {log_loss: {max: 1}}";
    for (more, answer, message) in [
        (gate, "[[0.1, 0.9]]", "row 1: has the label \"2\", which is none of the classes 0, 1"),
        (gate, "[[-1, 0, 2]]", "row 1: has -1 as a probability, which is from 0 to 1"),
        ("positive: 2", "[[0.1, 0.9]]", "row 1: has the positive class \"2\", which is none of the classes 0, 1"),
    ] {
        let wrong = run(more, answer).expect_err(answer);
        assert!(wrong[0].starts_with(message), "{wrong:?}");
    }
    let report = run("gates: {accuracy: {min: 1}}", "[[-1, 0, 2]]").expect("scores will do");
    assert_eq!((report.metrics["accuracy"], report.metrics.get("log_loss")), (1.0, None));
}

#[test]
fn a_class_of_its_own_gate_is_reported() {
    let truth = ["1", "1.0", "a", "b"].map(Value::from);
    let yaml = "prediction: '$[*]', gates: {recall_of: {1: {min: 1}, a: {min: 1}}}";
    let report = run(yaml, &truth, &[1.into(), 2.into(), "a".into(), "a".into()]);
    assert_eq!((report.metrics["recall_of[1]"], report.metrics["recall_of[a]"]), (0.5, 1.0));
    assert_eq!(report.metrics.get("recall_of[b]"), None);
}

#[test]
fn numbers_are_judged_as_scikit_learn_does() {
    for (number, problem) in reference().regression.iter().enumerate() {
        let quantile = problem.quantile.expect("a quantile");
        let yaml = format!("prediction: '$[*]', task: regression, quantile: {quantile}");
        let report = run(&yaml, &problem.truth, &problem.predicted);
        assert_metrics(&report.metrics, &problem.metrics, number);
        assert_eq!(report.metrics.len(), problem.metrics.len());
        let flat = |residuals: Option<Residuals>| -> BTreeMap<String, f64> {
            serde_json::from_value(serde_json::to_value(residuals.expect("residuals")).expect("JSON")).expect("a map")
        };
        assert_metrics(&flat(report.residuals), &flat(problem.residuals), number);
        assert_eq!(report.confusion, None);
    }
}

#[test]
fn one_batch_without_a_usable_answer_fails_the_case() {
    let case = case_of("prediction: '$[*]', batch_size: 2");
    let dataset = dataset_of(&case, "a,y\n1,1\n1,1\n1,1\n1,1\n1,1");
    let good =
        |rows: usize| Ok(Predictions { values: vec![Cell::Literal("1".to_owned()); rows], ..Predictions::default() });
    assert!(evaluate(&case, &dataset, |rows| good(rows.len())).is_ok());
    let broken = |rows: Range<usize>| {
        if rows.start == 2 { Err("the model answered 500".into()) } else { good(rows.len()) }
    };
    assert_eq!(evaluate(&case, &dataset, broken), Err(vec!["rows 3 to 4: the model answered 500".into()]));
    let short = evaluate(&case, &dataset, |_| good(1));
    assert_eq!(
        short,
        Err(vec![
            "rows 1 to 2: expected 2 predictions, got 1".into(),
            "rows 3 to 4: expected 2 predictions, got 1".into()
        ])
    );
    let mut unfinished = Evaluation::new(&case, &dataset);
    let first = dataset.batches(&case, BodyFormat::Csv { header: false }).next().expect("a batch").expect("rows");
    unfinished.add(&first, good(2));
    assert_eq!(unfinished.finish(), Err(vec!["rows 3 to 5: no answer".into()]));
    let case = case_of("prediction: '$[*]', score: $, positive: 1, batch_size: 5");
    let dataset = dataset_of(&case, "a,y\n1,1\n1,1\n1,1\n1,1\n1,0");
    let wrong = evaluate(&case, &dataset, |rows| good(rows.len()));
    assert_eq!(wrong, Err(vec!["rows 1 to 5: expected 5 scores, got 0".into()]));
}

#[test]
fn a_thousand_batches_without_an_answer_are_not_told_one_by_one() {
    let case = case_of("prediction: '$[*]'");
    let dataset = dataset_of(&case, &format!("a,y\n{}", "1,1\n".repeat(1000)));
    let told = evaluate(&case, &dataset, |_| Err("no answer".to_owned())).expect_err("no answers");
    assert_eq!((told.len(), told[100].as_str()), (101, "and 900 other requests without a usable answer"));
}

#[test]
fn a_prediction_is_compared_by_what_it_is_and_not_how_it_is_written() {
    let truth = ["1", "1.0", "a", "true"].map(Value::from);
    let report = run("prediction: '$[*]'", &truth, &[1.0.into(), 1.into(), "a".into(), true.into()]);
    assert_eq!(report.metrics.get("accuracy"), Some(&1.0));
    let report = run("prediction: '$[*]'", &truth, &["01".into(), true.into(), "A".into(), 1.into()]);
    assert_eq!((report.metrics["accuracy"], report.metrics["wrong"]), (0.0, 4.0));
}

fn labels() -> impl Strategy<Value = Vec<(Value, Value)>> {
    let label = prop::sample::select(vec![1.into(), 2.into(), Value::from("a"), "b".into()]);
    prop::collection::vec((label.clone(), label), 1..40)
}

fn numbers() -> impl Strategy<Value = Vec<(Value, Value)>> {
    let number = (-1e6_f64..1e6).prop_map(Value::from);
    prop::collection::vec((number.clone(), number), 1..40)
}

/// Both kinds are there, and few scores make many ties.
fn scored() -> impl Strategy<Value = Vec<(Value, Value)>> {
    let rows = prop::collection::vec((any::<bool>(), 0..5_u8), 0..40);
    rows.prop_map(|mut rows| {
        rows.extend([(true, 1), (false, 2)]);
        rows.into_iter().map(|(truth, score)| (truth.into(), score.into())).collect()
    })
}

fn run_scores(pairs: &[(Value, Value)]) -> DatasetReport {
    let (truth, scores): (Vec<Value>, Vec<Value>) = pairs.iter().cloned().unzip();
    let report = run("score: '$[*]', threshold: 2, positive: true", &truth, &scores);
    assert!(report.metrics.contains_key("roc_auc"));
    report
}

fn run_pairs(yaml: &str, pairs: &[(Value, Value)]) -> DatasetReport {
    let (truth, predicted): (Vec<Value>, Vec<Value>) = pairs.iter().cloned().unzip();
    run(&format!("prediction: '$[*]', {yaml}"), &truth, &predicted)
}

proptest! {
    #[test]
    fn the_order_of_rows_changes_nothing(
        (classes, shuffled) in labels().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        (numbers, mixed) in numbers().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        (scored, stirred) in scored().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        prop_assert_eq!(run_pairs("", &classes), run_pairs("", &shuffled));
        prop_assert_eq!(run_pairs("task: regression", &numbers), run_pairs("task: regression", &mixed));
        prop_assert_eq!(run_scores(&scored), run_scores(&stirred));
    }

    #[test]
    fn perfect_predictions_are_perfect(classes in labels(), numbers in numbers()) {
        let perfect: Vec<_> = classes.into_iter().map(|(truth, _)| (truth.clone(), truth)).collect();
        let report = run_pairs("", &perfect);
        for (name, value) in &report.metrics {
            let wanted = match name.as_str() {
                "correct" => f64::from(u32::try_from(perfect.len()).expect("few")),
                "wrong" => 0.0,
                // Of a single class there is no correlation
                "mcc" if report.confusion.as_ref().is_some_and(|matrix| matrix.labels.len() == 1) => 0.0,
                _ => 1.0,
            };
            prop_assert!((value - wanted).abs() < 1e-12, "{} is {}", name, value);
        }
        let perfect: Vec<_> = numbers.into_iter().map(|(truth, _)| (truth.clone(), truth)).collect();
        for (name, value) in &run_pairs("task: regression", &perfect).metrics {
            prop_assert_eq!(Some(value), Some(if name == "r2" { &1.0 } else { &0.0 }), "{}", name);
        }
    }
}
