//! Predictions from the probabilities of all classes: the class with the highest one, or the one that reaches its threshold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::class::{Class, finite_number};
use super::prediction::Pick;
use super::row::Cell;
use crate::domain::finding::nearest;
use crate::domain::text::excerpt::cut;

/// `prediction` as it is written, where the answer has a probability for every class.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct HighestSpec {
    /// Where the answer has each row's probabilities: a list, an object by class, or a list of labels with scores.
    highest: Pick,
    /// The classes of a list, in its order; by default 0, 1, 2, ...
    #[cfg_attr(test, schemars(schema_with = "scalars_schema"))]
    classes: Option<Vec<Value>>,
    /// By class: with this probability or a greater one it is predicted before all others, with a smaller one it is not.
    #[serde(default)]
    thresholds: BTreeMap<String, f64>,
}

#[cfg(test)]
fn scalars_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "array", "minItems": 2, "items": {"type": ["string", "number", "boolean"]}})
}

/// How the probabilities of an answer are read and what they predict.
#[derive(Clone, Debug)]
pub struct Highest {
    pub(super) pick: Pick,
    classes: Option<Arc<[Cell]>>,
    thresholds: Vec<(String, f64)>,
}

/// A row's probability of each class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Distribution {
    pub(super) classes: Arc<[Cell]>,
    pub(super) values: Vec<f64>,
}

impl HighestSpec {
    /// # Errors
    /// All that is wrong, in words that follow the case's name.
    pub(super) fn compile(self) -> Result<Highest, Vec<String>> {
        let mut wrong = Vec::new();
        let class = |value: &Value| match value {
            Value::String(text) => Some(Cell::Text(text.clone())),
            Value::Number(_) | Value::Bool(_) => Some(Cell::Literal(value.to_string())),
            _ => None,
        };
        let classes: Option<Option<Arc<[Cell]>>> = self.classes.map(|values| values.iter().map(class).collect());
        if let Some(None) = classes {
            wrong.push("has a class in prediction.classes that is not a text, number or boolean".to_owned());
        }
        let classes = classes.flatten();
        if let Some(classes) = &classes {
            if classes.len() < 2 {
                wrong.push("has fewer than two prediction.classes".to_owned());
            }
            for (at, class) in classes.iter().enumerate() {
                if classes[..at].iter().any(|other| is_same(other, class)) {
                    wrong.push(format!("has \"{}\" twice in prediction.classes", class.text()));
                }
            }
            let unknown = self.thresholds.keys().filter(|name| position(classes, name).is_none());
            wrong.extend(unknown.map(|name| format!("has a threshold of {}", not_among(name, classes))));
        }
        let beyond = self.thresholds.iter().filter(|(_, threshold)| !threshold.is_finite());
        wrong.extend(beyond.map(|(class, threshold)| {
            format!("has a threshold of {threshold} for \"{class}\" in prediction.thresholds; write a number")
        }));
        let thresholds = self.thresholds.into_iter().collect();
        if wrong.is_empty() { Ok(Highest { pick: self.highest, classes, thresholds }) } else { Err(wrong) }
    }
}

/// Whether two classes are one, which texts are only if they are written alike.
fn is_same(one: &Cell, other: &Cell) -> bool {
    let are_texts = [one, other].iter().all(|class| matches!(class, Cell::Text(_)));
    one.text() == other.text() || !are_texts && Class::of(one.text()) == Class::of(other.text())
}

impl Highest {
    /// The probabilities of each row of an answer.
    ///
    /// # Errors
    /// Why a row has none.
    pub(super) fn read(
        &self,
        content_type: Option<&str>,
        bytes: &[u8],
        rows: usize,
    ) -> Result<Vec<Distribution>, String> {
        let mut numbered = None;
        let items = self.pick.items(content_type, bytes, rows)?;
        let distribution = |(at, item): (usize, &Value)| {
            let told =
                |reason: String| format!("expected probabilities at {}, got {reason} for row {}", self.pick, at + 1);
            let distribution = self.distribution(item, &mut numbered).map_err(told)?;
            let unknown = self.thresholds.iter().find(|(name, _)| position(&distribution.classes, name).is_none());
            match unknown {
                Some((name, _)) => Err(format!("prediction.thresholds has {}", not_among(name, &distribution.classes))),
                None => Ok(distribution),
            }
        };
        items.iter().enumerate().map(distribution).collect()
    }

