//! The gates of a dataset case: the metrics there are, the bounds that a suite sets them, and the judgement.

#[cfg(test)]
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::domain::count::counted;
use crate::domain::finding::nearest;
use crate::domain::test_report::DatasetReport;

/// What a model does with a row: it names a class, or it gives a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Task {
    Classification,
    Regression,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
        })
    }
}

/// What a dataset case must say besides its prediction before a metric can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Nothing,
    Positive,
    Score,
}

/// One metric: its name in `gates` and in the results, and the values that it can have.
#[derive(Debug)]
pub struct Metric {
    pub name: &'static str,
    pub task: Task,
    pub need: Need,
    least: f64,
    most: f64,
}

/// Every metric that a gate can name.
pub static METRICS: [Metric; 20] = [
    share("accuracy", Need::Nothing),
    share("precision", Need::Positive),
    share("precision_macro", Need::Nothing),
    share("precision_micro", Need::Nothing),
    share("precision_weighted", Need::Nothing),
    share("recall", Need::Positive),
    share("recall_macro", Need::Nothing),
    share("recall_micro", Need::Nothing),
    share("recall_weighted", Need::Nothing),
    share("f1", Need::Positive),
    share("f1_macro", Need::Nothing),
    share("f1_micro", Need::Nothing),
    share("f1_weighted", Need::Nothing),
    share("roc_auc", Need::Score),
    Metric { most: f64::INFINITY, ..share("correct", Need::Nothing) },
    Metric { most: f64::INFINITY, ..share("wrong", Need::Nothing) },
    error("mae"),
    error("mse"),
    error("rmse"),
    Metric { least: f64::NEG_INFINITY, most: 1.0, ..error("r2") },
];

const fn share(name: &'static str, need: Need) -> Metric {
    Metric { name, task: Task::Classification, need, least: 0.0, most: 1.0 }
}

const fn error(name: &'static str) -> Metric {
    Metric { name, task: Task::Regression, need: Need::Nothing, least: 0.0, most: f64::INFINITY }
}

/// The bounds of one gate, as they are written.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The least value that passes.
    min: Option<f64>,
    /// The greatest value that passes.
    max: Option<f64>,
}

/// `gates` as it is written: bounds by metric.
#[derive(Debug, Default)]
pub struct GatesSpec(BTreeMap<String, Bounds>);

/// A metric and the bounds that it must keep.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    pub metric: &'static Metric,
    min: Option<f64>,
    max: Option<f64>,
}

impl<'de> Deserialize<'de> for GatesSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(GatesVisitor)
    }
}

struct GatesVisitor;

impl<'de> Visitor<'de> for GatesVisitor {
    type Value = GatesSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metrics with their bounds, as in {accuracy: {min: 0.95}}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<GatesSpec, A::Error> {
        let mut gates = BTreeMap::new();
        // Of two gates of one name a plain map would lose the first, and the case would pass for want of it.
        while let Some((name, bounds)) = map.next_entry::<String, Bounds>()? {
            if gates.contains_key(&name) {
                return Err(A::Error::custom(format_args!("two gates for `{name}`: put min and max into one")));
            }
            gates.insert(name, bounds);
        }
        Ok(GatesSpec(gates))
    }
}

#[cfg(test)]
impl JsonSchema for GatesSpec {
    fn schema_name() -> Cow<'static, str> {
        "Gates".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "bounds by metric",
            "type": "object",
            "propertyNames": {"enum": METRICS.each_ref().map(|metric| metric.name)},
            "additionalProperties": generator.subschema_for::<Bounds>(),
        })
    }
}

impl GatesSpec {
    /// Finds the metrics and checks the bounds.
    ///
    /// # Errors
    /// Everything that makes no gate, in words that follow the case's name.
    pub fn compile(self) -> Result<Vec<Gate>, Vec<String>> {
        let mut gates = Vec::new();
        let mut wrong = Vec::new();
        for (name, Bounds { min, max }) in self.0 {
            match METRICS.iter().find(|metric| metric.name == name) {
                None => wrong.push(unknown_metric(&name)),
                Some(metric) => match bounds_error(metric, min, max) {
                    Some(message) => wrong.push(message),
                    None => gates.push(Gate { metric, min, max }),
                },
            }
        }
        if wrong.is_empty() { Ok(gates) } else { Err(wrong) }
    }
}

fn unknown_metric(name: &str) -> String {
    let names = METRICS.each_ref().map(|metric| metric.name);
    match nearest(name, names) {
        Some(near) => format!("has a gate for \"{name}\", which is no metric: did you mean \"{near}\"?"),
        None => format!("has a gate for \"{name}\", which is no metric: there are {}", names.join(", ")),
    }
}

fn bounds_error(metric: &Metric, min: Option<f64>, max: Option<f64>) -> Option<String> {
    let Metric { name, least, most, .. } = metric;
    if min.is_none() && max.is_none() {
        return Some(format!("has a gate for {name} that asks for nothing: add min, max or both"));
    }
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        return Some(format!("has a gate for {name} that nothing passes: min {min} is more than max {max}"));
    }
    let outside = min.into_iter().chain(max).find(|bound| !(bound.is_finite() && (*least..=*most).contains(bound)))?;
    let range = match (least.is_finite(), most.is_finite()) {
        (true, true) => format!("from {least} to {most}"),
        (true, false) => format!("{least} or more"),
        _ => format!("{most} or less"),
    };
    Some(format!("has a gate for {name} at {outside}, and {name} is always {range}"))
}

