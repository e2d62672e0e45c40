//! `dataset` of a case: which file with known truth is sent, how the answers are read, and what is asked of them.

use std::collections::BTreeSet;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::case::{DatasetCase, DatasetFile, Format, Reading};
use super::column::Column;
use super::gate::{Gate, GatesSpec, Need, Task};
use super::prediction::Pick;

const MOST_ROWS_A_REQUEST: u32 = 10_000;

/// `dataset` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DatasetSpec {
    /// The file: a path relative to the suite's own, or an s3:// URI.
    file: String,
    /// By default what the file's name ends in: `.csv`, or `.jsonl`, `.jsonlines` or `.ndjson`.
    format: Option<Format>,
    /// Whether a CSV file starts with a header row; without one columns go by their number, counted from 0.
    header: Option<bool>,
    /// The columns to send, in the order in which they are sent; by default all but the label.
    features: Option<Vec<Column>>,
    /// The column that holds the truth.
    label: Column,
    /// How many rows go into one request; by default 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 10_000)))]
    batch_size: Option<u32>,
    /// By default what the gates are of, and classification without gates.
    task: Option<Task>,
    /// Where the answer has the predicted class or number of each row.
    prediction: Option<Pick>,
    /// The class that precision, recall, f1 and roc_auc are of.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "scalar_schema"))]
    positive: Option<Value>,
    /// Where the answer has the score of the positive class; the greater, the likelier.
    score: Option<Pick>,
    /// Instead of `prediction`: a row with this score or a greater one is predicted to be of the positive class.
    threshold: Option<f64>,
    /// Bounds by metric.
    #[serde(default)]
    gates: GatesSpec,
}

#[cfg(test)]
fn scalar_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["string", "number", "boolean"]})
}

impl DatasetSpec {
    /// The file as it is written.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Checks everything that can be checked without the file.
    ///
    /// # Errors
    /// All that is wrong, in words that follow the case's name.
    pub fn compile(self) -> Result<DatasetCase, Vec<String>> {
        let mut wrong = Vec::new();
        let file = DatasetFile::parse(&self.file).map_err(|error| wrong.push(error)).ok();
        let format = self.format.or_else(|| Format::of_name(&self.file));
        if format.is_none() {
            wrong.push(format!("needs dataset.format, csv or jsonl, as its file \"{}\" ends in neither", self.file));
        }
        let format = format.unwrap_or(Format::Csv);
        if format == Format::Jsonl && self.header.is_some() {
            wrong.push("has dataset.header, which only a csv file can have".to_owned());
        }
        let header = self.header.unwrap_or(true);
        wrong.extend(column_errors(&self.label, self.features.as_deref(), format, header));
        let batch_size = self.batch_size.unwrap_or(1);
        if !(1..=MOST_ROWS_A_REQUEST).contains(&batch_size) {
            wrong.push(format!("has a dataset.batch_size of {batch_size}: write 1 to {MOST_ROWS_A_REQUEST}"));
        }
        let gates = self.gates.compile().unwrap_or_else(|errors| {
            wrong.extend(errors);
            Vec::new()
        });
        let task = task(self.task, &gates).unwrap_or_else(|error| {
            wrong.push(error);
            Task::Classification
        });
        let positive = match self.positive {
            None => None,
            Some(Value::String(text)) => Some(text),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
            Some(_) => {
                wrong.push("has a dataset.positive that is no text, number or boolean".to_owned());
                None
            }
        };
        let has_score = self.score.is_some();
        if task == Task::Regression {
            let of_classes =
                [("positive", positive.is_some()), ("score", has_score), ("threshold", self.threshold.is_some())];
            let given = of_classes.into_iter().filter(|(_, given)| *given);
            wrong.extend(given.map(|(name, _)| format!("has dataset.{name}, which regression has no use for")));
        } else if has_score && positive.is_none() {
            wrong.push("has dataset.score, and needs dataset.positive: the class that the score is of".to_owned());
        }
        for Gate { metric, .. } in &gates {
            match metric.need {
                Need::Positive if positive.is_none() => wrong.push(format!(
                    "has a gate for {0}, and needs dataset.positive: the class that it is of (or take {0}_macro)",
                    metric.name
                )),
                Need::Score if !has_score => wrong.push(format!(
                    "has a gate for {}, and needs dataset.score: where the answer has the positive class's score",
                    metric.name
                )),
                _ => {}
            }
        }
        let reading = reading(self.prediction, self.score, self.threshold).map_err(|error| wrong.push(error)).ok();
        match (file, reading) {
            (Some(file), Some(reading)) if wrong.is_empty() => Ok(DatasetCase {
                file,
                format,
                header,
                features: self.features,
                label: self.label,
                batch_size: batch_size as usize,
                task,
                reading,
                positive,
                gates,
            }),
            _ => Err(wrong),
        }
    }
}