    fn distribution(&self, item: &Value, numbered: &mut Option<Arc<[Cell]>>) -> Result<Distribution, String> {
        let (named, values): (Vec<Cell>, Vec<&Value>) = match item {
            Value::Object(fields) => fields.iter().map(|(name, value)| (Cell::Text(name.clone()), value)).unzip(),
            // As text classifiers answer them, in order of their scores
            Value::Array(items) if items.first().is_some_and(Value::is_object) => {
                let pair = |item: &'_ Value| Some(Cell::Text(item.get("label")?.as_str()?.to_owned()));
                let names: Option<Vec<Cell>> = items.iter().map(pair).collect();
                let values: Option<Vec<&Value>> = items.iter().map(|item| item.get("score")).collect();
                names.zip(values).ok_or_else(|| "objects without label and score".to_owned())?
            }
            Value::Array(items) => (Vec::new(), items.iter().collect()),
            _ => return Err("neither a list nor an object".to_owned()),
        };
        let values = values
            .into_iter()
            .map(|value| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                finite_number(&text).ok_or_else(|| format!("\"{text}\""))
            })
            .collect::<Result<Vec<f64>, String>>()?;
        if values.is_empty() {
            return Err("none".to_owned());
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = named.iter().find(|class| !seen.insert(class.text())) {
            return Err(format!("\"{}\" twice", cut(twice.text())));
        }
        if !named.is_empty() {
            return Ok(Distribution { classes: named.into(), values });
        }
        let classes = match &self.classes {
            Some(classes) => classes,
            None => {
                &*numbered.get_or_insert_with(|| (0..values.len()).map(|at| Cell::Literal(at.to_string())).collect())
            }
        };
        if classes.len() != values.len() {
            return Err(format!("{} where the classes are {}", values.len(), classes.len()));
        }
        Ok(Distribution { classes: Arc::clone(classes), values })
    }

    /// The class that a row is predicted to be of; of equal ones the first.
    pub(super) fn predicted(&self, distribution: &Distribution) -> Cell {
        let Distribution { classes, values } = distribution;
        let mut thresholds = vec![None; values.len()];
        for (name, threshold) in &self.thresholds {
            if let Some(at) = position(classes, name) {
                thresholds[at] = Some(*threshold);
            }
        }
        let best = |wanted: &dyn Fn(usize) -> bool| {
            let wanted = (0..values.len()).filter(|at| wanted(*at));
            wanted.reduce(|best, at| if values[at] > values[best] { at } else { best })
        };
        let at = best(&|at| thresholds[at].is_some_and(|threshold| values[at] >= threshold))
            .or_else(|| best(&|at| thresholds[at].is_none()))
            .or_else(|| best(&|_| true));
        at.map_or(Cell::Null, |at| classes[at].clone())
    }
}

impl Distribution {
    /// The probability of a class.
    pub(crate) fn of(&self, class: &str) -> Option<f64> {
        self.position(class).map(|at| self.values[at])
    }

    /// Where a class stands.
    pub(super) fn position(&self, class: &str) -> Option<usize> {
        position(&self.classes, class)
    }
}

/// A class as it is written, else as it is meant.
pub(super) fn position(classes: &[Cell], name: &str) -> Option<usize> {
    let written = classes.iter().position(|class| class.text() == name);
    written.or_else(|| {
        let meant = Class::of(name);
        classes.iter().position(|class| Class::of(class.text()) == meant)
    })
}