/// How the results fail the gates, one message a bound; a metric that could not be computed fails.
pub fn judge(gates: &[Gate], report: &DatasetReport) -> Vec<String> {
    let rows = counted(usize::try_from(report.rows).unwrap_or(usize::MAX), "row");
    let mut unmet = Vec::new();
    for Gate { metric: Metric { name, .. }, min, max } in gates {
        let Some(got) = report.metrics.get(*name).copied().filter(|got| !got.is_nan()) else {
            unmet.push(format!("expected {name} within its gate, and there is none to be had of {rows}"));
            continue;
        };
        let mut expect = |words: &str, bound: f64, passes: fn(f64, f64) -> bool| {
            // A mean of shares that is 0.9 on paper may be a last digit below it in a computer.
            if !passes(got, bound) && (got - bound).abs() > bound.abs() * 1e-12 {
                let shown = shown(got, |shown| passes(shown, bound));
                unmet.push(format!("expected {name} at {words} {bound}, got {shown} over {rows}"));
            }
        };
        if let Some(min) = *min {
            expect("least", min, |got, min| got >= min);
        }
        if let Some(max) = *max {
            expect("most", max, |got, max| got <= max);
        }
    }
    unmet
}

/// Four decimals, or all where four would look as if the gate were passed.
fn shown(got: f64, passes: impl Fn(f64) -> bool) -> f64 {
    let rounded = (got * 1e4).round() / 1e4;
    if passes(rounded) || !rounded.is_finite() { got } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(yaml: &str) -> Result<Vec<Gate>, Vec<String>> {
        serde_yaml::from_str::<GatesSpec>(yaml).expect(yaml).compile()
    }

    fn judged(yaml: &str, metric: &str, value: f64) -> Vec<String> {
        let metrics = [(metric.to_owned(), value)].into();
        judge(&compile(yaml).expect(yaml), &DatasetReport { rows: 60, metrics, ..DatasetReport::default() })
    }

    #[test]
    fn a_gate_says_what_it_expected_and_got() {
        let gate = "accuracy: {min: 0.95, max: 0.99}";
        assert_eq!(judged(gate, "accuracy", 56.0 / 60.0), ["expected accuracy at least 0.95, got 0.9333 over 60 rows"]);
        assert_eq!(judged(gate, "accuracy", 1.0), ["expected accuracy at most 0.99, got 1 over 60 rows"]);
        for passes in [0.95, 57.0 / 60.0, 0.97, 0.99] {
            assert_eq!(judged(gate, "accuracy", passes), [""; 0]);
        }
    }

    #[test]
    fn what_rounding_hides_is_shown_and_what_it_makes_is_forgiven() {
        assert_eq!(
            judged("rmse: {max: 0.2}", "rmse", 0.200_001),
            ["expected rmse at most 0.2, got 0.200001 over 60 rows"]
        );
        assert_eq!(judged("f1_macro: {min: 0.9}", "f1_macro", 0.9_f64.next_down()), [""; 0]);
        assert_eq!(judged("mae: {max: 0}", "mae", 1e-9).len(), 1);
    }

    #[test]
    fn a_metric_that_is_not_there_passes_no_gate() {
        for value in [("r2", f64::NAN), ("mae", 0.0)] {
            assert_eq!(judged("r2: {min: -1}", value.0, value.1).len(), 1);
        }
    }

    #[test]
    fn every_gate_that_is_none_is_said() {
        for (yaml, message) in [
            ("acuracy: {min: 1}", "has a gate for \"acuracy\", which is no metric: did you mean \"accuracy\"?"),
            ("wer: {min: 1}", "has a gate for \"wer\", which is no metric: there are accuracy, precision, "),
            ("accuracy: {}", "has a gate for accuracy that asks for nothing: add min, max or both"),
            ("accuracy: {min: 95}", "has a gate for accuracy at 95, and accuracy is always from 0 to 1"),
            ("r2: {min: 1.5}", "has a gate for r2 at 1.5, and r2 is always 1 or less"),
            ("rmse: {max: -1}", "has a gate for rmse at -1, and rmse is always 0 or more"),
            ("rmse: {max: .nan}", "has a gate for rmse at NaN, and rmse is always 0 or more"),
            ("wrong: {min: 3, max: 2}", "has a gate for wrong that nothing passes: min 3 is more than max 2"),
        ] {
            let wrong = compile(yaml).expect_err(yaml);
            assert!(wrong.len() == 1 && wrong[0].starts_with(message), "{yaml}: {wrong:?}");
        }
        assert_eq!(compile("{a: {min: 1}, b: {min: 1}}").expect_err("two").len(), 2);
        let twice = serde_yaml::from_str::<GatesSpec>("{mae: {max: 1}, mae: {max: 9}}").expect_err("twice");
        assert!(twice.to_string().contains("two gates for `mae`"), "{twice}");
    }

    #[test]
    fn the_schema_names_every_metric() {
        let schema = schemars::schema_for!(GatesSpec).to_value().to_string();
        assert!(METRICS.iter().all(|metric| schema.contains(&format!("\"{}\"", metric.name))), "{schema}");
    }
}