fn column_errors(label: &Column, features: Option<&[Column]>, format: Format, header: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let by_name = format == Format::Jsonl || header;
    for column in features.unwrap_or_default().iter().chain([label]) {
        match column {
            Column::Number(number) if by_name => wrong.push(format!(
                "has a dataset column by number, {number}: name it, or quote it if that is its name{}",
                if format == Format::Csv { ", or say header: false" } else { "" }
            )),
            Column::Name(name) if !by_name => wrong.push(format!(
                "has a dataset column by name, \"{name}\", and header: false: write its number, counted from 0"
            )),
            _ => {}
        }
    }
    if features.is_some_and(<[_]>::is_empty) {
        wrong.push("has a dataset without features: name one, or leave features away for all".to_owned());
    }
    let mut seen = BTreeSet::new();
    for feature in features.unwrap_or_default() {
        if feature == label {
            wrong.push(format!("has its label {label} among its features: the model would be told the truth"));
        } else if !seen.insert(feature) {
            wrong.push(format!("has the feature {feature} twice"));
        }
    }
    wrong
}

/// What is asked for, else what the gates are of.
fn task(asked: Option<Task>, gates: &[Gate]) -> Result<Task, String> {
    let first = |task| gates.iter().map(|gate| gate.metric).find(|metric| metric.task == task);
    match (asked, first(Task::Classification), first(Task::Regression)) {
        (None, Some(class), Some(number)) => Err(format!(
            "has gates of classification ({}) and of regression ({}): make two cases of it",
            class.name, number.name
        )),
        (Some(Task::Regression), Some(other), _) | (Some(Task::Classification), _, Some(other)) => {
            Err(format!("has a gate for {}, which is of {}, not of the task it has", other.name, other.task))
        }
        (None, None, Some(_)) => Ok(Task::Regression),
        (asked, ..) => Ok(asked.unwrap_or(Task::Classification)),
    }
}

