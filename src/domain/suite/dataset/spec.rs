//! `dataset` of a case: which file with known truth is sent, how the answers are read, and what is asked of them.

use std::collections::BTreeSet;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::body::{BodyFormat, Wanted};
use super::case::{DatasetCase, DatasetFile, Format, Reading};
use super::column::Column;
use super::form::Form;
use super::gate::{Gate, GatesSpec, Metric, Need, Task};
use super::prediction::Pick;
use super::prediction_spec::PredictionSpec;
use super::template::BodyTemplate;
use crate::domain::suite::npy::ArrayType;

const MOST_ROWS_A_REQUEST: u32 = 10_000;
/// A row of so many cells fills a request.
const MOST_FEATURES: usize = 1_000_000;

/// `dataset` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct DatasetSpec {
    /// The file: a path relative to the suite's own, or an s3:// URI.
    file: String,
    /// By default what the file's name ends in: `.csv`; `.jsonl`, `.jsonlines` or `.ndjson`; `.libsvm`, `.svm` or `.svmlight`.
    format: Option<Format>,
    /// Whether a CSV file starts with a header row; without one columns go by their number, counted from 0.
    header: Option<bool>,
    /// The columns to send, in the order in which they are sent; by default all but the label.
    features: Option<Vec<Column>>,
    /// Columns of a CSV file whose cells are JSON: lists, objects, or texts in quotes.
    json_columns: Option<Vec<Column>>,
    /// The column that holds the truth; in a libsvm file it comes first.
    label: Option<Column>,
    /// The column that says which rows are ranked together; in a libsvm file it is the qid.
    query: Option<Column>,
    /// How many features a row of a libsvm file has: those that it does not name are 0, as scikit-learn reads them.
    #[cfg_attr(test, schemars(range(min = 1, max = 1_000_000)))]
    n_features: Option<usize>,
    /// What the features of a libsvm file count from: 1 without it.
    #[cfg_attr(test, schemars(range(max = 1)))]
    first_index: Option<usize>,
    /// How many rows go into one request; by default 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 10_000)))]
    batch_size: Option<u32>,
    /// Whether a body of CSV starts with the names of its columns.
    send_header: Option<bool>,
    /// How the rows stand in a body of JSON: by default `instances`, and in JSON Lines `list`.
    form: Option<Form>,
    /// A body in any other form: `<%= rows | tojson %>`, of rows, records (rows by column name) and columns (their names).
    template: Option<String>,
    /// The type of the numbers in a body of npy: `float64` without it.
    dtype: Option<ArrayType>,
    /// By default what the gates are of, and classification without gates.
    task: Option<Task>,
    /// Where the answer has the predicted class or number of each row.
    prediction: Option<PredictionSpec>,
    /// The class that precision, recall, f1 and roc_auc are of.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "scalar_schema"))]
    positive: Option<Value>,
    /// Where the answer has the score of the positive class; the greater, the likelier.
    score: Option<Pick>,
    /// Instead of `prediction`: a row with this score or a greater one is predicted to be of the positive class.
    threshold: Option<f64>,
    /// How many of the first classes, rows or items count for top_k_accuracy, ndcg and hit_rate.
    #[cfg_attr(test, schemars(range(min = 1)))]
    k: Option<usize>,
    /// What a regression predicts, as 0.9, for pinball_loss.
    quantile: Option<f64>,
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
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// How the rows are sent under a content type.
    ///
    /// # Errors
    /// What the content type does not go with, in words that follow the case's name.
    pub(crate) fn body_format(&self, content_type: &str) -> Result<BodyFormat, String> {
        let is_libsvm = self.format() == Some(Format::Libsvm);
        let wanted = Wanted {
            form: self.form,
            send_header: self.send_header,
            has_template: self.template.is_some(),
            dtype: self.dtype,
            has_indices: is_libsvm,
        };
        let format = BodyFormat::of(content_type, &wanted)?;
        if is_libsvm && self.n_features.is_none() && !matches!(format, BodyFormat::Libsvm { .. } | BodyFormat::Template)
        {
            return Err(format!(
                "has a libsvm file and content type {content_type}: say with dataset.n_features how many features a row \
                 has, or send text/libsvm"
            ));
        }
        if format.has_names() && self.header == Some(false) {
            return Err("sends the names of columns, and \"header: false\" leaves them without names".to_owned());
        }
        Ok(format)
    }

    /// Checks everything that can be checked without the file.
    ///
    /// # Errors
    /// All that is wrong, in words that follow the case's name.
    pub(crate) fn compile(mut self) -> Result<DatasetCase, Vec<String>> {
        let mut wrong = Vec::new();
        let file = DatasetFile::parse(&self.file).map_err(|error| wrong.push(error)).ok();
        let format = self.format();
        if format.is_none() {
            let file = &self.file;
            wrong.push(format!(
                "needs dataset.format, csv, jsonl or libsvm, as its file \"{file}\" ends in none of them"
            ));
        }
        let format = format.unwrap_or(Format::Csv);
        let of_csv = [("header", self.header.is_some()), ("json_columns", self.json_columns.is_some())];
        let useless = of_csv.into_iter().filter(|(_, given)| *given && format != Format::Csv);
        wrong.extend(useless.map(|(name, _)| format!("has dataset.{name}, which only a csv file can have")));
        let header = self.header.unwrap_or(true);
        wrong.extend(self.libsvm_errors(format));
        if self.label.is_none() && format != Format::Libsvm {
            wrong.push("needs dataset.label: the column that holds the truth".to_owned());
        }
        if let Some(label) = self.label.as_ref().filter(|_| format != Format::Libsvm) {
            let json = self.json_columns.as_deref().unwrap_or_default();
            let others = self.query.iter().chain(json).collect::<Vec<_>>();
            wrong.extend(column_errors(label, &others, self.features.as_deref(), format, header));
            if self.query.as_ref() == Some(label) {
                wrong.push(format!("has {label} as its label and its query"));
            }
        }
        let label = self.label.take().unwrap_or(Column::Number(0));
        let batch_size = self.batch_size.unwrap_or(1);
        if !(1..=MOST_ROWS_A_REQUEST).contains(&batch_size) {
            wrong.push(format!("has a dataset.batch_size of {batch_size}; write 1 to {MOST_ROWS_A_REQUEST}"));
        }
        let gates = std::mem::take(&mut self.gates).compile().unwrap_or_else(|errors| {
            wrong.extend(errors);
            Vec::new()
        });
        let fallback = if self.query.is_some() { Task::Ranking } else { Task::Classification };
        let task = task(self.task, &gates, fallback).unwrap_or_else(|error| {
            wrong.push(error);
            Task::Classification
        });
        let positive = match &self.positive {
            None => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
            Some(_) => {
                wrong.push("has a dataset.positive that is not a text, number or boolean".to_owned());
                None
            }
        };
        let has_score = self.score.is_some();
        if task != Task::Classification {
            let of_classes = [
                ("positive", positive.is_some()),
                ("score", has_score),
                ("threshold", self.threshold.is_some()),
                ("k", self.k.is_some() && task == Task::Regression),
            ];
            let given = of_classes.into_iter().filter(|(_, given)| *given);
            wrong.extend(given.map(|(name, _)| format!("has dataset.{name}, which {task} has no use for")));
        } else if has_score && positive.is_none() {
            wrong.push("has dataset.score, and needs dataset.positive: the class that the score is of".to_owned());
        }
        wrong.extend(self.query_errors(task, format));
        wrong.extend(errors_of_task(task, self.k, self.quantile, self.prediction.as_ref()));
        wrong.extend(gates.iter().filter_map(|gate| self.lack(gate.metric)));
        let template = self.template.as_deref().map(BodyTemplate::compile).transpose();
        let template = template.map_err(|error| wrong.push(error)).ok().flatten();
        let reading =
            reading("dataset", self.prediction, self.score, self.threshold).map_err(|errors| wrong.extend(errors)).ok();
        match (file, reading) {
            (Some(file), Some(reading)) if wrong.is_empty() => Ok(DatasetCase {
                file,
                format,
                header,
                features: self.features,
                json_columns: self.json_columns.unwrap_or_default(),
                label,
                query: self.query,
                n_features: self.n_features,
                first_index: self.first_index.unwrap_or(1),
                has_lists: false,
                batch_size: batch_size as usize,
                task,
                reading,
                template,
                positive,
                k: self.k,
                quantile: self.quantile,
                gates,
            }),
            _ => Err(wrong),
        }
    }

    fn has_all(&self) -> bool {
        matches!(self.prediction, Some(PredictionSpec::Highest(_)))
    }

    fn is_ranked(&self) -> bool {
        matches!(self.prediction, Some(PredictionSpec::Ranked(_)))
    }

    fn query_errors(&self, task: Task, format: Format) -> Option<String> {
        let has_queries = self.query.is_some() || format == Format::Libsvm;
        match (task, self.is_ranked()) {
            (Task::Ranking, true) if self.query.is_some() => {
                Some("has dataset.query and prediction.ranked, where each row is a query; leave query away".to_owned())
            }
            (Task::Ranking, false) if !has_queries => Some(
                "ranks, and needs dataset.query, the column that says which rows are ranked together, or \
                 \"prediction: {ranked: PATH}\", what the model ranks for each row; write one of them"
                    .to_owned(),
            ),
            (Task::Classification | Task::Regression, _) if self.query.is_some() => {
                Some(format!("has dataset.query, which {task} has no use for"))
            }
            _ => None,
        }
    }

    /// What a gate for a metric lacks.
    fn lack(&self, metric: &Metric) -> Option<String> {
        let Metric { name, need, .. } = metric;
        let (has_all, is_ranked) = (self.has_all(), self.is_ranked());
        let lack = match need {
            Need::Positive if self.positive.is_none() => {
                format!("dataset.positive: the class that it is of (or take {name}_macro)")
            }
            Need::Score if !(self.score.is_some() || has_all && self.positive.is_some()) => {
                "dataset.score: where the answer has the positive class's score".to_owned()
            }
            Need::Probabilities if !has_all => {
                "prediction: {highest: PATH}, the probabilities of all classes".to_owned()
            }
            Need::K if !has_all && !is_ranked => "prediction: {highest: PATH}, the probabilities of all classes, or \
                                                  {ranked: PATH}, the classes with the likeliest first"
                .to_owned(),
            Need::K | Need::QueryAndK if self.k.is_none() => "dataset.k: how many of the first ones count".to_owned(),
            Need::Quantile if self.quantile.is_none() => "dataset.quantile: which one the model predicts".to_owned(),
            _ => return None,
        };
        Some(format!("has a gate for {name}, and needs {lack}"))
    }

    fn format(&self) -> Option<Format> {
        self.format.or_else(|| Format::of_name(&self.file))
    }

    /// What a libsvm file, or another one, has no use for.
    fn libsvm_errors(&self, format: Format) -> Vec<String> {
        let of_columns = [
            ("label", self.label.is_some()),
            ("query", self.query.is_some()),
            ("features", self.features.is_some()),
            ("send_header", self.send_header.is_some()),
        ];
        let of_libsvm = [("n_features", self.n_features.is_some()), ("first_index", self.first_index.is_some())];
        let is_libsvm = format == Format::Libsvm;
        let (useless, whose) = if is_libsvm { (&of_columns[..], "a libsvm") } else { (&of_libsvm[..], "such a") };
        let given = useless.iter().filter(|(_, given)| *given);
        let mut wrong: Vec<String> =
            given.map(|(name, _)| format!("has dataset.{name}, which {whose} file has no use for")).collect();
        if let Some(count) = self.n_features.filter(|count| !(1..=MOST_FEATURES).contains(count)) {
            wrong.push(format!("has a dataset.n_features of {count}; write 1 to {MOST_FEATURES}"));
        }
        if let Some(first) = self.first_index.filter(|first| *first > 1) {
            wrong.push(format!("has a dataset.first_index of {first}; write 0 or 1"));
        }
        wrong
    }
}

