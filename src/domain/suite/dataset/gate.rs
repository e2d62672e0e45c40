//! The gates of a dataset case: the metrics there are, the bounds that a suite sets them, and the judgement.

#[cfg(test)]
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::domain::finding::nearest;
use crate::domain::report::results::DatasetReport;
use crate::domain::text::count::counted;

/// What a model does with a row: it names a class, gives a number, or ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Task {
    Classification,
    Regression,
    Ranking,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
            Self::Ranking => "ranking",
        })
    }
}

/// What a dataset case must say besides its prediction before a metric can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Nothing,
    Positive,
    Score,
    /// The probabilities of all classes.
    Probabilities,
    /// Them, and how many of them count.
    K,
    Quantile,
    /// Which rows are ranked together, or what the model ranked.
    Query,
    /// That, and how many of the first ones count.
    QueryAndK,
}

/// One metric: its name in `gates` and in the results, and the values that it can have.
#[derive(Debug)]
pub struct Metric {
    pub name: &'static str,
    pub task: Task,
    pub need: Need,
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// Whether its gates are written by class.
    pub by_class: bool,
}

/// The metrics that the gates of one kind of case can name.
pub(crate) trait Catalogue {
    const METRICS: &'static [Metric];
    /// What its schema calls the gates.
    #[cfg(test)]
    const NAME: &'static str;
}

/// Of rows whose truth is known.
#[derive(Debug)]
pub(crate) struct OfDatasets;

impl Catalogue for OfDatasets {
    const METRICS: &'static [Metric] = &METRICS;
    #[cfg(test)]
    const NAME: &'static str = "Gates";
}

/// Every metric that a gate of a dataset can name.
pub(crate) static METRICS: [Metric; 33] = [
    share("accuracy", Need::Nothing),
    share("balanced_accuracy", Need::Nothing),
    Metric { least: -1.0, ..share("mcc", Need::Nothing) },
    Metric { least: -1.0, ..share("kappa", Need::Nothing) },
    share("precision", Need::Positive),
    of_class("precision_of"),
    share("precision_macro", Need::Nothing),
    share("precision_micro", Need::Nothing),
    share("precision_weighted", Need::Nothing),
    share("recall", Need::Positive),
    of_class("recall_of"),
    share("recall_macro", Need::Nothing),
    share("recall_micro", Need::Nothing),
    share("recall_weighted", Need::Nothing),
    share("f1", Need::Positive),
    of_class("f1_of"),
    share("f1_macro", Need::Nothing),
    share("f1_micro", Need::Nothing),
    share("f1_weighted", Need::Nothing),
    share("roc_auc", Need::Score),
    share("roc_auc_ovr", Need::Probabilities),
    Metric { most: f64::INFINITY, ..share("log_loss", Need::Probabilities) },
    share("top_k_accuracy", Need::K),
    Metric { most: f64::INFINITY, ..share("correct", Need::Nothing) },
    Metric { most: f64::INFINITY, ..share("wrong", Need::Nothing) },
    error("mae"),
    error("mse"),
    error("rmse"),
    error("mape"),
    Metric { need: Need::Quantile, ..error("pinball_loss") },
    Metric { least: f64::NEG_INFINITY, most: 1.0, ..error("r2") },
    Metric { task: Task::Ranking, ..share("ndcg", Need::Query) },
    Metric { task: Task::Ranking, ..share("hit_rate", Need::QueryAndK) },
];

pub(crate) const fn share(name: &'static str, need: Need) -> Metric {
    Metric { name, task: Task::Classification, need, least: 0.0, most: 1.0, by_class: false }
}

const fn of_class(name: &'static str) -> Metric {
    Metric { by_class: true, ..share(name, Need::Nothing) }
}

const fn error(name: &'static str) -> Metric {
    Metric { name, task: Task::Regression, need: Need::Nothing, least: 0.0, most: f64::INFINITY, by_class: false }
}

/// The bounds of one gate, as they are written.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Bounds {
    /// The least value that passes.
    min: Option<f64>,
    /// The greatest value that passes.
    max: Option<f64>,
}

/// `gates` as it is written: bounds by metric.
#[derive(Debug)]
pub(crate) struct GatesSpec<C = OfDatasets>(BTreeMap<String, BTreeMap<Option<String>, Bounds>>, PhantomData<C>);

impl<C> Default for GatesSpec<C> {
    fn default() -> Self {
        Self(BTreeMap::new(), PhantomData)
    }
}

/// A metric and the bounds that it must keep.
#[derive(Clone, Debug)]
pub struct Gate {
    pub metric: &'static Metric,
    /// Of a metric that is written by class.
    pub class: Option<String>,
    min: Option<f64>,
    max: Option<f64>,
}

impl<'de, C: Catalogue> Deserialize<'de> for GatesSpec<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(GatesVisitor(PhantomData))
    }
}

struct GatesVisitor<C>(PhantomData<C>);