/// Says that a class is none of these.
pub(super) fn not_among(name: &str, classes: &[Cell]) -> String {
    let names: Vec<&str> = classes.iter().take(10).map(Cell::text).collect();
    let more = if classes.len() > names.len() { ", ..." } else { "" };
    let hint = nearest(name, names.iter().copied()).map(|near| format!("; did you mean \"{near}\"?"));
    format!("\"{name}\", which is none of the classes {}{more}{}", names.join(", "), hint.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(yaml: &str) -> Result<Highest, Vec<String>> {
        serde_yaml::from_str::<HighestSpec>(yaml).expect(yaml).compile()
    }

    fn predicted(yaml: &str, content_type: &str, body: &str, rows: usize) -> Result<String, String> {
        let highest = compile(yaml).expect(yaml);
        let read = highest.read(Some(content_type), body.as_bytes(), rows)?;
        let predicted: Vec<String> = read.iter().map(|row| highest.predicted(row).text().to_owned()).collect();
        Ok(predicted.join(" "))
    }

    const JSON: &str = "application/json";

    #[test]
    fn the_class_with_the_highest_probability_is_predicted_in_whichever_form_it_comes() {
        for (yaml, content_type, body, classes) in [
            ("highest: '$.p[*]'", JSON, r#"{"p": [[0.1, 0.8, 0.1], [0.4, 0.2, 0.4]]}"#, "1 0"),
            ("{highest: '$[*]', classes: [low, high]}", JSON, "[[0.1, 0.9], [0.8, 0.2]]", "high low"),
            ("highest: '$[*]'", JSON, r#"[{"no": 0.4, "yes": 0.6}, {"yes": 0.1, "no": 0.9}]"#, "yes no"),
            (
                "highest: '$[*]'",
                JSON,
                r#"[[{"label": "B", "score": 0.9}, {"label": "A", "score": 0.1}],
                    [{"label": "A", "score": 0.7}, {"label": "B", "score": 0.3}]]"#,
                "B A",
            ),
            ("highest: '$.p'", "application/jsonlines", "{\"p\": [0, 1]}\n{\"p\": [1, 0]}", "1 0"),
            ("highest: {cells: rows}", "text/csv", "0.1,0.9\n0.8,0.2\n", "1 0"),
            ("{highest: {column: 1}, classes: [a, b]}", "text/csv", "b,\"[0.1, 0.9]\"\na,\"[0.8, 0.2]\"\n", "b a"),
            ("{highest: '$[*]', thresholds: {1: 0.3}}", JSON, "[[0.6, 0.4], [0.8, 0.2]]", "1 0"),
            ("{highest: '$[*]', thresholds: {1: 0.9}}", JSON, "[[0.2, 0.8], [0.1, 0.9]]", "0 1"),
            ("{highest: '$[*]', thresholds: {0: 0.9, 1: 0.9}}", JSON, "[[0.2, 0.8], [0.6, 0.4]]", "1 0"),
        ] {
            assert_eq!(predicted(yaml, content_type, body, 2).expect(body), classes, "{yaml} {body}");
        }
    }

    #[test]
    fn what_are_no_probabilities_is_said() {
        for (yaml, body, message) in [
            ("highest: '$[*]'", "[1]", "expected probabilities at $[*], got neither a list nor an object for row 1"),
            ("highest: '$[*]'", "[[]]", "got none for row 1"),
            ("highest: '$[*]'", "[[0.1, \"x\"]]", "got \"x\" for row 1"),
            ("{highest: '$[*]', classes: [a, b]}", "[[0.1, 0.2, 0.7]]", "got 3 where the classes are 2 for row 1"),
            ("highest: '$[*]'", "[[{\"a\": 1}]]", "got objects without label and score"),
            (
                "highest: '$[*]'",
                r#"[[{"label": "a", "score": 0.5}, {"label": "a", "score": 0.5}]]"#,
                "got \"a\" twice for row 1",
            ),
            ("{highest: '$[*]', thresholds: {yess: 1}}", "[{\"yes\": 1}]", "did you mean \"yes\"?"),
            ("highest: '$[*]'", "[[0.1, 0.9], [1, 0]]", "expected 1 value at $[*], got 2"),
        ] {
            let error = predicted(yaml, JSON, body, 1).expect_err(body);
            assert!(error.contains(message), "{body}: {error}");
        }
        for (yaml, message) in [
            ("{highest: $, classes: [a]}", "has fewer than two prediction.classes"),
            ("{highest: $, classes: [a, a]}", "has \"a\" twice in prediction.classes"),
            ("{highest: $, classes: [1, 1.0]}", "has \"1.0\" twice in prediction.classes"),
            ("{highest: $, classes: [1, '01', '1']}", "has \"1\" twice in prediction.classes"),
            ("{highest: $, classes: [a, [b]]}", "is not a text, number or boolean"),
            ("{highest: $, thresholds: {a: .nan}}", "has a threshold of NaN for \"a\""),
            (
                "{highest: $, classes: [low, high], thresholds: {hihg: 1}}",
                "none of the classes low, high; did you mean \"high\"?",
            ),
        ] {
            let wrong = compile(yaml).expect_err(yaml);
            assert!(wrong.len() == 1 && wrong[0].contains(message), "{wrong:?}");
        }
    }
}