fn reading(prediction: Option<Pick>, score: Option<Pick>, threshold: Option<f64>) -> Result<Reading, String> {
    match (prediction, score, threshold) {
        (Some(_), _, Some(_)) => Err("has dataset.prediction and dataset.threshold: leave one away".to_owned()),
        (Some(prediction), score, None) => Ok(Reading::Picked { prediction, score }),
        (None, Some(_), Some(threshold)) if !threshold.is_finite() => {
            Err(format!("has a dataset.threshold of {threshold}: write a number"))
        }
        (None, Some(score), Some(threshold)) => Ok(Reading::Threshold { score, threshold }),
        (None, None, Some(_)) => {
            Err("has dataset.threshold, and needs dataset.score: what is at least that".to_owned())
        }
        (None, _, None) => Err("needs dataset.prediction, or dataset.score with dataset.threshold".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(yaml: &str) -> Result<DatasetCase, Vec<String>> {
        serde_yaml::from_str::<DatasetSpec>(yaml).expect(yaml).compile()
    }

    #[test]
    fn little_has_to_be_said() {
        let case = compile("{file: data/holdout.csv, label: species, prediction: '$[*]'}").expect("valid");
        assert_eq!((case.format, case.header, case.batch_size), (Format::Csv, true, 1));
        assert_eq!((case.task, case.features, case.gates.len()), (Task::Classification, None, 0));
        let case = compile("{file: s3://b/k/x.JSONL, label: y, prediction: {column: 0}, gates: {r2: {min: 0}}}");
        let case = case.expect("valid");
        assert_eq!((case.format, case.task), (Format::Jsonl, Task::Regression));
        assert_eq!(case.file, DatasetFile::S3("s3://b/k/x.JSONL".parse().expect("valid")));
        assert_eq!(case.file.to_string(), "s3://b/k/x.JSONL");
    }

    #[test]
    fn a_number_is_a_positive_class_too() {
        for (written, read) in [("1", "1"), ("1.0", "1.0"), ("'1.10'", "1.10"), ("true", "true")] {
            let yaml = format!("{{file: x.csv, label: y, score: {{cells: all}}, threshold: 0.5, positive: {written}}}");
            assert_eq!(compile(&yaml).expect("valid").positive.as_deref(), Some(read));
        }
    }

    #[test]
    fn every_contradiction_is_said() {
        for (yaml, message) in [
            ("file: x.txt", "needs dataset.format, csv or jsonl, as its file \"x.txt\" ends in neither"),
            ("file: ''\nformat: csv", "has a dataset without a file"),
            ("file: s3://b.csv", "has a dataset file that names no bucket and key: \"s3://b.csv\""),
            ("file: https://b/x.csv", "has a dataset file that is neither a path nor an s3:// URI"),
            ("file: x.jsonl\nheader: true", "has dataset.header, which only a csv file can have"),
            ("features: []", "has a dataset without features"),
            ("features: [a, b, a]", "has the feature \"a\" twice"),
            ("features: [a, y]", "has its label \"y\" among its features"),
            ("features: [0]", "has a dataset column by number, 0: name it, or quote it"),
            ("label: y\nheader: false", "has a dataset column by name, \"y\", and header: false"),
            ("batch_size: 0", "has a dataset.batch_size of 0: write 1 to 10000"),
            ("batch_size: 10001", "has a dataset.batch_size of 10001"),
            ("gates: {accurcy: {min: 1}}", "did you mean \"accuracy\"?"),
            (
                "gates: {accuracy: {min: 1}, mae: {max: 1}}",
                "has gates of classification (accuracy) and of regression (mae)",
            ),
            ("task: regression\ngates: {accuracy: {min: 1}}", "has a gate for accuracy, which is of classification"),
            ("task: classification\ngates: {mae: {max: 1}}", "has a gate for mae, which is of regression"),
            ("task: regression\npositive: 1", "has dataset.positive, which regression has no use for"),
            ("gates: {f1: {min: 1}}", "needs dataset.positive: the class that it is of (or take f1_macro)"),
            ("gates: {roc_auc: {min: 1}}\npositive: 1", "needs dataset.score"),
            ("score: $", "needs dataset.positive: the class that the score is of"),
            ("positive: [1]", "has a dataset.positive that is no text, number or boolean"),
            ("threshold: 1", "has dataset.prediction and dataset.threshold: leave one away"),
            ("prediction: ~", "needs dataset.prediction, or dataset.score with dataset.threshold"),
            ("prediction: ~\nthreshold: 1", "has dataset.threshold, and needs dataset.score"),
            ("prediction: ~\nthreshold: .inf\nscore: $\npositive: 1", "has a dataset.threshold of inf"),
        ] {
            let mut fields = vec![("file", "x.csv"), ("label", "y"), ("prediction", "$")];
            fields.retain(|(name, _)| !yaml.lines().any(|line| line.starts_with(name)));
            let rest: Vec<_> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let wrong = compile(&format!("{yaml}\n{}", rest.join("\n"))).expect_err(yaml);
            assert!(wrong.len() == 1 && wrong[0].contains(message), "{yaml}: {wrong:#?}");
        }
    }

    #[test]
    fn an_unknown_field_is_refused_and_the_schema_knows_them_all() {
        let error = serde_yaml::from_str::<DatasetSpec>("{file: x, labels: y}").expect_err("labels").to_string();
        assert!(error.contains("unknown field `labels`"), "{error}");
        let schema = schemars::schema_for!(DatasetSpec).to_value();
        assert_eq!(schema["required"], serde_json::json!(["file", "label"]));
        assert_eq!(schema["properties"].as_object().map(serde_json::Map::len), Some(12));
        let instance: Value = serde_yaml::from_str(
            "{file: x.csv, format: csv, header: false, features: [0, 2], label: 3, batch_size: 5, positive: 1,
              score: {column: 1}, prediction: '$[*]', gates: {accuracy: {min: 0.9, max: 1}}}",
        )
        .expect("YAML");
        jsonschema::validate(&schema, &instance).expect("valid by the schema");
        for (field, value) in [("prediction", "label"), ("format", "tsv"), ("batch_size", "0")] {
            let mut wrong = instance.clone();
            wrong[field] = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            assert!(!jsonschema::is_valid(&schema, &wrong), "{field}");
        }
        let mut wrong = instance.clone();
        wrong["gates"] = serde_json::json!({"acuracy": {"min": 1}});
        assert!(!jsonschema::is_valid(&schema, &wrong));
    }
}