impl<'de, C: Catalogue> Visitor<'de> for GatesVisitor<C> {
    type Value = GatesSpec<C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metrics with their bounds, as in {accuracy: {min: 0.95}}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<GatesSpec<C>, A::Error> {
        let mut gates = BTreeMap::new();
        // Of two gates of one name a plain map would lose the first, and the case would pass for want of it.
        while let Some(name) = map.next_key::<String>()? {
            let bounds = match find(C::METRICS, &name) {
                Some(Metric { by_class: true, .. }) => {
                    let by_class = map.next_value::<BTreeMap<String, Bounds>>()?;
                    by_class.into_iter().map(|(class, bounds)| (Some(class), bounds)).collect()
                }
                Some(_) => BTreeMap::from([(None, map.next_value()?)]),
                None => {
                    map.next_value::<IgnoredAny>()?;
                    BTreeMap::new()
                }
            };
            if gates.contains_key(&name) {
                return Err(A::Error::custom(format_args!("two gates for `{name}`: put min and max into one")));
            }
            gates.insert(name, bounds);
        }
        Ok(GatesSpec(gates, PhantomData))
    }
}

#[cfg(test)]
impl<C: Catalogue> JsonSchema for GatesSpec<C> {
    fn schema_name() -> Cow<'static, str> {
        C::NAME.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "bounds by metric",
            "type": "object",
            "propertyNames": {"enum": C::METRICS.iter().map(|metric| metric.name).collect::<Vec<_>>()},
            "patternProperties": {
                "_of$": {"type": "object", "minProperties": 1, "additionalProperties": generator.subschema_for::<Bounds>()},
                "(?<!_of)$": generator.subschema_for::<Bounds>(),
            },
        })
    }
}

impl<C: Catalogue> GatesSpec<C> {
    /// Finds the metrics and checks the bounds.
    ///
    /// # Errors
    /// Everything that makes no gate, in words that follow the case's name.
    pub(crate) fn compile(self) -> Result<Vec<Gate>, Vec<String>> {
        let mut gates = Vec::new();
        let mut wrong = Vec::new();
        for (name, bounds) in self.0 {
            let Some(metric) = find(C::METRICS, &name) else {
                wrong.push(unknown_metric(C::METRICS, &name));
                continue;
            };
            if bounds.is_empty() {
                wrong.push(format!("has a gate for {name} of no class; write {{CLASS: {{min: 0.9}}}}"));
            }
            for (class, Bounds { min, max }) in bounds {
                let gate = Gate { metric, class, min, max };
                match bounds_error(&gate) {
                    Some(message) => wrong.push(message),
                    None => gates.push(gate),
                }
            }
        }
        if wrong.is_empty() { Ok(gates) } else { Err(wrong) }
    }
}

impl Gate {
    /// What the results call its metric.
    pub(crate) fn name(&self) -> String {
        match &self.class {
            Some(class) => format!("{}[{class}]", self.metric.name),
            None => self.metric.name.to_owned(),
        }
    }
}

fn find(metrics: &'static [Metric], name: &str) -> Option<&'static Metric> {
    metrics.iter().find(|metric| metric.name == name)
}

fn unknown_metric(metrics: &[Metric], name: &str) -> String {
    let names: Vec<&str> = metrics.iter().map(|metric| metric.name).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => format!("has a gate for \"{name}\", which is not a metric; did you mean \"{near}\"?"),
        None => format!(
            "has a gate for \"{name}\", which is not a metric: there are {}; take one of them",
            names.join(", ")
        ),
    }
}

fn bounds_error(gate: &Gate) -> Option<String> {
    let Gate { metric: Metric { least, most, .. }, min, max, .. } = gate;
    let (name, min, max) = (gate.name(), *min, *max);
    if min.is_none() && max.is_none() {
        return Some(format!("has a gate for {name} that asks for nothing; add min, max or both"));
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
pub(crate) fn judge(gates: &[Gate], report: &DatasetReport) -> Vec<String> {
    let rows = counted(usize::try_from(report.rows).unwrap_or(usize::MAX), "row");
    let mut unmet = Vec::new();
    for gate in gates {
        let (name, Gate { min, max, .. }) = (gate.name(), gate);
        let Some(got) = report.metrics.get(&name).copied().filter(|got| !got.is_nan()) else {
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
            ("acuracy: {min: 1}", "has a gate for \"acuracy\", which is not a metric; did you mean \"accuracy\"?"),
            ("wer: {min: 1}", "has a gate for \"wer\", which is not a metric: there are accuracy, balanced_accuracy, "),
            ("recall_of: {}", "has a gate for recall_of of no class; write {CLASS: {min: 0.9}}"),
            ("recall_of: {a: {min: 2}}", "has a gate for recall_of[a] at 2, and recall_of[a] is always from 0 to 1"),
            (
                "recal_of: {a: {min: 2}}",
                "has a gate for \"recal_of\", which is not a metric; did you mean \"recall_of\"?",
            ),
            ("kappa: {min: -2}", "has a gate for kappa at -2, and kappa is always from -1 to 1"),
            ("accuracy: {}", "has a gate for accuracy that asks for nothing; add min, max or both"),
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