fn errors_of_task(
    task: Task,
    k: Option<usize>,
    quantile: Option<f64>,
    prediction: Option<&PredictionSpec>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    if task != Task::Regression && quantile.is_some() {
        wrong.push(format!("has dataset.quantile, which {task} has no use for"));
    }
    if let Some(quantile) = quantile.filter(|quantile| !(0.0..=1.0).contains(quantile)) {
        wrong.push(format!("has a dataset.quantile of {quantile}; write 0 to 1"));
    }
    if k == Some(0) {
        wrong.push("has a dataset.k of 0; write 1 or more".to_owned());
    }
    match prediction {
        Some(PredictionSpec::Highest(_)) if task != Task::Classification => {
            wrong.push(format!("has prediction.highest, which {task} has no use for"));
        }
        Some(PredictionSpec::Ranked(_)) if task == Task::Regression => {
            wrong.push("has prediction.ranked, which regression has no use for".to_owned());
        }
        _ => {}
    }
    wrong
}

fn column_errors(
    label: &Column,
    others: &[&Column],
    features: Option<&[Column]>,
    format: Format,
    header: bool,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let by_name = format == Format::Jsonl || header;
    for column in features.unwrap_or_default().iter().chain([label]).chain(others.iter().copied()) {
        match column {
            Column::Number(number) if by_name => wrong.push(format!(
                "has a dataset column by number, {number}; name it, or quote it if that is its name{}",
                if format == Format::Csv { ", or say \"header: false\"" } else { "" }
            )),
            Column::Name(name) if !by_name => wrong.push(format!(
                "has a dataset column by name, \"{name}\", and \"header: false\"; write its number, counted from 0"
            )),
            _ => {}
        }
    }
    if features.is_some_and(<[_]>::is_empty) {
        wrong.push("has a dataset without features; name one, or leave features away for all".to_owned());
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
fn task(asked: Option<Task>, gates: &[Gate], fallback: Task) -> Result<Task, String> {
    let first = |task| gates.iter().map(|gate| gate.metric).find(|metric| metric.task == task);
    let found = [Task::Classification, Task::Regression, Task::Ranking].into_iter().filter_map(first);
    let found: Vec<&Metric> = found.collect();
    match (asked, &found[..]) {
        (None, [one, other, ..]) => Err(format!(
            "has gates of {} ({}) and of {} ({}); make two cases of it",
            one.task, one.name, other.task, other.name
        )),
        (Some(asked), found) => match found.iter().find(|metric| metric.task != asked) {
            Some(other) => {
                Err(format!("has a gate for {}, which is of {}, not of the task it has", other.name, other.task))
            }
            None => Ok(asked),
        },
        (None, [one]) => Ok(one.task),
        (None, []) => Ok(fallback),
    }
}

/// How an answer is read; the field of the case that says so gives its name to what is wrong.
///
/// # Errors
/// What cannot be meant, in words that follow the case's name.
pub(crate) fn reading(
    field: &str,
    prediction: Option<PredictionSpec>,
    score: Option<Pick>,
    threshold: Option<f64>,
) -> Result<Reading, Vec<String>> {
    let one = |message: &str| Err(vec![message.to_owned()]);
    match (prediction, score, threshold) {
        (Some(_), _, Some(_)) => one(&format!("has {field}.prediction and {field}.threshold; leave one away")),
        (Some(PredictionSpec::Pick(Pick::Lines)), ..) | (_, Some(Pick::Lines), _) => {
            one("has cells: rows, which is of prediction.highest and ranked: a row's value is one of cells: all")
        }
        (Some(PredictionSpec::Ranked(_)), Some(_), None) => {
            one(&format!("has {field}.score and prediction.ranked; leave one away"))
        }
        (Some(PredictionSpec::Ranked(ranked)), None, None) => Ok(Reading::Ranked(ranked)),
        (Some(PredictionSpec::Highest(_)), Some(_), None) => one(&format!(
            "has {field}.score and prediction.highest, which has the score of every class; leave score away"
        )),
        (Some(PredictionSpec::Highest(highest)), None, None) => highest.compile().map(Reading::Highest),
        (Some(PredictionSpec::Pick(prediction)), score, None) => Ok(Reading::Picked { prediction, score }),
        (None, Some(_), Some(threshold)) if !threshold.is_finite() => {
            one(&format!("has a {field}.threshold of {threshold}; write a number"))
        }
        (None, Some(score), Some(threshold)) => Ok(Reading::Threshold { score, threshold }),
        (None, None, Some(_)) => one(&format!("has {field}.threshold, and needs {field}.score: what is at least that")),
        (None, _, None) => one(&format!("needs {field}.prediction, or {field}.score with {field}.threshold")),
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
            ("file: x.txt", "needs dataset.format, csv, jsonl or libsvm, as its file \"x.txt\" ends in none of them"),
            ("file: ''\nformat: csv", "has a dataset without a file"),
            ("file: s3://b.csv", "has a dataset file that names no bucket and key: \"s3://b.csv\""),
            ("file: https://b/x.csv", "has a dataset file that is neither a path nor an s3:// URI"),
            ("file: x.jsonl\nheader: true", "has dataset.header, which only a csv file can have"),
            ("features: []", "has a dataset without features"),
            ("features: [a, b, a]", "has the feature \"a\" twice"),
            ("features: [a, y]", "has its label \"y\" among its features"),
            ("features: [0]", "has a dataset column by number, 0; name it, or quote it"),
            ("label: y\nheader: false", "has a dataset column by name, \"y\", and \"header: false\""),
            ("label:", "needs dataset.label: the column that holds the truth"),
            ("query: y", "has \"y\" as its label and its query"),
            ("query: q\ntask: regression", "has dataset.query, which regression has no use for"),
            ("task: ranking", "ranks, and needs dataset.query, the column that says which rows are ranked together"),
            ("query: q\ngates: {hit_rate: {min: 1}}", "has a gate for hit_rate, and needs dataset.k"),
            ("query: q\nprediction: {ranked: $}", "has dataset.query and prediction.ranked"),
            ("gates: {ndcg: {min: 1}, mae: {max: 1}}", "has gates of regression (mae) and of ranking (ndcg)"),
            ("query: q\npositive: 1", "has dataset.positive, which ranking has no use for"),
            ("task: regression\nprediction: {ranked: $}", "has prediction.ranked, which regression has no use for"),
            ("n_features: 3", "has dataset.n_features, which such a file has no use for"),
            ("file: x.svm", "has dataset.label, which a libsvm file has no use for"),
            ("file: x.svm\nlabel:\nn_features: 0", "has a dataset.n_features of 0; write 1 to 1000000"),
            ("file: x.svm\nlabel:\nfirst_index: 2", "has a dataset.first_index of 2; write 0 or 1"),
            ("batch_size: 0", "has a dataset.batch_size of 0; write 1 to 10000"),
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
            ("positive: [1]", "has a dataset.positive that is not a text, number or boolean"),
            ("gates: {log_loss: {max: 1}}", "has a gate for log_loss, and needs prediction: {highest: PATH}"),
            (
                "prediction: {highest: $}\ngates: {top_k_accuracy: {min: 1}}",
                "has a gate for top_k_accuracy, and needs dataset.k",
            ),
            ("gates: {pinball_loss: {max: 1}}", "has a gate for pinball_loss, and needs dataset.quantile"),
            ("task: regression\nquantile: 2", "has a dataset.quantile of 2; write 0 to 1"),
            ("quantile: 0.5", "has dataset.quantile, which classification has no use for"),
            ("prediction: {highest: $}\ntask: regression", "has prediction.highest, which regression has no use for"),
            ("prediction: {cells: rows}", "has cells: rows, which is of prediction.highest"),
            ("prediction: {highest: $}\nscore: $\npositive: 1", "has dataset.score and prediction.highest"),
            ("threshold: 1", "has dataset.prediction and dataset.threshold; leave one away"),
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
        assert_eq!(schema["required"], serde_json::json!(["file"]));
        assert_eq!(schema["properties"].as_object().map(serde_json::Map::len), Some(22));
        let instance: Value = serde_yaml::from_str(
            "{file: x.csv, format: csv, header: false, features: [0, 2], label: 3, batch_size: 5, positive: 1,
              score: {column: 1}, prediction: '$[*]', gates: {accuracy: {min: 0.9, max: 1}}}",
        )
        .expect("YAML");
        jsonschema::validate(&schema, &instance).expect("valid by the schema");
        for (field, value) in [("prediction", "label"), ("format", "tsv"), ("batch_size", "0"), ("form", "split")] {
            let mut wrong = instance.clone();
            wrong[field] = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            assert!(!jsonschema::is_valid(&schema, &wrong), "{field}");
        }
        let mut wrong = instance.clone();
        wrong["gates"] = serde_json::json!({"acuracy": {"min": 1}});
        assert!(!jsonschema::is_valid(&schema, &wrong));
    }
}
