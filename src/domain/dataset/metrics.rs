//! From the answers to all batches of a dataset to its results, batch by batch.

use std::ops::Range;

use super::Dataset;
use super::batch::Batch;
use super::case::{DatasetCase, Predictions, Reading};
use super::class::finite_number;
use super::gate::Task;
use super::regression::{self, Numbers};
use super::written::Written;
use crate::domain::count::counted;
use crate::domain::test_report::DatasetReport;

/// So many batches without a usable answer are told; a thousand help nobody.
const MOST_TOLD: usize = 100;

/// Compares what was predicted with what is true, over every row of the dataset.
pub struct Evaluation<'a> {
    case: &'a DatasetCase,
    dataset: &'a Dataset,
    rows: usize,
    unusable: Vec<String>,
    untold: usize,
    classes: Written,
    numbers: Numbers,
}

impl<'a> Evaluation<'a> {
    pub fn new(case: &'a DatasetCase, dataset: &'a Dataset) -> Self {
        let (classes, numbers) = (Written::default(), Numbers::default());
        Self { case, dataset, rows: 0, unusable: Vec::new(), untold: 0, classes, numbers }
    }

    /// Takes in the answer to the next batch: what it predicts, or why it is of no use.
    pub fn add(&mut self, batch: &Batch, answer: Result<Predictions, String>) {
        let Batch { rows, labels, .. } = batch;
        self.rows += rows.len();
        let usable = answer.and_then(|answer| match answer.lack(self.case, rows.len()) {
            Some(lack) => Err(lack),
            None => Ok(answer),
        });
        match usable {
            Err(reason) => self.miss(format!("{}: {reason}", named(rows))),
            // The metrics of the rest would be of another dataset
            Ok(_) if !self.unusable.is_empty() => {}
            Ok(answer) if self.case.task == Task::Regression => {
                // Both were found to be numbers when they were read.
                let pairs = labels.iter().zip(&answer.values);
                let pairs =
                    pairs.filter_map(|(truth, value)| finite_number(truth.text()).zip(finite_number(value.text())));
                pairs.for_each(|(truth, predicted)| self.numbers.add(truth, predicted));
            }
            Ok(answer) => {
                for (row, label) in labels.iter().enumerate() {
                    self.classes.add(label, answer.values.get(row), answer.scores.get(row).copied());
                }
            }
        }
    }

    /// Says why there is no answer that could be judged.
    pub fn miss(&mut self, reason: String) {
        if self.unusable.len() < MOST_TOLD { self.unusable.push(reason) } else { self.untold += 1 }
    }

    /// The results.
    ///
    /// # Errors
    /// Which rows have no usable answer, and why.
    pub fn finish(mut self) -> Result<DatasetReport, Vec<String>> {
        if self.unusable.is_empty() && self.rows < self.dataset.row_count() {
            self.miss(format!("{}: no answer", named(&(self.rows..self.dataset.row_count()))));
        }
        if self.untold > 0 {
            self.unusable.push(format!("and {} without a usable answer", counted(self.untold, "other request")));
        }
        if !self.unusable.is_empty() {
            return Err(self.unusable);
        }
        let rows = self.rows as u64;
        if self.case.task == Task::Regression {
            let (metrics, residuals) = regression::evaluate(self.numbers);
            return Ok(DatasetReport { rows, metrics, confusion: None, residuals });
        }
        let threshold = match &self.case.reading {
            Reading::Threshold { threshold, .. } => Some(*threshold),
            Reading::Picked { .. } => None,
        };
        let (counts, positive, scores) = self.classes.classified(self.case.positive.as_deref(), threshold);
        let mut metrics = counts.metrics(positive.as_ref());
        metrics.extend(scores.roc_auc().map(|area| ("roc_auc".to_owned(), area)));
        Ok(DatasetReport { rows, metrics, confusion: counts.confusion(), residuals: None })
    }
}

/// Rows are counted from 1, the header left out.
fn named(rows: &Range<usize>) -> String {
    if rows.len() == 1 { format!("row {}", rows.end) } else { format!("rows {} to {}", rows.start + 1, rows.end) }
}

impl Predictions {
    /// What is not there, or there without use, for each of the batch's rows.
    fn lack(&self, case: &DatasetCase, rows: usize) -> Option<String> {
        let needs = &case.reading;
        [("prediction", needs.has_values(), self.values.len()), ("score", needs.has_scores(), self.scores.len())]
            .into_iter()
            .map(|(what, needed, got)| (what, if needed { rows } else { 0 }, got))
            .find(|(_, expected, got)| expected != got)
            .map(|(what, expected, got)| format!("expected {}, got {got}", counted(expected, what)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;

    use super::super::Cell;
    use super::super::body::BodyFormat;
    use super::super::spec::DatasetSpec;
    use super::*;
    use crate::domain::test_report::Residuals;

    /// What tests/reference/metrics.py had scikit-learn compute.
    const REFERENCE: &str = include_str!("../../../tests/reference/metrics.json");

    #[derive(Deserialize)]
    struct Reference {
        classification: Vec<Problem>,
        ranking: Vec<Problem>,
        regression: Vec<Problem>,
    }

    #[derive(Deserialize)]
    struct Problem {
        truth: Vec<Value>,
        #[serde(default)]
        predicted: Vec<Value>,
        #[serde(default)]
        scores: Vec<f64>,
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
        for batch in dataset.batches(case, BodyFormat::Csv) {
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
    fn numbers_are_judged_as_scikit_learn_does() {
        for (number, problem) in reference().regression.iter().enumerate() {
            let report = run("prediction: '$[*]', task: regression", &problem.truth, &problem.predicted);
            assert_metrics(&report.metrics, &problem.metrics, number);
            assert_eq!(report.metrics.len(), problem.metrics.len());
            let flat = |residuals: Option<Residuals>| -> BTreeMap<String, f64> {
                serde_json::from_value(serde_json::to_value(residuals.expect("residuals")).expect("JSON"))
                    .expect("a map")
            };
            assert_metrics(&flat(report.residuals), &flat(problem.residuals), number);
            assert_eq!(report.confusion, None);
        }
    }

    #[test]
    fn one_batch_without_a_usable_answer_fails_the_case() {
        let case = case_of("prediction: '$[*]', batch_size: 2");
        let dataset = dataset_of(&case, "a,y\n1,1\n1,1\n1,1\n1,1\n1,1");
        let good = |rows: usize| {
            Ok(Predictions { values: vec![Cell::Literal("1".to_owned()); rows], ..Predictions::default() })
        };
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
        let first = dataset.batches(&case, BodyFormat::Csv).next().expect("a batch").expect("rows");
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
}
